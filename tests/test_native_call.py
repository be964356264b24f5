"""The native call: where it takes its offsets from, when it is not used, and that calls from Python give the same."""

import ctypes
import dataclasses
import importlib
import os
import pickle
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import entry, layout

executable = importlib.import_module("wengert.compile.executable")  # beside the function of that name
NATIVE = layout.found() is not None
needs_native = pytest.mark.skipif(not NATIVE, reason="calls are made from Python here")


@needs_native
def test_a_search_gives_what_the_check_accepts():
    known = layout.searched()
    assert known is not None and layout.agrees(known) and entry.tried()
    assert layout.found() == known


@needs_native
def test_the_check_finds_each_wrong_offset_and_bit():
    known = layout.searched()
    for field in dataclasses.fields(layout.Layout):
        right = getattr(known, field.name)
        bits = field.name in ("contiguous", "aligned", "writeable")
        for wrong in (right << 1, right << 3, 0, right | 2) if bits else (right + 8, right - 8, right + 4, 0, 4096):
            assert not layout.agrees(dataclasses.replace(known, **{field.name: wrong})), (field.name, wrong)


@needs_native
def test_a_search_that_finds_two_places_or_none_finds_nothing():
    pairs = [(i, i) for i in (object(), object())]
    size = tuple.__basicsize__ + 2 * tuple.__itemsize__
    assert layout._place([(x, layout._is(id(x[0]))) for x in pairs], size) is None
    assert layout._place([(x, layout._is(id(pairs))) for x in pairs], size) is None
    assert layout._read(8, 8) is None and layout._read(id(pairs), 8) == ctypes.string_at(id(pairs), 8)


HEADERS = r"""
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <stddef.h>
#include <stdio.h>
#define F PyArrayObject_fields
const char *offsets(void) {
  static char text[1024];
  snprintf(text, sizeof text, "type %zu size %zu tuple_items %zu list_items %zu float %zu scalar %zu key_data %zu key_dtype %zu data %zu nd %zu "
    "dimensions %zu dtype %zu flags %zu contiguous %d aligned %d writeable %d",
    offsetof(PyObject, ob_type), offsetof(PyVarObject, ob_size), offsetof(PyTupleObject, ob_item),
    offsetof(PyListObject, ob_item), offsetof(PyFloatObject, ob_fval), offsetof(PyDoubleScalarObject, obval),
    offsetof(PyVoidScalarObject, obval), offsetof(PyVoidScalarObject, descr), offsetof(F, data), offsetof(F, nd),
    offsetof(F, dimensions), offsetof(F, descr), offsetof(F, flags),
    NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE);
  return text;
}
"""


@needs_native
def test_the_headers_say_the_same(tmp_path):
    compiler, include = shutil.which("cc"), sysconfig.get_path("include")
    if compiler is None or not os.path.exists(os.path.join(include, "Python.h")):
        pytest.skip("no compiler, or no headers of Python")
    (tmp_path / "a.c").write_text(HEADERS)
    program = str(tmp_path / "a.so")
    command = [compiler, "-w", "-shared", "-fPIC", f"-I{include}", f"-I{np.get_include()}", str(tmp_path / "a.c")]
    subprocess.run([*command, "-o", program], check=True)
    offsets = ctypes.CDLL(program).offsets
    offsets.restype = ctypes.c_char_p
    words = offsets().decode().split()
    assert dict(zip(words[::2], map(int, words[1::2]), strict=True)) == dataclasses.asdict(layout.searched())


@needs_native
def test_a_trial_that_goes_wrong_is_seen(monkeypatch):
    class Wrong(entry.Entry):
        def __init__(self, trees, inputs, literals, results, *rest, **named):
            super().__init__(
                trees, inputs, literals, results[:1] + results[2:1:-1] + results[1:2] + results[3:], *rest, **named
            )

    monkeypatch.setattr(entry, "Entry", Wrong)
    assert not entry.tried()

    def fails(*args, **kwargs):
        raise AttributeError("no such function here")

    monkeypatch.setattr(entry, "Entry", fails)
    assert not entry.tried()


# --- calls from Python ----------------------------------------------------------------------------------------------

X, M = np.linspace(0.1, 2.0, 7), np.arange(12.0).reshape(3, 4) + 0.5
PROGRAMS = {
    "a number": (lambda x: wnp.sin(x) * 2, (0.5,)),
    "an int, a bool and NumPy's numbers": (lambda n, b, x, c: (n + 1, b, x * n, c * x), (3, True, np.float32(2), np.complex64(1 + 2j))),
    "trees": (lambda p, k=1.0: {"a": (p["x"] * k, p["y"][1]), "b": [None, {"c": p["x"].sum()}], "d": ()}, ({"x": X, "y": [1, M]},)),
    "an unused argument": (lambda x, y: x, (X, M)),
    "strided and reversed": (lambda a: a.T @ a, (np.asfortranarray(M)[:, ::-1],)),
    "empty": (lambda a: a.sum(0), (np.zeros((0, 3)),)),
    "a gradient": (w.grad(lambda x: wnp.sum(wnp.exp(-x) * x)), (X,)),
    "a branch in Python": (lambda x: x * 2 if x > 0 else -x, (-0.5,)),
    "a loop": (lambda x: lax.while_loop(lambda c: c[0] < 100, lambda c: (c[0] * 2, c[1] + x), (1.0, x)), (X,)),
    "keys": (lambda k: w.random.normal(w.random.split(k)[0], (3,)), (w.random.key(3),)),
    "LAPACK": (lambda a: wnp.linalg.solve(a @ a.T + wnp.eye(3), a), (M,)),
    "integers and bits": (lambda n: (n >> 1, n // 3, n % 5, ~n), (np.arange(-6, 9, dtype=np.int32),)),
    "many axes": (lambda a: a.sum((0, 2)), (np.ones((1, 2, 1, 3, 1, 2, 1)),)),
    "large": (lambda a: (a + 1, a * 2), (np.ones(1_200_000),)),
}  # fmt: skip


@pytest.fixture
def from_python(monkeypatch):
    monkeypatch.setattr(executable, "callable_natively", lambda: False)


def results(f, args, times=3):
    g = w.jit(lambda *a: f(*a))
    return [g(*args) for _ in range(times)], g


@pytest.mark.parametrize("name", PROGRAMS)
def test_calls_from_python_give_the_same(name, from_python, monkeypatch):
    f, args = PROGRAMS[name]
    before = pickle.dumps(args)
    made, g = results(f, args)
    assert g._native == [] and pickle.dumps(args) == before
    monkeypatch.undo()
    (wanted, *_), h = results(f, args)
    assert bool(h._native) == NATIVE
    for one in made:
        leaves, tree = w.tree_util.tree_flatten(one)
        others, other_tree = w.tree_util.tree_flatten(wanted)
        assert tree == other_tree
        for a, b in zip(leaves, others, strict=True):
            assert type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    arrays = [a for one in made for a in w.tree_util.tree_leaves(one) if isinstance(a, np.ndarray)]
    for i, a in enumerate(arrays):  # new ones
        assert not any(np.may_share_memory(a, b) for b in [*arrays[:i], *w.tree_util.tree_leaves(args)])


def test_errors_callbacks_and_donations_from_python(from_python):
    with pytest.raises(IndexError, match="out of range"):
        w.jit(lambda x, i: x[i])(X, 70)
    seen = []
    f = w.jit(lambda x: (w.debug.callback(seen.append, x), x * 2)[1])
    assert (f(X) == 2 * X).all() and (seen[0] == X).all()

    def refuse(x):
        raise KeyError("on purpose")

    with pytest.raises(KeyError, match="on purpose"):
        w.jit(lambda x: (w.debug.callback(refuse, x), x * 2)[1])(X)
    g = w.jit(lambda x, i: x.at[i].set(0.0), donate_argnums=0)
    for _ in range(3):
        x = X.copy()
        assert (g(x, 2) == np.where(np.arange(7) == 2, 0, X)).all()
    both = w.jit(lambda x, y: x + y, donate_argnums=0)
    x = X.copy()
    assert (both(x, x) == 2 * X).all()


def test_the_environment_says_that_calls_are_made_from_python():
    code = """
import numpy as np, wengert as w
from wengert.compile import layout
f = w.jit(lambda x: x * 2)
assert [float(f(3.0)) for _ in range(3)] == [6.0] * 3 and layout.found() is None and f._native == []
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "WENGERT_NATIVE_CALL": "0"})


@needs_native
def test_dtypes_that_are_equal_to_numpys_own():
    """NumPy makes dtypes that are equal to its own and other objects; what is computed from them is called natively."""
    other = np.dtype("f8").newbyteorder("S").newbyteorder("S")
    assert other is not np.dtype("f8")
    x = np.arange(3.0)
    f = w.jit(lambda x: x.astype(other) * 2)
    for _ in range(3):
        assert (f(x) == 2 * x).all()
    assert f._native and f._native[0][0](((x,), {})).dtype is np.dtype("f8")
