"""The alias's transformations for the files that they are made of: `transformation("jvp")` without an import that points back."""

from __future__ import annotations

from typing import Any

from ..provided import provided


def transformation(name: str) -> Any:
    """A function of `jax`, by its name.

    Raises:
        KeyError: there is none of that name.
    """
    return provided("alias_transformation")(name)


__all__ = ["transformation"]
