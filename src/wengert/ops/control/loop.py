"""`while_p`: a loop that goes on as long as a condition holds on what it carries.

``*carry = while(*tests, *consts, *init)`` with Programs ``(*tests, *carry) -> (bool,)`` and
``(*consts, *carry) -> (*carry,)``. How often it runs is not known before, so reverse mode is one primitive that runs
the loop once more, keeps what each step needs on a tape that grows, and walks back (pull.py). Here a loop runs step by
step; native loops are the compiler's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from ...core import Aval, Primitive, Tracer, Value
from ...lowering import kinds
from ...program import Program, Var
from ...vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from ..derived import dependence, execute, has_choice, jvp_program, once, strong
from ..effects import EffectPrimitive
from ..elementwise import less, sqrt
from ..supported import drops, masks_of
from .operands import Chosen, LoopOperands, Members
from .programs import check_linear_start, fixed_point, newest_tape, on_newest_tape, rewired, run_alone
from .scan import jvp_body, moving_flags, started_tangents

Flags = tuple[bool, ...]

T = TypeVar("T")


class WhileRules(NamedTuple):
    """Rules of `while_p` that bind it themselves, or operations derived from it: they stand above it, in `while_rules` together.

    Attributes:
        tangent_p: the derivative along tangents, as one linear operation (pull.py).
        pull, pull_supported: cotangents of constants and initial values; with masks of what counts (supported_pull.py).
        batch_while: `vmap` (lanes.py).
        through_while: Taylor coefficients (series.py).
    """

    tangent_p: Primitive
    pull: Callable[..., list[Value | None]]
    pull_supported: Callable[..., tuple[list[Any], list[Any]]]
    batch_while: Callable[..., Any]
    through_while: Callable[..., Any]


class While(EffectPrimitive):
    """``while(*tests, *consts, *init)``.

    Parameters:
        cond, body: Programs. operands: how many constants each of them has, and how many values are carried.
        checkpoint: how reverse mode walks back through it with little memory (binomial.py); absent where it keeps all.
    """

    multiple_results = True
    rules: ClassVar[WhileRules]

    def impl(self, *args: Value, **params: Any) -> list[Value]:
        return run_alone(self, params["body"], args, params)

    def interpret(self, *args: Value, **params: Any) -> list[Value]:
        """Step by step, each step compiled."""
        tests, consts, carry = params["operands"].split(args)
        while execute(params["cond"], [*tests, *carry])[0]:
            carry = execute(params["body"], [*consts, *carry])
        return list(carry)

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        return [strong(a) for a in params["body"].out_avals]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        tests, consts, carry = params["operands"].split(given)
        carry = fixed_point(carry, lambda c: dependence(params["body"], [*consts, *c]))
        return [True] * results if dependence(params["cond"], [*tests, *carry])[0] else list(carry)

    # --- forward mode --------------------------------------------------------------------------------------------

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        nonzero = self._nonzero(tangents, params)
        nt = params["operands"].tests
        started = started_tangents(primals[nt:], tangents[nt:], nonzero.every)
        args, derived = tangent_loop(primals, [t for t in started if t is not None], nonzero, params)
        outs = self.bind(*args, **derived)
        n = len(params["body"].outputs)
        return outs[:n], nonzero.carry.spread(outs[n:])

    def _nonzero(self, tangents: Sequence[Value | None], params: Params) -> Chosen:
        """Which constants of the body and carried values have a tangent in some step."""
        body, operands = params["body"], params["operands"]
        moving = moving_flags(lambda f: jvp_program(body, f)[1], tangents[operands.tests :], operands.step)
        return operands.chosen(moving)

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        return self.rules.through_while(self.bind, order, primals, coefficients, params)

    # --- reverse mode --------------------------------------------------------------------------------------------

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        outs = self.bind(*primals, **params)
        nonzero = self._nonzero(tangents, params)
        if not any(nonzero.carry):
            return outs
        nt = params["operands"].tests
        started = [t for t in started_tangents(primals[nt:], tangents[nt:], nonzero.every) if t is not None]
        step = {**params, "nonzero": nonzero}
        if has_choice(params["body"]):
            trace.tape.masked = True
        tangent_p = self.rules.tangent_p
        nodes = iter(trace.tape.append_many(tangent_p, (*primals, *started), step, tangent_p.abstract(**step)))
        return [trace.wrap(o, next(nodes) if b else None) for o, b in zip(outs, nonzero.carry, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """Carried values that do not depend on the linear arguments run on their own now."""
        given = [tape.owns(a) for a in args]
        linear = self.dependence(given, params, len(params["body"].outputs))
        _, _, owned = params["operands"].split(given)
        _, _, start = params["operands"].split(args)
        check_linear_start([a for a, b, m in zip(start, owned, linear, strict=True) if m and not b], "a while loop")
        known = iter(self._without(args, linear, params))
        nodes = tape.append_many(self, tuple(args), params, self.abstract(**params))
        return [node if b else next(known) for node, b in zip(nodes, linear, strict=True)]

    def _without(self, args: Sequence[Value], dropped: Sequence[bool], params: Params) -> list[Value]:
        """The loop of the carried values that are not dropped, which do not depend on those that are."""
        if all(dropped):
            return []
        operands = params["operands"]
        tests, consts, carry = operands.split(args)
        cond, body, used = smaller_loop(params["cond"], params["body"], operands, tuple(dropped))
        kept = [c for c, b in zip(carry, dropped, strict=True) if not b]
        consts = used.of(consts)
        derived = {"cond": cond, "body": body, "operands": LoopOperands.of(tests, consts, kept)}
        return self.bind(*tests, *consts, *kept, **{**params, **derived})

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        """A linear function is its own derivative at zero."""
        linear = on_newest_tape(args)
        at = [_zero(a) if b else a for a, b in zip(args, linear, strict=True)]
        nt = params["operands"].tests
        tape = newest_tape(args)
        grads = self.rules.pull(at, cotangent, params, linear[nt:], tape.masked)
        return [None] * nt + [g if b else None for g, b in zip(grads, linear[nt:], strict=True)]

    def leaves_out(self, params: Params) -> bool:
        return drops(params["body"])

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        """The walk back of a linear loop, which carries masks along."""
        linear, nt = on_newest_tape(args), params["operands"].tests
        at = [_zero(a) if b else a for a, b in zip(args, linear, strict=True)]
        pulled = self.rules.pull_supported(at, cotangent, masks_of(supports, cotangent), params, linear[nt:])
        return [[None] * nt + [g if b else None for g, b in zip(values, linear[nt:], strict=True)] for values in pulled]

    # --- batching ------------------------------------------------------------------------------------------------

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        return self.rules.batch_while(self, trace, args, batched, params)


LONG = 1 << 12  # steps of a loop, more of which are not run one by one to tell zeros apart


def stepwise(args: Sequence[Value], params: Params, most: int) -> list[Value] | None:
    """A loop of known values run by its equations, one by one; None where it takes more than `most` steps."""
    tests, consts, carry = params["operands"].split(args)
    for _ in range(most):
        if not bool(params["cond"].evaluate([*tests, *carry])[0]):
            return carry
        carry = params["body"].evaluate([*consts, *carry])
    return None


def _zero(a: Value) -> np.ndarray:
    return np.zeros(a.shape, a.dtype)


def tangent_loop(
    primals: Sequence[T], tangents: Sequence[T], nonzero: Chosen, params: Params
) -> tuple[list[T], Params]:
    """Arguments and parameters of the loop that carries tangents along: ``(*carry, *tangents)``."""
    operands = params["operands"]
    tests, consts, carry = operands.split(primals)
    nk = len(carry)
    body, _ = jvp_body(params["body"], nonzero.every, operands.step)
    m = nonzero.consts.number
    consts, carry = [*consts, *tangents[:m]], [*carry, *tangents[m:]]
    cond = once(params["cond"], ("more", len(tests), tuple(body.out_avals[nk:])), lambda: _wider(params, body, nk))
    derived = {**params, "cond": cond, "body": body, "operands": LoopOperands.of(tests, consts, carry)}
    return [*tests, *consts, *carry], derived


def _wider(params: Params, body: Program, nk: int) -> Program:
    """The condition of a loop that carries more, which it does not look at."""
    cond = params["cond"]
    return rewired(cond, [*cond.inputs, *[Var(a) for a in body.out_avals[nk:]]], cond.outputs)


def smaller_loop(
    cond: Program, body: Program, operands: LoopOperands, dropped: Flags
) -> tuple[Program, Program, Members]:
    """Condition and body of a loop that carries less, and which constants of the body it uses.

    What the body gives besides what it carries is kept.
    """
    nc, nb, _ = operands

    def make() -> Any:
        kept = [v for v, b in zip(cond.inputs[nc:], dropped, strict=True) if not b]
        every = (*dropped, *[False] * (len(body.outputs) - len(dropped)))
        outputs = [o for o, b in zip(body.outputs, every, strict=True) if not b]
        carry = [v for v, b in zip(body.inputs[nb:], dropped, strict=True) if not b]
        n = len(body.inputs)
        reach = [dependence(body, [i == j for i in range(n)]) for j in range(nb)]
        used = Members(any(r and not d for r, d in zip(found, every, strict=True)) for found in reach)
        consts = used.of(body.inputs[:nb])
        return rewired(cond, [*cond.inputs[:nc], *kept], cond.outputs), rewired(body, [*consts, *carry], outputs), used

    return once(body, ("smaller", cond, operands, dropped), make)


def _samples() -> list[Any]:
    from ...transforms.staging import stage

    number = Aval((), np.dtype(float))
    count = Aval((), np.dtype(np.int64))
    pair = Aval((2,), np.dtype(float))

    def going(limit: Tracer, i: Tracer, x: Tracer) -> list[Value]:
        return [less(i, limit)]

    def newton(a: Tracer, i: Tracer, x: Tracer) -> list[Value]:
        return [i + 1, 0.5 * (x + a / x) + 0.1 * sqrt(a) * x[::-1]]

    cond, _ = stage(going, [count, count, pair], "going")
    body, _ = stage(newton, [number, count, pair], "newton")
    params = {"cond": cond, "body": body, "operands": LoopOperands(1, 1, 2)}
    x = np.array([1.5, 2.5])
    return [
        ((np.int64(3), np.float64(2.0), np.int64(0), x), params),
        ((np.int64(0), np.float64(2.0), np.int64(1), x), params),
    ]


while_p = While("while", samples=_samples, reasons={"complex": "a Program is typed"}, native=kinds.While())
