"""Banded, symmetric and orthogonal problems with SciPy's arguments; they stand in `wengert.scipy.linalg`.

Bands are written out as matrices, so that the memory is that of `n` by `n` elements and the derivatives are those of the
functions for full matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...numpy import linalg as _linalg
from ...numpy import matmul
from ...ops.elementwise import arccos, arcsin, minimum, where
from ...ops.indexing import getitem
from ...ops.linalg import adjoint
from ...ops.shape import reshape
from ...ops.symmetric_factors import ldl_p
from ...vocabulary import ArrayLike, Value
from .eigenvalues import chosen_subset, eigh, polar
from .orthogonal_factors import qr
from .patterned import toeplitz
from .solving import cho_solve, floating, hermitian, matrices, pinv, square
from .spaces import orth


def _written_out(ab: ArrayLike, below: int, above: int, name: str) -> Value:
    """Matrices from their diagonals: ``ab[above + i - j, j]`` is the element ``(i, j)``."""
    (ab,) = floating(ab)
    if ndim_of(ab) < 2 or shape_of(ab)[-2] != below + above + 1:
        raise ShapeError(f"{name}: {below + above + 1} diagonals in the last axis but one, got shape {shape_of(ab)}")
    n = shape_of(ab)[-1]
    i, j = np.arange(n)[:, None], np.arange(n)
    row = above + i - j
    there = (row >= 0) & (row <= below + above)
    elements = getitem(ab, (Ellipsis, np.where(there, row, 0), np.broadcast_to(j, row.shape)))
    return where(there, elements, dtype_of(ab).type(0))


def _triangle(ab: ArrayLike, lower: bool, name: str) -> Value:
    """One triangle of Hermitian matrices from its diagonals."""
    ab = as_array(ab)
    if ndim_of(ab) < 2:
        raise ShapeError(f"{name}: diagonals in the last two axes, got shape {shape_of(ab)}")
    bands = shape_of(ab)[-2] - 1
    return _written_out(ab, bands if lower else 0, 0 if lower else bands, name)


def solve_banded(
    l_and_u: tuple[int, int], ab: ArrayLike, b: ArrayLike, overwrite_ab: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Value:  # fmt: skip
    """``x`` in ``a x = b``, `a` given by its diagonals: ``ab[u + i - j, j] = a[i, j]``.

    Args:
        l_and_u: how many diagonals there are below and above the main one.
        ab: ``(l + u + 1, n)``. b: ``(n,)`` or ``(n, k)``.

    Example:
        >>> solve_banded((1, 0), np.array([[2.0, 2.0], [1.0, 0.0]]), np.array([2.0, 3.0]))
        array([1., 1.])
    """
    below, above = l_and_u
    a, b = floating(_written_out(ab, below, above, "solve_banded"), b)
    _fit(a, b, "solve_banded")
    return _linalg.solve(a, b)


def _fit(a: ArrayLike, b: ArrayLike, name: str) -> None:
    if not ndim_of(b) or shape_of(a)[-1] != shape_of(b)[-1 if ndim_of(b) == 1 else -2]:
        raise ShapeError(
            f"{name}: {shape_of(a)[-1]} columns and right sides of shape {shape_of(b)} do not fit together"
        )


def cholesky_banded(ab: ArrayLike, overwrite_ab: bool = False, lower: bool = False, check_finite: bool = True) -> Value:
    """The Cholesky factor, as diagonals, of a positive definite matrix of which one triangle's diagonals are given.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.cholesky_banded(np.array([[0.0, 0.0], [4.0, 9.0]]))
        array([[0., 0.],
               [2., 3.]])
    """
    factor = _linalg.cholesky(hermitian(_triangle(ab, lower, "cholesky_banded"), lower))
    return _diagonals(factor if lower else adjoint(factor), shape_of(as_array(ab))[-2] - 1, lower)


def _diagonals(a: ArrayLike, bands: int, lower: bool) -> Value:
    n = shape_of(a)[-1]
    k, j = np.arange(bands + 1)[:, None], np.arange(n)
    i = j + k if lower else j + k - bands
    there = (i >= 0) & (i < n)
    elements = getitem(a, (Ellipsis, np.where(there, i, 0), np.broadcast_to(j, i.shape)))
    return where(there, elements, dtype_of(a).type(0))


def cho_solve_banded(
    cb_and_lower: tuple[Any, bool], b: ArrayLike, overwrite_b: bool = False, check_finite: bool = True
) -> Value:
    """Solve with a matrix of which `cholesky_banded` gave the factor: ``cho_solve_banded((factor, lower), b)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> c = linalg.cholesky_banded(np.array([[0.0, 1.0], [4.0, 4.0]]))
        >>> linalg.cho_solve_banded((c, False), np.array([5.0, 5.0])).round(12)
        array([1., 1.])
    """
    factor, lower = cb_and_lower
    c, b = floating(_triangle(factor, lower, "cho_solve_banded"), b)
    _fit(c, b, "cho_solve_banded")
    return cho_solve((c, lower), b)


def solveh_banded(
    ab: ArrayLike, b: ArrayLike, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False,
    check_finite: bool = True,
) -> Value:  # fmt: skip
    """``x`` in ``a x = b``, `a` Hermitian and positive definite, given by the diagonals of one triangle.

    Args:
        ab: ``(u + 1, n)``; ``ab[u + i - j, j] = a[i, j]`` above the main diagonal, or with `lower`
            ``ab[i - j, j] = a[i, j]`` below it.
        b: ``(n,)`` or ``(n, k)``.

    Raises:
        LinAlgError: the matrix is not positive definite.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solveh_banded(np.array([[0.0, 1.0], [2.0, 2.0]]), np.array([3.0, 3.0])).round(12)
        array([1., 1.])
    """
    a, b = floating(hermitian(_triangle(ab, lower, "solveh_banded"), lower), b)
    _fit(a, b, "solveh_banded")
    return cho_solve((_linalg.cholesky(a), True), b)


def eig_banded(
    a_band: ArrayLike, lower: bool = False, eigvals_only: bool = False, overwrite_a_band: bool = False, select: str = "a",
    select_range: Any = None, max_ev: int = 0, check_finite: bool = True,
) -> Any:  # fmt: skip
    """Eigenvalues, rising, and eigenvectors of a Hermitian matrix of which the diagonals of one triangle are given.

    Args:
        a_band: ``(u + 1, n)``, as for `solveh_banded`.
        select: "a" for all, "i" or "v" for those whose index or value lies in `select_range`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eig_banded(np.array([[0.0, 1.0], [2.0, 2.0]]))[0].round(12)
        array([1., 3.])
    """
    return eigh(
        _triangle(a_band, lower, "eig_banded"),
        lower=lower,
        eigvals_only=eigvals_only,
        **chosen_subset(select, select_range, "eig_banded"),
    )


def eigvals_banded(
    a_band: ArrayLike, lower: bool = False, overwrite_a_band: bool = False, select: str = "a", select_range: Any = None,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """The eigenvalues, rising, of a Hermitian matrix given by its diagonals; arguments as for `eig_banded`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eigvals_banded(np.array([[0.0, 3.0], [0.0, 0.0]])).round(12)
        array([-3.,  3.])
    """
    return eig_banded(a_band, lower, True, select=select, select_range=select_range)


def ldl(
    A: ArrayLike, lower: bool = True, hermitian: bool = True, overwrite_a: bool = False, check_finite: bool = True  # noqa: N803
) -> tuple[Any, Any, Any]:  # fmt: skip
    """``L, D, order`` with ``A = L D L'``, ``L[order]`` triangular, `D` of blocks of one or two (Bunch & Kaufman 1977).

    Derivative: with the order and the blocks held, of that equation.

    Args:
        A: matrices, shape ``(..., n, n)``, of which one triangle is read.
        lower: which triangle, and which form ``L[order]`` has.
        hermitian: whether complex matrices are Hermitian, not symmetric.

    Example:
        >>> ldl(np.array([[4.0, 0.0], [2.0, 3.0]]))[1]
        array([[4., 0.],
               [0., 2.]])
    """
    return tuple(ldl_p.bind(square(A, "ldl"), lower=bool(lower), hermitian=bool(hermitian)))


def pinvh(
    a: ArrayLike, atol: float | None = None, rtol: float | None = None, lower: bool = True, return_rank: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """The pseudo-inverse of Hermitian matrices of which one triangle is read; other arguments as for `pinv`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.pinvh(np.diag([5.0, 0.0]))
        array([[0.2, 0. ],
               [0. , 0. ]])
    """
    return pinv(hermitian(square(a, "pinvh"), lower), atol=atol, rtol=rtol, return_rank=return_rank)


def rq(
    a: ArrayLike, overwrite_a: bool = False, lwork: int | None = None, mode: str = "full", check_finite: bool = True
) -> Any:
    """``R, Q`` with ``a = R Q``, `R` upper triangular, the rows of `Q` orthonormal; `mode` is "full", "r" or "economic".

    They are those of `qr` of the adjoint, read from the ends; no row of `a` may depend on the others.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> r, q = linalg.rq(np.array([[1.0, 2.0], [3.0, 4.0]]))
        >>> (r @ q).round(12)
        array([[1., 2.],
               [3., 4.]])
    """
    if mode not in ("full", "r", "economic"):
        raise ArgumentError(f"rq: mode is 'full', 'r' or 'economic', got {mode!r}")
    a = matrices(a, "rq")
    _m, _n = shape_of(a)[-2:]
    turned_round = getitem(adjoint(a), (Ellipsis, slice(None, None, -1), slice(None, None, -1)))
    q, r = qr(turned_round, mode="economic" if mode == "economic" else "full")
    r = getitem(adjoint(r), (Ellipsis, slice(None, None, -1), slice(None, None, -1)))
    if mode == "r":
        return r
    return r, getitem(adjoint(q), (Ellipsis, slice(None, None, -1), slice(None, None, -1)))


def diagsvd(s: Any, M: int, N: int) -> Value:  # noqa: N803
    """The ``(M, N)`` matrix of a singular value decomposition from its singular values.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.diagsvd(np.array([3.0, 2.0]), 2, 3)
        array([[3., 0., 0.],
               [0., 2., 0.]])
    """
    s = as_array(s)
    if shape_of(s)[-1] not in (M, N) or shape_of(s)[-1] != min(M, N):
        raise ShapeError(f"diagsvd: {min(M, N)} singular values, got shape {shape_of(s)}")
    at = np.minimum(np.arange(M)[:, None], min(M, N) - 1) + np.zeros(N, int)
    return where(np.eye(M, N, dtype=bool), getitem(s, (Ellipsis, at)), dtype_of(s).type(0))


def khatri_rao(a: ArrayLike, b: ArrayLike) -> Value:
    """Kronecker's product of each column of `a` with that of `b`: ``(m, k)`` and ``(n, k)`` give ``(m n, k)``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.khatri_rao(np.array([[1, 2]]), np.array([[3, 4], [5, 6]]))
        array([[ 3,  8],
               [ 5, 12]])
    """
    a, b = as_array(a), as_array(b)
    if ndim_of(a) < 2 or ndim_of(b) < 2 or shape_of(a)[-1] != shape_of(b)[-1]:
        raise ShapeError(f"khatri_rao: matrices with as many columns, got shapes {shape_of(a)} and {shape_of(b)}")
    product = getitem(a, (Ellipsis, slice(None), None, slice(None))) * getitem(
        b, (Ellipsis, None, slice(None), slice(None))
    )
    *stack, m, n, k = shape_of(product)
    return reshape(product, (*stack, m * n, k))


def matmul_toeplitz(c_or_cr: Any, x: ArrayLike, check_finite: bool = False, workers: int | None = None) -> Any:
    """A Toeplitz matrix, given by its first column or ``(column, row)``, times a vector or matrix.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.matmul_toeplitz((np.array([1.0, 2.0]), np.array([1.0, 3.0])), np.array([1.0, 1.0])).round(12)
        array([4., 3.])
    """
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    a, x = floating(toeplitz(c) if r is None else toeplitz(c, r), x)
    if not ndim_of(x) or shape_of(a)[-1] != shape_of(x)[0]:
        raise ShapeError(
            f"matmul_toeplitz: a matrix of shape {shape_of(a)} and x of shape {shape_of(x)} do not fit together"
        )
    return matmul(a, x)


def orthogonal_procrustes(A: ArrayLike, B: ArrayLike, check_finite: bool = True) -> tuple[Any, Any]:  # noqa: N803
    """The orthogonal `R` for which ``A R`` is nearest to `B`, and the sum of singular values of ``A' B``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> a = np.eye(2)
        >>> b = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> linalg.orthogonal_procrustes(a, b)[0].round(12)
        array([[ 0.,  1.],
               [-1.,  0.]])
    """
    A, B = floating(A, B)  # noqa: N806
    if ndim_of(A) != 2 or shape_of(A) != shape_of(B):
        raise ShapeError(f"orthogonal_procrustes: two matrices of one shape, got {shape_of(A)} and {shape_of(B)}")
    inside = matmul(adjoint(A), B)
    turn, _ = polar(inside)  # the nearest orthogonal matrix, whose derivative equal singular values do not hurt
    return turn, _linalg.svdvals(inside).sum()


def subspace_angles(A: ArrayLike, B: ArrayLike) -> Value:  # noqa: N803
    """The angles between the spaces that the columns of two matrices span, falling (Knyazev & Argentati 2002).

    Raises:
        ShapeError: the shapes do not fit together. ConcretizationError: values are not known, as ranks depend on them.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.subspace_angles(np.array([[1.0], [0.0]]), np.array([[1.0], [1.0]])) * 4 / np.pi
        array([1.])
    """
    A, B = floating(A, B)  # noqa: N806
    if ndim_of(A) != 2 or ndim_of(B) != 2 or shape_of(A)[0] != shape_of(B)[0]:
        raise ShapeError(f"subspace_angles: matrices with as many rows, got shapes {shape_of(A)} and {shape_of(B)}")
    p, q = orth(A), orth(B)
    between = matmul(adjoint(p), q)
    cosines = _linalg.svdvals(between)
    rest = q - matmul(p, between) if shape_of(A)[1] >= shape_of(B)[1] else p - matmul(q, adjoint(between))
    sines = getitem(_linalg.svdvals(rest), slice(None, shape_of(cosines)[0]))
    rising = getitem(cosines, slice(None, None, -1))
    small = rising * rising >= 0.5
    return where(small, arcsin(where(small, minimum(sines, 1.0), 0.0)), arccos(where(small, 0.0, minimum(rising, 1.0))))


__all__ = [
    "cho_solve_banded", "cholesky_banded", "diagsvd", "eig_banded", "eigvals_banded", "khatri_rao", "ldl",
    "matmul_toeplitz", "orthogonal_procrustes", "pinvh", "rq", "solve_banded", "solveh_banded", "subspace_angles",
]  # fmt: skip
