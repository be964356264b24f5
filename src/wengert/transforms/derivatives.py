"""Derivatives written with jvp, vjp and vmap: jacfwd, jacrev, hessian, hvp; and stop_gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Value, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError, DtypeError
from ..ops.diagonal import Diagonal
from ..ops.elementwise import stop_gradient_p
from ..ops.shape import moveaxis, reshape
from ..vocabulary import Argnums, Function, Keywords
from . import nans, zeros
from .batching import BatchTrace, BatchTracer, TooLargeError, too_large
from .forward import check_output
from .function import Transformed, argument_name, check_argnums, check_argnums_type, name_of, shown, split_aux
from .gradient import check_differentiable, grad
from .jvp import jvp
from .ownership import own_results
from .reverse import vjp
from .signatures import P


def pieces(rows: Value, leaves: Sequence[Value], axis: int) -> list[Value]:
    """`rows` split along `axis` (0 or -1) into a block per leaf, shaped as the leaf."""
    out, start = [], 0
    shape = shape_of(rows)
    for x in leaves:
        n = int(np.prod(shape_of(x), dtype=int))
        block = rows[start : start + n] if axis == 0 else rows[..., start : start + n]
        target = (*shape_of(x), *shape[1:]) if axis == 0 else (*shape[:-1], *shape_of(x))
        out.append(reshape(block, target))
        start += n
    return out


class _Jacobian(Transformed):
    def __init__(self, f: Any, argnums: Argnums, has_aux: bool, holomorphic: bool, allow_int: bool = False) -> None:
        super().__init__(f)
        self.argnums = check_argnums_type(argnums, self.transformation)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int

    def options(self) -> str:
        return f"argnums={self.argnums}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if config.debugging and nans.is_idle():
            return nans.checked(self, *args, **kwargs)
        try:
            return self._evaluate(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _evaluate(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        f, what = self._f, self.transformation
        argnums = check_argnums(f, self.argnums, len(args), what)
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        x = args[chosen[0]] if isinstance(argnums, int) else tuple(args[i] for i in chosen)
        leaves, tree = trees.flatten(x)

        def place(k: int) -> str:
            path = trees.keystr(trees.key_paths(tree)[k]) if not tree.is_leaf() else ""
            end = 0 if isinstance(argnums, int) else path.index("]") + 1
            i = chosen[int(path[1 : end - 1])] if end else chosen[0]
            return argument_name(f, i) + (f" at {path[end:]}" if path[end:] else "")

        leaves = [
            check_differentiable(v, f, lambda k=k: place(k), what, self.holomorphic, self.allow_int)
            for k, v in enumerate(leaves)
        ]
        self.check_inputs(leaves)

        def partial(*values: Value) -> Any:
            full = list(args)
            tree_value = trees.unflatten(tree, values)
            for i, v in zip(chosen, (tree_value,) if isinstance(argnums, int) else tree_value, strict=True):
                full[i] = v
            out = f(*full, **kwargs)
            out, aux = split_aux(out, f) if self.has_aux else (out, None)
            flat, out_tree = trees.flatten(out)
            for path, value in zip(trees.key_paths(out_tree), flat, strict=True):
                self.check_result(check_output(value, f), trees.keystr(path))
            return flat, (out_tree, aux)

        if config.debugging and zeros.wanted():
            partial.looked_into = True
            zeros.look(what, name_of(f), lambda values: partial(*values)[0], leaves, place)
        out_tree, aux, blocks = self.blocks(partial, leaves)
        jacobian = trees.unflatten(out_tree, [trees.unflatten(tree, row) for row in blocks])
        return (jacobian, aux) if self.has_aux else jacobian

    def blocks(self, f: Function, leaves: list[Value]) -> Any:
        raise NotImplementedError

    def check_inputs(self, leaves: list[Any]) -> None:
        """Raise where the inputs are of a dtype that this mode has no Jacobian for."""

    def check_result(self, x: Value, path: str) -> None:
        """Raise where a result is of a dtype that this mode has no Jacobian for."""
        if self.holomorphic and dtype_of(x).kind != "c":
            raise DtypeError(
                f"{self.transformation} with holomorphic=True needs complex results, {name_of(self._f)} returned "
                f"{dtype_of(x)}{' at ' * bool(path)}{path}"
            )


class JacobianForward(_Jacobian):
    """The Jacobian, a column at a time."""

    transformation = "jacfwd"

    def check_inputs(self, leaves: list[Any]) -> None:
        if not self.holomorphic and any(dtype_of(as_value(x)).kind == "c" for x in leaves):
            raise DtypeError(
                f"jacfwd of {name_of(self._f)} was given complex inputs: pass holomorphic=True if it is complex "
                f"differentiable, or use jvp, or jacrev if its results are real"
            )

    def blocks(self, f: Function, leaves: list[Value]) -> Any:
        extra: list[Any] = []

        def push(*tangents: Value) -> Any:
            _, out, aux = jvp(f, tuple(leaves), tangents, has_aux=True)
            extra.append(aux)
            return out

        columns = [moveaxis(c, 0, -1) for c in over_basis(push, leaves, forward=True)]
        out_tree, aux = extra[0]
        return out_tree, aux, [pieces(c, leaves, -1) for c in columns]


class Hessian(JacobianForward):
    """`jacfwd` of `jacrev`, which says what it is."""

    def __repr__(self) -> str:
        inner = self._f
        return f"<hessian of {inner.shown()}>" if isinstance(inner, JacobianReverse) else super().__repr__()


class JacobianReverse(_Jacobian):
    """The Jacobian, a row at a time."""

    transformation = "jacrev"

    def check_result(self, x: Value, path: str) -> None:
        super().check_result(x, path)
        dtype, at = dtype_of(x), " at " * bool(path) + path
        if not self.holomorphic and dtype.kind == "c":
            raise DtypeError(
                f"jacrev needs real results, {name_of(self._f)} returned {dtype}{at}: pass holomorphic=True if it is "
                f"complex differentiable, take its real and imaginary parts, or use vjp"
            )
        if not inexact_dtype(dtype):
            raise DtypeError(
                f"jacrev needs floating point results, {name_of(self._f)} returned {dtype}{at}: convert it with astype, "
                f"or return it as an extra result with has_aux=True"
            )

    def blocks(self, f: Function, leaves: list[Value]) -> Any:
        out, pullback, (out_tree, aux) = vjp(f, *leaves, has_aux=True)
        out = [as_value(o) for o in out]
        return out_tree, aux, rows_of(pullback, out)


def jacfwd(
    f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[P, Any]:
    """The Jacobian by forward mode: for functions of few numbers.

    Args:
        f: a function of arrays and pytrees of them.
        argnums: the arguments it is differentiated by: an index, or several.
        has_aux: whether `f` returns a pair whose second part is not differentiated.
        holomorphic: whether `f` is complex differentiable, its inputs and results complex.

    Returns:
        A function with the arguments of `f`. A result of shape ``r`` and an argument of shape ``s`` give a block of
        shape ``(*r, *s)``; the blocks stand in the tree of the result and, at each of its leaves, in that of the
        argument (a tuple of them for several argnums). With `has_aux` a pair of that and the extra results.

    Raises:
        DtypeError: an argument of a dtype that has no derivative of the kind asked for.
        ArgumentError: `argnums` do not fit the arguments.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.jacfwd(lambda x: x ** 2)(wnp.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """
    return JacobianForward(f, argnums, has_aux, holomorphic)


def jacrev(
    f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False, allow_int: bool = False
) -> Callable[P, Any]:
    """The Jacobian by reverse mode: for functions with few results.

    Arguments, result and errors are those of `jacfwd`; `allow_int` lets arguments of integers pass, with Jacobians
    of dtype float0.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.jacrev(lambda x: wnp.sum(x ** 3))(wnp.array([1.0, 2.0]))
        array([ 3., 12.])
    """
    return JacobianReverse(f, argnums, has_aux, holomorphic, allow_int)


jacobian = jacrev


def hessian(
    f: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[P, Any]:
    """The matrix of second derivatives, forward over reverse.

    Args and errors are those of `jacfwd`.

    Returns:
        A function with the arguments of `f`. For a scalar result and an argument of shape ``s`` it gives an array of
        shape ``(*s, *s)``; for pytrees, trees of such blocks, as `jacfwd` of `jacrev` nests them.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.hessian(lambda x: x[0] ** 2 * x[1])(wnp.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return Hessian(JacobianReverse(f, argnums, has_aux, holomorphic), argnums, has_aux, holomorphic)


def hvp(f: Function, primals: Any, tangents: Any) -> Any:
    """The Hessian of `f` at `primals` times `tangents`, without the Hessian: forward over reverse.

    Args:
        f: a function whose result is one real number.
        primals: a tuple of arguments.
        tangents: a tuple of the same structure and shapes: the vector.

    Returns:
        A vector shaped as the one argument, or a tuple of them for several.

    Raises:
        NonScalarOutputError: the result of `f` is not one number.
        ShapeError, TreeError: `tangents` do not fit `primals`.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.hvp(lambda x: wnp.sum(x ** 3), (wnp.array([1.0, 2.0]),), (wnp.array([1.0, 1.0]),))
        array([ 6., 12.])
    """
    __tracebackhide__ = True
    try:
        if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
            raise ArgumentError(
                f"hvp takes primals and tangents as tuples of arguments, got {type(primals).__name__} and "
                f"{type(tangents).__name__}: write hvp(f, (x,), (v,))"
            )
        several = len(primals) > 1
        return jvp(grad(f, tuple(range(len(primals))) if several else 0), primals, tangents)[1]
    except Exception as error:
        raise shown(error)


def stop_gradient(x: Any) -> Any:
    """`x`, an array or a pytree of them, as a constant: its derivative is zero.

    Example:
        >>> import wengert
        >>> float(wengert.grad(lambda x: x * wengert.stop_gradient(x))(3.0))
        3.0
    """
    return trees.map(lambda v: stop_gradient_p.bind(as_value(v)), x)


def rows_of(pullback: Function, out: Sequence[Value]) -> list[list[Value]]:
    """For each result the blocks of its Jacobian, one for each input, by a pullback."""
    if len(out) == 1 and math.prod(shape_of(out[0])) == 1:  # one row, which needs no batch
        shape = shape_of(out[0])
        one = np.ones(shape, dtype_of(out[0]))
        row = own_results(list(pullback([one if shape else one[()]])), out)
        return [[reshape(r, (*shape, *shape_of(r))) if shape else r for r in row]]
    rows = over_basis(lambda *cts: pullback(list(cts)), out)
    per_input = [pieces(r, out, 0) for r in rows]
    return [[column[k] for column in per_input] for k in range(len(out))]


def over_basis(f: Callable[..., Sequence[Value]], leaves: Sequence[Value], forward: bool = False) -> list[Value]:
    """`f` of each vector of the standard basis of the space of `leaves`: its results, stacked in front.

    Args:
        forward: whether `f` pushes tangents forward, where no tape knows which zeros are no dependence.
    """
    from .basis import BasisTrace

    sizes = [math.prod(shape_of(x)) for x in leaves]
    total, start, basis = sum(sizes), 0, []
    with (BasisTrace if forward else BatchTrace)(total) as trace:
        for x, n in zip(leaves, sizes, strict=True):
            ones = np.ones(shape_of(x), dtype_of(x))
            basis.append(BatchTracer(trace, Diagonal(ones if ones.ndim else ones[()], start, total)))
            start += n
        try:
            return own_results([trace.materialize(out) for out in f(*basis)], leaves)
        except MemoryError as error:
            if total == 1 or isinstance(error, TooLargeError):  # that of a Jacobian inside, which has said so
                raise
            raise too_large(total, error) from None
