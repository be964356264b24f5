"""Entry: the call of a compiled function in native code, from Python objects to Python objects.

The function is a method of a table of addresses (a NumPy array), with one argument: the pair ``(args, kwargs)``. It
follows the tree of containers that the Program was traced for, checks each leaf's type, dtype and shape, makes the
results, runs `main`, and puts the results into their tree. Anything else than what the Program was traced for gives
`NotImplemented`, and the caller takes the general way; an error inside gives `Ellipsis`.

What is known of CPython's and NumPy's structures stands here, and is checked when the library is used first
(`supported`): offsets of fields that both keep stable between versions.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from ..ops.random import KEY
from ..program import Literal

# Offsets of fields in bytes.
TYPE, SIZE, ITEMS, SCALAR = 8, 16, 24, 16  # PyObject.ob_type, PyVarObject.ob_size, tuple items, a scalar's value
VOID = {"data": 24, "descr": 32}  # a scalar of a structured dtype
ARRAY = {"data": 16, "nd": 24, "dimensions": 32, "descr": 56, "flags": 64}
READY = 0x1 | 0x100  # C-contiguous, aligned
NUMPY_API = {"PyArray_Scalar": 60, "PyArray_NewFromDescr": 94}
SMALL_WORKSPACE = 16 * 1024
LONG = 20_000  # additions, about: from here on other Python threads may run meanwhile


@lru_cache(maxsize=1)
def supported() -> bool:
    """Whether objects lie in memory as this file says."""
    import ctypes
    import platform
    import sysconfig

    if platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    if struct.calcsize("P") != 8 or object.__basicsize__ != 16:
        return False
    a = np.arange(6.0).reshape(2, 3)

    def field(x: Any, offset: int, kind: Any) -> Any:
        return kind.from_address(id(x) + offset).value

    pointer = ctypes.c_size_t
    scalar = np.float64(1.25)
    pair = (a, scalar)
    key = np.array((3, 7), KEY)[()]
    return bool(
        field(a, TYPE, pointer) == id(np.ndarray)
        and field(a, ARRAY["data"], pointer) == a.ctypes.data
        and field(a, ARRAY["nd"], ctypes.c_int) == 2
        and pointer.from_address(field(a, ARRAY["dimensions"], pointer) + 8).value == 3
        and field(a, ARRAY["descr"], pointer) == id(a.dtype)
        and field(a, ARRAY["flags"], ctypes.c_int) & READY == READY
        and field(scalar, SCALAR, ctypes.c_double) == 1.25
        and field(2.5, SCALAR, ctypes.c_double) == 2.5
        and field(key, VOID["descr"], pointer) == id(KEY)
        and ctypes.c_uint64.from_address(field(key, VOID["data"], pointer)).value == (7 << 32) + 3
        and field(pair, SIZE, pointer) == 2
        and field(pair, ITEMS + 8, pointer) == id(scalar)
    )


@lru_cache(maxsize=1)
def _numpy_table() -> int:
    import ctypes

    capsule = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, None)


def api_address(name: str) -> int:
    """The address of a function of NumPy's C interface."""
    import ctypes

    return ctypes.c_size_t.from_address(_numpy_table() + 8 * NUMPY_API[name]).value


_PYTHON = {
    "Py_IncRef": "declare void @Py_IncRef(ptr)",
    "Py_DecRef": "declare void @Py_DecRef(ptr)",
    "PyDict_GetItemWithError": "declare ptr @PyDict_GetItemWithError(ptr, ptr)",
    "PyDict_Size": "declare i64 @PyDict_Size(ptr)",
    "PyErr_Clear": "declare void @PyErr_Clear()",
    "PyLong_AsLongLongAndOverflow": "declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)",
    "PyTuple_New": "declare ptr @PyTuple_New(i64)",
    "PyList_New": "declare ptr @PyList_New(i64)",
    "PyDict_New": "declare ptr @PyDict_New()",
    "PyDict_SetItem": "declare i32 @PyDict_SetItem(ptr, ptr, ptr)",
    "PyEval_SaveThread": "declare ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "declare void @PyEval_RestoreThread(ptr)",
    "malloc": "declare ptr @malloc(i64)",
    "free": "declare void @free(ptr)",
}


def plain(tree: Any) -> bool:
    """Whether a tree is of tuples, lists, dicts, None and leaves (integers here) alone."""
    t = type(tree)
    if t in (tuple, list):
        return all(plain(x) for x in tree)
    if t is dict:
        return all(plain(x) for x in tree.values())
    return t is int or tree is None


class Entry:
    """The text of the entry of a module, and the table it is a method of.

    Args:
        module: whose `main` it calls.
        trees: the tree of ``(args, kwargs)`` and that of the results, with the numbers of their leaves as leaves.
    """

    def __init__(self, module: Any, trees: tuple[Any, Any]) -> None:
        self.module = module
        self.objects: list[Any] = []  # kept alive by the table; an int is an address
        self.declarations: dict[str, str] = {}
        self.lines: list[str] = []
        self._slots: dict[Any, int] = {}
        self._count = 0
        self._allocas: list[str] = []
        memory = module.memory
        self._n_arguments = len(memory.arguments)
        self.workspace_slot = self._slot("workspace", 0)
        self.callback_slot = self._slot("callback", 0)
        in_tree, out_tree = trees
        self._match(in_tree, "%given")
        for i, a in enumerate(memory.arguments):
            if type(a) is Literal:
                value = np.ascontiguousarray(a.value, a.aval.dtype)
                self.objects.append(value)
                self._set_argument(i, self.entry(("literal", i), value.ctypes.data))
        self._kept = len(memory.results) - len(module.plan.program.guards)  # the others are guards
        self._results(memory.results)
        self._run(memory.size)
        self._build_results(memory.results[: self._kept], out_tree)
        self.text = self._text()

    # --- the table -------------------------------------------------------------------------------------------------

    def _slot(self, key: Any, value: Any) -> int:
        if key not in self._slots:
            self._slots[key] = len(self.objects)
            self.objects.append(value)
        return self._slots[key]

    def entry(self, key: Any, value: Any) -> str:
        """An entry of the table, loaded: an object's address, or an address."""
        self._slots.setdefault(key, -1)
        if self._slots[key] < 0:
            self._slots[key] = len(self.objects)
            self.objects.append(value)
        name = self._name()
        self._emit(f"{name}.a = getelementptr i64, ptr %table, i64 {self._slots[key]}")
        self._emit(f"{name} = load ptr, ptr {name}.a")
        return name

    def object(self, value: Any) -> str:
        return self.entry(("object", id(value)), _Object(value))

    def table(self) -> np.ndarray:
        """The table's numbers; it must be kept as long as the code."""
        return np.array(
            [id(o.value) if isinstance(o, _Object) else (o if isinstance(o, int) else 0) for o in self.objects],
            np.uint64,
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        self._count += 1
        return f"%e{self._count}"

    def _emit(self, line: str) -> None:
        self.lines.append("  " + line)

    def _use(self, name: str) -> str:
        if name in NUMPY_API:
            declaration = {
                "PyArray_Scalar": "declare ptr @PyArray_Scalar(ptr, ptr, ptr)",
                "PyArray_NewFromDescr": "declare ptr @PyArray_NewFromDescr(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)",
            }[name]
        else:
            declaration = _PYTHON[name]
        self.declarations[name] = declaration
        return f"@{name}"

    def _field(self, base: str, offset: int, type_: str) -> str:
        name = self._name()
        self._emit(f"{name}.a = getelementptr i8, ptr {base}, i64 {offset}")
        self._emit(f"{name} = load {type_}, ptr {name}.a")
        return name

    def _require(self, condition: str, otherwise: str = "miss") -> None:
        self._count += 1
        label = f"ok{self._count}"
        self._emit(f"br i1 {condition}, label %{label}, label %{otherwise}")
        self.lines.append(f"{label}:")

    def _equal(self, type_: str, a: str, b: str) -> str:
        name = self._name()
        self._emit(f"{name} = icmp eq {type_} {a}, {b}")
        return name

    def _require_type(self, x: str, kind: type) -> None:
        self._require(self._equal("ptr", self._field(x, TYPE, "ptr"), self.object(kind)))

    # --- arguments -------------------------------------------------------------------------------------------------

    def _match(self, tree: Any, x: str) -> None:
        if type(tree) is int:
            self._leaf(tree, x)
        elif tree is None:
            self._require(self._equal("ptr", x, self.object(None)))
        elif type(tree) is dict:
            self._require_type(x, dict)
            size = self._name()
            self._emit(f"{size} = call i64 {self._use('PyDict_Size')}(ptr {x})")
            self._require(self._equal("i64", size, str(len(tree))))
            for key, sub in tree.items():
                item = self._name()
                self._emit(f"{item} = call ptr {self._use('PyDict_GetItemWithError')}(ptr {x}, ptr {self.object(key)})")
                found = self._name()
                self._emit(f"{found} = icmp ne ptr {item}, null")
                self._require(found, "miss_clear")
                self._match(sub, item)
        else:
            self._require_type(x, type(tree))
            self._require(self._equal("i64", self._field(x, SIZE, "i64"), str(len(tree))))
            items = x if type(tree) is tuple else self._field(x, ITEMS, "ptr")
            for i, sub in enumerate(tree):
                self._match(sub, self._field(items, (ITEMS if type(tree) is tuple else 0) + 8 * i, "ptr"))

    def _leaf(self, number: int, x: str) -> None:
        aval = self.module.plan.program.inputs[number].aval
        if aval.weak:
            self._set_argument(number, self._python_number(aval.dtype, x))
        elif aval.shape == ():
            self._set_argument(number, self._scalar_or_array(aval.dtype, x))
        else:
            self._set_argument(number, self._array(aval, x))

    def _set_argument(self, i: int, pointer: str) -> None:
        name = self._name()
        self._emit(f"{name} = getelementptr ptr, ptr %arguments, i64 {i}")
        self._emit(f"store ptr {pointer}, ptr {name}")

    def _array(self, aval: Any, x: str) -> str:
        self._require_type(x, np.ndarray)
        descr = self._field(x, ARRAY["descr"], "ptr")
        self._require(self._equal("ptr", descr, self.object(aval.dtype)))
        self._require(self._equal("i32", self._field(x, ARRAY["nd"], "i32"), str(len(aval.shape))))
        flags = self._field(x, ARRAY["flags"], "i32")
        self._emit(f"{flags}.m = and i32 {flags}, {READY}")
        self._require(self._equal("i32", f"{flags}.m", str(READY)))
        if aval.shape:
            dimensions = self._field(x, ARRAY["dimensions"], "ptr")
            for i, n in enumerate(aval.shape):
                self._require(self._equal("i64", self._field(dimensions, 8 * i, "i64"), str(n)))
        return self._field(x, ARRAY["data"], "ptr")

    def _scalar_or_array(self, dtype: np.dtype, x: str) -> str:
        """The data of a NumPy scalar or of a 0-d array."""
        self._count += 1
        n = self._count
        kind = self._field(x, TYPE, "ptr")
        same = self._equal("ptr", kind, self.object(dtype.type))
        inside = self._name()
        self._emit(f"{inside} = getelementptr i8, ptr {x}, i64 {SCALAR}")
        self._emit(f"br i1 {same}, label %scalar{n}, label %array{n}")
        self.lines.append(f"array{n}:")
        from ..core import Aval

        data = self._array(Aval((), dtype), x)
        self._emit(f"br label %array{n}.end")
        self.lines.append(f"array{n}.end:")
        self._emit(f"br label %joined{n}")
        self.lines.append(f"scalar{n}:")
        if dtype == KEY:
            self._require(self._equal("ptr", self._field(x, VOID["descr"], "ptr"), self.object(dtype)))
            inside = self._field(x, VOID["data"], "ptr")
        self._emit(f"br label %scalar{n}.end")
        self.lines.append(f"scalar{n}.end:")
        self._emit(f"br label %joined{n}")
        self.lines.append(f"joined{n}:")
        out = self._name()
        self._emit(f"{out} = phi ptr [ {data}, %array{n}.end ], [ {inside}, %scalar{n}.end ]")
        return out

    def _alloca(self, size: int) -> str:
        name = self._name()
        self._allocas.append(f"  {name} = alloca i8, i64 {size}, align 16")
        return name

    def _python_number(self, dtype: np.dtype, x: str) -> str:
        slot = self._alloca(16)
        if dtype.kind == "b":
            self._require_type(x, bool)
            same = self._equal("ptr", x, self.object(True))
            self._emit(f"{same}.b = zext i1 {same} to i8")
            self._emit(f"store i8 {same}.b, ptr {slot}")
        elif dtype.kind == "f":
            self._require_type(x, float)
            value = self._field(x, SCALAR, "double")
            if dtype.itemsize == 4:
                self._emit(f"{value}.f = fptrunc double {value} to float")
                self._emit(f"store float {value}.f, ptr {slot}")
            else:
                self._emit(f"store double {value}, ptr {slot}")
        else:
            self._require_type(x, int)
            over = self._alloca(16)
            value = self._name()
            self._emit(f"{value} = call i64 {self._use('PyLong_AsLongLongAndOverflow')}(ptr {x}, ptr {over})")
            flag = self._name()
            self._emit(f"{flag} = load i32, ptr {over}")
            self._require(self._equal("i32", flag, "0"))
            if dtype.itemsize == 4:
                self._emit(f"{value}.t = trunc i64 {value} to i32")
                self._emit(f"{value}.s = sext i32 {value}.t to i64")
                self._require(self._equal("i64", f"{value}.s", value))
            self._emit(f"store i64 {value}, ptr {slot}")
        return slot

    # --- results ---------------------------------------------------------------------------------------------------

    def _results(self, results: list[Any]) -> None:
        """Arrays for the results, and room for scalars; their data are the last arguments."""
        self._emit("br label %make0")
        self._made: list[str] = []
        for i, aval in enumerate(results):
            self.lines.append(f"make{i}:")
            if aval.shape == () or i >= self._kept:
                slot = self._alloca(16)
                self._made.append("")
                self._set_argument(self._n_arguments + i, slot)
            else:
                descr = self.object(aval.dtype)
                self._emit(f"call void {self._use('Py_IncRef')}(ptr {descr})")
                dims = self.entry(("shape", aval.shape), self._shape(aval.shape))
                array = self._name()
                self._emit(
                    f"{array} = call ptr {self._use('PyArray_NewFromDescr')}(ptr {self.object(np.ndarray)}, ptr {descr}, "
                    f"i32 {len(aval.shape)}, ptr {dims}, ptr null, ptr null, i32 0, ptr null)"
                )
                made = self._name()
                self._emit(f"{made} = icmp ne ptr {array}, null")
                self._require(made, f"drop{i}")
                self._made.append(array)
                self._set_argument(self._n_arguments + i, self._field(array, ARRAY["data"], "ptr"))
            self._emit(f"br label %make{i + 1}")
        self.lines.append(f"make{len(results)}:")

    def _shape(self, shape: tuple[int, ...]) -> int:
        numbers = np.array(shape, np.int64)
        self.objects.append(numbers)
        return numbers.ctypes.data

    def _run(self, size: int) -> None:
        work = sum(k.size * max(len(k.nest.nodes), 1) for k in self.module.plan.steps if hasattr(k, "nest"))
        work += sum(p.batch * p.m * p.n * p.k for p in self.module.plan.steps if hasattr(p, "turn_x"))
        work += sum(getattr(s, "work", 0) for s in self.module.plan.steps)
        shared = False
        if size == 0:
            workspace = "null"
        elif size <= SMALL_WORKSPACE:
            workspace = self._name()
            self._allocas.append(f"  {workspace} = alloca i8, i64 {size}, align 64")
        else:
            shared = True
            workspace = self._borrow_workspace(size)
        callback = self.entry("callback", 0)
        release = work > LONG and not self.module.calls
        if release:
            self._emit(f"%thread = call ptr {self._use('PyEval_SaveThread')}()")
        self._emit(f"%status = call i32 @main(ptr %arguments, ptr {workspace}, ptr {callback})")
        if release:
            self._emit(f"call void {self._use('PyEval_RestoreThread')}(ptr %thread)")
        if shared:
            old = self._name()
            self._emit(f"{old} = atomicrmw xchg ptr {self._workspace_cell}, ptr %block acq_rel")
            self._emit(f"call void {self._use('free')}(ptr {old})")
        self._require(self._equal("i32", "%status", "0"), "unusual")

    def _borrow_workspace(self, size: int) -> str:
        """A block kept from the last call, or a new one if another call has it."""
        cell = self._name()
        self._workspace_cell = cell
        self._emit(f"{cell} = getelementptr i64, ptr %table, i64 {self.workspace_slot}")
        self._emit(f"%kept = atomicrmw xchg ptr {cell}, ptr null acq_rel")
        self._emit("%none = icmp eq ptr %kept, null")
        self._emit("br label %choose")
        self.lines.append("choose:")
        self._emit("br i1 %none, label %allocate, label %have")
        self.lines.append("allocate:")
        self._emit(f"%new = call ptr {self._use('malloc')}(i64 {size + 64})")
        self._emit("br label %have")
        self.lines.append("have:")
        self._emit("%block = phi ptr [ %kept, %choose ], [ %new, %allocate ]")
        self._emit("%address = ptrtoint ptr %block to i64")
        self._emit("%up = add i64 %address, 63")
        self._emit("%aligned = and i64 %up, -64")
        self._emit("%workspace = inttoptr i64 %aligned to ptr")
        return "%workspace"

    def _build_results(self, results: list[Any], tree: Any) -> None:
        values: list[str] = []
        for i, aval in enumerate(results):
            if aval.shape == ():
                where = self._name()
                self._emit(f"{where}.a = getelementptr ptr, ptr %arguments, i64 {self._n_arguments + i}")
                self._emit(f"{where} = load ptr, ptr {where}.a")
                out = self._name()
                self._emit(
                    f"{out} = call ptr {self._use('PyArray_Scalar')}(ptr {where}, ptr {self.object(aval.dtype)}, ptr null)"
                )
                values.append(out)
            else:
                values.append(self._made[i])
        self._emit(f"ret ptr {self._build(tree, values)}")

    def _build(self, tree: Any, values: list[str]) -> str:
        if type(tree) is int:
            return values[tree]
        out = self._name()
        if tree is None:
            self._emit(f"call void {self._use('Py_IncRef')}(ptr {self.object(None)})")
            return self.object(None)
        if type(tree) is dict:
            parts = [(key, self._build(sub, values)) for key, sub in tree.items()]
            self._emit(f"{out} = call ptr {self._use('PyDict_New')}()")
            for key, part in parts:
                done = self._name()
                self._emit(
                    f"{done} = call i32 {self._use('PyDict_SetItem')}(ptr {out}, ptr {self.object(key)}, ptr {part})"
                )
                self._emit(f"call void {self._use('Py_DecRef')}(ptr {part})")
            return out
        parts_ = [self._build(sub, values) for sub in tree]
        maker = "PyTuple_New" if type(tree) is tuple else "PyList_New"
        self._emit(f"{out} = call ptr {self._use(maker)}(i64 {len(tree)})")
        items = out if type(tree) is tuple else (self._field(out, ITEMS, "ptr") if parts_ else out)
        for i, part in enumerate(parts_):
            cell = self._name()
            self._emit(f"{cell} = getelementptr i8, ptr {items}, i64 {(ITEMS if type(tree) is tuple else 0) + 8 * i}")
            self._emit(f"store ptr {part}, ptr {cell}")
        return out

    def _text(self) -> str:
        lines = list(self.lines)
        self.lines = []
        for value, label in ((NotImplemented, "miss"), (Ellipsis, "failed")):
            self.lines.append(f"{label}:")
            if label == "failed":
                self._drop(len(self._made))
            known = self.object(value)
            self._emit(f"call void {self._use('Py_IncRef')}(ptr {known})")
            self._emit(f"ret ptr {known}")
        self.lines.append("unusual:")
        other = self._equal("i32", "%status", "3")  # another path than this Program's
        self._emit(f"br i1 {other}, label %other_path, label %failed")
        self.lines.append("other_path:")
        self._drop(len(self._made))
        self._emit("br label %miss")
        self.lines.append("miss_clear:")
        self._emit(f"call void {self._use('PyErr_Clear')}()")
        self._emit("br label %miss")
        for i in range(len(self._made)):  # no memory for result i
            self.lines.append(f"drop{i}:")
            self._drop(i)
            self._emit("ret ptr null")
        n = self._n_arguments + len(self._made)
        table = "  %table.a = getelementptr i8, ptr %self, i64 " + str(ARRAY["data"])
        head = ["entry:", f"  %arguments = alloca ptr, i64 {max(n, 1)}", *self._allocas, table]
        head.append("  %table = load ptr, ptr %table.a")
        body = "\n".join([*head, *lines, *self.lines])
        return f"define ptr @entry(ptr %self, ptr %given) {{\n{body}\n}}\n"

    def _drop(self, n: int) -> None:
        for array in self._made[:n]:
            if array:
                self._emit(f"call void {self._use('Py_DecRef')}(ptr {array})")


class _Object:
    """An object whose address stands in the table."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class BoundEntry:
    """An entry as a Python function, with all that must live as long as it.

    Attributes:
        function: takes the pair ``(args, kwargs)``.
    """

    def __init__(self, entry: Entry, address: int, callback: int) -> None:
        import ctypes

        class MethodDef(ctypes.Structure):
            _fields_ = (
                ("name", ctypes.c_char_p),
                ("function", ctypes.c_void_p),
                ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p),
            )

        self._table = entry.table()
        self._table[entry.callback_slot] = callback
        self._workspace = (self._table, entry.workspace_slot)
        self._objects = entry.objects
        self._definition = MethodDef(b"compiled", address, 8, b"A compiled function.")  # 8: METH_O
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        self.function = make(ctypes.addressof(self._definition), self._table, None)
        self._free = getattr(ctypes.pythonapi, "free", None)
        if self._free is not None:
            self._free.argtypes, self._free.restype = [ctypes.c_void_p], None

    def __del__(self) -> None:
        table, slot = self._workspace
        block, table[slot] = int(table[slot]), 0
        if block and self._free is not None:
            self._free(block)
