"""Every row of the tables on two versions of the library, in turns: what a change costs.

    python benchmarks/before_after.py --base HEAD~20 --rounds 10
    python benchmarks/before_after.py --base 851db43 --rows gmm,softmax --write docs/before-after.md

Each round measures all rows in a process of its own for each version, A B A B …, so that a drift of the machine's speed
falls on both. A row's figure is the median of the rounds' ratios, after over before, with the interval that holds the
median at 95 % (order statistics of the binomial distribution). A row counts as slower where the interval lies above the
bound as a whole. The rows are those of this tree, on the float64 arguments of the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LEAST, SECONDS = 3, 0.08  # runs of a row in a round, and how long at least


def measured(run: Callable[[], Any]) -> float:
    """The least time of a run, in seconds."""
    run()
    least, rounds, end = float("inf"), 0, time.perf_counter() + SECONDS
    while rounds < LEAST or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        least, rounds = min(least, time.perf_counter() - start), rounds + 1
    return least


def rows(wanted: set[str]) -> dict[str, float]:
    """The seconds of each row, and of its first call, in this process."""
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
    import eager

    import wengert
    from benchmarks.compiled.libraries import MAKERS
    from benchmarks.compiled.measure import arguments
    from benchmarks.compiled.programs import ROWS

    wengert.config.disk_cache = False
    out: dict[str, float] = {}
    for name, run in eager.wengert_rows().items():
        if not wanted or name in wanted:
            out[f"eager: {name}"] = measured(run)
    runtime = MAKERS["wengert"]()
    for row in ROWS:
        if wanted and row.name not in wanted:
            continue
        args = arguments(row, "float64")
        f = runtime.library.jit(row.build(runtime.library))
        start = time.perf_counter()
        f(*args)
        out[f"first call: {row.name}"] = time.perf_counter() - start
        out[row.name] = measured(lambda f=f, args=args: f(*args))
    return out


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median and the order statistics between which it lies at 95 %."""
    from scipy.stats import binom

    x, n = sorted(values), len(values)
    k = max(int(binom.ppf(0.025, n, 0.5)) - 1, 0)
    return statistics.median(x), x[k], x[n - 1 - k]


def tree(revision: str, folder: str) -> Path:
    """The sources of a revision, laid out in a folder."""
    archive = subprocess.run(["git", "archive", revision, "src"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return Path(folder) / "src"


def child(sources: Path, wanted: str) -> dict[str, float]:
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    environment["PYTHONPATH"] = str(sources)
    command = [sys.executable, __file__, "--child", "--rows", wanted]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="HEAD~1", help="the revision before")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rows", default="", help="names, separated by commas; all by default")
    parser.add_argument("--bound", type=float, default=1.03)
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(rows({r for r in options.rows.split(",") if r})))
        return 0
    ratios: dict[str, list[float]] = {}
    least: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        before, after = tree(options.base, folder), ROOT / "src"
        for k in range(options.rounds):
            print(f"round {k + 1} of {options.rounds}", file=sys.stderr, flush=True)
            a, b = child(before, options.rows), child(after, options.rows)
            for name in a:
                ratios.setdefault(name, []).append(b[name] / a[name])
                least.setdefault(name, []).append(b[name])
    lines = ["| row | after (µs) | after / before | 95 % | |", "| --- | --- | --- | --- | --- |"]
    slower = []
    for name, values in ratios.items():
        middle, low, high = median_interval(values)
        word = "slower" if low > options.bound else "faster" if high < 1 / options.bound else ""
        slower += [name] if word == "slower" else []
        lines.append(f"| {name} | {1e6 * min(least[name]):.1f} | {middle:.3f} | {low:.3f} to {high:.3f} | {word} |")
    for part in ("eager: ", "first call: ", ""):
        chosen = [statistics.median(v) for n, v in ratios.items() if n.startswith(part) and (part or ": " not in n)]
        if chosen:
            lines.append(
                f"| **{part or 'run time: '}geometric mean** | | {statistics.geometric_mean(chosen):.3f} | | |"
            )
    text = "\n".join(lines)
    print(text)
    print(f"\nslower beyond {options.bound}: {', '.join(slower) or 'none'}")
    if options.write:
        head = f"# Before and after\n\n`python {' '.join(['benchmarks/before_after.py', *sys.argv[1:]])}`\n\n"
        options.write.write_text(head + text + f"\n\nSlower beyond {options.bound}: {', '.join(slower) or 'none'}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
