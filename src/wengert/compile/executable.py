"""Executable: a compiled Program that is called with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Value
from ..program import Literal, Program
from . import engine
from .fusion import Plan
from .module import BAD_INDEX, Module, is_scalar_literal
from .passes import optimize

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p))


class Executable:
    """Native code for one Program.

    Attributes:
        program: as it was given; `optimized`: as it was compiled; `module`: its loop nests and LLVM text.
    """

    def __init__(self, program: Program, verify: bool = False) -> None:
        self.program = program
        self.optimized = optimize(program)
        self.plan = Plan(self.optimized)
        self.module = Module(self.plan, engine.vector_bytes())
        self.code = engine.load(engine.emit(self.module.text, verify), self.module.symbols)
        memory = self.module.memory
        self._main = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(self.code.main)
        self._in_dtypes = [v.aval.dtype for v in program.inputs]
        self._literals = [np.ascontiguousarray(a.value) for a in memory.arguments if type(a) is Literal]
        self._results = [(v.aval.shape, v.aval.dtype) for v in memory.results]
        self._outputs = list(zip(memory.outputs, program.out_avals, strict=True))
        self._workspace = memory.size
        self._calls = [_prepare(c) for c in self.module.calls]

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        arrays = [np.ascontiguousarray(a, d) for a, d in zip(args, self._in_dtypes, strict=True)] + self._literals
        results = [np.empty(s, d) for s, d in self._results]
        table = (ctypes.c_void_p * (len(arrays) + len(results)))(*[a.ctypes.data for a in (*arrays, *results)])
        workspace = np.empty(self._workspace + 64, np.uint8)
        start = -(-workspace.ctypes.data // 64) * 64
        errors: list[BaseException] = []
        callback: Any = None
        if self._calls:

            def run(number: int, pointers: Any) -> int:
                try:
                    self._calls[number](pointers)
                    return 0
                except BaseException as error:
                    errors.append(error)
                    return 2

            callback = _CALLBACK(run)
        status = self._main(table, start, ctypes.cast(callback, ctypes.c_void_p) if callback else None)
        if status:
            if status == BAD_INDEX:
                raise IndexError(f"an index is out of range in {self.program.name}")
            raise errors[0]
        outs = []
        seen: set[Any] = set()
        for (kind, which), aval in self._outputs:
            if kind == "result":
                a = results[which]
                if which in seen:
                    a = a.copy()
                seen.add(which)
            elif kind == "argument":
                a = arrays[which].copy()
            else:
                a = np.array(which, aval.dtype)
            a = a.reshape(aval.shape)
            outs.append(a[()] if a.ndim == 0 else a)
        return outs


def _prepare(call: Any) -> Any:
    """A function of the addresses of an equation's arrays that runs it through NumPy."""
    eqn = call.eqn
    ins = [(a.value if is_scalar_literal(a) else None, a.aval) for a in eqn.inputs]
    outs = [v.aval for v in eqn.outputs]

    def view(address: int, aval: Any) -> np.ndarray:
        size = aval.size * aval.dtype.itemsize
        buffer = (ctypes.c_char * size).from_address(address) if size else b""
        return np.frombuffer(buffer, aval.dtype).reshape(aval.shape)

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
        results = eqn.primitive.impl(*args, **eqn.params)
        if not eqn.primitive.multiple_results:
            results = [results]
        for r, aval in zip(results, outs, strict=True):
            view(pointers[i], aval)[...] = r
            i += 1

    return run
