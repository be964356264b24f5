"""`linear_solve_p`: the solution of a linear system by a function that the user gives, differentiated implicitly.

``*x = linear_solve(*consts, *b)`` with ``A x = b``, where a Program is ``x -> A x`` and others solve the system and its
transpose. ``A dx = db - dA x`` gives the tangent, and the transpose of ``b -> x`` solves with the transpose of A; neither
looks into the solvers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import Aval, Primitive, Value, aval_of
from ...errors import NotDifferentiableError
from ...program import Program
from ...vocabulary import BatchedResults, Batching, Params, Pushed, Results
from ..call import call_p
from ..derived import batched_program, jvp_program, strong, transposed_program
from ..elementwise import negative
from ..terms import plus
from .operands import SystemOperands
from .programs import batched_value, fixed_point, on_newest_tape, staged, widened, zeros


class System(NamedTuple):
    """A linear system, each part a Program ``(*consts, *vector) -> vector`` of the same constants.

    Attributes:
        apply: ``A x``. solve: x from b. turned: ``A' y``. turned_solve: y from ``A' y = c``; None where it is not given.
        extra: how many results `solve` has after the solution.
    """

    apply: Program
    solve: Program
    turned: Program | None
    turned_solve: Program | None
    extra: int = 0


class LinearSolve(Primitive):
    """``*x, *extra = linear_solve(*consts, *b)``.

    Parameters:
        system: the Programs. operands: how many arguments are constants of theirs, and how many the right-hand side has.
    """

    multiple_results = True

    def impl(self, *args: Value, system: System, operands: SystemOperands) -> list[Value]:
        return call_p.bind(*args, program=system.solve)

    def called(self, params: Params) -> Program:
        return params["system"].solve

    def abstract(self, *avals: Aval, system: System, operands: SystemOperands) -> list[Aval]:
        return [strong(a) for a in system.solve.out_avals]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        system, (n, m) = params["system"], params["operands"]
        outs = self.bind(*primals, **params)
        moved = tuple(t is not None for t in tangents[:n])
        right = list(tangents[n:])
        if any(moved):
            derived, live = jvp_program(system.apply, (*moved, *[False] * m), only_tangents=True)
            ts = [t for t in tangents[:n] if t is not None]
            changes = iter(call_p.bind(*primals[:n], *outs[:m], *ts, program=derived))
            for i, b in enumerate(live):
                if b:
                    change = negative(next(changes))
                    before = right[i]
                    right[i] = change if before is None else plus(before, change)
        if all(r is None for r in right):
            return outs, [None] * len(outs)
        right = [zeros(aval_of(b)) if r is None else r for r, b in zip(right, primals[n:], strict=True)]
        return outs, [*self.bind(*primals[:n], *right, **params)[:m], *[None] * (len(outs) - m)]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        system, (n, m) = params["system"], params["operands"]
        if system.turned_solve is None:
            raise NotDifferentiableError(
                "reverse mode through custom_linear_solve solves with the transposed matrix: give it transpose_solve, or "
                "symmetric=True"
            )
        cts = [zeros(a) if c is None else c for c, a in zip(cotangent[:m], system.solve.out_avals, strict=False)]
        extra = len(system.turned_solve.outputs) - m  # the transposed system is differentiated in its turn
        turned = System(turned_apply(system, n), system.turned_solve, system.apply, system.solve, extra)
        grads = self.bind(*args[:n], *cts, system=turned, operands=params["operands"])[:m]
        linear = on_newest_tape(args)
        return [None] * n + [g if b else None for g, b in zip(grads, linear[n:], strict=True)]

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        system, (n, m), size = params["system"], params["operands"], trace.size
        given = tuple(batched[:n])

        def flags(program: Program, vector: Sequence[bool]) -> Sequence[bool]:
            return batched_program(program, size, (*given, *vector), trace.axis_name)[1][:m]

        programs = [p for p in system[:4] if p is not None]
        vector = fixed_point(
            batched[n:], lambda f: [any(found) for found in zip(*[flags(p, f) for p in programs], strict=True)]
        )

        def wide(program: Program | None) -> Program | None:
            if program is None:
                return None
            derived, found = batched_program(program, size, (*given, *vector), trace.axis_name)
            return widened(derived, found, [*vector, *[True] * (len(found) - m)], size)

        apply, solve = wide(system.apply), wide(system.solve)
        assert apply is not None and solve is not None
        whole = System(apply, solve, wide(system.turned), wide(system.turned_solve), system.extra)
        b = [batched_value(a, size, f) if v else a for a, f, v in zip(args[n:], batched[n:], vector, strict=True)]
        outs = self.bind(*args[:n], *b, system=whole, operands=params["operands"])
        return outs, [*vector, *[True] * (len(outs) - m)]


def turned_apply(system: System, consts: int) -> Program:
    """``A' y`` as a Program."""
    if system.turned is not None:
        return system.turned
    program = system.apply
    m = len(program.inputs) - consts
    flags = (*[False] * consts, *[True] * m)
    derived, live = transposed_program(program, flags, (True,) * len(program.outputs), program.masked)
    types = program.in_avals[consts:]

    def run(*values: Value) -> list[Value]:
        outs = iter(derived.evaluate(values))
        return [next(outs) if b else zeros(a) for b, a in zip(live, types, strict=True)]

    return staged(derived, ("turned",), run, derived.in_avals, f"transpose of {program.name}")


def _samples() -> list[Any]:
    from ...transforms.staging import stage
    from ..contraction import matmul
    from ..linalg import solve_p

    avals = [Aval((2, 2), np.dtype(float)), Aval((2, 1), np.dtype(float))]
    apply, direct, back = (
        stage(f, avals, name)[0]
        for name, f in {
            "apply": lambda a, x: [matmul(a, x)],
            "solve": lambda a, b: [solve_p.bind(a, b, transpose=False)],
            "turned": lambda a, b: [solve_p.bind(a, b, transpose=True)],
        }.items()
    )
    args = (np.array([[2.0, 0.3], [-0.4, 1.5]]), np.array([[0.5], [-1.0]]))
    return [(args, {"system": System(apply, direct, None, back), "operands": SystemOperands(1, 1)})]


linear_solve_p = LinearSolve("linear_solve", samples=_samples, reasons={"complex": "a Program is typed"})
