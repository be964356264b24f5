"""Linear equations, inverses and Cholesky factors with SciPy's arguments; they stand in `wengert.scipy.linalg`.

Of a matrix that is said to have a structure (`assume_a`, `lower`) only what SciPy reads is read: one triangle of a
Hermitian one, three diagonals of a tridiagonal one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...config import config
from ...core import Tracer, as_array, aval_of, dtype_of, inexact_dtype, ndim_of, shape_of
from ...errors import ArgumentError, ConcretizationError, MatrixError, ShapeError
from ...numpy import linalg as _linalg
from ...numpy.linalg import LinAlgError
from ...numpy.linalg import det as _det
from ...numpy.linalg import inv as _inv
from ...ops.bounds import holds
from ...ops.elementwise import absolute, conj, convert, logical_not, not_equal, real, where, where_p
from ...ops.linalg import adjoint, triangular_solve_p, turned
from ...ops.promotion import result_dtype
from ...ops.shape import broadcast_to, expand_dims, moveaxis, reshape
from ...vocabulary import ArrayLike, Value
from .patterned import toeplitz


def floating(*arrays: Any) -> list[Any]:
    """Arrays of one floating dtype."""
    values = [as_array(a) for a in arrays]
    dtype = result_dtype(*map(aval_of, values))
    return [convert(v, dtype if inexact_dtype(dtype) else config.float_dtype) for v in values]


def matrices(a: ArrayLike, name: str) -> Value:
    """Floating matrices in the last two axes."""
    (a,) = floating(a)
    if ndim_of(a) < 2:
        raise MatrixError(f"{name} needs matrices in the last two axes, got shape {shape_of(a)}")
    return a


def square(a: ArrayLike, name: str) -> Value:
    """Floating square matrices in the last two axes."""
    (a,) = floating(a)
    if ndim_of(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2]:
        raise MatrixError(f"{name} needs square matrices in the last two axes, got shape {shape_of(a)}")
    return a


def of_number(a: ArrayLike) -> Value:
    """A number as a matrix of one element, where SciPy takes it for one."""
    a = as_array(a)
    return reshape(a, (1, 1)) if ndim_of(a) == 0 else a


def part(a: ArrayLike, below: int, above: int) -> Value:
    """Matrices with zeros but for some diagonals, `below` and `above` the main one; what else is there is not read."""
    m, n = shape_of(a)[-2:]
    distance = np.arange(n) - np.arange(m)[:, None]
    return where_p.bind((distance >= -below) & (distance <= above), a, dtype_of(a).type(0))


def hermitian(a: ArrayLike, lower: bool, symmetric: bool = False) -> Value:
    """The Hermitian (or symmetric) matrices of which one triangle is read."""
    n = shape_of(a)[-1]
    rest = part(a, n, -1) if lower else part(a, -1, n)
    diagonal = part(a, 0, 0)
    if symmetric:
        return rest + turned(rest) + diagonal
    return rest + adjoint(rest) + (real(diagonal) if dtype_of(a).kind == "c" else diagonal)  # LAPACK reads no more


_STRUCTURES = {
    "general": "general", "gen": "general", "diagonal": "diagonal", "tridiagonal": "tridiagonal", "banded": "general",
    "upper triangular": "upper", "lower triangular": "lower", "symmetric": "sym", "sym": "sym", "hermitian": "her",
    "her": "her", "positive definite": "pos", "pos": "pos", None: "general",
}  # fmt: skip


def _structured(a: ArrayLike, assume_a: str | None, lower: bool, name: str) -> tuple[Any, str]:
    """The matrices that are meant, and what they are."""
    if assume_a not in _STRUCTURES:
        names = ", ".join(repr(k) for k in _STRUCTURES)
        raise ArgumentError(f"{name}: assume_a is one of {names}, got {assume_a!r}")
    kind, n = _STRUCTURES[assume_a], shape_of(a)[-1]
    bands = {"diagonal": (0, 0), "tridiagonal": (1, 1), "upper": (0, n), "lower": (n, 0)}
    if kind in bands:
        return part(a, *bands[kind]), kind
    if kind == "general":
        return a, kind
    return hermitian(a, lower, kind == "sym"), kind


# --- determinants, inverses, solving ----------------------------------------------------------------------------


def det(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    """Determinants of square matrices.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.det(np.array([[1.0, 2.0], [3.0, 5.0]])).round(12)
        np.float64(-1.0)
    """
    return _det(a)


def inv(
    a: ArrayLike,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Value:
    """Inverses of square matrices; `assume_a` and `lower` say what is read of them, as for `solve`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.inv(np.array([[1.0, 2.0], [0.0, 4.0]]))
        array([[ 1.  , -0.5 ],
               [ 0.  ,  0.25]])
    """
    return _inv(_structured(square(a, "inv"), assume_a, lower, "inv")[0])


def cholesky(a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    """The triangular factor of positive definite matrices: upper, as SciPy has it, or lower; that triangle is read.

    Example:
        >>> import numpy as np
        >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
        array([[2., 1.],
               [0., 2.]])
    """
    return _linalg.cholesky(hermitian(square(of_number(a), "cholesky"), lower), upper=not lower)


def cho_factor(
    a: ArrayLike, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """The triangular factor of positive definite matrices, and whether it is the lower one, for `cho_solve`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> c, lower = linalg.cho_factor(np.array([[4.0, 2.0], [2.0, 5.0]]), lower=True)
        >>> np.tril(c)
        array([[2., 0.],
               [1., 2.]])
    """
    return cholesky(a, lower), bool(lower)


def cho_solve(
    c_and_lower: tuple[Any, bool], b: ArrayLike, overwrite_b: bool = False, check_finite: bool = True
) -> Value:
    """Solve with a matrix of which `cho_factor` gave the factor.

    Example:
        >>> import numpy as np
        >>> cho_solve(cho_factor(np.array([[4.0, 2.0], [2.0, 5.0]])), np.array([6.0, 7.0]))
        array([1., 1.])
    """
    c, lower = c_and_lower
    first, second = (0, "C") if lower else ("C", 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), second, lower)


def solve_triangular(
    a: ArrayLike,
    b: ArrayLike,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    debug: Any = None,
) -> Value:
    """Solve with triangular matrices.

    Args:
        a: matrices ``(..., n, n)``, of which one triangle is read.
        b: vectors ``(n,)`` or matrices ``(..., n, k)``.
        trans: 0 or "N" to solve with `a`, 1 or "T" with its transpose, 2 or "C" with its adjoint.
        lower: whether the lower triangle is read.
        unit_diagonal: whether the diagonal counts as ones.

    Raises:
        ArgumentError: `trans` is none of these.
        ShapeError: the shapes of `a` and `b` do not fit together.

    Example:
        >>> import numpy as np
        >>> solve_triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([4.0, 8.0]))
        array([1., 2.])
    """
    codes = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}
    if trans not in codes:
        raise ArgumentError(f"solve_triangular: trans is 0, 1, 2, 'N', 'T' or 'C', got {trans!r}")
    a, b = floating(a, b)
    vector = ndim_of(b) == 1
    b = expand_dims(b, -1) if vector else b
    if ndim_of(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2] or shape_of(a)[-1] != shape_of(b)[-2]:
        raise ShapeError(f"solve_triangular: got shapes {shape_of(a)} and {shape_of(b)[: -1 if vector else None]}")
    if codes[trans] == 2:
        a = conj(a)
    stack = np.broadcast_shapes(shape_of(a)[:-2], shape_of(b)[:-2])
    a, b = (broadcast_to(x, (*stack, *shape_of(x)[-2:])) for x in (a, b))
    out = triangular_solve_p.bind(a, b, lower=lower, transpose=codes[trans] > 0, unit=unit_diagonal)
    return reshape(out, shape_of(out)[:-1]) if vector else out


def solve(
    a: ArrayLike,
    b: ArrayLike,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Value:
    """Solve linear equations.

    Args:
        a: square matrices ``(..., n, n)``.
        b: a vector ``(n,)`` or matrices ``(..., n, k)``.
        lower: whether the lower triangle is read, where `assume_a` is "sym", "her" or "pos".
        assume_a: what is known of `a`, and read: "pos" (positive definite: by `cholesky`), "sym", "her", "upper
            triangular" or "lower triangular" (by substitution), "diagonal", "tridiagonal"; "gen" and "banded" read all.
        transposed: whether the transpose of `a` is meant.

    Derivative: Giles (2008), section 2.3.1.

    Raises:
        ArgumentError: no such `assume_a`. ShapeError: the shapes do not fit. LinAlgError: `a` is singular.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve(np.array([[2.0, 1.0], [1.0, 1.0]]), np.array([3.0, 2.0])).round(12)
        array([1., 1.])
    """
    a, b = floating(a, b)
    if ndim_of(a) == 0 and ndim_of(b) == 0:
        b = reshape(b, (1,))
    a = square(of_number(a), "solve")
    if ndim_of(b) == 0:
        raise ShapeError(f"solve: a right side of shape () for matrices of shape {shape_of(a)}")
    a, kind = _structured(a, assume_a, lower, "solve")
    if kind in ("upper", "lower"):
        return solve_triangular(a, b, 1 if transposed else 0, kind == "lower")
    a = turned(a) if transposed else a
    if kind == "pos":
        factor = _linalg.cholesky(a)
        return cho_solve((factor, True), b)
    if kind == "diagonal":
        diagonal = _linalg.diagonal(a)
        if not holds(not_equal(diagonal, 0)):
            raise LinAlgError("solve: a diagonal matrix with a zero on the diagonal is singular")
        return b / (diagonal if ndim_of(b) == 1 else expand_dims(diagonal, -1))
    if ndim_of(b) == 1:
        return reshape(_linalg.solve(a, expand_dims(b, -1)), (*shape_of(a)[:-2], *shape_of(b)))
    return _linalg.solve(a, b)


def pinv(
    a: ArrayLike, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True
) -> Any:
    """The Moore-Penrose inverse: singular values up to ``atol + rtol * largest`` count as zero.

    `rtol` is ``max(m, n) * eps`` by default, `atol` 0. Derivative: Golub & Pereyra (1973), equation 4.12; right where the
    rank does not change.

    Raises:
        ConcretizationError: `atol` is given and the values of `a` are not known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.pinv(np.array([[1.0, 1.0], [1.0, 1.0]])).round(12)
        array([[0.25, 0.25],
               [0.25, 0.25]])
    """
    a = matrices(a, "pinv")
    if 0 in shape_of(a):
        out = turned(a)
        return (out, 0) if return_rank else out
    s = _linalg.svdvals(a)
    relative = max(shape_of(a)[-2:]) * float(np.finfo(dtype_of(s)).eps) if rtol is None else rtol
    if atol is not None and not (isinstance(atol, (int, float)) and atol == 0):
        if isinstance(s, Tracer):
            raise ConcretizationError("pinv with atol= of values that are not known; give rtol= alone")
        relative = relative + atol / max(float(np.max(s)), np.finfo(dtype_of(s)).tiny)
    out = _linalg.pinv(a, rtol=relative)
    return (out, _linalg.matrix_rank(a, rtol=relative)) if return_rank else out


def lstsq(
    a: ArrayLike,
    b: ArrayLike,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: str | None = None,
) -> Any:
    """Least squares: the solution of smallest norm, the sums of squared residuals, the rank, the singular values.

    Args:
        a: a matrix ``(m, n)``. b: a vector ``(m,)`` or a matrix ``(m, k)``.
        cond: singular values up to `cond` times the largest count as zero; ``eps`` of the dtype by default.

    Returns:
        As SciPy: the sums are a number for a vector `b`, and empty where ``m <= n`` or, of values that are known, where
        the rank is less than `n`.

    Raises:
        ShapeError: the shapes do not fit together.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.lstsq(np.array([[1.0], [1.0]]), np.array([2.0, 4.0]))[0].round(12)
        array([3.])
    """
    a, b = floating(a, b)
    a = matrices(a, "lstsq")
    cut = float(np.finfo(dtype_of(a)).eps) if cond is None else cond
    x, squares, rank, s = _linalg.lstsq(a, b, cut)
    m, n = shape_of(a)
    if m <= n or (not isinstance(rank, Tracer) and int(rank) < n):
        squares = np.zeros(0, dtype_of(x))
    elif ndim_of(b) == 1:
        squares = reshape(squares, ())
    return x, squares, convert(rank, np.dtype(config.int_dtype)), s  # a Python int in SciPy, NumPy's has 32 bits


def solve_toeplitz(c_or_cr: Any, b: ArrayLike, check_finite: bool = True) -> Value:
    """Solve with the matrix that `toeplitz` makes of a column, or of a pair of a column and a row.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_toeplitz(np.array([2.0, 1.0]), np.array([3.0, 3.0])).round(12)
        array([1., 1.])
    """
    column, row = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return solve(toeplitz(column, row), b)


def solve_circulant(
    c: ArrayLike,
    b: ArrayLike,
    singular: str = "raise",
    tol: Any = None,
    caxis: int = -1,
    baxis: int = 0,
    outaxis: int = 0,
) -> Value:
    """Solve with the matrix that `circulant` makes of the vector `c`, by Fourier transforms.

    Args:
        c: vectors along `caxis`. b: right sides along `baxis`; the other axes broadcast.
        singular: "raise", or "lstsq" for the solution of smallest norm where the matrix is near to being singular.
        tol: eigenvalues of a size up to `tol` count as zero; ``n * eps`` times the largest by default.
        outaxis: the axis of the solutions.

    Raises:
        ArgumentError: no such `singular`. ShapeError: the lengths differ.
        LinAlgError: the matrix is near to being singular (of values that are traced large numbers come out).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_circulant(np.array([2.0, 0.0]), np.array([4.0, 6.0]))
        array([2., 3.])
    """
    from ...numpy import fft

    if singular not in ("raise", "lstsq"):
        raise ArgumentError(f"solve_circulant: singular is 'raise' or 'lstsq', got {singular!r}")
    c, b = (reshape(v, (1,)) if ndim_of(v) == 0 else v for v in floating(c, b))
    is_real = dtype_of(c).kind != "c"
    c, b = moveaxis(c, caxis, -1), moveaxis(b, baxis, -1)
    n = shape_of(c)[-1]
    if shape_of(b)[-1] != n:
        raise ShapeError(f"solve_circulant: {n} elements of c for {shape_of(b)[-1]} equations")
    if n == 0:
        return moveaxis(b, -1, outaxis)
    values = fft.fft(c)
    size = absolute(values)
    small = size <= (size.max() * n * np.finfo(np.float64).eps if tol is None else tol)
    right = fft.fft(b)
    if singular == "lstsq":
        out = fft.ifft(where(small, 0.0, right / where(small, 1.0, values)))
    else:
        if not holds(logical_not(small)):
            raise LinAlgError("near singular circulant matrix.")
        out = fft.ifft(right / values)
    return moveaxis(out.real if is_real else out, -1, outaxis)
