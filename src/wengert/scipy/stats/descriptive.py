"""Descriptive statistics: mode, ranks, standard error, entropy, means and moments.

All of them take SciPy's `axis` (one, several, or None for all of them), `nan_policy` and `keepdims`: with "propagate"
what NaN takes part in is NaN, with "omit" NaN is left out, with "raise" it is an error, as far as values are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ConcretizationError
from ...ops import elementwise as ew
from ...ops.axes import canonical_axes, canonical_axis
from ...ops.elementwise import convert
from ...ops.shape import moveaxis, reshape
from ...ops.special.declare import floating
from ...transforms.vmap import vmap
from ...vocabulary import ArrayLike, Axes, DTypeLike, Value
from ..special import entr, rel_entr

_POLICIES = ("propagate", "omit", "raise")


class _Sample:
    """An array with the axes of its samples last, flattened to one, and how a result of the other axes is laid out."""

    def __init__(self, name: str, a: ArrayLike, axis: Axes, nan_policy: str, keepdims: bool = False) -> None:
        if nan_policy not in _POLICIES:
            raise ArgumentError(f"{name}: nan_policy is 'propagate', 'omit' or 'raise', got {nan_policy!r}")
        a = as_array(a)
        a = reshape(a, (1,)) if ndim_of(a) == 0 else a
        rank, shape = ndim_of(a), shape_of(a)
        self.axes = canonical_axes(tuple(axis) if isinstance(axis, list) else axis, rank)
        self.rest = tuple(n for i, n in enumerate(shape) if i not in self.axes)
        self.kept = tuple(1 if i in self.axes else n for i, n in enumerate(shape))
        self.keepdims = keepdims
        self.n = math.prod(shape[i] for i in self.axes)
        last = tuple(range(-len(self.axes), 0))
        self.x = reshape(moveaxis(a, self.axes, last), (*self.rest, self.n)) if rank > 1 else a
        self.keep: Any = None  # which elements count; None for all
        if dtype_of(a).kind not in "fc" or nan_policy == "propagate":
            return
        if nan_policy == "raise":
            if bool(wnp.any(ew.isnan(a))):
                raise ArgumentError("The input contains nan values")
        else:
            self.keep = ew.logical_not(ew.isnan(self.x))

    def floating(self) -> Any:
        """The elements as floating numbers, 0 in the place of those that do not count."""
        (x,) = floating(self.x)
        return x if self.keep is None else ew.where(self.keep, x, 0.0)

    def count(self) -> Any:
        """How many elements count, ``(..., 1)`` or a number."""
        return float(self.n) if self.keep is None else convert(wnp.sum(self.keep, -1, keepdims=True), dtype_of(self.x))

    def mean(self, x: Any, weights: ArrayLike | None = None) -> Any:
        """The mean of the elements that count, ``(..., 1)``; NaN of none."""
        if weights is not None:
            weights = weights if self.keep is None else ew.where(self.keep, weights, 0.0)
            x, total = x * weights, wnp.sum(weights, -1, keepdims=True)
        else:
            total = self.count()
        if not isinstance(total, Tracer) and np.all(total):
            return wnp.sum(self._counting(x), -1, keepdims=True) / total
        some = ew.not_equal(total, 0)
        value = wnp.sum(self._counting(x), -1, keepdims=True) / ew.where(some, total, 1.0)
        return ew.where(some, value, math.nan)

    def _counting(self, x: ArrayLike) -> Value:
        return x if self.keep is None else ew.where(self.keep, x, 0.0)

    def reduced(self, out: ArrayLike) -> Value:
        """A result ``(..., 1)`` or ``(...)`` in its shape."""
        return reshape(out, self.kept if self.keepdims else self.rest)

    def like_input(self, out: ArrayLike, shape: Sequence[int]) -> Value:
        """A result of the shape of the samples with its axes where they were."""
        if len(shape) < 2:
            return out
        out = reshape(out, (*self.rest, *(shape[i] for i in self.axes)))
        return moveaxis(out, tuple(range(-len(self.axes), 0)), self.axes)


class ModeResult(NamedTuple):
    """What `mode` gives: the values, and how often they occur.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.mode(np.array([3, 1, 3, 2])).count
        array(2)
    """

    mode: Any
    count: Any


def mode(a: ArrayLike, axis: Axes = 0, nan_policy: str = "propagate", keepdims: bool = False) -> ModeResult:
    """The value that occurs most often along an axis, the smallest of several, and how often.

    Args:
        a: an array. axis: an axis or several, or None for all of it.
        nan_policy: "propagate", "omit" or "raise". keepdims: whether the axes stay, with length 1.

    Raises:
        ArgumentError: another `nan_policy`, or NaN with "raise".

    Example:
        >>> print(mode(np.array([3, 1, 3, 2])).mode)
        3
    """
    sample = _Sample("mode", a, axis, nan_policy, keepdims)
    last = wnp.sort(sample.x, axis=-1)
    n = sample.n
    if n == 0:
        nothing = np.zeros((*sample.rest, 1))
        return ModeResult(sample.reduced(nothing + np.nan), sample.reduced(nothing))
    index = np.arange(n)
    fresh = ew.not_equal(last[..., 1:], last[..., :-1])
    first = wnp.concatenate([np.ones((*shape_of(last)[:-1], 1), bool), fresh], -1)
    start = wnp.cummax(ew.where(first, index, 0), axis=last.ndim - 1)
    run = index - start + 1  # the length of the run of equal values that ends here
    if sample.keep is not None:
        run = ew.where(ew.isnan(last), 0, run)
    at = wnp.argmax(run, axis=-1, keepdims=True)
    value, count = (wnp.take_along_axis(v, at, -1) for v in (last, run))
    return ModeResult(sample.reduced(value), sample.reduced(count))


def rankdata(a: ArrayLike, method: str = "average", *, axis: int | None = None, nan_policy: str = "propagate") -> Value:
    """The ranks of the elements, from 1; derivatives are zero.

    Args:
        a: an array. axis: an axis, or None for all of it, flattened.
        method: how ties share: "average", "min", "max", "dense" or "ordinal".
        nan_policy: with "propagate" all ranks beside NaN are NaN, with "omit" the others are ranked without it.

    Raises:
        ArgumentError: no such `method` or `nan_policy`.

    Example:
        >>> rankdata(np.array([0.5, 2.0, 0.5]))
        array([1.5, 3. , 1.5])
    """
    if method not in ("average", "min", "max", "dense", "ordinal"):
        raise ArgumentError(f"rankdata: method is 'average', 'min', 'max', 'dense' or 'ordinal', got {method!r}")
    if nan_policy not in _POLICIES:
        raise ArgumentError(f"rankdata: nan_policy is 'propagate', 'omit' or 'raise', got {nan_policy!r}")
    a = as_array(a)
    a, axis = (reshape(a, (-1,)), 0) if axis is None else (a, canonical_axis(axis, ndim_of(a)))
    a = moveaxis(ew.stop_gradient_p.bind(a), axis, -1)

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

    if 0 in shape_of(a):
        return np.zeros(shape_of(moveaxis(a, -1, axis)), np.float64 if method == "average" else np.int64)
    rank_rows = ranks
    for _ in range(ndim_of(a) - 1):
        rank_rows = vmap(rank_rows)
    out = rank_rows(a)
    if dtype_of(a).kind == "f":
        gone = ew.isnan(a)
        if _any(gone):
            if nan_policy == "raise":
                raise ArgumentError("The input contains nan values")
            gone = gone if nan_policy == "omit" else wnp.any(gone, -1, keepdims=True)
            out = ew.where(gone, math.nan, out)
    return moveaxis(out, -1, axis)


def _any(condition: Any) -> bool:
    """Whether the condition holds anywhere; True where that is not known."""
    try:
        return bool(wnp.any(condition))
    except ConcretizationError:
        return True


def sem(a: ArrayLike, axis: Axes = 0, ddof: int = 1, nan_policy: str = "propagate", *, keepdims: bool = False) -> Any:
    """The standard error of the mean along an axis, NaN of one element.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.sem(np.array([1.0, 3.0]))
        array(1.)
    """
    sample = _Sample("sem", a, axis, nan_policy, keepdims)
    x, count = sample.floating(), sample.count()
    d = x - sample.mean(x)
    # The variance with `ddof`: NaN of too few.
    variance = sample.mean(ew.real(d * ew.conj(d))) * _over(count, count - ddof)
    return sample.reduced(ew.sqrt(variance * _over(1.0, count) * (1.0 if sample.n > 1 else math.nan)))


def _over(a: ArrayLike, b: ArrayLike) -> Any:
    """``a / b``, NaN where `b` is not positive."""
    if isinstance(b, float):
        return a / b if b > 0 else math.nan
    ok = ew.greater(b, 0)
    return ew.where(ok, a / ew.where(ok, b, 1.0), math.nan)


def entropy(
    pk: Any,
    qk: Any = None,
    base: float | None = None,
    axis: Axes = 0,
    *,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Any:
    """Shannon's entropy of a distribution, or its divergence from another; both are divided by their sums first.

    Raises:
        ArgumentError: `base` is not positive, or another `nan_policy`.

    Example:
        >>> print(entropy(np.array([1.0, 1.0]), base=2))
        1.0
    """
    if base is not None and base <= 0:
        raise ArgumentError(f"entropy: base is positive or None, got {base!r}")
    if qk is None:
        sample = _Sample("entropy", pk, axis, nan_policy, keepdims)
        x = sample.floating()
        terms = entr(x / wnp.sum(x, -1, keepdims=True))
    else:
        pk, qk = wnp.broadcast_arrays(*floating(pk, qk))
        sample, other = (_Sample("entropy", v, axis, nan_policy, keepdims) for v in (pk, qk))
        if sample.keep is not None:
            sample.keep = other.keep = ew.logical_and(sample.keep, other.keep)
        x, y = sample.floating(), other.floating()
        terms = rel_entr(x / wnp.sum(x, -1, keepdims=True), y / wnp.sum(y, -1, keepdims=True))
    if sample.keep is not None:
        terms = ew.where(sample.keep, terms, 0.0)
    out = sample.reduced(wnp.sum(terms, -1))
    return out if base is None else out / math.log(base)


def zscore(a: ArrayLike, axis: int | None = 0, ddof: int = 0, nan_policy: str = "propagate") -> Any:
    """How many standard deviations elements lie from the mean along an axis (of all elements with None).

    NaN where all of them are alike.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.zscore(np.array([1.0, 3.0]))
        array([-1.,  1.])
    """
    a = as_array(a)
    if ndim_of(a) == 0 and axis is not None:
        canonical_axis(axis, 0)  # a number has none: AxisError
    sample = _Sample("zscore", a, axis, nan_policy)
    x, count = sample.floating(), sample.count()
    mean = sample.mean(x)
    d = x - mean
    variance = sample.mean(ew.real(d * ew.conj(d))) * _over(count, count - ddof)
    limit = np.finfo(dtype_of(variance)).eps * ew.absolute(mean)
    alike = variance <= limit * limit
    out = ew.where(alike, math.nan, d / ew.sqrt(ew.where(alike, 1.0, variance)))
    if sample.keep is not None:
        out = ew.where(sample.keep, out, math.nan)
    return sample.like_input(out, shape_of(a)) if ndim_of(a) else reshape(out, ())


def _averaged(
    name: str, a: ArrayLike, axis: Axes, dtype: DTypeLike, weights: ArrayLike, nan_policy: str, keepdims: bool
) -> Any:
    """The sample of a mean, its floating elements and their weights."""
    a = as_array(a) if dtype is None else wnp.asarray(a, dtype=dtype)
    if weights is not None:
        weights = as_array(weights)
        if ndim_of(weights) == 1 and ndim_of(a) > 1 and isinstance(axis, (int, np.integer)):  # along the axis
            weights = reshape(weights, [-1 if i == axis % ndim_of(a) else 1 for i in range(ndim_of(a))])
        a, weights = wnp.broadcast_arrays(*floating(a, weights))
        other = _Sample(name, weights, axis, nan_policy)
        weights = other.x
    sample = _Sample(name, a, axis, nan_policy, keepdims)
    if weights is not None and sample.keep is not None:
        sample.keep = ew.logical_and(sample.keep, ew.logical_not(ew.isnan(weights)))
    return sample, floating(sample.x)[0], weights


def gmean(
    a: ArrayLike,
    axis: Axes = 0,
    dtype: DTypeLike = None,
    weights: ArrayLike | None = None,
    *,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Any:
    """The geometric mean along an axis, with `weights` of the shape of `a` or along the axis.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.gmean(np.array([1.0, 10.0, 100.0])).round(12)
        np.float64(10.0)
    """
    sample, x, weights = _averaged("gmean", a, axis, dtype, weights, nan_policy, keepdims)
    x = x if sample.keep is None else ew.where(sample.keep, x, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return sample.reduced(ew.exp(sample.mean(ew.log(x), weights)))


def hmean(
    a: ArrayLike,
    axis: Axes = 0,
    dtype: DTypeLike = None,
    *,
    weights: ArrayLike | None = None,
    nan_policy: str = "propagate",
    keepdims: bool = False,
) -> Any:
    """The harmonic mean along an axis, NaN of negative numbers; `weights` as for `gmean`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> (stats.hmean(np.array([1.0, 2.0, 4.0])) * 7).round(12)
        np.float64(12.0)
    """
    sample, x, weights = _averaged("hmean", a, axis, dtype, weights, nan_policy, keepdims)
    x = x if sample.keep is None else ew.where(sample.keep, x, 1.0)
    x = ew.where(ew.less(x, 0), math.nan, x)
    with np.errstate(divide="ignore"):
        return sample.reduced(1 / sample.mean(1 / x, weights))


def _moments(sample: _Sample) -> tuple[Any, Any, Any, Any]:
    """Deviations from the mean, the variance (1 where all elements are alike), where they are, and the count."""
    x = sample.floating()
    mean = sample.mean(x)
    d = x - mean
    variance = sample.mean(d * d)
    limit = np.finfo(dtype_of(variance)).eps * mean
    alike = variance <= limit * limit
    return d, ew.where(alike, 1.0, variance), alike, sample.count()


def _corrected(value: ArrayLike, better: Any, count: ArrayLike, least: int) -> Any:
    """The corrected value where there are more than `least` elements."""
    if isinstance(count, float):
        return better(count) if count > least else value
    many = ew.greater(count, least)
    return ew.where(many, better(ew.where(many, count, least + 1.0)), value)


def skew(
    a: ArrayLike, axis: Axes = 0, bias: bool = True, nan_policy: str = "propagate", *, keepdims: bool = False
) -> Any:
    """The skewness along an axis, NaN where all elements are alike; ``bias=False`` corrects for the size of the sample.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.skew(np.array([0.0, 0.0, 3.0])).round(6)
        np.float64(0.707107)
    """
    sample = _Sample("skew", a, axis, nan_policy, keepdims)
    d, variance, alike, count = _moments(sample)
    out = sample.mean(d * d * d) / (variance * ew.sqrt(variance))
    if not bias:
        value = out
        out = _corrected(value, lambda n: value * ((n * (n - 1)) ** 0.5 / (n - 2)), count, 2)
    return sample.reduced(ew.where(alike, math.nan, out))


def kurtosis(
    a: ArrayLike,
    axis: Axes = 0,
    fisher: bool = True,
    bias: bool = True,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> Any:
    """The kurtosis along an axis, above that of the normal distribution unless ``fisher=False``; `bias` as for `skew`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import stats
        >>> stats.kurtosis(np.array([1.0, -1.0, 1.0, -1.0]))
        array(-2.)
    """
    sample = _Sample("kurtosis", a, axis, nan_policy, keepdims)
    d, variance, alike, count = _moments(sample)
    second = d * d
    out = sample.mean(second * second) / (variance * variance)
    if not bias:
        value = out
        out = _corrected(value, lambda n: 3 + (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * value - 3 * (n - 1)), count, 3)
    out = ew.where(alike, math.nan, out)
    return sample.reduced(out - 3 if fisher else out)
