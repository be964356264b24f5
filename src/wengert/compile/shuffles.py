"""Shuffles: vectors put together from lanes of others, each by instructions that take two vectors."""

from __future__ import annotations

from collections.abc import Sequence

from .emitter import Emitter, V


def picked(e: Emitter, vectors: Sequence[V], places: Sequence[int]) -> V:
    """A vector of numbers of others, by their places in these one after another, a vector at a time.

    Example:
        Of three vectors with four lanes the places 0, 3, 6, 9 are the first numbers of four rows of three.
    """
    n = vectors[0].lanes
    needed = sorted({p // n for p in places})
    out, known = vectors[needed[0]], [p % n for p in places]  # where in `out` the number of each lane is
    if len(needed) == 1:
        return e.shuffle(out, known)
    for j in needed[1:]:
        order = [n + p % n if p // n == j else k for p, k in zip(places, known, strict=True)]
        out, known = e.shuffle(out, order, vectors[j]), list(range(len(places)))
    return out


def joined(e: Emitter, vectors: Sequence[V]) -> V:
    """Vectors of one width one after another, a power of two of them."""
    while len(vectors) > 1:
        n = 2 * vectors[0].lanes
        vectors = [e.shuffle(a, range(n), b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    return vectors[0]


__all__ = ["joined", "picked"]
