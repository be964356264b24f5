"""Every distribution of scipy.stats by its own name: derivatives where there are such, and clear errors where there are none."""

import warnings

import numpy as np
import pytest
import scipy.stats
from scipy.stats._distr_params import distcont, distdiscrete

import wengert
from wengert import grad, jit, vmap
from wengert.scipy.names.distributions import _FIXED

SLOW = {"levy_stable", "studentized_range"}  # integrals of integrals in SciPy
CONTINUOUS = {n: p for n, p in reversed(distcont) if isinstance(n, str) and n not in SLOW}
DISCRETE = {n: p for n, p in reversed(distdiscrete) if isinstance(n, str) and n != "poisson_binom"}
# In how many of 5 functions times arguments there is no derivative; docs/scipy-by-name.md lists them.
REFUSED = {
    "dpareto_lognorm",
    "gausshyper",
    "irwinhall",
    "ksone",
    "kstwo",
    "kstwobign",
    "landau",
    "ncf",
    "nct",
    "tukeylambda",
}
REFUSED |= {
    "betanbinom", "boltzmann", "hypergeom", "logser", "nchypergeom_fisher", "nchypergeom_wallenius", "nhypergeom", "randint", "skellam",
    "zipf", "zipfian",
}  # fmt: skip


def differences(f, x):
    h = 3e-4 * max(abs(x), 0.1)
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_derivatives(name):
    dist = getattr(scipy.stats, name)
    counts = name in DISCRETE
    shapes = (DISCRETE if counts else CONTINUOUS)[name]
    rest = [*shapes, 1] if counts else [*shapes, 0.1, 1.3]
    names = [s.strip() for s in dist.shapes.split(",")] if dist.shapes else []
    whole = _FIXED.get(name, "").split() + (["loc"] if counts else []) + (["n", "r"] if counts else [])
    x = float(dist.ppf(0.37, *rest))
    found = 0
    for method in ("pmf" if counts else "pdf", "logpmf" if counts else "logpdf", "cdf", "sf", "ppf"):
        args = [0.37 if method == "ppf" else x, *rest]
        for k, argument in enumerate(["x", *names, "loc", "scale"][: len(args)]):
            if argument in whole or (counts and k == 0):
                continue
            f = lambda v: getattr(dist, method)(*args[:k], v, *args[k + 1 :])
            try:
                got = float(grad(f)(float(args[k])))
            except wengert.errors.NotDifferentiableError as error:
                assert name in REFUSED and "wengert.approximate" in str(error)
                continue
            with warnings.catch_warnings():  # of SciPy, beyond the domain and between whole numbers
                warnings.simplefilter("ignore")
                expected = differences(f, float(args[k]))
            if np.isfinite(expected):  # differences may leave the domain
                np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5, err_msg=f"{method}, {argument}")
                found += 1
    assert found or name in REFUSED


@pytest.mark.parametrize(
    "name", ["alpha", "burr", "exponnorm", "johnsonsu", "skewnorm", "triang", "crystalball", "kappa4"]
)
def test_second_derivatives_batched_and_compiled(name):
    dist = getattr(scipy.stats, name)
    shapes = CONTINUOUS[name]
    x = float(dist.ppf(0.37, *shapes))
    total = lambda v: dist.logpdf(v, *shapes) + dist.cdf(v, *shapes, loc=0.01)
    second = grad(grad(total))
    np.testing.assert_allclose(second(x), differences(grad(total), x), rtol=1e-5, atol=1e-5)
    many = np.array([x, 1.01 * x])
    np.testing.assert_allclose(vmap(second)(many), [second(v) for v in many], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(jit(second)(x), second(x), rtol=1e-9, atol=1e-12)


def test_values_outside_of_the_support_and_domain():
    assert float(grad(lambda x: scipy.stats.burr.pdf(x, 2.0, 3.0))(-1.0)) == 0.0
    assert float(jit(lambda x: scipy.stats.burr.cdf(x, 2.0, 3.0))(-1.0)) == 0.0
    assert np.isnan(jit(lambda s: scipy.stats.burr.pdf(1.0, 2.0, 3.0, scale=s))(-1.0))
    assert float(jit(lambda x: scipy.stats.skellam.pmf(x, 2.0, 3.0))(0.5)) == 0.0


def test_the_derivative_of_a_distribution_function_is_the_density_at_kinks_too():
    shapes = {"t": (3.0,), "gennorm": (1.0,), "gamma": (2.0,), "chi2": (4.0,), "lognorm": (0.7,), "weibull_min": (2.0,)}
    seen = 0
    for name in ("norm", "laplace", "cauchy", "logistic", "gumbel_r", "expon", "uniform", *shapes):
        d, r, given = getattr(wengert.scipy.stats, name), getattr(scipy.stats, name), shapes.get(name, ())
        for x in (-1.0, 0.0, 0.5, 1.0):
            pdf, (below, above) = r.pdf(x, *given), r.pdf([x - 1e-7, x + 1e-7], *given)
            if abs(above - below) > 1e-4 * (above + below):
                continue
            for sign, method in ((1, "cdf"), (-1, "sf"), (1, "logcdf"), (-1, "logsf")):
                size = getattr(r, method.removeprefix("log"))(x, *given) if method.startswith("log") else 1.0
                if not size:
                    continue
                f = lambda x, m=getattr(d, method), p=given: m(x, *p)  # noqa: E731
                for slope in (grad(f)(x), wengert.jvp(f, (x,), (1.0,))[1]):
                    assert np.isclose(slope, sign * pdf / size, rtol=1e-7, atol=1e-12), (name, method, x)
                seen += 1
    assert seen > 130
