"""Differential operators of second order and their kin: laplacian, divergence, curl, hessian_diagonal, bilaplacian."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..core import Tracer, Value, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError, ShapeError
from ..ops.elementwise import multiply
from ..ops.shape import concatenate, reduce_sum, reshape, stack
from ..prefixes import leaves_or_none
from ..vocabulary import Function, Keywords, Tree
from .collapsed import collapsed
from .derivatives import over_basis
from .forward import check_output, strong, zeros_like
from .function import Made, Transformed, argument_name, check_argnums, check_argnums_type, name_of, shown
from .gradient import check_differentiable
from .jvp import jvp
from .series import series_flat


class _Operator(Transformed):
    """An operator on a function of one argument among several, which may be a pytree."""

    def __init__(self, f: Any, argnums: int) -> None:
        super().__init__(f)
        self.argnums = check_argnums_type(argnums, self.transformation)
        if not isinstance(self.argnums, int):
            raise ArgumentError(f"{self.transformation}: argnums is one argument's index; put several into one pytree")

    def options(self) -> str:
        return f"argnums={self.argnums}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return self._evaluate(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _evaluate(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        f, what = self._f, self.transformation
        at = check_argnums(f, self.argnums, len(args), what)
        leaves, tree = trees.flatten(args[at])
        leaves = [check_differentiable(v, f, lambda: argument_name(f, at), what, _complex(v), False) for v in leaves]
        structure: list[Any] = []

        def flat(*values: Value) -> list[Value]:
            full = list(args)
            full[at] = trees.unflatten(tree, values)
            out, out_tree = trees.flatten(f(*full, **kwargs))
            structure[:] = [out_tree]
            return [check_output(o, f) for o in out]

        return self.apply(flat, leaves, tree, structure)

    def apply(self, f: Callable[..., list[Value]], leaves: list[Value], tree: Tree, structure: list[Any]) -> Any:
        raise NotImplementedError


def _complex(x: Value) -> bool:
    return dtype_of(as_value(x)).kind == "c"


class Laplacian(_Operator):
    """The sum of the second derivatives by all elements of an argument."""

    transformation = "laplacian"

    def __init__(self, f: Any, argnums: int, weights: Any, directions: Any, samples: int | None, key: Any) -> None:
        super().__init__(f, argnums)
        if sum(given is not None for given in (weights, directions, samples)) > 1:
            raise ArgumentError("laplacian: give one of weights, directions and samples")
        if (samples is None) != (key is None):
            raise ArgumentError("laplacian: an estimate takes samples, how many, and a random key")
        if samples is not None and (isinstance(samples, bool) or samples < 1):
            raise ArgumentError(f"laplacian: samples must be a positive integer, got {samples!r}")
        self.weights, self.directions, self.samples, self.key = weights, directions, samples, key

    def apply(self, f: Callable[..., list[Value]], leaves: list[Value], tree: Tree, structure: list[Any]) -> Any:
        n = sum(math.prod(shape_of(x)) for x in leaves)
        directions: Any = None
        weights: Any = None
        factor, count = 2.0 * n, n
        if self.samples is not None:
            directions, count, factor = _signs(self.key, self.samples, leaves), self.samples, 2.0
        elif self.directions is not None:
            directions = [as_value(d) for d in leaves_or_none(tree, self.directions, "laplacian: directions")]
            counts = {shape_of(d)[:1] for d in directions}
            for d, x in zip(directions, leaves, strict=True):
                if shape_of(d)[1:] != shape_of(x) or len(counts) != 1 or not shape_of(d):
                    raise ShapeError(
                        f"laplacian: directions of shape {shape_of(d)} do not fit an argument of shape {shape_of(x)}: "
                        f"they have one axis more, in front, of the same length in all leaves"
                    )
            count = shape_of(directions[0])[0]
            factor = 2.0 * count
        elif self.weights is not None:
            given = leaves_or_none(tree, self.weights, "laplacian: weights")
            parts = []
            for w, x in zip(given, leaves, strict=True):
                w = as_value(w)
                if shape_of(w) not in ((), shape_of(x)):
                    raise ShapeError(
                        f"laplacian: weights of shape {shape_of(w)} for an argument of shape {shape_of(x)}"
                    )
                parts.append(reshape(multiply(w, np.ones(shape_of(x))), (-1,)))
            weights, factor, count = _normalised(concatenate(parts, 0), n)
        if count == 0:
            zeros = [zeros_like(o) for o in f(*leaves)]  # which gives the structure
            return trees.unflatten(structure[0], zeros)
        outs, sums = collapsed(f, leaves, directions, weights, count)
        found = [zeros_like(o) if s is None else strong(s * factor) for o, s in zip(outs, sums, strict=True)]
        return trees.unflatten(structure[0], found)


def _normalised(weights: Value, n: int) -> tuple[Value, Any, int]:
    """Weights with the sum 1, the factor that makes up for it, and how many they are.

    Known weights that are not negative are divided by their sum; to others one more is added, of a direction along which
    nothing moves.
    """
    if not isinstance(weights, Tracer) and bool(np.all(weights >= 0)) and float(np.sum(weights)) > 0:
        total = np.sum(weights)
        return weights / total, 2.0 * total, n
    rest = 1 - reduce_sum(weights, (0,))
    return concatenate([weights, reshape(rest, (1,))], 0), 2.0, n + 1


def _signs(key: Value, samples: int, leaves: list[Value]) -> list[Value]:
    """Random signs for each element, in `samples` rows: their products have the mean of an identity matrix."""
    from ..random import rademacher, split

    keys = split(key, len(leaves))
    return [rademacher(keys[i], (samples, *shape_of(x))).astype(dtype_of(x)) for i, x in enumerate(leaves)]


class HessianDiagonal(_Operator):
    """The second derivative by each element."""

    transformation = "hessian_diagonal"

    def apply(self, f: Callable[..., list[Value]], leaves: list[Value], tree: Tree, structure: list[Any]) -> Any:
        def second(*directions: Value) -> list[Value]:
            outs, found = series_flat(f, leaves, [[d, None] for d in directions], 2)
            rows = [zeros_like(o) if c is None or c[1] is None else 2 * c[1] for o, c in zip(outs, found, strict=True)]
            for r in rows:
                if shape_of(r) != ():
                    raise ShapeError(
                        f"hessian_diagonal: {name_of(self._f)} returned an array of shape {shape_of(r)}, not one number; "
                        f"sum it, or map the function over its results"
                    )
            return rows

        rows = over_basis(second, leaves, forward=True)
        parts, start = [[] for _ in rows], 0
        for x in leaves:
            n = math.prod(shape_of(x))
            for part, r in zip(parts, rows, strict=True):
                part.append(reshape(r[start : start + n], shape_of(x)))
            start += n
        return trees.unflatten(structure[0], [trees.unflatten(tree, p) for p in parts])


class Divergence(_Operator):
    """The trace of the Jacobian."""

    transformation = "divergence"

    def apply(self, f: Callable[..., list[Value]], leaves: list[Value], tree: Tree, structure: list[Any]) -> Value:
        def along(*directions: Value) -> list[Value]:
            outs, moved = jvp(lambda *v: f(*v), tuple(leaves), directions)
            if [shape_of(o) for o in outs] != [shape_of(x) for x in leaves]:
                raise ShapeError(
                    f"divergence: {name_of(self._f)} maps arrays of shapes {[shape_of(x) for x in leaves]} to "
                    f"{[shape_of(o) for o in outs]}; they must be the same"
                )
            total: Any = 0.0
            for m, d in zip(moved, directions, strict=True):
                if inexact_dtype(dtype_of(m)):
                    total = total + reduce_sum(multiply(m, d), tuple(range(len(shape_of(m)))))
            return [as_value(total)]

        (terms,) = over_basis(along, leaves, forward=True)
        return reduce_sum(terms, (0,))


def laplacian(
    f: Function,
    argnums: int = 0,
    *,
    weights: Any = None,
    directions: Any = None,
    samples: int | None = None,
    key: Any = None,
) -> Function:
    """The Laplacian ``sum(d**2 f / d x_i**2)``, in one forward pass and without the Hessian.

    Args:
        f: a function whose argument `argnums` is an array or a pytree of arrays; its result may be any pytree, and then
            each element has its Laplacian.
        argnums: the argument.
        weights: of the second derivatives, shaped as the argument, or numbers; of any sign.
        directions: arrays shaped as the argument with an axis in front: the sum of ``d' H d`` over its rows `d`, which is
            the trace of ``A H`` for ``A = directions' directions``.
        samples: estimate from so many random directions of signs (Hutchinson's estimator), without bias.
        key: the random key of the estimate.

    Returns:
        A function with the arguments of `f` and results of the structure and shapes of its result.

    Raises:
        ShapeError: weights or directions do not fit the argument.
        ArgumentError: more than one of `weights`, `directions` and `samples`.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> float(wengert.laplacian(lambda x: wnp.sum(x ** 3))(wnp.array([1.0, 2.0])))
        18.0

    Source: R. Li et al., Nature Machine Intelligence 6 (2024), the forward Laplacian; F. Dangel et al., Collapsing Taylor
    mode automatic differentiation (2025); M. F. Hutchinson, Communications in Statistics 18 (1989), the estimator.
    """
    return Laplacian(f, argnums, weights, directions, samples, key)


def bilaplacian(f: Function, argnums: int = 0) -> Function:
    """The Laplacian of the Laplacian.

    Args and errors are those of `laplacian`.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> float(wengert.bilaplacian(lambda x: wnp.sum(x * x) ** 2)(wnp.array([1.0, 2.0])))
        64.0
    """
    return laplacian(laplacian(f, argnums), argnums)


def hessian_diagonal(f: Function, argnums: int = 0) -> Function:
    """The second derivatives by each element of an argument, the diagonal of the Hessian.

    Args:
        f: a function whose result is one number, or a pytree of numbers.
        argnums: the argument.

    Returns:
        A function with the arguments of `f`, whose result is shaped as the argument (in the structure of the result of
        `f`, where that is a pytree).

    Raises:
        ShapeError: the result of `f` is an array.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.hessian_diagonal(lambda x: x[0] ** 3 * x[1] ** 2)(wnp.array([1.0, 2.0]))
        array([24.,  2.])
    """
    return HessianDiagonal(f, argnums)


def divergence(f: Function, argnums: int = 0) -> Function:
    """The divergence ``sum(d f_i / d x_i)`` of a vector field.

    Args:
        f: a function whose result has the structure and shapes of its argument `argnums`.
        argnums: the argument.

    Returns:
        A function with the arguments of `f` and one number as result.

    Raises:
        ShapeError: the result is not shaped as the argument.

    Example:
        >>> import wengert
        >>> float(wengert.divergence(lambda x: x ** 2)(np.array([1.0, 2.0])))
        6.0
    """
    return Divergence(f, argnums)


def curl(f: Function, argnums: int = 0) -> Function:
    """The curl of a vector field in three dimensions; in two, the number ``d f_1 / d x_0 - d f_0 / d x_1``.

    Args:
        f: a function of an array of shape ``(3,)`` or ``(2,)`` with a result of the same shape.
        argnums: the argument.

    Raises:
        ShapeError: other shapes.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.curl(lambda x: wnp.array([-x[1], x[0], x[0] + x[1]]))(np.array([1.0, 2.0, 3.0]))
        array([ 1., -1.,  2.])
    """
    from .derivatives import jacfwd

    jacobian = jacfwd(f, argnums)

    def of(*args: Any, **kwargs: Any) -> Any:
        j = jacobian(*args, **kwargs)
        if not hasattr(j, "shape") or shape_of(j) not in ((3, 3), (2, 2)):
            raise ShapeError(
                f"curl: {name_of(f)} must map an array of shape (3,) or (2,) to one of the same shape, its Jacobian has "
                f"shape {getattr(j, 'shape', None)}"
            )
        if shape_of(j) == (2, 2):
            return j[1, 0] - j[0, 1]
        return stack([j[2, 1] - j[1, 2], j[0, 2] - j[2, 0], j[1, 0] - j[0, 1]], 0)

    return Made(f, "curl", of, f"argnums={argnums}")


__all__ = ["bilaplacian", "curl", "divergence", "hessian_diagonal", "laplacian"]
