"""`jax.image`: `wengert.image` with JAX's names of methods."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from ... import image as ours
from ..border import bordered
from ..keywords import check_precision
from .numpy import array


class ResizeMethod(enum.Enum):
    """The kernels of `resize`."""

    NEAREST = 0
    LINEAR = 1
    LANCZOS3 = 2
    LANCZOS5 = 3
    CUBIC = 4
    CUBIC_PYTORCH = 5
    AREA = 6

    @staticmethod
    def from_string(s: str) -> ResizeMethod:
        """The method of a name.

        Raises:
            ValueError: there is none.
        """
        known = ours._NAMES.get(s)
        if known is None:
            raise ValueError(f'Unknown resize method "{s}"')
        return ResizeMethod[known.upper().replace("-", "_")]


def _name(method: Any) -> str:
    method = ResizeMethod.from_string(method) if isinstance(method, str) else method
    return method.name.lower().replace("_", "-")


def _in_floats(image: Any) -> Any:
    """Truth values in single precision, as JAX has them."""
    image = array(image)
    return image.astype(np.float32) if image.dtype == bool else image


_resize = bordered(ours.resize)


def resize(image: Any, shape: Any, method: Any, antialias: bool = True, precision: Any = None) -> Any:
    """An array resampled to another shape; `precision` changes nothing on a processor.

    Raises:
        ValueError: `method` is none that there is, or `shape` has not as many axes as the image.
    """
    check_precision(precision)
    return _resize(_in_floats(image), shape, _name(method), antialias)


_scale_and_translate = bordered(ours.scale_and_translate)


def scale_and_translate(
    image: Any, shape: Any, spatial_dims: Any, scale: Any, translation: Any, method: Any, antialias: bool = True,
    precision: Any = None,
) -> Any:  # fmt: skip
    """An array scaled and moved along some axes; `precision` changes nothing on a processor.

    Raises:
        ValueError: `method` is none that there is, or shapes do not fit.
    """
    check_precision(precision)
    return _scale_and_translate(_in_floats(image), shape, spatial_dims, scale, translation, _name(method), antialias)


__all__ = ["ResizeMethod", "resize", "scale_and_translate"]
