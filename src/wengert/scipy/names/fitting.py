"""scipy.optimize's fits by their own names: least squares, `curve_fit`, non-negative and bounded ones.

Each is a minimum of half the sum of squares; its derivative is that of a stationary point, with all of the curvature.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, shape_of
from ...errors import NotSupportedError
from ...transforms.derivatives import jacfwd, stop_gradient
from ...transforms.plain import NotPlain, PlainFunction, plain_tree
from ...vocabulary import ArrayLike, Function, Value
from .arguments import as_tuple, split, vector_of, with_more
from .constraints import Constraints, shape_like, stacked
from .entry import Entry
from .optimizing import optimum, stationary_point

Named = dict[str, Any]

_LOSSES: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * (wnp.sqrt(1 + z) - 1),
    "huber": lambda z: wnp.where(z <= 1, z, 2 * wnp.sqrt(wnp.where(z <= 1, 1.0, z)) - 1),
    "cauchy": lambda z: wnp.log1p(z),
    "arctan": lambda z: wnp.arctan(z),
}


def _loss(named: Named) -> Callable[[Any], Any]:
    kind, scale = named.get("loss", "linear"), named.get("f_scale", 1.0)
    if kind not in _LOSSES:
        raise NotSupportedError(
            f"scipy.optimize.least_squares of traced values has the losses {', '.join(_LOSSES)}; got {kind!r}"
        )
    rho = _LOSSES[kind]
    return lambda r: wnp.sum(scale * scale * rho(r * r / (scale * scale))) / 2


def least_squares(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.optimize.least_squares`."""
    named = entry.bound(args, kwargs)
    function, extra, more = named.pop("fun"), as_tuple(named.pop("args")), named.pop("kwargs") or {}
    jac, cost = named.pop("jac"), _loss(named)
    x0 = vector_of(named.pop("x0"))
    bounds = named.pop("bounds")
    n, dtype = shape_of(x0)[0], np.dtype(float)
    limits = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else tuple(bounds) if bounds is not None else (None, None)

    def residuals(x: Any) -> Any:
        return vector_of(stacked(function(x, *extra, **more)))

    def raw(x: Any) -> Any:
        r = residuals(x)
        return cost(r), [r]

    first: list[Any] = []

    def run(g: Any, begin: Any) -> Any:
        user = PlainFunction(lambda x: jac(x, *extra, **more)) if callable(jac) and not first else None
        how = user or ("2-point" if callable(jac) else jac)
        first.append(g)
        call = {**named, "fun": PlainFunction(lambda x: g(x)[1][0]), "x0": begin, "jac": how}
        if bounds is not None:
            call["bounds"] = _known(limits, entry)
        found = entry.call(call)
        return found.x, found

    x, found = stationary_point(entry, raw, n, dtype, limits, _Residuals(), x0, run)
    if not isinstance(x, Tracer):
        return found
    result = optimum(copy.copy(found), x, residuals(x))
    result.cost = cost(result.fun)
    return result


def _known(limits: Any, entry: Entry) -> Any:
    """The plain values of bounds, which a solver is given once for all examples and calls."""
    try:
        return plain_tree(limits)
    except NotPlain:
        raise NotSupportedError(
            f"scipy.{entry.name} under vmap and jit takes bounds that are known: write scipy.optimize.minimize of the sum of "
            f"squares, whose bounds may be traced, or call it outside"
        ) from None


class _Residuals(Constraints):
    """No constraints; what comes with the value is what its squares are of."""

    def __init__(self) -> None:
        self.listed, self.functions = [], []

    def parts(self, values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        return [], []


def leastsq(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.optimize.leastsq`."""
    named = entry.bound(args, kwargs)
    function, extra, derivative = named.pop("func"), as_tuple(named.pop("args")), named.pop("Dfun")
    x0 = vector_of(named.pop("x0"))

    def residuals(x: Any) -> Any:
        return vector_of(stacked(function(x, *extra)))

    first: list[Any] = []

    def run(g: Any, begin: Any) -> Any:
        slope = PlainFunction(with_more(derivative, extra)) if derivative is not None and not first else None
        first.append(g)
        found = entry.call({**named, "func": PlainFunction(lambda x: g(x)[1][0]), "x0": begin, "Dfun": slope})
        return found[0], found

    def raw(x: Any) -> Any:
        r = residuals(x)
        return wnp.sum(r * r) / 2, [r]

    x, found = stationary_point(entry, raw, shape_of(x0)[0], np.dtype(float), (None, None), _Residuals(), x0, run)
    if not isinstance(x, Tracer):
        return found
    return (x, *(found[1:] if found is not None else (1,)))


def curve_fit(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.optimize.curve_fit`: the parameters and their covariance, functions of the data."""
    named = entry.bound(args, kwargs)
    f, p0, bounds = named["f"], named["p0"], named["bounds"]
    sigma, exact = named["sigma"], named["absolute_sigma"]
    x, y = named["xdata"], vector_of(named["ydata"])
    x = x if isinstance(x, (Tracer, np.ndarray)) else wnp.asarray(x)
    if named.get("nan_policy") == "omit":
        raise NotSupportedError("scipy.optimize.curve_fit of traced values leaves no data out: select them before")
    limits = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else tuple(bounds)
    n = _count_of_parameters(f, p0, limits)

    def residuals(p: Any) -> Any:
        r = vector_of(f(x, *[p[i] for i in range(n)])) - y
        if sigma is None:
            return r
        if len(shape_of(as_array(sigma))) == 2:
            return wnp.linalg.solve(wnp.linalg.cholesky(sigma), r[:, None])[:, 0]
        return r / as_array(sigma)

    def raw(p: Any) -> Any:
        r = residuals(p)
        return wnp.sum(r * r) / 2, [r]

    first: list[Any] = []
    start, rest = split({k: v for k, v in named.items() if k not in ("f", "jac", "kwargs")})
    more = {k: v for k, v in rest.items() if k not in entry.signature.parameters}
    rest = {k: v for k, v in rest.items() if k not in more}
    jac = named.get("jac")

    def run(g: Any, begin: Any) -> Any:
        if not first:
            first.append(g)
            user = PlainFunction(jac) if callable(jac) else jac
            found = entry.call({"f": PlainFunction(f), "jac": user, **rest, **begin, **more})
            return found[0], found
        import scipy.optimize

        r = PlainFunction(lambda p: g(p)[1][0])
        p_start = begin.get("p0", rest.get("p0"))
        if p_start is None:
            low, high = _known(limits, entry)
            p_start = _between(low, high, n)
        solve: Any = scipy.optimize.least_squares
        found = solve(r, p_start, bounds=_known(limits, entry), xtol=1e-12, ftol=1e-12, gtol=1e-12)
        return found.x, found

    p, found = stationary_point(entry, raw, n, np.dtype(float), limits, _Residuals(), start, run)
    if not isinstance(p, Tracer):
        return found
    covariance = _covariance(residuals, p, shape_of(y)[0], n, exact)
    if found is None:
        return p, covariance
    return (p, found[1] + (covariance - stop_gradient(covariance)), *found[2:])


def _count_of_parameters(f: Function, p0: Any, limits: Sequence[Any]) -> int:
    """How many parameters a fit has: by where it begins, by their bounds, or by the signature of the model."""
    if p0 is not None:
        return shape_of(wnp.atleast_1d(as_array(p0)))[0]
    if any(np.ndim(shape_like(b)) for b in limits):
        return max(np.size(shape_like(b)) for b in limits)
    return len(inspect.signature(f).parameters) - 1


def _covariance(residuals: Function, p: Value, m: int, n: int, exact: bool) -> Value:
    """Of `n` parameters from `m` residuals; scaled by the size of these unless their errors are known exactly."""
    jacobian = jacfwd(residuals)(p)
    covariance = wnp.linalg.inv(jacobian.T @ jacobian)
    if exact:
        return covariance
    return covariance * (wnp.sum(residuals(p) ** 2) / (m - n)) if m > n else covariance * np.inf


def _between(low: Any, high: Any, n: int) -> np.ndarray:
    """Where SciPy begins between bounds: in the middle, 1 off the only one, at 1."""
    low, high = (np.broadcast_to(np.asarray(b, float), n) for b in (low, high))
    with np.errstate(invalid="ignore"):
        both = np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2, 1.0)
    both = np.where(np.isfinite(low) & ~np.isfinite(high), low + 1, both)
    return np.where(np.isfinite(high) & ~np.isfinite(low), high - 1, both)


def nnls(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.optimize.nnls`."""
    named = entry.bound(args, kwargs)
    matrix, b = as_array(named["A"]), as_array(named["b"])
    x, found = _linear_squares(entry, matrix, b, (0.0, np.inf), named, lambda found: found[0])
    if not isinstance(x, Tracer):
        return found
    return x, wnp.linalg.norm(matrix @ x - b)


def lsq_linear(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.optimize.lsq_linear`."""
    named = entry.bound(args, kwargs)
    matrix, b, bounds = as_array(named["A"]), as_array(named["b"]), named["bounds"]
    limits = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else tuple(bounds)
    x, found = _linear_squares(entry, matrix, b, limits, named, lambda found: found.x)
    if not isinstance(x, Tracer):
        return found
    result = optimum(copy.copy(found), x, matrix @ x - b)
    result.cost = wnp.sum(result.fun**2) / 2
    return result


def _linear_squares(entry: Entry, matrix: ArrayLike, b: Any, limits: Any, named: Named, where: Any) -> Any:
    rest = {k: v for k, v in named.items() if k not in ("A", "b", "bounds")}
    if "bounds" in named:
        rest["bounds"] = _known(limits, entry)

    def raw(x: Any) -> Any:
        r = matrix @ x - b
        return wnp.sum(r * r) / 2, []

    def run(_: Any, begin: Any) -> Any:
        found = entry.call({"A": begin[0], "b": begin[1], **rest})
        return where(found), found

    n = shape_of(matrix)[1]
    return stationary_point(entry, raw, n, np.dtype(float), limits, _Residuals(), (matrix, b), run)


ANSWERS = {
    "optimize.least_squares": least_squares,
    "optimize.leastsq": leastsq,
    "optimize.curve_fit": curve_fit,
    "optimize.nnls": nnls,
    "optimize.lsq_linear": lsq_linear,
}

__all__ = ["ANSWERS"]
