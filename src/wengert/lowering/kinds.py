"""Kinds of operations that the compiler has forms of its own for: products that are summed, loops and branches, checks."""

from __future__ import annotations

from . import Lowering


class Contraction(Lowering):
    """A product of two arrays, summed: ``dims`` of the parameters has the axes summed and those of a batch, of either one."""

    safe = widens = True


class Check(Lowering):
    """Whether an index is within the ``length`` of the parameters; an error if not."""


class Control(Lowering):
    """A loop or branch over Programs among the parameters."""


class Scan(Control):
    """A loop of known length over constants, carried values and slices: ``body``, ``consts``, ``carry``, ``length``, ``reverse``."""


class While(Control):
    """A loop as long as a condition holds: ``cond``, ``body``, ``cond_consts``, ``body_consts``."""


class Branch(Control):
    """One of several ``branches``, by number."""


class Walk(Control):
    """The pullback of a while loop, forward with a tape and then back: see `compile.control.walk`."""


class Pullback(Control):
    """The pullback of a while loop as a derivative has it, which passes write as a `Walk`."""


__all__ = ["Branch", "Check", "Contraction", "Control", "Pullback", "Scan", "Walk", "While"]
