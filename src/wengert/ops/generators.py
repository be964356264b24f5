"""Random bits of counter-based ciphers from a state of 128 bits, a key and a counter, in the order in which XLA gives them.

Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3": Philox 4x32 of 10 rounds, Threefry 2x32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value
from ..vocabulary import Avals, BatchedResults, Params, Pushed, Results
from .threefry import threefry2x32

ndarray = np.ndarray
_WORD = np.uint64(2**32 - 1)
_HALF = np.uint64(32)


def _words(x: ndarray) -> tuple[ndarray, ndarray]:
    """The low and the high half of 64-bit numbers."""
    return (x & _WORD).astype(np.uint32), (x >> _HALF).astype(np.uint32)


def _philox(counter: Sequence[ndarray], key: tuple[int, int]) -> list[ndarray]:
    c = list(counter)
    k0, k1 = key
    for _ in range(10):
        low0, high0 = _words(np.uint64(0xD2511F53) * c[0].astype(np.uint64))
        low1, high1 = _words(np.uint64(0xCD9E8D57) * c[2].astype(np.uint64))
        c = [high1 ^ c[1] ^ np.uint32(k0), low1, high0 ^ c[3] ^ np.uint32(k1), low0]
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c


def _joined(low: ndarray, high: ndarray) -> ndarray:
    return low.astype(np.uint64) | (high.astype(np.uint64) << _HALF)


def _from_philox(key: int, start: int, shape: tuple[int, ...], width: int) -> tuple[int, ndarray]:
    """The number of blocks used, and the bits: blocks of four words, in order. The key stands in the counter, too."""
    size = math.prod(shape)
    words = 2 * size if width == 64 else size
    blocks = -(-words // 4)
    count = np.arange(blocks, dtype=np.uint64) + np.uint64(start)
    upper = np.uint64(key) + (count < np.uint64(start)).astype(np.uint64)  # what the lower half carries
    flat = np.stack(_philox([*_words(count), *_words(upper)], (key % 2**32, key >> 32)), -1).reshape(-1)[:words]
    bits = _joined(flat[0::2], flat[1::2]) if width == 64 else flat
    return blocks, bits.reshape(shape)


def _from_threefry(key: int, start: int, shape: tuple[int, ...], width: int) -> tuple[int, ndarray]:
    """The same of blocks of two words, which lie side by side along the first axis of even length, or the longest one."""
    half = list(shape)
    axis = next((i for i, n in enumerate(shape) if n % 2 == 0), int(np.argmax(shape)) if shape else 0)
    if width != 64 and shape:
        half[axis] = -(-shape[axis] // 2)
    blocks = math.prod(half)
    low, high = _words((np.arange(blocks, dtype=np.uint64) + np.uint64(start)).reshape(half))
    k0, k1 = (np.full(half, part, np.uint32) for part in (key % 2**32, key >> 32))
    first, second = threefry2x32(k0, k1, low, high)
    if width == 64:
        return blocks, _joined(first, second)
    if not shape:
        return blocks, first
    both = np.stack([first, second], axis + 1).reshape([2 * n if i == axis else n for i, n in enumerate(half)])
    return blocks, both[tuple(slice(0, n) for n in shape)]


class _RandomBits(Primitive):
    """The next state and random bits of the state along the last axis of an array: 4 words of 32 bits, or 2 of 64."""

    multiple_results = True

    def impl(self, state: Value, *, shape: tuple[int, ...], width: int, philox: bool) -> Results:
        states = np.asarray(state)
        lead, narrow = states.shape[:-1], states.dtype.itemsize == 4
        out = np.empty((*lead, *shape), f"u{width // 8}")
        rows = states.reshape(-1, states.shape[-1]).copy()
        into = out.reshape(len(rows), *shape)
        for i, row in enumerate(rows):
            numbers = [int(v) for v in row]
            key, start = (numbers[0] | numbers[1] << 32, numbers[2] | numbers[3] << 32) if narrow else numbers
            with np.errstate(over="ignore"):
                used, bits = (_from_philox if philox else _from_threefry)(key, start, shape, width)
            into[i] = bits.astype(out.dtype)
            after = (start + used) % 2**64
            row[-2:] = (after % 2**32, after >> 32) if narrow else (key, after)
        return [rows.reshape(states.shape), into.reshape(out.shape)]

    def abstract(self, state: Aval, *, shape: tuple[int, ...], width: int, philox: bool) -> Avals:
        return [Aval(state.shape, state.dtype), Aval((*state.shape[:-1], *shape), np.dtype(f"u{width // 8}"))]

    def jvp(self, primals: Any, tangents: Any, params: Params) -> Pushed:
        outs = self.bind(*primals, **params)
        return outs, [None] * len(outs)

    def batch(self, size: int, args: Any, batched: Any, params: Params) -> BatchedResults:
        return self.bind(args[0], **params), [True, True]


def _samples() -> list[Any]:
    state = np.array([1, 2, 3, 4], np.uint32)
    wide = np.array([2**40, 7], np.uint64)
    return [
        ((state,), {"shape": (3,), "width": 32, "philox": True}), ((state,), {"shape": (3, 3), "width": 16, "philox": False}),
        ((wide,), {"shape": (2, 2), "width": 64, "philox": True}), ((wide,), {"shape": (), "width": 8, "philox": False}),
    ]  # fmt: skip


random_bits_p = _RandomBits("rng_bit_generator", samples=_samples, reasons={"transpose": "bits have no tangent"})

__all__ = ["random_bits_p"]
