"""What the machine can do at most: bytes copied and numbers multiplied in a second, measured with NumPy before the rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np


def _least(run: Callable[[], object], count: int = 15) -> float:
    run()
    best = float("inf")
    for _ in range(count):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def peaks() -> dict[str, float]:
    """Bytes read and written by a copy of 64 MB in a second, and floating-point operations of a product of 1,024 rows."""
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    a, b = np.ones(1 << 23), np.empty(1 << 23)
    x = np.random.default_rng(0).normal(size=(1024, 1024))
    y = x.astype(np.float32)
    return {
        "copy": 2 * a.nbytes / _least(lambda: np.copyto(b, a)),
        "float64": 2 * 1024**3 / _least(lambda: x @ x),
        "float32": 2 * 1024**3 / _least(lambda: y @ y),
    }
