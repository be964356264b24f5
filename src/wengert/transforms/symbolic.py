"""Zeros that rules of the user's are told of without arrays, and which arguments are differentiated: `symbolic_zeros`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import Aval, aval_of
from ..vocabulary import Value


class SymbolicZero:
    """A tangent that is zero, of a shape and dtype, in a rule that asked for `symbolic_zeros`.

    Example:
        >>> SymbolicZero.from_primal_value(np.ones(2)).shape
        (2,)
    """

    __slots__ = ("aval",)

    def __init__(self, aval: Any) -> None:
        self.aval = aval

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.aval.shape)

    @property
    def dtype(self) -> np.dtype:
        return self.aval.dtype

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))

    @staticmethod
    def from_primal_value(value: Value) -> SymbolicZero:
        """The zero tangent of a value."""
        aval = aval_of(value)
        return SymbolicZero(Aval(aval.shape, aval.dtype))

    def __eq__(self, other: object) -> bool:
        return type(other) is SymbolicZero and other.shape == self.shape and other.dtype == self.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"SymbolicZero({self.dtype.name}{list(self.shape)})"


class CustomVJPPrimal:
    """An argument of a forward function that asked for `symbolic_zeros`: its value, and whether it is differentiated."""

    __slots__ = ("perturbed", "value")

    def __init__(self, value: Any, perturbed: bool) -> None:
        self.value, self.perturbed = value, perturbed

    def __repr__(self) -> str:
        return f"CustomVJPPrimal(value={self.value!r}, perturbed={self.perturbed})"


__all__ = ["CustomVJPPrimal", "SymbolicZero"]
