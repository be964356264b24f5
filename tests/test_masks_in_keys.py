"""Masks that are not known beside slices and integers, windows, and transforms of bfloat16: as NumPy has them, compiled too."""

import ml_dtypes
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.arange(24.0).reshape(2, 3, 4)
LAST, MIDDLE, BOTH = X[0, 0] > 1, X[0, :, 1] > 3, X[0] % 3 == 1
KEYS = {
    "..., m": (LAST, lambda m: (Ellipsis, m)),
    ":, :, m": (LAST, lambda m: (slice(None), slice(None), m)),
    "0, m": (MIDDLE, lambda m: (0, m)),
    "1, m, ::2": (MIDDLE, lambda m: (1, m, slice(None, None, 2))),
    ":, m, -1": (MIDDLE, lambda m: (slice(None), m, -1)),
    "1, ..., m": (LAST, lambda m: (slice(1, None), Ellipsis, m)),
    "None, :, m": (MIDDLE, lambda m: (None, slice(None), m)),
    ":, mm": (BOTH, lambda m: (slice(None), m)),
    "m": (X[:, 0, 0] > 1, lambda m: m),
}


def written(x, m, key):
    y = x * 1.0
    y[key(m)] = 7.0
    y[key(m)] += 1.0
    y[key(m)] = 2 * y[key(m)] - x[key(m)]
    return y


@pytest.mark.parametrize("name", KEYS)
def test_unknown_masks_beside_other_entries(name):
    mask, key = KEYS[name]
    want = written(X, mask, key)
    np.testing.assert_array_equal(w.jit(lambda x, m: written(x, m, key))(X, mask), want)
    np.testing.assert_array_equal(
        w.vmap(lambda x, m: written(x, m, key))(np.stack([X, X]), np.stack([mask, ~mask]))[0], want
    )
    slope = np.ones_like(X)
    slope[key(mask)] = -1.0
    for g in (w.grad(lambda x: written(x, mask, key).sum()), w.jit(w.grad(lambda x, m: written(x, m, key).sum()))):
        np.testing.assert_array_equal(g(X, mask) if g.__class__.__name__ != "Grad" else g(X), slope)


@pytest.mark.parametrize("name", KEYS)
def test_updates_at_unknown_masks(name):
    mask, key = KEYS[name]
    for method, f in {
        "set": lambda v: 5.0,
        "add": lambda v: v + 5.0,
        "multiply": lambda v: v * 5.0,
        "min": lambda v: np.minimum(v, 5.0),
        "max": lambda v: np.maximum(v, 5.0),
    }.items():
        want = X.copy()
        want[key(mask)] = f(want[key(mask)])
        got = w.jit(lambda x, m, method=method: getattr(wnp.at(x)[key(m)], method)(5.0))(X, mask)
        np.testing.assert_array_equal(got, want, err_msg=method)


def test_values_behind_the_mask_and_what_is_refused():
    def rows(x, m):
        y = x * 1.0
        y[:, m] = x[0, 0]
        return y

    np.testing.assert_array_equal(w.jit(rows)(X, MIDDLE), rows(X, MIDDLE))
    np.testing.assert_array_equal(w.jit(lambda x, m: x[0, m])(X, MIDDLE), X[0, MIDDLE])
    apart = X.copy()
    apart[0, :, LAST] = 1.0  # an integer apart from the mask moves axes
    np.testing.assert_array_equal(w.jit(lambda x, m: wnp.at(x)[0, :, m].set(1.0))(X, LAST), apart)
    with pytest.raises(IndexError, match="does not fit"):
        w.jit(lambda x, m: wnp.at(x)[..., m].set(1.0))(X, MIDDLE)
    with pytest.raises(w.errors.ShapeError):
        w.jit(lambda x, m: wnp.at(x)[0, m].set(np.ones((3, 4))))(X, MIDDLE)


@pytest.mark.parametrize("shape, axis", [((2, 3, 2), None), (2, 1), ((2, 2), (0, 2)), ((2, 2), (2, 2)), (3, -2)])
def test_sliding_windows(shape, axis):
    windows = np.lib.stride_tricks.sliding_window_view
    want = windows(X, shape, axis)
    f = lambda x: windows(x, shape, axis)  # noqa: E731
    y, t = w.jvp(f, (X,), (2 * X,))
    np.testing.assert_array_equal(y, want)
    np.testing.assert_array_equal(t, 2 * want)
    np.testing.assert_array_equal(w.jit(f)(X), want)
    np.testing.assert_array_equal(w.vmap(f)(X[None])[0], want)
    often = np.zeros_like(X)
    np.add.at(often.reshape(-1), windows(np.arange(24).reshape(X.shape), shape, axis).reshape(-1), 1.0)
    np.testing.assert_array_equal(w.grad(lambda x: np.sum(f(x)))(X), often)
    with pytest.raises(ValueError, match="window"):
        w.jit(lambda x: windows(x, 9, 1))(X)


@pytest.mark.parametrize(
    "name", ["fft", "rfft", "irfft", "hfft", "ihfft", "fft2", "rfft2", "irfft2", "ifftn", "irfftn"]
)
def test_transforms_of_bfloat16(name):
    x = np.array([[1, 0, 1.5], [1, 2, -1]]).astype(ml_dtypes.bfloat16)
    want = getattr(np.fft, name)(x)
    f = getattr(wnp.fft, name)
    for got in (f(x), w.jvp(f, (x,), (x,))[0], w.vmap(f)(x[None])[0], w.jit(f)(x)):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_results_of_vmap_share_nothing_with_a_view():
    x = np.arange(6.0).reshape(2, 3)  # a view itself
    for f in (lambda x: x[:1], lambda x: x[::-1], lambda x: x.reshape(-1), lambda x: x):
        assert not np.shares_memory(w.vmap(f)(x), x)
