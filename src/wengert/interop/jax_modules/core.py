"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..avals import AbstractValue, ShapedArray
from ..extend import table as _table  # noqa: F401 - the rows of its operations, for traces
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
    "AbstractValue",
    "Atom",
    "ParamDict",
    "ShapedArray",
    "Trace",
    "Tracer",
    "Value",
    "ensure_compile_time_eval",
    "eval_context",
    "eval_jaxpr",
    "is_concrete",
    "max_dim",
    "min_dim",
    "pytype_aval_mappings",
]  # fmt: skip
