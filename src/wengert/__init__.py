"""Wengert: composable differentiation of NumPy code.

The transformations stand here; the namespaces (`wengert.numpy`, `wengert.random` ...) are imported when they are
first used, so that a program pays only for what it touches.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import environment as _environment
from . import errors
from .config import config
from .core import PENDING as _PENDING
from .jacobians import hessian, jacobian, value_and_hessian, value_and_jacobian
from .nearest import no_attribute as _no_attribute
from .ops import above as _above
from .ops import keys as _keys
from .ops import operators as _operators
from .transforms.derivatives import hvp, jacfwd, jacrev, stop_gradient
from .transforms.gradient import grad, value_and_grad
from .transforms.jit import ShapeDtypeStruct, closure_convert, eval_shape, jit, make_program
from .transforms.jitted import clear_caches
from .transforms.jvp import jvp
from .transforms.reverse import linearize, vjp
from .transforms.vmap import vmap
from .version import __version__
from .watch import watch as _watch

if _TYPE_CHECKING:
    from . import (
        debug,
        flatten_util,
        image,
        initializers,
        lax,
        nn,
        numpy,
        random,
        scipy,
        sharding,
        sparse,
        states,
        testing,
        tree,
        tree_util,
    )
    from .explanation import explain, profile
    from .implicit import implicit_fixed_point, implicit_minimum, implicit_root
    from .interop.jax_names import as_jax
    from .ops.outside import primitive
    from .reference import describe
    from .sparse import hessian_sparsity, sparsity
    from .transforms.approximating import approximate
    from .transforms.callbacks import pure_callback
    from .transforms.checkpoint import checkpoint, checkpoint_name, checkpoint_policies, remat
    from .transforms.curvature import fisher_operator, gauss_newton_operator, gradient_norms, hessian_operator
    from .transforms.custom_rules import custom_jvp, custom_vjp
    from .transforms.laplacians import bilaplacian, curl, divergence, hessian_diagonal, laplacian
    from .transforms.saved import print_saved, saved_values
    from .transforms.taylor import derivative, jet, taylor
    from .transforms.transposing import linear_transpose


def _prepare() -> None:
    """What is done before the first transformation."""
    from .plain.hooks import install

    install()


_PENDING.append(_prepare)
make_jaxpr = make_program
_NAMESPACES = (
    "debug",
    "flatten_util",
    "image",
    "initializers",
    "lax",
    "nn",
    "numpy",
    "random",
    "scipy",
    "sharding",
    "sparse",
    "states",
    "testing",
    "tree",
    "tree_util",
)
# Names of modules that are imported when one of them is first used.
_LATE = {
    **dict.fromkeys(("implicit_fixed_point", "implicit_minimum", "implicit_root"), "implicit"),
    **dict.fromkeys(("hessian_sparsity", "sparsity"), "sparse"),
    **dict.fromkeys(
        ("fisher_operator", "gauss_newton_operator", "gradient_norms", "hessian_operator"), "transforms.curvature"
    ),
    **dict.fromkeys(("approximate",), "transforms.approximating"),
    **dict.fromkeys(("pure_callback",), "transforms.callbacks"),
    **dict.fromkeys(("bilaplacian", "curl", "divergence", "hessian_diagonal", "laplacian"), "transforms.laplacians"),
    **dict.fromkeys(("print_saved", "saved_values"), "transforms.saved"),
    **dict.fromkeys(("derivative", "jet", "taylor"), "transforms.taylor"),
    **dict.fromkeys(("custom_jvp", "custom_vjp"), "transforms.custom_rules"),
    **dict.fromkeys(("checkpoint", "checkpoint_name", "checkpoint_policies", "remat"), "transforms.checkpoint"),
    **dict.fromkeys(("linear_transpose",), "transforms.transposing"),
    **dict.fromkeys(("primitive",), "ops.outside"),
    **dict.fromkeys(("explain", "profile"), "explanation"),
    **dict.fromkeys(("describe",), "reference"),
}
__all__ = [
    "ShapeDtypeStruct",
    "as_jax",
    "bilaplacian",
    "checkpoint",
    "checkpoint_name",
    "checkpoint_policies",
    "clear_caches",
    "closure_convert",
    "config",
    "curl",
    "custom_jvp",
    "custom_vjp",
    "debug",
    "derivative",
    "describe",
    "divergence",
    "errors",
    "eval_shape",
    "explain",
    "fisher_operator",
    "flatten_util",
    "gauss_newton_operator",
    "grad",
    "gradient_norms",
    "hessian",
    "hessian_diagonal",
    "hessian_operator",
    "hessian_sparsity",
    "hvp",
    "image",
    "implicit_fixed_point",
    "implicit_minimum",
    "implicit_root",
    "initializers",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jet",
    "jit",
    "jvp",
    "laplacian",
    "lax",
    "linear_transpose",
    "linearize",
    "make_jaxpr",
    "make_program",
    "nn",
    "numpy",
    "primitive",
    "print_saved",
    "profile",
    "pure_callback",
    "random",
    "remat",
    "saved_values",
    "scipy",
    "sharding",
    "sparse",
    "sparsity",
    "states",
    "stop_gradient",
    "taylor",
    "testing",
    "tree",
    "tree_util",
    "value_and_grad",
    "value_and_hessian",
    "value_and_jacobian",
    "vjp",
    "vmap",
]


_whole: dict[str, _Any] = {}  # namespaces that have been imported to their end


def _namespace(name: str) -> _Any:
    """A file of the namespaces, imported when it is first asked for: methods of traced values are functions of theirs."""
    from importlib import import_module

    found = _whole.get(name)
    if found is None:
        found = import_module(f"{__name__}.{name}")  # which waits for another thread that is at it
        if not getattr(found.__spec__, "_initializing", False):
            _whole[name] = found
    return found


_above.give(_namespace)


def __getattr__(name: str) -> _Any:
    if name in _NAMESPACES:
        return _namespace(name)  # the import makes the namespace an attribute, so that this is called once
    if name in _LATE:
        from importlib import import_module

        return globals().setdefault(name, getattr(import_module(f"{__name__}.{_LATE[name]}"), name))
    if name == "as_jax":
        from .interop.jax_names import as_jax

        return globals().setdefault(name, as_jax)
    raise _no_attribute(__name__, name, __all__)


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})


def load_ipython_extension(ipython: _Any) -> None:
    """``%load_ext wengert``: from this cell on ``import jax`` means this library."""
    from .interop.jax_names import install

    install()


def unload_ipython_extension(ipython: _Any) -> None:
    """``%unload_ext wengert``: ``import jax`` means JAX again, if it is there."""
    from .interop.jax_names import uninstall

    uninstall()


_watch()
if _environment.truth("WENGERT_AS_JAX"):
    load_ipython_extension(None)
