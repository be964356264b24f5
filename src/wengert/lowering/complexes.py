"""The formulas of elementwise operations on complex numbers: in real operations on their two parts.

A complex operand is a pair of `Real`s, its real and its imaginary part; a result is a pair too, or one `Real` where it is
real. Branch cuts, signed zeros and infinities are those of C99, Annex G, as far as NumPy has them. Declarations name the
formulas, and the compiler writes them (`compile.parting`) where complex values were.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .real_parts import (
    Pair,
    Real,
    _abs,
    _and,
    _choose,
    _copysign,
    _equal,
    _greater,
    _greater_equal,
    _hypot,
    _isfinite,
    _isinf,
    _isnan,
    _less,
    _less_equal,
    _maximum,
    _not,
    _not_equal,
    _or,
    _Range,
    _rint,
    _xor,
)


def truth(x: Pair) -> Real:
    """Whether a number is not 0."""
    return _or(_not_equal(x[0], 0), _not_equal(x[1], 0))


# --- arithmetic -------------------------------------------------------------------------------------------------


def add(x: Pair, y: Pair) -> Pair:
    return x[0] + y[0], x[1] + y[1]


def subtract(x: Pair, y: Pair) -> Pair:
    return x[0] - y[0], x[1] - y[1]


def negative(x: Pair) -> Pair:
    return -x[0], -x[1]


def same(x: Pair) -> Pair:
    return x


def multiply(x: Pair, y: Pair) -> Pair:
    (a, b), (c, d) = x, y
    return a * c - b * d, a * d + b * c


def square(x: Pair) -> Pair:
    a, b = x
    return a * a - b * b, a * b + b * a


def divide(x: Pair, y: Pair) -> Pair:
    """Smith's algorithm, by the larger part of the divisor (Communications of the ACM 5, 1962)."""
    (a, b), (c, d) = x, y
    real = _greater_equal(_abs(c), _abs(d))
    large, small = _choose(real, c, d), _choose(real, d, c)
    ratio = small / large
    scale = 1 / (large + small * ratio)
    p, q = _choose(real, a, b), _choose(real, b, a)
    rest = _choose(real, q - p * ratio, p * ratio - q)
    by_zero, zero = _equal(large, 0), _abs(c)
    return (
        _choose(by_zero, a / zero, (p + q * ratio) * scale),
        _choose(by_zero, b / zero, rest * scale),
    )


def reciprocal(x: Pair) -> Pair:
    """Of 1, by the same."""
    c, d = x
    real = _greater_equal(_abs(c), _abs(d))
    large, small = _choose(real, c, d), _choose(real, d, c)
    ratio = small / large
    divisor = large + small * ratio
    return _choose(real, 1.0, ratio) / divisor, _choose(real, -ratio, c.like(-1.0)) / divisor


def absolute(x: Pair) -> Real:
    return _hypot(*x)


def sign(x: Pair) -> Pair:
    """``z / |z|``, 0 at 0; where one part is infinite its sign, NaN where both are, as NumPy has it."""
    large = _greater(_maximum(_abs(x[0]), _abs(x[1])), _Range(x[0]).huge)
    scale = _choose(large, 0.25, x[0].like(1.0))
    x = x[0] * scale, x[1] * scale
    size = _hypot(*x)
    zero, infinite = _equal(size, 0), _isinf(size)
    both = _and(_isinf(x[0]), _isinf(x[1]))
    finite = _choose(infinite, 1.0, size)

    def part(p: Real) -> Real:
        far = _choose(both, math.nan, _choose(_isinf(p), _copysign(1.0, p), 0 * finite))
        return _choose(zero, 0.0, _choose(infinite, far, p / finite))

    return part(x[0]), part(x[1])


def conjugate(x: Pair) -> Pair:
    return x[0], -x[1]


def real(x: Pair) -> Real:
    return x[0]


def imaginary(x: Pair) -> Real:
    return x[1]


def rint(x: Pair) -> Pair:
    return _rint(x[0]), _rint(x[1])


# --- order, classes of numbers --------------------------------------------------------------------------------------


def equal(x: Pair, y: Pair) -> Real:
    return _and(_equal(x[0], y[0]), _equal(x[1], y[1]))


def not_equal(x: Pair, y: Pair) -> Real:
    return _or(_not_equal(x[0], y[0]), _not_equal(x[1], y[1]))


def _before(strict: Callable[..., Real], last: Callable[..., Real]) -> Callable[[Pair, Pair], Real]:
    """By the real parts, and the imaginary ones where these are equal; never where one is NaN."""

    def compare(x: Pair, y: Pair) -> Real:
        known = _not(_or(_isnan(x[1]), _isnan(y[1])))
        return _or(_and(strict(x[0], y[0]), known), _and(_equal(x[0], y[0]), last(x[1], y[1])))

    return compare


less, less_equal = _before(_less, _less), _before(_less, _less_equal)
greater, greater_equal = _before(_greater, _greater), _before(_greater, _greater_equal)


def _extreme(compare: Callable[[Pair, Pair], Real], number: bool) -> Callable[[Pair, Pair], Pair]:
    def choose(x: Pair, y: Pair) -> Pair:
        first = _or(compare(x, y), isnan(y if number else x))
        return _choose(first, x[0], y[0]), _choose(first, x[1], y[1])

    return choose


def isnan(x: Pair) -> Real:
    return _or(_isnan(x[0]), _isnan(x[1]))


def isinf(x: Pair) -> Real:
    return _or(_isinf(x[0]), _isinf(x[1]))


def isfinite(x: Pair) -> Real:
    return _and(_isfinite(x[0]), _isfinite(x[1]))


maximum, minimum = _extreme(greater_equal, False), _extreme(less_equal, False)
fmax, fmin = _extreme(greater_equal, True), _extreme(less_equal, True)


def logical_and(x: Real, y: Real) -> Real:
    return _and(x, y)


def logical_or(x: Real, y: Real) -> Real:
    return _or(x, y)


def logical_xor(x: Real, y: Real) -> Real:
    return _xor(x, y)


def logical_not(x: Real) -> Real:
    return _not(x)


def where(c: Real, x: Pair, y: Pair) -> Pair:
    return _choose(c, x[0], y[0]), _choose(c, x[1], y[1])
