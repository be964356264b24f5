"""scipy.linalg for arrays and values under transformation: what `wengert.numpy.linalg` has, with SciPy's arguments.

Options that say how to compute (``overwrite_a``, ``check_finite``, ``lapack_driver``) are taken and change nothing.
Functions work on stacks of matrices in the last two axes. Sources of the derivatives, besides those that
`wengert.numpy.linalg` names: De Hoog, Anderssen & Lukas (2011), "Differentiation of matrix functionals using triangular
factorization"; Higham (2008), "Functions of Matrices"; Higham & Relton (2014), "Higher order Fréchet derivatives of
matrix functions". Matrices that follow a pattern are made in `patterned.py`, functions of matrices in
`matrix_functions.py`; `qr` and the forms of Schur and Hessenberg stand in `orthogonal_factors.py`, `orth`
and `null_space` in `spaces.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..errors import nearest_names as _nearest_names
from ..numpy import linalg as _linalg
from ..numpy.linalg import LinAlgError
from ..numpy.products import kron, matmul
from ..ops.elementwise import absolute, conj, convert
from ..ops.indexing import getitem, take_along_axis
from ..ops.linalg import adjoint, turned
from ..ops.matrix_functions import polar_p, sylvester_p
from ..ops.shape import broadcast_to, expand_dims, reshape
from ..ops.triangular_factors import lu_p, permutation_p
from .banded import (
    _subset,
    cho_solve_banded,
    cholesky_banded,
    diagsvd,
    eig_banded,
    eigvals_banded,
    khatri_rao,
    ldl,
    matmul_toeplitz,
    orthogonal_procrustes,
    pinvh,
    rq,
    solve_banded,
    solveh_banded,
    subspace_angles,
)
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
from .solving import (
    cho_factor,
    cho_solve,
    cholesky,
    det,
    floating,
    hermitian,
    inv,
    lstsq,
    matrices,
    of_number,
    pinv,
    solve,
    solve_circulant,
    solve_toeplitz,
    solve_triangular,
    square,
)
from .spaces import null_space, orth

# --- triangular factors -----------------------------------------------------------------------------------------


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """Both factors of `lu` in one matrix, and LAPACK's pivots, for `lu_solve`.

    Derivative: De Hoog, Anderssen & Lukas (2011), with the pivots held.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> lu, pivots = linalg.lu_factor(np.array([[1.0, 2.0], [4.0, 3.0]]))
        >>> pivots
        array([1, 1], dtype=int32)
    """
    factors, pivots, _ = lu_p.bind(matrices(a, "lu_factor"))
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
    a = matrices(a, "lu")
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
        return convert(places, np.dtype(np.int32)), lower, upper
    return convert(expand_dims(places, -1) == np.arange(m), np.finfo(dtype).dtype), lower, upper


def lu_solve(
    lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve with matrices of which `lu_factor` gave the factors: two substitutions.

    Args:
        lu_and_piv: what `lu_factor` returned.
        b: a vector ``(n,)`` or matrices ``(..., n, k)``.
        trans: 0 to solve with the matrices, 1 with their transposes, 2 with their adjoints.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.lu_solve(linalg.lu_factor(np.array([[2.0, 1.0], [1.0, 3.0]])), np.array([3.0, 4.0])).round(12)
        array([1., 1.])
    """
    factors, b = floating(lu_and_piv[0], b)
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
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices, of which one triangle is read.

    Derivative: Giles (2008), section 3.1; NaN for vectors whose eigenvalues are equal.

    Args:
        a: Hermitian matrices ``(..., n, n)``.
        b: positive definite matrices, for general problems, through its Cholesky factor.
        lower: which triangle of `a` and `b` is read.
        eigvals_only: whether the eigenvalues alone are returned.
        type: of a general problem: 1 for ``a v = w b v``, 2 for ``a b v = w v``, 3 for ``b a v = w v``.
        subset_by_index: ``(first, last)``, both included. subset_by_value: ``(low, high)``, of which `high` is included.

    Raises:
        ArgumentError: no such `type` or subset. LinAlgError: `b` is not positive definite.
        ConcretizationError: `subset_by_value` of values that are not known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]]), eigvals_only=True).round(12)
        array([1., 3.])
    """
    if type not in (1, 2, 3):
        raise ArgumentError(f"eigh: type is 1, 2 or 3, got {type!r}")
    a = hermitian(square(a, "eigh"), lower)
    if b is None:
        values, vectors = (_linalg.eigvalsh(a), None) if eigvals_only else _linalg.eigh(a)
    else:
        a, b = floating(a, b)
        factor = _linalg.cholesky(hermitian(square(b, "eigh"), lower))
        if type == 1:
            half = solve_triangular(factor, a, 0, True)
            inside = adjoint(solve_triangular(factor, adjoint(half), 0, True))
        else:
            inside = matmul(matmul(adjoint(factor), a), factor)
        values, vectors = (_linalg.eigvalsh(inside), None) if eigvals_only else _linalg.eigh(inside)
        if vectors is not None:
            vectors = matmul(factor, vectors) if type == 3 else solve_triangular(factor, vectors, 2, True)
    chosen = _chosen(values, subset_by_index, subset_by_value)
    if chosen is not None:
        values, vectors = (None if x is None else getitem(x, (Ellipsis, chosen)) for x in (values, vectors))
    return values if vectors is None else (values, vectors)


def _chosen(values: Any, by_index: Any, by_value: Any) -> Any:
    """Which of the eigenvalues are asked for; None for all of them."""
    if by_index is not None and by_value is not None:
        raise ArgumentError("eigh: a subset is given by index or by value, not by both")
    n = shape_of(values)[-1]
    if by_index is not None:
        first, last = by_index
        if not 0 <= first <= last < n:
            raise ArgumentError(f"eigh: subset_by_index is (first, last) with 0 <= first <= last < {n}, got {by_index}")
        return slice(int(first), int(last) + 1)
    if by_value is None:
        return None
    low, high = by_value
    if not low < high:
        raise ArgumentError(f"eigh: subset_by_value is (low, high) with low < high, got {by_value}")
    if ndim_of(values) != 1:
        raise ArgumentError("eigh: subset_by_value is for one matrix, as the number of values differs")
    known = values.concrete("eigh, which values lie in subset_by_value") if isinstance(values, Tracer) else values
    return np.flatnonzero((known > low) & (known <= high))


def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,  # noqa: A002
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """The eigenvalues, rising, of Hermitian matrices; arguments as for `eigh`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eigvalsh(np.array([[1.0, 2.0], [2.0, 1.0]])).round(12)
        array([-1.,  3.])
    """
    return eigh(
        a,
        b,
        lower=lower,
        eigvals_only=True,
        type=type,
        subset_by_index=subset_by_index,
        subset_by_value=subset_by_value,
    )


def eigh_tridiagonal(
    d: Any,
    e: Any,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    """Eigenvalues and eigenvectors of a real symmetric matrix with diagonal `d` and `e` beside it.

    `select` is "a" for all, "i" or "v" for those whose index or value lies in `select_range`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eigh_tridiagonal(np.array([1.0, 1.0]), np.array([2.0]))[0].round(12)
        array([-1.,  3.])
    """
    from ..numpy.creation import diag

    d, e = floating(d, e)
    if ndim_of(d) != 1 or ndim_of(e) != 1 or shape_of(d)[0] != shape_of(e)[0] + 1:
        raise ShapeError(f"eigh_tridiagonal: d has one element more than e, got shapes {shape_of(d)} and {shape_of(e)}")
    subset = _subset(select, select_range, "eigh_tridiagonal")
    return eigh(diag(d) + diag(e, 1) + diag(e, -1), eigvals_only=eigvals_only, **subset)


def eigvalsh_tridiagonal(
    d: Any,
    e: Any,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    """The eigenvalues, rising, of a real symmetric matrix; arguments as for `eigh_tridiagonal`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.eigvalsh_tridiagonal(np.array([5.0, 5.0]), np.array([1.0])).round(12)
        array([4., 6.])
    """
    return eigh_tridiagonal(d, e, True, select, select_range)


def eig(
    a: Any,
    b: Any = None,
    left: bool = False,
    right: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """Eigenvalues and right eigenvectors, always complex; with `b` those of ``a v = w b v``, `b` not singular.

    Derivative: Giles (2008), section 3.1.

    Raises:
        ArgumentError: left eigenvectors are asked for (they are the right ones of the adjoint), or homogeneous values.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> np.sort(linalg.eig(np.array([[0.0, 1.0], [-2.0, 3.0]]))[0].real).round(12)
        array([1., 2.])
    """
    if left:
        raise ArgumentError("eig with left=True; the left eigenvectors of a are the right ones of its adjoint")
    if homogeneous_eigvals:
        raise ArgumentError("eig with homogeneous_eigvals=True; call eig(a, b), whose values are the quotients")
    a = square(a, "eig")
    a = a if b is None else _linalg.solve(b, a)
    return tuple(_linalg.eig(a)) if right else _linalg.eigvals(a)


def eigvals(
    a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False
) -> Any:
    """Eigenvalues, always complex; with `b` those of ``a v = w b v``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> np.sort(linalg.eigvals(np.array([[4.0, 0.0], [1.0, 3.0]])).real)
        array([3., 4.])
    """
    return eig(a, b, right=False, homogeneous_eigvals=homogeneous_eigvals)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular values and vectors. Derivative: Townsend (2016).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.svd(np.array([[0.0, 5.0], [2.0, 0.0]]), compute_uv=False)
        array([5., 2.])
    """
    out = _linalg.svd(a, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Singular values, falling. Derivative: Giles (2008), section 3.2.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.svdvals(np.array([[3.0, 4.0]]))
        array([5.])
    """
    return _linalg.svdvals(a)


def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """``U, P`` with ``a = U P`` (``P U`` with `side` "left"), `U` with orthonormal columns (rows), `P` positive.

    Derivative: Higham (2008), chapter 8, by Sylvester's equation; singular values may be equal, not zero.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> u, p = linalg.polar(np.array([[0.0, -2.0], [2.0, 0.0]]))
        >>> p.round(12)
        array([[2., 0.],
               [0., 2.]])
    """
    if side not in ("left", "right"):
        raise ArgumentError(f"polar: side is 'left' or 'right', got {side!r}")
    (a,) = floating(a)
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


# --- matrix equations -------------------------------------------------------------------------------------------


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """``X`` in ``a X + X b = q``.

    Derivative: of the equation, ``a dX + dX b = dq - da X - X db``.

    Example:
        >>> solve_sylvester(np.array([[1.0]]), np.array([[3.0]]), np.array([[8.0]]))
        array([[2.]])
    """
    a, b, q = floating(a, b, q)
    a, b = square(a, "solve_sylvester"), square(b, "solve_sylvester")
    if shape_of(q)[-2:] != (shape_of(a)[-1], shape_of(b)[-1]):
        raise ShapeError(f"solve_sylvester: shapes {shape_of(a)}, {shape_of(b)} and {shape_of(q)} do not fit together")
    stack = np.broadcast_shapes(*[shape_of(x)[:-2] for x in (a, b, q)])
    return sylvester_p.bind(*[broadcast_to(x, (*stack, *shape_of(x)[-2:])) for x in (a, b, q)])


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """``X`` in ``a X + X a' = q``, by `solve_sylvester`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_continuous_lyapunov(-np.eye(2), -np.eye(2)).round(12)
        array([[0.5, 0. ],
               [0. , 0.5]])
    """
    a, q = floating(square(of_number(a), "solve_continuous_lyapunov"), of_number(q))
    return solve_sylvester(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov


def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Any:
    """``X`` in ``X = a X a' + q``, as linear equations for the elements (`n` to the fourth memory).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.solve_discrete_lyapunov(np.eye(2) / 2, 3 * np.eye(2)).round(12)
        array([[4., 0.],
               [0., 4.]])
    """
    a, q = floating(square(a, "solve_discrete_lyapunov"), q)
    n = shape_of(a)[0]
    return reshape(_linalg.solve(np.eye(n * n) - kron(a, conj(a)), reshape(q, (-1,))), (n, n))


# --- questions --------------------------------------------------------------------------------------------------


def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:  # noqa: A002
    """The norm of vectors or matrices, as `wengert.numpy.linalg.norm` has it.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.norm(np.array([[3.0, 0.0], [0.0, -4.0]])), linalg.norm(np.array([3.0, -4.0]), 1)
        (np.float64(5.0), np.float64(7.0))
    """
    return _linalg.norm(a, ord, axis, keepdims)


def bandwidth(a: Any) -> tuple[int, int]:
    """How many diagonals below and above the main one hold a number that is not zero, of a matrix that is known.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.bandwidth(np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [5.0, 0.0, 6.0]]))
        (2, 1)
    """
    import scipy.linalg

    a = as_array(a)
    return scipy.linalg.bandwidth(a.concrete("bandwidth") if isinstance(a, Tracer) else a)


def issymmetric(a: Any, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its transpose (to a tolerance).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.issymmetric(np.array([[1.0, 2.0], [2.0, 3.0]]))
        np.True_
    """
    return _equals(a, turned, atol, rtol)


def ishermitian(a: Any, atol: Any = None, rtol: Any = None) -> Any:
    """Whether a matrix equals its adjoint (to a tolerance).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.ishermitian(np.array([[1.0, 2j], [-2j, 1.0]]))
        np.True_
    """
    return _equals(a, adjoint, atol, rtol)


def _equals(a: Any, flip: Any, atol: Any, rtol: Any) -> Any:
    a = square(a, "issymmetric")
    distance = absolute(a - flip(a))
    return (distance <= (atol or 0.0) + (rtol or 0.0) * absolute(a)).all()


__all__ = [
    "LinAlgError", "bandwidth", "block_diag", "cho_factor", "cho_solve", "cho_solve_banded", "cholesky",
    "cholesky_banded", "circulant", "companion", "convolution_matrix", "coshm", "cosm", "det", "dft", "diagsvd",
    "eig", "eig_banded", "eigh", "eigh_tridiagonal", "eigvals", "eigvals_banded", "eigvalsh",
    "eigvalsh_tridiagonal", "expm", "expm_frechet", "fiedler", "fiedler_companion", "fractional_matrix_power",
    "funm", "hadamard", "hankel", "helmert", "hessenberg", "hilbert", "inv", "invhilbert", "invpascal",
    "ishermitian", "issymmetric", "khatri_rao", "kron", "ldl", "leslie", "logm", "lstsq", "lu", "lu_factor",
    "lu_solve", "matmul_toeplitz", "norm", "null_space", "orth", "orthogonal_procrustes", "pascal", "pinv", "pinvh",
    "polar", "qr", "qr_multiply", "rq", "rsf2csf", "schur", "signm", "sinhm", "sinm", "solve", "solve_banded",
    "solve_circulant", "solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester",
    "solve_toeplitz", "solve_triangular", "solveh_banded", "sqrtm", "subspace_angles", "svd", "svdvals", "tanhm",
    "tanm", "toeplitz",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
