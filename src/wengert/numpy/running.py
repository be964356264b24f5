"""Running sums, products and extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import as_array, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError
from ..ops import cumulative as _cumulative
from ..ops.axes import canonical_axis
from ..ops.casts import as_inexact
from ..ops.cumulative import cummax_p, cummin_p, cumprod_p, cumsum_p
from ..ops.elementwise import convert
from ..ops.shape import concatenate, reshape
from ..vocabulary import ArrayLike, DTypeLike, Value
from .dispatch import no_out, plain
from .without_nan import _without_nan


def _running(primitive: Any, a: ArrayLike, axis: int | None, dtype: DTypeLike) -> Any:
    x = as_array(a)
    if dtype is not None:
        x = convert(x, dtype)
    if axis is None or (not shape_of(x) and axis in (0, -1)):  # NumPy's ufuncs let a number have an axis
        x, axis = reshape(x, (-1,)), 0
    out = primitive.bind(x, axis=canonical_axis(axis, ndim_of(x)))
    return out if dtype is None or dtype_of(out) == canonical_dtype(dtype) else convert(out, dtype)


@plain(np.cumsum)
def cumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None, out: None = None) -> Value:
    """The running sum along `axis` (of the flattened array by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cumsum(wnp.array([[1, 2], [3, 4]]), axis=0)
        array([[1, 2],
               [4, 6]])
    """
    no_out(out)
    return _running(cumsum_p, a, axis, dtype)


@plain(np.cumprod)
def cumprod(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None, out: None = None) -> Value:
    """The running product along `axis` (of the flattened array by default); exact where elements are zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cumprod(wnp.array([1, 2, 3, 4]))
        array([ 1,  2,  6, 24])
    """
    no_out(out)
    return _running(cumprod_p, a, axis, dtype)


def cummax(a: ArrayLike, axis: int | None = None) -> Value:
    """The running maximum along `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cummax(wnp.array([1, 3, 2, 5, 4]))
        array([1, 3, 3, 5, 5])
    """
    return _running(cummax_p, a, axis, None)


def cummin(a: ArrayLike, axis: int | None = None) -> Value:
    """The running minimum along `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cummin(wnp.array([4, 3, 5, 1, 2]))
        array([4, 3, 3, 1, 1])
    """
    return _running(cummin_p, a, axis, None)


def cumlogsumexp(a: ArrayLike, axis: int | None = None) -> Value:
    """The running ``log(sum(exp(a)))`` along `axis`, without overflow.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.exp(wnp.cumlogsumexp(wnp.log(wnp.array([1.0, 2.0, 3.0])))).round(12)
        array([1., 3., 6.])
    """
    return _running(_cumulative.cumlogsumexp_p, as_inexact(a), axis, None)


def _cumulative_of(
    function: Any, start: int, x: ArrayLike, axis: int | None, dtype: DTypeLike, out: None, include_initial: bool
) -> Value:
    no_out(out)
    x = as_array(x)
    if axis is None:
        if ndim_of(x) > 1:
            raise ArgumentError(f"axis must be given for an array of shape {shape_of(x)}")
        x, axis = reshape(x, (-1,)), 0
    out = function(x, axis, dtype=dtype)
    if not include_initial:
        return out
    i = canonical_axis(axis, ndim_of(x))
    first = np.full(tuple(1 if j == i else n for j, n in enumerate(shape_of(x))), start, dtype_of(out))
    return concatenate([first, out], i)


def cumulative_sum(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike = None,
    out: None = None,
    include_initial: bool = False,
) -> Value:
    """The running sum along `axis`; with `include_initial` a 0 stands in front.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cumulative_sum(wnp.array([2, 3]), include_initial=True)
        array([0, 2, 5])
    """
    return _cumulative_of(cumsum, 0, x, axis, dtype, out, include_initial)


def cumulative_prod(
    x: ArrayLike,
    /,
    *,
    axis: int | None = None,
    dtype: DTypeLike = None,
    out: None = None,
    include_initial: bool = False,
) -> Value:
    """The running product along `axis`; with `include_initial` a 1 stands in front.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cumulative_prod(wnp.array([2, 3]), include_initial=True)
        array([1, 2, 6])
    """
    return _cumulative_of(cumprod, 1, x, axis, dtype, out, include_initial)


@plain(np.nancumsum)
def nancumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None, out: None = None) -> Value:
    """The running sum along `axis`, NaN counted as 0.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nancumsum(wnp.array([2.0, np.nan, 3.0]))
        array([2., 2., 5.])
    """
    no_out(out)
    return cumsum(_without_nan(a, 0)[0], axis, dtype=dtype)


@plain(np.nancumprod)
def nancumprod(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None, out: None = None) -> Value:
    """The running product along `axis`, NaN counted as 1.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nancumprod(wnp.array([2.0, np.nan, 3.0]))
        array([2., 2., 6.])
    """
    no_out(out)
    return cumprod(_without_nan(a, 1)[0], axis, dtype=dtype)


__all__ = [
    "cumlogsumexp",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "nancumprod",
    "nancumsum",
]
