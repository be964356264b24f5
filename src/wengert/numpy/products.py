"""Products of arrays beside those of `ops.contraction`: kron, cross, trace, matvec, and polynomials as vectors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, as_value, aval_of, demoted, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, NotSupportedError, ShapeError
from ..ops import contraction as _ops
from ..ops.elementwise import add, conj, convert, multiply, subtract
from ..ops.families import broadcast_shapes, result_dtype
from ..ops.indexing import getitem
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape, stack
from ..ops.updates import at
from .calculus import convolve
from .creation import diagonal
from .dispatch import no_out, plain
from .searching import known


@plain(np.dot, 2)
def dot(a: Any, b: Any, out: None = None) -> Any:
    """The product over the last axis of `a` and the last but one of `b` (the only one of a vector).

    Raises:
        ShapeError: these axes differ in length.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.dot(wnp.array([[1, 2], [3, 4]]), [10, 1])
        array([12, 34])
    """
    no_out(out)
    return _ops.dot(a, b)


@plain(np.vdot, 2)
def vdot(a: Any, b: Any, /) -> Any:
    """The dot product of flattened arrays, the first one conjugated.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vdot(wnp.array([1j, 2.0]), [1j, 3.0])
        np.complex128(7+0j)
    """
    return _ops.vdot(a, b)


@plain(np.inner, 2)
def inner(a: Any, b: Any, /) -> Any:
    """The product over the last axes of both.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.inner(wnp.array([1, 2]), [[3, 4], [5, 6]])
        array([11, 17])
    """
    return _ops.inner(a, b)


@plain(np.outer, 2)
def outer(a: Any, b: Any, out: None = None) -> Any:
    """All products of elements of two flattened arrays, shape ``(a.size, b.size)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.outer(wnp.array([1, 2]), [1, 10, 100])
        array([[  1,  10, 100],
               [  2,  20, 200]])
    """
    no_out(out)
    return _ops.outer(a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The product over `axes`: a count (the last of `a`, the first of `b`) or a pair of sequences of axes.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tensordot(wnp.ones((2, 3, 4)), wnp.ones((4, 3)), axes=[[1, 2], [1, 0]])
        array([12., 12.])
    """
    return _ops.tensordot(a, b, axes)


def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> tuple[list[Any], str]:
    """In which order NumPy's ``einsum`` would contract, from the shapes alone, and a text about it.

    `einsum` here asks opt_einsum for the order, whose answer may be another.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.einsum_path("ij,jk,kl->il", wnp.ones((2, 9)), wnp.ones((9, 9)), wnp.ones((9, 2)))[0]
        ['einsum_path', (0, 1), (0, 1)]
    """
    shapes = [np.broadcast_to(np.zeros((), dtype_of(x)), shape_of(x)) if isinstance(x, Tracer) else x for x in operands]
    return np.einsum_path(*shapes, optimize=optimize, einsum_call=einsum_call)  # type: ignore[call-overload]


matmul = plain(np.matmul, 2)(_ops.matmul)


@plain(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Any:
    """The sum of a diagonal.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.trace(wnp.array([[1, 2], [3, 4]]))
        np.int64(5)
    """
    no_out(out)
    return _sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@plain(np.kron, 2)
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: each element of `a` replaced by its product with `b`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.kron(wnp.array([1, 10]), [1, 2, 3])
        array([ 1,  2,  3, 10, 20, 30])
    """
    a, b = as_array(a), as_array(b)
    rank = ndim_of(a) if ndim_of(a) > ndim_of(b) else ndim_of(b)
    sa, sb = ((1,) * (rank - ndim_of(x)) + shape_of(x) for x in (a, b))
    left = reshape(a, tuple(v for n in sa for v in (n, 1)))
    right = reshape(b, tuple(v for n in sb for v in (1, n)))
    return reshape(left * right, tuple(n * m for n, m in zip(sa, sb, strict=True)))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of three components (of two: the third component of the product).

    Raises:
        ShapeError: the vectors have neither two nor three components.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.cross(wnp.array([1, 0, 0]), [0, 1, 0])
        array([0, 0, 1])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    na, nb = shape_of(a)[-1], shape_of(b)[-1]
    if na not in (2, 3) or nb not in (2, 3):
        raise ShapeError(f"cross needs vectors of two or three components, got {na} and {nb}")

    def part(x: Any, n: int, i: int) -> Any:
        return getitem(x, (Ellipsis, i)) if i < n else np.zeros((), dtype_of(x))[()]

    a0, a1, a2 = (part(a, na, i) for i in range(3))
    b0, b1, b2 = (part(b, nb, i) for i in range(3))
    last = a0 * b1 - a1 * b0
    if na == 2 and nb == 2:
        return last
    shape = broadcast_shapes("cross", shape_of(a)[:-1], shape_of(b)[:-1])
    parts = [broadcast_to(p, shape) for p in (a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, last)]
    return moveaxis(stack(parts, -1), -1, axisc)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The dot products of vectors along `axis`, the first ones conjugated.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vecdot(wnp.array([[1, 2], [3, 4]]), [1, 10])
        array([21, 43])
    """
    x, y = as_array(x1), as_array(x2)
    x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    if shape_of(x)[-1] != shape_of(y)[-1]:
        raise ShapeError(f"vecdot: vectors of lengths {shape_of(x)[-1]} and {shape_of(y)[-1]}")
    return getitem(_ops.matmul(expand_dims(conj(x), -2), expand_dims(y, -1)), (Ellipsis, 0, 0))


def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors, over stacks of both.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.matvec(wnp.array([[1, 2], [3, 4]]), [1, 1])
        array([3, 7])
    """
    x1, x2 = as_array(x1), as_array(x2)
    if ndim_of(x1) < 2 or ndim_of(x2) < 1:
        raise ShapeError(f"matvec needs matrices and vectors, got shapes {shape_of(x1)} and {shape_of(x2)}")
    return getitem(_ops.matmul(x1, expand_dims(x2, -1)), (Ellipsis, 0))


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Vectors, conjugated, times matrices, over stacks of both.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vecmat(wnp.array([1, 1]), [[1, 2], [3, 4]])
        array([4, 6])
    """
    x1, x2 = as_array(x1), as_array(x2)
    if ndim_of(x1) < 1 or ndim_of(x2) < 2:
        raise ShapeError(f"vecmat needs vectors and matrices, got shapes {shape_of(x1)} and {shape_of(x2)}")
    return getitem(_ops.matmul(expand_dims(conj(x1), -2), x2), (Ellipsis, 0, slice(None)))


# --- polynomials, highest power first ---------------------------------------------------------------------------


def _coefficients(p: Any) -> Any:
    p = as_array(p)
    return reshape(p, (1,)) if ndim_of(p) == 0 else p


def polyval(p: Any, x: Any) -> Any:
    """The polynomial with coefficients `p`, highest power first, at `x` (Horner's scheme).

    Example:
        >>> polyval([1.0, 0.0, 2.0], 3.0)
        np.float64(11.0)
    """
    p, x = _coefficients(p), as_array(x)
    dtype = result_dtype(aval_of(p), aval_of(x))
    shape = shape_of(p)[1:]
    dtype = dtype if shape_of(p)[0] else dtype_of(x)
    out = np.zeros(broadcast_shapes("polyval", shape_of(x), shape), dtype)[()]
    for i in range(shape_of(p)[0]):
        out = add(multiply(out, x), getitem(p, i))
    return out


def _padded(a1: Any, a2: Any) -> tuple[Any, Any]:
    a, b = _coefficients(a1), _coefficients(a2)
    n = max(shape_of(a)[0], shape_of(b)[0])
    a, b = (concatenate([np.zeros(n - shape_of(x)[0], dtype_of(x)), x]) for x in (a, b))
    return a, b


def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyadd(wnp.array([1, 2]), [1, 0, 0])
        array([1, 1, 2])
    """
    a, b = _padded(a1, a2)
    return add(a, b)


def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polysub(wnp.array([1, 2]), [1, 5])
        array([ 0, -3])
    """
    a, b = _padded(a1, a2)
    return subtract(a, b)


def polymul(a1: Any, a2: Any) -> Any:
    """The product of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polymul(wnp.array([1, 1]), [1, -1])
        array([ 1,  0, -1])
    """
    return convolve(_coefficients(a1), _coefficients(a2))


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials; the remainder keeps its leading zeros.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polydiv(wnp.array([1.0, 0.0, -1.0]), [1.0, 1.0])
        (array([ 1., -1.]), array([0.]))
    """
    u, v = (x if inexact_dtype(dtype_of(x)) else convert(x, config.float_dtype) for x in map(_coefficients, (u, v)))
    m, n = shape_of(u)[0] - 1, shape_of(v)[0] - 1
    r = u + getitem(v, 0) * 0
    quotients = []
    for k in range(m - n + 1):
        d = getitem(r, k) / getitem(v, 0)
        quotients.append(d)
        r = at(r)[k : k + n + 1].add(-d * v)
    q = stack(quotients) if quotients else np.zeros(1, dtype_of(r))
    return q, getitem(r, slice(max(m - n + 1, 0), None)) if n else np.zeros(1, dtype_of(r))


def polyder(p: Any, m: int = 1) -> Any:
    """The `m`-th derivative of a polynomial.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyder(wnp.array([1.0, 2.0, 3.0]))
        array([2., 2.])
    """
    p = _coefficients(p)
    for _ in range(_order("polyder", m)):
        n = shape_of(p)[0]
        p = multiply(getitem(p, slice(None, -1)), np.arange(n - 1, 0, -1, dtype=config.int_dtype))
    return p


def _order(name: str, m: int) -> int:
    if operator.index(m) < 0:
        raise ArgumentError(f"{name}: the order must not be negative, got {m}")
    return m


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The `m`-th integral of a polynomial, with constants of integration `k` (0 by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyint(wnp.array([2.0, 2.0]))
        array([1., 2., 0.])
    """
    p = _coefficients(p)
    if _order("polyint", m) == 0:
        return p
    p = convert(p, np.promote_types(dtype_of(p), config.float_dtype))
    constants = np.zeros(m, dtype_of(p)) if k is None else broadcast_to(convert(_coefficients(k), dtype_of(p)), (m,))
    for i in range(operator.index(m)):
        n = shape_of(p)[0]
        p = concatenate([p / convert(np.arange(n, 0, -1), dtype_of(p)), reshape(getitem(constants, i), (1,))])
    return p


def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these roots, or the characteristic one of a square matrix.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.poly(wnp.array([1.0, 2.0]))
        array([ 1., -3.,  2.])
    """
    from .linalg import eigvals

    roots_ = _coefficients(seq_of_zeros)
    if ndim_of(roots_) == 2:
        roots_ = eigvals(roots_)
    out = np.ones(1, dtype_of(roots_) if inexact_dtype(dtype_of(roots_)) else config.float_dtype)
    for i in range(shape_of(roots_)[0]):
        out = concatenate([out, out[:1] * 0]) - concatenate([out[:1] * 0, out * getitem(roots_, i)])
    return out


def roots(p: Any) -> Any:
    """The roots of a polynomial, complex where they are traced; its first coefficient must not be zero unless `p` is known.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> np.sort(wnp.roots(wnp.array([1.0, -3.0, 2.0])).real).round(12)
        array([1., 2.])
    """
    from .linalg import eigvals

    p = _coefficients(p)
    p = p if inexact_dtype(dtype_of(p)) else convert(p, config.float_dtype)
    zeros_at_end = 0
    if not isinstance(p, Tracer) and config._x64:
        return np.roots(p)
    try:
        given = known(p, "roots")
    except ConcretizationError:
        given = None
    if given is not None:
        hit = np.flatnonzero(given)
        if not len(hit):
            return np.zeros(0, config.complex_dtype)
        zeros_at_end = len(given) - 1 - int(hit[-1])
        p = p[hit[0] : hit[-1] + 1]
    n = shape_of(p)[0]
    if n < 2:
        return np.zeros(zeros_at_end, np.result_type(dtype_of(p), np.complex64))
    top = reshape(-getitem(p, slice(1, None)) / getitem(p, 0), (1, n - 1))
    companion = concatenate([top, np.eye(n - 2, n - 1, dtype=dtype_of(p))])
    out = eigvals(companion)
    return concatenate([out, np.zeros(zeros_at_end, dtype_of(out))]) if zeros_at_end else out


def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """The coefficients of the polynomial of degree `deg` that fits best, in least squares, weighted by `w`.

    Raises:
        NotSupportedError: `full` or `cov` on values under transformation.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyfit(wnp.array([0.0, 1.0, 2.0]), [1.0, 3.0, 5.0], 1).round(12)
        array([2., 1.])
    """
    if not any(isinstance(v, Tracer) for v in (x, y, w)):
        out = np.polyfit(as_array(x), as_array(y), deg, rcond, full, w, cov)
        return out if config._x64 else demoted(out)
    if full or cov:
        raise NotSupportedError("polyfit with full= or cov= under transformation; use numpy.linalg.lstsq with vander")
    from .creation import vander
    from .linalg import lstsq

    if deg < 0:
        raise ArgumentError(f"polyfit: the degree must not be negative, got {deg}")
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    left = vander(x, deg + 1)
    if w is not None:
        w = as_value(w)
        left = left * expand_dims(w, 1)
        y = y * (w if ndim_of(y) == 1 else expand_dims(w, 1))
    scale = (_sum(left * left, 0)) ** 0.5
    c = lstsq(left / scale, y, shape_of(x)[0] * np.finfo(dtype_of(x)).eps if rcond is None else rcond)[0]
    return c / scale if ndim_of(c) == 1 else c / expand_dims(scale, 1)


__all__ = [
    "cross", "dot", "einsum_path", "inner", "kron", "matmul", "matvec", "outer", "poly", "polyadd", "polyder",
    "polydiv", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots", "tensordot", "trace", "vdot", "vecdot",
    "vecmat",
]  # fmt: skip
