"""`funm`: the function of a matrix that a function of numbers is, and its derivatives of every order.

With ``A = V diag(x) V^-1`` the k-th derivative in the directions ``E1, ..., Ek`` has, in the basis `V`, the elements ::

    sum over the orders of the directions, and over i1, ..., ik-1, of f[x_i, x_i1, ..., x_j] E1_{i, i1} ... Ek_{ik-1, j}

with the divided differences of `f` (Daleckii & Krein 1951 for one direction; Higham 2008, theorem 3.11; Higham & Relton
2014 for several). Where eigenvalues are equal or close, divided differences are integrals of derivatives (Hermite and
Genocchi: Higham 2008, equation B.24) by Gauss's quadrature on the simplex (Stroud 1971, section 2.4), elsewhere
quotients, whichever is expected to lose less.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .. import numpy as wnp
from ..core import Tracer, dtype_of, ndim_of, shape_of
from ..numpy.linalg import eig, inv
from ..ops.elementwise import absolute, convert
from ..ops.linalg import complex_dtype
from ..ops.shape import broadcast_to, expand_dims, reshape
from ..transforms.batching import vmap
from ..transforms.custom_rules import custom_jvp
from ..transforms.derivatives import stop_gradient
from ..transforms.forward import jvp
from ..transforms.jit import closure_convert
from .matrix_functions import matrices

Function = Callable[..., Any]
LOST = 1e-2  # where more than this part of a result may be rounding errors, by a bound that is seldom met, it is NaN
NODES = {1: (8, 5), 2: (6, 4)}  # by order: points along each axis, of the rule and of the one that it is compared with


@lru_cache(maxsize=16)
def _simplex(order: int, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (as weights of the corners, ``(N, order + 1)``) and weights of a conical product rule of Gauss and Jacobi."""
    from scipy.special import roots_jacobi

    rules = []
    for power in range(order - 1, -1, -1):
        x, weight = roots_jacobi(points, power, 0)
        rules.append(((x + 1) / 2, weight / 2 ** (power + 1)))
    nodes, weights = [], []
    for places in itertools.product(range(points), repeat=order):
        rest, weight, corners = 1.0, 1.0, []
        for place, (u, w) in zip(places, rules, strict=True):
            corners.append(rest * u[place])
            rest, weight = rest * (1 - u[place]), weight * w[place]
        nodes.append([*corners, rest])
        weights.append(weight)
    return np.array(nodes), np.array(weights)


def _derivative(f: Function, order: int) -> Function:
    if order == 0:
        return f
    below = _derivative(f, order - 1)
    return lambda x: jvp(below, (x,), (wnp.ones_like(x),))[1]


def _judged(f: Function, change: Function | None = None) -> Function:
    """A function of points: the values of `change`, and those of `f`, by which errors are estimated.

    They differ where `change` is linear in something, on which then no choice may depend.
    """

    def both(x: Any) -> tuple[Any, Any]:
        judge = convert(broadcast_to(f(x), shape_of(x)), dtype_of(x))
        if change is None:
            return judge, stop_gradient(judge)
        return convert(broadcast_to(change(x), shape_of(x)), dtype_of(x)), stop_gradient(judge)

    return both


def _along_axes(x: Any, axes: tuple[int, ...], count: int) -> Any:
    """An array whose last axes stand for the points `axes` of `count` ones, with axes of length 1 for the others."""
    n = len(axes)
    shape = list(shape_of(x)[: ndim_of(x) - n]) + [1] * count
    for axis, length in zip(axes, shape_of(x)[ndim_of(x) - n :], strict=True):
        shape[len(shape) - count + axis] = length
    return reshape(x, tuple(shape))


def _by_quadrature(f: Function, x: Any, order: int, points: int) -> Any:
    nodes, weights = _simplex(order, points)
    real = np.finfo(dtype_of(x)).dtype
    at: Any = 0.0
    for axis in range(order + 1):
        at = at + expand_dims(_along_axes(x, (axis,), order + 1), -1) * nodes[:, axis].astype(real)
    return [wnp.sum(part * weights.astype(real), -1) for part in _derivative(f, order)(at)]


def _divided_differences(f: Function, x: Any, order: int) -> Any:
    """``f[x_i, x_j, ...]`` of `order` + 1 points of ``x``, shape ``(..., n)``: an array ``(..., n, ..., n)``."""
    epsilon = float(np.finfo(dtype_of(x)).eps)
    values, judge = f(x)
    errors = epsilon * absolute(judge)
    for k in range(1, order + 1):
        (fine, judge), (_, coarse) = (_by_quadrature(f, x, k, q) for q in NODES.get(k, (5, 3)))
        points = [_along_axes(x, (axis,), k + 1) for axis in range(k + 1)]
        distance: Any = -1.0  # the quotient of the two points that are furthest from each other
        quotient: Any = 0.0
        lost: Any = 0.0
        for p, q in itertools.combinations(range(k + 1), 2):
            gap = points[p] - points[q]
            size = absolute(gap)
            safe = wnp.where(size > 0, gap, 1.0)
            with_p, with_q = (tuple(i for i in range(k + 1) if i != other) for other in (q, p))
            difference = _along_axes(values, with_p, k + 1) - _along_axes(values, with_q, k + 1)
            error = _along_axes(errors, with_p, k + 1) + _along_axes(errors, with_q, k + 1)
            further = size > distance
            quotient = wnp.where(further, difference / safe, quotient)
            lost = wnp.where(further, wnp.where(size > 0, error / absolute(safe), np.inf), lost)
            distance = wnp.where(further, size, distance)
        uncertain = absolute(judge - coarse) + epsilon * absolute(judge)
        smooth = (uncertain < lost) | (distance == 0)
        values = wnp.where(smooth, fine, quotient)
        errors = wnp.where(smooth, uncertain, lost)
    return values


def _size(x: Any) -> Any:
    return wnp.max(wnp.sum(absolute(x), -2), -1)


def _along(f: Function, a: Any, directions: tuple[Any, ...]) -> tuple[Any, Any]:
    """The derivative of the function of `a` in `directions`, and how large a part of it may be rounding errors."""
    order = len(directions)
    x, v = eig(a)
    w = inv(v)
    inside = _divided_differences(f, x, order)
    if order == 0:
        out = wnp.matmul(v * expand_dims(inside, -2), w)
    else:
        turned = [wnp.matmul(wnp.matmul(w, e), v) for e in directions]
        letters = "abcdefghijkl"[: order + 1]
        pairs = [f"...{p}{q}" for p, q in itertools.pairwise(letters)]
        rule = f"...{letters}," + ",".join(pairs) + f"->...{letters[0]}{letters[-1]}"
        out = sum(wnp.einsum(rule, inside, *ordered) for ordered in itertools.permutations(turned))
        out = wnp.matmul(wnp.matmul(v, out), w)
    lost = float(np.finfo(dtype_of(a)).eps) * (_size(v) * _size(w)) ** (order + 1)
    sound = wnp.where(lost < LOST, 1.0, np.nan)  # a factor: the result is linear in the directions
    return out * convert(expand_dims(expand_dims(sound, -1), -1), dtype_of(out)), lost


def _frechet_derivative(f: Function, a: Any, directions: tuple[Any, ...], parameters: list[Any]) -> Any:
    return _along(f(*parameters), a, directions)[0]


_frechet = custom_jvp(_frechet_derivative, nondiff_argnums=0)  # f makes what `_judged` makes of the parameters


@_frechet.defjvp
def _rule(f: Function, primals: Any, tangents: Any) -> Any:
    (a, directions, parameters), (da, more, changes) = primals, tangents
    total = _frechet(f, a, (*directions, da), parameters)
    for i, e in enumerate(more):
        if isinstance(e, Tracer) or np.any(e):
            total = total + _frechet(f, a, (*directions[:i], e, *directions[i + 1 :]), parameters)
    if parameters:
        n = len(parameters)

        def change(*both: Any) -> Function:
            def values(x: Any) -> Any:
                return jvp(lambda *p: f(*p)(x)[0], both[:n], both[n:])[1]

            return _judged(lambda x: f(*both[:n])(x)[1], values)

        total = total + _frechet(change, a, directions, [*parameters, *changes])
    return _frechet(f, a, directions, parameters), total


def funm(A: Any, func: Function, disp: bool = True) -> Any:
    """The function of square matrices that a function of numbers is; always complex, as whether it is real depends on values.

    It is taken of the eigenvalues, in the basis of the eigenvectors, and differentiable to any order in `A` and in
    what `func` closes over: divided differences of `func` take the place of its derivative (Daleckii & Krein).
    Eigenvalues may be equal. Where eigenvectors are so near to being dependent that rounding errors would show, the
    result is NaN, for derivatives sooner than for values; `expm`, `logm`, `sqrtm`, `cosm` and their kin, the integer
    powers and `fractional_matrix_power` have no such limit.

    Args:
        A: matrices, shape ``(..., n, n)``.
        func: a function of complex numbers, analytic near the eigenvalues, that takes arrays element by element.
        disp: False to return an estimate of the relative error too.

    Raises:
        ShapeError: `A` is not square.

    Example:
        >>> a = np.array([[1.0, 2.0], [2.0, 1.0]])
        >>> bool(np.allclose(funm(a, lambda x: x**3), a @ a @ a))
        True
    """
    A = matrices(A, "funm")
    A = convert(A, complex_dtype(dtype_of(A)))
    if isinstance(A, Tracer):
        one, parameters = closure_convert(func, np.zeros((), dtype_of(A)))

        def function(*parameters: Any) -> Function:
            every = vmap(one, (0, *[None] * len(parameters)))
            return _judged(lambda x: reshape(every(reshape(x, (-1,)), *parameters), shape_of(x)))

        out = _frechet(function, A, (), list(parameters))
    else:
        out = _along(_judged(func), A, ())[0]
    return out if disp else (out, _along(_judged(func), stop_gradient(A), ())[1])


__all__ = ["funm"]
