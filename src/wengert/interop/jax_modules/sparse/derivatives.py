"""Derivatives by the numbers of sparse arguments: sparse, at the same places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import JAXSparse, jax, jnp
from .bcoo import BCOO


def _with_data(mat: Any, data: Any) -> Any:
    parts, told = mat.tree_flatten()
    return type(mat).tree_unflatten(told, (data, *parts[1:]))


def _of_data(name: str) -> Callable[..., Any]:
    def derivative(
        fun: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, **options: Any
    ) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            is_sparse = lambda x: isinstance(x, JAXSparse)  # noqa: E731
            leaves, tree = jax.tree.flatten(args, is_leaf=is_sparse)
            data = jax.tree.unflatten(tree, [a.data if is_sparse(a) else a for a in leaves])

            def of_data(*some: Any) -> Any:
                numbers = tree.flatten_up_to(some) if hasattr(tree, "flatten_up_to") else jax.tree.leaves(some)
                dressed = [_with_data(a, d) if is_sparse(a) else d for a, d in zip(leaves, numbers, strict=True)]
                return fun(*jax.tree.unflatten(tree, dressed), **kwargs)

            out = getattr(jax, name)(of_data, argnums, has_aux=has_aux, **options)(*data)
            several = isinstance(argnums, (tuple, list))
            of = tuple(args[i] for i in argnums) if several else args[argnums]
            dress = lambda found: _dressed(of, found, name)  # noqa: E731
            if name == "value_and_grad":
                return out[0], dress(out[1])
            return (dress(out[0]), out[1]) if has_aux else dress(out)

        return call

    return derivative


def _dressed(of: Any, found: Any, name: str) -> Any:
    """The derivative by each argument, sparse where that is."""
    leaves, tree = jax.tree.flatten(of, is_leaf=lambda x: isinstance(x, JAXSparse))
    if not any(isinstance(a, JAXSparse) for a in leaves):
        return found
    if name in ("grad", "value_and_grad"):
        parts = jax.tree.leaves(found)
        new = [_with_data(a, p) if isinstance(a, JAXSparse) else p for a, p in zip(leaves, parts, strict=True)]
        return jax.tree.unflatten(tree, new)
    if isinstance(of, BCOO):
        return jax.tree.map(lambda p: _jacobian(of, p), found)
    if isinstance(of, tuple) and isinstance(found, tuple) and len(of) == len(found):
        return tuple(_dressed(a, f, name) for a, f in zip(of, found, strict=True))
    raise NotImplementedError(f"sparse.{name}: results of several parts by {type(of).__name__} arguments")


def _jacobian(of: BCOO, rows: Any) -> BCOO:
    """Derivatives ``(*result, *data)`` as a batch of sparse arrays."""
    n = rows.ndim - of.data.ndim
    lead = rows.shape[:n]
    indices = jnp.broadcast_to(of.indices, (*lead, *of.indices.shape))
    return BCOO(
        (rows, indices),
        shape=(*lead, *of.shape),
        indices_sorted=of.indices_sorted,
        unique_indices=of.unique_indices,
    )


grad, value_and_grad, jacfwd, jacrev = map(_of_data, ("grad", "value_and_grad", "jacfwd", "jacrev"))
jacobian = jacrev
