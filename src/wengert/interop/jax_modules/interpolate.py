"""`jax.scipy.interpolate`, where points outside of a grid are no error by default."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...scipy import interpolate
from ..border import bordered


@bordered
def RegularGridInterpolator(  # noqa: N802 (JAX's name)
    points: Any, values: Any, method: str = "linear", bounds_error: bool = False, fill_value: Any = np.nan
) -> interpolate.RegularGridInterpolator:
    """`wengert.scipy.interpolate.RegularGridInterpolator`, `fill_value` outside of the grid by default."""
    return interpolate.RegularGridInterpolator(points, values, method, bounds_error, fill_value)


__all__ = ["RegularGridInterpolator"]
