"""sinh, cosh, tanh, the derivative of tanh, and the inverses."""

from __future__ import annotations

from ..emitter import Emitter, V
from .coefficients import COSH, SINH
from .exponential import EXP_RANGE, expm1_reduced, reduced
from .kit import BIAS, FRACTION, INF, NAN, at_most, from_bits, polynomial, power_of_two, two_sum, where_tiny
from .logarithm import log_of_parts, split

# ``exp(-2 |x|)`` times ``2**UP`` is normal as long as ``4 exp(-2 |x|)`` is not 0; beyond SECH2_HIGH it is taken for 0.
UP = {"float": 30, "double": 64}
SECH2_HIGH = {type: 0.34657359027997264 * (BIAS[type] + up) for type, up in UP.items()}
MAGIC_BITS = {"float": 0x4B400000, "double": 0x4338000000000000}
# From here on ``sqrt(x**2 + 1)`` rounds to x.
LARGE = {"float": 2.0**13, "double": 2.0**28}


def _twice_down(e: Emitter, x: V) -> tuple[V, V, V]:
    """``t = expm1(-2 |x|)``, ``1 / (t + 2)`` and ``exp(-2 |x|)``, the first and last times ``2**UP``, the second over it.

    tanh and its derivative are made of these; where both are wanted the compiler finds the instructions alike.
    """
    a = at_most(e, e.fabs(x), SECH2_HIGH[x.type])
    r, n = reduced(e, e.fmul(a, e.const(-2.0, x)))
    s = power_of_two(e, n, x.type, UP[x.type])  # its exponent is 0 at the end of the range, and so is the number
    p, up = expm1_reduced(e, r), 2.0 ** UP[x.type]
    t = e.fma(s, p, e.fsub(s, e.const(up, x)))
    return t, e.fdiv(e.const(1.0, x), e.fadd(t, e.const(2 * up, x))), e.fma(s, p, s)


def tanh(e: Emitter, x: V) -> V:
    """``-t / (t + 2)`` with ``t = expm1(-2 |x|)``."""
    t, inverse, _ = _twice_down(e, x)
    return e.copysign(e.fmul(t, inverse), x)


def sech2(e: Emitter, x: V) -> V:
    """``1 / cosh(x)**2``: ``4 exp(-2 |x|) / (t + 2)**2`` with ``t = expm1(-2 |x|)``."""
    _, inverse, power = _twice_down(e, x)
    return e.fmul(e.fmul(e.fmul(power, e.const(4 * 2.0 ** UP[x.type], x)), inverse), inverse)


def _parts(e: Emitter, x: V) -> tuple[V, V, V, V]:
    """With ``|x| = n log(2) + r``: a quarter of ``2**n + 2**-n`` and of ``2**n - 2**-n``, ``cosh(r) - 1``, ``sinh(r)``.

    A quarter, so that none overflows before the result does.
    """
    type = x.type
    r, n = reduced(e, at_most(e, e.fabs(x), EXP_RANGE[type][1] + 0.6))
    up = power_of_two(e, n, type, -2)
    # 2**-n leaves the normal numbers where it no longer counts: the exponent stops at 0.
    exponent = e.isub(e.const(MAGIC_BITS[type] + BIAS[type] - 2, n), n)
    exponent = e.intrinsic("smax", exponent, e.const(0, n))
    down = from_bits(e, e.shl(exponent, e.const(FRACTION[type], n)))
    u = e.fmul(r, r)
    cosh_part = e.fmul(u, polynomial(e, u, COSH[type]))
    sinh_part = e.fma(e.fmul(r, u), polynomial(e, u, SINH[type]), r)
    return e.fadd(up, down), e.fsub(up, down), cosh_part, sinh_part


def sinh(e: Emitter, x: V) -> V:
    """``sinh(n log(2)) cosh(r) + cosh(n log(2)) sinh(r)``."""
    plus, minus, c, s = _parts(e, x)
    quarter = e.fadd(minus, e.fma(minus, c, e.fmul(plus, s)))
    return where_tiny(e, x, e.copysign(e.fmul(quarter, e.const(2.0, x)), x))


def cosh(e: Emitter, x: V) -> V:
    """``cosh(n log(2)) cosh(r) + sinh(n log(2)) sinh(r)``."""
    plus, minus, c, s = _parts(e, x)
    quarter = e.fadd(plus, e.fma(plus, c, e.fmul(minus, s)))
    return e.fmul(quarter, e.const(2.0, x))


def _log_of_sum(e: Emitter, a: V, b: V, doubled: V) -> V:
    """``log(a + b)`` for ``a + b >= 1``, plus ``log(2)`` where `doubled` holds."""
    u, error = two_sum(e, a, b)
    k, f = split(e, u, denormal=False)
    k = e.select(doubled, e.fadd(k, e.const(1.0, k)), k)
    return log_of_parts(e, k, f, e.fdiv(error, u))


def arcsinh(e: Emitter, x: V) -> V:
    """``log(1 + t)`` with ``t = a + a**2 / (1 + sqrt(1 + a**2))``, ``a = |x|``; ``log(2 a)`` for large a."""
    a, one, zero = e.fabs(x), e.const(1.0, x), e.const(0.0, x)
    large = e.fcmp("ogt", a, e.const(LARGE[x.type], x))
    square = e.fmul(a, a)
    t = e.fadd(a, e.fdiv(square, e.fadd(one, e.sqrt(e.fadd(square, one)))))
    result = _log_of_sum(e, e.select(large, zero, one), e.select(large, a, t), large)
    result = e.select(e.fcmp("ult", a, e.const(INF, x)), result, a)
    return e.copysign(where_tiny(e, a, result), x)


def arccosh(e: Emitter, x: V) -> V:
    """``log(1 + t)`` with ``t = y + sqrt(y (2 + y))``, ``y = x - 1``; ``log(2 x)`` for large x."""
    one, zero = e.const(1.0, x), e.const(0.0, x)
    large = e.fcmp("ogt", x, e.const(LARGE[x.type], x))
    y = e.fsub(x, one)
    t = e.fadd(y, e.sqrt(e.fmul(y, e.fadd(y, e.const(2.0, x)))))
    result = _log_of_sum(e, e.select(large, zero, one), e.select(large, x, t), large)
    result = e.select(e.fcmp("oeq", x, e.const(INF, x)), x, result)
    return e.select(e.fcmp("ult", x, one), e.const(NAN, x), result)


def arctanh(e: Emitter, x: V) -> V:
    """``log(1 + t) / 2`` with ``t = 2 a / (1 - a)``, ``a = |x|``."""
    a, one = e.fabs(x), e.const(1.0, x)
    rest = e.fsub(one, a)
    t = e.fdiv(e.fadd(a, a), rest)
    u, error = two_sum(e, one, t)
    result = log_of_parts(e, *split(e, u, denormal=False), e.fdiv(error, u))
    result = e.fmul(result, e.const(0.5, x))
    result = e.select(e.fcmp("oeq", a, one), e.const(INF, x), result)
    result = e.select(e.fcmp("ugt", a, one), e.const(NAN, x), result)
    return e.copysign(where_tiny(e, a, result), x)
