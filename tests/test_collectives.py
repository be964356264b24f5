"""Operations over named axes, against the same sums written by hand."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.testing import check_grads

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


S3 = np.random.default_rng(8).normal(size=(3, 3, 3))
LOOPS = {
    "ppermute": (lambda x: lax.ppermute(x, "i", [(0, 1), (1, 2), (2, 0)]), lambda s: s[[2, 0, 1]]),
    "ppermute partly": (lambda x: lax.ppermute(x, "i", [(0, 2)]), lambda s: np.stack([0 * s[0], 0 * s[0], s[0]])),
    "pshuffle": (lambda x: lax.pshuffle(x, "i", [1, 2, 0]), lambda s: s[[1, 2, 0]]),
    "psum_scatter": (lambda x: lax.psum_scatter(x, "i"), lambda s: s.sum(0)),
    "psum_scatter axis": (lambda x: lax.psum_scatter(x, "i", scatter_dimension=1), lambda s: s.sum(0).T),
    "psum_scatter tiled": (lambda x: lax.psum_scatter(x, "i", tiled=True), lambda s: s.sum(0)[:, None]),
    "all_to_all": (lambda x: lax.all_to_all(x, "i", 0, 0), lambda s: s.transpose(1, 0, 2)),
    "all_to_all axes": (lambda x: lax.all_to_all(x, "i", 1, 0), lambda s: s.transpose(2, 0, 1)),
    "all_to_all tiled": (lambda x: lax.all_to_all(x, "i", 0, 1, tiled=True), lambda s: s.transpose(1, 0, 2).reshape(3, 1, 9)),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_exchanges(name):
    f, loop = LOOPS[name]
    mapped = w.vmap(f, axis_name="i")
    np.testing.assert_allclose(mapped(S3), loop(S3))
    np.testing.assert_allclose(w.jit(mapped)(S3), loop(S3))
    check_grads(lambda s: mapped(s) ** 2, (S3,))


def test_psum_scatter_of_what_is_the_same_for_all():
    np.testing.assert_allclose(
        w.vmap(lambda x: lax.psum_scatter(np.arange(3.0), "i"), axis_name="i")(np.ones(3)), [0, 3, 6]
    )
    g = w.vmap(w.grad(lambda x: wnp.sum(lax.all_gather(x, "i") ** 2)), axis_name="i")(S3[0])
    np.testing.assert_allclose(g, 6 * S3[0])


@pytest.mark.parametrize(
    "misuse, message",
    [
        (lambda x: lax.psum_scatter(x[:2], "i"), "length 2.*3 examples"),
        (lambda x: lax.all_to_all(x[:2], "i", 0, 0), "length 2.*3 examples"),
        (lambda x: lax.ppermute(x, "i", [(0, 1), (2, 1)]), "at most once a destination"),
        (lambda x: lax.ppermute(x, "i", [(0, 1), (0, 2)]), "at most once a source"),
    ],
)
def test_misused_exchanges(misuse, message):
    with pytest.raises(ValueError, match=message):
        w.vmap(misuse, axis_name="i")(S3)
