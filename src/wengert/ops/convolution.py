"""The convolution of vectors, `convolve`: bilinear; its transposes are correlations where arrays overlap completely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, shape_of
from ..lowering.kernels import Either
from ..vocabulary import Params
from .convolution_forms import correlated
from .families import Bilinear
from .promotion import result_dtype
from .shape import concatenate, in_front, reverse_p
from .slices import slice_axis

ndarray = np.ndarray
SHORT = 8  # elements of the shorter array, and products, from which register tiles compute the middle
MANY = 1 << 18


def _impl(x: Value, y: Value) -> Value:
    if x.ndim == 1:
        return np.convolve(x, y)
    lead = x.shape[:-1]
    n = math.prod(lead)
    rows = zip(x.reshape(n, x.shape[-1]), y.reshape(n, y.shape[-1]), strict=True)
    out = [np.convolve(a, b) for a, b in rows]
    return np.array(out, np.result_type(x, y)).reshape(*lead, x.shape[-1] + y.shape[-1] - 1)


def _shape(x: Aval, y: Aval) -> Aval:
    return Aval((*x.shape[:-1], x.shape[-1] + y.shape[-1] - 1), result_dtype(x, y))


def _in_parts(x: Value, y: Value) -> Value:
    """A long array with a short one: the sums where they overlap completely in register tiles, the ends as they are."""
    axis = len(shape_of(x)) - 1
    if shape_of(x)[axis] < shape_of(y)[axis]:
        x, y = y, x
    n, m = shape_of(x)[axis], shape_of(y)[axis]
    first, last = slice_axis(x, axis, 0, m - 1), slice_axis(x, axis, n - m + 1, n)
    return concatenate(
        [
            slice_axis(convolve_p.bind(first, slice_axis(y, axis, 0, m - 1)), axis, 0, m - 1),
            correlated(x, reverse_p.bind(y, axes=(axis,)), 1),
            slice_axis(convolve_p.bind(last, slice_axis(y, axis, 1, m)), axis, m - 2, 2 * m - 3),
        ],
        axis,
    )


def _is_in_parts(avals: Sequence[Aval], params: Params) -> bool:
    n, m = sorted((a.shape[-1] for a in avals), reverse=True)
    known = all(a.dtype == avals[0].dtype and a.dtype.kind in "iuf" and a.dtype.itemsize >= 4 for a in avals)
    return known and math.prod(avals[0].shape[:-1]) == 1 and m >= SHORT and n >= 4 * m and n * m >= MANY


def _batch(size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
    return convolve_p.bind(*in_front(size, args, batched)), True


def _x(*shape: int, seed: int) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# The full convolution over the last axis of two stacks with the same leading axes.
convolve_p = Bilinear(
    "convolve",
    _impl,
    _shape,
    lambda ct, x, y: correlated(ct, y, 1),
    lambda ct, x, y: correlated(ct, x, 1),
    _batch,
    samples=lambda: [
        ((_x(4, seed=1), _x(2, seed=2)), {}),
        ((_x(2, seed=1), _x(3, seed=2)), {}),
        ((_x(2, 3, seed=1), _x(2, 2, seed=2)), {}),
    ],
    native=Either("convolution_full.convolve"),
)
convolve_p.native.composition, convolve_p.native.when = _in_parts, _is_in_parts


def convolve(x: Value, y: Value, mode: str = "full") -> Value:
    """The convolution of two vectors of one dtype; `mode` is NumPy's "full", "same" or "valid"."""
    n, m = shape_of(x)[-1], shape_of(y)[-1]
    if m > n:
        x, y, n, m = y, x, m, n
    full = convolve_p.bind(x, y)
    axis = len(shape_of(full)) - 1
    if mode == "full":
        return full
    if mode == "same":
        return slice_axis(full, axis, (m - 1) // 2, (m - 1) // 2 + n)
    return slice_axis(full, axis, m - 1, n)
