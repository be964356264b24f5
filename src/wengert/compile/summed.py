"""Sums of products: where a product of matrices is only summed, its factors are summed before.

``sum_n (h @ c)[i, n]`` is ``h @ (sum_n c[:, n])``: a vector instead of a matrix for each ``n``. Gradients of what all
points of a batch share (a shift, a bias, a mean) are such sums. A factor is divided by a power of two before it is summed,
and the product multiplied by it after, so that no sum overflows where the products did not. A sum over the batch of a batched product becomes one
contraction in the same way. The sum reaches the product through sums, differences, signs, transpositions and factors that
are constant along it.
"""

from __future__ import annotations

import math
from typing import Any

from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering import meaning
from ..lowering.kinds import Contraction
from ..lowering.monoids import SUM
from ..program import Atom, Equation, Literal, Program, Var
from .rewriter import rebuilt, registered
from .rewrites import on


def products_summed(program: Program) -> Program:
    """A Program in which no product of matrices is computed only for its sum along some axes."""
    if not {Contraction, SUM} <= set(map(meaning, program.equations)) or not on("factors_summed"):
        return program
    sums = _Sums(program)
    for eqn in program.equations:
        if meaning(eqn) is SUM and sums.reach_product(eqn.inputs[0], eqn.params["axes"]):
            sums.write(eqn.inputs[0], eqn.params["axes"], eqn.outputs[0])
        else:
            sums.equations.append(eqn)
    if len(sums.equations) == len(program.equations):
        return program
    return rebuilt(program, sums.equations)


DEPTH = 100  # equations between a sum and the product that it is looked for through


class _Sums:
    """The equations written so far."""

    def __init__(self, program: Program) -> None:
        self.equations: list[Equation] = []
        self.producer = {v: e for e in program.equations for v in e.outputs}
        self.uses: dict[Atom, int] = {}
        self._reached: set[Var] = set()  # what is summed only, and comes of a product with something to save
        for a in [*(a for e in program.equations for a in e.inputs), *program.outputs]:
            if type(a) is Var:
                self.uses[a] = self.uses.get(a, 0) + 1

    def made(self, a: Atom) -> Equation | None:
        """The equation that makes a number for nothing but the sum."""
        eqn = self.producer.get(a) if type(a) is Var and self.uses[a] == 1 else None
        if eqn is None or a.aval.dtype.kind not in "fc":
            return None
        return eqn if all(type(x) is Literal or x.aval.dtype == a.aval.dtype for x in eqn.inputs) else None

    def reach_product(self, a: Atom, axes: tuple[int, ...], depth: int | None = None) -> bool:
        """Whether the sum along some axes of `a` comes to a product of matrices with something to save."""
        depth = DEPTH if depth is None else depth
        eqn = self.made(a) if depth else None
        if eqn is None:
            return False
        if meaning(eqn) is Contraction:
            reached = math.prod(a.aval.shape[i] for i in axes) > 1
        else:
            sources = [(x, over) for x, over in _through(eqn, axes) if over is not None]
            reached = any([self.reach_product(x, over, depth - 1) for x, over in sources])
        if reached:
            self._reached.update(eqn.outputs)
        return reached

    def write(self, a: Atom, axes: tuple[int, ...], result: Var | None = None) -> Atom:
        """The sum of `a` along some axes, as the variable `result` if one is given."""
        if a not in self._reached:
            return self.last(result, SUM, [a], axes=axes)
        assert type(a) is Var
        eqn = self.producer[a]
        if meaning(eqn) is Contraction:
            return self.product(eqn, axes, result)
        inputs = [_without(self, x, axes) if over is None else self.write(x, over) for x, over in _through(eqn, axes)]
        params = eqn.params
        if meaning(eqn) is maps.transposed:
            kept = [i for i in range(len(params["axes"])) if i not in axes]
            sources = sorted(params["axes"][i] for i in kept)
            params = {"axes": tuple(sources.index(params["axes"][i]) for i in kept)}
        return self.last(result, eqn.primitive, inputs, **params)

    def product(self, eqn: Equation, axes: tuple[int, ...], result: Var | None) -> Atom:
        """The sum of a product: along free axes of a factor that factor is summed, along a batch it is contracted."""
        (contracted, batch) = eqn.params["dims"]
        x, y = eqn.inputs
        pairs, batches = list(zip(*contracted, strict=True)), list(zip(*batch, strict=True))
        free = [
            [i for i in range(len(a.aval.shape)) if i not in (*contracted[side], *batch[side])]
            for side, a in enumerate((x, y))
        ]
        at, kept = 0, []
        for pair in batches:
            (pairs if at in axes else kept).append(pair)
            at += 1
        factors: list[Atom] = []
        scale = 1.0
        renumbered: list[dict[int, int]] = []
        for side, a in enumerate((x, y)):
            over = tuple(i for place, i in enumerate(free[side], at) if place in axes)
            at += len(free[side])
            count = math.prod(a.aval.shape[i] for i in over)
            if count > 1:
                power = 2.0 ** math.ceil(math.log2(count))
                a, scale = self.last(None, f.multiply, [a, Literal(a.aval.dtype.type(1 / power))]), scale * power
            factors.append(self.sum_of(a, over) if over else a)
            renumbered.append({i: n for n, i in enumerate(i for i in range(len(a.aval.shape)) if i not in over)})

        def sides(pairs: list[Any]) -> Any:
            return tuple(tuple(renumbered[side][pair[side]] for pair in pairs) for side in (0, 1))

        dims = {**eqn.params, "dims": (sides(pairs), sides(kept))}
        if scale == 1.0:
            return self.last(result, eqn.primitive, factors, **dims)
        out = self.last(None, eqn.primitive, factors, **dims)
        return self.last(result, f.multiply, [out, Literal(out.aval.dtype.type(scale))])

    def sum_of(self, a: Atom, axes: tuple[int, ...]) -> Atom:
        """The sum of a factor; of a transposed one that of what it is made of, as it lies in memory."""
        eqn = self.producer.get(a) if type(a) is Var else None
        if eqn is None or meaning(eqn) is not maps.transposed:
            return self.last(None, SUM, [a], axes=axes)
        order = eqn.params["axes"]
        total = self.sum_of(eqn.inputs[0], tuple(sorted(order[i] for i in axes)))
        kept = [order[i] for i in range(len(order)) if i not in axes]
        if kept == sorted(kept):
            return total
        return self.last(None, maps.transposed, [total], axes=tuple(sorted(kept).index(i) for i in kept))

    def last(self, result: Var | None, operation: Any, inputs: list[Atom], **params: Any) -> Atom:
        """The result of an equation, which is `result` if one is given."""
        primitive = registered(operation)
        out = result or Var(primitive.abstract(*[a.aval for a in inputs], **params))
        self.equations.append(Equation(primitive, inputs, [out], params))
        return out


def _through(eqn: Equation, axes: tuple[int, ...]) -> list[tuple[Atom, tuple[int, ...] | None]]:
    """The arguments of a linear equation and the axes along which each is to be summed, None where it is constant.

    Empty for an equation through which a sum does not go.
    """
    shape, what, inputs = eqn.outputs[0].aval.shape, meaning(eqn), eqn.inputs
    if what is maps.transposed:
        return [(inputs[0], tuple(sorted(eqn.params["axes"][i] for i in axes)))]
    if what is f.negative or (what in (f.add, f.subtract) and all(a.aval.shape == shape for a in inputs)):
        return [(a, axes) for a in inputs]
    if what is f.multiply:
        for x, factor in (inputs, inputs[::-1]):
            if x.aval.shape == shape and _constant(factor, len(shape), axes):
                return [(a, axes if a is x else None) for a in inputs] if x is not factor else []
    return []


def _constant(a: Atom, rank: int, axes: tuple[int, ...]) -> bool:
    """Whether an argument of an elementwise equation is the same all along some axes."""
    shape = a.aval.shape
    return shape == () or (len(shape) == rank and all(shape[i] == 1 for i in axes))


def _without(sums: _Sums, a: Atom, axes: tuple[int, ...]) -> Atom:
    """A constant factor without the axes along which the other one is summed."""
    shape = tuple(n for i, n in enumerate(a.aval.shape) if i not in axes)
    return a if a.aval.shape == () else sums.last(None, maps.Reshape, [a], shape=shape)
