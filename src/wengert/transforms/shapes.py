"""`ShapeDtypeStruct`: the shape and dtype of an array that need not exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ops.axes import as_length
from ..vocabulary import DTypeLike


class ShapeDtypeStruct:
    """The shape and dtype of an array that need not exist.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> x = wengert.ShapeDtypeStruct((3, 4), "float32")
        >>> x.ndim, x.size, wengert.eval_shape(wnp.transpose, x)
        (2, 12, ShapeDtypeStruct(shape=(4, 3), dtype=float32))
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Sequence[int], dtype: DTypeLike) -> None:
        self.shape = tuple(as_length(n, "ShapeDtypeStruct") for n in shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d ShapeDtypeStruct")
        return self.shape[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype.name})"


__all__ = ["ShapeDtypeStruct"]
