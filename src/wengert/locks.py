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
_last: list[Any] = []
_taken: list[Any] = []


def lock() -> Any:
    """A new reentrant lock, which lives as long as the process."""
    made = threading.RLock()
    _locks.append(made)
    return made


def innermost(*locks: Any) -> None:
    """Let a fork take these too, after all others: no thread takes another one while it holds one of them.

    A hook of their own would not do: one that another thread registers while a fork waits is called after it, not before.
    """
    _last.extend(locks)


def _imports_elsewhere() -> list[str]:
    """The modules that other threads are importing."""
    me, found = threading.get_ident(), []
    for name, reference in list(_module_locks().items()):
        if name.partition(".")[0] in _IMPORTED:
            owner = getattr(reference(), "owner", None)
            if owner is not None and owner != me:
                found.append(name)
    return found


def _module_locks() -> dict[str, Any]:
    return getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {})


def _before() -> None:
    end = time.monotonic() + LONGEST
    while True:
        for made in [*_locks, *_last]:
            made.acquire()
            _taken.append(made)
        # Looked at with all locks held: while one was waited for, a thread may have begun to import.
        if not _imports_elsewhere() or time.monotonic() > end:
            return
        _after()  # the thread that imports may need one of these locks
        time.sleep(0.001)


def _after() -> None:
    while _taken:
        _taken.pop().release()


def _after_in_child() -> None:
    """Imports that began between the look and the fork are begun anew: the thread that was at it is not in the child."""
    for name in _imports_elsewhere():
        _module_locks().pop(name, None)
        if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
            del sys.modules[name]
    _after()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)

__all__ = ["lock"]
