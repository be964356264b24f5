"""Allocation: how native code asks for memory, and how tests make it find none.

Each place where native code allocates looks at a counter, `countdown`, first. At 0 nothing is counted. Otherwise it is
one less after each allocation, and the one by which it becomes 0 is refused, as if there were no more memory: so that
tests can let every allocation of a program fail in turn. The counter is written with Python's lock only.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache

import numpy as np

from . import cache

countdown = np.zeros(1, np.int64)  # for tests: which of the next allocations is refused

# For modules that have the counter's address.
REFUSED = """
define internal i1 @refused(ptr %allow) {
  %left = load i64, ptr %allow
  %off = icmp eq i64 %left, 0
  br i1 %off, label %grant, label %count
grant:
  ret i1 false
count:
  %left.n = sub i64 %left, 1
  store i64 %left.n, ptr %allow
  %last = icmp eq i64 %left.n, 0
  ret i1 %last
}
"""
NAME = "wengert.realloc"
DECLARATION = f"declare ptr @{NAME}(ptr, i64)"

_TEXT = f"""
@counter = internal global ptr null
declare ptr @realloc(ptr, i64)
{REFUSED}
define ptr @main(ptr %counter) {{
  store ptr %counter, ptr @counter
  ret ptr @again
}}

define internal ptr @again(ptr %old, i64 %bytes) {{
  %counter = load ptr, ptr @counter
  %no = call i1 @refused(ptr %counter)
  br i1 %no, label %none, label %some
none:
  ret ptr null
some:
  %new = call ptr @realloc(ptr %old, i64 %bytes)
  ret ptr %new
}}
"""


def counter() -> int:
    """The address of `countdown`."""
    return countdown.ctypes.data


@lru_cache(maxsize=1)
def address() -> int:
    """The address of `realloc` for compiled programs; compiled when it is first asked for."""
    code = cache.code_of(_TEXT, ["realloc"])
    cache.keep(code)
    cache.keep(countdown)
    return ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(code.main)(counter())


__all__ = ["DECLARATION", "NAME", "REFUSED", "address", "counter", "countdown"]
