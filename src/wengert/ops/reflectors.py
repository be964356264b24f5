"""Householder reflectors: products of them, and the reductions whose results LAPACK keeps as reflectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, dtype_of, ndim_of, shape_of
from ..lowering import kernels
from ..vocabulary import Params, Pushed
from . import reduction as red
from .contraction import matmul
from .elementwise import absolute, conj, convert, sqrt, stop_gradient_p, where
from .indexing import getitem
from .linalg import (
    NOT_LINEAR,
    OfMatrix,
    adjoint,
    complex_dtype,
    real_dtype,
    require_square,
    sample_complex,
    sample_real,
    samples_of,
    solve_p,
    triangular_solve_p,
)
from .shape import broadcast_to, expand_dims, sum_p

ndarray = np.ndarray
_NO_RULE = {"jvp": "the packed form has no tangent rule, as in JAX; hessenberg, qr and eigh have"}


def reflect(a: Value, taus: Value, c: Value, transpose: bool = False) -> Value:
    """``Q C`` or ``Q^H C`` for the product Q of the reflectors ``I - tau v v^H`` that stand below the diagonal of `a`.

    With the vectors in the columns of V and the factors in a diagonal matrix D, ``Q = I - V D (I + U D)^-1 V^H``, U the strict
    upper triangle of ``V^H V`` (the compact WY form: Schreiber & Van Loan 1989, SIAM Journal on Scientific and Statistical
    Computing 10, with the inverse of its triangular factor as in Joffrain et al. 2006).

    Args:
        a: ``(..., m, n)``, the vectors of reflectors in columns, below ones on the diagonal.
        taus: ``(..., k)``, their factors.
        c: ``(..., m, p)``.
        transpose: whether the adjoint of Q is meant.
    """
    m, k, kind = shape_of(a)[-2], shape_of(taus)[-1], dtype_of(a).type
    if not k:
        return c + kind(0)
    below = np.arange(m)[:, None] > np.arange(k)
    v = where(below, getitem(a, (Ellipsis, slice(0, k))), np.eye(m, k, dtype=kind))
    products = matmul(adjoint(v), v)
    above = where(np.arange(k)[:, None] < np.arange(k), products * expand_dims(taus, -2), kind(0))
    inner = matmul(adjoint(v), c)
    batch = np.broadcast_shapes(shape_of(above)[:-2], shape_of(inner)[:-2])
    above = broadcast_to(above, (*batch, k, k))
    inner = broadcast_to(inner, (*batch, *shape_of(inner)[-2:]))
    weights = expand_dims(taus, -1)
    options = {"lower": False, "unit": True}
    if transpose:  # the adjoint of (I + U D)^-1 is that of the conjugate, transposed
        inner = triangular_solve_p.bind(conj(above), conj(weights) * inner, transpose=True, **options)
    else:
        inner = weights * triangular_solve_p.bind(above, inner, transpose=False, **options)
    return c - matmul(v, inner)


def householder_product(a: Value, taus: Value) -> Value:
    """The first columns of the product of reflectors, as many as `a` has.

    Example:
        >>> householder_product(np.array([[1.0], [1.0]]), np.array([1.0]))
        array([[ 0.],
               [-1.]])
    """
    *lead, m, n = shape_of(a)
    return reflect(a, taus, broadcast_to(np.eye(m, n, dtype=dtype_of(a)), (*lead, m, n)))


class _Packed(OfMatrix):
    """A reduction whose results are several stacks; `one` computes it of one matrix."""

    multiple_results = True

    def impl(self, x: Value, **params: Any) -> list[Value]:
        x = np.asarray(x)
        avals = self.abstract(Aval(x.shape, x.dtype), **params)
        outs = [np.empty(a.shape, a.dtype) for a in avals]
        for index in np.ndindex(*x.shape[:-2]) if x.size else ():
            for out, part in zip(outs, self.one(x[index], **params), strict=True):
                out[index] = part
        return outs

    def one(self, x: ndarray, **params: Any) -> Any:
        raise NotImplementedError

    def jvp(self, primals: Any, tangents: Any, params: Params) -> Pushed:
        if tangents[0] is None:
            outs = self.bind(*primals, **params)
            return outs, [None] * len(outs)
        return Primitive.jvp(self, primals, tangents, params)


def _lapack(name: str, x: ndarray) -> Any:
    from scipy.linalg import lapack

    return getattr(lapack, {"f": "s", "d": "d", "F": "c", "D": "z"}[x.dtype.char] + name)


class _Tridiagonal(_Packed):
    """The reduction of a Hermitian matrix, of which one triangle is read, to tridiagonal form: the reflectors packed, the
    diagonal, the other diagonal, and the factors of the reflectors."""

    def one(self, x: ndarray, *, lower: bool) -> Any:
        a, d, e, taus, _ = _lapack("hetrd" if x.dtype.kind == "c" else "sytrd", x)(x, lower=int(lower))
        return a, d, e, taus

    def abstract(self, x: Aval, *, lower: bool) -> list[Aval]:
        require_square(x, "tridiagonal")
        *lead, n, _ = x.shape
        short, real = (*lead, max(n - 1, 0)), real_dtype(x.dtype)
        return [x, Aval((*lead, n), real), Aval(short, real), Aval(short, x.dtype)]


class _HessenbergPacked(_Packed):
    """The reduction to Hessenberg form: H with the reflectors below its subdiagonal, and their factors."""

    def one(self, x: ndarray) -> Any:
        a, taus, _ = _lapack("gehrd", x)(x)
        return a, taus

    def abstract(self, x: Aval) -> list[Aval]:
        require_square(x, "hessenberg")
        *lead, n, _ = x.shape
        return [x, Aval((*lead, max(n - 1, 0)), x.dtype)]


class _QRPacked(_Packed):
    """R with the reflectors of Q below its diagonal, and their factors (LAPACK's geqrf)."""

    def one(self, x: ndarray) -> Any:
        a, taus, _, _ = _lapack("geqrf", x)(x)
        return a, taus

    def abstract(self, x: Aval) -> list[Aval]:
        *lead, m, n = x.shape
        return [x, Aval((*lead, min(m, n)), x.dtype)]


class _LeftEigenvectors(OfMatrix):
    """The left eigenvectors of a general matrix, in the order of its eigenvalues, as LAPACK gives them."""

    def impl(self, x: Value) -> Value:
        import scipy.linalg

        x = np.asarray(x)
        out = np.empty(x.shape, complex_dtype(x.dtype))
        for index in np.ndindex(*x.shape[:-2]) if x.size else ():
            out[index] = scipy.linalg.eig(x[index], left=True, right=False)[1]
        return out

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "eig")
        return Aval(x.shape, complex_dtype(x.dtype))

    def jvp(self, primals: Any, tangents: Any, params: Params) -> Pushed:
        if tangents[0] is None:
            return self.bind(*primals), None
        return Primitive.jvp(self, primals, tangents, params)


def _hermitian() -> ndarray:
    x = sample_complex(3, 3)
    return x + np.conj(x.T)


tridiagonal_p = _Tridiagonal(
    "tridiagonal",
    samples=lambda: [((sample_real(4, 4),), {"lower": True}), ((_hermitian(),), {"lower": False}),
                     ((sample_real(2, 3, 3),), {"lower": True})],
    reasons={**NOT_LINEAR, **_NO_RULE}, native=kernels.Factorisation("packed", reduction="sytrd"),
)  # fmt: skip
hessenberg_packed_p = _HessenbergPacked(
    "hessenberg_packed",
    samples=samples_of(lambda: [sample_real(4, 4), sample_complex(3, 3), sample_real(2, 3, 3)]),
    reasons={**NOT_LINEAR, **_NO_RULE},
    native=kernels.Factorisation("packed", reduction="gehrd"),
)
qr_packed_p = _QRPacked(
    "qr_packed",
    samples=samples_of(lambda: [sample_real(4, 3), sample_complex(3, 3), sample_real(2, 3, 4)]),
    reasons={**NOT_LINEAR, **_NO_RULE},
    native=kernels.Factorisation("packed", reduction="geqrf"),
)
eig_left_p = _LeftEigenvectors(
    "eig_left", samples=samples_of(lambda: [np.diag([1.0, 2.0, 4.0]) + 0.3 * sample_real(3, 3)]),
    reasons={**NOT_LINEAR, "jvp": "left eigenvectors have no tangent rule, as in JAX; those of the adjoint matrix have"},
)  # fmt: skip


def polar_by_halley(x: Value, hermitian: bool = False, most: int | None = None, eps: float | None = None) -> Any:
    """The polar factors ``X = U H`` by dynamically weighted Halley iterations, and how many were made, and whether enough.

    Nakatsukasa, Bai, Gygi (2010), "Optimizing Halley's iteration for computing the matrix polar decomposition": the weights
    follow from a lower bound of the smallest singular value, so that their number does not depend on the matrix.

    Args:
        x: ``(m, n)``, m at least n.
        hermitian: whether `x` is, for which H is made so.
        most: the greatest number of iterations.
        eps: the precision; that of the dtype by default.
    """
    dtype = dtype_of(x)
    eps = float(np.finfo(dtype).eps) if eps is None else float(eps)
    scale = _largest(x)
    u, low, made = x / scale, eps, 0
    most = 10 if most is None else most
    n = shape_of(x)[-1]
    while made < most and abs(1 - low) > 5 * eps:
        square = low * low
        d = float(np.cbrt(4 * (1 / square - 1) / square))
        a = float(np.sqrt(1 + d) + 0.5 * np.sqrt(max(8 - 4 * d + 8 * (2 - square) / (square * np.sqrt(1 + d)), 0.0)))
        b = (a - 1) ** 2 / 4
        c = a + b - 1
        inner = np.eye(n, dtype=dtype) + dtype.type(c) * matmul(adjoint(u), u)
        turned = adjoint(solve_p.bind(inner, adjoint(u), transpose=False))  # X (I + c X^H X)^-1
        u = dtype.type(b / c) * u + dtype.type(a - b / c) * turned
        low, made = min(low * (a + b * square) / (1 + c * square), 1.0), made + 1
    u = dtype.type(1.5) * u - dtype.type(0.5) * matmul(u, matmul(adjoint(u), u))  # one step of Newton and Schulz
    h = matmul(adjoint(u), x)
    h = (h + adjoint(h)) / dtype.type(2)
    return u, h, made, abs(1 - low) <= 5 * eps


def _largest(x: Value) -> Value:
    """A bound of the largest singular value: the geometric mean of two norms."""
    n = ndim_of(x)
    size = absolute(stop_gradient_p.bind(x))
    rows = red.max_p.bind(sum_p.bind(size, axes=(n - 1,)), axes=(n - 2,))
    columns = red.max_p.bind(sum_p.bind(size, axes=(n - 2,)), axes=(n - 2,))
    return convert(sqrt(rows * columns), dtype_of(x))


__all__ = [
    "eig_left_p",
    "hessenberg_packed_p",
    "householder_product",
    "polar_by_halley",
    "qr_packed_p",
    "reflect",
    "tridiagonal_p",
]
