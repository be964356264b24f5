"""`wengert.random`: random numbers from explicit keys, with JAX's names and, bit for bit, JAX's streams.

A key is made from a seed, split into new keys, and used once. Everything here is a formula in random bits, so it can
be batched, staged and differentiated with respect to its parameters.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .config import canonical_dtype, config
from .core import Value, as_array, as_value, dtype_of, shape_of
from .errors import ArgumentError, DtypeError
from .ops import elementwise as ew
from .ops import random as ops
from .ops.random import KEY

_SQRT2 = math.sqrt(2.0)


def key(seed: Any) -> Value:
    """A key from an integer, or an array of keys from an array of integers.

    Example:
        >>> import wengert
        >>> k1, k2 = wengert.random.split(wengert.random.key(0))
        >>> wengert.random.normal(k1, (2,), "float32").dtype
        dtype('float32')
    """
    seed = as_value(seed)
    if dtype_of(seed).kind not in "biu":
        raise DtypeError(f"random.key takes an integer seed, got {seed!r} of dtype {dtype_of(seed)}")
    if type(seed) is int:
        seed = np.int64((seed + 2**63) % 2**64 - 2**63)
    return ops.seed_p.bind(as_array(seed))


def PRNGKey(seed: Any) -> Value:  # noqa: N802
    """A key in the old form: two words of uint32."""
    return key_data(key(seed))


def key_data(k: Any) -> Value:
    """The words of keys: uint32, two along a new last axis."""
    return ops.unwrap_p.bind(_keys(k)[0])


def wrap_key_data(data: Any) -> Value:
    """Keys from their words, uint32 of shape ``(..., 2)``."""
    return _keys(data)[0]


def _keys(k: Any) -> tuple[Value, bool]:
    """A key in the new form, and whether it came in the old one."""
    k = as_value(k)
    dtype = dtype_of(k)
    if dtype == KEY:
        return k, False
    if dtype == np.uint32 and shape_of(k)[-1:] == (2,):
        return ops.wrap_p.bind(k), True
    raise DtypeError(
        f"expected a key, got {dtype} of shape {shape_of(k)}: make one with wengert.random.key(seed), and new ones from "
        f"it with split"
    )


def _single(k: Any) -> Value:
    k = _keys(k)[0]
    if shape_of(k) != ():
        raise ArgumentError(
            f"expected one key, got an array of keys of shape {shape_of(k)}: take one of them, or use vmap over them"
        )
    return k


def _shape(shape: Any) -> tuple[int, ...]:
    try:
        out = (operator.index(shape),) if not isinstance(shape, (tuple, list)) else tuple(map(operator.index, shape))
    except TypeError:
        raise ArgumentError(f"expected a shape (a tuple of integers), got {shape!r}") from None
    if any(n < 0 for n in out):
        raise ArgumentError(f"a shape cannot have negative entries, got {out}")
    return out


def split(k: Any, num: Any = 2) -> Value:
    """New keys from one: an array of `num` (an integer or a shape) of them."""
    k, old = _keys(k)
    if shape_of(k) != ():
        raise ArgumentError(f"split takes one key, got an array of shape {shape_of(k)}: use vmap(split)")
    out = ops.split_p.bind(k, shape=_shape(num))
    return ops.unwrap_p.bind(out) if old else out


def fold_in(k: Any, data: Any) -> Value:
    """A new key from a key and an integer."""
    k, old = _keys(k)
    data = as_array(data)
    if dtype_of(data).kind not in "iub":
        raise DtypeError(f"fold_in takes an integer, got dtype {dtype_of(data)}")
    out = ops.fold_in_p.bind(k, data)
    return ops.unwrap_p.bind(out) if old else out


def clone(k: Any) -> Value:
    """The same key."""
    return as_value(k)


def bits(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Uniform random bits as unsigned integers."""
    d = config.uint_dtype if dtype is None else np.dtype(dtype)
    if d.kind != "u":
        raise DtypeError(f"random.bits gives unsigned integers, not {d}")
    return ops.bits_p.bind(_single(k), shape=_shape(shape), width=d.itemsize * 8)


def _float(dtype: Any) -> np.dtype:
    d = config.float_dtype if dtype is None or dtype is float else canonical_dtype(dtype)
    if d not in (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.float16)):
        raise DtypeError(f"expected a floating point dtype, got {d}")
    return d


class _Unit(ops._OfKeys):
    """Floats in [0, 1): random bits as the mantissa of a number in [1, 2), less 1."""

    def impl(self, key: Value, *, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        width, mantissa = dtype.itemsize * 8, np.finfo(dtype).nmant
        words = np.asarray(ops.bits_p.impl(key, shape=shape, width=width))
        one = np.ones((), dtype).view(words.dtype)
        return ((words >> words.dtype.type(width - mantissa)) | one).view(dtype)[()] - dtype.type(1)

    def tail(self, *, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return shape, dtype


unit_p = _Unit(
    "random_unit",
    samples=lambda: [((k,), {"shape": (3,), "dtype": np.dtype(d)}) for k in ops._sample_keys() for d in ("f4", "f8")],
    reasons={"jvp": "constant in its key"},
)


def _broadcast(name: str, shape: Any, *parameters: Any) -> tuple[int, ...]:
    natural = np.broadcast_shapes(*[shape_of(p) for p in parameters])
    if shape is None:
        return natural
    shape = _shape(shape)
    try:
        fits = np.broadcast_shapes(shape, natural) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ArgumentError(f"random.{name}: parameters of shape {natural} do not broadcast to the shape {shape}")
    return shape


def uniform(k: Any, shape: Any = (), dtype: Any = None, minval: Any = 0.0, maxval: Any = 1.0) -> Value:
    """Uniform floats in [minval, maxval)."""
    d = _float(dtype)
    shape = _broadcast("uniform", shape, as_value(minval), as_value(maxval))
    u = unit_p.bind(_single(k), shape=shape, dtype=d)
    if type(minval) is float and type(maxval) is float and (minval, maxval) == (0.0, 1.0):
        return u
    low, high = ew.convert(as_value(minval), d), ew.convert(as_value(maxval), d)
    return ew.maximum(low, u * (high - low) + low)


def normal(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Standard normal floats: the inverse error function of uniform ones."""
    d = _float(dtype)
    low = np.nextafter(d.type(-1), d.type(0))
    return ew.erfinv(uniform(k, shape, d, low, d.type(1))) * d.type(_SQRT2)


def truncated_normal(k: Any, lower: Any, upper: Any, shape: Any = None, dtype: Any = None) -> Value:
    """Standard normal floats between `lower` and `upper`."""
    d = _float(dtype)
    lower, upper = ew.convert(as_value(lower), d), ew.convert(as_value(upper), d)
    shape = _broadcast("truncated_normal", shape, lower, upper)
    a, b = ew.erf(lower / d.type(_SQRT2)), ew.erf(upper / d.type(_SQRT2))
    out = ew.erfinv(uniform(k, shape, d, a, b)) * d.type(_SQRT2)
    out = ew.maximum(out, ew.nextafter(ew.convert(lower, d), d.type(np.inf)))
    return ew.minimum(out, ew.nextafter(ew.convert(upper, d), d.type(-np.inf)))


def randint(k: Any, shape: Any, minval: Any, maxval: Any, dtype: Any = None) -> Value:
    """Integers in [minval, maxval)."""
    d = config.int_dtype if dtype is None else canonical_dtype(dtype)
    if d.kind not in "iu":
        raise DtypeError(f"randint gives integers, not {d}")
    low, high = as_value(minval), as_value(maxval)
    shape = _broadcast("randint", shape, low, high)
    unsigned = np.dtype(f"u{d.itemsize}")
    low, high = ew.convert(low, d), ew.convert(high, d)
    k1, k2 = (split(k)[i] for i in range(2))
    upper, lower = bits(k1, shape, unsigned), bits(k2, shape, unsigned)
    span = ew.convert(high, unsigned) - ew.convert(low, unsigned) if not _known(low, high) else None
    if span is None:
        span = (np.asarray(high).astype(unsigned) - np.asarray(low).astype(unsigned)).astype(unsigned)
        span = np.where(np.asarray(high) <= np.asarray(low), unsigned.type(1), span)
    else:
        span = ew.where(ew.less_equal(high, low), unsigned.type(1), span)
    half = np.full(shape_of(span), 2 ** (d.itemsize * 4), unsigned)
    multiplier = ew.remainder(half, span)
    multiplier = ew.remainder(multiplier * multiplier, span)
    offset = ew.remainder(ew.remainder(upper, span) * multiplier + ew.remainder(lower, span), span)
    return ew.convert(ew.convert(offset, d) + low, d)


def _known(*values: Any) -> bool:
    return all(isinstance(v, (np.ndarray, np.generic)) for v in values)


def bernoulli(k: Any, p: Any = 0.5, shape: Any = None) -> Value:
    """Booleans that are True with probability `p`."""
    p = as_value(p)
    d = dtype_of(p) if dtype_of(p).kind == "f" else config.float_dtype
    return ew.less(uniform(k, _broadcast("bernoulli", shape, p), d), p)


def rademacher(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """-1 or 1, each with probability 1/2."""
    d = config.int_dtype if dtype is None else canonical_dtype(dtype)
    return ew.convert(bernoulli(k, 0.5, _shape(shape)), d) * d.type(2) - d.type(1)


def exponential(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Exponential floats of rate 1."""
    return -ew.log1p(-uniform(k, shape, dtype))


def gumbel(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Standard Gumbel floats."""
    d = _float(dtype)
    return -ew.log(-ew.log(uniform(k, shape, d, np.finfo(d).tiny, d.type(1))))


def laplace(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Standard Laplace floats."""
    d = _float(dtype)
    u = uniform(k, shape, d, d.type(-1) + np.finfo(d).epsneg, d.type(1))
    return ew.sign(u) * ew.log1p(-ew.absolute(u))


def logistic(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Standard logistic floats."""
    d = _float(dtype)
    u = uniform(k, shape, d, np.finfo(d).eps, d.type(1))
    return ew.log(u / (d.type(1) - u))


def cauchy(k: Any, shape: Any = (), dtype: Any = None) -> Value:
    """Standard Cauchy floats."""
    d = _float(dtype)
    u = uniform(k, shape, d, np.finfo(d).eps, d.type(1))
    return ew.tan(d.type(np.pi) * (u - d.type(0.5)))


def categorical(k: Any, logits: Any, axis: int = -1, shape: Any = None) -> Value:
    """Indices along `axis`, with probabilities proportional to ``exp(logits)``."""
    from . import numpy as wnp

    logits = as_array(logits)
    n = len(shape_of(logits))
    axis = operator.index(axis) % n
    rest = tuple(m for i, m in enumerate(shape_of(logits)) if i != axis)
    out_shape = rest if shape is None else _shape(shape)
    lead = out_shape[: len(out_shape) - len(rest)]
    full = lead + shape_of(logits)
    return wnp.argmax(gumbel(k, full, dtype_of(logits)) + logits, axis=axis + len(lead))


def permutation(k: Any, x: Any, axis: int = 0, independent: bool = False) -> Value:
    """`x` in random order along `axis`; an integer stands for ``arange(x)``."""
    if independent:
        raise ArgumentError("permutation: independent=True is not supported; use vmap over keys")
    x = np.arange(operator.index(x)).astype(config.int_dtype) if isinstance(x, (int, np.integer)) else as_value(x)
    n = shape_of(x)[axis]
    if len(shape_of(x)) > 1 or not isinstance(x, np.ndarray):
        from . import numpy as wnp

        return wnp.take(x, permutation(k, n), axis=axis)
    k = _single(k)
    order = np.arange(n)
    for _ in range(math.ceil(3 * math.log(max(1, n)) / math.log(2**32 - 1))):
        pair = split(k)
        k = pair[0]
        from . import numpy as wnp

        order = wnp.take(order, wnp.argsort(bits(pair[1], (n,), np.uint32), stable=True))
    from . import numpy as wnp

    return wnp.take(x, order)


def choice(k: Any, a: Any, shape: Any = (), replace: bool = True, p: Any = None, axis: int = 0) -> Value:
    """Elements of `a` (or of ``arange(a)``) at random, with probabilities `p` if given."""
    from . import numpy as wnp

    shape = _shape(shape)
    a = operator.index(a) if isinstance(a, (int, np.integer)) else as_value(a)
    n = a if isinstance(a, int) else shape_of(a)[axis]
    count = math.prod(shape)
    if not replace and count > n:
        raise ArgumentError(f"choice: {count} elements without replacement out of {n}")
    if p is None:
        index = randint(k, shape, 0, n) if replace else permutation(k, n)[:count].reshape(shape)
    else:
        p = as_array(p)
        if shape_of(p) != (n,):
            raise ArgumentError(f"choice: p has shape {shape_of(p)}, expected {(n,)}")
        if replace:
            total = wnp.cumsum(p)
            index = wnp.searchsorted(total, total[-1] * (1 - uniform(k, shape, dtype_of(p))))
        else:
            index = wnp.argsort(-gumbel(k, (n,), dtype_of(p)) - ew.log(p))[:count].reshape(shape)
    if isinstance(a, int):
        return ew.convert(index, config.int_dtype)
    return wnp.take(a, index, axis=axis)


def multivariate_normal(k: Any, mean: Any, cov: Any, shape: Any = None, dtype: Any = None) -> Value:
    """Normal vectors of a mean ``(..., n)`` and a covariance ``(..., n, n)``."""
    from . import numpy as wnp

    d = _float(dtype)
    mean, cov = ew.convert(as_value(mean), d), ew.convert(as_value(cov), d)
    batch = np.broadcast_shapes(shape_of(mean)[:-1], shape_of(cov)[:-2])
    full = (*(batch if shape is None else _shape(shape)), *shape_of(mean)[-1:])
    factor = wnp.linalg.cholesky(cov)
    return mean + wnp.einsum("...ij,...j->...i", factor, normal(k, full, d))


__all__ = [
    "PRNGKey",
    "bernoulli",
    "bits",
    "categorical",
    "cauchy",
    "choice",
    "clone",
    "exponential",
    "fold_in",
    "gumbel",
    "key",
    "key_data",
    "laplace",
    "logistic",
    "multivariate_normal",
    "normal",
    "permutation",
    "rademacher",
    "randint",
    "split",
    "truncated_normal",
    "uniform",
    "wrap_key_data",
]
