"""`jax.Device`, of which there is one, and the part of an array that it holds."""

from __future__ import annotations

from typing import Any


class Device:
    """The host's processor, the only device there is.

    Example:
        >>> Device(0).platform, Device(0)
        ('cpu', CpuDevice(id=0))
    """

    __slots__ = ("id",)
    platform = device_kind = "cpu"
    process_index = 0
    client = None

    def __init__(self, number: int = 0) -> None:
        self.id = number

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device) and other.id == self.id

    def __hash__(self) -> int:
        return hash(("cpu", self.id))

    def __repr__(self) -> str:
        return f"CpuDevice(id={self.id})"

    def __str__(self) -> str:
        return f"cpu:{self.id}"


class Shard:
    """The part of an array that one device holds: all of it."""

    def __init__(self, data: Any) -> None:
        self.device, self.replica_id, self.data = Device(0), 0, data
        self.index = (slice(None),) * len(data.shape)

    def __repr__(self) -> str:
        return f"Shard(device={self.device!r}, index={self.index}, replica_id=0, data={self.data})"
