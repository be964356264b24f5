"""Slices and paddings with zeros, the transposes of each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Value, shape_of
from ..errors import ShapeError
from ..lowering import index_maps
from .linear import Linear


def _x(*shape: int) -> np.ndarray:
    return np.random.default_rng(11).normal(size=shape)


def _slice_transpose(ct: Value, x: Any, *, starts: Any, stops: Any, steps: Any) -> Value:
    config = []
    for n, a, b, s in zip(x.shape, starts, stops, steps, strict=True):
        count = len(range(a, b, s))
        end = a + (count - 1) * s + 1 if count else a
        config.append((a, n - end, s - 1))
    return pad_p.bind(ct, config=tuple(config))


def _slices(starts: Any, stops: Any, steps: Any) -> tuple[slice, ...]:
    return tuple(slice(a, b, s) for a, b, s in zip(starts, stops, steps, strict=True))


def _sliced(x: Any, *, starts: Any, stops: Any, steps: Any) -> Aval:
    """The shape of a slice, whose elements must be ones of `x`: compiled code reads them without a further check."""
    ranges = [range(a, b, s) for a, b, s in zip(starts, stops, steps, strict=True)]
    for n, taken in zip(x.shape, ranges, strict=True):
        if taken and not (0 <= taken[0] < n and 0 <= taken[-1] < n):
            raise ShapeError(f"slice: from {starts} to {stops} by {steps} leaves an array of shape {x.shape}")
    return Aval(tuple(map(len, ranges)), x.dtype)


slice_p = Linear(
    "slice",
    lambda x, *, starts, stops, steps: x[_slices(starts, stops, steps)],
    _sliced,
    _slice_transpose,
    lambda n, x, *, starts, stops, steps: slice_p.bind(x, starts=(0, *starts), stops=(n, *stops), steps=(1, *steps)),
    pattern="drops",
    samples=lambda: [
        ((_x(5),), {"starts": (1,), "stops": (5,), "steps": (2,)}),
        ((_x(4, 3),), {"starts": (1, 0), "stops": (3, 2), "steps": (1, 1)}),
        ((_x(4),), {"starts": (2,), "stops": (2,), "steps": (1,)}),
    ],
    native=index_maps.View(index_maps.sliced, drops=True),
)


def _pad_impl(x: Value, *, config: tuple[tuple[int, int, int], ...]) -> Value:
    shape = _pad_shape(x.shape, config)
    out = np.zeros(shape, x.dtype)
    out[
        tuple(
            slice(lo, lo + (n - 1) * (gap + 1) + 1 if n else lo, gap + 1)
            for n, (lo, _, gap) in zip(x.shape, config, strict=True)
        )
    ] = x
    return out


def _pad_shape(shape: tuple[int, ...], config: Any) -> tuple[int, ...]:
    return tuple(lo + hi + n + max(n - 1, 0) * gap for n, (lo, hi, gap) in zip(shape, config, strict=True))


def _pad_transpose(ct: Value, x: Any, *, config: Any) -> Value:
    starts = tuple(lo for lo, _, _ in config)
    steps = tuple(gap + 1 for _, _, gap in config)
    stops = tuple(lo + (n - 1) * s + 1 if n else lo for n, lo, s in zip(x.shape, starts, steps, strict=True))
    return slice_p.bind(ct, starts=starts, stops=stops, steps=steps)


pad_p = Linear(
    "pad_zero",
    _pad_impl,
    lambda x, *, config: Aval(_pad_shape(x.shape, config), x.dtype),
    _pad_transpose,
    lambda n, x, *, config: pad_p.bind(x, config=((0, 0, 0), *config)),
    pattern="drops",
    samples=lambda: [((_x(3),), {"config": ((1, 2, 1),)}), ((_x(2, 3),), {"config": ((0, 1, 0), (2, 0, 0))})],
    native=index_maps.Padding(),
)


def slice_axis(x: Value, axis: int, start: int, stop: int) -> Value:
    """``x[..., start:stop, ...]`` along one axis; what lies outside of the array is left out, none counts from the end."""
    shape = shape_of(x)
    starts, stops = [0] * len(shape), list(shape)
    n = shape[axis]
    starts[axis], stops[axis] = min(max(start, 0), n), min(max(stop, 0), n)
    return slice_p.bind(x, starts=tuple(starts), stops=tuple(stops), steps=(1,) * len(shape))


__all__ = ["pad_p", "slice_axis", "slice_p"]
