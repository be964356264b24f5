"""Samples of functions: differences, finite-difference gradients, integrals, interpolation, convolution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import as_array, as_value, aval_of, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, NotSupportedError, ShapeError
from ..ops import convolution as _convolution
from ..ops.axes import axis_list, canonical_axes, canonical_axis
from ..ops.casts import as_inexact
from ..ops.cumulative import cumsum_p, reverse
from ..ops.elementwise import (
    absolute,
    add,
    conj,
    convert,
    divide,
    floor_divide,
    multiply,
    not_equal,
    remainder,
    where_p,
)
from ..ops.indexing import getitem
from ..ops.promotion import result_dtype
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, reshape
from ..ops.slices import slice_axis
from ..vocabulary import ArrayLike, Axes, Value
from .dispatch import plain, rounded
from .elementary import clip
from .ordering import searchsorted
from .searching import where

# --- differences and integrals ----------------------------------------------------------------------------------


@plain(np.diff)
def diff(a: ArrayLike, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Value:
    """The `n`-th difference of neighbours along `axis`, of `a` with `prepend` before it and `append` behind.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.diff(wnp.array([1, 4, 9, 16]), n=2)
        array([2, 2])
    """
    if n < 0:
        raise ArgumentError(f"diff: the order must not be negative, got {n}")
    x = as_array(a)
    if n == 0:
        return x
    if ndim_of(x) == 0:
        raise ShapeError("diff of a scalar: it needs an axis")
    i = canonical_axis(axis, ndim_of(x))
    parts = []
    for part in (prepend, append):
        if part is not None:
            part = as_array(part)
            if ndim_of(part) == 0:
                part = broadcast_to(part, tuple(1 if j == i else m for j, m in enumerate(shape_of(x))))
        parts.append(part)
    pieces = [p for p in (parts[0], x, parts[1]) if p is not None]
    x = concatenate(pieces, i) if len(pieces) > 1 else x
    for _ in range(n):
        length = shape_of(x)[i]
        if length == 0:
            return x
        left, right = slice_axis(x, i, 0, length - 1), slice_axis(x, i, 1, length)
        x = not_equal(right, left) if dtype_of(x).kind == "b" else right - left
    return x


def ediff1d(ary: ArrayLike, to_end: Any = None, to_begin: Any = None) -> Value:
    """The differences of neighbours in the flattened array, `to_begin` before them and `to_end` behind.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.ediff1d(wnp.array([1, 4, 9]), to_begin=0)
        array([0, 3, 5])
    """
    ary = as_array(ary)
    if dtype_of(ary).kind == "b":
        raise DtypeError("ediff1d: truth values have no differences; convert them with astype(int)")
    d = diff(reshape(ary, (-1,)))
    for name, v in (("to_begin", to_begin), ("to_end", to_end)):
        if v is not None and not np.can_cast(dtype_of(as_array(v)), dtype_of(d), casting="same_kind"):
            raise DtypeError(
                f"ediff1d: {name} of {dtype_of(as_array(v))} beside differences of {dtype_of(d)}; convert one"
            )
    parts = [None if v is None else convert(reshape(as_array(v), (-1,)), dtype_of(d)) for v in (to_begin, to_end)]
    pieces = [p for p in (parts[0], d, parts[1]) if p is not None]
    return concatenate(pieces) if len(pieces) > 1 else d


def _gradient_along(f: Any, spacing: ArrayLike, axis: int, edge_order: int) -> Value:
    n = shape_of(f)[axis]
    if n < edge_order + 1:
        raise ShapeError(f"gradient: an axis of length {n} is too short for edge_order={edge_order}")

    def at(i: int) -> Any:
        i %= n
        return slice_axis(f, axis, i, i + 1)

    before, middle, after = (slice_axis(f, axis, i, n - 2 + i) for i in range(3))
    spacing = as_value(spacing)
    if ndim_of(spacing) == 0:
        inner = (after - before) / (2.0 * spacing)
        if edge_order == 1:
            first, last = (at(1) - at(0)) / spacing, (at(-1) - at(-2)) / spacing
        else:
            first = (-1.5 * at(0) + 2.0 * at(1) - 0.5 * at(2)) / spacing
            last = (0.5 * at(-3) - 2.0 * at(-2) + 1.5 * at(-1)) / spacing
        return concatenate([first, inner, last], axis)
    if shape_of(spacing) != (n,):
        raise ShapeError(f"gradient: coordinates of shape {shape_of(spacing)} for an axis of length {n}")
    h = diff(spacing)
    column = [-1 if j == axis else 1 for j in range(ndim_of(f))]
    h1, h2 = (reshape(getitem(h, s), column) for s in (slice(None, -1), slice(1, None)))
    inner = -h2 / (h1 * (h1 + h2)) * before + (h2 - h1) / (h1 * h2) * middle + h1 / (h2 * (h1 + h2)) * after
    if edge_order == 1:
        first, last = (at(1) - at(0)) / getitem(h, 0), (at(-1) - at(-2)) / getitem(h, -1)
    else:
        a, b = getitem(h, 0), getitem(h, 1)
        first = -(2 * a + b) / (a * (a + b)) * at(0) + (a + b) / (a * b) * at(1) - a / (b * (a + b)) * at(2)
        a, b = getitem(h, -2), getitem(h, -1)
        last = b / (a * (a + b)) * at(-3) - (b + a) / (a * b) * at(-2) + (2 * b + a) / (b * (a + b)) * at(-1)
    return concatenate([first, inner, last], axis)


@rounded
def gradient(f: Any, *varargs: Any, axis: Axes = None, edge_order: int = 1) -> Any:
    """The gradient of samples by central differences in the inside and one-sided ones at the ends, as NumPy has it.

    Args:
        f: the samples.
        *varargs: one spacing for all axes, or for each axis a spacing or a vector of coordinates.
        axis: the axes (all by default).
        edge_order: 1 or 2, the order of accuracy at the ends.

    Returns:
        An array for one axis, else a tuple with one for each.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.gradient(wnp.array([0.0, 1.0, 4.0, 9.0]))
        array([1., 2., 4., 5.])
    """
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    f = as_array(f)
    boolean = dtype_of(f).kind == "b"
    f = as_inexact(f)
    axes = canonical_axes(None, ndim_of(f)) if axis is None else axis_list(axis)
    axes = [canonical_axis(a, ndim_of(f)) for a in axes]
    if boolean and min([shape_of(f)[a] for a in axes], default=0) > edge_order:
        raise DtypeError("gradient: truth values have no differences; convert them with astype(float)")
    spacings = list(varargs) * len(axes) if len(varargs) == 1 else list(varargs) or [1.0] * len(axes)
    if len(spacings) != len(axes):
        raise ArgumentError(f"gradient: {len(spacings)} spacings for {len(axes)} axes")
    out = tuple(_gradient_along(f, s, a, edge_order) for s, a in zip(spacings, axes, strict=True))
    out = tuple(convert(g, dtype_of(f)) if dtype_of(g).kind == "f" else g for g in out)  # whatever the spacings are
    return out[0] if len(out) == 1 else out


@plain(np.trapezoid)
def trapezoid(y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1) -> Value:
    """The integral of samples `y` along `axis` by the trapezoidal rule, at the points `x` or a distance `dx` apart.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.trapezoid(wnp.array([0.0, 1.0, 4.0]), x=[0.0, 1.0, 3.0])
        np.float64(5.5)
    """
    y = as_array(y)
    i = canonical_axis(axis, ndim_of(y))
    n = shape_of(y)[i]
    if x is None:
        width = as_value(dx)
    else:
        x = as_array(x)
        if ndim_of(x) == 1:
            width = reshape(diff(x), tuple(-1 if j == i else 1 for j in range(ndim_of(y))))
        else:
            width = diff(x, axis=axis)
    pairs = add(
        slice_axis(y, i, min(1, n), n), slice_axis(y, i, 0, max(n - 1, 0))
    )  # in the dtype of `y`, as NumPy has it
    return _sum(divide(multiply(width, pairs), 2.0), i)


@rounded
def unwrap(p: ArrayLike, discont: Any = None, axis: int = -1, *, period: ArrayLike = 2 * math.pi) -> Value:
    """`p` with multiples of `period` added, so that neighbours along `axis` never differ by more than half of it.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unwrap(wnp.array([0, 3, 5, 1]), period=4)
        array([ 0, -1,  1,  1])
    """
    p = as_array(p)
    i = canonical_axis(axis, ndim_of(p))
    step = diff(p, axis=i)  # in the dtype of `p`, as NumPy has it
    weak = type(period) in (int, float)
    dtype = canonical_dtype(np.result_type(dtype_of(step), period if weak else dtype_of(as_value(period))))
    whole = dtype.kind in "iu"
    if dtype.kind == "u":
        raise OverflowError(f"unwrap: half a period below 0 is out of bounds for {dtype}; convert with astype(int)")
    p, step = convert(p, dtype), convert(step, dtype)
    half = floor_divide(period, 2) if whole else period / 2
    wrapped = remainder(step + half, period) - half
    ends = (wrapped == -half) & (step > 0)  # half a period is a tie, which odd whole periods have not
    wrapped = where(ends & (remainder(period, 2) == 0) if whole else ends, half, wrapped)
    correction = wrapped - step
    limit = period / 2 if discont is None else discont
    correction = where_p.bind(absolute(step) < limit, dtype_of(p).type(0), correction)
    n = shape_of(p)[i]
    return concatenate(
        [slice_axis(p, i, 0, 1), convert(slice_axis(p, i, 1, n) + cumsum_p.bind(correction, axis=i), dtype)], i
    )


# --- interpolation ----------------------------------------------------------------------------------------------


def interp(
    x: ArrayLike, xp: ArrayLike, fp: ArrayLike, left: Any = None, right: Any = None, period: Any = None
) -> Value:
    """The piecewise linear function through the points ``(xp, fp)``, `xp` rising, at `x`.

    Args:
        x: where it is evaluated.
        xp: a vector of coordinates.
        fp: the values there.
        left, right: the value before the first and behind the last point (``fp[0]`` and ``fp[-1]`` by default).
        period: the period of `xp`, whose order is then free.

    Example:
        >>> interp(0.5, [0.0, 1.0], [2.0, 4.0])
        np.float64(3.0)
    """
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if ndim_of(xp) != 1 or ndim_of(fp) != 1:
        raise ShapeError(f"interp: points and values must be vectors, got shapes {shape_of(xp)} and {shape_of(fp)}")
    if dtype_of(x).kind == "c" or dtype_of(xp).kind == "c":
        raise DtypeError("interp: complex coordinates have no order")
    if ndim_of(xp) != 1 or shape_of(xp) != shape_of(fp) or shape_of(xp)[0] == 0:
        raise ShapeError(f"interp: coordinates of shape {shape_of(xp)} and values of shape {shape_of(fp)}")
    x, xp, fp = (convert(v, np.promote_types(dtype_of(v), config.float_dtype)) for v in (x, xp, fp))  # as NumPy has it
    if isinstance(left, str) or isinstance(right, str):
        raise NotSupportedError("interp with left='extrapolate'; give values, or add points to xp and fp")
    if period is not None:
        from .ordering import argsort

        x, xp = remainder(x, period), remainder(xp, period)
        order = argsort(xp)
        xp, fp = getitem(xp, order), getitem(fp, order)
        xp = concatenate([getitem(xp, slice(-1, None)) - period, xp, getitem(xp, slice(0, 1)) + period])
        fp = concatenate([getitem(fp, slice(-1, None)), fp, getitem(fp, slice(0, 1))])
    n = shape_of(xp)[0]
    first, last = getitem(fp, 0), getitem(fp, n - 1)
    if n == 1:
        out = broadcast_to(first, shape_of(x))
    else:
        i = clip(searchsorted(xp, x, "right"), 1, n - 1)
        x0, x1, f0, f1 = getitem(xp, i - 1), getitem(xp, i), getitem(fp, i - 1), getitem(fp, i)
        width = x1 - x0
        flat = width == 0
        out = where(flat, f0, f0 + (x - x0) / where(flat, 1.0, width) * (f1 - f0))
        out = where(x == getitem(xp, n - 1), f1, out) if period is None else out
    if period is None:
        out = where(x < getitem(xp, 0), first if left is None else left, out)
        out = where(x > getitem(xp, n - 1), last if right is None else right, out)
    return out


# --- convolution ------------------------------------------------------------------------------------------------


def _vectors(name: str, a: ArrayLike, v: ArrayLike, mode: str) -> tuple[Any, Any]:
    a, v = as_array(a), as_array(v)
    if mode not in ("full", "same", "valid"):
        raise ArgumentError(f"{name}: mode must be 'full', 'same' or 'valid', got {mode!r}")
    if name == "convolve":
        a, v = (reshape(x, (-1,)) if ndim_of(x) == 0 else x for x in (a, v))
    if ndim_of(a) != 1 or ndim_of(v) != 1 or 0 in shape_of(a) + shape_of(v):
        raise ShapeError(f"{name} needs two vectors with elements, got shapes {shape_of(a)} and {shape_of(v)}")
    dtype = result_dtype(aval_of(a), aval_of(v))
    return convert(a, dtype), convert(v, dtype)


@plain(np.convolve, 2)
def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full") -> Value:
    """The convolution of two vectors.

    Example:
        >>> convolve([1.0, 2.0], [1.0, 1.0])
        array([1., 3., 2.])
    """
    return _convolution.convolve(*_vectors("convolve", a, v, mode), mode)


@plain(np.correlate, 2)
def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid") -> Value:
    """The correlation of two vectors, the second one conjugated.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.correlate(wnp.array([1, 2, 3]), [0, 1], mode="valid")
        array([2, 3])
    """
    a, v = _vectors("correlate", a, v, mode)
    if shape_of(v)[0] > shape_of(a)[0]:  # NumPy: the correlation of (v, a), conjugated and reversed
        return reverse(conj(_convolution.convolve(v, reverse(conj(a), 0), mode)), 0)
    return _convolution.convolve(a, reverse(conj(v), 0), mode)


__all__ = [
    "convolve", "correlate", "diff", "ediff1d", "gradient", "interp", "trapezoid", "unwrap",
]  # fmt: skip
