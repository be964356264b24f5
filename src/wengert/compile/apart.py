"""Apart: arrays of many short rows become one array for each place of a row, so that vectors run along the long axis.

A function of one point, batched, makes arrays of shape ``(n, 3)`` and ``(n, 2, 3)``. As rows lie in memory, a vector
would hold two or three of their numbers, or be gathered from many rows; each sum over a row would end a loop nest. Taken
apart, all that a point needs is elementwise in arrays of shape ``(n,)``: it is fused, zeros that were only written
around a part of a row are gone, and only results are put together again, by `columns_p`. Arguments stay as they are.

Which of the two programs is compiled, `planned` decides by what their loop nests cost.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..lowering import Formula, meaning
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.kinds import Contraction
from ..lowering.monoids import Reduction
from ..program import Atom, Equation, Literal, Program, Var
from .columns import accumulate_p, columns_p
from .fusion import Kernel, Plan
from .rewriter import Rewriter, rebuilt
from .schedule import Schedule

NARROW = 12  # length of an axis of a row, at most
SHORT = 32  # numbers of a row, at most
LONG = 64  # length of the last axis that is none of a row's, at least
ROWS = 1 << 10  # rows, at least
GAIN = 0.95  # of the cost, at most: there is more to compile
LARGEST = 400  # equations in one nest: between two, each column would be written and read
MOST = 3000  # equations of a program taken apart
ALL = (None, None, None)  # the entry of an index that takes a whole axis
TERMS = 64  # multiplications of a product of small matrices that is written out


def planned(program: Program, vector_bytes: int) -> Plan:
    """The plan of a Program, with its rows taken apart where loop nests cost less so."""
    plan = Plan(program)
    other = apart(program)
    if other is None:
        return plan
    second = Plan(other, LARGEST)
    return second if _cost(second, vector_bytes) < GAIN * _cost(plan, vector_bytes) else plan


def _cost(plan: Plan, vector_bytes: int) -> float:
    """What the nests of a plan cost, in additions on vectors."""
    return sum(Schedule(s, vector_bytes).cost * s.size for s in plan.steps if isinstance(s, Kernel))


def row_rank(shape: Sequence[int]) -> int | None:
    """How many of the last axes are those of a short row; None where there are not many rows, or they are long."""
    axis, row = len(shape), 1
    while axis and shape[axis - 1] <= NARROW:
        axis -= 1
        row *= shape[axis]
    many = axis and shape[axis - 1] >= LONG and math.prod(shape[:axis]) >= ROWS
    return len(shape) - axis if many and 0 < row <= SHORT else None


def worthwhile(program: Program) -> bool:
    """Whether most of what a Program writes has short rows, and other than elementwise operations happen to them."""
    mixed, total, short = False, 0, 0
    for eqn in program.equations:
        size = max((v.aval.size for v in eqn.outputs), default=0)
        rows = any(row_rank(a.aval.shape) for a in (*eqn.inputs, *eqn.outputs))
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


Found = Atom | Rows
Taken = Callable[["_Apart", Equation], "Found | None"]
TAKEN: dict[Any, Taken] = {}  # by what an operation means


def taken(*meanings: Any) -> Callable[[Taken], Taken]:
    """Register how an equation of an operation with a meaning is taken apart: None where it is not."""

    def add(rule: Taken) -> Taken:
        TAKEN.update(dict.fromkeys(meanings, rule))
        return rule

    return add


class _Apart:
    """The equations written so far, and what stands for each variable."""

    def __init__(self) -> None:
        self.r = Rewriter()
        self.env: dict[Var, Found] = {}
        self._views: dict[Any, Rows] = {}

    def take(self, eqn: Equation) -> None:
        rule = TAKEN.get(meaning(eqn)) or next((f for kind, f in KINDS if isinstance(eqn.primitive.native, kind)), None)
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
        """An operand with its last axes, so many as it has of them, taken for those of a row."""
        x, shape = self.found(a), a.aval.shape
        mine = min(axes, len(shape))
        split = len(shape) - mine
        long, row = shape[:split], shape[split:]
        if math.prod(row) > SHORT:
            return None
        if not isinstance(x, Rows):
            key = (x if type(x) is Var else id(x), split)
            if key not in self._views:
                view = self._views[key] = Rows(long, np.empty(row, object))
                for place in np.ndindex(*row):
                    view.parts[place] = self._part(x, split, place)
            return self._views[key]
        more = x.parts.ndim - mine
        if more == 0:
            return x
        if more < 0 or any(n != 1 for n in x.parts.shape[:more]):
            return None
        return self.each(Rows(long, x.parts.reshape(row)), long, lambda p: self.r.one(maps.Reshape, p, shape=long))

    def _part(self, x: Atom, split: int, place: tuple[int, ...]) -> Atom:
        """One place of the rows of an array."""
        if not place:
            return x
        if type(x) is Literal and not split:
            return Literal(np.asarray(x.value, x.aval.dtype)[place])
        if math.prod(x.aval.shape[split:]) == 1:
            return self.r.one(maps.Reshape, x, shape=x.aval.shape[:split])
        return self.r.one(maps.indexed, x, index=(*[ALL] * split, *place))

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


@taken(maps.broadcast)
def _broadcast_to(s: _Apart, eqn: Equation) -> Found | None:
    out, axes = eqn.outputs[0].aval, _axes(eqn)
    x = s.rows(eqn.inputs[0], axes) if axes else None
    if x is None:
        return None
    long = out.shape[: len(out.shape) - axes]
    spread = Rows(long, np.array(np.broadcast_to(x.parts, out.shape[len(long) :]), object))
    return s.each(spread, long, lambda p: s.r.one(maps.broadcast, p, shape=long))


@taken(maps.Reshape)
def _reshape(s: _Apart, eqn: Equation) -> Found | None:
    (a,), out = eqn.inputs, eqn.outputs[0].aval
    before, after = row_rank(a.aval.shape), row_rank(out.shape)
    if before is None or after is None or not (before or after):
        return None
    x = s.rows(a, before)
    long, row = out.shape[: len(out.shape) - after], out.shape[len(out.shape) - after :]
    if x is None or math.prod(x.long) != math.prod(long):
        return None
    turned = s.each(Rows(long, x.parts.reshape(row)), long, lambda p: s.r.one(maps.Reshape, p, shape=long))
    return s.made(out, turned)


@taken(maps.transposed)
def _transpose(s: _Apart, eqn: Equation) -> Found | None:
    axes, order = _axes(eqn), eqn.params["axes"]
    n = len(order) - axes
    x = s.rows(eqn.inputs[0], axes) if axes and set(order[:n]) == set(range(n)) else None
    if x is None:
        return None
    long = eqn.outputs[0].aval.shape[:n]
    turned = Rows(long, x.parts.transpose([i - n for i in order[n:]]))
    if order[:n] == tuple(range(n)):
        return turned
    return s.each(turned, long, lambda p: s.r.one(maps.transposed, p, axes=order[:n]))


def _operand(s: _Apart, a: Atom) -> Rows | None:
    """An operand that has rows."""
    axes = row_rank(a.aval.shape)
    return s.rows(a, axes) if axes else None


def _at(entries: Sequence[Any]) -> tuple[Any, ...]:
    """The entries of an index for NumPy, which gives an array for a single place, too."""
    return (*(slice(*e) if type(e) is tuple else e for e in entries), ...)


@taken(maps.indexed)
def _index(s: _Apart, eqn: Equation) -> Found | None:
    (a,), out = eqn.inputs, eqn.outputs[0].aval
    x = _operand(s, a)
    if x is None:
        return None
    first: list[Any] = []  # of the long axes, and of those of a row
    last: list[Any] = []
    n = len(x.long)
    given = eqn.params["index"]
    for entry in (*given, *[ALL] * (len(a.aval.shape) - sum(e is not None for e in given))):
        (first if n > 0 else last).append(entry)
        n -= entry is not None
    parts = x.parts[_at(last)]
    long = out.shape[: len(out.shape) - parts.ndim]
    whole = all(e == ALL for e in first)
    made = Rows(long, parts)
    return s.made(out, made if whole else s.each(made, long, lambda p: s.r.one(maps.indexed, p, index=tuple(first))))


@taken(maps.sliced)
def _slice(s: _Apart, eqn: Equation) -> Found | None:
    out, x = eqn.outputs[0].aval, _operand(s, eqn.inputs[0])
    if x is None:
        return None
    starts, stops, steps = (eqn.params[k] for k in ("starts", "stops", "steps"))
    n = len(x.long)
    parts = x.parts[tuple(map(slice, starts[n:], stops[n:], steps[n:]))]
    made = Rows(out.shape[:n], parts)
    if made.long != x.long:
        made = s.each(
            made, made.long, lambda p: s.r.one(maps.sliced, p, starts=starts[:n], stops=stops[:n], steps=steps[:n])
        )
    return s.made(out, made)


@taken(maps.reversed_along)
def _reverse(s: _Apart, eqn: Equation) -> Found | None:
    x, axes = _operand(s, eqn.inputs[0]), eqn.params["axes"]
    if x is None:
        return None
    n = len(x.long)
    turned = Rows(x.long, np.flip(x.parts, tuple(i - n for i in axes if i >= n)))
    long = tuple(i for i in axes if i < n)
    return s.each(turned, x.long, lambda p: s.r.one(maps.reversed_along, p, axes=long)) if long else turned


def _zeros(s: _Apart, eqn: Equation, row: tuple[int, ...]) -> Any:
    parts = np.empty(row, object)
    parts.fill(s.r.padding(eqn.outputs[0].aval.dtype))
    return parts


@taken(maps.IndexEmbedding)
def _index_embed(s: _Apart, eqn: Equation) -> Found | None:
    (a,), axes, shape, index = eqn.inputs, _axes(eqn), eqn.params["shape"], eqn.params["index"]
    n = len(shape) - axes
    if not axes or any(e != ALL for e in index[:n]):
        return None
    x = s.rows(a, len(a.aval.shape) - n)
    if x is None:
        return None
    parts = _zeros(s, eqn, shape[n:])
    parts[_at(index[n:])] = x.parts
    return Rows(shape[:n], parts)


@taken(maps.Padding)
def _pad_zero(s: _Apart, eqn: Equation) -> Found | None:
    (a,), axes, config = eqn.inputs, _axes(eqn), eqn.params["config"]
    n = len(config) - axes
    if not axes or any(c != (0, 0, 0) for c in config[:n]) or any(min(c) < 0 for c in config[n:]):
        return None
    x = s.rows(a, axes)
    if x is None:
        return None
    shape = eqn.outputs[0].aval.shape
    parts = _zeros(s, eqn, shape[n:])
    parts[
        tuple(
            slice(low, low + max((m - 1) * (gap + 1) + 1, 0), gap + 1)
            for (low, _, gap), m in zip(config[n:], x.parts.shape, strict=True)
        )
    ] = x.parts
    return Rows(shape[:n], parts)


@taken(maps.Joined)
def _concatenate(s: _Apart, eqn: Equation) -> Found | None:
    out, axes, axis = eqn.outputs[0].aval, _axes(eqn), eqn.params["axis"]
    n = len(out.shape) - axes
    if not axes or axis < n:
        return None
    found = [s.rows(a, axes) for a in eqn.inputs]
    parts = [x.parts for x in found if x is not None]
    return Rows(out.shape[:n], np.concatenate(parts, axis - n)) if len(parts) == len(found) else None


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


@taken(Contraction)
def _dot_general(s: _Apart, eqn: Equation) -> Found | None:
    """Small matrices, one pair for each row, are multiplied place by place."""
    out, (x, y) = eqn.outputs[0].aval, eqn.inputs
    (cx, cy), (bx, by) = eqn.params["dims"]
    n = len(bx)
    if (
        out.dtype.kind != "f"
        or x.aval.dtype != out.dtype
        or y.aval.dtype != out.dtype
        or not row_rank(out.shape[:n]) == 0
    ):
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


@taken(maps.Gather)
def _gather(s: _Apart, eqn: Equation) -> Found | None:
    """Rows that are looked up: each place of a row is looked up in the column of that place."""
    x, *indices = eqn.inputs
    out, rank, used = eqn.outputs[0].aval, _axes(eqn), eqn.params["axes"]
    rest = [i for i in range(len(x.aval.shape)) if i not in used]
    own = rank - len(rest)  # axes of the indices that are those of a row
    wide = len(out.shape) - len(rest)  # axes of the indices
    if not rank or own < 0:
        return None
    found = [s.rows(i, own) for i in indices]
    places: list[Any] = [np.broadcast_to(f.parts, out.shape[wide - own : wide]) for f in found if f is not None]
    if len(places) != len(found):
        return None
    source = s.whole(x)
    order = sorted(used)
    axes = tuple(order.index(i) for i in used)
    parts = np.empty(out.shape[wide - own :], object)
    for row in np.ndindex(*parts.shape[own:]):
        entries = iter(row)
        column = s.r.one(
            maps.indexed, source, index=tuple(ALL if i in used else next(entries) for i in range(len(x.aval.shape)))
        )
        for place in np.ndindex(*parts.shape[:own]):
            parts[place + row] = s.r.one(maps.Gather, column, *[p[place] for p in places], axes=axes)
    return s.made(out, Rows(out.shape[: wide - own], parts))


KINDS: list[tuple[type, Taken]] = [(Formula, _elementwise), (Reduction, _reduce)]

__all__ = ["apart", "planned"]
