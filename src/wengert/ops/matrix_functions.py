"""Functions of matrices: expm, logm and sqrtm, Sylvester's equation, the polar factors, and their derivatives.

Sources: Higham (2008), "Functions of Matrices"; Higham & Relton (2014), "Higher order Fréchet derivatives of matrix
functions and the level-2 condition number"; Mathias (1996), "A chain rule for matrix functions and applications".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, LinearTracer, Primitive, Value, dtype_of
from ..errors import NotLinearError, ShapeError
from ..lowering import Composition
from ..vocabulary import BatchedResults, Params, Pushed, Results
from .contraction import matmul
from .elementwise import convert
from .linalg import (
    NOT_LINEAR,
    OfMatrix,
    adjoint,
    complex_dtype,
    require_square,
    sample_complex,
    sample_real,
    samples_of,
    solve_p,
    turned,
)
from .matrix_exponential import frechet
from .promotion import result_dtype
from .shape import in_front

ndarray = np.ndarray


def each(function: Callable[..., ndarray], *stacks: ndarray, shape: tuple[int, ...], dtype: np.dtype) -> ndarray:
    """`function` of each matrix (or pair of them) of stacks, with results of one shape and dtype."""
    out = np.empty((*stacks[0].shape[:-2], *shape), dtype)
    for index in np.ndindex(*stacks[0].shape[:-2]):
        out[index] = function(*[s[index] for s in stacks])
    return out


# --- analytic functions -----------------------------------------------------------------------------------------


def _named(name: str) -> Callable[[ndarray], ndarray]:
    import scipy.linalg

    return getattr(scipy.linalg, name)


class _Function(Primitive):
    """``f(A)``, and with directions ``E1, ..., Ek`` its k-th Fréchet derivative, which is linear in each of them.

    The derivative is the upper right block of `f` of a block matrix (Mathias 1996 for one direction; Higham & Relton
    2014, theorem 3.5, for several): ``f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]``, and so on with ``[[A, E], [0,
    A]]`` in the place of `A`. Its transpose is the derivative at ``A'``: ``<W, L(A, E)> = <L(A', W'), E'>``. Nothing is
    assumed of eigenvalues: where they repeat the rule is right too.
    """

    mixes = 2

    def impl(self, a: Value, *directions: Value, function: str) -> Value:
        out = np.result_type(a, *directions)
        dtype = out if function == "expm" else complex_dtype(out)
        n, lead, f = a.shape[-1], a.shape[:-2], _named(function)
        if a.size == 0:
            return np.zeros(a.shape, dtype)
        work = out if function == "expm" else np.result_type(out, np.float64)  # SciPy's others are for doubles
        # A direction as large as the matrix costs no accuracy; the result is scaled back.
        size = np.maximum(np.abs(a).max((-2, -1), keepdims=True), 1e-3)
        scale = np.ones((*lead, 1, 1))
        block = a.astype(work)
        for e in directions:
            length = np.abs(e).max((-2, -1), keepdims=True)
            by = np.where(length > 0, length / size, 1.0)
            scale = scale * by
            e = e / by
            times = block.shape[-1] // n
            corner = np.zeros((*lead, block.shape[-1], block.shape[-1]), work)
            for i in range(times):
                corner[..., i * n : (i + 1) * n, i * n : (i + 1) * n] = e
            zero = np.zeros_like(corner)
            block = np.concatenate([np.concatenate([block, corner], -1), np.concatenate([zero, block], -1)], -2)
        corner = each(lambda m: f(m)[:n, m.shape[0] - n :], block, shape=(n, n), dtype=dtype)
        return corner * scale.astype(np.finfo(dtype).dtype)

    def abstract(self, a: Aval, *directions: Aval, function: str) -> Aval:
        require_square(a, function)
        dtype = result_dtype(a, *directions)
        return Aval(a.shape, dtype if function == "expm" else complex_dtype(dtype))

    def expansion(self, inputs: Sequence[Any], params: Params) -> Any:
        """The exponential is written out in compiled code, where its matrices have elements, of one dtype."""
        avals = tuple([a.aval for a in inputs])
        same = all(a.dtype == avals[0].dtype and a.dtype.itemsize >= 4 for a in avals)
        if params["function"] != "expm" or not same or avals[0].dtype.kind not in "fc" or 0 in avals[0].shape:
            return None
        return Composition(_expm).expansion(inputs, params)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        out, total = self.bind(*primals, **params), None
        for i, t in enumerate(tangents):
            if t is None:
                continue
            args = (*primals, t) if i == 0 else (*primals[:i], t, *primals[i + 1 :])
            part = self.bind(*args, **params)
            total = part if total is None else total + part
        return out, total

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        linear = [i for i, a in enumerate(args) if isinstance(a, LinearTracer)]
        if linear == [0] or len(linear) != 1:
            raise NotLinearError(f"{params['function']} is linear in one direction at a time, not in the matrix")
        (place,) = linear
        others = [turned(a) for i, a in enumerate(args) if i not in (0, place)]
        g = turned(self.bind(turned(args[0]), turned(turned(cotangent)), *others, **params))
        return tuple(None if i != place else convert(turned(g), args[place].dtype) for i in range(len(args)))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched), **params), True


def _expm(*args: Value, function: str) -> Value:
    return frechet(*args)


def _near_one(*shape: int) -> ndarray:
    return np.eye(shape[-1]) + 0.2 * sample_real(*shape)


matrix_function_p = _Function(
    "matrix_function",
    samples=lambda: [
        ((0.7 * sample_real(3, 3),), {"function": "expm"}),
        ((0.7 * sample_real(2, 2, 2),), {"function": "expm"}),
        ((np.array([[1.0, 1.0], [0.0, 1.0]]),), {"function": "expm"}),  # an eigenvalue twice, one eigenvector
        ((0.7 * sample_real(2, 2), sample_real(2, 2, seed=3)), {"function": "expm"}),
        ((sample_complex(2, 2),), {"function": "expm"}),
        ((_near_one(3, 3),), {"function": "logm"}),
        ((np.zeros((0, 0)),), {"function": "expm"}),
    ],
)


def expm(a: Value) -> Value:
    """The exponential of each matrix."""
    return matrix_function_p.bind(a, function="expm")


def logm(a: Value) -> Value:
    """The principal logarithm of each matrix, always complex."""
    return matrix_function_p.bind(a, function="logm")


# --- Sylvester's equation ---------------------------------------------------------------------------------------


class _Sylvester(Primitive):
    """``X`` in ``A X + X B = Q``: linear in `Q`. Its tangent and its transpose are equations with the same matrices."""

    mixes = 2

    def impl(self, a: Value, b: Value, q: Value) -> Value:
        import scipy.linalg

        dtype = np.result_type(a, b, q)
        if q.size == 0:
            return np.zeros(q.shape, dtype)
        a, b, q = (v.astype(dtype, copy=False) for v in (a, b, q))  # SciPy is wrong where some are real, some complex
        return each(scipy.linalg.solve_sylvester, a, b, q, shape=q.shape[-2:], dtype=dtype)

    def abstract(self, a: Aval, b: Aval, q: Aval) -> Aval:
        return Aval(q.shape, result_dtype(a, b, q))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (a, b, q), (ta, tb, tq) = primals, tangents
        x, right = self.bind(a, b, q), tq
        for part in (None if ta is None else matmul(ta, x), None if tb is None else matmul(x, tb)):
            if part is not None:
                right = -part if right is None else right - part
        return x, None if right is None else self.bind(a, b, right)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        a, b, q = args
        if isinstance(a, LinearTracer) or isinstance(b, LinearTracer):
            raise NotLinearError("solve_sylvester is linear in the right side only")
        return None, None, convert(self.bind(turned(a), turned(b), cotangent), q.dtype)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        full = in_front(size, args, batched)
        return self.bind(*full), True


sylvester_p = _Sylvester(
    "sylvester",
    samples=lambda: [
        ((_near_one(3, 3), _near_one(2, 2), sample_real(3, 2, seed=5)), {}),
        ((_near_one(2, 2, 2), _near_one(2, 2, 2), sample_real(2, 2, 2, seed=5)), {}),
        ((np.eye(2) + 0.2 * sample_complex(2, 2), np.eye(2) + 0j, sample_complex(2, 2)), {}),
        ((np.zeros((0, 0)), np.eye(2), np.zeros((0, 2))), {}),
    ],
)


# --- roots ------------------------------------------------------------------------------------------------------


class _SquareRoot(OfMatrix):
    """The principal square root of each matrix, always complex: whether it is real depends on values."""

    def impl(self, x: Value) -> Value:
        dtype = complex_dtype(x.dtype)
        return np.zeros(x.shape, dtype) if x.size == 0 else each(_named("sqrtm"), x, shape=x.shape[-2:], dtype=dtype)

    def abstract(self, x: Aval) -> Aval:
        require_square(x, "sqrtm")
        return Aval(x.shape, complex_dtype(x.dtype))

    def tangent(self, x: Value, t: Value) -> Any:  # Higham (2008), section 6.1: X dX + dX X = dA
        root = self.bind(x)
        return root, sylvester_p.bind(root, root, convert(t, dtype_of(root)))


sqrtm_p = _SquareRoot(
    "sqrtm",
    samples=samples_of(lambda: [_near_one(3, 3), _near_one(2, 2, 2), np.eye(2) + 0.2 * sample_complex(2, 2)]),
    reasons=NOT_LINEAR,
)


class _Polar(OfMatrix):
    """``A = U P`` of matrices with at least as many rows as columns: `U` with orthonormal columns, `P` positive.

    The derivative exists where the columns are independent; equal singular values are no matter.
    """

    multiple_results = True

    def impl(self, x: Value) -> list[Value]:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        v = np.conj(np.swapaxes(vh, -1, -2))
        return [u @ vh, (v * s[..., None, :]) @ vh]

    def abstract(self, x: Aval) -> list[Aval]:
        *lead, m, n = x.shape
        if m < n:
            raise ShapeError(f"polar of wide matrices, shape {x.shape}; take the adjoint, and side='left'")
        return [x, Aval((*lead, n, n), x.dtype)]

    def tangent(self, x: Value, t: Value) -> Any:
        # P² = A'A: P dP + dP P = dA'A + A'dA (Higham 2008, chapter 8), and dU P = dA - U dP.
        u, p = self.bind(x)
        inside = matmul(adjoint(x), t)
        dp = sylvester_p.bind(p, p, inside + adjoint(inside))
        rest = t - matmul(u, dp)
        return [u, p], [turned(solve_p.bind(p, turned(rest), transpose=True)), dp]


polar_p = _Polar(
    "polar",
    samples=samples_of(lambda: [_near_one(3, 3), sample_real(4, 2), _near_one(2, 2, 2), sample_complex(3, 2)]),
    reasons=NOT_LINEAR,
)

__all__ = ["each", "expm", "logm", "matrix_function_p", "polar_p", "sqrtm_p", "sylvester_p"]
