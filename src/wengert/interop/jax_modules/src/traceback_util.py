"""`jax._src.traceback_util`: which frames a traceback shows; the library's own are never shown."""

from __future__ import annotations

from typing import Any

from ...extend.source import register_exclusion


def api_boundary(fun: Any = None, **_: Any) -> Any:
    """The function itself: frames of the library are taken out of tracebacks in any case."""
    return (lambda f: f) if fun is None else fun


def include_frame(frame: Any) -> bool:
    """Whether a traceback shows a frame."""
    from ....frames import is_library_frame

    return not is_library_frame(frame)


__all__ = ["api_boundary", "include_frame", "register_exclusion"]
