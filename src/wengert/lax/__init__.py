"""`wengert.lax`: operations under the names that JAX's `lax` gives them. Thin: everything is an operation of `ops`."""

# ruff: noqa: F401, I001 (a namespace: imported names are its content)
from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ..vocabulary import ArrayLike, DTypeLike, Value
from .. import vocabulary as _vocabulary
from ..nearest import nearest_names as _nearest_names


from collections.abc import Sequence
from typing import Any

import numpy as _np

from ..config import canonical_dtype as _canonical_dtype
from ..core import as_array as _as_array, as_value as _as_value
from ..errors import ShapeError as _ShapeError
from ..numpy import argsort as _argsort
from ..ops import elementwise as _ew
from ..ops import cumulative as _cumulative
from ..ops import reduction as _reduction
from ..ops import axes as _axes
from ..ops import shape as _shape
from ..ops.indexing import getitem as _getitem, take_along_axis as _take_along_axis
from ..ops.updates import at as _at
from ..ops.collectives import all_gather, all_to_all, axis_index, axis_size, pmax, pmean, pmin, ppermute, pshuffle, psum
from ..ops.collectives import psum_scatter
from ..ops.bits import bitcast_convert_type, reduce_precision, shift_left, shift_right_arithmetic, shift_right_logical
from ..ops.contraction import dot, dot_general
from ..ops.convolution_general import (
    ConvDimensionNumbers,
    conv_dimension_numbers,
)
from ..ops.elementwise import convert as _convert
from ..ops.elementwise import cos, equal, erf, erfc, exp, exp2, expm1, floor, imag, log, log1p, real, rsqrt
from ..ops.special.polygammas import digamma
from ..ops.elementwise import sign, sin, sqrt, square, tan, tanh
from ..ops.shape import concatenate, expand_dims, reshape, transpose
from ..transforms.branching import cond, switch
from ..transforms.control import fori_loop, scan, while_loop
from ..transforms.mapping import associative_scan
from ..transforms.mapping import map_ as map  # noqa: A004
from ..transforms.custom_rules import custom_jvp, custom_vjp
from ..transforms.derivatives import stop_gradient
from .windows import conv, conv_general_dilated, pad, reduce_window
from ..transforms.implicit import custom_linear_solve, custom_root
from ..ops.cumulative import cumsum_p as _cumsum_p
from ..ops.cumulative import cumprod_p as _cumprod_p
from ..ops.cumulative import cummax_p as _cummax_p
from ..ops.cumulative import cummin_p as _cummin_p
from ..ops.special.polygammas import gammaln as _gammaln

abs, acos, acosh, asin, asinh, atan, atan2, atanh = (  # noqa: A001
    _ew.absolute, _ew.arccos, _ew.arccosh, _ew.arcsin, _ew.arcsinh, _ew.arctan, _ew.arctan2, _ew.arctanh,
)  # fmt: skip
add, sub, mul, div, neg, rem, max, min = (  # noqa: A001
    _ew.add, _ew.subtract, _ew.multiply, _ew.divide, _ew.negative, _ew.fmod, _ew.maximum, _ew.minimum,
)  # fmt: skip
eq, ne, lt, le, gt, ge = _ew.equal, _ew.not_equal, _ew.less, _ew.less_equal, _ew.greater, _ew.greater_equal
pow, sinh, cosh, ceil, logistic = _ew.power, _ew.sinh, _ew.cosh, _ew.ceil, _ew.sigmoid  # noqa: A001
lgamma, erf_inv, cbrt, is_finite, conj, nextafter = (
    _gammaln, _ew.erfinv, _ew.cbrt, _ew.isfinite, _ew.conj, _ew.nextafter,
)  # fmt: skip


def select(pred: ArrayLike, on_true: ArrayLike, on_false: ArrayLike) -> Value:
    """Elements of `on_true` where `pred` holds, of `on_false` elsewhere.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.select(np.array([True, False]), np.array([1, 2]), np.array([10, 20]))
        array([ 1, 20])
    """
    return _ew.where(pred, on_true, on_false)


def clamp(low: ArrayLike, x: ArrayLike, high: ArrayLike) -> Value:
    """`x` limited to the interval from `low` to `high`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.clamp(0.0, np.array([-1.0, 0.5, 3.0]), 1.0)
        array([0. , 0.5, 1. ])
    """
    return _ew.minimum(_ew.maximum(_as_value(low), _as_value(x)), _as_value(high))


def integer_pow(x: ArrayLike, y: int) -> Value:
    """`x` to the integer power `y`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.integer_pow(np.array([2.0, -3.0]), 3)
        array([  8., -27.])
    """
    return _ew.power(x, y)


def reciprocal(x: ArrayLike) -> Value:
    """``1 / x``.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.reciprocal(np.array([2.0, 8.0]))
        array([0.5  , 0.125])
    """
    return _ew.reciprocal(x)


def full(shape: Sequence[int], fill_value: ArrayLike, dtype: DTypeLike = None) -> Value:
    """An array filled with a value.

    Example:
        >>> from wengert import lax
        >>> lax.full((2, 2), 7.0)
        array([[7., 7.],
               [7., 7.]])
    """
    return convert_element_type(
        _shape.broadcast_to(_as_value(fill_value), tuple(shape)), dtype or _np.result_type(fill_value)
    )


def convert_element_type(x: Any, dtype: Any) -> Any:
    """`x` in another dtype.

    Raises:
        DtypeError: `x` holds no numbers.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.convert_element_type(np.array([1.7, 2.0]), "int64")
        array([1, 2])
    """
    return _convert(_as_value(x), dtype)


def broadcast_in_dim(x: Any, shape: Any, broadcast_dimensions: Any) -> Any:
    """Broadcast `x`, whose axis i becomes axis ``broadcast_dimensions[i]`` of the result.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.broadcast_in_dim(np.array([1, 2]), (2, 3), (0,))
        array([[1, 1, 1],
               [2, 2, 2]])
    """
    x, sizes, places = _as_array(x), [1] * len(shape), tuple(broadcast_dimensions)
    if len(places) != len(x.shape):
        raise _ShapeError(f"broadcast_in_dim: {len(places)} broadcast_dimensions for an array of shape {x.shape}")
    for i, d in enumerate(places):
        sizes[d] = x.shape[i]
    return _shape.broadcast_to(reshape(x, tuple(sizes)), tuple(shape))


def reduce_sum(x: ArrayLike, axes: Any) -> Value:
    """The sum over `axes`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.reduce_sum(np.array([[1, 5], [7, 2]]), (0, 1))
        np.int64(15)
    """
    return _reduction.sum(x, tuple(axes))


def reduce_max(x: ArrayLike, axes: Any) -> Value:
    """The maximum over `axes`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.reduce_max(np.array([[1, 5], [7, 2]]), (0,))
        array([7, 5])
    """
    return _reduction.max(x, tuple(axes))


def reduce_min(x: ArrayLike, axes: Any) -> Value:
    """The minimum over `axes`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.reduce_min(np.array([[1, 5], [7, 2]]), (1,))
        array([1, 2])
    """
    return _reduction.min(x, tuple(axes))


def iota(dtype: DTypeLike, size: int) -> Value:
    """The numbers 0, 1, … below `size`.

    Example:
        >>> from wengert import lax
        >>> lax.iota("int32", 4)
        array([0, 1, 2, 3], dtype=int32)
    """
    return _np.arange(_axes.as_length(size, "iota"), dtype=_canonical_dtype(dtype))


def broadcasted_iota(dtype: DTypeLike, shape: Sequence[int], dimension: int) -> Value:
    """An array of a shape whose elements are their positions along one axis.

    Example:
        >>> from wengert import lax
        >>> lax.broadcasted_iota("int64", (2, 3), 1)
        array([[0, 1, 2],
               [0, 1, 2]])
    """
    n = shape[dimension]
    along = [n if i == dimension else 1 for i in range(len(shape))]
    return _np.broadcast_to(iota(dtype, n).reshape(along), tuple(shape)).copy()


def slice_in_dim(
    x: ArrayLike, start_index: int | None, limit_index: int | None, stride: int = 1, axis: int = 0
) -> Value:
    """``x[start_index:limit_index:stride]`` along one axis.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.slice_in_dim(np.array([[1, 2, 3], [4, 5, 6]]), 0, 3, stride=2, axis=1)
        array([[1, 3],
               [4, 6]])
    """
    x = _as_array(x)
    key = [slice(None)] * len(x.shape)
    key[_axes.canonical_axis(axis, len(key))] = slice(start_index, limit_index, stride)
    return _getitem(x, tuple(key))


def _starts(x: ArrayLike, starts: Any, sizes: Any, what: str) -> list[Any]:
    """Start indices, moved so that the block lies inside, as `lax` has it; negative ones count from the end."""
    if not isinstance(starts, (list, tuple)):
        starts = _as_array(starts)
        if len(starts.shape) != 1:
            raise _ShapeError(
                f"{what}: the start indices are {len(x.shape)} integers, got an array of shape {starts.shape}"
            )
        starts = [starts[i] for i in range(starts.shape[0])]
    if len(starts) != len(x.shape) or len(sizes) != len(x.shape):
        raise _ShapeError(f"{what} of an array of shape {x.shape} takes {len(x.shape)} start indices and sizes")
    for n, size in zip(x.shape, sizes, strict=True):
        if not 0 <= size <= n:
            raise _ShapeError(f"{what}: a block of shape {tuple(sizes)} does not fit into shape {x.shape}")
    out = []
    for s, n, size in zip(starts, x.shape, sizes, strict=True):
        s = _ew.as_positions(s)
        out.append(clamp(0, _ew.where(_ew.less(s, 0), _ew.add(s, n), s), n - size))
    return out


def _block(x: ArrayLike, starts: Any, sizes: Any, what: str) -> tuple[Any, ...]:
    rank = len(sizes)
    return tuple(
        _ew.add(s, _np.arange(size).reshape([-1 if i == k else 1 for i in range(rank)]))
        for k, (s, size) in enumerate(zip(_starts(x, starts, sizes, what), sizes, strict=True))
    )


def dynamic_slice(operand: ArrayLike, start_indices: Any, slice_sizes: Any) -> Value:
    """A block of an array at a place that may be computed; the place is moved so that the block lies inside.

    Args:
        operand: the array, of n axes.
        start_indices: n integers.
        slice_sizes: the shape of the block, n Python integers.

    Raises:
        ShapeError: the block is larger than the array, or there are not n indices and sizes.

    Example:
        >>> dynamic_slice(_np.arange(5.0), (3,), (3,))
        array([2., 3., 4.])
    """
    x = _as_array(operand)
    return _getitem(x, _block(x, start_indices, slice_sizes, "dynamic_slice")) if x.shape else x


def dynamic_update_slice(operand: ArrayLike, update: ArrayLike, start_indices: Any) -> Value:
    """A copy with `update` written at a place that may be computed, moved so that it lies inside.

    Example:
        >>> dynamic_update_slice(_np.zeros(4), _np.ones(2), (3,))
        array([0., 0., 1., 1.])
    """
    x, update = _as_array(operand), _as_array(update)
    if not x.shape:
        return convert_element_type(update, x.dtype)
    return _at(x)[_block(x, start_indices, update.shape, "dynamic_update_slice")].set(update)


def dynamic_slice_in_dim(operand: ArrayLike, start_index: Any, slice_size: int, axis: int = 0) -> Value:
    """`dynamic_slice` along one axis.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.dynamic_slice_in_dim(np.arange(6), 2, 3)
        array([2, 3, 4])
    """
    x = _as_array(operand)
    axis = _axes.canonical_axis(axis, len(x.shape))
    starts = [start_index if i == axis else 0 for i in range(len(x.shape))]
    return dynamic_slice(x, starts, [slice_size if i == axis else n for i, n in enumerate(x.shape)])


def dynamic_update_slice_in_dim(operand: ArrayLike, update: ArrayLike, start_index: Any, axis: int) -> Value:
    """`dynamic_update_slice` along one axis.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.dynamic_update_slice_in_dim(np.zeros(4), np.array([1.0, 2.0]), 1, axis=0)
        array([0., 1., 2., 0.])
    """
    x = _as_array(operand)
    axis = _axes.canonical_axis(axis, len(x.shape))
    return dynamic_update_slice(x, update, [start_index if i == axis else 0 for i in range(len(x.shape))])


def dynamic_index_in_dim(operand: ArrayLike, index: Any, axis: int = 0, keepdims: bool = True) -> Value:
    """The slice at one index along one axis.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.dynamic_index_in_dim(np.array([10, 20, 30]), 1, keepdims=False)
        array(20)
    """
    x = dynamic_slice_in_dim(operand, index, 1, axis)
    axis = _axes.canonical_axis(axis, len(x.shape))
    return x if keepdims else reshape(x, tuple(n for i, n in enumerate(x.shape) if i != axis))


def select_n(which: ArrayLike, *cases: Any) -> Value:
    """Elements of ``cases[which]``, for a boolean or integer `which`.

    Example:
        >>> select_n(_np.array([0, 2, 1]), _np.zeros(3), _np.ones(3), _np.full(3, 2.0))
        array([0., 2., 1.])
    """
    which = _as_array(which)
    out = cases[0]
    for i, case in enumerate(cases[1:], 1):
        out = _ew.where(which if which.dtype.kind == "b" else _ew.equal(which, i), case, out)
    return out


def top_k(operand: ArrayLike, k: int) -> tuple[Any, Any]:
    """The `k` largest elements of the last axis in falling order, and their indices.

    Example:
        >>> top_k(_np.array([1.0, 3.0, 2.0]), 2)
        (array([3., 2.]), array([1, 2]))
    """
    x = _as_array(operand)
    if not x.shape or not 0 <= k <= x.shape[-1]:
        raise _ShapeError(f"top_k: k={k} for an array of shape {x.shape}")
    order = slice_in_dim(_argsort(_ew.negative(x), axis=-1), 0, k, axis=-1)
    return _take_along_axis(x, order, -1), order


def sort_key_val(keys: ArrayLike, values: ArrayLike, dimension: int = -1, is_stable: bool = True) -> tuple[Any, Any]:
    """Keys in order along an axis, and the values moved as they were.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.sort_key_val(np.array([3, 1, 2]), np.array([30, 10, 20]))
        (array([1, 2, 3]), array([10, 20, 30]))
    """
    keys, values = _as_array(keys), _as_array(values)
    order = _argsort(keys, axis=dimension)
    return _take_along_axis(keys, order, dimension), _take_along_axis(values, order, dimension)


# --- running operations, padding and windows --------------------------------------------------------------------


def _along(x: ArrayLike, axis: int, reverse: bool, run: Any) -> Any:
    x = _as_array(x)
    axis = _axes.canonical_axis(axis, len(x.shape))
    if not reverse:
        return run(x, axis)
    return _shape.reverse_p.bind(run(_shape.reverse_p.bind(x, axes=(axis,)), axis), axes=(axis,))


def cumsum(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Value:
    """The running sum along an axis, from its end if `reverse`.

    Example:
        >>> cumsum(_np.array([1.0, 2.0, 3.0]), reverse=True)
        array([6., 5., 3.])
    """
    return _along(operand, axis, reverse, lambda x, axis: _cumsum_p.bind(x, axis=axis))


def cumprod(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Value:
    """The running product along an axis, from its end if `reverse`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.cumprod(np.array([1, 2, 3, 4]), reverse=True)
        array([24, 24, 12,  4])
    """
    return _along(operand, axis, reverse, lambda x, axis: _cumprod_p.bind(x, axis=axis))


def cummax(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Value:
    """The greatest element so far along an axis, from its end if `reverse`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.cummax(np.array([1, 3, 2]))
        array([1, 3, 3])
    """
    return _along(operand, axis, reverse, lambda x, axis: _cummax_p.bind(x, axis=axis))


def cummin(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Value:
    """The least element so far along an axis, from its end if `reverse`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.cummin(np.array([3, 1, 2]))
        array([3, 1, 1])
    """
    return _along(operand, axis, reverse, lambda x, axis: _cummin_p.bind(x, axis=axis))


def cumlogsumexp(operand: ArrayLike, axis: int = 0, reverse: bool = False) -> Value:
    """The running logarithm of the sum of exponentials along an axis, from its end if `reverse`.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> np.exp(lax.cumlogsumexp(np.log([1.0, 3.0, 4.0]))).round(12)
        array([1., 4., 8.])
    """
    return _along(operand, axis, reverse, lambda x, axis: _cumulative.cumlogsumexp_p.bind(x, axis=axis))


__all__ = [n for n in dir() if not n.startswith("_") and n not in {"windows", *vars(_vocabulary)}]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
