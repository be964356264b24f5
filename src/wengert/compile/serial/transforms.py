"""Fourier transforms, axis after axis, lines shared by threads: by `fourier`, or by the loops of NumPy's ufuncs for them.

Of these lines along the last axis are transformed where they are. Along another, some neighbours are copied into rows of their
own and back, so that memory is read in lines of the cache.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .. import ufuncs
from ..emitter import V
from ..scalars import REGISTERS
from . import fourier
from .step import Phase, Serial, pieces_of
from .writer import Array, Writer

SIDE = 8  # lines that are copied together
POINT = 1.0  # nanoseconds of an element and a doubling of a line's length, about
CALL = 200_000.0  # nanoseconds of a call of the loop, at most, unless one line takes longer
ROOM = 16  # pieces that have room of their own for lines


class Lines(NamedTuple):
    """The lines along an axis of an array: how many axes' elements stand before and after it, and its length before and after.

    Attributes:
        given, made: the dtypes. factor: what results are multiplied by.
    """

    loop: str
    types: str
    given: np.dtype
    made: np.dtype
    before: int
    length: int
    result: int
    after: int
    factor: float
    first: bool
    inverse: bool

    @property
    def nanoseconds(self) -> float:
        """Of a line."""
        n = max(self.length, self.result)
        return POINT * n * max(n.bit_length(), 1)


def _parts(dtype: np.dtype) -> np.dtype | None:
    """The dtype of a number's parts, None for one that native code has no registers for as it lies in memory."""
    real = {"f": np.dtype(np.float32), "d": np.dtype(np.float64)}.get(dtype.char.lower())
    return real if dtype.isnative else None


def complex_lines(step: Serial) -> list[Phase] | None:
    """The transform over several axes, the last one first, as NumPy goes."""
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    inverse = step.eqn.params["inverse"]
    passes, axes = [], [a % len(x.shape) for a in step.eqn.params["axes"]]
    for number, axis in enumerate(reversed(axes)):
        n = x.shape[axis]
        passes.append(
            (
                step.options["inverse" if inverse else "forward"],
                axis,
                n,
                n,
                1 / n if inverse and n else 1.0,
                number == 0,
            )
        )
    return _phases(step, x, out, "cc", passes, inverse) if passes else None


def half_lines(step: Serial) -> list[Phase] | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    axis = step.eqn.params["axis"] % len(x.shape)
    n = x.shape[axis]
    passes = [(step.options["odd" if n % 2 else "even"], axis, n, n // 2 + 1, 1.0, True)]
    return _phases(step, x, out, "fc", passes, False)


def real_lines(step: Serial) -> list[Phase] | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    axis, n = step.eqn.params["axis"] % len(x.shape), step.eqn.params["n"]
    passes = [(step.options["loop"], axis, x.shape[axis], n, 1 / n if n else 1.0, True)]
    return _phases(step, x, out, "cf", passes, True) if x.shape[axis] == n // 2 + 1 else None


def _phases(step: Serial, x, out, kinds: str, passes, inverse: bool) -> list[Phase] | None:  # noqa: ANN001
    """The phases, or None where `x` and `out` are not of these kinds and of one precision: nothing is converted on the way.

    Integers, floating point of 16 bits, long doubles and the other byte order are NumPy's.
    """
    real, given = _parts(out.dtype), _parts(x.dtype)
    if x.dtype.kind + out.dtype.kind != kinds or real is None or given is None or real != given:
        return None  # NumPy takes None for float64
    if not math.prod(out.shape) or not math.prod(x.shape):
        return None
    phases, work = [], 0.0
    for name, axis, n, m, factor, first in passes:
        given = x.dtype if first else out.dtype
        types = f"{given.char}{real.char}->{out.dtype.char}"
        before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
        lines = Lines(name, types, given, out.dtype, before, n, m, after, factor, first, inverse)
        work += before * after * lines.nanoseconds
        own = fourier.phases(step, lines)
        if own is None and ufuncs.types_of(name, (given, real)) != types:
            return None
        phases += own or [_phase(step, lines)]
    step.work = int(work * 2)
    return phases


def _phase(step: Serial, t: Lines) -> Phase:
    blocks = -(-t.after // SIDE)
    units = t.before if t.after == 1 else t.before * blocks
    pieces = pieces_of(t.before * t.after * t.nanoseconds, units)
    if t.after == 1:
        return Phase(lambda w: _in_place(w, t), pieces)
    pieces = None if pieces is None else min(pieces, ROOM)
    row = t.length * t.given.itemsize + t.result * t.made.itemsize
    number = len(step.scratch)
    step.scratch_array(np.uint8, (pieces or 1) * SIDE * row)
    return Phase(lambda w: _turned(w, t, number, row, blocks), pieces)


class _Loop:
    """The call of a loop for some lines."""

    def __init__(self, w: Writer, t: Lines) -> None:
        self.w, self.t = w, t
        self.name = ufuncs.symbol(t.loop, t.types)
        w.declarations.setdefault(self.name, ufuncs.declaration(self.name))
        self.table, self.counts, self.steps = (self._room(n) for n in (3, 3, 5))
        real = np.dtype(t.types[1])
        factor = Array(w, real, (), self._room(1))
        factor.store(w.int(0), w.constant(t.factor, REGISTERS[real]))
        self._put(self.table, 1, f"ptr {factor.pointer}")
        for k, n in ((1, t.length), (2, t.result)):
            self._put(self.counts, k, f"i64 {n}")
        self._put(self.steps, 1, "i64 0")
        self._put(self.steps, 3, f"i64 {t.given.itemsize}")
        self._put(self.steps, 4, f"i64 {t.made.itemsize}")

    def _room(self, n: int) -> str:
        return self.w.define(f"alloca [{n} x i64], align 16", "ptr", 1, 0).name

    def _put(self, table: str, k: int, value: str) -> None:
        slot = self.w.define(f"getelementptr i64, ptr {table}, i64 {k}", "ptr", 1, 0)
        self.w.raw(f"  store {value}, ptr {slot.name}, align 8")

    def __call__(self, source: str, target: str, count: V, apart: tuple[int, int]) -> None:
        """Transform lines that stand so many bytes apart."""
        w = self.w
        for table, k, value in (
            (self.table, 0, f"ptr {source}"), (self.table, 2, f"ptr {target}"), (self.counts, 0, repr(count)),
            (self.steps, 0, f"i64 {apart[0]}"), (self.steps, 2, f"i64 {apart[1]}"),
        ):  # fmt: skip
            self._put(table, k, value)
        function = w.define(f"load ptr, ptr @{self.name}", "ptr", 1, 0)
        second = w.define(f"getelementptr ptr, ptr @{self.name}, i64 1", "ptr", 1, 0)
        data = w.define(f"load ptr, ptr {second.name}", "ptr", 1, 0)
        w.raw(f"  call void {function.name}(ptr {self.table}, ptr {self.counts}, ptr {self.steps}, ptr {data.name})")


def _moved(w: Writer, pointer: str, offset: V) -> str:
    return w.define(f"getelementptr i8, ptr {pointer}, {offset!r}", "ptr", 1, 0).name


def _in_place(w: Writer, t: Lines) -> None:
    """Lines along the last axis."""
    loop = _Loop(w, t)
    source = w.inputs[0].pointer if t.first else w.outputs[0].pointer
    some = max(int(CALL / t.nanoseconds), 1)
    apart = (t.length * t.given.itemsize, t.result * t.made.itemsize)
    first, end = w.share(t.before)
    with w.loop(end, first=first, step=some) as i:
        count = w.intrinsic("smin", w.int(some), w.isub(end, i.index))
        w.takes(some * t.nanoseconds)
        here, there = (
            _moved(w, p, w.scaled(i.index, s)) for p, s in zip((source, w.outputs[0].pointer), apart, strict=True)
        )
        loop(here, there, count, apart)


def _turned(w: Writer, t: Lines, number: int, row: int, blocks: int) -> None:
    """Lines along another axis, by rows of their own."""
    loop = _Loop(w, t)
    source = w.inputs[0].pointer if t.first else w.outputs[0].pointer
    target = w.outputs[0].pointer
    room = _moved(w, w.scratch[number].pointer, w.scaled(w.piece, SIDE * row) if w.phase.pieces else w.int(0))
    result = _moved(w, room, w.int(SIDE * t.length * t.given.itemsize))
    with w.shared(t.before * blocks) as unit:
        outer, block = w.decoded(unit, (t.before, blocks))
        column = w.scaled(block, SIDE)
        count = w.int(min(SIDE, t.after))
        if t.after % SIDE and t.after > SIDE:
            count = w.intrinsic("smin", w.int(SIDE), w.isub(w.int(t.after), column))
        w.takes(SIDE * t.nanoseconds)
        for place, other, length, dtype, back in (
            (source, room, t.length, t.given, False), (target, result, t.result, t.made, True)
        ):  # fmt: skip
            if back:
                apart = (t.length * t.given.itemsize, t.result * t.made.itemsize)
                loop(room, result, count, apart)
            size = dtype.itemsize
            start = w.iadd(w.scaled(outer, length * t.after), column)
            place = _moved(w, place, w.scaled(start, size))
            with w.loop(length) as i, w.loop(count) as k:
                whole = _moved(w, place, w.scaled(w.iadd(w.scaled(i.index, t.after), k.index), size))
                line = _moved(w, other, w.scaled(w.iadd(w.scaled(k.index, length), i.index), size))
                one, two = (line, whole) if back else (whole, line)
                bits = {4: "i32", 8: "i64", 16: "<2 x i64>"}[size]
                moved = w.define(f"load {bits}, ptr {one}, align {min(size, 8)}", bits, 1, 0)
                w.raw(f"  store {bits} {moved.name}, ptr {two}, align {min(size, 8)}")


__all__ = ["complex_lines", "half_lines", "real_lines"]
