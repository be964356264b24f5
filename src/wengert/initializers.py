"""`wengert.initializers`: random starting values for the parameters of networks, by the names of jax.nn.initializers.

Each function here makes an initializer: a function of a key, a shape and a dtype.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import random
from .config import canonical_dtype, config
from .documented import with_example
from .errors import ArgumentError
from .nearest import nearest_names as _nearest_names
from .ops.shape import moveaxis, reshape
from .vocabulary import DTypeLike, Key, Value

Initializer = Callable[..., Any]
# The standard deviation of a standard normal number that is kept between -2 and 2.
_TRUNCATED = 0.87962566103423978


def zeros(key: Key, shape: Sequence[int], dtype: DTypeLike = None) -> Value:
    """An initializer: zeros.

    Example:
        >>> from wengert import initializers, random
        >>> initializers.zeros(random.key(0), (3,))
        array([0., 0., 0.])
    """
    return np.zeros(shape, _dtype(dtype))


def ones(key: Key, shape: Sequence[int], dtype: DTypeLike = None) -> Value:
    """An initializer: ones.

    Example:
        >>> from wengert import initializers, random
        >>> initializers.ones(random.key(0), (2, 2))
        array([[1., 1.],
               [1., 1.]])
    """
    return np.ones(shape, _dtype(dtype))


def _dtype(dtype: DTypeLike) -> np.dtype:
    return config.float_dtype if dtype is None else canonical_dtype(dtype)


def constant(value: Any, dtype: DTypeLike = None) -> Initializer:
    """An initializer that fills with a value.

    Example:
        >>> import wengert.initializers as init
        >>> init.constant(2.0)(None, (2,))
        array([2., 2.])
    """
    return lambda key, shape, dtype=dtype: np.full(shape, value, _dtype(dtype))


def uniform(scale: Any = 1e-2, dtype: DTypeLike = None) -> Initializer:
    """An initializer: uniform in [0, scale).

    Example:
        >>> from wengert import initializers, random
        >>> w = initializers.uniform(0.5)(random.key(0), (1000,))
        >>> bool((0 <= w).all() and (w < 0.5).all())
        True
    """
    return lambda key, shape, dtype=dtype: random.uniform(key, shape, dtype) * _dtype(dtype).type(scale)


def normal(stddev: Any = 1e-2, dtype: DTypeLike = None) -> Initializer:
    """An initializer: normal of a standard deviation.

    Example:
        >>> from wengert import initializers, random
        >>> w = initializers.normal(stddev=0.5)(random.key(0), (200, 200))
        >>> bool(abs(w.std() * 2 - 1) < 0.02)
        True
    """
    return lambda key, shape, dtype=dtype: random.normal(key, shape, dtype) * _dtype(dtype).type(stddev)


def truncated_normal(stddev: Any = 1e-2, dtype: DTypeLike = None, lower: Any = -2.0, upper: Any = 2.0) -> Initializer:
    """An initializer: normal, kept between `lower` and `upper` standard deviations.

    Example:
        >>> from wengert import initializers, random
        >>> w = initializers.truncated_normal(0.1)(random.key(0), (1000,))
        >>> bool(abs(w).max() <= 0.2)
        True
    """

    def init(key: Key, shape: Sequence[int], dtype: DTypeLike = dtype) -> Any:
        return random.truncated_normal(key, lower, upper, shape, dtype) * _dtype(dtype).type(stddev)

    return init


def _fans(shape: Sequence[int], in_axis: Any, out_axis: Any, batch_axis: Any) -> tuple[float, float]:
    """How many inputs each output has, and how many outputs each input."""
    if len(shape) < 2:
        raise ArgumentError(f"this initializer is for arrays of two axes at least, got the shape {tuple(shape)}")

    def size(axes: Any) -> int:
        return math.prod(shape[a] for a in ((axes,) if isinstance(axes, int) else axes))

    n_in, n_out = size(in_axis), size(out_axis)
    field = math.prod(shape) / n_in / n_out / size(batch_axis)
    return n_in * field, n_out * field


def variance_scaling(
    scale: Any,
    mode: str,
    distribution: str,
    in_axis: Any = -2,
    out_axis: Any = -1,
    batch_axis: Any = (),
    dtype: DTypeLike = None,
) -> Initializer:
    """An initializer whose variance is `scale` over the number of connections.

    Args:
        scale: a positive number.
        mode: what counts as connections: "fan_in", "fan_out", "fan_avg", or "fan_geo_avg".
        distribution: "truncated_normal", "normal" or "uniform".
        in_axis: the axis or axes of inputs.
        out_axis: the axis or axes of outputs.
        batch_axis: axes that count for neither.
        dtype: of the result, if the initializer is not given one.

    Raises:
        ArgumentError: `mode` or `distribution` is none of these, or the shape has less than two axes.

    Example:
        >>> import wengert
        >>> import wengert.initializers as init
        >>> init.variance_scaling(2.0, "fan_in", "normal")(wengert.random.key(0), (3, 4)).shape
        (3, 4)
    """
    means = {
        "fan_in": lambda a, b: a,
        "fan_out": lambda a, b: b,
        "fan_avg": lambda a, b: (a + b) / 2,
        "fan_geo_avg": lambda a, b: math.sqrt(a * b),
    }
    if mode not in means:
        raise ArgumentError(f"variance_scaling: mode is one of {', '.join(means)}, got {mode!r}")
    if distribution not in ("truncated_normal", "normal", "uniform"):
        raise ArgumentError(
            f"variance_scaling: distribution is 'truncated_normal', 'normal' or 'uniform', got {distribution!r}"
        )

    def init(key: Key, shape: Sequence[int], dtype: DTypeLike = dtype) -> Any:
        d = _dtype(dtype)
        variance = scale / means[mode](*_fans(tuple(shape), in_axis, out_axis, batch_axis))
        if distribution == "normal":
            return random.normal(key, shape, d) * d.type(math.sqrt(variance))
        if distribution == "uniform":
            return random.uniform(key, shape, d, -1) * d.type(math.sqrt(3 * variance))
        return random.truncated_normal(key, -2, 2, shape, d) * d.type(math.sqrt(variance) / _TRUNCATED)

    return init


def _scaled(scale: float, mode: str, distribution: str, name: str, what: str) -> Callable[..., Initializer]:
    def maker(in_axis: Any = -2, out_axis: Any = -1, batch_axis: Any = (), dtype: DTypeLike = None) -> Initializer:
        return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

    maker.__name__ = maker.__qualname__ = name
    maker.__doc__ = f"{what}: `variance_scaling` with {scale}, {mode!r} and {distribution!r}."
    return maker


_glorot = "An initializer of X. Glorot and Y. Bengio, 2010"
_lecun = "An initializer of Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, 1998"
_he = "An initializer of K. He, X. Zhang, S. Ren, J. Sun, 2015"
glorot_uniform = xavier_uniform = _scaled(1.0, "fan_avg", "uniform", "glorot_uniform", _glorot)
with_example(
    glorot_uniform,
    """
    >>> import numpy as np
    >>> from wengert import initializers, random
    >>> w = initializers.glorot_uniform()(random.key(0), (100, 50))
    >>> bool(abs(w).max() <= np.sqrt(6 / 150))
    True
    """,
)
glorot_normal = xavier_normal = _scaled(1.0, "fan_avg", "truncated_normal", "glorot_normal", _glorot)
with_example(
    glorot_normal,
    """
    >>> from wengert import initializers, random
    >>> w = initializers.glorot_normal()(random.key(0), (300, 500))
    >>> bool(abs(w.std() * 20 - 1) < 0.02)
    True
    """,
)
lecun_uniform = _scaled(1.0, "fan_in", "uniform", "lecun_uniform", _lecun)
with_example(
    lecun_uniform,
    """
    >>> import numpy as np
    >>> from wengert import initializers, random
    >>> w = initializers.lecun_uniform()(random.key(0), (75, 10))
    >>> bool(abs(w).max() <= np.sqrt(3 / 75))
    True
    """,
)
lecun_normal = _scaled(1.0, "fan_in", "truncated_normal", "lecun_normal", _lecun)
with_example(
    lecun_normal,
    """
    >>> from wengert import initializers, random
    >>> w = initializers.lecun_normal()(random.key(0), (400, 200))
    >>> bool(abs(w.std() * 20 - 1) < 0.02)
    True
    """,
)
he_uniform = kaiming_uniform = _scaled(2.0, "fan_in", "uniform", "he_uniform", _he)
with_example(
    he_uniform,
    """
    >>> import numpy as np
    >>> from wengert import initializers, random
    >>> w = initializers.he_uniform()(random.key(0), (54, 10))
    >>> bool(abs(w).max() <= np.sqrt(6 / 54))
    True
    """,
)
he_normal = kaiming_normal = _scaled(2.0, "fan_in", "truncated_normal", "he_normal", _he)
with_example(
    he_normal,
    """
    >>> from wengert import initializers, random
    >>> w = initializers.he_normal()(random.key(0), (200, 300))
    >>> bool(abs(w.std() * 10 - 1) < 0.02)
    True
    """,
)


def orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: DTypeLike = None) -> Initializer:
    """An initializer: matrices with orthonormal rows or columns, times `scale`.

    Example:
        >>> import numpy as np, wengert
        >>> import wengert.initializers as init
        >>> q = init.orthogonal()(wengert.random.key(0), (4, 2))
        >>> bool(np.allclose(q.T @ q, np.eye(2)))
        True
    """

    def init(key: Key, shape: Sequence[int], dtype: DTypeLike = dtype) -> Any:
        if len(shape) < 2:
            raise ArgumentError(f"this initializer is for arrays of two axes at least, got the shape {tuple(shape)}")
        columns = shape[column_axis]
        d = _dtype(dtype)
        q = random.orthogonal(key, math.prod(shape) // columns, (), d, columns) * d.type(scale)
        rest = [n for i, n in enumerate(shape) if i != column_axis % len(shape)]
        return moveaxis(reshape(q, (*rest, columns)), -1, column_axis)

    return init


def delta_orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: DTypeLike = None) -> Initializer:
    """An initializer of convolution kernels: an orthogonal matrix in the middle, times `scale`, zeros around it.

    Source: Xiao et al. (2018), "Dynamical isometry and a mean field theory of CNNs". Shapes are ``(*window, in, out)`` of
    one to three axes of the window, with no more inputs than outputs.

    Example:
        >>> import wengert
        >>> import wengert.initializers as init
        >>> kernel = init.delta_orthogonal()(wengert.random.key(0), (3, 2, 2))
        >>> bool(np.allclose(kernel[1] @ kernel[1].T, np.eye(2))), float(abs(kernel[[0, 2]]).max())
        (True, 0.0)
    """
    matrix_of = orthogonal(scale, column_axis, dtype)

    def init(key: Key, shape: Sequence[int], dtype: DTypeLike = dtype) -> Any:
        if not 3 <= len(shape) <= 5 or shape[-2] > shape[-1]:
            raise ArgumentError(f"delta_orthogonal: shapes (*window, in, out) with in <= out, got {tuple(shape)}")
        matrix = matrix_of(key, tuple(shape[-2:]), dtype)
        middle = np.zeros((*shape[:-2], 1, 1), _dtype(dtype))
        middle[tuple((n - 1) // 2 for n in shape[:-2])] = 1
        return middle * matrix

    return init


__all__ = [
    "Initializer", "constant", "delta_orthogonal", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "kaiming_normal",
    "kaiming_uniform", "lecun_normal", "lecun_uniform", "normal", "ones", "orthogonal", "truncated_normal", "uniform",
    "variance_scaling", "xavier_normal", "xavier_uniform", "zeros",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
