"""Derivatives of special functions in their parameters, on float64 arrays: incomplete gamma and beta, zeta, Kummer;
and those of the scaled complementary error function.

Each takes the orders of differentiation and runs the convergent series or continued fraction of the function in
truncated Taylor arithmetic (`series`), so that any order is exact up to rounding. Sources: NIST DLMF 8.7.1 and 8.9.2
(incomplete gamma), 8.17.22 (incomplete beta), 25.11.28 (Hurwitz zeta, by Euler and Maclaurin), 13.2.2 (Kummer).
The idea of differentiating the expansions term by term: Moore (1982), Applied Statistics 31, AS 187; Boik and
Robinson-Cox (1998), Journal of Statistical Software 3.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Any

import numpy as np

from . import series as ts
from .gamma_steps import beta_front, digamma_less_log, gamma_front, half_step_series, polygamma_step

ndarray = np.ndarray
_LIMIT = 50_000  # steps of an expansion; what has not converged by then is nan


def _polygamma(n: int, x: ndarray) -> ndarray:
    import scipy.special as sp

    return sp.digamma(x) if n == 0 else (-1.0) ** (n + 1) * sp.gamma(n + 1) * sp.zeta(n + 1, x)


def _log_gamma(shift: ndarray, lengths: ts.Index) -> ndarray:
    """The series of the logarithm of gamma at `shift` plus the sum of the parameters."""
    import scipy.special as sp

    return ts.from_derivatives(
        lambda i: sp.gammaln(shift) if sum(i) == 0 else _polygamma(sum(i) - 1, shift), lengths, shift.size
    )


def _chosen(inside: ndarray, compute: Any, *arrays: ndarray) -> ndarray:
    """`compute` of the numbers that are `inside`, nan for the others."""
    out = np.full(inside.shape, np.nan)
    if inside.any():
        out[inside] = compute(*[a[inside] for a in arrays])
    return out


# --- incomplete gamma --------------------------------------------------------------------------------------------


def gammainc(orders: tuple[int, ...], a: ndarray, x: ndarray, scaled: bool = False) -> ndarray:
    """Derivatives of the regularised lower incomplete gamma function P(a, x) in `a`.

    Where `scaled` over the density, and P itself is taken less 1 where that is the smaller part (from ``x = a + 1`` on).
    """
    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    near = inside & (x < a + 1)
    out = _chosen(near, lambda a, x: ts.derivative(_gamma_series(orders, a, x, scaled), orders), a, x)
    far = inside & ~near
    out[far] = -_chosen(far, lambda a, x: ts.derivative(_gamma_fraction(orders, a, x, scaled), orders), a, x)[far]
    out[(a > 0) & ((x == 0) | (x == np.inf))] = 0.0
    return out


def _log_less_digamma(a: ndarray, x: ndarray) -> ndarray:
    """``log(x) - psi(a)``; where both are large and close to each other, by ``log(x / a)``."""
    close = (a > 1) & (np.abs(x - a) < a / 2)
    return np.where(close, np.log1p((x - a) / a) - digamma_less_log(a), np.log(x) - _polygamma(0, a))


def _gamma_series(orders: tuple[int, ...], a: ndarray, x: ndarray, scaled: bool) -> ndarray:
    """P by its series, DLMF 8.7.1."""
    lengths = ts.box(orders)
    log = -_log_gamma(a + 1, lengths)
    log[0] = 0.0 if scaled else gamma_front(a, x) - np.log(a)
    if lengths[0] > 1:
        log[1] = _log_less_digamma(a, x) - 1 / a
    term = ts.constant(np.ones_like(x), lengths)
    total, done = term.copy(), np.zeros(x.size, bool)
    for k in range(1, _LIMIT):
        term = ts.over(term * x, a + k)
        old, total = total, total + term
        done = ts.settled(total, old) & (k > x - a) if k % 8 == 0 else done
        if done.all():
            break
    out = ts.multiply(ts.exponential(log), total)
    return ts.converged(out * (x / a) if scaled else out, done)


def _gamma_fraction(orders: tuple[int, ...], a: ndarray, x: ndarray, scaled: bool) -> ndarray:
    """Q = 1 - P by its continued fraction, DLMF 8.9.2 (contracted)."""
    lengths = ts.box(orders)
    log = -_log_gamma(a, lengths)
    log[0] = 0.0 if scaled else gamma_front(a, x)
    if lengths[0] > 1:
        log[1] = _log_less_digamma(a, x)
    one = ts.constant(np.ones_like(x), lengths)
    before, now = one, ts.linear(one, x + 1 - a, (-1,))
    before_below, below = np.zeros_like(one), one
    old, done = np.zeros_like(one), np.zeros(x.size, bool)
    for i in range(1, _LIMIT):
        b, c = x + 2 * i + 1 - a, -i * (i - a)
        before, now = now, ts.linear(now, b, (-1,)) + ts.linear(before, c, (i,))
        before_below, below = below, ts.linear(below, b, (-1,)) + ts.linear(before_below, c, (i,))
        scale = now[0].copy()
        before, now, before_below, below = before / scale, now / scale, before_below / scale, below / scale
        if i % 8 == 0:
            fraction = ts.multiply(below, ts.reciprocal(now))
            old, done = np.where(done, old, fraction), done | ts.settled(fraction, old)  # later, rounding grows
            if done.all():
                break
    out = ts.multiply(ts.exponential(log), old)
    return ts.converged(out * x if scaled else out, done)


# --- incomplete beta ---------------------------------------------------------------------------------------------


def betainc(orders: tuple[int, ...], a: ndarray, b: ndarray, x: ndarray, scaled: bool = False) -> ndarray:
    """Derivatives of the regularised incomplete beta function I_x(a, b) in `a` and `b`; `scaled` as for `gammainc`."""
    inside = (a >= 0) & (b >= 0) & (a + b > 0) & (x > 0) & (x < 1) & np.isfinite(a) & np.isfinite(b)
    near = inside & (x <= (a + 1) / (a + b + 2))
    out = _chosen(near, lambda a, b, x: ts.derivative(_beta_fraction(orders, a, b, x, 1 - x, scaled), orders), a, b, x)
    far = inside & ~near
    swapped = orders[::-1]
    other = _chosen(
        far, lambda a, b, x: ts.derivative(_beta_fraction(swapped, b, a, 1 - x, x, scaled), swapped), a, b, x
    )
    out[far] = -other[far]
    out[(a > 0) & (b > 0) & ((x == 0) | (x == 1))] = 0.0
    return out


def _log_and_step(a: ndarray, b: ndarray, x: ndarray, off: ndarray) -> ndarray:
    """``log(x) + psi(a + b) - psi(a + 1)``; where `x` is close to ``a / (a + b)`` by how far `off` it is."""
    close = (a > 1) & (np.abs(off) < a / 2)
    near = np.log1p(np.where(close, off, 0.0) / a) + digamma_less_log(a + b) - digamma_less_log(a) - 1 / a
    return np.where(close, near, np.log(x) + polygamma_step((0,), a + 1, b - 1))


def _beta_fraction(orders: tuple[int, ...], a: ndarray, b: ndarray, x: ndarray, y: ndarray, scaled: bool) -> ndarray:
    """I by its continued fraction, DLMF 8.17.22; `y` is 1 - x."""
    lengths = ts.box(orders)
    sizes, n = lengths, a.size
    # Of the function over `b`, which is regular where one of the parameters is 0.
    log = _log_gamma(a + b, sizes)
    log[:, 0] -= _log_gamma(a + 1, sizes[:1])
    log[0, :] -= _log_gamma(b + 1, sizes[1:])
    front = beta_front(a, b, x, y) - np.log(a) - np.log(b)
    at_zero = a * np.log(x) + b * np.log(y) + log[0, 0]
    log[0, 0] = 0.0 if scaled else np.where((a == 0) | (b == 0), at_zero, front)
    off = x * b - y * a
    if sizes[0] > 1:
        log[1, 0] = _log_and_step(a, b, x, off)
    if sizes[1] > 1:
        log[0, 1] = _log_and_step(b, a, y, -off)
    one = ts.constant(np.ones(n), lengths)
    before, now, before_below, below = one, one, np.zeros_like(one), one
    old, done = np.zeros_like(one), np.zeros(x.size, bool)

    def numerator(f: ndarray, k: int) -> ndarray:
        m = k // 2
        if k % 2 == 0:
            f = ts.linear(f, b - m, (0, 1)) * (m * x)
            return ts.over(ts.over(f, a + 2 * m - 1), a + 2 * m)
        f = ts.linear(ts.linear(f, a + m, (1, 0)), a + b + m, (1, 1)) * -x
        return ts.over(ts.over(f, a + 2 * m), a + 2 * m + 1)

    for k in range(1, _LIMIT):
        before, now = now, now + numerator(before, k)
        before_below, below = below, below + numerator(before_below, k)
        scale = now[0, 0].copy()
        before, now, before_below, below = before / scale, now / scale, before_below / scale, below / scale
        if k % 8 == 0:
            fraction = ts.multiply(below, ts.reciprocal(now))
            old, done = np.where(done, old, fraction), done | ts.settled(fraction, old)  # later, rounding grows
            if done.all():
                break
    out = ts.linear(ts.multiply(ts.exponential(log), old), b, (0, 1))
    return ts.converged(out * (x / a * (y / b)) if scaled else out, done)


# --- zeta --------------------------------------------------------------------------------------------------------


def zeta(orders: tuple[int, ...], s: ndarray, q: ndarray) -> ndarray:
    """Derivatives of the Hurwitz zeta function in `s` (s > 1, q > 0), by Euler and Maclaurin: DLMF 25.11.28."""
    return _chosen((s > 1) & (q > 0), lambda s, q: ts.derivative(_zeta(orders, s, q), orders), s, q)


def _zeta(orders: tuple[int, ...], s: ndarray, q: ndarray) -> ndarray:
    import scipy.special as sp

    lengths = ts.box(orders)

    def power(base: ndarray) -> ndarray:
        """``base**-s``."""
        log = ts.constant(-s * np.log(base), lengths)
        if lengths[0] > 1:
            log[1] = -np.log(base)
        return ts.exponential(log)

    cut = 12
    total = sum((power(q + k) for k in range(cut)), np.zeros((*lengths, s.size)))
    base = q + cut
    tail = power(base)
    total = total + ts.over(tail * base, s - 1) + tail / 2
    term = ts.linear(tail / base, s, (1,))  # s base**(-s-1)
    bernoulli = sp.bernoulli(28)
    for k in range(1, 14):
        total = total + bernoulli[2 * k] / sp.factorial(2 * k) * term
        term = ts.linear(ts.linear(term, s + 2 * k - 1, (1,)), s + 2 * k, (1,)) / base**2
    return total


# --- Kummer's function -------------------------------------------------------------------------------------------


def hyp1f1(orders: tuple[int, ...], a: ndarray, b: ndarray, x: ndarray) -> ndarray:
    """Derivatives of Kummer's function in `a` and `b`, by its series, DLMF 13.2.2, and 13.2.39 for negative `x`."""
    lengths = ts.box(orders)
    inside = np.isfinite(a) & np.isfinite(b) & np.isfinite(x) & (np.abs(x) < 700) & ~((b <= 0) & (b == np.rint(b)))
    positive = inside & (x > -1)  # close to 0 the series as it is, whose derivatives are small with `a`
    out = _chosen(positive, lambda a, b, x: ts.derivative(_kummer(lengths, a, (1, 0), b, x), orders), a, b, x)
    negative = inside & ~positive
    mirrored = _chosen(
        negative,
        lambda a, b, x: ts.derivative(_kummer(lengths, b - a, (-1, 1), b, -x), orders) * np.exp(x),
        a, b, x,
    )  # fmt: skip
    out[negative] = mirrored[negative]
    flat = negative & (np.abs(a) < 0.25)
    out[flat] = _chosen(flat, lambda a, b, x: ts.derivative(_kummer_flat(lengths, a, b, x), orders), a, b, x)[flat]
    return out


def _kummer_flat(lengths: ts.Index, a: ndarray, b: ndarray, x: ndarray) -> ndarray:
    """``1 + a / b`` times the integral of ``M(a + 1, b + 1, s)`` from 0 to negative `x`: small `a` stays a factor."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = -np.concatenate([[0.0], 2.0 ** np.arange(-7, 1)])
    total = np.zeros((*lengths, x.size))
    for low, high in itertools.pairwise(edges):
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            s = -x * (low + (high - low) * node)
            inner = _kummer(lengths, b - a, (-1, 1), b + 1, -s) * np.exp(s)
            total = total + inner * (weight * (high - low) * -x)
    total = ts.over(ts.linear(total, a, (1, 0)), b, axis=1)
    total[0, 0] += 1
    return total


def _kummer(lengths: ts.Index, a: ndarray, slopes: tuple[int, int], b: ndarray, x: ndarray) -> ndarray:
    term = ts.constant(np.ones_like(x), lengths)
    total, done = term.copy(), np.zeros(x.size, bool)
    for k in range(1, _LIMIT):
        term = ts.over(ts.linear(term, a + (k - 1), slopes) * (x / k), b + (k - 1), axis=1)
        old, total = total, total + term
        done = ts.settled(total, old) & (k > np.abs(x)) if k % 8 == 0 else done
        if done.all():
            break
    return ts.converged(total, done)


# --- the scaled complementary error function ---------------------------------------------------------------------


def dawsn_slope(x: ndarray) -> ndarray:
    """``1 - 2 x dawsn(x)``, without the difference where that is small.

    By the trapezoidal rule Dawson's integral is ``sum(exp(-u**2) / n) / sqrt(pi)`` over odd `n`, ``u = x - n h`` (Rybicki, 1989), and
    sums of ``exp(-u**2)`` and ``u exp(-u**2)`` are those of their integrals; what is left has ``u**2`` and one sign. From 7 on
    the series DLMF 7.12.1.
    """
    import scipy.special as sp

    h, y = 0.2, np.abs(np.asarray(x, np.float64))
    out = np.asarray(1 - 2 * y * sp.dawsn(y))
    middle, far = (y > 1) & (y <= 7), y > 7
    if middle.any():
        z = y[middle][..., None]
        n = 2 * np.rint((z / h - 1) / 2) + 1 + np.arange(-34, 35, 2)
        u = z - n * h
        out[middle] = (np.exp(-u * u) * u * u / n).sum(-1) * (-2 / (math.sqrt(math.pi) * y[middle]))
    if far.any():
        r = 1 / np.square(y[far])
        series = 1.0 + 21.5 * r
        for k in range(20, 0, -1):
            series = 1.0 + (k + 0.5) * r * series
        out[far] = -0.5 * r * series
    return out[()]


def erfcx(orders: tuple[int, ...], x: ndarray) -> ndarray:
    """Derivatives of ``exp(x**2) erfc(x)``: for large x by quotients of the repeated integrals of erfc, downwards.

    With ``g(n) = exp(x**2) i^n erfc(x)`` the derivative of order n is ``(-2)**n n! g(n)``, ``g(-1) = 2 / sqrt(pi)``, and
    ``g(n - 2) = 2 x g(n - 1) + 2 n g(n)`` (DLMF 7.18), whose terms are positive for positive x.
    """
    import scipy.special as sp

    (n,) = orders
    far = x > 1.5
    below, before = sp.erfcx(x), np.full_like(x, 2 / math.sqrt(math.pi))
    out = 2 * x * below - before if n else below
    for k in range(2, n + 1):  # (erfcx)^(k) = 2 x (erfcx)^(k-1) + 2 (k - 1) (erfcx)^(k-2)
        below, out = out, 2 * x * out + 2 * (k - 1) * below
    if far.any():
        y = x[far]
        quotient = np.zeros_like(y)
        product = np.full_like(y, 2 / math.sqrt(math.pi) * (-2.0) ** n * math.factorial(n))
        start = n + 8 + math.ceil((14 / float(y.min()) + math.sqrt(n)) ** 2)
        for k in range(start, 0, -1):
            quotient = 1 / (2 * y + 2 * k * quotient)  # g(k - 1) / g(k - 2)
            if k <= n + 1:
                product *= quotient
        out[far] = product
    return out


# --- Student's t -------------------------------------------------------------------------------------------------


_FURTHEST = 1e140  # beyond, squares overflow, and the tail is ``c |t|**-df``


def stdtr(orders: tuple[int, ...], df: ndarray, t: ndarray, scaled: bool = False) -> ndarray:
    """Derivatives of the distribution function of Student's t in `df`: integrals of those of the density, by Gauss's rule.

    Near the middle they run from 0, where the distribution function is 1/2 for every `df`; further out, where these would
    cancel, over the tail, in the logarithm of the variable, on panels that halve towards its beginning. Where `scaled` over the
    density, and the distribution function itself is taken less 1 for positive `t`.
    """
    inside = (df > 0) & np.isfinite(df) & np.isfinite(t)
    near = inside & (t * t <= np.minimum(df, 1.5))
    nodes, weights = _unit_rule()

    def middle(df: ndarray, t: ndarray) -> ndarray:
        part = _t_integral(orders[0], df, t, t[:, None] * nodes, t[:, None] * weights, nodes * nodes - 1, scaled)
        if not scaled or orders[0]:
            return part
        log_density = (
            half_step_series((0,), df / 2)[0] - math.log(2 * math.pi) / 2 - (df + 1) / 2 * np.log1p(t * t / df)
        )
        return part - np.where(t > 0, 0.5, -0.5) * np.exp(-log_density)

    out = _chosen(near, middle, df, t)
    far = inside & ~near
    out[far] = _chosen(far, lambda df, t: _t_tail(orders[0], df, t, scaled), df, t)[far]
    beyond = inside & (np.abs(t) > _FURTHEST)
    if beyond.any():
        with np.errstate(over="ignore"):
            vanished = np.where(df * np.log(np.abs(t)) > 800, 0.0, np.nan)
        out[beyond] = (-t / df if scaled and orders[0] == 0 else np.nan * t if scaled else vanished)[beyond]
    out[(df > 0) & np.isinf(t)] = 0.0
    return out


@lru_cache(maxsize=1)
def _unit_rule() -> tuple[ndarray, ndarray]:
    """Gauss's rule on the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return (nodes + 1) / 2, weights / 2


def _t_tail(order: int, df: ndarray, t: ndarray, scaled: bool) -> ndarray:
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-10, 1)])
    widths, (nodes, weights) = np.diff(edges), _unit_rule()
    size = np.abs(t)
    ratio = np.square(np.minimum(size, _FURTHEST)) / df
    # up to where what is left has fallen by exp(-45): the tail falls as ``(1 + t**2 / df)**(-df / 2)``
    growth = np.log1p((1 + 1 / ratio) * np.expm1(np.minimum(90 / df, 700.0))) / 2
    growth = np.clip(growth, 0.0, np.log(np.maximum(1e150 / size, 1.0)))
    u = (edges[:-1, None] + widths[:, None] * nodes).ravel() * growth[:, None]
    points = size[:, None] * np.exp(u)
    weights = (widths[:, None] * weights).ravel() * growth[:, None] * points
    return -np.sign(t) * _t_integral(order, df, t, points, weights, np.expm1(2 * u), scaled)


def _t_integral(
    order: int, df: ndarray, t: ndarray, points: ndarray, weights: ndarray, beyond: ndarray, scaled: bool
) -> ndarray:
    """The derivative in `df` of the density at `points`, a row of them for each `df`, summed with `weights`.

    Where `scaled` over the density at `t`; `beyond` is how much the squares are larger than that of `t`, as a part of it.
    """
    import scipy.special as sp

    nu = np.repeat(df, points.shape[1])
    squares, start = np.square(points.ravel()), np.repeat(np.minimum(np.abs(t), _FURTHEST), points.shape[1])
    beyond = np.broadcast_to(beyond, points.shape).ravel() * (start * start / (nu + start * start))
    ratio = squares / nu
    small = ratio < 1e-2
    w = np.where(small, ratio, 0.0)
    bend = np.where(
        small, w * w * sum((-w) ** k * (k + 1) / (k + 2) for k in range(10)), np.log1p(ratio) - ratio / (1 + ratio)
    )

    def exponent(index: ts.Index) -> ndarray:
        """Of ``-(nu + 1) / 2 log1p(t²/nu)``, differentiated `k` times."""
        (k,) = index
        if k == 0:
            return -(nu + 1) / 2 * (np.log1p(beyond) if scaled else np.log1p(ratio))
        if k == 1:
            return -bend / 2 + squares / (nu + squares) / nu / 2
        fall = lambda n: (-1.0) ** (n + 1) * sp.factorial(n - 1) * ((nu + squares) ** -float(n) - nu ** -float(n))  # noqa: E731
        return -(nu + 1) / 2 * fall(k) - k / 2 * fall(k - 1)

    lengths = ts.box((order,))
    norm = np.repeat(half_step_series((order,), df / 2) / 2.0 ** np.arange(order + 1)[:, None], points.shape[1], axis=1)
    norm[0] = 0.0 if scaled else norm[0] - math.log(2 * math.pi) / 2
    logarithm = ts.from_derivatives(exponent, lengths, nu.size) + norm
    density = ts.derivative(ts.exponential(logarithm), (order,))
    return (density.reshape(points.shape) * weights).sum(axis=1)
