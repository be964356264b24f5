"""How the pullback of a while loop walks back: what it needs of each step, the state of the walk, and its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import Value
from ...program import Program
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
from .programs import fixed_point, zeros
from .scan import linear_step, saving, transposed_body


class Pulling(NamedTuple):
    """The parts of a pullback.

    Attributes:
        invariant: ``(*body_consts) -> values`` that are the same in all steps; None for none.
        cond, forward: the loop again, ``(*tests, *carry) -> (bool,)`` and ``(*consts, *carry) -> (*carry, *slices)``, of
            the carried values that are needed; what it gives besides is kept for each step.
        consts, carry: which constants of the body and carried values `forward` takes.
        fixed: for each constant of `back` where it is found: ("value", v), ("argument", i) of the body's constants, or
            ("invariant", i).
        back: one step backwards, ``(*fixed, *sums, *cotangents, *slices) -> (*sums, *cotangents)``.
        sums: which constants of the body have a cotangent. cotangents: which carried values have one in some step.
        slices: for each slice that `back` takes, its number among those that `forward` gives.
        hits: for which constants of the body `back` sums up how often each element is reached, after `sums`; masks: for
            which carried values it has a mask of what is reached, after `cotangents` (supported_pull.py).
    """

    invariant: Program | None
    cond: Program
    forward: Program
    consts: list[bool]
    carry: list[bool]
    fixed: list[tuple[str, Any]]
    back: Program
    sums: list[bool]
    cotangents: Flags
    slices: list[int]
    hits: Sequence[bool] = ()
    masks: Flags = ()


def pulling(params: dict[str, Any]) -> Pulling:
    """What a pullback consists of, made once."""
    if "slices" in params:
        return _written_out(params)
    body, cond, nonzero, given = params["body"], params["cond"], params["nonzero"], params["given"]
    nc, nb, masked, marked = params["cond_consts"], params["body_consts"], params["masked"], params.get("marked")
    return once(
        body,
        ("pulling", cond, nc, nonzero, given, masked, marked),
        lambda: _pulling(cond, body, nonzero, given, nc, nb, masked, marked),
    )


def _written_out(params: dict[str, Any]) -> Pulling:
    """Of a walk whose Programs are given (walk_back.py): nothing is the same in all steps, and its state is what they take."""
    used, n = params["used"], params["body_consts"]
    state = [True] * (len(params["forward"].inputs) - used)
    fixed: list[tuple[str, Any]] = [("argument", i) for i in range(used, n)]
    consts = [i < used for i in range(n)]
    steps = params["cond"], params["forward"]
    return Pulling(None, *steps, consts, state, fixed, params["body"], [], (), list(params["slices"]))


def blocks_of(params: dict[str, Any]) -> Blocks | None:
    """The plan of the walk back; None where it keeps what all steps need.

    Raises:
        ArgumentError: the budget is too small.
    """
    if params.get("checkpoint") is None:
        return None
    p = pulling(params)
    carried = p.forward.out_avals[: sum(p.carry)]
    return planned(params["checkpoint"], bytes_of(p.forward.out_avals[sum(p.carry) :]), bytes_of(carried))


def _pulling(
    cond: Program, body: Program, nonzero: Flags, given: Flags, nc: int, nb: int, masked: bool, marked: Flags | None
) -> Pulling:
    nk = len(body.outputs)
    known, linear, live = linearized_programs(body, nonzero)
    invariant, forward, places = saving(known, nk, nb, nk)
    kinds = [moves for _, _, moves in places]
    step = linear_step(linear, kinds, nonzero, live, nb, nk, {"length": 0, "reverse": False})["body"]
    step.cache["steep"] = steep(body)
    n_fixed, n_consts, moving = kinds.count(False), sum(nonzero[:nb]), nonzero[nb:]
    m = sum(moving)
    flags = (*[False] * n_fixed, *[True] * (n_consts + m), *[False] * kinds.count(True))

    start = [g for g, b in zip(given, moving, strict=True) if b]
    hits: Sequence[bool] = ()
    masks: Sequence[bool] = ()
    if marked is None:
        cts = fixed_point(start, lambda f: transposed_program(step, flags, f, masked)[1][n_consts : n_consts + m])
        back, backs = transposed_body(step, flags, cts, masked, n_fixed + n_consts, m)
    else:
        found = backwards(
            step, flags, start, [g for g, b in zip(marked, moving, strict=True) if b], n_fixed + n_consts, m
        )
        back, cts, backs = found.step, found.given, found.live
        hits, masks = _spread(found.found[:n_consts], nonzero[:nb]), _spread(found.marked, moving)
    dropped = _unneeded(cond, forward, nc, nb, nk)
    small_cond, small, used = smaller_loop(cond, forward, nc, nb, dropped)
    return Pulling(
        invariant,
        small_cond,
        small,
        used,
        [not d for d in dropped],
        [(kind, value) for kind, value, moves in places if not moves],
        back,
        _spread(backs[:n_consts], nonzero[:nb]),
        tuple(_spread(cts, moving)),
        [value for _, value, moves in places if moves],
        hits,
        tuple(masks),
    )


def _spread(flags: Sequence[bool], among: Sequence[bool]) -> list[bool]:
    """Flags of some of several, with False for the others."""
    rest = iter(flags)
    return [next(rest) if b else False for b in among]


def _unneeded(cond: Program, forward: Program, nc: int, nb: int, nk: int) -> Flags:
    """Carried values that neither the condition nor what is kept depends on."""
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
    sums = [zeros(a) for flags in (p.sums, p.hits) for a, b in zip(body.in_avals, flags, strict=False) if b]
    cts = [next(rest) if b else None for b in params["given"]]
    start = [zeros(a) if c is None else c for c, a, b in zip(cts, body.out_avals, p.cotangents, strict=True) if b]
    masks = [next(rest) if b else None for b in params.get("marked", ())]
    marks = [
        np.full(a.shape, c is not None) if m is None else m
        for m, c, a, b in zip(masks, cts, body.out_avals, p.masks, strict=False)
        if b
    ]
    return [*sums, *start, *marks]


def results(state: Sequence[Value], params: dict[str, Any], p: Pulling) -> list[Value]:
    """The cotangents that are wanted, from the last state of the walk back. With masks also what they reach: of constants
    how often, as numbers, of carried values masks."""
    if "slices" in params:
        return list(state)
    found, wanted, avals = iter(state), params["wanted"], params["body"].in_avals
    sums, hits, cts, masks = [
        [next(found) if b else None for b in flags] for flags in (p.sums, p.hits, p.cotangents, p.masks)
    ]
    grads = [zeros(a) if g is None else g for g, a, b in zip([*sums, *cts], avals, wanted, strict=True) if b]
    if "marked" not in params:
        return grads
    there = [g is not None for g in (*sums, *cts)]
    types = [*params["body"].in_avals[: len(sums)], *[mask_of(a) for a in params["body"].out_avals]]
    return grads + [
        np.full(a.shape, g, a.dtype) if m is None else m
        for m, g, a, b in zip([*hits, *masks], there, types, wanted, strict=True)
        if b
    ]
