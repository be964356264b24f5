"""Padding of arrays, and the zeros at their ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Tracer, Value, as_array, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, NotSupportedError, ShapeError
from ..ops import shape as _ops
from ..ops.axes import canonical_axes
from ..ops.elementwise import convert, floor, not_equal, rint, where_p
from ..ops.fits import check_written
from ..ops.indexing import getitem
from ..ops.reduction import any_p
from ..ops.reduction import max as max_of
from ..ops.reduction import min as min_of
from ..ops.slices import pad_p, slice_axis
from ..vocabulary import ArrayLike, Axes, Keywords
from .dispatch import plain
from .shaping import flip, max_, min_, repeat

_COPYING = ("edge", "reflect", "symmetric", "wrap")

_MODES = ("constant", *_COPYING, "empty", "linear_ramp", "maximum", "mean", "median", "minimum")

_OPTIONS = {
    "constant": {"constant_values"}, "linear_ramp": {"end_values"}, "reflect": {"reflect_type"},
    "symmetric": {"reflect_type"}, **dict.fromkeys(("maximum", "mean", "median", "minimum"), {"stat_length"}),  # noqa: RUF024 (read only)
}  # fmt: skip

_BORDERS = ("linear_ramp", "maximum", "mean", "median", "minimum")


def _border(x: ArrayLike, i: int, width: int, mode: str, after: bool, least: int | None, end: Any) -> Value:
    """What stands before or behind `x` along an axis: a statistic of the outermost elements, or a ramp to a value."""
    from . import reductions, statistics

    n, d, rank = shape_of(x)[i], dtype_of(x), ndim_of(x)
    if n == 0:
        raise ArgumentError(f"pad: an axis of length 0 has nothing to pad with in mode {mode!r}")
    if mode == "linear_ramp":
        share = np.arange(width) / max_(width, 1)
        share = (share[::-1] if after else share).reshape([-1 if j == i else 1 for j in range(rank)])
        edge = slice_axis(x, i, n - 1, n) if after else slice_axis(x, i, 0, 1)
        out = edge * share if isinstance(end, (int, float)) and end == 0 else end + (edge - end) * share
        return convert(floor(out) if d.kind in "iu" else out, d)
    if least is not None:
        if least < 0 or (least == 0 and mode in ("maximum", "minimum")):
            raise ArgumentError(f"pad: stat_length of {least} yields no value for padding")
        x = slice_axis(x, i, max_(n - least, 0), n) if after else slice_axis(x, i, 0, min_(least, n))
    function = {
        "maximum": reductions.max,
        "minimum": reductions.min,
        "mean": reductions.mean,
        "median": statistics.median,
    }
    out = function[mode](x, axis=i, keepdims=True)
    out = convert(rint(out) if d.kind in "iu" else out, d)
    return _ops.broadcast_to(out, tuple(width if j == i else m for j, m in enumerate(shape_of(x))))


def _odd(x: ArrayLike, i: int, before: int, after: int, mode: str) -> Value:
    """`x` gone on along an axis by its reflections in the points at its ends, chunk by chunk."""
    period = shape_of(x)[i]
    if period == 0:
        raise ArgumentError(f"pad: an axis of length 0 has nothing to pad with in mode {mode!r}")
    offset = 0 if mode == "symmetric" else 1
    while before or after:
        n = shape_of(x)[i]
        if offset and period == 1:
            first, last = (slice_axis(x, i, j, j + 1) for j in (0, n - 1))
            parts = [repeat(first, before, i), x, repeat(last, after, i)]
            return _ops.concatenate(parts, i)
        most = (n - offset) // (period - offset) * (period - offset)
        left, right = min_(before, most), min_(after, most)
        first, last = slice_axis(x, i, 0, 1), slice_axis(x, i, n - 1, n)
        low = 2 * first - flip(slice_axis(x, i, offset, offset + left), i)
        high = 2 * last - flip(slice_axis(x, i, n - offset - right, n - offset), i)
        x = _ops.concatenate([low, x, high], i)
        before, after = before - left, after - right
    return x


def _sides(values: ArrayLike, rank: int, what: str) -> Any:
    """For each axis the two values of an option that is one number, a pair, or a pair for each axis."""
    if isinstance(values, Tracer):
        return [[getitem(v, 0), getitem(v, 1)] for v in _ops.broadcast_to(values, (rank, 2))]
    try:
        return np.broadcast_to(np.asarray(values), (rank, 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad: {what}={values!r} does not fit {rank} axes") from None


def _pad_widths(x: ArrayLike, pad_width: Any) -> list[list[int]]:
    """How many elements come before and after, for each axis."""
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - ndim_of(x), 0)) for i in range(ndim_of(x))]
        pad_width = [(w, w) if isinstance(w, (int, np.integer)) else tuple(w) for w in pad_width]
    given = np.asarray(pad_width)
    if given.dtype.kind not in "iu" and given.size:
        raise DtypeError(f"pad: widths must be integers, got {pad_width}")
    if np.any(given < 0):
        raise ArgumentError(f"pad: widths must not be negative, got {pad_width}; slices cut arrays")
    try:
        return np.broadcast_to(given.astype(int), (ndim_of(x), 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad: widths {pad_width} do not fit an array of shape {shape_of(x)}") from None


def _check_mode(mode: Any, options: Keywords) -> None:
    if mode not in _MODES and not callable(mode):
        raise ArgumentError(f"pad: mode {mode!r} is none of {', '.join(_MODES)}")
    if not callable(mode) and not set(options) <= _OPTIONS.get(mode, set()):
        raise ArgumentError(f"pad: mode {mode!r} has no {', '.join(sorted(set(options) - _OPTIONS.get(mode, set())))}")


def _with_borders(x: ArrayLike, widths: list[list[int]], mode: str, given: ArrayLike, option: str) -> Value:
    options = [[None, None]] * ndim_of(x) if given is None else _sides(given, ndim_of(x), option)
    for i, (pair, values) in enumerate(zip(widths, options, strict=True)):
        if any(pair):
            least, ends = ((None, None), values) if mode == "linear_ramp" else (values, (0, 0))
            low = _border(x, i, pair[0], mode, False, least[0], ends[0])
            x = _ops.concatenate([low, x, _border(x, i, pair[1], mode, True, least[1], ends[1])], i)
    return x


def _with_copies(x: Value, widths: Any, mode: Any) -> Value:
    """`x` between copies of its own elements: "wrap", "reflect" and their kin."""
    for i, (before, after) in enumerate(widths):
        if before or after:
            source = np.pad(np.arange(shape_of(x)[i]), (before, after), mode)
            x = getitem(x, (slice(None),) * i + (source,))
    return x


@plain(np.pad)
def pad(array: ArrayLike, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Value:
    """`array` with elements added before and after along each axis.

    Args:
        array: the array.
        pad_width: a number, a pair (before, after), or such a pair for each axis.
        mode: one of NumPy's.
        **kwargs: ``constant_values``, ``end_values``, ``stat_length`` or ``reflect_type``, of the modes that have them.

    Raises:
        ArgumentError: a width is negative, or there is no such mode.
        NotSupportedError: a function as mode on an array under transformation.

    Example:
        >>> pad(np.ones(2), 1)
        array([0., 1., 1., 0.])
    """
    x = as_array(array)
    widths = _pad_widths(x, pad_width)
    _check_mode(mode, kwargs)
    if mode == "empty":
        mode, kwargs = "constant", {}
    if mode in _COPYING and kwargs.get("reflect_type", "even") == "even":
        return _with_copies(x, widths, mode)
    if not widths:
        return x
    if mode != "constant" and not isinstance(x, Tracer):
        return np.pad(x, np.reshape(np.array(widths, int), (-1, 2)), mode, **kwargs)
    if mode in _COPYING:
        for i, (before, after) in enumerate(widths):
            x = _odd(x, i, before, after, mode)
        return x
    option = "end_values" if mode == "linear_ramp" else "stat_length"
    if mode in _BORDERS and set(kwargs) <= {option}:
        given = kwargs.get(option, 0 if mode == "linear_ramp" else None)
        return _with_borders(x, widths, mode, given, option)
    if mode != "constant":
        raise NotSupportedError(
            f"pad with mode {mode!r} and {', '.join(kwargs) or 'a function'} on an array under transformation: compute the "
            f"border and concatenate it"
        )
    return _with_constants(x, widths, kwargs.get("constant_values", 0))


def _with_constants(x: Value, widths: Any, values: ArrayLike) -> Value:
    """`x` between constants: one, or one for each end of each axis."""
    if (
        not isinstance(values, Tracer)
        and not isinstance(values, (tuple, list))
        and np.ndim(values) == 0
        and values == 0
    ):
        return pad_p.bind(x, config=tuple((a, b, 0) for a, b in widths))
    for v in np.ravel(np.array(values, object)) if isinstance(values, (tuple, list)) else [values]:
        check_written(v, dtype_of(x))
    fills = _ops.broadcast_to(as_array(values), (ndim_of(x), 2))
    for i, pair in enumerate(widths):
        parts = [x]
        for end, width in enumerate(pair):
            if width:
                border = tuple(width if j == i else n for j, n in enumerate(shape_of(x)))
                piece = _ops.broadcast_to(convert(getitem(fills, (i, end)), dtype_of(x)), border)
                parts = [piece, *parts] if end == 0 else [*parts, piece]
        x = _ops.concatenate(parts, i) if len(parts) > 1 else x
    return x


def trim_zeros(filt: ArrayLike, trim: str = "fb", axis: Axes = None) -> Value:
    """`filt` without the slices of zeros at its ends along `axis` (all axes by default); how many is asked for where it is traced.

    Args:
        filt: the array.
        trim: "f" to cut at the front, "b" at the back, "fb" at both.
        axis: an axis or several.

    Example:
        >>> trim_zeros(np.array([0.0, 1.0, 0.0, 2.0, 0.0]))
        array([1., 0., 2.])
    """
    filt = as_array(filt)
    for i in canonical_axes(axis, ndim_of(filt)):
        others = tuple(j for j in range(ndim_of(filt)) if j != i)
        held, n = any_p.bind(not_equal(filt, 0), axes=others), shape_of(filt)[i]
        inside = np.arange(n)
        last = int(max_of(where_p.bind(held, inside, -1), initial=-1))
        if last < 0:
            filt = slice_axis(filt, i, 0, 0)
            continue
        first = int(min_of(where_p.bind(held, inside, n), initial=n)) if "f" in trim.lower() else 0
        filt = slice_axis(filt, i, first, last + 1 if "b" in trim.lower() else n)
    return filt


__all__ = ["pad", "trim_zeros"]
