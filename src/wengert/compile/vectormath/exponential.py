"""exp, exp2, expm1, sigmoid: ``exp(x) = 2**n exp(r)``, ``|r| <= log(2)/2``, ``exp(r)`` a polynomial."""

from __future__ import annotations

import math

from ..emitter import Emitter, V
from .coefficients import EXP
from .kit import at_least, at_most, nearest, polynomial, power_of_two, scale, where_tiny

LOG2_E = 1 / math.log(2)
# log(2) in two parts, the first rounded to the format: n * first is exact in a fused multiply-add.
LN2 = {
    "float": (0.6931471824645996, -1.9046542121259336e-09),
    "double": (0.6931471805599453, 2.3190468138462996e-17),
}
# Beyond these exp is inf, and 0.
EXP_RANGE = {"float": (-104.0, 89.0), "double": (-746.0, 710.0)}
EXP2_RANGE = {"float": (-151.0, 129.0), "double": (-1076.0, 1025.0)}
# From here down expm1 rounds to -1.
EXPM1_LOW = {"float": -18.0, "double": -38.0}


def reduced(e: Emitter, x: V) -> tuple[V, V]:
    """``r = x - n log(2)`` and n in the low bits of an integer."""
    n, i = nearest(e, x, LOG2_E)
    high, low = LN2[x.type]
    return e.fma(n, e.const(-low, x), e.fma(n, e.const(-high, x), x)), i


def expm1_reduced(e: Emitter, r: V, tail: V | None = None) -> V:
    """``exp(r + tail) - 1`` for ``|r| <= log(2)/2`` and a tail within its rounding error."""
    q = polynomial(e, r, EXP[r.type])
    square = e.fmul(r, r)
    return e.fadd(r, e.fmul(square, q) if tail is None else e.fma(square, q, tail))


def exp_of_reduced(e: Emitter, r: V, tail: V | None = None) -> V:
    """``exp(r + tail)``."""
    q = polynomial(e, r, EXP[r.type])
    square = e.fmul(r, r)
    small = e.fma(square, q, r) if tail is None else e.fadd(r, e.fma(square, q, tail))
    return e.fadd(small, e.const(1.0, r))


def exp(e: Emitter, x: V) -> V:
    """``exp(x)``."""
    low, high = EXP_RANGE[x.type]
    r, n = reduced(e, at_most(e, at_least(e, x, low), high))
    return scale(e, exp_of_reduced(e, r), n)


def exp2(e: Emitter, x: V) -> V:
    """``2**x``."""
    low, high = EXP2_RANGE[x.type]
    x = at_most(e, at_least(e, x, low), high)
    n, i = nearest(e, x)
    r = e.fmul(e.fsub(x, n), e.const(math.log(2), x))
    return scale(e, exp_of_reduced(e, r), i)


def expm1(e: Emitter, x: V) -> V:
    """``exp(x) - 1``."""
    r, n = reduced(e, at_most(e, at_least(e, x, EXPM1_LOW[x.type]), EXP_RANGE[x.type][1]))
    # Half of it first: 2**n alone overflows before expm1 does.
    s = power_of_two(e, n, x.type, -1)
    half = e.fma(s, expm1_reduced(e, r), e.fsub(s, e.const(0.5, x)))
    return where_tiny(e, x, e.fadd(half, half))


def exp_negative(e: Emitter, x: V) -> V:
    """``exp(-|x|)``."""
    y = at_least(e, e.fneg(e.fabs(x)), EXP_RANGE[x.type][0])
    r, n = reduced(e, y)
    return scale(e, exp_of_reduced(e, r), n)


def sigmoid(e: Emitter, x: V) -> V:
    """``1 / (1 + exp(-x))``, by the exponential that does not overflow."""
    z = exp_negative(e, x)
    one = e.const(1.0, x)
    inverse = e.fdiv(one, e.fadd(one, z))  # which the sigmoid of -x shares
    return e.select(e.fcmp("olt", x, e.const(0.0, x)), e.fmul(z, inverse), inverse)
