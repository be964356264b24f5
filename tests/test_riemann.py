"""Riemann's zeta function on the real line and its derivatives, against mpmath and SciPy."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special as ss

import wengert as w
from wengert.scipy.special import zeta, zetac

X = [-20.5, -7.3, -2.0, -1.001, -1.0, -0.3, -1e-3, 0.0, 0.2, 0.5, 0.9, 0.999, 1.001, 1.5, 2.0, 10.0]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_derivatives(order):
    f = zeta
    for _ in range(order):
        f = w.grad(f)
    exact = [float(mp.zeta(x, derivative=order)) for x in X]
    np.testing.assert_allclose(w.vmap(f)(np.array(X)), exact, rtol=3e-14, atol=1e-15)
    np.testing.assert_allclose(w.jit(w.vmap(f))(np.array(X)), exact, rtol=3e-14, atol=1e-15)


def test_values_are_those_of_scipy():
    x = np.array([*X, 1.0, np.nan])
    np.testing.assert_allclose(zetac(x), ss.zetac(x), rtol=1e-12)
    assert zeta(1.0) == np.inf and np.isnan(zeta(np.nan)) and zeta(np.float32(0.5)).dtype == np.float32
    np.testing.assert_allclose(zeta(3), ss.zeta(3), rtol=1e-15)
