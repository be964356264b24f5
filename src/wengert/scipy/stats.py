"""scipy.stats for arrays and values under transformation: densities and distributions of common kinds.

Each is a namespace of functions: ``stats.norm.logpdf(x, loc, scale)``. Parameters come after `x`, and `loc` and
`scale` after those, as in SciPy; all of them broadcast together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import config
from ..core import as_array, dtype_of, inexact_dtype
from ..ops import elementwise as ew
from .special import betaln, gammainc, gammaincc, log_ndtr, ndtr, ndtri, xlog1py, xlogy

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _floating(*arguments: Any) -> list[Any]:
    """Strong floating values of one dtype."""
    values = [as_array(a) for a in arguments]
    dtype = np.result_type(*[dtype_of(v) for v in values])
    return [ew.convert(v, dtype if inexact_dtype(dtype) else config.float_dtype) for v in values]


class Distribution:
    """The functions of a kind of distribution; `logpdf` and `pdf` (`logpmf` and `pmf` for counts), and more."""

    def __init__(self, name: str, **functions: Callable[..., Any]) -> None:
        self.__name__ = name
        for key, function in functions.items():
            function.__name__ = key
            function.__qualname__ = f"{name}.{key}"
            setattr(self, key, function)

    def __getattr__(self, key: str) -> Any:
        have = ", ".join(k for k in vars(self) if not k.startswith("_"))
        raise AttributeError(f"stats.{self.__name__} has no {key!r} here; it has {have}")


def _continuous(name: str, logpdf: Callable[..., Any], **more: Callable[..., Any]) -> Distribution:
    """A distribution of floats from its logarithmic density and what else there is."""

    def pdf(*args: Any, **kwargs: Any) -> Any:
        return ew.exp(logpdf(*args, **kwargs))

    return Distribution(name, logpdf=logpdf, pdf=pdf, **more)


def _discrete(name: str, logpmf: Callable[..., Any], **more: Callable[..., Any]) -> Distribution:
    def pmf(*args: Any, **kwargs: Any) -> Any:
        return ew.exp(logpmf(*args, **kwargs))

    return Distribution(name, logpmf=logpmf, pmf=pmf, **more)


# --- on the line -------------------------------------------------------------------------------------------------


def _z(x: Any, loc: Any, scale: Any) -> tuple[Any, Any]:
    x, loc, scale = _floating(x, loc, scale)
    return (x - loc) / scale, scale


def _norm_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    return -0.5 * z * z - ew.log(scale) - _HALF_LOG_2PI


norm = _continuous(
    "norm",
    _norm_logpdf,
    cdf=lambda x, loc=0, scale=1: ndtr(_z(x, loc, scale)[0]),
    logcdf=lambda x, loc=0, scale=1: log_ndtr(_z(x, loc, scale)[0]),
    sf=lambda x, loc=0, scale=1: ndtr(-_z(x, loc, scale)[0]),
    logsf=lambda x, loc=0, scale=1: log_ndtr(-_z(x, loc, scale)[0]),
    ppf=lambda q, loc=0, scale=1: ndtri(_floating(q)[0]) * as_array(scale) + as_array(loc),
    isf=lambda q, loc=0, scale=1: -ndtri(_floating(q)[0]) * as_array(scale) + as_array(loc),
)


def _cauchy_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    return -ew.log1p(z * z) - ew.log(scale) - math.log(math.pi)


cauchy = _continuous(
    "cauchy", _cauchy_logpdf, cdf=lambda x, loc=0, scale=1: 0.5 + ew.arctan(_z(x, loc, scale)[0]) / math.pi
)


def _laplace_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    return -ew.absolute(z) - ew.log(2 * scale)


def _laplace_cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, _ = _z(x, loc, scale)
    tail = 0.5 * ew.exp(-ew.absolute(z))
    return ew.where(ew.less(z, 0), tail, 1 - tail)


laplace = _continuous("laplace", _laplace_logpdf, cdf=_laplace_cdf)


def _logistic_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    half = ew.absolute(z)  # the density is symmetric
    return -half - 2 * ew.log1p(ew.exp(-half)) - ew.log(scale)


logistic = _continuous(
    "logistic",
    _logistic_logpdf,
    cdf=lambda x, loc=0, scale=1: ew.sigmoid(_z(x, loc, scale)[0]),
    sf=lambda x, loc=0, scale=1: ew.sigmoid(-_z(x, loc, scale)[0]),
)


def _t_logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, df, loc, scale = _floating(x, df, loc, scale)
    z = (x - loc) / scale
    constant = ew.gammaln((df + 1) / 2) - ew.gammaln(df / 2) - 0.5 * ew.log(df * math.pi) - ew.log(scale)
    return constant - (df + 1) / 2 * ew.log1p(z * z / df)


t = _continuous("t", _t_logpdf)

# --- on a part of the line ---------------------------------------------------------------------------------------


def _expon_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    return ew.where(ew.greater_equal(z, 0), -z - ew.log(scale), -np.inf)


def _expon_cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, _ = _z(x, loc, scale)
    return ew.where(ew.greater_equal(z, 0), -ew.expm1(-z), 0.0)


expon = _continuous("expon", _expon_logpdf, cdf=_expon_cdf)


def _uniform_logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Any:
    z, scale = _z(x, loc, scale)
    inside = ew.logical_and(ew.greater_equal(z, 0), ew.less_equal(z, 1))
    return ew.where(inside, -ew.log(scale) + 0 * z, -np.inf)


uniform = _continuous(
    "uniform",
    _uniform_logpdf,
    cdf=lambda x, loc=0, scale=1: ew.minimum(ew.maximum(_z(x, loc, scale)[0], 0), 1),
)


def _gamma_logpdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, a, loc, scale = _floating(x, a, loc, scale)
    z = (x - loc) / scale
    return ew.where(ew.greater_equal(z, 0), xlogy(a - 1, ew.maximum(z, 0)) - z - ew.gammaln(a) - ew.log(scale), -np.inf)


def _gamma_cdf(x: Any, a: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, a, loc, scale = _floating(x, a, loc, scale)
    return gammainc(a, ew.maximum((x - loc) / scale, 0))


gamma = _continuous("gamma", _gamma_logpdf, cdf=_gamma_cdf)
chi2 = _continuous(
    "chi2",
    lambda x, df, loc=0, scale=1: _gamma_logpdf(x, as_array(df) / 2, loc, 2 * as_array(scale)),
    cdf=lambda x, df, loc=0, scale=1: _gamma_cdf(x, as_array(df) / 2, loc, 2 * as_array(scale)),
)


def _beta_logpdf(x: Any, a: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, a, b, loc, scale = _floating(x, a, b, loc, scale)
    z = (x - loc) / scale
    inside = ew.logical_and(ew.greater_equal(z, 0), ew.less_equal(z, 1))
    kept = ew.minimum(ew.maximum(z, 0), 1)
    return ew.where(inside, xlogy(a - 1, kept) + xlog1py(b - 1, -kept) - betaln(a, b) - ew.log(scale), -np.inf)


beta = _continuous("beta", _beta_logpdf)


def _pareto_logpdf(x: Any, b: Any, loc: Any = 0, scale: Any = 1) -> Any:
    x, b, loc, scale = _floating(x, b, loc, scale)
    z = (x - loc) / scale
    return ew.where(ew.greater_equal(z, 1), ew.log(b) - (b + 1) * ew.log(ew.maximum(z, 1)) - ew.log(scale), -np.inf)


pareto = _continuous("pareto", _pareto_logpdf)

# --- vectors -----------------------------------------------------------------------------------------------------


def _multivariate_normal_logpdf(x: Any, mean: Any, cov: Any, allow_singular: Any = None) -> Any:
    from .. import numpy as wnp
    from .linalg import solve_triangular

    x, mean, cov = _floating(x, mean, cov)
    if not cov.ndim:
        z = (x - mean) / ew.sqrt(cov)
        n = x.shape[-1] if x.ndim else 1
        return -0.5 * (wnp.sum(z * z, axis=-1) if x.ndim else z * z) - n * (_HALF_LOG_2PI + 0.5 * ew.log(cov))
    factor = wnp.linalg.cholesky(cov)
    z = solve_triangular(factor, wnp.expand_dims(x - mean, -1), lower=True)[..., 0]
    log_root = wnp.sum(ew.log(wnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)
    return -0.5 * wnp.sum(z * z, axis=-1) - log_root - cov.shape[-1] * _HALF_LOG_2PI


multivariate_normal = _continuous("multivariate_normal", _multivariate_normal_logpdf)


# --- counts ------------------------------------------------------------------------------------------------------


def _bernoulli_logpmf(k: Any, p: Any, loc: Any = 0) -> Any:
    k, p, loc = _floating(k, p, loc)
    k = k - loc
    allowed = ew.logical_or(ew.equal(k, 0), ew.equal(k, 1))
    return ew.where(allowed, xlogy(k, p) + xlog1py(1 - k, -p), -np.inf)


bernoulli = _discrete("bernoulli", _bernoulli_logpmf)


def _poisson_logpmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    k, mu, loc = _floating(k, mu, loc)
    k = k - loc
    return ew.where(ew.greater_equal(k, 0), xlogy(k, mu) - ew.gammaln(ew.maximum(k, 0) + 1) - mu, -np.inf)


def _poisson_cdf(k: Any, mu: Any, loc: Any = 0) -> Any:
    k, mu, loc = _floating(k, mu, loc)
    k = ew.floor(k - loc)
    return ew.where(ew.greater_equal(k, 0), gammaincc(ew.maximum(k, 0) + 1, mu), 0.0)


poisson = _discrete("poisson", _poisson_logpmf, cdf=_poisson_cdf)


def _binom_logpmf(k: Any, n: Any, p: Any, loc: Any = 0) -> Any:
    k, n, p, loc = _floating(k, n, p, loc)
    k = k - loc
    kept = ew.minimum(ew.maximum(k, 0), n)
    ways = ew.gammaln(n + 1) - ew.gammaln(kept + 1) - ew.gammaln(n - kept + 1)
    inside = ew.logical_and(ew.greater_equal(k, 0), ew.less_equal(k, n))
    return ew.where(inside, ways + xlogy(kept, p) + xlog1py(n - kept, -p), -np.inf)


binom = _discrete("binom", _binom_logpmf)
__all__ = [
    "Distribution", "bernoulli", "beta", "binom", "cauchy", "chi2", "expon", "gamma", "laplace", "logistic",
    "multivariate_normal", "norm", "pareto", "poisson", "t", "uniform",
]  # fmt: skip
