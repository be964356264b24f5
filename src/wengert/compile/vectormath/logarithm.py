"""log, log2, log10, log1p: ``x = 2**k m`` with m in [sqrt(1/2), sqrt(2)), and log(m) by a polynomial."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..emitter import Emitter, V
from .coefficients import LOG, LOG_QUOTIENT
from .exponential import LN2, exp2, exp_negative
from .kit import BIAS, FRACTION, INF, LEAST_NORMAL, NAN, bits, fast_two_sum, from_bits, polynomial, two_sum

SQRT_HALF_BITS = {"float": 0x3F3504F3, "double": 0x3FE6A09E667F3BCD}


def split(e: Emitter, x: V, denormal: bool = True) -> tuple[V, V]:
    """k and ``f = m - 1`` (exact) of a positive finite x."""
    type = x.type
    p, bias = FRACTION[type], BIAS[type]
    # An integer below 2**p becomes a float by or-ing it into the bits of 2**p.
    offset = e.const(2.0**p + bias, x)
    if denormal:
        small = e.fcmp("olt", x, e.const(LEAST_NORMAL[type], x))
        x = e.select(small, e.fmul(x, e.const(2.0**p, x)), x)
        offset = e.select(small, e.const(2.0**p + bias + p, x), offset)
    i = bits(e, x)
    low = SQRT_HALF_BITS[type]
    j = e.iadd(i, e.const((bias << p) - low, i))
    k = e.or_(e.lshr(j, e.const(p, i)), e.const((bias + p) << p, i))
    m = e.iadd(e.and_(j, e.const((1 << p) - 1, i)), e.const(low, i))
    return e.fsub(from_bits(e, k), offset), e.fsub(from_bits(e, m), e.const(1.0, x))


def small_part(e: Emitter, f: V, tail: V | None = None, quotient: Sequence[float] = LOG_QUOTIENT["double"]) -> V:
    """``log(1 + f) - f + tail`` for f of `split`; `quotient` is a polynomial of doubles."""
    if f.type == "float":
        g, square = polynomial(e, f, LOG["float"]), e.fmul(f, f)
        return e.fmul(square, g) if tail is None else e.fma(square, g, tail)
    # With s = f / (2 + f): log(1 + f) = 2 artanh(s), and 2 s = f - s f. An error in s meets the factor f.
    s = e.fdiv(f, e.fadd(f, e.const(2.0, f)))
    z = e.fmul(s, s)
    rest = e.fma(e.fneg(z), polynomial(e, z, quotient), f)
    return e.fneg(e.fmul(s, rest)) if tail is None else e.fma(e.fneg(s), rest, tail)


def log_of_parts(e: Emitter, k: V, f: V, tail: V | None = None) -> V:
    """``k log(2) + log(1 + f) + tail``."""
    high, low = LN2[f.type]
    tail = e.fmul(k, e.const(low, f)) if tail is None else e.fma(k, e.const(low, f), tail)
    return e.fma(k, e.const(high, f), e.fadd(f, small_part(e, f, tail)))


def special(e: Emitter, x: V, result: V) -> V:
    """`result` with what a logarithm is at inf, 0, negative numbers and nan."""
    result = e.select(e.fcmp("oeq", x, e.const(INF, x)), x, result)
    zero = e.const(0.0, x)
    result = e.select(e.fcmp("oeq", x, zero), e.const(-INF, x), result)
    return e.select(e.fcmp("ult", x, zero), e.const(NAN, x), result)


def log(e: Emitter, x: V) -> V:
    """``log(x)``."""
    return special(e, x, log_of_parts(e, *split(e, x)))


def _log_base(e: Emitter, x: V, unit: float, high: float, low: float) -> V:
    """``(k log(2) + log(m)) * unit`` where ``high + low`` is ``log(2) * unit``."""
    k, f = split(e, x)
    m = e.fadd(f, small_part(e, f))
    rest = e.fmul(m, e.const(unit, x)) if low == 0 else e.fma(k, e.const(low, x), e.fmul(m, e.const(unit, x)))
    return special(e, x, e.fadd(k, rest) if high == 1 else e.fma(k, e.const(high, x), rest))


def log2(e: Emitter, x: V) -> V:
    """``log(x) / log(2)``, exact at powers of two."""
    return _log_base(e, x, 1 / math.log(2), 1.0, 0.0)


LOG10_2 = {
    "float": (0.3010300099849701, -1.432098883924482e-08),
    "double": (0.3010299956639812, -2.8037281277851704e-18),
}


def log10(e: Emitter, x: V) -> V:
    """``log(x) / log(10)``."""
    return _log_base(e, x, 1 / math.log(10), *LOG10_2[x.type])


def log1p(e: Emitter, x: V) -> V:
    """``log(1 + x)``: of the rounded sum, and the first order of its rounding error."""
    one = e.const(1.0, x)
    u, error = two_sum(e, one, x)
    result = log_of_parts(e, *split(e, u, denormal=False), e.fdiv(error, u))
    result = e.select(e.fcmp("oeq", x, e.const(INF, x)), x, result)
    result = e.select(e.fcmp("oeq", u, e.const(0.0, x)), e.const(-INF, x), result)
    result = e.select(e.fcmp("ult", x, e.const(-1.0, x)), e.const(NAN, x), result)
    return e.copysign(result, x)


def logit(e: Emitter, x: V) -> V:
    """``log(x / (1 - x))``; near 1/2 by ``log1p`` of the difference of the two."""
    one = e.const(1.0, x)
    rest = e.fsub(one, x)
    near = e.fcmp("olt", e.fabs(e.fsub(x, e.const(0.5, x))), e.const(0.2, x))
    # x / (1 - x) = 1 + (2 x - 1) / (1 - x), and 2 x - 1 is exact there
    quotient = e.fdiv(e.select(near, e.fma(x, e.const(2.0, x), e.const(-1.0, x)), x), rest)
    u, error = two_sum(e, e.select(near, one, e.const(0.0, x)), quotient)
    result = log_of_parts(e, *split(e, u), e.fdiv(error, u))
    return special(e, u, result)


def logaddexp(e: Emitter, x: V, y: V) -> V:
    """``log(exp(x) + exp(y)) = max + log1p(exp(-|x - y|))``."""
    high, z = _ordered(e, x, y)
    u, error = fast_two_sum(e, e.const(1.0, x), exp_negative(e, z))
    result = log_of_parts(e, *split(e, u, denormal=False), e.fdiv(error, u))
    return e.fadd(high, result)


def logaddexp2(e: Emitter, x: V, y: V) -> V:
    """``log2(2**x + 2**y)``."""
    high, z = _ordered(e, x, y)
    u, error = fast_two_sum(e, e.const(1.0, x), exp2(e, e.fneg(z)))
    k, f = split(e, u, denormal=False)
    rest = e.fadd(f, small_part(e, f, e.fdiv(error, u)))
    return e.fadd(high, e.fma(rest, e.const(1 / math.log(2), x), k))


def _ordered(e: Emitter, x: V, y: V) -> tuple[V, V]:
    """The larger of the two and ``|x - y|``, 0 where both are the same infinity; nan if one of them is."""
    high = e.select(e.fcmp("ogt", x, y), x, y)
    difference = e.fabs(e.fsub(x, y))
    return high, e.select(e.fcmp("oeq", x, y), e.const(0.0, x), difference)


def xlogy(e: Emitter, x: V, y: V) -> V:
    """``x log(y)``, 0 where x is 0 and y is not nan."""
    return _zero_times(e, x, y, log(e, y))


def xlog1py(e: Emitter, x: V, y: V) -> V:
    """``x log1p(y)``, 0 where x is 0 and y is not nan."""
    return _zero_times(e, x, y, log1p(e, y))


def _zero_times(e: Emitter, x: V, y: V, log_y: V) -> V:
    zero = e.const(0.0, x)
    c = e.and_(e.fcmp("oeq", x, zero), e.fcmp("ord", y, y))
    return e.select(c, zero, e.fmul(x, log_y))
