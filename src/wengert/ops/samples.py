"""Sample values for the tests of operations: of some shapes, spread over an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Value

ndarray = np.ndarray

SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3), (0, 2), (1, 3))


REAL = (-2.0, 2.0)


def inside(low: float, high: float) -> Callable[..., ndarray]:
    """Sample values spread over an interval, the same every time."""

    def make(shape: tuple[int, ...], seed: int) -> ndarray:
        u = np.random.default_rng(seed).uniform(size=shape)
        return low + (high - low) * u

    return make


def samples(*domains: tuple[float, float]) -> Callable[[], list[tuple[tuple[Value, ...], dict[str, Any]]]]:
    def make() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
        cases: list[tuple[tuple[Value, ...], dict[str, Any]]] = [
            (tuple(inside(*d)(shape, 7 * i + 1) for i, d in enumerate(domains)), {}) for shape in SHAPES
        ]
        if len(domains) == 2:
            a, b = (inside(*d) for d in domains)
            cases += [((a((2, 1), 5), b((3,), 6)), {}), ((a((), 5), b((2, 3), 6)), {}), ((a((4, 1, 2), 8), 0.75), {})]
        return cases

    return make


__all__ = ["REAL", "SHAPES", "inside", "samples"]
