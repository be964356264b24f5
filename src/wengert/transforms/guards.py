"""Guards: values that Python asked for while a Program was written, which a later call compares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core import (
    INNERMOST,
    Value,
    inexact_dtype,
)
from ..program import Var


class Guard:
    """A value that Python asked for while a function was traced: the Program is right where it is the same again.

    Attributes:
        decides: whether results are wrong where it is not, also for the call that it was traced for: it says that all
            examples under `vmap` take a path that is there.
    """

    __slots__ = ("decides", "line", "value", "variable", "what")

    def __init__(self, variable: Var, value: np.ndarray, what: str, line: str) -> None:
        self.variable = variable
        self.value = value
        self.what = what
        self.line = line
        self.decides = False

    def holds(self, value: Value) -> bool:
        """Whether a value is the same again: floats to rounding, as compiled code may round otherwise."""
        mine, given = self.value, np.asarray(value)
        if mine.dtype.kind not in "fc":
            return bool((mine == given).all())
        slack = 8 * np.finfo(mine.dtype).eps
        return bool(np.allclose(given, mine, rtol=slack, atol=0, equal_nan=True))

    def __repr__(self) -> str:
        return f"{self.what} is {self.value.item()!r} at {self.line}"


def asked_for(tracer: Any, what: str) -> Any:
    """What an answer depends on: ``int(x)`` on the whole part alone."""
    from ..ops.elementwise import trunc

    return trunc(tracer) if what == "int()" and tracer.dtype.kind == "f" else tracer


def _compared(tracer: Any) -> list[Any]:
    """What is compared to tell whether a number is the same again: numbers that processors compare."""
    from ..ops.elementwise import convert, imag, real

    dtype = tracer.dtype
    if dtype.kind == "c":
        return [*_compared(real(tracer)), *_compared(imag(tracer))]
    if dtype.kind == "f" and dtype.itemsize > 8:
        return [convert(tracer, np.dtype(np.float64))]
    if inexact_dtype(dtype) and dtype.itemsize < 4:
        return [convert(tracer, np.dtype(np.float32))]
    return [tracer]


@contextmanager
def unguarded() -> Iterator[None]:
    """Within, the Program that is being written answers no questions for values: they would become guards."""
    trace = getattr(INNERMOST, "trace", None)
    examples = None if trace is None else trace.examples
    if trace is not None:
        trace.examples = None
    try:
        yield
    finally:
        if trace is not None:
            trace.examples = examples


__all__ = ["Guard", "asked_for", "unguarded"]
