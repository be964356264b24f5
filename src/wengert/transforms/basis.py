"""A standard basis of tangents on its way forward: which zeros are no dependence, once a `Diagonal` is written out.

The columns of a Jacobian are pushed through a function as one batch, in which each example depends on one input alone.
A zero of another input's column must not meet an infinite partial derivative, as little as one that stands for a
constant beside a tangent. So what the trace computes has a support (`ops.support`), as cotangents on a tape have. All
that reaches this trace is linear in the basis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Primitive, Value, dtype_of, is_inexact, shape_of
from ..ops.diagonal import Diagonal
from ..ops.elementwise import convert, logical_or, mul_p, not_equal
from ..ops.families import Bilinear, Elementwise, spread
from ..ops.indexing import index_embed_p
from ..ops.shape import pad_p
from ..ops.support import Support, within
from .batching import BatchTrace, BatchTracer

_MAKE_ZEROS = (pad_p, index_embed_p)  # beside the elements of their argument


class BasisTrace(BatchTrace):
    """Runs each operation once for all vectors of a basis, and knows where the results depend on them."""

    __slots__ = ()

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
            out.support = self._support(primitive, given, params)
        return out

    def _support(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Support | None:
        elementwise = primitive.pattern is None
        if elementwise and not isinstance(primitive, Elementwise):
            return None
        known = beside = False
        before = []
        for a in args:
            if type(a) is BatchTracer and a._trace is self:
                before.append(a.support)
                known = known or a.support is not None or type(a.batch) is Diagonal
            elif not elementwise and is_inexact(a):
                beside = True
        if not known:
            if elementwise:
                return None
            if not (beside and not isinstance(primitive, Bilinear)) and primitive not in _MAKE_ZEROS:
                return None

        def find() -> Value | None:
            masks = [self._mask(a) if self._owns(a) else None for a in args]
            if elementwise:
                total: Any = None
                for a, m in zip(args, masks, strict=True):
                    if self._owns(a):
                        if m is None:
                            return None
                        total = m if total is None else logical_or(total, m)
                return total
            patterns: list[Any] = []
            for a, m in zip(args, masks, strict=True):
                if self._owns(a):
                    ones = np.ones(shape_of(a), dtype_of(a))[()]
                    patterns.append(ones if m is None else spread(convert(m, dtype_of(a)), shape_of(a), dtype_of(a)))
                elif isinstance(primitive, Bilinear):
                    patterns.append(np.ones(shape_of(a), dtype_of(a))[()])
                else:
                    patterns.append(a)
            return not_equal(primitive.bind(*patterns, **params), 0)

        return Support(find, *before)

    def _mask(self, a: Any) -> Value | None:
        """Where a value of this trace depends on the basis; None where it does everywhere."""
        if type(a.batch) is Diagonal:
            ones = np.ones(shape_of(a.batch.weights))[()]
            return not_equal(BatchTracer(self, a.batch.with_weights(ones)), 0)
        return None if a.support is None else a.support.live()
