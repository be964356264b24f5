"""Control: a step of a plan that is a loop or a branch, and holds plans of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...lowering import kinds, meaning
from ...lowering.kinds import Branch, Scan, While
from ...program import Atom, Equation, Literal, Program, Var
from ..nest import is_number


class Body:
    """A Program that a loop or branch holds, as a plan.

    Attributes:
        program: the Program. pairs: inputs and results (by number) that may share memory.
        plan, memory: see `prepare`. held: results that are in the memory of an input, with the input's number.
    """

    def __init__(self, program: Program, pairs: Sequence[tuple[int, int]] = ()) -> None:
        self.program = program
        self.pairs = list(pairs)
        self.plan: Any = None
        self.memory: Any = None
        self.held: dict[int, int] = {}


class Control:
    """A loop or a branch.

    Attributes:
        eqn: the equation. inputs: what must be in memory before.
        bodies: its Programs, by role. scratch: arrays that only this step uses, by role.
        reuses: for a result (by number) the input whose memory it may have.
        shared: the results that have the memory of that input.
        blank: the inputs, by number, that may hold anything: nothing has to be in memory before.
        registers: whether the step is written with its values in registers.
        work: about how many additions it costs.
    """

    def __init__(self, eqn: Equation, producer: Mapping[Var, Equation]) -> None:
        self.eqn = eqn
        made = [producer.get(a) if type(a) is Var else None for a in eqn.inputs]
        self.blank = {i for i, e in enumerate(made) if e is not None and e.primitive.native.blank}
        self.kind = meaning(eqn)
        self.inputs: list[Atom] = list(eqn.inputs)
        self.bodies: dict[str, Body] = {}
        self.room: dict[str, Var] = {}
        self.reuses: dict[int, int] = {}
        self.shared: set[int] = set()
        self.registers: Any = None
        self.work = 0
        p = eqn.params
        if self.kind is Scan:
            nc, nk, _ = p["operands"]
            self.bodies["body"] = Body(p["body"], [(nc + k, k) for k in range(nk)])
            self.reuses = {k: nc + k for k in range(nk)}
        elif self.kind is While:
            nt, nb, nk = p["operands"]
            self.bodies["cond"] = Body(p["cond"])
            self.bodies["body"] = Body(p["body"], [(nb + k, k) for k in range(nk)])
            self.reuses = {k: nt + nb + k for k in range(nk)}
        elif self.kind is Branch:
            for i, branch in enumerate(p["branches"]):
                self.bodies[f"branch{i}"] = Body(branch)
        else:
            nt, nc, nk, nf, ns = p["operands"]
            self.bodies["cond"] = Body(p["cond"])
            self.bodies["forward"] = Body(p["forward"], [(nc + k, k) for k in range(nk)])
            self.bodies["back"] = Body(p["back"], [(nf + k, k) for k in range(ns)])
            first = nt + nc + nk + nf
            self.reuses = {k: first + k for k in range(ns)}

    @property
    def scratch(self) -> list[Var]:
        return list(self.room.values())

    @property
    def arrays(self) -> list[Any]:
        """What is in memory: operands that are not scalar literals, results, scratch arrays."""
        return [*(a for a in self.inputs if not is_number(a)), *self.eqn.outputs, *self.scratch]

    def without_blanks(self, held: Iterable[int]) -> None:
        """Blank inputs are not in memory where the results, by number, begin in the memory that is theirs alone."""
        for k in held:
            if self.reuses[k] in self.blank:
                self.inputs[self.reuses[k]] = Literal(np.int64(0))

    def starts_blank(self, k: int) -> bool:
        return self.reuses.get(k) in self.blank

    def want(self, role: str, aval: Aval) -> None:
        """Ask for an uninitialised array."""
        self.room[role] = Var(aval)

    def bytes(self, role: str, size: int) -> None:
        if size:
            self.want(role, Aval((size,), np.dtype(np.uint8)))


def control_of(eqn: Equation, producer: Mapping[Var, Equation]) -> Control | None:
    """The step of a loop or branch, None for other equations and for Programs that native code cannot hold."""
    if not isinstance(eqn.primitive.native, kinds.Control):
        return None
    step = Control(eqn, producer)
    if any(b.program.guards for b in step.bodies.values()):
        return None
    return step
