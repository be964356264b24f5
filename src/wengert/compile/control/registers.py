"""Loops and branches with their values in registers: Programs of few numbers, written element by element.

What is carried are phis, slices are loads and stores at addresses that move on, loops in loops are loops in the same
function. Arrays that are too large for registers may be read at places that are computed. `fit` says what can be
written so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Aval
from ...lowering import meaning
from ...lowering.kinds import Branch, Scan, Walk, While
from ...program import Equation, Literal, Var
from ..emitter import V
from ..interrupts import STOPPED
from ..nest import is_number, size_of
from ..scalars import cast
from ..serial.writer import INT64, Array
from .elements import ElementWriter, Value, bytes_of_aval
from .fit import branch_pairs
from .step import Control
from .tape import Tape, laid_out


class RegisterWriter(ElementWriter):
    """The function of a step, over the addresses of its arrays."""

    def __init__(self, step: Control, module: Any) -> None:
        super().__init__(module)
        self.step = step
        self.arrays = step.arrays
        self.tapes: list[Tape] = []

    def write(self) -> str:
        """The function's text, its name left as ``@NAME``."""
        pointers = {a if type(a) is Var else id(a): f"%p{i}" for i, a in enumerate(self.arrays)}
        args = []
        for a in self.step.inputs:
            if is_number(a):
                assert type(a) is Literal
                args.append(self.literal(a))
            else:
                args.append(self.bound(self.array(a.aval, pointers[a if type(a) is Var else id(a)])))
        targets = [self.array(v.aval, pointers[v]) for v in self.step.eqn.outputs]
        for k, i in self.step.reuses.items():  # changed in place, in the memory of the result
            if k not in self.step.shared and not self.step.starts_blank(k):
                self.copy(targets[k].pointer, args[i].array.pointer, bytes_of_aval(self.step.inputs[i].aval))
            args[i] = Value(None, targets[k])
        self.control(self.step.eqn, args, targets)
        parameters = [f"ptr %p{i}" for i in range(len(self.arrays))]
        tail = ["  ret i32 0"]
        free = [line for k, tape in enumerate(self.tapes) for line in tape.freed(f"%left{k}")]
        if self.fails:
            tail += ["bad_index:", *free, "  ret i32 1"]
        if self.stops:
            tail += ["stopped:", *[line.replace("%left", "%last") for line in free], f"  ret i32 {STOPPED}"]
        if self.tapes:
            tail += ["no_memory:", *[line.replace("%left", "%rest") for line in free]]
            tail += self.module.no_memory("%none")
        body = "\n".join(["entry:", *self.head, *self.regions[0].lines, *tail])
        return f"define internal i32 @NAME({', '.join([*parameters, 'ptr %callback'])}) #0 {{\n{body}\n}}\n"

    # --- loops and branches --------------------------------------------------------------------------------------

    def control(self, eqn: Equation, args: list[Value], targets: list[Array] | None) -> list[Value]:
        """Write a loop or branch; with `targets`, its results go there."""
        write = {Scan: self._scan, While: self._while, Branch: self._cond, Walk: self._walk}[meaning(eqn)]
        outs = write(eqn, args, targets)
        for array, value in zip(targets or [], outs, strict=False):
            if value.elements is not None and value.array is not array:
                self.put(array, value)
        return outs

    @staticmethod
    def flat(values: Sequence[Value]) -> list[V]:
        return [x for v in values if v.elements is not None for x in v.elements.reshape(-1)]

    def unflat(self, flat: Sequence[V], avals: Sequence[Aval], like: Sequence[Value]) -> list[Value]:
        """Values of these types from their elements; those of `like` that are in memory are there still."""
        rest, found = iter(flat), []
        for a, known in zip(avals, like, strict=True):
            if known.elements is None:
                found.append(known)
            else:
                found.append(Value(self.shaped([next(rest) for _ in range(size_of(a))], a.shape)))
        return found

    @staticmethod
    def held(values: Sequence[Value], first: int) -> list[tuple[int, int]]:
        """The carried values that are in memory, as inputs and results of a body."""
        return [(first + k, k) for k, v in enumerate(values) if v.elements is None]

    def _scan(self, eqn: Equation, args: list[Value], targets: list[Array] | None) -> list[Value]:
        p = eqn.params
        operands, n, body = p["operands"], p["length"], p["body"]
        nc, nk, _ = operands
        consts, init, xs = operands.split(args)
        outs = [v.aval for v in eqn.outputs]
        slices = (
            [self.in_memory(x, a.aval) for x, a in zip(xs, operands.split(eqn.inputs)[2], strict=True)] if n else []
        )
        ys = targets[nk:] if targets is not None else [self.room(a) for a in outs[nk:]]
        before = self.before(body, [*consts, *[None] * (nk + len(xs))], runs=True) if n else {}
        with self.loop(n, *self.flat(init)) as loop:
            i = self.isub(self.int(n - 1), loop.index) if p["reverse"] else loop.index
            carried = self.unflat(loop.carried[1:], outs[:nk], init)
            rows = [self.bound(self.slice_of(x, i)) for x in slices]
            if not n:
                rows = [Value(None)] * len(xs)
                loop.next = list(loop.carried)
            else:
                found = self.run(body, [*consts, *carried, *rows], before, self.held(init, nc), nk)
                for y, v in zip(ys, found[nk:], strict=True):
                    self.put(self.slice_of(y, i), v)
                loop.next[1:] = self.flat(found[:nk])
        results = self.unflat(loop.carried[1:], outs[:nk], init)
        if targets is not None:
            return [*results, *[Value(None, y) for y in ys]]
        return [*results, *[self.bound(y) for y in ys]]

    def _while(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        p = eqn.params
        tests, consts, init = p["operands"].split(args)
        avals = [v.aval for v in eqn.outputs]
        nothing = [None] * len(init)
        first, second = self.before(p["cond"], [*tests, *nothing]), self.before(p["body"], [*consts, *nothing])
        with self.repeat(*self.flat(init)) as loop:
            carried = self.unflat(loop.carried, avals, init)
            (going,) = self.run(p["cond"], [*tests, *carried], first)
            self.leave_unless(loop, going.elements[()])
            loop.next = self.flat(self.run(p["body"], [*consts, *carried], second, self.held(init, len(consts))))
        return self.unflat(loop.carried, avals, init)

    def _cond(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        branches = eqn.params["branches"]
        index = cast(self, args[0].elements[()], eqn.inputs[0].aval.dtype, INT64)
        avals = [v.aval for v in eqn.outputs]
        self._count += 1
        n = self._count
        results: list[list[V]] = []
        outs: list[Value] = []
        held = branch_pairs(eqn, [a.elements is None for a in args])
        last = len(branches) - 1
        before, ticks = self.ticks, []
        for k, branch in enumerate(branches):
            if k < last:
                here = self.icmp("sle" if k == 0 else "eq", index, self.int(k))
                self.raw(f"  br i1 {here.name}, label %case{n}.{k}, label %else{n}.{k}")
                self.raw(f"case{n}.{k}:")
            self.ticks = before
            outs = self.run(branch, args[1:], None, held)
            results.append(self.flat(outs))
            ticks.append(self.ticks)
            self.label(f"from{n}.{k}")
            self.raw(f"  br label %join{n}")
            if k < last:
                self.raw(f"else{n}.{k}:")
        self.raw(f"join{n}:")
        joined = []
        for values in zip(*results, strict=True):
            sources = ", ".join(f"[ {v.name}, %from{n}.{k} ]" for k, v in enumerate(values))
            joined.append(self.define(f"phi {values[0].llvm} {sources}", values[0].type, 1, 0))
        self.ticks = before
        if any(t is not before for t in ticks):
            sources = ", ".join(f"[ {t.name}, %from{n}.{k} ]" for k, t in enumerate(ticks))
            self.ticks = self.define(f"phi i64 {sources}", "i64", 1, 0)
        return self.unflat(joined, avals, outs)

    def _walk(self, eqn: Equation, args: list[Value], targets: Any) -> list[Value]:
        p = eqn.params
        tests, consts, init, fixed, state = p["operands"].split(args)
        forward, back = p["forward"], p["back"]
        nk = len(init)
        kept = forward.out_avals[nk:]
        places, record = laid_out([(bytes_of_aval(a), a.dtype.itemsize) for a in kept])
        self._count += 1
        tape = Tape(self, self._count, record)
        self.tapes.append(tape)
        nothing = [None] * nk
        first, second = self.before(p["cond"], [*tests, *nothing]), self.before(forward, [*consts, *nothing])
        with self.repeat(self.int(0), *self.flat(init)) as loop:
            index = loop.index
            carried = self.unflat(loop.carried[1:], forward.out_avals[:nk], init)
            (going,) = self.run(p["cond"], [*tests, *carried], first)
            self.leave_unless(loop, going.elements[()])
            tape.grow(index, "no_memory")
            found = self.run(forward, [*consts, *carried], second)
            base = tape.record(index)
            for a, at, v in zip(kept, places, found[nk:], strict=True):
                self.put(self.array(a, self._further(base, at)), v)
            loop.next = [self.iadd(index, self.int(1)), *self.flat(found[:nk])]
        count = loop.carried[0]
        third = self.before(back, [*fixed, *[None] * (len(back.inputs) - len(fixed))])
        with self.loop(count, *self.flat(state)) as loop:
            i = self.isub(self.isub(count, self.int(1)), loop.index)
            tape.left(i)
            base = tape.record(i)
            rows = [self.bound(self.array(kept[k], self._further(base, places[k]))) for k in p["slices"]]
            carried = self.unflat(loop.carried[1:], back.out_avals, state)
            found = self.run(back, [*fixed, *carried, *rows], third, self.held(state, len(fixed)))
            loop.next[1:] = self.flat(found)
        tape.end()
        return self.unflat(loop.carried[1:], back.out_avals, state)

    def _further(self, base: str, at: int) -> str:
        return self.define(f"getelementptr i8, ptr {base}, i64 {at}", "ptr", 1, 0).name if at else base


__all__ = ["RegisterWriter"]
