"""Multiply: how `main` calls the products of matrices: functions that `gemm` or `blocked` wrote, on threads, or BLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import allocation, blas, blocked, pool
from .emitter import BITS, PAIRS, QUICK, literal_text
from .gemm import gemm, packs
from .interrupts import ask, every, look
from .products import Product

BLAS = {"float": "sgemm", "double": "dgemm", PAIRS["float"]: "cgemm", PAIRS["double"]: "zgemm"}
CACHE = 1 << 19  # bytes that rows of the result span, from which they are computed in blocks
BLOCK = 1 << 15  # bytes that the rows of a block span
ROWS = 64  # of a block of one matrix that threads share
SHARED = 4_000_000  # multiplications of a batch or of one matrix, from which threads share it: some 100 microseconds


def emit_product(module: Any, p: Product, type_: str) -> None:
    """Write the call of a product to the lines of a module's `main`."""
    bases = tuple(module.pointer(a) for a in (p.x, p.y, p.eqn.outputs[0]))
    if p.library and blocked.takes(p, type_, module.vector_bytes):
        count, body = _blocks(module, p, type_)
        _shared(module, p, bases, count, body, True)
        return
    rows = _block(p, type_)
    if p.batch == 1 and rows is None:
        module.lines.append(_call(module, p, type_)(*bases))
        return
    if rows is None:
        count, body = p.batch, _matrix(p, type_, _call(module, p, type_))
    else:
        count, body = -(-p.m // rows), _rows(p, type_, rows, _call(module, p.of_rows(rows), type_))
    _shared(module, p, bases, count, body, not p.library)


def _shared(module: Any, p: Product, bases: tuple[str, ...], count: int, body: list[str], threads: bool) -> None:
    """Write the function of a piece of a product, and the loop that calls it, on threads if that pays."""
    stop, each = module.stop(), p.batch * p.m * p.n * p.k / count / 8
    lines = [f"define internal void @NAME(ptr %context, i64 %piece) {QUICK}", "entry:"]
    lines += ["  %stop.a = getelementptr ptr, ptr %context, i64 3", "  %stop = load ptr, ptr %stop.a"]
    lines += [*look("", "%stop", "working"), "working:", f"  %some = and i64 %piece, {every(each) - 1}"]
    lines += [f"  %due = icmp eq i64 %some, {every(each) - 1}", "  br i1 %due, label %look, label %start", "look:"]
    lines += [*ask("", "%stop", "start"), "start:"]
    for i, name in enumerate("xyz"):
        lines.append(f"  %{name}.a = getelementptr ptr, ptr %context, i64 {i}")
        lines.append(f"  %{name} = load ptr, ptr %{name}.a")
    function = module.texts.function("\n".join([*lines, *body, "  ret void", "stopped:", "  ret void", "}\n"]), "batch")
    table = module.table([*[f"ptr {x}" for x in bases], stop])
    if p.batch * p.m * p.n * p.k >= SHARED and threads:  # the same arithmetic with any number of threads
        module.texts.declare(pool.NAME, pool.DECLARATION)
        module.lines.append(f"  call void @{pool.NAME}(ptr @{function}, ptr {table}, i64 {count})")
        module.leave_if_stopped()
        return
    n = module.number()
    module.lines += _loop(n, f"pre{n}", count, [f"  call void @{function}(ptr {table}, i64 %i{n})"])
    module.leave_if_stopped()


def _block(p: Product, type_: str) -> int | None:
    """Rows of a block, if the matrices of a batch lie between one another's rows, or threads share one product.

    In the first case block after block is computed for the whole batch, so that memory is walked once and in order.
    """
    if p.batch == 1 and not p.library and p.m * p.n * p.k >= SHARED:
        return ROWS if p.m >= 2 * ROWS else None
    width = BITS[type_] // 8
    between = p.steps.batch < p.steps.row and p.x_steps.batch < p.x_steps.row
    if p.library or not between or p.m * p.steps.row * width < CACHE:
        return None
    count = -(-p.m * p.steps.row * width // BLOCK)
    return max(-(-p.m // count), min(p.m, 16))


def _blocks(module: Any, p: Product, type_: str) -> tuple[int, list[str]]:
    """How many blocks of rows all products of the batch have, and the call of one."""
    name = blocked.symbol(p, type_, module.vector_bytes)
    module.texts.declare(name, blocked.declaration(name))
    rows, columns = blocked.blocks(p, type_, module.vector_bytes)
    lines = [
        f"  %matrix = udiv i64 %piece, {rows[0] * columns[0]}",
        f"  %block = urem i64 %piece, {rows[0] * columns[0]}",
    ]
    lines += [f"  %block.m = udiv i64 %block, {columns[0]}", f"  %block.n = urem i64 %block, {columns[0]}"]
    for axis, length, (count, each) in (("m", p.m, rows), ("n", p.n, columns)):
        lines += [
            f"  %start.{axis} = mul i64 %block.{axis}, {each}",
            f"  %left.{axis} = sub i64 {length}, %start.{axis}",
        ]
        lines.append(f"  %last.{axis} = icmp eq i64 %block.{axis}, {count - 1}")
        lines.append(f"  %{axis} = select i1 %last.{axis}, i64 %left.{axis}, i64 {each}")
    lines += _places(p, type_, "%matrix", "xyz")
    for target, base, axis, step in (
        ("a.b", "a", "m", p.x_steps.row), ("b.b", "b", "n", p.y_steps.column), ("c.m", "c", "m", p.steps.row), ("c.b", "c.m", "n", 1),
    ):  # fmt: skip
        lines.append(f"  %{target}.o = mul i64 %start.{axis}, {step}")
        lines.append(f"  %{target} = getelementptr {type_}, ptr %{base}, i64 %{target}.o")
    call = blocked.call_of(p, name, "%a.b", "%b.b", "%c.b", "%m", "%n")
    return p.batch * rows[0] * columns[0], [*lines, call]


def _loop(n: int | str, before: str, count: int, body: list[str]) -> list[str]:
    """``for %iN below count``."""
    return [
        f"  br label %{before}",
        f"{before}:",
        f"  br label %loop{n}",
        f"loop{n}:",
        f"  %i{n} = phi i64 [0, %{before}], [%i{n}.n, %loop{n}]",
        *body,
        f"  %i{n}.n = add i64 %i{n}, 1",
        f"  %i{n}.c = icmp ult i64 %i{n}.n, {count}",
        f"  br i1 %i{n}.c, label %loop{n}, label %done{n}",
        f"done{n}:",
    ]


def _places(p: Product, type_: str, number: str, bases: str) -> list[str]:
    """The addresses ``%a``, ``%b`` and ``%c`` of the matrices with a number in the batch."""
    lines = []
    for name, base, steps in zip("abc", bases, (p.x_steps, p.y_steps, p.steps), strict=True):
        lines.append(f"  %{name}.o = mul i64 {number}, {steps.batch}")
        lines.append(f"  %{name} = getelementptr {type_}, ptr %{base}, i64 %{name}.o")
    return lines


def _matrix(p: Product, type_: str, call: Callable[..., str]) -> list[str]:
    """One product of the batch."""
    return [*_places(p, type_, "%piece", "xyz"), call("%a", "%b", "%c")]


def _rows(p: Product, type_: str, rows: int, call: Callable[..., str]) -> list[str]:
    """A block of rows of all products of the batch; the last block overlaps the one before."""
    return [
        f"  %whole = mul i64 %piece, {rows}",
        f"  %over = icmp ugt i64 %whole, {p.m - rows}",
        f"  %row = select i1 %over, i64 {p.m - rows}, i64 %whole",
        f"  %u.o = mul i64 %row, {p.x_steps.row}",
        f"  %u = getelementptr {type_}, ptr %x, i64 %u.o",
        f"  %w.o = mul i64 %row, {p.steps.row}",
        f"  %w = getelementptr {type_}, ptr %z, i64 %w.o",
        *_loop("", "pre", p.batch, [*_places(p, type_, "%i", "uyw"), call("%a", "%b", "%c")]),
    ]


def _call(module: Any, p: Product, type_: str) -> Callable[..., str]:
    return _library_call(module, p, type_) if p.library else _written_call(module, p, type_)


def _written_call(module: Any, p: Product, type_: str) -> Callable[[str, str, str], str]:
    module.texts.declare("llvm.smin.i64", "declare i64 @llvm.smin.i64(i64, i64)")
    module.texts.declare("llvm.prefetch.p0", "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
    if packs(p, type_):
        module.texts.declare(allocation.NAME, allocation.DECLARATION)
        module.texts.declare("free", "declare void @free(ptr)")
    name = module.texts.function(gemm(type_, p, module.vector_bytes), "product")
    return lambda a, b, c: f"  call void @{name}(ptr {a}, ptr {b}, ptr {c})"


def number_text(type_: str, value: float) -> str:
    """A real number as LLVM writes it, as a complex one too."""
    real = next((real for real, pair in PAIRS.items() if pair == type_), None)
    if real is None:
        return literal_text(type_, value)
    return f"<{real} {literal_text(real, value)}, {real} {literal_text(real, 0.0)}>"


def _library_call(module: Any, p: Product, type_: str) -> Callable[[str, str, str], str]:
    """``C = A B`` in rows is ``C' = B' A'`` in columns, as BLAS counts."""
    routine, symbol = BLAS[type_], blas.symbol(BLAS[type_])
    one, zero = (f"@{w}.{routine}" for w in ("one", "zero"))
    module.texts.shared_constant(one, f"{type_} {number_text(type_, 1.0)}")
    module.texts.shared_constant(zero, f"{type_} zeroinitializer")
    module.texts.declare(symbol, f"declare void @{symbol}({', '.join(['ptr'] * 13)})")

    def number(value: int) -> str:
        return f"ptr {module.texts.shared_constant(f'@count{value}', f'{blas.integer()} {value}')}"

    def factor(steps: Any, rows: int, columns: int) -> tuple[str, str]:
        """Whether a factor lies transposed, and the step that is not 1.

        BLAS wants it to be at least the length of a row, also where there is one row, whose step says nothing.
        """
        turned = steps.column != 1
        letter = module.texts.shared_constant("@charT" if turned else "@charN", f"i8 {ord('T' if turned else 'N')}")
        return f"ptr {letter}", number(max(steps.column, rows) if turned else max(steps.row, columns))

    (turn_x, step_x), (turn_y, step_y) = factor(p.x_steps, p.m, p.k), factor(p.y_steps, p.k, p.n)
    m, n, k, step = number(p.m), number(p.n), number(p.k), number(max(p.steps.row, p.n))

    def call(a: str, b: str, c: str) -> str:
        arguments = (turn_y, turn_x, n, m, k, f"ptr {one}", f"ptr {b}", step_y, f"ptr {a}", step_x, f"ptr {zero}",
                     f"ptr {c}", step)  # fmt: skip
        return f"  call void @{symbol}({', '.join(arguments)})"

    return call


__all__ = ["emit_product"]
