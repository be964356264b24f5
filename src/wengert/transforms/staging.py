"""Staging: run a function on tracers that write a Program. The front half of `jit`.

Operations on known values just run; what depends on the inputs becomes an equation. Tracers of older traces that
the function closes over are hoisted: they become extra inputs in front. Behind `call_p` (ops/call.py) a Program is
evaluated; the compiler takes its place there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..core import (
    INNERMOST,
    NUMBERS,
    NUMPY_TYPES,
    PYTHON_SCALARS,
    TAKING,
    Aval,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    as_value,
    check_numbers,
    not_taken,
    taker,
)
from ..errors import ConcretizationError, LeakedTracerError
from ..frames import user_line
from ..ops.known import finite
from ..ops.memory import origin
from ..ops.shape import broadcast_to_p
from ..ops.steep import is_steep
from ..places import NOTING, here
from ..program import Atom, Equation, Literal, Program, Var, live_equations
from ..vocabulary import Params, Results
from .function import of_a_list
from .guards import Guard, _compared, asked_for
from .paths import EACH, NotKnownYet
from .refusals import check_shape, large_as_floats, refuse_large

FEW = 16  # elements of an array that is a literal of a Program by value


def _only_zeros(x: Any) -> bool:
    """Whether all elements are zeros without a sign."""
    return not x.any() and (x.dtype.kind not in "fc" or not any(np.signbit(p).any() for p in (x.real, x.imag)))


BRANCH, LOOP, STEPS = "branch", "loop", "steps"
_TAKES = {
    "cond": BRANCH,
    "switch": BRANCH,
    "make_jaxpr": BRANCH,
    "while_loop": LOOP,
    "fori_loop": LOOP,
    "scan": STEPS,
    "map": STEPS,
}


class Kept(np.ndarray):
    """Memory of constants, which is never written to: views of it cannot be made writable."""


class StagingTracer(ValueTracer):
    """A value of a Program that is being written."""

    __slots__ = ()
    atom, weak = ValueTracer.first, ValueTracer.second

    def __init__(self, trace: StagingTrace, var: Var) -> None:
        self._trace = trace
        self.atom = var  # not `var`, a method of arrays, nor `variable`, which xarray asks its operands for
        self.shape = var.aval.shape
        self.dtype = var.aval.dtype
        self.weak = var.aval.weak
        self.views = None

    def __bool__(self) -> bool:
        if self.dtype.kind != "b" and self.size == 1:
            from ..ops.elementwise import not_equal

            return bool(not_equal(self, 0))  # the branch depends on the truth alone, not on the number
        return bool(self.concrete("bool()"))

    def concrete(self, what: str) -> Any:
        if self._trace.examples is not None and self._trace.follows:
            if what.endswith(EACH):  # also of one example: it is a batch
                raise NotKnownYet(self._trace)
            if self.size == 1:
                return self._trace.guarded(self, what)
        outer = self._trace.outside(self) if self.size == 1 else None
        if outer is not None:
            return outer.concrete(what) if isinstance(outer, Tracer) else outer
        what = what.removesuffix(EACH)
        raise ConcretizationError(
            f"{what} needs the value of an array of shape {self.shape} that is not known while {self._trace.name} "
            f"traces the function: use wengert.numpy.where or lax.cond for a choice, lax.while_loop or lax.fori_loop "
            f"for a loop, or mark the argument it depends on with static_argnums{of_a_list(what)}"
        )


def is_staged(x: Value) -> bool:
    """Whether a value is, or carries, one of a Program that is being written."""
    while isinstance(x, ValueTracer) and not isinstance(x, StagingTracer):
        x = x.now() if x.mutable else x.first
    return isinstance(x, StagingTracer)


def tame(x: Value) -> bool:
    """Whether a value is finite where the arguments of the Program that is being written are, as their polynomials and
    bounded functions of them are; one that is known is looked at."""
    if isinstance(x, StagingTracer):
        return x._trace.tame(x.atom)
    parts = x.parts() if isinstance(x, ValueTracer) else () if isinstance(x, Tracer) else (x,)
    return parts != () and all(finite(p) if p is x else tame(p) for p in parts)


class StagingTrace(Trace):
    """A Program being written.

    With `examples`, the values of the call at hand, Python may ask for the value of a traced number: it is computed
    for them, and that it came out so becomes a guard of the Program.

    Attributes:
        examples: values of inputs, and what was computed from them; None where Python may not ask.
        answers: the value of each variable that Python asked for.
        guards: the variables that are compared for these answers, the value of each, and the user's line.
        derived: whether its arguments may be derivatives.
        paths: of functions under `vmap` in it, the paths that examples take, or took when it was traced before.
        thread: the one that it was begun in.
        copies: arrays that the function used, and what they were then.
    """

    __slots__ = (
        "_flat",
        "_judged",
        "_mapped",
        "_takes",
        "answers",
        "copies",
        "derived",
        "equations",
        "examples",
        "follows",
        "guards",
        "hoist_arrays",
        "hoisted",
        "paths",
        "producer",
        "thread",
        "what",
    )

    vmap_of_paths: ClassVar[Callable[..., Any]]  # a `vmap` in it whose examples part, set by `jit`

    def __init__(self, what: str = "jit") -> None:
        super().__init__()
        self._takes = _TAKES.get(what, "")
        self.thread = threading.get_ident()
        self.equations: list[Equation] | None = []
        self.hoisted: dict[int, tuple[Value, Var]] = {}
        self.hoist_arrays = False
        self.copies: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.what = what
        self.examples: dict[Var, Value] | None = None
        self.follows = True
        self.producer: dict[Var, Equation] = {}
        self._mapped = self._judged = 0
        self._flat: dict[Var, bool] = {}
        self.derived = False
        self.guards: dict[Var, Guard] = {}
        self.paths: dict[Any, Any] | None = None
        self.answers: dict[Var, np.ndarray] = {}

    def guarded(self, tracer: StagingTracer, what: str) -> Any:
        """The value of a traced number for the call at hand, noted as a guard."""
        tracer = asked_for(tracer, what)
        variable = tracer.atom
        known = self.answers.get(variable)
        if known is None:
            known = self.answers[variable] = self._answer(variable, what)
            line = user_line()
            for part in _compared(tracer):
                v = part.atom
                value = known if v is variable else self._answer(v, what)
                self.guards.setdefault(v, Guard(v, value, what, line))
        return known[(0,) * known.ndim]

    def values_of(self, args: Sequence[Value]) -> list[np.ndarray]:
        """What arguments of an operation are for the call at hand, as plain arrays."""
        found: list[np.ndarray] = []
        for a in args:
            value = self._evaluate(a.atom) if isinstance(a, StagingTracer) and a._trace is self else a
            while isinstance(value, Tracer):
                value = value.concrete("a function with a rule")
            found.append(np.array(value))
        return found

    def _answer(self, variable: Var, what: str) -> np.ndarray:
        value = self._evaluate(variable)
        if isinstance(value, Tracer):
            value = value.concrete(what)
        return np.asarray(value, variable.aval.dtype)

    def outside(self, tracer: StagingTracer) -> Value | None:
        """The value outside a branch of what it computed from values that it closes over; None where it is none."""
        if self._takes != BRANCH or self.equations is None:
            return None
        producer = {v: e for e in self.equations for v in e.outputs}
        closed, stack, seen = {v for _, v in self.hoisted.values()}, [tracer.atom], set[Var]()
        while stack:
            v = stack.pop()
            if v in closed or v in seen:
                continue
            seen.add(v)
            if v not in producer:
                return None
            stack += [a for a in producer[v].inputs if isinstance(a, Var)]
        self.examples = {}
        try:
            return self._evaluate(tracer.atom)
        finally:
            self.examples = None

    def tame(self, variable: Var) -> bool:
        """Whether no derivative that may be infinite stands in what a variable was computed by (`ops.steep`)."""
        flat, given = self._flat, not self.derived
        for eqn in (self.equations or ())[self._judged :]:
            is_tame = all(flat.get(a, given) if isinstance(a, Var) else finite(a.value) for a in eqn.inputs)
            is_tame = is_tame and not is_steep(eqn)
            flat.update(dict.fromkeys(eqn.outputs, is_tame))
        self._judged = len(self.equations or ())
        return flat.get(variable, given)

    def takes(self, primitive: Primitive) -> bool:
        """Whether the operation on values of older traces belongs into this Program."""
        if self._takes == BRANCH or primitive.effect:
            return True
        return self._takes == LOOP and primitive.indices_from is not None

    def _evaluate(self, variable: Var) -> Value:
        """The value of a variable for the examples; what it depends on is computed once."""
        innermost, INNERMOST.trace = getattr(INNERMOST, "trace", None), None
        try:
            with not_taken():
                return self._evaluated(variable)
        finally:
            INNERMOST.trace = innermost

    def _evaluated(self, variable: Var) -> Value:
        assert self.examples is not None and self.equations is not None
        values = self.examples
        for eqn in self.equations[self._mapped :]:
            for v in eqn.outputs:
                self.producer[v] = eqn
        self._mapped = len(self.equations)
        self._know_hoisted(values)
        stack = [variable]
        while stack:
            v = stack[-1]
            if v in values:
                stack.pop()
                continue
            eqn = self.producer[v]
            missing = [a for a in eqn.inputs if isinstance(a, Var) and a not in values]
            if missing:
                stack += missing
                continue
            args = [values[a] if isinstance(a, Var) else a.value for a in eqn.inputs]
            out = eqn.primitive.bind(*args, **eqn.params)
            values.update(zip(eqn.outputs, out if eqn.primitive.multiple_results else [out], strict=True))
        return values[variable]

    def _know_hoisted(self, values: dict[Var, Value]) -> None:
        values.update((v, t) for t, v in self.hoisted.values())

    @property
    def name(self) -> str:
        return self.what

    @property
    def ended(self) -> bool:
        return self.equations is None

    @property
    def taking(self) -> bool:
        """Whether it may take operations on values of older traces."""
        return bool(self._takes)

    def input(self, aval: Aval) -> StagingTracer:
        return StagingTracer(self, Var(aval))

    def alike(self, a: StagingTracer, b: StagingTracer) -> bool:
        """Whether two values of this Program are computed by the same operations of the same values."""
        made = {v: (e, i) for e in self.equations or () for i, v in enumerate(e.outputs)}

        def same(x: Atom, y: Atom, depth: int) -> bool:
            if x is y:
                return True
            if isinstance(x, Literal) or isinstance(y, Literal):
                both = isinstance(x, Literal) and isinstance(y, Literal) and x.aval == y.aval
                return both and bool(np.array_equal(x.value, y.value))  # type: ignore[union-attr]
            if x not in made or y not in made or not depth:
                return False
            (e, i), (o, j) = made[x], made[y]
            if e.primitive is not o.primitive or i != j or e.primitive.effect or len(e.inputs) != len(o.inputs):
                return False
            try:
                if e.params.keys() != o.params.keys() or any(bool(e.params[k] != o.params[k]) for k in e.params):
                    return False
            except ValueError:  # arrays among them
                return False
            return all(same(p, q, depth - 1) for p, q in zip(e.inputs, o.inputs, strict=True))

        return same(a.atom, b.atom, 16)

    def lift(self, x: Value) -> Atom:
        """The variable or literal that stands for a value in this Program."""
        if isinstance(x, StagingTracer) and x._trace is self:
            return x.atom
        if isinstance(x, Tracer):
            if id(x) not in self.hoisted:
                if x._trace.ended:
                    raise x._trace.leaked()
                if x._trace.level > self.level:
                    raise LeakedTracerError(
                        f"a value from inside {x._trace.name} is returned from {self.what} that {x._trace.name} stands in"
                    )
                self.hoisted[id(x)] = (x, Var(x.aval))
            return self.hoisted[id(x)][1]
        if isinstance(x, NUMPY_TYPES) and x.dtype.kind not in NUMBERS:
            check_numbers(x)
        if type(x) is not np.ndarray:
            return Literal(x)
        x = self.as_it_is(x)
        if not self.hoist_arrays or x.size <= FEW:
            return Literal(x)
        if _only_zeros(x):
            # Made here: a transposition of this Program has to know them for zeros, and nothing is read from memory.
            return self.append(broadcast_to_p, (np.zeros((), x.dtype)[()],), {"shape": x.shape}).atom
        if id(x) not in self.hoisted:
            self.hoisted[id(x)] = (x, Var(Aval(x.shape, x.dtype)))
        return self.hoisted[id(x)][1]

    def as_it_is(self, x: np.ndarray) -> np.ndarray:
        """A copy of an array, which the function may change later; the same one as long as it has not.

        Copies lie in `Kept` memory and are not copied again, as those of other Programs. Other arrays that cannot be
        written to may be made writable by whoever has them.
        """
        if type(x.base) is Kept:
            return x
        known = self.copies.get(id(x))
        if known is None or not np.array_equal(*known):
            memory = x.view(Kept).copy("K")
            memory.flags.writeable = False
            known = self.copies[id(x)] = (x, memory.view(np.ndarray))
        return known[1]

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        stage = getattr(primitive, "stage", None)
        if stage is not None:
            return stage(self, args, params)
        return self.append(primitive, args, params)

    def append(self, primitive: Primitive, args: Sequence[Value], params: Params) -> Any:
        equations = self.equations
        if equations is None:
            raise self.leaked()
        atoms, kinds, weak = [], [], False
        for a in args:
            atom = a.atom if type(a) is StagingTracer and a._trace is self else self.lift(a)
            atoms.append(atom)
            kinds.append(aval := atom.aval)
            weak = weak or (aval.weak and aval.dtype.kind == "i")
        avals = primitive.abstract(*kinds, **params)
        if weak:
            atoms = large_as_floats(atoms)
            refuse_large(primitive, args, atoms, avals)
        outputs = list(map(Var, avals)) if primitive.multiple_results else [Var(avals)]
        for v in outputs:
            if v.aval.shape:
                check_shape(primitive, v.aval)
        equation = Equation(primitive, atoms, outputs, params)
        if NOTING.on:
            equation.place = here()
        equations.append(equation)
        if not primitive.multiple_results:
            return StagingTracer(self, outputs[0])
        return [StagingTracer(self, v) for v in outputs]

    def close(self) -> list[Equation]:
        equations, self.equations = self.equations, None
        return equations or []


def stage(
    f: Callable[..., Sequence[Value]],
    avals: Sequence[Aval],
    name: str = "program",
    what: str = "jit",
    examples: Sequence[Value] | None = None,
    hoist_arrays: bool = False,
    paths: dict[Any, Any] | None = None,
    follows: bool = True,
    derived: bool = False,
) -> tuple[Program, list[Value]]:
    """Trace `f`, from values to a sequence of values, to a Program.

    Args:
        examples: the arguments of the call at hand: with them Python may ask for the value of a traced number, which
            becomes a guard of the Program and one more of its results.
        hoist_arrays: whether arrays that `f` closes over are hoisted as well.
        paths: those of functions under `vmap` in it that were found when it was traced before.
        follows: whether Python may ask for values at all; the examples are then for callbacks and rules alone.
        derived: whether arguments may be derivatives, and infinite where what a user gave is finite.

    Returns:
        The Program, and the hoisted tracers (and arrays): they are its first inputs, before those of `avals`.
    """
    trace = StagingTrace(what)
    trace.hoist_arrays, trace.paths, trace.follows, trace.derived = hoist_arrays, paths, follows, derived
    inputs = [trace.input(a) for a in avals]
    variables = [t.atom for t in inputs]  # an input that `f` writes into becomes another array
    if examples is not None:
        trace.examples = dict(zip(variables, examples, strict=True))
    outer, INNERMOST.trace = getattr(INNERMOST, "trace", None), trace
    if trace.taking:
        TAKING.append(trace)
    try:
        outputs = [trace.lift(as_value(o)) for o in f(*inputs)]
    finally:
        INNERMOST.trace = outer
        if trace.taking:
            TAKING.remove(trace)
        equations = trace.close()
    return build(trace, variables, equations, outputs, name)


def build(
    trace: StagingTrace, inputs: Sequence[Var], equations: list[Equation], outputs: list[Atom], name: str
) -> tuple[Program, list[Value]]:
    hoisted = list(trace.hoisted.values())
    variables = [*[v for _, v in hoisted], *inputs]
    guards = list(trace.guards.values())
    results = [*outputs, *[g.variable for g in guards]]
    program = Program(variables, live_equations(equations, results), results, name)
    program.guards, program.paths = guards, trace.paths
    trace.examples = None  # the values are no longer needed, and a tracer that leaks must not keep them
    return program, [origin(t) for t, _ in hoisted]


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


__all__ = ["StagingTrace", "StagingTracer", "build", "is_staged", "signature", "stage"]
