"""Forward mode: jvp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import (
    NUMBERS,
    NUMPY_TYPES,
    PYTHON_SCALARS,
    RECORDS,
    TAKING,
    PrimalTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    as_array,
    as_value,
    check_numbers,
    dtype_of,
    is_inexact,
    next_level,
    shape_of,
    taker,
)
from ..errors import ArgumentError, DtypeError, ShapeError, TreeError
from ..ops.callback import once_more
from ..ops.families import plus
from ..ops.memory import unpacked
from ..ops.quiet import Quiet
from ..ops.sides import kinked
from ..ops.support import finite, has_zeros, known, nonzero
from ..ops.written import STATES, give_back
from . import nans, zeros
from .function import argument_name, check_callable, given, name_of, shown, split_aux

ndarray = np.ndarray
_INVALID = Quiet("invalid")
FLOAT0 = np.dtype([("float0", np.void, 0)])
RECORDS.add(FLOAT0)


class JVPTracer(PrimalTracer):
    """A value and its tangent."""

    __slots__ = ()
    tangent: Any = ValueTracer.second
    differentiated = True

    def __init__(self, trace: JVPTrace, primal: Value, tangent: Value) -> None:
        self._trace = trace
        self.primal = primal
        self.tangent = tangent
        self.views = None
        if type(primal) is ndarray:
            self.shape, self.dtype = primal.shape, primal.dtype
        else:
            self.shape, self.dtype = shape_of(primal), dtype_of(primal)

    def parts(self) -> tuple[Value, ...]:
        return self.primal, self.tangent

    def __repr__(self) -> str:
        return f"JVPTracer<{self.aval!r}>(primal={self.primal!r}, tangent={self.tangent!r})"


class JVPTrace(Trace):
    """Carries tangents along with values."""

    __slots__ = ("kinked", "open")
    name = "jvp"

    def __init__(self) -> None:
        self.level = next_level()
        self.open = True
        self.kinked = False

    @property
    def ended(self) -> bool:
        return not self.open

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        if len(args) == 1 and not primitive.multiple_results:
            (a,) = args
            out, tangent = primitive.jvp((a.primal,), (a.tangent,), params)
            return out if tangent is None else JVPTracer(self, out, tangent)
        if len(args) == 2 and not primitive.multiple_results:
            x, y = args
            tx = ty = None
            if type(x) is JVPTracer and x._trace is self:
                x, tx = x.primal, x.tangent
            if type(y) is JVPTracer and y._trace is self:
                y, ty = y.primal, y.tangent
            out, tangent = primitive.jvp((x, y), (tx, ty), params)
            return out if tangent is None else JVPTracer(self, out, tangent)
        primals = list(args)
        tangents = [None] * len(primals)
        for i, a in enumerate(args):
            if type(a) is JVPTracer and a._trace is self:
                primals[i] = a.primal
                tangents[i] = a.tangent
        out, tangent = primitive.jvp(primals, tangents, params)
        if primitive.multiple_results:
            return [self.joined(o, t) for o, t in zip(out, tangent, strict=True)]
        return out if tangent is None else JVPTracer(self, out, tangent)

    def joined(self, out: Value, tangent: Value | None) -> Value:
        """A result and its tangent. A custom rule that closes over values of this trace gives a result that has one of
        its own, by what is closed over; the rule's is by the arguments, and a value, whatever it was computed from."""
        if isinstance(out, Tracer):
            out, beside = self.split(out)
            if beside is not None:
                tangent = beside if tangent is None else plus(beside, self.split(tangent)[0])
        if tangent is None:
            return out
        return JVPTracer(self, out, self.split(tangent)[0] if isinstance(tangent, Tracer) else tangent)

    def split(self, x: Value) -> tuple[Value, Value | None]:
        if type(x) is JVPTracer and x._trace is self:
            return x.primal, x.tangent
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())


def zeros_like(x: Value) -> Value:
    """An explicit zero tangent of a value: `float0` for integers and booleans, as JAX has it."""
    dtype = dtype_of(x)
    if not is_inexact(x):
        return np.zeros(shape_of(x), FLOAT0)
    shape = shape_of(x)
    return np.zeros(shape, dtype) if shape else dtype.type(0)


def strong(x: Value) -> Value:
    """A result as it leaves a transformation: Python numbers become NumPy scalars."""
    if type(x) is ndarray:
        return x
    return as_array(x) if type(x) in PYTHON_SCALARS else x


def jvp_flat(
    f: Callable[..., Sequence[Value]], primals: Sequence[Value], tangents: Sequence[Value | None]
) -> tuple[list[Value], list[Value | None]]:
    """jvp of a function from values to values; symbolic zeros are None."""
    trace = JVPTrace()
    args = [p if t is None else JVPTracer(trace, p, t) for p, t in zip(primals, tangents, strict=True)]
    try:
        pairs = [trace.split(o) for o in f(*args)]
    finally:
        trace.open = False
        if STATES:
            give_back()
    return [p for p, _ in pairs], [t for _, t in pairs]


def check_tangent(p: Value, t: Any, place: str, what: str = "jvp") -> tuple[Value, Value | None]:
    """A primal and its tangent, made to fit; raises where they do not."""
    kind = "primal"
    try:
        p = given(p)
        if t is None:
            return p, None
        kind = "tangent"
        t = as_value(t) if not (isinstance(t, ndarray) and t.dtype == FLOAT0) else t
    except DtypeError as error:
        raise type(error)(f"{what}: the {kind}{place}: {error.message}") from None
    if shape_of(t) != shape_of(p):
        raise ShapeError(
            f"{what}: the tangent{place} has shape {shape_of(t)}, its primal has shape {shape_of(p)}; they must be equal"
        )
    if dtype_of(t) == FLOAT0:
        return p, None
    if type(p) is int and is_inexact(t):
        p = float(p)
    if not is_inexact(p):
        raise DtypeError(
            f"{what}: the primal{place} has dtype {dtype_of(p)}, which has no tangents; convert it to float, or give a "
            f"tangent of None"
        )
    if dtype_of(t) != dtype_of(p):
        if dtype_of(t).kind == "c" and dtype_of(p).kind != "c":
            raise DtypeError(f"{what}: the tangent{place} is complex ({dtype_of(t)}), its primal is {dtype_of(p)}")
        from ..ops.elementwise import convert

        t = convert(t, dtype_of(p))
    return p, t


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
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


def _jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
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


def _from_seeds(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    """The same once more, where what does not move is told from a derivative that is 0: no 0 times infinity."""
    from .basis import pushed

    fitted, parts, supports = [], [], []
    for i, (p, t) in enumerate(zip(primals, tangents, strict=True)):
        leaves, tree = trees.flatten(p)
        seeds = [None] * len(leaves) if t is None else trees.leaves_or_none(tree, t, f"jvp: tangent {i}")
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


def _pushed(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool) -> Any:
    trace = JVPTrace()
    args: list[Any] = []
    for i, (p, t) in enumerate(zip(primals, tangents, strict=True)):
        if (
            type(p) is ndarray
            and type(t) is ndarray
            and p.shape == t.shape
            and p.dtype == t.dtype
            and p.dtype.kind in "fc"
            and config._x64
        ):
            args.append(JVPTracer(trace, p, t))
            continue
        leaves, tree = trees.flatten(p)
        if t is None:
            args.append(p if config._x64 else trees.unflatten(tree, [as_value(leaf) for leaf in leaves]))
            continue
        tangent_leaves = trees.leaves_or_none(tree, t, f"jvp: tangent {i}")
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
    directions = trees.leaves_or_none(tree, [tangents[i] for i in chosen], "jvp: the tangents")
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


def check_output(x: Any, f: Any) -> Value:
    """A leaf of a function's result, which must be a number or an array of them."""
    if isinstance(x, (ndarray, Tracer, np.generic)) or type(x) in PYTHON_SCALARS:
        if isinstance(x, Tracer):
            return x.now() if x.mutable else x
        if type(x) is ndarray and x.dtype.hasobject:
            x = unpacked(x)
        if isinstance(x, NUMPY_TYPES) and x.dtype.kind not in NUMBERS:
            try:
                check_numbers(x)
            except DtypeError as error:
                raise type(error)(f"{name_of(f)} returned what no transformed function can: {error.message}") from None
        return x
    try:
        return as_value(x)
    except DtypeError:
        raise DtypeError(
            f"{name_of(f)} returned {x!r} of type {type(x).__name__}; a transformed function must return numbers, "
            f"arrays, or pytrees of them"
        ) from None
