"""Padding with a value before, behind and between elements; negative padding takes elements away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Tracer, Value, shape_of
from ..errors import ShapeError
from .elementwise import where
from .slices import _pad_impl, pad_p, slice_p


def padded_shape(shape: Sequence[int], config: Sequence[tuple[int, int, int]]) -> tuple[int, ...]:
    """The shape of a padded array.

    Raises:
        ShapeError: more is taken away than there is.
    """
    out = tuple(lo + hi + n + max(n - 1, 0) * gap for n, (lo, hi, gap) in zip(shape, config, strict=True))
    if any(n < 0 for n in out):
        raise ShapeError(
            f"Dimension size after padding is not at least 0, got result shape {out}, for padding_config {tuple(config)} and "
            f"an array of shape {tuple(shape)}"
        )
    return out


def pad(x: Value, value: Value, config: Sequence[tuple[int, int, int]]) -> Value:
    """`x` with `value`, a scalar of its dtype, around and between its elements.

    Args:
        x: an array.
        value: what stands there; a Python 0 for zeros, which costs less.
        config: for each axis ``(low, high, interior)``.

    Raises:
        ShapeError: more is taken away than there is.

    Example:
        >>> pad(np.array([1.0, 2.0]), 9.0, [(1, 0, 1)])
        array([9., 1., 9., 2.])
    """
    shape = shape_of(x)
    want = padded_shape(shape, config)
    if not any(any(c) for c in config):
        return x
    outer = tuple((max(lo, 0), max(hi, 0), gap) for lo, hi, gap in config)
    out = pad_p.bind(x, config=outer) if any(any(c) for c in outer) else x
    is_zero = (
        not isinstance(value, Tracer) and np.ndim(value) == 0 and not np.any(value) and not np.signbit(np.real(value))
    )
    if not is_zero and any(any(c) for c in outer):
        out = where(_inside(shape, outer), out, value)
    starts = tuple(max(-lo, 0) for lo, _, _ in config)
    if any(starts) or shape_of(out) != want:
        stops = tuple(s + n for s, n in zip(starts, want, strict=True))
        out = slice_p.bind(out, starts=starts, stops=stops, steps=(1,) * len(want))
    return out


def _inside(shape: Sequence[int], config: Sequence[tuple[int, int, int]]) -> Value:
    """Where elements of the array stand, from one mask for each axis."""
    inside: Any = None
    for axis, (n, c) in enumerate(zip(shape, config, strict=True)):
        if any(c):
            mask = _pad_impl(np.ones(n, bool), config=(c,))
            mask = mask.reshape([-1 if i == axis else 1 for i in range(len(shape))])
            inside = mask if inside is None else inside & mask
    assert inside is not None
    return inside


__all__ = ["pad", "padded_shape"]
