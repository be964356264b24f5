"""Shapes and dtypes in `jax.lax`: filling, broadcasting, reshaping, conversions and choices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, as_value, shape_of
from ...errors import ShapeError
from ...ops import bits
from ...ops import elementwise as ew
from ...ops import shape as sh
from ..array import Array, kind_of, wrap
from ..border import lower
from ..conversion import converted
from .checks import accepts, axis_of, given, kind, operand, operands, same_dtypes, whole


def _positive(what: str, shape: Any) -> tuple[int, ...]:
    shape = whole(shape, what)
    if any(n < 0 for n in shape):
        raise TypeError(f"{what} shape must have every element be nonnegative, got {shape}.")
    return shape


# --- filling and broadcasting -----------------------------------------------------------------------------------


def broadcast(operand: Any, sizes: Any, *, out_sharding: Any = None) -> Any:
    """The array with axes of these lengths before its own."""
    value, _ = _value(operand, "broadcast")
    lead = whole(sizes, "broadcast")
    n = len(lead)
    return broadcast_in_dim(operand, (*lead, *value.shape), tuple(range(n, n + len(value.shape))))


def _value(x: Any, name: str) -> tuple[Any, bool]:
    return operand(x, name)


def broadcast_in_dim(operand: Any, shape: Any, broadcast_dimensions: Any, *, out_sharding: Any = None) -> Any:
    """The array broadcast to a shape, its axis i being axis ``broadcast_dimensions[i]`` of the result.

    Raises:
        TypeError: an axis has neither length 1 nor the length of the axis that it becomes.
    """
    value, weak = _value(operand, "broadcast_in_dim")
    shape, axes = _positive("broadcast_in_dim", shape), whole(broadcast_dimensions, "broadcast_dimensions")
    if len(axes) != len(value.shape):
        raise TypeError(
            f"broadcast_in_dim broadcast_dimensions must have length equal to operand ndim; got {axes} for {value.shape}"
        )
    if any(not 0 <= d < len(shape) for d in axes) or len(set(axes)) < len(axes):
        raise TypeError(f"broadcast_in_dim broadcast_dimensions {axes} are no different axes of the shape {shape}")
    if list(axes) != sorted(axes):
        order = sorted(range(len(axes)), key=axes.__getitem__)
        value, axes = sh.transpose(value, tuple(order)), tuple(axes[i] for i in order)
    sizes = [1] * len(shape)
    for n, d in zip(value.shape, axes, strict=True):
        if n not in (1, shape[d]):
            raise TypeError(
                f"broadcast_in_dim operand dimension sizes must either be 1, or be equal to their corresponding dimensions in "
                f"the target broadcast shape; got operand of shape {value.shape}, target broadcast shape {shape}"
            )
        sizes[d] = n
    return wrap(sh.broadcast_to(sh.reshape(value, tuple(sizes)), shape), weak)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that these broadcast to.

    Raises:
        ValueError: they do not.
    """
    if not shapes:
        raise ValueError("broadcast_shapes needs at least one shape")
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"Incompatible shapes for broadcasting: shapes={[tuple(s) for s in shapes]}") from None


def broadcast_to_rank(x: Any, rank: int) -> Any:
    """The array with axes of length 1 before its own, until there are `rank`."""
    value, weak = _value(x, "broadcast_to_rank")
    missing = max(rank - len(value.shape), 0)
    return wrap(sh.reshape(value, (1,) * missing + tuple(value.shape)), weak)


def broadcast_like(arr: Any, like_arr: Any) -> Any:
    """The array broadcast to the shape of another."""
    value, weak = _value(arr, "broadcast_like")
    return wrap(sh.broadcast_to(value, tuple(_value(like_arr, "broadcast_like")[0].shape)), weak)


def full(shape: Any, fill_value: Any, dtype: Any = None, *, sharding: Any = None) -> Any:
    """An array of a shape, filled with a number.

    Raises:
        TypeError: `fill_value` is no scalar, or a length is negative.
    """
    value, weak = _value(fill_value, "full")
    if value.shape:
        raise TypeError(f"full must be called with scalar fill_value, got fill_value.shape {value.shape}.")
    shape = _positive("broadcast_in_dim", (shape,) if isinstance(shape, (int, np.integer)) else shape)
    if dtype is not None:
        value, weak = converted(value, dtype), dtype in (int, float, complex) and weak
    return wrap(sh.broadcast_to(value, shape), weak and dtype is None)


def full_like(x: Any, fill_value: Any, dtype: Any = None, shape: Any = None, sharding: Any = None) -> Any:
    """`full`, with the shape and dtype of `x` where none are given."""
    if hasattr(x, "shape") and hasattr(x, "dtype") and type(x) is not Array:
        own, weak = (given(x.dtype), bool(getattr(x, "weak_type", False)))
        like = tuple(x.shape)
    else:
        (own, weak), like = kind_of(x), tuple(np.shape(x) if type(x) is not Array else x.shape)
    weak = weak and dtype is None
    value, _ = _value(fill_value, "full")
    if value.shape:
        raise TypeError(f"full must be called with scalar fill_value, got fill_value.shape {value.shape}.")
    out = converted(value, own if dtype is None else dtype)
    return wrap(sh.broadcast_to(out, like if shape is None else _positive("full_like", shape)), weak)


def empty(shape: Any, dtype: Any, *, out_sharding: Any = None) -> Any:
    """An array of zeros."""
    return wrap(np.zeros(_positive("empty", shape), given(dtype)))


def iota(dtype: Any, size: int) -> Any:
    """The numbers 0, 1, … below `size`."""
    return broadcasted_iota(dtype, (size,), 0)


def broadcasted_iota(dtype: Any, shape: Any, dimension: int, *, out_sharding: Any = None) -> Any:
    """An array of a shape whose elements are their positions along one axis.

    Raises:
        TypeError: the dtype is bool, or a length negative.
        ValueError: there is no such axis.
    """
    dtype, shape = given(dtype), _positive("iota", shape)
    accepts("iota", np.zeros((), dtype), "iufc")
    if not 0 <= dimension < len(shape):
        raise ValueError(
            f"iota dimension must be between 0 and len(shape), got dimension={dimension} for shape={shape}"
        )
    along = [-1 if i == dimension else 1 for i in range(len(shape))]
    return wrap(np.broadcast_to(np.arange(shape[dimension]).astype(dtype).reshape(along), shape).copy())


# --- shapes and orders ------------------------------------------------------------------------------------------


def reshape(operand: Any, new_sizes: Any, dimensions: Any = None, *, out_sharding: Any = None) -> Any:
    """The array with another shape, its axes first put in the order of `dimensions`.

    Raises:
        TypeError: a length is negative, or there are more or fewer elements.
    """
    value, weak = _value(operand, "reshape")
    sizes = whole(new_sizes, "reshape")
    if any(n < 0 for n in sizes):
        raise TypeError(f"reshape new_sizes must all be positive, got {sizes}.")
    if dimensions is not None:
        axes = whole(dimensions, "reshape")
        if sorted(axes) != list(range(len(value.shape))):
            raise TypeError(
                f"reshape dimensions must be a permutation of operand dimensions, got {axes} for {value.shape}."
            )
        value = sh.transpose(value, axes)
    if math.prod(sizes) != math.prod(value.shape):
        raise ShapeError(f"reshape total size must be unchanged, got new_sizes {sizes} for shape {value.shape}.")
    return wrap(sh.reshape(value, sizes), weak)


def collapse(operand: Any, start_dimension: int, stop_dimension: int | None = None) -> Any:
    """The array with the axes from `start_dimension` up to `stop_dimension` made one.

    Raises:
        ValueError: the range of axes is none.
    """
    value, weak = _value(operand, "collapse")
    shape = tuple(value.shape)
    lo, hi, _ = slice(start_dimension, stop_dimension).indices(len(shape))
    if hi < lo:
        raise ValueError(f"Invalid dimension range passed to collapse: {shape}[{lo}:{hi}]")
    return wrap(sh.reshape(value, (*shape[:lo], math.prod(shape[lo:hi]), *shape[hi:])), weak)


def expand_dims(array: Any, dimensions: Any) -> Any:
    """The array with axes of length 1 where `dimensions` says.

    Raises:
        ValueError: an axis is named twice or is none of the result's.
    """
    value, weak = _value(array, "expand_dims")
    n = len(value.shape) + len(dimensions)
    axes = {axis_of(d, n) for d in dimensions}
    if len(axes) != len(dimensions):
        raise ValueError(f"repeated axis in lax.expand_dims: {tuple(dimensions)}")
    return wrap(sh.expand_dims(value, tuple(axes)), weak)


def squeeze(array: Any, dimensions: Any) -> Any:
    """The array without axes of length 1.

    Raises:
        ValueError: an axis has another length, is named twice, or is none of the array's.
    """
    value, weak = _value(array, "squeeze")
    shape = tuple(value.shape)
    axes = [axis_of(d, len(shape)) for d in dimensions]
    if len(set(axes)) != len(axes):
        raise ValueError(f"dimensions are not unique: {tuple(dimensions)}")
    if any(shape[a] != 1 for a in axes):
        raise ValueError(
            f"cannot select an axis to squeeze out which has size not equal to one, got shape={shape} and "
            f"dimensions={tuple(dimensions)}"
        )
    return wrap(sh.reshape(value, tuple(n for i, n in enumerate(shape) if i not in axes)), weak)


def transpose(operand: Any, permutation: Any) -> Any:
    """The array with its axes in another order.

    Raises:
        TypeError: `permutation` is none of the axes.
    """
    value, weak = _value(operand, "transpose")
    axes = whole(permutation, "transpose")
    if sorted(axes) != list(range(len(value.shape))):
        raise TypeError(
            f"transpose permutation isn't a permutation of operand dimensions, got permutation {axes} for operand shape "
            f"{tuple(value.shape)}."
        )
    return wrap(sh.transpose(value, axes), weak)


def rev(operand: Any, dimensions: Any) -> Any:
    """The array turned round along axes.

    Raises:
        TypeError: an axis is named twice or is none of the array's.
    """
    value, weak = _value(operand, "rev")
    axes = whole(dimensions, "rev")
    if len(set(axes)) != len(axes):
        raise TypeError(f"rev dimensions must be unique, got {axes}.")
    if any(a < 0 for a in axes):
        raise TypeError(f"rev dimensions must have every element be nonnegative, got {axes}.")
    if any(a >= len(value.shape) for a in axes):
        raise TypeError(
            f"rev dimensions must all be less than operand ndim, got dimensions {axes} for operand ndim {len(value.shape)}."
        )
    return wrap(sh.reverse_p.bind(value, axes=axes) if axes else value, weak)


# --- dtypes -----------------------------------------------------------------------------------------------------


def convert_element_type(operand: Any, new_dtype: Any) -> Any:
    """The array in another dtype; floats out of an integer's range become its nearest ones.

    Raises:
        TypeError: a list.
    """
    value, weak = _value(operand, "convert_element_type")
    if type(operand) is complex and new_dtype is not None and given(new_dtype).kind not in "cb":
        raise TypeError(f"a complex number has no conversion to {given(new_dtype)}; take its real part")
    if new_dtype is None:
        return wrap(value, weak)
    return wrap(converted(value, new_dtype))


def bitcast_convert_type(operand: Any, new_dtype: Any) -> Any:
    """The bits of the array as another dtype: an axis more where that is narrower, one less where it is wider.

    Raises:
        TypeError: truth values or complex numbers become something else, or something else them.
        ValueError: the last axis does not fill a wider dtype.
    """
    value, weak = _value(operand, "bitcast_convert_type")
    wanted = given(new_dtype)
    if value.dtype == wanted:
        return wrap(value, weak)
    if {kind(value.dtype), kind(wanted)} & {"b", "c"}:
        raise TypeError(
            f"lax.bitcast_convert_type does not support bool or complex values unless the operand and destination types match. "
            f"Got operand dtype={value.dtype}, new_dtype={wanted}."
        )
    return wrap(bits.bitcast_convert_type(value, wanted))


def dtype(x: Any) -> np.dtype:
    """The dtype of an array or a number.

    Raises:
        TypeError: it is none.
    """
    return x if isinstance(x, np.dtype) else _value(x, "dtype")[0].dtype


def shape_as_value(shape: Any) -> Value:
    """A shape as an array of integers."""
    return np.array(as_value(lower(shape)), np.int32).reshape(len(shape))


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Elements of `on_true` where `pred` holds, of `on_false` elsewhere; arrays of one dtype and shape."""
    return select_n(pred, on_false, on_true, name="select")


def select_n(which: Any, *cases: Any, name: str = "select") -> Any:
    """Elements of ``cases[which]``, for a boolean or integer `which`, which is a scalar or has the shape of the cases.

    Raises:
        TypeError: dtypes or shapes differ, `which` is neither boolean nor integer, or there are too many cases for it.
    """
    if not cases:
        raise ValueError("select_n() must have at least one case")
    chosen, _ = _value(which, name)
    values, weak = operands(cases, name)
    shapes = {tuple(v.shape) for v in values}
    if len(shapes) > 1:
        raise TypeError(f"select cases must have the same shapes, got {sorted(shapes)}.")
    if chosen.dtype.kind not in "biu":
        raise TypeError(f"select `which` must be boolean or integer type, got {chosen.dtype}.")
    if chosen.shape and tuple(chosen.shape) != tuple(values[0].shape):
        raise TypeError(
            f"select `which` must be scalar or have the same shape as cases, got `which` shape {tuple(chosen.shape)} but case "
            f"shape {tuple(values[0].shape)}."
        )
    same_dtypes(name, values)
    if chosen.dtype.kind == "b" and len(values) > 2:
        raise TypeError(f"select with boolean `which` cannot have > 2 cases, but {len(values)} were provided")
    if chosen.dtype.kind == "b":
        out = ew.where(chosen, values[-1], values[0]) if len(values) > 1 else values[0]
        return wrap(sh.broadcast_to(out, shape_of(values[0])), weak)
    out = values[-1]
    for i, case in reversed(list(enumerate(values[:-1]))):
        out = ew.where(ew.less_equal(chosen, chosen.dtype.type(i)), case, out)
    return wrap(sh.broadcast_to(out, shape_of(values[0])), weak)


__all__ = [
    "bitcast_convert_type", "broadcast", "broadcast_in_dim", "broadcast_like", "broadcast_shapes", "broadcast_to_rank", "broadcasted_iota", "collapse",
    "convert_element_type", "dtype", "empty", "expand_dims", "full", "full_like", "iota",
    "reshape", "rev", "select", "select_n", "shape_as_value", "squeeze",
    "transpose",
]  # fmt: skip
