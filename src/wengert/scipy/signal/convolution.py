"""Convolution and correlation in any number of dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...config import config
from ...core import as_array, aval_of, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...ops.convolution_nd import convolve_nd_p
from ...ops.elementwise import conj, convert
from ...ops.promotion import result_dtype
from ...ops.shape import moveaxis, reverse_p
from ...ops.slices import slice_axis
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, Value

_MODES = ("full", "same", "valid")
_DIRECT = 1 << 14  # products of sizes up to this are summed directly, which is exact for whole numbers


def _pair(name: str, x: ArrayLike, y: ArrayLike, mode: str) -> tuple[Any, Any]:
    x, y = as_array(x), as_array(y)
    if mode not in _MODES:
        raise ArgumentError(f"{name}: mode is 'full', 'same' or 'valid', got {mode!r}")
    if ndim_of(x) != ndim_of(y):
        raise ShapeError(
            f"{name} needs arrays with the same number of axes, got shapes {shape_of(x)} and {shape_of(y)}"
        )
    if 0 in shape_of(x) + shape_of(y):
        raise ShapeError(f"{name} needs arrays with elements, got shapes {shape_of(x)} and {shape_of(y)}")
    dtype = result_dtype(aval_of(x), aval_of(y))
    return convert(x, dtype), convert(y, dtype)


def _method(x: ArrayLike, y: ArrayLike, method: str) -> str:
    if method not in ("auto", "direct", "fft"):
        raise ArgumentError(f"method is 'auto', 'direct' or 'fft', got {method!r}")
    if method != "auto":
        return method
    small = math.prod(shape_of(x)) * math.prod(shape_of(y)) <= _DIRECT or min(shape_of(x) + shape_of(y)) < 8
    return "direct" if small or dtype_of(x).kind not in "fc" else "fft"


def _cut(
    name: str, out: ArrayLike, x: ArrayLike, y: ArrayLike, mode: str, axes: tuple[int, ...], late: bool = False
) -> Value:
    """The part of a full convolution that `mode` names; `late` takes the later of two middles, of an even kernel."""
    differences = [shape_of(x)[a] - shape_of(y)[a] for a in axes]
    if mode == "valid" and any(d > 0 for d in differences) and any(d < 0 for d in differences):
        raise ShapeError(f"{name}: mode 'valid' needs one array at least as large in every axis as the other")
    for a in axes:
        n, m = shape_of(x)[a], shape_of(y)[a]
        if mode == "same":
            start = (m if late else m - 1) // 2
            out = slice_axis(out, a, start, start + n)
        elif mode == "valid":
            out = slice_axis(out, a, min(n, m) - 1, max(n, m))
    return out


def convolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto", precision: None = None) -> Any:
    """The convolution of two arrays with the same number of axes, over all of them.

    Args:
        in1, in2: the arrays.
        mode: "full"; "same", the middle part with the shape of `in1`; "valid", where they overlap completely.
        method: "direct", "fft", or "auto".

    Raises:
        ArgumentError: no such `mode` or `method`. ShapeError: the arrays do not fit together.

    Example:
        >>> convolve([1.0, 2.0, 3.0], [1.0, 1.0], mode="valid")
        array([3., 5.])
    """
    x, y = _pair("convolve", in1, in2, mode)
    rank = ndim_of(x)
    if not rank:
        return x * y
    out = convolve_nd_p.bind(x, y, rank=rank, method=_method(x, y, method))
    return _cut("convolve", out, x, y, mode, tuple(range(rank)))


def fftconvolve(in1: ArrayLike, in2: ArrayLike, mode: str = "full", axes: Any = None) -> Any:
    """The convolution by Fourier transforms, over `axes` (all by default); other axes broadcast.

    The result is floating, for whole numbers too, as SciPy's: `convolve` sums these exactly.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> signal.fftconvolve(np.array([1.0, 2.0]), np.array([1.0, 3.0])).round(12)
        array([1., 5., 6.])
    """
    in1, in2 = as_array(in1), as_array(in2)
    if ndim_of(in1) == ndim_of(in2) and 0 in shape_of(in1) + shape_of(in2):
        return np.zeros(0, config.float_dtype)  # whatever the mode, as in SciPy
    x, y = floating(*_pair("fftconvolve", in1, in2, mode))
    rank = ndim_of(x)
    if not rank:
        return x * y
    if axes is None:
        return convolve(x, y, mode, "fft")
    chosen = tuple(a % rank for a in (axes if isinstance(axes, (list, tuple)) else (axes,)))
    rest = [a for a in range(rank) if a not in chosen]
    shape = [max(shape_of(x)[a], shape_of(y)[a]) if a in rest else 0 for a in range(rank)]
    x, y = (wnp.broadcast_to(v, tuple(shape[a] if a in rest else shape_of(v)[a] for a in range(rank))) for v in (x, y))
    last = tuple(range(rank - len(chosen), rank))
    xs, ys = moveaxis(x, chosen, last), moveaxis(y, chosen, last)
    out = convolve_nd_p.bind(xs, ys, rank=len(chosen), method="fft")
    return moveaxis(_cut("fftconvolve", out, xs, ys, mode, last), last, chosen)


def correlate(in1: ArrayLike, in2: ArrayLike, mode: str = "full", method: str = "auto", precision: None = None) -> Any:
    """The correlation of two arrays, the second one conjugated; arguments as for `convolve`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> signal.correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
        array([1., 2., 3., 0.])
    """
    x, y = _pair("correlate", in1, in2, mode)
    y = conj(y)
    return convolve(x, reverse_p.bind(y, axes=tuple(range(ndim_of(y)))) if ndim_of(y) else y, mode, method)


def _flat(name: str, x: ArrayLike, y: ArrayLike) -> None:
    if ndim_of(as_array(x)) != 2 or ndim_of(as_array(y)) != 2:
        raise ShapeError(f"{name} needs two matrices, got shapes {shape_of(as_array(x))} and {shape_of(as_array(y))}")


_BOUNDARIES = {"wrap": "wrap", "symm": "symmetric"}


def convolve2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: Any = 0,
    precision: None = None,
) -> Any:
    """The convolution of two matrices.

    Args:
        boundary: what lies around `in1`: "fill" (`fillvalue`), "wrap" (its other side) or "symm" (its reflection).

    Raises:
        ArgumentError: no such `mode` or `boundary`. ShapeError: not matrices.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> signal.convolve2d(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 1.0]]))
        array([[1., 3., 2.],
               [3., 7., 4.]])
    """
    return _convolve2d("convolve2d", in1, in2, mode, boundary, fillvalue)


def _convolve2d(
    name: str, in1: ArrayLike, in2: ArrayLike, mode: str, boundary: str, fillvalue: Any, late: bool = False
) -> Any:
    _flat(name, in1, in2)
    x, y = _pair(name, in1, in2, mode)
    if boundary not in ("fill", *_BOUNDARIES):
        raise ArgumentError(f"{name}: boundary is 'fill', 'wrap' or 'symm', got {boundary!r}")
    if mode == "valid" or (not late and boundary == "fill" and isinstance(fillvalue, (int, float)) and fillvalue == 0):
        return convolve(x, y, mode)
    around = tuple((m - 1, m - 1) for m in shape_of(y))
    if boundary == "fill":
        wide = wnp.pad(x, around, constant_values=fillvalue)
    else:
        wide = wnp.pad(x, around, mode=_BOUNDARIES[boundary])
    return _cut(name, convolve(wide, y, "valid"), x, y, mode, (0, 1), late)


def correlate2d(
    in1: ArrayLike,
    in2: ArrayLike,
    mode: str = "full",
    boundary: str = "fill",
    fillvalue: Any = 0,
    precision: None = None,
) -> Any:
    """The correlation of two matrices, the second one conjugated; arguments as for `convolve2d`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import signal
        >>> signal.correlate2d(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0]]))
        array([[1., 2.],
               [3., 4.]])
    """
    _flat("correlate2d", in1, in2)
    x, y = as_array(in1), as_array(in2)
    if mode == "valid" and all(
        m > n for m, n in zip(shape_of(y), shape_of(x), strict=True)
    ):  # as if they were exchanged
        out = _convolve2d("correlate2d", y, reverse_p.bind(conj(x), axes=(0, 1)), mode, boundary, fillvalue)
        return reverse_p.bind(conj(out), axes=(0, 1))
    return _convolve2d("correlate2d", x, reverse_p.bind(conj(y), axes=(0, 1)), mode, boundary, fillvalue, late=True)
