"""A walk over the equations of a Program that carries dependences, and values where they are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Value, inexact_dtype
from ..lowering import Composition, Formula, kernels
from ..ops.rules import linear_zero_p
from ..program import Equation, Program, Var
from .dependence import Dependence
from .loops import CONTROL
from .rules import LOWERED, NAMED, Known, along, elementwise, everything, of_matrices, running, size_of


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


def _of_program(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Known]) -> Any:
    program = eqn.primitive.expansion(eqn.inputs, eqn.params)
    return None if program is None else w.run(program, deps, known)[0]


def propagate(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Known]) -> Sequence[Dependence]:
    """What the results of an equation depend on."""
    p = eqn.primitive
    live = [inexact_dtype(v.aval.dtype) for v in eqn.outputs]
    if not any(live) or all(d.empty for d in deps) or p is linear_zero_p:
        return [Dependence(size_of(v.aval), w.width) for v in eqn.outputs]
    found = _found(w, eqn, deps, known)
    if found is None:
        found = everything(w, eqn, deps, known)
    return [d if b else Dependence(size_of(v.aval), w.width) for d, b, v in zip(found, live, eqn.outputs, strict=True)]


def _found(w: Any, eqn: Equation, deps: Sequence[Dependence], known: Sequence[Known]) -> Any:
    p = eqn.primitive
    native = type(p.native)
    if p in NAMED:
        return NAMED[p](w, eqn, deps, known)
    if p.elementwise or p.mixes == 0 or isinstance(p.native, Formula):
        return elementwise(w, eqn, deps, known)
    for kind, rule in CONTROL.items():
        if isinstance(p, kind):
            return rule(w, eqn, deps, known)
    if native in LOWERED:
        return LOWERED[native](w, eqn, deps, known)
    if p.mixes is not None:
        return of_matrices(w, eqn, deps, known)
    if isinstance(p.native, kernels.Kernel) and p.native.place == "scans.running":
        return running(w, eqn, deps, known)
    params = eqn.params
    if "axis" in params or "axes" in params:
        axes = params["axes"] if "axes" in params else (params["axis"],)
        found = along(w, eqn, deps, known, axes)
        if found is not None:
            return found
    if isinstance(p.native, Composition) or p.called(params) is not None:
        return _of_program(w, eqn, deps, known)
    return None


__all__ = ["Walk", "propagate"]
