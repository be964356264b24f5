"""Arrivals: values that count as the point itself, without the direction in which it was left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import Value
from ..lowering import Formula, complexes, formulas
from ..vocabulary import Params, Pushed
from .linear import Linear
from .sides import ASIDE, BESIDE


class _Arrival(Linear):
    """A value, without the direction in which a point was left."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return (primals[0], None) if ASIDE.on else super().jvp(primals, tangents, params)


arrival_p = _Arrival(
    "arrival",
    lambda x: x,
    lambda aval: aval,
    lambda cotangent, x: cotangent,
    lambda size, x: arrival_p.bind(x),
    samples=lambda: [((np.array([0.5, -1.0]),), {})],
    native=Formula(formulas.same, loop=lambda avals, out: ([out.dtype], out.dtype), parts=complexes.same),
)

BESIDE[arrival_p] = lambda args, side: (args[0], None)

__all__ = ["arrival_p"]
