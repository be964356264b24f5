"""The words of a call's table, and how the text of the code that reads them is written.

A table has a head, three lists of instructions (how arguments are matched, which results are made, into what tree they are
put), and blocks of numbers that these name by their first word. An instruction has `WIDTH` words: an operation, then five
operands called a to e.
"""

from __future__ import annotations

WIDTH = 6
# Words at the head of the table. The lists are given by the number of their first word.
HEAD = {
    name: i
    for i, name in enumerate(
        "main callback workspace bytes release reports arguments results registers match make build allow "
        "handler ndarray tuple list dict none float int bool true missed failed".split()
    )
}
NUMBERS = frozenset("bytes release reports arguments results registers match make build".split())
# Matching: `a` is the register of the object, `e` the number of the argument whose address is found.
MATCH = {
    name: i
    for i, name in enumerate(
        "end tuple list dict none array owned scalar key double single bool int64 int32 literal".split()
    )
}
MAKE = {"end": 0, "array": 1, "slot": 2, "large": 3, "held": 4}
BUILD = {"end": 0, "array": 1, "scalar": 2, "none": 3, "tuple": 4, "list": 5, "dict": 6}
SMALL_WORKSPACE = 16 * 1024  # on the stack
LOST = -1  # the status of a call that could not begin
SMALL_FRAME = 16 * 1024  # bytes of the places below, on the stack
SLOT = 32  # bytes of a number that is an argument or a result: a complex long double at most


def head(*names: str) -> str:
    """Loads of words of the table's head: numbers as ``%h.NAME``, addresses as ``%p.NAME``."""
    lines = []
    for n in names:
        kind, type_ = ("h", "i64") if n in NUMBERS else ("p", "ptr")
        lines.append(f"  %at.{n} = getelementptr i64, ptr %table, i64 {HEAD[n]}")
        lines.append(f"  %{kind}.{n} = load {type_}, ptr %at.{n}")
    return "\n".join(lines)


def field(name: str, base: str, offset: int, type_: str) -> str:
    return f"  {name}.a = getelementptr i8, ptr {base}, i64 {offset}\n  {name} = load {type_}, ptr {name}.a"


def element(name: str, base: str, index: str, type_: str = "ptr") -> str:
    return f"  {name}.a = getelementptr {type_}, ptr {base}, i64 {index}\n  {name} = load {type_}, ptr {name}.a"


def instruction(prefix: str) -> str:
    """The operation and the operands of the instruction at ``%PREFIX``; addresses among them as pointers too."""
    lines = [element(f"%{prefix}.op", f"%{prefix}", "0", "i64")]
    for i, x in enumerate("abcde", 1):
        lines.append(element(f"%{prefix}.{x}", f"%{prefix}", str(i), "i64"))
    lines.append(f"  %{prefix}.object = inttoptr i64 %{prefix}.b to ptr")
    return "\n".join(lines)


def require(label: str, condition: str, otherwise: str = "miss") -> str:
    return f"  br i1 {condition}, label %{label}, label %{otherwise}\n{label}:"


def loop(name: str, count: str, before: str, after: str, body: str) -> str:
    """``for NAME.i below COUNT``, from the block `before`; it ends in a jump to `after`."""
    return f"""  br label %{name}.head
{name}.head:
  %{name}.i = phi i64 [ 0, %{before} ], [ %{name}.n, %{name}.next ]
  %{name}.more = icmp slt i64 %{name}.i, {count}
  br i1 %{name}.more, label %{name}.body, label %{after}
{name}.body:
{body}
{"" if body.rstrip().endswith(f"label %{name}.next") else f"  br label %{name}.next"}
{name}.next:
  %{name}.n = add i64 %{name}.i, 1
  br label %{name}.head
"""


__all__ = [
    "BUILD", "HEAD", "LOST", "MAKE", "MATCH", "NUMBERS", "SLOT", "SMALL_FRAME", "SMALL_WORKSPACE", "WIDTH", "element",
    "field", "head", "instruction", "loop", "require",
]  # fmt: skip
