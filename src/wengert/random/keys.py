"""Keys of random streams: made from seeds, split, folded; their words and their bits. What checks arguments too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import Value, as_array, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError, DtypeError
from ..ops import random as ops
from ..ops.axes import as_lengths
from ..ops.random import KEY
from ..vocabulary import ArrayLike, DTypeLike, Key, ShapeLike


def key(seed: ArrayLike, *, impl: Any = None) -> Value:
    """A key from an integer, or an array of keys from an array of integers.

    Args:
        seed: an integer or an array of them.
        impl: the generator: ``"threefry2x32"``, which is native in compiled code, or ``"rbg"`` or ``"unsafe_rbg"``, whose bits
            come from Philox.

    Returns:
        A key for each seed: an array of the seed's shape and of the dtype of keys.

    Raises:
        DtypeError: the seed is not an integer.
        ArgumentError: there is no such generator.

    Example:
        >>> import wengert
        >>> k1, k2 = wengert.random.split(wengert.random.key(0))
        >>> wengert.random.normal(k1, (2,), "float32").dtype
        dtype('float32')
    """
    generator = _generator(impl)
    seed = as_value(seed)
    if dtype_of(seed).kind not in "biu":
        raise DtypeError(f"random.key takes an integer seed, got {seed!r} of dtype {dtype_of(seed)}")
    if type(seed) is int:
        seed = np.int64((seed + 2**63) % 2**64 - 2**63)
    return ops.seed_p.bind(as_array(seed), **_told(generator))


class Default:
    """The generator of keys that are made without one, and of words that are used as keys."""

    generator = "threefry2x32"


def _generator(impl: Any) -> str:
    """The name of a generator.

    Raises:
        ArgumentError: there is none of that name.
    """
    if impl is None:
        return Default.generator
    if impl not in ops.GENERATORS:
        raise ArgumentError(
            f'unrecognized PRNG implementation "{impl}". Did you mean one of: {", ".join(map(repr, ops.GENERATORS))}'
        )
    return impl


def _told(generator: str) -> dict[str, str]:
    """The parameters of a generator, of which primitives need not be told where it is threefry."""
    return {} if generator == "threefry2x32" else {"generator": generator}


def PRNGKey(seed: ArrayLike, *, impl: Any = None) -> Value:  # noqa: N802
    """A key in the old form: two words of uint32.

    Example:
        >>> import wengert
        >>> wengert.random.PRNGKey(7)
        array([0, 7], dtype=uint32)
    """
    return key_data(key(seed, impl=impl))


def key_data(keys: ArrayLike) -> Value:
    """The words of keys: uint32, two along a new last axis.

    Example:
        >>> import wengert
        >>> wengert.random.key_data(wengert.random.key(7))
        array([0, 7], dtype=uint32)
    """
    return ops.unwrap_p.bind(typed(keys)[0])


def wrap_key_data(key_bits_array: ArrayLike, *, impl: Any = None) -> Value:
    """Keys from their words, uint32 of shape ``(..., 2)``, or ``(..., 4)`` of the generators "rbg" and "unsafe_rbg".

    Example:
        >>> import numpy as np, wengert
        >>> k = wengert.random.wrap_key_data(np.array([0, 7], np.uint32))
        >>> bool(k == wengert.random.key(7))
        True
    """
    generator = _generator(impl)
    words = as_value(key_bits_array)
    if dtype_of(words) in ops.GENERATORS.values():
        return words
    count = len(ops.GENERATORS[generator].names or ())
    if dtype_of(words) != np.uint32 or shape_of(words)[-1:] != (count,):
        raise DtypeError(
            f"JAX encountered invalid PRNG key data: expected key_data.shape to end with ({count},), of dtype uint32; got "
            f"shape={shape_of(words)}, dtype={dtype_of(words)} for impl={generator}"
        )
    return ops.wrap_p.bind(words, **_told(generator))


def key_impl(keys: ArrayLike) -> str:
    """The name of the generator that keys are for.

    Example:
        >>> import wengert
        >>> wengert.random.key_impl(wengert.random.key(0))
        'threefry2x32'
    """
    dtype = dtype_of(typed(keys)[0])
    return next(name for name, of_keys in ops.GENERATORS.items() if of_keys == dtype)


def split(key: Key, num: Any = 2) -> Value:
    """New keys from one.

    Args:
        key: a key.
        num: how many, or the shape of an array of them.

    Returns:
        An array of keys.

    Raises:
        ArgumentError: `key` is an array of keys.

    Example:
        >>> import wengert
        >>> wengert.random.split(wengert.random.key(0), 3).shape
        (3,)
    """
    k, old = typed(key)
    if shape_of(k) != ():
        raise ArgumentError(f"split takes one key, got an array of shape {shape_of(k)}: use vmap(split)")
    out = ops.split_p.bind(k, shape=as_shape(num))
    return ops.unwrap_p.bind(out) if old else out


def fold_in(key: Key, data: ArrayLike) -> Value:
    """A new key from a key and an integer.

    Example:
        >>> import wengert
        >>> k = wengert.random.key(0)
        >>> bool(wengert.random.fold_in(k, 1) == wengert.random.fold_in(k, 2))
        False
    """
    k, old = typed(key)
    data = as_array(data)
    if dtype_of(data).kind not in "iub":
        raise DtypeError(f"fold_in takes an integer, got dtype {dtype_of(data)}")
    out = ops.fold_in_p.bind(k, data)
    return ops.unwrap_p.bind(out) if old else out


def clone(key: Key) -> Value:
    """The same key, for checkers of reuse, which are not needed here.

    Example:
        >>> from wengert import random
        >>> a = random.key(1)
        >>> bool(random.uniform(random.clone(a)) == random.uniform(a))
        True
    """
    return as_value(key)


def bits(key: Key, shape: ShapeLike | None = (), dtype: DTypeLike = None) -> Value:
    """Uniform random bits as unsigned integers of `dtype` (uint64, or uint32 in 32-bit mode).

    Example:
        >>> import wengert
        >>> wengert.random.bits(wengert.random.key(0), (2,), "uint8").dtype
        dtype('uint8')
    """
    d = config.uint_dtype if dtype is None else canonical_dtype(dtype)
    if d.kind != "u":
        raise DtypeError(f"random.bits gives unsigned integers, not {d}")
    return ops.bits_p.bind(single(key), shape=as_shape(shape), width=d.itemsize * 8)


# --- arguments, for the other files ------------------------------------------------------------------------------


def typed(k: ArrayLike) -> tuple[Value, bool]:
    """A key in the new form, and whether it came in the old one."""
    k = as_value(k)
    dtype = dtype_of(k)
    if dtype == KEY or dtype in ops.GENERATORS.values():
        return k, False
    count = 2 if Default.generator == "threefry2x32" else 4
    if dtype == np.uint32 and shape_of(k)[-1:] == (count,):
        return ops.wrap_p.bind(k, **_told(Default.generator)), True
    raise DtypeError(
        f"expected a key, got {dtype} of shape {shape_of(k)}: make one with wengert.random.key(seed), and new ones from "
        f"it with split"
    )


def single(k: ArrayLike) -> Value:
    """One key in the new form."""
    k = typed(k)[0]
    if shape_of(k) != ():
        raise ArgumentError(
            f"expected one key, got an array of keys of shape {shape_of(k)}: take one of them, or use vmap over them"
        )
    return k


def pair(k: ArrayLike) -> tuple[Value, Value]:
    """Two new keys from one, in the new form."""
    both = ops.split_p.bind(single(k), shape=(2,))
    return both[0], both[1]


def as_shape(shape: ShapeLike | None) -> tuple[int, ...]:
    """A shape from an integer or a sequence of them."""
    try:
        out = as_lengths(shape)
    except TypeError:
        raise ArgumentError(f"expected a shape (a tuple of integers), got {shape!r}") from None
    if any(n < 0 for n in out):
        raise ArgumentError(f"a shape cannot have negative entries, got {out}")
    return out


def result_shape(name: str, shape: ShapeLike | None, *parameters: Any) -> tuple[int, ...]:
    """The shape asked for, or that of the parameters; parameters must broadcast to it."""
    shapes = [shape_of(as_value(p)) for p in parameters]
    try:
        natural = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ArgumentError(f"random.{name}: parameters of shapes {shapes} do not broadcast together") from None
    if shape is None:
        return natural
    shape = as_shape(shape)
    try:
        fits = np.broadcast_shapes(shape, natural) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ArgumentError(f"random.{name}: parameters of shape {natural} do not broadcast to the shape {shape}")
    return shape


def limits(dtype: np.dtype) -> Any:
    """What `np.finfo` tells, of bfloat16 and its kin too."""
    if dtype.kind == "V":
        import ml_dtypes

        return ml_dtypes.finfo(dtype)
    return np.finfo(dtype)


def float_dtype(dtype: Any) -> np.dtype:
    """A real floating dtype; the default one for None and float."""
    d = config.float_dtype if dtype is None or dtype is float else canonical_dtype(dtype)
    if not inexact_dtype(d) or d.kind == "c":
        raise DtypeError(f"expected a floating point dtype, got {d}")
    return d


def int_dtype(name: str, dtype: DTypeLike) -> np.dtype:
    """An integer dtype; the default one for None and int."""
    d = config.int_dtype if dtype is None or dtype is int else canonical_dtype(dtype)
    if d.kind not in "iu":
        raise DtypeError(f"random.{name} gives integers, not {d}")
    return d
