"""Draws that come from random bits at once: uniform floats and integers, booleans, signs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import Value, as_array, as_value, dtype_of, inexact_dtype
from ..errors import ArgumentError, DtypeError
from ..ops import elementwise as ew
from ..ops import random as ops
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike
from .keys import as_shape, bits, float_dtype, int_dtype, limits, pair, result_shape, single


def uniform(
    key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None, minval: ArrayLike = 0.0, maxval: ArrayLike = 1.0
) -> Value:
    """Uniform floats in [minval, maxval).

    Args:
        key: one key.
        shape: of the result; `minval` and `maxval` broadcast to it.
        dtype: a floating dtype, the default one if left out.
        minval: the lower end, included.
        maxval: the upper end, excluded up to rounding.

    Returns:
        An array of the shape and dtype asked for.

    Raises:
        ArgumentError: `key` is several keys, or the ends do not broadcast to `shape`.

    Example:
        >>> import wengert
        >>> x = wengert.random.uniform(wengert.random.key(0), (100,), minval=2.0, maxval=3.0)
        >>> bool((x >= 2).all() and (x < 3).all())
        True
    """
    d = float_dtype(dtype)
    minval, maxval = as_value(minval), as_value(maxval)
    u = ops.unit_p.bind(single(key), shape=result_shape("uniform", shape, minval, maxval), dtype=d)
    if type(minval) is float and type(maxval) is float and (minval, maxval) == (0.0, 1.0):
        return u
    low, high = ew.convert(minval, d), ew.convert(maxval, d)
    return ew.maximum(low, u * (high - low) + low)


def randint(key: Key, shape: ShapeLike | None, minval: Any, maxval: ArrayLike, dtype: DTypeLike = None) -> Value:
    """Integers in [minval, maxval), uniform up to a bias of at most 2^-32 for each.

    Args:
        key: one key.
        shape: of the result; `minval` and `maxval` broadcast to it.
        minval: integers, the lower end.
        maxval: integers, one more than the upper end; one more than the greatest of `dtype` is right too.
        dtype: an integer dtype.

    Raises:
        DtypeError: `dtype` is no integer dtype.

    Example:
        >>> import wengert
        >>> x = wengert.random.randint(wengert.random.key(0), (50,), 0, 6)
        >>> bool((x >= 0).all() and (x < 6).all())
        True
    """
    d = int_dtype("randint", dtype)
    shape = as_shape(shape)
    result_shape("randint", shape, minval, maxval)
    info = np.iinfo(d)
    if d.itemsize < 4:  # narrow integers are drawn as int32 and converted
        low, high = (_clipped(v, info.min, info.max + i, np.dtype(np.int32)) for i, v in enumerate((minval, maxval)))
        return ew.convert(randint(key, shape, low, high, np.int32), d)
    beyond = ew.greater(as_array(maxval), info.max) if _reaches_beyond(maxval, d) else None
    low, high = (_clipped(v, info.min, info.max, d) for v in (minval, maxval))
    unsigned = np.dtype(f"u{d.itemsize}")
    one = unsigned.type(1)
    k1, k2 = pair(key)
    upper, lower = bits(k1, shape, unsigned), bits(k2, shape, unsigned)
    span = ew.subtract(ew.convert(high, unsigned), ew.convert(low, unsigned))
    span = ew.where(ew.less_equal(high, low), one, span)
    whole = None
    if beyond is not None:
        span = ew.where(ew.logical_and(beyond, ew.greater(high, low)), ew.add(span, one), span)
        whole = ew.equal(span, unsigned.type(0))  # every integer of the dtype: the bits themselves
        span = ew.where(whole, one, span)
    multiplier = ew.remainder(unsigned.type(2 ** (d.itemsize * 4)), span)
    multiplier = ew.remainder(ew.multiply(multiplier, multiplier), span)
    offset = ew.add(ew.multiply(ew.remainder(upper, span), multiplier), ew.remainder(lower, span))
    offset = ew.remainder(offset, span)
    if whole is not None:
        offset = ew.where(whole, lower, offset)
    return ew.add(low, ew.convert(offset, d))


def _clipped(x: ArrayLike, low: int, high: int, dtype: np.dtype) -> Value:
    """`x` limited to an interval, as integers of `dtype`."""
    if type(x) is int:
        return np.asarray(min(max(x, low), high)).astype(dtype)[()]
    x = as_array(x)
    own = np.iinfo(dtype_of(x)) if dtype_of(x).kind in "iu" else None
    if own is None:
        return ew.convert(ew.minimum(ew.maximum(x, low), high), dtype)
    if own.min < low:
        x = ew.maximum(x, dtype_of(x).type(low))
    if own.max > high:
        x = ew.minimum(x, dtype_of(x).type(high))
    return ew.convert(x, dtype)


def _reaches_beyond(maxval: ArrayLike, dtype: np.dtype) -> bool:
    """Whether `maxval` can be more than the greatest integer of `dtype`."""
    top = np.iinfo(dtype).max
    if type(maxval) is int:
        return maxval > top
    kind = dtype_of(as_array(maxval))
    return kind.kind in "iu" and np.iinfo(kind).max > top


def bernoulli(key: Key, p: ArrayLike = 0.5, shape: ShapeLike | None = None, mode: str = "low") -> Value:
    """Booleans that are True with probability `p`.

    Args:
        key: one key.
        p: floats between 0 and 1.
        shape: of the result; that of `p` if left out.
        mode: "low", or "high" for twice the random bits, which resolve probabilities below 1e-7.

    Raises:
        DtypeError: `p` is not floating.

    Example:
        >>> import wengert
        >>> x = wengert.random.bernoulli(wengert.random.key(0), 0.3, (1000,))
        >>> 250 < int(x.sum()) < 350
        True
    """
    p = as_value(p)
    if not inexact_dtype(dtype_of(p)) or dtype_of(p).kind == "c":
        raise DtypeError(f"bernoulli takes floating probabilities, got dtype {dtype_of(p)}")
    if mode not in ("low", "high"):
        raise ArgumentError(f"random.bernoulli: mode is 'low' or 'high', got {mode!r}")
    d = canonical_dtype(dtype_of(p))
    shape = result_shape("bernoulli", shape, p)
    if mode == "low":
        return ew.less(uniform(key, shape, d), p)
    u1, u2 = uniform(key, (2, *shape), d)
    return ew.less(u2 * d.type(2.0 ** -limits(d).nmant), p - u1)


def rademacher(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """-1 or 1, each with probability 1/2.

    Example:
        >>> import wengert
        >>> set(wengert.random.rademacher(wengert.random.key(0), (50,)).tolist()) == {-1, 1}
        True
    """
    d = config.int_dtype if dtype is None else canonical_dtype(dtype)
    heads = bernoulli(key, 0.5, as_shape(shape))
    if d.kind == "b":  # both signs are True
        return ew.logical_or(heads, True)
    return ew.convert(heads, d) * d.type(2) - d.type(1)


__all__ = []
