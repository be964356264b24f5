"""Conversions as JAX has them: floats out of an integer's range become its least or greatest number, NaN becomes 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import Tracer, Value, as_array, dtype_of, inexact_dtype
from ..errors import ConcretizationError
from ..ops import elementwise as ew


def converted(x: Value, dtype: Any) -> Value:
    """`x` in another dtype, strong; in 32-bit mode a 64-bit dtype stands for its 32-bit one.

    Example:
        >>> converted(np.array([np.inf, -3e9, 2.5]), "int32")
        array([ 2147483647, -2147483648,           2], dtype=int32)
    """
    wanted = canonical_dtype(dtype)
    x = as_array(x)
    if wanted.kind in "iu" and inexact_dtype(x.dtype):
        return _saturated(x, wanted)
    return ew.convert(x, wanted)


def _saturated(x: Value, wanted: np.dtype) -> Value:
    if x.dtype.kind == "c":
        x = ew.real(x)
    if x.dtype.itemsize < 4:
        x = ew.convert(x, np.float32)
    info = np.iinfo(wanted)
    kind = dtype_of(x).type
    low, high = kind(info.min), kind(float(info.max + 1))  # powers of two, which floats hold
    inside = ew.logical_and(ew.greater(x, low), ew.less(x, high))
    if not isinstance(x, Tracer) and bool(np.all(inside)):
        return ew.convert(x, wanted)
    whole = ew.convert(ew.where(inside, x, kind(0)), wanted)
    whole = ew.where(ew.greater_equal(x, high), wanted.type(info.max), whole)
    return ew.where(ew.less_equal(x, low), wanted.type(info.min), whole)


def bits_as(x: Value, dtype: Any) -> Value:
    """The bits of an array as numbers of another dtype."""
    if isinstance(x, Tracer):
        raise ConcretizationError("view of a traced array needs its memory: convert it outside of the transformation")
    return np.asarray(x).view(canonical_dtype(dtype))
