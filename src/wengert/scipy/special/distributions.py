"""Distribution functions under the names that SciPy has from Cephes."""

from __future__ import annotations

import math
from typing import Any

from ...ops.elementwise import floor, isinf, where
from ...ops.special import functions as _ops
from ...ops.special.declare import floating


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
