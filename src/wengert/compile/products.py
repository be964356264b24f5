"""Products of matrices: when `gemm` computes them as they lie, when `blocked` or BLAS does, and how the axes of `dot_general` become rows and columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..config import config
from ..program import Atom, Equation

LEAST = 100  # multiplications below which a product is a loop nest, fused with its neighbours
NARROW = 512  # the same where rows of the result are shorter than a vector, which BLAS computes
LIBRARY = 1 << 22  # multiplications from which `blocked` packs the factors, or BLAS is called
Dims = tuple[tuple[tuple[int, ...], tuple[int, ...]], tuple[tuple[int, ...], tuple[int, ...]]]


class Steps(NamedTuple):
    """How far apart in memory, in elements, a matrix is from the next one of a batch, and its rows and columns."""

    batch: int
    row: int
    column: int


class Product:
    """Matrices multiplied, one pair for each element of a batch: ``(batch, m, k) x (batch, k, n) -> (batch, m, n)``.

    Attributes:
        x, y: the factors.
        x_steps, y_steps, steps: how the factors and the result lie in memory. Columns of the result are neighbours;
            so are those of `y` where no library is called.
        library: whether `blocked` or BLAS computes it, by `blocked.takes`; otherwise `gemm` writes the loops.
    """

    def __init__(
        self, eqn: Equation, x: Atom, y: Atom, batch: int, m: int, n: int, k: int, lies: tuple[Steps, Steps, Steps]
    ) -> None:
        self.eqn = eqn
        self.x, self.y = x, y
        self.batch, self.m, self.n, self.k = batch, m, n, k
        self.x_steps, self.y_steps, self.steps = lies
        self.library = not written(m, n, k, eqn.outputs[0].aval.dtype) or self.y_steps.column != 1

    def of_rows(self, m: int) -> Product:
        """The product of the first rows alone."""
        lies = (self.x_steps, self.y_steps, self.steps)
        return Product(self.eqn, self.x, self.y, self.batch, m, self.n, self.k, lies)


def written(m: int, n: int, k: int, dtype: np.dtype) -> bool:
    """Whether a product is better computed as it lies than packed or left to BLAS, which have none for integers; complex ones come in parts if so."""
    if dtype.kind == "c":
        return False
    return dtype.kind != "f" or ((m * n * k < LIBRARY or config.reproducible) and n >= 4)


def sizes(shapes: Sequence[tuple[int, ...]], dims: Dims) -> tuple[int, int, int, int, list[int], list[int]]:
    """Batch, rows, columns, contracted length, and the free axes of both factors."""
    x, y = shapes
    (cx, cy), (bx, by) = dims
    fx = [i for i in range(len(x)) if i not in cx and i not in bx]
    fy = [i for i in range(len(y)) if i not in cy and i not in by]
    m, n = math.prod([x[i] for i in fx]), math.prod([y[i] for i in fy])
    return math.prod([x[i] for i in bx]), m, n, math.prod([x[i] for i in cx]), fx, fy


def matrix_like(m: int, n: int, k: int) -> bool:
    """Whether a product has enough in it for a function of its own."""
    return m > 1 and n > 1 and k > 0 and m * n * k >= (LEAST if n >= 4 else NARROW)


def product_of(eqn: Equation) -> Product | None:
    """The product for a `dot_general`, or None if a loop nest serves it better."""
    arranged = eqn.params.get("arranged")
    if arranged is not None:
        return Product(eqn, *arranged(eqn))
    (cx, cy), (bx, by) = eqn.params["dims"]
    batch, m, n, k, fx, fy = sizes([a.aval.shape for a in eqn.inputs], eqn.params["dims"])
    nb = len(bx)
    if tuple(bx) != tuple(range(nb)) or tuple(by) != tuple(range(nb)) or not matrix_like(m, n, k):
        return None
    lies_x, lies_y = _lies(nb, list(cx), fx), _lies(nb, list(cy), fy)
    if lies_x is None or lies_y is None:
        return None
    x_steps = Steps(m * k, 1, m) if lies_x == "contracted first" else Steps(m * k, k, 1)
    y_steps = Steps(k * n, 1, k) if lies_y == "free first" else Steps(k * n, n, 1)
    x, y = eqn.inputs
    if y_steps.column != 1 and eqn.outputs[0].aval.dtype.kind not in "fc":
        return None
    found = Product(eqn, x, y, batch, m, n, k, (x_steps, y_steps, Steps(m * n, n, 1)))
    return None if found.library and config.reproducible else found  # each BLAS sums in an order of its own


def whole(shapes: Sequence[tuple[int, ...]], dims: Dims, dtype: np.dtype) -> bool:
    """Whether BLAS computes a complex product as it is: where it would those of the parts, of matrices as they lie."""
    _, m, n, k, _, _ = sizes(shapes, dims)
    if config.reproducible or not matrix_like(m, n, k) or m * n * k < LIBRARY:
        return False
    (_, (bx, by)), count = dims, range(len(dims[1][0]))
    return tuple(bx) == tuple(by) == tuple(count) and turned(shapes, dims, dtype) is None


def turned(shapes: Sequence[tuple[int, ...]], dims: Dims, dtype: np.dtype) -> tuple[Any, Any] | None:
    """Permutations of both factors (None: as it is) after which `product_of` takes the product as rows and columns.

    The batch axes come first, and the contracted ones stand together; where no library is called, those of `y` stand
    before its free ones. None if nothing needs to be turned.
    """
    (cx, cy), (bx, by) = dims
    _, m, n, k, fx, fy = sizes(shapes, dims)
    if not matrix_like(m, n, k):
        return None
    nb = len(bx)
    batch_first = tuple(bx) == tuple(range(nb)), tuple(by) == tuple(range(nb))
    lies_x = _lies(nb, list(cx), fx) if batch_first[0] else None
    lies_y = _lies(nb, list(cy), fy) if batch_first[1] else None
    turn_x = None if lies_x is not None else _nearest(len(shapes[0]), (bx, fx, cx), (bx, cx, fx))
    library = not written(m, n, k, dtype)
    turn_y = None
    if lies_y is None and library:
        turn_y = _nearest(len(shapes[1]), (by, cy, fy), (by, fy, cy))
    elif not (lies_y == "contracted first" or library):
        turn_y = (*by, *cy, *fy)
    return None if turn_x is None and turn_y is None else (turn_x, turn_y)


def product_domain(eqn: Equation) -> tuple[int, ...]:
    """The domain of a product as a loop nest: its result's axes, then the contracted ones."""
    x = eqn.inputs[0].aval
    (cx, _), _ = eqn.params["dims"]
    return (*eqn.outputs[0].aval.shape, *[x.shape[i] for i in cx])


def product_node(nest: Any, eqn: Equation, point: Sequence[Any]) -> int:
    """The node of the product of two elements, at a point of its domain: batch, free axes of both factors, contracted ones."""
    n, sides = len(eqn.outputs[0].aval.shape), []
    contracted, batches = eqn.params["dims"]
    free = iter(point[len(batches[0]) : n])
    for a, inner, batch in zip(eqn.inputs, contracted, batches, strict=True):
        at = {**dict(zip(batch, point, strict=False)), **dict(zip(inner, point[n:], strict=True))}
        sides.append(nest.value(a, tuple([at[i] if i in at else next(free) for i in range(len(a.aval.shape))])))
    return nest.node("product", tuple(sides), None, np.dtype(eqn.outputs[0].aval.dtype))


def _nearest(rank: int, *orders: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Of some permutations, given in groups of axes, one that leaves the last axis last: rows are copied whole."""
    flat = [tuple(i for group in order for i in group) for order in orders]
    return next((p for p in flat if p[-1] == rank - 1), flat[0])


def _lies(start: int, contracted: list[int], free: list[int]) -> Any:
    if contracted + free == list(range(start, start + len(contracted) + len(free))):
        return "contracted first"
    if free + contracted == list(range(start, start + len(contracted) + len(free))):
        return "free first"
    return None
