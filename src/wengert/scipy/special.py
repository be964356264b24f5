"""scipy.special for arrays and values under transformation: names of `ops.special`, and composites of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import config
from ..core import as_array, dtype_of, inexact_dtype
from ..nn import log_softmax, logsumexp, softmax
from ..ops.elementwise import convert, digamma, erf, erfc, erfinv, exp, gammaln, log, polygamma, where_p
from ..ops.elementwise import sigmoid as expit
from ..ops.special import (
    beta,
    betainc,
    erfcx,
    exp1,
    expi,
    expn,
    gamma,
    gammainc,
    gammaincc,
    gammasgn,
    i0,
    i0e,
    i1,
    i1e,
    iv,
    ive,
    j0,
    j1,
    jv,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    spence,
    xlog1py,
    xlogy,
    zeta,
)

loggamma = gammaln
psi = digamma


def _floating(x: Any) -> Any:
    x = as_array(x)
    return x if inexact_dtype(dtype_of(x)) else convert(x, config.float_dtype)


def betaln(a: Any, b: Any) -> Any:
    """The logarithm of the absolute value of the beta function."""
    a, b = _floating(a), _floating(b)
    return gammaln(a) + gammaln(b) - gammaln(a + b)


def factorial(n: Any, exact: bool = False) -> Any:
    """``gamma(n + 1)``, and 0 for negative `n`."""
    n = _floating(n)
    zero = dtype_of(n).type(0)
    negative = n < 0
    return where_p.bind(negative, zero, gamma(where_p.bind(negative, zero, n) + 1))


def poch(z: Any, m: Any) -> Any:
    """The rising factorial ``gamma(z + m) / gamma(z)``."""
    z, m = _floating(z), _floating(m)
    return gammasgn(z + m) * gammasgn(z) * exp(gammaln(z + m) - gammaln(z))


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`."""
    a = _floating(a)
    total: Any = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(d):
        total = total + gammaln(a - 0.5 * j)
    return total


def entr(x: Any) -> Any:
    """``-x log(x)``; 0 at 0 and -inf below."""
    x = _floating(x)
    positive, one = x > 0, dtype_of(x).type(1)
    safe = where_p.bind(positive, x, one)
    rest = where_p.bind(x == 0, dtype_of(x).type(0), dtype_of(x).type(-np.inf))
    return where_p.bind(positive, -safe * log(safe), where_p.bind(x != x, x, rest))


def rel_entr(x: Any, y: Any) -> Any:
    """``x log(x / y)``; 0 where `x` is 0 and `y` is not negative, inf elsewhere outside the domain."""
    x, y = _floating(x), _floating(y)
    inside = (x > 0) & (y > 0)
    one, zero = dtype_of(x).type(1), dtype_of(x).type(0)
    a, b = where_p.bind(inside, x, one), where_p.bind(inside, y, one)
    rest = where_p.bind((x == 0) & (y >= 0), zero, dtype_of(x).type(np.inf))
    return where_p.bind(inside, a * log(a / b), rest)


def kl_div(x: Any, y: Any) -> Any:
    """``x log(x / y) - x + y``, the term of the Kullback-Leibler divergence."""
    x, y = _floating(x), _floating(y)
    return rel_entr(x, y) - x + y


__all__ = [
    "beta", "betainc", "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "expit", "expn",
    "factorial", "gamma", "gammainc", "gammaincc", "gammaln", "gammasgn", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jv",
    "kl_div", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "poch",
    "polygamma", "psi", "rel_entr", "softmax", "spence", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
