"""Along which axes of a mesh the values of a Program differ among places, and collectives that this makes superfluous."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ..errors import NotSupportedError
from ..program import Equation, Literal, Program, Var, subprograms
from .call import Call
from .collectives import Collective, Exchange, psum_p
from .elementwise import mul_p

Axes = frozenset[Hashable]
NONE: Axes = frozenset()


def varying(program: Program, ins: Sequence[Axes]) -> list[Axes]:
    """The axes along which each result differs, from those of the inputs.

    Raises:
        NotSupportedError: a collective stands in a loop or a branch that places along its axis may run or not: they would
            wait for each other for ever.
    """
    return _walked(program, ins)[1]


def simplified(program: Program, ins: Sequence[Axes]) -> Program:
    """The same without collectives over axes along which their arguments do not differ."""
    equations, _ = _walked(program, ins)
    out = Program(program.inputs, equations, program.outputs, program.name, program.masked)
    out.backend = program.backend
    return out


def _walked(program: Program, ins: Sequence[Axes]) -> tuple[list[Equation], list[Axes]]:
    env: dict[Var, Axes] = dict(zip(program.inputs, ins, strict=True))
    equations: list[Equation] = []
    for eqn in program.equations:
        found = [NONE if type(a) is Literal else env[a] for a in eqn.inputs]
        eqn, outs = _equation(eqn, found)
        equations.append(eqn)
        env.update(zip(eqn.outputs, outs, strict=True))
    return equations, [NONE if type(a) is Literal else env[a] for a in program.outputs]


def _equation(eqn: Equation, ins: Sequence[Axes]) -> tuple[Equation, list[Axes]]:
    primitive, params = eqn.primitive, eqn.params
    if isinstance(primitive, Collective):
        axis = params["axis_name"]
        if isinstance(primitive, Exchange):
            return eqn, [ins[0] | {axis}]
        if axis not in ins[0] and primitive is psum_p:
            size = Literal(np.asarray(params["size"], eqn.inputs[0].aval.dtype)[()])
            eqn = Equation(mul_p, [*eqn.inputs, size], eqn.outputs, {})
        return eqn, [ins[0] - {axis}]
    handler = _HELD.get(primitive.name)
    if handler is not None:
        return handler(eqn, ins)
    if isinstance(primitive, Call):
        return _with(eqn, ins, "program")
    everything = NONE.union(*ins)
    for program in subprograms(eqn):
        everything |= _axes(program)
    return eqn, [everything] * len(eqn.outputs)


def _with(eqn: Equation, ins: Sequence[Axes], key: str) -> tuple[Equation, list[Axes]]:
    program = eqn.params[key]
    params = {**eqn.params, key: simplified(program, ins)}
    return Equation(eqn.primitive, eqn.inputs, eqn.outputs, params), varying(program, ins)


def _scan(eqn: Equation, ins: Sequence[Axes]) -> tuple[Equation, list[Axes]]:
    body, nk = eqn.params["body"], eqn.params["operands"].carry
    consts, carry, xs = eqn.params["operands"].split(ins)
    while True:
        given = [*consts, *carry, *xs]
        outs = varying(body, given)
        grown = [a | b for a, b in zip(carry, outs, strict=False)]
        if grown == carry:
            break
        carry = grown
    params = {**eqn.params, "body": simplified(body, given)}
    return Equation(eqn.primitive, eqn.inputs, eqn.outputs, params), [*carry, *outs[nk:]]


def _while(eqn: Equation, ins: Sequence[Axes]) -> tuple[Equation, list[Axes]]:
    tests, consts, carry = eqn.params["operands"].split(ins)
    cond, body = eqn.params["cond"], eqn.params["body"]
    while True:
        ends = varying(cond, [*tests, *carry])[0]
        outs = varying(body, [*consts, *carry])
        grown = [a | b | ends for a, b in zip(carry, outs, strict=True)]
        if grown == carry:
            break
        carry = grown
    _together(ends, [cond, body], "while_loop whose condition differs")
    params = {
        **eqn.params,
        "cond": simplified(cond, [*tests, *carry]),
        "body": simplified(body, [*consts, *carry]),
    }
    return Equation(eqn.primitive, eqn.inputs, eqn.outputs, params), carry


def _cond(eqn: Equation, ins: Sequence[Axes]) -> tuple[Equation, list[Axes]]:
    branches = eqn.params["branches"]
    _together(ins[0], branches, "branch whose choice differs")
    found = [varying(b, ins[1:]) for b in branches]
    params = {**eqn.params, "branches": tuple(simplified(b, ins[1:]) for b in branches)}
    outs = [ins[0].union(*each) for each in zip(*found, strict=True)]
    return Equation(eqn.primitive, eqn.inputs, eqn.outputs, params), outs


def _together(differs: Axes, programs: Sequence[Program], what: str) -> None:
    for name in differs.intersection(*[NONE.union(*map(_axes, programs))]):
        raise NotSupportedError(
            f"shard_map: a collective over {name!r} stands in a {what} along {name!r}: some places would wait for ever for "
            f"the others; make the condition the same everywhere (lax.pmax of it), or take the collective out"
        )


def _axes(program: Program) -> Axes:
    """The axes of all collectives in a Program."""
    found = program.cache.get("collectives")
    if found is None:
        found = NONE.union(
            *[{e.params["axis_name"]} for e in program.equations if isinstance(e.primitive, Collective)],
            *[_axes(p) for e in program.equations for p in subprograms(e)],
        )
        program.cache["collectives"] = found
    return found


_HELD: dict[str, Any] = {"scan": _scan, "while": _while, "cond": _cond}

__all__ = ["Axes", "simplified", "varying"]
