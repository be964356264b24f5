"""`explain` of compiled functions: their steps with measured times, the user's lines in them, and what else costs."""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

from ..backends import named
from ..config import config
from ..errors import NotSupportedError
from ..ops.derived import compiled_already
from ..transforms.function import name_of
from ..transforms.jitted import Jit
from ..transforms.recompiled import history
from ..vocabulary import Keywords
from .profile import timed_code

SECONDS = 0.25  # that measuring may take, beside one call
RUNS = 300  # that are enough


class Line(NamedTuple):
    """What a line of the user's costs in a call.

    Attributes:
        text: ``file.py:12: source``. back: whether it is the way back of its derivative.
        flops, bytes: operations; bytes read and written. seconds: measured, or its part of what was measured.
        steps: the numbers of the steps it is in. shared: whether it shares one with other lines, by their instructions.
    """

    text: str
    back: bool
    flops: int
    bytes: int
    seconds: float
    steps: tuple[int, ...]
    shared: bool


class Measured(NamedTuple):
    """A step of the compiled code.

    Attributes:
        kind: what it is. parts: the lines in it, with their part of its time. seconds: what it takes in a call.
        within: of a loop or branch the steps of its body, in a call, where these were timed one by one.
    """

    kind: str
    parts: list[tuple[str, float]]
    seconds: float
    within: tuple[Measured, ...] = ()


class Kept(NamedTuple):
    """An array that the way back of a derivative needs: its type, bytes, and the line that made it."""

    type: str
    bytes: int
    line: str


class CompiledExplanation:
    """What `explain` says of a compiled function; printed tables, in a notebook with a picture.

    Attributes:
        name: of the function. seconds: of a call, as it is made from Python. native: of the compiled code in it.
        lines: see `Line`, the longest first. steps: see `Measured`.
        python: operations that go through Python, with their lines.
        saved: arrays that the way back of a derivative in the function needs, see `Kept`.
        workspace: bytes of temporary arrays. compilations: why the function was compiled, each time so far.
        runs: how many calls were measured.
    """

    def __init__(self, name: str, seconds: float, clock: Any, compilations: list[str]) -> None:
        from ..compile.attribution import kept, measured
        from ..compile.fusion import Call

        plan, events = clock.plan, clock.events()
        spent: dict[int, list[int]] = {}
        for e in events:
            spent.setdefault(e.step, []).append(e.end - e.start)
        typical = {k: statistics.median(v) / 1e9 for k, v in spent.items()}
        self.name, self.seconds, self.compilations = name, seconds, compilations
        self.native = typical.get(clock.steps + 1, sum(typical.get(i, 0.0) for i in range(clock.steps)))
        self.runs = len(spent.get(clock.steps + 1, ()))
        self.workspace: int = clock.workspace
        self.steps: list[Measured] = []
        rows: dict[Any, list[Any]] = {}
        for i in range(len(plan.steps)):
            seconds = typical.get(i, 0.0)
            self.steps.append(_measured(clock, plan, i, seconds))
            for s, reckoned in measured(clock, plan, i):
                row = rows.setdefault(s.place, [0, 0, 0.0, [], False])
                row[0] += s.flops
                row[1] += s.bytes
                row[2] += seconds * s.part
                row[3].append(i)
                row[4] = row[4] or reckoned
        self.lines = sorted(
            (Line(p.text(), p.back, f, b, t, tuple(n), shared) for p, (f, b, t, n, shared) in rows.items()),
            key=lambda line: -line.seconds,
        )
        calls = [s.eqn for s in plan.steps if isinstance(s, Call)]
        self.python = [
            f"{e.primitive.name} at {e.place.text() if e.place else 'a line that is not known'}" for e in calls
        ]
        self.saved = [Kept(repr(v.aval), v.aval.size * v.aval.dtype.itemsize, p.text()) for p, v in kept(plan)]

    def __repr__(self) -> str:
        from .report import compiled_text

        return compiled_text(self)

    def _repr_html_(self) -> str:
        from .report import compiled_page

        return compiled_page(self)

    def svg(self) -> str:
        """The lines as bars, as long as the time they take."""
        from .report import bars

        return bars([(line.text + (" (back)" if line.back else ""), line.seconds) for line in self.lines])


def _measured(clock: Any, plan: Any, number: int, seconds: float) -> Measured:
    """A step with those within it, which share its time as they were timed."""
    from ..compile.attribution import inner_steps, kind_of, measured

    parts = [(s.place.short() + (", back" if s.place.back else ""), s.part) for s, _ in measured(clock, plan, number)]
    inner = inner_steps(clock, plan, number)
    total = sum(i.nanoseconds for i in inner) or 1.0
    within = [_measured(clock, i.plan, i.number, seconds * i.nanoseconds / total) for i in inner]
    return Measured(kind_of(plan.steps[number]), parts, seconds, tuple(within))


def explain_compiled(f: Jit, args: tuple[Any, ...], kwargs: Keywords) -> CompiledExplanation:
    """Compile a function with a clock in its code, run it, and say what it costs."""
    backend = f.backend or config.backend
    if backend != "native":
        raise NotSupportedError(
            f"explain measures code of the native backend, and this function runs on {named(backend).name!r}; "
            f"explain jit(f) without a backend"
        )
    if config.disable_jit:
        raise NotSupportedError("explain measures compiled code, and config.disable_jit is on: nothing is compiled")
    jitted = Jit(f._f, f.static_argnums or None, f.static_argnames or None, f.backend)  # which donates nothing
    said = history(f)
    with timed_code():
        jitted(*args, **kwargs)
        clock = _clock_of(jitted)
        clock.reset()
        seconds, end = [], time.perf_counter() + SECONDS
        while clock.noted < RUNS * (clock.steps + 2) and (time.perf_counter() < end or not seconds):
            start = time.perf_counter()
            jitted(*args, **kwargs)
            seconds.append(time.perf_counter() - start)
    return CompiledExplanation(name_of(f._f), statistics.median(seconds), clock, said)


def _clock_of(jitted: Jit) -> Any:
    """The clock of the Program that was called last."""
    for key, entries in reversed(list(jitted._cache.items())):
        if key != "native" and key[4][-1]:
            clocks = [getattr(compiled_already(p), "clock", None) for p, _ in entries]
            found = [c for c in clocks if c is not None]
            if found:
                return max(found, key=lambda c: c.last)
    raise NotSupportedError(
        "explain: the function is called with traced values, or closes over some; explain it outside of other transformations"
    )


__all__ = ["CompiledExplanation", "Kept", "Line", "Measured", "explain_compiled"]
