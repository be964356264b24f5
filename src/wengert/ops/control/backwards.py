"""One step of a scan backwards, with masks of what counts beside the cotangents (../supported.py).

Where nobody uses the last carry, and all of the carry counts one step before the end, the step at the end is a branch of
its own and no masks are carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core import Aval, Value
from ...program import Program
from ..above import control_flow
from ..derived import once, strong
from ..elementwise import add
from ..supported import mask_of, supported_program
from .operands import ScanOperands
from .programs import fixed_point, zeros

Flags = tuple[bool, ...]


class Backwards(NamedTuple):
    """One step backwards with supports: ``(constants, *sums, *cotangents, *masks, *slices, *cotangents and masks of ys)``
    to ``(*sums, *cotangents, *masks, *slices of cotangents, *of their masks)``.

    Attributes:
        sums: types of the sums: of cotangents of constants, and of how often each of them is reached. given, marked: which
            results of the body have cotangents, and masks. live, found: which linear arguments have them.
    """

    step: Program
    sums: list[Aval]
    given: Flags
    marked: Flags
    live: list[bool]
    found: list[bool]


def backwards(
    body: Program, flags: Flags, given: Sequence[bool], marked: Sequence[bool], operands: ScanOperands
) -> Backwards:
    """The step of a scan backwards with supports, from what is known of the cotangents of its results."""
    nc, nk, _ = operands
    first = sum(flags[:nc])
    carry = slice(first, first + nk)
    ys, ys_marked = tuple(given[nk:]), tuple(marked[nk:])
    here = fixed_point(
        given[:nk], lambda f: supported_program(body, flags, (*f, *ys), (*[False] * nk, *ys_marked))[1][carry]
    )
    given_all = (*here, *ys)

    def masks(m: Flags) -> list[bool]:
        _, live, found = supported_program(body, flags, given_all, (*m, *ys_marked))
        return [b and (f or not a) for a, f, b in zip(live[carry], found[carry], here, strict=True)]

    late = [m or (b and not g) for m, g, b in zip(marked[:nk], given[:nk], here, strict=True)]
    marked_all = (*fixed_point(late, masks), *ys_marked)
    derived, live, found = supported_program(body, flags, given_all, marked_all, first)
    constants = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if b]
    sums = [strong(a) for a, b in zip(constants, live, strict=False) if b]
    hits = [strong(a) for a, b in zip(constants, found, strict=False) if b]

    def make() -> Program:
        from ...transforms.staging import stage

        fixed = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(body.in_avals[nc + nk :], flags[nc + nk :], strict=True) if not b]
        cts = [strong(a) for a, b in zip(body.out_avals, given_all, strict=True) if b]
        marks = [mask_of(a) for a, b in zip(body.out_avals, marked_all, strict=True) if b]
        n, m = sum(here), sum(marked_all[:nk])
        parts = [fixed, sums, hits, cts[:n], marks[:m], slices, cts[n:], marks[m:]]

        def step(*values: Value) -> list[Value]:
            rest = iter(values)
            f, s, sm, c, cm, x, y, ym = ([next(rest) for _ in part] for part in parts)
            outs = iter(derived.evaluate([*f, *x, *c, *y, *cm, *ym]))
            grads = [next(outs) if b else None for b in live]
            known = [next(outs) if b else None for b in found]
            totals = [add(t, g) for t, g in zip(s, [g for g in grads[:first] if g is not None], strict=True)]
            reached = [add(t, g) for t, g in zip(sm, [g for g in known[:first] if g is not None], strict=True)]
            carried, carried_masks = [], []
            for g, k, a, b, mark in zip(
                grads[carry], known[carry], body.out_avals[:nk], here, marked_all, strict=False
            ):
                if b:
                    carried.append(zeros(a) if g is None else g)
                    if mark:
                        carried_masks.append(np.full(a.shape, g is not None) if k is None else k)
            rows = [*grads[first + nk :], *known[first + nk :]]
            return [*totals, *reached, *carried, *carried_masks, *[r for r in rows if r is not None]]

        return stage(step, [a for part in parts for a in part], derived.name)[0]

    step = once(derived, ("scan", flags, given_all, marked_all, operands), make)
    return Backwards(step, [*sums, *hits], given_all, marked_all, live, found)


def from_an_unused_end(
    body: Program, flags: Flags, given: Sequence[bool], marked: Sequence[bool], operands: ScanOperands
) -> Backwards | None:
    """The step of a scan whose last carry nobody uses, where all of the carry counts one step before the end.

    The step at the end is a branch of its own, without cotangents of the carry, and no masks are carried: where they would
    be False before it and True after it, they would make each product of the other steps look for infinities.

    Returns:
        As `backwards`, with one more carried value before the slices, True in the first step alone; None if masks are
        needed after all.
    """
    nc, nk, _ = operands
    first = sum(flags[:nc])
    carry, ys, ys_marked = slice(first, first + nk), tuple(given[nk:]), tuple(marked[nk:])
    whole = (*[False] * nk, *ys_marked)
    here = fixed_point(given[:nk], lambda f: supported_program(body, flags, (*f, *ys), whole)[1][carry])
    if here == tuple(given[:nk]) or any(marked[:nk]):
        return None
    at_end, live_end, found_end = supported_program(body, flags, (*given[:nk], *ys), whole)
    derived, live, found = supported_program(body, flags, (*here, *ys), whole)
    ends = zip(live_end[carry], found_end[carry], found[carry], here, strict=True)
    if any(found[:first]) or any(b and (not g or e or f) for g, e, f, b in ends):
        return None
    linear = [a for a, b in zip(body.in_avals, flags, strict=True) if b]
    of_rows = [b and (f or e or not g) for b, f, e, g in zip(live, found, found_end, live_end, strict=True)]
    of_rows[: first + nk] = [False] * (first + nk)

    def make() -> Program:
        from ...transforms.staging import stage

        cond = control_flow().cond

        fixed = [a for a, b in zip(body.in_avals[:nc], flags[:nc], strict=True) if not b]
        slices = [a for a, b in zip(body.in_avals[nc + nk :], flags[nc + nk :], strict=True) if not b]
        sums = [strong(a) for a, b in zip(linear[:first], live, strict=False) if b]
        cts = [strong(a) for a, b in zip(body.out_avals, (*here, *ys), strict=True) if b]
        marks = [mask_of(a) for a, b in zip(body.out_avals[nk:], ys_marked, strict=True) if b]
        n = sum(here)
        parts = [fixed, sums, cts[:n], [Aval((), np.dtype(bool))], slices, cts[n:], marks]

        def results(
            program: Program, is_live: Sequence[bool], has: Sequence[bool], values: Sequence[Value]
        ) -> list[Value]:
            outs = iter(program.evaluate(values))
            grads = [next(outs) if b else None for b in is_live]
            reached = [next(outs) if b else None for b in has]
            kept = [zeros(a) if g is None else g for g, a, b in zip(grads, linear, live, strict=True) if b]
            for g, m, a, b in zip(grads, reached, linear, of_rows, strict=True):
                if b:
                    kept.append(np.full(a.shape, g is not None) if m is None else m)
            return kept

        def ending(f: Any, c: Any, x: Any, y: Any, ym: Any) -> list[Value]:
            used = [v for v, b in zip(c, [g for g, b in zip(given[:nk], here, strict=False) if b], strict=True) if b]
            return results(at_end, live_end, found_end, [*f, *x, *used, *y, *ym])

        def before(f: Any, c: Any, x: Any, y: Any, ym: Any) -> list[Value]:
            return results(derived, live, found, [*f, *x, *c, *y, *ym])

        def step(*values: Value) -> list[Value]:
            rest = iter(values)
            f, s, c, (is_end,), x, y, ym = ([next(rest) for _ in part] for part in parts)
            outs = cond(is_end, ending, before, f, c, x, y, ym)
            totals = [add(t, g) for t, g in zip(s, outs[: len(s)], strict=True)]
            return [*totals, *outs[len(s) : len(s) + n], np.False_, *outs[len(s) + n :]]

        return stage(step, [a for part in parts for a in part], derived.name)[0]

    step = once(derived, ("unused end", flags, tuple(given), ys_marked, operands), make)
    sums = [strong(a) for a, b in zip(linear[:first], live, strict=False) if b]
    return Backwards(step, sums, (*here, *ys), whole, live, of_rows)


__all__ = ["Backwards", "backwards", "from_an_unused_end"]
