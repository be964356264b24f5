"""Norms of vectors and matrices, and the rank, which is judged by singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, as_value, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, AxisError, ShapeError
from ..ops import linalg as _ops
from ..ops.axes import canonical_axes, canonical_axis
from ..ops.casts import as_inexact
from ..ops.elementwise import absolute, convert, power, stop_gradient_p, where_p
from ..ops.indexing import getitem
from ..ops.norms import euclidean_norm
from ..ops.reduction import max as _max
from ..ops.reduction import min as _min
from ..ops.reduction import sum as _sum
from ..ops.shape import expand_dims, kept_shape, moveaxis, reshape
from .dispatch import plain, rounded
from .factorizations import _matrices, svdvals


def _power_norm(size: Any, ord: Any, axes: Any, keepdims: bool) -> Any:  # noqa: A002
    total = _sum(power(size, ord), axes, keepdims=keepdims)
    if isinstance(ord, Tracer) or ord < 0:
        return power(total, 1 / ord)
    zero, one = total == 0, dtype_of(total).type(1)
    # At zero the derivatives are those of the Euclidean norm: 0, the least of the subgradients, and no second one.
    return where_p.bind(zero, _euclidean(size, axes, keepdims), power(where_p.bind(zero, one, total), 1 / ord))


def _euclidean(x: Any, axis: Any, keepdims: bool) -> Any:
    axes = canonical_axes(axis, ndim_of(x))
    out = euclidean_norm(x, axes)
    return reshape(out, kept_shape(shape_of(x), axes)) if keepdims else out


@rounded
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:  # noqa: A002
    """The norm of vectors along `axis`, an axis or several (all by default).

    Args:
        x: the array.
        axis: the axes; all by default.
        keepdims: whether the axes stay, with length 1.
        ord: 2 by default; inf, -inf, 0 (how many components are not zero), or any number.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.vector_norm(np.array([[3.0, 4.0], [6.0, 8.0]]), axis=1)
        array([ 5., 10.])
    """
    x = as_inexact(x)
    if ord is None or (not isinstance(ord, Tracer) and ord == 2):
        return _euclidean(x, axis, keepdims)
    if isinstance(ord, str):
        raise ArgumentError(f"{ord!r} is no norm of vectors; those of matrices need two axes")
    size = absolute(x)
    if isinstance(ord, Tracer):
        return _power_norm(size, ord, axis, keepdims)
    if ord == np.inf:
        none = not all(shape_of(size)[i] for i in canonical_axes(axis, ndim_of(size)))
        return _max(size, axis, keepdims, initial=0.0) if none else _max(size, axis, keepdims)
    if ord == -np.inf:
        return _min(size, axis, keepdims)
    if ord == 0:
        return _sum(convert(x != 0, dtype_of(size)), axis, keepdims=keepdims)
    if ord == 1:
        return _sum(size, axis, keepdims=keepdims)
    return _power_norm(size, float(ord), axis, keepdims)


@rounded
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:  # noqa: A002
    """The norm of matrices in the last two axes: "fro", "nuc", 1, -1, 2, -2, inf or -inf.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]]))
        np.float64(5.0)
    """
    x = as_array(x)
    if ndim_of(x) < 2:
        raise AxisError(f"matrix_norm needs matrices in the last two axes, got shape {shape_of(x)}")
    if ord in (2, -2, "nuc") or not inexact_dtype(dtype_of(x)):
        x = _matrices(x, "matrix_norm")
    if ord is None or ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if 0 in shape_of(x)[-2:] and ord in (1, 2, np.inf, "nuc"):  # no numbers have the norm 0
        out = np.zeros(shape_of(x)[:-2], np.finfo(dtype_of(x)).dtype)[()]
    elif ord in (1, -1, np.inf, -np.inf):
        sums = _sum(absolute(x), -2 if abs(ord) == 1 else -1)
        out = (_max if ord > 0 else _min)(sums, -1)
    elif ord in (2, -2, "nuc"):
        # Of zero the derivative is 0, as of other norms; another matrix takes its place in the decomposition.
        zero = _max(absolute(stop_gradient_p.bind(x)), (-2, -1), keepdims=True) == 0
        *_, m, n = shape_of(x)
        s = svdvals(where_p.bind(zero, (np.eye(m, n) * np.arange(1.0, n + 1)).astype(dtype_of(x)), x))
        out = _sum(s, -1) if ord == "nuc" else getitem(s, (Ellipsis, 0 if ord == 2 else -1))
        out = where_p.bind(reshape(zero, shape_of(out)), _euclidean(x, (-2, -1), False), out)
    else:
        raise ArgumentError(f"{ord!r} is no norm of matrices; there are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf")
    return expand_dims(out, (-2, -1)) if keepdims else out


@rounded
@plain(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The norm of vectors (over one axis) or of matrices (over two).

    At zero, where norms of powers have no derivative, it is taken to be 0, the least of the subgradients, as that of
    `abs` is.

    Args:
        x: the array.
        ord: the kind of norm; by default the root of the sum of squares.
        axis: an axis for vectors, two for matrices; by default `x` is one vector or one matrix.
        keepdims: whether the axes stay, with length 1.

    Example:
        >>> norm([3.0, 4.0])
        np.float64(5.0)
    """
    x = as_array(x)
    if axis is None:
        if ord is None:
            return vector_norm(x, keepdims=keepdims)
        if ndim_of(x) not in (1, 2):
            raise ShapeError(f"norm with ord={ord!r} of an array of shape {shape_of(x)} needs axis=")
        axes: tuple[int, ...] = tuple(range(ndim_of(x)))
    else:
        pair = axis if isinstance(axis, (tuple, list)) else (axis,)
        axes = tuple(canonical_axis(a, ndim_of(x)) for a in pair)
        canonical_axes(axes, ndim_of(x))  # refuses repeats
    if len(axes) == 1 or ord is None:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=ord)
    if len(axes) != 2:
        raise ShapeError(f"norm needs one axis or two, got {axis}")
    out = matrix_norm(moveaxis(x, axes, (-2, -1)), ord=ord)
    return expand_dims(out, tuple(sorted(axes))) if keepdims else out


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are above the tolerance.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import linalg
        >>> linalg.matrix_rank(np.array([[1.0, 2.0], [2.0, 4.0]]))
        np.int64(1)
    """
    x = as_array(A)
    if ndim_of(x) < 2:
        return convert(_sum(convert(x, bool)) > 0, config.int_dtype)
    if hermitian:
        x = _ops.of_triangle(_matrices(x, "matrix_rank", square=True))
    s = svdvals(x)
    if 0 in shape_of(x)[-2:]:
        return np.zeros(shape_of(x)[:-2], config.int_dtype)[()]
    if tol is None:
        relative = max(shape_of(x)[-2:]) * float(np.finfo(dtype_of(s)).eps) if rtol is None else as_value(rtol)
        tol = _max(s, -1, keepdims=True) * relative
    return _sum(s > tol, -1, dtype=config.int_dtype)


__all__ = [
    "matrix_norm", "matrix_rank", "norm", "vector_norm",
]  # fmt: skip
