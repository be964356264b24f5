"""What special functions are made of here: sums that run until they have settled, integrals by Gauss's rule, derivatives in parameters.

All is elementwise on float64 arrays of one shape. Derivatives of any order are JAX's forward mode of the function itself, loops included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .real import jax, jnp, lax

Function = Callable[..., Any]
LIMIT = 20_000  # steps of an expansion


def in_parameters(function: Function, orders: Sequence[int]) -> Function:
    """The partial derivative of these orders in the first arguments."""
    for i, n in enumerate(orders):
        for _ in range(n):
            function = _partial(function, i)
    return function


def _partial(function: Function, i: int) -> Function:
    def derivative(*args: Any) -> Any:
        along = lambda t: function(*args[:i], t, *args[i + 1 :])  # noqa: E731
        return jax.jvp(along, (args[i],), (jnp.ones_like(args[i]),))[1]

    return derivative


def settled(step: Function, state: Any, value: Function, limit: int = LIMIT) -> Any:
    """The value of ``state = step(k, state)``, `k` from 1 on, once it no longer changes in any element; a third more steps are taken,
    for what is differentiated changes a little longer.
    """

    def going(loop: Any) -> Any:
        return loop[0] < loop[1]

    def body(loop: Any) -> Any:
        k, end, done, old, state = loop
        state = step(k.astype(jnp.float64), state)
        new = lax.stop_gradient(value(state))
        done |= ~((jnp.abs(new - old) > 4e-16 * jnp.abs(new)) & jnp.isfinite(new))
        end = jnp.where((end == limit) & jnp.all(done), k + k // 3 + 8, end)
        return k + 1, end, done, new, state

    shape = jnp.shape(value(state))
    begin = (jnp.asarray(1), jnp.asarray(limit), jnp.zeros(shape, bool), jnp.full(shape, 1e308), state)
    return value(lax.while_loop(going, body, begin)[4])


@lru_cache(maxsize=8)
def rule(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss's rule on the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


def integral(f: Function, end: Any, panels: Any, n: int = 16) -> Any:
    """Of ``f(t)`` from 0 to `end`, in equal panels, as many for each element as the most that one needs; `t` has one more axis, the last."""
    nodes, weights = rule(n)
    end = lax.stop_gradient(end)
    count = lax.stop_gradient(jnp.max(jnp.where(jnp.isfinite(panels), panels, 1), initial=1)).astype(jnp.int64)
    width = end / count

    def add(k: Any, total: Any) -> Any:
        t = (k + nodes) * width[..., None]
        return total + jnp.sum(f(t) * weights, -1)

    shape = jax.eval_shape(f, jax.ShapeDtypeStruct((*end.shape, n), end.dtype))
    return lax.fori_loop(0, count, add, jnp.zeros(end.shape, shape.dtype)) * width


def total(term: Function, count: Any, shape: Sequence[int]) -> Any:
    """``sum term(k)`` for `k` below `count`."""
    count = lax.stop_gradient(count)
    return lax.fori_loop(0, count, lambda k, s: s + term(k.astype(jnp.float64)), jnp.zeros(shape))


def most(x: Any, bound: float) -> Any:
    """The largest of some numbers, at most `bound`, as a whole number."""
    x = lax.stop_gradient(x)
    return jnp.minimum(jnp.max(jnp.where(jnp.isnan(x), 0, x), initial=0), bound).astype(jnp.int64)


def sinpi(v: Any) -> Any:
    """``sin(pi v)``, 0 at whole numbers."""
    whole = lax.stop_gradient(jnp.round(v))
    return jnp.where(whole % 2 == 0, 1.0, -1.0) * jnp.sin(math.pi * (v - whole))


def cospi(v: Any) -> Any:
    """``cos(pi v)``, 0 half way between whole numbers."""
    return sinpi(v + 0.5)


def whole(v: Any) -> Any:
    return v == jnp.round(v)


__all__ = ["Function", "cospi", "in_parameters", "integral", "most", "rule", "settled", "sinpi", "total", "whole"]
