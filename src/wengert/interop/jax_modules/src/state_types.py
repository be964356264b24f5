"""`jax._src.state.types`: the types of references."""

from __future__ import annotations


class AbstractRef:
    """The type of a reference; one has the type of what it holds here."""


__all__ = ["AbstractRef"]
