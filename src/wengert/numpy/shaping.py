"""Changing the arrangement of elements, not the elements: shapes, axes, joining, splitting, repeating, padding."""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from ..core import Tracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, DtypeError, NotSupportedError, ShapeError
from ..ops import shape as _ops
from ..ops.bounds import holds
from ..ops.cumulative import cumsum_p
from ..ops.elementwise import as_positions, convert, floor, not_equal, rint, where_p
from ..ops.fits import check_written
from ..ops.indexing import getitem
from ..ops.promotion import broadcast_shapes as _broadcast
from ..ops.reduction import any_p, sum_p
from ..ops.reduction import max as max_of
from ..ops.reduction import min as min_of
from ..ops.shape import as_length, canonical_axes, canonical_axis, reverse_p
from ..ops.slices import pad_p, slice_axis
from ..ops.updates import at
from .dispatch import plain

max_, min_ = builtins.max, builtins.min

# --- windows ---------------------------------------------------------------------------------------------------


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Windows that slide over axes of `x`: those of an axis stand last, as ``np.lib.stride_tricks`` has it; a copy.

    Args:
        window_shape: the length of the windows along each of the axes. axis: the axes; None for all.
    """
    x = as_value(x)
    if not isinstance(x, Tracer):
        return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)
    if writeable:
        raise NotSupportedError("sliding_window_view: windows of a traced array cannot be written into; write into x")
    lengths = tuple(window_shape) if isinstance(window_shape, (tuple, list)) else (window_shape,)
    if axis is None and len(lengths) != ndim_of(x):
        raise ShapeError(f"sliding_window_view: window_shape {lengths} for an array of {ndim_of(x)} axes, and no axis")
    axes = tuple(range(ndim_of(x))) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) != len(lengths):
        raise ShapeError(f"sliding_window_view: {len(lengths)} lengths of windows for {len(axes)} axes")
    d = ndim_of(x)
    for k, length in zip(axes, lengths, strict=True):
        i, n = canonical_axis(k, d), operator.index(length)
        many = shape_of(x)[i] - n + 1
        if n < 0 or many < 1:
            raise ShapeError(f"sliding_window_view: windows of length {n} along axis {i} of shape {shape_of(x)}")
        windows = np.arange(many)[:, None] + np.arange(n)
        x = getitem(x, (*[slice(None)] * i, windows))
        x = moveaxis(x, i + 1, -1)
    return x


# --- shapes and axes --------------------------------------------------------------------------------------------


def shape(a: Any) -> tuple[int, ...]:
    """The shape of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.shape([[1, 2, 3]])
        (1, 3)
    """
    return shape_of(as_value(a))


def ndim(a: Any) -> int:
    """The number of axes of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ndim([[1, 2], [3, 4]])
        2
    """
    return ndim_of(as_value(a))


def size(a: Any, axis: Any = None) -> int:
    """The number of elements of `a`, or its length along `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.size(wnp.ones((2, 5)), 1)
        5
    """
    s = shape_of(as_value(a))
    return int(np.prod([s[i] for i in canonical_axes(axis, len(s))], dtype=int))


@plain(np.reshape)
def reshape(a: Any, shape: Any = None, order: str = "C", *, copy: bool | None = None) -> Any:
    """`a` with another shape, read in C order (or "F", column-major); one entry may be -1.

    Raises:
        ShapeError: the number of elements differs.

    Example:
        >>> reshape([1, 2, 3, 4], (2, -1))
        array([[1, 2],
               [3, 4]])
    """
    x = as_array(a)
    if shape is None:
        raise ArgumentError("reshape needs a shape")
    if order in ("C", "A"):
        return _ops.reshape(x, shape)
    if order != "F":
        raise ArgumentError(f"reshape: order must be 'C', 'F' or 'A', got {order!r}")
    dims = shape if isinstance(shape, (tuple, list)) else _ops.as_lengths(shape)
    return _ops.transpose(_ops.reshape(_ops.transpose(x), dims[::-1]))


@plain(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """`a` as one axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ravel(wnp.array([[1, 2], [3, 4]]), order="F")
        array([1, 3, 2, 4])
    """
    return reshape(as_array(a), (-1,), "F" if order == "F" else "C")


@plain(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    """`a` with its axes permuted (reversed by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.permute_dims(wnp.ones((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    return _ops.transpose(a, axes)


permute_dims = transpose


def matrix_transpose(x: Any, /) -> Any:
    """`x` with its last two axes exchanged.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.matrix_transpose(wnp.array([[[1, 2], [3, 4]]]))
        array([[[1, 3],
                [2, 4]]])
    """
    x = as_array(x)
    if ndim_of(x) < 2:
        raise ShapeError(f"matrix_transpose needs at least two axes, got shape {shape_of(x)}")
    return swapaxes(x, -1, -2)


@plain(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """`a` with two axes exchanged.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.swapaxes(wnp.ones((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    a = as_array(a)
    n = ndim_of(a)
    i, j = canonical_axis(axis1, n, "axis1"), canonical_axis(axis2, n, "axis2")
    order = list(range(n))
    order[i], order[j] = j, i
    return _ops.transpose(a, order)


@plain(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`a` with the axes `source` moved to `destination`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.moveaxis(wnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    return _ops.moveaxis(a, source, destination)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """`a` with `axis` moved back until it stands before the position `start`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.rollaxis(wnp.ones((2, 3, 4)), 2).shape
        (4, 2, 3)
    """
    a = as_array(a)
    axis = canonical_axis(axis, ndim_of(a))
    start = start + ndim_of(a) if start < 0 else start
    return _ops.moveaxis(a, axis, start - 1 if axis < start else start)


@plain(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """`a` without its axes of length 1, or without those that `axis` names.

    Raises:
        ShapeError: an axis that `axis` names is longer.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.squeeze(wnp.ones((1, 3, 1)), axis=0).shape
        (3, 1)
    """
    a = as_array(a)
    s = shape_of(a)
    axes = {i for i, n in enumerate(s) if n == 1} if axis is None else canonical_axes(axis, len(s), scalars=True)
    for i in axes:
        if s[i] != 1:
            raise ShapeError(f"squeeze: axis {i} of an array of shape {s} has length {s[i]}, not 1")
    return _ops.reshape(a, tuple(n for i, n in enumerate(s) if i not in axes))


def expand_dims(a: Any, axis: Any = 0) -> Any:
    """`a` with axes of length 1 inserted where `axis` says.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.expand_dims(wnp.array([1, 2]), axis=1)
        array([[1],
               [2]])
    """
    return _ops.expand_dims(a, axis)


@plain(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """`array` broadcast to `shape` by NumPy's rules.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.broadcast_to(wnp.array([1, 2]), (3, 2))
        array([[1, 2],
               [1, 2],
               [1, 2]])
    """
    return _ops.broadcast_to(array, shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes broadcast to.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.broadcast_shapes((3, 1), (4,), (1, 1, 1))
        (1, 3, 4)
    """
    return _broadcast("broadcast_shapes", *[tuple(s) if isinstance(s, (tuple, list)) else (s,) for s in shapes])


def broadcast_arrays(*args: Any) -> list[Any]:
    """Arrays broadcast against each other.

    Example:
        >>> import wengert.numpy as wnp
        >>> [a.tolist() for a in wnp.broadcast_arrays(wnp.array([1, 2]), wnp.array([[3], [4]]))]
        [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    xs = [as_array(x) for x in args]
    want = _broadcast("broadcast_arrays", *map(shape_of, xs))
    return [_ops.broadcast_to(x, want) for x in xs]


def _at_least(n: int, place: Any, doc: str) -> Any:
    def call(*arys: Any) -> Any:
        out = []
        for x in map(as_array, arys):
            s = shape_of(x)
            x = _ops.reshape(x, place(s) if len(s) < n else s)
            out.append(np.asarray(x) if not isinstance(x, Tracer) else x)
        return out[0] if len(out) == 1 else tuple(out)

    call.__name__ = call.__qualname__ = f"atleast_{n}d"
    call.__doc__ = doc
    return call


atleast_1d = _at_least(1, lambda s: (1,), "`x` with at least one axis.")
atleast_2d = _at_least(2, lambda s: (1,) * (2 - len(s)) + s, "`x` with at least two axes, new ones in front.")
atleast_3d = _at_least(
    3,
    lambda s: (1, *s, 1) if len(s) == 1 else (1,) * (2 - len(s)) + (*s, 1),
    "`x` with at least three axes: a vector becomes ``(1, n, 1)``, a matrix ``(n, m, 1)``.",
)


# --- repeating and turning --------------------------------------------------------------------------------------


@plain(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """`A` laid side by side, `reps` times along each axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tile(wnp.array([1, 2]), (2, 2))
        array([[1, 2, 1, 2],
               [1, 2, 1, 2]])
    """
    A = as_array(A)
    counts = tuple(operator.index(r) for r in (reps if isinstance(reps, (tuple, list, np.ndarray)) else (reps,)))
    s = shape_of(A)
    rank = max_(len(s), len(counts))
    s, counts = (1,) * (rank - len(s)) + s, (1,) * (rank - len(counts)) + counts
    A = _ops.reshape(A, tuple(v for n in s for v in (1, n)))
    A = _ops.broadcast_to(A, tuple(v for r, n in zip(counts, s, strict=True) for v in (r, n)))
    return _ops.reshape(A, tuple(r * n for r, n in zip(counts, s, strict=True)))


@plain(np.repeat, beyond="total_repeat_length")
def repeat(a: Any, repeats: Any, axis: int | None = None, *, total_repeat_length: int | None = None) -> Any:
    """Each slice of `a` along `axis` repeated `repeats` times (a number, or one for each slice).

    Args:
        total_repeat_length: how long the result is along `axis`: what is too much is left out, and the last slice fills
            what is missing. The sum of `repeats` by default,
            which is asked for where they are traced.

    Raises:
        ConcretizationError: `repeats` are traced where their sum may not be asked for, as in the body of a loop.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.repeat(wnp.array([1, 2]), [1, 3])
        array([1, 2, 2, 2])
    """
    a = as_array(a)
    if axis is None or (not shape_of(a) and axis in (0, -1)):
        a, axis = ravel(a), 0
    axis = canonical_axis(axis, ndim_of(a))
    s = shape_of(a)
    if isinstance(repeats, Tracer):
        if not holds(repeats >= 0):
            raise ShapeError("repeat: repeats may not contain negative values")
        if total_repeat_length is None:
            total = sum_p.bind(_ops.broadcast_to(_ops.reshape(repeats, (-1,)), (s[axis],)), axes=(0,))
            try:
                total_repeat_length = int(total)  # type: ignore[call-overload]
            except ConcretizationError as error:
                raise ConcretizationError(
                    "repeat: how long the result is, the sum of the repeats, is not known here; pass total_repeat_length="
                ) from error
        return _repeated(a, repeats, axis, as_length(total_repeat_length, "repeat: total_repeat_length"))
    counts = np.asarray(repeats)
    if counts.size and counts.min() < 0:
        raise ShapeError(f"repeat: repeats may not contain negative values, got {counts.min()}")
    if total_repeat_length is not None:
        total_repeat_length = as_length(total_repeat_length, "repeat: total_repeat_length")
    if counts.size == 1 and total_repeat_length is None:
        r = int(counts.reshape(()))
        a = _ops.broadcast_to(_ops.expand_dims(a, axis + 1), (*s[: axis + 1], r, *s[axis + 1 :]))
        return _ops.reshape(a, (*s[:axis], s[axis] * r, *s[axis + 1 :]))
    source = np.repeat(np.arange(s[axis]), counts)
    if total_repeat_length is not None:
        missing = total_repeat_length - len(source)
        source = np.concatenate([source, np.full(max_(missing, 0), source[-1] if len(source) else 0)])
        source = source[:total_repeat_length].astype(int)
    return getitem(a, (slice(None),) * axis + (source,))


def _repeated(a: Any, counts: Any, axis: int, length: int) -> Any:
    """`a` repeated along `axis` by traced counts, in a result of a known length."""
    n = shape_of(a)[axis]
    counts = _ops.broadcast_to(_ops.reshape(counts, (-1,)), (n,))
    ends = cumsum_p.bind(counts, axis=0)
    begins = ends - counts  # each slice but the first moves on by one where it begins
    moves = at(np.zeros(length + 1, dtype_of(ends)))[np.minimum(begins[1:], length)].add(1)
    source = cumsum_p.bind(moves[:length], axis=0)
    return getitem(a, (slice(None),) * axis + (source,))


@plain(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """`m` reversed along `axis` (all axes by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.flip(wnp.array([[1, 2], [3, 4]]))
        array([[4, 3],
               [2, 1]])
    """
    m = as_array(m)
    axes = canonical_axes(axis, ndim_of(m))
    return reverse_p.bind(m, axes=axes) if axes else m


def fliplr(m: Any) -> Any:
    """`m` reversed along its second axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fliplr(wnp.array([[1, 2], [3, 4]]))
        array([[2, 1],
               [4, 3]])
    """
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """`m` reversed along its first axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.flipud(wnp.array([[1, 2], [3, 4]]))
        array([[3, 4],
               [1, 2]])
    """
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """`m` turned by `k` times 90 degrees in the plane of `axes`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.rot90(wnp.array([[1, 2], [3, 4]]))
        array([[2, 4],
               [1, 3]])
    """
    m = as_array(m)
    i, j = (canonical_axis(a, ndim_of(m)) for a in axes)
    if i == j:
        raise ShapeError(f"rot90 needs two different axes, got {axes}")
    k %= 4
    if k == 0:
        return m
    if k == 2:
        return flip(m, (i, j))
    return swapaxes(flip(m, j), i, j) if k == 1 else flip(swapaxes(m, i, j), j)


@plain(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """`a` with its elements shifted along `axis`, those that fall off coming back at the start.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.roll(wnp.array([1, 2, 3, 4]), 1)
        array([4, 1, 2, 3])
    """
    a = as_array(a)
    if axis is None:
        return _ops.reshape(roll(ravel(a), shift, 0), shape_of(a))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) or ndim_of(shift) else (shift,)
    shifts = list(shifts) * len(axes) if len(shifts) == 1 else shifts
    axes = list(axes) * len(shifts) if len(axes) == 1 else axes
    for by, i in zip(shifts, axes, strict=True):
        i = canonical_axis(i, ndim_of(a))
        n = shape_of(a)[i]
        if isinstance(by, Tracer):  # a shift that is not known: a gather
            a = getitem(a, (slice(None),) * i + ((np.arange(n) - as_positions(by)) % max_(n, 1),))
        elif n and operator.index(by) % n:
            cut = n - operator.index(by) % n
            a = _ops.concatenate([slice_axis(a, i, cut, n), slice_axis(a, i, 0, cut)], i)
    return a


# --- padding ----------------------------------------------------------------------------------------------------

_COPYING = ("edge", "reflect", "symmetric", "wrap")
_MODES = ("constant", *_COPYING, "empty", "linear_ramp", "maximum", "mean", "median", "minimum")


_OPTIONS = {
    "constant": {"constant_values"}, "linear_ramp": {"end_values"}, "reflect": {"reflect_type"},
    "symmetric": {"reflect_type"}, **dict.fromkeys(("maximum", "mean", "median", "minimum"), {"stat_length"}),  # noqa: RUF024 (read only)
}  # fmt: skip
_BORDERS = ("linear_ramp", "maximum", "mean", "median", "minimum")


def _border(x: Any, i: int, width: int, mode: str, after: bool, least: int | None, end: Any) -> Any:
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


def _odd(x: Any, i: int, before: int, after: int, mode: str) -> Any:
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


def _sides(values: Any, rank: int, what: str) -> Any:
    """For each axis the two values of an option that is one number, a pair, or a pair for each axis."""
    if isinstance(values, Tracer):
        return [[getitem(v, 0), getitem(v, 1)] for v in _ops.broadcast_to(values, (rank, 2))]
    try:
        return np.broadcast_to(np.asarray(values), (rank, 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad: {what}={values!r} does not fit {rank} axes") from None


def _pad_widths(x: Any, pad_width: Any) -> list[list[int]]:
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


def _check_mode(mode: Any, options: dict[str, Any]) -> None:
    if mode not in _MODES and not callable(mode):
        raise ArgumentError(f"pad: mode {mode!r} is none of {', '.join(_MODES)}")
    if not callable(mode) and not set(options) <= _OPTIONS.get(mode, set()):
        raise ArgumentError(f"pad: mode {mode!r} has no {', '.join(sorted(set(options) - _OPTIONS.get(mode, set())))}")


def _with_borders(x: Any, widths: list[list[int]], mode: str, given: Any, option: str) -> Any:
    options = [[None, None]] * ndim_of(x) if given is None else _sides(given, ndim_of(x), option)
    for i, (pair, values) in enumerate(zip(widths, options, strict=True)):
        if any(pair):
            least, ends = ((None, None), values) if mode == "linear_ramp" else (values, (0, 0))
            low = _border(x, i, pair[0], mode, False, least[0], ends[0])
            x = _ops.concatenate([low, x, _border(x, i, pair[1], mode, True, least[1], ends[1])], i)
    return x


@plain(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
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
        for i, (before, after) in enumerate(widths):
            if before or after:
                source = np.pad(np.arange(shape_of(x)[i]), (before, after), mode)
                x = getitem(x, (slice(None),) * i + (source,))
        return x
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
    values = kwargs.get("constant_values", 0)
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


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
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
        last = int(max_of(where_p.bind(held, inside, -1), initial=-1))  # type: ignore[call-overload]
        if last < 0:
            filt = slice_axis(filt, i, 0, 0)
            continue
        first = int(min_of(where_p.bind(held, inside, n), initial=n)) if "f" in trim.lower() else 0  # type: ignore[call-overload]
        filt = slice_axis(filt, i, first, last + 1 if "b" in trim.lower() else n)
    return filt


__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_shapes",
    "broadcast_to", "expand_dims", "flip",
    "fliplr", "flipud", "matrix_transpose", "moveaxis", "ndim", "pad", "permute_dims", "ravel", "repeat",
    "reshape", "roll", "rollaxis", "rot90", "shape", "size", "squeeze", "swapaxes", "tile",
    "transpose", "trim_zeros",
]  # fmt: skip
