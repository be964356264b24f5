"""wengert.scipy.special: values against SciPy, derivatives in arguments and parameters against mpmath."""

import math

import mpmath as mp
import numpy as np
import pytest
import scipy.special

import wengert as w
import wengert.numpy as wnp
from wengert.core import Primitive
from wengert.errors import NotDifferentiableError
from wengert.scipy import special
from wengert.testing import check_grads

X = np.array([0.3, 0.9, 1.7, 2.8])
P = np.array([0.15, 0.4, 0.6, 0.9])

VALUES = {
    "betaincc": (X, X[::-1], P), "betaincinv": (X, X[::-1], P), "gammaincinv": (X, P), "gammainccinv": (X, P),
    "rgamma": (X,), "erfcinv": (2 * P,), "erfi": (X,), "ndtri_exp": (-X,), "owens_t": (X, X[::-1]), "log_expit": (X,),
    "binom": (X + 3, X[::-1]), "boxcox": (X, P), "inv_boxcox": (X, P), "exprel": (X - 1,), "huber": (1.0, X),
    "pseudo_huber": (1.3, X), "ellipk": (P,), "ellipkm1": (P,), "ellipe": (P,), "ellipkinc": (3 * X, P),
    "ellipeinc": (3 * X, P), "elliprc": (X, X[::-1]), "elliprd": (X, X + 1, X + 2), "elliprf": (X, X + 1, X + 2),
    "elliprg": (X, X + 1, X + 2), "elliprj": (X, X + 1, X + 2, X[::-1]), "hyp0f1": (1.5, X), "hyp2f1": (0.5, 1.5, 2.5, P),
    "lpmv": (1, 2.5, P), "struve": (1.5, X), "modstruve": (1.5, X), "y0": (X,), "y1": (X,), "yv": (1.5, X), "k0": (X,),
    "k1": (X,), "k0e": (X,), "k1e": (X,), "kv": (1.5, X), "kve": (1.5, X), "yn": (2, X), "kn": (2, X),
    "hankel1": (1.5, X), "hankel2": (1.5, X), "sph_harm_y": (3, np.array([-2, 1, 0, 3]), X, P), "airy": (X,),
    "fresnel": (X,), "sici": (X,), "shichi": (X,), "lambertw": (X,), "spherical_jn": (2, X), "spherical_yn": (2, X),
    "spherical_in": (2, X), "spherical_kn": (2, X), "stdtr": (3.3, X - 1), "hyp1f1": (X, X + 1, X - 1),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_and_derivatives(name):
    f, args = getattr(special, name), VALUES[name]
    expected = getattr(scipy.special, name)(*args)
    np.testing.assert_allclose(f(*args), expected, rtol=1e-12)
    np.testing.assert_allclose(w.jit(f)(*args), expected, rtol=1e-12)

    def real(x):
        return w.trees.map(wnp.real, f(*args[:-1], x))

    check_grads(real, (args[-1],), order=2, rtol=2e-6, atol=2e-6)
    narrow = f(*[a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args])
    for out in w.trees.leaves(narrow):
        assert out.dtype in (np.float32, np.complex64)


def slopes(f, points, orders, digits=30):
    """Derivatives by mpmath, of functions of its numbers."""
    with mp.workdps(digits):
        return np.array([float(mp.re(mp.diff(f, tuple(map(mp.mpf, p)), orders))) for p in points])


def derivative(f, points, orders):
    """The derivative of one order by this library, all points in one call."""
    for i, n in enumerate(orders):
        for _ in range(n):
            f = (lambda g, i: lambda *a: w.jvp(lambda v: g(*a[:i], v, *a[i + 1 :]), (a[i],), (np.ones_like(a[i]),))[1])(
                f, i
            )
    return f(*map(np.asarray, zip(*points, strict=True)))


GAMMA = [(a, x) for a in (1e-3, 0.7, 2.5, 40.0, 800.0) for x in (a * 1e-3, a * 0.4, a * 0.98, a + 0.98, a * 1.3 + 2)]
BETA = [(a, b, x) for a in (0.02, 0.8, 5.0, 200.0) for b in (0.05, 1.0, 30.0) for x in (1e-3, 0.3, 0.7, 0.98)]


@pytest.mark.parametrize("orders", [(1, 0), (2, 0), (1, 1)])
def test_incomplete_gamma_in_its_parameter(orders):
    def lower(a, x):
        return mp.gammainc(a, 0, x, regularized=True)

    def upper(a, x):
        return -mp.gammainc(a, x, mp.inf, regularized=True)

    expected = np.concatenate([slopes(lower if x < a + 1 else upper, [(a, x)], orders) for a, x in GAMMA])
    np.testing.assert_allclose(derivative(special.gammainc, GAMMA, orders), expected, rtol=1e-10)
    np.testing.assert_allclose(derivative(special.gammaincc, GAMMA, orders), -expected, rtol=1e-10)


@pytest.mark.parametrize("orders", [(1, 0, 0), (0, 1, 0), (1, 1, 0), (2, 0, 0), (1, 0, 1), (1, 1, 1)])
def test_incomplete_beta_in_its_parameters(orders):
    points = BETA if sum(orders) == 1 else BETA[::3]

    def lower(a, b, x):
        return mp.betainc(a, b, 0, x, regularized=True)

    def upper(a, b, x):
        return -mp.betainc(a, b, x, 1, regularized=True)

    expected = []
    for a, b, x in points:
        f = lower if x <= (a + 1) / (a + b + 2) else upper
        if orders == (1, 1, 1):  # from the density: differences of differences of quadratures lose too much
            f, at, of = lambda a, b: x ** (a - 1) * (1 - mp.mpf(x)) ** (b - 1) / mp.beta(a, b), (a, b), (1, 1)  # noqa: E731
        else:
            at, of = (a, b, x), orders
        (slope,) = slopes(f, [at], of, 90)
        expected.append(slope)
    np.testing.assert_allclose(derivative(special.betainc, points, orders), expected, rtol=2e-10)


@pytest.mark.parametrize("orders", [(1, 0), (0, 1), (2, 0), (1, 1)])
def test_zeta_in_both(orders):
    points = [(s, q) for s in (1.02, 1.7, 4.0, 12.0) for q in (0.05, 0.9, 3.0, 40.0)]
    expected = slopes(mp.zeta, points, orders)
    np.testing.assert_allclose(derivative(special.zeta, points, orders), expected, rtol=1e-10)
    np.testing.assert_allclose(special.zeta(2.0), scipy.special.zeta(2.0), rtol=1e-15)


@pytest.mark.parametrize("orders", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)])
def test_kummer_in_its_parameters(orders):
    points = [(a, b, x) for a in (-1.5, 0.4, 3.0) for b in (0.6, 4.0) for x in (-20.0, -0.7, 0.7, 30.0)]
    expected = slopes(mp.hyp1f1, points, orders)
    np.testing.assert_allclose(derivative(special.hyp1f1, points, orders), expected, rtol=1e-9)


ORDERS = [(v, x) for v in (0.3, 1.0, 2.5, 10.0, 30.0) for x in (0.05, 1.0, 5.0, 15.0, 40.0)]
BESSEL = {"jv": mp.besselj, "yv": mp.bessely, "iv": mp.besseli, "kv": mp.besselk}


@pytest.mark.parametrize("orders", [(1, 0), (2, 0), (1, 1)])
@pytest.mark.parametrize("name", BESSEL)
def test_bessel_functions_in_their_order(name, orders):
    expected = slopes(BESSEL[name], ORDERS, orders)
    got = derivative(getattr(special, name), ORDERS, orders)
    # relative to the function's own size where the derivative happens to be small
    size = np.abs(getattr(special, name)(*map(np.asarray, zip(*ORDERS, strict=True))))
    assert np.all(np.abs(got - expected) <= 1e-9 * np.abs(expected) + 1e-11 * size)


def test_scaled_bessel_functions_in_their_order():
    v, x = map(np.asarray, zip(*ORDERS, strict=True))
    for name, scale in (("iv", np.exp(-x)), ("kv", np.exp(x))):
        plain, scaled = (derivative(getattr(special, n), ORDERS, (1, 0)) for n in (name, name + "e"))
        np.testing.assert_allclose(scaled, plain * scale, rtol=1e-12)
    big = derivative(special.ive, [(1.5, 2000.0)], (1, 0))  # where iv overflows
    with mp.workdps(30):
        expected = mp.diff(lambda v: mp.besseli(v, 2000) * mp.exp(-2000), 1.5)
    np.testing.assert_allclose(big, [float(expected)], rtol=1e-10)


def test_inverses():
    """Implicit differentiation: the derivative of an inverse of a function is that of the identity."""
    for f, inverse, args in (
        (special.gammainc, special.gammaincinv, (X,)),
        (special.gammaincc, special.gammainccinv, (X,)),
        (special.betainc, special.betaincinv, (X, X[::-1])),
    ):
        around = w.jacrev(lambda *a: wnp.sum(inverse(*a[:-1], f(*a)) * X), argnums=tuple(range(len(args) + 1)))
        *parameters, variable = around(*args, P)
        np.testing.assert_allclose(variable, X, rtol=1e-8)
        for p in parameters:
            np.testing.assert_allclose(p, 0, atol=1e-8)


def test_carlson_where_arguments_agree_or_vanish():
    np.testing.assert_allclose(w.grad(special.ellipk)(0.0), np.pi / 8, rtol=1e-12)
    np.testing.assert_allclose(w.grad(w.grad(special.ellipk))(0.0), 9 * np.pi / 64, rtol=1e-12)
    np.testing.assert_allclose(w.grad(special.ellipkinc, 1)(2.0, 0.0), 0.5 - np.sin(4.0) / 8, rtol=1e-12)
    np.testing.assert_allclose(w.grad(special.elliprf)(1.0, 1.0, 1.0), -1 / 6, rtol=1e-12)
    np.testing.assert_allclose(w.grad(special.elliprf, 2)(0.0, 1.0, 2.0), -float(mp.elliprd(0, 1, 2)) / 6, rtol=1e-12)
    check_grads(special.elliprj, (0.5, 1e-3, 2.0, 30.0), rtol=1e-5)


def test_edges():
    np.testing.assert_array_equal(w.grad(special.gammainc, 1)(2.0, 0.0), 0.0)
    np.testing.assert_array_equal(w.grad(special.gammainc)(2.0, 0.0), 0.0)
    np.testing.assert_array_equal(w.grad(special.betainc)(2.0, 3.0, 1.0), 0.0)
    assert np.isnan(special.lambertw(-1.0)) and np.isfinite(special.lambertw(-0.1, -1))
    np.testing.assert_allclose(w.grad(special.lambertw)(0.0), 1.0)
    np.testing.assert_allclose(w.grad(lambda x: special.shichi(x)[0])(0.0), 1.0)
    np.testing.assert_allclose(w.grad(lambda x: special.sici(x)[0])(0.0), 1.0)


def test_at_the_poles_of_the_sphere():
    f = lambda theta: wnp.real(special.sph_harm_y(3, 1, theta, 0.4))  # noqa: E731
    check_grads(f, (np.array([0.0, np.pi, 1.0]),))


def test_legendre_tables():
    table = special.lpmn_values(2, 3, P)
    assert table.shape == (3, 4, 4)
    np.testing.assert_allclose(table[1, 2], scipy.special.lpmv(1, 2, P))
    np.testing.assert_allclose(table[2, 1], 0)
    y = special.lpmn_values(2, 3, np.cos(X), is_normalized=True)
    np.testing.assert_allclose(y[2, 3], np.real(scipy.special.sph_harm_y(3, 2, X, 0.0)))
    np.testing.assert_allclose(special.sph_harm(2, 3, P, X), scipy.special.sph_harm_y(3, 2, X, P))


def test_bernoulli_and_bessel_tables():
    np.testing.assert_allclose(special.bernoulli(6), scipy.special.bernoulli(6))
    np.testing.assert_allclose(special.bessel_jn(X, v=2), [scipy.special.jv(k, X) for k in range(3)])


def test_higher_orders_and_batches():
    """What a kernel computes is differentiated, batched and compiled like any operation."""
    fourth = w.grad(w.grad(w.grad(w.grad(special.gammainc))))
    with mp.workdps(30):
        expected = mp.diff(lambda a: mp.gammainc(a, 0, mp.mpf("1.3"), regularized=True), 2, 4)
    np.testing.assert_allclose(fourth(2.0, 1.3), float(expected), rtol=1e-9)
    np.testing.assert_allclose(w.jit(fourth)(2.0, 1.3), float(expected), rtol=1e-9)
    rows = w.vmap(w.grad(special.betainc), (0, None, 0))(X, 1.5, P)
    np.testing.assert_allclose(rows, [w.grad(special.betainc)(a, 1.5, p) for a, p in zip(X, P, strict=True)])


@pytest.mark.parametrize("f, args, name", [
    (special.jv, (1.5, 0.5 + 1j), "order"), (special.hyp2f1, (0.5, 1.5, 2.5, 0.3), "hyp1f1"),
    (special.struve, (0.5, 1.0), "stop_gradient"), (special.spherical_jn, (2.0, 1.0), "stop_gradient"),
])  # fmt: skip
def test_what_has_no_derivative_says_so(f, args, name):
    with pytest.raises(NotDifferentiableError, match=name):
        w.jvp(lambda p: f(p, *args[1:]), (args[0],), (1.0,))


def test_every_kernel_is_for_real_numbers():
    with pytest.raises(NotDifferentiableError, match="real"):
        Primitive.registry["gammainc_derivative"].bind(1.0 + 1j, 2.0, orders=(1,))


def test_incomplete_elliptic_integrals_have_derivatives_by_the_parameter_up_to_one():
    mp.mp.dps = 40
    for phi, m in ((0.5, 1.0), (1.2, 1.0), (-0.7, 1.0), (0.5, 0.999), (1.2, 0.0), (2.0, 0.3), (4.0, -2.0)):
        for f, exact in ((special.ellipkinc, mp.ellipf), (special.ellipeinc, mp.ellipe)):

            def of_m(x, f=f, phi=phi):
                return f(phi, x)

            step = {"direction": -1, "h": mp.mpf(10) ** -12} if m == 1 else {}
            first, second = (
                float(mp.re(mp.diff(lambda t: exact(mp.mpf(phi), t), mp.mpf(m), n, **step))) for n in (1, 2)
            )
            np.testing.assert_allclose([w.grad(of_m)(m), w.jacfwd(of_m)(m), w.jit(w.grad(of_m))(m)], first, rtol=1e-10)
            seconds = [outer(inner(of_m))(m) for outer in (w.grad, w.jacfwd) for inner in (w.grad, w.jacfwd)]
            np.testing.assert_allclose(seconds, second, rtol=1e-9)


def test_the_rising_factorial_is_a_polynomial_where_gamma_has_two_poles():
    for z, m in ((-3.0, 2.0), (-3.0, 1.0), (-2.0, -2.0), (-4.0, 4.0)):
        f = lambda z, m=m: special.poch(z, m)  # noqa: E731
        expected = (
            math.prod(z + k for k in range(int(m))) if m > 0 else 1 / math.prod(z - k for k in range(1, 1 - int(m)))
        )
        assert np.isclose(f(z), expected, rtol=1e-13)
        h = 1e-5
        slope = (f(z + h) - f(z - h)) / (2 * h)
        assert np.isclose(w.grad(f)(z), slope, rtol=1e-5) and np.isclose(w.jit(w.grad(f))(z), slope, rtol=1e-5)


def test_the_voigt_profile_without_a_normal_part_is_that_of_cauchy():
    at, near = (w.hessian(lambda v: special.voigt_profile(*v))(np.array([0.7, s, 0.5])) for s in (0.0, 1e-5))
    assert np.allclose(at, near, atol=1e-4) and np.isclose(special.voigt_profile(0.7, 0.0, 0.5), 0.5 / (np.pi * 0.74))


def test_polynomials_of_several_degrees():
    degrees, x = np.array([[0], [3], [1]]), np.linspace(-0.9, 0.9, 4)
    for name, more in (
        ("legendre", ()),
        ("chebyt", ()),
        ("hermite", ()),
        ("gegenbauer", (0.7,)),
        ("jacobi", (0.5, 1.5)),
    ):
        f = getattr(special, f"eval_{name}")
        assert np.allclose(f(degrees, *more, x), getattr(scipy.special, f"eval_{name}")(degrees, *more, x), rtol=1e-12)
        slopes = w.jvp(lambda x: f(degrees, *more, x), (x,), (np.ones(4),))[1]  # noqa: B023 (called at once)
        assert np.allclose(
            slopes, (f(degrees, *more, x + 1e-6) - f(degrees, *more, x - 1e-6)) / 2e-6, rtol=1e-5, atol=1e-6
        )
    with pytest.raises(w.errors.ArgumentError, match="static argument"):
        w.jit(lambda n: special.eval_legendre(n, 0.5))(2)


def test_logsumexp_keeps_single_precision_beside_a_number():
    x = np.array([1, 2], np.float32)
    assert special.logsumexp(x, b=2).dtype == special.logsumexp(x, b=2.5).dtype == np.float32
    assert w.jit(lambda x: special.logsumexp(x, b=2))(x).dtype == np.float32


@pytest.mark.parametrize(
    "f, y, first, second",
    [
        (lambda y: special.betaincinv(1.0, 1.0, y), 0.0, 1.0, 0.0),  # y
        (lambda y: special.betaincinv(1.0, 2.0, y), 0.0, 0.5, 0.25),  # 1 - sqrt(1 - y)
        (lambda y: special.betaincinv(0.5, 1.0, y), 0.0, 0.0, None),  # y**2
        (lambda y: special.betaincinv(2.0, 2.0, y), 0.0, np.inf, None),
        (lambda y: special.betainccinv(1.0, 1.0, y), 0.0, -1.0, 0.0),  # 1 - y
        (lambda y: special.gammaincinv(1.0, y), 0.0, 1.0, 1.0),  # -log(1 - y)
        (lambda y: special.gammaincinv(0.5, y), 0.0, 0.0, None),
        (lambda y: special.gammaincinv(2.0, y), 0.0, np.inf, None),
    ],
)
def test_inverses_at_the_probability_0(f, y, first, second):
    for forward in (w.grad(f), lambda y: w.jvp(f, (y,), (1.0,))[1]):
        for around in (lambda g: g, w.jit):
            np.testing.assert_allclose(around(forward)(y), first, rtol=1e-14)
            if second is not None:
                np.testing.assert_allclose(around(w.grad(forward))(y), second, rtol=1e-13, atol=1e-14)
