"""What became of a run: of each cell, of the whole, as words for people and as JSON for programs."""

from __future__ import annotations

import re
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Failure:
    """Why a cell did not end well."""

    error: str  # the error's class
    message: str
    line: int | None = None  # of the cell, counted from 1
    traceback: str = ""
    fatal: bool = False  # whether the kernel is gone, so that no later cell can run
    stuck: bool = False  # whether the kernel did not react to an interrupt and has to be replaced


@dataclass
class Outcome:
    """What became of one code cell."""

    number: int  # among the code cells, counted from 1
    name: str  # the cell's id
    title: str  # its first line
    seconds: float
    failure: Failure | None = None
    fresh: int | None = None  # the cell after which the kernel was replaced, if it was before this one


@dataclass
class Run:
    """A run of a notebook."""

    path: Path
    total: int  # code cells
    outcomes: list[Outcome] = field(default_factory=list)
    ended_by: int | None = None  # the signal that ended it
    notebook: Path | None = None  # what was written
    page: Path | None = None
    trouble: str = ""  # why something was not written where it was asked for

    @property
    def failed(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.failure]

    @property
    def status(self) -> int:
        """The exit status."""
        if self.ended_by is not None:
            return 128 + self.ended_by
        return 1 if self.failed or self.page is None else 0

    def summary(self) -> dict[str, Any]:
        """What ``--json`` says."""
        cells = []
        for o in self.outcomes:
            row = asdict(o)
            if o.failure:
                row["failure"]["traceback"] = ANSI.sub("", o.failure.traceback)
            row["id"] = row.pop("name")
            row["seconds"], row["kernel_replaced_after"] = round(o.seconds, 4), row.pop("fresh")
            cells.append(row)
        return {
            "notebook": str(self.path),
            "status": "interrupted" if self.ended_by is not None else "failed" if self.status else "ok",
            "exit_status": self.status,
            "signal": None if self.ended_by is None else signal.Signals(self.ended_by).name,
            "cells": self.total,
            "ran": len(self.outcomes) - len(self.failed),
            "failed": len(self.failed),
            "not_reached": self.total - len(self.outcomes),
            "seconds": round(sum(o.seconds for o in self.outcomes), 4),
            "executed": None if self.notebook is None else str(self.notebook),
            "page": None if self.page is None else str(self.page),
            "trouble": self.trouble or None,
            "outcomes": cells,
        }

    def report(self, sources: list[str]) -> None:
        """Print it: failures to standard error, the sum to standard output.

        Args:
            sources: of the code cells.
        """
        for o in self.failed:
            self._report_failure(o, sources[o.number - 1].splitlines())
        if self.trouble:
            print(f"wengert run: {self.trouble}", file=sys.stderr)
        left = self.total - len(self.outcomes)
        seconds = sum(o.seconds for o in self.outcomes)
        ran = f"{len(self.outcomes) - len(self.failed)} of {self.total} cells ran in {seconds:.1f} s"
        print(
            (ran if self.total else "there is no code in it")
            + (f", {len(self.failed)} failed" if self.failed else "")
            + (f", {left} not reached" if left else "")
            + (f"; the page is {self.page}" if self.page else f"; the notebook is {self.notebook}"),
            flush=True,
        )

    def _report_failure(self, o: Outcome, lines: list[str]) -> None:
        f = o.failure
        assert f is not None
        where = f", line {f.line}" if f.line else ""
        print(f"\n{self.path.name}: cell {o.number} of {self.total} ({o.name}){where}: {f.error}", file=sys.stderr)
        if f.line and f.line <= len(lines):
            print(f"    {f.line} | {lines[f.line - 1]}", file=sys.stderr)
        if f.traceback:
            print(f.traceback if sys.stderr.isatty() else ANSI.sub("", f.traceback), file=sys.stderr)
        if not f.traceback or f.error == "Timeout":
            print(f"{f.error}: {f.message}", file=sys.stderr)
        if o.fresh is not None:
            print(f"it ran in a new kernel, without what the cells up to {o.fresh} had made", file=sys.stderr)
