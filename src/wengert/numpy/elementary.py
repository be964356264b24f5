"""Elementwise functions that are composites or aliases of the primitive ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, dtype_of, inexact_dtype, shape_of
from ..documented import with_example
from ..errors import DtypeError
from ..ops import elementwise as _ops
from ..ops.casts import as_inexact
from ..ops.elementwise import (
    absolute,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    convert,
    divide,
    equal,
    floor_divide,
    imag,
    invert,
    isfinite,
    isinf,
    isnan,
    left_shift,
    less_equal,
    logical_and,
    logical_not,
    maximum,
    minimum,
    power,
    real,
    remainder,
    right_shift,
    rint,
    signbit,
    sin,
    trunc,
    where,
    where_p,
)
from ..ops.fits import is_python_integer
from ..ops.memory import copied
from ..ops.options import universal
from ..vocabulary import ArrayLike, Value
from .dispatch import no_out, plain, rounded
from .dtypes import finfo

abs = absolute  # noqa: A001
mod = remainder
true_divide = divide
pow = power  # noqa: A001
bitwise_not = bitwise_invert = invert
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh


def as_ufuncs(x: ArrayLike, name: str) -> Value:
    """`x` in the floating dtype that NumPy's universal functions take integers in: int8 becomes float16.

    Raises:
        DtypeError: `x` is complex.
    """
    x = as_array(x)
    d = dtype_of(x)
    if d.kind == "c":
        raise DtypeError(f"{name} is not defined for complex numbers")
    return x if inexact_dtype(d) else convert(x, np.result_type(d, np.float16))


@universal(np.conj)
def conj(x: ArrayLike, /) -> Value:
    """The complex conjugate; another array also where `x` is real.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.conj(wnp.array([1 + 2j, 3 - 4j]))
        array([1.-2.j, 3.+4.j])
    """
    x = as_array(x)
    d = dtype_of(x)
    if d.kind == "b":
        return convert(x, np.int8)
    if d.kind == "c" or not shape_of(x):
        return _ops.conj(x)
    return copied(x) if isinstance(x, Tracer) else x.copy()


conjugate = conj

# --- rounding ---------------------------------------------------------------------------------------------------


@plain(np.round)
def round(a: ArrayLike, decimals: int = 0, out: None = None) -> Value:  # noqa: A001
    """`a` rounded to `decimals` places, halves to even. Its derivative is zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.around(wnp.array([2.345, 0.5, 1.5]), 0)
        array([2., 0., 2.])
    """
    no_out(out)
    a = as_array(a)
    if dtype_of(a).kind == "b":
        if decimals != 0:
            raise DtypeError("round: truth values have no decimal places; convert them with astype(int)")
        return convert(a, np.float16)  # as NumPy has it
    if not inexact_dtype(dtype_of(a)):
        return a if decimals >= 0 else convert(rint(a / 10**-decimals) * 10**-decimals, dtype_of(a))
    if decimals == 0:
        return rint(a)
    if dtype_of(a).kind == "c":
        return convert(round(real(a), decimals) + 1j * round(imag(a), decimals), dtype_of(a))
    scale = float(10 ** math.fabs(decimals))
    return convert(rint(a * scale) / scale if decimals > 0 else rint(a / scale) * scale, dtype_of(a))


around = round


def fix(x: ArrayLike, out: None = None) -> Value:
    """`x` rounded towards zero.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fix(wnp.array([2.7, -2.7]))
        array([ 2., -2.])
    """
    no_out(out)
    return trunc(x)


@plain(np.clip)
def clip(
    a: ArrayLike, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None
) -> Value:  # noqa: A002
    """`a` limited to the interval from `a_min` to `a_max`; at a bound the derivative is shared with it.

    Args:
        a: the array.
        a_min, min: the lower bound, or None.
        a_max, max: the upper bound, or None.

    Example:
        >>> clip(np.array([-1.0, 0.5, 2.0]), 0.0, 1.0)
        array([0. , 0.5, 1. ])
    """
    no_out(out)
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    x = as_array(a)
    if x.dtype.kind in "iu":  # Python's integers beyond the dtype limit nothing, as in NumPy
        least, largest = np.iinfo(x.dtype).min, np.iinfo(x.dtype).max
        low = None if is_python_integer(low) and low <= least else low
        high = None if is_python_integer(high) and high >= largest else high
    if low is not None:
        x = maximum(x, low)
    return x if high is None else minimum(x, high)


# --- arithmetic -------------------------------------------------------------------------------------------------


@universal(np.divmod)
def divmod(x1: ArrayLike, x2: ArrayLike) -> tuple[Any, Any]:  # noqa: A001
    """The quotient rounded down, and the remainder.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.divmod(wnp.array([7, -7]), 3)
        (array([ 2, -3]), array([1, 2]))
    """
    return floor_divide(x1, x2), remainder(x1, x2)


@plain(np.modf)
@universal(np.modf)
def modf(x: ArrayLike) -> tuple[Any, Any]:
    """The fractional and the whole part, both with the sign of `x`.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.modf(wnp.array([2.5, -1.25]))
        (array([ 0.5 , -0.25]), array([ 2., -1.]))
    """
    x = as_ufuncs(x, "modf")
    whole, zero = trunc(x), dtype_of(x).type(0)
    infinite = isinf(x)
    own, cut = where_p.bind(infinite, zero, x), where_p.bind(infinite, zero, whole)
    # subtracted in the order that leaves a 0 with the sign of `x` where `x` is whole or infinite
    return where_p.bind(signbit(x), -(cut - own), own - cut), whole


@plain(np.frexp)
@universal(np.frexp)
def frexp(x: ArrayLike) -> tuple[Any, Any]:
    """Mantissa and exponent: ``x = mantissa * 2**exponent``, the mantissa in [0.5, 1).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.frexp(8.0)
        (np.float64(0.5), np.int32(4))
    """
    x = as_ufuncs(x, "frexp")
    fixed = _ops.stop_gradient_p.bind(x)
    zero = equal(fixed, 0) | logical_not(isfinite(fixed))
    size = absolute(where_p.bind(zero, dtype_of(x).type(1), fixed))
    exponent = _ops.floor(_ops.log2(size)) + 1
    # log2 may round across a power of two
    exponent = exponent + convert(size >= _ops.exp2(exponent), dtype_of(x))
    exponent = exponent - convert(size < _ops.exp2(exponent - 1), dtype_of(x))
    half = _ops.floor(exponent / 2)  # in two steps: 2**-exponent alone may overflow
    mantissa = x * _ops.exp2(-half) * _ops.exp2(half - exponent)
    return where_p.bind(zero, x, mantissa), convert(where_p.bind(zero, 0.0, exponent), np.int32)


@universal(np.float_power)
def float_power(x1: ArrayLike, x2: ArrayLike) -> Value:
    """`x1` to the power `x2`, in the default floating dtype at least.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.float_power(wnp.array([2, 4]), -1)
        array([0.5 , 0.25])
    """
    base, exponent = [
        convert(x, config.complex_dtype if dtype_of(as_array(x)).kind == "c" else config.float_dtype) for x in (x1, x2)
    ]
    if not isinstance(exponent, Tracer) and not exponent.shape and exponent == 0.5 and dtype_of(base).kind != "c":
        base = where(equal(base, -np.inf), dtype_of(base).type(np.inf), base) + 0.0  # `power` takes the square root
    return power(base, exponent)


@universal(np.fabs)
def fabs(x: ArrayLike) -> Value:
    """The absolute value, floating.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.fabs(wnp.array([-1.5, 2.0]))
        array([1.5, 2. ])
    """
    return absolute(as_ufuncs(x, "fabs"))


def _scaled(name: str, factor: float, doc: str) -> Any:
    def call(x: Any, /) -> Any:
        return as_ufuncs(x, name) * factor

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return universal(getattr(np, name))(rounded(call))


deg2rad = _scaled("deg2rad", math.pi / 180, "Degrees in radians.")
with_example(
    deg2rad,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.deg2rad(180.0) == np.pi
    np.True_
    """,
)
rad2deg = _scaled("rad2deg", 180 / math.pi, "Radians in degrees.")
with_example(
    rad2deg,
    """
    >>> import numpy as np
    >>> import wengert.numpy as wnp
    >>> wnp.degrees(wnp.array([0.0, np.pi / 2]))
    array([ 0., 90.])
    """,
)
radians, degrees = deg2rad, rad2deg


def sinc(x: ArrayLike) -> Value:
    """``sin(pi x) / (pi x)``, 1 at 0, with all its derivatives there.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.sinc(wnp.array([0.0, 0.5])) * np.pi
        array([3.14159265, 2.        ])
    """
    x = as_inexact(x)
    y = x * math.pi
    small = less_equal(absolute(y), 1.0)
    one = dtype_of(y).type(1)
    safe = where_p.bind(small, one, y)
    s = where_p.bind(small, y * y, dtype_of(y).type(0))
    series = one  # Horner: sum of (-s)**k / (2k+1)!
    for k in (8, 7, 6, 5, 4, 3, 2, 1):
        series = 1 - s / ((2 * k) * (2 * k + 1)) * series
    return where_p.bind(small, series, sin(safe) / safe)


def i0(x: ArrayLike) -> Value:
    """The modified Bessel function of the first kind, of order 0.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.i0(wnp.array([0.0]))
        array([1.])
    """
    from ..ops.special.functions import i0 as bessel

    x = as_array(x)
    return convert(bessel(x), dtype_of(x)) if inexact_dtype(dtype_of(x)) else bessel(x)


def nan_to_num(x: ArrayLike, copy: bool = True, nan: ArrayLike = 0.0, posinf: Any = None, neginf: Any = None) -> Value:
    """`x` with `nan` for NaN and finite numbers for infinities (the largest by default).

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.nan_to_num(wnp.array([np.nan, np.inf, 1.0]), posinf=9.0)
        array([0., 9., 1.])
    """
    x = as_array(x)
    d = dtype_of(x)
    if not inexact_dtype(d):
        return x
    if d.kind == "c":
        return nan_to_num(real(x), copy, nan, posinf, neginf) + d.type(1j) * nan_to_num(
            imag(x), copy, nan, posinf, neginf
        )
    info = finfo(d)
    high, low = info.max if posinf is None else posinf, info.min if neginf is None else neginf
    x = where_p.bind(isnan(x), convert(nan, d), x)
    x = where_p.bind(logical_and(isinf(x), logical_not(signbit(x))), convert(high, d), x)
    return where_p.bind(logical_and(isinf(x), signbit(x)), convert(low, d), x)


# --- complex numbers --------------------------------------------------------------------------------------------


@rounded
def angle(z: ArrayLike, deg: bool = False) -> Value:
    """The argument of a complex number, in radians (degrees with `deg`).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.angle(wnp.array([1.0, 1j, -1.0]), deg=True)
        array([  0.,  90., 180.])
    """
    z = as_array(z)
    out = arctan2(imag(z), real(z)) if dtype_of(z).kind == "c" else arctan2(0, z)
    return out * (180 / math.pi) if deg else out


def real_if_close(a: Any, tol: float = 100) -> Any:
    """`a` itself: whether a result is real must not depend on values here. Take `real` instead.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.real_if_close(wnp.array([2.0 + 1e-16j]))
        array([2.])
    """
    if dtype_of(as_array(a)).kind == "c" and isinstance(a, Tracer):
        raise DtypeError("real_if_close would give a dtype that depends on values; use real")
    return np.real_if_close(as_array(a), tol) if not isinstance(a, Tracer) else a


__all__ = [
    "abs", "acos", "acosh", "angle", "around", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_invert",
    "bitwise_left_shift", "bitwise_not", "bitwise_right_shift", "clip", "conj", "conjugate", "deg2rad", "degrees",
    "divmod", "fabs", "fix", "float_power", "frexp", "i0", "mod", "modf", "nan_to_num", "pow", "rad2deg", "radians",
    "real_if_close", "round", "sinc", "true_divide",
]  # fmt: skip
