"""Window functions, as vectors of a known length: bartlett, blackman, hamming, hanning, kaiser.

Source: Oppenheim & Schafer (1999), "Discrete-Time Signal Processing", section 7.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array
from ..documented import with_example
from ..ops.elementwise import convert
from ..vocabulary import Value


def _window(name: str, doc: str) -> Any:
    function = getattr(np, name)

    def call(M: int) -> Any:
        return function(M).astype(config.float_dtype, copy=False)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return call


bartlett = _window("bartlett", "A triangle of `M` points that is zero at both ends.")
with_example(
    bartlett,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.bartlett(5)
    array([0. , 0.5, 1. , 0.5, 0. ])
    """,
)
blackman = _window("blackman", "Blackman's window of `M` points: three terms of a cosine series.")
with_example(
    blackman,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.blackman(5)[1:4].round(2)
    array([0.34, 1.  , 0.34])
    """,
)
hamming = _window("hamming", "Hamming's window of `M` points: a cosine on a pedestal.")
with_example(
    hamming,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.hamming(3).round(12)
    array([0.08, 1.  , 0.08])
    """,
)
hanning = _window("hanning", "Hann's window of `M` points: a cosine that is zero at both ends.")
with_example(
    hanning,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.hanning(5)
    array([0. , 0.5, 1. , 0.5, 0. ])
    """,
)


def kaiser(M: int, beta: Any) -> Value:
    """Kaiser's window of `M` points, differentiable in the shape parameter `beta`.

    Example:
        >>> kaiser(3, 0.0)
        array([1., 1., 1.])
    """
    if not isinstance(beta, Tracer):
        return np.kaiser(M, beta).astype(config.float_dtype, copy=False)
    from .elementary import i0

    if M == 1:
        return np.ones(1, config.float_dtype)
    beta = convert(as_array(beta), config.float_dtype)
    middle = (M - 1) / 2
    heights = np.sqrt(np.maximum(1 - ((np.arange(M) - middle) / middle) ** 2, 0)).astype(config.float_dtype)
    return i0(beta * heights) / i0(beta)


__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]
