"""`jax._src.literals`: numbers of a known dtype, which are Python numbers, too."""

from __future__ import annotations

from typing import Any

import numpy as np


def _typed(base: type, kind: str) -> type:
    def new(cls: Any, value: Any, dtype: Any) -> Any:
        made = base.__new__(cls, value)
        made.dtype = np.dtype(dtype)
        return made

    return type(
        f"Typed{kind}",
        (base,),
        {
            "__new__": new,
            "__doc__": f"A number of Python's with a dtype: ``Typed{kind}(value, dtype)``.",
            "__module__": __name__,
            "__repr__": lambda self: f"Typed{kind}({base(self)!r}, dtype={self.dtype.name})",
            "shape": (),
            "ndim": 0,
            "size": 1,
            "weak_type": False,
        },
    )


TypedInt, TypedFloat, TypedComplex = _typed(int, "Int"), _typed(float, "Float"), _typed(complex, "Complex")
typed_scalar_types = {TypedInt, TypedFloat, TypedComplex}


class TypedNdArray:
    """An array of NumPy's in a program; no value is one here."""


LiteralArray = TypedNdArray

__all__ = ["LiteralArray", "TypedComplex", "TypedFloat", "TypedInt", "TypedNdArray", "typed_scalar_types"]
