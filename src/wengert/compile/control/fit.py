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
    memory: set[Atom] = {v for v, b in zip(program.inputs, large, strict=True) if b}
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


def _cost(eqn: Equation, memory: set[Atom]) -> int | None:
    """About how many instructions one equation takes; results that stay in memory are added to `memory`."""
    native = eqn.primitive.native
    if isinstance(native, kinds.Control):
        large = [_is_large(a, memory) for a in eqn.inputs]
        memory.update(v for k, v in enumerate(eqn.outputs) if _carries(eqn, k, large))
        return CONTROL_COSTS[meaning(eqn)](eqn, large)
    held = bool(eqn.inputs) and eqn.inputs[0] in memory
    if held and isinstance(native, Structure) and native.flat:
        memory.add(eqn.outputs[0])
        return 0
    if held and isinstance(native, Scatter):
        memory.add(eqn.outputs[0])
        return _cost_of_writing(eqn, memory)
    if any(register_type(a.aval.dtype) is None for a in eqn.inputs):
        return None
    read = eqn.inputs
    if held and isinstance(native, Structure) and native.selects:
        if not native.computed:
            return sum(size_of(v.aval) for v in eqn.outputs)
        read = eqn.inputs[1:]
    elif any(a in memory for a in read):
        return None
    if not all(size_of(a.aval) <= 4 * FEW for a in read):
        return None
    return _cost_in_registers(eqn, held)


def _cost_of_writing(eqn: Equation, memory: set[Atom]) -> int | None:
    """Of elements written into an array in memory."""
    into, new, *places = [a.aval for a in eqn.inputs]
    written = math.prod(broadcast_shapes("indices", *[a.shape for a in places]))
    whole = math.prod(m for i, m in enumerate(into.shape) if i not in eqn.params["axes"])
    known = all(few(a.aval) and a not in memory for a in eqn.inputs[1:])
    same = new.weak or np.can_cast(new.dtype, into.dtype)
    count = written * whole
    return 4 * count if known and same and count <= 2 * FEW else None


def _cost_in_registers(eqn: Equation, held: bool) -> int | None:
    """Of an equation whose operands are in registers, but the first where it is `held` in memory."""
    native = eqn.primitive.native
    avals = [a.aval for a in eqn.inputs]
    n = sum(size_of(v.aval) for v in eqn.outputs)
    if isinstance(native, Formula):
        if lowered(eqn.primitive, avals, eqn.outputs[0].aval) is None:
            return None
        return n * (FUNCTION if native.long else native.cost)
    if isinstance(native, kinds.Check):
        return 3 * size_of(avals[0])
    if isinstance(native, Structure):
        return 0 if not native.computed else n * (4 if held else 2 * size_of(avals[0]))
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


def _is_large(a: Atom, memory: set[Atom]) -> bool:
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
    nc, nk, _ = p["operands"]
    slices = [not few(Aval(a.aval.shape[1:], a.aval.dtype)) for a in eqn.inputs[nc + nk :]]
    carry = large[nc : nc + nk]
    return cost(p["body"], [*large[: nc + nk], *slices], pairs(eqn, carry, nc, nk))


def _while_cost(eqn: Equation, large: Sequence[bool]) -> int | None:
    p = eqn.params
    tests, consts, carry = p["operands"].split(large)
    body = cost(p["body"], [*consts, *carry], pairs(eqn, carry, len(consts), len(carry)))
    return _sum(cost(p["cond"], [*tests, *carry]), body)


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
    tests, consts, carry, fixed, state = p["operands"].split(large)
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
