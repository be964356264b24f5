"""`jax.experimental.pjit`: the older name of `jax.jit`."""

from __future__ import annotations

from .transformations import jit as pjit

__all__ = ["pjit"]
