"""Calls of functions that have a derivative rule of their own.

`custom_call_p` carries a call object (see `Rule`) from trace to trace: each transformation asks it for what it needs,
and batching and staging make new call objects from it. What users write is in `transforms.custom_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, LinearTracer, Primitive, Tracer, Value, aval_of, dtype_of, inexact_dtype, is_inexact, shape_of
from ..errors import CustomRuleError, LeakedTracerError, NotLinearError
from ..program import Program
from .families import Linear
from .keeping import keep

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
        self.name, self.forward_mode = rule.name, rule.forward_mode

    def _batch(self, f: Any, values: Sequence[Value], batched: Sequence[bool]) -> Flat:
        from ..transforms.batching import batch_in
        from .shape import broadcast_to

        with self.trace.again(values):
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
        from .reduction import reduce_sum

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


def closed_over(what: str, x: Tracer | None = None) -> CustomRuleError:
    name = "a transformation" if x is None else x._trace.name
    return CustomRuleError(
        f"{what} closes over a value that stands under {name}, and is used where that value is not known: pass the value "
        f"as an argument of the function that has the rule"
    )


class Within(Rule):
    """A rule that a tape holds: its backward function takes what it closes over of the tape's trace as constant."""

    def __init__(self, rule: Rule, trace: Any) -> None:
        self.rule, self.trace = rule, trace
        self.name, self.forward_mode = rule.name, rule.forward_mode

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        with self.trace.as_constants():
            grads = self.rule.backward(spec, residuals, cotangents)
            return [self.trace.split(g)[0] for g in grads]


class Staged(Rule):
    """A rule in a Program: the function is a sub-Program, whose first arguments are the values it closed over."""

    def __init__(self, rule: Rule, program: Program, hoisted: int) -> None:
        self.rule, self.program, self.hoisted = rule, program, hoisted
        self.name, self.forward_mode = rule.name, rule.forward_mode

    def __repr__(self) -> str:
        return self.name

    def run(self, *values: Value) -> Flat:
        assert self.program is not None
        return self.program.evaluate(values)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        with self._known():
            return self.rule.jvp(primals[self.hoisted :], tangents[self.hoisted :])

    @contextmanager
    def _known(self) -> Iterator[None]:
        """The rule runs when its Program does: what it closes over of the tracing is not there any more."""
        try:
            yield
        except LeakedTracerError:
            raise closed_over(f"the rule of {self.name}") from None

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        if any(nonzero[: self.hoisted]):
            raise CustomRuleError(
                f"{self.name} closes over a value that is being differentiated, for which its rule says nothing: pass "
                f"it as an argument"
            )
        self.rule.check_differentiated(nonzero[self.hoisted :])

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        with self._known():
            return self.rule.forward(*values[self.hoisted :])

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        with self._known():
            return [None] * self.hoisted + self.rule.backward(spec, residuals, cotangents)


class CustomCall(Primitive):
    """A call of a function with a rule."""

    multiple_results = True

    def impl(self, *args: Value, rule: Rule) -> Flat:
        return rule.run(*args)

    def abstract(self, *avals: Aval, rule: Rule) -> list[Aval]:
        if rule.program is None:
            from ..transforms.staging import stage

            return stage(rule.run, avals, rule.name)[0].out_avals
        return rule.program.out_avals

    def stage(self, trace: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        from ..transforms.staging import stage

        rule = params["rule"]
        program, hoisted = stage(rule.run, [aval_of(a) for a in args], rule.name)
        return trace.append(self, [*hoisted, *args], {"rule": Staged(rule, program, len(hoisted))})

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        rule = params["rule"]
        rule.check_differentiated([t is not None for t in tangents])
        if rule.forward_mode:
            return rule.jvp(primals, tangents)
        outs, args, spec, live = _prepare_pullback(rule, primals, tangents)
        ts = iter(custom_pullback_p.bind(*args, **spec))
        return outs, [next(ts) if b else None for b in live]

    def linearize(self, trace: Any, primals: Sequence[Value], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        rule, start = params["rule"], len(trace.tape.nodes or ())
        if rule.forward_mode:
            outs, changes = self.jvp(primals, tangents, params)
            try:
                wrapped = [trace.wrap(o, t) for o, t in zip(outs, changes, strict=True)]
                trace.settle(start)
            except LeakedTracerError:
                raise closed_over(f"the rule of {rule.name}") from None
            return wrapped
        rule.check_differentiated([t is not None for t in tangents])
        outs, args, spec, live = _prepare_pullback(rule, primals, tangents)
        spec["rule"] = Within(rule, trace)
        args = [a if type(a) is LinearTracer else trace.split(a)[0] for a in args]
        if not any(live):
            return outs
        if trace.tape.keeps:
            args = [keep(a, trace.tape) if type(a) is np.ndarray else a for a in args]
        nodes = iter(trace.tape.append_many(custom_pullback_p, args, spec, spec["out_avals"]))
        return [trace.wrap(o, next(nodes)) if b else o for o, b in zip(outs, live, strict=True)]

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        return params["rule"].run(*args)

    def batch_in(self, trace: Any, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        rule = Batched(params["rule"], trace, batched)
        outs = self.bind(*args, rule=rule)
        return outs, [True] * len(outs)


def _prepare_pullback(rule: Rule, primals: Sequence[Value], tangents: Sequence[Value | None]) -> Any:
    outs, residuals, spec = rule.forward(*primals)
    live = [is_inexact(o) for o in outs]
    params = {
        "rule": rule,
        "spec": spec,
        "residuals": len(residuals),
        "nonzero": tuple(t is not None for t in tangents),
        "live": tuple(live),
        "all_avals": tuple(Aval(shape_of(o), dtype_of(o)) for o in outs),
        "out_avals": [Aval(shape_of(o), dtype_of(o)) for o, b in zip(outs, live, strict=True) if b],
    }
    return outs, (*residuals, *[t for t in tangents if t is not None]), params, live


class CustomPullback(Primitive):
    """The linear map whose transpose is a custom backward function: arguments are residuals, then tangents."""

    multiple_results = True

    def bind(self, *args: Value, **params: Any) -> Any:
        from ..transforms.staging import StagingTrace
        from ..transforms.tape import Tape

        tracers = [a._trace for a in args if isinstance(a, Tracer)]
        top = max(tracers, key=lambda t: t.level, default=None)
        if isinstance(top, (Tape, StagingTrace)):
            return top.process(self, args, params)
        return self.impl(*args, **params)

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        return params["out_avals"]

    def impl(self, *args: Value, **params: Any) -> Any:
        """Forward mode: transpose the backward function, which must be linear in the cotangents."""
        from ..transforms.forward import zeros_like
        from ..transforms.reverse import transpose_flat

        rule, n = params["rule"], params["residuals"]
        residuals, tangents = args[:n], iter(args[n:])
        given = [next(tangents) if b else None for b in params["nonzero"]]

        def backward(*cts: Value) -> list[Value | None]:
            grads = rule.backward(params["spec"], residuals, spread_cotangents(params, cts))
            return [np.zeros(()) if g is None else g for g in grads]

        def pick(outs: Sequence[Any]) -> list[Value | None]:
            return [t if isinstance(o, Tracer) else None for t, o in zip(given, outs, strict=True)]

        try:
            results = transpose_flat(backward, params["out_avals"], pick, keeps=True)
        except NotLinearError as error:
            raise CustomRuleError(
                f"forward mode through {rule.name} transposes the backward function of its custom_vjp, which is not "
                f"linear in the cotangent ({str(error).splitlines()[0]}); differentiate it by reverse mode, or give it "
                f"a custom_jvp rule"
            ) from None
        return [
            zeros_like(np.empty(a.shape, a.dtype)) if r is None else r
            for r, a in zip(results, params["out_avals"], strict=True)
        ]

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        n = params["residuals"]
        given = [
            zero_beside(cotangent, a.shape, a.dtype) if c is None else c
            for c, a in zip(cotangent, params["out_avals"], strict=True)
        ]
        grads = params["rule"].backward(params["spec"], args[:n], spread_cotangents(params, given))
        return [None] * n + [g for g, b in zip(grads, params["nonzero"], strict=True) if b]


def spread_cotangents(params: dict[str, Any], cotangents: Sequence[Value]) -> Flat:
    """A cotangent for every result: zeros for the integer ones."""
    given = iter(cotangents)
    return [
        next(given)
        if b
        else zero_beside(cotangents, a.shape, a.dtype if inexact_dtype(a.dtype) else config.float_dtype)
        for a, b in zip(params["all_avals"], params["live"], strict=True)
    ]


class _SampleRule(Rule):
    name = "cube"

    def __init__(self, forward_mode: bool) -> None:
        self.forward_mode = forward_mode

    def run(self, *values: Value) -> Flat:
        return [values[0] * values[0] * values[0]]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> Any:
        (x,), (t,) = primals, tangents
        return [x * x * x], [None if t is None else 3 * x * x * t]

    def forward(self, *values: Value) -> Any:
        return self.run(*values), [values[0]], None

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> Any:
        return [3 * residuals[0] * residuals[0] * cotangents[0]]


custom_call_p = CustomCall(
    "custom_call",
    samples=lambda: [((np.array([0.5, -1.0]),), {"rule": _SampleRule(forward)}) for forward in (True, False)],
)
custom_pullback_p = CustomPullback("custom_pullback", reasons={"all": "made by custom_call; tested through it"})
