"""NumPy's Fourier transforms for arrays and values under transformation."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import math
import operator
from typing import Any

import numpy as np

from ..config import config
from ..core import as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, AxisError, ShapeError
from ..nearest import nearest_names as _nearest_names
from ..ops.axes import axis_list, canonical_axis
from ..ops.elementwise import conj, convert
from ..ops.fft import complex_of, fft_p, irfft_p, numpy_irfft, real_of, rfft_p
from ..ops.slices import pad_p, slice_axis
from ..vocabulary import ArrayLike, DTypeLike, Value
from .creation import on_host
from .dispatch import no_out, plain
from .shaping import roll


def _fitted(x: ArrayLike, axis: int, n: int) -> Value:
    """`x` cut, or filled with zeros, to length `n` along `axis`."""
    have = shape_of(x)[axis]
    if n < 1:
        raise ShapeError(f"a Fourier transform needs at least one point, got {n}")
    if n < have:
        return slice_axis(x, axis, 0, n)
    if n > have:
        return pad_p.bind(x, config=tuple((0, n - have if i == axis else 0, 0) for i in range(ndim_of(x))))
    return x


def _scaled(x: ArrayLike, points: int, norm: str | None, inverse: bool) -> Any:
    """The primitives divide in the inverse direction only; `norm` says where it is to be done."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ArgumentError(f"norm must be 'backward', 'ortho' or 'forward', got {norm!r}")
    if norm in (None, "backward"):
        return x
    factor = math.sqrt(points) if norm == "ortho" else float(points)
    return x * factor if inverse else x / factor


class One(tuple):
    """The length of a transform along one axis."""


def _axes(x: ArrayLike, s: Any, axes: Any) -> tuple[list[int], list[int]]:
    """The axes and lengths of a transform; a length of -1 among several is that of the axis, as NumPy has it."""
    one = type(s) is One
    rank = ndim_of(x)
    if axes is None:
        axes = range(rank) if s is None else range(-len(s), 0)
    axes = [canonical_axis(a, rank) for a in axes]
    lengths = [shape_of(x)[a] for a in axes] if s is None else [operator.index(n) for n in s]
    if len(lengths) != len(axes):
        raise ShapeError(f"{len(lengths)} lengths for {len(axes)} axes")
    if one and lengths[0] < 1:
        raise ShapeError(f"a Fourier transform needs at least one point, got {lengths[0]}")
    return axes, [shape_of(x)[a] if n == -1 else n for a, n in zip(axes, lengths, strict=True)]


def _complex(a: ArrayLike) -> Value:
    x = as_array(a)
    if not inexact_dtype(dtype_of(x)):
        x = convert(x, config.float_dtype)
    return convert(x, complex_of(dtype_of(x)))


def _real(a: ArrayLike) -> Value:
    x = as_array(a)
    if dtype_of(x).kind == "c":
        raise ArgumentError(f"a transform of real signals was given {dtype_of(x)}; take the real part, or use fft")
    if not inexact_dtype(dtype_of(x)):
        return convert(x, config.float_dtype)
    return convert(x, real_of(complex_of(dtype_of(x))))  # of 16 bits: float32, as NumPy has it


def _transform(a: ArrayLike, s: Any, axes: Any, norm: str | None, inverse: bool) -> Any:
    x = _complex(a)
    axes, lengths = _axes(x, s, axes)
    for i, n in zip(axes, lengths, strict=True):
        x = _fitted(x, i, n)
    if not axes:
        return as_array(a)  # nothing is transformed
    return _scaled(fft_p.bind(x, axes=tuple(axes), inverse=inverse), math.prod(lengths), norm, inverse)


def _real_transform(a: ArrayLike, s: Any, axes: Any, norm: str | None) -> Any:
    axes, lengths = _axes(as_array(a), s, axes)
    if not axes:
        raise AxisError("a transform of real signals needs at least one axis")
    x = _real(a)
    for i, n in zip(axes, lengths, strict=True):
        x = _fitted(x, i, n)
    x = rfft_p.bind(x, axis=axes[-1])
    if len(axes) > 1:
        x = fft_p.bind(x, axes=tuple(axes[:-1]), inverse=False)
    return _scaled(x, math.prod(lengths), norm, False)


def _real_inverse(a: ArrayLike, s: Any, axes: Any, norm: str | None) -> Any:
    x = _complex(a)
    given = s is not None
    axes, lengths = _axes(x, s, axes)
    if not axes:
        raise AxisError("a transform to real signals needs at least one axis")
    if len(axes) == 1 and dtype_of(as_array(a)).kind == "V":  # bfloat16: float64, as NumPy has it
        x = convert(x, np.complex128)
    last = lengths[-1] if given and s[-1] != -1 else 2 * (shape_of(x)[axes[-1]] - 1)
    lengths[-1] = last
    for i, n in zip(axes, [*lengths[:-1], last // 2 + 1], strict=True):
        x = _fitted(x, i, n)
    if last < 1:
        raise ShapeError(f"a Fourier transform needs at least one point, got {last}")
    if len(axes) > 1:
        x = fft_p.bind(x, axes=tuple(axes[:-1]), inverse=True)
    out = _scaled(irfft_p.bind(x, axis=axes[-1], n=last), math.prod(lengths), norm, True)
    return (
        convert(out, np.float16) if dtype_of(as_array(a)) == np.float16 and len(axes) == 1 else out
    )  # as NumPy has it


def _one(n: int | None) -> Any:
    return None if n is None else One((n,))


@plain(np.fft.fft)
def fft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The discrete Fourier transform along `axis`, of `n` points.

    Args:
        a: the signal; cut, or filled with zeros, to `n` points.
        n: the number of points; the length of the axis by default.
        axis: the axis.
        norm: where the result is divided by `n`: "backward" (the inverse), "forward" (here), "ortho" (by its root).

    Example:
        >>> fft([1.0, 1.0])
        array([2.+0.j, 0.+0.j])
    """
    no_out(out)
    return _transform(a, _one(n), (axis,), norm, False)


@plain(np.fft.ifft)
def ifft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The inverse of `fft`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.ifft(fft.fft(np.array([1.0, 2.0, 4.0]))).real.round(12)
        array([1., 2., 4.])
    """
    no_out(out)
    return _transform(a, _one(n), (axis,), norm, True)


@plain(np.fft.rfft)
def rfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The first half of the transform of a real signal; the other half is its mirror image, conjugated.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.rfft(np.array([1.0, 2.0, 3.0, 4.0]))
        array([10.+0.j, -2.+2.j, -2.+0.j])
    """
    no_out(out)
    return _real_transform(a, _one(n), (axis,), norm)


@plain(numpy_irfft)
def irfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The real signal of `n` points (an even number by default) whose `rfft` is `a`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.irfft(np.array([10.0, 0.0, 2.0]))
        array([3., 2., 3., 2.])
    """
    no_out(out)
    return _real_inverse(a, _one(n), (axis,), norm)


def _swapped(norm: str | None) -> str:
    return {None: "forward", "backward": "forward", "forward": "backward"}.get(norm, norm)  # type: ignore[return-value]


def hfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The real spectrum of a signal that is its own mirror image, conjugated, of which half is given.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.hfft(np.array([1.0, 2.0, 1.0]))
        array([ 6.,  0., -2.,  0.])
    """
    no_out(out)
    return irfft(conj(as_array(a)), n, axis, _swapped(norm))


def ihfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Value:
    """The inverse of `hfft`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.ihfft(np.array([6.0, 0.0, 2.0, 0.0])).real
        array([2., 1., 2.])
    """
    no_out(out)
    return conj(rfft(a, n, axis, _swapped(norm)))


def fftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Value:
    """The transform over several axes.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.fftn(np.eye(2)).real
        array([[2., 0.],
               [0., 2.]])
    """
    no_out(out)
    return _transform(a, s, axes, norm, False)


def ifftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Value:
    """The inverse of `fftn`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.ifftn(np.array([8.0, 0.0, 0.0, 0.0])).real
        array([2., 2., 2., 2.])
    """
    no_out(out)
    return _transform(a, s, axes, norm, True)


def rfftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Value:
    """The transform of a real signal over several axes; of the last one half.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.rfftn(np.array([[1.0, 2.0]])).real
        array([[ 3., -1.]])
    """
    no_out(out)
    return _real_transform(a, s, axes, norm)


def irfftn(a: ArrayLike, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Value:
    """The inverse of `rfftn`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.irfftn(np.array([[6.0, 2.0]]))
        array([[4., 2.]])
    """
    no_out(out)
    return _real_inverse(a, s, axes, norm)


def fft2(a: ArrayLike, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Value:
    """The transform over two axes.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.fft2(np.ones((2, 2))).real
        array([[4., 0.],
               [0., 0.]])
    """
    no_out(out)
    return _transform(a, s, axes, norm, False)


def ifft2(a: ArrayLike, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Value:
    """The inverse of `fft2`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.ifft2(np.array([[4.0, 0.0], [0.0, 0.0]])).real
        array([[1., 1.],
               [1., 1.]])
    """
    no_out(out)
    return _transform(a, s, axes, norm, True)


def rfft2(a: ArrayLike, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Value:
    """The transform of a real signal over two axes; of the last one half.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.rfft2(np.array([[1.0, 0.0], [0.0, 0.0]])).real
        array([[1., 1.],
               [1., 1.]])
    """
    no_out(out)
    return _real_transform(a, s, axes, norm)


def irfft2(a: ArrayLike, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Value:
    """The inverse of `rfft2`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.irfft2(np.array([[4.0, 0.0], [0.0, 0.0]]))
        array([[1., 1.],
               [1., 1.]])
    """
    no_out(out)
    return _real_inverse(a, s, axes, norm)


def fftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: DTypeLike = None) -> Value:
    """The frequencies of the points of `fft`, for samples a distance `d` apart.

    Example:
        >>> from wengert.numpy import fft
        >>> fft.fftfreq(4, d=0.5)
        array([ 0. ,  0.5, -1. , -0.5])
    """
    on_host(device)
    out = np.fft.fftfreq(n) / d
    return convert(out, config.float_dtype if dtype is None else dtype)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: DTypeLike = None) -> Value:
    """The frequencies of the points of `rfft`, for samples a distance `d` apart.

    Example:
        >>> from wengert.numpy import fft
        >>> fft.rfftfreq(4, d=0.25)
        array([0., 1., 2.])
    """
    on_host(device)
    out = np.fft.rfftfreq(n) / d
    return convert(out, config.float_dtype if dtype is None else dtype)


def _shifted(x: ArrayLike, axes: Any, sign: int) -> Value:
    x = as_array(x)
    axes = range(ndim_of(x)) if axes is None else axis_list(axes)
    axes = [canonical_axis(a, ndim_of(x)) for a in axes]
    return roll(x, [sign * (shape_of(x)[a] // 2) for a in axes], axes)


def fftshift(x: ArrayLike, axes: Any = None) -> Value:
    """`x` with frequency 0 moved to the middle.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.fftshift(np.array([0, 1, -2, -1]))
        array([-2, -1,  0,  1])
    """
    return _shifted(x, axes, 1)


def ifftshift(x: ArrayLike, axes: Any = None) -> Value:
    """The inverse of `fftshift`.

    Example:
        >>> import numpy as np
        >>> from wengert.numpy import fft
        >>> fft.ifftshift(np.array([-2, -1, 0, 1]))
        array([ 0,  1, -2, -1])
    """
    x = as_array(x)
    return _shifted(x, axes, -1)


__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
