"""Which loops and branches are written with their values in registers, and about how many instructions that takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...lowering import Formula, kinds, meaning
from ...lowering.index_maps import Structure
from ...lowering.kernels import Scatter
from ...lowering.kinds import Contraction
from ...lowering.monoids import Reduction
from ...ops.promotion import broadcast_shapes
from ...program import Atom, Equation, Program, Var, live_equations
from ..nest import size_of
from ..scalars import lowered, register_type
from .order import arranged, source
from .step import Control
from .walk import groups

FEW = 16  # elements of an array in registers
MOST = 1500  # instructions of a loop, about
FUNCTION = 25


def few(aval: Aval) -> bool:
    return size_of(aval) <= FEW and register_type(aval.dtype) is not None


Pairs = Sequence[tuple[int, int]]


def cost(program: Program, large: Sequence[bool], held: Pairs = ()) -> int | None:
    """About how many instructions a Program takes; None if it cannot be written so.

    Args:
        large: which inputs are in memory. held: inputs and results, by number, that are the same array in memory.
    """
    memory = {v for v, b in zip(program.inputs, large, strict=True) if b}
    if not all(few(v.aval) or v in memory for v in program.inputs):
        return None
    order = ordered(program, large, held)
    if order is None:
        return None
    total = 0
    for eqn in order:
        one = _cost(eqn, memory)
        if one is None or not all(few(v.aval) or v in memory for v in eqn.outputs):
            return None
        total += one
        if total > MOST:
            return None
    targets = {k for _, k in held}
    for k, a in enumerate(program.outputs):
        if k not in targets and (not few(a.aval) or (type(a) is Var and a in memory)):
            return None
    return total


def ordered(program: Program, large: Sequence[bool], held: Pairs) -> list[Equation] | None:
    """The equations in the order in which they are written, made once."""
    key = ("order", tuple(large), tuple(held))
    if key not in program.cache:
        memory = [v for v, b in zip(program.inputs, large, strict=True) if b]
        program.cache[key] = arranged(program, memory, held)
    return program.cache[key]


def carried_first(program: Program, count: int) -> list[Equation]:
    """The equations, those that the first results need before all others; made once."""
    key = ("carried first", count)
    if key not in program.cache:
        needed = {id(e) for e in live_equations(program.equations, program.outputs[:count], failing=False)}
        program.cache[key] = sorted(program.equations, key=lambda e: id(e) not in needed)
    return program.cache[key]


def written_together(program: Program, eqn: Equation) -> tuple[Var, Var] | None:
    """The two results, for a function of numbers that is written with another one of which a Program has both."""
    if eqn.primitive.native.both is None:
        return None
    key = ("both",)
    if key not in program.cache:
        found: dict[Any, dict[int, Var]] = {}
        for e in program.equations:
            both = e.primitive.native.both
            if both and type(e.inputs[0]) is Var and e.inputs[0].aval.dtype == e.outputs[0].aval.dtype:
                found.setdefault((both[0], e.inputs[0]), {})[both[1]] = e.outputs[0]
        program.cache[key] = {x: (by[0], by[1]) for (_, x), by in found.items() if len(by) == 2}
    return program.cache[key].get(eqn.inputs[0]) if type(eqn.inputs[0]) is Var else None


def _cost(eqn: Equation, memory: set[Any]) -> int | None:  # noqa: C901 (a table of kinds of steps)
    native = eqn.primitive.native
    structure = native if isinstance(native, Structure) else None
    avals = [a.aval for a in eqn.inputs]
    n = sum(size_of(v.aval) for v in eqn.outputs)
    if isinstance(native, kinds.Control):
        large = [_is_large(a, memory) for a in eqn.inputs]
        memory.update(v for k, v in enumerate(eqn.outputs) if _carries(eqn, k, large))
        return CONTROL_COSTS[meaning(eqn)](eqn, large)
    if eqn.inputs and eqn.inputs[0] in memory:
        if structure is not None and structure.flat:
            memory.add(eqn.outputs[0])
            return 0
        if isinstance(native, Scatter):
            memory.add(eqn.outputs[0])
            places = broadcast_shapes("indices", *[a.shape for a in avals[2:]])
            rest = [m for i, m in enumerate(avals[0].shape) if i not in eqn.params["axes"]]
            count = math.prod(places) * math.prod(rest)
            known = all(few(a.aval) and a not in memory for a in eqn.inputs[1:])
            same = avals[1].weak or np.can_cast(avals[1].dtype, avals[0].dtype)
            return 4 * count if known and same and count <= 2 * FEW else None
    if any(register_type(a.dtype) is None for a in avals):
        return None
    if structure is not None and structure.selects and eqn.inputs[0] in memory:
        if not structure.computed:
            return n
        rest = avals[1:]
    else:
        if any(a in memory for a in eqn.inputs if type(a) is Var):
            return None
        rest = avals
    if not all(size_of(a) <= 4 * FEW for a in rest):
        return None
    if isinstance(native, Formula):
        if lowered(eqn.primitive, avals, eqn.outputs[0].aval) is None:
            return None
        return n * (FUNCTION if native.long else native.cost)
    if isinstance(native, kinds.Check):
        return 3 * size_of(avals[0])
    if structure is not None:
        return 0 if not structure.computed else n * (4 if eqn.inputs[0] in memory else 2 * size_of(avals[0]))
    if isinstance(native, Reduction):
        return size_of(avals[0]) if size_of(avals[0]) else None
    if isinstance(native, Contraction):
        (cx, _), _ = eqn.params["dims"]
        k = math.prod(avals[0].shape[i] for i in cx)
        return n * k if k and all(a.dtype == eqn.outputs[0].aval.dtype for a in avals) else None
    if isinstance(native, Scatter):
        same = all(a.weak or np.can_cast(a.dtype, eqn.outputs[0].aval.dtype) for a in avals[:2])
        places = math.prod(broadcast_shapes("indices", *[a.shape for a in avals[2:]]))
        return 3 * n * places if same and n * places <= 256 else None
    return None


def _is_large(a: Atom, memory: set[Any]) -> bool:
    return (type(a) is Var and a in memory) or not few(a.aval)


def _carries(eqn: Equation, k: int, large: Sequence[bool]) -> bool:
    i = source(eqn, k)
    return i is not None and large[i]


def pairs(eqn: Equation, large: Sequence[bool], first: int, count: int) -> list[tuple[int, int]]:
    """The large values that a body with `first` inputs before what it carries carries in place.

    Args:
        large: for the values that are carried.
    """
    return [(first + k, k) for k in range(count) if large[k]]


def _scan_cost(eqn: Equation, large: Sequence[bool]) -> int | None:
    p = eqn.params
    nc, nk = p["consts"], p["carry"]
    slices = [not few(Aval(a.aval.shape[1:], a.aval.dtype)) for a in eqn.inputs[nc + nk :]]
    carry = large[nc : nc + nk]
    return cost(p["body"], [*large[: nc + nk], *slices], pairs(eqn, carry, nc, nk))


def _while_cost(eqn: Equation, large: Sequence[bool]) -> int | None:
    p = eqn.params
    nt, nb = p["cond_consts"], p["body_consts"]
    carry = large[nt + nb :]
    body = cost(p["body"], large[nt:], pairs(eqn, carry, nb, len(carry)))
    return _sum(cost(p["cond"], [*large[:nt], *carry]), body)


def branch_pairs(eqn: Equation, large: Sequence[bool]) -> list[tuple[int, int]]:
    """The large operands that branches change in place, and the results that are these."""
    found = [(source(eqn, k), k) for k, v in enumerate(eqn.outputs)]
    return [(i - 1, k) for i, k in found if i is not None and large[i]]


def _cond_cost(eqn: Equation, large: Sequence[bool]) -> int | None:
    if large[0]:
        return None
    held = branch_pairs(eqn, large)
    return _sum(*[cost(b, large[1:], held) for b in eqn.params["branches"]])


def _walk_cost(eqn: Equation, large: Sequence[bool]) -> int | None:
    p = eqn.params
    tests, consts, carry, fixed, state = groups(large, p)
    if any(carry):
        return None
    return _sum(
        cost(p["cond"], [*tests, *carry]),
        cost(p["forward"], [*consts, *carry]),
        cost(p["back"], [*fixed, *state, *[False] * len(p["slices"])], pairs(eqn, state, len(fixed), len(state))),
    )


def _sum(*costs: int | None) -> int | None:
    total = 0
    for c in costs:
        if c is None:
            return None
        total += c
    return total


CONTROL_COSTS: dict[Any, Callable[[Equation, Sequence[bool]], int | None]] = {
    kinds.Scan: _scan_cost,
    kinds.While: _while_cost,
    kinds.Branch: _cond_cost,
    kinds.Walk: _walk_cost,
}


def fits_program(program: Program) -> bool:
    """Whether a body with these inputs is likely written so: large ones are taken for constants."""
    return cost(program, [not few(v.aval) for v in program.inputs]) is not None


def fits(step: Control) -> bool:
    """Whether a step is written with its values in registers."""
    large = [not few(a.aval) for a in step.inputs]
    c = CONTROL_COSTS[step.kind](step.eqn, large)
    if c is None or c > MOST:
        return False
    step.reuses = {k: i for k in range(len(step.eqn.outputs)) if (i := source(step.eqn, k)) is not None and large[i]}
    step.without_blanks(step.reuses)
    return True


__all__ = [
    "FEW",
    "branch_pairs",
    "cost",
    "few",
    "fits",
    "fits_program",
    "ordered",
    "pairs",
]
