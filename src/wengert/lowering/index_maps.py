"""Index maps of operations that move elements: where in its operand an element of the result stands.

A point is a tuple of coordinates, one for each axis of an array. Nests read an operand at the point that the map gives, so
that nothing is moved (`compile.nest`); what no map covers is written piece by piece.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..lowering import Step
from ..vocabulary import Function, Params, ShapeLike
from . import Lowering

Point = tuple[Any, ...]
Map = Callable[..., Sequence[Any]]


class Affine(NamedTuple):
    """``sum(coefficient * axis) + constant`` over the axes of a domain: pairs of axis and coefficient, in order, and the constant."""

    terms: tuple[tuple[int, int], ...]
    constant: int = 0

    @staticmethod
    def axis(i: int) -> Affine:
        return Affine(((i, 1),))

    def __add__(self, other: Affine) -> Affine:
        if not other.terms:
            return Affine(self.terms, self.constant + other.constant) if other.constant else self
        if not self.terms:
            return Affine(other.terms, self.constant + other.constant) if self.constant else other
        merged = dict(self.terms)
        for i, c in other.terms:
            merged[i] = merged.get(i, 0) + c
        terms = tuple(sorted([(i, c) for i, c in merged.items() if c]))
        return Affine(terms, self.constant + other.constant)

    def scaled(self, factor: int, shift: int = 0) -> Affine:
        """``factor * self + shift``."""
        if factor == 0:
            return Affine((), shift)
        if factor == 1 and not shift:
            return self
        return Affine(tuple([(i, c * factor) for i, c in self.terms]), self.constant * factor + shift)

    def __repr__(self) -> str:
        parts = [f"i{i}" if c == 1 else f"{c}*i{i}" for i, c in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts)


ZERO = Affine(())


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous array."""
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= max(n, 1)
    return tuple(reversed(out))


def aligned(shape: Sequence[int], out: Sequence[int], point: Point) -> Point:
    """The point of an operand that was broadcast to shape `out`."""
    if shape == out:
        return point
    skip = len(out) - len(shape)
    return tuple([x if n == m else ZERO for n, m, x in zip(shape, out[skip:], point[skip:], strict=True)])


class Structure(Lowering):
    """Elements of the result are elements of operands, or zeros.

    Attributes:
        computed: whether they are read at places that other operands give, from memory if that is dear.
    """

    cost = 0
    safe = True
    computed = False

    def inlined(self, eqn: Step) -> bool:
        """Whether nests can read the operand through an equation; if not, it is written in `pieces`."""
        return True

    def needs_memory(self, eqn: Step) -> bool:
        """Whether the operand must be in memory for that."""
        return False

    def drops(self, eqn: Step) -> bool:
        """Whether elements of the first operand may be left out."""
        return False

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        """A coroutine: asks for values ``(atom, point, mask)``, returns the node of the result at a point."""
        raise NotImplementedError

    def pieces(self, eqn: Step) -> tuple[bool, list[tuple[Any, Affine]]] | None:
        """Whether zeros are written first; and each operand with where a point of it lies in the result's memory.

        None of those that nests can read through, whatever the parameters.
        """
        return None


class View(Structure):
    """An element of the result is one of the operand's: an index map says which.

    Args:
        source: ``(nest, point, shape, out, /, **params)``, the point of the operand, an array of that `shape`, for a point
            of the result, of shape `out`. A coordinate x may stand in another place, or become ``a * x + b``:
            ``nest.step(x, a, b)``.
        drops, spreads: see `Structure`.
        axes: ``(**params)``, the permutation, of one that permutes axes.
    """

    selects = True

    def __init__(self, source: Map, drops: bool = False, spreads: bool = False, axes: Function | None = None) -> None:
        self.source, self.spreads, self.meaning = source, spreads, source
        self._drops, self._axes = drops, axes

    def drops(self, eqn: Step) -> bool:
        return self._drops

    def permutation(self, params: Params) -> tuple[int, ...] | None:
        return None if self._axes is None else self._axes(**params)

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        (x,), shape = eqn.inputs, eqn.outputs[0].aval.shape
        return (yield (x, tuple(self.source(nest, point, x.aval.shape, shape, **eqn.params)), mask))


class Coordinate:
    """A coordinate as the index map of an outside declaration has it: sums, and multiples by integers.

    Args:
        nest: what writes ``step(x, a, b)``, that is ``a * x + b``, and ``total`` of several.
    """

    __slots__ = ("nest", "raw")

    def __init__(self, nest: Any, raw: Any) -> None:
        self.nest, self.raw = nest, raw

    def _scaled(self, factor: Any, shift: Any) -> Coordinate:
        return Coordinate(self.nest, self.nest.step(self.raw, operator.index(factor), operator.index(shift)))

    def __add__(self, other: Any) -> Coordinate:
        if isinstance(other, Coordinate):
            return Coordinate(self.nest, self.nest.total([self.raw, other.raw]))
        return self._scaled(1, other)

    def __mul__(self, factor: Any) -> Coordinate:
        return self._scaled(factor, 0)

    def __neg__(self) -> Coordinate:
        return self._scaled(-1, 0)

    def __sub__(self, other: Any) -> Coordinate:
        return self + -other

    def __rsub__(self, other: Any) -> Coordinate:
        return -self + other

    __radd__, __rmul__ = __add__, __mul__


class Symbols:
    """The part of a nest that index maps are written with, for affine coordinates."""

    @staticmethod
    def step(x: Affine, factor: int, shift: int) -> Affine:
        return x.scaled(factor, shift)

    @staticmethod
    def total(parts: Sequence[Affine]) -> Affine:
        return sum(parts, ZERO)


def transposed(
    step: Any, point: Point, shape: Sequence[int], out: Sequence[int], /, *, axes: Sequence[int]
) -> list[Any]:
    source: list[Any] = [0] * len(point)
    for i, axis in enumerate(axes):
        source[axis] = point[i]
    return source


def broadcast(nest: Any, point: Point, shape: Sequence[int], out: Sequence[int], /, **params: Any) -> Point:
    return aligned(shape, out, point)


def reversed_along(nest: Any, point: Point, shape: Sequence[int], out: Any, /, *, axes: Sequence[int]) -> list[Any]:
    return [nest.step(x, -1, n - 1) if i in axes else x for i, (x, n) in enumerate(zip(point, shape, strict=True))]


def sliced(nest: Any, point: Point, shape: ShapeLike, out: Any, /, *, starts: Any, stops: Any, steps: Any) -> list[Any]:
    return [nest.step(x, s, a) for x, a, s in zip(point, starts, steps, strict=True)]


def basic_index(shape: Sequence[int], index: Sequence[Any]) -> Iterator[tuple[str, int, int]]:
    """Each entry of a basic index as ``("new", 0, 0)``, ``("at", i, 0)`` or ``("range", start, step)``."""
    axis = 0
    for entry in index:
        if entry is None:
            yield "new", 0, 0
            continue
        if type(entry) is tuple:
            start, _, step = slice(*entry).indices(shape[axis])
            yield "range", start, step
        else:
            yield "at", int(entry) % max(shape[axis], 1), 0
        axis += 1
    for _ in range(axis, len(shape)):
        yield "range", 0, 1


def indexed(nest: Any, point: Point, shape: Sequence[int], out: Any, /, *, index: Sequence[Any]) -> list[Any]:
    given, source = iter(point), []
    for kind, a, by in basic_index(shape, index):
        if kind == "new":
            next(given)
        elif kind == "at":
            source.append(Affine((), a))
        else:
            source.append(nest.step(next(given), by, a))
    return source


def affine(nest: Any, point: Point, shape: ShapeLike, out: Any, /, *, at: Sequence[Affine], **params: Any) -> list[Any]:
    """Each coordinate is an `Affine` in those of the result."""
    return [nest.step(nest.total([nest.step(point[i], c, 0) for i, c in a.terms]), 1, a.constant) for a in at]


class Reshape(Structure):
    """Each axis of the operand is one of the result's, or several of them in a row; or all stay where they are in memory."""

    selects = flat = True

    def needs_memory(self, eqn: Step) -> bool:
        return split_axes(eqn.inputs[0].aval.shape, eqn.outputs[0].aval.shape) is None

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        (x,), want = eqn.inputs, eqn.outputs[0].aval.shape
        groups = split_axes(x.aval.shape, want)
        assert groups is not None
        source = []
        for group in groups:
            steps = strides_of([want[i] for i in group])
            source.append(nest.total([nest.step(point[i], s, 0) for i, s in zip(group, steps, strict=True)]))
        return (yield (x, tuple(source), mask))


def split_axes(have: Sequence[int], want: Sequence[int]) -> list[list[int]] | None:
    """For each axis of shape `have`, the axes of `want` that it is split into; None where axes are merged."""
    rest = [i for i, n in enumerate(want) if n != 1]
    groups: list[list[int]] = []
    for n in have:
        group: list[int] = []
        size = 1
        while size < n and rest:
            i = rest.pop(0)
            group.append(i)
            size *= want[i]
        if size != n:
            return None
        groups.append(group)
    return None if rest else groups


class Embedding(Structure):
    """The operand inside of an array of zeros."""

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        x = eqn.inputs[0]
        source, here = self.inside(nest, eqn, point)
        if here is None:
            return (yield (x, source, mask))
        value = yield (x, source, nest.both(mask, here))
        return nest.or_zero(here, value, x.aval.dtype)

    def inside(self, nest: Any, eqn: Step, point: Point) -> tuple[Point, int | None]:
        """The point of the operand, and the node that tells whether there is one."""
        raise NotImplementedError


class Padding(Embedding):
    """By `config`: zeros before, after and between along each axis."""

    def inlined(self, eqn: Step) -> bool:
        return all(gap == 0 for _, _, gap in eqn.params["config"])

    def drops(self, eqn: Step) -> bool:
        return any(low < 0 or high < 0 for low, high, _ in eqn.params["config"])

    def inside(self, nest: Any, eqn: Step, point: Point) -> tuple[Point, int | None]:
        source, here = [], None
        for at, n, (low, high, _) in zip(point, eqn.inputs[0].aval.shape, eqn.params["config"], strict=True):
            shifted = nest.step(at, 1, -low)
            if low > 0 or high > 0:
                here = nest.inside(shifted, 0, n, here)
            source.append(shifted)
        return tuple(source), here

    def pieces(self, eqn: Step) -> tuple[bool, list[tuple[Any, Affine]]]:
        offset = Affine(())
        strides = strides_of(eqn.outputs[0].aval.shape)
        for i, (low, _, gap) in enumerate(eqn.params["config"]):
            offset = offset + Affine.axis(i).scaled((gap + 1) * strides[i], low * strides[i])
        return True, [(eqn.inputs[0], offset)]


class IndexEmbedding(Embedding):
    """At the places of a basic `index`."""

    def inlined(self, eqn: Step) -> bool:
        steps = [s for kind, _, s in basic_index(eqn.params["shape"], eqn.params["index"]) if kind == "range"]
        return all(abs(s) == 1 for s in steps)

    def inside(self, nest: Any, eqn: Step, point: Point) -> tuple[Point, int | None]:
        shape, given, lengths = eqn.params["shape"], iter(point), iter(eqn.inputs[0].aval.shape)
        source: list[Any] = []
        here, axis = None, -1
        for kind, a, step in basic_index(shape, eqn.params["index"]):
            if kind == "new":
                next(lengths)
                source.append(ZERO)
                continue
            axis += 1
            if kind == "at":
                here = nest.inside(next(given), a, a + 1, here)
                continue
            at, n = next(given), next(lengths)
            shifted = nest.step(at, step, -a * step)
            if (a, n, step) != (0, shape[axis], 1):
                here = nest.inside(shifted, 0, n, here)
            source.append(shifted)
        return tuple(source), here

    def pieces(self, eqn: Step) -> tuple[bool, list[tuple[Any, Affine]]]:
        offset, axis_in, axis_out = Affine(()), 0, 0
        strides = strides_of(eqn.outputs[0].aval.shape)
        for kind, a, step in basic_index(eqn.params["shape"], eqn.params["index"]):
            if kind == "new":
                axis_in += 1
                continue
            if kind == "at":
                offset = offset + Affine((), a * strides[axis_out])
            else:
                offset = offset + Affine.axis(axis_in).scaled(step * strides[axis_out], a * strides[axis_out])
                axis_in += 1
            axis_out += 1
        return True, [(eqn.inputs[0], offset)]


class Gather(Structure):
    """Rows of the first operand at places that the others give, along the `axes`."""

    cost, safe = 4, False
    selects = computed = True

    def drops(self, eqn: Step) -> bool:
        return True

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        x, *indices = eqn.inputs
        shape = eqn.outputs[0].aval.shape[: len(point) - len(x.aval.shape) + len(indices)]
        rest = iter(point[len(shape) :])
        found = {}
        for axis, i in zip(eqn.params["axes"], indices, strict=True):
            raw = yield (i, aligned(i.aval.shape, shape, point[: len(shape)]), mask)
            found[axis] = nest.checked(raw, x.aval.shape[axis], mask)
        source = tuple(found[a] if a in found else next(rest) for a in range(len(x.aval.shape)))
        return (yield (x, source, mask))


class Joined(Structure):
    """Operands one after another along the `axis`."""

    def inlined(self, eqn: Step) -> bool:
        return False

    def read(self, nest: Any, eqn: Step, point: Point, mask: int | None) -> Any:
        axis, start = eqn.params["axis"], eqn.outputs[0].aval.shape[eqn.params["axis"]]
        found = None
        for a in reversed(eqn.inputs):
            n = a.aval.shape[axis]
            start -= n
            source = (*point[:axis], nest.step(point[axis], 1, -start), *point[axis + 1 :])
            here = nest.inside(source[axis], 0, n, None)
            value = yield (a, source, nest.both(mask, here))
            found = value if found is None else nest.node("select", (here, value, found), None, a.aval.dtype)
        return found

    def pieces(self, eqn: Step) -> tuple[bool, list[tuple[Any, Affine]]]:
        strides = strides_of(eqn.outputs[0].aval.shape)
        placed: list[tuple[Any, Affine]] = []
        axis, start = eqn.params["axis"], 0
        for a in eqn.inputs:
            offset = Affine((), start * strides[axis])
            for i, s in enumerate(strides):
                offset = offset + Affine.axis(i).scaled(s)
            placed.append((a, offset))
            start += a.aval.shape[axis]
        return False, placed


class Interleaved(Structure):
    """Operands of one shape along new last axes."""

    def inlined(self, eqn: Step) -> bool:
        return False

    def pieces(self, eqn: Step) -> tuple[bool, list[tuple[Any, Affine]]]:
        n = len(eqn.inputs)
        first = Affine(())
        for i, stride in enumerate(strides_of(eqn.inputs[0].aval.shape)):
            first = first + Affine.axis(i).scaled(n * stride)
        return False, [(a, first + Affine((), k)) for k, a in enumerate(eqn.inputs)]


__all__ = [
    "ZERO",
    "Affine",
    "Coordinate",
    "Embedding",
    "Gather",
    "IndexEmbedding",
    "Interleaved",
    "Joined",
    "Padding",
    "Reshape",
    "Structure",
    "Symbols",
    "View",
    "affine",
    "aligned",
    "basic_index",
    "broadcast",
    "indexed",
    "reversed_along",
    "sliced",
    "split_axes",
    "strides_of",
    "transposed",
]
