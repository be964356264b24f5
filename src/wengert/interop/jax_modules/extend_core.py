"""`jax.extend.core`: primitives, jaxprs and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...config import canonical_dtype
from ...core import PYTHON_SCALARS, VALUE_TYPES, Tracer, inexact_dtype
from ...transforms.forward import FLOAT0
from ..array import Array
from ..avals import ShapedArray
from ..border import lower
from ..extend import composites as _composites  # noqa: F401 - the rows of its operations, for traces
from ..extend.jaxpr import (
    ClosedJaxpr,
    DebugInfo,
    DropVar,
    Jaxpr,
    JaxprEqn,
    Literal,
    Var,
    check_jaxpr,
    jaxpr_as_fun,
    jaxprs_in_params,
    new_jaxpr_eqn,
    subjaxprs,
)
from ..extend.primitive import CallPrimitive, Primitive, no_effects
from ..extend.traces import (
    TraceTag,
    axis_names,
    find_top_trace,
    get_opaque_trace_state,
    set_current_trace,
    take_current_trace,
    under_jit,
)
from .errors import JaxprTypeError

Effects = frozenset
array_types: set[type] = {Array, *VALUE_TYPES}


class Effect:
    """Something that a program does beside giving results."""

    __slots__ = ()


class Token:
    """What orders effects: they happen in the order of the program here."""


class AbstractToken:
    """The type of a token."""


class InconclusiveDimensionOperation(Exception):  # noqa: N818 (JAX's name)
    """A comparison of sizes that are not known; all are here."""


def mapped_aval(size: int, axis: int | None, aval: Any) -> Any:
    """The type of one example of a batch along an axis; with None the type itself.

    Example:
        >>> mapped_aval(2, 0, ShapedArray((2, 3), np.float32))
        ShapedArray(float32[3])
    """
    return aval if axis is None else aval.dec_rank(size, axis)


def unmapped_aval(size: int, axis: int | None, aval: Any, explicit_mesh_axis: Any = None) -> Any:
    """The type of a batch of `size` along an axis; with None the type itself.

    Example:
        >>> unmapped_aval(2, 0, ShapedArray((3,), np.float32))
        ShapedArray(float32[2,3])
    """
    return aval if axis is None else aval.inc_rank(size, axis)


def primal_dtype_to_tangent_dtype(primal_dtype: Any) -> np.dtype:
    """The dtype of tangents of a dtype: its own, or float0 of integers."""
    dtype = np.dtype(primal_dtype)
    return dtype if inexact_dtype(dtype) else FLOAT0


def valid_jaxtype(x: Any) -> bool:
    """Whether something is an array or a number."""
    return type(x) in (Array, *PYTHON_SCALARS) or isinstance(x, (np.generic, np.ndarray, Tracer))


def call_impl(f: Any, *args: Any, **params: Any) -> Any:
    """The results of a `WrappedFun`."""
    return f.call_wrapped(*args)


def gensym(*_: Any, **__: Any) -> Callable[[Any], Var]:
    """A function that makes variables of types."""
    return Var


def concrete_or_error(force: Any, val: Any, context: str = "") -> Any:
    """A value that is known, made a Python or NumPy value by `force`.

    Raises:
        ConcretizationError: it is traced.
    """
    value = lower(val)
    if isinstance(value, Tracer):
        value = value.concrete(context or "a value that must be known")
    return value if force is None else force(value)


def unsafe_am_i_under_a_jit_DO_NOT_USE() -> bool:  # noqa: N802 (JAX's name)
    """Whether a function is being traced by `jit`."""
    return under_jit()


def unsafe_am_i_under_a_vmap_DO_NOT_USE() -> bool:  # noqa: N802
    """Whether a function is mapped over a named axis."""
    return bool(axis_names())


def unsafe_get_axis_names_DO_NOT_USE() -> list[Any]:  # noqa: N802
    """The names of the axes that functions are mapped over."""
    return axis_names()


def nonempty_axis_env_DO_NOT_USE() -> bool:  # noqa: N802
    """Whether a function is mapped over a named axis."""
    return bool(axis_names())


def shaped_abstractify(x: Any) -> ShapedArray:
    """The type of an array, a number, or something with a shape and dtype."""
    from .transformations import typeof

    if hasattr(x, "shape") and hasattr(x, "dtype") and type(x) is not Array:
        return ShapedArray(tuple(x.shape), canonical_dtype(x.dtype), bool(getattr(x, "weak_type", False)))
    return typeof(x)


__all__ = [
    "AbstractToken", "CallPrimitive", "ClosedJaxpr", "DebugInfo", "DropVar", "Effect", "Effects", "InconclusiveDimensionOperation",
    "Jaxpr", "JaxprEqn", "JaxprTypeError", "Literal", "Primitive", "Token", "TraceTag", "Var", "array_types", "call_impl",
    "check_jaxpr", "concrete_or_error", "find_top_trace", "gensym", "get_opaque_trace_state", "jaxpr_as_fun", "jaxprs_in_params",
    "mapped_aval", "new_jaxpr_eqn", "no_effects", "nonempty_axis_env_DO_NOT_USE", "primal_dtype_to_tangent_dtype", "set_current_trace",
    "subjaxprs", "take_current_trace", "unmapped_aval", "unsafe_am_i_under_a_jit_DO_NOT_USE", "unsafe_am_i_under_a_vmap_DO_NOT_USE",
    "unsafe_get_axis_names_DO_NOT_USE", "valid_jaxtype",
]  # fmt: skip
