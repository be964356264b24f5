"""Binomial and multinomial numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import Value, as_value, aval_of, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError
from ..ops import elementwise as ew
from ..ops import reduction
from ..ops.promotion import result_dtype
from ..ops.shape import broadcast_to, moveaxis
from ..transforms import control
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike
from .keys import as_shape, float_dtype, result_shape, single, split
from .uniform_draws import uniform

_MOST = 100  # how many rounds of trials there are at most


def _by_gaps(key: Value, count: Value, p: Value) -> Value:
    """The number of successes, counted by the geometric gaps between them (L. Devroye, "Non-uniform random variate
    generation", 1986, X.4.3); for small means.
    """
    shape, dtype = shape_of(p), dtype_of(p)
    log_failure = ew.log1p(-p)

    def more(carry: Any) -> Any:
        i, _, trials, _ = carry
        return ew.logical_and(reduction.any(trials <= count), i < _MOST)

    def body(carry: Any) -> Any:
        i, successes, trials, key = carry
        keys = split(key)
        successes = ew.where(trials <= count, successes + 1, successes)
        gap = ew.ceil(ew.log(uniform(keys[0], shape, dtype)) / log_failure)
        return i + 1, successes, trials + gap, keys[1]

    zero = np.zeros(shape, dtype)
    return control.while_loop(more, body, (np.int64(0), zero, zero, key))[1] - 1


_STIRLING = (
    0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
    0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871,
)  # fmt: skip


def _stirling(k: Value) -> Value:
    """The error of Stirling's formula for ``log(k!)``: ten of them by a table, the others by a series."""
    table = np.array(_STIRLING, dtype_of(k))
    small = table[0]
    for i in range(1, 10):
        small = ew.where(k >= i, table[i], small)
    inverse = 1 / (k + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 * inverse * inverse) * inverse * inverse) * inverse
    return ew.where(k <= 9, small, series)


def _by_rejection(key: Value, count: Value, p: Value) -> Value:
    """W. Hörmann, "The generation of binomial random variates", 1993: transformed rejection with squeezing (BTRS)."""
    shape, dtype = shape_of(p), dtype_of(p)
    deviation = ew.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    v_r = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = ew.floor((count + 1) * p)

    def more(carry: Any) -> Any:
        i, _, accepted, _ = carry
        return ew.logical_and(ew.logical_not(reduction.all(accepted)), i < _MOST)

    def body(carry: Any) -> Any:
        i, out, accepted, key = carry
        keys = split(key, 3)
        u = uniform(keys[1], shape, dtype)
        v = uniform(keys[2], shape, dtype)
        u = u - 0.5
        us = 0.5 - ew.absolute(u)
        at_once = ew.logical_and(us >= 0.07, v <= v_r)
        k = ew.floor((2 * a / us + b) * u + c)
        outside = ew.logical_or(k < 0, k > count)
        v = ew.log(v * alpha / (a / (us * us) + b))
        bound = (
            (mode + 0.5) * ew.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * ew.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * ew.log(odds * (count - k + 1) / (k + 1))
            + _stirling(mode) + _stirling(count - mode) - _stirling(k) - _stirling(count - k)
        )  # fmt: skip
        accept = ew.logical_or(at_once, ew.logical_and(ew.logical_not(outside), v <= bound))
        return i + 1, ew.where(accept, k, out), ew.logical_or(accepted, accept), keys[0]

    start = np.full(shape, -1, dtype)
    return control.while_loop(more, body, (np.int64(0), start, np.zeros(shape, bool), key))[1]


def binomial(key: Key, n: Any, p: ArrayLike, shape: ShapeLike | None = None, dtype: DTypeLike = None) -> Value:
    """How many of `n` trials succeed, each with probability `p`; in floats.

    Args:
        key: one key.
        n: numbers of trials; NaN and negative ones give NaN.
        p: probabilities; NaN and those outside of 0 and 1 give NaN.
        shape: of the result; that in which `n` and `p` meet if left out.
        dtype: a floating dtype.

    Example:
        >>> import numpy as np, wengert
        >>> x = wengert.random.binomial(wengert.random.key(0), 10, 0.3, (1000,))
        >>> 2.8 < float(np.mean(x)) < 3.2, bool(np.all((x >= 0) & (x <= 10)))
        (True, True)
    """
    wanted, d = float_dtype(dtype), _floats(n, p)
    shape = result_shape("binomial", shape, n, p)
    k = single(key)
    count, p = (broadcast_to(ew.convert(as_value(v), d), shape) for v in (n, p))
    count = ew.trunc(count)
    low = p < 0.5
    q = ew.where(low, p, 1 - p)
    bad_count = ew.logical_or(ew.isnan(count), count < 0)
    bad_p = ew.logical_or(ew.isnan(q), ew.logical_or(p < 0, p > 1))
    gaps = ew.logical_or(ew.logical_or(bad_count, bad_p), count * q <= 10)
    usable = ew.logical_or(bad_count, bad_p)
    # Where a way is not taken, its parameters are some that it finishes with.
    few = ew.where(ew.logical_and(gaps, ew.logical_not(usable)), count, 0.0)
    some_p = ew.where(ew.logical_and(gaps, ew.logical_and(ew.logical_not(bad_p), q > 0)), q, 0.01)
    many, other_p = ew.where(gaps, 1e4, count), ew.where(gaps, 0.5, q)
    out = ew.where(
        gaps, _by_gaps(k, few, ew.convert(some_p, d)), _by_rejection(k, ew.convert(many, d), ew.convert(other_p, d))
    )
    out = ew.where(ew.logical_or(ew.equal(q, 0), ew.equal(count, 0)), 0.0, out)
    out = ew.where(low, out, count - out)
    return ew.convert(ew.where(usable, np.nan, out), wanted)


def _floats(n: Any, p: ArrayLike) -> np.dtype:
    """The floats in which two parameters meet."""
    d = result_dtype(aval_of(as_value(n)), aval_of(as_value(p)))
    return d if inexact_dtype(d) else config.float_dtype


def multinomial(
    key: Key, n: Any, p: ArrayLike, *, shape: ShapeLike | None = None, dtype: DTypeLike = None, unroll: int | bool = 1
) -> Value:
    """How often each of several outcomes comes in `n` trials; in floats.

    Args:
        key: one key.
        n: numbers of trials, of shape ``shape[:-1]``.
        p: probabilities along the last axis.
        shape: of the result, outcomes included; by default that in which the parameters meet.
        dtype: a floating dtype.
        unroll: as for `wengert.lax.scan`.

    Raises:
        ArgumentError: `p` has no axis, or shapes do not fit.

    Example:
        >>> import numpy as np, wengert
        >>> x = wengert.random.multinomial(wengert.random.key(0), 10, np.array([0.2, 0.3, 0.5]))
        >>> float(x.sum())
        10.0
    """
    wanted, d = float_dtype(dtype), _floats(n, p)
    p = as_value(p)
    if not shape_of(p):
        raise ArgumentError("multinomial takes probabilities along the last axis of p, got a number")
    p = p if inexact_dtype(dtype_of(p)) else ew.convert(p, d)
    full = np.broadcast_shapes((*shape_of(as_value(n)), 1), shape_of(p)) if shape is None else as_shape(shape)
    p = broadcast_to(ew.convert(p, d), full)
    count = broadcast_to(ew.convert(as_value(n), d), full[:-1])
    from ..numpy import cumsum, flip

    left = flip(cumsum(flip(p, -1), -1), -1)
    ratios = moveaxis(p / ew.where(ew.equal(left, 0), 1.0, left), -1, 0)
    keys = split(single(key), full[-1])

    def step(rest: Any, given: Any) -> tuple[Any, Any]:
        ratio, key = given
        drawn = binomial(key, rest, ew.minimum(ew.maximum(ratio, 0.0), 1.0), None, d)
        return rest - drawn, drawn

    return ew.convert(moveaxis(control.scan(step, count, (ratios, keys), unroll=unroll)[1], 0, -1), wanted)


__all__ = ["binomial", "multinomial"]
