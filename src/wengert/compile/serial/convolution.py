"""The three convolutions of `ops.convolution_forms`: what is laid out afresh, and which tiles compute the result.

The operand is copied once with the zeros around it, so that every tap of the kernel finds its row; tiles of the result
are held in registers while the taps are walked (`tiles`), or tiles of the kernel while places are (`kernel_tiles`). Where
groups have enough features, vectors lie along them; where each group has one, along the groups; where there are few, along
the last axis of space, for which arrays are laid out with features first. As gradients of strided convolutions have
zeros between what they read, the places of one remainder by the strides are a convolution of their own, with their share
of the taps (W. Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016).
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...lowering.index_maps import strides_of
from ...vocabulary import Params
from . import kernel_tiles
from .step import Body, Phase, Serial, pieces_of
from .tiles import Axis, Tiling, tiles
from .writer import Array, Writer, known

WIDE = 4  # features of a group along which vectors lie
PRODUCT = 0.05  # nanoseconds of a multiplication and addition, about
MOVED = 0.1  # nanoseconds of a byte that is laid out afresh
PARTS = 1 << 20  # numbers that partial sums may take
MANY = 16  # parts and shares of a gradient in the kernel


class Geometry(NamedTuple):
    """The form of an equation: its sizes and what stands between indices, with at least one axis of space."""

    many: int
    groups: int
    inputs: int
    outputs: int
    x: tuple[int, ...]
    w: tuple[int, ...]
    y: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    low: tuple[int, ...]

    @property
    def nanoseconds(self) -> float:
        features = self.groups * self.inputs * self.outputs
        return PRODUCT * self.many * features * math.prod(self.w) * math.prod(self.y)

    @property
    def by_groups(self) -> bool:
        return self.inputs == self.outputs == 1 and self.groups > 1

    @property
    def kernel(self) -> tuple[int, ...]:
        """The strides of the kernel's axes of space."""
        return tuple(strides_of((*self.w, self.inputs * self.groups * self.outputs))[:-1])

    @property
    def reach(self) -> tuple[int, ...]:
        terms = zip(self.strides, self.dilation, self.w, self.y, strict=True)
        return tuple(s * (p - 1) + d * (k - 1) + 1 for s, d, k, p in terms)


def form(step: Serial) -> list[Phase] | Body | None:
    takes, gives = step.options["takes"], step.options["gives"]
    avals = {r: a.aval for r, a in zip(takes, step.eqn.inputs, strict=True)}
    avals[gives] = out = step.eqn.outputs[0].aval
    if not known(*avals.values()) or any(a.dtype != out.dtype for a in avals.values()):
        return None
    if any(math.prod(a.shape) == 0 for a in avals.values()):
        return lambda w: w.clear(w.outputs[0].pointer, math.prod(out.shape) * out.dtype.itemsize)
    g = _geometry(step.eqn.params, avals)
    step.work = int(g.nanoseconds * 2)
    at = {role: i for i, role in enumerate(takes)}
    if gives == "w":
        return _kernel(step, g, out.dtype, at)
    return (_result if gives == "y" else _operand)(step, g, out.dtype, at)


def _geometry(params: Params, avals: dict[str, Any]) -> Geometry:
    (xs, ws, ys), groups = params["sizes"], params["groups"]
    strides, dilation, low = params["strides"], params["dilation"], params["low"]
    many, inputs, outputs = avals["x"].shape[0], avals["w"].shape[-2], avals["w"].shape[-1] // groups
    if all(k == 1 and s == 1 and lo == 0 and i == p for k, s, lo, i, p in zip(ws, strides, low, xs, ys, strict=True)):
        places = (many * math.prod(xs),)  # a product of matrices: examples and space are one axis
        return Geometry(1, groups, inputs, outputs, places, (1,), places, (1,), (1,), (0,))
    return Geometry(many, groups, inputs, outputs, xs, ws, ys, strides, dilation, low)


# --- what is laid out afresh -----------------------------------------------------------------------------------------


class Layout(NamedTuple):
    """An array with zeros around it, features last or first.

    Attributes:
        space: its axes of space. shape: what they become. low: how many zeros are before them, or elements left out.
        planar: whether features come first.
    """

    many: int
    features: int
    space: tuple[int, ...]
    shape: tuple[int, ...]
    low: tuple[int, ...]
    planar: bool

    @property
    def same(self) -> bool:
        """Whether the array is this already."""
        return self.space == self.shape and not any(self.low) and not (self.planar and self.features > 1)

    @property
    def strides(self) -> tuple[int, ...]:
        """Of examples, features, and the axes of space."""
        if self.planar:
            return tuple(strides_of((self.many, self.features, *self.shape)))
        s = strides_of((self.many, *self.shape, self.features))
        return (s[0], s[-1], *s[1:-1])


def _laid_out(
    step: Serial, layout: Layout, operand: int, dtype: np.dtype
) -> tuple[Callable[[Writer], Array], list[Phase]]:
    """How a writer finds an operand in this layout, and the phases that make it."""
    if layout.same:
        return (lambda w: w.inputs[operand]), []
    number, size = len(step.scratch), layout.many * layout.features * math.prod(layout.shape)
    step.scratch_array(dtype, size)
    rows = (layout.many, *layout.shape[:-1])
    units = math.prod(rows)

    def body(w: Writer) -> None:
        with w.shared(units) as row:
            _copy_row(w, layout, w.inputs[operand], w.scratch[number], w.decoded(row, rows))

    time = size * dtype.itemsize * MOVED * (8 if layout.planar and layout.features > 1 else 1)
    return (lambda w: w.scratch[number]), [Phase(body, pieces_of(time, units))]


def _copy_row(w: Writer, layout: Layout, source: Array, target: Array, row: list[Any]) -> None:
    """The elements of a row along the last axis, of all features, and the zeros around them."""
    n, *spots = row
    features, length, low = layout.features, layout.shape[-1], layout.low[-1]
    start, end = min(max(low, 0), length), min(max(low + layout.space[-1], 0), length)
    end = max(start, end)
    to = w.offset([n, *spots], [layout.strides[0], *layout.strides[2:-1]])
    inside: Any = None
    read = w.scaled(n, layout.space[-1] * features * math.prod(layout.space[:-1]))
    own = strides_of((*layout.space, features))
    for place, lo, size, stride in zip(spots, layout.low, layout.space, own, strict=False):
        at = w.isub(place, w.int(lo))
        read = w.iadd(read, w.scaled(at, stride))
        good = w.icmp("ult", at, w.int(size))
        inside = good if inside is None else w.and_(inside, good)
    read = w.iadd(read, w.int((start - low) * features))
    itemsize = target.dtype.itemsize
    apart = layout.planar and features > 1
    plane = layout.strides[1] if apart else 0
    width = 1 if apart else features

    def cleared(first: int, last: int) -> None:
        if last > first:
            with w.loop(features if apart else 1) as feature:
                place = w.iadd(w.iadd(to, w.int(first * width)), w.scaled(feature.index, plane))
                w.clear(target.at(place), (last - first) * width * itemsize)

    def copied() -> None:
        if end == start:
            return
        first = w.iadd(to, w.int(start * width))
        if not apart:
            w.copy(target.at(first), source.at(read), (end - start) * width * itemsize)
            return
        with w.loop(features) as feature:
            place, at = w.iadd(first, w.scaled(feature.index, plane)), w.iadd(read, feature.index)
            with w.loop(end - start) as i:
                target.store(w.iadd(place, i.index), source.load(w.iadd(at, w.scaled(i.index, features))))

    if inside is None:
        cleared(0, start)
        copied()
        cleared(end, length)
        return
    with w.when(inside):
        cleared(0, start)
        copied()
        cleared(end, length)
    with w.when(w.xor(inside, w.constant(True, "i1"))):
        cleared(0, length)


def _turned(step: Serial, g: Geometry, operand: int, dtype: np.dtype) -> tuple[Callable[[Writer], Array], list[Phase]]:
    """The kernel turned round, its outputs and inputs exchanged: ``(*ws, outputs, groups, inputs)``."""
    number, taps = len(step.scratch), math.prod(g.w)
    step.scratch_array(dtype, taps * g.groups * g.inputs * g.outputs)
    units = taps * g.outputs

    def body(w: Writer) -> None:
        source, target = w.inputs[operand], w.scratch[number]
        with w.shared(units) as unit:
            tap, output = w.decoded(unit, (taps, g.outputs))
            read = w.scaled(w.isub(w.int(taps - 1), tap), g.inputs * g.groups * g.outputs)
            read, to = w.iadd(read, output), w.scaled(unit, g.groups * g.inputs)
            with w.nest((g.groups, g.inputs), [(g.outputs, g.groups * g.outputs), (g.inputs, 1)]) as (here, there):
                target.store(w.iadd(to, there), source.load(w.iadd(read, here)))

    time = units * g.groups * g.inputs * 1.0
    return (lambda w: w.scratch[number]), [Phase(body, pieces_of(time, units))]


# --- the result and the operand ----------------------------------------------------------------------------------


def _way(g: Geometry, features: int, step: int) -> str:
    """Along what vectors lie, for so many features of a group, and a step between places."""
    if g.by_groups:
        return "groups"
    return "space" if features < WIDE and step == 1 else "features"


def _result(step: Serial, g: Geometry, dtype: np.dtype, at: dict[str, int]) -> list[Phase]:
    way = _way(g, g.outputs, g.strides[-1])
    layout = Layout(g.many, g.groups * g.inputs, g.x, g.reach, g.low, way == "space")
    source, found = _laid_out(step, layout, at["x"], dtype)
    target = Layout(g.many, g.groups * g.outputs, g.y, g.y, (0,) * len(g.y), False)
    tiling = Tiling(dtype, g.many, g.groups, g.inputs, g.outputs, layout.strides, target.strides, g.kernel, way)
    axes = [Axis(1, p, 0, 1, 0, s, k, d, 0, 0, 1) for p, s, k, d in zip(g.y, g.strides, g.w, g.dilation, strict=True)]
    body, units = tiles(tiling, axes, source, lambda w: w.inputs[at["w"]])
    return [*found, Phase(body, pieces_of(g.nanoseconds, units))]


def _operand(step: Serial, g: Geometry, dtype: np.dtype, at: dict[str, int]) -> list[Phase]:
    parts = [_remainders(*terms) for terms in zip(g.x, g.w, g.y, g.strides, g.dilation, g.low, strict=True)]
    way = _way(g, g.inputs, 1)
    lows, shape = tuple(low for _, low, _ in parts), tuple(length for _, _, length in parts)
    layout = Layout(g.many, g.groups * g.outputs, g.y, shape, lows, way == "space")
    source, found = _laid_out(step, layout, at["y"], dtype)
    kernel, more = _turned(step, g, at["w"], dtype)
    target = Layout(g.many, g.groups * g.inputs, g.x, g.x, (0,) * len(g.x), False)
    tiling = Tiling(dtype, g.many, g.groups, g.outputs, g.inputs, layout.strides, target.strides, g.kernel, way)
    phases = [*found, *more]
    chosen = list(itertools.product(*[axes for axes, _, _ in parts]))
    for axes in chosen:
        body, units = tiles(tiling, axes, source, kernel)
        phases.append(Phase(body, pieces_of(g.nanoseconds / len(chosen), units)))
    return phases


def _remainders(size: int, taps: int, many: int, stride: int, dilation: int, low: int) -> tuple[list[Axis], int, int]:
    """The operand's places along an axis as axes of `tiles`, and the zeros before the result that they read, and its length.

    A place ``i = stride q + r - low`` meets the taps ``r + stride u``, of the result's element ``q - u``; where the stride
    is 1, ``i = q - low`` meets all taps, of the elements ``q - dilation k``. The kernel is turned round.
    """
    if stride == 1:
        before = dilation * (taps - 1) - low
        return [Axis(1, size, 0, 1, 0, 1, taps, dilation, 0, 0, 1)], before, size + dilation * (taps - 1)

    def reached(r: int) -> tuple[int, int, int]:
        """The first and the last `q` of a remainder, and how many taps it meets; none of them grows with it."""
        return -((r - low) // stride), (size - 1 + low - r) // stride, max(-(-(taps - r) // stride), 0)

    # Neighbours that reach alike are one axis: a handful, however large the stride.
    runs, r = [], 0
    while r < stride:
        kind = reached(r)
        end = bisect_left(range(stride), True, r, key=lambda e: reached(e) != kind)  # noqa: B023 (called at once)
        runs.append((r, end - r, *kind))
        r = end
    runs = [run for run in runs if run[3] >= run[2]]
    least = min(first - max(share - 1, 0) for _, _, first, _, share in runs)
    most = max(last for _, _, _, last, _ in runs)
    axes = []
    for r, phases, first, last, share in runs:
        start = taps - 1 - r - stride * (share - 1)
        source = first - max(share - 1, 0) - least
        target = r - low + stride * first
        axes.append(Axis(phases, last - first + 1, target, stride, source, 1, share, 1, start, -1, stride))
    return axes, -least, most - least + 1


# --- the kernel ------------------------------------------------------------------------------------------------------


def _kernel(step: Serial, g: Geometry, dtype: np.dtype, at: dict[str, int]) -> list[Phase]:
    way = _way(g, g.outputs, g.strides[-1])
    layout = Layout(g.many, g.groups * g.inputs, g.x, g.reach, g.low, way == "space")
    x, found = _laid_out(step, layout, at["x"], dtype)
    other = Layout(g.many, g.groups * g.outputs, g.y, g.y, (0,) * len(g.y), way == "space")
    y, more = _laid_out(step, other, at["y"], dtype)
    walk = kernel_tiles.Walk(
        dtype,
        g.many,
        g.groups,
        g.inputs,
        g.outputs,
        g.w,
        g.y,
        g.strides,
        g.dilation,
        layout.strides,
        other.strides,
        way,
        1,
        1,
    )
    rows, units = math.prod(walk.rows), math.prod(walk.units)
    if pieces_of(g.nanoseconds, rows * units) is not None:
        parts = max(min(MANY, rows, PARTS // walk.size), 1)
        walk = walk._replace(parts=parts, shares=min(-(-MANY // parts), units))
    if walk.parts == 1:
        return [*found, *more, *kernel_tiles.phases(walk, x, y, lambda w: w.outputs[0])]
    number = len(step.scratch)
    step.scratch_array(dtype, walk.parts * walk.size)
    return [*found, *more, *kernel_tiles.phases(walk, x, y, lambda w: w.scratch[number])]


__all__ = ["form"]
