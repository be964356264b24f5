"""Bits of integers: counting them, packing them into bytes, and the distance to the next number."""

from __future__ import annotations

import numpy as np

from ..core import as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError
from ..ops import elementwise as _ops
from ..ops.axes import canonical_axis
from ..ops.elementwise import absolute, bitwise_and, convert, nextafter, right_shift, where_p
from ..ops.options import universal
from ..ops.reduction import sum as _sum
from ..ops.shape import expand_dims, moveaxis, reshape
from ..ops.slices import pad_p, slice_axis
from ..vocabulary import ArrayLike, Value
from .dispatch import no_out, plain
from .elementary import as_ufuncs


@plain(np.bitwise_count)
@universal(np.bitwise_count)
def bitwise_count(x: ArrayLike, /, out: None = None) -> Value:
    """How many bits are 1 in the absolute value of each integer.

    Warren (2012), "Hacker's Delight", section 5.1: pairs of bits are added, then pairs of those sums, and so on.

    Example:
        >>> bitwise_count(np.array([0, 7, -8]))
        array([0, 3, 1], dtype=uint8)
    """
    no_out(out)
    x = as_array(x)
    dtype = dtype_of(x)
    if dtype.kind == "b":
        return convert(x, np.uint8)
    if dtype.kind not in "iu":
        raise DtypeError(f"bitwise_count needs integers, got {dtype}")
    unsigned = np.dtype(f"u{dtype.itemsize}")
    v = convert(absolute(x) if dtype.kind == "i" else x, unsigned)
    bits = 8 * unsigned.itemsize
    width = 1
    while width < bits:  # fields of `width` bits hold counts; add each to its neighbour
        mask = unsigned.type(sum(((1 << width) - 1) << k for k in range(0, bits, 2 * width)))
        v = bitwise_and(v, mask) + bitwise_and(right_shift(v, unsigned.type(width)), mask)
        width *= 2
    return convert(v, np.uint8)


def _order(bitorder: str) -> np.ndarray:
    if bitorder not in ("big", "little"):
        raise ArgumentError(f"bitorder is 'big' or 'little', got {bitorder!r}")
    places = np.arange(8, dtype=np.uint8)
    return places[::-1] if bitorder == "big" else places


@plain(np.packbits)
def packbits(a: ArrayLike, /, axis: int | None = None, bitorder: str = "big") -> Value:
    """Bits (elements that are not zero) packed into bytes along `axis` (the flattened array by default).

    Example:
        >>> packbits([1, 0, 0, 0, 0, 0, 1, 1])
        array([131], dtype=uint8)
    """
    order = _order(bitorder)
    x = as_array(a)
    if inexact_dtype(dtype_of(x)):
        raise DtypeError(f"packbits needs integers or booleans, got {dtype_of(x)}; compare first, as in x > 0")
    x, axis = (reshape(x, (-1,)), 0) if axis is None else (x, canonical_axis(axis, ndim_of(x)))
    x = convert(convert(moveaxis(x, axis, -1), bool), np.uint8)
    *lead, n = shape_of(x)
    more = -n % 8
    if more:
        x = pad_p.bind(x, config=(*[(0, 0, 0)] * len(lead), (0, more, 0)))
    bytes_ = reshape(x, (*lead, (n + more) // 8, 8)) * (np.uint8(1) << order)
    return moveaxis(_sum(bytes_, -1, np.uint8), -1, axis)


@plain(np.unpackbits)
def unpackbits(a: ArrayLike, /, axis: int | None = None, count: int | None = None, bitorder: str = "big") -> Value:
    """The bits of bytes along `axis` (of the flattened array by default): the inverse of `packbits`.

    Args:
        a: an array of uint8.
        axis: the axis.
        count: how many bits; a negative number drops as many at the end.
        bitorder: "big" (the highest bit of a byte first) or "little".

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.unpackbits(wnp.array([5], dtype="uint8"))
        array([0, 0, 0, 0, 0, 1, 0, 1], dtype=uint8)
    """
    order = _order(bitorder)
    x = as_array(a)
    if dtype_of(x) != np.uint8:
        raise DtypeError(f"unpackbits needs uint8, got {dtype_of(x)}; convert with astype('uint8')")
    x, axis = (reshape(x, (-1,)), 0) if axis is None else (x, canonical_axis(axis, ndim_of(x)))
    x = moveaxis(x, axis, -1)
    *lead, n = shape_of(x)
    bits = reshape(bitwise_and(right_shift(expand_dims(x, -1), order), np.uint8(1)), (*lead, 8 * n))
    if count is not None:
        stop = count if count >= 0 else 8 * n + count
        if stop > 8 * n:
            bits = pad_p.bind(bits, config=(*[(0, 0, 0)] * len(lead), (0, stop - 8 * n, 0)))
        bits = slice_axis(bits, len(lead), 0, max(stop, 0))
    return moveaxis(bits, -1, axis)


@plain(np.spacing)
@universal(np.spacing)
def spacing(x: ArrayLike, /, out: None = None) -> Value:
    """The distance from `x` to the next number away from zero, with the sign of `x`; its derivative is zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.spacing(1.0) == 2**-52
        np.True_
    """
    no_out(out)
    if dtype_of(as_array(x)).kind == "c":
        raise DtypeError("spacing of complex numbers: they have no next number; take real and imag")
    x = as_ufuncs(x, "spacing")
    fixed = _ops.stop_gradient_p.bind(x)
    if dtype_of(x) == np.float16:  # NumPy's is the distance to the next larger number there
        return nextafter(fixed, np.float16(np.inf)) - fixed
    size = absolute(fixed)
    step = nextafter(size, dtype_of(x).type(np.inf)) - size
    return where_p.bind(fixed < 0, -step, step)


__all__ = ["bitwise_count", "packbits", "spacing", "unpackbits"]
