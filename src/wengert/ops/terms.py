"""Sums and products of two values of which one may be traced, and of terms of which some are zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import Tracer, Value

ndarray = np.ndarray


def times(x: Value, y: Value) -> Value:
    """``x * y``, without NumPy's detour where only `y` is a tracer."""
    if type(y) is ndarray:
        return x * y
    return y * x if isinstance(y, Tracer) and not isinstance(x, Tracer) else x * y


def plus(x: Value, y: Value) -> Value:
    """``x + y``, without NumPy's detour where only `y` is a tracer."""
    if type(y) is ndarray:
        return x + y
    return y + x if isinstance(y, Tracer) and not isinstance(x, Tracer) else x + y


def sum_of(terms: Sequence[Value | None]) -> Value | None:
    """The sum of terms of which some are zero, and None."""
    total = None
    for t in terms:
        if t is not None:
            total = t if total is None else plus(total, t)
    return total


def product_of(x: Value | None, y: Value | None) -> Value | None:
    return None if x is None or y is None else times(x, y)


__all__ = ["plus", "product_of", "sum_of", "times"]
