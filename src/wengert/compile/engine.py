"""LLVM: text to machine code in this process. Imported when the first program is compiled."""

from __future__ import annotations

import itertools
import mmap
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..config import config
from . import shelter, sidebyside, ufuncs
from .blas import blas_address
from .layout import NUMPY_API, api_address

OPTIONS: dict[str, Any] = {"opt": 2, "reloc": "pic", "codemodel": "default"}
LIBRARIES = 64  # of one JIT compiler
RESERVE, ROOM = 16 << 20, 64  # bytes that must be free for a module, and for each byte of its text
OLDER: str | None = os.environ.get("WENGERT_TARGET_CPU") or None  # the processor in place of this one
_number = itertools.count()


def _machine(**options: Any) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=cpu(), features=features(), **{**OPTIONS, **options})


@lru_cache(maxsize=1)
def target_machine() -> Any:
    """The machine this runs on, with all its features."""
    return _machine()


@lru_cache(maxsize=1)
def quick_machine() -> Any:
    """The same without optimisation."""
    return _machine(opt=0)


def cpu() -> str:
    """The processor that code is made for: this one, or an older one by ``WENGERT_TARGET_CPU``, such as x86-64-v3."""
    return OLDER or _host()


def features() -> str:
    """Features beside those that the name of the processor says."""
    return "" if OLDER else _host_features()


@lru_cache(maxsize=1)
def _host() -> str:
    return shelter.run(llvm.get_host_cpu_name)


@lru_cache(maxsize=1)
def _host_features() -> str:
    return shelter.run(lambda: llvm.get_host_cpu_features().flatten())


def vector_bytes() -> int:
    """The width of the widest vector registers; of one width on all machines where code is to be reproducible."""
    if config.reproducible:
        return 32
    if OLDER:
        return {"x86-64-v4": 64, "x86-64-v3": 32}.get(cpu(), 16)
    on = features().split(",")
    return 64 if "+avx512f" in on else 32 if "+avx" in on else 16


def description() -> tuple[str, ...]:
    """All that the object file of a module depends on besides its text."""
    versions = [llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info))]
    return (shelter.run(llvm.get_default_triple), cpu(), features(), *versions, repr(sorted(OPTIONS.items())))


@lru_cache(maxsize=1)
def _jit(generation: int) -> Any:
    """A JIT compiler. LLVM frees a library's code with the library, but some 10 KiB of its books only with the JIT
    compiler: each has LIBRARIES of them, so that dropped programs leave nothing. It lives as long as one of them.

    JITLink gives the sections of an object one block of memory. LLVM's older linker asks for each by itself, and ends the
    process where they come to lie more than 2 GiB apart, as they may beside libraries that map much memory.
    """
    return llvm.create_lljit_compiler(_machine(), use_jit_link=sys.platform != "win32")  # which then owns its machine


FAMILIES: dict[str, Callable[[str], int]] = {}  # the same by what symbols begin with: they say what is compiled
RUNTIME: dict[str, Callable[[], int]] = {}  # the library's own functions of machine code, by symbol; see `runtime`


def _address(symbol: str) -> int | None:
    """The address of the library's own functions, a BLAS or LAPACK routine (``wengert.NAME``), or one of NumPy; None for others."""
    if symbol in RUNTIME:
        return RUNTIME[symbol]()
    if symbol.startswith(ufuncs.PREFIX):
        return ufuncs.address(symbol)
    for prefix, find in FAMILIES.items():
        if symbol.startswith(prefix):
            return find(symbol)
    if symbol.startswith("wengert."):
        return blas_address(symbol.removeprefix("wengert."))
    return api_address(symbol) if symbol in NUMPY_API else None


def _outside(symbol: str) -> int:
    """The address of a function of Python or the C library."""
    found = llvm.address_of_symbol(symbol)
    if found is None:
        import ctypes
        import ctypes.util

        function = getattr(ctypes.pythonapi, symbol, None)  # this process, which most often holds libm
        if function is None:
            function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), symbol)
        found = ctypes.cast(function, ctypes.c_void_p).value
    assert found is not None, symbol
    return found


_libraries: dict[int, Any] = {}  # LLVM's, of all code in memory


class Code:
    """Machine code in memory; freed with the object.

    LLVM's own object stands beside: where code is part of a circle that the collector finds, everything that is reached from
    it has its destructor called at once, on whatever thread that is, and LLVM's takes the lock.
    """

    def __init__(self, number: int, library: Any) -> None:
        _libraries[number] = library
        self._number = number
        self.main: int = library["main"]

    def __del__(
        self, leave: Any = shelter.leave, libraries: Any = _libraries
    ) -> None:  # which outlive this file's names
        leave(libraries.pop(self.__dict__.get("_number"), None))


def emit(text: str, verify: bool = False, quick: bool = False) -> bytes:
    """The object file of a module; `quick` spares the time for good code."""
    return shelter.run(lambda: _emit(text, verify, quick))


def _need(size: int) -> None:
    """A MemoryError unless the system has room for what LLVM may take for a module; LLVM itself may end the process."""
    try:
        mmap.mmap(-1, RESERVE + ROOM * size).close()
    except OSError:
        raise MemoryError("no memory is left to compile") from None


def _emit(text: str, verify: bool = False, quick: bool = False) -> bytes:
    _need(len(text))
    machine = quick_machine() if quick else target_machine()
    with _parsed(text, machine) as module:
        if verify:
            module.verify()
        return machine.emit_object(module)


@contextmanager
def _parsed(text: str, machine: Any) -> Iterator[Any]:
    """A module, in a context of its own: LLVM keeps every constant and type it has met as long as their context."""
    with llvm.create_context() as context, llvm.parse_assembly(text, context) as module:
        module.triple, module.data_layout = machine.triple, str(machine.target_data)
        yield module


def emit_all(parts: Sequence[sidebyside.Part], verify: bool = False) -> list[bytes]:
    """The object files of modules, made side by side."""
    threads = min(len(parts), sidebyside.most())

    def work() -> list[bytes]:
        if threads < 2 or not sidebyside.supported():
            return [_emit(text, verify, quick) for text, quick in parts]
        _need(sum(len(text) for text, _ in parts))
        while len(_machines) < threads:
            _machines.append({False: _machine(), True: _machine(opt=0)})
        return sidebyside.emit(parts, _machines[:threads], verify)

    return shelter.run(work)


_machines: list[dict[bool, Any]] = []  # for each thread one that makes good code, and one that is quick


def load(
    objects: Sequence[bytes], symbols: Iterable[str] = (), places: Mapping[str, int] = MappingProxyType({})
) -> Code:
    """Machine code from object files that use some outside functions; one of them has `main`.

    Args:
        places: addresses of what is no function, by name.
    """

    # Before the shelter: some are of code that is compiled when it is first asked for, and taken from the cache under a lock.
    # LLVM is asked for the others inside: its lock would be held for good by a thread that is interrupted as it takes it.
    addresses = [(s, places[s] if s in places else _address(s)) for s in symbols]

    def work() -> Code:
        _need(sum(map(len, objects)))
        builder = llvm.JITLibraryBuilder().export_symbol("main")
        for o in objects:
            builder.add_object_img(o)
        for s, address in addresses:
            builder.import_symbol(s, _outside(s) if address is None else address)
        number = next(_number)
        return Code(number, builder.link(_jit(number // LIBRARIES), f"wengert{number}"))

    return shelter.run(work)


def assembly(text: str) -> str:
    """The assembly of a module's text."""

    def work() -> str:
        machine = target_machine()
        with _parsed(text, machine) as module:
            return machine.emit_assembly(module)

    return shelter.run(work)
