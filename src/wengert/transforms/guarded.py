"""Programs with guards: what Python asked for while a function was traced has to come out the same way."""

from __future__ import annotations

from collections.abc import Sequence

from ..backends import OtherPath
from ..core import Tracer, Value, is_inexact
from ..ops.call import call_p
from ..ops.operators import lost_derivative
from ..program import Program

NUMBERS = frozenset({"float()", "complex()", ".item()", ".tolist()"})  # what makes a constant, which is no choice


def run_guarded(program: Program, values: Sequence[Value]) -> list[Value] | None:
    """The results of a Program; None if a guard says that it is the wrong one for these values."""
    guards = program.guards
    try:
        outs = call_p.bind(*values, program=program)
        n = len(outs) - len(guards)
        for guard, out in zip(guards, outs[n:], strict=True):
            if isinstance(out, Tracer):
                if guard.what in NUMBERS and out.differentiated and is_inexact(out):
                    raise lost_derivative(out, guard.what, guard.line)
                out = out.concrete(f"{guard.what} inside jit of {program.name}")
            if not guard.holds(out):
                return None
    except OtherPath:
        return None
    return outs[:n]


__all__ = ["run_guarded"]
