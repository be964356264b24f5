"""Progress over cells: a bar that moves on a terminal, a line for each cell in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Progress(Protocol):
    """What a run tells its audience."""

    def starts(self, number: int, title: str) -> None: ...

    def ends(self, seconds: float, error: str) -> None: ...


class _Lines:
    """For logs: the line is begun before the cell runs, so that a log that stops shows where."""

    def __init__(self, total: int) -> None:
        self.total = total

    def starts(self, number: int, title: str) -> None:
        done = round(20 * number / self.total)
        bar = "#" * done + "." * (20 - done)
        print(f"[{bar}] {number:3d}/{self.total}  {title[:64]:64s}", end="", flush=True)

    def ends(self, seconds: float, error: str) -> None:
        print(f" {seconds:8.3f} s" + (f"  {error}" if error else ""), flush=True)


class _Bar:
    """For terminals."""

    def __init__(self, bar: Any, name: str, total: int) -> None:
        self.bar = bar
        self.task = bar.add_task(name, total=total, title="", style="")

    def starts(self, number: int, title: str) -> None:
        from rich.markup import escape

        self.bar.update(self.task, title=escape(title[:56]))

    def ends(self, seconds: float, error: str) -> None:
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
