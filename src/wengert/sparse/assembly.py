"""The entries of a sparse Jacobian from `bands`, in the order of its CSR matrix.

Where nearly all rows are alike, as those of a stencil, the bands are written side by side, and the entries are a slice of
that: no index is read. Otherwise they are looked up, or added up where two bands have entries of one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value
from ..ops.scatters import scatter_add_p
from ..ops.shape import concatenate, reshape, stack
from ..program import Program
from ..transforms.reverse import linearize
from ..transforms.staging import stage
from ..vocabulary import DTypeLike
from .band import Placed, Unbanded, is_number
from .bands import carried
from .pattern import Pattern
from .rules import size_of

WIDEST = 16  # bands that are written side by side
ALIKE = 0.9  # the share of all entries that rows of one pattern must hold, for the matrix to be a slice of them
LARGEST = 64_000_000  # elements of all bands, at most


class Trimmed:
    """The entries as a slice of rows that are alike, but for a few at both ends that are put in their places.

    Attributes:
        start, stop: of the slice. head, tail: where the first and last entries are taken from. after: where the last ones go.
    """

    def __init__(self, start: int, stop: int, head: np.ndarray, tail: np.ndarray) -> None:
        self.start, self.stop, self.head, self.tail = start, stop, head, tail

    def of(self, full: np.ndarray) -> np.ndarray:
        if not full.flags.writeable:
            full = full.copy()
        head, tail = full[self.head], full[self.tail]
        full[self.start : self.start + len(head)] = head
        full[self.stop - len(tail) : self.stop] = tail
        return full[self.start : self.stop]


class Banded:
    """The entries of a Jacobian as a Program.

    Attributes:
        program: of what is hoisted and all leaves; gives the entries, or rows that are alike.
        trimmed: how the entries are found in those; None where they are given.
        places: where each entry is in what the Program gives, for traced values; None where they are given.
        work, swept: elements that are computed, and that one sweep computes.
    """

    def __init__(self, staged: Any, pattern: Pattern) -> None:
        kinds = {a.dtype.kind for a in (*staged.in_avals, *staged.out_avals)}
        if kinds != {"f"} or len({a.dtype for a in (*staged.in_avals, *staged.out_avals)}) != 1:
            raise Unbanded
        if size_of_all(staged.in_avals) >= 2**31 - 1:
            raise Unbanded
        wanted = [len(staged.hoisted) + k for k in staged.wanted]
        program, given = linear(staged.program, wanted, staged.results), [v.aval for v in staged.program.inputs]
        self.trimmed: Trimmed | None = None
        self.places: np.ndarray | None = None
        self.work = self.swept = 0.0

        def run(*values: Value) -> list[Value]:
            bands, self.work, self.swept = carried(program, values, staged.in_avals)
            return [self._assembled(bands, staged.out_avals, pattern)]

        self.program, more = stage(run, given, staged.program.name, "sparse derivative")
        if more:
            raise Unbanded

    def _assembled(self, found: list[Any], outs: list[Aval], pattern: Pattern) -> Value:
        pieces = _flat(found, outs)
        if sum(len(p.rows) for p in pieces) > LARGEST:
            raise Unbanded
        dtype, csr = outs[0].dtype, pattern.csr
        rows_alike = len(found) == 1 and not any(isinstance(b, Placed) for b in found[0])
        if rows_alike and 1 < len(pieces) <= WIDEST:
            full = self._side_by_side(pieces, csr, dtype)
            if full is not None:
                return full
        return _looked_up(pieces, csr, dtype)

    def _side_by_side(self, pieces: list[Placed], csr: Any, dtype: DTypeLike) -> Value | None:
        k, m = len(pieces), csr.shape[0]
        none = np.iinfo(np.int32).max
        table = np.stack([np.where(p.columns == 0, none, p.columns) for p in pieces])
        order = np.argsort(table, 0, kind="stable")
        ranked = np.take_along_axis(table, order, 0)
        whole = (ranked[-1] != none) & (np.diff(csr.indptr) == k)
        like = (order[:, 1:] == order[:, :-1]).all(0) & whole[1:] & whole[:-1]
        first, last = _longest(like)  # rows of the longest run
        if (last - first) * k < ALIKE * csr.nnz:
            return None
        inside = slice(csr.indptr[first], csr.indptr[last])
        if not np.array_equal(ranked[:, first:last].T.reshape(-1) - 1, csr.indices[inside]):
            return None
        chosen = order[:, first]
        slot = np.empty(k, np.int64)
        slot[chosen] = np.arange(k)
        ends = np.concatenate([np.arange(first), np.arange(last, m)])
        parts = [Placed(p.value, ends, p.columns[ends]) for p in pieces]
        keys = _keys(csr)
        keys = np.concatenate([keys[: csr.indptr[first]], keys[csr.indptr[last] :]])
        places = _positions(parts, keys, csr.shape[1], [ends * k + s for s in slot])
        if places is None or (places < 0).any():
            return None
        head, tail = np.split(places, [csr.indptr[first]])
        start, stop = first * k - len(head), last * k + len(tail)
        if start < 0 or stop > m * k:
            return None
        self.trimmed = Trimmed(start, stop, head, tail)
        self.places = np.concatenate([head, np.arange(first * k, last * k), tail])
        columns = [_array(pieces[b].value, m, dtype) for b in chosen]
        return reshape(stack(columns, 1), (m * k,))


class Dense:
    """The same as a dense matrix, shape ``(m, n)``.

    Attributes:
        program: of the inputs of the function's Program.
        entries: how many entries are written. diagonal: whether all of them are on the diagonal.
        work, swept: as of `Banded`.
    """

    def __init__(self, program: Program, wanted: Sequence[int], results: int) -> None:
        ins = [program.inputs[k].aval for k in wanted]
        outs = [a.aval for a in program.outputs[:results]]
        m, n = size_of_all(outs), size_of_all(ins)
        by_tangents = linear(program, wanted, results)
        self.entries, self.diagonal, self.work, self.swept = 0, False, 0.0, 0.0

        def run(*values: Value) -> list[Value]:
            found, self.work, self.swept = carried(by_tangents, values, ins)
            pieces = _flat(found, outs)
            self.entries = sum(int(np.count_nonzero(p.columns)) for p in pieces)
            self.diagonal = all(((p.columns == 0) | (p.columns == p.rows + 1)).all() for p in pieces)
            values_of, places = [], []
            for p in pieces:
                some = np.flatnonzero(p.columns)
                value = _array(p.value, len(p.rows), outs[0].dtype)
                values_of.append(value if len(some) == len(p.rows) else value[some])
                places.append(p.rows[some] * n + (p.columns[some] - 1))
            total: Any = np.zeros(m * n, outs[0].dtype)
            if places:
                joined = concatenate(values_of, 0) if len(places) > 1 else values_of[0]
                total = scatter_add_p.bind(total, joined, np.concatenate(places), axes=(0,))
            return [reshape(total, (m, n))]

        self.program, more = stage(run, [v.aval for v in program.inputs], program.name, "jacobian")
        if more:
            raise Unbanded


def _flat(found: list[Any], outs: Sequence[Aval]) -> list[Placed]:
    """Bands of several results as terms, their rows one after another."""
    pieces: list[Placed] = []
    start = 0
    for bands, a in zip(found, outs, strict=True):
        n = size_of(a)
        for b in bands:
            if isinstance(b, Placed):
                pieces.append(b)
                continue
            value = b.value if is_number(b.value) else reshape(b.value, (n,))
            pieces.append(Placed(value, np.arange(start, start + n), b.columns.reshape(-1)))
        start += n
    return pieces


def size_of_all(avals: Any) -> int:
    return sum(map(size_of, avals))


def _array(value: Value, n: int, dtype: DTypeLike) -> Value:
    return np.full(n, value, dtype) if is_number(value) else value


def _longest(like: np.ndarray) -> tuple[int, int]:
    """The longest run of places that are like their neighbours: first one, and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], like.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 1
    starts, ends = edges[::2], edges[1::2]
    k = int(np.argmax(ends - starts))
    return int(starts[k]), int(ends[k]) + 1


def _keys(csr: Any) -> np.ndarray:
    """The entries of a matrix as numbers that grow."""
    return np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr)) * np.int64(csr.shape[1]) + csr.indices


def _found(pieces: list[Placed], keys: np.ndarray, n: int) -> list[np.ndarray]:
    """For each piece the place of its entries among those of a matrix with `n` columns, -1 for what is none."""
    out = []
    for p in pieces:
        key = p.rows * np.int64(n) + (p.columns - 1)
        at = np.minimum(np.searchsorted(keys, key), max(len(keys) - 1, 0))
        here = (p.columns != 0) & (keys[at] == key) if len(keys) else np.zeros(len(key), bool)
        out.append(np.where(here, at, -1))
    return out


def _positions(pieces: list[Placed], keys: np.ndarray, n: int, numbers: list[np.ndarray]) -> np.ndarray | None:
    """For each entry of a matrix the number of what gives it, -1 where nothing does; None where two do."""
    places = np.full(len(keys), -1, np.int64)
    seen = 0
    for at, number in zip(_found(pieces, keys, n), numbers, strict=True):
        some = at >= 0
        places[at[some]] = number[some]
        seen += int(some.sum())
    return places if seen == int((places >= 0).sum()) else None


def _looked_up(pieces: list[Placed], csr: Any, dtype: DTypeLike) -> Value:
    if not pieces:
        return np.zeros(csr.nnz, dtype)
    arrays = [p for p in pieces if not is_number(p.value)]
    numbers = [p for p in pieces if is_number(p.value)]
    parts = [p.value for p in arrays]
    values = np.array([0.0, *[p.value for p in numbers]], dtype)  # each is read from one place
    starts = np.cumsum([0, *[len(p.rows) for p in arrays]])
    places = [s + np.arange(len(p.rows)) for s, p in zip(starts, arrays, strict=False)]
    zero = int(starts[-1])
    places += [np.full(len(p.rows), zero + 1 + i) for i, p in enumerate(numbers)]
    ordered = [*arrays, *numbers]
    keys, n = _keys(csr), csr.shape[1]
    found = _positions(ordered, keys, n, places)
    if found is not None:
        flat = concatenate([*parts, values], 0)
        return flat[np.where(found < 0, zero, found)]
    total: Any = np.zeros(csr.nnz, dtype)
    for p, at in zip(ordered, _found(ordered, keys, n), strict=True):
        value: Any = _array(p.value, len(p.rows), dtype)
        some = np.flatnonzero(at >= 0)
        if len(some) < len(at):
            value = value[some]
        total = scatter_add_p.bind(total, value, at[some], axes=(0,))
    return total


def linear(program: Program, wanted: Sequence[int], results: int) -> Program:
    """The linear part of the first results of a Program, as a Program of all its inputs and of tangents of those `wanted`."""
    count = len(program.inputs)

    def run(*values: Value) -> list[Value]:
        given, moving = values[:count], values[count:]

        def partial(*some: Value) -> list[Value]:
            full = list(given)
            for k, v in zip(wanted, some, strict=True):
                full[k] = v
            return program.evaluate(full)[:results]

        return linearize(partial, *[given[k] for k in wanted])[1](*moving)

    avals = [v.aval for v in program.inputs]
    found, more = stage(run, [*avals, *[avals[k] for k in wanted]], program.name, "sparse derivative")
    if more:
        raise Unbanded
    return found


__all__ = ["Banded", "Dense", "Trimmed"]
