"""Zero cotangents and infinite coefficients: what a choice leaves out does not poison what stays.

The side that `where` did not choose receives a cotangent of 0; were its partial derivative infinite there, 0 * inf would
poison the sum. `unpoisoned_p` takes such a coefficient for 0. It is an operation of its own, since the derivatives of
the coefficient may be infinite or NaN where it is finite itself: they count as 0 where the cotangent and its
derivatives are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import LinearTracer, Primitive, Value, dtype_of, shape_of
from .declare import REAL, samples
from .elementwise import equal, isfinite, logical_and, logical_not, where
from .families import Elementwise, spread


def _impl(c: Any, *cotangents: Any) -> Any:
    poisoned = ~np.isfinite(c)
    for ct in cotangents:
        poisoned = poisoned & (ct == 0)
    return np.where(poisoned, dtype_of(c).type(0), c)[()]


def poisoned(c: Value, cotangents: Sequence[Value]) -> Value:
    """Where a coefficient is not finite and all of the cotangents are 0."""
    out = logical_not(isfinite(c))
    for ct in cotangents:
        out = logical_and(equal(ct, 0), out)
    return out


class _Unpoisoned(Elementwise):
    """``unpoisoned(c, *cotangents)``: `c`, but 0 where it is not finite and all of the cotangents are 0."""

    linearize = Primitive.linearize

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (c, *cotangents), (t, *moving) = primals, tangents
        ans = self.bind(c, *cotangents)
        if t is None:
            return ans, None
        zero = dtype_of(ans).type(0)
        if isinstance(t, LinearTracer):  # whose values are not known
            return ans, where(poisoned(c, cotangents), zero, t)
        kept = self.bind(t, *cotangents, *[m for m in moving if m is not None])
        return ans, spread(where(poisoned(c, cotangents), zero, kept), shape_of(ans), dtype_of(ans))


unpoisoned_p = _Unpoisoned("unpoisoned", _impl, (1, None), samples=samples(REAL, REAL))
del unpoisoned_p.bind  # the short one for two arguments

__all__ = ["poisoned", "unpoisoned_p"]
