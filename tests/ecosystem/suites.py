"""Runs the tests that libraries written for JAX have of their own, unmodified, without JAX, and those that fail with it.

A test that fails here and passes with JAX is a fault of this library. Some libraries have their tests in what pip installs
(``optax/_src/*_test.py``), others in their source distribution (``pip download --no-deps --no-binary :all: NAME``). Of tests
that differ in their parameters alone a few are taken.

    suites.py JAX FOLDER ...       run the tests of folders; JAX is an interpreter with JAX, the libraries and pytest
        --each 1                   how many of the tests of one function
        --limit 40                 seconds for each

It is run by an interpreter without JAX, which has this library, the libraries and pytest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def kind(nodeid: str) -> str:
    """A test without its parameters: absltest writes them into the name, pytest behind it."""
    head, _, name = nodeid.partition("[")[0].rpartition("::")
    return head + "::" + re.match(r"[A-Za-z_]*", re.sub(r"__(with|without).*$", "", name)).group(0)  # type: ignore[union-attr]


class Plugin:
    """What pytest is told: which tests to run, how long each may take, where to write how it ended."""

    def __init__(self, options: Any) -> None:
        self.each, self.limit = options["each"], options["limit"]
        self.only, self.out = options["only"], options["out"]

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        if self.only is not None:
            items[:] = [i for i in items if i.nodeid in set(self.only)]
            return
        seen: dict[str, int] = {}
        kept = []
        for item in items:
            seen[kind(item.nodeid)] = n = seen.get(kind(item.nodeid), 0) + 1
            if n <= self.each:
                kept.append(item)
        items[:] = kept

    def pytest_runtest_setup(self, item: Any) -> None:
        import signal

        def stop(*_: Any) -> None:
            raise TimeoutError(f"more than {self.limit} s")

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(self.limit)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome == "failed":
            text = str(report.longrepr).strip().splitlines()[-1] if report.failed else ""
            with open(self.out, "a") as file:
                file.write(json.dumps([report.nodeid, report.outcome, text]) + "\n")


def inside(options: Any) -> int:
    """Run pytest in this process."""
    import pytest

    alias = ["-p", "pytest_wengert", "--as-jax"] if options["alias"] else []
    return pytest.main(
        ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "--import-mode=importlib", "-W", "ignore", "--tb=short",
         "--continue-on-collection-errors", *alias, *options["folders"]], plugins=[Plugin(options)],
    )  # fmt: skip


def outcomes(python: str, options: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """How the tests ended in a process of an interpreter; what fails in a part has failed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "outcomes"
        out.touch()
        env = {**os.environ, "JAX_PLATFORMS": "cpu", "MPLBACKEND": "agg"}
        if not options["alias"]:
            env.pop("PYTHONPATH", None)
        given = json.dumps({**options, "out": str(out)})
        subprocess.run([python, __file__, "--inside", given], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # fmt: skip
        found: dict[str, tuple[str, str]] = {}
        for line in out.read_text().splitlines():
            name, outcome, text = json.loads(line)
            if found.get(name, ("",))[0] != "failed":
                found[name] = outcome, text
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="The tests of libraries written for JAX, run without it.")
    parser.add_argument("jax", nargs="?", help="an interpreter with JAX")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return inside(json.loads(given.inside))
    options = {"each": given.each, "limit": given.limit, "folders": given.folders}
    ours = outcomes(sys.executable, {**options, "alias": True, "only": None})
    failed = [n for n, (o, _) in ours.items() if o == "failed"]
    theirs = outcomes(given.jax, {**options, "alias": False, "only": failed}) if failed else {}
    faults = [n for n in failed if theirs.get(n, ("failed",))[0] == "passed"]
    passed = sum(o == "passed" for o, _ in ours.values())
    print(f"{passed} passed, {len(failed)} failed, {len(faults)} of them pass with JAX")
    for name in faults:
        print(f"  {name}\n    {ours[name][1]}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
