"""Operations over named axes, against the same sums written by hand."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax

X = np.random.default_rng(2).normal(size=(3, 4))


def test_values():
    m = lambda f: w.vmap(f, axis_name="i")
    np.testing.assert_allclose(m(lambda x: x - lax.pmean(x, "i"))(X), X - X.mean(0))
    np.testing.assert_allclose(m(lambda x: lax.pmax(x, "i"))(X), np.broadcast_to(X.max(0), X.shape))
    np.testing.assert_allclose(m(lambda x: lax.pmin(x, "i"))(X), np.broadcast_to(X.min(0), X.shape))
    np.testing.assert_array_equal(m(lambda x: lax.axis_index("i") + 0 * x[0])(X), [0, 1, 2])
    np.testing.assert_array_equal(m(lambda x: lax.all_gather(x, "i"))(X), np.stack([X] * 3))
    np.testing.assert_array_equal(m(lambda x: lax.all_gather(x, "i", axis=1))(X), np.stack([X.T] * 3))
    np.testing.assert_array_equal(m(lambda x: lax.all_gather(x, "i", tiled=True))(X), np.stack([X.ravel()] * 3))
    np.testing.assert_allclose(m(lambda x: lax.psum(1.0, "i") * x)(X), 3 * X)
    assert w.vmap(lambda x: lax.psum(x, "i"), axis_name="i", out_axes=None)(X).shape == (4,)


@pytest.mark.parametrize("wrap", [lambda f: f, w.jit, w.checkpoint])
def test_two_axes(wrap):
    f = wrap(lambda x: x / lax.psum(x * x, ("i", "j")))
    g = w.vmap(w.vmap(f, axis_name="j"), axis_name="i")
    np.testing.assert_allclose(g(X), X / (X * X).sum())
    np.testing.assert_allclose(w.jit(g)(X), X / (X * X).sum())
    gather = w.vmap(w.vmap(wrap(lambda x: lax.all_gather(x, "i")), axis_name="j"), axis_name="i")
    np.testing.assert_allclose(gather(X), np.stack([X.T] * 3))


@pytest.mark.parametrize("f", [
    lambda x: x / lax.psum(wnp.exp(x), "i"),
    lambda x: (lax.all_gather(x, "i") ** 2).sum() * x,
    lambda x: lax.pmean(x * x, "i") * x,
])  # fmt: skip
def test_derivatives(f):
    g = lambda x: wnp.sum(wnp.sin(w.vmap(f, axis_name="i")(x)))
    eps, d = 1e-6, np.cos(X)
    expected = (g(X + eps * d) - g(X - eps * d)) / (2 * eps)
    np.testing.assert_allclose(np.vdot(w.grad(g)(X), d), expected, rtol=1e-7)
    np.testing.assert_allclose(w.jvp(g, (X,), (d,))[1], expected, rtol=1e-7)
    np.testing.assert_allclose(np.vdot(w.grad(w.jit(g))(X), d), expected, rtol=1e-7)


def test_unknown_axis():
    with pytest.raises(w.errors.ArgumentError, match="axis_name='k'"):
        lax.psum(1.0, "k")
