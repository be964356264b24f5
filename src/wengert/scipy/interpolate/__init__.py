"""scipy.interpolate for arrays and values under transformation: functions through points, which are pytrees.

They are differentiable in the points at which they are evaluated, in the values and in the knots. That knots rise is
checked where they are known, as they are outside of `jit`.
"""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from .cubic import Akima1DInterpolator, CubicHermiteSpline, CubicSpline, PchipInterpolator
from .grid import RegularGridInterpolator, interpn
from .line import interp1d
from .piecewise import PPoly

__all__ = [
    "Akima1DInterpolator", "CubicHermiteSpline", "CubicSpline", "PPoly", "PchipInterpolator", "RegularGridInterpolator",
    "interp1d", "interpn",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
