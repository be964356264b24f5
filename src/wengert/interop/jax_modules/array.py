"""`jax.Array` and `jax.Device` under the names that the other modules here ask for."""

from __future__ import annotations

from ..array import Array, Device

__all__ = ["Array", "Device"]
