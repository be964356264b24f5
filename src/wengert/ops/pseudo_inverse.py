"""The Moore-Penrose inverse and its derivative.

Source: Golub & Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
separate".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, dtype_of, shape_of
from ..lowering import Composition
from ..vocabulary import Params
from .contraction import matmul
from .decompositions import svd_p
from .elementwise import convert, where
from .linalg import NOT_LINEAR, OfMatrix, adjoint, sample_complex, sample_real, samples_of
from .reduction import max_p
from .shape import reshape


class _PseudoInverse(OfMatrix):
    """The Moore-Penrose inverse; its rule holds where the rank does not change."""

    def impl(self, x: Value, *, rtol: float | None) -> Value:
        return np.linalg.pinv(x, rtol=rtol)  # type: ignore[arg-type]  # the stubs lack None

    def abstract(self, x: Aval, *, rtol: float | None) -> Aval:
        return Aval((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)

    def expansion(self, inputs: Sequence[Any], params: Params) -> Any:
        aval = inputs[0].aval
        known = aval.dtype.kind in "fc" and aval.dtype.itemsize >= 4 and 0 not in aval.shape
        return Composition(_by_singular_values).expansion(inputs, params) if known else None

    def tangent(self, x: Value, t: Value, *, rtol: float | None) -> Any:  # Golub & Pereyra (1973), eq. 4.12
        p, tall = self.bind(x, rtol=rtol), shape_of(x)[-2] > shape_of(x)[-1]

        def product(a: Value, b: Value, c: Value) -> Value:
            """Of ``(n, m)``, ``(m, n)`` and ``(n, m)``, without a matrix of the longer side squared."""
            return matmul(matmul(a, b), c) if tall else matmul(a, matmul(b, c))

        ph, th = adjoint(p), adjoint(t)
        rows, columns = product(p, ph, th), product(th, ph, p)  # both count where the rank is not full
        rows, columns = rows - product(rows, x, p), columns - product(p, x, columns)
        return p, rows + columns - product(p, t, p)


def _by_singular_values(x: Value, *, rtol: float | None) -> Value:
    """The pseudo-inverse as NumPy computes it, in terms of other operations."""
    u, s, vh = svd_p.bind(x, full_matrices=False)
    if rtol is None:
        rtol = max(shape_of(x)[-2:]) * float(np.finfo(dtype_of(s)).eps)
    most = max_p.bind(s, axes=(len(shape_of(s)) - 1,))
    large = s > reshape(most, (*shape_of(most), 1)) * rtol
    inverse = where(large, 1 / where(large, s, 1), 0)
    inverse = convert(reshape(inverse, (*shape_of(inverse), 1)), dtype_of(x))
    return matmul(adjoint(vh), inverse * adjoint(u))


pinv_p = _PseudoInverse(
    "pinv",
    samples=samples_of(
        lambda: [sample_real(3, 2), sample_real(2, 3), sample_real(2, 3, 3), sample_complex(3, 2)], rtol=None
    ),
    reasons=NOT_LINEAR,
)

__all__ = ["pinv_p"]
