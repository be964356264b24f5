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


def interleaved(e: Emitter, columns: Sequence[V]) -> list[V]:
    """Columns as as many vectors: the first element of each column, the second of each, and so on."""
    width, n = len(columns), columns[0].lanes
    if width == 1:
        return list(columns)
    if width % 2:  # the place of row i of column j, of the columns one after another, is n j + i
        places = [n * (k % width) + k // width for k in range(n * width)]
        return [picked(e, columns, places[first : first + n]) for first in range(0, n * width, n)]
    if len(columns) == n and columns[0].type == "double" and n in (4, 8):
        return _transposed(e, columns)
    if width == n and columns[0].type == "float" and n in (4, 8):
        return _transposed_floats(e, columns)
    even, odd = interleaved(e, columns[::2]), interleaved(e, columns[1::2])
    out = []
    for a, b in zip(even, odd, strict=True):
        out += [e.shuffle(a, [h + i // 2 + n * (i % 2) for i in range(n)], b) for h in (0, n // 2)]
    return out


def _transposed(e: Emitter, columns: Sequence[V]) -> list[V]:
    """As many columns as a vector has lanes, as rows, by shuffles within 128 bits and of parts of 128 bits.

    Processors have instructions for these that need no table of lanes, other than for those of `interleaved`.
    """
    n = columns[0].lanes

    def parts(a: V, b: V, order: Sequence[int]) -> V:
        return e.shuffle(a, [2 * i + j for i in order for j in (0, 1)], b)

    out: list[V] = [columns[0]] * n
    for odd in (0, 1):
        pairs = [e.shuffle(a, [i + odd + k for i in range(0, n, 2) for k in (0, n)], b)
                 for a, b in zip(columns[::2], columns[1::2], strict=True)]  # fmt: skip
        if n == 4:
            out[odd], out[2 + odd] = (parts(pairs[0], pairs[1], order) for order in ((0, 2), (1, 3)))
            continue
        a, b, c, d = pairs
        for first, half in ((0, (0, 1, 4, 5)), (4, (2, 3, 6, 7))):
            left, right = parts(a, b, half), parts(c, d, half)
            out[first + odd], out[first + 2 + odd] = (
                parts(left, right, order) for order in ((0, 2, 4, 6), (1, 3, 5, 7))
            )
    return out


def _transposed_floats(e: Emitter, columns: Sequence[V]) -> list[V]:
    """The same of numbers of 32 bits: singly and in pairs within 128 bits, then parts of 128 bits."""
    n = columns[0].lanes
    parts, quads = range(0, n, 4), list[list[V]]()
    for k in range(0, n, 4):
        a, b, c, d = columns[k : k + 4]
        found: list[V] = []
        for half in (0, 2):
            left, right = (
                e.shuffle(x, [p + half + i + j for p in parts for i in (0, 1) for j in (0, n)], y)
                for x, y in ((a, b), (c, d))
            )
            found += [
                e.shuffle(left, [p + h + i for p in parts for h in (q, n + q) for i in (0, 1)], right) for q in (0, 2)
            ]
        quads.append(found)
    if n == 4:
        return quads[0]
    return [
        e.shuffle(low, [h + q + i for q in (0, n) for i in range(4)], high)
        for h in (0, 4)
        for low, high in zip(*quads, strict=True)
    ]


__all__ = ["interleaved", "joined", "picked"]
