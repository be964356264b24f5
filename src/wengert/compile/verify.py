"""The verifier of loops: what must hold of a plan after every pass on it. `docs/loops.md` has the specification as tables.

Nests are looked at node by node: kinds, arguments, dtypes, index maps that stay in their arrays. Steps are run symbolically: each
place in memory is noted with the value that it holds, so that a value that is read before it is written, or after something else
was written over it (in place, or in the workspace), is told. Nothing here is taken from the analyses that are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn, cast

import numpy as np

from ..errors import ProgramError
from ..lowering.index_maps import Affine
from ..program import Literal, Var
from .fusion import Call, Fill, Kernel, Plan
from .interleaved import REAL
from .nest import Node, size_of
from .products import Product, Steps

BOOL, INT64 = np.dtype(bool), np.dtype(np.int64)
Range = tuple[int, int] | None  # both ends included; None where nothing is known


def verify(plan: Plan, memory: Any = None) -> None:
    """Check a plan, and where its arrays lie if that is known.

    Args:
        memory: a `Memory`.

    Raises:
        ProgramError: naming the step, the node, or the array.
    """
    where = f"the loops of {plan.program.name}"
    for number, step in enumerate(plan.steps):
        at = f"{where}, {type(step).__name__.lower()} {number}"
        if isinstance(step, Kernel):
            _kernel(step, at)
        elif isinstance(step, Product):
            _product(step, at)
        for role, body in getattr(step, "bodies", {}).items():
            if body.plan is not None:
                verify(body.plan, body.memory)
                _held(body.plan, body.held, f"{at}, {role}")
    _held(plan, plan.held, where)
    _Run(plan, memory, where).run()


def _fail(at: str, what: str) -> NoReturn:
    raise ProgramError(f"{at}: {what}")


def _held(plan: Plan, held: dict[int, int], at: str) -> None:
    for k, i in held.items():
        out, x = plan.program.outputs[k], plan.program.inputs[i]
        if type(out) is not Var or plan.memory[out] is not x:
            _fail(at, f"result {k} is said to lie in the memory of input {i}, and does not")
    if len(set(held.values())) < len(held):
        _fail(at, "two results lie in the memory of one input")


# --- nests -------------------------------------------------------------------------------------------------------


def _affine_range(a: Affine, domain: Sequence[int]) -> Range:
    low = high = a.constant
    for i, c in a.terms:
        low += min(c, 0) * (domain[i] - 1)
        high += max(c, 0) * (domain[i] - 1)
    return low, high


def _kernel(kernel: Kernel, at: str) -> None:
    domain, nodes = kernel.domain, kernel.nest.nodes
    if any(i not in range(len(domain)) for i in kernel.reduced) or len(set(kernel.reduced)) < len(kernel.reduced):
        _fail(at, f"reduces axes {kernel.reduced} of {len(domain)}")
    ranges: list[Range] = []
    for number, node in enumerate(nodes):
        place = f"{at}, node {number} ({node.kind})"
        if any(not 0 <= a < number for a in node.args):
            _fail(place, f"takes {node.args}, which are not computed before it")
        check = _NODES.get(node.kind)
        if check is None:
            _fail(place, "there is no such kind")
        ranges.append(check(node, [nodes[a] for a in node.args], [ranges[a] for a in node.args], domain, place))
    if not kernel.roots:
        _fail(at, "writes nothing")
    for root in kernel.roots:
        if not 0 <= root.node < len(nodes):
            _fail(at, f"a result is node {root.node} of {len(nodes)}")
        given, made = nodes[root.node].dtype, root.target.aval.dtype
        wider = given.kind in "biu" and made.kind in "iu" and given.itemsize <= made.itemsize
        if given != made and not (root.combine is not None and (root.combine.logical or wider)):
            _fail(at, f"a result of dtype {made} is node {root.node} of {given}")
        axes = [i for i, _ in root.offset.terms]
        if any(i not in range(len(domain)) for i in axes) or (root.combine and set(axes) & set(kernel.reduced)):
            _fail(at, f"a result is put at {root.offset!r}")
        if root.combine is None and any(domain[i] > 1 and i not in axes for i in range(len(domain))):
            _fail(at, f"a result that is not reduced is put at {root.offset!r}, the same place for several points")
        low, high = _affine_range(root.offset, domain) or (0, 0)
        if kernel.size and not (0 <= low and high < size_of(root.target.aval)):
            _fail(at, f"writes {root.offset!r}, from {low} to {high}, of {size_of(root.target.aval)} elements")
    if kernel.chunks is not None and (kernel.chunks.count < 2 or kernel.chunks.length < 1):
        _fail(at, f"is cut into {kernel.chunks.count} pieces of {kernel.chunks.length}")


def _counts(node: Node) -> bool:
    return node.dtype.kind in "iu"


def _load(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    atom, offset, masked = node.data
    dynamic = args[:-1] if masked else args
    if node.dtype != atom.aval.dtype or not all(map(_counts, dynamic)) or (masked and args[-1].dtype != BOOL):
        _fail(at, f"{node.dtype} of {atom.aval!r} at {[a.dtype for a in args]}{' where a mask holds' * masked}")
    if any(i not in range(len(domain)) for i, _ in offset.terms):
        _fail(at, f"reads at {offset!r} in a domain of {len(domain)} axes")
    places = [_affine_range(offset, domain), *ranges[: len(dynamic)]]
    if not masked and math.prod(domain) and all(r is not None for r in places):
        low, high = sum(r[0] for r in places if r), sum(r[1] for r in places if r)
        if not (0 <= low and high < size_of(atom.aval)):
            _fail(at, f"reads from {low} to {high} of {size_of(atom.aval)} elements")
    return None


def _number(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if args:
        _fail(at, "has arguments")
    whole = node.dtype.kind in "iu" and isinstance(node.data, int)
    return (int(node.data), int(node.data)) if whole else None


def _op(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    eqn = node.data
    wanted = [a.aval.dtype for a in eqn.inputs]
    if node.dtype != eqn.outputs[0].aval.dtype or [a.dtype for a in args] != wanted:
        _fail(at, f"{eqn!r} of {[a.dtype for a in args]} is {node.dtype}, its types are {wanted}")
    return None


def _index(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if args or node.dtype != INT64 or any(i not in range(len(domain)) for i, _ in node.data.terms):
        _fail(at, f"{node.data!r} in a domain of {len(domain)} axes, of {node.dtype}")
    return _affine_range(node.data, domain)


def _inside(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if len(args) != 1 or not _counts(args[0]) or node.dtype != BOOL:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    return None


def _and(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if [a.dtype for a in args] != [BOOL, BOOL] or node.dtype != BOOL:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    return None


def _select(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if [a.dtype for a in args] != [BOOL, node.dtype, node.dtype]:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    return None


def _checked(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    kinds = [_counts(a) for a in args[:1]] + [a.dtype == BOOL for a in args[1:]]
    if not (1 <= len(args) <= 2 and all(kinds)) or node.dtype != INT64 or node.data < 0:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]} along {node.data}")
    return 0, max(node.data - 1, 0)


def _affine(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    factor, shift = (node.data, 0) if node.kind == "scaled" else node.data
    if len(args) != 1 or not _counts(args[0]) or node.dtype != INT64:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    if ranges[0] is None:
        return None
    ends = sorted(factor * x + shift for x in ranges[0])
    return ends[0], ends[1]


def _sum(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if len(args) != 2 or not all(map(_counts, args)) or node.dtype != INT64:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    x, y = ranges
    return None if x is None or y is None else (x[0] + y[0], x[1] + y[1])


def _term(node: Node, args: list[Node], ranges: list[Range], domain: Sequence[int], at: str) -> Range:
    if [a.dtype for a in args] != [node.dtype, node.dtype]:
        _fail(at, f"{node.dtype} of {[a.dtype for a in args]}")
    return None


_NODES = {
    "load": _load, "number": _number, "op": _op, "index": _index, "inside": _inside, "and": _and, "select": _select,
    "checked": _checked, "scaled": _affine, "affine": _affine, "sum": _sum, "product": _term,
}  # fmt: skip


def _product(step: Product, at: str) -> None:
    def inside(atom: Any, rows: int, columns: int, lies: Steps) -> None:
        last = (step.batch - 1) * lies.batch + (rows - 1) * lies.row + (columns - 1) * lies.column
        if min(lies) < 0 or not 0 <= last < size_of(atom.aval):
            _fail(at, f"{step.batch} matrices {rows}x{columns} at steps {tuple(lies)} are not in {atom.aval!r}")

    inside(step.x, step.m, step.k, step.x_steps)
    inside(step.y, step.k, step.n, step.y_steps)
    out = step.eqn.outputs[0]
    inside(out, step.m, step.n, step.steps)
    if step.batch * step.m * step.n != size_of(out.aval):
        _fail(at, f"{step.batch} matrices {step.m}x{step.n} are not all of {out.aval!r}")


# --- memory ------------------------------------------------------------------------------------------------------


class _Run:
    """A symbolic run of the steps.

    Attributes:
        holds: for each place (a variable, in whose memory others may lie) the value that it holds.
        parts: how many elements of a value are written.
    """

    def __init__(self, plan: Plan, memory: Any, where: str) -> None:
        self.plan, self.memory, self.where = plan, memory, where
        self.values = plan.roots or plan.memory
        self.holds: dict[Var, Var] = {v: v for v in plan.program.inputs}
        self.parts: dict[Var, int] = {v: size_of(v.aval) for v in plan.program.inputs}
        self.works_in_place = {(id(s), operand) for s, operand in plan.in_place}
        self.cleared: set[Var] = set()  # zeros, into which pieces are written
        self.active: list[tuple[int, int, Var]] = []  # of the workspace: what is held, and where

    def run(self) -> None:
        for number, step in enumerate(self.plan.steps):
            at = f"{self.where}, {type(step).__name__.lower()} {number}"
            read, written = _reads(step), _writes(step)
            for a in read:
                self.read(a, at)
            self.apart(step, read, [v for v, _ in written], at)
            for v, points in written:
                self.write(v, points, at)
                if isinstance(step, Fill):
                    self.cleared.add(self.values.get(v, v))
        program = self.plan.program
        for k, out in enumerate(program.outputs):
            if type(out) is Var:
                self.read(out, f"{self.where}, result {k}")
        for i, v in enumerate(program.inputs):
            if i not in self.plan.held.values():
                self.read(v, f"{self.where}, input {i}, which is not to change,")

    def read(self, a: Any, at: str) -> None:
        if type(a) is Literal:
            return
        if a not in self.plan.memory:
            _fail(at, f"reads a variable of type {a.aval!r} that is not in memory")
        place = cast(Var, self.plan.memory[a])
        value = cast(Var, self.values.get(a, a))
        if _content(place.aval) != _content(a.aval):
            _fail(at, f"reads {a.aval!r} in the memory of {place.aval!r}")
        if not size_of(a.aval):
            return
        held = self.holds.get(place)
        if held is not value:
            _fail(at, f"reads {a.aval!r} {'before it is written' if held is None else 'after it is written over'}")
        if self.parts.get(value, 0) != size_of(value.aval):
            _fail(at, f"reads {a.aval!r}, of which {self.parts.get(value, 0)} elements are written")

    def write(self, v: Var, points: int | None, at: str) -> None:
        if v not in self.plan.memory:
            _fail(at, f"writes a variable of type {v.aval!r} that is not in memory")
        place = cast(Var, self.plan.memory[v])
        value = cast(Var, self.values.get(v, v))
        if self.holds.get(place) is not value:
            self.holds[place], self.parts[value] = value, 0
            self.clobber(place)
        whole = size_of(value.aval)
        self.parts[value] = whole if points is None else self.parts[value] + points
        if self.parts[value] > whole:
            if value not in self.cleared:
                _fail(at, f"writes {v.aval!r} more than once")
            self.parts[value] = whole

    def clobber(self, place: Var) -> None:
        """What lies in the same bytes of the workspace is gone."""
        if self.memory is None:
            return
        offset = self.memory.offsets.get(place)
        size = size_of(place.aval) * place.aval.dtype.itemsize
        if offset is None or not size:
            return
        if offset < 0 or offset + size > self.memory.size:
            _fail(self.where, f"{place.aval!r} at byte {offset} is not in a workspace of {self.memory.size} bytes")
        left = []
        for start, end, other in self.active:
            if start < offset + size and offset < end and other is not place:
                self.holds[other] = _GONE
            elif other is not place:
                left.append((start, end, other))
        self.active = [*left, (offset, offset + size, place)]

    def apart(self, step: Any, read: Sequence[Any], written: Sequence[Var], at: str) -> None:
        """A step may read what it writes over only where it works in place."""
        places = {self.plan.memory[v]: v for v in written if size_of(v.aval)}
        bytes_of = [self.bytes(p) for p in places]
        for a in read:
            if type(a) is not Var or not size_of(a.aval):
                continue
            place = self.plan.memory[a]
            mine = self.bytes(place)
            overlaps = mine is not None and any(b and b[0] < mine[1] and mine[0] < b[1] for b in bytes_of)
            if place not in places:
                if overlaps:
                    _fail(at, f"reads {a.aval!r} in bytes that it writes")
                continue
            if (id(step), self.values.get(a, a)) not in self.works_in_place:
                _fail(at, f"reads {a.aval!r} in the memory that it writes")
            if isinstance(step, Kernel):
                self.pointwise(step, place, at)

    def bytes(self, place: Var) -> tuple[int, int] | None:
        offset = None if self.memory is None else self.memory.offsets.get(place)
        return None if offset is None else (offset, offset + size_of(place.aval) * place.aval.dtype.itemsize)

    def pointwise(self, kernel: Kernel, place: Var, at: str) -> None:
        """A nest in place reads an element only at the point that writes it."""
        (root,) = [r for r in kernel.roots if self.plan.memory[r.target] is place]
        for node in kernel.nest.nodes:
            if node.kind == "load" and type(node.data[0]) is Var and self.plan.memory[node.data[0]] is place:
                if len(node.args) > node.data[2] or node.data[1] != root.offset or root.combine is not None:
                    _fail(at, f"reads {node.data[1]!r} of what it writes in place at {root.offset!r}")


_GONE: Any = object()


def _content(aval: Any) -> Any:
    """What an array has in memory: so many numbers of a dtype, of which a complex one has two."""
    if aval.dtype in REAL:
        return 2 * size_of(aval), REAL[aval.dtype]
    return size_of(aval), aval.dtype


def _reads(step: Any) -> list[Any]:
    if isinstance(step, Kernel):
        return [n.data[0] for n in step.nest.nodes if n.kind == "load"]
    if isinstance(step, Fill):
        return []
    if isinstance(step, Product):
        return [step.x, step.y]
    if isinstance(step, Call):
        return list(step.eqn.inputs)
    shared = [] if getattr(step, "makes", True) or step.factors is None else [step.factors.memory]
    return [*step.inputs, *shared]


def _writes(step: Any) -> list[tuple[Var, int | None]]:
    """The variables that a step writes, each with how many of its elements; None stands for all."""
    if isinstance(step, Kernel):
        found = []
        for r in step.roots:
            kept = [n for i, n in enumerate(step.domain) if r.combine is None or i not in step.reduced]
            pieces = step.chunks.count if step.chunks is not None and r.target in step.chunks.partials else 1
            found.append((r.target, math.prod(kept) * pieces))
        return found
    if isinstance(step, Fill):
        return [(step.target, None)]
    read = set(map(id, _reads(step)))
    room = [v for v in getattr(step, "scratch", ()) if id(v) not in read]
    return [(v, None) for v in (*step.eqn.outputs, *room)]


__all__ = ["verify"]
