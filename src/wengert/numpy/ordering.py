"""Order: arguments of extremes, sorting, the place of values in sorted arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, aval_of, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import (
    ArgumentError,
    AxisError,
    DtypeError,
    ShapeError,
)
from ..ops import indexing as _indexing
from ..ops import reduction as _reduction
from ..ops.axes import canonical_axis
from ..ops.bounds import holds
from ..ops.elementwise import convert, isnan, where_p
from ..ops.indexing import getitem
from ..ops.promotion import result_dtype
from ..ops.shape import expand_dims, reshape, reverse_p
from ..ops.sorting import argsort_p, searchsorted_p, sort_p
from ..vocabulary import ArrayLike, Value
from .dispatch import no_out, plain


def _arg(primitive: Any, name: str, a: ArrayLike, axis: int | None, keepdims: bool) -> Any:
    x = as_array(a)
    rank = ndim_of(x)
    if axis is None or (not rank and axis in (0, -1)):  # NumPy lets a number have an axis
        x, i = reshape(x, (-1,)), 0
    else:
        i = canonical_axis(axis, rank)
    if shape_of(x)[i] == 0:
        raise ShapeError(f"{name} of no elements (shape {shape_of(x)}, axis {axis})")
    out = primitive.bind(x, axis=i)
    if not keepdims:
        return out
    kept = (1,) * rank if axis is None or not rank else tuple(1 if j == i else n for j, n in enumerate(shape_of(x)))
    return reshape(out, kept)


@plain(np.argmax)
def argmax(a: ArrayLike, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Value:
    """The index of the largest element along `axis` (in the flattened array by default), the first of equals.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.argmax(wnp.array([[3, 9, 1], [8, 2, 7]]), axis=1)
        array([1, 0])
    """
    no_out(out)
    return _arg(_reduction.argmax_p, "argmax", a, axis, keepdims)


@plain(np.argmin)
def argmin(a: ArrayLike, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Value:
    """The index of the smallest element along `axis` (in the flattened array by default), the first of equals.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.argmin(wnp.array([4.0, -1.0, 2.0]))
        np.int64(1)
    """
    no_out(out)
    return _arg(_reduction.argmin_p, "argmin", a, axis, keepdims)


def _nanarg(function: Any, worst: float, a: ArrayLike, axis: int | None, keepdims: bool) -> Any:
    a = as_array(a)
    if inexact_dtype(dtype_of(a)):
        a = where_p.bind(isnan(a), dtype_of(a).type(worst), a)
    return function(a, axis, keepdims=keepdims)


def nanargmax(a: ArrayLike, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Value:
    """The index of the largest element that is not NaN (0 where all are).

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanargmax(wnp.array([np.nan, 2.0, 5.0]))
        np.int64(2)
    """
    no_out(out)
    return _nanarg(argmax, -np.inf, a, axis, keepdims)


def nanargmin(a: ArrayLike, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Value:
    """The index of the smallest element that is not NaN (0 where all are).

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nanargmin(wnp.array([np.nan, 2.0, 5.0]))
        np.int64(1)
    """
    no_out(out)
    return _nanarg(argmin, np.inf, a, axis, keepdims)


def _axis_of(a: ArrayLike, axis: int | None) -> tuple[Any, int]:
    x = as_array(a)
    if axis is None:
        return reshape(x, (-1,)), 0
    if ndim_of(x) == 0:
        raise AxisError("a scalar has no axis to sort along; give axis=None")
    return x, canonical_axis(axis, ndim_of(x))


@plain(np.sort, beyond="descending")
def sort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: Any = None,
    order: None = None,
    *,
    stable: Any = None,
    descending: bool = False,
):
    """The elements of `a` in order along `axis`; the derivative follows the elements to their places.

    Args:
        a: the array.
        axis: the axis; the flattened array for None.
        kind: accepted as NumPy accepts it; every sort here gives the same values.
        order: for structured arrays, of which there are none here.
        stable: accepted as NumPy accepts it.
        descending: whether the largest comes first.

    Example:
        >>> sort([3.0, 1.0, 2.0])
        array([1., 2., 3.])
    """
    x, i = _axis_of(a, axis)
    out = sort_p.bind(x, axis=i)
    return reverse_p.bind(out, axes=(i,)) if descending else out


def argsort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: Any = None,
    order: None = None,
    *,
    stable: Any = None,
    descending: bool = False,
):
    """The indices that sort `a` along `axis`, equal elements in their order (a stable sort always).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.argsort(wnp.array([30, 10, 20]))
        array([1, 2, 0])
    """
    x, i = _axis_of(expand_dims(as_array(a), 0) if shape_of(as_array(a)) == () else a, axis)
    if not descending:
        return argsort_p.bind(x, axis=i)
    n = shape_of(x)[i]  # reversed twice, so that equal elements keep their order
    backwards = argsort_p.bind(reverse_p.bind(x, axes=(i,)), axis=i)
    return n - 1 - reverse_p.bind(backwards, axes=(i,))


def partition(a: ArrayLike, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Value:
    """`a` with the `kth` smallest elements in their places along `axis`: a full sort, which is one such order.

    Raises:
        ArgumentError: `kth` is out of range.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.partition(wnp.array([7, 1, 5, 3]), 0)[0]
        np.int64(1)
    """
    _check_kth(a, kth, axis)
    return sort(a, axis)


def _check_kth(a: ArrayLike, kth: Any, axis: int | None) -> None:
    x, i = _axis_of(a, axis)
    n = shape_of(x)[i]
    if not isinstance(kth, Tracer) and 0 not in shape_of(x):
        places = np.asarray(kth)
        if places.dtype.kind not in "iu":
            raise DtypeError(f"partition: kth must be an integer or several, got {kth!r}")
        if np.any((places < -n) | (places >= n)):
            raise ArgumentError(f"partition: kth={kth} is out of range for an axis of length {n}")


def argpartition(a: ArrayLike, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Value:
    """The indices that partition `a`: those of a full sort.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.array([40, 10, 30, 20])[wnp.argpartition(wnp.array([40, 10, 30, 20]), 1)[:2]].max()
        np.int64(20)
    """
    _check_kth(a, kth, axis)
    return argsort(a, axis)


def sort_complex(a: ArrayLike) -> Value:
    """The elements of `a` along its last axis as complex numbers, by their real and then their imaginary parts.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.sort_complex(wnp.array([3.0, 1 + 2j, 1 - 2j]))
        array([1.-2.j, 1.+2.j, 3.+0.j])
    """
    out = sort(a)
    d = dtype_of(out)
    return (
        out
        if d.kind == "c"
        else convert(out, np.complex64 if d.itemsize <= 2 and d.kind in "iu" else config.complex_dtype)
    )


def lexsort(keys: Any, axis: int = -1) -> Value:
    """The indices that sort by the last key, then by the one before it, and so on.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.lexsort((wnp.array([2, 1, 3]), wnp.array([1, 1, 0])))
        array([2, 1, 0])
    """
    items = [as_array(k) for k in keys]
    if not items:
        raise ArgumentError("lexsort needs at least one key")
    if not shape_of(items[0]):
        return np.zeros((), config.int_dtype)[()]
    i = canonical_axis(axis, ndim_of(items[0]))
    order = argsort_p.bind(items[0], axis=i)
    for key in items[1:]:
        then = argsort_p.bind(_indexing.take_along_axis(key, order, i), axis=i)
        order = _indexing.take_along_axis(order, then, i)
    return order


def searchsorted(
    a: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None, *, method: str = "scan"
) -> Value:
    """Where in the sorted vector `a` the values `v` belong, before ("left") or after ("right") equal elements.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.searchsorted(wnp.array([1, 3, 5]), [0, 3, 9], side="right")
        array([0, 2, 3])
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    a, v = as_array(a), as_array(v)
    if ndim_of(a) != 1:
        raise ShapeError(f"searchsorted needs a sorted vector, got shape {shape_of(a)}")
    if sorter is not None:
        a = getitem(a, sorter)
    common = result_dtype(aval_of(a), aval_of(v))
    return searchsorted_p.bind(convert(a, common), convert(v, common), side=side)


def digitize(x: ArrayLike, bins: ArrayLike, right: bool = False, *, method: str | None = None) -> Value:
    """Which bin each element of `x` is in; `bins` rise or fall.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.digitize(wnp.array([0.5, 1.0, 7.0]), [1.0, 5.0])
        array([0, 1, 2])
    """
    x, bins = as_array(x), as_array(bins)
    if ndim_of(bins) != 1:
        raise ShapeError(f"digitize: bins must be a vector, got shape {shape_of(bins)}")
    if dtype_of(x).kind == "c" or dtype_of(bins).kind == "c":
        raise DtypeError("digitize: complex numbers have no order")
    side = "left" if right else "right"
    if isinstance(bins, Tracer) and shape_of(bins)[0] > 1:  # which way they go is not known
        rising = getitem(bins, 0) <= getitem(bins, -1)
        before, after = getitem(bins, slice(0, -1)), getitem(bins, slice(1, None))
        if not holds(where_p.bind(rising, before <= after, before >= after)):
            raise ArgumentError("digitize: bins must rise or fall")
        falling = shape_of(bins)[0] - searchsorted(reverse_p.bind(bins, axes=(0,)), x, side)
        return where_p.bind(rising, searchsorted(bins, x, side), falling)
    if not isinstance(bins, Tracer) and not np.all(bins[1:] >= bins[:-1]):
        if not np.all(bins[1:] <= bins[:-1]):
            raise ArgumentError("digitize: bins must rise or fall")
        return len(bins) - searchsorted(bins[::-1], x, side)
    return searchsorted(bins, x, side)


__all__ = [
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "digitize",
    "lexsort",
    "nanargmax",
    "nanargmin",
    "partition",
    "searchsorted",
    "sort",
    "sort_complex",
]
