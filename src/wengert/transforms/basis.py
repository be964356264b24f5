"""A standard basis of tangents on its way forward: which zeros are no dependence, once a `Diagonal` is written out.

The columns of a Jacobian are pushed through a function as one batch, in which each example depends on one input alone.
A zero of another input's column must not meet an infinite partial derivative, as little as one that stands for a
constant beside a tangent. So what the trace computes has a support (`ops.support`), as cotangents on a tape have. All
that reaches this trace is linear in the basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Primitive, Value, as_value, is_inexact, shape_of
from ..ops.diagonal import Diagonal
from ..ops.elementwise import convert, mul_p, not_equal
from ..ops.families import Bilinear, Elementwise, spread
from ..ops.indexing import basic_index_p, index_embed_p
from ..ops.shape import broadcast_to_p, pad_p, reshape_p, reverse_p, slice_p, transpose_p
from ..ops.support import Support, either, within
from .batching import BatchTrace, BatchTracer

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
        given = args
        if primitive is mul_p:
            x, y = args
            if not self._owns(y) and self._owns(x) and x.support is not None:
                args = (x, within(y, x.support))
            elif not self._owns(x) and self._owns(y) and y.support is not None:
                args = (within(x, y.support), y)
        out = super().process(primitive, args, params)
        if type(out) is BatchTracer and out._trace is self and type(out.batch) is not Diagonal:
            if primitive.pattern is not None:
                out.support = self._moved(primitive, given, params)
            elif isinstance(primitive, Elementwise):
                out.support = self._together(given)
        return out

    def _together(self, args: tuple[Value, ...]) -> Support | None:
        """The support of an elementwise result: that of its arguments. Hot: nothing new where they have one alone."""
        total = None
        for a in args:
            if type(a) is BatchTracer and a._trace is self:
                s = self._of(a)
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
                return BatchTracer(self, Diagonal(np.ones(key[0], bool)[()], key[1], self.size).dense())

            found = self._bases[key] = Support(find)
        return found

    def _moved(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Support | None:
        """The support of what moves elements or adds them up: the same done to arrays of ones and zeros."""
        if primitive in _PLACES:
            (x,) = args
            s = self._of(x)  # type: ignore[arg-type]
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
        supports = [self._of(a) if self._owns(a) else None for a in args]  # type: ignore[arg-type]
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
