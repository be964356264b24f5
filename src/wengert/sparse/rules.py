"""How each operation carries dependences from its operands to its results, as its declaration says.

What moves elements says where by its index map, a reduction by its axes, a product by its axes, an elementwise operation
by being one; `mixes` and parameters that name axes tell which axes are a batch. Where a declaration says nothing, every
element of the results depends on every element of the operands. `loops` has the operations that hold Programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..lowering import index_maps, kernels, kinds, monoids
from ..lowering.index_maps import Affine, Symbols, basic_index, strides_of
from ..ops.convolution import convolve_p
from ..ops.convolution_nd import convolve_nd_p
from ..ops.elementwise import abs_p, maximum_p, minimum_p, mul_p, where_p
from ..ops.families import Elementwise
from ..ops.linalg import Solve
from ..ops.sorting import sort_p
from ..ops.sparse_products import sparse_product_p
from ..vocabulary import Shape
from .dependence import Dependence, ones, union
from .lattices import Read

Known = (
    Any  # the value of an operand, where it depends on no input or where the pattern is that of one input; else None
)
Rule = Callable[[Any, Any, Sequence[Dependence], Sequence[Known]], Sequence[Dependence]]
NONE = Affine(())


def size_of(aval: Any) -> int:
    return math.prod(aval.shape)


def broadcast(d: Dependence, shape: Sequence[int], out: Sequence[int]) -> Dependence:
    """What an array of `shape` depends on, once it is broadcast to `out`."""
    if tuple(shape) == tuple(out) or d.empty:
        return d if math.prod(shape) == math.prod(out) else Dependence(math.prod(out), d.width)
    skip, strides = len(out) - len(shape), strides_of(out)
    grown = [a for a in range(len(out)) if a < skip or shape[a - skip] != out[a]]
    steps = [0 if a + skip in grown else strides[a + skip] for a in range(len(shape))]
    return d.projected(shape, math.prod(out), steps, 0, [(out[a], strides[a]) for a in grown])


def mixed(d: Dependence, shape: Sequence[int], out: Sequence[int], batch: Sequence[tuple[int, int]]) -> Dependence:
    """Results each element of which depends on all of the operand's at its place in the batch.

    Args:
        batch: pairs of an axis of the operand and one of the result.
    """
    if d.empty:
        return Dependence(math.prod(out), d.width)
    strides = strides_of(out)
    to = dict(batch)
    kept = set(to.values())
    steps = [strides[to[a]] if a in to and shape[a] > 1 else 0 for a in range(len(shape))]
    more = [(n, s) for a, (n, s) in enumerate(zip(out, strides, strict=True)) if a not in kept]
    more += [(out[b], strides[b]) for a, b in batch if shape[a] == 1 and out[b] != 1]
    return d.projected(shape, math.prod(out), steps, 0, more)


def everything(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    """Each element of the results on each of the operands."""
    out = []
    for v in eqn.outputs:
        parts = [mixed(d, a.aval.shape, v.aval.shape, ()) for a, d in zip(eqn.inputs, deps, strict=True) if not d.empty]
        out.append(union([Dependence(size_of(v.aval), w.width), *parts]))
    return out


# --- one element at a time -------------------------------------------------------------------------------------------


def elementwise(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    p, out = eqn.primitive, eqn.outputs[0].aval.shape
    if getattr(p, "choice", False) or p is abs_p:
        deps = _chosen(p, eqn, deps, known)
    elif p is mul_p:
        shapes = [a.aval.shape for a in eqn.inputs]
        return [union([_beside(d, deps[1 - k], known[1 - k], out, shapes[k]) for k, d in enumerate(deps)])]
    by_partials = type(p).jvp is Elementwise.jvp  # one that has a rule of its own may have more
    partials: Any = getattr(p, "partials", None)
    parts = []
    for k, (a, d) in enumerate(zip(eqn.inputs, deps, strict=True)):
        if by_partials and (partials is None or partials[k] is None):
            continue
        parts.append(broadcast(d, a.aval.shape, out) if d.size != math.prod(out) else d)
    return [union([Dependence(math.prod(out), w.width), *parts])]


def _beside(d: Dependence, other: Dependence, value: Known, out: Any, shape: Shape) -> Dependence:
    """A factor of a product, where the other one is a constant that may be 0."""
    d = broadcast(d, shape, out)
    if d.empty or value is None or not other.empty or np.all(value):
        return d
    return d.kept(np.broadcast_to(np.asarray(value) != 0, out))


def _chosen(p: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    """Operands where a choice takes them, as far as what it looks at is known; all of the result's shape."""
    out = eqn.outputs[0].aval.shape
    deps = [broadcast(d, a.aval.shape, out) for d, a in zip(deps, eqn.inputs, strict=True)]
    values: list[Any] = [None if v is None else np.broadcast_to(np.asarray(v), out) for v in known]
    if p is where_p:
        if values[0] is None:
            return deps
        test = values[0].astype(bool)
        return [deps[0], deps[1].kept(test), deps[2].kept(~test)]
    if any(v is None for v in known):
        return deps
    with np.errstate(all="ignore"):
        if p is abs_p:
            return [deps[0].kept(values[0] != 0)]
        if p is maximum_p or p is minimum_p:
            x, y = values if p is maximum_p else values[::-1]
            first, second = deps if p is maximum_p else deps[::-1]
            kept = [first.kept(~(x < y)), second.kept(~(y < x))]
            return kept if p is maximum_p else kept[::-1]
    return deps


# --- what moves elements ---------------------------------------------------------------------------------------------


def view(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    (x,), out = eqn.inputs, eqn.outputs[0].aval.shape
    point = tuple(Affine.axis(i) for i in range(len(out)))
    source = [
        s if isinstance(s, Affine) else Affine((), int(s))
        for s in eqn.primitive.native.source(Symbols, point, x.aval.shape, out, **eqn.params)
    ]
    (d,) = deps
    if d.empty or 0 in out:
        return [Dependence(math.prod(out), d.width)]
    strides = strides_of(out)
    reads, used = [], []
    for s in source:
        terms = [(i, c) for i, c in s.terms if out[i] > 1]
        if len(terms) > 1:
            break
        i, c = terms[0] if terms else (0, 0)
        used += [i] if terms else []
        reads.append(Read(c, s.constant, out[i], strides[i]) if terms else Read(0, s.constant))
    else:
        if len(set(used)) == len(used):
            more = [(n, s) for i, (n, s) in enumerate(zip(out, strides, strict=True)) if i not in used]
            return [d.pulled(x.aval.shape, out, reads, more)]
    places = np.zeros(out, np.int64)
    at = np.indices(out, sparse=True)
    for s, n in zip(source, x.aval.shape, strict=True):
        places = places * n + sum((c * at[i] for i, c in s.terms), np.int64(s.constant))
    return [d.taken(np.broadcast_to(places, out))]


def reshape(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    return [deps[0]]


def padding(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    (x,), out, (d,) = eqn.inputs, eqn.outputs[0].aval.shape, deps
    shape, config = x.aval.shape, eqn.params["config"]
    reads, inner, start = [], [], []
    for n, m, (low, _, gap) in zip(shape, out, config, strict=True):
        first = max(0, -(low // (gap + 1))) if low < 0 else 0  # the first element that stays
        place = low + first * (gap + 1)
        count = 0 if n == 0 or place >= m else min(n - first, -(-(m - place) // (gap + 1)))
        if count <= 0:
            return [Dependence(math.prod(out), d.width)]
        inner.append(count)
        start.append(place)
        reads.append((first, count))
    if tuple(inner) != tuple(shape):
        steps = strides_of(inner)
        d = d.pulled(shape, inner, [Read(1, f, c, s) for (f, c), s in zip(reads, steps, strict=True)], ())
    strides = strides_of(out)
    moves = [s * (gap + 1) for s, (_, _, gap) in zip(strides, config, strict=True)]
    return [d.projected(inner, math.prod(out), moves, sum(s * p for s, p in zip(strides, start, strict=True)))]


def index_embedding(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    (x,), out, (d,) = eqn.inputs, eqn.outputs[0].aval.shape, deps
    strides, steps, offset, axis = strides_of(out), [], 0, 0
    for kind, a, step in basic_index(out, eqn.params["index"]):
        if kind == "new":
            steps.append(0)
            continue
        offset += a * strides[axis]
        steps += [step * strides[axis]] if kind == "range" else []
        axis += 1
    return [d.projected(x.aval.shape, math.prod(out), steps, offset)]


def joined(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    out, axis = eqn.outputs[0].aval.shape, eqn.params["axis"]
    strides, start, parts = strides_of(out), 0, []
    for a, d in zip(eqn.inputs, deps, strict=True):
        parts.append(d.projected(a.aval.shape, math.prod(out), strides, start * strides[axis]))
        start += a.aval.shape[axis]
    return [union(parts)]


def interleaved(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    n, size = len(eqn.inputs), size_of(eqn.outputs[0].aval)
    return [union([d.projected((d.size,), size, (n,), k) for k, d in enumerate(deps)])]


def _places(eqn: Any, indices: Sequence[Known], first: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Flat places in the operand of an index along some axes, and whether they are within it; None where it is not known."""
    if any(i is None for i in indices):
        return None
    shape, axes = eqn.inputs[0].aval.shape, eqn.params["axes"]
    found = np.broadcast_arrays(*[np.asarray(i) for i in indices]) if indices else []
    lead = found[0].shape if found else ()
    rest = [a for a in range(len(shape)) if a not in axes]
    strides = strides_of(shape)
    places, valid = np.zeros(lead, np.int64), np.ones(lead, bool)
    for i, a in zip(found, axes, strict=True):
        i = i.astype(np.int64)
        i = np.where(i < 0, i + shape[a], i)
        valid &= (i >= 0) & (i < shape[a])
        places = places + np.clip(i, 0, max(shape[a] - 1, 0)) * strides[a]
    for a in rest:
        places = places[..., None] + np.arange(shape[a]) * strides[a]
        valid = np.broadcast_to(valid[..., None], places.shape)
    return places, valid


def gather(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    x, out, axes = eqn.inputs[0].aval.shape, eqn.outputs[0].aval.shape, eqn.params["axes"]
    found = _places(eqn, known[1:], 1)
    if found is not None:
        return [deps[0].taken(*found)]
    w.unknown_places = True
    rest = [a for a in range(len(x)) if a not in axes]
    return [mixed(deps[0], x, out, [(a, len(out) - len(rest) + k) for k, a in enumerate(rest)])]


def scatter(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    x, u = eqn.inputs[0].aval, eqn.inputs[1].aval
    found = _places(eqn, known[2:], 2)
    d, changes = deps[0], deps[1]
    rest = [a for a in range(len(x.shape)) if a not in eqn.params["axes"]]
    if found is None:
        w.unknown_places = True
        if changes.empty:
            return [d]
        lead = np.broadcast_shapes(*[a.aval.shape for a in eqn.inputs[2:]])
        whole = (*lead, *[x.shape[a] for a in rest])
        new = mixed(
            broadcast(changes, u.shape, whole), whole, x.shape, [(len(lead) + k, a) for k, a in enumerate(rest)]
        )
        return [union([d, new])]
    places, valid = found
    if eqn.primitive.native.monoid is None and not d.empty:  # what is written over counts no more
        over = np.ones(d.size, bool)
        over[places[valid]] = False
        d = d.kept(over)
    new = broadcast(changes, u.shape, places.shape)
    if not valid.all():
        new = new.taken(np.flatnonzero(valid))
        places = places[valid]
    return [union([d, new.put(places, d.size)])]


# --- sums and products -----------------------------------------------------------------------------------------------


def reduction(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    (x,), (v,) = eqn.inputs, eqn.outputs
    axes = {a % max(len(x.aval.shape), 1) for a in eqn.params["axes"]}
    kept = [a for a in range(len(x.aval.shape)) if a not in axes]
    d = deps[0]
    if eqn.primitive.native.selects and w.local and known[0] is not None and not d.empty:
        value = np.asarray(known[0])
        best = eqn.primitive.bind(value, axes=eqn.params["axes"])
        d = d.kept(~(value != np.expand_dims(best, tuple(sorted(axes)))))
    return [mixed(d, x.aval.shape, v.aval.shape, [(a, k) for k, a in enumerate(kept)])]


def contraction(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    (summed, batch), out = eqn.params["dims"], eqn.outputs[0].aval.shape
    parts = [Dependence(math.prod(out), w.width)]
    shapes = [a.aval.shape for a in eqn.inputs]
    free = [[a for a in range(len(s)) if a not in summed[k] and a not in batch[k]] for k, s in enumerate(shapes)]
    nb = len(batch[0])
    start = [nb, nb + len(free[0])]
    for k, d in enumerate(deps):
        if d.empty:
            continue
        other = known[1 - k]
        if other is not None and deps[1 - k].empty and not np.all(other):
            parts.append(_by_nonzeros(d, k, np.asarray(other), shapes, summed, batch, free, out))
            continue
        to = [
            *zip(batch[k], range(nb), strict=True),
            *zip(free[k], range(start[k], start[k] + len(free[k])), strict=True),
        ]
        parts.append(mixed(d, shapes[k], out, to))
    return [union(parts)]


def _by_nonzeros(
    d: Dependence, k: int, other: np.ndarray, shapes: Any, summed: Any, batch: Any, free: Any, out: Any
) -> Dependence:
    """A product with a constant array: the elements that meet its nonzeros."""
    at = np.nonzero(other)
    into, strides = strides_of(shapes[k]), strides_of(out)
    nb = len(batch[0])
    rows, cols = np.zeros(len(at[0]), np.int64), np.zeros(len(at[0]), np.int64)
    for i, (mine, yours) in enumerate(zip(batch[k], batch[1 - k], strict=True)):
        rows, cols = rows + at[yours] * strides[i], cols + at[yours] * into[mine]
    for mine, yours in zip(summed[k], summed[1 - k], strict=True):
        cols = cols + at[yours] * into[mine]
    starts = [nb, nb + len(free[0])]
    for i, a in enumerate(free[1 - k]):
        rows = rows + at[a] * strides[starts[1 - k] + i]
    for i, a in enumerate(free[k]):
        n = shapes[k][a]
        rows = (rows[:, None] + np.arange(n) * strides[starts[k] + i]).reshape(-1)
        cols = (cols[:, None] + np.arange(n) * into[a]).reshape(-1)
    return Dependence(math.prod(out), d.size, (), ones(rows, cols, (math.prod(out), d.size))).composed(d)


def sparse_product(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    import scipy.sparse as sp

    (x,), matrix = eqn.inputs, eqn.params["matrix"].csr
    n = math.prod(x.aval.shape[1:])
    coo = matrix.tocoo()
    pattern = ones(coo.coords[0], coo.coords[1], matrix.shape)
    whole: Any = sp.csr_matrix(pattern if n == 1 else sp.kron(pattern, sp.eye_array(n), format="csr"))
    return [Dependence(whole.shape[0], whole.shape[1], (), whole).composed(deps[0])]


def convolution(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    """Full convolutions over the last axes: element i of one meets j of the other in element i + j."""
    rank = eqn.params.get("rank", 1)
    out = eqn.outputs[0].aval.shape
    strides, parts = strides_of(out), [Dependence(math.prod(out), w.width)]
    for k, d in enumerate(deps):
        if d.empty:
            continue
        mine, yours = eqn.inputs[k].aval.shape, eqn.inputs[1 - k].aval.shape
        value = known[1 - k]
        near = [(n, s) for n, s in zip(yours[-rank:], strides[-rank:], strict=True)]
        if value is None or not deps[1 - k].empty or np.all(value) or len(yours) > rank:
            parts.append(d.projected(mine, math.prod(out), strides, 0, near))
        else:
            for at in np.argwhere(np.asarray(value)):
                shift = sum(int(i) * s for i, (_, s) in zip(at, near, strict=True))
                parts.append(d.projected(mine, math.prod(out), strides, shift))
    return [union(parts)]


# --- along axes, and by matrices -------------------------------------------------------------------------------------


def along(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known], axes: Sequence[int]) -> Any:
    """Elements that mix along some axes, counted from the end or from the front; None where shapes do not fit that."""
    results = []
    for v in eqn.outputs:
        out, parts = v.aval.shape, []
        for a, d in zip(eqn.inputs, deps, strict=True):
            shape = a.aval.shape
            if d.empty:
                continue
            lost = {x % len(shape) for x in axes} if shape else set[int]()
            kept = [x for x in range(len(shape)) if x not in lost]
            if len(out) == len(shape):
                to = [(x, x) for x in kept]
            elif len(out) == len(kept):
                to = [(x, k) for k, x in enumerate(kept)]
            else:
                return None
            if any(shape[x] not in (1, out[y]) for x, y in to):
                return None
            parts.append(mixed(d, shape, out, to))
        results.append(union([Dependence(math.prod(out), w.width), *parts]))
    return results


def of_matrices(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> list[Dependence]:
    """Stacks of matrices: the leading axes of operands are a batch, those of results too, whatever is behind them."""
    k = eqn.primitive.mixes
    lead = len(eqn.inputs[0].aval.shape) - k
    results = []
    for v in eqn.outputs:
        out, parts = v.aval.shape, [Dependence(size_of(v.aval), w.width)]
        for i, (a, d) in enumerate(zip(eqn.inputs, deps, strict=True)):
            shape = a.aval.shape
            batch = [(x, x) for x in range(lead)] if len(shape) - k == lead else []
            if any(shape[x] not in (1, out[x]) for x, _ in batch):
                batch = []
            if i == 1 and isinstance(eqn.primitive, Solve) and len(shape) == len(out):
                batch.append((len(shape) - 1, len(out) - 1))  # a column of the result is one of the right-hand side
            parts.append(mixed(d, shape, out, batch))
        results.append(union(parts))
    return results


def sort(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> Any:
    if not w.local or known[0] is None:
        return along(w, eqn, deps, known, (eqn.params["axis"],))
    value = np.asarray(known[0])
    axis = eqn.params["axis"] % value.ndim
    order = np.argsort(value, axis, kind="stable")
    at = list(np.indices(value.shape, sparse=True))
    at[axis] = order
    return [deps[0].taken(np.ravel_multi_index(np.broadcast_arrays(*at), value.shape))]


def running(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> Any:
    """Running sums and their kin: element i of those up to i. Lattices have no triangles; a short one is cut into rows."""
    (x,), axis = eqn.inputs, eqn.params["axis"] % max(len(eqn.inputs[0].aval.shape), 1)
    shape, (d,) = x.aval.shape, deps
    n, m = (shape[axis], math.prod(shape)) if shape else (1, 1)
    if d.empty or (n + 1) * m // 2 > 50_000_000:
        return along(w, eqn, deps, known, (axis,))
    i, j = np.tril_indices(n)
    before, after = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    base = (np.arange(before)[:, None] * (n * after) + np.arange(after)).reshape(-1)
    rows = (base[:, None] + i * after).reshape(-1)
    cols = (base[:, None] + j * after).reshape(-1)
    return [Dependence(m, m, (), ones(rows, cols, (m, m))).composed(d)]


def written_out(w: Any, eqn: Any, deps: Sequence[Dependence], known: Sequence[Known]) -> Any:
    """By the composition of an operation that has a kernel."""
    return w.run(eqn.primitive.native.written_out(eqn.inputs, eqn.params), deps, known)[0]


LOWERED: dict[type, Rule] = {
    index_maps.View: view,
    index_maps.Reshape: reshape,
    index_maps.Padding: padding,
    index_maps.IndexEmbedding: index_embedding,
    index_maps.Gather: gather,
    index_maps.Joined: joined,
    index_maps.Interleaved: interleaved,
    kernels.Either: written_out,
    kernels.Scatter: scatter,
    kinds.Contraction: contraction,
    monoids.Reduction: reduction,
}
NAMED: dict[Any, Rule] = {
    sparse_product_p: sparse_product,
    convolve_p: convolution,
    convolve_nd_p: convolution,
    sort_p: sort,
}


__all__ = ["broadcast", "everything", "mixed", "size_of"]
