"""A walk over the equations of a Program that carries dependences, and values where they are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Value
from ..program import Equation, Program, Var
from .dependence import Dependence
from .rules import propagate, size_of

STEPS = 20_000  # equations that are gone through one by one where a loop is followed step by step


class Walk:
    """Carries dependences through Programs.

    Args:
        width: how many columns there are.
        local: whether all values are known, and the pattern is that at these.

    Attributes:
        unknown_places: whether a place was read or written that is not known.
    """

    def __init__(self, width: int, local: bool = False) -> None:
        self.width, self.local = width, local
        self.unknown_places = False

    def of_width(self, width: int) -> Walk:
        return Walk(width, self.local)

    def nothing(self, aval: Any) -> Dependence:
        return Dependence(size_of(aval), self.width)

    def run(
        self, program: Program, deps: Sequence[Dependence], known: Sequence[Any]
    ) -> tuple[list[Dependence], list[Any]]:
        """What the results of a Program depend on, and their values where they are known."""
        env: dict[Any, tuple[Dependence, Any]] = {}
        for v, d, value in zip(program.inputs, deps, known, strict=True):
            env[v] = d, value
        last: dict[Any, int] = {a: i for i, e in enumerate(program.equations) for a in e.inputs if isinstance(a, Var)}
        kept = {a for a in program.outputs if isinstance(a, Var)}

        def of(a: Any) -> tuple[Dependence, Any]:
            return env[a] if isinstance(a, Var) else (self.nothing(a.aval), a.value)

        for i, eqn in enumerate(program.equations):
            given = [of(a) for a in eqn.inputs]
            ds, values = [d for d, _ in given], [v for _, v in given]
            outs = propagate(self, eqn, ds, values)
            results = self.values(eqn, ds, values)
            for v, d, value in zip(eqn.outputs, outs, results, strict=True):
                env[v] = d, value
            for a in eqn.inputs:
                if isinstance(a, Var) and last[a] == i and a not in kept:
                    env.pop(a, None)
        found = [of(a) for a in program.outputs]
        return [d for d, _ in found], [v for _, v in found]

    def values(self, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Value | None]) -> list[Any]:
        """The values of an equation's results, where those of its operands are known."""
        if any(v is None for v in known) or eqn.primitive.effect:
            return [None] * len(eqn.outputs)
        if not self.local and not all(d.empty for d in deps):
            return [None] * len(eqn.outputs)
        with np.errstate(all="ignore"):
            out = eqn.primitive.bind(*known, **eqn.params)
        return list(out) if eqn.primitive.multiple_results else [out]


__all__ = ["STEPS", "Walk"]
