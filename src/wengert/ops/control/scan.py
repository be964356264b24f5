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
        body: the Program of one step. consts, carry: how many of its arguments are constants, and are carried.
        length: the number of steps. reverse: whether the last slices come first.
    """

    multiple_results = True

    def impl(self, *args: Value, **params: Any) -> list[Value]:
        return run_alone(self, params["body"], args, params)

    def interpret(self, *args: Value, **params: Any) -> list[Value]:
        """Step by step, each step compiled."""
        body, length, nc, nk = params["body"], params["length"], params["consts"], params["carry"]
        consts, carry, xs = args[:nc], list(args[nc : nc + nk]), args[nc + nk :]
        stacks = [np.empty((length, *a.shape), a.dtype) for a in body.out_avals[nk:]]
        for i in range(length - 1, -1, -1) if params["reverse"] else range(length):
            outs = execute(body, [*consts, *carry, *[x[i] for x in xs]])
            carry = outs[:nk]
            for stack, y in zip(stacks, outs[nk:], strict=True):
                stack[i] = y
        return [*carry, *stacks]

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        nk, outs = params["carry"], params["body"].out_avals
        return [*map(strong, outs[:nk]), *[Aval((params["length"], *a.shape), a.dtype) for a in outs[nk:]]]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        body, nc, nk = params["body"], params["consts"], params["carry"]
        carry = fixed_point(given[nc : nc + nk], lambda c: dependence(body, [*given[:nc], *c, *given[nc + nk :]])[:nk])
        return [*carry, *dependence(body, [*given[:nc], *carry, *given[nc + nk :]])[nk:]]

    # --- forward mode --------------------------------------------------------------------------------------------

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        body, nc, nk = params["body"], params["consts"], params["carry"]
        nonzero = moving_flags(lambda f: jvp_program(body, f)[1], tangents, nc, nk)
        derived, live = jvp_body(body, nonzero, nc, nk)
        tangents = started_tangents(primals, tangents, nonzero)
        groups = [slice(0, nc), slice(nc, nc + nk), slice(nc + nk, None)]
        both = [[*primals[g], *[t for t in tangents[g] if t is not None]] for g in groups]
        sizes = {"consts": len(both[0]), "carry": len(both[1])}
        outs = self.bind(*both[0], *both[1], *both[2], **{**params, **sizes, "body": derived})
        m, n_ys = len(both[1]), len(body.outputs) - nk
        moved, ys = iter(outs[nk:m]), iter(outs[m + n_ys :])
        given = [next(moved) if b else None for b in nonzero[nc : nc + nk]]
        return [*outs[:nk], *outs[m : m + n_ys]], [*given, *[next(ys) if b else None for b in live[nk:]]]

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        from .series import through_scan

        return through_scan(self.bind, order, primals, coefficients, params)

    # --- reverse mode --------------------------------------------------------------------------------------------

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        body, nc, nk = params["body"], params["consts"], params["carry"]
        nonzero = moving_flags(lambda f: linearized_programs(body, f)[2], tangents, nc, nk)
        known, linear, live = linearized_programs(body, nonzero)
        outs, saved, kinds = self._run_known(known, len(body.outputs), primals, params)
        moving = nonzero[nc : nc + nk]
        flags = [*moving, *live[nk:]]
        if not any(flags):
            return outs
        started = started_tangents(primals, tangents, nonzero)
        step = linear_step(linear, kinds, nonzero, [*live[:nk]], nc, nk, params)
        step["body"].cache["steep"] = steep(body)
        args = _step_arguments(saved, kinds, started, nonzero, nc, nk)
        nodes = iter(self._append(trace.tape, args, step))
        return [trace.wrap(o, next(nodes) if b else None) for o, b in zip(outs, flags, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """What does not depend on the linear arguments runs now; the rest is a scan that is linear in all it carries."""
        body, nc, nk = params["body"], params["consts"], params["carry"]
        given = tuple(tape.owns(a) for a in args)
        carried = fixed_point(
            given[nc : nc + nk], lambda c: dependence(body, [*given[:nc], *c, *given[nc + nk :]])[:nk]
        )
        linear = (*given[:nc], *carried, *given[nc + nk :])
        known, rest, live = split_linear(body, linear)
        moving = linear[nc : nc + nk]
        check_linear_start([a for a, b, m in zip(args, given, linear, strict=True) if m and not b], "a scan")
        fixed = [a for a, b in zip(args, linear, strict=True) if not b]
        layout = {**params, "consts": nc - sum(linear[:nc]), "carry": nk - sum(moving)}
        flags = [*moving, *live[nk:]]
        known, n_known = without_zeros(known, live, flags)
        outs, saved, kinds = self._run_known(known, n_known, fixed, layout)
        step = linear_step(rest, kinds, linear, list(live[:nk]), nc, nk, params)
        as_steep_as(step["body"], body)
        step_args = _step_arguments(saved, kinds, args, linear, nc, nk)
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
        nc, nk = params["consts"], params["carry"]
        invariant, body, places = saving(known, n_out, nc, nk)
        outs: list[Value] = []
        if body.outputs:
            outs = self.bind(*args, **{**params, "body": body})
        before = call_p.bind(*args[:nc], program=invariant) if invariant is not None else []
        values = {"invariant": before, "stacked": outs[n_out:], "argument": list(args)}
        saved = [value if kind == "value" else values[kind][value] for kind, value, _ in places]
        return outs[:n_out], saved, [moves for _, _, moves in places]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        """The scan backwards: it carries the cotangents of what was carried, and sums those of the constants."""
        body, nc, nk = params["body"], params["consts"], params["carry"]
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
        back, live = transposed_body(body, flags, (*given, *ys), masked, nc, nk)
        sums = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if b]
        sums = [zeros(a) for a, b in zip(sums, live[:first], strict=True) if b]
        starts = [
            zeros(a) if c is None else c
            for c, a, b in zip(cotangent[:nk], body.out_avals[:nk], given, strict=True)
            if b
        ]
        fixed = [a for a, b in zip(args[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(args[nc + nk :], flags[nc + nk :], strict=True) if not b]
        outs = iter(
            self.bind(
                *fixed, *sums, *starts, *slices, *[c for c in cotangent[nk:] if c is not None],
                body=back, consts=len(fixed), carry=len(sums) + len(starts), length=params["length"],
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
        body, nc, nk = params["body"], params["consts"], params["carry"]
        linear = on_newest_tape(args)
        if not params["length"]:
            rest = [*[None] * nc, *supports[:nk], *[None] * (len(args) - nc - nk)]
            return self.transpose(cotangent, args, params), [
                s if b else None for s, b in zip(rest, linear, strict=True)
            ]
        flags = (*linear[:nc], *[True] * nk, *linear[nc + nk :])
        masks = masks_of(supports, cotangent)
        given, masked = [c is not None for c in cotangent], [m is not None for m in masks]
        end = from_an_unused_end(body, flags, given, masked, nc, nk) if params["length"] > 1 else None
        back = backwards(body, flags, given, masked, nc, nk) if end is None else end
        starts: list[Value] = []
        marks: list[Value] = [] if end is None else [np.True_]
        for c, m, a, b, marked in zip(cotangent, masks, body.out_avals[:nk], back.given, back.marked, strict=False):
            if b:
                starts.append(zeros(a) if c is None else c)
                if marked:
                    marks.append(np.full(a.shape, c is not None) if m is None else m)
        fixed = [a for a, b in zip(args[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(args[nc + nk :], flags[nc + nk :], strict=True) if not b]
        sums = [zeros(a) for a in back.sums]
        ys = [v for v in (*cotangent[nk:], *masks[nk:]) if v is not None]
        outs = iter(
            self.bind(
                *fixed, *sums, *starts, *marks, *slices, *ys,
                body=back.step, consts=len(fixed), carry=len(sums) + len(starts) + len(marks),
                length=params["length"], reverse=not params["reverse"],
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
        body, nc, nk, size = params["body"], params["consts"], params["carry"], trace.size
        carry = fixed_point(
            batched[nc : nc + nk],
            lambda f: batched_program(body, size, (*batched[:nc], *f, *batched[nc + nk :]), trace.axis_name)[1][:nk],
        )
        flags = (*batched[:nc], *carry, *batched[nc + nk :])
        derived, out_flags = batched_program(body, size, flags, trace.axis_name)
        step = widened(derived, out_flags, [*carry, *out_flags[nk:]], size)
        start = [batched_value(a, size, b) if c else a for a, b, c in zip(args[nc : nc + nk], batched[nc:], carry)]  # noqa: B905
        xs = [moveaxis(a, 0, 1) if b else a for a, b in zip(args[nc + nk :], batched[nc + nk :], strict=True)]
        outs = self.bind(*args[:nc], *start, *xs, **{**params, "body": step})
        ys = [moveaxis(y, 1, 0) if b else y for y, b in zip(outs[nk:], out_flags[nk:], strict=True)]
        return [*outs[:nk], *ys], [*carry, *out_flags[nk:]]


# --- bodies: each made once, and kept with the Program it is made from ------------------------------------------


def moving_flags(live: Callable[[Flags], Sequence[bool]], tangents: Sequence[Value | None], nc: int, nk: int) -> Flags:
    """Which arguments have a tangent in some step, from those that have one at the start."""
    given = tuple(t is not None for t in tangents)
    carry = fixed_point(given[nc : nc + nk], lambda c: live((*given[:nc], *c, *given[nc + nk :]))[:nk])
    return (*given[:nc], *carry, *given[nc + nk :])


def started_tangents(primals: Sequence[Value], tangents: Sequence[Value | None], nonzero: Flags) -> list[Value | None]:
    """Tangents, zeros that take no memory where one comes into being only later."""
    return [
        spread_zero(aval_of(p)) if b and t is None else t for p, t, b in zip(primals, tangents, nonzero, strict=True)
    ]


def jvp_body(body: Program, nonzero: Flags, nc: int, nk: int) -> tuple[Program, list[bool]]:
    derived, live = jvp_program(body, nonzero)

    def make() -> Program:
        n, n_out = len(body.inputs), len(body.outputs)
        rest = iter(derived.inputs[n:])
        tangent = [next(rest) if b else None for b in nonzero]
        inputs: list[Var] = []
        for g in (slice(0, nc), slice(nc, nc + nk), slice(nc + nk, None)):
            inputs += [*derived.inputs[:n][g], *[t for t in tangent[g] if t is not None]]
        m = sum(live[:nk])
        results, ts = derived.outputs[:n_out], derived.outputs[n_out:]
        moved = _carried(ts[:m], live[:nk], nonzero[nc : nc + nk], body.out_avals[:nk])
        return rewired(derived, inputs, [*results[:nk], *moved, *results[nk:], *ts[m:]])

    return once(derived, ("scan", nc, nk), make), live


def _carried(atoms: Sequence[Atom], live: Sequence[bool], moving: Sequence[bool], avals: Sequence[Aval]) -> list[Atom]:
    """Tangents of what is carried: zeros where one that moves stops doing so."""
    return [a for a, b in zip(or_zeros(atoms, live, avals), moving, strict=True) if b]


def saving(known: Program, n_out: int, nc: int, nk: int) -> tuple[Program | None, Program, list[tuple[str, Any, bool]]]:
    """A Program with residuals as what the constants alone give, and a body that stacks the rest.

    Returns:
        The first, the second, and for each residual where it is found (an argument, a value, a result of one of the
        two), by number, and whether it differs from step to step.
    """

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

    return once(known, ("saving", n_out, nc, nk), make)


def linear_step(
    linear: Program,
    kinds: Sequence[bool],
    nonzero: Flags,
    live: Sequence[bool],
    nc: int,
    nk: int,
    params: Params,
) -> dict[str, Any]:
    """Parameters of the scan of a linear part ``(residuals, linear arguments) -> linear results``."""
    kinds = tuple(kinds)

    def make() -> Program:
        n = len(kinds)
        residuals, arguments = linear.inputs[:n], iter(linear.inputs[n:])
        consts = [next(arguments) for b in nonzero[:nc] if b]
        carry = [next(arguments) for b in nonzero[nc : nc + nk] if b]
        slices = list(arguments)
        inputs = [r for r, k in zip(residuals, kinds, strict=True) if not k] + consts + carry
        inputs += [r for r, k in zip(residuals, kinds, strict=True) if k] + slices
        m = sum(live)
        avals = iter(strong(v.aval) for v in carry)
        types = [next(avals) if b else Aval((), np.float64) for b in nonzero[nc : nc + nk]]
        moved = _carried(linear.outputs[:m], live, nonzero[nc : nc + nk], types)
        return rewired(linear, inputs, [*moved, *linear.outputs[m:]])

    body = once(linear, ("scan", kinds, nonzero, nc, nk), make)
    return {
        "body": body,
        "consts": kinds.count(False) + sum(nonzero[:nc]),
        "carry": sum(nonzero[nc : nc + nk]),
        "length": params["length"],
        "reverse": params["reverse"],
    }


def _step_arguments(
    saved: Sequence[Value], kinds: Sequence[bool], tangents: Sequence[Any], nonzero: Flags, nc: int, nk: int
) -> list[Value]:
    """The arguments of the scan of a linear part, in its order."""
    live = [t if b else None for t, b in zip(tangents, nonzero, strict=True)]
    fixed = [s for s, k in zip(saved, kinds, strict=True) if not k]
    moving = [s for s, k in zip(saved, kinds, strict=True) if k]
    there = [[t for t in live[g] if t is not None] for g in (slice(0, nc + nk), slice(nc + nk, None))]
    return [*fixed, *there[0], *moving, *there[1]]


def transposed_body(
    body: Program, flags: Flags, given: Flags, masked: bool, nc: int, nk: int
) -> tuple[Program, list[bool]]:
    """One step backwards: ``(constants, sums, cotangents, slices) -> (sums, cotangents, slices of cotangents)``."""
    derived, live = transposed_program(body, flags, given, masked)

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

    return once(derived, ("scan", flags, given, nc, nk), make), live


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
    params = {"body": body, "length": 3, "consts": 1, "carry": 2}
    return [(args, {**params, "reverse": reverse}) for reverse in (False, True)]


scan_p = Scan("scan", samples=_samples, reasons={"complex": "a Program is typed"}, native=kinds.Scan())
