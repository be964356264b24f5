"""`jax.experimental.sparse.linalg`: solutions of sparse linear systems by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import Array
from ..lax.control import custom_linear_solve
from .callbacks import pure_callback
from .numpy import asarray
from .shapes import ShapeDtypeStruct


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
        return (0 * b).at[rows].add(data * x[indices])

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
    from .functions import arange
    from .reductions import searchsorted

    return searchsorted(indptr, arange(count), side="right") - 1


__all__ = ["spsolve"]
