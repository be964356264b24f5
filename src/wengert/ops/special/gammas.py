"""Gamma and beta functions, complete and incomplete, with derivatives in their parameters, and the zeta function.

Sources: NIST DLMF 5.2 (gamma), 5.12 (beta), 8.8 and 8.17 (incomplete functions), 25.11 (zeta). Derivatives of the
inverse functions are those of the implicit function.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, as_value, dtype_of
from ..declare import function_of, quietly
from ..elementwise import (
    cos,
    digamma,
    exp,
    gammaln,
    log,
    log1p,
    polygamma,
    power,
    real,
    rint,
    sin,
    sqrt,
    stop_gradient_p,
    where,
)
from ..families import Elementwise
from . import kernels
from .declare import ParameterDerivative, few, log_derivatives, public, scipy_function, special

_REAL = {"complex": "its second derivative needs the zeta function, which SciPy has for real numbers"}

gamma_p = special("gamma", (lambda ans, x: ans * digamma(x),), (0.4, 3.0), reasons=_REAL)


def rgamma_slope(x: Value) -> Value:
    """The derivative of ``1 / gamma(x)``; left of 1/2 by reflection (DLMF 5.5.3), as the poles of digamma cancel."""
    size = real(x) if dtype_of(x).kind == "c" else x
    left = size < 0.5
    near, far = where(left, x, 0.0), where(left, 1.0, x)
    whole = rint(stop_gradient_p.bind(where(left, size, 0.0)))
    turn = math.pi * (near - whole)
    sign_of_turn = 1 - 2 * (whole % 2)
    reflected = sign_of_turn * gamma(1 - near) * (cos(turn) - digamma(1 - near) * sin(turn) / math.pi)
    return where(left, reflected, -rgamma(far) * digamma(far))


rgamma_p = special("rgamma", (lambda ans, x: rgamma_slope(x),), (0.4, 3.0), reasons=_REAL)
gammasgn_p = Elementwise("gammasgn", scipy_function("gammasgn"), None, samples=gamma_p.samples)


def _beta_da(ans: Value, a: Value, b: Value) -> Value:
    """``B (psi(a) - psi(a + b))``; where ``a + b`` may be a pole of psi and a zero of B, by ``1 / gamma(a + b)``."""
    total = a + b
    left = total < 0.5
    product = gamma(where(left, a, 1.0)) * gamma(where(left, b, 1.0))
    rest = where(left, product * rgamma_slope(where(left, total, 0.0)), -ans * digamma(where(left, 1.0, total)))
    return ans * digamma(a) + rest


beta_p = special(
    "beta",
    (
        quietly(_beta_da),
        quietly(lambda ans, a, b: _beta_da(ans, b, a)),
    ),
    (0.4, 2.0),
    (0.4, 2.0),
)
betaln_p = special(
    "betaln",
    (lambda ans, a, b: digamma(a) - digamma(a + b), lambda ans, a, b: digamma(b) - digamma(a + b)),
    (0.4, 2.0),
    (0.4, 2.0),
)

# --- incomplete gamma --------------------------------------------------------------------------------------------


def _log1pmx(u: Any) -> Any:
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


log1pmx_p = special(
    "log1pmx",
    (quietly(lambda ans, u: -u / (1 + u)),),
    (-0.8, 2.0),
    function=_log1pmx,
    reasons={"complex": "its series is for real numbers"},
)
log1pmx = function_of(log1pmx_p, "``log(1 + x) - x``, accurate near 0.")
_LARGE = 10.0  # from here on Stirling's series is exact to rounding


def _stirling(a: Value) -> Value:
    """``log(gamma(a))`` less ``(a - 1/2) log(a) - a + log(2 pi) / 2``, by its series, DLMF 5.11.1."""
    u = 1 / (a * a)
    series = 1.0 / 156
    for c in (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = c + u * series
    return series / a


def _gamma_density(a: Value, x: Value) -> Value:
    """``x**(a - 1) exp(-x) / gamma(a)``, DLMF 8.8.13; at 0 it is 0, 1 or inf.

    For large a the exponents cancel about ``x = a``; after Loader (2000), "Fast and accurate computation of binomial
    probabilities", they are taken as their distance from there.
    """
    safe, end = where(x > 0, x, 1.0), where(x > 0, 1.0, x)
    close = (a > _LARGE) & (safe > a / 4)
    b, near = where(close, a, _LARGE), where(close, safe, _LARGE)
    peaked = sqrt(b / (2 * math.pi)) * exp(b * log1pmx((near - b) / b) - _stirling(b))
    c = where(close, 1.0, a)
    steep = c > 1  # the power alone may underflow where c is large, overflow where it is small
    flat = c * exp((c - where(steep, 1.0, 0.0)) * log(safe) - safe - gammaln(1 + c)) / where(steep, 1.0, safe)
    inside = where(close, peaked / safe, flat)
    at_end = power(end, a - 1) * exp(-end - gammaln(a))  # no logarithm, so that derivatives at 0 are those of the power
    return where(x > 0, inside, where(x < 0, math.nan, at_end))


def _gamma_density_in_order(orders: tuple[int, ...], a: Value, x: Value) -> Value:
    density = _gamma_density(a, x)
    if not orders[0]:
        return density
    safe = where(x > 0, x, 1.0)
    return log_derivatives(
        log(safe) - digamma(a), lambda k: -polygamma(k - 1.0, a), where(x > 0, density, 0.0), orders[0]
    )


gammainc_derivative_p = ParameterDerivative(
    "gammainc_derivative",
    kernels.gammainc,
    [_gamma_density_in_order],
    2,
    lambda: [(args, {"orders": (1,)}) for args, _ in few((0.6, 3.0), (0.3, 4.0))()],
)


def _in_a(a: Value, x: Value) -> Value:
    return gammainc_derivative_p.bind(a, x, orders=(1,))


gammainc_p = special(
    "gammainc", (lambda ans, a, x: _in_a(a, x), lambda ans, a, x: _gamma_density(a, x)), (0.6, 3.0), (0.3, 4.0)
)
gammaincc_p = special(
    "gammaincc", (lambda ans, a, x: -_in_a(a, x), lambda ans, a, x: -_gamma_density(a, x)), (0.6, 3.0), (0.3, 4.0)
)
gammaincinv_p = special(
    "gammaincinv",
    (lambda ans, a, y: -_in_a(a, ans) / _gamma_density(a, ans), lambda ans, a, y: 1 / _gamma_density(a, ans)),
    (0.8, 3.0),
    (0.2, 0.8),
)
gammainccinv_p = special(
    "gammainccinv",
    (lambda ans, a, y: -_in_a(a, ans) / _gamma_density(a, ans), lambda ans, a, y: -1 / _gamma_density(a, ans)),
    (0.8, 3.0),
    (0.2, 0.8),
)

# --- incomplete beta ---------------------------------------------------------------------------------------------


def _beta_density(a: Value, b: Value, x: Value) -> Value:
    """``x**(a - 1) (1 - x)**(b - 1) / B(a, b)``, DLMF 8.17.21; 0, inf or the other factor at the ends."""
    inside = (x > 0) & (x < 1)
    safe = where(inside, x, 0.5)
    off = safe * b - (1 - safe) * a  # how far x is from the peak; the exponents as distances from it, as above
    large = (a > _LARGE) & (b > _LARGE) & (off > -0.75 * a) & (off < 0.75 * b)
    p, q, off = where(large, a, _LARGE), where(large, b, _LARGE), where(large, off, 0.0)
    exponent = p * log1pmx(off / p) + q * log1pmx(-off / q) + _stirling(p + q) - _stirling(p) - _stirling(q)
    peaked = sqrt(p * q / (2 * math.pi * (p + q))) * exp(exponent)
    p, q = where(large, 1.0, a), where(large, 1.0, b)
    flat = exp(p * log(safe) + q * log1p(-safe) - betaln(p, q))
    density = where(large, peaked, flat) / (safe * (1 - safe))
    end = where(inside, 0.5, x)
    at_end = power(end, a - 1) * power(1 - end, b - 1) * exp(-betaln(a, b))
    return where(inside, density, where((end < 0) | (end > 1), math.nan, at_end))


def _beta_density_in_orders(orders: tuple[int, ...], a: Value, b: Value, x: Value) -> Value:
    """By Leibniz's rule: the logarithm of the density is ``f(a) + g(b) + h(a + b)``."""
    density = _beta_density(a, b, x)
    if orders == (0, 0):
        return density
    inside = (x > 0) & (x < 1)
    safe = where(inside, x, 0.5)
    density = where(inside, density, 0.0)

    def slope(i: int, j: int) -> Value:
        n = i + j
        out = digamma(a + b) if n == 1 else polygamma(n - 1.0, a + b)
        if j == 0:
            out = out - (digamma(a) if n == 1 else polygamma(n - 1.0, a))
        if i == 0:
            out = out - (digamma(b) if n == 1 else polygamma(n - 1.0, b))
        return out + ((log(safe) if i else log1p(-safe)) if n == 1 else 0.0)

    known: dict[tuple[int, int], Value] = {(0, 0): density}

    def derivative(i: int, j: int) -> Value:
        if (i, j) not in known:
            # one derivative is taken of exp(L), which gives L' exp(L); the others fall on both factors
            di, dj = (1, 0) if i else (0, 1)
            known[i, j] = sum(
                math.comb(i - di, p) * math.comb(j - dj, q) * slope(p + di, q + dj) * derivative(i - di - p, j - dj - q)
                for p in range(i - di + 1)
                for q in range(j - dj + 1)
            )
        return known[i, j]

    return derivative(*orders)


betainc_derivative_p = ParameterDerivative(
    "betainc_derivative",
    kernels.betainc,
    [_beta_density_in_orders],
    3,
    lambda: [(args, {"orders": o}) for o in ((1, 0), (0, 1)) for args, _ in few((0.6, 3.0), (0.6, 3.0), (0.2, 0.8))()],
)


def _betainc_in(orders: tuple[int, int], a: Value, b: Value, x: Value) -> Value:
    return betainc_derivative_p.bind(a, b, x, orders=orders)


betainc_p = special(
    "betainc",
    (
        lambda ans, a, b, x: _betainc_in((1, 0), a, b, x),
        lambda ans, a, b, x: _betainc_in((0, 1), a, b, x),
        lambda ans, a, b, x: _beta_density(a, b, x),
    ),
    (0.6, 3.0),
    (0.6, 3.0),
    (0.2, 0.8),
)


def _betaincc(a: Any, b: Any, x: Any) -> Any:
    import scipy.special as sp

    return sp.betainc(b, a, 1 - x) if not hasattr(sp, "betaincc") else sp.betaincc(a, b, x)


betaincc_p = special(
    "betaincc",
    (
        lambda ans, a, b, x: -_betainc_in((1, 0), a, b, x),
        lambda ans, a, b, x: -_betainc_in((0, 1), a, b, x),
        lambda ans, a, b, x: -_beta_density(a, b, x),
    ),
    (0.6, 3.0),
    (0.6, 3.0),
    (0.2, 0.8),
    function=_betaincc,
)
betaincinv_p = special(
    "betaincinv",
    (
        lambda ans, a, b, y: -_betainc_in((1, 0), a, b, ans) / _beta_density(a, b, ans),
        lambda ans, a, b, y: -_betainc_in((0, 1), a, b, ans) / _beta_density(a, b, ans),
        lambda ans, a, b, y: 1 / _beta_density(a, b, ans),
    ),
    (0.8, 3.0),
    (0.8, 3.0),
    (0.2, 0.8),
)

# --- Student's t -------------------------------------------------------------------------------------------------


def _t_density(df: Value, t: Value) -> Value:
    return exp(-(df + 1) / 2 * log1p(t * t / df) - betaln(0.5, df / 2)) / sqrt(df)


def _t_density_in_df(orders: tuple[int, ...], df: Value, t: Value) -> Value:
    """Derivatives of the density in `df`, by those of its logarithm."""
    ratio = t * t / df

    def slope(k: int) -> Value:
        # of -(df + 1) / 2 log1p(t²/df) - log(df) / 2 - betaln(1/2, df/2), k times in df
        sign, fall = (-1.0) ** k, math.factorial(k - 1)
        power_of = lambda v, n: v ** (-float(n))  # noqa: E731
        logs = -sign * fall * (power_of(df + t * t, k) - power_of(df, k))  # of log1p(t²/df) = log(df + t²) - log(df)
        below = (
            log1p(ratio)
            if k == 1
            else (-1.0) ** k * math.factorial(k - 2) * (power_of(df + t * t, k - 1) - power_of(df, k - 1))
        )
        psi = (lambda v: digamma(v)) if k == 1 else (lambda v: polygamma(k - 1.0, v))  # noqa: PLW0108
        beta_part = (psi(df / 2) - psi((df + 1) / 2)) / 2.0**k
        return -(df + 1) / 2 * logs - k / 2 * below + sign * fall / 2 * power_of(df, k) - beta_part

    return log_derivatives(slope(1), slope, _t_density(df, t), orders[0])


stdtr_derivative_p = ParameterDerivative(
    "stdtr_derivative",
    kernels.stdtr,
    [_t_density_in_df],
    2,
    lambda: [(args, {"orders": (1,)}) for args, _ in few((1.0, 5.0), (-2.0, 2.0))()],
)


def _t_in_df(df: Value, t: Value) -> Value:
    return stdtr_derivative_p.bind(df, t, orders=(1,))


stdtr_p = special(
    "stdtr",
    (lambda ans, df, t: _t_in_df(df, t), lambda ans, df, t: _t_density(df, t)),
    (1.0, 5.0),
    (-2.0, -0.3),
)
stdtrit_p = special(
    "stdtrit",
    (
        lambda ans, df, p: -_t_in_df(df, ans) / _t_density(df, ans),
        lambda ans, df, p: 1 / _t_density(df, ans),
    ),
    (1.0, 5.0),
    (0.1, 0.4),
)

# --- zeta --------------------------------------------------------------------------------------------------------


def _rising_in_order(n: int, s: Value, q: Value) -> Value:
    """The `n`-th derivative in `s` of ``-s zeta(s + 1, q)``, the derivative in `q`: DLMF 25.11.17."""
    out = -s * _zeta_in(n, s + 1, q)
    return out if n == 0 else out - n * _zeta_in(n - 1, s + 1, q)


def _zeta_in(n: int, s: Value, q: Value) -> Value:
    return zeta(s, q) if n == 0 else zeta_derivative_p.bind(s, q, orders=(n,))


zeta_derivative_p = ParameterDerivative(
    "zeta_derivative",
    kernels.zeta,
    [lambda orders, s, q: _rising_in_order(orders[0], s, q)],
    2,
    lambda: [(args, {"orders": (1,)}) for args, _ in few((1.5, 3.0), (0.4, 2.0))()],
)
zeta_p = special(
    "zeta",
    (lambda ans, x, q: _zeta_in(1, x, q), lambda ans, x, q: -x * zeta(x + 1, q)),
    (1.5, 3.0),
    (0.4, 2.0),
    reasons={"complex": "its derivative is for real numbers"},
)

gamma, rgamma, gammasgn = map(function_of, (gamma_p, rgamma_p, gammasgn_p))
beta, betaln = map(function_of, (beta_p, betaln_p))
gammainc = function_of(gammainc_p, "The regularised lower incomplete gamma function P(a, x); differentiable in both.")
gammaincc = function_of(gammaincc_p, "The regularised upper incomplete gamma function Q(a, x); differentiable in both.")
gammaincinv = function_of(gammaincinv_p, "`x` with ``gammainc(a, x) = y``.")
gammainccinv = function_of(gammainccinv_p, "`x` with ``gammaincc(a, x) = y``.")
betainc = public(betainc_p, "The regularised incomplete beta function I_x(a, b); differentiable in all three.")
betaincc = public(betaincc_p, "``1 - betainc(a, b, x)``, accurate where that is small.")
stdtr = function_of(stdtr_p, "The distribution function of Student's t with `df` degrees of freedom.")
stdtrit = function_of(stdtrit_p, "`t` with ``stdtr(df, t) = p``.")
betaincinv = public(betaincinv_p, "`x` with ``betainc(a, b, x) = y``.")


def zeta(x: Value, q: Value = 1.0, /) -> Value:
    """The Hurwitz zeta function of ``x > 1``, Riemann's without `q`; differentiable in both."""
    return zeta_p.bind(as_value(x), as_value(q))
