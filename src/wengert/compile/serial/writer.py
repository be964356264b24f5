"""Writer: writes the function of a serial kernel, instruction after instruction, with loops as context managers.

The emitter's instructions are all here, but each is written where it is asked for: memory changes between two loads,
so that nothing may be moved or shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ...lowering.index_maps import strides_of
from .. import pieces
from ..emitter import BITS, Emitter, V
from ..interrupts import DECLARATION, LIMIT, NAME, ask, look
from ..narrow import from_memory, to_memory
from ..nest import is_number
from ..scalars import KEY, MEMORY_TYPES, REGISTERS, cast, register_type
from .step import Phase, Serial

INT64 = np.dtype(np.int64)
LINE = 0.5  # nanoseconds of an instruction, about
CALL = 20  # of a function that is not known here


def memory_type(dtype: np.dtype) -> str:
    """The LLVM type of an element in memory."""
    return MEMORY_TYPES[dtype]


def known(*avals: Any) -> bool:
    """Whether values of these types have registers."""
    return all(register_type(a.dtype) is not None for a in avals)


class Array:
    """An operand, result or scratch array: its elements by their number in C order."""

    def __init__(
        self, w: Text, dtype: np.dtype, shape: tuple[int, ...], pointer: str, constant: V | None = None
    ) -> None:
        self.w = w
        self.dtype = dtype
        self.shape = shape
        self.strides = strides_of(shape)
        self.pointer = pointer
        self.constant = constant  # a scalar literal has no pointer

    def at(self, offset: V) -> str:
        """The address of an element."""
        if offset.const == 0 and offset.const is not None:
            return self.pointer
        return self.w.define(
            f"getelementptr {memory_type(self.dtype)}, ptr {self.pointer}, {offset!r}", "ptr", 1, 0
        ).name

    def load(self, offset: V, lanes: int = 1, step: int = 1, dtype: np.dtype | None = None) -> V:
        """An element, or `lanes` of them that lie together (`step` 0: the same one in every lane), as `dtype`."""
        w = self.w
        if self.constant is not None:
            x = w.splat(self.constant, lanes)
        else:
            type_, wide = memory_type(self.dtype), lanes if step else 1
            llvm = type_ if wide == 1 else f"<{wide} x {type_}>"
            x = w.define(f"load {llvm}, ptr {self.at(offset)}, align {BITS[type_] // 8}", type_, wide, 0)
            x = w.splat(from_memory(w, x, self.dtype), lanes)
        return x if dtype is None else cast(w, x, self.dtype, np.dtype(dtype))

    def gather(self, offsets: V, dtype: np.dtype | None = None) -> V:
        """The elements at some places, one in each lane of these, as `dtype`."""
        w, lanes, type_ = self.w, offsets.lanes, memory_type(self.dtype)
        if lanes == 1 or self.constant is not None:
            wide = offsets if offsets.type == "i64" else w.cast("sext", offsets, "i64")
            return self.load(wide, lanes, 1, dtype)
        where = w.define(f"getelementptr {type_}, ptr {self.pointer}, {offsets!r}", "ptr", lanes, 0)
        x = from_memory(w, w.masked_load(where, type_, lanes, w.constant(True, "i1", lanes)), self.dtype)
        return x if dtype is None else cast(w, x, self.dtype, np.dtype(dtype))

    def store(self, offset: V, value: V) -> None:
        """Write a value, or the lanes of one, from an element on."""
        value = to_memory(self.w, value, self.dtype)
        align = BITS[memory_type(self.dtype)] // 8
        self.w.raw(f"  store {value!r}, ptr {self.at(offset)}, align {align}")


class Loop:
    """A loop being written: the values it carries, and what they become."""

    def __init__(self, number: int, carried: list[V], trips: int | None = None) -> None:
        self.number = number
        self.carried = carried
        self.next = list(carried)
        self.trips = trips  # how often the body runs, where that is known

    @property
    def index(self) -> V:
        return self.carried[0]


class Text(Emitter):
    """Straight code with loops and branches, for one function.

    Loops count about how long they take and ask for interrupts when it is time: see `interrupts`. `ticks` has the
    nanoseconds since then, in a register, unless it is a constant.

    Attributes:
        asks: whether this is done; not in functions that others call.
        stops: whether a block ``stopped`` is jumped to.
        cell: what other threads of this call look at, if there are some.
    """

    asks = True
    cell = "null"

    def __init__(self) -> None:
        super().__init__()
        self.stops = False
        self.ticks = self.constant(0, "i64")
        self._time = 0.0  # what a trip of the loop that is written takes, without loops in it that count for themselves

    def takes(self, nanoseconds: float) -> None:
        """Say that what is written here takes so long, about."""
        self._time += nanoseconds

    def define(self, right: str, type: str, lanes: int, depth: int) -> V:
        self._count += 1
        self.raw(f"  %v{self._count} = {right}")
        return V(f"%v{self._count}", type, lanes, 0)

    def int(self, n: int) -> V:
        return self.constant(n, "i64")

    def scaled(self, i: V, n: int) -> V:
        if n == 0 or i.const == 0:
            return self.int(0)
        return i if n == 1 else self.imul(i, self.int(n))

    def label(self, name: str) -> None:
        self.raw(f"  br label %{name}")
        self.raw(f"{name}:")

    @contextmanager
    def repeat(self, *start: V, trips: int | None = None) -> Iterator[Loop]:
        """A loop that the body leaves by `leave_unless`, which it calls once; afterwards `carried` has what it had then."""
        self._count += 1
        n = self._count
        loop = Loop(n, [V(f"%c{n}.{k}", s.type, s.lanes, 0) for k, s in enumerate(start)], trips)
        self.label(f"pre{n}")
        self.label(f"head{n}")
        lines = self.regions[0].lines
        place, time, before = len(lines), self._time, self.ticks
        self._time, self.ticks = 0.0, V(f"%t{n}", "i64", 1, 0)
        yield loop
        calls = sum(1 for line in lines[place:] if " call " in line and "llvm." not in line)
        each = self._time + LINE * (len(lines) - place) + CALL * calls
        phis = list(zip(loop.carried, start, loop.next, strict=True))
        last = f"latch{n}"
        self.label(last)
        total = each * (loop.trips or 0)
        if not self.asks or (self.ticks.name == f"%t{n}" and loop.trips is not None and total < LIMIT / 4):
            self.ticks, self._time = before, time + total
        else:
            phis.append((V(f"%t{n}", "i64", 1, 0), before, V(f"%t{n}.again", "i64", 1, 0)))
            last = self._asking(n, each)
            self.ticks, self._time = V(f"%t{n}", "i64", 1, 0), time
        self.raw(f"  br label %head{n}")
        self.raw(f"exit{n}:")
        lines[place:place] = [
            f"  {c.name} = phi {c.llvm} [ {s.name}, %pre{n} ], [ {x.name}, %{last} ]" for c, s, x in phis
        ]

    def ask(self, after: str) -> None:
        """Look for an interrupt, and go on in a block of that name."""
        self.stops = True
        self.declarations.setdefault(NAME, DECLARATION)
        for line in ask(f".{after}", self.cell, after):
            self.raw(line)
        self.raw(f"{after}:")

    def _asking(self, n: int, each: float) -> str:
        """Count a trip of a loop, and ask for interrupts when it is time; the block that goes back to its head."""
        self.raw(f"  %t{n}.n = add i64 {self.ticks.name}, {max(int(each), 1)}")
        self.raw(f"  %t{n}.c = icmp ugt i64 %t{n}.n, {LIMIT}")
        self.raw(f"  br i1 %t{n}.c, label %ask{n}, label %again{n}")
        self.raw(f"ask{n}:")
        self.ask(f"again{n}")
        self.raw(f"  %t{n}.again = phi i64 [ %t{n}.n, %latch{n} ], [ 0, %ask{n} ]")
        return f"again{n}"

    def leave_unless(self, loop: Loop, condition: V) -> None:
        self.raw(f"  br i1 {condition.name}, label %body{loop.number}, label %exit{loop.number}")
        self.raw(f"body{loop.number}:")

    @contextmanager
    def loop(self, count: V | int, *start: V, first: V | int = 0, step: V | int = 1) -> Iterator[Loop]:
        """``for index in range(first, count, step)``, with values carried after the index: the body sets ``next[1:]``."""
        first, count, step = (self.int(n) if isinstance(n, int) else n for n in (first, count, step))
        trips = None
        if None not in (first.const, count.const, step.const):
            trips = max(-(-(count.const - first.const) // step.const), 0)
        with self.repeat(first, *start, trips=trips) as loop:
            self.leave_unless(loop, self.icmp("slt", loop.index, count))
            yield loop
            loop.next[0] = self.iadd(loop.index, step)

    @contextmanager
    def tight(self, count: V | int, *start: V) -> Iterator[Loop]:
        """`loop` from 0 of straight code, which runs at least once and is too short to ask for interrupts."""
        self._count += 1
        n = self._count
        count = self.int(count) if isinstance(count, int) else count
        start = (self.int(0), *start)
        loop = Loop(n, [V(f"%c{n}.{k}", s.type, s.lanes, 0) for k, s in enumerate(start)], count.const)
        self.label(f"pre{n}")
        self.label(f"head{n}")
        lines = self.regions[0].lines
        place = len(lines)
        yield loop
        loop.next[0] = self.iadd(loop.index, self.int(1))
        self._time += LINE * (len(lines) - place) * (count.const or 16)
        phis = zip(loop.carried, start, loop.next, strict=True)
        lines[place:place] = [
            f"  {c.name} = phi {c.llvm} [ {s.name}, %pre{n} ], [ {x.name}, %head{n} ]" for c, s, x in phis
        ]
        more = self.icmp("slt", loop.next[0], count)
        self.raw(f"  br i1 {more.name}, label %head{n}, label %exit{n}")
        self.raw(f"exit{n}:")
        loop.carried = list(loop.next)

    def strips(self, n: int, lanes: int, body: Callable[[V, int], None]) -> None:
        """``body(first, lanes)`` for the vectors of a range, then one by one for the rest."""
        whole = n - n % lanes if lanes > 1 else 0
        if whole:
            with self.loop(whole, step=lanes) as loop:
                body(loop.index, lanes)
        if whole + 1 == n:
            body(self.int(whole), 1)
        elif whole < n:
            with self.loop(n, first=whole) as loop:
                body(loop.index, 1)

    @contextmanager
    def when(self, condition: V) -> Iterator[None]:
        self._count += 1
        n, before = self._count, self.ticks
        self.label(f"if{n}")
        self.raw(f"  br i1 {condition.name}, label %then{n}, label %end{n}")
        self.raw(f"then{n}:")
        yield
        after, self.ticks = self.ticks, before
        self.label(f"done{n}")
        self.label(f"end{n}")
        if after is not before:
            right = f"phi i64 [ {before.name}, %if{n} ], [ {after.name}, %done{n} ]"
            self.ticks = self.define(right, "i64", 1, 0)

    @contextmanager
    def nest(self, extents: Sequence[int], strides: Sequence[Sequence[int]]) -> Iterator[list[V]]:
        """Loops over a domain; gives the offset of the point in each of the arrays with these strides."""
        with ExitStack() as stack:
            offsets = [self.int(0) for _ in strides]
            for i, n in enumerate(extents):
                index = stack.enter_context(self.loop(n)).index
                offsets = [self.iadd(o, self.scaled(index, s[i])) for o, s in zip(offsets, strides, strict=True)]
            yield offsets

    def copy(self, target: str, source: str, size: int) -> None:
        """Bytes from one place to another."""
        self.takes(size / 16)
        self._bytes(pieces.COPIED, target, source, size)

    def clear(self, target: str, size: int) -> None:
        """Bytes set to zero."""
        self._bytes(pieces.CLEARED, target, "null", size)

    def _bytes(self, name: str, target: str, source: str, size: int | str) -> None:
        if not size:
            return
        functions = self.functions if self.asks else None
        line, divided = pieces.call(name, target, source, size, self.declarations, functions, self.cell)
        if not divided:
            self.raw(f"  {line}")
            return
        self.stops = True
        ended = self.define(line, "i32", 1, 0)
        self.raw(f"  {ended.name}.c = icmp ne i32 {ended.name}, 0")
        self.raw(f"  br i1 {ended.name}.c, label %stopped, label %next.{ended.name[1:]}")
        self.raw(f"next.{ended.name[1:]}:")


class Writer(Text):
    """The function of a serial kernel.

    Attributes:
        arrays: the variables and literals of the function's pointers, in order.
        inputs, outputs, scratch: the same as arrays of elements.
        vector_bytes: the width of a vector register.
    """

    cell = "%stop"

    def __init__(self, step: Serial, vector_bytes: int, phase: Phase) -> None:
        super().__init__()
        self.step = step
        self.phase = phase
        self.globals: dict[str, str] = {}  # constants in memory, by name
        self.piece = V("%piece", "i64", 1, 0)  # which one this call is to do, in a phase of pieces
        self.checks = step.checks
        self.vector_bytes = vector_bytes
        self.arrays: list[Any] = step.arrays
        pointers = iter(range(len(self.arrays)))
        inputs = step.inputs[1:] if step.in_place else step.inputs
        self.inputs = [self._constant(a) if is_number(a) else self._array(a.aval, next(pointers)) for a in inputs]
        self.outputs = [self._array(v.aval, next(pointers)) for v in step.eqn.outputs]
        self.scratch = [self._array(v.aval, next(pointers)) for v in step.scratch]

    @property
    def e(self) -> Writer:
        """The emitter, as the module knows it of other kernels."""
        return self

    def _array(self, aval: Any, i: int) -> Array:
        return Array(self, aval.dtype, aval.shape, f"%p{i}")

    def _constant(self, a: Any) -> Array:
        return Array(self, a.aval.dtype, (), "", self.constant(scalar(a), REGISTERS[a.aval.dtype]))

    @contextmanager
    def shared(self, units: int) -> Iterator[V]:
        """A loop over this piece's share of some units, or over all of them where there are no pieces."""
        first, end = self.share(units)
        with self.loop(end, first=first) as loop:
            yield loop.index

    def share(self, units: int) -> tuple[V, V]:
        """The first of this piece's units, and the one after its last."""
        pieces = self.phase.pieces
        if pieces is None:
            return self.int(0), self.int(units)
        first, end = self.piece, self.iadd(self.piece, self.int(1))
        if units != pieces:
            first, end = (self.binary("udiv", self.scaled(p, units), self.int(pieces)) for p in (first, end))
        return first, end

    def decoded(self, index: V, extents: Sequence[int]) -> list[V]:
        """The coordinates of a point of a domain, from its number in C order."""
        out: list[V] = []
        for i, n in enumerate(reversed(extents)):
            if n == 1:
                out.append(self.int(0))
            elif all(m == 1 for m in extents[: len(extents) - 1 - i]):
                out.append(index)
            else:
                out.append(self.binary("urem", index, self.int(n)))
                index = self.binary("udiv", index, self.int(n))
        return out[::-1]

    def offset(self, at: Sequence[V], strides: Sequence[int]) -> V:
        """Where an element stands, by its coordinates."""
        out = self.int(0)
        for i, s in zip(at, strides, strict=True):
            out = self.iadd(out, self.scaled(i, s))
        return out

    def lanes(self, dtype: np.dtype, registers: int = 1) -> int:
        """How many elements some vector registers hold."""
        return registers * self.vector_bytes // dtype.itemsize

    def fail_if(self, bad: V) -> None:
        """Note a bad index and return, when `bad` holds."""
        self._count += 1
        self.raw(f"  br i1 {bad.name}, label %bad_index, label %good{self._count}")
        self.raw(f"good{self._count}:")

    def write(self) -> str:
        """The function's text, its name left as ``@NAME``."""
        self.phase.body(self)
        if self.phase.pieces is not None:
            return self._of_pieces()
        parameters = [f"ptr noalias %p{i}" for i in range(len(self.arrays))]
        tail = ["  ret void"]
        if self.checks:
            parameters.append("ptr %error")
            tail += ["bad_index:", "  store i32 1, ptr %error, align 4", "  ret void"]
        if self.stops:
            parameters.append("ptr %stop")
            tail += ["stopped:", "  ret void"]
        body = "\n".join(["entry:", *self.regions[0].lines, *tail])
        return f"define internal void @NAME({', '.join(parameters)}) #0 {{\n{body}\n}}\n"

    def _of_pieces(self) -> str:
        """The function ``(context, number of a piece)``; the context is a table of the arrays' addresses and of the cell."""
        lines = []
        for i in range(len(self.arrays)):
            lines += [f"  %a{i} = getelementptr ptr, ptr %context, i64 {i}", f"  %p{i} = load ptr, ptr %a{i}"]
        lines += [
            f"  %stop.a = getelementptr ptr, ptr %context, i64 {len(self.arrays)}",
            "  %stop = load ptr, ptr %stop.a",
        ]
        lines += [*look("", "%stop", "working"), "working:"]  # pieces that are begun after an interrupt end at once
        body = "\n".join(["entry:", *lines, *self.regions[0].lines, "  ret void", "stopped:", "  ret void"])
        self.stops = True
        return f"define internal void @NAME(ptr %context, i64 %piece) #0 {{\n{body}\n}}\n"


def scalar(a: Any) -> Any:
    """The number of a scalar literal; a structured one as the integer that its bytes are."""
    value, dtype = a.value, a.aval.dtype
    if dtype == KEY:
        return int(np.array(value, dtype).view(np.uint64))
    return np.asarray(value).astype(dtype).item()


def collapsed(extents: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """A domain with axes of length 1 dropped, and those merged that lie together in every array."""
    out: list[int] = []
    kept: list[list[int]] = [[] for _ in strides]
    for i, n in enumerate(extents):
        if n == 1:
            continue
        if out and all(k[-1] == s[i] * n for k, s in zip(kept, strides, strict=True)):
            out[-1] *= n
            for k, s in zip(kept, strides, strict=True):
                k[-1] = s[i]
        else:
            out.append(n)
            for k, s in zip(kept, strides, strict=True):
                k.append(s[i])
    return out, kept


def broadcast_strides(shape: Sequence[int], to: Sequence[int]) -> list[int]:
    """Strides, in elements, of a contiguous array that is broadcast."""
    own = [0 if n == 1 else s for n, s in zip(shape, strides_of(shape), strict=True)]
    return [0] * (len(to) - len(shape)) + own


__all__ = ["INT64", "Array", "Text", "Writer", "broadcast_strides", "collapsed", "known", "memory_type", "scalar"]
