"""Products and sums of sparse arrays: with dense ones a gather and a sum where the elements belong."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import jnp, lax, over_batch
from .bcoo import BCOO, bcoo_extract, bcoo_todense, columns, keys
from .moving import bcoo_broadcast_in_dim, bcoo_transpose


def flattened(mat: BCOO) -> BCOO:
    """The array without batch axes: one list of elements."""
    return mat.update_layout(n_batch=0)


def bcoo_dot_general(
    lhs: Any, rhs: Any, *, dimension_numbers: Any, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The product of a sparse array and another over some axes: dense, or sparse if both are.

    Args:
        lhs, rhs: arrays, at least one of them sparse.
        dimension_numbers: ``((lhs_contracting, rhs_contracting), (lhs_batch, rhs_batch))``, as of `lax.dot_general`.
        precision: no effect on a CPU.
        preferred_element_type: the dtype of the result.
        out_sharding: of one device: no effect.
    """
    (contract_l, contract_r), (batch_l, batch_r) = [
        tuple(tuple(map(operator.index, axes)) for axes in pair) for pair in dimension_numbers
    ]
    if isinstance(lhs, BCOO) and isinstance(rhs, BCOO):
        out = _sparse_product(lhs, rhs, contract_l, contract_r, batch_l, batch_r)
    elif isinstance(lhs, BCOO):
        out = _product(lhs, jnp.asarray(rhs), contract_l, contract_r, batch_l, batch_r)
    elif isinstance(rhs, BCOO):
        dense = jnp.asarray(lhs)
        out = _product(rhs, dense, contract_r, contract_l, batch_r, batch_l)
        n_b = len(batch_l)
        mine = rhs.ndim - len(contract_r) - n_b
        order = [*range(n_b), *range(n_b + mine, out.ndim), *range(n_b, n_b + mine)]
        out = out.transpose(*order)
    else:
        out = lax.dot_general(lhs, rhs, dimension_numbers)
    return out if preferred_element_type is None else out.astype(preferred_element_type)


def _product(mat: BCOO, dense: Any, mine: Any, its: Any, batch: Any, its_batch: Any) -> Any:
    """The rows of the dense array that the elements meet, times these, added where they belong."""
    for a, z in zip((*mine, *batch), (*its, *its_batch), strict=True):
        if mat.shape[a] != dense.shape[z]:
            raise TypeError(
                f"dot_general requires contracting and batch dimensions to have the same shape, got {mat.shape} and {dense.shape}"
            )
    flat = flattened(mat)
    if any(a >= flat.n_sparse for a in (*mine, *batch)):
        return lax.dot_general(bcoo_todense(mat), dense, ((mine, its), (batch, its_batch)))
    cols = columns(flat.indices)
    rest = [k for k in range(dense.ndim) if k not in its and k not in its_batch]
    dense = dense.transpose(*its_batch, *its, *rest)
    meeting = [cols[a] for a in (*batch, *mine)]
    rows = dense.at[tuple(meeting)].get(mode="fill", fill_value=0) if meeting else dense[None]
    free = [a for a in range(flat.n_sparse) if a not in mine and a not in batch]
    data = flat.data.reshape(*flat.data.shape, *(1,) * len(rest))
    rows = rows.reshape(rows.shape[0], *(1,) * flat.n_dense, *rows.shape[1:])
    terms = data * rows if data.dtype != bool or rows.dtype != bool else data & rows
    to = [*batch, *free]
    if not to:
        inside = keys(flat.indices, flat.sparse_shape) < max(int(np.prod(flat.sparse_shape, dtype=int)), 1)
        terms = jnp.where(inside.reshape(-1, *(1,) * (terms.ndim - 1)), terms, jnp.zeros((), terms.dtype))
        return terms.sum(0, dtype=terms.dtype) if terms.dtype != bool else terms.any(0)
    start = jnp.zeros((*[flat.shape[a] for a in to], *terms.shape[1:]), terms.dtype)
    at = start.at[tuple(cols[a] for a in to)]
    return at.max(terms, mode="drop") if terms.dtype == bool else at.add(terms, mode="drop")


def _sparse_product(lhs: BCOO, rhs: BCOO, mine: Any, its: Any, batch: Any, its_batch: Any) -> BCOO:
    """All pairs of elements; those whose contracted indices agree count."""
    if lhs.n_dense or rhs.n_dense:
        raise NotImplementedError("bcoo_dot_general: two sparse arrays with dense axes")
    n_b = len(batch)
    lhs, rhs = _batched_first(lhs, batch), _batched_first(rhs, its_batch)
    mine, its = _moved(mine, batch, lhs.ndim), _moved(its, its_batch, rhs.ndim)
    free_l = [k for k in range(lhs.n_sparse) if k not in mine]
    free_r = [k for k in range(rhs.n_sparse) if k not in its]
    shape = (*lhs.shape[:n_b], *[lhs.sparse_shape[k] for k in free_l], *[rhs.sparse_shape[k] for k in free_r])
    if any(lhs.sparse_shape[a] != rhs.sparse_shape[z] for a, z in zip(mine, its, strict=True)):
        raise TypeError("dot_general requires contracting dimensions to have the same shape")
    nse = lhs.nse * rhs.nse

    def one(d: Any, i: Any, e: Any, j: Any) -> Any:
        same = (keys(i, lhs.sparse_shape) < max(1, _count(lhs)))[:, None] & (
            keys(j, rhs.sparse_shape) < max(1, _count(rhs))
        )[None]
        for a, z in zip(mine, its, strict=True):
            same = same & (i[:, None, a] == j[None, :, z])
        values = d[:, None] * e[None] if d.dtype != bool or e.dtype != bool else d[:, None] & e[None]
        values = jnp.where(same, values, jnp.zeros((), values.dtype))
        left = jnp.broadcast_to(i[:, None, np.array(free_l, int)], (*same.shape, len(free_l)))
        right = jnp.broadcast_to(j[None, :, np.array(free_r, int)], (*same.shape, len(free_r)))
        places = jnp.concatenate([left, right.astype(left.dtype)], -1)
        return values.reshape(nse), places.reshape(nse, -1)

    data, indices = over_batch(one, n_b)(*lhs.full(), *rhs.full())
    out = BCOO((data, indices), shape=shape)
    places = int(np.prod(shape[n_b:], dtype=int))
    if nse > places:
        out = out.sum_duplicates(nse=places, remove_zeros=False)
        out.indices_sorted = out.unique_indices = False
    return out


def _count(mat: BCOO) -> int:
    return int(np.prod(mat.sparse_shape, dtype=int))


def _batched_first(mat: BCOO, batch: Sequence[int]) -> BCOO:
    flat = flattened(mat) if tuple(batch) != tuple(range(mat.n_batch)) else mat
    if flat is mat:
        return mat
    order = [*batch, *[k for k in range(mat.ndim) if k not in batch]]
    return bcoo_transpose(flat, permutation=order).update_layout(n_batch=len(batch), on_inefficient=None)


def _moved(axes: Sequence[int], batch: Sequence[int], ndim: int) -> list[int]:
    rest = [k for k in range(ndim) if k not in batch]
    return [rest.index(a) for a in axes]


def bcoo_dot_general_sampled(A: Any, B: Any, indices: Any, *, dimension_numbers: Any) -> Any:  # noqa: N803
    """Elements of a product of dense arrays at given places: ``(*batch, nse)``."""
    out = lax.dot_general(jnp.asarray(A), jnp.asarray(B), dimension_numbers)
    at = jnp.asarray(indices)
    n_batch = at.ndim - 2
    return over_batch(lambda m, i: m.at[columns(i)].get(mode="fill", fill_value=0), n_batch)(out, at)


def bcoo_multiply_dense(sp_mat: BCOO, v: Any) -> Any:
    """The data of the product, element by element, with a dense array that broadcasts to the sparse one."""
    v = jnp.asarray(v)
    if not v.ndim:
        return sp_mat.data * v
    if v.ndim > sp_mat.ndim or any(a not in (1, b) for a, b in zip(v.shape[::-1], sp_mat.shape[::-1], strict=False)):
        raise NotImplementedError(f"multiplication between sparse and dense is only implemented for cases where the output shape "
            f"matches the sparse matrix shape. Got {sp_mat.shape}, {v.shape}")  # fmt: skip
    places = BCOO(sp_mat.tree_flatten()[0], shape=sp_mat.shape)
    met = bcoo_extract(places, jnp.broadcast_to(v, sp_mat.shape), assume_unique=True)
    return sp_mat.full()[0] * met.data


def bcoo_multiply_sparse(lhs: BCOO, rhs: BCOO) -> BCOO:
    """The product of two arrays of one layout, element by element: all pairs of elements at one place."""
    if lhs.shape != rhs.shape and lhs.ndim == rhs.ndim:
        shape = np.broadcast_shapes(lhs.shape, rhs.shape)
        lhs, rhs = (
            m if m.shape == shape else bcoo_broadcast_in_dim(m, shape=shape, broadcast_dimensions=range(m.ndim))
            for m in (lhs, rhs)
        )
    if lhs.shape != rhs.shape:
        raise ValueError(f"bcoo_multiply_sparse: shapes {lhs.shape} and {rhs.shape} do not fit")
    if lhs.n_batch != rhs.n_batch:
        lhs, rhs = flattened(lhs), flattened(rhs)
    if lhs.n_dense != rhs.n_dense:
        raise NotImplementedError("bcoo_multiply_sparse: operands must have the same numbers of dense axes")
    nse, beyond = lhs.nse * rhs.nse, max(lhs.shape, default=1)

    def one(d: Any, i: Any, e: Any, j: Any) -> Any:
        same = (i[:, None] == j[None]).all(-1) & (keys(i, lhs.sparse_shape) < max(_count(lhs), 1))[:, None]
        a, z = jnp.nonzero(same, size=nse, fill_value=(lhs.nse, rhs.nse))
        values = d.at[a].get(mode="fill", fill_value=0) * e.at[z].get(mode="fill", fill_value=0)
        return values, i.at[a].get(mode="fill", fill_value=beyond)

    return BCOO(over_batch(one, lhs.n_batch)(*lhs.full(), *rhs.full()), shape=lhs.shape)


def bcoo_reduce_sum(mat: BCOO, *, axes: Sequence[int]) -> BCOO:
    """The sum over axes: the elements stay apart, their indices along these axes go."""
    gone = {operator.index(a) % mat.ndim for a in axes}
    b, s = mat.n_batch, mat.n_sparse
    data, indices = mat.full()
    kept = [k for k in range(s) if b + k not in gone]
    if len(kept) < s:  # what stands for nothing must not come to stand for something
        inside = keys(indices, mat.sparse_shape) < _count(mat)
        data = jnp.where(inside.reshape(*inside.shape, *(1,) * mat.n_dense), data, jnp.zeros((), data.dtype))
    indices = indices[..., np.array(kept, int)]
    dense = tuple(a - s + 1 for a in gone if a >= b + s)
    if dense:
        data = data.sum(dense)
    batch = [a for a in range(b) if a in gone]
    if batch:
        stay = [a for a in range(b) if a not in gone]
        lengths = [mat.shape[a] for a in stay]
        count = int(np.prod([mat.shape[a] for a in batch], dtype=int)) * mat.nse
        data = data.transpose(*stay, *batch, *range(b, data.ndim)).reshape(*lengths, count, *data.shape[b + 1 :])
        indices = indices.transpose(*stay, *batch, b, b + 1).reshape(*lengths, count, len(kept))
    return BCOO((data, indices), shape=tuple(n for a, n in enumerate(mat.shape) if a not in gone))


def bcoo_conv_general_dilated(
    lhs: BCOO, rhs: BCOO, *, window_strides: Sequence[int], padding: Any, lhs_dilation: Any = None, rhs_dilation: Any = None,
    dimension_numbers: Any = None, feature_group_count: int = 1, batch_group_count: int = 1, precision: Any = None,
    preferred_element_type: Any = None, out_sharding: Any = None,
) -> BCOO:  # fmt: skip
    """The correlation of two sparse arrays ``(1, 1, n)``: an element for each pair.

    Raises:
        NotImplementedError: strides, dilations, groups, several features or batches, more than one spatial axis.
    """
    plain = all(x is None or all(k == 1 for k in x) for x in (window_strides, lhs_dilation, rhs_dilation))
    if (
        not plain
        or (feature_group_count, batch_group_count) != (1, 1)
        or dimension_numbers not in (None, ("NCH", "OIH", "NCH"))
    ):
        raise NotImplementedError(
            "bcoo_conv_general_dilated: strides, dilations and groups are not there; use todense()"
        )
    if lhs.ndim != 3 or lhs.shape[:2] != (1, 1) or rhs.shape[:2] != (1, 1):
        raise NotImplementedError(
            f"bcoo_conv_general_dilated: shapes {lhs.shape} and {rhs.shape}, not (1, 1, n); use todense()"
        )
    n, k = lhs.shape[2], rhs.shape[2]
    if isinstance(padding, str):
        low = {"VALID": 0, "SAME": (k - 1) // 2, "SAME_LOWER": k // 2}[padding.upper()]
        high = {"VALID": 0}.get(padding.upper(), k - 1 - low)
    else:
        ((low, high),) = padding
    length = n + low + high - k + 1
    a, z = flattened(lhs), flattened(rhs)
    at = a.indices[:, None, 2] - z.indices[None, :, 2] + low
    known = (a.indices[:, None, 2] < n) & (z.indices[None, :, 2] < k) & (at >= 0) & (at < length)
    values = jnp.where(known, a.data[:, None] * z.data[None], jnp.zeros((), a.data.dtype)).reshape(-1)
    places = jnp.where(known, at, length).reshape(-1)
    indices = jnp.stack([jnp.zeros_like(places), jnp.zeros_like(places), places], -1)
    out = BCOO((values, indices), shape=(1, 1, length))
    return out if preferred_element_type is None else out.astype(preferred_element_type)
