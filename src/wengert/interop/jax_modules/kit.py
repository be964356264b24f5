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


class _Names:
    """The names of a module of the alias, looked up when they are used."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        from ..jax_names import alias_name

        found = alias_name(self._module, name)
        setattr(self, name, found)
        return found


def names(module: str) -> Any:
    """A module of the alias for modules that are written in its terms, whether it is installed or not."""
    return _Names(module)


__all__ = ["named", "names", "no_out"]
