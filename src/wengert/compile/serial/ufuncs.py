"""Special functions by the loops of a package's universal functions, called from native code for some elements at a time.

So compiled code has the values of eager code, bit by bit, and threads share the elements. Operands whose dtype is not the
loop's are converted in a buffer, as NumPy does it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ufuncs
from ..emitter import V
from ..scalars import REGISTERS
from .step import Phase, Serial, pieces_of
from .writer import Array, Writer, broadcast_strides, collapsed, known

BLOCK = 256  # elements of a call
ELEMENT = 50.0  # nanoseconds that an element takes, about


def elementwise(step: Serial) -> list[Phase] | None:
    native, (out,) = step.eqn.primitive.native, (v.aval for v in step.eqn.outputs)
    avals = [a.aval for a in step.eqn.inputs]
    types = ufuncs.types_of(native.ufunc, [_python(a) if a.weak else a.dtype for a in avals])
    if types is None:
        return None
    letters, _, results = types.partition("->")
    loop = [np.dtype(c) for c in letters]
    made = [np.dtype(c) for c in results]
    changed = [a for a, d in zip(avals, loop, strict=True) if a.dtype != d]
    if not known(*changed, *([] if made[native.result] == out.dtype else [out])):
        return None
    if any(a.dtype.kind == "c" for a in changed):
        return None
    size = math.prod(out.shape)
    extents, strides = collapsed(out.shape, [broadcast_strides(a.shape, out.shape) for a in (out, *avals)])
    rows, length = extents[:-1], extents[-1] if extents else 1
    blocks = -(-length // BLOCK)
    units = math.prod(rows) * blocks
    step.work = int(size * ELEMENT * 2)

    def body(w: Writer) -> None:
        if not size:
            return
        call = _Call(w, native.ufunc, types, [*loop, *made])
        (target,) = w.outputs
        steps = [s[-1] if s else 0 for s in strides]
        with w.shared(units) as unit:
            *spots, block = w.decoded(unit, (*rows, blocks))
            first = w.scaled(block, BLOCK)
            count = w.int(min(length, BLOCK))
            if length % BLOCK and length > BLOCK:
                count = w.intrinsic("smin", count, w.isub(w.int(length), first))
            starts = [w.iadd(w.offset(spots, s[:-1]), w.scaled(first, k)) for s, k in zip(strides, steps, strict=True)]
            for k, (a, start, stride) in enumerate(zip(w.inputs, starts[1:], steps[1:], strict=True)):
                call.operand(k, a, start, stride, count)
            call.run(native.result, target, starts[0], steps[0] if extents else 1, count)

    return [Phase(body, pieces_of(size * ELEMENT, units))]


def _python(a: Any) -> type:
    return {"i": int, "u": int, "b": bool, "c": complex}.get(a.dtype.kind, float)


class _Call:
    """The call of a loop for at most `BLOCK` elements, with its tables and buffers."""

    def __init__(self, w: Writer, ufunc: str, types: str, dtypes: list[np.dtype]) -> None:
        self.w, self.dtypes = w, dtypes
        name = ufuncs.symbol(ufunc, types)
        w.declarations.setdefault(name, ufuncs.declaration(name))
        n = len(dtypes)
        self.table, self.steps, self.count = (self._room(k) for k in (8 * n, 8 * n, 8))
        self.buffers = [self._room(BLOCK * d.itemsize) for d in dtypes]
        self.function = w.define(f"load ptr, ptr @{name}", "ptr", 1, 0)
        second = w.define(f"getelementptr ptr, ptr @{name}, i64 1", "ptr", 1, 0)
        self.data = w.define(f"load ptr, ptr {second.name}", "ptr", 1, 0)

    def _room(self, size: int) -> str:
        return self.w.define(f"alloca [{size} x i8], align 64", "ptr", 1, 0).name

    def _slot(self, table: str, k: int, value: str) -> None:
        slot = self.w.define(f"getelementptr i64, ptr {table}, i64 {k}", "ptr", 1, 0)
        self.w.raw(f"  store {value}, ptr {slot.name}, align 8")

    def operand(self, k: int, a: Array, start: V, stride: int, count: V) -> None:
        """Elements of an operand, where they are or in a buffer."""
        w, dtype = self.w, self.dtypes[k]
        if a.constant is None and a.dtype == dtype:
            size = dtype.itemsize
            place = w.define(f"getelementptr i8, ptr {a.pointer}, {w.scaled(start, size)!r}", "ptr", 1, 0)
            self._slot(self.table, k, f"ptr {place.name}")
            self._slot(self.steps, k, f"i64 {stride * size}")
            return
        parts = 2 if dtype.kind == "c" else 1
        part = np.dtype(f"f{dtype.itemsize // 2}") if parts == 2 else dtype
        buffer = Array(w, part, (BLOCK * parts,), self.buffers[k])
        with w.loop(count if stride else 1) as i:
            at = w.scaled(i.index, parts)
            buffer.store(at, a.load(w.iadd(start, w.scaled(i.index, stride)), dtype=part))
            if parts == 2:
                buffer.store(w.iadd(at, w.int(1)), w.constant(0, REGISTERS[part]))
        self._slot(self.table, k, f"ptr {buffer.pointer}")
        self._slot(self.steps, k, f"i64 {dtype.itemsize if stride else 0}")

    def run(self, result: int, target: Array, start: V, stride: int, count: V) -> None:
        """The loop; one of its results goes to the target."""
        w = self.w
        first = len(w.inputs)
        direct = self.dtypes[first + result] == target.dtype
        for k in range(first, len(self.dtypes)):
            dtype = self.dtypes[k]
            place, step = self.buffers[k], dtype.itemsize
            if direct and k == first + result:
                offset = w.scaled(start, dtype.itemsize)
                place = w.define(f"getelementptr i8, ptr {target.pointer}, {offset!r}", "ptr", 1, 0).name
                step = stride * dtype.itemsize
            self._slot(self.table, k, f"ptr {place}")
            self._slot(self.steps, k, f"i64 {step}")
        w.raw(f"  store {count!r}, ptr {self.count}, align 8")
        w.takes(BLOCK * ELEMENT)
        w.raw(
            f"  call void {self.function.name}(ptr {self.table}, ptr {self.count}, ptr {self.steps}, ptr {self.data.name})"
        )
        if not direct:
            buffer = Array(w, self.dtypes[first + result], (BLOCK,), self.buffers[first + result])
            with w.loop(count) as i:
                target.store(w.iadd(start, w.scaled(i.index, stride)), buffer.load(i.index, dtype=target.dtype))


__all__ = ["elementwise"]
