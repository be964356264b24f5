"""Large products of matrices: blocks of both factors are packed for the caches, and register tiles run over them, in LLVM IR.

The rows of the result come in blocks, which threads of the library's own pool share. For a block, and so many contracted places
at a time, a function packs the block of `x` as tiles of rows, which stay in the second cache, and the columns of `y` that one
tile of the result has, which stay in the first; either factor may lie transposed. Sums over later places are added to the
result. A block's bits do not depend on who computes it. K. Goto, R. van de Geijn, "Anatomy of high-performance matrix
multiplication", 2008; F. Van Zee, R. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS functionality", 2015.

A library would do the same with threads of its own, which look for work long after a product and slow down whatever comes next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import allocation, cache, gemm
from .emitter import BITS, FLOATS, V
from .products import Product
from .rewrites import on
from .serial.writer import Array, Text, memory_type
from .shuffles import interleaved

PLACES = 256  # contracted places at a time
ROWS = 128  # of a block, about
COLUMNS = 1024  # of a block, about, where there is one block of rows
LONG = 1024  # rows from which a block has twice as many
SMALLEST = 32  # rows and contracted places from which packing pays


def tile(m: int, n: int, bits: int, vector_bytes: int) -> tuple[int, int]:
    """Rows and vectors of a tile of the result: of 32 registers 24 hold it, of 16 registers 12."""
    most, registers = (3, 24) if vector_bytes == 64 else (2, 12)
    return gemm.tiled(m, -(-n * bits // 8 // vector_bytes), most, registers, registers, gemm.LOAD, gemm.CHAINS)


def takes(p: Product, type_: str, vector_bytes: int) -> bool:
    """Whether a product is computed so, and not by a library."""
    if type_ not in FLOATS or vector_bytes < 32 or min(p.m, p.k) < SMALLEST:
        return False
    lies = 1 in (p.x_steps.row, p.x_steps.column) and 1 in (p.y_steps.row, p.y_steps.column)
    rows, vectors = tile(p.m, p.n, BITS[type_], vector_bytes)
    return lies and p.m >= rows and p.n >= vectors * vector_bytes * 8 // BITS[type_]


def computed_by(p: Product) -> str:
    """How a product is computed on this machine, in words."""
    from .engine import vector_bytes  # LLVM, which who looks at a Product may not need

    if not p.library:
        return "register tiles"
    type_ = {"f": "float", "d": "double"}.get(p.eqn.outputs[0].aval.dtype.char, "")
    return "packed blocks" if takes(p, type_, vector_bytes()) else "BLAS"


def blocks(p: Product, type_: str, vector_bytes: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many blocks of rows there are, and the rows of all but the last one; the same of columns, where rows are few.

    The last block has at least a tile's rows or columns.
    """
    rows, vectors = tile(p.m, p.n, BITS[type_], vector_bytes)
    found = _parts(p.m, rows, ROWS if p.m < LONG else 2 * ROWS)
    width = vectors * vector_bytes * 8 // BITS[type_]
    return found, _parts(p.n, width, COLUMNS) if found[0] == 1 else (1, p.n)


def _parts(length: int, unit: int, most: int) -> tuple[int, int]:
    """Parts of about `most`, an even number of them if there are several: how many, and the length of all but the last one."""
    units = -(-length // unit)
    each = -(-units // max(1, 2 * round(length / most / 2))) * unit
    count = -(-length // each)
    return (count - 1 if count > 1 and length - (count - 1) * each < unit else count), each


# What a function is called with: the addresses of a block's factors and result, its rows and columns, all contracted places and how
# many of them at a time, the steps from a row to the next one in memory.
ARGUMENTS = (
    "ptr x",
    "ptr y",
    "ptr out",
    "i64 m",
    "i64 n",
    "i64 k",
    "i64 places",
    "i64 x.row",
    "i64 y.row",
    "i64 out.row",
)
PREFIX = "wengert.packed."


def symbol(p: Product, type_: str, vector_bytes: int) -> str:
    """The name of the function for a product: by type, tile, width of vectors, which factors lie transposed, rewrites."""
    rows, vectors = tile(p.m, p.n, BITS[type_], vector_bytes)
    turned = "".join("nt"[steps.column != 1] for steps in (p.x_steps, p.y_steps))
    fused = "fused" if on("product_sums") or on("contraction") else "apart"
    return f"{PREFIX}{type_}.{rows}.{vectors}.{vector_bytes}.{turned}.{fused}"


def declaration(name: str) -> str:
    return f"declare void @{name}({', '.join(a.split()[0] for a in ARGUMENTS)})"


def call_of(p: Product, name: str, x: str, y: str, out: str, m: str, n: str) -> str:
    """The call for a block at some addresses, of so many rows and columns."""
    places = -(-p.k // -(-p.k // PLACES))  # equal parts
    steps = [s.row if s.column == 1 else s.column for s in (p.x_steps, p.y_steps)]
    numbers = [m, n, p.k, places, *steps, p.steps.row]
    given = [f"ptr {a}" for a in (x, y, out)] + [f"i64 {v}" for v in numbers]
    return f"  call void @{name}({', '.join(given)})"


@lru_cache(maxsize=256)
def address(name: str) -> int:
    """The address of a function by its symbol; it is compiled once in a process, and kept on disk."""
    type_, rows, vectors, vector_bytes, turned, _ = name.removeprefix(PREFIX).split(".")
    made = cache.code_of(text(type_, int(rows), int(vectors), int(vector_bytes), turned), [allocation.NAME, "free"])
    cache.keep(made)
    return made.main


class _Matrix(NamedTuple):
    """A matrix in memory: the element at some place and line is ``place * along + line * across``.

    Attributes:
        array: its elements.
        step: from a row to the next one.
        together: whether lines, not places, lie together.
    """

    array: Array
    step: V
    together: bool

    def at(self, w: Text, place: V, line: V) -> V:
        first, second = (place, line) if self.together else (line, place)
        return w.iadd(w.imul(first, self.step), second)


def text(type_: str, rows: int, vectors: int, vector_bytes: int, turned: str) -> str:
    """The module of the function for a block of rows and columns, at least as many as a tile has."""
    dtype = np.dtype(np.float64 if type_ == "double" else np.float32)
    w = Text()
    w.asks = False  # whoever calls it for a block does
    given = {a.split()[1]: V(f"%{a.split()[1]}", a.split()[0], 1, 0) for a in ARGUMENTS}
    m, n, k, places, out_row = (given[name] for name in ("m", "n", "k", "places", "out.row"))
    x = _Matrix(Array(w, dtype, (), "%x"), given["x.row"], turned[0] == "t")
    y = _Matrix(Array(w, dtype, (), "%y"), given["y.row"], turned[1] == "n")
    out = Array(w, dtype, (), "%out")
    lanes = vector_bytes // dtype.itemsize
    width = vectors * lanes

    room_y = w.iadd(w.imul(places, w.int(width)), w.int(vector_bytes))  # in elements, as all of these
    whole = w.iadd(room_y, w.imul(w.iadd(m, w.int(2 * rows)), places))
    size = w.imul(whole, w.int(dtype.itemsize))
    w.declarations[allocation.NAME] = allocation.DECLARATION
    w.declarations["free"] = "declare void @free(ptr)"
    room = w.define(f"call ptr @{allocation.NAME}(ptr null, {size!r})", "ptr", 1, 0)
    nothing = w.icmp("eq", room, V("null", "ptr", 1, 0))
    with w.when(nothing):
        _plain(w, x, y, out, m, n, k, out_row)
    with w.when(w.xor(nothing, w.constant(True, "i1"))):
        packed_y = Array(w, dtype, (), room.name)
        packed_x = Array(w, dtype, (), packed_y.at(room_y))
        with w.loop(k, step=places) as block:
            start = block.index
            count = w.intrinsic("smin", w.isub(k, start), places)
            with w.loop(m, step=rows) as i:
                _pack(w, x, start, _last(w, i.index, m, rows), count, packed_x, w.imul(i.index, places), rows, lanes)
            with w.loop(n, step=width) as j:
                column = _last(w, j.index, n, width)
                _pack(w, y, start, column, count, packed_y, w.int(0), width, lanes)
                with w.loop(m, step=rows) as i:
                    sums = _tile(w, packed_x, w.imul(i.index, places), packed_y, rows, vectors, lanes, count)
                    row = _last(w, i.index, m, rows)
                    seen = w.isub(i.index, row), w.isub(j.index, column)
                    _put(w, out, w.iadd(w.imul(row, out_row), column), out_row, sums, start, seen)
        w.raw(f"  call void @free({room!r})")
    arguments = ", ".join(a.replace("ptr ", "ptr noalias %").replace("i64 ", "i64 %") for a in ARGUMENTS)
    width_text = f'attributes #0 = {{ nounwind "prefer-vector-width"="{8 * vector_bytes}" }}'
    lines = ["entry:", *w.regions[0].lines, "  ret void", "}", width_text]
    return "\n".join([*w.declarations.values(), f"define void @main({arguments}) #0 {{", *lines])


def _last(w: Text, i: V, length: V, size: int) -> V:
    """Where a tile begins: moved back where it would reach over the edge."""
    return w.intrinsic("smin", i, w.isub(length, w.int(size)))


def _pack(
    w: Text, x: _Matrix, start: V, line: V, count: V, target: Array, at: V, width: int, lanes: int
) -> None:  # fmt: skip
    """Copy places of some lines, from a start and a line on, so that the lines of each place lie together."""

    def put(place: V, first: int, values: V) -> None:
        target.store(w.iadd(w.iadd(at, w.scaled(place, width)), w.int(first)), values)

    if x.together:
        with w.loop(count) as loop:
            here, first = x.at(w, w.iadd(start, loop.index), line), 0
            while first < width:
                part = min(lanes, 1 << ((width - first).bit_length() - 1))
                put(loop.index, first, x.array.load(w.iadd(here, w.int(first)), part))
                first += part
        return
    side = next(s for s in (8, 4, 2, 1) if s <= lanes and width % s == 0)
    squares = w.binary("and", count, w.int(-side))
    with (
        w.loop(squares, step=side) as loop,
        w.loop(width, step=side) as across,
    ):  # a text for each square would take LLVM long
        starts = [x.at(w, w.iadd(start, loop.index), w.iadd(line, w.iadd(across.index, w.int(r)))) for r in range(side)]
        square = interleaved(w, [x.array.load(s, side) for s in starts])
        for place, values in enumerate(square):
            there = w.scaled(w.iadd(loop.index, w.int(place)), width)
            target.store(w.iadd(w.iadd(at, there), across.index), values)
    with w.loop(count, first=squares) as loop, w.loop(width) as across:
        value = x.array.load(x.at(w, w.iadd(start, loop.index), w.iadd(line, across.index)))
        target.store(w.iadd(w.iadd(at, w.scaled(loop.index, width)), across.index), value)


def _tile(
    w: Text, x: Array, at: V, y: Array, rows: int, vectors: int, lanes: int, count: V
) -> list[list[V]]:  # fmt: skip
    """The sums of a tile, over packed places."""
    zero = w.constant(0.0, memory_type(x.dtype), lanes)
    with w.tight(count, *[zero] * (rows * vectors)) as loop:
        from_y = w.scaled(loop.index, vectors * lanes)
        columns = [y.load(w.iadd(from_y, w.int(v * lanes)), lanes) for v in range(vectors)]
        from_x = w.iadd(at, w.scaled(loop.index, rows))
        for r in range(rows):
            number = x.load(w.iadd(from_x, w.int(r)), lanes, 0)
            for v, column in enumerate(columns):
                i = 1 + r * vectors + v
                loop.next[i] = w.sum("fadd", loop.carried[i], w.binary("fmul contract", number, column), True)
    sums = loop.carried[1:]
    return [sums[r * vectors : (r + 1) * vectors] for r in range(rows)]


def _put(
    w: Text, out: Array, at: V, row: V, sums: Sequence[Sequence[V]], start: V, seen: tuple[V, V]
) -> None:  # fmt: skip
    """The first places' sums are the result. Later ones are added, but where a tile that was moved back from the edge has been.

    Args:
        seen: how many rows and columns of the tile another one has.
    """
    lanes = sums[0][0].lanes

    def places() -> Iterator[tuple[int, int, V, V]]:
        for r, parts in enumerate(sums):
            for v, s in enumerate(parts):
                yield r, v, w.iadd(at, w.iadd(w.imul(w.int(r), row), w.int(v * lanes))), s

    with w.when(w.icmp("eq", start, w.int(0))):
        for _, _, place, s in places():
            out.store(place, s)
    with w.when(w.icmp("ne", start, w.int(0))):
        numbers = [w.lanes_constant(range(v * lanes, (v + 1) * lanes), "i64") for v in range(len(sums[0]))]
        columns = [w.icmp("sge", c, w.splat(seen[1], lanes)) for c in numbers]
        for r, v, place, s in places():
            old = out.load(place, lanes)
            new = w.and_(w.splat(w.icmp("sge", w.int(r), seen[0]), lanes), columns[v])
            out.store(place, w.select(new, w.fadd(old, s), old))


def _plain(w: Text, x: _Matrix, y: _Matrix, out: Array, m: V, n: V, k: V, row: V) -> None:
    """Without memory for packed blocks: number by number."""
    with w.loop(m) as i, w.loop(n) as j:
        with w.tight(k, w.constant(0.0, memory_type(out.dtype))) as loop:
            product = w.binary(
                "fmul contract",
                x.array.load(x.at(w, loop.index, i.index)),
                y.array.load(y.at(w, loop.index, j.index)),
            )
            loop.next[1] = w.sum("fadd", loop.carried[1], product, True)
        out.store(w.iadd(w.imul(i.index, row), j.index), loop.carried[1])


__all__ = ["PREFIX", "address", "blocks", "call_of", "computed_by", "declaration", "symbol", "takes", "text", "tile"]
