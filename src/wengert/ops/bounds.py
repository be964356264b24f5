"""Values that functions refuse, traced or not: those that a condition excludes, integers that a dtype cannot hold.

A traced Python integer is asked for whether it fits: the answer is a guard of the Program, so that a later number that does
not fit is refused as well. What loops carry and count are arrays of a dtype, which wrap as arrays do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Tracer, Value, dtype_of, ndim_of
from ..errors import ConcretizationError


def holds(condition: Any) -> bool:
    """Whether a condition on values holds throughout, as far as that is known (`answer`)."""
    return answer(condition) is not False


def answer(condition: Any) -> bool | None:
    """Whether a condition on values holds throughout: for each example of a batch, and for the values at hand while a
    function is compiled. That is a guard of the Program then, so that later values are looked at, too. None in bodies of loops
    and in branches, where values are not known."""
    while isinstance(condition, Tracer):
        inner = getattr(condition, "value", None)  # of all examples
        if inner is None:
            break
        condition = inner
    if not isinstance(condition, Tracer):
        return bool(np.all(condition))
    from .reduction import all_p

    try:
        return bool(all_p.bind(condition, axes=tuple(range(ndim_of(condition)))))
    except ConcretizationError:
        return None


def check_fits(x: Value, dtype: np.dtype[Any]) -> None:
    """Whether a Python integer, traced or not, can be written with a dtype of integers.

    Raises:
        OverflowError: it cannot; in NumPy's words.
    """
    if not isinstance(x, Tracer):
        dtype.type(x)
        return
    from .elementwise import greater_equal, less_equal

    mine, limit = np.iinfo(dtype_of(x)), np.iinfo(dtype)
    try:
        fits = (limit.min <= mine.min or bool(greater_equal(x, limit.min))) and (
            limit.max >= mine.max or bool(less_equal(x, limit.max))
        )
    except ConcretizationError:
        return
    if not fits:
        dtype.type(int(x))


def is_python_integer(x: Any) -> bool:
    """Whether something is a Python integer, traced or not."""
    return type(x) is int or (isinstance(x, Tracer) and x.weak and x.dtype.kind == "i")


def check_written(x: Any, dtype: np.dtype[Any]) -> None:
    """The same for what is written into an array of any dtype, if it is a Python integer.

    Raises:
        OverflowError: it does not fit.
    """
    if dtype.kind in "iu" and is_python_integer(x):
        check_fits(x, dtype)


__all__ = ["answer", "check_fits", "check_written", "holds", "is_python_integer"]
