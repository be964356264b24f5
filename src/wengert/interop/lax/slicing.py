"""Blocks at computed places in `jax.lax`: dynamic slices, and the general gather and scatter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import lax as ours
from ...core import Tracer, Value
from ...errors import ArgumentError
from ...ops import elementwise as ew
from ...ops import gathering
from ...ops import shape as sh
from ...ops.combining_scatters import scatter_max_p, scatter_min_p, scatter_mul_p
from ...ops.scatters import scatter_add_p, scatter_set_p
from ..array import Array, wrap
from ..border import lift, lower
from .checks import accepts, axis_of, operand, operands, same_dtypes, whole
from .enums import GatherScatterMode

# --- dynamic slices ---------------------------------------------------------------------------------------------


def _starts(name: str, shape: Sequence[int], start_indices: Any, negative: Any) -> list[Value]:
    """The indices, of which negative ones count from the end where that is allowed."""
    if type(start_indices) is Array or isinstance(start_indices, (np.ndarray, Tracer)):
        if len(start_indices.shape) != 1:
            raise ValueError(f"Indices of {name} must be a 1D sequence, got shape {start_indices.shape}")
        start_indices = [start_indices[i] for i in range(start_indices.shape[0])]
    if not isinstance(start_indices, (list, tuple)):
        raise TypeError(f"{name}: start indices are a sequence of integers, got {start_indices!r}")
    if len(start_indices) != len(shape):
        raise ValueError(
            f"Length of slice indices must match number of operand dimensions ({len(start_indices)} vs {tuple(shape)})"
        )
    allowed = [negative] * len(shape) if isinstance(negative, (bool, np.bool_)) else list(negative)
    if len(allowed) != len(shape):
        raise ValueError(f"allow_negative_indices has {len(allowed)} entries for {len(shape)} axes")
    out: list[Value] = []
    for x, n, may in zip(start_indices, shape, allowed, strict=True):
        i, _ = operand(x, name)
        if i.dtype.kind not in "iu" or i.shape:
            raise TypeError(
                f"index arguments to {name} must be integers of the same type, got: {i.dtype} of shape {i.shape}"
            )
        if not may:
            if not isinstance(i, Tracer) and i < 0:
                raise ValueError(f"Index {i} is out of bounds for dimension {n} if allow_negative_indices=False")
            i = ew.maximum(i, i.dtype.type(0))
        out.append(i)
    return out


def dynamic_slice(operand: Any, start_indices: Any, slice_sizes: Any, *, allow_negative_indices: Any = True) -> Any:
    """A block of the array at a computed place, moved so that it lies inside.

    Raises:
        ValueError: there are not as many indices as axes.
        TypeError: the block is larger than the array, or an index is no integer.
    """
    value, weak = _array(operand, "dynamic_slice")
    starts = _starts("dynamic_slice", value.shape, start_indices, allow_negative_indices)
    sizes = whole(slice_sizes, "slice_sizes")
    if len(sizes) != len(value.shape):
        raise TypeError(
            f"dynamic_slice slice_sizes must have length equal to operand ndim, got {sizes} for {value.shape}"
        )
    if any(k > n for k, n in zip(sizes, value.shape, strict=True)):
        raise TypeError(
            f"slice slice_sizes must be less than or equal to operand shape, got slice_sizes {sizes} for operand shape "
            f"{tuple(value.shape)}."
        )
    if any(k < 0 for k in sizes):
        raise TypeError(f"slice slice_sizes must be greater than or equal to zero, got slice_sizes of {sizes}.")
    return wrap(ours.dynamic_slice(value, starts, sizes), weak)


def _array(x: Any, name: str) -> tuple[Any, bool]:
    return operand(x, name)


def dynamic_update_slice(operand: Any, update: Any, start_indices: Any, *, allow_negative_indices: Any = True) -> Any:
    """A copy of the array with a block written at a computed place, moved so that it lies inside.

    Raises:
        TypeError: dtypes or ranks differ, or the block is larger than the array.
    """
    (value, new), weak = operands((operand, update), "dynamic_update_slice")
    starts = _starts("dynamic_update_slice", value.shape, start_indices, allow_negative_indices)
    if len(value.shape) != len(new.shape):
        raise TypeError(
            f"dynamic_update_slice update must have the same rank as operand, got update shape {tuple(new.shape)} for operand "
            f"shape {tuple(value.shape)}."
        )
    if any(k > n for k, n in zip(new.shape, value.shape, strict=True)):
        raise TypeError(
            f"dynamic_update_slice update shape must be smaller than operand shape, got update shape {tuple(new.shape)} for "
            f"operand shape {tuple(value.shape)}."
        )
    same_dtypes("dynamic_update_slice", [value, new])
    return wrap(ours.dynamic_update_slice(value, new, starts), weak)


def dynamic_slice_in_dim(
    operand: Any, start_index: Any, slice_size: int, axis: int = 0, *, allow_negative_indices: bool = True
) -> Any:
    """`dynamic_slice` along one axis."""
    value, _ = _array(operand, "dynamic_slice_in_dim")
    axis = axis_of(axis, len(value.shape))
    starts: list[Any] = [np.int32(0)] * len(value.shape)
    sizes, may = list(value.shape), [True] * len(value.shape)
    starts[axis], sizes[axis], may[axis] = start_index, slice_size, allow_negative_indices
    return dynamic_slice(operand, starts, sizes, allow_negative_indices=may)


def dynamic_index_in_dim(
    operand: Any, index: Any, axis: int = 0, keepdims: bool = True, *, allow_negative_indices: bool = True
) -> Any:
    """The slice at one computed index along an axis, with that axis of length 1 or without it."""
    out = dynamic_slice_in_dim(operand, index, 1, axis, allow_negative_indices=allow_negative_indices)
    if keepdims:
        return out
    axis = axis_of(axis, len(out.shape))
    return wrap(sh.reshape(out._value, tuple(n for i, n in enumerate(out.shape) if i != axis)), out._weak)


def dynamic_update_slice_in_dim(
    operand: Any, update: Any, start_index: Any, axis: int, *, allow_negative_indices: bool = True
) -> Any:
    """`dynamic_update_slice` along one axis."""
    value, _ = _array(operand, "dynamic_update_slice_in_dim")
    axis = axis_of(axis, len(value.shape))
    starts: list[Any] = [np.int32(0)] * len(value.shape)
    may = [True] * len(value.shape)
    starts[axis], may[axis] = start_index, allow_negative_indices
    return dynamic_update_slice(operand, update, starts, allow_negative_indices=may)


def dynamic_update_index_in_dim(
    operand: Any, update: Any, index: Any, axis: int, *, allow_negative_indices: bool = True
) -> Any:
    """`dynamic_update_slice_in_dim` of one slice, which may lack the axis."""
    value, _ = _array(operand, "dynamic_update_index_in_dim")
    new, weak = _array(update, "dynamic_update_index_in_dim")
    axis = axis_of(axis, len(value.shape))
    if len(new.shape) != len(value.shape):
        if len(new.shape) + 1 != len(value.shape):
            raise AssertionError(f"an update of shape {new.shape} is no slice of an array of shape {value.shape}")
        update = wrap(sh.expand_dims(new, axis), weak)
    return dynamic_update_slice_in_dim(operand, update, index, axis, allow_negative_indices=allow_negative_indices)


def index_take(src: Any, idxs: Any, axes: Any) -> Any:
    """Slices of an array at the indices that arrays of one shape give along several axes; indices count around.

    Args:
        src: the array.
        idxs: for each of `axes` an array of indices.
        axes: the axes.
    """
    values, _ = operands(idxs, "index_take")
    value, weak = _array(src, "index_take")
    gone = tuple(axis_of(a, len(value.shape)) for a in axes)
    lengths = np.array([value.shape[a] for a in gone], np.int32)
    starts = ew.remainder(sh.stack([ew.convert(i, np.int32) for i in values], -1), lengths)
    lead = len(starts.shape) - 1
    sizes = [1 if a in gone else n for a, n in enumerate(value.shape)]
    kept = len(value.shape) - len(gone)
    return wrap(
        gathering.gather(value, starts, sizes, range(lead, lead + kept), gone, gone, mode=gathering.CLIP), weak
    )  # fmt: skip


# --- gather and scatter -----------------------------------------------------------------------------------------

_MODES = {
    GatherScatterMode.CLIP: gathering.CLIP, GatherScatterMode.FILL_OR_DROP: gathering.FILL,
    GatherScatterMode.PROMISE_IN_BOUNDS: gathering.PROMISE, GatherScatterMode.ONE_HOT: gathering.FILL,
}  # fmt: skip


def _sorted(name: str, what: str, axes: Sequence[int], ndim: int) -> None:
    if list(axes) != sorted(axes):
        raise TypeError(f"{what} in {name} op must be sorted; got {tuple(axes)}")
    if len(set(axes)) != len(axes):
        raise TypeError(f"{what} in {name} op must not repeat; got: {tuple(axes)}.")
    if any(not 0 <= a < ndim for a in axes):
        raise TypeError(f"Invalid {what} set in {name} op; valid range is [0, {ndim}); got: {tuple(axes)}.")


def gather(
    operand: Any, start_indices: Any, dimension_numbers: Any, slice_sizes: Any, *, unique_indices: bool = False,
    indices_are_sorted: bool = False, mode: Any = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """Windows of an array at computed places.

    Args:
        operand: the array.
        start_indices: integers; the last axis has a component for each axis of `dimension_numbers.start_index_map`.
        dimension_numbers: a `GatherDimensionNumbers`.
        slice_sizes: the lengths of a window.
        unique_indices, indices_are_sorted: promises, which change nothing.
        mode: what becomes of windows that reach out of the array: moved into it ("clip"; None, without a
            derivative), or filled ("fill").
        fill_value: what they are filled with: NaN, the least or the greatest integer by default.

    Raises:
        TypeError: the numbers do not fit the shapes.
    """
    value, weak = _array(operand, "gather")
    starts, _ = _array(start_indices, "gather")
    n = dimension_numbers
    rank, sizes = len(value.shape), whole(slice_sizes, "slice_sizes")
    _integers(starts)
    lead = len(starts.shape) - 1
    _sorted("gather", "offset_dims", n.offset_dims, lead + len(n.offset_dims))
    _sorted("gather", "collapsed_slice_dims", n.collapsed_slice_dims, rank)
    _sorted("gather", "operand_batching_dims", n.operand_batching_dims, rank)
    _mapped("gather", "start_index_map", n.start_index_map, starts, rank)
    if len(sizes) != rank:
        raise TypeError(
            f"Gather op must have one slice size for every input dimension; got: len(slice_sizes)={len(sizes)}."
        )
    if rank != len(n.offset_dims) + len(n.collapsed_slice_dims) + len(n.operand_batching_dims):
        raise TypeError(
            f"slice_sizes must have rank equal to the sum of offset_dims, collapsed_slice_dims and operand_batching_dims; got "
            f"{n} for rank {rank}"
        )
    for k, size in zip(sizes, value.shape, strict=True):
        if not 0 <= k <= size:
            raise TypeError(f"Slice size in gather op out of range, must be within [0, {size}], got {k}.")
    for axis in (*n.collapsed_slice_dims, *n.operand_batching_dims):
        if sizes[axis] > 1:
            raise TypeError(
                f"Gather op can only collapse slice dims with bound 1 or 0, but bound is {sizes[axis]} for {axis}."
            )
    return wrap(
        gathering.gather(
            value, starts, sizes, n.offset_dims, n.collapsed_slice_dims, n.start_index_map, n.operand_batching_dims,
            n.start_indices_batching_dims, _MODES[GatherScatterMode.from_any("promise_in_bounds" if mode is None else mode)],
            None if fill_value is None else lower(fill_value),
        ),
        weak,
    )  # fmt: skip


def _integers(starts: Any) -> None:
    if starts.dtype.kind not in "iu":
        raise ArgumentError(f"indices must have an integer type, got {starts.dtype}")


def _mapped(name: str, what: str, axes: Sequence[int], starts: Value, rank: int) -> None:
    if not starts.shape or starts.shape[-1] != len(axes):
        raise TypeError(
            f"{name.capitalize()} op has {len(axes)} elements in {what} and the bound of dimension index_vector_dim of "
            f"indices is {starts.shape[-1] if starts.shape else None}. These two numbers must be equal."
        )
    if len(set(axes)) != len(axes):
        raise TypeError(f"{what} in {name} op must not repeat; got: {tuple(axes)}.")
    if any(not 0 <= a < rank for a in axes):
        raise TypeError(f"Invalid {what} set in {name} op; valid range is [0, {rank}); got: {tuple(axes)}.")


def _numbers(
    name: str, shape: Sequence[int], starts: Value, update_shape: Sequence[int], n: Any, mode: Any
) -> dict[str, Any]:
    """The keyword arguments of `gathering.scatter`, checked."""
    rank = len(shape)
    _integers(starts)
    _sorted(name, "update_window_dims", n.update_window_dims, len(update_shape))
    _sorted(name, "inserted_window_dims", n.inserted_window_dims, rank)
    _sorted(name, "operand_batching_dims", n.operand_batching_dims, rank)
    _mapped(name, "scatter_dims_to_operand_dims", n.scatter_dims_to_operand_dims, starts, rank)
    gone = (*n.inserted_window_dims, *n.operand_batching_dims)
    if len(n.update_window_dims) + len(gone) != rank:
        raise TypeError(
            f"Scatter op has window of size {len(n.update_window_dims) + len(gone)}; doesn't match operand of rank {rank}."
        )
    batch = tuple(k for i, k in enumerate(update_shape) if i not in n.update_window_dims)
    if batch != tuple(starts.shape[:-1]):
        raise TypeError(
            f"Bounds of the scatter dimensions of updates must be the same as the bounds of the corresponding dimensions of "
            f"scatter indices. For scatter updates of shape {tuple(update_shape)}, got indices of shape {tuple(starts.shape)}."
        )
    window = [a for a in range(rank) if a not in gone]
    for a, i in zip(window, n.update_window_dims, strict=True):
        if update_shape[i] > shape[a]:
            raise TypeError(
                f"Bounds of the window dimensions of updates must not exceed the bounds of the corresponding dimensions of "
                f"operand. For dimension {i}, updates bound is {update_shape[i]}, operand bound is {shape[a]}."
            )
    return {
        "window_axes": n.update_window_dims, "inserted": n.inserted_window_dims, "mapped": n.scatter_dims_to_operand_dims,
        "batching": n.operand_batching_dims, "starts_batching": n.scatter_indices_batching_dims,
        "mode": gathering.CLIP if GatherScatterMode.from_any(mode) is GatherScatterMode.CLIP else gathering.FILL,
    }  # fmt: skip


def _scatter(name: str, primitive: Any, what: str, numeric: bool = True) -> Callable[..., Any]:
    def function(
        operand: Any, scatter_indices: Any, updates: Any, dimension_numbers: Any, *, indices_are_sorted: bool = False,
        unique_indices: bool = False, mode: Any = None,
    ) -> Any:  # fmt: skip
        (value, new), weak = operands((operand, updates), name)
        starts, _ = _array(scatter_indices, name)
        same_dtypes(name, [value, new])
        if numeric:
            accepts(name, value, "iufc")
        if name == "scatter_sub":
            new = ew.negative(new)
        options = _numbers(name, value.shape, starts, new.shape, dimension_numbers, mode)
        return wrap(gathering.scatter(primitive, value, starts, new, **options), weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""A copy of an array with windows of updates {what} at computed places.

    Args:
        operand: the array.
        scatter_indices: integers; the last axis has a component for each of
            `dimension_numbers.scatter_dims_to_operand_dims`.
        updates: of its dtype.
        dimension_numbers: a `ScatterDimensionNumbers`.
        indices_are_sorted, unique_indices: promises, which change nothing.
        mode: what becomes of windows that reach out of the array: they are left out (None), or moved into it ("clip").

    Raises:
        TypeError: the numbers do not fit the shapes, or the dtypes differ.
    """
    return function


scatter = _scatter("scatter", scatter_set_p, "written", False)
scatter_add = _scatter("scatter_add", scatter_add_p, "added")
scatter_sub = _scatter("scatter_sub", scatter_add_p, "subtracted")
scatter_mul = _scatter("scatter_mul", scatter_mul_p, "multiplied")
scatter_min = _scatter("scatter_min", scatter_min_p, "that are smaller written", False)
scatter_max = _scatter("scatter_max", scatter_max_p, "that are greater written", False)


def scatter_apply(
    operand: Any, scatter_indices: Any, func: Callable[[Any], Any], dimension_numbers: Any, *, update_shape: Any = (),
    indices_are_sorted: bool = False, unique_indices: bool = False, mode: Any = None,
) -> Any:  # fmt: skip
    """A copy of an array with an elementwise function applied to the windows at computed places.

    Args:
        operand, scatter_indices, dimension_numbers, mode: as `scatter` takes them.
        func: a function of an array of any shape, elementwise; applied as often as windows lie over an element.
        update_shape: the shape that updates would have.
    """
    value, weak = _array(operand, "scatter_apply")
    starts, _ = _array(scatter_indices, "scatter_apply")
    shape = whole(update_shape, "update_shape")
    options = _numbers("scatter_apply", value.shape, starts, shape, dimension_numbers, mode)
    return wrap(gathering.scatter_apply(value, starts, lambda v: lower(func(lift(v))), shape, **options), weak)


__all__ = [
    "dynamic_index_in_dim", "dynamic_slice", "dynamic_slice_in_dim", "dynamic_update_index_in_dim", "dynamic_update_slice",
    "dynamic_update_slice_in_dim", "gather", "index_take", "scatter", "scatter_add", "scatter_apply", "scatter_max",
    "scatter_min", "scatter_mul", "scatter_sub",
]  # fmt: skip
