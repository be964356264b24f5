"""Refusals: errors that NumPy raises for values, where native code takes the place of its function.

The condition is computed with everything else; where it holds, the call ends with the error, before anything is returned.
"""

from __future__ import annotations

import numpy as np

from ..core import Aval, Primitive, Value
from ..lowering import Formula, formulas
from ..lowering.kernels import Kernel
from ..ops.families import Elementwise

NEGATIVE_POWER = "Integers to negative integer powers are not allowed."
ERRORS: dict[str, type[Exception]] = {NEGATIVE_POWER: ValueError}


def failure(message: str) -> Exception:
    """The error that NumPy raises with a message; a factorisation's, for one that is not known here."""
    return ERRORS.get(message, np.linalg.LinAlgError)(message)


class Refuse(Primitive):
    """``refuse(condition, error)``: the error with a message where the condition holds; the result is the condition."""

    effect = True

    def __init__(self) -> None:  # the compiler's own
        self.name, self.native = "refuse", Kernel("step.refused")
        self.samples, self.reasons = None, {}

    def impl(self, condition: Value, *, error: str) -> Value:
        if condition:
            raise failure(error)
        return np.False_

    def abstract(self, condition: Aval, *, error: str) -> Aval:
        return Aval((), np.dtype(bool))


class WholePower(Elementwise):
    """``whole_power(x, y)``: powers of integers whose exponents have been found not to be negative."""

    def __init__(self) -> None:  # the compiler's own
        self.name, self.function, self.partials = "whole_power", np.power, None
        self.native = Formula(formulas.whole_power, cost=100, loop=np.multiply)
        self.weak_result, self.linear, self.choice = True, False, False
        self.samples, self.reasons = None, {}


REFUSE, WHOLE_POWER = Refuse(), WholePower()

__all__ = ["ERRORS", "NEGATIVE_POWER", "REFUSE", "WHOLE_POWER", "failure"]
