"""Derivatives where a slope at a kink was differentiated (`ops.sides`): the mean of those beside the point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Tracer, dtype_of, inexact_dtype, shape_of
from ..errors import NotDifferentiableError
from ..ops.arrival import arrival_p
from ..ops.callback import once_more
from ..ops.elementwise import add, multiply
from ..ops.known import known
from ..ops.sides import ASIDE
from .series import SIDES

_ORDERS = (2, 4)  # of the last coefficients that are looked at where an argument of a kink has a derivative that is 0


def both(run: Callable[[list[Any]], Any], leaves: Sequence[Any], along: Sequence[Any] = ()) -> list[Any]:
    """What `run` gives of the arguments on either side; of a curve where `along` has its directions."""
    ASIDE.left = True
    try:
        with once_more():
            from .beside import AlongSeries, AlongTangents

            def by_tangents(sign: int) -> Any:
                return run(AlongTangents().moved(leaves, sign, along))

            ASIDE.short = False
            right = by_tangents(1)
            if not ASIDE.short:
                return [right, by_tangents(-1)]
            settled = all(map(known, leaves))
            found = None
            for order in _ORDERS if settled else _ORDERS[::-1]:  # what is staged may be differentiated again
                ASIDE.short = False
                try:
                    found = [run(AlongSeries(order).moved(leaves, sign, along)) for sign in (1, -1)]
                except NotDifferentiableError:  # so often
                    continue
                if not (settled and ASIDE.short):
                    break
            return found or [right, by_tangents(-1)]
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


SIDES.both, SIDES.middle = both, middle

__all__ = ["both", "mean", "middle"]
