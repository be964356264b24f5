"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..avals import AbstractValue, ShapedArray
from ..extend.jaxpr import Literal, Var, eval_jaxpr
from ..extend.traces import Trace, Tracer
from .src.core import is_concrete, pytype_aval_mappings
from .top import ensure_compile_time_eval

ParamDict = dict
Atom = Var | Literal  # of a jaxpr
Value = Any
max_dim, min_dim = max, min


@contextmanager
def eval_context() -> Iterator[None]:
    """A context for operations on known values, which are always evaluated at once."""
    yield


__all__ = [
    "AbstractValue", "Atom", "ParamDict", "Value", "eval_context", "eval_jaxpr", "max_dim", "min_dim", "ShapedArray", "Trace", "Tracer", "ensure_compile_time_eval",
    "is_concrete", "pytype_aval_mappings",
]  # fmt: skip
