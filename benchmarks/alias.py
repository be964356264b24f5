"""What the alias costs beside the library: looking a name up, an operation on arrays, a call under `jit`.

    python benchmarks/alias.py

Each pair is timed in turns in one process, and the least of many rounds counts, so that load changes little. Times are in
microseconds; "more" is what the alias adds to the same operation of the library on plain arrays.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import wengert
import wengert.numpy as wnp
from wengert.interop import jax_names

ROUNDS, CALLS = 200, 200


def least(functions: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Microseconds for each function, the least of all rounds."""
    found = dict.fromkeys(functions, float("inf"))
    for _ in range(ROUNDS):
        for name, f in functions.items():
            start = time.perf_counter_ns()
            for _ in range(CALLS):
                f()
            found[name] = min(found[name], (time.perf_counter_ns() - start) / CALLS / 1000)
    return found


def pairs() -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """For each row a call of the alias and the same one of the library."""
    with jax_names.as_jax():
        jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")

        x, v = jnp.linspace(0.0, 1.0, 16), np.linspace(0.0, 1.0, 16, dtype=np.float32)

        def f(x: Any) -> Any:
            return jnp.sin(x) * x

        def g(x: Any) -> Any:
            return wnp.sin(x) * x

        of_jax, of_ours = jax.jit(f), wengert.jit(g)
        _ = of_jax(x), of_ours(v)
        return {
            "a name, jnp.sin": (lambda: jnp.sin, lambda: wnp.sin),
            "x + x": (lambda: x + x, lambda: wnp.add(v, v)),
            "x * 2.0": (lambda: x * 2.0, lambda: wnp.multiply(v, 2.0)),
            "jnp.sin(x)": (lambda: jnp.sin(x), lambda: wnp.sin(v)),
            "jnp.add(x, x)": (lambda: jnp.add(x, x), lambda: wnp.add(v, v)),
            "x.sum()": (lambda: x.sum(), lambda: wnp.sum(v)),
            "x[3]": (lambda: x[3], lambda: v[3]),
            "jit(f)(x)": (lambda: of_jax(x), lambda: of_ours(v)),
        }


def table() -> list[tuple[str, float, float]]:
    """For each row the microseconds of the alias and of the library."""
    rows = pairs()
    found = least({f"{k} {i}": f for k, fs in rows.items() for i, f in enumerate(fs)})
    return [(k, found[f"{k} 0"], found[f"{k} 1"]) for k in rows]


def main() -> int:
    print(f"{'':20} {'alias':>8} {'library':>8} {'more':>8}")
    for name, ours, plain in table():
        print(f"{name:20} {ours:8.3f} {plain:8.3f} {ours - plain:8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
