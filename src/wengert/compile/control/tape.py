"""Tape: where the steps of a while loop leave what its pullback reads, in segments of memory that are asked for as it grows.

Nothing is moved when a tape grows, and a segment is freed when the way back has left it: so neither growth nor the end
of a long loop is one long call of the system, which no interrupt could end. Each segment is twice as long as the one before, up
to `MOST` bytes. Its head has the segment before, what that counted its records from, and which was its first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import allocation
from ..emitter import V

FIRST = 256  # records of the first segment
MOST = 1 << 24  # bytes of a segment's records, unless one alone takes more
HEAD = 32  # bytes
FREED = "wengert.untaped"
_FREED = f"""define internal void @{FREED}(ptr %last) #1 {{
entry:
  br label %next
next:
  %segment = phi ptr [ %last, %entry ], [ %before, %one ]
  %none = icmp eq ptr %segment, null
  br i1 %none, label %done, label %one
one:
  %before = load ptr, ptr %segment
  call void @free(ptr %segment)
  br label %next
done:
  ret void
}}
"""


def laid_out(arrays: Iterable[tuple[int, int]]) -> tuple[list[int], int]:
    """Where in a record arrays begin, of so many bytes and so aligned, and how many bytes the record has.

    Example:
        >>> laid_out([(1, 1), (8, 8), (4, 4)])
        ([0, 8, 16], 24)
    """
    places, end, most = [], 0, 8
    for size, align in arrays:
        places.append(-(-end // align) * align)
        end, most = places[-1] + size, max(most, align)
    return places, -(-end // most) * most


class Tape:
    """The tape of one loop, in a function that `w` writes.

    Attributes:
        cell: the address of where the last segment is; there is none where that is null.
    """

    def __init__(self, w: Any, number: int, record: int) -> None:
        self.w, self.bytes = w, record
        self.cell, self._base, self._first, self._end = (f"%{x}{number}" for x in ("cell", "origin", "first", "end"))
        w.declarations[allocation.NAME] = allocation.DECLARATION
        w.declarations["free"] = "declare void @free(ptr)"
        w.functions[FREED] = _FREED
        self._saved = [("ptr", self.cell), ("ptr", self._base), ("i64", self._first)]
        for type_, place in [*self._saved, ("i64", self._end)]:
            w.head += [f"  {place} = alloca {type_}", f"  store {type_} {'null' if type_ == 'ptr' else 0}, ptr {place}"]

    def grow(self, index: V, none: str) -> None:
        """See to it that there is room for record `index`, the one after the last.

        Args:
            none: the block that is gone to where there is no memory.
        """
        w = self.w
        if not self.bytes:
            return
        end = w.define(f"load i64, ptr {self._end}", "i64", 1, 0)
        with w.when(w.icmp("eq", index, end)):
            first = w.define(f"load i64, ptr {self._first}", "i64", 1, 0)
            twice = w.shl(w.isub(end, first), w.int(1))
            most = w.int(max(MOST // self.bytes, 1))
            records = w.intrinsic("smin", w.intrinsic("smax", twice, w.int(FIRST)), most)
            size = w.iadd(w.scaled(records, self.bytes), w.int(HEAD))
            new = w.define(f"call ptr @{allocation.NAME}(ptr null, {size!r})", "ptr", 1, 0)
            missing = w.icmp("eq", new, V("null", "ptr", 1, 0))
            w.raw(f"  br i1 {missing.name}, label %{none}, label %some.{new.name[1:]}")
            w.raw(f"some.{new.name[1:]}:")
            for slot, (type_, place) in zip(self._heads(new), self._saved, strict=True):
                self._copied(type_, place, f"{slot}, align 8")
            back = w.isub(w.int(HEAD), w.scaled(index, self.bytes))
            base = w.define(f"getelementptr i8, {new!r}, {back!r}", "ptr", 1, 0)
            after = w.iadd(index, records)
            for value, place in ((new, self.cell), (base, self._base), (index, self._first), (after, self._end)):
                w.raw(f"  store {value!r}, ptr {place}")

    def _copied(self, type_: str, source: str, target: str) -> None:
        value = self.w.define(f"load {type_}, ptr {source}", type_, 1, 0)
        self.w.raw(f"  store {value!r}, ptr {target}")

    def _heads(self, segment: V) -> list[str]:
        w = self.w
        return [w.define(f"getelementptr i8, {segment!r}, i64 {8 * k}", "ptr", 1, 0).name for k in range(3)]

    def record(self, index: V) -> str:
        """The address of a record of the last segment."""
        w = self.w
        base = w.define(f"load ptr, ptr {self._base}", "ptr", 1, 0).name
        if not self.bytes:
            return base
        return w.define(f"getelementptr i8, ptr {base}, {w.scaled(index, self.bytes)!r}", "ptr", 1, 0).name

    def left(self, index: V) -> None:
        """On the way back, before record `index` is read: free the last segment if the record is in the one before."""
        w = self.w
        if not self.bytes:
            return
        first = w.define(f"load i64, ptr {self._first}", "i64", 1, 0)
        with w.when(w.icmp("slt", index, first)):
            last = w.define(f"load ptr, ptr {self.cell}", "ptr", 1, 0)
            for slot, (type_, place) in zip(self._heads(last), self._saved, strict=True):
                self._copied(type_, f"{slot}, align 8", place)
            w.raw(f"  call void @free({last!r})")

    def freed(self, name: str) -> list[str]:
        """Lines that free what is left, with a name for its address."""
        return [f"  {name} = load ptr, ptr {self.cell}", f"  call void @{FREED}(ptr {name})"]

    def end(self) -> None:
        """Free what is left, and be as new."""
        w = self.w
        last = w.define(f"load ptr, ptr {self.cell}", "ptr", 1, 0)
        w.raw(f"  call void @{FREED}({last!r})")
        for type_, place in [*self._saved, ("i64", self._end)]:
            w.raw(f"  store {type_} {'null' if type_ == 'ptr' else 0}, ptr {place}")


__all__ = ["Tape"]
