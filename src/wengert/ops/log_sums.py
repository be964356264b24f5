"""Logarithms of sums of exponentials, without overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Tracer, as_array, aval_of, dtype_of, ndim_of, shape_of
from ..vocabulary import Axes, Value
from .axes import canonical_axes
from .casts import as_inexact
from .elementwise import (
    absolute,
    convert,
    equal,
    exp,
    isfinite,
    log,
    log1p,
    logical_not,
    logical_or,
    real,
    stop_gradient_p,
    where_p,
)
from .elementwise import sign as sign_of
from .exponentials import logsumexp_p
from .promotion import broadcast_shapes, result_dtype
from .reduction import max as _max
from .reduction import sum as _sum
from .shape import broadcast_to, kept_shape, reduced_shape, reshape


def shift_of(x: Value, axis: Axes) -> Value:
    """The largest element, as a constant; 0 where it is not finite."""
    largest = _max(stop_gradient_p.bind(x), axis, True)
    return where_p.bind(isfinite(largest), largest, dtype_of(x).type(0))


def logsumexp(
    a: Value,
    axis: Axes = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: Value | None = None,
) -> Any:
    """``log(sum(b * exp(a)))`` over `axis`, without overflow.

    Args:
        a: the exponents.
        axis: an axis or several; all by default.
        b: factors, which broadcast to `a`.
        keepdims: whether the axes stay, with length 1.
        return_sign: whether the sign of the sum is returned too, its absolute value taken in the logarithm.
        where: which elements are summed.

    Example:
        >>> float(logsumexp([1000.0, 1000.0]))
        1000.6931471805599
    """
    x = as_inexact(a)
    nothing = dtype_of(x).type(-np.inf)
    if ndim_of(x) == 0 and axis in (0, -1) and (b is None or not np.ndim(b)):
        axis = None  # of a number, as NumPy's reductions have it
    if b is not None:
        b = convert(b, result_dtype(aval_of(x), aval_of(b))) if isinstance(b, (int, float, complex)) else as_array(b)
        x = broadcast_to(x, broadcast_shapes("logsumexp", shape_of(x), shape_of(b)))
        if not isinstance(b, Tracer) and b.dtype.kind in "biuf" and dtype_of(x).kind == "f" and (b > 0).all():
            # Exponents themselves: what the weight of one lacks to 1, in second derivatives, is the sum of the others.
            x, b = x + convert(np.log(b.astype(np.float64)), np.result_type(dtype_of(x), b.dtype)), None
    if 0 in shape_of(x):
        zero = _sum(x, axis, keepdims=keepdims)
        nothing = zero - np.inf
        return (nothing, zero) if return_sign else nothing
    if where is not None:  # what is left out must not meet infinity
        x = where_p.bind(where, x, nothing)
    if not math.prod(shape_of(x)[i] for i in canonical_axes(axis, ndim_of(x))):
        none = np.full(kept_shape(shape_of(x), canonical_axes(axis, ndim_of(x))), nothing)
        out, sign = (v if keepdims else without(v, x, axis) for v in (none, np.zeros_like(none)))
        return (out, sign) if return_sign else out
    if b is None and dtype_of(x).kind == "f":
        out = logsumexp_p.bind(
            x, axes=from_last(x, axis), ends="limits"
        )  # the largest share, if infinite, the derivative
        sign = where_p.bind(equal(out, out), dtype_of(x).type(1), dtype_of(x).type(np.nan)) if return_sign else None
        if not keepdims:
            out, sign = (None if v is None else without(v, x, axis) for v in (out, sign))
        return (out, sign) if return_sign else out
    sizes = real(x) if dtype_of(x).kind == "c" else x  # the shift is of the sizes alone: the phases make the sign
    if b is None:
        shift = shift_of(sizes, axis)
        terms = exp(x - shift)
    else:
        # A weight of 0 leaves an element out of the shift; it keeps its term, the derivative in the weight, where finite.
        unweighted = equal(b, 0)
        shift = shift_of(where_p.bind(unweighted, nothing.real, sizes), axis)
        kept = logical_or(logical_not(unweighted), isfinite(exp(stop_gradient_p.bind(sizes - shift))))
        terms = exp(where_p.bind(kept, x, nothing) - shift)
    total = _sum(terms if b is None else terms * b, axis, keepdims=True)
    sign = None
    if return_sign:
        sign, total = sign_of(total), absolute(total)
    positive = b is not None and dtype_of(terms).kind != "c" and dtype_of(b).kind != "c"
    if positive and sign is not None:
        b = b * stop_gradient_p.bind(sign)  # the factors of the absolute value
    with np.errstate(divide="ignore"):
        out = (_log_near_one(total, terms, b, axis) if positive else log(total)) + shift
    if not keepdims:
        out, sign = (None if v is None else without(v, x, axis) for v in (out, sign))
    return (out, sign) if return_sign else out


def without(kept: Value, x: Value, axis: Axes) -> Value:
    return reshape(kept, reduced_shape(shape_of(x), canonical_axes(axis, ndim_of(x))))


def from_last(x: Value, axis: Axes) -> tuple[int, ...]:
    return tuple(a - ndim_of(x) for a in canonical_axes(axis, ndim_of(x), scalars=True))


def _log_near_one(total: Value, terms: Any, b: Any, axis: Axes) -> Value:
    """The logarithm of a sum of exponentials with factors; close to 1 from what it differs by."""
    one, zero = dtype_of(total).type(1), dtype_of(total).type(0)
    near, largest = absolute(total - one) < 0.5, equal(terms, one)
    first = _sum(where_p.bind(largest, terms * b, zero), axis, keepdims=True)
    rest = _sum(where_p.bind(largest, zero, terms * b), axis, keepdims=True)
    of_difference = log1p(where_p.bind(near, (first - one) + rest, zero))
    return where_p.bind(near, of_difference, log(where_p.bind(near, one, total)))


__all__ = ["from_last", "logsumexp", "shift_of", "without"]
