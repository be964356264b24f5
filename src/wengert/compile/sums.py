"""Sums: the algebra by which the sum of an array along axes follows from smaller sums, without going over the array.

Sums are linear. What does not vary along the axes is a factor (``sum_j e_j m`` is ``m sum_j e_j``) or is counted, factors that
vary along axes of their own are summed by themselves, a product of matrices is that of factors summed before
(``sum_n (h @ c)[i, n]`` is ``h @ sum_n c[:, n]``), and of a choice by a mask that holds once along an axis (a scattered number, a
diagonal) the sum is what is chosen. What was summed already, along these axes or some of them, is not summed again. Gradients
of what all points of a batch share (a shift, a bias, a mean), of losses of softmax, and of outer products are such sums.

Two things are heeded. What cancels place by place may not cancel in totals: sums and differences are only taken apart where their
terms are products of matrices, whose rounding is as large, or single numbers. And a sum may overflow where its multiples do
not: partial sums are taken of numbers divided by a power of two, and known ones are multiplied only if they are bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..lowering import Formula, meaning, meanings
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.kinds import Contraction
from ..lowering.monoids import MAXIMUM, SUM
from ..program import Atom, Equation, Literal, Program, Var
from .checks import pairs
from .rewriter import Rewriter, counts, number, rebuilt
from .rewrites import on

DEPTH = 100  # equations between a sum and the product that it is looked for through
NEAR = 8  # the same for what is used elsewhere too
Axes = tuple[int, ...]
Scaled = tuple[Atom, float]  # a sum divided by a power of two, and that

CHOSEN, BOUNDED, KNOWN, SMALLER, PRODUCT = range(5)


class Way(NamedTuple):
    """How a sum is found: what writes it, without the axes summed, and by what.

    The kinds: it is a number `CHOSEN` from each row, the multiple of a `BOUNDED` or other `KNOWN` sum, a sum over a `SMALLER`
    array, or comes of a `PRODUCT` of matrices.
    """

    kind: int
    write: Callable[[], Scaled]


def sums_followed(program: Program) -> Program:
    """A Program that sums no more than it has to."""
    if SUM not in meanings(program):
        return program
    work = _Sums(program)
    for eqn in program.equations:
        work.take(eqn)
    return rebuilt(program, work.r.equations, [work.name(a) for a in program.outputs]) if work.names else program


class _Sums:
    """The equations written so far.

    Attributes:
        names: of sums that are written no more, what stands for them.
        known: sums by what is summed, each with its axes and whether what is summed is bounded.
    """

    def __init__(self, program: Program) -> None:
        self.r = Rewriter()
        self.names: dict[Atom, Atom] = {}
        self.known: dict[Atom, dict[Axes, tuple[Atom, bool]]] = {}
        self.producer = {v: e for e in program.equations for v in e.outputs}
        indexed = [e for e in program.equations if e.primitive.indices_from is not None]
        self.checked = {pair for e in indexed for pair in pairs(e)}
        self.uses: dict[Atom, int] = {}
        for atoms in [*[e.inputs for e in program.equations], program.outputs]:
            for a in atoms:
                if type(a) is Var:
                    self.uses[a] = self.uses.get(a, 0) + 1

    def name(self, a: Atom) -> Atom:
        return self.names.get(a, a)

    def take(self, eqn: Equation) -> None:
        if eqn.primitive.native.meaning is SUM and eqn.inputs[0].aval.dtype == eqn.outputs[0].aval.dtype:
            (x,), (out,), axes = eqn.inputs, eqn.outputs, tuple(sorted(eqn.params["axes"]))
            way = self.way(x, axes, DEPTH)
            if way is not None:
                total, scale = way.write()
                self.names[out] = self.shaped(self.scaled(total, scale), out.aval.shape)
            self.keep(x, axes, self.name(out))
            if way is not None:
                return
        if not self.names.keys().isdisjoint(eqn.inputs):
            inputs = [self.name(a) for a in eqn.inputs]
            outs = self.r.written(eqn.primitive, inputs, eqn.params, [v.aval for v in eqn.outputs])
            self.names.update(zip(eqn.outputs, outs, strict=True))
            return
        self.r.equations.append(eqn)
        self.r.producer.update(dict.fromkeys(eqn.outputs, eqn))

    def keep(self, x: Atom, axes: Axes, total: Atom) -> None:
        if type(x) is Var:
            self.known.setdefault(x, {})[axes] = total, x.aval.dtype.kind == "f" and self.bounded(x, NEAR)

    # --- how a sum is found ----------------------------------------------------------------------------------------

    def made(self, a: Atom) -> Equation | None:
        return self.producer.get(a) if type(a) is Var else None

    def way(self, a: Atom, axes: Axes, depth: int) -> Way | None:
        """How the sum of an array along axes follows; None if it has to go over it."""
        if type(a) is not Var or a.aval.dtype.kind not in "fc" or a.aval.dtype.itemsize < 4 or not a.aval.size:
            return None
        found = self._from_known(a, axes) if on("bounded_totals") and a.aval.dtype.kind == "f" else None
        alone, eqn = self.uses[a] == 1, self.producer.get(a)
        depth = depth - 1 if alone else min(depth, NEAR) - 1
        if found is not None or eqn is None or depth <= 0:
            return found
        what = meaning(eqn)
        if what is Contraction:
            some = alone and on("factors_summed") and math.prod(a.aval.shape[i] for i in axes) > 1
            found = Way(PRODUCT, lambda: self.product(eqn, axes)) if some and _one_dtype(eqn) else None
        elif what is maps.transposed:
            found = self._turned(eqn, axes, depth)
        elif what is maps.broadcast and _counted(eqn, axes):
            found = Way(SMALLER, lambda: self.repeated(eqn, axes))
        elif what is f.where:
            found = self._chosen(eqn, axes) or self._choice(eqn, axes, depth)
        elif what is f.converted and eqn.inputs[0].aval.dtype.kind == "b":
            found = self._chosen(eqn, axes)
        elif what in (f.negative, f.add, f.subtract) and _one_dtype(eqn):
            found = self._terms(eqn, axes, depth)
        elif what in (f.multiply, f.divide) and _one_dtype(eqn):
            found = self._factors(eqn, axes, depth)
        return found if found is None or alone or found.kind is not PRODUCT else None

    def _from_known(self, a: Atom, axes: Axes) -> Way | None:
        """A sum that was taken, or the sum over more axes of one."""
        best: Any = None
        for some, (total, bounded) in self.known.get(a, {}).items():
            if set(some) <= set(axes) and (best is None or len(some) > len(best[0])):
                best = some, total, bounded
        if best is None:
            return None
        some, total, bounded = best
        kept = [i for i in range(len(a.aval.shape)) if i not in some]
        rest = tuple(kept.index(i) for i in axes if i not in some)
        kind = BOUNDED if bounded or on("totals") else KNOWN
        return Way(kind, lambda: (self.total(total, rest) if rest else total, 1.0))

    def _turned(self, eqn: Equation, axes: Axes, depth: int) -> Way | None:
        order = eqn.params["axes"]
        inner = self.way(eqn.inputs[0], tuple(sorted(order[i] for i in axes)), depth)
        return inner and Way(inner.kind, lambda: _first(lambda x: self.turned(x, order, axes), inner.write()))

    def _terms(self, eqn: Equation, axes: Axes, depth: int) -> Way | None:
        """Of a sum or difference, if one term is a product, or all are known and one is a single number in each row."""
        shape, inputs = eqn.outputs[0].aval.shape, eqn.inputs
        ways = [self.way(a, own, depth) if (own := _own(a, shape, axes)) else None for a in inputs]
        kinds = [w.kind for w in ways if w is not None]
        if len(inputs) > 1 and PRODUCT not in kinds:
            whole = len(kinds) == len(inputs) and all(a.aval.shape == shape for a in inputs)
            if not whole or CHOSEN not in kinds or SMALLER in kinds:
                return None
        if not kinds:
            return None
        kind = max(kinds)
        return Way(
            kind, lambda: self._together(eqn, [self.term(a, shape, axes, w) for a, w in zip(inputs, ways, strict=True)])
        )

    def _choice(self, eqn: Equation, axes: Axes, depth: int) -> Way | None:
        """Of a choice by a condition that does not vary along the axes, if what varies follows."""
        condition, *branches = eqn.inputs
        shape = eqn.outputs[0].aval.shape
        if _own(condition, shape, axes) or not _one_dtype(eqn, 1):
            return None
        owns = [_own(a, shape, axes) for a in branches]
        ways = [self.way(a, own, depth) if own else None for a, own in zip(branches, owns, strict=True)]
        found = [w for w, own in zip(ways, owns, strict=True) if own]
        if not found or None in found:
            return None
        kind = max(w.kind for w in found)  # type: ignore[union-attr]

        def write() -> Scaled:
            terms = [self.term(a, shape, axes, w) for a, w in zip(branches, ways, strict=True)]
            return self._together(eqn, terms, self.without(self.name(condition), shape, axes))

        return Way(kind, write)

    def _factors(self, eqn: Equation, axes: Axes, depth: int) -> Way | None:
        """Of a product whose factors vary along different axes, or a quotient whose divisor does not vary."""
        shape, inputs = eqn.outputs[0].aval.shape, eqn.inputs
        owns = [_own(a, shape, axes) for a in inputs]
        last = len(shape)
        first, second = [[i + last - len(a.aval.shape) for i in own] for a, own in zip(inputs, owns, strict=True)]
        if set(first) & set(second) or (meaning(eqn) is f.divide and second):
            return None
        ways = [self.way(a, own, depth) if own else None for a, own in zip(inputs, owns, strict=True)]
        kinds = [SMALLER]
        for a, own, way in zip(inputs, owns, ways, strict=True):
            if own and way is None and (a.aval.size >= eqn.outputs[0].aval.size or not on("factors_summed")):
                return None
            if way is not None and way.kind is KNOWN:
                return None
            kinds += [] if way is None else [way.kind]

        def write() -> Scaled:
            parts = [self.factor(a, shape, axes, own, w) for a, own, w in zip(inputs, owns, ways, strict=True)]
            count = math.prod(shape[i] for i in axes if i not in first and i not in second)
            (x, scale), (y, other) = parts
            return self.counted((self.put(eqn.primitive, [x, y]), scale * other), count)

        single = all(w is None or w.kind in (CHOSEN, BOUNDED) for w in ways) and sum(w is None for w in ways) <= 1
        return Way(max(kinds[1:]) if single and len(kinds) > 1 else max(kinds), write)

    def _chosen(self, eqn: Equation, axes: Axes) -> Way | None:
        """Of a choice between numbers and 0 by a mask that holds once: the numbers."""
        shape = eqn.outputs[0].aval.shape
        mask, x, zero = eqn.inputs if len(eqn.inputs) == 3 else (*eqn.inputs, *_truths(eqn))
        test = self.made(mask)
        if number(zero) != 0 or mask.aval.shape != shape or not on("bounded_totals"):
            return None
        while test is not None and meaning(test) is maps.Reshape and _long(test) == _long(test, True):
            test = self.made(test.inputs[0])
        if test is None or meaning(test) is not f.equal:
            return None
        for places, at in (test.inputs, test.inputs[::-1]):
            over, others = (self._places(a, test.outputs[0].aval.shape, shape) for a in (places, at))
            if not over or not set(over) <= set(axes) or set(over) & set(others) or not counts(places):
                continue
            if not self._in_range(at, math.prod(shape[i] for i in over)):
                continue
            kept = [i for i in range(len(shape)) if i not in over]
            rest = tuple(kept.index(i) for i in axes if i not in over)
            left = tuple(shape[i] for i in kept)
            if not _own(x, shape, over):
                return Way(CHOSEN, lambda: (self.along(self.spread(self.without(x, shape, over), left), rest), 1.0))  # noqa: B023 (called in this turn, or returned with it)
            if counts(at) and at.aval.size == x.aval.size and tuple(_varying(x, shape)) == over:  # of a diagonal
                turned = tuple(shape[i] if i in others else 1 for i in kept)
                return Way(CHOSEN, lambda: (self.along(self.spread(self.shaped(x, turned), left), rest), 1.0))  # noqa: B023 (called in this turn, or returned with it)
        return None

    @staticmethod
    def _places(a: Atom, made: Axes, shape: Axes) -> Axes:
        """The axes along which an operand of a comparison varies, as they are in a shape with other axes of length 1."""
        long, mine = ([i for i, n in enumerate(lengths) if n != 1] for lengths in (shape, made))
        return tuple(long[mine.index(i)] for i in _varying(a, made))

    def _in_range(self, at: Atom, n: int) -> bool:
        """Whether an index is from 0 on and below `n`: something checks it."""
        if type(at) is Literal:
            value = np.asarray(at.value)
            return bool(value.size and value.min() >= 0 and value.max() < n)
        eqn = self.made(at)
        while eqn is not None and meaning(eqn) in (f.converted, maps.Reshape):
            at = eqn.inputs[0]
            eqn = self.made(at)
        if eqn is not None and meaning(eqn) is f.from_start and number(eqn.inputs[1]) == n:
            at = eqn.inputs[0]
            eqn = self.made(at)
            while eqn is not None and meaning(eqn) is f.converted and (at, n) not in self.checked:
                at = eqn.inputs[0]
                eqn = self.made(at)
            return (at, n) in self.checked
        return at.aval.dtype.kind == "u" and (at, n) in self.checked

    # --- bounds ----------------------------------------------------------------------------------------------------

    def bounded(self, a: Atom, depth: int) -> bool:
        """Whether an array is known to lie within -1 and 1, NaN aside: a sum of it does not overflow."""
        made = self.made(a)
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
        """Whether an array is the negative of one without negative numbers, or what remains of one less its largest number."""
        made = self.made(a)
        if made is not None and meaning(made) is f.negative:
            return self._not_negative(made.inputs[0], NEAR)
        if made is not None and meaning(made) in (f.multiply, f.divide):
            for x, y in (made.inputs, made.inputs[::-1]):
                n = number(y)
                if n is not None and n < 0 and (y is made.inputs[1] or meaning(made) is f.multiply):
                    return self._not_negative(x, NEAR)
        if made is None or meaning(made) is not f.subtract:
            return False
        x, top = made.inputs
        while (eqn := self.made(top)) is not None:
            # What is not finite may be left out for a 0: the row is then NaN, or all of it is -inf.
            if meaning(eqn) is f.where and number(eqn.inputs[2]) == 0:
                top = eqn.inputs[1]
            elif eqn.primitive.native.spreads or eqn.primitive.native.flat or meaning(eqn) is f.same:
                top = eqn.inputs[0]
            else:
                return meaning(eqn) is MAXIMUM and eqn.inputs[0] is x
        return False

    def _not_negative(self, a: Atom, depth: int) -> bool:
        made, n = self.made(a), number(a)
        if made is None or not depth:
            return n is not None and not isinstance(n, complex) and n >= 0
        what, inputs = meaning(made), made.inputs
        if what in (f.square, f.absolute, f.exp) or (what is f.multiply and inputs[0] is inputs[1]):
            return a.aval.dtype.kind == "f"
        through = what in (f.multiply, f.divide, f.add, SUM) or made.primitive.native.selects
        return through and all(
            self._not_negative(b, depth - 1) for b in inputs[: 1 if made.primitive.native.selects else 2]
        )

    # --- what is written -------------------------------------------------------------------------------------------

    def put(self, operation: Any, inputs: list[Atom], **params: Any) -> Atom:
        return self.r.one(operation, *map(self.name, inputs), **params)

    def shaped(self, a: Atom, shape: Axes) -> Atom:
        return a if a.aval.shape == shape else self.put(maps.Reshape, [a], shape=shape)

    def spread(self, a: Atom, shape: Axes) -> Atom:
        return a if a.aval.shape == shape else self.put(maps.broadcast, [a], shape=shape)

    def without(self, a: Atom, shape: Axes, axes: Axes) -> Atom:
        """An operand of an equation whose result has a shape, without axes along which it does not vary."""
        skip = len(shape) - len(a.aval.shape)
        return self.shaped(a, tuple(n for i, n in enumerate(a.aval.shape, skip) if i not in axes))

    def scaled(self, a: Atom, factor: float) -> Atom:
        return a if factor == 1 else self.put(f.multiply, [a, Literal(a.aval.dtype.type(factor))])

    def counted(self, total: Scaled, count: int) -> Scaled:
        """So many of them."""
        power = _power(count)
        return self.scaled(total[0], count / power), total[1] * power

    def along(self, a: Atom, axes: Axes) -> Atom:
        return self.total(a, axes) if axes else a

    def total(self, a: Atom, axes: Axes) -> Atom:
        """The sum of an array over axes. Of a transposed array the sum is taken of the array before the transposition, in its order in
        memory."""
        eqn = self.made(a)
        found = self.known.get(a, {}).get(axes) if type(a) is Var else None
        if found is not None:
            return found[0]
        if eqn is None or meaning(eqn) is not maps.transposed:
            total: Atom = self.put(SUM, [a], axes=axes)
        else:
            order = eqn.params["axes"]
            total = self.turned(self.total(eqn.inputs[0], tuple(sorted(order[i] for i in axes))), order, axes)
        self.keep(a, axes, total)
        return total

    def turned(self, total: Atom, order: Axes, axes: Axes) -> Atom:
        """The sum along axes of an array with its axes in an `order`, from that of the array."""
        kept = [order[i] for i in range(len(order)) if i not in axes]
        places = tuple(sorted(kept).index(i) for i in kept)
        return total if kept == sorted(kept) else self.put(maps.transposed, [total], axes=places)

    def term(self, a: Atom, shape: Axes, axes: Axes, way: Way | None) -> Scaled:
        """The sum along axes of an operand that is broadcast to a shape."""
        own = _own(a, shape, axes)
        total = way.write() if way is not None else (self.along(a, own), 1.0)
        left = tuple(n for i, n in enumerate(a.aval.shape) if i not in own)
        skip = len(shape) - len(a.aval.shape)
        rest = tuple(n for i, n in enumerate(a.aval.shape, skip) if i not in axes)
        count = math.prod(shape[i] for i in axes if i - skip not in own)
        return self.counted((self.shaped(total[0], rest) if left != rest else total[0], total[1]), count)

    def repeated(self, eqn: Equation, axes: Axes) -> Scaled:
        """The sum of what is broadcast."""
        shape = eqn.outputs[0].aval.shape
        total, scale = self.term(eqn.inputs[0], shape, axes, None)
        return self.spread(total, tuple(n for i, n in enumerate(shape) if i not in axes)), scale

    def factor(self, a: Atom, shape: Axes, axes: Axes, own: Axes, way: Way | None) -> Scaled:
        """The sum of a factor along its own axes."""
        total = way.write() if way is not None else self.lowered(a, own)
        skip = len(shape) - len(a.aval.shape)
        return self.shaped(total[0], tuple(n for i, n in enumerate(a.aval.shape, skip) if i not in axes)), total[1]

    def lowered(self, a: Atom, axes: Axes) -> Scaled:
        """The sum of numbers that are scaled before, so that it does not overflow where what they are multiplied by is small."""
        power = _power(math.prod(a.aval.shape[i] for i in axes))
        if not axes or power == 1:
            return self.along(a, axes), 1.0
        return self.total(self.scaled(a, 1 / power), axes), power

    def _together(self, eqn: Equation, terms: list[Scaled], *first: Atom) -> Scaled:
        """Terms of one scale, added as an equation does."""
        scale = max(s for _, s in terms)
        return self.put(eqn.primitive, [*first, *(self.scaled(a, s / scale) for a, s in terms)]), scale

    def product(self, eqn: Equation, axes: Axes) -> Scaled:
        """The sum of a product: along free axes of a factor that factor is summed, along a batch it is contracted."""
        (contracted, batch) = eqn.params["dims"]
        pairs, batches = list(zip(*contracted, strict=True)), list(zip(*batch, strict=True))
        kept = [pair for at, pair in enumerate(batches) if at not in axes]
        pairs = [pair for at, pair in enumerate(batches) if at in axes] + pairs
        at, scale = len(batches), 1.0
        factors: list[Atom] = []
        renumbered: list[dict[int, int]] = []
        for side, a in enumerate(eqn.inputs):
            rank = range(len(a.aval.shape))
            free = [i for i in rank if i not in (*contracted[side], *batch[side])]
            over = tuple(i for place, i in enumerate(free, at) if place in axes)
            at += len(free)
            total, power = self.lowered(a, over)
            scale *= power
            factors.append(total)
            renumbered.append({i: n for n, i in enumerate(i for i in rank if i not in over)})

        def sides(pairs: list[Any]) -> Any:
            return tuple(tuple(renumbered[side][pair[side]] for pair in pairs) for side in (0, 1))

        dims = {**eqn.params, "dims": (sides(pairs), sides(kept))}
        return self.put(eqn.primitive, factors, **dims), scale


def _first(change: Callable[[Atom], Atom], total: Scaled) -> Scaled:
    return change(total[0]), total[1]


def _power(count: int) -> float:
    return 2.0 ** math.ceil(math.log2(count)) if count > 1 else 1.0


def _varying(a: Atom, shape: Axes) -> list[int]:
    """The axes of a result along which an operand of its equation varies."""
    return [i for i, n in enumerate(a.aval.shape, len(shape) - len(a.aval.shape)) if n != 1]


def _own(a: Atom, shape: Axes, axes: Axes) -> Axes:
    """Of axes of a result those along which an operand of its equation varies, as it counts them."""
    skip = len(shape) - len(a.aval.shape)
    return tuple([i - skip for i in axes if i >= skip and a.aval.shape[i - skip] != 1])


def _counted(eqn: Equation, axes: Axes) -> bool:
    """Whether what is broadcast does not vary along some of the axes."""
    shape = eqn.outputs[0].aval.shape
    own = _own(eqn.inputs[0], shape, axes)
    return on("uniform_sums") and len(own) < sum(shape[i] != 1 for i in axes)


def _one_dtype(eqn: Equation, first: int = 0) -> bool:
    """Whether the operands are of the dtype of the result, Python's numbers aside."""
    dtype = eqn.outputs[0].aval.dtype
    return not [a for a in eqn.inputs[first:] if type(a) is not Literal and a.aval.dtype != dtype]


def _long(eqn: Equation, before: bool = False) -> list[int]:
    return [n for n in (eqn.inputs if before else eqn.outputs)[0].aval.shape if n != 1]


def _truths(eqn: Equation) -> list[Literal]:
    """What true and false are as numbers of an equation's dtype."""
    return [Literal(eqn.outputs[0].aval.dtype.type(t)) for t in (1, 0)]


def _small(a: Atom) -> bool:
    n = number(a)
    return n is not None and abs(n) <= 1


__all__ = ["sums_followed"]
