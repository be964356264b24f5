"""Scatters: a copy of an array, changed at places that indices give, one update after another.

NumPy's meaning (``np.add.at`` and its kin, assignment): indices broadcast together, negative ones count from the end,
where places repeat every update counts, in order. Places of one index differ, so they are written as vectors.
"""

from __future__ import annotations

import math

import numpy as np

from ...ops.promotion import broadcast_shapes
from ..emitter import V
from ..narrow import rounded
from ..scalars import cast
from .step import Body, Serial
from .writer import INT64, Array, Writer, broadcast_strides, collapsed, known


def scatter(step: Serial) -> Body | None:
    x, updates, *indices = (a.aval for a in step.eqn.inputs)
    (out,) = (v.aval for v in step.eqn.outputs)
    if not known(x, updates, out, *indices) or any(i.dtype.kind not in "iu" for i in indices):
        return None
    if not all(a.weak or np.can_cast(a.dtype, out.dtype) for a in (x, updates)):
        return None
    monoid = step.eqn.primitive.native.monoid
    axes = tuple(a % len(x.shape) for a in step.eqn.params["axes"])
    step.checks = True
    step.inputs[0] = step.uniform(0) or step.inputs[0]
    places = broadcast_shapes("indices", *[i.shape for i in indices])
    rest = [a for a in range(len(x.shape)) if a not in axes]
    domain = (*places, *[out.shape[a] for a in rest])
    if len(updates.shape) > len(domain):
        return None

    def write(w: Writer) -> None:
        changes, *index_arrays = w.inputs[-1 - len(indices) :]
        (target,) = w.outputs
        if not step.in_place:
            _copy(w, target, w.inputs[0])
        if not math.prod(domain) and not math.prod(places):
            return
        along = broadcast_strides(updates.shape, domain)
        outer, steps = collapsed(places, [along[: len(places)], *[broadcast_strides(i.shape, places) for i in indices]])
        inner, (to, fro) = collapsed(
            [out.shape[a] for a in rest], [[target.strides[a] for a in rest], along[len(places) :]]
        )
        with w.nest(outer, steps) as (change, *at):
            place = w.int(0)
            for axis, index, offset in zip(axes, index_arrays, at, strict=True):
                i = _checked(w, index, offset, out.shape[axis])
                place = w.iadd(place, w.scaled(i, target.strides[axis]))
            n, s, u = (inner[-1], to[-1], fro[-1]) if inner else (1, 1, 0)

            def strip(first: V, lanes: int, base: V, change: V) -> None:
                where = w.iadd(base, w.scaled(first, s))
                new = changes.load(w.iadd(change, w.scaled(first, u)), lanes, u, out.dtype)
                if monoid is not None:
                    new = rounded(w, monoid.combine(w, out.dtype, target.load(where, lanes), new), out.dtype)
                target.store(where, new)

            with w.nest(inner[:-1], [to[:-1], fro[:-1]]) as (more, further):
                base, change = w.iadd(place, more), w.iadd(change, further)
                lanes = w.lanes(out.dtype) if s == 1 and u in (0, 1) else 1
                if inner:
                    w.strips(n, lanes, lambda first, lanes: strip(first, lanes, base, change))
                else:
                    strip(w.int(0), 1, base, change)

    return write


def _checked(w: Writer, index: Array, offset: V, n: int) -> V:
    """An index, counted from the start; the kernel ends where it is out of range."""
    i = index.load(offset, dtype=INT64)
    if index.dtype.kind == "i":
        i = w.select(w.icmp("slt", i, w.int(0)), w.iadd(i, w.int(n)), i)
    w.fail_if(w.icmp("uge", i, w.int(n)))
    return i


def _copy(w: Writer, target: Array, source: Array) -> None:
    """The elements of an array of the same shape, or one number everywhere."""
    size = math.prod(target.shape)
    constant = source.constant
    if constant is not None:
        constant = cast(w, constant, source.dtype, target.dtype)
        if constant.const == 0 and not math.copysign(1, constant.const) < 0:
            w.clear(target.pointer, size * target.dtype.itemsize)
            return
    elif source.dtype == target.dtype:
        w.copy(target.pointer, source.pointer, size * target.dtype.itemsize)
        return
    lanes = w.lanes(target.dtype)
    w.strips(size, lanes, lambda first, lanes: target.store(first, source.load(first, lanes, 1, target.dtype)))
