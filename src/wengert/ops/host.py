"""`host_call`: Python functions of arrays called from traced programs, compiled ones too, one example at a time.

It has no derivative: who binds it gives the function around it a rule, or puts it into the solver of a `linear_solve`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import INNERMOST, TAKING, Aval, Primitive, Value
from ..errors import ShapeError
from ..vocabulary import BatchedResults, Function, Params, Results
from .callback import owned
from .effects import before


class _ForEach:
    """A function called for each example of a batch, its results stacked."""

    def __init__(self, function: Function, size: int, batched: tuple[bool, ...], avals: Any) -> None:
        self.function, self.size, self.batched, self.avals = function, size, batched, avals

    def __call__(self, *args: Value) -> list[Value]:
        rows = [
            self.function(*[owned(a[i] if b else a) for a, b in zip(args, self.batched, strict=True)])
            for i in range(self.size)
        ]
        return [
            np.stack([np.asarray(r[k]) for r in rows]) if rows else np.zeros((0, *a.shape), a.dtype)
            for k, a in enumerate(self.avals)
        ]


class _HostCall(Primitive):
    """``host_call(*values, function, avals)``: the list ``function(*values)`` of arrays of the types `avals`."""

    multiple_results = True

    def bind(self, *args: Value, **params: Any) -> Results:
        trace = getattr(INNERMOST, "trace", None)
        if trace is not None and before(trace, args):
            here = threading.get_ident()
            anew = getattr(params["function"], "anew", False)  # called in each run, with plain arguments too
            if anew or trace.examples is None or any(t.thread == here and t.takes(self) for t in TAKING):
                return trace.process(
                    self, args, params
                )  # it may never run: of a type alone, or a branch that is not taken
        return super().bind(*args, **params)

    def impl(self, *args: Value, function: Function, avals: tuple[Aval, ...]) -> list[Value]:
        given = [owned(a) for a in args]
        out = [np.array(o, a.dtype)[()] for o, a in zip(function(*given), avals, strict=True)]
        for o, a in zip(out, avals, strict=True):
            if o.shape != a.shape:
                raise ShapeError(f"a function called from a program gave shape {o.shape}, it had promised {a.shape}")
        return out

    def abstract(self, *args: Aval, function: Function, avals: tuple[Aval, ...]) -> list[Aval]:
        return list(avals)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        avals = params["avals"]
        function = _ForEach(params["function"], size, tuple(batched), avals)
        out = self.bind(*args, function=function, avals=tuple(Aval((size, *a.shape), a.dtype) for a in avals))
        return out, [True] * len(avals)


def _double(x: Value) -> list[Value]:
    """A function for the samples."""
    return [2 * x]


host_call_p = _HostCall(
    "host_call",
    samples=lambda: [((np.arange(3.0),), {"function": _double, "avals": (Aval((3,), np.dtype(float)),)})],
    reasons={"jvp": "what a Python function does is not known; who calls it gives a rule", "complex": "one dtype"},
)
