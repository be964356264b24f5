"""Matrices of curvature as operators: products with Hessians, Gauss-Newton and Fisher matrices, that are never formed.

Each is a `scipy.sparse.linalg.LinearOperator` on the argument's numbers as one vector, for `cg`, `eigsh`, `lsmr`, Newton's
method in `scipy.optimize` and kin. The function runs once, when the operator is made; a product costs its linear part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from .. import trees
from ..core import Value, as_value, shape_of
from ..errors import ArgumentError, NonScalarOutputError, ShapeError
from ..flatten_util import ravel_pytree
from ..ops.norms import euclidean_norm
from ..vocabulary import Function
from .forward import check_output
from .function import argument_name, check_callable, name_of, shown
from .gradient import check_differentiable, grad
from .reverse import linearize
from .transposing import linear_transpose
from .vmap import vmap


class _Point:
    """An argument, and operators on all its numbers as one vector."""

    def __init__(self, x: Any, f: Any, what: str) -> None:
        check_callable(f, what)
        leaves, tree = trees.flatten(x)
        leaves = [check_differentiable(v, f, lambda: argument_name(f, 0), what, False, False) for v in leaves]
        self.value = trees.unflatten(tree, leaves)
        self.vector, self.unravel = ravel_pytree(self.value)

    def operator(self, product: Callable[[Any], Any], what: str) -> Any:
        """The symmetric operator of a product of trees."""
        from scipy.sparse.linalg import LinearOperator

        def times(v: Any) -> Any:
            return ravel_pytree(product(self.unravel(np.asarray(v).reshape(-1))))[0]

        n = len(self.vector)
        made: Any = cast(Any, LinearOperator)((n, n), matvec=times, rmatvec=times, dtype=self.vector.dtype)
        made.__doc__ = what
        return made


def _one_number(out: Value, f: Any, what: str) -> Value:
    value = check_output(out, f)
    if shape_of(value) != ():
        raise NonScalarOutputError(f"{what}: {name_of(f)} returned an array of shape {shape_of(value)}, not one number")
    return value


def hessian_operator(f: Function, x: Any, *args: Any) -> Any:
    """The Hessian of `f` at `x` as a SciPy operator.

    Args:
        f: a function whose result is one real number.
        x: its first argument, an array or a pytree; the operator acts on all its numbers as one vector.
        args: the other arguments.

    Returns:
        A symmetric `scipy.sparse.linalg.LinearOperator` of shape ``(n, n)``.

    Raises:
        NonScalarOutputError: the result of `f` is not one number.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> H = wengert.hessian_operator(lambda x: wnp.sum(x ** 3), np.array([1.0, 2.0]))
        >>> H @ np.array([1.0, 1.0])
        array([ 6., 12.])
    """
    __tracebackhide__ = True
    try:
        point = _Point(x, f, "hessian_operator")
        _, push = linearize(grad(lambda p: _one_number(f(p, *args), f, "hessian_operator")), point.value)
    except Exception as error:
        raise shown(error)
    return point.operator(push, f"the Hessian of {name_of(f)}")


def gauss_newton_operator(f: Function, x: Any, *args: Any, loss: Callable[[Any], Any] | None = None) -> Any:
    """The generalised Gauss-Newton matrix ``J' H J`` of ``loss(f(x))`` at `x` as a SciPy operator.

    ``J`` is the Jacobian of `f` at `x` and ``H`` the Hessian of `loss` at ``f(x)``; it is positive semidefinite where the loss
    is convex. For the negative logarithm of the probability of an exponential family it is the Fisher matrix.

    Args:
        f: a function of `x` and `args`, such as a model's predictions or residuals.
        x: its first argument, an array or a pytree.
        loss: a function of the result of `f` with one number as result; None is half of the sum of squares, whose
            Hessian is the identity.

    Returns:
        A symmetric `scipy.sparse.linalg.LinearOperator` of shape ``(n, n)``.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> G = wengert.gauss_newton_operator(lambda x: x ** 2, np.array([1.0, 2.0]))
        >>> G @ np.array([1.0, 1.0])
        array([ 4., 16.])

    Source: N. N. Schraudolph, Fast curvature matrix-vector products, Neural Computation 14 (2002).
    """
    __tracebackhide__ = True
    try:
        point = _Point(x, f, "gauss_newton_operator")
        y, push = linearize(lambda p: f(p, *args), point.value)
        pull = linear_transpose(push, point.value)
        curve = None
        if loss is not None:
            _, curve = linearize(grad(lambda v: _one_number(loss(v), loss, "gauss_newton_operator")), y)
    except Exception as error:
        raise shown(error)

    def product(v: Any) -> Any:
        moved = push(v)
        (back,) = pull(moved if curve is None else curve(moved))
        return back

    return point.operator(product, f"the Gauss-Newton matrix of {name_of(f)}")


def fisher_operator(f: Function, x: Any, *args: Any) -> Any:
    """The empirical Fisher matrix at `x` as a SciPy operator: the mean of ``g g'`` over the examples' gradients.

    Args:
        f: a function of `x` and `args` whose result is an array with the logarithm of the probability of each example.
        x: its first argument, an array or a pytree.

    Returns:
        A symmetric, positive semidefinite `scipy.sparse.linalg.LinearOperator` of shape ``(n, n)``.

    Raises:
        ShapeError: the result of `f` is no array of one axis.

    Example:
        >>> import wengert
        >>> data = np.array([0.0, 1.0, 2.0])
        >>> F = wengert.fisher_operator(lambda mean: -((data - mean) ** 2) / 2, np.float64(1.0))
        >>> F @ np.array([3.0])  # the mean of 1, 0 and 1, times 3
        array([2.])
    """
    __tracebackhide__ = True
    try:
        point = _Point(x, f, "fisher_operator")
        y, push = linearize(lambda p: f(p, *args), point.value)
        if len(shape_of(as_value(y))) != 1 or shape_of(y)[0] == 0:
            raise ShapeError(
                f"fisher_operator: {name_of(f)} returned shape {shape_of(as_value(y))}: it must return an array of one axis, "
                f"the logarithm of the probability of each example"
            )
        pull = linear_transpose(push, point.value)
    except Exception as error:
        raise shown(error)
    n = shape_of(y)[0]
    return point.operator(lambda v: pull(push(v) / n)[0], f"the Fisher matrix of {name_of(f)}")


def gradient_norms(f: Function, in_axes: Any = (None, 0)) -> Function:
    """The Euclidean norm of each example's gradient by the first argument, all its leaves together.

    Args:
        f: a function of parameters and one example, whose result is one number.
        in_axes: as `vmap` has them; the parameters, first, are not mapped.

    Returns:
        A function of parameters and batches, whose result has one norm for each example.

    Raises:
        ArgumentError: the first argument is mapped.

    Example:
        >>> import wengert
        >>> wengert.gradient_norms(lambda w, x: (w @ x) ** 2)(np.array([1.0, 0.0]), np.array([[3.0, 4.0], [0.0, 1.0]]))
        array([30.,  0.])
    """
    if isinstance(in_axes, int) or in_axes is None or in_axes[0] is not None:
        raise ArgumentError(
            f"gradient_norms: the parameters are the same for all examples: in_axes[0] is None, got {in_axes!r}"
        )

    def norm(*args: Any) -> Any:
        return euclidean_norm(ravel_pytree(grad(f)(*args))[0], (0,))

    return vmap(norm, in_axes)


__all__ = ["fisher_operator", "gauss_newton_operator", "gradient_norms", "hessian_operator"]
