"""Operations whose elements depend on one another, as functions written by hand: where each stands, and what it is told.

`compile.serial` has those that write their own loops, `compile.lapack` and `compile.lanes` those of linear algebra.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..vocabulary import Params
from . import Composition, Lowering, narrow
from .kinds import wider_products
from .monoids import Monoid


class Kernel(Lowering):
    """A function of `compile.serial`: of an equation it gives what writes the code, or None where it does not know how.

    Args:
        place: the module and the function.
        selects: whether each element of the result is one of the first operand's.
        blank: whether the result may hold anything.
        options: what the function is told, such as the monoid that it combines with.
    """

    def __init__(self, place: str, selects: bool = False, blank: bool = False, **options: Any) -> None:
        self.place, self.selects, self.blank, self.options = place, selects, blank, options


class SumsOfProducts(Kernel):
    """A kernel that adds products up; those of bytes too."""

    widens = True

    def wider(self, given: Sequence[np.dtype], made: np.dtype) -> tuple[list[np.dtype], np.dtype] | None:
        return wider_products(given, made) if made.kind == "b" or narrow(made) else None


class Loop(Kernel):
    """The inner loop of a universal function, called from native code: the same values as eagerly.

    Args:
        ufunc: its module and name, such as "scipy.special.jv".
        result: which of its results.
    """

    def __init__(self, ufunc: str, result: int = 0) -> None:
        super().__init__("ufuncs.elementwise")
        self.ufunc, self.result = ufunc, result

    @staticmethod
    def of(function: Any) -> Loop | None:
        """The loop that a function says it is, by its attributes `ufunc` and `result`; None for another function."""
        ufunc = getattr(function, "ufunc", None)
        return None if ufunc is None else Loop(ufunc, function.result)


class Either(SumsOfProducts):
    """A kernel, or a composition of other operations where that is better; analyses ask for the composition.

    Args:
        place, widens, options: as of a `Kernel`.

    Attributes:
        composition: ``(*values, **params)`` in terms of other operations, which the declaration sets.
        when: ``(avals, params)``, whether the composition takes the operation's place.
    """

    composition: Any
    when: Any

    def expansion(self, inputs: Any, params: Params) -> Any:
        return self.written_out(inputs, params) if self.when([a.aval for a in inputs], params) else None

    def written_out(self, inputs: Any, params: Params) -> Any:
        """The Program of the composition."""
        return Composition(self.composition).expansion(inputs, params)


class Scatter(Kernel):
    """A copy of an array, changed at places that indices give: numbers are combined with those there, or take their place.

    Such an array can be changed in the memory where it is.
    """

    def __init__(self, monoid: Monoid | None) -> None:
        super().__init__("indexing.scatter")
        self.monoid = monoid


class Factorisation(Lowering):
    """A function of stacks of matrices.

    Args:
        routine: the function of `compile.lapack` that calls LAPACK for one matrix.
        small: the one that writes elimination out for small matrices, many at once.
        error: the message of the `LinAlgError` that a failure is.
        shares: whether it is by LU factors, which steps of one matrix share.
        counts: whether there are results that are 32-bit integers.
        options: what the functions are told.
    """

    def __init__(
        self, routine: str, small: str = "", error: str | None = None, shares: bool = False, counts: bool = False, **options: Any
    ) -> None:  # fmt: skip
        self.routine, self.small, self.error, self.shares, self.options = routine, small, error, shares, options
        self.counts = counts


SINGULAR = "Singular matrix"

__all__ = ["SINGULAR", "Either", "Factorisation", "Kernel", "Loop", "Scatter", "SumsOfProducts"]
