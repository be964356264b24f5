"""`wengert.flatten_util`: a pytree of arrays as one vector."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import trees
from .config import config
from .core import as_array, dtype_of, shape_of
from .errors import ShapeError
from .nearest import nearest_names as _nearest_names
from .ops.elementwise import convert
from .ops.shape import concatenate, reshape


def ravel_pytree(pytree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All leaves of a pytree in one vector, and the way back.

    Args:
        pytree: a pytree of arrays and numbers.

    Returns:
        A vector of the dtype that the leaves promote to, and a function that makes such a pytree of a vector of that
        length; its leaves have the shapes and dtypes of those of `pytree`.

    Raises:
        ShapeError: from the function, for a vector of another length.

    Example:
        >>> import numpy as np, wengert
        >>> from wengert.flatten_util import ravel_pytree
        >>> vector, unravel = ravel_pytree({"b": 1.0, "w": np.array([2.0, 3.0])})
        >>> vector
        array([1., 2., 3.])
        >>> unravel(2 * vector)["w"]
        array([4., 6.])
    """
    leaves, treedef = trees.flatten(pytree)
    leaves = [as_array(x) for x in leaves]
    shapes = [shape_of(x) for x in leaves]
    dtypes = [dtype_of(x) for x in leaves]
    ends = np.cumsum([0, *[math.prod(s) for s in shapes]]).tolist()
    dtype = np.result_type(*dtypes) if dtypes else config.float_dtype

    def unravel(vector: Any) -> Any:
        if shape_of(vector) != (ends[-1],):
            raise ShapeError(
                f"ravel_pytree: the tree has {ends[-1]} elements, got an array of shape {shape_of(vector)}"
            )
        parts = [
            convert(reshape(vector[a:b], s), d) for a, b, s, d in zip(ends[:-1], ends[1:], shapes, dtypes, strict=True)
        ]
        return trees.unflatten(treedef, parts)

    if not leaves:
        return np.zeros(0, dtype), unravel
    return concatenate([convert(reshape(x, (-1,)), dtype) for x in leaves], 0), unravel


__all__ = ["ravel_pytree"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
