"""scipy.linalg for arrays and values under transformation: what `wengert.numpy.linalg` has, with SciPy's arguments.

Options that say how to compute (``overwrite_a``, ``check_finite``, ``lapack_driver``) are taken and change nothing.
Functions work on stacks of matrices in the last two axes. Sources of the derivatives, besides those that
`wengert.numpy.linalg` names: De Hoog, Anderssen & Lukas (2011), "Differentiation of matrix functionals using triangular
factorization"; Higham (2008), "Functions of Matrices"; Higham & Relton (2014), "Higher order Fréchet derivatives of
matrix functions". Matrices that follow a pattern are made in `patterned.py`, functions of matrices in
`matrix_functions.py`; `qr` and the forms of Schur and Hessenberg stand in `orthogonal_factors.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Tracer, as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, ShapeError
from ..numpy import linalg as _linalg
from ..numpy.linalg import det as _det
from ..numpy.linalg import inv as _inv
from ..numpy.products import kron, matmul
from ..ops.elementwise import absolute, conj, convert
from ..ops.indexing import getitem, take_along_axis
from ..ops.linalg import adjoint, triangular_solve_p, turned
from ..ops.matrix_functions import polar_p, sylvester_p
from ..ops.shape import broadcast_to, expand_dims, reshape
from ..ops.triangular_factors import lu_p, permutation_p
from .matrix_functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    fractional_matrix_power,
    funm,
    logm,
    signm,
    sinhm,
    sinm,
    sqrtm,
    tanhm,
    tanm,
)
from .orthogonal_factors import hessenberg, qr, qr_multiply, rsf2csf, schur
from .patterned import (
    block_diag,
    circulant,
    companion,
    convolution_matrix,
    dft,
    fiedler,
    fiedler_companion,
    hadamard,
    hankel,
    helmert,
    hilbert,
    invhilbert,
    invpascal,
    leslie,
    pascal,
    toeplitz,
)


def _floating(*arrays: Any) -> list[Any]:
    """Arrays of one floating dtype."""
    from ..config import config

    values = [as_array(a) for a in arrays]
    dtype = np.result_type(*[dtype_of(v) for v in values])
    return [convert(v, dtype if inexact_dtype(dtype) else config.float_dtype) for v in values]


def _square(a: Any, name: str) -> Any:
    (a,) = _floating(a)
    if ndim_of(a) < 2 or shape_of(a)[-1] != shape_of(a)[-2]:
        raise ShapeError(f"{name} needs square matrices in the last two axes, got shape {shape_of(a)}")
    return a


# --- determinants, inverses, solving ----------------------------------------------------------------------------


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Determinants of square matrices."""
    return _det(a)


def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Inverses of square matrices."""
    return _inv(a)


def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The triangular factor of positive definite matrices: upper, as SciPy has it, or lower.

    Example:
        >>> import numpy as np
        >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
        array([[2., 1.],
               [0., 2.]])
    """
    return _linalg.cholesky(a, upper=not lower)


def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, bool]:
    """The triangular factor of positive definite matrices, and whether it is the lower one, for `cho_solve`."""
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
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
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    debug: Any = None,
    check_finite: bool = True,
) -> Any:
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
    a, b = _floating(a, b)
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
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """Solve linear equations.

    Args:
        a: square matrices ``(..., n, n)``.
        b: a vector ``(n,)`` or matrices ``(..., n, k)``.
        lower: which triangle holds the matrix, where `assume_a` says that one does.
        assume_a: what is known of `a`: "pos" (positive definite: by `cholesky`), "upper triangular" or "lower triangular"
            (by substitution), "diagonal"; all others are solved as general matrices.
        transposed: whether the transpose of `a` is meant.

    Derivative: Giles (2008), section 2.3.1.
    """
    if assume_a in ("pos", "positive definite"):
        return cho_solve(cho_factor(a, lower), b)
    if assume_a in ("upper triangular", "lower triangular"):
        return solve_triangular(a, b, 1 if transposed else 0, assume_a == "lower triangular")
    a, b = _floating(a, b)
    a = turned(a) if transposed else a
    if assume_a == "diagonal":
        diagonal = _linalg.diagonal(a)
        return b / (diagonal if ndim_of(b) == 1 else expand_dims(diagonal, -1))
    if ndim_of(b) == 1:
        return reshape(_linalg.solve(a, expand_dims(b, -1)), (*shape_of(a)[:-2], *shape_of(b)))
    return _linalg.solve(a, b)


def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    """The Moore-Penrose inverse: singular values up to ``atol + rtol * largest`` count as zero.

    Derivative: Golub & Pereyra (1973), equation 4.12; right where the rank does not change.

    Raises:
        ConcretizationError: `atol` is given and the values of `a` are not known.
    """
    (a,) = _floating(a)
    s = _linalg.svdvals(a)
    relative = (
        max(shape_of(a)[-2:]) * float(np.finfo(dtype_of(s)).eps) if rtol is None and atol is None else rtol or 0.0
    )
    if atol is not None:
        if isinstance(s, Tracer):
            raise ConcretizationError("pinv with atol= of values that are not known; give rtol= alone")
        relative = relative + atol / max(float(np.max(s)), np.finfo(dtype_of(s)).tiny)
    out = _linalg.pinv(a, rtol=relative)
    return (out, _linalg.matrix_rank(a, rtol=relative)) if return_rank else out


def lstsq(a: Any, b: Any, cond: Any = None, overwrite_a: bool = False, overwrite_b: bool = False, **_: Any) -> Any:
    """Least squares: the solution of smallest norm, the sums of squared residuals, the rank, the singular values."""
    a, b = _floating(a, b)
    return _linalg.lstsq(a, b, cond)


def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """Solve with the matrix that `toeplitz` makes of a column, or of a pair of a column and a row."""
    column, row = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return solve(toeplitz(column, row), b)


def solve_circulant(c: Any, b: Any) -> Any:
    """Solve with the matrix that `circulant` makes of the vector `c`, by Fourier transforms."""
    from ..numpy import fft

    c, b = _floating(c, b)
    columns = expand_dims(b, -1) if ndim_of(b) == 1 else b
    out = fft.ifft(fft.fft(columns, axis=0) / expand_dims(fft.fft(c), -1), axis=0)
    out = reshape(out, shape_of(b))
    return out if dtype_of(c).kind == "c" else out.real


# --- triangular factors -----------------------------------------------------------------------------------------


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """Both factors of `lu` in one matrix, and LAPACK's pivots, for `lu_solve`.

    Derivative: De Hoog, Anderssen & Lukas (2011), with the pivots held.
    """
    factors, pivots, _ = lu_p.bind(_floating(a)[0])
    return factors, pivots


def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> tuple[Any, ...]:
    """The factors ``a = P L U``: a permutation, a lower triangle with ones on the diagonal, an upper triangle.

    Derivative: De Hoog, Anderssen & Lukas (2011), with the permutation held; infinite where a pivot is zero.

    Args:
        a: matrices, shape ``(..., m, n)``.
        permute_l: whether ``P L`` and ``U`` are returned.
        p_indices: whether the permutation is given as indices, ``a = L[p] @ U``.

    Example:
        >>> lu(np.array([[1.0, 2.0], [2.0, 2.0]]))[2]
        array([[2., 2.],
               [0., 1.]])
    """
    (a,) = _floating(a)
    factors, _, order = lu_p.bind(a)
    *_, m, n = shape_of(a)
    k, dtype = min(m, n), dtype_of(a)
    lower = getitem(factors, (Ellipsis, slice(None), slice(0, k))) * np.tri(m, k, -1, dtype) + np.eye(m, k, dtype=dtype)
    upper = getitem(factors, (Ellipsis, slice(0, k), slice(None))) * np.tri(n, k, dtype=dtype).T
    places = as_array(order).argsort(-1)
    if permute_l:
        where = broadcast_to(expand_dims(places, -1), shape_of(lower))
        return take_along_axis(lower, where, ndim_of(lower) - 2), upper
    if p_indices:
        return places, lower, upper
    return convert(expand_dims(places, -1) == np.arange(m), np.finfo(dtype).dtype), lower, upper


def lu_solve(
    lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve with matrices of which `lu_factor` gave the factors: two substitutions.

    Args:
        lu_and_piv: what `lu_factor` returned.
        b: a vector ``(n,)`` or matrices ``(..., n, k)``.
        trans: 0 to solve with the matrices, 1 with their transposes, 2 with their adjoints.
    """
    factors, b = _floating(lu_and_piv[0], b)
    vector = ndim_of(b) == 1
    b = expand_dims(b, -1) if vector else b
    stack = np.broadcast_shapes(shape_of(factors)[:-2], shape_of(b)[:-2])
    b = broadcast_to(b, (*stack, *shape_of(b)[-2:]))
    order = permutation_p.bind(as_array(lu_and_piv[1]), rows=shape_of(factors)[-1])

    def rows(x: Any, places: Any) -> Any:
        return take_along_axis(x, broadcast_to(expand_dims(places, -1), shape_of(x)), ndim_of(x) - 2)

    if trans == 0:
        x = solve_triangular(factors, solve_triangular(factors, rows(b, order), 0, True, True))
    elif trans in (1, 2):
        x = solve_triangular(factors, solve_triangular(factors, b, trans), trans, True, True)
        x = rows(x, as_array(order).argsort(-1))
    else:
        raise ArgumentError(f"lu_solve: trans is 0, 1 or 2, got {trans!r}")
    return reshape(x, shape_of(x)[:-1]) if vector else x


# --- orthogonal factors, eigenvalues ----------------------------------------------------------------------------


def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,  # noqa: A002
    check_finite: bool = True,
    subset_by_index: None = None,
    subset_by_value: None = None,
    driver: str | None = None,
) -> Any:
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices (of the Hermitian part of `a`).

    With `b`, positive definite, those of ``a v = w b v``, through the Cholesky factor of `b`.

    Derivative: Giles (2008), section 3.1; NaN for vectors whose eigenvalues are equal.

    Raises:
        ArgumentError: `type` is not 1, or a subset is asked for (take the slices of the results).
    """
    if type != 1 or subset_by_index is not None or subset_by_value is not None:
        raise ArgumentError("eigh: only type=1 and all eigenvalues; take slices of the results for a subset")
    if b is None:
        return _linalg.eigvalsh(a) if eigvals_only else tuple(_linalg.eigh(a))
    a, b = _floating(a, b)
    factor = _linalg.cholesky(b)
    half = solve_triangular(factor, a, 0, True)
    inside = adjoint(solve_triangular(factor, adjoint(half), 0, True))
    if eigvals_only:
        return _linalg.eigvalsh(inside)
    values, vectors = _linalg.eigh(inside)
    return values, solve_triangular(factor, vectors, 2, True)


def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Any:
    """The eigenvalues, rising, of Hermitian matrices; `b` and the options as in `eigh`."""
    return eigh(a, b, lower=lower, eigvals_only=True, **options)


def eigh_tridiagonal(d: Any, e: Any, eigvals_only: bool = False, select: str = "a", **_: Any) -> Any:
    """Eigenvalues and eigenvectors of a real symmetric matrix with diagonal `d` and `e` beside it."""
    if select != "a":
        raise ArgumentError(f"eigh_tridiagonal: select must be 'a', got {select!r}; take slices of the results")
    from ..numpy.creation import diag

    d, e = _floating(d, e)
    return eigh(diag(d) + diag(e, 1) + diag(e, -1), eigvals_only=eigvals_only)


def eig(a: Any, b: Any = None, left: bool = False, right: bool = True, **_: Any) -> Any:
    """Eigenvalues and right eigenvectors, always complex; with `b` those of ``a v = w b v``, `b` not singular.

    Derivative: Giles (2008), section 3.1.

    Raises:
        ArgumentError: left eigenvectors are asked for (they are the right ones of the adjoint).
    """
    if left:
        raise ArgumentError("eig with left=True; the left eigenvectors of a are the right ones of its adjoint")
    a = _square(a, "eig")
    a = a if b is None else _linalg.solve(b, a)
    return tuple(_linalg.eig(a)) if right else _linalg.eigvals(a)


def eigvals(a: Any, b: Any = None, **_: Any) -> Any:
    """Eigenvalues, always complex; with `b` those of ``a v = w b v``."""
    return eig(a, b, right=False)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular values and vectors. Derivative: Townsend (2016)."""
    out = _linalg.svd(a, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Singular values, falling. Derivative: Giles (2008), section 3.2."""
    return _linalg.svdvals(a)


def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """``U, P`` with ``a = U P`` (``P U`` with `side` "left"), `U` with orthonormal columns (rows), `P` positive.

    Derivative: Higham (2008), chapter 8, by Sylvester's equation; singular values may be equal, not zero.
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"polar: side is 'left' or 'right', got {side!r}")
    (a,) = _floating(a)
    *_, m, n = shape_of(a)
    if side == "left":
        u, p = polar(adjoint(a))
        return adjoint(u), p
    if m < n:  # U P with U U' = 1: P = U' (U a') ... of the adjoint
        u, _ = polar_p.bind(adjoint(a))
        u = adjoint(u)
        p = matmul(adjoint(u), a)
        return u, (p + adjoint(p)) / 2
    u, p = polar_p.bind(a)
    return u, p


def _rank(s: Any, shape: tuple[int, ...], rcond: Any, name: str) -> int:
    if isinstance(s, Tracer):
        s = s.concrete(f"{name}, the number of vectors")
    cut = np.finfo(s.dtype).eps * max(shape) if rcond is None else rcond
    return int(np.sum(s > np.max(s, initial=0.0) * cut))


def orth(A: Any, rcond: Any = None) -> Any:
    """An orthonormal basis of the space that the columns of a matrix span; how many there are depends on the values.

    Which basis is LAPACK's choice: the derivative of the vectors is that of Townsend (2016).

    Raises:
        ConcretizationError: the values are not known.
    """
    (A,) = _floating(A)
    u, s, _ = _linalg.svd(A, full_matrices=False)
    return getitem(u, (slice(None), slice(0, _rank(s, shape_of(A), rcond, "orth"))))


def null_space(A: Any, rcond: Any = None, **_: Any) -> Any:
    """An orthonormal basis of what a matrix takes to zero; how many vectors there are depends on the values.

    Derivatives are right for what does not depend on which basis it is, such as the projection on the space.

    Raises:
        ConcretizationError: the values are not known.
    """
    (A,) = _floating(A)
    _, s, vh = _linalg.svd(A)
    return adjoint(getitem(vh, slice(_rank(s, shape_of(A), rcond, "null_space"), None)))


# --- matrix equations -------------------------------------------------------------------------------------------


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """``X`` in ``a X + X b = q``.

    Derivative: of the equation, ``a dX + dX b = dq - da X - X db``.

    Example:
        >>> solve_sylvester(np.array([[1.0]]), np.array([[3.0]]), np.array([[8.0]]))
        array([[2.]])
    """
    a, b, q = _floating(a, b, q)
    if shape_of(q)[-2:] != (shape_of(a)[-1], shape_of(b)[-1]):
        raise ShapeError(f"solve_sylvester: shapes {shape_of(a)}, {shape_of(b)} and {shape_of(q)} do not fit together")
    stack = np.broadcast_shapes(*[shape_of(x)[:-2] for x in (a, b, q)])
    return sylvester_p.bind(*[broadcast_to(x, (*stack, *shape_of(x)[-2:])) for x in (a, b, q)])


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """``X`` in ``a X + X a' = q``, by `solve_sylvester`."""
    a, q = _floating(a, q)
    return solve_sylvester(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov


def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Any:
    """``X`` in ``X = a X a' + q``, as linear equations for the elements (`n` to the fourth memory)."""
    a, q = _floating(a, q)
    n = shape_of(a)[0]
    return reshape(_linalg.solve(np.eye(n * n) - kron(a, conj(a)), reshape(q, (-1,))), (n, n))


# --- questions --------------------------------------------------------------------------------------------------


def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:  # noqa: A002
    """The norm of vectors or matrices, as `wengert.numpy.linalg.norm` has it."""
    return _linalg.norm(a, ord, axis, keepdims)


def bandwidth(a: Any) -> tuple[int, int]:
    """How many diagonals below and above the main one hold a number that is not zero, of a matrix that is known."""
    import scipy.linalg

    a = as_array(a)
    return scipy.linalg.bandwidth(a.concrete("bandwidth") if isinstance(a, Tracer) else a)


def issymmetric(a: Any, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its transpose (to a tolerance)."""
    return _equals(a, turned, atol, rtol)


def ishermitian(a: Any, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its adjoint (to a tolerance)."""
    return _equals(a, adjoint, atol, rtol)


def _equals(a: Any, flip: Any, atol: Any, rtol: Any) -> Any:
    a = _square(a, "issymmetric")
    distance = absolute(a - flip(a))
    return (distance <= (atol or 0.0) + (rtol or 0.0) * absolute(a)).all()


__all__ = [
    "bandwidth", "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "companion", "convolution_matrix",
    "coshm", "cosm", "det", "dft", "eig", "eigh", "eigh_tridiagonal", "eigvals", "eigvalsh", "expm", "expm_frechet",
    "fiedler", "fiedler_companion", "fractional_matrix_power", "funm", "hadamard", "hankel", "helmert", "hessenberg",
    "hilbert", "inv", "invhilbert", "invpascal", "ishermitian", "issymmetric", "kron", "leslie", "logm", "lstsq", "lu",
    "lu_factor", "lu_solve", "norm", "null_space", "orth", "pascal", "pinv", "polar", "qr", "qr_multiply", "rsf2csf",
    "schur", "signm", "sinhm", "sinm", "solve", "solve_circulant", "solve_continuous_lyapunov",
    "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester", "solve_toeplitz", "solve_triangular", "sqrtm",
    "svd", "svdvals", "tanhm", "tanm", "toeplitz",
]  # fmt: skip
