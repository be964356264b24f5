"""`walk_p`: the pullback of a while loop as the compiler takes it: forward with a tape that grows, then backwards.

``*state = walk(*tests, *consts, *carry, *fixed, *start)``; what `while_pull_p` does besides is written out by the passes.
"""

from __future__ import annotations

from typing import Any

from ...core import Aval, Primitive, Value
from ...lowering import kinds
from ...ops.derived import execute, strong
from ...program import Program


class Walk(Primitive):
    """``walk(*tests, *consts, *carry, *fixed, *start)``.

    Parameters:
        cond: ``(*tests, *carry) -> (bool,)``. forward: ``(*consts, *carry) -> (*carry, *slices)``. back: ``(*fixed,
            *state, *slices) -> (*state,)``.
        operands: how many there are of each kind of argument.
        slices: for each slice that `back` takes, its number among those that `forward` gives.
    """

    multiple_results = True

    def __init__(self) -> None:  # the compiler's own: not among the primitives that Programs of users have
        self.name, self.native = "walk", kinds.Walk()
        self.samples, self.reasons = None, {}

    def abstract(self, *avals: Aval, back: Program, **params: Any) -> list[Aval]:
        return [strong(a) for a in back.out_avals]

    def interpret(self, *args: Value, **params: Any) -> list[Value]:
        """Step by step, each step compiled."""
        tests, consts, carry, fixed, state = params["operands"].split(args)
        tape = []
        while execute(params["cond"], [*tests, *carry])[0]:
            outs = execute(params["forward"], [*consts, *carry])
            carry = outs[: len(carry)]
            tape.append(outs[len(carry) :])
        while tape:
            slices = tape.pop()
            state = execute(params["back"], [*fixed, *state, *[slices[i] for i in params["slices"]]])
        return list(state)


walk_p = Walk()
