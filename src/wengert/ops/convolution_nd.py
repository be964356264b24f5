"""The convolution over several trailing axes, `convolve_nd`: bilinear; each of its transposes is one too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, shape_of
from .families import Bilinear, result_dtype
from .shape import broadcast_to, reverse_p, slice_axis

ndarray = np.ndarray


def _impl(x: Value, y: Value, *, rank: int, method: str) -> Value:
    import scipy.signal

    dtype = np.result_type(x, y)
    narrow = dtype.itemsize < 4 and dtype.kind not in "iu"
    x, y = (v.astype(np.float32) if narrow else v for v in (x, y))
    lead = x.shape[:-rank]
    if method == "fft" and math.prod(lead):
        out = scipy.signal.fftconvolve(x, y, "full", axes=range(-rank, 0))
    elif not lead:
        out = scipy.signal.convolve(x, y, "full", "direct")
    else:
        n = math.prod(lead)
        rows = zip(x.reshape(n, *x.shape[-rank:]), y.reshape(n, *y.shape[-rank:]), strict=True)
        made = [scipy.signal.convolve(a, b, "full", "direct") for a, b in rows]
        sizes = tuple(a + b - 1 for a, b in zip(x.shape[-rank:], y.shape[-rank:], strict=True))
        out = np.array(made).reshape(*lead, *sizes)
    if dtype.kind in "iub" and out.dtype.kind == "f":  # of transforms, exact up to rounding
        out = np.rint(out)
    return out.astype(dtype, copy=False)


def _shape(x: Aval, y: Aval, *, rank: int, method: str) -> Aval:
    sizes = tuple(a + b - 1 for a, b in zip(x.shape[-rank:], y.shape[-rank:], strict=True))
    return Aval((*x.shape[:-rank], *sizes), result_dtype(x, y))


def _against(ct: Value, other: Value, sizes: tuple[int, ...], params: dict[str, Any]) -> Value:
    """The correlation of a cotangent with the other factor: ``out[i] = sum_j ct[i + j] other[j]``."""
    rank, n = params["rank"], len(shape_of(other))
    axes = tuple(range(n - rank, n))
    out = convolve_nd_p.bind(ct, reverse_p.bind(other, axes=axes), **params)
    for axis, size in zip(axes, sizes, strict=True):
        start = shape_of(other)[axis] - 1
        out = slice_axis(out, axis, start, start + size)
    return out


def _batch(size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
    full = [a if b else broadcast_to(a, (size, *shape_of(a))) for a, b in zip(args, batched, strict=True)]
    return convolve_nd_p.bind(*full, **params), True


def _x(*shape: int, seed: int) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# The full convolution over the last `rank` axes of two stacks with the same leading axes.
convolve_nd_p = Bilinear(
    "convolve_nd",
    _impl,
    _shape,
    lambda ct, x, y, **params: _against(ct, y, x.shape[-params["rank"] :], params),
    lambda ct, x, y, **params: _against(ct, x, y.shape[-params["rank"] :], params),
    _batch,
    samples=lambda: [
        ((_x(4, 3, seed=1), _x(2, 2, seed=2)), {"rank": 2, "method": "direct"}),
        ((_x(3, 4, seed=1), _x(3, 2, seed=2)), {"rank": 1, "method": "direct"}),
        ((_x(2, 4, 3, seed=1), _x(2, 2, 2, seed=2)), {"rank": 2, "method": "fft"}),
    ],
)
