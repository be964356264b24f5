"""Schedule: the loops of a nest, their order, and which of them is the vector loop. The code is written in `loops`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..lowering import computed_in
from ..lowering.index_maps import Affine
from .emitter import V
from .fusion import Kernel
from .nest import ROW, Node, in_rows

OPERATION = 0.2  # nanoseconds of an addition on vectors, those of a loop's own work included
BYTE = 0.03  # nanoseconds to read or write a byte of an array that is in no near cache
ROW_SUMS = 16 * 1024  # sums that are kept in memory together, at most: they should stay in the nearest cache


class Loop:
    """One loop of the function: its axes (the innermost one carries the coefficients) and its length."""

    def __init__(self, axis: int, extent: int, reduced: bool) -> None:
        self.axis = axis
        self.extent = extent
        self.reduced = reduced
        self.lanes = 1
        self.depth = 0
        self.variable = V("0", "i64", 1, 0, 0)
        self.counter = ""
        self.peeled = False  # whether the last vector, which overlaps the one before, stands after the loop

    @property
    def end(self) -> int:
        """Where the counter ends: the extent in whole vectors."""
        return (self.extent // self.lanes if self.peeled else -(-self.extent // self.lanes)) * self.lanes

    def __repr__(self) -> str:
        return f"{'reduce' if self.reduced else 'for'} i{self.axis} < {self.extent}" + (
            f" by {self.lanes}" if self.lanes > 1 else ""
        )


class Schedule:
    """The loops of a kernel in their order, outermost first, and which of them is the vector loop."""

    def __init__(self, kernel: Kernel, vector_bytes: int) -> None:
        self.kernel = kernel
        self.vector_bytes = vector_bytes
        nodes: list[Node] = kernel.nest.nodes
        self.affines = [n.data[1] for n in nodes if n.kind == "load"]
        self.affines += [n.data for n in nodes if n.kind == "index"]
        self.affines += [r.offset for r in kernel.roots]
        loops = self._collapsed([i for i in range(len(kernel.domain)) if i not in kernel.reduced], False)
        loops += self._collapsed(list(kernel.reduced), True)
        self.vector = self._choose(loops, nodes, vector_bytes)
        ordered = [x for x in loops if not x.reduced and x is not self.vector]
        ordered += [x for x in [self.vector] if x is not None and not x.reduced]
        ordered += [x for x in loops if x.reduced and x is not self.vector]
        ordered += [x for x in [self.vector] if x is not None and x.reduced]
        self.in_memory = self._adds_rows(loops)
        if self.in_memory:
            ordered = [x for x in ordered if x.reduced] + [x for x in ordered if not x.reduced]
        self.loops = ordered

    def _adds_rows(self, loops: list[Loop]) -> bool:
        """Whether sums, or what else numbers are combined to, are kept in memory, so that the arrays are walked in the order in which they lie.

        A sum over rows, each longer than a vector: in registers it would read a narrow column at a time.
        """
        kept, reduced = [x for x in loops if not x.reduced], [x for x in loops if x.reduced]
        vector = self.vector
        if vector is None or vector.reduced or not reduced:
            return False
        sums = [r for r in self.kernel.roots if r.combine is not None]
        if any(r.combine.logical or coefficient(r.offset, vector.axis) != 1 for r in sums):
            return False
        size = math.prod(x.extent for x in kept)
        if not 2 * vector.lanes <= size <= ROW_SUMS:
            return False
        for n in self.kernel.nest.nodes:
            if n.kind == "load" and coefficient(n.data[1], vector.axis) == 1:
                rows = min(abs(coefficient(n.data[1], x.axis)) for x in reduced)
                if rows and rows < max(coefficient(n.data[1], x.axis) * x.extent for x in kept):
                    return False
        return True

    def _collapsed(self, axes: list[int], reduced: bool) -> list[Loop]:
        domain = self.kernel.domain
        loops: list[Loop] = []
        for axis in axes:
            n = domain[axis]
            if n == 1:
                continue
            if loops and all(coefficient(a, loops[-1].axis) == coefficient(a, axis) * n for a in self.affines):
                loops[-1].axis = axis
                loops[-1].extent *= n
            else:
                loops.append(Loop(axis, n, reduced))
        return loops

    def _choose(self, loops: list[Loop], nodes: list[Node], vector_bytes: int) -> Loop | None:
        """The loop to vectorise: the one whose accesses cost least for each element."""
        widest, work = widest_of(nodes), work_in(nodes)
        best, least, roots = None, float("inf"), self.kernel.roots
        for loop in loops:
            lanes = max(vector_bytes // widest, 1)
            while lanes > loop.extent:
                lanes //= 2
            if lanes < 2:
                continue
            cost, whole = work, _in_whole_rows(roots, loop.axis) if len(roots) > 1 else ()
            for node in nodes:
                if node.kind == "load":
                    atom, a, masked = node.data
                    step = coefficient(a, loop.axis)
                    rows = 2 <= step <= ROW and not node.args and in_rows(a, atom, step)
                    cost += _access(step, lanes, len(node.args) > masked, rows)
            for root in roots:
                if root.combine is None:
                    cost += _access(coefficient(root.offset, loop.axis), lanes, False, root in whole)
            passes = -(-loop.extent // lanes)
            cost *= passes / loop.extent
            if loop.reduced and math.prod([x.extent for x in loops if x.reduced]) < 4 * lanes:
                cost *= 1.5  # folding the lanes would cost as much as the loop
            if cost <= least:
                best, least = loop, cost
                loop.lanes = lanes
        # Of a point, in additions.
        self.cost = least if best is not None else work + sum(n.kind == "load" for n in nodes) + len(self.kernel.roots)
        for loop in loops:
            if loop is not best:
                loop.lanes = 1
        if best is not None and work < 24:
            # Several registers a step hide the latency of an addition, and of the loop itself.
            while best.lanes * widest < vector_bytes * 4 and best.extent >= best.lanes * 16:
                best.lanes *= 2
        return best

    def __repr__(self) -> str:
        return ", ".join(map(repr, self.loops))


def coefficient(a: Affine, axis: int) -> int:
    for i, c in a.terms:
        if i == axis:
            return c
    return 0


def _in_whole_rows(roots: Sequence[Any], axis: int) -> set[Any]:
    """The results that are written beside one another as short rows, one for each place of an axis."""
    found: dict[Any, list[Any]] = {}
    for r in roots:
        n = coefficient(r.offset, axis)
        if r.combine is None and 2 <= n <= ROW and all(c % n == 0 for _, c in r.offset.terms):
            found.setdefault((n, r.target, r.offset.terms, r.offset.constant // n), []).append(r)
    return {r for key, row in found.items() if len(row) == key[0] for r in row}


def _access(step: int, lanes: int, dynamic: bool, rows: bool) -> float:
    if dynamic:
        return 2.0 * lanes
    if rows:  # each vector of numbers of one place is put together from as many vectors as a row has places
        return 0.5 + 0.5 * step
    return {0: 0.3, 1: 1.0, -1: 1.5}.get(step, 1.5 * lanes)


def widest_of(nodes: Sequence[Node]) -> int:
    """The bytes of the widest numbers of a nest, by which its vectors have their lanes."""
    return max([computed_in(n.dtype).itemsize for n in nodes if n.kind in ("load", "op", "product")], default=8)


def work_in(nodes: Sequence[Node]) -> int:
    """The cost of some nodes, in additions."""
    work = 0
    for node in nodes:
        if node.kind == "op":
            work += node.data.primitive.native.cost
        elif node.kind in ("product", "checked", "inside", "and", "select"):
            work += 1
    return work


def nanoseconds(kernel: Kernel, schedule: Schedule) -> float:
    """What a nest takes about on one thread: for its arithmetic, or for moving its arrays."""
    nodes = kernel.nest.nodes
    vector, size = schedule.vector, kernel.size
    lanes = 1 if vector is None else min(vector.lanes, schedule.vector_bytes // widest_of(nodes))
    gathers, work, moved = 0, work_in(nodes) + len(kernel.roots), 0
    arrays: dict[int, Any] = {}
    for n in nodes:
        if n.kind == "load":
            work += 1
            gathers += len(n.args) > n.data[2]
            arrays[id(n.data[0])] = n.data[0].aval
    for r in kernel.roots:
        arrays[id(r.target)] = r.target.aval
    for a in arrays.values():
        moved += min(math.prod(a.shape), size) * a.dtype.itemsize
    return max(size * OPERATION * (work / lanes + 4 * gathers), moved * BYTE)
