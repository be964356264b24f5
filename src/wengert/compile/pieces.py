"""Pieces: large arrays are copied and cleared piece by piece, and interrupts are asked for in between.

``i32 wengert.copied(ptr to, ptr from, i64 bytes, ptr cell)`` and ``i32 wengert.cleared(ptr to, ptr unused, i64 bytes, ptr cell)``
give 1 where somebody wants the call to end.
"""

from __future__ import annotations

from . import interrupts

MANY = 1 << 22  # bytes, about a millisecond where the system has yet to find the memory
COPIED, CLEARED = "wengert.copied", "wengert.cleared"
_INTRINSIC = {
    COPIED: ("llvm.memcpy.p0.p0.i64", "ptr, ptr, i64, i1", "ptr %there, ptr %here"),
    CLEARED: ("llvm.memset.p0.i64", "ptr, i8, i64, i1", "ptr %there, i8 0"),
}


def _text(name: str) -> str:
    intrinsic, _, places = _INTRINSIC[name]
    return f"""define internal i32 @{name}(ptr %to, ptr %from, i64 %bytes, ptr %cell) #1 {{
entry:
  br label %next
next:
  %at = phi i64 [ 0, %entry ], [ %after, %go ]
  %left = sub i64 %bytes, %at
  %few = icmp ult i64 %left, {MANY}
  %size = select i1 %few, i64 %left, i64 {MANY}
  %there = getelementptr i8, ptr %to, i64 %at
  %here = getelementptr i8, ptr %from, i64 %at
  call void @{intrinsic}({places}, i64 %size, i1 false)
  %after = add i64 %at, %size
  %all = icmp uge i64 %after, %bytes
  br i1 %all, label %done, label %more
more:
{chr(10).join(interrupts.ask("", "%cell", "go", "stop"))}
go:
  br label %next
stop:
  ret i32 1
done:
  ret i32 0
}}
"""


def call(
    name: str, target: str, source: str, size: int | str, declarations: dict[str, str], functions: dict[str, str] | None,
    cell: str = "null",
) -> tuple[str, bool]:  # fmt: skip
    """The call that copies or clears so many bytes, and whether it is one in pieces, with an i32 that says to end.

    Args:
        size: the bytes, or the register that has their number.
        functions: where the function goes; None where nobody asks for interrupts.
    """
    intrinsic, types, _ = _INTRINSIC[name]
    declarations.setdefault(intrinsic, f"declare void @{intrinsic}({types})")
    if functions is not None and (isinstance(size, str) or size > MANY):
        declarations.setdefault(interrupts.NAME, interrupts.DECLARATION)
        functions[name] = _text(name)
        return f"call i32 @{name}(ptr {target}, ptr {source}, i64 {size}, ptr {cell})", True
    places = f"ptr {target}, " + (f"ptr {source}" if name == COPIED else "i8 0")
    return f"call void @{intrinsic}({places}, i64 {size}, i1 false)", False


__all__ = ["CLEARED", "COPIED", "call"]
