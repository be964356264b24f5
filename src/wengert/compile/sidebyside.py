"""Side by side: several modules compiled at one time, each on a thread of its own.

llvmlite lets one thread at a time into LLVM. LLVM itself needs no more than a context and a target machine for each
thread, so its functions are called here as llvmlite calls them, without the lock. They run without Python's lock too.
"""

from __future__ import annotations

import ctypes
import os
import threading
from _thread import start_new_thread
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from llvmlite.binding import ffi

from ..config import config

MOST = 8  # threads: the parts for more would be small
Part = tuple[str, bool]  # a module's text, and whether it is compiled quickly, for it runs rarely or does little
_POINTER, _MESSAGE = ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ContextCreate": (_POINTER, ()),
    "ContextDispose": (None, (_POINTER,)),
    "ParseAssembly": (_POINTER, (_POINTER, ctypes.c_char_p, _MESSAGE)),
    "VerifyModule": (ctypes.c_int, (_POINTER, _MESSAGE)),
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
    """How many modules are compiled at one time: `config.threads`, but no more than there are processors."""
    return min(config.thread_count(), os.cpu_count() or 1, MOST)


def emit(parts: Sequence[Part], machines: Sequence[Mapping[bool, Any]], verify: bool = False) -> list[bytes]:
    """The object files of modules, the largest first, on as many threads as there are machines of both kinds."""
    one = machines[0][False]
    triple, layout = one.triple.encode(), str(one.target_data).encode()
    made: list[Any] = [None] * len(parts)
    left = sorted(range(len(parts)), key=lambda i: cost(parts[i]))

    def work(thread: int) -> None:
        while True:
            try:
                i = left.pop()
            except IndexError:
                return
            text, quick = parts[i]
            try:
                machine = ctypes.cast(machines[thread][quick]._ptr, _POINTER)
                made[i] = _emit(text.encode(), machine, triple, layout, verify)
            except BaseException as error:  # noqa: BLE001 (who waits raises it)
                made[i] = error

    begun: list[int] = []  # a thread that died of memory before its first instruction is waited for by nobody
    ended: dict[int, Any] = {}

    def help_(thread: int) -> None:
        begun.append(thread)  # before it takes a part
        try:
            work(thread)
        finally:
            ended[thread].release()

    interrupt: BaseException | None = None
    for k in range(1, min(len(machines), len(parts))):
        ended[k] = threading.Lock()
        ended[k].acquire()
        try:
            start_new_thread(help_, (k,))
        except (RuntimeError, MemoryError):  # no more threads, or Python ends
            break
    while True:  # helpers use what is the caller's: they are waited for, whatever comes
        try:
            work(0)
            for k in begun:
                with ended[k]:
                    pass
            break
        except BaseException as error:  # noqa: BLE001 (raised when all have ended)
            interrupt = interrupt or error
            left.clear()
    if interrupt is not None:
        raise interrupt
    for x in made:
        if isinstance(x, BaseException):
            raise x
    return made


def cost(part: Part) -> int:
    """About how long a module takes, in characters of text that is optimised."""
    text, quick = part
    return len(text) // 6 if quick else len(text)


def _emit(text: bytes, machine: Any, triple: bytes, layout: bytes, verify: bool) -> bytes:
    call = _library()
    assert call is not None
    context = call["ContextCreate"]()
    message = ctypes.c_char_p()
    module = buffer = None
    try:
        module = call["ParseAssembly"](context, text, ctypes.byref(message))
        if message.value:
            raise RuntimeError(message.value.decode(errors="replace"))
        if verify and call["VerifyModule"](module, ctypes.byref(message)):
            raise RuntimeError((message.value or b"no valid module").decode(errors="replace"))
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


__all__ = ["Part", "emit", "most", "supported"]
