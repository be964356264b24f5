"""What a compiled function is made of, to look at: the Program before and after the passes, the loop nests, LLVM's text,
the assembly, and what a call costs.
"""

from __future__ import annotations

import math
from typing import Any

from ..costs import Cost
from ..costs import flops as operations
from ..lowering.kinds import Branch, Scan
from ..program import Program
from . import engine
from .control.step import Control
from .executable import Executable
from .fusion import Call, Kernel, Plan
from .lapack import Factorisation
from .memory import arrays_of
from .module import Module
from .nest import size_of
from .pipeline import lowered, optimized, recorded
from .printer import text_of
from .products import Product


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
        return text_of(self._module.plan)

    def passes(self) -> dict[str, str]:
        """What each pass of the compiler makes of the Program, as text, by name: Programs, then loops. Programs in loops go
        through the passes before those around them, and are shown where these are.

        Example:
            >>> import wengert
            >>> print(wengert.jit(lambda x: x + x * 0.0 ** 0).lower(1.0).passes()["simplify"])
            program(a: float64[]*) {
              b: float64[]* = add a a
              return b
            }
        """
        with recorded() as found:
            lowered(optimized(self.program), engine.vector_bytes(), self._executable.donated)
        return dict(found)

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


__all__ = ["Cost", "Lowered"]
