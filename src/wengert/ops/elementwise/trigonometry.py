"""Circular and hyperbolic functions, and lengths and angles in the plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, aval_of, dtype_of, inexact_dtype, shape_of
from ...documented import with_example
from ...lowering import Formula, complex_functions, formulas
from ..casts import convert, real
from ..declare import binary, function_of, quietly, unary
from ..roots import Root, known
from ..samples import REAL
from .arithmetic import square
from .choice import where
from .exponentials import _OVERFLOW, rsqrt, sqrt
from .modulus import _sum_of_squares, ratio
from .order import signbit

LARGE = 256  # elements from which on several quick passes of NumPy cost less than one slow function
sin_p = unary(
    "sin",
    np.sin,
    lambda ans, x: cos(x),
    native=Formula(
        formulas.sin, bounded=True, shares="turn", both=(formulas.sine_and_cosine, 0), parts=complex_functions.sin
    ),
)
cos_p = unary(
    "cos",
    np.cos,
    lambda ans, x: -sin(x),
    native=Formula(
        formulas.cos, bounded=True, shares="turn", both=(formulas.sine_and_cosine, 1), parts=complex_functions.cos
    ),
)
tan_p = unary(
    "tan",
    np.tan,
    lambda ans, x: sech2(x * 1j) if dtype_of(x).kind == "c" else 1 + square(ans),
    (-1.2, 1.2),
    native=Formula(formulas.tan, parts=complex_functions.tan),
)
arcsin_p = unary(
    "arcsin",
    np.arcsin,
    quietly(lambda ans, x: 1 / _root_of_one_less_square(x)),
    (-0.9, 0.9),
    native=Formula(formulas.arcsin, parts=complex_functions.arcsin),
)
arccos_p = unary(
    "arccos",
    np.arccos,
    quietly(lambda ans, x: -1 / _root_of_one_less_square(x)),
    (-0.9, 0.9),
    native=Formula(formulas.arccos, parts=complex_functions.arccos),
)
arctan_p = unary(
    "arctan",
    np.arctan,
    quietly(lambda ans, x: 1 / (1 + square(x))),
    native=Formula(formulas.arctan, parts=complex_functions.arctan),
)
sinh_p = unary("sinh", np.sinh, lambda ans, x: cosh(x), native=Formula(formulas.sinh, parts=complex_functions.sinh))
cosh_p = unary("cosh", np.cosh, lambda ans, x: sinh(x), native=Formula(formulas.cosh, parts=complex_functions.cosh))


def _sech2(x: Value) -> Any:
    if dtype_of(x).kind == "c":  # by the exponential that does not overflow
        u = np.exp(np.where(np.real(x) < 0, 2 * x, -2 * x))[()]
        return (4 * u / np.square(1 + u)).astype(dtype_of(x))
    if type(x) is float and -100 < x < 100:
        out = 1 / math.cosh(x)
        return np.float64(out * out)
    before = _OVERFLOW.begin()
    out = np.reciprocal(np.cosh(x))
    _OVERFLOW.end(before)
    return np.multiply(out, out, out) if type(out) is np.ndarray else out * out


# ``1 / cosh(x)**2``, the derivative of tanh: ``1 - tanh(x)**2`` is 0 where tanh has rounded to 1.
sech2_p = unary(
    "sech2",
    _sech2,
    lambda ans, x: -2 * ans * tanh(x),
    native=Formula(formulas.sech2, shares="exp(-2|x|)", parts=complex_functions.sech2),
)
tanh_p = unary(
    "tanh",
    np.tanh,
    lambda ans, x: sech2(x),
    native=Formula(formulas.tanh, bounded=True, shares="exp(-2|x|)", parts=complex_functions.tanh),
)
arcsinh_p = unary(
    "arcsinh",
    np.arcsinh,
    lambda ans, x: 1 / _root_of_one_and_square(x),
    native=Formula(formulas.arcsinh, parts=complex_functions.arcsinh),
)
arccosh_p = unary(
    "arccosh",
    np.arccosh,
    quietly(lambda ans, x: rsqrt(x - 1) / sqrt(x - -1)),  # -0j + 1 is 1 + 0j, on the other side of the cut
    (1.2, 3.0),
    native=Formula(formulas.arccosh, parts=complex_functions.arccosh),
)
arctanh_p = unary(
    "arctanh",
    np.arctanh,
    lambda ans, x: 1 / (1 - square(x)),
    (-0.9, 0.9),
    native=Formula(formulas.arctanh, parts=complex_functions.arctanh),
)


def _hypot1(x: Value) -> Any:
    dtype = dtype_of(x)
    if np.size(x) < LARGE or dtype.char not in "fd":
        return np.hypot(x, dtype.type(1) if inexact_dtype(dtype) else 1.0)
    with np.errstate(over="ignore"):  # NumPy's hypot is slow
        out = np.sqrt(1 + np.square(x))
    return out if np.isfinite(out).all() else np.where(np.isinf(out), np.abs(x), out)


hypot1_p = unary(
    "hypot1",
    _hypot1,
    lambda ans, x: x / ans,
    reasons={"complex": "hypot is for real numbers"},
    native=formulas.hypot1,
)


# Roots of complex numbers: on a cut the sign of a zero says the side, and a difference x - c keeps it, where c - x and x + c do not.
def _root_of_one_less_square(x: Value) -> Value:
    if dtype_of(x).kind == "c":
        return sqrt(-(x - 1)) * sqrt(x - -1)
    return sqrt(1 - square(x))


def _root_of_one_and_square(x: Value) -> Value:
    if dtype_of(x).kind == "c":
        x = where(signbit(real(x)), -x, x)  # an even function, whose cut is the imaginary axis
        return sqrt(x - 1j) * sqrt(x + 1j)
    return hypot1(x)


def _over_squares(x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r = np.hypot(x, y)
        out = x / r / r
        if (out == out) if not shape_of(out) else not np.isnan(out).any():
            return out
        limit = np.copysign(out.dtype.type(0), x)  # at infinite numbers
        return np.where(np.isinf(x) & ~np.isnan(y), limit, out).astype(out.dtype)[()]


# ``x / (x**2 + y**2)``, also where the squares overflow or vanish: with z = x + iy the real part of 1/z, and its
# derivatives are those of ``-1 / z**2``.
over_squares_p = binary(
    "over_squares",
    _over_squares,
    (lambda ans, x, y: over_squares(y, x) - ans, lambda ans, x, y: over_squares(y, x) + ans),
    (lambda ans, x, y: ans, lambda ans, x, y: -2 * over_squares(y, x)),
    reasons={"complex": "arctan2, whose derivative it is, is for real numbers"},
    native=formulas.over_squares,
)
arctan2_p = binary(
    "arctan2",
    np.arctan2,
    lambda ans, x, y: over_squares(y, x),
    lambda ans, x, y: -over_squares(x, y),
    ((0.3, 2.0), REAL),
    native=formulas.arctan2,
)
hypot_p = binary(
    "hypot", np.hypot, lambda ans, x, y: ratio(x, ans), lambda ans, x, y: ratio(y, ans), native=formulas.hypot
)


def _of_legs(x: Value, y: Value) -> Root:
    def both() -> tuple[Value, Value]:
        dtype = hypot_p.abstract(aval_of(x), aval_of(y)).dtype  # squares of integers would overflow
        return convert(x, dtype), convert(y, dtype)

    return _sum_of_squares(both, x, y)


known(hypot_p, _of_legs)


sin = function_of(sin_p)
with_example(
    sin,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.sin(np.array([0.0, np.pi / 2]))
    array([0., 1.])
    """,
)
cos = function_of(cos_p)
with_example(
    cos,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.cos(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """,
)
tan = function_of(tan_p)
with_example(
    tan,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.tan(np.array([0.0, np.pi / 4])).round(12)
    array([0., 1.])
    """,
)
arcsin = function_of(arcsin_p)
with_example(
    arcsin,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.asin(np.array([0.0, 1.0])) * 2 / np.pi
    array([0., 1.])
    """,
)
arccos = function_of(arccos_p)
with_example(
    arccos,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.acos(np.array([1.0, 0.0])) * 2 / np.pi
    array([0., 1.])
    """,
)
arctan = function_of(arctan_p)
with_example(
    arctan,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.atan(np.array([0.0, 1.0])) * 4 / np.pi
    array([0., 1.])
    """,
)
sinh = function_of(sinh_p)
with_example(
    sinh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.sinh(np.log(2.0)).round(12)
    np.float64(0.75)
    """,
)
cosh = function_of(cosh_p)
with_example(
    cosh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.cosh(np.log(2.0)).round(12)
    np.float64(1.25)
    """,
)
tanh = function_of(tanh_p)
with_example(
    tanh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.tanh(np.array([0.0, np.inf]))
    array([0., 1.])
    """,
)
sech2 = function_of(sech2_p)
arcsinh = function_of(arcsinh_p)
with_example(
    arcsinh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.asinh(np.sinh(0.5)).round(12)
    np.float64(0.5)
    """,
)
arccosh = function_of(arccosh_p)
with_example(
    arccosh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.acosh(np.cosh(2.0)).round(12)
    np.float64(2.0)
    """,
)
arctanh = function_of(arctanh_p)
with_example(
    arctanh,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.atanh(np.tanh(0.25)).round(12)
    np.float64(0.25)
    """,
)
arctan2 = function_of(arctan2_p)
with_example(
    arctan2,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.atan2(1.0, np.array([1.0, -1.0])) * 4 / np.pi
    array([1., 3.])
    """,
)
hypot = function_of(hypot_p)
with_example(
    hypot,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.hypot(3.0, 4.0)
    np.float64(5.0)
    """,
)
hypot1 = function_of(hypot1_p)
over_squares = function_of(over_squares_p)
