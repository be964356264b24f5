"""scipy.optimize for functions of this library: SciPy searches, derivatives are supplied, solutions are differentiable."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from .minimization import OptimizeResults, minimize
from .roots import LeastSquaresResults, RootResults, least_squares, root

__all__ = ["LeastSquaresResults", "OptimizeResults", "RootResults", "least_squares", "minimize", "root"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
