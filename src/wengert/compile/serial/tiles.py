"""Tiles of a convolution's result: held in registers while the taps of the kernel are walked, from memory as it lies.

A tile is some places along the last axis of space by some vectors. Along features, a tap loads vectors of the kernel and one
number of the operand for each place (K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008,
section 4; E. Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures", 2018);
along space, vectors of the operand and one number of the kernel; along groups, vectors of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...lowering.formulas import accumulate, multiply
from ..emitter import V
from .writer import Array, Writer


class Axis(NamedTuple):
    """The taps and places of an axis of space. Places are a product of two: `phases` of neighbours, and `count` steps.

    Attributes:
        target, target_step: the first place of the result, and the distance between steps; phases are neighbours.
        source, source_step: the first element of the operand, and the distance for a step.
        taps, tap_step: how many taps, and the distance of the operand's elements that they meet.
        kernel, kernel_phase, kernel_step: the first element of the kernel, and the distances for a phase and a tap.
    """

    phases: int
    count: int
    target: int
    target_step: int
    source: int
    source_step: int
    taps: int
    tap_step: int
    kernel: int
    kernel_phase: int
    kernel_step: int


class Tiling(NamedTuple):
    """How the arrays of a convolution lie, by strides of examples, features and the axes of space.

    Attributes:
        inputs, outputs: of a group.
        kernel: strides of the kernel's axes of space; its inputs are `groups` times `outputs` apart, its outputs neighbours.
        way: along what vectors lie.
    """

    dtype: np.dtype
    many: int
    groups: int
    inputs: int
    outputs: int
    source: tuple[int, ...]
    target: tuple[int, ...]
    kernel: tuple[int, ...]
    way: str


def shape_of_tile(places: int, columns: int, lanes: int, registers: int, wide: bool) -> tuple[int, int, int]:
    """Places, vectors and lanes of a tile: the one that takes least time for so many places and columns."""
    while lanes > columns:
        lanes //= 2
    vectors = -(-columns // lanes)
    best: tuple[float, tuple[int, int, int]] | None = None
    for n in range(1, min(vectors, 4) + 1):
        most = max((registers - n - 1) // n, 1)
        m = -(-places // -(-places // most)) if places > most else places
        for rows in {min(most, places), m}:
            cycles = max(rows * n / 2, (rows + n) / 2, 4.0) + 0.5
            total = -(-places // rows) * -(-vectors // n) * cycles
            if best is None or total < best[0]:
                best = total, (rows, n, lanes)
    assert best is not None
    return best[1]


def tiles(t: Tiling, axes: Sequence[Axis], source: Callable[[Writer], Array], kernel: Callable[[Writer], Array]) -> Any:
    """What writes the tiles of one choice of phases, and how many units threads may share."""
    rows = [a for axis in axes[:-1] for a in (axis.phases, axis.count)]
    last = axes[-1]
    extents = (t.many, *rows, last.phases)
    units = math.prod(extents) * max(last.count // 64, 1)

    def body(w: Writer) -> None:
        wide = w.vector_bytes == 64
        registers = 32 if wide else 16
        lanes = w.lanes(t.dtype)
        if t.way == "features":
            places, vectors, lanes = shape_of_tile(last.count, t.outputs, lanes, registers, wide)
        elif t.way == "groups":
            places, vectors, lanes = min(last.count, 8), 1, _fitting(lanes, t.groups)
        else:
            lanes = _fitting(lanes, last.count)
            vectors = min(8, last.count // lanes)
            places = vectors * lanes
        whole = (*extents, -(-last.count // places))
        columns = t.groups if t.way == "groups" else t.outputs
        width = vectors * lanes if t.way != "space" else 1
        blocks = -(-columns // width)
        many = 1 if t.way == "groups" else t.groups
        first, end = w.share(math.prod(whole))
        with w.loop(many) as group, w.loop(blocks) as block:
            column = w.scaled(block.index, width)
            if columns % width and columns > width:
                column = w.intrinsic("smin", column, w.int(columns - width))
            with w.loop(end, first=first) as unit:
                at = w.decoded(unit.index, whole)
                _Tile(w, t, axes, source(w), kernel(w), at, group.index, column, places, vectors, lanes).write()

    return body, units


def _fitting(lanes: int, length: int) -> int:
    while lanes > length:
        lanes //= 2
    return lanes


class _Tile:
    """One tile being written."""

    def __init__(
        self, w: Writer, t: Tiling, axes: Sequence[Axis], source: Array, kernel: Array, at: list[V], group: V, column: V,
        places: int, vectors: int, lanes: int,
    ) -> None:  # fmt: skip
        self.w, self.t, self.axes = w, t, axes
        self.source, self.kernel, self.target = source, kernel, w.outputs[0]
        self.places, self.vectors, self.lanes = places, vectors, lanes
        n, (*spots, number) = at[0], at[1:]
        last = axes[-1]
        first = w.scaled(number, places)
        if last.count % places:
            first = w.intrinsic("smin", first, w.int(last.count - places))
        by_groups = t.way == "groups"
        read, wrote, kept = [], [], []
        for axis, phase, step, s, r, k in zip(
            axes, spots[::2], [*spots[1::2], first], t.source[2:], t.target[2:], t.kernel, strict=True
        ):
            read.append(w.scaled(w.iadd(w.int(axis.source), w.scaled(step, axis.source_step)), s))
            place = w.iadd(w.iadd(w.int(axis.target), phase), w.scaled(step, axis.target_step))
            wrote.append(w.scaled(place, r))
            kept.append(w.scaled(w.iadd(w.int(axis.kernel), w.scaled(phase, axis.kernel_phase)), k))
        group, column = (column, w.int(0)) if by_groups else (group, column)
        self.read = _total(w, [w.scaled(n, t.source[0]), w.scaled(w.scaled(group, t.inputs), t.source[1]), *read])
        feature = w.iadd(w.scaled(group, t.outputs), column)
        self.wrote = _total(w, [w.scaled(n, t.target[0]), w.scaled(feature, t.target[1]), *wrote])
        self.kept = _total(w, [feature, *kept])
        self.offsets = [min(v * lanes, max(self._columns() - lanes, 0)) for v in range(vectors)]

    def _columns(self) -> int:
        if self.t.way == "space":
            return self.places
        return self.t.groups if self.t.way == "groups" else self.t.outputs

    def write(self) -> None:
        w, t = self.w, self.t
        zero = w.constant(0, w_type(t.dtype), self.lanes)
        count = self.vectors if t.way == "space" else self.places * self.vectors
        values = self._walk(0, self.read, self.kept, [zero] * count)
        step = self.axes[-1].target_step * t.target[-1]
        for i, value in enumerate(values):
            place, vector = divmod(i, self.vectors)
            if t.way != "space":
                at = w.iadd(self.wrote, w.int(place * step + self.offsets[vector]))
                self.target.store(at, value)
                continue
            first = self.offsets[i] * step
            if step == 1 or self.lanes == 1:
                self.target.store(w.iadd(self.wrote, w.int(first)), value)
                continue
            for lane in range(self.lanes):
                self.target.store(w.iadd(self.wrote, w.int(first + lane * step)), w.extract(value, lane))

    def _walk(self, k: int, read: V, kept: V, values: list[V]) -> list[V]:
        """The sums over the taps of the axes from `k` on, and over the inputs."""
        w, t = self.w, self.t
        row = t.groups * t.outputs  # between the kernel's inputs
        axis, stride = self.axes[k], t.source[2 + k]
        if axis.taps == 0:
            return values
        if k < len(self.axes) - 1:
            if axis.taps == 1:
                return self._walk(k + 1, read, kept, values)
            with w.loop(axis.taps, read, kept, *values) as loop:
                _, read, kept, *values = loop.carried
                after = self._walk(k + 1, read, kept, values)
                forth = w.iadd(read, w.int(axis.tap_step * stride))
                along = w.iadd(kept, w.int(axis.kernel_step * t.kernel[k]))
                loop.next[1:] = [forth, along, *after]
            return loop.carried[3:]
        forth, along = axis.tap_step * stride, axis.kernel_step * t.kernel[k]
        if t.inputs == 1:
            return self._inner(axis.taps, forth, along, read, kept, values)
        if axis.taps == 1:
            return self._inner(t.inputs, t.source[1], row, read, kept, values)
        if forth == t.inputs * t.source[1] and along == t.inputs * row:
            return self._inner(axis.taps * t.inputs, t.source[1], row, read, kept, values)
        with w.loop(axis.taps, read, kept, *values) as loop:
            _, read, kept, *values = loop.carried
            after = self._inner(t.inputs, t.source[1], row, read, kept, values)
            loop.next[1:] = [w.iadd(read, w.int(forth)), w.iadd(kept, w.int(along)), *after]
        return loop.carried[3:]

    def _inner(self, count: int, forth: int, along: int, read: V, kept: V, values: list[V]) -> list[V]:
        w = self.w
        if count == 1:
            return self._tap(read, kept, values)
        with w.tight(count, read, kept, *values) as loop:
            _, read, kept, *values = loop.carried
            after = self._tap(read, kept, values)
            loop.next[1:] = [w.iadd(read, w.int(forth)), w.iadd(kept, w.int(along)), *after]
        return loop.carried[3:]

    def _tap(self, read: V, kept: V, values: list[V]) -> list[V]:
        """One tap of one input: a term of each sum."""
        w, t, lanes = self.w, self.t, self.lanes
        out: list[V] = []
        if t.way == "space":
            weight = w.splat(self.kernel.load(kept), lanes)
            for value, o in zip(values, self.offsets, strict=True):
                out.append(self._term(value, self.source.load(w.iadd(read, w.int(o)), lanes), weight))
            return out
        weights = [self.kernel.load(w.iadd(kept, w.int(o)), lanes) for o in self.offsets]
        step = self.axes[-1].source_step * t.source[-1]
        for place in range(self.places):
            for v, weight in enumerate(weights):
                at = w.iadd(read, w.int(place * step + (self.offsets[v] if t.way == "groups" else 0)))
                if t.way == "groups":
                    x = self.source.load(at, lanes)
                elif v == 0:
                    x = w.splat(self.source.load(at), lanes)
                out.append(self._term(values[len(out)], x, weight))
        return out

    def _term(self, total: V, x: V, weight: V) -> V:
        return accumulate(self.w, self.t.dtype, total, multiply(self.w, self.t.dtype, x, weight))


def w_type(dtype: np.dtype) -> str:
    from ..scalars import REGISTERS

    return REGISTERS[dtype]


def _total(w: Writer, terms: Sequence[V]) -> V:
    out = w.int(0)
    for term in terms:
        out = w.iadd(out, term)
    return out


__all__ = ["Axis", "Tiling", "shape_of_tile", "tiles"]
