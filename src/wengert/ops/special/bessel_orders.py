"""Derivatives of Bessel functions in their order, on float64 arrays: real orders, positive arguments.

Power series (NIST DLMF 10.2.2, 10.25.2) in Taylor arithmetic, Hankel's expansion (10.40.1), and integrals whose
integrands are differentiated in the order: Schläfli's (10.9.6, 10.9.7) and 10.32.9. The trapezoidal rule on integrands that decay
doubly exponentially, and Gauss's rule on the others, reach rounding with a fixed number of nodes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from . import series as ts

ndarray = np.ndarray
_CANCELLATION = 12.0  # the alternating series loses about exp(x**2 / (4 (v + 1)))


def _log_power(v: ndarray, x: ndarray, lengths: ts.Index) -> ndarray:
    """The series in the order of ``log((x / 2)**v / gamma(v + 1))``."""
    from .kernels import _log_gamma

    log = -_log_gamma(v + 1, lengths)
    log[0] += v * np.log(x / 2)
    if lengths[0] > 1:
        log[1] += np.log(x / 2)
    return log


def _power_series(orders: tuple[int, ...], v: ndarray, x: ndarray, sign: int, scaled: bool = False) -> ndarray:
    lengths = ts.box(orders)
    log = _log_power(v, x, lengths)
    if scaled:
        log[0] -= x
    # The terms may grow as large as exp(x): they are carried with the factor in front.
    term = ts.exponential(log)
    total, done = term.copy(), np.zeros(x.size, bool)
    square = sign * x * x / 4
    for k in range(1, 20_000):
        term = ts.over(term * (square / k), v + k)
        old, total = total, total + term
        done = ts.settled(total, old) & (k > x / 2) if k % 8 == 0 else done
        if done.all():
            break
    return ts.derivative(ts.converged(total, done), orders)


def _hankel_scaled(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """``exp(-x) I_v(x)`` for large x: DLMF 10.40.1."""
    lengths = ts.box(orders)
    term = ts.constant(np.ones_like(x), lengths)
    total = term.copy()
    for k in range(1, 60):
        odd = 2 * k - 1
        # (4 v**2 - odd**2) = (2 v - odd) (2 v + odd)
        term = ts.linear(ts.linear(term, 2 * v - odd, (2,)), 2 * v + odd, (2,)) * (-1 / (8 * k * x))
        total = total + term
    return ts.derivative(total, orders) / np.sqrt(2 * np.pi * x)


@lru_cache
def _gauss(n: int) -> tuple[ndarray, ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2  # on [0, 1]


def _turned(f: Any, n: int, angle: ndarray) -> ndarray:
    """The derivative of order `n` of ``cos`` or ``sin`` at `angle`."""
    return f(angle + n * np.pi / 2)


def _schlaefli(n: int, v: ndarray, x: ndarray, second: bool) -> ndarray:
    """J (or Y with `second`) and its derivatives in the order: DLMF 10.9.6 and 10.9.7."""
    v, x = v[:, None], x[:, None]
    points = int(min(2000, 60 + 2 * np.ceil(np.max(np.abs(x) + np.abs(v), initial=1))))
    nodes, weights = _gauss(points)
    theta = np.pi * nodes
    wave = np.sin if second else np.cos
    first = ((-theta) ** n * _turned(wave, n, x * np.sin(theta) - v * theta)) @ weights
    nodes, weights = _gauss(160)
    end = np.arcsinh((750 + 20 * np.abs(v)) / x)
    t = end * nodes
    decay = -x * np.sinh(t)
    if second:
        # d^n/dv^n of e^{vt} + e^{-vt} cos(pi v)
        falling = sum(
            _binomial(n, k) * np.pi**k * _turned(np.cos, k, np.pi * v) * (-t) ** (n - k) for k in range(n + 1)
        )
        inner = t**n * np.exp(v * t + decay) + falling * np.exp(-v * t + decay)
    else:
        falling = sum(
            _binomial(n, k) * np.pi**k * _turned(np.sin, k, np.pi * v) * (-t) ** (n - k) for k in range(n + 1)
        )
        inner = falling * np.exp(-v * t + decay)
    return first - (inner @ weights) * end[:, 0] / np.pi


def _binomial(n: int, k: int) -> int:
    from math import comb

    return comb(n, k)


def _chunked(compute: Any, inside: ndarray, out: ndarray, *arrays: ndarray) -> None:
    """Fill `out` where `inside`, some numbers at a time: the integrals need a row of nodes for each."""
    for part in np.array_split(np.flatnonzero(inside), max(1, inside.sum() // 256)):
        if part.size:
            out[part] = compute(*[a[part] for a in arrays])


def jv(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of J_v(x) in `v`."""
    out = np.full(x.shape, np.nan)
    out[(x == 0) & (v > 0)] = 0.0
    inside = (x > 0) & np.isfinite(v) & np.isfinite(x)
    near = inside & (v > -1) & (x * x < 4 * _CANCELLATION * (v + 1)) & (x < np.maximum(v, 8))
    if near.any():
        out[near] = _power_series(orders, v[near], x[near], -1)
    _chunked(lambda v, x: _schlaefli(orders[0], v, x, False), inside & ~near, out, v, x)
    return out


def yv(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of Y_v(x) in `v`."""
    out = np.full(x.shape, np.nan)
    _chunked(lambda v, x: _schlaefli(orders[0], v, x, True), (x > 0) & np.isfinite(v) & np.isfinite(x), out, v, x)
    return out


def _iv(orders: tuple[int, ...], v: ndarray, x: ndarray, scaled: bool) -> ndarray:
    out = np.full(x.shape, np.nan)
    out[(x == 0) & (v > 0)] = 0.0
    inside = (x > 0) & (v > -1) & np.isfinite(v) & np.isfinite(x)
    far = inside & (x > 60 + v * v)
    near = inside & ~far
    if near.any():
        out[near] = _power_series(orders, v[near], x[near], 1, scaled)
    if far.any():
        out[far] = _hankel_scaled(orders, v[far], x[far]) * (1 if scaled else np.exp(x[far]))
    return out


def iv(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of I_v(x) in `v` (v > -1)."""
    return _iv(orders, v, x, False)


def ive(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of exp(-x) I_v(x) in `v` (v > -1)."""
    return _iv(orders, v, x, True)


def _kv(n: int, v: ndarray, x: ndarray, scaled: bool) -> ndarray:
    """K_v(x) and its derivatives: the integral of exp(-x cosh t) cosh(v t), DLMF 10.32.9."""
    v, x = v[:, None], x[:, None]
    end = np.arcsinh((750 + 20 * np.abs(v)) / x)
    nodes = np.linspace(-1, 1, 401)  # the integrand is even up to a sign, and decays doubly exponentially both ways
    t = end * nodes
    exponent = v * t - 2 * x * np.sinh(t / 2) ** 2 - (0 if scaled else x)
    return (t**n * np.exp(exponent)).sum(axis=1) * end[:, 0] / 400


def kv(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of K_v(x) in `v`."""
    out = np.full(x.shape, np.nan)
    _chunked(lambda v, x: _kv(orders[0], v, x, False), (x > 0) & np.isfinite(v) & np.isfinite(x), out, v, x)
    return out


def kve(orders: tuple[int, ...], v: ndarray, x: ndarray) -> ndarray:
    """Derivatives of exp(x) K_v(x) in `v`."""
    out = np.full(x.shape, np.nan)
    _chunked(lambda v, x: _kv(orders[0], v, x, True), (x > 0) & np.isfinite(v) & np.isfinite(x), out, v, x)
    return out
