"""The gradient of ``sum(tanh(x)**2 * exp(-x*x) + sin(x))``: as many bytes read and written as by a copy."""

from __future__ import annotations

from typing import Any

from ..row import PEERS, Row


def build(lib: Any) -> Any:
    np_ = lib.np_
    return lib.grad(lambda x: np_.sum(np_.tanh(x) ** 2 * np_.exp(-x * x) + np_.sin(x)))


def vector(n: int) -> Any:
    return lambda rng: (rng.normal(size=n),)


ROWS = [
    Row(f"elementwise-1e{k}", f"elementwise gradient, 1e{k} numbers", build, vector(10**k), vector(5),
        dtypes=("float32", "float64"), others=PEERS, copy=True)
    for k in (3, 5, 7)
]  # fmt: skip
