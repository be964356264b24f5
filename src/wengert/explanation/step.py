"""One step of an explained function, and what an explanation holds; values as short texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import (
    Value,
)


class Step:
    """One operation of a function, or one of its inputs.

    Attributes:
        name: ``v3``, or the argument's name for an input.
        operation: the primitive's name; empty for an input.
        line: the user's line.
        operands: the names of the steps it uses, or the text of a constant.
        sources: for each operand the number of its step, None for a constant.
        value: what it computed.
        partials: for each operand the derivative of the value by it: elementwise, or a small Jacobian; None for constants and
            where it is large.
        tangent: the derivative of the value along the given direction, in forward mode.
        cotangent: the derivative of the function's result by the value, in reverse mode; None where it is zero.
    """

    __slots__ = ("cotangent", "line", "name", "operands", "operation", "partials", "sources", "tangent", "value")

    def __init__(self, name: str, operation: str, line: str, value: Value) -> None:
        self.name, self.operation, self.line, self.value = name, operation, line, value
        self.operands: list[str] = []
        self.sources: list[int | None] = []
        self.partials: list[Value | None] = []
        self.tangent: Value | None = None
        self.cotangent: Value | None = None

    def __repr__(self) -> str:
        return f"<step {self.name} = {self.operation}({', '.join(self.operands)})>"


def number(x: Any) -> str:
    """A value in short: numbers with six digits, small arrays whole, larger ones by shape and range."""
    if x is None:
        return "0"
    a = np.asarray(x)
    if a.size == 0:
        return f"empty {a.shape}"
    if a.size > 6 or a.ndim > 2:
        if a.dtype.kind not in "iuf":
            return f"{a.dtype}{list(a.shape)}"
        return f"{a.shape} in [{np.min(a):.4g}, {np.max(a):.4g}]"
    return np.array2string(a, precision=6, separator=", ", suppress_small=False).replace("\n", "")


class Steps:
    """The steps of a function that was explained.

    Attributes:
        steps: the inputs and operations, in order.
        value: the function's result.
        mode: "reverse" or "forward".
        title: what was explained.
    """

    def __init__(self, steps: list[Step], value: Any, mode: str, title: str) -> None:
        self.steps, self.value, self.mode, self.title = steps, value, mode, title


__all__ = ["Step", "Steps", "number"]
