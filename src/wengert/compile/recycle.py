"""Recycle: the memory of large results is used again.

A fresh array of many megabytes costs as much as a second pass over memory, for the system gives out pages that are
zeroed when they are first written. So large results get their memory from here, through NumPy's interface for
allocators: a few blocks of arrays that are gone are kept for the next ones. The system may take the pages of kept
blocks when it has other use for them (``MADV_FREE``).

Only on Linux, whose numbers for `madvise` stand below; elsewhere results are made as NumPy makes arrays. All of it runs
with Python's lock, as NumPy's allocators do.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

LEAST = 8 << 20  # bytes of a result that is large
_SLOTS = 4  # blocks that are kept
_MOST = 256 << 20  # bytes of a block that is kept, at most
_HEAD = 4096  # bytes before the data, which hold the size of the block; a page, for where data begin in one decides what aliases
_HUGE = 2 << 20  # bytes of a large page
_MADV_FREE, _MADV_HUGEPAGE = 8, 14

_TEXT = f"""
@sizes = internal global [{_SLOTS} x i64] zeroinitializer
@blocks = internal global [{_SLOTS} x ptr] zeroinitializer
@oldest = internal global i64 0
declare i32 @posix_memalign(ptr, i64, i64)
declare i32 @madvise(ptr, i64, i32)
declare void @free(ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define ptr @take(ptr %context, i64 %bytes) {{
entry:
  %slot = alloca ptr
  %more = add i64 %bytes, {_HEAD + (1 << 16) - 1}
  %need = and i64 %more, -65536
  %spare = lshr i64 %need, 2
  %enough = add i64 %need, %spare
  br label %look
look:
  %i = phi i64 [ 0, %entry ], [ %i.n, %next ]
  %size.a = getelementptr i64, ptr @sizes, i64 %i
  %size = load i64, ptr %size.a
  %large = icmp uge i64 %size, %need
  %small = icmp ule i64 %size, %enough
  %fits = and i1 %large, %small
  br i1 %fits, label %found, label %next
found:
  %block.a = getelementptr ptr, ptr @blocks, i64 %i
  %block = load ptr, ptr %block.a
  store i64 0, ptr %size.a
  br label %ready
next:
  %i.n = add i64 %i, 1
  %over = icmp eq i64 %i.n, {_SLOTS}
  br i1 %over, label %fresh, label %look
fresh:
  %failed = call i32 @posix_memalign(ptr %slot, i64 {_HUGE}, i64 %need)
  %good = icmp eq i32 %failed, 0
  br i1 %good, label %made, label %none
none:
  ret ptr null
made:
  %new = load ptr, ptr %slot
  %advised = call i32 @madvise(ptr %new, i64 %need, i32 {_MADV_HUGEPAGE})
  br label %ready
ready:
  %whole = phi ptr [ %block, %found ], [ %new, %made ]
  %length = phi i64 [ %size, %found ], [ %need, %made ]
  store i64 %length, ptr %whole
  %data = getelementptr i8, ptr %whole, i64 {_HEAD}
  ret ptr %data
}}

define void @give(ptr %context, ptr %data, i64 %unused) {{
entry:
  %nothing = icmp eq ptr %data, null
  br i1 %nothing, label %end, label %some
some:
  %block = getelementptr i8, ptr %data, i64 -{_HEAD}
  %size = load i64, ptr %block
  %large = icmp ugt i64 %size, {_MOST}
  br i1 %large, label %drop, label %look
drop:
  call void @free(ptr %block)
  ret void
look:
  %i = phi i64 [ 0, %some ], [ %i.n, %next ]
  %size.a = getelementptr i64, ptr @sizes, i64 %i
  %old = load i64, ptr %size.a
  %empty = icmp eq i64 %old, 0
  br i1 %empty, label %keep, label %next
next:
  %i.n = add i64 %i, 1
  %over = icmp eq i64 %i.n, {_SLOTS}
  br i1 %over, label %replace, label %look
replace:
  %turn = load i64, ptr @oldest
  %turn.n = add i64 %turn, 1
  %turn.m = urem i64 %turn.n, {_SLOTS}
  store i64 %turn.m, ptr @oldest
  %old.a = getelementptr ptr, ptr @blocks, i64 %turn
  %old.block = load ptr, ptr %old.a
  call void @free(ptr %old.block)
  br label %keep
keep:
  %at = phi i64 [ %i, %look ], [ %turn, %replace ]
  %to.size = getelementptr i64, ptr @sizes, i64 %at
  %to.block = getelementptr ptr, ptr @blocks, i64 %at
  store i64 %size, ptr %to.size
  store ptr %block, ptr %to.block
  %advised = call i32 @madvise(ptr %block, i64 %size, i32 {_MADV_FREE})
  br label %end
end:
  ret void
}}

define ptr @take_zeros(ptr %context, i64 %count, i64 %each) {{
  %bytes = mul i64 %count, %each
  %data = call ptr @take(ptr %context, i64 %bytes)
  %none = icmp eq ptr %data, null
  br i1 %none, label %end, label %clear
clear:
  call void @llvm.memset.p0.i64(ptr %data, i8 0, i64 %bytes, i1 false)
  br label %end
end:
  ret ptr %data
}}

define ptr @change(ptr %context, ptr %data, i64 %bytes) {{
  %nothing = icmp eq ptr %data, null
  br i1 %nothing, label %first, label %some
first:
  %begun = call ptr @take(ptr %context, i64 %bytes)
  ret ptr %begun
some:
  %block = getelementptr i8, ptr %data, i64 -{_HEAD}
  %size = load i64, ptr %block
  %room = sub i64 %size, {_HEAD}
  %fits = icmp ule i64 %bytes, %room
  br i1 %fits, label %same, label %other
same:
  ret ptr %data
other:
  %new = call ptr @take(ptr %context, i64 %bytes)
  %none = icmp eq ptr %new, null
  br i1 %none, label %end, label %copy
copy:
  call void @llvm.memcpy.p0.p0.i64(ptr %new, ptr %data, i64 %room, i1 false)
  call void @give(ptr %context, ptr %data, i64 0)
  br label %end
end:
  ret ptr %new
}}

define void @main(ptr %functions) {{
  store ptr @take, ptr %functions
  %a1 = getelementptr ptr, ptr %functions, i64 1
  store ptr @take_zeros, ptr %a1
  %a2 = getelementptr ptr, ptr %functions, i64 2
  store ptr @change, ptr %a2
  %a3 = getelementptr ptr, ptr %functions, i64 3
  store ptr @give, ptr %a3
  ret void
}}
"""


class _Handler(ctypes.Structure):
    """NumPy's ``PyDataMem_Handler``."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("functions", ctypes.c_void_p * 4),
    )


@lru_cache(maxsize=1)
def handler() -> int:
    """The address of the capsule that NumPy knows an allocator by; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    from . import cache

    symbols = ("posix_memalign", "madvise", "free", "memset", "memcpy")
    code = cache.code_of(_TEXT, symbols)
    made = _Handler(name=b"wengert", version=1)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.main)(ctypes.addressof(made) + _Handler.functions.offset)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    name = ctypes.create_string_buffer(b"mem_handler")
    capsule = new(ctypes.addressof(made), ctypes.addressof(name), None)
    # Arrays that outlive everything else are freed by it, so it is never freed itself.
    for x in (code, made, name, capsule):
        cache.keep(x)
    return id(capsule)


__all__ = ["LEAST", "handler"]
