"""The methods of universal functions on traced arrays: ``reduce``, ``accumulate``, ``reduceat`` and ``at``.

Those that have an operation of their own (``np.add.reduce`` is `sum`) are that; the others are made of calls of the
function, whichever it is: in halves where the order of the arguments makes no difference, else one after the other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import Primitive, Tracer, Value, ValueTracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ..errors import NotSupportedError
from ..vocabulary import DTypeLike
from . import elementwise as ew
from . import indexing, memory, shape, writing
from .above import namespace
from .axes import canonical_axis
from .combining_scatters import scatter_max_p, scatter_min_p, scatter_mul_p
from .counterparts import name_of, operation
from .scatters import scatter_add_p
from .written import traced

_REDUCTIONS = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.logical_and: "all",
    np.logical_or: "any",
}
_RUNNING = {
    np.add: "cumsum",
    np.multiply: "cumprod",
    np.maximum: "cummax",
    np.minimum: "cummin",
    np.logaddexp: "cumlogsumexp",
}


def _named(name: str) -> Callable[..., Any]:
    return getattr(namespace("numpy"), name)


@functools.cache
def _reorderable(ufunc: np.ufunc) -> bool:
    """Whether NumPy takes its arguments in any order, which it says by reducing over two axes at once."""
    try:
        ufunc.reduce(np.ones((1, 1), ufunc.types[0][0]), axis=(0, 1))
    except (TypeError, ValueError):
        return False
    return True


def _check_binary(ufunc: np.ufunc, method: str) -> None:
    """NumPy's own error where a ufunc does not have the method."""
    if ufunc.nin != 2 or ufunc.nout != 1:
        raise ValueError(
            f"{method} only supported for "
            + ("binary functions" if ufunc.nin != 2 else "functions returning a single value")
        )


def _in_loop(ufunc: np.ufunc, x: Value, dtype: DTypeLike) -> Value:
    """`x` in the dtype in which NumPy combines its elements: logarithms of whole numbers are none.

    Raises:
        TypeError: there is no such loop, as for `less` of numbers, whose result is none.
    """
    if dtype is not None:
        x = ew.convert(x, canonical_dtype(dtype))
    if dtype_of(x).kind == "V":
        return x
    first, second, _ = ufunc.resolve_dtypes((None, dtype_of(x), None), reduction=True)
    if first != second:
        raise TypeError(f"the resolved dtypes are not compatible with {ufunc.__name__} of neighbours")
    return ew.convert(x, canonical_dtype(second))


def _rows(x: Value, axis: int) -> list[Value]:
    x = shape.moveaxis(x, axis, 0)
    return [indexing.getitem(x, i) for i in range(shape_of(x)[0])]


def reduce(
    ufunc: np.ufunc,
    x: Value,
    axis: Any = 0,
    dtype: DTypeLike = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Value:
    """``ufunc.reduce(x, ...)``.

    Raises:
        ValueError: as NumPy's: several axes of a ufunc that depends on the order, nothing to reduce and no identity.
    """
    _check_binary(ufunc, "reduce")
    x = x if isinstance(x, Tracer) else as_value(x)
    name = _REDUCTIONS.get(ufunc)
    if name is not None:
        options: dict[str, Any] = {"dtype": dtype} if name in ("sum", "prod") else {}
        if dtype is not None and name in ("max", "min"):
            x = ew.convert(x, canonical_dtype(dtype))
        if initial is not None:
            options["initial"] = initial
        if where is not True:
            options["where"] = where
        return _named(name)(x, axis=axis, keepdims=keepdims, **options)
    x = as_array(x)
    axes = [
        canonical_axis(int(a), ndim_of(x), "axis")
        for a in (range(ndim_of(x)) if axis is None else axis if isinstance(axis, tuple) else (axis,))
    ]
    if len(axes) > 1 and not _reorderable(ufunc):
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be specified"
        )
    x = _in_loop(ufunc, x, dtype)
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape_of(x)))
    rest = tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)
    mask = None
    if where is not True:
        mask = _rows_first(shape.broadcast_to(as_value(where), shape_of(x)), axes, rest)
    total = _reduced(ufunc, _rows_first(x, axes, rest), mask, initial)
    total = shape.broadcast_to(total, rest)
    return shape.reshape(total, kept) if keepdims else total


def _rows_first(x: Value, axes: list[int], rest: tuple[int, ...]) -> Value:
    n = math.prod(shape_of(x)[a] for a in axes)
    return shape.reshape(shape.moveaxis(x, tuple(axes), tuple(range(len(axes)))), (n, *rest))


def _reduced(ufunc: np.ufunc, x: Value, mask: Value | None, initial: Any) -> Value:
    """The rows of `x` combined, without those that the mask leaves out."""
    f, n = operation(ufunc), shape_of(x)[0]
    start = ufunc.identity if initial is None else initial
    if start is not None:
        start = as_value(start)
        start = ew.convert(start, dtype_of(x)) if not isinstance(start, Tracer) else start
    if mask is not None and start is None:
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one has to "
            f"specify 'initial'"
        )
    if not n:
        if start is None:
            raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
        return start
    if not _reorderable(ufunc):
        total = indexing.getitem(x, 0) if initial is None and mask is None else start
        for i in range(0 if total is start else 1, n):
            new = f(total, indexing.getitem(x, i))
            total = new if mask is None else ew.where(indexing.getitem(mask, i), new, total)
        return total
    if mask is not None:
        x = ew.where(mask, x, start if ufunc.identity is None else ew.convert(as_value(ufunc.identity), dtype_of(x)))
    while n > 1:
        half = n // 2
        pairs = f(indexing.getitem(x, slice(0, half)), indexing.getitem(x, slice(half, 2 * half)))
        if n % 2:
            pairs = shape.concatenate([pairs, ew.convert(indexing.getitem(x, slice(n - 1, n)), dtype_of(pairs))])
        x, n = pairs, half + n % 2
    total = indexing.getitem(x, 0)
    return total if initial is None else f(start, total)


def accumulate(ufunc: np.ufunc, x: Value, axis: int = 0, dtype: DTypeLike = None) -> Value:
    """``ufunc.accumulate(x, ...)``: what `reduce` gives for the first elements, for each number of them."""
    _check_binary(ufunc, "accumulate")
    name = _RUNNING.get(ufunc)
    x = _in_loop(ufunc, as_array(x), dtype)
    if name is not None:
        return _named(name)(x, axis=axis)
    f, rows = operation(ufunc), _rows(x, axis)
    for i in range(1, len(rows)):
        rows[i] = f(rows[i - 1], rows[i])
    return shape.stack(rows, axis) if rows else x


def reduceat(ufunc: np.ufunc, x: Value, indices: Any, axis: int = 0, dtype: DTypeLike = None) -> Value:
    """``ufunc.reduceat(x, indices, ...)``: `reduce` of the pieces that start at the indices."""
    _check_binary(ufunc, "reduceat")
    x, starts = as_array(x), np.asarray(indices)
    x = shape.moveaxis(x, axis, 0)
    n = shape_of(x)[0]
    parts = []
    for i, start in enumerate(starts):
        if not 0 <= start < n:
            raise IndexError(f"index {start} out-of-bounds in {name_of(ufunc)}.reduceat [0, {n})")
        stop = int(starts[i + 1]) if i + 1 < len(starts) else n
        piece = indexing.getitem(x, slice(int(start), stop if stop > start else int(start) + 1))
        parts.append(reduce(ufunc, piece, 0, dtype))
    return shape.stack(parts, axis)


_SCATTERS: dict[Any, tuple[Primitive, Callable[[Any], Any]]] = {
    np.add: (scatter_add_p, lambda v: v),
    np.subtract: (scatter_add_p, lambda v: -as_value(v)),
    np.multiply: (scatter_mul_p, lambda v: v),
    np.divide: (scatter_mul_p, lambda v: 1.0 / as_value(v)),
    np.maximum: (scatter_max_p, lambda v: v),
    np.minimum: (scatter_min_p, lambda v: v),
}


def at(ufunc: np.ufunc, x: Value, key: Value, *values: Any) -> None:
    """``ufunc.at(x, key, ...)``: the elements at a key are changed, once for each time that one is named."""
    if not isinstance(x, ValueTracer):
        array = traced(x)
        if array is None:
            raise NotSupportedError(
                f"{name_of(ufunc)}.at cannot write traced values into this plain NumPy array: make it from a traced one "
                f"(np.zeros_like(x), np.zeros(n, like=x))"
            )
        x = array
    if ufunc in _SCATTERS:
        primitive, prepared = _SCATTERS[ufunc]
        writing.scatter(x, primitive, key, prepared(values[0]))
        return
    f, array = operation(ufunc), memory.writable(x)
    positions, store = writing.positions(array, key), array.memory
    if isinstance(positions, Tracer):
        raise NotSupportedError(f"{name_of(ufunc)}.at needs indices that are known; write x[i] = f(x[i], v)")
    given = [shape.reshape(shape.broadcast_to(as_value(v), positions.shape), (-1,)) for v in values]
    flat = positions.reshape(-1)
    n = flat.size
    once = np.unique(flat).size == n  # else one after the other, as places repeat
    for part in [slice(0, n)] if once else [slice(i, i + 1) for i in range(n)]:
        old = indexing.getitem(shape.reshape(store.now(), (-1,)), flat[part])
        store.put(flat[part], f(old, *[indexing.getitem(v, part) for v in given]))
