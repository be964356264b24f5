"""`config.debug_zeros`: at which line of the user's a result stopped depending on what it is differentiated by.

While it is not set nothing here runs. With it set, a transformation that takes derivatives runs its function once more on
values that note which inputs they depend on, as the rules of the operations have it: each operation is linearized by
itself, and a value of which no tangent is left remembers where that was. Compiled functions run as the Python that they
are, and what Python is told of a value (``if x > 0``) counts as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import trees
from ..config import config
from ..core import Primitive, Trace, Tracer, Value, ValueTracer, dtype_of, is_inexact, is_weak, next_level, shape_of
from ..errors import ZeroDerivativeError
from ..frames import user_line
from ..program import Program
from ..vocabulary import Params, Results
from .nans import as_python, is_locating

Lost = dict[int, str]  # for inputs that a value does not depend on any more: the operation and the line


class DependenceTracer(ValueTracer):
    """A value, and how it depends on inputs: those that a derivative reaches, and those that one has lost."""

    __slots__ = ()
    value, noted = ValueTracer.first, ValueTracer.second
    known = True

    def __init__(self, trace: DependenceTrace, value: Value, live: frozenset[int], lost: Lost) -> None:
        self._trace = trace
        self.value, self.noted = value, (live, lost)
        self.shape, self.dtype = shape_of(value), dtype_of(value)
        self.views = None

    @property
    def live(self) -> frozenset[int]:
        return self.noted[0]

    @property
    def lost(self) -> Lost:
        return self.noted[1]

    @property
    def weak(self) -> bool:
        return is_weak(self.value)

    def concrete(self, what: str) -> Any:
        said = self._trace.said
        for k in self.live:
            said.setdefault(k, f"{what} at {user_line()}")
        for k, where in self.lost.items():
            said.setdefault(k, where)
        return self.value.concrete(what) if isinstance(self.value, Tracer) else self.value


class DependenceTrace(Trace):
    """Runs each operation on the values, linearized by itself.

    Attributes:
        said: for inputs, what Python was told of them.
    """

    __slots__ = ("said",)
    name = "debug_zeros"

    def __init__(self) -> None:
        self.level = next_level()
        self.said: Lost = {}

    def process(self, primitive: Primitive, args: tuple[DependenceTracer | Any, ...], params: Params) -> Results:
        from .linearizing import LinearizeTrace
        from .tape import needed

        program = params.get("program")
        if program is not None and set(params) <= {"program", "policy"}:  # a call: its equations, one by one
            return program.evaluate(args)
        values, mine = [], []
        for a in args:
            noted = type(a) is DependenceTracer and a._trace is self
            values.append(a.value if noted else a)
            if noted:
                mine.append((len(values) - 1, a))
        linear = LinearizeTrace()
        sources = []
        for i, a in mine:
            if a.live and is_inexact(a.value):
                values[i] = linear.input(a.value)
                sources.append(a)
        outs: Any = primitive.bind(*values, **params)
        nodes = linear.tape.close()
        results = []
        for out in outs if primitive.multiple_results else [outs]:
            value, node = linear.split(out)
            reached = [] if node is None else needed(nodes, [node])[: len(sources)]
            live = frozenset().union(*[a.live for a, b in zip(sources, reached, strict=False) if b])
            lost: Lost = {}
            for _, a in mine:
                lost.update(a.lost)
            for a in sources:
                if not a.live <= live:
                    where = f"{_NAMES.get(primitive.name, primitive.name)!r}{_inside(params)} at {user_line()}"
                    lost.update((k, where) for k in a.live)
            lost = {k: where for k, where in lost.items() if k not in live}
            results.append(DependenceTracer(self, value, live, lost) if live or lost else value)
        return results if primitive.multiple_results else results[0]


def _inside(params: Params) -> str:
    """Which operations of the body of a loop or a branch have no derivative."""
    found: dict[str, None] = {}

    def visit(x: Any) -> None:
        if isinstance(x, Program):
            for eqn in x.equations:
                partials = getattr(eqn.primitive, "partials", ())
                if (partials and not any(partials)) or eqn.primitive.name in _WITHOUT:
                    found[repr(eqn.primitive.name)] = None
                for p in eqn.params.values():
                    visit(p)
        elif isinstance(x, (list, tuple)):
            for item in x:
                visit(item)

    visit(tuple(params.values()))
    return f" (with {', '.join(found)} in it)" if found else ""


_NAMES = {"rint": "round", "convert": "astype"}  # what users write for it
_WITHOUT = frozenset({"stop_gradient", "argmax", "argmin", "argsort", "searchsorted"})


def look(
    what: str,
    name: str,
    run: Callable[[Sequence[Value]], Any],
    leaves: Sequence[Value],
    place: Callable[[int], str],
) -> None:
    """Run a function on leaves that note what depends on them.

    Args:
        what: the transformation. name: the function's.
        run: from the leaves that it is differentiated by, and others, to the function's result.
        place: what a leaf is called in messages.

    Raises:
        ZeroDerivativeError: a result depends on a leaf, and has a derivative of zero by it whatever the values are.
    """
    if is_locating():
        return
    trace = DependenceTrace()
    noted = [DependenceTracer(trace, x, frozenset([k]), {}) if is_inexact(x) else x for k, x in enumerate(leaves)]
    with as_python(unrolled=True):
        out = run(noted)
    outs, tree = trees.flatten(out)
    for path, o in zip(trees.key_paths(tree), outs, strict=True):
        o = o.now() if isinstance(o, Tracer) and o.mutable else o  # noqa: PLW2901
        if not isinstance(o, Tracer) and not hasattr(o, "dtype") and type(o) not in (float, complex):
            continue
        noted_here = type(o) is DependenceTracer and o._trace is trace
        live, lost = (o.live, o.lost) if noted_here else (frozenset(), {})
        for k, x in enumerate(leaves):
            where = lost.get(k) or trace.said.get(k)
            if is_inexact(x) and is_inexact(o) and k not in live and where:
                at = f" at {trees.keystr(path)}" if path else ""
                raise ZeroDerivativeError(
                    f"{what} of {name}: the derivative of the result{at} by {place(k)} is zero whatever the values are, "
                    f"because what it depends on goes through {where}"
                )


def wanted(f: Any = None) -> bool:
    """Whether a derivative of `f` is to be looked into: not inside of a look, nor where the caller does it."""
    return config.debug_zeros and not is_locating() and not getattr(f, "looked_into", False)


__all__ = ["look", "wanted"]
