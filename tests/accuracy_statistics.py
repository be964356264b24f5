"""The distributions whose derivatives are measured in their tails: their functions in mpmath, by definition.

Every function of every distribution on the line, in the variable and in each shape parameter. Exact are the density and
the two tails; logarithms, quantiles and what is left follow from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
from accuracy_cases import Case, Span, _erfc, _exp, _expm1, _log_ndtr, _sigmoid, _softplus, _solved

from wengert.scipy import stats

Exact = Callable[..., Any]
HALF_LOG_2PI = lambda: mp.log(2 * mp.pi) / 2  # noqa: E731


@dataclass(frozen=True)
class Law:
    """A distribution: where its variable and its shapes are taken from, and its exact functions.

    Args:
        log_density, below, above: the logarithm of the density, the probabilities below and above a point.
        log_below, log_above: their logarithms, where these are exact while the probabilities underflow.
        by_scipy: of which functions SciPy computes the value, or what it is made of.
        near: points close to which the variable is also taken.
    """

    name: str
    variable: Span
    shapes: tuple[Span, ...]
    log_density: Exact
    below: Exact | None = None
    above: Exact | None = None
    log_below: Exact | None = None
    log_above: Exact | None = None
    by_scipy: tuple[str, ...] = ()
    near: tuple[float, ...] = ()
    quantiles: bool = True


def _erf(x: Any) -> Any:
    return mp.erf(x) if abs(x) < 300 else mp.sign(x)


def _ndtr(x: Any) -> Any:
    return _erfc(-x / mp.sqrt(2)) / 2


def _lower(a: Any, x: Any) -> Any:
    return mp.gammainc(a, 0, x, regularized=True)


def _upper(a: Any, x: Any) -> Any:
    return mp.gammainc(a, x, regularized=True)


def _incomplete_beta(a: Any, b: Any, x: Any, y: Any) -> Any:
    """By the series for the smaller of both sides; `y` is 1 - x."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, y, x)
    front = mp.exp(a * mp.log(x) + b * mp.log(y) - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b)) / a
    return front * mp.hyp2f1(1, a + b, a + 1, x)


def _t_above(z: Any, df: Any) -> Any:
    if z < 0:
        return 1 - _t_above(-z, df)
    return _incomplete_beta(df / 2, mp.mpf(0.5), df / (df + z * z), z * z / (df + z * z)) / 2


def _t_log_density(z: Any, df: Any) -> Any:
    return (
        mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2 - (df + 1) / 2 * mp.log1p(z * z / df)
    )


def _gennorm_above(z: Any, beta: Any) -> Any:
    tail = _upper(1 / beta, abs(z) ** beta) / 2
    return tail if z > 0 else 1 - tail


def _normal_between(a: Any, b: Any) -> Any:
    if b <= a:
        raise ValueError("empty")
    if a > 0:
        a, b = -b, -a
    return _ndtr(b) - _ndtr(a)


def _inside(z: Any, a: Any, b: Any) -> None:
    if not a < z < b:
        raise ValueError("outside")


def _truncnorm(kind: str) -> Exact:
    def exact(z: Any, a: Any, b: Any) -> Any:
        _inside(z, a, b)
        part = (
            mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)
            if kind == "density"
            else _normal_between(*((a, z) if kind == "below" else (z, b)))
        )
        part /= _normal_between(a, b)
        return mp.log(part) if kind == "density" else part

    return exact


def _wrapped_below(z: Any, c: Any) -> Any:
    p = mp.atan((1 + c) / (1 - c) * mp.tan(z / 2)) / mp.pi
    return p if z < mp.pi else 1 + p


ANY, SHAPE = (-1e308, 1e308), (0.05, 50.0)
LAWS = [
    Law("norm", (-1e10, 38.0), (), lambda z: -z * z / 2 - HALF_LOG_2PI(), _ndtr, lambda z: _ndtr(-z), _log_ndtr, lambda z: _log_ndtr(-z)),
    Law("cauchy", (-1e300, 1e300), (), lambda z: -mp.log1p(z * z) - mp.log(mp.pi), lambda z: mp.atan2(1, -z) / mp.pi,
        lambda z: mp.atan2(1, z) / mp.pi, near=(1.0, -1.0)),
    Law("laplace", (-700.0, 700.0), (), lambda z: -abs(z) - mp.ln2, lambda z: mp.exp(z) / 2 if z < 0 else 1 - mp.exp(-z) / 2,
        lambda z: mp.exp(-z) / 2 if z > 0 else 1 - mp.exp(z) / 2),
    Law("logistic", (-700.0, 700.0), (), lambda z: -_softplus(-z) - _softplus(z), _sigmoid, lambda z: _sigmoid(-z),
        lambda z: -_softplus(-z), lambda z: -_softplus(z)),
    Law("t", (-1e100, 1e100), ((0.3, 1e6),), _t_log_density, lambda z, df: _t_above(-z, df), _t_above),
    Law("gennorm", (-1e3, 1e3), ((0.3, 8.0),), lambda z, b: mp.log(b / 2) - mp.loggamma(1 / b) - abs(z) ** b,
        lambda z, b: _gennorm_above(-z, b), _gennorm_above),
    Law("gumbel_r", (-6.5, 700.0), (), lambda z: -z - _exp(-z), lambda z: _exp(-_exp(-z)), lambda z: -_expm1(-_exp(-z)),
        lambda z: -_exp(-z)),
    Law("gumbel_l", (-700.0, 6.5), (), lambda z: z - _exp(z), lambda z: -_expm1(-_exp(z)), lambda z: _exp(-_exp(z)), None,
        lambda z: -_exp(z)),
    Law("vonmises", (-3.14, 3.14), ((0.01, 600.0),), lambda z, k: k * mp.cos(z) - mp.log(2 * mp.pi * mp.besseli(0, k)), quantiles=False),
    Law("expon", (0.0, 700.0), (), lambda z: -z, lambda z: -_expm1(-z), lambda z: _exp(-z), None, lambda z: -z),
    Law("gamma", (0.0, 700.0), (SHAPE,), lambda z, a: (a - 1) * mp.log(z) - z - mp.loggamma(a), lambda z, a: _lower(a, z),
        lambda z, a: _upper(a, z)),
    Law("chi2", (0.0, 1400.0), (SHAPE,), lambda z, k: (k / 2 - 1) * mp.log(z / 2) - z / 2 - mp.loggamma(k / 2) - mp.ln2,
        lambda z, k: _lower(k / 2, z / 2), lambda z, k: _upper(k / 2, z / 2)),
    Law("invgamma", (1e-3, 1e18), (SHAPE,), lambda z, a: -(a + 1) * mp.log(z) - mp.loggamma(a) - 1 / z,
        lambda z, a: _upper(a, 1 / z), lambda z, a: _lower(a, 1 / z)),
    Law("halfnorm", (0.0, 38.0), (), lambda z: -z * z / 2 - HALF_LOG_2PI() + mp.ln2, lambda z: _erf(z / mp.sqrt(2)),
        lambda z: _erfc(z / mp.sqrt(2)), None, lambda z: mp.ln2 + _log_ndtr(-z)),
    Law("lognorm", (0.0, 1e300), ((0.05, 20.0),), lambda z, s: -(mp.log(z) / s) ** 2 / 2 - HALF_LOG_2PI() - mp.log(s) - mp.log(z),
        lambda z, s: _ndtr(mp.log(z) / s), lambda z, s: _ndtr(-mp.log(z) / s), lambda z, s: _log_ndtr(mp.log(z) / s),
        lambda z, s: _log_ndtr(-mp.log(z) / s), near=(1.0,)),
    Law("weibull_min", (0.0, 1e300), ((0.05, 20.0),), lambda z, c: mp.log(c) - z**c + (c - 1) * mp.log(z), lambda z, c: -_expm1(-(z**c)),
        lambda z, c: _exp(-(z**c)), None, lambda z, c: -(z**c), near=(1.0,)),
    Law("pareto", (1.0, 1e300), ((0.05, 20.0),), lambda z, b: mp.log(b) - (b + 1) * mp.log(z), lambda z, b: -_expm1(-b * mp.log(z)),
        lambda z, b: _exp(-b * mp.log(z)), None, lambda z, b: -b * mp.log(z), near=(1.0,)),
    Law("uniform", (0.0, 1.0), (), lambda z: mp.mpf(0) * z, lambda z: z, lambda z: 1 - z, near=(1.0,)),
    Law("beta", (0.0, 1.0), (SHAPE, SHAPE), lambda z, a, b: (a - 1) * mp.log(z) + (b - 1) * mp.log1p(-z) + mp.loggamma(a + b)
        - mp.loggamma(a) - mp.loggamma(b), lambda z, a, b: _incomplete_beta(a, b, z, 1 - z), lambda z, a, b: _incomplete_beta(b, a, 1 - z, z),
        near=(1.0,)),
    Law("truncnorm", (-30.0, 30.0), ((-30.0, 30.0), (-30.0, 30.0)), _truncnorm("density"), _truncnorm("below"), _truncnorm("above"), quantiles=False),
    Law("wrapcauchy", (0.0, 6.28), ((0.01, 0.999),), lambda z, c: mp.log((1 - c * c) / (2 * mp.pi * (1 + c * c - 2 * c * mp.cos(z)))),
        _wrapped_below, lambda z, c: 1 - _wrapped_below(z, c), near=(3.14159,)),
]  # fmt: skip
# Where SciPy has no closed form of elementary functions and error functions; its error is allowed for.
BY_SCIPY = {"t", "gennorm", "vonmises", "gamma", "chi2", "invgamma", "beta"}


def _quantile(law: Law, below: bool) -> Exact:
    def exact(q: Any, *shapes: Any) -> Any:
        f = law.below if below else law.above
        assert f is not None
        method = getattr(stats, law.name)
        start = float((method.ppf if below else method.isf)(float(q), *map(float, shapes)))
        if not law.variable[0] < start < law.variable[1] or start == 0:
            raise ValueError("at an end")
        sign = 1 if below else -1
        return _solved(lambda x: f(x, *shapes), lambda x: sign * mp.exp(law.log_density(x, *shapes)), start, q)

    return exact


def _exact(law: Law) -> dict[str, Exact]:
    out: dict[str, Exact] = {
        "logpdf": law.log_density,
        "pdf": lambda *args: mp.exp(law.log_density(*args)),
    }
    if law.below is not None and law.above is not None:
        below, above = law.below, law.above
        out |= {
            "cdf": below,
            "sf": above,
            "logcdf": law.log_below or (lambda *args: mp.log(below(*args))),
            "logsf": law.log_above or (lambda *args: mp.log(above(*args))),
        }
        if law.quantiles:
            out |= {"ppf": _quantile(law, True), "isf": _quantile(law, False)}
    return out


# Functions that keep to another bound, and why.
_DIGAMMA = "compiled, the digamma function has few digits where it is close to 0"
_EXPANSION = "the expansions in the parameter are sums of some 50 terms"
BEYOND: dict[str, tuple[float, str]] = {
    "gennorm.logpdf, shape": (64, _DIGAMMA),
    "gennorm.pdf, shape": (64, _DIGAMMA),
    **{
        f"{law}.{method}, shape": (64, _EXPANSION)
        for law in ("gamma", "chi2", "invgamma")
        for method in ("ppf", "isf", "logcdf", "logsf")
    },
    **{
        f"beta.{method}, {what}": (64, _EXPANSION)
        for what in ("variable", "shape 1", "shape 2")
        for method in ("ppf", "isf", "logcdf", "logsf")
    },
}


def _cases() -> list[Case]:
    out = []
    for law in LAWS:
        for method, exact in _exact(law).items():
            quantile = method in ("ppf", "isf")
            if law.name == "gennorm" and method not in ("pdf", "logpdf"):
                continue  # exact values take minutes
            first, near = ((0.0, 1.0), (1.0,)) if quantile else (law.variable, law.near)
            if quantile and law.name == "invgamma":
                first = (1e-6, 1.0)  # of float32 the square of an inverse overflows beyond
            for k in range(1 + len(law.shapes)):
                what = (
                    ""
                    if not law.shapes
                    else ", variable"
                    if k == 0
                    else f", shape {k}"
                    if len(law.shapes) > 1
                    else ", shape"
                )
                name = f"{law.name}.{method}{what}"
                bound, beyond = BEYOND.get(name, (16.0, ""))
                by_scipy = law.name in BY_SCIPY
                call = getattr(getattr(stats, law.name), method)
                most = 3 if quantile and by_scipy else 10**6
                out.append(Case(name, call, exact, (first, *law.shapes), near, by_scipy, k, bound, beyond, most))
    return out


TAILS = _cases()
