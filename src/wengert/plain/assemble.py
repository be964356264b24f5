"""Machine code of the trampolines, made by LLVM: as bytes to keep, or in memory for this processor.

``python -m wengert.plain.assemble`` writes `machine_code.py` anew.
"""

from __future__ import annotations

import base64
import ctypes
import struct
from collections.abc import Sequence

from .trampolines import MAGIC, MAIN, SHARED, WORDS

TRIPLE = "x86_64-unknown-linux-gnu"


def kept(kind: str) -> tuple[int, list[tuple[int, int]], bytes]:
    """Code for any x86-64 that calls as System V has it: where it begins, the places of addresses in the table, bytes."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(cpu="x86-64", opt=2, reloc="pic", codemodel="small")
    module = llvm.parse_assembly(SHARED + MAIN[kind])
    module.triple, module.data_layout = TRIPLE, str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    builder.getModulePassManager().run(module, builder)
    sections = {s.name(): s.data() for s in llvm.ObjectFileRef.from_data(machine.emit_object(module)).sections()}
    sections = {k.decode() if isinstance(k, bytes) else k: v for k, v in sections.items()}
    assert ".rela.text" not in sections
    code, names = sections[".text"], sections[".strtab"]
    symbols = [struct.unpack_from("<IBBHQQ", sections[".symtab"], i) for i in range(0, len(sections[".symtab"]), 24)]
    entry = next(s[4] for s in symbols if names[s[0] :].startswith(b"main\0"))
    places = []
    for i in range(len(code) - 7):
        word = int.from_bytes(code[i : i + 8], "little")
        if 0 <= word - MAGIC <= 8 * len(WORDS):
            places.append((i, word - MAGIC))
    return entry, places, code


def compiled(kinds: Sequence[str], tables: Sequence[int]) -> list[int]:
    """The addresses of trampolines of some kinds with their tables, compiled for this processor."""
    from ..compile import engine

    parts, n = [SHARED], len(kinds)
    for i, (kind, table) in enumerate(zip(kinds, tables, strict=True)):
        parts.append(MAIN[kind].replace("@main(", f"@hook{i}(").replace(str(MAGIC), str(table)))
    parts.append(f"@all = constant [{n} x ptr] [{', '.join(f'ptr @hook{i}' for i in range(n))}]\n")
    parts.append("define ptr @main(i64 %i) {\n  %at = getelementptr ptr, ptr @all, i64 %i\n  %f = load ptr, ptr %at\n")
    parts.append("  ret ptr %f\n}\n")
    code = engine.load([engine.emit("".join(parts))])
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(code))  # called as long as the process lives
    of = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_int64)(code.main)
    return [of(i) for i in range(n)]


def _write() -> None:
    print(
        '"""The trampolines as LLVM makes them for x86-64 (System V); written by ``python -m wengert.plain.assemble``."""'
    )
    print("\n# For each kind: where it begins, the places of addresses in its table and which, the bytes in base 85.")
    print("CODE: dict[str, tuple[int, list[tuple[int, int]], tuple[str, ...]]] = {")
    for kind in MAIN:
        entry, places, code = kept(kind)
        text = base64.b85encode(code).decode()
        print(f'    "{kind}": (\n        {entry},\n        {places},\n        (')
        for i in range(0, len(text), 100):
            print(f'            r"{text[i : i + 100]}",')
        print("        ),\n    ),")
    print("}")


if __name__ == "__main__":
    _write()
