"""`jax.lax.linalg`: factorisations and solves of stacks of matrices, in the order and the dtypes that JAX has."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Value, inexact_dtype
from ...errors import NotSupportedError
from ...ops import decompositions as dec
from ...ops import elementwise as ew
from ...ops import linalg as solving
from ...ops import reflectors
from ...ops import shape as sh
from ...ops import triangular_factors as factors
from ...ops.contraction import matmul
from ...ops.indexing import getitem, take_along_axis
from ...ops.linalg import adjoint, turned
from ...ops.tridiagonal import tridiagonal_solve as _solve_bands
from ..array import wrap
from ..lax.checks import accepts, operand, operands, same_dtypes
from ..lax.primitives import of_matrices


class EigImplementation(enum.Enum):
    """Which library finds eigenvalues of general matrices; LAPACK here."""

    CUSOLVER, MAGMA, LAPACK = "cusolver", "magma", "lapack"


class EighImplementation(enum.Enum):
    """Which method finds eigenvalues of Hermitian matrices; LAPACK's here."""

    QR, JACOBI, QDWH = "QR", "Jacobi", "QDWH"


class SvdAlgorithm(enum.Enum):
    """Which method finds singular values; LAPACK's by division here."""

    DEFAULT, QR, JACOBI, POLAR = "default", "QR", "Jacobi", "polar"


def _matrix(x: Any, name: str, square: bool = False) -> Value:
    """A stack of matrices of floating or complex numbers.

    Raises:
        TypeError: there are fewer than two axes, or the dtype is another.
        ValueError: they are not square.
    """
    value, _ = operand(x, name)
    if len(value.shape) < 2:
        raise TypeError(f"Input 0 to {name} must have rank at least 2, but got shape={tuple(value.shape)}")
    if not inexact_dtype(value.dtype) or value.dtype.itemsize < 4:
        raise TypeError(
            f"{name} does not accept dtype {value.dtype} at position 0. Accepted are float32, float64 and complex."
        )
    if square and value.shape[-1] != value.shape[-2]:
        raise ValueError(f"The input to {name} must be a square matrix. Got shape {tuple(value.shape)}.")
    return value


def _symmetric(x: Any, name: str, symmetrize: bool) -> Value:
    value, _ = operand(x, name)
    if len(value.shape) < 2 or value.shape[-1] != value.shape[-2]:
        raise TypeError(f"Argument to {name} must have shape [..., n, n], got shape {tuple(value.shape)}")
    if value.dtype.kind in "iub":
        value = ew.convert(value, np.float64 if value.dtype.itemsize == 8 else np.float32)
    value = _matrix(wrap(value), name)
    return ew.divide(ew.add(value, adjoint(value)), value.dtype.type(2)) if symmetrize else value


# --- Hermitian matrices -----------------------------------------------------------------------------------------


def cholesky(x: Any, *, symmetrize_input: bool = True) -> Any:
    """The lower triangular factor of positive definite matrices, NaN where they are none.

    Args:
        x: square matrices.
        symmetrize_input: whether the mean of both triangles is taken; otherwise the lower one is read.
    """
    return wrap(dec.cholesky_or_nan_p.bind(_symmetric(x, "cholesky", symmetrize_input)))


def cholesky_update(r_matrix: Any, w_vector: Any) -> Any:
    """The upper triangular factor of ``R^T R + w w^T``.

    Raises:
        ValueError: `r_matrix` is not square, or `w_vector` has another length.
    """
    (r, w), _ = operands((r_matrix, w_vector), "cholesky_update")
    same_dtypes("cholesky_update", [r, w])
    if len(r.shape) < 2 or r.shape[-1] != r.shape[-2] or tuple(w.shape) != tuple(r.shape[:-1]):
        raise ValueError(
            f"Rank-1 update to Cholesky decomposition takes a square matrix and a vector of the same size as input. Got shapes "
            f"{tuple(r.shape)} and {tuple(w.shape)} instead"
        )
    both = sh.concatenate([r, sh.expand_dims(w, -2)], len(r.shape) - 2)
    out = dec.qr_p.bind(both)[1]
    diagonal = getitem(out, (Ellipsis, np.arange(r.shape[-1]), np.arange(r.shape[-1])))
    flips = ew.where(ew.less(diagonal, 0), r.dtype.type(-1), r.dtype.type(1))
    return wrap(ew.multiply(out, sh.expand_dims(flips, -1)))


def eigh(
    x: Any, *, lower: bool = True, symmetrize_input: bool = True, sort_eigenvalues: bool = True, subset_by_index: Any = None,
    implementation: EighImplementation | None = None,
) -> Any:  # fmt: skip
    """Eigenvectors (in the columns) and eigenvalues, rising, of Hermitian matrices: in this order.

    Args:
        x: square matrices.
        lower: which triangle is read, where `symmetrize_input` is False.
        symmetrize_input: whether the mean of both triangles is taken.
        sort_eigenvalues, implementation: taken; LAPACK sorts them.
        subset_by_index: the range of all of them, or None.

    Raises:
        NotImplementedError: another range, as in JAX on a CPU.
    """
    value = _symmetric(x, "eigh", symmetrize_input)
    if subset_by_index not in (None, (0, value.shape[-1])):
        raise NotSupportedError("subset_by_index not supported on CPU and GPU; take a slice of the results")
    w, v = dec.eigh_p.bind(value, lower=bool(lower))
    return wrap(v), wrap(w)


def tridiagonal(a: Any, *, lower: bool = True) -> Any:
    """The reduction of Hermitian matrices to tridiagonal form.

    Args:
        a: square matrices, of which one triangle is read.
        lower: which one.

    Returns:
        A list of the reflectors packed into the matrix, the diagonal, the other diagonal, and the reflectors' factors.
    """
    return [wrap(v) for v in reflectors.tridiagonal_p.bind(_matrix(a, "tridiagonal", True), lower=bool(lower))]


# --- general matrices -------------------------------------------------------------------------------------------


def eig(
    x: Any, *, compute_left_eigenvectors: bool = True, compute_right_eigenvectors: bool = True,
    enable_eigvec_derivs: bool = False, implementation: EigImplementation | None = None, use_magma: bool | None = None,
) -> list[Any]:  # fmt: skip
    """Eigenvalues of general matrices, and left and right eigenvectors in columns; always complex.

    Args:
        x: square matrices.
        compute_left_eigenvectors, compute_right_eigenvectors: whether these follow in the list.
        enable_eigvec_derivs: taken; right eigenvectors always have derivatives.
        implementation, use_magma: taken; LAPACK finds them.
    """
    value = _matrix(x, "eig", True)
    if compute_right_eigenvectors:
        w, right = dec.eig_p.bind(value)
    else:
        w, right = dec.eigvals_p.bind(value), None
    out = [w]
    if compute_left_eigenvectors:
        out.append(reflectors.eig_left_p.bind(value))
    if right is not None:
        out.append(right)
    return [wrap(v) for v in out]


def schur(
    x: Any,
    *,
    compute_schur_vectors: bool = True,
    sort_eig_vals: bool = False,
    select_callable: Callable[..., Any] | None = None,
) -> list[Any]:
    """The factors of ``X = Z T Z^H``, T (quasi) triangular: ``[T, Z]``, or ``[T]``.

    Raises:
        NotImplementedError: `sort_eig_vals`, as in JAX.
    """
    if sort_eig_vals:
        raise NotSupportedError("The sort feature of LAPACK's gees routine is not implemented.")
    value = _matrix(x, "schur", True)
    t, z = factors.schur_p.bind(value, output="complex" if value.dtype.kind == "c" else "real")
    return [wrap(t), wrap(z)] if compute_schur_vectors else [wrap(t)]


def hessenberg(a: Any) -> list[Any]:
    """The reduction to Hessenberg form: H with reflectors below its subdiagonal, and their factors.

    Raises:
        ValueError: the matrices are not square.
    """
    value = _matrix(a, "hessenberg")
    if value.shape[-1] != value.shape[-2]:
        raise ValueError(
            f"Argument to Hessenberg reduction must have shape [..., n, n], got shape {tuple(value.shape)}"
        )
    return [wrap(v) for v in reflectors.hessenberg_packed_p.bind(value)]


def lu(x: Any) -> list[Any]:
    """The factors of a matrix with rows exchanged: both in one matrix, the pivots, and the permutation of rows."""
    return [wrap(v) for v in factors.lu_p.bind(_matrix(x, "lu"))]


def lu_pivots_to_permutation(pivots: Any, permutation_size: int) -> Any:
    """The permutation of rows that pivots stand for.

    Raises:
        TypeError: they are no integers.
        ValueError: there are more of them than rows.
    """
    value, _ = operand(pivots, "lu_pivots_to_permutation")
    accepts("lu_pivots_to_permutation", value, "iu", 0)
    if not value.shape or value.shape[-1] > permutation_size:
        raise ValueError(f"Output permutation size {permutation_size} has to exceed the trailing dimension of the pivots, "
                         f"got shape {tuple(value.shape)}")  # fmt: skip
    return wrap(
        ew.convert(factors.permutation_p.bind(ew.convert(value, np.int32), rows=int(permutation_size)), np.int32)
    )


def qr(x: Any, *, pivoting: bool = False, full_matrices: bool = True, use_magma: bool | None = None) -> tuple[Any, ...]:
    """The factors ``X = Q R``.

    Args:
        x: matrices.
        pivoting: whether columns are reordered so that the diagonal of R falls; their order is the third result.
        full_matrices: whether Q is square.
        use_magma: taken; LAPACK finds them.
    """
    value = _matrix(x, "qr")
    order = None
    if pivoting:
        order = dec.qr_pivots_p.bind(value)
        places = sh.broadcast_to(sh.expand_dims(order, -2), tuple(value.shape))
        value = take_along_axis(value, places, len(value.shape) - 1)
    tall = value.shape[-2] > value.shape[-1]
    q, r = (dec.qr_complete_p if full_matrices and tall else dec.qr_p).bind(value)
    return (wrap(q), wrap(r)) if order is None else (wrap(q), wrap(r), wrap(order))


def svd(
    x: Any, *, full_matrices: bool = True, compute_uv: bool = True, subset_by_index: Any = None,
    algorithm: SvdAlgorithm | None = None,
) -> Any:  # fmt: skip
    """Left singular vectors in columns, singular values in falling order, right singular vectors in rows.

    Args:
        x: matrices.
        full_matrices: whether the matrices of vectors are square.
        compute_uv: whether there are vectors; otherwise the values alone are returned.
        subset_by_index: the range of all of them, or None.
        algorithm: taken; LAPACK's by division.

    Raises:
        ValueError: `subset_by_index` with `full_matrices`.
        NotImplementedError: another range, as in JAX on a CPU.
    """
    from ... import numpy as wnp

    value = _matrix(x, "svd")
    if subset_by_index is not None:
        if compute_uv and full_matrices:
            raise ValueError("full_matrices and subset_by_index cannot both be set")
        if tuple(subset_by_index) != (0, min(value.shape[-2:])):
            raise NotSupportedError("subset_by_index not implemented for CPU and GPU; take slices of the results")
    out = wnp.linalg.svd(value, full_matrices=bool(full_matrices), compute_uv=bool(compute_uv))
    return [wrap(v) for v in out] if compute_uv else wrap(out)


def qdwh(
    x: Any,
    *,
    is_hermitian: bool = False,
    max_iterations: int | None = None,
    eps: float | None = None,
    dynamic_shape: Any = None,
) -> Any:
    """The polar factors ``X = U H``, the number of iterations, and whether they converged.

    Args:
        x: a matrix with at least as many rows as columns.
        is_hermitian: whether it is.
        max_iterations: the greatest number of iterations, 10 by default.
        eps: the precision.
        dynamic_shape: the part of the matrix that counts, which has to be all of it here.
    """
    value = _matrix(x, "qdwh")
    if value.shape[-2] < value.shape[-1]:
        raise ValueError(f"The input matrix of shape M x N must have M >= N, got {tuple(value.shape)}")
    if dynamic_shape is not None and tuple(dynamic_shape) != tuple(value.shape):
        raise NotSupportedError("qdwh: take the slice of the matrix instead of dynamic_shape")
    u, h, made, enough = reflectors.polar_by_halley(value, is_hermitian, max_iterations, eps)
    return wrap(u), wrap(h), wrap(np.asarray(made)[()], True), wrap(np.bool_(enough))


# --- reflectors and products ------------------------------------------------------------------------------------


def householder_product(a: Any, taus: Any) -> Any:
    """The first columns of the product of reflectors, as LAPACK packs them.

    Args:
        a: shape ``(..., m, n)``, m at least n; vectors below the diagonal.
        taus: shape ``(..., k)``, k at most n; their factors.
    """
    (value, weights), _ = operands((a, taus), "householder_product")
    _matrix(a, "householder_product")
    same_dtypes("householder_product", [value, weights])
    if value.shape[-2] < value.shape[-1] or weights.shape[-1] > value.shape[-1]:
        raise ValueError(
            f"householder_product: {weights.shape[-1]} reflectors of shape {tuple(value.shape)}: at least as many rows as columns, "
            f"and as many columns as reflectors"
        )
    return wrap(reflectors.householder_product(value, weights))


def ormqr(a: Any, taus: Any, c: Any, *, left: bool = True, transpose: bool = False) -> Any:
    """A matrix times the product of reflectors: ``Q C``, or ``C Q``, or with the adjoint of Q.

    Args:
        a, taus: as `householder_product` takes them.
        c: a matrix.
        left: whether Q stands on the left.
        transpose: whether its adjoint is meant.
    """
    (value, weights, target), _ = operands((a, taus, c), "ormqr")
    same_dtypes("ormqr", [value, weights, target])
    if left:
        return wrap(reflectors.reflect(value, weights, target, bool(transpose)))
    return wrap(adjoint(reflectors.reflect(value, weights, adjoint(target), not transpose)))


def symmetric_product(
    a_matrix: Any, c_matrix: Any, *, alpha: float = 1.0, beta: float = 0.0, symmetrize_output: bool = False
) -> Any:
    """``alpha A A^T + beta C``, for a symmetric C.

    Raises:
        ValueError: C has not as many rows and columns as A has rows.
    """
    (a, c), _ = operands((a_matrix, c_matrix), "symmetric_product")
    same_dtypes("symmetric_product", [a, c])
    if tuple(c.shape) != (*a.shape[:-1], a.shape[-2]):
        raise ValueError(
            f"symmetric_update expects a rectangular matrix of shape (m, n) and a square matrix of shape (m, m). Got "
            f"{tuple(a.shape)} and {tuple(c.shape)} instead."
        )
    kind = a.dtype.type
    out = ew.add(ew.multiply(kind(alpha), matmul(a, turned(a))), ew.multiply(kind(beta), c))
    if symmetrize_output:
        lower = np.tri(c.shape[-1], dtype=bool)
        out = ew.where(lower, out, turned(out))
    return wrap(out)


# --- solving ----------------------------------------------------------------------------------------------------


def triangular_solve(
    a: Any, b: Any, *, left_side: bool = False, lower: bool = False, transpose_a: bool = False, conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Any:  # fmt: skip
    """X in ``op(A) X = B``, or by default in ``X op(A) = B``, for triangular matrices.

    Args:
        a: shape ``(..., m, m)``, of which one triangle is read.
        b: shape ``(..., m, n)`` with `left_side`, else ``(..., n, m)``; or vectors.
        left_side: on which side A stands.
        lower: which triangle.
        transpose_a, conjugate_a: what is done to A.
        unit_diagonal: whether its diagonal counts as ones.

    Raises:
        TypeError: the dtypes differ. ValueError: the shapes do not fit.
    """
    (matrix, right), _ = operands((a, b), "triangular_solve")
    same_dtypes("triangular_solve", [matrix, right])
    _matrix(a, "triangular_solve", True)
    vector = len(right.shape) == len(matrix.shape) - 1
    if vector:
        right = sh.expand_dims(right, -1 if left_side else -2)
    if tuple(matrix.shape[:-2]) != tuple(right.shape[:-2]) or matrix.shape[-1] != right.shape[-2 if left_side else -1]:
        raise ValueError(
            f"Incompatible shapes for arguments to triangular_solve: {tuple(matrix.shape)} and {tuple(right.shape)}."
        )
    if conjugate_a and matrix.dtype.kind == "c":
        matrix = ew.conj(matrix)
    options = {"lower": bool(lower), "unit": bool(unit_diagonal)}
    if left_side:
        out = solving.triangular_solve_p.bind(matrix, right, transpose=bool(transpose_a), **options)
    else:  # X op(A) = B: op(A)^T X^T = B^T
        out = turned(solving.triangular_solve_p.bind(matrix, turned(right), transpose=not transpose_a, **options))
    if vector:
        out = sh.reshape(out, tuple(out.shape[:-1]) if left_side else (*out.shape[:-2], out.shape[-1]))
    return wrap(out)


def tridiagonal_solve(dl: Any, d: Any, du: Any, b: Any, *, perturb_singular: bool = False) -> Any:
    """X in ``A X = B`` for tridiagonal matrices.

    Args:
        dl, d, du: shape ``(..., n)``: the diagonal below, whose first element is left out, the diagonal, and that above,
            whose last one is.
        b: shape ``(..., n, m)``.
        perturb_singular: taken where the matrix is not singular.

    Raises:
        TypeError: shapes or dtypes differ. LinAlgError: a matrix is singular.
    """
    (low, middle, up, right), _ = operands((dl, d, du, b), "tridiagonal_solve")
    same_dtypes("tridiagonal_solve", [low, middle, up, right])
    if len(right.shape) < 2:
        raise TypeError(f"Input 3 to tridiagonal_solve must have rank at least 2, but got shape={tuple(right.shape)}")
    if not tuple(low.shape) == tuple(middle.shape) == tuple(up.shape):
        raise TypeError("tridiagonal_solve requires that all diagonal arguments have the same shape.")
    if tuple(right.shape[:-1]) != tuple(middle.shape):
        raise TypeError(
            f"tridiagonal_solve requires that the leading ndim-1 dimensions of b equal the dimensions of the diagonals, got "
            f"{tuple(right.shape)} and {tuple(middle.shape)}."
        )
    return wrap(_solve_bands(sh.stack([low, middle, up], -2), right))


_PRIMITIVES = of_matrices(sys.modules[__name__])
globals().update(_PRIMITIVES)

__all__ = [
    *_PRIMITIVES, "EigImplementation", "EighImplementation", "SvdAlgorithm", "cholesky", "cholesky_update", "eig", "eigh", "hessenberg",
    "householder_product", "lu", "lu_pivots_to_permutation", "ormqr", "qdwh", "qr", "schur", "svd", "symmetric_product",
    "triangular_solve", "tridiagonal", "tridiagonal_solve",
]  # fmt: skip
