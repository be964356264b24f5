"""Reverse mode: linearize a function while it runs, then transpose. linearize, vjp, linear_transpose.

The primal runs once on plain values; tangents are `LinearTracer`s, so that the tangent rules write a linear program
on a tape. The walk back over the tape is the pullback (tape.py). No derivative rule lives here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from .. import trees
from ..config import config
from ..core import (
    NUMPY_TYPES,
    TAKING,
    LinearTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    as_value,
    aval_of,
    dtype_of,
    inexact_dtype,
    is_inexact,
    is_weak,
    next_level,
    shape_of,
    taker,
)
from ..errors import (
    ArgumentError,
    DtypeError,
    NotLinearError,
    ShapeError,
)
from ..ops.families import plus, weighted_sum
from ..ops.keeping import keep
from ..ops.rules import closed_over
from . import closures, nans, zeros
from .forward import FLOAT0, check_output, strong, zeros_like
from .function import (
    argument_name,
    check_callable,
    name_of,
    shown,
    split_aux,
    values_of,
)
from .rerun import run_writable
from .tape import INPUT, Tape, pull_back, push_forward

ndarray = np.ndarray


class LinearizeTracer(ValueTracer):
    """A value, and the step of the tape that its tangent is."""

    __slots__ = ()
    primal, tangent = ValueTracer.first, ValueTracer.second
    differentiated = True

    @property
    def weak(self) -> bool:
        return is_weak(self.primal)

    def concrete(self, what: str) -> Any:
        return self.primal.concrete(what) if isinstance(self.primal, Tracer) else self.primal

    def __repr__(self) -> str:
        return f"LinearizeTracer<{self.aval!r}>(primal={self.primal!r})"


class LinearizeTrace(Trace):
    """Runs the primal, and records the tangent's linear program."""

    __slots__ = ("constants", "started", "tape")
    name = "grad"

    def __init__(self) -> None:
        self.level = next_level()
        self.tape = Tape()
        self.constants = 0

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        # The hot path of the library; guarded by the benchmarks `eager.*`.
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if len(args) == 1:
            (a,) = args  # a tracer of this trace, or it were not asked
            return primitive.linearize(self, (a.primal,), (a.tangent,), params)
        if len(args) == 2:
            x, y = args
            tx = ty = None
            if type(x) is LinearizeTracer and x._trace is self:
                x, tx = x.primal, x.tangent
            elif type(x) is ndarray and primitive.keeps and self.tape.keeps:
                x = keep(x, self.tape)
            if type(y) is LinearizeTracer and y._trace is self:
                y, ty = y.primal, y.tangent
            elif type(y) is ndarray and primitive.keeps and self.tape.keeps:
                y = keep(y, self.tape)
            return primitive.linearize(self, (x, y), (tx, ty), params)
        primals: list[Value] = list(args)
        tangents: list[Any] = [None] * len(primals)
        for i, a in enumerate(args):
            if type(a) is LinearizeTracer and a._trace is self:
                primals[i] = a.primal
                tangents[i] = a.tangent
            elif type(a) is ndarray and primitive.keeps and self.tape.keeps:
                primals[i] = keep(a, self.tape)
        return primitive.linearize(self, primals, tangents, params)

    def step(self, primal: Value, shape: Any, dtype: Any, primitive: Any, args: Any, params: Any) -> LinearizeTracer:
        """The value `primal` of an operation whose tangent is the linear `primitive` of `args`. Hot."""
        nodes = self.tape.nodes
        if nodes is None:
            raise self.leaked()
        node = LinearTracer()  # as in `Tape.append`
        node._trace = self.tape
        node.primitive = primitive
        node.args = args
        node.params = params
        node.index = len(nodes)
        nodes.append(node)
        t = LinearizeTracer()
        t._trace = self
        t.primal = primal
        t.tangent = node
        t.views = None
        t.shape = node.shape = shape
        t.dtype = node.dtype = dtype
        return t

    def tracer(self, primal: Value, node: LinearTracer) -> LinearizeTracer:
        t = LinearizeTracer()
        t._trace = self
        t.primal = primal
        t.shape = shape_of(primal)
        t.dtype = dtype_of(primal)
        t.tangent = node
        t.views = None
        return t

    def wrap(self, primal: Value, tangent: Value | None) -> Value:
        """A result of a tangent rule; without a tangent it is just a value."""
        if tangent is None:
            return primal
        if type(tangent) is LinearTracer and tangent._trace is self.tape:
            if isinstance(primal, Tracer):  # a custom rule may close over values of this trace, see `JVPTrace.joined`
                primal, beside = self.split(primal)
                if beside is not None:
                    tangent = plus(beside, tangent)
            return self.tracer(primal, cast(LinearTracer, tangent))
        if not isinstance(tangent, Tracer) and not np.any(np.asarray(tangent) != 0):
            return primal
        if isinstance(tangent, Tracer) and tangent._trace.level > self.level:
            raise closed_over("a tangent rule", tangent)
        raise NotLinearError(
            "a tangent rule gave a tangent that does not depend on the tangents of its arguments: it is affine"
        )

    def input(self, x: Value) -> LinearizeTracer:
        return self.step(x, shape_of(x), dtype_of(x), INPUT, (), None)

    def split(self, x: Value) -> tuple[Value, LinearTracer | None]:
        if type(x) is LinearizeTracer and x._trace is self:
            return x.primal, x.tangent
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())

    @property
    def ended(self) -> bool:
        return self.tape.nodes is None

    def settle(self, start: int) -> None:
        """Let the steps from `start` on, which a custom rule has written, hold values where it closed over tracers."""
        for node in (self.tape.nodes or [])[start:]:
            if node.primitive is weighted_sum:
                node.args = ([self.split(c)[0] for c in node.args[0]], node.args[1])
            else:
                node.args = tuple([a if type(a) is LinearTracer else self.split(a)[0] for a in node.args])

    @contextmanager
    def as_constants(self) -> Iterator[None]:
        """Tracers of this trace, ended or not, are the values that they have: the backward function of a custom rule
        may close over them, and the derivative by them is taken where the forward function meets them."""
        with _lock:
            if not self.constants:
                cast(Any, self).__class__, self.started = _Constants, self.level
            self.constants += 1
            self.level = next_level()  # cotangents may be of a newer trace
        try:
            yield
        finally:
            with _lock:
                self.constants -= 1
                if not self.constants:
                    cast(Any, self).__class__, self.level = LinearizeTrace, self.started


class _Constants(LinearizeTrace):
    """A trace whose tracers stand for their values alone, for a while."""

    __slots__ = ()

    @property
    def ended(self) -> bool:
        return False

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: dict[str, Any]) -> Any:
        return primitive.bind(*[self.split(a)[0] for a in args], **params)


_lock = threading.Lock()


# --- ownership --------------------------------------------------------------------------------------------------


def own_residuals(nodes: Sequence[LinearTracer]) -> None:
    """Copy saved arrays that somebody else holds, so that changing them in place does not change the pullback."""
    counts: dict[int, int] = {}
    holders: list[tuple[list[Any], int, ndarray]] = []
    for node in nodes:
        if node.primitive is weighted_sum:
            held = node.args[0]
        else:
            held = node.args = list(node.args)
        for i, c in enumerate(held):
            if type(c) is ndarray:
                owner = c
                while type(owner.base) is ndarray:
                    owner = owner.base
                counts[id(owner)] = counts.get(id(owner), 0) + 1
                holders.append((held, i, owner))
    owner = None
    copies: dict[int, Any] = {}
    for held, i, owner in holders:
        array = held[i]
        # References to the owner: the tape's own, one from `holders`, `owner` here, the argument of getrefcount;
        # a view adds itself (it holds its base instead of the tape holding the owner).
        if owner.base is None and sys.getrefcount(owner) <= 3 + 2 * counts[id(owner)] - 1 and owner.flags.owndata:
            continue
        if id(array) not in copies:
            copies[id(array)] = (array.copy(), array)
        held[i] = copies[id(array)][0]


def own_results(results: list[Any], foreign: Sequence[Any] = ()) -> list[Any]:
    """Results that share no memory with each other or with the user's arrays, and can be written to."""
    seen = {id(x) for x in foreign}
    out = []
    for g in results:
        if type(g) is ndarray:
            base = g.base
            if id(g) in seen or not g.flags.writeable or (base is not None and id(base) in seen):
                g = g.copy()
            seen.add(id(g))
            if base is not None:
                seen.add(id(base))
        out.append(g)
    return out


# --- linearize and vjp ------------------------------------------------------------------------------------------


class _Linearized:
    """A function run once, and its tape: what linearize, vjp and the Jacobians share."""

    def __init__(self, f: Callable[..., Any], primals: Sequence[Any], has_aux: bool) -> None:
        self.f = f
        self.leaves, self.in_tree = trees.flatten(tuple(primals))
        trace = LinearizeTrace()
        tape = trace.tape
        self.tape = tape
        boxed = []
        self.inexact: list[bool] = []
        self.inputs: list[Value] = []
        for k, x in enumerate(values_of(self.leaves, self.in_tree, "vjp", f, "primals")):
            if type(x) is ndarray:
                x = x.copy()
            if type(x) is int:
                x = float(x)
            self.leaves[k] = x
            self.inexact.append(is_inexact(x))
            if self.inexact[-1]:
                self.inputs.append(x)
                boxed.append(trace.input(x))
            else:
                boxed.append(x)
        self.n_inputs = len(self.inputs)
        tape.keeps = True
        try:
            out = f(*trees.unflatten(self.in_tree, boxed))
            self.aux = None
            if has_aux:
                out, aux = split_aux(out, f)
                self.aux = trees.map(lambda x: trace.split(x)[0], aux)
            out_leaves, self.out_tree = trees.flatten(out)
            pairs = [trace.split(check_output(o, f)) for o in out_leaves]
            self.nodes = tape.close()
            self.out_values = [strong(p) for p, _ in pairs]
            self.out_nodes = [t for _, t in pairs]
            tape.copies = None
            del out, out_leaves, pairs, boxed  # nothing but the tape holds what it saved
            own_residuals(self.nodes)
        finally:
            tape.close()
        if config.debugging and zeros.wanted(self.f):
            self._look_for_zeros(has_aux)

    def _look_for_zeros(self, has_aux: bool) -> None:
        f = self.f

        def run(values: Sequence[Value]) -> Any:
            out = f(*trees.unflatten(self.in_tree, values))
            return split_aux(out, f)[0] if has_aux else out

        def place(k: int) -> str:
            path = trees.keystr(trees.key_paths(self.in_tree)[k])
            end = path.index("]") + 1
            return argument_name(f, int(path[1 : end - 1])) + (f" at {path[end:]}" if path[end:] else "")

        zeros.look("vjp", name_of(f), run, self.leaves, place)

    def value(self) -> Any:
        return trees.unflatten(self.out_tree, self.out_values)

    def pull(self, cotangents: Sequence[Value | None]) -> list[Value | None]:
        """Cotangents of the inexact leaves; None is a symbolic zero."""
        return pull_back(self.nodes, self.n_inputs, self.out_nodes, cotangents)

    def push(self, tangents: Sequence[Value]) -> list[Value | None]:
        live = [o for o in self.out_nodes if o is not None]
        results = iter(push_forward(self.nodes, tangents, live))
        return [None if o is None else next(results) for o in self.out_nodes]


def _not_pickled(what: str, transformation: str, f: Any) -> TypeError:
    return TypeError(
        f"a {what} cannot be pickled, it holds a list of steps: pickle {name_of(f)} and the point, and call "
        f"{transformation} there"
    )


class VJP:
    """The pullback of a function at a point: cotangents of the result to a tuple of cotangents of the arguments."""

    def __init__(self, linearized: _Linearized) -> None:
        self._linearized = linearized

    def __repr__(self) -> str:
        lin = self._linearized
        return f"<pullback of {name_of(lin.f)}, {len(lin.nodes)} steps>"

    def __reduce__(self) -> Any:
        raise _not_pickled("pullback", "vjp", self._linearized.f)

    def __deepcopy__(self, memo: Any) -> VJP:
        return self  # what it saved does not change

    def __call__(self, *cotangents: Any) -> tuple[Any, ...]:
        """The product of the one cotangent, a tree shaped as the result, with the Jacobian.

        Raises:
            TreeError, ShapeError, DtypeError: the cotangent does not fit the function's result.
        """
        __tracebackhide__ = True
        try:
            if len(cotangents) != 1:
                raise ArgumentError(
                    f"the pullback of {name_of(self._linearized.f)} takes one cotangent, shaped as the result of the "
                    f"function, got {len(cotangents)}: for several results pass a tuple"
                )
            return self._pull(cotangents[0])
        except Exception as error:
            raise shown(error)

    def _pull(self, cotangent: Any) -> tuple[Any, ...]:
        lin = self._linearized
        leaves = trees.leaves_or_none(lin.out_tree, cotangent, "vjp: the cotangent")
        cts = [
            check_cotangent(ct, out, node is not None, f", leaf {k}," if len(leaves) > 1 else "")
            for k, (ct, out, node) in enumerate(zip(leaves, lin.out_values, lin.out_nodes, strict=True))
        ]
        grads = iter(lin.pull(cts))
        results = []
        for x, inexact in zip(lin.leaves, lin.inexact, strict=True):
            g = next(grads) if inexact else None
            results.append(zeros_like(x) if g is None else strong(g))
        return trees.unflatten(lin.in_tree, own_results(results, cts))


def check_cotangent(ct: Any, out: Value, live: bool, place: str = "", what: str = "vjp") -> Value | None:
    """A cotangent made to fit the output it belongs to; None where there is nothing to pull back."""
    if ct is None:
        return None
    if isinstance(ct, ndarray) and ct.dtype == FLOAT0:
        return None
    try:
        ct = as_value(ct)
    except DtypeError as error:
        raise type(error)(f"{what}: the cotangent{place}: {error.message}") from None
    if shape_of(ct) != shape_of(out):
        raise ShapeError(
            f"{what}: the cotangent{place} has shape {shape_of(ct)}, the function's result has shape {shape_of(out)}"
        )
    if not is_inexact(out) or not live:
        return None
    dtype = dtype_of(out)
    if dtype_of(ct) != dtype or is_weak(ct):
        if dtype_of(ct).kind == "c" and dtype.kind != "c":
            raise DtypeError(
                f"{what}: the cotangent{place} is complex ({dtype_of(ct)}), the function's result is {dtype}"
            )
        from ..ops.elementwise import convert

        ct = convert(ct, dtype)
    return ct


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False, reduce_axes: Sequence[Any] = ()) -> Any:
    """The value of `f` and its pullback: a function from cotangents of the result to those of the arguments.

    Args:
        f: a function of arrays and pytrees of them.
        primals: the arguments at which `f` is differentiated.
        has_aux: whether `f` returns a pair whose second part is not differentiated.

    Returns:
        ``(f(*primals), pullback)``; with `has_aux` the extra results third. The pullback owns what it saved:
        changing an argument in place afterwards does not change it.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> y, pullback = wengert.vjp(lambda x, y: x * y, 2.0, 3.0)
        >>> [float(g) for g in pullback(1.0)]
        [3.0, 2.0]
    """
    __tracebackhide__ = True
    if config.debugging and nans.is_idle():
        return nans.checked_pair(vjp, f, primals, has_aux)
    try:
        check_callable(f, "vjp")
        lin = run_writable(lambda g: _Linearized(g, primals, has_aux), f)
    except Exception as error:
        raise shown(error)
    return (lin.value(), VJP(lin), lin.aux) if has_aux else (lin.value(), VJP(lin))


class Pushforward:
    """The linear map of tangents that `linearize` returns."""

    def __init__(self, linearized: _Linearized) -> None:
        self._linearized = linearized

    def __repr__(self) -> str:
        lin = self._linearized
        return f"<pushforward of {name_of(lin.f)}, {len(lin.nodes)} steps>"

    def __reduce__(self) -> Any:
        raise _not_pickled("pushforward", "linearize", self._linearized.f)

    def __deepcopy__(self, memo: Any) -> Pushforward:
        return self

    def __call__(self, *tangents: Any) -> Any:
        """The derivative along `tangents`, shaped as the arguments of the function."""
        __tracebackhide__ = True
        try:
            return self._push(tangents)
        except Exception as error:
            raise shown(error)

    def _push(self, tangents: tuple[Any, ...]) -> Any:
        from .forward import check_tangent

        lin = self._linearized
        leaves = trees.leaves_or_none(lin.in_tree, tangents, "linearize: the tangents")
        values = []
        for k, (x, t, inexact) in enumerate(zip(lin.leaves, leaves, lin.inexact, strict=True)):
            if inexact:
                _, t = check_tangent(x, t, f" {k}")
                values.append(zeros_like(x) if t is None else t)
        results = [
            zeros_like(out) if t is None else strong(t) for out, t in zip(lin.out_values, lin.push(values), strict=True)
        ]
        return trees.unflatten(lin.out_tree, own_results(results, values))


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of `f` and its derivative there as a linear function of tangents, ready to be applied many times.

    Args:
        f: a function of arrays and pytrees of them.
        primals: the arguments at which `f` is linearized.
        has_aux: whether `f` returns a pair whose second part is not differentiated.

    Returns:
        ``(f(*primals), pushforward)``, where ``pushforward(*tangents)`` costs no evaluation of `f`.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> y, push = wengert.linearize(wnp.exp, 0.0)
        >>> float(push(2.0)), float(push(3.0))
        (2.0, 3.0)
    """
    __tracebackhide__ = True
    if config.debugging and nans.is_idle():
        return nans.checked_pair(linearize, f, primals, has_aux)
    try:
        check_callable(f, "linearize")
        lin = run_writable(lambda g: _Linearized(g, primals, has_aux), f)
    except Exception as error:
        raise shown(error)
    return (lin.value(), Pushforward(lin), lin.aux) if has_aux else (lin.value(), Pushforward(lin))


closures.register(VJP)
closures.register(Pushforward)


# --- linear_transpose -------------------------------------------------------------------------------------------


def transpose_flat(
    f: Callable[..., Sequence[Value]],
    avals: Sequence[Any],
    cotangents: Callable[[Sequence[Any]], Sequence[Value | None]],
    masked: bool = False,
    keeps: bool = False,
) -> list[Value | None]:
    """Transpose a linear function of values: trace it on linear tracers of `avals`, pull `cotangents(outputs)` back.

    Args:
        keeps: whether `f` is a user's function, which may change plain arrays in place.
    """
    tape = Tape()
    tape.keeps = keeps
    inputs = [tape.append(INPUT, (), None, a.shape, a.dtype) for a in avals]
    try:
        outs = list(f(*inputs))
        nodes = tape.close()
        out_nodes = [o if tape.owns(o) else None for o in outs]
        for o, node in zip(outs, out_nodes, strict=True):
            if node is None and (isinstance(o, Tracer) or np.any(np.asarray(o) != 0)):
                raise NotLinearError(
                    "the function has a result that is constant and not zero: it is affine, not linear"
                )
        return pull_back(nodes, len(inputs), out_nodes, cotangents(outs), masked, True)
    finally:
        tape.close()


def linear_transpose(f: Callable[..., Any], *primals: Any, reduce_axes: Sequence[Any] = ()) -> Callable[..., Any]:
    """The transpose of a function that is promised to be linear.

    Args:
        f: a linear function of arrays.
        primals: examples of its arguments; only shapes and dtypes are used (`eval_shape`'s results will do).

    Returns:
        A function from a cotangent, shaped as the result of `f`, to a tuple of cotangents of the arguments.

    Raises:
        NotLinearError: when called, if `f` is not linear.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> transposed = wengert.linear_transpose(lambda x: wnp.array([[1.0, 2.0], [3.0, 4.0]]) @ x, wnp.zeros(2))
        >>> transposed(wnp.array([1.0, 0.0]))[0]
        array([1., 2.])
    """
    check_callable(f, "linear_transpose")
    leaves, tree = trees.flatten(tuple(primals))
    numbers = [
        0.0 if hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, NUMPY_TYPES) else x for x in leaves
    ]
    values = values_of(numbers, tree, "linear_transpose", f, "primals")
    avals = [x if hasattr(x, "shape") else aval_of(v) for v, x in zip(values, leaves, strict=True)]
    for a in avals:
        if not inexact_dtype(np.dtype(a.dtype)):
            raise DtypeError(f"linear_transpose needs float or complex arguments, got dtype {a.dtype}")

    def transposed(cotangent: Any) -> Any:
        __tracebackhide__ = True
        try:
            out_tree: Any = None

            def run(*values: Value) -> Sequence[Value]:
                nonlocal out_tree
                out_leaves, out_tree = trees.flatten(f(*trees.unflatten(tree, values)))
                return out_leaves

            def fitted(outs: Sequence[Any]) -> Sequence[Value | None]:
                cts = trees.leaves_or_none(out_tree, cotangent, "linear_transpose: the cotangent")
                return [check_cotangent(ct, o, True, what="linear_transpose") for ct, o in zip(cts, outs, strict=True)]

            grads = transpose_flat(run, avals, fitted, keeps=True)
            results = [
                np.zeros(a.shape, a.dtype) if g is None else strong(g) for a, g in zip(avals, grads, strict=True)
            ]
            return trees.unflatten(tree, own_results(results))
        except Exception as error:
            raise shown(error)

    return transposed
