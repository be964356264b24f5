"""Fourier transforms: `fft` over several axes, and the transforms of real signals; all linear.

Scaling, padding and cutting are composites around them (`wengert.numpy.fft`). Cotangents are not conjugated, so the
transpose of the Fourier matrix is the Fourier matrix itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Value
from ..lowering.kernels import Kernel
from .elementwise import conj, convert
from .linear import Linear

ndarray = np.ndarray
_LOOPS = "numpy.fft._pocketfft_umath."  # NumPy's ufuncs of lines


def _c(*shape: int) -> ndarray:
    rng = np.random.default_rng(71)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def _r(*shape: int) -> ndarray:
    return np.random.default_rng(72).normal(size=shape)


def complex_of(dtype: np.dtype) -> np.dtype:
    """The complex dtype of a transform: complex64 for float32 and less, of long doubles theirs, else complex128."""
    if dtype.type in (np.longdouble, np.clongdouble):
        return np.dtype(np.clongdouble)
    return np.dtype(np.complex64 if dtype.itemsize <= (8 if dtype.kind == "c" else 4) else np.complex128)


def real_of(dtype: np.dtype) -> np.dtype:
    """The dtype of a complex one's parts."""
    return {np.complex64: np.dtype(np.float32), np.clongdouble: np.dtype(np.longdouble)}.get(
        dtype.type, np.dtype(np.float64)
    )


# The transform over `axes`; inverse: with conjugated roots of unity, and divided by the number of elements.
fft_p = Linear(
    "fft",
    lambda x, *, axes, inverse: (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=axes).astype(x.dtype, copy=False),
    lambda x, *, axes, inverse: Aval(x.shape, x.dtype),
    lambda ct, x, *, axes, inverse: fft_p.bind(ct, axes=axes, inverse=inverse),
    lambda n, x, *, axes, inverse: fft_p.bind(x, axes=tuple(a + 1 for a in axes), inverse=inverse),
    pattern=None,
    samples=lambda: [
        ((_c(4),), {"axes": (0,), "inverse": False}),
        ((_c(3),), {"axes": (0,), "inverse": True}),
        ((_c(2, 3, 4),), {"axes": (0, 2), "inverse": False}),
    ],
    native=Kernel("transforms.complex_lines", forward=_LOOPS + "fft", inverse=_LOOPS + "ifft"),
)


def _half(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], shape[axis] // 2 + 1, *shape[axis + 1 :])


def _rfft_transpose(ct: Value, x: Any, *, axis: int) -> Value:
    """``out[j] = Re sum_k ct[k] w^(jk)``: the signal of a spectrum whose numbers but the first and middle ones stand for two."""
    n = x.shape[axis]
    weight = _counted(n, 0.5 * n, n, axis, x)
    return convert(irfft_p.bind(conj(ct) * weight, axis=axis, n=n), x.dtype)


def _counted(n: int, inner: float, ends: float, axis: int, like: Any) -> ndarray:
    """For each number of a half spectrum a weight, that of the first and the middle one apart."""
    weight = np.full(n // 2 + 1, inner)
    weight[0] = ends
    if n % 2 == 0:
        weight[-1] = ends
    return weight.reshape([-1 if i == axis else 1 for i in range(len(like.shape))]).astype(
        real_of(complex_of(like.dtype))
    )


# The first half of the transform of a real signal.
rfft_p = Linear(
    "rfft",
    lambda x, *, axis: np.fft.rfft(x, axis=axis).astype(complex_of(x.dtype), copy=False),
    lambda x, *, axis: Aval(_half(x.shape, axis), complex_of(x.dtype)),
    _rfft_transpose,
    lambda n, x, *, axis: rfft_p.bind(x, axis=axis + 1),
    pattern=None,
    samples=lambda: [((_r(4),), {"axis": 0}), ((_r(5),), {"axis": 0}), ((_r(2, 6),), {"axis": 1})],
    native=Kernel("transforms.half_lines", even=_LOOPS + "rfft_n_even", odd=_LOOPS + "rfft_n_odd"),
)


def _irfft_transpose(ct: Value, x: Any, *, axis: int, n: int) -> Value:
    """The half spectrum counts double where its mirror image is left out."""
    return conj(rfft_p.bind(ct, axis=axis)) * _counted(n, 2.0 / n, 1.0 / n, axis, x)


def numpy_irfft(a: ndarray, *args: Any, **kwargs: Any) -> ndarray:
    """NumPy's `irfft`, whose loop reads the first number of a spectrum that has none: such a spectrum is zero."""
    out = np.fft.irfft(a, *args, **kwargs)
    if not a.size:
        out[...] = 0
    return out


# The real signal of length n that has a given half spectrum.
irfft_p = Linear(
    "irfft",
    lambda x, *, axis, n: numpy_irfft(x, n, axis).astype(real_of(x.dtype), copy=False),
    lambda x, *, axis, n: Aval((*x.shape[:axis], n, *x.shape[axis + 1 :]), real_of(x.dtype)),
    _irfft_transpose,
    lambda size, x, *, axis, n: irfft_p.bind(x, axis=axis + 1, n=n),
    pattern=None,
    samples=lambda: [
        ((_c(3),), {"axis": 0, "n": 4}),
        ((_c(3),), {"axis": 0, "n": 5}),
        ((_c(2, 4),), {"axis": 1, "n": 6}),
    ],
    native=Kernel("transforms.real_lines", loop=_LOOPS + "irfft"),
)
