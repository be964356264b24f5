"""Loops over arrays of integers, written as Python functions and compiled as they stand.

A function of this kind has arrays and integers as arguments, assignments, `if`, `while`, `for ... in range(...)`,
comparisons, `and`, `or`, sums, differences, products, and a `return` of an integer. All numbers are of 64 bits, elements
of arrays whose names begin with ``f_`` floats. What it does is what Python would do with it, so that tests run it both
ways; nothing is checked, neither bounds nor overflow.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..locks import lock

_COMPARE: dict[type, str] = {
    ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
_ARITHMETIC: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}


class _Writer(ast.NodeVisitor):
    """LLVM's text of one function; variables are slots on the stack, which LLVM makes registers of."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.lines: list[str] = []
        self.number = 0
        self.loops: list[tuple[str, str]] = []  # where `continue` and `break` go
        self.arguments = [a.arg for a in function.args.args]
        self.arrays = {
            n.value.id for n in ast.walk(function) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
        }
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.variables = sorted((stored | set(self.arguments)) - self.arrays)
        for v in self.variables:
            self.add(f"%v.{v} = alloca i64")
        for a in self.arguments:
            if a not in self.arrays:
                self.add(f"store i64 %{a}, ptr %v.{a}")
        self.ended = False
        for statement in function.body:
            self.statement(statement)
        if not self.ended:
            self.add("ret i64 0")

    def text(self, name: str) -> str:
        given = ", ".join(f"ptr noalias %{a}" if a in self.arrays else f"i64 %{a}" for a in self.arguments)
        return f"define i64 @{name}({given}) {{\nentry:\n" + "\n".join(self.lines) + "\n}\n"

    def add(self, line: str) -> None:
        self.lines.append(line if line.endswith(":") else f"  {line}")

    def new(self, what: str = "") -> str:
        self.number += 1
        return f"{what}{self.number}"

    def value(self, line: str) -> str:
        name = f"%{self.new('t')}"
        self.add(f"{name} = {line}")
        return name

    def go(self, label: str) -> None:
        if not self.ended:
            self.add(f"br label %{label}")

    def at(self, label: str) -> None:
        self.add(f"{label}:")
        self.ended = False

    # --- statements --------------------------------------------------------------------------------------------------

    def statement(self, node: ast.stmt) -> None:
        if self.ended:
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # its docstring
        getattr(self, f"do_{type(node).__name__}")(node)

    def do_Assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        self.store(target, self.expression(node.value))

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        before = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        self.store(node.target, self.expression(before))

    def store(self, target: ast.expr, value: str) -> None:
        if isinstance(target, ast.Name):
            self.add(f"store i64 {value}, ptr %v.{target.id}")
        else:
            assert isinstance(target, ast.Subscript)
            kind, place = self.element(target)
            self.add(f"store {kind} {value}, ptr {place}")

    def do_If(self, node: ast.If) -> None:
        yes, no, after = self.new("yes"), self.new("no"), self.new("after")
        self.branch(node.test, yes, no)
        ended = []
        for label, body in ((yes, node.body), (no, node.orelse)):
            self.at(label)
            for s in body:
                self.statement(s)
            self.go(after)
            ended.append(self.ended)
        self.at(after)
        if all(ended):
            self.add("unreachable")
            self.ended = True

    def do_While(self, node: ast.While) -> None:
        test, body, after = self.new("test"), self.new("body"), self.new("after")
        self.go(test)
        self.at(test)
        self.branch(node.test, body, after)
        self.body(body, node.body, test, after)

    def body(self, label: str, statements: Sequence[ast.stmt], again: str, after: str) -> None:
        self.at(label)
        self.loops.append((again, after))
        for s in statements:
            self.statement(s)
        self.loops.pop()
        self.go(again)
        self.at(after)

    def do_For(self, node: ast.For) -> None:
        assert isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)
        ends = [self.expression(a) for a in node.iter.args]
        start, stop = ("0", ends[0]) if len(ends) == 1 else (ends[0], ends[1])
        step = ast.literal_eval(node.iter.args[2]) if len(ends) == 3 else 1
        counter = f"%{self.new('c')}"
        self.lines.insert(0, f"  {counter} = alloca i64")  # at the entry: once, not in each round of a loop around
        self.add(f"store i64 {start}, ptr {counter}")
        test, body, more, after = self.new("test"), self.new("body"), self.new("more"), self.new("after")
        self.go(test)
        self.at(test)
        i = self.value(f"load i64, ptr {counter}")
        go = self.value(f"icmp {'slt' if step > 0 else 'sgt'} i64 {i}, {stop}")
        self.add(f"br i1 {go}, label %{body}, label %{after}")
        self.at(body)
        self.add(f"store i64 {i}, ptr %v.{node.target.id}")
        self.loops.append((more, after))
        for s in node.body:
            self.statement(s)
        self.loops.pop()
        self.go(more)
        self.at(more)
        self.add(f"store i64 {self.value(f'add i64 {i}, {step}')}, ptr {counter}")
        self.go(test)
        self.at(after)

    def do_Return(self, node: ast.Return) -> None:
        assert node.value is not None
        self.add(f"ret i64 {self.expression(node.value)}")
        self.ended = True

    def do_Break(self, node: ast.Break) -> None:
        self.go(self.loops[-1][1])
        self.ended = True

    def do_Continue(self, node: ast.Continue) -> None:
        self.go(self.loops[-1][0])
        self.ended = True

    # --- expressions -------------------------------------------------------------------------------------------------

    def is_float(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Subscript) and _named(n).startswith("f_") for n in _outermost(node))

    def expression(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int), ast.dump(node)
            return str(node.value)
        if isinstance(node, ast.Name):
            return self.value(f"load i64, ptr %v.{node.id}")
        if isinstance(node, ast.Subscript):
            kind, place = self.element(node)
            return self.value(f"load {kind}, ptr {place}")
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self.value(f"sub i64 0, {self.expression(node.operand)}")
        assert isinstance(node, ast.BinOp), ast.dump(node)
        op = _ARITHMETIC[type(node.op)]
        left, right = self.expression(node.left), self.expression(node.right)
        return self.value(f"f{op} double {left}, {right}" if self.is_float(node) else f"{op} i64 {left}, {right}")

    def element(self, node: ast.Subscript) -> tuple[str, str]:
        kind = "double" if _named(node).startswith("f_") else "i64"
        index = self.expression(node.slice)
        return kind, self.value(f"getelementptr inbounds {kind}, ptr %{_named(node)}, i64 {index}")

    def branch(self, node: ast.expr, yes: str, no: str) -> None:
        """Go on at a label if a test holds and at another if not; what it need not look at is not read."""
        if isinstance(node, ast.BoolOp):
            for operand in node.values[:-1]:
                further = self.new("further")
                if isinstance(node.op, ast.And):
                    self.branch(operand, further, no)
                else:
                    self.branch(operand, yes, further)
                self.at(further)
            self.branch(node.values[-1], yes, no)
            return
        assert isinstance(node, ast.Compare) and len(node.ops) == 1, ast.dump(node)
        left, right = self.expression(node.left), self.expression(node.comparators[0])
        test = self.value(f"icmp {_COMPARE[type(node.ops[0])]} i64 {left}, {right}")
        self.add(f"br i1 {test}, label %{yes}, label %{no}")


def _named(node: ast.Subscript) -> str:
    assert isinstance(node.value, ast.Name)
    return node.value.id


def _outermost(node: ast.expr) -> list[ast.expr]:
    """The operands of sums and products, not what stands in their indices."""
    if isinstance(node, ast.BinOp):
        return [*_outermost(node.left), *_outermost(node.right)]
    return [node]


def text_of(function: Callable[..., int]) -> str:
    """LLVM's text of a function of this kind."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    node = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
    return _Writer(node).text("main")


def _optimized(text: str) -> bytes:
    import llvmlite.binding as llvm

    from . import engine, shelter

    def work() -> bytes:
        machine = engine.target_machine()
        module = llvm.parse_assembly(text)
        module.verify()
        module.triple, module.data_layout = machine.triple, str(machine.target_data)
        passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
        passes.getModulePassManager().run(module, passes)
        return machine.emit_object(module)

    return shelter.run(work)


class Native:
    """A function of integers and arrays of them, compiled when it is first called.

    Args:
        function: see the module.

    Example:
        >>> import numpy as np
        >>> from wengert.compile.integers import Native
        >>> def total(n, a):
        ...     s = 0
        ...     for i in range(n):
        ...         s += a[i]
        ...     return s
        >>> text = "define i64 @main(i64 %n, ptr %a) { ret i64 %n }"
        >>> Native(total, text)(3, np.arange(3))  # its text given, as this example has no file
        3
    """

    def __init__(self, function: Callable[..., int], text: str | None = None) -> None:
        self.function = function
        self._text = text
        self._call: Any = None
        self._lock = lock()

    def __call__(self, *args: Any) -> int:
        call = self._call
        if call is None:
            with self._lock:
                call = self._call or self._compile(args)
        given = []
        for a in args:
            if isinstance(a, np.ndarray):
                assert a.flags.c_contiguous and a.dtype in (np.int64, np.float64), a.dtype
                given.append(a.ctypes.data)
            else:
                given.append(int(a))
        return call(*given)

    def _compile(self, args: Sequence[Any]) -> Any:
        from . import cache, engine

        text = self._text or text_of(self.function)
        key = cache.key_of(b"integers\n" + text.encode())
        made = cache.fetch(key)
        if made is None:
            made = _optimized(text)
            cache.store(key, made)
        self._code = engine.load([made])
        kinds = [ctypes.c_void_p if isinstance(a, np.ndarray) else ctypes.c_int64 for a in args]
        self._call = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(self._code.main)
        return self._call


__all__ = ["Native", "text_of"]
