"""Functions of Fourier transforms: lines in the lanes of vectors, pass after pass between two buffers.

A buffer holds a complex number of each lane: a vector of real parts, then one of imaginary parts. Passes are T. G. Stockham's
("High-speed convolution and correlation", 1966; C. Van Loan, "Computational frameworks for the fast Fourier transform", 1992, 1.7):
no digits are reversed. Transforms are forward ones; parts that change places before and after make inverse ones of them. Each
function is written once for a type and width, for lines of any length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..emitter import BITS, V
from .writer import Text, Writer

Pair = tuple[V, V]
RADICES = (8, 4, 2, 3, 5, 7, 11, 13)
ROOM = 16  # vectors of a buffer beyond those of a line, which the last group may write to


def smooth(n: int) -> int:
    """The least length from `n` on without prime factors above 5.

    Example:
        >>> smooth(1), smooth(2017), smooth(1000)
        (1, 2025, 1000)
    """
    while True:
        rest = n
        for p in (2, 3, 5):
            while rest % p == 0:
                rest //= p
        if rest == 1:
            return n
        n += 1


def factors(n: int) -> list[int] | None:
    """The radices of the passes for lines of a length, None where a prime factor is too large."""
    found = []
    for r in RADICES:
        while n % r == 0:
            found.append(r)
            n //= r
    return found if n == 1 else None


class Kernel(Text):
    """A function over addresses and integers."""

    asks = False

    def __init__(self, w: Writer, type_: str) -> None:
        super().__init__()
        self.type, self.lanes = type_, w.vector_bytes * 8 // BITS[type_]
        self.vector = f"<{self.lanes} x {type_}>"
        self.size = BITS[type_] // 8

    def get(self, base: V, index: V, by: int = 0) -> V:
        """A vector of a buffer."""
        where = self.define(f"getelementptr {self.vector}, {base!r}, {index!r}", "ptr", 1, 0)
        where = where if not by else self.define(f"getelementptr {self.vector}, {where!r}, i64 {by}", "ptr", 1, 0)
        return self.define(f"load {self.vector}, {where!r}, align {self.size}", self.type, self.lanes, 0)

    def put(self, base: V, index: V, value: V, by: int = 0) -> None:
        where = self.define(f"getelementptr {self.vector}, {base!r}, {index!r}", "ptr", 1, 0)
        where = where if not by else self.define(f"getelementptr {self.vector}, {where!r}, i64 {by}", "ptr", 1, 0)
        self.raw(f"  store {value!r}, {where!r}, align {self.size}")

    def pair(self, base: V, k: V) -> Pair:
        at = self.scaled(k, 2)
        return self.get(base, at), self.get(base, at, 1)

    def put_pair(self, base: V, k: V, x: Pair) -> None:
        at = self.scaled(k, 2)
        self.put(base, at, x[0])
        self.put(base, at, x[1], 1)

    def number(self, base: V, k: V, by: int = 0) -> V:
        """A number of a table, in every lane."""
        where = self.define(f"getelementptr {self.type}, {base!r}, {k!r}", "ptr", 1, 0)
        where = where if not by else self.define(f"getelementptr {self.type}, {where!r}, i64 {by}", "ptr", 1, 0)
        return self.define(f"load {self.type}, {where!r}, align {self.size}", self.type, 1, 0)

    def root(self, table: V, k: V) -> Pair:
        """A complex number of a table, in every lane."""
        at = self.scaled(k, 2)
        return self.splat(self.number(table, at), self.lanes), self.splat(self.number(table, at, 1), self.lanes)

    def times(self, x: Pair, w: Pair) -> Pair:
        """The product of complex numbers."""
        (a, b), (c, d) = x, w
        return self.fma(a, c, self.fneg(self.fmul(b, d))), self.fma(a, d, self.fmul(b, c))

    def plus(self, x: Pair, y: Pair) -> Pair:
        return self.fadd(x[0], y[0]), self.fadd(x[1], y[1])

    def minus(self, x: Pair, y: Pair) -> Pair:
        return self.fsub(x[0], y[0]), self.fsub(x[1], y[1])

    def line(self, row: V, at: V, mask: V | None) -> V:
        """A vector of numbers of a line, those of a mask."""
        where = self.define(f"getelementptr {self.type}, {row!r}, {at!r}", "ptr", 1, 0)
        if mask is None:
            return self.define(f"load {self.vector}, {where!r}, align {self.size}", self.type, self.lanes, 0)
        return self.masked_load(where, self.type, self.lanes, mask)

    def put_line(self, row: V, at: V, value: V, mask: V | None) -> None:
        where = self.define(f"getelementptr {self.type}, {row!r}, {at!r}", "ptr", 1, 0)
        if mask is None:
            self.raw(f"  store {value!r}, {where!r}, align {self.size}")
        else:
            self.masked_store(value, where, mask)

    def below(self, count: V, first: int = 0) -> V:
        """The lanes whose number, from `first` on, is below a count."""
        numbers = self.lanes_constant(range(first, first + self.lanes), "i64")
        return self.icmp("slt", numbers, self.splat(count, self.lanes))

    def turned(self, rows: Sequence[V]) -> list[V]:
        """The transpose of as many vectors as there are lanes: halves interleaved, as often as the number has bits."""
        n, rows = self.lanes, list(rows)
        low = [k // 2 + (n if k % 2 else 0) for k in range(n)]
        high = [i + n // 2 for i in low]
        step = n
        while step > 1:
            pairs = list(zip(rows[: n // 2], rows[n // 2 :], strict=True))
            rows = [self.shuffle(a, order, b) for a, b in pairs for order in (low, high)]
            step //= 2
        return rows

    def end(self, w: Writer, name: str, parameters: Sequence[V]) -> str:
        body = "\n".join(self.regions[0].lines)
        head = f"define internal void @{name}({', '.join(map(repr, parameters))}) #0"
        w.functions[name] = f"{head} {{\nentry:\n{body}\n  ret void\n}}"
        w.declarations.update(self.declarations)
        return name


def pointer(name: str) -> V:
    return V(f"%{name}", "ptr", 1, 0)


def integer(name: str) -> V:
    return V(f"%{name}", "i64", 1, 0)


def written(make: Callable[..., list[V]]) -> Callable[..., str]:
    """A function of the module by its name, type and what its body is told; `make` writes it and gives the parameters."""

    def named(w: Writer, type_: str, *told: Any) -> str:
        name = "_".join(["fourier", make.__name__, type_, *map(str, map(int, told))])
        if name not in w.functions:
            k = Kernel(w, type_)
            parameters = make(k, *told)
            k.end(w, name, parameters)
        return name

    return named


X, Y, TABLE, N = pointer("x"), pointer("y"), pointer("table"), integer("n")


# --- butterflies ----------------------------------------------------------------------------------------------------


def transformed(k: Kernel, a: Sequence[Pair]) -> list[Pair]:
    """The Fourier transform of a few numbers."""
    r = len(a)
    if r == 2:
        return [k.plus(a[0], a[1]), k.minus(a[0], a[1])]
    if r % 2:
        return _odd(k, a)
    even, odd = transformed(k, a[::2]), transformed(k, a[1::2])
    odd = [_rooted(k, x, i, r) for i, x in enumerate(odd)]
    pairs = list(zip(even, odd, strict=True))
    return [*[k.plus(x, y) for x, y in pairs], *[k.minus(x, y) for x, y in pairs]]


def _rooted(k: Kernel, x: Pair, i: int, r: int) -> Pair:
    """A number times ``exp(-2 pi i / r)``, r a power of two up to 8, before it is added and subtracted."""
    re, im = x
    turn = 8 * i // r
    if turn == 0:
        return x
    if turn == 2:
        return im, k.fneg(re)
    half = k.const(math.sqrt(0.5), re)
    if turn == 1:
        return k.fmul(k.fadd(re, im), half), k.fmul(k.fsub(im, re), half)
    return k.fmul(k.fsub(im, re), half), k.fneg(k.fmul(k.fadd(re, im), half))


def _odd(k: Kernel, a: Sequence[Pair]) -> list[Pair]:
    """Of an odd number of numbers: sums of the first and last ones with cosines, differences with sines."""
    p, half = len(a), len(a) // 2
    sums = [k.plus(a[j], a[p - j]) for j in range(1, half + 1)]
    differences = [k.minus(a[j], a[p - j]) for j in range(1, half + 1)]
    total = a[0]
    for s in sums:
        total = k.plus(total, s)
    found: list[Any] = [total] + [None] * (p - 1)
    for m in range(1, half + 1):
        even: list[Any] = list(a[0])
        odd: list[Any] = [None, None]
        for j, (s, d) in enumerate(zip(sums, differences, strict=True), 1):
            angle = 2 * math.pi * (j * m % p) / p
            for part in (0, 1):
                cosine, sine = k.const(math.cos(angle), s[0]), k.const(math.sin(angle), s[0])
                even[part] = k.fma(s[part], cosine, even[part])
                term = odd[part]
                odd[part] = k.fmul(d[part], sine) if term is None else k.fma(d[part], sine, term)
        re, im = odd
        found[m] = (k.fadd(even[0], im), k.fsub(even[1], re))
        found[p - m] = (k.fsub(even[0], im), k.fadd(even[1], re))
    return found


@written
def step(k: Kernel, radix: int, last: bool) -> list[V]:
    """A pass: `m` groups of `s` butterflies, the results of a group times its roots of unity; the last has one group of ones."""
    m, s = integer("m"), integer("s")
    apart = k.imul(m, s)

    def butterflies(p: V, roots: list[Pair]) -> None:
        first, to = k.imul(s, p), k.imul(k.imul(s, p), k.int(radix))
        with k.tight(s) as loop:
            q = loop.index
            here = k.iadd(first, q)
            a = []
            for j in range(radix):
                a.append(k.pair(X, here))
                here = k.iadd(here, apart) if j < radix - 1 else here
            b = transformed(k, a)
            there = k.iadd(to, q)
            for j in range(radix):
                k.put_pair(Y, there, b[j] if not roots or j == 0 else k.times(b[j], roots[j - 1]))
                there = k.iadd(there, s) if j < radix - 1 else there

    if last:
        butterflies(k.int(0), [])
    else:
        with k.loop(m) as loop:
            at = k.imul(loop.index, k.int(radix - 1))
            butterflies(loop.index, [k.root(TABLE, k.iadd(at, k.int(j))) for j in range(radix - 1)])
    return [X, Y, TABLE, m, s]


# --- lines into lanes and back -----------------------------------------------------------------------------------------


def _rows(k: Kernel) -> list[V]:
    rows = []
    for i in range(k.lanes):
        slot = k.define(f"getelementptr ptr, ptr %rows, i64 {i}", "ptr", 1, 0)
        rows.append(k.define(f"load ptr, {slot!r}", "ptr", 1, 0))
    return rows


def _groups(k: Kernel, group: Callable[[V, V | None], None]) -> None:
    """Groups of as many numbers of a line as there are lanes, and a last one that is masked."""
    whole = k.and_(N, k.int(-k.lanes))
    with k.loop(whole, step=k.lanes) as loop:
        group(loop.index, None)
    with k.when(k.icmp("slt", whole, N)):
        group(whole, k.below(k.isub(N, whole)))


@written
def read(k: Kernel, swapped: bool) -> list[V]:
    """`n` real numbers of each row into vectors; `swapped`: neighbours change places."""
    rows = _rows(k)

    def group(at: V, mask: V | None) -> None:
        for j, v in enumerate(k.turned([k.line(row, at, mask) for row in rows])):
            k.put(Y, at, v, j ^ swapped)

    _groups(k, group)
    return [pointer("rows"), Y, N]


@written
def write(k: Kernel, swapped: bool) -> list[V]:
    """The same way back, times a factor."""
    rows, factor = _rows(k), V("%factor", k.type, 1, 0)

    def group(at: V, mask: V | None) -> None:
        scale = k.splat(factor, k.lanes)
        values = [k.fmul(k.get(X, at, j ^ swapped), scale) for j in range(k.lanes)]
        for row, v in zip(rows, k.turned(values), strict=True):
            k.put_line(row, at, v, mask)

    _groups(k, group)
    return [pointer("rows"), X, N, factor]


@written
def read_columns(k: Kernel, swapped: bool) -> list[V]:
    """`n` complex numbers of neighbouring lines, `count` of which there are; numbers of a line are `apart` real ones apart."""
    apart, count = integer("apart"), k.shl(integer("count"), k.int(1))
    low, high = k.below(count), k.below(count, k.lanes)
    with k.loop(N) as loop:
        at = k.imul(loop.index, apart)
        a, b = k.line(X, at, low), k.line(X, k.iadd(at, k.int(k.lanes)), high)
        parts = [k.shuffle(a, range(i, 2 * k.lanes, 2), b) for i in (0, 1)]
        k.put_pair(Y, loop.index, (parts[swapped], parts[1 - swapped]))
    return [X, Y, N, apart, integer("count")]


@written
def write_columns(k: Kernel, swapped: bool) -> list[V]:
    """The same way back, times a factor."""
    apart, count, factor = integer("apart"), k.shl(integer("count"), k.int(1)), V("%factor", k.type, 1, 0)
    low, high = k.below(count), k.below(count, k.lanes)
    scale = k.splat(factor, k.lanes)
    n = k.lanes
    with k.loop(N) as loop:
        at = k.imul(loop.index, apart)
        parts = k.pair(X, loop.index)
        re, im = (k.fmul(parts[swapped ^ i], scale) for i in (0, 1))
        for mask, half in ((low, 0), (high, 1)):
            order = [half * n // 2 + i // 2 + (n if i % 2 else 0) for i in range(n)]
            k.put_line(Y, k.iadd(at, k.int(half * n)), k.shuffle(re, order, im), mask)
    return [X, Y, N, apart, integer("count"), factor]


# --- real signals ---------------------------------------------------------------------------------------------------


@written
def split(k: Kernel) -> list[V]:
    """Of the transform of ``x[2 j] + i x[2 j + 1]``, `n` numbers, that of x, ``n + 1`` numbers, all times 2."""
    re, im = k.pair(X, k.int(0))
    zero = k.const(0.0, re)
    two = k.const(2.0, re)
    k.put_pair(Y, k.int(0), (k.fmul(k.fadd(re, im), two), zero))
    k.put_pair(Y, N, (k.fmul(k.fsub(re, im), two), zero))
    with k.loop(k.iadd(k.lshr(N, k.int(1)), k.int(1)), first=1) as loop:
        i, other = loop.index, k.isub(N, loop.index)
        a, (c, d) = k.pair(X, i), k.pair(X, other)
        b = (c, k.fneg(d))
        e, (s, t) = k.plus(a, b), k.minus(a, b)
        o = k.times((t, k.fneg(s)), k.root(TABLE, i))
        re, im = k.minus(e, o)
        k.put_pair(Y, i, k.plus(e, o))
        k.put_pair(Y, other, (re, k.fneg(im)))
    return [X, Y, TABLE, N]


@written
def joined(k: Kernel) -> list[V]:
    """The way back from ``n + 1`` numbers, times 2, with parts that have changed places for an inverse transform."""
    (a, _), (b, _) = k.pair(X, k.int(0)), k.pair(X, N)
    k.put_pair(Y, k.int(0), (k.fsub(a, b), k.fadd(a, b)))
    with k.loop(k.iadd(k.lshr(N, k.int(1)), k.int(1)), first=1) as loop:
        i, other = loop.index, k.isub(N, loop.index)
        a, (c, d) = k.pair(X, i), k.pair(X, other)
        b = (c, k.fneg(d))
        w, v = k.root(TABLE, i)
        (re, im), (s, t) = k.plus(a, b), k.times(k.minus(a, b), (w, k.fneg(v)))
        k.put_pair(Y, i, (k.fadd(im, s), k.fsub(re, t)))
        k.put_pair(Y, other, (k.fsub(s, im), k.fadd(re, t)))
    return [X, Y, TABLE, N]


@written
def widened(k: Kernel) -> list[V]:
    """Real numbers as complex ones."""
    with k.loop(N) as loop:
        x = k.get(X, loop.index)
        k.put_pair(Y, loop.index, (x, k.const(0.0, x)))
    return [X, Y, N]


@written
def mirrored(k: Kernel) -> list[V]:
    """The ``2 n - 1`` numbers of which `n` are the first and the others are their conjugates, parts having changed places."""
    re, _ = k.pair(X, k.int(0))
    k.put_pair(Y, k.int(0), (k.const(0.0, re), re))
    with k.loop(N, first=1) as loop:
        re, im = k.pair(X, loop.index)
        k.put_pair(Y, loop.index, (im, re))
        k.put_pair(Y, k.isub(k.isub(k.scaled(N, 2), k.int(1)), loop.index), (k.fneg(im), re))
    return [X, Y, N]


@written
def narrowed(k: Kernel) -> list[V]:
    """The real parts, of numbers whose parts have changed places."""
    with k.loop(N) as loop:
        k.put(Y, loop.index, k.pair(X, loop.index)[1])
    return [X, Y, N]


# --- lengths with large prime factors ----------------------------------------------------------------------------------


@written
def chirped(k: Kernel) -> list[V]:
    """`n` numbers times those of a table, and zeros up to `m`."""
    m = integer("m")
    with k.loop(N) as loop:
        k.put_pair(Y, loop.index, k.times(k.pair(X, loop.index), k.root(TABLE, loop.index)))
    zero = k.constant(0.0, k.type, k.lanes)
    with k.loop(m, first=N) as loop:
        k.put_pair(Y, loop.index, (zero, zero))
    return [X, Y, TABLE, N, m]


@written
def weighted(k: Kernel, before: bool, after: bool) -> list[V]:
    """`n` numbers times those of a table; parts change places before or after."""
    with k.loop(N) as loop:
        re, im = k.pair(X, loop.index)
        re, im = k.times((im, re) if before else (re, im), k.root(TABLE, loop.index))
        k.put_pair(Y, loop.index, (im, re) if after else (re, im))
    return [X, Y, TABLE, N]


# --- long lines -----------------------------------------------------------------------------------------------------


@written
def twisted(k: Kernel) -> list[V]:
    """Block `b` of columns, transformed, times ``w**(i (lanes b + lane))`` into rows of `blocks` blocks.

    The root is that of the lane, by a table of vectors, times one of all lanes, which two tables give: ``(i b) // 64`` and the rest.
    """
    block, blocks, lane, high, low = integer("block"), integer("blocks"), *map(pointer, ("lane", "high", "low"))
    with k.loop(N) as loop:
        i = loop.index
        e = k.imul(i, block)
        one, two = k.lshr(e, k.int(6)), k.and_(e, k.int(63))
        a, b = ([k.number(t, k.scaled(j, 2), part) for part in (0, 1)] for t, j in ((high, one), (low, two)))
        scalar = k.times((a[0], a[1]), (b[0], b[1]))
        both = k.splat(scalar[0], k.lanes), k.splat(scalar[1], k.lanes)
        x = k.times(k.pair(X, i), k.times(k.pair(lane, i), both))
        k.put_pair(Y, k.iadd(k.imul(i, blocks), block), x)
    return [X, Y, N, block, blocks, lane, high, low]


@written
def gathered(k: Kernel) -> list[V]:
    """Blocks of as many rows as there are lanes, each of `n` blocks, a row into each lane."""
    apart = k.scaled(N, 2)
    with k.loop(N) as loop:
        at = k.scaled(loop.index, 2)
        for part in (0, 1):
            places = [k.iadd(k.imul(apart, k.int(r)), at) for r in range(k.lanes)]
            for j, v in enumerate(k.turned([k.get(X, p, part) for p in places])):
                k.put(Y, k.imul(at, k.int(k.lanes)), v, 2 * j + part)
    return [X, Y, N]


__all__ = ["ROOM", "factors", "smooth"]
