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


def canonicalize_value(x: Any) -> Any:
    """A value as an array of this mode."""
    from ..numpy import asarray

    return asarray(x)


__all__ = [*_public.__all__, "DType", "ExtendedDType", "canonicalize_value", "dtype"]  # noqa: PLE0604
