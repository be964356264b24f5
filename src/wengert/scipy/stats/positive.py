"""Distributions of positive numbers: the formulas of their standard forms, after Johnson, Kotz and Balakrishnan (1994, 1995)."""

from __future__ import annotations

import math
from typing import Any

from ...documented import with_example
from ...ops.elementwise import (
    erf,
    erfc,
    exp,
    expm1,
    log,
    log1p,
    power,
    sqrt,
    square,
)
from ...ops.special.functions import gamma as gamma_function
from ...ops.special.functions import (
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    log_ndtr,
    ndtr,
    ndtri,
    xlogy,
)
from ...ops.special.log_tails import log_gammainc_p, log_gammaincc_p
from ...ops.special.polygammas import digamma, gammaln
from . import moments
from .continuous import EULER, HALF_LOG_2PI, LOG_2, PI, _gumbel_log_above
from .distribution import INF, continuous


def _positive(*_: Any) -> tuple[float, float, float]:
    return 0.0, INF, 1.0


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
