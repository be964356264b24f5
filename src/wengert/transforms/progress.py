"""`progress=True`: how far a loop or a solver is, on standard error; with rich where that is installed, in lines otherwise.

A loop tells from within, also a compiled one: at about a hundred of its steps a callback moves the bar.
"""

from __future__ import annotations

import functools
import sys
import time
from typing import Any

from ..ops.callback import callback_p
from ..vocabulary import Function, Value
from .branching import cond

SHOWN = 100  # steps of a loop that are told of


class Bar:
    """What is shown of one thing that goes on: a bar where it is known how much there is to do, a count otherwise."""

    def __init__(self, title: str, total: int | None) -> None:
        self.title, self.total = title, total
        self.begun = 0.0
        self.done = -1
        self.lines = 0
        self.rich: Any = None
        self.tell, self.finish = self.at, self.end  # the same objects each time, as Programs are known by them

    def __repr__(self) -> str:
        return f"<bar of {self.title}>"

    def at(self, done: Any, text: str = "") -> None:
        """So much is done; less than before begins anew."""
        done = int(done)
        if self.done < 0 or done < self.done:
            self._begin()
        self.done = done
        if self.rich is not None:
            bar, task = self.rich
            bar.update(task, completed=done, description=f"{self.title} {text}".rstrip())
        else:
            self._line(done, text)

    def end(self, done: Any = None, text: str = "") -> None:
        """It is done."""
        if self.done < 0:
            return
        if done is not None:
            self.at(max(int(done), self.done), text)
        seconds = time.perf_counter() - self.begun
        if self.rich is not None:
            self.rich[0].stop()
            self.rich = None
        else:
            print(f"{self.title}: {self._share(self.done)}, {seconds:.1f} s", file=sys.stderr, flush=True)
        self.done = -1

    def _begin(self) -> None:
        self.begun, self.lines = time.perf_counter(), 0
        if self.rich is not None:
            self.rich[0].stop()
            self.rich = None
        try:
            from rich.console import Console
            from rich.progress import Progress
        except ImportError:
            return
        bar = Progress(console=Console(stderr=True))
        bar.start()
        self.rich = bar, bar.add_task(self.title, total=self.total)

    def _share(self, done: int) -> str:
        return f"{done}" if not self.total else f"{done} of {self.total} ({100 * done // self.total}%)"

    def _line(self, done: int, text: str) -> None:
        """A line for each tenth, or each time that the count has doubled."""
        reached = 10 * done // self.total if self.total else done.bit_length()
        if reached >= self.lines:
            self.lines = reached + 1
            print(f"{self.title}: {self._share(done)} {text}".rstrip(), file=sys.stderr, flush=True)


@functools.lru_cache(64)
def bar_of(title: str, total: int | None) -> Bar:
    """The bar of loops of one kind and length, so that a loop that is made again is the same Program."""
    return Bar(title, total)


def told(bar: Bar, i: Any) -> None:
    """Tell a bar where a loop is, at some of its steps."""
    every = max(1, (bar.total or 0) // SHOWN)

    def tell(i: Any) -> Any:
        callback_p.bind(i, function=bar.tell, ordered=True)
        return i

    cond(i % every == 0, tell, lambda i: i, i)


def ended(bar: Bar, i: Value) -> None:
    """Tell a bar that a loop is at its end, after `i` steps."""
    callback_p.bind(i, function=bar.finish, ordered=True)


def counted(bar: Bar, f: Function) -> Function:
    """A function of plain numbers whose calls a bar counts; it shows the first number that comes out, where there is one."""
    calls = [0]

    def call(*args: Any) -> Any:
        out = f(*args)
        calls[0] += 1
        value = out[0] if isinstance(out, tuple) else out
        bar.at(calls[0], f"{float(value):.6g}" if getattr(value, "ndim", 0) == 0 else "")
        return out

    return call


__all__ = ["Bar", "bar_of", "counted", "ended", "told"]
