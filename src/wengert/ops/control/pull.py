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
from ..supported import as_supports, drops, masks_of
from .binomial import walked
from .lanes import batch_pull
from .loop import LONG, _samples, _zero, stepwise, tangent_loop, while_p
from .operands import Chosen, Members
from .programs import alone, check_linear_start, fixed_point, newest_tape, on_newest_tape, run_alone, zeros
from .pulling import blocks_of, pull_groups, pulling, results, started
from .scan import moving_flags

T = TypeVar("T")


class WhileTangent(Primitive):
    """``tangents of *carry = while_tangent(*tests, *consts, *init, *tangents)``.

    Parameters:
        those of `while_p`; nonzero: which constants of the body and carried values have tangents.
    """

    multiple_results = True

    def expand(self, *args: Value, nonzero: Chosen, **params: Any) -> list[Value]:
        """The loop that carries the tangents along."""
        loop_args, derived = self.as_loop(args, {**params, "nonzero": nonzero})
        return while_p.bind(*loop_args, **derived)[len(params["body"].outputs) :]

    impl = expand

    def expansion(self, inputs: Sequence[Any], params: Params) -> Program:
        return alone(self.expand, params["body"], [a.aval for a in inputs], params)

    def as_loop(self, args: Sequence[T], params: Params) -> tuple[list[T], Params]:
        n = params["operands"].number
        return tangent_loop(args[:n], args[n:], params["nonzero"], _plain(params))

    def abstract(self, *avals: Aval, nonzero: Chosen, **params: Any) -> list[Aval]:
        return [strong(a) for a in nonzero.carry.of(params["body"].out_avals)]

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
        n = params["operands"].number
        if any(tape.owns(a) for a in args[:n]):
            return self.expand(*args, **params)
        check_linear_start([a for a in args[n:] if not tape.owns(a)], "the tangent of a while loop")
        if has_choice(params["body"]):
            tape.masked = True
        return tape.append_many(self, tuple(args), params, self.abstract(**params))

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        nonzero, n = params["nonzero"], params["operands"].number
        given = nonzero.carry.spread(cotangent)
        grads = pull(args[:n], given, _plain(params), nonzero.every, newest_tape(args).masked)
        return [None] * n + nonzero.every.of(grads)

    def leaves_out(self, params: Params) -> bool:
        """A loop that takes no step leaves out its constants."""
        return drops(params["body"]) or any(params["nonzero"].consts)

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        """Where values are known, the steps one by one on a tape of their own; else the walk back carries masks along."""
        from ...transforms.tape import Tape, pull_back_supported

        nonzero = params["nonzero"]
        if not any(supports) and not drops(params["body"]):
            return self.transpose(cotangent, args, params), self._of_no_step(args, params)
        n, masks = params["operands"].number, masks_of(supports, cotangent)
        if all(map(known, (*args[:n], *[v for v in (*cotangent, *masks) if v is not None]))):
            tape = Tape()
            loop_args, derived = tangent_loop(args[:n], tape.inputs(args[n:]), nonzero, _plain(params))
            outs = stepwise(loop_args, derived, LONG)
            if outs is not None:
                nodes = tape.close()
                out_nodes = [o if tape.owns(o) else None for o in outs[len(params["body"].outputs) :]]
                grads, found = pull_back_supported(
                    nodes, nonzero.every.number, out_nodes, cotangent, as_supports(masks)
                )
                return [None] * n + grads, [None] * n + found
        given, marks = nonzero.carry.spread(cotangent), nonzero.carry.spread(masks)
        pulled = while_p.rules.pull_supported(args[:n], given, marks, _plain(params), nonzero.every)
        grads, found = [[None] * n + nonzero.every.of(values) for values in pulled]
        none = self._of_no_step(args, params)
        return grads, [s if t is None else t for s, t in zip(none, found, strict=True)]

    def _of_no_step(self, args: Sequence[Value], params: Params) -> list[Support | None]:
        nonzero, n = params["nonzero"], params["operands"].number
        none: list[Support | None] = [None] * n
        return [*none, *nonzero.consts.of(of_constants(args[:n], params)), *[None] * nonzero.carry.number]


def of_constants(args: Sequence[Value], params: Params) -> list[Support]:
    """The supports of the cotangents of a body's constants, which are reached if there is a first step."""
    tests, consts, start = params["operands"].split(args)

    def constant(aval: Aval) -> Support:
        s = Support(lambda: broadcast_to(params["cond"].evaluate([*tests, *start])[0], aval.shape))
        s.dear = True
        return s

    return [constant(a) for a in params["body"].in_avals[: len(consts)]]


class WhilePull(Primitive):
    """``*cotangents = while_pull(*tests, *consts, *init, *cotangents of carry)``.

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
        tests, consts, carry, cotangents = pull_groups(args, params)
        p = pulling(params)
        used, start = p.taken.consts.of(consts), p.taken.carry.of(carry)
        before = [] if p.invariant is None else execute(p.invariant, consts)
        fixed = [v if kind == "value" else (consts if kind == "argument" else before)[v] for kind, v in p.fixed]
        state = started(cotangents, params, p)

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
        return [strong(a) for a in params["wanted"].every.of(params["body"].in_avals)]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        p = pulling(params)
        tests, consts, carry, cotangents = pull_groups(given, params)
        used, state = p.taken.consts.of(consts), p.taken.carry.of(carry)
        m = len(state)
        state = list(fixed_point(state, lambda c: dependence(p.forward, [*used, *c])[:m]))
        if dependence(p.cond, [*tests, *state])[0]:
            return [True] * results
        slices = dependence(p.forward, [*used, *state])[m:]
        before = [] if p.invariant is None else dependence(p.invariant, consts)
        fixed = [False if k == "value" else (consts if k == "argument" else before)[v] for k, v in p.fixed]
        cts = params["given"].among(cotangents)
        start = [False] * p.cotangents.consts.number + p.cotangents.carry.of(cts)
        outs = fixed_point(start, lambda c: dependence(p.back, [*fixed, *c, *[slices[i] for i in p.slices]]))
        return params["wanted"].every.of(p.cotangents.every.among(outs))

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
        body, wanted, operands = params["body"], params["wanted"], params["operands"]
        n, nb, nk = operands.number, operands.consts, operands.carry
        of_args = tangents[operands.tests : n]
        ts = [t if t is not None else True if b else None for t, b in zip(of_args, wanted.every, strict=True)]
        plain = _plain(params)
        nonzero = operands.chosen(moving_flags(lambda f: jvp_program(body, f)[1], ts, operands.step))
        start = [zeros(a) if t is None else t for t, a in nonzero.every.of(zip(of_args, body.in_avals, strict=True))]
        args, derived = tangent_loop(primals[:n], start, nonzero, plain)
        cts, dcts = params["given"].spread(primals[n:]), params["given"].spread(tangents[n:])
        # behind each group those of its members that have a tangent in the loop
        asked = tuple(f for w, b in zip(wanted, nonzero, strict=True) for f in (*w, *b.of(w)))
        m = nonzero.consts.number
        every = [*dcts, *nonzero.carry.of(cts)]
        if marks is None:
            grads = pull(args, every, derived, asked, params["masked"])
        else:
            both = [*marks, *nonzero.carry.of(marks)]
            grads = while_p.rules.pull_supported(args, every, both, derived, asked)[0]
        primal = nonzero.every.spread([*grads[nb : nb + m], *grads[nb + m + nk :]])
        tangent = [*grads[:nb], *grads[nb + m : nb + m + nk]]
        kept = wanted.every.of(zip(primal, body.in_avals, strict=True))
        return [zeros(a) if p is None else p for p, a in kept], wanted.every.of(tangent)

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
        linear = self.dependence(given, params, params["wanted"].every.number)
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
        body, operands = params["body"], params["operands"]
        nc, nb, k = operands
        n = operands.number
        masked, plain = params["masked"] or tape.masked, _plain(params)
        u = params["wanted"].every.spread(cotangent)
        nonzero = operands.chosen(moving_flags(lambda f: jvp_program(body, f)[1], u, operands.step))
        start = [zeros(a) if t is None else t for t, a in nonzero.every.of(zip(u, body.in_avals, strict=True))]
        found: list[Value | None] = [None] * len(args)
        if any(linear[n:]):
            pushed = nonzero.carry.spread(while_tangent_p.bind(*at[:n], *start, **plain, nonzero=nonzero))
            found[n:] = params["given"].of(pushed)
        if any(linear[:n]):
            loop_args, derived = tangent_loop(at[:n], start, nonzero, plain)
            cts, m = params["given"].spread(at[n:]), nonzero.consts.number
            asked = (*linear[nc : nc + nb], *[False] * m, *linear[nc + nb : n], *[False] * nonzero.carry.number)
            grads = pull(loop_args, [*[None] * k, *nonzero.carry.of(cts)], derived, asked, masked)
            found[nc : nc + nb] = grads[:nb]
            found[nc + nb : n] = grads[nb + m : nb + m + k]
        return [g if b else None for g, b in zip(found, linear, strict=True)]

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        return batch_pull(self, trace, args, batched, params, blocks_of)


def _plain(params: Params) -> dict[str, Any]:
    return {k: params[k] for k in ("cond", "body", "operands", "checkpoint") if k in params}


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
    body, operands = params["body"], params["operands"]
    moving = moving_flags(lambda f: linearized_programs(body, f)[2], [b or None for b in wanted], operands.step)
    nonzero = operands.chosen(moving)
    given = Members(c is not None and b for c, b in zip(cotangents, nonzero.carry, strict=True))
    if not any(given):
        return [None] * len(wanted)
    step = {**params, "nonzero": nonzero, "given": given, "masked": masked or has_choice(body)}
    p = pulling(step)
    blocks_of(step)  # raises here, at the user's line, where the budget is too small
    asked = operands.chosen([w and b for w, b in zip(wanted, p.cotangents.every, strict=True)])
    return asked.every.spread(while_pull_p.bind(*args, *given.of(cotangents), **step, wanted=asked))


LAST = Chosen(Members([True]), Members([False, True]))  # of the samples: the count has no tangent


def _tangent_samples() -> list[Any]:
    out = []
    for args, params in _samples():
        t = (np.float64(0.7), np.array([0.2, -0.3]))
        out.append(((*args, *t), {**params, "nonzero": LAST}))
    return out


def _pull_samples() -> list[Any]:
    more = {"nonzero": LAST, "given": LAST.carry, "wanted": LAST, "masked": False}
    return [((*args, np.array([0.5, -1.5])), {**params, **more}) for args, params in _samples()]


_TYPED = {"complex": "a Program is typed"}
while_tangent_p = WhileTangent("while_tangent", samples=_tangent_samples, reasons=_TYPED)
while_pull_p = WhilePull("while_pull", samples=_pull_samples, reasons=_TYPED, native=kinds.Pullback())
derivative_of_kinks(while_tangent_p)
derivative_of_kinks(while_pull_p)
