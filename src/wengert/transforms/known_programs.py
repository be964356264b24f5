"""Programs that were written before: found again by the content of the function that a Program was written of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..locks import lock
from ..places import NOTING
from ..program import Atom, Literal, Program, Var
from .staging import FEW

MOST = 256  # Programs that are remembered


# --- Programs that are equal ------------------------------------------------------------------------------------

_known: OrderedDict[Any, Program] = OrderedDict()
_lock = lock()


def known_program(program: Program) -> Program:
    """The first Program that was made with the same equations, so that what was made of it is used again."""
    if NOTING.on:  # whose lines may be others
        return program
    try:
        key = content(program)
        with _lock:
            found = _known.setdefault(key, program)
            _known.move_to_end(key)
            if len(_known) > MOST:
                _known.popitem(last=False)
    except TypeError:  # a parameter has no hash
        return program
    return found


def content(program: Program, number: Callable[[Literal], Any] = lambda a: None) -> Any:
    """What a Program is, names of variables aside: equal for equal ones.

    Rules and policies count, which make no difference to compiled code (`compile.fingerprint`) but to derivatives.

    Args:
        number: what stands for a literal of an equation, in the order of the equations; None for the literal itself.
    """
    numbers: dict[Var, int] = {v: i for i, v in enumerate(program.inputs)}

    def atom(a: Atom) -> Any:
        if isinstance(a, Var):
            return numbers[a]
        if isinstance(a.value, np.ndarray):
            if a.value.size > FEW or a.value.dtype.hasobject:
                return ("array", id(a.value), a.aval)
            return (a.value.tobytes(), a.aval)
        return (type(a.value), repr(a.value), a.aval)

    def parameter(x: Any) -> Any:
        if isinstance(x, Program):
            return content(x)
        if isinstance(x, (tuple, list)):
            return tuple(map(parameter, x))
        return (type(x), x)

    rows: list[Any] = []
    for eqn in program.equations:
        ins = tuple([(number(a) if type(a) is Literal else None) or atom(a) for a in eqn.inputs])
        for v in eqn.outputs:
            numbers[v] = len(numbers)
        params = tuple((k, parameter(eqn.params[k])) for k in sorted(eqn.params))
        rows.append((eqn.primitive.name, ins, params, tuple(v.aval for v in eqn.outputs)))
    key = (tuple(program.in_avals), tuple(rows), tuple(map(atom, program.outputs)), program.masked, program.name)
    hash(key)
    return key


__all__ = ["content", "known_program"]
