"""Beta functions, and incomplete gamma and beta functions, with derivatives in their parameters.

Sources: NIST DLMF 5.12 (beta), 8.8 and 8.17 (incomplete functions). Derivatives of the
inverse functions are those of the implicit function.
"""

from __future__ import annotations

import math
from typing import Any

from ...core import Value, dtype_of
from ...documented import with_example
from ..declare import function_of, quietly
from ..elementwise import absolute, exp, log, log1p, power, sqrt, where
from . import gamma_steps, kernels
from .declare import OverDensity, ParameterDerivative, few, kept, log_derivatives, public, special
from .polygammas import digamma, gamma, gammaln, polygamma, rgamma, rgamma_slope

# ``psi(a + b) - psi(a)``: the difference cancels where b is small beside a.
polygamma_step_p = ParameterDerivative(
    "polygamma_step",
    gamma_steps.polygamma_step,
    [lambda orders, a, b: polygamma(orders[0] + 1.0, a + b)],
    2,
    lambda: [(args, {"orders": (n,)}) for n in (0, 1) for args, _ in few((0.4, 3.0), (0.4, 2.0))()],
)


def psi_step(a: Value, b: Value) -> Value:
    """``psi(a + b) - psi(a)`` of positive `a` and ``a + b``."""
    return polygamma_step_p.bind(a, b, orders=(0,))


def regular(a: Value, b: Value) -> tuple[Value, Value, Value]:
    """Whether `a` and ``a + b`` are positive, and both where they are; elsewhere 1."""
    ok = (a > 0) & (a + b > 0)
    return ok, where(ok, a, 1.0), where(ok, b, 1.0)


def _beta_da(ans: Value, a: Value, b: Value) -> Value:
    """``B (psi(a) - psi(a + b))``; where ``a + b`` may be a pole of psi and a zero of B, by ``1 / gamma(a + b)``."""
    ok, c, d = regular(a, b)
    e, f = where(ok, 1.0, a), where(ok, 1.0, b)
    total = e + f
    left = total < 0.5
    product = gamma(where(left, e, 1.0)) * gamma(where(left, f, 1.0))
    rest = where(left, product * rgamma_slope(where(left, total, 0.0)), -ans * digamma(where(left, 1.0, total)))
    return where(ok, -ans * psi_step(c, d), ans * digamma(e) + rest)


def _betaln_da(ans: Value, a: Value, b: Value) -> Value:
    ok, c, d = regular(a, b)
    e, f = where(ok, 1.0, a), where(ok, 1.0, b)
    return where(ok, -psi_step(c, d), digamma(e) - digamma(e + f))


beta_p = special(
    "beta",
    (
        quietly(_beta_da),
        quietly(lambda ans, a, b: _beta_da(ans, b, a)),
    ),
    (0.4, 2.0),
    (0.4, 2.0),
)
_BETALN_RULES = (_betaln_da, lambda ans, a, b: _betaln_da(ans, b, a))
betaln_p = special("betaln", _BETALN_RULES, (0.4, 2.0), (0.4, 2.0))
# The same of positive numbers, for densities: SciPy's loses digits where one of them is large.
log_beta_p = special(
    "log_beta",
    _BETALN_RULES,
    (0.4, 2.0),
    (0.4, 2.0),
    function=kept(gamma_steps.log_beta),
    reasons={"complex": "densities have real parameters"},
)

# --- incomplete gamma --------------------------------------------------------------------------------------------


log1pmx_p = special(
    "log1pmx",
    (quietly(lambda ans, u: -u / (1 + u)),),
    (-0.8, 2.0),
    function=gamma_steps.log1pmx,
    reasons={"complex": "its series is for real numbers"},
)
log1pmx = function_of(log1pmx_p, "``log(1 + x) - x``, accurate near 0.")


def _gamma_density(a: Value, x: Value) -> Value:
    """``x**(a - 1) exp(-x) / gamma(a)``, DLMF 8.8.13; at 0 it is 0, 1 or inf.

    For large a the exponents cancel about ``x = a``; after Loader (2000), "Fast and accurate computation of binomial
    probabilities", they are taken as their distance from there.
    """
    safe, end = where(x > 0, x, 1.0), where(x > 0, 1.0, x)
    close = (a > gamma_steps.LARGE) & (safe > a / 4)
    b, near = where(close, a, gamma_steps.LARGE), where(close, safe, gamma_steps.LARGE)
    peaked = sqrt(b / (2 * math.pi)) * exp(b * log1pmx((near - b) / b) - gamma_steps.stirling(b))
    c = where(close, 1.0, a)
    # Powers and exponentials as they are where all stay in range: rounding of a sum of logarithms is multiplied by its size.
    wide = dtype_of(safe).itemsize > 4
    tame = (
        (c < (100 if wide else 25)) & (safe < (700 if wide else 80)) & (absolute(c * log(safe)) < (600 if wide else 70))
    )
    e, u = where(tame, c, 1.0), where(tame, safe, 1.0)
    steep = c > 1  # the power alone may underflow where c is large, overflow where it is small
    above, below = where(tame, 1.0, c), where(tame, 1.0, safe)
    logarithm = (above - where(steep, 1.0, 0.0)) * log(below) - below - gammaln(1 + above)
    flat = where(
        tame,
        power(u, e - 1) * exp(-u) * (e * rgamma(1 + e)),
        above * exp(logarithm) / where(steep, 1.0, below),
    )
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
# The inverses: the rounding of an exponent, which is large in the tails, would be in the density and in the probability.
gammainc_over_density_p = OverDensity(
    "gammainc_over_density",
    lambda orders, a, x: kernels.gammainc(orders, a, x, scaled=True),
    (lambda a, x: log(x) - digamma(a), lambda a, x: (a - 1) / x - 1),
    _gamma_density_in_order,
    lambda: [(args, {"orders": (n,)}) for n in (0, 1) for args, _ in few((0.6, 3.0), (0.3, 4.0))()],
)


def _inverse_in_a(ans: Value, a: Value, y: Value) -> Value:
    return -gammainc_over_density_p.bind(a, ans, orders=(1,))


def _inverse_in_y(upper: bool) -> Any:
    function, sign = (gammaincc_p.bind, -1.0) if upper else (gammainc_p.bind, 1.0)

    def rule(ans: Value, a: Value, y: Value) -> Value:
        scaled = sign * gammainc_over_density_p.bind(a, ans, orders=(0,))  # where positive of the part that `y` is
        density = _gamma_density(a, ans)
        end = y == 0  # where both the part and what it is divided by are 0
        part = where(scaled > 0, scaled, function(a, ans) / density) / where(end, 1.0, y)
        return sign * where(end, 1 / density, part)

    return quietly(rule)


gammaincinv_p = special("gammaincinv", (_inverse_in_a, _inverse_in_y(False)), (0.8, 3.0), (0.2, 0.8))
gammainccinv_p = special("gammainccinv", (_inverse_in_a, _inverse_in_y(True)), (0.8, 3.0), (0.2, 0.8))

# --- incomplete beta ---------------------------------------------------------------------------------------------


def _reciprocal_beta(a: Value, b: Value) -> Value:
    """``B(a + 1, b + 1) / B(a, b)``: by this ``1 / B(a, b)`` is regular where one of them is 0."""
    total = a + b
    return a * b / (total * (total + 1))


def _beta_density(a: Value, b: Value, x: Value) -> Value:
    """``x**(a - 1) (1 - x)**(b - 1) / B(a, b)``, DLMF 8.17.21; 0, inf or the other factor at the ends."""
    inside = (x > 0) & (x < 1)
    safe = where(inside, x, 0.5)
    off = safe * b - (1 - safe) * a  # how far x is from the peak; the exponents as distances from it, as above
    large = (a > gamma_steps.LARGE) & (b > gamma_steps.LARGE) & (off > -0.75 * a) & (off < 0.75 * b)
    p, q, off = where(large, a, gamma_steps.LARGE), where(large, b, gamma_steps.LARGE), where(large, off, 0.0)
    exponent = (
        p * log1pmx(off / p)
        + q * log1pmx(-off / q)
        + gamma_steps.stirling(p + q)
        - gamma_steps.stirling(p)
        - gamma_steps.stirling(q)
    )
    peaked = sqrt(p * q / (2 * math.pi * (p + q))) * exp(exponent)
    p, q = where(large, 1.0, a), where(large, 1.0, b)
    flat = _reciprocal_beta(p, q) * exp(p * log(safe) + q * log1p(-safe) - log_beta_p.bind(p + 1, q + 1))
    density = where(large, peaked, flat) / (safe * (1 - safe))
    end = where(inside, 0.5, x)
    at_end = power(end, a - 1) * power(1 - end, b - 1) * _reciprocal_beta(a, b) * exp(-log_beta_p.bind(a + 1, b + 1))
    return where(inside, density, where((end < 0) | (end > 1), math.nan, at_end))


def _beta_density_in_orders(orders: tuple[int, ...], a: Value, b: Value, x: Value) -> Value:
    """By Leibniz's rule: the density is ``a b exp(f(a) + g(b) + h(a + b))``, each of them regular where one is 0."""
    density = _beta_density(a, b, x)
    if orders == (0, 0):
        return density
    inside = (x > 0) & (x < 1)
    safe, total = where(inside, x, 0.5), a + b
    front = (
        exp(a * log(safe) + b * log1p(-safe) - log_beta_p.bind(a + 1, b + 1))
        / (safe * (1 - safe))
        / (total * (total + 1))
    )
    regular_both = (a > 0) & (b > 0)
    front = where(regular_both, density / where(regular_both, a * b, 1.0), front)

    def slope(i: int, j: int) -> Value:
        n = i + j
        psi = digamma if n == 1 else lambda v: polygamma(n - 1.0, v)
        out = psi(total + 2) - (psi(a + 1) if j == 0 else 0.0) - (psi(b + 1) if i == 0 else 0.0)
        out = out + (-1.0) ** n * math.factorial(n - 1) * (total ** -float(n) + (total + 1) ** -float(n))
        return out + ((log(safe) if i else log1p(-safe)) if n == 1 else 0.0)

    known: dict[tuple[int, int], Value] = {(0, 0): where(inside, front, 0.0)}

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

    i, j = orders
    out = a * b * derivative(i, j)
    if i:
        out = out + i * b * derivative(i - 1, j)
    if j:
        out = out + j * a * derivative(i, j - 1)
    return out + i * j * derivative(i - 1, j - 1) if i and j else out


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
)
betainc_over_density_p = OverDensity(
    "betainc_over_density",
    lambda orders, a, b, x: kernels.betainc(orders, a, b, x, scaled=True),
    (
        lambda a, b, x: log(x) + psi_step(a, b),
        lambda a, b, x: log1p(-x) + psi_step(b, a),
        lambda a, b, x: (a - 1) / x - (b - 1) / (1 - x),
    ),
    _beta_density_in_orders,
    lambda: [
        (args, {"orders": o}) for o in ((0, 0), (1, 0), (0, 1)) for args, _ in few((0.6, 3.0), (0.6, 3.0), (0.2, 0.8))()
    ],
)


def _inverse_rules(complement: bool) -> tuple[Any, Any, Any]:
    """Of `betaincinv`, or of its complement; above 1/2 in terms of 1 less the result, which the other one gives exactly."""

    def mirrored(ans: Value, a: Value, b: Value, y: Value) -> tuple[Value, Value, Value, Value]:
        other = (betaincinv_p if complement else betainccinv_p).bind(b, a, y)
        above = ans > 0.5
        return above, where(above, b, a), where(above, a, b), where(above, other, ans)

    def in_parameter(which: int) -> Any:
        here, there = ((1, 0), (0, 1)) if which == 0 else ((0, 1), (1, 0))

        def rule(ans: Value, a: Value, b: Value, y: Value) -> Value:
            above, *args = mirrored(ans, a, b, y)
            over = lambda orders: betainc_over_density_p.bind(*args, orders=orders)  # noqa: E731
            return where(above, over(there), -over(here))

        return rule

    def in_y(ans: Value, a: Value, b: Value, y: Value) -> Value:
        above, *args = mirrored(ans, a, b, y)
        scaled, density = betainc_over_density_p.bind(*args, orders=(0, 0)), _beta_density(*args)
        lower = where(scaled > 0, scaled, betainc(*args) / density)
        upper = where(scaled < 0, -scaled, betaincc(*args) / density)
        part = where(above, lower, upper) if complement else where(above, upper, lower)
        end = y == 0  # where both the part and what it is divided by are 0
        part = where(end, 1 / density, part / where(end, 1.0, y))
        return -part if complement else part

    return quietly(in_parameter(0)), quietly(in_parameter(1)), quietly(in_y)


_INVERSE_SAMPLES = ((0.8, 3.0), (0.8, 3.0), (0.2, 0.8))
betaincinv_p = special("betaincinv", _inverse_rules(False), *_INVERSE_SAMPLES)
betainccinv_p = special("betainccinv", _inverse_rules(True), *_INVERSE_SAMPLES)

beta, betaln = map(function_of, (beta_p, betaln_p))
with_example(
    beta,
    """
    >>> from wengert.scipy import special
    >>> (special.beta(2.0, 3.0) * 12).round(12)
    np.float64(1.0)
    """,
)
with_example(
    betaln,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (np.exp(special.betaln(2.0, 2.0)) * 6).round(12)
    np.float64(1.0)
    """,
)
gammainc = function_of(gammainc_p, "The regularised lower incomplete gamma function P(a, x); differentiable in both.")
with_example(
    gammainc,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.gammainc(1.0, np.log(2.0)).round(12)
    np.float64(0.5)
    """,
)
gammaincc = function_of(gammaincc_p, "The regularised upper incomplete gamma function Q(a, x); differentiable in both.")
with_example(
    gammaincc,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.gammaincc(1.0, np.log(4.0)).round(12)
    np.float64(0.25)
    """,
)
gammaincinv = function_of(gammaincinv_p, "`x` with ``gammainc(a, x) = y``.")
with_example(
    gammaincinv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.gammaincinv(1.0, 0.75) / np.log(4.0)).round(12)
    np.float64(1.0)
    """,
)
gammainccinv = function_of(gammainccinv_p, "`x` with ``gammaincc(a, x) = y``.")
with_example(
    gammainccinv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.gammainccinv(1.0, 0.5) / np.log(2.0)).round(12)
    np.float64(1.0)
    """,
)
betainc = public(betainc_p, "The regularised incomplete beta function I_x(a, b); differentiable in all three.")
with_example(
    betainc,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.betainc(1.0, 1.0, np.array([0.25, 0.5])).round(12)
    array([0.25, 0.5 ])
    """,
)
betaincc = public(betaincc_p, "``1 - betainc(a, b, x)``, accurate where that is small.")
with_example(
    betaincc,
    """
    >>> from wengert.scipy import special
    >>> special.betaincc(1.0, 1.0, 0.25).round(12)
    np.float64(0.75)
    """,
)
betaincinv = public(betaincinv_p, "`x` with ``betainc(a, b, x) = y``.")
with_example(
    betaincinv,
    """
    >>> from wengert.scipy import special
    >>> special.betaincinv(2.0, 1.0, 0.25).round(12)
    np.float64(0.5)
    """,
)
betainccinv = public(betainccinv_p, "`x` with ``betaincc(a, b, x) = y``.")
with_example(
    betainccinv,
    """
    >>> from wengert.scipy import special
    >>> special.betainccinv(1.0, 1.0, 0.25).round(12)
    np.float64(0.75)
    """,
)
