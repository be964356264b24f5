"""Which loops and branches are written with their values in registers, and about how many instructions that takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...ops.families import Elementwise
from ...program import Atom, Equation, Program, Var
from ..nest import size_of
from ..scalars import SCALARS, lowered, register_type
from .step import Control
from .walk import groups

FEW = 16  # elements of an array in registers
MOST = 1500  # instructions of a loop, about
DEAR = {"divide": 4, "sqrt": 4, "floor_divide": 8, "remainder": 8}
FUNCTION = 25
STRUCTURAL = frozenset("transpose broadcast_to reverse slice index index_embed pad_zero reshape concatenate".split())
REDUCTIONS = {
    "reduce_sum": "add", "reduce_prod": "multiply", "reduce_max": "maximum", "reduce_min": "minimum",
    "reduce_any": "logical_or", "reduce_all": "logical_and",
}  # fmt: skip
SCATTERS = {
    "scatter_add": "add", "scatter_multiply": "multiply", "scatter_max": "maximum", "scatter_min": "minimum",
    "scatter_set": "",
}  # fmt: skip


def few(aval: Aval) -> bool:
    return size_of(aval) <= FEW and register_type(aval.dtype) is not None


def cost(program: Program, large: Sequence[bool]) -> int | None:
    """About how many instructions a Program takes whose inputs are in memory where `large` says so; None if it cannot."""
    memory = {v for v, b in zip(program.inputs, large, strict=True) if b}
    if not all(few(v.aval) or v in memory for v in program.inputs):
        return None
    if any(type(a) is Var and a in memory or not few(a.aval) for a in program.outputs):
        return None
    total = 0
    for eqn in program.equations:
        one = _cost(eqn, memory)
        if one is None or not all(few(v.aval) for v in eqn.outputs):
            return None
        total += one
        if total > MOST:
            return None
    return total


def _cost(eqn: Equation, memory: set[Any]) -> int | None:
    name = eqn.primitive.name
    avals = [a.aval for a in eqn.inputs]
    n = sum(size_of(v.aval) for v in eqn.outputs)
    if name in CONTROL_COSTS:
        return CONTROL_COSTS[name](eqn, memory)
    if any(register_type(a.dtype) is None for a in avals):
        return None
    if name == "gather" and eqn.inputs[0] in memory:
        rest = avals[1:]
    elif name in ("index", "slice") and eqn.inputs[0] in memory:
        return n
    else:
        if any(a in memory for a in eqn.inputs if type(a) is Var):
            return None
        rest = avals
    if not all(size_of(a) <= 4 * FEW for a in rest):
        return None
    if isinstance(eqn.primitive, Elementwise):
        if lowered(eqn.primitive, avals, eqn.outputs[0].aval) is None:
            return None
        if name in SCALARS or eqn.primitive.native is not None:
            return n * DEAR.get(name, 1)
        return n * FUNCTION
    if name == "convert" or name == "gather":
        return n * (1 if name == "convert" else 4 if eqn.inputs[0] in memory else 2 * size_of(avals[0]))
    if name in STRUCTURAL:
        return 0
    if name in REDUCTIONS:
        return size_of(avals[0]) if size_of(avals[0]) else None
    if name == "dot_general":
        (cx, _), _ = eqn.params["dims"]
        k = math.prod(avals[0].shape[i] for i in cx)
        return n * k if k and all(a.dtype == eqn.outputs[0].aval.dtype for a in avals) else None
    if name in SCATTERS:
        same = all(a.weak or np.can_cast(a.dtype, eqn.outputs[0].aval.dtype) for a in avals[:2])
        places = math.prod(np.broadcast_shapes(*[a.shape for a in avals[2:]]))
        return 3 * n * places if same and n * places <= 256 else None
    return None


def _is_large(a: Atom, memory: set[Any]) -> bool:
    return (type(a) is Var and a in memory) or not few(a.aval)


def _scan_cost(eqn: Equation, memory: set[Any]) -> int | None:
    p = eqn.params
    nc, nk = p["consts"], p["carry"]
    consts, init, xs = eqn.inputs[:nc], eqn.inputs[nc : nc + nk], eqn.inputs[nc + nk :]
    if any(_is_large(a, memory) for a in init):
        return None
    slices = [not few(Aval(a.aval.shape[1:], a.aval.dtype)) for a in xs]
    return cost(p["body"], [*[_is_large(a, memory) for a in consts], *[False] * nk, *slices])


def _while_cost(eqn: Equation, memory: set[Any]) -> int | None:
    p = eqn.params
    large = [_is_large(a, memory) for a in eqn.inputs]
    nt, nb = p["cond_consts"], p["body_consts"]
    return _sum(cost(p["cond"], [*large[:nt], *large[nt + nb :]]), cost(p["body"], large[nt:]))


def _cond_cost(eqn: Equation, memory: set[Any]) -> int | None:
    large = [_is_large(a, memory) for a in eqn.inputs]
    if large[0]:
        return None
    return _sum(*[cost(b, large[1:]) for b in eqn.params["branches"]])


def _walk_cost(eqn: Equation, memory: set[Any]) -> int | None:
    p = eqn.params
    tests, consts, carry, fixed, state = groups([_is_large(a, memory) for a in eqn.inputs], p)
    return _sum(
        cost(p["cond"], [*tests, *carry]),
        cost(p["forward"], [*consts, *carry]),
        cost(p["back"], [*fixed, *state, *[False] * len(p["slices"])]),
    )


def _sum(*costs: int | None) -> int | None:
    total = 0
    for c in costs:
        if c is None:
            return None
        total += c
    return total


CONTROL_COSTS: dict[str, Callable[[Equation, set[Any]], int | None]] = {
    "scan": _scan_cost,
    "while": _while_cost,
    "cond": _cond_cost,
    "walk": _walk_cost,
}


def fits_program(program: Program) -> bool:
    """Whether a body with these inputs is likely written so: large ones are taken for constants."""
    return cost(program, [not few(v.aval) for v in program.inputs]) is not None


def fits(step: Control) -> bool:
    """Whether a step is written with its values in registers."""
    c = CONTROL_COSTS[step.name](step.eqn, set())
    return c is not None and c <= MOST


__all__ = ["FEW", "REDUCTIONS", "SCATTERS", "STRUCTURAL", "cost", "few", "fits", "fits_program"]
