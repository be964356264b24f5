"""NumPy's arrays of objects that hold traced values, and the traced arrays that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import PYTHON_SCALARS, Tracer, Value, as_value
from .indexing import getitem
from .shape import reshape, stack

ndarray = np.ndarray
_NUMBERS: Any = (*PYTHON_SCALARS, np.number, np.bool_)


def elements(x: Value) -> ndarray:
    """The array of objects that ``dtype=object`` asks for: the elements, traced numbers or plain ones."""
    if not isinstance(x, Tracer):
        return np.asarray(x, object)
    flat = reshape(x.now() if x.mutable else x, (-1,))
    out = np.empty(x.size, object)
    for i in range(x.size):
        out[i] = getitem(flat, i)
    return out.reshape(x.shape)


def unpacked(x: Any) -> Any:
    """An array of objects that holds traced values, as NumPy makes of ``np.array([t, u])``, as a traced array.

    One of numbers alone, such as a part of that, is an ordinary array; any other is returned as it is.
    """
    if type(x) is ndarray and x.dtype.hasobject:
        items = x.reshape(-1).tolist()
        if len(items) == 1 and isinstance(items[0], Tracer) and not items[0].shape:
            return reshape(as_value(items[0]), x.shape) if x.ndim else items[0]
        if any(isinstance(i, Tracer) for i in items):
            return reshape(stack([as_value(i) for i in items]), x.shape)
        if items and all(isinstance(i, _NUMBERS) for i in items):
            return np.array(items).reshape(x.shape)
    return x


__all__ = ["elements", "unpacked"]
