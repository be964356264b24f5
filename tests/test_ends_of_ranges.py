"""Values and derivatives at the ends of the ranges of functions, and zeros with a sign: what a sweep by hand found."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special
import scipy.stats

import wengert.numpy as wnp
from wengert import grad, jacfwd, jacrev, jit, vmap
from wengert.scipy import special, stats

WHOLE = np.array([-np.inf, -2.0, -0.5, -0.0, 0.0, 0.5, 3.0, np.inf, np.nan])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_modf_of_whole_and_infinite_numbers(dtype):
    """The fraction is a zero with the sign of the argument, and its derivative is 1 there too."""
    x = WHOLE.astype(dtype)
    for got in (jit(np.modf)(x), vmap(wnp.modf)(x), wnp.modf(x)):
        for part, right in zip(got, np.modf(x), strict=True):
            np.testing.assert_array_equal(part, right)
            np.testing.assert_array_equal(np.signbit(part[:-1]), np.signbit(right[:-1]))
    slopes = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    for derivative in (grad, jacfwd, lambda f: jit(grad(f))):
        assert [derivative(lambda t: wnp.modf(t)[0])(v) for v in x[1:-2]] == slopes


ENDS = {  # logarithms of probabilities: function, variable, value, derivative
    "gamma below": (lambda z: stats.gamma.logcdf(z, 2.0), 0.0, -np.inf, np.inf),
    "gamma above": (lambda z: stats.gamma.logsf(z, 2.0), 0.0, 0.0, 0.0),
    "gamma far": (lambda z: stats.gamma.logcdf(z, 2.0), np.inf, 0.0, 0.0),
    "chi2 below": (lambda z: stats.chi2.logcdf(z, 3.0), 0.0, -np.inf, np.inf),
    "erlang below": (lambda z: stats.gamma.logcdf(z, 3.0, loc=1.0, scale=2.0), 1.0, -np.inf, np.inf),
    "beta below": (lambda z: stats.beta.logcdf(z, 2.0, 3.0), 0.0, -np.inf, np.inf),
    "beta above": (lambda z: stats.beta.logcdf(z, 2.0, 3.0), 1.0, 0.0, 0.0),
    "beta's other part, below": (lambda z: stats.beta.logsf(z, 2.0, 3.0), 0.0, 0.0, 0.0),
    "beta's other part, above": (lambda z: stats.beta.logsf(z, 2.0, 3.0), 1.0, -np.inf, -np.inf),
    "t below": (lambda z: stats.t.logcdf(z, 3.0), -np.inf, -np.inf, 0.0),
    "t above": (lambda z: stats.t.logcdf(z, 3.0), np.inf, 0.0, 0.0),
}


@pytest.mark.parametrize("name", ENDS)
def test_logarithms_of_probabilities_at_the_ends(name):
    """Infinite where the probability is 0, with the pole of the derivative; NaN nowhere."""
    f, end, value, slope = ENDS[name]
    for got in (f(end), jit(f)(end), vmap(f)(np.array([end]))[0]):
        assert got == value
    for derivative in (grad, jacfwd, lambda f: jit(grad(f))):
        assert derivative(f)(end) == slope


@pytest.mark.parametrize("name", ["gamma", "beta", "chi2", "t", "invgamma", "f", "norm", "expon", "cauchy", "lognorm"])
@pytest.mark.parametrize("method", ["logcdf", "logsf", "cdf", "sf"])
def test_probabilities_at_the_ends_of_the_support(name, method):
    """As SciPy's, which is exact there."""
    shapes = {"beta": (2.0, 3.0), "f": (3.0, 4.0), "lognorm": (0.5,)}.get(
        name, () if name in ("norm", "expon", "cauchy") else (2.5,)
    )
    theirs = getattr(scipy.stats, name)
    ends = np.array([*theirs.support(*shapes), -np.inf, np.inf])
    with np.errstate(all="ignore"):
        right = getattr(theirs, method)(ends, *shapes)
    ours = lambda z: getattr(getattr(stats, name), method)(z, *shapes)  # noqa: E731
    np.testing.assert_array_equal(ours(ends), right)
    np.testing.assert_array_equal(jit(ours)(ends), right)


def test_parameters_without_bound_give_no_wrong_probability():
    assert stats.gamma.logcdf(0.5, np.inf) == -np.inf == stats.invgamma.logsf(0.5, np.inf)
    with np.errstate(invalid="ignore"):
        values = [stats.f.cdf(0.5, 3.0, np.inf), special.fdtr(3.0, np.inf, 0.5), stats.f.sf(0.5, 3.0, np.inf)]
    assert np.isnan(values).all()


def test_quantiles_of_cauchy():
    """Within a few ULP everywhere: 0 at 1/2, where a cotangent by itself leaves the rounding of pi."""
    q = np.concatenate([[1e-150, 1e-9, 0.25, 0.5 - 1e-12, 0.5 + 1e-12, 0.75, 1 - 1e-9], np.linspace(0.001, 0.999, 101)])
    with mp.workdps(40):
        right = np.array([float(mp.cot(mp.pi * mp.mpf(v))) if v != 0.5 else 0.0 for v in q])
        slope = np.array([float(mp.pi / mp.sin(mp.pi * mp.mpf(v)) ** 2) for v in q])
    for lower, upper in ((stats.cauchy.ppf, stats.cauchy.isf), (jit(stats.cauchy.ppf), jit(stats.cauchy.isf))):
        np.testing.assert_allclose(upper(q), right, rtol=1e-15)
        np.testing.assert_allclose(lower(q), -right, rtol=1e-15)
        assert lower(0.5) == 0 == upper(0.5)
        np.testing.assert_array_equal(lower(np.array([0.0, 1.0])), [-np.inf, np.inf])
        np.testing.assert_array_equal(upper(np.array([0.0, 1.0])), [np.inf, -np.inf])
    np.testing.assert_allclose(vmap(grad(stats.cauchy.ppf))(q), slope, rtol=4e-15)


@pytest.mark.parametrize(
    "f",
    [
        lambda m, x: m.moveaxis(x, [0, 1], [0, 0]),
        lambda m, x: m.moveaxis(x, [0, -2], [0, 1]),
        lambda m, x: m.cov(x, fweights=[1, -1, 1]),
        lambda m, x: m.cov(x, fweights=[1.5, 1, 1]),
        lambda m, x: m.cov(x, aweights=[1, -1, 1.0]),
        lambda m, x: m.cov(x, ddof=0.5),
    ],
)
def test_arguments_that_numpy_refuses(f):
    x = np.arange(6.0).reshape(2, 3)
    with pytest.raises((TypeError, ValueError)) as theirs:
        f(np, x)
    for call in (lambda: f(wnp, x), lambda: jit(lambda x: f(np, x))(x), lambda: grad(lambda x: f(wnp, x).sum())(x)):
        with pytest.raises(theirs.type):
            call()


HIGHER = {  # functions whose rules had a modulus or an order below 0: function, place, second to fourth derivative by mpmath
    "pseudo_huber": (lambda x: special.pseudo_huber(1.0, x), 0.0, lambda x: mp.sqrt(1 + x * x) - 1),
    "ndtri_exp": (special.ndtri_exp, float(np.log(0.5)), lambda y: mp.sqrt(2) * mp.erfinv(2 * mp.exp(y) - 1)),
    "expn 0": (lambda x: special.expn(0, x), 1.0, lambda x: mp.expint(0, x)),
    "expn 1": (lambda x: special.expn(1, x), 1.0, lambda x: mp.expint(1, x)),
    "expn 2": (lambda x: special.expn(2, x), 0.5, lambda x: mp.expint(2, x)),
    "cauchy.ppf": (stats.cauchy.ppf, 0.5, lambda q: mp.tan(mp.pi * (q - 0.5))),
    "gennorm.logpdf": (lambda x: stats.gennorm.logpdf(x, 2.0), 0.0, lambda x: -x * x),
    "log_ndtr": (special.log_ndtr, 0.0, lambda x: mp.log(mp.ncdf(x))),
    "softplus": (lambda x: wnp.logaddexp(x, 0.0), 0.0, lambda x: mp.log1p(mp.exp(x))),
    "hypot": (lambda x: wnp.hypot(x, 1.0), 0.0, lambda x: mp.sqrt(x * x + 1)),
}


@pytest.mark.parametrize("name", HIGHER)
def test_higher_derivatives_where_a_rule_changes_its_form(name):
    f, at, exact = HIGHER[name]
    with mp.workdps(40):
        right = [float(mp.diff(exact, mp.mpf(at), k)) for k in (2, 3, 4)]
    second = jacfwd(grad(f))
    for got in (
        [second(at), grad(second)(at), jacfwd(jacfwd(second))(at)],
        [jit(grad(jacfwd(f)))(at), jit(jacfwd(jacfwd(jacfwd(f))))(at), jit(grad(grad(second)))(at)],
        [vmap(g)(np.array([at]))[0] for g in (grad(grad(f)), grad(second), jacfwd(jacfwd(second)))],
    ):
        np.testing.assert_allclose(got, right, rtol=1e-7, atol=1e-7)


def test_quantiles_of_the_truncated_normal_where_they_are_0():
    """The Hessian in the probability and both ends, against differences of gradients."""
    f = lambda v: stats.truncnorm.ppf(v[0], v[1], v[2])  # noqa: E731
    at, h = np.array([0.5, -1.0, 1.0]), 1e-5
    right = np.stack([(grad(f)(at + h * e) - grad(f)(at - h * e)) / (2 * h) for e in np.eye(3)])
    for derivative in (jacfwd(grad(f)), jacrev(jacfwd(f)), jit(jacfwd(grad(f)))):
        np.testing.assert_allclose(derivative(at), right, atol=1e-7)


def test_logarithms_of_tails_at_their_ends_by_parameters():
    """The limits: like the logarithm of the distance from the end, or differences of digamma functions."""
    psi = scipy.special.psi
    for around in (lambda f: f, jit):
        assert around(grad(lambda a: stats.gamma.logcdf(0.0, a)))(2.0) == -np.inf
        a, b = around(grad(lambda a, b: stats.beta.logcdf(0.0, a, b), (0, 1)))(2.0, 3.0)
        assert a == -np.inf
        np.testing.assert_allclose(b, psi(5.0) - psi(3.0), rtol=1e-14)
        a, b = around(grad(lambda a, b: stats.beta.logsf(1.0, a, b), (0, 1)))(2.0, 3.0)
        np.testing.assert_allclose(a, psi(5.0) - psi(2.0), rtol=1e-14)
        assert b == -np.inf


def test_float_power_of_minus_infinity():
    x = np.array([-np.inf, 4.0, np.inf])
    for f in (lambda x: wnp.float_power(x, 0.5), jit(lambda x: wnp.float_power(x, 0.5))):
        np.testing.assert_array_equal(f(x), np.float_power(x, 0.5))
    assert grad(lambda x: wnp.float_power(x, 0.5))(4.0) == 0.25


@pytest.mark.parametrize(
    "choices", [[1, 2], [1.0, 2], [np.arange(3, dtype=np.int32), 7], [np.ones(3, np.float32), 2.0]]
)
def test_choose_takes_the_dtype_of_arrays_among_python_numbers(choices):
    i = np.array([0, 1, 0])
    expected = np.choose(i, choices)
    for f in (lambda i: wnp.choose(i, choices), jit(lambda i: wnp.choose(i, choices, mode="clip"))):
        assert f(i).dtype == expected.dtype
        np.testing.assert_array_equal(f(i), expected)
