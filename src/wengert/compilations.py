"""Compilations as they happen: who wants to know hears of each one, ``WENGERT_LOG=compile`` prints them, and the logger
``wengert`` of Python's `logging` has them as messages of level DEBUG.

`ops.call` notes them, `jit` says why there was one. Nothing of the compiler is known here.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Compilation(NamedTuple):
    """One compilation of a function.

    Attributes:
        name: of the function. arguments: the types of its arguments. why: it was compiled.
        start, end: `time.perf_counter_ns` where compiling began, without tracing, and ended.
        tracing: seconds. parts: seconds by what was done. from_disk: whether the code had been compiled before.
        thread: its `threading.get_ident`.
    """

    name: str
    arguments: str
    why: str
    start: int
    end: int
    tracing: float
    parts: dict[str, float]
    from_disk: bool
    thread: int

    def __str__(self) -> str:
        spent = (self.end - self.start) / 1e9 + self.tracing
        parts = ", ".join(f"{k} {v * 1e3:.1f}" for k, v in {"tracing": self.tracing, **self.parts}.items() if v)
        disk = "; its code was on disk" if self.from_disk else ""
        return f"compiled {self.name}({self.arguments}) in {spent * 1e3:.1f} ms ({parts}{disk}): {self.why}"


LISTENERS: list[Callable[[Compilation], None]] = []
_pending = threading.local()  # why the next one of this thread is made, and how long its tracing took


def logging() -> bool:
    """Whether compilations are printed to standard error."""
    return "compile" in os.environ.get("WENGERT_LOG", "").replace(",", " ").split()


def _logger() -> Any:
    """The logger that takes messages of compilations; None where the program has not set one up."""
    module = sys.modules.get("logging")
    if module is None:
        return None
    logger = module.getLogger("wengert")
    return logger if logger.isEnabledFor(module.DEBUG) else None


def wanted() -> bool:
    """Whether anybody wants to know."""
    return bool(LISTENERS) or logging() or ("logging" in sys.modules and _logger() is not None)


def because(why: str, tracing: float) -> None:
    """Say why the next Program of this thread is compiled, and how long it took to trace it."""
    _pending.found = why, tracing


def note(program: Any, compiled: Any, start: int) -> None:
    """Tell of a Program that was compiled since `start`."""
    why, tracing = _pending.__dict__.pop("found", ("", 0.0))
    if not wanted():
        return
    made = Compilation(
        program.name,
        ", ".join(map(repr, program.in_avals)),
        why or "called by itself, or by the derivative of a function",
        start,
        time.perf_counter_ns(),
        tracing,
        dict(getattr(compiled, "spent", {})),
        bool(getattr(compiled, "from_disk", False)),
        threading.get_ident(),
    )
    for listener in tuple(LISTENERS):
        listener(made)
    if logging():
        print(f"wengert: {made}", file=sys.stderr, flush=True)
    logger = _logger() if "logging" in sys.modules else None
    if logger is not None:
        logger.debug("%s", made)


__all__ = ["LISTENERS", "Compilation", "because", "logging", "note", "wanted"]
