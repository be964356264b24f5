"""`jax.monitoring`: listeners of events that programs record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_listeners: dict[str, list[Callable[..., Any]]] = {"event": [], "duration": [], "span": [], "scalar": []}


def _record(kind: str, *args: Any, **kwargs: Any) -> None:
    for listener in list(_listeners[kind]):
        listener(*args, **kwargs)


def record_event(event: str, **kwargs: Any) -> None:
    """Tell the listeners of events."""
    _record("event", event, **kwargs)


def record_event_duration_secs(event: str, duration: float, **kwargs: Any) -> None:
    """Tell the listeners of durations, in seconds."""
    _record("duration", event, duration, **kwargs)


def record_event_time_span(event: str, start_time: float, end_time: float, **kwargs: Any) -> None:
    """Tell the listeners of spans of time, in seconds since the epoch."""
    _record("span", event, start_time, end_time, **kwargs)


def record_scalar(event: str, value: float, **kwargs: Any) -> None:
    """Tell the listeners of numbers."""
    _record("scalar", event, value, **kwargs)


def register_event_listener(callback: Callable[..., Any]) -> None:
    """Call ``callback(event, **kwargs)`` at each event."""
    _listeners["event"].append(callback)


def register_event_duration_secs_listener(callback: Callable[..., Any]) -> None:
    """Call ``callback(event, seconds, **kwargs)`` at each duration."""
    _listeners["duration"].append(callback)


def register_event_time_span_listener(callback: Callable[..., Any]) -> None:
    """Call ``callback(event, start, end, **kwargs)`` at each span."""
    _listeners["span"].append(callback)


def register_scalar_listener(callback: Callable[..., Any]) -> None:
    """Call ``callback(event, value, **kwargs)`` at each number."""
    _listeners["scalar"].append(callback)


def _unregister(kind: str, callback: Callable[..., Any]) -> None:
    assert callback in _listeners[kind], f"{callback} is not registered"
    _listeners[kind].remove(callback)


def unregister_event_listener(callback: Callable[..., Any]) -> None:
    """Forget a listener of events."""
    _unregister("event", callback)


def unregister_event_duration_listener(callback: Callable[..., Any]) -> None:
    """Forget a listener of durations."""
    _unregister("duration", callback)


def unregister_event_time_span_listener(callback: Callable[..., Any]) -> None:
    """Forget a listener of spans."""
    _unregister("span", callback)


def unregister_scalar_listener(callback: Callable[..., Any]) -> None:
    """Forget a listener of numbers."""
    _unregister("scalar", callback)


def clear_event_listeners() -> None:
    """Forget all listeners."""
    for listeners in _listeners.values():
        listeners.clear()


__all__ = [
    "clear_event_listeners", "record_event", "record_event_duration_secs", "record_event_time_span", "record_scalar",
    "register_event_duration_secs_listener", "register_event_listener", "register_event_time_span_listener",
    "register_scalar_listener", "unregister_event_duration_listener", "unregister_event_listener",
    "unregister_event_time_span_listener", "unregister_scalar_listener",
]  # fmt: skip
