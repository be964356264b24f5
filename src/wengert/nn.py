"""Functions of neural networks, by the names of jax.nn: activations, softmax and its kin, one_hot, standardize; and pooling."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import functools
import math
from typing import Any

import numpy as np

from .config import canonical_dtype, config
from .core import as_array, dtype_of, ndim_of, shape_of
from .errors import ArgumentError, ShapeError
from .nearest import nearest_names as _nearest_names
from .ops.axes import as_length, canonical_axis
from .ops.casts import as_inexact
from .ops.contraction import matmul
from .ops.elementwise import (
    absolute,
    convert,
    equal,
    erfc,
    exp,
    expm1,
    hypot,
    log,
    log1p,
    logaddexp,
    logical_and,
    maximum,
    minimum,
    rsqrt,
    sqrt,
    square,
    tanh,
    where,
    where_p,
)
from .ops.elementwise import sigmoid as _sigmoid
from .ops.elementwise import soft_sign as _soft_sign
from .ops.exponentials import log_softmax_p, softmax_p
from .ops.log_sums import from_last as _from_last
from .ops.log_sums import logsumexp
from .ops.log_sums import shift_of as _log_shift
from .ops.pooling import avg_pool, max_pool
from .ops.reduction import sum as _sum
from .ops.shape import expand_dims, moveaxis
from .ops.slices import slice_axis

# --- activations ------------------------------------------------------------------------------------------------


def relu(x: Any) -> Any:
    """``max(x, 0)``, with derivative 0 at 0.

    Example:
        >>> relu(np.array([-1.0, 2.0]))
        array([0., 2.])
    """
    x = as_array(x)
    return where_p.bind(x <= 0, dtype_of(x).type(0), x)


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``, with derivative 0 at 0 and at 6.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.relu6(np.array([-1.0, 3.0, 9.0]))
        array([0., 3., 6.])
    """
    x = as_array(x)
    zero, six = dtype_of(x).type(0), dtype_of(x).type(6)
    return where_p.bind(x <= 0, zero, where_p.bind(x >= 6, six, x))


def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``, without overflow.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.sigmoid(np.log([1.0, 3.0])).round(12)
        array([0.5 , 0.75])
    """
    return _sigmoid(as_inexact(x))


def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``, without overflow.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> np.exp(nn.softplus(np.log([1.0, 4.0]))).round(12)
        array([2., 5.])
    """
    return logaddexp(as_inexact(x), 0)


def squareplus(x: Any, b: Any = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2``, a smooth `relu`.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.squareplus(np.array([0.0, 1.5]))
        array([1., 2.])
    """
    x = as_inexact(x)
    positive = x >= 0
    size = where_p.bind(positive, x, -x)  # not `absolute`, whose derivative at 0 is that of neither side
    far = size + hypot(x, math.sqrt(b) if isinstance(b, (int, float)) else sqrt(b))
    return where_p.bind(positive, far, b / far) / 2  # for negative x the sum would cancel


def soft_sign(x: Any) -> Any:
    """``x / (|x| + 1)``.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.soft_sign(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])
    """
    return _soft_sign(as_inexact(x))


def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.silu(np.array([0.0, 100.0]))
        array([  0., 100.])
    """
    x = as_inexact(x)
    return x * _sigmoid(x)


swish = silu


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.mish(np.array([0.0, 100.0]))
        array([  0., 100.])
    """
    x = as_inexact(x)
    return x * tanh(softplus(x))


def log_sigmoid(x: Any) -> Any:
    """``log(sigmoid(x))``, without overflow.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.log_sigmoid(np.array([-1000.0, np.inf]))
        array([-1000.,    -0.])
    """
    return -softplus(-as_inexact(x))


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """`x` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.elu(np.array([-np.inf, 0.0, 2.0]))
        array([-1.,  0.,  2.])
    """
    x = as_inexact(x)
    positive, zero = x > 0, dtype_of(x).type(0)
    return where_p.bind(positive, x, alpha * expm1(where_p.bind(positive, zero, x)))


def celu(x: Any, alpha: Any = 1.0) -> Any:
    """`x` where it is positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.celu(np.array([-np.inf, 0.0, 2.0]), alpha=0.5)
        array([-0.5,  0. ,  2. ])
    """
    x = as_inexact(x)
    positive, zero = x > 0, dtype_of(x).type(0)
    return where_p.bind(positive, x, alpha * expm1(where_p.bind(positive, zero, x) / alpha))


def selu(x: Any) -> Any:
    """The `elu` that keeps mean and variance (Klambauer et al., 2017).

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.selu(np.array([0.0, 1.0])).round(4)
        array([0.    , 1.0507])
    """
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def leaky_relu(x: Any, negative_slope: Any = 1e-2) -> Any:
    """`x` where it is not negative, ``negative_slope * x`` elsewhere.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.leaky_relu(np.array([-10.0, 3.0]))
        array([-0.1,  3. ])
    """
    x = as_inexact(x)
    return where_p.bind(x >= 0, x, negative_slope * x)


def gelu(x: Any, approximate: bool = True) -> Any:
    """``x`` times the normal distribution function of `x`; by a formula with tanh where `approximate`.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.gelu(np.array([0.0, 1.0]), approximate=False).round(4)
        array([0.    , 0.8413])
    """
    x = as_inexact(x)
    if approximate:
        # ``1 + tanh(u) = 2 sigmoid(2 u)``, where that is small too
        return x * _sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))
    return x * erfc(-x / math.sqrt(2)) / 2


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of `x` along `axis` times the sigmoid of the second half.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.glu(np.array([1.0, 2.0, 0.0, 0.0]))
        array([0.5, 1. ])
    """
    x = as_inexact(x)
    i = canonical_axis(axis, ndim_of(x))
    n = shape_of(x)[i]
    if n % 2:
        raise ShapeError(f"glu needs an axis of even length, got {n}")
    return slice_axis(x, i, 0, n // 2) * _sigmoid(slice_axis(x, i, n // 2, n))


def hard_tanh(x: Any) -> Any:
    """`x` limited to the interval from -1 to 1.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.hard_tanh(np.array([-5.0, 0.25, 5.0]))
        array([-1.  ,  0.25,  1.  ])
    """
    x = as_inexact(x)
    one = dtype_of(x).type(1)
    return where_p.bind(x > 1, one, where_p.bind(x < -1, -one, x))


def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.hard_sigmoid(np.array([-3.0, 0.0, 3.0]))
        array([0. , 0.5, 1. ])
    """
    return relu6(as_inexact(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.hard_silu(np.array([-3.0, 0.0, 3.0]))
        array([-0.,  0.,  3.])
    """
    x = as_inexact(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def sparse_plus(x: Any) -> Any:
    """0 below -1, ``(x + 1)**2 / 4`` up to 1, and `x` above.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.sparse_plus(np.array([-2.0, 0.0, 5.0]))
        array([0.  , 0.25, 5.  ])
    """
    x = as_inexact(x)
    one = dtype_of(x).type(1)
    curved = square(where_p.bind(absolute(x) >= 1, one, x) + 1) / 4
    return where_p.bind(x <= -1, dtype_of(x).type(0), where_p.bind(x >= 1, x, curved))


def sparse_sigmoid(x: Any) -> Any:
    """``(x + 1) / 2`` limited to the interval from 0 to 1.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.sparse_sigmoid(np.array([-3.0, 0.0, 0.5]))
        array([0.  , 0.5 , 0.75])
    """
    return 0.5 * minimum(maximum(as_inexact(x) + 1.0, 0.0), 2.0)


def log1mexp(x: Any) -> Any:
    """``log(1 - exp(-x))`` for positive `x`, precise at both ends (Maechler, 2012).

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> np.exp(nn.log1mexp(np.log(4.0))).round(12)
        np.float64(0.75)
    """
    x = as_inexact(x)
    small = x < math.log(2)
    one = dtype_of(x).type(1)
    near, far = where_p.bind(small, x, one), where_p.bind(small, one, x)
    return where_p.bind(small, log(-expm1(-near)), log1p(-exp(-far)))


def identity(x: Any) -> Any:
    """`x`.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.identity(np.array([1.0, -2.0]))
        array([ 1., -2.])
    """
    return as_array(x)


# --- sums of exponentials ---------------------------------------------------------------------------------------


def softmax(x: Any, axis: Any = -1, where: Any = None, initial: Any = -np.inf) -> Any:
    """``exp(x)`` divided by its sum over `axis`; 0 where the mask `where` leaves an element out.

    Example:
        >>> softmax(np.zeros(2))
        array([0.5, 0.5])
    """
    return _weighed(softmax_p, x, axis, where)


def log_softmax(x: Any, axis: Any = -1, where: Any = None, initial: Any = -np.inf) -> Any:
    """The logarithm of `softmax`, without overflow; -inf where the mask `where` leaves an element out.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> np.exp(nn.log_softmax(np.log([1.0, 3.0, 4.0]))).round(12)
        array([0.125, 0.375, 0.5  ])
    """
    out = _weighed(log_softmax_p, x, axis, where)
    return out if where is None else where_p.bind(where, out, dtype_of(out).type(-np.inf))


def _weighed(primitive: Any, x: Any, axis: Any, where: Any) -> Any:
    x = as_inexact(x)
    if where is not None:
        x = where_p.bind(where, x, dtype_of(x).type(-np.inf))
    if dtype_of(x).kind == "c":
        terms = exp(x - _log_shift(x, axis))
        weights = terms / _sum(terms, axis, keepdims=True)
        return weights if primitive is softmax_p else log(weights)
    return primitive.bind(x, axes=_from_last(x, axis), ends="" if where is None else "masked")


def logmeanexp(x: Any, axis: Any = None, where: Any = None, keepdims: bool = False) -> Any:
    """``log(mean(exp(x)))`` over `axis`, without overflow.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> np.exp(nn.logmeanexp(np.log([1.0, 2.0, 6.0]))).round(12)
        np.float64(3.0)
    """
    x = as_inexact(x)
    counted = np.ones(shape_of(x), dtype_of(x)) if where is None else convert(where, dtype_of(x)) + x * 0
    return logsumexp(x, axis, where=where, keepdims=keepdims) - log(_sum(counted, axis, keepdims=keepdims))


# --- the rest ---------------------------------------------------------------------------------------------------


def standardize(
    x: Any, axis: Any = -1, mean: Any = None, variance: Any = None, epsilon: Any = 1e-5, where: Any = None
) -> Any:
    """`x` moved and scaled to mean 0 and variance 1 over `axis`; `epsilon` is added to the variance.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.standardize(np.array([1.0, 2.0, 3.0]), epsilon=0.0).round(4)
        array([-1.2247,  0.    ,  1.2247])
    """
    from .numpy import mean as mean_of

    x = as_inexact(x)
    if mean is None:
        mean = mean_of(x, axis, keepdims=True, where=where)
    if variance is None:
        variance = mean_of(square(x - mean), axis, keepdims=True, where=where)
    return (x - mean) * rsqrt(as_array(variance) + epsilon)


def one_hot(x: Any, num_classes: int, *, dtype: Any = None, axis: int = -1) -> Any:
    """A vector for each integer in `x`: 1 at its place, 0 elsewhere; all 0 if it is out of range.

    Example:
        >>> one_hot(np.array([0, 2]), 3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    x = as_array(x)
    hit = equal(expand_dims(x, -1), np.arange(as_length(num_classes, "one_hot: num_classes")))
    out = convert(hit, config.float_dtype if dtype is None else canonical_dtype(dtype))
    return out if axis == -1 else moveaxis(out, -1, axis)


def dot_product_attention(
    query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, *, scale: Any = None, is_causal: bool = False,
    query_seq_lengths: Any = None, key_value_seq_lengths: Any = None, local_window_size: int | tuple[int, int] | None = None,
    return_residual: bool = False,
) -> Any:  # fmt: skip
    """Attention: the values weighted by the softmax of the products of queries and keys.

    Args:
        query: shape ``(..., T, N, H)``: T places, N heads, H numbers for each.
        key, value: shape ``(..., S, K, H)``, `N` a multiple of `K`.
        bias: added to the products; broadcasts to ``(..., N, T, S)``.
        mask: which products count; broadcasts to ``(..., N, T, S)``.
        scale: the factor of the products, ``1 / sqrt(H)`` by default.
        is_causal: whether each place sees only those up to it.
        query_seq_lengths, key_value_seq_lengths: how many places there are of each example; results of places beyond are 0.
        local_window_size: how many places before and after it each place sees; one number for both.
        return_residual: whether the logarithms of the sums of exponentials are returned too, of shape ``(..., T, N)``.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> q = np.zeros((1, 1, 1, 2))
        >>> kv = np.arange(6.0).reshape(1, 3, 1, 2)
        >>> nn.dot_product_attention(q, kv, kv)
        array([[[[2., 3.]]]])
    """
    query, key, value = as_array(query), as_array(key), as_array(value)
    heads, groups = shape_of(query)[-2], shape_of(key)[-2]
    if heads % groups:
        raise ArgumentError(f"dot_product_attention: {heads} heads are no multiple of {groups} heads of keys")
    if heads != groups:
        from .numpy import repeat

        key, value = repeat(key, heads // groups, axis=-2), repeat(value, heads // groups, axis=-2)
    q, k, v = (moveaxis(x, -2, -3) for x in (query, key, value))
    scores = matmul(q, moveaxis(k, -1, -2)) * (1 / math.sqrt(shape_of(query)[-1]) if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    rows, columns = np.arange(shape_of(q)[-2])[:, None], np.arange(shape_of(k)[-2])
    allowed: list[Any] = [] if mask is None else [mask]
    if is_causal:
        allowed.append(rows >= columns)
    if local_window_size is not None:
        before, after = local_window_size if isinstance(local_window_size, tuple) else (local_window_size,) * 2
        allowed.append((columns >= rows - before) & (columns <= rows + after))
    for lengths, places in ((query_seq_lengths, rows), (key_value_seq_lengths, columns)):
        if lengths is not None:
            allowed.append(places < expand_dims(as_array(lengths), (-1, -2, -3)))
    mask = functools.reduce(logical_and, allowed) if allowed else None
    out = moveaxis(matmul(softmax(scores, -1, where=mask), v), -3, -2)
    if query_seq_lengths is not None:
        out = where(rows[:, None] < expand_dims(as_array(query_seq_lengths), (-1, -2, -3)), out, 0.0)
    if not return_residual:
        return out
    counted = scores if mask is None else where(mask, scores, -np.inf)
    return out, moveaxis(logsumexp(counted, -1), -1, -2)


__all__ = [
    "avg_pool", "celu", "dot_product_attention", "elu", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "identity", "leaky_relu", "log1mexp", "log_sigmoid", "log_softmax", "logmeanexp", "logsumexp", "max_pool", "mish",
    "one_hot", "relu", "relu6", "selu", "sigmoid", "silu", "soft_sign", "softmax", "softplus", "sparse_plus",
    "sparse_sigmoid", "squareplus", "standardize", "swish",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
