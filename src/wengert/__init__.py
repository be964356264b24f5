"""Wengert: composable differentiation of NumPy code."""

from . import errors, numpy, tree, tree_util
from .config import config
from .ops import operators as _operators
from .transforms.batching import vmap
from .transforms.derivatives import hessian, hvp, jacfwd, jacobian, jacrev, stop_gradient
from .transforms.forward import jvp
from .transforms.reverse import grad, linear_transpose, linearize, value_and_grad, vjp

__version__ = "0.1.0"
__all__ = [
    "config", "errors", "grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "linear_transpose", "linearize",
    "numpy", "stop_gradient", "tree", "tree_util", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
