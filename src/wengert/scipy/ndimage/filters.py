"""Filters of images: correlations, Gaussians, differences. They stand in `ndimage`.

Sums run over whole windows of the image as it goes on behind its edges (`mode`). Derivatives are those in the image and,
where numbers of pixels do not depend on them, in the options: weights, `sigma` with a `radius`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ConcretizationError, ShapeError
from ...ops.axes import canonical_axes, canonical_axis
from ...ops.elementwise import convert
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, Keywords, Value
from ..signal import convolve as _convolve

_EDGES = {
    "reflect": "symmetric", "grid-mirror": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap",
    "grid-wrap": "wrap", "constant": "constant", "grid-constant": "constant",
}  # fmt: skip


def _per_axis(what: str, name: str, value: ArrayLike, rank: int) -> list[Any]:
    """An option for each axis, of one for all or one for each."""
    if isinstance(value, (str, int, float, np.number)) or value is None or (ndim_of(as_value(value)) == 0):
        return [value] * rank
    values = list(value)
    if len(values) != rank:
        raise ShapeError(f"{what}: {len(values)} values of {name} for {rank} axes")
    return values


def _continued(what: str, x: ArrayLike, widths: Sequence[tuple[int, int]], modes: Sequence[str], cval: Any) -> Value:
    """The image with what lies behind its edges."""
    for i, (pair, mode) in enumerate(zip(widths, modes, strict=True)):
        if mode not in _EDGES:
            raise ArgumentError(f"{what}: mode is one of {', '.join(map(repr, _EDGES))}, got {mode!r}")
        if any(pair):
            options = {"constant_values": cval} if "constant" in mode else {}
            around = [pair if j == i else (0, 0) for j in range(ndim_of(x))]
            x = wnp.pad(x, around, _EDGES[mode], **options)
    return x


def _stored(out: ArrayLike, image: ArrayLike, output: Any) -> Value:
    """A result in the dtype of the image, or of `output`."""
    if isinstance(output, (np.ndarray, Tracer)):
        raise ArgumentError("output is a dtype here, not an array to write into; take the result")
    dtype = dtype_of(as_array(image)) if output is None else np.dtype(output)
    if dtype.kind == "b" and dtype_of(out).kind == "f":
        out = wnp.trunc(out)  # as SciPy's conversion in C has it: 0.9 of a pixel is none
    return convert(out, dtype)


def _correlated(
    what: str, image: ArrayLike, weights: Any, output: Any, mode: Any, cval: Any, origin: ArrayLike, turned: bool
) -> Value:
    """The correlation with weights of as many axes as the image; `turned` is the convolution."""
    x, w = floating(image, weights)
    rank = ndim_of(x)
    if ndim_of(w) != rank:
        raise ShapeError(f"{what}: weights of shape {shape_of(w)} for an image of shape {shape_of(x)}")
    sizes, origins = shape_of(w), _per_axis(what, "origin", origin, rank)
    widths = []
    for n, o in zip(sizes, origins, strict=True):
        o = -o - (n % 2 == 0) if turned else o
        if n and not 0 <= n // 2 + o < n:
            raise ArgumentError(f"{what}: invalid origin {o} for weights of length {n}")
        widths.append((n // 2 + o, n - 1 - n // 2 - o))
    around = _continued(what, x, widths, _per_axis(what, "mode", mode, rank), cval)
    out = _convolve(around, w if turned else wnp.flip(w), "valid", "direct")
    return _stored(out, image, output)


def correlate(
    input: ArrayLike, weights: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, origin: ArrayLike = 0, *,
    axes: None = None,
) -> Value:  # fmt: skip
    """The correlation of an image with weights.

    Args:
        input: an image. weights: as many axes. mode: how the image goes on behind its edges; cval: with "constant", by what.
        origin: where in the weights the pixel lies, counted from their middle. output: a dtype, that of the image by default.

    Raises:
        ShapeError: the axes differ in number. ArgumentError: no such mode or origin.

    Example:
        >>> correlate(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0]))
        array([ 4.,  7., 10.])
    """
    if axes is not None:
        raise ArgumentError("correlate: give weights as many axes as the image has, instead of axes")
    return _correlated("correlate", input, weights, output, mode, cval, origin, False)


def convolve(
    input: ArrayLike, weights: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, origin: ArrayLike = 0, *,
    axes: None = None,
) -> Value:  # fmt: skip
    """The convolution of an image with weights; arguments as for `correlate`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.convolve(np.array([0.0, 1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0]), mode="constant")
        array([1., 2., 3., 0.])
    """
    if axes is not None:
        raise ArgumentError("convolve: give weights as many axes as the image has, instead of axes")
    return _correlated("convolve", input, weights, output, mode, cval, origin, True)


def _along(
    what: str, image: ArrayLike, weights: Any, axis: int, output: Any, mode: str, cval: Any, origin: int, turned: bool
) -> Value:
    (w,) = floating(weights)
    if ndim_of(w) != 1 or not shape_of(w)[0]:
        raise ShapeError(f"{what}: the weights are a vector, got shape {shape_of(w)}")
    rank = ndim_of(as_value(image))
    axis = canonical_axis(axis, rank)
    w = w.reshape([-1 if i == axis else 1 for i in range(rank)])
    origins = [origin if i == axis else 0 for i in range(rank)]
    return _correlated(what, image, w, output, mode, cval, origins, turned)


def correlate1d(
    input: ArrayLike,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Value:
    """The correlation along one axis; arguments as for `correlate`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.correlate1d(np.array([0.0, 0.0, 1.0, 0.0]), np.array([1.0, 0.0, -1.0]))
        array([ 0., -1.,  0.,  1.])
    """
    return _along("correlate1d", input, weights, axis, output, mode, cval, origin, False)


def convolve1d(
    input: ArrayLike,
    weights: Any,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Value:
    """The convolution along one axis; arguments as for `correlate`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.convolve1d(np.array([0.0, 0.0, 1.0, 0.0]), np.array([1.0, 0.0, -1.0]))
        array([ 0.,  1.,  0., -1.])
    """
    return _along("convolve1d", input, weights, axis, output, mode, cval, origin, True)


# --- Gaussians ----------------------------------------------------------------------------------------------------


def _gaussian(sigma: Any, order: int, radius: int) -> Value:
    """A normal density at whole numbers, its sum 1, or its derivative of an order, by Hermite's recurrence."""
    x = np.arange(-radius, radius + 1.0)
    density = wnp.exp(-0.5 * (x / sigma) ** 2)
    density = density / wnp.sum(density)
    coefficients: list[Any] = [1.0]  # of the factor, a polynomial in x
    for _ in range(order):
        slope = [k * c for k, c in enumerate(coefficients)][1:] + [0.0, 0.0]
        times_x = [0.0, *[-c / sigma**2 for c in coefficients]]
        coefficients = [a + b for a, b in zip(slope, times_x, strict=False)]
    factor: Any = 0.0
    for c in reversed(coefficients):
        factor = factor * x + c
    return factor * density


def gaussian_filter1d(
    input: ArrayLike, sigma: Any, axis: int = -1, order: int = 0, output: Any = None, mode: str = "reflect", cval: Any = 0.0,
    truncate: float = 4.0, *, radius: int | None = None,
) -> Value:  # fmt: skip
    """The image smoothed along an axis by a normal density, or by its derivative of an order.

    Args:
        sigma: the standard deviation in pixels; traced, if `radius` says how many pixels to both sides count.

    Raises:
        ConcretizationError: `sigma` is not known and there is no `radius`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.gaussian_filter1d(np.array([0.0, 1.0, 0.0]), 0.5, mode="constant").round(4)
        array([0.1065, 0.7866, 0.1065])
    """
    if order < 0:
        raise ArgumentError(f"gaussian_filter1d: order must be non-negative, got {order}")
    if radius is None:
        if isinstance(sigma, Tracer):
            raise ConcretizationError("gaussian_filter1d: how many pixels count depends on sigma; give radius=")
        radius = int(truncate * float(sigma) + 0.5)
    if radius < 0 or radius != int(radius):
        raise ArgumentError(f"gaussian_filter1d: radius must be a nonnegative integer, got {radius}")
    weights = _gaussian(sigma, order, int(radius))[::-1]
    return _along("gaussian_filter1d", input, weights, axis, output, mode, cval, 0, False)


def gaussian_filter(
    input: ArrayLike, sigma: Any, order: Any = 0, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    truncate: float = 4.0, *, radius: Any = None, axes: Any = None,
) -> Value:  # fmt: skip
    """The image smoothed along all axes (or `axes`); options are one for all, or one for each of them.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.gaussian_filter(np.full((3, 3), 2.0), 1.0).round(12)
        array([[2., 2., 2.],
               [2., 2., 2.],
               [2., 2., 2.]])
    """
    rank = ndim_of(as_value(input))
    chosen = canonical_axes(axes, rank)
    count = len(chosen)
    options = [_per_axis("gaussian_filter", n, v, count) for n, v in zip(
        ("sigma", "order", "mode", "radius"), (sigma, order, mode, radius), strict=True)]  # fmt: skip
    out = input
    for axis, s, k, m, r in zip(chosen, *options, strict=True):
        if isinstance(s, Tracer) or s > 1e-15:
            out = gaussian_filter1d(out, s, axis, k, output, m, cval, truncate, radius=r)
    return _stored(out, input, output)


def _added(parts: list[Any]) -> Any:
    """The sum of images in their dtype: of truth values whether one is true."""
    return functools.reduce(wnp.add, parts) if parts else 0


def _derivatives(
    order: int, input: ArrayLike, sigma: Any, output: Any, mode: Any, cval: Any, axes: Any, options: Keywords
) -> list[Any]:
    """The derivatives of the smoothed image of one order along each axis."""
    chosen = canonical_axes(axes, ndim_of(as_value(input)))
    orders = order * np.eye(len(chosen), dtype=int)
    return [gaussian_filter(input, sigma, list(o), output, mode, cval, axes=chosen, **options) for o in orders]


def gaussian_laplace(
    input: ArrayLike,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    *,
    axes: Any = None,
    **options: Any,
) -> Any:
    """The sum of the second derivatives of the smoothed image.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.gaussian_laplace(np.arange(41.0) ** 2, 1.0)[20].round(2)
        np.float64(1.97)
    """
    return _added(_derivatives(2, input, sigma, output, mode, cval, axes, options))


def gaussian_gradient_magnitude(
    input: ArrayLike,
    sigma: Any,
    output: Any = None,
    mode: Any = "reflect",
    cval: Any = 0.0,
    *,
    axes: Any = None,
    **options: Any,
) -> Value:
    """The length of the gradient of the smoothed image.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.gaussian_gradient_magnitude(np.full((3, 3), 7.0), 1.0).round(12)
        array([[0., 0., 0.],
               [0., 0., 0.],
               [0., 0., 0.]])
    """
    slopes = _derivatives(1, input, sigma, output, mode, cval, axes, options)
    return _stored(wnp.linalg.norm(wnp.stack(slopes), axis=0), input, output)


# --- small windows ------------------------------------------------------------------------------------------------


def uniform_filter1d(
    input: ArrayLike,
    size: int,
    axis: int = -1,
    output: Any = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Value:
    """The mean of `size` neighbours along an axis.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.uniform_filter1d(np.array([[0.0, 6.0, 0.0]]), 3, axis=1)
        array([[2., 2., 2.]])
    """
    if size < 1:
        raise ArgumentError(f"uniform_filter1d: incorrect filter size {size}")
    (image,) = floating(input)
    sums = _along("uniform_filter1d", image, np.ones(size), axis, None, mode, cval, origin, False)
    return _stored(sums / size, input, output)  # divided at the end, so that means of whole numbers are exact


def uniform_filter(
    input: ArrayLike, size: Any = 3, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, origin: Any = 0, *,
    axes: Any = None,
) -> Value:  # fmt: skip
    """The mean of the pixels around each pixel; options are one for all axes, or one for each.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.uniform_filter(np.array([0.0, 0.0, 9.0, 0.0, 0.0]), 3)
        array([0., 3., 3., 3., 0.])
    """
    rank = ndim_of(as_value(input))
    chosen = canonical_axes(axes, rank)
    out = input
    options = [
        _per_axis("uniform_filter", n, v, len(chosen)) for n, v in (("size", size), ("mode", mode), ("origin", origin))
    ]
    for axis, s, m, o in zip(chosen, *options, strict=True):
        if s > 1:
            out = uniform_filter1d(out, int(s), axis, output, m, cval, o)
    return _stored(out, input, output)


def _differences(
    what: str, input: ArrayLike, axis: int, output: Any, mode: Any, cval: Any, across: list[float]
) -> Value:
    rank = ndim_of(as_value(input))
    axis = canonical_axis(axis, rank)
    modes = _per_axis(what, "mode", mode, rank)
    out = _along(what, input, [-1.0, 0.0, 1.0], axis, output, modes[axis], cval, 0, False)
    for i in range(rank):
        if i != axis:
            out = _along(what, out, across, i, output, modes[i], cval, 0, False)
    return out


def sobel(input: ArrayLike, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: Any = 0.0) -> Value:
    """Differences along an axis, smoothed by ``[1, 2, 1]`` along the others.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.sobel(np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]))[1]
        array([4., 8., 4.])
    """
    return _differences("sobel", input, axis, output, mode, cval, [1.0, 2.0, 1.0])


def prewitt(input: ArrayLike, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: Any = 0.0) -> Value:
    """Differences along an axis, summed over three neighbours along the others.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.prewitt(np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]))[1]
        array([3., 6., 3.])
    """
    return _differences("prewitt", input, axis, output, mode, cval, [1.0, 1.0, 1.0])


def laplace(input: ArrayLike, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, *, axes: Any = None) -> Any:
    """The sum of second differences along all axes (or `axes`).

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.laplace(np.array([0.0, 1.0, 4.0, 9.0, 16.0]))[1:-1]
        array([2., 2., 2.])
    """
    rank = ndim_of(as_value(input))
    chosen = canonical_axes(axes, rank)
    modes = _per_axis("laplace", "mode", mode, len(chosen))
    return _added(
        [
            _along("laplace", input, [1.0, -2.0, 1.0], i, output, m, cval, 0, False)
            for i, m in zip(chosen, modes, strict=True)
        ]
    )


__all__ = [
    "convolve", "convolve1d", "correlate", "correlate1d", "gaussian_filter", "gaussian_filter1d",
    "gaussian_gradient_magnitude", "gaussian_laplace", "laplace", "prewitt", "sobel", "uniform_filter",
    "uniform_filter1d",
]  # fmt: skip
