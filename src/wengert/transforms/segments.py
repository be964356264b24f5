"""Loops whose reverse pass keeps few of their steps: `scan`, `while_loop` and `fori_loop` with ``checkpoint=``.

A loop is cut into segments, and these into segments again where memory is short; the reverse pass keeps what is carried
into each segment and runs it once more when it gets there. With k levels of s snapshots and m steps kept whole it
reaches ``m * s**k`` steps and runs each of them at most k times more, the growth that binomial checkpointing has
(Griewank and Walther 2000, revolve; Stumm and Walther 2010, for an unknown number of steps). The pieces are ordinary
loops and `remat_p`, so that they are differentiated again, in both modes, batched and compiled like any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, Value, aval_of, inexact_dtype
from ..errors import ArgumentError
from ..ops.call import linearized_programs, remat_p
from ..ops.control import scan_p, while_p
from ..ops.control.programs import staged
from ..ops.control.scan import moving_flags, saving
from ..ops.elementwise import less, logical_and
from ..ops.shape import concatenate, reshape
from ..program import Program

SHARE = 0.75  # of a budget that is planned; the rest is for what a step needs while it runs
DEEPEST = 6


def bytes_of(avals: Sequence[Aval]) -> int:
    return sum(a.size * a.dtype.itemsize for a in avals)


def step_bytes(body: Program, nc: int, nk: int) -> tuple[int, int]:
    """Bytes that the reverse pass keeps for one step, and bytes that are carried."""
    inexact = [True if inexact_dtype(a.dtype) else None for a in body.in_avals]
    nonzero = moving_flags(lambda f: linearized_programs(body, f)[2], inexact, nc, nk)
    known, _, _ = linearized_programs(body, nonzero)
    _, forward, _ = saving(known, len(body.outputs), nc, nk)
    return bytes_of(forward.out_avals[len(body.outputs) :]), bytes_of(body.out_avals[:nk])


def budget_of(checkpoint: Any, budget: int | None, what: str) -> int | None:
    """The bytes that a loop may keep, or None where the number of segments is given."""
    if checkpoint == "auto":
        return int(config.checkpoint_bytes if budget is None else budget)
    if isinstance(checkpoint, (int, np.integer)) and not isinstance(checkpoint, bool) and checkpoint >= 1:
        if budget is not None:
            raise ArgumentError(
                f'{what}: budget goes with checkpoint="auto"; checkpoint={checkpoint} says the segments'
            )
        return None
    raise ArgumentError(f'{what}: checkpoint is None, "auto" or a number of segments, got {checkpoint!r}')


def plan(length: int, kept: int, carried: int, budget: int, what: str) -> list[int]:
    """How many steps make a segment, and how many segments one of the next level, and so on; none if all is kept."""
    room = int(SHARE * budget)
    if length * kept <= room:
        return []
    for levels in range(1, DEEPEST + 1):
        for share in (2, 4, 8, 16, 0):  # of what is there for the steps kept whole; 0 stands for a single one
            steps = room // share // max(kept, 1) if share else 1
            slots = (room - steps * kept) // max(carried, 1) // levels
            if steps >= 1 and slots >= 2 and steps * slots**levels >= length:
                steps = min(steps, length)
                return [steps, *[math.ceil((length / steps) ** (1 / levels))] * (levels - 1)]
    raise ArgumentError(
        f"{what}: {length} steps that carry {carried:,} bytes and keep {kept:,} cannot be differentiated within a budget "
        f"of {budget:,} bytes; give it more"
    )


# --- scan --------------------------------------------------------------------------------------------------------


def scan_in_segments(
    args: Sequence[Value], params: dict[str, Any], checkpoint: Any, budget: int | None, what: str
) -> list[Value]:
    """`scan_p` of these arguments, cut into segments."""
    length, nc, nk = params["length"], params["consts"], params["carry"]
    room = budget_of(checkpoint, budget, what)
    if room is None:
        sizes = [math.ceil(length / checkpoint)] if length > checkpoint else []
    else:
        kept, carried = step_bytes(params["body"], nc, nk)
        sizes = plan(length, kept, carried, room, what)
    return _scan(args, params, tuple(sizes))


def _scan(args: Sequence[Value], params: dict[str, Any], sizes: tuple[int, ...]) -> list[Value]:
    if not sizes:
        return scan_p.bind(*args, **params)
    nc, nk, length = params["consts"], params["carry"], params["length"]
    consts, carry, xs = list(args[:nc]), list(args[nc : nc + nk]), list(args[nc + nk :])
    segment = math.prod(sizes)
    whole, rest = divmod(length, segment)
    if not whole:
        return _scan(args, params, sizes[:-1])
    backwards = params["reverse"]
    first = [x[rest:] if backwards else x[: whole * segment] for x in xs]
    last = [x[:rest] if backwards else x[whole * segment :] for x in xs]
    blocks = [reshape(x, (whole, segment, *x.shape[1:])) for x in first]
    unit = _segment(params, sizes, [aval_of(a) for a in (*consts, *carry)], [aval_of(b) for b in blocks])
    outs = scan_p.bind(*consts, *carry, *blocks, **{**params, "body": unit, "length": whole})
    ys = [reshape(y, (whole * segment, *y.shape[2:])) for y in outs[nk:]]
    if not rest:
        return [*outs[:nk], *ys]
    more = _scan([*consts, *outs[:nk], *last], {**params, "length": rest}, sizes[:-1])
    joined = [concatenate([b, a] if backwards else [a, b], 0) for a, b in zip(ys, more[nk:], strict=True)]
    return [*more[:nk], *joined]


def _segment(params: dict[str, Any], sizes: tuple[int, ...], fixed: Sequence[Aval], blocks: Sequence[Aval]) -> Program:
    """The Program of one segment as one step, which is run again by the reverse pass."""
    body = params["body"]
    avals = [*fixed, *[Aval(b.shape[1:], b.dtype) for b in blocks]]
    inner = {**params, "length": math.prod(sizes)}
    key = ("segment", sizes, params["reverse"], params["consts"], params["carry"], tuple(avals))
    steps = staged(body, key, lambda *a: _scan(a, inner, sizes[:-1]), avals, body.name)
    return staged(steps, "again", lambda *a: remat_p.bind(*a, program=steps, policy=None), avals, body.name)


# --- while -------------------------------------------------------------------------------------------------------


def while_in_segments(
    args: Sequence[Value], params: dict[str, Any], checkpoint: Any, budget: int | None, what: str
) -> list[Value]:
    """`while_p` of these arguments, cut into segments of `checkpoint` steps, or two levels that a budget gives."""
    nb, body = params["body_consts"], params["body"]
    room = budget_of(checkpoint, budget, what)
    if room is None:
        sizes = [int(checkpoint)]
    else:
        kept, carried = step_bytes(body, nb, len(body.outputs))
        room = int(SHARE * room)
        sizes = [room // 2 // max(kept, 1), room // 4 // max(carried, 1)]
        if min(sizes) < 2:
            raise ArgumentError(
                f"{what}: a loop that carries {carried:,} bytes and keeps {kept:,} a step cannot be differentiated within "
                f"a budget of {room:,} bytes; give it more"
            )
    return _while(args, params, tuple(sizes))


def _while(args: Sequence[Value], params: dict[str, Any], sizes: tuple[int, ...]) -> list[Value]:
    """A loop over segments: each ends after a number of steps, or when the condition fails."""
    cond, body, nt, nb = params["cond"], params["body"], params["cond_consts"], params["body_consts"]
    tests, consts, carry = args[:nt], args[nt : nt + nb], args[nt + nb :]
    avals = [*cond.in_avals[:nt], *body.in_avals]
    for size in sizes:
        segment = _steps(cond, body, nt, avals, size)
        body = staged(
            segment, "again", lambda *a, p=segment: remat_p.bind(*a, program=p, policy=None), avals, body.name
        )
        nb = nt + params["body_consts"]  # the segments take the constants of both
    return while_p.bind(*tests, *tests, *consts, *carry, cond=cond, body=body, cond_consts=nt, body_consts=nb)


def _steps(cond: Program, body: Program, nt: int, avals: Sequence[Aval], size: int) -> Program:
    """``(*tests, *consts, *carry) -> (*carry)``: at most `size` steps."""
    count = Aval((), np.dtype(np.int64))
    skip = len(avals) - len(body.in_avals)  # the loop's own body takes no constants of the condition
    n_fixed = len(avals) - len(body.outputs)

    def going(*values: Value) -> list[Value]:
        return [logical_and(less(values[nt], size), cond.evaluate([*values[:nt], *values[nt + 1 :]])[0])]

    def step(*values: Value) -> list[Value]:
        fixed, i, carry = values[:n_fixed], values[n_fixed], values[n_fixed + 1 :]
        return [i + 1, *body.evaluate([*fixed[skip:], *carry])]

    test = staged(cond, ("segment", size, nt), going, [*avals[:nt], count, *avals[n_fixed:]], cond.name)
    inner = staged(body, ("segment", size, tuple(avals)), step, [*avals[:n_fixed], count, *avals[n_fixed:]], body.name)

    def run(*values: Value) -> list[Value]:
        outs = while_p.bind(
            *values[:nt], *values[:n_fixed], np.int64(0), *values[n_fixed:],
            cond=test, body=inner, cond_consts=nt, body_consts=n_fixed,
        )  # fmt: skip
        return outs[1:]

    return staged(body, ("steps", cond, size, tuple(avals)), run, avals, body.name)


__all__ = ["scan_in_segments", "while_in_segments"]
