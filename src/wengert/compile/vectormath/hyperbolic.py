"""sinh, cosh, tanh."""

from __future__ import annotations

from ..emitter import Emitter, V
from .exponential import expm1_reduced, reduced
from .kit import at_most, power_of_two

# From here on tanh rounds to 1: 2 exp(-2 x) is below a quarter of the last digit.
TANH_HIGH = {"float": 9.2, "double": 19.5}


def tanh(e: Emitter, x: V) -> V:
    """``t / (t + 2)`` with ``t = expm1(2 |x|)``."""
    a = at_most(e, e.fabs(x), TANH_HIGH[x.type])
    r, n = reduced(e, e.fadd(a, a))
    s = power_of_two(e, n, x.type)
    t = e.fma(s, expm1_reduced(e, r), e.fsub(s, e.const(1.0, x)))
    return e.copysign(e.fdiv(t, e.fadd(t, e.const(2.0, x))), x)
