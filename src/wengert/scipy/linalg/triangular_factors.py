"""Triangular factors: `lu` and what solves with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError
from ...ops.elementwise import convert
from ...ops.indexing import getitem, take_along_axis
from ...ops.shape import broadcast_to, expand_dims, reshape
from ...ops.triangular_factors import lu_p, permutation_p
from ...vocabulary import ArrayLike, Value
from .solving import floating, matrices, solve_triangular


def lu_factor(a: ArrayLike, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
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
    a: ArrayLike, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
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
    lu_and_piv: tuple[Any, Any], b: ArrayLike, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Value:
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


__all__ = ["lu", "lu_factor", "lu_solve"]
