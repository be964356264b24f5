"""Steps that examples of a batch run though they do not take them: their indices count only where they are taken.

An index out of range is an error where a branch is taken, and while a loop goes on. Where a batch runs all branches and selects,
or goes on until the last example ends, the others run the same steps at places that the condition was to guard
(``cond(i < n, lambda: x[i], lambda: 0.0)``); there indices are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Aval, Value, dtype_of
from ...program import Equation, Program, Var, may_fail, subprograms
from ..call import call_p
from ..derived import alone, once
from ..elementwise import where
from .loop import While
from .operands import LoopOperands
from .scan import Scan

_BOOL = Aval((), np.dtype(bool))


def guarded(program: Program) -> Program | None:
    """``(taken, *operands) -> (*results)`` of a step, whose indices are 0 where it is not taken; None where it has none."""
    return _told(program) if _indexes(program) else None


def _told(program: Program) -> Program:
    """The same of one that may have none."""

    def make() -> Program:
        made = alone(lambda taken, *values: _run(program, taken, values), [_BOOL, *program.in_avals], program.name)
        made.masked = program.masked
        return made

    return once(program, "guarded", make)


def _indexes(program: Program) -> bool:
    """Whether an equation reads or writes at computed places, in Programs that it holds too."""
    return any(may_fail(e) or any(map(_indexes, subprograms(e))) for e in program.equations)


def _run(program: Program, taken: Value, values: Sequence[Value]) -> list[Value]:
    env: dict[Var, Value] = dict(zip(program.inputs, values, strict=True))
    for eqn in program.equations:
        args = [env[a] if isinstance(a, Var) else a.value for a in eqn.inputs]
        env.update(zip(eqn.outputs, _bound(eqn, taken, args), strict=True))
    return [env[a] if isinstance(a, Var) else a.value for a in program.outputs]


def _bound(eqn: Equation, taken: Value, args: list[Value]) -> Sequence[Value]:
    """An equation run, and what it holds told of whether it is taken."""
    primitive, params = eqn.primitive, eqn.params
    if may_fail(eqn):
        first = primitive.indices_from
        args[first:] = [where(taken, i, dtype_of(i).type(0)) for i in args[first:]]
    elif any(map(_indexes, subprograms(eqn))):
        if primitive is call_p:
            return _run(params["program"], taken, args)
        if "branches" in params:
            return primitive.bind(args[0], taken, *args[1:], branches=tuple(map(_told, params["branches"])))
        if isinstance(primitive, Scan):
            operands = params["operands"]
            more: dict[str, Any] = {"operands": operands._replace(consts=operands.consts + 1)}
            return primitive.bind(taken, *args, **{**params, **more, "body": _told(params["body"])})
        if isinstance(primitive, While):
            tests, consts, carry = params["operands"].split(args)
            tests, consts = [taken, *tests], [taken, *consts]
            more = {k: _told(params[k]) for k in ("cond", "body")}
            more["operands"] = LoopOperands.of(tests, consts, carry)
            return primitive.bind(*tests, *consts, *carry, **{**params, **more})
    outs = primitive.bind(*args, **params)
    return outs if primitive.multiple_results else [outs]


__all__ = ["guarded"]
