"""Serial: a step of a plan that is one kernel written by hand, by the function that its declaration names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...core import Aval
from ...lowering.kernels import Kernel
from ...program import Atom, Equation, Literal, Var
from ...vocabulary import DTypeLike
from ..nest import is_number

Body = Callable[[Any], None]  # writes the kernel with a `Writer`
Lowering = Callable[["Serial"], "Body | list[Phase] | None"]
LEAST = 100_000.0  # nanoseconds that a phase must take about, so that waking threads pays
PIECE = 15_000.0  # nanoseconds of a piece, at least
MOST = 64  # pieces of a phase


class Phase(NamedTuple):
    """A part of a kernel that is a function of its own, run before the next: threads may share its pieces.

    Attributes:
        body: writes it; where there are pieces the number of the one to do is the writer's `piece`.
        pieces: how many there are, by shapes alone; None for a phase that is one.
    """

    body: Body
    pieces: int | None = None


def pieces_of(nanoseconds: float, units: int) -> int | None:
    """Into how many pieces threads share `units` that take so long in all, or None where it does not pay.

    Example:
        >>> pieces_of(1e6, 1000), pieces_of(1e6, 5), pieces_of(1e4, 1000)
        (64, 5, None)
    """
    if nanoseconds < LEAST or units < 2:
        return None
    return max(min(units, MOST, int(nanoseconds / PIECE)), 2)


class Serial:
    """One equation as a function over pointers.

    Attributes:
        eqn: the equation. options: what its declaration tells the lowering.
        inputs: what must be in memory before, in the equation's order; a lowering may put a scalar literal in the
            place of an array that is one number everywhere.
        scratch: arrays that only this step uses.
        checks: whether it checks indices, and takes the address of the error flag.
        work: about how many additions it costs.
        phases: the functions that it is, in order.
    """

    phases: list[Phase]

    def __init__(self, eqn: Equation, producer: Mapping[Var, Equation]) -> None:
        self.eqn = eqn
        self.options: dict[str, Any] = eqn.primitive.native.options
        self.inputs: list[Atom] = list(eqn.inputs)
        self.scratch: list[Var] = []
        self.checks = False
        self.error: str | None = None  # the message of the error that the call ends with where the result is true
        self.in_place = False  # whether the result is in the memory of the first operand, which has no pointer then
        self.work = sum(math.prod(a.aval.shape) for a in (*eqn.inputs, *eqn.outputs))
        self._producer = producer

    @property
    def arrays(self) -> list[Any]:
        """What is in memory: operands that are not scalar literals, results, scratch arrays."""
        inputs = self.inputs[1:] if self.in_place else self.inputs
        return [*(a for a in inputs if not is_number(a)), *self.eqn.outputs, *self.scratch]

    def uniform(self, i: int) -> Literal | None:
        """The scalar literal that operand `i` is a broadcast of."""
        a = self.eqn.inputs[i]
        made = self._producer.get(a) if type(a) is Var else None
        if made is not None and made.primitive.native.selects and is_number(made.inputs[0]):
            return made.inputs[0]  # type: ignore[return-value]
        return None

    def scratch_array(self, dtype: DTypeLike, *shape: int) -> None:
        """Ask for an uninitialised array; the writer finds them in the order in which they were asked for."""
        self.scratch.append(Var(Aval(shape, np.dtype(dtype))))


def blank(step: Serial) -> Body:
    """An array that nothing is written to."""
    step.inputs = []
    return lambda w: None


def refused(step: Serial) -> Body:
    """The condition of an error."""
    step.error = step.eqn.params["error"]

    def write(w: Any) -> None:
        (source,), (target,) = w.inputs, w.outputs
        target.store(w.int(0), source.load(w.int(0)))

    return write


@cache
def _function(place: str) -> Lowering:
    module, name = place.split(".")
    return getattr(import_module(f"{__package__}.{module}"), name)


def serial_of(eqn: Equation, producer: Mapping[Var, Equation]) -> Serial | None:
    """The kernel of an equation, or None if it has to be a call of NumPy."""
    native = eqn.primitive.native
    if not isinstance(native, Kernel):
        return None
    step = Serial(eqn, producer)
    body = _function(native.place)(step)
    if body is None:
        return None
    step.phases = body if isinstance(body, list) else [Phase(body)]
    return step
