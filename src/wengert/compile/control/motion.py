"""What is moved out of loops: what all steps have the same, products of what is known before, sums of products.

A product of slices and constants is one product over all steps before the loop. A sum over steps of products that the
loop does not read, as the gradient of a weight is, is one product after it. Nothing is moved that could fail, or out of
a loop that might not run once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import Aval
from ...lowering import formulas as f
from ...lowering import index_maps as maps
from ...lowering import meaning
from ...lowering.kinds import Contraction
from ...ops.control.operands import ScanOperands
from ...ops.derived import batched_program
from ...program import Atom, Equation, Literal, Program, Var, has_effect, may_fail
from ...vocabulary import Params
from ..checks import alive
from ..nest import size_of
from ..rewriter import Rewriter
from ..rewrites import on
from .fit import FEW, fits_program
from .tidy import lifted, settled

LEAST = 512  # multiplications of a product that is worth moving
MOST = 1 << 24  # elements of an array over all steps that is made for it
_RELAYING = (maps.transposed, maps.Reshape, f.negative)  # what may be done to a sum as well as to its terms


def safe(eqn: Equation) -> bool:
    """Whether an equation may be computed where it would not have been: it cannot fail, and is no loop."""
    primitive = eqn.primitive
    return not primitive.effect and (primitive.elementwise or primitive.native.safe)


def known_from(program: Program, given: set[Any]) -> list[Equation]:
    """The equations that depend on some inputs alone (and on constants), in order."""
    known, found = set(given), []
    for eqn in program.equations:
        if safe(eqn) and all(type(a) is not Var or a in known for a in eqn.inputs):
            known.update(eqn.outputs)
            found.append(eqn)
    return found


def invariants(r: Rewriter, program: Program, consts: Sequence[Atom]) -> tuple[Program, list[Atom]]:
    """A body whose first inputs are constants, without what depends on them alone: that is written before the loop.

    Returns:
        The body, with more constants in front; and its constants.
    """
    n = len(consts)
    same = known_from(program, set(program.inputs[:n]))
    if not any(type(a) is Var for e in same for a in e.inputs):
        same = [e for e in same if any(type(a) is Var for a in e.inputs)]
    made = {v for e in same for v in e.outputs}
    rest = [e for e in program.equations if made.isdisjoint(e.outputs)]
    # Views are written again where they are used: arrays of copies are not worth reading.
    again: list[Equation] = []
    wanted = {a for e in rest for a in e.inputs if type(a) is Var} | {a for a in program.outputs if type(a) is Var}
    for eqn in reversed(same):
        (out,) = eqn.outputs
        if out in wanted and (
            eqn.primitive.native.spreads
            or eqn.primitive.native.flat
            or size_of(out.aval) <= FEW
            and meaning(eqn) is not Contraction
        ):
            wanted.update(a for a in eqn.inputs if type(a) is Var)
            again.append(eqn)
    kept = {e.outputs[0] for e in again}
    moved = [e.outputs[0] for e in same if e.outputs[0] in wanted and e.outputs[0] not in kept]
    if not moved:
        return program, list(consts)
    outer = Program(program.inputs[:n], alive(same, moved), moved, program.name)
    values = r.run(outer, consts)
    equations = [*reversed(again), *rest]
    return Program([*moved, *program.inputs], equations, program.outputs, program.name), [*values, *consts]


def work(eqn: Equation) -> int:
    """The multiplications of a product."""
    (cx, _), _ = eqn.params["dims"]
    return size_of(eqn.outputs[0].aval) * math.prod(eqn.inputs[0].aval.shape[i] for i in cx)


class Scan:
    """A scan that is being taken apart: its body, its arguments, and how its results are made from those of the rest."""

    def __init__(self, r: Rewriter, inputs: Sequence[Atom], params: Params) -> None:
        self.r = r
        self.body: Program = params["body"]
        self.consts, self.carry, self.xs = params["operands"].split(inputs)
        self.length: int = params["length"]
        self.reverse: bool = params["reverse"]
        self.undo: list[Callable[[list[Atom]], list[Atom]]] = []  # results before each change from those after it

    def params(self) -> dict[str, Any]:
        return {"body": self.body, "operands": self.operands, "length": self.length, "reverse": self.reverse}

    @property
    def operands(self) -> ScanOperands:
        return ScanOperands.of(self.consts, self.carry, self.xs)

    @property
    def inputs(self) -> list[Atom]:
        return [*self.consts, *self.carry, *self.xs]

    def _parts(self) -> list[list[Var]]:
        return self.operands.split(self.body.inputs)

    def unchanged(self) -> None:
        """Carried values that stay what they are become constants."""
        consts, carry, xs = self._parts()
        nk = len(carry)
        still = [k for k in range(nk) if self.body.outputs[k] is carry[k]]
        if not still:
            return
        atoms = {k: self.carry[k] for k in still}
        kept = [k for k in range(nk) if k not in atoms]
        inputs = [*consts, *[carry[k] for k in still], *[carry[k] for k in kept], *xs]
        outputs = [*[self.body.outputs[k] for k in kept], *self.body.outputs[nk:]]
        n = len(self.body.outputs)

        def back(outs: list[Atom]) -> list[Atom]:
            rest = iter(outs)
            return [atoms[i] if i in atoms else next(rest) for i in range(n)]

        self.undo.append(back)
        self.consts += [self.carry[k] for k in still]
        self.carry = [self.carry[k] for k in kept]
        self.body = Program(inputs, self.body.equations, outputs, self.body.name)

    def settle(self) -> None:
        """Numbers in the place of constants and slices that have them, equal ones as one, what is not read dropped."""
        for _ in range(2):
            nc, nk = len(self.consts), len(self.carry)
            self.body, self.xs, numbers = settled(self.r, self.body, nc + nk, self.xs)
            self.body, self.consts, more = settled(self.r, self.body, 0, self.consts)
            if not numbers and not more:
                return
            self.body, literals = lifted(self.r, self.body)
            self.consts = [*map(self.r.literal, literals), *self.consts]

    def same_results(self) -> None:
        """Stacked results that are the same, or a slice as it is, or a constant, once or not at all."""
        nk, outs = len(self.carry), self.body.outputs
        consts, _, xs = self._parts()
        kept: list[Atom] = []
        sources: list[Any] = []  # for each stacked result the number of one that is kept, or what it is
        for a in outs[nk:]:
            if type(a) is Literal or a in consts:
                atom = self.r.literal(a) if type(a) is Literal else self.consts[consts.index(a)]
                sources.append(self.r.one(maps.broadcast, atom, shape=(self.length, *a.aval.shape)))
            elif a in xs:
                sources.append(self.xs[xs.index(a)])
            else:
                if a not in kept:
                    kept.append(a)
                sources.append(nk + kept.index(a))
        if len(kept) < len(outs) - nk:
            self.body = Program(self.body.inputs, self.body.equations, [*outs[:nk], *kept], self.body.name)
            self.undo.append(lambda outs: [*outs[:nk], *[outs[s] if type(s) is int else s for s in sources]])

    def for_its_effect(self) -> None:
        """A value is carried where nothing else is, for a loop that runs for its effect."""
        consts, _, xs = self._parts()
        v = Var(Aval((), np.dtype(bool)))
        self.carry = [Literal(np.False_)]
        self.body = Program([*consts, v, *xs], self.body.equations, [v], self.body.name)
        self.undo.append(lambda outs: [])

    def invariants(self) -> None:
        self.body, self.consts = invariants(self.r, self.body, self.consts)

    def products_before(self) -> None:
        """Products of slices and constants."""
        consts, _, xs = self._parts()
        known = known_from(self.body, {*consts, *xs})
        moving = set(xs)
        for eqn in known:
            if any(type(a) is Var and a in moving for a in eqn.inputs):
                moving.update(eqn.outputs)
        chosen = [
            e
            for e in known
            if meaning(e) is Contraction and work(e) >= LEAST and e.outputs[0] in moving
            and size_of(e.outputs[0].aval) * self.length <= MOST
            and size_of(e.outputs[0].aval) <= 2 * sum(size_of(v.aval) for v in xs)
        ]  # fmt: skip
        if not chosen or self.length < 2:
            return
        outs = [e.outputs[0] for e in chosen]
        part = Program([*consts, *xs], alive(known, outs), outs, self.body.name)
        flags = (*[False] * len(consts), *[True] * len(xs))
        wide, _ = batched_program(part, self.length, flags, None)
        stacks = self.r.run(wide, [*self.consts, *self.xs])
        rest = [e for e in self.body.equations if set(outs).isdisjoint(e.outputs)]
        self.body = Program([*self.body.inputs, *outs], rest, self.body.outputs, self.body.name)
        self.xs += stacks

    def sums_after(self) -> None:
        """Sums of products that the loop does not read."""
        k = 0
        while k < len(self.carry):
            if not self._sum_after(k):
                k += 1

    def _sum_after(self, k: int) -> bool:
        """Take what carry `k` adds up out of the loop, where that is a product of matrices: the sum of the products is one
        product of the stacks of their factors."""
        found = self._added_product(k)
        if found is None or not self._pays(found[0]):
            return False
        product, outer = found
        consts, carry, xs = self._parts()
        body, nk = self.body, len(carry)
        if not all(type(a) is Var and a not in consts for a in product.inputs):
            return False
        sources: list[Any] = []  # of the factors: stacks that there are, and numbers of results that are new ones
        ys = list(body.outputs[nk:])
        for a in product.inputs:
            if a in xs:
                sources.append(self.xs[xs.index(a)])
            else:
                ys.append(a)
                sources.append(nk - 1 + len(ys) - 1)
        start, (dims, batch) = self.carry[k], product.params["dims"]
        r, n_ys = self.r, len(body.outputs) - nk
        wide = (
            tuple((0, *[i + 1 for i in c]) for c in dims),
            tuple(tuple(i + 1 for i in b) for b in batch),
        )

        def back(outs: list[Atom]) -> list[Atom]:
            value = r.one(Contraction, *[outs[s] if type(s) is int else s for s in sources], dims=wide)
            for eqn in reversed(outer):
                value = r.one(eqn.primitive, value, **eqn.params)
            return [*outs[:k], r.one(f.add, start, value), *outs[k : nk - 1 + n_ys]]

        self.undo.append(back)
        outputs = [*body.outputs[:k], *body.outputs[k + 1 : nk], *ys]
        inputs = [v for v in body.inputs if v is not carry[k]]
        self.body = Program(inputs, alive(body.equations, outputs), outputs, body.name)
        del self.carry[k]
        return True

    def _added_product(self, k: int) -> tuple[Equation, list[Equation]] | None:
        """The product that a step adds to carry `k`, which nothing else reads, and what is done to it before: transposes,
        reshapes and signs, the last first."""
        body, x, out = self.body, self._parts()[1][k], self.body.outputs[k]
        producer = {v: e for e in body.equations for v in e.outputs}
        uses = Counter(a for a in [*[a for e in body.equations for a in e.inputs], *body.outputs] if type(a) is Var)
        made = producer.get(out) if type(out) is Var and uses[out] == uses[x] == 1 else None
        if made is None or meaning(made) is not f.add or x not in made.inputs:
            return None
        if x.aval != made.outputs[0].aval:
            return None
        term = made.inputs[1] if made.inputs[0] is x else made.inputs[0]
        outer: list[Equation] = []
        while type(term) is Var and term in producer and meaning(producer[term]) in _RELAYING:
            outer.append(producer[term])
            term = producer[term].inputs[0]
        product = producer.get(term) if type(term) is Var else None
        if product is None or meaning(product) is not Contraction or product.outputs[0].aval.dtype.kind != "f":
            return None
        return product, outer

    def _pays(self, product: Equation) -> bool:
        """Whether stacks of its factors are small beside the products, and are there already for the most part."""
        factors, xs = product.inputs, self._parts()[2]
        small = sum(size_of(a.aval) for a in factors)
        if size_of(product.outputs[0].aval) < max(64, small) or small * self.length > MOST or self.length < 2:
            return False
        if sum(size_of(a.aval) for a in factors if a not in xs) > 2 * sum(size_of(v.aval) for v in xs):
            return False
        return all(a.aval.dtype == product.outputs[0].aval.dtype for a in factors)

    def products_after(self) -> None:
        """Products of constants and what the loop makes, where only their stack is wanted."""
        consts, _, _xs = self._parts()
        nk, body = len(self.carry), self.body
        producer = {v: e for e in body.equations for v in e.outputs}
        inside = {a for e in body.equations for a in e.inputs if type(a) is Var} | set(body.outputs[:nk])
        ys, parts = list(body.outputs[nk:]), {}
        for i, a in enumerate(ys):
            eqn = producer.get(a) if type(a) is Var and a not in inside else None
            if eqn is None or meaning(eqn) is not Contraction or work(eqn) < LEAST:
                continue
            factors = [b for b in eqn.inputs if b not in consts]
            if len(factors) == 1 and type(factors[0]) is Var and size_of(factors[0].aval) <= 2 * size_of(a.aval):
                ys[i] = factors[0]
                parts[i] = eqn
        if not parts or self.length < 2:
            return
        r, length, mine = self.r, self.length, list(self.consts)

        def back(outs: list[Atom]) -> list[Atom]:
            outs = list(outs)
            for i, eqn in parts.items():
                made = Program([a for a in eqn.inputs if type(a) is Var], [eqn], eqn.outputs, body.name)
                flags = tuple(a not in consts for a in made.inputs)
                wide, _ = batched_program(made, length, flags, None)
                values = [mine[consts.index(a)] if a in consts else outs[nk + i] for a in made.inputs]
                (outs[nk + i],) = r.run(wide, values)
            return outs

        self.undo.append(back)
        outputs = [*body.outputs[:nk], *ys]
        self.body = Program(body.inputs, alive(body.equations, outputs), outputs, body.name)

    def avals(self) -> list[Aval]:
        nk, outs = len(self.carry), self.body.out_avals
        return [Aval(a.shape if i < nk else (self.length, *a.shape), a.dtype) for i, a in enumerate(outs)]


def taken_apart(
    r: Rewriter, primitive: Any, inputs: Sequence[Atom], params: Params, plain: Callable[..., list[Atom]]
) -> list[Atom]:
    """The results of a scan; `plain` writes what is left of it."""
    scan = Scan(r, inputs, params)
    scan.unchanged()
    scan.settle()
    scan.same_results()
    if scan.length and not fits_program(scan.body):
        scan.invariants()
        if on("loop_products"):
            scan.products_before()
            scan.sums_after()
            scan.products_after()
        scan.same_results()
    if not scan.body.outputs and any(has_effect(e) or may_fail(e) for e in scan.body.equations):
        scan.for_its_effect()
    outs = plain(primitive, scan.inputs, scan.params(), scan.avals()) if scan.body.outputs else []
    for back in reversed(scan.undo):
        outs = back(outs)
    return outs


__all__ = ["taken_apart"]
