"""Colourings of stencils in closed form: the colour of a column is a sum of multiples of its coordinates, modulo their number.

Two columns of a stencil meet where they differ by the difference of two of its offsets. Multiples for which no such
difference is 0 modulo p make a colouring of p colours, found without looking at an entry: 3 for a tridiagonal matrix,
``2 b + 1`` for a band, 5 for the five points of a grid. What is not a stencil at its edges is looked into afterwards.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .pattern import Pattern

MOST_OFFSETS = 64
LISTED = 1_000_000  # entries up to which edges are looked into
TRIED = 3  # colourings of which the edges are looked into


def periodic_columns(pattern: Pattern) -> np.ndarray | None:
    """Colours as many as the most entries of a row, where a stencil has such; None otherwise."""
    lattices = pattern.structured
    n = pattern.shape[1]
    if not lattices or n < 2:
        return None
    if any(r != c for x in lattices for _, r, c in x.axes):
        return None
    offsets = sorted({x.col - x.row for x in lattices})
    if not 1 < len(offsets) <= MOST_OFFSETS:
        return None
    distances = {a - b for a in offsets for b in offsets if a > b}
    colours = len(offsets)
    if _divides_none(distances, colours):
        return np.arange(n) % colours
    if n * colours > LISTED:
        return None
    sides = sorted({c for x in lattices for _, _, c in x.axes if c > 1} | {o for o in offsets if 2 < o < n})
    widest = max(np.diff(pattern.csr.indptr), default=0)
    tried = 0
    for side in sides[:6]:
        if n % side:
            continue
        steps = _steps(distances, side)
        i, j = np.divmod(np.arange(n), side)
        for p in range(int(widest), colours + 1):
            for a, b in itertools.product(range(1, p), range(1, p)):
                if tried < TRIED and all((a * x + b * y) % p for x, y in steps):
                    tried += 1
                    found = (a * i + b * j) % p
                    if is_column_colouring(pattern, found):
                        return found
                    break
    return None


def _divides_none(distances: set[int], p: int) -> bool:
    return all(d % p for d in distances)


def _steps(distances: set[int], side: int) -> list[tuple[int, int]]:
    """Differences as steps along two coordinates, the nearest that come to them."""
    out = []
    for d in distances:
        i = (d + side // 2) // side
        if abs(d - i * side) < side - 1:
            out.append((i, d - i * side))
    return out


def is_column_colouring(pattern: Pattern, colours: Any) -> bool:
    """Whether no two columns of a colour meet in a row."""
    number = int(np.max(colours, initial=0)) + 1
    key = pattern.rows * number + np.asarray(colours)[pattern.cols]
    key.sort()
    return not (key[1:] == key[:-1]).any()


__all__ = ["is_column_colouring", "periodic_columns"]
