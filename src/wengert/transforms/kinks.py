"""Derivatives where a slope at a kink was differentiated (`ops.sides`): the mean of those beside the point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Primitive, Tracer, Value, dtype_of, inexact_dtype, is_inexact, shape_of
from ..ops.arrival import arrival_p
from ..ops.callback import once_more
from ..ops.elementwise import add, multiply
from ..ops.sides import ASIDE
from .forward import JVPTrace, JVPTracer

_GOLDEN = 0.6180339887498949  # its multiples are spread evenly modulo 1, and no two of them are equal


class Beside(JVPTrace):
    """Carries the direction in which the point is left, from which slopes at kinks are resolved."""

    __slots__ = ()

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        before, ASIDE.on = ASIDE.on, True
        try:
            return super().process(primitive, args, params)
        finally:
            ASIDE.on = before

    def moved(self, leaves: Sequence[Any], sign: int) -> list[Any]:
        """The arguments on their way, all by different positive steps, or with `sign` -1 by their negatives."""
        found, start = [], 0
        for x in leaves:
            if not is_inexact(x):
                found.append(x)
                continue
            n = int(np.prod(shape_of(x), dtype=int))
            steps = sign * (1 + (np.arange(start, start + n) * _GOLDEN) % 1).reshape(shape_of(x))
            start += n
            found.append(JVPTracer(self, x, steps.astype(dtype_of(x))[()]))
        return found


def both(run: Callable[[list[Any]], Any], leaves: Sequence[Any]) -> list[Any]:
    """What `run` gives of the arguments on either side."""
    ASIDE.left = True
    try:
        with once_more():
            return [run(Beside().moved(leaves, sign)) for sign in (1, -1)]
    finally:
        ASIDE.left = False


def mean(run: Callable[[list[Any]], Any], leaves: Sequence[Any]) -> Any:
    """The mean of the trees of derivatives that `run` gives on either side."""
    right, left = both(run, leaves)
    return trees.map(middle, right, left)


def middle(a: Any, b: Any) -> Any:
    """The mean of two derivatives; None is a zero."""
    if a is None or b is None:
        a, b = (a, b) if b is None else (b, a)
        if a is None:
            return None
        b = np.zeros(shape_of(a), dtype_of(a))
    if isinstance(a, Tracer):
        a = arrival_p.bind(a)
    if isinstance(b, Tracer):
        b = arrival_p.bind(b)
    dtype = dtype_of(a)
    if not inexact_dtype(dtype):
        return a
    if not isinstance(a, Tracer) and not isinstance(b, Tracer) and np.array_equal(a, b):
        return a
    half = dtype.type(0.5)
    return add(multiply(a, half), multiply(b, half))


__all__ = ["both", "mean", "middle"]
