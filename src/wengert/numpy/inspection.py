"""What the Python array API standard asks a namespace about: its version, devices, dtypes and capabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..errors import ArgumentError
from .creation import on_host
from .dtypes import isdtype

__array_api_version__ = "2024.12"

_NARROW = ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "complex64")
_WIDE = ("int64", "uint64", "float64", "complex128")


class NamespaceInfo:
    """What ``__array_namespace_info__()`` returns.

    Example:
        >>> info = __array_namespace_info__()
        >>> info.default_device(), info.default_dtypes()["real floating"]
        ('cpu', dtype('float64'))
    """

    def capabilities(self) -> dict[str, Any]:
        """What depends on values is possible where numbers may be asked for: everywhere but in the bodies of loops and
        branches."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device of new arrays: there is one."""
        return "cpu"

    def devices(self) -> list[str]:
        """All devices."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype]:
        """The dtypes that Python's numbers become in this mode."""
        on_host(device)
        return {
            "real floating": config.float_dtype,
            "complex floating": config.complex_dtype,
            "integral": config.int_dtype,
            "indexing": config.int_dtype,
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype]:
        """The dtypes of the standard that this mode has, those of a `kind` (as `isdtype` takes it) if it is given.

        Raises:
            ArgumentError: there is no such kind.
        """
        on_host(device)
        names = _NARROW + _WIDE * config.enable_x64
        try:
            return {n: np.dtype(n) for n in names if kind is None or isdtype(np.dtype(n), kind)}
        except (ValueError, TypeError):
            raise ArgumentError(
                f"dtypes: kind is a name such as 'real floating', or a tuple of them; got {kind!r}"
            ) from None


def __array_namespace_info__() -> NamespaceInfo:
    """What this namespace has, as the Python array API standard 2024.12 asks for it.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.__array_namespace_info__().default_device()
        'cpu'
    """
    return NamespaceInfo()


__all__ = ["__array_api_version__", "__array_namespace_info__"]
