"""Powers, roots, exponentials, logarithms, hyperbolic and trigonometric functions and their inverses on complex numbers, in their two parts."""

from __future__ import annotations

import math

from .complexes import divide, isnan, multiply, square, truth
from .real_parts import (
    Pair,
    Real,
    _abs,
    _and,
    _arcsinh,
    _arctan2,
    _choose,
    _copysign,
    _cos,
    _cosh,
    _equal,
    _exp,
    _expm1,
    _floor,
    _greater,
    _greater_equal,
    _hypot,
    _isfinite,
    _isinf,
    _isnan,
    _less,
    _log,
    _log1p,
    _maximum,
    _minimum,
    _not,
    _not_equal,
    _or,
    _Range,
    _rint,
    _root,
    _sin,
    _sinh,
    _tan,
)


def power(x: Pair, y: Pair) -> Pair:
    """By multiplications for whole numbers below 100, else ``exp(y log(x))``; infinities and 0 as NumPy has them."""
    n = y[0].number
    (a, b), (c, d) = x, y
    zero = _not(truth(x))
    known = n is not None and y[1].number is not None and math.isfinite(n)
    if n is not None and known and y[1].number == 0 and abs(n) < _MOST and n == int(n):
        p, q = _whole_power(x, int(n))
        if n >= 0:
            return p, q
    else:
        p, q = exp(_product(y, log((_choose(zero, 1.0, a), b))))
        if not known:
            whole = _and(_and(_equal(d, 0), _equal(_rint(c), c)), _less(_abs(c), _MOST))
            r, s = _any_whole_power(x, _choose(whole, c, 1.0))
            p, q = _choose(whole, r, p), _choose(whole, s, q)
    at_zero = _choose(_greater(c, 0), 0.0, c.like(math.nan))
    one = _not(truth(y))
    return _choose(one, 1.0, _choose(zero, at_zero, p)), _choose(one, 0.0, _choose(zero, at_zero, q))


_MOST = 100.0  # smaller whole exponents NumPy multiplies out


def _whole_power(x: Pair, n: int) -> Pair:
    """The first product is one with 1, but in the first powers, which makes infinite numbers NaN."""
    if n in (1, 2, 3):
        square = x if n == 1 else multiply(x, x)
        return square if n < 3 else multiply(x, square)
    one = x[0].like(1.0), x[0].like(0.0)
    result, factor, left = one, x, abs(n)
    while left:
        if left & 1:
            result = multiply(result, factor)
        left >>= 1
        if left:
            factor = multiply(factor, factor)
    return result if n >= 0 else divide(one, result)


def _any_whole_power(x: Pair, n: Real) -> Pair:
    """The same, of an exponent that is not known."""
    one = n.like(1.0), n.like(0.0)
    result, factor, left = one, x, _abs(n)
    square = multiply(x, x)
    cube = multiply(x, square)
    for k in range(7):
        half = _floor(left * 0.5)
        odd, left = _not_equal(half + half, left), half
        p, q = multiply(result, factor)
        result = _choose(odd, p, result[0]), _choose(odd, q, result[1])
        factor = square if k == 0 else multiply(factor, factor)
    below = _less(n, 0)
    p, q = divide(one, result)
    out = _choose(below, p, result[0]), _choose(below, q, result[1])
    for m, power in ((1.0, x), (2.0, square), (3.0, cube)):
        this = _equal(n, m)
        out = _choose(this, power[0], out[0]), _choose(this, power[1], out[1])
    return out


def _product(x: Pair, y: Pair) -> Pair:
    """The product by C99's annex G, for `power`: infinite where a factor is, though its other part is NaN."""
    (a, b), (c, d) = x, y
    p, q = multiply(x, y)
    lost = _and(_isnan(p), _isnan(q))
    left, right = _or(_isinf(a), _isinf(b)), _or(_isinf(c), _isinf(d))

    def boxed(v: Real, infinite: Real, other: Real) -> Real:
        unit = _copysign(_choose(_isinf(v), 1.0, v.like(0.0)), v)
        rest = _choose(_isnan(v), _copysign(v.like(0.0), v), v)
        return _choose(infinite, unit, _choose(other, rest, v))

    a, b, c, d = boxed(a, left, right), boxed(b, left, right), boxed(c, right, left), boxed(d, right, left)
    again, huge = _and(lost, _or(left, right)), a.like(math.inf)
    return _choose(again, huge * (a * c - b * d), p), _choose(again, huge * (a * d + b * c), q)


# --- roots, exponentials, logarithms ------------------------------------------------------------------------------

_LN2, _LOG2E, _LOG10E = math.log(2.0), 1 / math.log(2.0), 1 / math.log(10.0)


def sqrt(x: Pair) -> Pair:
    """By ``sqrt((|a| + |z|) / 2)``, of scaled parts where they are very large or small."""
    a, b = x
    r = _Range(a)
    size = _maximum(_abs(a), _abs(b))
    large, small, one = _greater(size, r.huge), _less(size, r.tiny), a.like(1.0)
    scale = _choose(large, 0.0625, _choose(small, 2.0**r.lift, one))
    back = _choose(large, 4.0, _choose(small, 2.0 ** (-r.lift // 2), one))
    p, q = _abs(a) * scale, _abs(b) * scale
    root = _choose(_isinf(b), math.inf, _root(0.5 * p + 0.5 * _hypot(p, q)))  # where a is NaN, too
    other = _choose(_equal(root, 0), 0.0, _choose(_isinf(b), math.inf, q / (root + root)))
    root, other = root * back, other * back
    left = _less(a, 0)
    return _choose(left, other, root), _copysign(_choose(left, root, other), b)


def rsqrt(x: Pair) -> Pair:
    return divide((x[0].like(1.0), x[0].like(0.0)), sqrt(x))


def exp(x: Pair) -> Pair:
    """``e^a (cos b, sin b)``; the power is split where it overflows and the product may not."""
    a, b = x
    r = _Range(a)
    over = _greater(a, r.most)
    size = _exp(a - _choose(over, r.less, a.like(0.0)))
    more = _choose(over, math.exp(r.less), a.like(1.0))
    turns = _not(_isfinite(b))
    c = _choose(_and(turns, _isinf(a)), 1.0, _cos(b))
    s = _choose(_and(turns, _equal(a, -math.inf)), 0.0, _sin(b))
    return (c * more) * size, _choose(_equal(b, 0), b, (s * more) * size)


def exp2(x: Pair) -> Pair:
    return exp((x[0] * _LN2, x[1] * _LN2))


def expm1(x: Pair) -> Pair:
    a, b = x
    half = _sin(b * 0.5)
    return _expm1(a) * _cos(b) - 2 * (half * half), exp(x)[1]


def log(x: Pair) -> Pair:
    """``log |z|``, near 1 by what the squares differ from it."""
    a, b = x
    p, q = _abs(a), _abs(b)
    large, small = _maximum(p, q), _minimum(p, q)
    far = _greater(large, _Range(a).huge)
    scale = _choose(far, 0.25, a.like(1.0))
    size = _hypot(a * scale, b * scale)
    near = _and(_greater(size, 0.5), _less(size, 2.0))
    close = 0.5 * _log1p(_choose(near, (large - 1) * (large + 1) + small * small, 0.0))
    return _choose(near, close, _log(size) + _choose(far, 2 * _LN2, a.like(0.0))), _arctan2(b, a)


def log2(x: Pair) -> Pair:
    a, b = log(x)
    return a * _LOG2E, b * _LOG2E


def log10(x: Pair) -> Pair:
    a, b = log(x)
    return a * _LOG10E, b * _LOG10E


def log1p(x: Pair) -> Pair:
    a, b = x
    p, _ = log((a + 1, b))
    near = _and(_less(_abs(a), 0.5), _less(_abs(b), 0.5))
    close = 0.5 * _log1p(_choose(near, a * (a + 2) + b * b, 0.0))
    return _choose(near, close, p), _arctan2(b, a + 1)


# --- trigonometry -------------------------------------------------------------------------------------------------


def _hyperbolic(x: Real) -> tuple[Real, Real, Real]:
    """The hyperbolic cosine and sine without a factor, and the factor, which is 1 where they do not overflow."""
    r = _Range(x)
    over = _greater(_abs(x), r.most)
    y = _choose(over, x - _copysign(r.less, x), x)
    return _cosh(y), _sinh(y), _choose(over, math.exp(r.less), x.like(1.0))


def sinh(x: Pair) -> Pair:
    a, b = x
    c, s, more = _hyperbolic(a)
    unknown = _not(_isfinite(b))
    turns = _and(unknown, _isinf(a))
    p = (_choose(turns, 1.0, _cos(b)) * more) * s
    return _choose(_and(unknown, _equal(a, 0)), a, p), _choose(_equal(b, 0), b, (_sin(b) * more) * c)


def cosh(x: Pair) -> Pair:
    a, b = x
    c, s, more = _hyperbolic(a)
    unknown = _not(_isfinite(b))
    turns = _and(unknown, _isinf(a))
    on_axis = b * _copysign(1.0, a)
    q = _choose(_and(unknown, _equal(a, 0)), a, (_sin(b) * more) * s)
    return (_choose(turns, 1.0, _cos(b)) * more) * c, _choose(_equal(b, 0), on_axis, q)


def tanh(x: Pair) -> Pair:
    """By the tangent of `b` and the hyperbolic sine of `a` (Kahan, Branch cuts for complex elementary functions, 1987)."""
    a, b = x
    size = _abs(a)
    far = _greater_equal(size, 22.0 if a.dtype.itemsize == 8 else 11.0)
    t, s = _tan(b), _sinh(_choose(far, 1.0, a))
    beta = 1 + t * t
    square = s * s
    below = 1 + beta * square
    least = _choose(_isinf(a), 0.0, 4 * (t / beta) * _exp(-2 * size))
    return (
        _choose(_equal(a, 0), a, _choose(far, _copysign(1.0, a), beta * _root(1 + square) * s / below)),
        _choose(_equal(b, 0), b, _choose(far, _copysign(least, t), t / below)),
    )


def sin(x: Pair) -> Pair:
    p, q = sinh((-x[1], x[0]))
    return q, -p


def cos(x: Pair) -> Pair:
    return cosh((-x[1], x[0]))


def tan(x: Pair) -> Pair:
    p, q = tanh((-x[1], x[0]))
    return q, -p


def sech2(x: Pair) -> Pair:
    """``4 u / (1 + u)^2`` with the exponential that does not overflow."""
    a, b = x
    left = _less(a, 0)
    u, v = exp((_choose(left, 2 * a, -2 * a), _choose(left, 2 * b, -2 * b)))
    return divide((4 * u, 4 * v), square((1 + u, v)))


def _infinite(x: Pair) -> tuple[Real, Real, Real]:
    """Whether a part is infinite, and 1 for each that is, else 0; NaN where the other part is."""
    p, q = _isinf(x[0]), _isinf(x[1])
    zero = _choose(isnan(x), math.nan, x[0].like(0.0))
    return _or(p, q), _choose(p, 1.0, zero), _choose(q, 1.0, zero)


def _above(x: Pair) -> Real:
    """Whether only the real part is known, and 0: the number lies above or below the origin."""
    return _and(_equal(x[0], 0), _isnan(x[1]))


def arcsin(x: Pair) -> Pair:
    """By the roots of ``1 - z`` and ``1 + z``, as those that follow (Kahan, as for `tanh`)."""
    a, b = x
    (p, q), (r, s) = sqrt((1 - a, -b)), sqrt((1 + a, b))
    far, u, v = _infinite(x)
    return (
        _choose(_equal(a, 0), a, _choose(far, _arctan2(_copysign(u, a), v), _arctan2(a, p * r - q * s))),
        _copysign(_choose(far, math.inf, _arcsinh(p * s - q * r)), b),
    )


def arccos(x: Pair) -> Pair:
    a, b = x
    (p, q), (r, s) = sqrt((1 - a, -b)), sqrt((1 + a, b))
    far, u, v = _infinite(x)
    return (
        _choose(_above(x), math.pi / 2, _choose(far, _arctan2(v, _copysign(u, a)), 2 * _arctan2(p, r))),
        _copysign(_choose(far, math.inf, _arcsinh(r * q - s * p)), -b),
    )


def arccosh(x: Pair) -> Pair:
    a, b = x
    (p, q), (r, s) = sqrt((a - 1, b)), sqrt((a + 1, b))
    far, u, v = _infinite(x)
    return (
        _choose(far, math.inf, _arcsinh(p * r + q * s)),
        _choose(_above(x), math.pi / 2, _choose(far, _copysign(_arctan2(v, _copysign(u, a)), b), 2 * _arctan2(q, r))),
    )


def arcsinh(x: Pair) -> Pair:
    p, q = arcsin((-x[1], x[0]))
    return q, -p


def arctanh(x: Pair) -> Pair:
    """By ``log1p(4 |a| / ((1 - |a|)^2 + b^2)) / 4``; far out it is as ``1 / z``, and beside 1 the logarithm of how far."""
    a, b = x
    r = _Range(a)
    p, q = _abs(a), _abs(b)
    size = _hypot(p * 0.25, q * 0.25)
    far, near = _greater(size, r.lift * 2.0**r.lift), _and(_equal(p, 1), _less(q, 2.0**-r.lift))
    rest = 1 - _choose(far, 2.0, p)
    side = _choose(far, 1.0, b)
    close = _choose(near, 2 * (_LN2 - _log(q)), _log1p(4 * p / (rest * rest + side * side)))
    angle = _choose(far, math.pi / 2, 0.5 * _arctan2(2 * _abs(side), rest * (1 + p) - side * side))
    angle = _choose(_isnan(b), math.nan, angle)
    return (
        _copysign(
            _choose(
                _or(_equal(p, 0), _isinf(size)), 0.0, _choose(far, (0.25 * p / size) * (0.25 / size), 0.25 * close)
            ),
            a,
        ),
        _copysign(angle, b),
    )


def arctan(x: Pair) -> Pair:
    p, q = arctanh((-x[1], x[0]))
    return q, -p
