"""Paths under jit: `vmap` of a function with Python control flow, where the values of examples are not known.

The function is traced for one example at a time, once for each path that the examples of the call at hand take, and once
for each that was recorded before. What becomes of these Programs is a loop over the examples: the questions that Python
asked are computed again and say which path an example takes, and a `switch` runs that. So an example costs what its own path
costs, and derivatives go through its path alone. That no example takes another path is a guard of the Program around.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Aval, PrimalTracer, Tracer, Value, as_array, shape_of
from ..errors import ArgumentError, ConcretizationError, TooManyPathsError
from ..ops.elementwise import convert, equal, logical_and, logical_not
from ..ops.memory import as_now
from ..ops.reduction import all as all_of
from ..ops.shape import moveaxis
from ..ops.written import Held, hold_again, leave
from ..prefixes import broadcast_prefix
from ..program import Atom, Literal, Var, subprograms
from ..vocabulary import Tree
from . import joining, paths
from .batching import in_axis
from .branching import cond, switch
from .control import named, run_scan
from .forward import check_output
from .function import name_of
from .path_tracing import History, OtherWay, Path, PathTrace, _plain_number, discovered, stage_path
from .staging import StagingTrace, StagingTracer

# --- which path an example takes ------------------------------------------------------------------------------------------


class Values:
    """Values of a path's variables, for an example; paths that have answered alike so far share them."""

    def __init__(self, known: dict[Any, Value]) -> None:
        self.known = known

    def of(self, path: Path, atom: Atom) -> Value:
        """The value of a variable; what it depends on is computed where it is not known."""
        if isinstance(atom, Literal):
            return atom.value
        wanted = [atom]
        while wanted:
            v = wanted[-1]
            if self._key(path, v) in self.known:
                wanted.pop()
                continue
            _, eqn = path.made[v]
            missing = [a for a in eqn.inputs if isinstance(a, Var) and self._key(path, a) not in self.known]
            if missing:
                wanted += missing
                continue
            args = [a.value if isinstance(a, Literal) else self.known[self._key(path, a)] for a in eqn.inputs]
            out = eqn.primitive.bind(*args, **eqn.params)
            outs = out if eqn.primitive.multiple_results else [out]
            self.known.update((self._key(path, o), x) for o, x in zip(eqn.outputs, outs, strict=True))
        return self.known[self._key(path, atom)]

    def is_safe(self, path: Path, variable: Var) -> bool:
        """Whether what is not known of it may be computed for examples of other paths: it cannot fail, nor go on for ever."""
        stack, seen = [variable], set[Var]()
        while stack:
            v = stack.pop()
            if v in seen or self._key(path, v) in self.known:
                continue
            seen.add(v)
            _, eqn = path.made[v]
            if eqn.primitive.effect or eqn.primitive.indices_from is not None or any(True for _ in subprograms(eqn)):
                return False
            stack += [a for a in eqn.inputs if isinstance(a, Var)]
        return True

    @staticmethod
    def _key(path: Path, v: Var) -> Any:
        """What a variable is called on all paths that have answered alike."""
        made = path.made.get(v)
        if made is not None:
            return made[0], made[1].outputs.index(v)
        for i, mine in enumerate(path.inputs):
            if mine is v:
                return "input", i
        return "closed", id(next(t for t, mine in path.closed if mine is v))


def unlike(found: Sequence[Path], depth: int = 0) -> tuple[Path, Path] | None:
    """Two paths that do not compute and ask the same until they answer otherwise; None where there are none."""
    done = 0
    while len(found) > 1:
        first = found[0]
        after = first.asked[depth].after if len(first.asked) > depth else -1
        for p in found[1:]:
            if len(p.asked) <= depth or p.asked[depth].after != after:
                return first, p
            steps = zip(first.equations[done:after], p.equations[done:after], strict=True)
            if any(a.primitive is not b.primitive for a, b in steps):
                return first, p
        groups: dict[Any, list[Path]] = {}
        for p in found:
            groups.setdefault(_plain_number(p.asked[depth].choice.answer), []).append(p)
        depth, done = depth + 1, after
        if len(groups) > 1:
            return next((pair for group in groups.values() if (pair := unlike(group, depth))), None)
    return None


def check_alike(found: Sequence[Path]) -> None:
    """Refuse paths of a function that does not do the same each time.

    Raises:
        ConcretizationError: it does not.
    """
    pair = unlike(found)
    if pair:
        raise ConcretizationError(
            f"jit of vmap: a function did not do the same when it ran again for another path, {pair[0].text()}\n and "
            f"{pair[1].text()}\n: it must depend on its arguments alone"
        )


UNSEEN = -1


def chosen(found: Sequence[tuple[int, Path]], depth: int, values: Values) -> Value:
    """The number of the path that an example takes, of some that answer alike up to a depth; -1 if it takes another."""
    holds: Value | None = None
    first = found[0][1]
    while True:
        if len(first.asked) == depth:
            number: Any = np.int64(found[0][0])
            return number if holds is None else cond(holds, lambda: number, _unseen)  # noqa: B023 (called at once)
        asked = first.asked[depth]
        answers: dict[Any, list[tuple[int, Path]]] = {}
        for k, p in found:
            answers.setdefault(_plain_number(p.asked[depth].choice.answer), []).append((k, p))
        if holds is not None and not values.is_safe(first, asked.variable):
            break
        value = values.of(first, asked.variable)
        value = value.reshape(()) if shape_of(value) else value
        if len(answers) > 1:
            break
        same = is_(value, next(iter(answers)))
        holds = same if holds is None else logical_and(holds, same)
        depth += 1

    def rest() -> Value:
        value = values.of(first, asked.variable)
        value = value.reshape(()) if shape_of(value) else value
        return _among(value, list(answers.items()), depth + 1, values)

    return rest() if holds is None else cond(holds, rest, _unseen)


def _among(value: Value, answers: list[Any], depth: int, values: Values) -> Value:
    (answer, group), *others = answers
    mine = lambda: chosen(group, depth, Values({**values.known}))  # noqa: E731
    if not others:
        return cond(is_(value, answer), mine, _unseen)
    if answer is True or (answer is False and len(others) == 1):
        left, right = (mine, lambda: chosen(others[0][1], depth, Values({**values.known})))
        return cond(is_(value, answer), left, right)
    return cond(is_(value, answer), mine, lambda: _among(value, others, depth, values))


def is_(value: Value, answer: Any) -> Value:
    """Whether a value is the answer of a path."""
    if isinstance(answer, bool):
        return value if answer else logical_not(value)
    return equal(value, answer)


def _unseen() -> Value:
    return np.int64(UNSEEN)


# --- vmap ------------------------------------------------------------------------------------------------------------------


def key_of(f: Any) -> Any:
    """What a function is known by when it is traced again."""
    while True:
        inner = f.func if isinstance(f, functools.partial) else getattr(f, "__wrapped__", None)
        if inner is None:
            break
        f = inner
    code = getattr(f, "__code__", None)
    return (name_of(f),) if code is None else (code.co_filename, code.co_firstlineno, code.co_name)


def vmap_of_paths(
    mapped: Any, trace: Any, root: StagingTrace, leaves: Sequence[Value], axes: Sequence[Any], tree: Tree, before: Any
) -> Any:
    """The result of a `Vmap` in a Program that is being written, whose function asks for values.

    Args:
        mapped: the Vmap.
        trace: the one in which it ran until it asked.
        root: that of the Program.
        leaves, axes, tree: its arguments, flat, the axes along which they are mapped, and their structure.
        before: what arrays from outside of the function held that it may have written into.
    """
    f, n = mapped._f, trace.whole
    fronts = [as_array(moveaxis(x, a, 0) if a else x) for x, a in zip(leaves, axes, strict=True) if a is not None]
    avals = [Aval(shape_of(x)[1:], x.dtype) for x in fronts]

    left: Held = {}

    def run(*xs: Value) -> Any:
        hold_again(before, left)
        given = iter(xs)
        args, kwargs = trees.unflatten(
            tree,
            [next(given) if a is not None else as_now(x) for x, a in zip(leaves, axes, strict=True)],
        )
        out = in_axis(trace, lambda: f(*args, **kwargs))
        out_leaves, out_tree = trees.flatten(out)
        return trees.unflatten(out_tree, [check_output(x, f) for x in out_leaves])

    trace.parting = paths.Parting(f, n)
    trace.parting.collected.compiled = True
    history = _history(root).setdefault(key_of(f), {})
    forced = isinstance(root, PathTrace) and root.forced is not None

    def recorded() -> list[Path]:
        by_answers = {} if forced else {p.answers: p for p in discovered(run, fronts, avals, root, f)}
        for answers in [a for a in history if a not in by_answers]:
            try:
                path = stage_path(run, avals, PathTrace(root, answers), None)
            except Exception:  # it does not go that way with what it closes over here
                paths.RAISED.sign = None
                continue
            by_answers.setdefault(path.answers, path)
        return list(by_answers.values())

    found = recorded()
    if unlike(found):  # what is kept from a first run, a cache say, is there from now on
        found = recorded()
        check_alike(found)
    leave(before, left)
    if not found:
        raise OtherWay
    history.update(dict.fromkeys(p.answers for p in found))
    if len(found) > config.max_paths:
        raise _too_many(f, found)
    out_tree, types = _agreed(found)
    out_axes = broadcast_prefix(mapped.out_axes, out_tree, what="vmap: out_axes", root="the result")
    outs, numbers = _loop(f, found, types, fronts)
    _guard(all_of(numbers >= 0), root)
    results: list[Value] = []
    for k, (out, axis) in enumerate(zip(outs, out_axes, strict=True)):
        if axis is None:
            results.append(_shared(f, found, k))
        else:
            at = axis % len(shape_of(out))
            results.append(moveaxis(out, 0, at) if at else out)
    return trees.unflatten(out_tree, results)


def _history(root: StagingTrace) -> History:
    while isinstance(root, PathTrace):
        root = root.root
    if root.paths is None:
        root.paths = {}
    return root.paths


def _agreed(found: Sequence[Path]) -> tuple[Any, list[Aval]]:
    """The structure and the types of the results of all paths.

    Raises:
        TreeError, ShapeError: they differ in structure or in shape.
    """
    first = found[0]
    for p in found[1:]:
        joining.check_same_trees((first, first.tree), (p, p.tree))
    types: list[Aval] = []
    for k, mine in enumerate(first.program.out_avals):
        avals = [p.program.out_avals[k] for p in found]
        for p, a in zip(found, avals, strict=True):
            joining.check_same_shapes(first, mine.shape, p, a.shape)
        types.append(Aval(mine.shape, joining.common_dtype([(a.dtype, a.weak) for a in avals])))
    return first.tree, types


def _loop(f: Any, found: Sequence[Path], types: Sequence[Aval], fronts: Sequence[Value]) -> tuple[list[Value], Value]:
    """Results of all examples, and the numbers of their paths."""

    def leaf(path: Path) -> Callable[..., list[Value]]:
        def run(*xs: Value) -> list[Value]:
            outs = path.program.evaluate([*path.values, *xs])
            return [convert(as_array(o), t.dtype) for o, t in zip(outs, types, strict=True)]

        return run

    def nothing(*_: Value) -> list[Value]:
        return [np.zeros(t.shape, t.dtype)[()] for t in types]

    leaves = [nothing, *[leaf(p) for p in found]]

    def example(_: Any, xs: Any) -> Any:
        known: dict[Any, Value] = {("input", i): x for i, x in enumerate(xs)}
        for p in found:
            known.update({("closed", id(t)): value for (t, _), value in zip(p.closed, p.values, strict=True)})
        number = chosen(list(enumerate(found)), 0, Values(known))
        number = convert(as_array(number), np.int64)
        return (), (switch(number + 1, leaves, *xs), number)

    _, (outs, numbers) = run_scan(named(example, f), (), tuple(fronts), None, False, "vmap")
    return outs, numbers


def _guard(seen: Value, root: StagingTrace) -> None:
    """Make it a guard that all examples take one of the paths; for the call at hand they do."""
    inner: Any = seen
    while isinstance(inner, Tracer) and not isinstance(inner, StagingTracer):
        inner = inner.primal if isinstance(inner, PrimalTracer) else inner.value
    if isinstance(inner, StagingTracer) and inner._trace.examples is not None:
        inner._trace.examples[inner.atom] = np.True_
    if not bool(seen):
        raise ConcretizationError("vmap: an example takes a path that was not found")
    if isinstance(inner, StagingTracer) and inner.atom in inner._trace.guards:
        inner._trace.guards[inner.atom].decides = True


def _shared(f: Any, found: Sequence[Path], k: int) -> Value:
    """A result that is the same for all examples, whatever path they take."""
    values: list[Any] = []
    for p in found:
        atom = p.outputs[k]
        closed = [t for (_, v), t in zip(p.closed, p.values, strict=True) if v is atom]
        values.append(atom.value if isinstance(atom, Literal) else closed[0] if closed else None)
    if values[0] is None or not all(v is not None and joining.same(v, values[0]) for v in values):
        raise ArgumentError(
            f"vmap of {name_of(f)}: out_axes is None for a result that differs between examples; give it an axis, or reduce "
            f"it over the examples"
        )
    return values[0]


def _too_many(f: Any, found: Sequence[Path]) -> TooManyPathsError:
    shown = "\n".join(f"  {p.text()}" for p in found[: paths.SHOWN])
    return TooManyPathsError(
        f"jit of vmap of {name_of(f)}: there are {len(found)} ways through its Python control flow, more than the limit "
        f"(wengert.config.max_paths), and each is compiled. Use wengert.numpy.where or lax.cond for a choice and "
        f"lax.while_loop for a loop, vmap without jit, or raise the limit. Some of the ways:\n{shown}\n"
    )


__all__ = ["vmap_of_paths"]
