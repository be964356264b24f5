"""Inverse distribution functions, by Newton's steps in a logarithm within a bracket; quantiles of counts by bisection; logarithms of tails.

Of each pair of parts the smaller one is inverted, so that a tail keeps its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import incompletes
from .incompletes import beta_front, erfcx_value, gamma_front, half_step, t_exponent
from .iterations import Function, rule
from .real import jnp, lax, special

STEPS = 200  # the most of a search


def root(function: Callable[[Any], tuple[Any, Any]], guess: Any, low: Any, high: Any) -> Any:
    """Where an increasing function, given with its slope, is 0."""

    def going(state: Any) -> Any:
        k, done, *_ = state
        return (k < STEPS) & ~jnp.all(done)

    def step(state: Any) -> Any:
        k, done, x, low, high = state
        value, slope = function(x)
        low, high = jnp.where(value < 0, x, low), jnp.where(value < 0, high, x)
        new = x - value / slope
        new = jnp.where((new > low) & (new < high), new, jnp.where(value == 0, x, (low + high) / 2))
        still = jnp.abs(new - x) > 4e-16 * jnp.abs(new)
        return k + 1, done | ~still, jnp.where(done, x, new), low, high

    return lax.while_loop(going, step, (jnp.asarray(0), jnp.isnan(guess), guess, low, high))[2]


def _parts(signed: Any) -> tuple[Any, Any]:
    """Both parts of what is the lower one, or less the upper one."""
    lower = ~jnp.signbit(signed)  # a part that underflows is a zero with its sign
    return jnp.where(lower, signed, 1 + signed), jnp.where(lower, 1 - signed, -signed)


def _difference(parts: tuple[Any, Any], p: Any, q: Any, steep: Any) -> tuple[Any, Any]:
    """How far the logarithm of the smaller part is from where it should be, and its slope; `steep` is the density."""
    small = p <= q
    part = jnp.where(small, parts[0], parts[1])
    log = jnp.log(part) - jnp.log(jnp.where(small, p, q))
    return jnp.where(small, log, -log), steep / part


def _gamma_inverse(a: Any, p: Any, q: Any) -> Any:
    ok = (a > 0) & (p > 0) & (q > 0) & jnp.isfinite(a)
    b, p_, q_ = jnp.where(ok, a, 1.0), jnp.where(ok, p, 0.5), jnp.where(ok, q, 0.5)

    def value(y: Any) -> Any:
        x = jnp.exp(y)
        parts = _parts(incompletes.gammainc((0,), b, x))
        return _difference(parts, p_, q_, jnp.exp(gamma_front(b, x)))

    small = (jnp.log(p_) + special.gammaln(b + 1)) / b
    normal = jnp.where(p_ < q_, special.ndtri(p_), -special.ndtri(q_))
    middle = jnp.log(b) + 3 * jnp.log(jnp.maximum(1 - 1 / (9 * b) + normal / (3 * jnp.sqrt(b)), 1e-3))
    guess = jnp.where(small < jnp.log(b + 1) - 3, small, middle)
    high = jnp.log(b + 50 * jnp.sqrt(b) + 1000)
    low = jnp.full_like(b, -745.0)
    out = jnp.exp(root(value, jnp.clip(guess, low, high), low, high))
    out = jnp.where(small < -740, jnp.exp(small), out)
    edge = jnp.where((p == 0) & (a > 0), 0.0, jnp.where((q == 0) & (a > 0), jnp.inf, jnp.nan))
    return jnp.where(ok, out, edge)


def _beta_logit(a: Any, b: Any, p: Any, q: Any) -> Any:
    """The logarithm of ``x / (1 - x)`` where the incomplete beta function is `p`."""

    def value(y: Any) -> Any:
        x, rest = special.expit(y), special.expit(-y)
        below = x <= (a + 1) / (a + b + 2)
        x_, r_ = jnp.where(below, x, 0.5), jnp.where(below, rest, 0.5)
        near = incompletes._beta_fraction(a, b, x_, r_, False)
        x_, r_ = jnp.where(below, 0.5, x), jnp.where(below, 0.5, rest)
        far = incompletes._beta_fraction(b, a, r_, x_, False)
        return _difference(_parts(jnp.where(below, near, -far)), p, q, jnp.exp(beta_front(a, b, x, rest)))

    # Far out each part is a power of the distance from its end.
    left = (jnp.log(p) + jnp.log(a) + incompletes.log_beta(a, b)) / a
    right = -(jnp.log(q) + jnp.log(b) + incompletes.log_beta(a, b)) / b
    guess = jnp.where(left < -5, left, jnp.where(right > 5, right, jnp.log(a / b)))
    edge = jnp.full_like(a, 745.0)
    return root(value, jnp.clip(guess, -edge, edge), -edge, edge)


def _beta_inverse(a: Any, b: Any, p: Any, q: Any) -> Any:
    valid = (a > 0) & (b > 0) & jnp.isfinite(a) & jnp.isfinite(b)
    ok = valid & (p > 0) & (q > 0)
    safe = [jnp.where(ok, v, f) for v, f in ((a, 1.0), (b, 1.0), (p, 0.5), (q, 0.5))]
    out = special.expit(_beta_logit(*safe))
    return jnp.where(ok, out, jnp.where(valid & (p == 0), 0.0, jnp.where(valid & (q == 0), 1.0, jnp.nan)))


def stdtrit(df: Any, p: Any) -> Any:
    valid = (df > 0) & (p >= 0) & (p <= 1)
    ok = valid & (p > 0) & (p < 1) & (p != 0.5) & jnp.isfinite(df)
    nu, part = jnp.where(ok, df, 1.0), jnp.where(ok, jnp.minimum(p, 1 - p), 0.25)
    y = _beta_logit(nu / 2, jnp.full_like(nu, 0.5), 2 * part, 1 - 2 * part)
    size = jnp.sqrt(nu) * jnp.exp(-y / 2)
    out = jnp.where(p < 0.5, -size, size)
    out = jnp.where(
        jnp.isinf(df),
        special.ndtri(p),
        jnp.where(ok, out, jnp.where(p == 0.5, 0.0, jnp.where(p == 0, -jnp.inf, jnp.inf))),
    )
    return jnp.where(valid, out, jnp.nan)


def ndtri_exp(y: Any) -> Any:
    """Newton's steps on the logarithm of the normal distribution function in the lower tail."""
    low = y < -2
    z = jnp.where(low & jnp.isfinite(y), y, -2.0)
    x = -jnp.sqrt(jnp.maximum(-2 * z - math.log(2 * math.pi), 1.0))
    for _ in range(12):
        scaled = erfcx_value(-x * math.sqrt(0.5))
        value = -x * x / 2 + jnp.log(scaled / 2) - z
        x = x - value * scaled * math.sqrt(math.pi / 2)
    near = jnp.where(low, -1.0, y)
    rest = jnp.where(near > -1e-2, -special.ndtri(-jnp.expm1(near)), special.ndtri(jnp.exp(near)))
    return jnp.where(y == -jnp.inf, -jnp.inf, jnp.where(low, x, jnp.where(y > 0, jnp.nan, rest)))


# --- logarithms of tails -------------------------------------------------------------------------------------------


def _log_part(over: Any, log_density: Any, upper: bool) -> Any:
    """Of a part given over the density, less the other one where that is smaller."""
    over = -over if upper else over
    own = over > 0
    size = jnp.abs(over)
    return jnp.where(own, log_density + jnp.log(size), jnp.log1p(-jnp.exp(log_density) * size))


def _log_gamma(upper: bool) -> Function:
    def function(a: Any, x: Any) -> Any:
        ok = (x > 0) & (x < jnp.inf)
        y = jnp.where(ok, x, 1.0)
        out = _log_part(incompletes.gammainc((0,), a, y, True), gamma_front(a, y) - jnp.log(y), upper)
        none, all_ = (x == jnp.inf, x == 0) if upper else (x == 0, x == jnp.inf)
        return jnp.where(ok, out, jnp.where(none, -jnp.inf, jnp.where(all_, 0.0, jnp.nan)))

    return function


def _log_beta(upper: bool) -> Function:
    def function(a: Any, b: Any, x: Any) -> Any:
        ok = (x > 0) & (x < 1)
        y = jnp.where(ok, x, 0.5)
        density = beta_front(a, b, y, 1 - y) - jnp.log(y) - jnp.log1p(-y)
        out = _log_part(incompletes.betainc((0, 0), a, b, y, True), density, upper)
        none, all_ = (x == 1, x == 0) if upper else (x == 0, x == 1)
        return jnp.where(ok, out, jnp.where(none, -jnp.inf, jnp.where(all_, 0.0, jnp.nan)))

    return function


def log_stdtr(df: Any, t: Any) -> Any:
    """Few degrees of freedom have a long tail: there by the incomplete beta function, whose argument far out is known by its logarithm."""
    few = df < 1
    nu, size = jnp.where(few, df, 0.5), jnp.abs(t) / jnp.sqrt(jnp.where(few, df, 0.5))
    far = size > 1e8
    square = jnp.square(jnp.where(far, 1.0, size))
    near = _log_half_beta(nu / 2, 1 / (1 + square))
    half = jnp.full_like(nu, 0.5)
    distant = -nu * jnp.log(size) - jnp.log(nu / 2) - incompletes.log_beta(nu / 2, half)
    lower = math.log(0.5) + jnp.where(far, distant, near)
    by_beta = jnp.where(t < 0, lower, jnp.log1p(-jnp.exp(lower)))
    many = jnp.where(few, 1.0, df)
    density = half_step((0,), many / 2) - 0.5 * math.log(2 * math.pi) - t_exponent(t, many)
    out = jnp.where(few, by_beta, _log_part(incompletes.stdtr((0,), many, t, True), density, False))
    return jnp.where(jnp.isinf(t), jnp.where(t > 0, 0.0, -jnp.inf), out)


def _log_half_beta(a: Any, x: Any) -> Any:
    """The logarithm of the incomplete beta function of `a` and 1/2."""
    return jnp.where(x < 1, _log_beta(False)(a, jnp.full_like(a, 0.5), jnp.where(x < 1, x, 0.5)), 0.0)


# --- the normal distribution ---------------------------------------------------------------------------------------


def _over_density(a: Any, h: Any) -> Any:
    """``int_0^h exp(-a s - s**2 / 2) ds`` of `a` from 0 on."""
    nodes, weights = rule(24)
    narrow = h * (a + 1) < 4
    small = jnp.where(narrow, h, 0.0)
    s = small[..., None] * nodes
    inner = small * jnp.sum(jnp.exp(-s * (a[..., None] + s / 2)) * weights, -1)
    width = jnp.where(narrow, 4.0, h)
    mills = lambda x: math.sqrt(math.pi / 2) * erfcx_value(x * math.sqrt(0.5))  # noqa: E731
    return jnp.where(narrow, inner, mills(a) - mills(a + width) * jnp.exp(-width * (a + width / 2)))


def _places(a: Any, b: Any) -> tuple[Any, ...]:
    empty, right = a >= b, a > 0
    beside = right | (b < 0)
    near = jnp.where(beside & ~empty, jnp.where(right, a, -b), 1.0)
    return empty, right, beside, near, jnp.where(beside & ~empty, b - a, 1.0)


def _around(a: Any, b: Any) -> tuple[Any, Any]:
    mass = 0.5 * (special.erf(b * math.sqrt(0.5)) + special.erf(-a * math.sqrt(0.5)))
    return mass, jnp.where(mass < 0.5, jnp.log(mass), jnp.log1p(-(special.ndtr(a) + special.ndtr(-b))))


def log_normal_mass(a: Any, b: Any) -> Any:
    empty, _, beside, near, width = _places(a, b)
    tail = jnp.log(_over_density(near, width)) - near * near / 2 - 0.5 * math.log(2 * math.pi)
    return jnp.where(empty, -jnp.inf, jnp.where(beside, tail, _around(a, b)[1]))


def normal_hazard(a: Any, b: Any) -> Any:
    empty, right, beside, near, width = _places(a, b)
    fall = jnp.where(right, 1.0, jnp.exp((b - a) * (b + a) / 2))
    density = jnp.exp(-a * a / 2 - 0.5 * math.log(2 * math.pi))
    out = jnp.where(beside, fall / _over_density(near, width), density / _around(a, b)[0])
    return jnp.where(empty, 0.0, out)


# --- von Mises' distribution ---------------------------------------------------------------------------------------


def _density(z: Any, kappa: Any) -> Any:
    return jnp.exp(-2 * kappa * jnp.square(jnp.sin(z / 2))) / (2 * math.pi * special.i0e(kappa))


def _tail(z: Any, kappa: Any) -> Any:
    """Beyond an angle from 0 to pi, as far as the density is more than exp(-40) of that there."""
    nodes, weights = rule(64)
    end = jnp.arccos(jnp.maximum(jnp.cos(z) - 40 / jnp.maximum(kappa, 1e-300), -1.0))
    t = z[..., None] + (end - z)[..., None] * nodes
    return (end - z) * jnp.sum(_density(t, kappa[..., None]) * weights, -1)


def vonmises_cdf(z: Any, kappa: Any) -> Any:
    y = jnp.where(jnp.isinf(z), 0.0, z)
    turns = jnp.floor(y / (2 * math.pi) + 0.5)
    angle = y - 2 * math.pi * turns
    tail = _tail(jnp.abs(angle), kappa)
    out = jnp.where(angle < 0, tail, 1 - tail) + turns
    return jnp.where(kappa < 0, jnp.nan, jnp.where(jnp.isinf(z), jnp.where(z > 0, 1.0, 0.0), out))


def vonmises_ppf(q: Any, kappa: Any) -> Any:
    inside = (q > 0) & (q < 1) & (kappa >= 0)
    share, k = jnp.where(inside, jnp.minimum(q, 1 - q), 0.25), jnp.where(inside, kappa, 1.0)
    half = jnp.full_like(k, math.pi / 2)
    z = root(lambda z: (share - _tail(z, k), _density(z, k)), half, jnp.zeros_like(k), 2 * half)
    ends = jnp.where(q == 0, -math.pi, jnp.where(q == 1, math.pi, jnp.nan))
    return jnp.where(kappa >= 0, jnp.where(inside, jnp.where(q < 0.5, -z, z), ends), jnp.nan)


# --- quantiles of counts -------------------------------------------------------------------------------------------


def _gamma_parts(a: Any, x: Any) -> tuple[Any, Any]:
    return _parts(incompletes.gammainc((0,), a, x))


def _beta_parts(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    return _parts(incompletes.betainc((0, 0), a, b, x))


def _poisson(k: Any, mu: Any) -> tuple[Any, Any]:
    return _gamma_parts(k + 1, mu)[::-1]


def _binomial(k: Any, n: Any, p: Any) -> tuple[Any, Any]:
    inner = k < n
    q, r = _beta_parts(jnp.where(inner, k, 0.0) + 1, jnp.where(inner, n - k, 1.0), p)
    return jnp.where(inner, r, 1.0), jnp.where(inner, q, 0.0)


def _negative_binomial(k: Any, n: Any, p: Any) -> tuple[Any, Any]:
    return _beta_parts(n, k + 1, p)


def _bisected(parts: Function, q: Any, upper: bool, top: Any, ok: Any) -> Any:
    """The least whole number from 0 on whose distribution function reaches `q`; or whose upper tail falls to it."""
    low, high = jnp.full_like(q, -1.0), jnp.where(ok, top, 0.0)

    def going(ends: Any) -> Any:
        return jnp.any(ends[1] - ends[0] > 1)

    def step(ends: Any) -> Any:
        low, high = ends
        middle = jnp.where(high - low > 1, jnp.floor((low + high) / 2), high)
        below, above = parts(middle)
        reached = above <= q if upper else below >= q
        return jnp.where(reached, low, jnp.where(middle < high, middle, low)), jnp.where(reached, middle, high)

    return lax.while_loop(going, step, (low, high))[1]


def _count(upper: bool, parts: Function, top: Any, ok: Any, q: Any, end: Any, *args: Any) -> Any:
    """A quantile: one below the least number at the lower end of `q`, the largest one, or infinity, at the other."""
    inside = ok & (q > 0) & (q < 1)
    safe = [jnp.where(ok, v, f) for v, f in args]
    out = _bisected(lambda k: parts(k, *safe), jnp.where(inside, q, 0.5), upper, top, inside)
    first, last = (1.0, 0.0) if upper else (0.0, 1.0)
    out = jnp.where(inside, out, jnp.where(ok & (q == first), -1.0, jnp.where(ok & (q == last), end, jnp.nan)))
    return out


def _bernoulli(upper: bool) -> Function:
    def function(q: Any, p: Any) -> Any:
        ok = (p >= 0) & (p <= 1)
        one = (q < p) if upper else (q > 1 - p)
        out = jnp.where(one, 1.0, 0.0)
        first, last = (1.0, 0.0) if upper else (0.0, 1.0)
        inside = (q > 0) & (q < 1)
        out = jnp.where(inside, out, jnp.where(q == first, -1.0, jnp.where(q == last, 1.0, jnp.nan)))
        return jnp.where(ok, out, jnp.nan)

    return function


def _geometric(upper: bool) -> Function:
    def function(q: Any, p: Any) -> Any:
        ok = (p > 0) & (p <= 1)
        inside = (q > 0) & (q < 1)
        fall = jnp.log1p(-jnp.where(ok & (p < 1), p, 0.5))
        k = jnp.ceil((jnp.log(q) if upper else jnp.log1p(-q)) / fall)
        above = jnp.exp((k - 1) * fall)
        earlier = (above <= q) if upper else (-jnp.expm1((k - 1) * fall) >= q)
        k = jnp.maximum(jnp.where(earlier & (k > 0), k - 1, k), 1.0)
        first, last = (1.0, 0.0) if upper else (0.0, 1.0)
        out = jnp.where(p == 1, 1.0, k)
        out = jnp.where(inside, out, jnp.where(q == first, 0.0, jnp.where(q == last, jnp.inf, jnp.nan)))
        return jnp.where(ok, out, jnp.nan)

    return function


def _of_poisson(upper: bool) -> Function:
    def function(q: Any, mu: Any) -> Any:
        ok = (mu >= 0) & jnp.isfinite(mu)
        zero = mu == 0
        top = jnp.ceil(mu + 60 * jnp.sqrt(mu) + 800)
        rate = jnp.where(zero, 1.0, mu)
        out = _count(upper, _poisson, top, ok, q, jnp.inf, (rate, 1.0))
        return jnp.where(zero & (q > 0) & (q < 1), 0.0, out)

    return function


def _of_binomial(upper: bool) -> Function:
    def function(q: Any, n: Any, p: Any) -> Any:
        ok = (n >= 0) & (n == jnp.round(n)) & (p >= 0) & (p <= 1)
        sure = (p == 0) | (p == 1) | (n == 0)
        out = _count(upper, _binomial, n, ok, q, n, (n, 1.0), (jnp.where(sure, 0.5, p), 0.5))
        return jnp.where(sure & ok & (q > 0) & (q < 1), jnp.where(p == 1, n, 0.0), out)

    return function


def _of_negative_binomial(upper: bool) -> Function:
    def function(q: Any, n: Any, p: Any) -> Any:
        ok = (n > 0) & (p > 0) & (p <= 1)
        chance = jnp.where(ok & (p < 1), p, 0.5)
        mean = n * (1 - chance) / chance
        top = jnp.ceil(mean + 60 * jnp.sqrt(mean / chance) + 800 / chance)
        out = _count(upper, _negative_binomial, top, ok, q, jnp.inf, (n, 1.0), (chance, 0.5))
        return jnp.where(ok & (p == 1) & (q > 0) & (q < 1), 0.0, out)

    return function


def _of_beta_binomial(upper: bool) -> Function:
    def function(q: Any, n: Any, a: Any, b: Any) -> Any:
        ok = (n >= 0) & (n == jnp.round(n)) & (a > 0) & (b > 0)
        n_, a_, b_ = (jnp.where(ok, v, 1.0) for v in (n, a, b))
        start = incompletes.log_beta(a_, n_ + b_) - incompletes.log_beta(a_, b_)
        last = jnp.max(n_, initial=0).astype(jnp.int64)
        reach = 1 - q if upper else q

        def step(i: Any, state: Any) -> Any:
            found, sum_, log = state
            k = i.astype(jnp.float64)
            sum_ = sum_ + jnp.where(k <= n_, jnp.exp(log), 0.0)
            found = jnp.where((sum_ >= reach) | (k >= n_), jnp.minimum(found, k), found)
            more = (n_ - k) * (k + a_) / ((k + 1) * (n_ - k - 1 + b_))
            return found, sum_, log + jnp.log(jnp.where(k < n_, more, 1.0))

        found = lax.fori_loop(0, last + 1, step, (jnp.full_like(n_, jnp.inf), jnp.zeros_like(n_), start))[0]
        inside = (q > 0) & (q < 1)
        first, final = (1.0, 0.0) if upper else (0.0, 1.0)
        out = jnp.where(inside, found, jnp.where(q == first, -1.0, jnp.where(q == final, n, jnp.nan)))
        return jnp.where(ok, out, jnp.nan)

    return function


INVERSES: dict[str, Function] = {
    "gammaincinv": lambda a, p: _gamma_inverse(a, p, 1 - p),
    "gammainccinv": lambda a, q: _gamma_inverse(a, 1 - q, q),
    "betaincinv": lambda a, b, p: _beta_inverse(a, b, p, 1 - p),
    "betainccinv": lambda a, b, q: _beta_inverse(a, b, 1 - q, q),
    "stdtrit": stdtrit, "ndtri_exp": ndtri_exp, "t_exponent": t_exponent,
    "log_gammainc": _log_gamma(False), "log_gammaincc": _log_gamma(True),
    "log_betainc": _log_beta(False), "log_betaincc": _log_beta(True), "log_stdtr": log_stdtr,
    "log_normal_mass": log_normal_mass, "normal_hazard": normal_hazard,
    "vonmises_cdf": vonmises_cdf, "vonmises_ppf": vonmises_ppf,
}  # fmt: skip
for _name, _made in {
    "bernoulli": _bernoulli, "geom": _geometric, "poisson": _of_poisson, "binom": _of_binomial,
    "nbinom": _of_negative_binomial, "betabinom": _of_beta_binomial,
}.items():  # fmt: skip
    INVERSES[f"{_name}_ppf"], INVERSES[f"{_name}_isf"] = _made(False), _made(True)

__all__ = ["INVERSES"]
