"""`jax.experimental.jet`: Taylor mode is the library's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ... import trees
from ...transforms.taylor import jet as our_jet
from ..border import lift, lowered
from .transformations import as_weak_as


def fact(n: int) -> float:
    """``n!`` as a float."""
    return float(math.factorial(n))


class ZeroSeries:
    """The series of an argument that is constant."""


zero_series = ZeroSeries()
trees.register(ZeroSeries, lambda x: ((), None), lambda _, __: zero_series)
jet_rules: dict[Any, Any] = {}  # rules that programs add are not asked: every operation has its own


def jet(
    fun: Callable[..., Any], primals: Sequence[Any], series: Sequence[Any], factorial_scaled: bool = True, **_: Any
) -> Any:
    """The value of `fun` and its derivatives along a curve, by `wengert.jet`.

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
        >>> from wengert.interop.jax_modules.numpy import array
        >>> jet(lambda x: x**3, (array(2.0),), ((1.0, 0.0, 0.0),))
        (Array(8., dtype=float64, weak_type=True), [Array(12., dtype=float64, weak_type=True), Array(12., dtype=float64, weak_type=True), Array(6., dtype=float64, weak_type=True)])
    """
    if len(primals) != len(series):
        raise TypeError(f"jet: {len(primals)} primals, and series for {len(series)}")
    terms = [
        None if isinstance(s, ZeroSeries) else [as_weak_as(t, p) for t in s]
        for p, s in zip(primals, series, strict=True)
    ]
    given = tuple(as_weak_as(p, p) for p in primals)
    return lift(our_jet(lowered(fun, True), given, terms, factorial_scaled))


__all__ = ["fact", "jet", "jet_rules", "zero_series"]
