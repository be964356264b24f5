"""Calls of functions that have a derivative rule of their own.

`custom_call_p` carries a call object (see `Rule`) from trace to trace: each transformation asks it for what it needs,
and batching and staging make new call objects from it. What users write is in `transforms.custom_rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, LinearTracer, Primitive, Tracer, Value, aval_of, dtype_of, inexact_dtype, is_inexact, shape_of
from ..errors import CustomRuleError, LeakedTracerError, NotLinearError, closed_over
from ..program import Program
from ..vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from .closed_rules import Bound, Converted, Staged, converted
from .keeping import keep
from .rules import Batched, Flat, Rule, Within, zero_beside
from .support import nonzero
from .transposed_rules import Transposed


class CustomCall(Primitive):
    """A call of a function with a rule."""

    multiple_results = True

    def bind(self, *args: Value, rule: Rule) -> Results:
        if isinstance(rule, Staged):
            n = rule.hoisted
            if type(rule) is Converted:
                newest = _newest(args[:n])
                if newest is None or newest.level <= getattr(_newest(args[n:]), "level", 0):
                    return super().bind(*args[n:], rule=Bound(rule, args[:n]))
                if hasattr(newest, "split"):
                    return self._by_closed(newest, args[:n], args[n:], rule)
                return newest.process(self, args[n:], {"rule": Bound(rule, args[:n])})
            if n and not any(isinstance(a, Tracer) for a in args[n:]):
                return rule.run(*args)
        return super().bind(*args, rule=rule)

    def _by_closed(self, trace: Any, closed: Sequence[Value], args: Sequence[Value], rule: Converted) -> Flat:
        """Differentiate by what a rule closes over alone, of which it says nothing: the function's own derivative. The
        value still has the rule, by which older transformations differentiate it by the arguments."""
        tangents = [trace.split(o)[1] for o in rule.run(*closed, *args)]
        outs = self.bind(*[trace.split(c)[0] for c in closed], *args, rule=rule)
        join = trace.joined if hasattr(trace, "joined") else trace.wrap
        return [join(o, t) for o, t in zip(outs, tangents, strict=True)]

    def impl(self, *args: Value, rule: Rule) -> Flat:
        return rule.run(*args)

    def called(self, params: Params) -> Program | None:
        inner = getattr(params["rule"], "program", None)
        return inner if isinstance(inner, Program) else None

    def abstract(self, *avals: Aval, rule: Rule) -> list[Aval]:
        if rule.program is None:
            from ..transforms.staging import stage

            return stage(rule.run, avals, rule.name)[0].out_avals
        return rule.program.out_avals

    def stage(self, trace: Any, args: Sequence[Value], params: Params) -> Any:
        rule = params["rule"]
        if type(rule) is Bound:  # Programs already, and once more would be one order of derivatives less
            return trace.append(self, [*rule.closed, *args], {"rule": rule.converted})
        rule, closed = converted(rule, args, trace)
        return trace.append(self, [*closed, *args], {"rule": rule})

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        rule = params["rule"]
        rule.check_differentiated([t is not None for t in tangents])
        if rule.forward_mode:
            return rule.jvp(primals, tangents)
        if getattr(rule, "reverse_only", False) and any(t is not None for t in tangents):
            raise CustomRuleError("can't apply forward-mode autodiff (jvp) to a custom_vjp function.")
        outs, args, spec, live = _prepare_pullback(rule, primals, tangents)
        ts = iter(custom_pullback_p.bind(*args, **spec))
        return outs, [next(ts) if b else None for b in live]

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
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

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """A function that is linear in the arguments on the tape. Its rule is needed where another is differentiated."""
        rule = params["rule"]
        if not any(isinstance(a, Tracer) and not tape.owns(a) for a in args):
            return rule.run(*args)
        return tape.append_many(self, tuple(args), params, self.abstract(*map(aval_of, args), rule=rule))

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        avals = self.abstract(*map(aval_of, args), **params)
        given = [
            zero_beside(cotangent, a.shape, a.dtype) if c is None else c for c, a in zip(cotangent, avals, strict=True)
        ]
        rule = Transposed(params["rule"], [aval_of(a) if type(a) is LinearTracer else None for a in args])
        found = iter(self.bind(*[a for a in args if type(a) is not LinearTracer], *given, rule=rule))
        return [next(found) if type(a) is LinearTracer else None for a in args]

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        rule = Batched(params["rule"], trace, batched)
        outs = self.bind(*args, rule=rule)
        return outs, [True] * len(outs)


def _newest(values: Sequence[Value]) -> Any:
    """The newest trace among values, or None."""
    return max((v._trace for v in values if isinstance(v, Tracer)), key=lambda t: t.level, default=None)


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

    def bind(self, *args: Value, **params: Any) -> Results:
        from ..transforms.staging import StagingTrace
        from ..transforms.tape import Tape

        tracers = [a._trace for a in args if isinstance(a, Tracer)]
        top = max(tracers, key=lambda t: t.level, default=None)
        if isinstance(top, (Tape, StagingTrace)):
            return top.process(self, args, params)
        return self.impl(*args, **params)

    def abstract(self, *avals: Aval, **params: Any) -> list[Aval]:
        return params["out_avals"]

    def impl(self, *args: Value, **params: Any) -> Results:
        """Forward mode: transpose the backward function, which must be linear in the cotangents."""
        from ..transforms.forward import zeros_like
        from ..transforms.transposing import transpose_flat

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

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        n = params["residuals"]
        if params["rule"].zeros_told:
            found = iter(cotangent)
            spread = [next(found) if b else None for b in params["live"]]
        else:
            given = [
                zero_beside(cotangent, a.shape, a.dtype) if c is None else c
                for c, a in zip(cotangent, params["out_avals"], strict=True)
            ]
            spread = spread_cotangents(params, given)
        grads = params["rule"].backward(params["spec"], args[:n], spread)
        return [None] * n + [g for g, b in zip(grads, params["nonzero"], strict=True) if b]

    def leaves_out(self, params: Params) -> bool:
        return True  # it may, and nothing says so beforehand

    def supported(self, cotangent: Results, supports: Any, args: Sequence[Value], params: Params) -> Any:
        """The backward function, run on cotangents that know where they are zero because nothing reaches them."""
        from ..transforms.basis import pushed

        cts = [
            np.zeros(a.shape, a.dtype)[()] if c is None else c
            for c, a in zip(cotangent, params["out_avals"], strict=True)
        ]
        known = [nonzero(c) if c0 is None else s for c, c0, s in zip(cts, cotangent, supports, strict=True)]
        return pushed(lambda given: self.transpose(given, args, params), cts, known)


def spread_cotangents(params: Params, cotangents: Sequence[Value]) -> Flat:
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

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> Pushed:
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
