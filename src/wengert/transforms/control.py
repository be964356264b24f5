"""Structured control flow for users: scan, while_loop, fori_loop, cond, switch, map. The primitives are in ops/control.

A body is traced once to a Program; what it closes over, traced or an array, becomes an argument, so that derivatives
reach it and a body made again by the same lines is the same Program, compiled once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Tracer, Value, as_array, as_value, aval_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..ops.control import cond_p, scan_p, while_p
from ..ops.elementwise import convert
from ..program import Program
from .forward import check_output
from .function import check_callable, name_of, shown
from .opening import run_opened
from .segments import scan_in_segments, while_in_segments
from .staging import known_program, stage


class Body:
    """A function traced for arguments of some types.

    Attributes:
        program: of what it closed over, then the leaves of its arguments. closed: what it closed over. tree: of its result.
    """

    tree: Any = None

    def __init__(self, f: Any, tree: Any, avals: Sequence[Aval], what: str) -> None:

        def traced(f: Any) -> Any:
            def run(*values: Value) -> list[Value]:
                leaves, self.tree = trees.flatten(f(*trees.unflatten(tree, values)))
                return [as_array(check_output(x, f)) for x in leaves]

            return stage(run, avals, name, what, hoist_arrays=True)

        name = name_of(f)
        program, self.closed = run_opened(traced, f)
        self.program = known_program(program)


def _line(f: Any) -> str:
    code = getattr(getattr(f, "__wrapped__", f), "__code__", None)
    return "" if code is None else f" ({code.co_filename}:{code.co_firstlineno})"


def _type(a: Aval) -> str:
    return repr(Aval(a.shape, a.dtype))


def _carried(
    trace: Callable[[list[Aval]], tuple[Any, Any, Sequence[Aval]]], carry: list[Value], tree: Any, what: str, f: Any
) -> tuple[Any, list[Value]]:
    """Trace a body for what it carries, Python numbers given the dtype that they come back with.

    Args:
        trace: from the types of what is carried to the body, and the tree and types of what comes back.

    Returns:
        The body, and what is carried as strong values of its types.
    """
    carry = [as_value(x) for x in carry]
    avals = [aval_of(x) for x in carry]
    for _ in range(8):
        body, out_tree, outs = trace(avals)
        if out_tree != tree:
            trees.check_same_structure(tree, out_tree, f"{what}: what {name_of(f)}{_line(f)} gives for the next step")
        wider = [
            Aval(o.shape, o.dtype) if a.weak and a.shape == o.shape else a for a, o in zip(avals, outs, strict=True)
        ]
        if wider == avals:
            break
        avals = wider
    paths = trees.flatten_with_paths(trees.unflatten(tree, avals))[0]
    skip = len("[0]") if what == "fori_loop" else 0  # what the user carries is the first of what the loop does
    wrong = [
        f"{'at ' + path[skip:] + ' ' if path[skip:] else ''}it is {_type(a)} before and {_type(o)} after"
        for (path, _), a, o in zip(paths, avals, outs, strict=True)
        if a.shape != o.shape or a.dtype != o.dtype
    ]
    if wrong:
        raise ShapeError(
            f"{what}: the types of what is carried must stay the same in {name_of(f)}{_line(f)}: "
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
            keeps what is carried into each and computes the rest again; "auto" chooses the segments by `budget`.
        budget: with "auto", how many bytes the reverse pass may keep; `config.checkpoint_bytes` by default.

    Returns:
        ``(carry, ys)``, each array of ``ys`` with the steps along its first axis.

    Raises:
        TreeError, ShapeError: the carry changes its structure, a shape or a dtype; the lengths differ.
        ArgumentError: there is no length, or `f` does not return a pair.

    Example:
        >>> import numpy as np
        >>> total, sums = scan(lambda total, x: (total + x, total + x), 0.0, np.array([1.0, 2.0, 3.0]))
        >>> float(total), sums
        (6.0, array([1., 3., 6.]))
    """
    __tracebackhide__ = True
    try:
        return _scan(f, init, xs, length, reverse, checkpoint=checkpoint, budget=budget)
    except Exception as error:
        raise shown(error)


def _scan(
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
    paths, _ = trees.flatten_with_paths(xs)
    slices = [as_array(x) for _, x in paths]
    n = _length(length, slices, [path for path, _ in paths], what)
    pair = trees.structure((init, xs))
    rows = [Aval(shape_of(x)[1:], x.dtype) for x in slices]

    def trace(avals: list[Aval]) -> Any:
        body = Body(f, pair, [*avals, *rows], what)
        example = trees.unflatten(body.tree, body.program.out_avals)
        if not isinstance(example, (tuple, list)) or len(example) != 2:
            raise ArgumentError(
                f"{what}: {name_of(f)}{_line(f)} must return a pair (carry, y), got {type(example).__name__}"
                + (f" of length {len(example)}" if isinstance(example, (tuple, list)) else "")
            )
        out_tree = trees.structure(example[0])
        return (body, trees.structure(example[1])), out_tree, body.program.out_avals[: out_tree.num_leaves]

    (body, ys_tree), carry = _carried(trace, carry, tree, what, f)
    args = [*body.closed, *carry, *slices]
    step = {
        "body": body.program,
        "consts": len(body.closed),
        "carry": len(carry),
        "length": n,
        "reverse": bool(reverse),
    }
    if checkpoint is None:
        outs = scan_p.bind(*args, **step)
    else:
        outs = scan_in_segments(args, step, checkpoint, budget, what)
    return trees.unflatten(tree, outs[: len(carry)]), trees.unflatten(ys_tree, outs[len(carry) :])


def _length(length: Any, xs: Sequence[Value], paths: Sequence[str], what: str) -> int:
    sizes: dict[int, str] = {}
    for x, path in zip(xs, paths, strict=True):
        if not shape_of(x):
            raise ShapeError(f"{what}: xs{path} is a single number; each array needs the steps along its first axis")
        sizes.setdefault(shape_of(x)[0], f"xs{path}")
    if length is not None:
        sizes.setdefault(operator.index(length), "length")
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
            only what is carried into each is kept; "auto" chooses two levels of segments by `budget`.
        budget: with "auto", how many bytes the reverse pass may keep; `config.checkpoint_bytes` by default.

    Raises:
        TreeError, ShapeError: the carry changes its structure, a shape or a dtype.
        ArgumentError: the condition is not one boolean.

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


def _while(cond_fun: Any, body_fun: Any, init_val: Any, what: str, checkpoint: Any = None, budget: Any = None) -> Any:
    check_callable(cond_fun, what)
    check_callable(body_fun, what)
    carry, tree = trees.flatten(init_val)
    one = trees.structure((init_val,))

    def trace(avals: list[Aval]) -> Any:
        body = Body(body_fun, one, avals, what)
        return body, body.tree, body.program.out_avals

    body, carry = _carried(trace, carry, tree, what, body_fun)
    cond = Body(cond_fun, one, [aval_of(x) for x in carry], what)
    found = cond.program.out_avals
    if cond.tree is not trees.LEAF or found[0].shape != () or found[0].dtype.kind != "b":
        given = ", ".join(map(_type, found)) if cond.tree is trees.LEAF else "a tree of values"
        raise ArgumentError(
            f"{what}: the condition {name_of(cond_fun)}{_line(cond_fun)} must give one boolean, got {given}"
        )
    args = [*cond.closed, *body.closed, *carry]
    step = {
        "cond": cond.program, "body": body.program, "cond_consts": len(cond.closed), "body_consts": len(body.closed)
    }  # fmt: skip
    outs = (
        while_p.bind(*args, **step) if checkpoint is None else while_in_segments(args, step, checkpoint, budget, what)
    )
    return trees.unflatten(tree, outs)


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: Any = None,
    checkpoint: str | int | None = None,
    budget: int | None = None,
) -> Any:
    """``val = init_val``, then ``val = body_fun(i, val)`` for each i from `lower` to `upper`, which is left out.

    Args:
        lower, upper: integers; they may be traced.
        body_fun: ``(i, val) -> val`` on pytrees; the types stay the same.
        init_val: the first value.
        unroll: accepted for code written for JAX; the compiler chooses.
        checkpoint, budget: as for `scan` where both bounds are known, as for `while_loop` otherwise.

    Example:
        >>> import numpy as np
        >>> fori_loop(0, 3, lambda i, x: x * 2 + i, np.ones(2))
        array([12., 12.])
    """
    __tracebackhide__ = True
    try:
        return _fori(lower, upper, body_fun, init_val, checkpoint, budget)
    except Exception as error:
        raise shown(error)


def _fori(lower: Any, upper: Any, body_fun: Any, init_val: Any, checkpoint: Any, budget: Any) -> Any:
    check_callable(body_fun, "fori_loop")
    for bound in (lower, upper):
        if aval_of(as_value(bound)).dtype.kind not in "iu" or shape_of(as_value(bound)):
            raise ArgumentError(f"fori_loop: the bounds are integers, got {bound!r}")

    def step(i: Value, val: Any) -> Any:
        out = body_fun(i, val)
        what = f"fori_loop: what {name_of(body_fun)}{_line(body_fun)} gives for the next step"
        trees.check_same_structure(trees.structure(val), trees.structure(out), what)
        return out

    known = not isinstance(lower, Tracer) and not isinstance(upper, Tracer)
    if known and any(isinstance(x, Tracer) for x in trees.leaves(init_val)):
        n = max(int(upper) - int(lower), 0)
        counted = _named(lambda c, _: ((step(c[1], c[0]), c[1] + 1), None), body_fun)
        return _scan(counted, (init_val, as_array(lower)), None, n, False, "fori_loop", checkpoint, budget)[0][0]
    i, end = as_array(lower), as_array(upper)
    dtype = np.result_type(i.dtype, end.dtype)
    i, end = convert(i, dtype), convert(end, dtype)
    counted = _named(lambda c: (step(c[1], c[0]), c[1] + 1, c[2]), body_fun)
    return _while(lambda c: c[1] < c[2], counted, (init_val, i, end), "fori_loop", checkpoint, budget)[0]


def associative_scan(fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Running results of an associative operation: ``x0``, ``fn(x0, x1)``, ``fn(fn(x0, x1), x2)`` …

    On a processor the fastest way through is one element after another, so that is how it runs, natively.

    Args:
        fn: the operation on pytrees; it gets slices that keep the axis, with length 1, as for JAX it works along it.
        elems: a pytree of arrays of one length along `axis`.
        reverse: whether it runs from the end.
        axis: along which it runs.

    Raises:
        ShapeError, TreeError: lengths differ, or `fn` changes structure, shape or dtype.

    Example:
        >>> import numpy as np
        >>> associative_scan(lambda a, b: a * b, np.array([1.0, 2.0, 3.0]))
        array([1., 2., 6.])
    """
    __tracebackhide__ = True
    try:
        return _associative(fn, elems, bool(reverse), operator.index(axis))
    except Exception as error:
        raise shown(error)


def _associative(fn: Any, elems: Any, reverse: bool, axis: int) -> Any:
    from ..ops.shape import canonical_axis, concatenate, moveaxis, reshape

    check_callable(fn, "associative_scan")
    leaves, tree = trees.flatten(elems)
    values = [as_array(x) for x in leaves]
    for x in values:
        if not shape_of(x):
            raise ShapeError(
                "associative_scan: an element is a single number; each array needs the axis that it runs along"
            )
    axes = [canonical_axis(axis, len(shape_of(x))) for x in values]
    front = [moveaxis(x, k, 0) if k else x for x, k in zip(values, axes, strict=True)]
    n = _length(None, front, [""] * len(front), "associative_scan")
    if n < 2:
        return trees.unflatten(tree, values)

    def kept(x: Value, k: int) -> Value:
        """A slice with its axis back, of length 1."""
        shape = shape_of(x)
        return reshape(x, (*shape[:k], 1, *shape[k:]))

    def step(carry: Any, x: Any) -> Any:
        pair = [
            trees.unflatten(tree, [kept(v, k) for v, k in zip(part, axes, strict=True)])
            for part in (trees.leaves(carry), trees.leaves(x))
        ]
        out = fn(*pair)
        out = [reshape(o, shape_of(v)) for o, v in zip(trees.leaves(out), trees.leaves(carry), strict=True)]
        return out, list(out)

    first = [x[-1 if reverse else 0] for x in front]
    rest = [x[:-1] if reverse else x[1:] for x in front]
    _, ys = _scan(_named(step, fn), first, rest, None, reverse, "associative_scan")
    outs = [concatenate([y, f[None]] if reverse else [f[None], y], 0) for f, y in zip(first, ys, strict=True)]
    return trees.unflatten(tree, [moveaxis(o, 0, k) if k else o for o, k in zip(outs, axes, strict=True)])


def _named(f: Any, user: Any) -> Any:
    f.__name__ = name_of(user)
    f.__wrapped__ = user
    return f


def cond(pred: Any, true_fun: Any, false_fun: Any, *operands: Any, operand: Any = None, linear: Any = None) -> Any:
    """``true_fun(*operands)`` where `pred` holds, ``false_fun(*operands)`` otherwise; one of the two runs.

    Args:
        pred: one boolean (or number); where it is known, the function is just called.
        true_fun, false_fun: functions whose results have the same structure and types.
        operands: their arguments, pytrees.

    Raises:
        TreeError, ShapeError: the results of the two differ in structure or type.
        ArgumentError: `pred` is not one value.

    Example:
        >>> float(cond(True, lambda x: x + 1, lambda x: x * 2, 3.0))
        4.0
    """
    __tracebackhide__ = True
    if not callable(true_fun) and len(operands) >= 2 and callable(false_fun):  # cond(pred, a, f, b, g) of old
        a, f, b, g = true_fun, false_fun, operands[0], operands[1]
        return cond(pred, lambda ops: f(ops[0]), lambda ops: g(ops[1]), (a, b))
    if operand is not None and not operands:
        operands = (operand,)
    try:
        check_callable(true_fun, "cond")
        check_callable(false_fun, "cond")
        pred = as_value(pred)
        if shape_of(pred):
            raise ArgumentError(
                f"cond: the predicate is one value, got an array of shape {shape_of(pred)}; use vmap or where for many"
            )
        if not isinstance(pred, Tracer):
            return (true_fun if pred else false_fun)(*operands)
        index = convert(pred if pred.dtype.kind == "b" else pred != 0, np.int32)
        return _branches(index, [false_fun, true_fun], operands, "cond")
    except Exception as error:
        raise shown(error)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any, operand: Any = None) -> Any:
    """``branches[index](*operands)``; an index out of range is moved into it.

    Args:
        index: one integer; where it is known, the function is just called.
        branches: functions whose results have the same structure and types.
        operands: their arguments, pytrees.

    Example:
        >>> float(switch(1, [lambda x: x, lambda x: x * x], 3.0))
        9.0
    """
    __tracebackhide__ = True
    if operand is not None and not operands:
        operands = (operand,)
    try:
        branches = list(branches)
        if not branches:
            raise ArgumentError("switch: there are no branches")
        for f in branches:
            check_callable(f, "switch")
        index = as_value(index)
        if shape_of(index) or aval_of(index).dtype.kind not in "iu":
            raise ArgumentError(f"switch: the index is one integer, got {_type(aval_of(index))}")
        if not isinstance(index, Tracer):
            return branches[min(max(int(index), 0), len(branches) - 1)](*operands)
        if len(branches) == 1:
            return branches[0](*operands)
        return _branches(index, branches, operands, "switch")
    except Exception as error:
        raise shown(error)


def _branches(index: Value, functions: Sequence[Any], operands: Sequence[Any], what: str) -> Any:
    leaves, tree = trees.flatten(tuple(operands))
    values = [as_value(x) for x in leaves]
    avals = [aval_of(v) for v in values]
    bodies = [Body(f, tree, avals, what) for f in functions]
    first = bodies[0]
    for f, body in zip(functions[1:], bodies[1:], strict=True):
        if body.tree != first.tree:
            trees.check_same_structure(
                first.tree,
                body.tree,
                f"{what}: the result of {name_of(f)}{_line(f)}, unlike that of {name_of(functions[0])}{_line(functions[0])},",
            )
        for (path, a), b in zip(
            trees.flatten_with_paths(trees.unflatten(first.tree, first.program.out_avals))[0],
            body.program.out_avals,
            strict=True,
        ):
            if a.shape != b.shape:
                raise ShapeError(
                    f"{what}: {name_of(functions[0])}{_line(functions[0])} and {name_of(f)}{_line(f)} return different "
                    f"types{' at ' + path if path else ''}: {_type(a)} and {_type(b)}"
                )
    dtypes = [
        np.result_type(*[b.program.out_avals[k].dtype for b in bodies]) for k in range(len(first.program.out_avals))
    ]
    for k, d in enumerate(dtypes):
        for f, b in zip(functions, bodies, strict=True):
            if b.program.out_avals[k].dtype != d:
                raise ShapeError(
                    f"{what}: the branches return different dtypes: {name_of(f)}{_line(f)} gives "
                    f"{b.program.out_avals[k].dtype} where another gives {d}; convert it with astype({d.name!r})"
                )
    closed: dict[int, Value] = {}
    for b in bodies:
        closed.update((id(c), c) for c in b.closed)
    order = list(closed)
    programs = tuple(_with_closed(b, order, list(closed.values())) for b in bodies)
    outs = cond_p.bind(index, *closed.values(), *values, branches=programs)
    return trees.unflatten(first.tree, outs)


def _with_closed(body: Body, order: Sequence[int], values: Sequence[Value]) -> Program:
    """The Program of a branch that takes what all branches close over."""
    from ..program import Var

    mine = {id(c): v for c, v in zip(body.closed, body.program.inputs, strict=False)}
    closed = [mine[i] if i in mine else Var(aval_of(v)) for i, v in zip(order, values, strict=True)]
    p = body.program
    return known_program(Program([*closed, *p.inputs[len(body.closed) :]], p.equations, p.outputs, p.name, p.masked))


def map_(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """`f` of each slice of `xs` along the first axis, stacked: like `vmap`, one after another.

    Args:
        f: a function of one slice, a pytree.
        xs: a pytree of arrays of one length.
        batch_size: how many slices `vmap` takes at once; None for one at a time.

    Example:
        >>> import numpy as np
        >>> map_(lambda x: x * x, np.arange(3.0))
        array([0., 1., 4.])
    """
    __tracebackhide__ = True
    try:
        if batch_size is None:
            return _scan(_named(lambda _, x: ((), f(x)), f), (), xs, None, False, "map")[1]
        return _in_batches(f, xs, operator.index(batch_size))
    except Exception as error:
        raise shown(error)


def _in_batches(f: Any, xs: Any, size: int) -> Any:
    from ..ops.shape import concatenate, reshape
    from .batching import vmap

    if size < 1:
        raise ArgumentError(f"map: batch_size is at least 1, got {size}")
    slices = [as_array(x) for x in trees.leaves(xs)]
    tree = trees.structure(xs)
    n = _length(None, slices, ["" for _ in slices], "map")
    whole = n - n % size
    parts: list[Any] = []
    if whole:
        blocks = [reshape(x[:whole], (whole // size, size, *shape_of(x)[1:])) for x in slices]
        outs = _scan(_named(lambda _, x: ((), vmap(f)(x)), f), (), trees.unflatten(tree, blocks), None, False, "map")[1]
        parts.append(trees.map(lambda y: reshape(y, (whole, *shape_of(y)[2:])), outs))
    if whole < n:
        parts.append(vmap(f)(trees.unflatten(tree, [x[whole:] for x in slices])))
    if not parts:
        return _scan(_named(lambda _, x: ((), f(x)), f), (), xs, None, False, "map")[1]
    return parts[0] if len(parts) == 1 else trees.map(lambda a, b: concatenate([a, b], 0), *parts)


__all__ = ["Body", "associative_scan", "cond", "fori_loop", "map_", "scan", "switch", "while_loop"]
