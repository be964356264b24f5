"""Elementary and special functions as branch-free LLVM IR on vectors of any width, each with an error bound.

`FUNCTIONS` maps a name to its emitter ``f(e, *args) -> V``; all work for float and double and for any number of lanes.
`BOUNDS` maps ``(name, dtype)`` to the largest error in units in the last place of the exact result, which the tests hold.
"""

from __future__ import annotations

from collections.abc import Callable

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
