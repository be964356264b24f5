"""What the compiler writes of what it took `apart`: `columns_p`, arrays put together along new last axes, elements of an
array at affine places, and `accumulate_p`, one more term of a sum along a row."""

from __future__ import annotations

import numpy as np

from ..core import Aval, Primitive, Value
from ..lowering import Formula, formulas
from ..lowering.index_maps import Affine, Interleaved, View, affine
from ..ops.families import Elementwise


class Columns(Primitive):
    """``columns(*arrays)``: arrays of one shape, put together along new last axes of shape `row`.

    Parameters:
        row: the shape of a row.
    """

    def __init__(self) -> None:  # the compiler's own, as `walk`
        self.name, self.native = "columns", Interleaved()
        self.samples, self.reasons = None, {}
        self.native.declare(self)

    def impl(self, *arrays: Value, row: tuple[int, ...]) -> Value:
        return np.stack(arrays, -1).reshape(*arrays[0].shape, *row)

    def abstract(self, *avals: Aval, row: tuple[int, ...]) -> Aval:
        return Aval((*avals[0].shape, *row), avals[0].dtype)


class AffineView(Primitive):
    """``view(x)``: the element of `x` at a point that is affine in that of the result.

    Parameters:
        at: an `Affine` in the coordinates of the result for each axis of `x`.
        shape: of the result.
    """

    def __init__(self) -> None:  # the compiler's own, as `columns`
        self.name, self.native = "view", View(affine, drops=True)
        self.samples, self.reasons = None, {}
        self.native.declare(self)

    def impl(self, x: Value, *, at: tuple[Affine, ...], shape: tuple[int, ...]) -> Value:
        places = np.indices(shape, sparse=True)
        at_ = tuple(np.asarray(sum((c * places[i] for i, c in a.terms), a.constant)) for a in at)
        return np.broadcast_to(np.asarray(x)[at_], shape)

    def abstract(self, x: Aval, *, at: tuple[Affine, ...], shape: tuple[int, ...]) -> Aval:
        return Aval(shape, x.dtype)


class Accumulate(Elementwise):
    """``accumulate(total, term)``: an addition of a sum along axes, which may be fused with the product that a term is."""

    def __init__(self) -> None:  # the compiler's own, as `columns`
        self.name, self.function, self.partials = "accumulate", np.add, None
        self.native = Formula(formulas.accumulate)
        self.weak_result, self.linear, self.choice = True, True, False
        self.samples, self.reasons = None, {}


columns_p = Columns()
AffineView()
accumulate_p = Accumulate()


__all__ = ["accumulate_p", "columns_p"]
