"""A trace that leaves a point, in which slopes at kinks are those beside it (`ops.sides`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Primitive, Trace, Value, dtype_of, is_inexact, shape_of
from ..ops.elementwise import multiply, not_equal, stop_gradient_p, where
from ..ops.sides import ASIDE
from ..ops.terms import sum_of
from ..vocabulary import Params, Results
from .forward import JVPTrace, JVPTracer
from .series import SeriesTrace, SeriesTracer, Stream, _beyond

_GOLDEN = 0.6180339887498949  # its multiples are spread evenly modulo 1, and no two of them are equal


class _Leaving(Trace):
    """Slopes at kinks are resolved by how the point is left, which values carry along."""

    __slots__ = ()

    def moving(self, x: Value, steps: Value) -> Value:
        raise NotImplementedError

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Results:
        before, ASIDE.on = ASIDE.on, True
        try:
            return super().process(primitive, args, params)
        finally:
            ASIDE.on = before

    def moved(self, leaves: Sequence[Any], sign: int, along: Sequence[Value | None] = ()) -> list[Any]:
        """The arguments on their way, all by different positive steps, or with `sign` -1 by their negatives.

        Where a curve is followed, `along` has its directions, and the steps are for those elements that it leaves where they are.
        """
        found, start = [], 0
        for i, x in enumerate(leaves):
            if not is_inexact(x):
                found.append(x)
                continue
            n = int(np.prod(shape_of(x), dtype=int))
            steps: Value = sign * (1 + (np.arange(start, start + n) * _GOLDEN) % 1).reshape(shape_of(x))
            steps = steps.astype(dtype_of(x))[()]
            start += n
            if along and along[i] is not None:
                toward = stop_gradient_p.bind(along[i])
                steps = where(not_equal(toward, 0), multiply(toward, dtype_of(x).type(sign)), steps)
            found.append(self.moving(x, steps))
        return found


class AlongTangents(_Leaving, JVPTrace):
    """By first coefficients."""

    __slots__ = ()
    name = "a derivative beside a kink"

    def moving(self, x: Value, steps: Value) -> Value:
        return JVPTracer(self, x, steps)


class AlongSeries(_Leaving, SeriesTrace):
    """By power series, for kinks of which an argument has a derivative that is 0."""

    __slots__ = ()
    name = "a derivative beside a kink"
    beside = True

    def moving(self, x: Value, steps: Value) -> Value:
        return SeriesTracer(self, x, Stream(_beyond, [steps, *[None] * (self.order - 1)]))

    def _joined(self, primitive: Primitive, out: SeriesTracer, stream: Stream) -> tuple[Value, Stream]:
        """The first coefficients, which decide about most sides, add up."""
        return out.primal, Stream(lambda k: sum_of([out.stream(k), stream(k)]))


__all__ = ["AlongSeries", "AlongTangents"]
