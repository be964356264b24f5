"""What a compiled function is made of, to look at: the Program before and after the passes, the loop nests, LLVM's text,
the assembly, and what a call costs.
"""

from __future__ import annotations

import math
from typing import Any

from ..costs import Cost
from ..costs import flops as operations
from ..lowering.kinds import Branch, Scan
from ..program import Literal, Program, Var, variable_names
from . import engine
from .control import Control
from .executable import Executable
from .fusion import Call, Kernel, Plan
from .lapack import Factorisation
from .memory import arrays_of
from .module import Module
from .nest import Node, size_of
from .products import Product
from .schedule import Schedule


class Lowered:
    """A function compiled for some arguments, to look at.

    Attributes:
        program: the Program that was traced.
        optimized: the Program that was compiled.

    Example:
        >>> import numpy as np, wengert, wengert.numpy as wnp
        >>> lowered = wengert.jit(lambda x: wnp.sum(x * 2.0 + 1.0)).lower(np.ones(1000))
        >>> print(lowered.loops())
        kernel 0: d = sum over [1000]
          reduce i0 < 1000 by 32
            load a[i0]
            multiply 0, 2.0
            add 1, 1.0
            d += 2
        >>> lowered.cost().flops
        3000
    """

    def __init__(self, executable: Executable) -> None:
        self._executable = executable
        self.program: Program = executable.program
        self.optimized: Program = executable.optimized
        self._module: Module = executable.module

    def loops(self) -> str:
        """The steps of the compiled code: loop nests with what they do at a point, products, calls."""
        return "\n".join(_plan_lines(self._module.plan))

    def llvm(self) -> str:
        """The LLVM text of the whole module."""
        return self._module.text

    def assembly(self) -> str:
        """The assembly for this machine."""
        return engine.assembly(self._module.text)

    def as_text(self) -> str:
        """The optimised Program as text."""
        return str(self.optimized)

    def cost(self) -> Cost:
        """What one call costs, from shapes alone."""
        flops, moved, calls = _plan_cost(self._module.plan)
        results = sum(math.prod(a.shape) * a.dtype.itemsize for a in self._module.memory.results)
        return Cost(flops, moved, self._module.memory.size, results, len(self._module.plan.steps), tuple(calls))

    cost_analysis = cost

    def compile(self) -> Any:
        """The compiled function, of flat values: as `jit` calls it."""
        return self._executable

    def __repr__(self) -> str:
        return f"<{self.program.name} lowered: {len(self.optimized)} equations, {len(self._module.plan.steps)} steps>"


def _plan_cost(plan: Plan) -> tuple[int, int, list[str]]:
    """Operations, bytes, and the operations that run through NumPy."""
    flops = moved = 0
    calls: list[str] = []
    for step in plan.steps:
        seen = {id(plan.memory.get(a, a)): a for a in arrays_of(step)}
        if not isinstance(step, Control) or step.registers:
            moved += sum(size_of(a.aval) * a.aval.dtype.itemsize for a in seen.values())
        if isinstance(step, Kernel):
            flops += step.size * sum(1 for n in step.nest.nodes if n.kind in ("op", "product"))
            flops += sum(step.size for r in step.roots if r.combine is not None)
        elif isinstance(step, Product):
            flops += 2 * step.batch * step.m * step.n * step.k
        elif isinstance(step, Factorisation):
            flops += step.work
        elif isinstance(step, Call):
            calls.append(step.eqn.primitive.name)
        elif isinstance(step, Control) and step.registers:
            flops += operations(step.eqn)
        elif isinstance(step, Control):
            costs = [_plan_cost(b.plan) for b in step.bodies.values()]
            times = step.eqn.params["length"] if step.kind is Scan else 1
            total = max if step.kind is Branch else sum
            flops += times * total(c[0] for c in costs)
            moved += times * total(c[1] for c in costs)
            calls += [name for c in costs for name in c[2]]
    return flops, moved, calls


def _plan_lines(plan: Plan) -> list[str]:
    """The steps of a plan as text, those of the Programs of loops further in."""
    names = variable_names(plan.program)
    schedules = iter(plan.writers)
    lines: list[str] = []
    for number, step in enumerate(plan.steps):
        if isinstance(step, Kernel):
            kernel, schedule = next(schedules)
            lines += _kernel_lines(number, kernel, schedule, names)
        elif isinstance(step, Product):
            out, x, y = (_name(a, names) for a in (step.eqn.outputs[0], step.x, step.y))
            how = "BLAS" if step.library else "register tiles"
            batch = f"{step.batch} times " if step.batch > 1 else ""
            lines.append(f"product {number}: {out} = {x} @ {y}, {batch}{step.m}x{step.k} by {step.k}x{step.n}, {how}")
        elif isinstance(step, Control):
            lines += _control_lines(number, step, names)
        else:
            arrays = ", ".join(_name(a, names) for a in arrays_of(step))
            eqn = getattr(step, "eqn", None)
            kind = type(step).__name__.lower()
            lines.append(f"{kind} {number}: {eqn.primitive.name if eqn is not None else 'zeros'} {arrays}")
    return lines


def _control_lines(number: int, step: Control, names: dict[Var, str]) -> list[str]:
    outs = ", ".join(_name(v, names) for v in step.eqn.outputs)
    times = f" of {step.eqn.params['length']} steps" if step.kind is Scan else ""
    kind = "branch" if step.kind is Branch else "loop"
    where = "in registers" if step.registers else "in memory"
    lines = [f"{kind} {number}: {outs} = {step.eqn.primitive.name}{times}, {where}"]
    for role, body in step.bodies.items():
        if len(step.bodies) > 1:
            lines.append(f"  {role}")
        inner = repr(body.program).split("\n")[:-1] if step.registers else _plan_lines(body.plan)
        lines += ["  " + line for line in inner]
        if body.held:
            inside = variable_names(body.program)
            held = ", ".join(_name(body.program.inputs[i], inside) for i in body.held.values())
            lines.append(f"  in place: {held}")
    return lines


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


def _kernel_lines(number: int, kernel: Kernel, schedule: Schedule, names: dict[Var, str]) -> list[str]:
    """A nest as text: numbers stand for the values computed before, in order; literals are written where they are used."""
    made = ", ".join(_name(r.target, names) + (f" = {r.combine.shown[0]}" if r.combine else "") for r in kernel.roots)
    over = f"[{', '.join(map(str, kernel.domain))}]"
    shared = "" if kernel.chunks is None else f", in {kernel.chunks.count} pieces"
    lines = [f"kernel {number}: {made} over {over}{shared}"]
    depth = 1
    for loop in schedule.loops:
        lines.append("  " * depth + repr(loop))
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


__all__ = ["Cost", "Lowered"]
