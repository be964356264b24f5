"""Bessel functions of real order and argument, Airy's and Struve's, which JAX does not have in double precision.

Integrals of Schläfli's (NIST DLMF 10.9.6, 10.9.7, 10.32.9), which the trapezoidal and Gauss's rule take to rounding; power series
(10.2.2) of small arguments, Hankel's expansions (10.17.3, 10.40.1) of large ones; where a function is small beside its
companion it follows from that and their ratio's continued fraction (10.10.1, 10.33.1) by the Wronskian (10.5.2, 10.28.2).
"""

from __future__ import annotations

import math
from typing import Any

from .iterations import Function, cospi, in_parameters, integral, most, settled, sinpi, total, whole
from .real import jnp, lax, special


def _gamma_sign(x: Any) -> Any:
    return jnp.where((x > 0) | (jnp.floor(x) % 2 == 0), 1.0, -1.0)


def rgamma(x: Any) -> Any:
    """1 over the gamma function."""
    pole = (x <= 0) & whole(x)
    safe = jnp.where(pole, 0.5, x)
    return jnp.where(pole, 0.0, _gamma_sign(safe) * jnp.exp(-special.gammaln(safe)))


# --- modified ------------------------------------------------------------------------------------------------------


def kve(v: Any, x: Any) -> Any:
    """``exp(x) K_v(x)``: the trapezoidal rule, DLMF 10.32.9."""
    inside = (x > 0) & jnp.isfinite(x)
    y, v = jnp.where(inside, x, 1.0), jnp.abs(v)
    still, order = lax.stop_gradient(y), lax.stop_gradient(v)
    end = jnp.zeros_like(y)
    for _ in range(12):  # the integrand falls below exp(-45) of its first value there
        end = 2 * jnp.arcsinh(jnp.sqrt((45 + order * end) / (2 * still)))
    step = jnp.minimum(0.2, 0.7 / jnp.sqrt(jnp.hypot(order, still)))

    def term(k: Any) -> Any:
        t = k * step
        fall = 2 * y * jnp.square(jnp.sinh(t / 2))
        both = jnp.exp(v * t - fall) + jnp.exp(-v * t - fall)
        return both * jnp.where(k == 0, 0.25, 0.5)

    out = total(term, most(end / step, 1e5) + 2, y.shape) * step
    out = jnp.where(x == jnp.inf, 0.0, out)
    return jnp.where(inside | (x == jnp.inf), out, jnp.where(x == 0, jnp.inf, jnp.nan))


def kv(v: Any, x: Any) -> Any:
    return kve(v, x) * jnp.where(x == jnp.inf, 0.0, jnp.exp(-x))


def _hankel_sums(v: Any, x: Any, sign: float) -> tuple[Any, Any]:
    """Sums of the terms of even and of odd order of Hankel's expansion; `sign` is that of neighbours among each of them."""
    term, sums = jnp.ones_like(x), [jnp.ones_like(x), jnp.zeros_like(x)]
    for k in range(1, 50):
        odd = 2 * k - 1
        new = term * ((2 * v - odd) * (2 * v + odd) / (8 * k * x))
        small = jnp.abs(new) <= jnp.maximum(jnp.abs(term), jnp.abs(v) > odd / 2)
        term = jnp.where(small, new, 0)
        sums[k % 2] = sums[k % 2] + sign ** (k // 2) * term
    return sums[0], sums[1]


def _ive_positive(v: Any, x: Any) -> Any:
    """``exp(-x) I_v(x)`` of positive `x` and `v` from 0 on."""
    far = x > 60 + v * v
    y = jnp.where(far, 1.0, x)
    steps = most(jnp.sqrt(45 * y), 1e5) + 20

    def back(i: Any, ratio: Any) -> Any:
        return 1 / (2 * (v + (steps - i)) / y + ratio)

    ratio = lax.fori_loop(0, steps, back, jnp.zeros_like(y + v))
    near = 1 / (y * (kve(v + 1, y) + ratio * kve(v, y)))
    large = jnp.where(far & jnp.isfinite(x), x, 1e4)
    even, odd = _hankel_sums(v, large, 1.0)
    return jnp.where(x == jnp.inf, 0.0, jnp.where(far, (even - odd) / jnp.sqrt(2 * math.pi * large), near))


def _at_zero(v: Any) -> Any:
    """J and I of 0."""
    return jnp.where(
        v == 0, 1.0, jnp.where((v > 0) | whole(v), 0.0, jnp.where(_gamma_sign(v + 1) > 0, jnp.inf, -jnp.inf))
    )


def ive(v: Any, x: Any) -> Any:
    size, order = jnp.abs(x), jnp.abs(v)
    y = jnp.where(size > 0, size, 1.0)
    out = _ive_positive(order, y)
    out = jnp.where((v < 0) & ~whole(v), out + 2 / math.pi * sinpi(order) * kve(order, y) * jnp.exp(-2 * y), out)
    out = jnp.where(size == 0, _at_zero(v), out)
    return _mirrored(v, x, out)


def _mirrored(v: Any, x: Any, out: Any) -> Any:
    """At negative arguments; only whole orders have real values there."""
    turned = jnp.where(whole(v), jnp.where(v % 2 == 0, out, -out), jnp.nan)
    return jnp.where(x < 0, turned, out)


def iv(v: Any, x: Any) -> Any:
    half = jnp.exp(jnp.abs(x) / 2)
    return jnp.where(jnp.isinf(x), jnp.abs(x), ive(v, x) * half * half)


# --- oscillating ---------------------------------------------------------------------------------------------------


def _power_series(v: Any, x: Any) -> Any:
    """J by its series, ``x**2 < 4 (v + 1)``."""
    square = -x * x / 4

    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * square / (k * (v + k))
        return sum_ + term, term

    one = jnp.ones_like(x + v)
    sums = settled(step, (one, one), lambda s: s[0])
    return sums * jnp.exp(v * jnp.log(x / 2) - special.gammaln(v + 1))


def _turn(v: Any, x: Any) -> tuple[Any, Any]:
    """The means of the cosine and the sine of ``x sin(t) - v t`` over half a turn."""

    def wave(t: Any) -> Any:
        angle = x[..., None] * jnp.sin(t) - v[..., None] * t
        return lax.complex(jnp.cos(angle), jnp.sin(angle))

    out = integral(wave, jnp.full_like(x, math.pi), jnp.ceil((x + v) / 5) + 1) / math.pi
    return jnp.real(out), jnp.imag(out)


def _end(v: Any, x: Any) -> tuple[Any, Any]:
    """Where ``exp(v t - x sinh(t))`` is less than exp(-45), and how many panels up to there it takes."""
    end = jnp.arcsinh(45 / x)
    for _ in range(12):
        end = jnp.arcsinh((45 + v * end) / x)
    return end, jnp.ceil(end / jnp.minimum(1.5, 4 / jnp.sqrt(jnp.hypot(v, x))))


def _pair(v: Any, x: Any) -> tuple[Any, Any]:
    """J and Y of orders from 0 on, `x` positive and not large."""
    v, x = jnp.broadcast_arrays(v, x)
    cosine, sine = _turn(v, x)
    end, panels = _end(lax.stop_gradient(v), lax.stop_gradient(x))

    def tail(t: Any) -> Any:
        fall = -x[..., None] * jnp.sinh(t)
        return lax.complex(jnp.exp(v[..., None] * t + fall), jnp.exp(-v[..., None] * t + fall))

    both = integral(tail, end, panels)
    rising, falling = jnp.real(both), jnp.imag(both)
    return cosine - sinpi(v) / math.pi * falling, sine - (rising + falling * cospi(v)) / math.pi


def _far_pair(v: Any, x: Any) -> tuple[Any, Any]:
    """Hankel's expansions; the phase is taken apart, so that no large number is rounded."""
    even, odd = _hankel_sums(v, x, -1.0)
    c, s = cospi(v / 2 + 0.25), sinpi(v / 2 + 0.25)
    cosine = jnp.cos(x) * c + jnp.sin(x) * s
    sine = jnp.sin(x) * c - jnp.cos(x) * s
    front = jnp.sqrt(2 / (math.pi * x))
    return front * (even * cosine - odd * sine), front * (even * sine + odd * cosine)


def _positive(v: Any, x: Any) -> tuple[Any, Any]:
    """J and Y of orders from 0 on and positive arguments."""
    far = x > jnp.maximum(25, v * v / 2)
    large, y = jnp.where(far & jnp.isfinite(x), x, 1e4), jnp.where(far, 1.0, x)
    order = jnp.where(far, 0.0, v)
    j, y_ = _pair(order, y)
    # Where the order is larger, J follows from Y and the ratio of neighbouring orders.
    below = (order > y) & jnp.isfinite(y_)
    at = jnp.where(below, y, 1.0)
    upto = jnp.where(below, order, 2.0)
    next_ = _pair(upto + 1, at)[1]
    steps = 60 + 10 * most(jnp.cbrt(at), 1e3)

    def back(i: Any, ratio: Any) -> Any:
        return 1 / (2 * (upto + (steps - i)) / at - ratio)

    ratio = lax.fori_loop(0, steps, back, jnp.zeros_like(at))
    j = jnp.where(below, 2 / (math.pi * at) / (ratio * y_ - next_), j)
    small = y * y < 4 * (order + 1)
    j = jnp.where(small, _power_series(jnp.where(small, order, 1.0), jnp.where(small, y, 1.0)), j)
    far_j, far_y = _far_pair(jnp.where(far, v, 0.0), large)
    none = jnp.isinf(x)
    return jnp.where(none, jnp.nan, jnp.where(far, far_j, j)), jnp.where(none, jnp.nan, jnp.where(far, far_y, y_))


def jv(v: Any, x: Any) -> Any:
    size, order = jnp.abs(x), jnp.abs(v)
    j, y = _positive(order, jnp.where(size > 0, size, 1.0))
    out = jnp.where(v < 0, cospi(order) * j - jnp.where(whole(v), 0.0, sinpi(order) * y), j)
    return _mirrored(v, x, jnp.where(size == 0, _at_zero(v), out))


def yv(v: Any, x: Any) -> Any:
    order = jnp.abs(v)
    j, y = _positive(order, jnp.where(x > 0, x, 1.0))
    half = whole(order - 0.5)
    out = jnp.where(v < 0, sinpi(order) * j + jnp.where(half, 0.0, cospi(order) * y), y)
    return jnp.where(x > 0, out, jnp.where(x == 0, -jnp.inf, jnp.nan))


# --- spherical -----------------------------------------------------------------------------------------------------


def _spherical(function: Function, n: Any, x: Any) -> Any:
    return jnp.sqrt(math.pi / (2 * x)) * function(n + 0.5, x)


def _parity(n: Any, x: Any, out: Any, shift: int = 0) -> Any:
    return jnp.where((x < 0) & ((n + shift) % 2 == 1), -out, out)


def spherical_jn(n: Any, x: Any) -> Any:
    size = jnp.abs(x)
    out = _spherical(jv, n, jnp.where(size > 0, size, 1.0))
    return _parity(n, x, jnp.where(size == 0, jnp.where(n == 0, 1.0, 0.0), jnp.where(jnp.isinf(x), 0.0, out)))


def spherical_yn(n: Any, x: Any) -> Any:
    size = jnp.abs(x)
    out = _spherical(yv, n, jnp.where(size > 0, size, 1.0))
    return jnp.where(x == 0, -jnp.inf, _parity(n, x, jnp.where(jnp.isinf(x), 0.0, out), 1))


def spherical_in(n: Any, x: Any) -> Any:
    size = jnp.abs(x)
    out = _spherical(iv, n, jnp.where(size > 0, size, 1.0))
    return _parity(n, x, jnp.where(size == 0, jnp.where(n == 0, 1.0, 0.0), jnp.where(jnp.isinf(x), jnp.inf, out)))


def spherical_kn(n: Any, x: Any) -> Any:
    size = jnp.abs(x)
    y = jnp.where((size > 0) & (size < jnp.inf), size, 1.0)
    out = _spherical(kv, n, y)
    left = jnp.where(n % 2 == 1, out, -out) - math.pi * _spherical(iv, n, y)
    out = jnp.where(x > 0, out, left)
    return jnp.where(size == 0, jnp.inf, jnp.where(x == jnp.inf, 0.0, jnp.where(x == -jnp.inf, -jnp.inf, out)))


# --- Airy ----------------------------------------------------------------------------------------------------------

_AI, _AIP = 0.355028053887817239260, -0.258819403792806798405  # of 0: DLMF 9.2.3, 9.2.4


def _maclaurin(x: Any) -> tuple[Any, Any, Any, Any]:
    """Both solutions of Airy's equation with unit value or slope at 0, and their slopes (DLMF 9.4)."""
    cube = x * x * x
    f, g, fp, gp = jnp.ones_like(x), x, jnp.zeros_like(x), jnp.ones_like(x)
    a, b, ap, bp = f, g, x * x / 2, gp
    fp = fp + ap
    for k in range(1, 26):
        a = a * cube / ((3 * k - 1) * (3 * k))
        b = b * cube / ((3 * k) * (3 * k + 1))
        ap = ap * cube / ((3 * k) * (3 * k + 2))
        bp = bp * cube / ((3 * k - 2) * (3 * k))
        f, g, fp, gp = f + a, g + b, fp + ap, gp + bp
    return f, g, fp, gp


def _airy(x: Any, which: int) -> Any:
    """Ai, Ai', Bi, Bi' by number (DLMF 9.6)."""
    near = (x > -2) & (x < 1)
    f, g, fp, gp = _maclaurin(jnp.where(near, x, 0.0))
    first, second = (f, g) if which % 2 == 0 else (fp, gp)
    root3 = math.sqrt(3.0)
    series = _AI * first + _AIP * second if which < 2 else root3 * (_AI * first - _AIP * second)
    size = jnp.where(near | jnp.isinf(x), 1.0, jnp.abs(x))
    zeta = 2 / 3 * size * jnp.sqrt(size)
    v = jnp.full_like(size, 1 / 3 if which % 2 == 0 else 2 / 3)
    k = kve(v, zeta)
    front = jnp.sqrt(size / 3) if which % 2 == 0 else size / root3
    if which < 2:
        right = front / math.pi * k * jnp.exp(-zeta) * (1 if which == 0 else -1)
    else:
        e = jnp.exp(zeta / 2)
        i = _ive_positive(v, zeta)
        right = front * (2 * i * e * e + 2 / math.pi * sinpi(v) * k * jnp.exp(-zeta))
    j, y = _positive(v, zeta)
    other = cospi(v) * j - sinpi(v) * y  # J of the negative order
    half, third = jnp.sqrt(size), size / 3
    left = (half / 3 * (j + other), third * (j - other), jnp.sqrt(size / 3) * (other - j), size / root3 * (j + other))[
        which
    ]
    out = jnp.where(near, series, jnp.where(x > 0, right, left))
    return jnp.where(jnp.isinf(x), jnp.nan, out)


# --- Struve --------------------------------------------------------------------------------------------------------


def _struve_series(v: Any, x: Any, sign: float) -> Any:
    """DLMF 11.2.1, 11.2.2."""

    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * (sign * x * x / 4) / ((k + 0.5) * (k + v + 0.5))
        return sum_ + term, term

    first = jnp.exp((v + 1) * jnp.log(x / 2)) * rgamma(v + 1.5) * (2 / math.sqrt(math.pi))
    return settled(step, (first, first), lambda s: s[0])


def struve(v: Any, x: Any) -> Any:
    """By the series, or DLMF 11.5.2 where that cancels."""
    size = jnp.abs(x)
    y = jnp.where(size > 0, size, 1.0)
    series = (y < 3) | (y * y < 40 * (v + 1.5))
    near = _struve_series(jnp.where(series, v, 1.0), jnp.where(series, y, 1.0), -1.0)
    z, order = jnp.where(series, 3.0, y), jnp.where(series, 0.0, v)
    end = jnp.full_like(z, 45.0)
    for _ in range(12):
        end = 45 + jnp.maximum(order, 0) * jnp.log1p(jnp.square(end / z))
    power = lambda u: jnp.exp(-u + (order[..., None] - 0.5) * jnp.log1p(jnp.square(u / z[..., None])))  # noqa: E731
    rest = integral(power, end, jnp.ceil(end / 2.5)) / z
    far = yv(order, z) + 2 / math.sqrt(math.pi) * jnp.exp(order * jnp.log(z / 2)) * rgamma(order + 0.5) * rest
    out = jnp.where(series, near, far)
    at_zero = jnp.where(
        v > -1, 0.0, jnp.where(v == -1, 2 / math.pi, jnp.where(_gamma_sign(v + 1.5) > 0, jnp.inf, -jnp.inf))
    )
    return _mirrored(v + 1, x, jnp.where(size == 0, at_zero, out))


def modstruve(v: Any, x: Any) -> Any:
    size = jnp.minimum(jnp.abs(x), 1500.0)
    out = _struve_series(v, jnp.where(size > 0, size, 1.0), 1.0)
    at_zero = jnp.where(
        v > -1, 0.0, jnp.where(v == -1, 2 / math.pi, jnp.where(_gamma_sign(v + 1.5) > 0, jnp.inf, -jnp.inf))
    )
    return _mirrored(v + 1, x, jnp.where(size == 0, at_zero, out))


def hyp0f1(v: Any, x: Any) -> Any:
    """DLMF 16.2.1, and 10.16.9 where the series alternates and grows."""
    series = x > -4
    y = jnp.where(series, x, 0.0)

    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * y / (k * (v + k - 1))
        return sum_ + term, term

    one = jnp.ones_like(x + v)
    near = settled(step, (one, one), lambda s: s[0])
    root = jnp.sqrt(jnp.where(series, 4.0, -x))
    far = jnp.exp(special.gammaln(v) + (1 - v) * jnp.log(root)) * _gamma_sign(v) * jv(v - 1, 2 * root)
    return jnp.where((v <= 0) & whole(v), jnp.nan, jnp.where(series, near, far))


def _fixed(function: Function, order: float) -> Function:
    return lambda x: function(jnp.full_like(x, order), x)


def _in_argument(function: Function) -> Function:
    """Derivatives in the argument: (orders, argument, order)."""
    return lambda orders, x, v: in_parameters(lambda x: function(v, x), orders)(x)


BESSEL_DERIVATIVES: dict[str, Function] = {
    **{
        f"{f.__name__}_derivative": lambda orders, v, x, f=f: in_parameters(f, orders)(v, x)
        for f in (jv, yv, iv, ive, kv, kve)
    },
    "ive_slope": _in_argument(ive),
    "kve_slope": _in_argument(kve),
}
BESSELS: dict[str, Function] = {
    "jv": jv, "yv": yv, "iv": iv, "ive": ive, "kv": kv, "kve": kve,
    "j0": _fixed(jv, 0.0), "j1": _fixed(jv, 1.0), "y0": _fixed(yv, 0.0), "y1": _fixed(yv, 1.0),
    "k0": _fixed(kv, 0.0), "k1": _fixed(kv, 1.0), "k0e": _fixed(kve, 0.0), "k1e": _fixed(kve, 1.0),
    "spherical_jn": spherical_jn, "spherical_yn": spherical_yn, "spherical_in": spherical_in, "spherical_kn": spherical_kn,
    "airy_ai": lambda x: _airy(x, 0), "airy_aip": lambda x: _airy(x, 1),
    "airy_bi": lambda x: _airy(x, 2), "airy_bip": lambda x: _airy(x, 3),
    "struve": struve, "modstruve": modstruve, "hyp0f1": hyp0f1,
}  # fmt: skip
