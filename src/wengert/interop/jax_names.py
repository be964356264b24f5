"""Code written for JAX, run here: `install` makes ``import jax`` and its submodules mean this library.

Values stay NumPy arrays, in 32-bit mode as JAX has it.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ..config import config

# JAX's module -> ours; a name that ours lacks is looked up in the extra names below.
_MODULES = {
    "jax": "wengert",
    "jax.numpy": "wengert.numpy",
    "jax.numpy.linalg": "wengert.numpy.linalg",
    "jax.numpy.fft": "wengert.numpy.fft",
    "jax.random": "wengert.random",
    "jax.lax": "wengert.lax",
    "jax.nn": "wengert.nn",
    "jax.tree": "wengert.tree",
    "jax.tree_util": "wengert.tree_util",
    "jax.test_util": "wengert.testing",
    "jax.scipy": "wengert.scipy",
    "jax.scipy.special": "wengert.scipy.special",
}


class _Names(ModuleType):
    """A module of JAX's name that takes everything from one of ours."""

    def __init__(self, name: str, target: str) -> None:
        super().__init__(name, f"{target} under JAX's name")
        self._target = target
        self.__path__: list[str] = []

    def __getattr__(self, attribute: str) -> Any:
        full = f"{self.__name__}.{attribute}"
        if full in _MODULES:
            return importlib.import_module(full)
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        ours = importlib.import_module(self._target)
        if hasattr(ours, attribute):
            return getattr(ours, attribute)
        if self.__name__ == "jax" and attribute in _EXTRA:
            return _EXTRA[attribute]
        near = difflib.get_close_matches(attribute, dir(ours), 1)
        raise AttributeError(
            f"wengert has no {full}" + (f"; the nearest name of {self._target} is {near[0]}" if near else "")
        )

    def __dir__(self) -> list[str]:
        return sorted({*dir(importlib.import_module(self._target)), *_EXTRA})


def _block_until_ready(x: Any) -> Any:
    return x


def _devices(*_: Any) -> list[str]:
    return ["cpu"]


def _array_type() -> type:
    import numpy

    return numpy.ndarray


_EXTRA: dict[str, Any] = {
    "block_until_ready": _block_until_ready,
    "devices": _devices,
    "device_put": lambda x, *_: x,
    "device_get": lambda x: x,
    "Array": _array_type(),
    "default_backend": lambda: "cpu",
}


class _Finder:
    """Imports of ``jax`` and of what stands below it."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name.split(".")[0] != "jax":
            return None
        from importlib.machinery import ModuleSpec

        if name not in _MODULES:
            raise ModuleNotFoundError(f"wengert has nothing under the name {name}", name=name)
        return ModuleSpec(name, _Loader(), is_package=True)  # type: ignore[arg-type]


class _Loader:
    def create_module(self, spec: Any) -> ModuleType:
        return _Names(spec.name, _MODULES[spec.name])

    def exec_module(self, module: ModuleType) -> None:
        importlib.import_module(module._target)


def install() -> None:
    """Make ``import jax`` mean this library in this process, in 32-bit mode.

    Example:
        >>> from wengert.interop import jax_names
        >>> with jax_names.as_jax():
        ...     import jax.numpy as jnp
        ...     jnp.ones(2).dtype
        dtype('float32')
    """
    if any(isinstance(f, type) and f is _Finder for f in sys.meta_path):
        return
    for name in [n for n in sys.modules if n.split(".")[0] == "jax"]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder)
    config.enable_x64 = False


@contextmanager
def as_jax() -> Iterator[None]:
    """A context in which ``import jax`` means this library; imports and settings are put back after it."""
    kept = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "jax"}
    x64 = config.enable_x64
    install()
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)
        for name in [n for n in sys.modules if n.split(".")[0] == "jax"]:
            del sys.modules[name]
        sys.modules.update(kept)
        config.enable_x64 = x64
