"""`jax.random` where it takes other arguments than `wengert.random`: dtypes of keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import random as ours
from ...core import as_value
from ..array import KEY_TYPE, kind_of, wrap
from ..border import bordered, lower
from ..conversion import converted
from ..keywords import check_free
from . import settings


def _generator(impl: Any) -> Any:
    """The generator of a name or a dtype of keys.

    Raises:
        ValueError: JAX has no such generator.
    """
    if impl is None or impl == KEY_TYPE:
        return None
    if isinstance(impl, str) and impl not in ("threefry2x32", "rbg", "unsafe_rbg"):
        raise ValueError(f"unrecognized PRNG implementation {impl!r}: there is 'threefry2x32'")
    return impl


def key(seed: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """`wengert.random.key`; `dtype` is that of keys.

    Raises:
        ValueError: `impl` and `dtype` are both given, or there is no such generator.
    """
    if impl is not None and dtype is not None:
        raise ValueError("Only one of impl and dtype may be specified.")
    check_free("jax.random.key", "dtype", dtype)
    return bordered(ours.key)(seed, impl=_generator(impl))


def PRNGKey(seed: Any, *, impl: Any = None) -> Any:  # noqa: N802
    """`wengert.random.PRNGKey`: a key as two words, or a new one under ``jax.enable_custom_prng``."""
    if settings.values["jax_enable_custom_prng"]:
        return key(seed, impl=impl)
    return bordered(ours.PRNGKey)(seed, impl=_generator(impl))


def wrap_key_data(key_bits_array: Any, *, impl: Any = None, dtype: Any = None) -> Any:
    """`wengert.random.wrap_key_data`: a key from its words; `dtype` is that of keys."""
    check_free("jax.random.wrap_key_data", "dtype", dtype)
    return bordered(ours.wrap_key_data)(key_bits_array, impl=_generator(impl))


def fold_in(key: Any, data: Any) -> Any:
    """`wengert.random.fold_in`; floats and truth values are made 32-bit integers."""
    if kind_of(data)[0].kind in "fb":
        data = wrap(converted(as_value(lower(data)), np.dtype(np.uint32)))
    return bordered(ours.fold_in)(key, data)


def key_dtype(impl_spec: Any = None) -> Any:
    """The dtype of keys of a generator.

    Example:
        >>> key_dtype()
        key<fry>
    """
    if _generator(impl_spec) not in (None, "threefry2x32"):
        ours.key(0, impl=impl_spec)  # says which one there is
    return KEY_TYPE


__all__ = ["PRNGKey", "fold_in", "key", "key_dtype", "wrap_key_data"]
