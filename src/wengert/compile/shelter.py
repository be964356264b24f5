"""Shelter: what LLVM has begun it ends, whatever signals, forks and ends of the process come.

- LLVM is used with one lock. Python's main thread handles signals between any two instructions, and any thread may be
  sent an exception (``PyThreadState_SetAsyncExc``, as tools for timeouts do); either leaves LLVM's objects half made, and
  llvmlite's lock held. So a thread of the library's own, which nobody knows of, does the work, and the others wait. Where a
  wait is interrupted, that thread goes on: it owns all that it uses, and what it makes is dropped with it. What is to be
  freed is left for the next work (`leave`), since a destructor runs on any thread.
- A fork waits until nobody is in LLVM, for the child has none of the other threads and would find their locks
  held. (`locks` has the other locks.)
- At the end of the process daemon threads, which nobody waits for, are let out of LLVM and not in again.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from llvmlite.binding import ffi

from ..locks import innermost, lock

T = TypeVar("T")

_lock = threading.RLock()
_left: list[Any] = []  # to be freed
_starting = lock()
_ending = False
IDLE = 0.1  # seconds
PATIENCE = 1.0  # seconds, after which a thread that has not begun is taken for dead


class _Job:
    """Work with the settings of who wants it, what came of it, and a lock that is free once it is done."""

    __slots__ = ("context", "done", "error", "ready", "result", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.context = contextvars.copy_context()
        self.work, self.done, self.result = work, False, None
        self.error: BaseException | None = None
        self.ready = threading.Lock()
        self.ready.acquire()

    def run(self) -> None:
        try:
            self.result = self.context.run(_locked, self.work)
        except BaseException as error:  # noqa: BLE001 (who waits raises it)
            self.error = error
        self.done = True
        self.ready.release()


class _Worker:
    """The thread that is in LLVM. It ends when it has been idle, so that a process that forks has most often none.

    It is no `threading.Thread`, whose `start` waits without an end for a thread that died of memory before its first
    instruction.
    """

    begun = False

    def run(self) -> None:
        global _worker
        self.begun = _inside.worker = True
        jobs = _jobs
        try:
            while True:
                try:
                    job = jobs.get(timeout=IDLE)
                except Empty:
                    break
                job.run()
                del job  # whoever waits has it
        finally:
            if _worker is self:
                _worker = None  # first this, then the look: who gave work between them has seen this worker
        if not jobs.empty():
            _have_worker()


_inside = threading.local()
_jobs: SimpleQueue[_Job] = SimpleQueue()
_waiting: set[_Job] = set()  # until they are done, or whoever waits is interrupted
_worker: _Worker | None = None


def run(work: Callable[[], T]) -> T:
    """What `work` gives, or the error that it raises; other threads' work waits meanwhile."""
    if _ending or _in_worker():
        return _locked(work)
    job = _Job(work)
    _waiting.add(job)
    try:
        _jobs.put(job)  # before the look whether somebody is there to take it
        _have_worker()
        while not job.ready.acquire(timeout=PATIENCE):
            _have_worker(waited=True)
    finally:
        _waiting.discard(job)
    if not job.done:  # this is the child of a fork, where nobody took it
        return run(work)
    if job.error is None:
        return cast(T, job.result)
    try:
        raise job.error
    finally:
        del job


def _in_worker() -> bool:
    return getattr(_inside, "worker", False)


def _have_worker(waited: bool = False) -> None:
    """See to it that somebody takes what is in the queue."""
    global _worker
    worker = _worker
    if worker is not None and (worker.begun or not waited):
        return
    with _starting:
        if _worker is not worker:
            return
        if worker is None:
            _worker = made = _Worker()  # first this: it may end before `start_new_thread` returns
            try:
                start_new_thread(made.run, ())
                return
            except (RuntimeError, MemoryError):  # the process has no room for another thread, or ends
                pass
            except BaseException:
                _worker = None
                raise
        _worker = None
    with suppress(Empty):  # there is no thread, or it died before its first instruction: this one does the work
        while True:
            _jobs.get_nowait().run()


def leave(thing: Any, left: list[Any] = _left) -> None:  # noqa: B006 (the one list, to the end of the process)
    """Free an object of LLVM's when there is next work to do."""
    if thing is not None:
        left.append(thing)


def _locked(work: Callable[[], T]) -> T:
    with _lock:
        _left.clear()
        if not _ending or not (_in_worker() or threading.current_thread().daemon):
            return work()
    while True:  # the process is about to end
        time.sleep(3600.0)


def _end() -> None:
    global _ending
    _ending = True
    with _lock:  # whoever is in LLVM comes out first
        pass


def _in_child() -> None:
    global _worker, _jobs
    _worker, _jobs = None, SimpleQueue()
    for job in list(_waiting):  # of the thread that forked, if its handler of a signal did
        if job.ready.locked():
            job.ready.release()


innermost(_lock, ffi.lib._lock._lock)  # llvmlite's own too: destructors run in it, and other libraries' code
atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

__all__ = ["leave", "run"]
