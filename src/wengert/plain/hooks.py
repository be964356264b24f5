"""Where the trampolines stand: NumPy's slots for ``x[key]`` and ``x[key] = value``, C functions that take no traced values, and
the calls of universal functions and of those that NumPy dispatches, which look at arguments, not into lists.

They are put there before the first transformation of a process begins, and stay: what they do depends on the arguments
alone, so a program, or a thread, that has no traced values sees NumPy as it is. Every address is found from the running
interpreter and looked at before it is used; where something is not as expected, nothing is done at all, and a traced
value that meets NumPy there is an error that says what to write instead.
"""

from __future__ import annotations

import base64
import cmath
import ctypes
import math
import mmap
import platform
import struct
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import numpy as np

from ..core import Tracer
from ..ops import written
from ..vocabulary import Function
from . import broadcasting, handlers
from .machine_code import CODE
from .trampolines import MAGIC, WORDS

_pointer = ctypes.c_size_t
# Offsets in CPython's structures, each looked at before it is used.
BASIC_SIZE, VECTORCALL, MAPPING, HASH = 32, 56, 112, 120  # of a type
HAS_VECTORCALL = 1 << 11  # among its flags
DEFINITION = {BuiltinFunctionType: 16, MethodDescriptorType: 40}
WRAPPED = 48  # of a method that stands for a slot
NAME, FUNCTION, FLAGS = 0, 8, 16  # of a definition of a method
SUBSCRIPT, ASS_SUBSCRIPT, TP_NEW, TP_HASH = 5, 3, 65, 59  # numbers of slots, for PyType_GetSlot
KINDS = {8: "one", 128: "fast", 130: "named", 1: "tuple", 3: "both"}  # by the flags of a definition
MAP_LENGTH = 16384


def _keep(*things: Any) -> None:
    """Never free some objects: code that runs while the interpreter ends, when modules are gone, still comes by here."""
    for x in things:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(x))


class _Hook:
    """A place that holds the address of a function, the kind of trampoline for it, and the handler."""

    def __init__(self, place: int, kind: str, handler: Function, bound: bool = False) -> None:
        self.kind, self.handler, self.bound = kind, handler, bound
        self.places = [place]  # all of the same function
        self.original: int = _pointer.from_address(place).value

    def set(self, address: int) -> None:
        for place in self.places:
            _pointer.from_address(place).value = address

    def table(self) -> Any:
        api = ctypes.pythonapi
        words = {
            "original": self.original,
            "handler": id(self.handler),
            "bound": int(self.bound),
            "tracer": id(Tracer),
            "written": id(written.Written),
            "float": id(float),
            "int": id(int),
            "ndarray": id(np.ndarray),
            "tuple": id(tuple),
            "list": id(list),
            "missed": id(NotImplemented),
            "subtype": _address(api.PyType_IsSubtype),
            "vectorcall": _address(api.PyObject_Vectorcall),
            "call": _address(api.PyObject_Call),
            "release": _address(api.Py_DecRef),
            "items": tuple.__basicsize__,
        }
        table = (_pointer * len(WORDS))(*[words[w] for w in WORDS])
        _keep(table, self.handler)
        return table


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _slot(kind: type, number: int) -> int:
    get = ctypes.pythonapi.PyType_GetSlot
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_int]
    return get(kind, number) or 0


def _mapping(kind: type) -> int | None:
    """Where a type has its slots for indices."""
    at = id(kind)
    if _pointer.from_address(at + BASIC_SIZE).value != kind.__basicsize__:
        return None
    if _pointer.from_address(at + HASH).value != _slot(kind, TP_HASH):
        return None
    found = _pointer.from_address(at + MAPPING).value
    if not _writable(found + 8, 16) or _pointer.from_address(found + 8).value != _slot(kind, SUBSCRIPT):
        return None
    return found if _pointer.from_address(found + 16).value == _slot(kind, ASS_SUBSCRIPT) else None


def _new(kind: type) -> int | None:
    """Where a type has its slot for making objects."""
    wanted = _slot(kind, TP_NEW)
    places = [id(kind) + i for i in range(120, 400, 8) if _pointer.from_address(id(kind) + i).value == wanted]
    return places[0] if len(places) == 1 and _writable(places[0], 8) else None


def _definition(function: Any) -> int | None:
    """The definition of a function or method that is written in C."""
    offset = DEFINITION.get(type(function))
    if offset is None:
        return None
    found = _pointer.from_address(id(function) + offset).value
    if not _writable(found, 24):
        return None
    name = _pointer.from_address(found + NAME).value
    return found if name and ctypes.string_at(name) == function.__name__.encode() else None


_ranges: list[tuple[int, int]] = []


def _writable(at: int, size: int) -> bool:
    """Whether memory may be written to; where the system does not say it, what C calls no constant may be."""
    if not sys.platform.startswith("linux"):
        return at > MAP_LENGTH
    if not _ranges:
        with open("/proc/self/maps") as maps:
            for line in maps:
                place, rights = line.split()[:2]
                if rights.startswith("rw"):
                    first, last = place.split("-")
                    _ranges.append((int(first, 16), int(last, 16)))
    return any(first <= at and at + size <= last for first, last in _ranges)


def _vectorcalls(objects: list[Any], handler: Callable[..., Any]) -> list[_Hook]:
    """One hook for the callable objects of a type that keep the same address of what their call is."""
    found: dict[int, _Hook] = {}
    # The address of what an object's call is, as the interpreter finds it.
    function_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(("PyVectorcall_Function", ctypes.pythonapi))
    for x in objects:
        kind = id(type(x))
        offset = ctypes.c_ssize_t.from_address(kind + VECTORCALL).value
        if not type(x).__flags__ & HAS_VECTORCALL or not 0 < offset <= type(x).__basicsize__ - 8:
            continue
        place = id(x) + offset
        original = _pointer.from_address(place).value
        if not _writable(place, 8) or original != function_of(x):
            continue
        if original in found:
            found[original].places.append(place)
        else:
            found[original] = _Hook(place, "listed", handler, True)
    return list(found.values())


def _callables() -> tuple[list[Any], list[Any]]:
    """NumPy's universal functions, and those that it dispatches by `__array_function__`."""
    spaces = [np, np.linalg, np.fft, np.emath, np.lib.stride_tricks]  # polynomials are imported by who asks for them
    every = {id(f): f for space in spaces for f in vars(space).values()}.values()
    return [f for f in every if type(f) is np.ufunc], [f for f in every if type(f) is type(np.sum)]


def _function(function: Any, handler: Callable[..., Any], bound: bool = False) -> list[_Hook]:
    found = _definition(function)
    if found is None:
        return []
    kind = KINDS.get(ctypes.c_int.from_address(found + FLAGS).value)
    return [] if kind is None else [_Hook(found + FUNCTION, kind, handler, bound)]


def _hooks() -> list[_Hook]:  # noqa: C901 (the hooks that it makes are counted too)
    hooks: list[_Hook] = []
    mapping = _mapping(np.ndarray)
    if mapping is None:
        return []
    hooks.append(_Hook(mapping + 8, "get", handlers.read))
    hooks.append(_Hook(mapping + 16, "set", handlers.write))
    for name, hook in (("__getitem__", hooks[0]), ("__setitem__", hooks[1])):  # the methods, called by name
        place = id(np.ndarray.__dict__[name]) + WRAPPED
        if (
            type(np.ndarray.__dict__[name]) is WrapperDescriptorType
            and _pointer.from_address(place).value == hook.original
        ):
            hooks.append(_Hook(place, hook.kind, hook.handler))
    mapping = _mapping(np.flatiter)
    if mapping is not None:
        hooks.append(_Hook(mapping + 16, "set", handlers.write_flat))
    for function, handler in handlers.MAKERS.items():
        hooks += _function(function, handler)
    for objects, handler in zip(_callables(), (handlers.of_ufunc, handlers.of_dispatched), strict=True):
        hooks += _vectorcalls(objects, handler)
    for name in ("reduce", "accumulate", "reduceat", "outer"):
        hooks += _function(getattr(np.ufunc, name), handlers.of_ufunc_method(name), bound=True)
    for name, handler in handlers.METHODS.items():
        hooks += _function(getattr(np.ndarray, name), handler, bound=True)
    for module in (math, cmath):
        for name in dir(module):
            found = handlers.of_math(module, name)
            if found is not None:
                hooks += _function(getattr(module, name), found)
    place = _new(np.broadcast)
    if place is not None:
        hooks.append(_Hook(place, "both", broadcasting.of_type, bound=True))
    for kind in (np.float64, np.float32, np.complex128, np.complex64):
        place = _new(kind)
        if place is not None:
            hooks.append(_Hook(place, "both", handlers.scalar_type, bound=True))
            for derived in _derived(kind):  # those that inherited the slot, which must agree with their base's
                there = id(derived) + place - id(kind)
                if _pointer.from_address(there).value == hooks[-1].original == _slot(derived, TP_NEW):
                    hooks[-1].places.append(there)
    return hooks


def _derived(kind: type) -> list[type]:
    """The classes that are derived from a type, at any depth."""
    found = type.__subclasses__(kind)
    return [*found, *(c for k in found for c in _derived(k))]


def _kept_code(hooks: list[_Hook], tables: list[Any]) -> list[int] | None:
    """The addresses of trampolines whose code is kept, None where that is not for this machine."""
    if platform.machine() not in ("x86_64", "AMD64") or sys.platform == "win32":
        return None
    parts, starts, size = [], [], 0
    kept = {kind: base64.b85decode("".join(CODE[kind][2])) for kind in {h.kind for h in hooks}}
    for hook, table in zip(hooks, tables, strict=True):
        entry, places, _ = CODE[hook.kind]
        code = bytearray(kept[hook.kind])
        for place, word in places:
            code[place : place + 8] = (ctypes.addressof(table) + word).to_bytes(8, "little")
        code += b"\xcc" * (-len(code) % 16)
        starts.append(size + entry)
        parts.append(bytes(code))
        size += len(code)
    try:
        memory = mmap.mmap(
            -1,
            size,
            flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
            prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
        )
    except (OSError, ValueError):  # a system that lets nobody make code
        return []
    memory.write(b"".join(parts))
    view = (ctypes.c_char * size).from_buffer(memory)
    _keep(memory, view)
    first = ctypes.addressof(view)
    return [first + s for s in starts]


def _set_type(x: Any, kind: type) -> None:
    """Make an array one of another type that is laid out alike."""
    old = type(x)
    if kind is not np.ndarray:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kind))
    _pointer.from_address(id(x) + 8).value = id(kind)
    if old is not np.ndarray:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(old))


def _alike() -> bool:
    """Whether arrays and `Written` are laid out alike, so that one can become the other."""
    kind = written.Written
    collected = 1 << 14
    return bool(
        kind.__basicsize__ == np.ndarray.__basicsize__
        and not (kind.__flags__ | np.ndarray.__flags__) & collected
        and kind.__weakrefoffset__ == np.ndarray.__weakrefoffset__
        and kind.__dictoffset__ == 0
    )


def _known() -> bool:
    """Whether the interpreter is one whose objects lie in memory as this file has it."""
    if platform.python_implementation() != "CPython":
        return False
    if sys.version_info >= (3, 13):
        import sysconfig

        if sysconfig.get_config_var("Py_GIL_DISABLED"):
            return False
    if struct.calcsize("P") != 8 or object.__basicsize__ != 16:
        return False
    pair = (1.5, [2.5])
    return bool(
        _pointer.from_address(id(pair) + 8).value == id(tuple)
        and _pointer.from_address(id(pair) + 16).value == 2
        and _pointer.from_address(id(pair) + tuple.__basicsize__).value == id(pair[0])
        and _pointer.from_address(_pointer.from_address(id(pair[1]) + 24).value).value == id(pair[1][0])
    )


def install() -> bool:
    """Put the trampolines in their places; whether that was done."""
    if not _known() or not _alike():
        return False
    hooks = _hooks()
    if not hooks:
        return False
    tables = [h.table() for h in hooks]
    addresses = _kept_code(hooks, tables)
    if addresses is None:
        from .assemble import compiled

        addresses = compiled([h.kind for h in hooks], [ctypes.addressof(t) for t in tables])
    if not addresses:
        return False
    _ranges.clear()
    for hook, address in zip(hooks, addresses, strict=True):
        hook.set(address)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))
    if not _works():
        for hook in hooks:
            hook.set(hook.original)
        return False
    written.ENABLED.append(_set_type)
    _keep(Tracer, written.Written)  # whose addresses are compared with
    return True


class _Sign(Tracer):
    """A traced value for the trial."""

    __slots__ = ()


def _works() -> bool:
    """A trial: a write is noticed, with the right arguments; plain reads and writes do what they did."""
    x = np.zeros(3)
    x[1] = 2.0
    x[2:] = [3.0]
    del_fails = False
    try:
        del x[0]  # type: ignore[misc]
    except ValueError:
        del_fails = True
    sign = _Sign()
    handlers.TRIAL.append(sign)
    try:
        x[0] = sign
        seen = handlers.TRIAL[1:]
    finally:
        handlers.TRIAL.clear()
    if seen != [(id(x), 0)] or written.ALONE[0] <= 0:
        return False
    if np.add([1.0, 2.0], (3.0, 4.0), dtype=float).tolist() != [4.0, 6.0] or np.sum([[1.0], [2.0]], axis=(0,)) != [3.0]:
        return False
    return del_fails and x.tolist() == [0.0, 2.0, 3.0] and math.sqrt(4.0) == 2.0 and math.hypot(3.0, 4.0) == 5.0


__all__ = ["MAGIC", "install"]
