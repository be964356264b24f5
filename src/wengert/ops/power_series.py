"""Truncated power series: how products, quotients and powers of them are computed, coefficient by coefficient.

A rule gives the coefficient of order `k` of a result from those of the arguments up to `k` and its own below `k`, which
it is given as functions of the order; None stands for a coefficient that is zero. `transforms.series` says how all other
operations follow from their tangent rules.

Source of the recurrences: A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed. (2008), section 13.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Tracer, Value, dtype_of
from .terms import product_of, sum_of

Coefficient = Callable[[int], "Value | None"]  # of order 1 and more
Given = Sequence["Coefficient | None"]  # for each argument; None where it is constant
Rule = Callable[[int, Coefficient, Sequence[Value], Given], "Value | None"]
"""``(k, own, primals, given)`` to the coefficient of order `k`; `own` gives the result's of order 0 and more."""


def _at(k: int, primal: Value, given: Coefficient | None) -> Value | None:
    """The coefficient of any order of an argument."""
    return primal if k == 0 else None if given is None else given(k)


def convolution(
    k: int,
    primals: Sequence[Value],
    given: Given,
    product: Callable[[Any, Any], Any] = product_of,
) -> Value | None:
    """The coefficient of a product that is linear in each of two factors: Cauchy's."""
    (x, y), (dx, dy) = primals, given
    if dy is None:
        return product(_at(k, x, dx), y)
    if dx is None:
        return product(x, _at(k, y, dy))
    return sum_of([product(_at(i, x, dx), _at(k - i, y, dy)) for i in range(k + 1)])


def of_product(k: int, own: Coefficient, primals: Sequence[Value], given: Given) -> Value | None:
    """``x * y``, and half of the terms where both are one."""
    if primals[0] is primals[1] and given[0] is given[1]:
        return of_square(k, own, primals[:1], given[:1])
    return convolution(k, primals, given)


def of_square(k: int, own: Coefficient, primals: Sequence[Value], given: Given) -> Value | None:
    (x,), (dx,) = primals, given
    pairs = sum_of([product_of(_at(i, x, dx), _at(k - i, x, dx)) for i in range((k + 1) // 2)])
    middle = _at(k // 2, x, dx) if k % 2 == 0 else None
    return sum_of([None if pairs is None else pairs + pairs, product_of(middle, middle)])


def of_quotient(k: int, own: Coefficient, primals: Sequence[Value], given: Given) -> Value | None:
    """``q = x / y``: ``q_k = (x_k - sum(y_i q_{k - i} for i in 1 .. k)) / y_0``."""
    (_, y), (dx, dy) = primals, given
    top = None if dx is None else dx(k)
    if dy is not None:
        less = sum_of([product_of(dy(i), own(k - i)) for i in range(1, k + 1)])
        if less is not None:
            top = -less if top is None else top - less
    return None if top is None else top / y


def known_exponent(y: Value) -> int | float | None:
    """The value of an exponent that is one known real number."""
    if isinstance(y, Tracer) or np.ndim(y) or dtype_of(y).kind not in "iuf":
        return None
    return int(y) if float(y).is_integer() and abs(float(y)) < 1 << 16 else float(y)


class Recurrence:
    """A rule that is given with the declaration of an elementwise operation.

    Args:
        rule: as `Rule` says.
        serves: whether it holds for these arguments, of which those with a coefficient are marked; otherwise the
            tangent rule does.
    """

    def __init__(self, rule: Rule, serves: Callable[[Sequence[Value], Sequence[bool]], bool] | None = None) -> None:
        self.rule = rule
        self.serves = serves


PRODUCT = Recurrence(of_product)
QUOTIENT = Recurrence(of_quotient)
SQUARE = Recurrence(of_square)
__all__ = ["PRODUCT", "QUOTIENT", "SQUARE", "Recurrence", "convolution", "known_exponent"]
