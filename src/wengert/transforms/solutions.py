"""Solutions as functions of everything that their equations depend on, whoever found them.

``G(x(theta), theta) = 0`` defines x. Where all values are known (derivatives alone are being taken), the solver runs on
plain values, and x is lifted: with J the plain Jacobian at x, each step ``x - J^-1 G(x)`` of the chord method makes one more
order of the derivatives right, so as many steps as there are levels of derivatives give all of them. Where values stand
under `vmap` or `jit`, what the equations close over becomes arguments, the solver a `host_call`, and the derivative the
rule of a `custom_jvp`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Tracer, aval_of, dtype_of
from ..errors import ArgumentError, NotDifferentiableError
from ..ops.host import host_call_p
from ..vocabulary import Function
from .custom_rules import custom_jvp
from .derivatives import jacfwd, stop_gradient
from .guards import unguarded
from .implicit import custom_linear_solve, moving
from .jit import closure_convert
from .jvp import jvp
from .plain import NotPlain, levels_of, plain_tree

Joint = Callable[[Any], Any]
Equations = Callable[[Joint, Any, Sequence[Any]], Any]
Search = Callable[[Joint, Any], "tuple[Any, list[Any], Any]"]


def solved(
    joint: Joint,
    example: Any,
    start: Any,
    search: Search,
    equations: Equations,
    avals: Callable[[], Sequence[Aval]],
    *,
    linear: Any = "dense",
    what: str,
) -> tuple[Any, list[Any], Any]:
    """A solution z, a vector, differentiable in whatever `joint` depends on.

    Args:
        joint: all functions of the problem as one, of one argument; what it closes over is differentiated.
        example: of the shape and dtype of that argument.
        start: a pytree of whatever else the search needs, traced or not; it is not differentiated.
        search: ``(joint, start)`` to the solution, a list of further arrays, and anything else, all plain.
        equations: ``(joint, z, further arrays)`` to a vector of the length of z, zero at the solution.
        avals: the types of the solution and of the further arrays; asked for under `vmap` and `jit` alone.
        linear: "dense", "cg", "gmres", "bicgstab", or ``solve(matvec, b)``.

    Returns:
        The solution, the further arrays, and what else the search gave (None under `vmap` and `jit`).
    """
    try:
        z, extra, other = search(joint, plain_tree(start))
        return _lifted(joint, z, extra, equations, linear, what), extra, other
    except NotPlain:
        pass
    return (*_converted(joint, example, start, search, equations, avals(), linear, what), None)


def _lifted(joint: Joint, z: Any, extra: Sequence[Any], equations: Equations, linear: Any, what: str) -> Any:
    def g(v: Any) -> Any:
        return equations(joint, v, extra)

    residual = g(z)
    levels = levels_of(residual)
    if not levels:
        return z
    if linear == "dense":
        matrix = plain_tree(jacfwd(g, holomorphic=np.iscomplexobj(z))(z))
        step = lambda r: _dense(matrix, r, what)  # noqa: E731
        at, rest = _polished(lambda v: plain_tree(g(v)), step, z, plain_tree(residual))
    else:
        step = lambda r: by_matvec(linear, lambda v: jvp(g, (z,), (v,))[1], r)  # noqa: E731
        at, rest = z, plain_tree(residual)
    x = at
    for _ in range(levels):  # the rest keeps the solver's value, though it be no exact solution
        x = x - step(g(x) - rest)
    return z + (x - at)


def _polished(g: Callable[[Any], Any], step: Callable[[Any], Any], z: Any, residual: Any) -> tuple[Any, Any]:
    """A nearby point that solves the equations better, where derivatives are taken: solvers stop at their tolerance."""
    for _ in range(3):
        change = step(residual)
        if not np.all(np.abs(change) <= 1e-3 * (1 + np.abs(z))):
            break
        after = z - change
        left = g(after)
        if not np.all(np.isfinite(left)) or np.linalg.norm(left) >= np.linalg.norm(residual):
            break
        z, residual = after, left
    return z, residual


def _dense(matrix: Any, r: Any, what: str) -> Any:
    from .. import numpy as wnp

    try:
        return wnp.linalg.solve(matrix, r[:, None])[:, 0]
    except np.linalg.LinAlgError:
        raise NotDifferentiableError(
            f"{what}: the solution has no derivative, as the Jacobian of its equations is singular there: the solution is not "
            f"isolated, or not a simple one"
        ) from None


def by_matvec(linear: Any, matvec: Callable[[Any], Any], r: Any) -> Any:
    """The solution of ``matvec(x) = r`` without a matrix."""
    solve = linear if callable(linear) else _linear_solver(linear)
    return custom_linear_solve(matvec, r, solve, transpose_solve=solve)


def _linear_solver(name: str) -> Function:
    from ..scipy.sparse import linalg

    if name not in ("cg", "gmres", "bicgstab"):
        raise ArgumentError(f"the linear solver is 'dense', 'cg', 'gmres', 'bicgstab' or a function, got {name!r}")
    return lambda matvec, b: getattr(linalg, name)(matvec, b, rtol=1e-12, atol=0.0)[0]


def _converted(
    joint: Joint,
    example: Any,
    start: Any,
    search: Search,
    equations: Equations,
    avals: Sequence[Aval],
    linear: Any,
    what: str,
) -> tuple[Any, list[Any]]:
    with unguarded():
        converted, consts = closure_convert(joint, example)
    begin, tree = trees.flatten(start)
    n = len(begin)

    def of(values: Sequence[Any]) -> Joint:
        return lambda x: converted(x, *values)

    def found(*values: Any) -> list[Any]:
        z, extra, _ = search(of(values[n:]), trees.unflatten(tree, values[:n]))
        return [z, *extra]

    @custom_jvp
    def solve(*values: Any) -> list[Any]:
        return host_call_p.bind(*values, function=found, avals=tuple(avals))

    @solve.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        from .. import numpy as wnp

        out = solve(*primals)
        z, extra, values = out[0], out[1:], primals[n:]
        _, moved = jvp(lambda *v: equations(of(v), z, extra), tuple(values), moving(values, tangents[n:]))

        def g(v: Any) -> Any:
            return equations(of(values), v, extra)

        if linear == "dense":
            matrix = jacfwd(g, holomorphic=dtype_of(z).kind == "c")(z)
            change = wnp.linalg.solve(matrix, moved[:, None])[:, 0]
        else:
            change = by_matvec(linear, lambda v: jvp(g, (z,), (v,))[1], moved)
        return out, [-change, *[wnp.zeros_like(o) for o in extra]]

    z, *extra = solve(*[stop_gradient(_array(x)) for x in begin], *consts)
    return z, extra


def _array(x: Any) -> Any:
    return x if isinstance(x, Tracer) else np.asarray(x)[()]


def types_of(*examples: Any) -> list[Aval]:
    """The types of values, for `solved`."""
    return [Aval(a.shape, a.dtype) for a in map(aval_of, map(_array, examples))]


__all__ = ["by_matvec", "solved", "types_of"]
