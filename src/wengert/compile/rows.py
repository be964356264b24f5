"""Rows: vectors along the long axis of an array of short rows, written to it row by row.

Vectors that go to neighbouring columns are interleaved in registers, all of a row or a power of two of them at a time, until each
holds whole pieces of rows. That takes a shuffle or so for each element and writes what lies together at once; scattered, every
element is written alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .emitter import Emitter, V
from .fusion import Root
from .narrow import to_memory
from .scalars import MEMORY_TYPES
from .schedule import Schedule, coefficient
from .shuffles import interleaved

WIDEST = 8  # columns that are interleaved at one time


def blocks(roots: Sequence[Root], schedule: Schedule) -> list[list[Root]]:
    """Results that are written together, one alone where it has no neighbours."""
    vector = schedule.vector
    if vector is None or vector.reduced:
        return [[r] for r in roots]
    found: dict[object, list[Root]] = {}
    for r in roots:
        found.setdefault((r.target, r.offset.terms), []).append(r)
    out: list[list[Root]] = []
    for group in found.values():
        step = coefficient(group[0].offset, vector.axis)
        group.sort(key=lambda r: r.offset.constant)
        run = [group[0]]
        for r in group[1:]:
            if step < 2 or r.offset.constant != run[-1].offset.constant + 1 or len(run) == step:
                out += _cut(run, vector.lanes, step)
                run = []
            run.append(r)
        out += _cut(run, vector.lanes, step)
    return out


def _cut(run: list[Root], lanes: int, step: int) -> list[list[Root]]:
    """A whole row, or neighbouring columns in powers of two; the last ones with some of those before, which are written twice."""
    if len(run) == step <= min(WIDEST, lanes):
        return [run]
    most = min(WIDEST, lanes, 1 << (len(run).bit_length() - 1))
    out = [run[i : i + most] for i in range(0, len(run) - most + 1, most)]
    rest = len(run) % most
    if rest:
        width = 1 << (rest - 1).bit_length()
        out.append(run[len(run) - width :])
    return out


def write_rows(w: Any, block: Sequence[Root], values: Sequence[V]) -> None:
    """Store vectors to neighbouring columns.

    Args:
        w: the writer of the loop nest. values: of the results in `block`.
    """
    e: Emitter = w.e
    vector = w.schedule.vector
    target, offset, width, lanes = block[0].target, block[0].offset, len(block), vector.lanes
    type_, align = MEMORY_TYPES[target.aval.dtype], target.aval.dtype.itemsize
    columns = [e.splat(v, lanes) for v in values]
    columns = [to_memory(e, c, target.aval.dtype) for c in columns]
    step, base, at = coefficient(offset, vector.axis), w.pointer(target), w.within(target, offset)
    if step == width:  # rows lie one after another
        narrow = min(lanes, max(w.schedule.vector_bytes // align, 1))  # a register's lanes
        parts = [[e.shuffle(c, range(k, k + narrow)) for c in columns] for k in range(0, lanes, narrow)]
        written = [(k * narrow, piece) for k, piece in enumerate(v for part in parts for v in interleaved(e, part))]
    else:
        written = [
            ((k * (lanes // width) + row) * step, e.shuffle(piece, range(row * width, (row + 1) * width)))
            for k, piece in enumerate(interleaved(e, columns))
            for row in range(lanes // width)
        ]
    for place, part in written:
        where = w.address(base, type_, e.iadd(at, e.constant(place, "i64")))
        e.raw(f"  store {part.text}, ptr {where.name}, align {align}")


__all__ = ["blocks", "write_rows"]
