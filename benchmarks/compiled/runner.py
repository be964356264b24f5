"""The command: starts a process for each precision, follows what it reports, shows and writes the tables.

``python benchmarks/compiled --rows gmm --seconds 2 --libraries wengert,jax`` measures single rows while tuning.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import harness

from . import page
from .libraries import MAKERS
from .programs import ROWS
from .row import Row

ROOT = Path(__file__).resolve().parents[2]
NUMBERS, PAGE, SECTION = "benchmarks_compiled.json", "benchmarks.md", "compiled"


def environment(dtype: str, cache: str) -> dict[str, str]:
    """JAX in this precision and on the processor; no compiled code from earlier runs."""
    return {
        **os.environ, "JAX_ENABLE_X64": str(int(dtype == "float64")), "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "WENGERT_CACHE_DIR": cache,
    }  # fmt: skip


def failed(row: Row, dtype: str, code: int) -> dict[str, Any]:
    """The record of a row that ended its process."""
    why = f"the process ended with {signal.Signals(-code).name if code < 0 else f'status {code}'}"
    return {"row": row.name, "title": row.title, "dtype": dtype, "errors": {"process": why}, "overhead": row.overhead,
            "run": {}, "first": {}, "second": {}, "primal": {}, "derivative": {},
            "bounded": row.bounded, "date": time.strftime("%Y-%m-%d"), "commit": harness.commit()}  # fmt: skip


def records(rows: list[Row], dtype: str, options: argparse.Namespace, distributions: set[str]) -> Iterator[Any]:
    """Measure rows in one precision; a process that ends too early is replaced by one for the rows after."""
    left = {row.name: row for row in rows}
    with tempfile.TemporaryDirectory(prefix="benchmark-cache-") as cache:
        while left:
            task = {"rows": list(left), "dtype": dtype, "libraries": options.libraries, "seconds": options.seconds,
                    "tries": options.tries}  # fmt: skip
            command = [sys.executable, "-m", "benchmarks.compiled.measure", json.dumps(task)]
            child = subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment(dtype, cache)
            )
            started = next(iter(left))
            for line in child.stdout or ():
                try:
                    message = json.loads(line)
                except ValueError:  # a library printed something
                    print(line, end="", file=sys.stderr)
                    continue
                distributions |= set(message.get("distributions", ()))
                started = message.get("started", started)
                if "run" in message:
                    del left[message["row"]]
                    yield message
            code = child.wait()
            if left:
                yield failed(left.pop(started, None) or left.pop(next(iter(left))), dtype, code)


def about(distributions: set[str]) -> dict[str, Any]:
    """What the numbers depend on besides the code."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = re.findall(r"model name\s*: (.*)", info.read_text())
        model = names[0] if names else model
    packages = sorted({"numpy", "scipy", *distributions})
    return {
        "machine": f"{model}, {os.cpu_count()} cores", "python": platform.python_version(),
        "versions": {p: importlib.metadata.version(p) for p in packages},
    }  # fmt: skip


def merged(path: Path, new: dict[str, Any]) -> dict[str, Any]:
    """The numbers on file with the new rows in their places; numbers from another machine or versions are dropped."""
    old = json.loads(path.read_text()) if path.exists() else {"rows": {}, "versions": {}}
    same = all(old.get(k) == new[k] for k in ("machine", "python"))
    same = same and all(new["versions"].get(p, v) == v for p, v in old["versions"].items())
    if not same:
        old = {"rows": {}, "versions": {}}
    order = {row.name: i for i, row in enumerate(ROWS)}
    kept = {k: r for k, r in {**old["rows"], **new["rows"]}.items() if r["row"] in order}
    rows = dict(sorted(kept.items(), key=lambda item: (order[item[1]["row"]], item[0])))
    return {**new, "versions": {**old["versions"], **new["versions"]}, "rows": rows}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/compiled", description=__doc__)
    parser.add_argument("--rows", default="", help="measure rows whose name has this pattern (a regular expression)")
    parser.add_argument("--dtype", choices=("float32", "float64"), help="measure this precision only")
    parser.add_argument("--libraries", default=",".join(MAKERS), help="separated by commas (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for the runs of each row (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="little time for each row, and one first call")
    parser.add_argument("--list", action="store_true", help="show the rows' names and stop")
    parser.add_argument("--write", type=Path, metavar="DOCS", help=f"write {PAGE} and {NUMBERS} into this folder")
    options = parser.parse_args()
    options.libraries = options.libraries.split(",")
    unknown = set(options.libraries) - set(MAKERS)
    if unknown:
        parser.error(f"no such libraries: {', '.join(sorted(unknown))}; there are {', '.join(MAKERS)}")
    if options.quick:
        options.seconds = 0.2
    options.tries = 1 if options.quick else 5
    chosen = [row for row in ROWS if re.search(options.rows, row.name)]
    if not chosen:
        parser.error(f"no row's name has {options.rows!r}; --list shows them")
    if options.list:
        print("\n".join(f"{row.name:28} {', '.join(row.dtypes):18} {row.title}" for row in chosen))
        return 0
    distributions: set[str] = set()
    rows: dict[str, Any] = {}
    for dtype in [options.dtype] if options.dtype else ["float32", "float64"]:
        for record in records([row for row in chosen if dtype in row.dtypes], dtype, options, distributions):
            rows[f"{record['row']} {dtype}"] = record
            print(page.line(record), flush=True)
    numbers = {**about(distributions), "rows": rows}
    print("\n" + page.summary(rows))
    if options.write:
        numbers = merged(options.write / NUMBERS, numbers)
        (options.write / NUMBERS).write_text(json.dumps(numbers, indent=1) + "\n")
        harness.section(options.write / PAGE, SECTION, page.markdown(numbers))
    return int(any(wrong(record) for record in rows.values()))


def wrong(record: dict[str, Any]) -> bool:
    """Whether a row failed where it must not: no result or a wrong one of wengert, unless it lacks what is needed."""
    errors = record["errors"]
    return "process" in errors or ("wengert" in errors and not errors["wengert"].startswith("has no "))
