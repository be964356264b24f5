"""Distributions of vectors: the normal, Dirichlet's, and the multinomial one."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from ...core import ndim_of, shape_of
from ...ops import elementwise as ew
from ...ops.reduction import sum as _sum
from ...ops.shape import concatenate, expand_dims, reshape
from ...ops.special import xlogy
from ...ops.special.declare import floating

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _normal_logpdf(x: Any, mean: Any = 0.0, cov: Any = 1.0, allow_singular: Any = None) -> Any:
    """The logarithm of the density at vectors `x` ``(..., n)``.

    Args:
        mean: ``(..., n)`` or a number. cov: matrices ``(..., n, n)``, variances ``(n,)``, or one variance.
        allow_singular: taken and not used; `cov` must be positive definite.
    """
    from ...numpy import diagonal, linalg
    from ..linalg import solve_triangular

    x, mean, cov = floating(x, mean, cov)
    if ndim_of(cov) < 2:
        n = max(shape_of(x)[-1:] + shape_of(mean)[-1:] + shape_of(cov), default=1)
        z = (x - mean) / ew.sqrt(cov)
        log_root = 0.5 * (_sum(ew.log(cov)) if ndim_of(cov) else n * ew.log(cov))
        return -0.5 * (_sum(z * z, -1) if ndim_of(z) else z * z) - n * HALF_LOG_2PI - log_root
    factor = linalg.cholesky(cov)
    z = solve_triangular(factor, expand_dims(x - mean, -1), lower=True)[..., 0]
    log_root = _sum(ew.log(diagonal(factor, axis1=-2, axis2=-1)), -1)
    return -0.5 * _sum(z * z, -1) - log_root - shape_of(cov)[-1] * HALF_LOG_2PI


def _normal_entropy(mean: Any = 0.0, cov: Any = 1.0) -> Any:
    """The entropy."""
    from ...numpy import linalg

    (cov,) = floating(cov)
    if ndim_of(cov) < 2:
        return (
            0.5 + HALF_LOG_2PI + 0.5 * ew.log(cov) if not ndim_of(cov) else _sum(0.5 * ew.log(cov) + 0.5 + HALF_LOG_2PI)
        )
    return shape_of(cov)[-1] * (0.5 + HALF_LOG_2PI) + 0.5 * linalg.slogdet(cov)[1]


def _dirichlet_logpdf(x: Any, alpha: Any) -> Any:
    """The logarithm of the density at points of the simplex.

    Args:
        x: ``(n,)`` or ``(n, points)``, or without its last row, which is what is missing from 1.
        alpha: ``(n,)``, positive.
    """
    x, alpha = floating(x, alpha)
    if shape_of(x)[0] + 1 == shape_of(alpha)[0]:
        x = concatenate([x, expand_dims(1 - _sum(x, 0), 0)], 0)
    norm = _sum(ew.gammaln(alpha), 0) - ew.gammaln(_sum(alpha, 0))
    alpha = reshape(alpha, shape_of(alpha) + (1,) * (ndim_of(x) - ndim_of(alpha)))
    return _sum(xlogy(alpha - 1, x), 0) - norm


def _dirichlet_entropy(alpha: Any) -> Any:
    """The entropy."""
    (alpha,) = floating(alpha)
    total = _sum(alpha, -1)
    norm = _sum(ew.gammaln(alpha), -1) - ew.gammaln(total)
    n = shape_of(alpha)[-1]
    return norm + (total - n) * ew.digamma(total) - _sum((alpha - 1) * ew.digamma(alpha), -1)


def _multinomial_logpmf(x: Any, n: Any, p: Any) -> Any:
    """The logarithm of the probability of counts `x` ``(..., k)`` in `n` draws with probabilities `p` ``(..., k)``."""
    x, n, p = floating(x, n, p)
    value = ew.gammaln(n + 1) + _sum(xlogy(x, p) - ew.gammaln(x + 1), -1)
    return ew.where(ew.equal(_sum(x, -1), n), value, -math.inf)


def _exponential(f: Any, doc: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return ew.exp(f(*args, **kwargs))

    call.__doc__ = doc
    return call


multivariate_normal = SimpleNamespace(
    logpdf=_normal_logpdf, pdf=_exponential(_normal_logpdf, "The density."), entropy=_normal_entropy
)
dirichlet = SimpleNamespace(
    logpdf=_dirichlet_logpdf, pdf=_exponential(_dirichlet_logpdf, "The density."), entropy=_dirichlet_entropy
)
multinomial = SimpleNamespace(logpmf=_multinomial_logpmf, pmf=_exponential(_multinomial_logpmf, "The probability."))
