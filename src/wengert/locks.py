"""Locks that a fork leaves free in the child, whichever thread holds them when it comes.

The thread that forks takes them first, so that what they guard is whole in the child. They are held briefly, and none is
waited for with another one of them.
"""

from __future__ import annotations

import os
import threading
from typing import Any

_locks: list[Any] = []
_taken: list[Any] = []


def lock() -> Any:
    """A new reentrant lock, which lives as long as the process."""
    made = threading.RLock()
    _locks.append(made)
    return made


def _before() -> None:
    for made in list(_locks):
        made.acquire()
        _taken.append(made)


def _after() -> None:
    while _taken:
        _taken.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)

__all__ = ["lock"]
