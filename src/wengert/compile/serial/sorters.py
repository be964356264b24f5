"""Functions that sort unsigned integers, and indices beside them, between two arrays; all of them are stable.

- By rank, a few keys: the place of each is the number of those that come before it. No branch depends on the keys.
- By parting: keys up to a pivot are packed to the left, the others to the right, a vector at a time; short parts by
  rank. Where parts stay long too often the rest is sorted by digits. It needs the packing of vectors by a mask that
  AVX-512 has. (C. A. R. Hoare, "Quicksort", 1962; S. Gueron, V. Krasnov, "Fast quicksort implementation using AVX
  instructions", 2016.)
- By digits of a byte, from the least significant one (D. E. Knuth, "The Art of Computer Programming", vol. 3, 5.2.5),
  without those that are equal in all keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import pieces
from ..emitter import BITS, V
from .writer import Text, Writer

SHORT = 32  # the most keys that are sorted by rank
MANY = 1 << 14  # keys of a part that take long enough for an interrupt to be looked for


def sorter(w: Writer, type_: str, indices: bool, n: int, pointers: Sequence[str], counts: str) -> Callable[[], bool]:
    """How `w` sorts `n` keys: a function that writes it, and tells whether the sorted ones are in the second array.

    Args:
        w: the writer of the kernel.
        type_: LLVM's type of a key.
        indices: whether 32-bit indices are moved with the keys.
        n: the number of keys.
        pointers: keys and room for as many; then the same for indices.
        counts: room for 256 32-bit counts for each byte of a key.
    """
    given = ", ".join(f"ptr {p}" for p in pointers)
    if n <= SHORT:
        name, rest = _rank(w, type_, indices), f"i64 {n}"
    else:
        parts = w.vector_bytes == 64 and type_ in ("i32", "i64")
        name = (_part_and_sort if parts else _by_digits)(w, type_, indices)
        # Whatever the length: what the function is told when it asks must reach the loop around it.
        w.stops = True
        rest = f"ptr {counts}, i64 {n}, i64 {2 * n.bit_length()}, ptr {w.cell}"

    def sort() -> bool:
        w.takes(4.0 * n * n.bit_length())
        w.raw(f"  call void @{name}({given}, {rest})")
        return n <= SHORT

    return sort


def _lanes(w: Writer, type_: str) -> int:
    return min(w.vector_bytes * 8 // BITS[type_], 16)


class _Pairs(Text):
    """A function over keys, and indices beside them, in one pair of arrays and room in another."""

    cell = "%stop"

    def __init__(self, type_: str, indices: bool, asks: bool = True) -> None:
        super().__init__()
        self.asks = asks
        self.types = [type_, "i32"] if indices else [type_]
        self.first = [V("%keys", "ptr", 1, 0), V("%index", "ptr", 1, 0)][: len(self.types)]
        self.second = [V("%keys.spare", "ptr", 1, 0), V("%index.spare", "ptr", 1, 0)][: len(self.types)]
        self.n = V("%n", "i64", 1, 0)
        self.depth = V("%depth", "i64", 1, 0)

    def place(self, type_: str, base: V, at: V) -> V:
        return self.define(f"getelementptr {type_}, {base!r}, {at!r}", "ptr", 1, 0)

    def read(self, k: int, base: V, at: V, lanes: int = 1) -> V:
        type_ = self.types[k]
        llvm = type_ if lanes == 1 else f"<{lanes} x {type_}>"
        where = self.place(type_, base, at)
        return self.define(f"load {llvm}, {where!r}, align {BITS[type_] // 8}", type_, lanes, 0)

    def put(self, k: int, base: V, at: V, value: V) -> None:
        where = self.place(value.type, base, at)
        self.raw(f"  store {value!r}, {where!r}, align {BITS[value.type] // 8}")

    def move(self, k: int, target: V, source: V, n: V) -> None:
        """Copy n keys (k = 0) or indices (k = 1)."""
        size = self.imul(n, self.int(BITS[self.types[k]] // 8))
        self._bytes(pieces.COPIED, target.name, source.name, size.name if size.const is None else int(size.const))

    def signature(self, *extra: V) -> str:
        pairs = [p for pair in zip(self.first, self.second, strict=True) for p in pair]
        stop = (V("%stop", "ptr", 1, 0),) if self.asks else ()
        return ", ".join(map(repr, (*pairs, *extra, *stop)))

    def define_in(self, w: Writer, name: str, *extra: V, result: V | None = None) -> str:
        """Add the function to the module of a kernel."""
        body = "\n".join(self.regions[0].lines)
        type_, end = ("void", "void") if result is None else (result.llvm, repr(result))
        head = f"define internal {type_} @{name}({self.signature(*extra)}) #0"
        stopped = f"stopped:\n  ret {'void' if result is None else f'{type_} 0'}\n" if self.stops else ""
        w.functions[name] = f"{head} {{\nentry:\n{body}\n  ret {end}\n{stopped}}}"
        w.functions.update(self.functions)
        w.declarations.update(self.declarations)
        return name


COUNTS = V("%counts", "ptr", 1, 0)


def _name(what: str, type_: str, indices: bool) -> str:
    return f"{what}_{type_}{'_index' if indices else ''}"


def _rank(w: Writer, type_: str, indices: bool) -> str:
    """From the first arrays to the second."""
    name = _name("rank", type_, indices)
    if name in w.functions:
        return name
    t, lanes = _Pairs(type_, indices, asks=False), _lanes(w, type_)
    numbers = t.lanes_constant(range(lanes), "i64")
    places = t.lanes_constant(range(lanes), "i32")
    one = t.constant(1, "i32", lanes)

    def masked_load(k: int, at: V, mask: V) -> V:
        return t.masked_load(t.place(t.types[k], t.first[k], at), t.types[k], lanes, mask)

    def masked_scatter(k: int, value: V, rank: V, mask: V) -> None:
        t.masked_store(value, t.define(f"getelementptr {t.types[k]}, {t.second[k]!r}, {rank!r}", "ptr", lanes, 0), mask)

    def counted(loop: Any, before: Callable[[V, V], V]) -> None:
        """One more for the keys that another one comes before."""
        other = t.splat(t.read(0, t.first[0], loop.index), lanes)
        so_far = loop.carried[1]
        loop.next[1] = t.select(before(other, loop.index), t.iadd(so_far, one), so_far)

    with t.loop(t.n, step=lanes) as block:
        start = block.index
        mask = t.icmp("ult", numbers, t.splat(t.isub(t.n, start), lanes))
        keys = masked_load(0, start, mask)
        end = t.intrinsic("smin", t.iadd(start, t.int(lanes)), t.n)
        with t.loop(start, t.const(0, one)) as ahead:
            counted(ahead, lambda other, i: t.icmp("ule", other, keys))
        with t.loop(end, ahead.carried[1], first=start) as beside:

            def before(other: V, i: V) -> V:
                lane = t.splat(t.cast("trunc", t.isub(i, start), "i32"), lanes)
                equal = t.and_(t.icmp("eq", other, keys), t.icmp("ult", lane, places))
                return t.or_(t.icmp("ult", other, keys), equal)

            counted(beside, before)
        with t.loop(t.n, beside.carried[1], first=end) as behind:
            counted(behind, lambda other, i: t.icmp("ult", other, keys))
        rank = behind.carried[1]
        masked_scatter(0, keys, rank, mask)
        if indices:
            masked_scatter(1, masked_load(1, start, mask), rank, mask)
    return t.define_in(w, name, t.n)


def _part(w: Writer, type_: str, indices: bool) -> str:
    """Keys up to a bound are packed at the beginning, then the others; gives how many are up to it."""
    name = _name("part", type_, indices)
    if name in w.functions:
        return name
    t, lanes = _Pairs(type_, indices), _lanes(w, type_)
    bound = V("%bound", type_, 1, 0)
    whole = t.and_(t.n, t.int(-lanes))
    bounds = t.splat(bound, lanes)

    def packed(k: int, values: V, mask: V) -> V:
        type_ = t.types[k]
        vector, full = f"<{lanes} x {type_}>", f"llvm.experimental.vector.compress.v{lanes}{type_}"
        t.declarations.setdefault(full, f"declare {vector} @{full}({vector}, <{lanes} x i1>, {vector})")
        return t.define(f"call {vector} @{full}({values!r}, {mask!r}, {vector} poison)", type_, lanes, 0)

    with t.loop(whole, t.int(0), step=lanes) as vectors:
        at, low = vectors.carried
        high = t.isub(at, low)  # how many are in the spare array
        values = [t.read(k, t.first[k], at, lanes) for k in range(len(t.types))]
        mask = t.icmp("ule", values[0], bounds)
        other = t.xor(mask, t.constant(True, "i1", lanes))
        for k, value in enumerate(values):
            # Whole vectors are stored: what is beyond those packed has been read already.
            t.put(k, t.first[k], low, packed(k, value, mask))
            t.put(k, t.second[k], high, packed(k, value, other))
        bits = t.define(f"bitcast {mask!r} to i{lanes}", f"i{lanes}", 1, 0)
        count = t.intrinsic("ctpop", bits)
        vectors.next[1] = t.iadd(low, t.cast("zext", count, "i64"))
    with t.loop(t.n, vectors.carried[1], first=whole) as rest:
        at, low = rest.carried
        high = t.isub(at, low)
        values = [t.read(k, t.first[k], at) for k in range(len(t.types))]
        for k, value in enumerate(values):
            t.put(k, t.first[k], low, value)
            t.put(k, t.second[k], high, value)
        rest.next[1] = t.iadd(low, t.cast("zext", t.icmp("ule", values[0], bound), "i64"))
    low = rest.carried[1]
    for k in range(len(t.types)):
        t.move(k, t.place(t.types[k], t.first[k], low), t.second[k], t.isub(t.n, low))
    return t.define_in(w, name, t.n, bound, result=low)


def _part_and_sort(w: Writer, type_: str, indices: bool) -> str:
    """In the first arrays."""
    name = _name("quick", type_, indices)
    if name in w.functions:
        return name
    part, rank, digits = (f(w, type_, indices) for f in (_part, _rank, _by_digits))
    t = _Pairs(type_, indices)

    def pairs(first: Sequence[V]) -> str:
        return ", ".join(repr(p) for pair in zip(first, t.second, strict=True) for p in pair)

    def moved(first: Sequence[V], by: V) -> list[V]:
        return [t.place(type_, p, by) for type_, p in zip(t.types, first, strict=True)]

    with t.repeat(t.n, t.depth, *t.first) as loop:
        n, depth, *first = loop.carried
        t.leave_unless(loop, t.icmp("sgt", n, t.int(SHORT)))
        with t.when(t.icmp("ugt", n, t.int(MANY))):
            t.ask("part")
        with t.when(t.icmp("eq", depth, t.int(0))):
            t.raw(f"  call void @{digits}({pairs(first)}, {COUNTS!r}, {n!r}, i64 0, ptr %stop)")
            t.raw("  ret void")
            t.raw("unreached:")
        pivot = _ninther(t, first[0], n)
        zero = t.const(0, pivot)
        below = t.isub(pivot, t.cast("zext", t.icmp("ne", pivot, zero), type_))
        split = t.define(f"call i64 @{part}({pairs(first)}, {n!r}, {below!r}, ptr %stop)", "i64", 1, 0)
        none = t.icmp("eq", split, t.int(0))
        t.label("parted")
        t.raw(f"  br i1 {none.name}, label %again, label %done")
        t.raw("again:")
        equal = t.define(f"call i64 @{part}({pairs(first)}, {n!r}, {pivot!r}, ptr %stop)", "i64", 1, 0)
        t.label("done")
        left = t.define(f"phi i64 [ {split.name}, %parted ], [ {equal.name}, %again ]", "i64", 1, 0)
        alike = t.or_(none, t.icmp("eq", pivot, zero))  # the left part is one key only
        rest, right = t.isub(n, left), moved(first, left)
        todo = t.select(alike, t.int(0), left)
        less = t.icmp("slt", todo, rest)
        small, large = t.select(less, todo, rest), t.select(less, rest, todo)
        depth = t.isub(depth, t.int(1))
        with t.when(t.icmp("sgt", small, t.int(1))):
            where = [t.select(less, a, b) for a, b in zip(first, right, strict=True)]
            t.raw(f"  call void @{name}({pairs(where)}, {COUNTS!r}, {small!r}, {depth!r}, ptr %stop)")
        loop.next = [large, depth, *[t.select(less, b, a) for a, b in zip(first, right, strict=True)]]
    n, _, *first = loop.carried
    with t.when(t.icmp("sgt", n, t.int(1))):
        t.raw(f"  call void @{rank}({pairs(first)}, {n!r})")
        for i, p in enumerate(first):
            t.move(i, p, t.second[i], n)
    return t.define_in(w, name, COUNTS, t.n, t.depth)


def _ninther(t: _Pairs, keys: V, n: V) -> V:
    """The median of the medians of three times three keys."""
    step = t.lshr(n, t.int(4))

    def median(a: V, b: V, c: V) -> V:
        low, high = t.intrinsic("umin", a, b), t.intrinsic("umax", a, b)
        return t.intrinsic("umax", low, t.intrinsic("umin", high, c))

    found = [t.read(0, keys, t.imul(step, t.int(i))) for i in (0, 2, 4, 6, 8, 10, 12, 14, 15)]
    return median(*[median(*found[i : i + 3]) for i in (0, 3, 6)])


def _by_digits(w: Writer, type_: str, indices: bool) -> str:
    """In the first arrays."""
    name = _name("digits", type_, indices)
    if name in w.functions:
        return name
    t = _Pairs(type_, indices)
    k, size = len(t.types), BITS[type_] // 8

    def digit(key: V, shift: Any) -> V:
        low = t.lshr(key, shift if isinstance(shift, V) else t.const(shift, key))
        return t.cast("zext", low if type_ == "i8" else t.cast("trunc", low, "i8"), "i64")

    def count_at(row: V, key: V) -> tuple[V, V]:
        place = t.place("i32", COUNTS, t.iadd(row, key))
        return place, t.define(f"load i32, {place!r}, align 4", "i32", 1, 0)

    def one_more(place: V, count: V) -> None:
        t.raw(f"  store {t.iadd(count, t.constant(1, 'i32'))!r}, {place!r}, align 4")

    t.clear(COUNTS.name, size * 256 * 4)
    with t.loop(t.n) as each:
        key = t.read(0, t.first[0], each.index)
        for p in range(size):
            one_more(*count_at(t.int(256 * p), digit(key, 8 * p)))
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
                t.raw(f"  store {bucket.carried[1]!r}, {place!r}, align 4")
                bucket.next[1] = t.iadd(bucket.carried[1], count)
            with t.loop(t.n) as each:
                key = t.read(0, source[0], each.index)
                place, count = count_at(row, digit(key, shift))
                one_more(place, count)
                at = t.cast("zext", count, "i64")
                t.put(0, target[0], at, key)
                if indices:
                    t.put(1, target[1], at, t.read(1, source[1], each.index))
        level.next[1:] = [
            *[t.select(moves, b, a) for a, b in zip(source, target, strict=True)],
            *[t.select(moves, a, b) for a, b in zip(source, target, strict=True)],
        ]
    sorted_ = level.carried[1 : 1 + k]
    with t.when(t.icmp("ne", sorted_[0], t.first[0])):
        for i in range(k):
            t.move(i, t.first[i], t.second[i], t.n)
    return t.define_in(w, name, COUNTS, t.n, t.depth)
