"""Derivatives of scaled Bessel functions in the argument, of any order, where ``i1e - i0e`` and its kin cancel.

The scaling is inside the integrals, ``exp(-2 x sin(t / 2)**2) cos(v t)`` on a half turn (DLMF 10.32.3, whole orders) and
``exp(-2 x sinh(t / 2)**2) cosh(v t)`` (10.32.9); a derivative in `x` is a factor, and no sign changes with it. The trapezoidal rule
reaches rounding with few nodes. For large `x` Hankel's expansions (10.40.1, 10.40.2) are differentiated term by term. Elsewhere the
recurrences lose less than a few units.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

ndarray = np.ndarray
_SMALL, _LARGE = 1.0, 30.0


def ive(orders: tuple[int, ...], x: ndarray, v: ndarray) -> ndarray:
    """Derivatives in `x` of ``exp(-|x|) I_v(x)``; at 0 the mean of both sides."""
    import scipy.special as sp

    (n,), y = orders, np.abs(x)
    # f' = (f(v - 1) + f(v + 1)) / 2 - f
    out: Any = sum(comb(n, k) * (-1.0) ** (n - k) * _neighbours(sp.ive, k, v, y) for k in range(n + 1))
    whole = (v == np.rint(v)) & ((np.abs(v) <= 1) | (y > v * v))
    middle, far = whole & (y <= _LARGE + v * v), y > _LARGE + v * v
    if middle.any():
        t = np.linspace(0, np.pi, 41 + 2 * n)
        weights = np.full(t.size, 1 / (t.size - 1))
        weights[[0, -1]] /= 2
        s = 2 * np.sin(t / 2) ** 2
        terms = np.exp(-y[middle, None] * s) * np.cos(np.rint(v[middle, None]) * t)
        out[middle] = terms @ (weights * (-s) ** n)
    broken = (v != np.rint(v)) & (y > _SMALL) & ((np.abs(v) <= 1) | (y > v * v)) & ~far
    if broken.any():
        out[broken] = _turn_and_tail(n, v[broken], y[broken])
    if far.any():
        out[far] = _hankel(n, v[far], y[far], -1) / np.sqrt(2 * np.pi)
    with np.errstate(invalid="ignore"):
        parity = np.where(v == np.rint(v), np.where(np.rint(v) % 2 == 0, 1.0, -1.0), np.nan)
    reflected = parity * (-1.0) ** n * out
    return np.where(x < 0, reflected, np.where((x == 0) & (v == np.rint(v)), (out + reflected) / 2, out))


def _turn_and_tail(n: int, v: ndarray, x: ndarray) -> ndarray:
    """Of orders that are not whole: the half turn by Gauss's rule, and a second integral of ``exp(-x (1 + cosh(t)) - v t)``, DLMF 10.32.4."""
    nodes, weights = _rule()
    t = np.pi * nodes
    s = 2 * np.sin(t / 2) ** 2
    turn = (np.exp(-x[:, None] * s) * np.cos(v[:, None] * t)) @ (weights * (-s) ** n)
    end = np.arccosh(1 + 45 / x)[:, None]
    u = end * nodes
    factor = 1 + np.cosh(u)
    tail = (np.exp(-x[:, None] * factor - v[:, None] * u) * (-factor) ** n) @ weights
    return turn - np.sin(np.pi * v) / np.pi * end[:, 0] * tail


@lru_cache(maxsize=1)
def _rule() -> tuple[ndarray, ndarray]:
    """Gauss's rule on the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    return (nodes + 1) / 2, weights / 2


def kve(orders: tuple[int, ...], x: ndarray, v: ndarray) -> ndarray:
    """Derivatives in `x` of ``exp(x) K_v(x)``."""
    import scipy.special as sp

    (n,) = orders
    # f' = f - (f(v - 1) + f(v + 1)) / 2
    out: Any = sum(comb(n, k) * (-1.0) ** k * _neighbours(sp.kve, k, v, x) for k in range(n + 1))
    middle = (x > np.maximum(_SMALL, v * v)) & (x <= _LARGE + v * v)
    far = x > _LARGE + v * v
    if middle.any():
        step = np.minimum(0.16, 0.5 / np.sqrt(x[middle]))[:, None]  # the integrand is narrow for large x
        t = np.arange(0, 36 + 4 * n) * step
        s = 2 * np.sinh(t / 2) ** 2
        terms = np.exp(-x[middle, None] * s) * np.cosh(v[middle, None] * t)
        terms[:, 0] /= 2
        out[middle] = (terms * (-s) ** n).sum(axis=1) * step[:, 0]
    if far.any():
        out[far] = _hankel(n, v[far], x[far], 1) * np.sqrt(np.pi / 2)
    return out


def _neighbours(f: Any, k: int, v: ndarray, x: ndarray) -> Any:
    """The mean of a function at the orders below and above, `k` times."""
    return sum(comb(k, j) * f(v + k - 2 * j, x) for j in range(k + 1)) / 2.0**k


def _hankel(n: int, v: ndarray, x: ndarray, sign: int) -> ndarray:
    """The derivative of order `n` of the sum of ``sign**k a_k(v) x**(-k - 1/2)``."""
    term = 1 / np.sqrt(x)
    for j in range(n):
        term = term * -(0.5 + j) / x
    total = term
    for k in range(1, 60):
        odd = 2 * k - 1
        step = sign * (2 * v - odd) * (2 * v + odd) / (8 * k * x)
        new = term * (step * (k + n - 0.5) / (k - 0.5))
        term = np.where(np.abs(new) < np.abs(term), new, 0)  # up to the least
        total = total + term
        if not (np.abs(term) > 1e-17 * np.abs(total)).any():
            break
    return total


__all__ = ["ive", "kve"]
