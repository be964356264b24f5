"""`jax.scipy.ndimage`, whose names for two of the modes are those of others in SciPy."""

from __future__ import annotations

from typing import Any

from ...scipy import ndimage
from ..border import bordered

_MODES = {"constant": "grid-constant", "wrap": "grid-wrap"}


@bordered
def map_coordinates(
    input: Any, coordinates: Any, order: int, mode: str = "constant", cval: Any = 0.0, prefilter: bool = True
) -> Any:
    """`wengert.scipy.ndimage.map_coordinates`, "constant" meaning its "grid-constant", "wrap" its "grid-wrap"."""
    return ndimage.map_coordinates(input, coordinates, None, order, _MODES.get(mode, mode), cval, prefilter)


@bordered
def spline_filter1d(input: Any, order: int = 3, axis: int = -1, mode: str = "mirror") -> Any:
    """`wengert.scipy.ndimage.spline_filter1d`, with JAX's names of modes."""
    return ndimage.spline_filter1d(input, order, axis, mode=_MODES.get(mode, mode))


@bordered
def spline_filter(input: Any, order: int = 3, mode: str = "mirror") -> Any:
    """`wengert.scipy.ndimage.spline_filter`, with JAX's names of modes."""
    return ndimage.spline_filter(input, order, mode=_MODES.get(mode, mode))


__all__ = ["map_coordinates", "spline_filter", "spline_filter1d"]
