"""`jax.pure_callback`, on the primitive that calls a Python function whenever the program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..config import canonical_dtype
from ..core import Aval, Value, as_array
from ..ops.host import host_call_p
from .border import lift, lower


class _OfLeaves:
    """A callback on trees as a function of leaves that gives leaves."""

    def __init__(self, callback: Callable[..., Any], tree: Any, out_tree: Any) -> None:
        self.callback, self.tree, self.out_tree = callback, tree, out_tree
        self.__name__ = getattr(callback, "__name__", "callback")

    def __call__(self, *leaves: Value) -> list[Any]:
        args, kwargs = trees.unflatten(self.tree, [lift(x) for x in leaves])
        out = lower(self.callback(*args, **kwargs))
        return [
            np.asarray(x) for x in trees.flatten_up_to(self.out_tree, out, "the callback's result", "what was told")
        ]


def pure(callback: Callable[..., Any], results: Any, args: Any, kwargs: Any) -> Any:
    """What `jax.pure_callback` does."""
    leaves, tree = trees.flatten((lower(args), lower(kwargs)))
    told, out_tree = trees.flatten(results)
    avals = tuple([Aval(tuple(r.shape), canonical_dtype(r.dtype)) for r in told])
    outs = host_call_p.bind(*[as_array(x) for x in leaves], function=_OfLeaves(callback, tree, out_tree), avals=avals)
    return lift(trees.unflatten(out_tree, outs))
