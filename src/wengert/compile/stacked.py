"""Arrays stacked along a new last axis: one loop nest computes them all and writes whole rows.

Put together one after another, as pieces along other axes are, each would be written by a nest of its own, a number here and
there: every line of memory is then written as often as a row has places.
"""

from __future__ import annotations

from ..core import Aval
from ..lowering import index_maps as maps
from ..lowering import meaning, meanings
from ..program import Atom, Equation, Program, Var
from .nest import size_of
from .rewriter import appended, rebuilt, registered

WIDEST = 16  # arrays that one nest computes, at most
LEAST = 256  # elements of what is put together, at least


def stacked(program: Program) -> Program:
    """A Program whose stacks along last axes are written by one nest each."""
    if maps.Joined not in meanings(program):
        return program
    producer = {v: e for e in program.equations for v in e.outputs}
    equations: list[Equation] = []
    for eqn in program.equations:
        if meaning(eqn) is maps.Joined and _is_stack(eqn):
            parts = [_without_axis(equations, producer, a) for a in eqn.inputs]
            row = Equation(registered(maps.Interleaved), parts, eqn.outputs, {"row": (len(parts),)})
            row.place, eqn = eqn.place, row
        equations.append(eqn)
    return rebuilt(program, equations)


def _is_stack(eqn: Equation) -> bool:
    out = eqn.outputs[0].aval
    return (
        1 < len(eqn.inputs) <= WIDEST
        and eqn.params["axis"] == len(out.shape) - 1 > 0
        and out.dtype.kind != "c"
        and size_of(out) >= LEAST
        and all(a.aval.shape[-1] == 1 and a.aval.dtype == out.dtype for a in eqn.inputs)
    )


def _without_axis(equations: list[Equation], producer: dict[Var, Equation], a: Atom) -> Atom:
    shape = a.aval.shape[:-1]
    made = producer.get(a) if type(a) is Var else None  # a literal is reshaped too: a new one would not be found again
    if made is not None and meaning(made) is maps.Reshape and made.inputs[0].aval.shape == shape:
        inner = made.inputs[0]
        if inner.aval.dtype == a.aval.dtype and not inner.aval.weak:
            return inner
    return appended(equations, maps.Reshape, [a], Aval(shape, a.aval.dtype), shape=shape)


__all__ = ["stacked"]
