"""Linear equations whose unknown is a matrix: of Sylvester and of Lyapunov."""

from __future__ import annotations

import numpy as np

from ...core import shape_of
from ...errors import ShapeError
from ...numpy import kron
from ...numpy import linalg as _linalg
from ...ops.elementwise import conj
from ...ops.linalg import adjoint
from ...ops.matrix_functions import sylvester_p
from ...ops.shape import broadcast_to, reshape
from ...vocabulary import ArrayLike, Value
from .solving import floating, of_number, square


def solve_sylvester(a: ArrayLike, b: ArrayLike, q: ArrayLike) -> Value:
    """``X`` in ``a X + X b = q``.

    Derivative: of the equation, ``a dX + dX b = dq - da X - X db``.

    Example:
        >>> solve_sylvester(np.array([[1.0]]), np.array([[3.0]]), np.array([[8.0]]))
        array([[2.]])
    """
    a, b, q = floating(a, b, q)
    a, b = square(a, "solve_sylvester"), square(b, "solve_sylvester")
    if shape_of(q)[-2:] != (shape_of(a)[-1], shape_of(b)[-1]):
        raise ShapeError(f"solve_sylvester: shapes {shape_of(a)}, {shape_of(b)} and {shape_of(q)} do not fit together")
    stack = np.broadcast_shapes(*[shape_of(x)[:-2] for x in (a, b, q)])
    return sylvester_p.bind(*[broadcast_to(x, (*stack, *shape_of(x)[-2:])) for x in (a, b, q)])


def solve_continuous_lyapunov(a: ArrayLike, q: ArrayLike) -> Value:
    """``X`` in ``a X + X a' = q``, by `solve_sylvester`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_continuous_lyapunov(-np.eye(2), -np.eye(2)).round(12)
        array([[0.5, 0. ],
               [0. , 0.5]])
    """
    a, q = floating(square(of_number(a), "solve_continuous_lyapunov"), of_number(q))
    return solve_sylvester(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov


def solve_discrete_lyapunov(a: ArrayLike, q: ArrayLike, method: str | None = None) -> Value:
    """``X`` in ``X = a X a' + q``, as linear equations for the elements (`n` to the fourth memory).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_discrete_lyapunov(np.eye(2) / 2, 3 * np.eye(2)).round(12)
        array([[4., 0.],
               [0., 4.]])
    """
    a, q = floating(square(a, "solve_discrete_lyapunov"), q)
    n = shape_of(a)[0]
    return reshape(_linalg.solve(np.eye(n * n) - kron(a, conj(a)), reshape(q, (-1,))), (n, n))


__all__ = ["solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester"]
