"""Bounds and constraints of a minimum, as functions of the variables: those that are active hold with equality at the solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, shape_of
from ...transforms.derivatives import hessian, jacfwd
from ...transforms.plain import PlainFunction
from .arguments import as_tuple, vector_of, with_more


def _bounds(bounds: Any, n: int) -> tuple[Any, Any]:
    """The lower and upper bounds of n elements, as SciPy's functions take them; traced ones too."""
    if bounds is None:
        return None, None
    if hasattr(bounds, "lb"):
        return bounds.lb, bounds.ub
    pairs = list(bounds)
    if len(pairs) == 2 and n != 2 and all(np.ndim(b) <= 1 for b in pairs):
        return pairs[0], pairs[1]
    low = [-np.inf if a is None else a for a, _ in pairs]
    high = [np.inf if b is None else b for _, b in pairs]
    return low, high


def _rows(low: Any, high: Any, n: int) -> Callable[[Any], list[Any]]:
    """What is not negative between bounds: the distances from those that are finite."""
    sides: list[Callable[[Any], Any]] = []
    for bound, sign in ((low, 1.0), (high, -1.0)):
        if bound is None:
            continue
        values = (
            bound
            if isinstance(bound, (list, tuple))
            else [bound] * n
            if not np.ndim(shape_like(bound))
            else list(bound)
        )
        for i, b in enumerate(values):
            if isinstance(b, Tracer) or np.isfinite(b):
                sides.append(lambda x, i=i, b=b, sign=sign: sign * (x[i] - b))
    return lambda x: [side(x) for side in sides]


def shape_like(x: Any) -> Any:
    return np.zeros(shape_of(x)) if isinstance(x, Tracer) else x


class Constraints:
    """SciPy's constraints: their functions, and what of them is zero or not negative."""

    def __init__(self, constraints: Any) -> None:
        listed = [constraints] if isinstance(constraints, dict) or hasattr(constraints, "lb") else list(constraints)
        self.listed = listed
        self.functions = [self._function(c) for c in listed]

    @staticmethod
    def _function(c: Any) -> Callable[[Any], Any]:
        if isinstance(c, dict):
            extra = as_tuple(c.get("args", ()))
            return lambda x: vector_of(stacked(c["fun"](x, *extra)))
        if hasattr(c, "A"):
            matrix = c.A.toarray() if hasattr(c.A, "toarray") else c.A
            return lambda x: vector_of(wnp.atleast_2d(matrix) @ x)
        return lambda x: vector_of(stacked(c.fun(x)))

    def parts(self, values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """What is zero, and what is not negative."""
        equal: list[Any] = []
        least: list[Any] = []
        for c, v in zip(self.listed, values, strict=True):
            if isinstance(c, dict):
                (equal if c["type"].lower() == "eq" else least).append(v)
                continue
            n = shape_of(v)[0]
            low, high = (np.broadcast_to(np.asarray(b, float), (n,)) for b in (c.lb, c.ub))
            for i in range(n):
                if low[i] == high[i]:
                    equal.append(v[i : i + 1] - low[i])
                    continue
                if np.isfinite(low[i]):
                    least.append(v[i : i + 1] - low[i])
                if np.isfinite(high[i]):
                    least.append(high[i] - v[i : i + 1])
        return equal, least

    def for_scipy(self, joint: Callable[[Any], Any], own: bool) -> list[Any]:
        """The constraints with functions of plain values, as `joint` has them, and with their `own` derivatives."""
        from scipy.optimize import NonlinearConstraint

        out: list[Any] = []
        for k, c in enumerate(self.listed):
            f = PlainFunction(lambda x, k=k: joint(x)[1][k])
            if isinstance(c, dict):
                slope = c.get("jac") if own else None
                extra = as_tuple(c.get("args", ()))
                more = {"jac": PlainFunction(with_more(slope, extra))} if callable(slope) else {}
                out.append({"type": c["type"], "fun": f, **more})
            elif hasattr(c, "A"):
                out.append(c)
            else:
                given = {n: getattr(c, n) for n in ("jac", "hess")}
                more = {n: PlainFunction(g) if type(g) is FunctionType else g for n, g in given.items()}
                if not own and type(c.jac) is FunctionType:
                    more["jac"] = PlainFunction(jacfwd(f.f))
                if not own and type(c.hess) is FunctionType:
                    more["hess"] = PlainFunction(lambda x, v, f=f: hessian(lambda y: f.f(y) @ v)(x))
                made: Any = NonlinearConstraint
                out.append(made(f, c.lb, c.ub, **more))
        return out


def stacked(x: Any) -> Any:
    return wnp.stack([as_array(v) for v in x]) if isinstance(x, (list, tuple)) else x


__all__ = ["Constraints", "shape_like", "stacked"]
