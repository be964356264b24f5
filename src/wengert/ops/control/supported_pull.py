"""Reverse mode of `while_p` with masks of what counts beside the cotangents: `supported_pull_p` (../supported.py).

The pullback of a loop whose number of steps is not known keeps what each step needs, and walks back. Here each step
backwards also carries a boolean array beside each cotangent of which a part alone is reached, so that what the loop leaves
out, and what its results' cotangents leave out, is told by structure and not by zeros that a factor may have made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Aval, Value
from ...lowering import kinds
from ...vocabulary import Linearizing, Params, Pushed, Results, Tape
from ..derived import linearized_programs, strong
from ..elementwise import not_equal
from ..sides import ASIDE, derivative_of_kinks
from ..support import Support
from ..supported import as_supports, mask_of
from .loop import _zero
from .operands import Members
from .pull import LAST, WhilePull, _pull_samples
from .pulling import blocks_of, pulling
from .scan import moving_flags


class SupportedPull(WhilePull):
    """``*cotangents, *reached = supported_pull(*tests, *consts, *init, *cotangents of carry, *masks)``.

    What is reached of constants of the body is how often, as numbers; of carried values it is a mask.

    Parameters:
        those of `while_pull_p`; marked: which carried values have masks. Where they have a cotangent and no mask, every
        element counts.
    """

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        nb = params["operands"].consts
        grads = super().abstract(**params)
        kinds = [a if k < nb else mask_of(a) for k, a in enumerate(params["body"].in_avals)]
        return [*grads, *map(strong, params["wanted"].every.of(kinds))]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        n = params["operands"].number
        k = n + params["given"].number
        values = super().dependence(given[:k], _unmarked(params), results // 2)
        return [*[b or any(given[k:]) for b in values], *[any(given[:n]) or any(given[k:])] * (results - len(values))]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        k = params["operands"].number + params["given"].number
        marks = params["marked"].spread(primals[k:])
        outs = self.bind(*primals, **params)
        values, ts = self.pushed(primals[:k], tangents[:k], _unmarked(params), marks)
        if ASIDE.on:  # beside a kink values are others
            outs = [*values, *outs[len(values) :]]
        return outs, [*ts, *[None] * (len(outs) - len(ts))]

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        outs, ts = self.jvp(primals, tangents, params)
        return [trace.wrap(o, t if trace.tape.owns(t) else None) for o, t in zip(outs, ts, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        given, n = [tape.owns(a) for a in args], params["wanted"].every.number
        linear = self.dependence(given, params, 2 * n)[:n]
        found = self.bind(*[_zero(a) if b else a for a, b in zip(args, given, strict=True)], **params)
        nodes = tape.append_many(self, tuple(args), params, self.abstract(**params))
        return [*[node if b else k for node, k, b in zip(nodes, found, linear, strict=False)][:n], *found[n:]]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        return self.supported(cotangent, [None] * len(cotangent), args, params)[0]


def _unmarked(params: Params) -> dict[str, Any]:
    return {**{k: v for k, v in params.items() if k != "marked"}, "masked": True}


def pull_supported(
    args: Sequence[Value],
    cotangents: Sequence[Value | None],
    masks: Sequence[Value | None],
    params: Params,
    wanted: Sequence[bool],
) -> tuple[list[Value | None], list[Support | None]]:
    """Cotangents of the constants of a loop's body and of its initial values, where they are wanted, and their supports.

    Args:
        args: of `while_p`. cotangents, masks: of its results; None is zero, or all of them. params: of `while_p`.
    """
    body, operands = params["body"], params["operands"]
    nb = operands.consts
    moving = moving_flags(lambda f: linearized_programs(body, f)[2], [b or None for b in wanted], operands.step)
    nonzero = operands.chosen(moving)
    given = Members(c is not None and b for c, b in zip(cotangents, nonzero.carry, strict=True))
    if not any(given):
        return [None] * len(wanted), [None] * len(wanted)
    marked = Members(m is not None and b for m, b in zip(masks, given, strict=True))
    step = {**params, "nonzero": nonzero, "given": given, "masked": True, "marked": marked}
    p = pulling(step)
    blocks_of(step)  # raises here, at the user's line, where the budget is too small
    chosen = operands.chosen([w and b for w, b in zip(wanted, p.cotangents.every, strict=True)])
    outs = supported_pull_p.bind(*args, *given.of(cotangents), *marked.of(masks), **step, wanted=chosen)
    asked = chosen.every
    n, reached = asked.number, asked.spread(outs[asked.number :])
    reached = [
        None if m is None or not b else not_equal(m, 0) if k < nb else m
        for k, (m, b) in enumerate(zip(reached, p.reached.every, strict=True))
    ]
    return asked.spread(outs[:n]), as_supports(reached)


def _samples() -> list[Any]:
    mask = np.array([True, True])  # outside of a mask a cotangent is 0
    return [((*args, mask), {**params, "masked": True, "marked": LAST.carry}) for args, params in _pull_samples()]


supported_pull_p = SupportedPull(
    "supported_pull",
    samples=_samples,
    reasons={"complex": "a Program is typed"},
    native=kinds.Pullback(),
)
derivative_of_kinks(supported_pull_p)

__all__ = ["pull_supported", "supported_pull_p"]
