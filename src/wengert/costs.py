"""What a Program costs, from shapes alone: operations, bytes, workspace."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .lowering import kinds, meaning
from .lowering.kinds import Branch, Contraction
from .lowering.monoids import Reduction
from .program import Equation, Program, Var, subprograms


@dataclass(frozen=True)
class Cost:
    """What one call costs. The steps of a loop of known length are counted each time they run, those of a while loop
    once; of a branch the one with most operations is counted.

    Attributes:
        flops: arithmetic operations; one for each element of each elementwise operation, two for each multiplication
            in a product of matrices.
        bytes: read and written, each array once for each step that touches it.
        workspace: bytes of temporary arrays, of those alive at one time.
        results: bytes of results.
        steps: loop nests, products, and calls, in all.
        calls: the operations among them that run through NumPy.
    """

    flops: int
    bytes: int
    workspace: int
    results: int
    steps: int
    calls: tuple[str, ...]


def flops(eqn: Equation) -> int:
    """The operations of an equation."""
    if isinstance(eqn.primitive.native, kinds.Control):
        totals = [sum(flops(e) for e in p.equations) for p in subprograms(eqn)]
        return max(totals, default=0) if meaning(eqn) is Branch else eqn.params.get("length", 1) * sum(totals)
    if meaning(eqn) is Contraction:
        (contracted, _), _ = eqn.params["dims"]
        return 2 * _size(eqn.outputs[0]) * math.prod(eqn.inputs[0].aval.shape[i] for i in contracted)
    if isinstance(eqn.primitive.native, Reduction):
        return _size(eqn.inputs[0])
    if (called := eqn.primitive.called(eqn.params)) is not None:
        return sum(flops(e) for e in called.equations)
    return _size(eqn.outputs[0]) if eqn.primitive.elementwise else 0


def _size(atom: object) -> int:
    return math.prod(atom.aval.shape)  # type: ignore[attr-defined]


def _bytes(atom: object) -> int:
    return _size(atom) * atom.aval.dtype.itemsize  # type: ignore[attr-defined]


def interpreted(program: Program) -> Cost:
    """What a Program costs whose equations run one by one, each result dropped after its last use."""
    left = {v: i for i, eqn in enumerate(program.equations) for v in eqn.inputs if isinstance(v, Var)}
    made = {v for eqn in program.equations for v in eqn.outputs}
    kept = {v for v in program.outputs if isinstance(v, Var)}
    alive = most = 0
    for i, eqn in enumerate(program.equations):
        alive += sum(_bytes(v) for v in eqn.outputs if v not in kept)
        most = max(most, alive)
        dead = {v for v in (*eqn.inputs, *eqn.outputs) if left.get(v, i) == i and v in made and v not in kept}  # type: ignore[arg-type]
        alive -= sum(map(_bytes, dead))
    return Cost(
        sum(map(flops, program.equations)),
        sum(_bytes(a) for eqn in program.equations for a in (*eqn.inputs, *eqn.outputs)),
        most,
        sum(map(_bytes, program.outputs)),
        len(program.equations),
        tuple(eqn.primitive.name for eqn in program.equations),
    )
