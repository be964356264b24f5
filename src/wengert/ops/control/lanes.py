"""Batches of loops: `vmap` of `while_p` and `while_pull_p`.

Where the condition is the same for all examples there is one loop over batches. Where it differs, each example runs its
own loop (a scan over the examples, which native code runs in the lanes of vectors and on threads, see `compile.control.lanes`),
so that a finished one costs nothing and its values stay as they were. Bodies that multiply matrices of more than a few
numbers, which a batch shares, or that look across examples by an axis name, run for all examples until the last one ends,
the finished ones held fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...core import Aval, Primitive, Value, aval_of
from ...program import Equation, Program, subprograms
from ...vocabulary import Params
from ..derived import batched_program, once, strong
from ..elementwise import logical_and, where
from ..reduction import any as any_
from ..shape import reshape
from .loop import While
from .operands import LoopOperands, ScanOperands
from .programs import alone, batched_value, fixed_point, rewired, staged, widened
from .scan import scan_p
from .untaken import guarded

PRODUCTS = frozenset({"dot_general", "convolution"})
SMALL = 16  # elements of a matrix that a loop of its own may multiply by


def side_by_side(*programs: Program, products: bool = False) -> bool:
    """Whether each example may run on its own, with or without products in it."""
    return not any(
        type(e.primitive).__module__.endswith(".collectives")
        or (e.primitive.name in PRODUCTS and not products and not _small(e))
        or not side_by_side(*subprograms(e), products=products)
        for p in programs
        for e in p.equations
    )


def _small(eqn: Equation) -> bool:
    return all(math.prod(a.aval.shape) <= SMALL for a in (*eqn.inputs, *eqn.outputs))


def each_alone(primitive: Primitive, size: int, args: Sequence[Value], batched: Sequence[bool], params: Any) -> Any:
    """An equation run for one example after another."""
    avals = [_example(aval_of(a), b) for a, b in zip(args, batched, strict=True)]
    program = alone(primitive.bind, params["body"] if "body" in params else params["branches"][0], avals, params)
    fixed = [v for v, b in zip(program.inputs, batched, strict=True) if not b]
    moving = [v for v, b in zip(program.inputs, batched, strict=True) if b]
    body = once(program, ("lanes", tuple(batched)), lambda: rewired(program, [*fixed, *moving], program.outputs))
    outs = scan_p.bind(
        *[a for a, b in zip(args, batched, strict=True) if not b],
        *[a for a, b in zip(args, batched, strict=True) if b],
        body=body,
        operands=ScanOperands.of(fixed, (), moving),
        length=size,
        reverse=False,
    )
    return outs, [True] * len(outs)


def _example(aval: Aval, batched: bool) -> Aval:
    return Aval(aval.shape[1:] if batched else aval.shape, aval.dtype)


def _carried(trace: Any, batched: Sequence[bool], params: Params, least: Sequence[bool] = ()) -> Any:
    """Which carried values differ between examples, and whether the condition does."""
    tests, consts, carry = params["operands"].split(batched)
    start = [a or b for a, b in zip(carry, least, strict=True)] if least else carry
    size, name = trace.size, trace.axis_name
    flags = fixed_point(start, lambda c: batched_program(params["body"], size, (*consts, *c), name)[1])
    return flags, batched_program(params["cond"], size, (*tests, *flags), name)[1][0]


def batch_while(primitive: While, trace: Any, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
    """The batching rule of `while_p`."""
    carry, differs = _carried(trace, batched, params)
    if differs:
        if side_by_side(params["cond"], params["body"]):
            return each_alone(primitive, trace.size, args, batched, params)
        return _held(primitive, trace, args, batched, params)
    cond, body = _batched(trace, batched, carry, params)
    tests, consts, start = params["operands"].split(args)
    _, _, flags = params["operands"].split(batched)
    start = [batched_value(a, trace.size, b) if c else a for a, b, c in zip(start, flags, carry, strict=True)]
    return primitive.bind(*tests, *consts, *start, **{**params, "cond": cond, "body": body}), list(carry)


def _batched(trace: Any, batched: Sequence[bool], carry: Sequence[bool], params: Params) -> Any:
    tests, consts, _ = params["operands"].split(batched)
    size, name = trace.size, trace.axis_name
    cond, _ = batched_program(params["cond"], size, (*tests, *carry), name)
    derived, flags = batched_program(params["body"], size, (*consts, *carry), name)
    body = widened(derived, flags, carry, size)
    return cond, body


def _held(primitive: While, trace: Any, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
    """All examples until the last one ends; those that have ended are held fixed."""
    every = [True] * len(params["body"].outputs)
    cond, body = _batched(trace, batched, every, params)
    careful, told = guarded(params["body"]), False
    if careful is not None:  # ended ones reach no index
        told, fixed = True, params["operands"].split(batched)[1]
        derived, flags = batched_program(careful, trace.size, (True, *fixed, *every), trace.axis_name)
        body = widened(derived, flags, every, trace.size)
    tests, consts, start = params["operands"].split(args)
    _, _, flags = params["operands"].split(batched)
    start = [batched_value(a, trace.size, b) for a, b in zip(start, flags, strict=True)]
    nt, nc = len(tests), len(consts)

    def going(running: Value, *carry: Value) -> list[Value]:
        return [any_(running)]

    def step(*values: Value) -> list[Value]:
        t, c, running, old = values[:nt], values[nt : nt + nc], values[nt + nc], values[nt + nc + 1 :]
        given = [running, *c, *old] if told else [*c, *old]
        new = [
            where(reshape(running, (trace.size,) + (1,) * (len(a.shape) - 1)), n, o)
            for a, n, o in zip(body.out_avals, body.evaluate(given), old, strict=True)
        ]
        return [logical_and(running, cond.evaluate([*t, *new])[0]), *new]

    mask = cond.out_avals[0]
    avals = [*[aval_of(a) for a in (*tests, *consts)], mask, *map(strong, body.out_avals)]
    key = ("held", cond, nt)
    held = staged(body, key, step, avals, body.name)
    more = staged(body, ("any", mask), going, avals[nt + nc :], "any")
    running = cond.evaluate([*tests, *start])[0]
    constants, state = [*tests, *consts], [running, *start]
    derived = {**params, "cond": more, "body": held, "operands": LoopOperands.of((), constants, state)}
    outs = primitive.bind(*constants, *state, **derived)
    return outs[1:], every


def _of_any(cond: Program) -> Program:
    """A condition of a batch that holds where it holds for any example."""
    return staged(cond, "any", lambda *values: [any_(cond.evaluate(values)[0])], cond.in_avals, cond.name)


def batch_pull(
    primitive: Primitive,
    trace: Any,
    args: Sequence[Value],
    batched: Sequence[bool],
    params: Params,
    check: Callable[[dict[str, Any]], object],
) -> Any:
    """The batching rule of `while_pull_p`: each example has cotangents of its own, of shared arguments too.

    Args:
        check: raises where the parameters of the batch are not allowed.
    """
    nc, nb, _ = params["operands"]
    n = params["operands"].number
    carry, differs = _carried(trace, batched[:n], params)
    if differs:
        return each_alone(primitive, trace.size, args, batched, params)
    own = [b or w for b, w in zip(batched[nc:n], params["nonzero"].every, strict=True)]
    flags = [*batched[:nc], *own[:nb], *own[nb:]]
    carry, apart = _carried(trace, flags, params)
    cond, body = _batched(trace, flags, carry, params)
    if apart:  # of cotangents: the values are copies, so that the condition is the same for all
        cond = _of_any(cond)
    wide = [*flags[: nc + nb], *carry]
    values = [batched_value(a, trace.size, b) if w else a for a, b, w in zip(args[:n], batched[:n], wide, strict=True)]
    cts = [batched_value(a, trace.size, b) for a, b in zip(args[n:], batched[n:], strict=True)]
    params = {**params, "cond": cond, "body": body}
    check(params)
    outs = primitive.bind(*values, *cts, **params)
    return outs, [True] * len(outs)
