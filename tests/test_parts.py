"""Modules compiled in parts side by side, nests that come apart, and the fingerprints that Programs are found by."""

import re
import sys

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile import cache, engine, sidebyside, texts
from wengert.compile.emitter import QUICK
from wengert.compile.executable import Executable
from wengert.compile.fingerprint import fingerprint
from wengert.compile.recipe import Recipe
from wengert.core import Primitive

X = np.linspace(-2, 3, 600).reshape(20, 30)


def program(f, *args):
    return w.make_program(f)(*args)


def busy(x):
    """Nests of several shapes, a vector function that is called, one that needs the C library, products."""
    y = wnp.tanh(x) + wnp.tanh(x + 1) * wnp.tanh(x * x) - wnp.tanh(x - 3)
    z = wnp.sin(x * 1e9) @ y.T
    return wnp.sum(y, axis=0), wnp.max(z, axis=1), wnp.cumsum(wnp.exp(-(x**2)), axis=1), z


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_parts_are_the_whole(monkeypatch, threads):
    monkeypatch.setattr(texts, "PART", 500)
    with w.config.override(disk_cache=False):
        monkeypatch.setattr(sidebyside, "most", lambda: 1)
        whole = [np.asarray(a) for a in w.jit(busy)(X)]
        monkeypatch.setattr(sidebyside, "most", lambda: threads)
        parts = Executable(program(busy, X)).module.parts(threads)
        assert len(parts) == threads + 1 and [quick for _, quick in parts] == [False] * threads + [True]
        for text, quick in parts:
            engine.emit(text, verify=True, quick=quick)
        for a, b in zip(whole, w.jit(lambda x: busy(x))(X), strict=True):
            assert (a == b).all()
    np.testing.assert_allclose(whole[0], np.asarray(busy(X)[0]), rtol=1e-12)


def test_an_error_of_one_part_is_raised():
    good = "define void @f() {\n  ret void\n}\n"
    machines = [{False: engine._machine(), True: engine._machine(opt=0)} for _ in range(2)]
    with pytest.raises(RuntimeError, match="expected"):
        sidebyside.emit([(good, False), ("define nonsense", True), (good, True)], machines)
    assert len(sidebyside.emit([(good, False), (good, True)], machines)) == 2


def step(arrays, rate):
    return {k: (x - rate * wnp.sqrt(x * x + 1) / (x + 3), x * 0.9 + rate) for k, x in arrays.items()}


def test_one_array_in_two_places_is_not_two_arrays():
    """Alike but for an array that stands twice: each computes from its own."""
    x, y, z = (np.linspace(i, i + 1, 300) for i in range(3))
    f = lambda x, y, z: (wnp.exp(x) * y - x, wnp.exp(y) * z - y, wnp.exp(z) * z - z)
    for got, want in zip(w.jit(f)(x, y, z), f(x, y, z), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_parts_of_arrays_share_functions():
    x = np.linspace(0, 1, 64 * 12).reshape(64, 12)
    text = w.jit(lambda x: wnp.concatenate([x[i] for i in range(0, 64, 2)])).lower(x).llvm()
    assert text.count("define internal void @kernel") == 1
    np.testing.assert_array_equal(
        w.jit(lambda x: wnp.concatenate([x[i, ::-1] for i in range(40)]))(x), x[:40, ::-1].ravel()
    )


def test_more_results_than_a_nest_has():
    f = lambda x: [x * float(i) + wnp.sum(x) for i in range(150)]
    for i, got in enumerate(w.jit(f)(X)):
        np.testing.assert_allclose(got, X * i + X.sum(), rtol=1e-13)


# --- fingerprints ---------------------------------------------------------------------------------------------------

BASE = lambda x: wnp.sin(x) * 2.0 + 1.0
OTHERS = {
    "another operation": (lambda x: wnp.cos(x) * 2.0 + 1.0, X),
    "another number": (lambda x: wnp.sin(x) * 2.5 + 1.0, X),
    "a strong number": (lambda x: wnp.sin(x) * np.float64(2.0) + 1.0, X),
    "another order": (lambda x: 1.0 + wnp.sin(x) * 2.0, X),
    "another shape": (BASE, X[0]),
    "another dtype": (BASE, X.astype("float32")),
    "a Python number": (BASE, 0.5),
    "another result": (lambda x: (wnp.sin(x), BASE(x))[0], X),
    "two results": (lambda x: (BASE(x), x), X),
    "an array": (lambda x: wnp.sin(x) * np.full(30, 2.0) + 1.0, X),
    "another array": (lambda x: wnp.sin(x) * np.linspace(0, 1, 30) + 1.0, X),
    "a call": (lambda x: w.jit(wnp.sin)(x) * 2.0 + 1.0, X),
    "a loop": (lambda x: w.lax.fori_loop(0, 3, lambda i, y: wnp.sin(y), x), X),
    "a longer loop": (lambda x: w.lax.fori_loop(0, 4, lambda i, y: wnp.sin(y), x), X),
}


def test_fingerprints_differ():
    found = {name: fingerprint(program(f, x)) for name, (f, x) in {"": (BASE, X), **OTHERS}.items()}
    assert None not in found.values() and len(set(found.values())) == len(found)
    with w.config.override(enable_x64=False):
        assert fingerprint(program(BASE, X)) not in found.values()


def test_equal_programs_have_equal_fingerprints():
    for f, x in OTHERS.values():
        assert fingerprint(program(f, x)) == fingerprint(program(lambda y, f=f: f(y), x))


def test_one_array_twice_is_not_two_equal_arrays():
    a = np.arange(30.0)
    b = a.copy()
    assert fingerprint(program(lambda x: x * a + a, X)) != fingerprint(program(lambda x: x * a + b, X))


def test_what_cannot_be_told_has_none(tmp_path):
    class Mine(Primitive):
        def impl(self, x):
            return np.sort(x) + offset

        def abstract(self, x):
            return x

    offset = 1.0
    try:
        mine = Mine("mine")
        f = lambda x: mine.bind(x) * 2.0
        assert fingerprint(program(f, X[0])) is None
        with w.config.override(cache_dir=tmp_path / "cache"):
            np.testing.assert_array_equal(w.jit(f)(X[0]), (X[0] + 1) * 2)
            offset = 2.0
            np.testing.assert_array_equal(w.jit(lambda x: f(x))(X[0]), (X[0] + 2) * 2)
    finally:
        del Primitive.registry["mine"]


def test_a_recipe_comes_back():
    recipe = Recipe(
        ["sin"], [(0, None), (1, "00ff"), (2, "")], [3, 4], ["singular"], 128, True, True, [b"one", b"", b"three"]
    )
    again = Recipe.from_bytes(recipe.to_bytes())
    assert again == recipe and again.portable() and again.needs_program()
    assert not Recipe([], [], [-1], [], 0, False).portable()


def test_what_does_little_is_compiled_quickly():
    def f(x, y):
        return wnp.sum(wnp.exp(x) * wnp.sin(x)), y * 2 + 1

    text = w.jit(f).lower(np.ones(10**6), np.ones(5)).llvm()
    assert text.count(f") {QUICK}") >= 2  # the nest over y, and the pieces of the other
    text = w.jit(f).lower(np.ones(60), np.ones(50)).llvm()
    kernels = re.findall(r"define internal void @kernel.*", text)
    assert kernels and not [k for k in kernels if QUICK in k]  # what a vector function rarely does may be


# --- nests that come apart ----------------------------------------------------------------------------------------


def test_independent_results_share_functions():
    arrays = {f"a{i}": np.linspace(0, i + 1, 200) for i in range(12)}
    text = w.jit(step).lower(arrays, 0.5).llvm()
    assert text.count("call void @kernel") == 12 and text.count("void @kernel0") == 13
    for f in (w.jit(step), w.jit(lambda a, r: step(a, r))):
        got, want = f(arrays, 0.5), step(arrays, 0.5)
        for k in arrays:
            np.testing.assert_allclose(got[k], want[k], rtol=1e-14)


def test_nothing_is_planned_where_the_code_is_known(tmp_path, monkeypatch):
    f = lambda x: (wnp.sort(x, axis=0), x @ np.arange(30.0), np.float32(3), wnp.linalg.norm(x))
    with w.config.override(cache_dir=tmp_path / "cache"):
        want = w.jit(f)(X)
        monkeypatch.setattr(sys.modules["wengert.compile.executable"], "Plan", None)
        before = cache.stats.hits
        got = w.jit(lambda x: f(x))(X)
        assert cache.stats.hits == before + 1
    for a, b in zip(got, want, strict=True):
        assert (np.asarray(a) == np.asarray(b)).all() and np.asarray(a).dtype == np.asarray(b).dtype
