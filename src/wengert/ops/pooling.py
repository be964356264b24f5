"""Reductions of windows, as pooling has them: sums are convolutions with ones, others go tap by tap, axis after axis.

`max_pool` and `avg_pool` are those of networks, for images with features last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import Value, as_array, dtype_of, shape_of
from ..errors import ShapeError
from . import elementwise as ew
from . import folding
from .casts import as_inexact
from .convolution_general import ConvDimensionNumbers, convolve_general
from .padding import pad
from .shape import reshape, transpose
from .slices import slice_p
from .windows import Pads, count, dilated, entries_of, pads_of, reduce_windows

LONG = 16  # taps along an axis, from which windows are written out


def pooled(
    name: str,
    x: Value,
    sizes: Sequence[int],
    strides: Sequence[int],
    pads: Pads,
    base: Sequence[int],
    dilation: Sequence[int],
) -> Value:
    """The reduction of each window by "add", "mul", "max", "min", "and", "or" or "xor"; what is padded counts for nothing.

    Of equal extremes the first has the derivative.

    Args:
        name: the reduction. x: an array.
        sizes, strides, pads, base, dilation: as `windows.windows` takes them, an entry for each axis of `x`.

    Raises:
        ShapeError: a length of the window is not positive.

    Example:
        >>> pooled("max", np.array([1.0, 3.0, 2.0, 0.0]), (2,), (2,), [(0, 0)], (1,), (1,))
        array([3., 2.])
    """
    if any(k < 1 for k in sizes):
        raise ShapeError(f"window_dimensions must have every element be positive, got {tuple(sizes)}")
    axes = [
        i for i, (k, s, p, b) in enumerate(zip(sizes, strides, pads, base, strict=True))
        if k != 1 or s != 1 or tuple(p) != (0, 0) or b != 1
    ]  # fmt: skip
    kind = dtype_of(x).kind
    if not axes:
        return x
    if name == "add" and kind in "iufc" and 0 not in shape_of(x):
        return _sums(x, axes, sizes, strides, pads, base, dilation)
    nothing = folding.identity(name, dtype_of(x))
    if max(sizes) > LONG or 0 in shape_of(x):
        reduce = lambda w, axis: folding.windows_by(name, w, axis)  # noqa: E731
        return reduce_windows(x, reduce, nothing, sizes, strides, pads, base, dilation)
    config = [(0, 0, 0)] * len(sizes)
    for i in axes:
        lo, hi = pads[i]
        n = dilated(shape_of(x)[i], base[i])
        config[i] = (lo, hi, base[i] - 1) if n + lo + hi >= 0 else (-n, 0, base[i] - 1)  # nothing is left
    x = pad(x, nothing, config)
    for i in reversed(axes):
        x = _along(name, x, i, sizes[i], strides[i], dilation[i])
    return x


def _along(name: str, x: Value, axis: int, size: int, stride: int, dilation: int) -> Value:
    """The windows along one axis."""
    shape = shape_of(x)
    many = count(shape[axis], size, stride, dilation)
    out: Any = None
    for tap in range(size):
        starts, stops, steps = [0] * len(shape), list(shape), [1] * len(shape)
        starts[axis], steps[axis] = tap * dilation, stride
        stops[axis] = starts[axis] + (many - 1) * stride + 1 if many else starts[axis]
        starts[axis] = min(starts[axis], shape[axis]) if not many else starts[axis]
        stops[axis] = max(stops[axis], starts[axis]) if many else starts[axis]
        here = slice_p.bind(x, starts=tuple(starts), stops=tuple(stops), steps=tuple(steps))
        out = here if out is None else _pair(name, out, here)
    return out


def _pair(name: str, x: Value, y: Value) -> Value:
    if name not in ("max", "min") or dtype_of(x).kind in "cb":
        return folding.pair_by(name, x, y)
    better = ew.greater(y, x) if name == "max" else ew.less(y, x)
    return ew.where(ew.logical_or(better, ew.not_equal(y, y)), y, x)  # a NaN, or else the first of equal ones


def _sums(
    x: Value, axes: Sequence[int], sizes: Sequence[int], strides: Sequence[int], pads: Pads, base: Sequence[int],
    dilation: Sequence[int],
) -> Value:  # fmt: skip
    """A convolution with ones: axes before the first window are examples, those behind it groups of one feature."""
    shape, rank = shape_of(x), len(shape_of(x))
    before = [i for i in range(rank) if i not in axes and i < axes[0]]
    behind = [i for i in range(rank) if i not in axes and i > axes[0]]
    if axes[-1] == rank - 1:  # space is last: other axes are examples
        before, behind = [i for i in range(rank) if i not in axes], []
    order = [*before, *axes, *behind]
    x = transpose(x, tuple(order))
    many = int(np.prod([shape[i] for i in before], dtype=int))
    features = int(np.prod([shape[i] for i in behind], dtype=int))
    n = len(axes)
    x = reshape(x, (many, *[shape[i] for i in axes], features))
    ones = np.ones((*[sizes[i] for i in axes], 1, features), dtype_of(x))
    numbers = ConvDimensionNumbers((0, n + 1, *range(1, n + 1)), (n + 1, n, *range(n)), (0, n + 1, *range(1, n + 1)))
    pick = lambda entries: [entries[i] for i in axes]  # noqa: E731
    out = convolve_general(x, ones, pick(strides), pick(pads), pick(base), pick(dilation), numbers, max(features, 1))
    made = dict(zip(axes, shape_of(out)[1:-1], strict=True))
    out = reshape(out, tuple(made.get(i, shape[i]) for i in order))
    return transpose(out, tuple(order.index(i) for i in range(rank)))


def _images(name: str, what: str, x: Value, window: Any, strides: Any, padding: Any) -> Value:
    """The reduction of windows over the axes between examples and features."""
    if np.ndim(window) != 1:
        raise ShapeError(f"{what}: window_shape: a length for each axis of space, as (2, 2), got {window!r}")
    n, shape = len(window), shape_of(x)
    if len(shape) < n + 1:
        raise ShapeError(
            f"{what}: windows of {n} axes take an array of shape (..., {', '.join(f'n{i}' for i in range(n))}, features), got "
            f"shape {shape}"
        )
    sizes, steps = entries_of(window, n, f"{what}: window_shape"), entries_of(strides, n, f"{what}: strides")
    pads = pads_of(padding, shape[-n - 1 : -1], sizes, steps, what)
    lead, ones = len(shape) - n - 1, (1,) * len(shape)
    around = lambda entries, other: [*[other] * lead, *entries, other]  # noqa: E731
    return pooled(name, x, around(sizes, 1), around(steps, 1), around(pads, (0, 0)), ones, ones)


def max_pool(x: Value, window_shape: Sequence[int], strides: Any = None, padding: Any = "VALID") -> Value:
    """The greatest element of each window of an image, feature by feature; what is padded counts for nothing.

    Of equal elements the first has the derivative.

    Args:
        x: shape ``(..., *space, features)``: as many axes of space as the window has.
        window_shape: the lengths of the window.
        strides: its steps; ones by default, `window_shape` for windows side by side.
        padding: "VALID", "SAME", "SAME_LOWER", or a pair of numbers for each axis of space.

    Returns:
        shape ``(..., *windows, features)``, the dtype of `x`.

    Raises:
        ShapeError: window, strides or padding do not fit the shape.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.max_pool(np.arange(16.0).reshape(1, 4, 4, 1), (2, 2), (2, 2))[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    return _images("max", "max_pool", as_array(x), window_shape, strides, padding)


def avg_pool(
    x: Value, window_shape: Sequence[int], strides: Any = None, padding: Any = "VALID", count_include_pad: bool = True
) -> Value:
    """The mean of each window of an image, feature by feature.

    Args:
        x: shape ``(..., *space, features)``: as many axes of space as the window has.
        window_shape: the lengths of the window.
        strides: its steps; ones by default, `window_shape` for windows side by side.
        padding: "VALID", "SAME", "SAME_LOWER", or a pair of numbers for each axis of space; zeros are padded.
        count_include_pad: whether what is padded counts in the mean.

    Returns:
        shape ``(..., *windows, features)``, of the dtype of `x`, a floating one.

    Raises:
        ShapeError: window, strides or padding do not fit the shape.

    Example:
        >>> import numpy as np
        >>> from wengert import nn
        >>> nn.avg_pool(np.arange(4.0).reshape(4, 1), (2,), (2,), [(1, 1)], count_include_pad=False)[:, 0]
        array([0. , 1.5, 3. ])
    """
    x = as_inexact(as_array(x))
    total = _images("add", "avg_pool", x, window_shape, strides, padding)
    if count_include_pad:
        return total / dtype_of(x).type(np.prod(window_shape))
    space = shape_of(x)[-len(window_shape) - 1 : -1]
    counts = _images("add", "avg_pool", np.ones((*space, 1), dtype_of(x)), window_shape, strides, padding)
    return total / counts


__all__ = ["avg_pool", "max_pool", "pooled"]
