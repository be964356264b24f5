"""Loops, branches and callbacks: `lax.scan`, `lax.while_loop`, `lax.switch`; the walk back through a loop of unknown length.

A failure within a loop is one more value that is carried, where its body may fail; the loop ends at it where its length is not
known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ops.control.operands import ScanOperands
from ..ops.control.pulling import pull_groups, pulling, results, started
from ..ops.random import KEY
from ..program import Program
from .real import experimental, jax, jnp, lax
from .tracing import Failures, Site, evaluate, first, none, rule, typed

TAPE_BYTES = 2**26  # of the tape of a block of steps
TAPE_STEPS = 1024  # at most in a block
SNAPSHOTS = 64  # of the states between blocks: one for each halving of their number


def start(values: Sequence[Any], avals: Sequence[Any]) -> list[Any]:
    """What is carried first, as the body gives it on."""
    return [typed(v, a, "a loop") for v, a in zip(values, avals, strict=True)]


def may_fail(*programs: Program) -> bool:
    """Whether running one of some Programs may fail; found once, by tracing it for its types."""
    return any(map(_may_fail, programs))


def _may_fail(program: Program) -> bool:
    found = program.cache.get("fails on xla")
    if found is None:
        failures: Failures = []
        key = jax.random.key(0).dtype
        types = [jax.ShapeDtypeStruct(a.shape, key if a.dtype == KEY else a.dtype) for a in program.in_avals]
        jax.eval_shape(lambda *values: evaluate(program, values, failures), *types)
        found = program.cache["fails on xla"] = bool(failures)
    return found


@rule("scan")
def scan(
    site: Site, *args: Any, body: Any, operands: ScanOperands, length: int, reverse: bool, **params: Any
) -> list[Any]:
    fixed, init, xs = operands.split(args)
    carry = operands.carry
    seen: Failures = []

    def step(state: Any, slices: Any) -> Any:
        carried, failure = state
        inner: Failures = []
        outs = evaluate(body, [*fixed, *carried, *slices], inner)
        seen.extend(inner)
        return (outs[:carry], first([failure, *inner]) if inner else failure), outs[carry:]

    begin = start(init, body.out_avals[:carry])
    if not may_fail(body):

        def plain(carried: Any, slices: Any) -> Any:
            outs = evaluate(body, [*fixed, *carried, *slices], [])
            return outs[:carry], outs[carry:]

        carried, stacks = lax.scan(plain, begin, xs, length=length, reverse=reverse)
        return [*carried, *stacks]
    (carried, failure), stacks = lax.scan(step, (begin, none()), xs, length=length, reverse=reverse)
    if seen:
        site.failures.append(failure)
    return [*carried, *stacks]


def looped(
    going: Callable[..., Any], step: Callable[..., Any], carry: Sequence[Any], failures: Failures, fails: bool
) -> list[Any]:
    """A loop as long as ``going(carry, failures)`` holds of ``carry = step(carry, failures)``; whether one of them may fail."""
    if not fails:
        goes_on = lambda c: jnp.reshape(going(c, []), ())  # noqa: E731
        return list(lax.while_loop(goes_on, lambda c: list(step(c, [])), list(carry)))
    test_fails: Failures = []
    seen: Failures = []

    def goes(state: Any) -> Any:
        carried, failure = state
        return jnp.reshape(going(carried, test_fails), ()) & (failure[0] == 0)

    def body(state: Any) -> Any:
        carried, failure = state
        inner: Failures = []
        if test_fails:
            going(carried, inner)
        outs = step(carried, inner)
        seen.extend(inner)
        return list(outs), first([failure, *inner]) if inner else failure

    carried, failure = lax.while_loop(goes, body, (list(carry), none()))
    if test_fails:  # the condition that ended the loop
        last: Failures = []
        going(carried, last)
        seen.extend(last)
        failure = first([failure, *last])
    if seen:
        failures.append(failure)
    return list(carried)


@rule("while")
def while_(site: Site, *args: Any, **params: Any) -> list[Any]:
    tests, consts, carry = params["operands"].split(args)
    body, cond = params["body"], params["cond"]
    return looped(
        lambda c, failures: evaluate(cond, [*tests, *c], failures)[0],
        lambda c, failures: evaluate(body, [*consts, *c], failures),
        start(carry, body.out_avals),
        site.failures,
        may_fail(cond, body),
    )


@rule("cond")
def cond(site: Site, index: Any, *operands: Any, branches: Sequence[Any]) -> list[Any]:
    seen: Failures = []

    def run(branch: Any) -> Any:
        def function(*values: Any) -> Any:
            inner: Failures = []
            outs = evaluate(branch, values, inner)
            seen.extend(inner)
            return outs, first(inner)

        return function

    if jnp.issubdtype(index.dtype, jnp.bool_):
        index = index.astype(jnp.int32)
    index = jnp.clip(index, 0, len(branches) - 1).astype(jnp.int32)
    outs, failure = lax.switch(jnp.reshape(index, ()), [run(b) for b in branches], *operands)
    if seen:
        site.failures.append(failure)
    return outs


# --- the walk back through a while loop -------------------------------------------------------------------------


@rule("while_pull", "supported_pull", "walk_back")
def pull(site: Site, *args: Any, **params: Any) -> list[Any]:
    """XLA's arrays have known lengths, so there is no tape that grows. The steps are counted first. Then blocks of them are
    walked back, the last first: a block runs once more with a tape of its steps, from a state that is kept or computed from
    the nearest one kept before it. Of ``b`` blocks ``log2(b) + 1`` states are kept (by halves), and each block is run about
    ``log2(b) / 2`` times more; a loop of one block runs three times in all, which is forward, again, and back.
    """
    tests, consts, carry, cotangents = pull_groups(args, params)
    p = pulling(params)
    used, m = p.taken.consts.of(consts), p.taken.carry.number
    begin = start(p.taken.carry.of(carry), p.forward.out_avals[:m])
    before = [] if p.invariant is None else evaluate(p.invariant, consts, site.failures)
    fixed = [v if kind == "value" else (consts if kind == "argument" else before)[v] for kind, v in p.fixed]
    end = started(cotangents, params, p)
    end = start(end, p.back.out_avals)
    kept = [p.forward.out_avals[m + i] for i in p.slices]
    size = max(1, sum(math.prod(a.shape) * a.dtype.itemsize for a in kept))
    block = max(1, min(TAPE_STEPS, TAPE_BYTES // size))

    def forward(state: Sequence[Any], failures: Failures) -> tuple[list[Any], list[Any]]:
        outs = evaluate(p.forward, [*used, *state], failures)
        return outs[:m], [outs[m + i] for i in p.slices]

    counted = looped(
        lambda c, failures: evaluate(p.cond, [*tests, *c[:-1]], failures)[0],
        lambda c, failures: [*forward(c[:-1], failures)[0], c[-1] + 1],
        [*begin, jnp.zeros((), jnp.int64)],
        site.failures,
        may_fail(p.cond, p.forward),
    )
    steps = counted[-1]

    def advanced(state: Sequence[Any], number: Any) -> list[Any]:
        return lax.fori_loop(0, number, lambda _, s: forward(s, [])[0], list(state))

    def back_over(state: Sequence[Any], number: Any, sums: Sequence[Any]) -> list[Any]:
        """Back over `number` steps from a state, at most a block."""

        def write(i: Any, both: Any) -> Any:
            at, tape = both
            at, slices = forward(at, [])
            return at, [lax.dynamic_update_index_in_dim(t, s, i, 0) for t, s in zip(tape, slices, strict=True)]

        tape = [jnp.zeros((block, *a.shape), a.dtype) for a in kept]
        _, tape = lax.fori_loop(0, number, write, (list(state), tape))

        def back(i: Any, found: Any) -> Any:
            slices = [lax.dynamic_index_in_dim(t, number - 1 - i, 0, keepdims=False) for t in tape]
            return evaluate(p.back, [*fixed, *found, *slices], [])

        return lax.fori_loop(0, number, back, list(sums))

    def walk(everything: Any) -> Any:
        """Back over the last block that is left; or, where the newest state kept is not its start, keep one half way."""
        left, top, at, states, sums = everything
        here, newest = at[top], [s[top] for s in states]

        def halve(_: Any) -> Any:
            half = (left - here) // 2
            middle = advanced(newest, half * block)
            stored = [s.at[top + 1].set(v) for s, v in zip(states, middle, strict=True)]
            return left, top + 1, at.at[top + 1].set(here + half), stored, list(sums)

        def reach(_: Any) -> Any:
            number = jnp.minimum(steps - here * block, block)
            return left - 1, jnp.maximum(top - 1, 0), at, states, back_over(newest, number, sums)

        return lax.cond(left - here > 1, halve, reach, None)

    blocks = (steps + block - 1) // block
    states = [jnp.zeros((SNAPSHOTS, *s.shape), s.dtype).at[0].set(s) for s in begin]
    zero = jnp.zeros((), jnp.int64)
    done = lax.while_loop(lambda e: e[0] > 0, walk, (blocks, zero, jnp.zeros(SNAPSHOTS, jnp.int64), states, list(end)))
    return results(done[-1], params, p)


# --- Python's functions -----------------------------------------------------------------------------------------


def on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """A user's function with arrays of NumPy's, their own, and numbers where they have no axes."""

    def call(*args: Any) -> Any:
        return function(*[np.array(a)[()] for a in args])

    return call


@rule("debug_callback")
def debug_callback(site: Site, *args: Any, function: Callable[..., Any], ordered: bool) -> Any:
    def call(*values: Any) -> Any:
        site.primitive.impl(*[np.array(v)[()] for v in values], function=function, ordered=ordered)
        return np.True_

    return experimental.io_callback(call, jax.ShapeDtypeStruct((), np.bool_), *args, ordered=ordered)


@rule("host_call")
def host_call(site: Site, *args: Any, function: Callable[..., Any], avals: Any) -> list[Any]:
    """A function of the user's."""
    types = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in avals]

    def call(*values: Any) -> Any:
        return [np.asarray(o, a.dtype) for o, a in zip(on_host(function)(*values), avals, strict=True)]

    return list(jax.pure_callback(call, types, *args))
