"""The benchmark's programs on XLA by this library and by ``jax.jit`` of the same function: time to compile and to run.

``python benchmarks/xla.py`` where JAX is installed; both are given arrays on the device and run in turns in one process, least
times of many. ``--rows word,word`` for some of them, ``--hlo DIR`` writes the optimised code of both for a look at what is fused.
``--processor`` takes processor time in place of the clock's, for a machine that is shared (with
``XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"``). The last column says whether both optimised
programs have the same operations.
"""

from __future__ import annotations

import argparse
import collections
import re
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


clock = time.perf_counter
_OPERATION = re.compile(r"^ *(?:ROOT )?%?[\w.-]+ = .*?[\]})] ([a-z][\w-]*)\(", re.MULTILINE)


def operations(text: str) -> collections.Counter[str]:
    """How often each operation stands in an optimised program, those within fusions included."""
    return collections.Counter(_OPERATION.findall(text))


def timed(call: Callable[[], Any], times: int = 1) -> float:
    start = clock()
    for _ in range(times):
        jax.block_until_ready(call())
    return (clock() - start) / times


def measure(
    row: Any, dtype: str, seconds: float, compiles: int, folder: Path | None
) -> tuple[float, float, float, float, str]:
    """Seconds to compile and to run, ours and JAX's; how the optimised programs differ."""
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
        texts = {"jax": plain.lower(*arrays).compile().as_text(), "wengert": mine.lower(*arrays).hlo()}
        if folder is not None:
            for name, text in texts.items():
                (folder / f"{row.name}.{name}.txt").write_text(text)
        more, fewer = operations(texts["wengert"]), operations(texts["jax"])
        differ = " ".join(f"{more[k] - fewer[k]:+d} {k}" for k in sorted({*more, *fewer}) if more[k] != fewer[k])
        best = {"jax": np.inf, "wengert": np.inf}
        timed(lambda: mine(*arrays))
        times = max(1, int(1e-4 / max(timed(lambda: plain(*arrays)), 1e-6)))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            best["wengert"] = min(best["wengert"], timed(lambda: mine(*arrays), times))
            best["jax"] = min(best["jax"], timed(lambda: plain(*arrays), times))
    return min(first["wengert"]), min(first["jax"]), best["wengert"], best["jax"], differ or "same"


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", default="")
    options.add_argument("--seconds", type=float, default=0.5, help="of runs for each row")
    options.add_argument("--compiles", type=int, default=2, help="how often each is compiled")
    options.add_argument("--hlo", type=Path, default=None)
    options.add_argument("--processor", action="store_true", help="processor time in place of the clock's")
    given = options.parse_args()
    if given.processor:
        global clock
        clock = time.process_time
    if given.hlo:
        given.hlo.mkdir(parents=True, exist_ok=True)
    lines, compiled, run = [], [], []
    for row in ROWS:
        if not any(word in row.name for word in given.rows.split(",")):
            continue
        library = libraries.jax().library
        if any(getattr(library, name) is None for name in row.needs):
            continue
        try:
            ours_c, jax_c, ours_r, jax_r, differ = measure(row, row.dtypes[0], given.seconds, given.compiles, given.hlo)
        except Exception as error:  # noqa: BLE001 (told)
            print(f"{row.name}: {type(error).__name__}: {str(error)[:150]}", flush=True)
            continue
        compiled.append(ours_c / jax_c)
        run.append(ours_r / jax_r)
        lines.append([row.name, f"{jax_c:.2f}", f"{compiled[-1]:.2f}", f"{jax_r * 1e6:.0f}", f"{run[-1]:.2f}", differ])
        print(*lines[-1], flush=True)
    print(table(["program", "jax.jit compiles, s", "ratio", "runs, us", "ratio", "operations"], lines))
    print(f"geometric means: compile {geometric_mean(compiled):.3f}, run {geometric_mean(run):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
