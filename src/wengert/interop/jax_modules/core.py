"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from ...core import Aval as ShapedArray
from ...core import Trace, Tracer
from ...program import Program as Jaxpr
from .top import ensure_compile_time_eval

AbstractValue = ShapedArray
ClosedJaxpr = Jaxpr

__all__ = ["AbstractValue", "ClosedJaxpr", "Jaxpr", "ShapedArray", "Trace", "Tracer", "ensure_compile_time_eval"]
