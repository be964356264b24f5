"""Intervals as files for other programs: Chrome's trace format, and speedscope's.

Chrome: "Trace Event Format", complete events (``"ph": "X"``) with times in microseconds. Speedscope: its file format schema,
evented profiles, one for each thread, in which what is opened last is closed first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..version import __version__

if TYPE_CHECKING:
    from .profile import Interval

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def chrome(intervals: Sequence[Interval], begun: int, path: str | os.PathLike[str]) -> None:
    """Write a trace of some intervals; times count from `begun`."""
    pid, threads = os.getpid(), _threads(intervals)
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": pid, "tid": n, "args": {"name": f"thread {n}"}}
        for n in threads.values()
    ]
    events += [
        {
            "ph": "X", "name": i.name, "pid": pid, "tid": threads[i.thread],
            "ts": (i.start - begun) / 1e3, "dur": (i.end - i.start) / 1e3, "args": i.details,
        }
        for i in sorted(intervals, key=lambda i: i.start)
    ]  # fmt: skip
    _write({"traceEvents": events, "displayTimeUnit": "ns"}, path)


def speedscope(intervals: Sequence[Interval], begun: int, path: str | os.PathLike[str]) -> None:
    """Write a profile for each thread; an interval that ends after the one around it is cut there."""
    frames: dict[str, int] = {}
    profiles = []
    for thread, number in _threads(intervals).items():
        events: list[dict[str, Any]] = []
        stack: list[tuple[int, int]] = []  # frame, end
        last = 0

        def close(until: float, events: Any = events, stack: Any = stack) -> None:
            while stack and stack[-1][1] <= until:
                frame, end = stack.pop()
                events.append({"type": "C", "frame": frame, "at": end - begun})

        for i in sorted((i for i in intervals if i.thread == thread), key=lambda i: (i.start, -i.end)):
            close(i.start)
            end = min(i.end, stack[-1][1]) if stack else i.end
            frame = frames.setdefault(i.name, len(frames))
            events.append({"type": "O", "frame": frame, "at": i.start - begun})
            stack.append((frame, end))
            last = max(last, end)
        close(float("inf"))
        first = min((e["at"] for e in events), default=0)
        profiles.append(
            {
                "type": "evented", "name": f"thread {number}", "unit": "nanoseconds",
                "startValue": first, "endValue": max(last - begun, first), "events": events,
            }
        )  # fmt: skip
    _write(
        {
            "$schema": SCHEMA,
            "shared": {"frames": [{"name": name} for name in frames]},
            "profiles": profiles,
            "exporter": f"wengert {__version__}",
        },
        path,
    )


def _threads(intervals: Sequence[Interval]) -> dict[int, int]:
    """Small numbers for threads, in the order in which they first did something."""
    found: dict[int, int] = {}
    for i in sorted(intervals, key=lambda i: i.start):
        found.setdefault(i.thread, len(found) + 1)
    return found


def _write(content: Any, path: str | os.PathLike[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)


__all__ = ["chrome", "speedscope"]
