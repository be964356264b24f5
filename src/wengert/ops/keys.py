"""Traced numbers as keys of dictionaries, elements of sets, and arguments of caches.

Integers and truth values are found by value, as everywhere: `jit` notes the value as a guard. Other numbers are not:
``{0.0, 1.0}`` would have to compare them, while a cache by value would give what was computed of one variable for another
that has the same value, and lose its derivative. Sets and dictionaries refuse them; `functools.lru_cache` takes each
traced value for another argument.
"""

from __future__ import annotations

import dis
import functools
import sys
from types import CodeType
from typing import Any

from ..core import Tracer, inexact_dtype
from ..errors import ConcretizationError
from ..frames import is_library_frame

_LOOKUPS = frozenset(
    "CONTAINS_OP BINARY_SUBSCR STORE_SUBSCR DELETE_SUBSCR BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP SET_ADD MAP_ADD".split()
)
_METHODS = frozenset("get setdefault pop add discard remove set frozenset dict fromkeys update hash".split())


def _hash(self: Tracer) -> int:
    if self.shape:
        raise TypeError(f"unhashable: an array under {self._trace.name}, as NumPy's arrays are")
    if not inexact_dtype(self.dtype):
        return hash(self.concrete("a key of a dictionary or a set").item())
    frame = sys._getframe(1)
    counts = frame.f_globals.get("__name__") == "collections"  # a Counter
    if counts or (not is_library_frame(frame) and frame.f_lasti in _lookups(frame.f_code)):
        raise ConcretizationError(
            f"a number under {self._trace.name} is no key of a dictionary or set: these look numbers up by their values, "
            f"and would lose the derivative: compare with == or `in` a list, keep results with functools.lru_cache, or "
            f"write float(wengert.stop_gradient(x)) for a key that counts as constant"
        )
    return id(self)


@functools.lru_cache(256)
def _lookups(code: CodeType) -> frozenset[int]:
    """The places of instructions that look something up in a dictionary or set, or put it there."""
    found: set[int] = set()
    called: str | None = None  # what the next call is of
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in ("LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL", "LOAD_NAME") and instruction.argval in _METHODS:
            called = instruction.argval
        elif name.startswith("CALL"):
            if called is not None:
                found.add(instruction.offset)
            called = None
        if name in _LOOKUPS or (name == "BINARY_OP" and instruction.argrepr == "[]"):  # from Python 3.14 on
            found.add(instruction.offset)
    return frozenset(found)


def _reduce(self: Tracer, protocol: Any) -> Any:
    raise ConcretizationError(
        f"a value under {self._trace.name} cannot be pickled or sent to another process: return it from the function, "
        f"and pickle what comes out"
    )


Tracer.__hash__ = _hash
Tracer.__reduce_ex__ = _reduce
