"""Staging: run a function on tracers that write a Program. The front half of `jit`.

Operations on known values just run; what depends on the inputs becomes an equation. Tracers of older traces that
the function closes over are hoisted: they become extra inputs in front. Behind `call_p` (ops/call.py) a Program is
evaluated; the compiler takes its place there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core import PYTHON_SCALARS, Aval, Primitive, Trace, Tracer, Value, as_value
from ..errors import ConcretizationError, LeakedTracerError
from ..program import Atom, Equation, Literal, Program, Var, live_equations


class StagingTracer(Tracer):
    """A value of a Program that is being written."""

    __slots__ = ("dtype", "shape", "variable", "weak")

    def __init__(self, trace: StagingTrace, var: Var) -> None:
        self._trace = trace
        self.variable = var  # not `var`, which is the method of arrays
        self.shape = var.aval.shape
        self.dtype = var.aval.dtype
        self.weak = var.aval.weak

    def concrete(self, what: str) -> Any:
        raise ConcretizationError(
            f"{what} needs the value of an array of shape {self.shape} that is not known while {self._trace.name} "
            f"traces the function: use wengert.numpy.where or lax.cond for a choice, lax.while_loop or lax.fori_loop "
            f"for a loop, or mark the argument it depends on with static_argnums"
        )


class StagingTrace(Trace):
    """A Program being written."""

    __slots__ = ("equations", "hoisted", "what")

    def __init__(self, what: str = "jit") -> None:
        super().__init__()
        self.equations: list[Equation] | None = []
        self.hoisted: dict[int, tuple[Tracer, Var]] = {}
        self.what = what

    @property
    def name(self) -> str:
        return self.what

    def input(self, aval: Aval) -> StagingTracer:
        return StagingTracer(self, Var(aval))

    def lift(self, x: Value) -> Atom:
        """The variable or literal that stands for a value in this Program."""
        if isinstance(x, StagingTracer) and x._trace is self:
            return x.variable
        if isinstance(x, Tracer):
            if id(x) not in self.hoisted:
                if x._trace.level > self.level:
                    raise LeakedTracerError(
                        f"a value from inside {x._trace.name} is returned from {self.what} that {x._trace.name} stands in"
                    )
                self.hoisted[id(x)] = (x, Var(x.aval))
            return self.hoisted[id(x)][1]
        return Literal(x)

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        stage = getattr(primitive, "stage", None)
        if stage is not None:
            return stage(self, args, params)
        return self.append(primitive, args, params)

    def append(self, primitive: Primitive, args: Sequence[Value], params: dict[str, Any]) -> Any:
        equations = self.equations
        if equations is None:
            raise self.leaked()
        atoms = [self.lift(a) for a in args]
        avals = primitive.abstract(*[a.aval for a in atoms], **params)
        outputs = [Var(a) for a in (avals if primitive.multiple_results else (avals,))]
        equations.append(Equation(primitive, atoms, outputs, params))
        tracers = [StagingTracer(self, v) for v in outputs]
        return tracers if primitive.multiple_results else tracers[0]

    def close(self) -> list[Equation]:
        equations, self.equations = self.equations, None
        return equations or []


def stage(
    f: Callable[..., Sequence[Value]], avals: Sequence[Aval], name: str = "program", what: str = "jit"
) -> tuple[Program, list[Tracer]]:
    """Trace `f`, from values to a sequence of values, to a Program.

    Returns:
        The Program, and the hoisted tracers: they are its first inputs, before those of `avals`.
    """
    trace = StagingTrace(what)
    inputs = [trace.input(a) for a in avals]
    try:
        outputs = [trace.lift(as_value(o)) for o in f(*inputs)]
    finally:
        equations = trace.close()
    return build(trace, inputs, equations, outputs, name)


def build(
    trace: StagingTrace, inputs: Sequence[StagingTracer], equations: list[Equation], outputs: list[Atom], name: str
) -> tuple[Program, list[Tracer]]:
    hoisted = list(trace.hoisted.values())
    variables = [v for _, v in hoisted] + [t.variable for t in inputs]
    return Program(variables, live_equations(equations, outputs), outputs, name), [t for t, _ in hoisted]


def signature(leaves: Sequence[Value]) -> tuple[Any, ...]:
    """What a traced Program depends on of its arguments: shapes, dtypes, weakness."""
    out: list[Any] = []
    for x in leaves:
        if type(x) in PYTHON_SCALARS:
            out.append(type(x))
        elif isinstance(x, Tracer):
            out.append((x.shape, x.dtype, x.weak))
        else:
            out.append((x.shape, x.dtype, False))
    return tuple(out)


__all__ = ["StagingTrace", "StagingTracer", "build", "signature", "stage"]
