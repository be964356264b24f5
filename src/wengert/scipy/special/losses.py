"""Entropies and divergences, losses of regressions, softmax, the inverses of transformations of Box and Cox."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import dtype_of
from ...nn import log_softmax as _log_softmax
from ...nn import softmax as _softmax
from ...ops.elementwise import absolute, exp, log, sqrt, stop_gradient_p, where, where_p
from ...ops.special.declare import of_loops
from ...ops.special.functions import shifted_root, xlogy
from ...vocabulary import ArrayLike, Axes, Value
from .domain import nan_or
from .of_numpy import expm1


def softmax(x: ArrayLike, axis: Axes = None) -> Value:
    """``exp(x) / sum(exp(x))``, the sum over `axis`: over all elements by default, as SciPy has it.

    Example:
        >>> softmax(np.zeros((2, 2)))
        array([[0.25, 0.25],
               [0.25, 0.25]])
    """
    return _softmax(x, axis)


def log_softmax(x: ArrayLike, axis: Axes = None) -> Value:
    """The logarithm of `softmax`, without overflow; over all elements by default.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> np.exp(special.log_softmax(np.log([2.0, 6.0]))).round(12)
        array([0.25, 0.75])
    """
    return _log_softmax(x, axis)


def entr(x: ArrayLike) -> Value:
    """``-x log(x)``; 0 at 0 and -inf below.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.entr(np.array([0.0, 1.0, -1.0]))
        array([  0.,   0., -inf])
    """
    x = of_loops(x)[0]
    outside = x < 0
    safe = where_p.bind(outside, dtype_of(x).type(1), x)
    return where_p.bind(outside, dtype_of(x).type(-np.inf), 0 - xlogy(safe, safe))


def rel_entr(x: ArrayLike, y: ArrayLike) -> Value:
    """``x log(x / y)``; 0 where `x` is 0 and `y` is not negative, inf elsewhere outside the domain.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (special.rel_entr(np.array([0.0, 2.0]), np.array([1.0, 1.0])) / np.log(2.0)).round(12)
        array([0., 2.])
    """
    x, y = of_loops(x, y)
    inside = (x > 0) & (y > 0)
    one, zero = dtype_of(x).type(1), dtype_of(x).type(0)
    a, b = where_p.bind(inside, x, one), where_p.bind(inside, y, one)
    rest = where_p.bind((x == 0) & (y >= 0), zero, nan_or(dtype_of(x).type(np.inf), x, y))
    return where_p.bind(inside, a * _log_quotient(a, b), rest)


def _log_quotient(a: ArrayLike, b: ArrayLike) -> Any:
    """``log(a / b)`` of positive numbers: by the logarithms of both where the quotient is so far from 1 that they differ.

    Elsewhere both are scaled, so that ``a / b**2``, which a tangent has, stays in range.
    """
    info, one = np.finfo(dtype_of(a)), dtype_of(a).type(1)
    limit, scale = info.tiny ** dtype_of(a).type(1 / 3), np.ldexp(one, info.maxexp // 2)
    with np.errstate(over="ignore", under="ignore"):
        quotient = stop_gradient_p.bind(a) / stop_gradient_p.bind(b)
    near = (quotient >= limit) & (quotient <= one / limit)
    scales = where_p.bind(b < limit, scale, where_p.bind(b > one / limit, one / scale, one))
    quotients = (where_p.bind(near, a, one) * scales) / (where_p.bind(near, b, one) * scales)
    return log(where_p.bind(near, quotients, a)) - log(where_p.bind(near, one, b))


def kl_div(x: ArrayLike, y: ArrayLike) -> Value:
    """``x log(x / y) - x + y``, the term of the Kullback-Leibler divergence.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.kl_div(np.array([1.0, 0.0]), np.array([1.0, 2.0]))
        array([0., 2.])
    """
    x, y = of_loops(x, y)
    value = rel_entr(x, y)
    defined = (x >= 0) & (y >= 0) & (value < np.inf)
    zero = dtype_of(x).type(0)
    return value - where_p.bind(defined, x, zero) + where_p.bind(defined, y, zero)


def inv_boxcox(y: ArrayLike, lmbda: Any) -> Value:
    """The inverse of `boxcox`, differentiable in both, where `lmbda` is 0 too.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.inv_boxcox(np.array([4.0, np.log(3.0)]), np.array([2.0, 0.0])).round(12)
        array([3., 3.])
    """
    return exp(shifted_root(*of_loops(y, lmbda)))


def inv_boxcox1p(y: ArrayLike, lmbda: Any) -> Value:
    """The inverse of `boxcox1p`, differentiable in both, where `lmbda` is 0 too.

    Example:
        >>> print(round(float(inv_boxcox1p(2.0, 0.5)), 12))
        3.0
    """
    return expm1(shifted_root(*of_loops(y, lmbda)))


def huber(delta: Any, r: Any) -> Value:
    """Huber's loss: ``r**2 / 2`` up to `delta`, linear beyond; inf where `delta` is negative.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.huber(1.0, np.array([0.5, 3.0]))
        array([0.125, 2.5  ])
    """
    delta, r = of_loops(delta, r)
    size = absolute(r)
    loss = where(size <= delta, r * r / 2, delta * (size - delta / 2))
    return where(delta < 0, math.inf, loss)


def pseudo_huber(delta: ArrayLike, r: ArrayLike) -> Value:
    """The smooth form of Huber's loss, ``delta**2 (sqrt(1 + (r / delta)**2) - 1)``.

    Example:
        >>> from wengert.scipy import special
        >>> (special.pseudo_huber(3.0, 4.0)).round(12)
        np.float64(6.0)
    """
    delta, r = of_loops(delta, r)
    loss = _pseudo_huber(where(delta > 0, delta, 1.0), r)
    beside = where(delta < 0, dtype_of(r).type(math.inf), dtype_of(r).type(0) * delta)  # NaN stays
    return where(delta > 0, loss, beside)


def _pseudo_huber(delta: Any, r: ArrayLike) -> Value:
    ratio = r / delta
    far = absolute(ratio) > 1e8  # where the squares below would overflow, and the loss is linear
    near, size = where(far, 0.0, r), where(far, 0.0, ratio)
    loss = near * near / (1 + sqrt(1 + size * size))  # delta**2 (sqrt(1 + size**2) - 1), without its cancellation
    return where(far, delta * (absolute(r) - delta), loss)


__all__ = [
    "entr", "huber", "inv_boxcox", "inv_boxcox1p", "kl_div", "log_softmax", "pseudo_huber", "rel_entr", "softmax",
]  # fmt: skip
