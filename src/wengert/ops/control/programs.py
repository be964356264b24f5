"""What the primitives of control flow do with the Programs that they hold: run, rearrange, split into known and linear.

A loop or a branch is transformed by transforming its Programs (ops/derived.py) and putting the results together in another
order; everything made so is staged once and cached on the Program it is made from. No primitive lives here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval, LinearTracer, Primitive, Tracer, Value, aval_of, shape_of
from ...errors import NotLinearError
from ...program import Atom, Equation, Literal, Program, Var, live_equations
from ...vocabulary import Function, Params, Tape
from ..derived import execute, once, strong
from ..families import weighted_sum
from ..shape import broadcast_to


def zeros(aval: Aval) -> np.ndarray:
    """The zero of a type."""
    return np.zeros(aval.shape, aval.dtype)


def spread_zero(aval: Aval) -> np.ndarray:
    """The zero of a type as a view of one number, to be read only."""
    return np.broadcast_to(np.zeros((), aval.dtype), aval.shape)


def staged(program: Program, key: Any, f: Callable[..., Sequence[Value]], avals: Sequence[Aval], name: str) -> Program:
    """The Program of `f`, made once and kept with `program`."""
    from ...transforms.staging import stage

    return once(program, key, lambda: stage(f, avals, name)[0])


def alone(bind: Function, program: Program, avals: Sequence[Aval], params: Params) -> Program:
    """A Program of what `bind` does with some parameters, kept with one that is among them."""
    key = (bind, tuple(avals), tuple(sorted(params.items(), key=lambda item: item[0])))
    return staged(program, key, lambda *values: bind(*values, **params), avals, program.name)


def run_alone(primitive: Primitive, program: Program, args: Sequence[Value], params: Params) -> list[Value]:
    """Run one equation compiled."""
    if not args:  # nothing that a Program could be traced for
        return primitive.interpret(**params)
    return execute(alone(primitive.bind, program, [strong(aval_of(a)) for a in args], params), args)


def split_linear(program: Program, linear: tuple[bool, ...]) -> tuple[Program, Program, list[bool]]:
    """A Program that is linear in some arguments as two: what does not depend on them, and what does.

    Returns:
        ``(*known arguments) -> (*known results, *residuals)``, the linear ``(*residuals, *linear arguments) -> (*linear
        results)``, and which results are linear.
    """
    from ...transforms.staging import stage
    from ...transforms.tape import INPUT, PROJECTION, Tape, needed, push_forward

    def make() -> Any:
        saved: dict[int, Tracer] = {}
        kept: list[Any] = []
        ins = program.in_avals

        def known(*values: Value) -> list[Value]:
            given, tape = iter(values), Tape()
            args = [
                tape.append(INPUT, (), None, a.shape, a.dtype) if b else next(given)
                for a, b in zip(ins, linear, strict=True)
            ]
            first = sum(linear)
            # inputs of a tape come first, in the order of `linear`
            outs = program.evaluate(args)
            nodes = tape.close()
            flags = [tape.owns(o) for o in outs]
            live = [o for o in outs if tape.owns(o)]
            alive = needed(nodes, live)
            for node in nodes[first:]:
                if alive[node.index] and node.primitive is not PROJECTION:
                    for a in node.args[0] if node.primitive is weighted_sum else node.args:
                        if isinstance(a, Tracer) and not (type(a) is LinearTracer and a._trace is tape):
                            saved[id(a)] = a
            kept.extend((nodes, live, flags, tape.masked))
            return [*[o for o, b in zip(outs, flags, strict=True) if not b], *saved.values()]

        first, _ = stage(known, [a for a, b in zip(ins, linear, strict=True) if not b], f"known part of {program.name}")
        nodes, live, flags, masked = kept

        def rest(*values: Value) -> list[Value]:
            return push_forward(nodes, values[len(saved) :], live, dict(zip(saved, values, strict=False)))

        avals = [t.aval for t in saved.values()] + [strong(a) for a, b in zip(ins, linear, strict=True) if b]
        second, _ = stage(rest, avals, f"linear part of {program.name}")
        second.masked = masked or program.masked
        return first, second, flags

    return once(program, ("split", linear), make)


def rewired(program: Program, inputs: Sequence[Var], outputs: Sequence[Atom], name: str | None = None) -> Program:
    """The same equations with other inputs and outputs.

    Where an input is left out, no output depends on it; an equation that takes it for the sake of another result gets
    a zero in its place.
    """
    equations = live_equations(program.equations, outputs)
    absent = set(program.inputs).difference(inputs)
    if any(a in absent for e in equations for a in e.inputs):
        equations = live_equations(_without(equations, absent), outputs)
    return Program(inputs, equations, outputs, name or program.name, masked=program.masked)


def _without(equations: Sequence[Equation], absent: set[Any]) -> list[Equation]:
    found: list[Equation] = []
    for eqn in equations:
        missing = [a in absent for a in eqn.inputs]
        if any(missing):
            outs = eqn.primitive.dependence(missing, eqn.params, len(eqn.outputs))
            absent.update(v for v, b in zip(eqn.outputs, outs, strict=True) if b)
            if all(outs):
                continue
            ins = [Literal(zeros(a.aval)) if b else a for a, b in zip(eqn.inputs, missing, strict=True)]
            eqn = eqn.replaced(ins)
        found.append(eqn)
    return found


def or_zeros(atoms: Sequence[Atom], live: Sequence[bool], avals: Sequence[Aval]) -> list[Atom]:
    """For each type the next atom where it is live, else a zero."""
    rest = iter(atoms)
    return [next(rest) if b else Literal(zeros(a)) for b, a in zip(live, avals, strict=True)]


def without_zeros(known: Program, live: Sequence[bool], linear: Sequence[bool]) -> tuple[Program, int]:
    """The known part of a split Program without the results that the linear part gives though nothing is left of them.

    Returns:
        The Program, and how many results it has before the residuals.
    """
    n = len(live) - sum(live)
    results, residuals = known.outputs[:n], known.outputs[n:]
    kept = []
    for a, dropped in zip(results, [m for m, b in zip(linear, live, strict=True) if not b], strict=True):
        if not dropped:
            kept.append(a)
        elif not _is_zero(a, known):
            raise NotLinearError(f"a result of {known.name} is constant and not zero: it is affine, not linear")
    return (known if len(kept) == n else rewired(known, known.inputs, [*kept, *residuals])), len(kept)


def _is_zero(atom: Atom, program: Program) -> bool:
    if type(atom) is Literal:
        return not np.any(np.asarray(atom.value) != 0)
    made = next((e for e in program.equations if atom in e.outputs), None)
    return made is not None and made.primitive.name in ("broadcast_to", "reshape") and _is_zero(made.inputs[0], program)


def check_linear_start(values: Sequence[Value], what: str) -> None:
    """Constants in the place of linear arguments must be zero."""
    for v in values:
        if not isinstance(v, Tracer) and np.any(np.asarray(v) != 0):
            raise NotLinearError(f"{what} starts from a constant that is not zero: it is affine, not linear")


def on_newest_tape(args: Sequence[Value]) -> tuple[bool, ...]:
    """Which arguments are linear: those on the newest tape among them."""
    tapes = [a._trace for a in args if type(a) is LinearTracer]
    tape = max(tapes, key=lambda t: t.level)
    return tuple(type(a) is LinearTracer and a._trace is tape for a in args)


def newest_tape(args: Sequence[Value]) -> Tape:
    """The tape of the linear arguments of a transpose."""
    return max((a._trace for a in args if type(a) is LinearTracer), key=lambda t: t.level)


def batched_value(x: Value, size: int, batched: bool) -> Value:
    """A value with a batch axis in front."""
    return x if batched else broadcast_to(x, (size, *shape_of(x)))


def widened(program: Program, found: Sequence[bool], wanted: Sequence[bool], size: int) -> Program:
    """A Program of a batch whose results are batched where they are wanted so; `found` says which are by themselves."""
    if all(f or not w for f, w in zip(found, wanted, strict=True)):
        return program

    def run(*values: Value) -> list[Value]:
        outs = program.evaluate(values)
        return [batched_value(o, size, f) if w else o for o, f, w in zip(outs, found, wanted, strict=True)]

    made = staged(program, ("widened", tuple(wanted)), run, program.in_avals, program.name)
    made.masked = program.masked
    return made


def fixed_point(flags: Sequence[bool], step: Callable[[tuple[bool, ...]], Sequence[bool]]) -> tuple[bool, ...]:
    """The least flags that hold `flags` and what `step` makes of them."""
    current = tuple(flags)
    while True:
        more = tuple(a or b for a, b in zip(current, step(current), strict=True))
        if more == current:
            return current
        current = more
