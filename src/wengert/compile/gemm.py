"""Products of matrices that are too small for a library call, or of integers: register tiles over rows and columns, in LLVM IR.

A tile of the result is held in vector registers while the contracted axis is walked once: one row of `y` is loaded, and
each element of `x` is multiplied into it. Tiles at the edges overlap those before them. The columns of `y` that a tile needs
are packed where `y` is larger than the nearest caches, whose lines rows a power of two apart would share. K. Goto, R. van de
Geijn, "Anatomy of high-performance matrix multiplication", 2008, section 4.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

from . import allocation
from .emitter import BITS, FLOATS, literal_text
from .products import Product
from .rewrites import on

LINE = 64  # bytes that memory is fetched in
AHEAD = 16  # steps from a row that is read to the one that is fetched with it
PACKED = 1 << 19  # bytes of the second factor from which its columns are packed
PAGE = 4096
CACHE = 1 << 18  # bytes that the nearest caches hold
LOAD = 1.3  # what a load takes beside a product of vectors, measured
CHAINS = 8  # sums of a tile that keep a processor busy


def tile(m: int, n: int, bits: int, vector_bytes: int) -> tuple[int, int, int]:
    """Rows, vectors in a row, and lanes of a vector of the tile for an ``m`` by ``n`` result.

    Of 32 registers 24 hold the tile, of 16 registers 8 do.
    """
    lanes = vector_bytes * 8 // bits
    while lanes > n:
        lanes //= 2
    wide = vector_bytes == 64
    return *tiled(m, -(-n // lanes), 3 if wide else 2, 24 if wide else 8, 16 if wide else 8, LOAD, CHAINS), lanes


@lru_cache(maxsize=256)
def tiled(m: int, across: int, widest: int, registers: int, tallest: int, load: float, chains: int) -> tuple[int, int]:
    """Rows and vectors of the tile that takes the least time for a result of `m` rows of `across` vectors.

    What tiles at the edges have in common with their neighbours is computed twice. In a step a tile loads its vectors and a number for each
    row, and has a product for each of both. Processors do two of either at a time, of loads somewhat less, and a sum waits four times
    as long for the one before. Of equal times fewer loads are better.

    Args:
        widest: the most vectors. registers: those that hold a tile. tallest: the most rows of one vector. load, chains: `LOAD`, `CHAINS`.
    """

    def time(shape: tuple[int, int]) -> float:
        rows, vectors = shape
        count = -(-m // rows) * -(-across // vectors)
        return count * (max(rows * vectors, load * (rows + vectors), chains) + 0.1 * (rows + vectors))

    shapes = [(even(m, min(registers // v, tallest)), v) for v in range(widest, 0, -1)]
    return min(shapes, key=time)


def even(length: int, most: int) -> int:
    """The length of equal parts, of which as few as possible make up a length."""
    return -(-length // -(-length // most))


def packs(p: Product, type_: str) -> bool:
    """Whether the columns of `y` for a tile are copied, so that they lie together."""
    align = BITS[type_] // 8
    return p.k * p.y_steps.row * align > PACKED and p.y_steps.row * align >= PAGE // 4 and p.m >= 16


def _packing(vector: str, type_: str, row: int, k: int, width: int, places: list[int]) -> list[str]:
    """The columns that a tile needs, copied to ``%room`` if there is any; they begin at ``%y.start`` then."""
    align = BITS[type_] // 8
    lines = [
        "  br i1 %packs, label %pack, label %pack.end",
        "pack:",
        "  %q = phi i64 [ 0, %columns ], [ %q.next, %pack ]",
        f"  %q.from.o = mul i64 %q, {row}",
        f"  %q.to.o = mul i64 %q, {width}",
        f"  %q.from = getelementptr {type_}, ptr %y.columns, i64 %q.from.o",
        f"  %q.to = getelementptr {type_}, ptr %room, i64 %q.to.o",
    ]
    for v, place in enumerate(places):
        lines += [
            f"  %q.from{v} = getelementptr {type_}, ptr %q.from, i64 {place}",
            f"  %q.to{v} = getelementptr {type_}, ptr %q.to, i64 {place}",
            f"  %q{v} = load {vector}, ptr %q.from{v}, align {align}",
            f"  store {vector} %q{v}, ptr %q.to{v}, align {align}",
        ]
    return [
        *lines,
        "  %q.next = add nuw nsw i64 %q, 1",
        f"  %q.more = icmp ult i64 %q.next, {k}",
        "  br i1 %q.more, label %pack, label %pack.end",
        "pack.end:",
        "  %y.start = select i1 %packs, ptr %room, ptr %y.columns",
    ]


def _instructions(type_: str) -> tuple[str, str]:
    """Those of a product and of a sum; of floating point they are fused where a rewrite is on."""
    kind = "f" if type_ in FLOATS else ""
    fused = " contract" if kind else ""
    return f"{kind}mul{fused}", f"{kind}add{fused if on('product_sums') or on('contraction') else ''}"


def _fetches(name: str, step: int, span: int, k: int) -> list[str]:
    """Ask for what is read some steps on: a processor does not see by itself that memory is walked in steps.

    Args:
        step, span: the bytes from one step to the next one, and those read in it.
    """
    if step <= 2 * LINE or step * k <= CACHE:
        return []
    lines = []
    for part in range(0, span, LINE):
        lines.append(f"  %{name}.ahead{part} = getelementptr i8, ptr %{name}.p, i64 {step * AHEAD + part}")
        lines.append(f"  call void @llvm.prefetch.p0(ptr %{name}.ahead{part}, i32 0, i32 3, i32 1)")
    return lines


def gemm(type_: str, p: Product, vector_bytes: int) -> str:
    """The function ``@NAME(x, y, out)`` for the matrices of a product; the columns of `y` and `out` are neighbours."""
    m, n, k = p.m, p.n, p.k
    rows, vectors, lanes = tile(m, n, BITS[type_], vector_bytes)
    vector = f"<{lanes} x {type_}>" if lanes > 1 else type_
    align = BITS[type_] // 8
    width = vectors * lanes
    places = [min(v * lanes, n - lanes) for v in range(vectors)]  # in a tile that is wider than the result
    across, along = p.x_steps.row, p.x_steps.column
    lines: list[str] = []
    put = lines.append
    zero = literal_text(type_, 0)
    start = f"splat ({type_} {zero})" if lanes > 1 else zero

    def clipped(name: str, counter: str, length: int, size: int) -> None:
        """The start of a tile, moved back where it would reach over the edge."""
        if length % size == 0 or length < size:
            put(f"{name} = add i64 {counter}, 0")
        else:
            put(f"{name} = call i64 @llvm.smin.i64(i64 {counter}, i64 {length - size})")

    element = f"getelementptr {type_}, ptr"
    packed = packs(p, type_)
    if packed:  # without memory for it the columns are read where they lie
        put(f"%room = call ptr @{allocation.NAME}(ptr null, i64 {k * width * align})")
        put("%packs = icmp ne ptr %room, null")
        put(f"%y.row = select i1 %packs, i64 {width}, i64 {p.y_steps.row}")
    put("br label %columns")
    lines.append("columns:")
    put("%j = phi i64 [ 0, %entry ], [ %j.next, %columns.end ]")
    clipped("%j0", "%j", n, width)
    put(f"{'%y.columns' if packed else '%y.start'} = {element} %y, i64 %j0")
    if packed:
        lines += _packing(vector, type_, p.y_steps.row, k, width, places)
    put("br label %tiles")
    lines.append("tiles:")
    put("br label %rows")
    lines.append("rows:")
    put("%i = phi i64 [ 0, %tiles ], [ %i.next, %rows.end ]")
    clipped("%i0", "%i", m, rows)
    put(f"%x.o = mul i64 %i0, {across}")
    put(f"%x.start = {element} %x, i64 %x.o")
    put("br label %inner")
    lines.append("inner:")  # one pointer into each factor, from which all places are a constant away
    put("%l = phi i64 [ 0, %rows ], [ %l.next, %inner ]")
    put("%x.p = phi ptr [ %x.start, %rows ], [ %x.next, %inner ]")
    put("%y.p = phi ptr [ %y.start, %rows ], [ %y.next, %inner ]")
    tiles = list(itertools.product(range(rows), range(vectors)))
    for r, v in tiles:
        put(f"%c{r}.{v} = phi {vector} [ {start}, %rows ], [ %n{r}.{v}, %inner ]")
    for v in range(vectors):
        put(f"%y{v}.p = {element} %y.p, i64 {places[v]}")
        put(f"%y{v} = load {vector}, ptr %y{v}.p, align {align}")
    multiply, add = _instructions(type_)
    for r in range(rows):
        put(f"%x{r}.p = {element} %x.p, i64 {r * across}")
        put(f"%x{r} = load {type_}, ptr %x{r}.p, align {align}")
        if lanes > 1:
            put(f"%x{r}.1 = insertelement {vector} poison, {type_} %x{r}, i32 0")
            put(f"%x{r}.v = shufflevector {vector} %x{r}.1, {vector} poison, <{lanes} x i32> zeroinitializer")
        for v in range(vectors):
            put(f"%p{r}.{v} = {multiply} {vector} %x{r}{'.v' if lanes > 1 else ''}, %y{v}")
            put(f"%n{r}.{v} = {add} {vector} %c{r}.{v}, %p{r}.{v}")
    if across == 1:
        lines += _fetches("x", along * align, rows * align, k)
    if not packed:
        lines += _fetches("y", p.y_steps.row * align, width * align, k)
    put(f"%x.next = {element} %x.p, i64 {along}")
    put(f"%y.next = {element} %y.p, i64 {'%y.row' if packed else p.y_steps.row}")
    put("%l.next = add nuw nsw i64 %l, 1")
    put(f"%l.more = icmp ult i64 %l.next, {k}")
    put("br i1 %l.more, label %inner, label %store")
    lines.append("store:")
    put(f"%o = mul i64 %i0, {p.steps.row}")
    put("%o.j = add i64 %o, %j0")
    put(f"%o.p = {element} %out, i64 %o.j")
    for r, v in tiles:
        put(f"%o{r}.{v} = {element} %o.p, i64 {r * p.steps.row + places[v]}")
        put(f"store {vector} %n{r}.{v}, ptr %o{r}.{v}, align {align}")
    put("br label %rows.end")
    lines.append("rows.end:")
    put(f"%i.next = add nuw nsw i64 %i, {rows}")
    put(f"%i.more = icmp ult i64 %i.next, {m}")
    put("br i1 %i.more, label %rows, label %columns.end")
    lines.append("columns.end:")
    put(f"%j.next = add nuw nsw i64 %j, {width}")
    put(f"%j.more = icmp ult i64 %j.next, {n}")
    put("br i1 %j.more, label %columns, label %done")
    lines.append("done:")
    if packed:
        put("call void @free(ptr %room)")
    put("ret void")
    head = "define internal void @NAME(ptr noalias %x, ptr noalias %y, ptr noalias %out) #0 {\nentry:\n"
    return head + "\n".join([x if x[-1] == ":" or x[0] == " " else f"  {x}" for x in lines]) + "\n}\n"
