"""Bases of the spaces that belong to a matrix of constant rank: of its columns (`orth_p`), and of what it takes to 0.

Which basis of a space is LAPACK's choice; the projection on it is determined. So the tangent of a basis `N` has a part at
right angles to the space, which the tangent of the pseudo-inverse gives to any order (Golub & Pereyra, 1973), and a part
within it, ``N K`` with ``K' = -K``, of which no function of ``N N'`` depends. `K` is 0 where nothing determines it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Value, dtype_of, ndim_of, shape_of
from .contraction import matmul
from .decompositions import largest_of, lost
from .elementwise import conj, logical_or, real, sqrt, where
from .linalg import NOT_LINEAR, OfMatrix, adjoint, as_columns, as_rows, sample_real, samples_of
from .pseudo_inverse import pinv_p
from .shape import reduce_sum


class _NullSpace(OfMatrix):
    """An orthonormal basis ``(..., n, n - rank)`` of what a matrix of a known rank takes to zero.

    Parameters:
        rank: of the matrix. rtol: singular values below it, times the largest, are 0.
    """

    def impl(self, x: Value, *, rank: int, rtol: float) -> Value:
        return adjoint(np.linalg.svd(x)[2][..., rank:, :])

    def abstract(self, x: Aval, *, rank: int, rtol: float) -> Aval:
        n = x.shape[-1]
        return Aval((*x.shape[:-2], n, n - rank), x.dtype)

    def tangent(
        self, x: Value, t: Value, *, rank: int, rtol: float
    ) -> Any:  # A N = 0: A dN = -dA N, at right angles to N
        basis = self.bind(x, rank=rank, rtol=rtol)
        return basis, -matmul(pinv_p.bind(x, rtol=rtol), matmul(t, basis))


class _Range(OfMatrix):
    """The left singular vectors ``(..., m, rank)`` of a matrix of a known rank that belong to singular values above 0.

    Parameters:
        rank: of the matrix. rtol: singular values below it, times the largest, are 0.
    """

    def impl(self, x: Value, *, rank: int, rtol: float) -> Value:
        return np.linalg.svd(x, full_matrices=False)[0][..., :rank]

    def abstract(self, x: Aval, *, rank: int, rtol: float) -> Aval:
        return Aval((*x.shape[:-1], rank), x.dtype)

    def tangent(self, x: Value, t: Value, *, rank: int, rtol: float) -> Any:
        u = self.bind(x, rank=rank, rtol=rtol)
        moved = matmul(t, matmul(pinv_p.bind(x, rtol=rtol), u))  # dA A^+ U
        du = moved - matmul(u, matmul(adjoint(u), moved))
        # within the space as Townsend (2016): singular vectors, as far as gaps between their values determine them
        v = matmul(adjoint(x), u)
        s = sqrt(reduce_sum(real(v * conj(v)), (ndim_of(x) - 2,)))
        inside = matmul(adjoint(u), matmul(t, v / as_rows(s)))  # U' dA V
        row, column = as_rows(s), as_columns(s)
        eye = np.eye(rank, dtype=dtype_of(s))
        none = logical_or(eye == 1, lost(row - column, largest_of(s), max(shape_of(x)[-2:])))
        gaps = where(none, dtype_of(s).type(1), row - column) * (row + column)
        turn = where(none, dtype_of(x).type(0), (inside * row + adjoint(inside * row)) / gaps)
        if dtype_of(x).kind == "c":  # the phase of each pair of vectors goes to U
            turn = turn + (inside - adjoint(inside)) * (eye / (2 * row))
        return u, du + matmul(u, turn)


_PARAMS: dict[str, Any] = {"rank": 2, "rtol": 1e-12}
_REASONS = {**NOT_LINEAR, "complex": "the phase of complex vectors is LAPACK's choice"}
null_space_p = _NullSpace(
    "null_space", samples=samples_of(lambda: [sample_real(2, 3), sample_real(2, 2, 3)], **_PARAMS), reasons=_REASONS
)
orth_p = _Range(
    "orth", samples=samples_of(lambda: [sample_real(3, 2), sample_real(2, 3, 2)], **_PARAMS), reasons=_REASONS
)

__all__ = ["null_space_p", "orth_p"]
