"""The command: measures rows that have no number yet, each in a process of its own, and writes the page.

``python -m benchmarks.table --quick`` takes the rows of `make bench`; without it all; ``--rows fft`` those with that in their name or
family; ``--again`` those that have numbers too. Numbers are kept in ``--numbers`` after each row, with the version of the sources.
``--processor --cores 0`` takes processor time on one core, on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import forked, page
from .libraries import MAKERS
from .peaks import peaks
from .rows import ROWS

ROOT = Path(__file__).resolve().parents[2]


def commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def save(path: Path, numbers: dict[str, Any]) -> None:
    """At once or not at all, whatever ends the run."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(numbers, indent=1, sort_keys=True) + "\n")
    part.replace(path)


def _in_a_process(command: list[str], limit: float) -> tuple[dict[str, Any] | None, str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
    lines = done.stdout.strip().splitlines()
    record = json.loads(lines[-1]) if done.returncode == 0 and lines else None
    return record, f"the process ended with status {done.returncode}: {done.stderr.strip()[-200:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--rows", default="")
    parser.add_argument("--libraries", default=",".join(MAKERS))
    parser.add_argument("--seconds", type=float, default=0.5, help="for each library and row, at least")
    parser.add_argument("--limit", type=float, default=180.0, help="seconds after which a row is given up")
    parser.add_argument("--cores", default="", help="processors that rows may use, such as 0 or 0,1")
    parser.add_argument("--processor", action="store_true", help="processor time, of one core")
    parser.add_argument("--numbers", type=Path, default=ROOT / "out" / "rows.json")
    parser.add_argument("--page", type=Path, default=None, help="where the page is written")
    options = parser.parse_args()
    options.numbers.parent.mkdir(parents=True, exist_ok=True)
    numbers = json.loads(options.numbers.read_text()) if options.numbers.exists() else {"rows": {}}
    if options.cores:
        os.sched_setaffinity(0, {int(c) for c in options.cores.split(",")})
    key = f"{len(os.sched_getaffinity(0))} cores"
    kept = numbers["rows"].setdefault(key, {})
    wanted = [
        r for r in ROWS if (r.quick or not options.quick) and (options.rows in r.name or options.rows in r.family)
    ]
    left = [r for r in wanted if options.again or r.name not in kept]
    if left:
        numbers.setdefault("peaks", {})[key] = peaks()
    if options.processor:
        forked.import_all(options.libraries.split(","))
    for count, row in enumerate(left, 1):
        command = [sys.executable, "-m", "benchmarks.table.measure", row.name, options.libraries, str(options.seconds)]
        try:
            if options.processor:
                record, why = forked.taken(row.name, options.libraries.split(","), options.seconds, options.limit), ""
            else:
                record, why = _in_a_process(command, options.limit)
        except (subprocess.TimeoutExpired, TimeoutError):
            record, why = None, f"it took more than {options.limit:.0f} s"
        except ChildProcessError as error:
            record, why = None, str(error)
        if record is None:
            record = {
                "name": row.name,
                "family": row.family,
                "limit": row.limit,
                "median": {},
                "errors": {"process": why},
            }
        record["commit"], record["date"] = commit(), time.strftime("%Y-%m-%d")
        kept[row.name] = record
        save(options.numbers, numbers)
        print(f"{count}/{len(left)} {page.line(record)}", flush=True)
    if options.page is not None:
        options.page.write_text(page.text(numbers))


if __name__ == "__main__":
    main()
