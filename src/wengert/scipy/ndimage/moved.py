"""Images moved by affine maps, and their centres of mass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, ndim_of, shape_of
from ...errors import ArgumentError, ConcretizationError, ShapeError
from ...ops.axes import canonical_axis
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, Value
from .filters import _per_axis
from .splines import map_coordinates


def _at(
    image: ArrayLike, places: ArrayLike, output: Any, order: int, mode: str, cval: ArrayLike, prefilter: bool
) -> Value:
    return map_coordinates(image, places, output, order, mode, cval, prefilter)


def _grid(shape: Sequence[int]) -> list[np.ndarray]:
    return list(np.meshgrid(*[np.arange(float(n)) for n in shape], indexing="ij"))


def affine_transform(
    input: ArrayLike, matrix: ArrayLike, offset: Any = 0.0, output_shape: Any = None, output: Any = None, order: int = 3,
    mode: str = "constant", cval: ArrayLike = 0.0, prefilter: bool = True,
) -> Value:  # fmt: skip
    """The image at ``matrix @ o + offset`` for each pixel `o` of the result; differentiable in both as well.

    Args:
        matrix: ``(n, n)``, the diagonal of one ``(n,)``, or with the offset as its last column, ``(n, n + 1)``, or
            homogeneous, ``(n + 1, n + 1)``.
        output_shape: that of the image by default.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.affine_transform(np.array([1.0, 2.0, 3.0]), np.array([[1.0]]), offset=1.0, order=1)
        array([2., 3., 0.])
    """
    image = as_array(input)
    rank = ndim_of(image)
    (matrix,) = floating(matrix)
    if ndim_of(matrix) == 2 and shape_of(matrix)[1] == rank + 1 and shape_of(matrix)[0] in (rank, rank + 1):
        matrix, offset = matrix[:rank, :rank], matrix[:rank, rank]
    if shape_of(matrix) not in ((rank,), (rank, rank)):
        raise ShapeError(f"affine_transform: a matrix of shape {shape_of(matrix)} for an image of {rank} axes")
    grid = _grid(shape_of(image) if output_shape is None else tuple(output_shape))
    offset = wnp.broadcast_to(floating(offset)[0], (rank,))
    if ndim_of(matrix) == 1:
        places = [matrix[i] * grid[i] + offset[i] for i in range(rank)]
    else:
        places = [sum(matrix[i, j] * grid[j] for j in range(rank)) + offset[i] for i in range(rank)]
    return _at(image, places, output, order, mode, cval, prefilter)


def shift(
    input: ArrayLike, shift: ArrayLike, output: Any = None, order: int = 3, mode: str = "constant", cval: ArrayLike = 0.0,
    prefilter: bool = True,
) -> Value:  # fmt: skip
    """The image moved by `shift` pixels along all axes, or along each; differentiable in it.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.shift(np.array([1.0, 2.0, 3.0]), 1, order=1)
        array([0., 1., 2.])
    """
    image = as_array(input)
    by = _per_axis("shift", "shift", shift, ndim_of(image))
    places = [g - s for g, s in zip(_grid(shape_of(image)), by, strict=True)]
    return _at(image, places, output, order, mode, cval, prefilter)


def zoom(
    input: ArrayLike, zoom: ArrayLike, output: Any = None, order: int = 3, mode: str = "constant", cval: ArrayLike = 0.0,
    prefilter: bool = True, *, grid_mode: bool = False,
) -> Value:  # fmt: skip
    """The image with more or fewer pixels, ``round(zoom * n)`` along each axis of `n`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.zoom(np.array([0.0, 2.0]), 1.5, order=1)
        array([0., 1., 2.])
    """
    image = as_array(input)
    sizes = shape_of(image)
    wanted = [round(n * float(z)) for n, z in zip(sizes, _per_axis("zoom", "zoom", zoom, len(sizes)), strict=True)]
    places = []
    for g, n, m in zip(_grid(wanted), sizes, wanted, strict=True):
        if grid_mode:
            places.append((g + 0.5) * (n / m) - 0.5)
        else:
            places.append(g * ((n - 1) / (m - 1)) if m > 1 else g)
    return _at(image, places, output, order, mode, cval, prefilter)


def rotate(
    input: ArrayLike, angle: Any, axes: tuple[int, int] = (1, 0), reshape: bool = True, output: Any = None, order: int = 3,
    mode: str = "constant", cval: ArrayLike = 0.0, prefilter: bool = True,
) -> Value:  # fmt: skip
    """The image turned by an angle in degrees in the plane of two axes; differentiable in the angle without `reshape`.

    Raises:
        ConcretizationError: the shape of the result depends on an angle that is not known; write ``reshape=False``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.rotate(np.array([[1.0, 2.0], [3.0, 4.0]]), 90, order=1).round(12)
        array([[2., 4.],
               [1., 3.]])
    """
    image = as_array(input)
    rank, sizes = ndim_of(image), list(shape_of(image))
    first, second = sorted(canonical_axis(a, rank) for a in axes)
    if rank < 2 or first == second:
        raise ShapeError(f"rotate: two axes of an image of at least two, got {axes} of {rank}")
    turn = floating(angle)[0] * (math.pi / 180)
    c, s = wnp.cos(turn), wnp.sin(turn)
    out = list(sizes)
    n, m = sizes[first], sizes[second]
    if reshape:
        if isinstance(turn, Tracer):
            raise ConcretizationError("rotate: the shape of the result depends on the angle; write reshape=False")
        corners = np.array([[c, s], [-s, c]]) @ np.array([[0, 0, n, n], [0, m, 0, m]])
        out[first], out[second] = (int(v) for v in np.ptp(corners, axis=1) + 0.5)
    middle_out = np.array([(out[first] - 1) / 2, (out[second] - 1) / 2])
    middle = np.array([(n - 1) / 2, (m - 1) / 2])
    grid: list[Any] = _grid(out)
    a, b = grid[first] - middle_out[0], grid[second] - middle_out[1]
    grid[first], grid[second] = c * a + s * b + middle[0], c * b - s * a + middle[1]
    return _at(image, grid, output, order, mode, cval, prefilter)


def center_of_mass(input: Any, labels: None = None, index: None = None) -> tuple[Any, ...]:
    """The mean of the places of all pixels, weighted by them; of labelled parts, write it for each mask.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.center_of_mass(np.array([[0.0, 0.0], [0.0, 4.0]]))
        (np.float64(1.0), np.float64(1.0))
    """
    if labels is not None or index is not None:
        raise ArgumentError("center_of_mass: labels are not here; call it for each mask, image * (labels == k)")
    (image,) = floating(input)
    total = wnp.sum(image)
    return tuple([wnp.sum(image * g) / total for g in _grid(shape_of(image))])


__all__ = ["affine_transform", "center_of_mass", "rotate", "shift", "zoom"]
