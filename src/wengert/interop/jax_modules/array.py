"""`jax.Array` and `jax.Device`: the types of values and of the one device, as code written for JAX sees them."""

from __future__ import annotations

from abc import ABC
from typing import Any

import numpy as np

from ...core import Tracer


class Array(ABC):
    """What ``isinstance(x, jax.Array)`` asks: NumPy arrays, and values under transformation.

    NumPy's scalars, which results without axes are, do not count: matplotlib turns what counts into arrays, whose
    elements are scalars again, and would never end.

    Example:
        >>> import numpy as np
        >>> isinstance(np.ones(3), Array), isinstance(1.0, Array)
        (True, False)
    """


Array.register(np.ndarray)
Array.register(Tracer)


class Device:
    """The host's processor, the only device there is.

    Example:
        >>> Device(0).platform, Device(0)
        ('cpu', CpuDevice(id=0))
    """

    __slots__ = ("id",)
    platform = device_kind = "cpu"
    process_index = 0

    def __init__(self, number: int = 0) -> None:
        self.id = number

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device) and other.id == self.id

    def __hash__(self) -> int:
        return hash(("cpu", self.id))

    def __repr__(self) -> str:
        return f"CpuDevice(id={self.id})"

    __str__ = __repr__
