"""`BCOO`: batched coordinates. The axes of the array are batch axes, sparse ones and dense ones, in this order.

``data`` has the shape ``(*batch, nse, *dense)``, ``indices`` ``(*batch, nse, n_sparse)``. An index beyond the shape stands for
nothing: every batch has the same number of elements, and some are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import trees
from ....core import Tracer
from .base import JAXSparse, SparseEfficiencyError, SparseEfficiencyWarning, fitting, given, jnp, over_batch


class BCOO(JAXSparse):
    """An array by the elements that are not zero.

    Args:
        args: ``(data, indices)``: numbers ``(*batch, nse, *dense)``, and their indices as integers
            ``(*batch, nse, n_sparse)``. Those beyond the shape stand for nothing. A batch axis may have the length 1.
        shape: of the array.
        indices_sorted, unique_indices: promises about the indices.

    Example:
        >>> import numpy as np
        >>> m = BCOO.fromdense(np.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> m, m @ np.array([1.0, 10.0])
        (BCOO(float64[2, 2], nse=2), Array([20.,  3.], dtype=float64))
    """

    indices: Any

    def __init__(
        self, args: tuple[Any, Any], *, shape: Sequence[int], indices_sorted: bool = False, unique_indices: bool = False
    ) -> None:
        self.data, self.indices = map(given, args)
        self.indices_sorted, self.unique_indices = bool(indices_sorted), bool(unique_indices)
        super().__init__(args, shape=shape)

    nse = property(lambda self: self.indices.shape[-2])
    n_batch = property(lambda self: self.indices.ndim - 2)
    n_sparse = property(lambda self: self.indices.shape[-1])
    n_dense = property(lambda self: self.data.ndim - 1 - self.n_batch)

    batch_shape = property(lambda self: self.shape[: self.n_batch])
    sparse_shape = property(lambda self: self.shape[self.n_batch : self.n_batch + self.n_sparse])
    dense_shape = property(lambda self: self.shape[self.n_batch + self.n_sparse :])

    @classmethod
    def fromdense(
        cls, mat: Any, *, nse: int | None = None, index_dtype: Any = np.int32, n_dense: int = 0, n_batch: int = 0
    ) -> BCOO:
        """The nonzero elements of an array; `nse` of them, in each batch, if it is told."""
        return bcoo_fromdense(mat, nse=nse, index_dtype=index_dtype, n_dense=n_dense, n_batch=n_batch)

    @classmethod
    def from_scipy_sparse(cls, mat: Any, *, index_dtype: Any = None, n_dense: int = 0, n_batch: int = 0) -> BCOO:
        """The same of one of SciPy's.

        Raises:
            NotImplementedError: `n_dense` or `n_batch` is not 0.
        """
        if n_dense or n_batch:
            raise NotImplementedError("BCOO.from_scipy_sparse: SciPy's have neither batch nor dense axes")
        m = mat.tocoo()
        indices = np.stack([m.row, m.col], 1).astype(index_dtype or np.int32)
        return cls((jnp.asarray(m.data), jnp.asarray(indices)), shape=m.shape)

    @classmethod
    def _empty(
        cls, shape: Sequence[int], *, dtype: Any = None, index_dtype: Any = "int32", n_dense: int = 0, n_batch: int = 0,
        nse: int = 0,
    ) -> BCOO:  # fmt: skip
        shape = tuple(shape)
        n_sparse = len(shape) - n_dense - n_batch
        if n_sparse < 0 or n_dense < 0 or n_batch < 0 or nse < 0:
            raise ValueError(f"BCOO: shape {shape} has no room for n_batch={n_batch}, n_dense={n_dense}, nse={nse}")
        batch, sparse, dense = shape[:n_batch], shape[n_batch : n_batch + n_sparse], shape[n_batch + n_sparse :]
        indices = jnp.broadcast_to(jnp.asarray(np.array(sparse, index_dtype)), (*batch, nse, n_sparse))
        data = jnp.zeros((*batch, nse, *dense), dtype or float)
        return cls((data, indices), shape=shape, indices_sorted=True, unique_indices=True)

    def full(self) -> tuple[Any, Any]:
        """Data and indices whose batch axes have the lengths of the array's."""
        data, indices, batch = self.data, self.indices, self.batch_shape
        if data.shape[: len(batch)] != batch:
            data = jnp.broadcast_to(data, (*batch, *data.shape[len(batch) :]))
        if indices.shape[: len(batch)] != batch:
            indices = jnp.broadcast_to(indices, (*batch, *indices.shape[len(batch) :]))
        return data, indices

    def with_data(self, data: Any) -> BCOO:
        """Other numbers at the same places."""
        return BCOO(
            (data, self.indices),
            shape=self.shape,
            indices_sorted=self.indices_sorted,
            unique_indices=self.unique_indices,
        )

    def todense(self) -> Any:
        """The array itself; elements at the same place are added."""
        return bcoo_todense(self)

    def astype(self, dtype: Any, *_: Any, **__: Any) -> BCOO:
        """The array in another dtype."""
        return self.with_data(self.data.astype(dtype))

    def sort_indices(self) -> BCOO:
        """The elements in the order of their indices."""
        return bcoo_sort_indices(self)

    def sum_duplicates(self, nse: int | None = None, remove_zeros: bool = True) -> BCOO:
        """One element for each place; `nse` of them if it is told, as it must be where indices are traced."""
        return _sum_duplicates(self, nse, remove_zeros)

    def update_layout(
        self, *, n_batch: int | None = None, n_dense: int | None = None, on_inefficient: str | None = "error"
    ) -> BCOO:
        """The array with other numbers of batch and dense axes."""
        return bcoo_update_layout(self, n_batch=n_batch, n_dense=n_dense, on_inefficient=on_inefficient)

    def tree_flatten(self) -> tuple[Any, Any]:
        """The parts of the tree, and what is told beside them."""
        told = {
            "shape": self.shape,
            "indices_sorted": self.indices_sorted,
            "unique_indices": self.unique_indices,
        }
        return (self.data, self.indices), told

    @classmethod
    def tree_unflatten(cls, aux_data: Any, children: Any) -> BCOO:
        """The array of its parts."""
        out = object.__new__(cls)
        data, indices = out.data, out.indices = children
        out.__dict__.update(aux_data)
        if getattr(indices, "ndim", 0) >= 2 and getattr(data, "ndim", 0) >= indices.ndim - 1:
            n = indices.ndim - 2
            rest = indices.shape[-1] + data.ndim - 1 - n
            out.shape = fitting(out.shape, rest, indices.shape[:n], data.shape[:n])
        return out


trees.register(
    BCOO,
    lambda m: (m.tree_flatten()[0], (m.shape, m.indices_sorted, m.unique_indices)),
    lambda told, parts: BCOO.tree_unflatten(
        dict(zip(("shape", "indices_sorted", "unique_indices"), told, strict=True)), tuple(parts)
    ),
)


def columns(indices: Any) -> tuple[Any, ...]:
    """The indices of each sparse axis."""
    return tuple(indices[..., k] for k in range(indices.shape[-1]))


def place(data: Any, indices: Any, sparse_shape: Sequence[int]) -> Any:
    """The dense array of one batch."""
    if not len(sparse_shape):
        return data.sum(0)
    start = jnp.zeros((*sparse_shape, *data.shape[1:]), data.dtype)
    if data.dtype == bool:
        return start.at[columns(indices)].max(data, mode="drop")
    return start.at[columns(indices)].add(data, mode="drop")


def bcoo_todense(mat: BCOO) -> Any:
    """The array itself; elements at the same place are added."""
    return over_batch(lambda d, i: place(d, i, mat.sparse_shape), mat.n_batch)(*mat.full())


def bcoo_fromdense(
    mat: Any, *, nse: int | None = None, n_batch: int = 0, n_dense: int = 0, index_dtype: Any = np.int32
) -> BCOO:
    """The nonzero elements of an array.

    Args:
        mat: an array.
        nse: how many elements each batch keeps; as many as needed by default, which asks for known values.
        n_batch, n_dense: how many axes at the beginning and at the end are not stored by indices.
        index_dtype: of the indices.
    """
    x = jnp.asarray(mat)
    if n_batch < 0 or n_dense < 0 or n_batch + n_dense > x.ndim:
        raise ValueError(f"bcoo_fromdense: n_batch={n_batch} and n_dense={n_dense} of an array of {x.ndim} axes")
    sparse_shape = x.shape[n_batch : x.ndim - n_dense]
    mask = (x != 0) if not n_dense else (x != 0).any(tuple(range(x.ndim - n_dense, x.ndim)))
    if nse is None:
        counts = mask.sum(tuple(range(n_batch, mask.ndim))) if mask.ndim > n_batch else mask.astype(int)
        nse = int(counts.max()) if counts.size else 0

    def found(m: Any) -> Any:
        if not m.ndim:
            return jnp.zeros((nse, 0), index_dtype)
        return jnp.stack(jnp.nonzero(m, size=nse, fill_value=m.shape), -1).astype(index_dtype)

    indices = over_batch(found, n_batch)(mask)
    data = over_batch(lambda i, m: _taken(i, m, len(sparse_shape)), n_batch)(indices, x)
    return BCOO((data, indices), shape=x.shape, indices_sorted=True, unique_indices=True)


def _taken(indices: Any, m: Any, n_sparse: int) -> Any:
    if not n_sparse:
        return jnp.broadcast_to(m[None], (indices.shape[0], *m.shape))
    return m.at[columns(indices)].get(mode="fill", fill_value=0)


def bcoo_extract(sparr: BCOO, arr: Any, *, assume_unique: bool | None = None) -> BCOO:
    """The elements of a dense array at the places of a sparse one.

    Args:
        sparr: the places.
        arr: an array of the same shape.
        assume_unique: whether every index counts; else only the first of equal ones, and the others hold 0. By default
            what `sparr` promises.
    """
    x = jnp.asarray(arr)
    if x.shape != sparr.shape:
        raise ValueError(f"bcoo_extract: shapes {sparr.shape} and {x.shape} differ")
    indices = sparr.full()[1]
    data = over_batch(lambda i, m: _taken(i, m, sparr.n_sparse), sparr.n_batch)(indices, x)
    if not (sparr.unique_indices if assume_unique is None else assume_unique):
        first = over_batch(lambda i: _first(keys(i, sparr.sparse_shape)), sparr.n_batch)(indices)
        data = jnp.where(first.reshape(*first.shape, *(1,) * sparr.n_dense), data, jnp.zeros((), data.dtype))
    return sparr.with_data(data)


def keys(indices: Any, sparse_shape: Sequence[int]) -> Any:
    """One number for each place, the number of places for what is beyond the shape."""
    n = int(np.prod(sparse_shape, dtype=int))
    key, inside = jnp.zeros(indices.shape[:-1], int), jnp.ones(indices.shape[:-1], bool)
    for column, length in zip(columns(indices), sparse_shape, strict=True):
        key = key * length + column
        inside = inside & (column >= 0) & (column < length)
    return jnp.where(inside, key, n)


def _first(key: Any) -> Any:
    order = jnp.argsort(key, stable=True)
    there = key[order]
    new = jnp.concatenate([jnp.ones(min(1, there.shape[0]), bool), there[1:] != there[:-1]])
    return jnp.zeros(key.shape, bool).at[order].set(new)


def unkeyed(key: Any, sparse_shape: Sequence[int], dtype: Any) -> Any:
    """The indices of `keys`."""
    n = int(np.prod(sparse_shape, dtype=int))
    parts = []
    rest = key
    for length in tuple(sparse_shape)[::-1]:
        parts.append(jnp.where(key >= n, length, rest % max(length, 1)))
        rest = rest // max(length, 1)
    return jnp.stack(parts[::-1], -1).astype(dtype) if parts else jnp.zeros((*key.shape, 0), dtype)


def bcoo_sort_indices(mat: BCOO) -> BCOO:
    """The elements in the order of their indices."""
    data, indices = mat.full()

    def one(d: Any, i: Any) -> Any:
        order = jnp.lexsort(columns(i)[::-1]) if mat.n_sparse else jnp.arange(i.shape[0])
        return d[order], i[order]

    return BCOO(
        over_batch(one, mat.n_batch)(data, indices),
        shape=mat.shape,
        indices_sorted=True,
        unique_indices=mat.unique_indices,
    )


def bcoo_sum_duplicates(mat: BCOO, nse: int | None = None) -> BCOO:
    """One element for each place; `nse` of them in each batch if it is told, as it must be where indices are traced."""
    return _sum_duplicates(mat, nse, True)


def _sum_duplicates(mat: BCOO, nse: int | None, remove_zeros: bool) -> BCOO:
    data, indices = mat.full()
    shape = mat.sparse_shape
    n = int(np.prod(shape, dtype=int))
    dense = tuple(range(-mat.n_dense, 0))
    key = over_batch(lambda i: keys(i, shape), mat.n_batch)(indices)
    if remove_zeros and not isinstance(getattr(data, "_value", data), Tracer):
        key = jnp.where((data != 0).any(dense) if dense else data != 0, key, n)
    if nse is None:
        if isinstance(getattr(key, "_value", key), Tracer):
            nse = min(mat.nse, n)
        else:
            rows = np.asarray(key).reshape(-1, mat.nse)
            nse = max((len(set(row.tolist()) - {n}) for row in rows), default=0)
    count = int(nse or 0)

    def one(d: Any, k: Any) -> Any:
        places, where = jnp.unique(k, return_inverse=True, size=count + 1, fill_value=n)
        kept = jnp.where((k == n).reshape(-1, *(1,) * (d.ndim - 1)), jnp.zeros((), d.dtype), d)
        sums = jnp.zeros((count + 1, *d.shape[1:]), d.dtype)
        where = where.reshape(-1)
        sums = sums.at[where].max(kept, mode="drop") if d.dtype == bool else sums.at[where].add(kept, mode="drop")
        return sums[:count], unkeyed(places[:count], shape, indices.dtype)

    return BCOO(over_batch(one, mat.n_batch)(data, key), shape=mat.shape, indices_sorted=True, unique_indices=True)


def bcoo_update_layout(
    mat: BCOO, *, n_batch: int | None = None, n_dense: int | None = None, on_inefficient: str | None = "error"
) -> BCOO:
    """The array with other numbers of batch and dense axes.

    Args:
        mat: an array.
        n_batch, n_dense: the new numbers; as they are by default.
        on_inefficient: what happens where more must be stored than now: "error", "warn" or None.

    Raises:
        SparseEfficiencyError: a sparse axis becomes a batch or dense one, and `on_inefficient` is "error".
    """
    batch = mat.n_batch if n_batch is None else n_batch
    dense = mat.n_dense if n_dense is None else n_dense
    if batch < 0 or dense < 0 or batch + dense > mat.ndim:
        raise ValueError(f"bcoo_update_layout: n_batch={batch} and n_dense={dense} of an array of {mat.ndim} axes")
    for name, old, new in (("n_batch", mat.n_batch, batch), ("n_dense", mat.n_dense, dense)):
        if new > old:
            text = (
                f"For matrix of shape {mat.shape}, increasing {name} from {old} to {new} results in inefficient storage. To "
                f"disable this {'error' if on_inefficient == 'error' else 'warning'}, set the on_inefficient argument of "
                "bcoo_update_layout to 'warn' or None."
            )
            if on_inefficient == "error":
                raise SparseEfficiencyError(text)
            if on_inefficient == "warn":
                import warnings

                warnings.warn(text, SparseEfficiencyWarning, stacklevel=2)
            elif on_inefficient is not None:
                raise ValueError("on_inefficient=" + repr(on_inefficient) + ": must be 'error', 'warn', or None")
    while mat.n_dense > dense:
        mat = _dense_to_sparse(mat)
    while mat.n_batch > batch:
        mat = _batch_to_sparse(mat)
    while mat.n_batch < batch:
        mat = _sparse_to_batch(mat)
    while mat.n_dense < dense:
        mat = _sparse_to_dense(mat)
    return mat


def _batch_to_sparse(mat: BCOO) -> BCOO:
    data, indices = mat.full()
    b = mat.n_batch - 1
    length, nse = mat.shape[b], mat.nse
    rows = jnp.broadcast_to(jnp.arange(length, dtype=indices.dtype)[:, None, None], (*indices.shape[:-1], 1))
    indices = jnp.concatenate([rows, indices], -1).reshape(*indices.shape[:b], length * nse, mat.n_sparse + 1)
    return BCOO((data.reshape(*data.shape[:b], length * nse, *data.shape[b + 2 :]), indices), shape=mat.shape)


def _dense_to_sparse(mat: BCOO) -> BCOO:
    data, indices = mat.full()
    b, nse, length = mat.n_batch, mat.nse, mat.dense_shape[0]
    spread = jnp.broadcast_to(indices[..., None, :], (*indices.shape[:-1], length, mat.n_sparse))
    last = jnp.broadcast_to(jnp.arange(length, dtype=indices.dtype)[:, None], (*indices.shape[:-1], length, 1))
    indices = jnp.concatenate([spread, last], -1).reshape(*indices.shape[:b], nse * length, mat.n_sparse + 1)
    return BCOO((data.reshape(*data.shape[:b], nse * length, *data.shape[b + 2 :]), indices), shape=mat.shape)


def _sparse_to_batch(mat: BCOO) -> BCOO:
    data, indices = mat.full()
    b, length = mat.n_batch, mat.shape[mat.n_batch]
    mine = indices[..., 0][..., None, :] == jnp.arange(length)[:, None]  # (*batch, length, nse)
    data = jnp.expand_dims(data, b)
    new = jnp.where(mine.reshape(*mine.shape, *(1,) * mat.n_dense), data, jnp.zeros((), data.dtype))
    rest = jnp.broadcast_to(jnp.expand_dims(indices[..., 1:], b), (*mine.shape, mat.n_sparse - 1))
    return BCOO((new, rest), shape=mat.shape)


def _sparse_to_dense(mat: BCOO) -> BCOO:
    data, indices = mat.full()
    b, length = mat.n_batch, mat.sparse_shape[-1]
    mine = indices[..., -1][..., None] == jnp.arange(length)  # (*batch, nse, length)
    data = jnp.expand_dims(data, b + 1)
    new = jnp.where(mine.reshape(*mine.shape, *(1,) * mat.n_dense), data, jnp.zeros((), data.dtype))
    return BCOO((new, indices[..., :-1]), shape=mat.shape)
