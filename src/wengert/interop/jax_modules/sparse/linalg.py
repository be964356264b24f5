"""`jax.experimental.sparse.linalg`: linear systems and eigenvalues of sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array import Array
from ...jax_names import alias_name
from ...lax.control import custom_linear_solve
from ..callbacks import pure_callback
from ..numpy import asarray
from ..shapes import ShapeDtypeStruct
from .base import jnp, lax


def spsolve(data: Any, indices: Any, indptr: Any, b: Any, tol: float = 1e-6, reorder: int = 1) -> Array:
    """The solution of ``A x = b`` for a sparse square matrix, by SciPy's direct solver.

    Args:
        data, indices, indptr: the matrix in CSR form; it is differentiated by `data`.
        b: an array of shape (n,).
        tol, reorder: taken, and change nothing.

    Example:
        >>> spsolve(np.array([2.0, 4.0]), np.array([0, 1]), np.array([0, 1, 2]), np.array([1.0, 1.0]))
        Array([0.5 , 0.25], dtype=float64)
    """
    data, indices, indptr, b = map(asarray, (data, indices, indptr, b))
    n = b.shape[0]
    rows = _rows(indptr, data.shape[0])

    def product(x: Any) -> Any:
        terms = data * x[indices]
        return jnp.zeros(b.shape, terms.dtype).at[rows].add(terms)

    def solution(transposed: bool) -> Any:
        def solve(_: Any, right: Any) -> Any:
            def of_arrays(*given: Any) -> Any:
                from scipy.sparse import csr_matrix
                from scipy.sparse.linalg import spsolve as scipys

                d, i, p, r = map(np.asarray, given)
                matrix = csr_matrix((d, i, p), (n, n))
                return np.asarray(scipys(matrix.T.tocsc() if transposed else matrix, r), r.dtype)

            struct = ShapeDtypeStruct(right.shape, right.dtype)
            return pure_callback(of_arrays, struct, data, indices, indptr, right, vmap_method="sequential")

        return solve

    return custom_linear_solve(product, b, solution(False), solution(True))


def _rows(indptr: Any, count: int) -> Any:
    """The row of each entry of a matrix in CSR form."""
    return jnp.searchsorted(indptr, jnp.arange(count), side="right") - 1


def lobpcg_standard(A: Any, X: Any, m: int = 100, tol: Any = None) -> Any:  # noqa: N803
    """The largest eigenvalues of a symmetric matrix, by a locally optimal block method.

    Args:
        A: an ``(n, n)`` matrix, or a function of ``(n, k)`` blocks.
        X: ``(n, k)``, where it begins; ``5 k < n``.
        m: the most iterations.
        tol: how small a residual must be relative to the eigenvalue; the machine's epsilon by default.

    Returns:
        k eigenvalues, the largest first, their vectors ``(n, k)``, and how many iterations there were.

    References: A. Knyazev, SIAM J. Sci. Comput. 23(2), 2001, algorithm 5.1.
    """
    X = jnp.asarray(X)  # noqa: N806
    n, k = X.shape
    if k * 5 >= n:
        raise ValueError(f"expected search dim * 5 < matrix dim (got {k * 5}, {n})")
    apply = A if callable(A) else lambda v: jnp.asarray(A) @ v
    eps = float(np.finfo(X.dtype).eps) if tol is None else float(tol)
    eigh, qr = (alias_name("jax.numpy.linalg", name) for name in ("eigh", "qr"))
    info = np.finfo(X.dtype)

    def orthonormal(s: Any) -> tuple[Any, Any]:
        """A basis of the span of columns, and which of them depend on others: these are 0."""
        sizes = jnp.sqrt((s * s).sum(0))
        q, r = qr(s / jnp.where(sizes > 0, sizes, 1))
        lost = jnp.abs(jnp.diag(r)) <= s.dtype.type(n * info.eps)
        return q * ~lost, lost

    def ritz(s: Any, lost: Any) -> Any:
        projected = s.T @ apply(s)
        low = -2 * (jnp.abs(projected).sum() + 1)  # what is 0 must not be taken for an eigenvector
        values, vectors = eigh(projected + jnp.diag(jnp.where(lost, low, 0)))
        return values[::-1][:k], (s @ vectors)[:, ::-1][:, :k]

    def step(state: Any) -> Any:
        i, x, p, theta, _ = state
        r = apply(x) - x * theta
        size = jnp.sqrt((r * r).sum(0)) / (jnp.abs(theta) * n + info.tiny)
        r = r - x @ (x.T @ r)
        theta, new = ritz(*orthonormal(jnp.concatenate([x, r, p], 1)))
        return i + 1, new, new - x @ (x.T @ new), theta, size.max()

    theta, x = ritz(*orthonormal(X))
    state = (0, x, jnp.zeros_like(x), theta, jnp.asarray(np.inf, X.dtype))
    i, x, _, theta, _ = lax.while_loop(lambda s: (s[0] < m) & (s[4] > eps), step, state)
    return theta, x, i
