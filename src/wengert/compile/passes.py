"""Passes over Programs: calls inlined, constants folded, what is computed twice computed once, algebra, dead code.

One walk (`rewriter`) does all of it, by the rules in `algebra` and `restructure`, which keep every value to rounding,
infinities and NaN included; the sign of a zero may change (``x + 0`` becomes ``x``). Loop nests come later.
"""

from __future__ import annotations

from ..lowering.kinds import Control
from ..program import Program
from . import algebra, restructure  # noqa: F401 - their rules
from .checks import complete
from .rewriter import Rewriter, rebuilt
from .sums import sums_followed


def optimize(program: Program) -> Program:
    """A Program that computes the same with less.

    Example:
        >>> import numpy as np, wengert
        >>> optimize(wengert.make_program(lambda x: (x * 1.0 + x * 1.0) ** 1)(np.ones(3)))
        program(a: float64[3]) {
          b: float64[3] = add a a
          return b
        }
    """
    rewriter = Rewriter()
    outputs = rewriter.run(program, program.inputs)
    optimized = rebuilt(program, rewriter.equations, outputs)
    optimized = complete(sums_followed(optimized))
    if any(isinstance(e.primitive.native, Control) for e in optimized.equations):
        from .control.tidy import pruned

        return pruned(optimized)
    return optimized


__all__ = ["optimize"]
