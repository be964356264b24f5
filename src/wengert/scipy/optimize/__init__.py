"""scipy.optimize for functions of this library: SciPy searches, derivatives are supplied, solutions are differentiable."""

from .minimization import OptimizeResults, minimize
from .roots import LeastSquaresResults, RootResults, least_squares, root

__all__ = ["LeastSquaresResults", "OptimizeResults", "RootResults", "least_squares", "minimize", "root"]
