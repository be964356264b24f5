"""LU factors with their pivots in compiled code: LAPACK's, called natively."""

import numpy as np
import pytest

import wengert
from wengert.ops.triangular_factors import lu_p, permutation_p


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (3, 5), (4, 6, 6), (32, 32)])
def test_factors_pivots_and_order(dtype, shape):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=shape) + (1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else 0)).astype(dtype)
    f = wengert.jit(lambda x: tuple(lu_p.bind(x)))
    factors, pivots, order = f(x)
    assert not f.lower(x).cost().calls and pivots.dtype == order.dtype == np.int32
    m, n = shape[-2:]
    k = min(m, n)
    lower = np.tril(factors[..., :k], -1) + np.eye(m, k)
    rows = np.take_along_axis(x, order[..., None], -2)
    np.testing.assert_allclose(lower @ np.triu(factors[..., :k, :]), rows, atol=30 * np.finfo(dtype).eps)
    assert (order == permutation_p.bind(pivots, rows=m)).all()
    if len(shape) == 2:
        g = wengert.jit(lambda p: permutation_p.bind(p, rows=m))
        assert (g(pivots) == order).all() and not g.lower(pivots).cost().calls


def test_singular_matrices_have_factors():
    f = wengert.jit(lambda x: tuple(lu_p.bind(x)))
    factors, pivots, order = f(np.zeros((3, 3)))
    assert not factors.any() and pivots.tolist() == order.tolist() == [0, 1, 2]
    spoilt = np.zeros((3, 3))
    spoilt[1] = np.nan
    np.testing.assert_array_equal(f(spoilt)[0], lu_p.impl(spoilt)[0])
