"""`jax.flatten_util`: trees as vectors, in the dtype in which JAX's promotion has their leaves meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ... import trees
from ..array import kind_of, wrap
from ..border import lower
from ..promotion import joined
from .numpy import array, astype


def ravel_pytree(pytree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All elements of a tree in a vector, and the function that makes a tree of such a vector again.

    Raises:
        ValueError: when the tree is made again, the vector has another shape.
        TypeError: then, too, it has another dtype where the leaves had several.

    Example:
        >>> flat, unravel = ravel_pytree({"b": 2.0, "a": array([0.0, 1.0])})
        >>> flat, unravel(flat)["b"]
        (Array([0., 1., 2.], dtype=float64), Array(2., dtype=float64))
    """
    leaves, tree = trees.flatten(pytree)
    arrays = [array(x) for x in leaves]
    if not arrays:
        return array(np.zeros(0, np.float32)), lambda flat: trees.unflatten(tree, [])
    dtype = joined(*[kind_of(x) for x in arrays])[0]
    shapes, dtypes = [x.shape for x in arrays], [x.dtype for x in arrays]
    ends = np.cumsum([x.size for x in arrays]).tolist()
    flat = wrap(wnp.concatenate([lower(astype(x, dtype).ravel()) for x in arrays]))

    def unravel(flat: Any) -> Any:
        flat = array(flat)
        if flat.shape != (ends[-1],):
            raise ValueError(f"unravel function given array of shape {flat.shape}, but expected shape {(ends[-1],)}")
        if len(set(dtypes)) > 1 and flat.dtype != dtype:
            raise TypeError(f"unravel function given array of dtype {flat.dtype}, but expected dtype {dtype}")
        parts = [flat[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        return trees.unflatten(tree, [astype(p.reshape(s), d) for p, s, d in zip(parts, shapes, dtypes, strict=True)])

    return flat, unravel


__all__ = ["ravel_pytree"]
