"""The Programs of loops and branches as plans of their own, and which of their results are updated in place.

A result is in the memory of an input where it is made from it by steps that change some elements only (scatters, loops
that carry it on), and everything else that reads the older values comes before; steps are put in such an order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Aval
from ...lowering.kernels import Scatter
from ...lowering.kinds import Branch, Scan, Walk, While
from ...program import Program, Var
from ..fusion import Kernel, Plan
from ..memory import Memory, arrays_of, written
from ..nest import size_of
from ..serial.step import Serial
from .fit import fits
from .step import Body, Control


def bodies(plan: Plan, lower: Callable[[Program], Plan]) -> Plan:
    """The plan with the Programs of its loops and branches as plans, which `lower` makes."""
    for step in plan.steps:
        if isinstance(step, Control):
            _prepare_step(step, lower)
            plan.memory.update((v, v) for v in step.scratch)
    plan.roots = dict(plan.memory)
    return plan


def _prepare_step(step: Control, lower: Callable[[Program], Plan]) -> None:
    if fits(step):
        step.registers = True
        step.work = 1 << 30
        return
    for body in step.bodies.values():
        body.plan = lower(body.program)
    if step.kind is Branch:
        _pair_branches(step)
    for body in step.bodies.values():
        for source, target in body.pairs:
            found = chain(body.plan, target)
            if found is not None and found[0] is body.plan.program.inputs[source] and hold(body.plan, found):
                body.held[target] = source
        body.plan.held = dict(body.held)
        body.memory = Memory(body.plan)
    size = max(b.memory.size for b in step.bodies.values())
    step.bytes("workspace", size)
    if step.kind is Scan:
        _buffers(step, step.bodies["body"], step.eqn.params["operands"].carry, "carry")
        step.work = step.eqn.params["length"] * _work(step.bodies["body"])
    elif step.kind is While:
        _buffers(step, step.bodies["body"], len(step.eqn.outputs), "carry")
        step.without_blanks(step.bodies["body"].held)
        step.work = 1 << 30
    elif step.kind is Walk:
        _buffers(step, step.bodies["forward"], step.eqn.params["operands"].carry, "carry", both=True)
        _buffers(step, step.bodies["back"], len(step.eqn.outputs), "state")
        step.work = 1 << 30
    else:
        step.work = max(_work(b) for b in step.bodies.values())
    if "cond" in step.bodies:
        step.want("flag", Aval((), np.dtype(bool)))


def _work(body: Body) -> int:
    work = sum(k.size * max(len(k.nest.nodes), 1) for k in body.plan.steps if hasattr(k, "nest"))
    work += sum(p.batch * p.m * p.n * p.k for p in body.plan.steps if hasattr(p, "x_steps"))
    return work + sum(getattr(s, "work", 0) for s in body.plan.steps) + 1


def _buffers(step: Control, body: Body, count: int, role: str, both: bool = False) -> None:
    """Room for what is carried: a second place for each value that is not updated in place (`both`: two places)."""
    for k in range(count):
        aval = body.program.outputs[k].aval
        if both:
            step.want(f"{role}{k}.first", Aval(aval.shape, aval.dtype))
        if k not in body.held:
            step.want(f"{role}{k}", Aval(aval.shape, aval.dtype))


def _pair_branches(step: Control) -> None:
    """Results of branches that each make from one operand, by changing it or leaving it as it is."""
    bodies = list(step.bodies.values())
    for k, out in enumerate(step.eqn.outputs):
        if size_of(out.aval) <= 16:
            continue
        sources = [_origin(b, k) for b in bodies]
        j = sources[0]
        if j is None or any(s != j for s in sources):
            continue
        a = step.inputs[1 + j]
        if type(a) is not Var or 1 + j in step.reuses.values():
            continue
        step.reuses[k] = 1 + j
        for b in bodies:
            b.pairs.append((j, k))


def _origin(body: Body, k: int) -> int | None:
    """The input that a result is made from in place, if it can be."""
    found = chain(body.plan, k)
    return None if found is None else body.program.inputs.index(found[0])


def reused(plan: Plan, step: Any, out: Var) -> Var | None:
    """The variable in whose memory a step can put a result."""
    if (
        isinstance(step, Serial)
        and isinstance(step.eqn.primitive.native, Scatter)
        and step.inputs[0] is step.eqn.inputs[0]
    ):
        a = step.inputs[0]
    elif isinstance(step, Control):
        k = step.eqn.outputs.index(out)
        if k not in step.reuses:
            return None
        a = step.inputs[step.reuses[k]]
    else:
        return None
    if type(a) is not Var or a.aval.dtype != out.aval.dtype or size_of(a.aval) != size_of(out.aval):
        return None
    operands = [plan.roots[b] for b in step.inputs if type(b) is Var]
    return plan.roots[a] if operands.count(plan.roots[a]) == 1 else None


Chain = list[tuple[Any, Var, Var]]  # steps, each with the variable whose memory it takes and the one it makes


def chain(plan: Plan, target: int) -> tuple[Var, Chain] | None:
    """The input that a result comes from by steps that can work in place, and these steps from the last on."""
    outputs = plan.program.outputs
    out = outputs[target]
    if type(out) is not Var:
        return None
    makers: dict[Var, list[Any]] = {}
    for step in plan.steps:
        for v in written(step):
            makers.setdefault(v, []).append(step)
    inputs = set(plan.program.inputs)
    shown = {plan.roots[o] for o in outputs if type(o) is Var}
    y = plan.roots[out]
    path: Chain = []
    while y not in inputs:
        made = makers.get(y, [])
        operand = reused(plan, made[0], y) if len(made) == 1 else None
        if operand is None or operand in shown:
            return None
        path.append((made[0], operand, y))
        y = operand
    return y, path


def reads(plan: Plan, step: Any) -> set[Any]:
    """The variables that a step reads, those of reshapes as the ones they have their memory from."""
    found = step.inputs if isinstance(step, (Serial, Control)) else arrays_of(step)
    wrote = set(written(step))
    return {plan.roots[a] for a in found if type(a) is Var and a not in wrote}


def hold(plan: Plan, found: tuple[Var, Chain]) -> bool:
    """Put a result in the memory of the input that it comes from by these steps, if every step allows it."""
    x, path = found
    steps = list(plan.steps)
    for step, _, _ in reversed(path):
        steps = _late(plan, steps, step)
    rules = [*plan.in_place, *[(s, operand) for s, operand, _ in path]]
    place = {id(s): i for i, s in enumerate(steps)}
    if any(operand in reads(plan, other) for s, operand in rules for other in steps[place[id(s)] + 1 :]):
        return False
    plan.steps, plan.in_place = steps, rules
    for step, _, y in path:
        if isinstance(step, (Serial, Kernel)):
            step.in_place = True
        else:
            step.shared.add(step.eqn.outputs.index(y))
    made = {y for _, _, y in path}
    for v, root in plan.roots.items():
        if root in made:
            plan.memory[v] = x
    return True


def _late(plan: Plan, steps: list[Any], step: Any) -> list[Any]:
    """A step after all that do not need it."""
    at = next(i for i, s in enumerate(steps) if s is step)
    needs = set(written(step))
    first, last = [], []
    for other in steps[at + 1 :]:
        wrote = set(written(other))
        if reads(plan, other) & needs or wrote & needs:
            needs |= wrote
            last.append(other)
        else:
            first.append(other)
    return [*steps[:at], *first, step, *last]


__all__ = ["bodies", "chain", "hold"]
