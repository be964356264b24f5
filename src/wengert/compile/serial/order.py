"""The first of the largest or smallest elements along an axis, and places in sorted arrays. NaN counts as the largest
in a sorted array, and as the wanted one among extremes, as NumPy has it.
"""

from __future__ import annotations

import math

import numpy as np

from ..emitter import FLOATS, V
from ..scalars import cast, register_type
from .step import Body, Serial
from .writer import INT64, Text, Writer, known

BOOL, INT32 = np.dtype(bool), np.dtype(np.int32)
BLOCKED = 8  # vectors of a row, below which rows are compared side by side


def argument(step: Serial) -> Body | None:  # noqa: C901 (the loops that it writes are functions in it)
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, out) or not x.shape:
        return None
    axis = step.eqn.params["axis"] % len(x.shape)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    if n == 0 or n >= 2**31:
        return None
    largest = step.options["largest"]

    def write(w: Writer) -> None:
        (source,), (target,) = w.inputs, w.outputs
        index_type = "i32" if x.dtype.itemsize <= 4 else "i64"

        def put(at: V, index: V) -> None:
            wide = "i64" if out.dtype.itemsize == 8 else "i32"
            if index.type != wide:
                index = w.cast("sext" if wide == "i64" else "trunc", index, wide)
            target.store(at, index)

        def better(x_: V, best: V) -> V:
            return _better(w, x.dtype, largest, x_, best)

        def block(first: V, lanes: int) -> None:
            """Along the last axis: each lane has a row, of which a vector's length of columns or all are read at a time."""
            here = w.scaled(first, n)
            best, place = None, w.constant(0, index_type, lanes)
            width = min(n, lanes)
            for start in [*range(0, n - width, width), n - width]:  # what the last one repeats is no better
                parts = [w.iadd(here, w.int(i * lanes if width == n else i * n + start)) for i in range(width)]
                for k, value in enumerate(columns(w, [source.load(p, lanes) for p in parts])):
                    if best is None:
                        best = value
                        continue
                    wins = better(value, best)
                    best = w.select(wins, value, best)
                    place = w.select(wins, w.constant(start + k, index_type, lanes), place)
            put(first, place)

        def column(base: V, at: V, lanes: int) -> None:
            """Down the axis, for elements that lie together."""
            zero = w.constant(0, index_type, lanes)
            with w.loop(n, source.load(base, lanes), zero, first=1) as loop:
                index, best, place = loop.carried
                value = source.load(w.iadd(base, w.scaled(index, inner)), lanes)
                wins = better(value, best)
                here = index if index_type == "i64" else w.cast("trunc", index, "i32")
                loop.next[1:] = [w.select(wins, value, best), w.select(wins, w.splat(here, lanes), place)]
            put(at, loop.carried[2])

        def row(base: V, at: V, lanes: int) -> None:
            """Along the last axis: each lane has its own best of every so many elements."""
            whole = n - n % lanes
            start = w.lanes_constant(range(lanes), index_type)
            with w.loop(whole, source.load(base, lanes), start, first=lanes, step=lanes) as loop:
                index, best, place = loop.carried
                value = source.load(w.iadd(base, index), lanes)
                wins = better(value, best)
                here = index if index_type == "i64" else w.cast("trunc", index, "i32")
                here = w.iadd(w.splat(here, lanes), start)
                loop.next[1:] = [w.select(wins, value, best), w.select(wins, here, place)]
            _, bests, places = loop.carried
            best, place = w.extract(bests, 0), w.extract(places, 0)
            for lane in range(1, lanes):
                other, there = w.extract(bests, lane), w.extract(places, lane)
                wins = better(other, best)
                same = w.xor(w.or_(wins, better(best, other)), w.constant(True, "i1"))
                wins = w.or_(wins, w.and_(same, w.icmp("slt", there, place)))
                best, place = w.select(wins, other, best), w.select(wins, there, place)
            with w.loop(n, best, place, first=whole) as loop:
                index, best, place = loop.carried
                value = source.load(w.iadd(base, index))
                wins = better(value, best)
                here = index if index_type == "i64" else w.cast("trunc", index, "i32")
                loop.next[1:] = [w.select(wins, value, best), w.select(wins, here, place)]
            put(at, loop.carried[2])

        wide = w.lanes(x.dtype if x.dtype.itemsize > 4 else INT32)
        if inner == 1 and 1 < n < BLOCKED * wide and outer >= wide and x.dtype.kind != "b":
            with w.loop(outer, step=wide) as rows:
                block(w.intrinsic("smin", rows.index, w.int(outer - wide)), wide)
            return
        with w.loop(outer) as rows:
            base, at = w.scaled(rows.index, n * inner), w.scaled(rows.index, inner)
            lanes = 2 * wide
            if inner == 1 and n >= 4 * lanes:
                row(base, at, lanes)
            else:
                w.strips(inner, lanes, lambda first, lanes: column(w.iadd(base, first), w.iadd(at, first), lanes))

    return write


def columns(w: Writer, rows: list[V]) -> list[V]:
    """The columns of a matrix whose rows lie one after another in as many vectors as it has columns."""
    n, lanes = len(rows), rows[0].lanes
    if n == 1:
        return rows
    if n % 2 == 0 and lanes % n == 0:
        pairs = list(zip(rows[::2], rows[1::2], strict=True))
        even, odd = (columns(w, [w.shuffle(a, range(k, 2 * lanes, 2), b) for a, b in pairs]) for k in (0, 1))
        return [c for pair in zip(even, odd, strict=True) for c in pair]
    found = []
    for k in range(n):
        column = None
        for i, row in enumerate(rows):  # lane j of the column is the element j * n + k of the rows
            mine = [j * n + k - i * lanes for j in range(lanes)]
            if column is None:
                column = w.shuffle(row, [m if 0 <= m < lanes else 0 for m in mine])
            elif any(0 <= m < lanes for m in mine):
                column = w.shuffle(column, [lanes + m if 0 <= m < lanes else j for j, m in enumerate(mine)], row)
        found.append(column)
    return found


def _better(w: Writer, dtype: np.dtype, largest: bool, x: V, best: V) -> V:
    if x.type in FLOATS:
        # Unordered or beyond, and the best so far is no NaN: the first NaN is the best.
        return w.and_(w.fcmp("ugt" if largest else "ult", x, best), w.fcmp("ord", best, best))
    sign = "s" if dtype.kind == "i" else "u"
    return w.icmp(sign + ("gt" if largest else "lt"), x, best)


def less(w: Text, dtype: np.dtype, x: V, y: V) -> V:
    """Whether `x` comes before `y` in a sorted array."""
    if x.type in FLOATS:
        return w.or_(w.fcmp("olt", x, y), w.and_(w.fcmp("uno", y, y), w.fcmp("ord", x, x)))
    return w.icmp("slt" if dtype.kind == "i" else "ult", x, y)


def searchsorted(step: Serial) -> Body | None:
    (a, v), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(a, v, out):
        return None
    common = np.promote_types(a.dtype, v.dtype)
    if register_type(common) is None:
        return None
    n, rows = a.shape[-1], math.prod(a.shape[:-1])
    each = math.prod(v.shape) // max(rows, 1)
    left = step.eqn.params["side"] == "left"
    step.work = math.prod(v.shape) * max(n, 2).bit_length() * 4

    def write(w: Writer) -> None:
        (ordered, values), (target,) = w.inputs, w.outputs
        counted = INT32 if math.prod(a.shape) < 2**31 else INT64  # the dtype of places

        def search(first: V, lanes: int, start: V) -> None:
            """The places of values that lie together, in a row of the ordered array that begins at `start`."""
            value = values.load(first, lanes, dtype=common)
            begin = w.splat(cast(w, start, INT64, counted), lanes)

            def before(at: V) -> V:
                element = ordered.gather(at, dtype=common)
                if left:
                    return less(w, common, element, value)
                return w.xor(less(w, common, value, element), w.constant(True, "i1", lanes))

            base, length = begin, n
            while length > 1:  # the answer is among `length` + 1 places from `base`
                half = length // 2
                beyond = before(w.iadd(base, w.const(half - 1, base)))
                base = w.select(beyond, w.iadd(base, w.const(half, base)), base)
                length -= half
            place = w.isub(base, begin)
            if n:
                place = w.iadd(place, cast(w, before(base), BOOL, counted))
            target.store(first, cast(w, place, counted, out.dtype))

        lanes = w.lanes(max(common, counted, key=lambda d: d.itemsize), 2)
        with w.loop(rows) as row:
            start, first = w.scaled(row.index, n), w.scaled(row.index, each)
            w.strips(each, lanes, lambda k, lanes: search(w.iadd(first, k), lanes, start))

    return write


__all__ = ["columns", "less"]
