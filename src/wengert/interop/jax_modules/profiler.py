"""`jax.profiler`: names for stretches of time, which nothing records here; recordings are those of Python's profilers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...errors import NotSupportedError


class TraceAnnotation:
    """A context that names a stretch of time in a recording; where none is made it has no effect, as in JAX."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name

    def __enter__(self) -> TraceAnnotation:
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def __call__(self, fun: Callable[..., Any]) -> Callable[..., Any]:
        return annotate_function(fun, self.name)


class StepTraceAnnotation(TraceAnnotation):
    """The same, for a step of a loop."""


def annotate_function(func: Callable[..., Any], name: str | None = None, **decorator_kwargs: Any) -> Callable[..., Any]:
    """The function, under a name in recordings."""

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return function


def _not_recorded(name: str) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(
            f"jax.profiler.{name}: no recordings are made here; use cProfile or py-spy, and jax.jit(f).lower(*args) to see what "
            f"a compiled function costs"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Not there: raises, and says what to use.\n\n    Raises:\n        NotSupportedError: always."
    return function


start_trace, stop_trace, trace, start_server, stop_server = map(
    _not_recorded, ("start_trace", "stop_trace", "trace", "start_server", "stop_server")
)
device_memory_profile, save_device_memory_profile = map(
    _not_recorded, ("device_memory_profile", "save_device_memory_profile")
)

__all__ = [
    "StepTraceAnnotation", "TraceAnnotation", "annotate_function", "device_memory_profile", "save_device_memory_profile",
    "start_server", "start_trace", "stop_server", "stop_trace", "trace",
]  # fmt: skip
