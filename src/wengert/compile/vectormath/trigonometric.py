"""sin, cos, tan: ``r = x - n pi`` in three steps (W. J. Cody and W. Waite, 1980), then one polynomial.

Beyond `REDUCED` the C library's function takes over, out of line (`Emitter.patch`).
"""

from __future__ import annotations

import math
from typing import Any

from ..emitter import Emitter, V
from .coefficients import ARCSIN, ARCTAN, COS_QUARTER, SIN, SIN_QUARTER
from .kit import LARGEST, MAGIC, NAN, at_most, bits, from_bits, is_infinite, is_zero, nearest, polynomial

# pi as a sum, each part rounded towards zero: with parts of one sign, x = -0 stays -0 in the subtractions.
PI = {
    "float": (3.141592502593994, 1.5099578831723193e-07, 1.078060505991553e-14),
    "double": (3.141592653589793, 1.224646799147353e-16, 2.1657133478438278e-32),
}
# Up to here three parts leave at most one rounding error in r, however close x is to a multiple of pi.
NEAR, EIGHTH = 1.5, 0.8  # up to these sines and cosines are polynomials of x as it is, and at most 1
REDUCED = {"float": 1.0e5, "double": 1.0e9}


# pi/2 in two parts
HALF_PI = {"float": (1.5707963705062866, -4.3711390001862426e-08), "double": (math.pi / 2, 6.123233995736766e-17)}


def subtract_multiple(e: Emitter, x: V, n: V, part: float = 1.0) -> V:
    """``x - n pi part`` for a power of two `part`."""
    return _subtracted(e, x, n, part)[-1]


def _subtracted(e: Emitter, x: V, n: V, part: float) -> list[V]:
    """The same after each part of pi."""
    found = []
    for p in PI[x.type]:
        x = e.fma(n, e.const(-p * part, x), x)
        found.append(x)
    return found


def sin_of_reduced(e: Emitter, r: V) -> V:
    """``sin(r)`` for ``|r| <= pi/2``, at most 1 in size; -0 of -0."""
    a, u = e.fabs(r), e.fmul(r, r)
    size = e.fma(e.fmul(a, u), polynomial(e, u, SIN[r.type]), a)
    return e.copysign(at_most(e, size, 1.0), r)


def negate_odd(e: Emitter, x: V, n: V) -> V:
    """-x where the integer n is odd."""
    sign = e.shl(n, e.const(8 * (4 if x.type == "float" else 8) - 1, n))
    return from_bits(e, e.xor(bits(e, x), sign))


def patch_large(e: Emitter, name: str, x: V, result: V) -> V:
    return e.patch(is_large(e, x), result, name, x)


def is_large(e: Emitter, x: V) -> V:
    return e.fcmp("ogt", e.fabs(x), e.const(REDUCED[x.type], x))


def sin(e: Emitter, x: V) -> V:
    """``sin(x)``."""
    if e.latency and x.lanes == 1:
        return _sin_by_cases(e, x)
    n, i = nearest(e, x, 1 / math.pi)
    r = negate_odd(e, subtract_multiple(e, x, n), i)
    return patch_large(e, "sin", x, sin_of_reduced(e, r))


def cos(e: Emitter, x: V) -> V:
    """``cos(x) = -(-1)**n sin(x - (n + 1/2) pi)``; near 0 ``sin(pi/2 - |x|)``."""
    if e.latency and x.lanes == 1:
        return _cos_by_cases(e, x)
    y = e.fma(x, e.const(1 / math.pi, x), e.const(-0.5, x))
    # The integer is n + 1: odd ones are those with a plus before the sine.
    magic = e.const(MAGIC[x.type] + 1, x)
    t = e.fadd(y, magic)
    half, i = e.fadd(e.fsub(t, magic), e.const(0.5, x)), bits(e, t)
    r = negate_odd(e, subtract_multiple(e, x, half), i)
    return patch_large(e, "cos", x, sin_of_reduced(e, r))


# --- short chains -------------------------------------------------------------------------------------------------
# Of scalars, a sine as ``a * b + c`` with b known last. What is subtracted last from x does not matter to b.


def _sin_by_cases(e: Emitter, x: V) -> V:
    huge = lambda: _outside(e, "sin", x)
    rest = lambda: e.either(is_large(e, x), huge, lambda: _by_quarters(e, x, 0))
    return e.late_sum(*e.either(_below(e, x, NEAR), lambda: _sin_terms(e, x, x, SIN), rest))


def _cos_by_cases(e: Emitter, x: V) -> V:
    huge = lambda: _outside(e, "cos", x)
    far = lambda: e.either(is_large(e, x), huge, lambda: _by_quarters(e, x, 1))
    rest = lambda: e.either(_below(e, x, 2 * NEAR), lambda: _cos_terms_from_side(e, x), far)
    return e.late_sum(*e.either(_below(e, x, EIGHTH), lambda: _cos_terms(e, x), rest))


def sin_and_cos(e: Emitter, x: V) -> tuple[V, V]:
    """Both, of a scalar by the same branches."""
    if not e.latency or x.lanes > 1:
        return sin(e, x), cos(e, x)

    def near() -> list[V]:
        sine = _sin_terms(e, x, x, SIN)
        # Beside 0 the cosine would come out above 1.
        cosine = at_most(e, e.fma(*_cos_terms_from_side(e, x)), 1.0)
        return [*sine, e.const(0.0, x), e.const(0.0, x), cosine]

    huge = lambda: [*_outside(e, "sin", x), *_outside(e, "cos", x)]
    far = lambda: e.either(is_large(e, x), huge, lambda: _by_quarters(e, x, 0, 1))
    rest = lambda: e.either(_below(e, x, NEAR), near, far)
    terms = e.either(_below(e, x, EIGHTH), lambda: [*_sin_terms(e, x, x, SIN_QUARTER), *_cos_terms(e, x)], rest)
    return e.late_sum(*terms[:3]), e.late_sum(*terms[3:])


def _below(e: Emitter, x: V, limit: float) -> V:
    return e.fcmp("olt", e.fabs(x), e.const(limit, x))


def _outside(e: Emitter, name: str, x: V) -> list[V]:
    zero = e.const(0.0, x)
    return [zero, zero, e.outside(name, x)]


def _sin_terms(e: Emitter, short: V, r: V, coefficients: dict[str, Any]) -> list[V]:
    """``r**3 b + r``, for which only the last r needs all digits."""
    u = e.fmul(short, short)
    return [e.fmul(short, u), polynomial(e, u, coefficients[r.type]), r]


def _cos_terms(e: Emitter, r: V) -> list[V]:
    """``r**2 b + 1``."""
    u = e.fmul(r, r)
    return [u, polynomial(e, u, COS_QUARTER[r.type]), e.const(1.0, r)]


def _cos_terms_from_side(e: Emitter, x: V) -> list[V]:
    """``sin(pi/2 - |x|)`` for ``|x| < 2 NEAR``."""
    high, low = HALF_PI[x.type]
    most = e.fsub(e.const(high, x), e.fabs(x))
    return _sin_terms(e, most, e.fadd(most, e.const(low, x)), SIN)


def _by_quarters(e: Emitter, x: V, *turns: int) -> list[V]:
    """The sines of ``x + turn pi/2``: each a sine or cosine of ``r = x - n pi/2``, of either sign, without a branch."""
    n, i = nearest(e, x, 2 / math.pi)
    *_, short, r = _subtracted(e, x, n, 0.5)
    sine = _sin_terms(e, short, r, SIN_QUARTER)
    cosine = _cos_terms(e, short)
    one, found = e.const(1, i), []
    for turn in turns:
        k = e.iadd(i, e.const(turn, i))
        odd = e.icmp("ne", e.and_(k, one), e.const(0, k))
        a, b, c = [e.select(odd, *pair) for pair in zip(cosine, sine, strict=True)]
        half = e.lshr(k, one)
        found += [negate_odd(e, a, half), b, negate_odd(e, c, half)]
    return found


def tan(e: Emitter, x: V) -> V:
    """``sin(r) / cos(r)`` or ``-cos(r) / sin(r)`` with ``r = x - n pi/2``."""
    n, i = nearest(e, x, 2 / math.pi)
    r = subtract_multiple(e, x, n, 0.5)
    u, one = e.fmul(r, r), e.const(1, i)
    s = e.fma(e.fmul(r, u), polynomial(e, u, SIN_QUARTER[x.type]), r)
    c = e.fma(u, polynomial(e, u, COS_QUARTER[x.type]), e.const(1.0, x))
    odd = e.icmp("ne", e.and_(i, one), e.const(0, i))
    result = e.fdiv(e.select(odd, e.fneg(c), s), e.select(odd, s, c))
    # The sum in s makes +0 of r = -0.
    result = e.select(is_zero(e, x), x, result)
    return patch_large(e, "tan", x, result)


# --- inverse functions --------------------------------------------------------------------------------------------


def _arcsin_parts(e: Emitter, x: V) -> tuple[V, V, V]:
    """Whether ``a = |x|`` is above 1/2; then ``sqrt((1 - a) / 2)`` and its arcsine less itself, else those of a."""
    a, half = e.fabs(x), e.const(0.5, x)
    large = e.fcmp("ogt", a, half)
    z = e.select(large, e.fma(a, e.const(-0.5, x), half), e.fmul(a, a))
    s = e.select(large, e.sqrt(z), a)
    return large, s, e.fmul(e.fmul(s, z), polynomial(e, z, ARCSIN[x.type]))


def arcsin(e: Emitter, x: V) -> V:
    """A polynomial up to 1/2; ``pi/2 - 2 arcsin(sqrt((1 - x) / 2))`` above."""
    large, s, rest = _arcsin_parts(e, x)
    high, low = HALF_PI[x.type]
    two = e.const(-2.0, x)
    far = e.fma(s, two, e.fma(rest, two, e.const(low, x)))
    return e.copysign(e.select(large, e.fadd(e.const(high, x), far), e.fadd(s, rest)), x)


def arccos(e: Emitter, x: V) -> V:
    """``pi/2 - arcsin(x)`` up to 1/2; ``2 arcsin(sqrt((1 - x) / 2))`` above, and its complement to pi below -1/2."""
    large, s, rest = _arcsin_parts(e, x)
    high, low = HALF_PI[x.type]
    negative = e.fcmp("olt", x, e.const(0.0, x))
    near = e.fsub(e.const(high, x), e.fadd(x, e.fsub(e.copysign(rest, x), e.const(low, x))))
    twice = e.fmul(e.fadd(s, rest), e.const(2.0, x))
    far = e.fsub(e.const(2 * high, x), e.fsub(twice, e.const(2 * low, x)))
    return e.select(large, e.select(negative, far, twice), near)


def _arctan_of_ratio(e: Emitter, low: V, high: V) -> V:
    """``arctan(low / high)`` for ``0 <= low <= high``: above ``tan(pi/8)`` as ``pi/4 + arctan((r - 1) / (r + 1))``."""
    far = e.fcmp("ogt", low, e.fmul(high, e.const(math.sqrt(2) - 1, low)))
    t = e.fdiv(e.select(far, e.fsub(low, high), low), e.select(far, e.fadd(low, high), high))
    z = e.fmul(t, t)
    rest = e.fmul(e.fmul(t, z), polynomial(e, z, ARCTAN[low.type]))
    zero = e.const(0.0, low)
    quarter, tail = HALF_PI[low.type]
    rest = e.fadd(rest, e.select(far, e.const(tail / 2, low), zero))
    return e.fadd(e.select(far, e.const(quarter / 2, low), zero), e.fadd(t, rest))


def arctan(e: Emitter, x: V) -> V:
    """``arctan`` of ``|x|`` or ``1 / |x|``."""
    a, one = e.fabs(x), e.const(1.0, x)
    large = e.fcmp("ogt", a, one)
    # The ratio of 1 and a, in one division. Above the bound the result is pi/2 anyway.
    a = at_most(e, a, 2.0**60)
    t = _arctan_of_ratio(e, e.select(large, one, a), e.select(large, a, one))
    high, low = HALF_PI[x.type]
    return e.copysign(e.select(large, e.fsub(e.const(high, x), e.fsub(t, e.const(low, x))), t), x)


def arctan2(e: Emitter, y: V, x: V) -> V:
    """The angle of the point (x, y), in (-pi, pi]; NumPy's order of arguments."""
    a, b, one = e.fabs(x), e.fabs(y), e.const(1.0, x)
    steep = e.fcmp("ogt", b, a)
    low, high = e.select(steep, a, b), e.select(steep, b, a)
    # inf over inf is 1 and 0 over 0 is 0; a sum of the two must not overflow.
    both, none = is_infinite(e, low), is_zero(e, high)
    low, high = e.select(both, one, low), e.select(both, one, e.select(none, one, high))
    big = e.fcmp("ogt", high, e.const(LARGEST[x.type] / 4, x))
    factor = e.select(big, e.const(0.125, x), one)
    t = _arctan_of_ratio(e, e.fmul(low, factor), e.fmul(high, factor))
    high, low = HALF_PI[x.type]
    t = e.select(steep, e.fsub(e.const(high, x), e.fsub(t, e.const(low, x))), t)
    left = e.icmp("slt", bits(e, x), e.const(0, bits(e, x)))
    t = e.select(left, e.fsub(e.const(2 * high, x), e.fsub(t, e.const(2 * low, x))), t)
    t = e.select(e.fcmp("uno", x, y), e.const(NAN, x), t)
    return e.copysign(t, y)
