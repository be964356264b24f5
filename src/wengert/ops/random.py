"""Threefry keys and bits: the counter-based generator, and the primitives that stand on it.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011: threefry with
two 32-bit words and 20 rounds. The layout is JAX's partitionable one: element i of an array uses counter i, so what a
key gives does not depend on how the array is cut. A key is an element of dtype `KEY`: an array of keys is an array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import RECORDS, Aval, Primitive, Value
from ..lowering.kernels import Kernel
from ..vocabulary import BatchedResults, Params, Pushed, Results
from .families import align_batched
from .generators import random_bits_p
from .threefry import threefry2x32

ndarray = np.ndarray
KEY = np.dtype([("k0", np.uint32), ("k1", np.uint32)])
# Keys of the generators whose bits come from Philox: split and folded by threefry ("rbg"), or by Philox ("unsafe_rbg").
RBG, UNSAFE_RBG = (np.dtype([(f"{letter}{i}", np.uint32) for i in range(4)]) for letter in "ru")
GENERATORS = {"threefry2x32": KEY, "rbg": RBG, "unsafe_rbg": UNSAFE_RBG}
RECORDS.update(GENERATORS.values())


def _blocks(key: Any, shape: tuple[int, ...]) -> tuple[ndarray, ndarray]:
    """Both output words for counters 0, 1, … along the last axis, for every key: shape ``(*keys, size)``."""
    key = np.asarray(key)
    keys = key.reshape(-1)
    n = math.prod(shape)
    count = np.arange(n, dtype=np.uint64)[None, :]
    hi, lo = (count >> np.uint64(32)).astype(np.uint32), count.astype(np.uint32)
    x0, x1 = threefry2x32(keys["k0"][:, None], keys["k1"][:, None], hi, lo)
    return x0.reshape((*key.shape, *shape)), x1.reshape((*key.shape, *shape))


def _make(k0: Any, k1: Any) -> Value:
    out = np.empty(np.shape(k0), KEY)
    out["k0"], out["k1"] = k0, k1
    return out[()]


def _sample_keys() -> list[Any]:
    return [_make(np.uint32(3), np.uint32(7)), _make(np.arange(2, dtype=np.uint32), np.arange(2, dtype=np.uint32))]


def words_of(keys: Any) -> ndarray:
    """The words of keys of any generator, along a new last axis."""
    keys = np.asarray(keys)
    return np.stack([keys[name] for name in keys.dtype.names or ()], -1)


def _of_words(words: ndarray, dtype: np.dtype) -> Value:
    """Keys of a dtype from their words along the last axis."""
    out = np.empty(words.shape[:-1], dtype)
    for i, name in enumerate(dtype.names or ()):
        out[name] = words[..., i]
    return out[()]


def _by_halves(function: Any, keys: Any) -> Value:
    """Keys of four words from a function of keys of two, of both halves."""
    words = words_of(keys)
    halves = [words_of(function(_make(words[..., i], words[..., i + 1]))) for i in (0, 2)]
    return _of_words(np.concatenate(halves, -1), np.asarray(keys).dtype)


def _philox_bits(keys: Any, shape: tuple[int, ...], width: int) -> ndarray:
    """Bits of Philox for every key, as XLA's ``RngBitGenerator`` gives them."""
    return random_bits_p.impl(words_of(keys), shape=shape, width=width, philox=True)[1]


class _Discrete(Primitive):
    """What it gives is constant: it has no tangents."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(*primals, **params), None


class _OfOne(_Discrete):
    """A function of one argument, of an array of them an array of results: batching is the function itself."""

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*args, **params), True


class _OfKeys(_OfOne):
    """A function of keys alone."""

    def impl(self, key: Value, **params: Any) -> Results:
        raise NotImplementedError

    def tail(self, **params: Any) -> tuple[tuple[int, ...], np.dtype]:
        """The shape and dtype of what one key gives."""
        raise NotImplementedError

    def abstract(self, aval: Aval, **params: Any) -> Aval:
        tail, dtype = self.tail(**params)
        return Aval((*aval.shape, *tail), dtype)


class _Bits(_OfKeys):
    def impl(self, key: Value, *, shape: tuple[int, ...], width: int) -> Results:
        if np.asarray(key).dtype != KEY:
            return _philox_bits(key, shape, width)[()]
        hi, lo = _blocks(key, shape)
        if width == 64:
            return ((hi.astype(np.uint64) << np.uint64(32)) | lo)[()]
        return (hi ^ lo).astype(f"u{width // 8}")[()]

    def tail(self, *, shape: tuple[int, ...], width: int) -> Any:
        return shape, np.dtype(f"u{width // 8}")


class _Split(_OfKeys):
    def impl(self, key: Value, *, shape: tuple[int, ...]) -> Results:
        dtype = np.asarray(key).dtype
        if dtype == RBG:
            return _by_halves(lambda k: _make(*_blocks(k, shape)), key)
        if dtype == UNSAFE_RBG:  # every tenth of so many keys, which lie far apart
            drawn = _philox_bits(key, (10 * math.prod(shape), 4), 32)[..., ::10, :]
            return _of_words(drawn.reshape((*drawn.shape[:-2], *shape, 4)), dtype)
        return _make(*_blocks(key, shape))

    def abstract(self, aval: Aval, *, shape: tuple[int, ...]) -> Aval:
        return Aval((*aval.shape, *shape), aval.dtype)


class _Unwrap(_OfKeys):
    def impl(self, key: Value) -> Results:
        return words_of(key)

    def abstract(self, aval: Aval) -> Aval:
        return Aval((*aval.shape, len(aval.dtype.names or ())), np.dtype(np.uint32))


class _Wrap(_OfOne):
    """Keys from their words; `generator` is given of others than threefry."""

    def impl(self, data: Value, *, generator: str = "threefry2x32") -> Results:
        return _of_words(np.asarray(data), GENERATORS[generator])

    def abstract(self, aval: Aval, *, generator: str = "threefry2x32") -> Aval:
        return Aval(aval.shape[:-1], GENERATORS[generator])


class _Seed(_OfOne):
    def impl(self, seed: Value, *, generator: str = "threefry2x32") -> Results:
        words = np.asarray(seed).astype(np.int64).view(np.uint64)
        high = (words >> np.uint64(32)).astype(np.uint32)
        pair = [high if config.enable_x64 else np.zeros_like(high), words.astype(np.uint32)]
        dtype = GENERATORS[generator]
        return _of_words(np.stack(pair * (len(dtype.names or ()) // 2), -1), dtype)

    def abstract(self, aval: Aval, *, generator: str = "threefry2x32") -> Aval:
        return Aval(aval.shape, GENERATORS[generator])


class _FoldIn(_Discrete):
    def impl(self, key: Value, data: Value) -> Results:
        dtype = np.asarray(key).dtype
        if dtype == RBG:
            return _by_halves(lambda k: self.impl(k, data), key)
        if dtype == UNSAFE_RBG:
            seeds = _of_words(words_of(seed_p.impl(np.asarray(data), generator="rbg")), RBG)
            return _of_words(words_of(key) ^ _philox_bits(seeds, (10, 4), 32)[..., -1, :], dtype)
        key, data = np.asarray(key), np.asarray(data).astype(np.int64).astype(np.uint32)
        shape = np.broadcast_shapes(key.shape, data.shape)
        keys, words = np.broadcast_to(key, shape).reshape(-1), np.broadcast_to(data, shape).reshape(-1)
        x0, x1 = threefry2x32(keys["k0"], keys["k1"], np.zeros_like(words), words)
        return _make(x0.reshape(shape), x1.reshape(shape))

    def abstract(self, key: Aval, data: Aval) -> Aval:
        return Aval(np.broadcast_shapes(key.shape, data.shape), key.dtype)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*align_batched(args, batched)), True


_FLAT = {"jvp": "keys and bits are discrete"}
bits_p = _Bits(
    "random_bits",
    samples=lambda: [((k,), {"shape": (2, 3), "width": w}) for k in _sample_keys() for w in (8, 16, 32, 64)],
    reasons=_FLAT,
    native=Kernel("random.bits"),
)
split_p = _Split(
    "random_split",
    samples=lambda: [((k,), {"shape": (2,)}) for k in _sample_keys()],
    reasons=_FLAT,
    native=Kernel("random.split"),
)
unwrap_p = _Unwrap(
    "random_unwrap",
    samples=lambda: [((k,), {}) for k in _sample_keys()],
    reasons=_FLAT,
    native=Kernel("random.same_bytes"),
)
wrap_p = _Wrap(
    "random_wrap",
    samples=lambda: [((np.array([3, 4], np.uint32),), {}), ((np.ones((3, 2), np.uint32),), {})],
    reasons=_FLAT,
    native=Kernel("random.same_bytes"),
)
seed_p = _Seed(
    "random_seed",
    samples=lambda: [((np.array([0, -1, 2**40]),), {}), ((np.int64(5),), {})],
    reasons=_FLAT,
    native=Kernel("random.seed"),
)
fold_in_p = _FoldIn(
    "random_fold_in",
    samples=lambda: [((k, np.array([1, 2])), {}) for k in _sample_keys()],
    reasons=_FLAT,
    native=Kernel("random.fold_in"),
)


class _Unit(_OfKeys):
    """Floats in [0, 1): random bits as the mantissa of a number in [1, 2), less 1."""

    def impl(self, key: Value, *, shape: tuple[int, ...], dtype: np.dtype) -> Results:
        width, mantissa = dtype.itemsize * 8, _mantissa(dtype)
        drawn = width if mantissa >= 8 else 8
        words = np.asarray(bits_p.impl(key, shape=shape, width=drawn)).astype(f"u{width // 8}")
        one = np.ones((), dtype).view(words.dtype)
        return ((words >> words.dtype.type(drawn - mantissa)) | one).view(dtype)[()] - dtype.type(1)

    def tail(self, *, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        return shape, dtype


def _mantissa(dtype: np.dtype) -> int:
    if dtype.kind == "f":
        return np.finfo(dtype).nmant
    import ml_dtypes

    return ml_dtypes.finfo(dtype).nmant


unit_p = _Unit(
    "random_unit",
    samples=lambda: [((k,), {"shape": (3,), "dtype": np.dtype(d)}) for k in _sample_keys() for d in ("f4", "f8")],
    reasons={"jvp": "constant in its key"},
    native=Kernel("random.floats"),
)
