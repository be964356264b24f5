"""Totals: sums that follow from other sums, without another pass over an array.

The derivative of a softmax sums its rows again, each a multiple of what was summed already: ``sum_j (e_j m)`` is
``m sum_j e_j``, where `m` does not depend on j. Where a row has one number only (`onehot`) its sum is that, and it may be
added to such a row. Other sums and differences stay: what cancels place by place may not cancel in their totals. What was
summed must be bounded, as the exponentials of a softmax are, which are 1 at most: where a sum overflows its multiples may
not.
"""

from __future__ import annotations

from typing import Any

from ..core import Aval
from ..lowering import Formula, meaning
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.monoids import MAXIMUM, SUM
from ..program import Atom, Equation, Program, Var
from .rewriter import appended, number, rebuilt
from .rewrites import on

DEPTH = 8  # equations between a sum and one that is known


def totals_known(program: Program, one_hots: dict[Atom, tuple[Atom, int]]) -> Program:
    """A Program that takes sums from others where they follow.

    Args:
        one_hots: arrays with one number in each row, with these numbers and the axis along which they stand.
    """
    if not on("bounded_totals"):
        return program
    work = _Totals(program, one_hots)
    names: dict[Atom, Atom] = {}  # of sums that are written no more
    for eqn in program.equations:
        if meaning(eqn) is SUM and eqn.outputs[0].aval.dtype.kind == "f":
            (x,), (out,), axes = eqn.inputs, eqn.outputs, eqn.params["axes"]
            if x.aval.dtype == out.aval.dtype and work.follows(x, axes, DEPTH):
                names[out] = work.total(x, axes, out.aval)
                continue
            if work.bounded(x) or on("totals"):
                work.known[x, axes] = out
        if any(a in names for a in eqn.inputs):
            eqn = Equation(eqn.primitive, [names.get(a, a) for a in eqn.inputs], eqn.outputs, eqn.params)
        work.equations.append(eqn)
    if not names:
        return program
    return rebuilt(program, work.equations, [names.get(a, a) for a in program.outputs])


class _Totals:
    """The equations written so far.

    Attributes:
        known: sums, by what is summed and the axes.
    """

    def __init__(self, program: Program, one_hots: dict[Atom, tuple[Atom, int]]) -> None:
        self.equations: list[Equation] = []
        self.known: dict[tuple[Atom, tuple[int, ...]], Var] = {}
        self._producer = {v: e for e in program.equations for v in e.outputs}
        self._one_hots = one_hots

    def _terms(self, a: Atom) -> tuple[Any, list[Atom]]:
        """The operation that makes an array, and its operands; nothing if dtypes change."""
        made = self._producer.get(a) if type(a) is Var else None
        if made is None or any(b.aval.dtype != a.aval.dtype for b in made.inputs):
            return None, []
        return meaning(made), made.inputs

    def bounded(self, a: Atom, depth: int | None = None) -> bool:
        """Whether an array is known to lie within -1 and 1, NaN aside: a sum of it does not overflow."""
        depth = DEPTH if depth is None else depth
        made = self._producer.get(a) if type(a) is Var else None
        if made is None or not depth:
            return False
        native, inputs, what = made.primitive.native, made.inputs, meaning(made)
        known = native.bounded if isinstance(native, Formula) else False
        if known:
            return known is True or self._not_positive(inputs[0])
        if what is f.where:
            return all(self.bounded(b, depth - 1) or _small(b) for b in inputs[1:])
        if native.selects:
            return self.bounded(inputs[0], depth - 1)
        return what is f.multiply and all(self.bounded(b, depth - 1) for b in inputs)

    def _not_positive(self, a: Atom) -> bool:
        """Whether an array is what remains of another of which its largest number is taken."""
        made = self._producer.get(a) if type(a) is Var else None
        if made is None or meaning(made) is not f.subtract:
            return False
        x, top = made.inputs
        while type(top) is Var and top in self._producer:
            eqn = self._producer[top]
            # What is not finite may be left out for a 0: the row is then NaN, or all of it is -inf.
            if meaning(eqn) is f.where and number(eqn.inputs[2]) == 0:
                top = eqn.inputs[1]
            elif eqn.primitive.native.spreads or eqn.primitive.native.flat or meaning(eqn) is f.same:
                top = eqn.inputs[0]
            else:
                break
        largest = self._producer.get(top) if type(top) is Var else None
        return largest is not None and meaning(largest) is MAXIMUM and largest.inputs[0] is x

    def follows(self, a: Atom, axes: tuple[int, ...], depth: int) -> bool:
        """Whether a sum follows from those known."""
        if (a, axes) in self.known or self._one(a, axes) is not None:
            return True
        what, inputs = self._terms(a)
        if not depth:
            return False
        if what in (f.negative, f.add, f.subtract):
            alone = what is f.negative or any(self._one(b, axes) is not None for b in inputs)
            return alone and all(b.aval.shape == a.aval.shape and self.follows(b, axes, depth - 1) for b in inputs)
        if what in (f.multiply, f.divide):
            y, factor = self._factor(a, axes)
            return factor is not None and self.follows(y, axes, depth - 1)
        return False

    def _one(self, a: Atom, axes: tuple[int, ...]) -> Atom | None:
        numbers, axis = self._one_hots.get(a, (None, -1))
        if numbers is None or axes != (axis,) or numbers.aval.size * a.aval.shape[axis] != a.aval.size:
            return None
        return numbers

    def _factor(self, a: Atom, axes: tuple[int, ...]) -> tuple[Any, Any]:
        """Of a product or quotient the part that varies along the axes, and the one that does not."""
        what, (x, y) = self._terms(a)
        for part, factor in ((x, y), (y, x)) if what is f.multiply else ((x, y),):
            shape = factor.aval.shape
            wide = (*[1] * (len(a.aval.shape) - len(shape)), *shape)
            if part.aval.shape == a.aval.shape and all(wide[i] == 1 for i in axes):
                return part, factor
        return None, None

    def total(self, a: Atom, axes: tuple[int, ...], aval: Aval) -> Atom:
        """A sum that follows."""
        found: Any = self.known.get((a, axes)) or self._one(a, axes)
        what, inputs = self._terms(a)
        if found is not None:
            return self._shaped(found, aval.shape)
        if what in (f.multiply, f.divide):
            part, factor = self._factor(a, axes)
            wide = (*[1] * (len(a.aval.shape) - len(factor.aval.shape)), *factor.aval.shape)
            left = tuple(n for i, n in enumerate(wide) if i not in axes)
            factor = self._shaped(factor, left) if factor.aval.shape else factor
            return self._written(what, [self.total(part, axes, aval), factor], aval)
        return self._written(what, [self.total(b, axes, aval) for b in inputs], aval)

    def _shaped(self, a: Atom, shape: tuple[int, ...]) -> Atom:
        return a if a.aval.shape == shape else self._written(maps.Reshape, [a], Aval(shape, a.aval.dtype), shape=shape)

    def _written(self, operation: Any, inputs: list[Atom], aval: Aval, **params: Any) -> Var:
        return appended(self.equations, operation, inputs, aval, **params)


def _small(a: Atom) -> bool:
    n = number(a)
    return n is not None and abs(n) <= 1


__all__ = ["totals_known"]
