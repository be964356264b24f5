"""Where in a program an equation stands: `SourceInfo`, and stacks of names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from ...frames import is_library_frame


class Scope(NamedTuple):
    """A name that a part of a program was given."""

    name: str


class Transform(NamedTuple):
    """A transformation that a part of a program stands under."""

    name: str


class NameStack(NamedTuple):
    """The names of the parts of a program that something stands in, the outermost first."""

    stack: tuple[Any, ...] = ()

    def extend(self, name: str) -> NameStack:
        return NameStack((*self.stack, Scope(name)))

    def __str__(self) -> str:
        return "/".join([s.name for s in self.stack])


class SourceInfo:
    """Where an equation was made."""

    __slots__ = ("name_stack", "place", "traceback")

    def __init__(self, traceback: Any = None, name_stack: NameStack | None = None, place: str = "unknown") -> None:
        self.traceback, self.name_stack, self.place = traceback, name_stack or NameStack(), place

    def replace(self, **changed: Any) -> SourceInfo:
        given = {"traceback": self.traceback, "name_stack": self.name_stack, "place": self.place}
        return SourceInfo(**{**given, **changed})


EXCLUDED: list[str] = []  # files whose lines are no user's


def register_exclusion(path: str) -> None:
    """Say that lines of a file are no user's."""
    EXCLUDED.append(path)


def current() -> SourceInfo:
    """Where the caller stands."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (is_library_frame(frame) or frame.f_code.co_filename in EXCLUDED):
        frame = frame.f_back
    return SourceInfo(place=f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_name})")


def new_source_info() -> SourceInfo:
    """A place that is not known."""
    return SourceInfo()


def summarize(source_info: Any, num_frames: int = 1) -> str:
    """A place as text."""
    return getattr(source_info, "place", "unknown")


_stack: ContextVar[NameStack] = ContextVar("wengert_name_stack", default=NameStack())  # noqa: B039 (a tuple)


def current_name_stack() -> NameStack:
    """The names that parts of the program were given by `extend_name_stack`."""
    return _stack.get()


def new_name_stack(name: str = "") -> NameStack:
    """A stack of one name, or of none."""
    return NameStack().extend(name) if name else NameStack()


@contextmanager
def set_name_stack(name_stack: NameStack) -> Iterator[None]:
    """A context with a stack of names."""
    token = _stack.set(name_stack)
    try:
        yield
    finally:
        _stack.reset(token)


@contextmanager
def extend_name_stack(name: str) -> Iterator[NameStack]:
    """A context with one more name on the stack."""
    with set_name_stack(current_name_stack().extend(name)):
        yield current_name_stack()


transform_name_stack = extend_name_stack


@contextmanager
def reset_name_stack() -> Iterator[None]:
    """A context with an empty stack of names."""
    with set_name_stack(NameStack()):
        yield


@contextmanager
def user_context(traceback: Any = None, *, name_stack: Any = None) -> Iterator[None]:
    """A context in which errors would be shown at another place; they are shown where they are here."""
    yield


__all__ = [
    "NameStack", "SourceInfo", "current", "current_name_stack", "extend_name_stack", "new_name_stack", "new_source_info",
    "register_exclusion", "reset_name_stack", "set_name_stack", "summarize", "transform_name_stack", "user_context",
]  # fmt: skip
