"""Distributions on the line: the formulas of their standard forms, after Johnson, Kotz and Balakrishnan (1994, 1995)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Tracer
from ...documented import with_example
from ...ops.elementwise import (
    absolute,
    arctan,
    arctan2,
    erf,
    erfc,
    exp,
    expm1,
    greater,
    greater_equal,
    isinf,
    less,
    log,
    log1p,
    logaddexp,
    logical_or,
    over_squares,
    power,
    sigmoid,
    sin,
    sqrt,
    square,
    tan,
    where,
)
from ...ops.special.angles import vonmises_cdf, vonmises_moment, vonmises_ppf
from ...ops.special.functions import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    hyp1f1,
    i0e,
    i1e,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    ndtri_exp,
    spence,
    stdtr,
    stdtrit,
    xlog1py,
    xlogy,
)
from ...ops.special.functions import gamma as gamma_function
from ...ops.special.generalised import gennorm_middle
from ...ops.special.log_tails import log_betainc_p, log_betaincc_p, log_gammainc_p, log_gammaincc_p, log_stdtr_p
from ...ops.special.modes import abs_power_p, exp_less_p, log_cosh_p
from ...ops.special.normal_parts import log_normal_mass
from ...ops.special.polygammas import digamma, gammaln
from ...ops.special.student import t_log_density
from . import moments
from .distribution import INF, Formula, all_of, continuous, log_of, one

PI = math.pi
EULER = 0.5772156649015329
HALF_LOG_2PI = 0.5 * math.log(2 * PI)
LOG_2 = math.log(2)


def limit(x: Any, formula: Formula, at_infinity: Any) -> Any:
    """``formula(x)`` of finite `x`, and another value where it is infinite."""
    far = isinf(x)
    if not isinstance(far, Tracer) and not np.any(far):
        return formula(x)
    return where(far, at_infinity, formula(where(far, 1.0, x)))


def _positive(*_: Any) -> tuple[float, float, float]:
    return 0.0, INF, 1.0


def _unit(*_: Any) -> tuple[float, float, float]:
    return 0.0, 1.0, 0.5


# --- the whole line ----------------------------------------------------------------------------------------------

norm = continuous(
    "norm",
    logpdf=lambda z: -0.5 * z * z - HALF_LOG_2PI,
    cdf=ndtr,
    sf=lambda z: ndtr(-z),
    logcdf=log_ndtr,
    logsf=lambda z: log_ndtr(-z),
    ppf=ndtri,
    isf=lambda q: -ndtri(q),
    entropy=lambda: HALF_LOG_2PI + 0.5,
    mean=lambda: 0.0,
    var=lambda: 1.0,
    higher=(0.0, 0.0),
)
with_example(
    norm,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.norm.cdf(np.array([-np.inf, 0.0, np.inf])), stats.norm.logpdf(0.0, scale=1 / np.sqrt(2 * np.pi)).round(12)
    (array([0. , 0.5, 1. ]), np.float64(0.0))
    """,
)


def _log_of_square(z: Any) -> Any:
    """``log(1 + z**2)``, without a square that overflows."""
    far = greater(absolute(z), 1e8)
    return where(far, 2 * log(absolute(where(far, z, 1.0))), log1p(square(where(far, 0.0, z))))


def _log_angle(z: Any) -> Any:
    """The logarithm of Cauchy's probability above `z`: far out of ``1 / z``, whose derivative does not vanish, apart."""
    far, left = greater(z, 1e4), less(z, -1)
    u = 1 / where(far, z, 1.0)
    beyond = log1p(-square(u) / 3) - log(where(far, z, 1.0)) - math.log(PI)
    middle = log(arctan2(one(z), where(logical_or(far, left), 0.0, z)) / PI)
    return where(far, beyond, where(left, log1p(-arctan2(one(z), -where(left, z, -1.0)) / PI), middle))


def _cotangent_of_turns(q: Any) -> Any:
    """``cot(pi q)`` for `q` from 0 to 1, from the distance to the nearest of 0, 1/2 and 1, so that it is 0 at 1/2."""
    middle = less(absolute(q - 0.5), 0.25)
    t = tan(PI * where(middle, 0.5 - q, where(greater(q, 0.5), -(1 - q), q)))
    return where(middle, t, 1 / where(middle, 1.0, t))


cauchy = continuous(
    "cauchy",
    logpdf=lambda z: -_log_of_square(z) - math.log(PI),
    pdf=lambda z: over_squares(one(z), z) / PI,
    cdf=lambda z: arctan2(one(z), -z) / PI,
    sf=lambda z: arctan2(one(z), z) / PI,
    logcdf=lambda z: _log_angle(-z),
    logsf=lambda z: _log_angle(z),
    ppf=lambda q: -_cotangent_of_turns(q),
    isf=lambda q: _cotangent_of_turns(q),
    entropy=lambda: math.log(4 * PI),
    mean=lambda: math.nan,
    var=lambda: math.nan,
    higher=(math.nan, math.nan),
)
with_example(
    cauchy,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.cauchy.cdf(np.array([-1.0, 0.0, 1.0])).round(12)
    array([0.25, 0.5 , 0.75])
    """,
)


def _half_exponential(z: Any) -> Any:
    """``exp(-abs(z)) / 2``."""
    return 0.5 * exp(-absolute(z))


def _laplace_log(z: Any) -> Any:
    return where(z < 0, z - LOG_2, log1p(-_half_exponential(z)))


def _laplace_quantile(q: Any) -> Any:
    low = q < 0.5
    return where(low, log(2 * where(low, q, 0.5)), -log(2 * where(low, 0.5, 1 - q)))


laplace = continuous(
    "laplace",
    logpdf=lambda z: -absolute(z) - LOG_2,
    cdf=lambda z: where(z < 0, _half_exponential(z), 1 - _half_exponential(z)),
    sf=lambda z: where(z > 0, _half_exponential(z), 1 - _half_exponential(z)),
    logcdf=_laplace_log,
    logsf=lambda z: _laplace_log(-z),
    ppf=_laplace_quantile,
    isf=lambda q: -_laplace_quantile(q),
    entropy=lambda: LOG_2 + 1,
    mean=lambda: 0.0,
    var=lambda: 2.0,
    higher=(0.0, 3.0),
)
with_example(
    laplace,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.laplace.cdf(np.array([-np.log(2.0), 0.0, np.log(2.0)])).round(12)
    array([0.25, 0.5 , 0.75])
    """,
)
logistic = continuous(
    "logistic",
    logpdf=lambda z: -2 * (log_cosh_p.bind(z / 2) + LOG_2),
    cdf=sigmoid,
    sf=lambda z: sigmoid(-z),
    logcdf=log_expit,
    logsf=lambda z: log_expit(-z),
    ppf=logit,
    isf=lambda q: -logit(q),
    entropy=lambda: 2.0,
    mean=lambda: 0.0,
    var=lambda: PI * PI / 3,
    higher=(0.0, 1.2),
)
with_example(
    logistic,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.logistic.cdf(np.array([0.0, np.log(3.0)])).round(12)
    array([0.5 , 0.75])
    """,
)


def _t_entropy(df: Any) -> Any:
    return (df + 1) / 2 * (digamma((df + 1) / 2) - digamma(df / 2)) + 0.5 * log(df) + betaln(df / 2, 0.5 * one(df))


t = continuous(
    "t",
    "df",
    logpdf=lambda z, df: limit(
        df, lambda df: t_log_density(df, z), -0.5 * square(where(isinf(df), z, 0.0)) - HALF_LOG_2PI
    ),
    cdf=lambda z, df: stdtr(df, z),
    sf=lambda z, df: stdtr(df, -z),
    logcdf=lambda z, df: log_stdtr_p.bind(df, z),
    logsf=lambda z, df: log_stdtr_p.bind(df, -z),
    ppf=lambda q, df: stdtrit(df, q),
    isf=lambda q, df: -stdtrit(df, q),
    entropy=lambda df: limit(df, _t_entropy, HALF_LOG_2PI + 0.5),
    mean=lambda df: moments.from_on(df, 1.0, lambda df: 0.0, INF),
    var=lambda df: where(
        greater(df, 1), moments.from_on(df, 2.0, lambda df: limit(df, lambda df: df / (df - 2), 1.0), INF), math.nan
    ),
    higher=(lambda df: moments.from_on(df, 3.0, lambda df: 0.0), moments.t_excess),
)
with_example(
    t,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.t.cdf(np.array([0.0, 1.0]), 1.0).round(12)
    array([0.5 , 0.75])
    """,
)


def _gennorm_below(z: Any, beta: Any) -> Any:
    """The probability below `z`; around 0 by a primitive whose derivative is the density."""
    u = abs_power_p.bind(z, beta)
    near = less(u, 1)
    far = where(near, 1.0, z)
    tail = 0.5 * gammaincc(1 / beta, power(absolute(far), beta))
    return where(near, gennorm_middle(where(near, z, 0.0), beta), where(z < 0, tail, 1 - tail))


def _gennorm_quantile(q: Any, beta: Any) -> Any:
    low = q < 0.5
    size = power(gammainccinv(1 / beta, 2 * where(low, q, 1 - q)), 1 / beta)
    return where(low, -size, size)


gennorm = continuous(
    "gennorm",
    "beta",
    logpdf=lambda z, beta: -LOG_2 - gammaln(1 + 1 / beta) - abs_power_p.bind(z, beta),
    cdf=_gennorm_below,
    sf=lambda z, beta: _gennorm_below(-z, beta),
    ppf=_gennorm_quantile,
    isf=lambda q, beta: -_gennorm_quantile(q, beta),
    entropy=lambda beta: 1 / beta - log(beta / 2) + gammaln(1 / beta),
    mean=lambda beta: 0 * beta,
    var=lambda beta: exp(gammaln(3 / beta) - gammaln(1 / beta)),
    higher=(0.0, moments.gennorm_excess),
)
with_example(
    gennorm,
    """
    >>> from wengert.scipy import stats
    >>> stats.gennorm.pdf(0.0, 1.0).round(12)
    np.float64(0.5)
    """,
)


def _gumbel_log(z: Any) -> Any:
    """``z - exp(z)``, -inf at infinity too."""
    return limit(z, lambda z: -exp_less_p.bind(z), -INF)


def _gumbel_log_above(z: Any) -> Any:
    """``log(1 - exp(-exp(-z)))``; far out ``-z`` and what is left of it."""
    right = greater(z, 0)
    u = exp(-where(right, z, 0.0))
    left = log1p(-exp(-exp(-where(right, 0.0, z))))
    return where(right, log(hyp1f1(one(z), 2 * one(z), -u)) - where(right, z, 0.0), left)


gumbel_r = continuous(
    "gumbel_r",
    logpdf=lambda z: _gumbel_log(-z),
    cdf=lambda z: exp(-exp(-z)),
    sf=lambda z: -expm1(-exp(-z)),
    logcdf=lambda z: -exp(-z),
    logsf=_gumbel_log_above,
    ppf=lambda q: -log(-log(q)),
    isf=lambda q: -log(-log1p(-q)),
    entropy=lambda: EULER + 1,
    mean=lambda: EULER,
    var=lambda: PI * PI / 6,
    higher=(moments.GUMBEL, 2.4),
)
with_example(
    gumbel_r,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.gumbel_r.cdf(0.0) * np.e).round(12)
    np.float64(1.0)
    """,
)
gumbel_l = continuous(
    "gumbel_l",
    logpdf=_gumbel_log,
    cdf=lambda z: -expm1(-exp(z)),
    sf=lambda z: exp(-exp(z)),
    logcdf=lambda z: _gumbel_log_above(-z),
    logsf=lambda z: -exp(z),
    ppf=lambda q: log(-log1p(-q)),
    isf=lambda q: log(-log(q)),
    entropy=lambda: EULER + 1,
    mean=lambda: -EULER,
    var=lambda: PI * PI / 6,
    higher=(-moments.GUMBEL, 2.4),
)
with_example(
    gumbel_l,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.gumbel_l.sf(0.0) * np.e).round(12)
    np.float64(1.0)
    """,
)


def _log_of_turns(z: Any, kappa: Any) -> Any:
    """The logarithm of the distribution function, which is below 0 more than a turn before the mean."""
    p = vonmises_cdf(z, kappa)
    return where(less(p, 0), math.nan, log_of(p, vonmises_cdf(-z, kappa)))


vonmises = continuous(
    "vonmises",
    "kappa",
    domain=lambda kappa: greater_equal(kappa, 0),
    logpdf=lambda z, kappa: -2 * kappa * square(sin(z / 2)) - log(2 * PI * i0e(kappa)),
    cdf=lambda z, kappa: vonmises_cdf(z, kappa),
    sf=lambda z, kappa: vonmises_cdf(-z, kappa),
    logcdf=_log_of_turns,
    logsf=lambda z, kappa: _log_of_turns(-z, kappa),
    ppf=lambda q, kappa: vonmises_ppf(q, kappa),
    isf=lambda q, kappa: -vonmises_ppf(q, kappa),
    entropy=lambda kappa: kappa * (1 - i1e(kappa) / i0e(kappa)) + log(2 * PI * i0e(kappa)),
    mean=lambda kappa: 0 * kappa,
    var=lambda kappa: vonmises_moment(kappa, 2),
    higher=(0.0, moments.vonmises_excess),
)
with_example(
    vonmises,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.vonmises.pdf(0.3, 0.0) * 2 * np.pi).round(12)
    np.float64(1.0)
    """,
)

# --- the positive numbers ----------------------------------------------------------------------------------------

expon = continuous(
    "expon",
    support=_positive,
    logpdf=lambda z: -z,
    cdf=lambda z: -expm1(-z),
    sf=lambda z: exp(-z),
    logsf=lambda z: -z,
    ppf=lambda q: -log1p(-q),
    isf=lambda q: -log(q),
    entropy=lambda: 1.0,
    mean=lambda: 1.0,
    var=lambda: 1.0,
    higher=(2.0, 6.0),
)
with_example(
    expon,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.expon.cdf(np.log(2.0), scale=1.0).round(12)
    np.float64(0.5)
    """,
)
gamma = continuous(
    "gamma",
    "a",
    support=_positive,
    logpdf=lambda z, a: -z - gammaln(a),
    powers=lambda z, a: [(xlogy, a - 1, z)],
    cdf=lambda z, a: gammainc(a, z),
    sf=lambda z, a: gammaincc(a, z),
    logcdf=lambda z, a: log_gammainc_p.bind(a, z),
    logsf=lambda z, a: log_gammaincc_p.bind(a, z),
    ppf=lambda q, a: gammaincinv(a, q),
    isf=lambda q, a: gammainccinv(a, q),
    entropy=lambda a: a + gammaln(a) + (1 - a) * digamma(a),
    mean=lambda a: a,
    var=lambda a: a,
    higher=(lambda a: 2 / sqrt(a), lambda a: 6 / a),
)
with_example(
    gamma,
    """
    >>> from wengert.scipy import stats
    >>> stats.gamma.mean(3.0, scale=2.0), stats.gamma.var(3.0, scale=2.0)
    (np.float64(6.0), np.float64(12.0))
    """,
)
chi2 = continuous(
    "chi2",
    "df",
    support=_positive,
    logpdf=lambda z, df: -z / 2 - gammaln(df / 2) - LOG_2,
    powers=lambda z, df: [(xlogy, df / 2 - 1, z / 2)],
    cdf=lambda z, df: gammainc(df / 2, z / 2),
    sf=lambda z, df: gammaincc(df / 2, z / 2),
    logcdf=lambda z, df: log_gammainc_p.bind(df / 2, z / 2),
    logsf=lambda z, df: log_gammaincc_p.bind(df / 2, z / 2),
    ppf=lambda q, df: 2 * gammaincinv(df / 2, q),
    isf=lambda q, df: 2 * gammainccinv(df / 2, q),
    entropy=lambda df: df / 2 + LOG_2 + gammaln(df / 2) + (1 - df / 2) * digamma(df / 2),
    mean=lambda df: df,
    var=lambda df: 2 * df,
    higher=(lambda df: 2 * sqrt(2 / df), lambda df: 12 / df),
)
with_example(
    chi2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.chi2.sf(2 * np.log(8.0), 2.0).round(12)
    np.float64(0.125)
    """,
)
invgamma = continuous(
    "invgamma",
    "a",
    support=_positive,
    closed=False,
    logpdf=lambda z, a: -(a + 1) * log(z) - gammaln(a) - 1 / z,
    cdf=lambda z, a: gammaincc(a, 1 / z),
    sf=lambda z, a: gammainc(a, 1 / z),
    logcdf=lambda z, a: log_gammaincc_p.bind(a, 1 / z),
    logsf=lambda z, a: log_gammainc_p.bind(a, 1 / z),
    ppf=lambda q, a: 1 / gammainccinv(a, q),
    isf=lambda q, a: 1 / gammaincinv(a, q),
    entropy=lambda a: a + gammaln(a) - (1 + a) * digamma(a),
    mean=lambda a: moments.from_on(a, 1.0, lambda a: 1 / (a - 1), INF),
    var=lambda a: moments.from_on(a, 2.0, lambda a: 1 / ((a - 1) * (a - 1) * (a - 2)), INF),
    higher=(lambda a: moments.from_on(a, 3.0, lambda a: 4 * sqrt(a - 2) / (a - 3)), moments.invgamma_excess),
)
with_example(
    invgamma,
    """
    >>> from wengert.scipy import stats
    >>> stats.invgamma.mean(3.0, scale=4.0).round(12)
    np.float64(2.0)
    """,
)
halfnorm = continuous(
    "halfnorm",
    support=_positive,
    logpdf=lambda z: -0.5 * z * z - HALF_LOG_2PI + LOG_2,
    cdf=lambda z: erf(z * math.sqrt(0.5)),
    sf=lambda z: erfc(z * math.sqrt(0.5)),
    logsf=lambda z: LOG_2 + log_ndtr(-z),
    ppf=lambda q: ndtri((1 + q) / 2),
    isf=lambda q: -ndtri(q / 2),
    entropy=lambda: HALF_LOG_2PI + 0.5 - LOG_2,
    mean=lambda: math.sqrt(2 / PI),
    var=lambda: 1 - 2 / PI,
    higher=moments.HALF_NORMAL,
)
with_example(
    halfnorm,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.halfnorm.mean() ** 2 * np.pi / 2).round(12)
    np.float64(1.0)
    """,
)
lognorm = continuous(
    "lognorm",
    "s",
    support=_positive,
    closed=False,
    logpdf=lambda z, s: -0.5 * square(log(z) / s) - HALF_LOG_2PI - log(s) - log(z),
    cdf=lambda z, s: ndtr(log(z) / s),
    sf=lambda z, s: ndtr(-log(z) / s),
    logcdf=lambda z, s: log_ndtr(log(z) / s),
    logsf=lambda z, s: log_ndtr(-log(z) / s),
    ppf=lambda q, s: exp(s * ndtri(q)),
    isf=lambda q, s: exp(-s * ndtri(q)),
    entropy=lambda s: 0.5 + HALF_LOG_2PI + log(s),
    mean=lambda s: exp(s * s / 2),
    var=lambda s: expm1(s * s) * exp(s * s),
    higher=(lambda s: sqrt(expm1(s * s)) * (3 + expm1(s * s)), moments.lognorm_excess),
)
with_example(
    lognorm,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.lognorm.median(1.0, scale=np.e) / np.e).round(12)
    np.float64(1.0)
    """,
)
weibull_min = continuous(
    "weibull_min",
    "c",
    support=_positive,
    logpdf=lambda z, c: log(c) - power(z, c),
    powers=lambda z, c: [(xlogy, c - 1, z)],
    cdf=lambda z, c: -expm1(-power(z, c)),
    sf=lambda z, c: exp(-power(z, c)),
    logcdf=lambda z, c: _gumbel_log_above(-c * log(z)),
    logsf=lambda z, c: -power(z, c),
    ppf=lambda q, c: power(-log1p(-q), 1 / c),
    isf=lambda q, c: power(-log(q), 1 / c),
    entropy=lambda c: EULER * (1 - 1 / c) - log(c) + 1,
    mean=lambda c: gamma_function(1 + 1 / c),
    var=lambda c: gamma_function(1 + 2 / c) - square(gamma_function(1 + 1 / c)),
    higher=(moments.weibull_skewness, moments.weibull_excess),
)
with_example(
    weibull_min,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.weibull_min.sf(np.sqrt(np.log(2.0)), 2.0).round(12)
    np.float64(0.5)
    """,
)
pareto = continuous(
    "pareto",
    "b",
    support=lambda b: (1.0, INF, 2.0),
    logpdf=lambda z, b: log(b) - (b + 1) * log(z),
    cdf=lambda z, b: -expm1(-b * log(z)),
    sf=lambda z, b: exp(-b * log(z)),
    logsf=lambda z, b: -b * log(z),
    ppf=lambda q, b: exp(-log1p(-q) / b),
    isf=lambda q, b: exp(-log(q) / b),
    entropy=lambda b: 1 + 1 / b - log(b),
    mean=lambda b: moments.from_on(b, 1.0, lambda b: b / (b - 1), INF),
    var=lambda b: moments.from_on(b, 2.0, lambda b: b / ((b - 1) * (b - 1) * (b - 2)), INF),
    higher=(moments.pareto_skewness, moments.pareto_excess),
)
with_example(
    pareto,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.pareto.sf(np.array([1.0, 2.0, 4.0]), 1.0)
    array([1.  , 0.5 , 0.25])
    """,
)

# --- an interval -------------------------------------------------------------------------------------------------

uniform = continuous(
    "uniform",
    support=_unit,
    logpdf=lambda z: 0 * z,
    cdf=lambda z: z,
    ppf=lambda q: q,
    entropy=lambda: 0.0,
    mean=lambda: 0.5,
    var=lambda: 1 / 12,
    higher=(0.0, -1.2),
)
with_example(
    uniform,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.uniform.cdf(np.array([1.0, 2.0, 3.0]), loc=1.0, scale=2.0)
    array([0. , 0.5, 1. ])
    """,
)
beta = continuous(
    "beta",
    "a b",
    support=_unit,
    logpdf=lambda z, a, b: -betaln(a, b),
    powers=lambda z, a, b: [(xlogy, a - 1, z), (xlog1py, b - 1, -z)],
    cdf=lambda z, a, b: betainc(a, b, z),
    sf=lambda z, a, b: betaincc(a, b, z),
    logcdf=lambda z, a, b: log_betainc_p.bind(a, b, z),
    logsf=lambda z, a, b: log_betaincc_p.bind(a, b, z),
    ppf=lambda q, a, b: betaincinv(a, b, q),
    isf=lambda q, a, b: betainccinv(a, b, q),
    entropy=lambda a, b: betaln(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b),
    mean=lambda a, b: a / (a + b),
    var=lambda a, b: a * b / ((a + b) * (a + b) * (a + b + 1)),
    higher=(moments.beta_skewness, moments.beta_excess),
)
with_example(
    beta,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.beta.cdf(np.array([0.25, 0.5]), 2.0, 1.0).round(12)
    array([0.0625, 0.25  ])
    """,
)


def _truncnorm_quantile(q: Any, a: Any, b: Any) -> Any:
    mass = log_normal_mass(a, b)
    left = a < 0
    with np.errstate(invalid="ignore"):  # NumPy's logaddexp warns of NaN
        below = ndtri_exp(logaddexp(log_ndtr(where(left, a, -1.0)), log(q) + where(left, mass, -1.0)))
        above = -ndtri_exp(logaddexp(log_ndtr(where(left, -1.0, -b)), log1p(-q) + where(left, -1.0, mass)))
    return where(left, below, above)


def _between(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """The interval, and a point of it."""
    low, high = isinf(a), isinf(b)
    return a, b, where(low, where(high, 0.0, b), a) / 2 + where(high, where(low, 0.0, a), b) / 2


def _truncnorm_entropy(a: Any, b: Any) -> Any:
    normal = moments.Truncated(a, b)
    square_mean = normal.integral(square) / normal.mass
    return 0.5 * square_mean + HALF_LOG_2PI + log_normal_mass(a, b)


truncnorm = continuous(
    "truncnorm",
    "a b",
    support=_between,
    domain=lambda a, b: less(a, b),
    logpdf=lambda z, a, b: -0.5 * z * z - HALF_LOG_2PI - log_normal_mass(a, b),
    cdf=lambda z, a, b: exp(log_normal_mass(a, z) - log_normal_mass(a, b)),
    sf=lambda z, a, b: exp(log_normal_mass(z, b) - log_normal_mass(a, b)),
    logcdf=lambda z, a, b: log_normal_mass(a, z) - log_normal_mass(a, b),
    logsf=lambda z, a, b: log_normal_mass(z, b) - log_normal_mass(a, b),
    ppf=_truncnorm_quantile,
    entropy=_truncnorm_entropy,
    mean=lambda a, b: moments.Truncated(a, b).mean,
    var=lambda a, b: moments.Truncated(a, b).central(2),
    higher=(lambda a, b: moments.Truncated(a, b).skewness, lambda a, b: moments.Truncated(a, b).excess),
)
with_example(
    truncnorm,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.truncnorm.cdf(np.array([-1.0, 0.0, 1.0]), -1.0, 1.0).round(12)
    array([0. , 0.5, 1. ])
    """,
)


def _wrapped(z: Any, c: Any) -> Any:
    """The probability of ``[0, z]`` for `z` up to pi."""
    return arctan((1 + c) / (1 - c) * tan(z / 2)) / PI


def _wrapcauchy_cdf(z: Any, c: Any) -> Any:
    first = z < PI
    p = _wrapped(where(first, z, 2 * PI - z), c)
    return where(first, p, 1 - p)


def _wrapcauchy_quantile(q: Any, c: Any) -> Any:
    first = q < 0.5
    z = 2 * arctan((1 - c) / (1 + c) * tan(PI * where(first, q, 1 - q)))
    return where(first, z, 2 * PI - z)


wrapcauchy = continuous(
    "wrapcauchy",
    "c",
    support=lambda c: (0.0, 2 * PI, 1.0),
    domain=lambda c: all_of(greater(c, 0), less(c, 1)),
    logpdf=lambda z, c: log((1 - c) * (1 + c) / (2 * PI)) - log(square(1 - c) + 4 * c * square(sin(z / 2))),
    cdf=_wrapcauchy_cdf,
    ppf=_wrapcauchy_quantile,
    entropy=lambda c: log(2 * PI * (1 - c * c)),
    mean=lambda c: PI + 0 * c,
    var=lambda c: PI * PI / 3 + 4 * spence(1 - c),  # the sum of 4 c^k / k^2 beside that of the uniform one
    higher=(0.0, moments.wrapcauchy_excess),
)
with_example(
    wrapcauchy,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.wrapcauchy.pdf(0.0, 0.5) * 2 * np.pi).round(12)
    np.float64(3.0)
    """,
)
