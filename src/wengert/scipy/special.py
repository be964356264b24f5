"""scipy.special for arrays and values under transformation: names of `ops.special`, and composites of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_value, dtype_of
from ..documented import with_example
from ..errors import ArgumentError, DtypeError
from ..errors import nearest_names as _nearest_names
from ..nn import log_softmax as _log_softmax
from ..nn import logsumexp
from ..nn import softmax as _softmax
from ..ops import elementwise as _ew
from ..ops.bounds import holds
from ..ops.elementwise import (
    absolute,
    digamma,
    equal,
    erf,
    erfc,
    erfinv,
    exp,
    gammaln,
    isnan,
    log,
    logical_not,
    rint,
    sqrt,
    stop_gradient_p,
    where,
    where_p,
)
from ..ops.elementwise import polygamma as _polygamma
from ..ops.elementwise import sigmoid as expit
from ..ops.shape import stack
from ..ops.special import (
    airy,
    beta,
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    binom,
    boxcox,
    boxcox1p,
    dawsn,
    ellipe,
    ellipeinc,
    ellipk,
    ellipkinc,
    ellipkm1,
    elliprc,
    elliprd,
    elliprf,
    elliprg,
    elliprj,
    erfcinv,
    erfcx,
    erfi,
    exp1,
    expi,
    expn,
    fresnel,
    gamma,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammasgn,
    hyp0f1,
    hyp1f1,
    hyp2f1,
    i0,
    i0e,
    i1,
    i1e,
    iv,
    ive,
    j0,
    j1,
    jv,
    k0,
    k0e,
    k1,
    k1e,
    kv,
    kve,
    lambertw,
    log_expit,
    log_ndtr,
    logit,
    lpmv,
    modstruve,
    ndtr,
    ndtri,
    ndtri_exp,
    owens_t,
    rgamma,
    shichi,
    shifted_root,
    sici,
    spence,
    sph_harm_y,
    spherical_in,
    spherical_jn,
    spherical_kn,
    spherical_yn,
    stdtr,
    stdtrit,
    struve,
    wofz,
    xlog1py,
    xlogy,
    y0,
    y1,
    yv,
    zeta,
)
from ..ops.special.boxcox import rising_p
from ..ops.special.declare import floating
from ..ops.special.gammas import regular
from .more_special import (
    agm,
    bdtr,
    bdtrc,
    chdtr,
    chdtrc,
    chdtri,
    cosdg,
    cosm1,
    cotdg,
    diric,
    eval_chebyt,
    eval_chebyu,
    eval_gegenbauer,
    eval_genlaguerre,
    eval_hermite,
    eval_hermitenorm,
    eval_jacobi,
    eval_laguerre,
    eval_legendre,
    exp10,
    fdtr,
    fdtrc,
    fdtri,
    gdtr,
    gdtrc,
    gdtrix,
    ivp,
    jvp,
    kvp,
    nbdtr,
    nbdtrc,
    pdtr,
    pdtrc,
    perm,
    powm1,
    radian,
    sinc,
    sindg,
    tandg,
    voigt_profile,
    yvp,
    zetac,
)

jn, kn, yn = jv, kv, yv
psi = digamma


def _floating(x: Any) -> Any:
    return floating(x)[0]


def _of_floating(f: Any) -> Any:
    """A function of NumPy's that SciPy has too, where truth values count as floating numbers, not as float16."""

    def call(x: Any, /, **options: Any) -> Any:
        return f(_floating(x) if dtype_of(as_value(x)).kind == "b" else x, **options)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f.__doc__
    return call


cbrt, exp2, expm1, log1p = map(_of_floating, (_ew.cbrt, _ew.exp2, _ew.expm1, _ew.log1p))
with_example(
    cbrt,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.cbrt(np.array([27.0, -8.0]))
    array([ 3., -2.])
    """,
)
with_example(
    exp2,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.exp2(np.array([5.0, -2.0]))
    array([32.  ,  0.25])
    """,
)
with_example(
    expm1,
    """
    >>> from wengert.scipy import special
    >>> (special.expm1(1e-15) / 1e-15).round(12)
    np.float64(1.0)
    """,
)
with_example(
    log1p,
    """
    >>> from wengert.scipy import special
    >>> (special.log1p(1e-15) / 1e-15).round(12)
    np.float64(1.0)
    """,
)


def softmax(x: Any, axis: Any = None) -> Any:
    """``exp(x) / sum(exp(x))``, the sum over `axis`: over all elements by default, as SciPy has it.

    Example:
        >>> softmax(np.zeros((2, 2)))
        array([[0.25, 0.25],
               [0.25, 0.25]])
    """
    return _softmax(x, axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of `softmax`, without overflow; over all elements by default.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.log_softmax(np.log([2.0, 6.0]))).round(12)
        array([0.25, 0.75])
    """
    return _log_softmax(x, axis)


def loggamma(z: Any) -> Any:
    """The logarithm of `gamma` of positive numbers, NaN of negative ones, where it is complex (`gammaln` is real).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.loggamma(4.0)).round(12)
        np.float64(6.0)
    """
    z = _floating(z)
    if dtype_of(z).kind == "c":
        raise DtypeError("loggamma is for real numbers here; write log(gamma(z)), whose branch is another one")
    return where_p.bind(z < 0, dtype_of(z).type(math.nan), gammaln(z))


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order `n` of `digamma`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.polygamma(1, 1.0) * 6 / np.pi**2).round(12)
        np.float64(1.0)
    """
    return _polygamma(n, x)


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """``gamma(n + 1)``, and 0 for negative `n`; a whole number, or an array of them, where `exact`, for known `n`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.factorial(np.array([0, 5]))
        array([  1., 120.])
    """
    if extend != "zero":
        raise ArgumentError(f"factorial: extend is 'zero' here, got {extend!r}; write gamma(n + 1)")
    if exact:
        import scipy.special

        known = n.concrete("factorial with exact=True") if isinstance(n, Tracer) else n
        return scipy.special.factorial(known, exact=True)
    n = _floating(n)
    zero = dtype_of(n).type(0)
    negative = n < 0
    return where_p.bind(negative, zero, gamma(where_p.bind(negative, zero, n) + 1))


def poch(z: Any, m: Any) -> Any:
    """The rising factorial ``gamma(z + m) / gamma(z)``.

    Example:
        >>> from wengert.scipy import special
        >>> special.poch(3.0, 2.0).round(12)
        np.float64(12.0)
    """
    z, m = floating(z, m)
    one = dtype_of(z).type(1)
    ok, base, step = regular(z, m)
    z, m = where_p.bind(ok, one, z), where_p.bind(ok, one, m)
    total = z + m
    left = (z < 0.5) & ((total > 0) | (total != rint(total)))  # the gamma function of z may have a pole there
    a, b = where_p.bind(left, one, z), where_p.bind(left, z, one)
    beside = where_p.bind(
        left,
        rgamma(b) / rgamma(where_p.bind(left, z + m, one)),  # gamma functions of small numbers overflow on the way
        gammasgn(a + m) * gammasgn(a) * exp(gammaln(a + m) - gammaln(a)),
    )
    return where_p.bind(ok, rising_p.bind(base, step), beside)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`, of `a` above ``(d - 1) / 2``.

    Raises:
        ArgumentError: `a` is less (in the body of a compiled loop the result is NaN).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.multigammaln(3.0, 1)).round(12)
        np.float64(2.0)
    """
    a = _floating(a)
    low = a <= (d - 1) / 2
    if not holds(logical_not(low)):
        raise ArgumentError(f"multigammaln: a lies above (d - 1) / 2 = {(d - 1) / 2}")
    if isinstance(low, Tracer):
        a = where(low, math.nan, a)
    total: Any = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(d):
        total = total + gammaln(a - 0.5 * j)
    return total


def entr(x: Any) -> Any:
    """``-x log(x)``; 0 at 0 and -inf below.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.entr(np.array([0.0, 1.0, -1.0]))
        array([  0.,   0., -inf])
    """
    x = _floating(x)
    outside = x < 0
    safe = where_p.bind(outside, dtype_of(x).type(1), x)
    return where_p.bind(outside, dtype_of(x).type(-np.inf), 0 - xlogy(safe, safe))


def _nan_or(value: Any, *xs: Any) -> Any:
    """`value`, and NaN with a derivative that is NaN where one of `xs` is."""
    for x in xs:
        value = where_p.bind(isnan(x), dtype_of(x).type(np.nan) * x, value)
    return value


def rel_entr(x: Any, y: Any) -> Any:
    """``x log(x / y)``; 0 where `x` is 0 and `y` is not negative, inf elsewhere outside the domain.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.rel_entr(np.array([0.0, 2.0]), np.array([1.0, 1.0])) / np.log(2.0)).round(12)
        array([0., 2.])
    """
    x, y = floating(x, y)
    inside = (x > 0) & (y > 0)
    one, zero = dtype_of(x).type(1), dtype_of(x).type(0)
    a, b = where_p.bind(inside, x, one), where_p.bind(inside, y, one)
    rest = where_p.bind((x == 0) & (y >= 0), zero, _nan_or(dtype_of(x).type(np.inf), x, y))
    return where_p.bind(inside, a * _log_quotient(a, b), rest)


def _log_quotient(a: Any, b: Any) -> Any:
    """``log(a / b)`` of positive numbers: by the logarithms of both where the quotient is so far from 1 that they differ.

    Elsewhere both are scaled, so that ``a / b**2``, which a tangent has, stays in range.
    """
    info, one = np.finfo(dtype_of(a)), dtype_of(a).type(1)
    limit, scale = info.tiny ** dtype_of(a).type(1 / 3), np.ldexp(one, info.maxexp // 2)
    with np.errstate(over="ignore", under="ignore"):
        quotient = stop_gradient_p.bind(a) / stop_gradient_p.bind(b)
    near = (quotient >= limit) & (quotient <= one / limit)
    scales = where_p.bind(b < limit, scale, where_p.bind(b > one / limit, one / scale, one))
    quotients = (where_p.bind(near, a, one) * scales) / (where_p.bind(near, b, one) * scales)
    return log(where_p.bind(near, quotients, a)) - log(where_p.bind(near, one, b))


def kl_div(x: Any, y: Any) -> Any:
    """``x log(x / y) - x + y``, the term of the Kullback-Leibler divergence.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.kl_div(np.array([1.0, 0.0]), np.array([1.0, 2.0]))
        array([0., 2.])
    """
    x, y = floating(x, y)
    value = rel_entr(x, y)
    defined = (x >= 0) & (y >= 0) & (value < np.inf)
    zero = dtype_of(x).type(0)
    return value - where_p.bind(defined, x, zero) + where_p.bind(defined, y, zero)


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """The number of ways to choose `k` of `N` things: `binom`, but 0 where `k` or `N` is negative or `k` is above `N`.

    Args:
        exact: whether the result is a Python integer, for two of them.
        repetition: whether a thing may be chosen more than once: ``comb(N + k - 1, k)``.

    Raises:
        ArgumentError: `exact` of what are not Python integers.

    Example:
        >>> comb(np.array([3.0, 4.0]), 2)
        array([3., 6.])
        >>> comb(70, 35, exact=True)
        112186277816662845432
    """
    if exact:
        if not (isinstance(N, int) and isinstance(k, int)):
            raise ArgumentError(
                f"comb with exact=True is for two Python integers, got {N!r} and {k!r}; leave exact out"
            )
        if repetition:
            return 1 if k == 0 <= N else comb(N + k - 1, k, exact=True)
        return math.comb(N, k) if 0 <= k <= N else 0
    N, k = floating(N, k)
    one, zero = dtype_of(N).type(1), dtype_of(N).type(0)
    if repetition:
        ways = comb(N + k - 1, k)
        return where_p.bind(equal(k, zero) & (N >= 0), one, ways)
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return where_p.bind(inside, binom(where_p.bind(inside, N, one), where_p.bind(inside, k, one)), _nan_or(zero, N, k))


def bernoulli(n: int) -> Any:
    """The Bernoulli numbers B_0 to B_n.

    Example:
        >>> bernoulli(4)[[1, 2, 4]]
        array([-0.5       ,  0.16666667, -0.03333333])
    """
    import scipy.special

    return np.asarray(scipy.special.bernoulli(n), config.float_dtype)


def bessel_jn(z: Any, *, v: int, n_iter: int = 50) -> Any:
    """The Bessel functions J of orders 0 to `v`, stacked along a new first axis; `n_iter` is taken for JAX's sake.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.bessel_jn(np.array(0.0), v=2)
        array([1., 0., 0.])
    """
    z = _floating(z)
    return stack([jv(float(k), z) for k in range(v + 1)])


def hankel1(v: Any, z: Any) -> Any:
    """The Hankel function of the first kind, ``jv + 1j * yv``, for real or complex `z`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (abs(special.hankel1(0.5, 2.0)).round(12) ** 2 * np.pi).round(12)
        np.float64(1.000000000001)
    """
    return jv(v, z) + 1j * yv(v, z)


def hankel2(v: Any, z: Any) -> Any:
    """The Hankel function of the second kind, ``jv - 1j * yv``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.hankel2(1.0, 2.0) == np.conj(special.hankel1(1.0, 2.0))
        np.True_
    """
    return jv(v, z) - 1j * yv(v, z)


def sph_harm(m: Any, n: Any, theta: Any, phi: Any) -> Any:
    """`sph_harm_y` with the order first, `theta` the azimuth and `phi` the polar angle, as SciPy had it before 1.17.

    Example:
        >>> from wengert.scipy import special
        >>> special.sph_harm(0, 0, 0.0, 0.0).real.round(6)
        np.float64(0.282095)
    """
    return sph_harm_y(n, m, phi, theta)


def lpmn_values(m: int, n: int, z: Any, is_normalized: bool = False) -> Any:
    """Legendre's associated functions of orders 0 to `m` and degrees 0 to `n` at points `z`: ``(m + 1, n + 1, len(z))``.

    Args:
        is_normalized: whether they are those of the spherical harmonics, with their norm and phase.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.lpmn_values(1, 1, np.array([0.5]), False)[1, 1].round(4)
        array([-0.866])
    """
    z = _floating(z)
    rows = []
    for i in range(m + 1):
        row = []
        for j in range(n + 1):
            norm = (
                math.sqrt((2 * j + 1) / (4 * math.pi) * math.factorial(j - i) / math.factorial(j + i))
                if i <= j
                else 0.0
            )
            value = lpmv(i, float(j), z) if i <= j else 0 * z
            row.append(value * norm if is_normalized else value)
        rows.append(stack(row))
    return stack(rows)


def inv_boxcox(y: Any, lmbda: Any) -> Any:
    """The inverse of `boxcox`, differentiable in both, where `lmbda` is 0 too.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.inv_boxcox(np.array([4.0, np.log(3.0)]), np.array([2.0, 0.0])).round(12)
        array([3., 3.])
    """
    return exp(shifted_root(*floating(y, lmbda)))


def inv_boxcox1p(y: Any, lmbda: Any) -> Any:
    """The inverse of `boxcox1p`, differentiable in both, where `lmbda` is 0 too.

    Example:
        >>> print(round(float(inv_boxcox1p(2.0, 0.5)), 12))
        3.0
    """
    return expm1(shifted_root(*floating(y, lmbda)))


def exprel(x: Any) -> Any:
    """``(exp(x) - 1) / x``, 1 at 0, with all its derivatives there.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.exprel(np.array([0.0, np.log(2.0)])) * np.array([1.0, np.log(2.0)])).round(12)
        array([1., 1.])
    """
    return hyp1f1(1.0, 2.0, _floating(x))


def huber(delta: Any, r: Any) -> Any:
    """Huber's loss: ``r**2 / 2`` up to `delta`, linear beyond; inf where `delta` is negative.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.huber(1.0, np.array([0.5, 3.0]))
        array([0.125, 2.5  ])
    """
    delta, r = floating(delta, r)
    size = absolute(r)
    loss = where(size <= delta, r * r / 2, delta * (size - delta / 2))
    return where(delta < 0, math.inf, loss)


def pseudo_huber(delta: Any, r: Any) -> Any:
    """The smooth form of Huber's loss, ``delta**2 (sqrt(1 + (r / delta)**2) - 1)``.

    Example:
        >>> from wengert.scipy import special
        >>> (special.pseudo_huber(3.0, 4.0)).round(12)
        np.float64(6.0)
    """
    delta, r = floating(delta, r)
    loss = _pseudo_huber(where(delta > 0, delta, 1.0), r)
    beside = where(delta < 0, dtype_of(r).type(math.inf), dtype_of(r).type(0) * delta)  # NaN stays
    return where(delta > 0, loss, beside)


def _pseudo_huber(delta: Any, r: Any) -> Any:
    ratio = r / delta
    far = absolute(ratio) > 1e8  # where the squares below would overflow, and the loss is linear
    near, size = where(far, 0.0, r), where(far, 0.0, ratio)
    loss = near * near / (1 + sqrt(1 + size * size))  # delta**2 (sqrt(1 + size**2) - 1), without its cancellation
    return where(far, delta * (absolute(r) - delta), loss)


__all__ = [
    "agm", "airy", "bdtr", "bdtrc", "bernoulli", "bessel_jn", "beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln",
    "binom", "boxcox", "boxcox1p", "cbrt", "chdtr", "chdtrc", "chdtri", "comb", "cosdg", "cosm1", "cotdg", "dawsn",
    "digamma", "diric", "ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1", "elliprc", "elliprd", "elliprf",
    "elliprg", "elliprj", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfi", "erfinv", "eval_chebyt", "eval_chebyu",
    "eval_gegenbauer", "eval_genlaguerre", "eval_hermite", "eval_hermitenorm", "eval_jacobi", "eval_laguerre",
    "eval_legendre", "exp1", "exp10", "exp2", "expi", "expit", "expm1", "expn", "exprel", "factorial", "fdtr",
    "fdtrc", "fdtri", "fresnel", "gamma", "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln",
    "gammasgn", "gdtr", "gdtrc", "gdtrix", "hankel1", "hankel2", "huber", "hyp0f1", "hyp1f1", "hyp2f1", "i0", "i0e",
    "i1", "i1e", "inv_boxcox", "inv_boxcox1p", "iv", "ive", "ivp", "j0", "j1", "jn", "jv", "jvp", "k0", "k0e", "k1",
    "k1e", "kl_div", "kn", "kv", "kve", "kvp", "lambertw", "log1p", "log_expit", "log_ndtr", "log_softmax",
    "loggamma", "logit", "logsumexp", "lpmn_values", "lpmv", "modstruve", "multigammaln", "nbdtr", "nbdtrc", "ndtr",
    "ndtri", "ndtri_exp", "owens_t", "pdtr", "pdtrc", "perm", "poch", "polygamma", "powm1", "pseudo_huber", "psi",
    "radian", "rel_entr", "rgamma", "shichi", "sici", "sinc", "sindg", "softmax", "spence", "sph_harm",
    "sph_harm_y", "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn", "stdtr", "stdtrit", "struve",
    "tandg", "voigt_profile", "wofz", "xlog1py", "xlogy", "y0", "y1", "yn", "yv", "yvp", "zeta", "zetac",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
