"""More distributions on the line, after Johnson, Kotz and Balakrishnan (1994, 1995): powers, exponentials and their kin."""

from __future__ import annotations

import math
from typing import Any

from ...documented import with_example
from ...ops.elementwise import (
    arcsin,
    arctan,
    arctan2,
    arctanh,
    exp,
    expm1,
    greater,
    isinf,
    less,
    log,
    log1p,
    logaddexp,
    power,
    sigmoid,
    sin,
    sqrt,
    square,
    tan,
    tanh,
    where,
)
from ...ops.special.functions import (
    betainc,
    betaincinv,
    betaln,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    hyp1f1,
    ndtr,
    ndtri,
    xlog1py,
    xlogy,
)
from ...ops.special.functions import gamma as gamma_function
from ...ops.special.polygammas import digamma, gammaln
from ...vocabulary import ArrayLike, Value
from .continuous import EULER, HALF_LOG_2PI, LOG_2, PI
from .distribution import INF, all_of, continuous, one
from .moments import ZETA_3, from_on


def _positive(*_: Any) -> tuple[float, float, float]:
    return 0.0, INF, 1.0


def _unit(*_: Any) -> tuple[float, float, float]:
    return 0.0, 1.0, 0.5


# --- roots of gamma variables ------------------------------------------------------------------------------------

rayleigh = continuous(
    "rayleigh",
    support=_positive,
    logpdf=lambda z: -0.5 * z * z,
    powers=lambda z: [(xlogy, one(z), z)],
    cdf=lambda z: -expm1(-0.5 * z * z),
    sf=lambda z: exp(-0.5 * z * z),
    logsf=lambda z: -0.5 * z * z,
    ppf=lambda q: sqrt(-2 * log1p(-q)),
    isf=lambda q: sqrt(-2 * log(q)),
    entropy=lambda: EULER / 2 + 1 - LOG_2 / 2,
    mean=lambda: math.sqrt(PI / 2),
    var=lambda: (4 - PI) / 2,
    higher=(2 * (PI - 3) * math.sqrt(PI) / (4 - PI) ** 1.5, 6 * PI / (4 - PI) - 16 / (4 - PI) ** 2),
)
with_example(
    rayleigh,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.rayleigh.cdf(np.sqrt(2 * np.log(2.0))).round(12)
    np.float64(0.5)
    """,
)


def _maxwell_near(z: ArrayLike) -> Any:
    """The probability below small `z`, as a power series: ``z^3`` times an entire function of ``z^2``."""
    return math.sqrt(2 / PI) / 3 * z * z * z * hyp1f1(1.5, 2.5, -0.5 * z * z)


def _maxwell(z: ArrayLike, below: bool) -> Value:
    """The probability below or above `z`; as a function of ``z^2`` it would have an infinite slope times 0 at 0."""
    near = less(z, 1)
    small, half = _maxwell_near(where(near, z, 0.0)), 0.5 * square(where(near, 1.0, z))
    far = gammainc(one(z, 1.5), half) if below else gammaincc(one(z, 1.5), half)
    return where(near, small if below else 1 - small, far)


maxwell = continuous(
    "maxwell",
    support=_positive,
    logpdf=lambda z: -0.5 * z * z + 0.5 * math.log(2 / PI),
    powers=lambda z: [(xlogy, one(z, 2.0), z)],
    cdf=lambda z: _maxwell(z, True),
    sf=lambda z: _maxwell(z, False),
    ppf=lambda q: sqrt(2 * gammaincinv(one(q, 1.5), q)),
    isf=lambda q: sqrt(2 * gammainccinv(one(q, 1.5), q)),
    entropy=lambda: EULER + HALF_LOG_2PI - 0.5,
    mean=lambda: 2 * math.sqrt(2 / PI),
    var=lambda: 3 - 8 / PI,
    higher=(
        math.sqrt(2) * (32 - 10 * PI) / (3 * PI - 8) ** 1.5,
        (-12 * PI * PI + 160 * PI - 384) / (3 * PI - 8) ** 2,
    ),
)
with_example(
    maxwell,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.maxwell.mean() ** 2 * np.pi / 8).round(12)
    np.float64(1.0)
    """,
)


def _chi_mean(df: Any) -> Any:
    return math.sqrt(2) * exp(gammaln((df + 1) / 2) - gammaln(df / 2))


def _chi_var(df: Any) -> Any:
    return df - square(_chi_mean(df))


def _of_square(a: ArrayLike, w: ArrayLike, power_of_w: ArrayLike, function: Any) -> Value:
    """P(a, w) or Q(a, w) of a square, whose root has derivatives at 0 that are infinite in w: near 0 by ``w**a``, which is given as
    a power of the root, times ``exp(-w) / gamma(a + 1) (1 + w / (a + 1) + w**2 / ((a + 1) (a + 2)) + ...)``."""
    near = (w < 1e-3) & (a < 50)
    close = where(near, a, 1.0)
    total: Any = 1.0
    for k in range(5, 0, -1):
        total = 1 + total * w / (close + k)
    lower = where(near, power_of_w, 0.0) * exp(-w) * total / gamma_function(close + 1)
    return where(near, lower if function is gammainc else 1 - lower, function(a, where(near, 1.0, w)))


def _chi_skewness(df: Any) -> Any:
    mean = _chi_mean(df)
    return (2 * mean**3 + mean * (1 - 2 * df)) / _chi_var(df) ** 1.5


def _chi_excess(df: Any) -> Any:
    mean = _chi_mean(df)
    return (2 * df * (1 - df) - 6 * mean**4 + 4 * mean**2 * (2 * df - 1)) / _chi_var(df) ** 2


chi = continuous(
    "chi",
    "df",
    support=_positive,
    logpdf=lambda z, df: (1 - df / 2) * LOG_2 - 0.5 * z * z - gammaln(df / 2),
    powers=lambda z, df: [(xlogy, df - 1, z)],
    cdf=lambda z, df: _of_square(df / 2, 0.5 * z * z, power(z, df) * power(2.0, -df / 2), gammainc),
    sf=lambda z, df: _of_square(df / 2, 0.5 * z * z, power(z, df) * power(2.0, -df / 2), gammaincc),
    ppf=lambda q, df: sqrt(2 * gammaincinv(df / 2, q)),
    isf=lambda q, df: sqrt(2 * gammainccinv(df / 2, q)),
    entropy=lambda df: gammaln(df / 2) + 0.5 * (df - LOG_2 - (df - 1) * digamma(df / 2)),
    mean=_chi_mean,
    var=_chi_var,
    higher=(_chi_skewness, _chi_excess),
)
with_example(
    chi,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.chi.cdf(np.sqrt(2 * np.log(4.0)), 2.0).round(12)
    np.float64(0.75)
    """,
)
nakagami = continuous(
    "nakagami",
    "nu",
    support=_positive,
    logpdf=lambda z, nu: LOG_2 + nu * log(nu) - gammaln(nu) - nu * z * z,
    powers=lambda z, nu: [(xlogy, 2 * nu - 1, z)],
    cdf=lambda z, nu: _of_square(nu, nu * z * z, power(z, 2 * nu) * power(nu, nu), gammainc),
    sf=lambda z, nu: _of_square(nu, nu * z * z, power(z, 2 * nu) * power(nu, nu), gammaincc),
    ppf=lambda q, nu: sqrt(gammaincinv(nu, q) / nu),
    isf=lambda q, nu: sqrt(gammainccinv(nu, q) / nu),
    mean=lambda nu: exp(gammaln(nu + 0.5) - gammaln(nu)) / sqrt(nu),
    var=lambda nu: 1 - square(exp(gammaln(nu + 0.5) - gammaln(nu)) / sqrt(nu)),
)
with_example(
    nakagami,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.nakagami.cdf(np.sqrt(np.log(4.0)), 1.0).round(12)
    np.float64(0.75)
    """,
)
f = continuous(
    "f",
    "dfn dfd",
    support=_positive,
    logpdf=lambda z, m, n: m / 2 * log(m) + n / 2 * log(n) - (m + n) / 2 * log(n + m * z) - betaln(m / 2, n / 2),
    powers=lambda z, m, n: [(xlogy, m / 2 - 1, z)],
    cdf=lambda z, m, n: betainc(m / 2, n / 2, where(isinf(n), math.nan, m * z / (n + m * z))),
    sf=lambda z, m, n: betainc(n / 2, m / 2, n / (n + m * z)),
    ppf=lambda q, m, n: n / m * (1 / betaincinv(n / 2, m / 2, 1 - q) - 1),
    isf=lambda q, m, n: n / m * (1 / betaincinv(n / 2, m / 2, q) - 1),
    mean=lambda m, n: from_on(n, 2.0, lambda n: n / (n - 2), INF) + 0 * m,
    var=lambda m, n: from_on(n, 4.0, lambda n: 2 * n * n * (m + n - 2) / (m * (n - 2) ** 2 * (n - 4)), INF),
)
with_example(
    f,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.f.cdf(np.array([1.0, 3.0]), 2.0, 2.0).round(12)
    array([0.5 , 0.75])
    """,
)

# --- exponentials and powers --------------------------------------------------------------------------------------

gompertz = continuous(
    "gompertz",
    "c",
    support=_positive,
    logpdf=lambda z, c: log(c) + z - c * expm1(z),
    cdf=lambda z, c: -expm1(-c * expm1(z)),
    sf=lambda z, c: exp(-c * expm1(z)),
    logsf=lambda z, c: -c * expm1(z),
    ppf=lambda q, c: log1p(-log1p(-q) / c),
    isf=lambda q, c: log1p(-log(q) / c),
)
with_example(
    gompertz,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.gompertz.cdf(np.array([0.0, np.inf]), 1.0)
    array([0., 1.])
    """,
)
lomax = continuous(
    "lomax",
    "c",
    support=_positive,
    logpdf=lambda z, c: log(c) - (c + 1) * log1p(z),
    cdf=lambda z, c: -expm1(-c * log1p(z)),
    sf=lambda z, c: exp(-c * log1p(z)),
    logsf=lambda z, c: -c * log1p(z),
    ppf=lambda q, c: expm1(-log1p(-q) / c),
    isf=lambda q, c: expm1(-log(q) / c),
    entropy=lambda c: 1 + 1 / c - log(c),
    mean=lambda c: from_on(c, 1.0, lambda c: 1 / (c - 1), INF),
    var=lambda c: from_on(c, 2.0, lambda c: c / ((c - 1) ** 2 * (c - 2)), INF),
)
with_example(
    lomax,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.lomax.sf(np.array([0.0, 1.0, 3.0]), 1.0)
    array([1.  , 0.5 , 0.25])
    """,
)
invweibull = continuous(
    "invweibull",
    "c",
    support=_positive,
    closed=False,
    logpdf=lambda z, c: log(c) - (c + 1) * log(z) - power(z, -c),
    cdf=lambda z, c: exp(-power(z, -c)),
    sf=lambda z, c: -expm1(-power(z, -c)),
    logcdf=lambda z, c: -power(z, -c),
    ppf=lambda q, c: power(-log(q), -1 / c),
    isf=lambda q, c: power(-log1p(-q), -1 / c),
    entropy=lambda c: 1 + EULER + EULER / c - log(c),
    mean=lambda c: from_on(c, 1.0, lambda c: gamma_function(1 - 1 / c), INF),
    var=lambda c: from_on(c, 2.0, lambda c: gamma_function(1 - 2 / c) - square(gamma_function(1 - 1 / c)), INF),
)
with_example(
    invweibull,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.invweibull.cdf(1.0, 2.0) * np.e).round(12)
    np.float64(1.0)
    """,
)
powerlaw = continuous(
    "powerlaw",
    "a",
    support=_unit,
    logpdf=lambda z, a: log(a),
    powers=lambda z, a: [(xlogy, a - 1, z)],
    cdf=power,
    ppf=lambda q, a: power(q, 1 / a),
    entropy=lambda a: 1 - 1 / a - log(a),
    mean=lambda a: a / (a + 1),
    var=lambda a: a / ((a + 2) * (a + 1) ** 2),
    higher=(
        lambda a: -2 * (a - 1) / (a + 3) * sqrt((a + 2) / a),
        lambda a: 6 * (((a - 1) * a - 6) * a + 2) / (a * (a + 3) * (a + 4)),
    ),
)
with_example(
    powerlaw,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.powerlaw.cdf(np.array([0.5, 1.0]), 2.0)
    array([0.25, 1.  ])
    """,
)
loguniform = continuous(
    "loguniform",
    "a b",
    support=lambda a, b: (a, b, a),
    domain=lambda a, b: all_of(greater(a, 0), less(a, b)),
    logpdf=lambda z, a, b: -log(z) - log(log(b) - log(a)),
    cdf=lambda z, a, b: (log(z) - log(a)) / (log(b) - log(a)),
    sf=lambda z, a, b: (log(b) - log(z)) / (log(b) - log(a)),
    ppf=lambda q, a, b: exp(log(a) + q * (log(b) - log(a))),
    isf=lambda q, a, b: exp(log(b) - q * (log(b) - log(a))),
    entropy=lambda a, b: 0.5 * (log(a) + log(b)) + log(log(b) - log(a)),
    mean=lambda a, b: (b - a) / (log(b) - log(a)),
    var=lambda a, b: (b * b - a * a) / (2 * (log(b) - log(a))) - square((b - a) / (log(b) - log(a))),
)
with_example(
    loguniform,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.loguniform.cdf(np.array([1.0, 10.0, 100.0]), 1.0, 100.0).round(12)
    array([0. , 0.5, 1. ])
    """,
)

# --- angles, halves, tails -----------------------------------------------------------------------------------------

arcsine = continuous(
    "arcsine",
    support=_unit,
    logpdf=lambda z: -math.log(PI) + 0 * z,
    powers=lambda z: [(xlogy, one(z, -0.5), z), (xlog1py, one(z, -0.5), -z)],
    cdf=lambda z: 2 / PI * arcsin(sqrt(z)),
    sf=lambda z: 2 / PI * arcsin(sqrt(1 - z)),
    ppf=lambda q: square(sin(PI / 2 * q)),
    entropy=lambda: math.log(PI / 4),
    mean=lambda: 0.5,
    var=lambda: 0.125,
    higher=(0.0, -1.5),
)
with_example(
    arcsine,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.arcsine.cdf(np.array([0.25, 0.5])).round(12)
    array([0.33333333, 0.5       ])
    """,
)
halfcauchy = continuous(
    "halfcauchy",
    support=_positive,
    logpdf=lambda z: math.log(2 / PI) - log1p(z * z),
    cdf=lambda z: 2 / PI * arctan(z),
    sf=lambda z: 2 / PI * arctan2(one(z), z),
    ppf=lambda q: tan(PI / 2 * q),
    isf=lambda q: 1 / tan(PI / 2 * q),
    entropy=lambda: math.log(2 * PI),
    mean=lambda: INF,
    var=lambda: INF,
)
with_example(
    halfcauchy,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.halfcauchy.cdf(np.array([0.0, 1.0])).round(12)
    array([0. , 0.5])
    """,
)
halflogistic = continuous(
    "halflogistic",
    support=_positive,
    logpdf=lambda z: LOG_2 - z - 2 * log1p(exp(-z)),
    cdf=lambda z: tanh(z / 2),
    sf=lambda z: 2 * sigmoid(-z),
    ppf=lambda q: 2 * arctanh(q),
    isf=lambda q: log(2 - q) - log(q),
    entropy=lambda: 2 - LOG_2,
    mean=lambda: 2 * LOG_2,
    var=lambda: PI * PI / 3 - 4 * LOG_2**2,
)
with_example(
    halflogistic,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.halflogistic.cdf(np.log(3.0)).round(12)
    np.float64(0.5)
    """,
)
hypsecant = continuous(
    "hypsecant",
    logpdf=lambda z: LOG_2 - math.log(PI) - logaddexp(z, -z),
    cdf=lambda z: 2 / PI * arctan(exp(z)),
    sf=lambda z: 2 / PI * arctan(exp(-z)),
    ppf=lambda q: log(tan(PI / 2 * q)),
    isf=lambda q: -log(tan(PI / 2 * q)),
    entropy=lambda: math.log(2 * PI),
    mean=lambda: 0.0,
    var=lambda: PI * PI / 4,
    higher=(0.0, 2.0),
)
with_example(
    hypsecant,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.hypsecant.cdf(np.array([-np.inf, 0.0, np.inf]))
    array([0. , 0.5, 1. ])
    """,
)
levy = continuous(
    "levy",
    support=_positive,
    closed=False,
    logpdf=lambda z: -HALF_LOG_2PI - 1.5 * log(z) - 0.5 / z,
    cdf=lambda z: 2 * ndtr(-1 / sqrt(z)),
    sf=lambda z: 1 - 2 * ndtr(-1 / sqrt(z)),
    ppf=lambda q: 1 / square(ndtri(q / 2)),
    isf=lambda q: 1 / square(ndtri((1 - q) / 2)),
    entropy=lambda: (1 + 3 * EULER + math.log(16 * PI)) / 2,
    mean=lambda: INF,
    var=lambda: INF,
)
with_example(
    levy,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.levy.cdf(np.array([0.0, np.inf]))
    array([0., 1.])
    """,
)
moyal = continuous(
    "moyal",
    logpdf=lambda z: -0.5 * (z + exp(-z)) - HALF_LOG_2PI,
    cdf=lambda z: 2 * ndtr(-exp(-z / 2)),
    sf=lambda z: 1 - 2 * ndtr(-exp(-z / 2)),
    ppf=lambda q: -2 * log(-ndtri(q / 2)),
    mean=lambda: EULER + LOG_2,
    var=lambda: PI * PI / 2,
    higher=(28 * math.sqrt(2) * ZETA_3 / PI**3, 4.0),
)
with_example(
    moyal,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.moyal.sf(np.array([-np.inf, np.inf]))
    array([1., 0.])
    """,
)

__all__ = [
    "arcsine", "chi", "f", "gompertz", "halfcauchy", "halflogistic", "hypsecant", "invweibull", "levy", "loguniform",
    "lomax", "maxwell", "moyal", "nakagami", "powerlaw", "rayleigh",
]  # fmt: skip
