"""The steps by which views are made of arrays: an index, or a function such as a reshape, and keys of indices that are settled."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..core import Tracer, Value
from .indexing import getitem, index_array

# --- steps of views ---------------------------------------------------------------------------------------------


class Index:
    """The view at an index of integers, slices, None and Ellipsis."""

    __slots__ = ("integers", "key")

    def __init__(self, key: Any, shape: tuple[int, ...]) -> None:
        self.key = key
        self.integers = integers_of(key, shape)

    def __call__(self, x: Value, shadow: bool = False) -> Any:
        return x[self.key] if shadow else getitem(x, self.key)


class Call:
    """The view that a function makes, or one of several."""

    __slots__ = ("args", "function", "item", "kwargs", "numpy_function")
    integers = None

    def __init__(self, numpy_function: Any, function: Any, args: Any, kwargs: Any, item: int | None = None) -> None:
        self.numpy_function, self.function = numpy_function, function
        self.args, self.kwargs, self.item = args, kwargs, item

    def __call__(self, x: Value, shadow: bool = False) -> Any:
        out = (self.numpy_function if shadow else self.function)(x, *self.args, **self.kwargs)
        return out if self.item is None else out[self.item]


def integers_of(key: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """A key of integers alone, counted from the front, if it is one; raises where they are out of range."""
    entries = key if type(key) is tuple else (key,)
    out = []
    for axis, e in enumerate(entries):
        if type(e) is not int and not isinstance(e, np.integer):
            return None
        if axis >= len(shape):
            raise IndexError(f"too many indices: {len(entries)} for an array of shape {shape}")
        n = shape[axis]
        if not -n <= e < n:
            raise IndexError(f"index {e} is out of range for axis {axis} of length {n}")
        out.append(int(e) % n)
    return tuple(out) or None


def _known(bound: Any) -> Any:
    return None if bound is None else operator.index(bound)


def settled_key(key: Any) -> tuple[Any, bool]:
    """A key without traced bounds and arrays that are written into; and whether it makes a view."""
    out, basic = [], True
    for e in key if type(key) is tuple else (key,):
        if e is None or e is Ellipsis or type(e) is int:
            pass
        elif isinstance(e, slice):
            e = slice(_known(e.start), _known(e.stop), _known(e.step))
        elif isinstance(e, (bool, np.bool_)):
            basic = False
        elif isinstance(e, np.integer):
            e = int(e)
        else:
            basic = False
            if isinstance(e, Tracer):
                e = e.now() if e.mutable else e
            elif type(e) is not np.ndarray:
                e = index_array(e)
        out.append(e)
    return (tuple(out) if type(key) is tuple else out[0]), basic
