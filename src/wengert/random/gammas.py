"""Gamma numbers and the distributions made of them."""

from __future__ import annotations

from ..core import Value, as_value, shape_of
from ..errors import ArgumentError
from ..ops import elementwise as ew
from ..ops.random_rejection import gamma_p
from ..ops.shape import broadcast_to, expand_dims
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike
from .continuous import exponential, normal
from .keys import as_shape, float_dtype, pair, result_shape, single
from .uniform_draws import rademacher


def gamma(key: Key, a: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Gamma floats of shape parameter `a` and scale 1, differentiable in `a`.

    The derivative is that of the quantile at a fixed probability (M. Figurnov, S. Mohamed, A. Mnih, "Implicit
    reparameterization gradients", 2018).

    Args:
        key: one key.
        a: positive floats.
        shape: of the result; that of `a` if left out.
        dtype: a floating dtype.

    Example:
        >>> import numpy as np, wengert
        >>> x = wengert.random.gamma(wengert.random.key(0), 3.0, (1000,))
        >>> 2.8 < float(np.mean(x)) < 3.2
        True
    """
    return _gamma(key, a, shape, dtype, False)


def loggamma(key: Key, a: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Logarithms of gamma floats, which are finite where the gamma float itself would be 0.

    Example:
        >>> import numpy as np, wengert
        >>> bool(np.isfinite(wengert.random.loggamma(wengert.random.key(0), 1e-4)))
        True
    """
    return _gamma(key, a, shape, dtype, True)


def _gamma(key: Key, a: ArrayLike, shape: ShapeLike | None, dtype: DTypeLike, log_space: bool) -> Value:
    d = float_dtype(dtype)
    shape = result_shape("gamma", shape, a)
    return gamma_p.bind(single(key), broadcast_to(ew.convert(as_value(a), d), shape), log_space=log_space)


def beta(key: Key, a: ArrayLike, b: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Beta floats, between 0 and 1, of parameters `a` and `b`.

    Example:
        >>> import wengert
        >>> 0 <= float(wengert.random.beta(wengert.random.key(0), 2.0, 3.0)) <= 1
        True
    """
    shape = result_shape("beta", shape, a, b)
    key_a, key_b = pair(key)
    log_a, log_b = loggamma(key_a, a, shape, dtype), loggamma(key_b, b, shape, dtype)
    larger = ew.maximum(log_a, log_b)
    a, b = ew.exp(log_a - larger), ew.exp(log_b - larger)
    return a / (a + b)


def dirichlet(key: Key, alpha: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Dirichlet vectors, which sum to 1, of concentrations `alpha`.

    Args:
        key: one key.
        alpha: positive floats of shape ``(..., n)``.
        shape: of the result without its last axis, n.
        dtype: a floating dtype.

    Raises:
        ArgumentError: `alpha` has no axes, or does not broadcast to the shape.

    Example:
        >>> import numpy as np, wengert
        >>> x = wengert.random.dirichlet(wengert.random.key(0), np.ones(4))
        >>> round(float(np.sum(x)), 6)
        1.0
    """
    from ..nn import softmax

    alpha = as_value(alpha)
    if not shape_of(alpha):
        raise ArgumentError("dirichlet takes concentrations of shape (..., n), got a scalar")
    n = shape_of(alpha)[-1:]
    full = shape_of(alpha) if shape is None else (*as_shape(shape), *n)
    return softmax(loggamma(key, alpha, full, dtype), -1)


def t(key: Key, df: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Student's t with `df` degrees of freedom.

    Example:
        >>> import wengert
        >>> wengert.random.t(wengert.random.key(0), 4.0, (3,)).shape
        (3,)
    """
    d = float_dtype(dtype)
    shape = result_shape("t", shape, df)
    half = ew.convert(as_value(df), d) / 2
    key_n, key_g = pair(key)
    return normal(key_n, shape, d) * ew.sqrt(half / gamma(key_g, half, shape, d))


def chisquare(key: Key, df: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """Chi-square floats with `df` degrees of freedom.

    Example:
        >>> import wengert
        >>> bool(wengert.random.chisquare(wengert.random.key(0), 4.0) > 0)
        True
    """
    d = float_dtype(dtype)
    return ew.exp(loggamma(key, ew.convert(as_value(df), d) / 2, shape, d)) * 2


def f(key: Key, dfnum: ArrayLike, dfden: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """F floats: the ratio of two chi-square numbers, each over its degrees of freedom.

    Example:
        >>> import wengert
        >>> bool(wengert.random.f(wengert.random.key(0), 3.0, 4.0) > 0)
        True
    """
    d = float_dtype(dtype)
    shape = result_shape("f", shape, dfnum, dfden)
    dfnum, dfden = ew.convert(as_value(dfnum), d), ew.convert(as_value(dfden), d)
    key_den, key_num = pair(key)
    return (chisquare(key_num, dfnum, shape, d) / dfnum) / (chisquare(key_den, dfden, shape, d) / dfden)


def generalized_normal(key: Key, p: ArrayLike, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Floats of density proportional to ``exp(-abs(x) ** p)``.

    Example:
        >>> import wengert
        >>> wengert.random.generalized_normal(wengert.random.key(0), 1.5, (3,)).shape
        (3,)
    """
    d = float_dtype(dtype)
    key_size, key_side = pair(key)
    size = gamma(key_size, 1 / as_value(p), shape, d)
    return ew.convert(ew.convert(rademacher(key_side, shape), d) * ew.power(size, 1 / as_value(p)), d)


def ball(key: Key, d: int, p: ArrayLike = 2, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Points of the unit ball of the p-norm in `d` dimensions, uniform in it.

    F. Barthe, O. Guédon, S. Mendelson, A. Naor, "A probabilistic approach to the geometry of the l_p^n-ball", 2005.

    Example:
        >>> import numpy as np, wengert
        >>> bool(np.linalg.norm(wengert.random.ball(wengert.random.key(0), 3)) <= 1)
        True
    """
    from .. import numpy as wnp

    k1, k2 = pair(key)
    g = generalized_normal(k1, p, (*as_shape(shape), d), dtype)
    total = wnp.sum(ew.power(ew.absolute(g), p), axis=-1) + exponential(k2, shape, dtype)
    return ew.convert(g / expand_dims(ew.power(total, 1 / as_value(p)), -1), float_dtype(dtype))
