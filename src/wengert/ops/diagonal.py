"""The standard basis as a batch, and what elementwise operations make of it: zeros that are never written out.

A Jacobian pushes (or pulls) a whole basis through a function. Its batch of n arrays of n elements has one element
per array that is not zero, and an elementwise operation keeps it so. It is held as those elements; an operation that
mixes elements gets the batch written out (`shape.dense`). The Hessian of a sum of functions of each element thus
costs as much as a Hessian-vector product, and one pass to write it.

Which primitives keep the zeros, they say in their `batch_diagonal`. That there are batches is known in
`transforms.batching`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core import Value, shape_of


class Diagonal:
    """A batch of `size` arrays shaped as `weights`, zero but for element i of array ``start + i``: ``weights.flat[i]``."""

    __slots__ = ("size", "start", "weights", "written")

    def __init__(self, weights: Value, start: int, size: int) -> None:
        self.weights = weights
        self.start = start
        self.size = size
        self.written: Value | None = None

    def with_weights(self, weights: Value) -> Diagonal:
        return Diagonal(weights, self.start, self.size)


def on_weights(bind: Callable[..., Value], args: Sequence[Any]) -> Diagonal | None:
    """An elementwise operation that keeps the zeros, done on the weights; None where broadcasting would mix elements."""
    first = next(a for a in args if type(a) is Diagonal)
    shape = shape_of(first.weights)
    for a in args:
        if type(a) is Diagonal:
            if shape_of(a.weights) != shape or a.start != first.start or a.size != first.size:
                return None
        elif shape_of(a) not in (shape, ()):
            return None
    return first.with_weights(bind(*[a.weights if type(a) is Diagonal else a for a in args]))
