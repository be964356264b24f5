"""scipy.linalg for arrays and values under transformation: what `wengert.numpy.linalg` has, with SciPy's arguments.

Options that say how to compute (``overwrite_a``, ``check_finite``) are taken and change nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..numpy import linalg as _linalg
from ..numpy.linalg import det as _det
from ..numpy.linalg import inv as _inv
from ..ops.elementwise import conj, convert
from ..ops.linalg import triangular_solve_p
from ..ops.shape import broadcast_to, concatenate, expand_dims, reshape


def _floating(*arrays: Any) -> list[Any]:
    """Arrays of one floating dtype."""
    from ..config import config

    values = [as_array(a) for a in arrays]
    dtype = np.result_type(*[dtype_of(v) for v in values])
    return [convert(v, dtype if inexact_dtype(dtype) else config.float_dtype) for v in values]


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
    debug: bool = False,
    check_finite: bool = True,
    assume_a: str = "gen",
) -> Any:
    """Solve linear equations; ``assume_a="pos"`` says that the matrices are positive definite."""
    if assume_a == "pos":
        return cho_solve(cho_factor(a, lower), b)
    a, b = _floating(a, b)
    if ndim_of(b) == 1:
        return reshape(_linalg.solve(a, expand_dims(b, -1)), (*shape_of(a)[:-2], *shape_of(b)))
    return _linalg.solve(a, b)


def eigh(
    a: Any, b: Any = None, lower: bool = True, eigvals_only: bool = False, overwrite_a: bool = False, **_: Any
) -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices, of which one triangle is read."""
    if b is not None:
        raise ArgumentError("eigh: only the standard problem is solved (b=None); multiply by the factor of b first")
    triangle = "L" if lower else "U"
    if eigvals_only:
        return _linalg.eigvalsh(a, triangle)
    values, vectors = _linalg.eigh(a, triangle)
    return values, vectors


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, **_: Any) -> Any:
    """Singular values and vectors."""
    out = _linalg.svd(a, full_matrices, compute_uv)
    return tuple(out) if compute_uv else out


def qr(a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full", **_: Any) -> Any:
    """The QR factors: `mode` "full", "economic" or "r"."""
    modes = {"full": "complete", "economic": "reduced", "r": "r"}
    if mode not in modes:
        raise ArgumentError(f"qr: mode is 'full', 'economic' or 'r', got {mode!r}")
    out = _linalg.qr(a, modes[mode])
    return (out,) if mode == "r" else tuple(out)


def block_diag(*arrays: Any) -> Any:
    """Matrices along the diagonal of a larger one.

    Example:
        >>> import numpy as np
        >>> block_diag(np.ones((1, 2)), np.array([[3.0]]))
        array([[1., 1., 0.],
               [0., 0., 3.]])
    """
    if not arrays:
        return _floating(np.zeros((1, 0)))[0]
    matrices = [as_array(a) for a in arrays]
    matrices = [reshape(m, (1,) * (2 - ndim_of(m)) + shape_of(m)) for m in matrices]
    dtype = np.result_type(*[dtype_of(m) for m in matrices])
    width, before, rows = sum(shape_of(m)[1] for m in matrices), 0, []
    for m in matrices:
        n, k = shape_of(m)
        sides = [np.zeros((n, before), dtype), convert(m, dtype), np.zeros((n, width - before - k), dtype)]
        rows.append(concatenate(sides, 1))
        before += k
    return concatenate(rows, 0)


__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "det", "eigh", "inv", "qr", "solve", "solve_triangular", "svd",
]  # fmt: skip
