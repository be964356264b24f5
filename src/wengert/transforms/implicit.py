"""Derivatives of solutions, not of solvers: custom_root and custom_linear_solve.

Where ``f(x, p) = 0`` defines x, ``df/dx dx = -df/dp dp`` gives its tangent (the implicit function theorem), however x was
found. Names, signatures and meaning are those of `jax.lax`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import trees
from ..core import Value, as_array, aval_of, is_inexact
from ..errors import ArgumentError, TreeError
from ..ops.control.operands import SystemOperands
from ..ops.control.solve import System, linear_solve_p, turned_apply
from ..program import Program, Var
from .bodies import Body
from .custom_rules import custom_jvp
from .derivatives import stop_gradient
from .function import check_callable, shown
from .jit import closure_convert
from .jvp import jvp
from .known_programs import known_program
from .reverse import linearize
from .staging import is_staged


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    tangent_solve: Callable[[Callable[[Any], Any], Any], Any],
    has_aux: bool = False,
) -> Any:
    """A root of `f`, with the derivative that the implicit function theorem gives it.

    Args:
        f: from a pytree to one of the same structure; what it closes over is differentiated.
        initial_guess: where `solve` begins; the root does not depend on it.
        solve: ``solve(f, initial_guess)`` gives the root. It is not differentiated.
        tangent_solve: ``tangent_solve(g, y)`` gives x with ``g(x) = y`` for a linear function g: ``lambda g, y: y / g(1.0)``
            for numbers, ``lambda g, y: solve(jacobian(g)(y), y)`` for vectors.
        has_aux: whether `solve` returns a pair of the root and something that is not differentiated.

    Returns:
        The root, or the pair.

    Example:
        >>> import wengert
        >>> def newton(f, x):
        ...     for _ in range(20):
        ...         x = x - f(x) / wengert.grad(f)(x)
        ...     return x
        >>> root = lambda a: custom_root(lambda x: x * x - a, 1.0, newton, lambda g, y: y / g(1.0))
        >>> round(float(wengert.grad(root)(4.0)), 12)
        0.25
    """
    __tracebackhide__ = True
    try:
        for g in (f, solve, tangent_solve):
            check_callable(g, "custom_root")
        guess = trees.map(as_array, initial_guess)
        converted, consts = closure_convert(f, guess)

        def solution(consts: Any, guess: Any) -> Any:  # an argument: under vmap the rule outlives what it closes over
            found = solve(lambda x: converted(x, *consts), guess)
            if not has_aux:
                return stop_gradient(found), None
            if not isinstance(found, (tuple, list)) or len(found) != 2:
                raise ArgumentError("custom_root: with has_aux=True, solve returns a pair of the root and the rest")
            return stop_gradient(tuple(found))  # what solve closes over may be differentiated, the solution is not

        extra: list[Value] = []
        solver = solution
        if any(is_staged(x) for x in (*consts, *trees.leaves(guess))):  # the rule outlives the tracing
            solver, extra = closure_convert(solution, consts, guess)
        root = custom_jvp(lambda consts, guess, extra: solver(consts, guess, *extra))

        @root.defjvp
        def rule(primals: Any, tangents: Any) -> Any:
            (values, guess, others), (dots, _, _) = primals, tangents
            x, aux = root(values, guess, others)
            _, change = jvp(lambda *c: converted(x, *c), tuple(values), moving(values, dots))
            _, linear = linearize(lambda x: converted(x, *values), x)
            dx = tangent_solve(linear, trees.map(lambda t: -t, change))
            return (x, aux), (dx, trees.map(lambda _: None, aux) if aux is None else _no_tangents(aux))

        x, aux = root(consts, guess, extra)
        return (x, aux) if has_aux else x
    except Exception as error:
        raise shown(error)


def moving(values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The tangents of a rule's arguments, None for integers and truth values, which have none."""
    return tuple([t if is_inexact(v) else None for v, t in zip(values, tangents, strict=True)])


def _no_tangents(aux: Any) -> Any:
    from .forward import zeros_like

    return trees.map(zeros_like, aux)


def custom_linear_solve(
    matvec: Callable[[Any], Any],
    b: Any,
    solve: Callable[[Callable[[Any], Any], Any], Any],
    transpose_solve: Callable[[Callable[[Any], Any], Any], Any] | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """The solution x of ``matvec(x) = b``, differentiated as a solution: the solver is not looked into.

    Args:
        matvec: a linear function from a pytree to one of the same structure; what it closes over is differentiated.
        b: the right-hand side, a pytree.
        solve: ``solve(matvec, b)`` gives the solution.
        transpose_solve: ``transpose_solve(vecmat, c)`` solves with the transpose; reverse mode needs it, or `symmetric`.
        symmetric: whether `matvec` is its own transpose: `solve` then solves with both.
        has_aux: whether the solvers return a pair of the solution and something that is not differentiated.

    Returns:
        The solution, or the pair.

    Example:
        >>> import numpy as np, wengert
        >>> def diagonal(d):
        ...     solve = lambda matvec, b: b / matvec(np.ones(2))
        ...     return custom_linear_solve(lambda x: d * x, np.array([2.0, 6.0]), solve, symmetric=True)
        >>> diagonal(np.array([1.0, 2.0])), wengert.jacrev(diagonal)(np.array([1.0, 2.0]))
        (array([2., 3.]), array([[-2. , -0. ],
               [-0. , -1.5]]))
    """
    __tracebackhide__ = True
    try:
        for g in (matvec, solve, *([] if transpose_solve is None else [transpose_solve])):
            check_callable(g, "custom_linear_solve")
        return _linear_solve(matvec, b, solve, transpose_solve, symmetric, has_aux)
    except Exception as error:
        raise shown(error)


def _linear_solve(matvec: Any, b: Any, solve: Any, transpose_solve: Any, symmetric: bool, has_aux: bool) -> Any:
    what = "custom_linear_solve"
    leaves, tree = trees.flatten(b)
    right = [as_array(x) for x in leaves]
    avals = [aval_of(x) for x in right]
    one, m = trees.structure((b,)), len(right)
    applied = Body(matvec, one, avals, what)
    if applied.tree != tree:
        raise TreeError(f"{what}: matvec must return the structure of b, got {applied.tree}")
    apply = applied.program
    direct = Body(lambda x: solve(matvec, x), one, avals, what)
    bodies = [applied, direct]
    turned = back = None
    if symmetric:
        turned, back = applied, direct
    elif transpose_solve is not None:
        flipped = turned_apply(System(apply, apply, None, None), len(applied.closed))

        def vecmat(x: Any) -> Any:
            out = flipped.evaluate([*applied.closed, *trees.leaves(x)])
            return trees.unflatten(tree, out)

        back = Body(lambda c: transpose_solve(vecmat, c), one, avals, what)
        bodies.append(back)
    closed: dict[int, Value] = {id(c): c for body in bodies for c in body.closed}
    programs = {id(body): _taking(body, closed) for body in bodies}
    extra = len(direct.program.outputs) - m
    if has_aux != (extra > 0 or direct.tree != tree):
        raise TreeError(f"{what}: solve must return the structure of b{', and has_aux=True a pair' if has_aux else ''}")
    system = System(
        programs[id(applied)],
        programs[id(direct)],
        None if turned is None else programs[id(turned)],
        None if back is None else programs[id(back)],
        extra,
    )
    outs = linear_solve_p.bind(
        *closed.values(), *right, system=system, operands=SystemOperands(len(closed), len(right))
    )
    return trees.unflatten(direct.tree, outs)


def _taking(body: Body, closed: dict[int, Value]) -> Program:
    """The Program of a body that takes what all of them close over."""
    p = body.program
    mine = {id(c): v for c, v in zip(body.closed, p.inputs, strict=False)}
    inputs = [mine[i] if i in mine else Var(aval_of(c)) for i, c in closed.items()]
    return known_program(Program([*inputs, *p.inputs[len(body.closed) :]], p.equations, p.outputs, p.name, p.masked))


__all__ = ["custom_linear_solve", "custom_root", "moving"]
