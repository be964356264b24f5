"""What operations ask of the rooms above them: control flow over Python functions, and the namespaces.

Rules of some operations are loops or branches of their own (squarings of a matrix exponential, rejection of random numbers,
terms of a zeta function, repeated updates), and methods of traced values and NumPy's protocols are functions of the namespaces,
by name. Both stand above `ops`, of whose functions they are made, so an import of them would be a circle. This room says
what is asked for, the package gives it when it is imported, and nothing else of upper rooms is known in `ops`; the files that
ask stand in `tests/test_layering.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, cast

from ..core import Value


class ControlFlow(Protocol):
    """Loops and branches over Python functions, with the meaning that `wengert.lax` documents."""

    def cond(self, pred: Value, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any: ...

    def fori_loop(self, lower: Value, upper: Value, body_fun: Callable[..., Any], init_val: Any) -> Any: ...

    def while_loop(self, cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any: ...

    def map(self, f: Callable[..., Any], xs: Any) -> Any: ...


class _Rooms:
    """How a namespace is found by its name, such as "numpy" or "scipy.special"; the package sets it."""

    find: Callable[[str], ModuleType]


def give(find: Callable[[str], ModuleType]) -> None:
    """Tell how namespaces are found; they are imported when they are first asked for."""
    _Rooms.find = staticmethod(find)


def namespace(name: str) -> Any:
    """A namespace by its name, without the library's."""
    return _Rooms.find(name)


def control_flow() -> ControlFlow:
    """Loops and branches over Python functions."""
    return cast(ControlFlow, _Rooms.find("lax"))


__all__ = ["ControlFlow", "control_flow", "give", "namespace"]
