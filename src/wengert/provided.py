"""What lower floors call of upper ones: the file that has a function provides it here when it is imported.

So `core` can stack a list of tracers without importing the operation, and no import points upwards. The names are few,
and each has one provider; the package imports all providers with itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_functions: dict[str, Callable[..., Any]] = {}


def provide(f: F) -> F:
    """Make a function known by its name, without a leading underscore. A decorator.

    Example:
        >>> @provide
        ... def seven():
        ...     return 7
        >>> provided("seven")()
        7
    """
    _functions[f.__name__.lstrip("_")] = f
    return f


def provided(name: str) -> Callable[..., Any]:
    """The function that goes by a name.

    Raises:
        KeyError: its file was not imported.
    """
    return _functions[name]


__all__ = ["provide", "provided"]
