"""Quotients: a derivative divides by a number again that its function has divided by, and one inverse serves all of that.

The partial derivatives of ``q = x / y`` are ``1 / y`` and ``-q / y``. Where a Program divides numbers, or quotients by
`y` themselves, by `y` once more, it multiplies by one inverse instead, which is far quicker. The results are the same to
rounding, those of numbers the same bits; where the inverse would overflow, both are scaled. What a function divides
itself stays divided: ``x / x`` is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval
from ..lowering import formulas as f
from ..lowering import meaning, meanings
from ..program import Equation, Literal, Program, Var
from .rewriter import appended, rebuilt, registered
from .rewrites import on

LEAST = 3  # divisions by one number that an inverse pays for
# Below the first an inverse may overflow; the second brings it back.
SCALES = {"d": (2.0**-1000, 2.0**100), "f": (2.0**-110, 2.0**40)}


def inverses_shared(program: Program) -> Program:
    """A Program that divides by a number once where it may multiply by its inverse."""
    if f.divide not in meanings(program) or not on("shared_inverses"):
        return program
    producer = {v: e for e in program.equations for v in e.outputs}
    groups: dict[Var, list[Equation]] = {}
    for eqn in program.equations:
        if meaning(eqn) is f.divide and _again(eqn, producer) is not None:
            groups.setdefault(eqn.inputs[1], []).append(eqn)  # type: ignore[arg-type]
    chosen = {
        id(e): y
        for y, found in groups.items()
        if len(found) >= LEAST and any(_again(e, producer) for e in found)
        for e in found
    }
    if not chosen:
        return program
    equations: list[Equation] = []
    inverses: dict[Var, tuple[Var, Var]] = {}
    for eqn in program.equations:
        y = chosen.get(id(eqn))
        if y is None:
            equations.append(eqn)
            continue
        if y not in inverses:
            inverses[y] = _inverse(equations, y)
        scale, inverse = inverses[y]
        (out,) = eqn.outputs
        lifted = appended(equations, f.multiply, [eqn.inputs[0], scale], Aval(out.aval.shape, out.aval.dtype))
        equations.append(Equation(registered(f.multiply), [lifted, inverse], [out], {}))
    return rebuilt(program, equations)


def _again(eqn: Equation, producer: dict[Var, Equation]) -> bool | None:
    """Whether a quotient by a number is divided by it again; None if it is neither that nor a number divided."""
    x, y = eqn.inputs
    out = eqn.outputs[0].aval
    if type(y) is not Var or y.aval.dtype.char not in SCALES or out.dtype != y.aval.dtype:
        return None
    if type(x) is Literal:
        return False if x.aval.shape == () and out.shape == y.aval.shape else None
    made: Any = producer.get(x)
    while made is not None and meaning(made) is f.negative:
        a = made.inputs[0]
        made = producer.get(a) if type(a) is Var else None
    return True if made is not None and meaning(made) is f.divide and made.inputs[1] is y else None


def _inverse(equations: list[Equation], y: Var) -> tuple[Var, Var]:
    """The scale of a number, and the inverse of the scaled number."""
    shape, dtype = y.aval.shape, y.aval.dtype
    small, lift = (Literal(dtype.type(n)) for n in SCALES[dtype.char])
    one = Literal(dtype.type(1))
    size = appended(equations, f.absolute, [y], Aval(shape, dtype))
    tiny = appended(equations, f.less, [size, small], Aval(shape, np.dtype(bool)))
    scale = appended(equations, f.where, [tiny, lift, one], Aval(shape, dtype))
    scaled = appended(equations, f.multiply, [y, scale], Aval(shape, dtype))
    return scale, appended(equations, f.divide, [one, scaled], Aval(shape, dtype))


__all__ = ["inverses_shared"]
