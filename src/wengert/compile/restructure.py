"""Rules for equations that move elements: broadcasts, reshapes, transposes, indices, sums of them, products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.kernels import Scatter
from ..lowering.kinds import Check, Contraction
from ..lowering.monoids import SUM
from ..ops.promotion import broadcast_shapes
from ..program import Atom, Equation, Literal, Var
from .products import turned
from .rewriter import Rewriter, counts, number, rule
from .rewrites import on


@rule(maps.broadcast)
def _broadcast_to(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    shape = eqn.params["shape"]
    if x.aval.shape == shape and not x.aval.weak:
        return x
    inner = r.made_by(x, maps.broadcast)
    return r.one(maps.broadcast, inner.inputs[0], shape=shape) if inner is not None else None


@rule(maps.Reshape)
def _reshape(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    shape = eqn.params["shape"]
    if x.aval.shape == shape and not x.aval.weak:
        return x
    inner = r.made_by(x, maps.Reshape)
    if inner is not None:
        return r.one(maps.Reshape, inner.inputs[0], shape=shape)
    return _diagonal(r, x, shape)


def _diagonal(r: Rewriter, x: Atom, shape: tuple[int, ...]) -> Atom | None:
    """Vectors padded to diagonal matrices, or put on a diagonal, as a choice between them and 0: no array of zeros is written."""
    made = r.made_by(x, maps.Padding) or r.made_by(x, maps.IndexEmbedding)
    if made is None or not made.inputs[0].aval.shape:
        return None
    (vector,) = made.inputs
    *batch, n = vector.aval.shape
    m = len(batch)
    if r.made_by(x, maps.Padding):
        fits = made.params["config"] == (*[(0, 0, 0)] * m, (0, 0, n))
    else:
        fits = made.params["index"] == ((0, n * n, n + 1),)
    if not fits or n < 2 or list(shape[:m]) != batch:
        return None
    rest = shape[m:]
    split = next((k for k in range(len(rest) + 1) if math.prod(rest[:k]) == n == math.prod(rest[k:])), None)
    if split is None:
        return None
    rows = r.places((*rest[:split], *[1] * (len(rest) - split)))
    columns = r.places(rest[split:])
    spread = r.one(maps.Reshape, vector, shape=(*batch, *([1] * split if batch else ()), *rest[split:]))
    return r.one(f.where, r.one(f.equal, rows, columns), spread, Literal(vector.aval.dtype.type(0)))


@rule(maps.Padding)
def _pad_zero(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return inputs[0] if all(c == (0, 0, 0) for c in eqn.params["config"]) else None


@rule(maps.transposed)
def _transpose(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    axes = eqn.params["axes"]
    if axes == tuple(range(len(axes))):
        return x
    inner = r.made_by(x, maps.transposed)
    if inner is not None:
        return r.one(maps.transposed, inner.inputs[0], axes=tuple(inner.params["axes"][i] for i in axes))
    moved = [i for i in axes if x.aval.shape[i] != 1]
    if moved == sorted(moved):  # only axes of length 1 change places
        return r.one(maps.Reshape, x, shape=eqn.outputs[0].aval.shape)
    return None


@rule(Contraction)
def _dot_general(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Factors are taken as they lie in memory, and transposed where the product wants other rows and columns."""
    x, y = inputs
    (cx, cy), (bx, by) = eqn.params["dims"]
    if bx and not cx:  # an outer product stays one: in a loop it may be summed after it, as a product of matrices
        return _multiplied(r, eqn, x, y, bx, by)
    x, cx, bx = _untransposed(r, x, cx, bx)
    y, cy, by = _untransposed(r, y, cy, by)
    turns = turned([x.aval.shape, y.aval.shape], ((cx, cy), (bx, by)), eqn.outputs[0].aval.dtype)
    if turns is not None:
        turn_x, turn_y = turns
        if turn_x is not None:
            x = r.one(maps.transposed, x, axes=turn_x)
            cx, bx = tuple(turn_x.index(i) for i in cx), tuple(turn_x.index(i) for i in bx)
        if turn_y is not None:
            y = r.one(maps.transposed, y, axes=turn_y)
            cy, by = tuple(turn_y.index(i) for i in cy), tuple(turn_y.index(i) for i in by)
    eqn.inputs[:] = [x, y]
    eqn.params = {"dims": ((cx, cy), (bx, by))}
    return None


def _multiplied(r: Rewriter, eqn: Equation, x: Atom, y: Atom, bx: tuple[int, ...], by: tuple[int, ...]) -> Atom | None:
    """A product that sums over nothing: elementwise, with axes of length 1."""
    shape, dtype, n = eqn.outputs[0].aval.shape, eqn.outputs[0].aval.dtype, len(bx)
    if x.aval.dtype != dtype or y.aval.dtype != dtype:
        return None
    free = len(x.aval.shape) - n
    parts = list[Atom]()
    for a, batch, new in (
        (x, bx, (*shape[: n + free], *[1] * (len(shape) - n - free))),
        (y, by, (*shape[:n], *[1] * free, *shape[n + free :])),
    ):
        order = (*batch, *[i for i in range(len(a.aval.shape)) if i not in batch])
        parts.append(r.one(maps.Reshape, r.one(maps.transposed, a, axes=order), shape=new))
    return r.one(f.multiply, *parts)


def _untransposed(r: Rewriter, a: Atom, contracted: Any, batch: Any) -> tuple[Atom, Any, Any]:
    """The source of a factor that is a transpose, with its axes, where the free ones keep their order."""
    made = r.made_by(a, maps.transposed)
    if made is None:
        return a, contracted, batch
    axes = made.params["axes"]
    free = [axes[i] for i in range(len(axes)) if i not in contracted and i not in batch]
    if free != sorted(free):
        return a, contracted, batch
    return made.inputs[0], tuple(axes[i] for i in contracted), tuple(axes[i] for i in batch)


@rule(maps.indexed)
def _index(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    full = all(
        isinstance(e, tuple) and range(n)[slice(*e)] == range(n)
        for e, n in zip(eqn.params["index"], x.aval.shape, strict=False)
    )
    return x if full and len(eqn.params["index"]) <= len(x.aval.shape) else None


@rule(maps.sliced)
def _slice_all(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    whole = eqn.outputs[0].aval.shape == inputs[0].aval.shape
    return inputs[0] if whole and all(s == 1 for s in eqn.params["steps"]) else None


@rule(SUM)
def _reduce_sum(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    axes = eqn.params["axes"]
    source = r.broadcast_of(x)
    if source is not None and x.aval.dtype.kind == "f" and number(source) is not None and on("uniform_sums"):
        count = float(np.prod([x.aval.shape[a] for a in axes]))
        total = Literal(x.aval.dtype.type(number(source) * count if count else 0))
        return r.one(maps.broadcast, total, shape=eqn.outputs[0].aval.shape)
    if all(x.aval.shape[a] == 1 for a in axes) and _same_kind(x, eqn):
        return r.one(maps.Reshape, x, shape=eqn.outputs[0].aval.shape)
    return None if source is None else _reduced_once(r, eqn, x.aval.shape, source)


def _reduced_once(r: Rewriter, eqn: Equation, shape: tuple[int, ...], source: Atom) -> Atom | None:
    """A reduction of a broadcast, once for all places of the axes that are left and that it does not vary along."""
    axes = eqn.params["axes"]
    lengths = (1,) * (len(shape) - len(source.aval.shape)) + source.aval.shape
    once = tuple(n if i in axes else m for i, (n, m) in enumerate(zip(shape, lengths, strict=True)))
    if math.prod(once) >= math.prod(shape):
        return None
    inner = r.one(eqn.primitive, r.one(maps.broadcast, source, shape=once), **eqn.params)
    return r.one(maps.broadcast, inner, shape=eqn.outputs[0].aval.shape)


@rule(Scatter)
def _scatter(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return _at_flat_positions(r, eqn, inputs) or _one_to_a_row(r, eqn, inputs)


def _at_flat_positions(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """At flat positions that were looked up in a table of all positions: the indices themselves are used."""
    x, updates, *places = inputs
    if len(places) != 1 or len(x.aval.shape) != 1 or eqn.params["axes"] != (0,):
        return None
    flat = r.made_by(places[0], maps.Reshape)
    made = r.made_by(places[0] if flat is None else flat.inputs[0], maps.Gather)
    if made is None or not counts(made.inputs[0]):
        return None
    shape, wanted = made.inputs[0].aval.shape, made.outputs[0].aval.shape
    if math.prod(shape) != x.aval.shape[0] or updates.aval.shape not in ((), places[0].aval.shape):
        return None
    if updates.aval.shape != ():
        updates = r.one(maps.Reshape, updates, shape=wanted)
    whole = r.one(eqn.primitive, r.one(maps.Reshape, x, shape=shape), updates, *made.inputs[1:], **made.params)
    return r.one(maps.Reshape, whole, shape=x.aval.shape)


def _one_to_a_row(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Numbers scattered onto zeros, one to each row: a choice between them and 0, which is computed where it is used.

    The derivative of ``logits[arange(n), labels]`` is one; sums along its rows are the numbers (`sums`).
    """
    x, updates, *indices = inputs
    shape, axes, zero = x.aval.shape, eqn.params["axes"], r.number_spread(x)
    moving = [(i, a) for i, a in zip(indices, axes, strict=True) if type(i) is Var]
    if eqn.primitive.native.monoid not in (None, SUM) or zero is None or number(zero) != 0 or len(moving) != 1:
        return None
    ((index, axis),) = moving
    one, gone = (*shape[:axis], 1, *shape[axis + 1 :]), (*shape[:axis], *shape[axis + 1 :])
    given = index.aval.shape
    if sorted(axes) != list(range(len(shape))) or len(shape) < 2 or given not in (one, gone) or not index.aval.size:
        return None
    if index.aval.dtype.kind not in "iu" or updates.aval.shape not in ((), given) or updates.aval.dtype != x.aval.dtype:
        return None
    gap = len(shape) - len(given)  # axes after the one along which there is one number
    if not all(_counts_along(i, given, a - gap * (a > axis)) for i, a in zip(indices, axes, strict=True) if a != axis):
        return None
    r.one(Check, index, length=shape[axis], apart=False)
    if index.aval.dtype.kind == "i":
        index = r.one(f.from_start, r.one(f.converted, index, dtype=INT64), Literal(np.int64(shape[axis])))
    at = r.one(maps.Reshape, r.one(f.converted, index, dtype=INT32), shape=one)
    here = r.one(f.equal, at, r.places((shape[axis], *[1] * (len(shape) - axis - 1))))
    if updates.aval.shape:
        updates = r.one(maps.Reshape, updates, shape=one)
    return r.one(f.where, here, updates, Literal(x.aval.dtype.type(0)))


INT32, INT64 = np.dtype(np.int32), np.dtype(np.int64)


def _counts_along(a: Atom, shape: tuple[int, ...], axis: int) -> bool:
    """Whether an array of places is, in this shape, the number of the place along an axis."""
    if type(a) is not Literal or broadcast_shapes("places", a.aval.shape, shape) != shape:
        return False
    places = np.arange(shape[axis]).reshape(-1, *[1] * (len(shape) - axis - 1))
    return bool((np.broadcast_to(np.asarray(a.value), shape) == places).all())


def _same_kind(x: Atom, eqn: Equation) -> bool:
    return x.aval.dtype == eqn.outputs[0].aval.dtype
