"""Plain arrays that a trace holds while the user's function goes on: what the function does to them later is not seen.

A step of a tape, or a Program, is about an array as it was when the step was made. A small array is copied. A large one
is the user's own and is made read-only until it is no longer held: a function that changes it gets an error instead of a
wrong derivative. Whole arrays and views of all of one are held so; a part of a larger one is copied, because others may
go on with the rest.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..errors import NotSupportedError

ndarray = np.ndarray
COPIED = 1 << 18  # bytes; copying so many takes about as long as an operation on them

_held: dict[int, tuple[int, ndarray]] = {}  # how often an array is held that was writeable before
_lock = threading.Lock()


def keep(x: ndarray, trace: Any) -> ndarray:
    """The array, or a copy of it, that will stay as it is now. Hot: guarded by benchmarks `eager.*`.

    Args:
        trace: has a list ``held`` of the arrays that `release` gives back, or None.

    Example:
        >>> from wengert.transforms.tape import Tape
        >>> k = np.ones(3)
        >>> kept = keep(k, Tape())
        >>> k *= 2.0
        >>> kept
        array([1., 1., 1.])
    """
    if x.nbytes <= COPIED:
        return x.copy("K")
    owner = x
    while type(owner.base) is ndarray:
        owner = owner.base
    if 0 in x.strides and owner.size < x.size:  # a broadcast: of the small array behind it
        few = x[tuple([slice(1) if s == 0 else slice(None) for s in x.strides])]
        return np.broadcast_to(keep(few, trace), x.shape)
    if owner.size != x.size:
        return x.copy("K")
    for a in (owner, x) if owner is not x else (x,):
        _hold(a, trace)
    return x


def _hold(a: ndarray, trace: Any) -> None:
    with _lock:
        times, _ = _held.get(id(a), (0, a))
        if not times and not a.flags.writeable:
            return
        a.flags.writeable = False
        _held[id(a)] = (times + 1, a)
    if trace.held is None:
        trace.held = []
    trace.held.append(a)


def release(trace: Any) -> None:
    """Nothing is held any more. What owns memory comes first: views of it can be written to only then."""
    held, trace.held = trace.held, None
    with _lock:
        for a in sorted(held or (), key=lambda a: a.base is not None):
            times, _ = _held.pop(id(a))
            if times > 1:
                _held[id(a)] = (times - 1, a)
            else:
                a.flags.writeable = True


def explained(error: ValueError, trace: Any) -> Exception:
    """The error that NumPy raises where an array is changed that is held, in words; any other as it is."""
    if trace.held is None or "read-only" not in str(error):
        return error
    return NotSupportedError(
        "a large array is changed in place after it was used with a traced one, and the derivative needs it as it was: "
        "write k = k * 0.5 instead of k *= 0.5, or change a copy"
    )


__all__ = ["COPIED", "explained", "keep", "release"]
