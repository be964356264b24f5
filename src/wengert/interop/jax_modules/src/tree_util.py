"""`jax._src.tree_util`: which types are nodes of trees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .... import trees


class _Registry(Mapping[type, Any]):
    """The types that are nodes: those of Python and those that were registered."""

    def _types(self) -> set[type]:
        return {tuple, list, dict, type(None)} | (trees._registered - trees._automatic)

    def __getitem__(self, key: type) -> Any:
        if key not in self._types():
            raise KeyError(key)
        return key

    def __iter__(self) -> Iterator[type]:
        return iter(self._types())

    def __len__(self) -> int:
        return len(self._types())


_registry = _Registry()

__all__ = ["_registry"]
