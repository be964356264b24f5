"""Reverse mode of the pullback of a while loop with supports: what its cotangents leave out is told by structure.

The transpose of ``c -> J' c`` at u is ``J u``, and that of ``dx -> (dJ[dx])' c`` the pullback of ``x -> J(x) u`` (pull.py). Here
u and c have masks: the loop of ``J u`` carries those of u along, as vectors of a basis do (reached.py), and its pullback
those of c (supported_pull.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Value, shape_of
from ...vocabulary import Params
from ..derived import jvp_program
from ..elementwise import not_equal
from ..shape import reshape
from ..support import Support
from ..supported import as_supports, drops, masks_of
from .loop import _zero, tangent_loop, while_p
from .programs import on_newest_tape, zeros
from .pull import WhilePull, _plain, of_constants
from .reached import loop_of, reached_by
from .scan import moving_flags
from .supported_pull import pull_supported


def _supported(self: WhilePull, cotangent: Any, supports: Any, args: Sequence[Value], params: Params) -> Any:
    """Cotangents of the linear arguments of a pullback, and their supports."""
    linear = on_newest_tape(args)
    at = [_zero(a) if b else a for a, b in zip(args, linear, strict=True)]
    body, operands, given = params["body"], params["operands"], params["given"]
    nc, nb, nk = operands
    n, plain, wanted = operands.number, _plain(params), params["wanted"].every
    u = wanted.spread(cotangent[: wanted.number])
    u_masks = wanted.spread(masks_of(supports[: wanted.number], cotangent[: wanted.number]))
    nonzero = operands.chosen(moving_flags(lambda f: jvp_program(body, f)[1], u, operands.step))
    start = [zeros(a) if t is None else t for t, a in nonzero.every.of(zip(u, body.in_avals, strict=True))]
    marks = [
        np.zeros(a.shape, bool) if t is None else m
        for t, m, a in nonzero.every.of(zip(u, u_masks, body.in_avals, strict=True))
    ]
    one = [reshape(t, (1, *shape_of(t))) for t in start]
    one_marks = [None if m is None else reshape(m, (1, *shape_of(m))) for m in marks]
    values, derived = tangent_loop(at[:n], one, nonzero, plain)
    flags, _ = tangent_loop([False] * n, [True] * len(one), nonzero, plain)
    masks, _ = tangent_loop([None] * n, one_marks, nonzero, plain)
    loop = loop_of(1, values, tuple(flags), masks, derived)
    assert loop is not None  # its condition looks at no tangent
    found: list[Value | None] = [None] * len(args)
    reached: list[Support | None] = [None] * len(args)
    if any(linear[n:]):
        pushed = nonzero.carry.spread(reached_by(loop, while_p.bind(*loop[0], **loop[1]))[nk:])
        ends = given.of(pushed)
        found[n : n + len(ends)] = [None if t is None else reshape(t[0], shape_of(t[0])[1:]) for t in ends]
        of = [None if t is None or t[2] is None else reshape(t[2], shape_of(t[2])[1:]) for t in ends]
        reached[n : n + len(ends)] = as_supports(of)
    if any(linear[:n]):
        rest = iter(at[n:])
        cts = given.spread(rest)
        cts_masks = params["marked"].spread(rest) if "marked" in params else [None] * nk
        if "marked" not in params and params["masked"]:  # zeros that a user gave, or a choice made
            cts_masks = [None if c is None else not_equal(c, 0) for c in cts]
        k = len(loop[1]["body"].outputs) - nk  # tangents and masks
        spread, spread_masks = nonzero.carry.of(cts), nonzero.carry.of(cts_masks)
        whole = [None if c is None else reshape(c, (1, *shape_of(c))) for c in spread]
        whole_masks = [None if m is None else reshape(m, (1, *shape_of(m))) for m in spread_masks]
        none = [None] * (k - len(whole))
        first = loop[1]["operands"].consts
        asked = [*linear[nc : nc + nb], *[False] * (first - nb), *linear[nc + nb : n], *[False] * k]
        grads, parts = pull_supported(
            loop[0], [*[None] * nk, *whole, *none], [*[None] * nk, *whole_masks, *none], loop[1], asked
        )
        none = of_constants(at[:n], params)
        found[nc : nc + nb] = grads[:nb]
        reached[nc : nc + nb] = [s if t is None else t for s, t in zip(none, parts[:nb], strict=True)]
        found[nc + nb : n], reached[nc + nb : n] = grads[first : first + nk], parts[first : first + nk]
    return (
        [g if b else None for g, b in zip(found, linear, strict=True)],
        [s if b else None for s, b in zip(reached, linear, strict=True)],
    )


def _leaves_out(self: WhilePull, params: Params) -> bool:
    return drops(params["body"])


WhilePull.supported = _supported
WhilePull.leaves_out = _leaves_out
