"""The benchmark's programs on XLA by this library and by ``jax.jit`` of the same function: time to compile and to run.

``python benchmarks/xla.py`` where JAX is installed; both are given arrays on the device and run in turns in one process, least
times of many. ``--rows word`` for some of them, ``--hlo DIR`` writes the optimised code of both for a look at what is fused.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax  # noqa: E402

import wengert as w  # noqa: E402
from benchmarks.compiled import libraries  # noqa: E402
from benchmarks.compiled.programs import ROWS  # noqa: E402
from benchmarks.harness import geometric_mean, table  # noqa: E402


def single(x: Any) -> Any:
    return x.astype(np.float32) if getattr(x, "dtype", None) == np.float64 else x


def timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


def measure(
    row: Any, dtype: str, seconds: float, compiles: int, folder: Path | None
) -> tuple[float, float, float, float]:
    """Seconds to compile and to run, ours and JAX's."""
    ours, theirs = libraries.wengert().library, libraries.jax().library
    args = row.inputs(np.random.default_rng(0))
    args = w.tree.map(lambda x: single(np.asarray(x)) if dtype == "float32" else np.asarray(x), args)
    with jax.enable_x64(True):
        arrays = jax.tree.map(jax.device_put, args)
        first = {"jax": [], "wengert": []}
        for _ in range(compiles):
            jax.clear_caches()
            plain = jax.jit(row.build(theirs))
            first["jax"].append(timed(lambda f=plain: f(*arrays)))
            jax.clear_caches()
            mine = w.jit(row.build(ours), backend="xla")
            first["wengert"].append(timed(lambda f=mine: f(*arrays)))
        plain = jax.jit(row.build(theirs))
        timed(lambda: plain(*arrays))
        if folder is not None:
            (folder / f"{row.name}.jax.txt").write_text(plain.lower(*arrays).compile().as_text())
            (folder / f"{row.name}.wengert.txt").write_text(mine.lower(*arrays).hlo())
        best = {"jax": np.inf, "wengert": np.inf}
        timed(lambda: mine(*arrays))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            best["wengert"] = min(best["wengert"], timed(lambda: mine(*arrays)))
            best["jax"] = min(best["jax"], timed(lambda: plain(*arrays)))
    return min(first["wengert"]), min(first["jax"]), best["wengert"], best["jax"]


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", default="")
    options.add_argument("--seconds", type=float, default=0.5, help="of runs for each row")
    options.add_argument("--compiles", type=int, default=2, help="how often each is compiled")
    options.add_argument("--hlo", type=Path, default=None)
    given = options.parse_args()
    if given.hlo:
        given.hlo.mkdir(parents=True, exist_ok=True)
    lines, compiled, run = [], [], []
    for row in ROWS:
        if given.rows not in row.name:
            continue
        library = libraries.jax().library
        if any(getattr(library, name) is None for name in row.needs):
            continue
        try:
            ours_c, jax_c, ours_r, jax_r = measure(row, row.dtypes[0], given.seconds, given.compiles, given.hlo)
        except Exception as error:  # noqa: BLE001 (told)
            print(f"{row.name}: {type(error).__name__}: {str(error)[:150]}", flush=True)
            continue
        compiled.append(ours_c / jax_c)
        run.append(ours_r / jax_r)
        lines.append([row.name, f"{jax_c:.2f}", f"{compiled[-1]:.2f}", f"{jax_r * 1e6:.0f}", f"{run[-1]:.2f}"])
        print(*lines[-1], flush=True)
    print(table(["program", "jax.jit compiles, s", "ratio", "runs, us", "ratio"], lines))
    print(f"geometric means: compile {geometric_mean(compiled):.3f}, run {geometric_mean(run):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
