"""Products of matrices that are too small for a library call: register tiles over rows and columns, in LLVM IR.

A tile of the result is held in vector registers while the contracted axis is walked once: one row of `y` is loaded, and
each element of `x` is multiplied into it. Tiles at the edges overlap those before them. K. Goto, R. van de Geijn,
"Anatomy of high-performance matrix multiplication", 2008, section 4, without the packing, for matrices that fit the
cache as they are.
"""

from __future__ import annotations

from .emitter import BITS, literal_text

ROWS = 8  # of a tile, with 16 vector registers left for loads where there are 32


def tile(m: int, n: int, bits: int, vector_bytes: int) -> tuple[int, int, int]:
    """Rows, vectors in a row, and lanes of a vector of the tile for an ``m`` by ``n`` result."""
    lanes = vector_bytes * 8 // bits
    while lanes > n:
        lanes //= 2
    vectors = min(3 if vector_bytes == 64 else 2, -(-n // lanes))
    rows = min(ROWS if vector_bytes == 64 else 4, m)
    return rows, vectors, lanes


def gemm(type_: str, m: int, n: int, k: int, turn_x: bool, vector_bytes: int) -> str:
    """The function ``@NAME(x, y, out)``, with `x` of shape ``(m, k)`` (or ``(k, m)``) and `y` of shape ``(k, n)``."""
    rows, vectors, lanes = tile(m, n, BITS[type_], vector_bytes)
    vector = f"<{lanes} x {type_}>" if lanes > 1 else type_
    align = BITS[type_] // 8
    width = vectors * lanes
    lines: list[str] = []
    zero = literal_text(type_, 0.0)
    start = f"splat ({type_} {zero})" if lanes > 1 else zero

    def put(line: str) -> None:
        lines.append("  " + line)

    def clipped(name: str, counter: str, length: int, size: int, limit: int) -> None:
        """The start of a tile, moved back where it would reach over the edge."""
        if length % size == 0:
            put(f"{name} = add i64 {counter}, 0")
        else:
            put(f"{name} = call i64 @llvm.smin.i64(i64 {counter}, i64 {limit})")

    put("br label %columns")
    lines.append("columns:")
    put("%j = phi i64 [ 0, %entry ], [ %j.next, %columns.end ]")
    for v in range(vectors):
        put(f"%j{v}.raw = add i64 %j, {v * lanes}")
        clipped(f"%j{v}", f"%j{v}.raw", n, width, n - lanes)
    put("br label %rows")
    lines.append("rows:")
    put("%i = phi i64 [ 0, %columns ], [ %i.next, %rows.end ]")
    clipped("%i0", "%i", m, rows, m - rows)
    for r in range(rows):
        put(f"%row{r} = add i64 %i0, {r}")
        put(f"%x{r}.o = mul i64 %row{r}, {1 if turn_x else k}")
        put(f"%x{r}.p = getelementptr {type_}, ptr %x, i64 %x{r}.o")
    put("br label %inner")
    lines.append("inner:")
    put("%l = phi i64 [ 0, %rows ], [ %l.next, %inner ]")
    for r in range(rows):
        for v in range(vectors):
            put(f"%c{r}.{v} = phi {vector} [ {start}, %rows ], [ %n{r}.{v}, %inner ]")
    put(f"%y.o = mul i64 %l, {n}")
    for v in range(vectors):
        put(f"%y{v}.o = add i64 %y.o, %j{v}")
        put(f"%y{v}.p = getelementptr {type_}, ptr %y, i64 %y{v}.o")
        put(f"%y{v} = load {vector}, ptr %y{v}.p, align {align}")
    if turn_x:
        put(f"%xl = mul i64 %l, {m}")
    for r in range(rows):
        put(f"%x{r}.q = getelementptr {type_}, ptr %x{r}.p, i64 {'%xl' if turn_x else '%l'}")
        put(f"%x{r} = load {type_}, ptr %x{r}.q, align {align}")
        if lanes > 1:
            put(f"%x{r}.1 = insertelement {vector} poison, {type_} %x{r}, i32 0")
            put(f"%x{r}.v = shufflevector {vector} %x{r}.1, {vector} poison, <{lanes} x i32> zeroinitializer")
        for v in range(vectors):
            put(f"%p{r}.{v} = fmul contract {vector} %x{r}{'.v' if lanes > 1 else ''}, %y{v}")
            put(f"%n{r}.{v} = fadd contract {vector} %c{r}.{v}, %p{r}.{v}")
    put("%l.next = add nuw nsw i64 %l, 1")
    put(f"%l.more = icmp ult i64 %l.next, {k}")
    put("br i1 %l.more, label %inner, label %store")
    lines.append("store:")
    for r in range(rows):
        put(f"%o{r} = mul i64 %row{r}, {n}")
        for v in range(vectors):
            put(f"%o{r}.{v} = add i64 %o{r}, %j{v}")
            put(f"%p{r}.{v}.p = getelementptr {type_}, ptr %out, i64 %o{r}.{v}")
            put(f"store {vector} %n{r}.{v}, ptr %p{r}.{v}.p, align {align}")
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
    put("ret void")
    head = "define internal void @NAME(ptr noalias %x, ptr noalias %y, ptr noalias %out) #0 {\nentry:\n"
    return head + "\n".join(lines) + "\n}\n"
