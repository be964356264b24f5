"""What declarations say of native code: how an operation is lowered, as objects that the compiler asks.

An operation's `native` is a `Formula` where each element of its result is one of its operands' (`formulas` has the
library's). The compiler knows operations by these objects and by the traits of `core.Primitive`, by no name: what is
declared outside of the library is compiled as what is declared in it. No LLVM is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np

from ..vocabulary import Function, Params

Scalar = Callable[
    ..., Any
]  # (e, dtype, *values): one element in instructions of the emitter `e`, of NumPy's loop for `dtype`
DEAR = 16  # additions that a function of many instructions takes, about


FLOAT32 = np.dtype(np.float32)


@lru_cache(maxsize=256)
def narrow(dtype: np.dtype) -> bool:
    """Whether a dtype is floating point of 16 bits, in the machine's byte order: float16, or the bfloat16 of `ml_dtypes`."""
    if dtype.itemsize != 2 or not dtype.isnative:
        return False
    return dtype.kind == "f" or (dtype.kind == "V" and dtype.name == "bfloat16")


@lru_cache(maxsize=256)
def computed_in(dtype: np.dtype) -> np.dtype:
    """The dtype that native code computes in for one: float32 for floating point of 16 bits."""
    return FLOAT32 if dtype.itemsize == 2 and narrow(dtype) else dtype


class Lowering:
    """How an operation is computed in native code; of this class itself is one that is called through NumPy.

    Attributes:
        cost: of an element of its result, in additions.
        safe: whether it cannot fail, so that it may be computed where it would not have been.
        selects: whether each element of the result is one of the first operand's.
        spreads: whether each of these is there as often as the result's shape says, and no other is.
        flat: whether they keep the order in which they lie in memory.
        blank: whether the result may hold anything.
        widens: whether `wider` has anything to say.
        both, shares, parts: see `Formula`.
        meaning: what it is in the vocabulary of this room: a formula, an index map, a monoid, a class of lowerings. Rules of
            algebra know operations by it: what has the same meaning is the same operation.
    """

    cost: int = DEAR
    safe = selects = spreads = flat = blank = widens = False
    both: tuple[Scalar, int] | None = None
    shares = ""
    parts: Callable[..., Any] | None = None

    meaning: Any = None

    def __init_subclass__(cls) -> None:
        cls.meaning = cls

    def expansion(self, inputs: Any, params: Params) -> Any:
        """The Program that the compiler runs in the operation's place; None if it lowers the operation itself."""
        return None

    def wider(self, given: Sequence[np.dtype], made: np.dtype) -> tuple[list[np.dtype], np.dtype] | None:
        """The dtypes of operands and result in which an operation is computed in place of these; None if in these.

        Sums of floating point of 16 bits are: in float32, rounded once.
        """
        return None

    def permutation(self, params: Params) -> tuple[int, ...] | None:
        """For each axis of the result the operand's, of an operation that permutes axes."""
        return None

    def declare(self, primitive: Any) -> None:
        """The first primitive with a meaning is the one that passes write for it."""
        PRIMITIVES.setdefault(self.meaning, primitive)


class Typed(Protocol):
    """The type of an array: an `Aval`."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...


class Operand(Protocol):
    """What an equation reads or writes: a variable or a literal of a Program."""

    @property
    def aval(self) -> Typed: ...


class Step(Protocol):
    """An equation of a Program, as far as lowerings know it."""

    @property
    def primitive(self) -> Any: ...
    @property
    def inputs(self) -> Sequence[Operand]: ...
    @property
    def outputs(self) -> Sequence[Operand]: ...
    @property
    def params(self) -> dict[str, Any]: ...


PRIMITIVES: dict[Any, Any] = {}


CALLED = Lowering()


def meaning(eqn: Step) -> Any:
    """What the operation of an equation means."""
    return eqn.primitive.native.meaning


def meanings(program: Any) -> frozenset[Any]:
    """What the operations of a Program mean, so that a pass which has rules for none of them ends at once."""
    found = program.cache.get("meanings")
    if found is None:
        found = program.cache["meanings"] = frozenset([e.primitive.native.meaning for e in program.equations])
    return found


LONG: dict[
    str, Callable[..., Any]
] = {}  # what writes functions of many instructions, by name; the compiler puts them in


class Long:
    """The formula of a function of many instructions, which is written by a function of this name in `LONG`."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, e: Any, dtype: np.dtype, *values: Any) -> Any:
        return LONG[self.__name__](e, *values)


class Formula(Lowering):
    """An element of the result from the elements of the operands at its place.

    Args:
        function: ``(e, dtype, *values)``, in instructions of the emitter, or a function of many instructions.
        cost: of an element, in additions.
        kinds: of the dtypes of NumPy's loop for which the formula holds.
        floats, integers: the formulas for floating point and for integers, where these are other ones.
        loop: the dtypes that NumPy's loop takes and gives: its ufunc, if that is not the implementation, or a function of the
            types of the operands and of the result.
        order: whether it compares: then signed and unsigned numbers do not become floats.
        truth: whether it takes numbers as truth values, Python's too.
        bounded: whether it lies between -1 and 1 for all arguments, NaN aside; or "below 0", for those that are not positive.
        both: for two functions that are written together, the one that writes both, and which of its results this is.
        shares: a name that functions have in common which, of one argument, have most of their instructions in common.
        parts: the formula for complex numbers, in terms of their real and imaginary parts: one of `complexes` or `complex_functions`.
    """

    safe = True

    def __init__(
        self,
        function: Scalar,
        *,
        cost: int | None = None,
        kinds: str = "biufV",
        floats: Scalar | None = None,
        integers: Scalar | None = None,
        loop: Any = None,
        selects: bool = False,
        order: bool = False,
        truth: bool = False,
        bounded: bool | str = False,
        both: tuple[Scalar, int] | None = None,
        shares: str = "",
        parts: Function | None = None,
    ) -> None:
        self.long = isinstance(function, Long)
        self.selects = selects
        self.cost = cost if cost is not None else DEAR if self.long else 1
        self.kinds = "f" if self.long and integers is None else kinds
        self.meaning = function
        self.floats = function if floats is None else floats
        self.integers = function if integers is None else integers
        self.loop = loop
        self.order, self.truth, self.bounded = order, truth, bounded
        self.shares = shares
        self.both = both
        self.parts = parts

    def at(self, dtype: np.dtype) -> Scalar:
        """The formula for NumPy's loop for a dtype."""
        return self.floats if computed_in(dtype).kind == "f" else self.integers


class Composition(Lowering):
    """Written in terms of other operations: a function of values and parameters, which takes the operation's place."""

    composed: ClassVar[Callable[..., Any]]  # stages a function of values of some types; `ops.derived` sets it

    def __init__(self, function: Function) -> None:
        self.function = function

    def expansion(self, inputs: Any, params: Params) -> Any:
        return self.composed(self.function, tuple([a.aval for a in inputs]), params)


__all__ = [
    "CALLED",
    "DEAR",
    "LONG",
    "PRIMITIVES",
    "Composition",
    "Formula",
    "Long",
    "Lowering",
    "Operand",
    "Scalar",
    "Step",
    "Typed",
    "computed_in",
    "meaning",
    "meanings",
    "narrow",
]  # fmt: skip
