"""Filters of images by rank: the greatest, the least and the middle of the elements in a window. They stand in `ndimage`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, ndim_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...ops.axes import canonical_axes
from .filters import _continued, _per_axis, _stored


def _windowed(
    what: str,
    reduce: Any,
    input: Any,  # noqa: A002
    size: Any,
    footprint: Any,
    output: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
) -> Any:
    image = as_array(input)
    rank = ndim_of(image)
    chosen = canonical_axes(axes, rank)
    if footprint is None:
        if size is None:
            raise ArgumentError(f"{what}: no footprint or filter size provided")
        sizes = dict(zip(chosen, _per_axis(what, "size", size, len(chosen)), strict=True))
        footprint = np.ones([sizes.get(i, 1) for i in range(rank)], bool)
    elif axes is not None:
        footprint = np.expand_dims(np.asarray(footprint, bool), [i for i in range(rank) if i not in chosen])
    footprint = np.asarray(footprint, bool)
    if footprint.ndim != rank or not footprint.any():
        raise ShapeError(f"{what}: a footprint of shape {footprint.shape} for an image of {rank} axes")
    widths = []
    for n, o in zip(footprint.shape, _per_axis(what, "origin", origin, rank), strict=True):
        if not 0 <= n // 2 + o < n:
            raise ArgumentError(f"{what}: invalid origin {o} for a window of length {n}")
        widths.append((n // 2 + o, n - 1 - n // 2 - o))
    around = _continued(what, image, widths, _per_axis(what, "mode", mode, rank), cval)
    places = np.argwhere(footprint)
    shape = shape_of(image)
    pieces = [around[tuple(slice(int(p), int(p) + n) for p, n in zip(place, shape, strict=True))] for place in places]
    return _stored(reduce(wnp.stack(pieces), axis=0), image, output)


def maximum_filter(
    input: Any, size: Any = None, footprint: Any = None, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:  # fmt: skip
    """The largest pixel of each window, of `size` or where `footprint` holds.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.maximum_filter(np.array([1, 5, 2, 0, 3]), 3)
        array([5, 5, 5, 3, 3])
    """
    return _windowed("maximum_filter", wnp.max, input, size, footprint, output, mode, cval, origin, axes)


def minimum_filter(
    input: Any, size: Any = None, footprint: Any = None, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:  # fmt: skip
    """The smallest pixel of each window, of `size` or where `footprint` holds.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.minimum_filter(np.array([1, 5, 2, 0, 3]), 3)
        array([1, 1, 0, 0, 0])
    """
    return _windowed("minimum_filter", wnp.min, input, size, footprint, output, mode, cval, origin, axes)


def _middle(x: Any, axis: int) -> Any:
    """SciPy's median: of an even number the larger of the two in the middle."""
    return wnp.sort(x, axis=axis)[shape_of(x)[axis] // 2]


def median_filter(
    input: Any, size: Any = None, footprint: Any = None, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:  # fmt: skip
    """The pixel in the middle of each window, in order, of `size` or where `footprint` holds.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.median_filter(np.array([1, 9, 2, 3, 8]), 3)
        array([1, 2, 3, 3, 8])
    """
    return _windowed("median_filter", _middle, input, size, footprint, output, mode, cval, origin, axes)


__all__ = [
    "maximum_filter", "median_filter", "minimum_filter",
]  # fmt: skip
