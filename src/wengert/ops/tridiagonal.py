"""`tridiagonal_solve`: systems with tridiagonal matrices, in time linear in their rows, by LAPACK's `gtsv`.

A stack of matrices is an array ``bands`` of shape ``(..., 3, n)``: what stands below the diagonal (the first number is
not read), the diagonal, and what stands above it (the last is not read), so that ``bands[..., i]`` is row i.
"""

from __future__ import annotations

import numpy as np

from ..core import Value, dtype_of, ndim_of, shape_of
from ..lowering.kernels import SINGULAR, Factorisation
from .indexing import getitem
from .linalg import Solve, as_columns, sample_complex, sample_real
from .shape import concatenate, expand_dims
from .slices import pad_p

ndarray = np.ndarray


def _moved(x: Value, by: int) -> Value:
    """Rows moved down by one (`by` 1) or up (-1), zeros in the gap."""
    rows = slice(None, -1) if by == 1 else slice(1, None)
    gap = (1, 0, 0) if by == 1 else (0, 1, 0)
    kept = getitem(x, (Ellipsis, rows, slice(None)))
    return pad_p.bind(kept, config=(*[(0, 0, 0)] * (ndim_of(x) - 2), gap, (0, 0, 0)))


def tridiagonal_product(bands: Value, x: Value, transpose: bool = False) -> Value:
    """``op(A) X`` of tridiagonal matrices and columns ``(..., n, m)``."""
    below, middle, above = (as_columns(getitem(bands, (Ellipsis, k, slice(None)))) for k in range(3))
    if transpose:
        return middle * x + _moved(above * x, 1) + _moved(below * x, -1)
    return middle * x + below * _moved(x, 1) + above * _moved(x, -1)


class _TridiagonalSolve(Solve):
    """``X`` in ``op(A) X = B``, `A` tridiagonal and given by its bands; rows are exchanged where that is more exact."""

    def impl(self, bands: Value, b: Value, *, transpose: bool) -> Value:
        from scipy.linalg import lapack

        bands, b = np.asarray(bands), np.asarray(b)
        dtype = np.result_type(bands, b)
        n, _m = b.shape[-2:]
        out = np.empty(b.shape, dtype)
        gtsv = getattr(lapack, {"f": "sgtsv", "F": "cgtsv", "D": "zgtsv"}.get(dtype.char, "dgtsv"))
        for index in np.ndindex(*b.shape[:-2]) if b.size else ():
            below, middle, above = bands[index]
            if n == 1:
                if middle[0] == 0:
                    raise np.linalg.LinAlgError("Singular matrix")
                out[index] = b[index] / middle
                continue
            below, above = (above[:-1], below[1:]) if transpose else (below[1:], above[:-1])
            *_, x, info = gtsv(below, middle, above, b[index])
            if info:
                raise np.linalg.LinAlgError("Singular matrix")
            out[index] = x
        return out

    def product(self, t: Value, x: Value, *, transpose: bool) -> Value:
        return tridiagonal_product(t, x, transpose)


def _bands(*shape: int) -> ndarray:
    return sample_real(*shape, seed=8) + np.array([0.0, 4.0, 0.0])[:, None]


tridiagonal_solve_p = _TridiagonalSolve(
    "tridiagonal_solve",
    samples=lambda: [
        ((_bands(3, 4), sample_real(4, 2, seed=5)), {"transpose": False}),
        ((_bands(3, 4), sample_real(4, 1, seed=5)), {"transpose": True}),
        ((_bands(2, 3, 3), sample_real(2, 3, 2, seed=5)), {"transpose": False}),
        ((_bands(3, 1), sample_real(1, 2, seed=5)), {"transpose": False}),
        ((_bands(3, 2) + 1j * sample_real(3, 2), sample_complex(2, 1)), {"transpose": True}),
        ((_bands(3, 0), sample_real(0, 2)), {"transpose": False}),
    ],
    native=Factorisation("tridiagonal_solve", error=SINGULAR),
)


def tridiagonal_solve(bands: Value, b: Value) -> Value:
    """``X`` in ``A X = B``: bands ``(..., 3, n)``, columns ``(..., n, m)``."""
    return tridiagonal_solve_p.bind(bands, b, transpose=False)


def cyclic_tridiagonal_solve(bands: Value, b: Value) -> Value:
    """The same for cyclic matrices of three rows or more: ``bands[..., 0, 0]`` and ``bands[..., 2, -1]`` are read, and
    stand in the corners, ``A[0, -1]`` and ``A[-1, 0]``.

    J. Sherman and W. J. Morrison (1950), Ann. Math. Statist. 21: A is tridiagonal but for a product of two vectors.
    """
    n = shape_of(bands)[-1]
    first, last = np.eye(n, dtype=dtype_of(bands))[[0, -1]]
    corner = -getitem(bands, (Ellipsis, 1, slice(0, 1)))
    up, down = getitem(bands, (Ellipsis, 0, slice(0, 1))), getitem(bands, (Ellipsis, 2, slice(-1, None)))
    ratio = up / corner
    change = expand_dims(corner * first + down * ratio * last, -2)
    column = as_columns(corner * first + down * last)
    tridiagonal = bands - change * np.array([[0], [1], [0]], dtype_of(bands))
    both = tridiagonal_solve(tridiagonal, concatenate([b, column], ndim_of(b) - 1))
    rows = (Ellipsis, slice(0, 1), slice(None)), (Ellipsis, slice(-1, None), slice(None))
    ends = getitem(both, rows[0]) + as_columns(ratio) * getitem(both, rows[1])
    weight = getitem(ends, (Ellipsis, slice(None, -1))) / (1 + getitem(ends, (Ellipsis, slice(-1, None))))
    return getitem(both, (Ellipsis, slice(None, -1))) - getitem(both, (Ellipsis, slice(-1, None))) * weight


__all__ = ["cyclic_tridiagonal_solve", "tridiagonal_product", "tridiagonal_solve", "tridiagonal_solve_p"]
