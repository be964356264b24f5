"""Elementary and special functions as branch-free LLVM IR on vectors of any width, each with an error bound.

`FUNCTIONS` maps a name to its emitter ``f(e, *args) -> V``; all work for float and double and for any number of lanes.
`BOUNDS` maps ``(name, dtype)`` to the largest error in units in the last place of the exact result, which the tests hold.
"""

from __future__ import annotations

from collections.abc import Callable

from ..emitter import V
from .exponential import exp, exp2, expm1, sigmoid
from .hyperbolic import tanh
from .logarithm import log, log1p, log2, log10
from .trigonometric import cos, sin

_ALL: tuple[Callable[..., V], ...] = (exp, exp2, expm1, sigmoid, log, log2, log10, log1p, sin, cos, tanh)
FUNCTIONS: dict[str, Callable[..., V]] = {f.__name__: f for f in _ALL}

BOUNDS: dict[tuple[str, str], float] = {
    ("exp", "float32"): 2,
    ("exp", "float64"): 2,
    ("exp2", "float32"): 2,
    ("exp2", "float64"): 2,
    ("expm1", "float32"): 3,
    ("expm1", "float64"): 3,
    ("sigmoid", "float32"): 3,
    ("sigmoid", "float64"): 3,
    ("log", "float32"): 2,
    ("log", "float64"): 2,
    ("log2", "float32"): 3,
    ("log2", "float64"): 3,
    ("log10", "float32"): 3,
    ("log10", "float64"): 4,
    ("log1p", "float32"): 2,
    ("log1p", "float64"): 2,
    ("sin", "float32"): 3,
    ("sin", "float64"): 3,
    ("cos", "float32"): 3,
    ("cos", "float64"): 3,
    ("tanh", "float32"): 3,
    ("tanh", "float64"): 3,
}
