"""The pullback of a while loop that a Jacobian's basis goes through with masks: `reached_pull_p`.

Forward mode over the reverse mode of a loop whose number of steps is not known: the vectors of a basis are carried forward
with the loop, kept with what each step needs, and walked back with the cotangents, all of them with masks of what they
reach (reached.py). The walk with its Programs written out is `walk_back_p`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Aval, Primitive, Value, aval_of
from ...lowering import kinds
from ...program import Program
from ...transforms.basis import EXACTLY, Reached
from ...transforms.batching import BatchTrace
from ...vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from ..derived import alone, batched_program, dependence, execute, once, strong
from ..elementwise import not_equal
from ..shape import broadcast_to
from ..sides import ASIDE, derivative_of_kinks, holds
from .lanes import each_alone
from .operands import ScanOperands, WalkBackOperands
from .programs import batched_value, run_alone, widened
from .pull import WhilePull, _pull_samples, while_pull_p
from .pulling import pull_groups, pulling, results, started
from .reached import Flags, Masks, begun, carried, condition, is_steep, looped, step_of, with_masks
from .supported_pull import supported_pull_p


class WalkBack(Primitive):
    """``*state = walk_back(*tests, *consts, *fixed, *carry, *start)``.

    Parameters:
        cond: ``(*tests, *carry) -> (bool,)``. forward: ``(*consts, *carry) -> (*carry, *slices)``. body: a step backwards,
            ``(*fixed, *state, *slices) -> (*state)``. slices: for each slice that it takes, its number among those of
            `forward`. operands: how many there are of each kind of argument.
    """

    multiple_results = True
    interpret = WhilePull.interpret

    def impl(self, *args: Value, **params: Any) -> list[Value]:
        return run_alone(self, params["body"], args, params)

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        return [strong(a) for a in params["body"].out_avals]

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        return each_alone(self, trace.size, args, batched, params)


class ReachedPull(Primitive):
    """``*results = reached_pull(*values, *masks)``: a pullback for all vectors of a basis, and masks of what it reaches.

    What is differentiated once more is the pullback without masks, in which zeros are told by their values.

    Parameters:
        exact, plain: Programs of it with masks and without.
    """

    multiple_results = True

    def impl(self, *args: Value, exact: Program, plain: Program) -> list[Value]:
        return execute(exact, args)

    def abstract(self, *avals: Aval, exact: Program, plain: Program) -> list[Aval]:
        return [strong(a) for a in exact.out_avals]

    def expansion(self, inputs: Sequence[Any], params: Params) -> Program:
        return params["exact"]

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        return dependence(params["plain"], given)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        from ...transforms.forward import jvp_flat

        outs, ts = jvp_flat(lambda *a: params["plain"].evaluate(a), primals, tangents)
        return outs if ASIDE.on else self.bind(*primals, **params), ts  # beside a kink values are others

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        outs = self.bind(*primals, **params)
        boxed = [p if t is None else trace.tracer(p, t) for p, t in zip(primals, tangents, strict=True)]
        found = [trace.split(o)[1] for o in params["plain"].evaluate(boxed)]
        return [trace.wrap(o, t) for o, t in zip(outs, found, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        return params["plain"].evaluate(args)

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        size = trace.size
        pairs = [batched_program(params[k], size, tuple(batched), trace.axis_name) for k in ("exact", "plain")]
        flags = [any(f) for f in zip(*[found for _, found in pairs], strict=True)]
        exact, plain = [widened(p, found, flags, size) for p, found in pairs]
        return self.bind(*args, exact=exact, plain=plain), flags


def _marked(values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> tuple[Any, ...]:
    """A pullback in which zeros of cotangents count as left out, with masks of those that are no vectors of the basis.

    Of what a choice lets through the masks must not depend on the vectors, whose own zeros say nothing.
    """
    n = params["given"].number
    own = [params["masked"] and not b for b in batched[len(batched) - n :]]
    marked = params["given"].among(own)
    marks = [not_equal(c, 0) for c, b in zip(values[len(values) - n :], own, strict=True) if b]
    flags, more = (*batched, *[False] * len(marks)), [*masks, *[None] * len(marks)]
    return [*values, *marks], flags, more, {**params, "masked": True, "marked": marked}


def _walked(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> list[Reached]:
    """A pullback whose arguments are vectors of a basis in part: what `WhilePull.interpret` does, with masks."""
    p = pulling(params)
    every: list[Reached] = list(zip(values, batched, masks, strict=True))
    tests, consts, carry, cotangents = pull_groups(every, params)
    used, state = p.taken.consts.of(consts), p.taken.carry.of(carry)
    before = [] if p.invariant is None else _evaluated(p.invariant, size, consts)
    sources = {"argument": consts, "invariant": before}
    fixed = [(v, False, None) if k == "value" else sources[k][v] for k, v in p.fixed]
    start = [v if type(v) is tuple else (v, False, None) for v in started(cotangents, params, p)]

    c, forward = _step(p.forward, size, used, state, [])
    kept = list(zip(c.step.batched[len(state) :], c.step.marked[len(state) :], strict=True))
    slices = [kept[i] for i in p.slices]
    b, back = _step(p.back, size, fixed, start, slices)
    marks = [i for i, (_, m) in enumerate(kept) if m]
    taken = [*p.slices, *[len(kept) + marks.index(i) for i in p.slices if kept[i][1]]]
    first = _begun(size, state, c, p.forward, len(used))
    groups = [
        [v for v, _, _ in tests], _values_and_masks(used), _values_and_masks(fixed), first,
        _begun(size, start, b, p.back, len(fixed)),
    ]  # fmt: skip
    outs = iter(
        walk_back_p.bind(
            *[v for g in groups for v in g],
            cond=condition(p.cond, forward, c.batched, len(tests), len(first)), forward=forward, body=back,
            slices=tuple(taken), operands=WalkBackOperands.of(*groups),
        )
    )  # fmt: skip
    found = results(with_masks(outs, b.batched, b.marked), params, p)
    return [v if type(v) is tuple else (v, False, None) for v in found]


def _evaluated(program: Program, size: int, values: Sequence[Reached]) -> list[Reached]:
    flags = tuple(b for _, b, _ in values), tuple(m is not None for _, _, m in values)
    step = step_of(program, size, *flags)
    return with_masks(iter(step.program.evaluate(_values_and_masks(values))), step.batched, step.marked)


def _step(program: Program, size: int, consts: Any, state: Any, slices: Sequence[tuple[bool, bool]]) -> Any:
    """The step of a walk from what is known of its arguments, and its Program."""
    whole = [(b, m is not None) for _, b, m in (*consts, *state)] + list(slices)
    batched, marked = tuple(b for b, _ in whole), tuple(m for _, m in whole)
    operands = ScanOperands.of(consts, state, slices)
    c = carried(program, size, batched, marked, operands)
    return c, looped(program, size, c, batched, marked, operands)


def _values_and_masks(values: Sequence[Reached]) -> list[Value]:
    return [*[v for v, _, _ in values], *[m for _, _, m in values if m is not None]]


def _begun(size: int, state: Sequence[Reached], c: Any, program: Program, nc: int) -> list[Value]:
    values, batched, masks = zip(*state, strict=True) if state else ((), (), ())
    return begun(size, values, batched, masks, c, program.in_avals[nc : nc + len(state)])


def _pull(primitive: Primitive) -> Any:
    def run(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> list[Reached] | None:
        p, marked = pulling(params), tuple(m is not None for m in masks)
        tests, consts, carry, cotangents = pull_groups(batched, params)
        used, state = p.taken.consts.of(consts), p.taken.carry.of(carry)
        if params.get("checkpoint") is not None or any(cotangents[params["given"].number :]):
            return None
        if holds(params["body"], "kink") or holds(params["body"], "slope"):  # which are looked at from beside
            return None
        c = carried(p.forward, size, (*used, *state), (False,) * (len(used) + len(state)), ScanOperands.of(used, state))
        if any(tests) or dependence(p.cond, [*tests, *c.batched])[0]:
            return None
        given = [*values, *[m for m in masks if m is not None]]
        avals = [strong(aval_of(v)) for v in given]
        kinds: list[tuple[bool, bool]] = []

        def exact(*args: Value) -> list[Value]:
            rest = iter(args[len(values) :])
            own = [next(rest) if m else None for m in marked]
            if primitive is while_pull_p:
                outs = _walked(size, *_marked(args[: len(values)], batched, own, params))[
                    : params["wanted"].every.number
                ]
            else:
                outs = _walked(size, args[: len(values)], batched, own, params)
            kinds[:] = [(b, m is not None) for _, b, m in outs]
            return _values_and_masks(outs)

        def plain(*args: Value) -> list[Value]:
            with BatchTrace(size) as trace:
                outs, found = primitive.batch_in(trace, args[: len(values)], batched, params)
            # what depends on no vector may come out as one for each, all of them alike
            rows = zip(outs, found, kinds, strict=True)
            outs = [batched_value(o, size, f) if b else o[0] if f else o for o, f, (b, _) in rows]
            return [*outs, *[broadcast_to(np.True_, o.shape) for o, (_, m) in zip(outs, kinds, strict=True) if m]]

        def make() -> Any:
            made = [alone(f, avals, f"basis of {params['body'].name}") for f in (exact, plain)]
            return (*made, tuple(kinds))

        key = ("reached pull", primitive.name, size, batched, marked, tuple(avals), tuple(sorted(params.items())))
        first, second, flags = once(params["body"], key, make)
        outs = iter(reached_pull_p.bind(*given, exact=first, plain=second))
        found = [next(outs) for _ in flags]
        ends = zip(found, flags, strict=True)
        return [(v, b, next(outs) if m else None) for v, (b, m) in ends]

    return run


def _walk_samples() -> list[Any]:
    """The pullbacks of while loops, written out."""
    found = []
    for args, params in _pull_samples():
        p = pulling(params)
        tests, consts, carry, cotangents = pull_groups(args, params)
        before = [] if p.invariant is None else execute(p.invariant, consts)
        sources = {"argument": consts, "invariant": before}
        fixed = [v if k == "value" else sources[k][v] for k, v in p.fixed]
        used, state = p.taken.consts.of(consts), p.taken.carry.of(carry)
        groups = tests, used, fixed, state, started(cotangents, params, p)
        programs = {"cond": p.cond, "forward": p.forward, "body": p.back, "slices": tuple(p.slices)}
        values = tuple(v for group in groups for v in group)
        found.append((values, {**programs, "operands": WalkBackOperands.of(*groups)}))
    return found


def _reached_samples() -> list[Any]:
    """Of two vectors that start the loop."""
    args, params = _pull_samples()[0]
    n = len(args) - 2
    body = params["body"]
    made = [*args[:n], np.stack([args[n], args[n] + 0.5]), args[n + 1]]
    batched = tuple(i == n for i in range(len(args)))

    def f(*values: Value) -> list[Value]:
        with BatchTrace(2) as trace:
            return while_pull_p.batch_in(trace, values, batched, params)[0]

    program = alone(f, [strong(aval_of(a)) for a in made], f"basis of {body.name}")
    return [(tuple(made), {"exact": program, "plain": program})]


_WRITTEN = "stands in the Programs of reached_pull alone, which are only run"
walk_back_p = WalkBack(
    "walk_back",
    samples=_walk_samples,
    reasons={"jvp": _WRITTEN, "transpose": _WRITTEN, "complex": "a Program is typed"},
    native=kinds.Pullback(),
)
reached_pull_p = ReachedPull("reached_pull", samples=_reached_samples, reasons={"complex": "a Program is typed"})
derivative_of_kinks(reached_pull_p)
EXACTLY[while_pull_p] = (is_steep, _pull(while_pull_p))
EXACTLY[supported_pull_p] = (is_steep, _pull(supported_pull_p))

__all__ = ["reached_pull_p", "walk_back_p"]
