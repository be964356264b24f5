"""Factorials, binomial coefficients, and what continues them: the gamma function and its derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...config import config
from ...core import Tracer, dtype_of
from ...errors import ArgumentError, DtypeError
from ...ops.bounds import holds
from ...ops.elementwise import cos, equal, exp, logical_not, rint, stop_gradient_p, where, where_p
from ...ops.special.boxcox import rising_p
from ...ops.special.declare import floating, of_loops
from ...ops.special.functions import binom, gamma, gammasgn, rgamma
from ...ops.special.gammas import regular
from ...ops.special.polygammas import gammaln
from ...ops.special.polygammas import polygamma as _polygamma
from ...vocabulary import ArrayLike, Value
from .domain import nan_or


def loggamma(z: ArrayLike) -> Value:
    """The logarithm of `gamma` of positive numbers, NaN of negative ones, where it is complex (`gammaln` is real).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.loggamma(4.0)).round(12)
        np.float64(6.0)
    """
    z = of_loops(z, narrow=np.float64)[0]
    if dtype_of(z).kind == "c":
        raise DtypeError("loggamma is for real numbers here; write log(gamma(z)), whose branch is another one")
    return where_p.bind(z < 0, dtype_of(z).type(math.nan), gammaln(z))


def polygamma(n: Any, x: ArrayLike) -> Value:
    """The derivative of order `n` of `digamma`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.polygamma(1, 1.0) * 6 / np.pi**2).round(12)
        np.float64(1.0)
    """
    return _polygamma(n, x)


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Value:
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
    n = floating(n)[0]
    zero = dtype_of(n).type(0)
    negative = n < 0
    return where_p.bind(negative, zero, gamma(where_p.bind(negative, zero, n) + 1))


def poch(z: ArrayLike, m: ArrayLike) -> Value:
    """The rising factorial ``gamma(z + m) / gamma(z)``.

    Example:
        >>> from wengert.scipy import special
        >>> special.poch(3.0, 2.0).round(12)
        np.float64(12.0)
    """
    z, m = of_loops(z, m)
    one = dtype_of(z).type(1)
    # Where gamma has poles at z and z + m: by reflection, a polynomial of z. In m nothing else is continuous there.
    both = (z <= 0) & (z + m <= 0) & equal(z, rint(z)) & equal(m, rint(m))
    step = where_p.bind(both, stop_gradient_p.bind(m), dtype_of(z).type(0))
    reflected = cos(math.pi * step) * rising_p.bind(1 - where_p.bind(both, z, one) - step, step)
    z, m = where_p.bind(both, one, z), where_p.bind(both, one, m)
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
    return where_p.bind(both, reflected, where_p.bind(ok, rising_p.bind(base, step), beside))


def multigammaln(a: ArrayLike, d: int) -> Value:
    """The logarithm of the multivariate gamma function of dimension `d`, of `a` above ``(d - 1) / 2``.

    Raises:
        ArgumentError: `a` is less (in the body of a compiled loop the result is NaN).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.multigammaln(3.0, 1)).round(12)
        np.float64(2.0)
    """
    a = floating(a)[0]
    low = a <= (d - 1) / 2
    if not holds(logical_not(low)):
        raise ArgumentError(f"multigammaln: a lies above (d - 1) / 2 = {(d - 1) / 2}")
    if isinstance(low, Tracer):
        a = where(low, math.nan, a)
    total: Any = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(d):
        total = total + gammaln(a - 0.5 * j)
    return total


def comb(N: ArrayLike, k: ArrayLike, *, exact: bool = False, repetition: bool = False) -> Any:
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
    return where_p.bind(inside, binom(where_p.bind(inside, N, one), where_p.bind(inside, k, one)), nan_or(zero, N, k))


def bernoulli(n: int) -> Value:
    """The Bernoulli numbers B_0 to B_n.

    Example:
        >>> bernoulli(4)[[1, 2, 4]]
        array([-0.5       ,  0.16666667, -0.03333333])
    """
    import scipy.special

    return np.asarray(scipy.special.bernoulli(n), config.float_dtype)


def perm(N: ArrayLike, k: ArrayLike, exact: bool = False) -> Any:  # noqa: N803
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
    return where(ok, poch(ones[0] - ones[1] + 1, ones[1]), 0.0)


__all__ = ["bernoulli", "comb", "factorial", "loggamma", "multigammaln", "perm", "poch", "polygamma"]
