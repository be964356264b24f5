"""`jax.sharding`: how arrays lie on devices, of which there is one: every sharding means that it holds all of them."""

from __future__ import annotations

import enum
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...errors import NotSupportedError
from ..devices import Device


class PartitionSpec(tuple):
    """Names of mesh axes for the axes of an array.

    Example:
        >>> PartitionSpec("x", None)
        P('x', None)
    """

    __slots__ = ()

    def __new__(cls, *partitions: Any, unreduced: Any = frozenset(), reduced: Any = frozenset()) -> PartitionSpec:
        return super().__new__(cls, partitions)

    def __repr__(self) -> str:
        return f"P({', '.join(map(repr, self))})"

    __str__ = __repr__

    def update(self, **changed: Any) -> PartitionSpec:
        """The same with other names as ``partitions``."""
        return PartitionSpec(*changed.get("partitions", self))

    UNCONSTRAINED = None


P = PartitionSpec


class _Axes:
    """What a mesh tells of the kinds of its axes."""

    axis_names: tuple[Any, ...]
    axis_types: Any

    def _all(self, kind: Any) -> tuple[Any, ...]:
        kinds = self.axis_types
        if not isinstance(kinds, (tuple, list)):
            kinds = (AxisType.Auto if kinds is None else kinds,) * len(self.axis_names)
        return tuple(n for n, k in zip(self.axis_names, kinds, strict=True) if k is kind)

    auto_axes = property(lambda self: self._all(AxisType.Auto))
    explicit_axes = property(lambda self: self._all(AxisType.Explicit))
    manual_axes = property(lambda self: self._all(AxisType.Manual))
    are_all_axes_auto = property(lambda self: self.auto_axes == self.axis_names)
    are_all_axes_explicit = property(lambda self: bool(self.axis_names) and self.explicit_axes == self.axis_names)
    are_all_axes_manual = property(lambda self: bool(self.axis_names) and self.manual_axes == self.axis_names)


class Mesh(_Axes):
    """An array of devices with a name for each axis: one device, whatever the number of axes.

    Raises:
        NotSupportedError: there is more than one device in it.
    """

    def __init__(self, devices: Any, axis_names: Any, axis_types: Any = None) -> None:
        self.devices = np.asarray(devices, object)
        self.axis_names = (axis_names,) if isinstance(axis_names, str) else tuple(axis_names)
        if self.devices.size != 1 or self.devices.ndim != len(self.axis_names):
            raise NotSupportedError(
                f"Mesh: there is one device, got an array of shape {self.devices.shape} for axes {self.axis_names}"
            )
        self.axis_types = axis_types
        self.shape = dict(zip(self.axis_names, self.devices.shape, strict=True))
        self.size, self.empty = 1, False

    def __enter__(self) -> Mesh:
        _meshes.set((*_meshes.get(), self))
        return self

    def __exit__(self, *_: Any) -> None:
        _meshes.set(_meshes.get()[:-1])

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Mesh) and other.axis_names == self.axis_names

    def __hash__(self) -> int:
        return hash(self.axis_names)

    def __repr__(self) -> str:
        return f"Mesh({', '.join(f'{k!r}: {n}' for k, n in self.shape.items())})"


class Sharding:
    """How an array lies on devices: on the one there is, whole."""

    memory_kind = "device"
    device_set = property(lambda self: {Device(0)})
    addressable_devices = device_set
    is_fully_replicated = is_fully_addressable = property(lambda self: True)
    num_devices = 1

    def shard_shape(self, global_shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the part that a device holds: all of it."""
        return tuple(global_shape)

    def devices_indices_map(self, global_shape: tuple[int, ...]) -> dict[Device, Any]:
        """Which part of an array each device holds."""
        return {Device(0): (slice(None),) * len(global_shape)}

    def is_equivalent_to(self, other: Any, ndim: int) -> bool:
        return isinstance(other, Sharding)


class SingleDeviceSharding(Sharding):
    """On one device."""

    def __init__(self, device: Any = None, *, memory_kind: Any = None) -> None:
        self.device = device or Device(0)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, SingleDeviceSharding)

    def __hash__(self) -> int:
        return hash("single device")

    def __repr__(self) -> str:
        return f"SingleDeviceSharding(device={self.device!r}, memory_kind=device)"


class NamedSharding(Sharding):
    """On a `Mesh`, by the names of its axes."""

    def __init__(self, mesh: Mesh, spec: Any = PartitionSpec(), *, memory_kind: Any = None) -> None:  # noqa: B008
        self.mesh, self.spec = mesh, spec
        for name in [n for part in spec for n in (part if isinstance(part, tuple) else (part,))]:
            if name is not None and name not in mesh.axis_names:
                raise ValueError(f"NamedSharding: the mesh has no axis {name!r}; it has {mesh.axis_names}")

    def update(self, **changed: Any) -> NamedSharding:
        """The same with another mesh or specification."""
        return NamedSharding(**{"mesh": self.mesh, "spec": self.spec, **changed})

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, NamedSharding) and (self.mesh, self.spec) == (other.mesh, other.spec)

    def __hash__(self) -> int:
        return hash((self.mesh, self.spec))

    def __repr__(self) -> str:
        return f"NamedSharding(mesh={self.mesh!r}, spec={self.spec!r}, memory_kind=device)"


class AxisType(enum.Enum):
    """The kinds of mesh axes."""

    Auto = enum.auto()
    Explicit = enum.auto()
    Manual = enum.auto()

    def __repr__(self) -> str:
        return self.name


class AbstractMesh(_Axes):
    """The axes of a mesh, without devices."""

    def __init__(
        self, axis_sizes: Any, axis_names: Any, axis_types: Any = None, *, abstract_device: Any = None
    ) -> None:
        self.axis_sizes, self.axis_names, self.axis_types = tuple(axis_sizes), tuple(axis_names), axis_types
        self.abstract_device = abstract_device
        self.shape = dict(zip(self.axis_names, self.axis_sizes, strict=True))
        self.empty = not self.axis_names
        self.size = int(np.prod(self.axis_sizes, dtype=int))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, AbstractMesh) and other.shape == self.shape

    def __hash__(self) -> int:
        return hash((self.axis_names, self.axis_sizes))

    def __repr__(self) -> str:
        return f"AbstractMesh({', '.join(f'{k!r}: {n}' for k, n in self.shape.items())})"


def unspecified(ndim: int) -> NamedSharding:
    """The sharding of abstract values: no axis lies along one of a mesh, which has none."""
    no_mesh: Any = AbstractMesh((), ())
    return NamedSharding(no_mesh, PartitionSpec(*(None,) * ndim))


class AbstractDevice:
    """The kind of a device."""

    def __init__(self, device_kind: str, num_cores: int | None, platform: str | None = None) -> None:
        self.device_kind, self.num_cores, self.platform = device_kind, num_cores, platform


class ManualAxisType:
    """How an array differs along axes that a function sees; with one device, in no way."""

    def __init__(self, *, varying: Any = frozenset(), unreduced: Any = frozenset(), reduced: Any = frozenset()) -> None:
        self.varying, self.unreduced, self.reduced = frozenset(varying), frozenset(unreduced), frozenset(reduced)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, ManualAxisType) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((self.varying, self.unreduced, self.reduced))


_meshes: ContextVar[tuple[Any, ...]] = ContextVar("meshes", default=())


def current_mesh() -> Any:
    """The mesh that was set last, or None."""
    return (_meshes.get() or (None,))[-1]


class set_mesh:  # noqa: N801 (JAX's name)
    """Set the mesh: for the process when called, for a block as a context."""

    def __init__(self, mesh: Any) -> None:
        self.token = _meshes.set((*_meshes.get(), mesh))
        self.mesh = mesh

    def __enter__(self) -> Any:
        return self.mesh

    def __exit__(self, *_: Any) -> None:
        _meshes.reset(self.token)


use_abstract_mesh = set_mesh


def get_mesh() -> Any:
    """The mesh that was set last; one without axes if there is none."""
    mesh = current_mesh()
    return mesh if mesh is not None else AbstractMesh((), ())


def get_abstract_mesh() -> AbstractMesh:
    """The axes of the mesh that was set last."""
    mesh = get_mesh()
    return AbstractMesh(tuple(mesh.shape.values()), mesh.axis_names)


def make_single_device_sharding(device: Any, *, memory_kind: Any = None) -> SingleDeviceSharding:
    """The sharding of arrays on one device."""
    return SingleDeviceSharding(device, memory_kind=memory_kind)


def _as_it_is(f: Any = None, /, *, axes: Any = None, in_sharding: Any = None, out_sharding: Any = None) -> Any:
    """The function itself: the kinds of the axes of a mesh of one device make no difference."""
    return (lambda g: g) if f is None else f


auto_axes = explicit_axes = _as_it_is

__all__ = [
    "AbstractDevice", "AbstractMesh", "AxisType", "ManualAxisType", "Mesh", "NamedSharding", "PartitionSpec", "Sharding", "SingleDeviceSharding",
    "auto_axes", "explicit_axes", "get_abstract_mesh", "get_mesh", "make_single_device_sharding", "set_mesh",
    "use_abstract_mesh",
]  # fmt: skip
