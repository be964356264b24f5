"""The whole test suite, on all processors: groups of test files, each run by a pytest of its own, as processors come free.

    python tools/suite.py                # as many at once as there are processors
    python tools/suite.py -j 1 -- -x     # one after the other; what follows `--` goes to pytest

Prints each group's result when it ends, the output of those that failed, and the sum. Ends with 1 if a test failed.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZE = 8  # files in a group: a pytest takes some seconds to begin
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|error|errors|xfailed|xpassed|deselected)")
NO_TESTS = 5  # pytest's status where a group has none that are asked for


def groups(files: list[Path]) -> list[list[Path]]:
    """Files in groups, neighbours by name together; groups with the largest files come first."""
    found = [files[i : i + SIZE] for i in range(0, len(files), SIZE)]
    return sorted(found, key=lambda group: -max(f.stat().st_size for f in group))


def run(group: list[Path], options: list[str], folder: Path) -> tuple[list[Path], int, str, float]:
    began = time.monotonic()
    place = folder / group[0].stem
    environment = {**os.environ, "WENGERT_CACHE_DIR": str(place / "cache")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-o",
        f"cache_dir={place / 'pytest'}",
        *options,
        *map(str, group),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return group, done.returncode, done.stdout + done.stderr, time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(description="the whole test suite, on all processors")
    parser.add_argument(
        "-j", type=int, default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    parser.add_argument("options", nargs="*", help="for pytest, after --")
    given = parser.parse_args()
    # Each process that a test starts would compile the library anew where PYTHONDONTWRITEBYTECODE is set: 0.2 s.
    compileall.compile_dir(ROOT / "src", quiet=1)
    files = sorted((ROOT / "tests").glob("test_*.py"))
    began, failed, unseen, totals = time.monotonic(), [], list[str](), dict[str, int]()
    chosen = groups(files)
    print(f"{len(files)} files of tests in {len(chosen)} groups, {given.j} at once", flush=True)
    with tempfile.TemporaryDirectory(prefix="wengert-tests-") as folder, ThreadPoolExecutor(given.j) as pool:
        jobs = [pool.submit(run, group, given.options, Path(folder)) for group in chosen]
        for number, job in enumerate(jobs, 1):
            group, status, output, seconds = job.result()
            lines = output.strip().splitlines() or [""]
            for count, kind in COUNTS.findall(lines[-1]):
                totals[kind] = totals.get(kind, 0) + int(count)
            print(
                f"[{number}/{len(chosen)}] {group[0].stem} to {group[-1].stem}: {lines[-1].strip('= ')} ({seconds:.0f} s)",
                flush=True,
            )
            unseen += [line for line in lines if line.startswith("SKIPPED") and "test_browser" in line]
            if status not in (0, NO_TESTS):
                failed.append(group)
                print(output, flush=True)
    print(", ".join(f"{n} {kind}" for kind, n in totals.items()), f"in {time.monotonic() - began:.0f} s")
    for line in unseen:  # which most people have no browser for, and should know
        print("not looked at in a browser:", line.partition(": ")[2])
    for group in failed:
        print("failed:", " ".join(str(f.relative_to(ROOT)) for f in group))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
