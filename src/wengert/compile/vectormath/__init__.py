"""Elementary and special functions as branch-free LLVM IR on vectors of any width, each with an error bound.

`FUNCTIONS` maps a name to its emitter ``f(e, *args) -> V``; all work for float and double and for any number of lanes.
`BOUNDS` maps ``(name, dtype)`` to the largest error in units in the last place of the exact result, which the tests hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..emitter import V
from .error_functions import erf, erfc, erfcx, erfinv, log_ndtr, ndtr
from .exponential import exp, exp2, expm1, sigmoid
from .gamma import digamma, gammaln
from .hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh, tanh
from .logarithm import log, log1p, log2, log10, logaddexp, logaddexp2, logit, xlog1py, xlogy
from .power import cbrt, hypot, power
from .rounding import floor_divide, fmod, heaviside, nextafter, remainder, sign
from .trigonometric import arccos, arcsin, arctan, arctan2, cos, sin, tan

_UNARY: tuple[Callable[..., V], ...] = (
    *(exp, exp2, expm1, sigmoid, log, log2, log10, log1p, logit, cbrt),
    *(sin, cos, tan, arcsin, arccos, arctan, sinh, cosh, tanh, arcsinh, arccosh, arctanh),
    *(erf, erfc, erfcx, erfinv, ndtr, log_ndtr, gammaln, digamma, sign),
)
_BINARY: tuple[Callable[..., V], ...] = (
    *(power, arctan2, hypot, logaddexp, logaddexp2, xlogy, xlog1py),
    *(fmod, remainder, floor_divide, nextafter, heaviside),
)
FUNCTIONS: dict[str, Callable[..., V]] = {f.__name__: f for f in (*_UNARY, *_BINARY)}

# Errors are measured in ULP of the exact result, or of this if it is larger: near a zero that is none of the argument's
# the terms that cancel there leave an absolute error.
_FLOORS: dict[str, float] = {"digamma": 4.0, "gammaln": 1.0}
_OF_ARGUMENTS = ("logaddexp", "logaddexp2")


def floor_of_error(name: str, dtype: str, args: Sequence[Any]) -> Any:
    """The size below which the error of a function is an absolute one: a number, or an array for each argument."""
    if name in _OF_ARGUMENTS:
        return np.maximum(np.abs(args[0]), np.abs(args[1]))
    return _FLOORS.get(name, 0.0)


BOUNDS: dict[tuple[str, str], float] = {}
