"""Multiply: how `main` calls the products of matrices: the function that `gemm` wrote, or BLAS; batches on threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import pool
from .emitter import QUICK
from .gemm import gemm
from .products import Product

BLAS = {"float": "sgemm", "double": "dgemm"}
SHARED = 4_000_000  # multiplications of a batch, from which threads share it: some 100 microseconds


def emit_product(module: Any, p: Product, type_: str) -> None:
    """Write the call of a product to the lines of a module's `main`."""
    call = _library_call(module, p, type_) if p.library else _written_call(module, p, type_)
    a, b, c = module.pointer(p.x), module.pointer(p.y), module.pointer(p.eqn.outputs[0])
    if p.batch == 1:
        module.lines.append(call(a, b, c))
    elif p.batch * p.m * p.n * p.k >= SHARED and not p.library:
        _together(module, p, type_, call, (a, b, c))
    else:
        _one_by_one(module, p, type_, call, (a, b, c))


def _places(p: Product, type_: str, number: str, bases: tuple[str, str, str], suffix: str) -> list[str]:
    """The addresses ``%aSUFFIX``, ``%bSUFFIX`` and ``%cSUFFIX`` of the matrices with a number in the batch."""
    lines = []
    for name, base, steps in zip("abc", bases, (p.x_steps, p.y_steps, p.steps), strict=True):
        lines.append(f"  %{name}{suffix}.o = mul i64 {number}, {steps.batch}")
        lines.append(f"  %{name}{suffix} = getelementptr {type_}, ptr {base}, i64 %{name}{suffix}.o")
    return lines


def _one_by_one(module: Any, p: Product, type_: str, call: Callable[..., str], bases: tuple[str, str, str]) -> None:
    n = module.number()
    module.lines += [
        f"  br label %pre{n}",
        f"pre{n}:",
        f"  br label %loop{n}",
        f"loop{n}:",
        f"  %i{n} = phi i64 [0, %pre{n}], [%i{n}.n, %loop{n}]",
        *_places(p, type_, f"%i{n}", bases, str(n)),
        call(f"%a{n}", f"%b{n}", f"%c{n}"),
        f"  %i{n}.n = add i64 %i{n}, 1",
        f"  %i{n}.c = icmp ult i64 %i{n}.n, {p.batch}",
        f"  br i1 %i{n}.c, label %loop{n}, label %done{n}",
        f"done{n}:",
    ]


def _together(module: Any, p: Product, type_: str, call: Callable[..., str], bases: tuple[str, str, str]) -> None:
    """Each matrix of the batch is a piece that some thread takes: the same arithmetic with any number of threads."""
    lines = [f"define internal void @NAME(ptr %context, i64 %piece) {QUICK}"]
    for i, name in enumerate("xyz"):
        lines.append(f"  %{name}.a = getelementptr ptr, ptr %context, i64 {i}")
        lines.append(f"  %{name} = load ptr, ptr %{name}.a")
    lines += _places(p, type_, "%piece", ("%x", "%y", "%z"), "")
    lines += [call("%a", "%b", "%c"), "  ret void", "}\n"]
    name = module.function("\n".join(lines), "batch")
    module.declare(pool.NAME, pool.DECLARATION)
    table = module.table([f"ptr {x}" for x in bases])
    module.lines.append(f"  call void @{pool.NAME}(ptr @{name}, ptr {table}, i64 {p.batch})")


def _written_call(module: Any, p: Product, type_: str) -> Callable[[str, str, str], str]:
    module.declare("llvm.smin.i64", "declare i64 @llvm.smin.i64(i64, i64)")
    name = module.function(gemm(type_, p, module.vector_bytes), "product")
    return lambda a, b, c: f"  call void @{name}(ptr {a}, ptr {b}, ptr {c})"


def _library_call(module: Any, p: Product, type_: str) -> Callable[[str, str, str], str]:
    """``C = A B`` in rows is ``C' = B' A'`` in columns, as BLAS counts."""
    routine = BLAS[type_]
    one, zero = (f"@{w}.{type_}" for w in ("one", "zero"))
    module.constant(one, f"{type_} 1.0")
    module.constant(zero, f"{type_} 0.0")
    module.declare(f"wengert.{routine}", f"declare void @wengert.{routine}({', '.join(['ptr'] * 13)})")

    def number(value: int) -> str:
        return f"ptr {module.constant(f'@int{value}', f'i32 {value}')}"

    def factor(steps: Any) -> tuple[str, str]:
        """Whether a factor lies transposed, and the step that is not 1."""
        turned = steps.column != 1
        letter = module.constant("@charT" if turned else "@charN", f"i8 {ord('T' if turned else 'N')}")
        return f"ptr {letter}", number(steps.column if turned else steps.row)

    (turn_x, step_x), (turn_y, step_y) = factor(p.x_steps), factor(p.y_steps)
    m, n, k, step = number(p.m), number(p.n), number(p.k), number(p.steps.row)

    def call(a: str, b: str, c: str) -> str:
        arguments = (turn_y, turn_x, n, m, k, f"ptr {one}", f"ptr {b}", step_y, f"ptr {a}", step_x, f"ptr {zero}",
                     f"ptr {c}", step)  # fmt: skip
        return f"  call void @wengert.{routine}({', '.join(arguments)})"

    return call


__all__ = ["emit_product"]
