"""Arguments of rows: arrays of random numbers of a dtype, as functions of a generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Make = Callable[[Any], np.ndarray]


def f64(*shape: int) -> Make:
    return lambda rng: rng.normal(size=shape)


def f32(*shape: int) -> Make:
    return lambda rng: rng.normal(size=shape).astype(np.float32)


def f16(*shape: int) -> Make:
    return lambda rng: rng.normal(size=shape).astype(np.float16)


def c128(*shape: int) -> Make:
    return lambda rng: rng.normal(size=shape) + 1j * rng.normal(size=shape)


def c64(*shape: int) -> Make:
    return lambda rng: (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def i32(low: int, high: int, *shape: int) -> Make:
    return lambda rng: rng.integers(low, high, shape).astype(np.int32)


def i64(low: int, high: int, *shape: int) -> Make:
    return lambda rng: rng.integers(low, high, shape)


def between(low: float, high: float, *shape: int) -> Make:
    return lambda rng: rng.uniform(low, high, shape)


def ordered(*shape: int) -> Make:
    return lambda rng: np.sort(rng.normal(size=shape), axis=-1)


def positive(n: int, *batch: int) -> Make:
    """Symmetric positive definite matrices."""

    def make(rng: Any) -> np.ndarray:
        a = rng.normal(size=(*batch, n, n))
        return a @ np.swapaxes(a, -1, -2) / n + np.eye(n)

    return make


def given(*makers: Make) -> Callable[[Any], tuple[np.ndarray, ...]]:
    return lambda rng: tuple(make(rng) for make in makers)
