"""Loops for users: scan, while_loop, fori_loop. The primitives are in ops/control; what is made of scan in `mapping`,
branches in `branching`.

A body is traced once to a Program; what it closes over, traced or an array, becomes an argument, so that derivatives
reach it and a body made again by the same lines is the same Program, compiled once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Aval, Tracer, Value, as_array, as_value, aval_of, shape_of
from ..errors import ArgumentError, ConcretizationError, ShapeError
from ..ops.axes import as_length
from ..ops.casts import in_own_order
from ..ops.control.operands import LoopOperands, ScanOperands
from ..ops.control.primitives import scan_p, while_p
from ..ops.elementwise import convert
from ..ops.indexing import getitem
from ..ops.shape import stack
from ..vocabulary import Tree
from . import nans
from .bodies import Body, called, line_of, type_text
from .budgets import scan_within, while_within
from .changing import general
from .forward import check_output
from .function import check_callable, name_of, shown, values_of
from .progress import bar_of, ended, told


def _carried(
    trace: Callable[[list[Aval]], tuple[Any, Any, Sequence[Aval]]], carry: list[Value], tree: Tree, what: str, f: Any
) -> tuple[Any, list[Value]]:
    """Trace a body for what it carries, Python numbers given the dtype that they come back with.

    Args:
        trace: from the types of what is carried to the body, and the tree and types of what comes back.

    Returns:
        The body, and what is carried as strong values of its types.
    """
    carry = [in_own_order(v) for v in values_of(carry, tree, what, f, "init")]
    avals = [aval_of(x) for x in carry]
    for _ in range(8):
        body, out_tree, outs = trace(avals)
        if out_tree != tree:
            trees.check_same_structure(tree, out_tree, f"{what}: what {name_of(f)}{line_of(f)} gives for the next step")
        wider = [
            Aval(o.shape, o.dtype) if a.weak and a.shape == o.shape else a for a, o in zip(avals, outs, strict=True)
        ]
        if wider == avals:
            break
        avals = wider
    paths = trees.flatten_with_paths(trees.unflatten(tree, avals))[0]
    skip = len("[0]") if what == "fori_loop" else 0  # what the user carries is the first of what the loop does
    wrong = [
        f"{'at ' + path[skip:] + ' ' if path[skip:] else ''}it is {type_text(a)} before and {type_text(o)} after"
        for (path, _), a, o in zip(paths, avals, outs, strict=True)
        if a.shape != o.shape or a.dtype != o.dtype
    ]
    if wrong:
        raise ShapeError(
            f"{what}: the types of what is carried must stay the same in {name_of(f)}{line_of(f)}: "
            f"{'; '.join(wrong)}. Convert it before the loop, or the new value with astype or reshape"
        )
    return body, [convert(as_array(x), a.dtype) for x, a in zip(carry, avals, strict=True)]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    *,
    checkpoint: str | int | None = None,
    budget: int | None = None,
    progress: bool = False,
) -> tuple[Any, Any]:
    """A loop over the first axis of arrays that carries a value along and stacks what each step gives.

    Args:
        f: ``(carry, x) -> (carry, y)`` on pytrees; the carried types stay the same.
        init: the first carry.
        xs: a pytree of arrays of one length, of which each step gets a slice; None where there are none.
        length: the number of steps, needed where `xs` has no arrays.
        reverse: whether the last slices come first; ``ys`` are in the order of ``xs`` all the same.
        unroll: accepted for code written for JAX; the compiler chooses.
        checkpoint: None keeps what the reverse pass needs of every step; a number cuts the loop into so many segments,
            keeps what is carried into each and computes the rest again, once; "auto" keeps within `budget`, with as many
            steps computed again as binomial checkpointing needs (Griewank and Walther, 2000).
        budget: with "auto", how many bytes the reverse pass may keep; `config.checkpoint_bytes` by default.
        progress: whether standard error shows how far the loop is, also a compiled one (with rich where it is installed).

    Returns:
        ``(carry, ys)``, each array of ``ys`` with the steps along its first axis.

    Raises:
        TreeError, ShapeError: the carry changes its structure, a shape or a dtype; the lengths differ.
        ArgumentError: there is no length, or `f` does not return a pair; the budget is too small.

    Example:
        >>> import numpy as np
        >>> total, sums = scan(lambda total, x: (total + x, total + x), 0.0, np.array([1.0, 2.0, 3.0]))
        >>> float(total), sums
        (6.0, array([1., 3., 6.]))
    """
    __tracebackhide__ = True
    try:
        if progress:
            return _scan_told(f, init, xs, length, reverse, checkpoint, budget)
        return run_scan(f, init, xs, length, reverse, checkpoint=checkpoint, budget=budget)
    except Exception as error:
        raise shown(error)


def _scan_told(f: Any, init: Any, xs: Any, length: Any, reverse: bool, checkpoint: Any, budget: Any) -> Any:
    """A scan that counts its steps and tells of them."""
    check_callable(f, "scan")
    paths, tree = trees.flatten_with_paths(xs)
    slices = [as_array(x) for x in values_of([x for _, x in paths], tree, "scan", f, "xs")]
    bar = bar_of(f"scan of {name_of(f)}", steps_of(length, slices, [path for path, _ in paths], "scan"))

    def step(carry: Any, x: Any) -> Any:
        told(bar, carry[1])
        out = f(carry[0], x)
        if not isinstance(out, (tuple, list)) or len(out) != 2:
            raise _no_pair("scan", f, out)
        return (out[0], carry[1] + 1), out[1]

    begin = (init, np.int64(0))
    (carry, i), ys = run_scan(named(step, f), begin, xs, length, reverse, checkpoint=checkpoint, budget=budget)
    ended(bar, i)
    return carry, ys


def run_scan(
    f: Any,
    init: Any,
    xs: Any,
    length: int | None,
    reverse: bool,
    what: str = "scan",
    checkpoint: Any = None,
    budget: Any = None,
) -> tuple[Any, Any]:
    check_callable(f, what)
    carry, tree = trees.flatten(init)
    paths, xs_tree = trees.flatten_with_paths(xs)
    slices = [as_array(x) for x in values_of([x for _, x in paths], xs_tree, what, f, "xs")]
    n = steps_of(length, slices, [path for path, _ in paths], what)
    if n and config.debugging and nans.loops_are_python():
        rows_of = [[getitem(x, i) for x in slices] for i in range(n)]
        return _scan_in_python(
            f, carry, tree, [trees.unflatten(trees.structure(xs), r) for r in rows_of], reverse, what
        )
    pair = trees.structure((init, xs))
    rows = [Aval(shape_of(x)[1:], x.dtype) for x in slices]

    def trace(avals: list[Aval]) -> Any:
        body = Body(f, pair, [*avals, *rows], what)
        example = trees.unflatten(body.tree, body.program.out_avals)
        if not isinstance(example, (tuple, list)) or len(example) != 2:
            raise _no_pair(what, f, example)
        out_tree = trees.structure(example[0])
        return (body, trees.structure(example[1])), out_tree, body.program.out_avals[: out_tree.num_leaves]

    (body, ys_tree), carry = _carried(trace, carry, tree, what, f)
    program, numbers = general(body.program)
    args = [*numbers, *body.closed, *carry, *slices]
    step = {
        "body": program,
        "operands": ScanOperands(len(numbers) + len(body.closed), len(carry), len(slices)),
        "length": n,
        "reverse": bool(reverse),
    }
    if checkpoint is None:
        outs = scan_p.bind(*args, **step)
    else:
        outs = scan_within(args, step, checkpoint, budget, what)
    return trees.unflatten(tree, outs[: len(carry)]), trees.unflatten(ys_tree, outs[len(carry) :])


def _scan_in_python(
    f: Any, carry: list[Value], tree: Tree, rows: list[Any], reverse: bool, what: str
) -> tuple[Any, Any]:
    state, ys = trees.unflatten(tree, [as_array(x) for x in carry]), []
    for x in reversed(rows) if reverse else rows:
        out = f(state, x)
        if not isinstance(out, (tuple, list)) or len(out) != 2:
            raise _no_pair(what, f, out)
        trees.check_same_structure(tree, trees.structure(out[0]), f"{what}: what {name_of(f)}{line_of(f)} carries on")
        state = trees.map(lambda v: as_array(check_output(v, f)), out[0])
        ys.append(out[1])
    flat = [trees.leaves(y) for y in (reversed(ys) if reverse else ys)]
    stacked = [stack([as_array(check_output(v, f)) for v in column]) for column in zip(*flat, strict=True)]
    return state, trees.unflatten(trees.structure(ys[0]), stacked)


def _no_pair(what: str, f: Any, got: Any) -> ArgumentError:
    length = f" of length {len(got)}" if isinstance(got, (tuple, list)) else ""
    kind = "an array or a number" if isinstance(got, (Aval, Tracer, np.ndarray, np.generic)) else type(got).__name__
    return ArgumentError(
        f"{what}: {name_of(f)}{line_of(f)} must return a pair (carry, y), got {'None' if got is None else kind}{length}: write "
        f"`return carry, y`, or `return carry, None` where a step gives nothing"
    )


def steps_of(length: Any, xs: Sequence[Value], paths: Sequence[str], what: str) -> int:
    sizes: dict[int, str] = {}
    for x, path in zip(xs, paths, strict=True):
        if not shape_of(x):
            raise ShapeError(f"{what}: xs{path} is a single number; each array needs the steps along its first axis")
        sizes.setdefault(shape_of(x)[0], f"xs{path}")
    if length is not None:
        sizes.setdefault(as_length(length, f"{what}: length"), "length")
    if len(sizes) > 1:
        listed = ", ".join(f"{n} ({where})" for n, where in sizes.items())
        raise ShapeError(f"{what}: the numbers of steps differ: {listed}")
    if not sizes:
        raise ArgumentError(f"{what}: xs has no arrays, so give the number of steps as length")
    return next(iter(sizes))


def while_loop(
    cond_fun: Callable[[Any], Any],
    body_fun: Callable[[Any], Any],
    init_val: Any,
    *,
    checkpoint: str | int | None = None,
    budget: int | None = None,
) -> Any:
    """``val = init_val``, then ``val = body_fun(val)`` as long as ``cond_fun(val)``.

    It can be differentiated in both modes: reverse mode runs the loop once more and keeps what each step needs.

    Args:
        cond_fun: from what is carried to one boolean.
        body_fun: from what is carried, a pytree, to the next, of the same types.
        init_val: the first.
        checkpoint: None keeps what the reverse pass needs of every step; a number makes segments of so many steps, and
            what is carried into each is kept as far as `config.checkpoint_bytes` go; "auto" keeps within `budget`, half
            of it for a last segment. What is not kept is computed again as rarely as can be where the number of steps
            is not known beforehand (Wang, Moin and Iaccarino, 2009).
        budget: with "auto", how many bytes the reverse pass may keep; `config.checkpoint_bytes` by default.

    Raises:
        TreeError, ShapeError: the carry changes its structure, a shape or a dtype.
        ArgumentError: the condition is not one boolean; the budget is too small.

    Example:
        >>> import wengert
        >>> root = lambda a: while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)
        >>> round(float(root(2.0)), 12), round(float(wengert.grad(root)(2.0)), 12)
        (1.414213562373, 0.353553390593)
    """
    __tracebackhide__ = True
    try:
        return _while(cond_fun, body_fun, init_val, "while_loop", checkpoint, budget)
    except Exception as error:
        raise shown(error)


def _while(
    cond_fun: Any,
    body_fun: Any,
    init_val: Any,
    what: str,
    checkpoint: Any = None,
    budget: Any = None,
    length: int | None = None,
) -> Any:
    check_callable(cond_fun, what)
    check_callable(body_fun, what)
    carry, tree = trees.flatten(init_val)
    if config.debugging and nans.loops_are_python():
        state = trees.map(as_array, init_val)
        try:
            while cond_fun(state):
                state = body_fun(state)
                trees.check_same_structure(tree, trees.structure(state), f"{what}: what {name_of(body_fun)} carries on")
            return trees.map(as_array, state)
        except ConcretizationError:
            pass  # a batch, of which each example has its own number of steps
    one = trees.structure((init_val,))

    def trace(avals: list[Aval]) -> Any:
        body = Body(body_fun, one, avals, what)
        return body, body.tree, body.program.out_avals

    body, carry = _carried(trace, carry, tree, what, body_fun)
    cond = Body(cond_fun, one, [aval_of(x) for x in carry], what)
    found = cond.program.out_avals
    if cond.tree is not trees.LEAF or found[0].shape != () or found[0].dtype.kind != "b":
        given = ", ".join(map(type_text, found)) if cond.tree is trees.LEAF else "a tree of values"
        raise ArgumentError(
            f"{what}: the condition {name_of(cond_fun)}{line_of(cond_fun)} must give one boolean, got {given}"
        )
    (test, limits), (program, numbers) = general(cond.program), general(body.program)
    args = [*limits, *cond.closed, *numbers, *body.closed, *carry]
    step = {
        "cond": test,
        "body": program,
        "operands": LoopOperands(len(limits) + len(cond.closed), len(numbers) + len(body.closed), len(carry)),
    }
    if checkpoint is None:
        outs = while_p.bind(*args, **step)
    else:
        outs = while_within(args, step, checkpoint, budget, what, length)
    return trees.unflatten(tree, outs)


def fori_loop(
    lower: Value,
    upper: Value,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: Any = None,
    checkpoint: str | int | None = None,
    budget: int | None = None,
    progress: bool = False,
) -> Any:
    """``val = init_val``, then ``val = body_fun(i, val)`` for each i from `lower` to `upper`, which is left out.

    Args:
        lower, upper: integers; they may be traced.
        body_fun: ``(i, val) -> val`` on pytrees; the types stay the same.
        init_val: the first value.
        unroll: accepted for code written for JAX; the compiler chooses.
        checkpoint, budget: as for `scan` where both bounds are known, as for `while_loop` otherwise.
        progress: as for `scan`.

    Example:
        >>> import numpy as np
        >>> fori_loop(0, 3, lambda i, x: x * 2 + i, np.ones(2))
        array([12., 12.])
    """
    __tracebackhide__ = True
    try:
        if progress:
            check_callable(body_fun, "fori_loop")
            known = not isinstance(lower, Tracer) and not isinstance(upper, Tracer)
            total = max(int(upper) - int(lower), 0) if known else None
            bar = bar_of(f"fori_loop of {name_of(body_fun)}", total)

            def body(i: Any, value: Any) -> Any:
                told(bar, i - lower)
                return body_fun(i, value)

            out = _fori(lower, upper, named(body, body_fun), init_val, checkpoint, budget)
            ended(bar, upper - lower)
            return out
        return _fori(lower, upper, body_fun, init_val, checkpoint, budget)
    except Exception as error:
        raise shown(error)


def _fori(lower: Value, upper: Value, body_fun: Any, init_val: Any, checkpoint: Any, budget: Any) -> Any:
    check_callable(body_fun, "fori_loop")
    for bound in (lower, upper):
        if aval_of(as_value(bound)).dtype.kind not in "iu" or shape_of(as_value(bound)):
            raise ArgumentError(f"fori_loop: the bounds are integers, got {bound!r}")

    def step(i: Value, val: Any) -> Any:
        out = called(body_fun, "fori_loop", i, val)
        what = f"fori_loop: what {name_of(body_fun)}{line_of(body_fun)} gives for the next step"
        trees.check_same_structure(trees.structure(val), trees.structure(out), what)
        return out

    known = not isinstance(lower, Tracer) and not isinstance(upper, Tracer)
    n = max(int(upper) - int(lower), 0) if known else None
    dtype = np.result_type(aval_of(as_array(lower)).dtype, aval_of(as_array(upper)).dtype)
    dtype = dtype if dtype.kind in "iu" else config.int_dtype  # of signed and unsigned ones of 64 bits it is a float
    if known and any(isinstance(x, Tracer) for x in trees.leaves(init_val)):
        counted = named(lambda c, _: ((step(c[1], c[0]), c[1] + 1), None), body_fun)
        return run_scan(
            counted, (init_val, convert(as_array(lower), dtype)), None, n, False, "fori_loop", checkpoint, budget
        )[0][0]
    i, end = as_array(lower), as_array(upper)
    i, end = convert(i, dtype), convert(end, dtype)
    counted = named(lambda c: (step(c[1], c[0]), c[1] + 1, c[2]), body_fun)
    return _while(lambda c: c[1] < c[2], counted, (init_val, i, end), "fori_loop", checkpoint, budget, n)[0]


def named(f: Any, user: Any) -> Any:
    f.__name__ = name_of(user)
    f.__wrapped__ = user
    return f


__all__ = ["fori_loop", "named", "run_scan", "scan", "steps_of", "while_loop"]
