"""Timing: compiled code that notes how long its steps take, for `profile` and `explain`.

Code that is compiled while `config`'s ``timed`` is set reads the clock after each step of `main` and adds what has passed to a
block of numbers, by step; the first events are kept one by one as well. Of calls that are too short for the clock only one in
so many is timed, so that a profile costs little: the code doubles the number as long as what the clock takes is more than a
`SHARE` of the calls, and halves it where calls have become long. Steps within the bodies of loops and branches that are written as
functions (whose values are in memory) are timed in the same way, one run of a body in so many; of loops in registers, a step
of which takes a few nanoseconds, the whole is. For bodies the number only grows, and counts may miss runs where threads meet.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import NotSupportedError

NAME = "wengert.clock"  # of the block in the code
HEAD = 3  # words of the block before the steps': calls, events, one less than of how many calls one is timed
EVENTS = 1 << 13  # that are kept one by one, of each function
WORDS = 4  # of an event: step, start, end, thread
INNER = "wengert.clock.inner"  # the block of the bodies of loops: for each its runs, its period, and pairs as above
READ = 80  # nanoseconds, about, for a look at the clock with what is written then
SHARE = 0.02  # of a call's time that these may take
MOST_PERIOD = 256  # a power of two
BODY_PERIOD = 1 << 14  # the same for bodies
BODY = 100.0  # nanoseconds, reckoned, of a body whose steps are timed

CLOCKS: weakref.WeakSet[Clock] = weakref.WeakSet()
KEPT: list[
    list[Clock]
] = []  # of each profile the clocks that were made meanwhile, whose functions may be gone at its end


class Timed(NamedTuple):
    """The body of a loop or branch whose steps are timed: its plan, and where its words begin."""

    plan: Any
    base: int


class Event(NamedTuple):
    """One run of a step: its number, when it began and ended (`time.perf_counter_ns`), and on which thread."""

    step: int
    start: int
    end: int
    thread: int


class Clock:
    """The times of one compiled function.

    Attributes:
        plan: its steps. name: of the function.
        workspace: bytes of temporary arrays.
    """

    def __init__(self, module: Any) -> None:
        plan = self.plan = module.plan
        self.workspace: int = module.memory.size
        self.copies = bool(module.memory.copies)  # whether results are copied at the end
        self.name: str = plan.program.name
        self.steps = len(plan.steps)
        self.block = np.zeros(HEAD + 2 * (self.steps + 2) + WORDS * EVENTS, np.int64)
        self.bodies: list[Timed] = module.clock.bodies
        self.inner = np.zeros(max(module.clock.inner, 1), np.int64)
        CLOCKS.add(self)
        for kept in KEPT:
            kept.append(self)

    @property
    def places(self) -> dict[str, int]:
        """The addresses of the blocks, by their names in the code."""
        return {NAME: self.block.ctypes.data} | ({INNER: self.inner.ctypes.data} if self.bodies else {})

    def within(self, plan: Any) -> np.ndarray | None:
        """About how many nanoseconds each step of a loop's body took over all runs of it; None where no run was timed."""
        for body in self.bodies:
            if body.plan is plan:
                pairs = self.inner[body.base + 2 : body.base + 2 + 2 * len(plan.steps)].reshape(-1, 2)
                runs = int(self.inner[body.base])
                return runs * pairs[:, 0] / np.maximum(pairs[:, 1], 1) if pairs[:, 1].any() else None
        return None

    @property
    def calls(self) -> int:
        return int(self.block[0])

    @property
    def noted(self) -> int:
        """How many events there were."""
        return int(self.block[1])

    @property
    def period(self) -> int:
        """One call in how many is timed, at present."""
        return int(self.block[2]) + 1

    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Nanoseconds and numbers of runs: of each step, of the copies of results, of whole calls."""
        pairs = self.block[HEAD : HEAD + 2 * (self.steps + 2)].reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def events(self) -> list[Event]:
        """The first runs, at most `EVENTS`."""
        rows = self.block[HEAD + 2 * (self.steps + 2) :].reshape(-1, WORDS)
        return [Event(*map(int, row)) for row in rows[: min(self.noted, EVENTS)]]

    @property
    def last(self) -> int:
        """When the last of the events that were kept ended."""
        return max((e.end for e in self.events()[-(self.steps + 2) :]), default=0)

    def reset(self) -> None:
        """Forget what was noted; no call may be under way."""
        self.block[: HEAD + 2 * (self.steps + 2)] = 0
        self.inner[:] = 0


def check() -> None:
    """Raise where the system has no clock of the kind that the code reads."""
    if sys.platform == "win32":
        raise NotSupportedError("profile and explain(jit(f)) read a POSIX clock, which Windows lacks")


def declarations(words: int) -> dict[str, str]:
    """What code that notes times declares."""
    return {
        NAME: f"@{NAME} = external global [{words} x i64]",
        "clock_gettime": "declare i32 @clock_gettime(i32, ptr)",
        "pthread_self": "declare i64 @pthread_self()",
    }


def helpers(steps: int) -> dict[str, str]:
    """The functions that note times, by name."""
    events = HEAD + 2 * (steps + 2)
    now = f"""define internal i64 @clock.now() #1 {{
entry:
  %at = alloca [2 x i64], align 8
  %failed = call i32 @clock_gettime(i32 {time.CLOCK_MONOTONIC}, ptr %at)
  %seconds = load i64, ptr %at
  %second = getelementptr i64, ptr %at, i64 1
  %rest = load i64, ptr %second
  %scaled = mul i64 %seconds, 1000000000
  %now = add i64 %scaled, %rest
  ret i64 %now
}}
"""
    note = f"""define internal i64 @clock.note(i64 %step, i64 %start) #1 {{
entry:
  %now = call i64 @clock.now()
  %spent = sub i64 %now, %start
  %twice = shl i64 %step, 1
  %place = add i64 %twice, {HEAD}
  %total = getelementptr i64, ptr @{NAME}, i64 %place
  %count = getelementptr i64, ptr %total, i64 1
  %old1 = atomicrmw add ptr %total, i64 %spent monotonic
  %old2 = atomicrmw add ptr %count, i64 1 monotonic
  %written = getelementptr i64, ptr @{NAME}, i64 1
  %number = atomicrmw add ptr %written, i64 1 monotonic
  %room = icmp ult i64 %number, {EVENTS}
  br i1 %room, label %keep, label %done
keep:
  %thread = call i64 @pthread_self()
  %first = mul i64 %number, {WORDS}
  %at = add i64 %first, {events}
  %event = getelementptr i64, ptr @{NAME}, i64 %at
  store i64 %step, ptr %event
  %event1 = getelementptr i64, ptr %event, i64 1
  store i64 %start, ptr %event1
  %event2 = getelementptr i64, ptr %event, i64 2
  store i64 %now, ptr %event2
  %event3 = getelementptr i64, ptr %event, i64 3
  store i64 %thread, ptr %event3
  br label %done
done:
  ret i64 %now
}}
"""
    wanted = int(READ * (steps + 2) / SHARE)  # nanoseconds of calls for each that is timed
    whole = f"""define internal void @clock.whole(i64 %start) #1 {{
entry:
  %now = call i64 @clock.note(i64 {steps + 1}, i64 %start)
  %spent = sub i64 %now, %start
  %place = getelementptr i64, ptr @{NAME}, i64 2
  %mask = load atomic i64, ptr %place monotonic, align 8
  %period = add i64 %mask, 1
  %between = mul i64 %spent, %period
  %short = icmp ult i64 %between, {wanted}
  %few = icmp ult i64 %mask, {MOST_PERIOD - 1}
  %double = and i1 %short, %few
  %long = icmp ugt i64 %between, {4 * wanted}
  %twice = shl i64 %mask, 1
  %more = add i64 %twice, 1
  %less = lshr i64 %mask, 1
  %lower = select i1 %long, i64 %less, i64 %mask
  %next = select i1 %double, i64 %more, i64 %lower
  store atomic i64 %next, ptr %place monotonic, align 8
  ret void
}}
"""
    return {"clock.now": now, "clock.note": note, "clock.whole": whole}


def body_helpers() -> dict[str, str]:
    """The functions that note times of the steps of bodies, by name; counts may miss some where threads meet."""
    step = f"""define internal i64 @clock.step(i64 %place, i64 %start) #1 {{
entry:
  %now = call i64 @clock.now()
  %spent = sub i64 %now, %start
  %total = getelementptr i64, ptr @{INNER}, i64 %place
  %count = getelementptr i64, ptr %total, i64 1
  %old1 = atomicrmw add ptr %total, i64 %spent monotonic
  %old2 = atomicrmw add ptr %count, i64 1 monotonic
  ret i64 %now
}}
"""
    body = f"""define internal void @clock.body(i64 %base, i64 %wanted, i64 %start) #1 {{
entry:
  %now = call i64 @clock.now()
  %spent = sub i64 %now, %start
  %after = add i64 %base, 1
  %place = getelementptr i64, ptr @{INNER}, i64 %after
  %mask = load atomic i64, ptr %place monotonic, align 8
  %period = add i64 %mask, 1
  %between = mul i64 %spent, %period
  %short = icmp ult i64 %between, %wanted
  %few = icmp ult i64 %mask, {BODY_PERIOD - 1}
  %double = and i1 %short, %few
  %twice = shl i64 %mask, 1
  %more = add i64 %twice, 1
  %next = select i1 %double, i64 %more, i64 %mask
  store atomic i64 %next, ptr %place monotonic, align 8
  ret void
}}
"""
    return {"clock.step": step, "clock.body": body}


class Writer:
    """Writes the looks at the clock into the lines of a module's `main`.

    Attributes:
        bodies: the bodies whose steps are timed too. inner: how many words they have.
    """

    def __init__(self, module: Any, steps: Sequence[Any]) -> None:
        self.module, self.steps, self.main = module, len(steps), self
        self.bodies: list[Timed] = []
        self.inner = 0
        words = HEAD + 2 * (self.steps + 2) + WORDS * EVENTS
        for name, text in declarations(words).items():
            module.texts.declare(name, text)
        module.texts.helpers(helpers(self.steps))
        self._begin(
            f"  %clock.calls = atomicrmw add ptr @{NAME}, i64 1 monotonic",
            f"  %clock.place = getelementptr i64, ptr @{NAME}, i64 2",
        )

    def _begin(self, *count: str) -> None:
        """Whether this run is timed, and when it began."""
        self.module.lines += [
            "  %clock.first = alloca i64",
            "  %clock.last = alloca i64",
            *count,
            "  %clock.mask = load atomic i64, ptr %clock.place monotonic, align 8",
            "  %clock.part = and i64 %clock.calls, %clock.mask",
            "  %clock.on = icmp eq i64 %clock.part, 0",
            "  br i1 %clock.on, label %clock.start, label %clock.begun",
            "clock.start:",
            "  %clock.began = call i64 @clock.now()",
            "  store i64 %clock.began, ptr %clock.first",
            "  store i64 %clock.began, ptr %clock.last",
            "  br label %clock.begun",
            "clock.begun:",
        ]

    def body(self, module: Any, plan: Any, nanoseconds: float) -> Writer | None:
        """What writes the looks at the clock into the body of a loop or branch; None where these would cost too much."""
        if nanoseconds < BODY or len(plan.steps) < 2:
            return None
        return BodyWriter(module, plan, self.main)

    def ended(self, number: int) -> None:
        """After a step, or (one more) the copies of results."""
        self._step(f"@clock.note(i64 {number}")

    def left(self) -> None:
        """At the end of the call."""
        self._whole("@clock.whole(")
        if self.bodies:
            self.module.texts.declare(INNER, f"@{INNER} = external global [{self.inner} x i64]")

    def _step(self, note: str) -> None:
        """In timed runs alone, a call with when the step before ended: it gives the time now."""
        n = self.module.number()
        call = [f"  %now{n} = call i64 {note}, i64 %since{n})", f"  store i64 %now{n}, ptr %clock.last"]
        self._timed(n, "%clock.last", call)

    def _whole(self, note: str) -> None:
        """In timed runs alone, a call with when the run began."""
        n = self.module.number()
        self._timed(n, "%clock.first", [f"  call void {note}i64 %since{n})"])

    def _timed(self, n: int, since: str, lines: Sequence[str]) -> None:
        self.module.lines += [
            f"  br i1 %clock.on, label %clock{n}, label %timed{n}",
            f"clock{n}:",
            f"  %since{n} = load i64, ptr {since}",
            *lines,
            f"  br label %timed{n}",
            f"timed{n}:",
        ]


class BodyWriter(Writer):
    """The same for the body of a loop or branch, one run of which in so many is timed."""

    def __init__(self, module: Any, plan: Any, main: Writer) -> None:
        self.module, self.steps, self.main = module, len(plan.steps), main
        self.base = main.inner
        main.bodies.append(Timed(plan, self.base))
        main.inner += 2 + 2 * (self.steps + 1)
        module.texts.helpers(body_helpers())
        self._begin(
            f"  %clock.runs = getelementptr i64, ptr @{INNER}, i64 {self.base}",
            "  %clock.calls = load atomic i64, ptr %clock.runs monotonic, align 8",
            "  %clock.more = add i64 %clock.calls, 1",
            "  store atomic i64 %clock.more, ptr %clock.runs monotonic, align 8",
            f"  %clock.place = getelementptr i64, ptr @{INNER}, i64 {self.base + 1}",
        )

    def ended(self, number: int) -> None:
        self._step(f"@clock.step(i64 {self.base + 2 + 2 * number}")

    def left(self) -> None:
        self._whole(f"@clock.body(i64 {self.base}, i64 {int(READ * (self.steps + 2) / SHARE)}, ")


__all__ = ["CLOCKS", "KEPT", "NAME", "Clock", "Event", "Writer", "check"]
