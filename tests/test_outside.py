"""Operations declared outside of the library (`wengert.primitive`), and those of CONTRIBUTING's walk: native from the first day."""

import re
import time
from pathlib import Path

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert.compile import engine
from wengert.compile.module import Module
from wengert.compile.pipeline import lowered, optimize
from wengert.core import Primitive
from wengert.errors import ArgumentError, ShapeError
from wengert.lowering import PRIMITIVES
from wengert.testing import cases, check_grads, check_rule

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def as_before():
    """The registries without what a test declares."""
    kept, meanings = dict(Primitive.registry), dict(PRIMITIVES)
    yield
    for registry, old in ((Primitive.registry, kept), (PRIMITIVES, meanings)):
        registry.clear()
        registry.update(old)


def softsign():
    return wengert.primitive("softsign", lambda x: x / (1 + np.abs(x)), formula=lambda x: x / (1 + wnp.abs(x)))


def stride():
    return wengert.primitive(
        "stride", shape=lambda shape, by: (-(-shape[0] // by), *shape[1:]),
        index_map=lambda point, by: (by * point[0], *point[1:]),
    )  # fmt: skip


def hankel():
    return wengert.primitive(
        "hankel", shape=lambda s: ((s[0] + 1) // 2,) * 2, index_map=lambda point: (point[0] + point[1],)
    )


def code(f, *args):
    width = engine.vector_bytes()
    return Module(lowered(optimize(wengert.make_program(f)(*args)), width), width).text


X = np.linspace(-1.0, 1.5, 7)


def test_an_elementwise_operation_has_everything():
    f, plain = softsign(), lambda x: x / (1 + np.abs(x))
    np.testing.assert_array_equal(f(X), plain(X))
    np.testing.assert_array_equal(wengert.jit(f)(X), plain(X))
    np.testing.assert_array_equal(wengert.vmap(f)(X), plain(X))
    check_grads(f, (X,), order=3)
    check_grads(wengert.jit(f), (X,))
    np.testing.assert_allclose(wengert.jit(wengert.grad(lambda x: f(x).sum()))(X), (1 + np.abs(X)) ** -2, rtol=1e-14)


def test_derivatives_that_are_given_are_used():
    f = wengert.primitive("thrice", lambda x, y: 3 * x + y, derivatives=[lambda ans, x, y: 3.0, None])
    assert wengert.grad(f, (0, 1))(1.0, 2.0) == (3.0, 0.0)
    assert wengert.jit(wengert.grad(f))(1.0, 2.0) == 3.0  # through NumPy


def test_two_arguments_broadcast():
    f = wengert.primitive("apart", lambda x, y: np.sqrt(x * x + y * y), formula=lambda x, y: wnp.sqrt(x * x + y * y))
    check_grads(f, (X, np.array([[0.5], [2.0]])))
    check_grads(wengert.jit(f), (X, np.array(0.5)))


@pytest.mark.parametrize("batched", [False, True])
def test_a_structural_operation_has_everything(batched):
    f = stride()
    x = np.arange(10.0).reshape(5, 2) if not batched else np.arange(15.0).reshape(3, 5)
    g = (lambda x: f(x, by=2)) if not batched else wengert.vmap(lambda x: f(x, by=2))
    expected = x[::2] if not batched else x[:, ::2]
    np.testing.assert_array_equal(g(x), expected)
    np.testing.assert_array_equal(wengert.jit(g)(x), expected)
    check_grads(g, (x,))
    check_grads(wengert.jit(g), (x,))
    if batched:  # twice
        np.testing.assert_array_equal(wengert.jit(wengert.vmap(g))(x[None]), expected[None])


def test_coordinates_add_up_also_at_computed_places():
    f, x = hankel(), np.arange(5.0)
    expected = x[np.arange(3)[:, None] + np.arange(3)]
    np.testing.assert_array_equal(f(x), expected)
    np.testing.assert_array_equal(wengert.jit(f)(x), expected)
    np.testing.assert_array_equal(
        wengert.jit(lambda x, i: f(x[i]))(x[::-1].copy(), np.arange(5)[::-1].copy()), expected
    )
    check_grads(f, (x,))


def test_the_code_is_that_of_the_operations_that_it_equals():
    f, g = softsign(), stride()
    assert code(f, X) == code(lambda x: x / (1 + wnp.abs(x)), X)
    assert code(lambda x: g(x, by=2) * 2, X) == code(lambda x: x[::2] * 2, X)
    step = lambda f: lambda c, x: (f(c) * 0.5 + x, None)  # noqa: E731
    scans = [lambda x, h=h: wengert.lax.scan(step(h), 0.1, x)[0] for h in (f, lambda x: x / (1 + wnp.abs(x)))]
    assert code(scans[0], X) == code(scans[1], X)


def least_times(*functions, rounds=15):
    """The least time of each, in turns."""
    best = [np.inf] * len(functions)
    for f in functions:
        f()
    for _ in range(rounds):
        for k, f in enumerate(functions):
            start = time.perf_counter()
            f()
            best[k] = min(best[k], time.perf_counter() - start)
    return best


def in_a_scan(f):
    """A scan over many small steps of a function of an array of three numbers."""
    xs = np.linspace(0.0, 1.0, 60_000).reshape(-1, 3)
    run = wengert.jit(lambda c, xs: wengert.lax.scan(lambda c, x: (f(c) * 0.5 + x, None), c, xs)[0])
    return lambda: run(np.array([0.1, 0.2, 0.3]), xs)


def test_in_a_scan_it_is_as_fast_as_what_it_equals():
    flipped = wengert.primitive("flipped", shape=lambda s: s, index_map=lambda point: (2 - point[0],))
    for own, built_in in ((softsign(), lambda x: x / (1 + wnp.abs(x))), (flipped, lambda x: x[::-1])):
        np.testing.assert_array_equal(in_a_scan(own)(), in_a_scan(built_in)())
        mine, theirs = least_times(in_a_scan(own), in_a_scan(built_in))
        assert mine < 1.5 * theirs


def test_an_index_map_stays_in_its_operand():
    beyond = wengert.primitive("beyond", shape=lambda s: s, index_map=lambda point: (point[0] + 1,))
    for run in (beyond, wengert.jit(beyond), wengert.vmap(lambda x: beyond(x[None]))):
        with pytest.raises(ShapeError, match="reads at 1 to"):
            run(X)
    few = wengert.primitive("few", shape=lambda s: s, index_map=lambda point: point[:1])
    with pytest.raises(ShapeError, match="gives 1 coordinates"):
        few(np.ones((2, 3)))
    with pytest.raises(TypeError):
        wengert.primitive("halves", shape=lambda s: s, index_map=lambda point: (0.5 * point[0],))(X)


def test_declarations_that_are_neither_kind():
    with pytest.raises(ArgumentError, match="is the name of an operation of the library"):
        wengert.primitive("sin", np.sin, derivatives=[None])
    with pytest.raises(ArgumentError, match="give a function"):
        wengert.primitive("nothing")
    with pytest.raises(ArgumentError, match="give a function"):
        wengert.primitive("both", np.sin, index_map=lambda point: point, shape=lambda s: s)
    with pytest.raises(ArgumentError, match="needs a shape"):
        wengert.primitive("shapeless", index_map=lambda point: point)
    with pytest.raises(ArgumentError, match="give the derivatives"):
        wengert.primitive("flat", np.floor)
    with pytest.raises(wengert.errors.NotLinearError):
        wengert.linear_transpose(softsign(), X)(X)


def test_it_can_be_declared_again():
    """As a cell of a notebook that is run again does."""
    first = wengert.primitive("again", lambda x: x + 1, formula=lambda x: x + 1)
    assert wengert.jit(lambda x: first(x))(1.0) == 2.0
    second = wengert.primitive("again", lambda x: x + 2, formula=lambda x: x + 2)
    assert wengert.jit(lambda x: second(x))(1.0) == 3.0 and wengert.jit(lambda x: first(x))(1.0) == 2.0


def test_the_walk_of_contributing():
    """The declarations that it shows, in one file each: checked by the harness, and native."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = [b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "native" in b or "moved(" in b]
    assert len(blocks) == 2
    for block, name, like, x in (
        (blocks[0], "hat", lambda x: wnp.maximum(1 - wnp.abs(x), 0), np.linspace(-2.0, 2.0, 9)),
        (blocks[1], "antidiagonal", lambda x: wnp.diag(x[:, ::-1]), np.arange(9.0).reshape(3, 3)),
    ):
        package = "wengert.ops.elementwise" if "..declare" in block else "wengert.ops"
        room: dict = {"__package__": package, "__name__": f"{package}.walk"}
        exec("from __future__ import annotations\nimport numpy as np\n" + block, room)
        primitive = Primitive.registry[name]
        for _, args, params in cases(primitive):
            check_rule(primitive, args, params)
        f = room[name]
        np.testing.assert_allclose(f(x), like(x))
        assert not wengert.jit(f).lower(x).cost().calls
