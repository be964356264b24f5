"""Functional updates: what becomes of indices out of range, in every mode."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.arange(1.0, 13.0).reshape(3, 4)
S = np.s_
# An index; the same place when clipped, and when wrapped, as indices in range; and which of its elements are there.
INDICES = [
    (S[5], S[2], S[2], False),
    (S[-7], S[0], S[2], False),
    (S[1], S[1], S[1], True),
    (S[-1], S[2], S[2], True),
    (S[[0, 3, -4]], S[[0, 2, 0]], S[[0, 0, 2]], [[True], [False], [False]]),
    (S[1, 9], S[1, 3], S[1, 1], False),
    (S[[0, 5], [1, 1]], S[[0, 2], [1, 1]], S[[0, 2], [1, 1]], [True, False]),
    (S[:, [0, 9]], S[:, [0, 3]], S[:, [0, 1]], [True, False]),
    (S[::-1, 4], S[::-1, 3], S[::-1, 0], False),
    (S[None, 7], S[None, 2], S[None, 1], False),
    (S[...], S[...], S[...], True),
    (S[True, 5], S[True, 2], S[True, 2], False),
]


@pytest.mark.parametrize("index, clipped, wrapped, there", INDICES, ids=[repr(i[0]) for i in INDICES])
@pytest.mark.parametrize("mode", ["clip", "wrap", "fill", "drop"])
def test_modes(index, clipped, wrapped, there, mode):
    where = np.arange(X.size).reshape(X.shape)[wrapped if mode == "wrap" else clipped]
    ok = np.broadcast_to(there if mode in ("fill", "drop") else True, where.shape)
    got = wnp.at(X)[index].get(mode=mode, fill_value=-5.0)
    np.testing.assert_array_equal(got, np.where(ok, X.reshape(-1)[where], -5.0))
    added = X.reshape(-1).copy()
    np.add.at(added, where[ok], 10.0)
    np.testing.assert_array_equal(wnp.at(X)[index].add(10.0, mode=mode), added.reshape(X.shape))
    put = X.reshape(-1).copy()
    put[where[ok]] = 0.5
    np.testing.assert_array_equal(wnp.at(X)[index].set(0.5, mode=mode), put.reshape(X.shape))


def test_modes_under_transformations():
    x = np.arange(4.0)
    read = lambda x, i, mode: wnp.at(x)[i].get(mode=mode)
    for mode, values in {"clip": [0, 2, 3, 3], "wrap": [2, 2, 1, 3], "fill": [np.nan, 2, np.nan, 3]}.items():
        i = np.array([-6, 2, 9, -1])
        np.testing.assert_array_equal(w.jit(lambda x, i: read(x, i, mode))(x, i), values)
        np.testing.assert_array_equal(w.vmap(lambda i: read(x, i, mode))(i), values)
    g = w.grad(lambda x: wnp.sum(wnp.at(x)[[1, 8]].set(0.0, mode="drop") ** 2))(x)
    np.testing.assert_array_equal(g, [0, 0, 4, 6])
    g = w.grad(lambda x: wnp.sum(wnp.at(x)[[1, 8]].get(mode="fill", fill_value=2.0) ** 2))(x)
    np.testing.assert_array_equal(g, [0, 2, 0, 0])


def test_fill_values():
    for dtype, value in ((np.float32, np.nan), (np.int8, -128), (np.uint8, 255), (bool, True)):
        np.testing.assert_array_equal(wnp.at(np.zeros(2, dtype))[5].get(mode="fill"), value)


def test_misuse():
    with pytest.raises(IndexError, match="out of range"):
        wnp.at(X)[7].set(1.0)
    with pytest.raises(w.errors.ArgumentError, match="'drop'"):
        wnp.at(X)[0].set(1.0, mode="dorp")
    with pytest.raises(w.errors.ArgumentError, match="moed"):
        wnp.at(X)[0].set(1.0, moed="drop")
    wnp.at(X)[0].set(1.0, unique_indices=True, indices_are_sorted=True)
