"""Tiles of a convolution's kernel, as its gradient has them: held in registers while places of the result are walked.

A tile is some inputs (or taps) by some vectors of outputs, or some taps by a vector of groups or places; each place adds a
product to each. Parts of the places have sums of their own, which are added up in their order, so that the result does
not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...lowering.formulas import accumulate, add, multiply
from ..emitter import V
from ..scalars import REGISTERS
from .step import Phase
from .writer import Array, Writer

SEGMENT = 128  # places that are walked at a time where an axis is longer than two of these
NEAR = 1 << 15  # bytes that the places of a block span
MERGED = 16  # inputs from which a tile is of one tap
Find = Callable[[Writer], Array]


class Walk(NamedTuple):
    """A gradient in the kernel: sizes, how the arrays lie (strides of examples, features, space), and how work is divided.

    Attributes:
        parts: of the places, each with sums of its own. shares: of the tiles, in each part.
    """

    dtype: np.dtype
    many: int
    groups: int
    inputs: int
    outputs: int
    ws: tuple[int, ...]
    ys: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    x: tuple[int, ...]
    y: tuple[int, ...]
    way: str
    parts: int
    shares: int

    @property
    def pieces(self) -> int | None:
        return self.parts * self.shares if self.parts * self.shares > 1 else None

    @property
    def size(self) -> int:
        return math.prod(self.ws) * self.inputs * self.groups * self.outputs

    @property
    def segment(self) -> int:
        most = SEGMENT if self.way != "space" else 1 << 14
        return self.ys[-1] if self.ys[-1] <= 2 * most else most

    @property
    def rows(self) -> tuple[int, ...]:
        """The places but those of a segment."""
        return (self.many, *self.ys[:-1], -(-self.ys[-1] // self.segment))

    @property
    def merged(self) -> bool:
        """Whether taps of the last axis and inputs are one axis."""
        return self.dilation[-1] == 1 and self.groups == 1 and self.inputs < MERGED and self.way == "features"

    @property
    def units(self) -> tuple[int, ...]:
        """What shares divide: taps of axes, groups; along space inputs and outputs too."""
        if self.way == "features":
            return (*(self.ws[:-1] if self.merged else self.ws), self.groups)
        return self.ws[:-1] if self.way == "groups" else (*self.ws[:-1], self.groups, self.inputs, self.outputs)


def phases(t: Walk, x: Find, y: Find, sums: Callable[[Writer], Array]) -> list[Phase]:
    """The phases that compute it; `sums` has the numbers of the parts, and is the result where there is one part."""

    def body(w: Writer) -> None:
        _Tiles(w, t, x(w), y(w), sums(w)).write()

    found = [Phase(body, t.pieces)]
    if t.parts > 1:
        found.append(Phase(lambda w: _together(w, t, sums(w), w.outputs[0])))
    return found


def _together(w: Writer, t: Walk, sums: Array, target: Array) -> None:
    def strip(first: V, lanes: int) -> None:
        total = sums.load(first, lanes)
        for part in range(1, t.parts):
            total = add(w, t.dtype, total, sums.load(w.iadd(first, w.int(part * t.size)), lanes))
        target.store(first, total)

    w.strips(t.size, w.lanes(t.dtype), strip)


def _divided(length: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Equal pieces of a length, and what is left: where they begin, how many, and how long each is."""
    whole = length // size
    if whole:
        yield 0, whole, size
    if length % size:
        yield whole * size, 1, length % size


def _vectors(columns: int, lanes: int) -> list[tuple[int, int]]:
    """So many columns as vectors: where each begins, and its lanes."""
    out, at = [], 0
    while at < columns:
        while lanes > columns - at:
            lanes //= 2
        out.append((at, lanes))
        at += lanes
    return out


class _Tiles:
    """The function of a piece."""

    def __init__(self, w: Writer, t: Walk, x: Array, y: Array, sums: Array) -> None:
        self.w, self.t, self.x, self.y, self.sums = w, t, x, y, sums
        self.type = REGISTERS[t.dtype]
        part, share = w.int(0), w.int(0)
        if t.pieces is not None:
            part = w.piece if t.shares == 1 else w.binary("udiv", w.piece, w.int(t.shares))
            share = w.int(0) if t.shares == 1 else w.binary("urem", w.piece, w.int(t.shares))
        self.base = w.scaled(part, t.size)
        self.first, self.end = self._range(part, math.prod(t.rows), t.parts)
        self.begin, self.stop = self._range(share, math.prod(t.units), t.shares)

    def _range(self, i: V, units: int, count: int) -> tuple[V, V]:
        w = self.w
        if count == 1:
            return w.int(0), w.int(units)
        return tuple(w.binary("udiv", w.scaled(j, units), w.int(count)) for j in (i, w.iadd(i, w.int(1))))  # type: ignore[return-value]

    def write(self) -> None:
        w, t = self.w, self.t
        if t.way == "space":
            with w.loop(self.stop, first=self.begin) as unit:
                self._along_space(w.decoded(unit.index, t.units))
            return
        width = t.dtype.itemsize * t.segment * (t.x[-1] * t.strides[-1] + t.y[-1])
        block = max(NEAR // max(width, 1), 1)
        self._clear()
        with w.loop(self.end, first=self.first, step=block) as rows:
            after = w.intrinsic("smin", w.iadd(rows.index, w.int(block)), self.end)
            with w.loop(self.stop, first=self.begin) as unit:
                self._tiles(w.decoded(unit.index, t.units), rows.index, after)

    def _clear(self) -> None:
        """Zeros in this share of the sums: units are the first axes of the kernel, but where groups are among them."""
        w, t = self.w, self.t
        units = math.prod(t.units)
        if t.way == "features":
            units //= t.groups
        zero = w.constant(0, self.type)
        row = t.size // units
        with w.loop(self.stop, first=self.begin) as unit:
            if t.groups == 1 or t.way == "groups":
                start = w.iadd(self.base, w.scaled(unit.index, row))
                w.strips(
                    row, w.lanes(t.dtype), lambda i, lanes: self.sums.store(w.iadd(start, i), w.splat(zero, lanes))
                )
                return
            tap, group = w.decoded(unit.index, (units, t.groups))
            start = w.iadd(w.iadd(self.base, w.scaled(tap, row)), w.scaled(group, t.outputs))
            with w.loop(row // (t.groups * t.outputs)) as inner:
                at = w.iadd(start, w.scaled(inner.index, t.groups * t.outputs))
                w.strips(
                    t.outputs, w.lanes(t.dtype), lambda i, lanes: self.sums.store(w.iadd(at, i), w.splat(zero, lanes))
                )

    # --- along features and groups -----------------------------------------------------------------------------------

    def _tiles(self, unit: list[V], first: V, end: V) -> None:
        """The tiles of a unit, over the rows of a block."""
        w, t = self.w, self.t
        lanes, wide = w.lanes(t.dtype), w.vector_bytes == 64
        columns, length = (t.groups, t.ws[-1]) if t.way == "groups" else (t.outputs, t.inputs)
        if t.merged:
            length *= t.ws[-1]
        row = t.groups * t.outputs
        if t.way == "groups":
            taps, group = [*unit, w.int(0)], w.int(0)
            step_x, step_out = t.dilation[-1] * t.x[-1], t.inputs * row
        else:
            *taps, group = unit
            taps = [*taps, w.int(0)] if t.merged else taps
            step_x, step_out = t.x[1], row
        read, kept = w.scaled(group, t.inputs * t.x[1]), w.scaled(group, t.outputs)
        wrote = w.int(0)
        for tap, d, s, n in zip(taps, t.dilation, t.x[2:], t.ws, strict=True):
            read = w.iadd(read, w.scaled(tap, d * s))
            wrote = w.iadd(w.scaled(wrote, n), tap)
        wrote = w.iadd(w.iadd(self.base, w.scaled(wrote, t.inputs * row)), kept)
        tall, across = _tile(length, columns, lanes, 32 if wide else 16, t.way == "groups")
        for column, blocks, width in _divided(columns, across):
            with w.loop(blocks) as block:
                right = w.iadd(w.int(column), w.scaled(block.index, width))
                for start, many, size in _divided(length, tall):
                    with w.loop(many) as number:
                        down = w.iadd(w.int(start), w.scaled(number.index, size))
                        at_x = w.iadd(read, w.scaled(down, step_x))
                        at_x = w.iadd(at_x, right) if t.way == "groups" else at_x
                        at_y = w.iadd(kept, right)
                        at = w.iadd(w.iadd(wrote, w.scaled(down, step_out)), right)
                        self._tile((first, end), (at_x, at_y, at), (step_x, step_out), size, _vectors(width, lanes))

    def _tile(
        self,
        rows: tuple[V, V],
        places: tuple[V, V, V],
        steps: tuple[int, int],
        size: int,
        vectors: list[tuple[int, int]],
    ) -> None:
        w, t = self.w, self.t
        (first, end), (at_x, at_y, at), (step_x, step_out) = rows, places, steps
        where = [(w.iadd(at, w.int(i * step_out + o)), n) for i in range(size) for o, n in vectors]
        values = [self.sums.load(place, n) for place, n in where]
        along_x, along_y = t.strides[-1] * t.x[-1], t.y[-1]
        with w.loop(end, *values, first=first) as row:
            read, other, count = self._row(row.index)
            with w.tight(count, w.iadd(at_x, read), w.iadd(at_y, other), *row.carried[1:]) as place:
                _, x, y, *values = place.carried
                right = [self.y.load(w.iadd(y, w.int(o)), n) for o, n in vectors]
                after = []
                for i in range(size):
                    for k, (o, n) in enumerate(vectors):
                        if t.way == "groups":
                            left = self.x.load(w.iadd(x, w.int(i * step_x + o)), n)
                        elif k == 0 or n != left.lanes:  # noqa: F821 (the one of the vector before)
                            left = w.splat(self.x.load(w.iadd(x, w.int(i * step_x))), n)
                        after.append(self._term(values[len(after)], left, right[k]))
                place.next[1:] = [w.iadd(x, w.int(along_x)), w.iadd(y, w.int(along_y)), *after]
            row.next[1:] = place.carried[3:]
        for (place, _), value in zip(where, row.carried[1:], strict=True):
            self.sums.store(place, value)

    def _row(self, number: V) -> tuple[V, V, V]:
        """Where a row of places begins in the operand and the result, and how many there are."""
        w, t = self.w, self.t
        n, *spots, segment = w.decoded(number, t.rows)
        start = w.scaled(segment, t.segment)
        at = [n, *spots, start]
        read = w.offset(at, [t.x[0], *[s * e for s, e in zip(t.strides, t.x[2:], strict=True)]])
        other = w.offset(at, [t.y[0], *t.y[2:]])
        count = w.int(t.segment)
        if t.ys[-1] % t.segment:
            count = w.intrinsic("smin", count, w.isub(w.int(t.ys[-1]), start))
        return read, other, count

    def _term(self, total: V, x: V, y: V) -> V:
        return accumulate(self.w, self.t.dtype, total, multiply(self.w, self.t.dtype, x, y))

    # --- along space -------------------------------------------------------------------------------------------------

    def _along_space(self, unit: list[V]) -> None:
        w, t = self.w, self.t
        *taps, group, feature, output = unit
        lanes = w.lanes(t.dtype)
        while lanes > t.segment:
            lanes //= 2
        read = w.scaled(w.iadd(w.scaled(group, t.inputs), feature), t.x[1])
        other = w.iadd(w.scaled(group, t.outputs), output)
        wrote = w.int(0)
        for tap, d, s, n in zip(taps, t.dilation, t.x[2:], t.ws, strict=False):
            read = w.iadd(read, w.scaled(tap, d * s))
            wrote = w.iadd(w.scaled(wrote, n), tap)
        row = t.groups * t.outputs
        wrote = w.scaled(wrote, t.ws[-1] * t.inputs * row)
        wrote = w.iadd(self.base, w.iadd(wrote, w.iadd(w.scaled(feature, row), other)))
        other = w.scaled(other, t.y[1])
        step = t.dilation[-1] * t.x[-1]
        for start, many, size in _divided(t.ws[-1], 8):
            with w.loop(many) as number:
                down = w.iadd(w.int(start), w.scaled(number.index, size))
                totals = self._sums(w.iadd(read, w.scaled(down, step)), other, step, size, lanes)
                for i, total in enumerate(totals):
                    at = w.iadd(wrote, w.scaled(w.iadd(down, w.int(i)), t.inputs * row))
                    self.sums.store(at, total)

    def _sums(self, at_x: V, at_y: V, step: int, size: int, lanes: int) -> list[V]:
        """For each of `size` taps its sum over this part's places."""
        w, t = self.w, self.t
        zeros = [w.constant(0, self.type, lanes)] * size
        ends = [w.constant(0, self.type)] * size
        with w.loop(self.end, *zeros, *ends, first=self.first) as row:
            read, other, count = self._row(row.index)
            read, other = w.iadd(at_x, read), w.iadd(at_y, other)
            whole = w.and_(count, w.int(-lanes))

            def add_up(loop: Any, values: Sequence[V], wide: int) -> None:
                y = self.y.load(w.iadd(other, loop.index), wide)
                here = w.iadd(read, loop.index)
                loop.next[1:] = [
                    self._term(v, self.x.load(w.iadd(here, w.int(i * step)), wide), y) for i, v in enumerate(values)
                ]

            with w.loop(whole, *row.carried[1 : 1 + size], step=lanes) as loop:
                add_up(loop, loop.carried[1:], lanes)
            with w.loop(count, *row.carried[1 + size :], first=whole) as rest:
                add_up(rest, rest.carried[1:], 1)
            row.next[1:] = [*loop.carried[1:], *rest.carried[1:]]
        found = row.carried[1:]
        return [
            add(w, t.dtype, w.fold(a, lambda x, y: add(w, t.dtype, x, y)), b)
            for a, b in zip(found[:size], found[size:], strict=True)
        ]


def _tile(length: int, columns: int, lanes: int, registers: int, groups: bool) -> tuple[int, int]:
    """How many rows and columns a tile has, so that all of them take least time."""
    if groups:
        return min(length, 8), min(lanes, columns)
    best: tuple[float, tuple[int, int]] | None = None
    for n in range(1, 5):
        across = min(n * lanes, columns)
        vectors = len(_vectors(across, lanes))
        if vectors > 6:
            continue
        most = max((registers - vectors - 1) // vectors, 1)
        for tall in range(1, min(most, length) + 1):
            time = 0.0
            for _, blocks, width in _divided(columns, across):
                v = len(_vectors(width, lanes))
                for _, many, size in _divided(length, tall):
                    time += blocks * many * (max(size * v / 2, (size + v) / 2, 4.0) + 0.5)
            if best is None or time < best[0]:
                best = time, (tall, across)
    assert best is not None
    return best[1]


__all__ = ["Walk", "phases"]
