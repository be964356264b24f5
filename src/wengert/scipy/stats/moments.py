"""Moments and entropies that have no short formula: skewness and excess of each distribution, integrals, sums over counts.

Third and fourth moments are after Johnson, Kotz & Balakrishnan (1994, 1995) and Johnson, Kemp & Kotz (2005).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ...ops import elementwise as ew
from ...ops.reduction import max_p
from ...ops.shape import expand_dims, reduce_sum
from ...ops.special.angles import gauss, vonmises_moment
from ...ops.special.functions import gamma as gamma_function
from ...ops.special.functions import spence
from ...ops.special.polygammas import gammaln
from ...vocabulary import ArrayLike, Value
from .distribution import INF, Formula, known

BLOCK = 256  # counts that are added at once
ZETA_3 = 1.2020569031595942
GUMBEL = 12 * math.sqrt(6) * ZETA_3 / math.pi**3
HALF_NORMAL = (
    math.sqrt(2) * (4 - math.pi) / (math.pi - 2) ** 1.5,
    8 * (math.pi - 3) / (math.pi - 2) ** 2,
)


def from_on(x: ArrayLike, least: float, value: Formula, otherwise: float = math.nan) -> Value:
    """``value(x)`` above `least`, and another value up to it: a moment that exists from some parameter on."""
    ok = ew.greater(x, least)
    return ew.where(ok, value(ew.where(ok, x, least + 1)), known(x) + otherwise)


# --- sums over counts --------------------------------------------------------------------------------------------


def summed(term: Formula, last: ArrayLike, *shapes: Any) -> Value:
    """The sum of ``term(j, *shapes)`` over the whole numbers `j` from 0 to `last`, elementwise, in blocks."""
    last = as_array(last)
    dtype = dtype_of(last)
    ends, spread = expand_dims(last, -1), [expand_dims(as_array(s), -1) for s in shapes]

    def block(i: Any, total: Any) -> Any:
        j = ew.convert(as_array(i), dtype) * BLOCK + np.arange(BLOCK, dtype=dtype)
        counts = ew.less_equal(j, ends)
        values = ew.where(counts, term(ew.where(counts, j, 0.0), *spread), 0.0)
        return total + reduce_sum(values, (ndim_of(values) - 1,))

    most = ew.where(ew.equal(last, last), last, 0.0)
    most = max_p.bind(most, axes=tuple(range(ndim_of(last)))) if ndim_of(last) else most
    if not isinstance(most, Tracer) and most < BLOCK:
        out = block(0, 0.0)
    else:
        from ...transforms.control import fori_loop

        shape = np.broadcast_shapes(*[shape_of(as_array(s)) for s in (last, *shapes)])
        blocks = ew.convert(as_array(ew.floor(most / BLOCK)), np.dtype(np.int64)) + 1
        out = fori_loop(0, blocks, block, np.zeros(shape, dtype))
    return out + known(last)


def entropy_of_counts(log_mass: Formula, last: ArrayLike, *shapes: Any) -> Value:
    """The entropy of counts up to `last`; what is smaller than ``exp(-700)`` adds nothing."""

    def term(j: Any, *shapes: Any) -> Any:
        lm = log_mass(j, *shapes)
        there = ew.greater(lm, -700.0)
        lm = ew.where(there, lm, -1.0)
        return ew.where(there, -ew.exp(lm) * lm, 0.0)

    return summed(term, last, *shapes)


def betabinom_excess(n: Any, a: ArrayLike, b: ArrayLike) -> Any:
    p, s = a / (a + b), a + b
    top = s * (s - 1 + 6 * n) + 3 * a * b * (n - 2) + 6 * n * n - 3 * p * b * n * (6 - n) - 18 * p * (1 - p) * n * n
    return top * s * s * (1 + s) / (n * a * b * (s + 2) * (s + 3) * (s + n)) - 3


def betabinom_skewness(n: Any, a: ArrayLike, b: ArrayLike) -> Any:
    s = a + b
    return (s + 2 * n) * (b - a) / (s + 2) * ew.sqrt((1 + s) / (n * a * b * (n + s)))


# --- integrals ---------------------------------------------------------------------------------------------------

DEPTH = 80.0  # twice the exponent from which on a normal density counts for nothing


class Truncated:
    """Moments of the normal distribution between `a` and `b`, by Gauss's rule where the density is not negligible."""

    def __init__(self, a: ArrayLike, b: ArrayLike) -> None:
        self.peak = ew.where(ew.greater(a, 0), a, ew.where(ew.less(b, 0), b, 0 * known(a) + 0 * known(b)))
        far = ew.sqrt(self.peak * self.peak + DEPTH)
        self.low, self.high = ew.where(ew.greater(a, -far), a, -far), ew.where(ew.less(b, far), b, far)
        self.mass = self.integral(lambda z: 1.0)
        self.shift = self.integral(lambda z: z - expand_dims(self.peak, -1)) / self.mass
        self.mean = self.peak + self.shift

    def integral(self, f: Formula) -> Value:
        peak = expand_dims(self.peak, -1)
        return gauss(lambda z: ew.exp((peak - z) * (peak + z) / 2) * f(z), self.low, self.high)

    def central(self, order: int) -> Any:
        mean = expand_dims(self.mean, -1)
        return self.integral(lambda z: (z - mean) ** order) / self.mass

    @property
    def skewness(self) -> Any:
        return self.central(3) / self.central(2) ** 1.5

    @property
    def excess(self) -> Any:
        return self.central(4) / self.central(2) ** 2 - 3


def wrapcauchy_excess(c: Any) -> Value:
    """By the cosine series of the density, whose sums of ``c^k / k^2`` and ``c^k / k^4`` are polylogarithms."""

    def fourth(s: Any) -> Any:
        shrunk = expand_dims(c, -1) * ew.exp(-s)
        return s**3 * shrunk / (1 - shrunk) / 6

    zero = 0 * c
    second = math.pi**2 / 3 + 4 * spence(1 - c)
    fourths = math.pi**4 / 5 + 8 * math.pi**2 * spence(1 - c)
    for low, high in ((0.0, 2.0), (2.0, 12.0), (12.0, 45.0)):
        fourths = fourths - 48 * gauss(fourth, zero + low, zero + high)
    return fourths / (second * second) - 3


def vonmises_excess(kappa: ArrayLike) -> Value:
    return vonmises_moment(kappa, 4) / vonmises_moment(kappa, 2) ** 2 - 3


# --- formulas ----------------------------------------------------------------------------------------------------


def lognorm_excess(s: Any) -> Any:
    p = ew.expm1(s * s)
    return p * (16 + p * (15 + p * (6 + p)))


def invgamma_excess(a: ArrayLike) -> Value:
    return from_on(a, 4.0, lambda a: 6 * (5 * a - 11) / ((a - 3) * (a - 4)))


def pareto_excess(b: ArrayLike) -> Value:
    return from_on(b, 4.0, lambda b: 6 * (((b + 1) * b - 6) * b - 2) / (b * (b - 3) * (b - 4)))


def pareto_skewness(b: ArrayLike) -> Value:
    return from_on(b, 3.0, lambda b: 2 * (b + 1) / (b - 3) * ew.sqrt((b - 2) / b))


def t_excess(df: ArrayLike) -> Value:
    far = ew.isinf(df)
    finite = from_on(ew.where(far, 5.0, df), 4.0, lambda df: 6 / (df - 4), INF)
    return ew.where(far, 0.0, ew.where(ew.greater(df, 2), finite, math.nan))


def weibull_central(c: Any) -> tuple[Any, Any, Any]:
    """The second, third and fourth central moment."""
    g1, g2, g3, g4 = (gamma_function(1 + k / c) for k in (1, 2, 3, 4))
    second = g2 - g1 * g1
    return second, g3 - 3 * g1 * second - g1**3, g4 - 4 * g1 * g3 + 6 * g1 * g1 * g2 - 3 * g1**4


def weibull_skewness(c: Any) -> Any:
    second, third, _ = weibull_central(c)
    return third / second**1.5


def weibull_excess(c: Any) -> Any:
    second, _, fourth = weibull_central(c)
    return fourth / second**2 - 3


def gennorm_excess(beta: Any) -> Any:
    return ew.exp(gammaln(5 / beta) + gammaln(1 / beta) - 2 * gammaln(3 / beta)) - 3


def beta_skewness(a: ArrayLike, b: ArrayLike) -> Any:
    return 2 * (b - a) * ew.sqrt(1 + a + b) / (ew.sqrt(a * b) * (2 + a + b))


def beta_excess(a: ArrayLike, b: ArrayLike) -> Any:
    s, p = a + b, a * b
    return 6 * ((a - b) ** 2 * (1 + s) - p * (2 + s)) / (p * (2 + s) * (3 + s))
