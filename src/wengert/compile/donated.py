"""Donated: results of a program in the memory of arguments that may be overwritten.

Two kinds of result are put there: those made from an argument by changing some elements, as the carried values of loops
are (`control.prepare`), and those of a loop nest that reads the argument only where it writes the result. Of the second
kind any argument of that shape and dtype will do, whatever it has to do with the result.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..program import Var
from .control.prepare import chain, hold
from .fusion import Kernel, Plan
from .memory import written
from .nest import size_of


def hold_donated(plan: Plan, donated: Sequence[int]) -> Plan:
    """The plan with results in the memory of the inputs that they are made from, if these may be overwritten; `Plan.held` has
    their numbers.
    """
    if not donated:
        return plan
    found: dict[int, int] = {}
    inputs = plan.program.inputs
    for k in range(len(plan.program.outputs)):
        origin = chain(plan, k)
        if origin is None or not origin[1]:
            continue
        i = inputs.index(origin[0])
        if i in donated and i not in found.values() and hold(plan, origin):
            found[k] = i
    for k, out in enumerate(plan.program.outputs):
        if k in found or type(out) is not Var or plan.memory[out] in inputs:
            continue
        y = plan.roots[out]
        makers = [s for s in plan.steps if y in written(s)]
        if len(makers) != 1 or not isinstance(makers[0], Kernel):
            continue
        for i in donated:
            x = inputs[i]
            if i not in found.values() and overwrites(plan, makers[0], x, y) and hold(plan, (x, [(makers[0], x, y)])):
                found[k] = i
                break
    plan.held = found
    return plan


def overwrites(plan: Plan, kernel: Kernel, x: Var, y: Var) -> bool:
    """Whether a nest reads `x` at a point only where it writes `y` there, and writes all of `y`."""
    if x.aval.shape != y.aval.shape or x.aval.dtype != y.aval.dtype or kernel.size != size_of(y.aval):
        return False
    roots = [r for r in kernel.roots if plan.roots[r.target] is y]
    if len(roots) != 1 or roots[0].combine is not None:
        return False
    if any(plan.roots[o] is x for o in plan.program.outputs if type(o) is Var):
        return False
    for node in kernel.nest.nodes:
        if node.kind == "checked":
            return False  # of an index that may be computed from what is written already
        if node.kind == "load" and type(node.data[0]) is Var and plan.roots[node.data[0]] is x:
            if node.args or node.data[1] != roots[0].offset:
                return False
    return True


__all__ = ["hold_donated"]
