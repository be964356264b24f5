"""Lambert's function, binomial coefficients, Legendre functions: what is neither an integral nor a distribution."""

from __future__ import annotations

import math
from typing import Any

from .bessels import rgamma
from .iterations import Function, most, settled, whole
from .real import jnp, lax, special
from .tracing import Site, rule

# --- Lambert's -----------------------------------------------------------------------------------------------------


def _lambert(z: Any, k: Any) -> Any:
    """Branch `k` by Halley's steps; the start is a series around the branch point, or the logarithms (Corless et al. 1996)."""
    one = jnp.ones((), z.dtype)
    p = jnp.sqrt(2 * (math.e * z + one))
    turned = jnp.where((k == 0), p, -p)
    branch = -1 + turned * (1 + turned * (-1 / 3 + turned * 11 / 72))
    beside = jnp.abs(z + math.exp(-1)) < 0.3
    upper = jnp.imag(z) >= 0
    by_branch = beside & ((k == 0) | ((k == -1) & upper) | ((k == 1) & ~upper))
    safe = jnp.where(z == 0, one, z)
    log = jnp.log(safe) + (2j * math.pi) * k
    far = log - jnp.log(jnp.where(log == 0, one, log))
    small = (k == 0) & (jnp.abs(z) < 1.5) & (jnp.real(z) > -0.3)
    w = jnp.where(by_branch, branch, jnp.where(small, jnp.log1p(z), far))

    def step(_: Any, w: Any) -> Any:
        # With ``exp(-w)``, which does not overflow where `w` is large: f = w - z exp(-w).
        f = w - safe * jnp.exp(-w)
        slope = w + 1
        change = f / (slope - (w + 2) * f / (2 * jnp.where(slope == 0, one, slope)))
        new = w - jnp.where((slope == 0) | jnp.isnan(change), 0, change)
        return new

    w = lax.fori_loop(0, 24, step, w)
    return jnp.where(z == 0, jnp.where(k == 0, 0 * one, -jnp.inf * one), w)


@rule("lambertw")
def lambertw(site: Site, z: Any, k: Any) -> Any:
    """Of a real argument the real branches; elsewhere NaN."""
    if z.dtype.kind == "c":
        out = _lambert(z.astype(jnp.complex128), k.astype(jnp.float64))
        infinite = jnp.isinf(z)
        return jnp.where(infinite, z + 2j * math.pi * k, out).astype(site.dtype)
    x, k = jnp.broadcast_arrays(z.astype(jnp.float64), k.astype(jnp.float64))
    least = -math.exp(-1)
    ok = (x >= least) & ((k == 0) | ((k == -1) & (x < 0)))
    w = jnp.real(_lambert(jnp.where(ok, x, 1.0).astype(jnp.complex128), jnp.where(ok, k, 0.0)))
    out = jnp.where(x == jnp.inf, jnp.inf, w)
    return jnp.where(ok, out, jnp.where((x == 0) & (k != 0), -jnp.inf, jnp.nan)).astype(site.dtype)


# --- binomial coefficients -----------------------------------------------------------------------------------------


def _gamma_sign(x: Any) -> Any:
    return jnp.where((x > 0) | (jnp.floor(x) % 2 == 0), 1.0, -1.0)


def binom(n: Any, k: Any) -> Any:
    """Of few whole steps their product, else by gamma functions."""
    mirrored = whole(n) & (n > 0) & whole(k) & (k > n / 2)
    j = jnp.where(mirrored, n - k, k)
    steps = whole(j) & (j >= 0) & (j < 20) & ((jnp.abs(n) > 1e-8) | (n == 0))
    count = jnp.where(steps, j, 0.0)

    def step(i: Any, out: Any) -> Any:
        i = i.astype(jnp.float64)
        return out * jnp.where(i <= count, (n - count + i) / i, 1.0)

    product = lax.fori_loop(1, 20, step, jnp.ones_like(n))
    rest = rgamma(k + 1) * rgamma(n - k + 1)
    none = (whole(k) & (k < 0)) | (whole(n - k) & (n - k < 0))
    large = (n > 100) | (k > 100)
    logs = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    signs = _gamma_sign(n + 1) * _gamma_sign(k + 1) * _gamma_sign(n - k + 1)
    pole = (n < 0) & whole(n)
    plain = jnp.where(
        large, jnp.where(none, 0.0, signs * jnp.exp(logs)), special.gamma(jnp.where(large, 1.0, n + 1)) * rest
    )
    return jnp.where(pole, jnp.where(steps & whole(k), product, jnp.nan), jnp.where(steps, product, plain))


# --- Legendre functions --------------------------------------------------------------------------------------------


def lpmv(m: Any, v: Any, x: Any) -> Any:
    """Of whole degree by the recurrence in it (NIST DLMF 14.10.3), of others by Gauss's series (14.3.1)."""
    order = jnp.abs(m)
    degree = jnp.where(v < -0.5, -v - 1, v)
    integral = whole(degree)
    low = jnp.minimum(order, degree)
    root = jnp.sqrt(jnp.maximum((1 - x) * (1 + x), 0.0))

    def first(i: Any, out: Any) -> Any:  # P_m^m
        i = i.astype(jnp.float64)
        return out * jnp.where(i <= order, -(2 * i - 1) * root, 1.0)

    start = lax.fori_loop(1, most(order, 1e4) + 1, first, jnp.ones_like(x))

    def up(i: Any, pair: Any) -> Any:
        before, now = pair
        i = i.astype(jnp.float64)
        new = ((2 * i - 1) * x * now - (i + order - 1) * before) / jnp.where(i > order, i - order, 1.0)
        taken = (i > order) & (i <= degree)
        return jnp.where(taken, now, before), jnp.where(taken, new, now)

    whole_ones = lax.fori_loop(1, most(degree, 1e5) + 1, up, (jnp.zeros_like(x), start))[1]
    whole_ones = jnp.where(order > low, jnp.where(m < 0, jnp.nan, 0.0), whole_ones)
    a, t = jnp.where(integral, 0.5, degree), (1 - x) / 2

    def step(k: Any, state: Any) -> Any:
        sum_, term = state
        term = term * (k - 1 - a) * (a + k) / (k * (order + k)) * t
        return sum_ + term, term

    one = jnp.ones_like(x)
    series = settled(step, (one, one), lambda s: s[0])
    power = jnp.exp(order / 2 * (jnp.log1p(-x) - jnp.log1p(x)))
    broken = series * jnp.where(order == 0, 1.0, power) * rgamma(order + 1)  # of the order -m (14.3.1)
    # Of order m from that of -m and back: 14.9.3.
    up_ratio = jnp.where(order % 2 == 0, 1.0, -1.0) * special.gamma(a + order + 1) * rgamma(a - order + 1)
    others = jnp.where(m < 0, broken, broken * up_ratio)
    logs = special.gammaln(degree - low + 1) - special.gammaln(degree + low + 1)
    downward = jnp.where(m < 0, jnp.where(order % 2 == 0, 1.0, -1.0) * jnp.exp(logs), 1.0)
    out = jnp.where(integral, whole_ones * downward, others)
    return jnp.where(jnp.abs(x) > 1, jnp.nan, out)


def legendre_angle(m: Any, n: Any, theta: Any) -> Any:
    flip = jnp.where((jnp.sin(theta) < 0) & (m % 2 == 1), -1.0, 1.0)
    return lpmv(m, n, jnp.cos(theta)) * flip


COEFFICIENTS: dict[str, Function] = {"binom": binom, "lpmv": lpmv, "legendre_angle": legendre_angle}
