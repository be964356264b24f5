"""scipy.ndimage for arrays and values under transformation.

Names only: `splines` has images at any places, `filters` correlations and Gaussians, `ranks` extremes of windows, `moved`
images under affine maps.
"""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from .filters import (
    convolve,
    convolve1d,
    correlate,
    correlate1d,
    gaussian_filter,
    gaussian_filter1d,
    gaussian_gradient_magnitude,
    gaussian_laplace,
    laplace,
    prewitt,
    sobel,
    uniform_filter,
    uniform_filter1d,
)
from .moved import affine_transform, center_of_mass, rotate, shift, zoom
from .ranks import maximum_filter, median_filter, minimum_filter
from .splines import map_coordinates, spline_filter, spline_filter1d

__all__ = [
    "affine_transform", "center_of_mass", "convolve", "convolve1d", "correlate", "correlate1d", "gaussian_filter",
    "gaussian_filter1d", "gaussian_gradient_magnitude", "gaussian_laplace", "laplace", "map_coordinates",
    "maximum_filter", "median_filter", "minimum_filter", "prewitt", "rotate", "shift", "sobel", "spline_filter",
    "spline_filter1d", "uniform_filter", "uniform_filter1d", "zoom",
]  # fmt: skip
__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
