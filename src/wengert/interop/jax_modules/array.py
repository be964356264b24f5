"""`jax.Array` and `jax.Device`: the types of values and of the one device, as code written for JAX sees them."""

from __future__ import annotations

from typing import Any, Union

import numpy as np

from ...core import Tracer


class _ArrayType:
    """What ``isinstance(x, jax.Array)`` asks: NumPy arrays, NumPy scalars, and values under transformation.

    Scalars count: they are what results without axes are here. The one object of this class is no class itself,
    although it serves as one in isinstance and in annotations. matplotlib hands what is of the class ``jax.Array`` to
    NumPy and looks at the elements of that, which are scalars again, and so on without end.

    Example:
        >>> import numpy as np
        >>> isinstance(np.ones(3), Array), isinstance(np.float32(1), Array), isinstance(1.0, Array)
        (True, True, False)
    """

    __name__ = __qualname__ = "Array"
    __module__ = "jax"
    _kinds: tuple[type, ...] = (np.ndarray, np.generic, Tracer)

    def __instancecheck__(self, x: Any) -> bool:
        return isinstance(x, self._kinds)

    def __subclasscheck__(self, cls: type) -> bool:
        return issubclass(cls, self._kinds)

    def __or__(self, other: Any) -> Any:
        return Union[self, other]

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("jax.Array is for isinstance and annotations; make arrays with jax.numpy.array")

    def __repr__(self) -> str:
        return "<class 'jax.Array'>"


Array: Any = _ArrayType()


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
