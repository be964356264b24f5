"""Transposes of Programs that know what they leave out: the supports of cotangents go in and come out with them.

A call, a branch or a loop is one step of a tape. What it leaves out is told by structure, as it would be if its equations
stood on the tape themselves (`support.py`): its Program is transposed once more, with a boolean array beside each
cotangent that has a support, and gives one for each cotangent of which it reaches a part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, shape_of
from ..program import Program, subprograms
from ..vocabulary import Function
from .derived import alone as _alone
from .derived import once, strong
from .shape import broadcast_to
from .support import Support

Flags = tuple[bool, ...]


def drops(program: Program) -> bool:
    """Whether a Program, or one that it holds, has a step that leaves elements out: an index, a choice, a slice."""
    return once(program, "drops", lambda: any(map(_drops, program.equations)))


def _drops(eqn: Any) -> bool:
    primitive = eqn.primitive
    return (
        primitive.pattern == "drops" or getattr(primitive, "choice", False) or any(drops(s) for s in subprograms(eqn))
    )


def mask_of(aval: Aval) -> Aval:
    return Aval(aval.shape, np.bool_)


def masks_of(supports: Sequence[Support | None], cotangents: Sequence[Value | None]) -> list[Value | None]:
    """The masks of cotangents that are given, each of its whole shape; None where every element is reached."""
    found = [None if s is None or c is None else s.live() for s, c in zip(supports, cotangents, strict=True)]
    return [None if m is None else broadcast_to(m, shape_of(c)) for m, c in zip(found, cotangents, strict=True)]


def as_supports(masks: Sequence[Value | None]) -> list[Support | None]:
    return [None if m is None else Support(lambda m=m: m) for m in masks]


def supported_program(
    program: Program, linear: Flags, given: Flags, marked: Flags, counted: int = 0
) -> tuple[Program, list[bool], list[bool]]:
    """``(*constants, *given cotangents, *masks of the marked ones) -> (*live cotangents, *masks)``.

    Args:
        counted: of how many of the first linear arguments the masks are numbers (`Support.hits`), to be summed up.

    Returns:
        The Program; which of the linear arguments have a cotangent; which of them a mask.
    """
    from ..transforms.transposing import transpose_supported

    def make() -> Any:
        n, live, found = len(linear) - sum(linear), list[bool](), list[bool]()
        avals = [a for a, b in zip(program.in_avals, linear, strict=True) if b]

        def f(*values: Value) -> list[Value]:
            def run(*tangents: Value) -> list[Value]:
                constants, ts = iter(values[:n]), iter(tangents)
                return program.evaluate([next(ts) if b else next(constants) for b in linear])

            rest = iter(values[n:])
            cts = [next(rest) if b else None for b in given]
            masks = [next(rest) if b else None for b in marked]
            grads, supports = transpose_supported(run, avals, cts, as_supports(masks))
            reached = [None if g is None or s is None else s.live() for g, s in zip(grads, supports, strict=True)]
            live.extend(g is not None for g in grads)
            found.extend(m is not None for m in reached)
            for k, (s, a) in enumerate(zip(supports[:counted], avals, strict=False)):
                if reached[k] is not None and s is not None:
                    reached[k] = s.hits(a.dtype)
            return [
                *[g for g in grads if g is not None],
                *[broadcast_to(m, a.shape) for m, a in zip(reached, avals, strict=True) if m is not None],
            ]

        ins = [a for a, b in zip(program.in_avals, linear, strict=True) if not b]
        ins += [strong(a) for a, b in zip(program.out_avals, given, strict=True) if b]
        ins += [mask_of(a) for a, b in zip(program.out_avals, marked, strict=True) if b]
        derived = _alone(f, ins, f"transpose of {program.name}")
        return derived, live, found

    return once(program, ("supported", linear, given, marked, counted), make)


def of_a_call(
    bind: Function,
    program: Program,
    linear: Flags,
    args: Sequence[Value],
    cotangents: Sequence[Value | None],
    supports: Sequence[Support | None],
) -> tuple[list[Value | None], list[Support | None]]:
    """Cotangents of the arguments of a call of a Program, and their supports."""
    masks = masks_of(supports, cotangents)
    given, marked = tuple(c is not None for c in cotangents), tuple(m is not None for m in masks)
    derived, live, found = supported_program(program, linear, given, marked)
    constants = [a for a, b in zip(args, linear, strict=True) if not b]
    outs = iter(
        bind(
            *constants, *[c for c in cotangents if c is not None], *[m for m in masks if m is not None], program=derived
        )
    )
    grads = [next(outs) if b else None for b in live]
    return along(linear, grads), along(linear, as_supports([next(outs) if b else None for b in found]))


def along(linear: Flags, values: Sequence[Any]) -> list[Any]:
    """What belongs to the linear arguments, with None for the others."""
    rest = iter(values)
    return [next(rest) if b else None for b in linear]


__all__ = ["along", "as_supports", "drops", "mask_of", "masks_of", "of_a_call", "supported_program"]
