"""Executable: a compiled Program that is called with arrays."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Value
from ..ops.call import OtherPath
from ..ops.random import KEY
from ..program import Literal, Program
from . import cache, engine
from .entry import BoundEntry, plain, supported
from .fusion import Plan
from .lapack import failure
from .module import FORGET, NO_MEMORY, OTHER_PATH, Module, is_scalar_literal
from .passes import optimize

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p))
_MAIN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Executable:
    """Native code for one Program.

    Attributes:
        program: as it was given. optimized: as it was compiled. module: its loop nests and LLVM text.
        native: the native call, a function of ``(args, kwargs)``; None where their tree has other containers than
            tuples, lists and dicts. It gives `NotImplemented` for arguments of another kind, and `Ellipsis` after an
            error, which `raise_error` then raises.
    """

    native: Any = None

    def __init__(self, program: Program, verify: bool = False) -> None:
        self.program = program
        self.optimized = optimize(program)
        self.plan = Plan(self.optimized)
        self.module = module = Module(self.plan, engine.vector_bytes(), _trees(program))
        self.code = engine.load(cache.object_of(module.text, verify), module.symbols, module.entry is not None)
        memory = module.memory
        self._main = _MAIN(self.code.main)
        self._in_dtypes = [v.aval.dtype for v in program.inputs]
        self._literals = [np.ascontiguousarray(a.value, a.aval.dtype) for a in memory.arguments if type(a) is Literal]
        self._results = [(a.shape, a.dtype) for a in memory.results]
        self._workspace = memory.size
        self._errors: dict[int, BaseException] = {}
        self._callback = None
        if module.calls or module.failures or module.tapes:
            self._callback = _callback([_prepare(c) for c in module.calls], module.failures, self._errors)
        self._callback_address = ctypes.cast(self._callback, ctypes.c_void_p).value if self._callback else None
        if module.entry is not None:
            assert self.code.entry is not None
            self._bound = BoundEntry(module.entry, self.code.entry, self._callback_address or 0)
            self.native = self._bound.function

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        arrays = [np.ascontiguousarray(a, d) for a, d in zip(args, self._in_dtypes, strict=True)] + self._literals
        results = [np.empty(s, d) for s, d in self._results]
        table = (ctypes.c_void_p * (len(arrays) + len(results)))(*[a.ctypes.data for a in (*arrays, *results)])
        workspace = np.empty(self._workspace + 64, np.uint8)
        start = -(-workspace.ctypes.data // 64) * 64
        status = self._main(table, start, self._callback_address)
        if status:
            if status == OTHER_PATH:
                raise OtherPath
            self.raise_error()
        return [a[()] if a.ndim == 0 else a for a in results]

    def raise_error(self) -> None:
        """Raise what went wrong in the last call of this thread: an error of NumPy's, or a bad index."""
        error = self._errors.pop(threading.get_ident(), None)
        if error is not None:
            raise error
        raise IndexError(
            f"an index is out of range for the axis it indexes, in the compiled {self.program.name}; run it without "
            f"jit to see where, or clip the index with wengert.numpy.clip"
        )


def _trees(program: Program) -> Any:
    """The trees of arguments and results, if the native call can follow them."""
    if program.in_tree is None or program.out_tree is None or not supported():
        return None
    known = [*program.in_avals, *program.out_avals]
    if not all(_plain_dtype(a.dtype) for a in known):
        return None
    if any(a.weak and a.dtype.kind not in "bif" for a in program.in_avals):
        return None
    given = trees.unflatten(program.in_tree, list(range(len(program.in_avals))))
    made = trees.unflatten(program.out_tree, list(range(len(program.out_avals) - len(program.guards))))
    return (given, made) if plain(given) and plain(made) else None


def _plain_dtype(dtype: np.dtype) -> bool:
    """Whether there is one dtype object for all arrays of this kind, by which the native call knows them."""
    return dtype is KEY or (dtype.kind in "biufc" and dtype.isnative and dtype is np.dtype(dtype.type))


def _callback(calls: list[Any], failures: list[str], errors: dict[int, BaseException]) -> Any:
    """The function through which native code runs equations with NumPy, or says that a factorisation failed (by numbers
    -1, -2 ...); errors are kept for each thread.
    """

    def run(number: int, pointers: Any) -> int:
        try:
            if number == FORGET:
                errors.pop(threading.get_ident(), None)
                return 0
            if number == NO_MEMORY:
                raise MemoryError(
                    'no memory for what the steps of a loop need in reverse; give while_loop or scan checkpoint="auto"'
                )
            if number < 0:
                raise failure(failures[-1 - number])
            calls[number](pointers)
            return 0
        except BaseException as error:
            errors[threading.get_ident()] = error
            return 2

    return _CALLBACK(run)


def _prepare(call: Any) -> Any:
    """A function of the addresses of an equation's arrays that runs it through NumPy."""
    eqn = call.eqn
    ins = [(a.value if is_scalar_literal(a) else None, a.aval) for a in eqn.inputs]
    outs = [v.aval for v in eqn.outputs]

    def view(address: int, aval: Any) -> np.ndarray:
        size = aval.size * aval.dtype.itemsize
        if not size:
            return np.empty(aval.shape, aval.dtype)
        return np.frombuffer((ctypes.c_char * size).from_address(address), aval.dtype).reshape(aval.shape)

    def run(pointers: Any) -> None:
        args, i = [], 0
        for value, aval in ins:
            if value is None:
                a = view(pointers[i], aval)
                value = a[()] if aval.shape == () else a
                if aval.weak:
                    value = value.item()
                i += 1
            args.append(value)
        results = eqn.primitive.interpret(*args, **eqn.params)
        if not eqn.primitive.multiple_results:
            results = [results]
        for r, aval in zip(results, outs, strict=True):
            view(pointers[i], aval)[...] = r
            i += 1

    return run
