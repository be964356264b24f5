"""What arrays of the alias are in the abstract: `ShapedArray`, and the dtype of keys of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Aval
from ..ops.random import KEY


class _KeyType:
    """The dtype of keys of random numbers."""

    name, itemsize, kind, shape, names, hasobject = "key<fry>", 8, "V", (), ("k0", "k1"), False
    dtype = KEY

    @property
    def type(self) -> Any:
        from .jax_modules.dtypes import prng_key

        return prng_key

    def __eq__(self, other: Any) -> bool:
        return other is self or (isinstance(other, np.dtype) and other == KEY)

    def __hash__(self) -> int:
        return hash(KEY)

    def __repr__(self) -> str:
        return self.name


KEY_TYPE: Any = _KeyType()


class ShapedArray(Aval):
    """The abstract value of an `Array`: shape, dtype, weakness; it prints as JAX's."""

    __slots__ = ()
    weak_type = property(lambda self: self.weak)

    def __repr__(self) -> str:
        return f"ShapedArray({self.str_short()}{', weak_type=True' if self.weak else ''})"

    def __str__(self) -> str:
        return f"{'~' if self.weak else ''}{self.str_short()}"

    def str_short(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]"


__all__ = ["KEY_TYPE", "ShapedArray"]
