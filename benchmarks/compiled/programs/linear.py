"""Many small linear systems, and the gradient with respect to matrices and right sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..row import Row


def build(lib: Any) -> Any:
    np_ = lib.np_

    def loss(a: Any, b: Any) -> Any:
        return np_.sum(np_.linalg.solve(a, b) ** 2)

    return lib.value_and_grad(loss, argnums=(0, 1))


def systems(n: int, size: int) -> Any:
    """Systems whose matrices are far from singular."""
    return lambda rng: (rng.uniform(-1, 1, (n, size, size)) + size * np.eye(size), rng.normal(size=(n, size, 1)))


ROWS = [Row("solve-4x4", "1e5 solves of 4×4 with gradient", build, systems(10**5, 4), systems(2, 3))]
