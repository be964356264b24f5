"""Derivatives of derivatives at the kink of ``|x|``: the mean of what they are on two opposite sides of the point.

The slope of ``|x|`` at 0 is 0, the one in the middle, and with it whatever a function computes from ``|x|`` seems not to
change with x: the second derivative of ``cos(|x|)`` would be 0, and is -1. So a transformation that differentiates a slope
at 0, or one of a number that it does not know, takes its derivatives twice more, as they are beside the point in some
direction and in the opposite one (`transforms.kinks`), and gives the mean: the derivative of the smooth function where there
is one, 0 of ``|x|`` and of what is odd. Values and first derivatives are those of the first time.

Here slopes notice who differentiates them, and are resolved: beside the point the slope is the sign of how the argument
moves (`toward`), by the first coefficient of its power series that is not 0 (`side_of`): ``|x * x|`` moves up on both sides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from ..core import Tracer, Value
from ..program import Program, programs_of, subprograms
from ..vocabulary import Params, Pushed
from .families import Elementwise
from .known import has_zeros, known


class _Aside(threading.local):
    """Of this thread.

    Attributes:
        on: whether an operation is being differentiated along the direction in which a point is left. Programs that are
            kept are kept apart.
        left: whether the function that runs is one beside a point, which is left but once.
        short: whether the sign of an argument may be that of a coefficient that was not computed.
    """

    on: bool = False
    left: bool = False
    short: bool = False


ASIDE = _Aside()
STAGED: list[bool] = []  # not empty once a slope may stand in a Program
DERIVATIVES: set[Any] = set()  # operations that are derivatives of Programs that they hold
KINKED, HIDES = 1, 2  # a trace differentiates a slope at a kink; one that a further one inside differentiates, too

# Operations that are resolved beside the point, by `transforms.series`: ``(arguments, side)``, the second a function that gives the
# sign of the first argument there, to the value, and to a function that gives what all coefficients of the argument are
# multiplied by; None where the value does not move.
BESIDE: dict[Any, Callable[..., tuple[Value, Callable[[], Value] | None]]] = {}


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
                    if hasattr(type(x._trace), "kinked") and (has_zeros(primal) or not known(primal)):
                        _mark(x._trace, _mover(primal))
                elif not STAGED:
                    STAGED.append(True)
            return bind(x, *rest)

        cast(Any, self).bind = noticing

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        if ASIDE.on:  # the second time by the second coefficient, where the first is 0
            t = tangents[-1]
            if t is not None:
                x, *before = primals
                return Slope.toward(x, Slope.toward(before[0], t)) if before else side_by_tangent(x, t), None
        return self.bind(*primals), None


def _mover(x: Value) -> Any:
    """The trace that differentiates a value further out: that one leaves the point, and but one can. None if there is none."""
    while isinstance(x, Tracer):
        if x.differentiated:
            return x._trace
        x = getattr(x, "first", None)
    return None


def _mark(trace: Any, mover: Any) -> None:
    if mover is None:
        trace.kinked = trace.kinked or KINKED
    elif hasattr(type(mover), "kinked"):
        mover.kinked = HIDES


def side_by_tangent(x: Value, t: Value) -> Value:
    """The same as `side_of`, by the first coefficient."""
    if not ASIDE.short and (has_zeros(x) or not known(x)):
        ASIDE.short = not known(t) or has_zeros(t)
    return Slope.toward(x, t)


def side_of(x: Value, coefficients: Callable[[int], Value | None], order: int) -> Value:
    """The sign of a real number, and where it is 0 that of the first of its coefficients that is not. 0 where all are."""
    moves: list[Value] = []
    left = has_zeros(x) or not known(x)
    for k in range(1, order + 1):
        if not left:
            break
        c = coefficients(k)
        if c is not None:
            moves.append(c)
            left = not known(c) or has_zeros(c)
    ASIDE.short = ASIDE.short or left
    out: Value = moves.pop() if moves else x
    for c in reversed(moves):
        out = Slope.toward(c, out)
    return Slope.toward(x, out)


def notice(args: tuple[Value, ...], params: Params, mark: str = "slope") -> None:
    """Let the newest trace that differentiates a Program know that slopes stand in it; what they are of is not known."""
    newest: Any = None
    for a in args:
        if isinstance(a, Tracer) and (newest is None or a._trace.level > newest.level):
            newest = a._trace
    if newest is None or not hasattr(type(newest), "kinked"):
        return
    if any(holds(p, mark) for p in programs_of(params)):
        movers = [_mover(cast(Any, a).first) for a in args if isinstance(a, Tracer) and a._trace is newest]
        _mark(newest, next((m for m in movers if m is not None), None))


def holds(program: Program, mark: str) -> bool:
    """Whether an operation with a mark stands in a Program or in one that it calls."""
    found = program.cache.get(mark)
    if found is None:
        found = program.cache[mark] = any(
            getattr(e.primitive, mark, False)
            or any(holds(p, mark) or (e.primitive in DERIVATIVES and holds(p, "kink")) for p in subprograms(e))
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


def made_aside(cache: Any, key: Any, make: Callable[[], Any]) -> Any:
    """What is made beside a point, and noted in a cache whether it looked at too few coefficients."""
    before, ASIDE.short = ASIDE.short, False
    try:
        found = make()
        cache[key, "short"] = ASIDE.short
        return found
    finally:
        ASIDE.short = ASIDE.short or before


def kinked(trace: Any) -> bool:
    """Whether the derivatives of a trace are the mean of those beside the point."""
    return bool(trace.kinked) and not ASIDE.left


def hides(trace: Any) -> bool:
    """Whether values under a trace are derivatives at a kink themselves, which are those of the same without the trace."""
    return trace.kinked == HIDES and not ASIDE.left


__all__ = [
    "ASIDE",
    "BESIDE",
    "STAGED",
    "Slope",
    "derivative_of_kinks",
    "hides",
    "holds",
    "kinked",
    "made_aside",
    "notice",
    "side_by_tangent",
    "side_of",
]
