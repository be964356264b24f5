"""Function: an LLVM function written by hand rather than from a loop nest: loops, memory, calls of outside routines.

`Emitter` places instructions in the outermost loop where their operands are known, so what it defines must not depend
on memory that changes; `Function.load` reads where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from . import blas
from .emitter import BITS, PAIRS, Emitter, Region, V
from .interrupts import DECLARATION, NAME, STOPPED, ask, every

ALIGNMENT = 64
BLOCK = 16  # a square of this many rows and columns fits the cache, whichever way it is walked


_REALS = {pair: real for real, pair in PAIRS.items()}


def _alignment(type_: str) -> int:
    """Of a number in an array: of a complex one that of a part."""
    return BITS[_REALS.get(type_, type_)] // 8


class Function:
    """A function of some addresses that gives an i32, 0 unless `fail_if` found something.

    Attributes:
        e: the emitter.
        pointers: the addresses it is called with; after them comes that of its scratch space, if it uses any.
        scratch_bytes: how much of that it uses.
        stops: whether it may end early with `STOPPED`.
        globals: constants that live in memory, by name.

    Example:
        >>> f = Function(1)
        >>> with f.loop(f.integer(8)) as i:
        ...     f.store(f.e.constant(0, "double"), f.at(f.pointers[0], "double", i))
        >>> "store double" in f.text()
        True
    """

    def __init__(self, pointers: int) -> None:
        self.e = Emitter()
        self.pointers = [V(f"%p{i}", "ptr", 1, 0) for i in range(pointers)]
        self.globals: dict[str, str] = {}
        self.scratch_bytes = 0
        self._allocas: list[str] = []
        self._bad: str | None = None
        self.stops = False

    # --- numbers and addresses -----------------------------------------------------------------------------------

    def integer(self, value: int) -> V:
        return self.e.constant(value, "i64")

    def at(self, base: V, type_: str, index: V) -> V:
        """The address of an element."""
        if index.const == 0:
            return base
        depth = max(base.depth, index.depth)
        return self.e.define(f"getelementptr {type_}, {base!r}, {index!r}", "ptr", 1, depth)

    def scratch(self, type_: str, count: int) -> V:
        """Room for some elements in the scratch space."""
        at = self.scratch_bytes
        self.scratch_bytes += -(-count * BITS[type_] // 8 // ALIGNMENT) * ALIGNMENT
        return self.at(V("%scratch", "ptr", 1, 0), "i8", self.integer(at))

    def alloca(self, type_: str) -> V:
        """Room for one number."""
        name = self.e.fresh("slot")
        self._allocas.append(f"  {name} = alloca {type_}")
        return V(name, "ptr", 1, 0)

    def load(self, type_: str, address: V) -> V:
        """What memory holds now."""
        name = self.e.fresh("load")
        self.e.raw(f"  {name} = load {type_}, {address!r}, align {_alignment(type_)}")
        return V(name, type_, 1, len(self.e.regions) - 1)

    def store(self, value: V, address: V) -> None:
        self.e.raw(f"  store {value!r}, {address!r}, align {_alignment(value.type)}")

    # --- control -------------------------------------------------------------------------------------------------

    @contextmanager
    def loop(self, end: V, start: V | None = None, step: int = 1, each: float | None = None) -> Iterator[V]:
        """The body runs for ``start, start + step, ... < end``, at least once.

        Args:
            each: what a trip takes, about, in nanoseconds, if interrupts are to be looked for.
        """
        e, n = self.e, self.e.fresh("k")[1:]
        e.regions.append(Region())
        yield V(f"%{n}", "i64", 1, len(e.regions) - 1)
        region = e.regions.pop()
        first = "0" if start is None else start.name
        e.regions[-1].lines += [
            f"  br label %before.{n}",
            f"before.{n}:",
            f"  br label %head.{n}",
            f"head.{n}:",
            f"  %{n} = phi i64 [ {first}, %before.{n} ], [ %{n}.next, %{'latch' if each is None else 'last'}.{n} ]",
            *region.lines,
            f"  br label %latch.{n}",
            f"latch.{n}:",
            *([] if each is None else self._asking(n, every(each), step)),
            f"  %{n}.next = add nuw nsw i64 %{n}, {step}",
            f"  %{n}.more = icmp ult i64 %{n}.next, {end.name}",
            f"  br i1 %{n}.more, label %head.{n}, label %exit.{n}",
            f"exit.{n}:",
        ]
        e.regions[-1].block = f"exit.{n}"

    def _asking(self, n: str, trips: int, step: int) -> list[str]:
        """Lines of the latch of a loop that look for interrupts once in so many trips (both are powers of two)."""
        self.stops = True
        self.e.declarations.setdefault(NAME, DECLARATION)
        return [
            f"  %{n}.some = and i64 %{n}, {(trips - 1) * step}",
            f"  %{n}.due = icmp eq i64 %{n}.some, {(trips - 1) * step}",
            f"  br i1 %{n}.due, label %ask.{n}, label %last.{n}",
            f"ask.{n}:",
            *ask(f".{n}", "null", f"last.{n}"),
            f"last.{n}:",
        ]

    @contextmanager
    def elements(self, rows: int, columns: int) -> Iterator[tuple[V, V]]:
        """The body runs for each row and column, square by square."""
        e = self.e
        with self.loop(self.integer(rows), step=BLOCK) as top:
            bottom = e.intrinsic("smin", e.iadd(top, self.integer(BLOCK)), self.integer(rows))
            with self.loop(self.integer(columns), step=BLOCK) as left:
                right = e.intrinsic("smin", e.iadd(left, self.integer(BLOCK)), self.integer(columns))
                with self.loop(bottom, top) as i, self.loop(right, left) as j:
                    yield i, j

    def turn(self, source: V, target: V, type_: str, rows: int, columns: int) -> None:
        """Copy a matrix of rows as its transpose: into columns, as LAPACK reads it, or back."""
        if min(rows, columns) == 1:
            self.copy(source, target, type_, rows * columns)
            return
        with self.elements(rows, columns) as (i, j):
            value = self.load(type_, self.at(source, type_, self.place(i, columns, j)))
            self.store(value, self.at(target, type_, self.place(j, rows, i)))

    def place(self, i: V, columns: int, j: V) -> V:
        """``i * columns + j``."""
        return self.e.iadd(self.e.imul(i, self.integer(columns)), j)

    def copy(self, source: V, target: V, type_: str, count: int) -> None:
        name = "llvm.memcpy.p0.p0.i64"
        self.e.declarations.setdefault(name, f"declare void @{name}(ptr, ptr, i64, i1)")
        self.e.raw(f"  call void @{name}({target!r}, {source!r}, i64 {count * BITS[type_] // 8}, i1 false)")

    def fail_if(self, condition: V) -> None:
        """Note a failure; the rest of the function runs all the same."""
        e = self.e
        if self._bad is None:
            slot = self.alloca("i32")
            self._bad = slot.name
            self._allocas.append(f"  store i32 0, {slot!r}")
        if condition.lanes > 1:
            condition = e.intrinsic("vector.reduce.or", condition, lanes=1)
        old, new = e.fresh("bad"), e.fresh("bad")
        e.raw(f"  {old}.wide = zext {condition!r} to i32")
        e.raw(f"  {old} = load i32, ptr {self._bad}")
        e.raw(f"  {new} = or i32 {old}, {old}.wide")
        e.raw(f"  store i32 {new}, ptr {self._bad}")

    # --- outside routines ----------------------------------------------------------------------------------------

    def call(self, routine: str, *arguments: V | int | str | float, type_: str = "double") -> None:
        """Call a BLAS or LAPACK routine: all arguments by address, numbers and letters as constants in memory."""
        addresses = [self._constant(a, type_) for a in arguments]
        name = blas.symbol(routine)
        self.e.declarations.setdefault(name, f"declare void @{name}({', '.join(['ptr'] * len(addresses))})")
        self.e.raw(f"  call void @{name}({', '.join(addresses)})")

    def _constant(self, a: V | int | str | float, type_: str) -> str:
        if isinstance(a, V):
            return repr(a)
        if isinstance(a, str):
            name, text = f"@char{a}", f"i8 {ord(a)}"
        elif isinstance(a, int):
            name, text = f"@int{a}", f"{blas.integer()} {a}"
        else:
            assert a == 1.0
            part = _REALS.get(type_)
            name = f"@one.{type_}" if part is None else f"@one.{part}.pair"
            text = f"{type_} 1.0" if part is None else f"{type_} <{part} 1.0, {part} 0.0>"
        self.globals[name] = f"{name} = private constant {text}"
        return f"ptr {name}"

    def text(self) -> str:
        """The function's text, its name left as ``@NAME``."""
        names = [p.name for p in self.pointers] + ["%scratch"] * (self.scratch_bytes > 0)
        pointers = ", ".join(f"ptr noalias {name}" for name in names)
        body = "\n".join([*self._allocas, *self.e.regions[0].lines])
        end = "  ret i32 0" if self._bad is None else f"  %status = load i32, ptr {self._bad}\n  ret i32 %status"
        stopped = f"stopped:\n  ret i32 {STOPPED}\n" if self.stops else ""
        return f"define internal i32 @NAME({pointers}) #0 {{\nentry:\n{body}\n{end}\n{stopped}}}\n"
