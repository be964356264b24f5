"""`jax.dtypes`: questions about dtypes, and the kinds of extended dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...config import canonical_dtype
from ...numpy import finfo, iinfo
from ...numpy import issubdtype as _issubdtype
from ...ops.random import GENERATORS
from ..avals import extended, prng_key
from ..promotion import TypePromotionError

float0 = np.dtype([("float0", np.void, 0)])


def issubdtype(arg1: Any, arg2: Any) -> bool:
    """Whether a dtype is of a kind; a key's dtype is of the kinds `extended` and `prng_key` only.

    Example:
        >>> import wengert
        >>> issubdtype(wengert.random.key(0).dtype, prng_key)
        True
    """
    is_key = (not isinstance(arg1, type) or hasattr(arg1, "dtype")) and np.dtype(arg1) in GENERATORS.values()
    if arg2 in (extended, prng_key) or is_key:
        return is_key and arg2 in (extended, prng_key, np.generic)
    return bool(_issubdtype(arg1, arg2))


def canonicalize_dtype(dtype: Any, allow_extended_dtype: bool = False) -> np.dtype:
    """The dtype that this mode gives where `dtype` is asked for."""
    return canonical_dtype(dtype)


def result_type(*args: Any, return_weak_type_flag: bool = False) -> Any:
    """The dtype that JAX's promotion gives, and where it is asked for whether it is weak."""
    from ..array import known_kinds
    from ..promotion import joined

    dtype, weak = joined(*known_kinds(*args))
    return (dtype, weak) if return_weak_type_flag else dtype


def scalar_type_of(x: Any) -> type:
    """The Python type of numbers that stands for the dtype of `x`."""
    return {"b": bool, "i": int, "u": int, "f": float, "V": float, "c": complex}[result_type(x).kind]


def itemsize_bits(dtype: Any) -> int:
    """How many bits an element takes.

    Example:
        >>> itemsize_bits("int8")
        8
    """
    d = np.dtype(dtype)
    number = "".join(c for c in d.name.split("_")[0] if c.isdigit())
    return int(number) if number and d.kind != "c" else 8 * d.itemsize


def __getattr__(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "TypePromotionError", "itemsize_bits",
    "bfloat16", "canonicalize_dtype", "extended", "finfo", "float0", "iinfo", "issubdtype",  # noqa: F822 (bfloat16)
    "prng_key", "result_type",
    "scalar_type_of",
]  # fmt: skip
