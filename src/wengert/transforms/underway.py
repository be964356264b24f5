"""What is being compiled: threads that meet one function at once wait for the first of them, and use what it made.

A thread that is compiling something itself waits for nobody, so that no two threads wait for each other; and nobody waits longer
than `LONGEST`, for the thread that compiles may need something of the user's that this one holds. An exception that is sent to a
thread may leave an entry behind here: whether a thread compiles its frames say.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from _thread import LockType, allocate_lock
from types import CodeType, FrameType
from typing import NamedTuple

from ..locks import lock

LONGEST = 30.0  # seconds
LOOK = 0.02  # seconds, between looks at whether the thread that is waited for is at it
FIRST_CALLS: list[CodeType] = []  # the code of functions that trace and compile; `jitted` says
CALLS: list[CodeType] = []  # and of those that call `begin` before
_lock = lock()


class _Entry(NamedTuple):
    underway: LockType  # held until it is made
    thread: int


_made: dict[object, _Entry] = {}


class Making:
    """Something that this thread makes; `end` tells the others. `shared`: whether there may be others."""

    __slots__ = ("_entry", "_place", "shared")

    def __init__(self, place: object = None, entry: _Entry | None = None) -> None:
        self._place, self._entry, self.shared = place, entry, entry is not None

    def end(self) -> None:
        """Let the others go on."""
        entry, self._entry = self._entry, None
        if entry is not None:
            _drop(self._place, entry)


def _drop(place: object, entry: _Entry) -> None:
    with _lock:
        there = _made.get(place) is entry
        if there:
            del _made[place]
    if there:  # once, though two may find that it has ended
        entry.underway.release()


def _within(frame: FrameType | None, codes: list[CodeType]) -> bool:
    """Whether a thread that is at a frame is in a function of these."""
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False


def begin(place: object) -> Making | None:
    """Begin to make what goes to a place; None after another thread was at it, which has ended: look again.

    Args:
        place: a key of built-in types; None where nobody else can use what is made.
    """
    if place is None or _within(sys._getframe(), FIRST_CALLS):
        return Making()
    mine, end = _Entry(allocate_lock(), threading.get_ident()), time.monotonic() + LONGEST
    mine.underway.acquire()
    while True:
        with _lock:
            other = _made.setdefault(place, mine)
        if other is mine:
            return Making(place, mine)
        if other.thread != mine.thread and other.underway.acquire(timeout=LOOK):
            other.underway.release()  # for the next that waits
            return None
        at = None if other.thread == mine.thread else sys._current_frames().get(other.thread)
        if not _within(at, FIRST_CALLS + CALLS):  # it was left behind
            _drop(place, other)
        elif time.monotonic() > end:
            return Making()


def _forget() -> None:
    """Only the thread that forked is in the child: what others were making, nobody makes there."""
    me = threading.get_ident()
    for place, entry in list(_made.items()):
        if entry.thread != me:
            del _made[place]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

__all__ = ["CALLS", "FIRST_CALLS", "Making", "begin"]
