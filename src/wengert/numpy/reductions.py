"""Reductions: sums and products, extremes, truth, means and variances.

Those that leave NaN out are in `without_nan`, running ones in `running`, order statistics in `statistics`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import as_array, aval_of, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops import reduction as _ops
from ..ops.axes import canonical_axes, canonical_axis
from ..ops.bounds import holds
from ..ops.elementwise import convert, imag, multiply, not_equal, real, sqrt, square, subtract
from ..ops.elementwise import where as _where
from ..ops.log_sums import logsumexp as _stable
from ..ops.norms import euclidean_norm
from ..ops.promotion import result_dtype
from ..ops.roots import Root, remembered, root_of
from ..ops.shape import broadcast_to, kept_shape, reshape
from ..vocabulary import ArrayLike, Axes, DTypeLike, Value
from .dispatch import no_out, plain


@plain(np.sum)
def sum(  # noqa: A001
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:
    """The sum of elements over `axis` (all by default).

    Args:
        a: the array.
        axis: an axis or several; all by default.
        dtype: the dtype to sum in; small integers are summed as int64 by default.
        keepdims: whether the axes stay, with length 1.
        initial: a value added to the sum.
        where: a mask that broadcasts to `a`: which elements are summed.

    Example:
        >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
        array([4., 6.])
    """
    no_out(out)
    return _ops.sum(a, axis, dtype, keepdims, initial, where)


@plain(np.prod)
def prod(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:
    """The product of elements over `axis` (all by default); its derivative is right where elements are zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.prod(wnp.array([[1, 2], [3, 4]]), axis=0)
        array([3, 8])
    """
    no_out(out)
    return _ops.prod(a, axis, dtype, keepdims, initial, where)


@plain(np.max)
def max(
    a: ArrayLike,
    axis: Axes = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:  # noqa: A001
    """The largest element over `axis`; NaN if there is one. Equal elements share the derivative.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.amax(wnp.array([[1, 5], [7, 2]]), axis=0)
        array([7, 5])
    """
    no_out(out)
    return _ops.max(a, axis, keepdims, initial, where)


@plain(np.min)
def min(
    a: ArrayLike,
    axis: Axes = None,
    out: None = None,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> Value:  # noqa: A001
    """The smallest element over `axis`; NaN if there is one. Equal elements share the derivative.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.amin(wnp.array([[1, 5], [7, 2]]), axis=1)
        array([1, 2])
    """
    no_out(out)
    return _ops.min(a, axis, keepdims, initial, where)


amax, amin = max, min


def logsumexp(a: ArrayLike, axis: Axes = None, keepdims: bool = False, where: ArrayLike | None = None) -> Value:
    """``log(sum(exp(a)))`` over `axis`, without overflow.

    Example:
        >>> float(logsumexp([1000.0, 1000.0]))
        1000.6931471805599
    """
    return _stable(a, axis, keepdims=keepdims, where=where)


@plain(np.any)
def any(
    a: ArrayLike, axis: Axes = None, out: None = None, keepdims: bool = False, *, where: ArrayLike | None = None
) -> Value:  # noqa: A001
    """Whether any element over `axis` is true.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.any(wnp.array([[0, 0], [0, 3]]), axis=1)
        array([False,  True])
    """
    no_out(out)
    return _ops.any(a, axis, keepdims, where)


@plain(np.all)
def all(
    a: ArrayLike, axis: Axes = None, out: None = None, keepdims: bool = False, *, where: ArrayLike | None = None
) -> Value:  # noqa: A001
    """Whether all elements over `axis` are true.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.all(wnp.array([[True, False], [True, True]]), axis=1)
        array([False,  True])
    """
    no_out(out)
    return _ops.all(a, axis, keepdims, where)


def count_nonzero(a: ArrayLike, axis: Axes = None, keepdims: bool = False) -> Value:
    """How many elements over `axis` are not zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.count_nonzero(wnp.array([[0, 1], [2, 3]]), axis=0)
        array([1, 2])
    """
    return sum(convert(as_array(a), bool), axis, keepdims=keepdims, dtype=config.int_dtype)


@plain(np.ptp)
def ptp(a: ArrayLike, axis: Axes = None, out: None = None, keepdims: bool = False) -> Value:
    """The largest element minus the smallest, over `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ptp(wnp.array([[1, 9], [4, 6]]), axis=1)
        array([8, 2])
    """
    no_out(out)
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


# --- means and spreads ------------------------------------------------------------------------------------------


def _count(x: ArrayLike, axis: Axes, where: ArrayLike, keepdims: bool) -> Any:
    """How many elements are reduced: an int, or an array where a mask chooses."""
    if where is None or where is True:
        shape = shape_of(x)
        return math.prod(shape) if axis is None else math.prod([shape[i] for i in canonical_axes(axis, len(shape))])
    mask = broadcast_to(convert(as_array(where), bool), shape_of(x))
    return _ops.sum(mask, axis, keepdims=keepdims, dtype=config.int_dtype)


def _working(a: ArrayLike, dtype: DTypeLike) -> tuple[Any, Any]:
    """`a` in the dtype that a mean is computed in, and the dtype of the result."""
    x = as_array(a)
    if dtype is not None:
        return convert(x, dtype), None
    have = dtype_of(x)
    if not inexact_dtype(have):
        return convert(x, config.float_dtype), None
    if have.itemsize == 2:  # NumPy sums float16 in float32
        return convert(x, np.float32), have
    return x, None


@plain(np.mean)
def mean(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Value:
    """The arithmetic mean over `axis`, of the elements that `where` chooses.

    Args:
        a: the array; integers give float64.
        axis: an axis or several; all by default.
        dtype: the dtype to compute in.
        keepdims: whether the axes stay, with length 1.
        where: a mask that broadcasts to `a`.

    Example:
        >>> mean([1.0, 2.0, 6.0])
        np.float64(3.0)
    """
    no_out(out)
    x, final = _working(a, dtype)
    result = _ops.sum(x, axis, keepdims=keepdims, where=where) / _count(x, axis, where, keepdims)
    have = dtype_of(x)
    if dtype_of(result) is not have:
        result = convert(result, have)
    return result if final is None else convert(result, final)


@plain(np.average)
def average(
    a: ArrayLike, axis: Axes = None, weights: ArrayLike | None = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """The mean over `axis`, weighted by `weights` (shaped as `a`, or a vector along `axis`).

    Returns:
        The average; with `returned` a pair of it and the sum of weights.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.average(wnp.array([1.0, 2.0, 6.0]), weights=[3, 2, 1])
        np.float64(2.1666666666666665)
    """
    a = as_array(a)
    if weights is None:
        out = mean(a, axis, keepdims=keepdims)
        total = broadcast_to(np.asarray(_count(a, axis, None, keepdims), dtype_of(out)), shape_of(out))
        return (out, total) if returned else out
    w = as_array(weights)
    if shape_of(w) != shape_of(a):
        if axis is None or isinstance(axis, (tuple, list)) or ndim_of(w) != 1:
            raise ShapeError(f"average: weights of shape {shape_of(w)} for an array of shape {shape_of(a)}")
        i = canonical_axis(axis, ndim_of(a))
        if shape_of(w)[0] != shape_of(a)[i]:
            raise ShapeError(f"average: {shape_of(w)[0]} weights for an axis of length {shape_of(a)[i]}")
        w = broadcast_to(reshape(w, tuple(-1 if j == i else 1 for j in range(ndim_of(a)))), shape_of(a))
    dtype = result_dtype(aval_of(a), aval_of(w))
    if not inexact_dtype(dtype_of(a)):
        dtype = np.promote_types(dtype, config.float_dtype)
    w = convert(w, dtype)
    total = _ops.sum(w, axis, keepdims=keepdims)
    if not holds(not_equal(total, 0)):
        raise ZeroDivisionError("average: the weights sum to zero")
    out = _ops.sum(multiply(convert(a, dtype), w), axis, keepdims=keepdims) / total
    return (out, total) if returned else out


def _deviations(
    a: ArrayLike,
    axis: Axes,
    dtype: DTypeLike,
    ddof: Any,
    keepdims: bool,
    where: ArrayLike,
    correction: Any,
    center: Any,
) -> tuple[Any, Any, Any]:
    """The distances from the mean (0 where `where` leaves an element out), their degrees of freedom, and the dtype of
    the result if it is another one than that of the distances."""
    if correction is not None:
        if ddof != 0:
            raise ArgumentError("var and std take ddof or correction, not both")
        ddof = correction
    ddof = ddof.item() if isinstance(ddof, np.generic) else ddof  # an int8 overflows beside a count
    x, final = _working(a, dtype)
    if center is None:
        center = mean(x, axis, keepdims=True, where=where)
    d = x - center
    if where is not None and where is not True:
        d = _where(where, d, dtype_of(d).type(0))
    count = _count(x, axis, where, keepdims)
    if isinstance(count, int):
        return d, float(np.maximum(count - ddof, 0)), final
    return d, _where(count > ddof, count - ddof, 0), final


def _other_dtype(a: ArrayLike, dtype: DTypeLike) -> bool:
    """Whether `dtype` is another kind than the numbers of a variance: whole, complex, or real for complex numbers."""
    return dtype is not None and (canonical_dtype(dtype).kind != "f" or dtype_of(as_array(a)).kind == "c")


def _variance_in(
    dtype: DTypeLike,
    a: ArrayLike,
    axis: Axes,
    ddof: Any,
    keepdims: bool,
    where: ArrayLike,
    correction: Any,
    center: ArrayLike,
) -> Value:
    """The variance with sums in a dtype of another kind, as NumPy has it: the mean and the total are numbers of it."""
    x = as_array(a)
    if center is None:
        center = mean(x, axis, dtype, keepdims=True, where=where)
    d, freedom, _ = _deviations(subtract(x, center), axis, None, ddof, keepdims, where, correction, 0)
    d = d if inexact_dtype(dtype_of(x)) else convert(d, dtype_of(center))
    squares = square(real(d)) + square(imag(d)) if dtype_of(x).kind == "c" else d * d
    return convert(_ops.sum(convert(squares, dtype), axis, keepdims=keepdims) / freedom, dtype)


def _mean_square(d: ArrayLike, freedom: Any, axis: Axes, keepdims: bool) -> Value:
    squares = square(real(d)) + square(imag(d)) if dtype_of(d).kind == "c" else square(d)
    total = _ops.sum(squares, axis, keepdims=keepdims)
    return convert(total / freedom, dtype_of(total))


@plain(np.var)
def var(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    correction: Any = None,
) -> Value:
    """The variance over `axis`: the mean of squared distances from the mean, divided by ``n - ddof``.

    Example:
        >>> var([1.0, 3.0], ddof=1)
        np.float64(2.0)
    """
    no_out(out)
    if _other_dtype(a, dtype):
        return _variance_in(dtype, a, axis, ddof, keepdims, where, correction, mean)
    d, freedom, final = _deviations(a, axis, dtype, ddof, keepdims, where, correction, mean)
    result = _mean_square(d, freedom, axis, keepdims)
    return result if final is None else convert(result, final)


@plain(np.std)
def std(
    a: ArrayLike,
    axis: Axes = None,
    dtype: DTypeLike = None,
    out: None = None,
    ddof: Any = 0,
    keepdims: bool = False,
    *,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    correction: Any = None,
) -> Value:
    """The standard deviation over `axis`. Where it is 0 its derivative is taken to be 0, as that of a norm.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.std(wnp.array([1.0, 3.0]), ddof=1) == np.sqrt(2)
        np.True_
    """
    no_out(out)
    if _other_dtype(a, dtype):
        result = _variance_in(dtype, a, axis, ddof, keepdims, where, correction, mean)
        if ndim_of(result) and not inexact_dtype(dtype_of(result)):
            have = dtype_of(result)  # as NumPy has it
            raise DtypeError(f"std: roots are no numbers of dtype {have}; leave dtype out")
        return convert(sqrt(result), dtype_of(result))
    d, freedom, final = _deviations(a, axis, dtype, ddof, keepdims, where, correction, mean)
    axes = canonical_axes(axis, ndim_of(d), True)
    size = euclidean_norm(d, axes)
    if keepdims:
        size = reshape(size, kept_shape(shape_of(d), axes))
    result = convert(size / sqrt(freedom), dtype_of(size))
    root = root_of(result)
    if root is not None:  # its square is the variance to the bit
        remembered(result, Root(square=lambda: _mean_square(d, freedom, axis, keepdims), parts=root.parts))
    if final == np.float16:  # the variance has this dtype in NumPy, and may be infinite in it
        result = multiply(result, _where(square(result) >= 65520, np.float32(np.inf), np.float32(1)))
    return result if final is None else convert(result, final)


__all__ = [
    "all", "amax", "amin", "any", "average", "count_nonzero", "logsumexp", "max", "mean", "min", "prod", "ptp",
    "std", "sum", "var",
]  # fmt: skip
