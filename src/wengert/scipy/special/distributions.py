"""Distribution functions under the names that SciPy has from Cephes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import as_value, dtype_of
from ...ops.elementwise import floor, isfinite, isinf, trunc, where
from ...ops.special import functions as _ops
from ...ops.special.declare import of_loops
from ...vocabulary import ArrayLike, Value


def _outside(*args: Any) -> Any:
    """What functions are outside of their domain: NaN, with derivatives that are NaN."""
    return math.nan * sum(args[1:], args[0])


def bdtr(k: ArrayLike, n: Any, p: Any) -> Value:
    """The binomial distribution function: at most `k` of `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.bdtr(1, 2, 0.5)
        np.float64(0.75)
    """
    k, n, p = of_loops(k, n, p)
    k, n = floor(k), trunc(n)
    ok = isfinite(n) & (k <= n) & (p >= 0) & (p <= 1)
    inside = where(ok & (k >= 0) & (k < n), k, 0.0)
    value = _ops.betainc(where(ok & (n > 0), n - inside, 1.0), inside + 1, 1 - p)
    return where(ok & (k >= 0), where(k == n, 1.0, value), _outside(k, n, p))


def bdtrc(k: ArrayLike, n: Any, p: Any) -> Value:
    """The binomial survival function: more than `k` of `n`.

    Example:
        >>> from wengert.scipy import special
        >>> special.bdtrc(1, 2, 0.5)
        np.float64(0.25)
    """
    k, n, p = of_loops(k, n, p)
    k, n = floor(k), trunc(n)
    ok = isfinite(n) & (k <= n) & (p >= 0) & (p <= 1)
    inside = where(ok & (k >= 0) & (k < n), k, 0.0)
    value = _ops.betainc(inside + 1, where(ok & (n > 0), n - inside, 1.0), p)
    return where(ok, where(k < 0, 1.0, where(k == n, 0.0, value)), _outside(k, n, p))


def chdtr(v: ArrayLike, x: ArrayLike) -> Value:
    """The distribution function of chi squared with `v` degrees of freedom.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.chdtr(2.0, 2 * np.log(4.0)).round(12)
        np.float64(0.75)
    """
    v, x = of_loops(v, x)
    return _ops.gammainc(v / 2, x / 2)


def chdtrc(v: ArrayLike, x: ArrayLike) -> Value:
    """The survival function of chi squared with `v` degrees of freedom.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.chdtrc(2.0, 2 * np.log(4.0)).round(12)
        np.float64(0.25)
    """
    v, x = of_loops(v, x)
    return _ops.gammaincc(v / 2, x / 2)


def chdtri(v: ArrayLike, p: Any) -> Value:
    """`x` with ``chdtrc(v, x) = p``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.chdtri(2.0, 0.25) / np.log(4.0)).round(12)
        np.float64(2.0)
    """
    v, p = of_loops(v, p)
    return 2 * _ops.gammainccinv(v / 2, p)


def _f_has(m: Any, n: Any) -> Any:
    """Whether F has a distribution with these degrees of freedom; the limit of beta's at infinity is not that of F's."""
    return (m > 0) & (n > 0) & isfinite(m) & isfinite(n)


def fdtr(dfn: Any, dfd: Any, x: Any) -> Any:
    """The distribution function of F.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.fdtr(2.0, 2.0, np.array([1.0, 3.0])).round(12)
        array([0.5 , 0.75])
    """
    m, n, x = of_loops(dfn, dfd, x)
    ok = _f_has(m, n) & (x >= 0)
    share = where(isinf(x), 1.0, m * x / (n + m * where(isinf(x), 1.0, x)))
    return where(ok, _ops.betainc(m / 2, n / 2, where(ok, share, 0.5)), _outside(m, n, x))


def fdtrc(dfn: Any, dfd: Any, x: ArrayLike) -> Value:
    """The survival function of F.

    Example:
        >>> from wengert.scipy import special
        >>> special.fdtrc(2.0, 2.0, 3.0).round(12)
        np.float64(0.25)
    """
    m, n, x = of_loops(dfn, dfd, x)
    ok = _f_has(m, n) & (x >= 0)
    return where(ok, _ops.betainc(n / 2, m / 2, where(ok, n / (n + m * x), 0.5)), _outside(m, n, x))


def fdtri(dfn: Any, dfd: Any, p: Any) -> Value:
    """`x` with ``fdtr(dfn, dfd, x) = p``.

    Example:
        >>> from wengert.scipy import special
        >>> special.fdtri(2.0, 2.0, 0.75).round(12)
        np.float64(3.0)
    """
    m, n, p = of_loops(dfn, dfd, p)
    y = _ops.betaincinv(n / 2, m / 2, 1 - p)
    return where(_f_has(m, n), n * (1 - y) / (m * y), _outside(m, n, p))


def gdtr(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Value:
    """The distribution function of the gamma distribution of shape `b` and rate `a`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.gdtr(1.0, 1.0, np.log(4.0)).round(12)
        np.float64(0.75)
    """
    a, b, x = of_loops(a, b, x)
    return where(x >= 0, _ops.gammainc(b, a * x), _outside(a, b, x))


def gdtrc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Value:
    """The survival function of the gamma distribution of shape `b` and rate `a`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.gdtrc(2.0, 1.0, np.log(2.0)).round(12)
        np.float64(0.25)
    """
    a, b, x = of_loops(a, b, x)
    return where(x >= 0, _ops.gammaincc(b, a * x), _outside(a, b, x))


def gdtrix(a: ArrayLike, b: ArrayLike, p: Any) -> Value:
    """`x` with ``gdtr(a, b, x) = p``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.gdtrix(1.0, 1.0, 0.5) / np.log(2.0)).round(12)
        np.float64(1.0)
    """
    a, b, p = of_loops(a, b, p)
    return where(isinf(a) | isinf(b), _outside(a, b, p), _ops.gammaincinv(b, p) / a)


def pdtr(k: Any, m: Any) -> Value:
    """Poisson's distribution function: at most `k`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.pdtr(0, np.log(2.0)).round(12)
        np.float64(0.5)
    """
    k, m = of_loops(k, m)
    return where(k >= 0, _ops.gammaincc(floor(k) + 1, m), _outside(k, m))


def pdtrc(k: Any, m: Any) -> Value:
    """Poisson's survival function: more than `k`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.pdtrc(0, np.log(4.0)).round(12)
        np.float64(0.75)
    """
    k, m = of_loops(k, m)
    return where(k >= 0, _ops.gammainc(floor(k) + 1, m), _outside(k, m))


def _beside_integers(*args: Any) -> Any:
    """What numbers of at most 16 bits become beside integers, for which SciPy has a loop of float64."""
    return np.float64 if all(dtype_of(as_value(a)).kind in "biu" for a in args) else np.float32


def nbdtr(k: Any, n: Any, p: Any) -> Value:
    """The negative binomial distribution function: at most `k` failures before `n` successes.

    Example:
        >>> from wengert.scipy import special
        >>> special.nbdtr(1, 1, 0.5)
        np.float64(0.75)
    """
    k, n, p = of_loops(k, n, p, narrow=_beside_integers(k, n))
    k, n = trunc(k), trunc(n)
    ok = isfinite(k) & isfinite(n) & (k >= 0) & (n > 0) & (p >= 0) & (p <= 1)
    a, b, c = where(ok, k, 0.0), where(ok, n, 1.0), where(ok, p, 0.5)
    return where(ok, _ops.betainc(b, a + 1, c), _outside(k, n, p))


def nbdtrc(k: Any, n: Any, p: Any) -> Value:
    """The negative binomial survival function.

    Example:
        >>> from wengert.scipy import special
        >>> special.nbdtrc(1, 1, 0.5)
        np.float64(0.25)
    """
    k, n, p = of_loops(k, n, p, narrow=_beside_integers(k, n))
    k, n = trunc(k), trunc(n)
    ok = isfinite(k) & isfinite(n) & (k >= 0) & (n > 0) & (p >= 0) & (p <= 1)
    a, b, c = where(ok, k, 0.0), where(ok, n, 1.0), where(ok, p, 0.5)
    return where(ok, _ops.betainc(a + 1, b, 1 - c), _outside(k, n, p))


__all__ = [
    "bdtr",
    "bdtrc",
    "chdtr",
    "chdtrc",
    "chdtri",
    "fdtr",
    "fdtrc",
    "fdtri",
    "gdtr",
    "gdtrc",
    "gdtrix",
    "nbdtr",
    "nbdtrc",
    "pdtr",
    "pdtrc",
]
