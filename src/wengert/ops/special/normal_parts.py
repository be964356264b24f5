"""Parts of the normal distribution: the logarithm of the probability of an interval, and the density at an end over it.

In a tail both follow from ``K(a, h) = int_0^h exp(-a s - s**2 / 2) ds``, the probability of ``[a, a + h]`` over the density at `a`, which is a
difference of Mills' ratios, and of narrow intervals, where that would cancel, an integral by Gauss's rule.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ...core import Value
from ..declare import function_of, quietly
from ..elementwise import isinf, where
from .declare import kept, special

ndarray = np.ndarray
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_REAL = {"complex": "probabilities are of real numbers"}


@lru_cache(maxsize=1)
def _rule() -> tuple[ndarray, ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(24)
    return (nodes + 1) / 2, weights / 2


def _over_density(a: ndarray, h: ndarray) -> ndarray:
    """``K(a, h)`` of `a` from 0 on."""
    import scipy.special as sp

    narrow = h * (a + 1) < 4
    s = np.where(narrow, h, 0.0)[..., None] * _rule()[0]
    inner = np.where(narrow, h, 0.0) * (np.exp(-s * (a[..., None] + s / 2)) @ _rule()[1])
    width = np.where(narrow, 4.0, h)
    mills = lambda x: math.sqrt(math.pi / 2) * sp.erfcx(x * math.sqrt(0.5))  # noqa: E731
    return np.where(narrow, inner, mills(a) - mills(a + width) * np.exp(-width * (a + width / 2)))


def _places(a: Any, b: Any) -> tuple[ndarray, ...]:
    """The ends, whether there is nothing between, whether all lies right or left of 0, and the nearer end and the width there."""
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    empty, right = a >= b, a > 0
    beside = right | (b < 0)
    near = np.where(beside & ~empty, np.where(right, a, -b), 1.0)
    return a, b, empty, right, beside, near, np.where(beside & ~empty, b - a, 1.0)


def _around(a: ndarray, b: ndarray) -> tuple[ndarray, ndarray]:
    """The probability of an interval around 0, and its logarithm."""
    import scipy.special as sp

    mass = 0.5 * (sp.erf(b * math.sqrt(0.5)) + sp.erf(-a * math.sqrt(0.5)))
    return mass, np.where(mass < 0.5, np.log(mass), np.log1p(-(sp.ndtr(a) + sp.ndtr(-b))))


def _log_mass(a: Any, b: Any) -> Value:
    with np.errstate(all="ignore"):
        a, b, empty, _, beside, near, width = _places(a, b)
        tail = np.log(_over_density(near, width)) - near * near / 2 - _HALF_LOG_2PI
        return np.where(empty, -np.inf, np.where(beside, tail, _around(a, b)[1]))[()]


def _hazard(a: Any, b: Any) -> Value:
    """The density at `a` over the probability of ``[a, b]``; 0 where that is empty."""
    with np.errstate(all="ignore"):
        a, b, empty, right, beside, near, width = _places(a, b)
        fall = np.where(right, 1.0, np.exp((b - a) * (b + a) / 2))
        density = np.exp(-a * a / 2 - _HALF_LOG_2PI)
        out = np.where(beside, fall / _over_density(near, width), density / _around(a, b)[0])
        return np.where(np.isnan(a + b) & ~(np.isinf(a) | np.isinf(b)), np.nan, np.where(empty, 0.0, out))[()]


def _hazard_da(ans: Value, a: Value, b: Value) -> Value:
    infinite = isinf(a)
    return where(infinite, 0.0, ans * (ans - where(infinite, 0.0, a)))


normal_hazard_p = special(
    "normal_hazard",
    (quietly(_hazard_da), quietly(lambda ans, a, b: -ans * normal_hazard(-b, -a))),
    (-1.5, -0.2),
    (0.1, 2.0),
    function=kept(_hazard),
    reasons=_REAL,
)
normal_hazard = function_of(normal_hazard_p)
log_normal_mass_p = special(
    "log_normal_mass",
    (quietly(lambda ans, a, b: -normal_hazard(a, b)), quietly(lambda ans, a, b: normal_hazard(-b, -a))),
    (-1.5, -0.2),
    (0.1, 2.0),
    function=kept(_log_mass),
    reasons=_REAL,
)
log_normal_mass = function_of(log_normal_mass_p, "The logarithm of the normal probability of ``[a, b]``.")
