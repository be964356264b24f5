"""What declarations say of native code: how an operation is lowered, as objects that the compiler asks.

An operation's `native` is a `Formula` where each element of its result is one of its operands' (`formulas` has the
library's). The compiler knows operations by these objects and by the traits of `core.Primitive`, by no name: what is
declared outside of the library is compiled as what is declared in it. No LLVM is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

Scalar = Callable[
    ..., Any
]  # (e, dtype, *values): one element in instructions of the emitter `e`, of NumPy's loop for `dtype`
DEAR = 16  # additions that a function of many instructions takes, about


class Lowering:
    """How an operation is computed in native code.

    Attributes:
        cost: of an element of its result, in additions.
    """

    cost: int = DEAR


class Formula(Lowering):
    """An element of the result from the elements of the operands at its place.

    Args:
        function: ``(e, dtype, *values)``, in instructions of the emitter; or the name of a function of `compile.vectormath`,
            which is many instructions.
        cost: of an element, in additions.
        kinds: of the dtypes of NumPy's loop for which the formula holds.
        floats: the formula for floating point, where that is another one.
        loop: the dtypes that NumPy's loop takes and gives: its ufunc, if that is not the implementation, or a function of the
            types of the operands and of the result.
        order: whether it compares: then signed and unsigned numbers do not become floats.
        truth: whether it takes numbers as truth values, Python's too.
        bounded: whether it lies between -1 and 1 for all arguments, NaN aside.
        shares: a name that functions have in common which, of one argument, have most of their instructions in common.
    """

    def __init__(
        self,
        function: Scalar | str,
        *,
        cost: int | None = None,
        kinds: str = "biufV",
        floats: Scalar | str | None = None,
        loop: Any = None,
        order: bool = False,
        truth: bool = False,
        bounded: bool = False,
        shares: str = "",
    ) -> None:
        self.long = isinstance(function, str)  # many instructions
        self.cost = cost if cost is not None else DEAR if self.long else 1
        self.kinds = "f" if self.long else kinds
        self.function, self.floats = function, function if floats is None else floats
        self.loop = loop
        self.order, self.truth, self.bounded = order, truth, bounded
        self.shares = shares

    def at(self, dtype: np.dtype) -> Scalar:
        """The formula for NumPy's loop for a dtype."""
        found = self.floats if dtype.kind == "f" else self.function
        return _vector_function(found) if isinstance(found, str) else found

    def __call__(self, e: Any, dtype: np.dtype, *values: Any) -> Any:
        return self.at(dtype)(e, dtype, *values)


@cache
def _vector_function(name: str) -> Scalar:
    """A function of the room of vector functions, which is imported when it is first written."""
    from ..compile import vectormath

    function = vectormath.FUNCTIONS[name]

    def call(e: Any, dtype: np.dtype, *values: Any) -> Any:
        return function(e, *values)

    call.__name__ = name
    return call


__all__ = ["DEAR", "Formula", "Lowering", "Scalar"]
