"""Axes, lengths and shapes as callers write them, checked and made canonical."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import AxisError, ShapeError


def canonical_axis(axis: Any, ndim: int, what: str = "axis") -> int:
    """`axis` in ``range(ndim)``; negative axes count from the end."""
    i = operator.index(axis)
    if not -ndim <= i < ndim:
        raise AxisError(f"{what} {i} is out of range for an array of {ndim} dimension{'s' * (ndim != 1)}")
    return i % ndim


def axis_list(axis: Any) -> list[Any]:
    """One axis or any iterable of them, a range or an array as well, as a list, as NumPy's `moveaxis` and `expand_dims` take them."""
    try:
        return [operator.index(axis)]
    except TypeError:
        return list(axis)


def as_length(n: Any, what: str) -> int:
    """The length of an axis, or how many there are of something.

    Raises:
        ShapeError: which is a ValueError, where it is negative.
    """
    n = operator.index(n)
    if n < 0:
        raise ShapeError(f"{what}: negative dimensions are not allowed, got {n}")
    return n


def canonical_axes(axis: Any, ndim: int, scalars: bool = False) -> tuple[int, ...]:
    """A None, an axis or a sequence of axes as a sorted tuple without repeats.

    With `scalars` an array without axes may be asked for its axis 0 or -1, as NumPy's ufuncs let it.
    """
    if axis is None or (scalars and not ndim and type(axis) is int and axis in (0, -1)):
        return tuple(range(ndim))
    axes = (axis,) if not isinstance(axis, (tuple, list, range)) else axis
    out = tuple(sorted(canonical_axis(a, ndim) for a in axes))
    if len(set(out)) != len(out):
        raise ShapeError(f"axis {axis} names an axis twice")
    return out


# --- functions --------------------------------------------------------------------------------------------------


def as_lengths(shape: Any) -> tuple[int, ...]:
    """The entries of a shape: one integer, or a sequence of them of any type, arrays among these.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(shape, (tuple, list)):
        try:
            return (operator.index(shape),)
        except TypeError:
            if not hasattr(shape, "__iter__") or not hasattr(shape, "__len__") or not np.ndim(shape):
                raise
    return tuple(map(operator.index, shape))
