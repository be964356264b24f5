"""Riemann's zeta function on the whole real line, made of differentiable operations: three formulas, one for each part."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, as_value, dtype_of, shape_of
from ..elementwise import exp, expm1, floor, less, logical_not, power, sin, where
from ..shape import expand_dims, reduce_sum
from .declare import of_loops
from .polygammas import gamma, zeta_p

TERMS = 24  # the error of the sum is 3 / (3 + sqrt(8))^TERMS, 1e-18


def _weights(n: int) -> np.ndarray:
    """Of the alternating sum of ``k**-s``, after Borwein (1995), "An efficient algorithm for the Riemann zeta function", 2."""
    terms = [math.factorial(n + i - 1) * 4**i / (math.factorial(n - i) * math.factorial(2 * i)) for i in range(n + 1)]
    d = np.cumsum(terms)
    return (1 - d[:-1] / d[-1]) * (-1.0) ** np.arange(n)


WEIGHTS = _weights(TERMS)
LOGS = np.log(np.arange(1.0, TERMS + 1))


def _between(s: Any) -> Value:
    """For ``-1/2 <= s < 1``: the alternating sum, divided by ``1 - 2^(1 - s)``."""
    dtype = dtype_of(s)
    terms = WEIGHTS.astype(dtype) * exp(-LOGS.astype(dtype) * expand_dims(s, -1))
    eta = reduce_sum(terms, (len(shape_of(terms)) - 1,))
    return -eta / expm1((1 - s) * math.log(2))


def _below(s: Any) -> Value:
    """For ``s < -1/2``: by reflection, ``2 (2 pi)^(s - 1) sin(pi s / 2) gamma(1 - s) zeta(1 - s)``."""
    turn = s - 4 * floor(s / 4)  # exact, and the sine has period 4
    return 2 * power(2 * math.pi, s - 1) * sin(0.5 * math.pi * turn) * gamma(1 - s) * zeta_p.bind(1 - s, 1.0)


def riemann(s: Any, less_one: bool = False) -> Value:
    """``zeta(s)`` for real numbers, infinite at 1; with `less_one` without its first term, 1, which hides the rest."""
    right, negative = logical_not(less(s, 1)), less(s, -0.5)  # NaN goes with the sum
    by_sum = zeta_p.bind(where(right, s, 2.0), 2.0 if less_one else 1.0)
    middle = _between(where(right, 0.5, where(negative, 0.5, s)))
    left = _below(where(negative, s, -1.5))
    return where(right, by_sum, where(negative, left, middle) - (1 if less_one else 0))


def zeta(x: Value, q: Value | None = None, /) -> Value:
    """The Hurwitz zeta function of ``x > 1``; Riemann's on the whole line without `q`. Differentiable in both.

    Example:
        >>> import numpy as np
        >>> round(zeta(-1.0) * 12, 12), round(zeta(2.0, 1.0) * 6 - np.pi**2, 12)
        (np.float64(-1.0), np.float64(0.0))
    """
    if q is None:
        (x,) = of_loops(x, narrow=np.float64)
        return zeta_p.bind(x, 1.0) if dtype_of(x).kind == "c" else riemann(x)
    return zeta_p.bind(as_value(x), as_value(q))
