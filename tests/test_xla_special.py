"""Special functions on XLA that JAX does not have: against SciPy, mpmath and closed forms, also where their expansions change."""

import mpmath
import numpy as np
import pytest
import scipy.special as sp

import wengert as w
from wengert.errors import NotSupportedError
from wengert.scipy import special

pytestmark = pytest.mark.peers
pytest.importorskip("jax")

V = np.array([0.0, 0.3, 2.0, 7.5, 40.0, 40.0, 120.0, -1.5, -3.0, 3.0])
X = np.array([0.1, 30.0, 2.9, 7.0, 35.0, 200.0, 80.0, 4.0, 6.0, 1e-3])
P = np.array([1e-12, 0.02, 0.3, 0.5, 0.7, 0.999])


def on_xla(f, *args):
    return np.asarray(w.jit(f, backend="xla")(*args))


def test_bessel_functions_of_all_sizes():
    names = {"jv": mpmath.besselj, "yv": mpmath.bessely, "kve": mpmath.besselk}
    got = w.jit(lambda v, x: [getattr(special, n)(v, x) for n in names], backend="xla")(V, X)
    for found, (name, f) in zip(got, names.items(), strict=True):
        want = [float(f(v, x)) * (np.exp(x) if name == "kve" else 1) for v, x in zip(V, X, strict=True)]
        np.testing.assert_allclose(found, want, rtol=2e-11)


def test_the_order_of_a_bessel_function():
    f = w.vmap(w.grad(special.jv, argnums=0))
    v, x = np.array([0.4, 5.2, 12.0]), np.array([1.0, 11.0, 3.0])
    want = [float(mpmath.diff(lambda t, at=at: mpmath.besselj(t, at), n)) for n, at in zip(v, x, strict=True)]
    np.testing.assert_allclose(on_xla(f, v, x), want, rtol=1e-11)


def test_elliptic_integrals():
    args = np.array([0.0, 1e-9, 3.0]), np.array([1.0, 2.0, 1e7]), np.array([2.0, 2.0, 5.0]), np.array([3.0, -0.5, 1e-3])
    np.testing.assert_allclose(on_xla(special.elliprj, *args), sp.elliprj(*args), rtol=1e-12)
    phi, m = np.array([0.5, 1.5, -7.0]), np.array([0.9, 1 - 1e-9, -4.0])
    np.testing.assert_allclose(on_xla(special.ellipeinc, phi, m), sp.ellipeinc(phi, m), rtol=1e-13)


def test_inverses_undo_functions():
    a = np.array([0.05, 0.7, 3.0, 40.0, 300.0, 9.0])
    np.testing.assert_allclose(sp.gammainc(a, on_xla(special.gammaincinv, a, P)), P, rtol=1e-11)


def test_branches_of_lambert_s_function():
    z, branches = np.array([-0.3 + 0.1j, 2 - 7j, 1e5 + 0j, -0.36 + 1e-3j]), (-2, -1, 0, 1)
    found = w.jit(lambda z: [special.lambertw(z, k) for k in branches], backend="xla")(z)
    np.testing.assert_allclose(found, [sp.lambertw(z, k) for k in branches], rtol=1e-12)


def test_gamma_numbers_are_the_same():
    draw = lambda key: w.random.gamma(key, np.array([0.3, 1.0, 20.0]), (50, 3))  # noqa: E731
    key = w.random.key(5)
    np.testing.assert_allclose(on_xla(draw, key), w.jit(draw)(key), rtol=1e-13)


def test_single_precision_missing_numbers_and_complex_ones():
    got = on_xla(special.ellipk, np.array([np.nan, 0.5], "f4"))
    assert got.dtype == np.float32 and np.isnan(got[0]) and got[1] == np.float32(sp.ellipk(0.5))
    with pytest.raises(NotSupportedError, match=r"does not compute airy_ai of complex128"):
        w.jit(lambda z: special.airy(z)[0], backend="xla")(np.array([1j]))
