"""Loops and branches that a Jacobian's basis of tangents goes through with masks of what each vector reaches beside it.

Values that are known are told apart step by step (openings.py). Here they need not be: each step forward carries a boolean
array beside each vector of which a part alone depends on the basis, as each step backwards does beside a cotangent
(backwards.py), so that no zero that stands for no dependence meets an infinite derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import Aval, Value
from ...program import Program, Var
from ...transforms.basis import EXACTLY, Reached, reaching
from ...vocabulary import Params
from ..derived import alone, dependence, once
from ..shape import moveaxis
from ..steep import multiplies, steep
from .branch import cond_p
from .loop import while_p
from .operands import LoopOperands, ScanOperands
from .programs import batched_value, rewired
from .pull import while_tangent_p
from .scan import scan_p

Flags = tuple[bool, ...]
Masks = Sequence[Value | None]


class Step(NamedTuple):
    """``(*values, *masks of the marked ones) -> (*results, *their masks)`` of a Program for all vectors of a basis.

    Attributes:
        batched: which results depend on the basis. marked: which of them in parts alone, so that they have a mask.
    """

    program: Program
    batched: Flags
    marked: Flags


def step_of(program: Program, size: int, batched: Flags, marked: Flags) -> Step:
    """The step of a Program, from which of its arguments are batches of vectors, and which of these have masks."""

    def make() -> Step:
        n, kinds = len(batched), list[Flags]()
        avals = [Aval((size, *a.shape), a.dtype) if b else a for a, b in zip(program.in_avals, batched, strict=True)]
        avals += [_mask(size, a) for a, b in zip(program.in_avals, marked, strict=True) if b]

        def run(*values: Value) -> list[Value]:
            masks = iter(values[n:])
            outs = reaching(program.evaluate, size, values[:n], batched, [next(masks) if b else None for b in marked])
            kinds[:] = tuple(b for _, b, _ in outs), tuple(m is not None for _, _, m in outs)
            return [*[v for v, _, _ in outs], *[m for _, _, m in outs if m is not None]]

        made = alone(run, avals, f"basis of {program.name}")
        made.masked = program.masked
        return Step(made, *kinds)

    return once(program, ("reached", size, batched, marked), make)


def _mask(size: int, aval: Aval) -> Aval:
    return Aval((size, *aval.shape), np.bool_)


def _filled(mask: Value | None, size: int, aval: Aval, batched: bool) -> Value:
    """A mask that is asked for: where there is none a vector counts throughout, and what is no vector nowhere."""
    return np.full((size, *aval.shape), batched) if mask is None else mask


def with_masks(outs: Iterator[Value], batched: Sequence[bool], marked: Sequence[bool]) -> list[Reached]:
    """What a step gives, values and then the masks of the marked ones, with each value its mask."""
    values = [next(outs) for _ in batched]
    return list(zip(values, batched, [next(outs) if k else None for k in marked], strict=True))


class Carried(NamedTuple):
    """A step whose results go back into it, with what is carried spread to the whole basis.

    Attributes:
        step: the least step that gives what it takes. batched, marked: of what is carried.
    """

    step: Step
    batched: Flags
    marked: Flags


def carried(body: Program, size: int, batched: Flags, marked: Flags, operands: ScanOperands) -> Carried:
    """The step of a loop, from the flags of its constants, of what it carries at the start, and of its slices."""
    b, m = batched, marked
    nc, nk, _ = operands
    while True:
        step = step_of(body, size, b, m)
        more_b = tuple(x or y for x, y in zip(b[nc:], step.batched[:nk], strict=False))
        # what comes into being in the loop begins as a zero, on which nothing depends
        ends = zip(marked[nc : nc + nk], m[nc:], step.marked, more_b, batched[nc:], step.batched, strict=False)
        more_m = tuple(s or x or y or (late and not (given and here)) for s, x, y, late, given, here in ends)
        wide_b, wide_m = (*b[:nc], *more_b, *b[nc + nk :]), (*m[:nc], *more_m, *m[nc + nk :])
        if (wide_b, wide_m) == (b, m):
            return Carried(step, more_b, more_m)
        b, m = wide_b, wide_m


def looped(body: Program, size: int, c: Carried, batched: Flags, marked: Flags, operands: ScanOperands) -> Program:
    """``(constants, masks, carry, masks, slices, masks) -> (carry, masks, slices, masks)``."""
    nc, nk, _ = operands
    b = (*batched[:nc], *c.batched, *batched[nc + nk :])
    m = (*marked[:nc], *c.marked, *marked[nc + nk :])
    groups = [slice(0, nc), slice(nc, nc + nk), slice(nc + nk, None)]

    def make() -> Program:
        avals: list[Aval] = []
        for g in groups:
            here = list(zip(body.in_avals[g], b[g], m[g], strict=True))
            avals += [Aval((size, *a.shape), a.dtype) if k else a for a, k, _ in here]
            avals += [_mask(size, a) for a, _, k in here if k]

        def run(*values: Value) -> list[Value]:
            rest, plain, masks = iter(values), list[Value](), list[Value]()
            for g in groups:
                plain += [next(rest) for _ in b[g]]
                masks += [next(rest) for k in m[g] if k]
            outs = iter(c.step.program.evaluate([*plain, *masks]))
            results = [next(outs) for _ in body.out_avals]
            found = [next(outs) if k else None for k in c.step.marked]
            ends = zip(results, c.step.batched, c.batched, strict=False)
            state = [batched_value(o, size, here) if wide else o for o, here, wide in ends]
            wanted = zip(found, body.out_avals, c.step.batched, c.marked, strict=False)
            state += [_filled(k, size, a, here) for k, a, here, asked in wanted if asked]
            return [*state, *results[nk:], *[k for k in found[nk:] if k is not None]]

        made = alone(run, avals, c.step.program.name)
        made.masked = body.masked
        return made

    return once(c.step.program, ("looped", c.batched, c.marked, operands), make)


def begun(
    size: int, values: Sequence[Value], given: Sequence[bool], masks: Masks, c: Carried, avals: Sequence[Aval]
) -> list[Value]:
    """What is carried at the start, and its masks."""
    start = [batched_value(v, size, b) if wide else v for v, b, wide in zip(values, given, c.batched, strict=True)]
    marks = zip(masks, avals, given, c.marked, strict=True)
    return [*start, *[_filled(k, size, a, b) for k, a, b, asked in marks if asked]]


def _scan(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> list[Reached]:
    body, operands = params["body"], params["operands"]
    nc, nk, _ = operands
    marked = tuple(m is not None for m in masks)
    c = carried(body, size, batched, marked, operands)
    step = looped(body, size, c, batched, marked, operands)
    consts = [*values[:nc], *[m for m in masks[:nc] if m is not None]]
    ends = slice(nc, nc + nk)
    start = begun(size, values[ends], batched[ends], masks[ends], c, body.in_avals[ends])
    xs = [moveaxis(v, 0, 1) if b else v for v, b in zip(values[nc + nk :], batched[nc + nk :], strict=True)]
    xs += [moveaxis(m, 0, 1) for m in masks[nc + nk :] if m is not None]
    found = ScanOperands.of(consts, start, xs)
    outs = iter(scan_p.bind(*consts, *start, *xs, **{**params, "operands": found, "body": step}))
    carry = with_masks(outs, c.batched, c.marked)
    ys = with_masks(outs, c.step.batched[nk:], c.step.marked[nk:])
    in_front = [(moveaxis(v, 1, 0) if b else v, b, m if m is None else moveaxis(m, 1, 0)) for v, b, m in ys]
    return [*carry, *in_front]


def _while(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> list[Reached] | None:
    found = loop_of(size, values, batched, masks, params)
    return None if found is None else reached_by(found, while_p.bind(*found[0], **found[1]))


Loop = tuple[list[Value], dict[str, Any], Carried]  # arguments and parameters of a loop, and how it carries


def loop_of(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> Loop | None:
    """The loop that carries masks along; None where its condition depends on the vectors."""
    cond, body, operands = params["cond"], params["body"], params["operands"]
    nc, nb, _ = operands
    tests, consts, start = operands.split(values)
    marked = tuple(m is not None for m in masks)
    c = carried(body, size, batched[nc:], marked[nc:], operands.step)
    if any(batched[:nc]) or dependence(cond, [*[False] * nc, *c.batched])[0]:
        return None
    step = looped(body, size, c, batched[nc:], marked[nc:], operands.step)
    consts += [m for m in masks[nc : nc + nb] if m is not None]
    ends = slice(nc + nb, None)
    state = begun(size, start, batched[ends], masks[ends], c, body.in_avals[nb:])
    wider = condition(cond, step, c.batched, nc, len(state))
    derived = {"cond": wider, "body": step, "operands": LoopOperands.of(tests, consts, state)}
    return [*tests, *consts, *state], {**params, **derived}, c


def reached_by(loop: Loop, outs: Sequence[Value]) -> list[Reached]:
    """What such a loop carries at its end."""
    return with_masks(iter(outs), loop[2].batched, loop[2].marked)


def condition(cond: Program, step: Program, batched: Flags, nc: int, nk: int) -> Program:
    """The condition of a loop that carries vectors and masks, at which it does not look."""

    def more() -> Program:
        carry = [Var(s) if b else v for v, s, b in zip(cond.inputs[nc:], step.out_avals, batched, strict=False)]
        rest = [Var(a) for a in step.out_avals[len(carry) : nk]]
        return rewired(cond, [*cond.inputs[:nc], *carry, *rest], cond.outputs)

    return once(cond, ("reached", nc, batched, tuple(step.out_avals[:nk])), more)


def _while_tangent(
    size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params
) -> list[Reached] | None:
    args, derived = while_tangent_p.as_loop(values, params)
    flags = while_tangent_p.as_loop(batched, params)[0]
    marks = while_tangent_p.as_loop(masks, params)[0]
    outs = _while(size, args, tuple(flags), marks, derived)
    return outs if outs is None else outs[len(params["body"].outputs) :]


def _branch(size: int, values: Sequence[Value], batched: Flags, masks: Masks, params: Params) -> list[Reached] | None:
    if batched[0]:
        return None
    branches, marked = params["branches"], tuple(m is not None for m in masks[1:])
    steps = [step_of(b, size, batched[1:], marked) for b in branches]
    wide = tuple(any(f) for f in zip(*[s.batched for s in steps], strict=True))
    # a branch of which a result does not depend on the basis leaves out all of it
    parted = [any(s.marked[k] or (b and not s.batched[k]) for s in steps) for k, b in enumerate(wide)]

    def filled(s: Step) -> Program:
        def run(*given: Value) -> list[Value]:
            outs = iter(s.program.evaluate(given))
            results = [next(outs) for _ in wide]
            found = [next(outs) if k else None for k in s.marked]
            masks = zip(found, branches[0].out_avals, s.batched, parted, strict=True)
            return [
                *[
                    batched_value(o, size, here) if b else o
                    for o, here, b in zip(results, s.batched, wide, strict=True)
                ],
                *[_filled(k, size, a, here) for k, a, here, asked in masks if asked],
            ]

        return alone(run, s.program.in_avals, s.program.name)

    both = tuple(once(s.program, ("branch", wide, tuple(parted)), lambda s=s: filled(s)) for s in steps)
    outs = iter(cond_p.bind(*values, *[m for m in masks[1:] if m is not None], branches=both))
    return with_masks(outs, wide, parted)


def is_steep(params: Params) -> bool:
    held = [params["body"]] if "body" in params else params["branches"]
    return any(map(steep, held))


def _meets_infinities(params: dict[str, Any]) -> bool:
    """Of branches, which run once, masks are carried for infinite values too. Loops are spared them."""
    return any(steep(b) or multiplies(b) for b in params["branches"])


EXACTLY.update(
    {
        cond_p: (_meets_infinities, _branch),
        scan_p: (is_steep, _scan),
        while_p: (is_steep, _while),
        while_tangent_p: (is_steep, _while_tangent),
    }
)
