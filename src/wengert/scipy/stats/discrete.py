"""Distributions of counts, after Johnson, Kemp and Kotz (2005); Evans & Boersma (1988), "The entropy of a Poisson
distribution"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import dtype_of, ndim_of
from ...documented import with_example
from ...ops.elementwise import (
    equal,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    less_equal,
    log,
    log1p,
    logical_or,
    sqrt,
    where,
)
from ...ops.shape import expand_dims, reduce_sum
from ...ops.special.functions import QUANTILES, betainc, betaln, gammainc, gammaincc, xlog1py, xlogy
from ...ops.special.polygammas import gammaln
from ...vocabulary import ArrayLike, Value
from ..special import entr
from . import moments
from .distribution import INF, all_of, discrete, exp_of, known, positive


def _log_ways(n: Any, k: Any) -> Any:
    """The logarithm of the binomial coefficient."""
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _probability(p: Any) -> Any:
    return all_of(greater_equal(p, 0), less_equal(p, 1))


def _number(n: Any) -> Any:
    """Whether `n` counts draws: a whole number from 0 on."""
    return all_of(greater_equal(n, 0), equal(floor(n), n))


def _betabinom_log_mass(k: Any, n: Any, a: ArrayLike, b: ArrayLike) -> Any:
    return _log_ways(n, k) + betaln(k + a, n - k + b) - betaln(a, b)


def _betabinom_below(k: ArrayLike, n: Any, a: ArrayLike, b: ArrayLike) -> Value:
    return moments.summed(lambda j, n, a, b: exp(_betabinom_log_mass(j, n, a, b)), k, n, a, b)


def _ends(p: ArrayLike, at_end: Any, inside: Any) -> Value:
    """An entropy as a function of a probability in (0, 1), and at its ends the value that has the same limits."""
    end = logical_or(equal(p, 0), equal(p, 1))
    return where(end, at_end(where(end, p, 0.5)), inside(where(end, 0.5, p)))


def _binom_entropy(n: Any, p: ArrayLike) -> Value:
    def log_mass(k: Any, n: Any, p: Any) -> Any:
        return _log_ways(n, k) + k * log(p) + (n - k) * log1p(-p)

    near = lambda p: n * (entr(p) + entr(1 - p))  # noqa: E731 (the leading term at both ends)
    return _ends(p, near, lambda p: moments.entropy_of_counts(log_mass, n + 0 * p, n, p))


def _nbinom_entropy(n: Any, p: ArrayLike) -> Value:
    def log_mass(k: Any, n: Any, p: Any) -> Any:
        return gammaln(k + n) - gammaln(k + 1) - gammaln(n) + n * log(p) + k * log1p(-p)

    def inside(p: Any) -> Any:
        spread = sqrt(n * (1 - p)) + 1  # of the tail, which falls at least as exp(-p k)
        return moments.entropy_of_counts(log_mass, floor((n * (1 - p) + 40 * spread) / p), n, p)

    return _ends(p, lambda p: n * entr(1 - p), inside)


bernoulli = discrete(
    "bernoulli",
    "p",
    support=lambda p: (0.0, 1.0),
    domain=_probability,
    logpmf=lambda k, p: known(k),
    powers=lambda k, p: [(xlogy, k, p), (xlog1py, 1 - k, -p)],
    cdf=lambda k, p: 1 - p + known(k),
    sf=lambda k, p: p + known(k),
    quantiles=QUANTILES["bernoulli"],
    entropy=lambda p: entr(p) + entr(1 - p),
    mean=lambda p: p,
    var=lambda p: p * (1 - p),
    higher=(lambda p: (1 - 2 * p) / sqrt(p * (1 - p)), lambda p: 1 / (p * (1 - p)) - 6),
)
with_example(
    bernoulli,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.bernoulli.pmf(np.array([0, 1]), 0.25).round(12)
    array([0.75, 0.25])
    """,
)
binom = discrete(
    "binom",
    "n p",
    support=lambda n, p: (0.0, n),
    domain=lambda n, p: all_of(_number(n), _probability(p)),
    logpmf=lambda k, n, p: _log_ways(n, k),
    powers=lambda k, n, p: [(xlogy, k, p), (xlog1py, n - k, -p)],
    cdf=lambda k, n, p: betainc(n - k, k + 1, 1 - p),
    sf=lambda k, n, p: betainc(k + 1, n - k, p),
    quantiles=QUANTILES["binom"],
    entropy=_binom_entropy,
    mean=lambda n, p: n * p,
    var=lambda n, p: n * p * (1 - p),
    higher=(lambda n, p: (1 - 2 * p) / sqrt(n * p * (1 - p)), lambda n, p: (1 / (p * (1 - p)) - 6) / n),
)
with_example(
    binom,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.binom.pmf(np.array([0, 1, 2]), 2, 0.5).round(12)
    array([0.25, 0.5 , 0.25])
    """,
)
betabinom = discrete(
    "betabinom",
    "n a b",
    support=lambda n, a, b: (0.0, n),
    domain=lambda n, a, b: all_of(_number(n), positive(a, b)),
    logpmf=_betabinom_log_mass,
    cdf=_betabinom_below,
    sf=lambda k, n, a, b: _betabinom_below(n - k - 1, n, b, a),
    entropy=lambda n, a, b: moments.entropy_of_counts(_betabinom_log_mass, n, n, a, b),
    mean=lambda n, a, b: n * a / (a + b),
    var=lambda n, a, b: n * a * b * (a + b + n) / ((a + b) * (a + b) * (a + b + 1)),
    quantiles=QUANTILES["betabinom"],
    higher=(moments.betabinom_skewness, moments.betabinom_excess),
)
with_example(
    betabinom,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.betabinom.pmf(np.array([0, 1, 2]), 2, 1.0, 1.0).round(12)
    array([0.33333333, 0.33333333, 0.33333333])
    """,
)
geom = discrete(
    "geom",
    "p",
    support=lambda p: (1.0, INF),
    domain=lambda p: all_of(greater(p, 0), less_equal(p, 1)),
    logpmf=lambda k, p: log(p),
    powers=lambda k, p: [(xlog1py, k - 1, -p)],
    cdf=lambda k, p: -expm1(xlog1py(k, -p)),
    sf=lambda k, p: exp_of(known(k), [(xlog1py, k, -p)]),
    quantiles=QUANTILES["geom"],
    entropy=lambda p: (entr(p) + entr(1 - p)) / p,
    mean=lambda p: 1 / p,
    var=lambda p: (1 - p) / (p * p),
    higher=(lambda p: (2 - p) / sqrt(1 - p), lambda p: (p * (p - 6) + 6) / (1 - p)),
)
with_example(
    geom,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.geom.pmf(np.array([1, 2, 3]), 0.5).round(12)
    array([0.5  , 0.25 , 0.125])
    """,
)
nbinom = discrete(
    "nbinom",
    "n p",
    support=lambda n, p: (0.0, INF),
    domain=lambda n, p: all_of(positive(n, p), less_equal(p, 1)),
    logpmf=lambda k, n, p: gammaln(k + n) - gammaln(k + 1) - gammaln(n) + xlogy(n, p),
    powers=lambda k, n, p: [(xlog1py, k, -p)],
    cdf=lambda k, n, p: betainc(n, k + 1, p),
    sf=lambda k, n, p: betainc(k + 1, n, 1 - p),
    quantiles=QUANTILES["nbinom"],
    entropy=_nbinom_entropy,
    mean=lambda n, p: n * (1 - p) / p,
    var=lambda n, p: n * (1 - p) / (p * p),
    higher=(lambda n, p: (2 - p) / sqrt(n * (1 - p)), lambda n, p: (p * (p - 6) + 6) / (n * (1 - p))),
)
with_example(
    nbinom,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.nbinom.pmf(np.array([0, 1, 2]), 1, 0.5).round(12)
    array([0.5  , 0.25 , 0.125])
    """,
)


def _poisson_entropy(mu: ArrayLike) -> Value:
    """By the sum over all `k` that count, and for large `mu` by the series of Evans & Boersma (1988)."""
    limit = 100.0 if np.finfo(dtype_of(mu)).eps < 1e-10 else 10.0  # where the series is as exact as the sum
    large = greater(mu, limit)
    small, far = where(large, 1.0, mu), where(large, mu, limit)
    k = np.arange(300, dtype=dtype_of(small))
    rates = expand_dims(small, -1)
    mass = exp(xlogy(k, rates) - gammaln(k + 1) - rates)
    total = small - xlogy(small, small) + reduce_sum(mass * gammaln(k + 1), (ndim_of(mass) - 1,))
    series: Any = 0.0
    for c in (863 / 2520, 9 / 80, 19 / 360, 1 / 24, 1 / 12):
        series = (series + c) / far
    return where(large, (log(2 * math.pi * far) + 1) / 2 - series, total)


poisson = discrete(
    "poisson",
    "mu",
    support=lambda mu: (0.0, INF),
    domain=lambda mu: greater_equal(mu, 0),
    logpmf=lambda k, mu: -gammaln(k + 1) - mu,
    powers=lambda k, mu: [(xlogy, k, mu)],
    cdf=lambda k, mu: gammaincc(k + 1, mu),
    sf=lambda k, mu: gammainc(k + 1, mu),
    quantiles=QUANTILES["poisson"],
    entropy=_poisson_entropy,
    mean=lambda mu: mu,
    var=lambda mu: mu,
    higher=(lambda mu: 1 / sqrt(mu), lambda mu: 1 / mu),
)
with_example(
    poisson,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.poisson.pmf(np.array([0, 1, 2]), np.log(2.0)).sum() < 1, stats.poisson.pmf(0, np.log(2.0)).round(12)
    (np.True_, np.float64(0.5))
    """,
)
