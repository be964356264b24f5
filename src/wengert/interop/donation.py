"""Donated arguments of functions under ``jax.jit``: arrays that are deleted where a result can have their memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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
    leaves = trees.leaves(donated)
    return kept([*leaves, *trees.leaves((args, kwargs))], range(len(leaves)), 2) if leaves else []


def kept(leaves: Sequence[Any], donated: Iterable[int], most: int = 1) -> list[Array]:
    """The known arrays among some leaves.

    Args:
        leaves: of the arguments.
        donated: the numbers of those that are donated.
        most: how many times one may stand among the leaves.

    Raises:
        DeletedError: one of them is another argument as well.
    """
    found = [x for x in [leaves[i] for i in donated] if type(x) is Array and isinstance(x._value, np.ndarray)]
    if found:
        times = Counter(map(id, leaves))
        if any(times[id(x)] > most for x in found):
            raise DeletedError(
                "INVALID_ARGUMENT: Attempt to use a buffer that was previously donated in the same call to Execute(): `f(donate(a), a)`."
            )
    return found


def give_up(found: list[Array], results: Iterable[Any]) -> None:
    """Delete donated arrays, those whose memory a result of the same shape and dtype can have."""
    wanted = Counter([(x._value.shape, x._value.dtype) for x in results if type(x) is Array])
    for x in found:
        kind = (x._value.shape, x._value.dtype)
        if wanted[kind]:
            wanted[kind] -= 1
            delete(x)


__all__ = ["give_up", "given_up", "kept"]
