"""Integers that a dtype cannot hold.

A traced Python integer is asked for whether it fits: the answer is a guard of the Program, so that a later number that does
not fit is refused as well. What loops carry and count are arrays of a dtype, which wrap as arrays do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Tracer, Value, dtype_of
from ..errors import ConcretizationError


def check_fits(x: Value, dtype: np.dtype[Any]) -> None:
    """Whether a Python integer, traced or not, can be written with a dtype of integers.

    Raises:
        OverflowError: it cannot; in NumPy's words.
    """
    if not isinstance(x, Tracer):
        dtype.type(x)
        return
    mine, limit = np.iinfo(dtype_of(x)), np.iinfo(dtype)
    try:
        fits = (limit.min <= mine.min or bool(x >= limit.min)) and (limit.max >= mine.max or bool(x <= limit.max))
    except ConcretizationError:
        return
    if not fits:
        dtype.type(int(x))


def is_python_integer(x: Any) -> bool:
    """Whether something is a Python integer, traced or not."""
    return type(x) is int or (isinstance(x, Tracer) and x.weak and x.dtype.kind == "i")


def check_written(x: Value, dtype: np.dtype[Any]) -> None:
    """The same for what is written into an array of any dtype, if it is a Python integer.

    Raises:
        OverflowError: it does not fit.
    """
    if dtype.kind in "iu" and is_python_integer(x):
        check_fits(x, dtype)


__all__ = ["check_fits", "check_written", "is_python_integer"]
