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


# --- gamma numbers ---------------------------------------------------------------------------------------------------


def _drawn(key: Any, counter: int) -> Any:
    """The pair of words of a counter, from those of a key."""
    zero = jnp.zeros_like(key[0])
    return threefry2x32(key[0], key[1], zero, zero + np.uint32(counter))


def _unit(key: Any, dtype: np.dtype) -> Any:
    """A number in [0, 1) from the first block of a key."""
    hi, lo = _drawn(key, 0)
    mantissa = jnp.finfo(dtype).nmant
    if dtype.itemsize == 8:
        drawn = (hi.astype(jnp.uint64) << np.uint64(32)) | lo.astype(jnp.uint64)
    else:
        drawn = hi ^ lo
    one = np.ones((), dtype).view(f"u{dtype.itemsize}")
    shifted = drawn >> drawn.dtype.type(8 * dtype.itemsize - mantissa)
    return lax.bitcast_convert_type(shifted | one, dtype) - dtype.type(1)


def _normal(key: Any, dtype: np.dtype) -> Any:
    low = np.nextafter(dtype.type(-1), dtype.type(0))
    u = jnp.maximum(low, _unit(key, dtype) * (dtype.type(1) - low) + low)
    return lax.erf_inv(u) * dtype.type(math.sqrt(2))


def _chosen(which: Any, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(which, a, b), new, old)


def _cubes(key: Any, c: Any, active: Any) -> tuple[Any, Any]:
    """The first normal number x of each element with ``1 + c x > 0``, and the cube of that."""

    def step(state: Any) -> Any:
        key, x, v, active = state
        number = _normal(_drawn(key, 1), c.dtype)
        x, v = jnp.where(active, number, x), jnp.where(active, 1 + number * c, v)
        return _chosen(active, _drawn(key, 0), key), x, v, active & (v <= 0)

    start = (key, jnp.zeros_like(c), jnp.ones_like(c), active)
    _, x, v, _ = lax.while_loop(lambda s: jnp.any(s[3]), step, start)
    return x, v * v * v


@rule("random_gamma")
def random_gamma(site: Site, key: Any, a: Any, *, log_space: bool) -> Any:
    """The draws of `ops.random_rejection`, all elements together, each from its own keys."""
    dtype = site.dtype
    if dtype.itemsize not in (4, 8):
        raise TypeError("gamma numbers of 16 bits")
    each = math.prod(a.shape[len(key.shape) :])
    own = tuple(w.reshape(a.shape) for w in blocks(key, (each,)))
    one, third = dtype.type(1), dtype.type(1.0 / 3.0)
    boosted = a >= 1
    d = jnp.where(boosted, a, a + one) - third
    c = third / jnp.sqrt(d)
    last = _drawn(own, 1)

    def step(state: Any) -> Any:
        key, v, active = state
        x, cube = _cubes(_drawn(key, 1), c, active)
        u = _unit(_drawn(key, 2), dtype)
        squared = x * x
        rejected = (u >= one - dtype.type(0.0331) * (squared * squared)) & (
            jnp.log(u) >= squared * dtype.type(0.5) + d * ((one - cube) + jnp.log(cube))
        )
        return _chosen(active, _drawn(key, 0), key), jnp.where(active, cube, v), active & rejected

    start = (_drawn(own, 0), jnp.ones_like(a), jnp.ones(a.shape, bool))
    v = lax.while_loop(lambda s: jnp.any(s[2]), step, start)[1]
    u = _unit(last, dtype)
    if log_space:
        power = jnp.log1p(-u)
        return jnp.log(d) + jnp.log(v) + jnp.where(boosted | (power == 0), dtype.type(0), power * (one / a))
    return d * v * jnp.where(boosted, one, (one - u) ** (one / a))
