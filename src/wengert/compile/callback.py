"""Callback: how compiled code calls Python.

``i32 call(ptr pair, i32 number, ptr addresses)`` calls the first of a pair ``(run, errors)`` with the number and the
addresses' place, and gives what it returns: 0, or `FAILED`. ``i64 threads()`` gives the number of threads here.

A signal's handler may raise where a Python function begins, before its first instruction, or in its own handling of an
error. So what the Python function does not catch is caught here, and what a loop of another package's has raised before: `call` keeps it in `errors` under the number of the thread,
and `threads`, whose callers have nothing to return, lets Python's main thread raise it when it next runs Python.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from . import cache

NAME = "wengert.call"
DECLARATION = f"declare i32 @{NAME}(ptr, i32, ptr)"
FAILED = 2  # the status of a call whose callback has kept an error

_SYMBOLS = (
    "declare i32 @PyGILState_Ensure()",
    "declare void @PyGILState_Release(i32)",
    "declare ptr @PyLong_FromLongLong(i64)",
    "declare ptr @PyLong_FromUnsignedLongLong(i64)",
    "declare ptr @PyLong_FromVoidPtr(ptr)",
    "declare i64 @PyLong_AsLongLong(ptr)",
    "declare ptr @PyTuple_New(i64)",
    "declare ptr @PyTuple_GetItem(ptr, i64)",
    "declare i32 @PyTuple_SetItem(ptr, i64, ptr)",
    "declare ptr @PyObject_CallObject(ptr, ptr)",
    "declare ptr @PyObject_Type(ptr)",
    "declare i32 @PyDict_SetItem(ptr, ptr, ptr)",
    "declare void @PyErr_Fetch(ptr, ptr, ptr)",
    "declare void @PyErr_NormalizeException(ptr, ptr, ptr)",
    "declare void @PyErr_SetObject(ptr, ptr)",
    "declare void @PyErr_Clear()",
    "declare ptr @PyErr_Occurred()",
    "declare i32 @PyException_SetTraceback(ptr, ptr)",
    "declare i32 @Py_AddPendingCall(ptr, ptr)",
    "declare void @Py_DecRef(ptr)",
    "declare WORD @PyThread_get_thread_ident()",
)

_TEXT = """
@count = internal global ptr null

define ptr @main(ptr %count, ptr %functions) {
  store ptr %count, ptr @count
  store ptr @call, ptr %functions
  %second = getelementptr ptr, ptr %functions, i64 1
  store ptr @threads, ptr %second
  ret ptr @call
}

; The error that is set, which is then set no more; with its traceback.
define internal ptr @taken() {
entry:
  %type = alloca ptr
  %value = alloca ptr
  %trace = alloca ptr
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
  %kind = load ptr, ptr %type
  call void @Py_DecRef(ptr %kind)
  ret ptr %error
}

define internal i32 @call(ptr %pair, i32 %number, ptr %addresses) {
entry:
  %lock = call i32 @PyGILState_Ensure()
  %run = call ptr @PyTuple_GetItem(ptr %pair, i64 0)
  %errors = call ptr @PyTuple_GetItem(ptr %pair, i64 1)
  %reported = call ptr @PyErr_Occurred()
  %none.reported = icmp eq ptr %reported, null
  br i1 %none.reported, label %begin, label %fail
begin:
  %given = call ptr @PyTuple_New(i64 2)
  %no.tuple = icmp eq ptr %given, null
  br i1 %no.tuple, label %fail, label %fill
fill:
  %wide = sext i32 %number to i64
  %first = call ptr @PyLong_FromLongLong(i64 %wide)
  %set.first = call i32 @PyTuple_SetItem(ptr %given, i64 0, ptr %first)
  %second = call ptr @PyLong_FromVoidPtr(ptr %addresses)
  %set.second = call i32 @PyTuple_SetItem(ptr %given, i64 1, ptr %second)
  %no.first = icmp eq ptr %first, null
  %no.second = icmp eq ptr %second, null
  %missing = or i1 %no.first, %no.second
  br i1 %missing, label %drop, label %ask
drop:
  call void @Py_DecRef(ptr %given)
  br label %fail
ask:
  %answer = call ptr @PyObject_CallObject(ptr %run, ptr %given)
  call void @Py_DecRef(ptr %given)
  %raised = icmp eq ptr %answer, null
  br i1 %raised, label %fail, label %good
good:
  %status.wide = call i64 @PyLong_AsLongLong(ptr %answer)
  call void @Py_DecRef(ptr %answer)
  %status.good = trunc i64 %status.wide to i32
  br label %end
fail:
  %error = call ptr @taken()
  %me.raw = call WORD @PyThread_get_thread_ident()
  %me = WIDENED
  %key = call ptr @PyLong_FromUnsignedLongLong(i64 %me)
  %no.key = icmp eq ptr %key, null
  br i1 %no.key, label %kept, label %keep
keep:
  %noted = call i32 @PyDict_SetItem(ptr %errors, ptr %key, ptr %error)
  call void @Py_DecRef(ptr %key)
  br label %kept
kept:
  call void @PyErr_Clear()
  call void @Py_DecRef(ptr %error)
  br label %end
end:
  %status = phi i32 [ %status.good, %good ], [ FAILED, %kept ]
  call void @PyGILState_Release(i32 %lock)
  ret i32 %status
}

define internal i64 @threads() {
entry:
  %lock = call i32 @PyGILState_Ensure()
  %count = load ptr, ptr @count
  %answer = call ptr @PyObject_CallObject(ptr %count, ptr null)
  %raised = icmp eq ptr %answer, null
  br i1 %raised, label %fail, label %good
good:
  %found = call i64 @PyLong_AsLongLong(ptr %answer)
  call void @Py_DecRef(ptr %answer)
  br label %end
fail:
  %error = call ptr @taken()
  %full = call i32 @Py_AddPendingCall(ptr @raise, ptr %error)
  %room = icmp eq i32 %full, 0
  br i1 %room, label %end, label %lose
lose:
  call void @Py_DecRef(ptr %error)
  br label %end
end:
  %threads = phi i64 [ %found, %good ], [ 1, %fail ], [ 1, %lose ]
  call void @PyGILState_Release(i32 %lock)
  ret i64 %threads
}

define internal i32 @raise(ptr %error) {
  %type = call ptr @PyObject_Type(ptr %error)
  call void @PyErr_SetObject(ptr %type, ptr %error)
  call void @Py_DecRef(ptr %type)
  call void @Py_DecRef(ptr %error)
  ret i32 -1
}
"""


def text() -> str:
    """The module. Its `main` takes the function that counts threads and a place for the addresses of both functions."""
    narrow = sys.platform == "win32"  # the number of a thread is an unsigned long
    widened = "zext i32 %me.raw to i64" if narrow else "add i64 %me.raw, 0"
    body = _TEXT.replace("FAILED", str(FAILED)).replace("WIDENED", widened)
    return "\n".join([*_SYMBOLS, body]).replace("WORD", "i32" if narrow else "i64")


@lru_cache(maxsize=1)
def _functions() -> tuple[int, int]:
    symbols = [line.split("@")[1].split("(")[0] for line in _SYMBOLS]
    code = cache.code_of(text(), symbols)
    cache.keep(code)
    from ..config import config

    count: Callable[[], int] = config.thread_count
    cache.keep(count)
    found: Any = (ctypes.c_void_p * 2)()
    ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(code.main)(id(count), ctypes.addressof(found))
    return found[0], found[1]


def address() -> int:
    """The address of `call`; the module is compiled when it is first asked for."""
    return _functions()[0]


def threads_address() -> int:
    """The address of `threads`."""
    return _functions()[1]


__all__ = ["DECLARATION", "FAILED", "NAME", "address", "text", "threads_address"]
