"""Bits of numbers: counts, shifts that fill with zeros, high halves of products, the same bits as another dtype, and
roundings to fewer bits. Whole arrays at a time; nothing here but `reduce_precision` has a tangent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, dtype_of, shape_of
from ..errors import DtypeError, ShapeError
from ..vocabulary import BatchedResults, DTypeLike, Params, Pushed
from .elementwise import left_shift_p, right_shift_p
from .families import Elementwise
from .linear import Linear
from .samples import SHAPES

ndarray = np.ndarray


def _unsigned(x: Any) -> ndarray:
    x = np.asarray(x)
    return x.view(f"u{x.dtype.itemsize}") if x.dtype.kind == "i" else x


def _whole(name: str, x: Any) -> Any:
    if np.asarray(x).dtype.kind not in "iu":
        raise DtypeError(f"{name} is for integers, got {np.asarray(x).dtype}")
    return x


def _count(x: Any) -> Any:
    x = np.asarray(_whole("population_count", x))
    return np.bitwise_count(_unsigned(x)).astype(x.dtype)[()]


def _leading_zeros(x: Any) -> Any:
    """Warren (2012), "Hacker's Delight", section 5.3: the highest bit is spread downwards, and the zeros above it counted."""
    x = np.asarray(_whole("clz", x))
    v, width = _unsigned(x), 8 * x.dtype.itemsize
    step = 1
    while step < width:
        v = v | (v >> v.dtype.type(step))
        step *= 2
    return (width - np.bitwise_count(v).astype(np.int64)).astype(x.dtype)[()]


def _high_product(x: Any, y: Any) -> Value:
    """The upper half of the bits of a product."""
    x, y = np.asarray(_whole("mulhi", x)), np.asarray(_whole("mulhi", y))
    dtype, bits = x.dtype, 8 * x.dtype.itemsize
    if bits < 64:
        wide = np.dtype(f"{dtype.kind}8")
        return ((x.astype(wide) * y.astype(wide)) >> wide.type(bits)).astype(dtype)[()]
    # Knuth, "The Art of Computer Programming", section 4.3.1: halves of 32 bits, and their carries.
    a, b, low, half = _unsigned(x), _unsigned(y), np.uint64(2**32 - 1), np.uint64(32)
    a0, a1, b0, b1 = a & low, a >> half, b & low, b >> half
    middle = a1 * b0 + ((a0 * b0) >> half)
    carried = a0 * b1 + (middle & low)
    high = a1 * b1 + (middle >> half) + (carried >> half)
    if dtype.kind == "i":
        zero = np.uint64(0)
        high = (high - np.where(x < 0, b, zero) - np.where(y < 0, a, zero)).view(dtype)
    return np.asarray(high).astype(dtype)[()]


def _integers(arity: int) -> Any:
    def make() -> list[Any]:
        rng = np.random.default_rng(4)
        return [(tuple(rng.integers(-9, 2**40, shape) for _ in range(arity)), {}) for shape in SHAPES]

    return make


population_count_p = Elementwise("population_count", _count, (None,), samples=_integers(1))
clz_p = Elementwise("clz", _leading_zeros, (None,), samples=_integers(1))
mulhi_p = Elementwise("mulhi", _high_product, (None, None), samples=_integers(2))


# --- the same bits ----------------------------------------------------------------------------------------------


def _bitcast_shape(shape: tuple[int, ...], have: np.dtype, want: np.dtype) -> tuple[int, ...]:
    if have.itemsize == want.itemsize:
        return shape
    if have.itemsize > want.itemsize:
        return (*shape, have.itemsize // want.itemsize)
    if not shape or shape[-1] * have.itemsize != want.itemsize:
        raise ShapeError(
            f"bitcast_convert_type: an array of shape {shape} and dtype {have} becomes {want} if its last axis has length "
            f"{want.itemsize // have.itemsize}"
        )
    return shape[:-1]


class _Bitcast(Primitive):
    """The bits of an array as another dtype: an axis more where that is narrower, one less where it is wider."""

    def impl(self, x: Value, *, dtype: np.dtype) -> Value:
        x = np.asarray(x)
        shape = _bitcast_shape(x.shape, x.dtype, dtype)
        return (
            np.frombuffer(np.ascontiguousarray(x).tobytes(), dtype).reshape(shape)[()]
            if x.size
            else np.zeros(shape, dtype)
        )

    def abstract(self, x: Aval, *, dtype: np.dtype) -> Aval:
        return Aval(_bitcast_shape(x.shape, x.dtype, dtype), dtype)

    def jvp(self, primals: Any, tangents: Any, params: Params) -> Pushed:
        return self.bind(*primals, **params), None

    def batch(self, size: int, args: Any, batched: Any, params: Params) -> BatchedResults:
        shape, have, want = shape_of(args[0])[1:], dtype_of(args[0]), params["dtype"]
        if not shape and have.itemsize < want.itemsize:
            _bitcast_shape(shape, have, want)  # the axis of examples is none of theirs
        return self.bind(args[0], **params), True


bitcast_p = _Bitcast(
    "bitcast_convert_type",
    samples=lambda: [
        ((np.arange(6).reshape(2, 3) - 2,), {"dtype": np.dtype(np.uint64)}),
        ((np.arange(3) - 1,), {"dtype": np.dtype(np.int16)}),
        ((np.arange(6, dtype=np.int32).reshape(3, 2),), {"dtype": np.dtype(np.int64)}),
    ],
    reasons={"transpose": "bits have no tangent", "complex": "typed by its samples"},
)


def bitcast_convert_type(x: Value, dtype: DTypeLike) -> Value:
    """The bits of `x` as another dtype.

    Raises:
        ShapeError: the new dtype is wider, and the last axis does not fill it.

    Example:
        >>> int(bitcast_convert_type(np.float32(1.0), np.int32)) == 0x3F800000
        True
    """
    return bitcast_p.bind(x, dtype=np.dtype(dtype))


# --- shifts -----------------------------------------------------------------------------------------------------


def shift_left(x: Value, n: Value) -> Value:
    """The bits of `x` moved upwards by `n`; 0 where all of them leave.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.shift_left(np.array([1, 3]), 2)
        array([ 4, 12])
    """
    return left_shift_p.bind(x, n)


def shift_right_arithmetic(x: Value, n: Value) -> Value:
    """The bits of `x` moved downwards by `n`, copies of the sign following.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.shift_right_arithmetic(np.array([-8, 8]), 1)
        array([-4,  4])
    """
    return right_shift_p.bind(x, n)


def shift_right_logical(x: Value, n: Value) -> Value:
    """The bits of `x` moved downwards by `n`, zeros following.

    Example:
        >>> shift_right_logical(np.int8(-1), np.int8(4))
        np.int8(15)
    """
    dtype = dtype_of(x)
    if dtype.kind != "i":
        return right_shift_p.bind(x, n)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    bits = right_shift_p.bind(bitcast_convert_type(x, unsigned), bitcast_convert_type(n, unsigned))
    return bitcast_convert_type(bits, dtype)


# --- roundings --------------------------------------------------------------------------------------------------


def _reduce_precision(x: Any, *, exponent_bits: int, mantissa_bits: int) -> Value:
    """Round to nearest even in the mantissa; what is too great for the exponent is infinite, what is too small is 0."""
    x = np.asarray(x)
    import ml_dtypes

    kept, width = ml_dtypes.finfo(x.dtype).nmant, 8 * x.dtype.itemsize
    exponents = width - 1 - kept
    bits = np.ascontiguousarray(x).view(f"u{x.dtype.itemsize}")
    of = bits.dtype.type
    sign, exponent = of(1 << (width - 1)), of(((1 << exponents) - 1) << kept)
    if mantissa_bits < kept:
        last = of(1 << (kept - mantissa_bits))
        tie = (bits & last) >> of(kept - mantissa_bits)
        bits = (bits + tie + of((int(last) >> 1) - 1)) & of(~(int(last) - 1) & ((1 << width) - 1))
    if exponent_bits < exponents:
        bias, fewer = (1 << (exponents - 1)) - 1, (1 << (exponent_bits - 1)) - 1
        size = bits & exponent
        bits = np.where(size > of((bias + fewer) << kept), (bits & sign) | exponent, bits)
        bits = np.where(size <= of((bias - fewer) << kept), bits & sign, bits)
    return np.where(np.isnan(x), x, bits.astype(of).view(x.dtype).reshape(x.shape))[()]


def _same(x: Aval, **params: Any) -> Aval:
    if x.dtype.kind not in "fV":
        raise DtypeError(f"reduce_precision is for floating numbers, got {x.dtype}")
    return Aval(x.shape, x.dtype)


# The tangent is rounded as the value is.
reduce_precision_p = Linear(
    "reduce_precision",
    _reduce_precision,
    _same,
    lambda ct, x, **params: reduce_precision_p.bind(ct, **params),
    lambda n, x, **params: reduce_precision_p.bind(x, **params),
    pattern=None,
    samples=lambda: [
        ((np.array([0.3, -2.0, 3.5]),), {"exponent_bits": 11, "mantissa_bits": 52}),
        ((np.array([[0.3], [-7.7]]),), {"exponent_bits": 11, "mantissa_bits": 60}),
    ],
    reasons={"complex": "roundings are of real numbers"},
    mixes=0,
)


def reduce_precision(x: Value, exponent_bits: int, mantissa_bits: int) -> Value:
    """`x` rounded to the numbers with so many bits of exponent and mantissa, in its own dtype.

    Example:
        >>> reduce_precision(np.float32(1.2), 8, 2)
        np.float32(1.25)
    """
    return reduce_precision_p.bind(x, exponent_bits=int(exponent_bits), mantissa_bits=int(mantissa_bits))


__all__ = [
    "bitcast_convert_type", "clz_p", "mulhi_p", "population_count_p", "reduce_precision", "shift_left",
    "shift_right_arithmetic", "shift_right_logical",
]  # fmt: skip
