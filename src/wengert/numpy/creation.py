"""Making arrays: from data, from a shape, from a range; grids. Matrices that are patterns: `patterns`."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import Aval, Tracer, as_array, as_value, aval_of, demoted, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..ops.axes import as_length, as_lengths
from ..ops.bounds import holds
from ..ops.elementwise import ceil, convert, floor, not_equal, power, where_p
from ..ops.fits import check_written
from ..ops.memory import copied, new_array
from ..ops.promotion import broadcast_shapes, result_dtype
from ..ops.shape import broadcast_to, moveaxis, reshape
from ..vocabulary import ArrayLike, DTypeLike, ShapeLike, Value

ndarray = np.ndarray


# --- from data --------------------------------------------------------------------------------------------------


def on_host(device: Any) -> None:
    """Refuse a `device` that is not the host, the only one there is."""
    if device is not None and device != "cpu":
        raise ArgumentError(f"arrays live in the host's memory: device is None or 'cpu', got {device!r}")


def array(
    object: ArrayLike,  # noqa: A002
    dtype: DTypeLike = None,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> Value:
    """An array of `object`: numbers, arrays, nested lists, which may hold values under transformation.

    Args:
        object: what to make an array of.
        dtype: its dtype; NumPy's choice by default.
        copy: whether a NumPy array is copied.
        order: NumPy's memory order.
        subok: accepted as NumPy accepts it; there are no subclasses here.
        ndmin: the least number of axes; axes of length 1 are put in front.

    Raises:
        DtypeError: `object` is nothing that NumPy makes a numeric array of.

    Example:
        >>> array([1, 2.5])
        array([1. , 2.5])
    """
    x = as_array(object)
    if isinstance(x, Tracer):
        x = x if dtype is None else convert(x, dtype)
        x = copied(x) if copy and x is object else x
        return x if ndim_of(x) >= ndmin else reshape(x, (1,) * (ndmin - ndim_of(x)) + shape_of(x))
    want = canonical_dtype(x.dtype if dtype is None else dtype)
    if x.dtype.kind == "c" and want.kind not in "cb":
        x = x.real
    out = np.array(x, want, copy=copy or None, order=order, ndmin=ndmin)  # type: ignore[call-overload]
    return out


def asarray(
    a: ArrayLike, dtype: DTypeLike = None, order: str | None = None, *, device: Any = None, copy: bool | None = None
) -> Value:
    """`a` as an array, not copied where it is one already.

    Args:
        a: what to make an array of.
        dtype: its dtype; NumPy's choice by default.
        order: NumPy's memory order.
        device: None or "cpu".
        copy: True copies always, None where it must be; False raises ValueError where it must be.

    Example:
        >>> asarray([True, False])
        array([ True, False])
    """
    if type(a) is ndarray and dtype is None and config._x64 and not copy and order is None:
        return a
    on_host(device)
    if copy is False:
        same = isinstance(a, Tracer) or (
            isinstance(a, ndarray) and (dtype is None or a.dtype == canonical_dtype(dtype))
        )
        if not same:
            raise ValueError("asarray with copy=False: this needs a copy; leave copy out where one may be made")
    return array(a, dtype, bool(copy), order or "K")


def copy(a: ArrayLike, order: str = "K", subok: bool = False) -> Value:
    """A copy of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> x = wnp.array([1.0, 2.0])
        >>> y = wnp.copy(x)
        >>> y[0] = 9.0
        >>> x
        array([1., 2.])
    """
    out = array(a, order=order)
    return out


def astype(x: ArrayLike, dtype: DTypeLike, /, *, copy: bool = True, device: Any = None) -> Value:
    """`x` with another dtype; the real part where a complex value becomes real.

    Example:
        >>> astype([1, 2], float)
        array([1., 2.])
    """
    on_host(device)
    out = convert(as_array(x), float if dtype is None else dtype)
    if not copy or out is not x:
        return out
    return copied(out) if isinstance(out, Tracer) else out.copy() if isinstance(out, ndarray) else out


def frombuffer(buffer: Any, dtype: DTypeLike = float, count: int = -1, offset: int = 0) -> Value:
    """NumPy's ``frombuffer``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.frombuffer(bytes([1, 2, 3]), dtype="uint8")
        array([1, 2, 3], dtype=uint8)
    """
    return array(np.frombuffer(buffer, dtype, count, offset))


def fromfunction(function: Any, shape: Sequence[int], dtype: DTypeLike = float, **kwargs: Any) -> Value:
    """`function` of the coordinates of each place of an array of `shape`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fromfunction(lambda i, j: 10 * i + j, (2, 3), dtype=int)
        array([[ 0,  1,  2],
               [10, 11, 12]])
    """
    return function(*np.indices(shape, canonical_dtype(dtype)), **kwargs)


# --- from a shape -----------------------------------------------------------------------------------------------


def _float(dtype: DTypeLike) -> np.dtype:
    return config.float_dtype if dtype is None else canonical_dtype(dtype)


def _known(shape: ShapeLike) -> Any:
    """A shape; where it holds a traced value, the error says that its value is not known."""
    if isinstance(shape, (tuple, list)):
        return tuple(operator.index(n) for n in shape)
    return operator.index(shape) if isinstance(shape, Tracer) else shape


def zeros(shape: ShapeLike, dtype: DTypeLike = None, order: str = "C", *, device: Any = None) -> Value:
    """An array of zeros, float64 by default (float32 in 32-bit mode).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.zeros(3)
        array([0., 0., 0.])
    """
    on_host(device)
    out = np.zeros(_known(shape), _float(dtype), order)  # type: ignore[arg-type]
    return out


def ones(shape: ShapeLike, dtype: DTypeLike = None, order: str = "C", *, device: Any = None) -> Value:
    """An array of ones, float64 by default (float32 in 32-bit mode).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ones((2, 2), dtype="int32")
        array([[1, 1],
               [1, 1]], dtype=int32)
    """
    on_host(device)
    out = np.ones(_known(shape), _float(dtype), order)  # type: ignore[call-overload]
    return out


def empty(shape: ShapeLike, dtype: DTypeLike = None, order: str = "C", *, device: Any = None) -> Value:
    """An array of `shape`; filled with zeros, so that a program is the same at every run.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.empty((2, 3)).shape
        (2, 3)
    """
    out = zeros(shape, dtype, order, device=device)
    return out


def full(
    shape: ShapeLike, fill_value: ArrayLike, dtype: DTypeLike = None, order: str = "C", *, device: Any = None
) -> Value:
    """An array filled with `fill_value`, which broadcasts to `shape` and may be under transformation.

    Example:
        >>> full((2,), 1.5)
        array([1.5, 1.5])
    """
    on_host(device)
    fill = as_array(fill_value)
    if dtype is not None:
        check_written(fill_value, canonical_dtype(dtype))
        fill = convert(fill, dtype)
    want = as_lengths(shape)
    if isinstance(fill, Tracer):
        return broadcast_to(fill, want)
    out = np.full(want, fill, fill.dtype, order)  # type: ignore[arg-type]
    return out


def _like(a: ArrayLike, dtype: DTypeLike, order: Any, shape: ShapeLike | None, device: Any) -> tuple[Any, Any, Any]:
    on_host(device)
    if not (order is None or isinstance(order, str)):  # JAX has the shape in this place
        order, shape = "K", order
    a = as_array(a)
    layout = "F" if order in ("F", "A", "K") and isinstance(a, ndarray) and np.isfortran(a) else "C"
    layout = "F" if order == "F" else layout
    return (shape_of(a) if shape is None else shape), (dtype_of(a) if dtype is None else canonical_dtype(dtype)), layout


def _beside(a: ArrayLike, x: ArrayLike) -> Any:
    """`x`, made for the array `a`; beside a traced one it accepts traced values: ``x[i] = v``."""
    return new_array(x) if isinstance(a, Tracer) else x


def zeros_like(
    a: ArrayLike,
    dtype: DTypeLike = None,
    order: str | None = "K",
    subok: bool = True,
    shape: ShapeLike | None = None,
    *,
    device: Any = None,
) -> Value:
    """Zeros of the shape and dtype of `a`; of a traced one an array into which traced values can be written.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.zeros_like(wnp.array([[1, 2]]))
        array([[0, 0]])
    """
    return _beside(a, np.zeros(*_like(a, dtype, order, shape, device)))


def ones_like(
    a: ArrayLike,
    dtype: DTypeLike = None,
    order: str | None = "K",
    subok: bool = True,
    shape: ShapeLike | None = None,
    *,
    device: Any = None,
) -> Value:
    """Ones of the shape and dtype of `a`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ones_like(wnp.array([5.0, 6.0]))
        array([1., 1.])
    """
    return _beside(a, np.ones(*_like(a, dtype, order, shape, device)))


def empty_like(
    prototype: ArrayLike,
    dtype: DTypeLike = None,
    order: str | None = "K",
    subok: bool = True,
    shape: ShapeLike | None = None,
    *,
    device: Any = None,
) -> Value:
    """Zeros of the shape and dtype of `prototype`, as with `zeros_like`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.empty_like(wnp.ones((2, 3)), dtype="float32").dtype
        dtype('float32')
    """
    return _beside(prototype, np.zeros(*_like(prototype, dtype, order, shape, device)))


def full_like(
    a: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike = None,
    order: str | None = "K",
    subok: bool = True,
    shape: ShapeLike | None = None,
    *,
    device: Any = None,
) -> Value:
    """An array of the shape and dtype of `a`, filled with `fill_value`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.full_like(wnp.array([1.0, 2.0]), 7)
        array([7., 7.])
    """
    want, d, layout = _like(a, dtype, order, shape, device)
    out = full(want, fill_value, d, layout)
    out = _beside(a, out) if isinstance(out, ndarray) else out
    return out


# --- ranges -----------------------------------------------------------------------------------------------------


def arange(start: Any, stop: Any = None, step: Any = None, dtype: DTypeLike = None, *, device: Any = None) -> Value:
    """Evenly spaced numbers from `start` up to `stop`, which is not among them.

    Under differentiation the numbers depend on `start` and `step`; how many there are does not. Their number is asked for
    where it is traced, as by ``int(n)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.arange(2, 10, 3)
        array([2, 5, 8])
    """
    on_host(device)
    if isinstance(start, Tracer) or isinstance(stop, Tracer) or isinstance(step, Tracer):
        first, last = (0, start) if stop is None else (start, stop)
        by = 1 if step is None else step
        if all(dtype_of(as_value(v)).kind in "iub" for v in (first, last, by)):
            count = len(np.arange(int(first), int(last), int(by)))
        else:
            count = max(int(ceil((1 * last - first) / by)), 0)
        out = first + by * np.arange(count)
        return convert(out, result_dtype(aval_of(out), aval_of(as_value(last))) if dtype is None else dtype)
    args = (start,) if stop is None and step is None else (0, start, step) if stop is None else (start, stop)
    if stop is not None and step is not None:
        args = (start, stop, step)
    out = np.arange(*args, dtype=dtype)
    out = out if config._x64 else out.astype(canonical_dtype(out.dtype), copy=False)
    return out


def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`, with respect to both of which it is differentiable.

    Returns:
        The numbers, along `axis`; with `retstep` a pair of them and the step between them.

    Example:
        >>> linspace(0.0, 1.0, 3)
        array([0. , 0.5, 1. ])
    """
    on_host(device)
    start, stop = as_value(start), as_value(stop)
    traced = isinstance(start, Tracer) or isinstance(stop, Tracer)
    if not traced:
        out, step = np.linspace(start, stop, num, endpoint, retstep=True, axis=axis)
        if dtype is not None and np.dtype(dtype).kind in "iu":
            out = np.floor(out)
        want = canonical_dtype(out.dtype if dtype is None else dtype)
        out = out.astype(want, copy=False)
        return (out, demoted(step) if not config._x64 else step) if retstep else out
    natural = result_dtype(aval_of(start), aval_of(stop), Aval((), config.float_dtype, True))
    start, stop = convert(start, natural), convert(stop, natural)
    num = as_length(num, "linspace: number of samples")
    steps = num - 1 if endpoint else num
    span = stop - start
    step = span / steps if steps > 0 else span * np.nan
    shape = broadcast_shapes("linspace", shape_of(start), shape_of(stop))
    # NumPy's own steps, so that the points have its bits: histograms of integers count what lies on an edge.
    k = np.arange(num).astype(natural).reshape((num,) + (1,) * len(shape))
    if steps > 0:
        out = where_p.bind(step == 0, k / steps * span, k * step) + start  # a step may be too small to be a number
    else:
        out = k * span + start
    if endpoint and num > 1:
        out = where_p.bind(np.arange(num).reshape(k.shape) == num - 1, stop, out)
    out = moveaxis(convert(out, natural), 0, axis)
    if dtype is not None:
        out = convert(floor(out) if np.dtype(dtype).kind in "iu" else out, dtype)
    return (out, step) if retstep else out


def logspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Value:
    """Powers of `base` whose exponents are evenly spaced from `start` to `stop`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.logspace(0, 3, 4)
        array([   1.,   10.,  100., 1000.])
    """
    out = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return out if dtype is None else convert(out, dtype)


def geomspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, dtype: DTypeLike = None, axis: int = 0
) -> Value:
    """Numbers from `start` to `stop`, each the same multiple of the one before.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.geomspace(1.0, 1000.0, 4)
        array([   1.,   10.,  100., 1000.])
    """
    if not isinstance(start, Tracer) and not isinstance(stop, Tracer):
        out = np.geomspace(as_value(start), as_value(stop), num, endpoint, axis=axis)
        return out.astype(canonical_dtype(out.dtype if dtype is None else dtype), copy=False)
    if not holds(not_equal(start, 0)) or not holds(not_equal(stop, 0)):
        raise ArgumentError("geomspace: a geometric sequence cannot include zero")
    ratio = as_array(stop) / as_array(start)
    exponents = linspace(np.zeros(shape_of(ratio)), np.ones(shape_of(ratio)), num, endpoint)
    out = start * power(ratio, convert(exponents, dtype_of(ratio)))
    out = moveaxis(out, 0, axis)
    return out if dtype is None else convert(out, dtype)


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[Any]:
    """Coordinate matrices from coordinate vectors.

    Raises:
        ShapeError: `indexing` is neither "xy" nor "ij", or an argument has more than one axis.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.meshgrid(wnp.array([1, 2]), [10, 20], indexing="ij")
        [array([[1, 1],
               [2, 2]]), array([[10, 20],
               [10, 20]])]
    """
    if indexing not in ("xy", "ij"):
        raise ShapeError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    xs = [as_array(x) for x in xi]
    xs = [reshape(x, (-1,)) if ndim_of(x) > 1 else x for x in xs]  # as NumPy does
    n = len(xs)
    places = list(range(n))
    if indexing == "xy" and n >= 2:
        places[:2] = [1, 0]
    lengths = [0] * n
    for place, x in zip(places, xs, strict=True):
        lengths[place] = shape_of(x)[0] if ndim_of(x) else 1
    out = [
        reshape(x, tuple(lengths[i] if i == place else 1 for i in range(n)))
        for place, x in zip(places, xs, strict=True)
    ]
    if not sparse:
        out = [broadcast_to(x, tuple(lengths)) for x in out]
    return [np.array(x) if copy and isinstance(x, ndarray) else x for x in out]


def indices(dimensions: Any, dtype: DTypeLike = int, sparse: bool = False) -> Any:
    """NumPy's ``indices``: the coordinates of each place of a grid.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.indices((2, 2))[0]
        array([[0, 0],
               [1, 1]])
    """
    return np.indices(dimensions, canonical_dtype(dtype), sparse)


__all__ = [
    "arange", "array", "asarray", "astype", "copy", "empty", "empty_like", "frombuffer", "fromfunction", "full",
    "full_like", "geomspace", "indices", "linspace", "logspace", "meshgrid", "ones", "ones_like", "zeros",
    "zeros_like",
]  # fmt: skip
