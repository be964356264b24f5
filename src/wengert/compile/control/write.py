"""Loops and branches over arrays in memory: a function that calls those of their Programs with tables of addresses.

What is carried lies in two places by turns, or in one where a step updates it in place; slices are addresses that move
on; nothing is allocated but the tape of `walk`.
"""

from __future__ import annotations

from typing import Any

from ...lowering.kinds import Branch, Scan, Walk, While
from ...program import Var
from ..emitter import V
from ..interrupts import STOPPED
from ..nest import is_number, size_of
from ..serial.writer import Loop, Text
from .step import Body, Control
from .tape import Tape, laid_out


def bytes_of(a: Any) -> int:
    return size_of(a.aval) * a.aval.dtype.itemsize


class Table:
    """The addresses that the function of a Program takes."""

    def __init__(self, w: ControlWriter, body: Body, workspace: str) -> None:
        self.w, self.body, self.workspace = w, body, workspace
        self.function = w.module.function_of(body.plan)
        memory = body.memory
        self._results = len(memory.arguments)
        n = self._results + len(memory.results)
        w.count += 1
        self.name = f"%table{w.count}"
        w.head.append(f"  {self.name} = alloca ptr, i64 {max(n, 1)}")

    def argument(self, i: int, pointer: str) -> None:
        self._set(i, pointer)

    def result(self, i: int, pointer: str) -> None:
        self._set(self._results + i, pointer)

    def _set(self, i: int, pointer: str) -> None:
        w = self.w
        slot = w.define(f"getelementptr ptr, ptr {self.name}, i64 {i}", "ptr", 1, 0)
        w.raw(f"  store ptr {pointer}, ptr {slot.name}")

    def call(self) -> None:
        w = self.w
        s = w.define(f"call i32 @{self.function}(ptr {self.name}, ptr {self.workspace}, ptr %callback)", "i32", 1, 0)
        bad = w.icmp("ne", s, w.constant(0, "i32"))
        w.takes(self.body.plan.time)
        w.count += 1
        w.raw(f"  br i1 {bad.name}, label %bad{w.count}, label %good{w.count}")
        w.raw(f"bad{w.count}:")
        for line in w.leaving:
            w.raw(line.replace("%left", f"%left{w.count}"))
        w.raw(f"  ret i32 {s.name}")
        w.raw(f"good{w.count}:")


class ControlWriter(Text):
    """The function of a step, over the addresses of its arrays."""

    def __init__(self, step: Control, module: Any) -> None:
        super().__init__()
        self.step, self.module = step, module
        self.arrays = step.arrays
        self.count = 0
        self.head: list[str] = []
        self.leaving: list[str] = []  # what is done before the function returns early
        self._without_memory = False  # whether a block is gone to where there is no memory
        self._results = {f"%p{i}" for i, a in enumerate(self.arrays) if a in step.eqn.outputs}
        self._pointers = {self._key(a): f"%p{i}" for i, a in enumerate(self.arrays)}

    def _key(self, a: Any) -> Any:
        return a if type(a) is Var else id(a)

    def pointer(self, a: Any) -> str:
        return self.module.texts.constant(a) if is_number(a) else self._pointers[self._key(a)]

    def room(self, role: str) -> str:
        v = self.step.room.get(role)
        return "null" if v is None else self.pointer(v)

    def moved(self, pointer: str, index: V, size: int) -> str:
        """An address so many slices further."""
        if size == 0:
            return pointer
        return self.define(f"getelementptr i8, ptr {pointer}, {self.scaled(index, size)!r}", "ptr", 1, 0).name

    def same(self, a: Any, b: Any) -> bool:
        storage = self.module.memory.storage
        return type(a) is Var and storage(a) is storage(b)

    def write(self) -> str:
        """The function's text, its name left as ``@NAME``."""
        {Scan: self._scan, While: self._while, Branch: self._cond, Walk: self._walk}[self.step.kind]()
        parameters = [f"ptr %p{i}" for i in range(len(self.arrays))]
        tail = ["  ret i32 0"]
        if self.stops:
            left = [line.replace("%left", "%left.stopped") for line in self.leaving]
            tail += ["stopped:", *left, f"  ret i32 {STOPPED}"]
        if self._without_memory:
            tail += ["no_memory:", *[line.replace("%left", "%left.none") for line in self.leaving]]
            tail += self.module.no_memory("%none")
        body = "\n".join(["entry:", *self.head, *self.regions[0].lines, *tail])
        return f"define internal i32 @NAME({', '.join([*parameters, 'ptr %callback'])}) #0 {{\n{body}\n}}\n"

    # --- what is carried -----------------------------------------------------------------------------------------

    def _start(self, body: Body, init: list[Any], targets: list[str], role: str, even: bool = False) -> list[V]:
        """For each carried value its first addresses: where it is, where the next goes, and the spare place.

        Args:
            even: whether the number of steps is known and even, so that the last step writes the target.
        """
        found = []
        for k, (a, target) in enumerate(zip(init, targets, strict=True)):
            here = self.pointer(a)
            shared = k in self.step.shared and target in self._results
            if k in body.held:
                if not shared and not self.step.starts_blank(k):
                    self.copy(target, here, bytes_of(a))
                found.append((target, target, target))
            elif shared:
                found.append((target, self.room(f"{role}{k}"), target))
            else:
                other = self.room(f"{role}{k}")
                found.append((here, other, target) if even else (here, target, other))
        return [V(p, "ptr", 1, 0) for triple in found for p in triple]

    def _carry(self, loop: Loop, first: int, n: int, body: Body) -> list[tuple[str, str]]:
        """For each carried value where it is and where the next goes; sets what follows in the loop."""
        pairs = []
        for k in range(n):
            at = first + 3 * k
            here, there, spare = loop.carried[at : at + 3]
            pairs.append((here.name, there.name))
            if k not in body.held:
                loop.next[at : at + 3] = [there, spare, there]
        return pairs

    def _finish(self, loop: Loop, first: int, targets: list[Any]) -> None:
        """Copy what the loop left in another place than the target."""
        for k, (target, size) in enumerate(targets):
            here = loop.carried[first + 3 * k]
            if size:
                with self.when(self.icmp("ne", here, V(target, "ptr", 1, 0))):
                    self.copy(target, here.name, size)

    # --- the four ------------------------------------------------------------------------------------------------

    def _scan(self) -> None:
        step, p = self.step, self.step.eqn.params
        nc, nk, _ = p["operands"]
        n = p["length"]
        consts, init, xs = p["operands"].split(step.inputs)
        carry, ys = step.eqn.outputs[:nk], step.eqn.outputs[nk:]
        body = step.bodies["body"]
        table = Table(self, body, self.room("workspace"))
        for i, a in enumerate(consts):
            table.argument(i, self.pointer(a))
        targets = [self.pointer(v) for v in carry]
        start = self._start(body, init, targets, "carry", n % 2 == 0)
        with self.loop(n, *start) as loop:
            i = self.isub(self.int(n - 1), loop.index) if p["reverse"] else loop.index
            for k, (here, there) in enumerate(self._carry(loop, 1, nk, body)):
                table.argument(nc + k, here)
                table.result(k, there)
            for k, x in enumerate(xs):
                table.argument(nc + nk + k, self.moved(self.pointer(x), i, bytes_of(x) // max(n, 1)))
            for k, y in enumerate(ys):
                table.result(nk + k, self.moved(self.pointer(y), i, bytes_of(y) // max(n, 1)))
            table.call()
        self._finish(loop, 1, [(t, bytes_of(v)) for t, v in zip(targets, carry, strict=True)])

    def _test(self, tests: list[Any]) -> Table:
        cond = Table(self, self.step.bodies["cond"], self.room("workspace"))
        for i, a in enumerate(tests):
            cond.argument(i, self.pointer(a))
        cond.result(0, self.room("flag"))
        return cond

    def _going(self, loop: Loop, cond: Table, n_tests: int, pairs: list[tuple[str, str]]) -> None:
        for k, (here, _) in enumerate(pairs):
            cond.argument(n_tests + k, here)
        cond.call()
        flag = self.define(f"load i8, ptr {self.room('flag')}", "i8", 1, 0)
        self.leave_unless(loop, self.icmp("ne", flag, self.constant(0, "i8")))

    def _while(self) -> None:
        step, p = self.step, self.step.eqn.params
        tests, consts, init = p["operands"].split(step.inputs)
        body = step.bodies["body"]
        cond = self._test(tests)
        table = Table(self, body, self.room("workspace"))
        for i, a in enumerate(consts):
            table.argument(i, self.pointer(a))
        targets = [self.pointer(v) for v in step.eqn.outputs]
        with self.repeat(*self._start(body, init, targets, "carry")) as loop:
            pairs = self._carry(loop, 0, len(init), body)
            self._going(loop, cond, len(tests), pairs)
            for k, (here, there) in enumerate(pairs):
                table.argument(len(consts) + k, here)
                table.result(k, there)
            table.call()
        self._finish(loop, 0, [(t, bytes_of(v)) for t, v in zip(targets, step.eqn.outputs, strict=True)])

    def _cond(self) -> None:
        step = self.step
        index, operands = step.inputs[0], step.inputs[1:]
        branches = list(step.bodies.values())
        width = 8 * index.aval.dtype.itemsize
        i = self.define(f"load i{width}, ptr {self.pointer(index)}", f"i{width}", 1, 0)
        kind = index.aval.dtype.kind
        for k, j in step.reuses.items():
            if k not in step.shared:
                self.copy(
                    self.pointer(step.eqn.outputs[k]), self.pointer(step.inputs[j]), bytes_of(step.eqn.outputs[k])
                )
        places = {j - 1: self.pointer(step.eqn.outputs[k]) for k, j in step.reuses.items()}
        for n, body in enumerate(branches):
            if n == 0:
                chosen = self.icmp("sle" if kind == "i" else "eq", i, self.const(0, i))
            elif n == len(branches) - 1:
                chosen = self.icmp("sge" if kind == "i" else "uge", i, self.const(n, i))
            else:
                chosen = self.icmp("eq", i, self.const(n, i))
            if len(branches) == 1:
                chosen = self.constant(True, "i1")
            with self.when(chosen):
                table = Table(self, body, self.room("workspace"))
                for k, a in enumerate(operands):
                    table.argument(k, places.get(k) or self.pointer(a))
                for k, v in enumerate(step.eqn.outputs):
                    table.result(k, self.pointer(v))
                table.call()

    def _walk(self) -> None:
        step, p = self.step, self.step.eqn.params
        tests, consts, init, fixed, state = p["operands"].split(step.inputs)
        forward, back = step.bodies["forward"], step.bodies["back"]
        slices = forward.program.outputs[len(init) :]
        places, record = laid_out([(bytes_of(v), 16) for v in slices])
        tape = Tape(self, 0, record)
        self.leaving = tape.freed("%left")
        cond = self._test(tests)
        table = Table(self, forward, self.room("workspace"))
        for i, a in enumerate(consts):
            table.argument(i, self.pointer(a))
        targets = [self.room(f"carry{k}.first") for k in range(len(init))]
        start = self._start(forward, init, targets, "carry")
        with self.repeat(self.int(0), *start) as loop:
            index = loop.index
            pairs = self._carry(loop, 1, len(init), forward)
            self._going(loop, cond, len(tests), pairs)
            loop.next[0] = self.iadd(index, self.int(1))
            tape.grow(index, "no_memory")
            base = tape.record(index)
            for k, (here, there) in enumerate(pairs):
                table.argument(len(consts) + k, here)
                table.result(k, there)
            for k, at in enumerate(places):
                table.result(len(init) + k, self.moved(base, self.int(1), at))
            table.call()
        count = loop.carried[0]
        walk = Table(self, back, self.room("workspace"))
        for i, a in enumerate(fixed):
            walk.argument(i, self.pointer(a))
        results = [self.pointer(v) for v in step.eqn.outputs]
        with self.loop(count, *self._start(back, state, results, "state")) as loop:
            i = self.isub(self.isub(count, self.int(1)), loop.index)
            tape.left(i)
            base = tape.record(i)
            for k, (here, there) in enumerate(self._carry(loop, 1, len(state), back)):
                walk.argument(len(fixed) + k, here)
                walk.result(k, there)
            for k, number in enumerate(p["slices"]):
                walk.argument(len(fixed) + len(state) + k, self.moved(base, self.int(1), places[number]))
            walk.call()
        self._finish(loop, 1, [(t, bytes_of(v)) for t, v in zip(results, step.eqn.outputs, strict=True)])
        tape.end()
        self._without_memory = record > 0


__all__ = ["ControlWriter"]
