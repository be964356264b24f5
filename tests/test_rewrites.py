"""compile.rewrites: the table of rewrites that change values, and that by default none leads away from the eager results."""

from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import nn
from wengert.compile.pipeline import optimize
from wengert.compile.rewrites import REWRITES, changed, on, page, switched

DOCS = Path(__file__).parent.parent / "docs"


def names(f, *args):
    return [e.primitive.name for e in optimize(w.make_program(f)(*args)).equations]


def test_the_page_is_the_table():
    assert (DOCS / "rewrites.md").read_text() == page()


def test_switches():
    assert not on("contraction") and changed() == ()
    with switched(contraction=True, product_sums=True):
        assert on("contraction") and changed() == (("contraction", True),)
        with switched(contraction=False):
            assert not on("contraction")
        assert on("contraction")
    assert changed() == ()
    with pytest.raises(KeyError), switched(speed=True):
        pass


def test_every_rewrite_is_asked_for_by_its_name():
    """A switch that nobody reads would say nothing."""
    source = Path(w.__file__).parent / "compile"
    text = "".join(p.read_text() for p in source.rglob("*.py") if p.name != "rewrites.py")
    silent = {"sum_order", "short_chains"}  # they are how loops are written, and have no other form
    assert {n for n in REWRITES if f'on("{n}")' in text} == set(REWRITES) - silent


FLOATS = np.array([0.1, 0.3, 0.6, 1e-5, 7.7, 1234.567, 1e10, 3.3e-7])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (8,), (64, 8)])
def test_differences_of_what_is_equal_are_zero(dtype, shape):
    rng = np.random.default_rng(0)
    x = rng.choice(FLOATS, shape).astype(dtype)
    y = rng.choice(FLOATS, shape).astype(dtype)
    cases = {
        "squares": lambda x, y: x * x - wnp.maximum(x, x) * x,
        "products": lambda x, y: x * y - y * x,
        "sums": lambda x, y: (x * y + y) - (y + x * y),
        "a double root": lambda x, y: wnp.sqrt((2 * x) * (2 * x) - 4 * x * x),
        "a sign": lambda x, y: wnp.sign(x * y - (x + 0 * y) * y),
    }
    for name, f in cases.items():
        got = w.jit(f)(x, y)
        assert not np.any(got), (name, got)


def test_products_are_rounded_before_they_are_added():
    """The same bits as NumPy's, over many random products and sums, on vectors, on numbers, and in loops."""
    rng = np.random.default_rng(1)
    x, y, z = rng.normal(size=(3, 1001))
    f = lambda x, y, z: (x * y + z, x * y - z, z - x * y, x * y - z * x, x + y + z * z)  # noqa: E731
    for got, want in zip(w.jit(f)(x, y, z), f(x, y, z), strict=True):
        np.testing.assert_array_equal(got, want)
    row = lambda c, t: (c * 0.5 + t[0] * t[1] - t[2], c * t[0] + t[1])  # noqa: E731
    got, want = w.jit(lambda t: w.lax.scan(row, 0.1, t))(np.stack([x, y, z], 1)), []
    c = 0.1
    for t in zip(x, y, z, strict=True):
        c, out = row(c, t)
        want.append(out)
    np.testing.assert_array_equal(got[1], want)


@pytest.mark.parametrize("size", [4, 40, 5000])
def test_softmax_of_large_scores(size):
    x = np.resize(np.array([1e10, 5e9, -1e10, 1e10], np.float32), size)
    f = lambda x: nn.softmax(x * np.float32(0.3333333))  # noqa: E731
    got = w.jit(f)(x)
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, f(x), rtol=1e-5)
    g = lambda x: wnp.sum(nn.logsumexp(x * np.float32(0.3333333)))  # noqa: E731
    assert np.isfinite(w.jit(w.grad(g))(x)).all()


def test_signs_of_zeros():
    for zero in (0.0, -0.0):
        x = np.array([zero, zero, 1.0])
        for f in (
            lambda x: wnp.arctan2(x + 0.0, -1.0),
            lambda x: wnp.arctan2(x - 0.0, -1.0),
            lambda x: wnp.arctan2(-(x - x), -1.0),
            lambda x: wnp.arctan2(x + np.zeros(3), -1.0),
            lambda x: wnp.arctan2(x * np.array([0.0, -0.0, 0.0]), -1.0),
            lambda x: wnp.arctan2(x + np.array([0.0, -0.0, -0.0]), -1.0),
        ):
            np.testing.assert_array_equal(w.jit(f)(x), f(x))


def test_sums_of_factors_do_not_overflow():
    h, c = np.full((5, 6), 1e-10), np.full((6, 7), 1e308)
    f = lambda h, c: wnp.sum(h @ c, 1)  # noqa: E731
    assert names(f, h, c).count("dot_general") == 1 and optimize(w.make_program(f)(h, c)).equations[0].outputs[
        0
    ].aval.shape == (6, 7)
    np.testing.assert_allclose(w.jit(f)(h, c), np.sum(h @ c, 1), rtol=1e-13)


def test_totals_do_not_overflow():
    """Weights of which the sum overflows are 0 each, and so is their sum."""
    x = np.full((2, 4), 1e308)

    def f(x):
        s = wnp.sum(x, 1, keepdims=True)
        return wnp.sum(x / s, 1)

    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(w.jit(f)(x), f(x))
    with switched(totals=True), np.errstate(invalid="ignore"):
        assert names(f, x).count("reduce_sum") == 1


@pytest.mark.parametrize("name", [n for n in REWRITES if n not in ("sum_order", "short_chains")])
def test_values_with_each_switched(name):
    rng = np.random.default_rng(3)
    x, m = rng.uniform(0.5, 1.5, size=(40, 6)), rng.normal(size=(6, 6))

    def f(x, m):
        def step(c, t):
            c = c * 0.9 + 0.1 * wnp.sin(t @ m) ** 3 + 0.0
            return c, c / (1 + c * c)

        c, ys = w.lax.scan(step, m[0], x)
        e = wnp.exp(x - wnp.max(x, 1, keepdims=True))
        p = e / wnp.sum(e, 1, keepdims=True)
        return wnp.sum(p * wnp.cos(x @ m)) + wnp.sum(ys) - wnp.sum(c) + wnp.sum(x @ m, 1)[0]

    want = w.value_and_grad(f, (0, 1))(x, m)
    with switched(**{name: not REWRITES[name].on}):
        got = w.jit(w.value_and_grad(f, (0, 1)))(x, m)
    for a, b in zip(w.tree.leaves(got), w.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
