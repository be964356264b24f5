"""Wengert: composable differentiation of NumPy code."""

from . import errors, lax, numpy, random, testing, tree, tree_util
from .config import config
from .ops import operators as _operators
from .transforms.batching import vmap
from .transforms.custom_rules import custom_jvp, custom_vjp
from .transforms.derivatives import hessian, hvp, jacfwd, jacobian, jacrev, stop_gradient
from .transforms.forward import jvp
from .transforms.jit import (
    ShapeDtypeStruct,
    checkpoint,
    closure_convert,
    eval_shape,
    jit,
    make_program,
)
from .transforms.reverse import grad, linear_transpose, linearize, value_and_grad, vjp

make_jaxpr = make_program
remat = checkpoint
__version__ = "0.1.0"
__all__ = [
    "ShapeDtypeStruct", "checkpoint", "closure_convert", "config", "custom_jvp", "custom_vjp", "errors", "eval_shape", "grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jit", "jvp", "lax", "make_jaxpr", "make_program", "linear_transpose", "linearize",
    "numpy", "random", "remat", "stop_gradient", "testing", "tree", "tree_util", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
