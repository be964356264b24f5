"""The modified Bessel functions I0 and I1, also times ``exp(-|x|)``, and the slope of I0 so scaled; float is computed in double.

Up to 12 they are polynomials in ``(x / 2)**2`` whose terms have one sign (NIST DLMF 10.25.2, refitted), beyond it
``exp(|x|) / sqrt(|x|)`` times polynomials in ``1 / |x|`` (DLMF 10.40.1, refitted).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emitter import Emitter, V
from .exponential import exp
from .kit import at_least, at_most, in_double, polynomial
from .special_coefficients import I0, I0_LARGE, I0_LESS_I1, I1, I1_LARGE

FAR = 12.0


def _near(e: Emitter, a: V, coefficients: Sequence[float]) -> V:
    """``1 + t P(t)`` in ``t = (a / 2)**2``, for a up to `FAR`."""
    half = e.fmul(at_most(e, a, FAR), e.const(0.5, a))
    t = e.fmul(half, half)
    return e.fma(t, polynomial(e, t, coefficients), e.const(1.0, a))


def _far(e: Emitter, a: V, coefficients: Sequence[float]) -> tuple[V, V, V]:
    """A polynomial in ``1 / a``, the root and the inverse, for a from `FAR` on."""
    b = at_least(e, a, FAR)
    w = e.fdiv(e.const(1.0, a), b)
    return polynomial(e, w, coefficients), e.sqrt(b), w


def _is_far(e: Emitter, a: V) -> V:
    return e.fcmp("ogt", a, e.const(FAR, a))


def _scaled(e: Emitter, a: V, near: V, coefficients: Sequence[float]) -> V:
    p, root, _ = _far(e, a, coefficients)
    small = e.fmul(near, exp(e, e.fneg(at_most(e, a, FAR))))
    return e.select(_is_far(e, a), e.fdiv(p, root), small)


def _whole(e: Emitter, a: V, near: V, coefficients: Sequence[float]) -> V:
    p, root, _ = _far(e, a, coefficients)
    half = exp(e, e.fmul(a, e.const(0.5, a)))  # twice, so that it overflows no earlier than the result
    return e.select(_is_far(e, a), e.fmul(e.fmul(e.fdiv(p, root), half), half), near)


@in_double
def i0(e: Emitter, x: V) -> V:
    a = e.fabs(x)
    return _whole(e, a, _near(e, a, I0["double"]), I0_LARGE["double"])


@in_double
def i0e(e: Emitter, x: V) -> V:
    """``exp(-|x|) I0(x)``."""
    a = e.fabs(x)
    return _scaled(e, a, _near(e, a, I0["double"]), I0_LARGE["double"])


def _odd(e: Emitter, a: V) -> V:
    return e.fmul(e.fmul(at_most(e, a, FAR), e.const(0.5, a)), _near(e, a, I1["double"]))


def _signed(e: Emitter, size: V, x: V) -> V:
    """With the sign of x; 0 of both zeros, as SciPy has it."""
    return e.select(e.fcmp("olt", x, e.const(0.0, x)), e.fneg(size), size)


@in_double
def i1(e: Emitter, x: V) -> V:
    a = e.fabs(x)
    return _signed(e, _whole(e, a, _odd(e, a), I1_LARGE["double"]), x)


@in_double
def i1e(e: Emitter, x: V) -> V:
    """``exp(-|x|) I1(x)``."""
    a = e.fabs(x)
    return _signed(e, _scaled(e, a, _odd(e, a), I1_LARGE["double"]), x)


@in_double
def i0e_slope(e: Emitter, x: V) -> V:
    """The derivative ``I1e - sign(x) I0e`` of `i0e`; 0 at 0, between those of both sides."""
    a = e.fabs(x)
    p, root, w = _far(e, a, I0_LESS_I1["double"])
    near = e.fsub(_near(e, a, I0["double"]), _odd(e, a))
    small = e.fmul(near, exp(e, e.fneg(at_most(e, a, FAR))))
    size = e.select(_is_far(e, a), e.fmul(e.fdiv(p, root), w), small)
    result = e.copysign(size, e.fneg(x))
    return e.select(e.fcmp("oeq", a, e.const(0.0, a)), a, result)
