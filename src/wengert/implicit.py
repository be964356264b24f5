"""`implicit_root`, `implicit_minimum`, `implicit_fixed_point`: solvers of any kind, made differentiable by what they solve.

The solver is a function of the parameters; what it finds satisfies equations, and these give the derivative. How that is
computed stands in solutions.py, the conditions of constrained minima in stationary.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import trees
from .core import Aval, as_array
from .errors import ArgumentError, ConcretizationError, ShapeError
from .flatten_util import ravel_pytree
from .ops.host import host_call_p
from .transforms.callbacks import example_of
from .transforms.derivatives import jacfwd, stop_gradient
from .transforms.function import Transformed, check_callable, name_of, shown
from .transforms.guards import unguarded
from .transforms.implicit import custom_root
from .transforms.plain import NotPlain, plain_tree
from .transforms.solutions import by_matvec, solved
from .transforms.stationary import conditions, multipliers
from .vocabulary import Function


class _Solver(Transformed):
    """A solver with what defines its solutions."""

    def __init__(
        self, solver: Any, joint: Any, start: Any, equations: Any, linear: Any, result: Any, what: str
    ) -> None:
        self.transformation = what
        super().__init__(solver)
        self._joint, self._start, self._equations = joint, start, equations
        self._linear, self._result = linear, result

    def __call__(self, *params: Any) -> Any:
        __tracebackhide__ = True
        try:
            return self._solution(params)
        except Exception as error:
            raise shown(error)

    def _solution(self, params: tuple[Any, ...]) -> Any:
        what = f"{self.transformation} of {name_of(self._f)}"
        try:
            x = plain_tree(self._f(*plain_tree(params)))
        except NotPlain:
            x = None
        if x is not None:
            flat, unravel = _raveled(x, what)
            joint = self._joint(unravel, params)

            def search(joint: Any, start: Any) -> Any:
                z, extra = plain_tree(self._start(joint, start))
                return z, [extra], None

            def under_way() -> Any:
                raise NotPlain(flat)

            try:
                z, _, _ = solved(
                    joint, flat, flat, search, self._equations, under_way, linear=self._linear, what=what
                )  # fmt: skip
                return unravel(z[: flat.size])
            except NotPlain:  # what the equations close over stands under vmap or jit
                pass
        return self._under_way(params, what)

    def _under_way(self, params: tuple[Any, ...], what: str) -> Any:
        """The solution where values stand under vmap or jit: found as they stand, or by calls of the solver."""
        try:
            with unguarded():
                found = trees.map(stop_gradient, self._f(*params))
        except (ConcretizationError, TypeError, ValueError):
            found = _called(self._f, params, self._result, what)
        flat, unravel = _raveled(found, what)
        joint = self._joint(unravel, params)
        z, active = self._start(joint, flat)
        z = custom_root(
            lambda v: self._equations(joint, v, [stop_gradient(active)]),
            stop_gradient(z),
            lambda _, guess: guess,
            self._tangent,
        )
        return unravel(z[: flat.shape[0]])

    def _tangent(self, apply: Any, y: Any) -> Any:
        from . import numpy as wnp

        if self._linear == "dense":
            return wnp.linalg.solve(jacfwd(apply)(wnp.ones_like(y)), y[:, None])[:, 0]
        return by_matvec(self._linear, apply, y)


def _raveled(x: Any, what: str) -> tuple[Any, Any]:
    if not trees.leaves(x):
        raise ArgumentError(f"{what}: the solver returned no array")
    flat, unravel = ravel_pytree(x)
    return flat, unravel


def _called(solver: Any, params: Any, result: Any, what: str) -> Any:
    """The solver called from the program, for one example at a time, with plain arrays."""
    leaves, tree = trees.flatten(params)
    if result is None:
        try:
            result = plain_tree(solver(*trees.unflatten(tree, [example_of(x) for x in leaves])))
        except NotPlain:
            raise ArgumentError(
                f"{what}: what the solver gives is not known while a program is written; say so with "
                f"result=wengert.ShapeDtypeStruct(shape, dtype), and give traced values as arguments of the solver"
            ) from None
    shapes, out_tree = trees.flatten(result)
    avals = tuple(
        Aval(tuple(np.shape(s) if not hasattr(s, "shape") else s.shape), getattr(s, "dtype", float)) for s in shapes
    )

    def call(*values: Any) -> list[Any]:
        found = trees.leaves(solver(*trees.unflatten(tree, values)))
        return [np.asarray(x) for x in found]

    outs = host_call_p.bind(*[stop_gradient(as_array(x)) for x in leaves], function=call, avals=avals)
    return trees.unflatten(out_tree, outs)


def _stationary(parts: Callable[[Any, tuple[Any, ...]], Any]) -> Function:
    return lambda unravel, params: lambda v: parts(unravel(v), params)


def _vector(x: Any) -> Any:
    return ravel_pytree(x)[0]


def _square(joint: Any, z: Any, extra: Sequence[Any]) -> Any:
    out = joint(z)
    if out.shape != z.shape:
        raise ShapeError(
            f"there are {out.shape[0]} equations for {z.shape[0]} unknowns; an implicit function has as many"
        )
    return out


def _no_multipliers(joint: Any, x: Any) -> Any:
    return x, np.zeros(0)


def implicit_root(
    residual: Function, *, linear_solve: Any = "dense", result: Any = None
) -> Callable[[Function], Function]:
    """A decorator of a solver ``solver(*params)`` whose result x satisfies ``residual(x, *params) = 0``.

    The result is a differentiable function of `params` and of what `residual` closes over, in both modes and to any order,
    by the implicit function theorem: ``dx = -(dr/dx)^-1 (dr/dtheta) dtheta``. The solver itself may be any code (Python,
    SciPy, another program); under derivatives it is given plain arrays, and it runs once. Where it cannot run on values
    under `vmap` and `jit`, it is called from the program for one example at a time.

    Args:
        residual: ``residual(x, *params)``, pytrees of as many numbers as x has.
        linear_solve: "dense" solves with the matrix; "cg", "gmres", "bicgstab" or ``solve(matvec, b)`` need none.
        result: a pytree of `ShapeDtypeStruct`s, where a solver of another kind is called under `jit` without examples.

    Returns:
        A decorator.

    Raises:
        NotDifferentiableError: when differentiated, if the Jacobian is singular at the solution.
        ShapeError: the number of equations differs from that of the unknowns.

    Example:
        >>> import math, wengert
        >>> @wengert.implicit_root(lambda x, a: x * x - a)
        ... def root(a):
        ...     return math.sqrt(a)  # code that knows nothing of traced values
        >>> float(wengert.grad(root)(4.0)), float(wengert.grad(wengert.grad(root))(4.0))
        (0.25, -0.03125)
    """
    check_callable(residual, "implicit_root")

    def joint(unravel: Any, params: Any) -> Any:
        return lambda v: _vector(residual(unravel(v), *params))

    return lambda solver: _Solver(solver, joint, _no_multipliers, _square, linear_solve, result, "implicit_root")


def implicit_fixed_point(
    step: Function, *, linear_solve: Any = "dense", result: Any = None
) -> Callable[[Function], Function]:
    """A decorator of a solver ``solver(*params)`` whose result x satisfies ``x = step(x, *params)``; see `implicit_root`.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> @wengert.implicit_fixed_point(lambda x, a: wnp.cos(a * x))
        ... def settle(a):
        ...     x = 0.5
        ...     for _ in range(200):
        ...         x = wnp.cos(a * x)
        ...     return x
        >>> round(float(settle(1.0)), 6), round(float(wengert.grad(settle)(1.0)), 6)
        (0.739085, -0.297474)
    """
    check_callable(step, "implicit_fixed_point")

    def joint(unravel: Any, params: Any) -> Any:
        return lambda v: v - _vector(step(unravel(v), *params))

    return lambda solver: _Solver(solver, joint, _no_multipliers, _square, linear_solve, result, "implicit_fixed_point")


def implicit_minimum(
    objective: Function,
    *,
    equalities: Function | None = None,
    inequalities: Function | None = None,
    linear_solve: Any = "dense",
    result: Any = None,
) -> Callable[[Function], Function]:
    """A decorator of a solver ``solver(*params)`` whose result x minimises ``objective(x, *params)``; see `implicit_root`.

    Args:
        objective: a real number.
        equalities, inequalities: ``g(x, *params)`` that is 0, or not negative, at every solution: a pytree of numbers. The
            derivative is that of the conditions of Karush, Kuhn and Tucker with the inequalities that are active there; an
            inequality with a multiplier of 0 is none of these.
        linear_solve, result: as for `implicit_root`.

    Example:
        >>> import numpy as np, scipy.optimize, wengert
        >>> @wengert.implicit_minimum(
        ...     lambda x, a: np.sum((x - a) ** 2), equalities=lambda x, a: np.sum(x) - 1.0, inequalities=lambda x, a: x
        ... )
        ... def on_simplex(a):
        ...     rules = [{"type": "eq", "fun": lambda x: np.sum(x) - 1.0}, {"type": "ineq", "fun": lambda x: x}]
        ...     return scipy.optimize.minimize(lambda x: np.sum((x - a) ** 2), np.ones(3) / 3, constraints=rules).x
        >>> wengert.jacrev(on_simplex)(np.array([0.6, 0.5, -2.0])).round(6) + 0.0
        array([[ 0.5, -0.5,  0. ],
               [-0.5,  0.5,  0. ],
               [ 0. ,  0. ,  0. ]])
    """
    check_callable(objective, "implicit_minimum")

    def vector(g: Any, x: Any, params: Any) -> Any:
        return np.zeros(0) if g is None else _vector(g(x, *params))

    joint = _stationary(
        lambda x, params: (objective(x, *params), vector(equalities, x, params), vector(inequalities, x, params))
    )
    return lambda solver: _Solver(solver, joint, multipliers, conditions, linear_solve, result, "implicit_minimum")


__all__ = ["implicit_fixed_point", "implicit_minimum", "implicit_root"]
__dir__ = __all__.copy
