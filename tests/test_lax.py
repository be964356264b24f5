"""Blocks at computed places, choices and orders under JAX's names."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.testing import check_grads

X = np.arange(20.0).reshape(4, 5)


@pytest.mark.parametrize("starts, block", [((1, 2), (2, 3)), ((9, 9), (2, 2)), ((-1, -2), (1, 2)), ((0, 0), (4, 5))])
def test_dynamic_slice(starts, block):
    first = [min(max(s + n if s < 0 else s, 0), n - b) for s, n, b in zip(starts, X.shape, block)]
    expected = X[first[0] : first[0] + block[0], first[1] : first[1] + block[1]]
    for f in (lax.dynamic_slice, w.jit(lax.dynamic_slice, static_argnums=2)):
        np.testing.assert_array_equal(f(X, starts, block), expected)
    update = -np.ones(block)
    changed = X.copy()
    changed[first[0] : first[0] + block[0], first[1] : first[1] + block[1]] = -1
    for f in (lax.dynamic_update_slice, w.jit(lax.dynamic_update_slice)):
        np.testing.assert_array_equal(f(X, update, starts), changed)


def test_dynamic_slices_differentiate_and_batch():
    check_grads(lambda x: lax.dynamic_slice(x, (1, 2), (2, 2)) ** 2, (X,), order=2)
    check_grads(lambda x, u: lax.dynamic_update_slice(x * x, u**3, (1, 2)), (X, X[:2, :2] / 9), order=2)
    rows = w.vmap(lambda i: lax.dynamic_slice_in_dim(X, i, 2))(np.array([0, 2, 7]))
    np.testing.assert_array_equal(rows, np.stack([X[0:2], X[2:4], X[2:4]]))
    np.testing.assert_array_equal(lax.dynamic_index_in_dim(X, 2, 1, keepdims=False), X[:, 2])
    np.testing.assert_array_equal(lax.dynamic_update_slice_in_dim(X, X[:1] - 1, 3, 0)[3], X[0] - 1)


def test_blocks_that_do_not_fit():
    with pytest.raises(w.errors.ShapeError, match=r"\(5, 1\) does not fit into shape \(4, 5\)"):
        lax.dynamic_slice(X, (0, 0), (5, 1))
    with pytest.raises(w.errors.ShapeError, match="2 start indices"):
        lax.dynamic_slice(X, (0,), (1,))
    with pytest.raises(w.errors.ShapeError, match="k=9"):
        lax.top_k(X, 9)


def test_choices_orders_and_positions():
    np.testing.assert_array_equal(lax.select_n(X[0] > 2, X[0], -X[0]), np.where(X[0] > 2, -X[0], X[0]))
    values, places = lax.top_k(wnp.sin(X), 2)
    np.testing.assert_array_equal(places, np.argsort(-np.sin(X), axis=1, kind="stable")[:, :2])
    np.testing.assert_array_equal(values, np.take_along_axis(np.sin(X), places, 1))
    check_grads(lambda x: lax.top_k(x, 2)[0], (np.sin(X),), order=1)
    keys, moved = lax.sort_key_val(np.array([3.0, 1.0, 2.0]), np.array([10, 20, 30]))
    assert keys.tolist() == [1.0, 2.0, 3.0] and moved.tolist() == [20, 30, 10]
    assert lax.iota(np.int32, 3).tolist() == [0, 1, 2] and lax.iota("float32", 2).dtype == np.float32
    np.testing.assert_array_equal(lax.broadcasted_iota(int, (2, 3), 1), [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_array_equal(lax.slice_in_dim(X, 1, 5, 2, axis=-1), X[:, 1:5:2])
