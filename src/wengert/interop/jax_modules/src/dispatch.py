"""`jax._src.dispatch`: effects that programs still have to do; none, they happen at once."""

from __future__ import annotations

from ..xla import apply_primitive


def wait_for_tokens() -> None:
    """Nothing to wait for: effects happen at once."""


__all__ = ["apply_primitive", "wait_for_tokens"]
