"""The module of a plan: its kernels as functions, and `main`, which calls them in order.

``i32 main(ptr arguments, ptr workspace, ptr callback)``: `arguments` are the addresses of the arguments' data, then of
the results'; `callback` is what `callback.py` calls with a number and addresses: it runs equations through NumPy; negative
numbers are factorisations that failed, for which it keeps the error. The value is 0, or `BAD_INDEX`, `FAILED` (the callback has the error) or
`OTHER_PATH`: a guard came out otherwise. Guards are tested as soon as they are known. Equal kernels are written once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..config import config
from ..program import Literal, Var
from . import callback, interrupts, pieces, pool, timing
from .callback import FAILED
from .chunks import piece
from .components import corresponding
from .control.lanes import LaneWriter
from .control.registers import RegisterWriter
from .control.sidelong import lanes_of
from .control.step import Control
from .control.write import ControlWriter
from .durations import _nanoseconds, _work
from .emitter import FLOATS, QUICK, literal_text
from .fusion import Call, Fill, Kernel, Plan
from .interleaved import element
from .lapack import Factorisation
from .loops import KernelWriter
from .memory import Memory, written
from .multiply import emit_product
from .nest import is_number, size_of
from .products import Product
from .scalars import MEMORY_TYPES, number_type
from .schedule import Schedule
from .serial.step import Serial
from .serial.writer import Writer
from .sidebyside import Part
from .texts import Texts
from .vectormath import FUNCTIONS as _FUNCTIONS  # noqa: F401 - which formulas of many instructions are written by
from .verify import verify

BAD_INDEX, OTHER_PATH = 1, 3
NO_MEMORY = 1 - 2**31  # tells the callback that a tape found no more room
FORGET = -(2**31)  # asks the callback to drop the error of a step whose guards were not tested yet
LONG = 20_000  # additions, about: from here on other Python threads may run meanwhile
SLIGHT = 1_000  # a nest that does less than this part of the work is compiled quickly, if it is short
SLIGHT_TEXT = 2_000  # characters


class _Call(NamedTuple):
    """The call of a kernel: its function, its arrays, where their pointers begin, and on how many pieces it runs."""

    name: str
    arrays: list[Any]
    begins: list[int]
    checks: bool
    stops: bool
    pieces: int | None


class Module:
    """The LLVM text of a plan, and what is needed to call it.

    Attributes:
        calls: the equations that go through NumPy, by number; those in the Programs of loops too.
        failures: the messages of the errors of factorisations.
        kernels: the loop nests with their loops.
        checks: whether indices are checked.
        symbols: the names of outside functions.
    """

    def __init__(self, plan: Plan, vector_bytes: int, whole: Module | None = None) -> None:
        self.plan = plan
        self.memory = Memory(plan)
        if config.verify:
            verify(plan, self.memory)
        self.calls: list[Call] = [] if whole is None else whole.calls
        self.failures: list[str] = [] if whole is None else whole.failures
        self.symbols: set[str] = set()
        self.checks = False
        self.tapes = False  # whether there is a tape, for which memory may be missing
        self._fails = self._stops = False
        self._since = 0.0  # nanoseconds, about, since interrupts were looked for
        self._whole = whole
        self._unchecked = False
        self._forgets = False
        self.kernels: list[tuple[Kernel, Schedule]] = []
        plan.writers = self.kernels
        self._alike: dict[int, tuple[Kernel, Schedule, _Call]] = {}
        self._failing: list[tuple[int, str]] = []
        self._work = sum(map(_work, plan.steps))
        self.texts = Texts(vector_bytes) if whole is None else whole.texts
        self.lines: list[str] = []
        self._pointers: dict[Any, str] = {}
        self._count = 0
        self.vector_bytes = vector_bytes
        self.named: dict[str, int] = {}  # functions, and the steps that they are written for
        self.clock: timing.Writer | None = None
        if whole is None and config.compiling[-1]:
            self.clock = timing.Writer(self, plan.steps)
        self._main_clock: timing.Writer | None = self.clock if whole is None else whole._main_clock
        if whole is not None and self._main_clock is not None:
            self.clock = self._main_clock.body(self, plan, sum(map(_nanoseconds, plan.steps)))
        self._untested = self._guards() if plan.program.guards else []
        self._test_guards(set(plan.program.inputs).__contains__)
        last = {v: step for step in plan.steps for v in written(step)} if self._untested else {}
        for number, step in enumerate(plan.steps):
            known = len(self.texts.functions)
            self._step(step)
            if whole is None:
                self.named.update(dict.fromkeys(list(self.texts.functions.values())[known:], number))
            if self.clock is not None:
                self.clock.ended(number)
            self._ask(_nanoseconds(step))
            if self._untested:
                self._test_guards(lambda root, step=step: last.get(root) is step)
            if self._unchecked:
                self._check_indices()
            if self._failing:
                self._check_factorisations()
        self._copies()
        if self.clock is not None:
            self.clock.ended(len(plan.steps))
            self.clock.left()
        plan.time = sum(map(_nanoseconds, plan.steps))
        if whole is None:
            self.texts.main = self.function_text("define i32 @main(ptr %arguments, ptr %workspace, ptr %callback)")
            self.symbols.update(n for n in self.texts.declarations if not n.startswith("llvm."))

    def _guards(self) -> list[tuple[Any, Any]]:
        """Variables that are guards and the values they must have, without those that are constants."""
        program, outputs = self.plan.program, self.plan.program.outputs
        n = len(outputs) - len(program.guards)
        roots = [self.memory.storage(a) for a in outputs[n:]]
        return [(root, g.value) for root, g in zip(roots, program.guards, strict=True) if type(root) is Var]

    def _test_guards(self, known: Any) -> None:
        for root, value in [g for g in self._untested if known(g[0])] if self._untested else ():
            self._untested.remove((root, value))
            self._guard(root, value)

    def _guard(self, root: Var, value: Any) -> None:
        """Leave when a number is not what it was when the function was traced (floats: to rounding)."""
        type_ = MEMORY_TYPES[root.aval.dtype]
        x, n = self._name(), self._count
        pointer = self.pointer(root)
        self.lines.append(f"  {x} = load {type_}, ptr {pointer}")
        number = value.item()
        if type_ not in FLOATS:
            self.lines.append(f"  {x}.same = icmp eq {type_} {x}, {int(number)}")
        elif number != number:
            self.lines.append(f"  {x}.same = fcmp uno {type_} {x}, {x}")
        else:
            slack = 8 * np.finfo(root.aval.dtype).eps * abs(number) if np.isfinite(number) else 0.0
            low, high = (literal_text(type_, number + s * slack) for s in (-1, 1))
            self.lines += [
                f"  {x}.low = fcmp oge {type_} {x}, {low}",
                f"  {x}.high = fcmp ole {type_} {x}, {high}",
                f"  {x}.same = and i1 {x}.low, {x}.high",
            ]
        self.lines += [f"  br i1 {x}.same, label %path{n}, label %other_path", f"path{n}:"]

    def _step(self, step: Any) -> None:
        if isinstance(step, (Kernel, Serial)):
            self._kernel(step)
        elif isinstance(step, Fill):
            self._fill(step)
        elif isinstance(step, Product):
            emit_product(self, step, number_type(step.eqn.outputs[0].aval.dtype))
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
        if type(array) is Literal and (self._whole is not None or is_number(array)):
            return self.texts.constant(array)
        key: Any = array if type(array) is Var else id(array)
        found = self._pointers.get(key)
        if found is None:
            found = self._pointers[key] = self._name()
            place = self.memory.places.get(key)
            if place is None:
                offset = self.memory.offsets[key]
                self.lines.append(f"  {found} = getelementptr i8, ptr %workspace, i64 {offset}")
            else:
                kind, i = place
                i += len(self.memory.arguments) if kind == "result" else 0
                self.lines.append(f"  {found}.a = getelementptr ptr, ptr %arguments, i64 {i}")
                self.lines.append(f"  {found} = load ptr, ptr {found}.a")
        return found

    def _kernel(self, kernel: Kernel | Serial) -> None:
        if isinstance(kernel, Kernel):
            self._run(self._nest(kernel))
            return
        for phase in kernel.phases:
            writer = Writer(kernel, self.vector_bytes, phase)
            text = writer.write()
            name = self.texts.function(text, "kernel")
            self.texts.take(writer.e)
            self.texts.globals.update(writer.globals)
            if phase.pieces is not None:
                self.texts.declare(pool.NAME, pool.DECLARATION)
            begins = [0] * len(writer.arrays)
            self._run(_Call(name, writer.arrays, begins, writer.checks, writer.stops, phase.pieces))
        if kernel.error is not None:
            status = self._name()
            self.lines += [
                f"  {status}.b = load i8, ptr {self.pointer(kernel.eqn.outputs[0])}",
                f"  {status} = zext i8 {status}.b to i32",
            ]
            self.failures.append(kernel.error)
            self._failing.append((len(self.failures), status))

    def _run(self, call: _Call) -> None:
        """The call of a kernel, in pieces or whole, and what it may have found."""
        pointers = [f"ptr {self._place(a, n)}" for a, n in zip(call.arrays, call.begins, strict=True)]
        if call.checks:
            self.checks = True
            pointers.append("ptr %error")
            self._unchecked = True
        if call.stops:
            pointers.append(self.stop())
        if call.pieces is not None:
            table = self.table(pointers)
            self.lines.append(f"  call void @{pool.NAME}(ptr @{call.name}, ptr {table}, i64 {call.pieces})")
        else:
            self.lines.append(f"  call void @{call.name}({', '.join(pointers)})")
        if call.stops:
            self.leave_if_stopped()

    def stop(self) -> str:
        """The cell that says that this call is to end early."""
        self.texts.declare(interrupts.NAME, interrupts.DECLARATION)
        self._stops = True
        return "ptr %stop"

    def leave_if_stopped(self) -> None:
        n = self.number()
        self.lines += [*interrupts.look(n, "%stop", f"next{n}"), f"next{n}:"]
        self._since = 0.0

    def _ask(self, nanoseconds: float) -> None:
        """After a step that took about so long: whether an interrupt is waiting, if it is time."""
        self._since += nanoseconds
        if self._since < interrupts.LIMIT:
            return
        n, cell = self.number(), self.stop()
        self.lines += [*interrupts.ask(n, cell.removeprefix("ptr "), f"next{n}"), f"next{n}:"]
        self._since = 0.0

    def _nest(self, kernel: Kernel) -> _Call:
        """A nest as a call of its function, which is written unless it was written for a nest that is alike."""
        known = self._alike.get(id(kernel.alike)) if kernel.alike is not None else None
        if known is not None:
            first, schedule, call = known
            arrays = corresponding(first, kernel, self.memory.storage)
            if arrays is not None:
                self.kernels.append((kernel, schedule))
                key = [a if type(a) is Var else id(a) for a in call.arrays]
                return call._replace(arrays=[arrays[k] for k in key])
        writer = KernelWriter(kernel, self.memory.storage, self.vector_bytes)
        text = writer.write()
        if kernel.chunks is None and len(text) < SLIGHT_TEXT and _work(kernel) * SLIGHT < self._work:
            text = text.replace("#0 {", QUICK, 1)
        name = self.texts.function(text, "kernel")
        self.texts.take(writer.e)
        self.kernels.append((kernel, writer.schedule))
        pieces = None
        if kernel.chunks is not None:  # its pieces run on the pool's threads; one kernel may be cut in several ways
            name = self.texts.function(piece(writer, name), "piece")
            self.texts.declare(pool.NAME, pool.DECLARATION)
            pieces = kernel.chunks.count
        call = _Call(name, writer.arrays, writer.begins, writer.checks, writer.stops, pieces)
        if kernel.alike is not None and known is None and not (kernel.chunks and kernel.chunks.partials):
            self._alike[id(kernel.alike)] = (kernel, writer.schedule, call)
        return call

    def _place(self, array: Any, begin: int) -> str:
        """The address of an element of an array."""
        pointer = self.pointer(array)
        if not begin:
            return pointer
        name = self._name()
        self.lines.append(f"  {name} = getelementptr i8, ptr {pointer}, i64 {begin * element(array.aval.dtype)}")
        return name

    def table(self, pointers: list[str]) -> str:
        """The address of an array of pointers."""
        table = self._name()
        self.lines.append(f"  {table} = alloca ptr, i64 {max(len(pointers), 1)}")
        for i, pointer in enumerate(pointers):
            slot = self._name()
            self.lines.append(f"  {slot} = getelementptr ptr, ptr {table}, i64 {i}")
            self.lines.append(f"  store {pointer}, ptr {slot}")
        return table

    def callback(self, name: str, number: int, addresses: str = "null") -> str:
        """The line that calls Python with a number and where some addresses are."""
        self.texts.declare(callback.NAME, callback.DECLARATION)
        return f"  {name} = call i32 @{callback.NAME}(ptr %callback, i32 {number}, ptr {addresses})"

    def no_memory(self, name: str) -> list[str]:
        """What a function does that found no memory for a tape: the callback keeps the error."""
        self.tapes = True
        if self._whole is not None:
            self._whole.tapes = True
        return [self.callback(name, NO_MEMORY), f"  ret i32 {FAILED}"]

    def function_of(self, plan: Plan) -> str:
        """The name of a function like `main` for the plan of a loop's or branch's Program."""
        inner = Module(plan, self.vector_bytes, whole=self)
        head = "define internal i32 @NAME(ptr %arguments, ptr %workspace, ptr %callback)"
        return self.texts.function(inner.function_text(head), "body")

    def _control(self, step: Control) -> None:
        lanes = lanes_of(step, self.vector_bytes) if step.registers else None
        if lanes is not None:
            writer = LaneWriter(step, self, lanes)
        else:
            writer = RegisterWriter(step, self) if step.registers else ControlWriter(step, self)
        name = self.texts.function(writer.write(), "control")
        self.texts.take(writer)
        pointers = [f"ptr {self.pointer(a)}" for a in writer.arrays]
        status, n = self._name(), self._count
        self.lines.append(f"  {status} = call i32 @{name}({', '.join([*pointers, 'ptr %callback'])})")
        self.lines.append(f"  {status}.c = icmp ne i32 {status}, 0")
        if self._untested:
            self._forgets = self._stops = True
            self.lines += [f"  br i1 {status}.c, label %left{n}, label %next{n}", f"left{n}:"]
            self.lines.append(f"  {status}.i = icmp eq i32 {status}, {interrupts.STOPPED}")
            self.lines.append(f"  br i1 {status}.i, label %stopped, label %forget")
        else:
            self.lines += [f"  br i1 {status}.c, label %stop{n}, label %next{n}", f"stop{n}:", f"  ret i32 {status}"]
        self.lines.append(f"next{n}:")

    def _factorisation(self, step: Factorisation) -> None:
        function = step.function(self.vector_bytes)
        name = self.texts.function(function.text(), "kernel")
        self.texts.take(function.e)
        self.texts.globals.update(function.globals)
        pointers, status = ", ".join(f"ptr {self.pointer(a)}" for a in step.arrays), self._name()
        self.lines.append(f"  {status} = call i32 @{name}({pointers})")
        if function.stops:
            n, self._stops = self.number(), True
            self.lines.append(f"  {status}.i = icmp eq i32 {status}, {interrupts.STOPPED}")
            self.lines += [f"  br i1 {status}.i, label %stopped, label %next{n}", f"next{n}:"]
        if step.error is not None:
            self.failures.append(step.error)
            self._failing.append((len(self.failures), status))

    def _check_factorisations(self) -> None:
        """Leave after one that failed; as with indices, not before all guards are tested."""
        if self._untested:
            return
        for number, status in self._failing:
            self.lines += [
                f"  {status}.c = icmp ne i32 {status}, 0",
                f"  br i1 {status}.c, label %failure{number}, label %factorised{number}",
                f"failure{number}:",
                self.callback(f"{status}.s", -number),
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
        self.lines += [
            f"  {bad} = load i32, ptr %error",
            f"  {bad}.c = icmp ne i32 {bad}, 0",
            f"  br i1 {bad}.c, label %bad_index, label %next{n}",
            f"next{n}:",
        ]

    def _fill(self, step: Fill) -> None:
        n = size_of(step.target.aval) * step.target.aval.dtype.itemsize
        self._bytes(pieces.CLEARED, self.pointer(step.target), "null", n)

    def _copies(self) -> None:
        for i, source in self.memory.copies:
            aval = self.memory.results[i]
            n = size_of(aval) * aval.dtype.itemsize
            origin, target = self.pointer(source), self._result(i)
            self._bytes(pieces.COPIED, target, origin, n)

    def _bytes(self, name: str, target: str, source: str, n: int) -> None:
        """Copy or clear so many bytes."""
        if not n:
            return
        functions: dict[str, str] = {}
        line, divided = pieces.call(name, target, source, n, self.texts.declarations, functions, "%stop")
        self.texts.helpers(functions)
        if not divided:
            self.lines.append(f"  {line}")
            return
        k, self._stops = self.number(), True
        self.lines += [f"  %ended{k} = {line}", f"  %ends{k} = icmp ne i32 %ended{k}, 0"]
        self.lines += [f"  br i1 %ends{k}, label %stopped, label %next{k}", f"next{k}:"]

    def _result(self, i: int) -> str:
        name = self._name()
        self.lines.append(f"  {name}.a = getelementptr ptr, ptr %arguments, i64 {len(self.memory.arguments) + i}")
        self.lines.append(f"  {name} = load ptr, ptr {name}.a")
        return name

    # --- for those that write to `main` ------------------------------------------------------------------------------

    def number(self) -> int:
        """A number that is in no name yet."""
        self._count += 1
        return self._count

    def _call(self, step: Call) -> None:
        number = len(self.calls)
        self.calls.append(step)
        arrays = [a for a in step.eqn.inputs if not is_number(a)] + list(step.eqn.outputs)
        table = self.table([f"ptr {self.pointer(a)}" for a in arrays])
        status, n = self._name(), self._count
        leave = "failed"
        if self._untested:  # this may be the wrong path, and what it raised is then nobody's error
            leave = "forget"
            self._forgets = True
        else:
            self._fails = True
        self.lines += [
            self.callback(status, number, table),
            f"  {status}.c = icmp ne i32 {status}, 0",
            f"  br i1 {status}.c, label %{leave}, label %next{n}",
            f"next{n}:",
        ]

    # --- the text --------------------------------------------------------------------------------------------------

    def function_text(self, head: str) -> str:
        """The function that calls the steps in order."""
        body = ["entry:"]
        if self.checks:
            body += ["  %error = alloca i32", "  store i32 0, ptr %error"]
        if self._stops:
            body += ["  %stop = alloca i32", "  store i32 0, ptr %stop"]
        body += [*self.lines, "  ret i32 0"]
        if self.checks:
            body += ["bad_index:", f"  ret i32 {BAD_INDEX}"]
        if self._stops:
            body += ["stopped:", f"  ret i32 {interrupts.STOPPED}"]
        if self._fails:
            body += ["failed:", f"  ret i32 {FAILED}"]
        if self._forgets:
            body.append("forget:")
            if self.calls or self.failures or self.tapes:
                body.append(self.callback("%forgotten", FORGET))
            body.append("  br label %other_path")
        if self.plan.program.guards:
            body += ["other_path:", f"  ret i32 {OTHER_PATH}"]
        return head + " {\n" + "\n".join(body) + "\n}\n"

    @property
    def release(self) -> bool:
        """Whether a call is long enough for other Python threads to run meanwhile, and needs no Python."""
        return self._work > LONG and not self.calls

    def parts(self, threads: int) -> list[Part]:
        """The text in parts, see `Texts.parts`."""
        return self.texts.parts(threads)

    @property
    def text(self) -> str:
        """All of it as one module."""
        return self.texts.text
