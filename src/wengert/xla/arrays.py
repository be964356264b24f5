"""Arrays that are spread over devices: made from parts, placed, and gathered; the functions of `wengert.sharding`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import trees
from ..errors import ArgumentError
from ..prefixes import broadcast_prefix
from .meshes import as_sharding
from .real import Array, jax, wide


def from_parts(part: Any, sharding: Any, shape: Sequence[int] | None = None) -> Any:
    """See `wengert.sharding`."""
    with wide():
        given = None if shape is None else tuple(shape)
        return jax.make_array_from_process_local_data(as_sharding(sharding), np.asarray(part), given)


def place(x: Any, shardings: Any) -> Any:
    """See `wengert.sharding`."""
    leaves, tree = trees.flatten(x)
    boxes = broadcast_prefix(
        trees.map(lambda s: [s], shardings, is_leaf=lambda s: s is None), tree, what="place: shardings", root="x",
        is_leaf=lambda s: type(s) is list,
    )  # fmt: skip
    out = []
    with wide():
        for leaf, (where,) in zip(leaves, boxes, strict=True):
            where = as_sharding(where)
            try:
                out.append(_placed(leaf, where))
            except ValueError as error:
                raise ArgumentError(
                    f"place: an array of shape {np.shape(leaf)} does not fit {where}: {error}"
                ) from None
    return trees.unflatten(tree, out)


def _placed(x: Any, where: Any) -> Any:
    if isinstance(x, Array):
        return x if where is None else jax.device_put(x, where)
    x = np.asarray(x)
    if where is None or where.is_fully_addressable:
        return jax.device_put(x, where)
    return jax.make_array_from_callback(x.shape, where, lambda index: x[index])


def whole(x: Any) -> Any:
    """See `wengert.sharding`."""

    def gathered(a: Any) -> Any:
        if not isinstance(a, Array) or a.is_fully_addressable or a.is_fully_replicated:
            return np.asarray(a)
        gather = importlib.import_module("jax.experimental.multihost_utils").process_allgather
        return np.asarray(gather(a, tiled=True))

    with wide():
        return trees.map(gathered, x)


__all__ = ["from_parts", "place", "whole"]
