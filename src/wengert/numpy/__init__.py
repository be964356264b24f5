"""NumPy's namespace for arrays and values under transformation. Thin: it names operations of `wengert.ops`."""

from __future__ import annotations

from typing import Any

import numpy as _np
from numpy import bool_, complex64, complex128, e, float32, float64, inf, int32, int64, nan, ndarray, newaxis, pi

from ..config import canonical_dtype as _canonical
from ..config import config as _config
from ..core import as_array as _as_array
from ..core import ndim_of as _ndim
from ..core import shape_of as _shape_of
from ..ops.contraction import dot, einsum, inner, matmul, outer, tensordot, vdot
from ..ops.elementwise import *  # noqa: F403
from ..ops.elementwise import convert as _convert
from ..ops.indexing import at, take_along_axis
from ..ops.reduction import all, any, max, min, prod, sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, moveaxis, reshape, stack, transpose

abs = absolute  # noqa: A001, F405
conjugate = conj  # noqa: F405


def array(x: Any, dtype: Any = None) -> Any:
    """An array of `x`: nested lists may hold values under transformation."""
    out = _as_array(x)
    return _convert(out, dtype) if dtype is not None else (_np.array(out) if isinstance(out, _np.ndarray) else out)


asarray = array


def _float(dtype: Any) -> Any:
    return _config.float_dtype if dtype is None else _canonical(dtype)


def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros."""
    return _np.zeros(shape, _float(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones."""
    return _np.ones(shape, _float(dtype))


def eye(n: int, m: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """The identity matrix."""
    return _np.eye(n, m, k, _float(dtype))


def linspace(start: float, stop: float, num: int = 50, dtype: Any = None) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`."""
    return _np.linspace(start, stop, num, dtype=_float(dtype))


def arange(*args: Any, dtype: Any = None) -> Any:
    """Evenly spaced numbers within an interval."""
    out = _np.arange(*args, dtype=dtype)
    return out.astype(_canonical(out.dtype), copy=False)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The arithmetic mean over `axis`."""
    x = _as_array(x)
    total = sum(x, axis, keepdims=keepdims)
    count = _np.prod(_shape_of(x), dtype=int) // _np.maximum(_np.prod(_shape_of(total), dtype=int), 1)
    return total / int(count)


def ravel(x: Any) -> Any:
    """`x` as one axis."""
    return reshape(x, (-1,))


def shape(x: Any) -> tuple[int, ...]:
    """The shape of `x`."""
    return _shape_of(_as_array(x))


def ndim(x: Any) -> int:
    """The number of axes of `x`."""
    return _ndim(_as_array(x))


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """`x` limited to the interval from `low` to `high`."""
    x = _as_array(x)
    x = x if low is None else maximum(x, low)  # noqa: F405
    return x if high is None else minimum(x, high)  # noqa: F405
