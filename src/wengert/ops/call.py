"""Calls of Programs: one equation that holds a sub-Program, and its transformations, each staged once and cached.

`jit` binds `call_p`; `checkpoint` binds `remat_p`, which saves the arguments and what a policy says, and recomputes the
rest. `name_p` gives a value the name by which policies know it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Value
from ..lowering import Formula, complexes, formulas
from ..program import Program
from ..vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from .derived import (
    alone,
    batched_program,
    dependence,
    execute,
    has_choice,
    jvp_program,
    linearized_programs,
    once,
    strong,
    transposed_program,
)
from .effects import EffectPrimitive
from .elementwise import mul_p, sin_p
from .linear import Linear


class Call(EffectPrimitive):
    """``program(*args)``."""

    multiple_results = True

    def impl(self, *args: Value, program: Program) -> list[Value]:
        return execute(program, args)

    def abstract(self, *avals: Aval, program: Program) -> list[Aval]:
        return program.out_avals

    def called(self, params: Params) -> Program:
        return params["program"]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        return dependence(params["program"], given)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        program = params["program"]
        derived, live = jvp_program(program, tuple(t is not None for t in tangents))
        outs = self.bind(*primals, *[t for t in tangents if t is not None], **{**params, "program": derived})
        n = len(program.outputs)
        rest = iter(outs[n:])
        return outs[:n], [next(rest) if b else None for b in live]

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        from .control.series import through_call

        return through_call(self.bind, order, primals, coefficients, params)

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        program = params["program"]
        n = len(program.outputs)
        forward, linear, live = linearized_programs(program, tuple(t is not None for t in tangents))
        outs = self.bind(*primals, program=forward)
        return record_linear(trace, outs[:n], live, (*outs[n:], *[t for t in tangents if t is not None]), linear)

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        # Some results may depend on constants alone, as the primal results of a jvp do: the tape must see which.
        return params["program"].evaluate(args)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:

        program = params["program"]
        tape = max((a._trace for a in args if type(a) is LinearTracer), key=lambda t: t.level)
        linear = tuple(type(a) is LinearTracer and a._trace is tape for a in args)
        given = tuple(c is not None for c in cotangent)
        derived, live = transposed_program(program, linear, given, False)
        constants = [a for a, b in zip(args, linear, strict=True) if not b]
        outs = iter(call_p.bind(*constants, *[c for c in cotangent if c is not None], program=derived))
        grads = iter([next(outs) if b else None for b in live])
        return [next(grads) if b else None for b in linear]

    def leaves_out(self, params: Params) -> bool:
        from .supported import drops

        return drops(params["program"])

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        from .control.programs import on_newest_tape
        from .supported import of_a_call

        return of_a_call(call_p.bind, params["program"], on_newest_tape(args), args, cotangent, supports)

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        derived, flags = batched_program(params["program"], trace.size, tuple(batched), trace.axis_name)
        return self.bind(*args, **{**params, "program": derived}), flags


def record_linear(trace: Any, outs: Sequence[Value], live: Sequence[bool], args: Any, linear: Program) -> list[Value]:
    """Results whose tangents are a call of a linear Program on the tape."""
    if not any(live):
        return list(outs)
    if linear.masked:
        trace.tape.masked = True
    nodes = iter(trace.tape.append_many(call_p, args, {"program": linear}, linear.out_avals))
    return [trace.tracer(o, next(nodes)) if b else o for o, b in zip(outs, live, strict=True)]


Policy = Callable[..., bool]  # ``(primitive, *avals, **params)``: whether to save the results


def _inlined(program: Program) -> Program:
    """A Program without calls of others."""
    from ..transforms.staging import stage

    def evaluate(p: Program, args: Sequence[Value]) -> list[Value]:
        env: dict[Any, Value] = dict(zip(p.inputs, args, strict=True))
        for eqn in p.equations:
            values = [env[a] if a in env else a.value for a in eqn.inputs]  # type: ignore[union-attr]
            if eqn.primitive is call_p:
                outs = evaluate(eqn.params["program"], values)
            else:
                outs = eqn.primitive.bind(*values, **eqn.params)
                outs = outs if eqn.primitive.multiple_results else [outs]
            env.update(zip(eqn.outputs, outs, strict=True))
        return [env[a] if a in env else a.value for a in p.outputs]  # type: ignore[union-attr]

    if not any(e.primitive is call_p for e in program.equations):
        return program
    return once(program, "inlined", lambda: stage(lambda *a: evaluate(program, a), program.in_avals, program.name)[0])


def saving_programs(program: Program, nonzero: tuple[bool, ...], policy: Policy) -> tuple[Program, Program, list[bool]]:
    """What `policy` says to save: ``(*primals) -> (*results, *saved)`` and the linear ``(*primals, *saved, *tangents)``."""
    from ..transforms.forward import JVPTrace, JVPTracer

    def make() -> Any:
        whole = _inlined(program)
        saved = [
            v
            for e in whole.equations
            if policy(e.primitive, *[a.aval for a in e.inputs], **e.params)
            for v in e.outputs
        ]
        n, m, live = len(whole.inputs), len(saved), []
        given = set(saved)

        def linear(*values: Value) -> list[Value]:
            rest, trace = iter(values[n + m :]), JVPTrace()
            env: dict[Any, Value] = {
                v: JVPTracer(trace, x, next(rest)) if b else x
                for v, x, b in zip(whole.inputs, values, nonzero, strict=False)
            }
            known = dict(zip(saved, values[n : n + m], strict=True))
            for eqn in whole.equations:
                outs = eqn.primitive.bind(*[env[a] if a in env else a.value for a in eqn.inputs], **eqn.params)  # type: ignore[union-attr]
                for v, o in zip(eqn.outputs, outs if eqn.primitive.multiple_results else [outs], strict=True):
                    if v in given:
                        _, t = trace.split(o)
                        o = known[v] if t is None else JVPTracer(trace, known[v], t)
                    env[v] = o
            pairs = [trace.split(env[a] if a in env else a.value) for a in whole.outputs]  # type: ignore[union-attr]
            live.extend(t is not None for _, t in pairs)
            return [t for _, t in pairs if t is not None]

        first = Program(whole.inputs, whole.equations, [*whole.outputs, *saved], program.name)
        tangents = [strong(a) for a, b in zip(whole.in_avals, nonzero, strict=True) if b]
        second = alone(linear, [*whole.in_avals, *[v.aval for v in saved], *tangents], f"linear part of {program.name}")
        second.masked = program.masked or has_choice(program)
        return first, second, live

    return once(program, ("saving", nonzero, policy), make)


class Remat(Call):
    """A call whose linear part starts from the arguments again, instead of saving what the function computed.

    Parameters:
        program: what is called. policy: what is saved all the same; None is nothing.
    """

    recomputes = True

    def impl(self, *args: Value, program: Program, policy: Policy | None) -> list[Value]:
        return execute(program, args)

    def abstract(self, *avals: Aval, program: Program, policy: Policy | None) -> list[Aval]:
        return program.out_avals

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        program, policy = params["program"], params["policy"]
        nonzero = tuple(t is not None for t in tangents)
        ts = [t for t in tangents if t is not None]
        if policy is None:
            outs = self.bind(*primals, **params)
            linear, live = jvp_program(program, nonzero, only_tangents=True)
            return record_linear(trace, outs, live, (*primals, *ts), linear)
        forward, linear, live = saving_programs(program, nonzero, policy)
        outs = self.bind(*primals, program=forward, policy=policy)
        n = len(program.outputs)
        return record_linear(trace, outs[:n], live, (*primals, *outs[n:], *ts), linear)

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """Results that do not depend on the linear arguments run now; the others start from the arguments again."""
        from .control.programs import rewired

        program = params["program"]
        given = tuple(tape.owns(a) for a in args)
        linear = tuple(dependence(program, given))

        def make() -> Any:
            known = [v for v, b in zip(program.inputs, given, strict=True) if not b]
            first = rewired(program, known, [o for o, b in zip(program.outputs, linear, strict=True) if not b])
            return first, rewired(
                program, program.inputs, [o for o, b in zip(program.outputs, linear, strict=True) if b]
            )

        first, second = once(program, ("again", given, linear), make)
        known: Sequence[Value] = []
        if first.outputs:
            known = self.bind(*[a for a, b in zip(args, given, strict=True) if not b], **{**params, "program": first})
        if second.masked or has_choice(second):
            tape.masked = True
        nodes = iter(tape.append_many(call_p, tuple(args), {"program": second}, second.out_avals))
        values = iter(known)
        return [next(nodes) if b else next(values) for b in linear]


name_p = Linear(
    "name",
    lambda x, name: x,
    lambda aval, name: aval,
    lambda cotangent, x, name: cotangent,
    lambda size, x, name: name_p.bind(x, name=name),
    samples=lambda: [((np.array([0.5, -1.0]),), {"name": "sample"})],
    native=Formula(formulas.same, loop=lambda avals, out: ([out.dtype], out.dtype), parts=complexes.same),
)


def _samples() -> list[Any]:
    aval = Aval((3,), np.dtype(np.float64))
    program = alone(lambda x, y: [sin_p.bind(mul_p.bind(x, y)), y], [aval, aval], "sample")
    return [((np.array([0.3, -0.5, 1.0]), np.array([1.0, 2.0, -0.4])), {"program": program})]


_TYPED = {"complex": "a Program is typed"}
call_p = Call("call", samples=_samples, reasons=_TYPED)
remat_p = Remat(
    "remat", samples=lambda: [(args, {**params, "policy": None}) for args, params in _samples()], reasons=_TYPED
)
