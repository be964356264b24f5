"""power, cbrt, hypot, ``x / (x**2 + y**2)``, ``sqrt(1 + x**2)``."""

from __future__ import annotations

from collections.abc import Callable

from ..emitter import Emitter, V
from .coefficients import EXP_SHORT, INVERSE_CBRT, LOG_QUOTIENT_REST, LOG_QUOTIENT_SHORT
from .exponential import LN2, LOG2_E, exp_of_reduced
from .kit import (
    BIAS,
    FRACTION,
    INF,
    LEAST_NORMAL,
    NAN,
    at_least,
    at_most,
    bits,
    fast_two_sum,
    from_bits,
    in_double,
    is_integer,
    is_zero,
    nearest,
    polynomial,
    power_of_two,
    scale,
    two_product,
)
from .logarithm import small_part, split

# log(2): a part of 42 bits, so that its product with an exponent is exact, and the rest.
LN2_EXACT = (0.6931471805598903, 5.497923018708371e-14)


def _log_in_two(e: Emitter, k: V, f: V) -> tuple[V, V]:
    """``k log(2) + log(1 + f)`` as a sum of two doubles, error below 2**-64 of it.

    ``2 artanh(s)`` with ``s = f / (2 + f)`` in double-double arithmetic (T. J. Dekker, 1971), the series from s**5 on in
    double.
    """
    one = e.const(1.0, f)
    d, d_low = fast_two_sum(e, e.const(2.0, f), f)
    reciprocal = e.fdiv(one, d)
    s = e.fmul(f, reciprocal)
    s_low = e.fmul(e.fma(e.fneg(s), d_low, e.fma(e.fneg(s), d, f)), reciprocal)
    z, z_low = two_product(e, s, s)
    z_low = e.fma(e.fadd(s, s), s_low, z_low)
    # t = artanh(s) / s - 1 = z/3 + z**2 p(z), with 1/3 in two parts
    third, third_low = e.const(1 / 3, f), e.const(1.850371707708594e-17, f)
    t, t_low = two_product(e, z, third)
    t_low = e.fma(z, third_low, e.fma(z_low, third, t_low))
    t_low = e.fma(e.fmul(z, z), polynomial(e, z, LOG_QUOTIENT_REST["double"]), t_low)
    t, t_low = fast_two_sum(e, t, t_low)
    # 2 s (1 + t)
    s, s_low = e.fadd(s, s), e.fadd(s_low, s_low)
    p, p_low = two_product(e, s, t)
    high, low = fast_two_sum(e, s, p)
    low = e.fadd(low, e.fma(s, t_low, e.fma(s_low, e.fadd(t, one), p_low)))
    # plus k log(2), the larger of the two unless k is 0
    high, more = fast_two_sum(e, e.fmul(k, e.const(LN2_EXACT[0], k)), high)
    return high, e.fadd(more, e.fma(k, e.const(LN2_EXACT[1], k), low))


def _exponent(e: Emitter, p: V, limit: float) -> tuple[V, V, V]:
    """p within limits, ``n = rint(p / log(2))`` and its bits."""
    p = at_most(e, at_least(e, p, -limit), limit)
    return p, *nearest(e, p, LOG2_E)


def _log_at_ends(e: Emitter, a: V, log_a: V) -> V:
    inf = e.const(INF, a)
    return e.select(is_zero(e, a), e.const(-INF, a), e.select(e.fcmp("oeq", a, inf), inf, log_a))


def _magnitude(e: Emitter, a: V, y: V) -> V:
    """``a**y``, a not negative; nan where it is ``1**inf`` or ``inf**0``."""
    high, low = _log_in_two(e, *split(e, a))
    high = _log_at_ends(e, a, high)
    p = e.fmul(y, high)
    rest = e.fma(y, low, e.fma(y, high, e.fneg(p)))
    rest = e.select(e.fcmp("olt", e.fabs(p), e.const(1000.0, a)), rest, e.const(0.0, a))
    p, n, i = _exponent(e, p, 800.0)
    part, part_low = (e.const(-c, a) for c in LN2["double"])
    # The first difference is exact, and the two small terms are of one size.
    r = e.fadd(e.fma(n, part, p), e.fma(n, part_low, rest))
    return scale(e, exp_of_reduced(e, r), i)


def _short_magnitude(e: Emitter, a: V, y: V) -> V:
    """The same for doubles that were floats, to the accuracy of a float."""
    k, f = split(e, a, denormal=False)
    log_a = e.fma(k, e.const(LN2["double"][0], a), e.fadd(f, small_part(e, f, quotient=LOG_QUOTIENT_SHORT["double"])))
    p, n, i = _exponent(e, e.fmul(y, _log_at_ends(e, a, log_a)), 200.0)
    r = e.fma(n, e.const(-LN2["double"][0], a), p)
    small = e.fma(e.fmul(r, r), polynomial(e, r, EXP_SHORT["double"]), r)
    s = power_of_two(e, i, "double")
    return e.fma(small, s, s)


def power(e: Emitter, x: V, y: V) -> V:
    """``x**y`` with the special cases of C's ``pow``: ``x**0 = 1**y = 1`` even of nan, signs for odd integers y."""
    if x.type == "float":
        x64, y64 = e.cast("fpext", x, "double"), e.cast("fpext", y, "double")
        return e.cast("fptrunc", _power(e, x64, y64, _short_magnitude), "float")
    return _power(e, x, y, _magnitude)


def _power(e: Emitter, x: V, y: V, magnitude: Callable[[Emitter, V, V], V]) -> V:
    a, one, zero, nan = e.fabs(x), e.const(1.0, x), e.const(0.0, x), e.const(NAN, x)
    result = magnitude(e, a, y)
    whole = is_integer(e, y)
    # |x| = 1 to any power, inf included
    result = e.select(e.and_(e.fcmp("oeq", a, one), e.fcmp("ord", y, y)), one, result)
    half = e.fmul(y, e.const(0.5, y))
    odd = e.and_(whole, e.fcmp("one", e.intrinsic("trunc", half), half))
    result = e.select(odd, e.copysign(result, x), result)
    broken = e.and_(e.fcmp("olt", x, zero), e.fcmp("one", e.intrinsic("trunc", y), y))
    result = e.select(e.and_(broken, e.fcmp("one", a, e.const(INF, a))), nan, result)
    result = e.select(e.fcmp("uno", x, y), nan, result)
    certain = e.or_(is_zero(e, y), e.fcmp("oeq", x, one))
    return e.select(certain, one, result)


def cbrt(e: Emitter, x: V) -> V:
    """The cube root: ``|x| = 2**(3 n) m``, then division-free steps for ``m**(-1/3)`` from a polynomial."""
    type = x.type
    p, bias = FRACTION[type], BIAS[type]
    a = e.fabs(x)
    small = e.fcmp("olt", a, e.const(LEAST_NORMAL[type], x))
    up = 3 * ((p + 2) // 3)
    normal = e.select(small, e.fmul(a, e.const(2.0**up, x)), a)
    i = bits(e, normal)
    k = e.or_(e.lshr(i, e.const(p, i)), e.const((bias + p) << p, i))
    exponent = e.fsub(from_bits(e, k), e.const(2.0**p + bias, x))
    n, n_bits = nearest(e, exponent, 1 / 3)
    mantissa = from_bits(e, e.or_(e.and_(i, e.const((1 << p) - 1, i)), e.const(bias << p, i)))
    # m in [1/2, 4): the exponent left over is -1, 0 or 1
    left = e.fma(n, e.const(-3.0, x), exponent)
    one = e.const(1.0, x)
    twice = e.select(e.fcmp("ogt", left, e.const(0.5, x)), e.const(2.0, x), one)
    m = e.fmul(mantissa, e.select(e.fcmp("olt", left, e.const(-0.5, x)), e.const(0.5, x), twice))
    y = polynomial(e, m, INVERSE_CBRT[type])
    for _ in range(1 if type == "float" else 2):
        # With h = 1 - m y**3, m**(-1/3) = y (1 - h)**(-1/3) = y (1 + h/3 + 2 h**2/9 + ...)
        cube = e.fmul(e.fmul(y, y), y)
        h = e.fma(e.fneg(m), cube, one)
        y = e.fma(e.fmul(y, h), e.fma(h, e.const(2 / 9, x), e.const(1 / 3, x)), y)
    square = e.fmul(y, y)
    c = e.fmul(m, square)
    # One step on c**3 = m itself, 1 / (3 c**2) = y**2 / 3
    c = e.fma(e.fma(e.fneg(e.fmul(c, c)), c, m), e.fmul(square, e.const(1 / 3, x)), c)
    n_bits = e.iadd(n_bits, e.select(small, e.const(-up // 3, i), e.const(0, i)))
    power = e.shl(e.iadd(n_bits, e.const(bias, i)), e.const(p, i))
    result = e.fmul(c, from_bits(e, power))
    itself = e.or_(is_zero(e, x), e.fcmp("uge", a, e.const(INF, x)))
    return e.select(itself, x, e.copysign(result, x))


def _scales(e: Emitter, a: V, b: V) -> tuple[V, V]:
    """A power of two that brings the larger of two doubles where squares neither overflow nor vanish; its inverse."""
    one = e.const(1.0, a)
    high = e.select(e.fcmp("ogt", a, b), a, b)
    big = e.fcmp("ogt", high, e.const(2.0**500, a))
    tiny = e.fcmp("olt", high, e.const(2.0**-400, a))
    down = e.select(big, e.const(2.0**-600, a), e.select(tiny, e.const(2.0**600, a), one))
    up = e.select(big, e.const(2.0**600, a), e.select(tiny, e.const(2.0**-600, a), one))
    return down, up


def hypot(e: Emitter, x: V, y: V) -> V:
    """``sqrt(x**2 + y**2)`` without overflow; inf if one of them is, whatever the other."""
    if x.type == "float":
        squares = [e.fmul(a, a) for a in (e.cast("fpext", v, "double") for v in (x, y))]
        result = e.cast("fptrunc", e.sqrt(e.fadd(*squares)), "float")
        inf = e.const(INF, x)
        any_inf = e.or_(e.fcmp("oeq", e.fabs(x), inf), e.fcmp("oeq", e.fabs(y), inf))
        return e.select(any_inf, inf, result)
    a, b = e.fabs(x), e.fabs(y)
    down, up = _scales(e, a, b)
    a, b = e.fmul(a, down), e.fmul(b, down)
    result = e.fmul(e.sqrt(e.fma(a, a, e.fmul(b, b))), up)
    inf = e.const(INF, x)
    return e.select(e.or_(e.fcmp("oeq", a, inf), e.fcmp("oeq", b, inf)), inf, result)


def hypot1(e: Emitter, x: V) -> V:
    """``sqrt(1 + x**2)``."""
    return hypot(e, x, e.const(1.0, x))


@in_double
def over_squares(e: Emitter, x: V, y: V) -> V:
    """``x / (x**2 + y**2)`` without overflow; 0 where one of them is infinite."""
    down, _ = _scales(e, e.fabs(x), e.fabs(y))
    x, y = e.fmul(x, down), e.fmul(y, down)
    # the quotients of both arguments share the inverse
    one = e.const(1.0, x)
    inverse = e.fdiv(one, e.fadd(e.fmul(x, x), e.fmul(y, y)))
    x = e.select(e.fcmp("oeq", e.fabs(x), e.const(INF, x)), e.copysign(one, x), x)
    return e.fmul(e.fmul(x, inverse), down)
