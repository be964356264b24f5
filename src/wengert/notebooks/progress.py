"""Progress over cells: a bar that moves on a terminal, a line for each cell in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Progress(Protocol):
    """What a run tells its audience."""

    def starts(self, number: int, title: str) -> None: ...

    def says(self, stream: str, text: str) -> None: ...

    def ends(self, seconds: float, error: str) -> None: ...

    def breaks(self) -> None: ...


class _Lines:
    """For logs: the line is begun before the cell runs, so that a log that stops shows where.

    What the cell prints comes below it, as it is printed, and the line with its time below that.
    """

    def __init__(self, total: int) -> None:
        self.total, self.head = total, ""
        self.here = ""  # what stands on the line that is not ended

    def starts(self, number: int, title: str) -> None:
        done = round(20 * number / self.total)
        bar = "#" * done + "." * (20 - done)
        self.head = self.here = f"[{bar}] {number:3d}/{self.total}  {title[:64]:64s}"
        print(self.here, end="", flush=True)

    def says(self, stream: str, text: str) -> None:
        if self.here == self.head:
            self.breaks()
        out = sys.stderr if stream == "stderr" else sys.stdout
        print(text, end="", file=out, flush=True)
        self.here = "" if text.endswith("\n") else "…"

    def ends(self, seconds: float, error: str) -> None:
        if self.here != self.head:
            self.breaks()
            print(self.head, end="")
        print(f" {seconds:8.3f} s" + (f"  {error}" if error else ""), flush=True)

    def breaks(self) -> None:
        """End the line that is begun."""
        if self.here:
            print(flush=True)
        self.here = ""


class _Bar:
    """For terminals."""

    def __init__(self, bar: Any, name: str, total: int) -> None:
        self.bar = bar
        self.task = bar.add_task(name, total=total, title="", style="")
        self.rest = ""  # of a line that is not ended: above a bar there are whole lines only

    def starts(self, number: int, title: str) -> None:
        from rich.markup import escape

        self.bar.update(self.task, title=escape(title[:56]))

    def says(self, stream: str, text: str) -> None:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self._print(line.rpartition("\r")[2] or line)

    def _print(self, line: str) -> None:
        from rich.text import Text

        self.bar.console.print(Text.from_ansi(line))

    def breaks(self) -> None:
        if self.rest:
            self._print(self.rest)
        self.rest = ""

    def ends(self, seconds: float, error: str) -> None:
        self.breaks()
        if error:
            self.bar.console.print(f"[red]{error}[/] in {self.bar.tasks[0].fields['title']}")
        self.bar.advance(self.task)


@contextmanager
def progress_of(name: str, total: int) -> Iterator[Progress]:
    """Progress over `total` cells of the notebook `name`, on standard output."""
    if not sys.stdout.isatty():
        yield _Lines(total)
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("[dim]{task.fields[title]}"),
    )
    with progress.Progress(*columns) as bar:
        yield _Bar(bar, name, total)
