"""Special functions that follow from those that JAX has, where a formula does not do; random generators by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .bessels import BESSEL_DERIVATIVES, BESSELS
from .coefficients import COEFFICIENTS
from .elliptics import ELLIPTICS, carlson
from .formulas import Function
from .incompletes import DERIVATIVES
from .inverses import INVERSES
from .real import jax, jnp, lax, special
from .tracing import Rule, Site, rule

FAR = 20.0  # from where an asymptotic series has all digits
TINY = 1e-30  # whose squares are lost beside 1


def erfi(x: Any) -> Any:
    return 2 / math.sqrt(math.pi) * jnp.exp(x * x) * special.dawsn(x)


def dawsn_slope(x: Any) -> Any:
    """``1 - 2 x D(x)``, far out by the asymptotic series of D (DLMF 7.12), where that cancels."""
    far = jnp.abs(x) > FAR
    r = 1 / (2 * jnp.square(jnp.where(far, x, 1)))
    series = -r * (1 + 3 * r * (1 + 5 * r * (1 + 7 * r * (1 + 9 * r))))
    return jnp.where(far, series, 1 - 2 * x * special.dawsn(x))


def i0e_slope(x: Any) -> Any:
    """``i1e(x) - sign(x) i0e(x)``, far out by their asymptotic ratio (DLMF 10.40), where that cancels."""
    size = jnp.abs(x)
    w = 1 / jnp.maximum(size, FAR)
    far = special.i0e(size) * w * (0.5 + w * (0.125 + w * (0.125 + w * 0.1953125)))
    return -jnp.sign(x) * jnp.where(size > 10 * FAR, far, special.i0e(size) - special.i1e(size))


def i1_slope(x: Any) -> Any:
    """``i0(x) - i1(x) / x``, a half at 0."""
    small = jnp.abs(x) < TINY
    return jnp.where(small, 0.5, special.i0(x) - special.i1(x) / jnp.where(small, 1, x))


def i1e_slope(x: Any) -> Any:
    """``i0e(a) - i1e(a) - i1e(a) / a`` at ``a = abs(x)``, a half at 0."""
    size = jnp.abs(x)
    small = size < TINY
    far = -i0e_slope(size) - special.i1e(size) / jnp.where(small, 1, size)
    return jnp.where(small, 0.5, far)


def stdtr(df: Any, t: Any) -> Any:
    """Student's distribution function (DLMF 8.17): half of the incomplete beta function's tail beyond ``|t|``."""
    tail = special.betainc(df / 2, jnp.asarray(0.5, df.dtype), df / (df + t * t)) / 2
    return jnp.where(jnp.isinf(df), special.ndtr(t), jnp.where(t > 0, 1 - tail, tail))


def of_reals(function: Function) -> Function:
    """A function that is no formula for complex numbers."""

    def checked(*args: Any) -> Any:
        if any(a.dtype.kind == "c" for a in args):
            raise TypeError("a complex argument")
        return function(*args)

    return checked


def _power_series(x: Any, first: int) -> Any:
    """``sum x^n / (n n!)`` over every other n."""
    total, term = jnp.zeros_like(x), jnp.ones_like(x)
    for n in range(1, 42):
        term = term * x / n
        if n % 2 == first % 2:
            total = total + term / n
    return total


def shi(x: Any) -> Any:
    size = jnp.abs(x)
    far = jnp.sign(x) * (special.expi(jnp.maximum(size, 1)) + special.exp1(jnp.maximum(size, 1))) / 2
    return jnp.where(size > 6, far, _power_series(jnp.clip(x, -6, 6), 1))


def chi(x: Any) -> Any:
    size = jnp.abs(x)
    far = (special.expi(jnp.maximum(size, 1)) - special.exp1(jnp.maximum(size, 1))) / 2
    return jnp.where(size > 6, far, np.euler_gamma + jnp.log(size) + _power_series(jnp.minimum(size, 6), 2))


SPECIAL: dict[str, Function] = {
    "erfi": erfi,
    "dawsn_slope": of_reals(dawsn_slope),
    "i0e_slope": of_reals(i0e_slope),
    "i1_slope": of_reals(i1_slope),
    "i1e_slope": of_reals(i1e_slope),
    "stdtr": of_reals(stdtr),
    "shi": of_reals(shi),
    "chi": of_reals(chi),
    "log_beta": special.betaln,
    "rising": special.poch,
}


def in_double(function: Function) -> Function:
    """A function of float64 arrays of one shape, of real arrays; what is not a number stays so."""

    def wide(*args: Any) -> Any:
        if any(a.dtype.kind == "c" for a in args):
            raise TypeError("a complex argument")
        shape, dtype = jnp.broadcast_shapes(*[a.shape for a in args]), args[0].dtype
        given = [jnp.broadcast_to(a.astype(jnp.float64), shape) for a in args]
        missing = jnp.zeros(shape, bool)
        for x in given:
            missing |= jnp.isnan(x)
        out = function(*[jnp.where(missing, 1.0, x) for x in given])
        return jnp.where(missing, jnp.nan, out).astype(dtype)

    return wide


SPECIAL |= {name: in_double(f) for name, f in (BESSELS | ELLIPTICS | INVERSES | COEFFICIENTS).items()}


def derivative_rule(function: Function) -> Rule:
    """The rule of derivatives of some orders in parameters."""

    def apply(site: Site, *args: Any, orders: Sequence[int]) -> Any:
        of_orders = in_double(lambda *given: function(orders, *given))
        return of_orders(*[a.astype(jnp.float64) for a in args]).astype(site.dtype)

    return apply


for _name, _function in ({"carlson": carlson} | BESSEL_DERIVATIVES | DERIVATIVES).items():
    rule(_name)(derivative_rule(_function))


@rule("random_gamma_slope")
def random_gamma_slope(site: Site, log_x: Any, a: Any) -> Any:
    """Of the logarithm: that of the number over the number."""
    x = jnp.exp(log_x)
    return lax.random_gamma_grad(a, x) / x


@rule("rng_bit_generator")
def rng_bit_generator(site: Site, state: Any, *, shape: Sequence[int], width: int, philox: bool) -> Any:
    algorithm = lax.RandomAlgorithm.RNG_PHILOX if philox else lax.RandomAlgorithm.RNG_THREE_FRY

    def one(row: Any) -> Any:
        return lax.rng_bit_generator(row, tuple(shape), f"u{width // 8}", algorithm=algorithm)

    for _ in state.shape[:-1]:
        one = jax.vmap(one)
    return list(one(state))
