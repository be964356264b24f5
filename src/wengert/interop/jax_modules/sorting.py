"""Sorting, searching and sets of `jax.numpy` where they differ from NumPy's."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...ops import elementwise as ew
from ..array import in_dtype, kind_of, promoted, wrap
from ..border import bordered, lift, lower
from ..conversion import converted
from ..promotion import floating, joined
from ..rules import checked, follow, keeping
from .kit import named
from .numpy import astype


def argsort(
    a: Any, axis: Any = -1, *, kind: Any = None, order: Any = None, stable: bool = True, descending: bool = False,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The indices that sort `a` along an axis, equal elements in their order.

    Args:
        a: an array.
        axis: the axis; None for all elements in a row.
        kind, order: not supported.
        stable, descending: whether equal elements keep their order; whether the largest come first.
        dtype: of the indices.

    Raises:
        ValueError: `a` is a number.
    """
    x = lower(checked(a, argsort, 0))
    axis = axis if axis is None else operator.index(axis)
    if axis is not None and not np.ndim(x):
        raise ValueError(f"axis {axis} is out of bounds for array of dimension 0")
    _no_order(kind, order)
    out = lift(ours.argsort(x, axis, descending=descending))
    return out if dtype is None else astype(out, dtype)


_sort = keeping(ours.sort)


def sort(
    a: Any, axis: Any = -1, *, kind: Any = None, order: Any = None, stable: bool = True, descending: bool = False
) -> Any:
    """The elements of `a` in order along an axis; None for all of them in a row."""
    _no_order(kind, order)
    return _sort(a, axis, descending=descending)


def _no_order(kind: Any, order: Any) -> None:
    if kind is not None:
        raise TypeError(
            "the 'kind' argument is not supported: stable=True, the default, keeps the order of equal elements"
        )
    if order is not None:
        raise TypeError("'order' argument is not supported: arrays have no fields")


_bordered_sort = bordered(ours.sort)


def sort_complex(a: Any) -> Any:
    """The elements in order, as complex numbers."""
    x = lower(_bordered_sort(checked(a, sort_complex, 0)))
    kind = floating((x.dtype, False))
    return wrap(converted(x, joined(kind, (np.dtype(np.complex64), False))[0]))


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None, *, method: str = "scan") -> Any:
    """Where `v` would have to stand in the sorted vector `a`: as 32-bit integers, where these hold its length.

    Raises:
        ValueError: `side` or `method` is none of those that there are.
    """
    if side not in ("left", "right"):
        raise ValueError(f"{side!r} is an invalid value for keyword 'side'. Expected one of ['left', 'right']")
    _method(method)
    (x, y), _ = promoted((checked(a, searchsorted, 0), checked(v, searchsorted, 1)))
    return _short(ours.searchsorted(x, y, side, None if sorter is None else lower(sorter)), np.shape(x))


def _method(method: Any) -> None:
    if method not in (None, "scan", "scan_unrolled", "sort", "compare_all"):
        raise ValueError(
            f"{method!r} is an invalid value for keyword 'method': 'scan', 'scan_unrolled', 'sort', 'compare_all'"
        )


def _short(places: Any, shape: tuple[int, ...]) -> Any:
    return wrap(ew.convert(places, np.int32 if not shape or shape[0] < 2**31 else np.int64))


def digitize(x: Any, bins: Any, right: bool = False, *, method: str | None = None) -> Any:
    """The number of the bin of each element, as 32-bit integers."""
    _method(method)
    (a, b), _ = promoted((checked(x, digitize, 0), checked(bins, digitize, 1)))
    if np.ndim(b) != 1:
        raise ValueError(f"digitize: bins must be a 1-dimensional array; got {bins}")
    if not np.shape(b)[0]:
        return _short(ew.multiply(ours.zeros_like(a), 0), np.shape(b))
    side = "left" if right else "right"
    rising, falling = (
        ours.searchsorted(b, a, side),
        np.shape(b)[0] - ours.searchsorted(b[::-1], a, side="right" if right else "left"),
    )
    return _short(ew.where(ew.greater_equal(b[-1], b[0]), rising, falling), np.shape(b))


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, method: str = "auto"
) -> Any:
    """Whether each element is among `test_elements`; `assume_unique` and `method` say how JAX would look for it."""
    if method not in ("auto", "compare_all", "binary_search", "sort"):
        raise ValueError(f"isin: method {method!r} is none of 'auto', 'compare_all', 'binary_search', 'sort'")
    (x, tests), _ = promoted((checked(element, isin, 0), checked(test_elements, isin, 1)))
    return wrap(ours.isin(x, tests, invert=invert))


def argpartition(a: Any, kth: int, axis: int = -1) -> Any:
    """The indices that partition `a`, as 32-bit integers: those of a full sort."""
    return _short(ours.argpartition(lower(checked(a, argpartition, 0)), kth, axis), np.shape(lower(a)))


def _of_sets(name: str) -> Callable[..., Any]:
    inner = follow("jax.numpy", name, getattr(ours, name))

    def function(ar1: Any, ar2: Any, *args: Any, size: int | None = None, fill_value: Any = None, **kwargs: Any) -> Any:
        if size is None or fill_value is not None:
            return inner(ar1, ar2, *args, size=size, fill_value=fill_value, **kwargs)
        out = inner(ar1, ar2, *args, size=size, **kwargs)
        values = out[0] if isinstance(out, tuple) else out
        if not size:
            return out
        found = inner(ar1, ar2, size=size, fill_value=_beyond(values.dtype))
        values = wrap(ours.where(ew.equal(lower(found), _beyond(values.dtype)), lower(values)[0], lower(values)))
        return (values, *out[1:]) if isinstance(out, tuple) else values

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"NumPy's ``{name}``; `size` places are filled up with the first element found."
    return function


def _beyond(dtype: np.dtype) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else dtype.type(np.inf) if dtype.kind == "f" else dtype.type(1)


intersect1d, setxor1d = _of_sets("intersect1d"), _of_sets("setxor1d")


def setdiff1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Any:
    """The different elements of `ar1` that `ar2` has not, in the dtype of `ar1`."""
    out = _setdiff1d(ar1, ar2, assume_unique, size=size, fill_value=fill_value)
    dtype, weak = kind_of(ar1)
    return wrap(in_dtype(out, dtype), weak)


_setdiff1d = named("setdiff1d")
_union1d = named("union1d")


def union1d(ar1: Any, ar2: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The different elements of both, in order; those of numbers alone are weak where `size` is given."""
    out = _union1d(ar1, ar2, size=size, fill_value=fill_value)
    return wrap(lower(out), size is not None and joined(kind_of(ar1), kind_of(ar2))[1])


__all__ = [
    "argpartition",
    "argsort",
    "digitize",
    "intersect1d",
    "isin",
    "searchsorted",
    "setdiff1d",
    "setxor1d",
    "sort",
    "sort_complex",
    "union1d",
]
