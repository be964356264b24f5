"""Solutions as functions of the parameters of their equations: the implicit function theorem.

``G(x(theta), theta) = 0`` gives ``dG/dx dx = -dG/dtheta dtheta``: the search is a `host_call`, its derivative a linear solve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ... import trees
from ...core import Aval, Tracer, Value, dtype_of, shape_of
from ...errors import ArgumentError, NotSupportedError
from ...flatten_util import ravel_pytree
from ...ops.elementwise import convert
from ...ops.host import host_call_p
from ...ops.special.declare import floating
from ...transforms.custom_rules import custom_jvp
from ...transforms.derivatives import jacfwd
from ...transforms.jvp import jvp
from ...vocabulary import ArrayLike, Function

__all__ = ["Problem", "solution", "value_alone"]


def value_alone(name: str, f: Function, jac: Any) -> Function:
    """The function whose value is searched with: the first of a pair where SciPy's ``jac=True`` says that it gives one.

    Every other `jac` is taken and not needed, as derivatives are supplied.
    """
    if jac is None or jac is False or callable(jac) or jac in ("2-point", "3-point", "cs"):
        return f
    if jac is not True:
        raise ArgumentError(f"{name}: jac is True, False, None, a function or '2-point', got {jac!r}; leave it out")

    def value(*args: Any) -> Any:
        return f(*args)[0]

    return value


class Problem:
    """A function of a pytree and of parameters, as a function of a vector and of parameters.

    `name` is of the solver, for messages.
    """

    def __init__(self, name: str, f: Function, x0: ArrayLike, args: Any) -> None:
        self.name, self.f = name, f
        self.args = args if isinstance(args, tuple) else (args,)
        start, self.unravel = ravel_pytree(x0)
        (self.start,) = floating(start)
        self.leaves, self.tree = trees.flatten(self.args)
        self.lone = shape_of(x0) if isinstance(x0, (np.ndarray, Tracer)) else None

    def at(self, x: Any, values: Sequence[Any]) -> Any:
        return self.f(self.unravel(x), *trees.unflatten(self.tree, list(values)))

    def plain(self, g: Function, values: Sequence[Any]) -> Callable[[Any], Any]:
        """``g(x, values)`` for SciPy: NumPy in and out."""

        def call(x: Any) -> Any:
            out = g(np.asarray(x, dtype_of(self.start)), values)
            if any(isinstance(leaf, Tracer) for leaf in trees.leaves(out)):
                raise NotSupportedError(
                    f"{self.name}: the function closes over a value that is being differentiated, batched or compiled; "
                    f"give it through args, so that the solution can be a function of it"
                )
            return out

        return call


def solution(
    problem: Problem,
    search: Callable[..., Sequence[Any]],
    avals: Sequence[Aval],
    equations: Callable[[Any, Sequence[Any]], Any],
    free: Callable[[Any, Any], Any] | None = None,
    refuse: str | None = None,
) -> list[Any]:
    """The results of a search, the first of them the solution, a differentiable function of the parameters.

    Args:
        search: ``(x0, *values)`` to results of the types `avals`, on plain arrays.
        equations: ``G(x, values)``, zero at the solution.
        free: ``(x, G)`` to which elements of a solution move with the parameters (the others lie on a bound).
        refuse: why there is no derivative, if there is none.
    """

    @custom_jvp
    def solve(start: Any, *values: Value) -> list[Any]:
        return host_call_p.bind(start, *values, function=search, avals=tuple(avals))

    @solve.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        if refuse is not None:
            raise NotSupportedError(refuse)
        out = solve(*primals)
        x, values = out[0], primals[1:]

        def residual(*v: Any) -> Any:
            return equations(x, v)

        _, moved = jvp(residual, tuple(values), tuple(tangents[1:]))
        matrix = jacfwd(lambda v: equations(v, values))(x)
        right = -moved
        if free is not None:
            kept = convert(free(x, equations(x, values)), dtype_of(x))
            right = right * kept
            matrix = matrix * kept[:, None] * kept + wnp.diag(1 - kept)
        dx = wnp.linalg.solve(matrix, right[:, None])[:, 0]
        return out, [dx, *[wnp.zeros_like(o) for o in out[1:]]]

    return solve(problem.start, *floating_leaves(problem.leaves))


def floating_leaves(leaves: Sequence[Any]) -> list[Any]:
    """Leaves as values: numbers become floating, whole numbers and flags in arrays stay what they are."""
    out = []
    for x in leaves:
        whole = isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biu"
        out.append(x if whole else floating(x)[0])
    return out
