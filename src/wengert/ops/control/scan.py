"""`scan_p`: a loop of known length that carries values, reads a slice of each array of `xs` and stacks what it gives.

``*carry, *ys = scan(*consts, *init, *xs)`` with a Program ``(*consts, *carry, *slices) -> (*carry, *slices of ys)``.
Reverse mode saves what the linear part of each step needs, stacked over the steps; what is the same in all steps is
saved once, and slices of `xs` are not saved again. Here a scan runs step by step; native loops are the compiler's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval, Tracer, Value, aval_of
from ...lowering import kinds
from ...program import Atom, Literal, Program, Var
from ...vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from ..call import call_p
from ..derived import (
    batched_program,
    dependence,
    execute,
    jvp_program,
    linearized_programs,
    once,
    strong,
    transposed_program,
)
from ..effects import EffectPrimitive
from ..elementwise import add, not_equal, sin
from ..shape import moveaxis
from ..steep import as_steep_as, steep
from ..supported import along, as_supports, drops, masks_of
from .backwards import backwards, from_an_unused_end
from .operands import Members, ScanOperands
from .programs import (
    batched_value,
    check_linear_start,
    fixed_point,
    on_newest_tape,
    or_zeros,
    rewired,
    run_alone,
    split_linear,
    spread_zero,
    widened,
    without_zeros,
    zeros,
)

Flags = tuple[bool, ...]


class Scan(EffectPrimitive):
    """``scan(*consts, *init, *xs)``.

    Parameters:
        body: the Program of one step. operands: how many constants, carried values and arrays of slices there are.
        length: the number of steps. reverse: whether the last slices come first.
    """

    multiple_results = True

    def impl(self, *args: Value, **params: Any) -> list[Value]:
        return run_alone(self, params["body"], args, params)

    def interpret(self, *args: Value, **params: Any) -> list[Value]:
        """Step by step, each step compiled."""
        body, length, operands = params["body"], params["length"], params["operands"]
        consts, carry, xs = operands.split(args)
        nk = operands.carry
        stacks = [np.empty((length, *a.shape), a.dtype) for a in body.out_avals[nk:]]
        for i in range(length - 1, -1, -1) if params["reverse"] else range(length):
            outs = execute(body, [*consts, *carry, *[x[i] for x in xs]])
            carry = outs[:nk]
            for stack, y in zip(stacks, outs[nk:], strict=True):
                stack[i] = y
        return [*carry, *stacks]

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        nk, outs = params["operands"].carry, params["body"].out_avals
        return [*map(strong, outs[:nk]), *[Aval((params["length"], *a.shape), a.dtype) for a in outs[nk:]]]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        body, nk = params["body"], params["operands"].carry
        consts, start, xs = params["operands"].split(given)
        carry = fixed_point(start, lambda c: dependence(body, [*consts, *c, *xs])[:nk])
        return [*carry, *dependence(body, [*consts, *carry, *xs])[nk:]]

    # --- forward mode --------------------------------------------------------------------------------------------

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        body, operands = params["body"], params["operands"]
        nonzero = moving_flags(lambda f: jvp_program(body, f)[1], tangents, operands)
        derived, live = jvp_body(body, nonzero, operands)
        tangents = started_tangents(primals, tangents, nonzero)
        groups = zip(operands.split(primals), operands.split(tangents), strict=True)
        consts, carry, xs = [[*values, *[t for t in ts if t is not None]] for values, ts in groups]
        both = ScanOperands.of(consts, carry, xs)
        outs = self.bind(*consts, *carry, *xs, **{**params, "operands": both, "body": derived})
        nk, m, n_ys = operands.carry, both.carry, len(body.outputs) - operands.carry
        moved = Members(operands.split(nonzero)[1]).spread(outs[nk:m])
        return [*outs[:nk], *outs[m : m + n_ys]], [*moved, *Members(live[nk:]).spread(outs[m + n_ys :])]

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        from .series import through_scan

        return through_scan(self.bind, order, primals, coefficients, params)

    # --- reverse mode --------------------------------------------------------------------------------------------

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        body, operands = params["body"], params["operands"]
        nonzero = moving_flags(lambda f: linearized_programs(body, f)[2], tangents, operands)
        known, linear, live = linearized_programs(body, nonzero)
        outs, saved, kinds = self._run_known(known, len(body.outputs), primals, params)
        flags = [*operands.split(nonzero)[1], *live[operands.carry :]]
        if not any(flags):
            return outs
        started = started_tangents(primals, tangents, nonzero)
        step = linear_step(linear, kinds, nonzero, live[: operands.carry], operands, params)
        step["body"].cache["steep"] = steep(body)
        args = _step_arguments(saved, kinds, started, nonzero, operands)
        nodes = iter(self._append(trace.tape, args, step))
        return [trace.wrap(o, next(nodes) if b else None) for o, b in zip(outs, flags, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """What does not depend on the linear arguments runs now; the rest is a scan that is linear in all it carries."""
        body, operands = params["body"], params["operands"]
        nk = operands.carry
        given = tuple(tape.owns(a) for a in args)
        consts, start, xs = operands.split(given)
        moving = fixed_point(start, lambda c: dependence(body, [*consts, *c, *xs])[:nk])
        linear = (*consts, *moving, *xs)
        known, rest, live = split_linear(body, linear)
        check_linear_start([a for a, b, m in zip(args, given, linear, strict=True) if m and not b], "a scan")
        fixed = [a for a, b in zip(args, linear, strict=True) if not b]
        layout = {**params, "operands": ScanOperands(*(g.count(False) for g in (consts, moving, xs)))}
        flags = [*moving, *live[nk:]]
        known, n_known = without_zeros(known, live, flags)
        outs, saved, kinds = self._run_known(known, n_known, fixed, layout)
        step = linear_step(rest, kinds, linear, live[:nk], operands, params)
        as_steep_as(step["body"], body)
        step_args = _step_arguments(saved, kinds, args, linear, operands)
        nodes, values = iter(self._append(tape, step_args, step)), iter(outs)
        return [next(nodes) if b else next(values) for b in flags]

    def _append(self, tape: Tape, args: Sequence[Value], params: Params) -> list[Any]:
        if params["body"].masked:
            tape.masked = True
        return tape.append_many(self, tuple(args), params, self.abstract(**params))

    def _run_known(
        self, known: Program, n_out: int, args: Sequence[Value], params: Params
    ) -> tuple[list[Value], list[Value], list[bool]]:
        """Run ``(consts, carry, slices) -> (results, residuals)`` over all steps.

        Returns:
            The results; the residuals; which of them differ from step to step, and are stacked.
        """
        operands = params["operands"]
        invariant, body, places = saving(known, n_out, operands)
        outs: list[Value] = []
        if body.outputs:
            outs = self.bind(*args, **{**params, "body": body})
        before = call_p.bind(*args[: operands.consts], program=invariant) if invariant is not None else []
        values = {"invariant": before, "stacked": outs[n_out:], "argument": list(args)}
        saved = [value if kind == "value" else values[kind][value] for kind, value, _ in places]
        return outs[:n_out], saved, [moves for _, _, moves in places]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        """The scan backwards: it carries the cotangents of what was carried, and sums those of the constants."""
        body, operands = params["body"], params["operands"]
        nc, nk, _ = operands
        linear = on_newest_tape(args)
        flags = (*linear[:nc], *[True] * nk, *linear[nc + nk :])
        masked = False
        if not params["length"]:  # nothing but what is carried is reached
            rest = [*[None] * nc, *cotangent[:nk], *[None] * (len(args) - nc - nk)]
            return [g if b else None for g, b in zip(rest, linear, strict=True)]
        ys = tuple(c is not None for c in cotangent[nk:])
        first = sum(flags[:nc])
        given = fixed_point(
            [c is not None for c in cotangent[:nk]],
            lambda f: transposed_program(body, flags, (*f, *ys), masked)[1][first : first + nk],
        )
        unused = given != tuple(c is not None for c in cotangent[:nk])
        if unused and body.cache.get("steep", True):  # at the end a cotangent is no 0 that meets an infinite derivative
            return self.supported(cotangent, [None] * len(cotangent), args, params)[0]
        back, live = transposed_body(body, flags, (*given, *ys), masked, operands)
        sums = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if b]
        sums = [zeros(a) for a, b in zip(sums, live[:first], strict=True) if b]
        starts = [
            zeros(a) if c is None else c
            for c, a, b in zip(cotangent[:nk], body.out_avals[:nk], given, strict=True)
            if b
        ]
        fixed = [a for a, b in zip(args[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(args[nc + nk :], flags[nc + nk :], strict=True) if not b]
        carry, xs = [*sums, *starts], [*slices, *[c for c in cotangent[nk:] if c is not None]]
        outs = iter(
            self.bind(
                *fixed, *carry, *xs, body=back, operands=ScanOperands.of(fixed, carry, xs), length=params["length"],
                reverse=not params["reverse"],
            )
        )  # fmt: skip
        found = [next(outs) if b else None for b in live[:first]]
        start = [next(outs) if b else None for b in given]
        found += [g if b else None for g, b in zip(start, live[first:], strict=False)]  # no step may take the start
        found += [next(outs) if b else None for b in live[first + nk :]]
        grads = iter(found)
        return [next(grads) if b else None for b in flags]

    def leaves_out(self, params: Params) -> bool:
        return drops(params["body"])

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        """The scan backwards, which carries the supports of cotangents beside them."""
        body, operands = params["body"], params["operands"]
        nc, nk, _ = operands
        linear = on_newest_tape(args)
        if not params["length"]:
            rest = [*[None] * nc, *supports[:nk], *[None] * (len(args) - nc - nk)]
            return self.transpose(cotangent, args, params), [
                s if b else None for s, b in zip(rest, linear, strict=True)
            ]
        flags = (*linear[:nc], *[True] * nk, *linear[nc + nk :])
        masks = masks_of(supports, cotangent)
        given, masked = [c is not None for c in cotangent], [m is not None for m in masks]
        end = from_an_unused_end(body, flags, given, masked, operands) if params["length"] > 1 else None
        back = backwards(body, flags, given, masked, operands) if end is None else end
        starts: list[Value] = []
        marks: list[Value] = [] if end is None else [np.True_]
        for c, m, a, b, marked in zip(cotangent, masks, body.out_avals[:nk], back.given, back.marked, strict=False):
            if b:
                starts.append(zeros(a) if c is None else c)
                if marked:
                    marks.append(np.full(a.shape, c is not None) if m is None else m)
        fixed = [a for a, b in zip(args[:nc], flags[:nc], strict=True) if not b]
        xs = [a for a, b in zip(args[nc + nk :], flags[nc + nk :], strict=True) if not b]
        xs += [v for v in (*cotangent[nk:], *masks[nk:]) if v is not None]
        state = [*map(zeros, back.sums), *starts, *marks]
        outs = iter(
            self.bind(
                *fixed, *state, *xs, body=back.step, operands=ScanOperands.of(fixed, state, xs), length=params["length"],
                reverse=not params["reverse"],
            )
        )  # fmt: skip
        first = sum(flags[:nc])
        live, found = back.live, back.found
        consts = [next(outs) if b else None for b in live[:first]]
        of_consts = [not_equal(next(outs), 0) if b else None for b in found[:first]]
        carry = [next(outs) if b else None for b in back.given[:nk]]
        if end is not None:
            next(outs)  # no step is the first any more
        of_carry = [next(outs) if b else None for b in back.marked[:nk]]
        grads = [*consts, *carry, *[next(outs) if b else None for b in live[first + nk :]]]
        known = as_supports([*of_consts, *of_carry, *[next(outs) if b else None for b in found[first + nk :]]])
        return [
            [g if b else None for g, b in zip(along(flags, values), linear, strict=True)] for values in (grads, known)
        ]

    # --- batching ------------------------------------------------------------------------------------------------

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        body, operands, size = params["body"], params["operands"], trace.size
        nk = operands.carry
        consts, init, xs = operands.split(args)
        of_consts, of_init, of_xs = operands.split(batched)
        carry = fixed_point(
            of_init, lambda f: batched_program(body, size, (*of_consts, *f, *of_xs), trace.axis_name)[1][:nk]
        )
        derived, out_flags = batched_program(body, size, (*of_consts, *carry, *of_xs), trace.axis_name)
        step = widened(derived, out_flags, [*carry, *out_flags[nk:]], size)
        start = [batched_value(a, size, b) if c else a for a, b, c in zip(init, of_init, carry, strict=True)]
        xs = [moveaxis(a, 0, 1) if b else a for a, b in zip(xs, of_xs, strict=True)]
        outs = self.bind(*consts, *start, *xs, **{**params, "body": step})
        ys = [moveaxis(y, 1, 0) if b else y for y, b in zip(outs[nk:], out_flags[nk:], strict=True)]
        return [*outs[:nk], *ys], [*carry, *out_flags[nk:]]


# --- bodies: each made once, and kept with the Program it is made from ------------------------------------------


def moving_flags(
    live: Callable[[Flags], Sequence[bool]], tangents: Sequence[Value | None], operands: ScanOperands
) -> Flags:
    """Which arguments have a tangent in some step, from those that have one at the start."""
    consts, start, xs = operands.split([t is not None for t in tangents])
    carry = fixed_point(start, lambda c: live((*consts, *c, *xs))[: operands.carry])
    return (*consts, *carry, *xs)


def started_tangents(primals: Sequence[Value], tangents: Sequence[Value | None], nonzero: Flags) -> list[Value | None]:
    """Tangents, zeros that take no memory where one comes into being only later."""
    return [
        spread_zero(aval_of(p)) if b and t is None else t for p, t, b in zip(primals, tangents, nonzero, strict=True)
    ]


def jvp_body(body: Program, nonzero: Flags, operands: ScanOperands) -> tuple[Program, list[bool]]:
    derived, live = jvp_program(body, nonzero)
    nk = operands.carry

    def make() -> Program:
        n, n_out = len(body.inputs), len(body.outputs)
        tangents = Members(nonzero).spread(derived.inputs[n:])
        inputs: list[Var] = []
        for values, ts in zip(operands.split(derived.inputs[:n]), operands.split(tangents), strict=True):
            inputs += [*values, *[t for t in ts if t is not None]]
        m = sum(live[:nk])
        results, ts = derived.outputs[:n_out], derived.outputs[n_out:]
        moved = _carried(ts[:m], live[:nk], operands.split(nonzero)[1], body.out_avals[:nk])
        return rewired(derived, inputs, [*results[:nk], *moved, *results[nk:], *ts[m:]])

    return once(derived, ("scan", operands), make), live


def _carried(atoms: Sequence[Atom], live: Sequence[bool], moving: Sequence[bool], avals: Sequence[Aval]) -> list[Atom]:
    """Tangents of what is carried: zeros where one that moves stops doing so."""
    return [a for a, b in zip(or_zeros(atoms, live, avals), moving, strict=True) if b]


def saving(
    known: Program, n_out: int, operands: ScanOperands
) -> tuple[Program | None, Program, list[tuple[str, Any, bool]]]:
    """A Program with residuals as what the constants alone give, and a body that stacks the rest.

    Returns:
        The first, the second, and for each residual where it is found (an argument, a value, a result of one of the
        two), by number, and whether it differs from step to step.
    """
    nc, nk, _ = operands

    def make() -> Any:
        position = {v: i for i, v in enumerate(known.inputs)}
        results, residuals = known.outputs[:n_out], known.outputs[n_out:]
        moves = dependence(known, [i >= nc for i in range(len(known.inputs))], residuals)
        before: list[Var] = []
        stacked: list[Var] = []
        places: list[tuple[str, Any, bool]] = []
        for a, moving in zip(residuals, moves, strict=True):
            if type(a) is Literal:
                places.append(("value", a.value, False))
                continue
            assert type(a) is Var
            i = position.get(a)
            if i is not None and (i < nc or i >= nc + nk):
                places.append(("argument", i, i >= nc))
                continue
            group = stacked if moving else before
            if a not in group:
                group.append(a)
            places.append(("stacked" if moving else "invariant", group.index(a), moving))
        invariant = rewired(known, known.inputs[:nc], before, f"constants of {known.name}") if before else None
        return invariant, rewired(known, known.inputs, [*results, *stacked]), places

    return once(known, ("saving", n_out, operands), make)


def linear_step(
    linear: Program,
    kinds: Sequence[bool],
    nonzero: Flags,
    live: Sequence[bool],
    operands: ScanOperands,
    params: Params,
) -> dict[str, Any]:
    """Parameters of the scan of a linear part ``(residuals, linear arguments) -> linear results``."""
    kinds = tuple(kinds)
    of_consts, moving, of_xs = operands.split(nonzero)
    linear_operands = ScanOperands(sum(of_consts), sum(moving), sum(of_xs))

    def make() -> Program:
        n = len(kinds)
        residuals = linear.inputs[:n]
        consts, carry, slices = linear_operands.split(linear.inputs[n:])
        inputs = [r for r, k in zip(residuals, kinds, strict=True) if not k] + consts + carry
        inputs += [r for r, k in zip(residuals, kinds, strict=True) if k] + slices
        m = sum(live)
        avals = iter(strong(v.aval) for v in carry)
        types = [next(avals) if b else Aval((), np.float64) for b in moving]
        moved = _carried(linear.outputs[:m], live, moving, types)
        return rewired(linear, inputs, [*moved, *linear.outputs[m:]])

    consts, carry, xs = linear_operands
    return {
        "body": once(linear, ("scan", kinds, nonzero, operands), make),
        "operands": ScanOperands(kinds.count(False) + consts, carry, kinds.count(True) + xs),
        "length": params["length"],
        "reverse": params["reverse"],
    }


def _step_arguments(
    saved: Sequence[Value], kinds: Sequence[bool], tangents: Sequence[Any], nonzero: Flags, operands: ScanOperands
) -> list[Value]:
    """The arguments of the scan of a linear part, in its order."""
    live = [t if b else None for t, b in zip(tangents, nonzero, strict=True)]
    fixed = [s for s, k in zip(saved, kinds, strict=True) if not k]
    moving = [s for s, k in zip(saved, kinds, strict=True) if k]
    consts, carry, xs = [[t for t in group if t is not None] for group in operands.split(live)]
    return [*fixed, *consts, *carry, *moving, *xs]


def transposed_body(
    body: Program, flags: Flags, given: Flags, masked: bool, operands: ScanOperands
) -> tuple[Program, list[bool]]:
    """One step backwards: ``(constants, sums, cotangents, slices) -> (sums, cotangents, slices of cotangents)``."""
    derived, live = transposed_program(body, flags, given, masked)
    nc, nk, _ = operands

    def make() -> Program:
        first = sum(flags[:nc])
        fixed = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(body.in_avals[nc + nk :], flags[nc + nk :], strict=True) if not b]
        constants = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if b]
        sums = [strong(a) for a, b in zip(constants, live[:first], strict=True) if b]
        cts = [strong(a) for a, b in zip(body.out_avals, given, strict=True) if b]
        n_carry = sum(given[:nk])
        parts = [fixed, sums, cts[:n_carry], slices, cts[n_carry:]]

        def step(*values: Value) -> list[Value]:
            rest = iter(values)
            f, s, c, x, y = ([next(rest) for _ in part] for part in parts)
            outs = iter(derived.evaluate([*f, *x, *c, *y]))
            totals = [add(total, next(outs)) for total in s]
            back = [next(outs) if b else None for b in live[first : first + nk]]
            carried = [
                zeros(a) if b is None else b for b, a, g in zip(back, body.out_avals[:nk], given[:nk], strict=True) if g
            ]
            return [*totals, *carried, *outs]

        from ...transforms.staging import stage

        made, _ = stage(step, [a for part in parts for a in part], derived.name)
        made.masked = masked
        return as_steep_as(made, body)

    return once(derived, ("scan", flags, given, operands), make), live


def _samples() -> list[Any]:
    from ...transforms.staging import stage

    number, pair = Aval((), np.dtype(float)), Aval((2,), np.dtype(float))

    def swing(g: Tracer, angle: Tracer, speed: Tracer, push: Tracer) -> list[Value]:
        speed = speed - 0.1 * g * sin(angle) + 0.01 * push
        angle = angle + 0.1 * speed
        return [angle, speed, angle * push]

    body, _ = stage(swing, [number, pair, pair, pair], "swing")
    xs = np.array([[0.3, -0.4], [0.5, 0.1], [-0.2, 0.7]])
    args = (np.float64(9.81), np.array([0.5, -1.0]), np.array([0.1, 0.2]), xs)
    params = {"body": body, "length": 3, "operands": ScanOperands(1, 2, 1)}
    return [(args, {**params, "reverse": reverse}) for reverse in (False, True)]


scan_p = Scan("scan", samples=_samples, reasons={"complex": "a Program is typed"}, native=kinds.Scan())
