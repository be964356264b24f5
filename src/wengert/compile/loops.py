"""Loops: a loop nest as one LLVM function.

Axes that lie together in every array become one loop. One loop is a vector loop: its values are vectors of `lanes`
elements. Where its length is no multiple of that, its last vector overlaps the one before, so that there is no
remainder loop; a reduction masks what it has seen, after the loop where a step is short. Each reduction has one vector accumulator and a fixed order.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Any

import numpy as np

from ..lowering.formulas import product
from ..program import AVAL, Var
from .access import BOOL, Access
from .emitter import FLOATS, Region, V
from .fusion import Kernel, Root
from .interrupts import DECLARATION, NAME, ask, strip
from .narrow import from_memory, rounded, to_memory
from .nest import Node
from .rows import blocks, write_rows
from .scalars import KEY, MEMORY_TYPES, REGISTERS, cast, emit_elementwise, lowered
from .schedule import Loop, nanoseconds, work_in

FRESH = 0.3  # nanoseconds to write a byte of memory that the system has yet to find
_DTYPE = attrgetter("aval.dtype")
FLOAT64 = np.dtype(np.float64)
SHORT = 6  # additions of a point, below which a last vector is written after the loop
OUTLINED = 4  # from so many uses in one nest on, a vector function is called instead of written out: LLVM's time


_LAST = Loop(-1, 1, True)  # after all


class _Accumulator:
    """A reduction under way: its value at each loop depth, and what it becomes at the end of the innermost one."""

    def __init__(self, root: Root | None, dtype: np.dtype, start: V, first: int) -> None:
        self.root = root
        self.dtype = dtype
        self.start = start
        self.first = first  # the loop at which it starts
        self.names: list[str] = []
        self.value: V = start
        self.next: V = start


class KernelWriter(Access):
    """Writes one kernel as the text of a function over pointers to its arrays."""

    def __init__(self, kernel: Kernel, storage: Any, vector_bytes: int) -> None:
        super().__init__(kernel, storage, vector_bytes)
        self._values: list[V] = []
        self._accumulators: list[_Accumulator] = []
        self.checks = bool([n for n in kernel.nest.nodes if n.kind == "checked"])
        self._strip = self._strips(vector_bytes)
        self.stops = self._strip is not None  # whether it ends before its time, where it is interrupted
        self._bad: list[V] = []
        functions = [n.data.primitive.native for n in kernel.nest.nodes if n.kind == "op"]
        self._calls = Counter([f for f in functions if f.long])

    # --- pieces --------------------------------------------------------------------------------------------------

    def _strips(self, vector_bytes: int) -> tuple[int, int] | None:
        """The loop that is run in strips, and the length of one as its counter counts; None for a short kernel."""
        loops, chunks = self.schedule.loops, self.kernel.chunks
        pieces = 1 if chunks is None else chunks.count
        trips = [-(-x.extent // x.lanes) for x in loops]
        if chunks is not None:
            trips[chunks.loop] = -(-trips[chunks.loop] // pieces)
        written = sum([r.target.aval.size * r.target.aval.dtype.itemsize for r in self.kernel.roots])
        time = max(nanoseconds(self.kernel, self.schedule), written * FRESH)
        found = strip(trips, time / pieces)
        if found is None and chunks is not None:
            found = (chunks.loop, chunks.length)  # so that its pieces know of one another
        return None if found is None else (found[0], found[1] * loops[found[0]].lanes)

    # --- nodes ---------------------------------------------------------------------------------------------------

    def emit(self, node: Node) -> V:
        e, values, kind = self.e, self._values, node.kind
        if kind == "op":
            return self._operation(node)
        args = [values[i] for i in node.args] if node.args else []
        if kind == "load":
            return self.load(node, args)
        if kind == "number":
            return e.constant(_as(node.data, node.dtype), REGISTERS[node.dtype])
        if kind == "product":
            x, y = self.level(args)
            return product(e, x, y) if x.type in FLOATS else e.imul(x, y)
        if kind == "index":
            return self.vector_index(node.data)
        if kind == "inside":
            (x,), (low, high) = args, node.data
            shifted = x if low == 0 else e.isub(x, e.const(low, x))
            return e.icmp("ult", shifted, e.const(high - low, x))
        if kind == "and":
            return e.and_(*self.level(args))
        if kind == "select":
            c, x, y = args
            lanes = max(a.lanes for a in args)
            return e.select(e.splat(c, lanes), e.splat(x, lanes), e.splat(y, lanes))
        if kind == "sum":
            return e.iadd(*self.level(args))
        if kind == "scaled":
            return e.imul(args[0], e.const(node.data, args[0]))
        if kind == "affine":
            factor, shift = node.data
            return e.iadd(e.imul(args[0], e.const(factor, args[0])), e.const(shift, args[0]))
        assert kind == "checked", kind
        return self._checked(node, args)

    def _operation(self, node: Node) -> V:
        eqn, values = node.data, self._values
        out = eqn.outputs[0].aval
        loops = lowered(eqn.primitive, list(map(AVAL, eqn.inputs)), out)
        assert loops is not None
        pairs = list(zip(map(values.__getitem__, node.args), map(_DTYPE, eqn.inputs), strict=True))
        formula = eqn.primitive.native
        return emit_elementwise(self.e, formula, loops, out.dtype, pairs, self._calls.get(formula, 0) >= OUTLINED)

    def _checked(self, node: Node, args: list[V]) -> V:
        e, n = self.e, node.data
        source = self.kernel.nest.nodes[node.args[0]].dtype
        i = cast(e, args[0], source, np.dtype(np.int64))
        zero, length = e.const(0, i), e.const(n, i)
        wrapped = e.select(e.icmp("slt", i, zero), e.iadd(i, length), i) if source.kind == "i" else i
        bad = e.icmp("uge", wrapped, length)
        noted = bad
        if len(args) > 1:
            noted = e.and_(*self.level([bad, args[1]]))
        self._bad.append(noted)
        return e.select(bad, zero, wrapped)

    # --- results -------------------------------------------------------------------------------------------------

    def _accumulator(self, root: Root) -> _Accumulator:
        dtype = root.target.aval.dtype
        type_ = REGISTERS[dtype]
        vector = self.schedule.vector
        lanes = vector.lanes if vector is not None else 1
        first = [x.reduced for x in (*self.schedule.loops, _LAST)].index(True)
        return _Accumulator(root, dtype, self.e.constant(root.combine.identity(dtype), type_, lanes), first)

    # --- the function ----------------------------------------------------------------------------------------------

    def write(self) -> str:  # noqa: C901 (a nest in the order of its text; a call more is one for each nest of a first call)
        """The function's text, its name left as ``@NAME``."""
        e, schedule = self.e, self.schedule
        kernel = self.kernel
        loops = schedule.loops
        sums = [r for r in kernel.roots if r.combine is not None] if schedule.in_memory else []
        for root in sums:
            self._clear(root)
        self._accumulators = [self._accumulator(r) for r in kernel.roots if r.combine is not None and r not in sums]
        if self.checks:
            self._accumulators.append(_Accumulator(None, BOOL, e.constant(False, "i1"), 0))
        if loops and loops[-1].reduced:
            loops[-1].peeled = self._peels(len(loops) - 1)
        for k, loop in enumerate(loops):
            self._open(loop, k)
        self._point()
        plain = [r for r in kernel.roots if r.combine is None]
        for block in [[r] for r in plain] if kernel.in_place else blocks(plain, schedule):
            if len(block) == 1:
                self.store(block[0].target, block[0].offset, self._values[block[0].node], True)
            else:
                write_rows(self, block, [self._values[r.node] for r in block])
        for root in sums:
            self._add_to(root)
        for k in range(len(loops), -1, -1):  # at the last there is nothing to reduce over
            if k < len(loops):
                self._close(loops[k], k)
                if loops[k].peeled:
                    self._last_vector(loops[k])
            for acc in self._accumulators:
                if acc.root is not None and acc.first == k:
                    self._finish(acc)
        for acc in self._accumulators:
            if acc.root is None:
                self._finish_check(acc)
        parameters = [f"ptr noalias %p{i}" for i in range(len(self.arrays))]
        parameters += ["ptr %error"] if self.checks else []
        parameters += ["ptr %stop"] if self.stops else []
        parameters += ["i64 %begin", "i64 %end"] if kernel.chunks is not None else []
        body = "\n".join([*e.regions[0].lines, "  ret void", *(["stopped:", "  ret void"] if self.stops else [])])
        return f"define internal void @NAME({', '.join(parameters)}) #0 {{\nentry:\n{body}\n}}\n"

    def _point(self) -> None:
        """What is computed at a point, and what reductions make of it."""
        for node in self.kernel.nest.nodes:
            self._values.append(self.emit(node))
        for acc in self._accumulators:
            self._update(acc)

    def _peels(self, k: int) -> bool:
        """Whether the innermost loop, number `k`, which reduces, leaves its last vector to be written after it: of short sums, whose steps
        would otherwise look which lanes are new.
        """
        loop, chunks = self.schedule.loops[k], self.kernel.chunks
        whole = not self.schedule.in_memory and all(r.combine is not None for r in self.kernel.roots)
        cut = (chunks is not None and chunks.loop == k) or (self._strip is not None and self._strip[0] == k)
        if loop.lanes == 1 or loop.extent % loop.lanes == 0 or cut or not whole:
            return False
        return work_in(self.kernel.nest.nodes) < SHORT

    def _last_vector(self, loop: Loop) -> None:
        """The vector at the end of a loop that is written, once more with the place that is known."""
        depth = len(self.e.regions) - 1
        loop.variable = self.e.constant(loop.extent - loop.lanes, "i64")
        self._values, self._bad = [], []
        for acc in self._accumulators:
            acc.value = V(acc.next.name, acc.next.type, acc.next.lanes, depth, acc.next.const)
        self._point()

    def _open(self, loop: Loop, k: int) -> None:
        e = self.e
        e.regions.append(Region())
        depth = loop.depth = len(e.regions) - 1
        loop.counter = e.fresh("k")
        counter = V(loop.counter, "i64", 1, depth)
        if loop.lanes == 1 or loop.extent % loop.lanes == 0 or loop.peeled:
            loop.variable = counter
        else:
            last = e.constant(loop.extent - loop.lanes, "i64")
            loop.variable = e.intrinsic("smin", counter, last)
        for acc in self._accumulators:
            if k >= acc.first:
                name = e.fresh("acc")
                acc.names.append(name)
                acc.value = V(name, acc.start.type, acc.start.lanes, depth)

    def _update(self, acc: _Accumulator) -> None:
        e, loops = self.e, self.schedule.loops
        if acc.root is None:
            for bad in self._bad:
                flag = bad
                if bad.lanes > 1:
                    name = f"llvm.vector.reduce.or.v{bad.lanes}i1"
                    e.declarations.setdefault(name, f"declare i1 @{name}(<{bad.lanes} x i1>)")
                    flag = e.define(f"call i1 @{name}({bad.text})", "i1", 1, bad.depth)
                acc.value = e.or_(acc.value, flag)
            acc.next = acc.value
            return
        root = acc.root
        value = self._counted(root, acc.dtype, acc.start)
        alone = acc.first == len(loops)
        acc.next = value if alone else root.combine.accumulate(e, acc.dtype, acc.value, value)

    def _counted(self, root: Root, dtype: np.dtype, neutral: V) -> V:
        """What a point adds to a reduction: in the last vector some lanes have been counted already."""
        e, vector = self.e, self.schedule.vector
        source = self.kernel.nest.nodes[root.node].dtype
        value = cast(e, self._values[root.node], source, BOOL if root.combine.logical else dtype)
        value = e.splat(value, neutral.lanes)
        fresh = self.fresh() if vector is not None and (vector.reduced or self.schedule.in_memory) else None
        return value if fresh is None else e.select(fresh, value, neutral)

    def _clear(self, root: Root) -> None:
        """Write what changes nothing, zeros at once and other numbers a vector at a time."""
        e, n, dtype, pointer = self.e, self.own_bytes(root.target), root.target.aval.dtype, self.pointer(root.target)
        start = root.combine.identity(dtype)
        if not start:
            name = "llvm.memset.p0.i64"
            e.declarations.setdefault(name, f"declare void @{name}(ptr, i8, i64, i1)")
            e.raw(f"  call void @{name}(ptr {pointer.name}, i8 0, i64 {n}, i1 false)")
            return
        assert self.schedule.vector is not None
        lanes, at, last = self.schedule.vector.lanes, e.fresh("clear"), n // dtype.itemsize - self.schedule.vector.lanes
        value = to_memory(e, e.constant(start, REGISTERS[dtype], lanes), dtype)
        e.declarations.setdefault("llvm.smin.i64", "declare i64 @llvm.smin.i64(i64, i64)")
        name = at[1:]
        for line in (
            f"br label %pre.{name}", f"pre.{name}:", f"br label %head.{name}", f"head.{name}:",
            f"{at} = phi i64 [0, %pre.{name}], [{at}.n, %head.{name}]",
            f"{at}.i = call i64 @llvm.smin.i64(i64 {at}, i64 {last})",
            f"{at}.p = getelementptr {MEMORY_TYPES[dtype]}, ptr {pointer.name}, i64 {at}.i",
            f"store {value.text}, ptr {at}.p, align {dtype.itemsize}",
            f"{at}.n = add nuw nsw i64 {at}, {lanes}", f"{at}.c = icmp ult i64 {at}.n, {last + lanes}",
            f"br i1 {at}.c, label %head.{name}, label %exit.{name}", f"exit.{name}:",
        ):  # fmt: skip
            e.raw(line if line.endswith(":") else f"  {line}")

    def own_bytes(self, target: Var) -> int:
        """The size of an array, or of the part of it that each piece of the kernel has for itself."""
        chunks = self.kernel.chunks
        n = target.aval.size * target.aval.dtype.itemsize
        return n // chunks.count if chunks is not None and target in chunks.partials else n

    def _add_to(self, root: Root) -> None:
        """Combine the values at a point with those in memory."""
        e, vector = self.e, self.schedule.vector
        assert vector is not None
        dtype = root.target.aval.dtype
        value = self._counted(root, dtype, e.constant(root.combine.identity(dtype), REGISTERS[dtype], vector.lanes))
        place = self.within(root.target, root.offset)
        where = self.address(self.pointer(root.target), MEMORY_TYPES[dtype], place)
        old = V(e.fresh("sum"), MEMORY_TYPES[dtype], value.lanes, len(e.regions) - 1)
        e.raw(f"  {old.name} = load {old.llvm}, ptr {where.name}, align {dtype.itemsize}")
        total = root.combine.accumulate(e, dtype, from_memory(e, old, dtype), value)
        total = to_memory(e, rounded(e, total, dtype), dtype)
        e.raw(f"  store {total.text}, ptr {where.name}, align {dtype.itemsize}")

    def _close(self, loop: Loop, k: int) -> None:
        e = self.e
        region = e.regions.pop()
        n = loop.counter[1:]
        begin, end = "0", str(loop.end)
        if self.kernel.chunks is not None and self.kernel.chunks.loop == k:
            begin, end = "%begin", "%end"
        length = self._strip[1] if self._strip is not None and self._strip[0] == k else None
        phis = [(f"{loop.counter}", "i64", begin, f"{loop.counter}.n")]
        for acc in self._accumulators:
            if k >= acc.first:
                level = k - acc.first
                before = acc.names[level - 1] if level else acc.start.name
                phis.append((acc.names[level], acc.start.llvm, before, acc.next.name))
        lines = [f"  br label %pre.{n}", f"pre.{n}:"]
        inner, outside, after = end, f"pre.{n}", f"exit.{n}"
        if length is not None:
            inner, outside, after = f"%most.{n}", f"strip.{n}", f"asks.{n}"
            lines += [f"  br label %strip.{n}", f"strip.{n}:"]
            lines += [f"  {v}.s = phi {t} [{a}, %pre.{n}], [{b}, %again.{n}]" for v, t, a, b in phis]
            e.declarations.setdefault("llvm.smin.i64", "declare i64 @llvm.smin.i64(i64, i64)")
            lines.append(f"  %far.{n} = add nuw nsw i64 {loop.counter}.s, {length}")
            lines.append(f"  %most.{n} = call i64 @llvm.smin.i64(i64 %far.{n}, i64 {end})")
            phis = [(v, t, f"{v}.s", b) for v, t, _, b in phis]
        lines += [f"  br label %head.{n}", f"head.{n}:"]
        lines += [f"  {v} = phi {t} [{a}, %{outside}], [{b}, %latch.{n}]" for v, t, a, b in phis]
        lines += region.lines
        lines += [
            f"  br label %latch.{n}",
            f"latch.{n}:",
            f"  {loop.counter}.n = add nuw nsw i64 {loop.counter}, {loop.lanes}",
            f"  {loop.counter}.c = icmp ult i64 {loop.counter}.n, {inner}",
            f"  br i1 {loop.counter}.c, label %head.{n}, label %{after}",
        ]
        if length is not None:
            e.declarations.setdefault(NAME, DECLARATION)
            lines += [f"asks.{n}:", *ask(f".{n}", "%stop", f"more.{n}"), f"more.{n}:"]
            lines.append(f"  {loop.counter}.m = icmp ult i64 {loop.counter}.n, {end}")
            lines.append(f"  br i1 {loop.counter}.m, label %again.{n}, label %exit.{n}")
            lines += [f"again.{n}:", f"  br label %strip.{n}"]
        lines.append(f"exit.{n}:")
        e.regions[-1].lines += lines

    def _finish(self, acc: _Accumulator) -> None:
        e, root = self.e, acc.root
        assert root is not None
        depth = len(e.regions) - 1
        value = V(acc.next.name, acc.next.type, acc.next.lanes, depth, acc.next.const)
        vector = self.schedule.vector
        folded = vector is not None and vector.reduced
        if folded:
            value = e.fold(value, lambda x, y: root.combine.accumulate(e, acc.dtype, x, y))
        self.store(root.target, root.offset, rounded(e, value, acc.dtype), vector is not None and not folded)

    def _finish_check(self, acc: _Accumulator) -> None:
        e = self.e
        flag = V(acc.next.name, "i1", 1, 0)
        wide = e.cast("zext", flag, "i32")
        # Atomic, for the pieces of a kernel share it.
        e.raw(f"  {e.fresh()} = atomicrmw or ptr %error, i32 {wide.name} monotonic")


def _as(value: Any, dtype: np.dtype) -> Any:
    if type(value) is float and dtype == FLOAT64:
        return value
    if dtype == KEY:  # the integer that its bytes are
        return int(np.array(value, dtype).view(np.uint64))
    with np.errstate(all="ignore"):
        if type(value) is int and dtype.kind in "fc":  # of any size
            return dtype.type(value).item()
        return np.asarray(value).astype(dtype).item()
