"""Calls of Python functions for their effect, from inside transformed functions: what `wengert.debug` is made of.

An equation of the primitive stays in a Program because it has an effect, although nobody uses its result.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ..core import Aval, Value
from ..vocabulary import BatchedResults, Function, Params, Pushed
from .effects import EffectPrimitive

_again: contextvars.ContextVar[bool] = contextvars.ContextVar("wengert_again", default=False)


@contextmanager
def once_more() -> Iterator[None]:
    """A function runs a second time for the sake of its derivative: what it does beside was done the first time."""
    token = _again.set(True)
    try:
        yield
    finally:
        _again.reset(token)


class _Callback(EffectPrimitive):
    """``debug_callback(*values, function, ordered)``: ``function(*values)``; the result is always true."""

    effect = True

    def impl(self, *args: Value, function: Function, ordered: bool) -> Value:
        if not _again.get():
            function(*map(owned, args))
        return np.True_

    def abstract(self, *avals: Aval, function: Function, ordered: bool) -> Aval:
        return Aval((), np.dtype(np.bool_))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(*primals, **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        function = _ForEach(params["function"], size, tuple(batched))
        return self.bind(*args, function=function, ordered=params["ordered"]), False


class _ForEach:
    """A function called for each example of a batch, in order."""

    def __init__(self, function: Function, size: int, batched: tuple[bool, ...]) -> None:
        self.function, self.size, self.batched = function, size, batched
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Value) -> None:
        for i in range(self.size):
            self.function(*[owned(a[i] if b else a) for a, b in zip(args, self.batched, strict=True)])


def owned(x: Value) -> Value:
    """An array of its own, which a user's function may keep and change: `x` may be the caller's, or a part of memory
    that is used again.
    """
    return x.copy() if isinstance(x, np.ndarray) else x


def _ignore(*args: Value) -> None:
    """A function for the samples."""


callback_p = _Callback(
    "debug_callback",
    samples=lambda: [((np.arange(3.0), np.float32(2)), {"function": _ignore, "ordered": False})],
    reasons={"jvp": "its result is always true"},
)
