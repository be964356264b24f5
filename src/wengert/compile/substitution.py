"""Substitution with many right sides, in vectors along these: triangular solves in place of BLAS's for the middle sizes.

BLAS divides them among threads of its own, which have to be woken and which other processes may keep waiting; what takes less
than that is done here. The right sides stand in rows, as NumPy has them, so that nothing is turned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .emitter import BITS, V

MANY = 4  # right sides, at least
MOST = 4_000_000  # multiplications, at most: some hundreds of microseconds
WIDEST = 64  # bytes of a vector, of which a strip has four


def pays(complex_: bool, n: int, m: int) -> bool:
    """Whether `m` right sides of `n` numbers are solved here."""
    return not complex_ and m >= MANY and n > 1 and n * n * m <= MOST


def strips(m: int, lanes: int) -> list[tuple[int, int, int]]:
    """First, end and width of the strips of columns: as wide as they may be, then by powers of two.

    Example:
        >>> strips(75, 32)
        [(0, 64, 32), (64, 72, 8), (72, 74, 2), (74, 75, 1)]
    """
    found, first = [], 0
    while lanes:
        end = first + (m - first) // lanes * lanes
        if end > first:
            found.append((first, end, lanes))
        first, lanes = end, lanes // 2
    return found


class Rows:
    """Rows of `m` numbers at an address, a strip of which is worked on."""

    def __init__(self, f: Any, type_: str, base: V, m: int) -> None:
        self.f, self.type, self.base, self.m = f, type_, base, m

    def _at(self, i: V, j: V) -> V:
        return self.f.at(self.base, self.type, self.f.place(i, self.m, j))

    def get(self, i: V, j: V, lanes: int) -> V:
        e, where = self.f.e, self._at(i, j)
        name, llvm = e.fresh("row"), self.type if lanes == 1 else f"<{lanes} x {self.type}>"
        e.raw(f"  {name} = load {llvm}, {where!r}, align {BITS[self.type] // 8}")
        return V(name, self.type, lanes, len(e.regions) - 1)

    def put(self, i: V, j: V, value: V) -> None:
        self.f.e.raw(f"  store {value!r}, {self._at(i, j)!r}, align {BITS[self.type] // 8}")


def substitute(f: Any, x: Rows, n: int, entry: Callable[[V, V], V], lower: bool, unit: bool) -> None:
    """``T X = B`` in place.

    Args:
        entry: the address of a number of T by row and column.
        lower: whether T is a lower triangle. unit: whether its diagonal is ones.
    """
    e, t = f.e, x.type

    def coefficient(i: V, k: V, lanes: int) -> V:
        return e.splat(f.load(t, entry(i, k)), lanes)

    def row(count: V) -> V:
        """The row that comes after so many others."""
        return count if lower else e.isub(f.integer(n - 1), count)

    def solved(i: V, j: V, lanes: int) -> V:
        value = x.get(i, j, lanes)
        if not unit:
            value = e.fdiv(value, coefficient(i, i, lanes))
            x.put(i, j, value)
        return value

    for first, end, lanes in strips(x.m, 4 * WIDEST * 8 // BITS[t]):
        with f.loop(f.integer(end), f.integer(first), step=lanes) as j:
            with f.loop(f.integer(n - 1)) as done:
                i = row(done)
                known = solved(i, j, lanes)
                with f.loop(f.integer(n), e.iadd(done, f.integer(1))) as later:
                    k = row(later)
                    change = e.fmul(coefficient(k, i, lanes), known)
                    x.put(k, j, e.fsub(x.get(k, j, lanes), change))
            solved(row(f.integer(n - 1)), j, lanes)


def swap_rows(f: Any, x: Rows, n: int, pivot: Callable[[V], V], back: bool) -> None:
    """Rows change places as LAPACK's pivots say, counted from 1; `back`: undone.

    Args:
        pivot: that of a row.
    """
    e = f.e
    for first, end, lanes in strips(x.m, 4 * WIDEST * 8 // BITS[x.type]):
        with f.loop(f.integer(end), f.integer(first), step=lanes) as j, f.loop(f.integer(n)) as count:
            i = e.isub(f.integer(n - 1), count) if back else count
            other = e.isub(pivot(i), f.integer(1))
            here, there = x.get(i, j, lanes), x.get(other, j, lanes)
            x.put(i, j, there)
            x.put(other, j, here)


__all__ = ["Rows", "pays", "substitute", "swap_rows"]
