"""Matrices that are patterns, and the indices of their parts: identities, triangles, diagonals."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ..errors import ShapeError
from ..ops.axes import as_length, canonical_axis
from ..ops.elementwise import convert, where_p
from ..ops.indexing import index_embed_p
from ..ops.masks import true_places
from ..ops.shape import moveaxis, reshape, stack
from ..ops.slices import slice_p
from ..vocabulary import ArrayLike, DTypeLike, Value
from .creation import _float, ndarray, on_host
from .dispatch import plain


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None, order: str = "C", *, device: Any = None
) -> Value:
    """Ones on the `k`-th diagonal of an `N` by `M` matrix of zeros.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.eye(2, 3, k=1)
        array([[0., 1., 0.],
               [0., 0., 1.]])
    """
    on_host(device)
    out = np.eye(N, M, k, _float(dtype), order)  # type: ignore[arg-type]
    return out


def identity(n: int, dtype: DTypeLike = None) -> Value:
    """The identity matrix.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.identity(2)
        array([[1., 0.],
               [0., 1.]])
    """
    out = np.eye(n, dtype=_float(dtype))
    return out


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None) -> Value:
    """Ones at and below the `k`-th diagonal.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tri(2, 3, 1)
        array([[1., 1., 0.],
               [1., 1., 1.]])
    """
    out = np.tri(N, M, k, _float(dtype))
    return out


@plain(np.tril)
def tril(m: ArrayLike, k: int = 0) -> Value:
    """`m` with zeros above its `k`-th diagonal, over the last two axes.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tril(wnp.array([[1, 2], [3, 4]]))
        array([[1, 0],
               [3, 4]])
    """
    return _triangle("tril", m, k, True)


@plain(np.triu)
def triu(m: ArrayLike, k: int = 0) -> Value:
    """`m` with zeros below its `k`-th diagonal, over the last two axes.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.triu(wnp.array([[1, 2], [3, 4]]), k=1)
        array([[0, 2],
               [0, 0]])
    """
    return _triangle("triu", m, operator.index(k) - 1, False)


def _triangle(name: str, m: ArrayLike, k: int, lower: bool) -> Value:
    m = as_array(m)
    if ndim_of(m) < 1:
        raise ShapeError(f"{name} needs an array of at least one axis, got shape {shape_of(m)}")
    shape = shape_of(m)[-2:] if ndim_of(m) > 1 else shape_of(m) * 2
    mask = np.tri(*shape, k=operator.index(k), dtype=bool)  # of a vector: as many rows of it, as NumPy has it
    zero = np.zeros((), dtype_of(m))[()]
    return where_p.bind(mask, m, zero) if lower else where_p.bind(mask, zero, m)


@plain(np.diagonal)
def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """The elements ``a[i, i + offset]`` of the matrices over `axis1` and `axis2`, as the last axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.diagonal(wnp.array([[1, 2], [3, 4]]))
        array([1, 4])
    """
    offset = operator.index(offset)
    a = as_array(a)
    if ndim_of(a) < 2:
        raise ShapeError(f"diagonal needs an array of at least two axes, got shape {shape_of(a)}")
    i, j = canonical_axis(axis1, ndim_of(a), "axis1"), canonical_axis(axis2, ndim_of(a), "axis2")
    if i == j:
        raise ShapeError(f"diagonal: axis1 and axis2 are both {i}")
    a = moveaxis(a, (i, j), (-2, -1))
    *lead, n, m = shape_of(a)
    offset = operator.index(offset)  # an int8 overflows below
    row, column = max(-offset, 0), max(offset, 0)
    length = max(min(n - row, m - column), 0)
    if length == 0:
        return np.zeros((*lead, 0), dtype_of(a))
    zeros_, ones_ = (0,) * len(lead), (1,) * len(lead)
    square = slice_p.bind(
        a, starts=(*zeros_, row, column), stops=(*lead, row + length, column + length), steps=(*ones_, 1, 1)
    )
    flat = reshape(square, (*lead, length * length))
    return slice_p.bind(flat, starts=(*zeros_, 0), stops=(*lead, length * length), steps=(*ones_, length + 1))


@plain(np.diag)
def diag(v: ArrayLike, k: int = 0) -> Value:
    """The `k`-th diagonal of a matrix, or the matrix that has the vector `v` as its `k`-th diagonal.

    Example:
        >>> diag([1.0, 2.0])
        array([[1., 0.],
               [0., 2.]])
    """
    v, k = as_array(v), operator.index(k)
    if ndim_of(v) == 2:
        return diagonal(v, k)
    if ndim_of(v) != 1:
        raise ShapeError(f"diag needs a vector or a matrix, got shape {shape_of(v)}; use diagonal for stacks")
    n, k = shape_of(v)[0], operator.index(k)
    size = n + abs(k)
    if n == 0:
        return np.zeros((size, size), dtype_of(v))
    start = k if k >= 0 else -k * size
    step = size + 1
    index = ((start, start + (n - 1) * step + 1, step),)
    return reshape(index_embed_p.bind(v, index=index, shape=(size * size,)), (size, size))


def diagflat(v: ArrayLike, k: int = 0) -> Value:
    """The matrix that has the elements of `v` as its `k`-th diagonal.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.diagflat(wnp.array([1, 2]), 1)
        array([[0, 1, 0],
               [0, 0, 2],
               [0, 0, 0]])
    """
    return diag(reshape(as_array(v), (-1,)), k)


def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Value:
    """The Vandermonde matrix of the vector `x`: its columns are powers of `x`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.vander(wnp.array([1, 2, 3]), 3)
        array([[1, 1, 1],
               [4, 2, 1],
               [9, 3, 1]])
    """
    x = as_array(x)
    if ndim_of(x) != 1:
        raise ShapeError(f"vander needs a vector, got shape {shape_of(x)}")
    x = convert(x, np.promote_types(dtype_of(x), int))  # as NumPy has it
    n = shape_of(x)[0] if N is None else as_length(N, "vander")
    columns = [np.ones(shape_of(x), dtype_of(x))]
    for _ in range(n - 1):
        columns.append(columns[-1] * x)
    columns = columns[:n]
    if not columns:
        return np.zeros((shape_of(x)[0], 0), dtype_of(x))
    return stack(columns if increasing else columns[::-1], 1)


def _indices(found: Any) -> tuple[Any, ...]:
    return tuple(i.astype(config.int_dtype, copy=False) for i in found)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """The indices of the lower triangle of an `n` by `m` matrix.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tril_indices(2)
        (array([0, 1, 1]), array([0, 0, 1]))
    """
    return _indices(np.tril_indices(n, k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """The indices of the upper triangle of an `n` by `m` matrix.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.triu_indices(2)
        (array([0, 0, 1]), array([0, 1, 1]))
    """
    return _indices(np.triu_indices(n, k, m))


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """The indices of the diagonal of an array of `ndim` axes of length `n`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.eye(3)[wnp.diag_indices(3)]
        array([1., 1., 1.])
    """
    return _indices(np.diag_indices(n, ndim))


def mask_indices(n: int, mask_func: Any, k: Any = 0) -> tuple[Any, ...]:
    """The indices of the elements of an `n` by `n` matrix that `mask_func` (such as `triu`) leaves.

    Example:
        >>> mask_indices(2, np.triu)
        (array([0, 0, 1]), array([0, 1, 1]))
    """
    return _indices(np.nonzero(mask_func(np.ones((n, n), int), k)))


def ix_(*args: Any) -> tuple[Any, ...]:
    """Vectors of indices, or masks whose values are known, as an open grid: ``a[ix_(rows, columns)]``.

    Raises:
        ShapeError: an argument is not a vector.

    Example:
        >>> np.arange(6).reshape(2, 3)[ix_([0, 1], [0, 2])]
        array([[0, 2],
               [3, 5]])
    """
    out = []
    for i, a in enumerate(args):
        x = as_array(a)
        if ndim_of(x) != 1:
            raise ShapeError(f"ix_ needs vectors, got shape {shape_of(x)}")
        if dtype_of(x).kind == "b":
            x = true_places(x)[0]
        elif shape_of(x)[0] == 0 and not isinstance(a, (ndarray, Tracer)):
            x = convert(x, config.int_dtype)
        out.append(reshape(x, (1,) * i + (-1,) + (1,) * (len(args) - i - 1)))
    return tuple(out)


def _matrix_shape(name: str, arr: ArrayLike) -> tuple[int, ...]:
    shape = shape_of(as_array(arr))
    if len(shape) != 2:
        raise ShapeError(f"{name} needs a matrix, got shape {shape}")
    return shape


def tril_indices_from(arr: ArrayLike, k: int = 0) -> Any:
    """The indices of the lower triangle of `arr`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.tril_indices_from(wnp.ones((2, 2)), k=-1)
        (array([1]), array([0]))
    """
    rows, columns = _matrix_shape("tril_indices_from", arr)
    return tril_indices(rows, k, columns)


def triu_indices_from(arr: ArrayLike, k: int = 0) -> Any:
    """The indices of the upper triangle of `arr`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.triu_indices_from(wnp.ones((3, 3)), k=2)
        (array([0]), array([2]))
    """
    rows, columns = _matrix_shape("triu_indices_from", arr)
    return triu_indices(rows, k, columns)


def diag_indices_from(arr: ArrayLike) -> Any:
    """The indices of the diagonal of `arr`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.diag_indices_from(wnp.ones((2, 2)))
        (array([0, 1]), array([0, 1]))
    """
    shape = shape_of(as_array(arr))
    if len(shape) < 2 or len(set(shape)) != 1:
        raise ShapeError(f"diag_indices_from needs two axes or more, of one length, got shape {shape}")
    return diag_indices(shape[0], len(shape))


__all__ = [
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "eye",
    "identity",
    "ix_",
    "mask_indices",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "vander",
]
