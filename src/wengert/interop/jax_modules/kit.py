"""What the modules of `jax.numpy` share: functions of the library under JAX's rules, and no results in given arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import numpy as ours
from ..rules import follow


def named(name: str) -> Callable[..., Any]:
    """A function of `jax.numpy`, as the library has it."""
    return follow("jax.numpy", name, getattr(ours, name))


def no_out(name: str, out: Any) -> None:
    """Raise where an array for the result is given: arrays do not change.

    Raises:
        NotImplementedError: `out` is not None.
    """
    if out is not None:
        raise NotImplementedError(f"The 'out' argument to jnp.{name} is not supported: bind a name to the result")


__all__ = ["named", "no_out"]
