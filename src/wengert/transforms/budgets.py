"""Loops whose reverse pass keeps few of their steps: `scan`, `while_loop` and `fori_loop` with ``checkpoint=``.

What the argument means, and a scan as the counted loop that it is then: `ops/control/binomial.py` plans how such a loop
is walked back, and `while_p` has its derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, Value, aval_of, inexact_dtype
from ..errors import ArgumentError
from ..ops.control.binomial import SHARE, Checkpoint, bytes_of, integer, put
from ..ops.control.operands import LoopOperands, ScanOperands
from ..ops.control.primitives import scan_p, while_p
from ..ops.control.programs import spread_zero, staged
from ..ops.control.pulling import blocks_of
from ..ops.control.scan import moving_flags, saving
from ..ops.derived import linearized_programs, strong
from ..ops.elementwise import less
from ..ops.indexing import getitem
from ..program import Program
from ..vocabulary import Params


def checkpoint_of(checkpoint: Any, budget: int | None, length: int | None, what: str) -> Checkpoint:
    """What a user asked for.

    Args:
        length: the number of steps, where it is known; a number then says the segments, and their steps otherwise.
    """
    if checkpoint == "auto":
        return Checkpoint(int(config.checkpoint_bytes if budget is None else budget), 0, 0, length, what)
    if isinstance(checkpoint, (int, np.integer)) and not isinstance(checkpoint, bool) and checkpoint >= 1:
        if budget is not None:
            raise ArgumentError(
                f'{what}: budget goes with checkpoint="auto"; checkpoint={checkpoint} says the segments'
            )
        room, number = int(config.checkpoint_bytes), int(checkpoint)
        if length is None:
            return Checkpoint(room, number, 0, None, what)
        return Checkpoint(room, max(-(-length // number), 1), number, length, what)
    raise ArgumentError(f'{what}: checkpoint is None, "auto" or a number of segments, got {checkpoint!r}')


def while_within(
    args: Sequence[Value],
    params: Params,
    checkpoint: Any,
    budget: int | None,
    what: str,
    length: int | None = None,
) -> list[Value]:
    """`while_p` of these arguments, walked back with few snapshots; `length` is its number of steps, if known."""
    asked = checkpoint_of(checkpoint, budget, length, what)
    if length != 0 and not (asked.steps and length is not None and length <= asked.slots):
        params = {**params, "checkpoint": asked}
        check_budget(params)
    return while_p.bind(*args, **params)


def check_budget(params: Params) -> None:
    """Raise where a budget is too small for a loop's first derivative, all that can have one differentiated."""
    body, operands = params["body"], params["operands"]
    inexact = [True if inexact_dtype(a.dtype) else None for a in body.in_avals]
    moving = moving_flags(lambda f: linearized_programs(body, f)[2], inexact, operands.step)
    nonzero = operands.chosen(moving)
    if any(nonzero.carry):
        blocks_of({**params, "nonzero": nonzero, "given": nonzero.carry, "masked": False})


def scan_within(args: Sequence[Value], params: Params, checkpoint: Any, budget: int | None, what: str) -> list[Value]:
    """`scan_p` of these arguments, or where it keeps too much a counted loop that is walked back with few snapshots."""
    length, operands, body = params["length"], params["operands"], params["body"]
    nk = operands.carry
    asked = checkpoint_of(checkpoint, budget, length, what)
    if asked.steps:
        whole = length <= asked.slots
    else:
        whole = length * step_bytes(body, operands) <= int(SHARE * asked.budget)
    if whole:
        return scan_p.bind(*args, **params)
    rows = [Aval((length, *a.shape), a.dtype) for a in body.out_avals[nk:]]
    starts = [spread_zero(a) for a in rows]
    consts, carry, xs = operands.split(args)
    fixed = [strong(aval_of(a)) for a in (*consts, *xs)]
    moving = [Aval((), config.int_dtype), *map(strong, body.out_avals[:nk]), *rows]
    key = ("counted", config.int_dtype, length, params["reverse"], operands.consts, tuple(fixed))
    cond = staged(body, (*key, "cond"), lambda i, *_: [less(i, length)], moving, body.name)
    step = staged(body, key, lambda *values: _step(body, params, values), [*fixed, *moving], body.name)
    state = [integer(0), *carry, *starts]
    loop = {"cond": cond, "body": step, "operands": LoopOperands.of((), fixed, state), "checkpoint": asked}
    check_budget(loop)
    return while_p.bind(*consts, *xs, *state, **loop)[1:]


def _step(body: Program, params: Params, values: Sequence[Value]) -> list[Value]:
    """One step of a scan as a loop that counts: ``(*consts, *xs, i, *carry, *ys) -> (i, *carry, *ys)``."""
    nc, nk, n_xs = params["operands"]
    consts, xs, i, rest = values[:nc], values[nc : nc + n_xs], values[nc + n_xs], values[nc + n_xs + 1 :]
    at = params["length"] - 1 - i if params["reverse"] else i
    outs = body.evaluate([*consts, *rest[:nk], *[getitem(x, at) for x in xs]])
    return [i + 1, *outs[:nk], *[put(y, v, at) for y, v in zip(rest[nk:], outs[nk:], strict=True)]]


def step_bytes(body: Program, operands: ScanOperands) -> int:
    """Bytes that the reverse pass of a scan keeps for one step."""
    inexact = [True if inexact_dtype(a.dtype) else None for a in body.in_avals]
    nonzero = moving_flags(lambda f: linearized_programs(body, f)[2], inexact, operands)
    known, _, _ = linearized_programs(body, nonzero)
    _, forward, _ = saving(known, len(body.outputs), operands)
    return bytes_of(forward.out_avals[len(body.outputs) :])


__all__ = ["scan_within", "while_within"]
