"""`jvp`: a function pushed forward along tangents, with zeros and kinks looked after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Value, as_value, dtype_of
from ..errors import ArgumentError, TreeError
from ..ops.callback import once_more
from ..ops.known import finite, has_zeros, known
from ..ops.quiet import Quiet
from ..ops.sides import hides, kinked
from ..ops.support import nonzero
from ..ops.written import STATES, give_back
from ..prefixes import leaves_or_none
from ..vocabulary import Function
from . import nans, zeros
from .forward import FLOAT0, JVPTrace, JVPTracer, check_output, check_tangent, strong, zeros_like
from .function import argument_name, check_callable, name_of, shown, split_aux

ndarray = np.ndarray
_INVALID = Quiet("invalid")


def jvp(f: Function, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """The value of `f` and its derivative along `tangents`: a Jacobian-vector product, in one forward pass.

    Args:
        f: a function of arrays and pytrees of them.
        primals: a tuple of arguments at which `f` is differentiated.
        tangents: a tuple of the same structure and shapes; None stands for zero. float0 tangents go with integers.
        has_aux: whether `f` returns a pair whose second part is not differentiated.

    Returns:
        ``(f(*primals), tangent)``, the tangent shaped like the value; with `has_aux` the extra results third.

    Raises:
        TreeError: `primals` and `tangents` differ in structure.
        ShapeError: a tangent's shape is not that of its primal.
        DtypeError: a tangent is given for an array of integers.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> y, dy = wengert.jvp(wnp.sin, (0.0,), (2.0,))
        >>> float(y), float(dy)
        (0.0, 2.0)
    """
    __tracebackhide__ = True
    if config.debugging and nans.is_idle():
        return nans.checked(lambda p, t: jvp(f, p, t, has_aux), primals, tangents)
    try:
        return _jvp(f, primals, tangents, has_aux)
    except Exception as error:
        raise shown(error)


def _jvp(f: Function, primals: Any, tangents: Any, has_aux: bool) -> Any:
    check_callable(f, "jvp")
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise ArgumentError(
            f"jvp takes primals and tangents as tuples of arguments, got {type(primals).__name__} and "
            f"{type(tangents).__name__}: write jvp(f, (x,), (t,))"
        )
    if len(primals) != len(tangents):
        raise TreeError(f"jvp: {len(primals)} primals but {len(tangents)} tangents")
    if not any(map(_has_zeros, tangents)):
        out = _pushed(f, primals, tangents, has_aux)
    else:
        quiet = _INVALID.begin()  # 0 times infinity
        try:
            out = _pushed(f, primals, tangents, has_aux)
        finally:
            _INVALID.end(quiet)
        if not all(map(_is_settled, trees.leaves(out[1]))):
            out = _from_seeds(f, primals, tangents, has_aux)
    if config.debugging and zeros.wanted(f):
        _look_for_zeros(f, primals, tangents, has_aux)
    return out


def _has_zeros(tangent: Any) -> bool:
    """Whether a tangent that a user gave holds zeros, as far as values are known. Hot."""
    if type(tangent) is ndarray:
        return tangent.dtype.kind in "fc" and not tangent.all()
    if type(tangent) is float:
        return tangent == 0
    return any(has_zeros(t) for t in trees.leaves(tangent) if _of_numbers(getattr(t, "dtype", None)))


def _of_numbers(dtype: np.dtype | None) -> bool:
    """Whether a dtype is one of numbers, and no float0; what has none is looked at when it becomes a value."""
    return dtype is None or (dtype.kind in "biufcV" and dtype.names is None)


def _is_settled(tangent: Value) -> bool:
    return dtype_of(tangent) == FLOAT0 or finite(tangent)


def _from_seeds(f: Function, primals: Any, tangents: Any, has_aux: bool) -> Any:
    """The same once more, where what does not move is told from a derivative that is 0: no 0 times infinity."""
    from .basis import pushed

    fitted, parts, supports = [], [], []
    for i, (p, t) in enumerate(zip(primals, tangents, strict=True)):
        leaves, tree = trees.flatten(p)
        seeds = [None] * len(leaves) if t is None else leaves_or_none(tree, t, f"jvp: tangent {i}")
        pairs = [check_tangent(x, s, f" of primal {i}") for x, s in zip(leaves, seeds, strict=True)]
        fitted.append(trees.unflatten(tree, [x for x, _ in pairs]))
        parts.append((tree, len(leaves)))
        supports += [s for _, s in pairs]
    kept: list[Any] = []

    def push(vectors: list[Value | None]) -> list[Value]:
        given, rest = [], iter(vectors)
        for tree, n in parts:
            mine = [next(rest) for _ in range(n)]
            given.append(None if all(t is None for t in mine) else trees.unflatten(tree, mine))
        kept[:] = _pushed(f, fitted, given, has_aux)
        return trees.leaves(kept[1])

    with once_more():
        found, _ = pushed(push, supports, [nonzero(s) if s is not None and known(s) else None for s in supports])
    kept[1] = trees.unflatten(trees.structure(kept[1]), found)
    return tuple(kept)


def _pushed(f: Function, primals: Any, tangents: Any, has_aux: bool) -> Any:
    trace = JVPTrace()
    args: list[Any] = []
    for i, (p, t) in enumerate(zip(primals, tangents, strict=True)):
        if (
            type(p) is ndarray
            and type(t) is ndarray
            and p.shape == t.shape
            and p.dtype == t.dtype
            and p.dtype.kind in "fc"
            and p.dtype.isnative
            and config._x64
        ):
            args.append(JVPTracer(trace, p, t))
            continue
        leaves, tree = trees.flatten(p)
        if t is None:
            args.append(p if config._x64 else trees.unflatten(tree, [as_value(leaf) for leaf in leaves]))
            continue
        tangent_leaves = leaves_or_none(tree, t, f"jvp: tangent {i}")
        boxed = []
        for k, (leaf, tl) in enumerate(zip(leaves, tangent_leaves, strict=True)):
            place = f" of primal {i}" if tree is trees.LEAF else f" of primal {i}, leaf {k},"
            primal, tangent = check_tangent(leaf, tl, place)
            boxed.append(primal if tangent is None else JVPTracer(trace, primal, tangent))
        args.append(trees.unflatten(tree, boxed))
    try:
        out = f(*args)
        aux = None
        if has_aux:
            out, aux = split_aux(out, f)
            aux = trees.map(lambda x: trace.split(x)[0], aux)
        if type(out) is JVPTracer and out._trace is trace:
            value, tangent = strong(out.primal), strong(out.tangent)
        else:
            leaves, tree = trees.flatten(out)
            pairs = [trace.split(check_output(o, f)) for o in leaves]
            value = trees.unflatten(tree, [strong(p) for p, _ in pairs])
            tangent = trees.unflatten(tree, [zeros_like(p) if t is None else strong(t) for p, t in pairs])
    finally:
        trace.open = False
        if STATES:
            give_back()
    if kinked(trace):
        from .kinks import mean

        if hides(trace):
            with once_more():
                out = f(*primals)
                out, aux = split_aux(out, f) if has_aux else (out, aux)
                value = trees.map(lambda x: strong(check_output(x, f)), out)

        leaves, tree = trees.flatten(tuple(primals))
        leaves = [as_value(x) for x in leaves]
        tangent = mean(lambda moved: _pushed(f, trees.unflatten(tree, moved), tangents, has_aux)[1], leaves)
    if type(value) is ndarray and type(tangent) is ndarray:
        value, tangent = _own(value, primals), _own(tangent, tangents)
    else:
        value, tangent = (trees.map(lambda r: _own(r, (primals, tangents)), out) for out in (value, tangent))
    return (value, tangent, aux) if has_aux else (value, tangent)


def _own(result: Any, given: Any) -> Any:
    """A result that shares no memory with the arrays that were given: what a function copies is a copy."""
    if type(result) is not ndarray:
        return result
    base = result.base
    for a in given:
        if a is result or (type(a) is not ndarray and a is not None):
            break
        if base is not None and (a is base or (a is not None and a.base is base)):
            break
    else:
        return result
    arrays = [a for a in trees.leaves(given) if type(a) is ndarray]
    return result.copy() if any(np.may_share_memory(result, a) for a in arrays) else result


def _look_for_zeros(f: Any, primals: Any, tangents: Any, has_aux: bool) -> None:
    chosen = [i for i, t in enumerate(tangents) if t is not None]
    leaves, tree = trees.flatten([primals[i] for i in chosen])
    directions = leaves_or_none(tree, [tangents[i] for i in chosen], "jvp: the tangents")
    moved = [t is not None and dtype_of(as_value(t)) != FLOAT0 for t in directions]
    values = [as_value(x) for x in leaves]

    def run(noted: Sequence[Value]) -> Any:
        given = list(primals)
        mixed = [n if b else v for n, v, b in zip(noted, values, moved, strict=True)]
        for i, x in zip(chosen, trees.unflatten(tree, mixed), strict=True):
            given[i] = x
        out = f(*given)
        return split_aux(out, f)[0] if has_aux else out

    def place(k: int) -> str:
        path = trees.keystr(trees.key_paths(tree)[k])
        end = path.index("]") + 1
        return argument_name(f, chosen[int(path[1 : end - 1])]) + (f" at {path[end:]}" if path[end:] else "")

    zeros.look("jvp", name_of(f), run, values, place)
