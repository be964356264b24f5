"""Chunks: how large loop nests are cut into pieces that threads run side by side.

The cut depends on shapes alone, never on how many threads there are, so that a program gives the same bits with any
number of them. A loop that is not reduced is cut as it is. Where only reduced loops are long, each piece reduces into
an array of its own, and one more nest reduces these in their order; sums come out more exact by that, not less
(N. J. Higham, "The accuracy of floating point summation", 1993, on blocked sums).
"""

from __future__ import annotations

from ..core import Aval
from ..lowering.index_maps import Affine
from ..program import Var
from .emitter import QUICK
from .fusion import Kernel, Plan, Root
from .interrupts import look
from .loops import KernelWriter
from .nest import Nest, size_of
from .schedule import Loop, Schedule, nanoseconds

LEAST = 100_000.0  # nanoseconds that a nest must take about, so that waking threads pays
PIECE = 15_000.0  # nanoseconds of a piece, at least
MOST = 64  # pieces of a nest
ENOUGH = 16  # pieces with which threads are busy evenly
POINTS = 1 << 13  # of a domain, below which nothing is estimated


class Chunks:
    """The pieces of a nest.

    Attributes:
        loop: the number of the loop that is cut, in the schedule's order.
        count: how many pieces.
        length: the numbers that the loop's counter goes through in a piece; the last piece has those left over too.
        partials: the variables of which each piece has an array of its own, ``1/count`` of the whole.
    """

    def __init__(self, loop: int, count: int, length: int, partials: frozenset[Var] = frozenset()) -> None:
        self.loop = loop
        self.count = count
        self.length = length
        self.partials = partials


def cut(plan: Plan, vector_bytes: int) -> Plan:
    """The plan with its large nests cut, and the nests that put partial results together."""
    steps = []
    for step in plan.steps:
        steps.append(step)
        if isinstance(step, Kernel) and step.size >= POINTS and step.chunks is None:
            together = _cut(plan, step, vector_bytes)
            if together is not None:
                steps.append(together)
    plan.steps = steps
    return plan


def _cut(plan: Plan, kernel: Kernel, vector_bytes: int) -> Kernel | None:
    schedule = Schedule(kernel, vector_bytes)
    time = nanoseconds(kernel, schedule)
    if time < LEAST:
        return None
    want = min(MOST, int(time / PIECE))
    if want < 2:
        return None
    kept = [] if schedule.in_memory else [k for k, x in enumerate(schedule.loops) if not x.reduced]
    # The outermost loop that is long enough, or else the longest.
    number = max(kept, key=lambda k: (min(_trips(schedule.loops[k]), want), -k), default=None)
    if number is None or _trips(schedule.loops[number]) < min(want, ENOUGH):
        reduced = next((k for k, x in enumerate(schedule.loops) if x.reduced), None)
        if reduced is not None and (number is None or _longer(schedule.loops[reduced], schedule.loops[number])):
            sizes = [size_of(r.target.aval) for r in kernel.roots if r.combine is not None]
            pieces = min(want, kernel.size // (16 * max(sum(sizes), 1)))
            if pieces > 1:
                return _cut_reduced(plan, kernel, reduced, schedule.loops[reduced], pieces)
    if number is not None:
        _set(kernel, number, schedule.loops[number], want)
    return None


def _trips(loop: Loop) -> int:
    return -(-loop.extent // loop.lanes)


def _longer(loop: Loop, other: Loop) -> bool:
    return _trips(loop) > 2 * _trips(other)


def _set(kernel: Kernel, number: int, loop: Loop, want: int) -> int:
    """Cut one loop into `want` pieces about; returns how many it became."""
    trips = _trips(loop)
    length = -(-trips // want)
    if loop.extent % loop.lanes:
        length = max(length, 2)  # the last vector overlaps the one before: one piece has both
    count = trips // length
    if count < 2:
        return 1
    kernel.chunks = Chunks(number, count, length * loop.lanes)
    return count


def _cut_reduced(plan: Plan, kernel: Kernel, number: int, loop: Loop, want: int) -> Kernel | None:
    """Cut a reduced loop; returns the nest that reduces what the pieces made."""
    count = _set(kernel, number, loop, want)
    sums = [r for r in kernel.roots if r.combine is not None]
    if kernel.chunks is None or not sums:
        return None
    n = size_of(sums[0].target.aval)
    together = Kernel((count, n), (0,))
    together.nest = Nest({}, lambda v: True)
    point = (Affine.axis(0), Affine.axis(1))
    for root in sums:
        partial = Var(Aval((count, n), root.target.aval.dtype))
        plan.memory[partial] = partial
        whole = Root(root.target, partial, root.combine, Affine.axis(1))
        whole.node = together.nest.value(partial, point)
        together.roots.append(whole)
        root.target = partial
    kernel.chunks.partials = frozenset(r.target for r in sums)
    return together


def piece(writer: KernelWriter, name: str) -> str:
    """The text of the function ``(context, number of a piece)`` that calls the kernel `name` on one of its pieces.

    The context is a table of the kernel's pointers. The function's own name is left as ``@NAME``.
    """
    chunks: Chunks = writer.kernel.chunks
    end = writer.schedule.loops[chunks.loop].end
    lines, arguments = [], []
    for i in range(len(writer.arrays) + writer.checks + writer.stops):
        lines += [f"  %a{i} = getelementptr ptr, ptr %context, i64 {i}", f"  %p{i} = load ptr, ptr %a{i}"]
        arguments.append(f"ptr %p{i}")
    for i, array in enumerate(writer.arrays):
        if type(array) is Var and array in chunks.partials:
            lines.append(f"  %o{i} = mul i64 %piece, {writer.own_bytes(array)}")
            lines.append(f"  %q{i} = getelementptr i8, ptr %p{i}, i64 %o{i}")
            arguments[i] = f"ptr %q{i}"
    lines += [
        f"  %begin = mul i64 %piece, {chunks.length}",
        f"  %next = add i64 %begin, {chunks.length}",
        f"  %last = icmp eq i64 %piece, {chunks.count - 1}",
        f"  %end = select i1 %last, i64 {end}, i64 %next",
        f"  call void @{name}({', '.join([*arguments, 'i64 %begin', 'i64 %end'])})",
        "  ret void",
    ]
    if writer.stops:  # pieces that are begun after an interrupt end at once
        at = len(writer.arrays) + writer.checks
        first = [f"  %stop.a = getelementptr ptr, ptr %context, i64 {at}", "  %stop = load ptr, ptr %stop.a"]
        lines = ["entry:", *first, *look("", "%stop", "working"), "working:", *lines, "stopped:", "  ret void"]
    return f"define internal void @NAME(ptr %context, i64 %piece) {QUICK}\n" + "\n".join(lines) + "\n}\n"


__all__ = ["Chunks", "cut", "nanoseconds", "piece"]
