"""Products of matrices: when BLAS computes them, and how the axes of `dot_general` become rows and columns."""

from __future__ import annotations

import math
from typing import Any

from ..program import Atom, Equation

SMALL = 8 * 1024  # multiplications below which a loop nest is faster than a call


class Product:
    """One BLAS call, or one for each element of a batch: ``(batch, m, k) x (batch, k, n) -> (batch, m, n)``.

    Attributes:
        x, y: the factors.
        turn_x, turn_y: whether a factor lies transposed in memory.
    """

    def __init__(self, eqn: Equation, batch: int, m: int, n: int, k: int, turn_x: bool, turn_y: bool) -> None:
        self.eqn = eqn
        self.x: Atom = eqn.inputs[0]
        self.y: Atom = eqn.inputs[1]
        self.batch, self.m, self.n, self.k = batch, m, n, k
        self.turn_x, self.turn_y = turn_x, turn_y


def product_of(eqn: Equation) -> Product | None:
    """The BLAS call for a `dot_general`, or None if a loop nest serves it better (or its axes do not lie so)."""
    x, y = (a.aval for a in eqn.inputs)
    (cx, cy), (bx, by) = eqn.params["dims"]
    batch = math.prod(x.shape[i] for i in bx)
    k = math.prod(x.shape[i] for i in cx)
    nb = len(bx)
    if tuple(bx) != tuple(range(nb)) or tuple(by) != tuple(range(nb)):
        return None
    fx = [i for i in range(len(x.shape)) if i not in cx and i not in bx]
    fy = [i for i in range(len(y.shape)) if i not in cy and i not in by]
    m, n = math.prod(x.shape[i] for i in fx), math.prod(y.shape[i] for i in fy)
    if m * n * k < SMALL or m == 1 or n == 1 or not (m and n and k):
        return None
    lies_x, lies_y = _lies(nb, list(cx), fx), _lies(nb, list(cy), fy)
    if lies_x is None or lies_y is None:
        return None
    # Rows of x are free axes then contracted ones; rows of y contracted ones then free ones.
    return Product(eqn, batch, m, n, k, lies_x == "contracted first", lies_y == "free first")


def _lies(start: int, contracted: list[int], free: list[int]) -> Any:
    if contracted + free == list(range(start, start + len(contracted) + len(free))):
        return "contracted first"
    if free + contracted == list(range(start, start + len(contracted) + len(free))):
        return "free first"
    return None
