"""Sparse arrays with their axes and elements elsewhere: transposed, reshaped, joined, cut, indexed."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import jnp, lax, over_batch
from .bcoo import BCOO, columns, keys, unkeyed


def bcoo_transpose(mat: BCOO, *, permutation: Sequence[int]) -> BCOO:
    """The array with its axes in another order; batch, sparse and dense axes stay what they are.

    Raises:
        NotImplementedError: an axis would change its kind; `bcoo_update_layout` does that.
    """
    order = tuple(operator.index(a) for a in permutation)
    if sorted(order) != list(range(mat.ndim)):
        raise ValueError(f"bcoo_transpose: {permutation} is no order of {mat.ndim} axes")
    b, s = mat.n_batch, mat.n_sparse
    first, middle, last = order[:b], order[b : b + s], order[b + s :]
    if any(a >= b for a in first):
        raise NotImplementedError(
            f"transpose permutation cannot permute batch axes with non-batch axes; got permutation {order}, with n_batch={b}."
        )
    if any(a < b + s for a in last):
        raise NotImplementedError(
            f"transpose permutation cannot permute dense axes with non-dense axes; got permutation {order}, with "
            f"n_dense={mat.n_dense}."
        )
    columns_ = np.array([a - b for a in middle], int)
    indices = mat.indices.transpose(*first, b, b + 1)[..., columns_]
    data = mat.data.transpose(*first, b, *(a - s + 1 for a in last))
    still = columns_.tolist() == list(range(s))
    return BCOO(
        (data, indices),
        shape=tuple(mat.shape[a] for a in order),
        indices_sorted=mat.indices_sorted and still,
        unique_indices=mat.unique_indices,
    )


def bcoo_reshape(
    mat: BCOO, *, new_sizes: Sequence[int], dimensions: Sequence[int] | None = None, sharding: Any = None
) -> BCOO:
    """The array in another shape; axes are joined and split within their kind.

    Args:
        mat: an array.
        new_sizes: the new shape; one of them may be -1.
        dimensions: an order of the axes before, if not theirs.
        sharding: of one device: no effect.

    Raises:
        NotImplementedError: elements would pass between batch, sparse and dense axes.
    """
    if dimensions is not None:
        mat = bcoo_transpose(mat, permutation=dimensions)
    sizes = tuple(operator.index(n) for n in new_sizes)
    if -1 in sizes:
        known = int(np.prod([n for n in sizes if n != -1], dtype=int))
        sizes = tuple(mat.size // max(known, 1) if n == -1 else n for n in sizes)
    if int(np.prod(sizes, dtype=int)) != mat.size:
        raise ValueError(f"bcoo_reshape: {mat.shape} has {mat.size} elements, {sizes} another number")
    batch, rest = _leading(sizes, int(np.prod(mat.batch_shape, dtype=int)), mat.n_batch)
    dense, middle = _leading(rest[::-1], int(np.prod(mat.dense_shape, dtype=int)), mat.n_dense)
    dense, sparse = dense[::-1], middle[::-1]
    if int(np.prod(sparse, dtype=int)) != int(np.prod(mat.sparse_shape, dtype=int)):
        raise NotImplementedError(
            f"reshape of BCOO with shape {mat.shape}, n_batch={mat.n_batch}, n_dense={mat.n_dense} to {sizes}: elements would "
            "pass between batch, sparse and dense axes; use update_layout first"
        )
    data, indices = mat.full()
    key = keys(indices, mat.sparse_shape).reshape(*batch, mat.nse)
    new = unkeyed(key, sparse, indices.dtype)
    return BCOO((data.reshape(*batch, mat.nse, *dense), new), shape=sizes)


def _leading(sizes: Sequence[int], count: int, axes: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The fewest leading sizes whose product is `count`."""
    if not axes:
        return (), tuple(sizes)
    for k in range(len(sizes) + 1):
        if int(np.prod(sizes[:k], dtype=int)) == count and (k >= 1 or count != 1):
            return tuple(sizes[:k]), tuple(sizes[k:])
    raise NotImplementedError(f"reshape of BCOO to {tuple(sizes)}: elements would leave their batch or dense axes")


def bcoo_broadcast_in_dim(
    mat: BCOO, *, shape: Sequence[int], broadcast_dimensions: Sequence[int], sharding: Any = None
) -> BCOO:
    """The array repeated along new axes, and along axes of length 1.

    Args:
        mat: an array.
        shape: the new shape.
        broadcast_dimensions: which axis of it each axis of `mat` becomes, in increasing order.
        sharding: of one device: no effect.
    """
    shape, dims = tuple(shape), tuple(broadcast_dimensions)
    if len(dims) != mat.ndim or list(dims) != sorted(set(dims)):
        raise ValueError(f"bcoo_broadcast_in_dim: broadcast_dimensions {dims} for {mat.ndim} axes")
    if any(mat.shape[k] not in (1, shape[d]) for k, d in enumerate(dims)):
        raise ValueError(f"bcoo_broadcast_in_dim: shape {mat.shape} to {shape} along {dims}")
    b, s = mat.n_batch, mat.n_sparse
    sparse_dims, dense_dims = dims[b : b + s], dims[b + s :]
    n_batch = min(sparse_dims, default=min(dense_dims, default=len(shape)))
    n_dense_start = max(sparse_dims) + 1 if sparse_dims else min(dense_dims, default=len(shape))
    if not sparse_dims:
        n_batch = max(dims[:b], default=-1) + 1 if b else min(n_batch, n_dense_start)
        n_dense_start = n_batch
    data, indices = mat.full()
    batch_at = list(dims[:b])
    lead = [mat.shape[k] if k is not None else 1 for k in _sources(batch_at, n_batch)]
    dense_lead = [
        mat.shape[b + s + k] if k is not None else 1
        for k in _sources([d - n_dense_start for d in dense_dims], len(shape) - n_dense_start)
    ]
    data = data.reshape(*lead, mat.nse, *dense_lead)
    indices = indices.reshape(*lead, mat.nse, s)
    batch, dense = shape[:n_batch], shape[n_dense_start:]
    data = jnp.broadcast_to(data, (*batch, mat.nse, *dense))
    indices = jnp.broadcast_to(indices, (*batch, mat.nse, s))
    new, nse = [], mat.nse
    middle = shape[n_batch:n_dense_start]
    source = {d - n_batch: k for k, d in enumerate(sparse_dims)}
    inside = _inside(indices, mat.sparse_shape)
    for axis, length in enumerate(middle):
        k = source.get(axis)
        if k is not None and mat.sparse_shape[k] == length:
            new.append(indices[..., k])
        else:  # repeated: each element as often as the axis is long
            times = length
            data = jnp.repeat(data, times, axis=n_batch)
            indices, inside = jnp.repeat(indices, times, axis=n_batch), jnp.repeat(inside, times, axis=n_batch)
            new = [jnp.repeat(c, times, axis=n_batch) for c in new]
            index = jnp.broadcast_to(jnp.tile(jnp.arange(times, dtype=indices.dtype), nse), indices.shape[:-1])
            new.append(jnp.where(inside, index, length))
            nse *= times
    indices = jnp.stack(new, -1) if new else indices[..., :0]
    return BCOO((data, indices), shape=shape)


def _sources(at: Sequence[int], n: int) -> list[int | None]:
    return [at.index(k) if k in at else None for k in range(n)]


def _inside(indices: Any, shape: Sequence[int]) -> Any:
    inside = jnp.ones(indices.shape[:-1], bool)
    for column, length in zip(columns(indices), shape, strict=True):
        inside = inside & (column >= 0) & (column < length)
    return inside


def bcoo_concatenate(operands: Sequence[BCOO], *, dimension: int) -> BCOO:
    """Arrays of one layout behind one another along an axis."""
    operands = list(operands)
    if not operands:
        raise ValueError("bcoo_concatenate: operands cannot be empty")
    first = operands[0]
    dim = operator.index(dimension) % first.ndim
    if any((m.n_batch, m.n_dense, m.ndim) != (first.n_batch, first.n_dense, first.ndim) for m in operands):
        raise ValueError("bcoo_concatenate: operands must have one layout")
    if any(m.shape[:dim] + m.shape[dim + 1 :] != first.shape[:dim] + first.shape[dim + 1 :] for m in operands):
        raise ValueError(f"bcoo_concatenate: shapes {[m.shape for m in operands]} along axis {dim}")
    total = sum(m.shape[dim] for m in operands)
    shape = (*first.shape[:dim], total, *first.shape[dim + 1 :])
    b, s = first.n_batch, first.n_sparse
    parts = [m.full() for m in operands]
    if dim < b:
        nse = max(m.nse for m in operands)
        data = [_grown(d, nse, b, 0) for d, _ in parts]
        indices = [_grown(i, nse, b, np.array(first.sparse_shape)) for _, i in parts]
        return BCOO((jnp.concatenate(data, dim), jnp.concatenate(indices, dim)), shape=shape)
    starts = np.cumsum([0, *[m.shape[dim] for m in operands]])[:-1]
    data, indices = [], []
    for (d, i), m, start in zip(parts, operands, starts, strict=True):
        if dim < b + s:
            inside = _inside(i, m.sparse_shape)
            end = [total if k == dim - b else n for k, n in enumerate(m.sparse_shape)]
            moved = i.at[..., dim - b].add(int(start))
            indices.append(jnp.where(inside[..., None], moved, np.array(end, i.dtype)))
            data.append(d)
        else:
            axis = dim - s + 1
            widths = [(0, 0)] * d.ndim
            widths[axis] = (int(start), total - int(start) - m.shape[dim])
            data.append(jnp.pad(d, widths))
            indices.append(i)
    return BCOO((jnp.concatenate(data, b), jnp.concatenate(indices, b)), shape=shape)


def _grown(x: Any, nse: int, axis: int, fill: Any) -> Any:
    """Elements beyond those there are, which stand for nothing."""
    missing = nse - x.shape[axis]
    if not missing:
        return x
    more = jnp.broadcast_to(jnp.asarray(fill, dtype=x.dtype), (*x.shape[:axis], missing, *x.shape[axis + 1 :]))
    return jnp.concatenate([x, more], axis)


def bcoo_slice(
    mat: BCOO, *, start_indices: Sequence[int], limit_indices: Sequence[int], strides: Sequence[int] | None = None
) -> BCOO:
    """The elements between two indices along each axis, every stride-th."""
    start, limit = [tuple(operator.index(k) for k in x) for x in (start_indices, limit_indices)]
    step = (1,) * mat.ndim if strides is None else tuple(operator.index(k) for k in strides)
    if not len(start) == len(limit) == len(step) == mat.ndim:
        raise ValueError(f"bcoo_slice: {mat.ndim} axes, {len(start)} starts, {len(limit)} limits, {len(step)} strides")
    if any(a < 0 or z > n or a > z or k < 1 for a, z, k, n in zip(start, limit, step, mat.shape, strict=True)):
        raise ValueError(f"bcoo_slice: invalid slice {start} to {limit} by {step} of shape {mat.shape}")
    shape = tuple(-(-(z - a) // k) for a, z, k in zip(start, limit, step, strict=True))
    b, s = mat.n_batch, mat.n_sparse
    data, indices = mat.full()
    cuts = [slice(a, z, k) for a, z, k in zip(start, limit, step, strict=True)]
    data = data[(*cuts[:b], slice(None), *cuts[b + s :])]
    indices = indices[(*cuts[:b],)]
    kept, new = jnp.ones(indices.shape[:-1], bool), []
    for k, column in enumerate(columns(indices)):
        a, z, by = start[b + k], limit[b + k], step[b + k]
        kept = kept & (column >= a) & (column < z) & ((column - a) % by == 0)
        new.append((column - a) // by)
    return _only(data, new, kept, shape, b, s, indices)


def _only(data: Any, new: list[Any], kept: Any, shape: tuple[int, ...], b: int, s: int, indices: Any) -> BCOO:
    """The elements that are kept; fewer of them where the new shape has no more places."""
    sparse = shape[b : b + s]
    fill = np.array(sparse, indices.dtype)
    stacked = jnp.stack(new, -1).astype(indices.dtype) if new else indices
    indices = jnp.where(kept[..., None], stacked, fill)
    data = jnp.where(kept.reshape(*kept.shape, *(1,) * (data.ndim - kept.ndim)), data, jnp.zeros((), data.dtype))
    places = int(np.prod(sparse, dtype=int))
    out = BCOO((data, indices), shape=shape)
    if places < kept.shape[-1]:  # places that occur several times must not push others out
        out = out.sum_duplicates(nse=places, remove_zeros=False)
        out.indices_sorted = out.unique_indices = False
    return out


def bcoo_dynamic_slice(mat: BCOO, start_indices: Sequence[Any], slice_sizes: Sequence[int]) -> BCOO:
    """A block of elements whose start may be traced; it is moved inside of the array as by `lax.dynamic_slice`."""
    sizes = tuple(operator.index(n) for n in slice_sizes)
    if not len(start_indices) == len(sizes) == mat.ndim:
        raise ValueError(f"bcoo_dynamic_slice: {mat.ndim} axes, {len(start_indices)} starts, {len(sizes)} sizes")
    if any(not 0 <= k <= n for k, n in zip(sizes, mat.shape, strict=True)):
        raise ValueError(f"bcoo_dynamic_slice: sizes {sizes} of shape {mat.shape}")
    b, s = mat.n_batch, mat.n_sparse
    starts = []
    for at, size, n in zip(start_indices, sizes, mat.shape, strict=True):
        at = jnp.asarray(at)
        starts.append(jnp.clip(jnp.where(at < 0, at + n, at), 0, n - size))
    data, indices = mat.full()
    for k in range(b):
        data = lax.dynamic_slice_in_dim(data, starts[k], sizes[k], k)
        indices = lax.dynamic_slice_in_dim(indices, starts[k], sizes[k], k)
    for k in range(mat.n_dense):
        data = lax.dynamic_slice_in_dim(data, starts[b + s + k], sizes[b + s + k], b + 1 + k)
    kept, new = jnp.ones(indices.shape[:-1], bool), []
    for k, column in enumerate(columns(indices)):
        kept = kept & (column >= starts[b + k]) & (column < starts[b + k] + sizes[b + k])
        new.append(column - starts[b + k])
    return _only(data, new, kept, sizes, b, s, indices)


def bcoo_squeeze(arr: BCOO, *, dimensions: Sequence[int]) -> BCOO:
    """The array without some axes of length 1."""
    gone = {operator.index(d) % arr.ndim for d in dimensions}
    if any(arr.shape[d] != 1 for d in gone):
        raise ValueError(f"bcoo_squeeze: axes {sorted(gone)} of shape {arr.shape} have not all length 1")
    b, s = arr.n_batch, arr.n_sparse
    data, indices = arr.full()
    inside = _inside(indices, arr.sparse_shape)
    kept = np.array([k for k in range(s) if b + k not in gone], int)
    if len(kept) < s and not len(kept):
        data = jnp.where(
            inside.reshape(*inside.shape, *(1,) * (data.ndim - inside.ndim)), data, jnp.zeros((), data.dtype)
        )
    lost = [d for d in gone if d < b]
    indices = jnp.squeeze(indices[..., kept], tuple(lost))
    data = jnp.squeeze(data, (*lost, *[d - s + 1 for d in gone if d >= b + s]))
    shape = tuple(n for d, n in enumerate(arr.shape) if d not in gone)
    return BCOO((data, indices), shape=shape)


def bcoo_rev(operand: BCOO, dimensions: Sequence[int]) -> BCOO:
    """The array with the order of its elements reversed along axes."""
    dims = {operator.index(d) % operand.ndim for d in dimensions}
    b, s = operand.n_batch, operand.n_sparse
    data, indices = operand.full()
    axes = tuple(d for d in dims if d < b)
    if axes:
        data, indices = jnp.flip(data, axes), jnp.flip(indices, axes)
    dense = tuple(d - s + 1 for d in dims if d >= b + s)
    if dense:
        data = jnp.flip(data, dense)
    for k in range(s):
        if b + k in dims:
            n = operand.shape[b + k]
            column = indices[..., k]
            indices = indices.at[..., k].set(jnp.where(column >= n, column, n - 1 - column))
    return BCOO((data, indices), shape=operand.shape, unique_indices=False)


def bcoo_gather(
    operand: BCOO, start_indices: Any, dimension_numbers: Any, slice_sizes: Sequence[int], *, unique_indices: bool = False,
    indices_are_sorted: bool = False, mode: Any = None, fill_value: Any = None,
) -> BCOO:  # fmt: skip
    """Blocks of a sparse array, as `lax.gather` cuts them from a dense one: a batch of sparse blocks.

    Raises:
        NotImplementedError: the axes of a block do not come last in the result.
    """
    starts = jnp.asarray(start_indices)
    batch = starts.shape[:-1]
    d = dimension_numbers
    n_out = len(batch) + len(d.offset_dims)
    if tuple(d.offset_dims) != tuple(range(len(batch), n_out)) or getattr(d, "operand_batching_dims", ()):
        raise NotImplementedError("bcoo_gather: the axes of a block must come last in the result")
    flat = bcoo_unbatched(operand)

    def block(at: Any) -> Any:
        place = [0] * operand.ndim
        for k, axis in enumerate(d.start_index_map):
            place[axis] = at[k]
        return bcoo_squeeze(bcoo_dynamic_slice(flat, place, slice_sizes), dimensions=d.collapsed_slice_dims)

    return over_batch(block, len(batch))(starts)


def bcoo_unbatched(mat: BCOO) -> BCOO:
    """The array without batch axes."""
    return mat.update_layout(n_batch=0) if mat.n_batch else mat


def getitem(mat: BCOO, index: Any) -> BCOO:
    """``mat[index]``: integers, slices, None, ``...``, and arrays of integers along one axis."""
    entries = _entries(mat, index)
    cuts, squeezed, flipped, taken = [], [], [], None
    for axis, (k, n) in enumerate(zip([k for k in entries if k is not None], mat.shape, strict=True)):
        if isinstance(k, slice):
            a, z, by = k.indices(n)
            count = len(range(a, z, by))
            if by < 0:
                flipped.append(axis)
                a, z, by = a + (count - 1) * by, a + 1, -by
            cuts.append((a, z, by) if count else (0, 0, 1))
        elif jnp.ndim(k):
            taken = axis, jnp.asarray(k)
            cuts.append((0, n, 1))
        else:
            squeezed.append(axis)
            if isinstance(k, (int, np.integer)):
                k = min(max(k + n if k < 0 else k, 0), n - 1)
                cuts.append((k, k + 1, 1))
            else:
                mat = _dynamic(mat, axis, k)
                cuts.append((0, 1, 1))
    out, more = mat, 0
    if cuts != [(0, n, 1) for n in mat.shape]:
        start, limit, step = zip(*cuts, strict=True)
        out = bcoo_slice(mat, start_indices=start, limit_indices=limit, strides=step)
    if flipped:
        out = bcoo_rev(out, flipped)
    if taken is not None:
        out, more = _take(out, *taken), taken[1].ndim - 1  # new axes of an index array stand in front of the others
    if squeezed:
        out = bcoo_squeeze(out, dimensions=[d + more for d in squeezed])
    return _with_new_axes(out, entries)


def _entries(mat: BCOO, index: Any) -> list[Any]:
    """An index with an entry for each axis, and None for new ones.

    Raises:
        NotImplementedError: masks, or arrays of integers along several axes.
        IndexError: too many entries.
    """
    entries = list(index) if isinstance(index, tuple) else [index]
    given = [k for k in entries if k is not None and k is not Ellipsis]
    if any(getattr(k, "dtype", None) == bool for k in given):
        raise NotImplementedError("BCOO: masks are not there as indices; write todense()[mask]")
    if len([k for k in given if not isinstance(k, slice) and jnp.ndim(k)]) > 1:
        raise NotImplementedError("BCOO: arrays of integers along several axes; write todense()[index]")
    if len(given) > mat.ndim:
        raise IndexError(f"Too many indices: {len(given)} for {mat.ndim} axes")
    at = next((p for p, k in enumerate(entries) if k is Ellipsis), len(entries))
    return [*entries[:at], *[slice(None)] * (mat.ndim - len(given)), *entries[at + 1 :]]


def _with_new_axes(mat: BCOO, entries: list[Any]) -> BCOO:
    """The result of an index with an axis of length 1 for each None."""
    new, at = [], 0
    for k in entries:
        if k is None:
            new.append(at)
        at += 1 if k is None or isinstance(k, slice) else jnp.ndim(k)
    if not new:
        return mat
    kept = [d for d in range(mat.ndim + len(new)) if d not in new]
    shape = [1] * (mat.ndim + len(new))
    for d, n in zip(kept, mat.shape, strict=True):
        shape[d] = n
    return bcoo_broadcast_in_dim(mat, shape=shape, broadcast_dimensions=kept)


def _dynamic(mat: BCOO, axis: int, k: Any) -> BCOO:
    place: list[Any] = [0] * mat.ndim
    place[axis] = k
    return bcoo_dynamic_slice(mat, place, [1 if d == axis else n for d, n in enumerate(mat.shape)])


def _take(mat: BCOO, axis: int, at: Any) -> BCOO:
    if axis:
        raise NotImplementedError("BCOO: an array of integers indexes the first axis; write todense()[index]")
    flat = bcoo_unbatched(mat)
    return over_batch(lambda k: bcoo_squeeze(_dynamic(flat, 0, k), dimensions=(0,)), at.ndim)(at)
