"""Second derivatives along many directions at once, of which only a weighted sum is kept: collapsed Taylor mode.

A tracer holds a value ``u``, its derivatives ``u_d`` along all directions, as one batch, and one number for each element
of ``u``: ``s = sum(w_d c_d)`` with ``c_d`` the second Taylor coefficient along direction `d`. Because a linear operation is
linear in ``c_d``, only operations that are not mix the directions, and the weights, which add up to 1, carry `s` through
``f'(u) s``. This is the forward Laplacian.

Sources: R. Li et al., A computational framework for neural network-based variational Monte Carlo with Forward Laplacian,
Nature Machine Intelligence 6 (2024); F. Dangel et al., Collapsing Taylor mode automatic differentiation (2025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import (
    TAKING,
    PrimalTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    dtype_of,
    inexact_dtype,
    next_level,
    shape_of,
    taker,
)
from ..ops.callback import once_more
from ..ops.diagonal import Diagonal
from ..ops.families import Elementwise
from ..ops.shape import reduce_sum, reshape, spread
from ..ops.sides import hides, kinked
from ..ops.terms import plus, times
from ..ops.written import STATES, give_back
from ..vocabulary import Params, Results
from .batching import BatchTrace, BatchTracer
from .kinks import both, middle
from .series import series_flat


class CollapsedTracer(PrimalTracer):
    """A value, its derivatives along the directions, and the weighted sum of its second Taylor coefficients."""

    __slots__ = ()
    moved = ValueTracer.second  # (derivatives, sum), either may be None, which is zero
    differentiated = True

    def __init__(self, trace: CollapsedTrace, primal: Value, first: Value | None, second: Value | None) -> None:
        self._trace = trace
        self.primal = primal
        self.moved = (first, second)
        self.views = None
        self.shape, self.dtype = shape_of(primal), dtype_of(primal)

    def parts(self) -> tuple[Value, ...]:
        return self.primal, *[m for m in self.moved if m is not None]

    def __repr__(self) -> str:
        return f"CollapsedTracer<{self.aval!r}>(value={self.primal!r})"


class CollapsedTrace(Trace):
    """Carries derivatives along a batch of directions, and a sum of second coefficients.

    Args:
        batch: the trace of the batch of directions.
        weights: of the directions, with the sum 1; None: all the same.
    """

    __slots__ = ("batch", "kinked", "open", "weights")
    name = "laplacian"

    def __init__(self, batch: BatchTrace, weights: Value | None) -> None:
        self.level = next_level()
        self.open = True
        self.kinked = False
        self.batch = batch
        self.weights = weights

    @property
    def ended(self) -> bool:
        return not self.open

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        primals: list[Value] = list(args)
        moved: list[Any] = [None] * len(args)
        for i, a in enumerate(args):
            if type(a) is CollapsedTracer and a._trace is self:
                primals[i], moved[i] = a.primal, a.moved
        if isinstance(primitive, Elementwise):
            if len(args) == 1 and dtype_of(primals[0]).kind != "c":  # of a complex number it may not be a product
                return self._of_one(primitive, primals[0], moved[0])
            return self._of_some(primitive, primals, moved)

        def run(*values: Value) -> Sequence[Value]:
            out = primitive.bind(*values, **params)
            return out if primitive.multiple_results else [out]

        outs, found = series_flat(run, primals, moved, 2, self)
        results = [
            o if c is None else CollapsedTracer(self, o, c[0], self.total(c[1]))
            for o, c in zip(outs, found, strict=True)
        ]
        return results if primitive.multiple_results else results[0]

    def _of_one(self, primitive: Primitive, x: Value, moved: Any) -> Value:
        """An elementwise operation of one argument: its two derivatives are those of an element."""
        dtype = dtype_of(x)
        ones = np.ones((), dtype)[()] if not inexact_dtype(dtype) else dtype.type(1)
        (out,), (found,) = series_flat(
            lambda v: [primitive.bind(v)], [x], [[spread(ones, shape_of(x), dtype), None]], 2, self
        )
        if found is None:
            return out
        (first, second), (slope, curve) = moved, found
        along = None if first is None or slope is None else times(first, slope)
        rest = None if second is None or slope is None else times(second, slope)
        if first is not None and curve is not None:
            bent = times(self.total(times(first, first)), curve)
            rest = bent if rest is None else plus(rest, bent)
        return out if along is None and rest is None else CollapsedTracer(self, out, along, rest)

    def _of_some(self, primitive: Primitive, primals: Sequence[Value], moved: Sequence[Any]) -> Value:
        """An elementwise operation of several arguments: the sum apart from the batch, so that a diagonal stays one."""

        same = [next(k for k, y in enumerate(primals) if y is x) for x in primals]
        apart = sorted(set(same))  # an operand that stands twice is one for the rules too, as in copysign(x, x)
        primals, moved = [primals[k] for k in apart], [moved[k] for k in apart]

        def run(*values: Value) -> list[Value]:
            return [primitive.bind(*[values[apart.index(k)] for k in same])]

        along = [None if m is None or m[0] is None else [m[0], None] for m in moved]
        (out,), (found,) = series_flat(run, primals, along, 2, self)
        sums = [None if m is None or m[1] is None else [m[1]] for m in moved]
        _, (rest,) = series_flat(run, primals, sums, 1, self) if any(s is not None for s in sums) else (None, (None,))
        first, bent = (None, None) if found is None else (found[0], self.total(found[1]))
        second = None if rest is None else rest[0]
        if bent is not None:
            second = bent if second is None else plus(second, bent)
        return out if first is None and second is None else CollapsedTracer(self, out, first, second)

    def total(self, x: Value | None) -> Value | None:
        """The weighted sum over the directions."""
        if type(x) is not BatchTracer or x._trace is not self.batch:
            return x
        n, w = self.batch.size, self.weights
        batch = x.batch
        if type(batch) is Diagonal:  # each element is that of one direction
            weights = batch.weights
            if w is None:
                return weights / n
            size = int(np.prod(shape_of(weights), dtype=int))
            return weights * reshape(w[batch.start : batch.start + size], shape_of(weights))
        if w is None:
            return reduce_sum(batch, (0,)) / n
        return reduce_sum(batch * reshape(w, (n, *[1] * (len(shape_of(batch)) - 1))), (0,))

    def split(self, x: Value) -> tuple[Value, Value | None]:
        """The value of a result, and its weighted sum of second coefficients."""
        if type(x) is CollapsedTracer and x._trace is self:
            return x.primal, x.moved[1]
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())


def collapsed(
    f: Callable[..., Sequence[Value]],
    primals: Sequence[Value],
    directions: Sequence[Value | None] | None,
    weights: Value | None,
    count: int,
) -> tuple[list[Value], list[Value | None]]:
    """Values of a function from values to values, and the weighted sums of its second Taylor coefficients.

    Args:
        directions: for each argument its parts of all directions, the axis of directions in front; None is the standard
            basis of the arguments together.
        weights: of the directions, with the sum 1; None is ``1 / count`` each.
        count: how many directions there are.
    """
    with BatchTrace(count) as batch:
        trace = CollapsedTrace(batch, weights)
        args, start = [], 0
        for k, p in enumerate(primals):
            if directions is None:
                ones = np.ones(shape_of(p), dtype_of(p))
                rows = Diagonal(ones if ones.ndim else ones[()], start, count)
                start += ones.size
            else:
                rows = directions[k]
            args.append(p if rows is None else CollapsedTracer(trace, p, BatchTracer(batch, rows), None))
        try:
            pairs = [trace.split(o) for o in f(*args)]
        finally:
            trace.open = False
            if STATES:
                give_back()
    values, sums = [p for p, _ in pairs], [s for _, s in pairs]
    if kinked(trace):  # beside the point, where a slope at a kink counts
        right, left = both(lambda moved: collapsed(f, moved, directions, weights, count)[1], primals)
        sums = [middle(a, b) for a, b in zip(right, left, strict=True)]
        if hides(trace):
            with once_more():
                values = list(f(*primals))
    return values, sums


__all__ = ["CollapsedTrace", "CollapsedTracer", "collapsed"]
