"""The linear program of a reverse pass: its steps as they are recorded, run forward, and transposed.

A `Tape` holds one node per linear step. A node is the tangent tracer that the step produced, so a tangent rule
evaluated on such tracers writes the program by running. What is linearized (linearizing.py) is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from ..config import config
from ..core import VALUE_TYPES, Aval, LinearTracer, Primitive, Trace, Value, ValueTracer, dtype_of, next_level, shape_of
from ..ops.elementwise import chosen as not_chosen
from ..ops.families import CHOICE, Bilinear, weighted_sum
from ..ops.keeping import Copies, keep
from ..ops.known import finite, has_zeros, is_diagonal, known
from ..ops.memory import conversions, origin
from ..ops.quiet import Quiet
from ..ops.shape import fit, spread
from ..ops.support import Support, both, chosen, nonzero, note, summed, transposed, within, written_out
from ..ops.supported_products import product
from ..ops.terms import plus, times
from ..places import READERS, Place, step_at
from ..vocabulary import Params, Results
from .staging import tame

ndarray = np.ndarray


class _Input(Primitive):
    pass


class _Projection(Primitive):
    """Picks one result of a step that has several."""


INPUT = _Input("linear_input", reasons={"all": "lives on tapes only"})
PROJECTION = _Projection("linear_projection", reasons={"all": "lives on tapes only"})


class Tape(Trace):
    """A linear program under construction."""

    __slots__ = ("affine", "conversions", "copies", "keeps", "masked", "nodes")
    name = "linearize"

    def __init__(self) -> None:
        self.level = next_level()
        self.nodes: list[LinearTracer] | None = []
        self.masked = False
        self.affine = (
            False  # whether what is added to tangents and is none is left out: in rules of code written for JAX
        )
        self.keeps = False  # True where a user's function is at work, which may change arrays in place
        self.copies: Copies | None = None
        self.conversions = conversions[0]

    def owns(self, x: Value) -> TypeGuard[LinearTracer]:
        return type(x) is LinearTracer and x._trace is self

    def append(self, primitive: Primitive, args: Any, params: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        nodes = self.nodes
        if nodes is None:
            raise self.leaked()
        node = LinearTracer()
        node._trace = self
        node.primitive = primitive
        node.args = args
        node.params = params
        node.shape = shape
        node.dtype = dtype
        node.index = len(nodes)
        nodes.append(node)
        return node

    def inputs(self, likes: Sequence[Value]) -> list[LinearTracer]:
        """Inputs of the types of values, the first steps of a tape."""
        return [self.append(INPUT, (), None, shape_of(a), dtype_of(a)) for a in likes]

    def append_many(self, primitive: Primitive, args: Any, params: Any, avals: Sequence[Aval]) -> list[Any]:
        step = self.append(primitive, args, params, (len(avals),), None)
        return [self.append(PROJECTION, (step, i), None, a.shape, a.dtype) for i, a in enumerate(avals)]

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        if self.keeps:
            args = tuple([keep(a, self) if type(a) is ndarray else a for a in args])
        return primitive.record(self, args, params)

    def close(self) -> list[LinearTracer]:
        """End recording; later use of its tracers is an error."""
        nodes, self.nodes = self.nodes, None
        return nodes or []


def needed(nodes: Sequence[LinearTracer], outputs: Sequence[LinearTracer]) -> list[bool]:
    """Which nodes the outputs depend on."""
    live = [False] * len(nodes)
    for out in outputs:
        live[out.index] = True
    for node in reversed(nodes):
        if live[node.index]:
            for parent in parents(node):
                live[parent.index] = True
    return live


def parents(node: LinearTracer) -> list[LinearTracer]:
    if node.primitive is weighted_sum:
        return node.args[1]
    return [a for a in node.args if type(a) is LinearTracer and a._trace is node._trace]


def _as_saved(nodes: Sequence[LinearTracer]) -> None:
    """Give the steps back the values they saved, where a function has written into a traced array since."""
    tape = nodes[0]._trace if nodes else None
    if tape is None or tape.conversions == conversions[0]:
        return
    tape.conversions = conversions[0]
    for node in nodes:
        if node.primitive is weighted_sum:
            node.args = ([origin(c) for c in node.args[0]], node.args[1])
        else:
            node.args = tuple([origin(a) for a in node.args])


def push_forward(
    nodes: Sequence[LinearTracer], inputs: Sequence[Value], outputs: Sequence[LinearTracer], replace: Any = None
) -> list[Value]:
    """Run a linear program on tangents. `replace` maps saved values (by id) to others, as when it is staged."""
    _as_saved(nodes)
    live = needed(nodes, outputs)
    env: list[Any] = [None] * len(nodes)
    env[: len(inputs)] = inputs
    swap = (lambda v: v) if replace is None else (lambda v: replace.get(id(v), v))
    for node in nodes[len(inputs) :]:
        if not live[node.index]:
            continue
        primitive = node.primitive
        if primitive is weighted_sum:
            coefficients, tangents = node.args
            coefficients = [swap(c) for c in coefficients]
            ts = [env[t.index] for t in tangents]
            value = weighted_sum.forward(
                (coefficients,), ts, node.shape, node.dtype, not_chosen if node.params is CHOICE else None
            )
            if isinstance(node.params, Support):
                value = within(value, node.params)
        elif primitive is PROJECTION:
            step, i = node.args
            value = env[step.index][i]
        else:
            tape = node._trace
            args = [env[a.index] if type(a) is LinearTracer and a._trace is tape else swap(a) for a in node.args]
            value = primitive.bind(*args, **node.params)
        env[node.index] = value
    return [env[o.index] for o in outputs]


_INVALID = Quiet("invalid")  # 0 times infinity, in a walk that may be for nothing
TRIED = 1 << 15  # elements of a step, up to which a walk without supports may have been for nothing


def pull_back(  # noqa: C901 (a hot loop without calls)
    nodes: list[LinearTracer],
    n_inputs: int,
    outputs: Sequence[LinearTracer | None],
    cotangents: Sequence[Value],
    masked: bool = False,
    consume: bool = False,
    seeds: bool = False,
) -> list[Value | None]:
    """Run the transpose of a linear program. With `consume`, steps are freed as soon as they are used.

    On the way a cotangent may be smaller than the step that it belongs to, and then stands for its broadcast: the
    cotangent of a sum stays one number until an array of coefficients meets it. Hot: guarded by benchmarks `eager.*`.

    Cotangents of what indices, choices and their kin leave out have a support (`ops.support`), from the first step on
    that leaves something out; with `masked`, and for a standard basis, the zeros among `cotangents` count as left out, and
    with `seeds`, which a user gave, where their values are known.
    They matter where a 0 of theirs meets an infinity, and then the result is not finite. So where values are known, the
    rest of the walk is tried without supports, and done once more with them if a result is not finite.
    """
    _as_saved(nodes)
    count = len(nodes)
    cts: list[Any] = [None] * count
    supports: list[Support | None] | None = None
    for out, ct in zip(outputs, cotangents, strict=True):
        if out is not None and ct is not None:
            i = out.index
            marked = masked or (seeds and has_zeros(ct))
            if supports is None and (marked or is_diagonal(ct)):
                supports = _no_supports(count)
            if supports is None:
                cts[i] = ct if cts[i] is None else plus(cts[i], ct)
            else:
                _add(cts, supports, i, ct, nonzero(ct) if marked else None)
    last = count - 1 if masked else -1  # where supports begin
    as_before: list[Any] = cts  # the cotangents there
    trial, frees, quiet = False, consume, None
    if supports is not None and not masked:
        trial, frees, last, as_before, quiet = True, False, count - 1, cts[:], _INVALID.begin()
    try:
        for i in range(-1 if masked else count - 1, n_inputs - 1, -1):
            ct = cts[i]
            node = nodes.pop() if frees else nodes[i]
            if ct is None:
                continue
            if trial and type(ct) not in VALUE_TYPES and not _clear(ct):
                break
            primitive = node.primitive
            if primitive is weighted_sum:
                if node.params is not None and not trial and _leaves_out(node, n_inputs):
                    last, as_before = i, cts[:]
                    if frees:
                        nodes.append(node)
                    if not _is_small(node):
                        break
                    trial, frees, quiet = True, False, _INVALID.begin()
                cts[i] = None
                shape = node.shape
                coefficients, tangents = node.args
                for c, parent in zip(coefficients, tangents):  # noqa: B905 - made together
                    spreads = parent.shape != shape
                    if spreads and shape_of(ct) != shape:
                        ct = spread(ct, shape, node.dtype)
                    if type(c) is int:
                        g = ct if c == 1 else -ct
                    elif node.params is CHOICE and not finite(ct):
                        g = not_chosen(c, times(c, ct))
                    else:
                        g = times(c, ct)
                    if spreads or dtype_of(g) is not parent.dtype:
                        g = fit(g, parent.shape if spreads else shape_of(g), parent.dtype)
                    j = parent.index
                    before = cts[j]
                    cts[j] = g if before is None else plus(before, g)
            elif primitive is PROJECTION:
                cts[i] = None
                _project(cts, node, ct, trial)
            else:
                tape = node._trace
                if (
                    not trial
                    and (primitive.pattern == "drops" or primitive.multiple_results)
                    and _leaves_out(node, n_inputs)
                ):
                    last, as_before = i, cts[:]
                    if frees:
                        nodes.append(node)
                    if not _is_small(node):
                        break
                    trial, frees, quiet = True, False, _INVALID.begin()
                    if not _clear(ct):
                        break
                cts[i] = None
                if not primitive.multiple_results and shape_of(ct) != node.shape:
                    ct = spread(ct, node.shape, node.dtype)
                for a, g in zip(node.args, primitive.transpose(ct, node.args, node.params), strict=True):
                    if g is not None and type(a) is LinearTracer and a._trace is tape:
                        j = a.index
                        before = cts[j]
                        cts[j] = g if before is None else plus(before, g)
        else:
            if trial and _are_finite(cts, n_inputs):
                last = -1
    finally:
        if quiet is not None:
            _INVALID.end(quiet)
    if last >= 0:
        cts = as_before
        _walk_with_supports(nodes, n_inputs, last, cts, supports or _no_supports(count), consume)
    for i in range(n_inputs):
        ct = cts[i]
        if ct is not None and shape_of(ct) != nodes[i].shape:
            cts[i] = spread(ct, nodes[i].shape, nodes[i].dtype)
    return cts[:n_inputs]


def pull_back_supported(
    nodes: list[LinearTracer],
    n_inputs: int,
    outputs: Sequence[LinearTracer | None],
    cotangents: Sequence[Value | None],
    supports: Sequence[Support | None],
) -> tuple[list[Value | None], list[Support | None]]:
    """Run the transpose of a linear program on cotangents with supports; the results have theirs."""
    _as_saved(nodes)
    cts: list[Any] = [None] * len(nodes)
    ss = _no_supports(len(nodes))
    for out, ct, s in zip(outputs, cotangents, supports, strict=True):
        if out is not None and ct is not None:
            _add(cts, ss, out.index, ct, s)
    _walk_with_supports(nodes, n_inputs, len(nodes) - 1, cts, ss, True, True)
    grads = [
        ct if ct is None or shape_of(ct) == node.shape else spread(ct, node.shape, node.dtype)
        for ct, node in zip(cts, nodes[:n_inputs], strict=False)
    ]
    return grads, ss[:n_inputs]


def _no_supports(count: int) -> list[Support | None]:
    return [None] * count


def _leaves_out(node: LinearTracer, n_inputs: int) -> bool:
    """Whether supports matter to what comes after a choice, a step that drops elements, or one with several results."""
    primitive = node.primitive
    if primitive.multiple_results:
        return node._trace.masked or primitive.leaves_out(node.params)
    for a in node.args[1] if primitive is weighted_sum else node.args:  # noqa: SIM110 - hot
        if type(a) is LinearTracer and a.index >= n_inputs:
            return True
    return False


def _is_small(node: LinearTracer) -> bool:
    """Whether a walk from here on may be for nothing, and its steps may be kept."""
    first = node.args[1][0] if node.primitive is weighted_sum else node.args[0]
    return math.prod(node.shape) <= TRIED and math.prod(shape_of(first)) <= TRIED and not config.debugging


def _are_finite(cts: list[Any], n_inputs: int) -> bool:
    for i in range(n_inputs):
        g = cts[i]
        if g is not None and not finite(g):
            return False
    return True


def _clear(ct: Any) -> bool:
    """Whether all that a cotangent carries is known and, where a step has several results, finite."""
    return all(g is None or finite(g) for g in ct) if type(ct) is list else known(ct)


def _project(cts: list[Any], node: LinearTracer, ct: Value, trial: bool = False) -> None:
    """Give the cotangent of one result to the step that has several."""
    step, k = node.args
    j = step.index
    if cts[j] is None:
        cts[j] = [None] * step.shape[0]
    elif trial:
        cts[j] = list(cts[j])  # which another walk may need as it was
    cts[j][k] = spread(ct, node.shape, node.dtype)


def _walk_with_supports(  # noqa: C901 (the same loop with supports)
    nodes: list[LinearTracer],
    n_inputs: int,
    last: int,
    cts: list[Any],
    supports: list[Any],
    consume: bool,
    to_inputs: bool = False,
) -> None:
    """Pull all cotangents back from step `last` on, with their supports: a coefficient outside of one counts as 0.

    Args:
        supports: of the cotangents; of a step with several results a list of theirs.
        to_inputs: whether the supports of the inputs' cotangents are wanted, too.
    """
    for i in range(last, n_inputs - 1, -1):
        ct = cts[i]
        node = nodes.pop() if consume else nodes[i]
        if ct is None:
            continue
        s = supports[i]
        cts[i] = supports[i] = None
        primitive = node.primitive
        if primitive is weighted_sum:
            shape = node.shape
            coefficients, tangents = node.args
            if isinstance(node.params, Support):
                s = both(s, node.params)
            for c, parent in zip(coefficients, tangents, strict=True):
                if shape_of(ct) != shape != parent.shape:
                    ct = spread(ct, shape, node.dtype)
                if type(c) is int:
                    g = ct if c == 1 else -ct
                else:
                    g = times(c, ct) if s is None else _product(c, ct, s)
                    if node.params is CHOICE and not finite(ct):
                        g = not_chosen(c, g)
                g = fit(g, parent.shape if parent.shape != shape else shape_of(g), parent.dtype)
                t = chosen(s, c, shape) if node.params is CHOICE else s
                if is_diagonal(ct) and not is_diagonal(g):
                    t = written_out(ct, t)
                if t is not None and parent.shape != shape:
                    t = summed(t, shape, parent.shape)
                _add(cts, supports, parent.index, g, t)
        elif primitive is PROJECTION:
            _project(cts, node, ct)
            if is_diagonal(ct):
                s = written_out(ct, s)
            if s is not None:
                step, k = node.args
                if supports[step.index] is None:
                    supports[step.index] = [None] * step.shape[0]
                supports[step.index][k] = s
        elif primitive.multiple_results:
            for a, g, t in zip(node.args, *_through(node, ct, s), strict=True):
                if g is not None and type(a) is LinearTracer and a._trace is node._trace:
                    _add(cts, supports, a.index, g, t)
        else:
            tape = node._trace
            if shape_of(ct) != node.shape:
                ct = spread(ct, node.shape, node.dtype)
            of_weights = s
            if is_diagonal(ct):
                s = written_out(ct, s)
            if s is not None and isinstance(primitive, Bilinear):
                pulled = _product_of_two(node, ct, s)
            else:
                pulled = primitive.transpose(ct, node.args, node.params)
            for k, (a, g) in enumerate(zip(node.args, pulled, strict=True)):
                if g is not None and type(a) is LinearTracer and a._trace is tape:
                    t = None
                    if (to_inputs or a.index >= n_inputs) and (s is not None or primitive.pattern == "drops"):
                        t = transposed(node, k, of_weights if is_diagonal(g) else s)
                    _add(cts, supports, a.index, g, t)


def _through(
    node: LinearTracer, cotangents: list[Value | None], supports: list[Support | None] | None
) -> tuple[Sequence[Value | None], Sequence[Support | None]]:
    """Cotangents of the arguments of a step with several results, and their supports."""
    primitive, tape = node.primitive, node._trace
    if primitive.supported is not None and (supports is not None or primitive.leaves_out(node.params)):
        return primitive.supported(cotangents, supports or [None] * len(cotangents), node.args, node.params)
    if supports is not None:
        tape.masked = True  # what has no such rule takes the zeros that it is given for left out
    grads = primitive.transpose(cotangents, node.args, node.params)
    return grads, [nonzero(g) if tape.masked and g is not None else None for g in grads]


def _product(c: Value, ct: Value, s: Support) -> Value:
    """A coefficient times a cotangent that is 0 outside of its support, where the coefficient may be infinite.

    Where another tape records the product of finite numbers, its step remembers that support: the coefficient's own
    derivative may be infinite there.
    """
    if isinstance(c, ValueTracer) and c.recorded and finite(c.primal):
        g = times(c, ct)
        node = g.tangent if isinstance(g, ValueTracer) and g._trace is c._trace else None
        if node is not None and node.primitive is weighted_sum and node.params is None:
            node.params = s
            return g
    return times(c if s.dear and tame(c) else within(c, s), ct)


def _product_of_two(node: LinearTracer, ct: Value, s: Support) -> list[Value | None]:
    """The transpose of a bilinear step, of which the fixed argument may be infinite where nothing reaches."""
    k = 0 if type(node.args[0]) is LinearTracer and node.args[0]._trace is node._trace else 1
    fixed = node.args[1 - k]

    def apply(ct: Value, y: Value) -> Value:
        args = (node.args[0], y) if k == 0 else (y, node.args[1])
        return node.primitive.transpose(ct, args, node.params)[k]

    g = product(apply, ct, s, fixed)
    return [g, None] if k == 0 else [None, g]


def _add(cts: list[Any], supports: list[Support | None], j: int, g: Value, t: Support | None) -> None:
    """Add `g`, whose support is `t`, to the cotangent of step `j`."""
    before = cts[j]
    cts[j] = g if before is None else plus(before, g)
    note(supports, j, before, g, t)


def _place_of_step(given: dict[str, Any]) -> Place | None:
    """Where the step was recorded that a walk is at."""
    node = given.get("node")
    return None if node is None else step_at(node._trace, node.index)


READERS[push_forward.__code__] = lambda given, _: (_place_of_step(given), False)
READERS[pull_back.__code__] = READERS[_walk_with_supports.__code__] = lambda given, _: (_place_of_step(given), True)
