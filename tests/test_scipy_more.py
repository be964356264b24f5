"""What JAX's scipy.special, scipy.linalg, scipy.cluster and scipy.stats have besides the functions tested elsewhere."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special

import wengert as w
import wengert.numpy as wnp
from wengert.scipy import special
from wengert.testing import check_grads

X = np.array([0.3, 0.9, 1.7, 2.8])
P = np.array([0.15, -0.4, 0.6, 0.9])


# --- scipy.special ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, args",
    [
        ("boxcox", (X, P)),
        ("boxcox1p", (X - 0.8, P)),
        ("inv_boxcox", (X - 1, P)),
        ("inv_boxcox1p", (X - 1, P)),
        ("dawsn", (X - 1,)),
        ("dawsn", (X - 1 + 0.3j,)),
        ("wofz", (X - 1,)),
        ("wofz", (X - 1 + 0.5j,)),
        ("comb", (X + 3, X[::-1])),
        ("binom", (X + 3, X[::-1])),
    ],
)
def test_special_functions(name, args):
    f = getattr(special, name)
    expected = getattr(scipy.special, name)(*args)
    for g in (f, w.jit(f), w.vmap(f)):
        np.testing.assert_allclose(g(*args), expected, rtol=1e-12)
    check_grads(f, args, order=2, rtol=3e-6, atol=3e-6)
    narrow = f(*[a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in args])
    assert narrow.dtype in (np.float32, np.complex64)


@pytest.mark.parametrize("name", ["boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"])
@pytest.mark.parametrize("exponent", [0.0, 1e-9, -1e-5, 0.4, -1.2, 2.0])
def test_derivatives_in_the_exponent(name, exponent):
    formulas = {
        "boxcox": lambda x, a: (x**a - 1) / a if a else mp.log(x),
        "boxcox1p": lambda x, a: ((1 + x) ** a - 1) / a if a else mp.log(1 + x),
        "inv_boxcox": lambda x, a: (1 + a * x) ** (1 / a) if a else mp.exp(x),
        "inv_boxcox1p": lambda x, a: (1 + a * x) ** (1 / a) - 1 if a else mp.exp(x) - 1,
    }
    f = getattr(special, name)
    for x in (0.2, 0.7):
        with mp.workdps(60):
            at = mp.mpf(x), mp.mpf(exponent)
            slopes = [float(mp.diff(formulas[name], at, (0, n), h=mp.mpf(10) ** -12)) for n in (1, 2)]
        first = w.grad(f, 1)
        np.testing.assert_allclose([first(x, exponent), w.grad(first, 1)(x, exponent)], slopes, rtol=1e-8)


@pytest.mark.parametrize("x", [0.3, 7.0, 49.9, 50.1, 3e3, -1e5, 1e8, 60 + 20j, 80j + 1, 60 - 20j, 1e6 - 3j])
def test_dawsn_and_wofz_far_out(x):
    """Where ``1 - 2 x F`` cancels."""
    with mp.workdps(60):
        z = mp.mpmathify(x)
        w0 = mp.exp(-z * z) * mp.erfc(-1j * z)
        slope = 2j / mp.sqrt(mp.pi) - 2 * z * w0
        wofz = [complex(slope), complex(-2 * w0 - 2 * z * slope)]
        f0 = mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z)
        dawsn = [complex(1 - 2 * z * f0), complex(-2 * f0 - 2 * z * (1 - 2 * z * f0))]
    cases = [(special.wofz, wofz)]
    if abs(f0) < 1e300:  # else its value is infinite
        cases.append((special.dawsn, dawsn))
    x = np.asarray(x)
    for f, expected in cases:
        first = lambda x: w.jvp(f, (x,), (np.ones_like(x),))[1]  # noqa: B023, E731
        np.testing.assert_allclose(first(x), expected[0], rtol=1e-11)
        np.testing.assert_allclose(w.jvp(first, (x,), (np.ones_like(x),))[1], expected[1], rtol=1e-7)


def test_boxcox_at_the_end_of_its_domain():
    assert special.boxcox(0.0, 2.0) == -0.5 and special.boxcox1p(-1.0, 2.0) == -0.5
    for f, x in ((special.boxcox, 0.0), (special.boxcox1p, -1.0)):
        assert w.grad(f)(x, 2.0) == 0 and w.grad(f)(x, 1.0) == 1 and w.grad(f)(x, 0.5) == np.inf
        assert w.grad(f, 1)(x, 2.0) == 0.25  # of -1 / lmbda


def test_comb():
    for repetition in (False, True):
        n, k = np.arange(-2 + 3 * repetition, 6)[:, None], np.arange(-1 + repetition, 7)
        expected = scipy.special.comb(n, k, repetition=repetition)
        np.testing.assert_array_equal(special.comb(n, k, repetition=repetition), expected)
        np.testing.assert_array_equal(
            w.jit(special.comb, static_argnames="repetition")(n, k, repetition=repetition), expected
        )
        assert special.comb(50, 20, exact=True, repetition=repetition) == scipy.special.comb(
            50, 20, exact=True, repetition=repetition
        )
    assert special.comb(0, 0, repetition=True) == 1 and special.comb(3, 5, exact=True) == 0
    assert wnp.isfinite(w.jacfwd(special.comb)(2.0, 3.0)) and w.grad(special.comb)(2.0, 3.0) == 0
    with pytest.raises(w.errors.ArgumentError, match="leave exact out"):
        special.comb(2.5, 1, exact=True)
