"""`jax` as a distribution, while its name means this library: ``importlib.metadata.version("jax")``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from typing import Any

from .versions import VERSION


class _Jax(Distribution):
    def __init__(self, name: str) -> None:
        self._name_given = name

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return (
            f"Metadata-Version: 2.1\nName: {self._name_given}\nVersion: {VERSION}\nSummary: wengert under JAX's name\n"
        )

    def locate_file(self, path: Any) -> Any:
        from pathlib import Path

        return Path(__file__).parent / str(path)


def named_as(name: str | None) -> Iterator[Distribution]:
    """The distributions of a name; of all names with None."""
    wanted = None if name is None else re.sub(r"[-_.]+", "-", name).lower()
    return iter([_Jax(n) for n in ("jax", "jaxlib") if wanted in (None, n)])


__all__ = ["named_as"]
