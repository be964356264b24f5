"""Elliptic integrals: Carlson's by duplication (NIST DLMF 19.36; Carlson 1995, Numerical Algorithms 10), Legendre's by those (19.25)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .iterations import Function, most, total
from .real import jnp, lax

STEPS = 22  # the arguments' logarithms come together by halves, then differences fall by 4 in a step


def _tail(a: Any, e2: Any, e3: Any, e4: Any, e5: Any) -> Any:
    """The series that ends R_D and R_J: DLMF 19.36.2."""
    series = 1 - 3 * e2 / 14 + e3 / 6 + 9 * e2 * e2 / 88 - 3 * e4 / 22 - 9 * e2 * e3 / 52 + 3 * e5 / 26
    return series / (a * jnp.sqrt(a))


def _duplicated(step: Function, state: Any) -> Any:
    return lax.fori_loop(0, STEPS, step, state)


def rf(x: Any, y: Any, z: Any) -> Any:
    x, y, z = jnp.broadcast_arrays(x, y, z)
    ok = (x >= 0) & (y >= 0) & (z >= 0) & ((x == 0) * 1 + (y == 0) + (z == 0) < 2)
    infinite = ok & jnp.isinf(x + y + z)

    def step(_: Any, s: Any) -> Any:
        a, b, c = map(jnp.sqrt, s)
        mean = a * b + a * c + b * c
        return tuple((v + mean) / 4 for v in s)

    a, b, c = _duplicated(step, tuple(jnp.where(ok & ~infinite, v, 1.0) for v in (x, y, z)))
    mean = (a + b + c) / 3
    u, v = 1 - a / mean, 1 - b / mean
    w = -u - v
    e2, e3 = u * v - w * w, u * v * w
    out = (1 - e2 / 10 + e3 / 14 + e2 * e2 / 24 - 3 * e2 * e3 / 44) / jnp.sqrt(mean)
    twice = (x >= 0) & (y >= 0) & (z >= 0)
    return jnp.where(ok, jnp.where(infinite, 0.0, out), jnp.where(twice, jnp.inf, jnp.nan))


def rc(x: Any, y: Any) -> Any:
    """Of negative `y` Cauchy's principal value."""
    right = y > 0
    turned = jnp.sqrt(x / (x - jnp.where(right, -1.0, y)))
    first, second = jnp.where(right, x, x - y), jnp.where(right, y, -y)
    out = jnp.where(right, 1.0, turned) * rf(first, second, second)
    return jnp.where(x < 0, jnp.nan, jnp.where(y == 0, jnp.inf, out))


def rd(x: Any, y: Any, z: Any) -> Any:
    x, y, z = jnp.broadcast_arrays(x, y, z)
    inside = (x >= 0) & (y >= 0) & (z >= 0)
    ok = inside & (x + y > 0) & (z > 0)
    infinite = ok & jnp.isinf(x + y + z)

    def step(_: Any, s: Any) -> Any:
        *xyz, sum_, quarter = s
        a, b, c = map(jnp.sqrt, xyz)
        mean = a * b + a * c + b * c
        sum_ = sum_ + quarter / (c * (xyz[2] + mean))
        return (*[(v + mean) / 4 for v in xyz], sum_, quarter / 4)

    start = [jnp.where(ok & ~infinite, v, 1.0) for v in (x, y, z)]
    a, b, c, sum_, quarter = _duplicated(step, (*start, jnp.zeros_like(start[0]), jnp.ones_like(start[0])))
    mean = (a + b + 3 * c) / 5
    u, v = 1 - a / mean, 1 - b / mean
    w = -(u + v) / 3
    uv, ww = u * v, w * w
    out = quarter * _tail(mean, uv - 6 * ww, (3 * uv - 8 * ww) * w, 3 * (uv - ww) * ww, uv * w * ww) + 3 * sum_
    return jnp.where(ok, jnp.where(infinite, 0.0, out), jnp.where(inside, jnp.inf, jnp.nan))


def _rj(x: Any, y: Any, z: Any, p: Any) -> Any:
    """R_J of positive `p`."""
    delta = (p - x) * (p - y) * (p - z)

    def step(_: Any, s: Any) -> Any:
        *xyzp, sum_, quarter, delta = s
        a, b, c, r = map(jnp.sqrt, xyzp)
        mean = a * b + a * c + b * c
        d = (r + a) * (r + b) * (r + c)
        sum_ = sum_ + quarter / d * rc(jnp.ones_like(d), 1 + delta / d / d)
        return (*[(v + mean) / 4 for v in xyzp], sum_, quarter / 4, delta / 64)

    state = (x, y, z, p, jnp.zeros_like(x), jnp.ones_like(x), delta)
    a, b, c, r, sum_, quarter, _ = _duplicated(step, state)
    mean = (a + b + c + 2 * r) / 5
    u, v, w = 1 - a / mean, 1 - b / mean, 1 - c / mean
    q = -(u + v + w) / 2
    e2 = u * v + u * w + v * w - 3 * q * q
    uvw = u * v * w
    e3, e4, e5 = uvw + 2 * e2 * q + 4 * q**3, (2 * uvw + e2 * q + 3 * q**3) * q, uvw * q * q
    return quarter * _tail(mean, e2, e3, e4, e5) + 6 * sum_


def rj(x: Any, y: Any, z: Any, p: Any) -> Any:
    """Of negative `p` Cauchy's principal value: DLMF 19.20.14."""
    x, y, z, p = jnp.broadcast_arrays(x, y, z, p)
    ok = (x >= 0) & (y >= 0) & (z >= 0) & ((x == 0) * 1 + (y == 0) + (z == 0) < 2)
    infinite = ok & jnp.isinf(x + y + z + jnp.abs(p))
    plain = ok & ~infinite & (p != 0)
    x, y, z = (jnp.where(plain, v, 1.0) for v in (x, y, z))
    r = jnp.where(plain, p, 1.0)
    low, high = jnp.minimum(jnp.minimum(x, y), z), jnp.maximum(jnp.maximum(x, y), z)
    middle = jnp.maximum(jnp.minimum(x, y), jnp.minimum(jnp.maximum(x, y), z))
    q = jnp.where(r > 0, 1.0, -r)
    at = middle + (high - middle) * (middle - low) / (middle + q)
    out = _rj(low, middle, high, jnp.where(r > 0, r, at))
    product = low * high + at * q
    root = jnp.sqrt(low * middle * high / product)
    left = ((at - middle) * out - 3 * rf(low, middle, high) + 3 * root * rc(product, at * q)) / (middle + q)
    out = jnp.where(r > 0, out, left)
    return jnp.where(plain, out, jnp.where(infinite, 0.0, jnp.where(ok & (p == 0), jnp.inf, jnp.nan)))


def rg(x: Any, y: Any, z: Any) -> Any:
    """DLMF 19.21.10 with the middle argument last, where no term is negative."""
    x, y, z = jnp.broadcast_arrays(x, y, z)
    low, high = jnp.minimum(jnp.minimum(x, y), z), jnp.maximum(jnp.maximum(x, y), z)
    middle = jnp.maximum(jnp.minimum(x, y), jnp.minimum(jnp.maximum(x, y), z))
    none = middle <= 0
    m, top = jnp.where(none, 1.0, middle), jnp.where(none, 1.0, high)
    base = jnp.where(none, 1.0, low)
    product = (base - m) * (top - m)
    bent = jnp.where(product == 0, 0.0, product / 3 * rd(base, top, m))
    out = (m * rf(base, top, m) - bent + jnp.sqrt(base) * jnp.sqrt(top / m)) / 2
    out = jnp.where(none, jnp.sqrt(high) / 2, out)
    return jnp.where(low < 0, jnp.nan, jnp.where(jnp.isinf(high), jnp.inf, out))


# --- Legendre's ----------------------------------------------------------------------------------------------------


def ellipkm1(p: Any) -> Any:
    zero = jnp.zeros_like(p)
    return jnp.where(p < 0, jnp.nan, jnp.where(p == 0, jnp.inf, rf(zero, jnp.where(p > 0, p, 1.0), zero + 1)))


def ellipk(m: Any) -> Any:
    return ellipkm1(1 - m)


def ellipe(m: Any) -> Any:
    zero = jnp.zeros_like(m)
    return jnp.where(m > 1, jnp.nan, 2 * rg(zero, jnp.where(m > 1, 1.0, 1 - m), zero + 1))


def _in_turns(phi: Any, part: Function, complete: Any) -> Any:
    """``part(sin, cos**2)`` of the angle without half turns, and the complete integral for each of those."""
    turns = jnp.floor(phi / math.pi + 0.5)
    r = phi - turns * math.pi
    none = turns == 0
    return part(jnp.sin(r), jnp.square(jnp.cos(r))) + jnp.where(none, 0.0, 2 * turns * jnp.where(none, 0.0, complete))


def ellipkinc(phi: Any, m: Any) -> Any:
    phi, m = jnp.broadcast_arrays(phi, m)
    out = _in_turns(phi, lambda s, c2: s * rf(c2, 1 - m * s * s, jnp.ones_like(s)), ellipk(m))
    return jnp.where(m > 1, jnp.nan, jnp.where(jnp.isinf(phi), phi, out))


def ellipeinc(phi: Any, m: Any) -> Any:
    """DLMF 19.25.9; close to ``m = 1`` by 19.25.10, which does not cancel."""
    phi, m = jnp.broadcast_arrays(phi, m)

    def part(s: Any, c2: Any) -> Any:
        d2, one = 1 - m * s * s, jnp.ones_like(s)
        plain = rf(c2, d2, one) - m * s * s / 3 * rd(c2, d2, one)
        other = (1 - m) * (rf(c2, d2, one) + m * s * s / 3 * rd(c2, one, d2)) + m * jnp.sqrt(
            c2 / jnp.where(d2 > 0, d2, 1.0)
        )
        return s * jnp.where((m > 0.5) & (d2 > 0), other, plain)

    out = _in_turns(phi, part, ellipe(m))
    return jnp.where(m > 1, jnp.nan, jnp.where(jnp.isinf(phi), phi, out))


def carlson(orders: Sequence[int], x: Any, y: Any, z: Any, p: Any) -> Any:
    """As `ops.special.elliptic` defines it: the trapezoidal rule in the logarithm of the variable."""
    l = orders[3]  # noqa: E741
    factor = 1.0
    for n in orders[:3]:
        for m in range(n):
            factor *= -(0.5 + m)
    args = jnp.broadcast_arrays(x, y, z, p)
    ok = (args[0] >= 0) & (args[1] >= 0) & (args[2] >= 0) & ((args[3] > 0) | (l == 0))
    ok &= (args[0] == 0) * 1 + (args[1] == 0) + (args[2] == 0) < 2
    pole = jnp.zeros_like(ok)
    for n, v in zip(orders[:3], args, strict=False):
        if n:
            pole |= ok & (v == 0)
    infinite = ok & jnp.isinf(sum(args))
    inside = ok & ~pole & ~infinite
    a = [jnp.where(inside, v, 1.0) for v in args]
    used = a if l else a[:3]
    middle = jnp.maximum(jnp.minimum(a[0], a[1]), jnp.minimum(jnp.maximum(a[0], a[1]), a[2]))
    sizes = [jnp.where(v > 0, v, middle) / middle for v in used]
    low = jnp.floor(jnp.min(jnp.log(jnp.stack(sizes)), initial=0)) - 82
    high = jnp.max(jnp.log(jnp.stack(sizes)), initial=0) + 82

    def term(k: Any) -> Any:
        t = middle * jnp.exp(low + 0.25 * k)
        log = jnp.log(t)
        for v, n, half in zip(a, orders, (0.5, 0.5, 0.5, 0.0), strict=True):
            if n + half:
                log = log - (n + half) * jnp.log(t + v)
        return jnp.exp(log)

    out = factor * 0.25 * total(term, most((high - low) * 4, 1e5) + 1, a[0].shape)
    out = jnp.where(infinite, 0.0, jnp.where(pole, jnp.inf if factor > 0 else -jnp.inf, out))
    return jnp.where(ok, out, jnp.nan)


ELLIPTICS: dict[str, Function] = {
    "elliprf": rf, "elliprd": rd, "elliprj": rj, "elliprc": rc, "elliprg": rg, "ellipk": ellipk, "ellipkm1": ellipkm1,
    "ellipe": ellipe, "ellipkinc": ellipkinc, "ellipeinc": ellipeinc,
}  # fmt: skip
