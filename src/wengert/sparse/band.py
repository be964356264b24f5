"""A band: of each element of an array of tangents at most one entry of its row. What bands are, and how they are added."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core import Tracer, Value, dtype_of, shape_of
from ..ops.elementwise import where
from ..ops.shape import broadcast_to

MOST = 40  # bands of an array
SAMPLE = 512  # elements that are compared before all are


class Unbanded(Exception):
    """No few bands hold what an operation gives, or the operation has no rule here."""


class Band(NamedTuple):
    """Of each element of an array of tangents at most one entry.

    Attributes:
        value: an array of its shape, or a number for all of them.
        columns: for each element the number of the column, plus 1; 0 where there is no entry.
        clean: whether the value is 0 where there is no entry.
        live: where a choice by value (`where`) takes the entry, which is 0 elsewhere; None for everywhere. The value is not
            yet masked by it, so that no 0 of it meets an infinite derivative.
    """

    value: Any
    columns: np.ndarray
    clean: bool
    live: Any = None


class Placed(NamedTuple):
    """Terms of entries: of each a flat value, and its row and column."""

    value: Any
    rows: np.ndarray
    columns: np.ndarray


Bands = list[Band]


def is_number(x: Any) -> bool:
    return not isinstance(x, Tracer) and shape_of(x) == ()


def _whole(x: Any, shape: tuple[int, ...]) -> Value:
    return x if shape_of(x) == shape else broadcast_to(x, shape)


def _masked(b: Band) -> Band:
    """A band with its choices by value made."""
    if b.live is None:
        return b
    value = where(b.live, b.value, dtype_of(b.value).type(0))
    return Band(_whole(value, b.columns.shape), b.columns, b.clean)


def _all_masked(x: Any) -> Any:
    return [_masked(b) if isinstance(b, Band) else b for b in x] if isinstance(x, list) else x


def _cleaned(b: Band) -> Any:
    return b.value if b.clean else where(b.columns != 0, b.value, dtype_of(b.value).type(0))


def _fits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two bands can be one: nowhere do both have an entry, of different columns."""
    a, b = a.reshape(-1), b.reshape(-1)
    for part in (slice(SAMPLE), slice(None)):
        x, y = a[part], b[part]
        if ((x != y) & (x != 0) & (y != 0)).any():
            return False
    return True


def _joined_bands(a: Band, b: Band) -> Band:
    """The sum of two bands that fit."""
    a, b = _masked(a), _masked(b)
    here, there = a.columns != 0, b.columns != 0
    if np.array_equal(a.columns, b.columns):
        return Band(a.value + b.value, a.columns, a.clean and b.clean)
    columns = np.maximum(a.columns, b.columns)
    full = bool((columns != 0).all())
    if (here & there).any():
        return Band(_cleaned(a) + _cleaned(b), columns, True)
    if is_number(a.value) and is_number(b.value) and a.value == b.value:
        return Band(a.value, columns, full)
    if a.clean and b.clean:
        return Band(a.value + b.value, columns, True)
    return Band(where(here, a.value, b.value), columns, full)


def _spread(a: Band, found: Bands) -> bool:
    """Add a band to others where each of its entries is of the column of one of them; whether that is so."""
    a, left = _masked(a), a.columns != 0
    masks = []
    for b in found:
        masks.append(left & (b.columns == a.columns))
        left = left & ~masks[-1]
    if left.any():
        return False
    for k, mask in enumerate(masks):
        if mask.any():
            b = _masked(found[k])
            more = where(mask, a.value, dtype_of(a.value).type(0))
            found[k] = Band(b.value + more, b.columns, b.clean)
    return True


def added(a: Bands, b: Bands) -> Bands:
    """The sum of two arrays of tangents, of one shape."""
    if len(b) > len(a):
        a, b = b, a
    found = list(a)
    for band in b:
        same = [k for k, f in enumerate(found) if np.array_equal(f.columns, band.columns)]
        fit = same or [k for k, f in enumerate(found) if _fits(f.columns, band.columns)]
        if fit:
            found[fit[0]] = _joined_bands(found[fit[0]], band)
        elif not _spread(band, found):
            found.append(band)
    if len(found) > MOST:
        raise Unbanded
    return found


__all__ = ["Band", "Placed", "Unbanded", "is_number"]
