"""Sets of numbers: unique and its kin, intersections, differences, unions.

How many elements the result has depends on the values. Where they are not known, under `jit` and `vmap`, the number is
asked for, as by ``int(n)``, unless `size` says how long the result is: what is more is cut off, what is missing is filled
in, as JAX has it. Elements keep their derivative: each is that of its first occurrence.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..config import config
from ..core import Tracer, as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError
from ..ops import reduction as _reduction
from ..ops.axes import as_length, canonical_axis
from ..ops.cumulative import cumsum_p
from ..ops.elementwise import convert, equal, isnan, logical_and, logical_not, not_equal, where_p
from ..ops.indexing import getitem, take_along_axis
from ..ops.masks import how_many
from ..ops.scatters import scatter_add_p
from ..ops.shape import concatenate, moveaxis, reshape
from ..ops.slices import slice_axis
from ..ops.sorting import argsort_p
from ..vocabulary import ArrayLike, Value
from .ordering import lexsort, searchsorted
from .searching import known, nonzero

ndarray = np.ndarray


class UniqueAllResult(NamedTuple):
    """The different elements, where each occurs first, where in them each element of the input is, and how often.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_all(wnp.array([4, 4, 1])).counts
        array([1, 2])
    """

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """The different elements, and how often each occurs.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_counts(wnp.array([4, 4, 1])).values
        array([1, 4])
    """

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """The different elements, and where in them each element of the input is.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_inverse(wnp.array([4, 4, 1])).inverse_indices
        array([1, 1, 0])
    """

    values: Any
    inverse_indices: Any


def _values(*arrays: Any) -> list[ndarray] | None:
    """The values of arrays, None where one is not known."""
    try:
        return [known(x, "a set") for x in arrays]
    except ConcretizationError:
        return None


def _length(size: int | None, chosen: ArrayLike, name: str) -> int:
    """The length of a result: as given, or how many are chosen, which is asked for."""
    if size is not None:
        return as_length(size, "size")
    try:
        return int(how_many(chosen))
    except ConcretizationError as error:
        raise ConcretizationError(
            f"{name} has as many elements as there are different ones, which is not known here; pass size="
        ) from error


# --- unique -----------------------------------------------------------------------------------------------------


class _Groups(NamedTuple):
    """Equal elements together: the order that sorts them, where in it each group starts, the group of each place."""

    order: Any
    first: Any
    group: Any


def _groups(rows: ArrayLike, equal_nan: bool) -> _Groups:
    """The groups of equal rows of a matrix ``(n, k)``."""
    n, k = shape_of(rows)
    columns = [getitem(rows, (slice(None), j)) for j in range(k)]
    if k:
        order = argsort_p.bind(columns[0], axis=0) if k == 1 else lexsort(columns[::-1])
    else:
        order = np.arange(n, dtype=config.int_dtype)  # rows without numbers are equal
    ordered = getitem(rows, order)
    here, before = slice_axis(ordered, 0, 1, n), slice_axis(ordered, 0, 0, n - 1)
    differs = not_equal(here, before)
    if equal_nan and inexact_dtype(dtype_of(rows)):
        differs = logical_and(differs, logical_not(logical_and(isnan(here), isnan(before))))
    first = concatenate([np.ones(min(n, 1), bool), _reduction.any(differs, 1)])
    group = cumsum_p.bind(convert(first, config.int_dtype), axis=0) - 1
    return _Groups(order, first, group)


def _traced_unique(
    x: ArrayLike, axis: int | None, equal_nan: bool, size: int | None, fill_value: ArrayLike
) -> tuple[Any, Any, Any, Any]:
    """Values, first places, inverse and counts, for a result of `size` elements, or of as many as there are."""
    lead = reshape(x, (-1,)) if axis is None else moveaxis(x, axis, 0)
    n = shape_of(lead)[0]
    if n == 0 and size:
        raise ArgumentError("unique with size= of no elements: there is nothing to fill in")
    if n == 0:
        nothing = np.zeros(0, config.int_dtype)
        return (
            (lead if axis is None else x),
            nothing,
            reshape(nothing, shape_of(x)) if axis is None else nothing,
            nothing,
        )
    order, first, group = _groups(reshape(lead, (n, -1)), equal_nan)
    size = _length(size, first, "unique")
    starts = nonzero(first, size=size, fill_value=0)[0]
    index = getitem(order, starts)
    values = getitem(lead, index)
    inside = np.arange(size) < how_many(first)
    if fill_value is not None:
        mask = reshape(inside, (size, *[1] * (ndim_of(lead) - 1)))
        values = where_p.bind(mask, values, convert(as_array(fill_value), dtype_of(x)))
    inverse = take_along_axis(group, argsort_p.bind(order, axis=0), 0)
    place = where_p.bind(group < size, group, size)
    counts = scatter_add_p.bind(
        np.zeros(size + 1, config.int_dtype), np.ones(n, config.int_dtype), convert(place, np.intp), axes=(0,)
    )
    values = values if axis is None else moveaxis(values, 0, axis)
    inverse = reshape(inverse, shape_of(x)) if axis is None else inverse
    return values, index, inverse, getitem(counts, slice(0, size))


def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,  # noqa: A002
    size: int | None = None,
    fill_value: ArrayLike | None = None,
) -> Any:
    """The different elements of `ar`, in order.

    Args:
        ar: the array.
        return_index: whether the place of the first occurrence of each is returned too.
        return_inverse: whether the places of the elements of `ar` among them are returned too.
        return_counts: whether the number of occurrences of each is returned too.
        axis: compare slices along this axis; the elements of the flattened array for None.
        equal_nan: whether NaN count as one element.
        sorted: accepted as NumPy accepts it; the result is in order always.
        size: the length of the result; as many as there are by default.
        fill_value: what is filled in where there are fewer; the smallest element by default.

    Raises:
        ConcretizationError: `size` is not given where no number may be asked for, as in the body of a loop.

    Example:
        >>> unique([2.0, 1.0, 2.0])
        array([1., 2.])
        >>> unique([2.0, 1.0, 2.0], size=3, fill_value=0.0)
        array([1., 2., 0.])
    """
    x = as_array(ar)
    axis = None if axis is None else canonical_axis(axis, ndim_of(x))
    values = _values(x) if size is None else None
    if values is None:
        parts = _traced_unique(x, axis, equal_nan, None if size is None else as_length(size, "size"), fill_value)
    else:
        parts = np.unique(values[0], True, True, True, axis, equal_nan=equal_nan)
        if isinstance(x, Tracer):
            flat = reshape(x, (-1,)) if axis is None else x
            out = getitem(flat, parts[1] if axis is None else (slice(None),) * axis + (parts[1],))
            parts = (out, *parts[1:])
    wanted = (return_index, return_inverse, return_counts)
    extra = [convert(v, config.int_dtype) for v, w in zip(parts[1:], wanted, strict=True) if w]
    return (parts[0], *extra) if extra else parts[0]


def unique_all(x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None) -> UniqueAllResult:
    """The different elements of `x` with all that `unique` finds; NaN all count as different.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_all(wnp.array([5, 2, 5])).inverse_indices
        array([1, 0, 1])
    """
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False, size=size, fill_value=fill_value))


def unique_counts(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> UniqueCountsResult:
    """The different elements of `x`, and how often each occurs; NaN all count as different.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_counts(wnp.array([5, 2, 5])).counts
        array([1, 2])
    """
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False, size=size, fill_value=fill_value))


def unique_inverse(
    x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None
) -> UniqueInverseResult:
    """The different elements of `x`, and where in them each element of `x` is; NaN all count as different.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_inverse(wnp.array([2, 2, 1])).values
        array([1, 2])
    """
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False, size=size, fill_value=fill_value))


def unique_values(x: ArrayLike, /, *, size: int | None = None, fill_value: ArrayLike | None = None) -> Any:
    """The different elements of `x`, in order; NaN all count as different.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unique_values(wnp.array([3, 3, 1]))
        array([1, 3])
    """
    return unique(x, equal_nan=False, size=size, fill_value=fill_value)


# --- two sets ---------------------------------------------------------------------------------------------------


def isin(
    element: ArrayLike,
    test_elements: ArrayLike,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: str | None = None,
) -> Value:
    """Whether each element of `element` is among `test_elements`.

    Args:
        element: the elements.
        test_elements: what they are looked for in.
        assume_unique, kind: accepted as NumPy accepts them; they change nothing.
        invert: whether the answer is turned round.

    Example:
        >>> isin([1, 2, 3], [3, 1])
        array([ True, False,  True])
    """
    x, tests = as_array(element), reshape(as_array(test_elements), (-1,))
    if not isinstance(x, Tracer) and not isinstance(tests, Tracer):
        return np.isin(x, tests, assume_unique, invert)
    hit = equal(reshape(x, (*shape_of(x), 1)), tests)
    out = _reduction.any(hit, -1)
    return logical_not(out) if invert else out


in1d = isin


def _chosen(source: ArrayLike, keep: ArrayLike, size: int, fill_value: Any) -> tuple[Any, Any]:
    """The elements of the vector `source` that `keep` marks, in `size` places, and where in it they are."""
    index = nonzero(keep, size=size, fill_value=0)[0]
    inside = np.arange(size) < how_many(keep)
    fill = convert(as_array(0 if fill_value is None else fill_value), dtype_of(source))
    return where_p.bind(inside, getitem(source, index), fill), where_p.bind(inside, index, shape_of(source)[0])


def _all_unique(x: ArrayLike) -> tuple[Any, Any, Any]:
    """The different elements of a vector in as many places as it has elements, where they are, and which are filled in."""
    n = shape_of(x)[0]
    values, index, _, counts = _traced_unique(x, None, True, n, None)
    return values, index, counts > 0


def _flat(x: ArrayLike) -> Value:
    return reshape(as_array(x), (-1,))


def _common(ar1: ArrayLike, ar2: ArrayLike) -> tuple[Any, Any]:
    a, b = _flat(ar1), _flat(ar2)
    dtype = np.promote_types(dtype_of(a), dtype_of(b))
    return convert(a, dtype), convert(b, dtype)


def union1d(ar1: ArrayLike, ar2: ArrayLike, *, size: int | None = None, fill_value: ArrayLike | None = None) -> Any:
    """The elements that are in one of two arrays, in order.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.union1d(wnp.array([3, 1]), [2, 3])
        array([1, 2, 3])
    """
    return unique(concatenate([*_common(ar1, ar2)]), size=size, fill_value=fill_value)


def intersect1d(
    ar1: ArrayLike,
    ar2: ArrayLike,
    assume_unique: bool = False,
    return_indices: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The elements that are in both arrays, in order.

    Args:
        ar1, ar2: the arrays.
        assume_unique: accepted as NumPy accepts it.
        return_indices: whether the places of their first occurrences in both arrays are returned too.
        size: the length of the result; as many as there are by default.
        fill_value: what is filled in where there are fewer; 0 by default. Places are filled with the length.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.intersect1d(wnp.array([1, 2, 3]), [3, 1, 5])
        array([1, 3])
    """
    a, b = _common(ar1, ar2)
    known_both = _values(a, b) if size is None else None
    if known_both is not None:
        left, right = known_both
        values, first, second = np.intersect1d(left, right, assume_unique, return_indices=True)
        out = getitem(a, first) if isinstance(a, Tracer) else values
        return (out, first, second) if return_indices else out
    values, index, valid = _all_unique(a)
    keep = logical_and(valid, isin(values, b))
    out, places = _chosen(values, keep, _length(size, keep, "intersect1d"), fill_value)
    if not return_indices:
        return out
    n, m = shape_of(a)[0], shape_of(b)[0]
    missing = equal(places, n)
    first = where_p.bind(missing, n, getitem(index, where_p.bind(missing, 0, places)))
    order = argsort_p.bind(b, axis=0)
    at_left = searchsorted(getitem(b, order), out)
    second = where_p.bind(missing, m, getitem(order, where_p.bind(at_left < m, at_left, 0)))
    return out, first, second


def setdiff1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Value:
    """The elements of the first array that are not in the second, in order (as they stand with `assume_unique`).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.setdiff1d(wnp.array([3, 1, 2, 1]), [2])
        array([1, 3])
    """
    a, b = _flat(ar1), _flat(ar2)
    known_both = _values(a, b) if size is None else None
    if known_both is not None:
        have, without = known_both
        index = np.arange(len(have)) if assume_unique else np.unique(have, return_index=True)[1]
        return getitem(a, index[~np.isin(have[index], without)])
    if assume_unique:
        keep = isin(a, b, invert=True)
        return _chosen(a, keep, _length(size, keep, "setdiff1d"), fill_value)[0]
    values, _, valid = _all_unique(a)
    keep = logical_and(valid, isin(values, b, invert=True))
    return _chosen(values, keep, _length(size, keep, "setdiff1d"), fill_value)[0]


def setxor1d(
    ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Value:
    """The elements that are in one of two arrays and not in the other, in order.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.setxor1d(wnp.array([1, 2]), [2, 3])
        array([1, 3])
    """
    a, b = _common(ar1, ar2)
    both = concatenate([a, b])
    known_all = _values(both, a, b) if size is None else None
    if known_all is not None:
        have, left, right = known_all
        index = np.unique(have, return_index=True)[1]
        return getitem(both, index[np.isin(have[index], left) != np.isin(have[index], right)])
    values, _, valid = _all_unique(both)
    one = logical_not(logical_and(isin(values, a), isin(values, b)))
    keep = logical_and(valid, one)
    return _chosen(values, keep, _length(size, keep, "setxor1d"), fill_value)[0]


__all__ = [
    "UniqueAllResult", "UniqueCountsResult", "UniqueInverseResult", "in1d", "intersect1d", "isin", "setdiff1d",
    "setxor1d", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip
