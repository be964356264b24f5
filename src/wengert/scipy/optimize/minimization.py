"""`minimize`: SciPy's methods with the derivatives that they ask for, the minimum a function of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import numpy as wnp
from ...core import Aval, dtype_of, shape_of
from ...errors import ArgumentError
from ...transforms.derivatives import hessian, hvp
from ...transforms.function import name_of
from ...transforms.gradient import grad, value_and_grad
from ...transforms.jit import jit as _jit
from ...transforms.progress import Bar, counted
from ...vocabulary import Function
from .implicit import Problem, solution, value_alone

_WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
_WITH_PRODUCTS = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
_WITH_HESSIAN = {"dogleg", "trust-exact"}


class OptimizeResults(NamedTuple):
    """What `minimize` gives.

    Attributes:
        x: the minimum, of the structure of `x0`; differentiable. success: whether the search ended well.
        status: SciPy's code of how it ended. fun: the value there; differentiable. jac: the gradient there.
        nfev, njev, nit: how many values, gradients and steps were taken.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> from wengert.scipy import optimize
        >>> found = optimize.minimize(lambda x: wnp.sum((x - 3.0) ** 2), np.zeros(1), method="BFGS")
        >>> bool(found.success), found.x.round(4)
        (True, array([3.]))
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    jac: Any
    nfev: Any
    njev: Any
    nit: Any


def minimize(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: str | None = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
    *,
    jit: bool = False,
    progress: bool = False,
) -> OptimizeResults:
    """The minimum of a function of an array or pytree: SciPy's search, with gradients and Hessian products supplied.

    The minimum is a differentiable function of `args`, by the implicit function theorem: the derivative is exact at a
    minimum (so give a small `tol`), costs one Hessian, and does not depend on how the search went. Elements on a bound
    are constants in it.

    Args:
        fun: ``fun(x, *args)``, a real number.
        x0: where to start, an array or pytree.
        args: the parameters, a tuple of arrays or pytrees.
        method: one of `scipy.optimize.minimize`; BFGS by default, L-BFGS-B with `bounds`, SLSQP with `constraints`.
        jac: True where `fun` gives a pair of the value and a gradient, of which the value is taken. Other `jac`, `hess` and
            `hessp` are taken and not needed, as derivatives are supplied.
        bounds, constraints, tol, callback, options: as SciPy takes them, for `x` flattened to a vector.
        jit: whether the function and its derivatives are compiled for the search.
        progress: whether standard error shows evaluations and values as the search goes on, also in compiled programs.

    Returns:
        `OptimizeResults`.

    Raises:
        NotSupportedError: `fun` closes over a traced value instead of taking it through `args`, or the minimum under
            `constraints` is differentiated.

    Example:
        >>> import wengert
        >>> solve = lambda a: minimize(lambda x, a: ((x - a) ** 2).sum(), np.zeros(2), (a,), tol=1e-10).x
        >>> wengert.jacrev(solve)(np.array([1.0, 2.0])).round(6)
        array([[1., 0.],
               [0., 1.]])
    """
    if isinstance(jac, (list, tuple)) or hasattr(jac, "lb"):  # bounds that follow the method, without SciPy's jac
        jac, bounds = None, jac if bounds is None else bounds
    if method is not None and not isinstance(method, str):
        raise ArgumentError(f"minimize: method is the name of one of SciPy's, got {method!r}")
    problem = Problem("minimize", value_alone("minimize", fun, jac), x0, args)
    n = shape_of(problem.start)[0]
    dtype = dtype_of(problem.start)
    kind = (method or ("SLSQP" if constraints else "L-BFGS-B" if bounds is not None else "BFGS")).lower()
    compiled = _jit if jit else lambda f: f

    def value(x: Any, values: Any) -> Any:
        return problem.at(x, values)

    value.__name__ = name_of(fun)  # for messages
    gradient = grad(value)
    both, product, matrix = (
        compiled(value_and_grad(value)),
        compiled(lambda x, v, values: hvp(lambda y: value(y, values), (x,), (v,))),
        compiled(lambda x, values: hessian(lambda y: value(y, values))(x)),
    )

    def search(start: Any, *values: Any) -> list[Any]:
        import scipy.optimize

        given: dict[str, Any] = {}
        if kind in _WITHOUT_GRADIENT:
            function: Callable[..., Any] = problem.plain(value, values)
        else:
            pair = problem.plain(both, values)

            def both_at(x: Any) -> Any:
                out, slope = pair(x)
                return float(out), np.asarray(slope, np.float64)

            function = both_at

            given["jac"] = True
        bar = Bar(f"minimize of {name_of(fun)}", None) if progress else None
        if bar is not None:
            function = counted(bar, function)
        if kind in _WITH_PRODUCTS:
            given["hessp"] = lambda x, v: np.asarray(product(x.astype(dtype), v.astype(dtype), values), np.float64)
        if kind in _WITH_HESSIAN:
            given["hess"] = lambda x: np.asarray(matrix(x.astype(dtype), values), np.float64)
        found = scipy.optimize.minimize(
            function, np.asarray(start, np.float64), method=kind, bounds=bounds, constraints=constraints, tol=tol,
            callback=callback, options=options, **given,
        )  # fmt: skip
        if bar is not None:
            bar.end()
        counts = [found.get(k, 0) for k in ("nfev", "njev", "nit")]
        return [found.x, found.success, found.status, *counts]

    integer = np.dtype(np.int64)
    avals = [Aval((n,), dtype), Aval((), np.dtype(bool)), *[Aval((), integer)] * 4]
    x, success, status, nfev, njev, nit = solution(
        problem,
        search,
        avals,
        gradient,
        _free(bounds, n) if bounds is not None else None,
        "minimize: the minimum under constraints has no derivative here; write them into the function, or into bounds"
        if constraints
        else None,
    )
    at_minimum, slope = value_and_grad(lambda x: problem.f(problem.unravel(x), *problem.args))(x)
    return OptimizeResults(problem.unravel(x), success, status, at_minimum, slope, nfev, njev, nit)


def between(low: Any, high: Any) -> Callable[[Any, Any], Any]:
    """Which elements lie between their bounds, from the solution and the gradient there.

    SciPy's interior methods stop short of a bound: an element is on it if it is near and the gradient, which pushes it
    there, is larger than what is left of the way.
    """

    def free(x: Any, slope: Any) -> Any:
        down, up = x - low, high - x
        near = 1e-5 * wnp.maximum(1, wnp.abs(x))
        on_low = wnp.logical_or(down <= 0, wnp.logical_and(down < near, slope > down))
        on_high = wnp.logical_or(up <= 0, wnp.logical_and(up < near, -slope > up))
        return wnp.logical_not(wnp.logical_or(on_low, on_high))

    return free


def _free(bounds: Any, n: int) -> Callable[[Any, Any], Any]:
    """`between` SciPy's bounds: its `Bounds`, or pairs in which None is no bound."""
    if hasattr(bounds, "lb"):
        return between(*(np.broadcast_to(b, n) for b in (bounds.lb, bounds.ub)))
    low = np.array([-np.inf if a is None else a for a, _ in bounds], float)
    high = np.array([np.inf if b is None else b for _, b in bounds], float)
    return between(low, high)
