"""Hypergeometric functions, and Legendre's functions with the spherical harmonics.

Sources: NIST DLMF 13.3.15 (Kummer), 15.5.1 (Gauss), 16.3 (0F1), 14.6 and 14.10 (Legendre), 14.30 (spherical harmonics).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, as_value, dtype_of
from ...documented import with_example
from ..declare import function_of
from ..elementwise import convert, exp, sqrt
from ..families import Elementwise
from . import kernels
from .declare import ParameterDerivative, few, floating, kept, none, public, scipy_function, special
from .polygammas import gammaln

_NO = "use stop_gradient if it is a constant, or hyp1f1, which has derivatives in its parameters"


def _kummer_in(orders: tuple[int, ...], a: Value, b: Value, x: Value) -> Value:
    if orders == (0, 0):
        return hyp1f1_p.bind(a, b, x)
    return hyp1f1_derivative_p.bind(a, b, x, orders=orders)


def _kummer_dx(orders: tuple[int, ...], a: Value, b: Value, x: Value) -> Value:
    """Derivatives of ``a / b M(a + 1, b + 1, x)``, DLMF 13.3.15, by Leibniz's rule."""
    n, m = orders
    total: Any = 0.0
    for i in range(min(n, 1) + 1):  # of a
        for j in range(m + 1):  # of 1 / b
            front = (a if i == 0 else float(n)) * math.comb(m, j) * (-1.0) ** j * math.factorial(j) / b ** (j + 1)
            total = total + front * _kummer_in((n - i, m - j), a + 1, b + 1, x)
    return total


_KUMMER = few((0.5, 2.0), (1.0, 3.0), (-1.5, 1.5))
hyp1f1_derivative_p = ParameterDerivative(
    "hyp1f1_derivative",
    kernels.hyp1f1,
    [_kummer_dx],
    3,
    lambda: [(args, {"orders": o}) for o in ((1, 0), (0, 1)) for args, _ in _KUMMER()[:2]],
)
hyp1f1_p = Elementwise(
    "hyp1f1",
    scipy_function("hyp1f1"),
    (
        lambda ans, a, b, x: _kummer_in((1, 0), a, b, x),
        lambda ans, a, b, x: _kummer_in((0, 1), a, b, x),
        lambda ans, a, b, x: _kummer_dx((0, 0), a, b, x),
    ),
    samples=_KUMMER,
    reasons={"complex": "its derivatives in the parameters are for real numbers"},
)


hyp2f1_p = special(
    "hyp2f1",
    (
        none("hyp2f1", "a", _NO),
        none("hyp2f1", "b", _NO),
        none("hyp2f1", "c", _NO),
        lambda ans, a, b, c, x: a * b / c * hyp2f1(a + 1, b + 1, c + 1, x),
    ),
    0.5,
    1.5,
    2.5,
    (-0.8, 0.7),
    function=kept(scipy_function("hyp2f1")),
)
hyp0f1_p = special("hyp0f1", (none("hyp0f1", "v", _NO), lambda ans, v, x: hyp0f1(v + 1, x) / v), 1.5, (0.3, 2.0))
lpmv_p = special(
    "lpmv",
    (
        None,
        none("lpmv", "the degree v"),
        lambda ans, m, v, x: (
            ((v + m) * (v - m + 1) * lpmv(m - 1, v, x) - lpmv(m + 1, v, x)) / (2 * sqrt((1 - x) * (1 + x)))
        ),
    ),
    1,
    3.0,
    (-0.8, 0.8),
)


def _legendre_angle(m: Any, n: Any, theta: Any) -> Value:
    import scipy.special as sp

    # the sine to the power m, not its absolute value: smooth through the poles
    flip = np.where((np.sin(theta) < 0) & (np.asarray(m) % 2 == 1), -1, 1).astype(np.int8)
    return sp.lpmv(m, n, np.cos(theta)) * flip


def _legendre_angle_slope(ans: Value, m: Value, n: Value, theta: Value) -> Value:
    # DLMF 14.10.3 with 14.10.5, with Condon and Shortley's phase; regular at the poles
    up = legendre_angle_p.bind(m + 1, n, theta)
    down = legendre_angle_p.bind(m - 1, n, theta)
    return (up - (n + m) * (n - m + 1) * down) / 2


legendre_angle_p = special(
    "legendre_angle", (None, None, _legendre_angle_slope), 1, 3, (0.3, 2.5), function=kept(_legendre_angle)
)

hyp1f1 = public(hyp1f1_p, "Kummer's confluent hypergeometric function M(a, b, x); differentiable in all three.")
with_example(
    hyp1f1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.hyp1f1(1.0, 1.0, np.log(2.0)).round(12)
    np.float64(2.0)
    """,
)
hyp2f1 = public(hyp2f1_p, "Gauss's hypergeometric function; differentiable in `x`.")
with_example(
    hyp2f1,
    """
    >>> from wengert.scipy import special
    >>> special.hyp2f1(1.0, 1.0, 1.0, 0.5).round(12)
    np.float64(2.0)
    """,
)
hyp0f1 = function_of(hyp0f1_p, "The confluent hypergeometric limit function; differentiable in `x`.")
with_example(
    hyp0f1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.hyp0f1(0.5, np.log(2.0) ** 2 / 4).round(12)
    np.float64(1.25)
    """,
)
lpmv = public(lpmv_p, "Legendre's associated function of whole order `m` and real degree `v`; differentiable in `x`.")
with_example(
    lpmv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.lpmv(0, 2, np.array([1.0, 0.0]))
    array([ 1. , -0.5])
    """,
)


def sph_harm_y(n: Any, m: Value, theta: Value, phi: Value) -> Value:
    """The spherical harmonic of degree `n` and order `m`; differentiable in the angles, at the poles too.

    Args:
        n, m: whole numbers or arrays of them, ``abs(m) <= n``.
        theta: the polar angle, from 0 to pi. phi: the azimuth.

    Example:
        >>> from wengert.scipy import special
        >>> special.sph_harm_y(0, 0, 0.0, 0.0).real.round(6)
        np.float64(0.282095)
    """
    n, m, (theta, phi) = as_value(n), as_value(m), floating(theta, phi)
    norm = exp((gammaln(n - m + 1.0) - gammaln(n + m + 1.0)) / 2) * ((2 * n + 1) / (4 * math.pi)) ** 0.5
    values = legendre_angle_p.bind(m, n, theta)
    return convert(norm, dtype_of(values)) * values * exp(1j * (convert(m, dtype_of(phi)) * phi))
