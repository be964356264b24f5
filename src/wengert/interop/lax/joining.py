"""Arrays joined, parted, cut and padded in `jax.lax`, all of one dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import shape as sh
from ...ops.padding import pad as _pad
from ...ops.slices import slice_p
from ..array import wrap
from .checks import axis_of, operand, operands, same_dtypes, whole


def _value(x: Any, name: str) -> tuple[Any, bool]:
    return operand(x, name)


# --- joining and parting ----------------------------------------------------------------------------------------


def concatenate(operands: Any, dimension: int) -> Any:
    """Arrays of one dtype and rank joined along an axis.

    Raises:
        ValueError: there are none.
        TypeError: their dtypes or other lengths differ; there is no such axis.
    """
    xs = [operands[i] for i in range(operands.shape[0])] if hasattr(operands, "shape") and operands.shape else operands
    if len(xs) == 0:
        raise ValueError("concatenate requires a non-empty sequences of arrays")
    values, weak = _values(xs, "concatenate")
    if len(values) == 1:
        return wrap(values[0], weak)
    shapes = [tuple(v.shape) for v in values]
    if len({len(s) for s in shapes}) > 1:
        raise TypeError(
            f"Cannot concatenate arrays with different numbers of dimensions: got {', '.join(map(str, shapes))}."
        )
    if not 0 <= dimension < len(shapes[0]):
        raise TypeError(
            f"concatenate dimension out of bounds: dimension {dimension} for shapes {', '.join(map(str, shapes))}."
        )
    same_dtypes("concatenate", values)
    if len({s[:dimension] + s[dimension + 1 :] for s in shapes}) > 1:
        raise TypeError(
            f"Cannot concatenate arrays with shapes that differ in dimensions other than the one being concatenated: "
            f"concatenating along dimension {dimension} for shapes {', '.join(map(str, shapes))}."
        )
    return wrap(sh.concatenate_p.bind(*values, axis=dimension), weak)


def _values(xs: Any, name: str) -> tuple[list[Any], bool]:
    return operands(xs, name)


def stack(operands: Any, axis: int = 0) -> Any:
    """Arrays of one dtype and shape along a new axis.

    Raises:
        ValueError: their shapes differ, or there is no such axis.
        TypeError: their dtypes differ.
    """
    if len(operands) == 0:
        raise IndexError("stack requires at least one array")
    values, weak = _values(operands, "stack")
    if len({tuple(v.shape) for v in values}) > 1:
        listing = ", ".join(str(tuple(v.shape)) for v in values)
        raise ValueError(f"All input arrays must have the same shape. Got {listing}.")
    same_dtypes("stack", values)
    return wrap(sh.stack(values, axis_of(axis, len(values[0].shape) + 1)), weak)


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices of an array along an axis, without it."""
    value, weak = _value(x, "unstack")
    axis = axis_of(axis, len(value.shape))
    shape = tuple(n for i, n in enumerate(value.shape) if i != axis)
    pieces = [sh.slice_axis(value, axis, i, i + 1) for i in range(value.shape[axis])]
    return tuple([wrap(sh.reshape(p, shape), weak) for p in pieces])


def split(operand: Any, sizes: Any, axis: int = 0) -> list[Any]:
    """The array in pieces of these lengths along an axis.

    Raises:
        ValueError: they do not add up to the length of the axis, or one is negative.
    """
    value, weak = _value(operand, "split")
    axis, sizes = axis_of(axis, len(value.shape)), [int(n) for n in sizes]
    if any(n < 0 for n in sizes):
        raise ValueError(f"Sizes passed to split must be nonnegative, got {sizes}")
    if sum(sizes) != value.shape[axis]:
        raise ValueError(
            f"Sum of sizes {sum(sizes)} must be equal to dimension {axis} of the operand shape {list(value.shape)}"
        )
    ends = np.cumsum(sizes).tolist()
    return [wrap(sh.slice_axis(value, axis, e - n, e), weak) for n, e in zip(sizes, ends, strict=True)]


def tile(operand: Any, reps: Any) -> Any:
    """The array repeated along each of its axes.

    Raises:
        TypeError: there are not as many numbers of repetitions as axes.
    """
    value, weak = _value(operand, "tile")
    reps, shape = whole(reps, "tile"), tuple(value.shape)
    if len(reps) != len(shape):
        raise TypeError(
            f"reps length must be equal to the ndim of x, got len(reps)={len(reps)} and x.ndim={len(shape)}."
        )
    between = tuple(k for n in shape for k in (1, n))
    wide = tuple(k for r, n in zip(reps, shape, strict=True) for k in (r, n))
    out = sh.broadcast_to(sh.reshape(value, between), wide)
    return wrap(sh.reshape(out, tuple(r * n for r, n in zip(reps, shape, strict=True))), weak)


# --- cutting and padding ----------------------------------------------------------------------------------------


def slice(operand: Any, start_indices: Any, limit_indices: Any, strides: Any = None) -> Any:  # noqa: A001
    """The block of the array between two corners, every ``strides[i]``-th element along axis i.

    Raises:
        TypeError: the corners lie outside of the array or in the wrong order, or there are not as many as axes.
    """
    value, weak = _value(operand, "slice")
    shape = tuple(value.shape)
    starts, stops = whole(start_indices, "slice"), whole(limit_indices, "slice")
    steps = (1,) * len(shape) if strides is None else whole(strides, "slice")
    if not len(starts) == len(stops) == len(steps) == len(shape):
        raise TypeError(
            f"slice start_indices, limit_indices and strides must have length equal to operand ndim, got {starts}, {stops} "
            f"and {steps} for operand shape {shape}."
        )
    if any(s < 0 for s in starts):
        raise TypeError(f"slice start_indices must be greater than or equal to zero, got {starts}.")
    if any(e > n for e, n in zip(stops, shape, strict=True)):
        raise TypeError(
            f"slice limit_indices must be less than or equal to operand shape, got limit_indices {stops} for operand shape "
            f"{shape}."
        )
    if any(e < s for s, e in zip(starts, stops, strict=True)):
        raise TypeError(
            f"slice limit_indices must be greater than or equal to start_indices, got {starts} and {stops}."
        )
    if any(k <= 0 for k in steps):
        raise TypeError(f"slice strides must be positive, got {steps}.")
    return wrap(slice_p.bind(value, starts=starts, stops=stops, steps=steps) if shape else value, weak)


def slice_in_dim(operand: Any, start_index: Any, limit_index: Any, stride: int = 1, axis: int = 0) -> Any:
    """`slice` along one axis; None is an end of it, negative indices count from its end."""
    value, _ = _value(operand, "slice_in_dim")
    shape, axis = tuple(value.shape), axis_of(axis, len(value.shape))
    n = shape[axis]

    def place(i: Any, otherwise: int) -> int:
        i = otherwise if i is None else int(i.__index__())
        return i + n if i < 0 else i

    starts, stops, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], stops[axis], steps[axis] = place(start_index, 0), place(limit_index, n), int(stride)
    return slice(operand, starts, stops, steps)


def index_in_dim(operand: Any, index: int, axis: int = 0, keepdims: bool = True) -> Any:
    """The slice at one index along an axis, with that axis of length 1 or without it.

    Raises:
        IndexError: the index is out of bounds.
    """
    value, weak = _value(operand, "index_in_dim")
    index, axis = int(index.__index__()), axis_of(axis, len(value.shape))
    n = value.shape[axis]
    if not -n <= index < n:
        raise IndexError(f"index {index} is out of bounds for axis {axis} with size {n}")
    index %= n
    out = sh.slice_axis(value, axis, index, index + 1)
    return wrap(out if keepdims else sh.reshape(out, tuple(k for i, k in enumerate(value.shape) if i != axis)), weak)


def pad(operand: Any, padding_value: Any, padding_config: Any) -> Any:
    """The array with a value before, behind and between its elements.

    Args:
        operand: the array.
        padding_value: a scalar of its dtype.
        padding_config: for each axis ``(low, high, interior)``; negative `low` and `high` take elements away.

    Raises:
        TypeError: the dtypes differ.
        ValueError: there are not as many entries as axes, or `interior` is negative, or more is taken away than there is.
    """
    value, weak = _value(operand, "pad")
    fill, weak_fill = _value(padding_value, "pad")
    if value.dtype != fill.dtype:
        raise TypeError(f"pad operand and padding_value must be same dtype: got {value.dtype} and {fill.dtype}.")
    if fill.shape:
        raise ValueError(f"padding_value must be a scalar; got np.shape(padding_value)={fill.shape}")
    config = [(int(lo), int(hi), int(between)) for lo, hi, between in padding_config]
    if len(config) != len(value.shape):
        raise ValueError(
            f"length of padding_config must equal the number of axes of operand, got padding_config {tuple(config)} for "
            f"operand shape {tuple(value.shape)}"
        )
    if any(between < 0 for _, _, between in config):
        raise ValueError(f"interior padding in padding_config must be nonnegative, got padding_config {tuple(config)}")
    return wrap(_pad(value, fill, config), weak and weak_fill)


__all__ = ["concatenate", "index_in_dim", "pad", "slice", "slice_in_dim", "split", "stack", "tile", "unstack"]
