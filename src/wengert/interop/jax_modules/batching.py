"""`jax.interpreters.batching`: the batching rules of primitives in JAX's form."""

from __future__ import annotations

from typing import Any

from ...errors import NotSupportedError
from ..extend import overriding as _overriding  # noqa: F401 - rules for JAX's own primitives
from ..extend.primitive import AXIS_BATCHERS, BATCHERS, FANCY_BATCHERS, AxisData, Primitive

primitive_batchers, axis_primitive_batchers, fancy_primitive_batchers = BATCHERS, AXIS_BATCHERS, FANCY_BATCHERS
not_mapped = None


def broadcast(x: Any, sz: int, axis: int, mesh_axis: Any = None) -> Any:
    """Copies of an array along a new axis."""
    from ..lax.shapes import broadcast_in_dim

    shape = list(x.shape)
    shape.insert(axis, sz)
    return broadcast_in_dim(x, tuple(shape), tuple(i for i in range(len(shape)) if i != axis))


def bdim_at_front(x: Any, bdim: int | None, size: int, mesh_axis: Any = None) -> Any:
    """An array with its batch axis in front; copies where it has none."""
    return broadcast(x, size, 0) if bdim is None else moveaxis(x, bdim, 0)


def moveaxis(x: Any, src: int | None, dst: int) -> Any:
    """An array with an axis elsewhere."""
    from ..lax.shapes import transpose

    if src is None or src == dst:
        return x
    order = [i for i in range(x.ndim) if i != src]
    order.insert(dst, src)
    return transpose(x, tuple(order))


def defvectorized(prim: Primitive) -> None:
    """Say that a primitive of one argument works element by element along a batch."""
    primitive_batchers[prim] = lambda args, dims, **params: (prim.bind(*args, **params), dims[0])


def defbroadcasting(prim: Primitive) -> None:
    """Say that a primitive works element by element on arrays of one shape, those that are no batch repeated."""

    def rule(args: Any, dims: Any, **params: Any) -> Any:
        size = next(x.shape[d] for x, d in zip(args, dims, strict=True) if d is not None)
        return prim.bind(*[bdim_at_front(x, d, size) for x, d in zip(args, dims, strict=True)], **params), 0

    primitive_batchers[prim] = rule


def defreducer(prim: Primitive) -> None:
    """Say that a primitive reduces the axes of its parameter `axes`."""

    def rule(args: Any, dims: Any, axes: Any, **params: Any) -> Any:
        (x,), (d,) = args, dims
        return prim.bind(moveaxis(x, d, 0), axes=tuple(a + 1 for a in axes), **params), 0

    primitive_batchers[prim] = rule


def register_vmappable(data_type: type, *_: Any, **__: Any) -> None:
    """Batches are arrays and trees of them here.

    Raises:
        NotSupportedError: always.
    """
    raise NotSupportedError(
        f"register_vmappable: {data_type.__name__} cannot be mapped over by a rule of its own; register it as a node of trees with "
        f"jax.tree_util.register_pytree_node"
    )


def unregister_vmappable(data_type: type) -> None:
    """Nothing to do: none is registered."""


__all__ = [
    "AxisData", "axis_primitive_batchers", "bdim_at_front", "broadcast", "defbroadcasting", "defreducer", "defvectorized",
    "fancy_primitive_batchers", "moveaxis", "not_mapped", "primitive_batchers", "register_vmappable", "unregister_vmappable",
]  # fmt: skip
