"""erf, erfc, erfcx, erfinv, and the normal distribution's ndtr and log_ndtr.

``erfc(a) = exp(-a**2) erfcx(a)`` for ``a >= 0``, with ``(a + 1/2) erfcx(a)`` a polynomial in ``(a - 4) / (a + 4)``
(M. M. Shepherd and J. G. Laframboise, Mathematics of Computation 36, 1981); near 0 erf is a polynomial.
"""

from __future__ import annotations

import math

from ..emitter import Emitter, V
from .exponential import expm1_reduced, reduced
from .kit import INF, NAN, at_least, at_most, fast_two_sum, in_double, polynomial, power_of_two, scale, two_product
from .logarithm import log_of_parts, split
from .special_coefficients import ERF, ERF_FAR, ERFCX, ERFINV_CENTRE, ERFINV_MIDDLE, ERFINV_TAIL, NDTRI_FAR

# erf is a polynomial up to here, where it loses nothing to ``1 - erfc``
NEAR = 0.65
# ``1 - erf`` is as good as erf up to here, where both are about a half
HALFWAY = 0.47
# exp(-a**2) is 0 from here on, erfc too; erf is 1
ERFC_HIGH = {"float": 11.0, "double": 28.0}
ERF_HIGH = {"float": 4.0, "double": 6.0}


def _erfcx(e: Emitter, a: V, shifted: V | None = None) -> V:
    """``erfcx(a)`` for ``a >= 0``; `shifted` is ``a + 1/2`` where that is known better than a."""
    shifted = shifted or e.fadd(a, e.const(0.5, a))
    b, four = at_most(e, a, 2.0**60), e.const(4.0, a)
    # A small a is lost in a - 4 and a + 4: the quotient is corrected by its remainder a - 4 (t + 1) - t a.
    reciprocal = e.fdiv(e.const(1.0, a), e.fadd(b, four))
    t = e.fmul(e.fsub(b, four), reciprocal)
    remainder = e.fma(e.fneg(t), b, e.fma(e.fadd(t, e.const(1.0, a)), e.const(-4.0, a), b))
    t = e.fma(remainder, reciprocal, t)
    return e.fdiv(polynomial(e, t, ERFCX[a.type]), shifted)


def _times_exp(e: Emitter, factor: V, high: V, low: V) -> V:
    """``factor exp(-(high + low))``."""
    r, n = reduced(e, e.fneg(high))
    # One rounding less than a product with the exponential.
    return scale(e, e.fma(expm1_reduced(e, e.fsub(r, low)), factor, factor), n)


def _erfc_positive(e: Emitter, a: V) -> V:
    return _times_exp(e, _erfcx(e, a), *two_product(e, a, a))


def _erf_near(e: Emitter, a: V) -> V:
    """``erf(a)`` up to `NEAR`."""
    return e.fma(a, polynomial(e, e.fmul(a, a), ERF[a.type]), a)


def erf(e: Emitter, x: V) -> V:
    """A polynomial near 0, ``1 - exp(-p(|x|))`` beyond, p another one for the logarithm of erfc."""
    a, one = at_most(e, e.fabs(x), ERF_HIGH[x.type]), e.const(1.0, x)
    r, n = reduced(e, e.fneg(polynomial(e, a, ERF_FAR[x.type])))
    s = power_of_two(e, n, x.type)
    far = e.fma(e.fneg(s), expm1_reduced(e, r), e.fsub(one, s))
    return e.copysign(e.select(e.fcmp("olt", a, e.const(NEAR, x)), _erf_near(e, a), far), x)


def erfc(e: Emitter, x: V) -> V:
    """``1 - erf(x)``, by erf where that is small."""
    a = at_most(e, e.fabs(x), ERFC_HIGH[x.type])
    far = _erfc_positive(e, a)
    far = e.select(e.fcmp("olt", x, e.const(0.0, x)), e.fsub(e.const(2.0, x), far), far)
    near = e.fsub(e.const(1.0, x), e.copysign(_erf_near(e, a), x))
    return e.select(e.fcmp("olt", a, e.const(HALFWAY, x)), near, far)


def erfcx(e: Emitter, x: V) -> V:
    """``exp(x**2) erfc(x)``; for negative x ``2 exp(x**2) - erfcx(-x)``."""
    a = e.fabs(x)
    positive = _erfcx(e, a)
    high, low = two_product(e, a, a)
    huge = e.fcmp("ogt", a, e.const(ERFC_HIGH[x.type], x))
    high, low = e.select(huge, e.const(ERFC_HIGH[x.type] ** 2, x), high), e.select(huge, e.const(0.0, x), low)
    twice = _times_exp(e, e.const(2.0, x), e.fneg(high), e.fneg(low))
    return e.select(e.fcmp("olt", x, e.const(0.0, x)), e.fsub(twice, positive), positive)


def _half_square(e: Emitter, x: V) -> tuple[V, V]:
    return two_product(e, x, e.fmul(x, e.const(0.5, x)))


def _normal_tail(e: Emitter, a: V) -> tuple[V, V, V]:
    """For ``a >= 0``: ``s = a / sqrt(2)``, ``erfcx(s) / 2`` and ``erfc(s) / 2``."""
    root, half = e.const(math.sqrt(0.5), a), e.const(0.5, a)
    s = e.fmul(a, root)
    ratio = e.fmul(_erfcx(e, s, e.fma(a, root, half)), half)
    # The square of the rounded s would not do: exp multiplies its error by a**2.
    return s, ratio, _times_exp(e, ratio, *_half_square(e, at_most(e, a, 1.5 * ERFC_HIGH[a.type])))


def _ndtr_near(e: Emitter, x: V, s: V) -> V:
    half = e.const(0.5, x)
    return e.fma(e.copysign(_erf_near(e, s), x), half, half)


def ndtr(e: Emitter, x: V) -> V:
    """``erfc(-x / sqrt(2)) / 2``."""
    s, _, tail = _normal_tail(e, e.fabs(x))
    far = e.select(e.fcmp("ogt", x, e.const(0.0, x)), e.fsub(e.const(1.0, x), tail), tail)
    return e.select(e.fcmp("olt", s, e.const(HALFWAY, x)), _ndtr_near(e, x, s), far)


@in_double
def log_ndtr(e: Emitter, x: V) -> V:
    """``log(erfcx(-x / sqrt(2)) / 2) - x**2 / 2`` for negative x, ``log1p(-ndtr(-x))`` for positive ones."""
    one, zero = e.const(1.0, x), e.const(0.0, x)
    s, ratio, tail = _normal_tail(e, e.fabs(x))
    near, negative = e.fcmp("olt", s, e.const(HALFWAY, x)), e.fcmp("olt", x, zero)
    u, error = fast_two_sum(e, one, e.fneg(tail))
    rest = e.select(e.or_(near, negative), zero, e.fdiv(error, u))
    u = e.select(near, _ndtr_near(e, x, s), e.select(negative, ratio, u))
    square = e.select(near, zero, e.select(negative, _half_square(e, x)[0], zero))
    result = e.fsub(log_of_parts(e, *split(e, u, denormal=False), rest), square)
    # -0 for large x
    result = e.fneg(e.fabs(result))
    result = e.select(e.fcmp("oeq", x, e.const(-INF, x)), x, result)
    return e.select(e.fcmp("uno", x, x), x, result)


def erfinv(e: Emitter, x: V) -> V:
    """x times polynomials in ``w = -log(1 - x**2)`` and its root (M. Giles, GPU Computing Gems 2, 2010)."""
    one = e.const(1.0, x)
    a = e.fabs(x)
    k, f = split(e, e.fmul(e.fsub(one, a), e.fadd(one, a)), denormal=False)
    w = e.fneg(log_of_parts(e, k, f))
    root = e.sqrt(w)
    centre = polynomial(e, e.fsub(w, e.const(3.125, x)), ERFINV_CENTRE[x.type])
    p = polynomial(e, e.fsub(root, e.const(3.25, x)), ERFINV_MIDDLE[x.type])
    if x.type == "double":
        tail = polynomial(e, e.fsub(root, e.const(5.0, x)), ERFINV_TAIL["double"])
        p = e.select(e.fcmp("ogt", w, e.const(16.0, x)), tail, p)
    result = e.fmul(x, e.select(e.fcmp("ogt", w, e.const(6.25, x)), p, centre))
    result = e.select(e.fcmp("oeq", a, one), e.copysign(e.const(INF, x), x), result)
    return e.select(e.fcmp("ugt", a, one), e.const(NAN, x), result)


@in_double
def ndtri(e: Emitter, p: V) -> V:
    """``sqrt(2) erfinv(2 p - 1)``, with ``1 - (2 p - 1)**2 = 4 p (1 - p)`` of small p too."""
    one, zero = e.const(1.0, p), e.const(0.0, p)
    x = e.fma(p, e.const(2.0, p), e.const(-1.0, p))
    k, f = split(e, e.fmul(p, e.fmul(e.fsub(one, p), e.const(4.0, p))))
    w = e.fneg(log_of_parts(e, k, f))
    root = e.sqrt(at_least(e, w, 0.0))
    ratio = polynomial(e, e.fsub(w, e.const(3.125, p)), ERFINV_CENTRE["double"])
    middle = polynomial(e, e.fsub(root, e.const(3.25, p)), ERFINV_MIDDLE["double"])
    ratio = e.select(e.fcmp("ogt", w, e.const(6.25, p)), middle, ratio)
    tail = polynomial(e, e.fsub(root, e.const(5.0, p)), ERFINV_TAIL["double"])
    ratio = e.select(e.fcmp("ogt", w, e.const(16.0, p)), tail, ratio)
    # Where x is 1, in terms of the root alone.
    side = e.fdiv(e.fsub(root, e.const(13.0, p)), e.fadd(root, e.const(13.0, p)))
    far = e.fmul(e.copysign(root, x), polynomial(e, side, NDTRI_FAR["double"]))
    result = e.select(e.fcmp("ogt", w, e.const(36.0, p)), far, e.fmul(x, ratio))
    result = e.fmul(result, e.const(math.sqrt(2.0), p))
    ends = e.or_(e.fcmp("oeq", p, zero), e.fcmp("oeq", p, one))
    result = e.select(ends, e.copysign(e.const(INF, p), x), result)
    outside = e.or_(e.fcmp("ult", p, zero), e.fcmp("ugt", p, one))
    return e.select(outside, e.const(NAN, p), result)
