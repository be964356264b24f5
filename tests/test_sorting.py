"""Sorting and searching as primitives: ties, NaN, orders, what is batched, what the derivative follows."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.ops.sorting import argsort_p, searchsorted_p, sort_p
from wengert.testing import check_grads

RNG = np.random.default_rng(8)
X = RNG.normal(size=(3, 5))


def test_derivative_follows_the_elements():
    x = np.array([3.0, 1.0, 2.0])
    y, pull = w.vjp(wnp.sort, x)
    np.testing.assert_array_equal(y, [1, 2, 3])
    np.testing.assert_array_equal(pull(np.array([10.0, 20.0, 30.0]))[0], [30, 10, 20])
    np.testing.assert_array_equal(w.jacfwd(wnp.sort)(x), np.eye(3)[[1, 2, 0]])


def test_ties_keep_their_order():
    x = np.array([1.0, 0.0, 1.0, 0.0])
    np.testing.assert_array_equal(wnp.argsort(x), [1, 3, 0, 2])
    np.testing.assert_array_equal(wnp.argsort(x, descending=True), [0, 2, 1, 3])
    np.testing.assert_array_equal(w.jacrev(wnp.sort)(x), np.eye(4)[[1, 3, 0, 2]])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_axes(axis):
    np.testing.assert_array_equal(w.jit(lambda x: wnp.sort(x, axis))(X), np.sort(X, axis))
    np.testing.assert_array_equal(w.jit(lambda x: wnp.argsort(x, axis))(X), np.argsort(X, axis))
    check_grads(lambda x: wnp.sort(x, axis) ** 3, (X,), order=2)


def test_order_statistics_of_batches():
    f = lambda x: wnp.sum(wnp.sort(x)[:2] ** 2)  # noqa: E731
    expected = [w.grad(f)(row) for row in X]
    np.testing.assert_allclose(w.vmap(w.grad(f))(X), expected)
    np.testing.assert_allclose(w.jit(w.vmap(w.grad(f)))(X), expected)
    np.testing.assert_allclose(w.hessian(f)(X[0]), np.diag(2.0 * (np.argsort(np.argsort(X[0])) < 2)))


def test_special_values():
    x = np.array([np.nan, 1.0, -np.inf, np.inf])
    np.testing.assert_array_equal(wnp.sort(x), [-np.inf, 1, np.inf, np.nan])
    z = X[0] + 1j * X[1]
    np.testing.assert_array_equal(wnp.sort(z), np.sort(z))
    np.testing.assert_array_equal(wnp.sort([True, False]), [False, True])
    assert wnp.sort(np.zeros((0, 2)), 0).shape == (0, 2)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side):
    grids, values = np.sort(X, 1), RNG.normal(size=(3, 4))
    f = lambda a, v: wnp.searchsorted(a, v, side)  # noqa: E731
    expected = np.stack([np.searchsorted(a, v, side) for a, v in zip(grids, values, strict=True)])
    np.testing.assert_array_equal(w.vmap(f)(grids, values), expected)
    np.testing.assert_array_equal(w.vmap(f, (None, 0))(grids[0], values), np.searchsorted(grids[0], values, side))
    rows = np.stack([np.searchsorted(a, values[0], side) for a in grids])
    np.testing.assert_array_equal(w.vmap(f, (0, None))(grids, values[0]), rows)
    nested = w.vmap(w.vmap(f, (None, 0)), (0, None))(grids, values)
    np.testing.assert_array_equal(nested, [np.searchsorted(a, values, side) for a in grids])
    assert w.jit(f)(grids[0], 0.3) == np.searchsorted(grids[0], 0.3, side)


def test_indices_are_integers_of_the_mode():
    for primitive, args, params in (
        (argsort_p, (X,), {"axis": 0}),
        (searchsorted_p, (X[0], X[1]), {"side": "left"}),
    ):
        assert primitive.bind(*args, **params).dtype == np.int64
        with w.config.override(enable_x64=False):
            assert primitive.bind(*args, **params).dtype == np.int32
    assert sort_p.bind(X.astype("f4"), axis=0).dtype == np.float32


def test_running_product_of_many():
    """n log n, not n squared: a product of 20000 numbers, one of them zero."""
    x = np.ones(20000)
    x[7] = 0.0
    g = w.grad(lambda v: wnp.cumprod(v)[-1])(x)
    assert g[7] == 1.0 and np.count_nonzero(g) == 1
