"""Exact functions: fmod, remainder, floor_divide, nextafter, sign, heaviside, all with NumPy's special cases."""

from __future__ import annotations

from ..emitter import Emitter, V
from .kit import FRACTION, INF, NAN, bits, from_bits, is_zero


def fmod(e: Emitter, x: V, y: V) -> V:
    """The remainder of the division truncated towards zero, exact; of the sign of x."""
    a, b = e.fabs(x), e.fabs(y)
    ratio = e.fdiv(a, b)
    q = e.intrinsic("trunc", ratio)
    r = e.fma(e.fneg(q), b, a)
    # The quotient was rounded up to a whole number: one too many.
    r = e.select(e.fcmp("olt", r, e.const(0.0, x)), e.fadd(r, b), r)
    r = e.select(e.fcmp("olt", a, b), a, r)
    many = e.fcmp("ogt", ratio, e.const(2.0 ** FRACTION[x.type], x))
    many = e.and_(many, e.and_(e.fcmp("olt", a, e.const(INF, x)), e.fcmp("one", y, e.const(0.0, x))))
    return e.patch(many, e.copysign(r, x), "fmod", x, y)


def remainder(e: Emitter, x: V, y: V) -> V:
    """The remainder of the division rounded down; of the sign of y."""
    r, _ = _floored(e, x, y)
    return r


def _floored(e: Emitter, x: V, y: V) -> tuple[V, V]:
    """``remainder(x, y)``, and whether it is not `fmod`."""
    r, zero = fmod(e, x, y), e.const(0.0, x)
    moved = e.and_(e.fcmp("one", r, zero), e.xor(e.fcmp("olt", r, zero), e.fcmp("olt", y, zero)))
    return e.select(is_zero(e, r), e.copysign(zero, y), e.select(moved, e.fadd(r, y), r)), moved


def floor_divide(e: Emitter, x: V, y: V) -> V:
    """``floor(x / y)`` of the exact quotient; ``x / y`` where y is 0."""
    _, moved = _floored(e, x, y)
    ratio, zero, one = e.fdiv(x, y), e.const(0.0, x), e.const(1.0, x)
    q = e.fdiv(e.fsub(x, fmod(e, x, y)), y)
    q = e.select(moved, e.fsub(q, one), q)
    whole = e.floor(q)
    whole = e.select(e.fcmp("ogt", e.fsub(q, whole), e.const(0.5, x)), e.fadd(whole, one), whole)
    whole = e.select(is_zero(e, q), e.copysign(zero, ratio), whole)
    return e.select(is_zero(e, y), ratio, whole)


def nextafter(e: Emitter, x: V, y: V) -> V:
    """The next number from x in the direction of y."""
    i = bits(e, x)
    outwards = e.xor(e.fcmp("olt", x, y), e.fcmp("olt", x, e.const(0.0, x)))
    moved = from_bits(e, e.iadd(i, e.select(outwards, e.const(1, i), e.const(-1, i))))
    least = e.copysign(from_bits(e, e.const(1, i)), y)
    result = e.select(is_zero(e, x), least, moved)
    result = e.select(e.fcmp("oeq", x, y), y, result)
    return e.select(e.fcmp("uno", x, y), e.const(NAN, x), result)


def sign(e: Emitter, x: V) -> V:
    """1, -1 or 0; nan of nan."""
    zero = e.const(0.0, x)
    result = e.select(e.fcmp("olt", x, zero), e.const(-1.0, x), e.select(is_zero(e, x), zero, x))
    return e.select(e.fcmp("ogt", x, zero), e.const(1.0, x), result)


def heaviside(e: Emitter, x: V, at_zero: V) -> V:
    """0 for negative x, 1 for positive x, `at_zero` where x is 0."""
    zero = e.const(0.0, x)
    result = e.select(e.fcmp("olt", x, zero), zero, e.select(is_zero(e, x), at_zero, x))
    return e.select(e.fcmp("ogt", x, zero), e.const(1.0, x), result)
