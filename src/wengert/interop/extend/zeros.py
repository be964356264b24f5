"""What rules of JAX's form are told in the place of arrays: symbolic zeros, and the arguments that are linear."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import trees
from ..array import wrap


class Zero:
    """A tangent or cotangent that is zero, of the type `aval`."""

    __slots__ = ("aval",)

    def __init__(self, aval: Any) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Zero({self.aval})"

    def instantiate(self) -> Any:
        """The zeros as an array."""
        return wrap(np.zeros(self.aval.shape, self.aval.dtype))


class UndefinedPrimal:
    """A linear argument of a transpose rule: it has a type and no value."""

    __slots__ = ("aval",)

    def __init__(self, aval: Any) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"UndefinedPrimal({self.aval})"


for _class in (Zero, UndefinedPrimal):
    trees.register(_class, lambda z: ((), z.aval), lambda aval, _, made=_class: made(aval))


def instantiated(tangents: Any) -> Any:
    """A tangent, or a list of them, with arrays for symbolic zeros."""
    if isinstance(tangents, (list, tuple)):
        return type(tangents)([instantiated(t) for t in tangents])
    return tangents.instantiate() if type(tangents) is Zero else tangents


def is_undefined_primal(x: Any) -> bool:
    """Whether an argument of a transpose rule is one that is linear."""
    return type(x) is UndefinedPrimal


__all__ = ["UndefinedPrimal", "Zero", "instantiated", "is_undefined_primal"]
