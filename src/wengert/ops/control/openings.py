"""How a branch whose choice is known is opened for a Jacobian's basis, step by step, while it is sparse (`transforms.basis`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...core import VALUE_TYPES, Value
from ...transforms.basis import OPENINGS
from ...vocabulary import Params
from .branch import cond_p

Opened = Callable[[], list[Value]] | None


def _branch(args: Sequence[Value], params: Params) -> Opened:
    if type(args[0]) not in VALUE_TYPES:
        return None
    branches = params["branches"]
    branch = branches[min(max(int(args[0]), 0), len(branches) - 1)]
    return lambda: branch.evaluate(args[1:])


OPENINGS[cond_p] = _branch
