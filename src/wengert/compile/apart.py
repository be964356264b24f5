"""Apart: arrays of many short rows become one array for each place of a row, so that vectors run along the long axis.

A function of one point, batched, makes arrays of shape ``(n, 3)`` and ``(n, 2, 3)``. As rows lie in memory, a vector
would hold two or three of their numbers, or be gathered from many rows; each sum over a row would end a loop nest. Taken
apart, all that a point needs is elementwise in arrays of shape ``(n,)``: it is fused, zeros that were only written
around a part of a row are gone, and only results are put together again, by `columns_p`. Arguments stay as they are.

Which of the two programs is compiled, the pipeline decides by what their loop nests cost.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..lowering import Formula
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.index_maps import Affine, Point, Structure, Symbols, strides_of
from ..lowering.kinds import Contraction
from ..lowering.monoids import Reduction
from ..program import Atom, Equation, Literal, Program, Var
from .columns import accumulate_p, columns_p
from .rewriter import Rewriter, rebuilt
from .schedule import coefficient

NARROW = 12  # length of an axis of a row, at most
SHORT = 32  # numbers of a row, at most
LONG = 64  # length of the last axis that is none of a row's, at least: vectors begin anew at its ends
ALONE = 16  # the same where it is the only such axis: two vectors
LARGEST = 400  # equations in one nest: between two, each column would be written and read
MOST = 3000  # equations of a program taken apart
TERMS = 64  # multiplications of a product of small matrices that is written out


def row_rank(shape: Sequence[int]) -> int | None:
    """How many of the last axes are those of a short row; None where there are not many rows, or they are long."""
    axis, row = len(shape), 1
    while axis and shape[axis - 1] <= NARROW:
        axis -= 1
        row *= shape[axis]
    many = axis and shape[axis - 1] >= (ALONE if axis == 1 else LONG) and math.prod(shape)
    return len(shape) - axis if many and 0 < row <= SHORT else None


def worthwhile(program: Program) -> bool:
    """Whether most of what a Program writes has short rows, and other than elementwise operations happen to them."""
    mixed, total, short = False, 0, 0
    for eqn in program.equations:
        size, rows = 0, False
        for v in eqn.outputs:
            size = max(size, math.prod(v.aval.shape))
        for a in (*eqn.inputs, *eqn.outputs):
            rows = rows or (len(a.aval.shape) > 1 and bool(row_rank(a.aval.shape)))
        total += size
        short += size if rows else 0
        mixed = mixed or (rows and not eqn.primitive.elementwise)
    return mixed and 2 * short > total


def apart(program: Program) -> Program | None:
    """A Program whose arrays of short rows are taken apart; None if it has none."""
    if program.guards or not worthwhile(program):
        return None
    work = _Apart()
    for v in program.inputs:
        work.env[v] = v
    for eqn in program.equations:
        work.take(eqn)
        if len(work.r.equations) > MOST:
            return None
    outputs = [work.whole(a) for a in program.outputs]
    return rebuilt(program, work.r.equations, outputs)


class Rows:
    """An array of shape ``(*long, *row)`` as one atom for each place of a row: of shape `long`, or one number."""

    __slots__ = ("long", "parts", "whole")

    def __init__(self, long: tuple[int, ...], parts: Any) -> None:  # an array of atoms
        self.long = long
        self.parts = parts
        self.whole: Atom | None = None  # put together


class _Coordinates(Symbols):
    """What index maps are written with: coordinates are affine in those of long axes, or arrays of looked up ones."""

    @staticmethod
    def checked(index: Atom, length: int, mask: None) -> Atom:
        return index


Found = Atom | Rows
Taken = Callable[["_Apart", Equation], "Found | None"]  # None where an equation stays as it is


class _Apart:
    """The equations written so far, and what stands for each variable."""

    def __init__(self) -> None:
        self.r = Rewriter()
        self.env: dict[Var, Found] = {}
        self._views: dict[Any, Atom] = {}

    def take(self, eqn: Equation) -> None:
        rule = next((f for kind, f in KINDS if isinstance(eqn.primitive.native, kind)), None)
        self.r.scope += 1  # what stands twice in the Program is to be computed twice
        found = rule(self, eqn) if rule is not None and len(eqn.outputs) == 1 else None
        if found is not None:
            self.env[eqn.outputs[0]] = found
            return
        inputs = [self.whole(a) for a in eqn.inputs]
        if all(a is b for a, b in zip(inputs, eqn.inputs, strict=True)):
            self.r.equations.append(eqn)  # as it is: equations that NumPy computes are known by number
            self.r.producer.update((v, eqn) for v in eqn.outputs)
            outs: Sequence[Atom] = eqn.outputs
        else:
            outs = self.r.written(eqn.primitive, inputs, eqn.params, [v.aval for v in eqn.outputs])
        self.env.update(zip(eqn.outputs, outs, strict=True))

    def found(self, a: Atom) -> Found:
        return a if type(a) is Literal else self.env[a]

    def whole(self, a: Atom) -> Atom:
        """The atom of an array, put together if it was taken apart."""
        x = self.found(a)
        if not isinstance(x, Rows):
            return x
        if x.whole is None:
            row, dtype = x.parts.shape, a.aval.dtype
            parts = [self.r.fitted(p, Aval(x.long, dtype)) for p in x.parts.flat]
            if len(parts) == 1:
                x.whole = self.r.one(maps.Reshape, parts[0], shape=(*x.long, *row))
            else:
                x.whole = self.r.written(columns_p, parts, {"row": row}, [Aval((*x.long, *row), dtype)])[0]
        return x.whole

    def rows(self, a: Atom, axes: int) -> Rows | None:
        """An operand as rows: its last `axes` axes are those of a row, or all its axes where it has fewer."""
        x, shape = self.found(a), a.aval.shape
        mine = min(axes, len(shape))
        split = len(shape) - mine
        long, row = shape[:split], shape[split:]
        if math.prod(row) > SHORT:
            return None
        if not isinstance(x, Rows):
            first = tuple(map(Affine.axis, range(split)))
            found = Rows(long, np.empty(row, object))
            for place in np.ndindex(*row):
                found.parts[place] = self.view(x, (*first, *(Affine((), i) for i in place)), long)
            return found
        more = x.parts.ndim - mine
        if more == 0:
            return x
        if more < 0 or any(n != 1 for n in x.parts.shape[:more]):
            return None
        return self.each(Rows(long, x.parts.reshape(row)), long, lambda p: self.r.one(maps.Reshape, p, shape=long))

    def read(self, eqn: Equation, point: Point, long: tuple[int, ...]) -> Atom | None:
        """What an equation that moves elements has at a point; None where it is no element of the parts of its operands.

        Args:
            point: affine in the places of an array of shape `long`.
        """
        steps, part = eqn.primitive.native.read(_Coordinates, eqn, point, None), None
        try:
            while True:
                operand, source, _ = steps.send(part)
                part = self.at(operand, source, long)
                if part is None:
                    return None
        except StopIteration as stop:
            return stop.value

    def at(self, a: Atom, point: Point, long: tuple[int, ...]) -> Atom | None:
        """An operand at a point that is affine in the places of an array of shape `long`, or was looked up."""
        x = self.found(a)
        looked = [i for i, c in enumerate(point) if not isinstance(c, Affine)]
        if looked:  # of whole rows: what lies together is fetched together
            if any(c.terms for c in point if isinstance(c, Affine)):
                return None
            kept = tuple(Affine.axis(looked.index(i)) if i in looked else c for i, c in enumerate(point))
            column = self.view(self.whole(a), kept, tuple(a.aval.shape[i] for i in looked))
            return self.r.one(maps.Gather, column, *[point[i] for i in looked], axes=tuple(range(len(looked))))
        if isinstance(x, Rows):
            n = len(point) - x.parts.ndim
            if any(c.terms for c in point[n:]):
                return None
            x, point = x.parts[tuple(c.constant for c in point[n:])], point[:n]
        elif any(c.terms for c in point[len(point) - (row_rank(a.aval.shape) or 0) :]):
            return None
        return self.view(x, point, long)

    def view(self, x: Atom, point: Point, long: tuple[int, ...]) -> Atom:
        """An array of shape `long` that has elements of another at a point; a single number if that is one for all."""
        if x.aval.shape == () or (x.aval.shape == long and point == tuple(map(Affine.axis, range(len(long))))):
            return x
        if not any(c.terms for c in point):
            if type(x) is Literal:
                return Literal(np.asarray(x.value, x.aval.dtype)[tuple(c.constant for c in point)])
            long = ()
        key = (x if type(x) is Var else id(x), point, long)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = self.r.one(maps.affine, x, at=point, shape=long)
        return found

    @staticmethod
    def _each(parts: Any, f: Callable[[Any], Atom]) -> Any:
        out = np.empty(parts.shape, object)
        for place, p in np.ndenumerate(parts):
            out[place] = f(p)
        return out

    def each(self, x: Rows, long: tuple[int, ...], f: Callable[[Atom], Atom]) -> Rows:
        """The same operation at each place of a row; single numbers stay as they are."""
        return Rows(long, self._each(x.parts, lambda p: p if p.aval.shape == () else f(p)))

    def combined(self, primitive: Primitive, a: Atom, b: Atom) -> Atom:
        """Two terms of a reduction as one."""
        return self.r.apply(primitive, [a, b], {}, [primitive.abstract(a.aval, b.aval)])[0]

    def made(self, aval: Aval, x: Rows) -> Found | None:
        """A result: an array if it has no rows of its own, None if its rows are others than these."""
        if x.parts.ndim == 0:
            return self.r.fitted(x.parts[()], aval)
        return x if row_rank(aval.shape) == x.parts.ndim else None


def _axes(eqn: Equation) -> int:
    """How many axes of an equation's result are those of short rows; 0 if there are none."""
    return row_rank(eqn.outputs[0].aval.shape) or 0


def _elementwise(s: _Apart, eqn: Equation) -> Found | None:
    out, axes = eqn.outputs[0].aval, _axes(eqn)
    if not axes:
        return None
    found = [s.rows(a, axes) for a in eqn.inputs]
    operands: list[Any] = [x.parts for x in found if x is not None]
    if len(operands) != len(found):
        return None
    row = out.shape[len(out.shape) - axes :]
    parts = np.empty(row, object)
    spread: list[Any] = [np.broadcast_to(p, row) for p in operands]
    for place in np.ndindex(*row):
        args = [p[place] for p in spread]
        aval = eqn.primitive.abstract(*[a.aval for a in args], **eqn.params)
        parts[place] = s.r.written(eqn.primitive, args, eqn.params, [aval])[0]
    return Rows(out.shape[: len(out.shape) - axes], parts)


def _structure(s: _Apart, eqn: Equation) -> Found | None:
    """What moves elements: its index map at each place of a row, with the coordinates of long axes left open."""
    native, out, axes = eqn.primitive.native, eqn.outputs[0].aval, _axes(eqn)
    if not axes and not any(row_rank(a.aval.shape) for a in eqn.inputs):
        return None
    n = len(out.shape) - axes
    found = Rows(out.shape[:n], np.empty(out.shape[n:], object))
    if native.flat:
        return _same_memory(s, eqn, found)
    placed = native.pieces(eqn)
    if placed is not None:
        return None if native.drops(eqn) else _put_together(s, eqn, placed, found)
    point = tuple(map(Affine.axis, range(n)))
    for place in np.ndindex(*found.parts.shape):
        part = s.read(eqn, (*point, *(Affine((), i) for i in place)), found.long)
        if part is None:
            return None
        found.parts[place] = part
    return found if axes else s.r.fitted(found.parts[()], out)


def _operand(s: _Apart, a: Atom) -> Rows | None:
    """An operand that has rows."""
    axes = row_rank(a.aval.shape)
    return s.rows(a, axes) if axes else None


def _same_memory(s: _Apart, eqn: Equation, found: Rows) -> Found | None:
    """Rows as long as they were, perhaps of another shape."""
    (a,), out = eqn.inputs, eqn.outputs[0].aval
    x = _operand(s, a)
    x = s.rows(a, 0) if x is None and row_rank(a.aval.shape) == 0 else x
    if x is None or math.prod(x.long) != math.prod(found.long) or a.aval.dtype != out.dtype:
        return None
    parts = x.parts.reshape(found.parts.shape)
    return s.made(
        out, s.each(Rows(found.long, parts), found.long, lambda p: s.r.one(maps.Reshape, p, shape=found.long))
    )


def _put_together(s: _Apart, eqn: Equation, pieces: Any, found: Rows) -> Found | None:
    """Operands that lie side by side in each row, or zeros between them."""
    (cleared, placed), n, out = pieces, len(found.long), eqn.outputs[0].aval
    parts = np.empty(found.parts.size, object)
    if cleared:
        parts.fill(s.r.padding(out.dtype))
    steps = strides_of(out.shape)[:n]
    for a, offset in placed:
        x = s.rows(a, max(len(a.aval.shape) - n, 0)) if a.aval.shape[:n] == found.long else None
        if x is None or tuple(coefficient(offset, i) for i in range(n)) != steps:
            return None
        for place, part in np.ndenumerate(x.parts):
            at = offset.constant + sum(coefficient(offset, n + i) * k for i, k in enumerate(place))
            if not 0 <= at < parts.size:
                return None
            parts[at] = part
    return s.made(out, Rows(found.long, parts.reshape(found.parts.shape)))


def _reduce(s: _Apart, eqn: Equation) -> Found | None:
    (a,), out = eqn.inputs, eqn.outputs[0].aval
    x = _operand(s, a)
    if x is None:
        return None
    n, axes, dtype = len(x.long), eqn.params["axes"], out.dtype
    monoid, combine = eqn.primitive.native.monoid, eqn.primitive.native.combine
    one = combine if monoid.fused is None else accumulate_p
    parts = s._each(x.parts, lambda p: s.r.one(f.converted, p, dtype=dtype) if p.aval.dtype != dtype else p)
    short = [i - n for i in axes if i >= n]
    kept = [i for i in range(parts.ndim) if i not in short]
    terms = parts.transpose([*kept, *short]).reshape(*[parts.shape[i] for i in kept], -1)
    parts = np.empty(terms.shape[:-1], object)
    for place in np.ndindex(*parts.shape):
        parts[place] = functools.reduce(lambda a, b: s.combined(one, a, b), terms[place])
    long = tuple(i for i in axes if i < n)
    if not long:
        return s.made(out, Rows(x.long, parts))
    left = tuple(m for i, m in enumerate(x.long) if i not in long)
    found = Rows(
        left,
        s._each(parts, lambda p: s.r.one(eqn.primitive, s.r.fitted(p, Aval(x.long, dtype)), axes=long)),
    )
    made = s.made(out, found)
    if made is not None:
        return made
    return s.r.written(columns_p, list(found.parts.flat), {"row": found.parts.shape}, [Aval(out.shape, out.dtype)])[0]


def _dot_general(s: _Apart, eqn: Equation) -> Found | None:
    """Small matrices, one pair for each row, are multiplied place by place."""
    out, (x, y) = eqn.outputs[0].aval, eqn.inputs
    (cx, cy), (bx, by) = eqn.params["dims"]
    n = len(bx)
    if out.dtype.kind != "f" or x.aval.dtype != out.dtype or y.aval.dtype != out.dtype or row_rank(out.shape[:n]) != 0:
        return None
    if tuple(bx) != tuple(range(n)) or tuple(by) != tuple(range(n)) or not cx:
        return None
    left = s.rows(x, len(x.aval.shape) - n)
    right = s.rows(y, len(y.aval.shape) - n)
    if left is None or right is None:
        return None
    free_x = [i - n for i in range(n, len(x.aval.shape)) if i not in cx]
    free_y = [i - n for i in range(n, len(y.aval.shape)) if i not in cy]
    m = math.prod(left.parts.shape[i] for i in free_x)
    if left.parts.size == 0 or right.parts.size == 0:
        return None
    p = left.parts.transpose([*free_x, *[i - n for i in cx]]).reshape(m, -1)
    q = right.parts.transpose([*[i - n for i in cy], *free_y]).reshape(p.shape[1], -1)
    if m * q.size > TERMS:
        return None
    row = out.shape[n:]
    parts = np.empty((m, q.shape[1]), object)
    for i, j in np.ndindex(*parts.shape):
        terms = [s.r.one(f.multiply, a, b) for a, b in zip(p[i], q[:, j], strict=True)]
        parts[i, j] = functools.reduce(lambda a, b: s.combined(accumulate_p, a, b), terms)
    return s.made(out, Rows(out.shape[:n], parts.reshape(row)))


KINDS: list[tuple[type, Taken]] = [
    (Formula, _elementwise),
    (Structure, _structure),
    (Reduction, _reduce),
    (Contraction, _dot_general),
]

__all__ = ["apart"]
