"""Names of `jax` itself: devices, settings and conveniences, as they are where arrays are NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from ... import trees
from ...config import canonical_dtype
from ...errors import NotSupportedError
from ..border import Outer, lift, lower, lowered
from . import transformations
from .array import Array, Device
from .custom_derivatives import custom_gradient
from .dtypes import float0
from .numpy import asarray
from .settings import config, debug_infs, debug_nans
from .settings import enable_x64 as enable_x64
from .sharding import Mesh, Sharding
from .transformations import *  # noqa: F403

__version_info__ = (0, 10, 2)
__version__ = "0.10.2"  # the version whose names and random streams are followed
version = type("version", (), {"__version__": __version__, "__version_info__": __version_info__})


def devices(backend: str | None = None) -> list[Device]:
    """The devices there are: one.

    Raises:
        RuntimeError: `backend` is not the host's processor.
    """
    if backend not in (None, "cpu"):
        raise RuntimeError(f"there is no backend {backend!r}: arrays live in the host's memory; use devices('cpu')")
    return [Device(0)]


def local_devices(process_index: int | None = None, backend: str | None = None, host_id: Any = None) -> list[Device]:
    """The devices of this process: one."""
    return devices(backend)


def device_count(backend: str | None = None) -> int:
    """How many devices there are."""
    return len(devices(backend))


local_device_count = device_count


def process_count(backend: str | None = None) -> int:
    """How many processes work together: this one."""
    return 1


def process_index(backend: str | None = None) -> int:
    """The number of this process."""
    return 0


def default_backend() -> str:
    """The name of the platform that computations run on."""
    return "cpu"


def device_put(x: Any, device: Any = None, *, src: Any = None, donate: bool = False, may_alias: Any = None) -> Any:
    """The leaves of a tree as arrays; they are where they should be already.

    Args:
        x: a pytree of arrays and numbers.
        device: the device of `devices`, or None.

    Raises:
        NotSupportedError: `device` is no device that there is.
    """
    if not all(isinstance(d, (Device, Sharding, type(None))) for d in trees.leaves(device)):
        raise NotSupportedError(f"device_put: arrays live in the host's memory, {device!r} is not there; leave it out")
    return trees.map(asarray, x)


def device_get(x: Any) -> Any:
    """A tree of NumPy arrays."""
    return trees.map(lambda v: np.asarray(v) if isinstance(v, (Array, np.ndarray)) else v, x)


def block_until_ready(x: Any) -> Any:
    """The same tree: results are always ready."""
    return x


def clear_caches() -> None:
    """Nothing is kept apart from the functions themselves: ``f.clear_cache()`` clears one."""


def effects_barrier() -> None:
    """Nothing to wait for: effects happen at once."""


def named_scope(name: str) -> Any:
    """A context that names a part of a computation, for JAX's profiler; it has no effect here."""
    return nullcontext()


def named_call(fun: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """The function itself: names of parts have no effect here."""
    return fun


@contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """A context for operations on known values, which are always evaluated at once here."""
    yield


@contextmanager
def default_device(device: Any) -> Iterator[None]:
    """A context in which arrays are made on a device: the one there is."""
    device_put(0, device)
    yield


@contextmanager
def default_matmul_precision(precision: Any) -> Iterator[None]:
    """A context that asks for a precision of products; they are always computed in their full dtype here."""
    yield


@contextmanager
def checking_leaks() -> Iterator[None]:
    """A context that finds leaked tracers; they are always found, when they are used."""
    yield


stages = type("stages", (), {"Wrapped": Outer, "__doc__": "The type of functions under jit."})


def pure_callback(
    callback: Callable[..., Any], result_shape_dtypes: Any, *args: Any, sharding: Any = None, vmap_method: Any = None,
    vectorized: Any = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """The results of a Python function of known values, called whenever the program runs.

    Args:
        callback: a function of arrays that gives arrays of the shapes and dtypes of `result_shape_dtypes`.
        result_shape_dtypes: a tree of objects with a shape and a dtype.
        args, kwargs: trees of arrays.
        vmap_method, vectorized: taken; under `vmap` the function is called once for each example.
    """
    from ...transforms import callbacks

    told = trees.map(lambda s: transformations.ShapeDtypeStruct(s.shape, canonical_dtype(s.dtype)), result_shape_dtypes)
    return lift(callbacks.pure_callback(lowered(callback), told, *lower(args), **lower(kwargs)))


def make_mesh(axis_shapes: Any, axis_names: Any, axis_types: Any = None, *, devices: Any = None) -> Mesh:
    """A `jax.sharding.Mesh` of the one device."""
    return Mesh(np.array([Device(0)], object).reshape(tuple(axis_shapes)), axis_names, axis_types)


__all__ = [
    *transformations.__all__, "make_mesh", "pure_callback",
    "Array", "Device", "block_until_ready", "checking_leaks", "clear_caches", "config", "custom_gradient",
    "default_backend", "default_device", "default_matmul_precision", "device_count", "device_get", "device_put",
    "debug_infs", "debug_nans", "devices", "effects_barrier", "enable_x64", "ensure_compile_time_eval", "float0", "local_device_count",
    "local_devices", "named_call", "named_scope", "stages", "process_count", "process_index", "version",
]  # fmt: skip
