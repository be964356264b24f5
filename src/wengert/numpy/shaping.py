"""Changing the arrangement of elements, not the elements: shapes, axes, joining, splitting, repeating, padding."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Tracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, NotSupportedError, ShapeError
from ..ops import shape as _ops
from ..ops.elementwise import convert
from ..ops.families import broadcast_shapes as _broadcast
from ..ops.indexing import getitem
from ..ops.shape import canonical_axes, canonical_axis, pad_p, reverse_p, slice_axis
from .dispatch import plain

max_ = builtins.max

# --- shapes and axes --------------------------------------------------------------------------------------------


def shape(a: Any) -> tuple[int, ...]:
    """The shape of `a`."""
    return shape_of(as_value(a))


def ndim(a: Any) -> int:
    """The number of axes of `a`."""
    return ndim_of(as_value(a))


def size(a: Any, axis: Any = None) -> int:
    """The number of elements of `a`, or its length along `axis`."""
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
    dims = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return _ops.transpose(_ops.reshape(_ops.transpose(x), dims[::-1]))


@plain(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """`a` as one axis."""
    return reshape(as_array(a), (-1,), "F" if order == "F" else "C")


@plain(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    """`a` with its axes permuted (reversed by default)."""
    return _ops.transpose(a, axes)


def matrix_transpose(x: Any, /) -> Any:
    """`x` with its last two axes exchanged."""
    x = as_array(x)
    if ndim_of(x) < 2:
        raise ShapeError(f"matrix_transpose needs at least two axes, got shape {shape_of(x)}")
    return swapaxes(x, -1, -2)


@plain(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """`a` with two axes exchanged."""
    a = as_array(a)
    n = ndim_of(a)
    i, j = canonical_axis(axis1, n, "axis1"), canonical_axis(axis2, n, "axis2")
    order = list(range(n))
    order[i], order[j] = j, i
    return _ops.transpose(a, order)


@plain(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`a` with the axes `source` moved to `destination`."""
    return _ops.moveaxis(a, source, destination)


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """`a` with `axis` moved back until it stands before the position `start`."""
    a = as_array(a)
    axis = canonical_axis(axis, ndim_of(a))
    start = start + ndim_of(a) if start < 0 else start
    return _ops.moveaxis(a, axis, start - 1 if axis < start else start)


@plain(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """`a` without its axes of length 1, or without those that `axis` names.

    Raises:
        ShapeError: an axis that `axis` names is longer.
    """
    a = as_array(a)
    s = shape_of(a)
    axes = {i for i, n in enumerate(s) if n == 1} if axis is None else canonical_axes(axis, len(s))
    for i in axes:
        if s[i] != 1:
            raise ShapeError(f"squeeze: axis {i} of an array of shape {s} has length {s[i]}, not 1")
    return _ops.reshape(a, tuple(n for i, n in enumerate(s) if i not in axes))


def expand_dims(a: Any, axis: Any) -> Any:
    """`a` with axes of length 1 inserted where `axis` says."""
    return _ops.expand_dims(a, axis)


@plain(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Any:
    """`array` broadcast to `shape` by NumPy's rules."""
    return _ops.broadcast_to(array, shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes broadcast to."""
    return _broadcast("broadcast_shapes", *[tuple(s) if isinstance(s, (tuple, list)) else (s,) for s in shapes])


def broadcast_arrays(*args: Any) -> list[Any]:
    """Arrays broadcast against each other."""
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


# --- joining ----------------------------------------------------------------------------------------------------


def _items(arrays: Any, name: str) -> list[Any]:
    if isinstance(arrays, (np.ndarray, Tracer)) and ndim_of(arrays) == 0:
        raise ShapeError(f"{name} needs a sequence of arrays")
    return [as_array(a) for a in arrays]


def concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Any:
    """Arrays joined along an existing axis (flattened first if `axis` is None).

    Raises:
        ShapeError: the shapes differ elsewhere than along `axis`.

    Example:
        >>> concatenate([[1.0], [2.0, 3.0]])
        array([1., 2., 3.])
    """
    return _ops.concatenate(_items(arrays, "concatenate"), axis, dtype)


concat = concatenate


def stack(arrays: Any, axis: int = 0, dtype: Any = None) -> Any:
    """Arrays of one shape joined along a new axis."""
    return _ops.stack(_items(arrays, "stack"), axis, dtype)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The slices of `x` along `axis`, as a tuple."""
    x = _ops.moveaxis(x, axis, 0)
    return tuple(getitem(x, i) for i in range(shape_of(x)[0]))


def vstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays joined along the first axis, vectors as rows."""
    return _ops.concatenate([atleast_2d(a) for a in _items(tup, "vstack")], 0, dtype)


def hstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays joined along the second axis (vectors along their only one)."""
    items = [atleast_1d(a) for a in _items(tup, "hstack")]
    return _ops.concatenate(items, 0 if items and ndim_of(items[0]) == 1 else 1, dtype)


def dstack(tup: Any, dtype: Any = None) -> Any:
    """Arrays joined along the third axis."""
    return _ops.concatenate([atleast_3d(a) for a in _items(tup, "dstack")], 2, dtype)


def column_stack(tup: Any) -> Any:
    """Arrays joined along the second axis, vectors as columns."""
    items = [_ops.reshape(a, (-1, 1)) if ndim_of(a) < 2 else a for a in _items(tup, "column_stack")]
    return _ops.concatenate(items, 1)


def block(arrays: Any) -> Any:
    """An array from nested lists of blocks: the innermost lists are joined along the last axis, and so outwards."""

    def depth(x: Any) -> int:
        return 1 + max((depth(v) for v in x), default=0) if isinstance(x, list) else 0

    levels = depth(arrays)

    def leaves(x: Any) -> Any:
        if isinstance(x, list):
            for v in x:
                yield from leaves(v)
        else:
            yield as_array(x)

    rank = max([levels, *[ndim_of(x) for x in leaves(arrays)]])

    def join(x: Any, level: int) -> Any:
        if isinstance(x, list):
            return _ops.concatenate([join(v, level + 1) for v in x], rank - levels + level)
        x = as_array(x)
        return _ops.reshape(x, (1,) * (rank - ndim_of(x)) + shape_of(x))

    return join(arrays, 0)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`values` joined to the end of `arr` (both flattened if `axis` is None)."""
    if axis is None:
        return _ops.concatenate([ravel(as_array(arr)), ravel(as_array(values))])
    return _ops.concatenate([as_array(arr), as_array(values)], axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """`arr` with `values` inserted before the indices `obj` along `axis`."""
    arr, values = as_array(arr), as_array(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = canonical_axis(axis, ndim_of(arr))
    n = shape_of(arr)[axis]
    where = np.insert(np.arange(n), obj, -1)
    new = where == -1
    count = int(new.sum())
    arr = _ops.moveaxis(arr, axis, 0)
    values = convert(values, dtype_of(arr))
    known = isinstance(obj, (int, np.integer))
    if ndim_of(values) and known:
        values = _ops.moveaxis(
            _ops.reshape(values, (1,) * (ndim_of(arr) - ndim_of(values)) + shape_of(values)), axis, 0
        )
        count_from = shape_of(values)[0]
        if count_from > 1:
            where = np.insert(np.arange(n), [obj] * count_from, -1)
            new, count = where == -1, count_from
    elif ndim_of(values) == ndim_of(arr) and ndim_of(arr) > 1:
        values = _ops.moveaxis(values, axis, 0)
    values = _ops.broadcast_to(values, (count, *shape_of(arr)[1:]))
    # Both parts in one array; `source` says where in it each row of the result comes from. np.insert puts values for
    # a sequence of indices in the order of the indices, stable.
    source = np.where(new, 0, where + count)
    order = np.argsort(np.atleast_1d(np.where(np.asarray(obj) < 0, np.asarray(obj) + n, obj)), kind="stable")
    source[new] = order if len(order) == count else np.arange(count)
    return _ops.moveaxis(getitem(_ops.concatenate([values, arr]), source), 0, axis)


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """`arr` without the slices that `obj` (an index, a slice, indices or a mask, all known) names along `axis`."""
    arr = as_array(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = canonical_axis(axis, ndim_of(arr))
    keep = np.delete(np.arange(shape_of(arr)[axis]), obj)
    return getitem(arr, (slice(None),) * axis + (keep,))


def resize(a: Any, new_shape: Any) -> Any:
    """`a` repeated or cut to `new_shape`."""
    flat = ravel(as_array(a))
    want = tuple(new_shape) if isinstance(new_shape, (tuple, list)) else (new_shape,)
    total, n = int(np.prod(want, dtype=int)), shape_of(flat)[0]
    if n == 0 or total == 0:
        return np.zeros(want, dtype_of(flat))
    copies = -(-total // n)
    return _ops.reshape(slice_axis(tile(flat, copies) if copies > 1 else flat, 0, 0, total), want)


# --- splitting --------------------------------------------------------------------------------------------------


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`ary` cut along `axis` into sections, equal as far as they can be, or at the indices given."""
    ary = as_array(ary)
    axis = canonical_axis(axis, ndim_of(ary))
    n = shape_of(ary)[axis]
    if isinstance(indices_or_sections, (Sequence, np.ndarray)) and np.ndim(indices_or_sections):
        cuts = [slice(None, operator.index(i)).indices(n)[1] for i in indices_or_sections]
        starts, stops = [0, *cuts], [*cuts, n]
    else:
        count = operator.index(indices_or_sections)
        if count <= 0:
            raise ShapeError(f"split into {count} sections: the number of sections must be positive")
        each, extra = divmod(n, count)
        ends = np.cumsum([0] + extra * [each + 1] + (count - extra) * [each]).tolist()
        starts, stops = ends[:-1], ends[1:]
    return [slice_axis(ary, axis, a, max_(a, b)) for a, b in zip(starts, stops, strict=True)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`ary` cut along `axis` into equal sections, or at the indices given.

    Raises:
        ShapeError: the axis cannot be cut into that many equal sections.

    Example:
        >>> split(np.arange(4.0), 2)
        [array([0., 1.]), array([2., 3.])]
    """
    ary = as_array(ary)
    if not (isinstance(indices_or_sections, (Sequence, np.ndarray)) and np.ndim(indices_or_sections)):
        count, n = operator.index(indices_or_sections), shape_of(ary)[canonical_axis(axis, ndim_of(ary))]
        if count > 0 and n % count:
            raise ShapeError(f"split: an axis of length {n} has no {count} equal sections; use array_split")
    return array_split(ary, indices_or_sections, axis)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its first axis."""
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its second axis (a vector along its only one)."""
    return split(ary, indices_or_sections, 0 if ndim(ary) == 1 else 1)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its third axis."""
    return split(ary, indices_or_sections, 2)


# --- repeating and turning --------------------------------------------------------------------------------------


@plain(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """`A` laid side by side, `reps` times along each axis."""
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
    """Each slice of `a` along `axis` repeated `repeats` times (a number, or one for each slice; known beforehand).

    Raises:
        ConcretizationError: `repeats` is under transformation: the shape of the result would depend on it.
    """
    a = as_array(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = canonical_axis(axis, ndim_of(a))
    s = shape_of(a)
    if isinstance(repeats, Tracer):
        repeats = repeats.concrete("repeat, the number of repeats")
    counts = np.asarray(repeats)
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


@plain(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """`m` reversed along `axis` (all axes by default)."""
    m = as_array(m)
    axes = canonical_axes(axis, ndim_of(m))
    return reverse_p.bind(m, axes=axes) if axes else m


def fliplr(m: Any) -> Any:
    """`m` reversed along its second axis."""
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """`m` reversed along its first axis."""
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """`m` turned by `k` times 90 degrees in the plane of `axes`."""
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
    """`a` with its elements shifted along `axis`, those that fall off coming back at the start."""
    a = as_array(a)
    if axis is None:
        return _ops.reshape(roll(ravel(a), shift, 0), shape_of(a))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list, np.ndarray)) else (shift,)
    shifts = list(shifts) * len(axes) if len(shifts) == 1 else shifts
    axes = list(axes) * len(shifts) if len(axes) == 1 else axes
    for by, i in zip(shifts, axes, strict=True):
        i = canonical_axis(i, ndim_of(a))
        n = shape_of(a)[i]
        if isinstance(by, Tracer):  # a shift that is not known: a gather
            a = getitem(a, (slice(None),) * i + ((np.arange(n) - by) % max_(n, 1),))
        elif n and operator.index(by) % n:
            cut = n - operator.index(by) % n
            a = _ops.concatenate([slice_axis(a, i, cut, n), slice_axis(a, i, 0, cut)], i)
    return a


# --- padding ----------------------------------------------------------------------------------------------------

_COPYING = ("edge", "reflect", "symmetric", "wrap")


@plain(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Any:
    """`array` with elements added before and after along each axis.

    Args:
        array: the array.
        pad_width: a number, a pair (before, after), or such a pair for each axis.
        mode: "constant", "edge", "reflect", "symmetric", "wrap" or "empty".
        **kwargs: ``constant_values`` for mode "constant", ``reflect_type="even"``.

    Raises:
        NotSupportedError: another mode, on an array under transformation.

    Example:
        >>> pad(np.ones(2), 1)
        array([0., 1., 1., 0.])
    """
    x = as_array(array)
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - ndim_of(x), 0)) for i in range(ndim_of(x))]
        pad_width = [(w, w) if isinstance(w, int) else tuple(w) for w in pad_width]
    try:
        widths = np.broadcast_to(np.asarray(pad_width, int), (ndim_of(x), 2)).tolist()
    except ValueError:
        raise ShapeError(f"pad: widths {pad_width} do not fit an array of shape {shape_of(x)}") from None
    if mode == "empty":
        mode, kwargs = "constant", {}
    if mode in _COPYING and kwargs.get("reflect_type", "even") == "even":
        for i, (before, after) in enumerate(widths):
            if before or after:
                source = np.pad(np.arange(shape_of(x)[i]), (before, after), mode)  # type: ignore[call-overload]
                x = getitem(x, (slice(None),) * i + (source,))
        return x
    if mode != "constant" and not isinstance(x, Tracer):
        return np.pad(x, widths, mode, **kwargs)  # type: ignore[call-overload]
    if mode != "constant":
        raise NotSupportedError(
            f"pad with mode {mode!r} on an array under transformation; modes with a derivative are 'constant', "
            f"{', '.join(map(repr, _COPYING))}; otherwise compute the border and concatenate it"
        )
    values = kwargs.get("constant_values", 0)
    if (
        not isinstance(values, Tracer)
        and not isinstance(values, (tuple, list))
        and np.ndim(values) == 0
        and values == 0
    ):
        return pad_p.bind(x, config=tuple((a, b, 0) for a, b in widths))
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


def trim_zeros(filt: Any, trim: str = "fb") -> Any:
    """`filt`, a vector whose values are known, without the zeros at its ends."""
    filt = as_array(filt)
    values = np.asarray(filt.concrete("trim_zeros") if isinstance(filt, Tracer) else filt)
    hit = np.flatnonzero(values)
    if not len(hit):
        return slice_axis(filt, 0, 0, 0)
    start = int(hit[0]) if "f" in trim.lower() else 0
    return slice_axis(filt, 0, start, int(hit[-1]) + 1 if "b" in trim.lower() else len(values))


__all__ = [
    "append", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "block", "broadcast_arrays", "broadcast_shapes",
    "broadcast_to", "column_stack", "concat", "concatenate", "delete", "dsplit", "dstack", "expand_dims", "flip",
    "fliplr", "flipud", "hsplit", "hstack", "insert", "matrix_transpose", "moveaxis", "ndim", "pad", "ravel", "repeat",
    "reshape", "resize", "roll", "rollaxis", "rot90", "shape", "size", "split", "squeeze", "stack", "swapaxes", "tile",
    "transpose", "trim_zeros", "unstack", "vsplit", "vstack",
]  # fmt: skip
