"""The module of a plan: its kernels as functions, and `main`, which calls them in order.

``i32 main(ptr arguments, ptr workspace, ptr callback)``: `arguments` are the addresses of the arguments' data, then of
the results'; `callback(number, addresses)` runs equations through NumPy; negative numbers are factorisations that
failed, for which it keeps the error. The value is 0, or `BAD_INDEX`, `FAILED` (the callback has the error) or
`OTHER_PATH`: a guard came out otherwise. Guards are tested as soon as they are known. Equal kernels are written once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..program import Literal, Var
from . import pool
from .chunks import piece
from .control import Control
from .control.prepare import prepare
from .control.registers import RegisterWriter
from .control.write import ControlWriter
from .emitter import FLOATS, literal_text
from .entry import Entry
from .fusion import Call, Fill, Kernel, Plan
from .gemm import gemm
from .lapack import Factorisation
from .loops import MEMORY_TYPES, KernelWriter
from .memory import Memory, written
from .nest import size_of
from .products import Product
from .serial import Serial, Writer

BAD_INDEX, FAILED, OTHER_PATH = 1, 2, 3
NO_MEMORY = 1 - 2**31  # tells the callback that a tape found no more room
FORGET = -(2**31)  # asks the callback to drop the error of a step whose guards were not tested yet
BLAS = {"float": "sgemm", "double": "dgemm"}


class Module:
    """The LLVM text of a plan, and what is needed to call it.

    Attributes:
        text: the module.
        calls: the equations that go through NumPy, by number; those in the Programs of loops too.
        failures: the messages of the errors of factorisations.
        checks: whether indices are checked.
        symbols: the names of outside functions.
    """

    def __init__(self, plan: Plan, vector_bytes: int, trees: Any = None, whole: Module | None = None) -> None:
        self.plan = plan
        prepare(plan, vector_bytes)
        self.memory = Memory(plan)
        self.calls: list[Call] = [] if whole is None else whole.calls
        self.failures: list[str] = [] if whole is None else whole.failures
        self.symbols: set[str] = set()
        self.checks = False
        self.tapes = False  # whether there is a tape, for which memory may be missing
        self._fails = False
        self._whole = whole
        self._unchecked = False
        self._forgets = False
        self.kernels: list[KernelWriter] = []
        plan.writers = self.kernels
        self._failing: list[tuple[int, str]] = []
        self._functions: dict[str, str] = {} if whole is None else whole._functions
        self._declarations: dict[str, str] = {} if whole is None else whole._declarations
        self._internal: dict[str, str] = {} if whole is None else whole._internal
        self._globals: dict[str, str] = {} if whole is None else whole._globals
        self._lines: list[str] = []
        self._pointers: dict[Any, str] = {}
        self._count = 0
        self._vector_bytes = vector_bytes
        self._untested = self._guards()
        self._test_guards(lambda root: True if root in self._given() else None)
        last = {v: step for step in plan.steps for v in written(step)}
        for step in plan.steps:
            self._step(step)
            self._test_guards(lambda root, step=step: last.get(root) is step)
            self._check_indices()
            self._check_factorisations()
        self._copies()
        self.entry = Entry(self, trees) if trees is not None else None
        self.text = self._text() if whole is None else ""

    def _given(self) -> set[Any]:
        return {a for a in self.memory.arguments if type(a) is Var}

    def _guards(self) -> list[tuple[Any, Any]]:
        """Variables that are guards and the values they must have, without those that are constants."""
        program, outputs = self.plan.program, self.plan.program.outputs
        n = len(outputs) - len(program.guards)
        roots = [self.memory.storage(a) for a in outputs[n:]]
        return [(root, g.value) for root, g in zip(roots, program.guards, strict=True) if type(root) is Var]

    def _test_guards(self, known: Any) -> None:
        for root, value in [g for g in self._untested if known(g[0])]:
            self._untested.remove((root, value))
            self._guard(root, value)

    def _guard(self, root: Var, value: Any) -> None:
        """Leave when a number is not what it was when the function was traced (floats: to rounding)."""
        type_ = MEMORY_TYPES[root.aval.dtype]
        x, n = self._name(), self._count
        pointer = self.pointer(root)
        self._lines.append(f"  {x} = load {type_}, ptr {pointer}")
        number = value.item()
        if type_ not in FLOATS:
            self._lines.append(f"  {x}.same = icmp eq {type_} {x}, {int(number)}")
        elif number != number:
            self._lines.append(f"  {x}.same = fcmp uno {type_} {x}, {x}")
        else:
            slack = 8 * np.finfo(root.aval.dtype).eps * abs(number) if np.isfinite(number) else 0.0
            low, high = (literal_text(type_, number + s * slack) for s in (-1, 1))
            self._lines += [
                f"  {x}.low = fcmp oge {type_} {x}, {low}",
                f"  {x}.high = fcmp ole {type_} {x}, {high}",
                f"  {x}.same = and i1 {x}.low, {x}.high",
            ]
        self._lines += [f"  br i1 {x}.same, label %path{n}, label %other_path", f"path{n}:"]

    def _step(self, step: Any) -> None:
        if isinstance(step, (Kernel, Serial)):
            self._kernel(step)
        elif isinstance(step, Fill):
            self._fill(step)
        elif isinstance(step, Product):
            self._product(step)
        elif isinstance(step, Factorisation):
            self._factorisation(step)
        elif isinstance(step, Control):
            self._control(step)
        else:
            self._call(step)

    def _name(self) -> str:
        self._count += 1
        return f"%m{self._count}"

    def pointer(self, array: Any) -> str:
        """The address of an array's data, as a value in `main`."""
        array = self.memory.storage(array)
        if type(array) is Literal and (self._whole is not None or is_scalar_literal(array)):
            return self.constant(array)
        key: Any = array if type(array) is Var else id(array)
        found = self._pointers.get(key)
        if found is None:
            found = self._pointers[key] = self._name()
            place = self.memory.places.get(key)
            if place is None:
                offset = self.memory.offsets[key]
                self._head.append(f"  {found} = getelementptr i8, ptr %workspace, i64 {offset}")
            else:
                kind, i = place
                i += len(self.memory.arguments) if kind == "result" else 0
                self._head.append(f"  {found}.a = getelementptr ptr, ptr %arguments, i64 {i}")
                self._head.append(f"  {found} = load ptr, ptr {found}.a")
        return found

    @property
    def _head(self) -> list[str]:
        return self._lines

    def _kernel(self, kernel: Kernel | Serial) -> None:
        writer: KernelWriter | Writer
        if isinstance(kernel, Serial):
            writer = Writer(kernel, self._vector_bytes)
        else:
            writer = KernelWriter(kernel, self.memory.storage, self._vector_bytes)
        text = writer.write()
        name = self._functions.setdefault(text, f"kernel{len(self._functions)}")
        self._declarations.update(writer.e.declarations)
        self._internal.update(writer.e.functions)
        if isinstance(writer, KernelWriter):
            self.kernels.append(writer)
        pointers = [f"ptr {self.pointer(a)}" for a in writer.arrays]
        if writer.checks:
            self.checks = True
            pointers.append("ptr %error")
            self._unchecked = True
        if isinstance(kernel, Kernel) and kernel.chunks is not None:
            assert isinstance(writer, KernelWriter)
            self._together(writer, name, pointers)
        else:
            self._lines.append(f"  call void @{name}({', '.join(pointers)})")

    def _together(self, writer: KernelWriter, name: str, pointers: list[str]) -> None:
        """Run the pieces of a kernel on the pool's threads."""
        function = self._functions.setdefault(piece(writer, name), f"{name}.piece")
        self._declarations.setdefault(pool.NAME, pool.DECLARATION)
        table = self._table(pointers)
        count = writer.kernel.chunks.count
        self._lines.append(f"  call void @{pool.NAME}(ptr @{function}, ptr {table}, i64 {count})")

    def _table(self, pointers: list[str]) -> str:
        """The address of an array of pointers."""
        table = self._name()
        self._lines.append(f"  {table} = alloca ptr, i64 {max(len(pointers), 1)}")
        for i, pointer in enumerate(pointers):
            slot = self._name()
            self._lines.append(f"  {slot} = getelementptr ptr, ptr {table}, i64 {i}")
            self._lines.append(f"  store {pointer}, ptr {slot}")
        return table

    def constant(self, a: Literal) -> str:
        """The address of a literal that is kept with the code."""
        data = np.ascontiguousarray(a.value, a.aval.dtype).tobytes()
        text = "".join(f"\\{b:02X}" for b in data)
        for name, known in self._globals.items():
            if known.endswith(f' c"{text}", align 64'):
                return name
        name = f"@literal{len(self._globals)}"
        self._globals[name] = f'{name} = private constant [{len(data)} x i8] c"{text}", align 64'
        return name

    def no_memory(self, name: str) -> list[str]:
        """What a function does that found no memory for a tape: the callback keeps the error."""
        self.tapes = True
        if self._whole is not None:
            self._whole.tapes = True
        return [f"  {name} = call i32 %callback(i32 {NO_MEMORY}, ptr null)", f"  ret i32 {FAILED}"]

    def function_of(self, plan: Plan) -> str:
        """The name of a function like `main` for the plan of a loop's or branch's Program."""
        inner = Module(plan, self._vector_bytes, whole=self)
        head = "define internal i32 @NAME(ptr %arguments, ptr %workspace, ptr %callback)"
        return self._functions.setdefault(inner.function_text(head), f"body{len(self._functions)}")

    def _control(self, step: Control) -> None:
        writer = RegisterWriter(step, self) if step.registers else ControlWriter(step, self)
        name = self._functions.setdefault(writer.write(), f"control{len(self._functions)}")
        self._declarations.update(writer.declarations)
        self._internal.update(writer.functions)
        pointers = [f"ptr {self.pointer(a)}" for a in writer.arrays]
        status, n = self._name(), self._count
        self._lines.append(f"  {status} = call i32 @{name}({', '.join([*pointers, 'ptr %callback'])})")
        self._lines.append(f"  {status}.c = icmp ne i32 {status}, 0")
        if self._untested:
            self._forgets = True
            self._lines.append(f"  br i1 {status}.c, label %forget, label %next{n}")
        else:
            self._lines += [f"  br i1 {status}.c, label %stop{n}, label %next{n}", f"stop{n}:", f"  ret i32 {status}"]
        self._lines.append(f"next{n}:")

    def _factorisation(self, step: Factorisation) -> None:
        function = step.function(self._vector_bytes)
        name = self._functions.setdefault(function.text(), f"kernel{len(self._functions)}")
        self._declarations.update(function.e.declarations)
        self._internal.update(function.e.functions)
        self._globals.update(function.globals)
        pointers, status = ", ".join(f"ptr {self.pointer(a)}" for a in step.arrays), self._name()
        self._lines.append(f"  {status} = call i32 @{name}({pointers})")
        if step.error is not None:
            self.failures.append(step.error)
            self._failing.append((len(self.failures), status))

    def _check_factorisations(self) -> None:
        """Leave after one that failed; as with indices, not before all guards are tested."""
        if self._untested:
            return
        for number, status in self._failing:
            self._lines += [
                f"  {status}.c = icmp ne i32 {status}, 0",
                f"  br i1 {status}.c, label %failure{number}, label %factorised{number}",
                f"failure{number}:",
                f"  {status}.s = call i32 %callback(i32 -{number}, ptr null)",
                f"  ret i32 {FAILED}",
                f"factorised{number}:",
            ]
        self._failing = []

    def _check_indices(self) -> None:
        """Leave after a bad index; not before all guards are tested, for this may be the wrong path."""
        if not self._unchecked or self._untested:
            return
        self._unchecked = False
        bad, n = self._name(), self._count
        self._lines += [
            f"  {bad} = load i32, ptr %error",
            f"  {bad}.c = icmp ne i32 {bad}, 0",
            f"  br i1 {bad}.c, label %bad_index, label %next{n}",
            f"next{n}:",
        ]

    def _fill(self, step: Fill) -> None:
        n = size_of(step.target.aval) * step.target.aval.dtype.itemsize
        if n:
            name = "llvm.memset.p0.i64"
            self._declarations.setdefault(name, f"declare void @{name}(ptr, i8, i64, i1)")
            self._lines.append(f"  call void @{name}(ptr {self.pointer(step.target)}, i8 0, i64 {n}, i1 false)")

    def _copies(self) -> None:
        for i, source in self.memory.copies:
            aval = self.memory.results[i]
            n = size_of(aval) * aval.dtype.itemsize
            if n:
                name = "llvm.memcpy.p0.p0.i64"
                self._declarations.setdefault(name, f"declare void @{name}(ptr, ptr, i64, i1)")
                origin, target = self.pointer(source), self._result(i)
                self._lines.append(f"  call void @{name}(ptr {target}, ptr {origin}, i64 {n}, i1 false)")

    def _result(self, i: int) -> str:
        name = self._name()
        self._lines.append(f"  {name}.a = getelementptr ptr, ptr %arguments, i64 {len(self.memory.arguments) + i}")
        self._lines.append(f"  {name} = load ptr, ptr {name}.a")
        return name

    def _int(self, value: int) -> str:
        name = f"@int{value}"
        self._globals.setdefault(name, f"{name} = private constant i32 {value}")
        return f"ptr {name}"

    def _char(self, value: str) -> str:
        name = f"@char{value}"
        self._globals.setdefault(name, f"{name} = private constant i8 {ord(value)}")
        return f"ptr {name}"

    def _product(self, p: Product) -> None:
        type_ = MEMORY_TYPES[p.eqn.outputs[0].aval.dtype]
        call = self._library_call(p, type_) if p.library else self._written_call(p, type_)
        a, b, c = self.pointer(p.x), self.pointer(p.y), self.pointer(p.eqn.outputs[0])
        if p.batch == 1:
            self._lines.append(call(a, b, c))
            return
        self._count += 1
        n = self._count
        self._lines += [f"  br label %pre{n}", f"pre{n}:", f"  br label %loop{n}", f"loop{n}:"]
        self._lines.append(f"  %i{n} = phi i64 [0, %pre{n}], [%i{n}.n, %loop{n}]")
        for name, base, size in (("a", a, p.m * p.k), ("b", b, p.k * p.n), ("c", c, p.m * p.n)):
            self._lines.append(f"  %{name}{n}.o = mul i64 %i{n}, {size}")
            self._lines.append(f"  %{name}{n} = getelementptr {type_}, ptr {base}, i64 %{name}{n}.o")
        self._lines += [
            call(f"%a{n}", f"%b{n}", f"%c{n}"),
            f"  %i{n}.n = add i64 %i{n}, 1",
            f"  %i{n}.c = icmp ult i64 %i{n}.n, {p.batch}",
            f"  br i1 %i{n}.c, label %loop{n}, label %done{n}",
            f"done{n}:",
        ]

    def _written_call(self, p: Product, type_: str) -> Callable[[str, str, str], str]:
        text = gemm(type_, p.m, p.n, p.k, p.turn_x, self._vector_bytes)
        if "@llvm.smin" in text:
            self._declarations.setdefault("llvm.smin.i64", "declare i64 @llvm.smin.i64(i64, i64)")
        name = self._functions.setdefault(text, f"product{len(self._functions)}")
        return lambda a, b, c: f"  call void @{name}(ptr {a}, ptr {b}, ptr {c})"

    def _library_call(self, p: Product, type_: str) -> Callable[[str, str, str], str]:
        """``C = A B`` in rows is ``C' = B' A'`` in columns, as BLAS counts."""
        routine = BLAS[type_]
        one, zero = (f"@{w}.{type_}" for w in ("one", "zero"))
        self._globals.setdefault(one, f"{one} = private constant {type_} 1.0")
        self._globals.setdefault(zero, f"{zero} = private constant {type_} 0.0")
        self._declarations.setdefault(
            f"wengert.{routine}", f"declare void @wengert.{routine}({', '.join(['ptr'] * 13)})"
        )
        turns = (self._char("T" if p.turn_y else "N"), self._char("T" if p.turn_x else "N"))
        sizes = (self._int(p.n), self._int(p.m), self._int(p.k))
        ld_b, ld_a = (self._int(p.k if p.turn_y else p.n), self._int(p.m if p.turn_x else p.k))

        def call(a: str, b: str, c: str) -> str:
            arguments = (*turns, *sizes, f"ptr {one}", f"ptr {b}", ld_b, f"ptr {a}", ld_a, f"ptr {zero}", f"ptr {c}",
                         self._int(p.n))  # fmt: skip
            return f"  call void @wengert.{routine}({', '.join(arguments)})"

        return call

    def _call(self, step: Call) -> None:
        number = len(self.calls)
        self.calls.append(step)
        arrays = [a for a in step.eqn.inputs if not is_scalar_literal(a)] + list(step.eqn.outputs)
        table = self._table([f"ptr {self.pointer(a)}" for a in arrays])
        status, n = self._name(), self._count
        leave = "failed"
        if self._untested:  # this may be the wrong path, and what it raised is then nobody's error
            leave = "forget"
            self._forgets = True
        else:
            self._fails = True
        self._lines += [
            f"  {status} = call i32 %callback(i32 {number}, ptr {table})",
            f"  {status}.c = icmp ne i32 {status}, 0",
            f"  br i1 {status}.c, label %{leave}, label %next{n}",
            f"next{n}:",
        ]

    def function_text(self, head: str) -> str:
        """The function that calls the steps in order."""
        body = ["entry:"]
        if self.checks:
            body += ["  %error = alloca i32", "  store i32 0, ptr %error"]
        body += [*self._lines, "  ret i32 0"]
        if self.checks:
            body += ["bad_index:", f"  ret i32 {BAD_INDEX}"]
        if self._fails:
            body += ["failed:", f"  ret i32 {FAILED}"]
        if self._forgets:
            body.append("forget:")
            if self.calls or self.failures or self.tapes:
                body.append(f"  %forgotten = call i32 %callback(i32 {FORGET}, ptr null)")
            body.append("  br label %other_path")
        if self.plan.program.guards:
            body += ["other_path:", f"  ret i32 {OTHER_PATH}"]
        return head + " {\n" + "\n".join(body) + "\n}\n"

    def _text(self) -> str:
        functions = [text.replace("@NAME", f"@{name}", 1) for text, name in self._functions.items()]
        main = self.function_text("define i32 @main(ptr %arguments, ptr %workspace, ptr %callback)")
        bits = self._vector_bytes * 8
        attributes = (
            f'attributes #0 = {{ nounwind "prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}" }}\n'
        )
        if self.entry is not None:
            self._declarations.update(self.entry.declarations)
        self.symbols.update(n for n in self._declarations if not n.startswith("llvm."))
        return "\n".join(
            [
                *self._globals.values(),
                *self._declarations.values(),
                *self._internal.values(),
                *functions,
                main,
                *([] if self.entry is None else [self.entry.text]),
                attributes,
            ]
        )


def is_scalar_literal(a: Any) -> bool:
    return type(a) is Literal and a.aval.shape == ()
