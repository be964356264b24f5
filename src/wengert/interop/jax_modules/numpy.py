"""Names of `jax.numpy` that mean something else there than in NumPy: the type of arrays, and scalar types to call."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...config import canonical_dtype
from ...core import as_array
from ...ops.elementwise import convert
from .array import Array
from .dtypes import issubdtype

ndarray = Array


class _ScalarType(type):
    """The type of ``jax.numpy.float32`` and its kin: called, they convert; asked for a dtype, they give theirs."""

    dtype: np.dtype

    def __call__(cls, x: Any = 0) -> Any:
        """`x` as an array of this dtype; 64-bit dtypes are 32-bit in 32-bit mode."""
        return convert(as_array(x), canonical_dtype(cls.dtype))

    def __eq__(cls, other: Any) -> bool:
        return cls is other or (isinstance(other, (type, np.dtype)) and cls.dtype == other)

    def __hash__(cls) -> int:
        return hash(cls.dtype.type)

    def __repr__(cls) -> str:
        return f"<class 'jax.numpy.{cls.__name__}'>"


def _scalar_type(name: str) -> _ScalarType:
    return _ScalarType(
        name, (), {"dtype": np.dtype(name), "__doc__": f"Converts to {name}.", "__module__": "jax.numpy"}
    )


bool_ = _ScalarType("bool_", (), {"dtype": np.dtype(bool), "__doc__": "Converts to bool.", "__module__": "jax.numpy"})
int8, int16, int32, int64 = (_scalar_type(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (_scalar_type(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (_scalar_type(f"float{n}") for n in (16, 32, 64))
complex64, complex128 = (_scalar_type(f"complex{n}") for n in (64, 128))
int_, uint, float_, complex_ = int64, uint64, float64, complex128
half, single, double, csingle, cdouble = float16, float32, float64, complex64, complex128

__all__ = [
    "bool_", "cdouble", "complex128", "complex64", "complex_", "csingle", "double", "float16", "float32", "float64",
    "float_", "half", "int16", "int32", "int64", "int8", "int_", "issubdtype", "ndarray", "single", "uint", "uint16",
    "uint32", "uint64", "uint8",
]  # fmt: skip
