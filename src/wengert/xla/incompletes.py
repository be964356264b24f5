"""Incomplete gamma and beta functions over their densities, differentiable in their parameters to any order; logarithms of tails; zeta,
Kummer's function, the scaled complementary error function and steps of the gamma function likewise.

Sources: NIST DLMF 8.7.1, 8.9.2, 8.17.22 (series and continued fractions), 25.11.28 (zeta by Euler and Maclaurin), 13.2.2 and 13.2.39
(Kummer), 5.11 (Stirling). Derivatives in parameters are JAX's forward mode of these (`iterations`); a factor in front is normalised
to 1 where a function is taken over its density, so that its derivatives remain where it underflows itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .formulas import log1pmx
from .iterations import Function, in_parameters, integral, rule, settled
from .real import jnp, lax, special

LARGE = 10.0  # from here on Stirling's series is exact
_STIRLING = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def stirling(a: Any) -> Any:
    """``log(gamma(a))`` less ``(a - 1/2) log(a) - a + log(2 pi) / 2``: DLMF 5.11.1."""
    u = 1 / (a * a)
    series = jnp.full_like(a, 1 / 156)
    for c in _STIRLING:
        series = c + u * series
    return series / a


def _normalised(log: Any, scaled: bool) -> Any:
    """The exponential of a logarithm; where `scaled` 1, with the derivatives."""
    return jnp.exp(log - lax.stop_gradient(log)) if scaled else jnp.exp(log)


def gamma_front(a: Any, x: Any) -> Any:
    """The logarithm of ``x**a exp(-x) / gamma(a)``, of large `a` by how far `x` is from it (Loader 2000)."""
    close = (a > LARGE) & (x > a / 4) & (x < 4 * a)
    b, y = jnp.where(close, a, LARGE), jnp.where(close, x, LARGE)
    near = b * log1pmx((y - b) / b) - stirling(b) + jnp.log(b / (2 * math.pi)) / 2
    return jnp.where(close, near, a * jnp.log(x) - x - special.gammaln(a))


def log_beta(a: Any, b: Any) -> Any:
    """Of positive numbers; where one is large by Stirling's series without its cancellation."""
    p, q = jnp.minimum(a, b), jnp.maximum(a, b)
    far = (q >= LARGE) & jnp.isfinite(q)
    y, x = jnp.where(far, q, LARGE), jnp.where(far, p, 1.0)
    fall = y * log1pmx(x / y) - jnp.log1p(x / y) / 2 + x * jnp.log(x + y) + stirling(x + y) - stirling(y)
    return jnp.where(far, special.gammaln(x) - fall, special.gammaln(p) + special.gammaln(q) - special.gammaln(p + q))


def beta_front(a: Any, b: Any, x: Any, y: Any) -> Any:
    """The logarithm of ``x**a y**b / B(a, b)``, ``y = 1 - x``; likewise."""
    off = x * b - y * a
    close = (a > LARGE) & (b > LARGE) & (off > -0.75 * a) & (off < 0.75 * b)
    p, q, off = jnp.where(close, a, LARGE), jnp.where(close, b, LARGE), jnp.where(close, off, 0.0)
    near = p * log1pmx(off / p) + q * log1pmx(-off / q) + stirling(p + q) - stirling(p) - stirling(q)
    near = near + jnp.log(p / (p + q) * q / (2 * math.pi)) / 2
    return jnp.where(close, near, a * jnp.log(x) + b * jnp.log(y) - log_beta(a, b))


# --- gamma ---------------------------------------------------------------------------------------------------------


def _gamma_near(a: Any, x: Any, scaled: bool) -> Any:
    """P by its series."""

    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * x / (a + k)
        return sum_ + term, term

    one = jnp.ones_like(a)
    sums = settled(step, (one, one), lambda s: s[0])
    out = _normalised(gamma_front(a, x), scaled) / a * sums
    return out * x if scaled else out


def _gamma_far(a: Any, x: Any, scaled: bool) -> Any:
    """Q by its continued fraction."""

    def step(k: Any, state: Any) -> Any:
        before, now, before_below, below = state
        b, c = x + 2 * k + 1 - a, -k * (k - a)
        before, now = now, now * b + before * c
        before_below, below = below, below * b + before_below * c
        scale = 1 / lax.stop_gradient(now)
        return before * scale, now * scale, before_below * scale, below * scale

    one = jnp.ones_like(a)
    fraction = settled(step, (one, x + 1 - a, jnp.zeros_like(a), one), lambda s: s[3] / s[1])
    out = _normalised(gamma_front(a, x), scaled) * fraction
    return out * x if scaled else out


def gammainc(orders: Sequence[int], a: Any, x: Any, scaled: bool = False) -> Any:
    """As `ops.special.kernels.gammainc`: derivatives in `a`, where `scaled` over the density and of P less 1 where that is the smaller part."""
    inside = (a > 0) & (x > 0) & jnp.isfinite(a) & jnp.isfinite(x)
    below = x < a + 1
    near, far = inside & below, inside & ~below
    low = in_parameters(lambda a, x: _gamma_near(a, x, scaled), orders)(
        jnp.where(near, a, 1.0), jnp.where(near, x, 1.0)
    )
    high = in_parameters(lambda a, x: _gamma_far(a, x, scaled), orders)(jnp.where(far, a, 1.0), jnp.where(far, x, 3.0))
    out = jnp.where(near, low, -high)
    edge = (a > 0) & ((x == 0) | (x == jnp.inf))
    return jnp.where(inside, out, jnp.where(edge, 0.0, jnp.nan))


# --- beta ----------------------------------------------------------------------------------------------------------


def _beta_fraction(a: Any, b: Any, x: Any, y: Any, scaled: bool) -> Any:
    """I by its continued fraction; `y` is 1 - x."""

    def one_step(state: Any, d: Any) -> Any:
        before, now, before_below, below = state
        before, now = now, now + before * d
        before_below, below = below, below + before_below * d
        scale = 1 / lax.stop_gradient(now)
        return before * scale, now * scale, before_below * scale, below * scale

    def step(k: Any, state: Any) -> Any:
        m = k - 1
        state = one_step(state, -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))
        return one_step(state, k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)))

    one = jnp.ones_like(a)
    fraction = settled(step, (one, one, jnp.zeros_like(a), one), lambda s: s[3] / s[1])
    out = _normalised(beta_front(a, b, x, y), scaled) / a * fraction
    return out * x * y if scaled else out


def betainc(orders: Sequence[int], a: Any, b: Any, x: Any, scaled: bool = False) -> Any:
    """As `ops.special.kernels.betainc`, derivatives in `a` and `b`."""
    inside = (a > 0) & (b > 0) & (x > 0) & (x < 1) & jnp.isfinite(a) & jnp.isfinite(b)
    below = x <= (a + 1) / (a + b + 2)
    near, far = inside & below, inside & ~below

    def part(which: Any, turn: bool) -> Any:
        def function(a: Any, b: Any) -> Any:
            y = jnp.where(which, x, 0.5)
            return _beta_fraction(b, a, 1 - y, y, scaled) if turn else _beta_fraction(a, b, y, 1 - y, scaled)

        return in_parameters(function, orders)(jnp.where(which, a, 1.0), jnp.where(which, b, 1.0))

    out = jnp.where(near, part(near, False), -part(far, True))
    edge = (a > 0) & (b > 0) & ((x == 0) | (x == 1))
    return jnp.where(inside, out, jnp.where(edge, 0.0, jnp.nan))


# --- steps of the gamma function -----------------------------------------------------------------------------------


def _fall(q: Any, b: Any, s: int) -> Any:
    """``(q + b)**-s - q**-s``."""
    return -(b / (q + b)) / q if s == 1 else q ** -float(s) * jnp.expm1(-s * jnp.log1p(b / q))


def polygamma_step(orders: Sequence[int], a: Any, b: Any) -> Any:
    """``psi^(n)(a + b) - psi^(n)(a)``; NaN where one of the arguments is not positive."""
    (n,) = orders
    regular = (a > 0) & (a + b > 0) & jnp.isfinite(a) & jnp.isfinite(b)
    q, b = jnp.where(regular, a, 1.0), jnp.where(regular, b, 1.0)
    sums, sign = jnp.zeros_like(q), (-1.0) ** (n + 1)
    for _ in range(12):
        low = jnp.minimum(q, q + b) < 12
        sums, q = jnp.where(low, sums + _fall(q, b, n + 1), sums), jnp.where(low, q + 1, q)
    tail = _fall(q, b, n + 1) * (math.factorial(n) / 2)
    tail += _fall(q, b, n) * math.factorial(n - 1) if n else -jnp.log1p(b / q)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        tail += _fall(q, b, 2 * k + n) * (bernoulli * math.factorial(2 * k + n - 1) / math.factorial(2 * k))
    return jnp.where(regular, sums * (sign * math.factorial(n)) + sign * tail, jnp.nan)


def _half_step(x: Any) -> Any:
    q, out = x, jnp.zeros_like(x)
    for k in range(12):
        low = q < 12
        step = jnp.log1p(-1 / jnp.square(2 * q + 1)) / 2
        if k == 0:
            small = q < 1
            step = jnp.where(small, (jnp.log(q) + jnp.log1p(q)) / 2 - jnp.log(q + 0.5), step)
        out, q = out + jnp.where(low, step, 0.0), jnp.where(low, q + 1, q)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        out = out - (1 - 4.0**-k) * bernoulli / (k * (2 * k - 1)) * q ** -float(2 * k - 1)
    return out


def half_step(orders: Sequence[int], x: Any) -> Any:
    """Derivatives of ``log(gamma(x + 1/2) / gamma(x)) - log(x) / 2`` of positive numbers: DLMF 5.5.1, 5.11.13."""
    regular = x > 0
    out = in_parameters(_half_step, orders)(jnp.where(regular & jnp.isfinite(x), x, 1.0))
    return jnp.where(regular, jnp.where(jnp.isinf(x), 0.0, out), jnp.nan)


# --- Student's distribution ----------------------------------------------------------------------------------------


def _t_log(df: Any, t: Any, beyond: Any) -> Any:
    """The logarithm of the density at a point whose square is larger by a part `beyond` than that of `t`, over the norm and in full."""
    squares = jnp.square(t)
    ratio, far = squares / (df + squares), beyond > 1e8
    large = jnp.where(far, beyond, 1.0)
    more = jnp.where(far, jnp.log(large) + jnp.log(ratio + 1 / large), jnp.log1p(jnp.where(far, 0.0, beyond) * ratio))
    return -(df + 1) / 2 * (jnp.log1p(squares / df) + more)


def stdtr(orders: Sequence[int], df: Any, t: Any, scaled: bool = False) -> Any:
    """As `ops.special.kernels.stdtr`: integrals of the density, from 0 on near the middle, over the tail further out."""
    inside = (df > 0) & jnp.isfinite(df) & jnp.isfinite(t) & (jnp.abs(t) < 1e140)
    near = inside & (t * t <= jnp.minimum(df, 1.5))
    far = inside & ~near
    size = jnp.where(inside, jnp.abs(t), 1.0)
    nu = jnp.where(inside, df, 1.0)
    start = lax.stop_gradient(nu)
    ratio = jnp.square(size) / start
    growth = jnp.log1p((1 + 1 / jnp.where(ratio > 0, ratio, 1.0)) * jnp.expm1(jnp.minimum(90 / start, 700.0))) / 2
    growth = jnp.clip(growth, 0.0, jnp.log(jnp.maximum(1e150 / jnp.where(size > 0, size, 1.0), 1.0)))
    nodes, weights = rule(40)

    def density(nu: Any, points_beyond: Any) -> Any:
        log = _t_log(nu[..., None], size[..., None], points_beyond)
        norm = half_step([0], nu / 2)[..., None] - math.log(2 * math.pi) / 2
        if scaled:
            at = lax.stop_gradient(_t_log(nu, size, jnp.zeros_like(nu)))[..., None] + lax.stop_gradient(norm)
            return jnp.exp(log + norm - at)
        return jnp.exp(log + norm)

    def middle(nu: Any) -> Any:
        part = jnp.sum(density(nu, nodes * nodes - 1) * weights, -1) * size * jnp.sign(t)
        if not scaled:
            return part
        at = lax.stop_gradient(
            half_step([0], nu / 2) - math.log(2 * math.pi) / 2 + _t_log(nu, size, jnp.zeros_like(nu))
        )
        return part - jnp.where(t > 0, 0.5, -0.5) * jnp.exp(-at)

    def tail(nu: Any) -> Any:
        # Panels that double, for the tail begins steeply.
        edges = np.concatenate([[0.0], 2.0 ** np.arange(-10, 1)])
        widths = np.diff(edges)[:, None]
        shares, parts = (edges[:-1, None] + widths * nodes).ravel(), (widths * weights).ravel()
        u = growth[..., None] * shares
        points = density(nu, jnp.expm1(2 * u)) * jnp.exp(u)
        return -t * growth * jnp.sum(points * parts, -1)

    out = jnp.where(far, in_parameters(tail, orders)(nu), in_parameters(middle, orders)(nu))
    if not scaled and not sum(orders):
        out = jnp.where(far, jnp.where(t > 0, 1 + out, out), 0.5 + out)
    beyond = (df > 0) & jnp.isfinite(df) & jnp.isfinite(t)
    vanished = jnp.where(df * jnp.log(jnp.abs(t)) > 800, 0.0, jnp.nan)
    gone = (-t / df if sum(orders) == 0 else jnp.nan * t) if scaled else vanished
    return jnp.where(inside, out, jnp.where((df > 0) & jnp.isinf(t), 0.0, jnp.where(beyond, gone, jnp.nan)))


def t_exponent(z: Any, df: Any) -> Any:
    """``(df + 1) / 2 log1p(z**2 / df)`` without a square that overflows."""
    u = jnp.abs(z / jnp.sqrt(df))
    far = u > 1e8
    return (df + 1) / 2 * jnp.where(far, 2 * jnp.log(jnp.where(far, u, 1)), jnp.log1p(jnp.square(jnp.where(far, 0, u))))


# --- others --------------------------------------------------------------------------------------------------------


def _zeta(s: Any, q: Any) -> Any:
    power = lambda base: jnp.exp(-s * jnp.log(base))  # noqa: E731
    out = sum(power(q + k) for k in range(12))
    base = q + 12
    tail = power(base)
    out = out + tail * base / (s - 1) + tail / 2
    term = tail / base * s
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        out = out + bernoulli / math.factorial(2 * k) * term
        term = term * (s + 2 * k - 1) * (s + 2 * k) / (base * base)
    return out


def zeta(orders: Sequence[int], s: Any, q: Any) -> Any:
    ok = (s > 1) & (q > 0)
    return jnp.where(ok, in_parameters(_zeta, orders)(jnp.where(ok, s, 2.0), jnp.where(ok, q, 1.0)), jnp.nan)


def _kummer(a: Any, b: Any, x: Any) -> Any:
    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * (a + k - 1) * (x / k) / (b + k - 1)
        return sum_ + term, term

    one = jnp.ones_like(a)
    # A small bound of the steps would end before the terms fall, where |x| is large: they grow up to k = |x|.
    return settled(step, (one, one), lambda s: s[0] + s[1])


def _kummer_flat(a: Any, b: Any, x: Any) -> Any:
    """``1 + a / b`` times the integral of ``M(a + 1, b + 1, s)`` from 0 to negative `x`: small `a` stays a factor."""
    inner = lambda s: _kummer(jnp.broadcast_to((b - a)[..., None], s.shape), (b + 1)[..., None], s) * jnp.exp(-s)  # noqa: E731
    return 1 - a / b * integral(inner, -x, jnp.ceil(jnp.abs(x) / 4) + 1)


def hyp1f1(orders: Sequence[int], a: Any, b: Any, x: Any) -> Any:
    inside = jnp.isfinite(a) & jnp.isfinite(b) & (jnp.abs(x) < 700) & ~((b <= 0) & (b == jnp.round(b)))
    positive, flat = x > -1, (x <= -1) & (jnp.abs(a) < 0.25)

    def part(function: Function, which: Any, other: float) -> Any:
        at = inside & which
        y = jnp.where(at, x, other)
        return in_parameters(lambda a, b: function(a, b, y), orders)(jnp.where(at, a, 0.5), jnp.where(at, b, 1.5))

    plain = part(_kummer, positive, 0.5)
    turned = part(lambda a, b, x: _kummer(b - a, b, -x) * jnp.exp(x), ~positive & ~flat, -2.0)
    even = part(_kummer_flat, flat, -2.0)
    out = jnp.where(positive, plain, jnp.where(flat, even, turned))
    return jnp.where(inside, out, jnp.nan)


def erfcx_value(x: Any) -> Any:
    """``exp(x**2) erfc(x)``: for large `x` by DLMF 7.9.1, downwards."""
    far = x > 3
    y, last = jnp.where(far, x, 3.0), 60
    quotient = jnp.zeros_like(y)
    for k in range(last, 0, -1):
        quotient = k / 2 / (y + quotient)
    small = jnp.where(far, 0.0, x)
    near = jnp.exp(small * small) * special.erfc(small)
    return jnp.where(far, 1 / (math.sqrt(math.pi) * (y + quotient)), near)


def erfcx(orders: Sequence[int], x: Any) -> Any:
    """As `ops.special.kernels.erfcx`: by quotients of the repeated integrals of erfc (DLMF 7.18), elsewhere by its recurrence."""
    (n,) = orders
    far = x > 1.5
    root = 2 / math.sqrt(math.pi)
    small = jnp.where(far, 0.0, x)
    below, before = erfcx_value(small), root
    out = 2 * small * below - before if n else below
    for k in range(2, n + 1):
        below, out = out, 2 * small * out + 2 * (k - 1) * below
    y = jnp.where(far, x, 1.5)
    quotient, product = jnp.zeros_like(y), jnp.full_like(y, root * (-2.0) ** n * math.factorial(n))
    start = n + 8 + math.ceil((14 / 1.5 + math.sqrt(n)) ** 2)

    def back(i: Any, state: Any) -> Any:
        quotient, product = state
        k = start - i
        quotient = 1 / (2 * y + 2 * k * quotient)
        return quotient, jnp.where(k <= n + 1, product * quotient, product)

    return jnp.where(far, lax.fori_loop(0, start, back, (quotient, product))[1], out)


def gennorm_middle(orders: Sequence[int], beta: Any, z: Any) -> Any:
    """As `ops.special.generalised`: the integral of the density, term by term."""
    size = jnp.abs(z)
    zero = size == 0
    log = jnp.log(jnp.where(zero, 1.0, size))

    def middle(beta: Any) -> Any:
        power = jnp.where(zero, 0.0, jnp.exp(beta * log))
        sums, term = jnp.zeros_like(z), jnp.ones_like(z)
        for k in range(25):
            sums, term = sums + term / (k * beta + 1), -term * power / (k + 1)
        return 0.5 + jnp.exp(-special.gammaln(1 + 1 / beta)) * sums * z / 2

    return in_parameters(middle, orders)(beta)


DERIVATIVES: dict[str, Function] = {  # (orders, *parameters, *variables)
    "gammainc_derivative": gammainc,
    "gammainc_over_density": lambda orders, a, x: gammainc(orders, a, x, scaled=True),
    "betainc_derivative": betainc,
    "betainc_over_density": lambda orders, a, b, x: betainc(orders, a, b, x, scaled=True),
    "stdtr_derivative": stdtr,
    "stdtr_over_density": lambda orders, df, t: stdtr(orders, df, t, scaled=True),
    "polygamma_step": polygamma_step,
    "half_step": half_step,
    "zeta_derivative": zeta,
    "hyp1f1_derivative": hyp1f1,
    "erfcx_derivative": erfcx,
    "gennorm_middle": gennorm_middle,
}
