"""Eigenvalues, singular values and the polar decomposition, with SciPy's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Tracer, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...numpy import diag, matmul
from ...numpy import linalg as _linalg
from ...ops.indexing import getitem
from ...ops.linalg import adjoint
from ...ops.matrix_functions import polar_p
from ...vocabulary import ArrayLike, Value
from .solving import floating, hermitian, solve_triangular, square


def eigh(
    a: ArrayLike,
    b: ArrayLike | None = None,
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


def _chosen(values: ArrayLike, by_index: Any, by_value: Any) -> Any:
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
    a: ArrayLike,
    b: ArrayLike | None = None,
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
    d: ArrayLike,
    e: ArrayLike,
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
    d, e = floating(d, e)
    if ndim_of(d) != 1 or ndim_of(e) != 1 or shape_of(d)[0] != shape_of(e)[0] + 1:
        raise ShapeError(f"eigh_tridiagonal: d has one element more than e, got shapes {shape_of(d)} and {shape_of(e)}")
    subset = chosen_subset(select, select_range, "eigh_tridiagonal")
    return eigh(diag(d) + diag(e, 1) + diag(e, -1), eigvals_only=eigvals_only, **subset)


def eigvalsh_tridiagonal(
    d: ArrayLike,
    e: ArrayLike,
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
    a: ArrayLike,
    b: ArrayLike | None = None,
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
    a: ArrayLike,
    b: ArrayLike | None = None,
    overwrite_a: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
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
    a: ArrayLike,
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


def svdvals(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> Value:
    """Singular values, falling. Derivative: Giles (2008), section 3.2.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.svdvals(np.array([[3.0, 4.0]]))
        array([5.])
    """
    return _linalg.svdvals(a)


def polar(a: ArrayLike, side: str = "right") -> tuple[Any, Any]:
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


def chosen_subset(select: Any, select_range: Any, name: str) -> dict[str, Any]:
    """The subset of eigenvalues that is meant, as arguments of `eigh`."""
    kinds: dict[Any, str] = (
        dict.fromkeys(("a", "all", 0), "a")
        | dict.fromkeys(("v", "value", 1), "v")
        | dict.fromkeys(("i", "index", 2), "i")
    )
    kind = kinds.get(select.lower() if isinstance(select, str) else select)
    if kind is None:
        raise ArgumentError(f"{name}: select is 'a', 'i' or 'v', got {select!r}")
    if kind == "a":
        return {}
    if select_range is None:
        raise ArgumentError(f"{name}: select={select!r} needs select_range")
    return {"subset_by_index" if kind == "i" else "subset_by_value": select_range}


__all__ = ["eig", "eigh", "eigh_tridiagonal", "eigvals", "eigvalsh", "eigvalsh_tridiagonal", "polar", "svd", "svdvals"]
