"""`wengert.image`: arrays resampled on other grids, by interpolation kernels; linear in the image, so differentiable.

An output element stands at ``(i + 0.5) / scale - translation / scale - 0.5`` in the input; the kernel around it gives the
weights of the input's elements, divided by their sum. Where the output is coarser, `antialias` widens the kernel.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from collections.abc import Callable, Sequence

import numpy as np

from .config import config
from .core import Tracer, Value, as_array, as_value, dtype_of, inexact_dtype, shape_of
from .errors import ArgumentError
from .nearest import nearest_names as _nearest_names
from .ops import elementwise as ew
from .ops.contraction import dot_general
from .ops.reduction import sum as _sum
from .ops.shape import moveaxis
from .vocabulary import ArrayLike


def _triangle(x: Value) -> Value:
    return ew.maximum(0, 1 - x)


def _cubic(x: Value, a: float) -> Value:
    """R. G. Keys, "Cubic convolution interpolation for digital image processing", 1981."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return ew.where(x < 1, near, ew.where(x < 2, far, 0.0))


def _lanczos(x: Value, radius: float) -> Value:
    """C. E. Duchon, "Lanczos filtering in one and two dimensions", 1979."""
    safe = ew.where(x > 1e-3, x, 1.0)
    wave = radius * ew.sin(np.pi * safe) * ew.sin(np.pi * safe / radius) / (np.pi * safe) ** 2
    return ew.where(x > radius, 0.0, ew.where(x > 1e-3, wave, 1.0))


_KERNELS: dict[str, Callable[[Value], Value]] = {
    "linear": _triangle,
    "cubic": lambda x: _cubic(x, -0.5),
    "cubic-pytorch": lambda x: _cubic(x, -0.75),
    "lanczos3": lambda x: _lanczos(x, 3.0),
    "lanczos5": lambda x: _lanczos(x, 5.0),
}
_NAMES = {
    "nearest": "nearest", "area": "area",
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "linear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    **dict.fromkeys(("cubic-pytorch", "bicubic-pytorch"), "cubic-pytorch"),
    "lanczos3": "lanczos3", "lanczos5": "lanczos5",
}  # fmt: skip


def _method(method: str) -> str:
    if method not in _NAMES:
        raise ArgumentError(f"resize: method is one of {', '.join(_NAMES)}, got {method!r}")
    return _NAMES[method]


def _weights(
    n: int, m: int, scale: Value, translation: Value, kernel: Callable[[Value], Value], antialias: bool
) -> Value:
    """The matrix that takes `n` elements to `m`."""
    inverse = 1.0 / scale
    wide = ew.maximum(inverse, 1.0) if antialias else 1.0
    at = (np.arange(m) + 0.5) * inverse - translation * inverse - 0.5
    distance = ew.absolute(at[None, :] - np.arange(n)[:, None]) / wide
    weights = kernel(distance)
    total = _sum(weights, 0, keepdims=True)
    small = 1000 * np.finfo(np.float32).eps
    weights = ew.where(ew.absolute(total) > small, weights / ew.where(ew.equal(total, 0), 1.0, total), 0.0)
    inside = ew.logical_and(at >= -0.5, at <= n - 0.5)
    return ew.where(inside[None, :], weights, 0.0)


def _applied(x: Value, axis: int, weights: Value) -> Value:
    rest = dot_general(x, ew.convert(weights, dtype_of(x)), (((axis,), (0,)), ((), ())))
    return moveaxis(rest, -1, axis)


def _floating(image: ArrayLike) -> tuple[Value, np.dtype]:
    """The image in floats, and the dtype of the result."""
    x = as_array(image)
    dtype = dtype_of(x)
    if not inexact_dtype(dtype):
        dtype = config.float_dtype
    return ew.convert(x, np.float32 if dtype.itemsize < 4 else dtype), dtype


def _of_shape(name: str, image: ArrayLike, shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(int(n) for n in shape)
    if len(shape) != len(shape_of(as_value(image))):
        raise ArgumentError(f"{name}: shape {shape} has not as many axes as the image, {shape_of(as_value(image))}")
    return shape


def resize(image: ArrayLike, shape: Sequence[int], method: str, antialias: bool = True) -> Value:
    """An array resampled to another shape.

    Args:
        image: an array.
        shape: the shape of the result, as many axes.
        method: "nearest", "linear", "cubic" (Keys, with -1/2), "cubic-pytorch" (with -3/4), "lanczos3", "lanczos5", or "area",
            the mean of what an element covers; "bilinear", "trilinear", "triangle", "bicubic" and "tricubic" are others'
            names for these.
        antialias: whether the kernel is widened where the result is coarser.

    Raises:
        ArgumentError: `method` is none of these, or `shape` has not as many axes.

    Example:
        >>> import numpy as np
        >>> resize(np.array([0.0, 1.0]), (4,), "linear")
        array([0.  , 0.25, 0.75, 1.  ])
    """
    kind = _method(method)
    shape = _of_shape("resize", image, shape)
    if kind == "nearest":
        from .numpy import take

        x = as_array(image)
        for axis, (n, m) in enumerate(zip(shape_of(x), shape, strict=True)):
            if n != m:
                at = np.floor((np.arange(m) + 0.5) * (n / max(m, 1))).astype(np.int64)
                x = take(x, np.minimum(at, n - 1), axis)
        return x
    x, dtype = _floating(image)
    for axis, (n, m) in enumerate(zip(shape_of(x), shape, strict=True)):
        if n == m:
            continue
        if kind == "area":
            edges = np.arange(m + 1) * (n / max(m, 1))
            low, high = np.arange(n)[:, None], np.arange(n)[:, None] + 1
            weights = np.maximum(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0) * (m / n)
        else:
            scale = np.float64(m / n) if m else np.float64(1)
            weights = _weights(n, m, scale, np.float64(0), _KERNELS[kind], antialias)
        x = _applied(x, axis, weights)
    return ew.convert(x, dtype)


def scale_and_translate(
    image: ArrayLike, shape: Sequence[int], spatial_dims: Sequence[int], scale: ArrayLike, translation: ArrayLike, method: str,
    antialias: bool = True,
) -> Value:  # fmt: skip
    """An array scaled and moved along some axes, which are differentiable parameters.

    Args:
        image: an array.
        shape: the shape of the result, as many axes; those that are not in `spatial_dims` keep their length.
        spatial_dims: the axes.
        scale, translation: a vector with a number for each of them; an element at ``x`` comes to ``scale * x + translation``.
        method, antialias: as for `resize`; "nearest" and "area" have no such form.

    Raises:
        ArgumentError: `method` is none that there is, or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> scale_and_translate(np.arange(3.0), (3,), (0,), np.ones(1), np.array([1.0]), "linear")
        array([0., 0., 1.])
    """
    kind = _method(method)
    if kind not in _KERNELS:
        raise ArgumentError(f"scale_and_translate: {method!r} is no kernel that is scaled; use resize")
    shape = _of_shape("scale_and_translate", image, shape)
    x, dtype = _floating(image)
    scale, translation = (
        ew.convert(v, dtype_of(x)) if not isinstance(v, Tracer) else v for v in map(as_array, (scale, translation))
    )
    axes = [int(d) % len(shape) for d in spatial_dims]
    if shape_of(scale) != (len(axes),) or shape_of(translation) != (len(axes),):
        raise ArgumentError(f"scale_and_translate: scale and translation are vectors of {len(axes)} numbers")
    for k, axis in enumerate(axes):
        weights = _weights(shape_of(x)[axis], shape[axis], scale[k], translation[k], _KERNELS[kind], antialias)
        x = _applied(x, axis, weights)
    if shape_of(x) != shape:
        raise ArgumentError(f"scale_and_translate: shape {shape} differs from the image's outside of spatial_dims")
    return ew.convert(x, dtype)


__all__ = ["resize", "scale_and_translate"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
