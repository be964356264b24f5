"""Functions with a rule of their own for `vmap`: the primitive, whose batching rule is the user's.

Where it is differentiated, the function is, and the rule plays no part in the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, as_array, is_inexact
from ..vocabulary import BatchedResults, Params, Pushed
from .jvp import jvp

Flat = list[Value]


class _CustomBatch(Primitive):
    """``custom_batch(*values, function, rule, avals)``: the list ``function(*values)`` of arrays of the types `avals`.

    Under a batch ``rule(size, batched, *values)`` gives the results and which of them are batched.
    """

    multiple_results = True

    def impl(self, *args: Value, function: Callable[..., Flat], rule: Any, avals: tuple[Aval, ...]) -> Flat:
        return [np.array(o, a.dtype)[()] for o, a in zip(function(*args), avals, strict=True)]

    def abstract(self, *args: Aval, function: Callable[..., Flat], rule: Any, avals: tuple[Aval, ...]) -> list[Aval]:
        return list(avals)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        function = params["function"]
        moving = [i for i, t in enumerate(tangents) if t is not None]

        def of_moving(*values: Value) -> list[Value]:
            full = list(primals)
            for i, v in zip(moving, values, strict=True):
                full[i] = v
            return [as_array(o) for o in function(*full)]

        outs, dots = jvp(of_moving, tuple(primals[i] for i in moving), tuple(tangents[i] for i in moving))
        return list(outs), [d if is_inexact(o) else None for o, d in zip(outs, dots, strict=True)]

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        outs, which = params["rule"](size, list(batched), *args)
        return [as_array(o) for o in outs], list(which)


def _double(x: Value) -> Flat:
    """A function for the samples."""
    return [2 * x]


def _doubled(size: int, batched: Sequence[bool], x: Value) -> Any:
    """Its rule."""
    return [2 * x], [True]


custom_batch_p = _CustomBatch(
    "custom_batch",
    samples=lambda: [
        ((np.arange(3.0),), {"function": _double, "rule": _doubled, "avals": (Aval((3,), np.dtype(float)),)})
    ],
    reasons={"complex": "its results are typed"},
)

__all__ = ["custom_batch_p"]
