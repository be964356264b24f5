"""What a profile costs: each program of the benchmark with and without a clock in its code, in turns, the minimum of many.

    python tools/profile_cost.py [NAME ...]            # prints a row for each, and the largest and the mean ratio
    python tools/profile_cost.py --processor           # processor time on one thread, for a machine that does other things too

Calls that take longer than a second are left out (with --processor, a twentieth). A ratio below 1 is noise.
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


PROCESSOR = "--processor" in sys.argv
NAMES = [a for a in sys.argv[1:] if a != "--processor"]
NOW = time.process_time if PROCESSOR else time.perf_counter


def best(f, args, n):
    start = NOW()
    for _ in range(n):
        f(*args)
    return (NOW() - start) / n


def main():
    warnings.simplefilter("ignore")
    if PROCESSOR:
        wengert.config.threads = 1
    library = libraries.wengert().library
    ratios = {}
    for row in [r for r in ROWS if not NAMES or any(a in r.name for a in NAMES)]:
        f = wengert.jit(row.build(library))
        args = row.inputs(np.random.default_rng(0))
        f(*args)
        with timed_code():
            f(*args)
            for _ in range(300):  # until the code has found how many calls it times
                if best(f, args, 1) > 1e-3:
                    break
        once = best(f, args, 1)
        if once > (0.05 if PROCESSOR else 1.0):
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
