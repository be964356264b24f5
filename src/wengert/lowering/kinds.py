"""Kinds of operations that the compiler has forms of its own for: products that are summed, loops and branches, checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import FLOAT32, Lowering, computed_in

# Vectors have no products of bytes, and those of words are the same modulo 256. Truth values are counted in float32, in
# which a sum of numbers that are not negative is 0 only where all of them are.
_WIDER = {
    np.dtype(bool): FLOAT32,
    np.dtype(np.int8): np.dtype(np.int16),
    np.dtype(np.uint8): np.dtype(np.uint16),
}


def wider_products(given: Sequence[np.dtype], made: np.dtype) -> tuple[list[np.dtype], np.dtype] | None:
    """The dtypes in which products are added up: one for both operands and the result."""
    if made.kind == "c" or [d for d in given if d.kind == "c"]:
        return None
    dtype = _WIDER.get(made, computed_in(made))
    return None if dtype == made and not [d for d in given if d != made] else ([dtype] * len(given), dtype)


class Contraction(Lowering):
    """A product of two arrays, summed: ``dims`` of the parameters has the axes summed and those of a batch, of either one."""

    safe = widens = True

    def wider(self, given: Sequence[np.dtype], made: np.dtype) -> tuple[list[np.dtype], np.dtype] | None:
        return wider_products(given, made)


class Check(Lowering):
    """Whether an index is within the ``length`` of the parameters; an error if not."""


class Control(Lowering):
    """A loop or branch over Programs among the parameters."""


class Scan(Control):
    """A loop of known length over constants, carried values and slices: ``body``, ``operands``, ``length``, ``reverse``."""


class While(Control):
    """A loop as long as a condition holds: ``cond``, ``body``, ``operands``."""


class Branch(Control):
    """One of several ``branches``, by number."""


class Walk(Control):
    """The pullback of a while loop, forward with a tape and then back: see `compile.control.walk`."""


class Pullback(Control):
    """The pullback of a while loop as a derivative has it, which passes write as a `Walk`."""


__all__ = ["Branch", "Check", "Contraction", "Control", "Pullback", "Scan", "Walk", "While", "wider_products"]
