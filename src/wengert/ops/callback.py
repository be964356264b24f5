"""Calls of Python functions for their effect, from inside transformed functions: what `wengert.debug` is made of.

The primitive has no results; an equation of it stays in a Program because it has an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value


class _Callback(Primitive):
    """``debug_callback(*values, function)``: ``function(*values)``, whose result is ignored."""

    multiple_results = True
    effect = True

    def impl(self, *args: Value, function: Callable[..., Any]) -> list[Value]:
        function(*args)
        return []

    def abstract(self, *avals: Aval, function: Callable[..., Any]) -> list[Aval]:
        return []

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        self.bind(*primals, **params)
        return [], []

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        self.bind(*args, function=_ForEach(params["function"], size, tuple(batched)))
        return [], []


class _ForEach:
    """A function called for each example of a batch, in order."""

    def __init__(self, function: Callable[..., Any], size: int, batched: tuple[bool, ...]) -> None:
        self.function, self.size, self.batched = function, size, batched
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Value) -> None:
        for i in range(self.size):
            self.function(*[a[i] if b else a for a, b in zip(args, self.batched, strict=True)])


def _ignore(*args: Value) -> None:
    """A function for the samples."""


callback_p = _Callback(
    "debug_callback",
    samples=lambda: [((np.arange(3.0), np.float32(2)), {"function": _ignore})],
    reasons={"jvp": "it has no results"},
)
