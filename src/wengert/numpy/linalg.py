"""NumPy's linear algebra for arrays and values under transformation, over stacks of matrices in the last two axes.

Of matrices that a function takes to be Hermitian it reads one triangle, as NumPy does, so that the derivative with respect
to the other one is 0: of ``a + a'`` it is that of the Hermitian matrix. Derivatives that do not exist come out as NaN or infinity (eigenvectors where eigenvalues meet), that of a
norm at zero as 0. NumPy's LinAlgError is raised as NumPy raises it. Each docstring names the source of the derivative:

- Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
- Golub & Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least squares problems"
- Murray (2016), "Differentiation of the Cholesky decomposition"
- Townsend (2016), "Differentiating the singular value decomposition"
- Walter & Lehmann (2010), "Algorithmic differentiation of linear algebra functions", QR decompositions
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import operator
import string
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from ..config import config
from ..core import Tracer, as_array, as_value, aval_of, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, AxisError, DtypeError, MatrixError, ShapeError
from ..nearest import nearest_names as _nearest_names
from ..ops import decompositions as _dec
from ..ops import linalg as _ops
from ..ops.axes import canonical_axes, canonical_axis
from ..ops.casts import as_inexact
from ..ops.contraction import outer as _outer
from ..ops.contraction import tensordot
from ..ops.einsum import einsum
from ..ops.elementwise import absolute, conj, convert, power, real, stop_gradient_p, where_p
from ..ops.indexing import getitem
from ..ops.norms import euclidean_norm
from ..ops.promotion import broadcast_shapes, result_dtype
from ..ops.pseudo_inverse import pinv_p
from ..ops.reduction import max as _max
from ..ops.reduction import min as _min
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, kept_shape, moveaxis, reshape
from .dispatch import no_out, plain, rounded
from .patterns import diagonal as _diagonal
from .products import cross, matmul, vecdot
from .products import trace as _trace
from .shaping import matrix_transpose, swapaxes


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


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.slogdet(np.diag([2.0, -5.0])).sign
        np.float64(-1.0)
    """

    sign: Any
    logabsdet: Any


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


def _same_stack(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Two stacks of matrices with one dtype and the same leading axes."""
    if shape_of(a)[:-2] == shape_of(b)[:-2] and dtype_of(a) == dtype_of(b):
        return a, b
    dtype = result_dtype(aval_of(a), aval_of(b))
    lead = broadcast_shapes(name, shape_of(a)[:-2], shape_of(b)[:-2])
    a, b = convert(a, dtype), convert(b, dtype)
    return broadcast_to(a, (*lead, *shape_of(a)[-2:])), broadcast_to(b, (*lead, *shape_of(b)[-2:]))


# --- solving, inverses, determinants ----------------------------------------------------------------------------


@plain(np.linalg.solve, 2)
def solve(a: Any, b: Any) -> Any:
    """``x`` in ``a x = b``.

    Derivative: Giles (2008), section 2.3.1: ``dx = a^-1 (db - da x)``.

    Args:
        a: square matrices, shape ``(..., n, n)``.
        b: a vector, shape ``(n,)``, or matrices, shape ``(..., n, m)``.

    Raises:
        ShapeError: the shapes do not fit.
        LinAlgError: `a` is singular.

    Example:
        >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        array([1. , 0.5])
    """
    a = _matrices(a, "solve", square=True)
    b = as_array(b)
    vector = ndim_of(b) == 1
    b = expand_dims(b, -1) if vector else b
    if ndim_of(b) < 2 or shape_of(b)[-2] != shape_of(a)[-1]:
        raise ShapeError(f"solve: a right side of shape {shape_of(b)} for matrices of shape {shape_of(a)}")
    a, b = _same_stack("solve", a, b)
    x = _ops.solve_p.bind(a, b, transpose=False)
    return getitem(x, (Ellipsis, 0)) if vector else x


@plain(np.linalg.inv)
def inv(a: Any) -> Any:
    """The inverse of each matrix.

    Derivative: Giles (2008), section 2.2.3: ``-a^-1 da a^-1``.

    Raises:
        LinAlgError: a matrix is singular.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """
    return _ops.inv_p.bind(_matrices(a, "inv", square=True))


@plain(np.linalg.det)
def det(a: Any) -> Any:
    """The determinant of each matrix. Its gradient is the matrix of cofactors, right for singular matrices too.

    Derivative: Jacobi's formula, Giles (2008), section 2.2.4, with the cofactors in the place of ``det(a) a^-1``.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.det(np.array([[1.0, 2.0], [3.0, 4.0]])).round(12)
        np.float64(-2.0)
    """
    return _ops.det_p.bind(_matrices(a, "det", square=True))


def slogdet(a: Any) -> SlogdetResult:
    """The sign of each determinant and the logarithm of its absolute value.

    Derivative: Giles (2008), section 2.2.4: ``tr(a^-1 da)``; infinite where a matrix is singular.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> sign, logarithm = linalg.slogdet(np.diag([-2.0, 3.0]))
        >>> float(sign * np.exp(logarithm).round(12))
        -6.0
    """
    return SlogdetResult(*_ops.slogdet_p.bind(_matrices(a, "slogdet", square=True)))


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The Moore-Penrose inverse of each matrix; its derivative is right where the rank does not change.

    Derivative: Golub & Pereyra (1973), equation 4.12.

    Args:
        a: matrices, shape ``(..., m, n)``.
        rcond: the older name of `rtol`.
        hermitian: whether `a` is the Hermitian matrix of which the lower triangle is given.
        rtol: singular values below `rtol` times the largest count as zero; ``max(m, n) * eps`` by default.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.pinv(np.array([[2.0, 0.0], [0.0, 0.0]]))
        array([[0.5, 0. ],
               [0. , 0. ]])
    """
    cut = rcond if rtol is None else rtol
    if isinstance(cut, Tracer):
        cut = cut.concrete("pinv, the value of rtol")
    if 0 in shape_of(as_array(a))[-2:]:  # the transposed shape, whatever is said of triangles
        a, hermitian = as_array(a), False
        if dtype_of(a) == np.float16:  # which LAPACK does not have; without elements it stays
            return np.zeros((*shape_of(a)[:-2], shape_of(a)[-1], shape_of(a)[-2]), np.float16)
    return pinv_p.bind(
        (_ops.of_triangle(_matrices(a, "pinv", square=True)) if hermitian else _matrices(a, "pinv")),
        rtol=None if cut is None else float(cut),
    )


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """``x`` in ``tensordot(a, x, x.ndim) = b``.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.tensorsolve(np.eye(4).reshape(2, 2, 2, 2) * 2, np.array([[2.0, 4.0], [6.0, 8.0]]))
        array([[1., 2.],
               [3., 4.]])
    """
    a, b = as_array(a), as_array(b)
    if axes is not None:
        order = [i for i in range(ndim_of(a)) if i not in axes]
        a = moveaxis(a, list(axes), list(range(len(order), ndim_of(a))))
    rest = shape_of(a)[ndim_of(b) :]
    n = int(np.prod(rest, dtype=int))
    return reshape(solve(reshape(a, (-1, n)), reshape(b, (-1,))), rest)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse with respect to ``tensordot(a, b, ind)``.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.tensorinv(np.eye(4).reshape(4, 2, 2) * 2, ind=1).shape
        (2, 2, 4)
    """
    a = as_array(a)
    rows, columns = (int(np.prod(part, dtype=int)) for part in (shape_of(a)[:ind], shape_of(a)[ind:]))
    if rows != columns or not shape_of(a):
        raise MatrixError(
            f"tensorinv: the first {ind} axes of an array of shape {shape_of(a)} have not the size of the others"
        )
    return reshape(inv(reshape(a, (rows, columns))), shape_of(a)[ind:] + shape_of(a)[:ind])


def lstsq(a: Any, b: Any, rcond: Any = None, *, numpy_resid: bool = False) -> tuple[Any, Any, Any, Any]:
    """The solution of smallest norm of the least-squares problem ``a x = b``.

    Derivative: that of `pinv`; where the rank changes there is none.

    Args:
        a: a matrix, shape ``(m, n)``.
        b: a vector, shape ``(m,)``, or a matrix, shape ``(m, k)``.
        rcond: singular values below `rcond` times the largest count as zero; ``max(m, n) * eps`` by default.
        numpy_resid: accepted as JAX accepts it.

    Returns:
        The solution, the sums of squared residuals (empty unless ``m > n``), the rank, and the singular values.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.lstsq(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 5.0]))[0].round(12)
        array([1., 2.])
    """
    a, b = _matrices(a, "lstsq"), as_array(b)
    if ndim_of(a) != 2:
        raise MatrixError(f"lstsq needs a matrix, got shape {shape_of(a)}")
    m, n = shape_of(a)
    if ndim_of(b) not in (1, 2) or shape_of(b)[0] != m:
        raise MatrixError(f"lstsq: a right side of shape {shape_of(b)} for a matrix of shape {shape_of(a)}")
    cut = max(m, n) * float(np.finfo(dtype_of(a)).eps) if rcond is None else rcond
    x = matmul(pinv(a, cut), b)
    s = svdvals(a)
    rank = _sum(s > cut * getitem(s, 0), dtype=np.int32) if min(m, n) else np.int32(0)
    left = b - matmul(a, x)
    squares = _sum(real(left * conj(left)), 0)
    residuals = reshape(squares, (-1,)) if m > n else np.zeros(0, dtype_of(squares))
    return x, residuals, rank, s


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


# --- norms and numbers ------------------------------------------------------------------------------------------


def _power_norm(size: Any, ord: Any, axes: Any, keepdims: bool) -> Any:  # noqa: A002
    total = _sum(power(size, ord), axes, keepdims=keepdims)
    if isinstance(ord, Tracer) or ord < 0:
        return power(total, 1 / ord)
    zero, one = total == 0, dtype_of(total).type(1)
    # At zero the derivatives are those of the Euclidean norm: 0, the least of the subgradients, and no second one.
    return where_p.bind(zero, _euclidean(size, axes, keepdims), power(where_p.bind(zero, one, total), 1 / ord))


def _euclidean(x: Any, axis: Any, keepdims: bool) -> Any:
    axes = canonical_axes(axis, ndim_of(x))
    out = euclidean_norm(x, axes)
    return reshape(out, kept_shape(shape_of(x), axes)) if keepdims else out


@rounded
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:  # noqa: A002
    """The norm of vectors along `axis`, an axis or several (all by default).

    Args:
        x: the array.
        axis: the axes; all by default.
        keepdims: whether the axes stay, with length 1.
        ord: 2 by default; inf, -inf, 0 (how many components are not zero), or any number.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.vector_norm(np.array([[3.0, 4.0], [6.0, 8.0]]), axis=1)
        array([ 5., 10.])
    """
    x = as_inexact(x)
    if ord is None or (not isinstance(ord, Tracer) and ord == 2):
        return _euclidean(x, axis, keepdims)
    if isinstance(ord, str):
        raise ArgumentError(f"{ord!r} is no norm of vectors; those of matrices need two axes")
    size = absolute(x)
    if isinstance(ord, Tracer):
        return _power_norm(size, ord, axis, keepdims)
    if ord == np.inf:
        none = not all(shape_of(size)[i] for i in canonical_axes(axis, ndim_of(size)))
        return _max(size, axis, keepdims, initial=0.0) if none else _max(size, axis, keepdims)
    if ord == -np.inf:
        return _min(size, axis, keepdims)
    if ord == 0:
        return _sum(convert(x != 0, dtype_of(size)), axis, keepdims=keepdims)
    if ord == 1:
        return _sum(size, axis, keepdims=keepdims)
    return _power_norm(size, float(ord), axis, keepdims)


@rounded
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:  # noqa: A002
    """The norm of matrices in the last two axes: "fro", "nuc", 1, -1, 2, -2, inf or -inf.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]]))
        np.float64(5.0)
    """
    x = as_array(x)
    if ndim_of(x) < 2:
        raise AxisError(f"matrix_norm needs matrices in the last two axes, got shape {shape_of(x)}")
    if ord in (2, -2, "nuc") or not inexact_dtype(dtype_of(x)):
        x = _matrices(x, "matrix_norm")
    if ord is None or ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if 0 in shape_of(x)[-2:] and ord in (1, 2, np.inf, "nuc"):  # no numbers have the norm 0
        out = np.zeros(shape_of(x)[:-2], np.finfo(dtype_of(x)).dtype)[()]
    elif ord in (1, -1, np.inf, -np.inf):
        sums = _sum(absolute(x), -2 if abs(ord) == 1 else -1)
        out = (_max if ord > 0 else _min)(sums, -1)
    elif ord in (2, -2, "nuc"):
        # Of zero the derivative is 0, as of other norms; another matrix takes its place in the decomposition.
        zero = _max(absolute(stop_gradient_p.bind(x)), (-2, -1), keepdims=True) == 0
        *_, m, n = shape_of(x)
        s = svdvals(where_p.bind(zero, (np.eye(m, n) * np.arange(1.0, n + 1)).astype(dtype_of(x)), x))
        out = _sum(s, -1) if ord == "nuc" else getitem(s, (Ellipsis, 0 if ord == 2 else -1))
        out = where_p.bind(reshape(zero, shape_of(out)), _euclidean(x, (-2, -1), False), out)
    else:
        raise ArgumentError(f"{ord!r} is no norm of matrices; there are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf")
    return expand_dims(out, (-2, -1)) if keepdims else out


@rounded
@plain(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The norm of vectors (over one axis) or of matrices (over two).

    At zero, where norms of powers have no derivative, it is taken to be 0, the least of the subgradients, as that of
    `abs` is.

    Args:
        x: the array.
        ord: the kind of norm; by default the root of the sum of squares.
        axis: an axis for vectors, two for matrices; by default `x` is one vector or one matrix.
        keepdims: whether the axes stay, with length 1.

    Example:
        >>> norm([3.0, 4.0])
        np.float64(5.0)
    """
    x = as_array(x)
    if axis is None:
        if ord is None:
            return vector_norm(x, keepdims=keepdims)
        if ndim_of(x) not in (1, 2):
            raise ShapeError(f"norm with ord={ord!r} of an array of shape {shape_of(x)} needs axis=")
        axes: tuple[int, ...] = tuple(range(ndim_of(x)))
    else:
        pair = axis if isinstance(axis, (tuple, list)) else (axis,)
        axes = tuple(canonical_axis(a, ndim_of(x)) for a in pair)
        canonical_axes(axes, ndim_of(x))  # refuses repeats
    if len(axes) == 1 or ord is None:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=ord)
    if len(axes) != 2:
        raise ShapeError(f"norm needs one axis or two, got {axis}")
    out = matrix_norm(moveaxis(x, axes, (-2, -1)), ord=ord)
    return expand_dims(out, tuple(sorted(axes))) if keepdims else out


def outer(x1: Any, x2: Any, /) -> Any:
    """All products of elements of two vectors.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.outer(np.array([1, 2]), np.array([3, 4]))
        array([[3, 4],
               [6, 8]])
    """
    x1, x2 = as_array(x1), as_array(x2)
    if ndim_of(x1) != 1 or ndim_of(x2) != 1:
        raise ShapeError(f"outer needs two vectors, got shapes {shape_of(x1)} and {shape_of(x2)}; numpy.outer flattens")
    return _outer(x1, x2)


def cond(x: Any, p: Any = None) -> Any:
    """The condition number: the norm of a matrix times that of its inverse.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.cond(np.diag([4.0, 2.0]))
        np.float64(2.0)
    """
    if 0 in shape_of(as_array(x)):
        raise MatrixError(f"cond of no elements, shape {shape_of(as_array(x))}")
    x = _matrices(x, "cond")
    if p in (None, 2, -2):
        s = svdvals(x)
        large, small = getitem(s, (Ellipsis, 0)), getitem(s, (Ellipsis, -1))
        return small / large if p == -2 else large / small
    singular = slogdet(stop_gradient_p.bind(x))[0] == 0
    other = where_p.bind(expand_dims(singular, (-2, -1)), np.eye(shape_of(x)[-1], dtype=dtype_of(x)), x)
    out = matrix_norm(x, ord=p) * matrix_norm(inv(other), ord=p)
    return where_p.bind(singular, dtype_of(out).type(np.inf), out)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are above the tolerance.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.matrix_rank(np.array([[1.0, 2.0], [2.0, 4.0]]))
        np.int64(1)
    """
    x = as_array(A)
    if ndim_of(x) < 2:
        return convert(_sum(convert(x, bool)) > 0, config.int_dtype)
    if hermitian:
        x = _ops.of_triangle(_matrices(x, "matrix_rank", square=True))
    s = svdvals(x)
    if 0 in shape_of(x)[-2:]:
        return np.zeros(shape_of(x)[:-2], config.int_dtype)[()]
    if tol is None:
        relative = max(shape_of(x)[-2:]) * float(np.finfo(dtype_of(s)).eps) if rtol is None else as_value(rtol)
        tol = _max(s, -1, keepdims=True) * relative
    return _sum(s > tol, -1, dtype=config.int_dtype)


def matrix_power(a: Any, n: int) -> Any:
    """The `n`-th power of each matrix, by squaring; of its inverse if `n` is negative.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.matrix_power(np.array([[1, 1], [1, 0]]), 6)
        array([[13,  8],
               [ 8,  5]])
    """
    x = _matrices(a, "matrix_power", square=True) if n < 0 else as_array(a)
    if ndim_of(x) < 2 or shape_of(x)[-1] != shape_of(x)[-2]:
        raise MatrixError(f"matrix_power needs square matrices in the last two axes, got shape {shape_of(x)}")
    n = operator.index(n)
    if n < 0:
        x, n = inv(x), -n
    if n == 0:
        return broadcast_to(np.eye(shape_of(x)[-1], dtype=dtype_of(x)), shape_of(x))
    out = None
    while n:
        if n & 1:
            out = x if out is None else matmul(out, x)
        n >>= 1
        x = matmul(x, x) if n else x
    return out


def multi_dot(arrays: Any, *, out: None = None) -> Any:
    """The product of several matrices (the first and the last may be vectors), in the cheapest order.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.multi_dot([np.array([[1, 2]]), np.eye(2, dtype=int), np.array([[3], [4]])])
        array([[11]])
    """
    no_out(out)
    items = [as_array(a) for a in arrays]
    if len(items) < 2:
        raise ArgumentError("multi_dot needs at least two arrays")
    letters = iter(string.ascii_letters)
    here = next(letters)
    terms, result = [], ""
    for i, x in enumerate(items):
        if ndim_of(x) == 1 and i == 0:
            terms.append(here)
        elif ndim_of(x) == 1 and i == len(items) - 1:
            terms.append(here)
        elif ndim_of(x) == 2:
            there = next(letters)
            result = result or (here if i == 0 else "")
            terms.append(here + there)
            here = there
        else:
            raise MatrixError(f"multi_dot needs matrices (or vectors at the ends), got shape {shape_of(x)}")
    result += here if ndim_of(items[-1]) == 2 else ""
    return einsum(",".join(terms) + "->" + result, *items)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of the matrices in the last two axes.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.diagonal(np.array([[1, 2], [3, 4]]))
        array([1, 4])
    """
    return _diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The traces of the matrices in the last two axes.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.trace(np.array([[1, 9], [9, 5]]))
        np.int64(6)
    """
    return _trace(x, offset, -2, -1, dtype)


__all__ = [
    "EigResult", "EighResult", "LinAlgError", "QRResult", "SVDResult", "SlogdetResult", "cholesky", "cond", "cross",
    "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd",
    "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
