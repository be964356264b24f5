"""The factorisations LU, Schur and Hessenberg, which make a matrix (nearly) triangular, and their derivatives.

Sources: De Hoog, Anderssen & Lukas (2011), "Differentiation of matrix functionals using triangular factorization" (LU);
Golub & Van Loan (2013), section 7.6 (the triangular equations of a Schur form), and 7.4.1 (the blocks of the real one).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Primitive, Value, dtype_of, ndim_of, shape_of
from ..errors import NotDifferentiableError, NotLinearError
from ..lowering import Composition, kernels
from ..vocabulary import BatchedResults, Params, Pushed, Results
from .above import control_flow
from .contraction import matmul
from .decompositions import svdvals_p
from .elementwise import convert, imag, not_equal, stop_gradient_p, where
from .indexing import getitem, take_along_axis
from .linalg import (
    NOT_LINEAR,
    OfMatrix,
    adjoint,
    complex_dtype,
    lower_solve,
    require_square,
    sample_complex,
    sample_real,
    samples_of,
    solve_p,
    triangular_solve_p,
    turned,
)
from .matrix_functions import each
from .promotion import result_dtype
from .scatters import scatter_set_p
from .shape import broadcast_to, concatenate, expand_dims, in_front, stack

ndarray = np.ndarray


# --- LU ---------------------------------------------------------------------------------------------------------


def _permutation(pivots: ndarray, m: int) -> ndarray:
    """The order of rows that exchanging row i and row ``pivots[i]``, for each i in turn, leads to."""
    out = np.empty((*pivots.shape[:-1], m), np.int32)
    for index in np.ndindex(*pivots.shape[:-1]):
        order = list(range(m))  # numbers of Python: a tenth of the time that single elements of arrays take
        for i, other in enumerate(pivots[index].tolist()):
            order[i], order[other] = order[other], order[i]
        out[index] = order
    return out


def _exchanged(pivots: Value, *, rows: int) -> Value:
    """The same in terms of other operations: a loop of exchanges, for one row of pivots."""

    def exchange(i: Value, order: Value) -> Value:
        j = getitem(pivots, i)
        return scatter_set_p.bind(order, getitem(order, stack([j, i])), stack([i, j]), axes=(0,))

    order = np.arange(rows, dtype=np.int32)
    return control_flow().fori_loop(np.int32(0), np.int32(shape_of(pivots)[0]), exchange, order)


class _Pivots(Primitive):
    """The permutation of rows that LAPACK's pivots stand for."""

    def impl(self, pivots: Value, *, rows: int) -> Value:
        return _permutation(np.asarray(pivots), rows)

    def abstract(self, pivots: Aval, *, rows: int) -> Aval:
        return Aval((*pivots.shape[:-1], rows), np.int32)

    def expansion(self, inputs: Sequence[Any], params: Params) -> Any:
        aval = inputs[0].aval
        one_row = len(aval.shape) == 1 and aval.dtype == np.int32 and aval.shape[0]
        return Composition(_exchanged).expansion(inputs, params) if one_row else None

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(*primals, **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*args, **params), True


permutation_p = _Pivots(
    "permutation_of_pivots",
    samples=lambda: [
        ((np.array([2, 2, 2], np.int32),), {"rows": 3}),
        ((np.array([[1, 3], [0, 1]], np.int32),), {"rows": 4}),
    ],
    reasons={"transpose": "indices have no tangent"},
)


class _LU(OfMatrix):
    """Both factors in one matrix (`L` below the diagonal, with ones on it, `U` above), the pivots, the permutation.

    ``x[permutation] = L U``. The derivative holds the permutation fixed: where two elements compete for a pivot, it is
    that of the choice made.
    """

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        from scipy.linalg import lapack

        *lead, m, n = x.shape
        k = min(m, n)
        factors, pivots = np.empty(x.shape, x.dtype), np.empty((*lead, k), np.int32)
        (getrf,) = lapack.get_lapack_funcs(("getrf",), (x,))
        for index in np.ndindex(*lead):
            if k == 0:
                continue
            factors[index], pivots[index], _ = getrf(x[index])  # a zero pivot (info > 0) leaves valid factors
        return [factors, pivots, _permutation(pivots, m)]

    def abstract(self, x: Aval) -> list[Aval]:
        *lead, m, n = x.shape
        return [x, Aval((*lead, min(m, n)), np.int32), Aval((*lead, m), np.int32)]

    def tangent(self, x: Value, t: Value) -> Any:
        factors, pivots, order = self.bind(x)
        *lead, m, n = shape_of(x)
        k, dtype = min(m, n), dtype_of(x)
        t = take_along_axis(t, broadcast_to(expand_dims(order, -1), (*lead, m, n)), ndim_of(x) - 2)
        strict, eye = np.tri(k, k=-1, dtype=dtype), np.eye(k, dtype=dtype)
        corner = getitem(factors, (Ellipsis, slice(0, k), slice(0, k)))
        lower, upper = corner * strict + eye, corner * strict.T + corner * eye

        def right_divided(y: Value) -> Value:  # y U^-1
            return turned(triangular_solve_p.bind(upper, turned(y), lower=False, transpose=True, unit=False))

        # L^-1 dA U^-1 = L^-1 dL + dU U^-1, the first strictly lower, the second upper triangular.
        inside = right_divided(lower_solve(lower, getitem(t, (Ellipsis, slice(0, k), slice(0, k)))))
        dl, du = matmul(lower, inside * strict), matmul(inside * (strict.T + eye), upper)
        change = dl + du
        if m > n:  # L2 U = A2
            low = getitem(factors, (Ellipsis, slice(k, m), slice(None)))
            rest = right_divided(getitem(t, (Ellipsis, slice(k, m), slice(None))) - matmul(low, du))
            change = concatenate([change, rest], ndim_of(x) - 2)
        elif n > m:  # L U2 = A2
            far = getitem(factors, (Ellipsis, slice(None), slice(k, n)))
            rest = lower_solve(lower, getitem(t, (Ellipsis, slice(None), slice(k, n))) - matmul(dl, far))
            change = concatenate([change, rest], ndim_of(x) - 1)
        return [factors, pivots, order], [change, None, None]


lu_p = _LU(
    "lu",
    samples=samples_of(
        lambda: [sample_real(3, 3), sample_real(4, 2), sample_real(2, 4), sample_real(2, 3, 3), sample_complex(3, 3)]
    ),
    reasons=NOT_LINEAR,
    native=kernels.Factorisation("lu_factors", counts=True),
)


# --- Schur ------------------------------------------------------------------------------------------------------


class _TriangularSylvester(Primitive):
    """The strictly lower `Y` for which ``T Y - Y T`` agrees with `G` below the diagonal, `T` upper triangular.

    Linear in `G`. The equation of one element holds elements that are further from the diagonal, so they are found from
    the corner inwards; of the transposed equations the other way round. An eigenvalue that occurs twice, to rounding, gives NaN.
    """

    mixes = 2

    def impl(self, t: Value, g: Value, *, transpose: bool) -> Value:
        n = g.shape[-1]
        y = np.zeros(g.shape, np.result_type(t, g))
        values = np.diagonal(t, axis1=-2, axis2=-1)
        rounding = n * np.finfo(t.dtype).eps * np.abs(t).max((-2, -1), initial=0)
        for distance in range(1, n) if transpose else range(n - 1, 0, -1):
            for j in range(n - distance):
                i = j + distance
                value = g[..., i, j]
                if transpose:
                    k = slice(j + 1, i)
                    value = value - (t[..., k, i] * y[..., k, j]).sum(-1) + (y[..., i, k] * t[..., j, k]).sum(-1)
                else:
                    value = value - (t[..., i, i + 1 :] * y[..., i + 1 :, j]).sum(-1)
                    value = value + (y[..., i, :j] * t[..., :j, j]).sum(-1)
                gap = values[..., i] - values[..., j]
                y[..., i, j] = value / np.where(np.abs(gap) <= rounding, np.nan, gap)  # not one digit of it is known
        return y

    def abstract(self, t: Aval, g: Aval, *, transpose: bool) -> Aval:
        return Aval(g.shape, result_dtype(t, g))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (t, _), (dt, dg) = primals, tangents
        y, right = self.bind(*primals, **params), dg
        if dt is not None:
            dt = dt * np.tri(shape_of(t)[-1], dtype=dtype_of(t)).T
            turn = turned(dt) if params["transpose"] else dt
            part = matmul(turn, y) - matmul(y, turn)
            right = -part if right is None else right - part
        return y, None if right is None else self.bind(t, right, **params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        t, g = args
        if isinstance(t, LinearTracer):
            raise NotLinearError("the equations of a Schur form are linear in the right side only")
        return None, convert(self.bind(t, cotangent, transpose=not params["transpose"]), g.dtype)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched), **params), True


def _triangle() -> ndarray:
    return np.triu(sample_real(3, 3)) + np.diag([1.0, 3.0, 6.0])


triangular_sylvester_p = _TriangularSylvester(
    "triangular_sylvester",
    samples=lambda: [
        ((_triangle(), sample_real(3, 3, seed=5)), {"transpose": False}),
        ((_triangle(), sample_real(3, 3, seed=5)), {"transpose": True}),
        ((np.stack([_triangle()] * 2), sample_real(2, 3, 3, seed=5)), {"transpose": False}),
    ],
)


def _turn_of_real_form(upper: Value, inside: Value) -> Value:
    """The skew `S` for which ``inside + T S - S T`` keeps a real Schur form: linear in `inside`.

    Below the diagonal nothing may change but inside blocks of two, and there the two diagonal elements, which LAPACK
    makes equal, have to change alike. That is an equation for each element of `S` below the diagonal.
    """
    n = shape_of(upper)[-1]
    i, j = np.tril_indices(n, -1)  # of the unknowns, and of the equations
    if not len(i):
        return inside * 0
    eye = np.eye(n, dtype=dtype_of(upper))

    def elements(x: Value, rows: Any, columns: Any) -> Value:
        return getitem(x, (Ellipsis, rows, columns))

    def change(rows: Any, columns: Any) -> Value:
        """What each unknown adds to elements of ``T S - S T``: ``(..., equations, unknowns)``."""
        a, b = rows[:, None], columns[:, None]
        left = elements(upper, a, i) * eye[b, j] - elements(upper, a, j) * eye[b, i]
        return left - eye[a, i] * elements(upper, j, b) + eye[a, j] * elements(upper, i, b)

    block = (i == j + 1) & not_equal(elements(upper, i, j), 0)
    matrix = where(expand_dims(block, -1), change(i, i) - change(j, j), change(i, j))
    # Which equations hold depends on values, so that the right side is a product with zeros and ones.
    block = convert(block, dtype_of(upper))
    right = block * (elements(inside, i, i) - elements(inside, j, j)) + (1 - block) * elements(inside, i, j)
    # where they do not determine the turn to a digit, it is not known
    sizes = svdvals_p.bind(stop_gradient_p.bind(matrix))
    least, largest = getitem(sizes, (Ellipsis, slice(-1, None))), getitem(sizes, (Ellipsis, slice(0, 1)))
    lost = least <= float(n * np.finfo(dtype_of(sizes)).eps) * largest
    right = right * where(lost, dtype_of(sizes).type(np.nan), dtype_of(sizes).type(1))
    try:
        unknowns = solve_p.bind(matrix, expand_dims(-right, -1), transpose=False)
    except np.linalg.LinAlgError:
        raise NotDifferentiableError(
            "schur with output='real' has no derivative where eigenvalues are equal, or where a pair of them has a block "
            "that is a multiple of a turn, so that its basis is not determined; output='complex' needs eigenvalues that "
            "differ, no more"
        ) from None
    places = np.zeros((n, n), np.intp)
    places[i, j] = np.arange(len(i))
    below = getitem(unknowns, (Ellipsis, places, 0)) * np.tri(n, k=-1, dtype=dtype_of(upper))
    return below - turned(below)


class _Schur(OfMatrix):
    """``T, Z`` with ``A = Z T Z'``; complex: `T` upper triangular, real: with blocks of two for pairs of eigenvalues.

    The columns of `Z` have a phase that is LAPACK's choice. The derivative is the one that leaves it alone, and right for
    all that does not depend on it. It exists where eigenvalues differ, and for the real form where no block is that of a
    turn, whose basis is not determined.
    """

    multiple_results = True

    def impl(self, x: Value, *, output: str) -> list[Value]:
        import scipy.linalg

        dtype = complex_dtype(x.dtype) if output == "complex" else x.dtype
        n = x.shape[-1]
        if x.size == 0:
            return [np.zeros(x.shape, dtype)] * 2
        both = each(
            lambda m: np.concatenate(scipy.linalg.schur(m, output)[:2], -1), x, shape=(n, 2 * n), dtype=np.dtype(dtype)
        )
        return [np.ascontiguousarray(both[..., :n]), np.ascontiguousarray(both[..., n:])]

    def abstract(self, x: Aval, *, output: str) -> list[Aval]:
        require_square(x, "schur")
        return [Aval(x.shape, complex_dtype(x.dtype) if output == "complex" else x.dtype)] * 2

    def tangent(self, x: Value, t: Value, *, output: str) -> Any:
        # With dZ = Z (Y - Y'), Y strictly lower, dT = Z' dA Z + T (Y - Y') - (Y - Y') T has to be upper triangular.
        upper, z = self.bind(x, output=output)
        if dtype_of(z).kind == "f":
            inside = matmul(turned(z), matmul(t, z))
            skew = _turn_of_real_form(upper, inside)
            change = inside + matmul(upper, skew) - matmul(skew, upper)
            n = shape_of(x)[-1]
            kept = np.tri(n, dtype=dtype_of(z)).T + convert(not_equal(upper, 0), dtype_of(z)) * np.tri(n, k=-1)
            return [upper, z], [change * kept, matmul(z, skew)]
        inside = matmul(adjoint(z), matmul(convert(t, dtype_of(z)), z))
        y = triangular_sylvester_p.bind(upper, -inside, transpose=False)
        skew = y - adjoint(y)
        change = inside + matmul(upper, skew) - matmul(skew, upper)
        above = np.tri(shape_of(x)[-1], dtype=dtype_of(z)).T
        return [upper, z], [change * above, matmul(z, skew)]


_GAUGE = {
    "jvp": "the phases of the columns are LAPACK's choice; tests/test_scipy_linalg.py has what does not depend on it"
}
schur_p = _Schur(
    "schur",
    samples=lambda: [
        ((sample_real(3, 3),), {"output": "complex"}),
        ((sample_real(2, 3, 3),), {"output": "real"}),
    ],
    reasons={**NOT_LINEAR, **_GAUGE},
)


# --- Hessenberg -------------------------------------------------------------------------------------------------


class _Hessenberg(OfMatrix):
    """``H, Q`` with ``A = Q H Q'``, `H` zero below the first subdiagonal, the first column of `Q` that of the identity.

    With ``dQ = Q S``, `S` skew, ``dH = Q' dA Q + H S - S H`` has zeros there too: column j of that is an equation for
    column j + 1 of `S`. The derivative exists where no element of the subdiagonal is zero.
    """

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        import scipy.linalg

        n = x.shape[-1]
        if n < 3 or x.size == 0:  # is one already
            return [x, np.broadcast_to(np.eye(n, dtype=x.dtype), x.shape).copy()]
        both = each(
            lambda m: np.concatenate(scipy.linalg.hessenberg(m, calc_q=True), -1), x, shape=(n, 2 * n), dtype=x.dtype
        )
        return [np.ascontiguousarray(both[..., :n]), np.ascontiguousarray(both[..., n:])]

    def abstract(self, x: Aval) -> list[Aval]:
        require_square(x, "hessenberg")
        return [x, x]

    def tangent(self, x: Value, t: Value) -> Any:
        h, q = self.bind(x)
        n = shape_of(x)[-1]
        if n < 3:
            return [h, q], [t, None]
        inside = matmul(adjoint(q), matmul(t, q))
        is_complex = dtype_of(x).kind == "c"
        zero = getitem(inside, (Ellipsis, slice(None), slice(0, 1))) * 0
        columns = [zero]
        for j in range(n - 1):
            known = concatenate(columns, ndim_of(x) - 1)  # columns 0 to j of S
            right = getitem(inside, (Ellipsis, slice(None), slice(j, j + 1))) + matmul(h, columns[j])
            right = right - matmul(known, getitem(h, (Ellipsis, slice(0, j + 1), slice(j, j + 1))))
            below = right / getitem(h, (Ellipsis, slice(j + 1, j + 2), slice(j, j + 1)))
            above = -adjoint(getitem(known, (Ellipsis, slice(j + 1, j + 2), slice(None))))
            # On the diagonal, of complex matrices: what keeps the subdiagonal real, as LAPACK makes it.
            middle = getitem(below, (Ellipsis, slice(j + 1, j + 2), slice(None)))
            middle = convert(imag(middle), dtype_of(x)) * dtype_of(x).type(1j) if is_complex else middle * 0
            rest = getitem(below, (Ellipsis, slice(j + 2, n), slice(None)))
            columns.append(concatenate([above, middle, rest], ndim_of(x) - 2))
        skew = concatenate(columns, ndim_of(x) - 1)
        change = inside + matmul(h, skew) - matmul(skew, h)
        return [h, q], [change * np.tri(n, k=1, dtype=dtype_of(x)).T, matmul(q, skew)]


hessenberg_p = _Hessenberg(
    "hessenberg",
    samples=samples_of(
        lambda: [sample_real(3, 3), sample_real(2, 4, 4), sample_complex(4, 4), sample_real(2, 2), np.zeros((0, 0))]
    ),
    reasons=NOT_LINEAR,
)

__all__ = ["hessenberg_p", "lu_p", "permutation_p", "schur_p", "triangular_sylvester_p"]
