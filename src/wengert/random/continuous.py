"""Distributions of floats that are formulas in uniform and normal numbers. Those that need a gamma: `gammas.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import Value, as_array, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError
from ..ops import elementwise as ew
from ..ops.shape import broadcast_to, expand_dims
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike
from .keys import as_shape, float_dtype, limits, pair, result_shape
from .uniform_draws import rademacher, uniform

_SQRT2 = math.sqrt(2.0)


def normal(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Standard normal numbers: the inverse error function of uniform ones.

    Args:
        key: one key.
        shape: of the result.
        dtype: a floating or complex dtype; complex numbers have variance 1, half in each part.

    Example:
        >>> import wengert
        >>> wengert.random.normal(wengert.random.key(0), (2, 3)).shape
        (2, 3)
    """
    if dtype is not None and np.dtype(dtype).kind == "c":
        real = np.dtype(np.float32 if canonical_dtype(dtype) == np.complex64 else np.float64)
        re, im = (normal(k, shape, real) for k in pair(key))
        return (re + 1j * im) / dtype_of(re).type(_SQRT2)
    d = float_dtype(dtype)
    low = np.nextafter(d.type(-1), d.type(0))
    return _erfinv(uniform(key, shape, d, low, d.type(1)), d) * d.type(_SQRT2)


def _erfinv(x: Value, dtype: np.dtype) -> Value:
    """In the dtype asked for: SciPy computes it for float32 and wider."""
    if dtype.itemsize >= 4:
        return ew.erfinv(x)
    return ew.convert(ew.erfinv(ew.convert(x, np.dtype(np.float32))), dtype)


def truncated_normal(
    key: Key, lower: ArrayLike, upper: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None
) -> Value:
    """Standard normal floats between `lower` and `upper`, neither of them included.

    Args:
        key: one key.
        lower: the lower end.
        upper: the upper end.
        shape: of the result; that of the ends if left out.
        dtype: a floating dtype.

    Example:
        >>> import wengert
        >>> x = wengert.random.truncated_normal(wengert.random.key(0), 1.0, 2.0, (50,))
        >>> bool((x > 1).all() and (x < 2).all())
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("truncated_normal", shape, lower, upper)
    lower, upper = ew.convert(as_value(lower), d), ew.convert(as_value(upper), d)
    root2 = d.type(_SQRT2)
    low, high = (ew.convert(ew.erf(end / root2), d) for end in (lower, upper))
    out = _erfinv(uniform(key, shape, d, low, high), d) * root2
    low, high = ew.stop_gradient_p.bind(lower), ew.stop_gradient_p.bind(upper)
    return ew.minimum(ew.maximum(out, ew.nextafter(low, d.type(np.inf))), ew.nextafter(high, d.type(-np.inf)))


def exponential(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Exponential floats of rate 1.

    Example:
        >>> import wengert
        >>> bool((wengert.random.exponential(wengert.random.key(0), (9,)) >= 0).all())
        True
    """
    return -ew.log1p(-uniform(key, shape, dtype))


def gumbel(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None, mode: str | None = None) -> Value:
    """Standard Gumbel floats.

    Args:
        key: one key.
        shape: of the result.
        dtype: a floating dtype.
        mode: "low" (the default), or "high" for twice the random bits, which reach twice as far out.

    Raises:
        ArgumentError: another mode.

    Example:
        >>> import wengert
        >>> wengert.random.gumbel(wengert.random.key(0), (4,)).shape
        (4,)
    """
    d = float_dtype(dtype)
    info = limits(d)
    if mode in (None, "low"):
        return -ew.log(-ew.log(uniform(key, shape, d, info.tiny, d.type(1))))
    if mode != "high":
        raise ArgumentError(f"random.gumbel: mode is 'low' or 'high', got {mode!r}")
    high, low = uniform(key, (2, *as_shape(shape)), d)
    x = ew.where(ew.greater_equal(high, d.type(0.5)), high, high + d.type(2.0**-info.nmant) * low + info.tiny)
    return -ew.log(-ew.log1p(-x))


def laplace(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Standard Laplace floats: symmetric, exponential on either side.

    Example:
        >>> import wengert
        >>> wengert.random.laplace(wengert.random.key(0), (4,)).shape
        (4,)
    """
    d = float_dtype(dtype)
    u = uniform(key, shape, d, d.type(-1) + d.type(limits(d).epsneg), d.type(1))
    return ew.sign(u) * ew.log1p(-ew.absolute(u))


def logistic(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Standard logistic floats: the logit of uniform ones.

    Example:
        >>> import wengert
        >>> wengert.random.logistic(wengert.random.key(0), (4,)).shape
        (4,)
    """
    d = float_dtype(dtype)
    u = uniform(key, shape, d, d.type(limits(d).tiny), d.type(1))
    return ew.log(u) - ew.log1p(-u)


def cauchy(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Standard Cauchy floats.

    Example:
        >>> import wengert
        >>> wengert.random.cauchy(wengert.random.key(0), (4,)).shape
        (4,)
    """
    d = float_dtype(dtype)
    u = uniform(key, shape, d, d.type(limits(d).eps), d.type(1))
    return ew.tan(d.type(np.pi) * (u - d.type(0.5)))


def lognormal(key: Key, sigma: ArrayLike = 1.0, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """The exponential of normal floats of standard deviation `sigma`.

    Example:
        >>> import wengert
        >>> bool(wengert.random.lognormal(wengert.random.key(0), 0.5) > 0)
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("lognormal", shape, sigma)
    return ew.exp(normal(key, shape, d) * ew.convert(as_value(sigma), d))


def pareto(key: Key, b: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Pareto floats, at least 1, of shape parameter `b`.

    Example:
        >>> import wengert
        >>> bool(wengert.random.pareto(wengert.random.key(0), 3.0) >= 1)
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("pareto", shape, b)
    return ew.exp(exponential(key, shape, d) / ew.convert(as_value(b), d))


def rayleigh(key: Key, scale: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Rayleigh floats: lengths of plane vectors of normal numbers of standard deviation `scale`.

    Example:
        >>> import wengert
        >>> bool(wengert.random.rayleigh(wengert.random.key(0), 2.0) >= 0)
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("rayleigh", shape, scale)
    return ew.convert(as_value(scale), d) * ew.sqrt(ew.log(uniform(key, shape, d)) * d.type(-2))


def weibull_min(
    key: Key, scale: ArrayLike, concentration: ArrayLike, shape: ShapeLike | None = (), dtype: DTypeLike = None
) -> Value:
    """Weibull floats of a scale and a concentration, both of which broadcast against `shape`.

    Example:
        >>> import wengert
        >>> bool(wengert.random.weibull_min(wengert.random.key(0), 2.0, 1.5) >= 0)
        True
    """
    drawn = ew.power(exponential(key, shape, dtype), 1.0 / as_value(concentration)) * as_value(scale)
    return ew.convert(drawn, float_dtype(dtype))


def maxwell(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Maxwell floats: lengths of vectors of three standard normal numbers.

    Example:
        >>> import wengert
        >>> wengert.random.maxwell(wengert.random.key(0), (4,)).shape
        (4,)
    """
    from .. import numpy as wnp

    return wnp.linalg.norm(normal(key, (*as_shape(shape), 3), float_dtype(dtype)), axis=-1)


def double_sided_maxwell(
    key: Key, loc: ArrayLike, scale: ArrayLike, shape: ShapeLike | None = (), dtype: DTypeLike = None
) -> Value:
    """Maxwell floats of either sign, scaled and moved; of shape ``shape`` followed by that of the parameters.

    Example:
        >>> import wengert
        >>> wengert.random.double_sided_maxwell(wengert.random.key(0), 1.0, 2.0, (4,)).shape
        (4,)
    """
    natural = result_shape("double_sided_maxwell", None, loc, scale)
    shape = (as_shape(shape) or natural) + natural
    size, side = pair(key)
    d = float_dtype(dtype)
    return ew.convert(
        ew.convert(rademacher(side, shape), d) * maxwell(size, shape, d) * as_value(scale) + as_value(loc), d
    )


def triangular(
    key: Key, left: Any, mode: Any, right: Any, shape: ShapeLike | None = None, dtype: DTypeLike = None
) -> Value:
    """Floats between `left` and `right`, of a density that rises to `mode` and falls from there.

    Example:
        >>> import wengert
        >>> 0.0 <= float(wengert.random.triangular(wengert.random.key(0), 0.0, 0.3, 1.0)) <= 1.0
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("triangular", shape, left, mode, right)
    low, peak, high = (ew.convert(as_value(p), d) for p in (left, mode, right))
    u = uniform(key, shape, d)
    rising = low + ew.sqrt(u * (high - low) * (peak - low))
    falling = high - ew.sqrt((d.type(1) - u) * (high - low) * (high - peak))
    return ew.where(ew.less(u, (peak - low) / (high - low)), rising, falling)


def wald(key: Key, mean: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Wald (inverse Gaussian) floats of a mean and scale 1.

    J. R. Michael, W. R. Schucany, R. W. Haas, "Generating random variates using transformations with multiple roots",
    1976.

    Example:
        >>> import wengert
        >>> bool(wengert.random.wald(wengert.random.key(0), 2.0) > 0)
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("wald", shape, mean)
    mean = broadcast_to(ew.convert(as_value(mean), d), shape)
    k1, k2 = pair(key)
    y, z = ew.square(normal(k1, shape, d)), uniform(k2, shape, d)
    squared = ew.square(mean)
    x = mean + squared * y / 2 - mean / 2 * ew.sqrt(4 * mean * y + squared * ew.square(y))
    return ew.where(ew.less_equal(z, mean / (mean + x)), x, squared / x)


def multivariate_normal(
    key: Key,
    mean: ArrayLike,
    cov: ArrayLike,
    shape: ShapeLike | None = None,
    dtype: DTypeLike = None,
    method: str = "cholesky",
) -> Value:
    """Normal vectors of a mean ``(..., n)`` and a covariance ``(..., n, n)``.

    Args:
        key: one key.
        mean: the mean vectors.
        cov: the covariance matrices.
        shape: of the result without its last axis, n.
        dtype: of the result; that of the parameters if left out.
        method: how a root of the covariance is found: "cholesky", "eigh" or "svd".

    Raises:
        ArgumentError: the shapes of `mean` and `cov` do not fit together, or the method is none of these.

    Example:
        >>> import numpy as np, wengert
        >>> wengert.random.multivariate_normal(wengert.random.key(0), np.zeros(2), np.eye(2), (5,)).shape
        (5, 2)
    """
    from .. import numpy as wnp

    mean, cov = as_array(mean), as_array(cov)
    d = np.result_type(*[dtype_of(p) if inexact_dtype(dtype_of(p)) else float_dtype(None) for p in (mean, cov)])
    mean, cov = ew.convert(mean, float_dtype(d)), ew.convert(cov, float_dtype(d))
    n = shape_of(mean)[-1:]
    if not n or shape_of(cov)[-2:] != n * 2:
        raise ArgumentError(
            f"multivariate_normal takes a mean (..., n) and a covariance (..., n, n), got shapes {shape_of(mean)} and "
            f"{shape_of(cov)}"
        )
    batch = result_shape("multivariate_normal", shape, _of_shape(shape_of(mean)[:-1]), _of_shape(shape_of(cov)[:-2]))
    if method == "cholesky":
        factor = wnp.linalg.cholesky(cov)
    elif method == "eigh":
        values, vectors = wnp.linalg.eigh(cov)
        factor = vectors * expand_dims(ew.sqrt(values), -2)
    elif method == "svd":
        left, values, _ = wnp.linalg.svd(cov)
        factor = left * expand_dims(ew.sqrt(values), -2)
    else:
        raise ArgumentError(f"multivariate_normal: method is 'cholesky', 'eigh' or 'svd', got {method!r}")
    sample = normal(key, (*batch, *n), float_dtype(d if dtype is None else dtype))
    return mean + wnp.einsum("...ij,...j->...i", factor, sample)


def _of_shape(shape: tuple[int, ...]) -> Value:
    """A value of a shape, for `result_shape`."""
    return np.broadcast_to(np.float32(0), shape)


def orthogonal(key: Key, n: int, shape: ShapeLike | None = (), dtype: DTypeLike = None, m: int | None = None) -> Value:
    """Matrices with orthonormal rows or columns, uniform among them: of shape ``(*shape, n, m)``, `m` being `n` if left out.

    F. Mezzadri, "How to generate random matrices from the classical compact groups", 2007, section 5.

    Example:
        >>> import numpy as np, wengert
        >>> q = wengert.random.orthogonal(wengert.random.key(0), 3)
        >>> bool(np.allclose(q @ q.T, np.eye(3)))
        True
    """
    from .. import numpy as wnp

    m = n if m is None else m
    z = normal(key, (*as_shape(shape), max(n, m), min(n, m)), dtype)
    q, r = wnp.linalg.qr(z)
    q = q * expand_dims(ew.sign(wnp.diagonal(r, axis1=-2, axis2=-1)), -2)
    return wnp.swapaxes(q, -1, -2) if n < m else q
