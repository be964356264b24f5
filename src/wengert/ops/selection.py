"""Masks that are not known: what ``x[mask]`` is under `jit` and `vmap`, until it is written to ``y[mask]``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Tracer, Value, as_value, dtype_of, ndim_of, shape_of
from ..errors import ConcretizationError
from . import elementwise as ew
from .indexing import getitem
from .memory import MutableArray
from .shape import reshape


class Selection:
    """``x[mask]`` where the mask is not known: good for ``x[mask] = …`` and arithmetic with numbers on the way there.

    Of ``x[0, :, mask]`` `whole` is ``x[0]``, and `axis` is the first of its axes that the mask is about.
    """

    __slots__ = ("axis", "mask", "whole")
    __array_priority__ = 2000.0

    def __init__(self, whole: Value, mask: Tracer, axis: int = 0) -> None:
        self.whole, self.mask, self.axis = whole, mask, axis

    def unknown(self) -> ConcretizationError:
        return ConcretizationError(
            f"x[mask] has as many elements as the mask has true entries, which {self.mask._trace.name} does not know; "
            f"use where(mask, x, 0) and keep the shape. (x[mask] = number and x[mask] += number work, and so does "
            f"y[mask] = f(x[mask]) for elementwise f and one mask)"
        )

    def apply(self, f: Callable[..., Any], *args: Any) -> Selection:
        """An elementwise function of selections of one mask and numbers."""
        values = []
        for a in args:
            if type(a) is Selection:
                if not same_mask(a.mask, self.mask) or a.axis != self.axis:
                    raise self.unknown()
                values.append(a.whole)
            else:
                a = as_value(a)
                if ndim_of(a):
                    raise self.unknown()
                values.append(a)
        with np.errstate(all="ignore"):  # the elements that are not selected may be anything
            return Selection(as_value(f(*values)), self.mask, self.axis)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self.unknown()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise self.unknown()
        return self.apply(ufunc, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise self.unknown()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.unknown()

    def __getitem__(self, key: Any) -> Any:
        raise self.unknown()

    def __len__(self) -> int:
        raise self.unknown()


for _name in "add sub mul truediv floordiv mod pow lt le gt ge eq ne".split():
    _f = getattr(operator, _name)
    setattr(Selection, f"__{_name}__", lambda self, other, f=_f: self.apply(f, self, other))
    if _name not in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Selection, f"__r{_name}__", lambda self, other, f=_f: self.apply(f, other, self))
for _name in ("neg", "pos", "abs"):
    setattr(Selection, f"__{_name}__", lambda self, f=getattr(operator, _name): self.apply(f, self))  # noqa: B008 (this name's)


def same_mask(a: Any, b: Any) -> bool:
    """Whether two masks are one: the same value, or computed alike of the same values, as ``x > 0`` written twice is."""
    if a is b:
        return True
    if not isinstance(a, Tracer) or type(a) is not type(b) or a._trace is not b._trace:
        plain = not isinstance(a, Tracer) and not isinstance(b, Tracer)
        return plain and np.array_equal(a, b)
    if hasattr(a._trace, "alike"):
        return a._trace.alike(a, b)
    mine, other = a.parts(), b.parts()
    return bool(mine) and len(mine) == len(other) and all(map(same_mask, mine, other))


def unknown_mask(x: Any, key: Any) -> Tracer | None:
    """The key, if it is one mask whose values are not known."""
    if not isinstance(key, Tracer) or dtype_of(key).kind != "b" or not ndim_of(key):
        return None
    try:
        key.concrete("an index that is a mask")
    except ConcretizationError:
        return key
    return None


def without_mask(x: Any, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], Tracer, int] | None:
    """A key of one unknown mask beside slices and integers: the key with whole axes for the mask, the mask, and the first of
    its axes in what that key gives. None for other keys, and where an integer is not beside the mask: NumPy moves axes then.
    """
    kinds = [_kind(x, e) for e in key]
    if kinds.count("mask") != 1 or "other" in kinds or kinds.count("...") > 1:
        return None
    at = kinds.index("mask")
    beside = [i for i, kind in enumerate(kinds) if kind in ("integer", "mask")]
    if beside != list(range(beside[0], beside[0] + len(beside))):
        return None
    mask = key[at]
    n = ndim_of(mask)
    taken = sum(kind in ("integer", "slice") for kind in kinds) + n
    axis = first = 0  # of the result, and of `x`
    for kind in kinds[:at]:
        filled = ndim_of(x) - taken if kind == "..." else 1
        axis += filled if kind != "integer" else 0
        first += filled if kind != "new" else 0
    if taken > ndim_of(x) or shape_of(mask) != shape_of(x)[first : first + n]:
        raise IndexError(
            f"a mask of shape {shape_of(mask)} does not fit an array of shape {shape_of(x)} at axis {first}"
        )
    return (*key[:at], *(slice(None),) * n, *key[at + 1 :]), mask, axis


def _kind(x: Any, e: Any) -> str:
    if e is None or e is Ellipsis:
        return "new" if e is None else "..."
    if isinstance(e, slice):
        return "slice"
    if isinstance(e, (int, np.integer)) and not isinstance(e, bool):
        return "integer"
    return "other" if unknown_mask(x, e) is None else "mask"


def selection_of(x: Any, key: Any) -> Selection | None:
    if type(key) is tuple:
        if not any(isinstance(k, Tracer) for k in key):
            return None
        found = without_mask(x, tuple([k.now() if isinstance(k, Tracer) and k.mutable else k for k in key]))
        return None if found is None else Selection(getitem(as_value(x), found[0]), found[1], found[2])
    held = key.now() if isinstance(key, Tracer) and key.mutable else key
    mask = unknown_mask(x, held)
    if mask is None:
        return None
    if shape_of(mask) != shape_of(x)[: ndim_of(mask)]:
        raise IndexError(f"a mask of shape {shape_of(mask)} does not fit an array of shape {shape_of(x)}")
    return Selection(as_value(x), mask)


def widen(mask: Value, shape: tuple[int, ...], axis: int = 0) -> Value:
    return reshape(mask, (1,) * axis + shape_of(mask) + (1,) * (len(shape) - ndim_of(mask) - axis))


def fitting_beside(value: Any, mask: Tracer, axis: int, now: Value) -> Value:
    """A value that is written wherever the mask holds: one number, or what stands along the axes behind those of the mask."""
    v = as_value(value)
    if math.prod(shape_of(v)) == 1:
        return reshape(v, ())
    if ndim_of(v) > ndim_of(now) - axis - ndim_of(mask):
        raise Selection(v, mask).unknown()
    return v


def write_beside(array: MutableArray, key: tuple[Any, ...], value: Any) -> bool:
    """``x[0, mask] = value`` for a number or a selection by the same mask; whether the key is of that kind."""
    found = without_mask(array, key) if any(isinstance(k, Tracer) for k in key) else None
    if found is None:
        return False
    basic, mask, axis = found
    now = getitem(array.now(), basic)
    if type(value) is Selection:
        if not same_mask(value.mask, mask) or value.axis != axis or shape_of(value.whole) != shape_of(now):
            raise value.unknown()
        fill = value.whole
    else:
        fill = fitting_beside(value, mask, axis, now)
    array.memory.put(array.shadow[basic], ew.where(widen(mask, shape_of(now), axis), fill, now))
    return True


def write_masked(array: MutableArray, mask: Tracer, v: Value) -> None:
    shape = array.shape
    rest = shape[ndim_of(mask) :]
    if shape_of(v) not in ((), (1,), rest, (1, *rest)):
        raise Selection(v, mask).unknown()
    v = array.memory.fit(v, rest)
    array.memory.put(array.shadow, ew.where(widen(mask, shape), v, array.now()))
