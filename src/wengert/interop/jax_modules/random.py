"""`jax.random` where it takes other arguments than `wengert.random`: dtypes of keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import random as ours
from ...core import as_value
from ...errors import AxisError
from ...ops.random import GENERATORS
from ...random import keys
from ..array import kind_of, wrap
from ..avals import KEY_TYPES
from ..border import bordered, lower
from ..conversion import converted
from ..keywords import check_free
from ..rules import follow
from . import settings


def _generator(impl: Any) -> Any:
    """The name of a generator, from that or from a dtype of keys.

    Raises:
        ValueError: there is no such generator here.
    """
    if impl is None or (isinstance(impl, str) and impl in GENERATORS):
        return impl
    for name, dtype in GENERATORS.items():
        if impl == dtype or getattr(impl, "dtype", None) == dtype:
            return name
    if not isinstance(impl, str):
        raise TypeError(f"unrecognized type {type(impl)} for specifying PRNG implementation.")
    raise ValueError(
        f'unrecognized PRNG implementation "{impl}". Did you mean one of: {", ".join(map(repr, GENERATORS))}'
    )


def _check_seed(seed: Any, name: str) -> None:
    """Raises:
    OverflowError: a Python integer of more than 64 bits.
        TypeError: an array of seeds.
    """
    if type(seed) is int and not -(2**63) <= seed < 2**64:
        raise OverflowError("Python int too large to convert to C long")
    if np.ndim(lower(seed)) and np.shape(lower(seed)):
        raise TypeError(
            f"{name} accepts a scalar seed, but was given an array of shape {np.shape(lower(seed))} != (). Use jax.vmap for "
            f"batching"
        )


_key = bordered(ours.key)


def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """`wengert.random.key`; `dtype` is that of keys.

    Raises:
        ValueError: `impl` and `dtype` are both given, or there is no such generator.
    """
    if impl is not None and dtype is not None:
        raise ValueError("Only one of impl and dtype may be specified.")
    check_free("jax.random.key", "dtype", dtype)
    _check_seed(seed, "key")
    return _key(seed, impl=_generator(impl if dtype is None else dtype))


_prng_key = bordered(ours.PRNGKey)


def PRNGKey(seed: Any, *, impl: Any = None) -> Any:  # noqa: N802
    """`wengert.random.PRNGKey`: a key as two words, or a new one under ``jax.enable_custom_prng``."""
    _check_seed(seed, "PRNGKey")
    if settings.values["jax_enable_custom_prng"]:
        return key(seed, impl=impl)
    return _prng_key(seed, impl=_generator(impl))


_wrap_key_data = bordered(ours.wrap_key_data)


def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """`wengert.random.wrap_key_data`: a key from its words; `dtype` is that of keys."""
    check_free("jax.random.wrap_key_data", "dtype", dtype)
    if kind_of(key_bits_array)[0].names is not None:
        raise TypeError(
            f"JAX encountered invalid PRNG key data: expected key_data of unsigned integers, got keys of shape "
            f"{np.shape(lower(key_bits_array))}"
        )
    return _wrap_key_data(key_bits_array, impl=_generator(impl if dtype is None else dtype))


_fold_in = bordered(ours.fold_in)


def fold_in(key: Any, data: Any) -> Any:
    """`wengert.random.fold_in`; floats and truth values are made 32-bit integers."""
    shapes = (np.shape(lower(key)), np.shape(lower(data)))
    if len(shapes[0]) > 1 and kind_of(key)[0] == np.uint32:
        raise ValueError(
            f"fold_in accepts a single key, but was given a key array of shape {shapes[0]} != (). Use jax.vmap for batching."
        )
    if shapes[0] and "key<" in str(kind_of(key)[0].names and key.dtype):
        raise ValueError(
            f"fold_in accepts a single key, but was given a key array of shape {shapes[0]} != (). Use jax.vmap for batching."
        )
    if shapes[1]:
        raise TypeError(
            f"fold_in accepts a scalar, but was given an array ofshape {shapes[1]} != (). Use jax.vmap for batching."
        )
    if type(data) is int and not 0 <= data < 2**32:
        raise OverflowError(f"Python integer {data} out of bounds for uint32")
    if kind_of(data)[0].kind in "fb":
        data = wrap(converted(as_value(lower(data)), np.dtype(np.uint32)))
    return _fold_in(key, data)


_permutation = follow("jax.random", "permutation", ours.permutation)


def permutation(key: Any, x: Any, axis: int = 0, independent: bool = False, **options: Any) -> Any:
    """`wengert.random.permutation`.

    Raises:
        AxisError: `x` is an array without that axis.
    """
    n = len(np.shape(lower(x)))
    if n and not -n <= axis < n:
        raise AxisError(f"axis {axis} is out of bounds for array of dimension {n}")
    return _permutation(key, x, axis, independent, **options)


def key_dtype(impl_spec: Any = None) -> Any:
    """The dtype of keys of a generator.

    Example:
        >>> key_dtype()
        key<fry>
    """
    return KEY_TYPES[GENERATORS[_generator(impl_spec) or keys.Default.generator]]


__all__ = ["PRNGKey", "fold_in", "key", "key_dtype", "permutation", "wrap_key_data"]
