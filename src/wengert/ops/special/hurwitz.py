"""Hurwitz's zeta function in terms of other operations, for compiled code: Euler and Maclaurin's sum in vectors.

Source: DLMF 25.11.5 and 2.10.1. Outside of the range where it holds to rounding the loop of SciPy's ufunc is called, for the
whole array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, aval_of, shape_of
from ..above import control_flow
from ..elementwise import convert, power
from ..families import Elementwise
from ..promotion import broadcast_shapes
from ..reduction import all_p
from ..shape import broadcast_to
from .declare import few, none, scipy_function

TERMS = 10  # that are added up one by one
LARGEST = (1e3, 1e150)  # of both arguments
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330, 854513 / 138,
    -236364091 / 2730,
)  # fmt: skip

zeta_by_loop_p = Elementwise(
    "zeta_by_loop",
    scipy_function("zeta", ufunc="_ufuncs._zeta"),
    (none("zeta_by_loop", "s"), none("zeta_by_loop", "q")),
    samples=few((1.5, 3.0), (0.4, 2.0)),
    reasons={
        "complex": "the sum is one of real numbers",
        "jvp": "zeta has the derivatives; this is how compiled code calls SciPy",
    },
)


def zeta(s: Value, q: Value) -> Value:
    """The sum of ``(q + k)**-s`` over k from 0 on."""
    out = zeta_by_loop_p.abstract(aval_of(s), aval_of(q)).dtype  # of 16 bits SciPy's loop makes 32
    if out.kind == "c":
        return zeta_by_loop_p.bind(s, q)
    shape = broadcast_shapes("zeta", shape_of(s), shape_of(q))
    if 0 in shape:
        return np.zeros(shape, out)
    known = [convert(v, np.float64) for v in (s, q)]
    good = (known[0] > 1) & (known[0] < LARGEST[0]) & (known[1] > 0) & (known[1] < LARGEST[1])
    whole = all_p.bind(good, axes=tuple(range(len(shape_of(good)))))
    s, q = (broadcast_to(v, shape) for v in known)
    lax = control_flow()
    return convert(lax.cond(whole, _sum, zeta_by_loop_p.bind, s, q), out)


def _sum(s: Any, q: Any) -> Value:
    total = power(q, -s)
    for k in range(1, TERMS):
        total = total + power(q + k, -s)
    far = q + TERMS
    last = power(far, -s)
    total = total + last * far / (s - 1) + last / 2
    rising, step = s * last / far, 1 / (far * far)
    for j, b in enumerate(_BERNOULLI, 1):
        total = total + rising * (b / math.factorial(2 * j))
        rising = rising * ((s + (2 * j - 1)) * (s + 2 * j)) * step
    return total


__all__ = ["zeta", "zeta_by_loop_p"]
