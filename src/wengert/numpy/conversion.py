"""Arrays from other things, in the layout asked for, and questions about memory.

A value under transformation has no layout and shares no memory: functions that ask for one give it back as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..config import canonical_dtype
from ..core import Tracer, as_array, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError
from ..ops.elementwise import isfinite
from ..ops.reduction import all as _all
from ..ops.shape import reshape, stack
from ..vocabulary import ArrayLike, DTypeLike, Value
from .creation import array, asarray

ndarray = np.ndarray


def asanyarray(
    a: ArrayLike, dtype: DTypeLike = None, order: str | None = None, *, device: Any = None, copy: bool | None = None
) -> Value:
    """`a` as an array, as `asarray` gives it: there are no subclasses of arrays here.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.asanyarray([1, 2.5])
        array([1. , 2.5])
    """
    return asarray(a, dtype, order, device=device, copy=copy)


def asarray_chkfinite(a: ArrayLike, dtype: DTypeLike = None, order: str | None = None) -> Value:
    """`a` as an array, checked to hold neither infinities nor NaN.

    Under `jit` the check is part of the compiled program.

    Raises:
        ValueError: an element is not finite.

    Example:
        >>> asarray_chkfinite([1.0, 2.0])
        array([1., 2.])
    """
    x = asarray(a, dtype, order)
    if inexact_dtype(dtype_of(x)) and not bool(_all(isfinite(x))):
        raise ValueError("asarray_chkfinite: the array holds infinities or NaN; nan_to_num replaces them")
    return x


def ascontiguousarray(a: ArrayLike, dtype: DTypeLike = None) -> Value:
    """`a` as an array of at least one axis whose elements lie in C order.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.ascontiguousarray(np.arange(6).reshape(2, 3).T).flags.c_contiguous
        True
    """
    x = asarray(a, dtype)
    if isinstance(x, Tracer):
        return reshape(x, (1,)) if ndim_of(x) == 0 else x
    return np.ascontiguousarray(x)


def asfortranarray(a: ArrayLike, dtype: DTypeLike = None) -> Value:
    """`a` as an array of at least one axis whose elements lie in column-major order.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.asfortranarray([[1, 2], [3, 4]])[:, 0]
        array([1, 3])
    """
    x = asarray(a, dtype)
    if isinstance(x, Tracer):
        return reshape(x, (1,)) if ndim_of(x) == 0 else x
    return np.asfortranarray(x)


def require(a: ArrayLike, dtype: DTypeLike = None, requirements: Any = None) -> Value:
    """`a` as an array with properties of memory: "C", "F", "A" (aligned), "W" (writeable), "O" (owning), "E".

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.require(np.ones((2, 3)).T, requirements="C").flags.c_contiguous
        True
    """
    x = asarray(a, dtype)
    return x if isinstance(x, Tracer) else np.require(x, requirements=requirements)


def fromiter(iter: Iterable[Any], dtype: DTypeLike, count: int = -1) -> Value:  # noqa: A002
    """A vector of the items of an iterable, which may be under transformation.

    Raises:
        ValueError: there are fewer than `count` items.

    Example:
        >>> fromiter((i * i for i in range(4)), int)
        array([0, 1, 4, 9])
    """
    items = []
    for item in iter:
        if len(items) == count:
            break
        items.append(item)
    if len(items) < count:
        raise ValueError(f"fromiter: the iterable has {len(items)} items, {count} were asked for")
    if any(isinstance(v, Tracer) for v in items):
        return array(stack([as_array(v) for v in items]), dtype)
    return np.fromiter(items, canonical_dtype(dtype), len(items))


def from_dlpack(x: ArrayLike, /, *, device: Any = None, copy: bool | None = None) -> Value:
    """The array of another library (PyTorch, JAX, CuPy on the host) that `x` is, by the DLPack protocol.

    Args:
        x: an object with ``__dlpack__``; a value under transformation is returned as it is.
        device: None or "cpu".
        copy: whether the memory is copied; None copies only where it must be.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.from_dlpack(np.arange(3))
        array([0, 1, 2])
    """
    if device not in (None, "cpu"):
        raise ArgumentError(f"arrays live in the host's memory: device is None or 'cpu', got {device!r}")
    if isinstance(x, Tracer):
        return x
    return as_array(np.from_dlpack(x, device=device, copy=copy))


def isfortran(a: ArrayLike) -> bool:
    """Whether the elements lie in column-major order and not in C order; never for a value under transformation.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> wnp.isfortran(np.ones((2, 3), order="F"))
        True
    """
    return isinstance(a, ndarray) and np.isfortran(a)


def iterable(y: ArrayLike) -> bool:
    """Whether `y` can be iterated over: an array of at least one axis can.

    Example:
        >>> iterable([1, 2]), iterable(2)
        (True, False)
    """
    if isinstance(y, (ndarray, Tracer)):
        return len(shape_of(y)) > 0
    return np.iterable(y)


def shares_memory(a: ArrayLike, b: ArrayLike, /, max_work: int | None = None) -> bool:
    """Whether two arrays share memory.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> x = np.arange(6)
        >>> wnp.shares_memory(x[::2], x[1::2])
        False
    """
    if isinstance(a, Tracer) or isinstance(b, Tracer):
        return a is b
    return np.shares_memory(a, b, max_work)  # type: ignore[arg-type]


def may_share_memory(a: ArrayLike, b: ArrayLike, /, max_work: int | None = None) -> bool:
    """Whether two arrays might share memory, by their bounds alone.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> x = np.arange(4)
        >>> wnp.may_share_memory(x, x[2:]), wnp.may_share_memory(x, x.copy())
        (True, False)
    """
    if isinstance(a, Tracer) or isinstance(b, Tracer):
        return a is b
    return np.may_share_memory(a, b, max_work)  # type: ignore[arg-type]


__all__ = [
    "asanyarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "from_dlpack", "fromiter", "isfortran",
    "iterable", "may_share_memory", "require", "shares_memory",
]  # fmt: skip
