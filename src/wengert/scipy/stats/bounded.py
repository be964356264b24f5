"""Distributions on intervals: the formulas of their standard forms, after Johnson, Kotz and Balakrishnan (1994, 1995)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...documented import with_example
from ...ops.elementwise import (
    arctan,
    exp,
    greater,
    isinf,
    less,
    log,
    log1p,
    logaddexp,
    sin,
    square,
    tan,
    where,
)
from ...ops.special.functions import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    log_ndtr,
    ndtri_exp,
    spence,
    xlog1py,
    xlogy,
)
from ...ops.special.log_tails import log_betainc_p, log_betaincc_p
from ...ops.special.normal_parts import log_normal_mass
from ...ops.special.polygammas import digamma
from . import moments
from .continuous import HALF_LOG_2PI, PI
from .distribution import all_of, continuous


def _unit(*_: Any) -> tuple[float, float, float]:
    return 0.0, 1.0, 0.5


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
