"""`jax.core`: the types that people ask for with isinstance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..avals import AbstractValue, ShapedArray
from ..extend import composites as _composites  # noqa: F401 - the rows of its operations, for traces
from ..extend.jaxpr import Literal, Var, eval_jaxpr
from ..extend.traces import Trace, Tracer
from .extend_core import (
    AbstractToken,
    CallPrimitive,
    DebugInfo,
    DropVar,
    Effect,
    Effects,
    InconclusiveDimensionOperation,
    JaxprTypeError,
    check_jaxpr,
    concrete_or_error,
    find_top_trace,
    gensym,
    get_opaque_trace_state,
    jaxprs_in_params,
    new_jaxpr_eqn,
    no_effects,
    nonempty_axis_env_DO_NOT_USE,
    primal_dtype_to_tangent_dtype,
    unsafe_am_i_under_a_jit_DO_NOT_USE,
    unsafe_am_i_under_a_vmap_DO_NOT_USE,
    unsafe_get_axis_names_DO_NOT_USE,
    valid_jaxtype,
)
from .src.core import is_concrete, pytype_aval_mappings
from .top import ensure_compile_time_eval

ParamDict = dict
Atom = Var | Literal  # of a jaxpr
Value = Any
OutputType = tuple[AbstractValue, ...]
max_dim, min_dim = max, min
abstract_token = AbstractToken()
no_axis_name = object()


def is_constant_dim(d: Any) -> bool:
    """Whether a length is an integer: all are here."""
    return hasattr(d, "__index__")


def is_constant_shape(s: Any) -> bool:
    """Whether all lengths of a shape are integers."""
    return all(map(is_constant_dim, s))


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
    "CallPrimitive",
    "DebugInfo",
    "DropVar",
    "Effect",
    "Effects",
    "InconclusiveDimensionOperation",
    "JaxprTypeError",
    "OutputType",
    "abstract_token",
    "check_jaxpr",
    "concrete_or_error",
    "find_top_trace",
    "gensym",
    "get_opaque_trace_state",
    "is_constant_dim",
    "is_constant_shape",
    "jaxprs_in_params",
    "new_jaxpr_eqn",
    "no_axis_name",
    "no_effects",
    "nonempty_axis_env_DO_NOT_USE",
    "primal_dtype_to_tangent_dtype",
    "unsafe_am_i_under_a_jit_DO_NOT_USE",
    "unsafe_am_i_under_a_vmap_DO_NOT_USE",
    "unsafe_get_axis_names_DO_NOT_USE",
    "valid_jaxtype",
]
