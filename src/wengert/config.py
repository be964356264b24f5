"""Settings: one object, read on hot paths as plain attributes.

Nothing but settings lives here, and nothing here imports the rest of the library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Config:
    """The library's settings.

    Attributes:
        enable_x64: ``True`` (the default) makes float64 the default dtype, as in NumPy. ``False`` is JAX's
            32-bit mode: Python numbers become float32 and int32 and no operation returns a 64-bit array.
        max_paths: how many ways through its Python control flow `jit` compiles of one function.

    Example:
        >>> import wengert
        >>> import wengert.numpy as wnp
        >>> with wengert.config.override(enable_x64=False):
        ...     wnp.sin(1.0).dtype
        dtype('float32')
    """

    __slots__ = ("_x64", "float_dtype", "int_dtype", "complex_dtype", "uint_dtype", "max_paths")

    float_dtype: np.dtype
    int_dtype: np.dtype
    complex_dtype: np.dtype
    uint_dtype: np.dtype

    def __init__(self) -> None:
        self.enable_x64 = True
        self.max_paths = 64

    @property
    def enable_x64(self) -> bool:
        return self._x64

    @enable_x64.setter
    def enable_x64(self, on: bool) -> None:
        self._x64 = bool(on)
        self.float_dtype = np.dtype(np.float64 if on else np.float32)
        self.int_dtype = np.dtype(np.int64 if on else np.int32)
        self.uint_dtype = np.dtype(np.uint64 if on else np.uint32)
        self.complex_dtype = np.dtype(np.complex128 if on else np.complex64)

    def update(self, name: str, value: Any) -> None:
        """Set a setting by name, with or without JAX's ``jax_`` before it.

        Raises:
            AttributeError: there is no setting of that name.
        """
        key = name.removeprefix("jax_")
        if key != "enable_x64":
            raise AttributeError(f"config has no setting {name!r}; it has: enable_x64")
        self.enable_x64 = value

    @contextmanager
    def override(self, *, enable_x64: bool) -> Iterator[Config]:
        """A context in which a setting has another value; the old one comes back whatever is raised."""
        old = self.enable_x64
        self.enable_x64 = enable_x64
        try:
            yield self
        finally:
            self.enable_x64 = old

    def __repr__(self) -> str:
        return f"Config(enable_x64={self.enable_x64})"


config = Config()

_NARROW: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.uint64): np.dtype(np.uint32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}


def canonical_dtype(dtype: Any) -> np.dtype:
    """The dtype that this mode gives where `dtype` was asked for: 64-bit kinds become 32-bit in 32-bit mode."""
    d = np.dtype(dtype)
    return d if config._x64 else _NARROW.get(d, d)


def default_dtype(scalar_type: type) -> np.dtype:
    """The dtype a Python scalar type stands for in this mode."""
    if scalar_type is float:
        return config.float_dtype
    if scalar_type is bool:
        return np.dtype(np.bool_)
    if scalar_type is int:
        return config.int_dtype
    if scalar_type is complex:
        return config.complex_dtype
    raise TypeError(f"{scalar_type.__name__} is not a Python number type")
