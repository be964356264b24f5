"""The general gather and scatter: windows of an array at computed places, batch axes and window axes in any order.

Both are written with the primitives of `scatters.py`: the places of the axes that are indexed are computed, and axes whose
windows are whole stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Primitive, Tracer, Value, dtype_of, shape_of
from ..errors import ShapeError
from . import elementwise as ew
from .above import control_flow
from .reduction import max as greatest
from .scatters import gather_p, scatter_add_p
from .shape import broadcast_to, concatenate_p, reshape, transpose
from .slices import slice_p
from .updates import _fill_value

CLIP, FILL, PROMISE = "clip", "fill", "promise_in_bounds"


class _Places:
    """Where windows begin.

    Args:
        starts: integers, whose last axis has a component for each axis of `mapped`.
        shape: of the array that is indexed.
        sizes: of a window, an entry for each axis.
        mapped: the axis that each component is for.
        batching: axes of the array that go together with the axes `starts_batching` of `starts`.
    """

    def __init__(
        self, starts: Value, shape: Sequence[int], sizes: Sequence[int], mapped: Sequence[int], batching: Sequence[int],
        starts_batching: Sequence[int],
    ) -> None:  # fmt: skip
        self.shape, self.sizes = tuple(shape), tuple(sizes)
        self.batch = tuple(shape_of(starts)[:-1])
        dtype = dtype_of(starts)
        if dtype.kind == "u" or dtype.itemsize < 4:
            starts = ew.convert(starts, np.int64 if dtype.itemsize >= 4 else np.int32)
        self.components = {axis: starts[..., k] for k, axis in enumerate(mapped)}
        for axis, where in zip(batching, starts_batching, strict=True):
            along = [-1 if i == where else 1 for i in range(len(self.batch))]
            self.components[axis] = np.broadcast_to(np.arange(self.batch[where]).reshape(along), self.batch)
        self.mapped = tuple(mapped)

    def inside(self) -> Value:
        """For each place whether its window lies within the array."""
        out: Any = np.ones(self.batch, bool)
        for axis in self.mapped:
            i, last = self.components[axis], self.shape[axis] - self.sizes[axis]
            out = ew.logical_and(out, ew.logical_and(ew.greater_equal(i, 0), ew.less_equal(i, last)))
        return out

    def clip(self) -> None:
        """Move places so that their windows lie within the array."""
        for axis in self.mapped:
            i, last = self.components[axis], self.shape[axis] - self.sizes[axis]
            self.components[axis] = ew.minimum(ew.maximum(i, dtype_of(i).type(0)), dtype_of(i).type(max(last, 0)))

    def indices(self, axes: Sequence[int], spread: Sequence[int]) -> list[Value]:
        """For each of `axes` the indices of all elements of all windows; windows reach along `spread`."""
        out: list[Value] = []
        for axis in axes:
            i = self.components.get(axis)
            if i is None:
                i = np.zeros(self.batch, np.int64)
            i = reshape(i, (*self.batch, *(1,) * len(spread)))
            if axis in spread and self.sizes[axis] != 1:
                lengths = [1] * (len(self.batch) + len(spread))
                lengths[len(self.batch) + list(spread).index(axis)] = -1
                i = ew.add(i, np.arange(self.sizes[axis], dtype=dtype_of(i)).reshape(lengths))
            out.append(i)
        return out


def _whole_or_known(x: Value) -> bool:
    return not isinstance(x, Tracer) and bool(np.all(x))


def gather(
    x: Value, starts: Value, slice_sizes: Sequence[int], offset_axes: Sequence[int], collapsed: Sequence[int],
    mapped: Sequence[int], batching: Sequence[int] = (), starts_batching: Sequence[int] = (), mode: str = FILL,
    fill_value: Any = None,
) -> Value:  # fmt: skip
    """Windows of an array at computed places.

    Args:
        x: the array.
        starts: integers, whose last axis has a component for each axis of `mapped`.
        slice_sizes: the lengths of a window.
        offset_axes: which axes of the result are those of a window, in the order of the axes of `x`.
        collapsed: axes of `x`, of windows of length 1, that the result has not.
        mapped: the axis of `x` that each component is for.
        batching, starts_batching: axes of `x` and of `starts` that go together.
        mode: "clip" moves windows into the array, "fill" fills windows that reach out of it, "promise_in_bounds" moves them
            and gives them no derivative.
        fill_value: NaN, the least or the greatest integer where it is None.

    Example:
        >>> gather(np.arange(6.0).reshape(2, 3), np.array([[1], [0]]), (1, 3), (1,), (0,), (0,))
        array([[3., 4., 5.],
               [0., 1., 2.]])
    """
    shape = shape_of(x)
    places = _Places(starts, shape, slice_sizes, mapped, batching, starts_batching)
    there = True
    if mode == FILL or (mode == PROMISE and isinstance(x, Tracer)):
        there = places.inside()
    places.clip()
    gone = (*collapsed, *batching)
    window = [a for a in range(len(shape)) if a not in gone]
    indexed = [a for a in range(len(shape)) if a in places.components]
    spread = [a for a in indexed if a not in gone]
    rest = [a for a in range(len(shape)) if a not in indexed]
    if any(slice_sizes[a] != shape[a] for a in rest):
        stops = tuple(slice_sizes[a] if a in rest else n for a, n in enumerate(shape))
        x = slice_p.bind(x, starts=(0,) * len(shape), stops=stops, steps=(1,) * len(shape))
    lead = len(places.batch)
    if indexed:
        indices = [
            broadcast_to(i, (*places.batch, *(slice_sizes[a] for a in spread))) for i in places.indices(indexed, spread)
        ]
        out = gather_p.bind(x, *indices, axes=tuple(indexed))
    else:
        out = broadcast_to(x, (*places.batch, *shape_of(x)))
    have = [
        *range(lead),
        *[lead + [*spread, *rest].index(a) for a in window],
    ]  # of the axes: batch, then window in order
    kept = [a for a in rest if a in collapsed]
    if kept:  # a collapsed axis that no component is for
        sizes, position = list(shape_of(out)), [lead + [*spread, *rest].index(a) for a in kept]
        out = reshape(out, tuple(n for i, n in enumerate(sizes) if i not in position))
        order = [a for a in [*spread, *rest] if a not in kept]
        have = [*range(lead), *[lead + order.index(a) for a in window]]
    rank = lead + len(window)
    batch_axes = iter([i for i in range(rank) if i not in offset_axes])
    perm = [0] * rank
    for source in have[:lead]:
        perm[next(batch_axes)] = source
    for target, source in zip(sorted(offset_axes), have[lead:], strict=True):
        perm[target] = source
    out = transpose(out, tuple(perm))
    if there is True or _whole_or_known(there):
        return out
    dtype = dtype_of(x)
    if mode == PROMISE:
        fill = ew.stop_gradient_p.bind(out)
    else:
        fill = dtype.type(_fill_value(dtype) if fill_value is None else fill_value)
    lengths = [n if i not in offset_axes else 1 for i, n in enumerate(shape_of(out))]
    return ew.where(reshape(there, tuple(lengths)), out, fill)


def scatter(
    primitive: Primitive, x: Value, starts: Value, updates: Value, window_axes: Sequence[int], inserted: Sequence[int],
    mapped: Sequence[int], batching: Sequence[int] = (), starts_batching: Sequence[int] = (), mode: str = FILL,
) -> Value:  # fmt: skip
    """A copy of an array with windows of updates written at computed places, or combined with what is there.

    Args:
        primitive: one of the scatters of `scatters.py` or `combining_scatters.py`.
        x: the array.
        starts: integers, whose last axis has a component for each axis of `mapped`.
        updates: of the dtype of `x`.
        window_axes: which axes of `updates` are those of a window, in the order of the axes of `x`.
        inserted: axes of `x`, of windows of length 1, that `updates` has not.
        mapped: the axis of `x` that each component is for.
        batching, starts_batching: axes of `x` and of `starts` that go together.
        mode: "clip" moves windows into the array, "fill" leaves out those that reach out of it.

    Example:
        >>> from wengert.ops.scatters import scatter_add_p
        >>> scatter(scatter_add_p, np.zeros(3), np.array([[1], [7], [1]]), np.ones(3), (), (0,), (0,))
        array([0., 2., 0.])
    """
    shape, gone = shape_of(x), (*inserted, *batching)
    window = [a for a in range(len(shape)) if a not in gone]
    sizes = [1] * len(shape)
    for a, where in zip(window, sorted(window_axes), strict=True):
        sizes[a] = shape_of(updates)[where]
    if any(k > n for k, n in zip(sizes, shape, strict=True)):
        raise ShapeError(f"scatter: windows of shape {tuple(sizes)} do not fit into an array of shape {shape}")
    places = _Places(starts, shape, sizes, mapped, batching, starts_batching)
    there = places.inside() if mode == FILL else True
    places.clip()
    indexed = [a for a in range(len(shape)) if a in places.components or sizes[a] != shape[a]]
    spread = [a for a in indexed if a not in gone]
    rest = [a for a in range(len(shape)) if a not in indexed]
    batch_axes = [i for i in range(len(shape_of(updates))) if i not in window_axes]
    from_window = dict(zip(window, sorted(window_axes), strict=True))
    updates = transpose(
        updates, (*batch_axes, *[from_window[a] for a in (*spread, *[r for r in rest if r not in gone])])
    )
    kept = [a for a in rest if a in gone]  # of length 1, and in no component
    index_shape = (*places.batch, *(sizes[a] for a in spread))
    updates = reshape(updates, (*index_shape, *[1 if a in kept else shape[a] for a in rest]))
    lengths = [shape[a] for a in indexed]
    position: Any = np.zeros((), np.int64)
    for i, n in zip(places.indices(indexed, spread), lengths, strict=True):
        position = ew.add(ew.multiply(position, n), i)
    count = math.prod(lengths)
    flat = reshape(transpose(x, (*indexed, *rest)), (count, *[shape[a] for a in rest]))
    position = broadcast_to(position, index_shape)
    drops = not (there is True or _whole_or_known(there))
    if drops:
        position = ew.where(
            reshape(there, (*places.batch, *(1,) * len(spread))), position, dtype_of(position).type(count)
        )
        flat = concatenate_p.bind(flat, np.zeros((1, *shape_of(flat)[1:]), dtype_of(x)), axis=0)
    many = math.prod(index_shape)
    updates = reshape(updates, (many, *shape_of(updates)[len(index_shape) :]))
    flat = primitive.bind(flat, updates, reshape(position, (many,)), axes=(0,))
    if drops:
        stops = (count, *shape_of(flat)[1:])
        flat = slice_p.bind(flat, starts=(0,) * len(stops), stops=stops, steps=(1,) * len(stops))
    order = [*indexed, *rest]
    out = reshape(flat, tuple(shape[a] for a in order))
    return transpose(out, tuple(order.index(a) for a in range(len(shape))))


def scatter_apply(
    x: Value, starts: Value, function: Callable[[Value], Value], update_shape: Sequence[int], **numbers: Any
) -> Value:
    """A copy of an array with a function applied to the elements of windows, as often as windows lie over one."""
    ones = np.ones(tuple(update_shape), np.int32)
    times = scatter(scatter_add_p, np.zeros(shape_of(x), np.int32), starts, ones, **numbers)

    def once(i: Any, v: Value) -> Value:
        return ew.where(ew.greater(times, i), ew.convert(function(v), dtype_of(x)), v)

    if not isinstance(times, Tracer):
        for i in range(int(np.max(times, initial=0))):
            x = once(np.int32(i), x)
        return x
    return control_flow().fori_loop(np.int32(0), greatest(times, initial=0), once, x)


__all__ = ["CLIP", "FILL", "PROMISE", "gather", "scatter", "scatter_apply"]
