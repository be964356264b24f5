"""The convolution of vectors, `convolve`: bilinear; each of its transposes is a convolution too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, shape_of
from ..lowering.kernels import SumsOfProducts
from .families import Bilinear, result_dtype
from .shape import broadcast_to, reverse_p, slice_axis

ndarray = np.ndarray


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


def _against(ct: Value, other: Value, length: int) -> Value:
    """The correlation of a cotangent with the other factor: ``out[i] = sum_j ct[i + j] other[j]``."""
    axis = len(shape_of(other)) - 1
    m = shape_of(other)[axis]
    return slice_axis(convolve_p.bind(ct, reverse_p.bind(other, axes=(axis,))), axis, m - 1, m - 1 + length)


def _batch(size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
    full = [a if b else broadcast_to(a, (size, *shape_of(a))) for a, b in zip(args, batched, strict=True)]
    return convolve_p.bind(*full), True


def _x(*shape: int, seed: int) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# The full convolution over the last axis of two stacks with the same leading axes.
convolve_p = Bilinear(
    "convolve",
    _impl,
    _shape,
    lambda ct, x, y: _against(ct, y, x.shape[-1]),
    lambda ct, x, y: _against(ct, x, y.shape[-1]),
    _batch,
    samples=lambda: [
        ((_x(4, seed=1), _x(2, seed=2)), {}),
        ((_x(2, seed=1), _x(3, seed=2)), {}),
        ((_x(2, 3, seed=1), _x(2, 2, seed=2)), {}),
    ],
    native=SumsOfProducts("convolution_full.convolve"),
)


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
