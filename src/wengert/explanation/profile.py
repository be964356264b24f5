"""`wengert.profile`: where the time of compiled functions goes, while a block of the user's program runs.

While a profile is on, functions are compiled anew with a clock in their code (`compile.timing`), and traced anew so that
their operations know their lines (`places`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ContextDecorator, ExitStack, contextmanager
from typing import Any, NamedTuple

from ..compilations import LISTENERS, Compilation
from ..config import config
from ..errors import WengertError
from ..locks import lock
from ..places import noting
from ..transforms.recompiled import PROFILE

_lock = lock()
_running: list[Profile] = []


class Step(NamedTuple):
    """What a step of a compiled function took.

    Attributes:
        title: its number, what it is, and the user's lines in it. seconds: in all, where only some calls were timed those
            times how many there were. runs: that were timed. within: of a loop or branch the steps of its body, where these
            were timed one by one; they share its time.
    """

    title: str
    seconds: float
    runs: int
    within: tuple[Step, ...] = ()


class Function(NamedTuple):
    """What a compiled function took.

    Attributes:
        name: of the function. calls: that ended and that were left early. timed: how many of them were timed.
        seconds: in all; with one call in several timed, theirs times as many. steps: see `Step`.
        lines: seconds by the user's line. shared: whether lines share steps, so that these are by their instructions.
        workspace: bytes of temporary arrays in a call.
    """

    name: str
    calls: int
    timed: int
    seconds: float
    steps: list[Step]
    lines: dict[str, float]
    shared: bool
    workspace: int


class Interval(NamedTuple):
    """Something that took time: on which thread, from when to when (`time.perf_counter_ns`), and what it says of itself."""

    name: str
    thread: int
    start: int
    end: int
    details: dict[str, Any]


class Profile(ContextDecorator):
    """What happened in the block of `wengert.profile`; printed, a table.

    It is the context itself: entered again it begins anew, and says of its last block alone.

    Attributes:
        seconds: that the block took.
        functions: compiled functions that were called, see `Function`; those that took longest first.
        compilations: those that happened in the block, with their reasons; not those that the profile itself asked for, of
            functions that were compiled before.
        perf_map: the file that names compiled code for ``perf``; None where it was not asked for.
    """

    def __init__(self, perf_map: bool = False) -> None:
        self._wants_map = perf_map
        self._stack: ExitStack | None = None
        self._clear()

    def _clear(self) -> None:
        self.seconds = 0.0
        self.functions: list[Function] = []
        self.compilations: list[Compilation] = []
        self._heard: list[Compilation] = []  # with the profile's own
        self.perf_map: str | None = None
        self._intervals: list[Interval] = []
        self._begun = time.perf_counter_ns()
        self._thread = threading.get_ident()

    @property
    def lines(self) -> dict[str, float]:
        """Seconds by the user's line, over all functions; the longest first."""
        found: dict[str, float] = {}
        for f in self.functions:
            for line, seconds in f.lines.items():
                found[line] = found.get(line, 0.0) + seconds
        return dict(sorted(found.items(), key=lambda row: -row[1]))

    def chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write a file for ``chrome://tracing`` and Perfetto: calls with their steps, and compilations, by thread.

        Args:
            path: of the file.

        Example:
            >>> import json, pathlib, tempfile, wengert
            >>> with wengert.profile() as p:
            ...     y = wengert.jit(lambda x: x * 2.0)(1.0)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     p.chrome_trace(folder + "/trace.json")
            ...     events = json.loads(pathlib.Path(folder, "trace.json").read_text())["traceEvents"]
            >>> sorted({e["ph"] for e in events})
            ['M', 'X']
        """
        from .traces import chrome

        chrome(self._intervals, self._begun, path)

    def speedscope(self, path: str | os.PathLike[str]) -> None:
        """Write a file for https://www.speedscope.app, which shows it without sending it anywhere.

        Args:
            path: of the file.

        Example:
            >>> import json, pathlib, tempfile, wengert
            >>> with wengert.profile() as p:
            ...     y = wengert.jit(lambda x: x * 2.0)(1.0)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     p.speedscope(folder + "/p.speedscope.json")
            ...     json.loads(pathlib.Path(folder, "p.speedscope.json").read_text())["profiles"][0]["type"]
            'evented'
        """
        from .traces import speedscope

        speedscope(self._intervals, self._begun, path)

    def __repr__(self) -> str:
        from .report import profile_text

        return profile_text(self)

    def _repr_html_(self) -> str:
        from .report import profile_page

        return profile_page(self)

    # --- how it is made --------------------------------------------------------------------------------------------

    def __enter__(self) -> Profile:
        from ..compile import perfmap, timing

        clocks = list[Any]()
        with ExitStack() as stack:
            with _lock:
                if _running:
                    raise WengertError("a profile is under way already; its block must end before another one begins")
                _running.append(self)
            stack.callback(_running.clear)
            self._clear()
            stack.enter_context(timed_code("named" if self._wants_map else True))
            for clock in list(timing.CLOCKS):
                clock.reset()
                clocks.append(clock)
            timing.KEPT.append(clocks)
            stack.callback(timing.KEPT.remove, clocks)
            LISTENERS.append(self._hear)
            stack.callback(LISTENERS.remove, self._hear)
            if self._wants_map:
                self.perf_map = perfmap.path()
            stack.callback(self._end, clocks)
            self._stack = stack.pop_all()
        self._begun = time.perf_counter_ns()
        return self

    def __exit__(self, *error: object) -> None:
        stack, self._stack = self._stack, None
        if stack is None:
            raise WengertError("the profile's block has ended, or was never entered")
        stack.close()

    def _hear(self, made: Compilation) -> None:
        self._heard.append(made)
        if made.why != PROFILE:
            self.compilations.append(made)

    def _end(self, clocks: list[Any]) -> None:
        from ..compile.attribution import kind_of, measured, title_of

        self.seconds = (time.perf_counter_ns() - self._begun) / 1e9
        for clock in clocks:
            if not clock.calls:
                continue
            spent, runs = clock.totals()
            times = clock.calls / max(int(runs.max()), 1)
            titles = [title_of(clock.plan, i) for i in range(clock.steps)]
            steps = [
                _step(clock, clock.plan, i, float(spent[i]) * times / 1e9, int(runs[i])) for i in range(clock.steps)
            ]
            lines: dict[str, float] = {}
            shared = False
            for i, step in enumerate(steps):
                for s, reckoned in measured(clock, clock.plan, i):
                    shared = shared or reckoned
                    lines[s.place.text()] = lines.get(s.place.text(), 0.0) + step.seconds * s.part
            whole = float(spent[-1]) * times / 1e9 if runs[-1] else sum(s.seconds for s in steps)
            lines = dict(sorted(lines.items(), key=lambda row: -row[1]))
            found = Function(clock.name, clock.calls, int(runs.max()), whole, steps, lines, shared, clock.workspace)
            self.functions.append(found)
            self._add_events(clock, titles, [kind_of(s) for s in clock.plan.steps])
        self.functions.sort(key=lambda f: -f.seconds)
        for c in self._heard:
            details = {"why": c.why, "arguments": c.arguments, **{k: round(v * 1e3, 3) for k, v in c.parts.items()}}
            self._intervals.append(Interval(f"compile {c.name}", c.thread, c.start, c.end, details))
        self._intervals.append(
            Interval("profile", self._thread, self._begun, self._begun + int(self.seconds * 1e9), {})
        )

    def _add_events(self, clock: Any, titles: list[str], kinds: list[str]) -> None:
        for e in clock.events():
            if e.step < clock.steps:
                interval = Interval(titles[e.step], e.thread, e.start, e.end, {"what": kinds[e.step]})
            elif e.step == clock.steps:
                if not clock.copies:
                    continue
                interval = Interval("copies of results", e.thread, e.start, e.end, {})
            else:
                interval = Interval(clock.name, e.thread, e.start, e.end, {})
            self._intervals.append(interval)


def _step(clock: Any, plan: Any, number: int, seconds: float, runs: int) -> Step:
    from ..compile.attribution import inner_steps, title_of

    inner = inner_steps(clock, plan, number)
    total = sum(i.nanoseconds for i in inner) or 1.0
    within = [_step(clock, i.plan, i.number, seconds * i.nanoseconds / total, runs) for i in inner]
    return Step(title_of(plan, number), seconds, runs, tuple(within))


@contextmanager
def timed_code(how: bool | str = True) -> Iterator[None]:
    """A context in which functions are compiled with a clock in their code, and know their lines."""
    from ..compile.timing import check

    check()
    with _lock:
        before = config.compiling[-1]
        config.time_steps(before if before == "named" else how)
    try:
        with noting():
            yield
    finally:
        with _lock:
            config.time_steps(before)


def profile(*, perf_map: bool = False) -> Profile:
    """A block in which compiled functions are watched: what their calls, steps and lines take, and what is compiled and why.

    It concerns all threads of the process. Functions are compiled once more for their first profile, with a clock in their
    code; after the block the code without it runs again. Calls too short for the clock are timed one in so many, so that
    a profile costs less than 5 % of what runs long. Steps that hold several lines are shared among them by their
    instructions. Python's own work, eager operations and other backends than the native one are not seen.

    Args:
        perf_map: whether to write ``/tmp/perf-PID.map`` too, by which Linux's ``perf report`` names compiled code.
            ``WENGERT_PERF_MAP=1`` does so for a whole process, without a profile.

    Returns:
        A `Profile`, filled when the block ends; entered again it begins anew. It is a decorator too, whose block is a call.

    Raises:
        WengertError: at the block's begin, another profile is under way.
        NotSupportedError: on Windows; `perf_map` on other systems than Linux.

    Example:
        >>> import numpy as np, wengert
        >>> f = wengert.jit(lambda x: np.sum(np.sin(x) ** 2))
        >>> with wengert.profile() as p:
        ...     for _ in range(3):
        ...         y = f(np.ones(1000))
        >>> [(g.calls, len(g.steps)) for g in p.functions], [c.why for c in p.compilations]
        ([(3, 1)], ['the first call'])
    """
    if perf_map:
        from ..compile import perfmap

        perfmap.check()
    return Profile(perf_map)


__all__ = ["Function", "Interval", "Profile", "Step", "profile", "timed_code"]
