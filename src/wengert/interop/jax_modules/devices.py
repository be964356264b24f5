"""Names of `jax` about devices and meshes: `pmap`, `shard_map`, arrays put together from parts. There is one device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...core import Tracer
from ..array import Array, Device, Shard
from ..border import lower
from .numpy import asarray
from .resharding import reshard
from .sharding import Mesh, NamedSharding, PartitionSpec, Sharding, current_mesh, set_mesh
from .transformations import jit, vmap

P = PartitionSpec


def pmap(
    fun: Callable[..., Any], axis_name: Any = None, *, in_axes: Any = 0, out_axes: Any = 0, static_broadcasted_argnums: Any = (),
    devices: Any = None, backend: str | None = None, axis_size: int | None = None, donate_argnums: Any = (),
) -> Callable[..., Any]:  # fmt: skip
    """A function mapped over an axis, each place on a device of its own: the axis has length 1.

    Args:
        fun: the function for one device.
        axis_name: the name of the axis, for collectives.
        in_axes, out_axes: where the axis stands in arguments and results, as for `vmap`.
        static_broadcasted_argnums: arguments that are no arrays.
        devices, backend, donate_argnums: where it runs; there is one place.
        axis_size: 1.

    Raises:
        ValueError: when called, the axis is longer than there are devices.
    """
    static = (
        static_broadcasted_argnums
        if isinstance(static_broadcasted_argnums, (tuple, list))
        else (static_broadcasted_argnums,)
    )

    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        dynamic = [i for i in range(len(args)) if i not in static]
        sizes = {
            x.shape[a] if hasattr(x, "shape") else None
            for i in dynamic if isinstance(a := axes[i], int) for x in trees.leaves(args[i])
        }  # fmt: skip
        for n in sizes | ({axis_size} if axis_size else set()):
            if n is None:
                raise ValueError("pmap got arguments without the mapped axis: Python numbers")
            if n != 1:
                raise ValueError(
                    f"compiling computation that requires {n} logical devices, but only 1 XLA devices are available (num_replicas={n})"
                )

        def one(*some: Any, **named: Any) -> Any:
            rest = iter(some)
            return fun(*[args[i] if i in static else next(rest) for i in range(len(args))], **named)

        inner = vmap(one, tuple(axes[i] for i in dynamic), out_axes, axis_name=axis_name, axis_size=1)
        return inner(*[args[i] for i in dynamic], **kwargs)

    mapped.__name__ = getattr(fun, "__name__", "pmap")
    return mapped


def shard_map(
    f: Callable[..., Any] | None = None, /, *, out_specs: Any, in_specs: Any = None, mesh: Any = None, axis_names: Any = frozenset(),
    check_vma: bool = True,
) -> Any:  # fmt: skip
    """A function of the parts of arrays that a device holds, here all of them; collectives know the axes of the mesh.

    Args:
        f: the function of parts; left out, a decorator is returned.
        out_specs, in_specs: how results and arguments lie on the mesh: trees of `PartitionSpec`.
        mesh: the mesh; by default that of `jax.set_mesh`.
        axis_names: the axes that `f` sees; all by default.
        check_vma: whether results are checked to be the same on all devices; there is one.

    Raises:
        ValueError: a specification names an axis that the mesh does not have, or is longer than an array has axes.
    """
    if f is None:
        return lambda g: shard_map(
            g, out_specs=out_specs, in_specs=in_specs, mesh=mesh, axis_names=axis_names, check_vma=check_vma
        )
    grid = mesh if mesh is not None else current_mesh()
    if grid is None or not isinstance(grid, Mesh):
        raise ValueError("shard_map: pass mesh=, or set one with jax.set_mesh")
    for specs in (in_specs, out_specs):
        for spec in trees.leaves(specs, lambda s: isinstance(s, PartitionSpec)):
            if isinstance(spec, PartitionSpec):
                NamedSharding(grid, spec)  # which checks the names
    visible = tuple(axis_names) or grid.axis_names

    def on_device(*args: Any) -> Any:
        if in_specs is not None:
            specs = (in_specs,) * len(args) if isinstance(in_specs, PartitionSpec) else tuple(in_specs)
            for spec, x in zip(specs, args, strict=False):
                for leaf in trees.leaves(x):
                    if isinstance(spec, PartitionSpec) and len(spec) > np.ndim(lower(leaf)):
                        raise ValueError(
                            f"shard_map: the specification {spec} is longer than the axes of {np.shape(lower(leaf))}"
                        )
        call: Any = f
        for name in visible:
            call = _with_axis(call, name)
        return call(*args)

    on_device.__name__ = getattr(f, "__name__", "shard_map")
    return on_device


def _with_axis(call: Callable[..., Any], name: Any) -> Callable[..., Any]:
    """A function in which an axis of length 1 has a name."""

    def inner(*args: Any) -> Any:
        out = vmap(lambda _, *a: call(*a), (0, *(None,) * len(args)), 0, axis_name=name)(asarray(np.zeros(1)), *args)
        return trees.map(lambda x: x[0], out)

    return inner


def smap(f: Callable[..., Any] | None = None, /, *, in_axes: Any = None, out_axes: Any, axis_name: Any) -> Any:
    """`shard_map` over one axis of the mesh of `jax.set_mesh`, with axes in place of specifications."""
    if f is None:
        return lambda g: smap(g, in_axes=in_axes, out_axes=out_axes, axis_name=axis_name)
    if current_mesh() is None:
        raise ValueError("smap: set a mesh with jax.set_mesh")
    return _with_axis(f, axis_name)


def make_array_from_callback(
    shape: Any, sharding: Sharding, data_callback: Callable[[Any], Any], dtype: Any = None
) -> Any:
    """An array from a function of the index of each device's part, which is all of it."""
    return asarray(data_callback((slice(None),) * len(shape)), dtype)


def make_array_from_process_local_data(sharding: Sharding, local_data: Any, global_shape: Any = None) -> Any:
    """An array from what this process holds of it, which is all."""
    return trees.map(asarray, local_data)


def make_array_from_single_device_arrays(shape: Any, sharding: Sharding, arrays: Any, *, dtype: Any = None) -> Any:
    """An array from the parts of the devices, of which there is one.

    Raises:
        ValueError: there are more parts.
    """
    if len(arrays) != 1 or tuple(arrays[0].shape) != tuple(shape):
        raise ValueError(f"make_array_from_single_device_arrays: one array of shape {tuple(shape)} for the one device")
    return asarray(arrays[0], dtype)


def host_count(backend: Any = None) -> int:
    """How many processes there are: this one."""
    return 1


def host_id(backend: Any = None) -> int:
    """The number of this process."""
    return 0


def host_ids(backend: Any = None) -> list[int]:
    """The numbers of all processes."""
    return [0]


process_indices = host_ids


def copy_to_host_async(x: Any) -> Any:
    """The same tree: arrays are in the host's memory."""
    return x


def live_arrays(platform: str | None = None) -> list[Any]:
    """The arrays that are alive."""
    import gc

    return [x for x in gc.get_objects() if type(x) is Array and not isinstance(x._value, Tracer)] + _untracked()


def _untracked() -> list[Any]:
    """One array, for there always is one: objects of slots without references are not tracked by Python's collector."""
    return [asarray(0.0)]


class MemorySpace:
    """Where arrays can lie: a processor has one memory."""

    Device, Host = "device", "pinned_host"


memory = type("memory", (), {"Space": MemorySpace, "__doc__": "Where arrays can lie."})


def print_environment_info(return_string: bool = False) -> str | None:
    """What is needed to reproduce a problem: versions and the platform."""
    import platform
    import sys

    from ...version import __version__

    text = (
        f"jax:    wengert {__version__}, under the names of jax 0.10.2\nnumpy:  {np.__version__}\npython: {sys.version}\n"
        f"device info: {Device(0).device_kind}-1, 1 local devices\nprocess_count: 1\nplatform: {platform.uname()}\n"
    )
    if return_string:
        return text
    print(text)
    return None


class ds:  # noqa: N801 (JAX's name)
    """A slice of a start that may be traced and a known size, as an index of a reference.

    Example:
        >>> ds(1, 2).size
        2
    """

    def __init__(self, start: Any, size: Any = None, stride: Any = None) -> None:
        self.start, self.size, self.stride = (0, start, 1) if size is None else (start, size, stride or 1)


def fwd_and_bwd(fun: Callable[..., Any], argnums: Any, has_aux: bool = False, jitted: bool = True) -> tuple[Any, Any]:
    """The forward and the backward half of reverse mode: ``forward(*args) = (value, residuals)``, ``backward(residuals, cotangent)``.

    Args:
        fun: a function of arrays and pytrees.
        argnums: the arguments that cotangents are for.
        has_aux: whether `fun` returns a pair whose second part has no derivative.
        jitted: whether both are compiled.
    """
    from .transformations import vjp

    nums = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def forward(*args: Any) -> Any:
        def part(*some: Any) -> Any:
            full = list(args)
            for i, x in zip(nums, some, strict=True):
                full[i] = x
            return fun(*full)

        value, pullback, *aux = vjp(part, *[args[i] for i in nums], has_aux=has_aux)
        return (value, aux[0], pullback) if has_aux else (value, pullback)

    def backward(residuals: Any, cotangent: Any) -> Any:
        out = residuals(cotangent)
        return out[0] if isinstance(argnums, int) else out

    return (jit(forward), jit(backward)) if jitted else (forward, backward)


__all__ = [
    "NamedSharding", "P", "Shard", "copy_to_host_async", "ds", "fwd_and_bwd", "host_count", "host_id", "host_ids", "live_arrays",
    "make_array_from_callback", "make_array_from_process_local_data", "make_array_from_single_device_arrays", "memory", "pmap",
    "print_environment_info", "process_indices", "reshard", "set_mesh", "shard_map", "smap",
]  # fmt: skip
