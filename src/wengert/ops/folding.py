"""Reductions by any associative operation: in halves, whole arrays at a time; those of known operations are the library's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Value, dtype_of, shape_of
from . import elementwise as ew
from . import reduction as red
from .indexing import take_along_axis
from .shape import moveaxis, reshape, sum_p
from .slices import slice_axis

Combine = Callable[[list[Value], list[Value]], Sequence[Value]]


def fold(values: Sequence[Value], combine: Combine) -> list[Value]:
    """Arrays reduced over their first axis, of length at least 1, by an associative operation on lists of arrays.

    Example:
        >>> fold([np.array([1.0, 2.0, 3.0])], lambda a, b: [a[0] * b[0]])
        [np.float64(6.0)]
    """
    values = list(values)
    n = shape_of(values[0])[0]
    left: list[list[Value]] = []
    while n > 1:
        half = n // 2
        if n % 2:
            left.append([slice_axis(v, 0, n - 1, n) for v in values])
        first = [slice_axis(v, 0, 0, half) for v in values]
        second = [slice_axis(v, 0, half, 2 * half) for v in values]
        values = list(combine(first, second))
        n = half
    for more in reversed(left):
        values = list(combine(values, more))
    return [reshape(v, shape_of(v)[1:])[()] for v in values]


def extreme_of_first(x: Value, axis: int, greatest: bool) -> Value:
    """The greatest or least element along an axis; of equal ones the first has the derivative."""
    place = (red.argmax_p if greatest else red.argmin_p).bind(x, axis=axis)
    shape = shape_of(x)
    place = reshape(place, (*shape[:axis], 1, *shape[axis + 1 :]))
    return reshape(take_along_axis(x, place, axis), (*shape[:axis], *shape[axis + 1 :]))


def front(x: Value, axes: Sequence[int]) -> Value:
    """The array with `axes` made one, in front."""
    shape = shape_of(x)
    x = moveaxis(x, tuple(axes), tuple(range(len(axes)))) if axes else x
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    return reshape(x, (math.prod(shape[a] for a in axes), *rest))


def identity(name: str, dtype: np.dtype) -> Any:
    """What changes nothing under an operation: of `max` the least number, of `and` all bits."""
    if name in ("add", "or", "xor"):
        return dtype.type(0)
    if name == "mul":
        return dtype.type(1)
    if name == "and":
        return dtype.type(True) if dtype.kind == "b" else np.invert(dtype.type(0))
    least = name == "max"
    if dtype.kind == "b":
        return dtype.type(not least)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return dtype.type(info.min if least else info.max)
    if dtype.kind == "c":
        return dtype.type(complex(-np.inf if least else np.inf, -np.inf if least else np.inf))
    return dtype.type(-np.inf if least else np.inf)


_BY_PAIRS: dict[str, Callable[[Value, Value], Value]] = {
    "and": ew.bitwise_and_p.bind, "or": ew.bitwise_or_p.bind, "xor": ew.bitwise_xor_p.bind,
}  # fmt: skip


def _later(better: Callable[..., Value]) -> Callable[[Value, Value], Value]:
    """The better of two complex numbers, by their real parts and then their imaginary ones."""

    def choose(x: Value, y: Value) -> Value:
        a, b, c, d = ew.real(x), ew.real(y), ew.imag(x), ew.imag(y)
        return ew.where(ew.logical_or(better(a, b), ew.logical_and(ew.equal(a, b), better(c, d))), x, y)

    return choose


_COMPLEX = {"max": _later(ew.greater), "min": _later(ew.less)}


def reduce_by(name: str, x: Value, axes: tuple[int, ...]) -> Value:
    """The reduction of an array by "add", "mul", "max", "min", "and", "or" or "xor", in its own dtype.

    Example:
        >>> reduce_by("xor", np.array([[1, 3], [1, 1]]), (0,))
        array([0, 2])
    """
    dtype = dtype_of(x)
    if not axes:
        return x
    if name in ("max", "min"):
        if not math.prod(shape_of(x)[a] for a in axes):
            rest = tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)
            return np.full(rest, identity(name, dtype), dtype)
        if dtype.kind == "c":
            pair = _COMPLEX[name]
            return fold([front(x, axes)], lambda a, b: [pair(a[0], b[0])])[0]
        return (red.max_p if name == "max" else red.min_p).bind(x, axes=axes)
    if name == "add":
        return ew.convert(sum_p.bind(x, axes=axes), dtype)
    if name == "mul":
        return ew.convert(red.prod_p.bind(x, axes=axes), dtype)
    if dtype.kind == "b" and name != "xor":
        return (red.all_p if name == "and" else red.any_p).bind(x, axes=axes)
    flat = front(x, axes)
    if not shape_of(flat)[0]:
        return np.full(shape_of(flat)[1:], identity(name, dtype), dtype)
    return fold([flat], lambda a, b: [_BY_PAIRS[name](a[0], b[0])])[0]


def pair_by(name: str, x: Value, y: Value) -> Value:
    """The operation of that name on two arrays of one dtype."""
    dtype = dtype_of(x)
    if name in _BY_PAIRS:
        return _BY_PAIRS[name](x, y)
    if name == "add":
        return ew.add(x, y)
    if name == "mul":
        return ew.multiply(x, y)
    if dtype.kind == "c":
        return _COMPLEX[name](x, y)
    if dtype.kind == "b":
        return ew.logical_or(x, y) if name == "max" else ew.logical_and(x, y)
    return ew.maximum(x, y) if name == "max" else ew.minimum(x, y)


def windows_by(name: str, x: Value, axis: int) -> Value:
    """`reduce_by` over the axis that holds a window; of equal extremes the first has the derivative."""
    if name in ("max", "min") and dtype_of(x).kind not in "cb" and shape_of(x)[axis]:
        return extreme_of_first(x, axis, name == "max")
    return reduce_by(name, x, (axis,))


__all__ = ["extreme_of_first", "fold", "front", "identity", "pair_by", "reduce_by", "windows_by"]
