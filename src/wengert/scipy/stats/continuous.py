"""Distributions on the whole line: the formulas of their standard forms, after Johnson, Kotz and Balakrishnan (1994, 1995)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Tracer
from ...documented import with_example
from ...ops.elementwise import (
    absolute,
    arctan2,
    exp,
    expm1,
    greater,
    greater_equal,
    isinf,
    less,
    log,
    log1p,
    logical_or,
    over_squares,
    power,
    sigmoid,
    sin,
    square,
    tan,
    where,
)
from ...ops.special.angles import vonmises_cdf, vonmises_moment, vonmises_ppf
from ...ops.special.functions import (
    betaln,
    gammaincc,
    gammainccinv,
    hyp1f1,
    i0e,
    i1e,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    stdtr,
    stdtrit,
)
from ...ops.special.generalised import gennorm_middle
from ...ops.special.log_tails import log_stdtr_p
from ...ops.special.modes import abs_power_p, exp_less_p, log_cosh_p
from ...ops.special.polygammas import digamma, gammaln
from ...ops.special.student import t_log_density
from ...vocabulary import ArrayLike, Value
from . import moments
from .distribution import INF, Formula, continuous, log_of, one

PI = math.pi
EULER = 0.5772156649015329
HALF_LOG_2PI = 0.5 * math.log(2 * PI)
LOG_2 = math.log(2)


def limit(x: ArrayLike, formula: Formula, at_infinity: ArrayLike) -> Any:
    """``formula(x)`` of finite `x`, and another value where it is infinite."""
    far = isinf(x)
    if not isinstance(far, Tracer) and not np.any(far):
        return formula(x)
    return where(far, at_infinity, formula(where(far, 1.0, x)))


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


def _log_of_square(z: ArrayLike) -> Value:
    """``log(1 + z**2)``, without a square that overflows."""
    far = greater(absolute(z), 1e8)
    return where(far, 2 * log(absolute(where(far, z, 1.0))), log1p(square(where(far, 0.0, z))))


def _log_angle(z: ArrayLike) -> Value:
    """The logarithm of Cauchy's probability above `z`: far out of ``1 / z``, whose derivative does not vanish, apart."""
    far, left = greater(z, 1e4), less(z, -1)
    u = 1 / where(far, z, 1.0)
    beyond = log1p(-square(u) / 3) - log(where(far, z, 1.0)) - math.log(PI)
    middle = log(arctan2(one(z), where(logical_or(far, left), 0.0, z)) / PI)
    return where(far, beyond, where(left, log1p(-arctan2(one(z), -where(left, z, -1.0)) / PI), middle))


def _cotangent_of_turns(q: ArrayLike) -> Value:
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


def _laplace_tail(z: Any) -> Any:
    """``exp(z) / 2`` below 0, and 1 less ``exp(-z) / 2`` above; its derivative at 0 is the density."""
    low = z < 0
    return where(low, 0.5 * exp(where(low, z, 0.0)), 1 - 0.5 * exp(-where(low, 0.0, z)))


def _laplace_log(z: Any) -> Any:
    low = z < 0
    return where(low, z - LOG_2, log1p(-0.5 * exp(-where(low, 0.0, z))))


def _laplace_quantile(q: ArrayLike) -> Value:
    low = q < 0.5
    return where(low, log(2 * where(low, q, 0.5)), -log(2 * where(low, 0.5, 1 - q)))


laplace = continuous(
    "laplace",
    logpdf=lambda z: -absolute(z) - LOG_2,
    cdf=_laplace_tail,
    sf=lambda z: _laplace_tail(-z),
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


def _t_entropy(df: ArrayLike) -> Value:
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


def _gennorm_below(z: ArrayLike, beta: ArrayLike) -> Value:
    """The probability below `z`; around 0 by a primitive whose derivative is the density."""
    u = abs_power_p.bind(z, beta)
    near = less(u, 1)
    far = where(near, 1.0, z)
    tail = 0.5 * gammaincc(1 / beta, power(absolute(far), beta))
    return where(near, gennorm_middle(where(near, z, 0.0), beta), where(z < 0, tail, 1 - tail))


def _gennorm_quantile(q: ArrayLike, beta: Any) -> Value:
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


def _gumbel_log(z: ArrayLike) -> Any:
    """``z - exp(z)``, -inf at infinity too."""
    return limit(z, lambda z: -exp_less_p.bind(z), -INF)


def _gumbel_log_above(z: ArrayLike) -> Value:
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


def _log_of_turns(z: ArrayLike, kappa: Any) -> Value:
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
