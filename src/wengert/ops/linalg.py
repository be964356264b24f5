"""Linear algebra of stacks of matrices: solves, inverses and determinants as primitives, and their derivatives.

Matrices stand in the last two axes, all axes before them are a stack. Factorisations: `decompositions` and
`triangular_factors`. Source: Giles (2008), "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation".
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Primitive, Value, dtype_of, ndim_of, shape_of
from ..errors import MatrixError, NotLinearError
from ..lowering.kernels import SINGULAR, Factorisation
from ..vocabulary import BatchedResults, Params, Pushed, Results, Tape
from .contraction import matmul
from .elementwise import conj, convert, imag, real, where
from .indexing import getitem
from .promotion import result_dtype
from .shape import broadcast_to, expand_dims, fit, moveaxis, reduce_sum, reshape, reverse_p, transpose

ndarray = np.ndarray


# --- small things -----------------------------------------------------------------------------------------------


def turned(x: Value) -> Value:
    """The transpose of each matrix."""
    n = ndim_of(x)
    return transpose(x, (*range(n - 2), n - 1, n - 2))


def adjoint(x: Value) -> Value:
    """The conjugate transpose of each matrix."""
    return conj(turned(x))


def of_triangle(x: Value, lower: bool = True) -> Value:
    """The Hermitian matrices of which one triangle is that of `x`; the other one is not read."""
    n, dtype = shape_of(x)[-1], dtype_of(x)
    half = np.tri(n, dtype=bool)
    whole = where(half if lower else half.T, x, adjoint(x))
    if dtype.kind != "c":
        return whole
    return where(np.eye(n, dtype=bool), convert(real(whole), dtype), whole)


def as_rows(v: Value) -> Value:
    """A vector (of each stack) as a row."""
    return expand_dims(v, -2)


def as_columns(v: Value) -> Value:
    """A vector (of each stack) as a column."""
    return expand_dims(v, -1)


def real_dtype(dtype: np.dtype) -> np.dtype:
    return np.finfo(dtype).dtype if dtype.kind in "fc" else dtype  # bfloat16 is its own


def complex_dtype(dtype: np.dtype) -> np.dtype:
    return np.result_type(dtype, np.complex64)


def sample_real(*shape: int, seed: int = 61) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def sample_complex(*shape: int) -> ndarray:
    return sample_real(*shape) + 1j * sample_real(*shape, seed=62)


def samples_of(arrays: Callable[[], Sequence[ndarray]], **params: Any) -> Callable[[], list[Any]]:
    return lambda: [((a,), dict(params)) for a in arrays()]


def require_square(x: Aval | Any, name: str) -> None:
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise MatrixError(f"{name} needs square matrices in the last two axes, got shape {x.shape}")


class OfMatrix(Primitive):
    """A function of one stack of matrices: under vmap the stack has one more axis."""

    mixes = 2

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        out = self.bind(args[0], **params)
        return (out, [True] * len(out)) if self.multiple_results else (out, True)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,) = primals, tangents
        if t is None:
            out = self.bind(x, **params)
            return out, ([None] * len(out) if self.multiple_results else None)
        return self.tangent(x, t, **params)

    def tangent(self, x: Value, t: Value, **params: Any) -> Any:
        """The result and its tangent."""
        raise NotImplementedError


NOT_LINEAR = {"transpose": "not linear"}


# --- solving ----------------------------------------------------------------------------------------------------


class Solve(Primitive):
    """``X`` in ``op(A) X = B``, `op` the transpose or nothing: linear in `B`."""

    mixes = 2

    def abstract(self, a: Aval, b: Aval, **params: Any) -> Aval:
        return Aval(b.shape, result_dtype(a, b))

    def product(self, t: Value, x: Value, *, transpose: bool, **params: Any) -> Value:
        """``op(T) X`` of a tangent of the matrix."""
        return matmul(turned(t) if transpose else t, x)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        # Giles 2.2.3: dX = A^-1 (dB - dA X)
        (a, b), (ta, tb) = primals, tangents
        x = self.bind(a, b, **params)
        rhs = tb
        if ta is not None:
            rhs = -self.product(ta, x, **params)
            rhs = rhs if tb is None else tb + rhs
        return x, None if rhs is None else self.bind(a, rhs, **params)

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        if tape.owns(args[0]):
            raise NotLinearError(f"{self.name} is not linear in the matrix")
        return super().record(tape, args, params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        a, b = args
        if type(a) is LinearTracer and type(b) is LinearTracer and a._trace is b._trace:
            raise NotLinearError(f"{self.name} is not linear in the matrix")
        g = self.bind(a, cotangent, **{**params, "transpose": not params["transpose"]})
        return (None, fit(g, b.shape, b.dtype))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        (a, b), (batched_a, batched_b) = args, batched
        if not batched_a:  # one matrix, more columns: it is factorised once
            *_, n, m = shape_of(b)
            columns = moveaxis(b, 0, -2)
            lead = shape_of(columns)[:-3]
            x = self.bind(a, reshape(columns, (*lead, n, size * m)), **params)
            return moveaxis(reshape(x, (*lead, n, size, m)), -2, 0), True
        b = b if batched_b else broadcast_to(b, (size, *shape_of(b)))
        return self.bind(a, b, **params), True


class Singular(threading.local):
    """What systems with a singular matrix have: an error, or the infinite and NaN numbers of a division by its pivots."""

    infinite = False


_singular = Singular()


@contextmanager
def infinite_solutions() -> Iterator[None]:
    """A context in which systems with a singular matrix have infinite and NaN solutions, as XLA gives them."""
    before, _singular.infinite = _singular.infinite, True
    try:
        yield
    finally:
        _singular.infinite = before


def _solved(a: ndarray, b: ndarray) -> ndarray:
    """``X`` in ``A X = B``."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if not _singular.infinite:
            raise
    from scipy.linalg import get_lapack_funcs

    out = np.empty(b.shape, np.result_type(a, b))
    for index in np.ndindex(*a.shape[:-2]):
        (getrf,) = get_lapack_funcs(("getrf",), (a[index],))
        lu, pivots, _ = getrf(a[index])
        rows = b[index].astype(out.dtype)
        for i, p in enumerate(pivots):
            rows[[i, p]] = rows[[p, i]]
        rows = _triangular_one(lu, rows, True, False, True)
        out[index] = _triangular_one(lu, rows, False, False, False)
    return out


class _GeneralSolve(Solve):
    def impl(self, a: Value, b: Value, *, transpose: bool) -> Value:
        return _solved(np.swapaxes(a, -1, -2) if transpose else a, b)


solve_p = _GeneralSolve(
    "solve",
    samples=lambda: [
        ((sample_real(3, 3), sample_real(3, 2, seed=5)), {"transpose": False}),
        ((sample_real(3, 3), sample_real(3, 1, seed=5)), {"transpose": True}),
        ((sample_real(2, 3, 3), sample_real(2, 3, 2, seed=5)), {"transpose": False}),
        ((sample_complex(2, 2), sample_complex(2, 1)), {"transpose": False}),
        ((sample_real(0, 0), sample_real(0, 2)), {"transpose": False}),
    ],
    native=Factorisation("solve", "solve", SINGULAR, shares=True),
)


def _substitute(a: ndarray, b: ndarray, lower: bool, unit: bool) -> ndarray:
    """Solve many small triangular systems at once, a row of all of them at a time."""
    n = a.shape[-1]
    x = np.empty(b.shape, np.result_type(a, b))
    for i in range(n) if lower else range(n - 1, -1, -1):
        known = slice(0, i) if lower else slice(i + 1, n)
        row = b[..., i, :] - np.matmul(a[..., i : i + 1, known], x[..., known, :])[..., 0, :]
        x[..., i, :] = row if unit else row / a[..., i, i, None]
    return x


def _triangular_one(a: ndarray, b: ndarray, lower: bool, flipped: bool, unit: bool) -> ndarray:
    from scipy.linalg import blas

    dtype = np.result_type(a, b)
    trsm = getattr(blas, {"f": "strsm", "d": "dtrsm", "F": "ctrsm", "D": "ztrsm"}[dtype.char])
    # BLAS reads columns: a C-ordered matrix is handed over as its transpose, which is free.
    if not a.flags.f_contiguous:
        a, lower, flipped = a.T, not lower, not flipped
    return np.ascontiguousarray(trsm(1.0, a, b, lower=lower, trans_a=int(flipped), diag=int(unit)))


class _TriangularSolve(Solve):
    """A solve that reads one triangle of the matrix (and with `unit` takes its diagonal for ones)."""

    def impl(self, a: Value, b: Value, *, lower: bool, transpose: bool, unit: bool) -> Value:
        a, b = np.asarray(a), np.asarray(b)
        lead = a.shape[:-2]
        if b.size == 0:
            return np.zeros(b.shape, np.result_type(a, b))
        if not lead:
            return _triangular_one(a, b, lower, transpose, unit)
        if math.prod(lead) > a.shape[-1]:
            flipped = np.swapaxes(a, -1, -2) if transpose else a
            return _substitute(flipped, b, lower != transpose, unit)
        out = np.empty(b.shape, np.result_type(a, b))
        for index in np.ndindex(*lead):
            out[index] = _triangular_one(a[index], b[index], lower, transpose, unit)
        return out

    def product(self, t: Value, x: Value, *, transpose: bool, lower: bool, unit: bool, **_: Any) -> Value:
        mask = np.tri(shape_of(t)[-1], k=-int(unit), dtype=dtype_of(t))
        return super().product(t * (mask if lower else mask.T), x, transpose=transpose)


def _triangular_samples() -> list[Any]:
    a = sample_real(3, 3) + 3 * np.eye(3)
    stack = sample_real(5, 3, 3) + 3 * np.eye(3)
    b = sample_real(3, 2, seed=5)
    return [
        ((a, b), {"lower": True, "transpose": False, "unit": False}),
        ((a, b), {"lower": False, "transpose": True, "unit": False}),
        ((a, b), {"lower": True, "transpose": True, "unit": True}),
        ((stack, sample_real(5, 3, 1, seed=7)), {"lower": False, "transpose": False, "unit": False}),
        ((stack[:2], sample_real(2, 3, 1, seed=7)), {"lower": True, "transpose": True, "unit": False}),
        (
            (sample_complex(2, 2) + 2 * np.eye(2), sample_complex(2, 1)),
            {"lower": True, "transpose": False, "unit": False},
        ),
    ]


triangular_solve_p = _TriangularSolve(
    "triangular_solve", samples=_triangular_samples, native=Factorisation("triangular_solve", "triangular_solve")
)


def lower_solve(a: Value, b: Value) -> Value:
    """``X`` in ``A X = B``, `A` lower triangular."""
    return triangular_solve_p.bind(a, b, lower=True, transpose=False, unit=False)


# --- inverse and determinant ------------------------------------------------------------------------------------


class _Inverse(OfMatrix):
    def impl(self, x: Value) -> Value:
        try:
            return np.linalg.inv(x)
        except np.linalg.LinAlgError:
            if not _singular.infinite:
                raise
            return _solved(x, np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape))

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "inv")
        return Aval(x.shape, x.dtype)

    def tangent(self, x: Value, t: Value) -> Any:  # Giles 2.2.3
        y = self.bind(x)
        return y, -matmul(matmul(y, t), y)


inv_p = _Inverse(
    "inv",
    samples=samples_of(lambda: [sample_real(3, 3), sample_real(2, 2, 2), sample_complex(2, 2)]),
    reasons=NOT_LINEAR,
    native=Factorisation("inverse", "inverse", SINGULAR, shares=True),
)


class _Cofactor(OfMatrix):
    """The matrix of cofactors, the derivative of the determinant: exact for singular matrices too.

    With ``A = U S V'``: ``cof(A) = det(U) det(V') conj(U) cof(S) conj(V')``.
    """

    def impl(self, x: Value) -> Value:
        u, s, vh = np.linalg.svd(x)
        before = np.cumprod(s, -1)
        after = np.cumprod(s[..., ::-1], -1)[..., ::-1]
        others = np.ones_like(s)
        others[..., 1:] *= before[..., :-1]
        others[..., :-1] *= after[..., 1:]
        sign = np.linalg.det(u) * np.linalg.det(vh)
        return np.matmul(np.conj(u) * (others * sign[..., None])[..., None, :], np.conj(vh))

    def abstract(self, x: Aval) -> Aval:
        return Aval(x.shape, x.dtype)

    def tangent(self, x: Value, t: Value) -> Any:
        # From cof(A) = det(A) A^-T: d cof = <cof, t> A^-T - A^-T t' cof; np.linalg.inv raises where A is singular.
        c = self.bind(x)
        y = turned(inv_p.bind(x))
        change = reduce_sum(c * t, (ndim_of(x) - 2, ndim_of(x) - 1))
        return c, as_columns(as_columns(change)) * y - matmul(matmul(y, turned(t)), c)


cofactor_p = _Cofactor(
    "cofactor", samples=samples_of(lambda: [sample_real(4, 4), sample_real(2, 4, 4)]), reasons=NOT_LINEAR
)
_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])


def cofactor(x: Value) -> Value:
    """The matrix of cofactors; a polynomial, with all its derivatives, up to three rows."""
    n = shape_of(x)[-1]
    if n == 0:
        return x
    if n == 1:
        return np.ones(shape_of(x), dtype_of(x))
    if n == 2:
        rank = ndim_of(x)
        return reverse_p.bind(x, axes=(rank - 2, rank - 1)) * np.array([[1, -1], [-1, 1]], dtype_of(x))
    if n == 3:
        below, above = (getitem(x, (Ellipsis, rows, slice(None))) for rows in (_NEXT, _LAST))
        return getitem(below, (Ellipsis, _NEXT)) * getitem(above, (Ellipsis, _LAST)) - getitem(
            below, (Ellipsis, _LAST)
        ) * getitem(above, (Ellipsis, _NEXT))
    return cofactor_p.bind(x)


class _Determinant(OfMatrix):
    def impl(self, x: Value) -> Value:
        return np.linalg.det(x)

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "det")
        return Aval(x.shape[:-2], x.dtype)

    def tangent(self, x: Value, t: Value) -> Any:  # Jacobi's formula
        return self.bind(x), reduce_sum(cofactor(x) * t, (ndim_of(x) - 2, ndim_of(x) - 1))


det_p = _Determinant(
    "det",
    samples=samples_of(
        lambda: [
            sample_real(1, 1),
            sample_real(2, 2),
            sample_real(2, 3, 3),
            np.diag([1.0, 2.0, 0.0]),
            sample_real(4, 4),
            sample_complex(3, 3),
        ]
    ),
    reasons=NOT_LINEAR,
    native=Factorisation("determinant", "determinants", shares=True, logarithm=False),
)


class _SignedLogDet(OfMatrix):
    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        return list(np.linalg.slogdet(x))

    def abstract(self, x: Aval) -> list[Aval]:
        require_square(x, "slogdet")
        return [Aval(x.shape[:-2], x.dtype), Aval(x.shape[:-2], real_dtype(x.dtype))]

    def tangent(self, x: Value, t: Value) -> Any:  # Giles 2.2.4: d log det = tr(A^-1 dA)
        sign, logdet = self.bind(x)
        trace = reduce_sum(turned(inv_p.bind(x)) * t, (ndim_of(x) - 2, ndim_of(x) - 1))
        if dtype_of(x).kind != "c":
            return [sign, logdet], [None, trace]
        return [sign, logdet], [sign * (convert(imag(trace), dtype_of(x)) * dtype_of(x).type(1j)), real(trace)]


slogdet_p = _SignedLogDet(
    "slogdet",
    samples=samples_of(lambda: [sample_real(3, 3), sample_real(2, 2, 2), sample_complex(2, 2)]),
    reasons=NOT_LINEAR,
    native=Factorisation("determinant", "determinants", shares=True, logarithm=True),
)
