"""Factorisations of stacks of matrices: cholesky, eigh, eig, svd, qr, and their derivatives.

Sources: Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic differentiation";
Murray (2016), "Differentiation of the Cholesky decomposition"; Walter & Lehmann (2010), "On evaluating higher-order
derivatives of the QR decomposition"; Townsend (2016), "Differentiating the singular value decomposition".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..core import Aval, Value, dtype_of, ndim_of, shape_of
from ..lowering.kernels import Factorisation
from .contraction import matmul
from .elementwise import absolute, conj, convert, imag, less_equal, logical_and, real, sqrt, stop_gradient_p, where
from .indexing import getitem, take_along_axis
from .linalg import (
    NOT_LINEAR,
    OfMatrix,
    adjoint,
    as_columns,
    as_rows,
    complex_dtype,
    lower_solve,
    of_triangle,
    real_dtype,
    require_square,
    sample_complex,
    sample_real,
    samples_of,
    solve_p,
    triangular_solve_p,
    turned,
)
from .reduction import argmax_p, max_p
from .shape import concatenate, expand_dims, reduce_sum


def _definite(x: np.ndarray) -> np.ndarray:
    return x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


# --- what rounding leaves of differences ---------------------------------------------------------------------------


def lost(x: Value, scale: Value, n: int) -> Value:
    """Where a number is within the rounding of values of size `scale` that a factorisation of order `n` gave: neither its
    size nor its sign is known, and what is divided by it is NaN instead of a number of which no digit is right."""
    return less_equal(absolute(x), float(n * np.finfo(dtype_of(scale)).eps) * scale)


def largest_of(x: Value) -> Value:
    """The largest absolute value along the last axis, ``(..., 1, 1)``; no derivative is taken of it."""
    x = absolute(stop_gradient_p.bind(x))
    if shape_of(x)[-1] == 0:
        return np.zeros((*shape_of(x)[:-1], 1, 1), dtype_of(x))
    return as_rows(expand_dims(max_p.bind(x, axes=(ndim_of(x) - 1,)), -1))


def _of_gaps(gaps: Value, quotients: Value, scale: Value) -> Value:
    """Quotients by gaps between values, 0 on the diagonal, and NaN where a gap is lost in rounding."""
    n = shape_of(gaps)[-1]
    off = np.eye(n) == 0
    return where(logical_and(off, lost(gaps, scale, n)), dtype_of(quotients).type(np.nan), quotients)


# --- factorisations ---------------------------------------------------------------------------------------------


class _Cholesky(OfMatrix):
    """The lower factor of the Hermitian matrix of which the lower triangle is given, as LAPACK reads it."""

    def impl(self, x: Value) -> Value:
        return np.linalg.cholesky(x)

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "cholesky")
        return Aval(x.shape, x.dtype)

    def tangent(self, x: Value, t: Value) -> Any:  # Murray (2016), eq. 9
        factor = self.bind(x)
        inside = lower_solve(factor, adjoint(lower_solve(factor, of_triangle(t))))
        n = shape_of(x)[-1]
        half = np.tri(n, k=-1, dtype=dtype_of(x)) + np.eye(n, dtype=dtype_of(x)) / 2
        return factor, matmul(factor, inside * half)


cholesky_p = _Cholesky(
    "cholesky",
    samples=samples_of(
        lambda: [
            _definite(sample_real(3, 3)),
            _definite(sample_real(2, 2, 2)),
            _definite(sample_real(6, 2, 2)),
            _definite(sample_complex(2, 2)),
        ]
    ),
    reasons=NOT_LINEAR,
    native=Factorisation("cholesky", "cholesky", "Matrix is not positive definite"),
)


class _CholeskyOrNan(_Cholesky):
    """The same, NaN where a matrix is not positive definite."""

    def impl(self, x: Value) -> Value:
        try:
            return np.linalg.cholesky(x)
        except np.linalg.LinAlgError:
            out = np.empty_like(x)
            for index in np.ndindex(*x.shape[:-2]):
                try:
                    out[index] = np.linalg.cholesky(x[index])
                except np.linalg.LinAlgError:
                    nan = complex(np.nan, np.nan) if x.dtype.kind == "c" else np.nan
                    out[index] = np.tril(np.full(x.shape[-2:], nan, x.dtype))
            return out


cholesky_or_nan_p = _CholeskyOrNan(
    "cholesky_or_nan", samples=cholesky_p.samples, reasons=NOT_LINEAR, native=Factorisation("cholesky_or_nan")
)


_nan: ContextVar[bool] = ContextVar("nan_for_indefinite", default=False)


def cholesky_factor(x: Value) -> Value:
    """The lower factor of positive definite matrices; within `nan_for_indefinite` NaN of others, else an error."""
    return (cholesky_or_nan_p if _nan.get() else cholesky_p).bind(x)


@contextmanager
def nan_for_indefinite() -> Iterator[None]:
    """Within, the factor of a matrix that is not positive definite is NaN, as JAX has it."""
    token = _nan.set(True)
    try:
        yield
    finally:
        _nan.reset(token)


class _EigenvaluesHermitian(OfMatrix):
    """Eigenvalues, rising, of the Hermitian matrix of which one triangle is given."""

    def impl(self, x: Value, *, lower: bool) -> Value:
        return np.linalg.eigvalsh(x, "L" if lower else "U")

    def abstract(self, x: Aval, *, lower: bool) -> Aval:
        require_square(x, "eigvalsh")
        return Aval(x.shape[:-1], real_dtype(x.dtype))

    def tangent(self, x: Value, t: Value, *, lower: bool) -> Any:  # Giles 3.1: dw = diag(V' dA V)
        w, v = eigh_p.bind(x, lower=lower)
        return w, real(reduce_sum(conj(v) * matmul(of_triangle(t, lower), v), (ndim_of(x) - 2,)))


class _EigenHermitian(OfMatrix):
    """Eigenvalues, rising, and eigenvectors of the Hermitian matrix of which one triangle is given."""

    multiple_results = True

    def impl(self, x: Value, *, lower: bool) -> list[Value]:
        return list(np.linalg.eigh(x, "L" if lower else "U"))

    def abstract(self, x: Aval, *, lower: bool) -> list[Aval]:
        require_square(x, "eigh")
        return [Aval(x.shape[:-1], real_dtype(x.dtype)), Aval(x.shape, x.dtype)]

    def tangent(self, x: Value, t: Value, *, lower: bool) -> Any:
        # Giles 3.1: dV = V (F * V' dA V), F_ij = 1 / (w_j - w_i)
        w, v = self.bind(x, lower=lower)
        inside = matmul(adjoint(v), matmul(of_triangle(t, lower), v))
        n = shape_of(x)[-1]
        eye = np.eye(n, dtype=dtype_of(w))
        gaps = as_rows(w) - as_columns(w) + eye
        return [w, v], [
            real(reduce_sum(inside * eye, (ndim_of(x) - 1,))),
            matmul(v, inside * _of_gaps(gaps, (1 - eye) / gaps, largest_of(w))),
        ]


def _hermitian_samples(*arrays: np.ndarray) -> list[Any]:
    return [((a,), {"lower": lower}) for a in arrays for lower in (True, False)]


# The phase of a complex eigenvector is LAPACK's choice, so the harness sees real ones; tests check what it leaves out.
_PHASE = {
    "complex": "the phase of complex vectors is LAPACK's choice; tests/test_linalg.py has what does not depend on it"
}
eigh_p = _EigenHermitian(
    "eigh",
    samples=lambda: _hermitian_samples(sample_real(3, 3), sample_real(2, 2, 2)),
    reasons={**NOT_LINEAR, **_PHASE},
    native=Factorisation("hermitian_eigen", error="Eigenvalues did not converge"),
)
eigvalsh_p = _EigenvaluesHermitian(
    "eigvalsh",
    samples=lambda: _hermitian_samples(sample_real(3, 3), sample_real(2, 2, 2), sample_complex(2, 2)),
    reasons=NOT_LINEAR,
    native=Factorisation("hermitian_eigen", error="Eigenvalues did not converge"),
)


class _Eigenvalues(OfMatrix):
    """The eigenvalues of a general matrix, always complex: whether they are real depends on values."""

    def impl(self, x: Value) -> Value:
        return np.linalg.eigvals(x).astype(complex_dtype(x.dtype), copy=False)

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "eigvals")
        return Aval(x.shape[:-1], complex_dtype(x.dtype))

    def tangent(self, x: Value, t: Value) -> Any:  # Giles 3.1: dw = diag(V^-1 dA V)
        w, v = eig_p.bind(x)
        inside = solve_p.bind(v, matmul(convert(t, dtype_of(v)), v), transpose=False)
        return w, reduce_sum(inside * np.eye(shape_of(x)[-1], dtype=dtype_of(v)), (ndim_of(x) - 1,))


class _Eigen(OfMatrix):
    """Eigenvalues and right eigenvectors of a general matrix, as LAPACK gives them.

    Each vector has length 1 and a largest component that is real; its derivative is the one of that vector.
    """

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        return [a.astype(complex_dtype(x.dtype), copy=False) for a in np.linalg.eig(x)]

    def abstract(self, x: Aval) -> list[Aval]:
        require_square(x, "eig")
        dtype = complex_dtype(x.dtype)
        return [Aval(x.shape[:-1], dtype), Aval(x.shape, dtype)]

    def tangent(self, x: Value, t: Value) -> Any:
        w, v = self.bind(x)
        n, dtype = shape_of(x)[-1], dtype_of(v)
        eye = np.eye(n, dtype=dtype)
        inside = solve_p.bind(v, matmul(convert(t, dtype), v), transpose=False)
        dw = reduce_sum(inside * eye, (ndim_of(x) - 1,))
        gaps = as_rows(w) - as_columns(w) + eye
        # an eigenvalue is as exact as its condition allows, the length of a row of V^-1
        left = solve_p.bind(stop_gradient_p.bind(v), eye, transpose=False)
        condition = sqrt(real(reduce_sum(left * conj(left), (ndim_of(x) - 1,))))
        scale = largest_of(w) * (as_rows(condition) + as_columns(condition))
        free = matmul(v, inside * _of_gaps(gaps, (1 - eye) / gaps, scale))
        # Along v itself: d|v| = 0, and the largest component stays real.
        row = ndim_of(x) - 2
        length = real(reduce_sum(conj(v) * free, (row,)))
        largest = expand_dims(argmax_p.bind(real(v * conj(v)), axis=row), row)
        turn = imag(take_along_axis(free, largest, row)) / real(take_along_axis(v, largest, row))
        along = convert(as_rows(length), dtype) + convert(turn, dtype) * dtype.type(1j)
        return [w, v], [dw, free - v * along]


eig_p = _Eigen(
    "eig", samples=samples_of(lambda: [np.diag([1.0, 2.0, 4.0]) + 0.3 * sample_real(3, 3)]), reasons=NOT_LINEAR
)
eigvals_p = _Eigenvalues(
    "eigvals",
    samples=samples_of(lambda: [np.diag([1.0, 2.0, 4.0]) + 0.3 * sample_real(3, 3), sample_complex(2, 2)]),
    reasons=NOT_LINEAR,
)


class _SingularValues(OfMatrix):
    def impl(self, x: Value) -> Value:
        return np.linalg.svd(x, compute_uv=False)

    def abstract(self, x: Aval) -> Aval:
        return Aval((*x.shape[:-2], min(x.shape[-2:])), real_dtype(x.dtype))

    def tangent(self, x: Value, t: Value) -> Any:  # Giles 3.2: ds = diag(U' dA V)
        u, s, vh = svd_p.bind(x, full_matrices=False)
        return s, real(reduce_sum(conj(u) * matmul(t, adjoint(vh)), (ndim_of(x) - 2,)))


def _divided(basis: Value, k: int) -> tuple[Value, Value | None]:
    """The first `k` columns of a basis, and those that complete it."""
    if shape_of(basis)[-1] == k:
        return basis, None
    return getitem(basis, (Ellipsis, slice(0, k))), getitem(basis, (Ellipsis, slice(k, None)))


def _completing(basis: Value, change: Value, more: Value) -> Value:
    """The tangent of the columns `more` that complete `basis`, of which `change` is the tangent.

    Which vectors complete a basis is LAPACK's choice. They turn no more than they must to stay at right angles to it:
    right for all that does not depend on the choice, such as the projection on the space that they span.
    """
    return -matmul(basis, matmul(adjoint(change), more))


class _SingularDecomposition(OfMatrix):
    """``U, s, V'``, singular values falling."""

    multiple_results = True

    def impl(self, x: Value, *, full_matrices: bool) -> list[Value]:
        return list(np.linalg.svd(x, full_matrices))

    def abstract(self, x: Aval, *, full_matrices: bool) -> list[Aval]:
        *lead, m, n = x.shape
        k = min(m, n)
        return [
            Aval((*lead, m, m if full_matrices else k), x.dtype),
            Aval((*lead, k), real_dtype(x.dtype)),
            Aval((*lead, n if full_matrices else k, n), x.dtype),
        ]

    def tangent(self, x: Value, t: Value, *, full_matrices: bool) -> Any:  # Townsend (2016)
        m, n = shape_of(x)[-2:]
        k = min(m, n)
        whole_u, s, whole_vh = self.bind(x, full_matrices=full_matrices)
        u, more_u = _divided(whole_u, k)
        v, more_v = _divided(adjoint(whole_vh), k)
        inside = matmul(matmul(adjoint(u), t), v)  # U' dA V
        eye = np.eye(min(m, n), dtype=dtype_of(s))
        row, column = as_rows(s), as_columns(s)
        largest = largest_of(s)
        gaps = _of_gaps(row - column + eye, (1 - eye) / ((row + column) * (row - column) + eye), largest)
        ds = real(reduce_sum(inside * eye, (ndim_of(x) - 1,)))
        du = matmul(u, gaps * (inside * row + adjoint(inside * row)))
        dv = matmul(v, gaps * (inside * column + adjoint(inside * column)))
        if dtype_of(x).kind == "c":  # the phase of each pair of vectors goes to U
            du = du + matmul(u, (inside - adjoint(inside)) * (eye / (2 * row)))
        if m > n:
            rest = matmul(t, v)
            du = du + (rest - matmul(u, matmul(adjoint(u), rest))) / row
        if n > m:
            rest = matmul(adjoint(t), u)
            dv = dv + (rest - matmul(v, matmul(adjoint(v), rest))) / row
        if more_u is not None:
            du = concatenate([du, _completing(u, du, more_u)], ndim_of(x) - 1)
        if more_v is not None:
            dv = concatenate([dv, _completing(v, dv, more_v)], ndim_of(x) - 1)
        return [whole_u, s, whole_vh], [du, ds, adjoint(dv)]


svd_p = _SingularDecomposition(
    "svd",
    samples=samples_of(
        lambda: [sample_real(3, 3), sample_real(3, 2), sample_real(2, 3), sample_real(2, 3, 2)], full_matrices=False
    ),
    reasons={**NOT_LINEAR, **_PHASE},
    native=Factorisation("singular_decomposition", error="SVD did not converge"),
)
svdvals_p = _SingularValues(
    "svdvals",
    samples=samples_of(lambda: [sample_real(3, 3), sample_real(2, 3, 2), sample_complex(2, 3)]),
    reasons=NOT_LINEAR,
    native=Factorisation("singular_values", error="SVD did not converge"),
)


def _turned_factors(q: Value, r: Value, t: Value) -> tuple[Value, Value]:
    """The tangents of `Q` and of a square `R`: Walter & Lehmann (2010), section 3.

    The last column of ``dA R^-1`` counts only where `Q` has more rows than columns: a square matrix may be singular there.
    """
    scaled = turned(triangular_solve_p.bind(r, turned(t), lower=False, transpose=True, unit=False))  # dA R^-1
    n, dtype = shape_of(r)[-1], dtype_of(r)
    diagonal = reduce_sum(r * np.eye(n, dtype=dtype), (ndim_of(r) - 1,))
    small = convert(lost(as_rows(diagonal), largest_of(diagonal), max(shape_of(q)[-2:])), real_dtype(dtype))
    from_there = matmul(small, np.tri(n, dtype=real_dtype(dtype)).T) > 0  # each column is found from those before
    scaled = scaled * where(from_there, dtype.type(np.nan), dtype.type(1))
    inside = matmul(adjoint(q), scaled)
    low = where(np.tri(n, k=-1, dtype=bool), inside, dtype.type(0))
    skew = low - adjoint(low)  # Q' dQ
    if dtype.kind == "c":
        turn = where(np.eye(n, dtype=bool), inside, dtype.type(0))
        skew = skew + (turn - adjoint(turn)) / 2
    dr = where(np.tri(n, dtype=bool).T, matmul(adjoint(q), t) - matmul(skew, r), dtype.type(0))
    if shape_of(q)[-2] == n:
        return matmul(q, skew), dr
    return matmul(q, skew - inside) + scaled, dr


class _QR(OfMatrix):
    """``Q, R`` of matrices that have at least as many rows as columns."""

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        return list(np.linalg.qr(x))

    def abstract(self, x: Aval) -> list[Aval]:
        *lead, m, n = x.shape
        return [Aval((*lead, m, min(m, n)), x.dtype), Aval((*lead, min(m, n), n), x.dtype)]

    def tangent(self, x: Value, t: Value) -> Any:
        q, r = self.bind(x)
        return [q, r], list(_turned_factors(q, r, t))


class _QRComplete(OfMatrix):
    """`Q` square, and `R` with rows of zeros, of matrices that have more rows than columns."""

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        return list(np.linalg.qr(x, "complete"))

    def abstract(self, x: Aval) -> list[Aval]:
        *lead, m, _ = x.shape
        return [Aval((*lead, m, m), x.dtype), x]

    def tangent(self, x: Value, t: Value) -> Any:
        q, r = self.bind(x)
        n = shape_of(x)[-1]
        first, more = _divided(q, n)
        dq, dr = _turned_factors(first, getitem(r, (Ellipsis, slice(0, n), slice(None))), t)
        if more is None:
            return [q, r], [dq, dr]
        dq = concatenate([dq, _completing(first, dq, more)], ndim_of(x) - 1)
        below = np.zeros((*shape_of(x)[:-2], shape_of(x)[-2] - n, n), dtype_of(x))
        return [q, r], [dq, concatenate([dr, below], ndim_of(x) - 2)]


qr_complete_p = _QRComplete(
    "qr_complete",
    samples=samples_of(lambda: [sample_real(4, 2), sample_real(2, 3, 1)]),
    reasons={
        **NOT_LINEAR,
        "jvp": "which vectors complete the basis is LAPACK's choice; tests/test_linalg.py has what does not depend on it",
    },
)

qr_p = _QR(
    "qr",
    samples=samples_of(lambda: [sample_real(3, 3), sample_real(4, 2), sample_real(2, 3, 2), sample_complex(3, 2)]),
    reasons=NOT_LINEAR,
    native=Factorisation("orthogonal"),
)


class _QRPivots(OfMatrix):
    """The order of columns in which the diagonal of `R` falls (LAPACK's geqp3)."""

    def impl(self, x: Value) -> Value:
        from scipy.linalg import qr

        out = np.empty((*x.shape[:-2], x.shape[-1]), np.int32)
        for index in np.ndindex(*x.shape[:-2]):
            out[index] = qr(x[index], mode="r", pivoting=True)[-1]
        return out

    def abstract(self, x: Aval) -> Aval:
        return Aval((*x.shape[:-2], x.shape[-1]), np.int32)

    def tangent(self, x: Value, t: Value) -> Any:
        return self.bind(x), None


qr_pivots_p = _QRPivots(
    "qr_pivots",
    samples=samples_of(lambda: [sample_real(3, 3), sample_real(2, 4, 2), sample_complex(2, 3)]),
    reasons={"transpose": "indices have no tangent"},
)
