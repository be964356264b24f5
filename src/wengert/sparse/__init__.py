"""Sparse derivatives: patterns of Jacobians and Hessians, their colourings, and matrices computed by few sweeps."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from .choosing import Choice
    from .colourings import Colouring, colouring
    from .detect import hessian_sparsity, sparsity
    from .pattern import Pattern

_WHERE = {  # imported when they are used, and SciPy with them
    "Choice": "choosing",
    "Colouring": "colourings",
    "Pattern": "pattern",
    "colouring": "colourings",
    "hessian_sparsity": "detect",
    "sparsity": "detect",
}
__all__ = ["Choice", "Colouring", "Pattern", "colouring", "hessian_sparsity", "sparsity"]


def __getattr__(name: str) -> _Any:
    if name in _WHERE:
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
        globals()[name] = found
        return found
    from ..nearest import no_attribute

    raise no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return sorted(__all__)
