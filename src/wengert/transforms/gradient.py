"""grad and value_and_grad: reverse mode for functions of one real number, with the shortest way for the usual call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import VALUE_TYPES, Tracer, Value, as_value, dtype_of, inexact_dtype, is_inexact, shape_of
from ..errors import DtypeError, NonScalarOutputError
from ..ops.callback import once_more
from ..ops.keeping import keep, release
from ..ops.sides import hides, kinked
from ..ops.written import give_back
from ..vocabulary import Argnums, Keywords, Tree
from . import nans, zeros
from .forward import check_output, strong, zeros_like
from .function import (
    Transformed,
    argument_name,
    check_argnums,
    check_argnums_type,
    check_callable,
    given,
    name_of,
    shown,
    split_aux,
)
from .kinks import mean
from .linearizing import LinearizeTrace
from .ownership import own_results
from .signatures import P, R
from .tape import pull_back

ndarray = np.ndarray


def check_differentiable(
    x: Value, f: Any, place: Callable[[], str], what: str, holomorphic: bool, allow_int: bool
) -> Any:
    """A leaf that is to be differentiated, as a value; raises where its dtype has no derivative."""
    try:
        x = given(x)
    except DtypeError as error:
        raise type(error)(f"{what} of {name_of(f)}: {place()}: {error.message}") from None
    if type(x) is int:
        return complex(x) if holomorphic else float(x)
    dtype = dtype_of(x)
    if holomorphic:
        if dtype.kind != "c":
            raise DtypeError(
                f"{what} with holomorphic=True needs complex inputs, {place()} of {name_of(f)} has dtype {dtype}"
            )
        return x
    if not inexact_dtype(dtype) and not allow_int:
        raise DtypeError(
            f"{what} of {name_of(f)}: {place()} has dtype {dtype}, which has no derivative; convert it with "
            f".astype(float), leave it out of argnums, or pass allow_int=True"
        )
    return x


class ValueAndGrad(Transformed):
    """A function together with its gradient."""

    transformation = "value_and_grad"

    def __init__(self, f: Any, argnums: Argnums, has_aux: bool, holomorphic: bool, allow_int: bool) -> None:
        if not callable(f):
            check_callable(f, self.transformation)
        self._f = f
        self.__doc__ = getattr(f, "__doc__", None)
        self.argnums: Any = argnums if type(argnums) is int else check_argnums_type(argnums, self.transformation)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int

    def options(self) -> str:
        return f"argnums={self.argnums}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if config.debugging and nans.is_idle():  # the value is looked at too, where the gradient alone is asked for
            return self._result(*nans.checked(self._evaluated, *args, **kwargs))
        try:
            return self._result(*self._evaluate(args, kwargs))
        except Exception as error:
            raise shown(error)

    def _evaluated(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        return self._evaluate(args, kwargs)

    def _result(self, value: Any, gradient: Any, aux: Any) -> Any:
        return ((value, aux), gradient) if self.has_aux else (value, gradient)

    def _evaluate(self, args: tuple[Any, ...], kwargs: Keywords) -> tuple[Any, Any, Any]:
        f, argnums, trace = self._f, self.argnums, LinearizeTrace()
        tape = trace.tape
        tape.keeps = True
        primal: Any
        boxed = list(args)
        if type(argnums) is not int or not 0 <= argnums < len(args):
            argnums = check_argnums(f, argnums, len(args), self.transformation)
        tree: Any = None
        leaves: list[Any]
        x = args[argnums] if type(argnums) is int else None
        single = type(x) in VALUE_TYPES or isinstance(x, Tracer)
        if single and dtype_of(x).kind == "f" and not self.holomorphic:
            if not config._x64 or type(x) is not ndarray:
                x = as_value(x)
            leaves = [x]  # the usual call
            boxed[argnums] = trace.input(keep(x, tape) if type(x) is ndarray else x)
        else:
            leaves, tree = self._box(trace, args, argnums, boxed)
        try:
            out = f(*boxed, **kwargs)
            aux = None
            if self.has_aux:
                out, aux = split_aux(out, f)
                aux = trees.map(lambda v: trace.split(v)[0], aux)
            if not isinstance(out, Tracer):
                out = self._unwrapped(out)
            primal, node = trace.split(out)
            del out
            nodes = tape.close()
            if not isinstance(primal, (float, np.floating)) or self.holomorphic:
                primal = self._check_scalar(primal)
            grads: list[Any] = [None] * len(leaves) if node is None else _pulled(primal, node, nodes, len(leaves))
        finally:
            if tape.nodes is not None:
                tape.close()
            give_back()
            if tape.copies is not None:
                nodes = node = None  # which refer to them
                release(tape)
        if config.debugging and zeros.wanted():
            self._look_for_zeros(args, kwargs, argnums, tree, leaves)
        if kinked(trace):
            primal, aux = self._values(args, kwargs) if hides(trace) else (primal, aux)
            return strong(primal), self._beside(args, kwargs, argnums), aux
        if tree is None:
            g = grads[0]
            return strong(primal), g if type(g) is ndarray and g.base is None else _owned(g, x, args), aux
        gradient = _as_arguments(grads, leaves, tree)
        return strong(primal), gradient[0] if type(argnums) is int else gradient, aux

    def _box(
        self, trace: LinearizeTrace, args: tuple[Any, ...], argnums: int | Sequence[int], boxed: list[Any]
    ) -> tuple[list[Value], trees.TreeDef]:
        """Put tracers into `boxed` for the leaves of the chosen arguments; the leaves, as values, and their tree."""
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        leaves, tree = trees.flatten(tuple([args[i] for i in chosen]))
        inputs = []
        for k, leaf in enumerate(leaves):
            if type(leaf) is not ndarray or leaf.dtype.kind != "f" or self.holomorphic:
                place = partial(self._place, chosen, args, k)
                leaf = leaves[k] = check_differentiable(
                    leaf, self._f, place, self.transformation, self.holomorphic, self.allow_int
                )
            inputs.append(trace.input(keep(leaf, trace.tape) if type(leaf) is ndarray else leaf))
        moved = trees.unflatten(tree, [t if is_inexact(t.primal) else t.primal for t in inputs])
        for i, arg in zip(chosen, moved, strict=True):
            boxed[i] = arg
        return leaves, tree

    def _values(self, args: Any, kwargs: Any) -> tuple[Value, Any]:
        """The value and the extra results without a trace, where they are derivatives at a kink themselves."""
        with once_more():
            out, aux = self._f(*args, **kwargs), None
        out, aux = split_aux(out, self._f) if self.has_aux else (out, aux)
        return self._check_scalar(out), aux

    def _beside(self, args: Sequence[Any], kwargs: Any, argnums: Argnums) -> Any:
        """The gradient as it is beside a point where slopes at kinks were differentiated."""
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        leaves, tree = trees.flatten(tuple([args[i] for i in chosen]))

        def run(moved: list[Any]) -> Any:
            given = list(args)
            for i, x in zip(chosen, trees.unflatten(tree, moved), strict=True):
                given[i] = x
            return self._evaluate(tuple(given), kwargs)[1]

        return mean(run, [as_value(x) for x in leaves])

    def _look_for_zeros(self, args: Any, kwargs: Any, argnums: Argnums, tree: Tree, leaves: list[Any]) -> None:
        chosen = (argnums,) if isinstance(argnums, int) else argnums

        def run(values: Sequence[Value]) -> Any:
            given = list(args)
            for i, arg in zip(chosen, values if tree is None else trees.unflatten(tree, values), strict=True):
                given[i] = arg
            out = self._f(*given, **kwargs)
            return split_aux(out, self._f)[0] if self.has_aux else out

        zeros.look(self.transformation, name_of(self._f), run, leaves, lambda k: self._place(chosen, args, k))

    def _unwrapped(self, out: Value) -> Value:
        """A result that is no value itself but may hold a traced one: an array of objects, an array of xarray."""
        if type(out) in VALUE_TYPES and (type(out) is not ndarray or not out.dtype.hasobject):
            return out
        leaves, tree = trees.flatten(out)
        return check_output(out, self._f) if tree.is_leaf() and len(leaves) == 1 else out

    def _place(self, chosen: Sequence[int], args: tuple[Any, ...], k: int) -> str:
        paths, _ = trees.flatten_with_paths(tuple(args[i] for i in chosen))
        path = paths[k][0]
        i = chosen[int(path[1 : path.index("]")])]
        rest = path[path.index("]") + 1 :]
        return argument_name(self._f, i) + (f" at {rest}" if rest else "")

    def _check_scalar(self, out: Value) -> Value:
        """The result as a value, if it is one real number (one complex number where the derivative is to be holomorphic)."""
        if isinstance(out, (Tracer, ndarray)) and not out.shape and out.dtype.kind == "f" and not self.holomorphic:
            return out
        f, what = self._f, self.transformation
        leaves, tree = trees.flatten(out)
        if not tree.is_leaf() or len(leaves) != 1:
            hint = (
                "; with a second result that is not differentiated, pass has_aux=True" if isinstance(out, tuple) else ""
            )
            raise NonScalarOutputError(
                f"{what} needs a function that returns one real number, {name_of(f)} returned {trees.describe(tree)}{hint}"
            )
        out = check_output(out, f)
        if shape_of(out) != ():
            raise NonScalarOutputError(
                f"{what} needs a function that returns one real number, {name_of(f)} returned an array of shape "
                f"{shape_of(out)}: reduce it (for instance with sum), or use jacrev or jacfwd for the Jacobian"
            )
        dtype = dtype_of(out)
        if self.holomorphic:
            if dtype.kind != "c":
                raise DtypeError(f"{what} with holomorphic=True needs a complex result, {name_of(f)} returned {dtype}")
        elif dtype.kind == "c":
            raise DtypeError(
                f"{what} needs a real result, {name_of(f)} returned {dtype}: take its real part, or pass holomorphic=True"
            )
        elif not inexact_dtype(dtype):
            raise DtypeError(
                f"{what} needs a floating point result, {name_of(f)} returned {dtype}: convert it with astype"
            )
        return out


def _pulled(primal: Any, node: Any, nodes: Any, n: int) -> list[Value | None]:
    one = primal.dtype.type(1) if type(primal) is not float and type(primal) is not complex else type(primal)(1)
    return pull_back(nodes, n, (node,), (one,), False, True)


def _owned(g: Value | None, x: Value, args: Sequence[Any]) -> Value:
    """A gradient by `x` that is no array of the caller's."""
    return own_results([zeros_like(x) if g is None else strong(g)], args)[0]


def _as_arguments(grads: Sequence[Value | None], leaves: Sequence[Value], tree: Tree) -> Any:
    """The tree of the gradients by the leaves of the arguments."""
    found = [zeros_like(v) if g is None else strong(g) for v, g in zip(leaves, grads, strict=True)]
    return trees.unflatten(tree, own_results(found, leaves))


class Grad(ValueAndGrad):
    """The gradient of a function."""

    transformation = "grad"

    def _result(self, value: Any, gradient: Any, aux: Any) -> Any:
        return (gradient, aux) if self.has_aux else gradient


def grad(
    f: Callable[P, Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, Any]:
    """The gradient of a scalar function, by reverse mode.

    Args:
        f: a function that returns one real number.
        argnums: which positional argument is differentiated, or a sequence of them. It may be any pytree.
        has_aux: whether `f` returns a pair whose second part is not differentiated.
        holomorphic: whether `f` is promised to be complex differentiable, from complex to complex.
        allow_int: whether integers may stand among the arguments; their gradient is of dtype float0.

    Returns:
        A function of the same arguments that returns the gradient, shaped as the argument (a tuple of them for a
        sequence of `argnums`); with `has_aux` a pair of it and the extra results.

    Raises:
        NonScalarOutputError: when called, if `f` does not return one number.
        DtypeError: when called, if an argument or the result cannot be differentiated.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.grad(lambda x: wnp.sum(x ** 3))(wnp.array([1.0, 2.0]))
        array([ 3., 12.])
    """
    return Grad(f, argnums, has_aux, holomorphic, allow_int)


def value_and_grad(
    f: Callable[P, R],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[P, tuple[R, Any]]:
    """The value of a scalar function together with its gradient, at the cost of the gradient.

    The arguments are those of `grad`.

    Returns:
        A function that returns ``(value, gradient)``; with `has_aux`, ``((value, extra), gradient)``.

    Example:
        >>> import wengert
        >>> value, gradient = wengert.value_and_grad(lambda x: x * x)(3.0)
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """
    return ValueAndGrad(f, argnums, has_aux, holomorphic, allow_int)
