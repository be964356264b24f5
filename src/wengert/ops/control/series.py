"""Power series through what holds Programs: a call, a branch, a loop carries coefficients as it carries values.

A Program becomes one of values and of the coefficients of those inputs that have any (`series_program`), made once for
each order; which carried values have coefficients in some step is a least fixed point, as for tangents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Aval, Value, aval_of
from ...program import Program, Var
from ..derived import alone, once, strong
from .operands import LoopOperands, ScanOperands
from .programs import fixed_point, rewired, zeros

Flags = tuple[bool, ...]
Coefficients = Sequence[Any]


def series_program(
    program: Program,
    flags: Flags,
    order: int,
    inputs: Sequence[int],
    outputs: Sequence[int],
    wanted: Flags | None = None,
) -> tuple[Program, list[bool]]:
    """A Program on power series.

    Args:
        flags: which inputs have coefficients.
        inputs: where groups of inputs end; the coefficients of a group follow it, those of an input together.
        outputs: the same for the results.
        wanted: which results are given with coefficients, zeros included; None: those that have any.

    Returns:
        The Program, and which results have coefficients.
    """
    from ...transforms.series import series_flat

    def make() -> Any:
        live: list[bool] = []
        n_out = len(program.outputs)

        def f(*values: Value) -> list[Value]:
            rest = iter(values)
            primals: list[Value] = []
            given: list[Any] = []
            for first, end in zip([0, *inputs], [*inputs, len(flags)], strict=True):
                primals += [next(rest) for _ in range(first, end)]
                given += [[next(rest) for _ in range(order)] if b else None for b in flags[first:end]]
            outs, found = series_flat(lambda *a: program.evaluate(a), primals, given, order)
            live[:] = [c is not None for c in found]
            kept = live if wanted is None else wanted
            results: list[Value] = []
            for first, end in zip([0, *outputs], [*outputs, n_out], strict=True):
                results += outs[first:end]
                for o, c, b in zip(outs[first:end], found[first:end], kept[first:end], strict=True):
                    if b:
                        results += [zeros(aval_of(o)) if v is None else v for v in (c or [None] * order)]
            return results

        avals: list[Aval] = []
        for first, end in zip([0, *inputs], [*inputs, len(flags)], strict=True):
            avals += program.in_avals[first:end]
            avals += [
                strong(a)
                for a, b in zip(program.in_avals[first:end], flags[first:end], strict=True)
                if b
                for _ in range(order)
            ]
        derived = alone(f, avals, f"series of {program.name}")
        derived.masked = program.masked
        return derived, live

    return once(program, ("series", flags, order, tuple(inputs), tuple(outputs), wanted), make)


def _filled(coefficients: Sequence[Value | None] | None, primal: Value, order: int) -> list[Value]:
    """All coefficients of an argument, zeros written out."""
    return [zeros(aval_of(primal)) if c is None else c for c in (coefficients or [None] * order)]


def _grouped(primals: Sequence[Value], coefficients: Coefficients, flags: Flags, order: int) -> list[Value]:
    found = list(primals)
    for p, c, b in zip(primals, coefficients, flags, strict=True):
        if b:
            found += _filled(c, p, order)
    return found


def _apart(outs: Sequence[Value], live: Sequence[bool], order: int) -> tuple[list[Value], list[Any]]:
    """Results and their coefficients from a group of both."""
    rest = iter(outs[len(live) :])
    return list(outs[: len(live)]), [[next(rest) for _ in range(order)] if b else None for b in live]


def _flags(coefficients: Coefficients) -> Flags:
    return tuple(c is not None and any(v is not None for v in c) for c in coefficients)


def through_call(bind: Any, order: int, primals: Sequence[Value], coefficients: Coefficients, params: Any) -> Any:
    flags = _flags(coefficients)
    derived, live = series_program(params["program"], flags, order, (), ())
    outs = bind(*_grouped(primals, coefficients, flags, order), **{**params, "program": derived})
    return _apart(outs, live, order)


def through_branches(bind: Any, order: int, primals: Sequence[Value], coefficients: Coefficients, params: Any) -> Any:
    flags = _flags(coefficients[1:])
    branches = params["branches"]
    live = tuple(any(f) for f in zip(*[series_program(b, flags, order, (), ())[1] for b in branches], strict=True))
    both = tuple(series_program(b, flags, order, (), (), live)[0] for b in branches)
    outs = bind(primals[0], *_grouped(primals[1:], coefficients[1:], flags, order), **{**params, "branches": both})
    return _apart(outs, live, order)


def through_scan(bind: Any, order: int, primals: Sequence[Value], coefficients: Coefficients, params: Any) -> Any:
    body, operands = params["body"], params["operands"]
    nc, nk, _ = operands
    n_out = len(body.outputs)
    given = _flags(coefficients)

    def live_of(flags: Flags) -> list[bool]:
        return series_program(body, flags, order, (nc, nc + nk), (nk,))[1]

    carry = fixed_point(given[nc : nc + nk], lambda c: live_of((*given[:nc], *c, *given[nc + nk :]))[:nk])
    flags = (*given[:nc], *carry, *given[nc + nk :])
    ys = live_of(flags)[nk:]
    step, _ = series_program(body, flags, order, (nc, nc + nk), (nk,), (*carry, *ys))
    groups = zip(operands.split(primals), operands.split(coefficients), operands.split(flags), strict=True)
    consts, start, xs = [_grouped(values, cs, tuple(f), order) for values, cs, f in groups]
    outs = bind(*consts, *start, *xs, **{**params, "operands": ScanOperands.of(consts, start, xs), "body": step})
    m = len(start)
    first, of_carry = _apart(outs[:m], carry, order)
    assert len(ys) == n_out - nk
    stacked, of_stacked = _apart(outs[m:], ys, order)
    return [*first, *stacked], [*of_carry, *of_stacked]


def through_while(bind: Any, order: int, primals: Sequence[Value], coefficients: Coefficients, params: Any) -> Any:
    cond, body = params["cond"], params["body"]
    nt, nb, _ = params["operands"]
    given = _flags(coefficients[nt:])

    def live_of(carry: Flags) -> list[bool]:
        return series_program(body, (*given[:nb], *carry), order, (nb,), ())[1]

    carry = fixed_point(given[nb:], live_of)
    flags = (*given[:nb], *carry)
    step, _ = series_program(body, flags, order, (nb,), (), carry)
    consts = _grouped(primals[nt : nt + nb], coefficients[nt : nt + nb], flags[:nb], order)
    start = _grouped(primals[nt + nb :], coefficients[nt + nb :], carry, order)
    more = [Var(a) for a in step.out_avals[len(carry) :]]
    wider = once(
        cond, ("series", len(more), tuple(step.out_avals)), lambda: rewired(cond, [*cond.inputs, *more], cond.outputs)
    )
    tests = primals[:nt]
    derived = {"operands": LoopOperands.of(tests, consts, start), "cond": wider, "body": step}
    outs = bind(*tests, *consts, *start, **{**params, **derived})
    return _apart(outs, carry, order)


__all__ = ["series_program", "through_branches", "through_call", "through_scan", "through_while"]
