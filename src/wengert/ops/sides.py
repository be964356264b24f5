"""Derivatives of derivatives at the kink of ``|x|``: the mean of what they are on two opposite sides of the point.

The slope of ``|x|`` at 0 is 0, the one in the middle, and with it whatever a function computes from ``|x|`` seems not to
change with x: the second derivative of ``cos(|x|)`` would be 0, and is -1. So a transformation that differentiates a slope
at 0, or one of a number that it does not know, takes its derivatives twice more, as they are beside the point in some
direction and in the opposite one (`transforms.kinks`), and gives the mean: the derivative of the smooth function where there
is one, 0 of ``|x|`` and of what is odd. Values and first derivatives are those of the first time.

Here slopes notice who differentiates them, and are resolved: beside the point the slope is the sign of how the argument
moves (`toward`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from ..core import Tracer, Value
from ..program import Program, programs_of, subprograms
from .families import Elementwise
from .known import has_zeros, known


class _Aside(threading.local):
    """Of this thread.

    Attributes:
        on: whether an operation is being differentiated along the direction in which a point is left. Programs that are
            kept are kept apart.
        left: whether the function that runs is one beside a point, which is left but once.
    """

    on: bool = False
    left: bool = False


ASIDE = _Aside()
STAGED: list[bool] = []  # not empty once a slope may stand in a Program
DERIVATIVES: set[Any] = set()  # operations that are derivatives of Programs that they hold


class Slope(Elementwise):
    """The slope of ``|x|``; its first argument is x."""

    slope = True
    toward: Callable[..., Value]

    def __init__(self, name: str, function: Any, **kwargs: Any) -> None:
        super().__init__(name, function, None, **kwargs)
        bind = self.bind

        def noticing(x: Value, *rest: Value) -> Value:
            if isinstance(x, Tracer):
                if x.differentiated:
                    primal = cast(Any, x).first
                    notices = hasattr(type(x._trace), "kinked")
                    if notices and not _moves(primal) and (has_zeros(primal) or not known(primal)):
                        x._trace.kinked = True
                elif not STAGED:
                    STAGED.append(True)
            return bind(x, *rest)

        self.bind = noticing

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        if ASIDE.on and tangents[0] is not None:
            return Slope.toward(primals[0], tangents[0]), None
        return self.bind(*primals), None


def _moves(x: Value) -> bool:
    """Whether a value is differentiated further out: that transformation leaves the point, and but one can."""
    while isinstance(x, Tracer):
        if x.differentiated:
            return True
        x = getattr(x, "first", None)
    return False


def notice(args: tuple[Value, ...], params: dict[str, Any], mark: str = "slope") -> None:
    """Let the newest trace that differentiates a Program know that slopes stand in it; what they are of is not known."""
    newest: Any = None
    for a in args:
        if isinstance(a, Tracer) and (newest is None or a._trace.level > newest.level):
            newest = a._trace
    if newest is None or not hasattr(type(newest), "kinked"):
        return
    if any(a._trace is newest and _moves(cast(Any, a).first) for a in args if isinstance(a, Tracer)):
        return
    if any(_holds(p, mark) for p in programs_of(params)):
        newest.kinked = True


def _holds(program: Program, mark: str) -> bool:
    """Whether an operation with a mark stands in a Program or in one that it calls."""
    found = program.cache.get(mark)
    if found is None:
        found = program.cache[mark] = any(
            getattr(e.primitive, mark, False)
            or any(_holds(p, mark) or (e.primitive in DERIVATIVES and _holds(p, "kink")) for p in subprograms(e))
            for e in program.equations
        )
    return found


def derivative_of_kinks(primitive: Any) -> None:
    """Let who differentiates a primitive, which is a derivative of the Programs that it holds, notice the kinks in them."""
    bind = primitive.bind

    def noticing(*args: Value, **params: Any) -> Any:
        notice(args, params, "kink")
        return bind(*args, **params)

    primitive.bind = noticing
    DERIVATIVES.add(primitive)


def kinked(trace: Any) -> bool:
    """Whether the derivatives of a trace are the mean of those beside the point."""
    return trace.kinked and not ASIDE.left


__all__ = ["ASIDE", "STAGED", "Slope", "derivative_of_kinks", "kinked", "notice"]
