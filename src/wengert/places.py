"""Places: the line of the user's at which an operation of a Program was written, and whether on the way back.

They are noted only while somebody asks for them (`noting`: a profile, an explanation of compiled code), since a walk over
Python's frames takes longer than what it is about. The innermost frame that has a place decides: the user's, that of
`Program.evaluate` (the place of the equation that is evaluated), or that of a walk over a tape (the place at which the step
was recorded). Nothing of tapes or Programs is known here: whoever runs them says how their frames are read.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, NamedTuple

from .frames import is_foreign_frame, is_library_frame, line_text, place_text


class Place(NamedTuple):
    """A line of code.

    Attributes:
        file, line: where it stands; ``""`` and 0 where it is not known.
        back: whether the operation belongs to the way back of a derivative.
    """

    file: str
    line: int
    back: bool = False

    def short(self) -> str:
        """``file.py:12``, without folders."""
        name = place_text(self.file, self.line) if self.line else "a line that is not known"
        return name.replace("\\", "/").rpartition("/")[2]

    def text(self) -> str:
        """The same, and what stands there."""
        if not self.line:
            return "a line that is not known"
        _, colon, source = line_text(self.file, self.line).partition(f"{place_text(self.file, self.line)}: ")
        return f"{self.short()}: {source}" if colon else self.short()


UNKNOWN = Place("", 0)


class _Noting:
    """Whether places are noted, and where the steps of tapes were recorded meanwhile."""

    __slots__ = ("on", "steps")

    def __init__(self) -> None:
        self.on = 0
        # By the tape's identity: the tape, the numbers of steps from which on a place holds, and the places.
        self.steps: dict[int, tuple[Any, list[int], list[Place]]] = {}


NOTING = _Noting()
# By the code of a function of the library: the place that its frame has, or None, and whether it walks back.
READERS: dict[CodeType, Callable[[dict[str, Any], Callable[[], Place]], tuple[Place | None, bool]]] = {}


@contextmanager
def noting() -> Iterator[None]:
    """A context in which Programs that are traced know the lines of their equations."""
    NOTING.on += 1
    try:
        yield
    finally:
        NOTING.on -= 1
        NOTING.steps.clear()


def here() -> Place:
    """The place of the operation that is being bound."""
    return _from(sys._getframe(1))


def _from(frame: FrameType | None) -> Place:
    found: Place | None = None
    back = False
    while frame is not None:
        reader = READERS.get(frame.f_code)
        if reader is not None:
            outer = frame.f_back
            place, walks = reader(frame.f_locals, lambda outer=outer: _from(outer))
            found, back = found or place, back or walks
        elif not is_library_frame(frame) and not is_foreign_frame(frame):
            found = found or Place(frame.f_code.co_filename, frame.f_lineno)
            break
        frame = frame.f_back
    found = found or UNKNOWN
    return found._replace(back=True) if back else found


def filled(equations: Sequence[Any], known: Place | None = None) -> None:
    """Give equations that a pass made anew the place of what uses them, else of what they use, else one that is known."""
    users: dict[int, Place] = {}
    for eqn in reversed(equations):
        if eqn.place is None:
            eqn.place = next((users[id(v)] for v in eqn.outputs if id(v) in users), None)
        if eqn.place is not None:
            users.update((id(a), eqn.place) for a in eqn.inputs)
    makers: dict[int, Place] = {}
    for eqn in equations:
        if eqn.place is None:
            eqn.place = next((makers[id(a)] for a in eqn.inputs if id(a) in makers), known)
        if eqn.place is not None:
            makers.update((id(v), eqn.place) for v in eqn.outputs)


def step_begins(tape: Any, number: int, place: Place) -> None:
    """Note that the steps of a tape from this number on are recorded at a place."""
    _, numbers, places = NOTING.steps.setdefault(id(tape), (tape, [], []))
    if not places or places[-1] != place:
        numbers.append(number)
        places.append(place)


def step_at(tape: Any, number: int) -> Place | None:
    """Where a step of a tape was recorded, if that was noted."""
    known = NOTING.steps.get(id(tape))
    if known is None:
        return None
    i = bisect_right(known[1], number)
    return known[2][i - 1] if i else None


__all__ = ["NOTING", "READERS", "UNKNOWN", "Place", "filled", "here", "noting", "step_at", "step_begins"]
