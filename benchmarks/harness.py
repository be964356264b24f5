"""What the benchmarks share: timing side by side, and writing sections of docs/benchmarks.md and .json.

A page holds one section per benchmark between markers, so that each script rewrites its own and leaves the others.
What is measured does not live here.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

Every row runs the libraries alternately in one process and counts the least time of each, so that other load on the
machine falls on all alike. `make bench` takes the numbers again. `benchmarks.json` beside this page holds them too.

Each section says when and on which commit its numbers were taken.
"""

PAUSE = 0.02  # seconds


def best(runs: dict[str, Callable[[], Any]], seconds: float, repeat: int = 10) -> dict[str, float]:
    """The least time of each run in seconds; they take turns of `repeat` for `seconds` in all, at least three each.

    A turn begins when the threads of the library before have gone to sleep: idle ones keep a processor busy for a while.
    A run that waits for nothing must do so itself: results of asynchronous libraries are to be blocked on.
    """
    least = dict.fromkeys(runs, math.inf)
    for run in runs.values():
        run(), run()
    clock = time.perf_counter
    end, rounds = clock() + seconds, 0
    while rounds < 3 or clock() < end:
        rounds += 1
        for name, run in runs.items():
            time.sleep(PAUSE)
            for _ in range(repeat):
                start = clock()
                run()
                took = clock() - start
                if took < least[name]:
                    least[name] = took
    return least


def geometric_mean(values: Iterable[float]) -> float:
    logs = [math.log(v) for v in values]
    return math.exp(sum(logs) / len(logs))


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; floats get one decimal, None an empty cell."""

    def cell(x: Any) -> str:
        return "" if x is None else f"{x:.1f}" if isinstance(x, float) else str(x)

    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row)) + " |" for row in rows])


def commit() -> str:
    """The commit of the sources, short."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty"]
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no commit"


def versions(packages: Iterable[str]) -> str:
    """When, on what, and with which packages the numbers were taken."""
    parts = [f"{p} {importlib.metadata.version(p)}" for p in packages]
    return (
        f"Taken {time.strftime('%Y-%m-%d')} of {commit()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {', '.join(parts)}."
    )


def section(path: Path, name: str, markdown: str) -> None:
    """Write one section of a page, in place of the section of that name or after the others."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    page = path.read_text() if path.exists() else ""
    if "<!-- begin " not in page:  # not a page of sections yet
        page = HEAD
    block = f"{begin}\n\n{markdown.strip()}\n\n{end}\n"
    before, found, rest = page.partition(begin)
    if found:
        page = before + block + rest.partition(end)[2].lstrip("\n")
        page = page.replace(f"{end}\n<!--", f"{end}\n\n<!--")
    else:
        page = page.rstrip("\n") + "\n\n" + block
    path.write_text(page)


def record(path: Path, name: str, data: Any) -> None:
    """Write the numbers of one section into a JSON file that holds all sections by name."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    everything[name] = data
    path.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")
