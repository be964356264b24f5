"""Factors with orthonormal columns: `qr`, and the forms of Schur and Hessenberg; they stand in `wengert.scipy.linalg`.

Sources: Walter & Lehmann (2010), "On evaluating higher-order derivatives of the QR decomposition"; Golub & Van Loan
(2013), sections 5.4.2 (pivots), 7.4 (Hessenberg and real Schur forms), 7.6 (the equations of a Schur form).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...numpy import linalg as _linalg
from ...ops.decompositions import qr_pivots_p
from ...ops.elementwise import absolute, conj, convert, real, sqrt
from ...ops.indexing import take_along_axis
from ...ops.linalg import complex_dtype, turned
from ...ops.shape import broadcast_to, concatenate, expand_dims
from ...ops.special.declare import floating
from ...ops.triangular_factors import hessenberg_p, schur_p
from ...vocabulary import ArrayLike
from .matrix_functions import matrices

_MODES = {"full": "complete", "economic": "reduced", "r": "r"}


def qr(
    a: ArrayLike,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """The QR factors: `mode` "full", "economic" or "r". Derivative: Walter & Lehmann (2010).

    Args:
        a: matrices, shape ``(..., m, n)``.
        pivoting: whether the columns are reordered so that the diagonal of `R` falls, and the order is returned too:
            ``a[:, p] = Q R``. The derivative holds it fixed.

    Raises:
        ArgumentError: another `mode` is asked for. ShapeError: `a` is no matrix.

    Example:
        >>> q, r, p = qr(np.array([[1.0, 5.0], [0.0, 2.0]]), pivoting=True)
        >>> p
        array([1, 0], dtype=int32)
        >>> bool(np.allclose(q @ r, [[5.0, 1.0], [2.0, 0.0]]))
        True
    """
    if mode not in _MODES:
        raise ArgumentError(f"qr: mode is 'full', 'economic' or 'r', got {mode!r}")
    (a,) = floating(as_array(a))
    if ndim_of(a) < 2:
        raise ShapeError(f"qr needs matrices in the last two axes, got shape {shape_of(a)}")
    if not pivoting:
        out = _linalg.qr(a, _MODES[mode])
        if mode != "r":
            return tuple(out)
        more = shape_of(a)[-2] - shape_of(out)[-2]  # rows of zeros, as of mode "full"
        return (wnp.pad(out, ((0, 0),) * (ndim_of(a) - 2) + ((0, more), (0, 0))) if more else out,)
    pivots = qr_pivots_p.bind(a)
    places = broadcast_to(expand_dims(pivots, -2), shape_of(a))
    return *qr(take_along_axis(a, places, ndim_of(a) - 1), mode=mode), pivots


def qr_multiply(
    a: ArrayLike,
    c: ArrayLike,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> tuple[Any, ...]:
    """The product of `c` and the economic `Q` of a matrix, and `R`; with `pivoting` the order of the columns too.

    Args:
        a: a matrix, shape ``(m, n)``.
        c: a matrix or a vector: of ``m`` columns for ``c Q``, of ``min(m, n)`` rows for ``Q c``.
        mode: "right" for ``c Q``, "left" for ``Q c``.
        conjugate: whether the conjugate of `Q` is meant.

    Raises:
        ArgumentError: another `mode`. ShapeError: the shapes do not fit together.

    Example:
        >>> qr_multiply(np.array([[0.0, 1.0], [-2.0, 3.0]]), np.array([1.0, 2.0]))[1]
        array([[-2.,  3.],
               [ 0.,  1.]])
    """
    if mode not in ("left", "right"):
        raise ArgumentError(f"qr_multiply: mode is 'left' or 'right', got {mode!r}")
    (a,), c = floating(as_array(a)), as_array(c)
    q, *rest = qr(a, mode="economic", pivoting=pivoting)
    fits = shape_of(c)[0] == shape_of(q)[1] if mode == "left" else shape_of(c)[-1] == shape_of(q)[0]
    if ndim_of(a) != 2 or not fits:
        raise ShapeError(f"qr_multiply: shapes {shape_of(a)} and {shape_of(c)} do not fit together for mode={mode!r}")
    q = conj(q) if conjugate else q
    return (wnp.matmul(q, c) if mode == "left" else wnp.matmul(c, q)), *rest


def hessenberg(a: ArrayLike, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The Hessenberg form ``H`` of square matrices, zero below the first subdiagonal, and `Q` with ``a = Q H Q'``.

    Derivative: of the equations for the columns of `Q`, one after another; it exists where no element of the
    subdiagonal is zero.

    Args:
        a: matrices, shape ``(..., n, n)``.
        calc_q: whether `Q` is returned too.

    Raises:
        ShapeError: `a` is not square.

    Example:
        >>> h, q = hessenberg(np.array([[2.0, 3.0, 4.0], [3.0, 1.0, 0.0], [4.0, 0.0, 5.0]]), calc_q=True)
        >>> h[:2, 0]
        array([ 2., -5.])
    """
    h, q = hessenberg_p.bind(matrices(a, "hessenberg"))
    return (h, q) if calc_q else h


def schur(
    a: ArrayLike,
    output: str = "real",
    lwork: Any = None,
    overwrite_a: bool = False,
    sort: None = None,
    check_finite: bool = True,
) -> tuple[Any, Any]:
    """``T, Z`` with ``a = Z T Z'``: `T` upper triangular (with blocks of two for pairs, where `output` is "real").

    The columns of `Z` have a phase that is LAPACK's choice; the derivative is right for what does not depend on it, and
    for real matrices, whose columns have a sign alone, for `T` and `Z` themselves. It exists where eigenvalues differ
    (and, in the real form, no block of two is a multiple of a turn, whose basis is not determined).

    Raises:
        ArgumentError: another `output`, or `sort` is given. ShapeError: `a` is not square.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> t, z = linalg.schur(np.array([[1.0, 2.0], [0.0, 3.0]]))
        >>> np.diag(t).round(12)
        array([1., 3.])
    """
    if output not in ("real", "r", "complex", "c"):
        raise ArgumentError(f"schur: output is 'real' or 'complex', got {output!r}")
    if sort is not None:
        raise ArgumentError("schur with sort=, an order of the eigenvalues, is not here; leave it out")
    upper, z = schur_p.bind(matrices(a, "schur"), output="complex" if output[0] == "c" else "real")
    return upper, z


def rsf2csf(T: ArrayLike, Z: ArrayLike, check_finite: bool = True) -> tuple[Any, Any]:
    """The complex Schur form, upper triangular, of a real one: each block of two is turned into a triangle.

    Args:
        T, Z: what `schur` returned, shape ``(..., n, n)``.

    Raises:
        ShapeError: the shapes are not square, or differ.

    Example:
        >>> a = np.array([[0.0, -1.0], [1.0, 0.0]])
        >>> upper, z = rsf2csf(*schur(a))
        >>> np.diag(upper)
        array([0.+1.j, 0.-1.j])
    """
    T, Z = matrices(T, "rsf2csf"), matrices(Z, "rsf2csf")
    if shape_of(T) != shape_of(Z):
        raise ShapeError(f"rsf2csf: shapes {shape_of(T)} and {shape_of(Z)} differ")
    dtype = complex_dtype(np.result_type(dtype_of(T), dtype_of(Z)))
    T, Z = convert(T, dtype), convert(Z, dtype)
    epsilon = float(np.finfo(dtype).eps)
    for m in range(shape_of(T)[-1] - 1, 0, -1):
        a, b, c, d = T[..., m - 1, m - 1], T[..., m - 1, m], T[..., m, m - 1], T[..., m, m]
        block = absolute(c) > epsilon * (absolute(a) + absolute(d))
        # An eigenvalue less d is the first element of its eigenvector, c the second.
        half, below = wnp.where(block, (a - d) / 2, 0.0), wnp.where(block, c, 1.0)
        first = half + sqrt(wnp.where(block, half * half + b * c, 1.0))
        size = convert(sqrt(real(first * conj(first)) + real(below * conj(below))), dtype)
        cosine, sine = wnp.where(block, first / size, 1.0), wnp.where(block, below / size, 0.0)
        turn = wnp.stack([wnp.stack([conj(cosine), conj(sine)], -1), wnp.stack([-sine, cosine], -1)], -2)
        back = conj(turned(turn))
        rows = wnp.matmul(turn, T[..., m - 1 : m + 1, :])
        T = concatenate([T[..., : m - 1, :], rows, T[..., m + 1 :, :]], ndim_of(T) - 2)
        T, Z = (
            concatenate([x[..., : m - 1], wnp.matmul(x[..., m - 1 : m + 1], back), x[..., m + 1 :]], ndim_of(x) - 1)
            for x in (T, Z)
        )
    return T * np.tri(shape_of(T)[-1], dtype=dtype).T, Z


__all__ = ["hessenberg", "qr", "qr_multiply", "rsf2csf", "schur"]
