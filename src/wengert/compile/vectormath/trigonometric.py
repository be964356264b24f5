"""sin, cos, tan: ``r = x - n pi`` in three steps (W. J. Cody and W. Waite, 1980), then one polynomial.

Beyond `REDUCED` the C library's function takes over, out of line (`Emitter.patch`).
"""

from __future__ import annotations

import math

from ..emitter import Emitter, V
from .coefficients import SIN
from .kit import MAGIC, bits, from_bits, nearest, polynomial

# pi as a sum, each part rounded towards zero: with parts of one sign, x = -0 stays -0 in the subtractions.
PI = {
    "float": (3.141592502593994, 1.5099578831723193e-07, 1.078060505991553e-14),
    "double": (3.141592653589793, 1.224646799147353e-16, 2.1657133478438278e-32),
}
# Up to here three parts leave at most one rounding error in r, however close x is to a multiple of pi.
REDUCED = {"float": 1.0e5, "double": 1.0e9}


def subtract_multiple(e: Emitter, x: V, n: V, part: float = 1.0) -> V:
    """``x - n pi part`` for a power of two `part`."""
    for p in PI[x.type]:
        x = e.fma(n, e.const(-p * part, x), x)
    return x


def sin_of_reduced(e: Emitter, r: V) -> V:
    """``sin(r)`` for ``|r| <= pi/2``."""
    u = e.fmul(r, r)
    # The sum makes +0 of r = -0.
    return e.copysign(e.fma(e.fmul(r, u), polynomial(e, u, SIN[r.type]), r), r)


def negate_odd(e: Emitter, x: V, n: V) -> V:
    """-x where the integer n is odd."""
    sign = e.shl(n, e.const(8 * (4 if x.type == "float" else 8) - 1, n))
    return from_bits(e, e.xor(bits(e, x), sign))


def patch_large(e: Emitter, name: str, x: V, result: V) -> V:
    large = e.fcmp("ogt", e.fabs(x), e.const(REDUCED[x.type], x))
    return e.patch(large, result, name, x)


def sin(e: Emitter, x: V) -> V:
    """``sin(x)``."""
    n, i = nearest(e, x, 1 / math.pi)
    r = negate_odd(e, subtract_multiple(e, x, n), i)
    return patch_large(e, "sin", x, sin_of_reduced(e, r))


def cos(e: Emitter, x: V) -> V:
    """``cos(x) = -(-1)**n sin(x - (n + 1/2) pi)``."""
    y = e.fma(x, e.const(1 / math.pi, x), e.const(-0.5, x))
    # The integer is n + 1: odd ones are those with a plus before the sine.
    magic = e.const(MAGIC[x.type] + 1, x)
    t = e.fadd(y, magic)
    half = e.fadd(e.fsub(t, magic), e.const(0.5, x))
    r = negate_odd(e, subtract_multiple(e, x, half), bits(e, t))
    return patch_large(e, "cos", x, sin_of_reduced(e, r))
