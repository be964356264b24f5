"""Changing the arrangement of elements, not the elements: windows, shapes, axes, repeating, turning.

`joining` joins and splits, `padding` adds elements at the ends.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Tracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, NotSupportedError, ShapeError
from ..ops import shape as _ops
from ..ops.axes import as_length, as_lengths, axis_list, canonical_axes, canonical_axis
from ..ops.bounds import holds
from ..ops.cumulative import cumsum_p
from ..ops.elementwise import as_positions
from ..ops.indexing import getitem
from ..ops.promotion import broadcast_shapes as _broadcast
from ..ops.shape import reverse_p, sum_p
from ..ops.slices import slice_axis
from ..ops.updates import at
from ..vocabulary import ArrayLike, Axes, ShapeLike, Value
from .dispatch import plain

max_, min_ = builtins.max, builtins.min

# --- windows ---------------------------------------------------------------------------------------------------


def sliding_window_view(
    x: ArrayLike,
    window_shape: Any,
    axis: int | tuple[int, ...] | None = None,
    *,
    subok: bool = False,
    writeable: bool = False,
) -> Value:
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
    axes = tuple(range(ndim_of(x))) if axis is None else axis_list(axis)
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


def shape(a: ArrayLike) -> tuple[int, ...]:
    """The shape of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.shape([[1, 2, 3]])
        (1, 3)
    """
    return shape_of(as_value(a))


def ndim(a: ArrayLike) -> int:
    """The number of axes of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ndim([[1, 2], [3, 4]])
        2
    """
    return ndim_of(as_value(a))


def size(a: ArrayLike, axis: Axes = None) -> int:
    """The number of elements of `a`, or its length along `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.size(wnp.ones((2, 5)), 1)
        5
    """
    s = shape_of(as_value(a))
    return int(np.prod([s[i] for i in canonical_axes(axis, len(s))], dtype=int))


@plain(np.reshape)
def reshape(a: ArrayLike, shape: ShapeLike | None = None, order: str = "C", *, copy: bool | None = None) -> Value:
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
    dims = shape if isinstance(shape, (tuple, list)) else as_lengths(shape)
    return _ops.transpose(_ops.reshape(_ops.transpose(x), dims[::-1]))


@plain(np.ravel)
def ravel(a: ArrayLike, order: str = "C") -> Value:
    """`a` as one axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ravel(wnp.array([[1, 2], [3, 4]]), order="F")
        array([1, 3, 2, 4])
    """
    return reshape(as_array(a), (-1,), "F" if order == "F" else "C")


@plain(np.transpose)
def transpose(a: ArrayLike, axes: Any = None) -> Value:
    """`a` with its axes permuted (reversed by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.permute_dims(wnp.ones((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    return _ops.transpose(a, axes)


permute_dims = transpose


def matrix_transpose(x: ArrayLike, /) -> Value:
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
def swapaxes(a: ArrayLike, axis1: int, axis2: int) -> Value:
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
def moveaxis(a: ArrayLike, source: Any, destination: Any) -> Value:
    """`a` with the axes `source` moved to `destination`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.moveaxis(wnp.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    return _ops.moveaxis(a, source, destination)


def rollaxis(a: ArrayLike, axis: int, start: int = 0) -> Value:
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
def squeeze(a: ArrayLike, axis: Axes = None) -> Value:
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


def expand_dims(a: ArrayLike, axis: int | Sequence[int] = 0) -> Value:
    """`a` with axes of length 1 inserted where `axis` says.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.expand_dims(wnp.array([1, 2]), axis=1)
        array([[1],
               [2]])
    """
    return _ops.expand_dims(a, axis)


@plain(np.broadcast_to)
def broadcast_to(array: ArrayLike, shape: ShapeLike, subok: bool = False) -> Value:
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
def tile(A: ArrayLike, reps: Any) -> Value:
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
    pairs = [(r, n) if r != 1 and n != 1 else (r * n,) for r, n in zip(counts, s, strict=True)]
    A = _ops.reshape(A, tuple(v for p, n in zip(pairs, s, strict=True) for v in (1, n)[2 - len(p) :]))
    A = _ops.broadcast_to(A, tuple(v for p in pairs for v in p))
    return _ops.reshape(A, tuple(r * n for r, n in zip(counts, s, strict=True)))


@plain(np.repeat, beyond="total_repeat_length")
def repeat(
    a: ArrayLike, repeats: ArrayLike, axis: int | None = None, *, total_repeat_length: int | None = None
) -> Value:
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
                total_repeat_length = int(total)
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


def _repeated(a: ArrayLike, counts: ArrayLike, axis: int, length: int) -> Value:
    """`a` repeated along `axis` by traced counts, in a result of a known length."""
    n = shape_of(a)[axis]
    counts = _ops.broadcast_to(_ops.reshape(counts, (-1,)), (n,))
    ends = cumsum_p.bind(counts, axis=0)
    begins = ends - counts  # each slice but the first moves on by one where it begins
    moves = at(np.zeros(length + 1, dtype_of(ends)))[np.minimum(begins[1:], length)].add(1)
    source = cumsum_p.bind(moves[:length], axis=0)
    return getitem(a, (slice(None),) * axis + (source,))


@plain(np.flip)
def flip(m: ArrayLike, axis: Axes = None) -> Value:
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


def fliplr(m: ArrayLike) -> Value:
    """`m` reversed along its second axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fliplr(wnp.array([[1, 2], [3, 4]]))
        array([[2, 1],
               [4, 3]])
    """
    return flip(m, 1)


def flipud(m: ArrayLike) -> Value:
    """`m` reversed along its first axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.flipud(wnp.array([[1, 2], [3, 4]]))
        array([[3, 4],
               [1, 2]])
    """
    return flip(m, 0)


def rot90(m: ArrayLike, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Value:
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
def roll(a: ArrayLike, shift: ArrayLike, axis: Axes = None) -> Value:
    """`a` with its elements shifted along `axis`, those that fall off coming back at the start.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.roll(wnp.array([1, 2, 3, 4]), 1)
        array([4, 1, 2, 3])
    """
    a = as_array(a)
    if axis is None:
        return _ops.reshape(roll(ravel(a), shift, 0), shape_of(a))
    axes = axis_list(axis)
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


__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_shapes", "broadcast_to", "expand_dims",
    "flip", "fliplr", "flipud", "matrix_transpose", "moveaxis", "ndim", "permute_dims", "ravel", "repeat",
    "reshape", "roll", "rollaxis", "rot90", "shape", "size", "squeeze", "swapaxes", "tile", "transpose",
]  # fmt: skip
