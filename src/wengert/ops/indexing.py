"""Indexing: reading with NumPy's whole index language, and the primitives of functional updates (`updates.py`).

`basic_index` (slices, integers and new axes known beforehand) with its transpose `index_embed`, and what indices mean. Integer
arrays are read by `gather` (`scatters`).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core import PYTHON_SCALARS, Aval, Tracer, Value, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import ConcretizationError, IndexDtypeError, ShapeError
from ..lowering import index_maps
from .axes import canonical_axis
from .linear import Linear
from .promotion import broadcast_shapes
from .roots import passes
from .scatters import gather_p
from .shape import moveaxis, reshape


def _x(*shape: int, seed: int = 31) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


ndarray = np.ndarray
# One entry per axis of x, or a None for a new axis: an integer, or (start, stop, step), stop None for "to the start".
Basic = tuple[Any, ...]


# --- basic indices ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def _numpy_index(index: Basic) -> tuple[Any, ...]:
    return tuple(slice(*e) if type(e) is tuple else e for e in index)


def _basic_shape(shape: tuple[int, ...], index: Basic) -> tuple[int, ...]:
    out, axis = [], 0
    for e in index:
        if e is None:
            out.append(1)
            continue
        if type(e) is tuple:
            out.append(len(range(*slice(*e).indices(shape[axis]))))
        axis += 1
    return (*out, *shape[axis:])


def _embed(x: Value, *, index: Basic, shape: tuple[int, ...]) -> Value:
    out = np.zeros(shape, x.dtype)
    out[_numpy_index(index)] = x
    return out


_BASIC = [
    ((5,), ((1, 5, 2),)),
    ((4, 3), (1, (None, None, -1))),
    ((3,), (2,)),
    ((2, 3), (None, (0, 2, None), 1)),
    ((4,), ((2, 2, None),)),
]

basic_index_p = Linear(
    "index",
    lambda x, *, index: (np.asarray(x) if isinstance(x, PYTHON_SCALARS) else x)[_numpy_index(index)],
    lambda x, *, index: Aval(_basic_shape(x.shape, index), x.dtype),
    lambda ct, x, *, index: index_embed_p.bind(ct, index=index, shape=x.shape),
    lambda n, x, *, index: basic_index_p.bind(x, index=((None, None, None), *index)),
    pattern="drops",
    samples=lambda: [((_x(*s),), {"index": i}) for s, i in _BASIC],
    native=index_maps.View(index_maps.indexed, drops=True),
)

passes(basic_index_p)

index_embed_p = Linear(
    "index_embed",
    _embed,
    lambda x, *, index, shape: Aval(shape, x.dtype),
    lambda ct, x, *, index, shape: basic_index_p.bind(ct, index=index),
    lambda n, x, *, index, shape: index_embed_p.bind(x, index=((None, None, None), *index), shape=(n, *shape)),
    samples=lambda: [((_x(*_basic_shape(s, i)),), {"index": i, "shape": s}) for s, i in _BASIC],
    native=index_maps.IndexEmbedding(),
)


# --- reading ----------------------------------------------------------------------------------------------------


def getitem(x: Value, key: Value) -> Value:  # noqa: C901 (the kinds of indices, the frequent ones first)
    """``x[key]`` with NumPy's index language: integers, slices, None, Ellipsis, integer arrays and masks.

    Raises:
        IndexError: an index is out of range, or there are too many.
        ConcretizationError: a mask whose number of true entries is not known.

    Example:
        >>> import numpy as np
        >>> getitem(np.arange(6.0).reshape(2, 3), (slice(None), np.array([2, 0])))
        array([[2., 0.],
               [5., 3.]])
    """
    shape = shape_of(x)
    if type(key) is int and shape:  # x[0], the usual index
        n = shape[0]
        if not -n <= key < n:
            raise IndexError(f"index {key} is out of range for axis 0 of length {n}")
        return basic_index_p.bind(x, index=(key % n,))
    if type(key) is slice and shape:
        entry = _slice_entry(key, shape[0])
        return x if entry == (None, None, None) else basic_index_p.bind(x, index=(entry,))
    entries = _entries(key, shape)
    basic: list[Any] = []
    arrays: list[Value] = []
    places: list[int] = []  # where in the result of the basic part each array applies
    axis = out_axis = 0
    for e in entries:
        if e is Ellipsis:
            continue
        if e is None:
            basic.append(None)
            out_axis += 1
        elif type(e) is slice:
            basic.append(_slice_entry(e, shape[axis]))
            axis += 1
            out_axis += 1
        elif type(e) is int:
            n = shape[axis]
            if not -n <= e < n:
                raise IndexError(f"index {e} is out of range for axis {axis} of length {n}")
            e %= n
            if any(_is_array(o) for o in entries):  # NumPy broadcasts integers with index arrays
                basic.append((None, None, None))
                arrays.append(np.array(e))
                places.append(out_axis)
                out_axis += 1
            else:
                basic.append(e)
            axis += 1
        elif type(e) is tuple:
            basic.append(None)
            arrays.append(e[0])
            places.append(out_axis)
            out_axis += 1
        else:
            basic.append((None, None, None))
            arrays.append(_checked(e, axis, shape[axis]))
            places.append(out_axis)
            axis += 1
            out_axis += 1
    if any(b != (None, None, None) for b in basic):
        x = basic_index_p.bind(x, index=tuple(basic))
    if not arrays:
        return x
    if len(arrays) > 1:
        try:
            broadcast_shapes("index", *map(shape_of, arrays))
        except ValueError:
            raise IndexError(
                f"index arrays of shapes {[shape_of(a) for a in arrays]} do not broadcast together"
            ) from None
    out = gather_p.bind(x, *arrays, axes=tuple(places))
    if _adjacent(entries) and places[0] > 0:
        k = max(ndim_of(a) for a in arrays)
        first = places[0]
        return moveaxis(out, tuple(range(k)), tuple(range(first, first + k))) if k else out
    return out


def _is_array(e: Any) -> bool:
    return not (e is None or e is Ellipsis or type(e) is slice or type(e) is int)


def _adjacent(entries: Sequence[Any]) -> bool:
    """Whether the advanced indices stand side by side, so that their axes take that place in the result."""
    at = [i for i, e in enumerate(entries) if _is_array(e) or type(e) is int]
    return at == list(range(at[0], at[-1] + 1))


def _entries(key: Value, shape: tuple[int, ...]) -> list[Any]:
    """The key as a list with one entry per axis: slice, int, or integer array; and None, each a new axis.

    Masks become integer arrays; True and False become a tuple of an index array for an axis that is yet to be made.
    An Ellipsis becomes slices, or stays where it stands for no axis: index arrays on both its sides are not side by side.
    """
    items = [_entry(e) for e in key] if isinstance(key, tuple) else [_entry(key)]
    used = [0 if e is None or e is Ellipsis or type(e) is tuple else ndim_of(e) if _is_mask(e) else 1 for e in items]
    left = len(shape) - sum(used)
    if left < 0:
        raise IndexError(f"too many indices: {sum(used)} for an array of shape {shape}")
    dots = [i for i, e in enumerate(items) if e is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single Ellipsis")
    out: list[Any] = []
    axis = 0
    for e, n in zip(items, used, strict=True):
        if e is Ellipsis:
            out += [slice(None)] * left or [Ellipsis]
            axis += left
        elif _is_mask(e):
            lengths = shape[axis : axis + n]
            if any(m not in (0, k) for m, k in zip(shape_of(e), lengths, strict=True)):  # 0 fits, in NumPy
                raise IndexError(
                    f"a mask of shape {shape_of(e)} does not fit the axes of lengths {lengths} of an array of shape {shape}"
                )
            out += _places(e)
        else:
            out.append(e)
        axis += n
    return out if dots else out + [slice(None)] * left


def _is_mask(e: Value) -> bool:
    return isinstance(e, (ndarray, Tracer)) and dtype_of(e).kind == "b"


def _entry(e: Value) -> Any:
    """One item of a key: None, Ellipsis, slice, int, an array of integers or truth values, or a tuple for True or False."""
    if e is None or e is Ellipsis:
        return e
    if isinstance(e, slice):
        return slice(*[None if v is None else operator.index(v) for v in (e.start, e.stop, e.step)])
    if isinstance(e, (bool, np.bool_)):
        return (np.zeros(1 if e else 0, np.intp),)  # a mask of no axes: a new axis of length 1 or 0, an index array
    if isinstance(e, (int, np.integer)):
        return int(e)
    e = index_array(e)
    if dtype_of(e).kind == "b" and not shape_of(e):
        return (np.zeros(1 if e else 0, np.intp),)
    return e


def index_array(e: Value) -> Value:
    """An index that is an array, or that NumPy would make one of."""
    if not isinstance(e, (ndarray, np.generic, Tracer)):
        if hasattr(e, "__index__"):
            return np.asarray(operator.index(e))
        if isinstance(e, Sequence) and not isinstance(e, (str, bytes)):
            e = as_value(list(e))
            if not e.size:
                return np.zeros(shape_of(e), np.intp)
        elif not hasattr(e, "__array__") and not isinstance(e, (float, complex)):
            raise IndexDtypeError(
                f"an index must be an integer, a slice, None, Ellipsis or an array of integers or truth values, got {e!r}"
            )
    e = as_value(e)
    if dtype_of(e).kind not in "iub":
        raise IndexDtypeError(
            f"an index must be an integer, a slice, None, Ellipsis or a mask, got {dtype_of(e)} {shape_of(e)}"
        )
    return e


def _places(mask: Value) -> Sequence[Value]:
    """The index arrays that a mask stands for: those of its true elements, whose number must be known or may be asked for."""
    try:
        return mask._true_places() if isinstance(mask, Tracer) else np.nonzero(mask)
    except ConcretizationError:
        name = mask._trace.name if isinstance(mask, Tracer) else ""
        raise ConcretizationError(
            f"x[mask] has as many elements as the mask has true entries, which {name} does not know; "
            f"use where(mask, x, 0) and keep the shape. (x[mask] = number and x[mask] += number work, and so do "
            f"y[mask] = f(x[mask]) for elementwise f, and sums and means of x[mask])"
        ) from None


def _slice_entry(s: slice, n: int) -> tuple[int | None, int | None, int | None]:
    if s.start is None and s.stop is None and s.step in (None, 1):
        return (None, None, None)
    start, stop, step = s.indices(n)
    if not range(start, stop, step):
        return (0, 0, 1)
    return (start, None if stop < 0 else stop, step)


def _checked(index: Value, axis: int, n: int) -> Value:
    """An index array, in range where that is known."""
    if not isinstance(index, Tracer):
        index = np.asarray(index)
        if index.size and (index.min() < -n or index.max() >= n):
            bad = index[(index < -n) | (index >= n)].flat[0]
            raise IndexError(f"index {bad} is out of range for axis {axis} of length {n}")
    return index


def take_along_axis(x: Value, indices: Value, axis: int | None) -> Value:
    """Elements of `x` at `indices` along `axis`, the other axes matched one to one (NumPy's function)."""
    x, indices = as_array(x), as_value(indices)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = canonical_axis(axis, ndim_of(x))
    if ndim_of(indices) != ndim_of(x):
        raise ShapeError(f"take_along_axis: indices of shape {shape_of(indices)} for an array of shape {shape_of(x)}")
    n = ndim_of(x)
    index: list[Value] = []
    for i, length in enumerate(shape_of(x)):
        if i == axis:
            index.append(_checked(indices, axis, length))
        else:
            index.append(np.arange(length).reshape([-1 if j == i else 1 for j in range(n)]))
    return gather_p.bind(x, *index, axes=tuple(range(n)))
