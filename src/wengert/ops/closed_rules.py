"""Rules in Programs. A rule is a Python function, which may close over values of the trace that writes the Program: by the
time that the Program is differentiated they are gone. Such a rule becomes Programs itself, and what it closes over
becomes arguments of the call; where the call is processed, they are what the rule closes over again (`Bound`).
"""

from __future__ import annotations

import functools
import threading
import types
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..config import config
from ..core import Aval, Tracer, Value, aval_of, dtype_of, inexact_dtype, shape_of
from ..errors import ConcretizationError, CustomRuleError, LeakedTracerError, closed_over
from ..program import Program, Var
from .rules import Flat, Rule, zero_beside


class Staged(Rule):
    """A rule in a Program: the function is a sub-Program, whose first arguments are the values it closed over."""

    def __init__(self, rule: Rule, program: Program, hoisted: int) -> None:
        self.rule, self.program, self.hoisted = rule, program, hoisted
        self.name, self.forward_mode = rule.name, rule.forward_mode

    def __repr__(self) -> str:
        return self.name

    def run(self, *values: Value) -> Flat:
        assert self.program is not None
        return self.program.evaluate(values)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        with self._known():
            return self.rule.jvp(primals[self.hoisted :], tangents[self.hoisted :])

    @contextmanager
    def _known(self) -> Iterator[None]:
        """The rule runs when its Program does: what it closes over of the tracing is not there any more."""
        try:
            yield
        except LeakedTracerError:
            raise closed_over(f"the rule of {self.name}") from None

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        if any(nonzero[: self.hoisted]):
            raise CustomRuleError(
                f"{self.name} closes over a value that is being differentiated, for which its rule says nothing: pass "
                f"it as an argument"
            )
        self.rule.check_differentiated(nonzero[self.hoisted :])

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        with self._known():
            return self.rule.forward(*values[self.hoisted :])

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        with self._known():
            return [None] * self.hoisted + self.rule.backward(spec, residuals, cotangents)


ORDERS = 3  # how often a rule that calls the function that it is of becomes Programs: derivatives of that order
_converting = threading.local()


class Part:
    """A function of a rule as a Program.

    Attributes:
        closed: where, among the values that the rule closes over, those of this Program are. live: which of its results
            are there; the others are zero.
    """

    def __init__(self, program: Program, closed: range, live: Sequence[bool], spec: Any = None) -> None:
        self.program, self.closed, self.live, self.spec = program, closed, tuple(live), spec

    def __call__(self, closed: Sequence[Value], *values: Value) -> Flat:
        return self.program.evaluate([*closed, *values])

    def spread(self, found: Sequence[Value]) -> list[Value | None]:
        """Results, with None for those that are zero."""
        given = iter(found)
        return [next(given) if b else None for b in self.live]


class Converted(Staged):
    """A rule in a Program whose functions are Programs: what these close over is among the first arguments, too."""

    def __init__(self, rule: Rule, program: Program, hoisted: int, parts: Sequence[Part]) -> None:
        super().__init__(rule, program, hoisted)
        self.parts = parts


class Bound(Rule):
    """A converted rule and the values that it closes over."""

    def __init__(self, converted: Converted, closed: Sequence[Value]) -> None:
        self.converted, self.closed = converted, tuple(closed)
        self.name, self.forward_mode = converted.name, converted.forward_mode

    def __repr__(self) -> str:
        return self.name

    def check_differentiated(self, nonzero: Sequence[bool]) -> None:
        self.converted.rule.check_differentiated(nonzero)

    def _of(self, part: Part) -> tuple[Value, ...]:
        return self.closed[part.closed.start : part.closed.stop]

    def run(self, *values: Value) -> Flat:
        assert self.converted.program is not None
        return self.converted.program.evaluate([*self.closed, *values])

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None]) -> tuple[Flat, list[Value | None]]:
        (part,) = self.converted.parts
        given = [
            zero_beside(tangents, shape_of(p), dtype_of(p)) if t is None else t
            for p, t in zip(primals, tangents, strict=True)
            if inexact_dtype(dtype_of(p))
        ]
        both = part(self._of(part), *primals, *given)
        n = len(part.live)
        return both[:n], part.spread(both[n:])

    def forward(self, *values: Value) -> tuple[Flat, Flat, Any]:
        ahead, back = self.converted.parts
        both = ahead(self._of(ahead), *values)
        n = len(ahead.live)
        return both[:n], [*both[n:], *self._of(back)], ahead.spec

    def backward(self, spec: Any, residuals: Sequence[Value], cotangents: Sequence[Value]) -> list[Value | None]:
        back = self.converted.parts[1]
        n = len(residuals) - len(back.closed)
        return back.spread(back(residuals[n:], *residuals[:n], *cotangents))


def converted(rule: Rule, args: Sequence[Value], trace: Any = None) -> tuple[Staged, list[Value]]:
    """A rule as a Program has it, and the values that it closes over: the first arguments of its call.

    Args:
        trace: the Program that is being written, if there is one.
    """
    from ..transforms.staging import stage

    avals = [aval_of(a) for a in args]
    try:
        program, hoisted = stage(rule.run, avals, rule.name)
    except ConcretizationError:
        program = _called(rule, args, avals, trace)
        if program is None:
            raise
        return Staged(rule, program, 0), []
    n = len(hoisted)
    if not holds_tracers([v for k, v in vars(rule).items() if k not in ("arguments", "trace")], set()):
        return Staged(rule, program, n), hoisted
    depth = getattr(_converting, "depth", 0)
    if depth >= ORDERS:
        return Staged(rule, program, n), hoisted
    _converting.depth = depth + 1
    try:
        parts, closed = (_of_jvp if rule.forward_mode else _of_vjp)(rule, avals, n)
    except Exception:  # noqa: BLE001 it needs values that are not known yet: it runs, or fails, where it is differentiated
        return Staged(rule, program, n), hoisted
    finally:
        _converting.depth = depth
    inputs = [*program.inputs[:n], *[Var(aval_of(c)) for c in closed], *program.inputs[n:]]
    whole = Program(inputs, program.equations, program.outputs, program.name)
    return Converted(rule, whole, n + len(closed), parts), [*hoisted, *closed]


_results: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _called(rule: Rule, args: Sequence[Value], avals: Sequence[Aval], trace: Any) -> Program | None:
    """A function that asks for its arguments' values, while its rule gives the derivative: Python calls it in each run.

    The types of its results are those that it gave for the first arguments of such types, of a call at hand; None where
    there was no such call, as in the derivative of a Program.
    """
    from ..transforms.staging import stage
    from .host import host_call_p

    try:
        known = _results.setdefault(rule.f, {})  # type: ignore[attr-defined]
        found = known.get(key := (rule.arguments.tree, *[(a.shape, a.dtype) for a in avals]))  # type: ignore[attr-defined]
    except (TypeError, AttributeError):  # a rule of something else
        return None
    if found is None and trace is not None and trace.examples is not None:
        values = rule.run(*trace.values_of(args))
        found = known[key] = tuple(Aval(shape_of(o), dtype_of(o)) for o in values), rule.out_tree  # type: ignore[attr-defined]
    if found is None:
        return None
    outs, rule.out_tree = found  # type: ignore[attr-defined]
    return stage(lambda *values: host_call_p.bind(*values, function=rule.run, avals=outs), avals, rule.name)[0]


def _of_jvp(rule: Rule, avals: Sequence[Aval], start: int) -> tuple[list[Part], list[Value]]:
    from ..transforms.staging import stage

    inexact, live = [inexact_dtype(a.dtype) for a in avals], list[bool]()

    def both(*values: Value) -> Flat:
        given = iter(values[len(avals) :])
        outs, tangents = rule.jvp(values[: len(avals)], [next(given) if b else None for b in inexact])
        live[:] = [t is not None for t in tangents]
        return [*outs, *[t for t in tangents if t is not None]]

    of_tangents = [Aval(a.shape, a.dtype) for a, b in zip(avals, inexact, strict=True) if b]
    program, closed = stage(both, [*avals, *of_tangents], rule.name)
    return [Part(program, range(start, start + len(closed)), live)], closed


def _of_vjp(rule: Rule, avals: Sequence[Aval], start: int) -> tuple[list[Part], list[Value]]:
    from ..transforms.staging import stage

    spec, results, live = list[Any](), list[Aval](), list[bool]()

    def forward(*values: Value) -> Flat:
        outs, residuals, what = rule.forward(*values)
        spec[:], results[:] = [what], [aval_of(o) for o in outs]
        return [*outs, *residuals]

    def backward(*values: Value) -> Flat:
        grads = rule.backward(spec[0], values[:n], values[n:])
        live[:] = [g is not None for g in grads]
        return [g for g in grads if g is not None]

    ahead, first = stage(forward, avals, rule.name)
    n = len(ahead.outputs) - len(results)
    of_results = [Aval(a.shape, a.dtype if inexact_dtype(a.dtype) else config.float_dtype) for a in results]
    back, second = stage(backward, [*ahead.out_avals[len(results) :], *of_results], rule.name)
    middle = start + len(first)
    parts = [
        Part(ahead, range(start, middle), [True] * len(results), spec[0]),
        Part(back, range(middle, middle + len(second)), live),
    ]
    return parts, [*first, *second]


def holds_tracers(x: Any, seen: set[int], depth: int = 6) -> bool:
    """Whether a value under transformation is found in what a rule closes over: closures, defaults, objects, containers."""
    if isinstance(x, Tracer):
        return True
    if (
        not depth
        or id(x) in seen
        or isinstance(x, (str, bytes, int, float, complex, type, types.ModuleType))
        or x is None
    ):
        return False
    seen.add(id(x))
    held: list[Any] = []
    if isinstance(x, (list, tuple, set, frozenset)):
        held = list(x)
    elif isinstance(x, dict):
        held = list(x.values())
    elif isinstance(x, types.FunctionType):
        held = [*_cells(x), *(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()]
    elif isinstance(x, types.MethodType):
        held = [x.__func__, x.__self__]
    elif isinstance(x, functools.partial):
        held = [x.func, *x.args, *x.keywords.values()]
    elif isinstance(getattr(x, "__dict__", None), dict):
        held = [
            v
            for k, v in vars(x).items()
            if k not in ("_cache", "_native", "_compared", "compared", "arguments", "trace")
        ]
    return any(holds_tracers(v, seen, depth - 1) for v in held)


def _cells(f: types.FunctionType) -> Iterator[Any]:
    for cell in f.__closure__ or ():
        with suppress(ValueError):  # not assigned yet
            yield cell.cell_contents


__all__ = ["Bound", "Converted", "Staged", "converted"]
