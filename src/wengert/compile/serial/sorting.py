"""Sorting along an axis: rows are mapped to unsigned integers in the same order, sorted, and mapped back.

Short rows by merging runs of 1, 2, 4 …; long ones by a radix sort, a byte at a time from the least significant
(D. E. Knuth, "The Art of Computer Programming", vol. 3, 5.2.4 and 5.2.5), which leaves out bytes that are all equal.
Both are stable, so that the same functions sort indices beside keys. All NaNs are one key, the largest; for indices the
two zeros are one key too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..emitter import BITS, V
from .step import Body, Serial, lowering
from .writer import Text, Writer, known, memory_type

SHORT = 64  # elements for each byte of a key, below which merging is faster


@lowering("sort", "argsort")
def _sort(step: Serial) -> Body | None:
    (x,), (out,) = (a.aval for a in step.eqn.inputs), (v.aval for v in step.eqn.outputs)
    if not known(x, out) or not x.shape:
        return None
    indices = step.eqn.primitive.name == "argsort"
    axis = step.eqn.params["axis"] % len(x.shape)
    outer, n, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    if n >= 2**31:
        return None
    type_ = memory_type(np.dtype(f"u{x.dtype.itemsize}"))
    size = x.dtype.itemsize
    long = n > SHORT * size
    step.scratch_array(f"u{size}", 2, n)
    if indices:
        step.scratch_array(np.uint32, 2, n)
    if long:
        step.scratch_array(np.uint32, size, 256)
    step.work = math.prod(x.shape) * (3 * size if long else 4 * max(n, 2).bit_length())

    def write(w: Writer) -> None:
        (source,), (target,) = w.inputs, w.outputs
        keys, scratch = w.scratch[0], w.scratch[1:]
        function = (_radix if long else _merge)(w, type_, indices)
        half = w.int(n)
        pointers = [keys.pointer, keys.at(half)]
        if indices:
            pointers += [scratch[0].pointer, scratch[0].at(half)]
        if long:
            pointers.append(scratch[-1].pointer)
        arguments = ", ".join(f"ptr {p}" for p in pointers)
        with w.loop(outer) as rows, w.loop(inner) as columns:
            base = w.iadd(w.scaled(rows.index, n * inner), columns.index)

            def read(first: V, lanes: int) -> None:
                value = source.load(w.iadd(base, w.scaled(first, inner)), lanes)
                keys.store(first, _key(w, x.dtype, value, indices))
                if indices:
                    number = w.splat(w.cast("trunc", first, "i32"), lanes)
                    if lanes > 1:
                        number = w.iadd(number, w.lanes_constant(range(lanes), "i32"))
                    scratch[0].store(first, number)

            w.strips(n, w.lanes(x.dtype) if inner == 1 else 1, read)
            turned = w.define(f"call i1 @{function}({arguments}, i64 {n})", "i1", 1, 0)
            start = w.select(turned, half, w.int(0))

            def put(first: V, lanes: int) -> None:
                at, here = w.iadd(base, w.scaled(first, inner)), w.iadd(start, first)
                if indices:
                    number = scratch[0].load(here, lanes)
                    target.store(at, number if out.dtype.itemsize == 4 else w.cast("zext", number, "i64"))
                else:
                    target.store(at, _value(w, x.dtype, keys.load(here, lanes)))

            w.strips(n, w.lanes(np.promote_types(x.dtype, out.dtype)) if inner == 1 else 1, put)

    return write


# --- keys -------------------------------------------------------------------------------------------------------


def _sign(w: Text, like: V) -> V:
    return w.const(-(1 << (BITS[like.type] - 1)), like)


def _key(w: Text, dtype: np.dtype, x: V, one_zero: bool) -> V:
    """An unsigned integer that is ordered as the number is."""
    if dtype.kind == "b":
        return w.cast("zext", x, "i8")
    if dtype.kind == "u":
        return x
    if dtype.kind == "i":
        return w.xor(x, _sign(w, x))
    nan = w.fcmp("uno", x, x)
    bits = w.cast("bitcast", w.fadd(x, w.const(0.0, x)) if one_zero else x, f"i{BITS[x.type]}")
    negative = w.ashr(bits, w.const(BITS[x.type] - 1, bits))
    key = w.xor(bits, w.or_(negative, _sign(w, bits)))
    return w.select(nan, w.const(-1, bits), key)


def _value(w: Text, dtype: np.dtype, key: V) -> V:
    """The number of a key."""
    if dtype.kind == "b":
        return w.icmp("ne", key, w.const(0, key))
    if dtype.kind == "u":
        return key
    if dtype.kind == "i":
        return w.xor(key, _sign(w, key))
    negative = w.xor(w.ashr(key, w.const(BITS[key.type] - 1, key)), w.const(-1, key))
    bits = w.xor(key, w.or_(negative, _sign(w, key)))
    return w.cast("bitcast", bits, "double" if dtype.itemsize == 8 else "float")


# --- functions that sort, one for each type of key --------------------------------------------------------------


class _Pairs(Text):
    """A function that sorts keys, and indices beside them, between two pairs of arrays; gives whether they end up in
    the second."""

    def __init__(self, type_: str, indices: bool) -> None:
        super().__init__()
        self.types = [type_, "i32"] if indices else [type_]
        self.first = [V("%keys", "ptr", 1, 0), V("%index", "ptr", 1, 0)][: len(self.types)]
        self.second = [V("%keys.spare", "ptr", 1, 0), V("%index.spare", "ptr", 1, 0)][: len(self.types)]
        self.n = V("%n", "i64", 1, 0)

    def read(self, k: int, base: V, at: V) -> V:
        type_ = self.types[k]
        return self.define(f"load {type_}, ptr {self.place(type_, base, at)}, align {BITS[type_] // 8}", type_, 1, 0)

    def put(self, k: int, base: V, at: V, value: V) -> None:
        type_ = self.types[k]
        self.raw(f"  store {value!r}, ptr {self.place(type_, base, at)}, align {BITS[type_] // 8}")

    def place(self, type_: str, base: V, at: V) -> str:
        return self.define(f"getelementptr {type_}, {base!r}, {at!r}", "ptr", 1, 0).name

    def define_in(self, w: Writer, name: str, extra: str, result: V) -> None:
        """Add the function to the module of another one."""
        names = [p.name for pair in zip(self.first, self.second, strict=True) for p in pair]
        turned = self.define(f"icmp ne ptr {result.name}, %keys", "i1", 1, 0)
        pointers = ", ".join(f"ptr {p}" for p in names)
        body = "\n".join(self.regions[0].lines)
        w.functions[name] = (
            f"define internal i1 @{name}({pointers}{extra}, i64 %n) #0 {{\nentry:\n{body}\n  ret i1 {turned.name}\n}}"
        )
        w.declarations.update(self.declarations)


def _merge(w: Writer, type_: str, indices: bool) -> str:
    name = f"merge_{type_}{'_index' if indices else ''}"
    if name in w.functions:
        return name
    t = _Pairs(type_, indices)
    k = len(t.types)
    with t.repeat(t.int(1), *t.first, *t.second) as level:
        width, source, target = level.carried[0], level.carried[1 : 1 + k], level.carried[1 + k :]
        t.leave_unless(level, t.icmp("slt", width, t.n))
        with t.repeat(t.int(0)) as run:
            (low,) = run.carried
            t.leave_unless(run, t.icmp("slt", low, t.n))
            middle = t.intrinsic("smin", t.iadd(low, width), t.n)
            high = t.intrinsic("smin", t.iadd(middle, width), t.n)
            with t.loop(high, low, middle, first=low) as merge:
                at, i, j = merge.carried
                left, right = t.icmp("slt", i, middle), t.icmp("slt", j, high)
                x, y = t.read(0, source[0], t.select(left, i, low)), t.read(0, source[0], t.select(right, j, low))
                later = t.or_(t.icmp("ult", y, x), t.xor(left, t.constant(True, "i1")))
                later = t.and_(right, later)
                t.put(0, target[0], at, t.select(later, y, x))
                if indices:
                    t.put(1, target[1], at, t.read(1, source[1], t.select(later, j, i)))
                step = t.cast("zext", later, "i64")
                merge.next[1:] = [t.isub(t.iadd(i, t.int(1)), step), t.iadd(j, step)]
            run.next = [high]
        level.next = [t.iadd(width, width), *target, *source]
    t.define_in(w, name, "", level.carried[1])
    return name


def _radix(w: Writer, type_: str, indices: bool) -> str:
    name = f"radix_{type_}{'_index' if indices else ''}"
    if name in w.functions:
        return name
    t = _Pairs(type_, indices)
    k, size = len(t.types), BITS[type_] // 8
    counts = V("%counts", "ptr", 1, 0)

    def digit(key: V, shift: Any) -> V:
        low = t.lshr(key, shift if isinstance(shift, V) else t.const(shift, key))
        return t.cast("zext", low if type_ == "i8" else t.cast("trunc", low, "i8"), "i64")

    def count_at(row: V, key: V) -> tuple[str, V]:
        place = t.place("i32", counts, t.iadd(row, key))
        return place, t.define(f"load i32, ptr {place}, align 4", "i32", 1, 0)

    t.clear("%counts", size * 256 * 4)
    with t.loop(t.n) as each:
        key = t.read(0, t.first[0], each.index)
        for p in range(size):
            place, count = count_at(t.int(256 * p), digit(key, 8 * p))
            t.raw(f"  store i32 {t.iadd(count, t.constant(1, 'i32')).name}, ptr {place}, align 4")
    with t.loop(size, *t.first, *t.second) as level:
        source, target = level.carried[1 : 1 + k], level.carried[1 + k :]
        row, shift = t.imul(level.index, t.int(256)), t.imul(level.index, t.int(8))
        if type_ != "i64":
            shift = t.cast("trunc", shift, type_)
        _, equal = count_at(row, digit(t.read(0, source[0], t.int(0)), shift))
        moves = t.icmp("ne", t.cast("zext", equal, "i64"), t.n)
        with t.when(moves):
            with t.loop(256, t.constant(0, "i32")) as bucket:
                place, count = count_at(row, bucket.index)
                t.raw(f"  store {bucket.carried[1]!r}, ptr {place}, align 4")
                bucket.next[1] = t.iadd(bucket.carried[1], count)
            with t.loop(t.n) as each:
                key = t.read(0, source[0], each.index)
                place, count = count_at(row, digit(key, shift))
                t.raw(f"  store i32 {t.iadd(count, t.constant(1, 'i32')).name}, ptr {place}, align 4")
                at = t.cast("zext", count, "i64")
                t.put(0, target[0], at, key)
                if indices:
                    t.put(1, target[1], at, t.read(1, source[1], each.index))
        level.next[1:] = [
            *[t.select(moves, b, a) for a, b in zip(source, target, strict=True)],
            *[t.select(moves, a, b) for a, b in zip(source, target, strict=True)],
        ]
    t.define_in(w, name, ", ptr %counts", level.carried[1])
    return name
