"""Order statistics and covariances: median, quantile, cov, corrcoef. Counting has a file of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import config
from ..core import PYTHON_SCALARS, Tracer, as_array, as_value, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, AxisError, DtypeError, ShapeError
from ..ops.axes import canonical_axes
from ..ops.bounds import holds
from ..ops.casts import as_inexact
from ..ops.contraction import matmul
from ..ops.cumulative import cumsum_p
from ..ops.elementwise import (
    ceil,
    conj,
    convert,
    equal,
    floor,
    imag,
    isfinite,
    isnan,
    logical_and,
    logical_or,
    maximum,
    minimum,
    real,
    rint,
    sqrt,
    where_p,
)
from ..ops.indexing import getitem, take_along_axis
from ..ops.reduction import any as _any
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape, transpose
from ..ops.sorting import argsort_p, searchsorted_p, sort_p
from ..vocabulary import ArrayLike, Axes, DTypeLike, Value
from .dispatch import no_out, plain
from .elementary import clip
from .reductions import average, mean  # noqa: A004
from .searching import where

# --- order statistics -------------------------------------------------------------------------------------------

# The position of the q-quantile among n ordered elements is ``n q + a + q (1 - a - b) - 1``: the pairs a, b of Hyndman &
# Fan (1996), "Sample quantiles in statistical packages", types 4 to 9.
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_DISCRETE = ("inverted_cdf", "averaged_inverted_cdf", "closest_observation")  # types 1 to 3
_SIMPLE = ("linear", "lower", "higher", "midpoint", "nearest")
_ELEMENTS = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")  # give one of the elements
_METHODS = (*_SIMPLE, *_CONTINUOUS, *_DISCRETE)


def _place(n: Any, q: Any, method: str) -> Any:
    """Where among `n` ordered elements, counted from 0, the quantile `q` stands."""
    if method in _SIMPLE:
        return q * (n - 1)
    if method in _DISCRETE:
        place = n * q - (1.5 if method == "closest_observation" else 1)
    else:
        a, b = _CONTINUOUS[method]
        place = n * q + (a + q * (1 - a - b)) - 1
    if method == "closest_observation":  # halves go to the nearest even place, counted from 1
        low = floor(place)
        place = where((place == low) & (low % 2 == 1), low, low + 1)
    return clip(place, -0.5 if method == "averaged_inverted_cdf" else 0, n - 1)  # before the first: no mean


def _weighted_quantile(
    a: ArrayLike, q: ArrayLike, axis: Axes, method: str, keepdims: bool, skip_nan: bool, weights: ArrayLike
) -> Value:
    """The first element, in order, at which the share of the weights so far reaches `q`."""
    if method != "inverted_cdf":
        raise ArgumentError(f"quantile with weights and method {method!r}; weights need method='inverted_cdf'")
    x, w, q = as_inexact(a), as_array(weights), as_array(q)
    shape, rank = shape_of(x), ndim_of(x)
    axes = canonical_axes(axis, rank)
    if shape_of(w) != shape:
        if shape_of(w) != tuple(shape[i] for i in axes):
            raise ShapeError(f"quantile: weights of shape {shape_of(w)} for an array of shape {shape}, axis {axis}")
        w = broadcast_to(reshape(w, tuple(n if i in axes else 1 for i, n in enumerate(shape))), shape)
    rest = [i for i in range(rank) if i not in axes]
    lead, n = tuple(shape[i] for i in rest), math.prod(shape[i] for i in axes)
    rows, w = (reshape(transpose(v, (*rest, *axes)), (*lead, n)) for v in (x, w))
    order = argsort_p.bind(rows, axis=len(lead))
    rows, w = take_along_axis(rows, order, -1), convert(take_along_axis(w, order, -1), config.float_dtype)
    missing = isnan(rows)
    w = where_p.bind(missing, 0.0, w) if skip_nan else w
    share = cumsum_p.bind(w, axis=len(lead))
    share = share / getitem(share, (Ellipsis, slice(n - 1, n)))
    share = where_p.bind(share == 0, -1.0, share)  # what weighs nothing is never the answer
    flat = broadcast_to(convert(reshape(q, (-1,)), config.float_dtype), (*lead, q.size))
    index = searchsorted_p.bind(share, flat, side="left")
    out = take_along_axis(rows, where_p.bind(index < n, index, n - 1), -1)
    if not skip_nan:
        out = where_p.bind(_any(missing, -1, keepdims=True), dtype_of(x).type(np.nan), out)
    out = reshape(moveaxis(out, -1, 0), (*shape_of(q), *lead))
    return reshape(out, (*shape_of(q), *[1 if i in axes else m for i, m in enumerate(shape)])) if keepdims else out


def _check_shares(q: Any) -> None:
    """Refuse shares that are not in [0, 1]; NaN is let through, as NumPy does."""
    if not holds(logical_or(logical_and(q >= 0, q <= 1), isnan(q))):
        raise ArgumentError("quantiles must be in the range from 0 to 1, percentiles from 0 to 100")


def _quantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes,
    method: str,
    keepdims: bool,
    skip_nan: bool,
    median: bool = False,
    weights: ArrayLike | None = None,
) -> Value:
    if weights is not None:
        return _weighted_quantile(a, q, axis, method, keepdims, skip_nan, weights)
    if method not in _METHODS:
        raise ArgumentError(f"quantile with method {method!r}; the methods are {', '.join(_METHODS)}")
    share_dtype = None if type(q) in PYTHON_SCALARS else dtype_of(as_array(q))  # Python's numbers are weak
    given, q = as_array(a), as_array(q)
    _check_shares(q)
    boolean = dtype_of(given).kind == "b"
    whole = not inexact_dtype(dtype_of(given)) and method in _ELEMENTS
    x = given if whole else _interpolated(given, share_dtype)
    if dtype_of(x).kind == "c" and not median:
        raise DtypeError("quantiles of complex numbers: they have no order")
    shape, rank = shape_of(x), ndim_of(x)
    axes = canonical_axes(axis, rank)
    rest = [i for i in range(rank) if i not in axes]
    lead, n = tuple(shape[i] for i in rest), math.prod(shape[i] for i in axes)
    if (n == 0 and 0 in lead) or (skip_nan and (n == 0 or 0 in lead)):
        out = np.full((*shape_of(q), *lead), np.nan, dtype_of(x) if inexact_dtype(dtype_of(x)) else config.float_dtype)
        return (
            reshape(out, (*shape_of(q), *[1 if i in axes else m for i, m in enumerate(shape)])) if keepdims else out[()]
        )
    if n == 0:
        raise AxisError(f"quantile of no elements (shape {shape}, axis {axis})")
    if boolean and method not in _ELEMENTS and not median:
        raise DtypeError(f"quantile of truth values: they have no differences; convert with astype(float) ({method=})")
    rows = sort_p.bind(reshape(transpose(x, (*rest, *axes)), (*lead, n)), axis=len(lead))
    dtype = dtype_of(x)
    missing = isnan(rows)
    q_shape = shape_of(q)
    q = convert(reshape(q, (-1,)), dtype if isinstance(q, Tracer) and not whole else np.float64)
    if skip_nan:
        count = _sum(convert(~missing, config.int_dtype), len(lead), keepdims=True)  # sorted: the NaN stand last
        place = _place(where(count > 0, count, 1), q, method)
    else:
        place = _place(n, q, method)
        place = broadcast_to(place, (*lead, *shape_of(q))) if isinstance(q, Tracer) else place
    last = (count if skip_nan else n) - 1
    out = _at_place(rows, rint(place) if method == "nearest" else place, last, method, median, isinstance(q, Tracer))
    if not whole:
        nan = dtype.type(np.nan)
        if skip_nan:
            out = where_p.bind(count > 0, out, nan)
        else:
            out = where_p.bind(_any(missing, -1, keepdims=True), nan, out)
    out = reshape(moveaxis(out, -1, 0), (*q_shape, *lead))
    if share_dtype is not None and not whole and method not in _ELEMENTS:
        out = convert(out, np.promote_types(dtype_of(out), share_dtype))
    if keepdims:
        out = reshape(out, (*q_shape, *[1 if i in axes else m for i, m in enumerate(shape)]))
    return out


def _interpolated(x: Value, share_dtype: np.dtype | None) -> Value:
    """`x` in the dtype that means of its elements have, by shares of a dtype; None: of Python's numbers."""
    if dtype_of(x).kind in "iu" and share_dtype is not None and inexact_dtype(share_dtype):
        return convert(x, np.promote_types(dtype_of(x), share_dtype))
    return as_inexact(x)


def _at_place(rows: Value, place: Value, last: Value, method: str, median: bool, moves: bool) -> Value:
    """What stands in sorted rows at a place that may lie between two elements.

    Args:
        rows: sorted along their last axis.
        place: counted from 0. last: that of the last element, less than 0 where there is none.
        moves: whether the share is traced, so that it has a derivative.
    """
    dtype = dtype_of(rows)
    low, high = floor(place), ceil(place)
    share = 0.5 * (high - low) if method == "midpoint" else place - low
    low, high = (convert(v, np.intp) for v in (low, high))

    def at(index: Value) -> Value:
        if isinstance(index, Tracer) or ndim_of(index) > 1:
            return take_along_axis(rows, index, -1)
        return getitem(rows, (Ellipsis, index))

    if method in ("lower", "nearest", "closest_observation"):
        return at(low)
    if method in ("higher", "inverted_cdf"):
        return at(high)
    if method == "averaged_inverted_cdf":  # a whole place is half-way to the next one
        high = where(high == low, low + 1, high)
        last = maximum(last, 0)
        first, second = at(low), at(where(high > last, last, high))
        return where_p.bind(share == 0, (first + second) * dtype.type(0.5), second)
    first, second = at(low), at(high)
    share = convert(share, dtype)
    # A median is a mean of two, as NumPy has it: of -inf and 0 it is -inf, where interpolation has no answer.
    between = (first + second) * dtype.type(0.5) if median else first + (second - first) * share
    if moves and method != "midpoint":  # at an element the slope in q is that on its right
        left = minimum(low, maximum(last - 1, 0))
        slope = at(minimum(left + 1, maximum(last, 0))) - at(left)
        first = first + share * where_p.bind(isfinite(slope), slope, dtype.type(0))
    return where_p.bind(share == 0, first, between)


_BEYOND = "interpolation overwrite_input"


@plain(np.quantile, beyond=_BEYOND)
def quantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
) -> Value:
    """The `q`-th quantile over `axis`: the value that a share `q` of the elements lies below.

    Args:
        a: the array.
        q: one or more numbers in [0, 1]; their axes come first in the result.
        axis: an axis or several; all by default.
        overwrite_input: accepted as NumPy accepts it; nothing is overwritten.
        method: "linear" (the default), "lower", "higher", "midpoint", "nearest", or one of the nine types of Hyndman &
            Fan (1996) by NumPy's names ("hazen", "weibull", "median_unbiased", "inverted_cdf" and so on).
        keepdims: whether the axes stay, with length 1.
        weights: with method "inverted_cdf", how much each element counts.

    Raises:
        NotSupportedError: another method.

    Example:
        >>> float(quantile([1.0, 2.0, 4.0], 0.75))
        3.0
    """
    no_out(out)
    return _quantile(a, q, axis, method, keepdims, False, weights=weights)


@plain(np.percentile, beyond=_BEYOND)
def percentile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
) -> Value:
    """The `q`-th percentile over `axis`: `quantile` with `q` from 0 to 100.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.percentile(wnp.array([0.0, 10.0, 20.0]), [25, 50])
        array([ 5., 10.])
    """
    no_out(out)
    return _quantile(a, as_value(q) / 100, axis, method, keepdims, False, weights=weights)


@plain(np.nanquantile, beyond=_BEYOND)
def nanquantile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
) -> Value:
    """The `q`-th quantile over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanquantile(wnp.array([0.0, np.nan, 10.0]), 0.75)
        np.float64(7.5)
    """
    no_out(out)
    return _quantile(a, q, axis, method, keepdims, True, weights=weights)


@plain(np.nanpercentile, beyond=_BEYOND)
def nanpercentile(
    a: ArrayLike,
    q: ArrayLike,
    axis: Axes = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: ArrayLike | None = None,
) -> Value:
    """The `q`-th percentile over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanpercentile(wnp.array([0.0, np.nan, 10.0]), 25)
        np.float64(2.5)
    """
    no_out(out)
    return _quantile(a, as_value(q) / 100, axis, method, keepdims, True, weights=weights)


def _median(a: ArrayLike, axis: Axes, keepdims: bool, skip_nan: bool) -> Value:
    x = as_array(a)
    if all(shape_of(x)[i] for i in canonical_axes(axis, ndim_of(x))):
        return _quantile(x, 0.5, axis, "midpoint", keepdims, skip_nan, median=True)
    return mean(x, axis, keepdims=keepdims)  # of no elements: NaN, as NumPy has it


@plain(np.median, beyond=_BEYOND)
def median(
    a: ArrayLike, axis: Axes = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Value:
    """The median over `axis`; of an even number of elements the mean of the two in the middle.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.median(wnp.array([[1.0, 9.0, 2.0], [4.0, 5.0, 6.0]]), axis=1)
        array([2., 5.])
    """
    no_out(out)
    return _median(a, axis, keepdims, False)


@plain(np.nanmedian, beyond=_BEYOND)
def nanmedian(
    a: ArrayLike, axis: Axes = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Value:
    """The median over `axis` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanmedian(wnp.array([1.0, np.nan, 5.0, 9.0]))
        np.float64(5.0)
    """
    no_out(out)
    return _median(a, axis, keepdims, True)


# --- covariance -------------------------------------------------------------------------------------------------


def _variables(m: ArrayLike, rowvar: bool) -> Value:
    x = as_array(m)
    if ndim_of(x) > 2:
        raise ShapeError(f"cov needs a vector or a matrix, got shape {shape_of(x)}")
    x = convert(x, np.promote_types(dtype_of(x), config.float_dtype))  # as NumPy has it
    if ndim_of(x) < 2:
        return reshape(x, (1, -1))
    return x if rowvar else transpose(x)


def _check_weights(name: str, w: ArrayLike, n: int) -> None:
    """NumPy's errors for the weights of `cov`, as far as their values are known."""
    if ndim_of(w) != 1 or shape_of(w)[0] != n:
        raise ShapeError(f"cov: {name} of shape {shape_of(w)} for {n} observations; give a vector of that length")
    if name == "fweights" and dtype_of(w).kind not in "iub" and not holds(equal(rint(w), w)):
        raise DtypeError("cov: fweights count observations and must be whole numbers; give others as aweights")
    if not holds(w >= 0):
        raise ArgumentError(f"cov: {name} cannot be negative")


def cov(
    m: ArrayLike,
    y: ArrayLike | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: ArrayLike | None = None,
    *,
    dtype: DTypeLike = None,
) -> Value:
    """The covariance matrix of variables in the rows of `m` (its columns without `rowvar`), NumPy's arguments.

    Example:
        >>> cov([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
        array([[1., 2.],
               [2., 4.]])
    """
    x = _variables(m, rowvar)
    x = x if dtype is None else convert(x, dtype)
    if y is not None:
        x = concatenate(
            [x, convert(_variables(y, rowvar), dtype_of(x)) if dtype is not None else _variables(y, rowvar)]
        )
    n = shape_of(x)[1]
    if ddof is not None and ddof != int(ddof):
        raise ArgumentError(f"cov: ddof must be a whole number, got {ddof}")
    ddof = (0 if bias else 1) if ddof is None else ddof.item() if isinstance(ddof, np.generic) else ddof
    weights = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is not None:
            w = as_value(w)
            _check_weights(name, w, n)
            weights = w if weights is None else weights * w
    if weights is None:
        middle, total = mean(x, 1), n
        freedom = float(np.maximum(n - ddof, 0))
        centred = x - expand_dims(middle, 1)
        weighted = centred
    else:
        middle, totals = average(x, 1, weights, returned=True)
        total = getitem(totals, 0)
        if aweights is None or ddof == 0:
            freedom = total - ddof
        else:
            freedom = total - ddof * _sum(weights * as_value(aweights)) / total
        centred = x - expand_dims(middle, 1)
        weighted = centred * weights
    out = matmul(weighted, conj(transpose(centred))) / freedom
    return reshape(out, ()) if shape_of(out) == (1, 1) else out


def corrcoef(x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, *, dtype: DTypeLike = None) -> Value:
    """The correlation coefficients of variables in the rows of `x` (its columns without `rowvar`).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.corrcoef(wnp.array([1.0, 2.0, 3.0]), [6.0, 4.0, 2.0]).round(12)
        array([[ 1., -1.],
               [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if ndim_of(c) == 0:
        return c / c
    n = shape_of(c)[0]
    deviation = sqrt(real(getitem(reshape(c, (-1,)), slice(None, None, n + 1))))
    c = c / expand_dims(deviation, 1) / deviation
    if dtype_of(c).kind == "c":
        return clip(real(c), -1, 1) + 1j * clip(imag(c), -1, 1)
    return clip(c, -1, 1)


__all__ = [
    "corrcoef", "cov", "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip
