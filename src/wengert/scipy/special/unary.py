"""Elementary functions that SciPy has among its special ones: trigonometry in degrees, powers and cosines less 1, means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer
from ...documented import with_example
from ...errors import ArgumentError
from ...ops.elementwise import expm1, floor, isfinite, isinf, isnan, log, power, sin, stop_gradient_p, tan, where
from ...ops.special import functions as _ops
from ...ops.special.declare import floating, of_loops
from ...ops.special.functions import hyp1f1
from ...ops.special.riemann import riemann
from ...vocabulary import ArrayLike, Value
from .domain import nan_or


def exprel(x: ArrayLike) -> Value:
    """``(exp(x) - 1) / x``, 1 at 0, with all its derivatives there.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.exprel(np.array([0.0, np.log(2.0)])) * np.array([1.0, np.log(2.0)])).round(12)
        array([1., 1.])
    """
    return hyp1f1(1.0, 2.0, of_loops(x, narrow=np.float64)[0])


PI = math.pi


def exp10(x: ArrayLike) -> Value:
    """``10**x``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.exp10(np.array([2.0, -1.0]))
        array([100. ,   0.1])
    """
    (x,) = of_loops(x, narrow=np.float64)
    return power(10.0, x)


def cosm1(x: ArrayLike) -> Value:
    """``cos(x) - 1``, accurate where `x` is small.

    Example:
        >>> from wengert.scipy import special
        >>> (special.cosm1(1e-10) * 2e20).round(12)
        np.float64(-1.0)
    """
    (x,) = of_loops(x, narrow=np.float64)
    return -2 * sin(x / 2) ** 2


def powm1(x: ArrayLike, y: ArrayLike) -> Value:
    """``x**y - 1``, accurate where that is small.

    Example:
        >>> from wengert.scipy import special
        >>> (special.powm1(1.5, 2.0)).round(12)
        np.float64(1.25)
    """
    x, y = of_loops(x, y)
    ok = x > 0
    return where(ok, expm1(y * log(where(ok, x, 1.0))), power(where(ok, 1.0, x), y) - 1)


def _degrees(name: str, doc: str, formula: Callable[[Any], Any]) -> Any:
    def call(x: Any) -> Any:
        (x,) = of_loops(x, narrow=np.float64)
        turn = x - 360 * floor(x / 360)  # exact, so that multiples of 90 are
        return formula(turn)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


def _sine(t: ArrayLike) -> Value:
    half = where(t >= 180, t - 180, t)
    near = where(half > 90, 180 - half, half) * (PI / 180)
    value = sin(near)
    return where(t >= 180, -value, value)


def _cosine(t: ArrayLike) -> Any:
    folded = where(t > 180, 360 - t, t)
    return sin((90 - folded) * (PI / 180))


sindg = _degrees("sindg", "The sine of an angle in degrees.", _sine)


with_example(
    sindg,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.sindg(np.array([30.0, 90.0])).round(12)
    array([0.5, 1. ])
    """,
)


cosdg = _degrees("cosdg", "The cosine of an angle in degrees.", _cosine)


with_example(
    cosdg,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.cosdg(np.array([60.0, 180.0])).round(12)
    array([ 0.5, -1. ])
    """,
)


def _tangent(x: ArrayLike, inverse: bool) -> Value:
    """The tangent of degrees or its inverse, by the angle to the nearest multiple of 90, exact at those of 45."""
    t = x - 180 * floor(x / 180)
    up = t > 90
    t = where(up, 180 - t, t)
    steep = t > 45
    near = where(steep, 90 - t, t)
    value = tan(near * (PI / 180))
    value = value + where(near == 45, stop_gradient_p.bind(1 - value), 0.0)
    turned = ~steep if inverse else steep
    value = where(turned, 1 / where(turned, value, 1.0), value)
    return where(up, -value, value)


def tandg(x: ArrayLike) -> Value:
    """The tangent of an angle in degrees.

    Example:
        >>> from wengert.scipy import special
        >>> special.tandg(45.0).round(12)
        np.float64(1.0)
    """
    return _tangent(of_loops(x, narrow=np.float64)[0], False)


def cotdg(x: ArrayLike) -> Value:
    """The cotangent of an angle in degrees.

    Example:
        >>> from wengert.scipy import special
        >>> special.cotdg(45.0).round(12)
        np.float64(1.0)
    """
    return _tangent(of_loops(x, narrow=np.float64)[0], True)


def radian(d: Any, m: Any, s: Any) -> Value:
    """An angle of degrees, minutes and seconds in radians.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.radian(180.0, 0.0, 0.0) / np.pi).round(12)
        np.float64(1.0)
    """
    d, m, s = of_loops(d, m, s, narrow=np.float64)
    return (d + (m + s / 60) / 60) * (PI / 180)


def sinc(x: ArrayLike) -> Value:
    """``sin(pi x) / (pi x)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.sinc(np.array([0.0, 0.5, 1.0])).round(6)
        array([1.     , 0.63662, 0.     ])
    """
    return wnp.sinc(x)


def agm(a: ArrayLike, b: ArrayLike) -> Value:
    """The arithmetic-geometric mean of numbers of one sign, by the complete elliptic integral (DLMF 19.8.5).

    Example:
        >>> from wengert.scipy import special
        >>> (special.agm(1.0, 1.0)).round(12)
        np.float64(1.0)
    """
    a, b = of_loops(a, b)
    far = isinf(a) | isinf(b)
    whole, a, b = where(a * b > 0, a + b, math.nan), where(far, 1.0, a), where(far, 1.0, b)
    ok = a + b != 0
    total = where(ok, a + b, 1.0)
    small = ((a - b) / total) ** 2
    value = PI / 4 * total / _ops.ellipk(where(small < 1, small, 0.0))
    value = where(a * b < 0, math.nan, where(small < 1, where(ok, value, 0.0), a * b))  # 0 or NaN
    return where(far, where(isinf(whole), whole, math.nan), value)


def zetac(x: ArrayLike) -> Value:
    """Riemann's zeta function minus 1.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> abs(special.zetac(2.0) - (np.pi**2 / 6 - 1)).round(12)
        np.float64(0.0)
    """
    (x,) = of_loops(x, narrow=np.float64)
    return riemann(x, less_one=True)


def voigt_profile(x: Any, sigma: Any, gamma: Any) -> Any:
    """The density of the sum of a normal variable and one of Cauchy's, by Faddeeva's function; Cauchy's where `sigma` is 0.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.voigt_profile(0.0, 1.0, 0.0) * np.sqrt(2 * np.pi)).round(12)
        np.float64(1.0)
    """
    x, sigma, gamma = of_loops(x, sigma, gamma, narrow=np.float64)
    single = (sigma == 0) & (gamma != 0)
    scale = where(single, 1.0, sigma) * math.sqrt(2)
    both = wnp.real(_ops.wofz((x + 1j * gamma) / scale)) / (scale * math.sqrt(PI))
    # Cauchy's density, and as far as second derivatives go how it widens: by sigma^2 / 2 of its second derivative.
    g, square = where(single, gamma, 1.0), x * x + gamma * gamma
    square = where(single, square, 1.0)
    cauchy = g / (PI * square)
    value = where(single, cauchy + sigma * sigma * cauchy * (3 * x * x - g * g) / square**2, both)
    value = where((sigma == 0) & (gamma == 0), where(x == 0, math.inf, nan_or(0.0 * sigma, x)), value)
    inside = (sigma >= 0) & (gamma >= 0) & isfinite(sigma) & ~isnan(x)
    return where(inside & (isinf(x) | isinf(gamma)), 0.0, value)


def diric(x: ArrayLike, n: int) -> Value:
    """Dirichlet's kernel ``sin(n x / 2) / (n sin(x / 2))``, periodic sinc.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.diric(np.array([0.0, np.pi]), 3)).round(12)
        array([ 1.        , -0.33333333])
    """
    (x,) = floating(x)
    if isinstance(n, Tracer) or np.ndim(n) or n != int(n) or n <= 0:
        raise ArgumentError(f"diric: n is a positive whole number, got {n!r}")
    turns = floor(x / (2 * PI) + 0.5)
    t = x - 2 * PI * turns  # in [-pi, pi]
    near = wnp.abs(t) < 1e-7 if x.dtype.itemsize > 4 else wnp.abs(t) < 1e-3
    safe = where(near, 1.0, t)
    value = where(near, 1 - (n * n - 1) * t * t / 24, sin(n * safe / 2) / (n * sin(safe / 2)))
    return value if n % 2 else where(turns - 2 * floor(turns / 2) == 0, value, -value)


__all__ = [
    "agm", "cosdg", "cosm1", "cotdg", "diric", "exp10", "exprel", "powm1", "radian", "sinc", "sindg", "tandg",
    "voigt_profile", "zetac",
]  # fmt: skip
