"""Scans that carry nothing, their steps in the lanes of vectors and on threads: examples whose loops take differently long.

A batch of `while` loops is such a scan (`ops.control.lanes`), and so is `lax.map`. A lane has the numbers of one step. A loop
goes on while one lane does, under a mask of those that do; lanes that have ended keep what they have. Where a step is one
`while` with little around it, lanes do not wait for the last one: when half of them have ended, their results are stored and
they get the next steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...core import Aval
from ...lowering import meaning
from ...lowering.kinds import Scan, Walk, While
from ...program import Equation, Program, Var
from .. import pool
from ..emitter import V
from ..interrupts import STOPPED, look
from ..nest import is_number, size_of
from ..scalars import cast
from ..serial.step import pieces_of
from ..serial.writer import INT64, Array
from .elements import Value, bytes_of_aval
from .fit import CONTROL_COSTS, cost, few
from .lane_values import LaneValues
from .sidelong import around_a_while, innermost, only_scan, programs
from .spread import Spread
from .tape import Tape, laid_out

TRIPS = 16  # of a loop whose length is not known, to tell whether threads pay
CHEAP = 30  # instructions of a branch, up to which it is computed without asking whether a lane takes it
INSTRUCTION = 0.5  # nanoseconds, about, for all lanes
NONE_LEFT = 99  # the status of a piece whose tape found no memory


class LaneWriter(LaneValues):
    """The function of a scan, a step in each lane: its loops, branches and rows."""

    # --- loops and branches ----------------------------------------------------------------------------------------------

    def _while(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        tests, consts, init = eqn.params["operands"].split(args)
        avals = [v.aval for v in eqn.outputs]
        outer, start = self.mask, self.constant(True, "i1", self.width) if self.mask is None else self.mask
        first, second = self._before(eqn, tests, consts, len(init))
        with self.repeat(start, *self.flat(init)) as loop:
            self.mask = loop.carried[0]
            carried = self.unflat(loop.carried[1:], avals, init)
            (going,) = self.run(eqn.params["cond"], [*tests, *carried], first)
            self.mask = self.both_hold(loop.carried[0], going.elements[()])
            self.leave_unless(loop, self.any_of(self.mask))
            loop.next = [self.mask, *self._stepped(eqn, consts, carried, second, loop.carried[1:])]
        self.mask = outer
        return self.unflat(loop.carried[1:], avals, init)

    def _before(self, eqn: Equation, tests: list[Value], consts: list[Value], n: int) -> tuple[Any, Any]:
        p = eqn.params
        return self.before(p["cond"], [*tests, *[None] * n]), self.before(p["body"], [*consts, *[None] * n])

    def _stepped(
        self, eqn: Equation, consts: list[Value], carried: list[Value], known: Any, old: Sequence[V]
    ) -> list[V]:
        """What is carried after a step, where the mask holds."""
        mask, found = self.mask, self.run(eqn.params["body"], [*consts, *carried], known)
        self.mask = mask
        assert mask is not None
        return [self.select(mask, new, before) for new, before in zip(self.flat(found), old, strict=True)]

    def _cond(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        branches, outer = eqn.params["branches"], self.mask
        index = self.wide(cast(self, args[0].elements[()], eqn.inputs[0].aval.dtype, INT64))
        avals, last = [v.aval for v in eqn.outputs], len(branches) - 1
        kept: list[V] | None = None
        outs: list[Value] = []
        for k, branch in enumerate(branches):
            predicate = "sle" if k == 0 else "sge" if k == last else "eq"
            here = self.constant(True, "i1", self.width) if last == 0 else self.icmp(predicate, index, self.int(k))
            mask = self.both_hold(outer, here)
            instructions = cost(branch, [not few(v.aval) for v in branch.inputs])
            asks = instructions is None or instructions > CHEAP
            self._count += 1
            n, before = self._count, self.ticks
            if asks:
                self.label(f"at{n}")
                some = self.any_of(mask)
                self.raw(f"  br i1 {some.name}, label %case{n}, label %join{n}")
                self.raw(f"case{n}:")
            self.mask = mask
            outs = self.run(branch, args[1:])
            found = self.flat(outs)
            found = found if kept is None else [self.select(here, x, y) for x, y in zip(found, kept, strict=True)]
            if asks:
                after = self.ticks
                self.label(f"from{n}")
                self.label(f"join{n}")
                old = kept or [V("zeroinitializer", x.type, x.lanes, 0) for x in found]
                found = [
                    self.define(f"phi {x.llvm} [ {x.name}, %from{n} ], [ {y.name}, %at{n} ]", x.type, x.lanes, 0)
                    for x, y in zip(found, old, strict=True)
                ]
                if after is not before:
                    right = f"phi i64 [ {after.name}, %from{n} ], [ {before.name}, %at{n} ]"
                    self.ticks = self.define(right, "i64", 1, 0)
            kept = found
        self.mask = outer
        return self.unflat(kept or [], avals, outs)

    def _walk(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        """The loop, with a record for all lanes on the tape, and back, each lane from where it ended."""
        p = eqn.params
        tests, consts, init, fixed, state = p["operands"].split(args)
        forward, back = p["forward"], p["back"]
        nk = len(init)
        kept = forward.out_avals[nk:]
        places, record = laid_out([(bytes_of_aval(a) * self.width, 64) for a in kept])
        self._count += 1
        tape = Tape(self, self._count, record)
        self.tapes.append(tape)
        nothing = [None] * nk
        first, second = self.before(p["cond"], [*tests, *nothing]), self.before(forward, [*consts, *nothing])
        outer, start = self.mask, self.constant(True, "i1", self.width) if self.mask is None else self.mask
        zeros = self.constant(0, "i64", self.width)
        with self.repeat(self.int(0), start, zeros, *self.flat(init)) as loop:
            index, self.mask, steps, *values = loop.carried
            carried = self.unflat(values, forward.out_avals[:nk], init)
            (going,) = self.run(p["cond"], [*tests, *carried], first)
            mask = self.mask = self.both_hold(loop.carried[1], going.elements[()])
            self.leave_unless(loop, self.any_of(mask))
            tape.grow(index, "no_memory")
            found = self.run(forward, [*consts, *carried], second)
            base = tape.record(index)
            for a, at, v in zip(kept, places, found[nk:], strict=True):
                self.put(self._record(a, base, at), v)
            counted = self.iadd(steps, self.cast("zext", mask, "i64"))
            new = [self.select(mask, x, y) for x, y in zip(self.flat(found[:nk]), values, strict=True)]
            loop.next = [self.iadd(index, self.int(1)), mask, counted, *new]
        count, _, steps, *_ = loop.carried
        self.mask = outer
        third = self.before(back, [*fixed, *[None] * (len(back.inputs) - len(fixed))])
        with self.loop(count, *self.flat(state)) as loop:
            i = self.isub(self.isub(count, self.int(1)), loop.index)
            mask = self.mask = self.both_hold(outer, self.icmp("slt", self.wide(i), steps))
            tape.left(i)
            base = tape.record(i)
            rows = [self.bound(self._record(kept[k], base, places[k])) for k in p["slices"]]
            carried = self.unflat(loop.carried[1:], back.out_avals, state)
            found = self.run(back, [*fixed, *carried, *rows], third)
            new = zip(self.flat(found), loop.carried[1:], strict=True)
            loop.next[1:] = [self.select(mask, x, y) for x, y in new]
        self.mask = outer
        tape.end()
        return self.unflat(loop.carried[1:], back.out_avals, state)

    def _record(self, aval: Aval, base: str, at: int) -> Spread:
        pointer = self._further(base, at)
        return Spread(self, aval.dtype, aval.shape, pointer, self.numbers, self.width, self.int(0))

    # --- the steps of the scan -------------------------------------------------------------------------------------------

    def write(self) -> str:
        """The function's text, its name left as ``@NAME``; a piece of its steps is another function."""
        total, program = innermost(self.step.eqn)
        large = [not few(a.aval) for a in self.step.inputs]
        instructions = CONTROL_COSTS[Scan](self.step.eqn, large) or 0
        loops = any(meaning(e) in (While, Walk) for q in programs(program) for e in q.equations)
        blocks = -(-total // self.width)
        time = blocks * instructions * INSTRUCTION * (self.width * 8 / 64) * (TRIPS if loops else 1)
        pieces = pieces_of(time, blocks // 2) or 1
        bounds = [self.binary("udiv", self.scaled(self._piece(k), blocks), self.int(pieces)) for k in (0, 1)]
        first, end = (self.scaled(b, self.width) for b in bounds)
        end = self.intrinsic("smin", end, self.int(total))
        self._steps(program, first, end)
        name = self.module.texts.function(self._of_piece(), "lanes")
        return self._shared(name, pieces)

    def _piece(self, k: int) -> V:
        piece = V("%piece", "i64", 1, 0)
        return piece if k == 0 else self.iadd(piece, self.int(1))

    def _sources(self) -> tuple[list[Any], list[Array]]:
        """What the inputs of the scan are, and the arrays of its results."""
        pointers = {a if type(a) is Var else id(a): f"%p{i}" for i, a in enumerate(self.arrays)}
        consts = self.step.eqn.params["operands"].consts
        found: list[Any] = []
        for k, a in enumerate(self.step.inputs):
            if is_number(a):
                found.append(self.literal(a))  # type: ignore[arg-type]
                continue
            array = self.array(a.aval, pointers[a if type(a) is Var else id(a)])
            found.append(self.bound(array) if k < consts else Value(None, array))
        return found, [self.array(v.aval, pointers[v]) for v in self.step.eqn.outputs]

    def _rows(self, sources: list[Value], number: V, together: V | None) -> list[Value]:
        """The arguments of the innermost body for the steps in the lanes."""
        eqn, values = self.step.eqn, sources
        lengths, levels = [], []
        while True:
            lengths.append(eqn.params["length"])
            levels.append(eqn)
            inner = only_scan(eqn.params["body"])
            if inner is None:
                break
            eqn = inner
        rest, indices = number, []
        for k, n in reversed(list(enumerate(lengths))):
            indices.append(self.binary("urem", rest, self.int(n)) if k else rest)
            rest = self.binary("udiv", rest, self.int(n)) if k else rest
        for k, (eqn, index) in enumerate(zip(levels, reversed(indices), strict=True)):
            if k:
                env = dict(zip(levels[k - 1].params["body"].inputs, values, strict=True))
                values = [env[a] if type(a) is Var else self.literal(a) for a in eqn.inputs]
            consts, reverse = eqn.params["operands"].consts, eqn.params["reverse"]
            rows = []
            for v in values[consts:]:
                array = v.array
                assert array is not None
                at = self.isub(self.int(lengths[k] - 1), index) if reverse else index
                row = self.slice_of(array, at)
                if together is not None and len(levels) == 1 and not reverse and math.prod(row.shape) == 1:
                    assert isinstance(row, Spread)
                    row.together = together
                rows.append(Value(None, row))
            values = [*values[:consts], *rows]
        return values

    def _loaded(self, values: list[Value]) -> list[Value]:
        return [v if v.elements is not None or v.array is None else self.bound(v.array) for v in values]

    def _put_rows(self, targets: list[Array], outs: list[Value], number: V, together: V | None) -> None:
        program = innermost(self.step.eqn)[1]
        reverse = self.step.eqn.params["reverse"]
        length = self.step.eqn.params["length"]
        at = self.isub(self.int(length - 1), number) if reverse else number
        for target, aval, out in zip(targets, program.out_avals, outs, strict=True):
            size = size_of(aval)
            beside = together if size == 1 and not reverse else None
            row = Spread(self, aval.dtype, aval.shape, target.pointer, self.scaled(at, size), 1, beside)
            self.put(row, out)

    def _steps(self, program: Program, first: V, end: V) -> None:
        sources, targets = self._sources()
        parts = around_a_while(program)
        if parts is not None:
            self._in_turn(program, parts, sources, targets, first, end)
            return
        with self.loop(end, first=first, step=self.width) as loop:
            number = self.iadd(self.wide(loop.index), self.numbers)
            mask = self.icmp("slt", number, end)
            number = self.select(mask, number, loop.index)
            self.mask = self.bounded = mask
            values = self._loaded(self._rows(sources, number, loop.index))
            outs = self.run(program, values)
            self.mask = mask
            self._put_rows(targets, outs, number, loop.index)
        self.mask = self.bounded = None

    def _in_turn(  # noqa: PLR0914 (what a lane has)
        self, program: Program, parts: Any, sources: list[Value], targets: list[Array], first: V, end: V
    ) -> None:
        """Lanes that have ended get the next steps when half of all have."""
        before, eqn, after = parts
        nt, nb, _ = eqn.params["operands"]
        avals = [v.aval for v in eqn.outputs]

        def begun(number: V) -> tuple[list[Value], list[Value], list[Value]]:
            """The arguments of the loop and what is needed after it, of new steps; what is not loaded is known by the number."""
            rows = self._rows(sources, number, None)
            made = iter(self.run(before, self._loaded(rows)))
            atoms = before.cache["made"]
            found = [next(made) if few(a.aval) else rows[before.inputs.index(a)] for a in atoms]
            return found[: nt + nb], found[nt + nb : nt + nb + len(avals)], found[nt + nb + len(avals) :]

        number = self.iadd(self.wide(first), self.numbers)
        mask = self.mask = self.icmp("slt", number, end)
        number = self.select(mask, number, first)
        consts, init, needed = begun(number)
        known = [*consts, *needed]
        moving = [[x.lanes > 1 for x in v.elements.reshape(-1)] if v.elements is not None else [] for v in known]
        start = [x for v in known if v.elements is not None for x in v.elements.reshape(-1) if x.lanes > 1]
        free = self.iadd(first, self.int(self.width))
        with self.repeat(free, mask, number, *start, *self.flat(init)) as outer:
            free, alive, number, *rest = outer.carried
            self.leave_unless(outer, self.any_of(alive))
            fixed, old = rest[: len(start)], rest[len(start) :]
            values = self._with(known, moving, fixed, number, sources, before)
            consts, needed = values[: nt + nb], values[nt + nb :]
            self.mask = alive
            one, two = self._before(eqn, consts[:nt], consts[nt:], len(avals))
            more = self.icmp("slt", free, end)
            least = self.select(more, self.int(self.width // 2), self.int(0))
            with self.repeat(alive, *old) as loop:
                self.mask = loop.carried[0]
                carried = self.unflat(loop.carried[1:], avals, init)
                (going,) = self.run(eqn.params["cond"], [*consts[:nt], *carried], one)
                active = self.mask = self.both_hold(loop.carried[0], going.elements[()])
                self.leave_unless(loop, self.icmp("sgt", self.count_of(active), least))
                loop.next = [active, *self._stepped(eqn, consts[nt:], carried, two, loop.carried[1:])]
            ends = self.xor(active, self.constant(True, "i1", self.width))
            self.mask = self.and_(alive, ends)
            outs = self.run(after, [*needed, *self.unflat(loop.carried[1:], avals, init)])
            self._put_rows(targets, outs, number, None)
            place = self.iadd(self.wide(free), self._ranks(ends))
            taken = self.mask = self.and_(ends, self.icmp("slt", place, end))
            number = self.select(taken, place, number)
            consts, new, needed = begun(number)
            flat = [
                x
                for v, flags in zip([*consts, *needed], moving, strict=True)
                for x, b in zip(v.elements.reshape(-1) if flags else [], flags, strict=True)
                if b
            ]
            flat = [self.select(taken, x, y) for x, y in zip(flat, fixed, strict=True)]
            new_flat = [self.select(taken, x, y) for x, y in zip(self.flat(new), loop.carried[1:], strict=True)]
            free = self.iadd(free, self.count_of(ends))
            outer.next = [free, self.or_(active, taken), number, *flat, *new_flat]
        self.mask = None

    def _with(
        self, known: list[Value], moving: list[Any], fixed: Sequence[V], number: V, sources: Any, before: Program
    ) -> list[Value]:
        """Values whose elements are carried, or that stand in memory where the steps' numbers say."""
        rest, found = iter(fixed), []
        rows: list[Value] | None = None
        for v, flags, atom in zip(known, moving, before.cache["known"], strict=True):
            if isinstance(v.array, Spread) and v.elements is None:
                rows = rows or self._rows(sources, number, None)
                found.append(rows[before.inputs.index(atom)])
            elif any(flags):
                elements = [next(rest) if b else x for x, b in zip(v.elements.reshape(-1), flags, strict=True)]
                found.append(Value(self.shaped(elements, v.elements.shape)))
            else:
                found.append(v)
        return found

    def _ranks(self, mask: V) -> V:
        """How many lanes of the mask come before each of them."""
        n = self.width
        values = ", ".join(f"i64 {i}" for i in range(n))
        table = self.module.texts.shared_constant(f"@ranks{n}", f"[{n} x i64] [{values}], align 64")
        name = f"llvm.masked.expandload.v{n}i64"
        vector = f"<{n} x i64>"
        self.declarations.setdefault(name, f"declare {vector} @{name}(ptr, <{n} x i1>, {vector})")
        return self.define(f"call {vector} @{name}(ptr {table}, {mask!r}, {vector} zeroinitializer)", "i64", n, 0)

    # --- text ----------------------------------------------------------------------------------------------------------

    def _of_piece(self) -> str:
        n = len(self.arrays)
        lines = ["entry:", *self.head]
        for i, name in enumerate([*[f"p{i}" for i in range(n)], "stop", "status"]):
            lines += [
                f"  %at.{name} = getelementptr ptr, ptr %context, i64 {i}",
                f"  %{name} = load ptr, ptr %at.{name}",
            ]
        lines += [*look("", "%stop", "working"), "working:", *self.regions[0].lines, "  ret void"]
        for name, status in (("bad_index", 1), ("no_memory", NONE_LEFT), ("stopped", None)):
            lines.append(f"{name}:")
            for k, tape in enumerate(self.tapes):
                if name != "stopped":
                    lines += tape.freed(f"%{name}{k}")
            if name == "stopped" and self.tapes:
                lines += [line for k, tape in enumerate(self.tapes) for line in tape.freed(f"%last{k}")]
            if status is not None:
                lines.append(f"  store atomic i32 {status}, ptr %status monotonic, align 4")
            lines.append("  ret void")
        body = "\n".join(lines)
        return f"define internal void @NAME(ptr %context, i64 %piece) #0 {{\n{body}\n}}\n"

    def _shared(self, name: str, pieces: int) -> str:
        n = len(self.arrays)
        lines = ["entry:", f"  %table = alloca ptr, i64 {n + 2}", "  %stop = alloca i32", "  %status = alloca i32"]
        lines += ["  store i32 0, ptr %stop", "  store i32 0, ptr %status"]
        for i, value in enumerate([*[f"%p{i}" for i in range(n)], "%stop", "%status"]):
            lines += [f"  %slot{i} = getelementptr ptr, ptr %table, i64 {i}", f"  store ptr {value}, ptr %slot{i}"]
        if pieces > 1:
            self.declarations.setdefault(pool.NAME, pool.DECLARATION)
            lines.append(f"  call void @{pool.NAME}(ptr @{name}, ptr %table, i64 {pieces})")
        else:
            lines.append(f"  call void @{name}(ptr %table, i64 0)")
        lines += [*look("", "%stop", "whole"), "stopped:", f"  ret i32 {STOPPED}", "whole:"]
        lines.append("  %found = load i32, ptr %status")
        if self.tapes:
            lines += [
                f"  %none = icmp eq i32 %found, {NONE_LEFT}",
                "  br i1 %none, label %empty, label %done",
                "empty:",
            ]
            lines += [*self.module.no_memory("%told.none"), "done:"]
        lines.append("  ret i32 %found")
        parameters = ", ".join([*[f"ptr %p{i}" for i in range(n)], "ptr %callback"])
        return f"define internal i32 @NAME({parameters}) #0 {{\n" + "\n".join(lines) + "\n}\n"


__all__ = ["LaneWriter"]
