"""Cosine and sine transforms along one axis, types 1 to 4, without scaling: linear.

Definitions and the relations between the types: Strang (1999), SIAM Review 41, "The discrete cosine transform".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, Value
from .linear import Linear

ndarray = np.ndarray


def _impl(x: Value, *, kind: str, type: int, axis: int) -> Value:
    import scipy.fft

    wide = x if x.dtype.itemsize >= 4 else x.astype(np.float32)
    return getattr(scipy.fft, kind)(wide, type=type, axis=axis).astype(x.dtype, copy=False)


def _weights(n: int, place: int, value: float, axis: int, dtype: np.dtype) -> ndarray:
    w = np.ones(n, dtype)
    w[place] = value
    return w.reshape(n, *[1] * (-axis - 1))


def _transpose(ct: Value, x: Any, *, kind: str, type: int, axis: int) -> Value:
    """The matrices are symmetric up to weights of the first and last elements; types 2 and 3 are each other's."""
    n, dtype = x.shape[axis], x.dtype
    again = {"kind": kind, "axis": axis}
    edge = 0 if kind == "dct" else -1  # the element that counts once in type 3
    if type == 2:
        return transform_p.bind(ct * _weights(n, edge, 2.0, axis, dtype), type=3, **again)
    if type == 3:
        return transform_p.bind(ct, type=2, **again) * _weights(n, edge, 0.5, axis, dtype)
    if type == 1 and kind == "dct":
        w = np.full(n, 2.0, dtype)
        w[[0, -1]] = 1.0
        w = w.reshape(n, *[1] * (-axis - 1))
        return transform_p.bind(ct / w, type=1, **again) * w
    return transform_p.bind(ct, type=type, **again)


def _x(*shape: int) -> ndarray:
    return np.random.default_rng(73).normal(size=shape)


# `axis` counts from the end. kind: "dct" or "dst".
transform_p = Linear(
    "trigonometric_transform",
    _impl,
    lambda x, **_: Aval(x.shape, x.dtype),
    _transpose,
    lambda size, x, **params: transform_p.bind(x, **params),
    pattern=None,
    samples=lambda: (
        [((_x(2, 5),), {"kind": kind, "type": t, "axis": -1}) for kind in ("dct", "dst") for t in (1, 2, 3, 4)]
        + [((_x(4, 2),), {"kind": "dct", "type": 2, "axis": -2})]
    ),
)
