"""The Programs of paths: what a batch of examples asks for while its function is traced, and which paths there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import INNERMOST, Aval, PrimalTracer, Tracer, Value, as_value, shape_of
from ..frames import user_place
from ..ops.memory import origin
from ..ops.shape import broadcast_to
from ..program import Atom, Equation, Program, Var, live_equations
from . import joining, paths
from .batching import BatchTrace, BatchTracer
from .guards import asked_for
from .paths import Choice
from .staging import StagingTrace, StagingTracer

History = dict[Any, dict[tuple[Any, ...], None]]  # by function, the answers on each path that was recorded


class Asked:
    """What Python asked for on a path: a variable, the answer, and how many equations there were before."""

    __slots__ = ("after", "choice", "variable")

    def __init__(self, after: int, variable: Var, choice: Choice) -> None:
        self.after = after
        self.variable = variable
        self.choice = choice


class PathTrace(StagingTrace):
    """The Program of one path, written for one example.

    Attributes:
        asked: what Python asked for, in order.
        forced: answers that are given whatever the values are; None where examples give them.
    """

    __slots__ = ("asked", "forced", "root")

    def __init__(self, root: StagingTrace, forced: Sequence[Any] | None = None) -> None:
        super().__init__("vmap")
        self.root = root
        self.asked: list[Asked] = []
        self.forced = forced
        self.examples = {}

    def guarded(self, tracer: StagingTracer, what: str) -> Any:
        variable = (tracer := asked_for(tracer, what)).atom
        known = self.answers.get(variable)
        if known is None:
            if self.forced is None:
                known = self._answer(variable, what)
            elif len(self.asked) < len(self.forced):
                known = self.forced[len(self.asked)]
            else:
                raise self._other_way()
            self.answers[variable] = known = np.asarray(known, variable.aval.dtype)
            assert self.equations is not None
            choice = Choice(what, known.reshape(())[()], user_place())
            self.asked.append(Asked(len(self.equations), variable, choice))
        return known[(0,) * known.ndim]

    def _other_way(self) -> OtherWay:
        paths.RAISED.sign = OtherWay()
        return paths.RAISED.sign

    def _know_hoisted(self, values: dict[Var, Value]) -> None:
        if self.forced is not None:
            raise self._other_way()
        for t, v in self.hoisted.values():
            if v not in values:
                values[v] = at_hand(t)


class OtherWay(paths.Sign):
    """A function asks for other values than when a path of it was recorded."""


class Path:
    """A path as a Program of one example."""

    def __init__(
        self, trace: PathTrace, inputs: list[Var], equations: list[Equation], outputs: list[Atom], tree: Any
    ) -> None:
        self.closed = list(trace.hoisted.values())
        self.asked, self.inputs, self.equations, self.outputs, self.tree = trace.asked, inputs, equations, outputs, tree
        self.made = {v: (i, e) for i, e in enumerate(equations) for v in e.outputs}
        variables = [*[v for _, v in self.closed], *inputs]
        self.program = Program(variables, live_equations(equations, outputs), outputs, "path")
        self.values = [origin(t) for t, _ in self.closed]

    @property
    def answers(self) -> tuple[Any, ...]:
        return tuple(_plain_number(a.choice.answer) for a in self.asked)

    def text(self) -> str:
        shown = [f"    {a.choice!r}" for a in self.asked[-paths.STEPS :]]
        return "\n".join(["a path:", *shown])


def _plain_number(x: Any) -> Any:
    return x.item() if isinstance(x, (np.generic, np.ndarray)) else x


def at_hand(x: Any) -> Any:
    """What a traced value is for the call at hand: an array, or the values of a `vmap` that is looking for paths.

    Raises:
        ConcretizationError: it is not known.
    """
    while isinstance(x, Tracer):
        if isinstance(x, StagingTracer):
            trace: Any = x._trace
            if trace.examples is None:
                return x.concrete("bool()")
            x = trace._evaluate(x.atom)
        elif isinstance(x, PrimalTracer):
            x = x.primal
        elif x.mutable:
            x = x.now()
        elif isinstance(x, BatchTracer):
            return x
        else:
            x = x.value  # (of what looks for NaN, or for lost derivatives)
    return x


def stage_path(run: Callable[..., Sequence[Value]], avals: Sequence[Aval], trace: PathTrace, examples: Any) -> Path:
    """Trace a function of one example along the path that its examples take, or that is forced."""
    inputs = [trace.input(a) for a in avals]
    variables = [t.atom for t in inputs]
    if examples is not None:
        trace.examples = dict(zip(variables, examples, strict=True))
    outer, INNERMOST.trace = getattr(INNERMOST, "trace", None), trace
    try:
        leaves, tree = trees.flatten(paths.heeded(lambda: run(*inputs)))
        outputs = [trace.lift(as_value(o)) for o in leaves]
    finally:
        INNERMOST.trace = outer
        equations = trace.close()
    return Path(trace, variables, equations, outputs, tree)


def discovered(
    run: Callable[..., Any], fronts: Sequence[Value], avals: Sequence[Aval], root: StagingTrace, f: Any
) -> list[Path]:
    """The Programs of the paths that the examples of the call at hand take."""
    values, size = _flat_product([at_hand(x) for x in fronts])
    found: list[Path] = []
    with BatchTrace(size) as trace:
        trace.parting = parting = paths.Parting(f, size)
        parting.limit = config.max_paths

        def once() -> list[Value]:
            boxed = [BatchTracer(trace, v) for v in values]
            try:
                found.append(stage_path(run, avals, PathTrace(root), boxed))
            except Exception as error:
                paths.noted(error, trace)
                raise
            return []

        once()
        if trace.group is not None:
            joining.other_runs(trace, None, [0, 0], [], once)
    return found


def _flat_product(values: list[Any]) -> tuple[list[Any], int]:
    """Values as plain arrays of examples: those of a `vmap` around, times those of this one, one after another."""
    while any(isinstance(v, Tracer) for v in values):
        newest = max((v._trace for v in values if isinstance(v, Tracer)), key=lambda t: t.level)
        flat: list[Any] = []
        for v in values:
            batch = v.value if isinstance(v, Tracer) and v._trace is newest else v
            if batch is v:
                batch = broadcast_to(v, (newest.size, *shape_of(v)))
            shape = shape_of(batch)
            flat.append(at_hand(batch).reshape(shape[0] * shape[1], *shape[2:]))
        values = flat
    return values, len(values[0])
