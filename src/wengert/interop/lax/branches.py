"""Branches of `jax.lax`: `cond` and `switch`, whose results are as weak as those of the branch of number 0."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import lax as ours
from ... import trees
from ...config import config
from ...core import PYTHON_SCALARS, Tracer
from ...errors import ShapeError, TreeError
from ...transforms.bodies import line_of
from ...transforms.function import name_of
from ...transforms.jit import eval_shape
from ..array import Array, kind_of, wrap
from ..border import lift, lower, lowered
from ..jax_modules.ref import begins, carrying, closed_over, refs_in
from ..searches import named
from ..wording import worded
from .weakness import marked, of_numbers

_weak_results: OrderedDict[Any, tuple[bool, ...]] = OrderedDict()  # of branches of the same code and arguments
_MOST = 1024


def _agreed(what: str, branches: Sequence[Callable[..., Any]], operands: Sequence[Any]) -> tuple[bool, ...]:
    """Which leaves of the branches' results are weak: those that are so in the branch of number 0, that of False.

    Raises:
        TypeError: the results differ in structure, shapes or dtypes.
    """
    leaves, tree = trees.flatten(tuple(operands))
    kinds = tuple((kind_of(x), np.shape(x) if type(x) is not Array else x.shape) for x in leaves)
    codes = tuple(_closed_over(b) for b in branches)
    key = (codes, tree, kinds, bool(config._x64))
    if None not in codes and key in _weak_results:
        return _weak_results[key]
    results = [_result_kinds(b, leaves, tree) for b in branches]
    first_tree, first = results[0]
    for b, (other_tree, other) in zip(branches[1:], results[1:], strict=True):
        names = f"{name_of(branches[0])}{line_of(branches[0])} and {name_of(b)}{line_of(b)}"
        if other_tree != first_tree:
            raise TreeError(
                f"{what} branch outputs must have the same pytree structure, but they differ:\n\n{names} give {first_tree} and "
                f"{other_tree}"
            )
        for (d, _, shape), (e, _, other_shape) in zip(first, other, strict=True):
            if d != e or shape != other_shape:
                raise ShapeError(
                    f"{what} branches must have equal output types but they differ.\n\n{names} give {d}{list(shape)} and "
                    f"{e}{list(other_shape)}"
                )
    weak = tuple(w for _, w, _ in results[-1 if what == "cond" else 0][1])
    if None not in codes:
        _weak_results[key] = weak
        if len(_weak_results) > _MOST:
            _weak_results.popitem(last=False)
    return weak


def _closed_over(f: Any, depth: int = 3) -> Any:
    """What the types of a function's results depend on beside its arguments: its code, and the types of what it closes over.
    None where that is not known.
    """
    f = getattr(f, "searched", f)
    code = getattr(f, "__code__", None)
    if code is None or not depth:
        return None
    found: Any = [code]
    try:
        for x in [*[c.cell_contents for c in f.__closure__ or ()], *(f.__defaults__ or ())]:
            if isinstance(x, types.FunctionType):
                inner = _closed_over(x, depth - 1)
                if inner is None:
                    return None
                found.append(inner)
                continue
            leaves, tree = trees.flatten(x)
            for leaf in leaves:
                if type(leaf) is Array:
                    found.append((leaf.shape, leaf.dtype, leaf._weak))
                elif isinstance(leaf, (np.ndarray, np.generic, Tracer)):
                    found.append((leaf.shape, leaf.dtype))
                elif type(leaf) in (*PYTHON_SCALARS, str, bytes, type(None)):
                    found.append((type(leaf), leaf))
                else:
                    return None
            found.append(tree)
        found = tuple(found)
        hash(found)
    except (TypeError, ValueError, AttributeError):
        return None
    return found


class _Kinds:
    """Branches that note which leaves of their results are weak, whenever they are traced."""

    def __init__(self, branches: Sequence[Callable[..., Any]]) -> None:
        self.weak: list[list[bool]] = [[] for _ in branches]
        self.branches = [self._noting(k, f) for k, f in enumerate(branches)]

    def _noting(self, k: int, f: Callable[..., Any]) -> Any:
        def branch(*operands: Any) -> Any:
            out = of_numbers(f(*operands))
            self.weak[k] = [kind_of(x)[1] for x in trees.leaves(out)]
            return out

        return lowered(named(branch, f))


def _result_kinds(f: Callable[..., Any], leaves: Sequence[Any], tree: Any) -> tuple[Any, list[Any]]:
    """The structure of a function's result, and the dtype, weakness and shape of each of its leaves."""
    seen: list[Any] = []

    def once(*given: Any) -> Any:
        args = [wrap(v, type(x) is Array and x._weak) for v, x in zip(given, leaves, strict=True)]
        out = f(*trees.unflatten(tree, args))
        found, out_tree = trees.flatten(of_numbers(out))
        seen[:] = [out_tree, [(*kind_of(x), tuple(np.shape(lower(x)))) for x in found]]
        return [lower(x) for x in found]

    eval_shape(once, *[lower(x) for x in leaves])
    return seen[0], seen[1]


_NOTHING: Any = object()


@worded
def cond(pred: Any, true_fun: Any, false_fun: Any, *operands: Any, operand: Any = _NOTHING, linear: Any = None) -> Any:
    """``true_fun(*operands)`` where `pred` holds, ``false_fun(*operands)`` otherwise.

    Args:
        pred: a scalar.
        true_fun, false_fun: functions whose results have the same structure, shapes and dtypes.
        operands: their arguments, pytrees; or the one argument as `operand`.

    Raises:
        TypeError: `pred` is no scalar, a function is none, or the results differ.
    """
    if not callable(true_fun) and len(operands) == 2 and callable(false_fun) and callable(operands[1]):
        return cond(pred, lambda pair: false_fun(pair[0]), lambda pair: operands[1](pair[1]), (true_fun, operands[0]))
    if operand is not _NOTHING:
        if operands:
            raise TypeError("if 'operand' keyword is passed then no positional operands can be passed")
        operands = (operand,)
    if not (callable(true_fun) and callable(false_fun)):
        raise TypeError("lax.cond: true_fun and false_fun arguments should be callable.")
    if pred is None:
        raise TypeError("cond predicate is None")
    if isinstance(pred, (str, bytes, list, tuple, dict)):
        raise TypeError(f"Pred must be a scalar, got {pred} of type {type(pred)}")
    if np.shape(lower(pred)):
        raise TypeError(f"Pred must be a scalar, got {pred} of shape {np.shape(lower(pred))}.")
    if kind_of(pred)[0].kind not in "biufV":
        raise TypeError(f"Pred type must be either boolean or number, got {kind_of(pred)[0]}.")
    if begins():
        if refs_in(operands):
            (true_fun, _), (false_fun, operands) = (closed_over(f, operands) for f in (true_fun, false_fun))
        return carrying(
            lambda *fs: cond(pred, *fs, *operands),
            lambda values, *fs: cond(pred, *fs, values, *operands),
            true_fun,
            false_fun,
        )
    given = [of_numbers(x) for x in operands]
    if isinstance(lower(pred), Tracer):
        kinds = _Kinds((true_fun, false_fun))
        out = ours.cond(lower(pred), *kinds.branches, *lower(given, True))
        return marked(lift(out), kinds.weak[1])  # as those of the branch of number 0
    weak = _agreed("cond", (true_fun, false_fun), given)
    functions = [_branch(f) for f in (true_fun, false_fun)]
    return marked(lift(ours.cond(lower(pred), *functions, *lower(given, True))), list(weak))


def _branch(f: Callable[..., Any]) -> Callable[..., Any]:
    """A branch whose results are arrays."""
    return lowered(named(lambda *operands: of_numbers(f(*operands)), f))


@worded
def switch(index: Any, branches: Any, *operands: Any, operand: Any = _NOTHING) -> Any:
    """``branches[index](*operands)``; an index out of range is moved into it.

    Args:
        index: a scalar integer.
        branches: functions whose results have the same structure, shapes and dtypes.
        operands: their arguments, pytrees; or the one argument as `operand`.

    Raises:
        TypeError: `index` is no scalar integer, a branch is no function, or the results differ.
        ValueError: there are no branches.
    """
    if operand is not _NOTHING:
        if operands:
            raise TypeError("if 'operand' keyword is passed then no positional operands can be passed")
        operands = (operand,)
    branches = list(branches)
    if not all(callable(b) for b in branches):
        raise TypeError("lax.switch: branches argument should be a sequence of callables.")
    if branches and np.shape(lower(index)):
        raise TypeError(f"Branch index must be scalar, got {index} of shape {np.shape(lower(index))}.")
    if branches and kind_of(index)[0].kind not in "iu":
        raise TypeError(f"Index type must be an integer, got {index} as {kind_of(index)[0]}")
    if not branches:
        raise ValueError("Empty branch sequence")
    if begins():
        if refs_in(operands):
            pairs = [closed_over(b, operands) for b in branches]
            branches, operands = [b for b, _ in pairs], pairs[0][1]
        return carrying(
            lambda *fs: switch(index, fs, *operands),
            lambda values, *fs: switch(index, fs, values, *operands),
            *branches,
        )
    given = [of_numbers(x) for x in operands]
    if isinstance(lower(index), Tracer) and len(branches) > 1:
        noted = _Kinds(branches)
        out = ours.switch(lower(index), noted.branches, *lower(given, True))
        return marked(lift(out), noted.weak[0])
    weak = _agreed("switch", branches, given)
    return marked(lift(ours.switch(lower(index), [_branch(b) for b in branches], *lower(given, True))), list(weak))


__all__ = ["cond", "switch"]
