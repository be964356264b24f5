"""Reverse mode for users: linearize a function while it runs, then transpose. `linearize` and `vjp`.

The primal runs once on plain values (`linearizing.py`); the walk back over the tape is the pullback (`tape.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Value, as_value, dtype_of, is_inexact, is_weak, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops.callback import once_more
from ..ops.known import finite, has_zeros
from ..ops.quiet import Quiet
from ..ops.sides import hides, kinked
from ..ops.support import nonzero
from ..ops.written import STATES, give_back
from ..prefixes import leaves_or_none
from ..vocabulary import Function
from . import closures, nans, zeros
from .forward import FLOAT0, check_output, strong, zeros_like
from .function import argument_name, check_callable, name_of, shown, split_aux, values_of
from .kinks import both, middle
from .linearizing import LinearizeTrace
from .ownership import own_residuals, own_results
from .tape import pull_back, push_forward

ndarray = np.ndarray
_INVALID = Quiet("invalid")


class _Linearized:
    """A function run once, and its tape: what linearize, vjp and the Jacobians share."""

    def __init__(self, f: Callable[..., Any], primals: Sequence[Any], has_aux: bool, what: str = "vjp") -> None:
        self.f = f
        self.leaves, self.in_tree = trees.flatten(tuple(primals))
        trace = LinearizeTrace()
        tape = trace.tape
        self.tape = tape
        boxed = []
        self.inexact: list[bool] = []
        self.inputs: list[Value] = []
        for k, x in enumerate(values_of(self.leaves, self.in_tree, what, f, "primals")):
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
            if STATES:
                give_back()
        self.sides: Any = ()
        if kinked(trace):
            tree = self.in_tree
            if hides(trace):
                with once_more():
                    out = f(*trees.unflatten(tree, self.leaves))
                    out, self.aux = split_aux(out, f) if has_aux else (out, self.aux)
                    self.out_values = [strong(check_output(o, f)) for o in trees.leaves(out)]
            self.sides = both(lambda moved: _Linearized(f, trees.unflatten(tree, moved), has_aux, what), self.leaves)
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

    def _middle(self, apply: Callable[[_Linearized], list[Value | None]]) -> list[Value | None]:
        """The mean of what the derivatives beside a kink give."""
        right, left = self.sides
        return [middle(a, b) for a, b in zip(apply(right), apply(left), strict=True)]

    def pull(self, cotangents: Sequence[Value | None]) -> list[Value | None]:
        """Cotangents of the inexact leaves; None is a symbolic zero."""
        if self.sides:
            return self._middle(lambda side: side.pull(cotangents))
        return pull_back(self.nodes, self.n_inputs, self.out_nodes, cotangents, seeds=True)

    def push(self, tangents: Sequence[Value]) -> list[Value | None]:
        if self.sides:
            return self._middle(lambda side: side.push(tangents))
        live = [o for o in self.out_nodes if o is not None]
        if any(map(has_zeros, tangents)):
            quiet = _INVALID.begin()  # 0 times infinity
            try:
                found = push_forward(self.nodes, tangents, live)
            finally:
                _INVALID.end(quiet)
            if not all(map(finite, found)):
                from .basis import pushed

                found, _ = pushed(
                    lambda given: push_forward(self.nodes, given, live), tangents, [nonzero(t) for t in tangents]
                )
        else:
            found = push_forward(self.nodes, tangents, live)
        results = iter(found)
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
        leaves = leaves_or_none(lin.out_tree, cotangent, "vjp: the cotangent")
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


def check_cotangent(ct: Value, out: Value, live: bool, place: str = "", what: str = "vjp") -> Value | None:
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


def vjp(f: Function, *primals: Any, has_aux: bool = False, reduce_axes: Sequence[Any] = ()) -> Any:
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
        lin = _Linearized(f, primals, has_aux)
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
        leaves = leaves_or_none(lin.in_tree, tangents, "linearize: the tangents")
        values = []
        for k, (x, t, inexact) in enumerate(zip(lin.leaves, leaves, lin.inexact, strict=True)):
            if inexact:
                _, t = check_tangent(x, t, f" {k}", "linearize")
                values.append(zeros_like(x) if t is None else t)
        results = [
            zeros_like(out) if t is None else strong(t) for out, t in zip(lin.out_values, lin.push(values), strict=True)
        ]
        return trees.unflatten(lin.out_tree, own_results(results, values))


def linearize(f: Function, *primals: Any, has_aux: bool = False) -> Any:
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
        lin = _Linearized(f, primals, has_aux, "linearize")
    except Exception as error:
        raise shown(error)
    return (lin.value(), Pushforward(lin), lin.aux) if has_aux else (lin.value(), Pushforward(lin))


closures.register(VJP)
closures.register(Pushforward)
