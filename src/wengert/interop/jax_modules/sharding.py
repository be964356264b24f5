"""`jax.sharding`: how arrays lie on devices, of which there is one: every sharding means that it holds all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import NotSupportedError
from ..array import Device


class PartitionSpec(tuple):
    """Names of mesh axes for the axes of an array.

    Example:
        >>> PartitionSpec("x", None)
        PartitionSpec('x', None)
    """

    __slots__ = ()

    def __new__(cls, *partitions: Any, unreduced: Any = frozenset(), reduced: Any = frozenset()) -> PartitionSpec:
        return super().__new__(cls, partitions)

    def __repr__(self) -> str:
        return f"PartitionSpec({', '.join(map(repr, self))})"

    def __str__(self) -> str:
        return f"P({', '.join(map(repr, self))})"

    UNCONSTRAINED = None


P = PartitionSpec


class Mesh:
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
        return self

    def __exit__(self, *_: Any) -> None:
        return None

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

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, NamedSharding) and (self.mesh, self.spec) == (other.mesh, other.spec)

    def __hash__(self) -> int:
        return hash((self.mesh, self.spec))

    def __repr__(self) -> str:
        return f"NamedSharding(mesh={self.mesh!r}, spec={self.spec!r}, memory_kind=device)"


class AxisType:
    """The kinds of mesh axes."""

    Auto, Explicit, Manual = "Auto", "Explicit", "Manual"


__all__ = ["AxisType", "Mesh", "NamedSharding", "PartitionSpec", "Sharding", "SingleDeviceSharding"]
