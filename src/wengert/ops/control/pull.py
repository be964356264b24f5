"""Derivatives of `while_p` in reverse mode, to any order: `while_tangent_p`, and its transpose `while_pull_p`.

Let ``y = W(x)`` be a loop with Jacobian ``J(x)``. `while_tangent_p` is ``J(x) t``, the loop that carries tangents along.
`while_pull_p` is ``J(x)' c``: it runs the loop, keeps what each step needs on a tape that grows, and walks back. No tape
leaves it, so Programs hold arrays alone. The two are closed under differentiation:

- ``d (J' c) = J' dc + (dJ)' c`` is the pullback of the loop that carries ``(x, dx)``, with cotangents ``(dc, c)``;
- the transpose of ``c -> J' c`` is ``J``, and that of ``dx -> (dJ[dx])' c`` is, at u, the pullback of ``x -> J(x) u``,
  because ``u' (dJ[dx])' c = c' dJ[dx] u``;
- a function that is linear in some arguments is its own derivative where they are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ...core import Aval, Primitive, Value
from ...lowering import kinds
from ...program import Program
from ...vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from ..derived import (
    dependence,
    execute,
    has_choice,
    jvp_program,
    linearized_programs,
    strong,
)
from ..known import known
from ..shape import broadcast_to
from ..sides import derivative_of_kinks
from ..support import Support
from ..supported import along, as_supports, drops, masks_of
from .binomial import walked
from .lanes import batch_pull
from .loop import LONG, Flags, _samples, _zero, parts, stepwise, tangent_loop, while_p
from .programs import alone, check_linear_start, fixed_point, newest_tape, on_newest_tape, run_alone, zeros
from .pulling import blocks_of, pulling, results, started
from .scan import moving_flags

T = TypeVar("T")


class WhileTangent(Primitive):
    """``tangents of *carry = while_tangent(*cond_consts, *body_consts, *init, *tangents)``.

    Parameters:
        those of `while_p`; nonzero: which constants of the body and carried values have tangents.
    """

    multiple_results = True

    def expand(self, *args: Value, nonzero: Flags, **params: Any) -> list[Value]:
        """The loop that carries the tangents along."""
        loop_args, derived = self.as_loop(args, {**params, "nonzero": nonzero})
        return while_p.bind(*loop_args, **derived)[len(params["body"].outputs) :]

    impl = expand

    def expansion(self, inputs: Sequence[Any], params: Params) -> Program:
        return alone(self.expand, params["body"], [a.aval for a in inputs], params)

    def as_loop(self, args: Sequence[T], params: Params) -> tuple[list[T], Params]:
        nonzero = params["nonzero"]
        n = len(args) - sum(nonzero)
        return tangent_loop(args[:n], args[n:], nonzero, _plain(params))

    def abstract(self, *avals: Aval, nonzero: Flags, **params: Any) -> list[Aval]:
        moving = nonzero[params["body_consts"] :]
        return [strong(a) for a, b in zip(params["body"].out_avals, moving, strict=True) if b]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        from ...transforms.forward import jvp_flat

        return jvp_flat(lambda *a: self.expand(*a, **params), primals, tangents)

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        from ...transforms.batching import batch_flat

        return batch_flat(lambda *a: self.expand(*a, **params), trace.size, args, batched, trace.axis_name)

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        boxed = [p if t is None else trace.tracer(p, t) for p, t in zip(primals, tangents, strict=True)]
        return self.expand(*boxed, **params)

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        n = len(args) - sum(params["nonzero"])
        if any(tape.owns(a) for a in args[:n]):
            return self.expand(*args, **params)
        check_linear_start([a for a in args[n:] if not tape.owns(a)], "the tangent of a while loop")
        if has_choice(params["body"]):
            tape.masked = True
        return tape.append_many(self, tuple(args), params, self.abstract(**params))

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        nonzero, nb = params["nonzero"], params["body_consts"]
        n = len(args) - sum(nonzero)
        cts = iter(cotangent)
        given = [next(cts) if b else None for b in nonzero[nb:]]
        grads = pull(args[:n], given, _plain(params), nonzero, newest_tape(args).masked)
        return [None] * n + [g for g, b in zip(grads, nonzero, strict=True) if b]

    def leaves_out(self, params: Params) -> bool:
        """A loop that takes no step leaves out its constants."""
        return drops(params["body"]) or any(params["nonzero"][: params["body_consts"]])

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        """Where values are known, the steps one by one on a tape of their own; else the walk back carries masks along."""
        from ...transforms.tape import Tape, pull_back_supported

        nonzero = params["nonzero"]
        if not any(supports) and not drops(params["body"]):
            return self.transpose(cotangent, args, params), self._of_no_step(args, params)
        n, masks = len(args) - sum(nonzero), masks_of(supports, cotangent)
        if all(map(known, (*args[:n], *[v for v in (*cotangent, *masks) if v is not None]))):
            tape = Tape()
            loop_args, derived = tangent_loop(args[:n], tape.inputs(args[n:]), nonzero, _plain(params))
            outs = stepwise(loop_args, derived, LONG)
            if outs is not None:
                nodes = tape.close()
                out_nodes = [o if tape.owns(o) else None for o in outs[len(params["body"].outputs) :]]
                grads, found = pull_back_supported(nodes, sum(nonzero), out_nodes, cotangent, as_supports(masks))
                return [None] * n + grads, [None] * n + found
        moving = nonzero[params["body_consts"] :]
        given, marks = along(moving, cotangent), along(moving, masks)
        pulled = while_p.rules.pull_supported(args[:n], given, marks, _plain(params), nonzero)
        grads, found = [[None] * n + [g for g, b in zip(values, nonzero, strict=True) if b] for values in pulled]
        none = self._of_no_step(args, params)
        return grads, [s if t is None else t for s, t in zip(none, found, strict=True)]

    def _of_no_step(self, args: Sequence[Value], params: Params) -> list[Support | None]:
        nonzero, nb = params["nonzero"], params["body_consts"]
        n = len(args) - sum(nonzero)
        found: list[Support | None] = [*of_constants(args[:n], params), *[None] * (len(nonzero) - nb)]
        none: list[Support | None] = [None] * n
        return none + [s for s, b in zip(found, nonzero, strict=True) if b]


def of_constants(args: Sequence[Value], params: Params) -> list[Support]:
    """The supports of the cotangents of a body's constants, which are reached if there is a first step."""
    tests, consts, start = parts(args, params)

    def constant(aval: Aval) -> Support:
        s = Support(lambda: broadcast_to(params["cond"].evaluate([*tests, *start])[0], aval.shape))
        s.dear = True
        return s

    return [constant(a) for a in params["body"].in_avals[: len(consts)]]


class WhilePull(Primitive):
    """``*cotangents = while_pull(*cond_consts, *body_consts, *init, *cotangents of carry)``.

    Parameters:
        those of `while_p`; nonzero: which constants of the body and carried values have a tangent in some step; wanted:
        of which of them the cotangents are the results; given: of which carried values cotangents are arguments;
        masked: whether zero cotangents must not meet infinite coefficients.
    """

    multiple_results = True

    def impl(self, *args: Value, **params: Any) -> list[Value]:
        return run_alone(self, params["body"], args, params)

    def interpret(self, *args: Value, **params: Any) -> list[Value]:
        """Step by step, each step compiled."""
        n = len(args) - sum(params["given"]) - sum(params.get("marked", ()))
        tests, consts, carry = parts(args[:n], params)
        p = pulling(params)
        used = [c for c, b in zip(consts, p.consts, strict=True) if b]
        start = [c for c, b in zip(carry, p.carry, strict=True) if b]
        before = [] if p.invariant is None else execute(p.invariant, consts)
        fixed = [v if kind == "value" else (consts if kind == "argument" else before)[v] for kind, v in p.fixed]
        state = started(args[n:], params, p)

        def going(carry: Sequence[Value]) -> Any:
            return execute(p.cond, [*tests, *carry])[0]

        def forward(carry: Sequence[Value]) -> Any:
            outs = execute(p.forward, [*used, *carry])
            return outs[: len(start)], outs[len(start) :]

        def back(state: Sequence[Value], slices: Sequence[Value]) -> list[Value]:
            return execute(p.back, [*fixed, *state, *[slices[i] for i in p.slices]])

        blocks = blocks_of(params)
        if blocks is not None:
            return results(walked(blocks, going, forward, back, start, state), params, p)
        tape = []
        while going(start):
            start, slices = forward(start)
            tape.append(slices)
        while tape:
            state = back(state, tape.pop())
        return results(state, params, p)

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        return [strong(a) for a, b in zip(params["body"].in_avals, params["wanted"], strict=True) if b]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        p, n = pulling(params), len(given) - sum(params["given"])
        tests, consts, carry = parts(given[:n], params)
        used = [c for c, b in zip(consts, p.consts, strict=True) if b]
        state = [c for c, b in zip(carry, p.carry, strict=True) if b]
        m = len(state)
        state = list(fixed_point(state, lambda c: dependence(p.forward, [*used, *c])[:m]))
        if dependence(p.cond, [*tests, *state])[0]:
            return [True] * results
        slices = dependence(p.forward, [*used, *state])[m:]
        before = [] if p.invariant is None else dependence(p.invariant, consts)
        fixed = [False if k == "value" else (consts if k == "argument" else before)[v] for k, v in p.fixed]
        rest = iter(given[n:])
        cts = [next(rest) if b else False for b in params["given"]]
        start = [False] * sum(p.sums) + [c for c, b in zip(cts, p.cotangents, strict=True) if b]
        outs = fixed_point(start, lambda c: dependence(p.back, [*fixed, *c, *[slices[i] for i in p.slices]]))
        found = iter(outs)
        every = [next(found) if b else False for b in (*p.sums, *p.cotangents)]
        return [d for d, b in zip(every, params["wanted"], strict=True) if b]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.pushed(primals, tangents, params, None)

    def pushed(
        self,
        primals: Sequence[Value],
        tangents: Sequence[Value | None],
        params: Params,
        marks: Sequence[Value | None] | None,
    ) -> Any:
        """The results and their tangents. `marks` are masks of the carried values' cotangents: what one of them leaves out
        its tangent leaves out as well."""
        nc, nb = params["cond_consts"], params["body_consts"]
        body, wanted, n = params["body"], params["wanted"], len(primals) - sum(params["given"])
        ts = [t if t is not None else True if b else None for t, b in zip(tangents[nc:n], wanted, strict=True)]
        plain = _plain(params)
        nonzero = moving_flags(lambda f: jvp_program(body, f)[1], ts, nb, len(body.outputs))
        start = [
            zeros(a) if t is None else t for t, a, b in zip(tangents[nc:n], body.in_avals, nonzero, strict=True) if b
        ]
        args, derived = tangent_loop(primals[:n], start, nonzero, plain)
        rest, dots = iter(primals[n:]), iter(tangents[n:])
        cts = [next(rest) if b else None for b in params["given"]]
        dcts = [next(dots) if b else None for b in params["given"]]
        moving = nonzero[nb:]
        values = [w for w, b in zip(wanted, nonzero, strict=True) if b]  # those with a tangent in the loop
        m = sum(nonzero[:nb])
        asked = (*wanted[:nb], *values[:m], *wanted[nb:], *values[m:])
        every = [*dcts, *[c for c, b in zip(cts, moving, strict=True) if b]]
        if marks is None:
            grads = pull(args, every, derived, asked, params["masked"])
        else:
            both = [*marks, *[m for m, b in zip(marks, moving, strict=True) if b]]
            grads = while_p.rules.pull_supported(args, every, both, derived, asked)[0]
        k = len(moving)
        outs = iter([*grads[nb : nb + m], *grads[nb + m + k :]])
        primal = [next(outs) if b else None for b in nonzero]
        tangent = [*grads[:nb], *grads[nb + m : nb + m + k]]
        types = body.in_avals
        return (
            [zeros(a) if p is None else p for p, a, b in zip(primal, types, wanted, strict=True) if b],
            [t for t, b in zip(tangent, wanted, strict=True) if b],
        )

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        outs, ts = self.jvp(primals, tangents, params)
        if any(map(trace.tape.owns, outs)):  # residuals of two branches, of values and of tangents, share a place
            outs = self.bind(*primals, **params)
        # What is linear in the tangents and does not depend on them is zero.
        return [trace.wrap(o, t if trace.tape.owns(t) else None) for o, t in zip(outs, ts, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        given = [tape.owns(a) for a in args]
        linear = self.dependence(given, params, sum(params["wanted"]))
        known: Sequence[Any] = [None] * len(linear)
        if not all(linear):
            known = self.bind(*[_zero(a) if b else a for a, b in zip(args, given, strict=True)], **params)
        if params["masked"]:
            tape.masked = True
        nodes = tape.append_many(self, tuple(args), params, self.abstract(**params))
        return [node if b else k for node, k, b in zip(nodes, known, linear, strict=True)]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        linear = on_newest_tape(args)
        tape = newest_tape(args)
        at = [_zero(a) if b else a for a, b in zip(args, linear, strict=True)]
        body, nc, nb = params["body"], params["cond_consts"], params["body_consts"]
        n = len(args) - sum(params["given"])
        masked, plain = params["masked"] or tape.masked, _plain(params)
        us = iter(cotangent)
        u = [next(us) if b else None for b in params["wanted"]]
        nonzero = moving_flags(lambda f: jvp_program(body, f)[1], u, nb, len(body.outputs))
        start = [zeros(a) if t is None else t for t, a, b in zip(u, body.in_avals, nonzero, strict=True) if b]
        moving = nonzero[nb:]
        found: list[Value | None] = [None] * len(args)
        if any(linear[n:]):
            outs = iter(while_tangent_p.bind(*at[:n], *start, **plain, nonzero=nonzero))
            pushed = [next(outs) if b else None for b in moving]
            found[n:] = [t for t, b in zip(pushed, params["given"], strict=True) if b]
        if any(linear[:n]):
            loop_args, derived = tangent_loop(at[:n], start, nonzero, plain)
            rest = iter(at[n:])
            cts = [next(rest) if b else None for b in params["given"]]
            k, m = len(moving), sum(nonzero[:nb])
            asked = (*linear[nc : nc + nb], *[False] * m, *linear[nc + nb : n], *[False] * sum(moving))
            grads = pull(
                loop_args, [*[None] * k, *[c for c, b in zip(cts, moving, strict=True) if b]], derived, asked, masked
            )
            found[nc : nc + nb] = grads[:nb]
            found[nc + nb : n] = grads[nb + m : nb + m + k]
        return [g if b else None for g, b in zip(found, linear, strict=True)]

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        return batch_pull(self, trace, args, batched, params, blocks_of)


def _plain(params: Params) -> dict[str, Any]:
    return {k: params[k] for k in ("cond", "body", "cond_consts", "body_consts", "checkpoint") if k in params}


def pull(
    args: Sequence[Value],
    cotangents: Sequence[Value | None],
    params: Params,
    wanted: Sequence[bool],
    masked: bool,
) -> list[Value | None]:
    """Cotangents of the constants of a loop's body and of its initial values, where they are wanted.

    Args:
        args: of `while_p`. cotangents: of its results; None is zero. params: of `while_p`.
    """
    body, nb = params["body"], params["body_consts"]
    nonzero = moving_flags(
        lambda f: linearized_programs(body, f)[2], [b or None for b in wanted], nb, len(body.outputs)
    )
    given = [c is not None and b for c, b in zip(cotangents, nonzero[nb:], strict=True)]
    if not any(given):
        return [None] * len(wanted)
    step = {**params, "nonzero": nonzero, "given": tuple(given), "masked": masked or has_choice(body)}
    p = pulling(step)
    blocks_of(step)  # raises here, at the user's line, where the budget is too small
    wanted = tuple(w and b for w, b in zip(wanted, (*p.sums, *p.cotangents), strict=True))
    cts = [c for c, b in zip(cotangents, given, strict=True) if b]
    outs = iter(while_pull_p.bind(*args, *cts, **step, wanted=wanted))
    return [next(outs) if b else None for b in wanted]


def _tangent_samples() -> list[Any]:
    out = []
    for args, params in _samples():
        t = (np.float64(0.7), np.array([0.2, -0.3]))
        out.append(((*args, *t), {**params, "nonzero": (True, False, True)}))
    return out


def _pull_samples() -> list[Any]:
    more = {"nonzero": (True, False, True), "given": (False, True), "wanted": (True, False, True), "masked": False}
    return [((*args, np.array([0.5, -1.5])), {**params, **more}) for args, params in _samples()]


_TYPED = {"complex": "a Program is typed"}
while_tangent_p = WhileTangent("while_tangent", samples=_tangent_samples, reasons=_TYPED)
while_pull_p = WhilePull("while_pull", samples=_pull_samples, reasons=_TYPED, native=kinds.Pullback())
derivative_of_kinks(while_tangent_p)
derivative_of_kinks(while_pull_p)
