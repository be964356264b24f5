"""Leak checking: traced arrays that are still there when their transformation has ended."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from ..core import Tracer, next_level
from .array import Array


class Watch:
    """Whether leaks are looked for after each transformation, and the level of the traces made since then."""

    on = False
    since = 0


class LeakedTraceError(Exception):
    """Arrays of a transformation are still referred to after it has ended."""


def check() -> None:
    """Raise where a traced array of a transformation that has ended is still there.

    Raises:
        LeakedTraceError: telling the arrays.
    """
    gc.collect()
    traced = [(x, x._value._trace) for x in gc.get_objects() if type(x) is Array and isinstance(x._value, Tracer)]
    found = [(x, trace) for x, trace in traced if trace.ended and trace.level >= Watch.since]
    if found:
        listing = "\n".join(repr(x) for x, _ in found[:10])
        raise LeakedTraceError(
            f"Leaked trace {found[0][1].name}. Leaked tracer(s):\n\n{listing}\nThey were probably stored in a global, a "
            f"list or an attribute: return them from the function instead"
        )


@contextmanager
def checking_leaks() -> Iterator[None]:
    """A context in which arrays that are kept beyond the transformation that they stand under are errors."""
    before = Watch.on, Watch.since
    Watch.on, Watch.since = True, next_level()
    try:
        yield
    finally:
        Watch.on, Watch.since = before


__all__ = ["LeakedTraceError", "Watch", "check", "checking_leaks"]
