"""Binomial checkpointing: how the pullback of a loop walks back with few snapshots of what the loop carries.

Steps are taken in blocks. What the derivative needs of each step is kept for one block at a time, the tape; what is
carried is kept at the starts of some blocks, the snapshots. To walk back through a block the loop runs on from the last
snapshot before it, and leaves further snapshots where there is room. Where the number of blocks is known, the next one
stands where Griewank and Walther have it (Algorithm 799: revolve, 2000): with ``beta(s, r) = C(s + r, s)``, s snapshots
take the walk through ``beta(s, r)`` blocks with no block run more than r times before it is taped, and none can do with
fewer runs altogether. Where it is not known, a first sweep finds it and keeps snapshots as it goes (Wang, Moin,
Iaccarino, Minimal repetition dynamic checkpointing algorithm for unsteady adjoint calculation, 2009): at each moment
they are such that no block will be run more than r times, r the least with ``beta(s - 1, r)`` as many as there are.

Here are the plan, how many steps make a block and how many snapshots there are; the decisions, on numbers that may be
traced; and the walk in Python. The one in native code is the compiler's (`compile/control/machine.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...config import config
from ...core import Aval, Value, aval_of
from ...errors import ArgumentError
from ...program import Program
from ..derived import execute, strong
from ..elementwise import equal, floor_divide, less, logical_and, logical_not, logical_or, maximum, minimum, where
from ..indexing import getitem
from ..scatters import scatter_set_p
from .loop import while_p
from .operands import LoopOperands

SHARE = 0.75  # of a budget that is planned; the rest is for what a step needs while it runs
MOST = 4096  # snapshots
MANY = 1 << 24  # steps of a block
BOOKS = 24  # bytes that are noted down for a snapshot
CACHE = 1 << 20  # bytes that are near to a processor; each doubling beyond costs about a twentieth
SMALL = 64 << 10  # bytes of a step beside which a block costs nothing


class Checkpoint(NamedTuple):
    """How a loop is walked back; a parameter of `while_p` and of what is derived from it.

    Attributes:
        budget: bytes that may be kept.
        steps: of a block, 0 for as many as the budget allows. slots: snapshots, where the steps are given; 0 for as many
            as the budget allows.
        length: the number of steps, or None where the loop finds it.
        what: the function that the user called, for errors.
    """

    budget: int
    steps: int
    slots: int
    length: int | None
    what: str


class Blocks(NamedTuple):
    """A plan: the steps of a block, the snapshots with the start among them, and the number of blocks or -1."""

    steps: int
    slots: int
    count: int


def bytes_of(avals: Sequence[Aval]) -> int:
    return sum(a.size * a.dtype.itemsize for a in avals)


def beta(slots: int, runs: int) -> int:
    return math.comb(slots + runs, slots) if runs >= 0 else 0


def runs_of(blocks: int, slots: int) -> int:
    """How often blocks are run before they are taped, altogether: the least possible (Griewank and Walther)."""
    r = 0
    while beta(slots, r) < blocks:
        r += 1
    return r * blocks - beta(slots + 1, r - 1)


def planned(checkpoint: Checkpoint, kept: int, carried: int) -> Blocks:
    """The plan for a loop that keeps and carries so many bytes a step."""
    length, steps, kept, carried = checkpoint.length, checkpoint.steps, max(kept, 1), carried + BOOKS
    room = int(SHARE * checkpoint.budget)
    if steps:
        count = -1 if length is None else -(-length // steps)
        slots = checkpoint.slots or min(max(room // carried, 16), MOST)
        return Blocks(steps, 1 + (slots if length is None else max(min(slots, count - 1), 1)), count)
    if room < kept + carried:
        least = math.ceil((kept + carried) / SHARE)
        raise ArgumentError(
            f"{checkpoint.what}: a step that carries {carried - BOOKS:,} bytes and keeps {kept:,} for the reverse pass "
            f"needs a budget of {least:,} bytes, got {checkpoint.budget:,}; give it more"
        )
    if length is None:
        steps = min(max(min(room // 2, room - carried) // kept, 1), MANY)
        return Blocks(steps, 1 + min((room - steps * kept) // carried, MOST), -1)
    return _shortest(length, kept, carried, room)


@lru_cache(maxsize=256)
def _shortest(length: int, kept: int, carried: int, room: int) -> Blocks:
    """The blocks that are run again least often, or nearly so with less memory, where that is more than a cache."""
    most = min((room - carried) // kept, length, MANY)
    found: list[tuple[float, Blocks]] = []
    for steps in {most, *(max(int(most / 1.25**k), 1) for k in range(80))}:
        count = -(-length // steps)
        slots = 1 + min((room - steps * kept) // carried, MOST, max(count - 1, 1))
        # A block costs something beside its steps, which is little if it is long or its steps are.
        again = runs_of(count, slots) * steps + count * (SMALL // (kept + carried)) / 16
        # Each step is run for the tape and walked back as well, which takes about thrice as long.
        beyond = max((steps * kept + slots * carried) / CACHE, 1.0)
        found.append(((again + 3 * length) * (1 + 0.05 * math.log2(beyond)), Blocks(steps, slots, count)))
    return min(found)[1]


# --- decisions ---------------------------------------------------------------------------------------------------


def repeated(
    going: Callable[..., Value], step: Callable[..., Sequence[Value]], consts: Sequence[Value], carry: Sequence[Value]
) -> list[Value]:
    """A loop of functions ``(*consts, *carry)``."""
    from ...transforms.staging import stage

    avals = [strong(aval_of(a)) for a in (*consts, *carry)]
    cond, _ = stage(lambda *values: [going(*values)], avals, "going")
    body, _ = stage(step, avals, "step")
    operands = LoopOperands.of(consts, consts, carry)
    return while_p.bind(*consts, *consts, *carry, cond=cond, body=body, operands=operands)


def integer(n: int) -> Any:
    """A number of the type that counts."""
    return config.int_dtype.type(n)


def onward(blocks: Value, slots: Value) -> Value:
    """How many blocks further the next snapshot stands, of so many blocks and with so many snapshots, both above 1."""
    most = int(np.iinfo(config.int_dtype).max)

    def ratio(x: Value, a: Value, b: Value) -> Value:
        """``x a / b``, a whole number, without forming ``x a``."""
        whole = floor_divide(x, b)
        return whole * a + floor_divide((x - whole * b) * a, b)

    def more(blocks: Value, slots: Value, r: Value, reach: Value) -> list[Value]:
        """From ``beta(slots, r)`` to the next; one that is too large for its type is as good as any that is enough."""
        enough = less(floor_divide(most, slots + r + 1), floor_divide(reach, r + 1) + 1)
        return [r + 1, where(enough, most, ratio(where(enough, 1, reach), slots + r + 1, r + 1))]

    r, reach = repeated(
        lambda blocks, slots, r, reach: less(reach, blocks), more, [blocks, slots], [integer(0), integer(1)]
    )
    before = ratio(ratio(reach, r, slots + r), maximum(r - 1, 0), maximum(slots + r - 1, 1))  # beta(s, r - 2)
    fewer = ratio(reach, slots, slots + r)  # beta(s - 1, r)
    return minimum(maximum(maximum(before, blocks - fewer), 1), blocks - 1)


class Books(NamedTuple):
    """What is known of the snapshots.

    Attributes:
        sweeping: whether the first sweep goes on. end: blocks before it are not walked back yet.
        count: snapshots that there are, the first of which is the start of the loop; the arrays have them in the order
            of their positions, and say nothing of the first.
        used: how many rows were ever used. position: in blocks. level: how often a snapshot was moved on in the sweep.
        row: where each is kept, and after these the rows that are free again.
    """

    sweeping: Value
    end: Value
    count: Value
    used: Value
    position: Value
    level: Value
    row: Value

    @property
    def here(self) -> Value:
        """The position of the last snapshot."""
        return where(less(self.count, 2), 0, getitem(self.position, self.count - 1))


def opened(plan: Blocks, position: Value, level: Value, row: Value) -> Books:
    """The books where a loop starts; the arrays may hold anything."""
    end, count, used = integer(max(plan.count, 0)), integer(1), integer(0)
    return Books(np.bool_(plan.count < 0), end, count, used, position, level, row)


class Move(NamedTuple):
    """What is done next: from the start or the snapshot in a row on so many blocks; then a block with the tape, or not.

    Of a sweep the first block is run with the tape, in case that it is all.
    """

    start: Value
    row: Value
    ahead: Value
    tape: Value


def next_move(b: Books, slots: int) -> Move:
    top = b.count - 1
    first, left, free = less(top, 1), b.end - b.here, slots - b.count + 1
    last = logical_or(less(left, 2), less(free, 2))
    far = onward(where(last, 2, left), where(last, 2, free))
    ahead = where(b.sweeping, where(first, 0, 1), where(last, left - 1, far))
    return Move(first, where(first, 0, getitem(b.row, top)), ahead, where(b.sweeping, first, last))


class Result(NamedTuple):
    """What comes of a move: whether a snapshot of what is carried now is kept, and where; whether to walk back."""

    keep: Value
    row: Value
    back: Value


def noted(b: Books, move: Move, more: Value, slots: int) -> tuple[Books, Result]:
    """The books after a move, which stopped where the loop goes on (`more`) or not."""
    top = b.count - 1
    here = b.here + where(b.sweeping, 1, move.ahead)
    ends = logical_and(b.sweeping, logical_not(more))
    back = where(b.sweeping, logical_and(ends, move.tape), move.tape)
    keep = logical_not(logical_or(ends, back))
    found = where(ends, where(move.tape, 0, here), 0)
    end = where(b.sweeping, found, where(back, b.end - 1, b.end))
    done = logical_and(back, equal(b.here, end))
    full = logical_and(keep, equal(b.count, slots))
    # With no room left: the last snapshot that a later one has a higher level than goes; else the last one moves on.
    (at,) = repeated(
        lambda level, i: logical_and(less(0, i), logical_not(less(getitem(level, i), getitem(level, i + 1)))),
        lambda level, i: [i - 1],
        [b.level],
        [where(full, top - 1, 0)],
    )
    drops = logical_and(full, less(0, at))
    moves = logical_and(full, logical_not(drops))
    _, freed, position, level, row = repeated(
        lambda last, i, *_: less(i, last),
        lambda last, i, freed, *arrays: [i + 1, freed, *[put(a, getitem(a, i + 1), i) for a in arrays]],
        [where(drops, top, 0)],
        [at, getitem(b.row, at), b.position, b.level, b.row],
    )
    count = where(keep, where(full, b.count, b.count + 1), where(done, top, b.count))
    new = where(keep, count - 1, 0)  # number 0 is the start, of which nothing is noted
    fresh = logical_and(keep, less(b.used, new))
    place = where(fresh, b.used, where(drops, freed, getitem(row, new)))
    position = put(position, here, new)
    level = put(level, where(moves, getitem(level, new) + 1, 0), new)
    row = put(row, place, new)
    books = Books(logical_and(b.sweeping, more), end, count, where(fresh, b.used + 1, b.used), position, level, row)
    return books, Result(keep, where(keep, place, 0), back)


def put(array: Value, value: Value, i: Value) -> Value:
    """An array with another element or row, made in place where the compiler may."""
    return scatter_set_p.bind(array, value, i, axes=(0,))


# --- the walk in Python ------------------------------------------------------------------------------------------


def walked(plan: Blocks, cond: Any, forward: Any, back: Any, start: Sequence[Any], state: Sequence[Any]) -> list[Any]:
    """The walk back, step by step.

    Args:
        cond, forward, back: ``(carry) -> bool``, ``(carry) -> (carry, slices)`` and ``(state, slices) -> state``.
        start: what is carried at first. state: cotangents at the end.
    """
    books = opened(plan, *[np.zeros(plan.slots, config.int_dtype) for _ in range(3)])
    onwards, noting = _decisions(plan.slots, config.int_dtype)
    snapshots: dict[int, list[Any]] = {}
    final = list(state)
    while books.sweeping or books.end > 0:
        move = Move(*execute(onwards, books))
        carry, tape = list(start) if move.start else snapshots[int(move.row)], []
        for _ in range(int(move.ahead) * plan.steps):
            if not cond(carry):
                break
            carry, _ = forward(carry)
        while move.tape and len(tape) < plan.steps and cond(carry):
            carry, slices = forward(carry)
            tape.append(slices)
        outs = execute(noting, [*books, *move, np.bool_(cond(carry))])
        books, result = Books(*outs[: len(books)]), Result(*outs[len(books) :])
        if result.keep:
            snapshots[int(result.row)] = carry
        while result.back and tape:
            final = back(final, tape.pop())
    return final


@lru_cache(maxsize=64)
def _decisions(slots: int, dtype: np.dtype) -> tuple[Program, Program]:
    """`next_move` and `noted` as Programs."""
    from ...transforms.staging import stage

    flag, number, row = Aval((), np.dtype(bool)), Aval((), dtype), Aval((slots,), dtype)
    books = [flag, number, number, number, row, row, row]

    def noting(*values: Value) -> list[Value]:
        after, result = noted(Books(*values[:7]), Move(*values[7:11]), values[11], slots)
        return [*after, *result]

    first, _ = stage(lambda *b: next_move(Books(*b), slots), books, "next move")
    second, _ = stage(noting, [*books, flag, number, number, flag, flag], "noted")
    return first, second
