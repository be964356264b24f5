"""A standard basis of tangents on its way forward: which zeros are no dependence, once a `Diagonal` is written out.

The columns of a Jacobian are pushed through a function as one batch, in which each example depends on one input alone.
A zero of another input's column must not meet an infinite partial derivative, as little as one that stands for a
constant beside a tangent. So what the trace computes has a support (`ops.support`), as cotangents on a tape have. All
that reaches this trace is linear in the basis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Primitive, Value, as_value, dtype_of, is_inexact, shape_of
from ..ops.diagonal import Diagonal
from ..ops.elementwise import convert, div_p, mul_p, not_equal, where
from ..ops.families import Bilinear, Elementwise
from ..ops.indexing import basic_index_p, index_embed_p
from ..ops.known import finite, known
from ..ops.quiet import Quiet
from ..ops.shape import broadcast_to_p, dense, reshape, reshape_p, reverse_p, spread, transpose_p
from ..ops.slices import pad_p, slice_p
from ..ops.support import Support, either, within
from ..ops.supported_products import product
from ..program import Program, has_effect
from .batching import BatchTrace, BatchTracer

_INVALID = Quiet("invalid")
_MAKE_ZEROS = (pad_p, index_embed_p)  # beside the elements of their argument
_BOOL = np.dtype(bool)
_PLACES = frozenset(
    (basic_index_p, index_embed_p, pad_p, slice_p, reshape_p, transpose_p, broadcast_to_p, reverse_p)
)  # that move elements of any dtype


class BasisTrace(BatchTrace):
    """Runs each operation once for all vectors of a basis, and knows where the results depend on them."""

    __slots__ = ("_bases",)

    def __init__(self, size: int, axis_name: Any = None) -> None:
        super().__init__(size, axis_name)
        self._bases: dict[Any, Support] = {}  # of each part of the basis

    def _owns(self, x: Value) -> bool:
        return type(x) is BatchTracer and x._trace is self

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        if primitive.pattern is None and isinstance(primitive, Elementwise):  # the usual steps: hot
            given = args
            if primitive is mul_p or primitive is div_p:
                x, y = args
                mine = type(x) is BatchTracer and x._trace is self
                if mine != (type(y) is BatchTracer and y._trace is self):
                    s = (x if mine else y).support
                    if s is None:
                        pass
                    elif primitive is mul_p:
                        args = (x, within(y, s)) if mine else (within(x, s), y)
                    elif mine:
                        args = (x, _divisor(y, s))
            out = super().process(primitive, args, params)
            if type(out) is BatchTracer and type(out.batch) is not Diagonal and out._trace is self:
                out.support = self._together(given)
            return out
        if isinstance(primitive, Bilinear):
            out = self._of_two(primitive, args, params)
        elif primitive.multiple_results:
            return self._of_programs(primitive, args, params)
        else:
            out = super().process(primitive, args, params)
        if (
            primitive.pattern is not None
            and type(out) is BatchTracer
            and type(out.batch) is not Diagonal
            and out._trace is self
        ):
            out.support = self._moved(primitive, args, params)
        return out

    def _of_two(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        """A product of a vector of the basis and a fixed array, which may be infinite where the vector is not."""
        k = 0 if self._owns(args[0]) else 1
        x: Any = args[k]
        s = None if self._owns(args[1 - k]) else self._of(x)
        process = super().process
        if s is None:
            return process(primitive, args, params)
        if type(x.batch) is Diagonal:
            values, batched = [args[0], args[1]], [False, False]
            values[k], batched[k] = x.batch, True
            found = primitive.batch_diagonal(values, batched, params)
            if found is not None:
                return BatchTracer(self, found)

        def apply(x: Value, y: Value) -> Value:
            pair = (x, y) if k == 0 else (y, x)
            return process(primitive, pair, params) if self._owns(x) else primitive.bind(*pair, **params)

        return product(apply, x, s, args[1 - k])

    def _of_programs(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        """A call, a branch or a loop: its equations one by one, where the zeros matter and they can be told apart.

        Where values are known they matter if a result is not finite, or where a support is asked for.
        """
        steps = opened(primitive, args, params)
        if steps is None:
            return super().process(primitive, args, params)
        if not all(map(known, args)):
            return steps()
        quiet = _INVALID.begin()
        try:
            outs = super().process(primitive, args, params)
        finally:
            _INVALID.end(quiet)
        mine = [o for o in outs if self._owns(o)]
        if not all(map(finite, mine)):
            return steps()
        before = [self._of(a) for a in args if type(a) is BatchTracer and a._trace is self]
        if not any(before) and not primitive.leaves_out(params):
            return outs
        found: list[Any] = []

        def mask(k: int) -> Value | None:
            if not found:
                found[:] = steps()
            s = self._of(found[k]) if self._owns(found[k]) else None
            return None if s is None else s.live()

        for k, o in enumerate(outs):
            if self._owns(o):
                o.support = Support(lambda k=k: mask(k), *before)
        return outs

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

    def _of(self, a: BatchTracer) -> Support | None:
        """Where a value of this trace depends on the basis; None where it does everywhere."""
        d = a.batch
        if type(d) is not Diagonal:
            return a.support
        key = shape_of(d.weights), d.start
        found = self._bases.get(key)
        if found is None:

            def find() -> Value:
                return BatchTracer(self, dense(Diagonal(np.ones(key[0], bool)[()], key[1], self.size)))

            found = self._bases[key] = Support(find)
        return found

    def _moved(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Support | None:
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

        def find() -> Value:
            patterns = []
            for a, s in zip(slots, supports, strict=True):
                if type(a) is not tuple:
                    patterns.append(a)
                    continue
                shape, dtype = a
                m = None if s is None else s.live()
                patterns.append(np.ones(shape, dtype)[()] if m is None else spread(convert(m, dtype), shape, dtype))
            return not_equal(primitive.bind(*patterns, **params), 0)

        return Support(find, *supports)


# How operations other than calls are opened, by the files that declare them: (args, params) to such a function, or None.
OPENINGS: dict[Primitive, Callable[[Sequence[Value], dict[str, Any]], Callable[[], list[Value]] | None]] = {}


def opened(primitive: Primitive, args: Sequence[Value], params: dict[str, Any]) -> Callable[[], list[Value]] | None:
    """A step that holds Programs as a function that binds their equations one by one; None where it has to stay one."""
    if any(has_effect(e) for p in _programs(params) for e in p.equations):
        return None
    if "program" in params:
        return lambda: params["program"].evaluate(args)
    opening = OPENINGS.get(primitive)
    return None if opening is None else opening(args, params)


def _programs(params: dict[str, Any]) -> list[Program]:
    found = [params.get(k) for k in ("program", "body", "cond")]
    return [p for p in (*found, *params.get("branches", ())) if p is not None]


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
