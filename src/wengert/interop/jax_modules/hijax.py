"""`jax.experimental.hijax`: types of a library's own. Libraries import its names; types that are registered are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import NotSupportedError
from ..avals import AbstractValue, ShapedArray
from ..extend.primitive import Primitive
from ..extend.zeros import Zero, instantiated, is_undefined_primal

instantiate_zeros = instantiated


class HiPrimitive(Primitive):
    """A primitive of values of a library's own types."""


class VJPHiPrimitive(HiPrimitive):
    """The same with a pullback."""


class HiType(AbstractValue):
    """The base of types of a library's own."""

    __slots__ = ()


class MutableHiType(HiType):
    """The base of types whose values change."""

    __slots__ = ()


class AvalQDD:
    """A type and what depends on the value."""


class AvalMutableQDD(AvalQDD):
    """The same of a value that changes."""


class HiPspec:
    """How values of a library's own types are laid out."""


class aval_property:  # noqa: N801 (JAX's name)
    """A property of traced values that a type says."""

    def __init__(self, fget: Callable[..., Any]) -> None:
        self.fget = fget


class aval_method:  # noqa: N801
    """A method of traced values that a type says."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun


class _Effects:
    """Kinds of effects that loops may have."""

    def add_type(self, effect: type) -> None:
        """Nothing to note: loops may have any effect here."""


control_flow_allowed_effects = _Effects()
_HITYPES: dict[type, Any] = {}


def register_hitype(val_cls: type, typeof_fn: Callable[..., Any]) -> None:
    """Note the type of values of a class. Values of it are taken apart by whoever made it; operations do not take them."""
    _HITYPES[val_cls] = typeof_fn


def cur_qdd(x: Any) -> Any:
    """What is known of a value that changes.

    Raises:
        NotSupportedError: always.
    """
    raise NotSupportedError(
        "values of types of a library's own do not change under transformations here; hand on their arrays"
    )


__all__ = [
    "AbstractValue", "AvalMutableQDD", "AvalQDD", "HiPrimitive", "HiPspec", "HiType", "MutableHiType", "ShapedArray", "VJPHiPrimitive",
    "Zero", "aval_method", "aval_property", "control_flow_allowed_effects", "cur_qdd", "instantiate_zeros", "is_undefined_primal",
    "register_hitype",
]  # fmt: skip
