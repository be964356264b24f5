"""Locks that a fork leaves free in the child, whichever thread holds them when it comes.

The thread that forks takes them first, so that what they guard is whole in the child. They are held briefly, and none is
waited for with another one of them. A module that another thread is importing would stay half made in the child, and
locked: a fork waits for these too, for much of this library and of what it uses is imported when it is first needed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

LONGEST = 10.0  # seconds that a fork waits for an import
_IMPORTED = ("wengert", "llvmlite", "numpy", "scipy", "ml_dtypes")
_locks: list[Any] = []
_taken: list[Any] = []


def lock() -> Any:
    """A new reentrant lock, which lives as long as the process."""
    made = threading.RLock()
    _locks.append(made)
    return made


def _imports_elsewhere() -> bool:
    me = threading.get_ident()
    for name, reference in list(getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {}).items()):
        if name.partition(".")[0] in _IMPORTED:
            owner = getattr(reference(), "owner", None)
            if owner is not None and owner != me:
                return True
    return False


def _before() -> None:
    end = time.monotonic() + LONGEST
    while _imports_elsewhere() and time.monotonic() < end:
        time.sleep(0.001)
    for made in list(_locks):
        made.acquire()
        _taken.append(made)


def _after() -> None:
    while _taken:
        _taken.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)

__all__ = ["lock"]
