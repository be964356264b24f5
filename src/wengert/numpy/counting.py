"""Counting: bincount and the histograms. What is counted has no derivative; the weights of what is counted have one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import Tracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, DtypeError, NotSupportedError, ShapeError
from ..ops.axes import as_length
from ..ops.bounds import holds
from ..ops.elementwise import convert, logical_and, real, where_p
from ..ops.indexing import getitem
from ..ops.reduction import sum as _sum
from ..ops.scatters import scatter_add_p, wide
from ..ops.shape import moveaxis, reshape
from ..vocabulary import ArrayLike
from .creation import linspace
from .dispatch import rounded
from .ordering import searchsorted
from .reductions import max, min  # noqa: A004
from .searching import where

ndarray = np.ndarray


def canonical(x: ndarray) -> ndarray:
    """An array of NumPy's in the dtype of this mode."""
    return x.astype(canonical_dtype(x.dtype), copy=False)


def bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0, *, length: int | None = None) -> Any:
    """How often each number from 0 occurs in `x`, or the sum of `weights` at its occurrences (differentiable).

    Args:
        x: a vector of integers that are not negative.
        weights: a vector of the same length.
        minlength: the least length of the result.
        length: its length; needed where no number may be asked for, as in the body of a loop. Larger numbers are not counted.

    Raises:
        ArgumentError: a number is negative.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.bincount(wnp.array([0, 2, 2, 3]), weights=[1.0, 0.5, 0.25, 4.0])
        array([1.  , 0.  , 0.75, 4.  ])
    """
    x = wide(as_array(x))
    if ndim_of(x) != 1:
        raise ShapeError(f"bincount needs a vector, got shape {shape_of(x)}")
    if dtype_of(x).kind not in "iub" and (isinstance(x, Tracer) or shape_of(x) != (0,)):
        raise DtypeError(f"bincount counts whole numbers, got {dtype_of(x)}; convert them with astype(int)")
    if not isinstance(x, Tracer) and not isinstance(weights, Tracer) and length is None:
        return canonical(np.bincount(x, None if weights is None else as_array(weights), minlength))
    if not holds(x >= 0):
        raise ArgumentError("bincount counts numbers from 0 on, and some are negative")
    minlength = as_length(minlength, "bincount: minlength")
    length = None if length is None else as_length(length, "bincount: length")
    if length is None:
        try:
            length = int(max(x)) + 1 if shape_of(x)[0] else 0
        except ConcretizationError as error:
            raise ConcretizationError(
                "bincount: the length of the result, the largest number and one, is not known here; pass length="
            ) from error
        length = minlength if minlength > length else length
    if weights is not None and shape_of(as_array(weights)) != shape_of(x):
        raise ShapeError(f"bincount: weights of shape {shape_of(as_array(weights))} for values of shape {shape_of(x)}")
    if weights is None or not shape_of(x)[0]:  # as NumPy, whose counts of nothing are integers
        weights = np.ones(shape_of(x), config.int_dtype)
    else:
        weights = as_array(weights)
        if dtype_of(weights).kind == "c":
            raise DtypeError("bincount: weights must be real; count their real and imaginary parts")
        weights = convert(weights, config.float_dtype)
    inside = logical_and(x >= 0, x < length)
    index = convert(where_p.bind(inside, x, length), np.intp)  # the others fall into one more place, cut off
    out = scatter_add_p.bind(np.zeros(length + 1, dtype_of(weights)), weights, index, axes=(0,))
    return getitem(out, slice(0, length))


@rounded
def histogram_bin_edges(a: ArrayLike, bins: ArrayLike = 10, range: Any = None, weights: Any = None) -> Any:  # noqa: A002
    """The edges of the bins that `histogram` uses.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.histogram_bin_edges(wnp.array([0.0, 4.0]), bins=4)
        array([0., 1., 2., 3., 4.])
    """
    if not isinstance(a, Tracer) and not isinstance(bins, Tracer):
        return canonical(np.histogram_bin_edges(as_array(a), bins, range))
    if isinstance(bins, str):
        raise NotSupportedError(f"histogram with bins={bins!r} of values that are not known; give the number of bins")
    if not isinstance(bins, (int, np.integer)):
        bins = as_array(bins)
        if not holds(getitem(bins, slice(1, None)) >= getitem(bins, slice(0, -1))):
            raise ArgumentError("histogram: the edges must rise")
        return bins
    if bins < 1:
        raise ArgumentError(f"histogram: the number of bins must be positive, got {bins}")
    if range is not None and not any(isinstance(v, Tracer) for v in range) and range[0] > range[1]:
        raise ArgumentError(f"histogram: the range must rise, got {range}")

    a = as_array(a)
    low, high = range if range is not None else (min(a), max(a)) if all(shape_of(a)) else (0.0, 1.0)
    flat = low == high
    low, high = where(flat, low - 0.5, low), where(flat, high + 0.5, high)
    edges = linspace(low, high, bins + 1)
    return convert(edges, dtype_of(a)) if dtype_of(a).kind == "f" else edges


@rounded
def histogram(
    a: ArrayLike, bins: ArrayLike = 10, range: Any = None, density: bool = False, weights: ArrayLike | None = None
) -> Any:  # noqa: A002
    """How many elements fall into each bin, and the edges of the bins; differentiable in `weights` alone.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.histogram(wnp.array([1, 2, 2, 4]), bins=[0, 2, 5])
        (array([1, 3]), array([0, 2, 5]))
    """
    if not any(isinstance(v, Tracer) for v in (a, bins, weights)):
        counts, edges = np.histogram(as_array(a), bins, range, density, None if weights is None else as_array(weights))
        return canonical(counts), canonical(edges)
    a = reshape(as_array(a), (-1,))
    if isinstance(bins, (int, np.integer)) and bins < 1:
        raise ShapeError(f"histogram: bins must be positive, got {bins}")
    edges = histogram_bin_edges(a, bins, range, weights)
    n = shape_of(edges)[0] - 1
    if isinstance(bins, (int, np.integer)) and dtype_of(a).kind == "c":
        place = _complex_bin(a, edges)
    else:
        place = searchsorted(edges, a, "right")
        place = where(a == getitem(edges, -1), n, place) - 1  # the last bin holds its right edge
    if weights is not None:
        weights = reshape(as_array(weights), (-1,))
    counts = getitem(bincount(place + 1, weights, length=n + 2), slice(1, -1))  # without what lies outside of the range
    if weights is not None and dtype_of(weights).kind in "iu":
        counts = convert(counts, dtype_of(weights))  # sums of whole numbers, as NumPy has them
    if density:
        widths = getitem(edges, slice(1, None)) - getitem(edges, slice(None, -1))
        counts = counts / widths / _sum(counts)
    return counts, edges


def _complex_bin(a: ArrayLike, edges: ArrayLike) -> Any:
    """In which of the bins between evenly spaced `edges` complex numbers are, or -1, as NumPy counts them: by the real part of
    the quotient of differences, then by comparisons, which look at real parts first. No order has these bins."""
    n, first, last = shape_of(edges)[0] - 1, getitem(edges, 0), getitem(edges, -1)
    a = convert(a, dtype_of(edges))
    inside = logical_and(a >= first, a <= last)
    place = convert(real((a - first) / (last - first) * n), np.intp)
    place = where(inside, where(place == n, n - 1, place), 0)
    place = place - convert(a < getitem(edges, place), np.intp)
    more = logical_and(a >= getitem(edges, place + 1), place != n - 1)
    return where(inside, place + convert(more, np.intp), -1)


def _bins(x: ArrayLike, bins: ArrayLike, range: Any) -> Any:  # noqa: A002
    return histogram_bin_edges(x, int(bins) if isinstance(bins, (int, np.integer)) else as_array(bins), range)


def histogramdd(
    sample: ArrayLike,
    bins: ArrayLike = 10,
    range: Any = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,  # noqa: A002
) -> tuple[Any, tuple[Any, ...]]:
    """How many points fall into each cell of a grid, and the edges of the grid; differentiable in `weights` alone.

    Args:
        sample: points, shape ``(n, d)``, or a sequence of `d` vectors.
        bins: the number of bins; or for each axis a number or the edges.
        range: for each axis the lowest and the highest edge, or None for those of the points.
        density: whether the counts are divided by their sum and the volume of the cells.
        weights: how much each point counts.

    Raises:
        ShapeError: the number of bins or ranges is not the number of axes.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.histogramdd(wnp.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.9]]), bins=2)[0]
        array([[1., 0.],
               [0., 2.]])
    """
    columns = sample if isinstance(sample, (list, tuple)) else moveaxis(as_array(sample), -1, 0)
    xs = [reshape(as_array(c), (-1,)) for c in columns]
    d = len(xs)
    each = list(bins) if isinstance(bins, (list, tuple)) or ndim_of(as_value(bins)) else [bins] * d
    ranges = [None] * d if range is None else list(range)
    if len(each) != d or len(ranges) != d:
        raise ShapeError(f"histogramdd: {len(each)} bins and {len(ranges)} ranges for points of {d} coordinates")
    edges = tuple(_bins(x, b, r) for x, b, r in zip(xs, each, ranges, strict=True))
    lengths = [shape_of(e)[0] - 1 for e in edges]
    flat: Any = 0
    inside: Any = np.True_
    for x, edge, n in zip(xs, edges, lengths, strict=True):
        place = where(x == getitem(edge, -1), n, searchsorted(edge, x, "right")) - 1
        inside = logical_and(logical_and(place >= 0, place < n), inside)
        flat = flat * n + place
    total = math.prod(lengths)
    w = None if weights is None else reshape(as_array(weights), (-1,))
    counts = reshape(bincount(where(inside, flat, total), w, length=total), tuple(lengths))
    counts = convert(counts, config.float_dtype)
    if density:
        total_count = _sum(counts)
        for i, edge in enumerate(edges):
            widths = getitem(edge, slice(1, None)) - getitem(edge, slice(None, -1))
            counts = counts / reshape(widths, (-1,) + (1,) * (d - i - 1))
        counts = counts / total_count
    return counts, edges


def histogram2d(
    x: ArrayLike,
    y: ArrayLike,
    bins: ArrayLike = 10,
    range: Any = None,  # noqa: A002
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[Any, Any, Any]:
    """How many points ``(x, y)`` fall into each cell of a grid, and the edges; differentiable in `weights` alone.

    `bins` is a number, the edges for both axes, or a pair of these; else as in `histogramdd`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.histogram2d(wnp.array([0.1, 0.9]), wnp.array([0.2, 0.8]), bins=2)[0]
        array([[1., 0.],
               [0., 1.]])
    """
    if isinstance(bins, (list, tuple)) and len(bins) in (1, 2):
        bins = [bins[0], bins[-1]]
    elif not isinstance(bins, (int, np.integer)):
        bins = [as_array(bins)] * 2
    if ndim_of(as_value(x)) != 1 or ndim_of(as_value(y)) != 1:
        raise ShapeError(
            f"histogram2d needs two vectors, got shapes {shape_of(as_value(x))} and {shape_of(as_value(y))}"
        )
    counts, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return counts, first, second


__all__ = ["bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]
