"""Access: the addresses, loads and stores of a loop nest, at one place, of neighbours, or gathered.

A place in memory is affine in the loops, plus what is computed; from one lane to the next it moves by the coefficient of the
vector loop's axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lowering.index_maps import Affine
from ..program import Var
from .emitter import BITS, Emitter, V
from .fusion import Kernel
from .narrow import from_memory, to_memory
from .nest import Node, in_rows
from .scalars import MEMORY_TYPES
from .schedule import Schedule, coefficient
from .shuffles import joined, picked

LINE = 64  # bytes that memory is fetched in
AHEAD = 2048  # bytes from a vector to the one that is fetched with it
BOOL = np.dtype(bool)


class Access:
    """The part of a writer of a nest that reads and writes memory.

    Attributes:
        arrays: the variables and literals it reads or writes, in the order of the function's pointers.
        begins: where in each of them its pointer begins, in elements: parts of arrays are computed alike by one function.
    """

    def __init__(self, kernel: Kernel, storage: Any, vector_bytes: int) -> None:
        self.kernel = kernel
        self.storage = storage  # from a variable or literal to the one whose memory it shares
        self.e = Emitter()
        self.schedule = Schedule(kernel, vector_bytes)
        self.arrays: list[Any] = []
        self.begins: list[int] = []
        self._begin = self._beginnings()
        self._pointers: dict[Any, V] = {}
        self._rows: set[str] = set()  # where short rows are read, by numbers of some places

    def pointer(self, atom: Any) -> V:
        array = self.storage(atom)
        key = array if type(array) is Var else id(array)
        found = self._pointers.get(key)
        if found is None:
            found = self._pointers[key] = V(f"%p{len(self.arrays)}", "ptr", 1, 0)
            self.arrays.append(array)
            self.begins.append(self._begin.get(key, 0))
        return found

    def _beginnings(self) -> dict[Any, int]:
        """For each array the least constant of the places used in it; 0 where a place is computed or may be left out."""
        least: dict[Any, int] = {}
        plain: dict[Any, bool] = {}
        used: list[tuple[Any, int, bool]] = [
            (n.data[0], n.data[1].constant, not n.args) for n in self.kernel.nest.nodes if n.kind == "load"
        ]
        used += [(r.target, r.offset.constant, True) for r in self.kernel.roots]
        for atom, constant, fixed in used:
            array = self.storage(atom)
            key = array if type(array) is Var else id(array)
            least[key] = min(least.get(key, constant), constant)
            plain[key] = plain.get(key, True) and fixed
        return {key: constant for key, constant in least.items() if constant and plain[key]}

    def within(self, atom: Any, offset: Affine) -> V:
        """A place in an array, counted from where its pointer begins."""
        array = self.storage(atom)
        begin = self._begin.get(array if type(array) is Var else id(array), 0)
        return self.affine(Affine(offset.terms, offset.constant - begin) if begin else offset)

    def affine(self, a: Affine) -> V:
        """The affine number at the first lane of the current point."""
        e = self.e
        total = e.constant(0, "i64")
        for loop in self.schedule.loops:  # outermost first, so that partial sums stand outside inner loops
            c = coefficient(a, loop.axis)
            if c:
                x = loop.variable
                total = e.iadd(total, x if c == 1 else e.imul(x, e.constant(c, "i64")))
        return e.iadd(total, e.constant(a.constant, "i64"))

    def _lane_step(self, a: Affine) -> int:
        vector = self.schedule.vector
        return 0 if vector is None else coefficient(a, vector.axis)

    def vector_index(self, a: Affine) -> V:
        """The affine number in each lane."""
        e, step = self.e, self._lane_step(a)
        first = self.affine(a)
        if step == 0:
            return first
        lanes = self.schedule.vector.lanes  # type: ignore[union-attr]
        return e.iadd(e.splat(first, lanes), e.lanes_constant([step * i for i in range(lanes)], "i64"))

    def address(self, base: V, type: str, offset: V) -> V:
        if offset.const == 0:
            return self.e.splat(base, offset.lanes)
        return self.e.define(f"getelementptr {type}, ptr {base.name}, {offset.text}", "ptr", offset.lanes,
                             max(base.depth, offset.depth))  # fmt: skip

    def load(self, node: Node, args: list[V]) -> V:
        e = self.e
        atom, offset, masked = node.data
        type_ = MEMORY_TYPES[node.dtype]
        base = self.pointer(atom)
        mask = args[-1] if masked else None
        dynamic = args[:-1] if masked else args
        step = self._lane_step(offset)
        at = self.within(atom, offset)
        for d in dynamic:
            at = e.iadd(*self.level([at, d]))
        lanes = self.schedule.vector.lanes if self.schedule.vector is not None else 1
        if at.lanes > 1 and step:
            at = e.iadd(at, e.lanes_constant([step * i for i in range(lanes)], "i64"))
        if at.lanes == 1 and step == 0 and (mask is None or mask.lanes == 1):
            out = self._load_scalar(base, at, type_, mask)
        elif at.lanes == 1 and abs(step) == 1:
            out = self._load_vector(base, at, type_, lanes, step, mask)
        elif at.lanes == 1 and not args and in_rows(offset, atom, step):
            out = self._load_place(atom, offset, type_, step, lanes)
        else:
            if at.lanes == 1:
                at = e.splat(at, lanes)
                if step:
                    at = e.iadd(at, e.lanes_constant([step * i for i in range(lanes)], "i64"))
            out = self._gather(self.address(base, type_, at), type_, lanes, mask)
        return from_memory(e, out, node.dtype)

    def _load_scalar(self, base: V, at: V, type_: str, mask: V | None) -> V:
        e = self.e
        where = self.address(base, type_, at)
        depth = where.depth
        if mask is not None:
            where = e.define(f"select {mask.text}, ptr {where.name}, ptr {base.name}", "ptr", 1, max(depth, mask.depth))
            depth = where.depth
        return e.define(f"load {type_}, ptr {where.name}, align {BITS[type_] // 8}", type_, 1, depth)

    def _load_vector(self, base: V, at: V, type_: str, lanes: int, step: int, mask: V | None) -> V:
        e = self.e
        if step < 0:
            at = e.isub(at, e.constant(lanes - 1, "i64"))
        where = self.address(base, type_, at)
        align = BITS[type_] // 8
        self._fetch_ahead(where, lanes * align, False, step < 0)
        if mask is None:
            out = e.define(f"load <{lanes} x {type_}>, ptr {where.name}, align {align}", type_, lanes, where.depth)
        else:
            mask = e.splat(mask, lanes)
            if step < 0:
                mask = e.shuffle(mask, range(lanes - 1, -1, -1))
            out = e.masked_load(where, type_, lanes, mask)
        return e.shuffle(out, range(lanes - 1, -1, -1)) if step < 0 else out

    def _load_place(self, atom: Any, offset: Affine, type_: str, length: int, lanes: int) -> V:
        """One number of each of some short rows, which are read whole."""
        e, place, align = self.e, offset.constant % length, BITS[type_] // 8
        first = self.within(atom, Affine(offset.terms, offset.constant - place))
        where = self.address(self.pointer(atom), type_, first)
        if where.name not in self._rows:
            self._rows.add(where.name)
            self._fetch_ahead(where, length * lanes * align, False)
        width = min(lanes, self.schedule.vector_bytes // align)
        parts = list[V]()
        for k in range(0, length * lanes, length * width):
            vectors = list[V]()
            for j in range(k, k + length * width, width):
                near = where if j == 0 else self.address(where, type_, e.constant(j, "i64"))
                vectors.append(
                    e.define(f"load <{width} x {type_}>, ptr {near.name}, align {align}", type_, width, near.depth)
                )
            parts.append(picked(e, vectors, range(place, length * width, length)))
        return joined(e, parts)

    def _fetch_ahead(self, where: V, size: int, to_write: bool, backwards: bool = False) -> None:
        """Ask for what a large kernel will read or write some steps on.

        Processors see by themselves that memory is walked in order, but too late where a step has much arithmetic: of
        the steps that are computed at one time all read the same few lines.
        """
        if self.kernel.chunks is None or where.depth == 0:
            return
        e = self.e
        name = "llvm.prefetch.p0"
        e.declarations.setdefault(name, f"declare void @{name}(ptr, i32, i32, i32)")
        for line in range(0, size, LINE):
            ahead = e.fresh("ahead")
            e.raw(f"  {ahead} = getelementptr i8, ptr {where.name}, i64 {line + (-AHEAD if backwards else AHEAD)}")
            e.raw(f"  call void @{name}(ptr {ahead}, i32 {int(to_write)}, i32 3, i32 1)")

    def _gather(self, where: V, type_: str, lanes: int, mask: V | None) -> V:
        e = self.e
        mask = e.constant(True, "i1", lanes) if mask is None else e.splat(mask, lanes)
        return e.masked_load(where, type_, lanes, mask)

    def store(self, target: Var, offset: Affine, value: V, vector: bool) -> None:
        e = self.e
        dtype = target.aval.dtype
        value = to_memory(e, value, dtype)
        type_ = MEMORY_TYPES[dtype]
        base, at = self.pointer(target), self.within(target, offset)
        step = self._lane_step(offset) if vector else 0
        lanes = self.schedule.vector.lanes if vector and self.schedule.vector is not None else 1
        align = BITS[type_] // 8
        if lanes == 1:
            e.raw(f"  store {value.text}, ptr {self.address(base, type_, at).name}, align {align}")
            return
        value = e.splat(value, lanes)
        fresh = self.fresh() if self.kernel.in_place else None  # the others are read from what is written already
        if step == 1:
            where = self.address(base, type_, at)
            self._fetch_ahead(where, lanes * align, True)
            if fresh is not None:
                e.masked_store(value, where, fresh)
                return
            e.raw(f"  store {value.text}, ptr {where.name}, align {align}")
            return
        at = e.iadd(e.splat(at, lanes), e.lanes_constant([step * i for i in range(lanes)], "i64"))
        where = self.address(base, type_, at)
        e.masked_store(value, where, e.constant(True, "i1", lanes) if fresh is None else fresh)

    def fresh(self) -> V | None:
        """Which lanes are at points that no vector before had; None where all are."""
        e, vector = self.e, self.schedule.vector
        if vector is None or vector.extent % vector.lanes == 0:
            return None
        if vector.peeled:
            if vector.variable.const is None:  # in the loop
                return None
            first = vector.end - (vector.extent - vector.lanes)
            return e.lanes_constant([lane >= first for lane in range(vector.lanes)], "i1")
        seen = e.isub(V(vector.counter, "i64", 1, vector.depth), vector.variable)
        lane = e.lanes_constant(range(vector.lanes), "i64")
        return e.icmp("sge", lane, e.splat(seen, vector.lanes))

    def level(self, args: list[V]) -> list[V]:
        lanes = max(a.lanes for a in args)
        return [self.e.splat(a, lanes) for a in args]


__all__ = ["Access"]
