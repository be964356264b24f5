"""JAX's methods and attributes on NumPy's own arrays and scalars, while code written for JAX runs here.

`np.ndarray` and `np.generic` are static types: Python refuses ``setattr`` on them, although their attributes live in a
dictionary like those of any class. `add` writes into that dictionary (what a type's read-only ``__dict__`` refers to,
by the garbage collector's account) and tells the interpreter with ``PyType_Modified``, which drops every cached lookup
on the type and its subclasses. Nothing else changes, so that no operation costs more; `remove` takes the names away
again. An attribute that NumPy has already is never replaced.

What is added are the names of `jax.Array`: `at`, `block_until_ready`, `devices`, `weak_type`, `aval` and their like.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import numpy as np

from ..core import Tracer, aval_of
from ..errors import NotSupportedError
from ..ops.updates import at
from .jax_modules.array import Device


def _block_until_ready(self: Any) -> Any:
    """The array itself: results are always ready here."""
    return self


def _copy_to_host_async(self: Any) -> None:
    """Nothing to do: arrays are in the host's memory."""


def _devices(self: Any) -> set[Device]:
    """The set of devices that hold the array: the host's processor."""
    return {Device(0)}


def _yes(self: Any) -> bool:
    return True


def _no(self: Any) -> bool:
    return False


# The descriptors are kept here for good: a lookup that is cached somewhere in the interpreter never outlives them.
NAMES: dict[str, Any] = {
    "at": property(at, doc="Functional updates: ``x.at[index].set(values)``."),
    "aval": property(aval_of, doc="The abstract value: shape, dtype, weakness."),
    "block_until_ready": _block_until_ready,
    "copy_to_host_async": _copy_to_host_async,
    "devices": _devices,
    "is_deleted": _no,
    "is_fully_addressable": property(_yes, doc="True: arrays are in this process."),
    "is_fully_replicated": property(_yes, doc="True: there is one device."),
    "is_ready": _yes,
    "weak_type": property(lambda self: aval_of(self).weak, doc="Whether the dtype gives way to others."),
}
_TYPES: tuple[type, ...] = (np.ndarray, np.generic)
_added: list[tuple[type, str]] = []


def _dictionary(cls: type) -> dict[str, Any]:
    """The dictionary behind a type's read-only ``__dict__``."""
    found = gc.get_referents(cls.__dict__)
    if len(found) != 1 or type(found[0]) is not dict or found[0].get("__doc__") is not cls.__dict__["__doc__"]:
        raise LookupError(f"the attributes of {cls.__name__} are not in a dictionary")
    return found[0]


def _modified(cls: type) -> None:
    modified = ctypes.pythonapi.PyType_Modified
    modified.argtypes, modified.restype = [ctypes.py_object], None
    modified(cls)


def add() -> None:
    """Give NumPy's arrays and scalars, and tracers, the names of `jax.Array` that they lack.

    Raises:
        NotSupportedError: this Python does not let the attributes of NumPy's types be changed.

    Example:
        >>> import numpy as np
        >>> from wengert.interop import array_methods
        >>> array_methods.add()
        >>> np.zeros(3).at[1].set(5.0)
        array([0., 5., 0.])
        >>> array_methods.remove()
        >>> hasattr(np.zeros(3), "at")
        False
    """
    if _added:
        return
    for name, value in NAMES.items():
        if not hasattr(Tracer, name):
            setattr(Tracer, name, value)
    try:
        for cls in _TYPES:
            attributes = _dictionary(cls)
            for name, value in NAMES.items():
                if not hasattr(cls, name):
                    attributes[name] = value
                    _added.append((cls, name))
            _modified(cls)
        if np.zeros(2).at[0].set(1.0)[0] != 1.0 or np.float32(1).block_until_ready() != 1:  # type: ignore[attr-defined]
            raise LookupError("the names did not arrive")
    except Exception as error:
        remove()
        raise NotSupportedError(
            f"this Python does not let NumPy's arrays have the methods of jax.Array ({error}): install with "
            f"jax_names.install(array_methods=False), and write jax.numpy.at(x)[i].set(v) for x.at[i].set(v) and "
            f"jax.block_until_ready(x) for x.block_until_ready()"
        ) from error


def remove() -> None:
    """Take the names away from NumPy's types that `add` gave them."""
    while _added:
        cls, name = _added.pop()
        del _dictionary(cls)[name]
        _modified(cls)
