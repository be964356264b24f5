"""`jax._src.core`: what is in `jax.core` and `jax.extend.core`, and the state of tracing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...border import lower
from ...extend import composites as _composites  # noqa: F401 - the rows of its operations, for traces
from ...extend.jaxpr import jaxpr_as_fun
from ...extend.primitive import Primitive
from ...extend.traces import EvalTrace, trace_state_clean


def get_aval(x: Any) -> Any:
    """The type of a value."""
    from ..transformations import typeof

    return typeof(x)


pytype_aval_mappings: dict[type, Any] = {np.ndarray: get_aval}  # libraries enter classes of their own


def full_lower(x: Any) -> Any:
    """The value itself: values are not wrapped without need here."""
    return x


def is_concrete(x: Any) -> bool:
    """Whether a value is known."""
    from ....core import Tracer

    return not isinstance(lower(x), Tracer)


def raise_to_shaped(aval: Any, weak_type: Any = None) -> Any:
    """The type itself: no type says which value it is of."""
    return aval


__all__ = [
    "EvalTrace", "Primitive", "full_lower", "get_aval", "is_concrete", "jaxpr_as_fun", "pytype_aval_mappings", "raise_to_shaped",
    "trace_state_clean",
]  # fmt: skip
