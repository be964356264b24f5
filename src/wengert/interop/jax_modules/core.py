"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...core import Trace, as_array
from ...core import Tracer as _Tracer
from ..array import Array, ShapedArray
from ..border import lift, lower
from .top import ensure_compile_time_eval
from .transformations import ClosedJaxpr, Jaxpr


class _Traced(type):
    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x._value if type(x) is Array else x, _Tracer)


class Tracer(metaclass=_Traced):
    """What ``isinstance(x, jax.core.Tracer)`` asks: whether an array stands under a transformation."""


AbstractValue = ShapedArray
ParamDict = dict
Atom = object  # a variable or a literal of a jaxpr
max_dim, min_dim = max, min


def eval_jaxpr(jaxpr: Any, consts: Any, *args: Any, propagate_source_info: bool = True) -> list[Any]:
    """The results of a jaxpr for its constants and arguments.

    Example:
        >>> from .transformations import make_jaxpr
        >>> import numpy as np
        >>> closed = make_jaxpr(lambda x: x * 2.0)(np.ones(1))
        >>> eval_jaxpr(closed.jaxpr, closed.consts, np.ones(1))
        [Array([2.], dtype=float64)]
    """
    values = [as_array(v) for v in lower([*consts, *args])]
    return lift(list(jaxpr.program.evaluate(values)))


@contextmanager
def eval_context() -> Iterator[None]:
    """A context for operations on known values, which are always evaluated at once."""
    yield


__all__ = [
    "AbstractValue", "Atom", "ParamDict", "eval_context", "eval_jaxpr", "max_dim", "min_dim", "ClosedJaxpr", "Jaxpr", "ShapedArray", "Trace", "Tracer", "ensure_compile_time_eval",
]  # fmt: skip
