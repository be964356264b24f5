"""`walk_p`: the pullback of a while loop as the compiler takes it: forward with a tape that grows, then backwards.

``*state = walk(*tests, *consts, *carry, *fixed, *start)``; what `while_pull_p` does besides is written out by the passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Aval, Primitive, Value
from ...lowering import kinds
from ...ops.derived import execute, strong
from ...program import Program
from ...vocabulary import Params


class Walk(Primitive):
    """``walk(*tests, *consts, *carry, *fixed, *start)``.

    Parameters:
        cond: ``(*tests, *carry) -> (bool,)``. forward: ``(*consts, *carry) -> (*carry, *slices)``. back: ``(*fixed,
            *state, *slices) -> (*state,)``.
        tests, consts, carry, fixed: how many of each there are.
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
        tests, consts, carry, fixed, state = groups(args, params)
        tape = []
        while execute(params["cond"], [*tests, *carry])[0]:
            outs = execute(params["forward"], [*consts, *carry])
            carry = outs[: len(carry)]
            tape.append(outs[len(carry) :])
        while tape:
            slices = tape.pop()
            state = execute(params["back"], [*fixed, *state, *[slices[i] for i in params["slices"]]])
        return list(state)


def groups(args: Sequence[Any], params: Params) -> list[list[Any]]:
    """The arguments: tests, consts, carry, fixed, start."""
    rest, found = list(args), []
    for name in ("tests", "consts", "carry", "fixed"):
        found.append(rest[: params[name]])
        rest = rest[params[name] :]
    return [*found, rest]


walk_p = Walk()
