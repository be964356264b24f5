"""scipy.sparse for arrays and values under transformation: linear equations with operators, in `linalg`."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ...errors import no_attribute as _no_attribute

if _TYPE_CHECKING:
    from . import linalg

__all__ = ["linalg"]


def __getattr__(name: str) -> _Any:
    if name in __all__:  # imported when first used, as `scipy` does with its own
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise _no_attribute(__name__, name, __all__)


__dir__ = __all__.copy
