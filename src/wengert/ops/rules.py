"""Call objects of functions with a derivative rule: what each transformation asks of one, and those that batching and
the tape of reverse mode make of it. `custom.py` carries them from trace to trace, `closed_rules.py` into Programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Tracer, Value, shape_of
from ..program import Program
from .linear import Linear
from .shape import broadcast_to, reduce_sum

Flat = list[Value]


linear_zero_p = Linear(  # a zero that depends on a tangent in name only
    "linear_zero",
    lambda x, shape, dtype: np.zeros(shape, dtype)[()],
    lambda aval, shape, dtype: Aval(shape, dtype),
    lambda cotangent, x, shape, dtype: None,
    lambda size, x, shape, dtype: linear_zero_p.bind(x, shape=(size, *shape), dtype=dtype),
    samples=lambda: [((np.array([0.5, -1.0]),), {"shape": (2, 3), "dtype": np.dtype(float)})],
)


def zero_beside(tangents: Sequence[Value | None], shape: tuple[int, ...], dtype: np.dtype) -> Value:
    """The zero that a rule sees beside `tangents`.

    Where those are on a tape, so is the zero: its product with a value would not be seen to be linear otherwise.
    """
    for t in tangents:
        if isinstance(t, Tracer):
            return linear_zero_p.bind(t, shape=shape, dtype=dtype)
    return np.zeros(shape, dtype)[()]


class Rule:
    """A function of flat values with a rule. Subclasses give `run`, and `jvp` or `forward` and `backward`."""

    name: str
    forward_mode: bool  # whether the rule is a jvp
    program: Program | None = None
    zeros_told = False  # whether `backward` takes None for a cotangent that is zero

    def run(self, *values: Value) -> Flat:
        """The function itself."""
        raise NotImplementedError

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        raise NotImplementedError

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        """Raise where an argument without a derivative is differentiated."""

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        """Results, residuals, and what `backward` needs besides to read the residuals."""
        raise NotImplementedError

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        """A cotangent for every argument; None is zero."""
        raise NotImplementedError


class Batched(Rule):
    """A rule run for all examples at once, by the trace that met it: what the rule closes over is of that, too."""

    def __init__(self, rule: Rule, trace: Any, batched: Sequence[bool]) -> None:
        self.rule, self.trace, self.size, self.batched = rule, trace, trace.size, tuple(batched)
        self.group = trace.group
        self.name, self.forward_mode = rule.name, rule.forward_mode

    def _batch(self, f: Any, values: Sequence[Value], batched: Sequence[bool]) -> Flat:
        from ..transforms.batching import batch_in

        with self.trace.again(values, self.group):
            outs, flags = batch_in(self.trace, f, values, batched)
        return [o if b else broadcast_to(o, (self.size, *shape_of(o))) for o, b in zip(outs, flags, strict=True)]

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        self.rule.check_differentiated(nonzero)

    def run(self, *values: Value) -> Flat:
        return self._batch(self.rule.run, values, self.batched)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        live: list[bool] = []
        n = len(primals)
        nonzero = [t is not None for t in tangents]

        def f(*values: Value) -> Flat:
            given = iter(values[n:])
            outs, ts = self.rule.jvp(values[:n], [next(given) if b else None for b in nonzero])
            live[:] = [t is not None for t in ts]
            return [*outs, *[t for t in ts if t is not None]]

        flags = [*self.batched, *[b for b, used in zip(self.batched, nonzero, strict=True) if used]]
        outs = self._batch(f, [*primals, *[t for t in tangents if t is not None]], flags)
        rest = iter(outs[len(live) :])
        return outs[: len(live)], [next(rest) if b else None for b in live]

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        spec: list[Any] = []

        def f(*examples: Value) -> Flat:
            outs, residuals, inner = self.rule.forward(*examples)
            spec[:] = [inner, len(outs)]
            return [*outs, *residuals]

        both = self._batch(f, values, self.batched)
        return both[: spec[1]], both[spec[1] :], spec[0]

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        live: list[bool] = []
        n = len(residuals)

        def f(*values: Value) -> Flat:
            grads = self.rule.backward(spec, values[:n], values[n:])
            live[:] = [g is not None for g in grads]
            return [g for g in grads if g is not None]

        outs = iter(self._batch(f, [*residuals, *cotangents], [True] * (n + len(cotangents))))
        grads = [next(outs) if b else None for b in live]
        return [
            g if b or g is None else reduce_sum(g, (0,))  # an argument that all examples share
            for g, b in zip(grads, self.batched, strict=True)
        ]


class Within(Rule):
    """A rule that a tape holds: its backward function takes what it closes over of the tape's trace as constant."""

    def __init__(self, rule: Rule, trace: Any) -> None:
        self.rule, self.trace = rule, trace
        self.name, self.forward_mode, self.zeros_told = rule.name, rule.forward_mode, rule.zeros_told

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Any]) -> list[Value | None]:
        with self.trace.as_constants():
            grads = self.rule.backward(spec, residuals, cotangents)
            return [self.trace.split(g)[0] for g in grads]
