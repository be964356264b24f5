"""What `jax.numpy` says of arrays, and of `ShapeDtypeStruct`s, which need not exist: shapes, sizes, whether they are complex."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import TYPES
from .kit import named

_OF_NONE: dict[str, Any] = {"shape": (), "ndim": 0, "size": 1}


def _asked(name: str) -> Callable[..., Any]:
    of_arrays = named(name)

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:
        if type(a).__name__ in TYPES:
            a = np.broadcast_to(np.zeros((), a.dtype), a.shape)
        elif a is None and name in _OF_NONE:  # one object without axes, as NumPy sees it
            return _OF_NONE[name]
        return of_arrays(a, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`jax.numpy.{name}` of an array, or of something with a shape and a dtype."
    return function


iscomplexobj, isrealobj, shape, ndim, size = map(_asked, ("iscomplexobj", "isrealobj", "shape", "ndim", "size"))

__all__ = ["iscomplexobj", "isrealobj", "ndim", "shape", "size"]
