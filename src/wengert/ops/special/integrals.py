"""Exponential, trigonometric and Fresnel integrals, error functions, functions of the normal distribution, Lambert's W.

Sources: NIST DLMF 4.13 (Lambert), 6.2 and 8.19 (exponential integrals), 7.2 and 7.10 (error functions), 7.2.7 (Fresnel),
25.12 (dilogarithm).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, as_value, dtype_of
from ...documented import with_example
from ...lowering import formulas
from ..declare import function_of, quietly
from ..elementwise import absolute, cos, erf, exp, expm1, imag, log, log1p, real, sin, sqrt, square, where
from ..families import Elementwise
from . import kernels
from .bessel import spherical_in, spherical_jn
from .declare import SQRT_2PI, SQRT_PI, ParameterDerivative, few, kept, none, scipy_function, special
from .hypergeometric import hyp2f1

_ANY = (-2.0, 2.0)

# --- integrals ---------------------------------------------------------------------------------------------------


@quietly
def _exp_over(x: Value) -> Value:
    """``exp(x) / x``, also where the exponential alone overflows."""
    half = exp(x / 2)
    return half / x * half


expi_p = special("expi", (lambda ans, x: _exp_over(x),), (0.3, 2.0))
exp1_p = special("exp1", (quietly(lambda ans, x: -exp(-x) / x),), (0.3, 2.0))


@quietly
def _expn_dx(ans: Value, n: Value, x: Value) -> Value:
    """``-E_(n-1)``; SciPy has no negative orders, and of ``E_0 = exp(-x) / x`` the derivative is elementary."""
    zero = n == 0
    return where(zero, -ans * (1 + 1 / x), -expn(where(zero, 1, n) - 1, x))


expn_p = special("expn", (none("expn", "n"), _expn_dx), 3, (0.4, 2.0))


def _spence_dx(ans: Value, x: Value) -> Value:
    """``log(x) / (1 - x)``, whose singularity at 1 is removable: there by a power series, with all its derivatives."""
    u = x - 1
    near = absolute(u) < 0.5
    far = where(near, 3.0, x)
    return where(near, -hyp2f1(1.0, 1.0, 2.0, where(near, -u, 0.0)), log(far) / (1 - far))


spence_p = special("spence", (quietly(_spence_dx),), (0.2, 0.8))
fresnel_s_p = special(
    "fresnel_s", (lambda ans, x: sin(math.pi / 2 * x * x),), _ANY, function=scipy_function("fresnel", 0)
)
fresnel_c_p = special(
    "fresnel_c", (lambda ans, x: cos(math.pi / 2 * x * x),), _ANY, function=scipy_function("fresnel", 1)
)
si_p = special("si", (lambda ans, x: spherical_jn(0, x),), _ANY, function=scipy_function("sici", 0))
ci_p = special("ci", (quietly(lambda ans, x: cos(x) / x),), (0.3, 2.0), function=scipy_function("sici", 1))
shi_p = special("shi", (lambda ans, x: spherical_in(0, x),), _ANY, function=scipy_function("shichi", 0))
chi_p = special(
    "chi", (lambda ans, x: (_exp_over(x) - _exp_over(-x)) / 2,), (0.3, 2.0), function=scipy_function("shichi", 1)
)

# --- error functions and the normal distribution -----------------------------------------------------------------


# ``2 x erfcx(x) - 2 / sqrt(pi)`` cancels for positive x; the kernel has all orders without that.
erfcx_derivative_p = ParameterDerivative(
    "erfcx_derivative",
    kernels.erfcx,
    [],
    1,
    lambda: [(args, {"orders": (n,)}) for args, _ in few((-2.0, 4.0))() for n in (1, 2)],
)
erfcx_p = special(
    "erfcx",
    (lambda ans, x: 2 * x * ans - 2 / SQRT_PI if dtype_of(x).kind == "c" else erfcx_derivative_p.bind(x, orders=(1,)),),
    _ANY,
    native=formulas.erfcx,
)
_FAR, _TERMS = 7.0, 21


def _tail(z: Value, far: Value) -> Value:
    """``1 - 2 z dawsn(z)`` where that cancels, by the series of DLMF 7.12.1; where not `far`, a number."""
    u = 1 / square(where(far, z, _FAR))
    series = 1.0 + (_TERMS + 0.5) * u
    for k in range(_TERMS - 1, 0, -1):
        series = 1.0 + (k + 0.5) * u * series
    return -0.5 * u * series


def _tail_slope(z: Value, far: Value) -> Value:
    """The derivative of `_tail`, of the same series."""
    x = where(far, z, _FAR)
    u = 1 / square(x)
    series, slope = 1.0 + (_TERMS + 0.5) * u, _TERMS + 0.5
    for k in range(_TERMS - 1, 0, -1):
        series, slope = 1.0 + (k + 0.5) * u * series, (k + 0.5) * (series + u * slope)
    return (series + u * slope) * u / x


@quietly
def _dawsn_slope_dx(ans: Value, x: Value) -> Value:
    far = absolute(x) > _FAR
    return where(far, _tail_slope(x, far), -2 * (dawsn(x) + x * ans))


@quietly
def _dawsn_dx(ans: Value, x: Value) -> Value:
    if dtype_of(x).kind == "c":
        far = absolute(x) > _FAR
        return where(far, _tail(x, far), 1 - 2 * x * ans)
    return dawsn_slope_p.bind(x)


# ``1 - 2 x dawsn(x)``
dawsn_slope_p = special(
    "dawsn_slope",
    (_dawsn_slope_dx,),
    _ANY,
    function=kept(kernels.dawsn_slope),
    reasons={"complex": "its sum is for real numbers"},
)


def _wofz_dz(ans: Value, z: Value) -> Value:
    far = (real(square(z)) > _FAR**2) | ((imag(z) >= 0) & (absolute(z) > _FAR))
    c = dtype_of(ans).type(2j / SQRT_PI)
    return where(far, c * _tail(z, far), c - 2 * z * ans)


# DLMF 7.10.1, with 7.2.3: w(z) = exp(-z²) erfc(-iz), also of real arguments a complex number
wofz_p = Elementwise(
    "wofz",
    kept(scipy_function("wofz")),
    (_wofz_dz,),
    samples=lambda: few(_ANY)() + [((args[0] + 0.5j,), {}) for args, _ in few(_ANY)()],
)
dawsn_p = special("dawsn", (_dawsn_dx,), _ANY)  # DLMF 7.10.2 with 7.2.5
erfi_p = special("erfi", (quietly(lambda ans, x: 2 / SQRT_PI * exp(x * x)),), _ANY)
# The inverses: where the argument is small ``exp(ans**2)`` would multiply the rounding of the result; it is
# ``erfcx(ans) / erfc(ans)``, and erfc(ans) the argument.
erfcinv_p = special("erfcinv", (quietly(lambda ans, x: -SQRT_PI / 2 * erfcx(ans) / x),), (0.3, 1.7))
ndtr_p = special("ndtr", (quietly(lambda ans, x: exp(-0.5 * x * x) / SQRT_2PI),), _ANY, native=formulas.ndtr)


def _log_ndtr_dx(ans: Value, x: Value) -> Value:
    """The density over the distribution function: for negative x, where both are tiny, by their ratio."""
    negative = x < 0
    ratio = (2 / SQRT_2PI) / erfcx(where(negative, x, 0.0) * -math.sqrt(0.5))
    return where(negative, ratio, exp(-0.5 * x * x - ans) / SQRT_2PI)


log_ndtr_p = special("log_ndtr", (_log_ndtr_dx,), _ANY, native=formulas.log_ndtr)


def _ndtri_dx(ans: Value, x: Value) -> Value:
    """One over the density, by its ratio to `x`; at 0, where both are 0, infinite."""
    return where(x == 0, 1.0, SQRT_2PI / 2 * erfcx(ans * -math.sqrt(0.5))) / x


ndtri_p = special(
    "ndtri",
    (quietly(_ndtri_dx),),
    (0.1, 0.9),
    native=formulas.ndtri,
)


def _ndtri_exp(y: Any) -> Any:
    import scipy.special as sp

    return sp.ndtri_exp(y)


def _ndtri_exp_dy(ans: Value, y: Value) -> Value:
    """The probability over the density; above the middle by the other tail, whose probability is ``1 - exp(y)``."""
    above = ans > 0
    ratio = SQRT_2PI / 2 * erfcx(where(above, ans, -ans) * math.sqrt(0.5))  # smooth at 0, where a modulus is not
    return where(above, exp(y) / -expm1(where(above, y, -1.0)) * ratio, ratio)


ndtri_exp_p = special("ndtri_exp", (quietly(_ndtri_exp_dy),), (-3.0, -0.2), function=_ndtri_exp)
# Owen (1956), "Tables for computing bivariate normal probabilities": T = 1/(2 pi) int_0^a exp(-h^2(1+t^2)/2)/(1+t^2) dt
owens_t_p = special(
    "owens_t",
    (
        quietly(lambda ans, h, a: -exp(-0.5 * h * h) * erf(h * a * math.sqrt(0.5)) / (2 * SQRT_2PI)),
        quietly(lambda ans, h, a: exp(-0.5 * h * h * (1 + a * a)) / (2 * math.pi * (1 + a * a))),
    ),
    _ANY,
    _ANY,
)

# --- logarithms --------------------------------------------------------------------------------------------------

logit_p = special("logit", (lambda ans, x: 1 / (x * (1 - x)),), (0.1, 0.9), native=formulas.logit)
log_expit_p = special("log_expit", (lambda ans, x: -expm1(ans),), _ANY)


def _ratio(x: Value, y: Value) -> Value:
    """``x / y``; for ``0 / 0`` the value 0, as ``x log(y)`` is 0 for every y where x is, with the derivative of ``log(y)`` in x."""
    corner = (x == 0) & (y == 0)
    quotient = x / where(corner, math.inf, y)
    if dtype_of(x).kind != "f" or (type(corner) is np.bool_ and not corner):
        return quotient
    return where(corner, sqrt(where(corner, x, 1.0)), quotient)


xlogy_p = special(
    "xlogy",
    (quietly(lambda ans, x, y: log(y)), lambda ans, x, y: _ratio(x, y)),
    (0.4, 2.0),
    (0.4, 2.0),
    native=formulas.xlogy,
)
xlog1py_p = special(
    "xlog1py",
    (quietly(lambda ans, x, y: log1p(y)), lambda ans, x, y: _ratio(x, 1 + y)),
    (0.4, 2.0),
    (0.4, 2.0),
    native=formulas.xlog1py,
)


def _lambertw(x: Value, k: Any) -> Any:
    import scipy.special as sp

    out = sp.lambertw(x, k)
    if dtype_of(x).kind == "c":
        return out
    dtype = np.result_type(x, 0.0) if np.result_type(x).kind == "f" else np.float64
    return np.where(out.imag == 0, out.real, np.nan).astype(dtype)[()]


# DLMF 4.13.4, with ``x = ans exp(ans)``: no 0/0 at 0, and no exponential of a large rounded number that counts
lambertw_p = Elementwise(
    "lambertw",
    _lambertw,
    (quietly(lambda ans, x, k: 1 / (x + exp(ans))), None),
    samples=lambda: few((0.2, 3.0), 0)() + few((-0.3, -0.1), -1)(),
)

expi, exp1, spence = map(function_of, (expi_p, exp1_p, spence_p))
with_example(
    exp1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.exp1(np.array([1.0, np.inf])).round(6)
    array([0.219384, 0.      ])
    """,
)
with_example(
    expi,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.expi(np.array([1.0, np.inf])).round(6)
    array([1.895118,      inf])
    """,
)
with_example(
    spence,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.spence(np.array([1.0, 0.0])) * 6 / np.pi**2).round(12)
    array([0., 1.])
    """,
)
expn = function_of(expn_p, "The exponential integral of whole order `n`; differentiable in `x`.")
with_example(
    expn,
    """
    >>> from wengert.scipy import special
    >>> special.expn(3, 0.0)
    np.float64(0.5)
    """,
)
wofz = function_of(wofz_p, "Faddeeva's function ``exp(-z**2) erfc(-1j z)``, a complex number for real `z` too.")
with_example(
    wofz,
    """
    >>> from wengert.scipy import special
    >>> special.wofz(0.0)
    np.complex128(1+0j)
    """,
)
dawsn = function_of(dawsn_p, "Dawson's integral, ``exp(-x**2)`` times the integral of ``exp(t**2)`` from 0 to `x`.")
with_example(
    dawsn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.dawsn(np.array([0.0, 1e-8])) * 1e8).round(12)
    array([0., 1.])
    """,
)
erfcx, erfi, erfcinv, ndtr, log_ndtr, ndtri, ndtri_exp = map(
    function_of, (erfcx_p, erfi_p, erfcinv_p, ndtr_p, log_ndtr_p, ndtri_p, ndtri_exp_p)
)
with_example(
    erfcinv,
    """
    >>> from wengert.scipy import special
    >>> special.erfcinv(special.erfc(0.25)).round(12)
    np.float64(0.25)
    """,
)
with_example(
    erfcx,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.erfcx(1e10) * 1e10 * np.sqrt(np.pi)).round(12)
    np.float64(1.0)
    """,
)
with_example(
    erfi,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.erfi(np.array([0.0, 1e-8])) * 1e8 * np.sqrt(np.pi) / 2).round(12)
    array([0., 1.])
    """,
)
with_example(
    log_ndtr,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> np.exp(special.log_ndtr(0.0)).round(12)
    np.float64(0.5)
    """,
)
with_example(
    ndtr,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.ndtr(np.array([-np.inf, 0.0, np.inf]))
    array([0. , 0.5, 1. ])
    """,
)
with_example(
    ndtri,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.ndtri(np.array([0.5, 1.0]))
    array([ 0., inf])
    """,
)
with_example(
    ndtri_exp,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> abs(special.ndtri_exp(np.log(0.5))).round(12)
    np.float64(0.0)
    """,
)
logit, log_expit = map(function_of, (logit_p, log_expit_p))
with_example(
    log_expit,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.log_expit(np.array([-800.0, 0.0])) / np.array([1.0, np.log(2.0)])).round(12)
    array([-800.,   -1.])
    """,
)
with_example(
    logit,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.logit(np.array([0.5, 1.0]))
    array([ 0., inf])
    """,
)
xlogy, xlog1py, owens_t = map(function_of, (xlogy_p, xlog1py_p, owens_t_p))
with_example(
    owens_t,
    """
    >>> from wengert.scipy import special
    >>> special.owens_t(0.0, 1.0)
    np.float64(0.125)
    """,
)
with_example(
    xlog1py,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.xlog1py(np.array([0.0, 2.0]), np.array([-1.0, np.e - 1]))).round(12)
    array([0., 2.])
    """,
)
with_example(
    xlogy,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.xlogy(np.array([0.0, 2.0]), np.array([0.0, np.e]))).round(12)
    array([0., 2.])
    """,
)


def lambertw(z: Value, k: int = 0) -> Value:
    """Lambert's W: the solution of ``w exp(w) = z`` on branch `k`.

    For real `z` the result is real (SciPy's is complex): branch 0 from ``-1/e`` up, branch -1 between there and 0,
    and nan where W is not real. Complex `z` gives complex results on every branch.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.lambertw(np.e).real.round(12)
        np.float64(1.0)
    """
    return lambertw_p.bind(as_value(z), k)


def fresnel(z: Value) -> tuple[Value, Value]:
    """The Fresnel integrals S and C.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.fresnel(np.inf)
        (np.float64(0.5), np.float64(0.5))
    """
    z = as_value(z)
    return fresnel_s_p.bind(z), fresnel_c_p.bind(z)


def sici(x: Value) -> tuple[Value, Value]:
    """The sine and the cosine integral, Si and Ci.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.sici(np.inf)[0] * 2 / np.pi).round(12)
        np.float64(1.0)
    """
    x = as_value(x)
    return si_p.bind(x), ci_p.bind(x)


def shichi(x: Value) -> tuple[Value, Value]:
    """The hyperbolic sine and cosine integrals, Shi and Chi.

    Example:
        >>> from wengert.scipy import special
        >>> special.shichi(0.0)[0]
        np.float64(0.0)
    """
    x = as_value(x)
    return shi_p.bind(x), chi_p.bind(x)
