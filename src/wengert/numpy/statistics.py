"""Order statistics, covariances, and counting: median, quantile, cov, corrcoef, histogram, bincount."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import PYTHON_SCALARS, Tracer, as_array, as_value, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, NotSupportedError, ShapeError
from ..ops.contraction import matmul
from ..ops.elementwise import ceil, conj, convert, floor, imag, isnan, real, rint, sqrt, where_p
from ..ops.indexing import getitem, scatter_add_p, take_along_axis
from ..ops.reduction import any as _any
from ..ops.reduction import canonical_axes
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape, transpose
from ..ops.sorting import sort_p
from .dispatch import plain
from .elementary import clip
from .reductions import average, max, mean, min  # noqa: A004
from .searching import known, searchsorted, where

ndarray = np.ndarray


def canonical(x: ndarray) -> ndarray:
    """An array of NumPy's in the dtype of this mode."""
    return x.astype(canonical_dtype(x.dtype), copy=False)


# --- order statistics -------------------------------------------------------------------------------------------

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(a: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool, median: bool = False) -> Any:
    if method not in _METHODS:
        raise NotSupportedError(f"quantile with method {method!r}; the methods are {', '.join(_METHODS)}")
    share_dtype = None if type(q) in PYTHON_SCALARS else dtype_of(as_array(q))  # Python's numbers are weak
    x, q = as_array(a), as_array(q)
    x = x if inexact_dtype(dtype_of(x)) else convert(x, config.float_dtype)
    if dtype_of(x).kind == "c":
        raise ArgumentError("quantiles of complex numbers: they have no order")
    shape, rank = shape_of(x), ndim_of(x)
    axes = canonical_axes(axis, rank)
    rest = [i for i in range(rank) if i not in axes]
    lead, n = tuple(shape[i] for i in rest), math.prod(shape[i] for i in axes)
    if n == 0:
        raise ShapeError(f"quantile of no elements (shape {shape}, axis {axis})")
    rows = sort_p.bind(reshape(transpose(x, (*rest, *axes)), (*lead, n)), axis=len(lead))
    dtype = dtype_of(x)
    missing = isnan(rows)
    q_shape = shape_of(q)
    q = convert(reshape(q, (-1,)), dtype if isinstance(q, Tracer) else np.float64)
    if skip_nan:
        count = _sum(convert(~missing, config.int_dtype), len(lead), keepdims=True)  # sorted: the NaN stand last
        place = q * where(count > 0, count - 1, 0)
    else:
        place = broadcast_to(q * (n - 1), (*lead, *shape_of(q))) if isinstance(q, Tracer) else q * (n - 1)
    if method == "nearest":
        place = rint(place)
    low, high = floor(place), ceil(place)
    share = 0.5 * (high - low) if method == "midpoint" else place - low
    low, high = (convert(v, np.intp) for v in (low, high))

    def at(index: Any) -> Any:
        if isinstance(index, Tracer) or ndim_of(index) > 1:
            return take_along_axis(rows, index, -1)
        return getitem(rows, (Ellipsis, index))

    if method == "lower" or method == "nearest":
        out = at(low)
    elif method == "higher":
        out = at(high)
    else:
        first, second = at(low), at(high)
        share = convert(share, dtype)
        # A median is a mean of two, as NumPy has it: of -inf and 0 it is -inf, where interpolation has no answer.
        between = (first + second) * dtype.type(0.5) if median else first + (second - first) * share
        out = where_p.bind(share == 0, first, between)
    if not skip_nan:
        out = where_p.bind(_any(missing, -1, keepdims=True), dtype.type(np.nan), out)
    else:
        out = where_p.bind(count > 0, out, dtype.type(np.nan))
    out = reshape(moveaxis(out, -1, 0), (*q_shape, *lead))
    if share_dtype is not None:
        out = convert(out, np.promote_types(dtype_of(out), share_dtype))
    if keepdims:
        out = reshape(out, (*q_shape, *[1 if i in axes else m for i, m in enumerate(shape)]))
    return out


_BEYOND = "interpolation overwrite_input"


@plain(np.quantile, beyond=_BEYOND)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """The `q`-th quantile over `axis`: the value that a share `q` of the elements lies below.

    Args:
        a: the array.
        q: one or more numbers in [0, 1]; their axes come first in the result.
        axis: an axis or several; all by default.
        out, overwrite_input: accepted as NumPy accepts them; nothing is overwritten.
        method: "linear" (the default), "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the axes stay, with length 1.

    Raises:
        NotSupportedError: another method.

    Example:
        >>> float(quantile([1.0, 2.0, 4.0], 0.75))
        3.0
    """
    return _quantile(a, q, axis, method, keepdims, False)


@plain(np.percentile, beyond=_BEYOND)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """The `q`-th percentile over `axis`: `quantile` with `q` from 0 to 100."""
    return _quantile(a, as_value(q) / 100, axis, method, keepdims, False)


@plain(np.nanquantile, beyond=_BEYOND)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """The `q`-th quantile over `axis` of the elements that are not NaN."""
    return _quantile(a, q, axis, method, keepdims, True)


@plain(np.nanpercentile, beyond=_BEYOND)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """The `q`-th percentile over `axis` of the elements that are not NaN."""
    return _quantile(a, as_value(q) / 100, axis, method, keepdims, True)


def _median(a: Any, axis: Any, keepdims: bool, skip_nan: bool) -> Any:
    x = as_array(a)
    if all(shape_of(x)[i] for i in canonical_axes(axis, ndim_of(x))):
        return _quantile(x, 0.5, axis, "midpoint", keepdims, skip_nan, median=True)
    return mean(x, axis, keepdims=keepdims)  # of no elements: NaN, as NumPy has it


@plain(np.median, beyond=_BEYOND)
def median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median over `axis`; of an even number of elements the mean of the two in the middle."""
    return _median(a, axis, keepdims, False)


@plain(np.nanmedian, beyond=_BEYOND)
def nanmedian(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median over `axis` of the elements that are not NaN."""
    return _median(a, axis, keepdims, True)


# --- covariance -------------------------------------------------------------------------------------------------


def _variables(m: Any, rowvar: bool) -> Any:
    x = as_array(m)
    if ndim_of(x) > 2:
        raise ShapeError(f"cov needs a vector or a matrix, got shape {shape_of(x)}")
    x = convert(x, np.promote_types(dtype_of(x), config.float_dtype))  # as NumPy has it
    if ndim_of(x) < 2:
        return reshape(x, (1, -1))
    return x if rowvar else transpose(x)


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """The covariance matrix of variables in the rows of `m` (its columns without `rowvar`), NumPy's arguments.

    Example:
        >>> cov([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
        array([[1., 2.],
               [2., 4.]])
    """
    x = _variables(m, rowvar)
    if y is not None:
        x = concatenate([x, _variables(y, rowvar)])
    n = shape_of(x)[1]
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None
    for w in (fweights, aweights):
        if w is not None:
            w = as_value(w)
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


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """The correlation coefficients of variables in the rows of `x` (its columns without `rowvar`)."""
    c = cov(x, y, rowvar)
    if ndim_of(c) == 0:
        return c / c
    n = shape_of(c)[0]
    deviation = sqrt(real(getitem(reshape(c, (-1,)), slice(None, None, n + 1))))
    c = c / expand_dims(deviation, 1) / deviation
    if dtype_of(c).kind == "c":
        return clip(real(c), -1, 1) + 1j * clip(imag(c), -1, 1)
    return clip(c, -1, 1)


# --- counting ---------------------------------------------------------------------------------------------------


def bincount(x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None) -> Any:
    """How often each number from 0 occurs in `x`, or the sum of `weights` at its occurrences (differentiable).

    Args:
        x: a vector of integers that are not negative.
        weights: a vector of the same length.
        minlength: the least length of the result.
        length: its length; needed where the values of `x` are not known. Larger numbers are not counted.
    """
    x = as_array(x)
    if ndim_of(x) != 1:
        raise ShapeError(f"bincount needs a vector, got shape {shape_of(x)}")
    if not isinstance(x, Tracer) and not isinstance(weights, Tracer) and length is None:
        return canonical(np.bincount(x, None if weights is None else as_array(weights), minlength))
    if length is None:
        values = known(x, "bincount without length=, the length of the result")
        length = int(values.max(initial=-1)) + 1
        length = minlength if minlength > length else length
    if weights is None:
        weights = np.ones(shape_of(x), config.int_dtype)
    else:
        weights = as_array(weights)
        if dtype_of(weights).kind == "c":
            raise DtypeError("bincount: weights must be real; count their real and imaginary parts")
        weights = convert(weights, config.float_dtype)
    if shape_of(weights) != shape_of(x):
        raise ShapeError(f"bincount: weights of shape {shape_of(weights)} for values of shape {shape_of(x)}")
    inside = (x >= 0) & (x < length)
    index = convert(where_p.bind(inside, x, length), np.intp)  # the others fall into one more place, cut off
    out = scatter_add_p.bind(np.zeros(length + 1, dtype_of(weights)), weights, index, axes=(0,))
    return getitem(out, slice(0, length))


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:  # noqa: A002
    """The edges of the bins that `histogram` uses."""
    if not isinstance(a, Tracer) and not isinstance(bins, Tracer):
        return canonical(np.histogram_bin_edges(as_array(a), bins, range))
    if isinstance(bins, str):
        raise NotSupportedError(f"histogram with bins={bins!r} of values that are not known; give the number of bins")
    if not isinstance(bins, int):
        return as_array(bins)
    from .creation import linspace

    a = as_array(a)
    low, high = (min(a), max(a)) if range is None else range
    flat = low == high
    low, high = where(flat, low - 0.5, low), where(flat, high + 0.5, high)
    return linspace(low, high, bins + 1)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool = False, weights: Any = None) -> Any:  # noqa: A002
    """How many elements fall into each bin, and the edges of the bins; differentiable in `weights` alone."""
    if not any(isinstance(v, Tracer) for v in (a, bins, weights)):
        counts, edges = np.histogram(as_array(a), bins, range, density, None if weights is None else as_array(weights))
        return canonical(counts), canonical(edges)
    a = reshape(as_array(a), (-1,))
    edges = histogram_bin_edges(a, bins, range, weights)
    n = shape_of(edges)[0] - 1
    place = searchsorted(edges, a, "right")
    place = where(a == getitem(edges, -1), n, place) - 1  # the last bin holds its right edge
    if weights is not None:
        weights = reshape(as_array(weights), (-1,))
    counts = bincount(place, weights, length=n)
    if density:
        widths = getitem(edges, slice(1, None)) - getitem(edges, slice(None, -1))
        counts = counts / widths / _sum(counts)
    return counts, edges


def _histogram_passthrough(name: str) -> Any:
    function = getattr(np, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        for a in (*args, *kwargs.values()):
            if isinstance(a, Tracer):
                raise NotSupportedError(f"{name} of arrays under transformation; use stop_gradient, or call it outside")
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"NumPy's ``{name}``, of arrays whose values are known; it has no derivative."
    return call


histogram2d, histogramdd = _histogram_passthrough("histogram2d"), _histogram_passthrough("histogramdd")

__all__ = [
    "bincount", "corrcoef", "cov", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd", "median",
    "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip
