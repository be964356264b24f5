"""Which Programs have derivatives that may be infinite where their values are finite, by what stands in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lowering import Formula, formulas
from ..program import Literal, Program, subprograms
from .families import Bilinear, Elementwise
from .linear import Linear

_POLYNOMIALS = (formulas.multiply, formulas.square, formulas.add, formulas.subtract, formulas.negative)


def steep(program: Program) -> bool:
    """Whether a derivative may be infinite, and 0 times it NaN. Found once; what was made of a steep Program stays steep."""
    found = program.cache.get("steep")
    if found is None:
        found = program.cache["steep"] = any(map(is_steep, program.equations))
    return found


def steepness(program: Program) -> bool:
    """The same for what is made of a Program in turn. That a Program is flat by its equations is not noted: coefficients of
    one that a user promises to be linear may be infinite (`as_steep_as`)."""
    found = program.cache.get("steep")
    return any(map(is_steep, program.equations)) if found is None else found


def as_steep_as(made: Program, program: Program, unknown: bool = True) -> Program:
    """A linear Program, of which the coefficients may be infinite if those of another one may."""
    made.cache["steep"] = program.cache.get("steep", unknown)
    return made


def is_steep(eqn: Any) -> bool:
    """Whether that may be of an equation."""
    primitive, held = eqn.primitive, list(subprograms(eqn))
    if held:
        return any(map(steep, held))
    if isinstance(primitive, (Linear, Bilinear)) or primitive.pattern is not None:
        return False
    if not isinstance(primitive, Elementwise):
        return True
    native = primitive.native
    flat = primitive.partials is None or primitive.choice or (isinstance(native, Formula) and native.bounded)
    return not flat and not (
        isinstance(native, Formula) and (native.meaning in _POLYNOMIALS or _by_a_number(eqn, native))
    )


def multiplies(program: Program) -> bool:
    """Whether two variables of a Program are multiplied, of which one may be infinite where the other one is no dependence."""
    found = program.cache.get("multiplies")
    if found is None:
        found = program.cache["multiplies"] = any(map(_multiplies, program.equations))
    return found


def _multiplies(eqn: Any) -> bool:
    held = list(subprograms(eqn))
    if held:
        return any(map(multiplies, held))
    native = eqn.primitive.native
    product = isinstance(eqn.primitive, Bilinear) or (
        isinstance(native, Formula) and native.meaning is formulas.multiply
    )
    return product and not any(type(a) is Literal for a in eqn.inputs)


def _by_a_number(eqn: Any, native: Formula) -> bool:
    """Whether it is a quotient by a number or a whole power."""
    if len(eqn.inputs) != 2 or type(eqn.inputs[1]) is not Literal or np.ndim(eqn.inputs[1].value):
        return False
    n = eqn.inputs[1].value
    return n != 0 if native.meaning is formulas.divide else native.meaning is formulas.power and n >= 1 and n == int(n)


__all__ = ["as_steep_as", "is_steep", "multiplies", "steep", "steepness"]
