"""What the elements of an array depend on: columns of the input for each of its rows, as lattices and, where these do not do, listed.

Lists are SciPy's compressed rows of truth values, and what is done to them are SciPy's products and selections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .lattices import Lattice, Read, lattice, projected, pulled, united

MOST_LATTICES = 96
MOST_LISTED = 200_000_000  # pairs; beyond them all columns between the least and the largest count
RUNS = 32  # pieces in which places that are known are affine


class Dependence:
    """Pairs of a row of `size` and a column of `width`.

    Attributes:
        lattices: structured sets of pairs. rest: those that are listed, a CSR matrix of shape ``(size, width)``, or None.
    """

    __slots__ = ("lattices", "rest", "size", "width")

    def __init__(self, size: int, width: int, lattices: Iterable[Lattice] = (), rest: Any = None) -> None:
        self.size, self.width = size, width
        self.lattices = united(lattices) if size else ()
        self.rest = rest if rest is not None and rest.nnz else None
        if len(self.lattices) > MOST_LATTICES:
            listed = _listed(self.lattices, size, width)
            if listed is None:
                self.lattices = _hull(self.lattices)
            else:
                self.lattices, self.rest = (), added(self.rest, listed)

    @property
    def empty(self) -> bool:
        return not self.lattices and self.rest is None

    def same(self, other: Dependence) -> bool:
        """Whether both are held as the same pairs."""
        if set(self.lattices) != set(other.lattices) or (self.rest is None) != (other.rest is None):
            return False
        return self.rest is None or (self.rest != other.rest).nnz == 0

    def csr(self) -> Any:
        """All pairs listed, each once: a CSR matrix of ones of dtype int8, columns in order."""
        listed = _listed(self.lattices, self.size, self.width, forced=True)
        return added(listed, self.rest) if self.lattices or self.rest is not None else listed

    def shifted(self, col: int, width: int) -> Dependence:
        """The same on columns that begin at `col` of `width`."""
        import scipy.sparse as sp

        rest = self.rest
        if rest is not None:
            rest = sp.csr_matrix((rest.data, rest.indices + col, rest.indptr), (self.size, width))
        return Dependence(self.size, width, [Lattice(x.row, x.col + col, x.axes) for x in self.lattices], rest)

    # --- what operations do to it --------------------------------------------------------------------------------

    def projected(
        self,
        shape: Sequence[int],
        size: int,
        strides: Sequence[int],
        offset: int = 0,
        more: Sequence[tuple[int, int]] = (),
    ) -> Dependence:
        """Of an array of `shape`: an element at coordinates x goes to row ``offset + sum(stride * x)``, and is repeated along `more`."""
        found, left = [], []
        for x in self.lattices:
            made = projected(x, shape, strides, offset, more)
            left += [x] if made is None else []
            found += made or ()
        rest = self._with(left)
        if rest is not None:
            coo = rest.tocoo()
            row = coo.row.astype(np.int64)
            rows = np.full(row.shape, offset, np.int64)
            for n, s in zip(reversed(shape), reversed(strides), strict=True):
                row, x = np.divmod(row, max(n, 1))
                rows = rows + x * s
            col = coo.col
            for n, s in more:
                rows = (rows[:, None] + s * np.arange(n)).reshape(-1)
                col = np.repeat(col, n)
            rest = ones(rows, col, (size, self.width))
        return Dependence(size, self.width, found, rest)

    def pulled(
        self, shape: Sequence[int], out: Sequence[int], reads: Sequence[Read], more: Sequence[tuple[int, int]]
    ) -> Dependence:
        """What a result of shape `out` depends on that reads an array of `shape` at affine places."""
        size, found, left = math.prod(out), [], []
        for x in self.lattices:
            made = pulled(x, shape, reads, more)
            left += [x] if made is None else []
            found += made or ()
        rest = self._with(left)
        if rest is not None:
            places = np.zeros(size, np.int64)
            for read, n in zip(reads, shape, strict=True):
                x = (np.arange(size) // read.stride) % read.extent if read.factor and read.stride else 0
                places = places * n + read.factor * x + read.shift
            rest = rest[places]
        return Dependence(size, self.width, found, rest)

    def taken(self, places: np.ndarray, valid: np.ndarray | None = None) -> Dependence:
        """What elements depend on that are those at flat `places`; where not `valid` they depend on nothing."""
        places = places.reshape(-1).astype(np.int64)
        size = places.size
        if self.empty or not size:
            return Dependence(size, self.width)
        if valid is not None and not valid.all():
            at = np.flatnonzero(valid.reshape(-1))
            return self.taken(places[at]).put(at, size)
        runs = affine_runs(places)
        if runs is not None:
            found: list[Lattice] = []
            for first, n, start, step in runs:
                for x in self.lattices:
                    made = pulled(x, (self.size,), [Read(step, start, n, 1)], [(n, 1)] if step == 0 else [])
                    if made is None:
                        break
                    found += [Lattice(m.row + first, m.col, m.axes) for m in made]
                else:
                    continue
                break
            else:
                return Dependence(size, self.width, found, None if self.rest is None else self.rest[places])
        return Dependence(size, self.width, (), self._with(self.lattices)[places])

    def put(self, places: np.ndarray, size: int) -> Dependence:
        """Rows at flat `places`, which may repeat, of an array of `size`."""
        places = places.reshape(-1).astype(np.int64)
        if self.empty:
            return Dependence(size, self.width)
        runs = affine_runs(places)
        if runs is not None and self.rest is None:
            found: list[Lattice] = []
            for first, n, start, step in runs:
                for x in self.lattices:
                    made = pulled(x, (self.size,), [Read(1, first, n, 1)], [])
                    moved = None if made is None else [projected(m, (n,), (step,), start, ()) for m in made]
                    if moved is None or any(m is None for m in moved):
                        break
                    found += [m for ms in moved for m in ms or ()]
                else:
                    continue
                break
            else:
                return Dependence(size, self.width, found)
        coo = self.csr().tocoo()
        return Dependence(size, self.width, (), ones(places[coo.row], coo.col, (size, self.width)))

    def kept(self, mask: np.ndarray) -> Dependence:
        """The rows where a mask of all elements is true."""
        mask = mask.reshape(-1)
        if mask.all():
            return self
        if not mask.any():
            return Dependence(self.size, self.width)
        at = np.flatnonzero(mask)
        return self.taken(at).put(at, self.size)

    def composed(self, inner: Dependence) -> Dependence:
        """This, of rows on columns that are the rows of `inner`: rows on its columns."""
        if self.empty or inner.empty:
            return Dependence(self.size, inner.width)
        found: list[Lattice] = []
        for x in self.lattices:
            for y in inner.lattices:
                made = _chained(x, y)
                if made is None:
                    break
                found += [] if made is Ellipsis else [made]
            else:
                continue
            break
        else:
            if self.rest is None and inner.rest is None:
                return Dependence(self.size, inner.width, found)
        product = (self.csr().astype(np.int32) @ inner.csr().astype(np.int32)).tocsr()
        return Dependence(self.size, inner.width, (), _truths(product))

    def _with(self, lattices: Sequence[Lattice]) -> Any:
        """What is listed, and some lattices listed as well; None if that is nothing."""
        if not lattices:
            return self.rest
        return added(self.rest, _listed(lattices, self.size, self.width, forced=True))


def union(parts: Iterable[Dependence]) -> Dependence:
    """All pairs of dependences of one size; there is one at least."""
    parts = list(parts)
    first, live = parts[0], [p for p in parts if not p.empty]
    if len(live) < 2:
        return live[0] if live else first
    rest = None
    for p in live:
        rest = added(rest, p.rest)
    return Dependence(first.size, first.width, [x for p in live for x in p.lattices], rest)


def ones(rows: np.ndarray, cols: np.ndarray, shape: tuple[int, int]) -> Any:
    """The CSR matrix that is 1 at some pairs, which may repeat."""
    import scipy.sparse as sp

    return _truths(sp.coo_matrix((np.ones(len(cols), np.int32), (rows, cols)), shape).tocsr())


def _truths(matrix: Any) -> Any:
    import scipy.sparse as sp

    matrix.sum_duplicates()
    return sp.csr_matrix((np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), matrix.shape)


def added(a: Any, b: Any) -> Any:
    """The union of two CSR matrices of ones; either may be None."""
    if a is None or b is None:
        return b if a is None else a
    return _truths((a.astype(np.int32) + b.astype(np.int32)).tocsr())


def _listed(lattices: Sequence[Lattice], size: int, width: int, forced: bool = False) -> Any:
    import scipy.sparse as sp

    if not lattices:
        return sp.csr_matrix((size, width), dtype=np.int8)
    if not forced and sum(x.count for x in lattices) > MOST_LISTED:
        return None
    pairs = [x.pairs() for x in lattices]
    return ones(np.concatenate([r for r, _ in pairs]), np.concatenate([c for _, c in pairs]), (size, width))


def _hull(lattices: Sequence[Lattice]) -> tuple[Lattice, ...]:
    """One block of rows and columns that holds all of them."""
    rows, cols = [x.rows() for x in lattices], [x.columns() for x in lattices]
    row, col = min(r for r, _ in rows), min(c for c, _ in cols)
    high, right = max(r for _, r in rows), max(c for _, c in cols)
    made = lattice(row, col, [(high - row + 1, 1, 0), (right - col + 1, 0, 1)])
    return () if made is None else (made,)


def affine_runs(places: np.ndarray) -> list[tuple[int, int, int, int]] | None:
    """Places as pieces ``(first, length, start, step)`` with a step each; None where they are too many."""
    n = len(places)
    if n < 2:
        return [(0, n, int(places[0]), 1)] if n else []
    steps = np.diff(places)
    breaks = np.flatnonzero(np.diff(steps))
    if len(breaks) > 2 * RUNS:
        return None
    runs, first = [], 0
    ends = [*(int(b) + 1 for b in breaks), n - 1]  # the last index of each stretch of one step
    for end in ends:
        if end < first:
            continue
        step = int(steps[first]) if end > first else 1
        runs.append((first, end - first + 1, int(places[first]), step))
        first = end + 1
    if first < n:
        runs.append((first, n - first, int(places[first]), 1))
    return runs if len(runs) <= RUNS else None


def _chained(x: Lattice, y: Lattice) -> Any:
    """The lattice of what x depends on by way of y, whose rows are x's columns; Ellipsis if it is nothing, None if it is no lattice."""
    low, high = x.columns()
    first, last = y.rows()
    if high < first or low > last:
        return Ellipsis
    free = [a for a in y.axes if a[1] == 0]
    long = [a for a in y.axes if a[1]]
    if len(long) > 1:
        return None
    _e, s, c = long[0] if long else (1, 1, 0)
    if s == 1 and first <= low and high <= last:
        axes = [(n, r, d * c) for n, r, d in x.axes] + [(n, 0, d) for n, _, d in free]
        return lattice(x.row, y.col + (x.col - first) * c, axes)
    if len(x.axes) == 1 and s == 1:
        n, r, d = x.axes[0]
        if d == 0:
            return None
        ends = sorted([(first - x.col) / d, (last - x.col) / d])
        a, b = max(0, math.ceil(ends[0])), min(n - 1, math.floor(ends[1]))
        if b < a:
            return Ellipsis
        axes = [(b - a + 1, r, d * c), *[(n, 0, d) for n, _, d in free]]
        return lattice(x.row + a * r, y.col + (x.col + a * d - first) * c, axes)
    return None


__all__ = ["Dependence", "added", "affine_runs", "ones", "union"]
