"""Masks that are not known: what ``x[mask]`` is under `jit` and `vmap`, until it is written to ``y[mask]``."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..core import Tracer, Value, as_value, dtype_of, ndim_of, shape_of
from ..errors import ConcretizationError
from ..vocabulary import DTypeLike, Function
from . import elementwise as ew
from . import masks  # noqa: F401 - which provides what `indexing` asks for
from .indexing import getitem
from .memory import MutableArray
from .shape import reshape


class Selection:
    """``x[mask]`` where the mask is not known.

    Elementwise functions of it, of numbers and of selections by the same mask keep all of `x`, so that ``y[mask] = …`` of
    what they give is a choice between two arrays, and its sums are sums where the mask holds. For anything else it becomes
    the array that it stands for, whose length is asked for (`masks.true_places`).

    Of ``x[0, :, mask]`` `whole` is ``x[0]``, and `axis` is the first of its axes that the mask is about.
    """

    __slots__ = ("axis", "mask", "values", "whole")
    __array_priority__ = 2000.0

    def __init__(self, whole: Value, mask: Tracer, axis: int = 0) -> None:
        self.whole, self.mask, self.axis = whole, mask, axis
        self.values: Any = None

    @property
    def dtype(self) -> np.dtype:
        return dtype_of(self.whole)

    @property
    def ndim(self) -> int:
        return ndim_of(self.whole) - ndim_of(self.mask) + 1

    @property
    def __wengert_value__(self) -> Any:
        """The array that it stands for."""
        if self.values is None:
            self.values = getitem(self.whole, (slice(None),) * self.axis + (self.mask,))
        return self.values

    def by(self, mask: Any, axis: int = 0) -> bool:
        """Whether it is a choice by a mask, of the whole that it was made of."""
        return self.values is None and self.axis == axis and same_mask(self.mask, mask)

    def apply(self, f: Function, *args: Any) -> Any:
        """An elementwise function of selections and of what else there is."""
        if not all(a.by(self.mask, self.axis) if type(a) is Selection else not ndim_of(as_value(a)) for a in args):
            return f(*taken(args))
        values = [a.whole if type(a) is Selection else a for a in args]
        with np.errstate(all="ignore"):  # the elements that are not selected may be anything
            return Selection(as_value(f(*values)), self.mask, self.axis)

    def reduced(self, f: Function, axis: int | None = None, **kwargs: Any) -> Any:
        """A reduction that knows ``where=``."""
        if self.values is not None or axis not in (None, self.axis, self.axis - self.ndim):
            return f(self.__wengert_value__, axis=axis, **kwargs)
        axes = None if axis is None else tuple(range(self.axis, self.axis + ndim_of(self.mask)))
        where = widen(self.mask, shape_of(self.whole), self.axis)
        return f(self.whole, axis=axes, where=where, **kwargs)

    def __array__(self, dtype: DTypeLike = None, copy: Any = None) -> Any:
        return self.__wengert_value__.__array__(dtype, copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return getattr(ufunc, method)(*taken(inputs), **taken(kwargs))
        return self.apply(ufunc, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _REDUCTIONS and len(args) == 1 and args[0] is self and kwargs.keys() <= {"axis", "ddof"}:
            return self.reduced(function, **kwargs)
        return function(*taken(args), **taken(kwargs))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        f = _METHODS.get(name)
        if f is None:
            return getattr(self.__wengert_value__, name)
        return lambda *args, **kwargs: f(self, *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self.__wengert_value__[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__wengert_value__[key] = value

    def __len__(self) -> int:
        return len(self.__wengert_value__)

    def __iter__(self) -> Any:
        return iter(self.__wengert_value__)

    def __repr__(self) -> str:
        return f"<x[mask] of {self.whole!r}>" if self.values is None else repr(self.values)


def taken(x: Any) -> Any:
    """Arguments, the selections among them as the arrays that they stand for."""
    if type(x) is Selection:
        return x.__wengert_value__
    if type(x) in (tuple, list):
        return type(x)([taken(item) for item in x])
    return {k: taken(v) for k, v in x.items()} if type(x) is dict else x


_REDUCTIONS = {getattr(np, name): name for name in "sum prod mean any all std var".split()}
_METHODS: dict[str, Any] = {name: f for f, name in _REDUCTIONS.items()}
for _name in "add sub mul truediv floordiv mod pow matmul and or xor lt le gt ge eq ne".split():
    _f = getattr(operator, f"{_name}_" if _name in ("and", "or") else _name)
    setattr(Selection, f"__{_name}__", lambda self, other, f=_f: _operated(self, f, self, other))
    if _name not in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Selection, f"__r{_name}__", lambda self, other, f=_f: _operated(self, f, other, self))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Selection, f"__{_name}__", lambda self, f=getattr(operator, _name): self.apply(f, self))  # noqa: B008 (this name's)


def _operated(self: Selection, f: Any, *args: Any) -> Any:
    return f(*taken(args)) if f is operator.matmul else self.apply(f, *args)


Selection.__divmod__ = lambda self, other: (self // other, self % other)  # type: ignore[attr-defined]
Selection.__rdivmod__ = lambda self, other: (other // self, other % self)  # type: ignore[attr-defined]


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


def unknown_mask(x: Any, key: Value) -> Tracer | None:
    """The key, if it is one mask whose values are not known."""
    if not isinstance(key, Tracer) or dtype_of(key).kind != "b" or not ndim_of(key):
        return None
    try:
        key.concrete("an index that is a mask")
    except ConcretizationError:
        return key
    return None


def without_mask(x: Value, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], Tracer, int] | None:
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


def _kind(x: Any, e: Value) -> str:
    if e is None or e is Ellipsis:
        return "new" if e is None else "..."
    if isinstance(e, slice):
        return "slice"
    if isinstance(e, (int, np.integer)) and not isinstance(e, bool):
        return "integer"
    return "other" if unknown_mask(x, e) is None else "mask"


def selection_of(x: Value, key: Any) -> Selection | None:
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


def fills(value: Value, mask: Tracer, axis: int, now: Value) -> bool:
    """Whether a value can be written wherever a mask holds, however often: one number, or what stands along the axes behind
    those of the mask."""
    return math.prod(shape_of(value)) == 1 or ndim_of(value) <= ndim_of(now) - axis - ndim_of(mask)


def write_beside(array: MutableArray, key: tuple[Any, ...], value: Value) -> bool:
    """``x[0, mask] = value`` for a number or a selection by the same mask; whether it is of that kind."""
    found = without_mask(array, key) if any(isinstance(k, Tracer) for k in key) else None
    if found is None:
        return False
    basic, mask, axis = found
    now = getitem(array.now(), basic)
    if type(value) is Selection:
        if not value.by(mask, axis) or shape_of(value.whole) != shape_of(now):
            return False
        fill = value.whole
    else:
        fill = as_value(value)
        if not fills(fill, mask, axis, now):
            return False
        if math.prod(shape_of(fill)) == 1:
            fill = reshape(fill, ())
    array.memory.put(array.shadow[basic], ew.where(widen(mask, shape_of(now), axis), fill, now))
    return True


def write_masked(array: MutableArray, mask: Tracer, v: Value) -> bool:
    """``x[mask] = v`` for what is written wherever the mask holds; whether `v` is of that kind."""
    shape = array.shape
    rest = shape[ndim_of(mask) :]
    if shape_of(v) not in ((), (1,), rest, (1, *rest)):
        return False
    v = array.memory.fit(v, rest)
    array.memory.put(array.shadow, ew.where(widen(mask, shape), v, array.now()))
    return True
