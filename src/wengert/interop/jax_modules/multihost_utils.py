"""`jax.experimental.multihost_utils`: several processes, of which there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import trees


def process_allgather(in_tree: Any, tiled: bool = False) -> Any:
    """What all processes hold, as NumPy arrays, one after another along a new axis, or along the first with `tiled`."""
    return trees.map(lambda x: np.asarray(x) if tiled and np.ndim(x) else np.asarray(x)[None], in_tree)


def broadcast_one_to_all(in_tree: Any, is_source: bool | None = None) -> Any:
    """What the first process holds, as NumPy arrays."""
    return trees.map(np.asarray, in_tree)


def sync_global_devices(name: str) -> None:
    """Nothing to wait for: there is one process."""


def assert_equal(in_tree: Any, fail_message: str = "") -> None:
    """Nothing to compare: there is one process."""


__all__ = ["assert_equal", "broadcast_one_to_all", "process_allgather", "sync_global_devices"]
