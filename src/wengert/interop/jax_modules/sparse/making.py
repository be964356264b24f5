"""Sparse arrays from nothing: empty, of ones on a diagonal, random; and dense ones of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...jax_names import alias_name
from .base import JAXSparse, jax, jnp
from .bcoo import BCOO
from .compressed import BCSR, COO, CSC, CSR

_FORMATS: dict[str, Any] = {"bcoo": BCOO, "bcsr": BCSR, "coo": COO, "csr": CSR, "csc": CSC}


def _format(name: str) -> Any:
    if name not in _FORMATS:
        raise ValueError(f"sparse_format={name!r} not recognized; must be one of {list(_FORMATS)}")
    return _FORMATS[name]


def empty(
    shape: Sequence[int], dtype: Any = None, index_dtype: Any = "int32", sparse_format: str = "bcoo", **kwds: Any
) -> Any:
    """An array without elements.

    Args:
        shape, dtype: of the array.
        index_dtype: of the indices.
        sparse_format: "bcoo", "bcsr", "coo", "csr" or "csc".
        **kwds: of the format: `n_batch`, `n_dense`, `nse`.
    """
    return _format(sparse_format)._empty(tuple(shape), dtype=dtype, index_dtype=index_dtype, **kwds)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = None,
    index_dtype: Any = "int32",
    sparse_format: str = "bcoo",
    **kwds: Any,
) -> Any:  # noqa: N803
    """Ones on a diagonal, `k` places above the main one; the arguments as of `empty`."""
    m = N if M is None else M
    kind = _format(sparse_format)
    if kind in (BCOO, BCSR):
        made = _eye(N, m, k, dtype, index_dtype, **kwds)
        return made if kind is BCOO else BCSR.from_bcoo(made)
    return kind._eye(N, m, k, dtype=dtype, index_dtype=index_dtype, **kwds)


def _eye(N: int, M: int, k: int, dtype: Any, index_dtype: Any, n_batch: int = 0, n_dense: int = 0) -> BCOO:  # noqa: N803
    if n_batch + n_dense > 2 or n_batch < 0 or n_dense < 0:
        raise ValueError(f"eye: n_batch={n_batch} and n_dense={n_dense} of two axes")
    if n_batch + n_dense == 2 or (n_batch == 0 and n_dense == 0):
        if n_batch + n_dense == 2:
            return BCOO.fromdense(jnp.eye(N, M, k, dtype or float), n_batch=n_batch, n_dense=n_dense, nse=1)
        rows = np.arange(max(0, -k), max(min(N, M - k), max(0, -k)))
        indices = np.stack([rows, rows + k], 1).astype(index_dtype)
        data = jnp.ones(len(rows), dtype or float)
        return BCOO((data, jnp.asarray(indices)), shape=(N, M), indices_sorted=True, unique_indices=True)
    return BCOO.fromdense(jnp.eye(N, M, k, dtype or float), n_batch=n_batch, n_dense=n_dense, index_dtype=index_dtype)


def random_bcoo(
    key: Any, shape: Sequence[int], *, dtype: Any = float, indices_dtype: Any = None, nse: float = 0.2, n_batch: int = 0,
    n_dense: int = 0, unique_indices: bool = True, sorted_indices: bool = False, generator: Any = None, **kwds: Any,
) -> BCOO:  # fmt: skip
    """A random array.

    Args:
        key: of random numbers.
        shape, dtype: of the array.
        indices_dtype: of the indices.
        nse: how many elements each batch has; a fraction of its places if it is below 1.
        n_batch, n_dense: the layout.
        unique_indices: whether each place occurs once.
        sorted_indices: whether the places are in order.
        generator: of the numbers, called with a key, a shape and a dtype; `jax.random.uniform` by default.
        **kwds: for `generator`.
    """
    shape = tuple(shape)
    n_sparse = len(shape) - n_batch - n_dense
    if n_sparse < 0 or n_batch < 0 or n_dense < 0:
        raise ValueError(f"random_bcoo: n_batch={n_batch}, n_dense={n_dense} of an array of {len(shape)} axes")
    batch, sparse, dense = shape[:n_batch], shape[n_batch : n_batch + n_sparse], shape[n_batch + n_sparse :]
    places = math.prod(sparse)
    count = math.ceil(nse * places) if 0 <= nse < 1 else int(nse)
    split, choice, uniform = (alias_name("jax.random", name) for name in ("split", "choice", "uniform"))
    data_key, index_key = split(key)

    def one(k: Any) -> Any:
        if not sparse:
            return jnp.zeros((count, 0), indices_dtype or np.int32)
        flat = choice(k, places, (count,), replace=not unique_indices)
        return jnp.stack(jnp.unravel_index(flat, sparse), -1).astype(indices_dtype or flat.dtype)

    if batch:
        indices = jax.vmap(one)(split(index_key, math.prod(batch))).reshape(*batch, count, n_sparse)
    else:
        indices = one(index_key)
    data = (generator or uniform)(data_key, (*batch, count, *dense), dtype, **kwds)
    made = BCOO((data, indices), shape=shape)
    return made.sort_indices() if sorted_indices else made


def todense(arr: Any) -> Any:
    """A sparse array as a dense one; a dense one as it is."""
    return arr.todense() if isinstance(arr, JAXSparse) else arr
