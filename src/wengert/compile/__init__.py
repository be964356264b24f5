"""Everything behind `jit`: passes over Programs, fusion into loop nests, LLVM code, the native call, the cache.

`run` is the seam: `ops.call` calls it with a Program and arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..config import config
from ..core import Value
from ..program import Program
from .executable import Executable


def executable(program: Program) -> Executable:
    """The native code of a Program, made once."""
    key = "reproducible executable" if config.reproducible else "executable"
    found = program.cache.get(key)
    if found is None:
        found = program.cache[key] = Executable(program)
    return found


def run(program: Program, args: Sequence[Value]) -> list[Value]:
    """Run a Program on arrays."""
    return executable(program)(args)
