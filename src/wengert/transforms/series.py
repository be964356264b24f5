"""Power series: a transformation that carries the Taylor coefficients of a curve along with values.

A tracer holds a value and, on demand, the coefficients of ``t, t**2, ...``. Products, quotients and linear operations
have recurrences of their own (`ops.power_series`). For any other operation ``y = f(x)`` the tangent rule is a
differential equation, ``y'(t) = f'(x(t)) x'(t)``, in which the rule's own operations are operations on power series: its
coefficient of order ``k - 1`` gives ``k`` times that of `y`, and needs none of `y` beyond ``k - 1``. Because coefficients
are computed on demand, the rule runs once, and refers to the result that it belongs to; the cost is that of the products
in it, of the second power of the order.

Loops, branches and calls carry coefficients as they carry values (`ops.control.series`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import numpy as np

from ..core import (
    TAKING,
    PrimalTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    inexact_dtype,
    next_level,
    shape_of,
    taker,
)
from ..errors import CustomRuleError
from ..ops.callback import once_more
from ..ops.power_series import Coefficient
from ..ops.shape import spread
from ..ops.sides import ASIDE, BESIDE, hides, kinked, side_of
from ..ops.terms import product_of
from ..ops.written import STATES, give_back
from ..program import programs_of
from ..vocabulary import Params, Results
from .forward import JVPTrace, JVPTracer

ndarray = np.ndarray


class Stream:
    """Coefficients that are computed when they are asked for, in order, each once."""

    __slots__ = ("compute", "constant", "known")

    def __init__(
        self,
        compute: Coefficient,
        known: list[Value | None] | None = None,
        constant: Callable[[], bool] = lambda: False,
    ) -> None:
        self.compute = compute
        self.known: list[Value | None] = [] if known is None else known
        self.constant = constant  # whether all coefficients are known to be zero

    def __call__(self, k: int) -> Value | None:
        known = self.known
        while len(known) < k:
            known.append(self.compute(len(known) + 1))
        return known[k - 1]


def _beyond(k: int) -> None:
    return None


class _Sides:
    """Derivatives on both sides of a kink, and their middle; `kinks`, which is made of series, gives the functions."""

    both: Callable[..., list[Any]]
    middle: Callable[[Any, Any], Any]


SIDES = _Sides()


class SeriesTracer(PrimalTracer):
    """A value and the coefficients of the power series that starts with it."""

    __slots__ = ()
    stream = ValueTracer.second
    differentiated = True

    def __init__(self, trace: SeriesTrace, primal: Value, stream: Stream) -> None:
        self._trace = trace
        self.primal = primal
        self.stream = stream
        self.views = None
        self.shape, self.dtype = shape_of(primal), dtype_of(primal)

    def parts(self) -> tuple[Value, ...]:
        return self.primal, *[c for c in self.stream.known if c is not None]

    def __repr__(self) -> str:
        return f"SeriesTracer<{self.aval!r}>(value={self.primal!r}, coefficients={self.stream.known!r})"


class SeriesTrace(Trace):
    """Carries coefficients up to an order along with values."""

    __slots__ = ("kinked", "open", "order", "running")
    name = "jet"
    beside = False  # whether it leaves a point whose derivatives are looked for, and nobody asks for its coefficients

    def __init__(self, order: int) -> None:
        self.level = next_level()
        self.open = True
        self.kinked = False
        self.order = order
        self.running: dict[Any, Any] | None = None  # what the operation at hand has led to, by operation and arguments

    @property
    def ended(self) -> bool:
        return not self.open

    def owns(self, x: Value) -> TypeGuard[SeriesTracer]:
        return type(x) is SeriesTracer and x._trace is self

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        if self.running is not None:  # an operation of a rule: its coefficients may need those that it is asked for
            return self._apply(primitive, args, params)
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        self.running = {}
        try:
            out = self._apply(primitive, args, params)
            if primitive.multiple_results:
                return [self._settled(o) for o in out]
            return self._settled(out)
        finally:
            self.running = None

    def _settled(self, out: Value) -> Value:
        """A result with all its coefficients; the value alone where they are zero."""
        if not self.owns(out):
            return out
        coefficients = [out.stream(k) for k in range(1, self.order + 1)]
        out.stream.compute = _beyond  # frees what the coefficients were computed from
        return out if any(c is not None for c in coefficients) else out.primal

    def _apply(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Any:
        assert self.running is not None
        key = (primitive, *map(id, args), *_key(params))
        found = self.running.get(key)
        if found is None:
            out = self._new(primitive, args, params, key)
            self.running[key] = found = (out, args, params)  # which keeps the arguments, whose ids are in the key
        return found[0]

    def _new(self, primitive: Primitive, args: tuple[Value, ...], params: Params, key: Any) -> Any:
        primals: list[Value] = list(args)
        given: list[Any] = [None] * len(args)
        for i, a in enumerate(args):
            if self.owns(a):
                primals[i], given[i] = a.primal, a.stream
        if ASIDE.on and primitive in BESIDE and self.owns(args[0]) and dtype_of(args[0]).kind in "fV":
            return self._beside(primitive, primals, given[0])
        if ASIDE.on and primitive.series_through is None and programs_of(params):
            return self._by_two_tangents(primitive, args, params)
        if primitive.series_through is not None:
            return self._through(primitive, primals, given, params)
        out = primitive.bind(*primals, **params)
        if not primitive.multiple_results:
            if not inexact_dtype(dtype_of(out)):
                return out
            rule = None if self.owns(out) else primitive.series(primals, given, params)
            if rule is not None:
                return self._by_recurrence(rule, out, primals, given)
        return self._by_tangents(primitive, args, given, params, out, key)

    def _beside(self, primitive: Primitive, primals: Sequence[Value], stream: Stream) -> Value:
        """What is resolved beside the point, and moves as its argument does, times a factor."""
        out, factor = BESIDE[primitive](primals, lambda: side_of(primals[0], stream, self.order))
        if factor is None:
            return out
        found: list[Value] = []

        def compute(k: int) -> Value | None:
            found.extend([] if found else [factor()])
            return product_of(found[0], stream(k))

        return SeriesTracer(self, out, Stream(compute, constant=stream.constant))

    def _by_two_tangents(self, primitive: Primitive, args: Sequence[Value], params: Params) -> Any:
        """What holds Programs and carries no power series: two coefficients, by the tangents of tangents."""
        trace = JVPTrace()
        primals: list[Value] = list(args)
        tangents: list[Value | None] = [None] * len(args)
        for i, a in enumerate(args):
            if self.owns(a):
                primals[i], first, second = a.primal, a.stream(1), a.stream(2)
                if first is not None or second is not None:
                    first = np.zeros(a.shape, a.dtype) if first is None else first
                    primals[i] = JVPTracer(trace, a.primal, first)
                    tangents[i] = first if second is None else JVPTracer(trace, first, second + second)
        outs, moves = primitive.jvp(primals, tangents, params)
        several = primitive.multiple_results
        found = [
            self._moving(trace, o, t) for o, t in zip(*((outs, moves) if several else ([outs], [moves])), strict=True)
        ]
        return found if several else found[0]

    def _moving(self, trace: JVPTrace, out: Value, tangent: Value | None) -> Value:
        value, first = trace.split(out)
        if tangent is None or not inexact_dtype(dtype_of(value)):
            return value
        first, second = trace.split(tangent)
        rest = [None] * (self.order - 2)
        half = None if second is None else second * dtype_of(second).type(0.5)
        return SeriesTracer(self, value, Stream(_beyond, [first, half, *rest]))

    def _by_recurrence(self, rule: Any, out: Value, primals: Sequence[Value], given: Any) -> Value:
        shape, dtype = shape_of(out), dtype_of(out)
        stream = Stream(_beyond, constant=lambda: all(g is None or g.constant() for g in given))

        def own(k: int) -> Value | None:
            return out if k == 0 else stream(k)

        def compute(k: int) -> Value | None:
            c = rule(k, own, primals, given)
            return None if c is None else spread(c, shape, dtype)

        stream.compute = compute
        return SeriesTracer(self, out, stream)

    def _by_tangents(
        self, primitive: Primitive, args: tuple[SeriesTracer | Any, ...], given: Any, params: Params, out: Any, key: Any
    ) -> Any:
        """Results by the tangent rule, as the differential equation that it is."""
        outs = out if primitive.multiple_results else [out]
        found: list[Any] = []
        begun = False

        def tangent(j: int) -> Any:
            nonlocal begun
            if not found:
                begun = True
                slopes = [None if s is None else self._slope(a, s) for a, s in zip(args, given, strict=True)]
                _, t = primitive.jvp(args, slopes, params)
                found.extend(t if primitive.multiple_results else [t])
            return found[j]

        def constant(j: int) -> Callable[[], bool]:
            return lambda: (bool(found) or not begun) and tangent(j) is None

        def coefficient(j: int) -> Coefficient:
            def compute(k: int) -> Value | None:
                t = tangent(j)
                if self.owns(t):
                    c = t.primal if k == 1 else t.stream(k - 1)
                else:
                    c = t if k == 1 else None
                if c is None or k == 1:
                    return c
                return c * dtype_of(c).type(1 / k) if k & (k - 1) == 0 else c / k

            return compute

        results: list[Value] = []
        for j, o in enumerate(outs):
            moves = inexact_dtype(dtype_of(o))
            stream = Stream(coefficient(j), constant=constant(j))
            if self.owns(o):
                o, stream = self._joined(primitive, o, stream)  # noqa: PLW2901
            results.append(SeriesTracer(self, o, stream) if moves else o)
        result = results if primitive.multiple_results else results[0]
        assert self.running is not None
        self.running[key] = (result, args, params)  # before the rule runs, which may ask for it
        return result

    def _joined(self, primitive: Primitive, out: SeriesTracer, stream: Stream) -> tuple[Value, Stream]:
        """A result that moves by what a rule closes over, and the coefficients that the rule gives."""
        raise CustomRuleError(
            f"jet: {primitive.name} holds a function that closes over a value of the function that is expanded: pass the "
            f"value as an argument"
        )

    def _slope(self, x: SeriesTracer, stream: Stream) -> SeriesTracer | None:
        """The derivative of a series, by its parameter; None where that is zero, which an infinite partial may meet."""
        if stream.constant():
            return None
        first = stream(1)

        def compute(k: int) -> Value | None:
            c = stream(k + 1)
            return None if c is None else c * (k + 1)

        primal = np.zeros(x.shape, x.dtype) if first is None else first
        return SeriesTracer(self, primal, Stream(compute))

    def _through(self, primitive: Primitive, primals: list[Value], given: Any, params: Params) -> list[Value]:
        """Results of a loop, branch or call, of all orders at once; in a rule, whose coefficients may not be known yet,
        of those that the rule asks for."""
        assert self.running is not None
        rule: Any = primitive.series_through
        outermost = len(self.running) == 0
        runs: dict[int, Any] = {}

        def run(order: int) -> Any:
            if order not in runs:
                coefficients = [None if s is None else [s(k) for k in range(1, order + 1)] for s in given]
                runs[order] = rule(order, primals, coefficients, params)
            return runs[order]

        def coefficient(j: int) -> Coefficient:
            def compute(k: int) -> Value | None:
                found = run(self.order if outermost else k)[1][j]
                return None if found is None else found[k - 1]

            return compute

        outs = run(self.order)[0] if outermost else primitive.bind(*primals, **params)
        return [
            SeriesTracer(self, o, Stream(coefficient(j))) if inexact_dtype(dtype_of(o)) else o
            for j, o in enumerate(outs)
        ]

    def split(self, x: Value) -> tuple[Value, list[Value | None] | None]:
        """The value and the coefficients of a result, None where it is constant."""
        if self.owns(x):
            return x.primal, [x.stream(k) for k in range(1, self.order + 1)]
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())


def _key(params: Params) -> list[Any]:
    return [(name, id(value) if not isinstance(value, (int, str, tuple)) else value) for name, value in params.items()]


def series_flat(
    f: Callable[..., Sequence[Value]],
    primals: Sequence[Value],
    coefficients: Sequence[Sequence[Value | None] | None],
    order: int,
    owner: Any = None,
) -> tuple[list[Value], list[list[Value | None] | None]]:
    """Values and coefficients of a function from values to values along a curve; None where they are zero.

    Where slopes at kinks take part, coefficients of second and higher order are the mean of those beside the point
    (`transforms.kinks`); an `owner` that has a part of the function run so is told, and sees to that itself.
    """
    trace = SeriesTrace(order)
    args = [
        p if c is None else SeriesTracer(trace, p, Stream(_beyond, list(c)))
        for p, c in zip(primals, coefficients, strict=True)
    ]
    try:
        pairs = [trace.split(o) for o in f(*args)]
    finally:
        trace.open = False
        if STATES:
            give_back()
    values, found = [p for p, _ in pairs], [c for _, c in pairs]
    if hides(trace) and owner is None:
        with once_more():
            values = list(f(*primals))
    if kinked(trace) and order > 1:
        if owner is not None:
            owner.kinked = True
        else:
            along = [None if c is None else c[0] for c in coefficients]
            right, left = SIDES.both(lambda moved: series_flat(f, moved, coefficients, order)[1], primals, along)
            found = [_between(at, a, b) for at, a, b in zip(found, right, left, strict=True)]
    return values, found


def _between(at: Any, a: Any, b: Any) -> list[Value | None] | None:
    """The first coefficient at the point, the others from both sides."""
    rows = [c for c in (at, a, b) if c is not None]
    if not rows:
        return None
    zero = [None] * len(rows[0])
    return [(at or zero)[0], *[SIDES.middle(x, y) for x, y in zip((a or zero)[1:], (b or zero)[1:], strict=True)]]


__all__ = ["SeriesTrace", "SeriesTracer", "series_flat"]
