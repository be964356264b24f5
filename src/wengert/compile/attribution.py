"""Attribution: which lines of the user's are in which step of compiled code, with operations, bytes and their share of it.

A step that holds several lines cannot be timed line by line. Its time goes to them by their share of its instructions, as
the compiler reckons them when it chooses loops (`schedule.work_in`). Where the steps of a loop's body were timed one by one, the
loop's time goes to them first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ..costs import flops as operations
from ..lowering.kinds import Branch, Scan
from ..places import UNKNOWN, Place, filled
from ..program import Equation, Program, Var, subprograms
from .blocked import computed_by
from .control.step import Control
from .fusion import Call, Fill, Kernel, Plan
from .lapack import Factorisation
from .memory import arrays_of, written
from .nest import size_of
from .products import Product
from .schedule import work_in

LOAD = 1  # instructions of a load, in additions


class Share(NamedTuple):
    """What a line has of a step.

    Attributes:
        place: the line. part: of the step's instructions, from 0 to 1.
        flops: operations. bytes: read and written, each array once.
    """

    place: Place
    part: float
    flops: int
    bytes: int


class _Sum:
    """Instructions, operations and bytes by line."""

    def __init__(self) -> None:
        self.found: dict[Place, list[float]] = {}

    def add(self, place: Place | None, instructions: float = 0, flops: float = 0, moved: float = 0) -> None:
        row = self.found.setdefault(place or UNKNOWN, [0.0, 0.0, 0.0])
        for i, x in enumerate((instructions, flops, moved)):
            row[i] += x

    def shares(self) -> list[Share]:
        total = sum(row[0] for row in self.found.values())
        rows = [
            Share(place, row[0] / total if total else 1 / len(self.found), int(row[1]), int(row[2]))
            for place, row in self.found.items()
        ]
        return sorted(rows, key=lambda s: -s.part)


def shares(plan: Plan, number: int) -> list[Share]:
    """The lines in a step, those with most of its instructions first."""
    filled(plan.program.equations)
    step, total = plan.steps[number], _Sum()
    if isinstance(step, Kernel):
        _nest(plan, step, total)
    elif isinstance(step, Control):
        _control(step, total)
    elif isinstance(step, Fill):
        maker = plan.producer.get(step.target)
        total.add(maker.place if maker else None, 1, 0, _bytes(step.target))
    else:
        flops = 2 * step.batch * step.m * step.n * step.k if isinstance(step, Product) else operations(step.eqn)
        work = step.work if isinstance(step, Factorisation) else flops
        total.add(step.eqn.place, 1, work, sum(map(_bytes, _once(plan, arrays_of(step)))))
    return total.shares()


class Inner(NamedTuple):
    """A step of a loop's or branch's body that was timed: its number there, its plan, nanoseconds over all runs of the body."""

    number: int
    plan: Plan
    nanoseconds: float


def inner_steps(clock: Any, plan: Plan, number: int) -> list[Inner]:
    """The steps within a loop or branch, if they were timed; empty where they were not."""
    step = plan.steps[number]
    if not isinstance(step, Control):
        return []
    found: list[Inner] = []
    for body in {id(b.plan): b for b in step.bodies.values() if b.plan is not None}.values():
        spent = clock.within(body.plan)
        if spent is not None:
            filled(body.plan.program.equations, step.eqn.place)
            found += [Inner(i, body.plan, float(t)) for i, t in enumerate(spent)]
    return found


def measured(clock: Any, plan: Plan, number: int) -> list[tuple[Share, bool]]:
    """The lines in a step with their part of its time, and whether a line's part is by instructions alone."""
    static = shares(plan, number)
    inner = inner_steps(clock, plan, number)
    total = sum(i.nanoseconds for i in inner)
    if not total:
        return [(s, len(static) > 1) for s in static]
    parts: dict[Place, list[Any]] = {s.place: [0.0, False, s.flops, s.bytes] for s in static}
    for i in inner:
        for s, reckoned in measured(clock, i.plan, i.number):
            row = parts.setdefault(s.place, [0.0, False, s.flops, s.bytes])
            row[0] += s.part * i.nanoseconds / total
            row[1] = row[1] or reckoned
    rows = [(Share(place, part, flops, moved), reckoned) for place, (part, reckoned, flops, moved) in parts.items()]
    return sorted(rows, key=lambda row: -row[0].part)


def _once(plan: Plan, arrays: Iterable[Any]) -> list[Any]:
    """Arrays, one of those that lie in the same memory."""
    return list({id(plan.memory.get(a, a)): a for a in arrays}.values())


def _bytes(a: Any) -> int:
    return size_of(a.aval) * a.aval.dtype.itemsize


def _nest(plan: Plan, kernel: Kernel, total: _Sum) -> None:
    nodes = kernel.nest.nodes
    places: dict[int, Place | None] = {
        i: n.data.place for i, n in enumerate(nodes) if n.kind == "op" and isinstance(n.data, Equation)
    }
    for root in kernel.roots:
        source = root.source if isinstance(root.source, Equation) else plan.producer.get(root.target)
        place = source.place if source is not None else None
        places.setdefault(root.node, place)
        total.add(place, kernel.size if root.combine else 0, kernel.size if root.combine else 0, _bytes(root.target))
    for i in range(len(nodes) - 1, -1, -1):  # what computes no number has the place of what uses it
        place = places.get(i)
        for a in nodes[i].args:
            places.setdefault(a, place)
    seen: set[int] = set()
    for i, node in enumerate(nodes):
        place = places.get(i)
        if node.kind == "load":
            array = plan.memory.get(node.data[0], node.data[0])
            moved = 0 if id(array) in seen else _bytes(array)
            seen.add(id(array))
            total.add(place, LOAD * kernel.size, 0, moved)
        else:
            one = node.kind in ("op", "product")
            total.add(place, work_in([node]) * kernel.size, kernel.size if one else 0)


def _control(step: Control, total: _Sum) -> None:
    times = step.eqn.params["length"] if step.kind is Scan else 1
    for body in step.bodies.values():
        _program(body.program, times / (len(step.bodies) if step.kind is Branch else 1), step.eqn.place, total)
    moved = sum(_bytes(a) for a in arrays_of(step))
    total.add(step.eqn.place, 0, 0, moved)


def _program(program: Program, times: float, outer: Place | None, total: _Sum) -> None:
    filled(program.equations, outer)
    for eqn in program.equations:
        inner = list(subprograms(eqn))
        if inner:
            for p in inner:
                _program(p, times * eqn.params.get("length", 1), eqn.place or outer, total)
            continue
        flops = operations(eqn)
        size = max(sum(size_of(v.aval) for v in eqn.outputs), 1)
        cost = max(getattr(eqn.primitive.native, "cost", 1) or 1, 1)
        total.add(eqn.place or outer, times * max(size * cost, flops), times * flops)


def kind_of(step: Any) -> str:
    """What a step is, in words."""
    if isinstance(step, Kernel):
        over = "×".join(map(str, step.domain)) or "1"
        return f"loop over {over}" if step.size > 1 else "numbers"
    if isinstance(step, Product):
        how = computed_by(step)
        return (
            f"product {step.m}×{step.k} by {step.k}×{step.n}"
            + (f", {step.batch} times" * (step.batch > 1))
            + f", {how}"
        )
    if isinstance(step, Control):
        if step.kind is Branch:
            return "branch"
        times = f" of {step.eqn.params['length']} steps" if step.kind is Scan else ""
        return f"{step.eqn.primitive.name}{times}, {'in registers' if step.registers else 'in memory'}"
    if isinstance(step, Fill):
        return "zeros"
    name = step.eqn.primitive.name
    return f"{name}, through Python" if isinstance(step, Call) else name


def title_of(plan: Plan, number: int) -> str:
    """A step in a line: its number, what it is, and the user's lines in it."""
    places = [s.place.short() for s in shares(plan, number) if s.place.line]
    return f"{number} {kind_of(plan.steps[number])} [{', '.join(dict.fromkeys(places))}]"


def kept(plan: Plan) -> list[tuple[Place, Var]]:
    """Arrays in memory that the way forward writes and the way back of a derivative reads: what reverse mode saved."""
    filled(plan.program.equations)
    made: dict[int, tuple[Place, Var]] = {}
    found: dict[int, tuple[Place, Var]] = {}
    for step in plan.steps:
        for a in _read_on_the_way_back(plan, step):
            root = id(plan.memory.get(a, a))
            if root in made:
                found.setdefault(root, made[root])
        for v in written(step):
            maker = plan.producer.get(v)
            if maker is not None and maker.place is not None and not maker.place.back:
                made.setdefault(id(plan.memory.get(v, v)), (maker.place, v))
    return list(found.values())


def _read_on_the_way_back(plan: Plan, step: Any) -> list[Any]:
    """The arrays that operations of the way back read in a step."""
    if isinstance(step, Fill):
        return []
    if not isinstance(step, Kernel):
        return list(step.eqn.inputs) if step.eqn.place is not None and step.eqn.place.back else []
    nodes = step.nest.nodes
    back = {r.node for r in step.roots if _goes_back(plan.producer.get(r.target))}
    back = {i for i in back if nodes[i].kind != "op"}
    for i in range(len(nodes) - 1, -1, -1):
        node = nodes[i]
        if i in back or (node.kind == "op" and _goes_back(node.data)):
            back.update(a for a in node.args if nodes[a].kind != "op")
    return [nodes[i].data[0] for i in back if nodes[i].kind == "load"]


def _goes_back(eqn: Equation | None) -> bool:
    return eqn is not None and eqn.place is not None and eqn.place.back


__all__ = ["Inner", "Share", "inner_steps", "kept", "kind_of", "measured", "shares", "title_of"]
