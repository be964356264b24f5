"""`jax.scipy.sparse.linalg`, whose `cg` and `bicgstab` say nothing of how the iteration ended."""

from __future__ import annotations

from typing import Any

from ...scipy.sparse import linalg
from ..array import wrap
from ..border import bordered, lower
from .numpy import array


def cg(
    A: Any, b: Any, x0: Any = None, *, tol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: Any = None
) -> Any:  # noqa: N803
    """Conjugate gradients: the solution, and None.

    Args:
        A: a symmetric matrix or a function of vectors.
        b: the right side.
        x0: where it begins.
        tol, atol: how small the residual must be, relative and absolute.
        maxiter: the most iterations.
        M: a preconditioner.
    """
    return bordered(linalg.cg)(A, b, x0, tol=tol, atol=atol, maxiter=maxiter, M=M)[0], None


def bicgstab(
    A: Any, b: Any, x0: Any = None, *, tol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: Any = None
) -> Any:  # noqa: N803
    """The stabilised method of biconjugate gradients: the solution, and None; arguments as for `cg`."""
    return bordered(linalg.bicgstab)(A, b, x0, tol=tol, atol=atol, maxiter=maxiter, M=M)[0], None


def gmres(
    A: Any, b: Any, x0: Any = None, *, tol: float = 1e-5, atol: float = 0.0, restart: int = 20, maxiter: int | None = None,  # noqa: N803
    M: Any = None, solve_method: str = "batched",
) -> Any:  # fmt: skip
    """The method of least residuals: the solution, and 0, or -1 where it is NaN; `solve_method` is "batched" or "incremental".

    Raises:
        ValueError: another `solve_method`.
    """
    if solve_method not in ("batched", "incremental"):
        raise ValueError(f"invalid solve_method {solve_method}, must be either 'batched' or 'incremental'")
    x = bordered(linalg.gmres)(A, b, x0, tol=tol, atol=atol, restart=restart, maxiter=maxiter, M=M)[0]
    return x, wrap(lower(array(0)), True)


__all__ = ["bicgstab", "cg", "gmres"]
