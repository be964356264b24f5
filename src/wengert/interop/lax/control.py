"""Loops and branches of `jax.lax`: what starts weak takes the dtype that the body makes of it, and stays weak where it can."""

from __future__ import annotations

import contextlib
import types
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import lax as ours
from ... import trees
from ...config import config
from ...core import PYTHON_SCALARS, Tracer, as_array, as_value
from ...errors import ShapeError, TreeError, WengertError
from ...transforms.bodies import line_of
from ...transforms.control import steps_of
from ...transforms.function import name_of
from ...transforms.jit import eval_shape
from ..array import Array, in_dtype, kind_of, wrap
from ..border import TREES, bordered, lift, lower, lowered, lowered_with
from ..jax_modules.numpy import array
from ..jax_modules.ref import begins, carrying, closed_over, refs_in
from ..promotion import joined
from ..searches import named
from ..wording import worded


def _wide(init: Any, step: Callable[[Any], Any]) -> tuple[Any, list[bool], list[bool]]:
    """What a loop carries, lowered, and which leaves are weak in its body and after it: weak ones take the dtypes that
    `step` makes of them.

    Args:
        init: what is carried first.
        step: the carry after a step, from that before it.
    """
    leaves, tree = trees.flatten(init)
    kinds = [kind_of(x) for x in leaves]
    values = [
        in_dtype(x, k[0]) if type(x) in (Array, *PYTHON_SCALARS) else as_value(x)
        for x, k in zip(leaves, kinds, strict=True)
    ]
    if not any(weak for _, weak in kinds):
        return lowered_with(init, values), [False] * len(leaves), [False] * len(leaves)
    seen: list[Any] = []
    for _ in range(4):
        seen = []

        def once(*given: Any, kinds: Any = kinds, seen: Any = seen) -> Any:
            carry = trees.unflatten(tree, [wrap(v, weak) for v, (_, weak) in zip(given, kinds, strict=True)])
            out = trees.leaves(step(carry))
            seen[:] = [kind_of(x) for x in out]
            return [lower(x) for x in out]

        eval_shape(once, *values)
        if len(seen) != len(kinds):
            break
        met = [k if not k[1] or k[0] == s[0] else (joined(k, s)[0], False) for k, s in zip(kinds, seen, strict=True)]
        if met == kinds:
            break
        values = [in_dtype(v, k[0]) for v, k in zip(values, met, strict=True)]
        kinds = met
    after = (
        [k[1] and s[1] for k, s in zip(kinds, seen, strict=True)] if len(seen) == len(kinds) else [k[1] for k in kinds]
    )
    return lowered_with(init, values), [weak for _, weak in kinds], after


def _at_once(
    init: Any, run: Callable[[Any, list[bool], Callable[[Any], Any]], Any], step: Callable[[Any], Any]
) -> tuple[Any, Any]:
    """A loop whose body is traced once where weak leaves of what it carries keep their dtypes.

    Args:
        init: what is carried first.
        run: the loop, given the lowered carry, which of its leaves are weak in the body, and what the carries that the body
            gives go through.
        step: the carry after a step, from that before it.

    Returns:
        The carry at the end, its leaves weak where they are so throughout, and what `run` gave beside it.
    """
    leaves = trees.leaves(init)
    kinds = [kind_of(x) for x in leaves]
    seen: list[Any] = []

    def noted(out: Any) -> Any:
        seen[:] = [kind_of(x) for x in trees.leaves(out)]
        return out

    if any(weak for _, weak in kinds):
        values = [
            in_dtype(x, k[0]) if type(x) in (Array, *PYTHON_SCALARS) else as_value(x)
            for x, k in zip(leaves, kinds, strict=True)
        ]
        with contextlib.suppress(WengertError):  # of dtypes that do not stay, or of the body, where it comes again
            out, more = run(lowered_with(init, values), [weak for _, weak in kinds], noted)
            if [k[0] for k in seen] == [k[0] for k in kinds]:
                return _marked(lift(out), [k[1] and s[1] for k, s in zip(kinds, seen, strict=True)]), more
    carry, weak, after = _wide(init, step)
    out, more = run(carry, weak, noted)
    return _marked(lift(out), after), more


def _marked(tree: Any, weak: list[bool]) -> Any:
    """A carry for the user, its leaves weak where they are."""
    leaves, treedef = trees.flatten(tree)
    return trees.unflatten(
        treedef, [wrap(lower(x), w) if type(x) is Array else lift(x, w) for x, w in zip(leaves, weak, strict=True)]
    )


@worded
def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, *, unroll: Any = None) -> Any:
    """`wengert.lax.fori_loop`; what is carried and weak takes the dtype that the body makes of it.

    Raises:
        TypeError: the bounds are no integers of one dtype.
    """
    if not callable(body_fun):
        raise TypeError("lax.fori_loop: body_fun argument should be callable.")
    low, high = kind_of(lower), kind_of(upper)
    known = not any(isinstance(_lower(x), Tracer) for x in (lower, upper))
    if any(k[0].kind not in "iu" for k in (low, high)) or (low[0] != high[0] and not (low[1] or high[1])):
        raise TypeError(f"lower and upper arguments to fori_loop must have equal types, got {low[0]} and {high[0]}")
    if unroll is not None and not isinstance(unroll, bool) and int(unroll) < 1:
        raise ValueError(f"`unroll` must be a `bool` or a positive `int`, got {unroll}")
    if unroll not in (None, False, 1) and not known:
        raise ValueError("Can only use `unroll` in `fori_loop` if the loop bounds are statically known.")
    counts = known or (low[1] and high[1])  # known bounds count as Python's numbers do
    if known:
        lower, upper = int(_lower(lower)), int(_lower(upper))
    dtype = config.int_dtype if known else joined(low, high)[0]
    counter = wrap(in_dtype(0, dtype), counts)
    if begins():

        def carried(values: Any, step: Any) -> Any:
            body = named(lambda i, c: step(c[1], i, c[0]), body_fun)
            return fori_loop(lower, upper, body, (init_val, values), unroll=unroll)

        return carrying(lambda f: fori_loop(lower, upper, f, init_val, unroll=unroll), carried, body_fun)
    options: dict[str, Any] = {} if unroll is None else {"unroll": unroll}

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        if any(weak) or counts or not known:
            body = lowered(
                named(lambda i, c: noted(body_fun(wrap(in_dtype(i, dtype), counts), _marked(c, weak))), body_fun)
            )
        else:
            body = lowered(body_fun)
        return ours.fori_loop(in_dtype(lower, dtype), in_dtype(upper, dtype), body, carry, **options), None

    return _at_once(init_val, run, lambda c: body_fun(counter, c))[0]


_lower = lower


@worded
def while_loop(cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any:
    """`wengert.lax.while_loop`; what is carried and weak takes the dtype that the body makes of it.

    Raises:
        TypeError: a function cannot be called.
    """
    if not (callable(cond_fun) and callable(body_fun)):
        raise TypeError("lax.while_loop: body_fun and cond_fun arguments should be callable.")
    if begins():

        def carried(values: Any, test: Any, step: Any) -> Any:
            holds = named(lambda c: test(c[1], c[0])[0], cond_fun)
            return while_loop(holds, named(lambda c: step(c[1], c[0]), body_fun), (init_val, values))

        return carrying(lambda *fs: while_loop(*fs, init_val), carried, cond_fun, body_fun)

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        if not any(weak):
            return ours.while_loop(lowered(cond_fun), lowered(body_fun), carry), None
        cond = lowered(named(lambda c: cond_fun(_marked(c, weak)), cond_fun))
        body = lowered(named(lambda c: noted(body_fun(_marked(c, weak))), body_fun))
        return ours.while_loop(cond, body, carry), None

    return _at_once(init_val, run, body_fun)[0]


@worded
def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False,
    unroll: int | bool = 1, _split_transpose: bool = False, **options: Any,
) -> Any:  # fmt: skip
    """`wengert.lax.scan`; what is carried and weak takes the dtype that the body makes of it.

    Args:
        f, init, xs, length, reverse: as there.
        unroll, _split_transpose: taken; the compiler chooses.
        options: `checkpoint` and `budget`, as there.
    """
    taken = trees.map(as_array, lower(xs, TREES))
    if not callable(f):
        raise TypeError("lax.scan: f argument should be a callable.")
    if not isinstance(unroll, (int, np.integer)) or unroll < 0:
        raise ValueError("`unroll` must be a `bool` or a non-negative `int`.")
    paths = trees.flatten_with_paths(taken)[0]
    steps_of(length, [x for _, x in paths], [path for path, _ in paths], "scan")
    first = lift(trees.map(lambda x: x[0] if len(x) else np.zeros(x.shape[1:], x.dtype), taken))
    if begins():

        def carried(values: Any, step: Any) -> Any:
            def body(c: Any, x: Any) -> Any:
                out, last = step(c[1], c[0], x)
                return (_carried(out), last), out[1]

            (end, values), ys = scan(named(body, f), (init, values), xs, length, reverse, unroll, **options)
            return (end, ys), values

        return carrying(lambda f: scan(f, init, xs, length, reverse, unroll, **options), carried, f)

    def run(carry: Any, weak: list[bool], noted: Any) -> Any:
        def body(c: Any, x: Any) -> Any:
            out = f(_marked(c, weak), x)
            noted(_carried(out))
            return _pair(out)

        return ours.scan(lowered(named(body, f)), carry, taken, length, reverse, **options)

    out, ys = _at_once(init, run, lambda c: _carried(f(c, first)))
    return out, lift(ys)


def _carried(out: Any) -> Any:
    """What a step of a scan carries on.

    Raises:
        TypeError: the step gives no pair.
    """
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError(f"scan body output must be a pair, got {trees.map(lambda x: _aval(x), out)}.")
    return out[0]


def _aval(x: Any) -> Any:
    return str(x.aval) if type(x) is Array else x


def _pair(out: Any) -> Any:
    """What a step of a scan gives, results of a weak dtype marked."""
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        return out
    return out[0], lower(_of_numbers(out[1]), True)


def _of_numbers(out: Any) -> Any:
    """A tree with weak arrays for Python's numbers."""
    return trees.map(lambda v: array(v) if type(v) in PYTHON_SCALARS else v, out)


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
            out = _of_numbers(f(*operands))
            self.weak[k] = [kind_of(x)[1] for x in trees.leaves(out)]
            return out

        return lowered(named(branch, f))


def _result_kinds(f: Callable[..., Any], leaves: Sequence[Any], tree: Any) -> tuple[Any, list[Any]]:
    """The structure of a function's result, and the dtype, weakness and shape of each of its leaves."""
    seen: list[Any] = []

    def once(*given: Any) -> Any:
        args = [wrap(v, type(x) is Array and x._weak) for v, x in zip(given, leaves, strict=True)]
        out = f(*trees.unflatten(tree, args))
        found, out_tree = trees.flatten(_of_numbers(out))
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
    given = [_of_numbers(x) for x in operands]
    if isinstance(lower(pred), Tracer):
        kinds = _Kinds((true_fun, false_fun))
        out = ours.cond(lower(pred), *kinds.branches, *lower(given, True))
        return _marked(lift(out), kinds.weak[1])  # as those of the branch of number 0
    weak = _agreed("cond", (true_fun, false_fun), given)
    functions = [_branch(f) for f in (true_fun, false_fun)]
    return _marked(lift(ours.cond(lower(pred), *functions, *lower(given, True))), list(weak))


def _branch(f: Callable[..., Any]) -> Callable[..., Any]:
    """A branch whose results are arrays."""
    return lowered(named(lambda *operands: _of_numbers(f(*operands)), f))


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
    given = [_of_numbers(x) for x in operands]
    if isinstance(lower(index), Tracer) and len(branches) > 1:
        noted = _Kinds(branches)
        out = ours.switch(lower(index), noted.branches, *lower(given, True))
        return _marked(lift(out), noted.weak[0])
    weak = _agreed("switch", branches, given)
    return _marked(lift(ours.switch(lower(index), [_branch(b) for b in branches], *lower(given, True))), list(weak))


# --- what is made of scan, and solutions ------------------------------------------------------------------------


@worded
def map(f: Callable[..., Any], xs: Any, *, batch_size: int | None = None) -> Any:  # noqa: A001
    """`f` of each slice of `xs` along the first axis, stacked: one after another, or `batch_size` at once."""
    if begins():

        def carried(values: Any, step: Any) -> Any:
            last, out = scan(named(lambda c, x: step(c, x)[::-1], f), values, xs)
            return out, last

        return carrying(lambda f: map(f, xs, batch_size=batch_size), carried, f)
    function = named(lambda x: lower(_of_numbers(f(x)), True), f)
    return lift(ours.map(lowered(function), lower(xs, TREES), batch_size=batch_size or None))


_associative_scan = bordered(ours.associative_scan)


@worded
def associative_scan(fn: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """`wengert.lax.associative_scan`: running results of an associative operation.

    Raises:
        TypeError: `fn` is no function.
        ValueError: lengths differ along the axis.
    """
    if not callable(fn):
        raise TypeError("lax.associative_scan: fn argument should be callable.")
    return _associative_scan(fn, elems, reverse, axis)


def _fits(name: str, out: Any, guess: Any) -> Any:
    """What a function of `custom_root` gives.

    Raises:
        TypeError: it has another structure than the guess.
    """
    got, expected = trees.structure(out), trees.structure(guess)
    if got != expected:
        texts = [str(t).replace("PyTreeSpec", "PyTreeDef") for t in (got, expected)]
        raise TypeError(f"{name}() output pytree structure must match initial_guess, got {texts[0]} and {texts[1]}.")
    return out


_custom_root = bordered(ours.custom_root)


@worded
def custom_root(
    f: Callable[..., Any], initial_guess: Any, solve: Callable[..., Any], tangent_solve: Callable[..., Any],
    has_aux: bool = False,
) -> Any:  # fmt: skip
    """`wengert.lax.custom_root`: a root of `f` with the derivative of the implicit function theorem; as weak as the guess.

    Raises:
        TypeError: `f` or `solve` gives another structure than that of the guess.
    """

    def solved(given: Any, guess: Any) -> Any:
        out = solve(lambda x: _fits("f", given(x), initial_guess), guess)
        _fits("solve", out[0] if has_aux and isinstance(out, (tuple, list)) else out, initial_guess)
        return out

    out = _custom_root(f, initial_guess, solved, tangent_solve, has_aux)
    weak = [kind_of(x)[1] for x in trees.leaves(initial_guess)]
    return (_marked(out[0], weak), out[1]) if has_aux else _marked(out, weak)


custom_linear_solve = worded(bordered(ours.custom_linear_solve))

__all__ = [
    "associative_scan",
    "cond",
    "custom_linear_solve",
    "custom_root",
    "fori_loop",
    "map",
    "scan",
    "switch",
    "while_loop",
]
