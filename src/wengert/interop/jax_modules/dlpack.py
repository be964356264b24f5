"""`jax.dlpack`: arrays of other libraries, by the protocol DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from .numpy import array


def from_dlpack(external_array: Any, device: Any = None, copy: bool | None = None) -> Any:
    """An array of another library's as one of this."""
    return array(np.from_dlpack(external_array))


def is_supported_dtype(dtype: Any) -> bool:
    """Whether arrays of a dtype can be handed over."""
    return np.dtype(dtype).kind in "biufc"


__all__ = ["from_dlpack", "is_supported_dtype"]
