"""Writing into traced arrays, with NumPy's meaning: ``y[i] = v``, ``y += v``, ``np.add.at``, ``np.put``, ``y.flat``.

Where the elements are, and what views share, stands in `memory.py`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ..core import LinearTracer, Primitive, Tracer, Value, as_value, dtype_of, shape_of
from ..errors import DtypeError, ShapeError
from . import elementwise as ew
from .fits import check_written
from .indexing import getitem
from .memory import MUTABLE, MutableArray, fresh, link, owned, view_at, writable
from .selection import Selection, selection_of, unknown_mask, widen, write_beside, write_masked
from .shape import broadcast_to, reshape
from .view_steps import Index, integers_of, settled_key

ndarray = np.ndarray


def read(x: Tracer, key: Value) -> Value:
    """``x[key]``: a view for slices and integers, a copy for arrays of indices and masks."""
    if type(x) not in MUTABLE:
        if type(key) is not int and type(key) is not slice:
            selection = selection_of(x, key)
            if selection is not None:
                return selection
            if isinstance(key, tuple):
                key = tuple([k.now() if isinstance(k, Tracer) and k.mutable else k for k in key])
            elif isinstance(key, Tracer) and key.mutable:
                key = key.now()
        out = getitem(x, key)
        if out.shape and type(out) is type(x) and type(x) is not LinearTracer:  # nobody writes into a tangent
            if out is x:
                return fresh(x) if not settled_key(key)[1] else x
            if type(key) is slice or type(key) is int or settled_key(key)[1]:
                link(x, out, Index, key, x.shape)
        return out
    x = cast(MutableArray, x.this)
    key, basic = settled_key(key)
    if basic:
        if x.place is None:
            integers = integers_of(key, x.shape)
            if integers is not None and len(integers) == len(x.shape):
                return x.memory.block(integers)
        positions = x.shadow[key]
        if isinstance(positions, ndarray):
            return view_at(x, positions, Index(key, x.shape))
        return getitem(x.now(), key)
    selection = selection_of(x, key)
    return owned(getitem(x.now(), key)) if selection is None else selection


def write(x: Tracer, key: Any, value: Any) -> None:
    """``x[key] = value``."""
    if not x.shape and not x.mutable and getattr(x, "views", None) is None:
        raise TypeError("a number cannot be written into; only arrays can (np.asarray(x) has no axes, and is one)")
    array = writable(x)
    key, basic = settled_key(key)
    if type(value) in MUTABLE and value.memory is array.memory and basic:
        target = array.shadow[key]
        if _same_place(target, value.shadow):  # the end of x[key] += v, which has written already
            return
    if not basic and type(key) is tuple and write_beside(array, key, value):
        return
    if type(value) is Selection and value.by(key) and shape_of(value.whole) == array.shape:
        array.memory.put(array.shadow, ew.where(widen(key, array.shape), value.whole, array.now()))
        return
    v = as_value(value)
    check_written(v, array.dtype)
    if not basic:
        mask = unknown_mask(array, key)
        if mask is not None and write_masked(array, mask, v):
            return
        array.memory.put(getitem(array.shadow, key), v)
        return
    if array.place is None:
        integers = integers_of(key, array.shape)
        if integers is not None:
            array.memory.set_block(integers, v)
            return
    where = array.shadow if key is Ellipsis or key == slice(None) else np.asanyarray(array.shadow[key])
    array.memory.put(where, v)


def _same_place(a: Any, b: ndarray) -> bool:
    return (
        isinstance(a, ndarray)
        and a.shape == b.shape
        and a.strides == b.strides
        and a.__array_interface__["data"] == b.__array_interface__["data"]
    )


def set_real(x: Tracer, value: Any) -> None:
    """``x.real = value``."""
    write(x, ..., value + 1j * x.imag if x.dtype.kind == "c" else value)


def set_imag(x: Tracer, value: Any) -> None:
    """``x.imag = value``.

    Raises:
        TypeError: the array is real.
    """
    if x.dtype.kind != "c":
        raise TypeError("array does not have imaginary part to set")
    write(x, ..., x.real + 1j * value)


def set_flat(x: Tracer, value: Any) -> None:
    """``x.flat = value``."""
    Flat(x)[:] = value


def assign(x: Tracer, value: Value) -> MutableArray:
    """``x[...] = value`` for a value of the shape of `x`."""
    array = writable(x)
    array.memory.put(array.shadow, value)
    return array


def scatter(x: Tracer, primitive: Primitive, key: Value, value: Value) -> None:
    """Combine `value` with the elements at a key, once for each time that an element is named."""
    array = writable(x)
    key, _ = settled_key(key)
    array.memory.scatter(primitive, positions(array, key), as_value(value))


def positions(array: MutableArray, key: Value) -> Value:
    """The positions in the memory at a key."""
    found = getitem(array.shadow, key)
    return found if isinstance(found, Tracer) else np.asarray(found)


def put(x: Tracer, indices: Value, values: Value, mode: str = "raise") -> None:
    """NumPy's ``put``: write at flat indices, the values over again if there are fewer."""
    array = writable(x)
    places, indices = array.shadow.reshape(-1), as_value(indices)
    if isinstance(indices, Tracer):
        where = getitem(places, indices)
    else:
        where = np.take(places, np.asarray(indices), mode=mode)  # type: ignore[call-overload]
    check_written(values, array.dtype)
    values = reshape(as_value(values), (-1,))
    n = math.prod(shape_of(where))
    if n and shape_of(values)[0]:
        array.memory.put(reshape(where, (-1,)), getitem(values, np.arange(n) % shape_of(values)[0]))


class Flat:
    """``x.flat``: the elements in C order, to go over, to read and to write."""

    __slots__ = ("base", "index")

    def __init__(self, base: Any) -> None:
        self.base = base
        self.index = 0  # of the next element

    @property
    def coords(self) -> tuple[int, ...]:
        """Where the next element stands."""
        where = np.unravel_index(min(self.index, self.base.size - 1), self.base.shape)
        return tuple([int(i) for i in where])

    def copy(self) -> Any:
        return self.base.flatten()

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Value:
        if self.index >= self.base.size:
            raise StopIteration
        element = self[self.index]
        self.index += 1
        return element

    def __getitem__(self, key: Any) -> Value:
        return getitem(reshape(as_value(self.base), (-1,)), settled_key(key)[0])

    def __setitem__(self, key: Any, value: Value) -> None:
        array = writable(self.base)
        where = np.asarray(array.shadow.reshape(-1)[settled_key(key)[0]])
        if where.size:
            put(array, np.arange(array.size).reshape(-1)[settled_key(key)[0]], value)


# --- operators in place -----------------------------------------------------------------------------------------


class _Probe:
    count = 0

    def __iadd__(self, other: Any) -> Any:
        _Probe.count = sys.getrefcount(self)
        return self


def _alone() -> int:
    x = _Probe()
    x += 1
    return _Probe.count


ALONE = _alone()  # how often an array is referred to in its own `__iadd__` that one variable holds


def in_place(binary: Callable[[Tracer, Any], Any], name: str) -> Callable[[Tracer, Any], Any]:
    """``x += y``. A number is left alone and the name bound anew, as with NumPy's scalars; an array is changed."""

    def method(self: Tracer, other: Any) -> Any:
        if not self.shape and not self.mutable and self.views is None:
            return binary(self, other)
        if not self.mutable and sys.getrefcount(self) <= ALONE and self.views is None:
            out = binary(self, other)  # nobody else holds it, so another object will do
            if type(out) is type(self) and out.shape == self.shape and out.dtype is self.dtype:
                return out
            return out if out is NotImplemented else fitting(out, self, name)
        array = writable(self)
        now = array.now()
        out = binary(now if isinstance(now, Tracer) else array, other)
        return out if out is NotImplemented else assign(array, fitting(out, array, name))

    method.__name__ = method.__qualname__ = name
    return method


def fitting(out: Value, target: Value, name: str) -> Value:
    """A result as it is written into `target`, by NumPy's rules for operations in place.

    Raises:
        ShapeError: it is larger than the target.
        DtypeError: its dtype is of another kind.
    """
    out = as_value(out)
    shape, dtype = shape_of(target), dtype_of(target)
    if shape_of(out) != shape:
        try:
            out = broadcast_to(out, shape)
        except ShapeError:
            raise ShapeError(
                f"{name}: a result of shape {shape_of(out)} does not fit an array of shape {shape}"
            ) from None
    have = dtype_of(out)
    if have != dtype:
        if not np.can_cast(have, dtype, "same_kind"):
            raise DtypeError(
                f"{name}: a result of dtype {have} cannot be written into an array of dtype {dtype}; convert the array "
                f"with astype first, or write x = x + y"
            )
        out = ew.convert(out, dtype)
    return out
