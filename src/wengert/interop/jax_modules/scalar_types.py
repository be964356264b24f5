"""`jax.numpy.float32` and its kin: called, they convert; asked for a dtype, they give theirs."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ...config import canonical_dtype
from ...core import as_value
from ..array import wrap
from ..border import lower
from ..conversion import converted


class ScalarType(type):
    """The type of these names."""

    dtype: np.dtype

    def __call__(cls, x: Any = 0) -> Any:
        """`x` as an array of this dtype; 64-bit dtypes are 32-bit in 32-bit mode.

        Raises:
            OverflowError: a Python integer that the dtype cannot hold.
        """
        dtype = canonical_dtype(cls.dtype)
        if type(x) is int and dtype.kind in "iu":
            return wrap(np.array(x, dtype)[()])
        if isinstance(x, (list, tuple)):
            from .numpy import array

            return array(x, dtype)
        if isinstance(x, complex) and dtype.kind not in "cb":
            raise TypeError(f"a complex number is no {cls.__name__}: take its real part")
        return wrap(converted(as_value(lower(x)), dtype))

    def __eq__(cls, other: Any) -> builtins.bool:
        return cls is other or (isinstance(other, (type, np.dtype)) and cls.dtype == other)

    def __hash__(cls) -> int:
        return hash(cls.dtype.type)

    def __repr__(cls) -> str:
        return f"<class 'jax.numpy.{cls.__name__}'>"

    def __instancecheck__(cls, x: Any) -> builtins.bool:
        return isinstance(x, cls.dtype.type)


def _scalar_type(name: str, dtype: Any = None) -> ScalarType:
    return ScalarType(
        name, (), {"dtype": np.dtype(dtype or name), "__doc__": f"Converts to {name}.", "__module__": "jax.numpy"}
    )


bool_ = _scalar_type("bool_", bool)
int8, int16, int32, int64 = (_scalar_type(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (_scalar_type(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (_scalar_type(f"float{n}") for n in (16, 32, 64))
complex64, complex128 = (_scalar_type(f"complex{n}") for n in (64, 128))
int_, uint, float_, complex_ = int64, uint64, float64, complex128
half, single, double, csingle, cdouble = float16, float32, float64, complex64, complex128
bool = bool_  # noqa: A001
NARROW = (
    "bfloat16 float8_e4m3fn float8_e5m2 float8_e4m3b11fnuz float8_e3m4 float8_e4m3 float8_e4m3fnuz float8_e5m2fnuz "
    "float8_e8m0fnu float4_e2m1fn float6_e2m3fn float6_e3m2fn int1 int2 int4 uint1 uint2 uint4"
).split()


def __getattr__(name: str) -> Any:
    if name not in NARROW:
        raise AttributeError(name)
    import ml_dtypes

    found = globals()[name] = _scalar_type(name, getattr(ml_dtypes, name))
    return found


__all__ = [
    "bool", "bool_", "cdouble", "complex128", "complex64", "complex_", "csingle", "double", "float16", "float32", "float64",
    "float_", "half", "int16", "int32", "int64", "int8", "int_", "single", "uint", "uint16", "uint32", "uint64", "uint8",
    *NARROW,
]  # fmt: skip
