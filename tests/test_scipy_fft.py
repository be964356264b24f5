"""wengert.scipy.fft: cosine and sine transforms against SciPy."""

import numpy as np
import pytest
import scipy.fft

import wengert as w
from wengert.errors import ArgumentError
from wengert.scipy import fft
from wengert.testing import check_grads

X = np.random.default_rng(0).normal(size=(4, 5))


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("type", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["dct", "idct", "dst", "idst"])
def test_along_one_axis(name, type, norm):
    ours, theirs = getattr(fft, name), getattr(scipy.fft, name)
    for options in ({}, {"axis": 0}, {"n": 7}, {"n": 3, "axis": -2}, {"orthogonalize": True}):
        expected = theirs(X, type, norm=norm, **options)
        np.testing.assert_allclose(ours(X, type, norm=norm, **options), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours(X + 1j, type, norm=norm), theirs(X + 1j, type, norm=norm), rtol=1e-10, atol=1e-12)
    assert ours(X.astype(np.float32), type, norm=norm).dtype == np.float32
    check_grads(lambda x: ours(x, type, norm=norm), (X,), order=1)


@pytest.mark.parametrize("name", ["dctn", "idctn", "dstn", "idstn"])
def test_along_several_axes(name):
    ours, theirs = getattr(fft, name), getattr(scipy.fft, name)
    x = np.random.default_rng(1).normal(size=(3, 4, 5))
    for options in ({}, {"axes": (0, 2)}, {"s": (3, 6)}, {"s": (2, 6), "axes": (0, 1), "norm": "ortho"}):
        np.testing.assert_allclose(ours(x, **options), theirs(x, **options), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(w.jit(lambda x: ours(x, **options))(x), theirs(x, **options), rtol=1e-10, atol=1e-12)  # noqa: B023
    np.testing.assert_allclose(w.vmap(ours)(x), np.stack([theirs(v) for v in x]), rtol=1e-10, atol=1e-12)


def test_errors():
    with pytest.raises(ArgumentError, match="1, 2, 3 or 4"):
        fft.dct(X, 5)
    assert fft.next_fast_len(97) == scipy.fft.next_fast_len(97)
