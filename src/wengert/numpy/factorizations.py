"""Factorizations of matrices in the last two axes: Cholesky, eigenvalues, singular values, QR, with NumPy's named results."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core import as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, MatrixError
from ..ops import decompositions as _dec
from ..ops import linalg as _ops
from ..ops.casts import as_inexact
from ..ops.elementwise import conj
from ..ops.indexing import getitem
from ..ops.shape import concatenate
from .products import matmul
from .shaping import swapaxes


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors in columns.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> values, vectors = linalg.eig(np.diag([1.0, 5.0]))
        >>> abs(vectors)
        array([[1., 0.],
               [0., 1.]])
    """

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """Real eigenvalues in ascending order, and orthonormal eigenvectors in columns.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> values, vectors = linalg.eigh(np.diag([1.0, 5.0]))
        >>> values
        array([1., 5.])
    """

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """A matrix with orthonormal columns, and an upper triangular one.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> factors = linalg.qr(np.array([[0.0, 2.0], [1.0, 0.0]]))
        >>> abs(factors.R)
        array([[1., 0.],
               [0., 2.]])
    """

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """Left singular vectors in columns, singular values in descending order, right singular vectors in rows.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.svd(np.array([[0.0, 1.0], [7.0, 0.0]])).S
        array([7., 1.])
    """

    U: Any
    S: Any
    Vh: Any


def _matrices(a: Any, name: str, square: bool = False) -> Any:
    x = as_array(a)
    if ndim_of(x) < 2:
        raise MatrixError(f"{name} needs matrices in the last two axes, got shape {shape_of(x)}")
    if square and shape_of(x)[-1] != shape_of(x)[-2]:
        raise MatrixError(f"{name} needs square matrices in the last two axes, got shape {shape_of(x)}")
    if dtype_of(x).itemsize == 2 and inexact_dtype(dtype_of(x)):
        raise DtypeError(f"{name}: LAPACK has no {dtype_of(x)}; convert with astype('float32') first")
    return as_inexact(x)


# --- factorisations ---------------------------------------------------------------------------------------------


def cholesky(a: Any, /, *, upper: bool = False, symmetrize_input: bool = False) -> Any:
    """The lower (with `upper` the upper) triangular factor of positive definite matrices.

    Derivative: Murray (2016), equation 9, by triangular solves; of the triangle that is read.

    Args:
        a: square matrices, of which the lower (with `upper` the upper) triangle is read.
        upper: see `a`.
        symmetrize_input: whether the mean of both triangles is taken, as JAX does; gradients are Hermitian then.

    Raises:
        LinAlgError: a matrix is not positive definite.

    Example:
        >>> import numpy as np
        >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
        array([[2., 0.],
               [1., 2.]])
    """
    x = _matrices(a, "cholesky", square=True)
    if symmetrize_input:
        x = (x + _ops.adjoint(x)) / 2
    return _ops.adjoint(_dec.cholesky_factor(_ops.adjoint(x))) if upper else _dec.cholesky_factor(x)


def _hermitian(a: Any, name: str, UPLO: str | None, symmetrize_input: bool) -> tuple[Any, bool]:
    """Matrices, and whether the lower triangle says which Hermitian ones are meant."""
    triangle = "L" if UPLO is None else UPLO.upper()
    if triangle not in ("L", "U"):
        raise ArgumentError(f"{name}: UPLO must be 'L' or 'U', got {UPLO!r}")
    x = _matrices(a, name, square=True)
    return (x + _ops.adjoint(x)) / 2 if symmetrize_input else x, triangle == "L"


def eigh(a: Any, UPLO: str | None = None, symmetrize_input: bool = False) -> EighResult:
    """Eigenvalues, rising, and eigenvectors (in the columns) of Hermitian matrices.

    Derivative: Giles (2008), section 3.1, of the triangle that is read.

    Eigenvectors have no derivative where eigenvalues are equal; functions of the eigenvalues alone are better
    written with `eigvalsh`, which has one there too for symmetric functions of them.

    Args:
        a: square matrices, of which one triangle is read.
        UPLO: which triangle: "L" (the default) or "U".
        symmetrize_input: whether the mean of both triangles is taken, as JAX does; gradients are Hermitian then.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues.round(12)
        array([1., 3.])
    """
    x, lower = _hermitian(a, "eigh", UPLO, symmetrize_input)
    return EighResult(*_dec.eigh_p.bind(x, lower=lower))


def eigvalsh(a: Any, UPLO: str | None = None, *, symmetrize_input: bool = False) -> Any:
    """The eigenvalues, rising, of Hermitian matrices; arguments as for `eigh`.

    Derivative: Giles (2008), section 3.1: ``diag(v' da v)``, of the triangle that is read.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.eigvalsh(np.array([[0.0, 2.0], [2.0, 0.0]])).round(12)
        array([-2.,  2.])
    """
    x, lower = _hermitian(a, "eigvalsh", UPLO, symmetrize_input)
    return _dec.eigvalsh_p.bind(x, lower=lower)


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors (in the columns) of general matrices: always complex.

    Derivative: Giles (2008), section 3.1, with the vectors' lengths and phases held as LAPACK sets them.

    The derivative of an eigenvector is that of the one LAPACK gives: of length 1, its largest component real.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.eig(np.array([[2.0, 0.0], [0.0, 3.0]])).eigenvalues.real
        array([2., 3.])
    """
    return EigResult(*_dec.eig_p.bind(_matrices(a, "eig", square=True)))


def eigvals(a: Any) -> Any:
    """The eigenvalues of general matrices: always complex, as whether they are real depends on values.

    Derivative: Giles (2008), section 3.1: ``diag(v^-1 da v)``; NaN where a matrix is defective.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> np.sort(linalg.eigvals(np.array([[0.0, 1.0], [-6.0, 5.0]])).real).round(12)
        array([2., 3.])
    """
    return _dec.eigvals_p.bind(_matrices(a, "eigvals", square=True))


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False, subset_by_index: None = None
) -> Any:
    """The singular value decomposition ``a = U diag(S) Vh``.

    Derivative: Townsend (2016); NaN for vectors whose singular values are equal, infinite for a zero one.

    Args:
        a: matrices, shape ``(..., m, n)``.
        full_matrices: whether `U` and `Vh` are square. The vectors that complete them are LAPACK's choice: derivatives
            are right for what does not depend on the choice, such as the projection on their space.
        compute_uv: without it the singular values alone are returned.
        hermitian: whether `a` is the Hermitian matrix of which the lower triangle is given.
        subset_by_index: not supported.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> u, s, vh = linalg.svd(np.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> s
        array([3., 2.])
    """
    x = _ops.of_triangle(_matrices(a, "svd", square=True)) if hermitian else _matrices(a, "svd")
    if subset_by_index is not None:
        raise ArgumentError("svd with subset_by_index; take the slices of its results")
    if not compute_uv:
        return _dec.svdvals_p.bind(x)
    full = full_matrices and shape_of(x)[-1] != shape_of(x)[-2]
    return SVDResult(*_dec.svd_p.bind(x, full_matrices=full))


def svdvals(x: Any, /) -> Any:
    """The singular values of each matrix, falling.

    Derivative: Giles (2008), section 3.2: ``diag(u' da v)``.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.svdvals(np.diag([1.0, -6.0]))
        array([6., 1.])
    """
    return _dec.svdvals_p.bind(_matrices(x, "svdvals"))


def qr(a: Any, mode: str = "reduced") -> Any:
    """The factorisation ``a = Q R``, `Q` with orthonormal columns, `R` upper triangular.

    Derivative: Walter & Lehmann (2010), section 3; the columns must be independent.

    Args:
        a: matrices, shape ``(..., m, n)``.
        mode: "reduced"; "r" for `R` alone; "complete" for a square `Q`, whose further columns are LAPACK's choice:
            derivatives are right for what does not depend on the choice, such as the projection on their space.

    Raises:
        ArgumentError: another mode. NumPy's "raw" gives Householder vectors, which have no derivative here.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> q, r = linalg.qr(np.array([[3.0, 1.0], [4.0, 2.0]]))
        >>> (q @ r).round(12)
        array([[3., 1.],
               [4., 2.]])
    """
    if mode not in ("reduced", "r", "complete"):
        raise ArgumentError(f"qr: mode must be 'reduced', 'complete' or 'r', got {mode!r}")
    x = _matrices(a, "qr")
    m, n = shape_of(x)[-2:]
    if mode == "complete" and m > n:
        return QRResult(*_dec.qr_complete_p.bind(x))
    if n > m:  # R of the further columns is Q' times them
        q, first = _dec.qr_p.bind(getitem(x, (Ellipsis, slice(0, m))))
        rest = matmul(conj(swapaxes(q, -1, -2)), getitem(x, (Ellipsis, slice(m, n))))
        r = concatenate([first, rest], -1)
    else:
        q, r = _dec.qr_p.bind(x)
    return r if mode == "r" else QRResult(q, r)


__all__ = [
    "EigResult", "EighResult", "QRResult", "SVDResult", "cholesky", "eig", "eigh", "eigvals", "eigvalsh", "qr",
    "svd", "svdvals",
]  # fmt: skip
