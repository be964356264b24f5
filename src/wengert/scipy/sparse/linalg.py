"""Iterative solvers of linear equations: `cg`, `gmres`, `bicgstab` and their kin. SciPy iterates; derivatives are implicit.

The derivative of the solution of ``A x = b`` is itself the solution of equations with the same matrix, or its
transpose, so nothing of the iteration is stored.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...config import config
from ...core import Aval, Tracer, Value, aval_of, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, DtypeError, ShapeError
from ...nearest import nearest_names as _nearest_names
from ...ops.control.operands import SystemOperands
from ...ops.control.solve import System, linear_solve_p, turned_apply
from ...ops.elementwise import stop_gradient_p
from ...ops.host import host_call_p
from ...ops.special.declare import floating
from ...ops.updates import at
from ...program import Program
from ...transforms.staging import stage
from ...vocabulary import ArrayLike, Keywords


class _Iteration:
    """One of SciPy's solvers with its options, and a matrix as a Program of constants and a vector."""

    def __init__(self, name: str, matrix: Program, constants: int, preconditioner: Any, options: Keywords) -> None:
        self.name, self.matrix, self.constants = name, matrix, constants
        self.preconditioner, self.options = preconditioner, options

    def __call__(self, *values: Value) -> list[Value]:
        import scipy.sparse.linalg

        sparse: Any = scipy.sparse.linalg
        fixed, b = values[: self.constants], values[self.constants :]
        ends = np.cumsum([0, *[v.size for v in b]])
        right = np.concatenate([np.ravel(v) for v in b])

        def split(x: np.ndarray) -> list[Value]:
            return [x[i:j].reshape(v.shape) for i, j, v in zip(ends[:-1], ends[1:], b, strict=True)]

        def operator(apply: Callable[[list[Value]], list[Value]]) -> Any:
            product = lambda x: np.concatenate([np.ravel(v) for v in apply(split(x))])  # noqa: E731
            return sparse.LinearOperator((right.size, right.size), matvec=product, dtype=right.dtype)

        options = dict(self.options)
        if self.preconditioner is not None:
            options["M"] = operator(self.preconditioner)
        matrix = operator(lambda parts: self.matrix.evaluate([*fixed, *parts]))
        x, info = getattr(sparse, self.name)(matrix, right, **options)
        return [*split(x), np.asarray(info)]


def _matvec(name: str, A: Any) -> Callable[[Any], Any]:  # noqa: N803
    """The product with a matrix, a sparse matrix or what a function does."""
    if callable(A):
        return A
    if hasattr(A, "tocoo"):
        coo = A.tocoo()
        row, column, data = coo.row, coo.col, coo.data
        return lambda x: at(np.zeros(A.shape[0], np.result_type(data, dtype_of(x))))[row].add(data * x[column])
    if not isinstance(A, Tracer):
        A = np.asarray(A)
    if ndim_of(A) != 2 or shape_of(A)[0] != shape_of(A)[1]:
        raise ArgumentError(f"{name}: A is a function or a square matrix, got an array of shape {shape_of(A)}")
    return lambda x: A @ x


def _solve(name: str, A: ArrayLike, b: Any, x0: Any, M: ArrayLike, options: Keywords) -> tuple[Any, Any]:  # noqa: N803
    apply = _matvec(name, A)
    leaves, tree = trees.flatten(b)
    b_values = floating(*leaves)
    avals = [aval_of(v) for v in b_values]
    seen: list[Any] = []

    def flat(*values: Value) -> list[Value]:
        out, out_tree = trees.flatten(apply(trees.unflatten(tree, values)))
        seen.append(out_tree)
        return out

    matvec, hoisted = stage(flat, avals, "A", name)
    if seen[0] != tree or [o.shape for o in matvec.out_avals] != [a.shape for a in avals]:
        raise ShapeError(f"{name}: A must give what it takes, {avals}; it gives {matvec.out_avals}")
    if [o.dtype for o in matvec.out_avals] != [a.dtype for a in avals]:
        raise DtypeError(f"{name}: A gives {matvec.out_avals} for {avals}; convert b to the dtype of A's results")
    preconditioner = None
    if M is not None:
        multiply = _matvec(name, M)
        preconditioner = lambda parts: trees.leaves(multiply(trees.unflatten(tree, parts)))  # noqa: E731

    start = None if x0 is None else [stop_gradient_p.bind(v) for v in floating(*trees.leaves(x0))]
    if start is not None:
        moved = matvec.evaluate([*hoisted, *start])
        b_values = [v - m for v, m in zip(b_values, moved, strict=True)]
    n, types = len(hoisted), (*matvec.out_avals, Aval((), np.dtype(config.int_dtype)))

    def solved(program: Program) -> Program:
        """The Program that solves with the matrix of another one."""
        search = _Iteration(name, program, n, preconditioner, options)
        run = lambda *values: host_call_p.bind(*values, function=search, avals=types)  # noqa: E731
        return stage(run, program.in_avals, name)[0]

    turned = turned_apply(System(matvec, matvec, None, None), n)
    system = System(matvec, solved(matvec), turned, solved(turned), extra=1)
    *x, info = linear_solve_p.bind(*hoisted, *b_values, system=system, operands=SystemOperands(n, len(b_values)))
    if start is not None:
        x = [s + v for s, v in zip(start, x, strict=True)]
    return trees.unflatten(tree, x), info


def _rtol(name: str, rtol: float, tol: float | None, callback: Any) -> float:
    if callback is not None:
        raise ArgumentError(
            f"{name}: there are no callbacks, as steps may run under a transformation; leave callback out"
        )
    return rtol if tol is None else tol


def cg(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None, tol: float | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` with a symmetric positive definite operator by conjugate gradients.

    Differentiable in `b` and in what `A` closes over, in both modes and to any order.

    Args:
        A: a function of pytrees shaped as `b`, linear; or a matrix, also a sparse one of SciPy's.
        b: the right side, an array or a pytree. x0: where to start.
        rtol, atol: iteration ends when the residual is below ``max(rtol * norm(b), atol)``; `tol` is JAX's name of `rtol`.
        maxiter: the most steps. M: an approximation of the inverse, a function or a matrix of plain numbers.

    Returns:
        The solution, and SciPy's `info`: 0 where the iteration converged, else how many steps there were.

    Raises:
        ShapeError, DtypeError: `A` does not give what it takes. ArgumentError: `A` is no square matrix.

    Example:
        >>> x, _ = cg(lambda v: np.array([2.0, 4.0]) * v, np.array([2.0, 8.0]))
        >>> x
        array([1., 2.])
    """
    return _solve("cg", A, b, x0, M, {"rtol": _rtol("cg", rtol, tol, callback), "atol": atol, "maxiter": maxiter})


def bicgstab(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None, tol: float | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` by stabilised biconjugate gradients; arguments as for `cg`, `A` need not be symmetric.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.bicgstab(lambda x: np.array([2.0, 4.0]) * x, np.array([2.0, 8.0]))[0].round(9)
        array([1., 2.])
    """
    return _solve(
        "bicgstab", A, b, x0, M, {"rtol": _rtol("bicgstab", rtol, tol, callback), "atol": atol, "maxiter": maxiter}
    )


def gmres(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, restart: int | None = None,  # noqa: N803
    maxiter: int | None = None, M: ArrayLike | None = None, callback: Any = None, callback_type: Any = None,  # noqa: N803
    tol: float | None = None, solve_method: str = "batched",
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` by generalised minimal residuals; arguments as for `cg`, `A` need not be symmetric.

    `restart` is how many directions are kept, 20 by default; `solve_method` is taken for JAX's sake.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.gmres(np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([3.0, 4.0]))[0].round(6)
        array([1., 2.])
    """
    return _solve(
        "gmres",
        A,
        b,
        x0,
        M,
        {"rtol": _rtol("gmres", rtol, tol, callback), "atol": atol, "restart": restart, "maxiter": maxiter},
    )


def cgs(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` by squared conjugate gradients; arguments as for `cg`, `A` need not be symmetric.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.cgs(lambda x: 4 * x, np.array([8.0, 4.0]))[0].round(9)
        array([2., 1.])
    """
    return _solve("cgs", A, b, x0, M, {"rtol": _rtol("cgs", rtol, None, callback), "atol": atol, "maxiter": maxiter})


def tfqmr(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None, show: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` by quasi-minimal residuals without the transpose; arguments as for `cg`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.tfqmr(lambda x: 5 * x, np.array([5.0, 10.0]))[0].round(6)
        array([1., 2.])
    """
    return _solve(
        "tfqmr", A, b, x0, M, {"rtol": _rtol("tfqmr", rtol, None, callback), "atol": atol, "maxiter": maxiter}
    )


def lgmres(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, atol: float = 0.0, maxiter: int = 1000, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None, inner_m: int = 30, outer_k: int = 3, outer_v: Any = None, store_outer_Av: bool = True,  # noqa: N803
    prepend_outer_v: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``A x = b`` by loose generalised minimal residuals; arguments as for `cg`, `A` need not be symmetric.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.lgmres(np.array([[2.0, 1.0], [0.0, 2.0]]), np.array([4.0, 4.0]))[0].round(6)
        array([1., 2.])
    """
    if outer_v is not None:
        raise ArgumentError("lgmres: outer_v is a list that SciPy writes into; leave it out")
    options = {"rtol": _rtol("lgmres", rtol, None, callback), "atol": atol, "maxiter": maxiter}
    return _solve("lgmres", A, b, x0, M, {**options, "inner_m": inner_m, "outer_k": outer_k})


def minres(
    A: ArrayLike, b: Any, x0: Any = None, *, rtol: float = 1e-5, shift: float = 0.0, maxiter: int | None = None, M: ArrayLike | None = None,  # noqa: N803
    callback: Any = None, show: bool = False, check: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Solve ``(A - shift) x = b``, `A` symmetric, by minimal residuals; arguments as for `cg`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy.sparse import linalg as sparse_linalg
        >>> sparse_linalg.minres(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([5.0, 6.0]))[0].round(6)
        array([6., 5.])
    """
    apply = _matvec("minres", A)
    moved = apply if isinstance(shift, (int, float)) and shift == 0 else lambda x: apply(x) - shift * x
    return _solve("minres", moved, b, x0, M, {"rtol": _rtol("minres", rtol, None, callback), "maxiter": maxiter})


__all__ = ["bicgstab", "cg", "cgs", "gmres", "lgmres", "minres", "tfqmr"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
