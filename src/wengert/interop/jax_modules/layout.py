"""`jax.experimental.layout`: how arrays lie in memory; they lie in the order of their axes here."""

from __future__ import annotations

from typing import Any


class Layout:
    """An order of axes in memory."""

    def __init__(self, major_to_minor: Any, tiling: Any = None, sub_byte_element_size_in_bits: int = 0) -> None:
        self.major_to_minor = tuple(major_to_minor)

    def __repr__(self) -> str:
        return f"Layout(major_to_minor={self.major_to_minor})"


class Format:
    """A layout and the device it is for."""

    def __init__(self, layout: Any = None, sharding: Any = None) -> None:
        self.layout, self.sharding = layout, sharding

    def __repr__(self) -> str:
        return f"Format(layout={self.layout}, sharding={self.sharding})"


def with_layout_constraint(x: Any, layout: Layout) -> Any:
    """The array itself."""
    return x


__all__ = ["Format", "Layout", "with_layout_constraint"]
