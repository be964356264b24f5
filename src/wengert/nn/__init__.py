"""Functions of neural networks, by the names of jax.nn: activations, softmax and its kin, one_hot, standardize; and pooling."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import functools
import math
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import as_array, dtype_of, shape_of
from ..errors import ArgumentError
from ..nearest import nearest_names as _nearest_names
from ..ops.axes import as_length
from ..ops.casts import as_inexact
from ..ops.contraction import matmul
from ..ops.elementwise import (
    convert,
    equal,
    exp,
    expm1,
    log,
    log1p,
    logical_and,
    rsqrt,
    square,
    where,
    where_p,
)
from ..ops.exponentials import log_softmax_p, softmax_p
from ..ops.log_sums import from_last as _from_last
from ..ops.log_sums import logsumexp
from ..ops.log_sums import shift_of as _log_shift
from ..ops.pooling import avg_pool, max_pool
from ..ops.reduction import sum as _sum
from ..ops.shape import expand_dims, moveaxis
from .activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    identity,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
)


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
    from ..numpy import mean as mean_of

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
        from ..numpy import repeat

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
    "avg_pool", "celu", "dot_product_attention", "elu", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "identity", "leaky_relu", "log1mexp", "log_sigmoid", "log_softmax", "logmeanexp", "logsumexp",
    "max_pool", "mish", "one_hot", "relu", "relu6", "selu", "sigmoid", "silu", "soft_sign", "softmax", "softplus",
    "sparse_plus", "sparse_sigmoid", "squareplus", "standardize", "swish",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
