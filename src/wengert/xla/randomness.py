"""Random bits and keys: the same rounds of threefry as elsewhere (`ops.random`), on JAX's arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops.threefry import threefry2x32
from .real import jax, jnp, lax
from .tracing import Site, rule


def words(key: Any) -> tuple[Any, Any]:
    data = jax.random.key_data(key)
    return data[..., 0], data[..., 1]


def keyed(k0: Any, k1: Any) -> Any:
    return jax.random.wrap_key_data(jnp.stack([k0, k1], -1).astype(jnp.uint32), impl="threefry2x32")


def blocks(key: Any, shape: Sequence[int]) -> tuple[Any, Any]:
    """Both output words for counters 0, 1, … for every key: shape ``(*keys, *shape)``."""
    k0, k1 = (k.reshape(*k.shape, 1) for k in words(key))
    count = jnp.arange(math.prod(shape), dtype=jnp.uint64)
    hi, lo = (count >> np.uint64(32)).astype(jnp.uint32), count.astype(jnp.uint32)
    found = threefry2x32(k0, k1, hi, lo)
    return found[0].reshape(*key.shape, *shape), found[1].reshape(*key.shape, *shape)


def bits(key: Any, shape: Sequence[int], width: int) -> Any:
    hi, lo = blocks(key, shape)
    if width == 64:
        return (hi.astype(jnp.uint64) << np.uint64(32)) | lo.astype(jnp.uint64)
    return (hi ^ lo).astype(f"u{width // 8}")


@rule("random_bits")
def random_bits(site: Site, key: Any, *, shape: Sequence[int], width: int) -> Any:
    return bits(key, shape, width)


@rule("random_split")
def random_split(site: Site, key: Any, *, shape: Sequence[int]) -> Any:
    return keyed(*blocks(key, shape))


@rule("random_unwrap")
def random_unwrap(site: Site, key: Any) -> Any:
    return jax.random.key_data(key)


@rule("random_wrap")
def random_wrap(site: Site, data: Any) -> Any:
    return keyed(data[..., 0], data[..., 1])


@rule("random_seed")
def random_seed(site: Site, seed: Any) -> Any:
    from ..config import config

    whole = seed.astype(jnp.int64).astype(jnp.uint64)
    high = (whole >> np.uint64(32)).astype(jnp.uint32)
    return keyed(high if config.enable_x64 else jnp.zeros_like(high), whole.astype(jnp.uint32))


@rule("random_fold_in")
def random_fold_in(site: Site, key: Any, data: Any) -> Any:
    shape = jnp.broadcast_shapes(key.shape, data.shape)
    k0, k1 = (jnp.broadcast_to(k, shape) for k in words(key))
    word = jnp.broadcast_to(data.astype(jnp.int64).astype(jnp.uint32), shape)
    return keyed(*threefry2x32(k0, k1, jnp.zeros_like(word), word))


@rule("random_unit")
def random_unit(site: Site, key: Any, *, shape: Sequence[int], dtype: np.dtype) -> Any:
    """Bits as the mantissa of a number in [1, 2), less 1."""
    width, mantissa = 8 * dtype.itemsize, jnp.finfo(dtype).nmant
    drawn = width if mantissa >= 8 else 8
    unsigned = np.dtype(f"u{width // 8}")
    drawn_bits = bits(key, shape, drawn).astype(unsigned)
    one = np.ones((), dtype).view(unsigned)
    return lax.bitcast_convert_type((drawn_bits >> unsigned.type(drawn - mantissa)) | one, dtype) - jnp.ones((), dtype)
