"""The printer of loops: a plan as text that a person reads.

A nest shows what it makes over which domain, its loops (of the schedule, where code was written), and its nodes by number;
literals stand where they are used. A loop or branch shows whether its values are in registers, and the loops of its Programs.
"""

from __future__ import annotations

from typing import Any

from ..lowering.kinds import Branch, Scan
from ..program import Literal, Var, variable_names
from .blocked import computed_by
from .control.step import Control
from .fusion import Kernel, Plan
from .memory import arrays_of
from .nest import Node
from .products import Product
from .schedule import Schedule


def text_of(plan: Plan) -> str:
    """A plan as text."""
    return "\n".join(lines(plan))


def lines(plan: Plan) -> list[str]:
    """The steps of a plan as text, those of the Programs of loops further in."""
    names = variable_names(plan.program)
    schedules = {id(kernel): schedule for kernel, schedule in plan.writers}
    found: list[str] = []
    for number, step in enumerate(plan.steps):
        if isinstance(step, Kernel):
            found += _kernel_lines(number, step, schedules.get(id(step)), names)
        elif isinstance(step, Product):
            out, x, y = (_name(a, names) for a in (step.eqn.outputs[0], step.x, step.y))
            how = computed_by(step)
            batch = f"{step.batch} times " if step.batch > 1 else ""
            found.append(f"product {number}: {out} = {x} @ {y}, {batch}{step.m}x{step.k} by {step.k}x{step.n}, {how}")
        elif isinstance(step, Control):
            found += _control_lines(number, step, names)
        else:
            arrays = ", ".join(_name(a, names) for a in arrays_of(step))
            eqn = getattr(step, "eqn", None)
            kind = type(step).__name__.lower()
            found.append(f"{kind} {number}: {eqn.primitive.name if eqn is not None else 'zeros'} {arrays}")
    return found


def _control_lines(number: int, step: Control, names: dict[Var, str]) -> list[str]:
    outs = ", ".join(_name(v, names) for v in step.eqn.outputs)
    times = f" of {step.eqn.params['length']} steps" if step.kind is Scan else ""
    kind = "branch" if step.kind is Branch else "loop"
    where = "in registers" if step.registers else "in memory"
    found = [f"{kind} {number}: {outs} = {step.eqn.primitive.name}{times}, {where}"]
    for role, body in step.bodies.items():
        if len(step.bodies) > 1:
            found.append(f"  {role}")
        plan = None if step.registers else body.plan
        inner = repr(body.program).split("\n")[:-1] if plan is None else lines(plan)
        found += ["  " + line for line in inner]
        if body.held:
            inside = variable_names(body.program)
            held = ", ".join(_name(body.program.inputs[i], inside) for i in body.held.values())
            found.append(f"  in place: {held}")
    return found


def _name(a: Any, names: dict[Var, str]) -> str:
    if type(a) is Literal:
        return repr(a.value) if a.aval.shape == () else f"<{a.aval!r}>"
    return names.get(a, "?")


def _node_line(node: Node, args: tuple[str, ...], names: dict[Var, str]) -> str:
    """A node as text, the texts of its arguments given."""
    if node.kind == "load":
        atom, offset, masked = node.data
        dynamic = args[:-1] if masked else args
        parts = [repr(offset)] if offset.terms or offset.constant or not dynamic else []
        where = " + ".join([*parts, *[f"({d})" for d in dynamic]])
        return f"load {_name(atom, names)}[{where}]" + (f" if {args[-1]}" if masked else "")
    if node.kind == "op":
        return f"{node.data.primitive.name} {', '.join(args)}"
    if node.kind == "index":
        return f"index {node.data!r}"
    return f"{node.kind} {', '.join(args)} {node.data if node.data is not None else ''}".rstrip()


def _kernel_lines(number: int, kernel: Kernel, schedule: Schedule | None, names: dict[Var, str]) -> list[str]:
    """A nest as text: numbers stand for the values computed before, in order; literals are written where they are used."""
    made = ", ".join(_name(r.target, names) + (f" = {r.combine.shown[0]}" if r.combine else "") for r in kernel.roots)
    over = f"[{', '.join(map(str, kernel.domain))}]"
    shared = "" if kernel.chunks is None else f", in {kernel.chunks.count} pieces"
    lines = [f"kernel {number}: {made} over {over}{shared}"]
    depth = 1
    axes = [f"{'reduce' if i in kernel.reduced else 'for'} i{i} < {n}" for i, n in enumerate(kernel.domain)]
    for loop in axes if schedule is None else map(repr, schedule.loops):
        lines.append("  " * depth + loop)
        depth += 1
    renumbered = [i for i, n in enumerate(kernel.nest.nodes) if n.kind != "number"]
    position = {i: str(k) for k, i in enumerate(renumbered)}
    text = {i: position.get(i, repr(kernel.nest.nodes[i].data)) for i in range(len(kernel.nest.nodes))}
    for i in renumbered:
        node = kernel.nest.nodes[i]
        lines.append("  " * depth + _node_line(node, tuple(text[a] for a in node.args), names))
    for root in kernel.roots:
        value = text[root.node]
        if root.combine:
            lines.append("  " * depth + f"{_name(root.target, names)} {root.combine.shown[1]} {value}")
        else:
            lines.append("  " * depth + f"{_name(root.target, names)}[{root.offset!r}] = {value}")
    return lines


__all__ = ["lines", "text_of"]
