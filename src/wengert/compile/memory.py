"""Memory: which arrays are arguments, results or temporaries, and where in the workspace each temporary lies."""

from __future__ import annotations

from typing import Any

from ..program import Literal, Var
from .control.step import Control
from .fusion import Call, Fill, Kernel, Plan, Product, Step, literal_arrays
from .lapack import Factorisation
from .nest import size_of
from .serial.step import Serial

ALIGNMENT = 64
MOST_BYTES = 1 << 62  # of a workspace; no machine has them, and numbers of 64 bits can count them


class Memory:
    """Arrays of a plan.

    Attributes:
        arguments: variables and literals whose data the caller passes, in order.
        results: the types of the Program's results, whose arrays the caller makes, in order.
        copies: results that lie somewhere else too (arguments, literals, a result that stands twice): their number,
            and the array whose elements they get at the end.
        offsets: where in the workspace a temporary lies, in bytes.
        size: of the workspace, in bytes.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        program = plan.program
        self.arguments: list[Any] = [*program.inputs, *literal_arrays(program)]
        self.results = [a.aval for a in program.outputs]
        self.copies: list[tuple[int, Any]] = []
        places: dict[Any, tuple[str, int]] = {}
        for a in program.outputs:
            if type(a) is Literal and a.aval.shape == ():
                self.arguments.append(a)
        for i, a in enumerate(self.arguments):
            places[a if type(a) is Var else id(a)] = ("argument", i)
        for i, a in enumerate(program.outputs):
            root = self.storage(a)
            if i in plan.held:
                continue
            if _key(root) in places:
                self.copies.append((i, root))
            else:
                places[_key(root)] = ("result", i)
        self.places = places
        self.offsets: dict[Var, int] = {}
        self.size = self._lay_out()

    def storage(self, atom: Any) -> Any:
        """The variable or literal in whose memory an atom lies."""
        return atom if type(atom) is Literal else self.plan.memory[atom]

    def _lay_out(self) -> int:
        """Temporaries by first fit; space is used again after the last step that reads it."""
        memory, last = self.plan.memory, dict[Var, int]()
        first: dict[Var, int] = {}
        for number, step in enumerate(self.plan.steps):
            for a in arrays_of(step):
                root = memory[a] if type(a) is Var else a
                if type(root) is Var and root not in self.places:
                    first.setdefault(root, number)
                    last[root] = number
        ends: dict[int, list[Var]] = {}
        for v, number in last.items():
            ends.setdefault(number, []).append(v)
        begins: dict[int, list[Var]] = {}
        for v, number in first.items():
            begins.setdefault(number, []).append(v)
        used: list[tuple[int, int]] = []  # (start, end), sorted
        size = 0
        for number in range(len(self.plan.steps)):
            for v in begins.get(number, ()):
                need = -(-size_of(v.aval) * v.aval.dtype.itemsize // ALIGNMENT) * ALIGNMENT
                at = 0
                for start, end in used:
                    if start - at >= need:
                        break
                    at = max(at, end)
                self.offsets[v] = at
                if need:
                    used.append((at, at + need))
                    used.sort()
                size = max(size, at + need)
            for v in ends.get(number, ()):
                if size_of(v.aval):  # an empty array has the place of another one
                    used = [u for u in used if u[0] != self.offsets[v]]
        if size > MOST_BYTES:
            raise MemoryError(f"the temporary arrays of the compiled {self.plan.program.name} take {size:.1e} bytes")
        return size


def arrays_of(step: Step) -> list[Any]:
    """The variables and literals in memory that a step reads or writes."""
    if isinstance(step, Kernel):
        read = [n.data[0] for n in step.nest.nodes if n.kind == "load"]
        return [*read, *[r.target for r in step.roots]]
    if isinstance(step, Fill):
        return [step.target]
    if isinstance(step, Call):
        return [*[a for a in step.eqn.inputs if type(a) is Var or a.aval.shape != ()], *step.eqn.outputs]
    if isinstance(step, (Serial, Factorisation, Control)):
        return step.arrays
    assert isinstance(step, Product)
    return [step.x, step.y, step.eqn.outputs[0]]


def written(step: Step) -> list[Var]:
    """The variables that a step writes."""
    if isinstance(step, Kernel):
        return [r.target for r in step.roots]
    return [step.target] if isinstance(step, Fill) else list(step.eqn.outputs)


def _key(a: Any) -> Any:
    return a if type(a) is Var else id(a)
