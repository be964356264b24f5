"""Masks that are not known: what ``x[mask]`` is under `jit` and `vmap`, until it is written to ``y[mask]``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Tracer, Value, as_value, dtype_of, ndim_of, shape_of
from ..errors import ConcretizationError
from . import elementwise as ew
from .memory import MutableArray
from .shape import reshape


class Selection:
    """``x[mask]`` where the mask is not known: good for ``x[mask] = …`` and arithmetic with numbers on the way there."""

    __slots__ = ("mask", "whole")
    __array_priority__ = 2000.0

    def __init__(self, whole: Value, mask: Tracer) -> None:
        self.whole, self.mask = whole, mask

    def unknown(self) -> ConcretizationError:
        return ConcretizationError(
            f"x[mask] has as many elements as the mask has true entries, which {self.mask._trace.name} does not know; "
            f"use where(mask, x, 0) and keep the shape. (x[mask] = number and x[mask] += number work, and so does "
            f"y[mask] = f(x[mask]) for elementwise f and one variable that holds the mask)"
        )

    def apply(self, f: Callable[..., Any], *args: Any) -> Selection:
        """An elementwise function of selections of one mask and numbers."""
        values = []
        for a in args:
            if type(a) is Selection:
                if a.mask is not self.mask:
                    raise self.unknown()
                values.append(a.whole)
            else:
                a = as_value(a)
                if ndim_of(a):
                    raise self.unknown()
                values.append(a)
        with np.errstate(all="ignore"):  # the elements that are not selected may be anything
            return Selection(as_value(f(*values)), self.mask)

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
    setattr(Selection, f"__{_name}__", lambda self, f=getattr(operator, _name): self.apply(f, self))


def unknown_mask(x: Any, key: Any) -> Tracer | None:
    """The key, if it is one mask whose values are not known."""
    if not isinstance(key, Tracer) or dtype_of(key).kind != "b" or not ndim_of(key):
        return None
    try:
        key.concrete("an index that is a mask")
    except ConcretizationError:
        return key
    return None


def selection_of(x: Any, key: Any) -> Selection | None:
    held = key.now() if isinstance(key, Tracer) and key.mutable else key
    mask = unknown_mask(x, held)
    if mask is None:
        return None
    if shape_of(mask) != shape_of(x)[: ndim_of(mask)]:
        raise IndexError(f"a mask of shape {shape_of(mask)} does not fit an array of shape {shape_of(x)}")
    return Selection(as_value(x), mask)


def widen(mask: Value, shape: tuple[int, ...]) -> Value:
    return reshape(mask, shape_of(mask) + (1,) * (len(shape) - ndim_of(mask)))


def write_masked(array: MutableArray, mask: Tracer, v: Value) -> None:
    shape = array.shape
    rest = shape[ndim_of(mask) :]
    if shape_of(v) not in ((), (1,), rest, (1, *rest)):
        raise Selection(v, mask).unknown()
    v = array.memory.fit(v, rest)
    array.memory.put(array.shadow, ew.where(widen(mask, shape), v, array.now()))
