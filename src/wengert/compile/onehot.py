"""One-hot: numbers scattered onto zeros, one to each row, as a choice between them and 0 that nests compute where it is used.

The derivative of ``logits[arange(n), labels]`` is an array of zeros with one number in each row. Written, it is filled,
scattered to and read again; as ``where(arange(m) == labels[:, None], numbers[:, None], 0)`` it is never in memory, and its
sums along rows are the numbers themselves (`totals`). Indices must be known to be in range: something that stays in the Program
reads at the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering import meaning
from ..lowering.kernels import Scatter
from ..lowering.monoids import SUM
from ..ops.families import broadcast_shapes
from ..program import Atom, Equation, Literal, Program, Var
from .rewriter import appended, number, rebuilt, registered

Found = dict[Atom, tuple[Atom, int]]


def one_hots(program: Program) -> tuple[Program, Found]:
    """A Program that does not write what it scatters onto zeros, one number to each row.

    Returns:
        The Program, and the arrays that are not written, each with the numbers in it and the axis along which they stand.
    """
    if not any(_writes(e) for e in program.equations):
        return program, {}
    work = _OneHots(program)
    for eqn in program.equations:
        work.take(eqn)
    if not work.found:
        return program, {}
    return rebuilt(program, work.equations), work.found


def _writes(eqn: Equation) -> bool:
    """Whether an equation puts numbers in an array, or adds them."""
    native = eqn.primitive.native
    return isinstance(native, Scatter) and native.monoid in (None, SUM)


class _OneHots:
    """The equations written so far.

    Attributes:
        read: the indices that something reads at, each with the length of the axis.
        found: see `one_hots`.
    """

    def __init__(self, program: Program) -> None:
        self.equations: list[Equation] = []
        self.producer = {v: e for e in program.equations for v in e.outputs}
        self.read: set[tuple[Atom, int]] = set()
        for eqn in program.equations:
            if meaning(eqn) is maps.Gather:
                x, *indices = eqn.inputs
                self.read.update(
                    (i, x.aval.shape[a]) for i, a in zip(indices, eqn.params["axes"], strict=True) if type(i) is Var
                )
        self.found: Found = {}

    def take(self, eqn: Equation) -> None:
        axis = self._axis(eqn) if _writes(eqn) else None
        if axis is None:
            self.equations.append(eqn)
        else:
            self.found[eqn.outputs[0]] = (eqn.inputs[1], axis)
            self._choose(eqn, axis)

    def _axis(self, eqn: Equation) -> int | None:
        """The axis along which each row of a scatter's result has one number; None where it is of another kind."""
        x, updates, *indices = eqn.inputs
        shape, axes = x.aval.shape, eqn.params["axes"]
        zeros = self.producer.get(x) if type(x) is Var else None
        if zeros is None or meaning(zeros) is not maps.broadcast or number(zeros.inputs[0]) != 0:
            return None
        moving = [a for i, a in zip(indices, axes, strict=True) if type(i) is Var]
        if len(moving) != 1 or tuple(sorted(axes)) != tuple(range(len(shape))) or len(shape) < 2:
            return None
        (axis,) = moving
        (index,) = (i for i in indices if type(i) is Var)
        if index.aval.dtype.kind not in "iu" or (index, shape[axis]) not in self.read:
            return None
        rows, kept = (*shape[:axis], *shape[axis + 1 :]), (*shape[:axis], 1, *shape[axis + 1 :])
        if index.aval.shape not in (rows, kept):
            return None
        gone = len(shape) - len(index.aval.shape)  # axes after the one along which there is one number
        rows = index.aval.shape
        if not all(_counts(i, rows, a - gone * (a > axis)) for i, a in zip(indices, axes, strict=True) if a != axis):
            return None
        return axis if updates.aval.shape in ((), rows) and updates.aval.dtype == x.aval.dtype else None

    def _choose(self, eqn: Equation, axis: int) -> None:
        x, updates, *indices = eqn.inputs
        shape, n = x.aval.shape, x.aval.shape[axis]
        rows = (*shape[:axis], 1, *shape[axis + 1 :])
        (index,) = (i for i in indices if type(i) is Var)
        if index.aval.dtype.kind == "i":
            below = self._written(f.less, [index, Literal(index.aval.dtype.type(0))], Aval(index.aval.shape, BOOL))
            wrapped = self._written(f.add, [index, Literal(np.int64(n))], Aval(index.aval.shape, INT64))
            whole = self._written(f.converted, [index], Aval(index.aval.shape, INT64), dtype=INT64)
            index = self._written(f.where, [below, wrapped, whole], Aval(index.aval.shape, INT64))
        narrow = self._written(f.converted, [index], Aval(index.aval.shape, INT32), dtype=INT32)
        at = self._written(maps.Reshape, [narrow], Aval(rows, INT32), shape=rows)
        places = Literal(np.arange(n, dtype=np.int32).reshape(n, *[1] * (len(shape) - axis - 1)))
        here = self._written(f.equal, [at, places], Aval(shape, BOOL))
        if updates.aval.shape:
            updates = self._written(maps.Reshape, [updates], Aval(rows, updates.aval.dtype), shape=rows)
        zero = Literal(x.aval.dtype.type(0))
        self.equations.append(Equation(registered(f.where), [here, updates, zero], eqn.outputs, {}))

    def _written(self, operation: Any, inputs: list[Atom], aval: Aval, **params: Any) -> Var:
        return appended(self.equations, operation, inputs, aval, **params)


BOOL, INT32, INT64 = np.dtype(bool), np.dtype(np.int32), np.dtype(np.int64)


def _counts(a: Atom, shape: tuple[int, ...], axis: int) -> bool:
    """Whether an array of places is, in this shape, the number of the place along an axis."""
    if type(a) is not Literal or broadcast_shapes("one-hot", a.aval.shape, shape) != shape:
        return False
    places = np.arange(shape[axis]).reshape(-1, *[1] * (len(shape) - axis - 1))
    return bool((np.broadcast_to(np.asarray(a.value), shape) == places).all())


__all__ = ["one_hots"]
