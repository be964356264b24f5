"""Side by side: several modules compiled at one time, each on a thread of its own.

llvmlite lets one thread at a time into LLVM. LLVM itself needs no more than a context and a target machine for each
thread, so its functions are called here as llvmlite calls them, without the lock. They run without Python's lock too.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from llvmlite.binding import ffi

from ..config import config

MOST = 8  # parts: more would each be small
_POINTER, _MESSAGE = ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ContextCreate": (_POINTER, ()),
    "ContextDispose": (None, (_POINTER,)),
    "ParseAssembly": (_POINTER, (_POINTER, ctypes.c_char_p, _MESSAGE)),
    "SetTarget": (None, (_POINTER, ctypes.c_char_p)),
    "SetDataLayout": (None, (_POINTER, ctypes.c_char_p)),
    "TargetMachineEmitToMemory": (_POINTER, (_POINTER, _POINTER, ctypes.c_int, _MESSAGE)),
    "GetBufferStart": (_POINTER, (_POINTER,)),
    "GetBufferSize": (ctypes.c_size_t, (_POINTER,)),
    "DisposeMemoryBuffer": (None, (_POINTER,)),
    "DisposeModule": (None, (_POINTER,)),
}


@lru_cache(maxsize=1)
def _library() -> dict[str, Any] | None:
    """LLVM's functions, of the library that llvmlite has loaded; None where it has others."""
    try:
        handle = ctypes.CDLL(ffi.lib._name)
        found = {}
        for name, (result, arguments) in _FUNCTIONS.items():
            function = found[name] = getattr(handle, f"LLVMPY_{name}")
            function.restype, function.argtypes = result, list(arguments)
        return found
    except (AttributeError, OSError):
        return None


def supported() -> bool:
    """Whether modules can be compiled side by side."""
    return _library() is not None


def most() -> int:
    """How many modules are worth compiling at one time: `config.threads`, but no more than there are processors."""
    return min(int(config.thread_cell[0]), os.cpu_count() or 1, MOST)


def emit(texts: Sequence[str], machines: Sequence[Any]) -> list[bytes]:
    """The object files of modules, with a target machine for each."""
    triple, layout = machines[0].triple.encode(), str(machines[0].target_data).encode()
    made: list[Any] = [None] * len(texts)

    def make(i: int) -> None:
        try:
            made[i] = _emit(texts[i].encode(), ctypes.cast(machines[i]._ptr, _POINTER), triple, layout)
        except BaseException as error:
            made[i] = error

    helpers = []
    for i in range(1, len(texts)):
        thread = threading.Thread(target=make, args=(i,), daemon=True)
        try:
            thread.start()
            helpers.append(thread)
        except RuntimeError:  # no more threads, or Python ends
            make(i)
    make(0)
    for thread in helpers:
        thread.join()
    for x in made:
        if isinstance(x, BaseException):
            raise x
    return made


def _emit(text: bytes, machine: Any, triple: bytes, layout: bytes) -> bytes:
    call = _library()
    assert call is not None
    context = call["ContextCreate"]()
    message = ctypes.c_char_p()
    module = buffer = None
    try:
        module = call["ParseAssembly"](context, text, ctypes.byref(message))
        if message.value:
            raise RuntimeError(message.value.decode(errors="replace"))
        call["SetTarget"](module, triple)
        call["SetDataLayout"](module, layout)
        buffer = call["TargetMachineEmitToMemory"](machine, module, 1, ctypes.byref(message))
        if not buffer:
            raise RuntimeError((message.value or b"no object file").decode(errors="replace"))
        return ctypes.string_at(call["GetBufferStart"](buffer), call["GetBufferSize"](buffer))
    finally:
        if buffer:
            call["DisposeMemoryBuffer"](buffer)
        if module:
            call["DisposeModule"](module)
        call["ContextDispose"](context)


__all__ = ["emit", "most", "supported"]
