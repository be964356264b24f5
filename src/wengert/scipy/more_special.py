"""Special functions that are compositions of others: distribution functions under SciPy's old names, orthogonal polynomials,
derivatives of Bessel functions, trigonometry in degrees. They stand in `wengert.scipy.special`.

Polynomials follow the three-term recurrences of DLMF 18.9; derivatives of Bessel functions DLMF 10.6.7 and 10.29.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import numpy as wnp
from ..core import Tracer, as_value
from ..documented import with_example
from ..errors import ArgumentError
from ..ops import special as _ops
from ..ops.elementwise import expm1, floor, isinf, log, power, sin, tan, where
from ..ops.special.declare import floating
from ..ops.special.riemann import riemann

PI = math.pi

# --- distribution functions under their old names ------------------------------------------------------------------


def bdtr(k: Any, n: Any, p: Any) -> Any:
    """The binomial distribution function: at most `k` of `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.bdtr(1, 2, 0.5)
        np.float64(0.75)
    """
    k, n, p = floating(k, n, p)
    k = floor(k)
    inside = where((k >= 0) & (k < n), k, 0.0)
    value = _ops.betainc(where(n > 0, n - inside, 1.0), inside + 1, 1 - p)
    return where((k < 0) | (n < k), math.nan, where(k == n, 1.0, value))


def bdtrc(k: Any, n: Any, p: Any) -> Any:
    """The binomial survival function: more than `k` of `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.bdtrc(1, 2, 0.5)
        np.float64(0.25)
    """
    k, n, p = floating(k, n, p)
    k = floor(k)
    inside = where((k >= 0) & (k < n), k, 0.0)
    value = _ops.betainc(inside + 1, where(n > 0, n - inside, 1.0), p)
    return where(k < 0, 1.0, where(n < k, math.nan, where(k == n, 0.0, value)))


def chdtr(v: Any, x: Any) -> Any:
    """The distribution function of chi squared with `v` degrees of freedom.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.chdtr(2.0, 2 * np.log(4.0)).round(12)
        np.float64(0.75)
    """
    v, x = floating(v, x)
    return _ops.gammainc(v / 2, x / 2)


def chdtrc(v: Any, x: Any) -> Any:
    """The survival function of chi squared with `v` degrees of freedom.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.chdtrc(2.0, 2 * np.log(4.0)).round(12)
        np.float64(0.25)
    """
    v, x = floating(v, x)
    return _ops.gammaincc(v / 2, x / 2)


def chdtri(v: Any, p: Any) -> Any:
    """`x` with ``chdtrc(v, x) = p``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.chdtri(2.0, 0.25) / np.log(4.0)).round(12)
        np.float64(2.0)
    """
    v, p = floating(v, p)
    return 2 * _ops.gammainccinv(v / 2, p)


def fdtr(dfn: Any, dfd: Any, x: Any) -> Any:
    """The distribution function of F.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.fdtr(2.0, 2.0, np.array([1.0, 3.0])).round(12)
        array([0.5 , 0.75])
    """
    m, n, x = floating(dfn, dfd, x)
    return _ops.betainc(m / 2, n / 2, where(isinf(n), math.nan, m * x / (n + m * x)))  # beta's limit is not F's


def fdtrc(dfn: Any, dfd: Any, x: Any) -> Any:
    """The survival function of F.

    Example:
        >>> from wengert.scipy import special
        >>> special.fdtrc(2.0, 2.0, 3.0).round(12)
        np.float64(0.25)
    """
    m, n, x = floating(dfn, dfd, x)
    return _ops.betainc(n / 2, m / 2, n / (n + m * x))


def fdtri(dfn: Any, dfd: Any, p: Any) -> Any:
    """`x` with ``fdtr(dfn, dfd, x) = p``.

    Example:
        >>> from wengert.scipy import special
        >>> special.fdtri(2.0, 2.0, 0.75).round(12)
        np.float64(3.0)
    """
    m, n, p = floating(dfn, dfd, p)
    y = _ops.betaincinv(n / 2, m / 2, 1 - p)
    return n * (1 - y) / (m * y)


def gdtr(a: Any, b: Any, x: Any) -> Any:
    """The distribution function of the gamma distribution of shape `b` and rate `a`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.gdtr(1.0, 1.0, np.log(4.0)).round(12)
        np.float64(0.75)
    """
    a, b, x = floating(a, b, x)
    return _ops.gammainc(b, a * x)


def gdtrc(a: Any, b: Any, x: Any) -> Any:
    """The survival function of the gamma distribution of shape `b` and rate `a`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.gdtrc(2.0, 1.0, np.log(2.0)).round(12)
        np.float64(0.25)
    """
    a, b, x = floating(a, b, x)
    return _ops.gammaincc(b, a * x)


def gdtrix(a: Any, b: Any, p: Any) -> Any:
    """`x` with ``gdtr(a, b, x) = p``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.gdtrix(1.0, 1.0, 0.5) / np.log(2.0)).round(12)
        np.float64(1.0)
    """
    a, b, p = floating(a, b, p)
    return _ops.gammaincinv(b, p) / a


def pdtr(k: Any, m: Any) -> Any:
    """Poisson's distribution function: at most `k`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.pdtr(0, np.log(2.0)).round(12)
        np.float64(0.5)
    """
    k, m = floating(k, m)
    return _ops.gammaincc(floor(k) + 1, m)


def pdtrc(k: Any, m: Any) -> Any:
    """Poisson's survival function: more than `k`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.pdtrc(0, np.log(4.0)).round(12)
        np.float64(0.75)
    """
    k, m = floating(k, m)
    return _ops.gammainc(floor(k) + 1, m)


def nbdtr(k: Any, n: Any, p: Any) -> Any:
    """The negative binomial distribution function: at most `k` failures before `n` successes.

    Example:
        >>> from wengert.scipy import special
        >>> special.nbdtr(1, 1, 0.5)
        np.float64(0.75)
    """
    k, n, p = floating(k, n, p)
    return _ops.betainc(n, floor(k) + 1, p)


def nbdtrc(k: Any, n: Any, p: Any) -> Any:
    """The negative binomial survival function.

    Example:
        >>> from wengert.scipy import special
        >>> special.nbdtrc(1, 1, 0.5)
        np.float64(0.25)
    """
    k, n, p = floating(k, n, p)
    return _ops.betainc(floor(k) + 1, n, 1 - p)


# --- elementary -----------------------------------------------------------------------------------------------------


def exp10(x: Any) -> Any:
    """``10**x``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.exp10(np.array([2.0, -1.0]))
        array([100. ,   0.1])
    """
    (x,) = floating(x)
    return power(10.0, x)


def cosm1(x: Any) -> Any:
    """``cos(x) - 1``, accurate where `x` is small.

    Example:
        >>> from wengert.scipy import special
        >>> (special.cosm1(1e-10) * 2e20).round(12)
        np.float64(-1.0)
    """
    (x,) = floating(x)
    return -2 * sin(x / 2) ** 2


def powm1(x: Any, y: Any) -> Any:
    """``x**y - 1``, accurate where that is small.

    Example:
        >>> from wengert.scipy import special
        >>> (special.powm1(1.5, 2.0)).round(12)
        np.float64(1.25)
    """
    x, y = floating(x, y)
    ok = x > 0
    return where(ok, expm1(y * log(where(ok, x, 1.0))), power(where(ok, 1.0, x), y) - 1)


def _degrees(name: str, doc: str, formula: Callable[[Any], Any]) -> Any:
    def call(x: Any) -> Any:
        (x,) = floating(x)
        turn = x - 360 * floor(x / 360)  # exact, so that multiples of 90 are
        return formula(turn)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


def _sine(t: Any) -> Any:
    half = where(t >= 180, t - 180, t)
    near = where(half > 90, 180 - half, half) * (PI / 180)
    return where(t >= 180, -1.0, 1.0) * sin(near)


def _cosine(t: Any) -> Any:
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


def _tangent(x: Any, lag: float, sign: float) -> Any:
    t = lag + sign * (x - 180 * floor(x / 180))
    t = where(t < 0, t + 180, where(t >= 180, t - 180, t))
    up = t > 90
    t = where(up, 180 - t, t)
    pole = t == 90
    value = where(t == 45, 1.0, tan(where(pole, 0.0, t) * (PI / 180)))
    return where(up, -1.0, 1.0) * where(pole, math.inf, value)


def tandg(x: Any) -> Any:
    """The tangent of an angle in degrees.

    Example:
        >>> from wengert.scipy import special
        >>> special.tandg(45.0).round(12)
        np.float64(1.0)
    """
    return _tangent(floating(x)[0], 0.0, 1.0)


def cotdg(x: Any) -> Any:
    """The cotangent of an angle in degrees.

    Example:
        >>> from wengert.scipy import special
        >>> special.cotdg(45.0).round(12)
        np.float64(1.0)
    """
    return _tangent(floating(x)[0], 90.0, -1.0)


def radian(d: Any, m: Any, s: Any) -> Any:
    """An angle of degrees, minutes and seconds in radians.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.radian(180.0, 0.0, 0.0) / np.pi).round(12)
        np.float64(1.0)
    """
    d, m, s = floating(d, m, s)
    return (d + (m + s / 60) / 60) * (PI / 180)


def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.sinc(np.array([0.0, 0.5, 1.0])).round(6)
        array([1.     , 0.63662, 0.     ])
    """
    return wnp.sinc(x)


def agm(a: Any, b: Any) -> Any:
    """The arithmetic-geometric mean of numbers of one sign, by the complete elliptic integral (DLMF 19.8.5).

    Example:
        >>> from wengert.scipy import special
        >>> (special.agm(1.0, 1.0)).round(12)
        np.float64(1.0)
    """
    a, b = floating(a, b)
    ok = a + b != 0
    total = where(ok, a + b, 1.0)
    small = ((a - b) / total) ** 2
    value = PI / 4 * total / _ops.ellipk(where(small < 1, small, 0.0))
    return where(a * b < 0, math.nan, where(small < 1, where(ok, value, 0.0), 0.0))


def zetac(x: Any) -> Any:
    """Riemann's zeta function minus 1.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> abs(special.zetac(2.0) - (np.pi**2 / 6 - 1)).round(12)
        np.float64(0.0)
    """
    (x,) = floating(x)
    return riemann(x, less_one=True)


def voigt_profile(x: Any, sigma: Any, gamma: Any) -> Any:
    """The density of the sum of a normal variable and one of Cauchy's, `sigma` positive: by Faddeeva's function.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.voigt_profile(0.0, 1.0, 0.0) * np.sqrt(2 * np.pi)).round(12)
        np.float64(1.0)
    """
    x, sigma, gamma = floating(x, sigma, gamma)
    scale = sigma * math.sqrt(2)
    return wnp.real(_ops.wofz((x + 1j * gamma) / scale)) / (scale * math.sqrt(PI))


def perm(N: Any, k: Any, exact: bool = False) -> Any:  # noqa: N803
    """In how many orders `k` of `N` things can be taken.

    Example:
        >>> from wengert.scipy import special
        >>> special.perm(5, 2)
        np.float64(20.0)
    """
    if exact:
        return math.perm(int(N), int(k)) if 0 <= k <= N else 0
    N, k = floating(N, k)  # noqa: N806
    ok = (k <= N) & (N >= 0) & (k >= 0)
    ones = where(ok, N, 1.0), where(ok, k, 0.0)
    from .special import poch

    return where(ok, poch(ones[0] - ones[1] + 1, ones[1]), 0.0)


def diric(x: Any, n: int) -> Any:
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
    return value if n % 2 else where(turns - 2 * floor(turns / 2) == 0, 1.0, -1.0) * value


# --- derivatives of Bessel functions --------------------------------------------------------------------------------


def _derivatives(name: str, of: str, f: Any, sign: int, factor: int = 1) -> Any:
    def call(v: Any, z: Any, n: int = 1) -> Any:
        if isinstance(n, Tracer) or n != int(n) or n < 0:
            raise ArgumentError(f"{name}: n is a whole number from 0 on, got {n!r}")
        n = int(n)
        v = as_value(v)
        terms = [math.comb(n, k) * sign**k * f(v - n + 2 * k, z) for k in range(n + 1)]
        return sum(terms[1:], terms[0]) * (factor / 2) ** n

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The n-th derivative of `{of}(v, z)` in `z`."
    return call


jvp = _derivatives("jvp", "jv", _ops.jv, -1)
with_example(
    jvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.jvp(0, 2.0) + special.j1(2.0)).round(12)
    np.float64(0.0)
    """,
)
yvp = _derivatives("yvp", "yv", _ops.yv, -1)
with_example(
    yvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.yvp(0, 3.0) + special.y1(3.0)).round(12)
    np.float64(0.0)
    """,
)
ivp = _derivatives("ivp", "iv", _ops.iv, 1)
with_example(
    ivp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.ivp(0, 1.0) - special.iv(1, 1.0)).round(12)
    np.float64(0.0)
    """,
)
kvp = _derivatives("kvp", "kv", _ops.kv, 1, -1)
with_example(
    kvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.kvp(0, 1.0) + special.k1(1.0)).round(12)
    np.float64(0.0)
    """,
)

# --- orthogonal polynomials -----------------------------------------------------------------------------------------


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
    "agm", "bdtr", "bdtrc", "chdtr", "chdtrc", "chdtri", "cosdg", "cosm1", "cotdg", "diric", "eval_chebyt", "eval_chebyu",
    "eval_gegenbauer", "eval_genlaguerre", "eval_hermite", "eval_hermitenorm", "eval_jacobi", "eval_laguerre",
    "eval_legendre", "exp10", "fdtr", "fdtrc", "fdtri", "gdtr", "gdtrc", "gdtrix", "ivp", "jvp", "kvp", "nbdtr", "nbdtrc",
    "pdtr", "pdtrc", "perm", "powm1", "radian", "sinc", "sindg", "tandg", "voigt_profile", "yvp", "zetac",
]  # fmt: skip
