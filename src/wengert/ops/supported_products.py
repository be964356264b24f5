"""Products of which one factor is zero in places because nothing reaches them (`support.py`), and the other infinite.

A sum of products takes all terms at once, so that a 0 that stands for no dependence meets every element of the other
factor. Where the result is not finite it is computed once more: of the finite elements, and of how many infinite ones of
either sign are met by something that counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core import Tracer, Value, dtype_of, shape_of
from .support import Support, finite, known

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
        return _apart(apply, x, live, y)
    from ..transforms.branching import cond
    from .elementwise import isfinite
    from .reduction import all_p

    settled = all_p.bind(isfinite(plain), axes=tuple(range(len(shape_of(plain)))))
    return cond(settled, lambda p, *_: p, lambda _, *rest: _apart(apply, *rest), plain, x, live, y)


def _apart(apply: Product, x: Value, live: Value, y: Value) -> Value:
    from .elementwise import convert, equal, isfinite, isinf, isnan, logical_not, logical_or, not_equal, sign, where
    from .shape import broadcast_to

    dtype = dtype_of(x)
    live = broadcast_to(live, shape_of(x))
    zero = dtype_of(y).type(0)
    finite_part = apply(where(live, x, dtype.type(0)), where(isfinite(y), y, zero))
    here = convert(live, dtype)
    if dtype.kind == "c" or dtype_of(y).kind == "c":
        met = apply(here, convert(logical_not(isfinite(y)), dtype_of(y)))
        return where(not_equal(met, 0), dtype_of(finite_part).type(np.nan), finite_part)
    infinities = where(isinf(y), _stop(sign(y)), zero)
    signs = here * _stop(sign(where(live, x, dtype.type(0))))
    net, count = apply(signs, infinities), apply(abs(signs), abs(infinities))
    lost = apply(here, convert(isnan(y), dtype_of(y)))  # NaN, and 0 times infinity
    lost = lost + apply(here * convert(equal(x, 0), dtype), abs(infinities))
    infinite = dtype_of(finite_part).type(np.inf)
    out = where(not_equal(count, 0), where(net > 0, infinite, -infinite), finite_part)
    undecided = logical_or(not_equal(lost, 0), not_equal(abs(net), count))
    return where(undecided, dtype_of(finite_part).type(np.nan), out)


def _stop(x: Value) -> Value:
    from .elementwise import stop_gradient_p

    return stop_gradient_p.bind(x) if isinstance(x, Tracer) else x


__all__ = ["product"]
