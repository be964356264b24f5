"""gammaln and digamma; float is computed in double.

Small arguments are moved by recurrence, large ones go to Stirling's series (NIST DLMF 5.11), refitted from 5 on;
negative ones are reflected (DLMF 5.5). Near zeros other than those at 1 and 2 the error is absolute.
"""

from __future__ import annotations

import math

from ..emitter import Emitter, V
from .kit import INF, NAN, in_double, is_integer, is_zero, polynomial
from .logarithm import log_of_parts, split
from .special_coefficients import DIGAMMA_REST, GAMMALN, GAMMALN_REST
from .trigonometric import sin_of_reduced

LARGE = 5.0


@in_double
def gammaln(e: Emitter, x: V) -> V:
    """``log(|gamma(x)|)``."""
    one, zero = e.const(1.0, x), e.const(0.0, x)
    reflected = e.fcmp("olt", x, e.const(-0.5, x))
    y = e.select(reflected, e.fneg(x), x)
    large = e.fcmp("uge", y, e.const(LARGE, x))
    # gammaln(1 + v) by a polynomial; q is the product that the recurrence from y to 1 + v picks up.
    n = e.floor(y)
    v = e.fsub(y, n)
    below = e.fcmp("ole", n, zero)

    def factor(condition: V, shift: float) -> V:
        return e.select(condition, e.fadd(y, e.const(shift, y)), one)

    q = e.fmul(e.select(below, y, one), factor(e.fcmp("olt", n, zero), 1.0))
    up = [factor(e.fcmp("oge", n, e.const(k, n)), 1.0 - k) for k in (2.0, 3.0, 4.0)]
    q = e.fmul(e.fmul(q, up[0]), e.fmul(up[1], up[2]))
    log_q = log_of_parts(e, *split(e, e.fabs(e.select(large, y, q))))
    p = polynomial(e, e.fsub(v, e.const(0.5, v)), GAMMALN["double"])
    small_result = e.fma(e.fmul(v, e.fsub(v, one)), p, e.select(below, e.fneg(log_q), log_q))
    w = e.fdiv(one, y)
    rest = e.fma(w, polynomial(e, e.fmul(w, w), GAMMALN_REST["double"]), e.const(0.5 * math.log(2 * math.pi) - 0.5, x))
    large_result = e.fma(e.fsub(y, e.const(0.5, x)), e.fsub(log_q, one), rest)
    result = e.select(large, large_result, small_result)
    # gamma(x) gamma(-x) = -pi / (x sin(pi x))
    sine = sin_of_reduced(e, e.fmul(e.fabs(e.fsub(x, e.rint(x))), e.const(math.pi, x)))
    mirror = log_of_parts(e, *split(e, e.fmul(e.fmul(y, sine), e.const(1 / math.pi, x)), denormal=False))
    result = e.select(reflected, e.fneg(e.fadd(result, mirror)), result)
    result = e.select(e.and_(e.fcmp("ole", x, zero), is_integer(e, x)), e.const(INF, x), result)
    # SciPy's -inf there
    return e.select(e.fcmp("oeq", x, e.const(-INF, x)), x, result)


@in_double
def digamma(e: Emitter, x: V) -> V:
    """The derivative of `gammaln`; nan at negative integers, an infinity of sign -x at 0."""
    one, half, pi = e.const(1.0, x), e.const(0.5, x), e.const(math.pi, x)
    reflected = e.fcmp("olt", x, e.const(-0.5, x))
    y = e.select(reflected, e.fneg(x), x)
    small = e.fcmp("olt", y, e.const(6.0, x))
    # 1/(y + 1) + ... + 1/(y + 5) as one fraction; 1/y by itself, because it is all of the result near 0.
    inverse, numerator, denominator = e.fdiv(one, y), one, e.fadd(y, one)
    for k in range(2, 6):
        t = e.fadd(y, e.const(float(k), x))
        numerator, denominator = e.fma(numerator, t, denominator), e.fmul(denominator, t)
    z = e.select(small, e.fadd(y, e.const(6.0, x)), y)
    w = e.fdiv(one, z)
    square = e.fmul(w, w)
    rest = e.fma(square, polynomial(e, square, DIGAMMA_REST["double"]), e.fmul(w, half))
    k, f = split(e, z, denormal=False)
    result = e.fsub(log_of_parts(e, k, f), rest)
    zero = e.const(0.0, x)
    result = e.fsub(result, e.select(small, e.fdiv(numerator, denominator), zero))
    result = e.fsub(result, e.select(small, inverse, zero))
    # digamma(x) = digamma(-x) - 1/x - pi cot(pi x)
    t = e.fsub(x, e.rint(x))
    cosine = sin_of_reduced(e, e.fmul(e.fsub(half, e.fabs(t)), pi))
    cotangent = e.fdiv(cosine, sin_of_reduced(e, e.fmul(t, pi)))
    mirrored = e.fsub(e.fadd(result, inverse), e.fmul(cotangent, pi))
    mirrored = e.select(is_zero(e, t), e.const(NAN, x), mirrored)
    result = e.select(reflected, mirrored, result)
    return e.select(e.fcmp("oeq", x, e.const(INF, x)), x, result)
