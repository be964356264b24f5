"""Descriptive statistics: mode, ranks, standard error, entropy, means and moments."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ... import numpy as wnp
from ...core import as_array, ndim_of, shape_of
from ...errors import ArgumentError
from ...ops import elementwise as ew
from ...ops.shape import moveaxis, reshape
from ...ops.special.declare import floating
from ...transforms.batching import vmap
from ..special import entr, rel_entr


def _laid_out(a: Any, axis: int | None) -> tuple[Any, int]:
    a = as_array(a)
    if axis is None:
        return reshape(a, (-1,)), 0
    return a, axis


class ModeResult(NamedTuple):
    """What `mode` gives: the values, and how often they occur."""

    mode: Any
    count: Any


def mode(a: Any, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False) -> ModeResult:
    """The value that occurs most often along an axis, the smallest of several, and how often.

    Args:
        a: an array. axis: an axis, or None for all of it.
        nan_policy: "propagate", the only one there is.

    Raises:
        ArgumentError: another `nan_policy`.

    Example:
        >>> print(mode(np.array([3, 1, 3, 2])).mode)
        3
    """
    if nan_policy != "propagate":
        raise ArgumentError(f"mode: nan_policy is 'propagate' here, got {nan_policy!r}; take out nan first")
    rank = ndim_of(as_array(a))
    a, along = _laid_out(a, axis)
    last = wnp.sort(moveaxis(a, along, -1), axis=-1)
    n = shape_of(last)[-1]
    index = np.arange(n)
    fresh = ew.not_equal(last[..., 1:], last[..., :-1])
    first = wnp.concatenate([np.ones((*shape_of(last)[:-1], 1), bool), fresh], -1)
    start = wnp.cummax(ew.where(first, index, 0), axis=-1)
    run = index - start + 1  # the length of the run of equal values that ends here
    at = wnp.argmax(run, axis=-1, keepdims=True)
    value, count = (wnp.take_along_axis(v, at, -1) for v in (last, run))
    if keepdims:
        if axis is None:
            return ModeResult(*(reshape(v, (1,) * rank) for v in (value, count)))
        return ModeResult(*(moveaxis(v, -1, along) for v in (value, count)))
    return ModeResult(value[..., 0], count[..., 0])


def rankdata(a: Any, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate") -> Any:
    """The ranks of the elements, from 1; derivatives are zero.

    Args:
        a: an array. axis: an axis, or None for all of it, flattened.
        method: how ties share: "average", "min", "max", "dense" or "ordinal".

    Raises:
        ArgumentError: no such `method` or `nan_policy`.

    Example:
        >>> rankdata(np.array([0.5, 2.0, 0.5]))
        array([1.5, 3. , 1.5])
    """
    if method not in ("average", "min", "max", "dense", "ordinal") or nan_policy != "propagate":
        raise ArgumentError(
            f"rankdata: method is 'average', 'min', 'max', 'dense' or 'ordinal' and nan_policy 'propagate', "
            f"got {method!r} and {nan_policy!r}"
        )
    a, along = _laid_out(a, axis)
    a = ew.stop_gradient_p.bind(a)

    def ranks(x: Any) -> Any:
        if method == "ordinal":
            return wnp.argsort(wnp.argsort(x, stable=True), stable=True) + 1
        ordered = wnp.sort(x)
        low = wnp.searchsorted(ordered, x, side="left")
        if method == "min":
            return low + 1
        if method == "dense":
            fresh = wnp.concatenate([np.ones(1, np.int64), ew.not_equal(ordered[1:], ordered[:-1]).astype(np.int64)])
            return wnp.cumsum(fresh)[low]
        high = wnp.searchsorted(ordered, x, side="right")
        return high if method == "max" else (low + high + 1) / 2

    for _ in range(ndim_of(a) - 1):
        ranks = vmap(ranks)
    return moveaxis(ranks(moveaxis(a, along, -1)), -1, along)


def sem(a: Any, axis: int | None = 0, ddof: int = 1, nan_policy: str = "propagate", keepdims: bool = False) -> Any:
    """The standard error of the mean along an axis."""
    if nan_policy not in ("propagate", "omit"):
        raise ArgumentError(f"sem: nan_policy is 'propagate' or 'omit', got {nan_policy!r}")
    a, axis = _laid_out(a, axis)
    if nan_policy == "omit":
        count = wnp.sum(ew.logical_not(ew.isnan(a)), axis=axis, keepdims=keepdims)
        return wnp.nanstd(a, axis=axis, ddof=ddof, keepdims=keepdims) / ew.sqrt(count)
    return wnp.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / math.sqrt(shape_of(a)[axis])


def entropy(pk: Any, qk: Any = None, base: float | None = None, axis: int = 0) -> Any:
    """Shannon's entropy of a distribution, or its divergence from another; both are divided by their sums first.

    Example:
        >>> print(entropy(np.array([1.0, 1.0]), base=2))
        1.0
    """
    (pk,) = floating(pk)
    pk = pk / wnp.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        terms = entr(pk)
    else:
        (qk,) = floating(qk)
        terms = rel_entr(pk, qk / wnp.sum(qk, axis=axis, keepdims=True))
    out = wnp.sum(terms, axis=axis)
    return out if base is None else out / math.log(base)


def zscore(a: Any, axis: int | None = 0, ddof: int = 0) -> Any:
    """How many standard deviations elements lie from the mean along an axis (of all elements with None)."""
    a = as_array(a)
    return (a - wnp.mean(a, axis=axis, keepdims=True)) / wnp.std(a, axis=axis, ddof=ddof, keepdims=True)


def gmean(a: Any, axis: int | None = 0, weights: Any = None) -> Any:
    """The geometric mean along an axis."""
    return ew.exp(wnp.average(ew.log(as_array(a)), axis=axis, weights=weights))


def hmean(a: Any, axis: int | None = 0, weights: Any = None) -> Any:
    """The harmonic mean along an axis."""
    return 1 / wnp.average(1 / as_array(a), axis=axis, weights=weights)


def _moments(a: Any, axis: int | None) -> tuple[Any, Any, Any, int]:
    a, axis = _laid_out(a, axis)
    d = a - wnp.mean(a, axis=axis, keepdims=True)
    second = d * d
    return d, second, wnp.mean(second, axis=axis), axis


def skew(a: Any, axis: int | None = 0, bias: bool = True) -> Any:
    """The skewness along an axis; ``bias=False`` corrects for the size of the sample."""
    d, second, variance, axis = _moments(a, axis)
    out = wnp.mean(second * d, axis=axis) / (variance * ew.sqrt(variance))
    n = shape_of(d)[axis]
    return out if bias else out * math.sqrt(n * (n - 1)) / (n - 2)


def kurtosis(a: Any, axis: int | None = 0, fisher: bool = True, bias: bool = True) -> Any:
    """The kurtosis along an axis, above that of the normal distribution unless ``fisher=False``."""
    d, second, variance, axis = _moments(a, axis)
    out = wnp.mean(second * second, axis=axis) / (variance * variance)
    n = shape_of(d)[axis]
    if not bias:
        out = 3 + (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * out - 3 * (n - 1))
    return out - 3 if fisher else out
