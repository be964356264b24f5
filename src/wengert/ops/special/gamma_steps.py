"""Differences of the logarithm of the gamma function and of its derivatives, on float64 arrays, without cancellation.

``psi(a + b) - psi(a)`` where `b` is small beside `a`, and ``log(gamma(x + 1/2) / gamma(x)) - log(x) / 2``, which is the norm of
Student's density: by the recurrence (NIST DLMF 5.5.2, 5.15.5) up to where the asymptotic series (5.11.2, 5.15.8; for the
ratio 5.11.13) is exact to rounding; every term is a difference that is written without one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import dtype_of
from ...vocabulary import Value
from . import series as ts

ndarray = np.ndarray
_FAR = 12.0
LARGE = 10.0  # from here on Stirling's series is exact to rounding
# The Bernoulli numbers of even order from 2 on.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def _fall(q: ndarray, b: ndarray, s: int) -> ndarray:
    """``(q + b)**-s - q**-s``."""
    return -(b / (q + b)) / q if s == 1 else q ** -float(s) * np.expm1(-s * np.log1p(b / q))


def polygamma_step(orders: tuple[int, ...], a: ndarray, b: ndarray) -> ndarray:
    """``psi^(n)(a + b) - psi^(n)(a)``, `n` the order; NaN where one of the arguments is not positive."""
    (n,) = orders
    regular = (a > 0) & (a + b > 0) & np.isfinite(a) & np.isfinite(b)
    a, b = np.where(regular, a, 1.0), np.where(regular, b, 1.0)
    total, q, sign = np.zeros_like(a), a.copy(), (-1.0) ** (n + 1)
    for _ in range(int(_FAR)):
        low = np.minimum(q, q + b) < _FAR
        if not low.any():
            break
        total = np.where(low, total + _fall(q, b, n + 1), total)
        q = np.where(low, q + 1, q)
    total = total * (sign * math.factorial(n))
    tail = _fall(q, b, n + 1) * (math.factorial(n) / 2)
    tail += _fall(q, b, n) * math.factorial(n - 1) if n else -np.log1p(b / q)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        tail += _fall(q, b, 2 * k + n) * (bernoulli * math.factorial(2 * k + n - 1) / math.factorial(2 * k))
    return np.where(regular, total + sign * tail, np.nan)


def digamma_less_log(x: ndarray) -> ndarray:
    """``psi(x) - log(x)`` of positive numbers."""
    import scipy.special as sp

    far = x > _FAR
    y = np.where(far, x, _FAR)
    r, series = 1 / (y * y), np.zeros_like(y)
    for k in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[k - 1] / (2 * k)) * r
    return np.where(far, -0.5 / y - series, sp.digamma(x) - np.log(x))


def log1pmx(u: Value) -> Value:
    """``log(1 + u) - u``; near 0 by ``log(1 + u) = 2 artanh(r)``, ``r = u / (2 + u)``."""
    x = np.asarray(u, np.float64)
    with np.errstate(all="ignore"):
        near = np.abs(x) < 0.4
        v = np.where(near, x, 0.0)
        r = v / (2 + v)
        square = r * r
        series = np.zeros_like(r)
        for k in range(13, -1, -1):
            series = series * square + 1 / (2 * k + 3)
        out = np.where(near, r * (2 * square * series - v), np.log1p(x) - x)
    return out.astype(np.result_type(u, np.float32) if dtype_of(u).kind == "f" else np.float64)[()]


def stirling(a: Any) -> Any:
    """``log(gamma(a))`` less ``(a - 1/2) log(a) - a + log(2 pi) / 2``, by its series, DLMF 5.11.1."""
    u = 1 / (a * a)
    series = 1.0 / 156
    for c in (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = c + u * series
    return series / a


def gamma_front(a: ndarray, x: ndarray) -> ndarray:
    """The logarithm of ``x**a exp(-x) / gamma(a)``: for large `a` by how far `x` is from it, after Loader (2000)."""
    import scipy.special as sp

    close = (a > LARGE) & (x > a / 4) & (x < 4 * a)
    b, y = np.where(close, a, LARGE), np.where(close, x, LARGE)
    near = b * log1pmx((y - b) / b) - stirling(b) + np.log(b / (2 * np.pi)) / 2
    return np.where(close, near, a * np.log(x) - x - sp.gammaln(a))


def log_beta(a: Any, b: Any) -> Value:
    """The logarithm of the beta function of positive numbers; where one is large by Stirling's series without its cancellation."""
    import scipy.special as sp

    p, q = np.minimum(a, b), np.maximum(a, b)
    far = (q >= LARGE) & np.isfinite(q)
    with np.errstate(all="ignore"):
        y = np.where(far, q, LARGE)
        x = np.where(far, p, 1.0)
        fall = y * log1pmx(x / y) - np.log1p(x / y) / 2 + x * np.log(x + y) + stirling(x + y) - stirling(y)
        return np.where(far, sp.gammaln(x) - fall, sp.betaln(a, b))[()]


def beta_front(a: ndarray, b: ndarray, x: ndarray, y: ndarray) -> ndarray:
    """The logarithm of ``x**a y**b / B(a, b)``, ``y = 1 - x``; likewise."""
    off = x * b - y * a
    close = (a > LARGE) & (b > LARGE) & (off > -0.75 * a) & (off < 0.75 * b)
    p, q, off = np.where(close, a, LARGE), np.where(close, b, LARGE), np.where(close, off, 0.0)
    near = p * log1pmx(off / p) + q * log1pmx(-off / q) + stirling(p + q) - stirling(p) - stirling(q)
    near = near + np.log(p / (p + q) * q / (2 * np.pi)) / 2
    return np.where(close, near, a * np.log(x) + b * np.log(y) - log_beta(a, b))


def half_step(orders: tuple[int, ...], x: ndarray) -> ndarray:
    """The derivative of ``log(gamma(x + 1/2) / gamma(x)) - log(x) / 2`` of order `n`, of positive numbers."""
    return ts.derivative(half_step_series(orders, x), orders)


def half_step_series(orders: tuple[int, ...], x: ndarray) -> ndarray:
    """Its Taylor series up to that order."""
    lengths = ts.box(orders)
    regular = (x > 0) & ~np.isnan(x)
    q = np.where(regular, x, 1.0)
    value, slope = np.zeros_like(q), np.zeros((max(orders[0], 1), q.size))
    for k in range(int(_FAR)):
        low = q < _FAR
        if not low.any():
            break
        step = np.log1p(-1 / np.square(2 * np.maximum(q, 1.0) + 1)) / 2
        if k == 0:
            step = np.where(q < 1, (np.log(q) + np.log1p(q)) / 2 - np.log(q + 0.5), step)
        value += np.where(low, step, 0.0)
        quarter = ts.constant(np.where(low, 0.25, 0.0), (len(slope),))
        slope += ts.over(ts.over(ts.over(quarter, q), q + 0.5), q + 1)
        q = np.where(low, q + 1, q)
    tail = ts.constant(np.zeros_like(q), (len(slope),))
    inverse, one = ts.over(ts.constant(np.ones_like(q), (len(slope),)), q), np.zeros_like(q)
    power = inverse
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        factor = (1 - 4.0**-k) * bernoulli / k  # of x**-(2k - 1) / (2k - 1), with a minus
        one = one - factor / (2 * k - 1) * power[0]
        power = ts.multiply(power, inverse)
        tail = tail + factor * power
        power = ts.multiply(power, inverse)
    slope = slope + tail
    out = np.empty((*lengths, q.size))
    out[0] = value + one
    for n in range(1, lengths[0]):
        out[n] = slope[n - 1] / n
    out = np.where(np.isinf(x), 0.0, out)
    return np.where(regular, out, np.nan)


__all__ = [
    "LARGE",
    "beta_front",
    "digamma_less_log",
    "gamma_front",
    "half_step",
    "half_step_series",
    "log1pmx",
    "polygamma_step",
    "stirling",
]
