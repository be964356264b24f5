"""The factorisation ``A = L D L'`` of symmetric and Hermitian matrices that are not definite, and its derivative.

Source of the algorithm: Bunch & Kaufman (1977), "Some stable methods for calculating inertia and solving symmetric linear
systems"; LAPACK runs it. The derivative keeps its order of rows and its blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Value, as_array, dtype_of, ndim_of, shape_of
from .contraction import matmul
from .elementwise import convert, not_equal, real, where
from .indexing import take_along_axis
from .linalg import (
    NOT_LINEAR,
    OfMatrix,
    adjoint,
    require_square,
    sample_complex,
    sample_real,
    solve_p,
    triangular_solve_p,
    turned,
)
from .shape import broadcast_to, expand_dims


def mirrored(a: Value, lower: bool, hermitian: bool) -> Value:
    """The symmetric (or Hermitian) matrices of which one triangle is read."""
    n, dtype = shape_of(a)[-1], dtype_of(a)
    strict = np.tri(n, k=-1, dtype=bool) if lower else np.tri(n, k=-1, dtype=bool).T
    half = where(strict, a, dtype.type(0))
    diagonal = where(np.eye(n, dtype=bool), a, dtype.type(0))
    if hermitian and dtype.kind == "c":
        diagonal = convert(real(diagonal), dtype)
    return half + diagonal + (adjoint(half) if hermitian else turned(half))


class _LDL(OfMatrix):
    """``L, D, order`` with ``A = L D L'``, ``L[order]`` triangular with ones on its diagonal, `D` of blocks of one or two.

    With the order and the blocks held, ``F = L^-1 dA L^-H = X D + dD + D X'`` for ``X = L^-1 dL``, which is zero inside the
    blocks: `dD` is what `F` has in them, and ``X D`` what it has on one side of them.
    """

    multiple_results = True

    def impl(self, x: Value, *, lower: bool, hermitian: bool) -> list[Value]:
        import scipy.linalg

        if x.dtype.char not in "fdFD":
            raise TypeError(f"ldl: LAPACK has no {x.dtype}")
        lu, d, order = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype), np.empty(x.shape[:-1], np.int64)
        if hermitian and x.dtype.kind == "c":  # SciPy warns of imaginary parts on the diagonal, which it does not read
            x = np.where(np.eye(x.shape[-1], dtype=bool), x.real, x)
        for index in np.ndindex(*x.shape[:-2]):
            lu[index], d[index], order[index] = scipy.linalg.ldl(x[index], lower=lower, hermitian=hermitian)
        return [lu, d, order]

    def abstract(self, x: Aval, **params: Any) -> list[Aval]:
        require_square(x, "ldl")
        return [x, x, Aval(x.shape[:-1], np.int64)]

    def tangent(self, x: Value, t: Value, *, lower: bool, hermitian: bool) -> Any:
        lu, d, order = self.bind(x, lower=lower, hermitian=hermitian)
        flip = adjoint if hermitian else turned
        n, axis, dtype = shape_of(x)[-1], ndim_of(x) - 2, dtype_of(x)

        def rows(y: Value, places: Value) -> Value:
            return take_along_axis(y, broadcast_to(expand_dims(places, -1), shape_of(y)), axis)

        def divided(y: Value) -> Value:  # L^-1 y
            return triangular_solve_p.bind(factor, y, lower=lower, transpose=False, unit=True)

        factor = rows(lu, order)
        moved = rows(turned(rows(mirrored(t, lower, hermitian), order)), order)  # the transpose of what moves
        inside = turned(divided(turned(divided(turned(moved))))) if not hermitian else None
        if inside is None:
            inside = adjoint(divided(adjoint(divided(turned(moved)))))
        # Which elements are in a block depends on values, so that masks are zeros and ones.
        block = convert(not_equal(d, 0), dtype)
        block = block + (1 - block) * np.eye(n, dtype=dtype)
        side = np.tri(n, k=-1, dtype=dtype) if lower else np.tri(n, k=-1, dtype=dtype).T
        right = inside * side * (1 - block)
        x_part = turned(solve_p.bind(d, turned(right), transpose=True))  # of X D = right
        change = rows(matmul(factor, x_part), as_array(order).argsort(-1))
        d_change = inside * block
        return [lu, d, order], [change, (d_change + flip(d_change)) / 2, None]


ldl_p = _LDL(
    "ldl",
    samples=lambda: [
        ((a,), {"lower": lower, "hermitian": hermitian})
        for a, lower, hermitian in (
            (sample_real(3, 3), True, True),
            (sample_real(4, 4) - 2 * np.eye(4)[::-1], False, True),
            (sample_real(2, 3, 3), True, False),
            (sample_complex(3, 3), True, True),
            (sample_complex(3, 3), False, False),
        )
    ],
    reasons=NOT_LINEAR,
)

__all__ = ["ldl_p", "mirrored"]
