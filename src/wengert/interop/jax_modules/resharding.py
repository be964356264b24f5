"""`jax.reshard`, which `jax.sharding` has too: arrays are on the one device before and after."""

from __future__ import annotations

from typing import Any

from ... import trees
from .numpy import asarray
from .sharding import PartitionSpec, Sharding


def reshard(xs: Any, out_shardings: Any) -> Any:
    """The arrays with another sharding: where they are, on the one device."""
    if not all(
        isinstance(s, (Sharding, PartitionSpec, type(None)))
        for s in trees.leaves(out_shardings, lambda s: isinstance(s, PartitionSpec))
    ):
        raise TypeError(f"reshard takes shardings, got {out_shardings!r}")
    return trees.map(asarray, xs)


__all__ = ["reshard"]
