"""What follows from a Program: its derivatives, transposes and batches as Programs, staged once and kept on it; its compiled form."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .. import compilations
from ..backends import Compiled, named
from ..config import config
from ..core import Aval, LinearTracer, Tracer, Value
from ..errors import closed_over
from ..lowering import Composition
from ..program import Program, subprograms
from ..vocabulary import AxisName, Function, Params
from .families import weighted_sum
from .sides import ASIDE, made_aside
from .steep import steepness

COMPILED = "compiled"  # the first of the keys under which a Program keeps what backends make of it


def strong(a: Aval) -> Aval:
    return Aval(a.shape, a.dtype)


def once(program: Program, key: Any, make: Callable[[], Any]) -> Any:
    if ASIDE.on:
        key = (key, "aside")
    found = program.cache.get(key)
    if found is None:
        found = program.cache[key] = made_aside(program.cache, key, make) if ASIDE.on else make()
        for made in found if isinstance(found, tuple) else (found,):
            if isinstance(made, Program):
                made.backend = made.backend if program.backend is None else program.backend
                made.cache.setdefault("steep", steepness(program))
    if ASIDE.on:
        ASIDE.short = ASIDE.short or program.cache[key, "short"]
    return found


def alone(f: Function, avals: Sequence[Aval], name: str) -> Program:
    """Stage what a transformation makes of a Program, which knows nothing but its arguments.

    Raises:
        CustomRuleError: it would take values from elsewhere: those of a rule that is not a Program.
    """
    from ..transforms.staging import stage

    program, taken = stage(f, avals, name, derived=True)
    if taken:
        raise closed_over(f"a custom rule in {name}, or one that calls its own function too often,", taken[0])
    return program


def has_choice(program: Program) -> bool:
    """Whether a selection such as `where` stands in a Program or in one that it calls."""
    return any(
        getattr(e.primitive, "choice", False) or any(has_choice(s) for s in subprograms(e)) for e in program.equations
    )


def dependence(program: Program, given: Sequence[bool], outputs: Sequence[Any] | None = None) -> list[bool]:
    """Which results of a Program, or which other values of it, depend on the inputs that are marked."""
    marked: set[Any] = {v for v, b in zip(program.inputs, given, strict=True) if b}
    for eqn in program.equations:
        flags = [a in marked for a in eqn.inputs]
        if any(flags):
            outs = eqn.primitive.dependence(flags, eqn.params, len(eqn.outputs))
            marked.update(v for v, b in zip(eqn.outputs, outs, strict=True) if b)
    return [a in marked for a in (program.outputs if outputs is None else outputs)]


def jvp_program(program: Program, nonzero: tuple[bool, ...], only_tangents: bool = False) -> tuple[Program, list[bool]]:
    """The Program of ``(*primals, *nonzero tangents) -> (*results, *their nonzero tangents)``."""
    from ..transforms.forward import jvp_flat

    def make() -> Any:
        n, live = len(program.inputs), []

        def f(*values: Value) -> list[Value]:
            given = iter(values[n:])
            tangents = [next(given) if b else None for b in nonzero]
            outs, ts = jvp_flat(lambda *a: program.evaluate(a), values[:n], tangents)
            live.extend(t is not None for t in ts)
            return [*([] if only_tangents else outs), *[t for t in ts if t is not None]]

        avals = program.in_avals
        avals = avals + [strong(a) for a, b in zip(avals, nonzero, strict=True) if b]
        derived = alone(f, avals, f"jvp of {program.name}")
        derived.masked = program.masked or has_choice(program)
        return derived, live

    return once(program, ("jvp", nonzero, only_tangents), make)


def linearized_programs(program: Program, nonzero: tuple[bool, ...]) -> tuple[Program, Program, list[bool]]:
    """``(*primals) -> (*results, *residuals)`` and the linear ``(*residuals, *nonzero tangents) -> live tangents``."""
    from ..transforms.linearizing import LinearizeTrace
    from ..transforms.tape import PROJECTION, needed, push_forward

    def make() -> Any:
        saved: dict[int, Tracer] = {}
        kept: list[Any] = []

        def forward(*values: Value) -> list[Value]:
            trace = LinearizeTrace()
            outs = program.evaluate([trace.input(v) if b else v for v, b in zip(values, nonzero, strict=True)])
            nodes = trace.tape.close()
            pairs = [trace.split(o) for o in outs]
            live_outs = [t for _, t in pairs if t is not None]
            alive = needed(nodes, live_outs)
            for node in nodes:
                if alive[node.index] and node.primitive is not PROJECTION:
                    args = node.args[0] if node.primitive is weighted_sum else node.args
                    for a in args:
                        if isinstance(a, Tracer) and not (type(a) is LinearTracer and a._trace is trace.tape):
                            saved[id(a)] = a
            kept.extend((nodes, live_outs, [t is not None for _, t in pairs], trace.tape.masked))
            return [*[p for p, _ in pairs], *saved.values()]

        first = alone(forward, program.in_avals, f"forward of {program.name}")
        nodes, live_outs, live, masked = kept

        def linear(*values: Value) -> list[Value]:
            replace = dict(zip(saved, values, strict=False))
            return push_forward(nodes, values[len(saved) :], live_outs, replace)

        avals = [t.aval for t in saved.values()]
        avals += [strong(a) for a, b in zip(program.in_avals, nonzero, strict=True) if b]
        second = alone(linear, avals, f"linear part of {program.name}")
        second.masked = masked
        return first, second, live

    return once(program, ("linearize", nonzero), make)


def transposed_program(
    program: Program, linear: tuple[bool, ...], given: tuple[bool, ...], masked: bool
) -> tuple[Program, list[bool]]:
    """``(*constants, *given cotangents) -> live cotangents`` of the arguments in which the Program is linear."""
    from ..transforms.transposing import transpose_flat

    def make() -> Any:
        n, live = len(linear) - sum(linear), []

        def f(*values: Value) -> list[Value]:
            def run(*tangents: Value) -> list[Value]:
                constants, ts = iter(values[:n]), iter(tangents)
                return program.evaluate([next(ts) if b else next(constants) for b in linear])

            cts = iter(values[n:])
            lin_avals = [a for a, b in zip(program.in_avals, linear, strict=True) if b]
            grads = transpose_flat(run, lin_avals, lambda _: [next(cts) if b else None for b in given], masked)
            live.extend(g is not None for g in grads)
            return [g for g in grads if g is not None]

        avals = [a for a, b in zip(program.in_avals, linear, strict=True) if not b]
        avals += [strong(a) for a, b in zip(program.out_avals, given, strict=True) if b]
        derived = alone(f, avals, f"transpose of {program.name}")
        return derived, live

    return once(program, ("transpose", linear, given, masked), make)


def batched_program(program: Program, size: int, batched: tuple[bool, ...], axis_name: AxisName) -> Any:
    """The Program of a batch, and which of its results are batched."""
    from ..transforms.batching import batch_flat

    def make() -> Any:
        flags: list[bool] = []

        def f(*values: Value) -> list[Value]:
            outs, found = batch_flat(lambda *a: program.evaluate(a), size, values, batched, axis_name)
            flags.extend(found)
            return outs

        avals = [Aval((size, *a.shape), a.dtype) if b else a for a, b in zip(program.in_avals, batched, strict=True)]
        derived = alone(f, avals, f"batch of {program.name}")
        derived.masked = program.masked
        return derived, flags

    return once(program, ("batch", size, batched, axis_name), make)


def compiled_already(program: Program) -> Compiled | None:
    """A Program as its backend runs it, if it ran before."""
    return program.cache.get((COMPILED, program.backend, config.compiling, ()))


def compiled(program: Program, donated: tuple[int, ...] = ()) -> Compiled:
    """A Program as its backend runs it, kept with the Program. The backend is imported when its first Program runs."""
    key = (COMPILED, program.backend, config.compiling, donated)
    found = program.cache.get(key)
    if found is None:
        backend = named(program.backend or config.backend)
        start = time.perf_counter_ns()
        found = program.cache[key] = backend.compile(program, donated=donated)
        compilations.note(program, found, start)
    return found


def execute(program: Program, args: Sequence[Value]) -> list[Value]:
    """Run a Program on arrays, on its backend."""
    return compiled(program)(args)


def composed(f: Any, avals: tuple[Aval, ...], params: Params) -> Program:
    """A function of values of these types as a Program of one result, made once."""
    return _composed(f, avals, tuple(params.items()), bool(config._x64))


Composition.composed = staticmethod(composed)


@lru_cache(1000)
def _composed(f: Any, avals: tuple[Aval, ...], params: Any, x64: bool) -> Program:
    from ..transforms.staging import stage

    return stage(lambda *args: [f(*args, **dict(params))], avals, getattr(f, "__name__", "composed"))[0]
