"""What Programs are made of: variables, constants, equations."""
# pyright: strict

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, final

from .core import Aval, Primitive, Value, aval_of
from .places import Place


@final
class Var:
    """A variable of a Program, assigned once."""

    __slots__ = ("aval",)

    def __init__(self, aval: Aval) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var({self.aval!r})"


@final
class Literal:
    """A constant in a Program."""

    __slots__ = ("aval", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self.aval = aval_of(value)

    def __repr__(self) -> str:
        return f"Literal({self.value!r})"


Atom = Var | Literal
AVAL: Callable[[Atom], Aval] = attrgetter("aval")


class Equation:
    """``outputs = primitive[params](inputs)``.

    Attributes:
        place: the user's line that wrote it, where that was noted (`places`).
    """

    __slots__ = ("inputs", "outputs", "params", "place", "primitive")

    def __init__(
        self, primitive: Primitive, inputs: Sequence[Atom], outputs: Sequence[Var], params: dict[str, Any]
    ) -> None:
        self.primitive = primitive
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.params = params
        self.place: Place | None = None

    def replaced(
        self,
        inputs: Sequence[Atom] | None = None,
        outputs: Sequence[Var] | None = None,
        params: dict[str, Any] | None = None,
    ) -> Equation:
        """The same operation, written at the same place, with other parts."""
        new = Equation(
            self.primitive,
            self.inputs if inputs is None else inputs,
            self.outputs if outputs is None else outputs,
            self.params if params is None else params,
        )
        new.place = self.place
        return new

    def __repr__(self) -> str:
        return f"<equation {self.primitive.name} of {len(self.inputs)} inputs>"


__all__ = ["AVAL", "Atom", "Equation", "Literal", "Var"]
