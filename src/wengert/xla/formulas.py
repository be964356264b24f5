"""Elementwise functions that JAX has under no name: formulas in its functions, and those for integers' bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .real import jnp, lax, special

Function = Callable[..., Any]


def offset(x: Any, y: Any) -> Any:
    return jnp.where(jnp.isinf(y) & (x == y), 0, x - y)


def sech2(x: Any) -> Any:
    u = jnp.exp(jnp.where(jnp.real(x) < 0, 2 * x, -2 * x))
    return 4 * u / jnp.square(1 + u)


def hypot1(x: Any) -> Any:
    return jnp.hypot(x, jnp.ones((), x.dtype)) if x.dtype.kind == "f" else jnp.sqrt(1 + jnp.square(x))


def over_squares(x: Any, y: Any) -> Any:
    r = jnp.hypot(x, y)
    out = x / r / r
    return jnp.where(jnp.isinf(x) & ~jnp.isnan(y), jnp.copysign(jnp.zeros((), out.dtype), x), out)


def log1pmx(x: Any) -> Any:
    """``log(1 + x) - x``; near 0 by ``log(1 + x) = 2 artanh(r)``, ``r = x / (2 + x)``."""
    v = jnp.where(jnp.abs(x) < 0.4, x, 0)
    r = v / (2 + v)
    square, series = r * r, jnp.zeros_like(r)
    for k in range(13, -1, -1):
        series = series * square + 1 / (2 * k + 3)
    return jnp.where(jnp.abs(x) < 0.4, r * (2 * square * series - v), jnp.log1p(x) - x)


def t_bend(x: Any) -> Any:
    """``log1p(x**2) - x**2 / (1 + x**2)``, near 0 by its series."""
    far, near = jnp.abs(x) > 1e8, jnp.abs(x) < 0.1
    y = jnp.where(far, 1, jnp.abs(x))
    w, series = y * y, jnp.zeros_like(y)
    for k in range(16, 1, -1):
        series = (series + (-1.0) ** k * (k - 1) / k) * w
    return jnp.where(far, 2 * jnp.log(jnp.abs(x)) - 1, jnp.where(near, series * w, jnp.log1p(w) - w / (1 + w)))


def log_cosh(x: Any) -> Any:
    size = jnp.abs(x)
    half = jnp.sinh(jnp.where(size < 1, size, 0) / 2)
    return jnp.where(size < 1, jnp.log1p(2 * half * half), size + jnp.log1p(jnp.expm1(-2 * size) / 2))


def mulhi(x: Any, y: Any) -> Any:
    return lax.mulhi(*jnp.broadcast_arrays(x, y))


def log_expit(x: Any) -> Any:
    return -jnp.logaddexp(0, -x)


def erfcinv(x: Any) -> Any:
    return -special.ndtri(x / 2) / math.sqrt(2)


FORMULAS: dict[str, Function] = {
    "abs_power": lambda x, p: jnp.power(jnp.abs(x), p),
    "betaincc": lambda a, b, x: special.betainc(b, a, 1 - x),
    "clz": lax.clz,
    "erfcinv": erfcinv,
    "exp_less": lambda x: jnp.exp(x) - jnp.where(jnp.isposinf(x), 0, x),
    "fresnel_c": lambda x: special.fresnel(x)[1],
    "fresnel_s": lambda x: special.fresnel(x)[0],
    "hypot1": hypot1,
    "log1pmx": log1pmx,
    "log_cosh": log_cosh,
    "log_expit": log_expit,
    "mulhi": mulhi,
    "offset": offset,
    "over_squares": over_squares,
    "population_count": lax.population_count,
    "rgamma": lambda x: jnp.where((x <= 0) & (x == jnp.floor(x)), 0, 1 / special.gamma(x)),
    "sech2": sech2,
    "signed_power": lambda x, p: jnp.sign(x) * jnp.power(jnp.abs(x), p),
    "t_bend": t_bend,
    "si": lambda x: special.sici(x)[0],
    "ci": lambda x: special.sici(x)[1],
}

__all__ = ["FORMULAS", "Function"]
