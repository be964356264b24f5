"""`jax._src.dtypes`: dtypes and their promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes as _public
from ..dtypes import *  # noqa: F403

DType = np.dtype


class ExtendedDType:
    """The class of dtypes that NumPy does not have; random keys have one of their own."""


def dtype(x: Any, *, canonicalize: bool = False) -> np.dtype:
    """The dtype of a value."""
    from ...array import kind_of

    return kind_of(x)[0]


def to_inexact_dtype(dtype: Any) -> np.dtype:
    """A dtype of floats or complex numbers that holds numbers of a dtype as `jax.numpy` makes it floating."""
    from ....config import canonical_dtype, config
    from ....core import inexact_dtype

    d = canonical_dtype(dtype)
    return d if inexact_dtype(d) else np.dtype(config.float_dtype)


def to_complex_dtype(dtype: Any) -> np.dtype:
    """The complex dtype of the precision of a dtype."""
    d = to_inexact_dtype(dtype)
    return d if d.kind == "c" else np.dtype("complex128" if d == np.float64 else "complex64")


def canonicalize_value(x: Any) -> Any:
    """A value as an array of this mode."""
    from ..numpy import asarray

    return asarray(x)


__all__ = [
    *_public.__all__,
    "DType",
    "ExtendedDType",
    "canonicalize_value",
    "dtype",
    "to_complex_dtype",
    "to_inexact_dtype",
]  # noqa: PLE0604
