"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from ...core import Trace
from ...core import Tracer as _Tracer
from ..array import Array, ShapedArray
from .top import ensure_compile_time_eval
from .transformations import ClosedJaxpr, Jaxpr


class _Traced(type):
    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x._value if type(x) is Array else x, _Tracer)


class Tracer(metaclass=_Traced):
    """What ``isinstance(x, jax.core.Tracer)`` asks: whether an array stands under a transformation."""


AbstractValue = ShapedArray

__all__ = ["AbstractValue", "ClosedJaxpr", "Jaxpr", "ShapedArray", "Trace", "Tracer", "ensure_compile_time_eval"]
