"""Signatures: what editors and type checkers know of transformed functions. Nothing of it is used when code runs.

A transformed function takes what its function takes. What derivatives look like depends on values (`argnums`, `has_aux`),
so they are `Any`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from ..program import Program
    from .ahead import Lowered

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")
R_co = TypeVar("R_co", covariant=True)


class Compiled(Protocol[P, R_co]):
    """What `jit` makes of a function or a method."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Compiled[P, R_co]: ...
    @overload
    def __get__(self: Compiled[Concatenate[S, Q], R], instance: S, owner: Any = None) -> Callable[Q, R]: ...

    def program(self, *args: Any, **kwargs: Any) -> Program: ...

    def lower(self, *args: Any, **kwargs: Any) -> Lowered: ...

    def clear_cache(self) -> None: ...


__all__ = ["Compiled", "P", "R"]
