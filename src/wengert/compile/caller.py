"""Caller: the one native function through which all compiled functions are called from Python.

It is a method of a table of numbers (a NumPy array; `entry` writes it), with one argument: the pair ``(args, kwargs)``.
The table holds three lists of instructions: how the arguments are matched, which results are made, and into what tree
they are put. So a new program needs a new table and no new code; this code is compiled once, and then it is in the disk
cache.

The words are described in `call/words.py`; the pieces of the text stand in `call/` too.

Ownership. Everything that is taken out of a list or a dict is owned until the call ends, for another thread may change
the container while `main` runs without Python's lock; addresses and shapes are read once, before. What is made is owned by
`made.objects` or a register of `built`, and moves on into its container; a place whose object has moved holds null. So
wherever a call ends, what is left in these places is what has to be given back. Every allocation may fail, and tests
make each of them fail by `allow`, a counter of the allocations that are still granted (`allocation.py`).
"""

from __future__ import annotations

from functools import lru_cache

from . import layout
from .call import answering, making, matching
from .call.allocating import DECLARATIONS, FUNCTIONS
from .call.answering import OTHERWISE
from .call.words import HEAD, SLOT, SMALL_FRAME, field, head, loop
from .layout import Layout

_NULL = """  %null.a = getelementptr ptr, ptr %made.objects, i64 %null.i
  store ptr null, ptr %null.a"""


def text(known: Layout) -> str:
    """The caller's module; `main` is the function."""
    return f"""{DECLARATIONS}
{FUNCTIONS}
define ptr @main(ptr %self, ptr %given) {{
begin:
{field("%table", "%self", known.data, "ptr")}
{head(*HEAD)}
  %all = add i64 %h.arguments, %h.results
  %owned.count.at = alloca i64
  store i64 0, ptr %owned.count.at
  ; One block of places: slots, then objects that are made and built, which begin as null, then the others.
  %frame.slots = mul i64 %all, {SLOT}
  %frame.nulls = add i64 %h.results, %h.registers
  %frame.others = add i64 %all, %h.arguments
  %frame.twice = shl i64 %h.registers, 1
  %frame.more = add i64 %frame.twice, %h.arguments
  %frame.objects = add i64 %frame.others, %frame.more
  %frame.pointers = add i64 %frame.nulls, %frame.objects
  %frame.wide = shl i64 %frame.pointers, 3
  %frame.bytes = add i64 %frame.slots, %frame.wide
  %frame.large = icmp ugt i64 %frame.bytes, {SMALL_FRAME}
  br i1 %frame.large, label %frame.heap, label %frame.stack
frame.stack:
  %frame.here = alloca i8, i64 %frame.bytes, align 16
  br label %entry
frame.heap:
  %frame.there = call ptr @get.memory(ptr %p.allow, i64 %frame.bytes)
  %frame.none = icmp eq ptr %frame.there, null
  br i1 %frame.none, label %frame.missing, label %entry
frame.missing:
  ret ptr null
entry:
  %frame = phi ptr [ %frame.here, %frame.stack ], [ %frame.there, %frame.heap ]
  %slots = getelementptr i8, ptr %frame, i64 0
  %made.objects = getelementptr i8, ptr %frame, i64 %frame.slots
{loop("null", "%frame.nulls", "entry", "begun", _NULL)}
begun:
  %built.objects = getelementptr ptr, ptr %made.objects, i64 %h.results
  %objects = getelementptr ptr, ptr %built.objects, i64 %h.registers
  %addresses = getelementptr ptr, ptr %objects, i64 %h.registers
  %argument.objects = getelementptr ptr, ptr %addresses, i64 %all
  %owned.objects = getelementptr ptr, ptr %argument.objects, i64 %h.arguments
  store ptr %given, ptr %objects
{matching.text(known)}{making.results(known)}{making.run(known)}{answering.tree(known)}{OTHERWISE}"""


@lru_cache(maxsize=1)
def address() -> int:
    """The address of the caller, which is compiled when it is first asked for."""
    from . import cache

    found = layout.found()
    assert found is not None  # or nobody asks
    module = text(found)
    symbols = [line.split("@")[1].split("(")[0] for line in DECLARATIONS.split("\n") if line]
    code = cache.code_of(module, symbols)
    _kept.append(code)
    return code.main


_kept: list[object] = []  # functions that are called at the very end of the process need its code

__all__ = ["address", "text"]
