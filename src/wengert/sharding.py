"""Functions over a mesh of devices, and arrays that are spread over one (docs/sharding.md)."""

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from collections.abc import Sequence as _Sequence
from typing import Any as _Any

from .nearest import nearest_names as _nearest_names
from .transforms.sharding import Mesh, PartitionSpec, shard_map, with_sharding_constraint

P = PartitionSpec


def from_parts(part: _Any, sharding: _Any, shape: _Sequence[int] | None = None) -> _Any:
    """An array whose parts are held by processes: each gives its own, and none holds more.

    Args:
        part: what this process has of the array, of any dtype: the parts of its devices, joined as they lie in the array.
        sharding: how the whole array lies on the devices of all processes, a ``jax.sharding.NamedSharding``.
        shape: of the whole array; None where it follows from the parts, which are then equally long.

    Returns:
        A ``jax.Array``.

    Raises:
        ImportError: JAX is not installed.

    Example:
        >>> from wengert.sharding import from_parts, P
        >>> mesh = jax.make_mesh((4,), ("data",))  # doctest: +SKIP
        >>> x = from_parts(rows_of_this_process, jax.sharding.NamedSharding(mesh, P("data")))  # doctest: +SKIP
    """
    from .xla import arrays

    return arrays.from_parts(part, sharding, shape)


def place(x: _Any, shardings: _Any) -> _Any:
    """Arrays on devices, where they are to lie; dtypes as they are, 64 bits too.

    Args:
        x: an array of NumPy's or of JAX's, or a pytree of them; with several processes each gives the whole array.
        shardings: a sharding of JAX's, a device, or a pytree prefix of them; None leaves an array where JAX puts it.

    Raises:
        ArgumentError: an axis cannot be cut as its sharding says.
        ImportError: JAX is not installed.

    Example:
        >>> from wengert.sharding import place
        >>> place(np.ones((8, 2)), sharding).addressable_shards[0].data.shape  # doctest: +SKIP
        (2, 2)
    """
    from .xla import arrays

    return arrays.place(x, shardings)


def whole(x: _Any) -> _Any:
    """Arrays of NumPy's of arrays on devices. What lies with several processes is gathered, so that each of them must call this.

    Args:
        x: an array, or a pytree of them.

    Raises:
        ImportError: JAX is not installed.

    Example:
        >>> from wengert.sharding import whole
        >>> whole(x).shape  # doctest: +SKIP
        (8, 2)
    """
    from .xla import arrays

    return arrays.whole(x)


__all__ = ["Mesh", "P", "PartitionSpec", "from_parts", "place", "shard_map", "whole", "with_sharding_constraint"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
