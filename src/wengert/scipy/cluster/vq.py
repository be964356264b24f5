"""scipy.cluster.vq: the nearest code of each observation."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_array, dtype_of, ndim_of, shape_of
from ...errors import ShapeError
from ...nearest import nearest_names as _nearest_names
from ...ops.elementwise import convert
from ...ops.shape import expand_dims
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike


def vq(obs: ArrayLike, code_book: ArrayLike, check_finite: bool = True) -> tuple[Any, Any]:
    """The code that is nearest to each observation, and how far it is; the first of several that are equally near.

    The distances are differentiable, with the codes held: 0 where an observation is a code.

    Args:
        obs: observations, shape ``(M, N)``; ``(M,)`` are M observations of one number.
        code_book: codes, shape ``(K, N)``, or ``(K,)``.
        check_finite: taken, and changes nothing.

    Returns:
        Indices and distances, each of shape ``(M,)``.

    Raises:
        ShapeError: the shapes do not fit together, or there are no codes.

    Example:
        >>> import numpy as np
        >>> code, distance = vq(np.array([[0.0, 1.0], [4.0, 3.0]]), np.array([[0.0, 0.0], [4.0, 0.0]]))
        >>> code, distance
        (array([0, 1], dtype=int32), array([1., 3.]))
    """
    whole = all(dtype_of(as_array(v)).kind in "biu" for v in (obs, code_book))
    obs, code_book = floating(as_array(obs), as_array(code_book))
    shapes = shape_of(obs), shape_of(code_book)
    if ndim_of(obs) == ndim_of(code_book) == 1:
        obs, code_book = expand_dims(obs, -1), expand_dims(code_book, -1)
    if ndim_of(obs) != 2 or ndim_of(code_book) != 2 or shape_of(obs)[1] != shape_of(code_book)[1]:
        raise ShapeError(f"vq: observations (M, N) and codes (K, N), got shapes {shapes[0]} and {shapes[1]}")
    if shape_of(code_book)[0] == 0:
        raise ShapeError("vq: there are no codes")
    apart = expand_dims(obs, 1) - expand_dims(code_book, 0)
    code = convert(wnp.argmin(wnp.sum(apart * apart, -1), -1), np.dtype(np.int64 if whole else np.int32))  # as SciPy
    nearest = wnp.take(code_book, code, axis=0)
    return code, wnp.linalg.norm(obs - nearest, axis=-1)


__all__ = ["vq"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
