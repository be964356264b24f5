"""Joining arrays into one, splitting one into several, inserting and deleting parts."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, Value, as_array, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops import shape as _ops
from ..ops.axes import as_length, canonical_axis
from ..ops.elementwise import as_positions, convert, logical_not
from ..ops.fits import check_written
from ..ops.indexing import getitem
from ..ops.slices import slice_axis
from ..ops.updates import at
from ..vocabulary import ArrayLike, DTypeLike
from .dispatch import no_out
from .ordering import argsort, searchsorted
from .searching import nonzero, where
from .shaping import atleast_1d, atleast_2d, atleast_3d, ndim, ravel, tile

max_ = builtins.max

# --- joining ----------------------------------------------------------------------------------------------------


def _items(arrays: ArrayLike, name: str) -> list[Any]:
    if isinstance(arrays, (np.ndarray, Tracer)) and ndim_of(arrays) == 0:
        raise ShapeError(f"{name} needs a sequence of arrays")
    return [as_array(a) for a in arrays]


def _cast(items: list[Any], dtype: DTypeLike, casting: str) -> list[Any]:
    """Check that `casting` allows all arrays to become `dtype`."""
    if dtype is not None:
        for x in items:
            if not np.can_cast(dtype_of(x), dtype, casting):  # type: ignore[arg-type]
                raise TypeError(f"{dtype_of(x)} cannot become {np.dtype(dtype)} by the rule {casting!r}; use astype")
    return items


def _plain(arrays: Any) -> bool:
    """Whether a list holds NumPy arrays alone, none of bfloat16 and the like: NumPy joins them at once."""
    if not config._x64 or type(arrays) not in (list, tuple):
        return False
    for a in arrays:
        if type(a) is not np.ndarray or (a.dtype.kind == "V" and a.dtype.names is None):
            return False
    return len(arrays) > 0


def concatenate(
    arrays: ArrayLike, axis: int | None = 0, out: None = None, dtype: DTypeLike = None, casting: str = "same_kind"
) -> Value:
    """Arrays joined along an existing axis (flattened first if `axis` is None).

    Raises:
        ShapeError: the shapes differ elsewhere than along `axis`.
        TypeError: `dtype` is given and `casting` does not allow the conversion.

    Example:
        >>> concatenate([[1.0], [2.0, 3.0]])
        array([1., 2., 3.])
    """
    if out is None and dtype is None and _plain(arrays):
        return np.concatenate(arrays, axis)
    no_out(out)
    return _ops.concatenate(_cast(_items(arrays, "concatenate"), dtype, casting), axis, dtype)


concat = concatenate


def stack(
    arrays: Sequence[ArrayLike], axis: int = 0, out: None = None, dtype: DTypeLike = None, casting: str = "same_kind"
) -> Value:
    """Arrays of one shape joined along a new axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.stack([wnp.array([1, 2]), wnp.array([3, 4])], axis=1)
        array([[1, 3],
               [2, 4]])
    """
    if out is None and dtype is None and _plain(arrays):
        return np.stack(arrays, axis)
    no_out(out)
    return _ops.stack(_cast(_items(arrays, "stack"), dtype, casting), axis, dtype)


def unstack(x: ArrayLike, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The slices of `x` along `axis`, as a tuple.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unstack(wnp.array([[1, 2], [3, 4]]))
        (array([1, 2]), array([3, 4]))
    """
    x = _ops.moveaxis(x, axis, 0)
    return tuple(getitem(x, i) for i in range(shape_of(x)[0]))


def vstack(tup: Sequence[ArrayLike], dtype: DTypeLike = None, casting: str = "same_kind") -> Value:
    """Arrays joined along the first axis, vectors as rows.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.row_stack([wnp.array([1, 2]), wnp.array([3, 4])])
        array([[1, 2],
               [3, 4]])
    """
    if dtype is None and _plain(tup):
        return np.vstack(tup)
    return _ops.concatenate([atleast_2d(a) for a in _cast(_items(tup, "vstack"), dtype, casting)], 0, dtype)


row_stack = vstack


def hstack(tup: Sequence[ArrayLike], dtype: DTypeLike = None, casting: str = "same_kind") -> Value:
    """Arrays joined along the second axis (vectors along their only one).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.hstack([wnp.array([1, 2]), wnp.array([3])])
        array([1, 2, 3])
    """
    if dtype is None and _plain(tup):
        return np.hstack(tup)
    items = [atleast_1d(a) for a in _cast(_items(tup, "hstack"), dtype, casting)]
    return _ops.concatenate(items, 0 if items and ndim_of(items[0]) == 1 else 1, dtype)


def dstack(tup: ArrayLike, dtype: DTypeLike = None) -> Value:
    """Arrays joined along the third axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.dstack([wnp.array([1, 2]), wnp.array([3, 4])])
        array([[[1, 3],
                [2, 4]]])
    """
    return _ops.concatenate([atleast_3d(a) for a in _items(tup, "dstack")], 2, dtype)


def column_stack(tup: ArrayLike) -> Value:
    """Arrays joined along the second axis, vectors as columns.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.column_stack([wnp.array([1, 2]), wnp.array([3, 4])])
        array([[1, 3],
               [2, 4]])
    """
    items = [_ops.reshape(a, (-1, 1)) if ndim_of(a) < 2 else a for a in _items(tup, "column_stack")]
    return _ops.concatenate(items, 1)


def _same_depth(x: ArrayLike, levels: int) -> None:
    if isinstance(x, list) != (levels > 0):
        raise ArgumentError("block: list depths are mismatched; all arrays stand at the same depth of the nested lists")
    if levels and not x:
        raise ArgumentError("block: a list is empty")
    for v in x if levels else ():
        _same_depth(v, levels - 1)


def block(arrays: Any) -> Any:
    """An array from nested lists of blocks: the innermost lists are joined along the last axis, and so outwards.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.block([[wnp.eye(2), wnp.zeros((2, 1))], [wnp.ones((1, 2)), 5.0]])
        array([[1., 0., 0.],
               [0., 1., 0.],
               [1., 1., 5.]])
    """

    def depth(x: Any) -> int:
        return 1 + max((depth(v) for v in x), default=0) if isinstance(x, list) else 0

    levels = depth(arrays)
    _same_depth(arrays, levels)

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


def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Value:
    """`values` joined to the end of `arr` (both flattened if `axis` is None).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.append(wnp.array([1, 2]), [[3], [4]])
        array([1, 2, 3, 4])
    """
    if axis is None:
        return _ops.concatenate([ravel(as_array(arr)), ravel(as_array(values))])
    return _ops.concatenate([as_array(arr), as_array(values)], axis)


def insert(arr: ArrayLike, obj: ArrayLike, values: ArrayLike, axis: int | None = None) -> Value:
    """`arr` with `values` inserted before the indices `obj`, which may be traced, along `axis`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.insert(wnp.array([1, 2, 4]), 2, 3)
        array([1, 2, 3, 4])
    """
    arr = as_array(arr)
    check_written(values, dtype_of(arr))
    values = as_array(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = canonical_axis(axis, ndim_of(arr))
    n = shape_of(arr)[axis]
    if isinstance(obj, (Tracer, list, tuple)) and isinstance(obj := as_array(obj), Tracer):
        return _insert_traced(arr, obj, values, axis)
    if isinstance(obj, slice):
        obj = np.arange(*obj.indices(n))
    elif not isinstance(obj, (int, np.integer, Tracer)):
        obj = np.asarray(obj)
        obj = (
            np.flatnonzero(obj)
            if obj.dtype.kind == "b"
            else obj.astype(int)
            if not obj.size or obj.dtype.kind in "iu"
            else obj
        )
    where = np.insert(np.arange(n), obj, -1)
    new = where == -1
    count = int(new.sum())
    arr = _ops.moveaxis(arr, axis, 0)
    values = convert(values, dtype_of(arr))
    known = isinstance(obj, (int, np.integer))
    if ndim_of(values) and known:  # the axis to insert along comes first in the values
        values = _ops.reshape(values, (1,) * (ndim_of(arr) - ndim_of(values)) + shape_of(values))
        count_from = shape_of(values)[0]
        if count_from > 1:
            where = np.insert(np.arange(n), np.full(count_from, obj), -1)
            new, count = where == -1, count_from
    elif ndim_of(values) == ndim_of(arr) and ndim_of(arr) > 1:
        values = _ops.moveaxis(values, axis, 0)
    values = _ops.broadcast_to(values, (count, *shape_of(arr)[1:]))
    # Both parts in one array; `source` says where in it each row of the result comes from. np.insert puts values for
    # a sequence of indices in the order of the indices, stable.
    source = np.where(new, 0, where + count)
    at = np.atleast_1d(np.asarray(obj).astype(int))
    order = np.argsort(np.where(at < 0, at + n, at), kind="stable")
    source[new] = order if len(order) == count else np.arange(count)
    return _ops.moveaxis(getitem(_ops.concatenate([values, arr]), source), 0, axis)


def _insert_traced(arr: Value, obj: Value, values: Value, axis: int) -> Value:
    """`insert` where the places are traced: the positions of what is inserted say where each row comes from."""
    if obj.dtype.kind not in "iu" or obj.ndim > 1:
        raise DtypeError(
            f"insert at a traced place takes one integer or a sequence of them, got {obj.dtype}{list(obj.shape)}: for a mask "
            f"write wengert.numpy.where"
        )
    n = shape_of(arr)[axis]
    arr = _ops.moveaxis(arr, axis, 0)
    values = convert(values, dtype_of(arr))
    if obj.ndim == 0 or shape_of(obj) == (1,):
        if ndim_of(values) and obj.ndim == 0:  # the axis to insert along comes first in the values
            values = _ops.reshape(values, (1,) * (ndim_of(arr) - ndim_of(values)) + shape_of(values))
        elif ndim_of(values) == ndim_of(arr):
            values = _ops.moveaxis(values, axis, 0)
        count = shape_of(values)[0] if ndim_of(values) == ndim_of(arr) else 1
        places = _ops.broadcast_to(_ops.reshape(obj, ()), (count,))
    else:
        count, places = obj.shape[0], obj
        if ndim_of(values) == ndim_of(arr) and ndim_of(arr) > 1:
            values = _ops.moveaxis(values, axis, 0)
    values = _ops.broadcast_to(values, (count, *shape_of(arr)[1:]))
    places = as_positions(places)
    places = where(places < 0, places + n, places)
    places = where((places < 0) | (places > n), 2 * (n + count), places)  # out of range, where the last line notices
    order = argsort(places, stable=True)
    final = getitem(places, order) + np.arange(count)
    p = np.arange(n + count)
    before = searchsorted(final, p, side="right")  # how many are inserted up to each position
    last = getitem(order, where(before > 0, before - 1, 0))
    inserted = (before > 0) & (getitem(final, where(before > 0, before - 1, 0)) == p)
    source = where(inserted, last, count + p - before)
    return _ops.moveaxis(getitem(_ops.concatenate([values, arr]), source), 0, axis)


def delete(arr: ArrayLike, obj: ArrayLike, axis: int | None = None) -> Value:
    """`arr` without the slices that `obj` (an index, a slice, indices or a mask) names along `axis`.

    How many slices are left is asked for where `obj` is traced.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.delete(wnp.array([10, 20, 30, 40]), [0, 2])
        array([20, 40])
    """
    arr = as_array(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = canonical_axis(axis, ndim_of(arr))
    n = shape_of(arr)[axis]
    if isinstance(obj, Tracer):
        going = obj if dtype_of(obj).kind == "b" else at(np.zeros(n, bool))[obj].set(True)
        keep = nonzero(logical_not(going))[0]
    else:
        keep = np.delete(np.arange(n), obj)
    return getitem(arr, (slice(None),) * axis + (keep,))


def resize(a: ArrayLike, new_shape: Any) -> Value:
    """`a` repeated or cut to `new_shape`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.resize(wnp.array([1, 2, 3]), (2, 2))
        array([[1, 2],
               [3, 1]])
    """
    flat = ravel(as_array(a))
    want = tuple(new_shape) if isinstance(new_shape, (tuple, list)) else (new_shape,)
    want = tuple(as_length(n, "resize") for n in want)
    total, n = int(np.prod(want, dtype=int)), shape_of(flat)[0]
    if n == 0 or total == 0:
        return np.zeros(want, dtype_of(flat))
    copies = -(-total // n)
    return _ops.reshape(slice_axis(tile(flat, copies) if copies > 1 else flat, 0, 0, total), want)


# --- splitting --------------------------------------------------------------------------------------------------


def _is_indices(indices_or_sections: Any) -> bool:
    """Whether these are indices to cut at, and not a number of sections."""
    return isinstance(indices_or_sections, (Sequence, np.ndarray)) and np.ndim(indices_or_sections) > 0


def array_split(ary: ArrayLike, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`ary` cut along `axis` into sections, equal as far as they can be, or at the indices given.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.array_split(wnp.arange(5), 2)
        [array([0, 1, 2]), array([3, 4])]
    """
    ary = as_array(ary)
    axis = canonical_axis(axis, ndim_of(ary))
    n = shape_of(ary)[axis]
    if _is_indices(indices_or_sections):
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


def split(ary: ArrayLike, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`ary` cut along `axis` into equal sections, or at the indices given.

    Raises:
        ShapeError: the axis cannot be cut into that many equal sections.

    Example:
        >>> split(np.arange(4.0), 2)
        [array([0., 1.]), array([2., 3.])]
    """
    ary = as_array(ary)
    if not _is_indices(indices_or_sections):
        count, n = operator.index(indices_or_sections), shape_of(ary)[canonical_axis(axis, ndim_of(ary))]
        if count == 0:
            raise ZeroDivisionError("split into 0 sections: the number of sections must be positive")
        if n % count:
            raise ShapeError(f"split: an axis of length {n} has no {count} equal sections; use array_split")
    return array_split(ary, indices_or_sections, axis)


def vsplit(ary: ArrayLike, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its first axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vsplit(wnp.array([[1, 2], [3, 4]]), 2)
        [array([[1, 2]]), array([[3, 4]])]
    """
    if ndim(ary) < 2:
        raise ShapeError(f"vsplit needs an array of at least two axes, got shape {shape_of(as_array(ary))}")
    return split(ary, indices_or_sections, 0)


def hsplit(ary: ArrayLike, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its second axis (a vector along its only one).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.hsplit(wnp.array([[1, 2, 3, 4]]), [1])
        [array([[1]]), array([[2, 3, 4]])]
    """
    return split(ary, indices_or_sections, 0 if ndim(ary) == 1 else 1)


def dsplit(ary: ArrayLike, indices_or_sections: Any) -> list[Any]:
    """`ary` cut along its third axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> [part.shape for part in wnp.dsplit(wnp.ones((2, 2, 4)), 2)]
        [(2, 2, 2), (2, 2, 2)]
    """
    if ndim(ary) < 3:
        raise ShapeError(f"dsplit needs an array of at least three axes, got shape {shape_of(as_array(ary))}")
    return split(ary, indices_or_sections, 2)


__all__ = [
    "append", "array_split", "block", "column_stack", "concat", "concatenate", "delete", "dsplit", "dstack", "hsplit", "hstack", "insert", "resize",
    "row_stack", "split", "stack", "unstack", "vsplit", "vstack",
]  # fmt: skip
