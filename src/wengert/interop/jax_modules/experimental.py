"""`jax.experimental`: what of it is covered."""

from __future__ import annotations

from .callbacks import io_callback
from .settings import enable_x64


def disable_x64() -> object:
    """A context in which float32 is the default dtype."""
    return enable_x64(False)


__all__ = ["disable_x64", "enable_x64", "io_callback"]
