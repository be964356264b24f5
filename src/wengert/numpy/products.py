"""Products of arrays beside those of `ops.contraction`: kron, cross, trace, matvec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ..errors import ShapeError
from ..ops import contraction as _ops
from ..ops.elementwise import conj
from ..ops.indexing import getitem
from ..ops.options import universal
from ..ops.promotion import broadcast_shapes
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, expand_dims, moveaxis, reshape, stack
from ..vocabulary import ArrayLike, DTypeLike, Value
from .dispatch import no_out, plain
from .patterns import diagonal


@plain(np.dot, 2)
def dot(a: ArrayLike, b: ArrayLike, out: None = None) -> Value:
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
def vdot(a: ArrayLike, b: ArrayLike, /) -> Value:
    """The dot product of flattened arrays, the first one conjugated.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vdot(wnp.array([1j, 2.0]), [1j, 3.0])
        np.complex128(7+0j)
    """
    return _ops.vdot(a, b)


@plain(np.inner, 2)
def inner(a: ArrayLike, b: ArrayLike, /) -> Value:
    """The product over the last axes of both.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.inner(wnp.array([1, 2]), [[3, 4], [5, 6]])
        array([11, 17])
    """
    return _ops.inner(a, b)


@plain(np.outer, 2)
def outer(a: ArrayLike, b: ArrayLike, out: None = None) -> Value:
    """All products of elements of two flattened arrays, shape ``(a.size, b.size)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.outer(wnp.array([1, 2]), [1, 10, 100])
        array([[  1,  10, 100],
               [  2,  20, 200]])
    """
    no_out(out)
    return _ops.outer(a, b)


def tensordot(a: ArrayLike, b: ArrayLike, axes: Any = 2) -> Value:
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


matmul = plain(np.matmul, 2)(universal(np.matmul)(_ops.matmul))


@plain(np.trace)
def trace(
    a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DTypeLike = None, out: None = None
) -> Value:
    """The sum of a diagonal.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.trace(wnp.array([[1, 2], [3, 4]]))
        np.int64(5)
    """
    no_out(out)
    return _sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@plain(np.kron, 2)
def kron(a: ArrayLike, b: ArrayLike) -> Value:
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


def cross(
    a: ArrayLike, b: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
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


@universal(np.vecdot)
def vecdot(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> Value:
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


def _since_2_2(name: str) -> Callable[[Any], Any]:
    """`universal` of a function that NumPy has from 2.2 on; before, it is a function without a ufunc's options and methods."""
    return universal(getattr(np, name)) if hasattr(np, name) else lambda f: f


@_since_2_2("matvec")
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


@_since_2_2("vecmat")
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


__all__ = [
    "cross", "dot", "einsum_path", "inner", "kron", "matmul", "matvec", "outer", "tensordot", "trace", "vdot",
    "vecdot", "vecmat",
]  # fmt: skip
