"""How the pullback of a while loop walks back: what it needs of each step, the state of the walk, and its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ...core import Value
from ...program import Program
from ...vocabulary import Params
from ..derived import (
    dependence,
    linearized_programs,
    once,
    transposed_program,
)
from ..steep import steep
from ..supported import mask_of
from .backwards import backwards
from .binomial import Blocks, bytes_of, planned
from .loop import Flags, smaller_loop
from .operands import Chosen, LoopOperands, Members
from .programs import fixed_point, zeros
from .scan import linear_step, saving, transposed_body

T = TypeVar("T")


class Pulling(NamedTuple):
    """The parts of a pullback.

    Attributes:
        invariant: ``(*consts) -> values`` that are the same in all steps; None for none.
        cond, forward: the loop again, ``(*tests, *carry) -> (bool,)`` and ``(*consts, *carry) -> (*carry, *slices)``, of
            the carried values that are needed; what it gives besides is kept for each step.
        taken: which constants of the body and carried values `forward` takes.
        fixed: for each constant of `back` where it is found: ("value", v), ("argument", i) of the body's constants, or
            ("invariant", i).
        back: one step backwards, ``(*fixed, *sums, *cotangents, *slices) -> (*sums, *cotangents)``.
        cotangents: which constants of the body have a cotangent, which is a sum over steps, and which carried values have one
            in some step.
        slices: for each slice that `back` takes, its number among those that `forward` gives.
        reached: of which constants of the body `back` sums up how often each element is reached, after the sums; of which
            carried values it has a mask of what is reached, after their cotangents (supported_pull.py).
    """

    invariant: Program | None
    cond: Program
    forward: Program
    taken: Chosen
    fixed: list[tuple[str, Any]]
    back: Program
    cotangents: Chosen
    slices: list[int]
    reached: Chosen


def pulling(params: dict[str, Any]) -> Pulling:
    """What a pullback consists of, made once."""
    if "slices" in params:
        return _written_out(params)
    body, cond, nonzero, given = params["body"], params["cond"], params["nonzero"], params["given"]
    operands, masked, marked = params["operands"], params["masked"], params.get("marked")
    return once(
        body,
        ("pulling", cond, operands, nonzero, given, masked, marked),
        lambda: _pulling(cond, body, nonzero, given, operands, masked, marked),
    )


def pull_groups(args: Sequence[T], params: Params) -> tuple[list[T], list[T], list[T], list[T]]:
    """The arguments of a pullback: tests, constants, what is carried first, and the cotangents (with masks) or the state that the
    walk back begins with."""
    if "slices" in params:
        tests, consts, fixed, carry, state = params["operands"].split(args)
        return tests, [*consts, *fixed], carry, state
    (tests, consts, carry), rest = params["operands"].apart(args)
    return tests, consts, carry, rest


def _written_out(params: dict[str, Any]) -> Pulling:
    """Of a walk whose Programs are given (walk_back.py): nothing is the same in all steps, and its state is what they take."""
    _, used, n_fixed, carry, _ = params["operands"]
    fixed: list[tuple[str, Any]] = [("argument", used + i) for i in range(n_fixed)]
    taken = Chosen(Members([True] * used + [False] * n_fixed), Members([True] * carry))
    steps = params["cond"], params["forward"]
    return Pulling(None, *steps, taken, fixed, params["body"], _NONE, list(params["slices"]), _NONE)


_NONE = Chosen(Members(), Members())


def blocks_of(params: dict[str, Any]) -> Blocks | None:
    """The plan of the walk back; None where it keeps what all steps need.

    Raises:
        ArgumentError: the budget is too small.
    """
    if params.get("checkpoint") is None:
        return None
    p = pulling(params)
    n = p.taken.carry.number
    return planned(params["checkpoint"], bytes_of(p.forward.out_avals[n:]), bytes_of(p.forward.out_avals[:n]))


def _pulling(
    cond: Program,
    body: Program,
    nonzero: Chosen,
    given: Members,
    operands: LoopOperands,
    masked: bool,
    marked: Members | None,
) -> Pulling:
    nk = len(body.outputs)
    known, linear, live = linearized_programs(body, nonzero.every)
    invariant, forward, places = saving(known, nk, operands.step)
    kinds = [moves for _, _, moves in places]
    of_step = linear_step(linear, kinds, nonzero.every, live, operands.step, {"length": 0, "reverse": False})
    step = of_step["body"]
    step.cache["steep"] = steep(body)
    n_fixed, n_consts, moving = kinds.count(False), nonzero.consts.number, nonzero.carry
    m = moving.number
    flags = (*[False] * n_fixed, *[True] * (n_consts + m), *[False] * kinds.count(True))

    start = moving.of(given)
    reached = _NONE
    if marked is None:
        cts = fixed_point(start, lambda f: transposed_program(step, flags, f, masked)[1][n_consts : n_consts + m])
        back, backs = transposed_body(step, flags, cts, masked, of_step["operands"])
    else:
        found = backwards(step, flags, start, moving.of(marked), of_step["operands"])
        back, cts, backs = found.step, found.given, found.live
        reached = Chosen(nonzero.consts.among(found.found[:n_consts]), moving.among(found.marked))
    dropped = _unneeded(cond, forward, operands)
    small_cond, small, used = smaller_loop(cond, forward, operands, dropped)
    return Pulling(
        invariant,
        small_cond,
        small,
        Chosen(used, Members(not d for d in dropped)),
        [(kind, value) for kind, value, moves in places if not moves],
        back,
        Chosen(nonzero.consts.among(backs[:n_consts]), moving.among(cts)),
        [value for _, value, moves in places if moves],
        reached,
    )


def _unneeded(cond: Program, forward: Program, operands: LoopOperands) -> Flags:
    """Carried values that neither the condition nor what is kept depends on."""
    nc, nb, nk = operands
    needed = [bool(dependence(cond, [i == nc + j for i in range(len(cond.inputs))])[0]) for j in range(nk)]
    reach = [dependence(forward, [i == nb + j for i in range(len(forward.inputs))]) for j in range(nk)]
    needed = [a or any(r[nk:]) for a, r in zip(needed, reach, strict=True)]
    closed = fixed_point(needed, lambda f: [any(r[k] and f[k] for k in range(nk)) for r in reach])
    return tuple(not c for c in closed)


def started(cotangents: Sequence[Value], params: dict[str, Any], p: Pulling) -> list[Value]:
    """The state at the end of the loop: no sums, the cotangents of what it carries, zeros where one comes into being only
    on the way, and the masks of those that have some (the last of `cotangents`)."""
    if "slices" in params:
        return list(cotangents)
    body, rest = params["body"], iter(cotangents)
    of_consts = p.cotangents.consts, p.reached.consts
    sums = [zeros(a) for flags in of_consts for a, b in zip(body.in_avals, flags, strict=False) if b]
    cts = params["given"].spread(rest)
    start = [zeros(a) if c is None else c for c, a in p.cotangents.carry.of(zip(cts, body.out_avals, strict=True))]
    masks = params["marked"].spread(rest) if "marked" in params else []
    marks = [
        np.full(a.shape, c is not None) if m is None else m
        for m, c, a, b in zip(masks, cts, body.out_avals, p.reached.carry, strict=False)
        if b
    ]
    return [*sums, *start, *marks]


def results(state: Sequence[Value], params: dict[str, Any], p: Pulling) -> list[Value]:
    """The cotangents that are wanted, from the last state of the walk back. With masks also what they reach: of constants
    how often, as numbers, of carried values masks."""
    if "slices" in params:
        return list(state)
    found, wanted, avals = iter(state), params["wanted"], params["body"].in_avals
    sums, hits = p.cotangents.consts.spread(found), p.reached.consts.spread(found)
    cts, masks = p.cotangents.carry.spread(found), p.reached.carry.spread(found)
    grads = [zeros(a) if g is None else g for g, a in wanted.every.of(zip([*sums, *cts], avals, strict=True))]
    if "marked" not in params:
        return grads
    there = [g is not None for g in (*sums, *cts)]
    types = [*params["body"].in_avals[: len(sums)], *[mask_of(a) for a in params["body"].out_avals]]
    return grads + [
        np.full(a.shape, g, a.dtype) if m is None else m
        for m, g, a in wanted.every.of(zip([*hits, *masks], there, types, strict=True))
    ]
