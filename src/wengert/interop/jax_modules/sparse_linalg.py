"""`jax.scipy.sparse.linalg`: iterative solvers, which say nothing of how the iteration ended.

`cg` and `bicgstab` are loops of the library, so that they are compiled with what is around them and batched; `gmres` is
SciPy's. Each is the solution of a linear system for derivatives, whatever the iteration does.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from ... import trees
from ...scipy.sparse import linalg
from ..array import Array, wrap
from ..border import bordered, lower
from ..lax.control import custom_linear_solve, while_loop
from .kit import names
from .numpy import array

jnp = names("jax.numpy")
Apply = Callable[[Any], Any]


def _dot(x: Any, y: Any) -> Any:
    """The real part of the inner product of two trees."""
    pairs = zip(trees.leaves(x), trees.leaves(y), strict=True)
    return functools.reduce(operator.add, [jnp.real(jnp.vdot(a, b)) for a, b in pairs])


def _plus(x: Any, factor: Any, y: Any) -> Any:
    """``x + factor * y`` of trees."""
    return trees.map(lambda a, b: a + factor.astype(b.dtype) * b, x, y)


def _limits(b: Any, tol: Any, atol: Any, maxiter: Any) -> tuple[Any, Any]:
    """The squared norm of the residual at which an iteration ends, and the most steps."""
    size = sum(x.size for x in trees.leaves(b))
    return jnp.maximum(jnp.square(tol) * _dot(b, b), jnp.square(atol)), 10 * size if maxiter is None else maxiter


def _conjugate(apply: Apply, b: Any, x0: Any, tol: Any, atol: Any, maxiter: Any, precondition: Apply | None) -> Any:
    """Conjugate gradients (Hestenes and Stiefel 1952)."""
    end, most = _limits(b, tol, atol, maxiter)
    prepared = precondition or (lambda r: r)

    def goes_on(state: Any) -> Any:
        _, r, gamma, _, k = state
        return ((gamma.real if precondition is None else _dot(r, r)) > end) & (k < most)

    def step(state: Any) -> Any:
        x, r, gamma, p, k = state
        moved = apply(p)
        alpha = gamma / _dot(p, moved)
        x, r = _plus(x, alpha, p), _plus(r, -alpha, moved)
        z = prepared(r)
        before, gamma = gamma, _dot(r, z)
        return x, r, gamma, _plus(z, gamma / before, p), k + 1

    r = trees.map(operator.sub, b, apply(x0))
    z = prepared(r)
    return while_loop(goes_on, step, (x0, r, _dot(r, z), z, 0))[0]


def _stabilised(apply: Apply, b: Any, x0: Any, tol: Any, atol: Any, maxiter: Any, precondition: Apply | None) -> Any:
    """Stabilised biconjugate gradients (van der Vorst 1992); a breakdown ends the iteration."""
    end, most = _limits(b, tol, atol, maxiter)
    prepared = precondition or (lambda r: r)

    def goes_on(state: Any) -> Any:
        _, r, *_, k = state
        return (_dot(r, r) > end) & (k < most) & (k >= 0)

    def step(state: Any) -> Any:
        x, r, shadow, alpha, omega, rho, p, q, k = state
        rho_now = _dot(shadow, r)
        beta = rho_now / rho * alpha / omega
        p = _plus(r, beta, _plus(p, -omega, q))
        p_hat = prepared(p)
        q = apply(p_hat)
        alpha = rho_now / _dot(shadow, q)
        s = _plus(r, -alpha, q)
        early = _dot(s, s) < end
        s_hat = prepared(s)
        t = apply(s_hat)
        omega = _dot(t, s) / _dot(t, t)
        half = _plus(x, alpha, p_hat)
        x = trees.map(functools.partial(jnp.where, early), half, _plus(half, omega, s_hat))
        r = trees.map(functools.partial(jnp.where, early), s, _plus(s, -omega, t))
        k = jnp.where((omega == 0) | (alpha == 0), -11, k + 1)
        return x, r, shadow, alpha, omega, rho_now, p, q, jnp.where(rho_now == 0, -10, k)

    r = trees.map(operator.sub, b, apply(x0))
    one = jnp.ones_like(_dot(b, b))
    return while_loop(goes_on, step, (x0, r, r, one, one, one, r, r, jnp.array(0)))[0]


def _matvec(A: Any) -> Apply:  # noqa: N803
    """The product with a matrix, or a function as it is.

    Raises:
        TypeError: it is neither.
        ValueError: the matrix is not square.
    """
    if callable(A):
        return A
    if not hasattr(A, "shape"):
        raise TypeError(f"linear operator must be either a function or ndarray: {A}")
    if len(A.shape) != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"linear operator must be a square matrix, but has shape: {A.shape}")
    return functools.partial(jnp.dot, A)


def _solution(
    iteration: Any, symmetric: bool, A: Any, b: Any, x0: Any, tol: Any, atol: Any, maxiter: Any, M: Any
) -> Any:  # noqa: N803
    apply, precondition = _matvec(A), None if M is None else _matvec(M)
    b = trees.map(lambda v: v if type(v) is Array else array(v), b)
    x0 = trees.map(jnp.zeros_like, b) if x0 is None else x0
    if trees.structure(x0) != trees.structure(b):
        raise ValueError(f"x0 and b must have matching tree structure: {trees.structure(x0)} vs {trees.structure(b)}")
    shapes = [[tuple(jnp.shape(v)) for v in trees.leaves(t)] for t in (x0, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"arrays in x0 and b must have matching shapes: {shapes[0]} vs {shapes[1]}")
    x0 = trees.map(lambda x, v: jnp.asarray(x, v.dtype), x0, b)
    solve = lambda apply, b: iteration(apply, b, x0, tol, atol, maxiter, precondition)  # noqa: E731
    return custom_linear_solve(apply, b, solve, solve, symmetric=symmetric)


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
    symmetric = all(jnp.asarray(v).dtype.kind != "c" for v in trees.leaves(b))
    return _solution(_conjugate, symmetric, A, b, x0, tol, atol, maxiter, M), None


def bicgstab(
    A: Any, b: Any, x0: Any = None, *, tol: float = 1e-5, atol: float = 0.0, maxiter: int | None = None, M: Any = None
) -> Any:  # noqa: N803
    """The stabilised method of biconjugate gradients: the solution, and None; arguments as for `cg`."""
    return _solution(_stabilised, False, A, b, x0, tol, atol, maxiter, M), None


_gmres = bordered(linalg.gmres)


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
    x = _gmres(A, b, x0, tol=tol, atol=atol, restart=restart, maxiter=maxiter, M=M)[0]
    return x, wrap(lower(array(0)), True)


__all__ = ["bicgstab", "cg", "gmres"]
