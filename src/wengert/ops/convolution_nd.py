"""The convolution over several trailing axes, `convolve_nd`: bilinear; each of its transposes is one too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Aval, Value, aval_of, dtype_of, shape_of
from ..lowering import Composition, computed_in
from ..vocabulary import Params
from .convolution import convolve_p
from .convolution_forms import correlated
from .elementwise import convert, rint
from .families import Bilinear
from .fft import fft_p, irfft_p, rfft_p
from .promotion import result_dtype
from .shape import in_front, reverse_p
from .slices import pad_p, slice_axis

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


def _against(ct: Value, other: Value, sizes: tuple[int, ...], params: Params) -> Value:
    """The correlation of a cotangent with the other factor: ``out[i] = sum_j ct[i + j] other[j]``."""
    rank, n = params["rank"], len(shape_of(other))
    if params["method"] == "direct":
        return correlated(ct, other, rank)
    axes = tuple(range(n - rank, n))
    out = convolve_nd_p.bind(ct, reverse_p.bind(other, axes=axes), **params)
    for axis, size in zip(axes, sizes, strict=True):
        start = shape_of(other)[axis] - 1
        out = slice_axis(out, axis, start, start + size)
    return out


# --- in terms of other operations ----------------------------------------------------------------------------------------


def _composed(x: Value, y: Value, *, rank: int, method: str) -> Value:
    dtype = result_dtype(aval_of(x), aval_of(y))
    x, y = convert(x, dtype), convert(y, dtype)
    bind = lambda x, y: convolve_nd_p.bind(x, y, rank=rank, method=method)  # noqa: E731
    if computed_in(dtype) != dtype:
        return convert(bind(convert(x, np.float32), convert(y, np.float32)), dtype)
    if method == "fft" and dtype.kind in "biu":
        return convert(rint(bind(convert(x, np.float64), convert(y, np.float64))), dtype)
    if method == "fft":
        return _by_transforms(x, y, rank)
    if rank == 1:
        return convolve_p.bind(x, y)
    if math.prod(shape_of(x)[-rank:]) < math.prod(shape_of(y)[-rank:]):
        x, y = y, x
    return _directly(x, y, rank)


def _directly(x: Value, y: Value, rank: int) -> Value:
    """By the zeros around the larger array."""
    n, ys = len(shape_of(x)), shape_of(y)[-rank:]
    config = tuple((0, 0, 0) if i < n - rank else (ys[i - n] - 1, ys[i - n] - 1, 0) for i in range(n))
    return correlated(pad_p.bind(x, config=config), reverse_p.bind(y, axes=tuple(range(n - rank, n))), rank)


def _by_transforms(x: Value, y: Value, rank: int) -> Value:
    """The product of Fourier transforms of lengths that have small factors."""
    import scipy.fft

    n, real_ = len(shape_of(x)), dtype_of(x).kind != "c"
    axes = tuple(range(n - rank, n))
    sizes = tuple(a + b - 1 for a, b in zip(shape_of(x)[-rank:], shape_of(y)[-rank:], strict=True))
    lengths = [int(scipy.fft.next_fast_len(k, real_ and a == n - 1)) for k, a in zip(sizes, axes, strict=True)]  # pyright: ignore[reportArgumentType]

    def transformed(v: Value) -> Value:
        have = shape_of(v)
        v = pad_p.bind(v, config=tuple((0, lengths[i - n + rank] - have[i] if i in axes else 0, 0) for i in range(n)))
        if not real_:
            return fft_p.bind(v, axes=axes, inverse=False)
        v = rfft_p.bind(v, axis=n - 1)
        return fft_p.bind(v, axes=axes[:-1], inverse=False) if rank > 1 else v

    out = transformed(x) * transformed(y)
    if not real_:
        out = fft_p.bind(out, axes=axes, inverse=True)
    else:
        out = fft_p.bind(out, axes=axes[:-1], inverse=True) if rank > 1 else out
        out = irfft_p.bind(out, axis=n - 1, n=lengths[-1])
    for axis, size in zip(axes, sizes, strict=True):
        out = slice_axis(out, axis, 0, size)
    return out


def _batch(size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> Any:
    return convolve_nd_p.bind(*in_front(size, args, batched), **params), True


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
    native=Composition(_composed),
)
