"""Names of `jax` itself: devices, settings and conveniences, as they are where arrays are NumPy's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from typing import Any

import numpy as np

from ... import trees
from ...transforms.jitted import clear_caches as _clear_caches
from ..leaks import checking_leaks
from ..versions import VERSION, VERSION_INFO
from ..wording import worded
from . import contexts, transformations
from . import devices as _devices
from .ad_checkpoint import checkpoint_policies
from .array import Array, Device
from .callbacks import pure_callback
from .contexts import *  # noqa: F403
from .custom_derivatives import custom_gradient
from .devices import *  # noqa: F403
from .dtypes import float0
from .numpy import asarray
from .ref import Ref, empty_ref, free_ref, freeze, new_ref
from .settings import config, debug_infs, debug_nans
from .settings import enable_x64 as enable_x64
from .sharding import Mesh, Sharding
from .transformations import *  # noqa: F403

__version_info__, __version__ = VERSION_INFO, VERSION
version = type("version", (), {"__version__": __version__, "__version_info__": __version_info__})


def devices(backend: str | None = None) -> list[Device]:
    """The devices there are: one.

    Raises:
        RuntimeError: `backend` is not the host's processor.
    """
    if backend not in (None, "cpu"):
        raise RuntimeError(
            f"Unknown backend {backend!r}: there is none but 'cpu', arrays live in the host's memory; use devices('cpu')"
        )
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
        ValueError: `device` is no device or sharding.
    """
    if not all(isinstance(d, (Device, Sharding, type(None))) for d in trees.leaves(device)):
        raise ValueError(
            f"`jax.device_put` only accepts `None`, `jax.sharding.Sharding`, `jax.Device`, `Format`, `jax.memory.Space` or a "
            f"pytree of these values. Received invalid value: {device}"
        )
    return trees.map(_put, x)


@worded
def _put(x: Any) -> Any:
    return asarray(x)


def device_get(x: Any) -> Any:
    """A tree of NumPy arrays."""
    return trees.map(lambda v: np.asarray(v) if isinstance(v, (Array, np.ndarray)) else v, x)


def block_until_ready(x: Any) -> Any:
    """The same tree: results are always ready."""
    return x


def make_user_context(default_value: Any = None) -> Any:
    """A value of the user's that contexts can set: ``with context(value): ...``; ``context.value`` reads it."""
    return _UserContext(default_value)


class _UserContext:
    def __init__(self, value: Any) -> None:
        self.value = value

    @contextmanager
    def __call__(self, value: Any) -> Iterator[None]:
        before, self.value = self.value, value
        try:
            yield
        finally:
            self.value = before


def clear_caches() -> None:
    """Forget all that was compiled; ``f.clear_cache()`` does so for one function."""
    _clear_caches()


def effects_barrier() -> None:
    """Nothing to wait for: effects happen at once."""


class named_scope(ContextDecorator):  # noqa: N801 (JAX's name)
    """A context, or a decorator, that names a part of a computation for profiles; it has no effect on what is computed.

    Raises:
        TypeError: the name is no text.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError("named_scope name argument must be a string.")
        self.name = name

    def __enter__(self) -> named_scope:
        return self

    def __exit__(self, *_: Any) -> None:
        return None


def named_call(fun: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """The function itself: names of parts have no effect here."""
    return fun


@contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """A context for operations on known values, which are always evaluated at once here."""
    yield


@contextmanager
def default_device(new_val: Any = None) -> Iterator[None]:
    """A context in which arrays are made on a device: the one there is."""
    device_put(0, new_val)
    yield


@contextmanager
def default_matmul_precision(new_val: Any = None) -> Iterator[None]:
    """A context that asks for a precision of products; they are always computed in their full dtype here."""
    yield


def make_mesh(axis_shapes: Any, axis_names: Any, axis_types: Any = None, *, devices: Any = None) -> Mesh:
    """A `jax.sharding.Mesh` of the one device."""
    if int(np.prod(tuple(axis_shapes), dtype=int)) != 1:
        raise ValueError(f"Number of devices 1 must be >= the product of mesh_shape {tuple(axis_shapes)}")
    return Mesh(np.array([Device(0)], object).reshape(tuple(axis_shapes)), axis_names, axis_types)


__all__ = [
    *transformations.__all__, *contexts.__all__, *_devices.__all__, "Ref", "empty_ref", "free_ref", "freeze", "new_ref",
    "make_mesh", "make_user_context", "pure_callback",
    "Array", "Device", "block_until_ready", "checking_leaks", "checkpoint_policies", "clear_caches", "config", "custom_gradient",
    "default_backend", "default_device", "default_matmul_precision", "device_count", "device_get", "device_put",
    "debug_infs", "debug_nans", "devices", "effects_barrier", "enable_x64", "ensure_compile_time_eval", "float0", "local_device_count",
    "local_devices", "named_call", "named_scope", "process_count", "process_index", "version",
]  # fmt: skip
