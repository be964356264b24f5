"""Takes the numbers of one row in this process: ``python -m benchmarks.table.measure NAME LIBRARIES SECONDS``, a line of JSON.

With ``processor`` as a fourth argument the process's processor time is taken instead of the clock's, which means something on a
machine that others use, for processes that may use one core: threads that wait are not counted, threads that look for work are.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

for _name in (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
):  # they halve NumPy's products on some machines, and no other library's
    os.environ.pop(_name, None)

import numpy as np

from .libraries import MAKERS
from .rows import ROWS

BATCH = 2e-4  # seconds: shorter calls are timed several at once
PAUSE = 0.005  # seconds between libraries, in which threads of the one before go to sleep
LEAST = 20  # readings of each library


def flat(result: Any) -> list[np.ndarray]:
    """The arrays of a result, of tuples and lists too."""
    if isinstance(result, dict):
        return [a for key in sorted(result) for a in flat(result[key])]
    if isinstance(result, (tuple, list)):
        return [a for part in result for a in flat(part)]
    return [np.asarray(result)]


def apart(found: Any, wanted: Any) -> float:
    """How far two results differ, in units of the largest number of each array."""
    found, wanted = flat(found), flat(wanted)
    if len(found) != len(wanted):
        raise ValueError(f"{len(found)} arrays for {len(wanted)}")
    worst = 0.0
    for a, b in zip(found, wanted, strict=True):
        if a.shape != b.shape:
            raise ValueError(f"a result of shape {a.shape} for {b.shape}")
        if a.dtype.kind in "fc" and a.dtype.itemsize < b.dtype.itemsize:
            raise ValueError(f"a result of {a.dtype} for {b.dtype}")
        kind = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
        a, b = a.astype(kind), b.astype(kind)
        equal = (a == b) | (np.isnan(a) & np.isnan(b))
        gap = np.where(equal, 0, np.abs(a - b))
        size = np.max(np.abs(b[np.isfinite(b)]), initial=1e-300)
        worst = max(worst, float(np.max(gap, initial=0.0)) / size)
    return worst


def taken(name: str, libraries: list[str], seconds: float, processor: bool = False) -> dict[str, Any]:
    """The record of a row; of processor time the least of each library is what counts."""
    clock, pause = (time.process_time, 0.0) if processor else (time.perf_counter, PAUSE)
    row = next(r for r in ROWS if r.name == name)
    args = row.args(np.random.default_rng(0))
    runs: dict[str, Any] = {}
    errors: dict[str, str] = {}
    first: dict[str, float] = {}
    results: dict[str, Any] = {}
    for library in libraries:
        try:
            made, ready, given, wait = MAKERS[library]()
            function, values = ready(row.build(made)), [given(a) for a in args]
            start = time.perf_counter()
            results[library] = flat(wait(function(*values)))
            first[library] = time.perf_counter() - start
            runs[library] = lambda f=function, v=values, w=wait: w(f(*v))
        except Exception as error:  # of whatever kind: the library has no number
            errors[library] = f"{type(error).__name__}: {str(error)[:120]}"
    right = next((results[k] for k in ("jax", "numpy", "wengert") if k in results), None)
    for library in list(runs):
        try:
            gap = apart(results[library], right)
        except ValueError as error:
            errors[library] = f"another result: {error}"
            del runs[library]
            continue
        if not gap <= row.close:
            errors[library] = f"another result: it differs by {gap:.1e}"
            if library != "wengert":
                del runs[library]
    times = {k: [] for k in runs}
    numbers = {}
    for k, run in runs.items():
        run()
        start = clock()
        run()
        once = clock() - start
        numbers[k] = max(int(BATCH / max(once, 1e-9)), 1)
    end = time.perf_counter() + seconds * max(len(runs), 1)
    while runs and (min(map(len, times.values())) < LEAST or time.perf_counter() < end):
        for k, run in runs.items():
            time.sleep(pause)
            run()
            for _ in range(3):
                start = clock()
                for _ in range(numbers[k]):
                    run()
                times[k].append((clock() - start) / numbers[k])
        if time.perf_counter() > end + 20 * seconds:  # rows of seconds have fewer readings
            break
    return {
        "name": name,
        "family": row.family,
        "limit": row.limit,
        "median": {k: statistics.median(t) for k, t in times.items()},
        "least": {k: min(t) for k, t in times.items()},
        "compared": "least" if processor else "median",
        "first": first,
        "errors": errors,
        "bytes": row.bytes,
        "flops": row.flops,
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    print(json.dumps(taken(sys.argv[1], sys.argv[2].split(","), float(sys.argv[3]), "processor" in sys.argv[4:])))
