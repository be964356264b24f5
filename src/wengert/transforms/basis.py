"""A standard basis of tangents on its way forward: which zeros are no dependence, once a `Diagonal` is written out.

The columns of a Jacobian are pushed through a function as one batch, in which each example depends on one input alone.
A zero of another input's column must not meet an infinite partial derivative, as little as one that stands for a
constant beside a tangent. So what the trace computes has a support (`ops.support`), as cotangents on a tape have. All
that reaches this trace is linear in the basis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import numpy as np

from ..core import Primitive, Value, ValueTracer, as_value, dtype_of, is_inexact, shape_of
from ..ops.diagonal import Diagonal
from ..ops.effects import effectful, programs_of
from ..ops.elementwise import convert, div_p, mul_p, not_equal, where, where_p
from ..ops.families import Bilinear, Elementwise
from ..ops.indexing import basic_index_p, index_embed_p
from ..ops.known import finite, known
from ..ops.quiet import Quiet
from ..ops.scatters import gather_p, scatter_set_p
from ..ops.shape import broadcast_to, broadcast_to_p, dense, reshape, reshape_p, reverse_p, spread, transpose_p
from ..ops.slices import pad_p, slice_p
from ..ops.support import Support, either, within
from ..ops.supported_products import product
from ..vocabulary import AxisName, Params, Results
from .batching import BatchTrace, BatchTracer
from .staging import tame

Reached = tuple[Value, bool, "Value | None"]  # a result, whether it is a batch of vectors, and where they are reached

_INVALID = Quiet("invalid")
_MAKE_ZEROS = (pad_p, index_embed_p)  # beside the elements of their argument
_BOOL = np.dtype(bool)
_PLACES = frozenset(
    (basic_index_p, index_embed_p, pad_p, slice_p, reshape_p, transpose_p, broadcast_to_p, reverse_p)
)  # that move elements of any dtype
_MOVED = frozenset((gather_p, scatter_set_p))  # the same, to places that are computed


class BasisTrace(BatchTrace):
    """Runs each operation once for all vectors of a basis, and knows where the results depend on them."""

    __slots__ = ("_bases", "exact")

    def __init__(self, size: int, axis_name: AxisName = None, exact: bool = False) -> None:
        super().__init__(size, axis_name)
        self.exact = exact  # whether masks are carried through all loops, since somebody asks for them
        self._bases: dict[Any, Support] = {}  # of each part of the basis

    def _owns(self, x: Value) -> TypeGuard[BatchTracer]:
        return type(x) is BatchTracer and x._trace is self

    def process(self, primitive: Primitive, args: tuple[BatchTracer | Any, ...], params: Params) -> Results:
        if primitive.pattern is None and isinstance(primitive, Elementwise):  # the usual steps: hot
            given = args
            if primitive is mul_p or primitive is div_p:
                x, y = args
                mine = type(x) is BatchTracer and x._trace is self
                if mine != (type(y) is BatchTracer and y._trace is self):
                    s = (x if mine else y).support
                    if s is None or (s.dear and tame(y if mine else x)):
                        pass
                    elif primitive is mul_p:
                        args = (x, within(y, s)) if mine else (within(x, s), y)
                    elif mine:
                        args = (x, _divisor(y, s))
            out = super().process(primitive, args, params)
            if type(out) is BatchTracer and out._trace is self:
                out.support = self._of_weights(given) if type(out.batch) is Diagonal else self._together(given)
            return out
        if isinstance(primitive, Bilinear):
            out = self._of_two(primitive, args, params)
        elif primitive.multiple_results:
            return self._of_programs(primitive, args, params)
        else:
            out = super().process(primitive, args, params)
        if primitive.pattern is not None and type(out) is BatchTracer and out._trace is self:
            if type(out.batch) is not Diagonal:
                out.support = self._moved(primitive, args, params)
            elif primitive is where_p:
                out.support = self._weights_chosen(*args)
        return out

    def _of_two(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Any:
        """A product of a vector of the basis and a fixed array, which may be infinite where the vector is not."""
        k = 0 if self._owns(args[0]) else 1
        x: Any = args[k]
        s = None if self._owns(args[1 - k]) else self._of(x)
        process = super().process
        if s is None:
            return process(primitive, args, params)
        if type(x.batch) is Diagonal and x.support is None:
            values, batched = [args[0], args[1]], [False, False]
            values[k], batched[k] = x.batch, True
            found = primitive.batch_diagonal(values, batched, params)
            if found is not None:
                return BatchTracer(self, found)

        def apply(x: Value, y: Value) -> Value:
            pair = (x, y) if k == 0 else (y, x)
            return process(primitive, pair, params) if self._owns(x) else primitive.bind(*pair, **params)

        return product(apply, x, s, args[1 - k])

    def _of_programs(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Any:
        """A call, a branch or a loop: with what its vectors leave out, where that matters.

        Where values are known it matters if a result is not finite, or where a support is asked for. Where they are not, or
        a tape around differentiates them once more, it matters in loops and branches of which a derivative may be infinite.
        """
        process = super().process
        steps, exactly = opened(primitive, args, params), EXACTLY.get(primitive)
        if steps is None and exactly is None:
            return process(primitive, args, params)

        def careful() -> list[Value]:
            if steps is not None:
                return steps()
            outs = self._carried(exactly, args, params)
            return process(primitive, args, params) if outs is None else outs

        settled = all(map(known, args))
        if not (settled and not any(map(_on_a_tape, args))) and (
            steps is not None or self.exact or (exactly is not None and exactly[0](params))
        ):
            return careful()
        if _act(params):  # once
            return careful()
        quiet = _INVALID.begin() if settled else None
        try:
            outs = process(primitive, args, params)
        finally:
            if quiet is not None:
                _INVALID.end(quiet)
        if settled and not all(finite(o) for o in outs if self._owns(o)):
            return careful()
        before = [self._of(a) for a in args if type(a) is BatchTracer and a._trace is self]
        if not any(before) and not primitive.leaves_out(params):
            return outs
        found: list[Any] = []

        def mask(k: int) -> Value | None:
            if not found:
                found[:] = careful()
            s = self._of(found[k]) if self._owns(found[k]) else None
            return None if s is None else s.live()

        for k, o in enumerate(outs):
            if self._owns(o):
                o.support = Support(lambda k=k: mask(k), *before)
                o.support.dear = not settled
        return outs

    def _carried(self, exactly: Any, args: tuple[Value, ...], params: Params) -> list[Value] | None:
        """The results of a loop or a branch that carries the masks of its vectors along."""
        masks: list[Value | None] = []
        for a in args:
            s = self._of(a) if self._owns(a) else None
            m = None if s is None else s.live()
            masks.append(None if m is None else self.materialize(broadcast_to(m, shape_of(a))))
        values = [a.value if self._owns(a) else a for a in args]
        outs = exactly[1](self.size, values, tuple(map(self._owns, args)), masks, params)
        return None if outs is None else [self._reached(*o) for o in outs]

    def _reached(self, value: Value, batched: bool, mask: Value | None) -> Value:
        if not batched:
            return value
        out = BatchTracer(self, value)
        if mask is not None:
            m = BatchTracer(self, mask)
            out.support = Support(lambda: m)
        return out

    def _together(self, args: tuple[Value, ...]) -> Support | None:
        """The support of an elementwise result: that of its arguments. Hot: nothing new where they have one alone."""
        total = None
        for a in args:
            if type(a) is BatchTracer and a._trace is self:
                s = a.support if type(a.batch) is not Diagonal else self._of(a)
                if s is None:
                    return None
                total = s if total is None or total is s else either(total, s)
        return total

    def _of_weights(self, args: tuple[Value, ...]) -> Support | None:
        """Which weights of a `Diagonal` result depend on the basis; None for all. Hot."""
        total, first = None, True
        for a in args:
            if type(a) is BatchTracer and a._trace is self:
                if a.support is None:
                    return None
                total, first = a.support if first else either(total, a.support), False
        return total

    def _weights_chosen(self, condition: Value, x: Value, y: Value) -> Support:
        """The same of a choice: a weight that it leaves out is 0, and no element of any vector."""
        sides = [(self._owns(a), a.support if self._owns(a) else None) for a in (x, y)]

        def find() -> Value:
            kept = [False if not mine else True if s is None else s.live() for mine, s in sides]
            return where(condition, *[np.True_ if k is None else k for k in kept])

        made = Support(find, *[s for _, s in sides])
        made.choice = True
        return made

    def _of(self, a: BatchTracer) -> Support | None:
        """Where a value of this trace depends on the basis; None where it does everywhere.

        The support of a `Diagonal` that a tracer has is one of its weights.
        """
        d = a.batch
        if type(d) is not Diagonal:
            return a.support
        if a.support is not None:
            s, shape = a.support, shape_of(d.weights)

            def spread_out() -> Value:
                m = s.live()
                kept = np.ones(shape, bool)[()] if m is None else broadcast_to(m, shape)
                return BatchTracer(self, dense(Diagonal(kept, d.start, self.size)))

            return Support(spread_out, s)
        key = shape_of(d.weights), d.start
        found = self._bases.get(key)
        if found is None:

            def find() -> Value:
                return BatchTracer(self, dense(Diagonal(np.ones(key[0], bool)[()], key[1], self.size)))

            found = self._bases[key] = Support(find)
        return found

    def _moved(self, primitive: Primitive, args: tuple[BatchTracer | Any, ...], params: Params) -> Support | None:
        """The support of what moves elements or adds them up: the same done to arrays of ones and zeros."""
        if primitive in _PLACES:
            (x,) = args
            s = self._of(x)
            if s is None and primitive not in _MAKE_ZEROS:
                return None
            shape = x.shape

            def place() -> Value | None:
                m = None if s is None else s.live()
                if m is None and primitive not in _MAKE_ZEROS:
                    return None
                return primitive.bind(np.ones(shape, bool)[()] if m is None else spread(m, shape, _BOOL), **params)

            return Support(place, s)
        bilinear = isinstance(primitive, Bilinear)
        supports = [self._of(a) if self._owns(a) else None for a in args]
        beside = any(not self._owns(a) and is_inexact(a) for a in args)
        if not any(supports) and (bilinear or not beside):
            return None
        slots = [(a.shape, a.dtype) if self._owns(a) or bilinear else a for a in map(as_value, args)]

        moved = primitive in _MOVED

        def find() -> Value:
            patterns = []
            for a, s in zip(slots, supports, strict=True):
                if type(a) is not tuple:
                    patterns.append(not_equal(a, 0) if moved and is_inexact(a) else a)
                    continue
                shape, dtype = (a[0], _BOOL) if moved else a
                m = None if s is None else s.live()
                patterns.append(np.ones(shape, dtype)[()] if m is None else spread(convert(m, dtype), shape, dtype))
            found = primitive.bind(*patterns, **params)
            return found if moved else not_equal(found, 0)

        return Support(find, *supports)


# How operations other than calls are opened, by the files that declare them: (args, params) to such a function, or None.
OPENINGS: dict[Primitive, Callable[[Sequence[Value], dict[str, Any]], Callable[[], list[Value]] | None]] = {}


def opened(primitive: Primitive, args: Sequence[Value], params: Params) -> Callable[[], list[Value]] | None:
    """A step that holds Programs as a function that binds their equations one by one; None where it has to stay one."""
    if _act(params):
        return None
    if "program" in params:
        return lambda: params["program"].evaluate(args)
    opening = OPENINGS.get(primitive)
    return None if opening is None else opening(args, params)


# What holds Programs and is not opened, by the files that declare it: whether a derivative may be infinite in it, by its
# parameters, and ``(size, values, which are batches, masks, params)`` to its results; None where that is not known.
Exactly = tuple[
    Callable[[dict[str, Any]], bool], Callable[[int, Sequence[Value], Any, Sequence[Any], dict[str, Any]], Any]
]
EXACTLY: dict[Primitive, Exactly] = {}


def reaching(
    f: Callable[[Sequence[Value]], Sequence[Value]],
    size: int,
    values: Sequence[Value],
    batched: Sequence[bool],
    masks: Sequence[Value | None],
) -> list[Reached]:
    """A function, linear in its batches of vectors, of batches whose masks are known: its results, and theirs."""
    outs: list[Reached] = []
    trace = BasisTrace(size, exact=True)
    with trace:
        boxed = [trace._reached(*given) for given in zip(values, batched, masks, strict=True)]
        for o in map(as_value, f(boxed)):
            s = trace._of(o) if trace._owns(o) else None
            m = None if s is None else s.live()
            mask = None if m is None else trace.materialize(broadcast_to(m, shape_of(o)))
            outs.append((o.value, True, mask) if trace._owns(o) else (trace.outside(o), False, None))
    return outs


def _on_a_tape(x: Value) -> bool:
    """Whether a value, or one that it carries, has a derivative on a tape."""
    return isinstance(x, ValueTracer) and (x.recorded or any(map(_on_a_tape, x.parts())))


def _act(params: Params) -> bool:
    """Whether a step that holds Programs does something beside giving results, so that it runs once."""
    return any(map(effectful, programs_of(params)))


def _divisor(y: Value, s: Support) -> Value:
    """A divisor, but 1 outside of the support of what it divides, where it may be 0."""
    live = s.live()
    return y if live is None else where(live, y, dtype_of(y).type(1))


def pushed(
    f: Callable[[list[Value | None]], Any], vectors: Sequence[Value | None], supports: Sequence[Support | None]
) -> tuple[list[Any], list[Support | None]]:
    """A linear function of vectors of which the supports are known: its results, and their supports.

    Args:
        f: from the vectors to a list of results; what does not depend on them is handed through.
    """
    trace = BasisTrace(1)
    with trace:
        boxed: list[Value | None] = []
        for v, s in zip(vectors, supports, strict=True):
            if v is not None:
                t = BatchTracer(trace, reshape(v, (1, *shape_of(v))))
                t.support = s
                boxed.append(t)
            else:
                boxed.append(None)
        results, masks = [], []
        for r in f(boxed):
            found = None
            if trace._owns(r):
                s = trace._of(r)
                mask = None if s is None else s.live()
                if mask is not None:
                    mask = reshape(trace.materialize(mask), r.shape) if trace._owns(mask) else mask
                    found = Support(lambda m=mask: m)
                r = reshape(r.value, r.shape)  # noqa: PLW2901
            results.append(r)
            masks.append(found)
    return results, masks
