"""`root` and `least_squares`: SciPy searches with Jacobians supplied; the solution is a function of the parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import numpy as wnp
from ...core import Aval, dtype_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...flatten_util import ravel_pytree
from ...transforms.derivatives import jacfwd
from ...transforms.function import name_of
from ...transforms.gradient import grad
from ...transforms.jit import jit as _jit
from ...transforms.progress import Bar, counted
from ...vocabulary import Function
from .implicit import Problem, solution, value_alone
from .minimization import between


class RootResults(NamedTuple):
    """What `root` gives: `x` (differentiable), whether the search ended well, SciPy's code, the residual, and its calls.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import optimize
        >>> found = optimize.root(lambda x: x**3 - 8.0, np.array([1.0]))
        >>> found.x.round(6)
        array([2.])
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    nfev: Any


class LeastSquaresResults(NamedTuple):
    """What `least_squares` gives: `x` and `cost` (differentiable), the residuals, how the search ended, and its calls.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import optimize
        >>> found = optimize.least_squares(lambda x: x - np.array([1.0, 2.0]), np.zeros(2))
        >>> found.x.round(6)
        array([1., 2.])
    """

    x: Any
    cost: Any
    fun: Any
    success: Any
    status: Any
    nfev: Any


def _vector(problem: Problem) -> Callable[[Any, Any], Any]:
    return lambda x, values: ravel_pytree(problem.at(x, values))[0]


_METHODS = ("hybr", "lm")


def root(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
    *,
    jit: bool = False,
    progress: bool = False,
) -> RootResults:
    """A root of as many equations as there are unknowns; arguments as for `minimize`.

    Args:
        fun: ``fun(x, *args)``, of the structure and shapes of `x`.
        method: "hybr" or "lm", which take a Jacobian. jac: as for `minimize`.
        callback: taken and not called, as SciPy's of these methods. progress: as for `minimize`.

    Raises:
        ShapeError: `fun` does not give as many numbers as it takes.
        ArgumentError: another `method`.

    Example:
        >>> import wengert
        >>> square_root = lambda a: root(lambda x, a: x * x - a, 1.0, (a,)).x
        >>> print(square_root(2.0).round(6), wengert.grad(square_root)(2.0).round(6))
        1.414214 0.353553
    """
    if method not in _METHODS:
        raise ArgumentError(f"root: method is 'hybr' or 'lm' (those that take a Jacobian), got {method!r}")
    problem = Problem("root", value_alone("root", fun, jac), x0, args)
    n, dtype = shape_of(problem.start)[0], dtype_of(problem.start)
    residual = _vector(problem)
    matrix = jacfwd(residual)
    fast, fast_matrix = (_jit(residual), _jit(matrix)) if jit else (residual, matrix)

    def search(start: Any, *values: Any) -> list[Any]:
        import scipy.optimize

        f = problem.plain(fast, values)
        if shape_of(f(start)) != (n,):
            raise ShapeError(f"root: {n} unknowns and {shape_of(f(start))[0]} equations; use least_squares")
        bar = Bar(f"root of {name_of(fun)}", None) if progress else None
        found = scipy.optimize.root(
            f if bar is None else counted(bar, f),
            np.asarray(start, np.float64),
            jac=problem.plain(fast_matrix, values),
            method=method,
            tol=tol,
            options=options,
        )
        if bar is not None:
            bar.end()
        return [found.x, found.success, found.status, found.fun, found.get("nfev", 0)]

    integer = np.dtype(np.int64)
    avals = [Aval((n,), dtype), Aval((), np.dtype(bool)), Aval((), integer), Aval((n,), dtype), Aval((), integer)]
    x, success, status, value, nfev = solution(problem, search, avals, residual)
    return RootResults(problem.unravel(x), success, status, problem.unravel(value), nfev)


def least_squares(
    fun: Function,
    x0: Any,
    jac: Any = "2-point",
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    ftol: float | None = 1e-8,
    xtol: float | None = 1e-8,
    gtol: float | None = 1e-8,
    x_scale: Any = None,
    loss: str = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: str | None = None,
    tr_options: dict[str, Any] | None = None,
    jac_sparsity: Any = None,
    max_nfev: int | None = None,
    verbose: int = 0,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    callback: Any = None,
    workers: Any = None,
    *,
    jit: bool = False,
    progress: bool = False,
) -> LeastSquaresResults:
    """The least sum of squares of residuals ``fun(x, *args)``; arguments as for SciPy's and for `minimize`.

    Args:
        jac, diff_step, jac_sparsity, workers: taken and not needed, as the Jacobian is supplied.
        bounds: ``(low, high)``, numbers or vectors, SciPy's `Bounds`, or None.
        loss: "linear", the only one here. kwargs: what else `fun` takes by name, which is not differentiated.
        progress: as for `minimize`.

    Raises:
        ArgumentError: another `loss`; write it into the residuals, or use `minimize`.

    Example:
        >>> fit = least_squares(lambda c, y: c - y, np.zeros(1), args=(np.array([1.0, 2.0, 6.0]),))
        >>> fit.x.round(6)
        array([3.])
    """
    if loss != "linear":
        raise ArgumentError(f"least_squares: loss is 'linear' here, got {loss!r}; use minimize for others")
    problem = Problem("least_squares", functools.partial(fun, **kwargs) if kwargs else fun, x0, args)
    n, dtype = shape_of(problem.start)[0], dtype_of(problem.start)
    residual = _vector(problem)
    matrix = jacfwd(residual)
    fast, fast_matrix = (_jit(residual), _jit(matrix)) if jit else (residual, matrix)
    if bounds is None:
        bounds = (-np.inf, np.inf)
    limits = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else tuple(bounds)
    options = {
        "x_scale": x_scale, "f_scale": f_scale, "tr_solver": tr_solver, "tr_options": tr_options, "max_nfev": max_nfev,
        "verbose": verbose, "callback": callback,
    }  # fmt: skip
    options = {k: v for k, v in options.items() if v is not None}

    def cost(x: Any, values: Any) -> Any:
        r = residual(x, values)
        return wnp.sum(r * r) / 2

    def search(start: Any, *values: Any) -> list[Any]:
        import scipy.optimize

        search_squares: Any = scipy.optimize.least_squares
        bar = Bar(f"least_squares of {name_of(fun)}", None) if progress else None
        f = problem.plain(fast, values)
        found = search_squares(
            f if bar is None else counted(bar, f), np.asarray(start, np.float64), problem.plain(fast_matrix, values), limits,
            method, ftol, xtol, gtol, **options,
        )  # fmt: skip
        if bar is not None:
            bar.end()
        return [found.x, found.success, found.status, found.nfev]

    integer = np.dtype(np.int64)
    avals = [Aval((n,), dtype), Aval((), np.dtype(bool)), Aval((), integer), Aval((), integer)]
    free = None
    if not all(np.ndim(b) == 0 and np.isinf(b) for b in limits):
        free = between(*(np.broadcast_to(np.asarray(b, float), n) for b in limits))
    x, success, status, nfev = solution(problem, search, avals, grad(cost), free)
    values = problem.leaves
    r = problem.at(x, values)
    flat = ravel_pytree(r)[0]
    return LeastSquaresResults(problem.unravel(x), wnp.sum(flat * flat) / 2, r, success, status, nfev)
