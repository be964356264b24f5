"""Kernels for testing vector functions: a loop over an array, compiled by LLVM for this machine."""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from wengert.compile.emitter import Emitter, Region, V
from wengert.compile.vectormath import FUNCTIONS


def _machine() -> Any:
    # A new one each time: the engine owns it.
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2, jit=True
    )


def module_text(name: str, type: str, lanes: int, arity: int) -> tuple[str, int]:
    """LLVM IR of ``kernel(in…, out, n)``, and the number of instructions of one application."""
    e = Emitter()
    e.regions.append(Region())
    llvm_type = type if lanes == 1 else f"<{lanes} x {type}>"
    align = 4 if type == "float" else 8
    args = []
    for k in range(arity):
        e.raw(f"  %p{k} = getelementptr {type}, ptr %in{k}, i64 %i")
        e.raw(f"  %x{k} = load {llvm_type}, ptr %p{k}, align {align}")
        args.append(V(f"%x{k}", type, lanes, 1))
    before = len(e.regions[1].lines)
    out = FUNCTIONS[name](e, *args)
    count = sum(1 for line in e.regions[1].lines[before:] if not line.endswith(":"))
    e.raw(f"  %q = getelementptr {type}, ptr %out, i64 %i")
    e.raw(f"  store {out!r}, ptr %q, align {align}")
    pointers = ", ".join(f"ptr noalias %in{k}" for k in range(arity))
    lines = [
        *e.declarations.values(),
        *e.functions.values(),
        f"define void @kernel({pointers}, ptr noalias %out, i64 %n) nounwind {{",
        "entry:",
        *e.regions[0].lines,
        "  br label %loop",
        "loop:",
        f"  %i = phi i64 [ 0, %entry ], [ %next, %{e.regions[1].block or 'loop'} ]",
        *e.regions[1].lines,
        f"  %next = add i64 %i, {lanes}",
        "  %more = icmp ult i64 %next, %n",
        "  br i1 %more, label %loop, label %end",
        "end:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines), count


class Kernel:
    """A function of `FUNCTIONS` on arrays of any length, `lanes` elements at a time."""

    def __init__(self, name: str, dtype: str, lanes: int = 8, arity: int = 1) -> None:
        self.dtype, self.lanes, self.arity = np.dtype(dtype), lanes, arity
        type = "float" if dtype == "float32" else "double"
        self.text, self.instructions = module_text(name, type, lanes, arity)
        module = llvm.parse_assembly(self.text)
        module.verify()
        self.engine = llvm.create_mcjit_compiler(module, _machine())
        self.engine.finalize_object()
        address = self.engine.get_function_address("kernel")
        self.function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (arity + 1), ctypes.c_int64)(address)

    def run(self, args: list[Any], out: Any) -> None:
        """On contiguous arrays whose length is a multiple of `lanes`."""
        self.function(*[a.ctypes.data for a in args], out.ctypes.data, len(out))

    def __call__(self, *args: Any) -> Any:
        n = len(args[0])
        padded = -n % self.lanes
        full = [np.concatenate([np.asarray(a, self.dtype), np.full(padded, 0.5, self.dtype)]) for a in args]
        out = np.empty(n + padded, self.dtype)
        if len(out):
            self.run(full, out)
        return out[:n]
