"""Sets of pairs (row, column) that lie on a lattice: how bands, strides, blocks and permutations of axes are held.

A lattice is ``(row + sum(r * q), col + sum(c * q))`` over a box of ``0 <= q < extent``. A row is a flat position in an
array, a column one in the input, so that a reshape changes nothing and a slice, a transpose, a broadcast or a sum changes
a few integers, however many elements there are. What cannot be said in a few lattices is listed (`dependence`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..lowering.index_maps import strides_of

Axis = tuple[int, int, int]  # extent, step of the row, step of the column
SHORT = 32  # values of a coordinate that are told apart where it does not fit the axes of an array


class Lattice(NamedTuple):
    """Pairs (row, column): an origin, and the axes along which it is repeated."""

    row: int
    col: int
    axes: tuple[Axis, ...] = ()

    @property
    def count(self) -> int:
        return math.prod(e for e, _, _ in self.axes)

    def moved(self, row: int = 0, col: int = 0, *axes: Axis) -> Lattice | None:
        return lattice(self.row + row, self.col + col, (*self.axes, *axes))

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows and all columns, listed."""
        rows, cols = np.array([self.row], np.int64), np.array([self.col], np.int64)
        for e, r, c in self.axes:
            q = np.arange(e, dtype=np.int64)
            rows = (rows[:, None] + r * q).reshape(-1)
            cols = (cols[:, None] + c * q).reshape(-1)
        return rows, cols

    def columns(self) -> tuple[int, int]:
        """The least and the largest column."""
        ends = [c * (e - 1) for e, _, c in self.axes]
        return self.col + sum(min(0, x) for x in ends), self.col + sum(max(0, x) for x in ends)

    def rows(self) -> tuple[int, int]:
        """The least and the largest row."""
        return self.row, self.row + sum(r * (e - 1) for e, r, _ in self.axes)


def lattice(row: int, col: int, axes: Iterable[Axis]) -> Lattice | None:
    """A lattice in its usual form: steps of rows not negative, axes that continue each other joined; None if it is empty."""
    kept: list[Axis] = []
    for e, r, c in axes:
        if e <= 0:
            return None
        if e == 1 or (r == 0 and c == 0):
            continue
        if r < 0 or (r == 0 and c < 0):
            row, col, r, c = row + r * (e - 1), col + c * (e - 1), -r, -c
        kept.append((e, r, c))
    if len(kept) > 1:
        kept.sort(key=lambda a: (a[1], abs(a[2])))
        kept = _joined(kept)
    return Lattice(row, col, tuple(kept))


def _joined(axes: list[Axis]) -> list[Axis]:
    """Axes of which one is k times another, which is as long as that at least, are one."""
    i = 0
    while i < len(axes):
        e, r, c = axes[i]
        for j in range(len(axes)):
            if j == i:
                continue
            f, s, d = axes[j]
            k = s // r if r else (d // c if c else 0)
            if 0 < k <= e and s == k * r and d == k * c:
                axes[i] = (e + k * (f - 1), r, c)
                del axes[j]
                i = -1
                break
        i += 1
    return axes


def united(lattices: Iterable[Lattice]) -> tuple[Lattice, ...]:
    """Each once, and those that continue or overlap each other along an axis as one."""
    found = list(dict.fromkeys(lattices))
    if not 1 < len(found) <= 128:
        return tuple(found)
    i = 0
    while i < len(found):
        for j in range(i + 1, len(found)):
            both = _union(found[i], found[j])
            if both is not None:
                found[i] = both
                del found[j]
                i = -1
                break
        i += 1
    return tuple(found)


def _union(a: Lattice, b: Lattice) -> Lattice | None:
    """Two lattices as one, where they differ along one axis alone and leave no gap."""
    if abs(len(a.axes) - len(b.axes)) > 1:
        return None
    if len(a.axes) < len(b.axes):
        a, b = b, a
    row, col = b.row - a.row, b.col - a.col
    if not a.axes:
        return a if (row, col) == (0, 0) else None
    for i, (e, r, c) in enumerate(a.axes):
        rest = a.axes[:i] + a.axes[i + 1 :]
        if len(b.axes) == len(a.axes):
            f, s, d = b.axes[i]
            if (s, d) != (r, c) or b.axes[:i] + b.axes[i + 1 :] != rest:
                continue
        elif b.axes == rest:
            f = 1
        else:
            continue
        t = row // r if r else col // c
        if (row, col) == (t * r, t * c) and -f <= t <= e:
            first, last = min(0, t), max(e, t + f)
            return lattice(a.row + first * r, a.col + first * c, (*rest, (last - first, r, c)))
    return None


class Placed(NamedTuple):
    """A lattice whose rows are told by coordinates of an array.

    Attributes:
        start: the coordinates of the origin. along: for each axis of the array, ``(extent, step, step of the column)``s.
        free: ``(extent, step of the column)`` of what belongs to one element.
    """

    col: int
    start: list[int]
    along: list[list[Axis]]
    free: list[tuple[int, int]]


def placed(given: Lattice, shape: Sequence[int]) -> list[Placed] | None:
    """A lattice by the coordinates of an array of that shape, in pieces if need be; None where it has too many."""
    strides = strides_of(shape)
    long = [a for a in reversed(range(len(shape))) if shape[a] > 1]  # the innermost first
    todo, done = [given], []
    while todo:
        if len(todo) + len(done) > 4 * SHORT:
            return None
        piece = todo.pop()
        start, rest = [], piece.row
        for stride in strides:
            start.append(rest // stride)
            rest %= stride
        along: list[list[Axis]] = [[] for _ in shape]
        free, reach = [], list(start)
        for k, (e, r, c) in enumerate(piece.axes):
            if r == 0:
                free.append((e, c))
                continue
            at = [a for a in long if strides[a] <= r]
            a = at[-1] if at else -1
            others = piece.axes[:k] + piece.axes[k + 1 :]
            if a < 0 or r % strides[a]:
                if not _told_apart(piece, k, todo):
                    return None
                break
            n, m = shape[a], r // strides[a]
            if reach[a] + m * (e - 1) < n:
                along[a].append((e, m, c))
                reach[a] += m * (e - 1)
                continue
            if along[a] or n % m:
                if not _told_apart(piece, k, todo):
                    return None
                break
            first, per = -(-(n - start[a]) // m), n // m
            if start[a] >= m:  # up to the end of this row, and from there on
                cut = [(0, first), (first, e - first)]
                todo += [x for q, f in cut if (x := _from(piece, q, (r, c), (*others, (f, r, c)))) is not None]
            else:
                full, tail = divmod(e, per)
                whole = ((full, n * strides[a], per * c), (per, r, c))
                parts = [(0, (*others, *whole)), (full * per, (*others, (tail, r, c)))]
                for q, axes in parts:
                    x = piece.row + q * r, piece.col + q * c, axes
                    if all(f > 0 for f, _, _ in axes):
                        todo.append(Lattice(x[0], x[1], tuple(sorted(axes, key=lambda v: (v[1], abs(v[2]))))))
            break
        else:
            done.append(Placed(piece.col, start, along, free))
    return done


def _from(piece: Lattice, q: int, step: tuple[int, int], axes: tuple[Axis, ...]) -> Lattice | None:
    return lattice(piece.row + q * step[0], piece.col + q * step[1], axes)


def _told_apart(piece: Lattice, k: int, todo: list[Lattice]) -> bool:
    """One lattice for each value of the coordinate k, if these are few."""
    e, r, c = piece.axes[k]
    if e > SHORT:
        return False
    rest = piece.axes[:k] + piece.axes[k + 1 :]
    todo += [Lattice(piece.row + q * r, piece.col + q * c, rest) for q in range(e)]
    return True


def projected(
    given: Lattice, shape: Sequence[int], strides: Sequence[int], offset: int, more: Sequence[tuple[int, int]]
) -> list[Lattice] | None:
    """Rows ``offset + sum(stride * coordinate)``, each repeated along `more`, of ``(extent, stride)``; None: too many pieces."""
    pieces = placed(given, shape)
    if pieces is None:
        return None
    out = []
    for p in pieces:
        row = offset + sum(s * x for s, x in zip(strides, p.start, strict=True))
        axes = [(e, m * s, c) for s, qs in zip(strides, p.along, strict=True) for e, m, c in qs]
        axes += [(e, 0, c) for e, c in p.free] + [(n, s, 0) for n, s in more]
        made = lattice(row, p.col, axes)
        out += [] if made is None else [made]
    return out


class Read(NamedTuple):
    """How a result reads along an axis of its operand: at ``factor * x + shift``, x the coordinate along a result's axis.

    Attributes:
        extent, stride: of the result's axis. factor: 0 for one place, the same for all.
    """

    factor: int
    shift: int
    extent: int = 1
    stride: int = 0


def pulled(
    given: Lattice, shape: Sequence[int], reads: Sequence[Read], more: Sequence[tuple[int, int]]
) -> list[Lattice] | None:
    """What reads an operand's elements at affine places depends on; None where it takes too many pieces to say."""
    pieces = placed(given, shape)
    if pieces is None:
        return None
    out = []
    for p in pieces:
        row, col, axes = 0, p.col, [(e, 0, c) for e, c in p.free] + [(n, s, 0) for n, s in more]
        for read, start, qs, n in zip(reads, p.start, p.along, shape, strict=True):
            if len(qs) > 1:
                if (read.factor, read.shift, read.extent) != (1, 0, n):
                    return None
                row += start * read.stride
                axes += [(e, m * read.stride, c) for e, m, c in qs]
                continue
            met = _met(read, start, *(qs[0] if qs else (1, 1, 0)))
            if met is None:
                break
            row, col = row + met[0], col + met[1]
            axes.append(met[2])
        else:
            made = lattice(row, col, axes)
            out += [] if made is None else [made]
    return out


def _met(read: Read, start: int, e: int, m: int, c: int) -> tuple[int, int, Axis] | None:
    """Where ``factor * x + shift == start + m * q``: the rows and columns of these."""
    if read.factor == 0:
        q, rest = divmod(read.shift - start, m)
        return None if rest or not 0 <= q < e else (0, c * q, (1, 0, 0))
    g = math.gcd(abs(read.factor), m)
    d, rest = divmod(start - read.shift, g)
    if rest:
        return None
    a, b = read.factor // g, m // g
    x = d * pow(a, -1, b) % b if b > 1 else 0
    q = (a * x - d) // b  # the solutions are x + b t, q + a t
    low, high = -(x // b), (read.extent - 1 - x) // b
    ends = ((-q, e - 1 - q) if a > 0 else (-(e - 1 - q), q), abs(a))
    low = max(low, -(-ends[0][0] // ends[1]))
    high = min(high, ends[0][1] // ends[1])
    if high < low:
        return None
    return (x + b * low) * read.stride, (q + a * low) * c, (high - low + 1, b * read.stride, a * c)


__all__ = ["Lattice", "Placed", "Read", "lattice", "placed", "projected", "pulled", "united"]
