"""Python functions of arrays called from traced programs, `host_call`, and solvers of linear equations, `operator_solve`.

What runs here is NumPy and SciPy, one example at a time; compiled programs call it. `host_call` has no derivative: who
binds it gives the function around it a rule. `operator_solve` knows its matrix as a Program, so it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, aval_of
from ..errors import ShapeError
from ..program import Program
from .call import _once as once
from .call import batched_program, transposed_program
from .control.programs import batched_value

ndarray = np.ndarray


class _ForEach:
    """A function called for each example of a batch, its results stacked."""

    def __init__(self, function: Callable[..., Any], size: int, batched: tuple[bool, ...], avals: Any) -> None:
        self.function, self.size, self.batched, self.avals = function, size, batched, avals

    def __call__(self, *args: Value) -> list[Value]:
        rows = [
            self.function(*[a[i] if b else a for a, b in zip(args, self.batched, strict=True)])
            for i in range(self.size)
        ]
        return [
            np.stack([np.asarray(r[k]) for r in rows]) if rows else np.zeros((0, *a.shape), a.dtype)
            for k, a in enumerate(self.avals)
        ]


class _HostCall(Primitive):
    """``host_call(*values, function, avals)``: the list ``function(*values)`` of arrays of the types `avals`."""

    multiple_results = True

    def impl(self, *args: Value, function: Callable[..., Any], avals: tuple[Aval, ...]) -> list[Value]:
        out = [np.asarray(o, a.dtype)[()] for o, a in zip(function(*args), avals, strict=True)]
        for o, a in zip(out, avals, strict=True):
            if o.shape != a.shape:
                raise ShapeError(f"a function called from a program gave shape {o.shape}, it had promised {a.shape}")
        return out

    def abstract(self, *args: Aval, function: Callable[..., Any], avals: tuple[Aval, ...]) -> list[Aval]:
        return list(avals)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        avals = params["avals"]
        function = _ForEach(params["function"], size, tuple(batched), avals)
        out = self.bind(*args, function=function, avals=tuple(Aval((size, *a.shape), a.dtype) for a in avals))
        return out, [True] * len(avals)


def _double(x: Value) -> list[Value]:
    """A function for the samples."""
    return [2 * x]


host_call_p = _HostCall(
    "host_call",
    samples=lambda: [((np.arange(3.0),), {"function": _double, "avals": (Aval((3,), np.dtype(float)),)})],
    reasons={"jvp": "what a Python function does is not known; who calls it gives a rule", "complex": "one dtype"},
)

# --- linear equations --------------------------------------------------------------------------------------------

Solver = Callable[[Callable[..., list[Value]], list[Value]], list[Value]]


class _OperatorSolve(Primitive):
    """``operator_solve(*constants, *b, matvec, constants, solver)``: the list `x` with ``matvec(*constants, *x) = b``.

    `matvec` is a Program; ``solver(function, b)`` solves with it on plain arrays.
    """

    multiple_results = True

    def impl(self, *args: Value, matvec: Program, constants: int, solver: Solver) -> list[Value]:
        fixed, b = args[:constants], list(args[constants:])
        x = solver(lambda *v: matvec.evaluate([*fixed, *v]), b)
        return [np.asarray(v, a.dtype)[()] for v, a in zip(x, matvec.in_avals[constants:], strict=True)]

    def abstract(self, *args: Aval, matvec: Program, constants: int, solver: Solver) -> list[Aval]:
        return [Aval(a.shape, a.dtype) for a in matvec.in_avals[constants:]]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        """``A x = b`` gives ``A dx = db - dA x``."""
        from ..transforms.forward import jvp_flat

        n, matvec = params["constants"], params["matvec"]
        fixed = list(primals[:n])
        x = self.bind(*primals, **params)
        right: list[Value | None] = list(tangents[n:])
        if any(t is not None for t in tangents[:n]):
            _, moved = jvp_flat(lambda *c: matvec.evaluate([*c, *x]), fixed, list(tangents[:n]))
            right = [r if m is None else (-m if r is None else r - m) for r, m in zip(right, moved, strict=True)]
        if all(r is None for r in right):
            return x, [None] * len(x)
        avals = matvec.in_avals[n:]
        full = [np.zeros(a.shape, a.dtype) if r is None else r for r, a in zip(right, avals, strict=True)]
        return x, self.bind(*fixed, *full, **params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        n, matvec = params["constants"], params["matvec"]
        avals = matvec.in_avals[n:]
        cts = [np.zeros(a.shape, a.dtype) if c is None else c for c, a in zip(cotangent, avals, strict=True)]
        out = self.bind(*args[:n], *cts, **{**params, "matvec": _transposed(matvec, n)})
        return (*[None] * n, *out)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        """The examples together are one system, whose matrix has theirs on its diagonal."""
        n, matvec = params["constants"], params["matvec"]
        k = len(args) - n
        program, found = batched_program(matvec, size, (*batched[:n], *[True] * k), None)
        assert all(found)
        b = [batched_value(a, size, f) for a, f in zip(args[n:], batched[n:], strict=True)]
        return self.bind(*args[:n], *b, **{**params, "matvec": program}), [True] * k


def _transposed(matvec: Program, n: int) -> Program:
    """The Program of the transposed matrix, with a zero for what the matrix does not look at."""
    k = len(matvec.inputs) - n
    linear = (*[False] * n, *[True] * k)
    program, live = transposed_program(matvec, linear, (True,) * k, False)
    if all(live):
        return program
    from ..transforms.staging import stage

    def whole(*values: Value) -> list[Value]:
        outs = iter(program.evaluate(values))
        return [next(outs) if b else np.zeros(a.shape, a.dtype) for b, a in zip(live, matvec.in_avals[n:], strict=True)]

    return once(matvec, "whole transpose", lambda: stage(whole, program.in_avals, program.name)[0])


def dense_solver(matvec: Callable[..., list[Value]], b: list[Value]) -> list[Value]:
    """Solve by writing the matrix out, column by column."""
    sizes = [v.size for v in b]
    ends = np.cumsum([0, *sizes])
    columns = []
    for e in np.eye(ends[-1], dtype=np.result_type(*b)):
        parts = [e[i:j].reshape(v.shape) for i, j, v in zip(ends[:-1], ends[1:], b, strict=True)]
        columns.append(np.concatenate([np.ravel(o) for o in matvec(*parts)]))
    x = np.linalg.solve(np.stack(columns, 1), np.concatenate([np.ravel(v) for v in b])) if columns else np.zeros(0)
    return [x[i:j].reshape(v.shape) for i, j, v in zip(ends[:-1], ends[1:], b, strict=True)]


def _samples() -> list[Any]:
    from ..transforms.staging import stage
    from .contraction import matmul

    a = np.array([[3.0, 1.0], [0.5, 2.0]])
    x = np.array([1.0, -0.4])
    program, _ = stage(lambda a, x: [matmul(a, x)], [aval_of(a), aval_of(x)], "matvec")
    return [((a, x), {"matvec": program, "constants": 1, "solver": dense_solver})]


operator_solve_p = _OperatorSolve("operator_solve", samples=_samples, reasons={"complex": "a Program has one dtype"})
