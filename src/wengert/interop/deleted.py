"""Arrays that were given up: by ``x.delete()``, or as donated arguments whose memory a result may have."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from ..errors import WengertError


class DeletedError(WengertError, RuntimeError, ValueError):
    """An array was used after it had been deleted or donated."""


class Deleted:
    """What stands in the place of a deleted array's value: its shape and dtype are known, its elements raise."""

    __slots__ = ("dtype", "shape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape, self.dtype = shape, dtype

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise DeletedError(f"Array has been deleted with shape={self.dtype.name}[{','.join(map(str, self.shape))}].")

    __wengert_value__ = property(_refuse)
    __array__ = __getitem__ = __bool__ = __float__ = __int__ = __complex__ = __index__ = __iter__ = _refuse
    __repr__ = __str__ = __format__ = _refuse
    item = tolist = _refuse


def delete(x: Any) -> None:
    """Give an array up."""
    value: Any = x._value
    if isinstance(value, (np.ndarray, np.generic)):
        x._value = Deleted(value.shape, value.dtype)


def is_deleted(x: Any) -> bool:
    """Whether an array was given up."""
    return type(x._value) is Deleted


__all__ = ["Deleted", "DeletedError", "delete", "is_deleted"]
