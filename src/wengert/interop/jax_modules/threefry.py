"""What libraries take from `jax._src.random.threefry2x32`: the generator on keys of two words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import random as ours
from ..border import lift, lower


def threefry_seed(seed: Any) -> Any:
    """The key ``(2,)`` of a seed."""
    return lift(ours.PRNGKey(lower(seed)))


def threefry_split(key: Any, shape: Any) -> Any:
    """Keys ``(*shape, 2)`` made of one."""
    return lift(ours.split(lower(key), tuple(shape)))


def threefry_fold_in(key: Any, data: Any) -> Any:
    """The key of a key and an integer."""
    return lift(ours.fold_in(lower(key), lower(data)))


def threefry_random_bits(key: Any, bit_width: int, shape: Any) -> Any:
    """Integers of so many bits, ``shape``."""
    return lift(ours.bits(lower(key), tuple(shape), np.dtype(f"uint{bit_width}")))


__all__ = ["threefry_fold_in", "threefry_random_bits", "threefry_seed", "threefry_split"]
