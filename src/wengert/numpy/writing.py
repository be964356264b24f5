"""NumPy's functions that write into an array: put, place, putmask, copyto, fill_diagonal, put_along_axis.

On NumPy arrays they write in place, as NumPy's do. With ``inplace=False`` they return a copy instead, which works for
values under transformation too and is differentiable in the array and in the values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import PYTHON_SCALARS, Tracer, as_array, as_value, check_numbers, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, NotSupportedError, ShapeError
from ..ops.axes import canonical_axis
from ..ops.cumulative import cumsum_p
from ..ops.elementwise import as_positions, convert, where_p
from ..ops.indexing import getitem
from ..ops.shape import broadcast_to, reshape
from ..ops.updates import at
from ..vocabulary import ArrayLike, Value

ndarray = np.ndarray


def _finish(
    name: str, a: ArrayLike, inplace: bool, numpy_function: Callable[[], Any], copy: Callable[[], Any], *others: Any
):
    """Write in place where `a` is an array of NumPy's and nothing is traced; otherwise the copy with the new values."""
    if not inplace:
        return copy()
    traced = any(isinstance(v, Tracer) for v in others)
    if isinstance(a, ndarray) and not traced:
        return numpy_function()
    if isinstance(a, Tracer):
        a[...] = copy()
        return None
    if not isinstance(a, ndarray):
        raise ArgumentError(
            f"{name} writes into an array, got {type(a).__name__}; write a = {name}(..., inplace=False)"
        )
    raise NotSupportedError(
        f"{name} cannot write a value under transformation into an array of NumPy's, which would lose its derivative; "
        f"write a = {name}(..., inplace=False)"
    )


def _cycled(v: ArrayLike, n: int) -> Value:
    """The first `n` values of `v`, repeated as often as it takes."""
    v = reshape(as_array(v), (-1,))
    have = shape_of(v)[0]
    return v if have == n else getitem(v, np.arange(n) % have)


def put(a: ArrayLike, ind: Any, v: ArrayLike, mode: str | None = None, *, inplace: bool = True) -> Any:
    """Write `v`, repeated as often as it takes, at the flat indices `ind` of `a`.

    Args:
        a: the array.
        ind: integers.
        v: the values.
        mode: "raise" (the default), "wrap" or "clip": what an index out of range means.
        inplace: whether `a` itself changes; ``False`` returns a copy.

    Example:
        >>> put(np.zeros(3), [0, 2], 1.0, inplace=False)
        array([1., 0., 1.])
    """

    def copy() -> Any:
        x, index = as_array(a), reshape(as_positions(ind), (-1,))
        size = x.size
        if mode == "wrap":
            index = index % size
        elif mode == "clip":
            index = where_p.bind(index < 0, 0, where_p.bind(index >= size, size - 1, index))
        elif mode not in (None, "raise"):
            raise ArgumentError(f"put: mode is 'raise', 'wrap' or 'clip', got {mode!r}")
        return reshape(at(reshape(x, (-1,)))[index].set(_cycled(v, shape_of(index)[0])), shape_of(x))

    return _finish("put", a, inplace, lambda: np.put(a, ind, v, mode or "raise"), copy, ind, v)  # type: ignore[arg-type]


def put_along_axis(arr: ArrayLike, indices: Any, values: Any, axis: int | None, *, inplace: bool = True) -> Any:
    """Write `values` at `indices` along `axis` of `arr`, the other axes matched one to one.

    With ``inplace=False`` a copy is returned and `arr` stays as it is.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> x = np.array([[10, 30, 20], [60, 40, 50]])
        >>> wnp.put_along_axis(x, x.argmax(1)[:, None], 0, 1)
        >>> x
        array([[10,  0, 20],
               [ 0, 40, 50]])
    """

    def copy() -> Any:
        x, index = as_array(arr), as_value(indices)
        shape = shape_of(x)
        if axis is None:
            return reshape(at(reshape(x, (-1,)))[index].set(values), shape)
        i = canonical_axis(axis, len(shape))
        grid = tuple(
            index if j == i else np.arange(n).reshape([-1 if k == j else 1 for k in range(len(shape))])
            for j, n in enumerate(shape)
        )
        return at(x)[grid].set(values)

    write = lambda: np.put_along_axis(arr, indices, values, axis)  # noqa: E731
    return _finish("put_along_axis", arr, inplace, write, copy, indices, values)


def fill_diagonal(a: ArrayLike, val: Any, wrap: bool = False, *, inplace: bool = True) -> Any:
    """Write `val`, repeated as often as it takes, on the diagonal of `a`.

    Args:
        a: an array of at least two axes; of more than two, all of one length.
        val: the values.
        wrap: whether the diagonal of a tall matrix starts again after it ends.
        inplace: whether `a` itself changes; ``False`` returns a copy.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fill_diagonal(wnp.zeros((2, 2)), 7.0, inplace=False)
        array([[7., 0.],
               [0., 7.]])
    """

    def copy() -> Any:
        x = as_array(a)
        shape = shape_of(x)
        if len(shape) < 2:
            raise ShapeError(f"fill_diagonal needs an array of at least two axes, got shape {shape}")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise ShapeError(f"fill_diagonal: all of more than two axes must have one length, got shape {shape}")
        step = shape[1] + 1 if len(shape) == 2 else 1 + sum(int(np.prod(shape[:i])) for i in range(1, len(shape)))
        size = int(np.prod(shape))
        places = np.arange(0, size if wrap or len(shape) != 2 else min(shape[1] * shape[1], size), step)
        v = val if isinstance(val, PYTHON_SCALARS) else _cycled(val, len(places)) if ndim_of(as_value(val)) else val
        return reshape(at(reshape(x, (-1,)))[places].set(v), shape)

    return _finish("fill_diagonal", a, inplace, lambda: np.fill_diagonal(a, val, wrap), copy, val)


def _as_large(name: str, mask: ArrayLike, x: ArrayLike) -> Value:
    """A mask of as many elements as `x`, in its shape."""
    if math.prod(shape_of(mask)) != math.prod(shape_of(x)):
        raise ShapeError(f"{name}: a mask of shape {shape_of(mask)} for an array of shape {shape_of(x)}")
    return reshape(mask, shape_of(x))


def putmask(a: ArrayLike, mask: Any, values: Any, *, inplace: bool = True) -> Any:
    """Write into `a`, where `mask` holds, the elements of `values` at the same flat places (repeated if it is shorter).

    Example:
        >>> putmask(np.zeros(4), np.array([True, False, True, True]), [1.0, 2.0], inplace=False)
        array([1., 0., 1., 2.])
    """

    def copy() -> Any:
        x = as_array(a)
        fills = convert(reshape(_cycled(values, x.size), shape_of(x)), dtype_of(x))
        return where_p.bind(convert(_as_large("putmask", as_value(mask), x), bool), fills, x)

    return _finish("putmask", a, inplace, lambda: np.putmask(a, mask, values), copy, mask, values)


def place(arr: ArrayLike, mask: Any, vals: Any, *, inplace: bool = True) -> Any:
    """Write into `arr`, at the n-th place where `mask` holds, the n-th element of `vals` (which starts again when it ends).

    Example:
        >>> place(np.zeros(4), np.array([False, True, True, True]), [1.0, 2.0], inplace=False)
        array([0., 1., 2., 1.])
    """

    def copy() -> Any:
        x, v = as_array(arr), reshape(as_array(vals), (-1,))
        if shape_of(v)[0] == 0:
            raise ShapeError("place needs at least one value")
        flat = reshape(convert(_as_large("place", as_value(mask), x), bool), (-1,))
        number = cumsum_p.bind(convert(flat, np.int64), axis=0) - 1
        fills = reshape(getitem(v, where_p.bind(flat, number % shape_of(v)[0], 0)), shape_of(x))
        return where_p.bind(reshape(flat, shape_of(x)), convert(fills, dtype_of(x)), x)

    if isinstance(arr, ndarray) and arr.dtype.kind == "T":
        check_numbers(arr)  # of texts of variable width NumPy's own function ends the process
    return _finish("place", arr, inplace, lambda: np.place(arr, mask, vals), copy, mask, vals)


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True, *, inplace: bool = True) -> Any:
    """Write `src`, broadcast, into `dst` where `where` holds.

    Args:
        dst: the array written into.
        src: the values.
        casting: which conversions of dtype are allowed, NumPy's names.
        where: a mask that broadcasts to `dst`.
        inplace: whether `dst` itself changes; ``False`` returns a copy.

    Raises:
        TypeError: `casting` does not allow the conversion.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> x = np.zeros(3)
        >>> wnp.copyto(x, [1.0, 2.0, 3.0], where=[True, False, True])
        >>> x
        array([1., 0., 3.])
    """

    def copy() -> Any:
        x, v = as_array(dst), as_value(src)
        if not isinstance(v, PYTHON_SCALARS) and not np.can_cast(dtype_of(v), dtype_of(x), casting):  # type: ignore[arg-type]
            raise TypeError(f"copyto: {dtype_of(v)} cannot become {dtype_of(x)} by the rule {casting!r}; use astype")
        v = broadcast_to(convert(v, dtype_of(x)), shape_of(x))
        return v if where is True else where_p.bind(convert(broadcast_to(as_value(where), shape_of(x)), bool), v, x)

    write = lambda: np.copyto(dst, src, casting, where)  # type: ignore[arg-type]  # noqa: E731
    return _finish("copyto", dst, inplace, write, copy, src, where)


__all__ = ["copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"]
