"""`jax._src.ad_util`: symbolic zeros, and the primitives that derivatives are made with."""

from __future__ import annotations

from ....transforms.symbolic import SymbolicZero
from ...extend.translation import add_jaxvals_p
from ...extend.zeros import Zero, instantiated
from ...lax.primitives import stop_gradient_p
from ..ad import add_jaxvals, zeros_like_aval

add_any_p = add_jaxvals_p
instantiate = instantiated

__all__ = [
    "SymbolicZero",
    "Zero",
    "add_any_p",
    "add_jaxvals",
    "add_jaxvals_p",
    "instantiate",
    "stop_gradient_p",
    "zeros_like_aval",
]
