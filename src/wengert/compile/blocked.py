"""Large products of matrices: blocks of both factors are packed for the caches, and register tiles run over them, in LLVM IR.

The rows of the result come in blocks, which threads of the library's own pool share. For a block, and so many contracted places
at a time, a function packs the block of `x` as tiles of rows, which stay in the second cache, and the columns of `y` that one
tile of the result has, which stay in the first; either factor may lie transposed. Sums over later places are added to the
result. A block's bits do not depend on who computes it. K. Goto, R. van de Geijn, "Anatomy of high-performance matrix
multiplication", 2008; F. Van Zee, R. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS functionality", 2015.

A library would do the same with threads of its own, which look for work long after a product and slow down whatever comes next.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .emitter import BITS, FLOATS
from .gemm import even, sum_of_products
from .products import Product

PLACES = 256  # contracted places at a time
ROWS = 128  # of a block, about
COLUMNS = 1024  # of a block, about, where there is one block of rows
LONG = 1024  # rows from which a block has twice as many
_codes: list[Any] = []  # never freed: any program may call them
SMALLEST = 32  # rows and contracted places from which packing pays


def tile(m: int, n: int, bits: int, vector_bytes: int) -> tuple[int, int]:
    """Rows and vectors of a tile of the result: of 32 registers 24 hold it, of 16 registers 12."""
    most, registers = (3, 24) if vector_bytes == 64 else (2, 12)
    vectors = even(-(-n * bits // 8 // vector_bytes), most)
    return even(m, registers // vectors), vectors


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


class _Text:
    """Lines of a function, with names of their own for the loops in it."""

    def __init__(self, type_: str, vector_bytes: int) -> None:
        self.type, self.align = type_, BITS[type_] // 8
        self.lanes = vector_bytes // self.align
        self.lines: list[str] = []
        self._numbers = itertools.count()

    def put(self, *lines: str) -> None:
        self.lines += [line if line.endswith(":") else f"  {line}" for line in lines]

    def name(self) -> str:
        return f"%v{next(self._numbers)}"

    def value(self, right: str) -> str:
        name = self.name()
        self.put(f"{name} = {right}")
        return name

    def address(self, base: str, *terms: tuple[str, int | str] | int) -> str:
        """Of the element at a sum of numbers, each times a step."""
        for term in terms:
            if isinstance(term, int):
                base = base if term == 0 else self.value(f"getelementptr {self.type}, ptr {base}, i64 {term}")
            else:
                number, step = term
                offset = number if step == 1 else self.value(f"mul i64 {number}, {step}")
                base = self.value(f"getelementptr {self.type}, ptr {base}, i64 {offset}")
        return base

    def load(self, address: str, lanes: int = 1) -> str:
        return self.value(f"load {self.vector(lanes)}, ptr {address}, align {self.align}")

    def store(self, value: str, address: str, lanes: int = 1) -> None:
        self.put(f"store {self.vector(lanes)} {value}, ptr {address}, align {self.align}")

    def vector(self, lanes: int) -> str:
        return f"<{lanes} x {self.type}>" if lanes > 1 else self.type

    def loop(self, end: str, step: int | str = 1, start: str = "0") -> _Loop:
        """The body runs for ``start, start + step, ... < end``."""
        return _Loop(self, end, step, start)


class _Loop:
    def __init__(self, text: _Text, end: str, step: int | str, start: str) -> None:
        self.t, self.end, self.step, self.start = text, end, step, start
        self.label = f"l{next(text._numbers)}"

    def __enter__(self) -> str:
        label = self.label
        self.t.put(f"br label %{label}.in", f"{label}.in:", f"br label %{label}", f"{label}:")
        self.t.put(f"%{label}.i = phi i64 [ {self.start}, %{label}.in ], [ %{label}.n, %{label}.next ]")
        self.t.put(f"%{label}.more = icmp slt i64 %{label}.i, {self.end}")
        self.t.put(f"br i1 %{label}.more, label %{label}.body, label %{label}.end", f"{label}.body:")
        return f"%{label}.i"

    def __exit__(self, *_: object) -> None:
        label = self.label
        self.t.put(f"br label %{label}.next", f"{label}.next:", f"%{label}.n = add nuw nsw i64 %{label}.i, {self.step}")
        self.t.put(f"br label %{label}", f"{label}.end:")


def _transposed(t: _Text, vectors: Sequence[str]) -> list[str]:
    """A square of numbers, a power of two of them, with rows and columns changed: log2 rounds of interleaving halves."""
    n, found = len(vectors), list(vectors)
    kind = t.vector(n)
    rounds = n.bit_length() - 1
    low = [k // 2 + (n if k % 2 else 0) for k in range(n)]
    for _ in range(rounds):
        out = []
        for a, b in zip(found[: n // 2], found[n // 2 :], strict=True):
            for start in (0, n // 2):
                mask = ", ".join(f"i32 {start + k}" for k in low)
                out.append(t.value(f"shufflevector {kind} {a}, {kind} {b}, <{n} x i32> <{mask}>"))
        found = out
    return found


def _pack(t: _Text, source: str, target: str, step: str, turned: bool, width: int, count: str) -> None:
    """Copy `count` rows of `width` numbers each: number j of row l is at ``source[l * step + j]``, or `turned` at ``[l + j * step]``."""
    if not turned:
        sizes = [t.lanes] * (width // t.lanes)
        while sum(sizes) < width:
            sizes.append(1 << ((width - sum(sizes)).bit_length() - 1))
        with t.loop(count) as i:
            here, there = t.address(source, (i, step)), t.address(target, (i, width))
            at = 0
            for lanes in sizes:
                t.store(t.load(t.address(here, at), lanes), t.address(there, at), lanes)
                at += lanes
        return
    side = next(s for s in (16, 8, 4, 2, 1) if s <= t.lanes and width % s == 0)
    whole = t.value(f"and i64 {count}, {-side}")
    with t.loop(whole, side) as i:
        here, there = t.address(source, (i, 1)), t.address(target, (i, width))
        for first in range(0, width, side):
            rows = [t.load(t.address(here, (step, first + k)), side) for k in range(side)]
            for k, row in enumerate(_transposed(t, rows)):
                t.store(row, t.address(there, k * width + first), side)
    with t.loop(count, start=whole) as i:
        here, there = t.address(source, (i, 1)), t.address(target, (i, width))
        for j in range(width):
            t.store(t.load(t.address(here, (step, j))), t.address(there, j))


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
    fused = "fused" if sum_of_products(type_)[1] != "fadd" else "apart"
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
    from . import cache  # LLVM

    type_, rows, vectors, vector_bytes, turned, _ = name.removeprefix(PREFIX).split(".")
    made = cache.code_of(text(type_, int(rows), int(vectors), int(vector_bytes), turned), ["malloc", "free"])
    _codes.append(made)
    return made.main


def text(type_: str, rows: int, vectors: int, vector_bytes: int, turned: str) -> str:
    """The module of the function for a block of rows and columns, at least as many as a tile has."""
    t = _Text(type_, vector_bytes)
    width, lanes, kind = vectors * t.lanes, t.lanes, t.vector(t.lanes)
    bytes_y = t.value(f"mul i64 %places, {width * t.align}")
    room_y = t.value(f"and i64 {t.value(f'add i64 {bytes_y}, 63')}, -64")
    bytes_x = t.value(f"mul i64 {t.value(f'add i64 %m, {2 * rows}')}, {t.value(f'mul i64 %places, {t.align}')}")
    room = t.value(f"add i64 {t.value(f'add i64 {room_y}, {bytes_x}')}, 64")
    t.put(f"%room.raw = call ptr @malloc(i64 {room})", "%whole = icmp ne ptr %room.raw, null")
    t.put("br i1 %whole, label %blocks, label %plain", "blocks:")
    t.put("%room.number = ptrtoint ptr %room.raw to i64", "%room.up = add i64 %room.number, 63")
    t.put("%room.even = and i64 %room.up, -64", "%room.y = inttoptr i64 %room.even to ptr")
    t.put(f"%room.x = getelementptr i8, ptr %room.y, i64 {room_y}")
    x_along, x_across = ("%x.row", 1) if turned[0] == "t" else (1, "%x.row")
    y_along, y_across = (1, "%y.row") if turned[1] == "t" else ("%y.row", 1)
    with t.loop("%k", "%places") as start:
        left = t.value(f"sub i64 %k, {start}")
        count = t.value(f"call i64 @llvm.smin.i64(i64 {left}, i64 %places)")
        first = t.value(f"icmp eq i64 {start}, 0")
        x, y = t.address("%x", (start, x_along)), t.address("%y", (start, y_along))
        with t.loop("%m", rows) as i:
            here = t.value(f"call i64 @llvm.smin.i64(i64 {i}, i64 %m.last)")
            to = t.address("%room.x", (i, "%places"))
            _pack(t, t.address(x, (here, x_across)), to, "%x.row", turned[0] == "n", rows, count)
        with t.loop("%n", width) as j:
            j0 = t.value(f"call i64 @llvm.smin.i64(i64 {j}, i64 %n.last)")
            _pack(t, t.address(y, (j0, y_across)), "%room.y", "%y.row", turned[1] == "t", width, count)
            seen_j = t.value(f"sub i64 {j}, {j0}")
            with t.loop("%m", rows) as i:
                i0 = t.value(f"call i64 @llvm.smin.i64(i64 {i}, i64 %m.last)")
                sums = _tile(t, t.address("%room.x", (i, "%places")), rows, vectors, count)
                seen_i = t.value(f"sub i64 {i}, {i0}")
                out = t.address("%out", (i0, "%out.row"), (j0, 1))
                _added(t, out, sums, first, seen_i, seen_j, kind, lanes)
    t.put("call void @free(ptr %room.raw)", "br label %done", "plain:")
    _plain(t, (x_along, x_across), (y_along, y_across))
    t.put("br label %done", "done:", "ret void")
    arguments = ", ".join(a.replace("ptr ", "ptr noalias %").replace("i64 ", "i64 %") for a in ARGUMENTS)
    outside = ["declare i64 @llvm.smin.i64(i64, i64)", "declare ptr @malloc(i64)", "declare void @free(ptr)"]
    head = f"define void @main({arguments}) #0 {{\nentry:"
    lasts = [f"  %m.last = sub i64 %m, {rows}", f"  %n.last = sub i64 %n, {width}"]
    attributes = f'attributes #0 = {{ nounwind "prefer-vector-width"="{8 * vector_bytes}" }}'
    return "\n".join([*outside, head, *lasts, *t.lines, "}", attributes])


def _tile(t: _Text, x: str, rows: int, vectors: int, count: str) -> list[list[str]]:
    """The sums of a tile, over packed places."""
    multiply, add = sum_of_products(t.type)
    kind, label, lanes = t.vector(t.lanes), f"t{next(t._numbers)}", t.lanes
    t.put(f"br label %{label}.in", f"{label}.in:", f"br label %{label}", f"{label}:")
    t.put(f"%{label}.l = phi i64 [ 0, %{label}.in ], [ %{label}.n, %{label} ]")
    t.put(f"%{label}.x = phi ptr [ {x}, %{label}.in ], [ %{label}.xn, %{label} ]")
    t.put(f"%{label}.y = phi ptr [ %room.y, %{label}.in ], [ %{label}.yn, %{label} ]")
    zero = f"splat ({t.type} 0.0)"
    for r, v in itertools.product(range(rows), range(vectors)):
        t.put(f"%{label}.c{r}.{v} = phi {kind} [ {zero}, %{label}.in ], [ %{label}.s{r}.{v}, %{label} ]")
    ys = [t.load(t.address(f"%{label}.y", v * lanes), lanes) for v in range(vectors)]
    for r in range(rows):
        number = t.load(t.address(f"%{label}.x", r))
        one = t.value(f"insertelement {kind} poison, {t.type} {number}, i32 0")
        every = t.value(f"shufflevector {kind} {one}, {kind} poison, <{lanes} x i32> zeroinitializer")
        for v in range(vectors):
            product = t.value(f"{multiply} {kind} {every}, {ys[v]}")
            t.put(f"%{label}.s{r}.{v} = {add} {kind} %{label}.c{r}.{v}, {product}")
    t.put(f"%{label}.xn = getelementptr {t.type}, ptr %{label}.x, i64 {rows}")
    t.put(f"%{label}.yn = getelementptr {t.type}, ptr %{label}.y, i64 {vectors * lanes}")
    t.put(f"%{label}.n = add nuw nsw i64 %{label}.l, 1", f"%{label}.more = icmp slt i64 %{label}.n, {count}")
    t.put(f"br i1 %{label}.more, label %{label}, label %{label}.end", f"{label}.end:")
    return [[f"%{label}.s{r}.{v}" for v in range(vectors)] for r in range(rows)]


def _added(
    t: _Text, out: str, sums: list[list[str]], first: str, seen_i: str, seen_j: str, kind: str, lanes: int
) -> None:
    """The first places' sums are the result; later ones are added, but where a tile that was moved back from the edge has been."""
    label = f"a{next(t._numbers)}"
    t.put(f"br i1 {first}, label %{label}.new, label %{label}.add", f"{label}.new:")
    for r, parts in enumerate(sums):
        for v, s in enumerate(parts):
            t.store(s, t.address(out, ("%out.row", r), v * lanes), lanes)
    t.put(f"br label %{label}.end", f"{label}.add:")
    one = t.value(f"insertelement <{lanes} x i64> poison, i64 {seen_j}, i32 0")
    edge = t.value(f"shufflevector <{lanes} x i64> {one}, <{lanes} x i64> poison, <{lanes} x i32> zeroinitializer")
    columns = []
    for v in range(len(sums[0])):
        numbers = ", ".join(f"i64 {v * lanes + k}" for k in range(lanes))
        columns.append(t.value(f"icmp sge <{lanes} x i64> <{numbers}>, {edge}"))
    for r, parts in enumerate(sums):
        new = t.value(f"icmp sge i64 {r}, {seen_i}")
        for v, s in enumerate(parts):
            place = t.address(out, ("%out.row", r), v * lanes)
            old = t.load(place, lanes)
            total = t.value(f"fadd {kind} {old}, {s}")
            mask = t.value(f"select i1 {new}, <{lanes} x i1> {columns[v]}, <{lanes} x i1> zeroinitializer")
            t.store(t.value(f"select <{lanes} x i1> {mask}, {kind} {total}, {kind} {old}"), place, lanes)
    t.put(f"br label %{label}.end", f"{label}.end:")


def _plain(t: _Text, x_steps: tuple[Any, Any], y_steps: tuple[Any, Any]) -> None:
    """Without memory for packed blocks: number by number."""
    multiply, add = sum_of_products(t.type)
    with t.loop("%m") as i, t.loop("%n") as j:
        place = t.address("%out", (i, "%out.row"), (j, 1))
        t.store("0.0", place)
        with t.loop("%k") as k:
            x = t.load(t.address("%x", (i, x_steps[1]), (k, x_steps[0])))
            y = t.load(t.address("%y", (k, y_steps[0]), (j, y_steps[1])))
            product = t.value(f"{multiply} {t.type} {x}, {y}")
            t.store(t.value(f"{add} {t.type} {t.load(place)}, {product}"), place)


__all__ = ["PREFIX", "address", "blocks", "call_of", "computed_by", "declaration", "symbol", "takes", "text", "tile"]
