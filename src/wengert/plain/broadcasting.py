"""`np.broadcast` of traced arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core import Tracer, as_value, shape_of
from ..ops.shape import broadcast_to, reshape
from ..vocabulary import Value


class Broadcast:
    """What ``np.broadcast(x, y)`` gives: the shape of both together, and their elements side by side, one after the other.

    Attributes:
        shape, nd, ndim, size: of the result. numiter: how many arrays there are. index: of the next elements.
        iters: an iterator over the elements of each array.
    """

    def __init__(self, arrays: tuple[Any, ...]) -> None:
        self._arrays = [as_value(a) for a in arrays]
        self.shape: tuple[int, ...] = np.broadcast_shapes(*map(shape_of, self._arrays))
        self.nd = self.ndim = len(self.shape)
        self.size, self.numiter, self.index = math.prod(self.shape), len(arrays), 0

    def _flat(self) -> list[Value]:
        return [reshape(broadcast_to(a, self.shape), (-1,)) for a in self._arrays]

    @property
    def iters(self) -> tuple[Iterator[Any], ...]:
        return tuple(map(iter, self._flat()))

    def reset(self) -> None:
        """Begin again."""
        self.index = 0

    def __iter__(self) -> Broadcast:
        return self

    def __next__(self) -> tuple[Any, ...]:
        if self.index >= self.size:
            raise StopIteration
        where = np.unravel_index(self.index, self.shape)
        self.index += 1
        return tuple([broadcast_to(a, self.shape)[where] for a in self._arrays])


def of_type(kind: type) -> Callable[..., Any]:
    """``np.broadcast(x, y)``."""

    def make(*arrays: Any, **kwargs: Any) -> Any:
        if kwargs or not any(isinstance(a, Tracer) for a in arrays):
            return NotImplemented
        return Broadcast(arrays)

    return make


__all__ = ["Broadcast", "of_type"]
