"""`jax._src.xla_bridge`: what libraries ask of JAX's backends; none is there before it is used, and the processor is all."""

from __future__ import annotations

from typing import Any

from ..top import devices

_backends: dict[str, Any] = {}


def backends_are_initialized() -> bool:
    """Whether a backend was begun: devices do not depend on that here."""
    return False


__all__ = ["_backends", "backends_are_initialized", "devices"]
