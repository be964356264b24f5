"""`jax.experimental.jet`: derivatives of higher order along a curve, by nested forward mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ... import trees
from .numpy import array
from .transformations import jvp


def fact(n: int) -> float:
    """``n!`` as a float."""
    return float(math.factorial(n))


class ZeroSeries:
    """The series of an argument that is constant."""


zero_series = ZeroSeries()
trees.register(ZeroSeries, lambda x: ((), None), lambda _, __: zero_series)
jet_rules: dict[Any, Any] = {}  # rules that programs add are not asked: every operation has forward mode


def jet(
    fun: Callable[..., Any], primals: Sequence[Any], series: Sequence[Any], factorial_scaled: bool = True, **_: Any
) -> Any:
    """The value of `fun` and its derivatives along a curve.

    Args:
        fun: a function of arrays and pytrees of them.
        primals: where the curve starts, one for each argument.
        series: for each argument the derivatives of the curve, first to last.
        factorial_scaled: whether series hold derivatives; otherwise Taylor coefficients, derivatives over ``k!``.

    Returns:
        ``(value, derivatives)``, the derivatives a list for each leaf of the value.

    Raises:
        TypeError: there are not as many series as primals.

    Example:
        >>> jet(lambda x: x**3, (array(2.0),), ((1.0, 0.0, 0.0),))
        (Array(8., dtype=float64, weak_type=True), [Array(12., dtype=float64), Array(12., dtype=float64), Array(6., dtype=float64)])
    """
    if len(primals) != len(series):
        raise TypeError(f"jet: {len(primals)} primals, and series for {len(series)}")
    given = [list(s) if isinstance(s, (list, tuple)) else s for s in series]
    order = max((len(s) for s in given if not isinstance(s, ZeroSeries)), default=0)
    for s in given:
        if not isinstance(s, ZeroSeries) and len(s) != order:
            raise TypeError("jet: all series must have the same number of terms")

    def curve(t: Any) -> list[Any]:
        out = []
        for x, s in zip(primals, given, strict=True):
            point = x
            if not isinstance(s, ZeroSeries):
                for k, term in enumerate(s, 1):
                    factor = t**k / (fact(k) if factorial_scaled else 1.0)
                    point = trees.map(
                        lambda p, c, f=factor: array(p) + array(c) * f.astype(array(p).dtype), point, term
                    )
            out.append(point)
        return out

    def derivative(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda t: jvp(f, (t,), (array(1.0),))[1]

    at: list[Any] = [lambda t: fun(*curve(t))]
    for _k in range(order):
        at.append(derivative(at[-1]))
    start = array(0.0)
    value = fun(*[trees.map(array, p) for p in primals])
    leaves, tree = trees.flatten(value)
    terms = [trees.leaves(g(start)) for g in at[1:]]
    scale = [1.0 if factorial_scaled else 1 / fact(k) for k in range(1, order + 1)]
    rows = [
        [term[i] * s if s != 1.0 else term[i] for term, s in zip(terms, scale, strict=True)] for i in range(len(leaves))
    ]
    return value, trees.unflatten(tree, rows) if tree.num_leaves != 1 or len(rows) != 1 else _one(tree, rows[0])


def _one(tree: Any, row: list[Any]) -> Any:
    return trees.unflatten(tree, [row])


__all__ = ["fact", "jet", "jet_rules", "zero_series"]
