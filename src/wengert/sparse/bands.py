"""The entries of a sparse Jacobian carried through the linear part of a function, instead of sweeps along sums of columns.

Each array of tangents is a few `Band`s: of each element at most one entry of its row, a value and the column it is of. The
columns are known, so what moves elements moves them once, when the derivative is prepared; the values are computed. The
input is one band of ones, a number that is never written to memory; a sum of neighbours has one band for each of them.
What is added up, if the columns of two bands agree or one has nothing there, is one band again. The bands of the result are
the rows of the matrix: there are as many as the longest row has entries, fewer than colours as a rule, with no seeds, and no
product with a zero. Where an operation would make many bands, or its columns are not known, `Unbanded` is raised, and a
colouring does it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Tracer, Value, dtype_of, shape_of
from ..lowering import index_maps, kernels, kinds
from ..ops.elementwise import add_p, convert_p, div_p, logical_and, logical_not, mul_p, neg_p, sub_p, where_p
from ..ops.rules import linear_zero_p
from ..ops.scatters import scatter_add_p, scatter_set_p
from ..ops.shape import broadcast_to, reshape, sum_p
from ..ops.sparse_products import sparse_product_p
from ..program import Equation, Program, Var
from ..vocabulary import DTypeLike, Shape
from .band import MOST, Band, Bands, Placed, Unbanded, _all_masked, _whole, added, is_number
from .rules import _places, size_of

MOVES = (index_maps.View, index_maps.Reshape, index_maps.Padding, index_maps.IndexEmbedding, index_maps.Gather)


def _offset(columns: np.ndarray, places: np.ndarray) -> float:
    some = columns != 0
    return float(np.median((columns.astype(np.int64) - places)[some])) if some.any() else 0.0


# --- rules -----------------------------------------------------------------------------------------------------------


class _Walk:
    """Bands through the equations of a Program that is linear in some inputs."""

    def __init__(self) -> None:
        self.work = 0.0  # elements of bands that are computed
        self.swept = 0.0  # and those that one sweep would compute

    def run(self, program: Program, given: Sequence[Any]) -> list[Any]:
        env: dict[Any, Any] = dict(zip(program.inputs, given, strict=True))
        results = {a for a in program.outputs if isinstance(a, Var)}

        def of(a: Any) -> Any:
            return env[a] if isinstance(a, Var) else a.value

        for eqn in program.equations:
            values = [of(a) for a in eqn.inputs]
            if not any(isinstance(v, list) for v in values):
                out = eqn.primitive.bind(*values, **eqn.params)
                outs = list(out) if eqn.primitive.multiple_results else [out]
            else:
                outs = self.linear(eqn, values, len(results) == 1 and eqn.outputs[0] in results)
            env.update(zip(eqn.outputs, outs, strict=True))
        return [of(a) for a in program.outputs]

    def linear(self, eqn: Equation, values: list[Any], last: bool) -> list[Any]:
        p = eqn.primitive
        if p is linear_zero_p:
            return [[] for _ in eqn.outputs]
        if any(isinstance(b, Placed) for v in values if isinstance(v, list) for b in v):
            raise Unbanded
        program = p.called(eqn.params)
        if program is not None:
            return self.run(program, values)
        shape = eqn.outputs[0].aval.shape
        rule = _RULES.get(p) or next((r for kind, r in _BY_KIND if isinstance(p.native, kind)), None)
        if rule is None or eqn.outputs[0].aval.dtype.kind != "f":
            raise Unbanded
        if rule not in _UNMASKED:
            values = list(map(_all_masked, values))
        out = rule(self, eqn, values, shape, last)
        self.swept += size_of(eqn.outputs[0].aval)
        written = [b for b in out if isinstance(b, Placed) or not is_number(b.value) or b.live is not None]
        self.work += size_of(eqn.outputs[0].aval) * len(written)
        return [out]


def _zero(x: Any) -> bool:
    return not isinstance(x, Tracer) and not np.any(x)


def _operand(x: Any, shape: tuple[int, ...]) -> Bands:
    """An operand of a sum, of its shape; a plain one has to be 0."""
    if not isinstance(x, list):
        if _zero(x):
            return []
        raise Unbanded
    return [_grown(b, shape) for b in x]


def _grown(b: Band, shape: tuple[int, ...]) -> Band:
    if b.columns.shape == shape:
        return b
    value = b.value if is_number(b.value) else broadcast_to(b.value, shape)
    return Band(value, np.broadcast_to(b.columns, shape), b.clean, _live(b, shape))


def _live(b: Band, shape: tuple[int, ...]) -> Any:
    return None if b.live is None else _whole(b.live, shape)


def _finite(x: Any) -> bool:
    """Whether the numbers are known, and 0 times each is 0."""
    return not isinstance(x, Tracer) and bool(np.isfinite(x).all())


def _still_clean(b: Band, columns: np.ndarray, finite: bool) -> bool:
    """Whether a clean band is clean after a product with numbers, of which one may be infinite where there is no entry."""
    return (b.clean and finite) or bool(columns.all())


def _scaled(bands: Bands, shape: tuple[int, ...], by: Callable[[Any], Any], finite: bool = True) -> Bands:
    """A function of the values that is linear, elementwise; `finite` where it is known to give 0 for 0."""
    out = []
    for b in bands:
        value = by(b.value)
        if shape_of(value) != () or isinstance(value, Tracer):
            value = _whole(value, shape)
        if is_number(value) and value == 0:
            continue
        out.append(Band(value, np.broadcast_to(b.columns, shape), _still_clean(b, b.columns, finite), _live(b, shape)))
    return out


def _add(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    return added(*[_operand(v, shape) for v in values])


def _subtract(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    a, b = (_operand(v, shape) for v in values)
    return added(a, _scaled(b, shape, lambda v: neg_p.bind(v)))


def _multiply(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    x, y = values
    if isinstance(x, list) and isinstance(y, list):
        raise Unbanded
    if isinstance(x, list):
        return _scaled(x, shape, lambda v: mul_p.bind(v, y), _finite(y))
    return _scaled(y, shape, lambda v: mul_p.bind(x, v), _finite(x))


def _divide(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    x, y = values
    if isinstance(y, list):
        raise Unbanded
    return _scaled(x, shape, lambda v: div_p.bind(v, y), _finite(y) and bool(np.all(y)))


def _same_shape(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    if eqn.inputs[0].aval.dtype.kind != "f":
        raise Unbanded
    return _scaled(values[0], shape, lambda v: eqn.primitive.bind(v, **eqn.params))


def _chosen(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    test, x, y = values
    if isinstance(test, list):
        raise Unbanded
    kept = [_operand(v, shape) for v in (x, y)]
    if not isinstance(test, Tracer):
        mask = np.broadcast_to(test, shape)
        parts = [
            [Band(b.value, np.where(m, b.columns, 0), False, b.live) for b in bands if (m & (b.columns != 0)).any()]
            for m, bands in zip((mask, ~mask), kept, strict=True)
        ]
        return added(*parts)

    def part(taken: Value, bands: Bands) -> Bands:
        return [b._replace(live=taken if b.live is None else logical_and(taken, b.live)) for b in bands]

    taken = _whole(test, shape)
    return added(part(taken, kept[0]), part(logical_not(taken), kept[1]))


def _move(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    x, *rest = values
    if isinstance(eqn.primitive.native, index_maps.Gather):
        if any(isinstance(i, (Tracer, list)) for i in rest):
            raise Unbanded
        found = _places(eqn, rest, 1)
        if found is None or not found[1].all():
            raise Unbanded
    kept = isinstance(eqn.primitive.native, (index_maps.View, index_maps.Reshape))
    out = []
    for b in x if kept else _all_masked(x):
        columns = np.asarray(eqn.primitive.bind(np.array(b.columns), *rest, **eqn.params))
        if columns.any():
            number = is_number(b.value)
            live = None if b.live is None else eqn.primitive.bind(b.live, *rest, **eqn.params)
            value = b.value if number else eqn.primitive.bind(b.value, *rest, **eqn.params)
            out.append(Band(value, columns, bool((columns != 0).all()) if number else b.clean, live))
    return out


def _join(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    """Bands one after another: those that are as far from the diagonal as each other."""
    p, params = eqn.primitive, eqn.params
    parts: list[Bands] = [_operand(v, a.aval.shape) for v, a in zip(values, eqn.inputs, strict=True)]
    count, start, places = max(map(len, parts)), 0, []
    sizes = [np.zeros(a.aval.shape, np.int32) for a in eqn.inputs]
    for k, zeros in enumerate(sizes):
        marked = np.asarray(p.bind(*[z + (i == k) for i, z in enumerate(sizes)], **params))
        places.append(np.flatnonzero(marked).reshape(zeros.shape))
        start += zeros.size
    widest = max(range(len(parts)), key=lambda k: (len(parts[k]), sizes[k].size))
    order = sorted(parts[widest], key=lambda b: _offset(b.columns, places[widest]))
    offsets = [_offset(b.columns, places[widest]) for b in order]
    lines: list[list[Band | None]] = [[None] * count for _ in parts]
    for k, bands in enumerate(parts):
        free = list(range(count))
        ranked = sorted(bands, key=lambda b: _offset(b.columns, places[k]))
        for i, b in enumerate(ranked):
            here = _offset(b.columns, places[k])
            left = len(ranked) - i - 1  # of these each has a place behind
            at = min(free[: len(free) - left], key=lambda s: abs(offsets[s] - here))
            lines[k][at] = b
            free = [s for s in free if s > at]
    out = []
    for s in range(count):
        pieces = [line[s] for line in lines]
        columns = np.asarray(
            p.bind(*[z if b is None else np.array(b.columns) for b, z in zip(pieces, sizes, strict=True)], **params)
        )
        given = [b for b in pieces if b is not None]
        first = given[0].value
        if all(is_number(b.value) and b.value == first for b in given):
            out.append(Band(first, columns, bool((columns != 0).all())))
            continue
        zero = dtype_of(first).type(0)
        value = p.bind(
            *[
                broadcast_to(zero, z.shape) if b is None else _whole(b.value, z.shape)
                for b, z in zip(pieces, sizes, strict=True)
            ],
            **params,
        )
        out.append(Band(value, columns, all(b is None or b.clean for b in pieces)))
    return out


def _sum(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    """Sums along axes: the elements that are added up have a band each, and then those of one column are one."""
    (x,) = values
    full = eqn.inputs[0].aval.shape
    axes = sorted(a % len(full) for a in eqn.params["axes"])
    if len(x) * math.prod(full[a] for a in axes) > MOST:
        raise Unbanded
    found: Bands = []
    for place in np.ndindex(*[full[a] for a in axes]):
        index = tuple(place[axes.index(a)] if a in axes else slice(None) for a in range(len(full)))
        one = [
            Band(b.value if is_number(b.value) else b.value[index], np.asarray(b.columns[index]), b.clean)
            for b in x
            if b.columns[index].any()
        ]
        found = added(found, one)
    return found


def _contract(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Bands:
    """Products of matrices, the terms of the sum one by one: each is a product along no axis."""
    k = 0 if isinstance(values[0], list) else 1
    if isinstance(values[1 - k], list):
        raise Unbanded
    p, (summed, _) = eqn.primitive, eqn.params["dims"]
    shapes = [a.aval.shape for a in eqn.inputs]
    lengths = [shapes[k][a] for a in summed[k]]
    if len(values[k]) * math.prod(lengths) > MOST:
        raise Unbanded

    def term(x: Any, side: int, place: tuple[int, ...]) -> Any:
        at = dict(zip(summed[side], place, strict=True))
        return x[tuple(slice(at[a], at[a] + 1) if a in at else slice(None) for a in range(len(shapes[side])))]

    found: Bands = []
    for place in np.ndindex(*lengths):
        by = term(values[1 - k], 1 - k, place)
        for b in values[k]:
            pairs = [(by, term(_whole(b.value, shapes[k]), k, place))]
            pairs.append((np.ones(shape_of(by), np.int32), term(b.columns, k, place)))
            value, columns = (p.bind(*(pair if k else pair[::-1]), **eqn.params) for pair in pairs)
            if columns.any():
                columns = np.asarray(columns)
                found = added(found, [Band(value, columns, _still_clean(b, columns, _finite(by)))])
    return found


def _scatter(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Any:
    """What is added or written at known places."""
    x, updates, *indices = values
    adds = eqn.primitive is scatter_add_p
    if any(isinstance(i, (Tracer, list)) for i in indices) or not (adds or eqn.primitive is scatter_set_p):
        raise Unbanded
    found = _places(eqn, indices, 2)
    if found is None or not found[1].all():
        raise Unbanded
    places = found[0]
    base = _operand(x, shape)
    if not adds:
        if len(np.unique(places)) < places.size:
            raise Unbanded
        kept = np.ones(math.prod(shape), bool)
        kept[places.reshape(-1)] = False
        base = [Band(b.value, np.where(kept.reshape(shape), b.columns, 0), False) for b in base]
    terms = [_terms(b, places.shape, None, places.reshape(-1)) for b in _operand(updates, places.shape)]
    return _collected(base, terms, shape, eqn.outputs[0].aval.dtype, last and adds)


def _sparse_product(w: Any, eqn: Equation, values: Any, shape: Shape, last: bool) -> Any:
    """What a constant sparse matrix makes of bands: for each of its entries a term."""
    matrix, full = eqn.params["matrix"].csr.tocoo(), eqn.inputs[0].aval.shape
    rest = np.arange(math.prod(full[1:]))
    rows, columns = ((at.astype(np.int64)[:, None] * len(rest) + rest).reshape(-1) for at in matrix.coords)
    by = np.repeat(matrix.data, len(rest)).astype(eqn.outputs[0].aval.dtype)
    terms = [_terms(b, full, columns, rows, by) for b in values[0]]
    return _collected([], terms, shape, eqn.outputs[0].aval.dtype, last)


def _terms(b: Band, shape: tuple[int, ...], taken: np.ndarray | None, rows: np.ndarray, by: Any = None) -> Placed:
    """Elements of a band, all or those at flat places, as terms of entries of rows."""
    columns = b.columns.reshape(-1) if taken is None else b.columns.reshape(-1)[taken]
    some = np.flatnonzero(columns)
    if is_number(b.value):
        value = np.full(len(some), b.value)
    else:
        flat = reshape(b.value, (math.prod(shape),))
        value = flat if taken is None and len(some) == len(columns) else flat[some if taken is None else taken[some]]
    return Placed(value if by is None else value * by[some], rows[some], columns[some])


def _collected(base: Bands, terms: list[Placed], shape: tuple[int, ...], dtype: DTypeLike, last: bool) -> Any:
    """Terms as they are where that is the result, and otherwise added up in as many bands as rows are long."""
    size = math.prod(shape)
    if last:
        return [*terms, *[_terms(b, shape, None, np.arange(size)) for b in base]]
    rows = np.concatenate([[0][:0], *[t.rows for t in terms]]).astype(np.int64)
    columns = np.concatenate([[0][:0], *[t.columns for t in terms]]).astype(np.int64)
    width = int(columns.max(initial=0)) + 1
    entries, number = np.unique(rows * width + columns, return_inverse=True)
    row, column = np.divmod(entries, width)
    slot = np.arange(len(entries)) - np.searchsorted(row, row)
    count = int(slot.max(initial=-1)) + 1
    if count > MOST:
        raise Unbanded
    table = np.zeros((count, size), np.int32)
    table[slot, row] = column
    at, start = (slot * size + row)[number], 0
    total: Any = np.zeros(count * size, dtype)
    for t in terms:
        total = scatter_add_p.bind(total, t.value, at[start : start + len(t.rows)], axes=(0,))
        start += len(t.rows)
    total = reshape(total, (count, *shape))
    return added(base, [Band(total[k], table[k].reshape(shape), True) for k in range(count)])


_RULES: dict[Any, Any] = {
    add_p: _add,
    sub_p: _subtract,
    mul_p: _multiply,
    div_p: _divide,
    neg_p: _same_shape,
    convert_p: _same_shape,
    where_p: _chosen,
    sum_p: _sum,
    sparse_product_p: _sparse_product,
}


_UNMASKED = (_add, _subtract, _multiply, _divide, _same_shape, _chosen, _move)  # that take bands with `live`


_BY_KIND: list[tuple[Any, Any]] = [
    (MOVES, _move),
    ((index_maps.Joined, index_maps.Interleaved), _join),
    (kernels.Scatter, _scatter),
    (kinds.Contraction, _contract),
]


def carried(program: Program, given: Sequence[Any], inputs: Sequence[Any]) -> tuple[list[Any], float, float]:
    """Bands of the results of a Program that is linear in its last inputs.

    Args:
        given: the other inputs' values. inputs: the types of the last ones.

    Returns:
        For each result its bands (or `Placed` terms, of the one result), how many elements of bands were computed, and how many one
        sweep would compute.
    """
    start, seeds = 1, []
    for a in inputs:
        columns = np.arange(start, start + size_of(a), dtype=np.int32).reshape(a.shape)
        seeds.append([Band(a.dtype.type(1), columns, True)])
        start += size_of(a)
    walk = _Walk()
    found = walk.run(program, [*given, *seeds])
    return [_all_masked(f) if isinstance(f, list) else _operand(f, ()) for f in found], walk.work, walk.swept


__all__ = ["carried"]
