"""Stationary points under constraints: the conditions of Karush, Kuhn and Tucker as equations.

A minimum of f under ``e(x) = 0`` and ``i(x) >= 0`` is where the gradient of ``f - u e - v i`` is zero, e is zero, and for each
inequality either it holds with equality (it is active) or its multiplier is zero. Source: J. Nocedal, S. J. Wright,
"Numerical Optimization", theorem 12.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core import dtype_of, shape_of
from ..ops.elementwise import convert
from ..vocabulary import Value
from .derivatives import jacfwd
from .gradient import grad

Joint = Callable[[Any], Any]  # of a vector to (value, equalities, inequalities): a number and two vectors

NEAR = 1e-4  # of an inequality that may hold with equality: solvers stop short of it


def multipliers(joint: Joint, x: Value) -> tuple[Any, Any]:
    """The point and its multipliers as one vector, and which conditions are active (1.0 or 0.0 each)."""
    from .. import numpy as wnp

    _, equal, least = joint(x)
    m, k = shape_of(equal)[0], shape_of(least)[0]
    if not m + k:
        return x, wnp.zeros(0, dtype_of(x))
    slope = grad(lambda v: joint(v)[0])(x)
    rows = jacfwd(lambda v: wnp.concatenate(joint(v)[1:]))(x)
    near = convert(least < NEAR * (1 + wnp.max(wnp.abs(x))), dtype_of(x))
    candidates = wnp.concatenate([wnp.ones(m, dtype_of(x)), near])
    found = wnp.linalg.pinv((rows * candidates[:, None]).T) @ slope
    active = wnp.concatenate([candidates[:m], near * convert(found[m:] > wnp.maximum(least, 0), dtype_of(x))])
    found = wnp.linalg.pinv((rows * active[:, None]).T) @ slope
    return wnp.concatenate([x, found * active]), active


def conditions(joint: Joint, z: Value, extra: Sequence[Any]) -> Any:
    """The equations, of the vector of the point and its multipliers; `extra` begins with which are active."""
    from .. import numpy as wnp

    active = extra[0]
    k = shape_of(active)[0]
    n = shape_of(z)[0] - k
    if not k:
        return grad(lambda v: joint(v)[0])(z)
    x, factors = z[:n], z[n:]

    def lagrangian(v: Any) -> Any:
        value, equal, least = joint(v)
        return value - factors @ wnp.concatenate([equal, least])

    bounds = wnp.concatenate(joint(x)[1:])
    return wnp.concatenate([grad(lagrangian)(x), wnp.where(active > 0, bounds, factors)])


__all__ = ["NEAR", "conditions", "multipliers"]
