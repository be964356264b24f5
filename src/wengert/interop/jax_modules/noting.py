"""What the transformations of `jax` note of functions: whether they are callable, which of their results are weak."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...core import PYTHON_SCALARS
from ...transforms.function import name_of
from ..array import Array, kind_of
from ..border import lift, lower


def check_callable(fun: Any) -> None:
    """Raises:
    TypeError: what should be a function cannot be called.
    """
    if not callable(fun):
        raise TypeError(f"Expected a callable value, got {fun}")


def is_number(x: Any) -> bool:
    """Whether something is an array or a number."""
    return type(x) is Array or isinstance(x, (np.ndarray, np.generic, *PYTHON_SCALARS))


class Noted:
    """A function that notes which leaves of its result are weak, for transformations that run it once."""

    def __init__(self, fun: Callable[..., Any], has_aux: bool) -> None:
        check_callable(fun)
        self.fun, self.has_aux, self.seen = fun, has_aux, threading.local()
        self.__name__, self.__wrapped__ = name_of(fun), fun

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out = self.fun(*args, **kwargs)
        first = out[0] if self.has_aux and isinstance(out, (tuple, list)) and out else out
        self.seen.weak = [is_number(x) and kind_of(x)[1] for x in trees.leaves(first)]
        return out

    def marked(self, out: Any) -> Any:
        """The lifted result, its leaves weak where they were."""
        weak: list[bool] = getattr(self.seen, "weak", [])
        if not any(weak):
            return out
        leaves, tree = trees.flatten(out)
        if len(leaves) != len(weak):
            return out
        return trees.unflatten(
            tree, [lift(lower(x), w) if type(x) is Array else x for x, w in zip(leaves, weak, strict=True)]
        )


__all__ = ["Noted", "check_callable", "is_number"]
