"""Donated arguments of functions under ``jax.jit``: arrays that are deleted where a result can have their memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import trees
from .array import Array
from .deleted import DeletedError, delete


def given_up(args: tuple[Any, ...], kwargs: dict[str, Any], nums: Any, names: Any) -> list[Array]:
    """The known arrays among donated arguments.

    Raises:
        DeletedError: one of them is another argument as well.
    """
    donated = [a for i, a in enumerate(args) if i in nums or i - len(args) in nums]
    donated += [v for k, v in kwargs.items() if k in names]
    found = [x for x in trees.leaves(donated) if type(x) is Array and isinstance(x._value, np.ndarray)]
    places = [id(x) for x in trees.leaves((args, kwargs)) if type(x) is Array]
    if any(places.count(id(x)) > 1 for x in found):
        raise DeletedError(
            "INVALID_ARGUMENT: Attempt to use a buffer that was previously donated in the same call to Execute(): `f(donate(a), a)`."
        )
    return found


def give_up(found: list[Array], results: Any) -> None:
    """Delete donated arrays, those whose memory a result of the same shape and dtype can have."""
    wanted = [(x.shape, x.dtype) for x in trees.leaves(results) if type(x) is Array]
    for x in found:
        kind = (x.shape, x.dtype)
        if kind in wanted:
            wanted.remove(kind)
            delete(x)


__all__ = ["give_up", "given_up"]
