"""`wengert.lax`: operations under the names that JAX's `lax` gives them. Thin: everything is an operation of `ops`."""

# ruff: noqa: F401, I001 (a namespace: imported names are its content)
from __future__ import annotations

from typing import Any

import numpy as _np

from .core import as_value as _as_value
from .ops import elementwise as _ew
from .ops import reduction as _reduction
from .ops import shape as _shape
from .ops.collectives import all_gather, all_to_all, axis_index, axis_size, pmax, pmean, pmin, ppermute, pshuffle, psum
from .ops.collectives import psum_scatter
from .ops.contraction import dot, dot_general
from .ops.elementwise import convert as convert_element_type
from .ops.elementwise import cos, digamma, equal, erf, erfc, exp, exp2, expm1, floor, imag, log, log1p, real, rsqrt
from .ops.elementwise import sign, sin, sqrt, square, tan, tanh
from .ops.shape import concatenate, expand_dims, reshape, transpose
from .transforms.custom_rules import custom_jvp, custom_vjp
from .transforms.derivatives import stop_gradient

abs, acos, acosh, asin, asinh, atan, atan2, atanh = (  # noqa: A001
    _ew.absolute, _ew.arccos, _ew.arccosh, _ew.arcsin, _ew.arcsinh, _ew.arctan, _ew.arctan2, _ew.arctanh,
)  # fmt: skip
add, sub, mul, div, neg, rem, max, min = (  # noqa: A001
    _ew.add, _ew.subtract, _ew.multiply, _ew.divide, _ew.negative, _ew.fmod, _ew.maximum, _ew.minimum,
)  # fmt: skip
eq, ne, lt, le, gt, ge = _ew.equal, _ew.not_equal, _ew.less, _ew.less_equal, _ew.greater, _ew.greater_equal
pow, sinh, cosh, ceil, logistic = _ew.power, _ew.sinh, _ew.cosh, _ew.ceil, _ew.sigmoid  # noqa: A001
lgamma, erf_inv, cbrt, is_finite, conj, nextafter = (
    _ew.gammaln, _ew.erfinv, _ew.cbrt, _ew.isfinite, _ew.conj, _ew.nextafter,
)  # fmt: skip


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Elements of `on_true` where `pred` holds, of `on_false` elsewhere."""
    return _ew.where(pred, on_true, on_false)


def clamp(low: Any, x: Any, high: Any) -> Any:
    """`x` limited to the interval from `low` to `high`."""
    return _ew.minimum(_ew.maximum(_as_value(low), _as_value(x)), _as_value(high))


def integer_pow(x: Any, y: int) -> Any:
    """`x` to the integer power `y`."""
    return _ew.power(x, y)


def reciprocal(x: Any) -> Any:
    """``1 / x``."""
    return _ew.reciprocal(x)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array filled with a value."""
    return convert_element_type(
        _shape.broadcast_to(_as_value(fill_value), tuple(shape)), dtype or _np.result_type(fill_value)
    )


def broadcast_in_dim(x: Any, shape: Any, broadcast_dimensions: Any) -> Any:
    """Broadcast `x`, whose axis i becomes axis ``broadcast_dimensions[i]`` of the result."""
    sizes = [1] * len(shape)
    for i, d in enumerate(broadcast_dimensions):
        sizes[d] = x.shape[i]
    return _shape.broadcast_to(reshape(x, tuple(sizes)), tuple(shape))


def reduce_sum(x: Any, axes: Any) -> Any:
    """The sum over `axes`."""
    return _reduction.sum(x, tuple(axes))


def reduce_max(x: Any, axes: Any) -> Any:
    """The maximum over `axes`."""
    return _reduction.max(x, tuple(axes))


def reduce_min(x: Any, axes: Any) -> Any:
    """The minimum over `axes`."""
    return _reduction.min(x, tuple(axes))


__all__ = [n for n in dir() if not n.startswith("_") and n not in ("annotations", "Any")]
