"""Choosing, reading at indices, and finding where a condition holds. Sorting, sets and writing have files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, as_value, aval_of, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import (
    ArgumentError,
    ConcretizationError,
    DtypeError,
    IndexDtypeError,
    NotSupportedError,
    ShapeError,
)
from ..ops import indexing as _indexing
from ..ops.axes import as_length, as_lengths, canonical_axis
from ..ops.bounds import answer
from ..ops.elementwise import as_positions, convert, equal, logical_and, where_p
from ..ops.indexing import getitem
from ..ops.masks import first_places, how_many, true_places
from ..ops.memory import without_axes
from ..ops.promotion import broadcast_shapes, result_dtype
from ..ops.shape import broadcast_to, reshape, stack
from ..vocabulary import ArrayLike, ShapeLike, Value
from .dispatch import no_out, plain

ndarray = np.ndarray


def known(x: ArrayLike, what: str) -> ndarray:
    """The values of `x` as a NumPy array, for functions whose result has a shape that depends on them."""
    x = as_value(x)
    return np.reshape(x.concrete(what), x.shape) if isinstance(x, Tracer) else np.asarray(x)


# --- choice -----------------------------------------------------------------------------------------------------


def where(condition: ArrayLike, x: ArrayLike | None = None, y: ArrayLike | None = None) -> Any:
    """Elements of `x` where `condition` holds, of `y` elsewhere; the side not chosen never poisons a derivative.

    With `condition` alone, `nonzero`.

    Example:
        >>> where(np.array([True, False]), 1.0, 2.0)
        array([1., 2.])
    """
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ArgumentError("where takes a condition alone, or a condition and both x and y")
    condition = as_value(condition)
    if not isinstance(condition, bool) and dtype_of(condition).kind != "b":
        condition = convert(condition, bool)
    out = where_p.bind(condition, as_value(x), as_value(y))
    return without_axes(out) if isinstance(out, Tracer) and not out.shape else out


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: ArrayLike = 0) -> Value:
    """Elements of the first choice whose condition holds, of `default` where none does.

    Raises:
        ArgumentError: there are not as many choices as conditions.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.select([wnp.array([True, False, False]), wnp.array([True, True, False])], [1, 2], default=9)
        array([1, 2, 9])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ArgumentError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    for condition in condlist:
        if dtype_of(as_value(condition)).kind != "b":
            raise DtypeError(f"select: conditions must be truth values, got {dtype_of(as_value(condition))}")
    values = [as_value(c) for c in choicelist]
    out = as_value(default)
    dtype = result_dtype(*map(aval_of, [*values, out]))
    for condition, choice in reversed(list(zip(condlist, values, strict=True))):
        out = where(condition, convert(choice, dtype), convert(out, dtype))
    return out


def piecewise(x: ArrayLike, condlist: ArrayLike, funclist: Sequence[Any], *args: Any, **kw: Any) -> Value:
    """Values of the function (or number) whose condition holds at each element of `x`; the last of several wins.

    A function more than there are conditions holds where none does; without it the value is 0 there.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.piecewise(wnp.array([-2.0, 3.0]), wnp.array([True, False]), [lambda x: -x, lambda x: x**2])
        array([2., 9.])
    """
    x = as_array(x)
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    if not isinstance(condlist, (list, tuple)) and ndim_of(as_value(condlist)) > ndim_of(x):
        conditions = [getitem(condlist, i) for i in range(shape_of(condlist)[0])]
    if len(funclist) not in (len(conditions), len(conditions) + 1):
        raise ArgumentError(f"piecewise: {len(funclist)} functions for {len(conditions)} conditions")
    values = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    out = values[len(conditions)] if len(values) > len(conditions) else 0
    out = broadcast_to(convert(out, dtype_of(x)), shape_of(x))
    for condition, value in zip(conditions, values, strict=False):
        out = where(condition, convert(value, dtype_of(x)), out)
    return out


def _within(index: ArrayLike, n: int, refusal: str) -> Value:
    """Integers from 0 on that are less than `n`. In bodies of loops a reading refuses others when it runs, as an IndexError."""
    known = answer(logical_and(index >= 0, index < n))
    if known is False:
        raise ArgumentError(refusal)
    return index if known else getitem(np.arange(n), where(index < 0, n, index))


def choose(a: ArrayLike, choices: Any, out: None = None, mode: str = "raise") -> Value:
    """At each place the element of ``choices[a]``; `mode` "clip" or "wrap" says what an index out of range means.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.choose(wnp.array([2, 0, 1]), [[1, 2, 3], [10, 20, 30], [100, 200, 300]])
        array([100,   2,  30])
    """
    no_out(out)
    index = as_positions(a, "choose")
    items = [as_value(c) for c in choices]  # Python numbers take the dtype of the others
    dtype = result_dtype(*map(aval_of, items))
    shape = broadcast_shapes("choose", shape_of(index), *map(shape_of, items))
    n = len(items)
    if mode == "raise":
        index = _within(index, n, f"choose: an index is out of range for {n} choices")
    elif mode == "clip":
        index = where(index < 0, 0, where(index >= n, n - 1, index))
    else:
        index = index % n
    result = broadcast_to(convert(items[-1], dtype), shape)
    for i in range(n - 1):
        result = where_p.bind(equal(index, i), convert(items[i], dtype), result)
    return result


# --- indices ----------------------------------------------------------------------------------------------------


@plain(np.take, 2, "mode unique_indices indices_are_sorted fill_value")
def take(
    a: ArrayLike,
    indices: ArrayLike,
    axis: int | None = None,
    out: None = None,
    mode: str | None = None,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    fill_value: ArrayLike | None = None,
) -> Value:
    """The elements of `a` at `indices` along `axis`.

    Args:
        a: the array.
        indices: integers, of any shape.
        axis: the axis; the flattened array for None.
        mode: "raise" (the default: known indices must be in range), "clip", "wrap", or JAX's "fill".
        unique_indices, indices_are_sorted: accepted as JAX accepts them.
        fill_value: for mode "fill", what stands where an index is out of range (NaN by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.take(wnp.array([[1, 2, 3], [4, 5, 6]]), [2, 0], axis=1)
        array([[3, 1],
               [6, 4]])
    """
    no_out(out)
    a, indices = as_array(a), as_positions(indices)
    if axis is None or (not shape_of(a) and axis in (0, -1)):
        a, axis = reshape(a, (-1,)), 0
    i = canonical_axis(axis, ndim_of(a))
    n = shape_of(a)[i]
    valid = None
    if mode == "clip":
        indices = where(indices < 0, 0, where(indices >= n, n - 1, indices))
    elif mode == "wrap":
        indices = indices % n
    elif mode == "fill":
        indices = where(indices < 0, indices + n, indices)
        valid = (indices >= 0) & (indices < n)
        indices = where(valid, indices, 0)
    elif mode not in (None, "raise"):
        raise NotSupportedError(f"take with mode {mode!r}; the modes are 'raise', 'clip', 'wrap' and 'fill'")
    result = getitem(a, (slice(None),) * i + (indices,))
    if valid is None:
        return result
    if fill_value is None:
        fill_value = np.nan if inexact_dtype(dtype_of(a)) else 0
    valid = reshape(valid, (*shape_of(valid), *[1] * (ndim_of(a) - i - 1)))
    return where_p.bind(valid, result, convert(fill_value, dtype_of(a)))


def take_along_axis(
    arr: ArrayLike, indices: ArrayLike, axis: int | None = -1, mode: Any = None, fill_value: Any = None
) -> Value:
    """Elements of `arr` at `indices` along `axis`, the other axes matched one to one.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.take_along_axis(wnp.array([[30, 10], [20, 40]]), wnp.array([[1], [0]]), axis=1)
        array([[10],
               [20]])
    """
    arr, indices = as_array(arr), as_array(indices)
    if dtype_of(indices).kind not in "iu" and (axis is None or ndim_of(arr)):
        raise IndexDtypeError(f"take_along_axis: indices must be integers, got {dtype_of(indices)}")
    if axis is not None and ndim_of(indices) == ndim_of(arr):
        i = canonical_axis(axis, ndim_of(arr))
        have, want = shape_of(arr), shape_of(indices)
        if any(m != n and j != i and n == 1 for j, (m, n) in enumerate(zip(have, want, strict=True))):
            indices = broadcast_to(indices, tuple(want[j] if j == i or want[j] != 1 else m for j, m in enumerate(have)))
    return _indexing.take_along_axis(arr, indices, axis)


def compress(
    condition: ArrayLike,
    a: ArrayLike,
    axis: int | None = None,
    out: None = None,
    *,
    size: int | None = None,
    fill_value: ArrayLike = 0,
) -> Value:
    """The slices of `a` along `axis` for which the vector `condition` holds.

    Args:
        condition: a vector; its values are known, or `size` is given.
        a: the array; flattened if `axis` is None.
        axis: the axis.
        size: how many slices the result has: more are cut off, missing ones are filled in.
        fill_value: what is filled in.

    Raises:
        ConcretizationError: `size` is not given where no number may be asked for, as in the body of a loop.

    Example:
        >>> compress([True, False, True], np.array([1.0, 2.0, 3.0]))
        array([1., 3.])
    """
    no_out(out)
    a = as_array(a)
    if axis is None or (not shape_of(a) and axis in (0, -1)):
        a, axis = reshape(a, (-1,)), 0
    i = canonical_axis(axis, ndim_of(a))
    if size is None:
        try:
            chosen = nonzero(reshape(as_array(condition), (-1,)))[0]
        except ConcretizationError as error:
            raise ConcretizationError(
                "compress and extract give as many elements as are chosen, which is not known here; pass size=, or "
                "use where with three arguments"
            ) from error
        return getitem(a, (slice(None),) * i + (chosen,))
    condition = convert(as_array(condition), bool)
    taken = getitem(a, (slice(None),) * i + (nonzero(condition, size=size)[0],))
    inside = np.arange(size) < how_many(condition)
    inside = reshape(inside, (size, *[1] * (ndim_of(a) - i - 1)))
    return where_p.bind(inside, taken, convert(as_array(fill_value), dtype_of(a)))


def extract(condition: ArrayLike, arr: ArrayLike, *, size: int | None = None, fill_value: ArrayLike = 0) -> Value:
    """The elements of `arr` where `condition` holds; `size` and `fill_value` as in `compress`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.extract(wnp.array([True, False, True]), wnp.array([1.0, 2.0, 3.0]))
        array([1., 3.])
    """
    return compress(reshape(as_array(condition), (-1,)), arr, size=size, fill_value=fill_value)


# --- places, as many as the values say -----------------------------------------------------------------------------


def nonzero(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> tuple[Any, ...]:
    """The indices of the elements that are not zero, as many as there are or as `size` says.

    Under `jit` and `vmap` their number is asked for, as by ``int(n)``, unless `size` is given.

    Raises:
        ConcretizationError: `size` is not given where no number may be asked for, as in the body of a loop.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.nonzero(wnp.array([0, 7, 0, 8]))
        (array([1, 3]),)
    """
    a = as_array(a)
    if not shape_of(a):
        raise ShapeError("nonzero of a number: it has no indices; use atleast_1d")
    size = None if size is None else as_length(size, "size")
    if isinstance(a, Tracer) and size is not None:
        mask = convert(a, bool)
        fills = fill_value if isinstance(fill_value, tuple) else (fill_value or 0,) * ndim_of(a)
        inside = np.arange(size) < how_many(mask)
        return tuple(where(inside, i, fill) for i, fill in zip(first_places(mask, size), fills, strict=True))
    try:
        found = true_places(convert(a, bool) if isinstance(a, Tracer) else a)
    except ConcretizationError as error:
        raise ConcretizationError(
            "nonzero and where with one argument give as many indices as there are true elements, which is not known "
            "here; pass size=, or use where with three arguments"
        ) from error
    if size is not None:
        fills = fill_value if isinstance(fill_value, tuple) else (fill_value or 0,) * len(found)
        found = tuple(
            np.concatenate([i[:size], np.full(max(size - len(i), 0), f, i.dtype)])
            for i, f in zip(found, fills, strict=True)
        )
    return tuple(convert(i, config.int_dtype) for i in found)


def flatnonzero(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> Value:
    """The indices in the flattened array of the elements that are not zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.flatnonzero(wnp.array([[0, 5], [6, 0]]))
        array([1, 2])
    """
    return nonzero(reshape(as_array(a), (-1,)), size=size, fill_value=fill_value)[0]


def argwhere(a: ArrayLike, *, size: int | None = None, fill_value: Any = None) -> Value:
    """The indices of the elements that are not zero, a row for each.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.argwhere(wnp.array([[0, 1], [2, 0]]))
        array([[0, 1],
               [1, 0]])
    """
    if not ndim_of(as_value(a)):
        return np.zeros((int(bool(known(a, "argwhere"))), 0), config.int_dtype)
    return stack(nonzero(a, size=size, fill_value=fill_value), 1)


def unravel_index(indices: ArrayLike, shape: ShapeLike, order: str = "C") -> tuple[Any, ...]:
    """The coordinates, in an array of `shape` that is read in C order (or "F"), of flat indices.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unravel_index(wnp.array([0, 5]), (2, 3))
        (array([0, 1]), array([0, 2]))
    """
    indices = as_positions(indices, "unravel_index")
    dims = as_lengths(shape)
    out, stride = [], int(np.prod(dims, dtype=int))
    indices = _within(indices, stride, f"unravel_index: an index is out of range for an array of shape {dims}")
    for n in dims if order == "C" else dims[::-1]:
        stride //= n or 1
        out.append(indices // stride % n)
    return tuple(out if order == "C" else out[::-1])


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Value:
    """Flat indices from coordinates in an array of shape `dims`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ravel_multi_index((wnp.array([0, 1]), wnp.array([2, 0])), (2, 3))
        array([2, 3])
    """
    coordinates = [as_positions(i, "ravel_multi_index") for i in multi_index]
    if mode == "raise" and not any(isinstance(i, Tracer) for i in coordinates):
        return np.ravel_multi_index(tuple(np.asarray(i) for i in coordinates), dims, order=order)  # type: ignore[call-overload]
    if mode == "raise":
        refusal = "ravel_multi_index: invalid entry in coordinates array"
        coordinates = [_within(i, n, refusal) for i, n in zip(coordinates, dims, strict=True)]
    elif mode == "clip":
        coordinates = [where(i < 0, 0, where(i >= n, n - 1, i)) for i, n in zip(coordinates, dims, strict=True)]
    elif mode == "wrap":
        coordinates = [i % n for i, n in zip(coordinates, dims, strict=True)]
    pairs = list(zip(coordinates, dims, strict=True))
    out: Any = 0
    for i, n in pairs if order == "C" else pairs[::-1]:
        out = out * n + i
    return out


__all__ = [
    "argwhere", "choose", "compress", "extract", "flatnonzero", "nonzero", "piecewise", "ravel_multi_index",
    "select", "take", "take_along_axis", "unravel_index", "where",
]  # fmt: skip
