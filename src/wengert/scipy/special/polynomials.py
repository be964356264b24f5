"""Orthogonal polynomials, by the three-term recurrences of DLMF 18.9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Tracer, shape_of
from ...errors import ArgumentError
from ...ops.elementwise import where
from ...ops.shape import broadcast_to
from ...ops.special.declare import of_loops


def _whole(name: str, n: Any) -> Any:
    """The degree as an int, or an array of them."""
    degrees = np.asarray(0.5 if isinstance(n, Tracer) else n)
    if degrees.dtype.kind not in "iufb" or not np.all((degrees >= 0) & (degrees == np.floor(degrees))):
        what = "a traced value; make it a static argument" if isinstance(n, Tracer) else repr(n)
        raise ArgumentError(f"{name}: the degree n is a whole number from 0 on, or an array of them, here; got {what}")
    return degrees.astype(np.int64) if degrees.ndim else int(n)


def _of_degree(n: Any, *args: Any) -> list[Any]:
    """The arguments beside a degree: SciPy's loops with an integer before them are of float64."""
    floats = isinstance(n, float) or (hasattr(n, "dtype") and n.dtype.kind == "f")
    return of_loops(*args, narrow=np.float32 if floats else np.float64)


def _recurred(n: Any, first: Any, second: Any, step: Callable[[int, Any, Any], Any]) -> Any:
    """The `n`-th of a sequence from its first two, ``step(k, p_k, p_(k-1))`` its element ``k + 1``; of an array each."""
    before, now = first, second
    if isinstance(n, int):
        if n == 0:
            return first
        for k in range(1, n):
            before, now = now, step(k, now, before)
        return now
    out, used = broadcast_to(first, np.broadcast_shapes(n.shape, shape_of(first))), set(n.ravel().tolist())
    for k in range(1, max(used, default=0) + 1):
        out = where(n == k, now, out) if k in used else out
        before, now = now, step(k, now, before)
    return out


def eval_jacobi(n: Any, alpha: Any, beta: Any, x: Any) -> Any:
    """Jacobi's polynomial of degree `n` (a whole number or an array of them), differentiable in its parameters.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_jacobi(1, 1.0, 1.0, 0.5)
        np.float64(1.0)
    """
    a, b, x = _of_degree(n, alpha, beta, x)
    n = _whole("eval_jacobi", n)

    def step(k: int, now: Any, before: Any) -> Any:
        s = 2 * k + a + b
        up = (s + 1) * ((s + 2) * s * x + a * a - b * b) * now - 2 * (k + a) * (k + b) * (s + 2) * before
        return up / (2 * (k + 1) * (k + a + b + 1) * s)

    one = 1 + 0 * (a + b + x)
    return _recurred(n, one, (a + 1) + (a + b + 2) * (x - 1) / 2, step)


def eval_gegenbauer(n: Any, alpha: Any, x: Any) -> Any:
    """Gegenbauer's polynomial of degree `n` (a whole number or an array of them), differentiable in `alpha`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_gegenbauer(2, 1.0, 1.0)
        np.float64(3.0)
    """
    a, x = _of_degree(n, alpha, x)
    n = _whole("eval_gegenbauer", n)
    step = lambda k, now, before: (2 * (k + a) * x * now - (k + 2 * a - 1) * before) / (k + 1)  # noqa: E731
    return _recurred(n, 1 + 0 * (a + x), 2 * a * x, step)


def eval_legendre(n: Any, x: Any) -> Any:
    """Legendre's polynomial of degree `n`, a whole number or an array of them.

    Example:
        >>> print(eval_legendre(2, 0.5))
        -0.125
    """
    (x,) = _of_degree(n, x)
    n = _whole("eval_legendre", n)
    return _recurred(n, 1 + 0 * x, x, lambda k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1))


def eval_chebyt(n: Any, x: Any) -> Any:
    """Chebyshev's polynomial of the first kind of degree `n`, a whole number or an array of them.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_chebyt(3, 0.5)
        np.float64(-1.0)
    """
    (x,) = _of_degree(n, x)
    n = _whole("eval_chebyt", n)
    return _recurred(n, 1 + 0 * x, x, lambda k, now, before: 2 * x * now - before)


def eval_chebyu(n: Any, x: Any) -> Any:
    """Chebyshev's polynomial of the second kind of degree `n`, a whole number or an array of them.

    Example:
        >>> from wengert.scipy import special
        >>> abs(special.eval_chebyu(2, 0.5)).round(12)
        np.float64(0.0)
    """
    (x,) = _of_degree(n, x)
    n = _whole("eval_chebyu", n)
    return _recurred(n, 1 + 0 * x, 2 * x, lambda k, now, before: 2 * x * now - before)


def eval_genlaguerre(n: Any, alpha: Any, x: Any) -> Any:
    """The generalised Laguerre polynomial of degree `n` (a whole number or an array of them), differentiable in `alpha`.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_genlaguerre(1, 2.0, 0.5)
        np.float64(2.5)
    """
    a, x = _of_degree(n, alpha, x)
    n = _whole("eval_genlaguerre", n)
    step = lambda k, now, before: ((2 * k + 1 + a - x) * now - (k + a) * before) / (k + 1)  # noqa: E731
    return _recurred(n, 1 + 0 * (a + x), 1 + a - x, step)


def eval_laguerre(n: Any, x: Any) -> Any:
    """Laguerre's polynomial of degree `n`, a whole number or an array of them.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_laguerre(2, 2.0)
        np.float64(-1.0)
    """
    return eval_genlaguerre(n, 0, x)


def eval_hermite(n: Any, x: Any) -> Any:
    """Hermite's polynomial of degree `n` (a whole number or an array of them), the physicists'.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_hermite(2, 1.0)
        np.float64(2.0)
    """
    (x,) = _of_degree(n, x)
    n = _whole("eval_hermite", n)
    return _recurred(n, 1 + 0 * x, 2 * x, lambda k, now, before: 2 * x * now - 2 * k * before)


def eval_hermitenorm(n: Any, x: Any) -> Any:
    """Hermite's polynomial of degree `n` (a whole number or an array of them), the probabilists'.

    Example:
        >>> from wengert.scipy import special
        >>> special.eval_hermitenorm(3, 2.0)
        np.float64(2.0)
    """
    (x,) = _of_degree(n, x)
    n = _whole("eval_hermitenorm", n)
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
