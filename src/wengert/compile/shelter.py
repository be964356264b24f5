"""Shelter: what LLVM has begun it ends, whatever signals, forks and ends of the process come.

- LLVM is used with one lock. Signals are handled on Python's main thread, between any two instructions, and leave LLVM's
  objects half made there, and llvmlite's lock held. So the main thread lets another one do the work and waits. Where the
  wait is interrupted, the other thread goes on: it owns all that it uses, and what it makes is dropped with it. What is
  to be freed is left for the next work (`leave`), since a destructor runs on any thread.
- A fork waits until nobody is in LLVM, for the child has none of the other threads and would find their locks
  held. (`locks` has the other locks.)
- At the end of the process daemon threads, which nobody waits for, are let out of LLVM and not in again.
"""

from __future__ import annotations

import atexit
import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite.binding import ffi

from ..locks import innermost

T = TypeVar("T")

_lock = threading.RLock()
_left: list[Any] = []  # to be freed
_ending = False


def run(work: Callable[[], T]) -> T:
    """What `work` gives, or the error that it raises; other threads' work waits meanwhile."""
    if threading.current_thread() is not threading.main_thread() or _ending:
        return _locked(work)
    done: list[tuple[bool, Any]] = []

    def there() -> None:
        try:
            done.append((True, _locked(work)))
        except BaseException as error:
            done.append((False, error))

    settings = contextvars.copy_context()  # the caller's, which a new thread does not have
    helper = threading.Thread(target=settings.run, args=(there,), name="wengert: LLVM", daemon=False)
    try:
        helper.start()
    except RuntimeError:  # the process has no room for another thread, or ends
        return _locked(work)
    helper.join()
    good, result = done.pop()
    if good:
        return result
    try:
        raise result
    finally:
        del result


def leave(thing: Any) -> None:
    """Free an object of LLVM's when there is next work to do."""
    if thing is not None:
        _left.append(thing)


def _locked(work: Callable[[], T]) -> T:
    with _lock:
        _left.clear()
        if not _ending or not threading.current_thread().daemon:
            return work()
    while True:  # the process is about to end
        time.sleep(3600.0)


def _end() -> None:
    global _ending
    _ending = True
    with _lock:  # whoever is in LLVM comes out first
        pass


innermost(_lock, ffi.lib._lock._lock)  # llvmlite's own too: destructors run in it, and other libraries' code
atexit.register(_end)

__all__ = ["leave", "run"]
