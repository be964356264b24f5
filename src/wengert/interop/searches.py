"""The search for references (`jax_modules/ref.py`) that a function of the user's meets while it is traced, and where it ends."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

from ..transforms.function import name_of


def named(f: Callable[..., Any], user: Any) -> Callable[..., Any]:
    """A function that stands for one of the user's, by whose name and lines it goes."""
    f.__name__ = f.__qualname__ = name_of(user)
    f.__wrapped__ = inspect.unwrap(user)
    return f


class Met(Exception):
    """A function has been traced and has met references: what the call would give does not count."""


class Search:
    """What a trace of a function meets: references made in it, and others with the values that they had before."""

    def __init__(self, fun: Any) -> None:
        self.fun = fun  # whose return ends the search
        self.own: dict[int, Any] = {}
        self.met: dict[int, tuple[Any, Any]] = {}

    def ending(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose return ends the search as well."""

        def function(*args: Any) -> Any:
            out = f(*args)
            if self.met:
                raise Met
            return out

        function.searched = f
        return named(function, f)


class _Looking(threading.local):
    """The searches for references that are under way, the innermost last."""

    def __init__(self) -> None:
        self.searches: list[Search] = []
        self.begun = False  # whether the function that is called next was begun by `attempt`


looking = _Looking()


def returned(fun: Any) -> None:
    """A function under `jit` has been traced: the end of a search for what it closes over."""
    search = looking.searches[-1] if looking.searches else None
    if search is not None and search.fun is fun and search.met:
        raise Met


__all__ = ["Met", "Search", "looking", "named", "returned"]
