"""How loops and branches are opened for a Jacobian's basis, step by step, while it is sparse (`transforms.basis`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...core import VALUE_TYPES, Value
from ...transforms.basis import OPENINGS
from ..indexing import getitem
from ..known import known
from ..shape import stack
from .branch import cond_p
from .loop import LONG, stepwise, while_p
from .pull import while_tangent_p
from .scan import scan_p

Opened = Callable[[], list[Value]] | None


def _branch(args: Sequence[Value], params: dict[str, Any]) -> Opened:
    if type(args[0]) not in VALUE_TYPES:
        return None
    branches = params["branches"]
    branch = branches[min(max(int(args[0]), 0), len(branches) - 1)]
    return lambda: branch.evaluate(args[1:])


def _scan(args: Sequence[Value], params: dict[str, Any]) -> Opened:
    return (lambda: _each_step(args, params)) if 0 < params["length"] <= LONG and all(map(known, args)) else None


def _while(args: Sequence[Value], params: dict[str, Any]) -> Opened:
    return (lambda: stepwise(args, params, LONG) or while_p.bind(*args, **params)) if all(map(known, args)) else None


def _while_tangent(args: Sequence[Value], params: dict[str, Any]) -> Opened:
    if not all(map(known, args)):
        return None
    n, (values, step) = len(params["body"].outputs), while_tangent_p.as_loop(args, params)
    return lambda: (stepwise(values, step, LONG) or while_p.bind(*values, **step))[n:]


def _each_step(args: Sequence[Value], params: dict[str, Any]) -> list[Value]:
    nc, nk, length = params["consts"], params["carry"], params["length"]
    carry, rows = list(args[nc : nc + nk]), []
    for i in range(length - 1, -1, -1) if params["reverse"] else range(length):
        outs = params["body"].evaluate([*args[:nc], *carry, *[getitem(x, i) for x in args[nc + nk :]]])
        carry = outs[:nk]
        rows.append(outs[nk:])
    if params["reverse"]:
        rows.reverse()
    return [*carry, *[stack(list(column)) for column in zip(*rows, strict=True)]]


OPENINGS.update({cond_p: _branch, scan_p: _scan, while_p: _while, while_tangent_p: _while_tangent})
