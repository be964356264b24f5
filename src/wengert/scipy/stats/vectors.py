"""Distributions of vectors: the normal, Dirichlet's, and the multinomial one.

Where SciPy raises because of values (a point outside of the simplex, a parameter that is not positive) the library does
too, as far as they are known; of values that are traced the result is NaN.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from ...core import Tracer, dtype_of, ndim_of, shape_of
from ...documented import with_example
from ...errors import ArgumentError, DtypeError, ShapeError
from ...numpy import diag, diagonal, eye, linalg, matmul
from ...numpy.linalg import LinAlgError
from ...ops import elementwise as ew
from ...ops.bounds import holds
from ...ops.reduction import sum as _sum
from ...ops.shape import concatenate, expand_dims, reshape
from ...ops.special.declare import floating
from ...ops.special.functions import xlogy
from ...ops.special.polygammas import digamma, gammaln
from ...vocabulary import ArrayLike, Value
from ..linalg import solve_triangular, solving
from .distribution import all_of

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _checked(ok: ArrayLike, message: str) -> Value:
    """What must hold: an error where it does not; the condition, where it may not be known."""
    if not holds(ok):
        raise ArgumentError(message)
    return ok if isinstance(ok, Tracer) else True


# --- the normal distribution --------------------------------------------------------------------------------------


def _parameters(mean: ArrayLike, cov: ArrayLike) -> tuple[Any, Any, int]:
    """The mean and the covariance of one dtype, and the dimension, by SciPy's rules; stacks of them are left as they are."""
    if mean is None:
        (cov,) = floating(1.0 if cov is None else cov)
        n = 1 if ndim_of(cov) < 2 else shape_of(cov)[-1]
        mean = np.zeros(n, dtype_of(cov))
    else:
        mean, cov = floating(mean, 1.0 if cov is None else cov)
        mean = reshape(mean, (1,)) if ndim_of(mean) == 0 else mean
        n = shape_of(mean)[-1]
    size = shape_of(cov)
    fits = not size or (n == 1 and math.prod(size) == 1) or size == (n,) or size[-2:] == (n, n)
    if not fits:
        raise ShapeError(f"multivariate_normal: a covariance of shape {size} for a mean of shape {shape_of(mean)}")
    if n == 1 and ndim_of(mean) == 1:
        cov = reshape(cov, ()) if math.prod(size) == 1 else cov
    return mean, cov, n


def _normal_logpdf(
    x: ArrayLike, mean: ArrayLike | None = None, cov: ArrayLike = 1, allow_singular: bool = False
) -> Value:
    """The logarithm of the density at vectors `x` ``(..., n)``, or at numbers where ``n == 1``.

    Args:
        mean: ``(n,)`` or a number, 0 by default; its length is the dimension. cov: a matrix ``(n, n)``, of which the
            lower triangle is read, variances ``(n,)``, or one variance. Stacks of both ``(..., n)``, ``(..., n, n)`` too.
        allow_singular: whether `cov` may be singular; the density is then that on the space it spans, and 0 elsewhere.

    Returns:
        Values of the shape of the points, without axes of length 1, as SciPy's.

    Raises:
        ShapeError: the shapes do not fit together. LinAlgError: `cov` is not positive definite (semidefinite, where it
        may be singular).
    """
    mean, cov, n = _parameters(mean, cov)
    x, mean, cov = floating(x, mean, cov)
    if dtype_of(x).kind == "c":
        raise DtypeError("multivariate_normal: points, means and covariances are real numbers; split complex ones")
    stacked = ndim_of(mean) > 1 or ndim_of(cov) > 2
    if ndim_of(x) == 0:
        x = reshape(x, (1,))
    elif ndim_of(x) == 1 and n == 1:
        x = expand_dims(x, -1)
    if shape_of(x)[-1] != n and not stacked:
        raise ShapeError(f"multivariate_normal: points of shape {shape_of(x)} for a mean of shape {shape_of(mean)}")
    d = x - mean
    if allow_singular:
        whole = cov if ndim_of(cov) > 1 else diag(cov) if ndim_of(cov) else cov * eye(n, dtype=dtype_of(cov))
        out = _singular_logpdf(d, whole)
    elif ndim_of(cov) < 2:
        if not holds(ew.greater(cov, 0)):
            raise LinAlgError("multivariate_normal: a variance is not positive")
        z = d / ew.sqrt(cov)
        log_root = 0.5 * (_sum(ew.log(cov)) if ndim_of(cov) else n * ew.log(cov))
        out = -0.5 * _sum(z * z, -1) - n * HALF_LOG_2PI - log_root
    else:
        out = _matrix_logpdf(d, cov)
    if stacked:
        return out
    return reshape(out, tuple(k for k in shape_of(out) if k != 1))


def _matrix_logpdf(d: ArrayLike, cov: ArrayLike) -> Value:
    factor = linalg.cholesky(solving.hermitian(cov, lower=True))
    z = solve_triangular(factor, expand_dims(d, -1), lower=True)[..., 0]
    log_root = _sum(ew.log(diagonal(factor, axis1=-2, axis2=-1)), -1)
    return -0.5 * _sum(z * z, -1) - log_root - shape_of(cov)[-1] * HALF_LOG_2PI


def _spanned(cov: ArrayLike) -> tuple[Any, Any, Any, Any]:
    """Eigenvalues (1 for those that count as zero, by SciPy's bound), vectors, the bound, and which count."""
    values, vectors = linalg.eigh(cov)
    size = ew.absolute(values).max(-1, keepdims=True)
    cut = (1e3 if dtype_of(values).itemsize < 8 else 1e6) * np.finfo(dtype_of(values)).eps * size
    spans = values > cut
    return ew.where(spans, values, 1.0), vectors, cut, spans


def _singular_logpdf(d: ArrayLike, cov: ArrayLike) -> Value:
    """Of a covariance that may be singular, by its eigenvalues."""
    cov = solving.hermitian(cov, lower=True)
    safe, vectors, cut, spans = _spanned(cov)
    ok = _checked(linalg.eigvalsh(cov) >= -cut, "The input matrix must be symmetric positive semidefinite.")
    parts = matmul(expand_dims(d, -2), vectors)[..., 0, :]
    rank = _sum(ew.where(spans, 1.0, 0.0), -1)
    out = -0.5 * _sum(ew.where(spans, parts * parts / safe + ew.log(safe), 0.0), -1) - rank * HALF_LOG_2PI
    beside = ew.sqrt(_sum(ew.where(spans, 0.0, parts * parts), -1))  # how far off the space
    out = ew.where(beside > 1e3 * cut[..., 0], -math.inf, out)
    return out if ok is True else ew.where(ok.all(-1), out, math.nan)


def _normal_entropy(mean: ArrayLike | None = None, cov: ArrayLike = 1) -> Any:
    """The entropy, from the dimension and the covariance; arguments as for `logpdf`."""
    _, cov, n = _parameters(mean, cov)
    if ndim_of(cov) < 2:
        return n * (0.5 + HALF_LOG_2PI) + 0.5 * (_sum(ew.log(cov)) if ndim_of(cov) else n * ew.log(cov))
    cov = solving.hermitian(cov, lower=True)
    if isinstance(cov, Tracer):
        return n * (0.5 + HALF_LOG_2PI) + 0.5 * linalg.slogdet(cov)[1]
    values, _, _, spans = _spanned(cov)  # as SciPy: on the space that a singular one spans
    return _sum(spans * (0.5 + HALF_LOG_2PI), -1) + 0.5 * _sum(ew.log(values), -1)


# --- Dirichlet's distribution -------------------------------------------------------------------------------------


def _alpha(alpha: ArrayLike) -> tuple[Any, Any]:
    (alpha,) = floating(alpha)
    if ndim_of(alpha) != 1:
        raise ShapeError(f"dirichlet: the parameters are a vector, got shape {shape_of(alpha)}")
    return alpha, _checked(ew.greater(alpha, 0), "dirichlet: all parameters must be greater than 0")


def _dirichlet_logpdf(x: ArrayLike, alpha: ArrayLike) -> Value:
    """The logarithm of the density at points of the simplex.

    Args:
        x: ``(n,)`` or ``(n, points)``, or without its last row, which is what is missing from 1.
        alpha: ``(n,)``, positive.

    Raises:
        ArgumentError: a point is not in the simplex, or a parameter not positive. ShapeError: the lengths differ.
    """
    (x,) = floating(x)
    tolerance = 1e-10 if dtype_of(x).itemsize > 4 else 1e-5
    x, alpha = floating(x, alpha)
    alpha, good = _alpha(alpha)
    n = shape_of(alpha)[0]
    if shape_of(x)[:1] == (n - 1,):
        x = concatenate([x, expand_dims(1 - _sum(x, 0), 0)], 0)
    if ndim_of(x) < 1 or shape_of(x)[0] != n:
        raise ShapeError(f"dirichlet: points of shape {shape_of(x)} for {n} parameters")
    norm = _sum(gammaln(alpha), 0) - gammaln(_sum(alpha, 0))
    alpha = reshape(alpha, shape_of(alpha) + (1,) * (ndim_of(x) - ndim_of(alpha)))
    inside = all_of(
        _checked(ew.greater_equal(x, 0), "dirichlet: an element of x is negative"),
        _checked(
            ew.logical_or(ew.greater(x, 0), ew.greater_equal(alpha, 1)),
            "dirichlet: an element of x is 0 where its alpha is less than 1",
        ),
        _checked(ew.absolute(_sum(x, 0) - 1) <= tolerance, "dirichlet: the elements of x do not add up to 1"),
    )
    out = _sum(xlogy(alpha - 1, x), 0) - norm
    if not isinstance(inside, Tracer) and good is True:
        return out
    ok = ew.logical_and(ew.logical_and(inside, reshape(good, shape_of(alpha)) if good is not True else True), True)
    return ew.where(ok.all(0) if ndim_of(ok) else ok, out, math.nan)


def _dirichlet_entropy(alpha: ArrayLike) -> Value:
    """The entropy."""
    alpha, _ = _alpha(alpha)
    total = _sum(alpha, -1)
    norm = _sum(gammaln(alpha), -1) - gammaln(total)
    n = shape_of(alpha)[-1]
    return norm + (total - n) * digamma(total) - _sum((alpha - 1) * digamma(alpha), -1)


def _dirichlet_mean(alpha: ArrayLike) -> Value:
    """The mean."""
    alpha, _ = _alpha(alpha)
    return alpha / _sum(alpha)


def _dirichlet_var(alpha: ArrayLike) -> Value:
    """The variances."""
    alpha, _ = _alpha(alpha)
    total = _sum(alpha)
    return alpha * (total - alpha) / (total * total * (total + 1))


# --- the multinomial distribution ---------------------------------------------------------------------------------


def _multinomial_logpmf(x: ArrayLike, n: Any, p: ArrayLike) -> Value:
    """The logarithm of the probability of counts `x` ``(..., k)`` in `n` draws with probabilities `p` ``(..., k)``.

    Where the probabilities do not add up to 1 the last one is what the others leave, as in SciPy. NaN where one of them
    does not lie between 0 and 1, or `n` is negative.
    """
    x, n, p = floating(x, n, p)
    if ndim_of(x) == 0:
        raise ShapeError("multinomial: x must be an array, the counts of each kind along its last axis")
    rest = 1 - _sum(p[..., :-1], -1)
    off = ew.absolute(rest - p[..., -1]) > 10 * np.finfo(dtype_of(p)).eps
    # The last one is a function of the others; its value is the one given where that is the same but for rounding.
    last = rest + ew.stop_gradient_p.bind(ew.where(off, 0.0, p[..., -1] - rest))
    p = concatenate([p[..., :-1], expand_dims(last, -1)], ndim_of(p) - 1)
    defined = ew.logical_and(all_of(ew.greater_equal(p, 0), ew.less_equal(p, 1)).all(-1), ew.greater_equal(n, 0))
    counts = all_of(ew.equal(ew.floor(x), x), ew.greater_equal(x, 0))
    possible = ew.logical_and(counts.all(-1), ew.equal(_sum(x, -1), n))
    x = ew.where(counts, x, 0.0)
    value = gammaln(ew.where(ew.greater_equal(n, 0), n, 0.0) + 1) + _sum(xlogy(x, p) - gammaln(x + 1), -1)
    return ew.where(defined, ew.where(possible, value, -math.inf), math.nan)


def _multinomial_cov(n: Any, p: ArrayLike) -> Value:
    """The covariance matrix of the counts."""
    n, p = floating(n, p)
    rows, columns = expand_dims(p, -1), expand_dims(p, -2)
    n = reshape(n, (*shape_of(n), 1, 1))
    return n * (rows * eye(shape_of(p)[-1], dtype=dtype_of(p)) - rows * columns)


# --- as objects ---------------------------------------------------------------------------------------------------


def _exponential(f: Any, doc: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return ew.exp(f(*args, **kwargs))

    call.__doc__ = doc
    return call


class _Kind(SimpleNamespace):
    """The functions of a kind of distribution; called with parameters, the same functions with these fixed.

    `of_parameters` names the functions that take no point.
    """

    def __init__(self, name: str, meaning: str, of_parameters: tuple[str, ...], **functions: Any) -> None:
        super().__init__(**functions)
        self.__name__ = name
        self.__doc__ = (
            f"{meaning}: {', '.join(f'``{f}``' for f in functions)}; called with parameters, these are fixed."
        )
        self._of_parameters = of_parameters

    def __call__(self, *args: Any, **kwargs: Any) -> SimpleNamespace:
        def fixed(name: str, f: Any) -> Any:
            if name in self._of_parameters:
                known = {k: v for k, v in kwargs.items() if k != "allow_singular"}
                return lambda: f(*args[:2], **known)
            return lambda x: f(x, *args, **kwargs)

        return SimpleNamespace(**{k: fixed(k, f) for k, f in vars(self).items() if not k.startswith("_")})


multivariate_normal = _Kind(
    "multivariate_normal",
    "The normal distribution of vectors, parameters ``(mean, cov)``",
    ("entropy",),
    logpdf=_normal_logpdf,
    pdf=_exponential(_normal_logpdf, "The density; arguments as for `logpdf`."),
    entropy=_normal_entropy,
)
with_example(
    multivariate_normal,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> (stats.multivariate_normal.pdf(np.zeros(2), np.zeros(2), np.eye(2)) * 2 * np.pi).round(12)
    np.float64(1.0)
    """,
)
dirichlet = _Kind(
    "dirichlet",
    "Dirichlet's distribution of vectors whose sum is 1, parameter ``alpha``",
    ("entropy", "mean", "var"),
    logpdf=_dirichlet_logpdf,
    pdf=_exponential(_dirichlet_logpdf, "The density; arguments as for `logpdf`."),
    entropy=_dirichlet_entropy,
    mean=_dirichlet_mean,
    var=_dirichlet_var,
)
with_example(
    dirichlet,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.dirichlet.mean(np.array([1.0, 2.0, 5.0]))
    array([0.125, 0.25 , 0.625])
    """,
)
multinomial = _Kind(
    "multinomial",
    "The numbers of outcomes of `n` trials with probabilities `p`",
    ("cov",),
    logpmf=_multinomial_logpmf,
    pmf=_exponential(_multinomial_logpmf, "The probability; arguments as for `logpmf`."),
    cov=_multinomial_cov,
)
with_example(
    multinomial,
    """
    >>> import numpy as np
    >>> from wengert.scipy import stats
    >>> stats.multinomial.pmf(np.array([1, 1]), 2, np.array([0.5, 0.5])).round(12)
    np.float64(0.5)
    """,
)
