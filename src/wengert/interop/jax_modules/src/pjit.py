"""`jax._src.pjit`: the primitive of functions under `jit`."""

from __future__ import annotations

from ...lax.primitives import jit_p

__all__ = ["jit_p"]
