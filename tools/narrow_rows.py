"""Times of operations on float16, bfloat16, integers and truth values, compiled, beside JAX.

    python tools/narrow_rows.py ours ours.json
    python-with-jax tools/narrow_rows.py jax jax.json
    python tools/narrow_rows.py compare ours.json jax.json

Each row is the least time of many calls of a compiled function, outputs there; `OPENBLAS_CORETYPE` and `OPENBLAS_L2_SIZE` are
left out, for they change one side alone.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as onp

ROW = Callable[..., Any]
N = 1 << 16
RNG = onp.random.default_rng(0)


def floats(dtype: str, *shape: int) -> Callable[[Any], Any]:
    return lambda convert: convert(RNG.normal(size=shape), dtype)


def whole(dtype: str, *shape: int, low: int = -100, high: int = 100) -> Callable[[Any], Any]:
    info = onp.iinfo(dtype)
    return lambda convert: convert(RNG.integers(max(low, info.min), min(high, info.max), size=shape), dtype)


def rows() -> dict[str, tuple[ROW, tuple[Any, ...]]]:
    """For each name a function of the namespace and arrays, and what makes the arrays."""
    found: dict[str, tuple[ROW, tuple[Any, ...]]] = {}

    def row(name: str, f: ROW, *arguments: Any) -> None:
        found[name] = f, arguments

    for t in ("float16", "bfloat16"):
        row(f"{t} x*y+x", lambda np, x, y: x * y + x, floats(t, N), floats(t, N))
        row(f"{t} tanh(x)*exp(-x*x)", lambda np, x: np.tanh(x) * np.exp(-x * x), floats(t, N))
        row(f"{t} gelu", lambda np, x: x * (1 + np.tanh(x + x * x * x)) / 2, floats(t, N))
        row(f"{t} sum", lambda np, x: np.sum(x), floats(t, 16 * N))
        row(f"{t} sum of rows", lambda np, x: np.sum(x, axis=1), floats(t, 256, 256))
        row(f"{t} max of columns", lambda np, x: np.max(x, axis=0), floats(t, 256, 256))
        row(f"{t} matrix product 64", lambda np, x, y: x @ y, floats(t, 64, 64), floats(t, 64, 64))
        row(f"{t} matrix times vector", lambda np, x, y: x @ y, floats(t, 512, 512), floats(t, 512))
        row(f"{t} to float32", lambda np, x: x.astype("float32"), floats(t, N))
        row(f"{t} gather", lambda np, x, i: x[i], floats(t, 4096), whole("int32", N, low=0, high=4096))
        row(f"{t} running sums", lambda np, x: np.cumsum(x, axis=1), floats(t, 256, 256))
        row(f"{t} sort of rows", lambda np, x: np.sort(x, axis=1), floats(t, 1000, 16))
    for t in ("int8", "int16", "int32", "int64", "uint32"):
        row(f"{t} matrix product 64", lambda np, x, y: x @ y, whole(t, 64, 64), whole(t, 64, 64))
        row(f"{t} matrix product 256", lambda np, x, y: x @ y, whole(t, 256, 256), whole(t, 256, 256))
        row(f"{t} matrix times vector", lambda np, x, y: x @ y, whole(t, 512, 512), whole(t, 512))
        row(f"{t} x//7", lambda np, x: x // 7, whole(t, N))
        row(f"{t} x%7", lambda np, x: x % 7, whole(t, N))
        row(f"{t} x//y", lambda np, x, y: x // y, whole(t, N), whole(t, N, low=1))
        row(f"{t} x**3", lambda np, x: x**3, whole(t, N))
        row(f"{t} shifts, bits", lambda np, x, y: ((x << 3) ^ (y >> 2)) & x | ~y, whole(t, N), whole(t, N))
        row(f"{t} sum", lambda np, x: np.sum(x), whole(t, N))
        row(f"{t} running sums", lambda np, x: np.cumsum(x), whole(t, N))
        row(f"{t} gcd", lambda np, x, y: np.gcd(x, y), whole(t, 10_000, low=1), whole(t, 10_000, low=1))
    row("int32 x**y", lambda np, x, y: x**y, whole("int32", N, low=0, high=10), whole("int32", N, low=0, high=9))
    row("bool any of rows", lambda np, x: np.any(x > 50, axis=1), whole("int32", 256, 256))
    row("bool matrix product", lambda np, x, y: (x > 0) @ (y > 0), whole("int32", 128, 128), whole("int32", 128, 128))
    for t in ("float32", "float64"):
        for n, m in ((10_000, 4), (10_000, 8), (2000, 16)):
            row(f"{t} argmax of {n} rows of {m}", lambda np, x: np.argmax(x, axis=1), floats(t, n, m))
            row(f"{t} prod of {n} rows of {m}", lambda np, x: np.prod(x, axis=1), floats(t, n, m))
        ordered = onp.sort(RNG.normal(size=1000))
        row(
            f"{t} searchsorted",
            lambda np, x, y: np.searchsorted(x, y),
            lambda c, t=t, o=ordered: c(o, t),
            floats(t, 10_000),
        )
        row(f"{t} det of 1000 3x3", lambda np, x: np.linalg.det(x), floats(t, 1000, 3, 3))
    return found


def measure(which: str) -> dict[str, float]:
    """Microseconds of each row."""
    import ml_dtypes

    warnings.simplefilter("ignore")
    wait: Any = lambda o: o  # noqa: E731
    if which == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        np, jit, wait = jax.numpy, jax.jit, jax.block_until_ready
    else:
        import wengert
        import wengert.numpy as np

        jit = wengert.jit

    def convert(x: Any, dtype: str) -> Any:
        made = onp.asarray(x).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
        return np.asarray(made) if which == "jax" else made

    times = {}
    for name, (f, makers) in rows().items():
        arguments = [make(convert) for make in makers]
        g = jit(lambda *a, f=f: f(np, *a))
        wait(g(*arguments))
        best, end = math.inf, time.perf_counter() + 0.25
        while time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(20):
                wait(g(*arguments))
            best = min(best, (time.perf_counter() - start) / 20)
        times[name] = 1e6 * best
    return times


def compare(ours: dict[str, float], theirs: dict[str, float]) -> None:
    ratios = {name: theirs[name] / ours[name] for name in ours if name in theirs}
    print("| row | us | JAX's over ours |\n| --- | --- | --- |")
    for name, r in sorted(ratios.items(), key=lambda item: item[1]):
        print(f"| {name} | {ours[name]:.1f} | {r:.2f} |")
    print(f"\ngeometric mean of {len(ratios)}: {math.exp(sum(map(math.log, ratios.values())) / len(ratios)):.2f}")


if __name__ == "__main__":
    for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(variable, None)
    if sys.argv[1] == "compare":
        compare(*[json.loads(Path(p).read_text()) for p in sys.argv[2:]])
    else:
        Path(sys.argv[2]).write_text(json.dumps(measure(sys.argv[1])))
