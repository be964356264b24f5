"""The pipeline: what happens to a Program before code is written, as one list of passes.

A pass is a function from form to form, with a name. There are two forms: the Program, and the loops (`fusion.Plan`). After each
pass its result is checked where `config.verify` (``WENGERT_VERIFY``) is on, printed where `config.dump` (``WENGERT_DUMP``) has
its name or ``all``, and left out where `config.without_passes` (``WENGERT_WITHOUT_PASSES``) names it and it is not needed.
`lower().passes()` shows what each of them made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from ..config import config
from ..program import Program
from . import algebra, apart, restructure  # noqa: F401 - rules of `simplify`
from .arrange import arranged
from .checks import complete
from .chunks import cut
from .control.bodies import pulled, simplified_control, written_walk
from .control.prepare import bodies
from .control.ranges import bounded
from .control.tidy import pruned
from .donated import hold_donated
from .fusion import Kernel, Plan
from .parting import in_parts
from .printer import text_of
from .quotients import inverses_shared
from .rewriter import LoopRules, Rewriter, rebuilt
from .schedule import Schedule
from .stacked import stacked
from .sums import sums_followed
from .verify import verify

GAIN = 0.95  # of the cost, at most, for which rows are taken apart: there is more to compile


class Target(NamedTuple):
    """What loops are made for.

    Attributes:
        vector_bytes: the width of a vector register.
        donated: the numbers of inputs in whose memory results may be put.
        lower: from a Program to loops, for the Programs of loops and branches.
    """

    vector_bytes: int
    donated: tuple[int, ...]
    lower: Callable[[Program], Plan]


class Pass(NamedTuple):
    """A pass.

    Attributes:
        name: by which it is asked for, printed and left out.
        form: what it is a function of: a ``whole`` program, or one as it is given, ``first``; a ``program``, those in
            loops too; or ``loops``, then of a `Target` too. ``rows`` gives another Program or None; the cheaper one is taken. ``fuse`` leads from form to form.
        run: the function.
        what: it does.
        needed: whether no code can be written without it.
    """

    name: str
    form: str
    run: Callable[..., Any]
    what: str
    needed: bool = False


def _simplified(program: Program) -> Program:
    rewriter = Rewriter()
    outputs = rewriter.run(program, program.inputs)
    return rebuilt(program, rewriter.equations, outputs)


PASSES = (
    Pass("parts", "first", in_parts, "complex values as their real and imaginary parts"),
    Pass(
        "simplify",
        "program",
        _simplified,
        "calls inlined, constants folded, common subexpressions, algebra, loops' Programs optimised, dead code",
        needed=True,
    ),
    Pass("sums", "program", sums_followed, "sums follow from smaller ones, or from sums that are known"),
    Pass("checks", "program", complete, "indices of what nests compute in part are checked whole", needed=True),
    Pass("prune", "program", pruned, "loops and branches compute only what is used"),
    Pass("ranges", "whole", bounded, "checks, choices and clamps decided by the ranges of counters"),
    Pass(
        "rows",
        "rows",
        apart.apart,
        "arrays of many short rows as one array for each place of a row, where loops cost less so",
    ),
    Pass("quotients", "layout", inverses_shared, "one inverse for what derivatives divide by again"),
    Pass(
        "stacks",
        "layout",
        stacked,
        "arrays stacked along a last axis are computed by one nest, which writes whole rows",
    ),
    Pass("arrange", "layout", arranged, "products read and write matrices where they lie, without transposed copies"),
    Pass("fuse", "fuse", Plan, "equations become loop nests, products, calls, allocations", needed=True),
    Pass("chunks", "loops", lambda p, t: cut(p, t.vector_bytes), "large nests are cut into pieces for threads"),
    Pass(
        "bodies",
        "loops",
        lambda p, t: bodies(p, t.lower),
        "Programs of loops and branches become loops too, what they carry is updated in place",
        needed=True,
    ),
    Pass("donate", "loops", lambda p, t: hold_donated(p, t.donated), "results in the memory of donated arguments"),
)
NAMES = tuple(p.name for p in PASSES)


def optimize(program: Program) -> Program:
    """A Program that computes the same with less: the passes of this form.

    Example:
        >>> import numpy as np, wengert
        >>> optimize(wengert.make_program(lambda x: (x * 1.0 + x * 1.0) ** 1)(np.ones(3)))
        program(a: float64[3]) {
          b: float64[3] = add a a
          return b
        }
    """
    return _through("program", program)


Rewriter.loops = LoopRules(optimize, simplified_control, pulled, written_walk)


def optimized(program: Program) -> Program:
    """The same for a Program that stands alone, and not in a loop of another one."""
    return _through("whole", optimize(_through("first", program)))


def lowered(program: Program, vector_bytes: int, donated: Sequence[int] = ()) -> Plan:
    """The loops of an optimised Program."""
    target = Target(vector_bytes, tuple(donated), lambda body: lowered(body, vector_bytes))
    return _through("loops", planned(program, vector_bytes), target)


def planned(program: Program, vector_bytes: int) -> Plan:
    """The loops of a Program as they are fused, with its rows taken apart where loops cost less so."""
    plan = _fused(program)
    for p in _on("rows"):
        other = p.run(program)
        if other is not None:
            _ran(p, program, other)
            second = _fused(other, apart.LARGEST)
            if _cost(second, vector_bytes) < GAIN * _cost(plan, vector_bytes):
                plan = second
    return plan


def _fused(program: Program, *largest: int) -> Plan:
    laid_out = _through("layout", program)
    (fuse,) = _on("fuse")
    return _ran(fuse, laid_out, fuse.run(laid_out, *largest))


def _cost(plan: Plan, vector_bytes: int) -> float:
    """What the nests of a plan cost, in additions on vectors."""
    return sum(Schedule(s, vector_bytes).cost * s.size for s in plan.steps if isinstance(s, Kernel))


def _on(form: str) -> list[Pass]:
    """The passes of a form that are not left out.

    Raises:
        ValueError: one is to be left out that there is not, or that is needed.
    """
    _, _, off, _ = config.compiling
    if off:
        possible = [p.name for p in PASSES if not p.needed]
        unknown = [name for name in off if name not in possible]
        if unknown:
            raise ValueError(
                f"without_passes (WENGERT_WITHOUT_PASSES) has {unknown[0]!r}; these can be left out: {', '.join(possible)}"
            )
        return [p for p in PASSES if p.form == form and p.name not in off]
    return _forms(PASSES).get(form, [])


@lru_cache(maxsize=2)
def _forms(passes: tuple[Pass, ...]) -> dict[str, list[Pass]]:
    """The passes by their form."""
    found: dict[str, list[Pass]] = {}
    for p in passes:
        found.setdefault(p.form, []).append(p)
    return found


_record: ContextVar[list[tuple[str, str]] | None] = ContextVar("what passes made", default=None)


def _through(form: str, value: Any, *more: Any) -> Any:
    passes = _forms(PASSES).get(form, ()) if not config.compiling[2] else _on(form)
    if _record.get() is None and not config.inspecting:
        for p in passes:
            value = p.run(value, *more)
        return value
    for p in passes:
        value = _ran(p, value, p.run(value, *more))
    return value


# --- looking at passes -------------------------------------------------------------------------------------------


def _ran(p: Pass, before: Any, after: Any) -> Any:
    """Check, print and note what a pass made."""
    found = _record.get()
    if found is None and not config.inspecting:
        return after
    if config.verify and (after is not before or p.form == "loops"):
        if isinstance(after, Program):
            after.check()
        else:
            verify(after)
    dump = config.dump
    if found is not None or dump is not None:
        text = str(after) if isinstance(after, Program) else text_of(after)
        if found is not None:
            found.append((p.name, text))
        if dump in (p.name, "all"):
            name = after.name if isinstance(after, Program) else after.program.name
            print(f"--- {name} after {p.name}\n{text}", file=sys.stderr, flush=True)
        elif dump is not None and dump not in NAMES:
            raise ValueError(f"dump (WENGERT_DUMP) is a pass or 'all', got {dump!r}; passes: {', '.join(NAMES)}")
    return after


@contextmanager
def recorded() -> Iterator[list[tuple[str, str]]]:
    """A context in which what passes make is kept as text: pairs of a pass's name and its result."""
    found: list[tuple[str, str]] = []
    token = _record.set(found)
    try:
        yield found
    finally:
        _record.reset(token)


__all__ = ["NAMES", "PASSES", "Pass", "Target", "lowered", "optimize", "optimized", "planned", "recorded"]
