"""The transpose of a function with a rule that is linear in some of its arguments, as a function with a rule of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Tracer, Value, dtype_of, is_inexact, shape_of
from ..errors import CustomRuleError
from .rules import Flat, Rule, zero_beside
from .terms import plus


class Transposed(Rule):
    """A function of the arguments that are not linear, then cotangents, to cotangents of the linear arguments.

    With ``f(t, x)`` linear in t it is ``g(x, c)`` where ``<c, f(t, x)> = <g(x, c), t>``; so what the rule of f says of x,
    which is linear in t as f is, gives the derivative of g by x when it is transposed in the same way.
    """

    forward_mode = True

    def __init__(self, rule: Rule, linear: Sequence[Aval | None]) -> None:
        self.rule, self.linear = rule, tuple(linear)
        self.name = f"the transpose of {rule.name}"
        self.fixed = sum(a is None for a in linear)

    def __repr__(self) -> str:
        return self.name

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        given = iter(nonzero)
        by = [a is None and next(given) for a in self.linear]
        if any(by) and not self.rule.forward_mode:
            raise CustomRuleError(
                f"{self.rule.name} is used as a function that is linear in a tangent or cotangent, and differentiated by "
                f"another argument, which its custom_vjp rule says nothing of: give it a custom_jvp rule"
            )
        self.rule.check_differentiated(by)

    def _transposed(self, f: Any, cotangents: Sequence[Value]) -> Flat:
        from ..transforms.transposing import transpose_flat

        avals = [a for a in self.linear if a is not None]
        found = transpose_flat(
            f, avals, lambda outs: [c if isinstance(o, Tracer) else None for c, o in zip(cotangents, outs, strict=True)]
        )
        return [np.zeros(a.shape, a.dtype)[()] if g is None else g for g, a in zip(found, avals, strict=True)]

    def _arguments(self, linear: Sequence[Any], others: Sequence[Any]) -> list[Any]:
        first, second = iter(linear), iter(others)
        return [next(second) if a is None else next(first) for a in self.linear]

    def run(self, *values: Value) -> Flat:
        others, cotangents = values[: self.fixed], values[self.fixed :]
        return self._transposed(lambda *ts: self.rule.run(*self._arguments(ts, others)), cotangents)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        n = self.fixed
        others, cotangents = primals[:n], primals[n:]
        results: list[Value | None] = [None] * (len(self.linear) - n)
        if any(t is not None for t in tangents[n:]):
            changes = [
                zero_beside(tangents, shape_of(c), dtype_of(c)) if t is None else t
                for c, t in zip(cotangents, tangents[n:], strict=True)
            ]
            results = list(self.run(*others, *changes))
        if any(t is not None for t in tangents[:n]):
            known = [t for t in tangents[:n] if t is not None]
            by = [
                zero_beside(known, shape_of(x), dtype_of(x)) if t is None and is_inexact(x) else t
                for x, t in zip(others, tangents[:n], strict=True)
            ]

            def change(*ts: Value) -> Flat:
                still = [zero_beside(ts, shape_of(t), dtype_of(t)) for t in ts]
                outs, found = self.rule.jvp(self._arguments(ts, others), self._arguments(still, by))
                return [
                    np.zeros(shape_of(o), dtype_of(o)) if t is None else t for o, t in zip(outs, found, strict=True)
                ]

            more = self._transposed(change, cotangents)
            results = [b if a is None else plus(a, b) for a, b in zip(results, more, strict=True)]
        return self.run(*primals), results


__all__ = ["Transposed"]
