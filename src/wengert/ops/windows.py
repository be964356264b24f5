"""Windows of arrays: sliding over axes, padded and dilated; what reductions over windows and convolutions are made of."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Value, shape_of
from ..errors import ShapeError
from .indexing import basic_index_p
from .padding import pad
from .scatters import gather_p
from .shape import reshape, transpose

Pads = Sequence[tuple[int, int]]


def same_pads(
    sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int], lower: bool = False
) -> list[tuple[int, int]]:
    """The padding by which there are as many windows as elements, divided by the stride; the odd one behind, or before.

    Args:
        sizes: the lengths of the axes.
        reach: the lengths of a window, with its gaps.
        strides: the steps of the window.
        lower: whether an odd element of padding stands before.
    """
    pads = []
    for n, k, stride in zip(sizes, reach, strides, strict=True):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        low = total - total // 2 if lower else total // 2
        pads.append((low, total - low))
    return pads


_PADDING = "padding is 'SAME', 'SAME_LOWER', 'VALID' or pairs of numbers"


def _pair(entry: Any) -> Any:
    """A number stands for itself at both ends."""
    return (entry, entry) if np.ndim(entry) == 0 else entry


def pads_of(padding: Any, sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int], what: str) -> Any:
    """Pairs of numbers from what a user gives as the padding: "VALID", "SAME", "SAME_LOWER", or numbers and pairs of them.

    Args:
        sizes, reach, strides: as `same_pads` takes them. what: the function, for its error.

    Raises:
        ShapeError: there are not as many entries as axes, or it is something else.
    """
    if not isinstance(padding, str):
        try:
            pads = [(operator.index(low), operator.index(high)) for low, high in map(_pair, padding)]
        except (TypeError, ValueError):
            raise ShapeError(f"{what}: {_PADDING}, got {padding!r}") from None
        if len(pads) != len(sizes):
            raise ShapeError(f"{what}: padding has {len(pads)} pairs for {len(sizes)} axes")
        return pads
    if padding.upper() not in ("VALID", "SAME", "SAME_LOWER"):
        raise ShapeError(f"{what}: {_PADDING}, got {padding!r}")
    if padding.upper() == "VALID":
        return [(0, 0)] * len(sizes)
    return same_pads(sizes, reach, strides, padding.upper() == "SAME_LOWER")


def entries_of(value: Any, n: int, what: str) -> tuple[int, ...]:
    """`n` positive numbers; ones for None.

    Raises:
        ShapeError: there are not `n` of them, or some are below 1.
    """
    try:
        out = (1,) * n if value is None else tuple(int(k) for k in value)
    except TypeError:
        out = ()
    if len(out) != n or any(k < 1 for k in out):
        raise ShapeError(f"{what}: {n} positive numbers, got {value!r}")
    return out


def count(n: int, size: int, stride: int, dilation: int) -> int:
    """How many windows lie in an axis of length `n`."""
    return max((n - (size - 1) * dilation - 1) // stride + 1, 0) if n > 0 or size == 0 else 0


def dilated(n: int, dilation: int) -> int:
    """The length of an axis with gaps between its elements."""
    return 0 if n == 0 else (n - 1) * dilation + 1


def window_shape(
    shape: Sequence[int],
    sizes: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    base: Sequence[int],
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """How many windows there are along each axis.

    Example:
        >>> window_shape((10, 8), (3, 2), (2, 1), [(0, 0), (1, 1)], (1, 1), (1, 1))
        (4, 9)
    """
    return tuple(
        count(dilated(n, b) + lo + hi, k, s, d)
        for n, k, s, (lo, hi), b, d in zip(shape, sizes, strides, pads, base, dilation, strict=True)
    )


def _slid(x: Value, axis: int, size: int, stride: int, dilation: int) -> Value:
    """An axis as two: which window, and the place in it."""
    shape = shape_of(x)
    many = count(shape[axis], size, stride, dilation)
    if size == 1 or many == 0:
        whole = ((None, None, None),) * axis
        out = basic_index_p.bind(x, index=(*whole, (0, (many - 1) * stride + 1 if many else 0, stride)))
        return reshape(out, (*shape[:axis], many, size if many == 0 else 1, *shape[axis + 1 :]))
    if size == shape[axis]:  # one window, which is the whole axis
        return reshape(x, (*shape[:axis], 1, size, *shape[axis + 1 :]))
    places = np.arange(many)[:, None] * stride + np.arange(size) * dilation
    out = gather_p.bind(x, places, axes=(axis,))
    rank = len(shape) + 1
    order = (*range(2, axis + 2), 0, 1, *range(axis + 2, rank))
    return transpose(out, order)


def windows(
    x: Value, axes: Sequence[int], sizes: Sequence[int], strides: Sequence[int], pads: Pads, base: Sequence[int],
    dilation: Sequence[int], value: Value = 0,
) -> Value:  # fmt: skip
    """Windows that slide over axes.

    Args:
        x: an array.
        axes: the axes that windows slide along, in ascending order.
        sizes, strides: the lengths and steps of a window along each.
        pads: how much stands before and behind each, negative numbers taking away.
        base: distances between the elements of `x`.
        dilation: distances between the elements of a window.
        value: what stands in gaps and at the ends.

    Returns:
        An array that has the number of windows in the place of each axis, and behind all axes one for the elements of a
        window, in C order.

    Example:
        >>> windows(np.arange(4.0), (0,), (2,), (1,), [(0, 0)], (1,), (1,))
        array([[0., 1.],
               [1., 2.],
               [2., 3.]])
    """
    rank = len(shape_of(x))
    config = [(0, 0, 0)] * rank
    for axis, (lo, hi), b in zip(axes, pads, base, strict=True):
        if dilated(shape_of(x)[axis], b) + lo + hi < 0:
            lo, hi = -dilated(shape_of(x)[axis], b), 0  # nothing is left
        config[axis] = (lo, hi, b - 1)
    x = pad(x, value, config)
    for i, (axis, size, stride, d) in enumerate(zip(axes, sizes, strides, dilation, strict=True)):
        x = _slid(x, axis + i, size, stride, d)
    taps = [axis + i + 1 for i, axis in enumerate(axes)]
    rest = [i for i in range(len(shape_of(x))) if i not in taps]
    shape = shape_of(x)
    x = transpose(x, (*rest, *taps))
    return reshape(x, (*[shape[i] for i in rest], math.prod(sizes)))


def reduce_windows(
    x: Value, reduce: Callable[[Value, int], Value], value: Value, sizes: Sequence[int], strides: Sequence[int], pads: Pads,
    base: Sequence[int], dilation: Sequence[int],
) -> Value:  # fmt: skip
    """A reduction of each window over an array, every axis of which it slides along.

    Args:
        x: an array.
        reduce: ``reduce(windows, axis)``.
        value: what stands in gaps and at the ends.
        sizes, strides, pads, base, dilation: as `windows` takes them, an entry for each axis of `x`.
    """
    if any(k < 1 for k in sizes):
        raise ShapeError(f"window_dimensions must have every element be positive, got {tuple(sizes)}")
    sliding = [
        i for i, (k, s, p, b) in enumerate(zip(sizes, strides, pads, base, strict=True))
        if k != 1 or s != 1 or tuple(p) != (0, 0) or b != 1
    ]  # fmt: skip
    pick = lambda entries: [entries[i] for i in sliding]  # noqa: E731
    sizes, strides, pads, base, dilation = map(pick, (sizes, strides, pads, base, dilation))
    patches = windows(x, sliding, sizes, strides, pads, base, dilation, value)
    return reduce(patches, len(shape_of(patches)) - 1)


__all__ = ["count", "dilated", "reduce_windows", "same_pads", "window_shape", "windows"]
