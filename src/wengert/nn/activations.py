"""Activation functions, by the names of jax.nn."""

from __future__ import annotations

import math
from typing import Any

from ..core import as_array, dtype_of, ndim_of, shape_of
from ..errors import ShapeError
from ..ops.axes import canonical_axis
from ..ops.casts import as_inexact
from ..ops.elementwise import (
    absolute,
    erfc,
    expm1,
    hypot,
    logaddexp,
    maximum,
    minimum,
    sqrt,
    square,
    tanh,
    where_p,
)
from ..ops.elementwise import sigmoid as _sigmoid
from ..ops.elementwise import soft_sign as _soft_sign
from ..ops.slices import slice_axis

# --- activations ------------------------------------------------------------------------------------------------


def relu(x: Any) -> Any:
    """``max(x, 0)``, with derivative 0 at 0.

    Example:
        >>> import numpy as np
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


def identity(x: Any) -> Any:
    """`x`.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.identity(np.array([1.0, -2.0]))
        array([ 1., -2.])
    """
    return as_array(x)


__all__ = [
    "celu", "elu", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "identity", "leaky_relu",
    "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_sign", "softplus", "sparse_plus",
    "sparse_sigmoid", "squareplus", "swish",
]  # fmt: skip
