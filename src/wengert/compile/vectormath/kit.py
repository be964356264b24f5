"""What the vector functions share: polynomials, bit patterns, clamps, powers of two.

Conventions: integers hold a float's bits (``i32``, ``i64``); `MAGIC` is 1.5 * 2**p, p the width of the fraction:
adding it rounds to an integer, which then stands in the low bits of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

from ..emitter import Emitter, V

INTEGER = {"float": "i32", "double": "i64"}
FRACTION = {"float": 23, "double": 52}
BIAS = {"float": 127, "double": 1023}
MAGIC = {"float": 1.5 * 2.0**23, "double": 1.5 * 2.0**52}
LEAST_NORMAL = {"float": 2.0**-126, "double": 2.0**-1022}
LARGEST = {"float": (2 - 2.0**-23) * 2.0**127, "double": (2 - 2.0**-52) * 2.0**1023}
INF, NAN = float("inf"), float("nan")


def polynomial(e: Emitter, u: V, coefficients: Sequence[float]) -> V:
    """Horner's rule, constant term first; where chains should be short, pairs of pairs (G. Estrin, 1960)."""
    if e.latency and len(coefficients) > 3:
        row = [e.const(c, u) for c in coefficients]
        while len(row) > 1:
            pairs = [e.fma(row[i + 1], u, row[i]) for i in range(0, len(row) - 1, 2)]
            row = pairs + ([row[-1]] if len(row) % 2 else [])
            u = e.fmul(u, u) if len(row) > 1 else u
        return row[0]
    out = e.const(coefficients[-1], u)
    for c in coefficients[-2::-1]:
        out = e.fma(out, u, e.const(c, u))
    return out


def bits(e: Emitter, x: V) -> V:
    return e.cast("bitcast", x, INTEGER[x.type])


def from_bits(e: Emitter, i: V) -> V:
    return e.cast("bitcast", i, "float" if i.type == "i32" else "double")


def at_least(e: Emitter, x: V, low: float) -> V:
    """``max(x, low)``, nan where x is nan."""
    bound = e.const(low, x)
    return e.select(e.fcmp("ogt", bound, x), bound, x)


def at_most(e: Emitter, x: V, high: float) -> V:
    """``min(x, high)``, nan where x is nan."""
    bound = e.const(high, x)
    return e.select(e.fcmp("olt", bound, x), bound, x)


def nearest(e: Emitter, x: V, factor: float = 1.0) -> tuple[V, V]:
    """``n = rint(x * factor)`` for ``|n| < 2**22`` (``2**51``), and an integer with n in its low bits."""
    magic = e.const(MAGIC[x.type], x)
    t = e.fadd(x, magic) if factor == 1 else e.fma(x, e.const(factor, x), magic)
    return e.fsub(t, magic), bits(e, t)


def power_of_two(e: Emitter, n: V, type: str, offset: int = 0) -> V:
    """``2**(n + offset)``, n in the low bits of an integer; the sum within the exponents of normal numbers."""
    shifted = e.shl(n, e.const(FRACTION[type], n))
    return from_bits(e, e.iadd(shifted, e.const((BIAS[type] + offset) << FRACTION[type], n)))


def scale(e: Emitter, p: V, n: V) -> V:
    """``p * 2**n``, n in the low bits, in two steps so that it overflows to inf and rounds to a denormal number.

    p is about 1 and ``|n|`` below about twice the largest exponent.
    """
    width, one = e.const(FRACTION[p.type], n), e.const(BIAS[p.type] << FRACTION[p.type], n)
    half = e.shl(e.lshr(n, e.const(1, n)), width)
    rest = e.isub(e.shl(n, width), half)
    return e.fmul(e.fmul(p, from_bits(e, e.iadd(half, one))), from_bits(e, e.iadd(rest, one)))


def two_sum(e: Emitter, a: V, b: V) -> tuple[V, V]:
    """``a + b`` as a rounded sum and its error (D. E. Knuth, The Art of Computer Programming 2, 4.2.2)."""
    s = e.fadd(a, b)
    t = e.fsub(s, a)
    return s, e.fadd(e.fsub(a, e.fsub(s, t)), e.fsub(b, t))


def fast_two_sum(e: Emitter, a: V, b: V) -> tuple[V, V]:
    """The same where ``|a| >= |b|`` or a is 0 (T. J. Dekker, 1971)."""
    s = e.fadd(a, b)
    return s, e.fsub(b, e.fsub(s, a))


def two_product(e: Emitter, a: V, b: V) -> tuple[V, V]:
    """``a * b`` as a rounded product and its error."""
    p = e.fmul(a, b)
    return p, e.fma(a, b, e.fneg(p))


def where_tiny(e: Emitter, x: V, result: V) -> V:
    """x itself where it is so small that ``f(x) = x + O(x**2)`` rounds to it: keeps denormal numbers and -0."""
    tiny = e.fcmp("olt", e.fabs(x), e.const(2.0 ** -(FRACTION[x.type] + 3), x))
    return e.select(tiny, x, result)


def is_nan(e: Emitter, x: V) -> V:
    return e.fcmp("uno", x, x)


def is_zero(e: Emitter, x: V) -> V:
    return e.fcmp("oeq", x, e.const(0.0, x))


def is_infinite(e: Emitter, x: V) -> V:
    return e.fcmp("oeq", e.fabs(x), e.const(INF, x))


def is_integer(e: Emitter, x: V) -> V:
    """Also true of inf; false of nan."""
    return e.fcmp("oeq", e.intrinsic("trunc", x), x)


def in_double(f: Callable[..., V]) -> Callable[..., V]:
    """A function for float that computes in double and rounds once."""

    @wraps(f)
    def emit(e: Emitter, *args: V) -> V:
        if args[0].type == "double":
            return f(e, *args)
        return e.cast("fptrunc", f(e, *[e.cast("fpext", x, "double") for x in args]), "float")

    return emit
