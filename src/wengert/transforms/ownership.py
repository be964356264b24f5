"""Whose memory an array is: what a pullback saved, and what a transformation returns, is nobody else's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import (
    LinearTracer,
)
from ..ops.families import weighted_sum

ndarray = np.ndarray


def own_residuals(nodes: Sequence[LinearTracer]) -> None:
    """Copy saved arrays that somebody else holds, so that changing them in place does not change the pullback."""
    counts: dict[int, int] = {}
    holders: list[tuple[list[Any], int, ndarray]] = []
    for node in nodes:
        if node.primitive is weighted_sum:
            held = node.args[0]
        else:
            held = node.args = list(node.args)
        for i, c in enumerate(held):
            if type(c) is ndarray:
                owner = c
                while type(owner.base) is ndarray:
                    owner = owner.base
                counts[id(owner)] = counts.get(id(owner), 0) + 1
                holders.append((held, i, owner))
    owner = None
    copies: dict[int, Any] = {}
    for held, i, owner in holders:
        array = held[i]
        # References to the owner: the tape's own, one from `holders`, `owner` here, the argument of getrefcount;
        # a view adds itself (it holds its base instead of the tape holding the owner).
        if owner.base is None and sys.getrefcount(owner) <= 3 + 2 * counts[id(owner)] - 1 and owner.flags.owndata:
            continue
        if id(array) not in copies:
            copies[id(array)] = (array.copy(), array)
        held[i] = copies[id(array)][0]


def own_results(results: list[Any], foreign: Sequence[Any] = ()) -> list[Any]:
    """Results that share no memory with each other or with the user's arrays, and can be written to."""
    seen = {id(x) for x in foreign}
    seen.update([id(x.base) for x in foreign if type(x) is ndarray and x.base is not None])
    out = []
    for g in results:
        if type(g) is ndarray:
            base = g.base
            if id(g) in seen or not g.flags.writeable or (base is not None and id(base) in seen):
                g = g.copy()
            seen.add(id(g))
            if base is not None:
                seen.add(id(base))
        out.append(g)
    return out
