"""Products of which one factor is zero in places because nothing reaches them (`support.py`), and the other infinite.

A sum of products takes all terms at once, so that a 0 that stands for no dependence meets every element of the other
factor. Where the result is not finite it is computed once more, of the finite elements, for the places that no infinite
element reaches.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core import Value, dtype_of, shape_of
from ..errors import NotLinearError
from .above import control_flow
from .elementwise import convert, isfinite, logical_not, not_equal, where
from .known import finite, known
from .reduction import all_p
from .shape import broadcast_to
from .support import Support

Product = Callable[[Value, Value], Value]  # of the factor with a support and the other one, linear in each


def product(apply: Product, x: Value, s: Support, y: Value) -> Value:
    """``apply(x, y)``, where `x` counts within its support alone.

    Of values that are not known yet a second product is written for what indices leave out: after a choice (`maximum` of
    a product) it would cost a check in every layer.
    """
    plain = apply(x, y)
    if known(plain) and finite(plain):
        return plain
    if not known(plain) and (s.choice or dtype_of(plain).kind not in "fc"):
        return plain
    live = s.live()
    if live is None:
        return plain
    if known(plain):
        return _apart(apply, plain, x, live, y)

    try:
        settled = all_p.bind(isfinite(plain), axes=tuple(range(len(shape_of(plain)))))
    except NotLinearError:  # a pullback that is transposed itself: a choice by its argument would not be linear
        return plain if known(y) and finite(y) else _apart(apply, plain, x, live, y)
    return control_flow().cond(settled, lambda p, *_: p, lambda *given: _apart(apply, *given), plain, x, live, y)


def _apart(apply: Product, plain: Value, x: Value, live: Value, y: Value) -> Value:
    """The product of the finite elements of `y`, and `plain` where something that counts meets one that is not.

    No number takes the place of a result that is not finite: its derivative would be 0.
    """
    dtype = dtype_of(x)
    live = broadcast_to(live, shape_of(x))
    ordinary = isfinite(y)
    met = apply(convert(live, dtype), convert(logical_not(ordinary), dtype_of(y)))
    finite_part = apply(where(live, x, dtype.type(0)), where(ordinary, y, dtype_of(y).type(0)))
    return where(not_equal(met, 0), plain, finite_part)


__all__ = ["product"]
