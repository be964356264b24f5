"""Elementary and special functions as branch-free LLVM IR on vectors of any width, each with an error bound.

`FUNCTIONS` maps a name to its emitter ``f(e, *args) -> V``; all work for float and double and for any number of lanes.
`BOUNDS` maps ``(name, dtype)`` to the largest error in units in the last place of the exact result, which the tests hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...lowering import LONG
from ..emitter import V
from .bessel import i0, i0e, i0e_slope, i1, i1e
from .error_functions import erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .exponential import exp, exp2, expm1, sigmoid
from .gamma import digamma, gammaln
from .hyperbolic import arccosh, arcsinh, arctanh, cosh, sech2, sinh, tanh
from .logarithm import log, log1p, log2, log10, logaddexp, logaddexp2, logit, xlog1py, xlogy
from .power import cbrt, hypot, hypot1, over_squares, power
from .rounding import floor_divide, fmod, heaviside, nextafter, remainder, sign
from .trigonometric import arccos, arcsin, arctan, arctan2, cos, sin, sin_and_cos, tan
from .whole import greatest_divisor, whole_power

_UNARY: tuple[Callable[..., V], ...] = (
    *(exp, exp2, expm1, sigmoid, log, log2, log10, log1p, logit, cbrt, hypot1),
    *(sin, cos, tan, arcsin, arccos, arctan, sinh, cosh, tanh, sech2, arcsinh, arccosh, arctanh),
    *(erf, erfc, erfcx, erfinv, ndtr, log_ndtr, ndtri, gammaln, digamma, sign),
    *(i0, i0e, i0e_slope, i1, i1e),
)
_BINARY: tuple[Callable[..., V], ...] = (
    *(power, arctan2, hypot, over_squares, logaddexp, logaddexp2, xlogy, xlog1py),
    *(fmod, remainder, floor_divide, nextafter, heaviside),
)
FUNCTIONS: dict[str, Callable[..., V]] = {f.__name__: f for f in (*_UNARY, *_BINARY)}
LONG.update(FUNCTIONS)
LONG.update((f.__name__, f) for f in (sin_and_cos, greatest_divisor, whole_power))


def floor_of_error(name: str, args: Sequence[Any]) -> Any:
    """The size of result below which a bound is one on the absolute error: 0, a number, or an array like the arguments.

    Where a function crosses zero at a point that is no zero of an argument, what cancels there leaves its own rounding
    error; a bound then counts in ULP of the larger of the result and this.
    """
    if name in ("logaddexp", "logaddexp2"):
        return np.maximum(np.abs(args[0]), np.abs(args[1]))
    x = np.asarray(args[0])
    if name == "gammaln":  # relative for positive x, at the zeros 1 and 2 too
        return np.where(x < 0, 4.0, 0.0)
    if name == "digamma":
        return np.where(x < 0, np.maximum(8.0, np.log(np.maximum(-x, 1.0))), 4.0)
    return 0.0


# Measured (docs/vectormath.md), rounded up.
_BOUNDS: dict[str, tuple[float, float]] = {
    "exp": (1.5, 1.5),
    "exp2": (1.5, 1.5),
    "expm1": (2, 2.5),
    "sigmoid": (3, 2.5),
    "log": (1, 1),
    "log2": (2, 2),
    "log10": (2.5, 3.5),
    "log1p": (1, 1),
    "logit": (3, 2),
    "cbrt": (1, 1),
    "sin": (2, 2),
    "cos": (2, 2),
    "tan": (4, 3.5),
    "arcsin": (2, 2),
    "arccos": (1.5, 1.5),
    "arctan": (2, 2),
    "sinh": (2.5, 2.5),
    "cosh": (2, 2),
    "tanh": (3, 3),
    "sech2": (6, 5),
    "arcsinh": (2, 2),
    "arccosh": (3, 2.5),
    "arctanh": (2.5, 2),
    "erf": (2, 2),
    "erfc": (4, 3),
    "erfcx": (4, 4),
    "erfinv": (2.5, 2.5),
    "ndtr": (4, 4),
    "log_ndtr": (1, 4),
    "ndtri": (1, 4),
    "i0": (1, 5),
    "i0e": (1, 8),
    "i0e_slope": (1, 96),
    "i1": (1, 4),
    "i1e": (1, 8),
    "gammaln": (1, 4),
    "digamma": (1, 4),
    "sign": (0, 0),
    "power": (1, 1.5),
    "arctan2": (2, 2),
    "hypot": (1, 1.5),
    "hypot1": (1, 1.5),
    "over_squares": (1, 3),
    "logaddexp": (3, 2.5),
    "logaddexp2": (2.5, 2),
    "xlogy": (2, 2),
    "xlog1py": (2, 2),
    "fmod": (0, 0),
    "remainder": (0, 0),
    "floor_divide": (0, 0),
    "nextafter": (0, 0),
    "heaviside": (0, 0),
}
BOUNDS: dict[tuple[str, str], float] = {
    (name, dtype): bound
    for name, pair in _BOUNDS.items()
    for dtype, bound in zip(("float32", "float64"), pair, strict=True)
}
