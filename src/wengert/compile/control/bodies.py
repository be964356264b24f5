"""What the passes do with the Programs that loops and branches hold.

They are optimised as Programs of their own, large constants become arguments, and the pullback of a while loop becomes
a `walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core import Aval, Primitive
from ...lowering import kinds
from ...ops.control.operands import LoopOperands, WalkOperands
from ...ops.control.pulling import blocks_of, pull_groups, pulling, results, started
from ...program import Atom, Literal, Program, Var
from ...vocabulary import Params
from ..rewriter import Rewriter, number
from .fit import fits_program
from .machine import machine
from .motion import invariants, taken_apart
from .tidy import lifted, settled
from .walk import walk_p


def simplified_control(r: Rewriter, primitive: Primitive, inputs: list[Atom], params: Params) -> list[Atom]:
    """The results of an equation of control flow."""
    kind = primitive.native.meaning
    if kind is kinds.Pullback:
        value, walked = partial(_atom, r), partial(written_walk, r)
        return pulled(r, primitive, inputs, params, value, walked)
    if kind is kinds.Branch:
        branches = params["branches"]
        i = number(inputs[0])
        if i is not None:
            return r.run(branches[min(max(int(i), 0), len(branches) - 1)], inputs[1:])
        found = [lifted(r, b) for b in branches]
        more = [a for _, literals in found for a in literals]
        wide, at = [], 0
        for program, literals in found:
            wide.append(_with_inputs(program, len(literals), at, [a.aval for a in more]))
            at += len(literals)
        arguments = [inputs[0], *map(r.literal, more), *inputs[1:]]
        return r.written(primitive, arguments, {"branches": tuple(wide)}, _strong(wide[0].out_avals))
    if kind is kinds.Scan:
        body, literals = lifted(r, params["body"])
        arguments = [*map(r.literal, literals), *inputs]
        operands = params["operands"]
        operands = operands._replace(consts=operands.consts + len(literals))
        params = {**params, "body": body, "operands": operands}
        return taken_apart(r, primitive, arguments, params, r.written)
    if kind is kinds.Walk:
        return r.written(primitive, inputs, params, _strong(params["back"].out_avals))
    tests, consts, carry = params["operands"].split(inputs)
    # Numbers come in before the Programs are optimised, so that they get into the loops that these hold.
    cond, tests, _ = settled(r, params["cond"], 0, tests)
    body, consts, _ = settled(r, params["body"], 0, consts)
    (cond, first), (body, second) = lifted(r, cond), lifted(r, body)
    tests = [*map(r.literal, first), *tests]
    consts = [*map(r.literal, second), *consts]
    if not (fits_program(cond) and fits_program(body)):
        cond, tests = invariants(r, cond, tests)
        body, consts = invariants(r, body, consts)
    cond, tests, _ = settled(r, cond, 0, tests)
    body, consts, _ = settled(r, body, 0, consts)
    operands = LoopOperands.of(tests, consts, carry)
    arguments = [*tests, *consts, *carry]
    params = {"cond": cond, "body": body, "operands": operands}
    return r.written(primitive, arguments, params, _strong(body.out_avals))


def _strong(avals: Sequence[Aval]) -> list[Aval]:
    return [Aval(a.shape, a.dtype) for a in avals]


def _with_inputs(program: Program, mine: int, at: int, avals: Sequence[Any]) -> Program:
    """A branch that takes the constants of all branches; its own are `mine` from number `at` on."""
    if len(avals) == mine:
        return program
    more = [program.inputs[i - at] if at <= i < at + mine else Var(a) for i, a in enumerate(avals)]
    return Program([*more, *program.inputs[mine:]], program.equations, program.outputs, program.name)


def pulled(
    r: Rewriter,
    primitive: Primitive,
    inputs: Sequence[Any],
    params: Params,
    value: Callable[[Any], Any],
    walked: Callable[..., list[Any]],
) -> list[Any]:
    """The results of `while_pull`: what is the same in all steps, then a `walk`, or one with few snapshots.

    Args:
        value: makes a value of the Program that is written of one that a rule gives.
        walked: writes the walk: ``(Programs, groups of arguments, slices)``, see `written_walk`.
    """
    p, blocks = pulling(params), blocks_of(params)
    if blocks is not None and (p.cond.guards or p.forward.guards or p.back.guards):  # it runs in Python
        return r.written(primitive, list(inputs), params, primitive.abstract(**params))
    tests, consts, carry, cotangents = pull_groups(inputs, params)
    used, state = p.taken.consts.of(consts), p.taken.carry.of(carry)
    before = [] if p.invariant is None else r.run(p.invariant, consts)
    sources = {"argument": consts, "invariant": before}
    fixed = [value(v) if kind == "value" else sources[kind][v] for kind, v in p.fixed]
    start = [value(v) for v in started(cotangents, params, p)]
    groups = [tests, used, state, fixed, start]
    if blocks is not None:
        program = machine(p, blocks, [[a.aval for a in g] for g in groups])
        made = r.run(program, [a for g in groups for a in g])
    else:
        made = walked((p.cond, p.forward, p.back), groups, p.slices)
    return [value(v) for v in results(made, params, p)]


def written_walk(
    r: Rewriter, programs: Sequence[Program], groups: Sequence[Sequence[Atom]], slices: Sequence[int]
) -> list[Atom]:
    """The results of a `walk`.

    Args:
        programs: the condition, a step forward, one backwards. groups: tests, constants, what is carried forward, constants
            of the steps backwards, the state that these carry. slices: see `walk.Walk`.
    """
    tests, used, state, fixed, start = map(list, groups)
    (cond, first), (forward, second), (back, third) = (lifted(r, p) for p in programs)
    cond, tests, _ = settled(r, cond, 0, [*map(r.literal, first), *tests])
    forward, used, _ = settled(r, forward, 0, [*map(r.literal, second), *used])
    back, fixed, _ = settled(r, back, 0, [*map(r.literal, third), *fixed])
    operands = WalkOperands.of(tests, used, state, fixed, start)
    return r.written(
        walk_p,
        [*tests, *used, *state, *fixed, *start],
        {"cond": cond, "forward": forward, "back": back, "operands": operands, "slices": tuple(slices)},
        list(walk_p.abstract(back=back)),
    )


def _atom(r: Rewriter, v: Any) -> Atom:
    if type(v) in (Var, Literal):
        return r.literal(v) if type(v) is Literal else v
    return r.literal(Literal(v[()] if isinstance(v, np.ndarray) and v.ndim == 0 else v))


__all__ = ["pulled", "simplified_control", "written_walk"]
