"""The first step of SciPy's public functions: plain arguments go on to SciPy, traced ones to an answer.

A function object stays the same object, so that ``from scipy.optimize import brentq`` means it too; what it runs is a step
that calls its `Entry`, which holds a function with SciPy's own code. The step depends on its arguments alone and on no state.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import types
from typing import Any

from .declared import MAKERS, METHODS, OBJECTS_OF_C, SOLVERS, answer_of
from .entry import MET, PLAIN, SKIPPED, Entry

FORMATS = "bsr coo csc csr dia dok lil".split()
_lock = threading.RLock()


@functools.lru_cache(256)
def _step(free: tuple[str, ...]) -> types.CodeType:
    """The code of the step, for a function that closes over variables of these names (they must be its own as well)."""
    variables = ", ".join(free)
    source = "def outer():\n"
    source += f"    {' = '.join(free)} = None\n" if free else ""
    source += '    def step(*args, **kwargs):\n        entry = "the entry"\n        return entry(args, kwargs)\n'
    source += f"        {variables}\n" if free else ""
    names: dict[str, Any] = {}
    exec(compile(source + "    return step\n", SKIPPED, "exec"), names)
    code: types.CodeType = names["outer"]().__code__
    assert len(code.co_freevars) == len(free)
    return code


def meet_function(function: Any, name: str) -> None:
    """Put the first step before a function."""
    if not isinstance(function, types.FunctionType) or function in MET:
        return
    code = function.__code__
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return
    entry = Entry(function, name, name in OBJECTS_OF_C, name in SOLVERS, answer_of)
    MET[function] = entry
    if not hasattr(function, "__wrapped__"):
        function.__wrapped__ = entry.original  # for signatures and sources
    own = _step(tuple(sorted(code.co_freevars)))
    function.__code__ = own.replace(
        co_consts=tuple(entry if c == "the entry" else c for c in own.co_consts), co_name=code.co_name
    )


def meet_room(room: str) -> None:
    """Put the first step before the public functions of a room of SciPy, and the methods of its classes."""
    module = sys.modules[room]
    short = room.partition(".")[2]
    with _lock:
        if short == "sparse":
            kinds = [getattr(module, f"{f}_{k}", None) for f in FORMATS for k in ("matrix", "array")]
            PLAIN.update(k for k in kinds if k is not None)
        for name in getattr(module, "__all__", ()) if short != "sparse" else MAKERS:
            function = getattr(module, name, None)
            if isinstance(function, types.FunctionType):
                meet_function(function, f"{short}.{name}")
        for path, methods in METHODS.get(short, {}).items():
            kind: Any = module
            for part in path.split("."):
                kind = getattr(kind, part, None)
            if kind is None:
                continue
            owner = f"{short}.{kind.__name__}" if isinstance(kind, type) else short
            for method in methods.split():
                meet_function(vars(kind).get(method), f"{owner}.{method}")


__all__ = ["meet_function", "meet_room"]
