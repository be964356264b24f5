"""`jax.ShapeDtypeStruct`: the shape and dtype of an array, and whether it is weak."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...transforms.jit import ShapeDtypeStruct as _Struct
from ..avals import KEY_TYPES


class ShapeDtypeStruct(_Struct):
    """The shape and dtype of an array that need not exist.

    Args:
        shape, dtype: of the array.
        sharding: where it lies.
        weak_type: whether its dtype is weak.
        manual_axis_type: of meshes; it is kept.
        is_ref: whether it stands for a reference.

    Raises:
        ValueError: `dtype` is None.

    Example:
        >>> ShapeDtypeStruct((2,), "float32", weak_type=True)
        ShapeDtypeStruct(shape=(2,), dtype=float32, weak_type=True)
    """

    __slots__ = ("is_ref", "manual_axis_type", "sharding", "weak_type")

    def __init__(
        self, shape: Any, dtype: Any, *, sharding: Any = None, weak_type: bool = False, manual_axis_type: Any = None,
        is_ref: bool = False,
    ) -> None:  # fmt: skip
        if dtype is None:
            raise ValueError("ShapeDtypeStruct: dtype must be specified.")
        super().__init__(shape, dtype)
        self.sharding, self.weak_type = sharding, weak_type
        self.manual_axis_type, self.is_ref = manual_axis_type, is_ref

    def update(self, **changed: Any) -> ShapeDtypeStruct:
        """The same with another shape, dtype or another of the arguments."""
        given = {name: getattr(self, name) for name in ("shape", "dtype", *ShapeDtypeStruct.__slots__)}
        return ShapeDtypeStruct(**{**given, **changed})

    def __repr__(self) -> str:
        dtype = KEY_TYPES.get(self.dtype, self.dtype).name
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={dtype}{', weak_type=True' if self.weak_type else ''})"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Struct) and (self.shape, self.dtype) == (other.shape, np.dtype(other.dtype))

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))


def struct_of(x: Any, weak: bool = False) -> Any:
    """The library's structs as these."""
    return ShapeDtypeStruct(x.shape, x.dtype, weak_type=weak) if type(x) is _Struct else x


__all__ = ["ShapeDtypeStruct", "struct_of"]
