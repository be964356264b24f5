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
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Primitive, Value, dtype_of, ndim_of, shape_of
from ..errors import NotLinearError
from ..vocabulary import BatchedResults, Params, Pushed, Results
from .contraction import matmul
from .decompositions import eig_p
from .elementwise import absolute, convert, exp, sin, stop_gradient_p, where
from .linalg import inv_p, require_square, sample_complex, turned
from .reduction import max_p
from .shape import broadcast_to, expand_dims, in_front, reduce_sum, reshape

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
    from ..transforms.jvp import jvp

    below = _derivative(f, order - 1)
    return lambda x: jvp(below, (x,), (np.ones(shape_of(x), dtype_of(x)),))[1]


def judged(f: Function, change: Function | None = None) -> Function:
    """A function of points: the values of `change`, and those of `f`, by which errors are estimated.

    They differ where `change` is linear in something, on which then no choice may depend.
    """

    def both(x: Any) -> tuple[Any, Any]:
        judge = convert(broadcast_to(f(x), shape_of(x)), dtype_of(x))
        if change is None:
            return judge, judge
        return convert(broadcast_to(change(x), shape_of(x)), dtype_of(x)), judge

    return both


def _along_axes(x: Value, axes: tuple[int, ...], count: int) -> Value:
    """An array whose last axes stand for the points `axes` of `count` ones, with axes of length 1 for the others."""
    n = len(axes)
    shape = list(shape_of(x)[: ndim_of(x) - n]) + [1] * count
    for axis, length in zip(axes, shape_of(x)[ndim_of(x) - n :], strict=True):
        shape[len(shape) - count + axis] = length
    return reshape(x, tuple(shape))


def _sum_last(x: Value) -> Value:
    return reduce_sum(x, (ndim_of(x) - 1,))


def _by_quadrature(f: Function, x: Value, order: int, points: int) -> Any:
    nodes, weights = _simplex(order, points)
    real = np.finfo(dtype_of(x)).dtype
    at: Any = 0.0
    for axis in range(order + 1):
        at = at + expand_dims(_along_axes(x, (axis,), order + 1), -1) * nodes[:, axis].astype(real)
    return [_sum_last(part * weights.astype(real)) for part in _derivative(f, order)(at)]


def _divided_differences(f: Function, x: Value, order: int) -> Value:
    """``f[x_i, x_j, ...]`` of `order` + 1 points of ``x``, shape ``(..., n)``: an array ``(..., n, ..., n)``."""
    epsilon = float(np.finfo(dtype_of(x)).eps)
    values, judge = f(x)
    errors = epsilon * absolute(stop_gradient_p.bind(judge))
    for k in range(1, order + 1):
        (fine, judge), (_, coarse) = (_by_quadrature(f, x, k, q) for q in NODES.get(k, (5, 3)))
        judge, coarse = stop_gradient_p.bind(judge), stop_gradient_p.bind(coarse)
        points = [_along_axes(x, (axis,), k + 1) for axis in range(k + 1)]
        distance: Any = -1.0  # the quotient of the two points that are furthest from each other
        quotient: Any = 0.0
        lost: Any = 0.0
        for p, q in itertools.combinations(range(k + 1), 2):
            gap = points[p] - points[q]
            size = absolute(gap)
            safe = where(size > 0, gap, 1.0)
            with_p, with_q = (tuple(i for i in range(k + 1) if i != other) for other in (q, p))
            difference = _along_axes(values, with_p, k + 1) - _along_axes(values, with_q, k + 1)
            error = _along_axes(errors, with_p, k + 1) + _along_axes(errors, with_q, k + 1)
            further = size > distance
            quotient = where(further, difference / safe, quotient)
            lost = where(further, where(size > 0, error / absolute(safe), np.inf), lost)
            distance = where(further, size, distance)
        uncertain = absolute(judge - coarse) + epsilon * absolute(judge)
        smooth = (uncertain < lost) | (distance == 0)
        values = where(smooth, fine, quotient)
        errors = where(smooth, uncertain, lost)
    return values


def _size(x: Value) -> Value:
    n = ndim_of(x)
    return max_p.bind(reduce_sum(absolute(x), (n - 2,)), axes=(n - 2,))


def along(f: Function, a: Value, directions: tuple[Any, ...]) -> tuple[Any, Any]:
    """The derivative of the function of `a` in `directions`, and how large a part of it may be rounding errors."""
    order = len(directions)
    x, v = eig_p.bind(a)
    w = inv_p.bind(v)
    inside = _divided_differences(f, x, order)
    if order == 0:
        out = matmul(v * expand_dims(inside, -2), w)
    else:
        inner = [matmul(matmul(w, e), v) for e in directions]
        middle = tuple(range(ndim_of(a) - 1, ndim_of(a) + order - 2))
        out = 0.0
        for ordered in itertools.permutations(inner):
            product = inside
            for place, e in enumerate(ordered):
                product = product * _along_axes(e, (place, place + 1), order + 1)
            out = out + (reduce_sum(product, middle) if middle else product)
        out = matmul(matmul(v, out), w)
    lost = float(np.finfo(dtype_of(a)).eps) * (_size(v) * _size(w)) ** (order + 1)
    sound = where(lost < LOST, 1.0, np.nan)  # a factor: the result is linear in the directions
    return out * convert(expand_dims(expand_dims(sound, -1), -1), dtype_of(out)), lost


class _Batched:
    """The function of a batch of parameters, of points whose first axis is the batch."""

    def __init__(self, function: Function, batched: Sequence[bool]) -> None:
        self.function, self.axes = function, [0 if b else None for b in batched]

    def __call__(self, *parameters: Any) -> Function:
        from ..transforms.vmap import vmap

        return lambda x: vmap(lambda x, *p: self.function(*p)(x), (0, *self.axes))(x, *parameters)


class _Changing:
    """The change of a function with its parameters, which are followed by their tangents."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def __call__(self, *both: Any) -> Function:
        from ..transforms.jvp import jvp

        n = len(both) // 2

        def change(x: Any) -> Any:
            return jvp(lambda *p: self.function(*p)(x)[0], both[:n], both[n:])[1]

        return judged(lambda x: self.function(*both[:n])(x)[1], change)


class _Derivative(Primitive):
    """The derivative of the function of `a` in as many directions as `order` says; what follows are parameters.

    ``function(*parameters)`` is what `judged` makes. The transpose is the derivative at the transpose of `a`: ``<W, L(A,
    E)> = <L(A', W), E>``.
    """

    def impl(self, a: Value, *rest: Value, function: Function, order: int) -> Value:
        return along(function(*rest[order:]), a, rest[:order])[0] if np.size(a) else a

    def abstract(self, a: Aval, *rest: Aval, function: Function, order: int) -> Aval:
        require_square(a, "funm")
        return a

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        from ..transforms.forward import zeros_like

        function, order = params["function"], params["order"]
        (a, *rest), (da, *changes) = primals, tangents
        directions, parameters = rest[:order], rest[order:]
        terms = []
        if da is not None:
            terms.append(self.bind(a, *directions, da, *parameters, function=function, order=order + 1))
        for i, e in enumerate(changes[:order]):
            if e is not None:
                terms.append(self.bind(a, *directions[:i], e, *rest[i + 1 :], **params))
        if any(t is not None for t in changes[order:]):
            more = [zeros_like(p) if t is None else t for p, t in zip(parameters, changes[order:], strict=True)]
            terms.append(self.bind(a, *rest, *more, function=_Changing(function), order=order))
        return self.bind(*primals, **params), sum(terms[1:], terms[0])

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        order = params["order"]
        linear = [i for i, a in enumerate(args) if isinstance(a, LinearTracer)]
        grads: list[Value | None] = [None] * len(args)
        if linear and linear[0] > order:
            places = tuple(i - order - 1 for i in linear)
            full = [np.zeros(a.shape, a.dtype) if i in linear else a for i, a in enumerate(args)]
            for i, g in zip(linear, funm_pull_p.bind(cotangent, *full, **params, linear=places), strict=True):
                grads[i] = g
            return grads
        if linear == [0] or len(linear) != 1:
            raise NotLinearError("funm is linear in one direction at a time, not in the matrix")
        (place,) = linear
        others = [cotangent if i == place else turned(a) for i, a in enumerate(args[1 : order + 1], 1)]
        grads[place] = self.bind(turned(args[0]), *others, *args[order + 1 :], **params)
        return grads

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        matrices = params["order"] + 1
        full = in_front(size, args, batched)
        function = _Batched(params["function"], batched[matrices:])
        return self.bind(*full[:matrices], *args[matrices:], function=function, order=params["order"]), True


class _Pull(Primitive):
    """What a cotangent of `funm` gives the parameters `linear`, in which the function is linear: their values are not read.

    It is a primitive so that its derivative in the matrix is that of `funm`, in one more direction, not of eigenvectors.
    """

    multiple_results = True

    def impl(
        self, ct: Value, a: Value, *rest: Value, function: Function, order: int, linear: tuple[int, ...]
    ) -> Results:
        from ..transforms.transposing import transpose_flat

        avals = [Aval(shape_of(rest[order + i]), dtype_of(rest[order + i])) for i in linear]

        def of_parameters(*values: Value) -> list[Value]:
            parameters = list(rest[order:])
            for i, value in zip(linear, values, strict=True):
                parameters[i] = value
            return [along(function(*parameters), a, rest[:order])[0]]

        grads = transpose_flat(of_parameters, avals, lambda _: [ct])
        return [np.zeros(v.shape, v.dtype) if g is None else g for g, v in zip(grads, avals, strict=True)]

    def abstract(self, ct: Aval, a: Aval, *rest: Aval, order: int, linear: tuple[int, ...], **_: Any) -> list[Aval]:
        return [Aval(rest[order + i].shape, rest[order + i].dtype) for i in linear]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        from ..transforms.forward import zeros_like

        first, order, linear = 2, params["order"], params["linear"]
        parameters, changes = primals[first + order :], list(tangents[first + order :])
        for i in linear:
            changes[i] = None
        terms = []
        for i, t in enumerate(tangents[: first + order]):
            if t is None:
                continue
            if i == 1:
                more = {**params, "order": order + 1}
                terms.append(self.bind(*primals[: first + order], t, *parameters, **more))
            else:
                terms.append(self.bind(*primals[:i], t, *primals[i + 1 :], **params))
        if any(t is not None for t in changes):
            full = [zeros_like(p) if t is None else t for p, t in zip(parameters, changes, strict=True)]
            terms.append(self.bind(*primals, *full, **{**params, "function": _Changing(params["function"])}))
        outs = self.bind(*primals, **params)
        return outs, [sum(column[1:], column[0]) for column in zip(*terms, strict=True)] if terms else [None] * len(
            outs
        )

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        function, order = params["function"], params["order"]
        first = 2 + order
        (ct, a, *rest), parameters = args, list(args[first:])
        for i, g in zip(params["linear"], cotangent, strict=True):
            parameters[i] = np.zeros(parameters[i].shape, parameters[i].dtype) if g is None else g
        grads: list[Value | None] = [None] * len(args)
        places = [i for i, x in enumerate(args) if isinstance(x, LinearTracer) and i - first not in params["linear"]]
        if places and places[0] >= first:  # other parameters in which the function is linear
            others = tuple(i - first for i in places)
            for i in others:
                parameters[i] = np.zeros(parameters[i].shape, parameters[i].dtype)
            pulled = funm_pull_p.bind(ct, a, *rest[:order], *parameters, **{**params, "linear": others})
            for i, g in zip(places, pulled, strict=True):
                grads[i] = g
            return grads
        if len(places) != 1 or places == [1]:
            raise NotLinearError("the pullback of funm is linear in the cotangent and in one direction at a time")
        (place,) = places
        if place == 0:
            grads[0] = funm_p.bind(a, *rest[:order], *parameters, function=function, order=order)
        else:
            others = [ct if i == place else turned(e) for i, e in enumerate(rest[:order], 2)]
            grads[place] = funm_p.bind(turned(a), *others, *parameters, function=function, order=order)
        return grads

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        first = 2 + params["order"]
        flags = [b or i < first or i - first in params["linear"] for i, b in enumerate(batched)]
        full = [
            a if b or not flag else broadcast_to(a, (size, *shape_of(a)))
            for a, b, flag in zip(args, batched, flags, strict=True)
        ]
        function = _Batched(params["function"], flags[first:])
        return self.bind(*full, **{**params, "function": function}), [True] * len(params["linear"])


def _example(*parameters: Value) -> Function:
    return judged(lambda x: sin(parameters[0] * x) if parameters else exp(x))


funm_p = _Derivative(
    "funm",
    samples=lambda: [
        ((sample_complex(3, 3),), {"function": _example, "order": 0}),
        ((np.stack([2 * np.eye(2), np.diag([1.0, 2.0])]) + 0j,), {"function": _example, "order": 0}),
        ((sample_complex(2, 2), sample_complex(2, 2)[::-1]), {"function": _example, "order": 1}),
        ((sample_complex(2, 2), np.float64(0.7)), {"function": _example, "order": 0}),
    ],
)
funm_pull_p = _Pull(
    "funm_pull",
    samples=lambda: [
        (
            (sample_complex(2, 2)[::-1], sample_complex(2, 2), np.float64(0.7), np.float64(0)),
            {"function": _Changing(_example), "order": 0, "linear": (1,)},
        ),
        (
            (sample_complex(2, 2)[::-1], 2 * np.eye(2) + 0j, sample_complex(2, 2), np.float64(0.7), np.float64(0)),
            {"function": _Changing(_example), "order": 1, "linear": (1,)},
        ),
    ],
)

__all__ = ["along", "funm_p", "judged"]
