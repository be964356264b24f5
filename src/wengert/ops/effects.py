"""Operations with an effect: while a Program is written they become equations of it, whatever they are given.

Operations on known values just run while a function is traced; a callback, or a loop or call whose Program has one, would
then run once, when it is traced, and not when the Program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import INNERMOST, Primitive, Tracer, Value
from ..program import Program, programs_of
from ..vocabulary import Results
from .sides import STAGED, notice


def effectful(program: Program) -> bool:
    """Whether a Program does something beside giving results and checking indices; found once."""
    found = program.cache.get("effectful")
    if found is None:
        found = program.cache["effectful"] = any(
            e.primitive.effect or any(map(effectful, programs_of(e.params))) for e in program.equations
        )
    return found


def before(trace: Any, args: Sequence[Value]) -> bool:
    """Whether all arguments were there before a trace began: what is done to them is done where its Program runs."""
    return not any(isinstance(a, Tracer) and a._trace.level >= trace.level for a in args)


class EffectPrimitive(Primitive):
    """A primitive that has an effect, or holds Programs that may."""

    def bind(self, *args: Value, **params: Any) -> Results:
        trace = getattr(INNERMOST, "trace", None)
        if trace is not None and before(trace, args):
            if self.effect or any(map(effectful, programs_of(params))):
                return trace.process(self, args, params)
        if STAGED:
            notice(args, params)
        return super().bind(*args, **params)


__all__ = ["EffectPrimitive", "before", "effectful", "programs_of"]
