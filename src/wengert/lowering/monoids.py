"""What reductions, scatters and running operations combine numbers with: an associative operation and its identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..lowering import PRIMITIVES
from . import FLOAT32, Lowering, Scalar, computed_in, narrow
from . import formulas as f


class Monoid(NamedTuple):
    """An associative operation.

    Attributes:
        shown: what a reduction with it is called where loops are printed, and the operation there.
        function: the formula of two numbers.
        truths: that of two truth values.
        identity: of a dtype, what changes nothing.
        fused: the formula where the second number is perhaps a product, which may be fused with it.
        kinds: of the dtypes that have an identity.
        logical: whether numbers are taken as truth values.
    """

    shown: tuple[str, str]
    function: Scalar
    truths: Scalar
    identity: Callable[[np.dtype], Any]
    fused: Scalar | None = None
    kinds: str = "biuf"
    logical: bool = False

    def combine(self, e: Any, dtype: np.dtype, x: Any, y: Any) -> Any:
        """NumPy's operation on two numbers of a dtype; on booleans a sum is "or" and a product is "and".

        Of floating point of 16 bits, which is computed in float32, the result is still to be rounded.
        """
        dtype = computed_in(dtype)
        return (self.truths if dtype.kind == "b" else self.function)(e, dtype, x, y)

    def accumulate(self, e: Any, dtype: np.dtype, total: Any, term: Any) -> Any:
        """The same for one more term of what is combined in an order of the compiler's own."""
        dtype = computed_in(dtype)
        if dtype.kind == "b":
            return self.truths(e, dtype, total, term)
        return (self.fused or self.function)(e, dtype, total, term)


def _least(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return False
    return -np.inf if computed_in(dtype).kind == "f" else int(np.iinfo(dtype).min)


def _largest(dtype: np.dtype) -> Any:
    if dtype.kind == "b":
        return True
    return np.inf if computed_in(dtype).kind == "f" else int(np.iinfo(dtype).max)


SUM = Monoid(("sum", "+="), f.add, f.bitwise_or, lambda dtype: 0, f.accumulate)
PRODUCT = Monoid(("product", "*="), f.multiply, f.bitwise_and, lambda dtype: 1)
MAXIMUM = Monoid(("max", "max="), f.maximum, f.bitwise_or, _least)
MINIMUM = Monoid(("min", "min="), f.minimum, f.bitwise_and, _largest)
ANY = Monoid(("logical_or", "logical_or="), f.logical_or, f.bitwise_or, lambda dtype: False, logical=True)
ALL = Monoid(("logical_and", "logical_and="), f.logical_and, f.bitwise_and, lambda dtype: True, logical=True)


class Reduction(Lowering):
    """Numbers along the `axes` of an equation's parameters combined.

    Attributes:
        combine: the primitive of two arrays that does the same.
    """

    safe = True

    def __init__(self, monoid: Monoid) -> None:
        self.monoid, self.meaning = monoid, monoid
        self.selects = monoid in (MAXIMUM, MINIMUM)
        self.widens = not self.selects and not monoid.logical

    @property
    def combine(self) -> Any:
        return PRIMITIVES[self.monoid.function]

    def wider(self, given: Sequence[np.dtype], made: np.dtype) -> tuple[list[np.dtype], np.dtype] | None:
        return ([FLOAT32], computed_in(made)) if self.widens and narrow(given[0]) else None


__all__ = ["ALL", "ANY", "MAXIMUM", "MINIMUM", "PRODUCT", "SUM", "Monoid", "Reduction"]
