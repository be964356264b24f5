"""What a profile costs: each program of the benchmark with and without a clock in its code, in turns, the minimum of many.

    python tools/profile_cost.py            # prints a row for each, and the largest and the mean ratio

Calls that take longer than a second are left out. Run it on an idle machine; a ratio below 1 is noise.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import wengert
from benchmarks.compiled import libraries
from benchmarks.compiled.programs import ROWS
from wengert.explanation.profile import timed_code

ROUNDS = 30
SECONDS = 4e-3  # of a measurement


def best(f, args, n):
    start = time.perf_counter()
    for _ in range(n):
        f(*args)
    return (time.perf_counter() - start) / n


def main():
    warnings.simplefilter("ignore")
    library = libraries.wengert().library
    ratios = {}
    for row in [r for r in ROWS if not sys.argv[1:] or any(a in r.name for a in sys.argv[1:])]:
        f = wengert.jit(row.build(library))
        args = row.inputs(np.random.default_rng(0))
        f(*args)
        with timed_code():
            f(*args)
        once = best(f, args, 1)
        if once > 1.0:
            continue
        n = max(int(SECONDS / once), 1)
        plain, timed = [], []
        for _ in range(ROUNDS if once < 0.02 else 8):
            plain.append(best(f, args, n))
            with timed_code():
                timed.append(best(f, args, n))
        ratios[row.name] = min(timed) / min(plain)
        print(f"{row.name:44} {min(plain) * 1e6:12.2f} µs  {ratios[row.name]:.3f}", flush=True)
    values = list(ratios.values())
    print(f"{len(values)} rows: geometric mean {np.exp(np.mean(np.log(values))):.3f}, largest {max(values):.3f}")


if __name__ == "__main__":
    main()
