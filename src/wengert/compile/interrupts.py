"""Interrupts: native loops that take long ask now and then whether somebody wants them to end.

``i32 interrupted(ptr cell)`` says so. On Python's main thread it takes the lock of the interpreter at most every
`PERIOD`, lets it run the handlers of signals that have come (the user's own: none is replaced), and keeps what they raise
for `raise_taken`. The cell, an i32 that all threads of a call share and that may be null, is set then, and whoever else works
for that call ends when it looks at it. Signals are the main thread's business: on other threads only the cell is read.

Writers of loops count about how long these take, in nanoseconds, and call the function where `LIMIT` of them have gone
by, in a loop around theirs where they can (strips), so that the loop itself stays as it was. A loop that is known to
take less does not ask.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import threading
import time
from functools import lru_cache
from typing import Any

import numpy as np

from . import cache

NAME = "wengert.interrupted"
DECLARATION = f"declare i32 @{NAME}(ptr) cold nounwind"
STOPPED = 4  # the status of a call that ended so
LIMIT = 1_000_000  # nanoseconds, about, between two calls of the function
PERIOD = 20_000_000  # nanoseconds between two looks at signals

_SYMBOLS = (
    "declare i64 @PyThread_get_thread_ident()",
    "declare i32 @clock_gettime(i32, ptr)",
    "declare i32 @PyGILState_Ensure()",
    "declare void @PyGILState_Release(i32)",
    "declare i32 @PyErr_CheckSignals()",
    "declare ptr @PyErr_Occurred()",
    "declare void @PyErr_Fetch(ptr, ptr, ptr)",
    "declare void @PyErr_NormalizeException(ptr, ptr, ptr)",
    "declare i32 @PyException_SetTraceback(ptr, ptr)",
    "declare i32 @PyList_Append(ptr, ptr)",
    "declare void @PyErr_Clear()",
    "declare void @Py_DecRef(ptr)",
)

# The table has the main thread's number and the list that errors are kept in.
_TEXT = """
@table = internal global ptr null
@next = internal global i64 0

define ptr @main(ptr %table) {
  store ptr %table, ptr @table
  ret ptr @interrupted
}

define internal i32 @interrupted(ptr %cell) {
entry:
  %clock = alloca [2 x i64]
  %type = alloca ptr
  %value = alloca ptr
  %trace = alloca ptr
  %none = icmp eq ptr %cell, null
  br i1 %none, label %mine, label %look
look:
  %seen = load atomic i32, ptr %cell monotonic, align 4
  %already = icmp ne i32 %seen, 0
  br i1 %already, label %yes, label %mine
mine:
  %table = load ptr, ptr @table
  %main = load atomic i64, ptr %table monotonic, align 8
  %me = call i64 @PyThread_get_thread_ident()
  %same = icmp eq i64 %main, %me
  br i1 %same, label %watch, label %no
watch:
  %failed = call i32 @clock_gettime(i32 CLOCK, ptr %clock)
  %seconds = load i64, ptr %clock
  %rest.a = getelementptr i64, ptr %clock, i64 1
  %rest = load i64, ptr %rest.a
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %rest
  %next = load i64, ptr @next
  %early = icmp slt i64 %now, %next
  br i1 %early, label %no, label %ask
ask:
  %after = add i64 %now, PERIOD
  store i64 %after, ptr @next
  %lock = call i32 @PyGILState_Ensure()
  %reported = call ptr @PyErr_Occurred()  ; by a loop of another package's
  %none.reported = icmp eq ptr %reported, null
  br i1 %none.reported, label %handle, label %keep
handle:
  %raised = call i32 @PyErr_CheckSignals()
  %fine = icmp eq i32 %raised, 0
  br i1 %fine, label %back, label %keep
back:
  call void @PyGILState_Release(i32 %lock)
  br label %no
keep:
  call void @PyErr_Fetch(ptr %type, ptr %value, ptr %trace)
  call void @PyErr_NormalizeException(ptr %type, ptr %value, ptr %trace)
  %error = load ptr, ptr %value
  %from = load ptr, ptr %trace
  %traced = icmp ne ptr %from, null
  br i1 %traced, label %with, label %without
with:
  %set = call i32 @PyException_SetTraceback(ptr %error, ptr %from)
  call void @Py_DecRef(ptr %from)
  br label %without
without:
  %list.a = getelementptr ptr, ptr %table, i64 1
  %list = load ptr, ptr %list.a
  %noted = call i32 @PyList_Append(ptr %list, ptr %error)
  call void @PyErr_Clear()
  call void @Py_DecRef(ptr %error)
  %kind = load ptr, ptr %type
  call void @Py_DecRef(ptr %kind)
  call void @PyGILState_Release(i32 %lock)
  store i64 0, ptr @next
  br i1 %none, label %yes, label %tell
tell:
  store atomic i32 1, ptr %cell monotonic, align 4
  br label %yes
yes:
  ret i32 1
no:
  ret i32 0
}
"""

_ALONE = """
define ptr @main(ptr %table) {
  ret ptr @interrupted
}
define internal i32 @interrupted(ptr %cell) {
  ret i32 0
}
"""

_kept: list[BaseException] = []  # what handlers raised, on the main thread, whose calls nest
_table = np.array([threading.main_thread().ident or 0, id(_kept)], np.int64)


def raise_taken() -> None:
    """Raise that for which a call on this thread has just ended with `STOPPED`, if one has."""
    if _kept and threading.get_ident() == _table[0]:
        raise _kept.pop()


def _in_child() -> None:
    _table[0] = threading.get_ident()  # the thread that forked is the child's main thread
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def text() -> str:
    """The function's module. Its `main` takes the address of the table and gives that of the function."""
    if sys.platform == "win32":  # without that clock: calls end before an interrupt is noticed
        return _ALONE
    body = _TEXT.replace("CLOCK", str(int(time.CLOCK_MONOTONIC))).replace("PERIOD", str(PERIOD))
    return "\n".join([*_SYMBOLS, body])


@lru_cache(maxsize=1)
def address() -> int:
    """The address of the function, which is compiled when it is first asked for."""
    module = text()
    symbols = [line.split("@")[1].split("(")[0] for line in module.splitlines() if line.startswith("declare")]
    code = cache.code_of(module, symbols)
    cache.keep(code)
    return ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(code.main)(_table.ctypes.data)


# --- for writers of loops -----------------------------------------------------------------------------------------------


def strip(trips: list[int], time: float) -> tuple[int, int] | None:
    """Which of some loops, outermost first, is run in strips, and how many of its trips are one; None for short ones.

    Args:
        time: of all of them, in nanoseconds.

    Example:
        >>> strip([100, 100_000], 1e9), strip([100, 100], 1e4)
        ((1, 10000), None)
    """
    if time < LIMIT:
        return None
    each = time
    for k, n in enumerate(trips):
        each /= max(n, 1)
        if each <= LIMIT or k == len(trips) - 1:
            return k, max(int(LIMIT / max(each, 1e-3)), 1)
    return None


def ask(n: Any, cell: str, go_on: str, stop: str = "stopped") -> list[str]:
    """Lines that ask, and then go on or stop; they begin where a block does and end it."""
    return [
        f"  %asked{n} = call i32 @{NAME}(ptr {cell})",
        f"  %interrupted{n} = icmp ne i32 %asked{n}, 0",
        f"  br i1 %interrupted{n}, label %{stop}, label %{go_on}",
    ]


def look(n: Any, cell: str, go_on: str, stop: str = "stopped") -> list[str]:
    """Lines that see whether another thread of this call has been told to stop."""
    return [
        f"  %told{n} = load atomic i32, ptr {cell} monotonic, align 4",
        f"  %halts{n} = icmp ne i32 %told{n}, 0",
        f"  br i1 %halts{n}, label %{stop}, label %{go_on}",
    ]


def every(period: float) -> int:
    """How many steps of about `period` nanoseconds pass between two calls, a power of two."""
    return 1 << max(math.ceil(math.log2(max(LIMIT / max(period, 0.1), 1))), 0)


__all__ = ["DECLARATION", "LIMIT", "NAME", "STOPPED", "address", "ask", "every", "look", "raise_taken", "strip"]
