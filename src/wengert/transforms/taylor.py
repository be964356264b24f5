"""Taylor mode: derivatives of any order along a curve, in one pass: jet, taylor, derivative."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Value, as_value, dtype_of, inexact_dtype, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError, TreeError
from ..ops.shape import broadcast_to, stack
from ..prefixes import leaves_or_none
from ..vocabulary import Function, Keywords
from . import nans
from .forward import check_output, check_tangent, strong
from .function import Transformed, check_callable, name_of, shown
from .series import series_flat


def jet(f: Function, primals: Any, series: Any, factorial_scaled: bool = True) -> Any:
    """The value of `f` and its derivatives along a curve, of all orders up to that of the curve, in one pass.

    Args:
        f: a function of arrays and pytrees of them.
        primals: a tuple of arguments: where the curve starts.
        series: for each argument the derivatives of the curve by its parameter, first to last: a list of as many
            values of the argument's structure and shapes as there are orders, or None for an argument that is constant.
        factorial_scaled: whether `series` and the result hold derivatives; otherwise Taylor coefficients, which are
            derivatives over ``k!``.

    Returns:
        ``(value, derivatives)``: the value of `f`, and in its structure, at each leaf a list of derivatives, first to
        last.

    Raises:
        TreeError: there are not as many series as primals, or they are not of one length.
        ShapeError: a term does not have the shape of its primal.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> value, (d1, d2, d3) = wengert.jet(lambda x: x ** 3, (2.0,), ((1.0, 0.0, 0.0),))
        >>> float(value), float(d1), float(d2), float(d3)
        (8.0, 12.0, 12.0, 6.0)

    Source: A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed. (2008), chapter 13.
    """
    __tracebackhide__ = True
    if config.debugging and nans.is_idle():
        return nans.checked(lambda p, s: jet(f, p, s, factorial_scaled), primals, series)
    try:
        return _jet(f, primals, series, factorial_scaled)
    except Exception as error:
        raise shown(error)


def _jet(f: Function, primals: Any, series: Any, factorial_scaled: bool) -> Any:
    check_callable(f, "jet")
    if not isinstance(primals, (tuple, list)) or not isinstance(series, (tuple, list)):
        raise ArgumentError(
            "jet takes primals and series as tuples, one entry for each argument: write jet(f, (x,), ([v],))"
        )
    if len(primals) != len(series):
        raise TreeError(f"jet: {len(primals)} primals, and series for {len(series)}")
    lengths = {len(s) for s in series if s is not None}
    if len(lengths) > 1:
        raise TreeError(f"jet: all series must have the same number of terms, these have {sorted(lengths)}")
    order = lengths.pop() if lengths else 0
    flat: list[Value] = []
    given: list[list[Value | None] | None] = []
    structures = []
    for i, (p, s) in enumerate(zip(primals, series, strict=True)):
        leaves, tree = trees.flatten(p)
        structures.append((tree, len(leaves)))
        terms = [None] if s is None else [leaves_or_none(tree, t, f"jet: a term of series {i}") for t in s]
        for j, x in enumerate(leaves):
            place = f" of primal {i}" if tree is trees.LEAF else f" of primal {i}, leaf {j},"
            coefficients: list[Value | None] = []
            for k, term in enumerate(terms, 1):
                x, t = check_tangent(x, None if term is None else term[j], place, "jet")
                coefficients.append(t if t is None or not factorial_scaled or k == 1 else t / math.factorial(k))
            flat.append(x)
            given.append(None if s is None or all(c is None for c in coefficients) else coefficients)
    out_tree: list[Any] = []

    def run(*values: Value) -> list[Value]:
        rest, arguments = iter(values), []
        for tree, n in structures:
            arguments.append(trees.unflatten(tree, [next(rest) for _ in range(n)]))
        leaves, tree = trees.flatten(f(*arguments))
        out_tree.append(tree)
        return [check_output(o, f) for o in leaves]

    outs, found = series_flat(run, flat, given, order)
    rows = []
    for o, of_leaf in zip(outs, found, strict=True):
        row = []
        for k in range(order):
            c = None if of_leaf is None else of_leaf[k]
            if c is None:
                c = np.zeros(shape_of(o), dtype_of(o) if inexact_dtype(dtype_of(o)) else float)
            elif factorial_scaled and k:
                c = c * float(math.factorial(k + 1))
            row.append(strong(c))
        rows.append(row)
    return trees.unflatten(out_tree[0], [strong(o) for o in outs]), trees.unflatten(out_tree[0], rows)


def taylor(f: Function, x: Any, order: int, direction: Any = None) -> Any:
    """The Taylor coefficients of ``t -> f(x + t * direction)`` at 0, up to an order.

    Args:
        f: a function of one argument, an array or a pytree of arrays.
        x: the argument.
        order: the highest power of `t`.
        direction: of the structure and shapes of `x`; None is an array of ones, which for a number means the Taylor
            series of `f` itself.

    Returns:
        The result's structure, its arrays of shape ``(order + 1, *shape)``: coefficient `k` is the derivative of order
        `k` over ``k!``.

    Raises:
        ArgumentError: `order` is no natural number.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.taylor(wnp.exp, 0.0, 4)
        array([1.        , 1.        , 0.5       , 0.16666667, 0.04166667])
    """
    __tracebackhide__ = True
    _check_order(order, "taylor", 0)
    if direction is None:
        direction = trees.map(_ones, x)
    terms = [direction, *[None] * (order - 1)][:order]
    value, derivatives = jet(f, (x,), (terms,), factorial_scaled=False)
    leaves, tree = trees.flatten(value)
    rows = trees.leaves(derivatives)
    columns = [stack([as_value(o), *rows[i * order : (i + 1) * order]], 0) for i, o in enumerate(leaves)]
    return trees.unflatten(tree, columns)


def _ones(x: Value) -> Value:
    x = as_value(x)
    return broadcast_to(dtype_of(x).type(1) if inexact_dtype(dtype_of(x)) else 1.0, shape_of(x))


def _check_order(n: Any, what: str, least: int) -> None:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < least:
        raise ArgumentError(f"{what}: the order must be an integer of {least} or more, got {n!r}")


class Derivative(Transformed):
    """A derivative of any order of a function of one number."""

    transformation = "derivative"

    def __init__(self, f: Function, n: int) -> None:
        super().__init__(f)
        _check_order(n, "derivative", 0)
        self.order = int(n)

    def options(self) -> str:
        return f"n={self.order}"

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return self._evaluate(x, args, kwargs)
        except Exception as error:
            raise shown(error)

    def _evaluate(self, x: Value, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        x = as_value(x)
        if shape_of(x) != ():
            raise ShapeError(
                f"derivative: the first argument of {name_of(self._f)} is an array of shape {shape_of(x)}, and not one "
                f"number: use vmap(derivative(f, {self.order})) for the derivatives at each of its elements, or jet"
            )
        if not inexact_dtype(dtype_of(x)):
            if dtype_of(x).kind not in "biu":
                raise DtypeError(f"derivative: the argument has dtype {dtype_of(x)}")
            x = float(x) if not hasattr(x, "_trace") else x.astype(float)
        n = self.order
        if n == 0:
            return self._f(x, *args, **kwargs)
        one = dtype_of(x).type(1)
        terms = [one, *[None] * (n - 1)]
        value, derivatives = jet(lambda v: self._f(v, *args, **kwargs), (x,), (terms,))
        leaves, tree = trees.flatten(value)
        rows = trees.leaves(derivatives)
        return trees.unflatten(tree, [rows[(i + 1) * n - 1] for i in range(len(leaves))])


def derivative(f: Function, n: int = 1) -> Function:
    """The derivative of order `n` of a function of one number, in one pass.

    Args:
        f: a function whose first argument is a number; its result may be any pytree of arrays.
        n: the order; 0 is the function itself.

    Returns:
        A function with the arguments of `f`, whose result has the structure and shapes of that of `f`.

    Raises:
        ShapeError: the first argument is not one number.
        ArgumentError: `n` is no natural number.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> float(wengert.derivative(wnp.sin, 3)(0.0))
        -1.0
    """
    return Derivative(f, n)


__all__ = ["derivative", "jet", "taylor"]
