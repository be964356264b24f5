"""Plain arrays that a trace needs again while the user's function goes on: what is done to them later is not seen.

A step of a tape, or a Program, is about an array as it was when the step was made. The array is the user's, who may
change it at any time, from any thread, so the step has a copy. Nothing is done to the user's array. Where a large array
is used again in one trace and is still what its copy is, bit for bit, the copy serves again. A broadcast is copied as the
small array behind it. The memory of large copies is used again by later traces: it is warm, and the system's is not.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

ndarray = np.ndarray
COPIED = 1 << 18  # bytes; copying fewer costs less than looking whether there is a copy
SPARE = 256 << 20  # bytes that are kept for later copies, at most
_spare: list[ndarray] = []  # blocks of bytes; lists change under Python's lock


class Copies:
    """The copies of large arrays that a trace has made: by identity, each with its array and the memory it lies in."""

    __slots__ = ("_blocks", "_known")

    def __init__(self) -> None:
        self._known: dict[int, tuple[ndarray, ndarray]] = {}
        self._blocks: list[ndarray] = []

    def of(self, x: ndarray) -> ndarray:
        known = self._known.get(id(x))
        if known is not None and _same(*known):
            return known[1]
        copy = self._copied(x)
        self._known[id(x)] = (x, copy)
        return copy

    def _copied(self, x: ndarray) -> ndarray:
        order = "C" if x.flags.c_contiguous else "F" if x.flags.f_contiguous else None
        if order is None:
            return x.copy("K")
        block = _taken(x.nbytes)
        self._blocks.append(block)
        copy = np.ndarray(x.shape, x.dtype, block, order=order)
        copy[...] = x
        return copy

    def give_back(self) -> None:
        """Memory to which nothing refers any more serves later copies."""
        self._known.clear()
        while self._blocks:
            block = self._blocks.pop()
            if sys.getrefcount(block) == 2:  # `block` here, and the argument: no array lies in it
                _spare.append(block)
        while sum(b.nbytes for b in list(_spare)) > SPARE:
            _spare.pop(0)


def _taken(size: int) -> ndarray:
    for i in range(len(_spare) - 1, -1, -1):
        try:
            block = _spare.pop(i)
        except IndexError:  # another thread took one
            break
        if size <= block.nbytes <= size + size // 4:
            return block
        _spare.append(block)
    return np.empty(size, np.uint8)


def _same(x: ndarray, copy: ndarray) -> bool:
    """Whether an array still has the bits of its copy."""
    if x.shape != copy.shape or x.dtype != copy.dtype or x.strides != copy.strides:
        return False
    whole = x if x.flags.c_contiguous else x.T
    if not whole.flags.c_contiguous:
        return False
    word = np.uint64 if x.nbytes % 8 == 0 and x.ctypes.data % 8 == 0 else np.uint8
    other = copy if whole is x else copy.T
    return bool((whole.reshape(-1).view(word) == other.reshape(-1).view(word)).all())


def keep(x: ndarray, trace: Any) -> ndarray:
    """A copy of the array, which will stay as it is now. Hot: guarded by benchmarks `eager.*`.

    Args:
        trace: has an attribute ``copies``, the `Copies` that are given back with it, or None.

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
    if 0 in x.strides:  # a broadcast: of the small array behind it
        few = x[tuple([slice(1) if s == 0 else slice(None) for s in x.strides])]
        return np.broadcast_to(keep(few, trace), x.shape)
    if trace.copies is None:
        trace.copies = Copies()
    return trace.copies.of(x)


def release(trace: Any) -> None:
    """The trace needs its copies no more, but for those that others hold."""
    copies, trace.copies = trace.copies, None
    if copies is not None:
        copies.give_back()


__all__ = ["COPIED", "Copies", "keep", "release"]
