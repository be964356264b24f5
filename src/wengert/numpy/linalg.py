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

from ..core import Tracer, as_array, aval_of, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, MatrixError, ShapeError
from ..nearest import nearest_names as _nearest_names
from ..ops import linalg as _ops
from ..ops.contraction import outer as _outer
from ..ops.contraction import tensordot
from ..ops.einsum import einsum
from ..ops.elementwise import conj, convert, real, stop_gradient_p, where_p
from ..ops.indexing import getitem
from ..ops.promotion import broadcast_shapes, result_dtype
from ..ops.pseudo_inverse import pinv_p
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, expand_dims, moveaxis, reshape
from ..vocabulary import ArrayLike, DTypeLike, Value
from .dispatch import no_out, plain
from .factorizations import (
    EighResult,
    EigResult,
    QRResult,
    SVDResult,
    _matrices,
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from .norms import matrix_norm, matrix_rank, norm, vector_norm
from .patterns import diagonal as _diagonal
from .products import cross, matmul, vecdot
from .products import trace as _trace
from .shaping import matrix_transpose


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
def solve(a: ArrayLike, b: ArrayLike) -> Value:
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
def inv(a: ArrayLike) -> Value:
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
def det(a: ArrayLike) -> Value:
    """The determinant of each matrix. Its gradient is the matrix of cofactors, right for singular matrices too.

    Derivative: Jacobi's formula, Giles (2008), section 2.2.4, with the cofactors in the place of ``det(a) a^-1``.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.det(np.array([[1.0, 2.0], [3.0, 4.0]])).round(12)
        np.float64(-2.0)
    """
    return _ops.det_p.bind(_matrices(a, "det", square=True))


def slogdet(a: ArrayLike) -> SlogdetResult:
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


def pinv(a: ArrayLike, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Value:
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


def tensorsolve(a: ArrayLike, b: ArrayLike, axes: Any = None) -> Value:
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


def tensorinv(a: ArrayLike, ind: int = 2) -> Value:
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


def lstsq(a: ArrayLike, b: ArrayLike, rcond: Any = None, *, numpy_resid: bool = False) -> tuple[Any, Any, Any, Any]:
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


def cond(x: ArrayLike, p: Any = None) -> Value:
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


def multi_dot(arrays: Any, *, out: None = None) -> Value:
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


def diagonal(x: ArrayLike, /, *, offset: int = 0) -> Value:
    """The diagonals of the matrices in the last two axes.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.diagonal(np.array([[1, 2], [3, 4]]))
        array([1, 4])
    """
    return _diagonal(x, offset, -2, -1)


def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike = None) -> Value:
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
    "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet",
    "solve", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
