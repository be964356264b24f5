"""Orthogonal polynomials, by the three-term recurrences of DLMF 18.9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Tracer
from ...errors import ArgumentError
from ...ops.special.declare import floating


def _whole(name: str, n: Any) -> int:
    if isinstance(n, Tracer) or np.ndim(n) or n != int(n) or n < 0:
        raise ArgumentError(f"{name}: n is one whole number from 0 on here, got {n!r}; write a loop for several")
    return int(n)


def _recurred(n: int, first: Any, second: Any, step: Callable[[int, Any, Any], Any]) -> Any:
    """The `n`-th of a sequence from its first two, ``step(k, p_k, p_(k-1))`` its element ``k + 1``."""
    before, now = first, second
    if n == 0:
        return first
    for k in range(1, n):
        before, now = now, step(k, now, before)
    return now


def eval_jacobi(n: int, alpha: Any, beta: Any, x: Any) -> Any:
    """Jacobi's polynomial of degree `n`, differentiable in its parameters.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_jacobi(1, 1.0, 1.0, 0.5)
        np.float64(1.0)
    """
    n = _whole("eval_jacobi", n)
    a, b, x = floating(alpha, beta, x)

    def step(k: int, now: Any, before: Any) -> Any:
        s = 2 * k + a + b
        up = (s + 1) * ((s + 2) * s * x + a * a - b * b) * now - 2 * (k + a) * (k + b) * (s + 2) * before
        return up / (2 * (k + 1) * (k + a + b + 1) * s)

    one = 1 + 0 * (a + b + x)
    return _recurred(n, one, (a + 1) + (a + b + 2) * (x - 1) / 2, step)


def eval_gegenbauer(n: int, alpha: Any, x: Any) -> Any:
    """Gegenbauer's polynomial of degree `n`, differentiable in `alpha`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_gegenbauer(2, 1.0, 1.0)
        np.float64(3.0)
    """
    n = _whole("eval_gegenbauer", n)
    a, x = floating(alpha, x)
    step = lambda k, now, before: (2 * (k + a) * x * now - (k + 2 * a - 1) * before) / (k + 1)  # noqa: E731
    return _recurred(n, 1 + 0 * (a + x), 2 * a * x, step)


def eval_legendre(n: int, x: Any) -> Any:
    """Legendre's polynomial of degree `n`.

    Example:
        >>> print(eval_legendre(2, 0.5))
        -0.125
    """
    n = _whole("eval_legendre", n)
    (x,) = floating(x)
    return _recurred(n, 1 + 0 * x, x, lambda k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1))


def eval_chebyt(n: int, x: Any) -> Any:
    """Chebyshev's polynomial of the first kind of degree `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_chebyt(3, 0.5)
        np.float64(-1.0)
    """
    n = _whole("eval_chebyt", n)
    (x,) = floating(x)
    return _recurred(n, 1 + 0 * x, x, lambda k, now, before: 2 * x * now - before)


def eval_chebyu(n: int, x: Any) -> Any:
    """Chebyshev's polynomial of the second kind of degree `n`.

    Example:
        >>> from wengert.scipy import special
        >>> abs(special.eval_chebyu(2, 0.5)).round(12)
        np.float64(0.0)
    """
    n = _whole("eval_chebyu", n)
    (x,) = floating(x)
    return _recurred(n, 1 + 0 * x, 2 * x, lambda k, now, before: 2 * x * now - before)


def eval_genlaguerre(n: int, alpha: Any, x: Any) -> Any:
    """The generalised Laguerre polynomial of degree `n`, differentiable in `alpha`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_genlaguerre(1, 2.0, 0.5)
        np.float64(2.5)
    """
    n = _whole("eval_genlaguerre", n)
    a, x = floating(alpha, x)
    step = lambda k, now, before: ((2 * k + 1 + a - x) * now - (k + a) * before) / (k + 1)  # noqa: E731
    return _recurred(n, 1 + 0 * (a + x), 1 + a - x, step)


def eval_laguerre(n: int, x: Any) -> Any:
    """Laguerre's polynomial of degree `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_laguerre(2, 2.0)
        np.float64(-1.0)
    """
    return eval_genlaguerre(n, 0.0, x)


def eval_hermite(n: int, x: Any) -> Any:
    """Hermite's polynomial of degree `n`, the physicists'.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_hermite(2, 1.0)
        np.float64(2.0)
    """
    n = _whole("eval_hermite", n)
    (x,) = floating(x)
    return _recurred(n, 1 + 0 * x, 2 * x, lambda k, now, before: 2 * x * now - 2 * k * before)


def eval_hermitenorm(n: int, x: Any) -> Any:
    """Hermite's polynomial of degree `n`, the probabilists'.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_hermitenorm(3, 2.0)
        np.float64(2.0)
    """
    n = _whole("eval_hermitenorm", n)
    (x,) = floating(x)
    return _recurred(n, 1 + 0 * x, x, lambda k, now, before: x * now - k * before)


__all__ = [
    "eval_chebyt",
    "eval_chebyu",
    "eval_gegenbauer",
    "eval_genlaguerre",
    "eval_hermite",
    "eval_hermitenorm",
    "eval_jacobi",
    "eval_laguerre",
    "eval_legendre",
]
