"""What a row is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A function, written in what a library has, and its arguments.

    Attributes:
        name: unique. family: the table it stands in.
        build: of a `libraries.Library` the function; what the library lacks raises, and it has no number then.
        args: of a random generator the arguments, NumPy arrays.
        quick: whether `make bench` takes it.
        limit: what bounds it on any machine: "memory", "arithmetic", "a chain of operations", "calls", "divisions" …
        bytes, flops: what it must read and write, and compute, at least; None where that says little.
        close: how far results may differ, in units of the largest number of each.
    """

    name: str
    family: str
    build: Callable[[Any], Callable[..., Any]]
    args: Callable[[Any], tuple[Any, ...]]
    quick: bool = False
    limit: str = ""
    bytes: float | None = None
    flops: float | None = None
    close: float = 1e-4
