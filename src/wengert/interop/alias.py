"""The alias's transformations by name, for what they are made of.

`jax.jvp`, `jax.jit` and their kin are written (`jax_modules/transformations.py`) with primitives, rules and operations of `lax`
that call them in turn: the rule of a primitive of another library is a `jax.jvp` of its function. That file registers them
here when it is imported, which the alias does first of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TRANSFORMATIONS: dict[str, Callable[..., Any]] = {}


def transformation(name: str) -> Any:
    """A function of `jax`, by its name.

    Raises:
        KeyError: there is none of that name.
    """
    return TRANSFORMATIONS[name]


__all__ = ["TRANSFORMATIONS", "transformation"]
