"""What arrays of the alias are in the abstract: `ShapedArray`, and the dtype of keys of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval, inexact_dtype
from ..ops.random import GENERATORS


class _KeyType:
    """The dtype of keys of a generator of random numbers."""

    kind, shape, hasobject = "V", (), False

    def __init__(self, tag: str, generator: str, dtype: np.dtype) -> None:
        self.name, self.generator, self.dtype = f"key<{tag}>", generator, dtype
        self.itemsize, self.names = dtype.itemsize, dtype.names

    @property
    def type(self) -> Any:
        return prng_key

    def __eq__(self, other: Any) -> bool:
        return other is self or (isinstance(other, np.dtype) and other == self.dtype)

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return self.name


_TAGS = {"threefry2x32": "fry", "rbg": "rbg", "unsafe_rbg": "urbg"}
KEY_TYPES: dict[np.dtype, Any] = {d: _KeyType(_TAGS[g], g, d) for g, d in GENERATORS.items()}


class AbstractValue:
    """What stands for a value while a function is traced; arrays have a `ShapedArray`."""

    __slots__ = ()


class ShapedArray(Aval, AbstractValue):
    """The abstract value of an `Array`: shape, dtype, weakness; it prints as JAX's.

    Example:
        >>> ShapedArray((2,), np.float32).update(shape=(3,))
        ShapedArray(float32[3])
    """

    __slots__ = ()
    weak_type = property(lambda self: self.weak)
    vma = frozenset()

    def __init__(self, shape: Any, dtype: Any, weak_type: bool = False, **_: Any) -> None:
        super().__init__(tuple(shape), dtype, weak_type)

    @property
    def sharding(self) -> Any:
        """On the one device: no axis of the array lies along one of a mesh."""
        from .jax_modules.sharding import unspecified

        return unspecified(len(self.shape))

    def update(self, **changed: Any) -> ShapedArray:
        """The same with another shape, dtype or weakness."""
        given = {"shape": self.shape, "dtype": self.dtype, "weak_type": self.weak}
        return ShapedArray(**{**given, **changed})  # `sharding` and its kin change nothing

    def update_weak_type(self, weak_type: bool) -> ShapedArray:
        return self.update(weak_type=weak_type)

    def strip_weak_type(self) -> ShapedArray:
        """The same type, strong."""
        return self.update(weak_type=False)

    def to_tangent_aval(self) -> ShapedArray:
        """The type of its tangents: float0 of integers."""
        from ..transforms.forward import FLOAT0

        return ShapedArray(self.shape, self.dtype if inexact_dtype(self.dtype) else FLOAT0)

    to_ct_aval = at_least_vspace = to_tangent_aval

    def inc_rank(self, size: int, axis: int) -> ShapedArray:
        """The type of a batch of `size` of them along an axis."""
        return self.update(shape=(*self.shape[:axis], size, *self.shape[axis:]))

    def dec_rank(self, size: int, axis: int) -> ShapedArray:
        """The type of one example of a batch."""
        return self.update(shape=(*self.shape[:axis], *self.shape[axis + 1 :]))

    def __repr__(self) -> str:
        return f"ShapedArray({self.str_short()}{', weak_type=True' if self.weak else ''})"

    def __str__(self) -> str:
        return f"{'~' if self.weak else ''}{self.str_short()}"

    def str_short(self, short_dtypes: bool = False, **_: Any) -> str:
        names = self.dtype.names
        name = self.dtype.name if names is None else "float0" if names == ("float0",) else "key<fry>"
        if short_dtypes:
            for long, short in (("float", "f"), ("uint", "u"), ("int", "i"), ("complex", "c")):
                name = name.replace(long, short)
        return f"{name}[{','.join(map(str, self.shape))}]"


def shaped(a: Any) -> ShapedArray:
    """An abstract value of the library's as one of JAX's."""
    return ShapedArray(a.shape, a.dtype, a.weak)


class extended(np.generic):  # noqa: N801
    """The kind of dtypes that NumPy does not have."""


class prng_key(extended):  # noqa: N801
    """The kind of dtypes of random keys: ``issubdtype(key.dtype, prng_key)``."""


__all__ = ["KEY_TYPES", "AbstractValue", "ShapedArray", "extended", "prng_key", "shaped"]
