"""Paths: which examples of a batch take which way through Python's control flow.

A run of the function under `vmap` follows the way that most examples take. Where Python asks for a value that differs
between examples (``if x > 0``), those with another answer leave the run and wait; a later run takes them from the
beginning. So there is one run for each path, and as an example leaves only with the smaller part, it begins again at most
log2(n) times, whatever the number of paths.

The examples of a run are a `Group`, the narrower the further it got; a traced value knows for which group it was
computed, and is narrowed to that of the run when it is used (`batching.DividedTrace`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Tracer, Value, inexact_dtype, shape_of
from ..errors import ConcretizationError, TooManyPathsError
from ..frames import line_text, user_place
from ..ops.selection import Selection, taken
from ..vocabulary import Axes
from .function import name_of

EACH = " for each example"  # what one vmap asks of the values of another one, or of another transformation
SHOWN = 8  # paths that an error shows
STEPS = 6  # choices of a path that an error shows
_BY_VALUE = ("int()", "bool()")
_TEXTS = (".item()", "a format", "float()", "complex()", "pickle", "the value")


class Sign(Exception):  # noqa: N818
    """A sign within the library that goes through functions of the user to where a path was begun."""


class NotKnownYet(BaseException):  # noqa: N818 - a sign within the library; no `except Exception` of a user's takes it
    """Examples have no values yet, as a Program is being written: `path_programs` takes the function from the beginning."""


class _Raised(threading.local):
    """The last sign that was raised into a function that is being run in this thread. The function may have caught it, by a
    bare `except` or a `return` in `finally`; it counts nevertheless.
    """

    sign: BaseException | None = None


RAISED = _Raised()


def heeded(run: Callable[[], Any]) -> Any:
    """What a run of a function gives, unless a sign was raised into it: that is raised, also where the function caught it."""
    try:
        out = _counted(run())
    except Exception:
        if RAISED.sign is None:
            raise
    if RAISED.sign is not None:
        raise RAISED.sign
    return out


def _counted(out: Any) -> Any:
    """A result whose choices by masks are the arrays that they stand for: what is asked for them belongs to the run."""
    if isinstance(out, (Tracer, np.ndarray)):
        return out
    leaves, tree = trees.flatten(out)
    if all(type(x) is not Selection for x in leaves):
        return out
    return trees.unflatten(tree, taken(list(leaves)))


class Choice:
    """What Python asked for where examples part, and the answer that those of one path have."""

    __slots__ = ("answer", "place", "what")

    def __init__(self, what: str, answer: Any, place: tuple[str, int] | None) -> None:
        self.what = what
        self.answer = answer
        self.place = place

    def __repr__(self) -> str:
        what = self.what.removesuffix(EACH)
        where = "" if self.place is None else line_text(*self.place)
        return f"{where}: {what} is {self.answer.tolist() if isinstance(self.answer, (np.ndarray, np.generic)) else self.answer!r}"


class Group:
    """The examples that have taken one path so far. Where they have not parted yet, None stands for all of them.

    Attributes:
        parent: what they were part of before the last choice.
        examples: their positions in the whole batch, ascending.
        choice: the last choice; None where there was none.
        base: what `examples` are of: the pairs that they are among (`pairs.Pairs`), None for the whole batch.
    """

    __slots__ = ("_positions", "base", "choice", "examples", "parent")

    def __init__(self, parent: Group | None, examples: np.ndarray, choice: Choice | None) -> None:
        self.parent = parent
        self.examples = examples
        self.choice = choice
        self.base: Any = None if parent is None else parent.base
        self._positions: dict[Group | None, np.ndarray] = {} if self.base else {None: examples}

    @property
    def size(self) -> int:
        return len(self.examples)

    def within(self, other: Group | None) -> bool:
        """Whether its examples were part of those of another group on their way."""
        group: Group | None = self
        while group is not None and group is not other:
            group = group.parent
        return group is other

    def positions(self, before: Group | None) -> np.ndarray | None:
        """Where its examples stand among those of an earlier group on their way; None where it is none."""
        found = self._positions.get(before)
        if found is None and before is not None and before.base is self.base and self.within(before):
            found = self._positions[before] = np.searchsorted(before.examples, self.examples)
        return found

    def choices(self) -> list[Choice]:
        """Where its examples parted from others, in order."""
        found: list[Choice] = []
        group: Group | None = self
        while group is not None:
            if group.choice is not None:
                found.append(group.choice)
            group = group.parent
        return found[::-1]

    def named(self, k: int) -> Any:
        """An example as messages name it."""
        return k if self.base is None else self.base.named(k)


class Collected:
    """What operations over the axis of a `vmap` gave, in order: they need all examples.

    What came before the first choice is known to the runs that come later; what comes after one is refused.
    """

    __slots__ = ("at", "calls", "compiled", "results")

    def __init__(self) -> None:
        self.results: list[Value] = []
        self.calls = 0
        self.compiled = False  # each example by itself
        self.at = [0, 0]  # of a later run, in `calls` and in `results`

    def call(self, trace: Any, name: str) -> None:
        """Note that the function calls one, also of a value that is the same for all examples of a path."""
        if self.compiled:
            raise _over_an_axis(trace, name)
        if trace.group is None:
            self.calls += 1
        elif self.at[0] >= self.calls:
            raise _over_an_axis(trace, name)
        self.at[0] += 1

    def result(self, trace: Any, name: str, compute: Callable[[], Value]) -> Value:
        """What one gives, or gave to the first run."""
        if trace.group is None:
            self.results.append(compute())
        elif self.at[1] >= len(self.results):
            raise _over_an_axis(trace, name)
        self.at[1] += 1
        return self.results[self.at[1] - 1]


class Parting:
    """How the examples of a `vmap` take several paths.

    Attributes:
        function: the one that is mapped, for messages.
        whole: how many examples there are.
        running: whether the function is being run.
        waiting: groups that are waiting for a run of their own.
        finished: how many runs have ended.
        limit: how many paths there may be; None for `config.max_vmap_paths`.
        collected: what operations over the axis gave.
        pairing: what is known of pairs with examples of other ones.
    """

    __slots__ = ("collected", "finished", "function", "limit", "pairing", "running", "waiting", "whole")

    def __init__(self, function: Any, whole: int) -> None:
        self.function = function
        self.whole = whole
        self.running: bool = callable(function)
        self.waiting: list[Group] = []
        self.finished = 0
        self.limit: int | None = None
        self.collected = Collected()
        self.pairing = Pairing()


class Pairing:
    """How a `vmap` goes on with pairs of its examples and those of one around (`pairs`).

    Attributes:
        allowed: whether it may.
        inside: traces inside that have pairs with the examples of this one, the innermost last.
        around: of traces around with whose examples this one has pairs.
    """

    __slots__ = ("allowed", "around", "inside")

    def __init__(self) -> None:
        self.allowed = True
        self.inside: list[Any] = []
        self.around: list[Pairing] = []


def known(trace: Any) -> Parting:
    """What is known of how the examples of a trace part."""
    if type(trace.parting) is not Parting:
        trace.parting = Parting(trace.parting, trace.size)
    return trace.parting


def begin(trace: Any, can: bool) -> tuple[Any, list[int]]:
    """Begin runs of a function inside of those of another one, by the same trace: of a rule, say.

    Returns:
        What `end` needs, and where operations over the axis are.
    """
    before = trace.parting
    if not can or before is None:
        trace.parting = True if can else None
        return before, [0, 0]
    parting = known(trace)
    inner = trace.parting = Parting(None, parting.whole)
    inner.running = parting.running
    inner.collected, inner.pairing = parting.collected, parting.pairing
    return parting, [*inner.collected.at]


def end(trace: Any, before: Any) -> None:
    trace.parting = before


def ended(trace: Any, parting: Any) -> Any:
    """What stays known when the function has run."""
    if type(parting) is not Parting:
        return None
    parting.running = False
    for pairing in parting.pairing.around:
        pairing.inside.remove(trace)
    parting.pairing.around.clear()
    return parting


def collected(trace: Any) -> Collected:
    return known(trace).collected


def check_no_pairs(trace: Any, name: str, axis: Axes) -> None:
    """Refuse an operation over the axis of a `vmap` around, with whose examples those of this one are in pairs.

    Raises:
        ConcretizationError: they are.
    """
    group = trace.group
    for outer in () if group is None or group.base is None else group.base.outers:
        if outer.axis_name == axis:
            raise ConcretizationError(
                f"{name} over the axis {axis!r} needs all examples of a vmap, but in the vmap inside of it examples have "
                f"parted by values of both: make the choice there with wengert.numpy.where or lax.cond. This run is of "
                f"{text(group)}\n"
            )


def _over_an_axis(trace: Any, name: str) -> ConcretizationError:
    return ConcretizationError(
        f"{name} over the axis {trace.axis_name!r} needs all {trace.whole} examples of vmap, but examples have parted, and "
        f"the function runs once for each path: call {name} before the choice, or make the choice with wengert.numpy.where "
        f"or lax.cond, under which all examples stay together (the derivative of {name} needs all of them, too: take grad of "
        f"vmap in place of vmap of grad). "
        + (
            f"This run is of {text(trace.group)}\n"
            if trace.group
            else "Under jit, operations before a choice are no exception"
        )
    )


# --- choices ---------------------------------------------------------------------------------------------------------


def decides(what: str, shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Whether an answer may be given to a part of the examples: a truth, a whole number, what another vmap asks for."""
    if what.endswith(EACH):
        return True
    if shape and any(n != 1 for n in shape):
        return False
    what = what.partition(" inside ")[0]
    return what not in _TEXTS and (what in _BY_VALUE or not inexact_dtype(dtype))


def answer(trace: Any, value: Value, what: str) -> Any:
    """The answer for most examples of a run. The others wait for a run of their own.

    Args:
        trace: a `batching.BatchTrace`.
        value: what is asked for, with the axis of examples in front.
        what: what needs it.

    Raises:
        TooManyPathsError: there are more paths than `config.max_vmap_paths`.
        ConcretizationError: the values are not known.
    """
    if isinstance(value, Tracer):
        try:
            value = value.concrete(what if what.endswith(EACH) else what + EACH)
        except NotKnownYet as sign:
            if known(trace).running:
                RAISED.sign = sign
                raise
            raise ConcretizationError(
                f"{what} in a rule needs values that are not known while jit traces its derivative: use "
                f"wengert.numpy.where or lax.cond"
            ) from None
    if not len(value):
        raise ConcretizationError(f"{what} needs a value, and this vmap has no examples")
    if what.startswith("bool()"):
        value = np.not_equal(value, 0)
    elif what.startswith("int()") and value.dtype.kind == "f":
        value = np.trunc(value)
    if len(value) == 1:
        return value[0]
    if value.ndim == 1 and value.dtype.kind == "b":
        count = int(np.count_nonzero(value))
        if count in (0, len(value)):
            return value[0]
        most = bool(2 * count >= len(value))
        _part(trace, what, [(np.bool_(most), value == most), (np.bool_(not most), value != most)])
        return np.bool_(most)
    answers, which, counts = np.unique(
        value if value.ndim == 1 else value.reshape(len(value), -1), axis=None if value.ndim == 1 else 0,
        return_inverse=True, return_counts=True,
    )  # fmt: skip
    shape = shape_of(value)[1:]
    if len(answers) == 1:
        return value[0]
    which = which.reshape(-1)
    order = np.argsort(-counts, kind="stable")
    _part(trace, what, [(answers[k].reshape(shape), which == k) for k in order.tolist()])
    return answers[order[0]].reshape(shape)[()]


def _part(trace: Any, what: str, parts: Sequence[tuple[Any, np.ndarray]]) -> None:
    """Go on with the first part of the examples; the others wait."""
    place, group = user_place(), trace.group
    whole = np.arange(trace.size) if group is None else group.examples
    groups = [Group(group, whole[mask], Choice(what, found, place)) for found, mask in parts]
    parting = known(trace)
    trace.enter(groups[0])
    parting.waiting.extend(groups[1:])
    if parting.finished + 1 + len(parting.waiting) > (parting.limit or config.max_vmap_paths):
        RAISED.sign = _too_many(trace, parting)
        raise RAISED.sign


def _too_many(trace: Any, parting: Parting) -> TooManyPathsError:
    groups = [trace.group, *parting.waiting]
    groups.sort(key=lambda g: -g.size)
    lines = [f"  {text(g)}" for g in groups[:SHOWN]]
    if len(groups) > SHOWN:
        lines.append(f"  and {len(groups) - SHOWN} more")
    of = f" of {name_of(parting.function)}" if callable(parting.function) else ""
    found = "\n".join(lines)
    name, setting, runs = (
        ("vmap", "max_vmap_paths", "runs") if parting.limit is None else ("jit of vmap", "max_paths", "is compiled")
    )
    limit = parting.limit or config.max_vmap_paths
    return TooManyPathsError(
        f"{name}{of}: the {trace.whole} examples take more than {limit} ways through its Python control flow, "
        f"which is the limit (wengert.config.{setting}), as it {runs} once for each. Use wengert.numpy.where or lax.cond "
        f"for a choice and lax.while_loop for a loop, a Python loop over the examples, or raise the limit. "
        f"Some of the ways:\n{found}\n"
    )


def text(group: Any) -> str:
    """A path for messages: how many examples, and where they parted from others."""
    if not isinstance(group, Group):  # a `path_programs.Path`
        return group.text()
    choices = group.choices()
    shown = [f"    {c!r}" for c in choices[-STEPS:]]
    if len(choices) > STEPS:
        shown.insert(0, f"    ({len(choices) - STEPS} choices)")
    return "\n".join([f"{_named(group)}:", *shown])


def _named(group: Group) -> str:
    examples = group.examples
    few = ", ".join(str(group.named(k)) for k in examples[:6].tolist()) + (", ..." if len(examples) > 6 else "")
    return f"{len(examples)} example{'s' * (len(examples) != 1)} ({few})"


def noted(error: BaseException, trace: Any) -> None:
    """Say in a note of an error of the function for which examples it was raised."""
    group = trace.group
    if group is not None and not isinstance(error, TooManyPathsError):
        error.add_note(f"under vmap, of {trace.whole} examples raised for {text(group)}")


__all__ = ["EACH", "Choice", "Group", "NotKnownYet", "answer", "decides", "noted", "text"]
