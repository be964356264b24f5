"""`jax.ad_checkpoint`: `checkpoint`, and names for values, which have no effect without policies."""

from __future__ import annotations

from typing import Any

from ...transforms.jit import checkpoint

remat = checkpoint


def checkpoint_name(x: Any, name: str) -> Any:
    """The value itself: names are for policies of what to save, which are not supported."""
    return x


__all__ = ["checkpoint", "checkpoint_name", "remat"]
