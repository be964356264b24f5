"""`jax.interpreters.xla`: the application of primitives to known values."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..extend.primitive import Primitive, computed


def apply_primitive(prim: Primitive, *args: Any, **params: Any) -> Any:
    """The results of a primitive by the function that stands for it in compiled code, for ``prim.def_impl``."""
    if getattr(prim, "function", None) is not None:
        return prim.bind(*args, **params)
    return computed(prim, args, params)


canonicalize_dtype_handlers: dict[Any, Any] = {np.ndarray: np.asarray}  # libraries enter classes of their own
Backend = object

__all__ = ["Backend", "apply_primitive", "canonicalize_dtype_handlers"]
